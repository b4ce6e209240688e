//! UTF-16 (RFC 2781) in either byte order, with or without a byte order mark: what Windows tools write.
//!
//! One decoded byte stands for one 16-bit unit: ASCII as it is, anything else as [`OTHER`]. Where a key has a zero byte
//! before it and one behind it, either order can read it: the parity of its offset decides ([`may_start`]).

use std::ops::Range;

use crate::detect::encoding::{Before, Encoding, Form, base64};
use crate::detect::text::{Cursor, OTHER, Text, Unit};

/// The low byte first.
pub const LITTLE_ENDIAN: Encoding = Encoding {
    name: "utf-16le",
    forms,
    seek: |_, place, back| Some(seek(place.at, back)),
    next: |text, cursor| next(text, cursor, u16::from_le_bytes),
    before: Before::Encoded(retreat),
    introducers: b"",
};

/// The high byte first.
pub const BIG_ENDIAN: Encoding = Encoding {
    name: "utf-16be",
    forms,
    seek: |_, place, back| Some(seek(place.at.checked_sub(1)?, back)),
    next: |text, cursor| next(text, cursor, u16::from_be_bytes),
    before: Before::Encoded(retreat),
    introducers: b"",
};

/// Both orders have the same form, which begins and ends with a letter.
fn forms(text: &[u8]) -> Vec<Form> {
    let mut bytes: Vec<u8> = text.iter().flat_map(|&byte| [byte, 0]).collect();
    bytes.pop();
    Form::all([bytes])
}

fn seek(start: usize, back: usize) -> (Cursor, usize) {
    let mut cursor = Cursor::at(start);
    let count = back_by(&mut cursor, back);
    (cursor, count)
}

fn retreat(_: &mut Text<'_>, cursor: &mut Cursor, most: usize) -> usize {
    back_by(cursor, most)
}

fn back_by(cursor: &mut Cursor, most: usize) -> usize {
    let back = most.min(cursor.pos / 2);
    cursor.pos -= 2 * back;
    back
}

fn next(text: &mut Text<'_>, cursor: &mut Cursor, unit: fn([u8; 2]) -> u16) -> Option<Unit> {
    let bytes = *text.ahead(cursor.pos, 2).first_chunk()?;
    let byte = u8::try_from(unit(bytes)).ok().filter(u8::is_ascii).unwrap_or(OTHER);
    let start = cursor.pos;
    cursor.pos += 2;
    Some(Unit::new(byte, start..cursor.pos))
}

/// Whether a key that this encoding has read from `span` of the text is its own: `\0 h \0 o … x \0` can be read in both
/// orders. The units of a text start at even offsets of it, so the parity of the span's start decides. (Windows and the
/// blocks that they are cut from start at an even offset of the file.) In base64 the offset is that in the encoded text;
/// where that begins too far away it is taken for little-endian, as PowerShell's is. In hexadecimal nothing else is looked
/// for.
pub fn may_start(encoding: &Encoding, text: &mut Text<'_>, span: Range<usize>) -> bool {
    let is_little = encoding.name == LITTLE_ENDIAN.name;
    if !is_little && encoding.name != BIG_ENDIAN.name {
        return true;
    }
    // Where the big-endian reading starts, and the byte that the other order needs besides.
    let Some(big) = (if is_little { span.start.checked_sub(1) } else { Some(span.start) }) else { return true };
    let reads_both_ways = text.byte(if is_little { big } else { span.end }) == Some(0);
    if !reads_both_ways {
        return true;
    }
    let is_big = match text.top() {
        None => big.is_multiple_of(2),
        Some((below, _)) if below.name == base64::BASE64.name => base64::offset_is_even(text, big),
        Some(_) => false,
    };
    is_big != is_little
}

#[cfg(test)]
mod tests {
    use crate::detect::Confidence;
    use crate::detect::testing::one_key;
    use crate::key::KEY_LEN;
    use crate::key::generate::Keys;

    fn encode(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn both_orders_with_and_without_mark_everywhere_in_a_text() {
        let key = Keys::new(21).live();
        for (name, order) in [("utf-16le", u16::to_le_bytes as fn(u16) -> [u8; 2]), ("utf-16be", u16::to_be_bytes)] {
            for before in ["", "\u{feff}", "\n", "\u{feff}\r\n", "a = \"", "键", "é ", "\u{feff}\\n", "😀", "ÿ"] {
                for after in ["", "\n", "\" b", "键", "_", "\r\nmore", "é"] {
                    let text = encode(&format!("{before}{key}{after}"), order);
                    let start = encode(before, order).len();
                    let found = one_key(&text);
                    assert_eq!(found.encodings, &[name], "{before:?} {after:?}");
                    assert_eq!(found.range, start..start + 2 * KEY_LEN, "{before:?} {after:?}");
                    assert_eq!(found.confidence, Confidence::High);
                }
            }
        }
    }

    #[test]
    fn at_any_offset_of_binary_data() {
        let key = Keys::new(22).live();
        let mut rng = fastrand::Rng::with_seed(22);
        for order in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
            for offset in 0..200 {
                let mut bytes: Vec<u8> = (0..offset).map(|_| rng.u8(128..)).collect();
                bytes.extend(encode(&key, order));
                bytes.extend((0..offset % 5).map(|_| rng.u8(128..)));
                assert_eq!(one_key(&bytes).range, offset..offset + 2 * KEY_LEN);
            }
        }
    }

    /// Where some characters are escapes the key is longer, and its end is what the other order needs.
    #[test]
    fn escapes_at_an_odd_offset() {
        let key = Keys::new(24).live();
        for escaped in [key.replace('_', "\\_"), key.replace('_', "&lowbar;"), key.replace('.', "\\u002e")] {
            for order in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
                for before in ["", "1", "abc"] {
                    let text = [before.as_bytes(), &encode(&escaped, order)].concat();
                    assert_eq!(one_key(&text).range, before.len()..text.len(), "{before:?}");
                }
            }
        }
    }

    #[test]
    fn neighbours_in_the_decoded_text_grade() {
        let key = Keys::new(23).live();
        for order in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
            for text in [format!("s{key}"), format!("{key}A"), format!("{key}_9")] {
                assert_eq!(one_key(&encode(&text, order)).confidence, Confidence::Medium, "{}", &text[..11]);
            }
        }
    }

    /// Either order is told by the offset in the text that base64 makes, as PowerShell's commands are, and where that begins
    /// too far away to tell, the text is little-endian.
    #[test]
    fn in_base64_however_far_from_its_beginning() {
        let key = Keys::new(25).live();
        for (name, order, lengths) in [
            ("utf-16le", u16::to_le_bytes as fn(u16) -> [u8; 2], [0, 1, 50, 383, 384, 385, 700, 770, 3_000]),
            ("utf-16be", u16::to_be_bytes, [0, 1, 2, 3, 50, 383, 384, 385, 700]),
        ] {
            for len in lengths {
                let text = encode(&format!("{}{key} ", " ".repeat(len)), order);
                let found = one_key(data_encoding::BASE64.encode(&text).as_bytes());
                assert_eq!(found.encodings, &["base64", name], "behind {len} characters");
            }
        }
    }
}
