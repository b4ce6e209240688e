//! The walk of one folder: what is entered, what is left out, with the search done in the walking threads.
//!
//! The threads are those of the pool of the run, so that a walk starts none: what could not be started would be waited for.
//! What git tracks below a folder that its rules hide is looked up one by one.

mod open;

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{FileType, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::blob::{FileOrigin, Kind, Origin};
use crate::caught::caught;
use crate::coverage::Skip;
use crate::error::Problem;
use crate::git::tree::EntryKind;
use crate::parallel::threads;
use crate::read::{Links, interrupt};
use crate::source::Visitor;
use crate::source::file::{Aside, Names, Reader, visit_file, visit_link, visit_name};
use crate::source::ignored::{Ignored, is_work_tree};
use crate::source::tracked::{Below, Hidden, TrackedFiles};
use crate::source::tree::Target;

use self::open::{Entries, Open};

/// One walk, shared by its threads.
#[derive(Debug)]
pub(super) struct Walk<'w, 'a> {
    /// Where it starts.
    target: &'a Target,
    /// The absolute paths that have a visit of their own.
    named: &'a HashSet<PathBuf>,
    /// Where files with several names go.
    aside: &'w Aside<'a>,
    /// git's rules, if they are to hide files.
    ignored: Option<Ignored>,
    /// What they do not hide.
    tracked: &'w TrackedFiles,
    /// Submodules in hidden folders: each is walked when the walk around it is done.
    submodules: Mutex<Vec<PathBuf>>,
}

impl<'w, 'a> Walk<'w, 'a> {
    /// A walk of one folder, hiding what `ignored` says but for what is `tracked`. It leaves alone what has a visit of
    /// its own, which are the absolute paths `named`, and puts files with several names `aside`.
    pub fn new(
        target: &'a Target,
        named: &'a HashSet<PathBuf>,
        aside: &'w Aside<'a>,
        ignored: Option<Ignored>,
        tracked: &'w TrackedFiles,
    ) -> Walk<'w, 'a> {
        Walk { target, named, aside, ignored, tracked, submodules: Mutex::new(Vec::new()) }
    }

    /// Walks with all threads of the pool. The visitors of all of them.
    pub fn run<V: Visitor>(&self, visitor: &(dyn Fn() -> V + Sync)) -> Vec<V> {
        let given = &self.target.root.given;
        let mut visitors = Vec::new();
        // A link to a folder is entered when a slash follows it.
        let mut starts = vec![if given.is_symlink() { given.join("") } else { given.clone() }];
        while let Some(start) = starts.pop() {
            let open = Open::new(start);
            visitors.extend(rayon::broadcast(|_| {
                let reader = Reader::new(threads());
                let mut walker = Walker { walk: self, open: &open, reader, visitor: visitor() };
                while let Some(taken) = open.take() {
                    walker.entries(&taken.entries);
                }
                walker.visitor
            }));
            starts.append(&mut self.submodules.lock().unwrap_or_else(PoisonError::into_inner));
        }
        visitors
    }
}

/// One thing that is met on a walk.
#[derive(Debug)]
struct Entry<'e> {
    path: PathBuf,
    /// The last part of the path.
    name: &'e OsStr,
    /// Nothing for where the walk starts.
    file_type: Option<FileType>,
}

/// One thread of a walk.
#[derive(Debug)]
struct Walker<'w, 'a, V> {
    walk: &'w Walk<'w, 'a>,
    open: &'w Open,
    reader: Reader,
    visitor: V,
}

impl<V: Visitor> Walker<'_, '_, V> {
    fn entries(&mut self, entries: &Entries) {
        for (name, file_type) in &entries.names {
            if interrupt::requested() {
                return self.open.quit();
            }
            let start = Path::new(name);
            let (path, name) = match &entries.folder {
                Some(folder) => (folder.join(name), &name[..]),
                None => (start.to_path_buf(), start.file_name().unwrap_or(start.as_os_str())),
            };
            let entry = Entry { path, name, file_type: *file_type };
            match caught(|| self.entry(&entry)) {
                Ok(true) => self.list(entry.path),
                Ok(false) => {}
                Err(fault) => {
                    let origin = FileOrigin { root: &self.walk.target.root, local: &entry.path, kind: Kind::Content };
                    self.visitor.problem(Problem::internal(&origin.into(), &fault));
                }
            }
        }
    }

    /// Opens a folder, and hands out what is in it in parts that are worth another thread's while.
    fn list(&mut self, folder: PathBuf) {
        const PART: usize = 32;
        let root = &self.walk.target.root;
        let unreadable = |local: &Path, cause: &io::Error| {
            Problem::unreadable(&FileOrigin { root, local, kind: Kind::Content }.into(), cause)
        };
        let entries = match folder.read_dir() {
            Ok(entries) => entries,
            Err(cause) => return self.visitor.problem(unreadable(&folder, &cause)),
        };
        let folder: Arc<Path> = folder.into();
        let mut names = Vec::new();
        for entry in entries {
            match entry.map(|entry| (entry.file_type(), entry)) {
                Ok((Ok(file_type), entry)) => names.push((entry.file_name(), Some(file_type))),
                Ok((Err(cause), entry)) => self.visitor.problem(unreadable(&entry.path(), &cause)),
                Err(cause) => self.visitor.problem(unreadable(&folder, &cause)),
            }
            if names.len() == PART {
                self.open.add(Entries { folder: Some(Arc::clone(&folder)), names: std::mem::take(&mut names) });
            }
        }
        if !names.is_empty() {
            self.open.add(Entries { folder: Some(folder), names });
        }
    }

    /// Visits an entry. Whether it is a folder to be entered.
    fn entry(&mut self, entry: &Entry<'_>) -> bool {
        let (walk, visitor) = (self.walk, &mut self.visitor);
        let root = &walk.target.root;
        let origin = FileOrigin { root, local: &entry.path, kind: Kind::Content };
        let is_folder = entry.file_type.is_none_or(|kind| kind.is_dir());
        match walk.left_out(entry, is_folder, visitor) {
            LeftOut::No => {}
            LeftOut::Elsewhere => return false,
            LeftOut::Skip(why) => {
                visitor.skip(&origin.into(), why);
                return false;
            }
            LeftOut::AllBut(tracked) => {
                visitor.skip(&origin.into(), Skip::Ignored);
                HiddenFolder { walk, reader: &mut self.reader, visitor, local: &entry.path }.visit(&tracked);
                return false;
            }
        }
        visit_name(visitor, &origin, Some(entry.name));
        if entry.name == "HEAD"
            && let Some(folder) = entry.path.parent().filter(|folder| is_bare_repository(folder))
        {
            visitor.bare_repository(&FileOrigin { local: folder, ..origin }.into());
        }
        match entry.file_type {
            _ if is_folder => {}
            Some(kind) if kind.is_file() => {
                visit_file(&mut self.reader, visitor, origin, Links::Refuse, Names::Aside(walk.aside, root));
            }
            Some(kind) if kind.is_symlink() => visit_link(visitor, origin),
            _ => visitor.skip(&origin.into(), Skip::Special),
        }
        is_folder
    }
}

/// Whether an entry of a walk is left out.
enum LeftOut {
    No,
    Skip(Skip),
    /// git hides the folder, but not these files in it.
    AllBut(Vec<Below>),
    /// The user named it too, and it has a visit of its own.
    Elsewhere,
}

impl Walk<'_, '_> {
    fn left_out<V: Visitor>(&self, entry: &Entry<'_>, is_folder: bool, visitor: &mut V) -> LeftOut {
        let target = self.target;
        let is_start = entry.file_type.is_none();
        if !is_start {
            if entry.name == ".git" {
                return LeftOut::Skip(Skip::GitFolder);
            }
            if self.ignored.is_none() && target.exclude.is_empty() && self.named.len() == 1 {
                return LeftOut::No;
            }
            let absolute = target.absolute(&entry.path);
            if let Some(left_out) = self.left_to_others(&absolute, is_folder) {
                return left_out;
            }
            if let Some(ignored) = self.ignored.as_ref().filter(|ignored| ignored.is_ignored(&absolute, is_folder)) {
                match self.tracked.of(&absolute, is_folder, ignored, visitor) {
                    Hidden::Below(files) if files.is_empty() => return LeftOut::Skip(Skip::Ignored),
                    Hidden::Below(files) => return LeftOut::AllBut(files),
                    Hidden::Itself => {}
                }
            }
        }
        if let Some(ignored) = self.ignored.as_ref().filter(|_| is_folder) {
            ignored.enter(&target.absolute(&entry.path));
        }
        LeftOut::No
    }

    /// Whether the user left this out, or named it so that it has a visit of its own.
    fn left_to_others(&self, absolute: &Path, is_folder: bool) -> Option<LeftOut> {
        if self.named.contains(absolute) {
            return Some(LeftOut::Elsewhere);
        }
        self.target.exclude.matched(absolute, is_folder).is_ignore().then_some(LeftOut::Skip(Skip::Excluded))
    }
}

/// A folder that git's rules hide, of which some files are visited.
struct HiddenFolder<'h, 'w, 'a, V> {
    walk: &'h Walk<'w, 'a>,
    reader: &'h mut Reader,
    visitor: &'h mut V,
    /// The folder's path from the working directory.
    local: &'h Path,
}

impl<V: Visitor> HiddenFolder<'_, '_, '_, V> {
    /// Visits these files and the names of the folders on the way, as the walk would. A file that is not there is no
    /// problem: git would call it deleted.
    fn visit(&mut self, files: &[Below]) {
        let root = &self.walk.target.root;
        let origin = FileOrigin { root, local: self.local, kind: Kind::Content };
        visit_name(self.visitor, &origin, self.local.file_name());
        // The folders from here to the file before, and whether each was entered. A folder's files follow each other.
        let mut entered: Vec<(&Path, bool)> = Vec::new();
        for Below { parts, kind } in files {
            if interrupt::requested() {
                return;
            }
            let Some((name, folders)) = parts.split_last() else { continue };
            let shared = entered.iter().zip(folders).take_while(|((open, _), folder)| open == folder).count();
            entered.truncate(shared);
            let mut local: PathBuf =
                std::iter::once(self.local).chain(entered.iter().map(|(folder, _)| *folder)).collect();
            for folder in &folders[shared..] {
                if entered.last().is_some_and(|(_, is_entered)| !is_entered) {
                    break;
                }
                local.push(folder);
                let is_entered = self.enter(&local);
                entered.push((folder, is_entered));
            }
            if entered.last().is_none_or(|(_, is_entered)| *is_entered) {
                self.visit_file(&local.join(name), *kind);
            }
        }
    }

    /// Looks at the name of a folder on the way. Whether it is a folder still, and no link to one, and to be entered.
    fn enter(&mut self, local: &Path) -> bool {
        let origin = FileOrigin { root: &self.walk.target.root, local, kind: Kind::Content };
        let is_entered = self.is_wanted(&origin, true) && self.metadata(&origin).is_some_and(|found| found.is_dir());
        if is_entered {
            visit_name(self.visitor, &origin, local.file_name());
        }
        is_entered
    }

    fn visit_file(&mut self, local: &Path, kind: EntryKind) {
        let (walk, root) = (self.walk, &self.walk.target.root);
        let origin = FileOrigin { root, local, kind: Kind::Content };
        let is_folder = kind == EntryKind::Submodule;
        if !self.is_wanted(&origin, is_folder) {
            return;
        }
        let Some(metadata) = self.metadata(&origin) else { return };
        if metadata.is_dir() {
            // git tracks nothing in a folder that stands where a file was.
            if is_folder && is_work_tree(local) {
                walk.submodules.lock().unwrap_or_else(PoisonError::into_inner).push(local.to_path_buf());
            }
            return;
        }
        visit_name(self.visitor, &origin, local.file_name());
        if metadata.is_symlink() {
            visit_link(self.visitor, origin);
        } else if metadata.is_file() {
            visit_file(self.reader, self.visitor, origin, Links::Refuse, Names::Aside(walk.aside, root));
        } else {
            self.visitor.skip(&origin.into(), Skip::Special);
        }
    }

    fn is_wanted(&mut self, origin: &FileOrigin<'_>, is_folder: bool) -> bool {
        match self.walk.left_to_others(&self.walk.target.absolute(origin.local), is_folder) {
            // What is not there is not left out either.
            Some(LeftOut::Skip(why)) if origin.local.symlink_metadata().is_ok() => {
                self.visitor.skip(&Origin::File(*origin), why);
            }
            Some(LeftOut::Skip(_) | LeftOut::Elsewhere) => {}
            Some(LeftOut::No | LeftOut::AllBut(_)) | None => return true,
        }
        false
    }

    /// What is at a path; none when there is nothing, or nothing that can be looked at, which is told of.
    fn metadata(&mut self, origin: &FileOrigin<'_>) -> Option<Metadata> {
        match origin.local.symlink_metadata() {
            Ok(metadata) => Some(metadata),
            Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => None,
            Err(cause) => {
                self.visitor.problem(Problem::unreadable(&Origin::File(*origin), &cause));
                None
            }
        }
    }
}

/// Whether a folder that has a `HEAD` has what else makes a repository of it (gitrepository-layout(5)).
fn is_bare_repository(folder: &Path) -> bool {
    ["objects", "refs"].iter().all(|name| folder.join(name).is_dir())
}
