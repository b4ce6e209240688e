//! Quoted-printable (RFC 2045 section 6.7): `=5F`, and soft line breaks, which are `=` at the end of a line.

use crate::detect::encoding::{Encoding, Form, Place};
use crate::detect::tokens::{Between, Token, character, decode, hex_byte};

pub const QUOTED_PRINTABLE: Encoding = Encoding {
    name: "quoted-printable",
    forms: |text| Form::only(text.iter().flat_map(|byte| format!("={byte:02X}").into_bytes()).collect()),
    decode: |haystack, Place { at, .. }, reach| Some(decode(haystack, at, reach, escape, Between::Plain)),
    introducers: b"=",
};

/// The same, where it leaves all characters as they are and breaks a line among the first letters of a key.
pub const SOFT_BREAK: Encoding = Encoding {
    name: "quoted-printable",
    forms: |text| {
        // As it is, or up to the first underscore as an escape.
        let start = text.iter().take_while(|byte| **byte != b'_').copied();
        let escaped = start.chain(*b"=5F").collect();
        [text.to_vec(), escaped].into_iter().map(|bytes| Form { bytes, kind: 0 }).collect()
    },
    decode: |haystack, place, reach| {
        // Without a break there it is met by its first letters.
        let is_broken = haystack[..place.at].ends_with(b"\n") || !haystack[..place.at].ends_with(b"hop");
        is_broken.then(|| (QUOTED_PRINTABLE.decode)(haystack, place, reach))?
    },
    introducers: b"",
};

/// Soft line breaks and what follows them; or `=` and two digits.
fn escape(bytes: &[u8]) -> Option<Token> {
    let mut rest = bytes;
    while let Some(next) = rest.strip_prefix(b"=\n").or_else(|| rest.strip_prefix(b"=\r\n")) {
        rest = next;
    }
    let skip = bytes.len() - rest.len();
    let escaped = rest.strip_prefix(b"=").and_then(hex_byte).map(|byte| (character(byte.into()), 3));
    let (byte, len) = escaped.or_else(|| rest.first().filter(|_| skip > 0).map(|&byte| (byte, 1)))?;
    Some(Token { byte, skip, len: skip + len })
}
