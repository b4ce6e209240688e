//! Character references of HTML (the HTML standard, section 13.5) and XML: `&#95;`, `&#x5f;`, `&lowbar;`, `&period;`.

use crate::detect::encoding::{Encoding, Form, Place};
use crate::detect::tokens::{Between, Token, character, decode, number};

pub const HTML_ENTITY: Encoding = Encoding {
    name: "html-entity",
    // What leading zeros and the case of the `x` don't change; another reference follows.
    forms: |text| {
        let of = |end: fn(u8) -> String| text.iter().flat_map(|&byte| end(byte).into_bytes()).collect();
        let forms = [of(|byte| format!("{byte};")), of(|byte| format!("{byte:x};&"))];
        forms.into_iter().map(|bytes| Form { bytes, kind: 0 }).collect()
    },
    decode: |haystack, Place { at, .. }, reach| {
        let is_inside = haystack[at].is_ascii_hexdigit() && haystack[at] < b'a';
        let start = haystack[..at].iter().rev().take(LONGEST).position(|byte| *byte == b'&').filter(|_| is_inside);
        let at = start.map_or(at, |before| at - before - 1);
        Some(decode(haystack, at, reach, reference, Between::Plain))
    },
    introducers: b"&",
};

/// More bytes than a reference to an ASCII character has.
const LONGEST: usize = 12;

/// The names for characters that a key has or that stand beside one. There is none for `-`: `&hyphen;` is U+2010.
const NAMES: [(&[u8], u8); 9] = [
    (b"lowbar;", b'_'),
    (b"UnderBar;", b'_'),
    (b"period;", b'.'),
    (b"quot;", b'"'),
    (b"apos;", b'\''),
    (b"amp;", b'&'),
    (b"lt;", b'<'),
    (b"gt;", b'>'),
    (b"equals;", b'='),
];

/// `&#`, a number, `;`, or a name.
fn reference(bytes: &[u8]) -> Option<Token> {
    /// More digits than any character needs.
    const DIGITS: usize = 8;
    let name = bytes.strip_prefix(b"&")?;
    let (byte, rest) = match name {
        [b'#', b'x' | b'X', digits @ ..] => {
            let (code, len) = number(digits, 16, DIGITS)?;
            (character(code), digits[len..].strip_prefix(b";")?)
        }
        [b'#', digits @ ..] => {
            let (code, len) = number(digits, 10, DIGITS)?;
            (character(code), digits[len..].strip_prefix(b";")?)
        }
        name => NAMES.iter().find_map(|(known, byte)| Some((*byte, name.strip_prefix(*known)?)))?,
    };
    Some(Token { byte, skip: 0, len: bytes.len() - rest.len() })
}
