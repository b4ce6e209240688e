//! Backslashes before punctuation: Markdown, Telegram, shells, regular expressions, and JSON in JSON.

use crate::detect::encoding::{Encoding, Form, Place};
use crate::detect::tokens::{Between, Token, backslashes, decode};

pub const BACKSLASH: Encoding = Encoding {
    name: "backslash",
    forms: |text| Form::only(text.to_vec()),
    decode: |haystack, Place { at, .. }, reach| Some(decode(haystack, at, reach, escape, Between::Plain)),
    introducers: b"\\",
};

/// Backslashes and one of the three characters of a key that are neither letter nor digit.
fn escape(bytes: &[u8]) -> Option<Token> {
    let backslashes = backslashes(bytes)?;
    let byte = *bytes.get(backslashes)?;
    matches!(byte, b'_' | b'.' | b'-').then_some(Token { byte, skip: 0, len: backslashes + 1 })
}
