//! Breaks in markup: what a reader of the text does not see.

use crate::detect::encoding::escape::number;
use crate::detect::encoding::pieces::{Ends, Kind, MAX_MARKUP, add_end, blanks_end, split};
use crate::detect::text::{OTHER, Text};

/// The escape character that begins a control sequence of a terminal: itself, or written out as a program's source, a
/// log, a JSON or an XML text would have it.
pub const ESCAPES: [&str; 13] = [
    "\x1b", "\\x1b", "\\x1B", "\\u001b", "\\u001B", "\\u{1b}", "\\033", "\\e", "\\E", "^[", "&#27;", "&#x1b;", "&#x1B;",
];

/// The names of characters without a width, among the references of HTML.
const NAMES: [&[u8]; 5] = [b"shy;", b"ZeroWidthSpace;", b"zwnj;", b"zwj;", b"NoBreak;"];

/// Whether a character has no width: soft hyphen, zero-width space, non-joiner and joiner, word joiner, zero-width no-break
/// space.
fn is_zero_width(code: u32) -> bool {
    matches!(code, 0xad | 0x200b..=0x200d | 0x2060 | 0xfeff)
}

/// The most bytes that are looked at for what is mostly short: text that is decoded for nothing costs more than looking
/// twice.
const SHORT: usize = 64;

pub fn may_begin(byte: u8) -> bool {
    matches!(byte, b'<' | b'&' | b'{' | b'"' | b'\'' | b'`' | b'\\' | b'^' | b'|' | b' ' | b'\t')
        || matches!(byte, 0x1b | 0xc2 | 0xe2 | 0xef | OTHER)
}

/// Adds the ends of the break at `at`, behind which character `joined` of a key stands: a run of tags, characters without a
/// width, control sequences of a terminal, the frame of a table around a line end, the next event of a terminal's
/// recording, the braces of an expression in JSX.
pub fn ends(text: &mut Text<'_>, at: usize, joined: usize, ends: &mut Ends) {
    let mut pos = at;
    let mut has_tag = false;
    while pos - at < MAX_MARKUP {
        let Some(byte) = text.byte(pos) else { return };
        let is_blank = matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        let len = if is_blank && has_tag { Some(1) } else { part(text, pos, byte) };
        let Some(len) = len else { return };
        has_tag |= byte == b'<';
        pos += len;
        if pos - at <= MAX_MARKUP {
            add_end(text, pos, joined, Kind::Markup, ends);
        }
    }
}

/// The length of what `byte` at `pos` begins.
fn part(text: &mut Text<'_>, pos: usize, byte: u8) -> Option<usize> {
    match byte {
        b'<' => tag(text, pos),
        b'&' | b'\\' => zero_width(text, pos).or_else(|| control(text, pos)),
        0xc2 | 0xef => zero_width(text, pos),
        0xe2 => zero_width(text, pos).or_else(|| frame(text, pos)),
        0x1b | b'^' => control(text, pos),
        b' ' | b'\t' | b'|' => frame(text, pos),
        // What stands for any character outside ASCII.
        OTHER => frame(text, pos).or(Some(1)),
        b'{' | b'"' | b'\'' | b'`' => expression(text, pos).or_else(|| event(text, pos)),
        _ => None,
    }
}

/// The length of the tag or comment at `pos`.
fn tag(text: &mut Text<'_>, pos: usize) -> Option<usize> {
    let first = text.byte(pos + 1)?;
    if !(matches!(first, b'/' | b'!' | b'?') || first.is_ascii_alphabetic()) {
        return None;
    }
    let end = position(text, pos + 1, |byte| matches!(byte, b'<' | b'>'))?;
    (text.byte(pos + 1 + end) == Some(b'>')).then_some(end + 2)
}

/// The length of a character without a width: in UTF-8, as a reference of HTML, or as an escape of JSON.
fn zero_width(text: &mut Text<'_>, pos: usize) -> Option<usize> {
    // Most text that begins like one shows in the second byte that it is none.
    match text.ahead(pos, 2) {
        [b'&', next] if !matches!(next, b'#' | b's' | b'z' | b'Z' | b'N') => return None,
        [b'\\', next] if *next != b'u' => return None,
        _ => {}
    }
    match text.ahead(pos, 17) {
        [0xc2, 0xad, ..] => Some(2),
        [0xe2, 0x80, 0x8b..=0x8d, ..] | [0xe2, 0x81, 0xa0, ..] | [0xef, 0xbb, 0xbf, ..] => Some(3),
        [b'&', b'#', rest @ ..] => {
            let (digits, base) = match rest {
                [b'x' | b'X', digits @ ..] => (digits, 16),
                digits => (digits, 10),
            };
            let (code, len) = number(digits, base, 8)?;
            let is_whole = is_zero_width(code) && digits.get(len) == Some(&b';');
            is_whole.then(|| 2 + rest.len() - digits.len() + len + 1)
        }
        [b'&', name @ ..] => NAMES.iter().find(|known| name.starts_with(known)).map(|known| 1 + known.len()),
        [b'\\', b'u', digits @ ..] => {
            number(digits, 16, 4).filter(|(code, len)| *len == 4 && is_zero_width(*code)).map(|_| 6)
        }
        _ => None,
    }
}

/// The length of a control sequence (ECMA-48 section 5.4) or an operating system command, as links are written with.
fn control(text: &mut Text<'_>, pos: usize) -> Option<usize> {
    let escape = escape(text, pos)?;
    let sequence = pos + escape;
    let len = match text.byte(sequence)? {
        b'[' => {
            let is_parameter = |byte: Option<u8>| matches!(byte, Some(b' '..=b'?'));
            let parameters = (0..SHORT).take_while(|&at| is_parameter(text.byte(sequence + 1 + at))).count();
            text.byte(sequence + 1 + parameters).filter(|byte| matches!(byte, b'@'..=b'~'))?;
            parameters + 2
        }
        b']' => {
            let ends = |byte: &u8| matches!(byte, 0x07 | 0x1b | b'\\' | b'\r' | b'\n');
            let end = position(text, sequence, ends)?;
            let terminator = if text.byte(sequence + end) == Some(0x07) {
                1
            } else {
                let len = self::escape(text, sequence + end)?;
                (text.byte(sequence + end + len) == Some(b'\\')).then_some(len + 1)?
            };
            end + terminator
        }
        _ => return None,
    };
    Some(escape + len)
}

/// The length of the escape character at `pos`.
fn escape(text: &mut Text<'_>, pos: usize) -> Option<usize> {
    /// The length of the longest.
    const LONGEST: usize = 6;
    let first = text.byte(pos)?;
    let is_begun = match first {
        0x1b => return Some(1),
        b'^' => text.byte(pos + 1) == Some(b'['),
        b'&' => text.byte(pos + 1) == Some(b'#'),
        b'\\' => matches!(text.byte(pos + 1), Some(b'x' | b'u' | b'0' | b'e' | b'E')),
        _ => false,
    };
    let bytes = is_begun.then(|| text.ahead(pos, LONGEST))?;
    ESCAPES.iter().find(|form| bytes.starts_with(form.as_bytes())).map(|form| form.len())
}

/// The distance from `pos` of the first byte that is wanted, [`MAX_MARKUP`] at most.
fn position(text: &mut Text<'_>, pos: usize, is_wanted: impl Fn(&u8) -> bool) -> Option<usize> {
    [SHORT / 8, SHORT / 4, SHORT, MAX_MARKUP]
        .into_iter()
        .find_map(|most| text.ahead(pos, most).iter().position(&is_wanted))
}

/// The length of the frame of a table, a line end, and the frame again.
fn frame(text: &mut Text<'_>, pos: usize) -> Option<usize> {
    let first = side(text, pos)?;
    let newline = match text.ahead(first, 2) {
        [b'\n', ..] => 1,
        [b'\r', b'\n'] => 2,
        _ => return None,
    };
    Some(side(text, first + newline)? - pos)
}

/// Where one side of a frame ends, blanks on either side included: a bar of ASCII, light, heavy and double lines of box
/// drawing (U+2502, U+2503, U+2551).
fn side(text: &mut Text<'_>, pos: usize) -> Option<usize> {
    let start = blanks_end(text, pos);
    let len = match text.byte(start)? {
        b'|' | OTHER => 1,
        0xe2 => match text.ahead(start + 1, 2) {
            [0x94, 0x82 | 0x83] | [0x95, 0x91] => 3,
            _ => return None,
        },
        _ => return None,
    };
    Some(blanks_end(text, start + len))
}

/// The length of the end of an event of a terminal's recording (asciicast) and the beginning of the next: `"]`, a line end,
/// `[1.01, "o", "`.
fn event(text: &mut Text<'_>, pos: usize) -> Option<usize> {
    if text.ahead(pos, 2) != b"\"]" {
        return None;
    }
    let bytes = text.ahead(pos + 2, SHORT);
    let space = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let mut rest = bytes.strip_prefix(b",").unwrap_or(bytes);
    rest = rest[space(rest)..].strip_prefix(b"[")?;
    let number = rest.iter().take_while(|byte| matches!(byte, b'0'..=b'9' | b'.' | b' ' | b'e' | b'-')).count();
    rest = rest[number..].strip_prefix(b",")?;
    rest = rest[space(rest)..].strip_prefix(b"\"o\"")?;
    rest = rest[space(rest)..].strip_prefix(b",")?;
    rest = rest[space(rest)..].strip_prefix(b"\"")?;
    Some(2 + bytes.len() - rest.len())
}

/// The length of the beginning or the end of an expression of JSX that is a string.
fn expression(text: &mut Text<'_>, pos: usize) -> Option<usize> {
    match text.ahead(pos, 2) {
        [b'{', quote] | [quote, b'}'] if split::is_quote(*quote) => Some(2),
        _ => None,
    }
}

/// How many of the last bytes are the last letter and the digits of a control sequence, the name of a character without
/// a width, or the kind of a recording's event.
pub fn letters_before(before: &[u8]) -> Option<usize> {
    let from = before.len().saturating_sub(SHORT);
    let bracket = memchr::memrchr(b'[', &before[from..])?;
    let sequence = &before[from + bracket + 1..before.len() - 1];
    let is_sequence = sequence.iter().all(|byte| matches!(byte, b'0'..=b'9' | b';' | b':' | b'?'));
    let escape = ESCAPES.iter().find(|form| before[..from + bracket].ends_with(form.as_bytes()))?;
    is_sequence.then_some(before.len() - from - bracket + escape.len())
}

/// How many of the last bytes are a tag, a character reference or the beginning of a recording's event.
pub fn tag_before(before: &[u8]) -> Option<usize> {
    let first = match before.last()? {
        b'>' => memchr::memrchr(b'<', before)?,
        b';' => memchr::memrchr(b'&', before).filter(|first| before.len() - first <= SHORT)?,
        b'"' if before.ends_with(b"\"o\", \"") => memchr::memrchr(b'[', before)?,
        _ => return None,
    };
    Some(before.len() - first)
}
