//! ROT13: each letter replaced by the one 13 places on.

use crate::detect::encoding::{Before, Encoding, Form};
use crate::detect::text::{Cursor, Unit};

pub const ROT13: Encoding = Encoding {
    name: "rot13",
    forms: |text| Form::all([text.iter().copied().map(rotated).collect()]),
    seek: |_, place, _| Some((Cursor::at(place.at), 0)),
    next: |text, cursor| {
        let byte = rotated(text.byte(cursor.pos)?);
        let start = cursor.pos;
        cursor.pos += 1;
        Some(Unit::new(byte, start..cursor.pos))
    },
    before: Before::Encoded(|_, cursor, most| {
        let back = most.min(cursor.pos);
        cursor.pos -= back;
        back
    }),
    introducers: b"",
};

fn rotated(byte: u8) -> u8 {
    match byte {
        b'A'..=b'M' | b'a'..=b'm' => byte + 13,
        b'N'..=b'Z' | b'n'..=b'z' => byte - 13,
        other => other,
    }
}
