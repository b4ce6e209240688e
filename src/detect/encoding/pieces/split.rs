//! Breaks in source: quotes, what joins two literals, line ends and margins.

use crate::detect::encoding::escape::backslashes;
use crate::detect::encoding::pieces::{Ends, Kind, MAX_SPLIT, add_end, blanks_end};
use crate::detect::text::Text;

/// Whether a string literal may begin or end with this byte.
pub fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

pub fn may_begin(byte: u8) -> bool {
    is_quote(byte) || matches!(byte, b'\\' | b' ' | b'\t' | b'\r' | b'\n')
}

/// How far a break has been read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing but blanks and a backslash at the end of a line.
    Begun,
    /// In the margin of the next line, of which so many characters have been read; no literal has ended.
    Wrapped(u8),
    /// A literal has ended, and the next one may begin.
    Between,
    /// The same, in the margin of a line.
    BetweenLines(u8),
}

/// The most characters of a margin.
const MARGIN: u8 = 3;

/// What a break goes on with.
#[derive(Clone, Copy)]
enum Part {
    Blank,
    Quote,
    /// The prefix of a literal and its quote: a piece follows.
    Opening,
    Newline,
    /// A character of a margin, which may also join.
    Margin,
    /// A character that joins, or a backslash.
    Join,
}

/// Adds every end of the break at `at`, behind which character `joined` of a key stands. A break is one of:
///
/// - a quote, as in a shell's words: `hopx_live_'ID'.SECRET`;
/// - the end of a literal, blanks, joining punctuation and lines, and the start of the next literal, which may have a
///   prefix (`r"`, `u8"`, `@"`) and be preceded by empty ones;
/// - the end of a line, with a backslash before it or not, and the margin of the next: indentation, a diff's `+`, `-`
///   or `>`, a comment's `#`, `//`, `*`, `--`, `;`, `%`.
///
/// Quotes, tabs and line ends may be escaped any number of times, as in a program inside JSON. Visual Basic's `_`
/// joins lines and stands nowhere else.
pub fn ends(text: &mut Text<'_>, at: usize, joined: usize, ends: &mut Ends) {
    let mut state = State::Begun;
    let mut pos = at;
    while pos - at < MAX_SPLIT {
        let Some((part, len)) = part(text, pos, state) else { return };
        state = match (part, state) {
            (Part::Quote, State::Begun) if pos > at => return,
            (Part::Quote, State::Begun) | (Part::Quote | Part::Join, State::Between | State::BetweenLines(_)) => {
                State::Between
            }
            (Part::Opening, _) => return add_end(text, pos + len, joined, Kind::Split, ends),
            (Part::Blank, state) => state,
            (Part::Newline, State::Begun) => State::Wrapped(0),
            (Part::Newline, State::Between | State::BetweenLines(_)) => State::BetweenLines(0),
            (Part::Margin, State::Wrapped(count)) if count < MARGIN => State::Wrapped(count + 1),
            (Part::Margin, State::BetweenLines(count)) if count < MARGIN => State::BetweenLines(count + 1),
            (Part::Quote | Part::Newline, State::Wrapped(_)) | (Part::Margin | Part::Join, _) => return,
        };
        let is_quote = matches!(part, Part::Quote);
        pos += len;
        if is_quote || matches!(state, State::Wrapped(_)) {
            add_end(text, pos, joined, Kind::Split, ends);
        }
    }
}

/// What stands at `pos`, and how many bytes it takes.
fn part(text: &mut Text<'_>, pos: usize, state: State) -> Option<(Part, usize)> {
    let byte = text.byte(pos)?;
    let is_between = matches!(state, State::Between | State::BetweenLines(_));
    match byte {
        b' ' | b'\t' => Some((Part::Blank, 1)),
        b'\n' => Some((Part::Newline, 1)),
        b'\r' => Some((Part::Newline, 1 + usize::from(text.byte(pos + 1) == Some(b'\n')))),
        b'"' | b'\'' | b'`' => Some((Part::Quote, 1)),
        b'\\' => backslash(text, pos, is_between),
        b'/' if text.byte(pos + 1) == Some(b'/') => Some((Part::Margin, 2)),
        b'-' | b'+' | b'>' | b'#' | b'*' | b'|' | b';' | b'%' if matches!(state, State::Wrapped(count) | State::BetweenLines(count) if count < MARGIN) => {
            Some((Part::Margin, 1))
        }
        b'+' | b'.' | b'&' | b',' | b'|' | b'(' | b')' | b'~' | b';' => Some((Part::Join, 1)),
        b'<' if text.byte(pos + 1) == Some(b'>') => Some((Part::Join, 2)),
        b'_' if is_between => {
            let end = blanks_end(text, pos + 1);
            matches!(text.byte(end), Some(b'\r' | b'\n')).then_some((Part::Join, end - pos))
        }
        _ if is_between => prefix(text, pos),
        _ => None,
    }
}

/// Backslashes, with the quote, line end or tab that they escape; or one before a line end.
fn backslash(text: &mut Text<'_>, pos: usize, is_between: bool) -> Option<(Part, usize)> {
    // Most escapes show in the second byte that they are none of these.
    let next = text.byte(pos + 1)?;
    if !is_between && !is_quote(next) && !matches!(next, b'\\' | b't' | b'n' | b'r' | b'\r' | b'\n') {
        return None;
    }
    let bytes = text.ahead(pos, 12);
    let count = backslashes(bytes)?;
    match bytes.get(count)? {
        b'"' | b'\'' | b'`' => Some((Part::Quote, count + 1)),
        b't' => Some((Part::Blank, count + 1)),
        b'n' => Some((Part::Newline, count + 1)),
        // A carriage return is no line end without the line feed.
        b'r' => {
            let more = backslashes(&bytes[count + 1..])?;
            (bytes.get(count + 1 + more) == Some(&b'n')).then_some((Part::Newline, count + more + 2))
        }
        b'\r' | b'\n' if count == 1 && !is_between => Some((Part::Blank, 1)),
        _ if is_between => Some((Part::Join, count)),
        _ => None,
    }
}

/// The prefix of a literal, and its quote.
fn prefix(text: &mut Text<'_>, pos: usize) -> Option<(Part, usize)> {
    let is_letter = |byte: &u8| matches!(byte.to_ascii_uppercase(), b'R' | b'B' | b'U' | b'F' | b'L');
    let first = text.byte(pos)?;
    if !is_letter(&first) && !matches!(first, b'@' | b'$') {
        return None;
    }
    let bytes = text.ahead(pos, 12);
    let letters = match bytes {
        [b'u', b'8', ..] => 2,
        [b'@' | b'$', ..] => bytes.iter().take(2).take_while(|byte| matches!(byte, b'@' | b'$')).count(),
        _ => bytes.iter().take(2).take_while(|byte| is_letter(byte)).count(),
    };
    let escapes = backslashes(&bytes[letters..]).unwrap_or(0);
    let has_quote = letters > 0 && bytes.get(letters + escapes).is_some_and(|byte| is_quote(*byte));
    has_quote.then_some((Part::Opening, letters + escapes + 1))
}

/// How many of the last bytes are the letter of an escape, or may be the prefix of a literal.
pub fn letters_before(before: &[u8]) -> Option<usize> {
    let letters = before.iter().rev().take(3).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let is_escape = matches!(before, [.., b'\\', b'n' | b'r' | b't']);
    if is_escape { Some(1) } else { Some(letters).filter(|letters| *letters < 3) }
}
