//! Hexadecimal, as dumps, string literals and tables of bytes have it: `686f`, `68 6f`, `68:6f`, `\x68\x6f`,
//! `0x68, 0x6f`; digits of either case, over several lines.

use crate::detect::encoding::escape::{
    BACKSLASHES, Escape, Escapes, at_first_backslash, backslashes, character, hex_byte,
};
use crate::detect::encoding::{Before, Encoding, Form, Place};
use crate::detect::text::{Cursor, Text, Unit};

/// `686f7078`.
pub const BARE: Encoding = Encoding {
    name: "hex",
    forms: |text| cases(&[("", "")], text),
    seek: |text, place, back| Some(seek(text, place, back, BARE_STYLE)),
    next: |text, cursor| BARE_STYLE.next(text, cursor),
    before: Before::Encoded(|text, cursor, most| BARE_STYLE.retreat(text, cursor, most)),
    introducers: b"",
};

/// `68 6f 70 78`, `68:6f:70:78`; `68,00,6f,00` as the registry of Windows is exported, `,\` at the end of a line.
pub const SEPARATED: Encoding = Encoding {
    name: "hex",
    forms: |text| cases(&[("", " "), ("", ":"), ("", ",")], text),
    seek: |text, place, back| Some(seek(text, place, back, SEPARATED_STYLE)),
    next: |text, cursor| SEPARATED_STYLE.next(text, cursor),
    before: Before::Encoded(|text, cursor, most| SEPARATED_STYLE.retreat(text, cursor, most)),
    introducers: b"",
};

/// `\x68\x6f\x70\x78`, which may be written for some characters alone.
pub const ESCAPED: Encoding = Encoding {
    name: "hex",
    forms: |text| cases(&[("\\x", "")], text),
    seek: |text, place, _| Some((at_first_backslash(text, place.at), 0)),
    next: |text, cursor| ESCAPES.next(text, cursor),
    before: Before::Plain,
    introducers: &[ESCAPES.introducer],
};

/// `0x68, 0x6f, 0x70, 0x78`.
pub const LITERALS: Encoding = Encoding {
    name: "hex",
    forms: |text| cases(&[("0x", "")], text),
    seek: |text, place, back| Some(seek(text, place, back, LITERAL_STYLE)),
    next: |text, cursor| LITERAL_STYLE.next(text, cursor),
    before: Before::Encoded(|text, cursor, most| LITERAL_STYLE.retreat(text, cursor, most)),
    introducers: b"",
};

/// The bytes in lower and upper case, each after a prefix and with a separator between them.
fn cases(styles: &[(&str, &str)], text: &[u8]) -> Vec<Form> {
    let mut forms = Vec::new();
    for (prefix, separator) in styles {
        let lower: Vec<String> = text.iter().map(|byte| format!("{prefix}{byte:02x}")).collect();
        let upper: Vec<String> = text.iter().map(|byte| format!("{prefix}{byte:02X}")).collect();
        forms.extend([lower.join(separator).into_bytes(), upper.join(separator).into_bytes()]);
    }
    forms.dedup();
    Form::all(forms)
}

/// The most bytes between two numbers: a separator, a line break and the indentation of a table.
const BETWEEN: usize = 48;

/// How the bytes of a text are written.
#[derive(Clone, Copy)]
struct Style {
    /// Whether `0x` stands before two digits.
    has_prefix: bool,
    /// Whether the bytes, none of them included, may stand between two numbers.
    may_separate: fn(&[u8]) -> bool,
}

const BARE_STYLE: Style = Style {
    has_prefix: false,
    may_separate: |between| between.is_empty() || is_blank(between) && between.contains(&b'\n'),
};

const SEPARATED_STYLE: Style = Style {
    has_prefix: false,
    may_separate: |between| match between {
        [b':' | b'-' | b',', rest @ ..] => is_blank(rest.strip_prefix(b"\\").unwrap_or(rest)),
        blank => is_blank(blank),
    },
};

const LITERAL_STYLE: Style =
    Style { has_prefix: true, may_separate: |between| between.iter().all(|byte| is_between(*byte) && *byte != b'-') };

fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// Whether a byte may be a part of what separates two numbers in some style.
fn is_between(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b';' | b':' | b'-' | b'\\')
}

impl Style {
    /// The number that the bytes begin with.
    fn number(self, bytes: &[u8]) -> Option<u8> {
        match bytes {
            [b'0', b'x', digits @ ..] if self.has_prefix => hex_byte(digits),
            digits if !self.has_prefix => hex_byte(digits),
            _ => None,
        }
    }

    /// How many bytes it takes.
    fn len(self) -> usize {
        if self.has_prefix { 4 } else { 2 }
    }

    /// What separates numbers, a prefix and two digits.
    fn read(self, bytes: &[u8]) -> Option<Escape> {
        let skip = bytes.iter().take(BETWEEN).take_while(|byte| is_between(**byte)).count();
        let byte = character(self.number(&bytes[skip..])?.into());
        (skip == 0 || (self.may_separate)(&bytes[..skip])).then(|| Escape { byte, skip, len: skip + self.len() })
    }

    fn next(self, text: &mut Text<'_>, cursor: &mut Cursor) -> Option<Unit> {
        Some(self.read(text.ahead(cursor.pos, BETWEEN + 4))?.at(cursor))
    }

    fn retreat(self, text: &mut Text<'_>, cursor: &mut Cursor, most: usize) -> usize {
        let number = self.len();
        let mut count = 0;
        while count < most {
            let from = cursor.pos.saturating_sub(BETWEEN + number);
            let before = text.ahead(from, cursor.pos - from);
            let between = before.iter().rev().take(BETWEEN).take_while(|byte| is_between(**byte)).count();
            let Some(start) = before.len().checked_sub(between + number) else { break };
            let (digits, between) = before[start..].split_at(number);
            if self.number(digits).is_none() || !(self.may_separate)(between) {
                break;
            }
            cursor.pos = from + start;
            count += 1;
        }
        count
    }
}

fn seek(text: &mut Text<'_>, place: Place, back: usize, style: Style) -> (Cursor, usize) {
    let mut cursor = Cursor::at(place.at);
    let count = style.retreat(text, &mut cursor, back);
    (cursor, count)
}

const ESCAPES: Escapes =
    Escapes { introducer: b'\\', goes_on: |byte| matches!(byte, b'\\' | b'x'), most: BACKSLASHES + 3, read: escaped };

/// Backslashes, `x` and two digits.
fn escaped(bytes: &[u8]) -> Option<Escape> {
    let backslashes = backslashes(bytes)?;
    let digits = bytes[backslashes..].strip_prefix(b"x")?;
    Some(Escape::new(character(hex_byte(digits)?.into()), backslashes + 3))
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
