//! The specification, written for reading: at every offset of the haystack, and by every chain of the table, the characters
//! of a key are read one by one with a plain reader of that encoding. What has a key's shape is a reading.
//!
//! A reading must be found when the specification asks for it ([`Reading::is_required`]), and may be when it has the shape by
//! any chain ([`explain`]). Data that is compressed in base64 is followed elsewhere, and left out.
//!
//! Where the specification is silent, this follows what the detector's modules say of themselves; comments name the places.
//! Nothing here calls the detector.

mod breaks;
mod encoding;
mod neighbours;
mod placeholder;
mod rows;
mod shape;
mod text;

use std::ops::Range;

use encoding::{ESCAPES, Encoding};
use neighbours::{REACH, is_open_left, is_open_right};
use rows::{Encoded, ROWS, is_required, is_required_inside};
use shape::{KEY_LEN, SECRET, fits, is_key};
use text::Text;

pub use placeholder::is_placeholder;

/// How far neighbours are looked at that may be escapes in what other encodings make, before these are decoded.
const ESCAPED_REACH: usize = 4 * REACH;
/// More characters than a key in pieces can have, and its neighbours.
const LONG: usize = KEY_LEN + 4 * 513 + 10 * REACH;

/// A text with a key's shape.
pub struct Reading {
    pub key: Vec<u8>,
    /// Where its encoded form stands.
    pub span: Range<usize>,
    /// Where the encoded forms of the secret's characters stand.
    pub secret: Vec<(usize, usize)>,
    /// The names of its encodings, the outermost first.
    pub chain: Vec<&'static str>,
    /// Whether nothing beside it goes on with what keys are made of; `None` where that depends on what a line break means.
    pub is_open: Option<bool>,
    /// Whether it was put together from pieces.
    pub is_guess: bool,
    /// Whether it must be found.
    pub is_required: bool,
    /// Whether the other order of UTF-16, within another encoding, may read it as well.
    pub has_twin: bool,
}

impl Reading {
    pub fn is_placeholder(&self) -> bool {
        is_placeholder(&self.key[SECRET..])
    }

    /// Whether it must be found: a guess only between open borders.
    pub fn must_be_found(&self) -> bool {
        self.is_required && (!self.is_guess || self.is_open == Some(true))
    }
}

/// All readings that may have to be found.
pub fn readings(haystack: &[u8]) -> Vec<Reading> {
    let raw = Text::of(haystack);
    let mut found = Vec::new();
    for row in ROWS.iter() {
        // Most haystacks have no such line.
        if matches!(row[..], [Encoding::Base64 { margin: Some(margin), .. }] if !haystack.contains(&margin)) {
            continue;
        }
        for at in 0..=haystack.len() {
            if let Some(opened) = Opened::at(&raw, row, at) {
                found.extend(opened.readings());
            }
        }
    }
    one_order(&mut found);
    found
}

/// What both orders of UTF-16 read is in the one whose units begin at even offsets.
fn one_order(readings: &mut [Reading]) {
    let is_of = |reading: &Reading, order| reading.chain.first() == Some(&order);
    for big in 0..readings.len() {
        for little in 0..readings.len() {
            let pair = (&readings[big], &readings[little]);
            if is_of(pair.0, "utf-16be")
                && is_of(pair.1, "utf-16le")
                && pair.0.key == pair.1.key
                && pair.0.span.start + 1 == pair.1.span.start
            {
                let wrong = if pair.0.span.start.is_multiple_of(2) { little } else { big };
                readings[wrong].is_required = false;
            }
        }
    }
}

/// The readings of this span by this chain; and whether it may be one that was put together from pieces to make this key.
pub fn explain(haystack: &[u8], span: &Range<usize>, chain: &[&str], key: &[u8]) -> (Vec<Reading>, bool) {
    let raw = Text::of(haystack);
    let (mut found, mut may_be_joined) = (Vec::new(), false);
    let inner = chain.strip_prefix(&["split"]).filter(|inner| !inner.is_empty()).unwrap_or(chain);
    for row in ROWS.iter() {
        let names: Vec<_> = row.iter().map(|encoding| encoding.name()).collect();
        if !inner.starts_with(&names) && !chain.starts_with(&names) {
            continue;
        }
        let at = if row[..] == [Encoding::Reversed] { span.end } else { span.start };
        let Some(opened) = Opened::at(&raw, row, at) else { continue };
        found.extend(opened.readings().into_iter().filter(|reading| reading.span == *span && reading.chain == chain));
        if matches!(inner.strip_prefix(&names[..]), Some(["split" | "markup"])) {
            let end = (1..=opened.text.len()).rev().find(|end| {
                let (start, end) = opened.text.span(0, *end);
                (start..end) == *span
            });
            may_be_joined |= end.is_some_and(|end| breaks::may_be(&opened.text.bytes[..end], key));
        }
    }
    (found, may_be_joined)
}

/// What a chain makes of the haystack from some offset on.
struct Opened<'o> {
    raw: &'o Text,
    row: &'o [Encoding],
    at: usize,
    /// From the key's first character on.
    text: Text,
    /// What the inner one of two encodings reads.
    below: Option<Text>,
}

impl<'o> Opened<'o> {
    fn at(raw: &'o Text, row: &'o [Encoding], at: usize) -> Option<Opened<'o>> {
        let (text, below) = match *row {
            [] if raw.bytes.get(at) != Some(&b'h') => return None,
            [] => (raw.part(at, LONG), None),
            [only] => {
                (only.may_begin(raw, at) && only.unit(raw, at)?.byte == b'h').then_some(())?;
                let letters = only.decode(raw, at, 4);
                (letters.bytes == b"hopx").then_some(())?;
                (only.decode(raw, at, LONG), None)
            }
            [outer, inner, ..] => {
                outer.unit(raw, at)?;
                let below = outer.decode(raw, at, 6);
                (inner.unit(&below, 0)?.byte == b'h').then_some(())?;
                let below = outer.decode(raw, at, 2 * LONG);
                (inner.decode(&below, 0, LONG), Some(below))
            }
        };
        // Of the first letters a break may be in the midst where nothing is encoded.
        let letters: &[u8] = if row.is_empty() { b"h" } else { b"hopx" };
        text.bytes.starts_with(letters).then_some(Opened { raw, row, at, text, below })
    }

    /// What the topmost encoding makes of what stands before the key.
    fn before(&self, most: usize) -> Vec<u8> {
        match *self.row {
            [] => self.raw.bytes[..self.at].to_vec(),
            [only] => neighbours::before(only, self.raw, self.at, most).bytes,
            [outer, inner, ..] => {
                let before = neighbours::before(outer, self.raw, self.at, 3 * most);
                let from = before.len();
                let below = before.and(self.below.as_ref().unwrap_or(&Text::default()));
                neighbours::before(inner, &below, from, most).bytes
            }
        }
    }

    fn readings(&self) -> Vec<Reading> {
        let plain =
            (0..KEY_LEN).take_while(|place| self.text.bytes.get(*place).is_some_and(|b| fits(*place, *b))).count();
        if plain == KEY_LEN {
            let places: Vec<_> = (0..=KEY_LEN).collect();
            return self.reading(self.text.bytes[..KEY_LEN].to_vec(), &places, None).into_iter().collect();
        }
        if plain < 4 && self.text.len() < 70 {
            return vec![];
        }
        let mut found: Vec<Reading> = ESCAPES.iter().filter_map(|encoding| self.escaped(*encoding, plain)).collect();
        for joined in breaks::required(&self.text.bytes) {
            let mut places = joined.places;
            places.extend(places.last().map(|last| last + 1));
            found.extend(self.reading(joined.key, &places, Some(joined.name)));
        }
        found
    }

    /// The key, with some characters in one more encoding.
    fn escaped(&self, encoding: Encoding, plain: usize) -> Option<Reading> {
        let mut places = Vec::new();
        let (mut key, mut pos) = (Vec::new(), 0);
        // The first letters are as they are; a soft line break may be in their midst.
        let is_cut = plain < 4 && encoding == Encoding::QuotedPrintable;
        while key.len() < KEY_LEN {
            let unit = encoding.unit(&self.text, pos)?;
            if key.len() < 4 && unit.end != pos + 1 && !is_cut || !fits(key.len(), unit.byte) {
                return None;
            }
            key.push(unit.byte);
            places.push(unit.start);
            pos = unit.next;
        }
        places.push(pos);
        self.reading(key, &places, Some(encoding.name()))
    }

    /// The reading of a key whose characters begin at these places of the text; the last is where it ends.
    fn reading(&self, key: Vec<u8>, places: &[usize], more: Option<&'static str>) -> Option<Reading> {
        is_key(&key).then_some(())?;
        let end = places[KEY_LEN];
        let (start, stop) = self.text.span(0, end);
        let is_joined = matches!(more, Some("split" | "markup"));
        let (is_required, is_literals) = self.is_required(places, more);
        let names = self.row.iter().map(|encoding| encoding.name());
        let chain = is_literals.then_some("split").into_iter().chain(names).chain(more).collect();
        let secret = (SECRET..KEY_LEN).map(|place| self.text.span(places[place], places[place] + 1)).collect();
        let utf16 = |encoding: &Encoding| matches!(encoding, Encoding::Utf16Le | Encoding::Utf16Be);
        Some(Reading {
            span: start..stop,
            secret,
            chain,
            is_open: self.is_open(end, more),
            is_guess: is_joined || is_literals,
            is_required,
            has_twin: self.row.len() == 2 && self.row.iter().any(utf16),
            key,
        })
    }

    /// Whether the specification asks for this reading; and whether it is of base64 in string literals.
    fn is_required(&self, places: &[usize], more: Option<&str>) -> (bool, bool) {
        let end = places[KEY_LEN];
        let is_split = matches!(more, Some("split" | "markup"));
        let form = &self.text.bytes[..end];
        // A name behind a line is the next setting, and not the end of a key (`pieces`).
        let rest = &self.text.bytes[end..];
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let is_named = is_split && matches!(rest.get(blanks), Some(b'=' | b':' | b'('));
        // What is searched for: the four letters, or what stands behind them; none of them an escape.
        let are_plain = (0..4).all(|place| form[places[place]] == b"hopx"[place]);
        let is_cut = !form.starts_with(b"hopx");
        let is_behind = |form: &[u8]| [&b"x_live_"[..], b"x_test_", b"x=5F"].iter().any(|text| form.starts_with(text));
        let may_start = are_plain && (!is_cut || self.row.is_empty() && is_behind(&form[places[3]..]));
        let may_be = !is_named && may_start && rows::has_few_soft_breaks(form);
        match *self.row {
            [] => (may_be, false),
            [encoding] => {
                let encoded = self.encoded(self.raw, self.at, end, more.is_some());
                let (is_required, is_literals) = is_required(encoding, &encoded);
                (may_be && is_required && !(is_literals && is_split), is_literals)
            }
            [outer, inner, ..] => {
                let (is_required, is_literals) = is_required(outer, &self.encoded(self.raw, self.at, end, false));
                let below = self.below.as_ref().map_or(&b""[..], |below| {
                    let last = self.text.spans[end - 1].1;
                    &below.bytes[..below.spans.iter().take_while(|span| span.1 <= last).count()]
                });
                let is_inner = !matches!(inner, Encoding::Base64 { .. }) || is_required_inside(below);
                // The other order of UTF-16 may read on in the next literal, and so make a guess of the key.
                let is_before_literal =
                    self.raw.bytes.get(self.text.span(0, end).1).is_some_and(|b| b"\"'`".contains(b));
                let is_whole = more.is_none() && !is_literals && !is_before_literal;
                (may_be && is_required && is_inner && is_whole, is_literals)
            }
        }
    }

    fn encoded<'e>(&self, raw: &'e Text, at: usize, end: usize, has_more: bool) -> Encoded<'e> {
        let (start, stop) = self.text.span(0, end);
        let letters = self.text.span(0, 4);
        Encoded {
            before: &raw.bytes[..at.min(start)],
            form: &raw.bytes[start..stop],
            letters: letters.1 - letters.0,
            has_more,
        }
    }

    /// Whether both neighbours leave the key open.
    fn is_open(&self, end: usize, more: Option<&str>) -> Option<bool> {
        let escape = ESCAPES.into_iter().find(|encoding| more == Some(encoding.name()));
        let after = match escape {
            Some(encoding) => encoding.decode_on(&self.text, end, REACH),
            None => self.text.part(end, REACH),
        };
        let left = match escape {
            Some(encoding) => {
                let mut text = Text::default();
                for byte in self.before(ESCAPED_REACH) {
                    text.push(byte, (0, 0));
                }
                let at = text.len();
                // A soft line break before the key is read with what follows it.
                text.push(b'h', (0, 0));
                is_open_left(&neighbours::before(encoding, &text, at, REACH).bytes)
            }
            None => is_open_left(&self.before(REACH)),
        };
        // Behind a key, a line break between two groups of base64 ends the text (`Cursor::is_behind_key`). Where the key
        // itself has escapes or breaks the text may have been read on before that was known.
        let right = is_open_right(&after.bytes);
        let right_at_line = is_open_right(&after.bytes[..self.at_line_end(end, &after)]);
        let is_sure = right == right_at_line || more.is_none();
        is_sure.then_some(left && right_at_line)
    }

    /// How many characters there are behind the key up to a line break between two groups of base64.
    fn at_line_end(&self, end: usize, after: &Text) -> usize {
        let Some(&(mut encoding @ Encoding::Base64 { .. })) = self.row.last() else { return after.len() };
        let (text, mut pos) = self.below.as_ref().map_or((self.raw, self.at), |below| (below, 0));
        for place in 0..end + after.len() {
            let Some(unit) = encoding.unit(text, pos) else { break };
            if place >= end && unit.start != pos && matches!(encoding, Encoding::Base64 { phase: 0, .. }) {
                return place - end;
            }
            (pos, encoding) = (unit.next, encoding.after_one());
        }
        after.len()
    }
}
