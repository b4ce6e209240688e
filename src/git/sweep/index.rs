//! Pack indexes and multi-pack indexes: which object stands where. See gitformat-pack(5), "pack-*.idx files have the
//! following format" and "multi-pack-index (MIDX) files have the following format".

use std::ops::Range;
use std::sync::Arc;

use super::bytes::Bytes;
use crate::object::HashKind;

/// The sorted ids of an index. Every access is checked, since the file may change while it is mapped.
#[derive(Debug)]
struct Ids {
    bytes: Bytes,
    /// How many ids begin with a byte of at most n, for each n.
    fan: Box<[u32; 256]>,
    /// Where the first id stands, how far they are apart, and how long they are, in bytes.
    start: usize,
    stride: usize,
    len: usize,
}

const FAN: usize = 4 * 256;

impl Ids {
    fn count(&self) -> u32 {
        self.fan[255]
    }

    fn id(&self, position: u32) -> &[u8] {
        let start = self.start + position as usize * self.stride;
        self.bytes.get(start..start + self.len).unwrap_or_default()
    }

    /// The positions of ids that begin with `byte`.
    fn bucket(&self, byte: u8) -> std::ops::Range<u32> {
        let start = byte.checked_sub(1).map_or(0, |before| self.fan[usize::from(before)]);
        start..self.fan[usize::from(byte)]
    }

    fn find(&self, id: &[u8]) -> Option<u32> {
        let mut range = self.near(id)?;
        while !range.is_empty() {
            let middle = range.start + (range.end - range.start) / 2;
            match self.id(middle).cmp(id) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => range.start = middle + 1,
                std::cmp::Ordering::Greater => range.end = middle,
            }
        }
        None
    }

    /// The positions among which an id is, if it is there. Ids are spread evenly, so the first look goes to where it should
    /// be, and the next ones around it: a binary search over a bucket touches three times as much memory, and a sweep of
    /// curl's history spent a sixth of its time on that.
    fn near(&self, id: &[u8]) -> Option<Range<u32>> {
        let bucket = self.bucket(*id.first()?);
        let share = u64::from(number(id, 1)?);
        let guess = bucket.start + u32::try_from((u64::from(bucket.end - bucket.start) * share) >> 32).ok()?;
        let mut range = guess..guess;
        let mut step = 8;
        while range.start > bucket.start && self.id(range.start) > id {
            range.start = range.start.saturating_sub(step).max(bucket.start);
            step *= 2;
        }
        let mut step = 8;
        while range.end < bucket.end && self.id(range.end) <= id {
            range.end = range.end.saturating_add(step).min(bucket.end);
            step *= 2;
        }
        Some(range)
    }

    fn number(&self, at: usize) -> u32 {
        number(&self.bytes, at).unwrap_or(u32::MAX)
    }

    fn number64(&self, at: usize) -> u64 {
        (u64::from(self.number(at)) << 32) | u64::from(self.number(at.saturating_add(4)))
    }
}

/// The big-endian number at `at`.
fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

/// The 256 counts at `at`, none smaller than the one before.
fn fan(bytes: &[u8], at: usize) -> Option<Box<[u32; 256]>> {
    let mut fan = Box::new([0; 256]);
    for (index, count) in fan.iter_mut().enumerate() {
        *count = number(bytes, at + 4 * index)?;
    }
    fan.is_sorted().then_some(fan)
}

/// The index of one pack.
#[derive(Debug)]
pub struct Index {
    ids: Ids,
    layout: Layout,
}

#[derive(Debug)]
enum Layout {
    /// Version 1: before each id stands its offset.
    One,
    /// Version 2: a table of 32-bit offsets, and one of 64-bit offsets for those with the high bit set.
    Two { offsets: usize, large: usize },
}

impl Index {
    /// Reads the structure of an index. `None` when it has none, or is not as long as it has to be.
    pub fn parse(bytes: Bytes, hash: HashKind) -> Option<Index> {
        let len = hash.len();
        if bytes.starts_with(b"\xfftOc") {
            let fan = fan(&bytes, 8).filter(|_| number(&bytes, 4) == Some(2))?;
            let count = fan[255] as usize;
            let start = 8 + FAN;
            // Behind the ids stand checksums of 4 bytes, then the offsets.
            let offsets = count.checked_mul(len + 4)?.checked_add(start)?;
            let large = offsets.checked_add(count.checked_mul(4)?)?;
            // The number of large offsets is not written down; the trailer has two ids' worth.
            let rest = bytes.len().checked_sub(large.checked_add(2 * len)?)?;
            (rest.is_multiple_of(8) && rest / 8 <= count).then_some(())?;
            let ids = Ids { bytes, fan, start, stride: len, len };
            return Some(Index { ids, layout: Layout::Two { offsets, large } });
        }
        let fan = fan(&bytes, 0)?;
        let table = (fan[255] as usize).checked_mul(len + 4)?;
        (bytes.len() == table.checked_add(FAN + 2 * len)?).then_some(())?;
        Some(Index { ids: Ids { bytes, fan, start: FAN + 4, stride: len + 4, len }, layout: Layout::One })
    }

    fn offset(&self, position: u32) -> u64 {
        let position = position as usize;
        match self.layout {
            Layout::One => u64::from(self.ids.number(FAN + position * self.ids.stride)),
            Layout::Two { offsets, large } => {
                let offset = self.ids.number(offsets + 4 * position);
                match offset.checked_sub(1 << 31) {
                    None => u64::from(offset),
                    Some(far) => self.ids.number64(large.saturating_add(8 * far as usize)),
                }
            }
        }
    }

    /// The checksum of the pack that it was made for.
    fn pack_checksum(&self) -> &[u8] {
        let end = self.ids.bytes.len().saturating_sub(self.ids.len);
        self.ids.bytes.get(end.saturating_sub(self.ids.len)..end).unwrap_or_default()
    }
}

/// The index of several packs.
#[derive(Debug)]
pub struct MultiIndex {
    ids: Ids,
    /// The file names of the packs' own indexes, as they stand in it.
    pub packs: Vec<Vec<u8>>,
    offsets: usize,
    large: Option<usize>,
}

impl MultiIndex {
    /// Reads the structure of a multi-pack index. `None` when it has none, or is for another kind of ids.
    pub fn parse(bytes: Bytes, hash: HashKind) -> Option<MultiIndex> {
        let head = bytes.get(..12)?;
        let hash_version = match hash {
            HashKind::Sha1 => 1,
            HashKind::Sha256 => 2,
        };
        (head.starts_with(b"MIDX") && matches!(head[4], 1 | 2) && head[5] == hash_version).then_some(())?;
        let (chunks, packs) = (usize::from(head[6]), number(&bytes, 8)?);
        // Each row has the chunk's name and its start; it ends where the next one begins.
        let place = |row: usize| {
            let at = 12 + 12 * row;
            let start = (u64::from(number(&bytes, at + 4)?) << 32) | u64::from(number(&bytes, at + 8)?);
            usize::try_from(start).ok()
        };
        let chunk = |name: &[u8]| {
            let row = (0..chunks).find(|row| bytes.get(12 + 12 * row..16 + 12 * row) == Some(name))?;
            let (start, end) = (place(row)?, place(row + 1)?);
            (start <= end && end <= bytes.len()).then_some(start..end)
        };
        let names = bytes.get(chunk(b"PNAM")?)?;
        let packs: Vec<_> = names.split(|byte| *byte == 0).take(packs as usize).map(<[u8]>::to_vec).collect();
        let fan = fan(&bytes, chunk(b"OIDF")?.start)?;
        let (lookup, offsets) = (chunk(b"OIDL")?, chunk(b"OOFF")?);
        let count = fan[255] as usize;
        (lookup.len() == count.checked_mul(hash.len())? && offsets.len() == count.checked_mul(8)?).then_some(())?;
        let large = chunk(b"LOFF").map(|chunk| chunk.start);
        let ids = Ids { bytes, fan, start: lookup.start, stride: hash.len(), len: hash.len() };
        Some(MultiIndex { ids, packs, offsets: offsets.start, large })
    }

    fn pack(&self, position: u32) -> u32 {
        self.ids.number(self.offsets + 8 * position as usize)
    }

    fn offset(&self, position: u32) -> u64 {
        let offset = self.ids.number(self.offsets + 8 * position as usize + 4);
        match (offset.checked_sub(1 << 31), self.large) {
            (Some(far), Some(large)) => self.ids.number64(large.saturating_add(8 * far as usize)),
            (None | Some(_), _) => u64::from(offset),
        }
    }
}

/// The objects of one pack, in the order of their ids, whatever file says so.
#[derive(Debug)]
pub enum PackIndex {
    /// The pack's own index.
    Own(Index),
    /// A part of a multi-pack index. An object that several packs have is listed for one of them only.
    Shared {
        /// The multi-pack index.
        index: Arc<MultiIndex>,
        /// The pack's number in it.
        pack: u32,
        /// The positions of the pack's objects in it, ascending.
        positions: Vec<u32>,
    },
}

impl PackIndex {
    /// The part of `index` that is about its pack number `pack`.
    pub fn shared(index: &Arc<MultiIndex>, pack: u32) -> PackIndex {
        let positions = (0..index.ids.count()).filter(|position| index.pack(*position) == pack).collect();
        PackIndex::Shared { index: Arc::clone(index), pack, positions }
    }

    /// How many objects are listed.
    pub fn count(&self) -> u32 {
        match self {
            PackIndex::Own(index) => index.ids.count(),
            PackIndex::Shared { positions, .. } => u32::try_from(positions.len()).unwrap_or(u32::MAX),
        }
    }

    /// The id at `position`, which is below [`PackIndex::count`]. Empty when the file has been cut short.
    pub fn id(&self, position: u32) -> &[u8] {
        match self {
            PackIndex::Own(index) => index.ids.id(position),
            PackIndex::Shared { index, positions, .. } => index.ids.id(positions[position as usize]),
        }
    }

    /// Where in the pack the object at `position` stands, if the index is right.
    pub fn offset(&self, position: u32) -> u64 {
        match self {
            PackIndex::Own(index) => index.offset(position),
            PackIndex::Shared { index, positions, .. } => index.offset(positions[position as usize]),
        }
    }

    /// The position of an id.
    pub fn find(&self, id: &[u8]) -> Option<u32> {
        match self {
            PackIndex::Own(index) => index.ids.find(id),
            PackIndex::Shared { index, pack, positions } => {
                let position = index.ids.find(id).filter(|position| index.pack(*position) == *pack)?;
                positions.binary_search(&position).ok().and_then(|found| u32::try_from(found).ok())
            }
        }
    }

    /// The positions of ids that begin with `byte`.
    pub fn bucket(&self, byte: u8) -> std::ops::Range<u32> {
        match self {
            PackIndex::Own(index) => index.ids.bucket(byte),
            PackIndex::Shared { index, positions, .. } => {
                let range = index.ids.bucket(byte);
                let place = |end| positions.partition_point(|position| *position < end);
                let to_position = |place| u32::try_from(place).unwrap_or(u32::MAX);
                to_position(place(range.start))..to_position(place(range.end))
            }
        }
    }

    /// Whether the file was cut short while it was mapped.
    pub fn was_cut(&self) -> bool {
        match self {
            PackIndex::Own(index) => index.ids.bytes.was_cut(),
            PackIndex::Shared { index, .. } => index.ids.bytes.was_cut(),
        }
    }

    /// Whether it was made for a pack with this checksum. A multi-pack index does not say.
    pub fn is_of(&self, checksum: &[u8]) -> bool {
        match self {
            PackIndex::Own(index) => index.pack_checksum() == checksum,
            PackIndex::Shared { .. } => true,
        }
    }
}
