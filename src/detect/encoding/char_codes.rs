//! Character codes: `[104, 111, 112, ...]`, `chr(104).chr(111)`.

use crate::detect::encoding::{Encoding, Form, Place};
use crate::detect::tokens::{Between, Token, character, decode, number};

pub const CHAR_CODES: Encoding = Encoding {
    name: "char-codes",
    forms: |text| {
        let codes: Vec<String> = text.iter().map(u8::to_string).collect();
        let (list, calls) = (codes.join(",") + ",", codes.join(")+chr("));
        [list, format!("({calls})")].into_iter().map(|form| Form { bytes: form.into_bytes(), kind: 0 }).collect()
    },
    decode: |haystack, Place { at, .. }, reach| {
        let at = at + usize::from(haystack.get(at) == Some(&b'('));
        Some(decode(haystack, at, reach, code, Between::Nothing))
    },
    introducers: b"",
};

/// A number of two or three digits behind what separates numbers in a list, or calls of a function for each.
fn code(bytes: &[u8]) -> Option<Token> {
    /// The most bytes of a separator: with a line break and the indentation of a table.
    const SEPARATOR: usize = 48;
    let is_separator =
        |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b';' | b'+' | b'.' | b'&' | b'(' | b')');
    let is_call = |byte: &u8| byte.is_ascii_alphabetic();
    let skip = bytes.iter().take(SEPARATOR).take_while(|byte| is_separator(byte) || is_call(byte)).count();
    // A function's name is in parentheses' company.
    let is_plain = !bytes[..skip].iter().any(is_call) || bytes[..skip].ends_with(b"(");
    let (code, len) = number(&bytes[skip..], 10, 3)?;
    let is_whole = (2..=3).contains(&len) && !bytes.get(skip + len).is_some_and(u8::is_ascii_digit);
    (is_plain && is_whole).then(|| Token { byte: character(code), skip, len: skip + len })
}
