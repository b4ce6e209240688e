//! Which needles start at a place.

use std::ops::Range;

use super::{MAX_NEEDLES, MIN_LEN};

/// The needles by their first three bytes.
#[derive(Debug)]
pub struct Starts {
    /// Of each hash, where its entries begin; they end where those of the next hash begin.
    firsts: Box<[u8; SLOTS + 1]>,
    /// By hash, then by number.
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    /// The first eight bytes, little-endian, and which of them there are.
    word: u64,
    mask: u64,
    needle: usize,
    bytes: Box<[u8]>,
}

/// With 1024, one in eleven false candidates shares a hash with one of 86 needles.
const SLOTS: usize = 1024;

impl Starts {
    pub fn new(needles: &[Vec<u8>]) -> Starts {
        assert!(needles.len() <= MAX_NEEDLES, "{} needles, at most {MAX_NEEDLES}", needles.len());
        assert!(needles.iter().all(|needle| needle.len() >= MIN_LEN), "a needle below {MIN_LEN} bytes");
        let entry = |(needle, bytes): (usize, &Vec<u8>)| {
            let word = word(bytes);
            let mask = u64::MAX >> (64 - 8 * bytes.len().min(8));
            Entry { word, mask, needle, bytes: bytes.as_slice().into() }
        };
        let mut entries: Vec<Entry> = needles.iter().enumerate().map(entry).collect();
        entries.sort_by_key(|entry| (hash(entry.word), entry.needle));
        let mut firsts = Box::new([0; SLOTS + 1]);
        for entry in &entries {
            firsts[hash(entry.word) + 1] += 1;
        }
        for slot in 0..SLOTS {
            firsts[slot + 1] += firsts[slot];
        }
        Starts { firsts, entries }
    }

    /// The entries of the needles that may start at `start`.
    #[inline]
    pub fn at(&self, haystack: &[u8], start: usize) -> Range<usize> {
        let slot = hash(word(&haystack[start..]));
        usize::from(self.firsts[slot])..usize::from(self.firsts[slot + 1])
    }

    /// The number of the first needle among `entries` that does start at `start`. Takes it from them, and all before it.
    #[inline]
    pub fn next(&self, haystack: &[u8], start: usize, entries: &mut Range<usize>) -> Option<usize> {
        let entry =
            entries.by_ref().map(|entry| &self.entries[entry]).find(|entry| entry.starts(&haystack[start..]))?;
        Some(entry.needle)
    }
}

impl Entry {
    #[inline]
    fn starts(&self, text: &[u8]) -> bool {
        (word(text) ^ self.word) & self.mask == 0
            && self.bytes.len() <= text.len()
            && (self.bytes.len() <= 8 || text.starts_with(&self.bytes))
    }
}

/// The first eight bytes, zeros for those that are missing.
#[inline]
fn word(bytes: &[u8]) -> u64 {
    if let Some(word) = bytes.first_chunk() {
        return u64::from_le_bytes(*word);
    }
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

/// Of the first three bytes.
#[inline]
fn hash(word: u64) -> usize {
    // Knuth's multiplier, 2^32 by the golden ratio.
    let mixed = ((word & 0xff_ffff) as u32).wrapping_mul(0x9e37_79b1);
    (mixed >> (32 - SLOTS.ilog2())) as usize
}
