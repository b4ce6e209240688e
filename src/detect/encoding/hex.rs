//! Hexadecimal, as dumps, string literals and tables of bytes have it: `686f`, `68 6f`, `68:6f`, `\x68\x6f`,
//! `0x68, 0x6f`; digits of either case, over several lines.

use crate::detect::encoding::{Encoding, Form, Place};
use crate::detect::tokens::{Between, Token, backslashes, character, decode, first_backslash, hex_byte};

/// `686f7078`.
pub const BARE: Encoding = Encoding {
    name: "hex",
    forms: |text| cases(&[("", "")], text),
    decode: |haystack, Place { at, .. }, reach| Some(decode(haystack, at, reach, bare, Between::Nothing)),
    introducers: b"",
};

/// `68 6f 70 78`, `68:6f:70:78`.
pub const SEPARATED: Encoding = Encoding {
    name: "hex",
    forms: |text| cases(&[("", " "), ("", ":")], text),
    decode: |haystack, Place { at, .. }, reach| Some(decode(haystack, at, reach, separated, Between::Nothing)),
    introducers: b"",
};

/// `\x68\x6f\x70\x78`, which may be written for some characters alone.
pub const ESCAPED: Encoding = Encoding {
    name: "hex",
    forms: |text| cases(&[("\\x", "")], text),
    decode: |haystack, Place { at, .. }, reach| {
        let at = first_backslash(haystack, at);
        Some(decode(haystack, at, reach, escaped, Between::Plain))
    },
    introducers: b"\\",
};

/// `0x68, 0x6f, 0x70, 0x78`.
pub const LITERALS: Encoding = Encoding {
    name: "hex",
    forms: |text| cases(&[("0x", "")], text),
    decode: |haystack, Place { at, .. }, reach| Some(decode(haystack, at, reach, literal, Between::Nothing)),
    introducers: b"",
};

/// The bytes in lower and upper case, each after a prefix and with a separator between them.
fn cases(styles: &[(&str, &str)], text: &[u8]) -> Vec<Form> {
    let mut forms = Vec::new();
    for (prefix, separator) in styles {
        let lower: Vec<String> = text.iter().map(|byte| format!("{prefix}{byte:02x}")).collect();
        let upper: Vec<String> = text.iter().map(|byte| format!("{prefix}{byte:02X}")).collect();
        for form in [lower.join(separator), upper.join(separator)] {
            forms.push(Form { bytes: form.into_bytes(), kind: 0 });
        }
    }
    forms.dedup();
    forms
}

/// The most bytes between two numbers: a separator, a line break and the indentation of a table.
const BETWEEN: usize = 48;

/// How many of the first bytes are line breaks and indentation.
fn blank(bytes: &[u8]) -> usize {
    bytes.iter().take(BETWEEN).take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count()
}

fn token(skip: usize, prefix: usize, digits: &[u8]) -> Option<Token> {
    Some(Token { byte: character(hex_byte(digits)?.into()), skip, len: skip + prefix + 2 })
}

/// Two digits, on the same line or the next.
fn bare(bytes: &[u8]) -> Option<Token> {
    let skip = blank(bytes);
    let is_break = skip == 0 || bytes[..skip].contains(&b'\n');
    token(skip, 0, &bytes[skip..]).filter(|_| is_break)
}

/// Two digits behind a separator.
fn separated(bytes: &[u8]) -> Option<Token> {
    let separator = usize::from(matches!(bytes.first(), Some(b':' | b'-' | b',')));
    let skip = separator + blank(&bytes[separator..]);
    token(skip, 0, &bytes[skip..])
}

/// Backslashes, `x` and two digits.
fn escaped(bytes: &[u8]) -> Option<Token> {
    let backslashes = backslashes(bytes)?;
    let digits = bytes[backslashes..].strip_prefix(b"x")?;
    token(0, backslashes + 1, digits)
}

/// `0x` and two digits, behind separators.
fn literal(bytes: &[u8]) -> Option<Token> {
    let is_between = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b';' | b':');
    let skip = bytes.iter().take(BETWEEN).take_while(is_between).count();
    token(skip, 2, bytes[skip..].strip_prefix(b"0x")?)
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::one_key;
    use crate::key::generate::Keys;

    /// Tables of bytes, as deep in a program as they come; `char-codes` reads its numbers alike.
    #[test]
    fn tables_at_every_depth() {
        let key = Keys::new(62).live();
        for depth in 0..=40 {
            for newline in ["\n", "\r\n"] {
                let next = format!(",{newline}{}", " ".repeat(depth));
                let table = |write: fn(u8) -> String, join: &str| -> String {
                    let rows = key.as_bytes().chunks(8);
                    let rows = rows.map(|row| row.iter().map(|&byte| write(byte)).collect::<Vec<_>>().join(join));
                    rows.collect::<Vec<_>>().join(&next)
                };
                let literals = table(|byte| format!("0x{byte:02x}"), ", ");
                let found = one_key(format!("{{{literals}}}").as_bytes());
                assert_eq!((found.encodings.as_slice(), found.range), (&["hex"][..], 1..1 + literals.len()), "{depth}");
                let codes = table(|byte| byte.to_string(), ", ");
                let found = one_key(format!("[{codes}]").as_bytes());
                assert_eq!(
                    (found.encodings.as_slice(), found.range),
                    (&["char-codes"][..], 1..1 + codes.len()),
                    "{depth}"
                );
                let bare = table(|byte| format!("{byte:02X}"), "").replace(',', "");
                assert_eq!(one_key(bare.as_bytes()).range, 0..bare.len(), "{depth}");
            }
        }
    }
}
