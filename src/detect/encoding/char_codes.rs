//! Character codes: `[104, 111, 112, ...]`, `chr(104).chr(111)`.

use crate::detect::encoding::escape::{Escape, character, number};
use crate::detect::encoding::{Before, Encoding, Form};
use crate::detect::text::{Cursor, Text};

pub const CHAR_CODES: Encoding = Encoding {
    name: "char-codes",
    forms: |text| {
        let codes: Vec<String> = text.iter().map(u8::to_string).collect();
        let (list, calls) = (codes.join(",") + ",", codes.join(")+chr("));
        Form::all([list.into_bytes(), format!("({calls})").into_bytes()])
    },
    seek: |text, place, _| {
        let is_call = text.byte(place.at) == Some(b'(');
        Some((Cursor::at(place.at + usize::from(is_call)), 0))
    },
    next: |text, cursor| Some(read(text.ahead(cursor.pos, SEPARATOR + DIGITS + 1))?.at(cursor)),
    before: Before::Encoded(retreat),
    introducers: b"",
};

/// The most bytes of a separator: with a line break and the indentation of a table.
const SEPARATOR: usize = 48;
/// The most digits of a number.
const DIGITS: usize = 3;

fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b';' | b'+' | b'.' | b'&' | b'(' | b')')
}

/// A number of two or three digits behind what separates numbers in a list, or calls of a function for each.
fn read(bytes: &[u8]) -> Option<Escape> {
    let is_call = |byte: &u8| byte.is_ascii_alphabetic();
    let skip = bytes.iter().take(SEPARATOR).take_while(|byte| is_separator(**byte) || is_call(byte)).count();
    // A function's name is in parentheses' company.
    let is_plain = !bytes[..skip].iter().any(is_call) || bytes[..skip].ends_with(b"(");
    let (code, len) = number(&bytes[skip..], 10, DIGITS)?;
    let is_whole = len >= 2 && !bytes.get(skip + len).is_some_and(u8::is_ascii_digit);
    (is_plain && is_whole).then(|| Escape { byte: character(code), skip, len: skip + len })
}

fn retreat(text: &mut Text<'_>, cursor: &mut Cursor, most: usize) -> usize {
    let mut count = 0;
    while count < most {
        let from = cursor.pos.saturating_sub(SEPARATOR + DIGITS);
        let before = text.ahead(from, cursor.pos - from);
        let between = before.iter().rev().take_while(|byte| is_separator(**byte) || byte.is_ascii_alphabetic()).count();
        let number = &before[..before.len() - between];
        let digits = number.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let start = from + number.len() - digits;
        let is_number = read(text.ahead(start, SEPARATOR + DIGITS + 1)).is_some_and(|code| code.len == digits);
        let is_next = read(text.ahead(start + digits, SEPARATOR + DIGITS + 1)).is_some_and(|code| code.skip == between);
        if between == 0 || !is_number || !is_next {
            break;
        }
        cursor.pos = start;
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use crate::detect::Confidence;
    use crate::detect::testing::one_key;
    use crate::key::generate::Keys;

    /// What stands before the numbers is no number where a letter is between.
    #[test]
    fn neighbours_are_numbers_of_the_list() {
        let codes = Keys::new(63).live().bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ") + ", ";
        for (before, confidence) in [
            ("111, ", Confidence::Medium),
            ("31m111, ", Confidence::Medium),
            ("31, ", Confidence::High),
            ("chr(111)+chr(", Confidence::Medium),
            ("111 m", Confidence::High),
        ] {
            assert_eq!(one_key(format!("{before}{codes}").as_bytes()).confidence, confidence, "{before}");
        }
    }
}
