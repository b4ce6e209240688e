//! Text written token by token: some or all characters as escapes, each decoded by itself.
//!
//! An encoding of this kind brings one function, which reads the escape that some bytes begin with. Everything around a
//! needle is then decoded forwards and backwards by it.

use std::ops::Range;

use crate::detect::window::{MAX_WALK, Reach, Window};

/// One decoded byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// The byte; [`OTHER`] for a character outside ASCII.
    pub byte: u8,
    /// How many bytes, as they stand, come before the escape and mean nothing: separators, soft line breaks.
    pub skip: usize,
    /// How many bytes it takes as it stands, those that are skipped included.
    pub len: usize,
}

/// Stands for a character outside ASCII, which borders let pass.
pub const OTHER: u8 = 0xff;

/// Reads the escape that the bytes begin with.
pub type Escape = fn(&[u8]) -> Option<Token>;

/// What stands between escapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    /// Characters as they are.
    Plain,
    /// Nothing: text that is not escaped is no part of it.
    Nothing,
}

/// The most bytes that one token takes as it stands.
const LONGEST: usize = 64;

/// The text around the token at `at`.
pub fn decode<'h>(haystack: &[u8], at: usize, reach: Reach, escape: Escape, between: Between) -> Window<'h> {
    let (mut text, mut origins) = (Vec::new(), Vec::new());
    let mut pos = if reach.before == 0 { at } else { at - skipped_before(haystack, at, escape) };
    while text.len() < reach.before && at - pos < MAX_WALK {
        let Some((byte, origin)) = before(haystack, pos, escape, between) else { break };
        pos = origin.start - origin.skipped;
        text.push(byte);
        origins.push(origin.start..origin.end);
    }
    text.reverse();
    origins.reverse();
    let hit = text.len();
    let mut pos = at;
    while text.len() - hit < reach.after && pos - at < MAX_WALK {
        let rest = &haystack[pos..];
        let token = match (escape(rest), between, rest.first()) {
            (Some(token), _, _) => token,
            (None, Between::Plain, Some(&byte)) => Token { byte, skip: 0, len: 1 },
            (None, Between::Plain, None) | (None, Between::Nothing, _) => break,
        };
        text.push(token.byte);
        origins.push(pos + token.skip..pos + token.len);
        pos += token.len;
    }
    Window::decoded(text, hit, origins)
}

/// How many bytes before the token at `at` belong to it and mean nothing.
fn skipped_before(haystack: &[u8], at: usize, escape: Escape) -> usize {
    let token = escape(&haystack[at..]).unwrap_or(Token { byte: 0, skip: 0, len: 1 });
    let is_skipped = |skip: &usize| {
        let longer = escape(&haystack[at - skip..]);
        longer.is_some_and(|longer| longer.skip == skip + token.skip && longer.len == skip + token.len)
    };
    (1..=LONGEST.min(at)).rev().find(is_skipped).unwrap_or(0)
}

/// Where a token stands.
struct Origin {
    start: usize,
    end: usize,
    /// Bytes before it that mean nothing.
    skipped: usize,
}

/// The token that ends at `end`: the longest escape, or a character as it is.
fn before(haystack: &[u8], end: usize, escape: Escape, between: Between) -> Option<(u8, Origin)> {
    let tokens: Range<usize> = 1..LONGEST.min(end) + 1;
    let escaped = tokens.rev().find_map(|len| {
        let token = escape(&haystack[end - len..end])?;
        (token.len == len).then_some((token.byte, Origin { start: end - len + token.skip, end, skipped: token.skip }))
    });
    let plain = || match between {
        Between::Plain => {
            let start = end.checked_sub(1)?;
            Some((haystack[start], Origin { start, end, skipped: 0 }))
        }
        Between::Nothing => None,
    };
    escaped.or_else(plain)
}

/// The value of two hexadecimal digits.
pub fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let [high, low] = digits.first_chunk::<2>()?;
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// The character that a number stands for, as a byte of text.
pub fn character(code: u32) -> u8 {
    u8::try_from(code).ok().filter(u8::is_ascii).unwrap_or(OTHER)
}

/// The number that the bytes begin with, in this base, its digits at most `most`; and how many there are.
pub fn number(bytes: &[u8], base: u32, most: usize) -> Option<(u32, usize)> {
    let digits = bytes.iter().take(most).map_while(|byte| char::from(*byte).to_digit(base));
    let (value, len) =
        digits.fold((0_u32, 0), |(value, len), digit| (value.saturating_mul(base).saturating_add(digit), len + 1));
    (len > 0).then_some((value, len))
}

/// The most backslashes of one escape: text that has been escaped three times has seven.
const BACKSLASHES: usize = 8;

/// How many backslashes the bytes begin with, when an escape may: at least one, at most eight.
pub fn backslashes(bytes: &[u8]) -> Option<usize> {
    let count = bytes.iter().take(BACKSLASHES + 1).take_while(|byte| **byte == b'\\').count();
    (1..=BACKSLASHES).contains(&count).then_some(count)
}

/// Where an escape begins of which the last backslash, or another byte, is at `at`.
pub fn first_backslash(haystack: &[u8], at: usize) -> usize {
    if haystack.get(at) != Some(&b'\\') {
        return at;
    }
    let more = haystack[..at].iter().rev().take(BACKSLASHES - 1).take_while(|byte| **byte == b'\\').count();
    at - more
}
