//! Borders: what may stand right before and right after a key in text.
//!
//! A key glued to a word is part of something else: `shopx_live_...` is another vendor's, a 44th character makes a
//! longer secret. ASCII classes only: Chinese, Arabic or any other non-ASCII text may touch a key on either side.
//! In binary data borders are not asked for; [`detect`](crate::detect) decides which it is.

/// How far a border looks, in decoded bytes: a run of `-` and `_` after a key, or of digits before one, is followed
/// this far and no further, so that a key is judged alike in a whole file and in a window of a stream.
pub const REACH: usize = 4096;

/// Whether a key may start at `text[start]`.
///
/// The byte before must not be alphanumeric, unless it ends an escape: `\n \t \r \f \b \v \0`, `\uXXXX`, `\xHH`,
/// `\ooo`, `%HH`, `=HH`, or an ANSI colour sequence.
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

/// Whether the last byte, an alphanumeric, belongs to an escape.
fn ends_escape(before: &[u8]) -> bool {
    let tail = |n: usize| before.len().checked_sub(n).map(|from| &before[from..]);
    let hex = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    let octal = |digits: &[u8]| digits.iter().all(|digit| matches!(digit, b'0'..=b'7'));
    matches!(tail(2), Some([b'\\', b'n' | b't' | b'r' | b'f' | b'b' | b'v' | b'0']))
        || matches!(tail(3), Some([b'%' | b'=', digits @ ..]) if hex(digits))
        || matches!(tail(4), Some([b'\\', b'x', digits @ ..]) if hex(digits))
        || matches!(tail(4), Some([b'\\', digits @ ..]) if octal(digits))
        || matches!(tail(6), Some([b'\\', b'u', digits @ ..]) if hex(digits))
        || ends_colour(before)
}

/// Whether the text ends in an ANSI colour sequence (ECMA-48 8.3.117, SGR): `ESC [ parameters m`, with the escape
/// character itself or written out as a program's source, a log or a JSON text would have it.
fn ends_colour(before: &[u8]) -> bool {
    const ESCAPES: [&[u8]; 10] =
        [b"\x1b", b"\\x1b", b"\\x1B", b"\\u001b", b"\\u001B", b"\\u{1b}", b"\\033", b"\\e", b"\\E", b"^["];
    let Some(parameters) = before.strip_suffix(b"m") else { return false };
    let kept = parameters.iter().rposition(|byte| !matches!(byte, b'0'..=b'9' | b';' | b':'));
    let Some(sequence) = kept.map(|last| &parameters[..=last]) else { return false };
    sequence.strip_suffix(b"[").is_some_and(|escape| ESCAPES.iter().any(|form| escape.ends_with(form)))
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
    fn left_of_a_key() {
        for open in ["", " ", "\"", "=", "_", "-", ".", "@", ":", "/", "键", "é", "\u{7f}", "Bearer "] {
            assert!(left(open), "{open:?}");
        }
        for closed in
            ["s", "S", "9", "Echo", "text n", "nn", "u0022", "x0a", "%3", "%zz", "=3", "=G0", "\\uD83", "36m", "[36m"]
        {
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
    fn left_colours() {
        for escape in ["\x1b", "\\x1b", "\\x1B", "\\u001b", "\\u001B", "\\u{1b}", "\\033", "\\e", "\\E", "^["] {
            for colour in ["[m", "[36m", "[1;31m", "[38:5:208m"] {
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
