//! The index: what the next commit will hold (gitformat-index(5)).

mod check;

use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice;
use gix::index::entry::{Flags, Mode};

use crate::git::Repository;
use crate::git::repository::in_words;
use crate::git::tree::EntryKind;
use crate::object::ObjectId;
use crate::read::{CUT_SHORT, filling};

/// An index that was read.
pub struct Index(gix::index::File);

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("entries", &self.0.entries().len()).finish()
    }
}

/// An entry of an index.
#[derive(Clone, Copy, Debug)]
pub struct IndexEntry<'i> {
    /// The path from the top of the work tree. A folder, in a sparse index, ends with a slash.
    pub path: &'i [u8],
    /// What it is.
    pub kind: EntryKind,
    /// Its object.
    pub id: ObjectId,
    /// Whether the next commit will leave it out: `git add --intent-to-add`.
    pub is_intent: bool,
}

impl Repository {
    /// The index of the work tree, or the one that `GIT_INDEX_FILE` names where the environment counts. Empty when there
    /// is none yet.
    ///
    /// # Errors
    ///
    /// Why it can't be read, in words.
    pub fn index(&self) -> Result<Index, String> {
        self.index_at(&self.index_path())
    }

    /// The indexes of all work trees, that of the main one first. Those that do not exist are left out.
    pub fn index_files(&self) -> Vec<PathBuf> {
        let dirs = std::iter::once(self.common_dir.clone()).chain(self.other_git_dirs());
        dirs.map(|dir| dir.join("index")).filter(|index| index.is_file()).collect()
    }

    /// The index in a file. Empty when there is none.
    ///
    /// # Errors
    ///
    /// Why it can't be read, in words.
    pub fn index_at(&self, file: &Path) -> Result<Index, String> {
        let hash = self.gix.to_thread_local().object_hash();
        // More threads would be told by the file where to begin, and how much to reserve.
        let options = gix::index::decode::Options {
            thread_limit: Some(1),
            alloc_limit_bytes: Some(check::check(file, self.hash)?),
            ..gix::index::decode::Options::default()
        };
        match filling(|| gix::index::File::at_or_default(file, hash, false, options)) {
            (_, true) => Err(CUT_SHORT.to_owned()),
            (index, false) => index.map(Index).map_err(|error| in_words(&error)),
        }
    }
}

impl Index {
    /// All entries in order of path, those of a conflict once for each side.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = IndexEntry<'_>> {
        (0..self.0.entries().len()).map(|number| self.entry(number))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.entries().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.entries().is_empty()
    }

    /// The entry of this number, from 0.
    ///
    /// # Panics
    ///
    /// Where there are not so many.
    pub fn entry(&self, number: usize) -> IndexEntry<'_> {
        let entry = &self.0.entries()[number];
        let kind = match entry.mode {
            Mode::DIR => EntryKind::Folder,
            Mode::SYMLINK => EntryKind::Link,
            Mode::COMMIT => EntryKind::Submodule,
            _ => EntryKind::File,
        };
        IndexEntry {
            path: entry.path(&self.0).as_bytes(),
            kind,
            id: id(&entry.id),
            is_intent: entry.flags.contains(Flags::INTENT_TO_ADD),
        }
    }

    /// The entries at this path, one for each side of a conflict.
    pub fn at<'i>(&'i self, path: &'i [u8]) -> impl Iterator<Item = IndexEntry<'i>> {
        let first = self.0.entries().partition_point(|entry| entry.path(&self.0).as_bytes() < path);
        (first..self.len()).map(|number| self.entry(number)).take_while(move |entry| entry.path == path)
    }

    /// The entries below a folder, whose path ends with a slash.
    pub fn below<'i>(&'i self, folder: &'i [u8]) -> impl Iterator<Item = IndexEntry<'i>> {
        let first = self.0.entries().partition_point(|entry| entry.path(&self.0).as_bytes() < folder);
        (first..self.len()).map(|number| self.entry(number)).take_while(move |entry| entry.path.starts_with(folder))
    }

    /// The trees that git has written for folders of this index already, as far as they still hold.
    pub fn trees(&self) -> Option<CachedTree<'_>> {
        self.0.tree().map(CachedTree)
    }
}

#[expect(clippy::expect_used, reason = "gix has ids of 20 and 32 bytes alone")]
fn id(id: &gix::ObjectId) -> ObjectId {
    ObjectId::from_bytes(id.as_bytes()).expect("20 or 32 bytes")
}

/// A folder of an index, for which git may have written a tree already.
#[derive(Clone, Copy)]
pub struct CachedTree<'i>(&'i gix::index::extension::Tree);

impl std::fmt::Debug for CachedTree<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("CachedTree").field(&self.id()).finish()
    }
}

impl<'i> CachedTree<'i> {
    /// The tree of the folder as it stands in the index; none when something in it changed since.
    pub fn id(self) -> Option<ObjectId> {
        self.0.num_entries.and_then(|_| ObjectId::from_bytes(self.0.id.as_bytes()))
    }

    /// The folder of this name in it.
    pub fn child(self, name: &[u8]) -> Option<CachedTree<'i>> {
        let children = &self.0.children;
        children
            .binary_search_by(|child| child.name.as_slice().cmp(name))
            .ok()
            .map(|place| CachedTree(&children[place]))
    }
}
