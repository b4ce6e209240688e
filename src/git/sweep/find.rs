//! One object by its id, decoded singly along its chain of deltas.

use gix_zlib::Inflate;

use super::cause::{Cause, SweepProblem};
use super::delta;
use super::inflate;
use super::loose;
use super::memory::whole;
use super::pack::{EntryKind, Pack};
use super::store::{Store, loose_path};
use crate::object::{ObjectId, ObjectKind};

/// The longest chain that is followed. Git writes none longer than 4095, `git fast-import` none longer than 8191.
const MAX_CHAIN: usize = 10_000;
/// How many times a chain may go on in another pack.
const MAX_PACKS: usize = 8;

/// What may still be decoded to find objects, in bytes. A chain made to be costly runs out of it.
pub struct Work(pub u64);

impl Work {
    /// What one object may cost.
    pub const ONE: Work = Work(64 << 30);
    /// What the header of one delta is worth, so that following headers costs something too.
    const STEP: u64 = 256;

    fn spend(&mut self, bytes: u64) -> Result<(), Cause> {
        self.0 = self.0.checked_sub(bytes).ok_or(Cause::TooMuchWork)?;
        Ok(())
    }
}

/// The kind and the bytes of an object.
pub type Found = (ObjectKind, Vec<u8>);

impl Store {
    /// One object, decoded singly: `None` if there is none with this id. When an object is in several places, the first
    /// one that can be decoded counts.
    ///
    /// # Errors
    ///
    /// When it is damaged, larger than may be held in memory, or can't be read, wherever it is; the first place is told.
    pub fn find(&self, id: &ObjectId) -> Result<Option<Found>, SweepProblem> {
        let found = Finder { store: self, inflate: Inflate::default(), work: &mut { Work::ONE }, depth: 0 }.by_id(id);
        found.map_err(|(file, cause)| SweepProblem::of_object(&file, Some(*id), &cause))
    }
}

/// Finds objects.
pub struct Finder<'s, 'w> {
    pub store: &'s Store,
    pub inflate: Inflate,
    pub work: &'w mut Work,
    /// How many times the chain has gone on in another pack.
    pub depth: usize,
}

impl Finder<'_, '_> {
    /// An object, wherever it is. The error is that of the first place.
    pub fn by_id(&mut self, id: &ObjectId) -> Result<Option<Found>, (std::path::PathBuf, Cause)> {
        let mut first = None;
        let store = self.store;
        for pack in &store.packs {
            if let Some(offset) = pack.offset_of(id) {
                match self.at(pack, offset) {
                    Ok(found) => return Ok(Some(found)),
                    Err(cause) => drop(first.get_or_insert_with(|| (pack.path.clone(), cause))),
                }
            }
        }
        for path in store.folders.iter().map(|folder| loose_path(folder, id)).filter(|path| path.is_file()) {
            match loose::read(&path, &mut self.inflate) {
                Ok(found) => return Ok(Some(found)),
                Err(cause) => drop(first.get_or_insert_with(|| (path.clone(), cause))),
            }
        }
        first.map_or(Ok(None), Err)
    }

    /// The object that begins at byte `offset` of a pack.
    pub fn at(&mut self, pack: &Pack, offset: u64) -> Result<Found, Cause> {
        let mut chain = Vec::new();
        let mut next = offset;
        let (kind, mut made) = loop {
            let header = pack.header(next)?;
            self.work.spend(Work::STEP)?;
            next = match header.kind {
                EntryKind::Object(kind) => break (kind, self.inflate(pack, kind, header.data, header.size)?),
                EntryKind::OffsetDelta(base) => base,
                EntryKind::IdDelta(id) => {
                    let Some(base) = pack.offset_of(&id) else {
                        chain.push((header.data, header.size));
                        break self.elsewhere(&id)?;
                    };
                    base
                }
            };
            chain.push((header.data, header.size));
            if chain.len() > MAX_CHAIN {
                return Err(Cause::TooMuchWork);
            }
        };
        while let Some((data, size)) = chain.pop() {
            let delta = self.inflate(pack, kind, data, size)?;
            made = self.apply(pack, kind, &made, &delta)?;
        }
        Ok((kind, made))
    }

    fn elsewhere(&mut self, id: &ObjectId) -> Result<Found, Cause> {
        if self.depth == MAX_PACKS {
            return Err(Cause::TooMuchWork);
        }
        self.depth += 1;
        let found = self.by_id(id);
        self.depth -= 1;
        found.ok().flatten().ok_or(Cause::MissingBase(*id))
    }

    fn inflate(&mut self, pack: &Pack, kind: ObjectKind, data: usize, size: u64) -> Result<Vec<u8>, Cause> {
        let input = pack.body().get(data..).unwrap_or_default();
        inflate::check_size(size, input.len())?;
        let mut out = self.room(pack, kind, size)?;
        let size = out.len() - inflate::SLACK;
        inflate::whole(&mut self.inflate, input, &mut out, size)?;
        out.truncate(size);
        Ok(out)
    }

    fn apply(&mut self, pack: &Pack, kind: ObjectKind, base: &[u8], delta: &[u8]) -> Result<Vec<u8>, Cause> {
        let header = delta::header(delta)?;
        let instructions = &delta[header.len..];
        if header.base_size != base.len() as u64 || delta::result_size(instructions) != header.result_size {
            return Err(Cause::Delta("its sizes are not those that it says"));
        }
        let mut out = self.room(pack, kind, header.result_size)?;
        let size = out.len() - inflate::SLACK;
        delta::apply(base, instructions, &mut out[..size + delta::SLACK])?;
        out.truncate(size);
        Ok(out)
    }

    /// `size` bytes and [`inflate::SLACK`] more.
    fn room(&mut self, pack: &Pack, kind: ObjectKind, size: u64) -> Result<Vec<u8>, Cause> {
        let len = whole(kind, size, pack.len())?;
        self.work.spend(size)?;
        Ok(vec![0; len + inflate::SLACK])
    }
}
