//! Percent-encoding (RFC 3986 section 2.1), once or more than once: `%5F`, `%255F`.

use crate::detect::encoding::{Encoding, Form, Place};
use crate::detect::tokens::{Between, Token, character, decode, hex_byte};

pub const PERCENT: Encoding = Encoding {
    name: "percent",
    forms: |text| Form::only(text.iter().flat_map(|byte| format!("%{byte:02x}").into_bytes()).collect()),
    decode: |haystack, Place { at, .. }, reach| Some(decode(haystack, at, reach, escape, Between::Plain)),
    introducers: b"%",
};

/// `%`, up to three times `25`, two digits.
fn escape(bytes: &[u8]) -> Option<Token> {
    let mut digits = bytes.strip_prefix(b"%")?;
    // Encoded up to four times.
    for _ in 1..4 {
        match digits.strip_prefix(b"25").filter(|rest| hex_byte(rest).is_some()) {
            Some(rest) => digits = rest,
            None => break,
        }
    }
    let len = bytes.len() - digits.len() + 2;
    Some(Token { byte: character(hex_byte(digits)?.into()), skip: 0, len })
}
