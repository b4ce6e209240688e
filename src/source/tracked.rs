//! Files that git tracks although a rule hides them (`git add --force`): the next commit holds them all the same.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::blob::{from_slashed, slashed};
use crate::error::{Problem, ProblemKind};
use crate::git::Repository;
use crate::git::changes::Unreadable;
use crate::git::tracked::{Tracked, Version};
use crate::git::tree::EntryKind;
use crate::source::Visitor;
use crate::source::ignored::{Ignored, is_work_tree};

/// What is tracked in each work tree. An index is read when the first hidden entry of its work tree is met.
#[derive(Debug, Default)]
pub struct TrackedFiles {
    work_trees: Mutex<HashMap<PathBuf, Option<Arc<Tracked>>>>,
}

/// What git tracks of a hidden entry of a walk.
#[derive(Debug, PartialEq, Eq)]
pub enum Hidden {
    /// The entry itself: a file, a link, or a submodule.
    Itself,
    /// These files below it, by their paths from the entry, in order; often none.
    Below(Vec<Below>),
}

/// A file below a hidden folder.
#[derive(Debug, PartialEq, Eq)]
pub struct Below {
    /// The parts of the path from the folder.
    pub parts: Vec<PathBuf>,
    /// What git takes it for.
    pub kind: EntryKind,
}

impl TrackedFiles {
    /// What git tracks of the absolute path `path`, which `ignored` hides. An index that can't be read is told of once.
    pub fn of<V: Visitor>(&self, path: &Path, is_folder: bool, ignored: &Ignored, visitor: &mut V) -> Hidden {
        let none = Hidden::Below(Vec::new());
        let Some(top) = ignored.top(path) else { return none };
        let Some(tracked) = self.work_tree(&top, visitor) else { return none };
        let below = slashed(path.strip_prefix(&top).unwrap_or(path));
        let mut lost = Vec::new();
        let is_itself = tracked.at(&below, &mut lost).iter().any(|version| match version.kind {
            EntryKind::File | EntryKind::Link => !is_folder,
            // One that is not checked out has nothing of its own.
            EntryKind::Submodule => is_folder && is_work_tree(path),
            EntryKind::Folder => false,
        });
        let hidden = match is_folder {
            _ if is_itself => Hidden::Itself,
            false => none,
            true => {
                let files = tracked.below(&below, &mut lost).into_iter();
                let parts = |path: &[u8]| safe_parts(&path[below.len() + 1..]);
                let file =
                    |(path, version): (Vec<u8>, Version)| Some(Below { parts: parts(&path)?, kind: version.kind });
                Hidden::Below(files.filter_map(file).collect())
            }
        };
        for Unreadable { id, kind, cause } in lost {
            visitor.problem(Problem::object(&id, kind, &cause));
        }
        hidden
    }

    fn work_tree<V: Visitor>(&self, top: &Path, visitor: &mut V) -> Option<Arc<Tracked>> {
        let mut work_trees = self.work_trees.lock().unwrap_or_else(PoisonError::into_inner);
        match work_trees.entry(top.to_path_buf()) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(new) => {
                let tracked = read(top).unwrap_or_else(|problem| {
                    visitor.problem(problem);
                    None
                });
                new.insert(tracked.map(Arc::new)).clone()
            }
        }
    }
}

/// What is tracked below this top; none where there is no index yet.
fn read(top: &Path) -> Result<Option<Tracked>, Problem> {
    let git = top.join(".git");
    match Repository::of_work_tree(top) {
        Ok(repository) => {
            let index = repository.git_dir.join("index");
            Tracked::new(repository).map(Some).map_err(|cause| unreadable_index(&index, &cause))
        }
        // Whatever this folder is, it has no index.
        Err(_) if git.is_dir() && git.join("index").symlink_metadata().is_err() => Ok(None),
        Err(cause) => Err(unreadable_index(&git, &cause)),
    }
}

/// The index at this absolute path can't be read, so that what it lists is not known.
pub fn unreadable_index(path: &Path, cause: &str) -> Problem {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    let path = here.ok().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path);
    let message = format!("{cause}; run git status to see what git says of it, or scan with --no-ignore");
    Problem::given(path, ProblemKind::Corrupt, message)
}

/// The parts of a path of an index; `None` for a path that git would not have written, since it leads elsewhere.
fn safe_parts(path: &[u8]) -> Option<Vec<PathBuf>> {
    let part = |name: &[u8]| {
        let part = from_slashed(name);
        let mut components = part.components();
        let is_plain = matches!(components.next(), Some(std::path::Component::Normal(name)) if name != ".git");
        (is_plain && components.next().is_none()).then_some(part)
    };
    path.split(|byte| *byte == b'/').map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        assert_eq!(safe_parts(b"a/b c"), Some(vec!["a".into(), "b c".into()]));
        for path in ["", "/a", "a//b", "a/", "..", "a/../b", ".", "a/./b", ".git/config", "a/.git/config"] {
            assert_eq!(safe_parts(path.as_bytes()), None, "{path}");
        }
    }
}
