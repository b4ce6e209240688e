//! Percent-encoding (RFC 3986 section 2.1), once or more than once: `%5F`, `%255F`.

use crate::detect::encoding::escape::{Escape, Escapes, character, hex_byte};
use crate::detect::encoding::{Before, Encoding, Form};
use crate::detect::text::Cursor;

pub const PERCENT: Encoding = Encoding {
    name: "percent",
    forms: |text| {
        let lower = text.iter().flat_map(|byte| format!("%{byte:02x}").into_bytes()).collect();
        Form::all([lower, text.iter().flat_map(|byte| format!("%{byte:02X}").into_bytes()).collect()])
    },
    seek: |_, place, _| Some((Cursor::at(place.at), 0)),
    next: |text, cursor| ESCAPES.next(text, cursor),
    before: Before::Plain,
    introducers: &[ESCAPES.introducer],
};

const ESCAPES: Escapes =
    Escapes { introducer: b'%', goes_on: |byte| byte.is_ascii_hexdigit(), most: 1 + 2 * TIMES, read };

/// How often a character may have been encoded.
const TIMES: usize = 4;

/// `%`, up to three times `25`, two digits.
fn read(bytes: &[u8]) -> Option<Escape> {
    let mut digits = bytes.strip_prefix(b"%")?;
    for _ in 1..TIMES {
        match digits.strip_prefix(b"25").filter(|rest| hex_byte(rest).is_some()) {
            Some(rest) => digits = rest,
            None => break,
        }
    }
    Some(Escape::new(character(hex_byte(digits)?.into()), bytes.len() - digits.len() + 2))
}
