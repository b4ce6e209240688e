//! Where a repository's objects are: its own folder and those that it borrows from, the packs and the loose objects.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::alternates;
use super::bytes::Bytes;
use super::cause::{SweepProblem, SweepProblemKind};
use super::index::{Index, MultiIndex, PackIndex};
use super::loose::{self, Loose};
use super::pack::Pack;
use crate::error::describe;
use crate::object::{HashKind, ObjectId};

/// Indexes of at least this many bytes are mapped, shorter ones read: what is read can't change any more, and takes no
/// map, of which a limited number can be watched.
const MAP_INDEX_FROM: u64 = 16 << 20;

/// Where the objects of a repository are.
#[derive(Debug)]
pub struct Store {
    /// The folders, the repository's own first.
    pub(super) folders: Vec<PathBuf>,
    /// All packs whose objects are known: by folder, then by name.
    pub(super) packs: Vec<Pack>,
    /// The loose objects that there were when it was opened: by folder, then by id.
    pub(super) loose: Vec<Loose>,
    pub(super) hash: HashKind,
}

impl Store {
    /// Lists the loose objects and opens the packs below `objects` (the folder of that name in a git directory), below
    /// `extra_alternates`, and below the folders that these borrow from, as git follows `info/alternates`: relative to
    /// the folder that names them, at most five deep, each folder once. What can't be read is left out and told.
    pub fn open(objects: &Path, hash: HashKind, extra_alternates: &[PathBuf]) -> (Store, Vec<SweepProblem>) {
        let mut problems = Vec::new();
        let folders = alternates::folders(objects, extra_alternates, &mut problems);
        // Before the packs: what `git gc` packs and takes away meanwhile is in one of the lists at least.
        let loose = loose::all(&folders, hash, &mut problems);
        let mut store = Store { folders, packs: Vec::new(), loose, hash };
        for folder in store.folders.clone() {
            store.open_packs(&folder.join("pack"), &mut problems);
        }
        problems.extend(store.packs.iter().filter_map(Pack::mismatch));
        (store, problems)
    }

    /// The packs that there are now in the same folders, without a list of loose objects.
    pub(super) fn reopened(&self) -> Store {
        let mut store = Store { folders: self.folders.clone(), packs: Vec::new(), loose: Vec::new(), hash: self.hash };
        for folder in &self.folders {
            // What can't be read was told when this one was opened, or has come since and was not asked for.
            store.open_packs(&folder.join("pack"), &mut Vec::new());
        }
        store
    }

    /// Whether the object is listed in a pack or as a loose one, or there is a loose file for it now. Nothing is decoded.
    pub fn contains(&self, id: &ObjectId) -> bool {
        let is_loose =
            |folder| self.loose.binary_search_by_key(&(folder, *id), |loose| (loose.folder, loose.id)).is_ok();
        self.packs.iter().any(|pack| pack.index.find(id.as_bytes()).is_some())
            || (0..).zip(&self.folders).any(|(folder, _)| is_loose(folder))
            || self.folders.iter().any(|folder| fs::metadata(loose_path(folder, id)).is_ok_and(|file| file.is_file()))
    }

    /// Opens the packs in `folder`. As for git, a pack is a file whose name ends in `.pack` and has an index, whatever the
    /// rest of the name is. One without an index is a problem, unless its name is that of a temporary file of git's: it
    /// is being written, or what wrote it was killed, and git does not read it either.
    fn open_packs(&mut self, folder: &Path, problems: &mut Vec<SweepProblem>) {
        let names = match list(folder) {
            Ok(names) => names,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return problems.push(unreadable(folder, &error)),
        };
        let multi =
            names.contains(OsStr::new("multi-pack-index")).then(|| self.open_multi(&folder.join("multi-pack-index")));
        let multi = multi.and_then(|multi| multi.map_err(|problem| problems.push(problem)).ok());
        let stems = |ending: &str| {
            let names = names.iter().map(Path::new).filter(|name| name.extension() == Some(OsStr::new(ending)));
            names.filter_map(Path::file_stem).collect::<BTreeSet<_>>()
        };
        let (packs, indexes) = (stems("pack"), stems("idx"));
        for stem in &packs {
            let path = named(folder, stem, ".pack");
            let is_temporary = [&b".tmp-"[..], b"tmp_"].iter().any(|start| stem.as_encoded_bytes().starts_with(start));
            if !indexes.contains(stem) && is_temporary {
                continue;
            }
            let opened = self.pack_index(folder, stem, indexes.contains(stem), multi.as_ref());
            match opened.and_then(|index| Pack::open(&path, index, self.hash)) {
                Ok(pack) => self.packs.push(pack),
                Err(problem) => problems.push(problem),
            }
        }
        for stem in indexes.difference(&packs) {
            let message = "the pack of this index is missing; a fresh clone or a backup has it";
            let file = named(folder, stem, ".idx");
            problems.push(SweepProblem::of_file(&file, SweepProblemKind::Unreadable, message));
        }
        let known: BTreeSet<_> = packs.union(&indexes).map(|stem| stem.as_encoded_bytes()).collect();
        for name in multi.iter().flat_map(|multi| &multi.packs).filter(|name| !name.is_empty()) {
            if !name.strip_suffix(b".idx").is_some_and(|stem| known.contains(stem)) {
                let message = "it lists a pack that is missing; `git multi-pack-index write` makes it again";
                let file = folder.join("multi-pack-index");
                problems.push(SweepProblem::of_file(&file, SweepProblemKind::IndexMismatch, message));
            }
        }
    }

    fn open_multi(&self, path: &Path) -> Result<Arc<MultiIndex>, SweepProblem> {
        let bytes = Bytes::open(path, MAP_INDEX_FROM).map_err(|error| unreadable(path, &error))?;
        MultiIndex::parse(bytes, self.hash).map(Arc::new).ok_or_else(|| {
            let message = "not a multi-pack index of this repository; `git multi-pack-index write` makes it again";
            SweepProblem::of_file(path, SweepProblemKind::IndexMismatch, message)
        })
    }

    /// What lists the objects of a pack: its own index if that can be read, else the multi-pack index.
    fn pack_index(
        &self,
        folder: &Path,
        stem: &OsStr,
        has_own: bool,
        multi: Option<&Arc<MultiIndex>>,
    ) -> Result<PackIndex, SweepProblem> {
        let path = named(folder, stem, ".idx");
        let own = if has_own {
            Bytes::open(&path, MAP_INDEX_FROM).map_err(|error| unreadable(&path, &error)).and_then(|bytes| {
                let message = "not a pack index, or cut short; make it again with `git index-pack`";
                let problem = || SweepProblem::of_file(&path, SweepProblemKind::IndexMismatch, message);
                Index::parse(bytes, self.hash).ok_or_else(problem)
            })
        } else {
            let message = "it has no index; make one with `git index-pack`";
            let pack = named(folder, stem, ".pack");
            Err(SweepProblem::of_file(&pack, SweepProblemKind::Unreadable, message))
        };
        own.map(PackIndex::Own).or_else(|problem| {
            let listed = |multi: &Arc<MultiIndex>| {
                let names = |name: &Vec<u8>| name.strip_suffix(b".idx") == Some(stem.as_encoded_bytes());
                let number = u32::try_from(multi.packs.iter().position(names)?).ok()?;
                Some(PackIndex::shared(multi, number))
            };
            multi.and_then(listed).ok_or(problem)
        })
    }
}

/// The path of a file of a pack.
fn named(folder: &Path, stem: &OsStr, ending: &str) -> PathBuf {
    let mut name = stem.to_owned();
    name.push(ending);
    folder.join(name)
}

/// The path of a loose object.
pub(super) fn loose_path(folder: &Path, id: &ObjectId) -> PathBuf {
    let hex = id.to_string();
    let (first, rest) = hex.split_at(2);
    folder.join(first).join(rest)
}

/// The problem that a folder or file can't be read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> SweepProblem {
    let message = format!("{}; make it readable", describe(error));
    SweepProblem::of_file(path, SweepProblemKind::Unreadable, message)
}

/// The names in a folder, sorted.
pub(super) fn list(folder: &Path) -> io::Result<BTreeSet<OsString>> {
    fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.file_name())).collect()
}
