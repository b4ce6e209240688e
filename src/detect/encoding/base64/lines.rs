//! The lines of a text in base64: where one ends and the next begins.

use crate::detect::encoding::base64::value;
use crate::detect::encoding::pieces::is_quote;
use crate::detect::text::Text;

/// The most bytes of a line's indentation, and of what stands between two string literals.
const INDENTATION: usize = 256;
/// The most bytes of a line whose beginning is looked for.
const LINE: usize = 256;
/// The most digits of two lines that are compared.
const LONGEST: usize = 1024;

/// A break in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Break {
    /// Where the text goes on.
    pub next: usize,
    /// Whether a string literal ended and another one began.
    pub is_joint: bool,
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
#[inline]
pub fn step(haystack: &[u8], pos: usize) -> Step {
    match haystack.get(pos).copied().and_then(value) {
        Some(value) => Step::Digit(value),
        None => step_over_break(haystack, pos),
    }
}

fn step_over_break(haystack: &[u8], pos: usize) -> Step {
    let text = &mut Text::new(haystack, &mut []);
    match break_at(text, pos, None) {
        Some(line) if text.byte(line.next).and_then(value).is_some() => Step::Break(line.next),
        Some(_) | None => Step::End,
    }
}

/// A newline character, written in one of the ways in which it may stand in the midst of encoded text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Newline {
    LineFeed,
    CarriageReturn,
}

/// How newlines are written, but for the characters themselves and `\n` with any number of backslashes: as character
/// references, or percent-encoded.
const NEWLINES: [(&[u8], Newline); 10] = [
    (b"&#10;", Newline::LineFeed),
    (b"&#xA;", Newline::LineFeed),
    (b"&#xa;", Newline::LineFeed),
    (b"&#13;", Newline::CarriageReturn),
    (b"&#xD;", Newline::CarriageReturn),
    (b"&#xd;", Newline::CarriageReturn),
    (b"%0A", Newline::LineFeed),
    (b"%0a", Newline::LineFeed),
    (b"%0D", Newline::CarriageReturn),
    (b"%0d", Newline::CarriageReturn),
];
/// The most bytes that a newline takes.
const NEWLINE: usize = 9;

/// The newline that the bytes begin with, and its length.
fn newline(bytes: &[u8]) -> Option<(Newline, usize)> {
    match bytes.first()? {
        b'\n' => Some((Newline::LineFeed, 1)),
        b'\r' => Some((Newline::CarriageReturn, 1)),
        b'\\' => {
            let backslashes = bytes.iter().take(NEWLINE - 1).take_while(|byte| **byte == b'\\').count();
            let newline = match bytes.get(backslashes)? {
                b'n' => Newline::LineFeed,
                b'r' => Newline::CarriageReturn,
                _ => return None,
            };
            Some((newline, backslashes + 1))
        }
        b'&' | b'%' => {
            NEWLINES.iter().find(|(form, _)| bytes.starts_with(form)).map(|(form, newline)| (*newline, form.len()))
        }
        _ => None,
    }
}

/// The newline that the bytes end with, and its length.
fn newline_before(bytes: &[u8]) -> Option<(Newline, usize)> {
    let escaped = |newline| {
        let backslashes = bytes.iter().rev().skip(1).take(NEWLINE - 1).take_while(|byte| **byte == b'\\').count();
        (backslashes > 0).then_some((newline, backslashes + 1))
    };
    match bytes.last()? {
        b'\n' => Some((Newline::LineFeed, 1)),
        b'\r' => Some((Newline::CarriageReturn, 1)),
        b'n' => escaped(Newline::LineFeed),
        b'r' => escaped(Newline::CarriageReturn),
        b';' | b'A' | b'a' | b'D' | b'd' if matches!(bytes, [.., b'%', b'0', _] | [.., b';']) => {
            NEWLINES.iter().find(|(form, _)| bytes.ends_with(form)).map(|(form, newline)| (*newline, form.len()))
        }
        _ => None,
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Whether a byte may stand between two string literals.
fn joins(byte: u8) -> bool {
    is_quote(byte) || is_blank(byte) || b"\r\n+.&,|()~;\\<>".contains(&byte)
}

/// Whether lines may have this byte for a margin.
pub fn is_margin(byte: u8) -> bool {
    matches!(byte, b'+' | b'-' | b'>' | b'#')
}

/// Where a text goes on that is broken at `pos`: in the next line, behind its indentation and `margin`, or in the next
/// string literal.
pub fn break_at(text: &mut Text<'_>, pos: usize, margin: Option<u8>) -> Option<Break> {
    let first = text.byte(pos)?;
    if is_quote(first) {
        let bytes = text.ahead(pos, INDENTATION);
        let len = bytes.iter().take_while(|byte| joins(**byte)).count();
        let last = bytes[..len].iter().rposition(|byte| is_quote(*byte)).filter(|last| *last > 0)?;
        return Some(Break { next: pos + last + 1, is_joint: true });
    }
    let (newline, mut len) = match first {
        b'\n' | b'\r' | b'\\' | b'&' | b'%' => newline(text.ahead(pos, NEWLINE))?,
        _ => return None,
    };
    if newline == Newline::CarriageReturn {
        let (second, more) = self::newline(text.ahead(pos + len, NEWLINE))?;
        if second == Newline::CarriageReturn {
            return None;
        }
        len += more;
    }
    let mut next = pos + len;
    if margin.is_some() && text.byte(next) == margin {
        next += 1;
    }
    next += text.ahead(next, INDENTATION).iter().take_while(|byte| is_blank(**byte)).count();
    Some(Break { next, is_joint: false })
}

/// Where the text before ends, when there is a break before `pos`.
pub fn break_before(text: &mut Text<'_>, pos: usize, margin: Option<u8>) -> Option<usize> {
    let last = text.byte(pos.checked_sub(1)?)?;
    let may_break = matches!(last, b'\n' | b'n' | b';' | b'A' | b'a') || is_blank(last) || is_quote(last);
    if !may_break && margin != Some(last) {
        return None;
    }
    // A digit that a newline may end with mostly stands behind another.
    if last.is_ascii_alphabetic() && text.byte(pos.wrapping_sub(2)).is_none_or(|byte| !matches!(byte, b'\\' | b'0')) {
        return None;
    }
    let from = pos.saturating_sub(INDENTATION);
    let bytes = text.ahead(from, pos - from);
    if is_quote(last) {
        let len = bytes.iter().rev().take_while(|byte| joins(**byte)).count();
        let first = bytes.len() - len + bytes[bytes.len() - len..].iter().position(|byte| is_quote(*byte))?;
        return (first + 1 < bytes.len()).then_some(from + first);
    }
    let indentation = bytes.iter().rev().take_while(|byte| is_blank(**byte)).count();
    let mut before = &bytes[..bytes.len() - indentation];
    if let Some(margin) = margin {
        before = before.strip_suffix(&[margin])?;
    }
    let (last, len) = newline_before(before)?;
    if last == Newline::CarriageReturn {
        return None;
    }
    before = &before[..before.len() - len];
    if let Some((Newline::CarriageReturn, len)) = newline_before(before) {
        before = &before[..before.len() - len];
    }
    Some(from + before.len())
}

/// Where the line of `at` begins, if it is near.
pub fn offset_of_line(text: &mut Text<'_>, at: usize) -> Option<usize> {
    let from = at.saturating_sub(LINE);
    match memchr::memrchr(b'\n', text.ahead(from, at - from)) {
        Some(newline) => Some(from + newline + 1),
        None => (from == 0).then_some(0),
    }
}

/// How many digits stand from `pos` on.
fn run_from(text: &mut Text<'_>, pos: usize) -> usize {
    text.ahead(pos, LONGEST).iter().take_while(|byte| value(**byte).is_some()).count()
}

/// How many digits stand before `pos`, [`LONGEST`] at most, those of an escaped line break not counted.
pub fn run_to(text: &mut Text<'_>, pos: usize) -> usize {
    let from = pos.saturating_sub(LONGEST);
    let bytes = text.ahead(from, pos - from);
    let run = bytes.iter().rev().take_while(|byte| value(**byte).is_some()).count();
    let (before, digits) = bytes.split_at(bytes.len() - run);
    run - usize::from(before.ends_with(b"\\") && digits.starts_with(b"n"))
}

/// Whether there may be more digits than were counted.
pub fn is_long(run: usize) -> bool {
    run == LONGEST
}

/// Whether the line that ends at `end` has no fewer digits than the one that begins at `next`: only the last line of a
/// text is shorter than the one before.
pub fn is_no_shorter(text: &mut Text<'_>, end: usize, next: usize) -> bool {
    run_to(text, end) >= run_from(text, next).max(1)
}

/// Where a text ends whose last byte ends at `pos`: behind the padding of its last group, or of those of the text that it
/// encodes, on the same line or the next.
pub fn end_of(haystack: &[u8], mut pos: usize) -> usize {
    /// Two layers of padding, and a digit or two.
    const MOST: usize = 8;
    let text = &mut Text::new(haystack, &mut []);
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
        let next = break_at(text, pos, None).filter(|line| !line.is_joint).map(|line| line.next);
        let Some(line) = next.filter(|line| (1..=left).contains(&run(*line))) else { return pos };
        if !ends_text(haystack.get(line + run(line))) || run(line) > run_to(text, pos) {
            return pos;
        }
        pos = line;
    }
}

/// Whether what stands behind a line of digits shows that there is nothing else on the line.
fn ends_text(behind: Option<&u8>) -> bool {
    matches!(behind, None | Some(b'\r' | b'\n' | b'"' | b'\'' | b'`' | b'\\' | b'<'))
}
