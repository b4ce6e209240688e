//! What a file is, by the bytes it begins with, or ends with.

mod tail;

pub use tail::{Tail, at_end, may_end_in_archive, payload};

use super::tar;

/// How many bytes [`recognise`] needs: those of a tar header.
pub const HEAD: usize = 512;

/// A format that is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packed {
    /// ZIP and what is made of it: jar, whl, docx, apk, nupkg, ...
    Zip,
    /// tar: ustar, pax, GNU and V7.
    Tar,
    /// gzip (RFC 1952).
    Gzip,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// Zstandard (RFC 8878).
    Zstd,
}

/// A format that is known and not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unopened {
    /// 7z.
    SevenZip,
    /// RAR.
    Rar,
    /// LZ4 frames.
    Lz4,
    /// Debian packages.
    Deb,
    /// cpio.
    Cpio,
}

/// What a file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recognised {
    /// A container that is opened.
    Packed(Packed),
    /// One that is not.
    Unopened(Unopened),
}

impl Unopened {
    /// Every format, in the order that a report names them.
    pub const ALL: [Unopened; 5] = [Unopened::SevenZip, Unopened::Rar, Unopened::Lz4, Unopened::Deb, Unopened::Cpio];

    /// The name that people know it by.
    pub fn name(self) -> &'static str {
        match self {
            Unopened::SevenZip => "7z",
            Unopened::Rar => "rar",
            Unopened::Lz4 => "lz4",
            Unopened::Deb => "deb",
            Unopened::Cpio => "cpio",
        }
    }
}

/// What begins with `head`, which is the first [`HEAD`] bytes of it or all there are.
pub fn recognise(head: &[u8]) -> Option<Recognised> {
    packed(head).map(Recognised::Packed).or_else(|| unopened(head).map(Recognised::Unopened))
}

fn packed(head: &[u8]) -> Option<Packed> {
    match head {
        // APPNOTE.TXT 4.3.7, 4.3.16 and 8.5.3: a member, the end of an empty archive, the mark of a split one.
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [b'P', b'K', 7, 8, ..] => Some(Packed::Zip),
        // RFC 1952: deflate is the only method there is, and three flags are reserved.
        [0x1f, 0x8b, 8, flags, ..] if flags & 0b1110_0000 == 0 => Some(Packed::Gzip),
        // Text may begin with "BZh9"; the magic of a block, or of the end of an empty stream, is what tells.
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]
        | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Some(Packed::Bzip2),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Packed::Xz),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Packed::Zstd),
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] if follows(head).is_none_or(|next| next == Frame::Zstd) => {
            Some(Packed::Zstd)
        }
        _ if head.first_chunk().is_some_and(tar::is_header) => Some(Packed::Tar),
        _ => None,
    }
}

fn unopened(head: &[u8]) -> Option<Unopened> {
    match head {
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Some(Unopened::SevenZip),
        [b'R', b'a', b'r', b'!', 0x1a, 7, 0, ..] | [b'R', b'a', b'r', b'!', 0x1a, 7, 1, 0, ..] => Some(Unopened::Rar),
        // lz4_Frame_format.md: the version, in the first two bits of the descriptor, is 1.
        [4, 0x22, 0x4d, 0x18, 0x40..=0x7f, ..] => Some(Unopened::Lz4),
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] if follows(head) == Some(Frame::Lz4) => Some(Unopened::Lz4),
        _ if head.starts_with(b"!<arch>\ndebian-binary") => Some(Unopened::Deb),
        // cpio(5): "new ASCII" with 13 fields of 8 hex digits, "old ASCII" with 70 octal digits.
        [b'0', b'7', b'0', b'7', b'0', b'1' | b'2', rest @ ..] => {
            rest.get(..104).is_some_and(|fields| fields.iter().all(u8::is_ascii_hexdigit)).then_some(Unopened::Cpio)
        }
        [b'0', b'7', b'0', b'7', b'0', b'7', rest @ ..] => {
            let is_octal = |fields: &[u8]| fields.iter().all(|byte| (b'0'..=b'7').contains(byte));
            rest.get(..70).is_some_and(is_octal).then_some(Unopened::Cpio)
        }
        _ => None,
    }
}

/// What may follow a frame that is to be skipped, which Zstandard and LZ4 have in common.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    Zstd,
    Lz4,
    Other,
}

/// What follows the frames to be skipped that `head` begins with; `None` where that is not in `head`.
fn follows(mut head: &[u8]) -> Option<Frame> {
    loop {
        match head {
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, rest @ ..] => {
                let len = usize::try_from(u32::from_le_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX);
                head = rest.get(len..).filter(|rest| rest.len() >= 4)?;
            }
            [0x28, 0xb5, 0x2f, 0xfd, ..] => return Some(Frame::Zstd),
            [4, 0x22, 0x4d, 0x18, ..] => return Some(Frame::Lz4),
            _ => return Some(Frame::Other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(head: &[u8]) -> Option<Recognised> {
        recognise(head)
    }

    #[test]
    fn each_format_is_known_by_its_magic() {
        let mut new_cpio = b"070701".to_vec();
        new_cpio.extend_from_slice(&[b'a'; 104]);
        let mut old_cpio = b"070707".to_vec();
        old_cpio.extend_from_slice(&[b'7'; 70]);
        let tar = {
            let mut builder = ::tar::Builder::new(Vec::new());
            let mut header = ::tar::Header::new_ustar();
            header.set_size(0);
            builder.append_data(&mut header, "name", &[][..]).unwrap();
            builder.into_inner().unwrap()
        };
        for (head, packed) in [
            (&b"PK\x03\x04"[..], Packed::Zip),
            (b"PK\x05\x06", Packed::Zip),
            (b"PK\x07\x08PK\x03\x04", Packed::Zip),
            (b"\x1f\x8b\x08\x08", Packed::Gzip),
            (b"BZh91AY&SY", Packed::Bzip2),
            (b"BZh1\x17\x72\x45\x38\x50\x90", Packed::Bzip2),
            (b"\xfd7zXZ\0", Packed::Xz),
            (b"\x28\xb5\x2f\xfd", Packed::Zstd),
            (b"\x50\x2a\x4d\x18\x01\0\0\0x\x28\xb5\x2f\xfd", Packed::Zstd),
            (b"\x5f\x2a\x4d\x18\xff\xff\0\0", Packed::Zstd),
            (&tar[..HEAD], Packed::Tar),
        ] {
            assert_eq!(is(head), Some(Recognised::Packed(packed)), "{head:?}");
            assert_eq!(is(&head[..3]), None);
        }
        for (head, unopened) in [
            (&b"7z\xbc\xaf\x27\x1c"[..], Unopened::SevenZip),
            (b"Rar!\x1a\x07\x00", Unopened::Rar),
            (b"Rar!\x1a\x07\x01\x00", Unopened::Rar),
            (b"\x04\x22\x4d\x18\x64", Unopened::Lz4),
            (b"\x50\x2a\x4d\x18\0\0\0\0\x04\x22\x4d\x18", Unopened::Lz4),
            (b"!<arch>\ndebian-binary   ", Unopened::Deb),
            (&new_cpio, Unopened::Cpio),
            (&old_cpio, Unopened::Cpio),
        ] {
            assert_eq!(is(head), Some(Recognised::Unopened(unopened)), "{head:?}");
            assert_eq!(is(&head[..4]), None);
        }
    }

    #[test]
    fn what_looks_like_one_is_none() {
        for head in [
            &b""[..],
            b"PK",
            b"PKZIP is a program",
            b"\x1f\x8b\x08\xe0",
            b"\x1f\x8b\x07\x00",
            b"BZh9 is how it begins",
            b"BZh01AY&SY",
            b"\x50\x2a\x4d\x18\x01\0\0\0xtext",
            b"\x04\x22\x4d\x18\x00",
            b"!<arch>\nsome.o",
            b"070701 is a phone number",
            b"0707070707070707070707",
        ] {
            assert_eq!(is(head), None, "{head:?}");
        }
    }

    #[test]
    fn a_tar_needs_magic_and_checksum() {
        for mut header in [::tar::Header::new_ustar(), ::tar::Header::new_gnu()] {
            header.set_path("name").unwrap();
            header.set_size(5);
            header.set_cksum();
            let mut block = *header.as_bytes();
            assert_eq!(is(&block), Some(Recognised::Packed(Packed::Tar)));
            assert_eq!(is(&block[..511]), None);
            block[0] ^= 1;
            assert_eq!(is(&block), None);
        }
        let mut old = ::tar::Header::new_old();
        old.set_path("name").unwrap();
        old.set_cksum();
        assert_eq!(is(old.as_bytes()), None);
    }

    #[test]
    fn names_are_those_of_all() {
        let names = Unopened::ALL.map(Unopened::name);
        assert_eq!(names, ["7z", "rar", "lz4", "deb", "cpio"]);
    }
}
