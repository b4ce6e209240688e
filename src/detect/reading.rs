//! One reading of a key: its characters one by one, up to the first that no key has there.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::detect::confidence::{REACH, is_open_left, is_open_right};
use crate::detect::encoding::{Before, Encoding, HOPX, WITHIN, base64, pieces, utf16};
use crate::detect::needle::LONGEST_UNIT;
use crate::detect::text::{Cursor, Layer, Text, Unit};
use crate::key::{KEY_LEN, Key, PUBLIC_LEN, fits};

/// A text with a key's shape.
#[derive(Debug)]
pub struct Reading {
    /// The key.
    pub key: Key,
    /// Where its encoded form stands in the window.
    pub span: Range<usize>,
    /// How it was encoded, the outermost encoding first.
    pub encodings: Vec<&'static str>,
    /// Whether it was put together from pieces.
    pub is_guess: bool,
    /// Whether what stands beside it goes on with what keys are made of.
    pub is_glued: bool,
}

/// The characters of a key behind the first `plain`, which are as they are in the text.
struct Rest {
    key: Key,
    /// Where the last one ends in the text.
    end: usize,
    /// The encoding that the rest is in.
    encoding: Option<&'static Encoding>,
    /// Its name, or what the pieces are called.
    name: Option<&'static str>,
    is_guess: bool,
    is_open_right: bool,
}

/// The key that begins at `start` of a text, which `chain` makes: as it is, or within one more encoding that leaves its
/// first letters as they are, `least` at least.
pub fn read(text: &mut Text<'_>, start: usize, chain: &[&'static Encoding], least: usize) -> Option<Reading> {
    let plain =
        (0..KEY_LEN).take_while(|&place| text.byte(start + place).is_some_and(|byte| fits(place, byte))).count();
    let rest = if plain < least { None } else { rest(text, start, plain) };
    let reading = rest.and_then(|rest| finish(text, start, chain, rest));
    if plain > PUBLIC_LEN {
        text.wipe();
    }
    reading
}

fn finish(text: &mut Text<'_>, start: usize, chain: &[&'static Encoding], rest: Rest) -> Option<Reading> {
    if let (Some(encoding), Some(origin)) = (chain.last(), text.origin(start)) {
        let end = text.origins_end(rest.end)?;
        if !utf16::may_start(encoding, &mut text.below(), origin..end) {
            return None;
        }
    }
    let span = text.span(start..rest.end);
    // A quote in the midst of base64 is where one string literal ends and the next begins.
    let is_base64 = chain.first().is_some_and(|outermost| outermost.name == base64::BASE64.name);
    let is_joined = is_base64 && text.window()[span.clone()].iter().any(|byte| pieces::is_quote(*byte));
    let mut encodings = Vec::with_capacity(chain.len() + 2);
    encodings.extend(is_joined.then_some(pieces::SPLIT));
    encodings.extend(chain.iter().map(|encoding| encoding.name));
    encodings.extend(rest.name);
    let is_glued = !(rest.is_open_right && is_open_before(text, start, rest.encoding));
    Some(Reading { key: rest.key, span, encodings, is_guess: rest.is_guess || is_joined, is_glued })
}

/// What follows the first `plain` characters of a key.
fn rest(text: &mut Text<'_>, start: usize, plain: usize) -> Option<Rest> {
    if plain == KEY_LEN {
        let key = Key::at_start(text.ahead(start, KEY_LEN))?;
        text.end_key();
        let end = start + KEY_LEN;
        let is_open_right = is_open_right(text.ahead(end, REACH));
        return Some(Rest { key, end, encoding: None, name: None, is_guess: false, is_open_right });
    }
    // The first byte that no key has there may begin an escape, or a break.
    let introducer = text.byte(start + plain)?;
    let encodings = WITHIN.iter().filter(|encoding| encoding.introducers.contains(&introducer));
    if let Some(rest) = { encodings }.find_map(|encoding| escaped(text, start, plain, encoding)) {
        return Some(rest);
    }
    let joined = if pieces::may_begin(introducer) { pieces::join(text, start, plain)? } else { return None };
    let key = Key::at_start(joined.key.as_slice())?;
    let is_open_right = is_open_right(text.ahead(joined.end, REACH));
    Some(Rest { key, end: joined.end, encoding: None, name: Some(joined.name), is_guess: true, is_open_right })
}

/// The same, in an encoding that leaves most text as it is.
fn escaped(text: &mut Text<'_>, start: usize, plain: usize, encoding: &'static Encoding) -> Option<Rest> {
    let mut cursor = Cursor::at(start + plain);
    // A false start shows in its first escape.
    let first = (encoding.next)(text, &mut cursor).filter(|unit| fits(plain, unit.byte()))?;
    let mut characters = Zeroizing::new([0; KEY_LEN]);
    characters[..plain].copy_from_slice(text.ahead(start, plain));
    characters[plain] = first.byte();
    for (place, character) in characters.iter_mut().enumerate().skip(plain + 1) {
        *character = (encoding.next)(text, &mut cursor).map(Unit::byte).filter(|byte| fits(place, *byte))?;
    }
    let key = Key::at_start(characters.as_slice())?;
    let end = cursor.pos;
    let mut after = [0; REACH];
    let units = std::iter::from_fn(|| (encoding.next)(text, &mut cursor));
    let len = after.iter_mut().zip(units).map(|(byte, unit)| *byte = unit.byte()).count();
    let is_open_right = is_open_right(&after[..len]);
    Some(Rest { key, end, encoding: Some(encoding), name: Some(encoding.name), is_guess: false, is_open_right })
}

/// The bytes of a long escape.
const LONGEST_ESCAPE: usize = 12;
/// How far neighbours are read that may be escapes in what another encoding makes: enough for a few.
const ESCAPED_REACH: usize = 4 * REACH;

/// Whether what stands before a key leaves it open: what stands before it in the text, and where some of the key's
/// characters are escapes, what these make of that.
fn is_open_before(text: &mut Text<'_>, start: usize, escapes: Option<&'static Encoding>) -> bool {
    let Some((encoding, cursor)) = text.cursor_at(start) else {
        let from = start.saturating_sub(REACH);
        return match escapes {
            Some(escapes) => is_open_left(&decoded_before::<REACH>(escapes, text, start)),
            None => is_open_left(text.ahead(from, start - from)),
        };
    };
    // Of two encodings the outer one was read from only a little before the key on.
    let (mut wider, mut cursor, mut below) = ([Layer::closed()], cursor, text.below());
    if let Some((outer, mut from)) = below.cursor_at(cursor.pos)
        && let Before::Encoded(retreat) = outer.before
    {
        let window = below.window();
        cursor.pos = retreat(&mut below.below(), &mut from, ESCAPED_REACH * LONGEST_UNIT);
        wider[0].open(outer, from);
        below = Text::new(window, &mut wider);
    }
    // The first letter of the key is behind them: a soft line break before it is one.
    let mut decoded = [HOPX[0]; ESCAPED_REACH + 1];
    let reach = if escapes.is_some() { ESCAPED_REACH } else { REACH };
    let len = match encoding.before {
        Before::Plain => {
            let before: [u8; ESCAPED_REACH] = decoded_before(encoding, &mut below, cursor.pos);
            decoded[..ESCAPED_REACH].copy_from_slice(&before);
            ESCAPED_REACH
        }
        Before::Encoded(retreat) => {
            let count = retreat(&mut below, &mut cursor, reach);
            let units = std::iter::from_fn(|| (encoding.next)(&mut below, &mut cursor)).take(count);
            let len = decoded.iter_mut().zip(units).map(|(byte, unit)| *byte = unit.byte()).count();
            decoded[len] = HOPX[0];
            len
        }
    };
    match escapes {
        Some(escapes) => {
            is_open_left(&decoded_before::<REACH>(escapes, &mut Text::new(&decoded[..=len], &mut []), len))
        }
        None => is_open_left(&decoded[..len]),
    }
}

/// The last characters before `pos` of a text in which some are escapes.
fn decoded_before<const LEN: usize>(encoding: &Encoding, text: &mut Text<'_>, pos: usize) -> [u8; LEN] {
    let mut decoded = [0; LEN];
    // From far enough back that the last characters are read from their starts.
    let mut reader = Cursor::at(pos.saturating_sub(LEN * LONGEST_ESCAPE));
    while let Some(unit) = (encoding.next)(text, &mut reader).filter(|unit| unit.end() <= pos) {
        decoded.rotate_left(1);
        decoded[LEN - 1] = unit.byte();
    }
    decoded
}

#[cfg(test)]
mod tests {
    use crate::detect::Confidence;
    use crate::detect::testing::one_key;
    use crate::key::generate::Keys;

    /// What escapes before a key stand for, not how they are written.
    #[test]
    fn neighbours_are_decoded_as_the_key_is() {
        let key = Keys::new(39).live();
        let cases: [(&str, &str, &[&str], &[&str]); 4] = [
            ("_", "&lowbar;", &["&#65;", "&#x41;", "a&#65;"], &["&#10;", "&quot;", "a&#61;"]),
            ("_", "\\u{5f}", &["\\u{41}", "\\u0041"], &["\\u{22}", "\\u001b[36m", "a\\n"]),
            ("_", "=5F", &["=41", "=\nA", "A=\n"], &["=3D", "=\n ", "\n=\n"]),
            ("_", "%5f", &["%41", "%2541"], &["%20", "%2520"]),
        ];
        for (sign, escape, glued, open) in cases {
            let key = key.replacen(sign, escape, 1);
            for (befores, confidence) in [(glued, Confidence::Medium), (open, Confidence::High)] {
                for before in befores {
                    let found = one_key(format!("{before}{key}").as_bytes());
                    assert_eq!(found.confidence, confidence, "{before}");
                }
            }
        }
        // The same in what another encoding makes.
        let text = format!("5=\n{}", key.replacen('_', "=5F", 1));
        let encoded = text.bytes().map(|byte| format!("&#{byte};")).collect::<Vec<_>>().concat();
        assert_eq!(one_key(encoded.as_bytes()).confidence, Confidence::Medium);
        // A soft line break before a key that is encoded from its first letter on.
        let encoded = key.bytes().map(|byte| format!("={byte:02X}")).collect::<Vec<_>>().concat();
        assert_eq!(one_key(format!(" =\n{encoded}").as_bytes()).confidence, Confidence::High);
    }
}
