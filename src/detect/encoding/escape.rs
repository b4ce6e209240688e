//! Text in which some or all characters are escapes, each decoded by itself: percent-encoding, `\u`, character references.
//!
//! An encoding of this kind brings one function, which reads the escape that some bytes begin with.

use crate::detect::text::{Cursor, OTHER, Text, Unit};

/// An escape, and how many bytes it takes: those that come before it and mean nothing (soft line breaks) included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Escape {
    /// The byte it stands for; [`OTHER`] for a character outside ASCII.
    pub byte: u8,
    /// How many of the bytes mean nothing.
    pub skip: usize,
    /// How many bytes there are in all.
    pub len: usize,
}

impl Escape {
    /// An escape of `len` bytes.
    pub fn new(byte: u8, len: usize) -> Escape {
        Escape { byte, skip: 0, len }
    }

    /// The character at `pos` that this is.
    pub fn at(self, cursor: &mut Cursor) -> Unit {
        let start = cursor.pos + self.skip;
        cursor.pos += self.len;
        Unit::new(self.byte, start..cursor.pos)
    }
}

/// The escapes of an encoding.
pub struct Escapes {
    /// The byte that each begins with.
    pub introducer: u8,
    /// Whether this byte may follow it: false starts end here, before more is decoded.
    pub goes_on: fn(u8) -> bool,
    /// The most bytes of one.
    pub most: usize,
    /// Reads the one that some bytes begin with.
    pub read: fn(&[u8]) -> Option<Escape>,
}

impl Escapes {
    /// The next character of a text.
    pub fn next(&self, text: &mut Text<'_>, cursor: &mut Cursor) -> Option<Unit> {
        let byte = text.byte(cursor.pos)?;
        let is_begun = byte == self.introducer && text.byte(cursor.pos + 1).is_some_and(self.goes_on);
        let escape = if is_begun { (self.read)(text.ahead(cursor.pos, self.most)) } else { None };
        Some(escape.unwrap_or(Escape::new(byte, 1)).at(cursor))
    }
}

/// The value of two hexadecimal digits.
pub fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let [high, low] = digits.first_chunk::<2>()?;
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// The character that a number stands for, as a byte of text.
pub fn character(code: u32) -> u8 {
    u8::try_from(code).ok().filter(u8::is_ascii).unwrap_or(OTHER)
}

/// The number that the bytes begin with, in this base, its digits at most `most`; and how many there are.
pub fn number(bytes: &[u8], base: u32, most: usize) -> Option<(u32, usize)> {
    let digits = bytes.iter().take(most).map_while(|byte| char::from(*byte).to_digit(base));
    let (value, len) =
        digits.fold((0_u32, 0), |(value, len), digit| (value.saturating_mul(base).saturating_add(digit), len + 1));
    (len > 0).then_some((value, len))
}

/// The most backslashes of one escape: text that has been escaped three times has seven.
pub const BACKSLASHES: usize = 8;

/// How many backslashes the bytes begin with, when an escape may: at least one, at most eight.
pub fn backslashes(bytes: &[u8]) -> Option<usize> {
    let count = bytes.iter().take(BACKSLASHES + 1).take_while(|byte| **byte == b'\\').count();
    (1..=BACKSLASHES).contains(&count).then_some(count)
}

/// A cursor at the first of the backslashes of which the last is at `at`.
pub fn at_first_backslash(text: &mut Text<'_>, at: usize) -> Cursor {
    let mut first = at;
    while at - first < BACKSLASHES - 1 && first > 0 && text.byte(first - 1) == Some(b'\\') {
        first -= 1;
    }
    Cursor::at(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_eight_backslashes_are_one_escape() {
        for count in 0..=10 {
            let read = backslashes(format!("{}_", "\\".repeat(count)).as_bytes());
            assert_eq!(read, (1..=8).contains(&count).then_some(count));
        }
    }
}
