//! Links: whether everything that objects refer to is there. A sweep sees what a repository has; what it should have
//! and has not, only the objects that name it tell.

use std::collections::BTreeMap;

use crate::git::commit::Parts;
use crate::git::sweep::Store;
use crate::git::tree::{EntryKind, entries};
use crate::object::{HashKind, IdSet, ObjectId, ObjectKind};

/// How many ids a thread remembers as present: 4 MiB of their first bytes. To look one up in an index takes several times
/// as long, and the versions of a folder name the same ones again and again.
const REMEMBERED: usize = 1 << 19;

/// Trees and blobs without content, which git knows without having them (`git hash-object -t tree /dev/null`).
const EMPTY: [&str; 4] = [
    "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
];

/// Whether this is an object without content, which git knows without having it.
pub fn is_known(id: &ObjectId) -> bool {
    EMPTY.contains(&id.to_string().as_str())
}

/// Looks up what objects refer to. One for each thread.
#[derive(Debug)]
pub struct Links<'s> {
    store: &'s Store,
    hash: HashKind,
    /// Commits whose parents a shallow clone has left behind.
    boundary: &'s IdSet,
    /// The first 8 bytes of ids that are present, each at a place that the next ones give.
    present: Vec<u64>,
    /// What is missing, each with one object that refers to it.
    missing: BTreeMap<ObjectId, (ObjectKind, ObjectId)>,
}

impl<'s> Links<'s> {
    /// Nothing looked up yet.
    pub fn new(store: &'s Store, hash: HashKind, boundary: &'s IdSet) -> Links<'s> {
        Links { store, hash, boundary, present: vec![0; REMEMBERED], missing: BTreeMap::new() }
    }

    /// Looks up all that an object refers to.
    pub fn of(&mut self, id: &ObjectId, kind: ObjectKind, bytes: &[u8]) {
        let from = (kind, *id);
        match kind {
            ObjectKind::Blob => {}
            // The part of a tree that the one before it had not.
            ObjectKind::Tree => {
                for entry in entries(bytes, self.hash).filter(|entry| entry.kind != EntryKind::Submodule) {
                    self.look_up(entry.id, from);
                }
            }
            ObjectKind::Commit => {
                let parts = Parts::new(bytes);
                let parents = parts.ids("parent").filter(|_| !self.boundary.contains(id));
                for linked in parts.ids("tree").chain(parents).collect::<Vec<_>>() {
                    self.look_up(linked.as_bytes(), from);
                }
            }
            ObjectKind::Tag => {
                for linked in Parts::new(bytes).ids("object") {
                    self.look_up(linked.as_bytes(), from);
                }
            }
        }
    }

    /// What is missing, with the kind and the id of an object that refers to it.
    pub fn missing(self) -> BTreeMap<ObjectId, (ObjectKind, ObjectId)> {
        self.missing
    }

    fn look_up(&mut self, id: &[u8], from: (ObjectKind, ObjectId)) {
        let Some(linked) = ObjectId::from_bytes(id) else { return };
        let (eights, _) = id.as_chunks::<8>();
        let [first, next] = [0, 1].map(|at| u64::from_le_bytes(eights[at]));
        let place = usize::try_from(next % REMEMBERED as u64).unwrap_or(0);
        // Zeros stand where nothing was remembered yet.
        if self.present[place] == first && first != 0 {
            return;
        }
        if self.store.contains(&linked) {
            self.present[place] = first;
        } else if !is_known(&linked) {
            let known = self.missing.entry(linked).or_insert(from);
            // The same one whatever the order of the objects.
            *known = (*known).min(from);
        }
    }
}
