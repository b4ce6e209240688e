//! Where a repository's objects are: its own folder and those that it borrows from, the packs and the loose objects.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::alternates;
use super::bytes::Bytes;
use super::cause::{SweepProblem, SweepProblemKind};
use super::index::{Index, MultiIndex, PackIndex};
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
    pub(super) hash: HashKind,
}

impl Store {
    /// Opens the packs below `objects` (the folder of that name in a git directory), below `extra_alternates`, and
    /// below the folders that these borrow from, as git follows `info/alternates`: relative to the folder that names
    /// them, at most five deep, each folder once. What can't be read is left out and told.
    pub fn open(objects: &Path, hash: HashKind, extra_alternates: &[PathBuf]) -> (Store, Vec<SweepProblem>) {
        let mut problems = Vec::new();
        let folders = alternates::folders(objects, extra_alternates, &mut problems);
        let mut store = Store { folders, packs: Vec::new(), hash };
        for folder in store.folders.clone() {
            store.open_packs(&folder.join("pack"), &mut problems);
        }
        problems.extend(store.packs.iter().filter_map(Pack::mismatch));
        (store, problems)
    }

    /// Whether the object is listed in a pack or there is a loose file for it. Nothing is decoded.
    pub fn contains(&self, id: &ObjectId) -> bool {
        self.packs.iter().any(|pack| pack.index.find(id.as_bytes()).is_some())
            || self.folders.iter().any(|folder| fs::metadata(loose_path(folder, id)).is_ok_and(|file| file.is_file()))
    }

    fn open_packs(&mut self, folder: &Path, problems: &mut Vec<SweepProblem>) {
        let names = match list(folder) {
            Ok(names) => names,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return problems.push(unreadable(folder, &error)),
        };
        let multi = names.contains("multi-pack-index").then(|| self.open_multi(&folder.join("multi-pack-index")));
        let multi = multi.and_then(|multi| multi.map_err(|problem| problems.push(problem)).ok());
        let stems = |ending: &str| names.iter().filter_map(|name| name.strip_suffix(ending)).collect::<BTreeSet<_>>();
        let (packs, indexes) = (stems(".pack"), stems(".idx"));
        for stem in &packs {
            let path = folder.join(format!("{stem}.pack"));
            // What a repack is about to finish, or has left behind, has names like this and no index yet.
            if !indexes.contains(stem) && (stem.starts_with(".tmp-") || stem.starts_with("tmp_")) {
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
            let file = folder.join(format!("{stem}.idx"));
            problems.push(SweepProblem::of_file(&file, SweepProblemKind::Unreadable, message));
        }
        for name in multi.iter().flat_map(|multi| &multi.packs) {
            let stem = std::str::from_utf8(name).ok().and_then(|name| name.split_once('.').map(|parts| parts.0));
            if !stem.is_some_and(|stem| packs.contains(stem) || indexes.contains(stem)) && !name.is_empty() {
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
        stem: &str,
        has_own: bool,
        multi: Option<&Arc<MultiIndex>>,
    ) -> Result<PackIndex, SweepProblem> {
        let path = folder.join(format!("{stem}.idx"));
        let own = if has_own {
            Bytes::open(&path, MAP_INDEX_FROM).map_err(|error| unreadable(&path, &error)).and_then(|bytes| {
                let message = "not a pack index, or cut short; make it again with `git index-pack`";
                let problem = || SweepProblem::of_file(&path, SweepProblemKind::IndexMismatch, message);
                Index::parse(bytes, self.hash).ok_or_else(problem)
            })
        } else {
            let message = "it has no index; make one with `git index-pack`";
            let pack = folder.join(format!("{stem}.pack"));
            Err(SweepProblem::of_file(&pack, SweepProblemKind::Unreadable, message))
        };
        own.map(PackIndex::Own).or_else(|problem| {
            let listed = |multi: &Arc<MultiIndex>| {
                let names =
                    |name: &Vec<u8>| name.strip_prefix(stem.as_bytes()).is_some_and(|ending| ending[..] == *b".idx");
                let number = u32::try_from(multi.packs.iter().position(names)?).ok()?;
                Some(PackIndex::shared(multi, number))
            };
            multi.and_then(listed).ok_or(problem)
        })
    }
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

/// The names in a folder, sorted. Those that are not UTF-8 are none of git's.
pub(super) fn list(folder: &Path) -> io::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        if let Ok(name) = entry?.file_name().into_string() {
            names.insert(name);
        }
    }
    Ok(names)
}
