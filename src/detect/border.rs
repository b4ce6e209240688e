//! Borders: what may stand right before and right after a key in text.
//!
//! A key glued to a word is part of something else: `shopx_live_...` is another vendor's, a 44th character makes a
//! longer secret. ASCII classes only: Chinese, Arabic or any other non-ASCII text may touch a key on either side.
//! In binary data borders are not asked for; [`detect`](crate::detect) decides which it is.

use crate::detect::tokens::OTHER;

/// How far a border looks, in decoded bytes: a run of `-` and `_` after a key, or of digits before one, is followed
/// this far and no further, so that a key is judged alike in a whole file and in a window of a stream.
pub const REACH: usize = 4096;

/// The letters that end an escape right before a key, behind a backslash.
pub const ESCAPED: &[u8] = b"ntrfbv0";

/// What ends a control sequence that comes right before text on a terminal: a colour (`m`); what grep writes behind each
/// colour, and progress bars before each line, to erase what was there (`K`, `J`) or go to its start (`G`, `H`).
pub const CONTROL_ENDS: &[u8] = b"mKJGH";

/// The escape character that begins a control sequence: itself, or written out as a program's source, a log or a JSON
/// text would have it.
pub const CONTROL_ESCAPES: [&str; 10] =
    ["\x1b", "\\x1b", "\\x1B", "\\u001b", "\\u001B", "\\u{1b}", "\\033", "\\e", "\\E", "^["];

/// Whether a key may start at `text[start]`.
///
/// The byte before must not be alphanumeric, unless it ends an escape: `\n \t \r \f \b \v \0`, `\uXXXX`, `\xHH`,
/// `\ooo`, `%HH`, `=HH`, or a terminal's control sequence.
pub fn open_left(text: &[u8], start: usize) -> bool {
    let before = &text[start.saturating_sub(REACH)..start];
    match before.last() {
        Some(byte) if byte.is_ascii_alphanumeric() => ends_escape(before),
        _ => true,
    }
}

/// Whether a key may end before `text[end]`: what follows is not `[-_]*[0-9A-Za-z]`. So `_key_`, `key=`, `key.` and
/// `key"` pass, and a 44th character fails.
pub fn open_right(text: &[u8], end: usize) -> bool {
    let after = &text[end..text.len().min(end + REACH)];
    let next = after.iter().find(|byte| !matches!(byte, b'-' | b'_'));
    !next.is_some_and(u8::is_ascii_alphanumeric)
}

/// Which side of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Before it.
    Left,
    /// After it.
    Right,
}

/// Whether the bytes nearest to a key read as text: what stands beside an encoded text and is decoded along with it does
/// not. The chance that 12 random bytes do is below 1e-4.
pub fn is_text(beside: &[u8], side: Side) -> bool {
    const NEAR: usize = 12;
    let len = beside.len().min(NEAR);
    let near = match side {
        Side::Left => &beside[beside.len() - len..],
        Side::Right => &beside[..len],
    };
    // What stands for a character outside ASCII, as in UTF-16, is one.
    let near: Vec<u8> = near.iter().map(|byte| if *byte == OTHER { b'?' } else { *byte }).collect();
    let is_control = |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x1b);
    // The outer end may be in the middle of a character.
    let cut = match side {
        Side::Left => near.iter().take(3).take_while(|byte| **byte & 0xc0 == 0x80).count(),
        Side::Right => 0,
    };
    let is_valid = match std::str::from_utf8(&near[cut..]) {
        Ok(_) => true,
        Err(error) => side == Side::Right && error.error_len().is_none(),
    };
    is_valid && !near.iter().any(is_control)
}

/// Whether the last byte, an alphanumeric, belongs to an escape.
fn ends_escape(before: &[u8]) -> bool {
    let tail = |n: usize| before.len().checked_sub(n).map(|from| &before[from..]);
    let hex = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    let octal = |digits: &[u8]| digits.iter().all(|digit| matches!(digit, b'0'..=b'7'));
    matches!(tail(2), Some([b'\\', letter]) if ESCAPED.contains(letter))
        || matches!(tail(3), Some([b'%' | b'=', digits @ ..]) if hex(digits))
        || matches!(tail(4), Some([b'\\', b'x', digits @ ..]) if hex(digits))
        || matches!(tail(4), Some([b'\\', digits @ ..]) if octal(digits))
        || matches!(tail(6), Some([b'\\', b'u', digits @ ..]) if hex(digits))
        || ends_control(before)
}

/// Whether the text ends in a control sequence (ECMA-48 section 8.3): `ESC [ parameters` and a letter of
/// [`CONTROL_ENDS`].
fn ends_control(before: &[u8]) -> bool {
    let Some((end, parameters)) = before.split_last() else { return false };
    if !CONTROL_ENDS.contains(end) {
        return false;
    }
    let kept = parameters.iter().rposition(|byte| !matches!(byte, b'0'..=b'9' | b';' | b':'));
    let Some(sequence) = kept.map(|last| &parameters[..=last]) else { return false };
    sequence
        .strip_suffix(b"[")
        .is_some_and(|escape| CONTROL_ESCAPES.iter().any(|form| escape.ends_with(form.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(before: &str) -> bool {
        open_left(before.as_bytes(), before.len())
    }

    fn right(after: &str) -> bool {
        open_right(after.as_bytes(), 0)
    }

    #[test]
    fn text_and_what_is_none() {
        for text in ["", "key = \"", "naïve é", "\u{1b}[0m\r\n\t", "键键键键"] {
            assert!(is_text(text.as_bytes(), Side::Left) && is_text(text.as_bytes(), Side::Right), "{text}");
        }
        assert!(is_text(b"caf\xff = '", Side::Left), "as decoders write what is not ASCII");
        assert!(
            is_text("éééééé1".as_bytes(), Side::Left) && is_text("1éééééé".as_bytes(), Side::Right),
            "cut within one"
        );
        for noise in [&b"ab\x01cd"[..], b"\xe9abc", b"abc\x80\x81def", b"\x7f", b"a\0b"] {
            assert!(!is_text(noise, Side::Left) && !is_text(noise, Side::Right), "{noise:?}");
        }
    }

    #[test]
    fn left_of_a_key() {
        for open in ["", " ", "\"", "=", "_", "-", ".", "@", ":", "/", "键", "é", "\u{7f}", "Bearer "] {
            assert!(left(open), "{open:?}");
        }
        for closed in [
            "s", "S", "9", "Echo", "text n", "nn", "u0022", "x0a", "%3", "%zz", "=3", "=G0", "\\uD83", "36m", "[36m",
            "K", "[K",
        ] {
            assert!(!left(closed), "{closed:?}");
        }
    }

    #[test]
    fn left_escapes() {
        for escape in ["\\n", "\\t", "\\r", "\\f", "\\b", "\\v", "\\0"] {
            assert!(left(escape) && left(&format!("text{escape}")), "{escape}");
        }
        for escape in ["\\u0022", "\\uD83D", "\\x0a", "\\x3D", "\\012", "\\377", "%3D", "%0a", "=3D", "=0A"] {
            assert!(left(escape) && left(&format!("text{escape}")), "{escape}");
        }
        for unknown in ["\\a", "\\z", "\\1", "\\u022", "\\xg0", "\\912", "\\989"] {
            assert!(!left(unknown), "{unknown}");
        }
    }

    #[test]
    fn left_control_sequences() {
        for escape in ["\x1b", "\\x1b", "\\x1B", "\\u001b", "\\u001B", "\\u{1b}", "\\033", "\\e", "\\E", "^["] {
            for colour in ["[m", "[36m", "[1;31m", "[38:5:208m", "[K", "[2K", "[01;31m\x1b[K", "[J", "[1G", "[1;1H"] {
                assert!(left(&format!("text{escape}{colour}")), "{escape}{colour}");
            }
            assert!(!left(&format!("{escape}[36x")), "{escape}");
        }
    }

    #[test]
    fn right_of_a_key() {
        for open in ["", "_", "__", "-", "=", ".", ".extra", "\"", "*", "_ a", "\\nmore", "%26", "键", "\u{1b}[0m"] {
            assert!(right(open), "{open:?}");
        }
        for closed in ["A", "9", "z", "-A", "_9", "__-z", "----------a"] {
            assert!(!right(closed), "{closed:?}");
        }
        assert!(!right(&format!("{}a", "-".repeat(REACH - 1))));
        assert!(right(&format!("{}a", "-".repeat(REACH))));
    }
}
