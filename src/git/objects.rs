//! Objects: single ones, read by id.

use std::cell::OnceCell;
use std::sync::{Arc, Mutex, PoisonError};

use crate::blob::Content;
use crate::git::Repository;
use crate::git::commit::Parts;
use crate::git::repository::ObjectDirs;
use crate::git::sweep::Store;
use crate::object::{HashKind, ObjectId, ObjectKind};
use crate::read::filling;

/// The largest object that gix decodes in memory, in bytes, of which it takes some three times as much. Larger ones are
/// read by the sweep's means, one at a time.
pub const MAX_OBJECT: usize = 16 << 20;
/// Held while a larger one is decoded.
static LARGE: Mutex<()> = Mutex::new(());

/// Why an object that is nowhere can't be read.
pub const MISSING: &str = "it is missing";

impl Repository {
    /// A reader of single objects, for one thread.
    pub fn objects(&self) -> Objects {
        let handle = |store: &Arc<gix::odb::Store>| {
            let mut handle = store.to_cache_arc();
            handle.set_pack_cache(|| Box::new(gix::odb::pack::cache::lru::StaticLinkedList::<64>::default()));
            handle
        };
        let (handles, dirs) = (self.stores.0.iter().map(handle).collect(), Arc::clone(&self.object_dirs));
        Objects { hash: self.hash, handles, dirs, store: OnceCell::new() }
    }
}

/// Reads single objects, with a cache for bases of deltas.
pub struct Objects {
    hash: HashKind,
    handles: Vec<gix::odb::Cache<gix::odb::store::Handle<Arc<gix::odb::Store>>>>,
    dirs: Arc<ObjectDirs>,
    /// Opened for what gix does not decode.
    store: OnceCell<Store>,
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objects").field("hash", &self.hash).finish_non_exhaustive()
    }
}

impl Objects {
    /// The hash of ids.
    pub fn hash(&self) -> HashKind {
        self.hash
    }

    /// Whether there is such an object.
    pub fn has(&self, id: &ObjectId) -> bool {
        let contains = |id| self.handles.iter().any(|handle| gix::odb::pack::Find::contains(handle, id));
        self.oid(id).is_some_and(|id| filling(|| contains(id)).0)
    }

    /// Reads an object into `buffer`. What it is.
    ///
    /// # Errors
    ///
    /// Why it can't be read, in words.
    pub fn read(&self, id: &ObjectId, buffer: &mut Vec<u8>) -> Result<ObjectKind, String> {
        self.decode(id, buffer)?.map_or_else(|| self.find(id, buffer), Ok)
    }

    /// Lends an object, whole, or as a stream when it is a large blob. What it is, and its size in bytes.
    ///
    /// # Errors
    ///
    /// Why it can't be read, in words. What was lent before that counts.
    pub fn lend(&self, id: &ObjectId, lend: &mut dyn FnMut(Content<'_>)) -> Result<(ObjectKind, u64), String> {
        let mut bytes = Vec::new();
        let kind = match self.decode(id, &mut bytes)? {
            Some(kind) => kind,
            None => match self.store().stream(id, lend).map_err(|problem| problem.message)? {
                Some(size) => return Ok((ObjectKind::Blob, size)),
                None => self.find(id, &mut bytes)?,
            },
        };
        lend(Content::Whole(&bytes));
        Ok((kind, bytes.len() as u64))
    }

    /// The id for gix, whose stores must not be asked for one of another hash than theirs.
    fn oid<'i>(&self, id: &'i ObjectId) -> Option<&'i gix::hash::oid> {
        let id = Some(id.as_bytes()).filter(|id| id.len() == self.hash.len())?;
        gix::hash::oid::try_from_bytes(id).ok()
    }

    /// Decodes an object into `buffer` by gix; `None` when it is there and can't be decoded so, since it is larger than
    /// [`MAX_OBJECT`], damaged, or cut short meanwhile.
    fn decode(&self, id: &ObjectId, buffer: &mut Vec<u8>) -> Result<Option<ObjectKind>, String> {
        let mut outcome = Err(MISSING.to_owned());
        let Some(id) = self.oid(id) else { return outcome };
        for handle in &self.handles {
            let (found, is_cut) = filling(|| match gix::odb::pack::Find::try_find(handle, id, buffer) {
                Ok(found) => Ok(found.map(|(data, _)| kind(data.kind))),
                Err(_) => Err(()),
            });
            match found {
                Ok(Some(kind)) if !is_cut => return Ok(Some(kind)),
                Ok(None) if !is_cut => {}
                Ok(_) | Err(()) => outcome = Ok(None),
            }
        }
        outcome
    }

    /// The same by the sweep's own means, which take larger ones, and another copy of one that is damaged.
    fn find(&self, id: &ObjectId, buffer: &mut Vec<u8>) -> Result<ObjectKind, String> {
        let alone = LARGE.lock().unwrap_or_else(PoisonError::into_inner);
        let found = self.store().find(id).map_err(|problem| problem.message)?;
        drop(alone);
        let (kind, bytes) = found.ok_or_else(|| MISSING.to_owned())?;
        *buffer = bytes;
        Ok(kind)
    }

    fn store(&self) -> &Store {
        self.store.get_or_init(|| self.dirs.open(self.hash).0)
    }
}

/// Where an object leads when tags are followed.
#[derive(Debug, Default)]
pub struct Peeled {
    /// The object, then what its tag leads to, and so on. The last one is no tag, unless something is wrong.
    pub objects: Vec<(ObjectId, ObjectKind)>,
    /// What could not be followed further, and why, in words.
    pub lost: Option<(ObjectId, String)>,
}

impl Peeled {
    /// The commit it comes to in the end.
    pub fn commit(&self) -> Option<ObjectId> {
        self.objects.last().filter(|(_, kind)| *kind == ObjectKind::Commit).map(|(id, _)| *id)
    }
}

impl Objects {
    /// An object and, if it is a tag, what that leads to.
    pub fn peel(&self, id: &ObjectId) -> Peeled {
        /// Tags of tags that are followed: nobody checks ids, so a tag can lead to itself.
        const MAX_TAGS: usize = 1000;
        let mut peeled = Peeled::default();
        let (mut next, mut bytes) = (Some(*id), Vec::new());
        while let Some(id) = next.take() {
            match self.read(&id, &mut bytes) {
                Err(cause) => peeled.lost = Some((id, cause)),
                Ok(ObjectKind::Tag) if peeled.objects.len() == MAX_TAGS => {
                    peeled.lost = Some((id, format!("it is a tag behind {MAX_TAGS} others")));
                }
                Ok(kind) => {
                    peeled.objects.push((id, kind));
                    next = Some(kind).filter(|kind| *kind == ObjectKind::Tag).and_then(|_| {
                        let target = Parts::new(&bytes).ids("object").next();
                        if target.is_none() {
                            peeled.lost = Some((id, "it is a tag that leads nowhere".to_owned()));
                        }
                        target
                    });
                }
            }
        }
        peeled
    }
}

fn kind(kind: gix::object::Kind) -> ObjectKind {
    match kind {
        gix::object::Kind::Blob => ObjectKind::Blob,
        gix::object::Kind::Commit => ObjectKind::Commit,
        gix::object::Kind::Tag => ObjectKind::Tag,
        gix::object::Kind::Tree => ObjectKind::Tree,
    }
}
