//! UTF-16 (RFC 2781) in either byte order, with or without a byte order mark: what Windows tools write.
//!
//! One decoded byte stands for one 16-bit unit: ASCII as it is, anything else as [`OTHER`], which borders let pass as
//! they do all text outside ASCII. A NUL unit is a NUL, so the test for binary data sees the text and not its padding.

use crate::detect::encoding::{Encoding, Form, Place};
use crate::detect::tokens::OTHER;
use crate::detect::window::{MAX_WALK, Reach, Window};
use crate::key::KEY_LEN;

pub const LITTLE_ENDIAN: Encoding = Encoding {
    name: "utf-16le",
    forms,
    decode: |haystack, Place { at, .. }, reach| {
        let big = at > 0 && reads_both_ways(haystack, at - 1) && (at - 1).is_multiple_of(2);
        (!big).then(|| decode(haystack, at, reach, u16::from_le_bytes))
    },
    introducers: b"",
};

pub const BIG_ENDIAN: Encoding = Encoding {
    name: "utf-16be",
    forms,
    decode: |haystack, Place { at, .. }, reach| {
        let start = at.checked_sub(1)?;
        let little = reads_both_ways(haystack, start) && !start.is_multiple_of(2);
        (!little).then(|| decode(haystack, start, reach, u16::from_be_bytes))
    },
    introducers: b"",
};

/// Both orders have the same form, which begins and ends with a letter.
fn forms(text: &[u8]) -> Vec<Form> {
    let mut bytes: Vec<u8> = text.iter().flat_map(|&byte| [byte, 0]).collect();
    bytes.pop();
    Form::only(bytes)
}

fn decode(haystack: &[u8], at: usize, reach: Reach, unit: fn([u8; 2]) -> u16) -> Window<'_> {
    let before = reach.before.min(at / 2).min(MAX_WALK / 2);
    let after = reach.after.min((haystack.len() - at) / 2).min(MAX_WALK / 2);
    let (start, end) = (at - 2 * before, at + 2 * after);
    let (units, _) = haystack[start..end].as_chunks::<2>();
    let text = units
        .iter()
        .map(|&bytes| match u8::try_from(unit(bytes)) {
            Ok(byte) if byte.is_ascii() => byte,
            _ => OTHER,
        })
        .collect();
    Window::decoded(text, before, (start..end).step_by(2).map(|unit| unit..unit + 2).collect())
}

/// Whether a key that starts at `at` in big-endian order is one in little-endian order too, a byte later. `\0 h \0 o …
/// x \0` is both; the units of a text start at even offsets, so the parity of `at` decides. (Haystacks that are windows
/// of a file start at an even offset of it.)
fn reads_both_ways(haystack: &[u8], at: usize) -> bool {
    haystack[at] == 0 && haystack.get(at + 2 * KEY_LEN) == Some(&0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Confidence;
    use crate::detect::testing::{keys_in, one_key};
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

    #[test]
    fn borders_hold_in_the_decoded_text() {
        let key = Keys::new(23).live();
        for order in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
            for text in [format!("s{key}"), format!("{key}A"), format!("{key}_9")] {
                assert!(keys_in(&encode(&text, order)).is_empty(), "{}", &text[..11]);
            }
            // A NUL character nearby is binary data: no borders.
            let found = one_key(&encode(&format!("\0s{key}A"), order));
            assert_eq!(found.confidence, Confidence::Medium);
        }
    }
}
