//! Loose objects: one file each, a zlib stream of a header and the content. See gitformat-loose(5).

use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

use gix_zlib::Inflate;

use super::bytes::Bytes;
use super::cause::{Cause, Stop, SweepProblem};
use super::find::Found;
use super::inflate::{self, SLACK};
use super::memory::{self, MEDIUM, Permits, SMALL, Tools, taken};
use super::store::{Store, list, loose_path, unreadable};
use super::{ObjectVisitor, STREAM_FROM, Wanted};
use crate::blob::Content;
use crate::object::{HashKind, ObjectId, ObjectKind};
use crate::read::{MAP_FROM, interrupt};

/// The longest header: git reads none longer.
const MAX_HEADER: usize = 32;

/// A loose object.
#[derive(Clone, Copy, Debug)]
pub struct Loose {
    /// Its id.
    pub id: ObjectId,
    /// The number of the folder of objects it is in.
    pub folder: u32,
}

/// All loose objects in these folders: by folder, then by id.
pub fn all(folders: &[PathBuf], hash: HashKind, problems: &mut Vec<SweepProblem>) -> Vec<Loose> {
    let is_hex = |name: &&str| name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let mut found = Vec::new();
    for (number, folder) in (0..).zip(folders) {
        let firsts = list(folder).map_err(|error| problems.push(unreadable(folder, &error))).unwrap_or_default();
        for first in firsts.iter().filter_map(|name| name.to_str()).filter(|name| name.len() == 2 && is_hex(name)) {
            let below = folder.join(first);
            let names = match list(&below) {
                Ok(names) => names,
                Err(error) => {
                    // `git gc` takes folders away that it has emptied.
                    if fs::symlink_metadata(&below).is_ok() {
                        problems.push(unreadable(&below, &error));
                    }
                    continue;
                }
            };
            let names = names.iter().filter_map(|name| name.to_str());
            for rest in names.filter(|name| name.len() == 2 * hash.len() - 2 && is_hex(name)) {
                found.extend(
                    ObjectId::from_hex(format!("{first}{rest}").as_bytes()).map(|id| Loose { id, folder: number }),
                );
            }
        }
    }
    found
}

/// Visits a loose object, if its kind is wanted. What takes more memory than a thread may have asks `permits` for it; none
/// are given to one that is alone.
pub fn visit<V: ObjectVisitor>(
    store: &Store,
    loose: &Loose,
    wanted: Wanted,
    permits: Option<&Permits>,
    tools: &mut Tools,
    visitor: &mut V,
) -> Result<(), Stop> {
    let path = loose_path(&store.folders[loose.folder as usize], &loose.id);
    let bytes = open(&path)?;
    let (kind, size, header) = header(&bytes, &mut tools.inflate)?;
    if !wanted.includes(kind) {
        return Ok(());
    }
    if kind == ObjectKind::Blob && size > STREAM_FROM {
        let mut stream = inflate::Inflating::new(&bytes[..], size);
        stream.skip(header as u64)?;
        visitor.object(&loose.id, kind, size, Content::Stream(&mut stream));
        if interrupt::requested() {
            return Ok(());
        }
        return if stream.finish()?.is_empty() { Ok(()) } else { Err(Cause::Trailing.into()) };
    }
    let len = memory::whole(kind, size, bytes.len() as u64)? + header;
    let _permit = match permits {
        Some(_) if taken(len) > MEDIUM => return Err(Stop::Memory),
        Some(permits) if taken(len) > SMALL => Some(permits.take()),
        Some(_) | None => None,
    };
    let mut buffer = tools.pool.take(len);
    let inflated = inflate::whole(&mut tools.inflate, &bytes, buffer.room(), len);
    let result = match inflated {
        Ok(used) if used == bytes.len() => {
            visitor.object(&loose.id, kind, size, Content::Whole(&buffer.bytes()[header..]));
            Ok(())
        }
        Ok(_) => Err(Cause::Trailing.into()),
        Err(cause) => Err(cause.into()),
    };
    tools.pool.give(buffer);
    result
}

/// Reads a loose object whole.
pub fn read(path: &Path, inflate: &mut Inflate) -> Result<Found, Cause> {
    let bytes = open(path)?;
    let (kind, size, header) = header(&bytes, inflate)?;
    let len = memory::whole(kind, size, bytes.len() as u64)? + header;
    let mut out = vec![0; len + SLACK];
    let used = inflate::whole(inflate, &bytes, &mut out, len)?;
    if used != bytes.len() {
        return Err(Cause::Trailing);
    }
    out.truncate(len);
    out.drain(..header);
    Ok((kind, out))
}

/// Opens a loose object's file.
pub(super) fn open(path: &Path) -> Result<Bytes, Cause> {
    Bytes::open(path, MAP_FROM).map_err(|error| Cause::Unreadable(crate::error::describe(&error)))
}

/// The object's kind, its size, and the length of the header.
pub(super) fn header(bytes: &[u8], inflate: &mut Inflate) -> Result<(ObjectKind, u64, usize), Cause> {
    let mut start = [0; MAX_HEADER];
    let made = inflate::prefix(inflate, bytes, &mut start)?;
    let (kind, size, len) = parse(&start[..made]).ok_or(Cause::LooseHeader)?;
    inflate::check_size(size, bytes.len())?;
    Ok((kind, size, len))
}

fn parse(start: &[u8]) -> Option<(ObjectKind, u64, usize)> {
    let end = start.iter().position(|byte| *byte == 0)?;
    let (name, size) = std::str::from_utf8(&start[..end]).ok()?.split_once(' ')?;
    let kinds = [ObjectKind::Blob, ObjectKind::Commit, ObjectKind::Tag, ObjectKind::Tree];
    let kind = kinds.into_iter().find(|kind| kind.name() == name)?;
    // Digits alone, and no zeros before them.
    let is_plain = size.bytes().all(|byte| byte.is_ascii_digit()) && (size == "0" || !size.starts_with('0'));
    Some((kind, size.parse().ok().filter(|_| is_plain)?, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_git_writes_them() {
        assert_eq!(parse(b"blob 12\0text"), Some((ObjectKind::Blob, 12, 8)));
        assert_eq!(parse(b"commit 0\0"), Some((ObjectKind::Commit, 0, 9)));
        for bad in [
            &b""[..],
            b"blob 12",
            b"blob\0",
            b"blob \0",
            b"blob +1\0",
            b"blob 012\0",
            b"blob 1x\0",
            b"blob 99999999999999999999\0",
            b"blob  1\0",
            b"Blob 1\0",
            b"\xff 1\0",
        ] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }
}
