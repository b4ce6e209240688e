//! How sure a finding is: what stands right before and right after a key.
//!
//! Neighbours never hide a key, they grade it: one that is glued to a letter may be a part of a longer token, or stand in
//! a table of strings without an end, behind the length that a serialiser wrote, or behind what is left of a colour.
//! ASCII classes only: Chinese, Arabic or any other non-ASCII text may touch a key on either side.

use crate::detect::encoding::pieces::ESCAPES;

/// How far neighbours are looked at, in decoded bytes on either side.
pub const REACH: usize = 16;

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Neither neighbour goes on with what keys are made of.
    High,
    /// The key is part of a longer token, or was put together from pieces.
    Medium,
}

impl Confidence {
    /// Every confidence, the highest first.
    pub const ALL: [Confidence; 2] = [Confidence::High, Confidence::Medium];

    /// The name in reports.
    pub fn id(self) -> &'static str {
        match self {
            Confidence::High => "high",
            Confidence::Medium => "medium",
        }
    }

    /// The confidence with this name.
    pub fn from_id(id: &str) -> Option<Confidence> {
        Confidence::ALL.into_iter().find(|confidence| confidence.id() == id)
    }
}

/// Whether a key may start behind these bytes, of which the last [`REACH`] count: the last one is no letter and no digit, or
/// ends an escape: `\n \t \r \f \b \v \0`, `\uXXXX`, `\xHH`, `\ooo`, `%HH`, `=HH`, or a terminal's control sequence.
pub fn is_open_left(before: &[u8]) -> bool {
    let before = &before[before.len().saturating_sub(REACH)..];
    match before.last() {
        Some(byte) if byte.is_ascii_alphanumeric() => ends_escape(before),
        _ => true,
    }
}

/// Whether a key may end before these bytes, of which the first [`REACH`] count: they are not `[-_]*[0-9A-Za-z]`. So
/// `_key_`, `key=`, `key.` and `key"` pass, and a 44th character fails.
pub fn is_open_right(after: &[u8]) -> bool {
    let next = after.iter().take(REACH).find(|byte| !matches!(byte, b'-' | b'_'));
    !next.is_some_and(u8::is_ascii_alphanumeric)
}

/// Whether the last byte, an alphanumeric, belongs to an escape of something else.
fn ends_escape(before: &[u8]) -> bool {
    let tail = |n: usize| before.len().checked_sub(n).map(|from| &before[from..]);
    // Digits of an escape that stands for no letter and no digit.
    let stands_for_other = |digits: &[u8], base: u32| {
        let digit = |byte: &u8| char::from(*byte).to_digit(base);
        let code = digits.iter().try_fold(0, |code, byte| Some(code * base + digit(byte)?));
        code.is_some_and(|code| !char::from_u32(code).is_some_and(|c| c.is_ascii_alphanumeric()))
    };
    matches!(tail(2), Some([b'\\', b'n' | b't' | b'r' | b'f' | b'b' | b'v' | b'0']))
        || matches!(tail(3), Some([b'%' | b'=', digits @ ..]) if stands_for_other(digits, 16))
        || matches!(tail(4), Some([b'\\', b'x', digits @ ..]) if stands_for_other(digits, 16))
        || matches!(tail(4), Some([b'\\', digits @ ..]) if stands_for_other(digits, 8))
        || matches!(tail(6), Some([b'\\', b'u', digits @ ..]) if stands_for_other(digits, 16))
        || ends_control(before)
}

/// Whether the text ends in a control sequence (ECMA-48 section 5.4): `ESC [`, parameters and a letter.
fn ends_control(before: &[u8]) -> bool {
    let Some((last, parameters)) = before.split_last() else { return false };
    if !last.is_ascii_alphabetic() {
        return false;
    }
    let kept = parameters.iter().rposition(|byte| !matches!(byte, b'0'..=b'9' | b';' | b':' | b'?'));
    let sequence = kept.and_then(|last| parameters[..=last].strip_suffix(b"["));
    sequence.is_some_and(|escape| ESCAPES.iter().any(|form| escape.ends_with(form.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn left_of_a_key() {
        for open in ["", " ", "\"", "=", "_", "-", ".", "@", ":", "/", "键", "é", "\u{7f}", "Bearer "] {
            assert!(is_open_left(open.as_bytes()), "{open:?}");
        }
        for closed in [
            "s", "S", "9", "Echo", "text n", "nn", "u0022", "x0a", "%3", "%zz", "%41", "=3", "=G0", "=41", "\\u0041",
            "\\x61", "\\060", "36m", "[36m", "K", "[K", "%+5", "=+9", "\\x+9", "\\u+005", "\x1b[365", "\x1b[1;3",
        ] {
            assert!(!is_open_left(closed.as_bytes()), "{closed:?}");
        }
    }

    #[test]
    fn left_escapes() {
        for escape in ["\\n", "\\t", "\\r", "\\f", "\\b", "\\v", "\\0"] {
            assert!(is_open_left(format!("text{escape}").as_bytes()), "{escape}");
        }
        for escape in ["\\u0022", "\\uD83D", "\\x0a", "\\x3D", "\\012", "\\377", "%3D", "%0a", "=3D", "=0A"] {
            assert!(is_open_left(escape.as_bytes()) && is_open_left(format!("text{escape}").as_bytes()), "{escape}");
        }
        for unknown in ["\\a", "\\z", "\\1", "\\u022", "\\xg0", "\\912", "\\989"] {
            assert!(!is_open_left(unknown.as_bytes()), "{unknown}");
        }
    }

    #[test]
    fn left_control_sequences() {
        for escape in ESCAPES {
            for colour in ["[m", "[36m", "[1;31m", "[38:5:208m", "[K", "[2K", "[J", "[1G", "[1;1H", "[5C"] {
                let text = format!("text{escape}{colour}");
                assert_eq!(is_open_left(text.as_bytes()), escape.len() + colour.len() <= REACH, "{text}");
            }
        }
    }

    #[test]
    fn right_of_a_key() {
        for open in ["", "_", "__", "-", "=", ".", ".extra", "\"", "*", "_ a", "\\nmore", "%26", "键", "\u{1b}[0m"] {
            assert!(is_open_right(open.as_bytes()), "{open:?}");
        }
        for closed in ["A", "9", "z", "-A", "_9", "__-z", "----------a"] {
            assert!(!is_open_right(closed.as_bytes()), "{closed:?}");
        }
        assert!(!is_open_right(format!("{}a", "-".repeat(REACH - 1)).as_bytes()));
        assert!(is_open_right(format!("{}a", "-".repeat(REACH)).as_bytes()));
    }
}
