//! Packs: their header, and the headers of the objects in them. See gitformat-pack(5), "pack-*.pack files have the
//! following format".

use std::path::{Path, PathBuf};

use super::bytes::Bytes;
use super::cause::{Cause, SweepProblem, SweepProblemKind};
use super::index::PackIndex;
use crate::object::{HashKind, ObjectId, ObjectKind};
use crate::read::MAP_FROM;

/// Where the first object stands: behind the signature, the version and the count.
pub const FIRST: u64 = 12;

/// A pack and what lists its objects.
#[derive(Debug)]
pub struct Pack {
    /// The path of the pack.
    pub path: PathBuf,
    /// The ids and places of its objects.
    pub index: PackIndex,
    bytes: Bytes,
    /// How many objects the header promises.
    count: u32,
    hash: HashKind,
}

/// What an object in a pack is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// An object of its own.
    Object(ObjectKind),
    /// A delta against the object that begins at this byte of the same pack, which is before it.
    OffsetDelta(u64),
    /// A delta against the object with this id.
    IdDelta(ObjectId),
}

/// The header of an object in a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What it is.
    pub kind: EntryKind,
    /// How many bytes the stream behind the header makes: the object's, or the delta's.
    pub size: u64,
    /// Where the stream begins.
    pub data: usize,
}

impl Pack {
    /// Maps the pack at `path`.
    pub fn open(path: &Path, index: PackIndex, hash: HashKind) -> Result<Pack, SweepProblem> {
        let bytes = Bytes::open(path, MAP_FROM).map_err(|error| {
            let message = format!("{}; make it readable", crate::error::describe(&error));
            SweepProblem::of_file(path, SweepProblemKind::Unreadable, message)
        })?;
        let word = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
        let is_pack = bytes.starts_with(b"PACK") && matches!(word(4), Some(2 | 3)) && bytes.len() >= 12 + hash.len();
        match word(8) {
            Some(count) if is_pack => Ok(Pack { path: path.to_owned(), index, bytes, count, hash }),
            Some(_) | None => {
                let message = "not a pack of version 2 or 3, or cut short; a fresh clone or a backup has it whole";
                Err(SweepProblem::of_file(path, SweepProblemKind::Corrupt, message))
            }
        }
    }

    /// The bytes of the pack, without the checksum at its end.
    pub fn body(&self) -> &[u8] {
        self.bytes.get(..self.bytes.len().saturating_sub(self.hash.len())).unwrap_or_default()
    }

    /// The length of the file in bytes.
    pub fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Whether the file or its index was cut short while it was mapped.
    pub fn was_cut(&self) -> bool {
        self.bytes.was_cut() || self.index.was_cut()
    }

    /// Whether its index seems to list every object of it, so that each must end where the next one begins.
    pub fn is_fully_listed(&self) -> bool {
        self.index.count() == self.count
    }

    /// The problem that the pack and its index do not belong together, if that can be told without decoding.
    ///
    /// A multi-pack index lists an object for one of the packs that have it, so what it does not list for this one may
    /// be listed for another, or may be nowhere: only the pack's own index tells, which git never takes away.
    pub fn mismatch(&self) -> Option<SweepProblem> {
        let (listed, count) = (self.index.count(), self.count);
        let message = match &self.index {
            PackIndex::Own(_) if listed != count => format!("it has {count} objects and its index lists {listed}"),
            PackIndex::Shared { .. } if listed != count => format!(
                "it has {count} objects and no index of its own, and the multi-pack index lists {listed} of them: nobody \
                 can tell whether the others are in other packs"
            ),
            PackIndex::Own(_) | PackIndex::Shared { .. } => {
                let checksum = &self.bytes[self.body().len()..];
                let is_right = self.index.is_of(checksum);
                (!is_right).then(|| "its checksum is not the one that its index was made for".to_owned())?
            }
        };
        let message = format!("{message}; make the index again with `git index-pack`");
        Some(SweepProblem::of_file(&self.path, SweepProblemKind::IndexMismatch, message))
    }

    /// The header of the object that begins at byte `offset`.
    pub fn header(&self, offset: u64) -> Result<Header, Cause> {
        let body = self.body();
        let at = usize::try_from(offset).ok().filter(|at| offset >= FIRST && *at < body.len());
        let at = at.ok_or(Cause::Outside(offset))?;
        header(&body[at..], offset, self.hash).ok_or(Cause::Header(offset))
    }

    /// Where the object with this id stands, if the index lists it.
    pub fn offset_of(&self, id: &ObjectId) -> Option<u64> {
        self.index.find(id.as_bytes()).map(|position| self.index.offset(position))
    }

    /// The id at `position` of the index.
    pub fn id(&self, position: u32) -> Option<ObjectId> {
        ObjectId::from_bytes(self.index.id(position))
    }
}

/// The header at the start of `bytes`, which begin at byte `offset` of a pack.
fn header(bytes: &[u8], offset: u64, hash: HashKind) -> Option<Header> {
    let first = *bytes.first()?;
    let mut size = u64::from(first & 0x0f);
    let mut at = 1;
    let mut more = first & 0x80 != 0;
    let mut shift = 4;
    while more {
        let byte = *bytes.get(at)?;
        let bits = u64::from(byte & 0x7f);
        // Bits that do not fit make no size.
        (shift < 64 && bits.leading_zeros() >= shift).then_some(())?;
        size |= bits << shift;
        shift += 7;
        at += 1;
        more = byte & 0x80 != 0;
    }
    let kind = match (first >> 4) & 7 {
        1 => EntryKind::Object(ObjectKind::Commit),
        2 => EntryKind::Object(ObjectKind::Tree),
        3 => EntryKind::Object(ObjectKind::Blob),
        4 => EntryKind::Object(ObjectKind::Tag),
        6 => {
            let mut distance = 0_u64;
            loop {
                let byte = *bytes.get(at)?;
                at += 1;
                distance |= u64::from(byte & 0x7f);
                if byte & 0x80 == 0 {
                    break;
                }
                // One is added for each further byte, so that no distance can be written in two ways.
                distance = distance.checked_add(1).filter(|distance| distance.leading_zeros() >= 7)? << 7;
            }
            let base = offset.checked_sub(distance).filter(|_| distance > 0)?;
            EntryKind::OffsetDelta(base)
        }
        7 => {
            let id = ObjectId::from_bytes(bytes.get(at..at + hash.len())?)?;
            at += hash.len();
            EntryKind::IdDelta(id)
        }
        // 0 and 5 are reserved.
        _ => return None,
    };
    Some(Header { kind, size, data: usize::try_from(offset).ok()?.checked_add(at)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], offset: u64) -> Option<(EntryKind, u64, usize)> {
        header(bytes, offset, HashKind::Sha1).map(|header| (header.kind, header.size, header.data))
    }

    #[test]
    fn headers_are_read_as_git_writes_them() {
        assert_eq!(read(&[0x35], 12), Some((EntryKind::Object(ObjectKind::Blob), 5, 13)));
        assert_eq!(read(&[0x95, 0x0a], 12), Some((EntryKind::Object(ObjectKind::Commit), 5 + (10 << 4), 14)));
        assert_eq!(read(&[0x64, 0x05], 20), Some((EntryKind::OffsetDelta(15), 4, 22)));
        // Two bytes of distance: (0 + 1) << 7 | 3.
        assert_eq!(read(&[0x64, 0x80, 0x03], 200), Some((EntryKind::OffsetDelta(69), 4, 203)));
        let id = ObjectId::from_bytes(&[9; 20]).expect("20 bytes");
        assert_eq!(read(&[&[0x71][..], &[9; 20]].concat(), 50), Some((EntryKind::IdDelta(id), 1, 71)));
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for bad in [
            &[][..],
            &[0x05],
            &[0x55],
            &[0xb5],
            // Sizes of more than 64 bits, and one that does not end.
            &[0xb5, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
            &[0xb5, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
            // A base behind the start of the pack, the object itself as base, and a distance without end.
            &[0x64, 0x7f],
            &[0x64, 0x00],
            &[0x64, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
            &[0x71, 1, 2, 3],
        ] {
            assert_eq!(read(bad, 20), None, "{bad:?}");
        }
    }
}
