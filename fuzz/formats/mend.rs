//! Checksums and ids put right after damage, so that it is what stands behind them that must withstand it.

use flate2::{Decompress, FlushDecompress, Status};
use gix::hash::Kind;
use memchr::memmem;

use crate::seed::Seed;

/// Puts right what the damaged parts of a seed begin as.
pub fn mend(seed: &Seed, parts: &mut [Vec<u8>]) {
    let is_long = memmem::find(&seed.parts[0], b"sha256").is_some();
    let hash = if is_long { Kind::Sha256 } else { Kind::Sha1 };
    for &number in &seed.open {
        let is_index = parts[number].starts_with(b"\xfftOc");
        if let Some(pack) = parts.iter().find(|part| is_index && part.starts_with(b"PACK")) {
            let checksum = pack[pack.len().saturating_sub(hash.len_in_bytes())..].to_vec();
            let index = &mut parts[number];
            if let Some(at) =
                index.len().checked_sub(2 * hash.len_in_bytes()).filter(|_| checksum.len() == hash.len_in_bytes())
            {
                index[at..at + checksum.len()].copy_from_slice(&checksum);
            }
        }
        let part = &mut parts[number];
        match part.get(..4).unwrap_or_default() {
            b"PACK" => {
                streams(part);
                trailer(part, hash);
            }
            b"\xfftOc" | b"MIDX" | b"DIRC" | b"RIDX" => trailer(part, hash),
            b"REFT" => footer(part),
            b"PK\x03\x04" => zip(part),
            [0x1f, 0x8b, ..] => gzip(part),
            [b'x', ..] => streams(part),
            _ => {}
        }
    }
    if let Some(first) = seed.objects {
        ids(seed, first, parts, hash);
    }
}

fn digest(bytes: &[u8], hash: Kind) -> Vec<u8> {
    let mut hasher = gix::hash::hasher(hash);
    hasher.update(bytes);
    hasher.try_finalize().expect("no collision").as_slice().to_vec()
}

/// The hash of all before it, at the end of a file of git.
fn trailer(bytes: &mut [u8], hash: Kind) {
    if let Some(at) = bytes.len().checked_sub(hash.len_in_bytes()) {
        let digest = digest(&bytes[..at], hash);
        bytes[at..].copy_from_slice(&digest);
    }
}

/// The footer of a table of refs: the header once more, offsets, and a checksum of both.
fn footer(bytes: &mut [u8]) {
    let (header, footer) = if bytes.get(4) == Some(&2) { (28, 72) } else { (24, 68) };
    if let Some(at) = bytes.len().checked_sub(footer).filter(|at| *at >= header) {
        bytes.copy_within(..header, at);
        let end = bytes.len() - 4;
        let checksum = crc32fast::hash(&bytes[at..end]);
        bytes[end..].copy_from_slice(&checksum.to_be_bytes());
    }
}

/// What raw deflate data unpacks to, up to 1 MiB, and how long it is, if it ends.
fn inflated(data: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut out, mut inflate) = (Vec::with_capacity(1 << 20), Decompress::new(false));
    let status = inflate.decompress_vec(data, &mut out, FlushDecompress::Finish).ok()?;
    (status == Status::StreamEnd).then(|| (out, usize::try_from(inflate.total_in()).unwrap_or_default()))
}

fn put(bytes: &mut [u8], at: usize, value: [u8; 4]) {
    if let Some(place) = bytes.get_mut(at..at + 4) {
        place.copy_from_slice(&value);
    }
}

/// The Adler-32 checksums of the zlib streams in a pack, or of the one that a loose object is.
fn streams(bytes: &mut [u8]) {
    let is_head = |at: &usize| matches!(bytes.get(at + 1), Some(0x01 | 0x5e | 0x9c | 0xda));
    let heads: Vec<usize> = memchr::memchr_iter(b'x', bytes).filter(is_head).collect();
    for at in heads {
        if let Some((content, len)) = inflated(&bytes[at + 2..]) {
            let (mut a, mut b) = (1_u32, 0_u32);
            for byte in content {
                a = (a + u32::from(byte)) % 65_521;
                b = (b + a) % 65_521;
            }
            put(bytes, at + 2 + len, (b << 16 | a).to_be_bytes());
        }
    }
}

/// The checksum and the size of a gzip member whose header says nothing more.
fn gzip(bytes: &mut [u8]) {
    let name = if bytes.get(3) == Some(&8) {
        memchr::memchr(0, bytes.get(10..).unwrap_or_default()).map_or(0, |len| len + 1)
    } else {
        0
    };
    let start = 10 + name;
    if let Some((content, len)) = bytes.get(start..).and_then(inflated) {
        put(bytes, start + len, crc32fast::hash(&content).to_le_bytes());
        put(bytes, start + len + 4, u32::try_from(content.len()).unwrap_or_default().to_le_bytes());
    }
}

/// The CRC-32 checksums of members that are stored or deflated, wherever they stand.
fn zip(bytes: &mut [u8]) {
    let word = |bytes: &[u8], at: usize| {
        bytes.get(at..at + 4).map_or(0, |word| u32::from_le_bytes(word.try_into().expect("4")))
    };
    let half = |bytes: &[u8], at: usize| (word(bytes, at) & 0xffff) as usize;
    let locals: Vec<usize> = memmem::find_iter(bytes, b"PK\x03\x04").collect();
    for at in locals {
        let start = at + 30 + half(bytes, at + 26) + half(bytes, at + 28);
        let stored = word(bytes, at + 18) as usize;
        let (content, len) = match half(bytes, at + 8) {
            0 => match bytes.get(start..start.saturating_add(stored)) {
                Some(content) => (content.to_vec(), stored),
                None => continue,
            },
            8 => match bytes.get(start..).and_then(inflated) {
                Some(unpacked) => unpacked,
                None => continue,
            },
            _ => continue,
        };
        let checksum = crc32fast::hash(&content).to_le_bytes();
        if bytes.get(start + len..).is_some_and(|rest| rest.starts_with(b"PK\x07\x08")) {
            put(bytes, start + len + 4, checksum);
        } else {
            put(bytes, at + 14, checksum);
        }
        let is_its = |central: &usize| word(bytes, central + 42) as usize == at;
        let centrals: Vec<usize> = memmem::find_iter(bytes, b"PK\x01\x02").filter(is_its).collect();
        for central in centrals {
            put(bytes, central + 16, checksum);
        }
    }
}

/// The ids of objects, and wherever they are named: in refs, in the list of ids, and in later objects.
fn ids(seed: &Seed, first: usize, parts: &mut [Vec<u8>], hash: Kind) {
    for number in first..parts.len() {
        let (old, new) = (digest(&seed.parts[number], hash), digest(&parts[number], hash));
        if old == new || seed.parts[number].is_empty() {
            continue;
        }
        let hex = |id: &[u8]| data_encoding::HEXLOWER.encode(id).into_bytes();
        for part in &mut parts[..first] {
            replace(part, &hex(&old), &hex(&new));
        }
        for part in &mut parts[number + 1..] {
            replace(part, &hex(&old), &hex(&new));
            replace(part, &old, &new);
        }
    }
}

fn replace(bytes: &mut [u8], old: &[u8], new: &[u8]) {
    let places: Vec<usize> = memmem::find_iter(bytes, old).collect();
    for at in places {
        bytes[at..at + new.len()].copy_from_slice(new);
    }
}
