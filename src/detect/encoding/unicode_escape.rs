//! Unicode escapes of JSON, JavaScript, Rust and others: `\u005f`, `\u{5f}`. Text that has been escaped more than once
//! has more backslashes.

use crate::detect::encoding::{Encoding, Form, Place};
use crate::detect::tokens::{Between, Token, backslashes, character, decode, first_backslash, number};

pub const UNICODE_ESCAPE: Encoding = Encoding {
    name: "unicode-escape",
    forms: |text| {
        let write = |escape: fn(u8) -> String| text.iter().flat_map(|&byte| escape(byte).into_bytes()).collect();
        let forms = [write(|byte| format!("\\u{byte:04x}")), write(|byte| format!("\\u{{{byte:x}}}"))];
        forms.into_iter().map(|bytes| Form { bytes, kind: 0 }).collect()
    },
    decode: |haystack, Place { at, .. }, reach| {
        let at = first_backslash(haystack, at);
        Some(decode(haystack, at, reach, escape, Between::Plain))
    },
    introducers: b"\\",
};

/// Backslashes, `u`, four digits or some in braces.
fn escape(bytes: &[u8]) -> Option<Token> {
    let backslashes = backslashes(bytes)?;
    let digits = bytes[backslashes..].strip_prefix(b"u")?;
    let (code, len) = match digits.strip_prefix(b"{") {
        Some(digits) => {
            let (code, len) = number(digits, 16, 6)?;
            (digits.get(len) == Some(&b'}')).then_some((code, len + 2))?
        }
        None => number(digits, 16, 4).filter(|(_, len)| *len == 4)?,
    };
    Some(Token { byte: character(code), skip: 0, len: backslashes + 1 + len })
}
