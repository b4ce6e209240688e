//! Tracked: what git tracks in a work tree, by its index. A folder that stands in a sparse index for all that is in it
//! (gitformat-index(5), "sparse directory entries") is looked up in its tree.

use std::collections::BTreeMap;
use std::path::Path;

use crate::git::Repository;
use crate::git::changes::{Unreadable, between_trees, lookup};
use crate::git::index::{Index, IndexEntry};
use crate::git::repository::Environment;
use crate::git::tree::EntryKind;
use crate::object::ObjectId;

/// A repository and the index of its work tree.
#[derive(Debug)]
pub struct Tracked {
    /// The repository.
    pub repository: Repository,
    index: Index,
}

/// What the index has at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// What it is.
    pub kind: EntryKind,
    /// Its object.
    pub id: ObjectId,
    /// Whether the next commit will leave it out: `git add --intent-to-add`.
    pub is_intent: bool,
}

impl From<IndexEntry<'_>> for Version {
    fn from(IndexEntry { kind, id, is_intent, .. }: IndexEntry<'_>) -> Version {
        Version { kind, id, is_intent }
    }
}

impl Repository {
    /// The repository whose work tree has this folder as its top, and no other that is around it.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub fn of_work_tree(top: &Path) -> Result<Repository, String> {
        let repository = Repository::open(top, Environment::Ignore)?;
        let found = repository.work_tree.as_deref().and_then(|folder| folder.canonicalize().ok());
        match found.zip(top.canonicalize().ok()) {
            Some((found, top)) if found == top => Ok(repository),
            Some(_) | None => Err("its .git is not that of a work tree here".to_owned()),
        }
    }
}

impl Tracked {
    /// What this repository tracks.
    ///
    /// # Errors
    ///
    /// Why its index can't be read, in words.
    pub fn new(repository: Repository) -> Result<Tracked, String> {
        let index = repository.index()?;
        Ok(Tracked { repository, index })
    }

    /// What the index has at this path from the top of the work tree, once for each side of a conflict. Below a folder
    /// that only stands for its tree, what the tree has. Trees that can't be read go to `lost`.
    pub fn at(&self, path: &[u8], lost: &mut Vec<Unreadable>) -> Vec<Version> {
        let mut versions: Vec<Version> = self.index.at(path).map(Version::from).collect();
        let folder = [path, b"/"].concat();
        versions.extend(self.index.at(&folder).map(Version::from));
        if versions.is_empty()
            && let Some((above, rest)) = self.sparse_above(path)
        {
            let found = lookup(&self.repository.objects(), above.id, rest).map_err(|unreadable| lost.push(unreadable));
            versions.extend(found.ok().flatten().map(|(kind, id)| Version { kind, id, is_intent: false }));
        }
        versions
    }

    /// What the index has below a folder, by path from the top of the work tree; of the sides of a conflict, one. Trees
    /// that can't be read go to `lost`.
    pub fn below(&self, folder: &[u8], lost: &mut Vec<Unreadable>) -> BTreeMap<Vec<u8>, Version> {
        let mut below = BTreeMap::new();
        let prefix = [folder, b"/"].concat();
        for entry in self.index.below(&prefix) {
            match entry.path.strip_suffix(b"/") {
                Some(sparse) => self.expand(sparse, entry.id, &mut below, lost),
                None => drop(below.insert(entry.path.to_vec(), Version::from(entry))),
            }
        }
        if below.is_empty()
            && let Some((above, rest)) = self.sparse_above(folder)
        {
            match lookup(&self.repository.objects(), above.id, rest) {
                Ok(Some((EntryKind::Folder, tree))) => self.expand(folder, tree, &mut below, lost),
                Ok(_) => {}
                Err(unreadable) => lost.push(unreadable),
            }
        }
        below
    }

    /// Whether the next commit has this path, as a file or as a folder.
    pub fn is_staged(&self, path: &[u8]) -> bool {
        self.at(path, &mut Vec::new()).iter().any(|version| !version.is_intent)
            || self.index.below(&[path, b"/"].concat()).any(|entry| !entry.is_intent)
    }

    /// Whether the index has this path, as a file or as a folder.
    pub fn lists(&self, path: &[u8]) -> bool {
        !self.at(path, &mut Vec::new()).is_empty() || self.index.below(&[path, b"/"].concat()).next().is_some()
    }

    /// The folder above this path that stands for its tree, and the rest of the path below it.
    fn sparse_above<'p>(&self, path: &'p [u8]) -> Option<(Version, &'p [u8])> {
        memchr::memchr_iter(b'/', path).find_map(|slash| {
            let entry = self.index.at(&path[..=slash]).next()?;
            Some((Version::from(entry), &path[slash + 1..]))
        })
    }

    fn expand(
        &self,
        folder: &[u8],
        tree: ObjectId,
        below: &mut BTreeMap<Vec<u8>, Version>,
        lost: &mut Vec<Unreadable>,
    ) {
        between_trees(&self.repository.objects(), tree, Vec::new(), &mut |change| match change {
            Err(unreadable) => lost.push(unreadable),
            Ok(change) if change.kind == EntryKind::Folder => {}
            Ok(change) => {
                let version = Version { kind: change.kind, id: change.id, is_intent: false };
                below.insert([folder, b"/", &change.path[..]].concat(), version);
            }
        });
    }
}
