//! Archives that stand behind something else: an installer's program, a script that unpacks its own end.

use std::io;

use memchr::memmem;

use super::{HEAD, Packed, Recognised, recognise};
use crate::container::ReadAt;

/// Bytes in a ZIP file's end record without its comment (APPNOTE.TXT 4.3.16).
const END: usize = 22;
/// The longest end record: the comment's length is of 16 bits.
const END_MAX: usize = END + 0xffff;
/// How far into a script its payload is looked for, in bytes. makeself's own scripts have about 20 KiB.
const SCRIPT_MAX: usize = 1 << 20;

/// An archive that `input` holds behind something else, of which `head` is the start (the first [`HEAD`] bytes or all
/// there are), and the offset where it begins; of a ZIP file that is 0, since where a ZIP file begins is for its end
/// record to say. This is asked of every file: only programs and scripts are read further than their last 22 bytes.
///
/// # Errors
///
/// Those of reading.
pub fn at_end(input: &dyn ReadAt, head: &[u8]) -> io::Result<Option<(Packed, u64)>> {
    let size = input.size();
    let wanted = tail_len(head);
    let tail = read(input, size.saturating_sub(wanted as u64), wanted)?;
    if has_end(&tail, size) {
        return Ok(Some((Packed::Zip, 0)));
    }
    if !is_script(head) {
        return Ok(None);
    }
    let start = read(input, 0, SCRIPT_MAX + HEAD)?;
    Ok(payload(&start).map(|(packed, offset)| (packed, offset as u64)))
}

/// Whether what begins with `head` is a kind of file that often has an archive at its end: a program, a script, an
/// extension of a browser, or an archive that has its directory first, as a browser's own resources do.
pub fn may_end_in_archive(head: &[u8]) -> bool {
    is_script(head)
        || is_program(head)
        || head.starts_with(b"Cr24")
        || head.get(4..).is_some_and(|head| head.starts_with(b"PK\x01\x02"))
}

/// The last bytes of what passes once, for as long as it passes.
pub struct Tail {
    last: Vec<u8>,
    wanted: usize,
    size: u64,
}

impl Tail {
    /// Of what begins with `head`; nothing has passed yet.
    pub fn new(head: &[u8]) -> Tail {
        Tail { last: Vec::new(), wanted: tail_len(head), size: 0 }
    }

    /// The next bytes pass.
    pub fn pass(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        let bytes = &bytes[bytes.len().saturating_sub(self.wanted)..];
        let excess = (self.last.len() + bytes.len()).saturating_sub(self.wanted);
        self.last.drain(..excess);
        self.last.extend_from_slice(bytes);
    }

    /// Whether what has passed ends in a ZIP archive.
    pub fn is_zip(&self) -> bool {
        has_end(&self.last, self.size)
    }
}

/// How many of the last bytes of what begins with `head` are looked at.
fn tail_len(head: &[u8]) -> usize {
    if is_script(head) || is_program(head) { END_MAX } else { END }
}

fn is_script(head: &[u8]) -> bool {
    head.starts_with(b"#!")
}

/// Whether it is what a linker makes: PE, ELF or Mach-O.
fn is_program(head: &[u8]) -> bool {
    match head {
        [b'M', b'Z', ..]
        | [0x7f, b'E', b'L', b'F', ..]
        | [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..]
        | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => true,
        // A Mach-O file for several machines, of which there are few; a Java class has its version here, 45 and more.
        [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, machines, ..] => *machines < 45,
        _ => false,
    }
}

/// Up to `len` bytes from `offset` on.
fn read(input: &dyn ReadAt, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    let there = usize::try_from(input.size().saturating_sub(offset)).unwrap_or(usize::MAX);
    let mut bytes = vec![0; len.min(there)];
    let read = input.read_at(offset, &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// Whether `tail`, which ends a file of `size` bytes, has a ZIP file's end record. Something may follow it, as a
/// signature does.
fn has_end(tail: &[u8], size: u64) -> bool {
    memmem::find_iter(tail, b"PK\x05\x06").any(|at| is_end(tail, at, size))
}

fn is_end(tail: &[u8], at: usize, size: u64) -> bool {
    let Some(record) = tail.get(at..at + END) else { return false };
    let short = |at: usize| u64::from(u16::from_le_bytes([record[at], record[at + 1]]));
    let long = |at: usize| short(at) | short(at + 2) << 16;
    let behind = (tail.len() - at - END) as u64;
    if short(20) > behind {
        return false;
    }
    let (members, len, offset) = (short(10), long(12), long(16));
    let before = size - (tail.len() - at) as u64;
    if members == 0xffff || len == 0xffff_ffff || offset == 0xffff_ffff {
        // Zip64: the record's locator stands before it, where that is at hand.
        return at < 20 || tail[at - 20..].starts_with(b"PK\x06\x07");
    }
    // A header in the central directory has 46 bytes and a name.
    if len > before || offset > before - len || len < members * 46 {
        return false;
    }
    match usize::try_from(len).ok().and_then(|len| at.checked_sub(len)) {
        Some(directory) if len > 0 => tail[directory..].starts_with(b"PK\x01\x02"),
        Some(_) | None => short(20) == behind,
    }
}

/// An archive behind a line of a script, and where in it.
pub fn payload(script: &[u8]) -> Option<(Packed, usize)> {
    if !is_script(script) {
        return None;
    }
    // No archive is text, and most scripts are nothing else.
    if script.is_ascii() && memchr::memchr(0, script).is_none() {
        return None;
    }
    memchr::memchr_iter(b'\n', script).map(|newline| newline + 1).take_while(|&at| at < SCRIPT_MAX).find_map(|at| {
        let head = &script[at..];
        match recognise(&head[..head.len().min(HEAD)])? {
            Recognised::Packed(Packed::Zip) | Recognised::Unopened(_) => None,
            Recognised::Packed(packed) => Some((packed, at)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(bytes: &[u8]) -> Option<(Packed, u64)> {
        at_end(&bytes, &bytes[..bytes.len().min(HEAD)]).expect("memory can be read")
    }

    /// A central directory of one member and its end record, with a comment.
    fn end(offset: u32, comment: &[u8]) -> Vec<u8> {
        let mut bytes = b"PK\x01\x02".to_vec();
        bytes.resize(46 + 4, b'n');
        let len = u32::try_from(bytes.len()).unwrap();
        bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
        bytes.extend_from_slice(&len.to_le_bytes());
        bytes.extend_from_slice(&offset.to_le_bytes());
        bytes.extend_from_slice(&u16::try_from(comment.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(comment);
        bytes
    }

    #[test]
    fn a_zip_behind_anything_is_found_by_its_end_record() {
        for head in [&b"text"[..], b"MZ", b"#!/usr/bin/env python3\n", b"\x7fELF", b"\xca\xfe\xba\xbe\0\0\0\x02"] {
            let file = [head, &end(0, b"")].concat();
            assert_eq!(find(&file), Some((Packed::Zip, 0)), "{head:?}");
            assert_eq!(find(&file[..file.len() - 1]), None);
        }
    }

    #[test]
    fn a_comment_and_what_follows_it_are_looked_through_in_programs_alone() {
        let commented = end(0, &vec![b'c'; 0xffff]);
        let signed = [end(0, b"comment"), vec![b's'; 10_000]].concat();
        for tail in [commented, signed] {
            for head in [&b"MZ"[..], b"#!/bin/sh\n", b"\xcf\xfa\xed\xfe"] {
                assert_eq!(find(&[head, &tail].concat()), Some((Packed::Zip, 0)));
            }
            assert_eq!(find(&[b"text", &*tail].concat()), None);
            assert_eq!(find(&[b"\xca\xfe\xba\xbe\0\0\0\x34", &*tail].concat()), None);
        }
    }

    #[test]
    fn an_end_record_must_fit_its_file() {
        assert_eq!(find(&end(1, b"")), None);
        assert_eq!(find(&[b"MZ", &end(0, b"")[10..]].concat()), None);
        let zip64 =
            [&[b'x'; 100][..], b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0"].concat();
        assert_eq!(find(&zip64), Some((Packed::Zip, 0)));
        assert_eq!(find(&[b"MZ", &*zip64].concat()), None);
    }

    #[test]
    fn a_payload_begins_right_behind_a_line_of_a_script() {
        for (magic, packed) in [
            (&b"\x1f\x8b\x08\0"[..], Packed::Gzip),
            (b"BZh91AY&SY", Packed::Bzip2),
            (b"\xfd7zXZ\0", Packed::Xz),
            (b"\x28\xb5\x2f\xfd", Packed::Zstd),
        ] {
            let script = b"#!/bin/sh\ntail -n +4 $0\nexit\n";
            let file = [&script[..], magic, b"data\x80"].concat();
            assert_eq!(find(&file), Some((packed, script.len() as u64)));
            assert_eq!(find(&file[1..]), None);
            assert_eq!(find(&[&script[..], b" ", magic].concat()), None);
            let far = [&script[..], &vec![b'#'; SCRIPT_MAX], b"\n", magic].concat();
            assert_eq!(find(&far), None);
        }
        let mut header = ::tar::Header::new_gnu();
        header.set_size(0);
        header.set_path("name").unwrap();
        header.set_cksum();
        assert_eq!(find(&[b"#!/bin/sh\n", &header.as_bytes()[..]].concat()), Some((Packed::Tar, 10)));
    }

    #[test]
    fn the_end_of_what_passes_is_known() {
        let commented = end(0, &vec![b'c'; 0xffff]);
        for (head, tail, is_zip) in [
            (&b"text"[..], &end(0, b"")[..], true),
            (b"text", &commented, false),
            (b"MZ", &commented, true),
            (b"MZ", &commented[..commented.len() - 1], false),
            (b"MZ", b"", false),
        ] {
            let file = [head, &vec![b'x'; 100_000], tail].concat();
            for piece in [1000, 65_000, 500_000] {
                let mut tail = Tail::new(head);
                file.chunks(piece).for_each(|bytes| tail.pass(bytes));
                assert_eq!(tail.is_zip(), is_zip, "{head:?} {piece}");
            }
        }
    }

    #[test]
    fn some_files_are_worth_holding() {
        for head in [&b"MZ"[..], b"#!", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"Cr24", b"\0\x01\0\0PK\x01\x02"] {
            assert!(may_end_in_archive(head), "{head:?}");
        }
        assert!(!may_end_in_archive(b"text") && !may_end_in_archive(b""));
    }

    #[test]
    fn short_files_have_none() {
        for len in 0..22 {
            assert_eq!(find(&vec![b'P'; len]), None);
            assert_eq!(find(&b"#!/bin/sh\nPK\x05\x06PK\x05\x06"[..len.min(18)]), None);
        }
    }
}
