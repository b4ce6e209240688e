//! Breaks in markup: what a reader of the text does not see.

use crate::detect::encoding::pieces::{Ends, Kind, MAX_MARKUP, add_end, split};
use crate::detect::text::{OTHER, Text};

/// The escape character that begins a control sequence of a terminal: itself, or written out as a program's source, a
/// log, a JSON or an XML text would have it.
pub const ESCAPES: [&str; 13] = [
    "\x1b", "\\x1b", "\\x1B", "\\u001b", "\\u001B", "\\u{1b}", "\\033", "\\e", "\\E", "^[", "&#27;", "&#x1b;", "&#x1B;",
];

/// Characters without a width: soft hyphen (U+00AD), zero-width space, non-joiner and joiner (U+200B to U+200D), word
/// joiner (U+2060), zero-width no-break space (U+FEFF). In UTF-8, as references of HTML, and as escapes of JSON.
const ZERO_WIDTH: [&[u8]; 32] = [
    b"\xc2\xad",
    b"\xe2\x80\x8b",
    b"\xe2\x80\x8c",
    b"\xe2\x80\x8d",
    b"\xe2\x81\xa0",
    b"\xef\xbb\xbf",
    b"&shy;",
    b"&#173;",
    b"&#xad;",
    b"&#xAD;",
    b"&#8203;",
    b"&#8204;",
    b"&#8205;",
    b"&#8288;",
    b"&#65279;",
    b"&#x200b;",
    b"&#x200B;",
    b"&#x200c;",
    b"&#x200C;",
    b"&#x200d;",
    b"&#x200D;",
    b"&#x2060;",
    b"&#xfeff;",
    b"&#xFEFF;",
    b"&ZeroWidthSpace;",
    b"&zwnj;",
    b"&zwj;",
    b"&NoBreak;",
    b"\\u00ad",
    b"\\u200b",
    b"\\u200B",
    b"\\u2060",
];

/// What frames the cells of a table: a bar of ASCII, light, heavy and double lines of box drawing (U+2502, U+2503, U+2551).
const FRAMES: [&[u8]; 5] = [b"|", b"\xe2\x94\x82", b"\xe2\x94\x83", b"\xe2\x95\x91", &[OTHER]];

/// The most bytes of any of these but for tags.
const LONGEST: usize = 64;

pub fn may_begin(byte: u8) -> bool {
    matches!(byte, b'<' | b'&' | b'{' | b'}' | b'"' | b'\'' | b'`' | b'\\' | b'^' | b'|' | b' ' | b'\t')
        || matches!(byte, 0x1b | 0xc2 | 0xe2 | 0xef | OTHER)
}

/// Adds the ends of the break at `at`, behind which character `joined` of a key stands: a run of tags, characters without a
/// width, control sequences of a terminal, the frame of a table around a line end, the next event of a terminal's
/// recording.
pub fn ends(text: &mut Text<'_>, at: usize, joined: usize, ends: &mut Ends) {
    let mut pos = at;
    let mut is_tag = false;
    while pos - at < MAX_MARKUP {
        let Some(byte) = text.byte(pos) else { return };
        let part = match byte {
            b'<' => tag(text, pos),
            b' ' | b'\t' | b'\r' | b'\n' if is_tag => Some(1),
            _ if may_begin(byte) => {
                // What is decoded is decoded for this alone.
                let most = if text.depth() == 0 { MAX_MARKUP } else { 2 * LONGEST };
                small(text.ahead(pos, most))
            }
            _ => None,
        };
        let Some(len) = part else { return };
        is_tag |= byte == b'<';
        pos += len;
        if pos - at <= MAX_MARKUP {
            add_end(text, pos, joined, Kind::Markup, ends);
        }
    }
}

/// The length of the tag or comment at `pos`.
fn tag(text: &mut Text<'_>, pos: usize) -> Option<usize> {
    let first = text.byte(pos + 1)?;
    if !(matches!(first, b'/' | b'!' | b'?') || first.is_ascii_alphabetic()) {
        return None;
    }
    // Most tags are short, and text that is decoded for nothing costs more than looking twice.
    [2 * LONGEST, MAX_MARKUP].into_iter().find_map(|most| {
        let bytes = text.ahead(pos + 1, most);
        let end = memchr::memchr2(b'<', b'>', bytes)?;
        (bytes[end] == b'>').then_some(end + 2)
    })
}

/// The length of what the bytes begin with, of all but tags.
fn small(bytes: &[u8]) -> Option<usize> {
    zero_width(bytes)
        .or_else(|| control(bytes))
        .or_else(|| frame(bytes))
        .or_else(|| event(bytes))
        .or_else(|| expression(bytes))
}

fn zero_width(bytes: &[u8]) -> Option<usize> {
    match bytes.first()? {
        &OTHER => Some(1),
        _ => ZERO_WIDTH.iter().find(|form| bytes.starts_with(form)).map(|form| form.len()),
    }
}

/// A control sequence (ECMA-48 section 5.4) or an operating system command, as links are written with.
fn control(bytes: &[u8]) -> Option<usize> {
    let escape = ESCAPES.iter().find(|form| bytes.starts_with(form.as_bytes()))?;
    let rest = &bytes[escape.len()..];
    let len = match rest.first()? {
        b'[' => {
            let parameters = rest[1..].iter().take(LONGEST).take_while(|byte| matches!(byte, b' '..=b'?')).count();
            rest.get(1 + parameters).filter(|byte| matches!(byte, b'@'..=b'~'))?;
            parameters + 2
        }
        b']' => {
            let end = rest.iter().position(|byte| matches!(byte, 0x07 | 0x1b | b'\\'))?;
            let terminator = match &rest[end..] {
                [0x07, ..] => 1,
                [0x1b, b'\\', ..] => 2,
                more => ESCAPES.iter().find_map(|form| {
                    more.strip_prefix(form.as_bytes())?.strip_prefix(b"\\")?;
                    Some(form.len() + 1)
                })?,
            };
            end + terminator
        }
        _ => return None,
    };
    Some(escape.len() + len)
}

/// How many of the bytes are blanks.
fn blanks(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// The frame of a table, a line end, and the frame again.
fn frame(bytes: &[u8]) -> Option<usize> {
    let side = |bytes: &[u8]| -> Option<usize> {
        let before = blanks(bytes);
        let frame = FRAMES.iter().find(|frame| bytes[before..].starts_with(frame))?;
        let end = before + frame.len();
        Some(end + blanks(&bytes[end..]))
    };
    let first = side(bytes)?;
    let newline = match &bytes[first..] {
        [b'\n', ..] => 1,
        [b'\r', b'\n', ..] => 2,
        _ => return None,
    };
    Some(first + newline + side(&bytes[first + newline..])?)
}

/// The end of an event of a terminal's recording (asciicast) and the beginning of the next: `"]`, a line end,
/// `[1.01, "o", "`.
fn event(bytes: &[u8]) -> Option<usize> {
    const ENDS: [&[u8]; 4] = [b"\"]\n", b"\"]\r\n", b"\"],\n", b"\"],\r\n"];
    let space = |bytes: &[u8]| bytes.iter().take(LONGEST).take_while(|byte| byte.is_ascii_whitespace()).count();
    let mut rest = ENDS.iter().find_map(|end| bytes.strip_prefix(*end))?;
    rest = rest[space(rest)..].strip_prefix(b"[")?;
    let number = rest.iter().take(LONGEST).take_while(|byte| matches!(byte, b'0'..=b'9' | b'.' | b' ' | b'e' | b'-'));
    rest = &rest[number.count()..];
    for part in [&b","[..], b"\"o\"", b",", b"\""] {
        rest = rest.strip_prefix(part)?;
        rest = if part == b"\"" { rest } else { &rest[space(rest)..] };
    }
    Some(bytes.len() - rest.len())
}

/// The beginning or the end of an expression of JSX that is a string.
fn expression(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b'{', quote, ..] | [quote, b'}', ..] if split::is_quote(*quote) => Some(2),
        _ => None,
    }
}

/// How many of the last bytes are the last letter and the digits of a control sequence, the name of a character without
/// a width, or the kind of a recording's event.
pub fn letters_before(before: &[u8]) -> Option<usize> {
    let from = before.len().saturating_sub(LONGEST);
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
        b';' => memchr::memrchr(b'&', before).filter(|first| before.len() - first <= LONGEST)?,
        b'"' if before.ends_with(b"\"o\", \"") => memchr::memrchr(b'[', before)?,
        _ => return None,
    };
    Some(before.len() - first)
}
