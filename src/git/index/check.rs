//! Whether an index can be decoded within bounds. gix decodes folders that are nested by recursion, follows a shared index
//! that names itself for ever, and fills in all that the paths of version 4 leave out; so the file is looked through before.

use std::fmt::Write;
use std::io::ErrorKind;
use std::path::Path;

use crate::error::describe;
use crate::git::sweep::bytes::Bytes;
use crate::object::HashKind;

/// How deep folders may be nested: as deep as a path of 4,096 bytes, the longest that Linux opens, can be.
const MAX_DEPTH: usize = 2048;
/// The version whose paths are written as what they do not share with the one before.
const SHORTENED: u32 = 4;
/// Stands for a length of the path that is found by the NUL behind it.
const LONG_PATH: u16 = 0xfff;
/// Says that more flags follow.
const EXTENDED: u16 = 0x4000;
/// The three stamps of a file, its numbers and sizes, before the id: 10 numbers of 4 bytes.
const STAT: usize = 40;
/// What the untracked cache has before its first hash: twice nine numbers of 4 bytes, and flags.
const UNTRACKED_STATS: usize = 2 * 36 + 4;
/// An index of fewer bytes is read and not mapped.
const MAP_FROM: u64 = 1 << 20;

/// Looks through an index and the one that it shares.
///
/// Returns how many bytes gix may reserve for one thing in it: 4 times the size of the larger of the two and 1 MiB. An entry
/// takes half as much again in memory as in the file.
///
/// # Errors
///
/// What is beyond the bounds, in words. Of what is damaged gix says more when it decodes it.
pub fn check(path: &Path, hash: HashKind) -> Result<usize, String> {
    let (mut len, shared) = check_file(path, hash)?;
    if let Some(id) = shared {
        let mut name = "sharedindex.".to_owned();
        for byte in id {
            // Writing to a string can't fail.
            let _ = write!(name, "{byte:02x}");
        }
        let (shared_len, shared) = check_file(&path.with_file_name(&name), hash)?;
        if shared.is_some() {
            return Err(format!("{name} shares another index, which git never writes"));
        }
        len = len.max(shared_len);
    }
    Ok(len.saturating_mul(4).saturating_add(1 << 20))
}

/// The size of an index in bytes, and the checksum of the one that it shares. A file that does not exist is empty.
fn check_file(path: &Path, hash: HashKind) -> Result<(usize, Option<Vec<u8>>), String> {
    match Bytes::open(path, MAP_FROM) {
        Ok(bytes) => Ok((bytes.len(), Index { bytes: &bytes, hash: hash.len() }.check()?)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok((0, None)),
        Err(error) => Err(format!("{}: {}", path.display(), describe(&error))),
    }
}

/// An index, and how many bytes its hashes have.
struct Index<'b> {
    bytes: &'b [u8],
    hash: usize,
}

impl Index<'_> {
    /// The checksum of the index that it shares. None where it is damaged.
    fn check(&self) -> Result<Option<Vec<u8>>, String> {
        let Some(rest) = self.behind_the_entries()? else { return Ok(None) };
        let mut rest = Cursor(&rest[..rest.len().saturating_sub(self.hash)]);
        let mut shared = None;
        while let Some((signature, data)) = rest.extension() {
            let nested = match signature {
                b"TREE" => nested(Cursor(data), |data| self.tree(data)),
                b"UNTR" => self.untracked(data).is_some_and(|data| nested(data, untracked_folder)),
                b"link" => {
                    shared = data.get(..self.hash).map(<[u8]>::to_vec);
                    false
                }
                b"sdir" => false,
                // As git has it (gitformat-index(5)); in a file that ends with zeros there would be any number of them.
                [first, ..] if !first.is_ascii_uppercase() => {
                    let signature = signature.escape_ascii();
                    return Err(format!("it uses the extension {signature}, which nobody knows"));
                }
                _ => false,
            };
            if nested {
                let signature = String::from_utf8_lossy(signature);
                return Err(format!(
                    "its extension {signature} has folders more than {MAX_DEPTH} deep, or more than fit"
                ));
            }
        }
        Ok(shared)
    }

    /// What follows the entries. None where these are damaged.
    fn behind_the_entries(&self) -> Result<Option<&[u8]>, String> {
        // Times what they take in the file, where those of version 4 in real repositories take some two times as much.
        let most = self.bytes.len().saturating_mul(16).saturating_add(1 << 20);
        let mut data = Cursor(self.bytes);
        let (Some(b"DIRC"), Some(version), Some(count)) = (data.take(4), data.number(), data.number()) else {
            return Ok(None);
        };
        let (mut path, mut all) = (0, 0_usize);
        for _ in 0..count {
            let Some(len) = self.path(&mut data, version, path) else { return Ok(None) };
            path = len;
            all = all.saturating_add(len);
            if all > most {
                return Err(format!("its paths take more than {most} bytes, 16 times the size of the file"));
            }
        }
        Ok(Some(data.0))
    }

    /// The length of the path of an entry, in bytes, that of the one before it given. The bytes are taken as gix takes them.
    fn path(&self, data: &mut Cursor<'_>, version: u32, before: usize) -> Option<usize> {
        let start = data.0.len();
        data.take(STAT + self.hash)?;
        let flags = data.short()?;
        if flags & EXTENDED != 0 {
            data.short()?;
        }
        if version == SHORTENED {
            let shared = before.checked_sub(usize::try_from(data.varint()?).ok()?)?;
            return Some(shared + data.until(0)?.len());
        }
        if flags & LONG_PATH == LONG_PATH {
            return Some(data.until(0)?.len());
        }
        let path = data.take(usize::from(flags & LONG_PATH))?;
        // Behind it are 1 to 8 NUL, so that the next entry begins at a multiple of 8.
        data.take(8 - (start - data.0.len()) % 8)?;
        Some(path.len())
    }

    /// How many folders are in a folder of the cached trees.
    fn tree(&self, data: &mut Cursor<'_>) -> Option<u64> {
        data.until(0)?;
        let entries = data.until(b' ')?;
        let folders = std::str::from_utf8(data.until(b'\n')?).ok()?.parse().ok()?;
        if !entries.starts_with(b"-") {
            data.take(self.hash)?;
        }
        Some(folders)
    }

    /// The folders of the untracked cache.
    fn untracked<'d>(&self, data: &'d [u8]) -> Option<Cursor<'d>> {
        let mut data = Cursor(data);
        let identifier = data.varint()?;
        data.take(usize::try_from(identifier).ok()?)?;
        data.take(UNTRACKED_STATS + 2 * self.hash)?;
        data.until(0)?;
        data.varint()?;
        Some(data)
    }
}

/// How many folders are in a folder of the untracked cache.
fn untracked_folder(data: &mut Cursor<'_>) -> Option<u64> {
    let (files, folders) = (data.varint()?, data.varint()?);
    for _ in 0..=files {
        data.until(0)?;
    }
    Some(folders)
}

/// Whether folders are nested deeper than [`MAX_DEPTH`], or say that there are more of them than fit. The function takes one
/// and says how many are in it, or none where it is damaged.
fn nested(mut data: Cursor<'_>, folder: impl Fn(&mut Cursor<'_>) -> Option<u64>) -> bool {
    // None takes fewer than 3 bytes.
    let mut fit = data.0.len() as u64 / 3;
    let mut open = vec![1];
    while let Some(left) = open.last_mut() {
        if *left == 0 {
            open.pop();
            continue;
        }
        *left -= 1;
        let Some(folders) = folder(&mut data) else { return false };
        match fit.checked_sub(folders) {
            Some(left) if open.len() <= MAX_DEPTH => fit = left,
            _ => return true,
        }
        open.push(folders);
    }
    false
}

/// What is left of the bytes of an index. Numbers have the byte order of networks.
struct Cursor<'d>(&'d [u8]);

impl<'d> Cursor<'d> {
    fn take(&mut self, len: usize) -> Option<&'d [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    /// What is before the next byte of this value, which is taken too.
    fn until(&mut self, byte: u8) -> Option<&'d [u8]> {
        let len = memchr::memchr(byte, self.0)?;
        let taken = self.take(len)?;
        self.take(1)?;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    fn short(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    /// A number in groups of 7 bits, the highest first, as the offset of a base in a pack (gitformat-pack(5)).
    fn varint(&mut self) -> Option<u64> {
        let mut byte = self.take(1)?[0];
        let mut value = u64::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            byte = self.take(1)?[0];
            value = value.checked_add(1)?.checked_mul(1 << 7)? + u64::from(byte & 0x7f);
        }
        Some(value)
    }

    fn extension(&mut self) -> Option<(&'d [u8; 4], &'d [u8])> {
        let signature = self.take(4)?.try_into().ok()?;
        let len = usize::try_from(self.number()?).ok()?;
        Some((signature, self.take(len)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: usize = 20;

    /// An index of these entries (their flags and what follows) and extensions.
    fn index(version: u32, entries: &[(u16, Vec<u8>)], extensions: &[(&[u8], Vec<u8>)]) -> Vec<u8> {
        let mut bytes =
            [&b"DIRC"[..], &version.to_be_bytes(), &u32::try_from(entries.len()).expect("few").to_be_bytes()].concat();
        for (flags, path) in entries {
            let start = bytes.len();
            bytes.extend([&[0; STAT + HASH][..], &flags.to_be_bytes(), path].concat());
            if version < SHORTENED {
                bytes.resize(start + (bytes.len() - start + 8) / 8 * 8, 0);
            }
        }
        for (signature, data) in extensions {
            bytes.extend([signature, &u32::try_from(data.len()).expect("short").to_be_bytes()[..], data].concat());
        }
        bytes.extend([0; HASH]);
        bytes
    }

    fn check(bytes: &[u8]) -> Result<Option<Vec<u8>>, String> {
        Index { bytes, hash: HASH }.check()
    }

    fn trees(depth: usize) -> Vec<u8> {
        [b"\0-1 1\n".repeat(depth), b"\0-1 0\n".to_vec()].concat()
    }

    fn untracked(depth: usize) -> Vec<u8> {
        [&[0; 1 + UNTRACKED_STATS + 2 * HASH][..], b"\0\x01", &b"\0\x01a\0".repeat(depth), b"\0\0a\0"].concat()
    }

    #[test]
    fn extensions_that_git_does_not_know_end_it_unless_they_begin_with_a_capital() {
        for (signature, is_refused) in [(b"ZZZZ", false), (b"sdir", false), (b"zzzz", true), (&[0; 4], true)] {
            let bytes = index(2, &[(1, b"a".to_vec())], &[(&signature[..], Vec::new()), (b"ZZZZ", Vec::new())]);
            assert_eq!(check(&bytes).is_err(), is_refused, "{}", signature.escape_ascii());
        }
    }

    #[test]
    fn folders_are_nested_as_deep_as_a_path_can_be() {
        let entries = [(1, b"a".to_vec()), (2, b"ab".to_vec())];
        for (signature, made) in [(&b"TREE"[..], trees as fn(usize) -> Vec<u8>), (b"UNTR", untracked)] {
            for version in [2, 3] {
                assert_eq!(check(&index(version, &entries, &[(signature, made(MAX_DEPTH - 1))])), Ok(None));
                let error =
                    check(&index(version, &entries, &[(signature, made(MAX_DEPTH + 1))])).expect_err("too deep");
                assert!(error.contains(&*String::from_utf8_lossy(signature)), "{error}");
            }
        }
        // More than fit.
        assert!(check(&index(2, &[], &[(b"TREE", b"\0-1 9999\n".to_vec())])).is_err());
    }

    #[test]
    fn paths_that_share_their_beginning_have_a_bound() {
        let entries = |long: usize| {
            let mut entries = vec![(0, [&b"\0"[..], &vec![b'a'; long], b"\0"].concat())];
            entries.extend((0..20_000).map(|_| (0, b"\x01b\0".to_vec())));
            entries
        };
        assert_eq!(check(&index(4, &entries(500), &[(b"link", vec![7; HASH])])), Ok(Some(vec![7; HASH])));
        assert!(check(&index(4, &entries(2000), &[])).expect_err("too much").contains("its paths take more than"));
    }
}
