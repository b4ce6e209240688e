//! Folders and files: everything that the user gave by path, each file once.
//!
//! Hidden files are in, `.git` is out, git's ignore rules hide what they hide. Symbolic links are not followed (but a
//! path given on the command line is), special files are never opened, and a file with several names is read once.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ignore::gitignore::Gitignore;

use crate::blob::{FileOrigin, Kind, Root};
use crate::coverage::Skip;
use crate::error::{Problem, ProblemKind, describe};
use crate::parallel::{share, threads};
use crate::read::Links;
use crate::source::Visitor;
use crate::source::file::{Names, Reader, visit_file, visit_link, visit_name};
use crate::source::ignored::{Ignored, globs, work_tree_top};
use crate::source::tracked::TrackedFiles;
use crate::source::walk::Walk;

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
    /// Folders that are visited by other means.
    pub elsewhere: Vec<PathBuf>,
}

/// A path that the user gave and that exists.
#[derive(Debug)]
pub(super) struct Target {
    pub root: Root,
    /// Absolute and without links, but for a link that is itself the target.
    pub absolute: PathBuf,
    /// The top of the work tree it is in.
    pub top: Option<PathBuf>,
    /// Whether the path itself may be a link.
    pub links: Links,
    /// What the user leaves out, as seen from the top, or from the folder when there is no top.
    pub exclude: Gitignore,
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
        let tracked = TrackedFiles::default();
        for target in &folders {
            let ignored = match self.ignore {
                IgnoreRules::Git => Some(Ignored::new(&target.absolute, target.top.as_deref())),
                IgnoreRules::None => None,
            };
            let walk = Walk::new(target, &named, &aside, ignored, &tracked);
            visitors.extend(walk.run(visitor));
        }
        visitors.extend(in_parallel(&files, visitor, |reader, visitor, target| {
            let origin = FileOrigin { root: &target.root, local: &target.root.given, kind: Kind::Content };
            if target.is_excluded() {
                return visitor.skip(&origin.into(), Skip::Excluded);
            }
            visit_name(visitor, &origin, origin.local.file_name());
            if target.links == Links::Refuse && origin.local.is_symlink() {
                visit_link(visitor, origin);
            } else {
                visit_file(reader, visitor, origin, target.links, Names::Aside(&aside, &target.root));
            }
        }));

        let mut linked = aside.into_inner().unwrap_or_else(PoisonError::into_inner);
        linked.sort_by_cached_key(|linked| (linked.identity, linked.origin().path()));
        let (firsts, others): (Vec<_>, Vec<_>) =
            linked.chunk_by(|a, b| a.identity == b.identity).filter_map(|names| names.split_first()).unzip();
        visitors.extend(in_parallel(&firsts, visitor, |reader, visitor, linked| {
            visit_file(reader, visitor, linked.origin(), linked.links, Names::First(linked.identity));
        }));
        if let Some(visitor) = visitors.first_mut() {
            others.into_iter().flatten().for_each(|other| visitor.skip(&other.origin().into(), Skip::Duplicate));
        }
        visitors
    }

    /// Sorts out what the user gave. The same place given twice is visited once.
    fn targets(&self) -> Targets {
        let mut targets = Targets::default();
        targets.named.extend(self.elsewhere.iter().filter_map(|path| path.canonicalize().ok()));
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
        // A slash at the end leads to what the link leads to.
        let is_entered = given.path.as_os_str().as_encoded_bytes().ends_with(b"/");
        let absolute = match (given.links, given.path.file_name()) {
            (Links::Refuse, Some(name)) if !is_entered => {
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
}

/// Shares `items` out among threads, each with a reader and a visitor of its own.
fn in_parallel<'i, T: Sync, V: Visitor>(
    items: &'i [T],
    visitor: &(dyn Fn() -> V + Sync),
    each: impl Fn(&mut Reader, &mut V, &'i T) + Sync,
) -> Vec<V> {
    if items.is_empty() {
        return Vec::new();
    }
    let worker = || (Reader::new(threads()), visitor());
    let workers = share(items, &worker, |(reader, visitor), item| each(reader, visitor, item));
    workers.into_iter().map(|(_, visitor)| visitor).collect()
}

impl Target {
    /// The absolute path of an entry of the walk.
    pub fn absolute(&self, entry: &Path) -> PathBuf {
        self.absolute.join(entry.strip_prefix(&self.root.given).unwrap_or(entry))
    }

    fn is_excluded(&self) -> bool {
        !self.exclude.is_empty() && self.exclude.matched_path_or_any_parents(&self.absolute, false).is_ignore()
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
