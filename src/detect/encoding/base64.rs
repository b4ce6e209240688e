//! Base64 (RFC 4648 sections 4 and 5), both alphabets, on one line or many, a key anywhere in it.
//!
//! Nothing of a key is ever written with the two characters in which the alphabets differ (no ASCII letter, digit, `_`,
//! `.` or `-` makes a group of six bits of 62 or 63), so that either alphabet is read.

mod lines;

use crate::detect::encoding::{Before, Encoding, Form, Place};
use crate::detect::text::{Cursor, Text, Unit};

pub use lines::{Step, end_of, step};
use lines::{break_at, break_before, is_margin, offset_of_line};

/// Base64.
pub const BASE64: Encoding = Encoding {
    name: "base64",
    forms: |text| (0..3).map(|alignment| Form { bytes: inner(text, alignment), kind: alignment }).collect(),
    seek: |text, place, back| seek(text, place, back, None),
    next,
    before: Before::Encoded(retreat),
    introducers: b"",
};

/// Base64 in lines behind a margin: a block of YAML or of PEM in a patch, in a quoted mail, in a comment. `+` and `-` are
/// digits too, so that such lines are read with them first, and without them when that is no key.
pub const IN_MARGIN: Encoding = Encoding {
    seek: |text, place, back| {
        let line = offset_of_line(text, place.at)?;
        let margin = text.byte(line).filter(|byte| is_margin(*byte))?;
        seek(text, place, back, Some(margin))
    },
    ..BASE64
};

/// The alphabet of RFC 4648 section 4, in order of value.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The value of each byte as a digit of either alphabet, or [`NONE`].
static VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < 64 {
        values[ALPHABET[value as usize] as usize] = value;
        value += 1;
    }
    values[b'-' as usize] = 62;
    values[b'_' as usize] = 63;
    values
};
const NONE: u8 = 0xff;

#[inline]
fn value(byte: u8) -> Option<u8> {
    Some(VALUES[usize::from(byte)]).filter(|value| *value != NONE)
}

/// The digits of `text` that do not depend on its neighbours, when `alignment` bytes (0 to 2) of the first group of
/// three stand before it.
fn inner(text: &[u8], alignment: usize) -> Vec<u8> {
    let bits = |i: usize| (text[i / 8] >> (7 - i % 8)) & 1;
    // The first whole digit begins at a multiple of six bits from the start of the group.
    let first = first_digit(alignment) * 6 - alignment * 8;
    let starts = (first..).step_by(6).take_while(|start| start + 6 <= text.len() * 8);
    starts.map(|start| ALPHABET[usize::from((start..start + 6).fold(0, |value, i| value << 1 | bits(i)))]).collect()
}

/// Which digit of a group is the first that `alignment` bytes before have no bit of.
fn first_digit(alignment: usize) -> usize {
    (alignment * 8).div_ceil(6)
}

/// The whole digits of a text that begins with these bytes.
pub fn beginning(bytes: &[u8]) -> Vec<u8> {
    inner(bytes, 0)
}

/// The digits of a group in which its bytes 0, 1 and 2 begin have the same numbers; those of the groups before it are
/// negative.
fn digit_of(byte: isize) -> isize {
    (byte * 4).div_euclid(3)
}

fn seek(text: &mut Text<'_>, place: Place, back: usize, margin: Option<u8>) -> Option<(Cursor, usize)> {
    // Bytes and digits are counted from the start of the group in which the form begins.
    let met = (first_digit(place.kind) + place.skip).cast_signed();
    let first = place.kind.cast_signed();
    let farthest = digit_of(first - back.cast_signed());
    let (mut pos, mut digit) = (place.at, met);
    // The offset of each byte's first digit on the way, the farthest last.
    let mut found = None;
    loop {
        if digit <= digit_of(first) && digit.rem_euclid(4) != 3 {
            found = Some((pos, digit));
        }
        if digit == farthest {
            break;
        }
        let Some(before) = digit_before(text, pos, margin) else { break };
        (pos, digit) = (before, digit - 1);
    }
    let (pos, digit) = found?;
    let byte = digit.div_euclid(4) * 3 + digit.rem_euclid(4);
    let phase = u8::try_from(byte.rem_euclid(3)).ok()?;
    Some((Cursor { pos, phase, margin, ..Cursor::default() }, usize::try_from(first - byte).ok()?))
}

/// The offset of the digit before `pos`, over line breaks.
fn digit_before(text: &mut Text<'_>, pos: usize, margin: Option<u8>) -> Option<usize> {
    let end = break_before(text, pos, margin).unwrap_or(pos);
    let before = end.checked_sub(1)?;
    text.byte(before).and_then(value).map(|_| before)
}

fn next(text: &mut Text<'_>, cursor: &mut Cursor) -> Option<Unit> {
    let (first, start) = match cursor.shared.take() {
        Some(shared) => shared,
        // Behind a key, a line break between two groups ends the text.
        None if cursor.is_behind_key && cursor.phase == 0 && !is_at_digit(text, cursor) => return None,
        None => digit(text, cursor)?,
    };
    let (second, last) = digit(text, cursor)?;
    let byte = match cursor.phase {
        0 => first << 2 | second >> 4,
        1 => first << 4 | second >> 2,
        _ => first << 6 | second,
    };
    cursor.phase = (cursor.phase + 1) % 3;
    cursor.shared = (cursor.phase != 0).then_some((second, last));
    Some(Unit::new(byte, start..last + 1))
}

fn is_at_digit(text: &mut Text<'_>, cursor: &Cursor) -> bool {
    text.byte(cursor.pos).and_then(value).is_some()
}

/// The next digit, over line breaks, and its offset.
#[inline]
fn digit(text: &mut Text<'_>, cursor: &mut Cursor) -> Option<(u8, usize)> {
    let value = match value(text.byte(cursor.pos)?) {
        Some(value) => value,
        None => digit_behind_break(text, cursor)?,
    };
    cursor.pos += 1;
    Some((value, cursor.pos - 1))
}

/// The digit that a line break is before, to which the cursor is moved.
#[cold]
fn digit_behind_break(text: &mut Text<'_>, cursor: &mut Cursor) -> Option<u8> {
    let line = break_at(text, cursor.pos, cursor.margin)?;
    let value = text.byte(line.next).and_then(value)?;
    cursor.pos = line.next;
    Some(value)
}

/// The cursor stands at the first digit of a byte. A line break between two groups may be the start of the text.
fn retreat(text: &mut Text<'_>, cursor: &mut Cursor, most: usize) -> usize {
    let mut count = 0;
    while count < most {
        let digits = if cursor.phase == 0 { 2 } else { 1 };
        let mut pos = cursor.pos;
        if cursor.phase == 0 && break_before(text, pos, cursor.margin).is_some() {
            break;
        }
        for _ in 0..digits {
            let Some(before) = digit_before(text, pos, cursor.margin) else { return count };
            pos = before;
        }
        cursor.pos = pos;
        cursor.phase = (cursor.phase + 2) % 3;
        count += 1;
    }
    count
}

/// Whether the byte `at` of a text that base64 makes is at an even offset of all that is encoded; where that begins too
/// far away to tell, it is not.
pub fn offset_is_even(text: &mut Text<'_>, at: usize) -> bool {
    /// The most digits that are looked at.
    const FAR: usize = 2048;
    let Some(origin) = text.origin(at) else { return false };
    let Some(cursor) = text.top().map(|(_, cursor)| cursor) else { return false };
    // Digit 4 n + r of a text is the first of byte 3 n + r.
    let is_even = |digits: usize| (digits * 3).div_ceil(4).is_multiple_of(2);
    let mut below = text.below();
    let (mut digits, mut pos) = (0, origin);
    while digits < FAR {
        let run = lines::run_to(&mut below, pos);
        (pos, digits) = (pos - run, digits + run);
        match break_before(&mut below, pos, cursor.margin) {
            Some(end) if lines::is_no_shorter(&mut below, end, pos) => pos = end,
            _ if lines::is_long(run) => {}
            Some(_) | None => return is_even(digits),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Confidence;
    use crate::detect::testing::{keys_in, one_key};
    use crate::key::generate::Keys;

    fn encode(bytes: &[u8]) -> String {
        data_encoding::BASE64.encode(bytes)
    }

    #[test]
    fn forms_stand_in_every_encoded_text() {
        let mut rng = fastrand::Rng::with_seed(51);
        for text in ["hopx", "live_", "h\0o\0p\0x"] {
            for alignment in 0..3 {
                let form = inner(text.as_bytes(), alignment);
                assert!(form.len() >= 4);
                for _ in 0..50 {
                    let mut bytes: Vec<u8> = (0..3 + alignment).map(|_| rng.u8(..)).collect();
                    bytes.extend(text.as_bytes());
                    bytes.extend((0..rng.usize(..4)).map(|_| rng.u8(..)));
                    let at = 4 + first_digit(alignment);
                    assert_eq!(encode(&bytes).as_bytes()[at..at + form.len()], form);
                }
            }
        }
    }

    #[test]
    fn exact_span_at_every_alignment() {
        let key = Keys::new(52).live();
        for before in 0..30 {
            for after in 0..4 {
                let text = format!("{}{key}{}", "=".repeat(before), "\n".repeat(after));
                let encoded = encode(text.as_bytes());
                let found = one_key(format!("token: {encoded}\nnext: 1\n").as_bytes());
                let bits = before * 8..(before + key.len()) * 8;
                assert_eq!(found.range, 7 + bits.start / 6..7 + bits.end.div_ceil(6), "{before} {after}");
                assert_eq!(found.encodings, ["base64"]);
            }
        }
    }

    #[test]
    fn neighbours_in_the_decoded_text_grade() {
        let key = Keys::new(53).live();
        for text in [format!("s{key}"), format!("{key}A"), format!("xx s{key} "), format!("{key}_9;")] {
            assert_eq!(one_key(encode(text.as_bytes()).as_bytes()).confidence, Confidence::Medium, "{}", &text[..5]);
        }
        for text in [format!("xx \\n{key}\n"), format!("a%3D{key};"), format!("{key}__;")] {
            assert_eq!(one_key(encode(text.as_bytes()).as_bytes()).confidence, Confidence::High, "{}", &text[..5]);
        }
    }

    /// Every way in which one line ends and the next begins, at every column.
    #[test]
    fn in_lines_and_literals() {
        let key = Keys::new(55).live();
        let breaks = ["\n", "\r\n", "\\n", "\\r\\n", "&#10;", "&#xA;", "&#13;&#10;", "%0A", "%0d%0a", "\n    ", "\n\t"];
        let joints = ["\" + \"", "\"\n    \"", "' +\n        '", "\", \"", "\" .\r\n \""];
        for (gap, names) in breaks
            .map(|gap| (gap, &["base64"][..]))
            .into_iter()
            .chain(joints.map(|gap| (gap, &["split", "base64"][..])))
        {
            for before in 0..3 {
                let encoded = encode(format!("{}{key}\"}}", "=".repeat(before)).as_bytes());
                for column in 1..90 {
                    let text = format!("\"{}{gap}{}\"\n", &encoded[..column], &encoded[column..]);
                    let found = keys_in(text.as_bytes());
                    assert_eq!(found.len(), 1, "{gap:?} at {column}, {before} before");
                    // A break before the key or behind it is none in it.
                    let names = if found[0].encodings.len() < names.len() { &["base64"] } else { names };
                    assert_eq!(found[0].encodings, names, "{gap:?} at {column}");
                }
            }
        }
    }

    /// Only a line break between two groups ends the text behind a key.
    #[test]
    fn a_line_break_in_the_next_character() {
        let encoded = encode(format!("{}A", Keys::new(56).live()).as_bytes());
        for (at, confidence) in [(88, Confidence::High), (89, Confidence::Medium)] {
            let text = format!("{}\n{}", &encoded[..at], &encoded[at..]);
            assert_eq!(one_key(text.as_bytes()).confidence, confidence, "at {at}");
        }
    }

    /// Of two layers too, sixteen characters before a key are looked at.
    #[test]
    fn neighbours_below_two_layers_grade() {
        let key = Keys::new(57).live();
        let utf16 = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        for (before, confidence) in [
            ("abc", Confidence::Medium),
            ("\\u0022", Confidence::High),
            ("text \\u001b[1;36m", Confidence::High),
            ("\\u0041", Confidence::Medium),
        ] {
            let text = format!("{}{before}{key}", " ".repeat(30));
            for below in [encode(text.as_bytes()).into_bytes(), utf16(&text)] {
                assert_eq!(one_key(encode(&below).as_bytes()).confidence, confidence, "{before}");
            }
        }
    }

    #[test]
    fn a_text_may_be_glued_to_what_is_no_part_of_it() {
        let key = Keys::new(54).live();
        let encoded = encode(key.as_bytes());
        for before in ["EOF\n", "my_", "my-secret-", "x", "ab", "abc", "word\n  ", "key: |\n  ", "a=", "/"] {
            for after in ["", "\n", "\nother: 1", "\nother\n", "\n-----END", ",", "\"", "==", "\\n\""] {
                assert_eq!(keys_in(format!("{before}{encoded}{after}").as_bytes()).len(), 1, "{before:?} {after:?}");
            }
        }
    }

    /// A text in base64, in lines of so many digits behind a margin.
    fn lines(text: &str, width: usize, margin: &str) -> String {
        let encoded = data_encoding::BASE64.encode(text.as_bytes());
        let lines = encoded.as_bytes().chunks(width).map(|line| String::from_utf8_lossy(line).into_owned());
        lines.flat_map(|line| [margin.to_owned(), line, "\n".to_owned()]).collect()
    }

    #[test]
    fn behind_every_margin_at_every_column() {
        let key = Keys::new(61).live();
        for margin in ["+", "-", "+    ", "-\t", "> ", ">", "# ", "#"] {
            for width in [16, 60, 64, 76] {
                for before in 0..width {
                    let text = format!("{}={key}\nREGION=eu\nand more lines\n", "k".repeat(before));
                    let patch = format!("@@ -0,0 +1,9 @@\n{margin}data: |\n{} context\n", lines(&text, width, margin));
                    let found = one_key(patch.as_bytes());
                    assert_eq!((found.encodings.as_slice(), found.confidence), (&["base64"][..], Confidence::High));
                    let first = &patch[found.range.start..];
                    assert!(
                        first.len() > 88 && !first.starts_with(['+', '-', '>', '#', ' ', '\n']),
                        "{margin:?} {before}"
                    );
                }
            }
        }
    }
}
