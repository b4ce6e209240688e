//! One header of a tar file: ustar and pax (POSIX.1-2024, `pax`, "ustar Interchange Format"), GNU
//! (<https://www.gnu.org/software/tar/manual/html_node/Standard.html>), and V7.

use std::ops::Range;

/// Bytes in a block, and so in a header.
pub(in super::super) const BLOCK: usize = 512;

/// Where the fields stand in a header, in bytes.
const NAME: Range<usize> = 0..100;
const SIZE: Range<usize> = 124..136;
const CHECKSUM: Range<usize> = 148..156;
const TYPE: usize = 156;
const MAGIC: Range<usize> = 257..262;
/// Magic and version of GNU's own format.
const GNU: Range<usize> = 257..265;
const PREFIX: Range<usize> = 345..500;
/// In an old GNU sparse header, whether a block with more of the sparse map follows it.
const IS_EXTENDED: usize = 482;
/// The same in such a block.
pub(super) const IS_EXTENDED_AGAIN: usize = 504;

/// What a header is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Something with data: a file, or what is not known.
    Data,
    /// A file with a sparse map behind its header, as GNU wrote it before pax.
    Sparse {
        /// Whether the map goes on in the next block.
        is_extended: bool,
    },
    /// A link, folder or device, which has no data, whatever its size says.
    NoData,
    /// The long name of the next member.
    LongName,
    /// The long link target of the next member.
    LongLink,
    /// pax records of the next member.
    Pax,
    /// pax records of all members that follow.
    PaxGlobal,
}

/// A header whose checksum is right.
#[derive(Debug)]
pub(super) struct Header {
    /// The name, with the prefix where there is one.
    pub(super) name: Vec<u8>,
    /// Where the name stands in the header.
    pub(super) spans: Vec<Range<usize>>,
    /// Bytes of data; `None` where it is negative, beyond all bounds, or no number.
    pub(super) size: Option<u64>,
    /// What it is of.
    pub(super) kind: Kind,
}

impl Header {
    /// Reads a header. `None` if its checksum is wrong, or it has none.
    pub(super) fn parse(block: &[u8; BLOCK]) -> Option<Header> {
        if !has_checksum(block) {
            return None;
        }
        let is_posix = block[MAGIC] == *b"ustar" && block[GNU] != *b"ustar  \0";
        let (mut name, mut spans) = (Vec::new(), Vec::new());
        let fields = [(is_posix, PREFIX), (true, NAME)];
        for (_, field) in fields.into_iter().filter(|(is_there, _)| *is_there) {
            let text = text(&block[field.clone()]);
            if text.is_empty() {
                continue;
            }
            if !name.is_empty() {
                name.push(b'/');
            }
            name.extend_from_slice(text);
            spans.push(field.start..field.start + text.len());
        }
        let kind = match block[TYPE] {
            b'1'..=b'6' | b'V' => Kind::NoData,
            b'L' => Kind::LongName,
            b'K' => Kind::LongLink,
            b'x' | b'X' => Kind::Pax,
            b'g' => Kind::PaxGlobal,
            b'S' => Kind::Sparse { is_extended: block[IS_EXTENDED] != 0 },
            _ => Kind::Data,
        };
        Some(Header { name, spans, size: number(&block[SIZE]), kind })
    }
}

/// Whether `block` is a header of a tar file, with the right checksum.
pub(in super::super) fn is_header(block: &[u8; BLOCK]) -> bool {
    (block[MAGIC] == *b"ustar" || is_old(block)) && has_checksum(block)
}

/// Whether `block` may be a header of the format that has no magic, V7, which automake's `make dist` writes: every
/// number is there, text ends in zeros, and so does the block, but for the numbers of a device that GNU writes all the
/// same.
fn is_old(block: &[u8; BLOCK]) -> bool {
    const NUMBERS: [Range<usize>; 6] = [100..108, 108..116, 116..124, SIZE, 136..148, CHECKSUM];
    const LINK: Range<usize> = 157..257;
    const DEVICE: Range<usize> = 329..345;
    let is_number = |field: &[u8]| field.iter().any(u8::is_ascii_digit) && number(field).is_some();
    let is_padded = |field: &[u8]| field[text(field).len()..].iter().all(|&byte| byte == 0);
    block[0] != 0
        && matches!(block[TYPE], 0 | b'0'..=b'2' | b'5')
        && is_padded(&block[NAME])
        && is_padded(&block[LINK])
        && block[LINK.end..DEVICE.start].iter().all(|&byte| byte == 0)
        && block[DEVICE].iter().all(|byte| matches!(byte, 0 | b' ' | b'0'..=b'7'))
        && block[DEVICE.end..].iter().all(|&byte| byte == 0)
        && NUMBERS.into_iter().all(|field| is_number(&block[field]))
}

/// Whether the checksum is right: the sum of all bytes, its own field taken as spaces. Some old programs took bytes as
/// signed.
fn has_checksum(block: &[u8; BLOCK]) -> bool {
    let Some(stored) = number(&block[CHECKSUM]) else { return false };
    let bytes = || block.iter().enumerate().map(|(at, &byte)| if CHECKSUM.contains(&at) { b' ' } else { byte });
    let unsigned: u64 = bytes().map(u64::from).sum();
    let signed: i64 = bytes().map(|byte| i64::from(byte.cast_signed())).sum();
    stored == unsigned || i64::try_from(stored) == Ok(signed)
}

/// A field's text: up to the first zero.
fn text(field: &[u8]) -> &[u8] {
    field.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// A field's number: octal, or in base 256 where the first bit is set. An empty field is 0, as that of a long link's
/// header may be. `None` if it is negative, larger than a file can be, or no number.
fn number(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 != 0 {
        let first = field[0] & 0x7f;
        let number = field[1..].iter().try_fold(u64::from(first), |number, &byte| {
            number.checked_mul(256).map(|number| number | u64::from(byte))
        })?;
        return (number <= i64::MAX.cast_unsigned()).then_some(number);
    }
    let digits = text(field).trim_ascii();
    digits.iter().try_fold(0_u64, |number, &digit| {
        let digit = digit.checked_sub(b'0').filter(|&digit| digit < 8)?;
        number.checked_mul(8)?.checked_add(u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(fields: &[(usize, &[u8])]) -> [u8; BLOCK] {
        let mut block = [0; BLOCK];
        for (at, bytes) in fields {
            block[*at..at + bytes.len()].copy_from_slice(bytes);
        }
        block[CHECKSUM].fill(b' ');
        let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
        block[CHECKSUM][..7].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        block
    }

    #[test]
    fn names_have_a_prefix_in_ustar_alone() {
        let fields = |magic| header(&[(0, b"name"), (257, magic), (345, b"prefix"), (124, b"17\0")]);
        let ustar = Header::parse(&fields(b"ustar\x0000")).expect("a header");
        assert_eq!((&*ustar.name, &*ustar.spans), (&b"prefix/name"[..], &[345..351, 0..4][..]));
        assert_eq!((ustar.size, ustar.kind), (Some(15), Kind::Data));
        let gnu = Header::parse(&fields(b"ustar  \0")).expect("a header");
        assert_eq!((&*gnu.name, gnu.spans.len(), &gnu.spans[0]), (&b"name"[..], 1, &(0..4)));
        let old = Header::parse(&fields(b"\0")).expect("a header");
        assert_eq!(old.name, b"name");
    }

    #[test]
    fn numbers_are_octal_or_of_base_256() {
        for (field, expected) in [
            (&b"0000017\0"[..], Some(15)),
            (b"  17 \0", Some(15)),
            (b"77777777777\0", Some(0o77_777_777_777)),
            (b"777777777777", Some(0o777_777_777_777)),
            (b"\0\0\0\0", Some(0)),
            (b"18\0", None),
            (b"-1\0", None),
            (b"\x80\0\0\0\0\0\0\0\0\0\x01\x02", Some(258)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
            (b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", Some(i64::MAX.cast_unsigned())),
            (b"\x80\0\0\0\x80\0\0\0\0\0\0\0", None),
            (b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
        ] {
            assert_eq!(number(field), expected, "{field:?}");
        }
    }

    #[test]
    fn a_header_needs_its_checksum() {
        let block = header(&[(0, b"name\xff"), (257, b"ustar\x0000")]);
        assert!(is_header(&block));
        for at in 0..BLOCK {
            let mut damaged = block;
            damaged[at] ^= 1;
            let is_field = CHECKSUM.contains(&at);
            assert!(is_field || !is_header(&damaged), "{at}");
        }
        assert!(Header::parse(&[0; BLOCK]).is_none());
        assert!(Header::parse(&[b' '; BLOCK]).is_none());
    }

    #[test]
    fn an_old_header_has_no_magic_and_all_numbers() {
        let numbers: [(usize, &[u8]); 5] =
            [(100, b"0000644"), (108, b"0001750"), (116, b"0001750"), (124, b"00000000005"), (136, b"15000000000")];
        let with = |more: &[(usize, &[u8])]| header(&[&numbers[..], more].concat());
        for more in [&[(0, &b"name"[..])][..], &[(0, b"n"), (156, b"2"), (157, b"to"), (329, b"0000000\x000000000\0")]]
        {
            assert!(is_header(&with(more)), "{more:?}");
            let mut damaged = with(more);
            damaged[0] ^= 1;
            assert!(!is_header(&damaged));
        }
        let wrong: [&[(usize, &[u8])]; 4] =
            [&[], &[(0, b"name\0x")], &[(0, b"name"), (156, b"x")], &[(0, b"name"), (500, b"x")]];
        for more in wrong {
            assert!(!is_header(&with(more)), "{more:?}");
        }
        for (at, _) in numbers {
            assert!(!is_header(&with(&[(0, b"name"), (at, &[0; 11][..if at < 124 { 7 } else { 11 }])])), "{at}");
        }
    }

    #[test]
    fn a_checksum_of_signed_bytes_is_taken() {
        let mut block = header(&[(0, b"name\xff"), (257, b"ustar\x0000")]);
        let unsigned = number(&block[CHECKSUM]).expect("a number");
        block[CHECKSUM][..7].copy_from_slice(format!("{:06o}\0", unsigned - 256).as_bytes());
        assert!(is_header(&block));
    }
}
