//! Base64 (RFC 4648 sections 4 and 5), both alphabets, on one line or many, a key anywhere in it.
//!
//! Nothing of a key is ever written with the two characters in which the alphabets differ (no ASCII letter, digit, `_`,
//! `.` or `-` makes a group of six bits of 62 or 63), so that they are told apart by what stands around it alone.

use crate::detect::encoding::{Encoding, Form, Place};
use crate::detect::window::{MAX_WALK, Reach, Window};
use crate::key::KEY_LEN;

/// Base64, of which a gzip stream is made text too.
pub const BASE64: Encoding = Encoding {
    name: "base64",
    forms: |text| (0..3).map(|alignment| Form { bytes: inner(text, alignment), kind: alignment }).collect(),
    decode,
    introducers: b"",
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

/// What a text in base64 goes on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A digit of this value, one byte long.
    Digit(u8),
    /// A line break, up to this offset; a digit follows.
    Break(usize),
    /// Nothing: it has ended.
    End,
}

/// What stands at offset `pos` of a text in base64.
pub fn step(haystack: &[u8], pos: usize) -> Step {
    if let Some(value) = haystack.get(pos).copied().and_then(value) {
        return Step::Digit(value);
    }
    match haystack.get(pos..).and_then(|_| break_at(haystack, pos)) {
        Some(line) if haystack.get(line).copied().and_then(value).is_some() => Step::Break(line),
        Some(_) | None => Step::End,
    }
}

/// A digit: its value, and where it stands.
type Digit = (u8, usize);

fn decode(haystack: &[u8], Place { at, kind, skip }: Place, reach: Reach) -> Option<Window<'_>> {
    // Digits and bytes are counted from the start of the group in which the form begins.
    let met = first_digit(kind) + skip;
    let left = Left::new(haystack, at, met, met + digits_of(reach.before));
    // A line that is a key and nothing else is a text of its own.
    let alone =
        (kind == 0 && left.digits.len() == met && left.lines == 0).then(|| (KEY_LEN / 3 * 4).saturating_sub(met));
    let right = right(haystack, at, digits_of(reach.key), digits_of(reach.after), alone);
    let digits: Vec<Digit> = left.digits.iter().rev().copied().chain(right).collect();
    let group = i64::try_from(left.digits.len()).ok()? - i64::try_from(met).ok()?;
    let digit = |number: i64| digits.get(usize::try_from(number + group).ok()?).copied();

    let first = (-group).div_euclid(4) * 3;
    let (mut text, mut origins, mut hit) = (Vec::new(), Vec::new(), None);
    for byte in first.. {
        let start = byte.div_euclid(3) * 4 + byte.rem_euclid(3);
        let (a, b) = match (digit(start), digit(start + 1)) {
            (Some(a), Some(b)) => (a, b),
            // A group whose first digits are missing has its last bytes all the same.
            (None, _) if start + group < 0 => continue,
            (None | Some(_), _) => break,
        };
        if byte == i64::try_from(kind).ok()? {
            hit = Some(text.len());
        }
        text.push(match byte.rem_euclid(3) {
            0 => a.0 << 2 | b.0 >> 4,
            1 => a.0 << 4 | b.0 >> 2,
            _ => a.0 << 6 | b.0,
        });
        origins.push(a.1..b.1 + 1);
    }
    let window = Window::decoded(text, hit?, origins);
    Some(if left.is_doubtful { window.doubtful() } else { window })
}

/// Enough digits for so many bytes, wherever in a group they begin.
fn digits_of(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4 + 4
}

/// What stands before the digit that was met.
struct Left {
    /// The nearest first.
    digits: Vec<Digit>,
    /// How many line breaks are among them.
    lines: usize,
    /// Whether the text may begin somewhere among them.
    is_doubtful: bool,
}

impl Left {
    /// At most `most` digits before offset `at`, of which the first `met` are in the group of the form.
    fn new(haystack: &[u8], at: usize, met: usize, most: usize) -> Left {
        let mut digits: Vec<Digit> = Vec::new();
        let mut pos = at;
        // No text is known to end where the walk is given up.
        let (mut has_end, mut lines) = (false, 0);
        while digits.len() < most && at - pos < MAX_WALK {
            if let Some(line) = break_before(haystack, pos) {
                let is_free = digits.len() < met;
                if !(is_free || joins_back(haystack, line, pos)) {
                    has_end = true;
                    break;
                }
                pos = line;
                lines += 1;
            } else if let Some(value) = pos.checked_sub(1).and_then(|before| value(haystack[before])) {
                pos -= 1;
                digits.push((value, pos));
            } else {
                has_end = true;
                break;
            }
        }
        let mut left = Left { digits, lines, is_doubtful: false };
        if has_end {
            left.begin_at_group(met);
        }
        left
    }

    /// A text begins with a whole group. Where it does not seem to, it is glued to a word by one of the two characters
    /// that are digits too, as in `token_aG9w`, or by nothing at all.
    fn begin_at_group(&mut self, met: usize) {
        if self.digits.len() < met {
            self.is_doubtful = true;
            return;
        }
        // Whatever byte ends in one of the two is neither letter nor digit, so that nothing is lost by beginning behind it.
        if self.digits.get(met).is_some_and(|digit| digit.0 >= 62) {
            self.digits.truncate(met);
        }
        let is_start = |digits: usize| (digits - met).is_multiple_of(4);
        if is_start(self.digits.len()) {
            return;
        }
        let glue = (met..self.digits.len()).find(|&digits| self.digits[digits].0 >= 62 && is_start(digits));
        self.is_doubtful = glue.is_none();
        self.digits.truncate(glue.unwrap_or(met));
    }
}

/// The digits from offset `at` on, at most `most`. Among the first `free` any line break is one inside of the text. A line
/// that ends after `alone` of them ends the text.
fn right(haystack: &[u8], at: usize, free: usize, most: usize, alone: Option<usize>) -> Vec<Digit> {
    let mut digits = Vec::new();
    let (mut pos, mut lines) = (at, 0);
    while digits.len() < most && pos - at < MAX_WALK {
        if let Some(line) = break_at(haystack, pos) {
            let is_free = digits.len() < free && haystack.get(line).copied().and_then(value).is_some();
            let is_alone = lines == 0 && alone == Some(digits.len());
            if is_alone || !(is_free || joins(haystack, pos, line)) {
                break;
            }
            lines += 1;
            pos = line;
        } else if let Some(value) = haystack.get(pos).copied().and_then(value) {
            digits.push((value, pos));
            pos += 1;
        } else {
            break;
        }
    }
    digits
}

/// Where a text ends whose last byte ends at `pos`: behind the padding of its last group, or of those of the text that it
/// encodes, on the same line or the next.
pub fn end_of(haystack: &[u8], mut pos: usize) -> usize {
    /// Two layers of padding, and a digit or two.
    const MOST: usize = 8;
    let is_padding = |byte: &u8| *byte == b'=' || value(*byte).is_some();
    let run = |from: usize| haystack[from..].iter().take(MOST + 1).take_while(|byte| is_padding(byte)).count();
    let mut left = MOST;
    loop {
        let padding = run(pos);
        if padding > left {
            return pos;
        }
        pos += padding;
        left -= padding;
        let Some(line) = break_at(haystack, pos).filter(|line| (1..=left).contains(&run(*line))) else { return pos };
        if !ends_text(haystack.get(line + run(line))) || run(line) > run_to(haystack, pos) {
            return pos;
        }
        pos = line;
    }
}

/// The most bytes of a line's indentation.
const INDENTATION: usize = 256;

/// Where the next line begins behind its indentation, when a line ends at `pos`: by a newline, or by one that is written
/// as an escape.
fn break_at(haystack: &[u8], pos: usize) -> Option<usize> {
    let rest = &haystack[pos..];
    let escaped = |bytes: &[u8], letter: u8| {
        let backslashes = bytes.iter().take(8).take_while(|byte| **byte == b'\\').count();
        (backslashes > 0 && bytes.get(backslashes) == Some(&letter)).then_some(backslashes + 1)
    };
    let len = match rest {
        [b'\n', ..] => 1,
        [b'\r', b'\n', ..] => 2,
        [b'\\', ..] => {
            let carriage = escaped(rest, b'r').unwrap_or(0);
            carriage + escaped(&rest[carriage..], b'n')?
        }
        _ => return None,
    };
    let indentation = rest[len..].iter().take(INDENTATION).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    Some(pos + len + indentation)
}

/// Where the line before ends, when a line begins before `pos`.
fn break_before(haystack: &[u8], pos: usize) -> Option<usize> {
    let before = &haystack[..pos];
    let indentation = before.iter().rev().take(INDENTATION).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let before = &before[..before.len() - indentation];
    let unescaped = |bytes: &[u8], letter: u8| {
        let rest = bytes.strip_suffix(&[letter])?;
        let backslashes = rest.iter().rev().take(8).take_while(|byte| **byte == b'\\').count();
        (backslashes > 0).then(|| rest.len() - backslashes)
    };
    if let Some(rest) = before.strip_suffix(b"\n") {
        return Some(rest.strip_suffix(b"\r").unwrap_or(rest).len());
    }
    let end = unescaped(before, b'n')?;
    Some(unescaped(&before[..end], b'r').unwrap_or(end))
}

/// How many digits stand from `pos` on.
fn run_from(haystack: &[u8], pos: usize) -> usize {
    haystack[pos..].iter().take(MAX_WALK).take_while(|byte| value(**byte).is_some()).count()
}

/// How many digits stand before `pos`, those of an escaped line break not counted.
fn run_to(haystack: &[u8], pos: usize) -> usize {
    let run = haystack[..pos].iter().rev().take(MAX_WALK).take_while(|byte| value(**byte).is_some()).count();
    let is_escaped = haystack[..pos - run].ends_with(b"\\") && haystack[pos - run..pos].starts_with(b"n");
    run - usize::from(is_escaped)
}

/// Whether a text that may end with its line at `end` goes on at `next`: with a line that is no longer, and has nothing
/// else on it.
fn joins(haystack: &[u8], end: usize, next: usize) -> bool {
    let run = run_from(haystack, next);
    let padding = haystack[next + run..].iter().take(3).take_while(|byte| **byte == b'=').count();
    let behind = haystack.get(next + run + padding);
    run > 0 && ends_text(behind) && run <= run_to(haystack, end)
}

/// Whether what stands behind a line of digits shows that there is nothing else on the line.
fn ends_text(behind: Option<&u8>) -> bool {
    matches!(behind, None | Some(b'\r' | b'\n' | b'"' | b'\'' | b'`' | b'\\' | b'<'))
}

/// Whether the line that ends at `end` is of the same text as the one that begins at `next`: it is no shorter, since
/// only the last line of a text is.
fn joins_back(haystack: &[u8], end: usize, next: usize) -> bool {
    run_to(haystack, end) >= run_from(haystack, next).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
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
    fn borders_hold_in_the_decoded_text() {
        let key = Keys::new(53).live();
        for text in [format!("s{key}"), format!("{key}A"), format!("xx s{key} "), format!("{key}_9;")] {
            assert!(keys_in(encode(text.as_bytes()).as_bytes()).is_empty(), "{}", &text[..5]);
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
}
