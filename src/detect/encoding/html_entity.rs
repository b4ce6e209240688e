//! Character references of HTML (the HTML standard, section 13.5) and XML: `&#95;`, `&#x5f;`, `&lowbar;`, `&period;`.

use crate::detect::encoding::escape::{Escape, Escapes, character, number};
use crate::detect::encoding::{Before, Encoding, Form};
use crate::detect::text::Cursor;

pub const HTML_ENTITY: Encoding = Encoding {
    name: "html-entity",
    // Without the beginning of the first reference: what leading zeros and the case of the `x` don't change. Another
    // reference follows one in hexadecimal.
    forms: |text| {
        let of = |digits: fn(&u8) -> String, between| text.iter().map(digits).collect::<Vec<_>>().join(between);
        let decimal = of(u8::to_string, ";&#") + ";";
        let hexadecimal = of(|byte| format!("{byte:x}"), ";&#x") + ";&";
        Form::all([decimal.into_bytes(), hexadecimal.into_bytes()])
    },
    seek: |text, place, _| {
        let from = place.at.saturating_sub(LONGEST);
        let start = memchr::memrchr(b'&', text.ahead(from, place.at - from))?;
        Some((Cursor::at(from + start), 0))
    },
    next: |text, cursor| ESCAPES.next(text, cursor),
    before: Before::Plain,
    introducers: &[ESCAPES.introducer],
};

const ESCAPES: Escapes = Escapes {
    introducer: b'&',
    goes_on: |byte| byte == b'#' || NAMES.iter().any(|(name, _)| name[0] == byte),
    most: LONGEST,
    read,
};

/// The most bytes of a reference to an ASCII character: `&#x0000005f;`.
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
fn read(bytes: &[u8]) -> Option<Escape> {
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
    Some(Escape::new(byte, bytes.len() - rest.len()))
}
