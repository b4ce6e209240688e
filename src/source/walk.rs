//! The walk of one folder: what is entered, what is left out, with the search done in the walking threads.
//!
//! `ignore` walks with its filters off, since with them on it never says what it left out.

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use ignore::{DirEntry, WalkBuilder, WalkState};

use crate::blob::{FileOrigin, Kind};
use crate::coverage::Skip;
use crate::error::Problem;
use crate::read::{Links, interrupt};
use crate::source::Visitor;
use crate::source::file::{Aside, Reader, visit_file, visit_link, visit_name};
use crate::source::ignored::Ignored;
use crate::source::tree::Target;

/// One walk, shared by its threads.
#[derive(Debug)]
pub(super) struct Walk<'w, 'a> {
    /// Where it starts.
    pub target: &'a Target,
    /// The absolute paths that have a visit of their own.
    pub named: &'a HashSet<PathBuf>,
    /// Where files with several names go.
    pub aside: &'w Aside<'a>,
    /// git's rules, if they are to hide files.
    pub ignored: Option<Ignored>,
}

impl Walk<'_, '_> {
    /// Walks with `threads` threads. The visitors of all of them.
    pub fn run<V: Visitor>(&self, threads: usize, visitor: &(dyn Fn() -> V + Sync)) -> Vec<V> {
        let visitors = Mutex::new(Vec::new());
        let given = &self.target.root.given;
        // A link to a folder is entered when a slash follows it.
        let start = if given.is_symlink() { given.join("") } else { given.clone() };
        WalkBuilder::new(start).standard_filters(false).threads(threads).build_parallel().run(|| {
            let reader = Reader::new(threads);
            let mut walker = Walker { walk: self, reader, visitor: Some(visitor()), visitors: &visitors };
            Box::new(move |entry| walker.entry(entry))
        });
        visitors.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One thread of a walk.
#[derive(Debug)]
struct Walker<'w, 'a, V> {
    walk: &'w Walk<'w, 'a>,
    reader: Reader,
    visitor: Option<V>,
    /// Where the visitor goes when the thread is done.
    visitors: &'w Mutex<Vec<V>>,
}

impl<V> Drop for Walker<'_, '_, V> {
    fn drop(&mut self) {
        self.visitors.lock().unwrap_or_else(PoisonError::into_inner).extend(self.visitor.take());
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
                visitor.problem(Problem::unreadable(&FileOrigin { root, local, kind: Kind::Content }.into(), &cause));
                return WalkState::Continue;
            }
        };
        let origin = FileOrigin { root, local: entry.path(), kind: Kind::Content };
        let file_type = entry.file_type();
        let is_folder = entry.depth() == 0 || file_type.is_some_and(|kind| kind.is_dir());
        match walk.left_out(&entry, is_folder) {
            LeftOut::No => {}
            LeftOut::Elsewhere => return WalkState::Skip,
            LeftOut::Skip(why) => {
                visitor.skip(&origin.into(), why);
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
            _ => visitor.skip(&origin.into(), Skip::Special),
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

impl Walk<'_, '_> {
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

/// The path and the cause in an error of the walk.
fn take_apart(error: ignore::Error) -> (Option<PathBuf>, io::Error) {
    match error {
        ignore::Error::WithPath { path, err } => (Some(path), take_apart(*err).1),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => take_apart(*err),
        ignore::Error::Io(cause) => (None, cause),
        other => (None, io::Error::other(other.to_string())),
    }
}
