//! ROT13: each letter replaced by the one 13 places on.

use crate::detect::encoding::{Encoding, Form, Place};
use crate::detect::window::Window;

pub const ROT13: Encoding = Encoding {
    name: "rot13",
    forms: |text| Form::only(text.iter().copied().map(rotated).collect()),
    decode: |haystack, Place { at, .. }, reach| {
        let plain = Window::plain(haystack, at, reach);
        let start = at - plain.hit();
        let text: Vec<u8> = plain.text().iter().copied().map(rotated).collect();
        let origins = (start..start + text.len()).map(|i| i..i + 1).collect();
        Some(Window::decoded(text, plain.hit(), origins))
    },
    introducers: b"",
};

fn rotated(byte: u8) -> u8 {
    match byte {
        b'A'..=b'M' | b'a'..=b'm' => byte + 13,
        b'N'..=b'Z' | b'n'..=b'z' => byte - 13,
        other => other,
    }
}
