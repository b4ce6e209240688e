//! Unicode escapes of JSON, JavaScript, Rust and others: `\u005f`, `\u{5f}`. Text that has been escaped more than once
//! has more backslashes.

use crate::detect::encoding::escape::{
    BACKSLASHES, Escape, Escapes, at_first_backslash, backslashes, character, number,
};
use crate::detect::encoding::{Before, Encoding, Form};

pub const UNICODE_ESCAPE: Encoding = Encoding {
    name: "unicode-escape",
    forms: |text| {
        let write = |escape: fn(u8) -> String| text.iter().flat_map(|&byte| escape(byte).into_bytes()).collect();
        Form::all([write(|byte| format!("\\u{byte:04x}")), write(|byte| format!("\\u{{{byte:x}}}"))])
    },
    seek: |text, place, _| Some((at_first_backslash(text, place.at), 0)),
    next: |text, cursor| ESCAPES.next(text, cursor),
    before: Before::Plain,
    introducers: &[ESCAPES.introducer],
};

/// The most digits in braces.
const DIGITS: usize = 6;

const ESCAPES: Escapes =
    Escapes { introducer: b'\\', goes_on: |byte| matches!(byte, b'\\' | b'u'), most: BACKSLASHES + DIGITS + 3, read };

/// Backslashes, `u`, four digits or some in braces.
fn read(bytes: &[u8]) -> Option<Escape> {
    let backslashes = backslashes(bytes)?;
    let digits = bytes[backslashes..].strip_prefix(b"u")?;
    let (code, len) = match digits.strip_prefix(b"{") {
        Some(digits) => {
            let (code, len) = number(digits, 16, DIGITS)?;
            (digits.get(len) == Some(&b'}')).then_some((code, len + 2))?
        }
        None => number(digits, 16, 4).filter(|(_, len)| *len == 4)?,
    };
    Some(Escape::new(character(code), backslashes + 1 + len))
}
