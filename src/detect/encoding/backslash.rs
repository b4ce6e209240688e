//! Backslashes before punctuation: Markdown, Telegram, shells, regular expressions, and JSON in JSON.

use crate::detect::encoding::escape::{BACKSLASHES, Escape, Escapes, backslashes};
use crate::detect::encoding::{Before, Encoding, Form};
use crate::detect::text::Cursor;

pub const BACKSLASH: Encoding = Encoding {
    name: "backslash",
    forms: |text| Form::all([text.to_vec()]),
    seek: |_, place, _| Some((Cursor::at(place.at), 0)),
    next: |text, cursor| ESCAPES.next(text, cursor),
    before: Before::Plain,
    introducers: &[ESCAPES.introducer],
};

const ESCAPES: Escapes = Escapes {
    introducer: b'\\',
    goes_on: |byte| matches!(byte, b'\\' | b'_' | b'.' | b'-'),
    most: BACKSLASHES + 1,
    read,
};

/// Backslashes and one of the three characters of a key that are neither letter nor digit.
fn read(bytes: &[u8]) -> Option<Escape> {
    let backslashes = backslashes(bytes)?;
    let byte = *bytes.get(backslashes)?;
    matches!(byte, b'_' | b'.' | b'-').then(|| Escape::new(byte, backslashes + 1))
}
