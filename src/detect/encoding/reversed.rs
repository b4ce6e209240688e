//! Text written backwards.

use crate::detect::encoding::{Before, Encoding, Form};
use crate::detect::text::{Cursor, Text, Unit};

pub const REVERSED: Encoding = Encoding {
    name: "reversed",
    forms: |text| Form::all([text.iter().rev().copied().collect()]),
    seek: |_, place, _| {
        /// The length of the only needle, whose last byte is the key's first.
        const NEEDLE: usize = 4;
        Some((Cursor::at(place.at + NEEDLE), 0))
    },
    next: |text, cursor| {
        let start = cursor.pos.checked_sub(1)?;
        let byte = text.byte(start)?;
        let end = std::mem::replace(&mut cursor.pos, start);
        Some(Unit::new(byte, start..end))
    },
    before: Before::Encoded(retreat),
    introducers: b"",
};

fn retreat(text: &mut Text<'_>, cursor: &mut Cursor, most: usize) -> usize {
    // A cursor that was made from a character's origin stands at its start.
    let more = text.ahead(cursor.pos + 1, most).len();
    cursor.pos += 1 + more;
    more
}
