//! Folders and files: the parallel walk, with the search done in the walking thread.
//!
//! Hidden files are in, `.git` is out, git's ignore rules hide what they hide. Symbolic links are not followed (but a
//! path given on the command line is), special files are never opened, and a file with several names is read once.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use ignore::gitignore::Gitignore;
use ignore::{DirEntry, WalkBuilder, WalkState};

use crate::blob::{Blob, Content, Kind, Origin, Root};
use crate::coverage::Skip;
use crate::error::{Problem, ProblemKind, describe};
use crate::key::KEY_LEN;
use crate::read::{self, Links, MAP_FROM, Mapped, fill, interrupt};
use crate::source::Visitor;
use crate::source::ignored::{Ignored, globs, work_tree_top};

/// Which rules hide files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IgnoreRules {
    /// git's.
    Git,
    /// None.
    None,
}

/// A path that the user gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The path.
    pub path: PathBuf,
    /// A link given on the command line is followed, as other tools do; one in a list of files is data.
    pub links: Links,
}

/// Folders and files to scan.
#[derive(Debug)]
pub struct Tree {
    /// What the user gave.
    pub given: Vec<Given>,
    /// Which rules hide files.
    pub ignore: IgnoreRules,
    /// Globs of what to leave out, in the syntax of a `.gitignore` file.
    pub exclude: Vec<String>,
    /// How many threads walk and search.
    pub threads: usize,
}

/// A path that the user gave and that exists.
#[derive(Debug)]
struct Target {
    root: Root,
    /// Absolute and without links, but for a link that is itself the target.
    absolute: PathBuf,
    top: Option<PathBuf>,
    links: Links,
    exclude: Gitignore,
}

/// What the targets turned out to be.
#[derive(Debug, Default)]
struct Targets {
    folders: Vec<Target>,
    files: Vec<Target>,
    problems: Vec<Problem>,
    /// The absolute paths of all targets, so that a walk leaves alone what has a visit of its own.
    named: HashSet<PathBuf>,
}

/// A file with several names, put aside: which one is read must not depend on which thread comes first.
#[derive(Debug)]
struct Linked<'a> {
    identity: (u64, u64),
    root: &'a Root,
    local: PathBuf,
    links: Links,
}

impl Linked<'_> {
    fn origin(&self) -> Origin<'_> {
        Origin { root: self.root, local: &self.local, kind: Kind::Content }
    }
}

/// The files put aside by all threads.
type Aside<'a> = Mutex<Vec<Linked<'a>>>;

impl Tree {
    /// Visits every file once.
    pub fn visit<V: Visitor>(&self, visitor: &(dyn Fn() -> V + Sync)) -> Vec<V> {
        let Targets { folders, files, problems, named } = self.targets();
        let mut first = visitor();
        for problem in problems {
            first.problem(problem);
        }
        let mut visitors = vec![first];

        let aside = Mutex::new(Vec::new());
        for target in &folders {
            visitors.extend(self.walk(target, &named, &aside, visitor));
        }
        visitors.extend(self.in_parallel(&files, visitor, |reader, visitor, target| {
            let origin = Origin { root: &target.root, local: &target.root.given, kind: Kind::Content };
            if target.is_excluded() {
                return visitor.skip(&origin, Skip::Excluded);
            }
            visit_name(visitor, &origin, origin.local.file_name());
            if target.links == Links::Refuse && origin.local.is_symlink() {
                visit_link(visitor, origin);
            } else {
                visit_file(reader, visitor, origin, target.links, Some((&aside, &target.root)));
            }
        }));

        let mut linked = aside.into_inner().unwrap_or_else(PoisonError::into_inner);
        linked.sort_by_cached_key(|linked| (linked.identity, linked.origin().path()));
        let (firsts, others): (Vec<_>, Vec<_>) =
            linked.chunk_by(|a, b| a.identity == b.identity).filter_map(|names| names.split_first()).unzip();
        visitors.extend(self.in_parallel(&firsts, visitor, |reader, visitor, linked| {
            visit_file(reader, visitor, linked.origin(), linked.links, None);
        }));
        if let Some(visitor) = visitors.first_mut() {
            others.into_iter().flatten().for_each(|other| visitor.skip(&other.origin(), Skip::Duplicate));
        }
        visitors
    }

    /// Sorts out what the user gave. The same place given twice is visited once.
    fn targets(&self) -> Targets {
        let mut targets = Targets::default();
        for given in &self.given {
            let metadata = match given.links {
                Links::Follow => given.path.metadata(),
                Links::Refuse => given.path.symlink_metadata(),
            };
            match metadata.and_then(|metadata| Ok((metadata, self.target(given)?))) {
                Ok((_, target)) if !targets.named.insert(target.absolute.clone()) => {}
                Ok((metadata, target)) if metadata.is_dir() => targets.folders.push(target),
                Ok((metadata, target)) if metadata.is_file() || metadata.is_symlink() => targets.files.push(target),
                Ok(_) => {
                    let message =
                        "a pipe, socket or device is not opened; send its content to standard input and give -";
                    targets.problems.push(Problem::given(&given.path, ProblemKind::SpecialFile, message.to_owned()));
                }
                Err(cause) => targets.problems.push(given_problem(&given.path, &cause)),
            }
        }
        targets
    }

    fn target(&self, given: &Given) -> io::Result<Target> {
        let absolute = match (given.links, given.path.file_name()) {
            (Links::Refuse, Some(name)) => {
                let folder = given.path.parent().filter(|folder| !folder.as_os_str().is_empty());
                folder.unwrap_or(Path::new(".")).canonicalize()?.join(name)
            }
            _ => given.path.canonicalize()?,
        };
        let is_folder = absolute.is_dir() && !absolute.is_symlink();
        let start = if is_folder { Some(absolute.as_path()) } else { absolute.parent() };
        let top = start.and_then(work_tree_top).map(Path::to_path_buf);
        let prefix = match &top {
            Some(top) => absolute.strip_prefix(top).unwrap_or(&absolute).to_path_buf(),
            None if is_folder => PathBuf::new(),
            None => given.path.clone(),
        };
        let base = top.as_deref().or(start).unwrap_or(&absolute);
        let exclude = globs(base, &self.exclude).unwrap_or_else(|_| Gitignore::empty());
        let root = Root { given: given.path.clone(), prefix };
        Ok(Target { root, absolute, top, links: given.links, exclude })
    }

    fn walk<'a, V: Visitor>(
        &self,
        target: &'a Target,
        named: &'a HashSet<PathBuf>,
        aside: &Aside<'a>,
        visitor: &(dyn Fn() -> V + Sync),
    ) -> Vec<V> {
        let ignored = match self.ignore {
            IgnoreRules::Git => Some(Ignored::new(&target.absolute, target.top.as_deref())),
            IgnoreRules::None => None,
        };
        let walk = Walk { target, named, aside, ignored, visitors: Mutex::new(Vec::new()) };
        // A link to a folder is entered when a slash follows it.
        let start = if target.root.given.is_symlink() { target.root.given.join("") } else { target.root.given.clone() };
        WalkBuilder::new(start).standard_filters(false).threads(self.threads).build_parallel().run(|| {
            let mut walker = Walker { walk: &walk, reader: Reader::new(self.threads), visitor: Some(visitor()) };
            Box::new(move |entry| walker.entry(entry))
        });
        walk.visitors.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shares `items` out among threads, each with a reader and a visitor of its own.
    fn in_parallel<'i, T: Sync, V: Visitor>(
        &self,
        items: &'i [T],
        visitor: &(dyn Fn() -> V + Sync),
        each: impl Fn(&mut Reader, &mut V, &'i T) + Sync,
    ) -> Vec<V> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut reader = Reader::new(self.threads);
            let mut visitor = visitor();
            while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed))
                && !interrupt::requested()
            {
                each(&mut reader, &mut visitor, item);
            }
            visitor
        };
        match self.threads.min(items.len()) {
            0 => Vec::new(),
            1 => vec![work()],
            threads => std::thread::scope(|scope| {
                let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
                let join = |handle: std::thread::ScopedJoinHandle<'_, V>| {
                    handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                };
                handles.into_iter().map(join).collect()
            }),
        }
    }
}

impl Target {
    /// The absolute path of an entry of the walk.
    fn absolute(&self, entry: &Path) -> PathBuf {
        self.absolute.join(entry.strip_prefix(&self.root.given).unwrap_or(entry))
    }

    fn is_excluded(&self) -> bool {
        !self.exclude.is_empty() && self.exclude.matched_path_or_any_parents(&self.absolute, false).is_ignore()
    }
}

/// One walk, shared by its threads.
#[derive(Debug)]
struct Walk<'w, 'a, V> {
    target: &'a Target,
    named: &'a HashSet<PathBuf>,
    aside: &'w Aside<'a>,
    ignored: Option<Ignored>,
    /// The visitors of the threads that are done.
    visitors: Mutex<Vec<V>>,
}

/// One thread of a walk.
#[derive(Debug)]
struct Walker<'w, 'a, V> {
    walk: &'w Walk<'w, 'a, V>,
    reader: Reader,
    visitor: Option<V>,
}

impl<V> Drop for Walker<'_, '_, V> {
    fn drop(&mut self) {
        self.walk.visitors.lock().unwrap_or_else(PoisonError::into_inner).extend(self.visitor.take());
    }
}

impl<V: Visitor> Walker<'_, '_, V> {
    fn entry(&mut self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        if interrupt::requested() {
            return WalkState::Quit;
        }
        let walk = self.walk;
        let Some(visitor) = self.visitor.as_mut() else { return WalkState::Quit };
        let root = &walk.target.root;
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let (path, cause) = take_apart(error);
                let local = path.as_deref().unwrap_or(&root.given);
                visitor.problem(Problem::unreadable(&Origin { root, local, kind: Kind::Content }, &cause));
                return WalkState::Continue;
            }
        };
        let origin = Origin { root, local: entry.path(), kind: Kind::Content };
        let file_type = entry.file_type();
        let is_folder = entry.depth() == 0 || file_type.is_some_and(|kind| kind.is_dir());
        match walk.left_out(&entry, is_folder) {
            LeftOut::No => {}
            LeftOut::Elsewhere => return WalkState::Skip,
            LeftOut::Skip(why) => {
                visitor.skip(&origin, why);
                return WalkState::Skip;
            }
        }
        visit_name(visitor, &origin, Some(entry.file_name()));
        match file_type {
            _ if is_folder => {}
            Some(kind) if kind.is_file() => {
                visit_file(&mut self.reader, visitor, origin, Links::Refuse, Some((walk.aside, root)));
            }
            Some(kind) if kind.is_symlink() => visit_link(visitor, origin),
            _ => visitor.skip(&origin, Skip::Special),
        }
        WalkState::Continue
    }
}

/// Whether an entry of a walk is left out.
enum LeftOut {
    No,
    Skip(Skip),
    /// The user named it too, and it has a visit of its own.
    Elsewhere,
}

impl<V> Walk<'_, '_, V> {
    fn left_out(&self, entry: &DirEntry, is_folder: bool) -> LeftOut {
        let target = self.target;
        if entry.depth() > 0 {
            if entry.file_name() == ".git" {
                return LeftOut::Skip(Skip::GitFolder);
            }
            if self.ignored.is_none() && target.exclude.is_empty() && self.named.len() == 1 {
                return LeftOut::No;
            }
            let absolute = target.absolute(entry.path());
            if self.named.contains(&absolute) {
                return LeftOut::Elsewhere;
            }
            if target.exclude.matched(&absolute, is_folder).is_ignore() {
                return LeftOut::Skip(Skip::Excluded);
            }
            if self.ignored.as_ref().is_some_and(|ignored| ignored.is_ignored(&absolute, is_folder)) {
                return LeftOut::Skip(Skip::Ignored);
            }
        }
        if let Some(ignored) = self.ignored.as_ref().filter(|_| is_folder) {
            ignored.enter(&target.absolute(entry.path()));
        }
        LeftOut::No
    }
}

/// Looks at a file's or folder's own name, which is long enough for a key once in a blue moon.
fn visit_name<V: Visitor>(visitor: &mut V, origin: &Origin<'_>, name: Option<&OsStr>) {
    if let Some(name) = name.map(OsStr::as_encoded_bytes)
        && name.len() >= KEY_LEN
    {
        visitor.blob(Blob { origin: Origin { kind: Kind::FileName, ..*origin }, content: Content::Whole(name) });
    }
}

/// Looks at where a symbolic link leads, without going there.
fn visit_link<V: Visitor>(visitor: &mut V, origin: Origin<'_>) {
    match origin.local.read_link() {
        Ok(text) => {
            let content = Content::Whole(text.as_os_str().as_encoded_bytes());
            visitor.blob(Blob { origin: Origin { kind: Kind::LinkTarget, ..origin }, content });
        }
        Err(cause) => visitor.problem(Problem::unreadable(&origin, &cause)),
    }
}

/// Reads a file, or puts it aside when it has several names and there is an `aside` to put it.
fn visit_file<'a, V: Visitor>(
    reader: &mut Reader,
    visitor: &mut V,
    origin: Origin<'_>,
    links: Links,
    aside: Option<(&Aside<'a>, &'a Root)>,
) {
    let (file, metadata) = match read::open(origin.local, links) {
        Ok(opened) => opened,
        Err(cause) => return visitor.problem(Problem::unreadable(&origin, &cause)),
    };
    if !metadata.is_file() {
        return visitor.skip(&origin, Skip::Special);
    }
    match (aside, read::identity_if_linked(&metadata)) {
        (Some((aside, root)), Some(identity)) => {
            let linked = Linked { identity, root, local: origin.local.to_path_buf(), links };
            aside.lock().unwrap_or_else(PoisonError::into_inner).push(linked);
        }
        _ => reader.read(file, &metadata, origin, visitor),
    }
}

/// Reads files for one thread.
#[derive(Debug)]
struct Reader {
    buffer: Vec<u8>,
    window: usize,
}

impl Reader {
    fn new(threads: usize) -> Reader {
        let buffer = vec![0; usize::try_from(MAP_FROM).unwrap_or(usize::MAX)];
        Reader { buffer, window: read::window_size(threads) }
    }

    fn read<V: Visitor>(&mut self, mut file: File, metadata: &Metadata, origin: Origin<'_>, visitor: &mut V) {
        let len = metadata.len();
        if len >= MAP_FROM {
            let mapped = Mapped::new(file, len, self.window);
            return visitor.blob(Blob { origin, content: Content::Mapped(&mapped) });
        }
        // A length of 0 may be a lie (procfs): then the buffer is offered whole.
        let expected = match usize::try_from(len) {
            Ok(len @ 1..) => len.min(self.buffer.len()),
            _ => self.buffer.len(),
        };
        let (read, outcome) = fill(&mut file, &mut self.buffer[..expected]);
        let start = &self.buffer[..read];
        if len == 0 && read == self.buffer.len() {
            return visitor.blob(Blob { origin, content: Content::Stream(&mut start.chain(file)) });
        }
        visitor.blob(Blob { origin, content: Content::Whole(start) });
        if let Err(cause) = outcome {
            visitor.problem(Problem::unreadable(&origin, &cause));
        }
    }
}

/// A path given by name that can't be looked at.
fn given_problem(path: &Path, cause: &io::Error) -> Problem {
    let kind = match cause.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ProblemKind::MissingPath,
        _ => ProblemKind::Unreadable,
    };
    let remedy = match kind {
        ProblemKind::MissingPath => "check the spelling and the working directory",
        _ => "make it readable, or do not name it",
    };
    Problem::given(path, kind, format!("{}; {remedy}", describe(cause)))
}

/// The path and the cause in an error of the walk.
fn take_apart(error: ignore::Error) -> (Option<PathBuf>, io::Error) {
    match error {
        ignore::Error::WithPath { path, err } => (Some(path), take_apart(*err).1),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => take_apart(*err),
        ignore::Error::Io(cause) => (None, cause),
        other => (None, io::Error::other(other.to_string())),
    }
}
