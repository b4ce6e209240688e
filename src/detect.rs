//! The detector: bytes in, keys out.
//!
//! prefilter → decode → shape → placeholder → confidence. The first step reads every byte and is SIMD; the others run at
//! needles only, and decode as long as what comes out can be a key. It knows nothing of files, lines or reports.

mod confidence;
pub mod encoding;
pub mod needle;
pub mod placeholder;
pub mod prefilter;
mod reading;
pub mod text;

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;

pub use self::confidence::Confidence;
use self::encoding::{Packed, pieces};
use self::needle::{KeyStart, Layers, Needle, Start, Tried};
use self::prefilter::{Hit, Prefilter};
use self::reading::Reading;
use self::text::{Layer, MAX_AFTER, MAX_BEFORE, Text};
use crate::key::Key;

/// A key that was found.
#[derive(Debug)]
pub struct Match {
    /// Where its encoded form stands in the haystack: byte offsets, half open.
    pub range: Range<usize>,
    /// The key.
    pub key: Key,
    /// How it was encoded, the outermost encoding first; empty for a key as it is.
    pub encodings: Vec<&'static str>,
    /// How sure this is.
    pub confidence: Confidence,
}

/// What a needle turned out to be.
#[derive(Debug)]
pub enum Found {
    /// A key.
    Key(Match),
    /// A text of a key's shape that nobody issued; the range of its encoded form.
    Placeholder(Range<usize>),
    /// What may be compressed data encoded in base64.
    Packed {
        /// The needle: byte offsets, half open. The encoded text begins where it does.
        range: Range<usize>,
        /// The format.
        packed: Packed,
        /// How often it is encoded.
        layers: usize,
    },
}

impl Found {
    /// Where the encoded form stands: byte offsets, half open.
    pub fn range(&self) -> &Range<usize> {
        match self {
            Found::Key(found) => &found.range,
            Found::Placeholder(range) | Found::Packed { range, .. } => range,
        }
    }
}

/// Finds keys in bytes. Made once, shared by all threads.
#[derive(Debug)]
pub struct Detector {
    prefilter: Prefilter,
    needles: Vec<Needle>,
}

impl Default for Detector {
    fn default() -> Detector {
        Detector::new()
    }
}

thread_local! {
    /// Decoded text, whose memory is used again for each needle.
    static LAYERS: RefCell<Layers> = const { RefCell::new([Layer::closed(), Layer::closed()]) };
}

impl Detector {
    /// A detector for every encoding.
    pub fn new() -> Detector {
        Detector::build(needle::needles(), Prefilter::new)
    }

    /// The same, with the library's search.
    pub fn with_library_search() -> Detector {
        Detector::build(needle::needles(), Prefilter::library)
    }

    fn build(needles: Vec<Needle>, engine: fn(&[Vec<u8>]) -> Prefilter) -> Detector {
        let bytes: Vec<Vec<u8>> = needles.iter().map(|needle| needle.bytes.clone()).collect();
        Detector { prefilter: engine(&bytes), needles }
    }

    /// The keys and placeholders whose needle starts in `owned`, and what may be compressed data, in the order of the
    /// needles. A key may begin a little before its needle, at most [`text::MAX_LEAD`] bytes, and two keys that are glued
    /// together may share a byte of an encoding. Bytes outside `owned` are context. Lazy, and without an allocation until a
    /// needle is met.
    pub fn keys<'a>(&'a self, haystack: &'a [u8], owned: Range<usize>) -> impl Iterator<Item = Found> + 'a {
        self.keys_while(haystack, owned, || true)
    }

    /// The same, as long as `goes_on`, which is asked before each needle is looked at.
    pub fn keys_while<'a>(
        &'a self,
        haystack: &'a [u8],
        owned: Range<usize>,
        mut goes_on: impl FnMut() -> bool + 'a,
    ) -> impl Iterator<Item = Found> + 'a {
        // A key is met at more than one needle: what was found reaches up to here, or is this one in pieces, between which
        // there may be others.
        let (mut taken, mut joined) = (0, 0..0);
        let mut tried = Tried::default();
        self.prefilter.hits(haystack, owned).take_while(move |_| goes_on()).filter_map(move |hit| {
            let (found, is_guess) = self.examine(haystack, hit, &mut tried)?;
            let range = found.range();
            match &found {
                Found::Packed { .. } => {}
                Found::Key(_) | Found::Placeholder(_) if range.end <= taken || *range == joined => return None,
                Found::Key(_) | Found::Placeholder(_) if is_guess => joined = range.clone(),
                Found::Key(_) | Found::Placeholder(_) => taken = range.end,
            }
            Some(found)
        })
    }

    /// `name` with every key in it in its display form. Asks for the shape alone: what is shown must not hold a secret,
    /// whatever stands beside it.
    pub fn redact<'a>(&self, name: &'a [u8]) -> Cow<'a, [u8]> {
        let mut keys: Vec<(Range<usize>, Key)> = Vec::new();
        for hit in self.prefilter.hits(name, 0..name.len()) {
            let shaped = self.at_starts(name, hit, read);
            keys.extend(
                shaped.map(|(reading, base)| (base + reading.span.start..base + reading.span.end, reading.key)),
            );
        }
        if keys.is_empty() {
            return Cow::Borrowed(name);
        }
        keys.sort_by_key(|(range, _)| range.start);
        let (mut shown, mut copied) = (Vec::new(), 0);
        for (range, key) in keys {
            // A key's shape may start inside of another's, and either may be the one that is a key; but one key may be met
            // at more than one needle.
            if range.end <= copied {
                continue;
            }
            shown.extend_from_slice(name.get(copied..range.start).unwrap_or_default());
            shown.extend_from_slice(key.redacted().as_bytes());
            copied = copied.max(range.end);
        }
        shown.extend_from_slice(&name[copied..]);
        Cow::Owned(shown)
    }

    /// Whether there is a needle in these bytes, and so maybe a key.
    pub fn may_hold(&self, bytes: &[u8]) -> bool {
        self.prefilter.hits(bytes, 0..bytes.len()).next().is_some()
    }

    /// What is met at a needle, and whether it was put together from pieces.
    fn examine(&self, haystack: &[u8], hit: Hit, tried: &mut Tried) -> Option<(Found, bool)> {
        let len = self.needles[hit.needle].bytes.len();
        let (found, base) = self.at_starts(haystack, hit, |start, window, at, layers| {
            if let Start::Packed(packed, layers) = *start {
                // Two letters prove little: they must begin a text.
                let is_begun = packed == Packed::Gzip || at == 0 || !window[at - 1].is_ascii_alphanumeric();
                return is_begun.then_some(Some((Found::Packed { range: at..at + len, packed, layers }, false)));
            }
            let Start::Key(key_start) = start else { return read(start, window, at, layers).and_then(judge).map(Some) };
            let (mut text, key) = key_start.open(window, at, layers)?;
            text.byte(key)?;
            let mut first = text.reading_of(key)?;
            first.pos += hit.start - at;
            tried.once(key_start, first, || read_key(key_start, &mut text, key).and_then(judge))
        })?;
        let (found, is_guess) = found?;
        let moved = |range: Range<usize>| base + range.start..base + range.end;
        let found = match found {
            Found::Key(found) => Found::Key(Match { range: moved(found.range.clone()), ..found }),
            Found::Placeholder(range) => Found::Placeholder(moved(range)),
            Found::Packed { range, packed, layers } => Found::Packed { range: moved(range), packed, layers },
        };
        Some((found, is_guess))
    }

    /// What `read` makes of the first thing that a needle may be the beginning of and is, and the offset of the window that
    /// its places are counted from.
    fn at_starts<T>(
        &self,
        haystack: &[u8],
        hit: Hit,
        mut read: impl FnMut(&Start, &[u8], usize, &mut Layers) -> Option<T>,
    ) -> Option<(T, usize)> {
        // An even offset, so that UTF-16 units keep their parity.
        let base = hit.start.saturating_sub(MAX_BEFORE) & !1;
        let window = &haystack[base..haystack.len().min(hit.start + MAX_AFTER)];
        let starts = &self.needles[hit.needle].starts;
        let at = hit.start - base;
        let found = LAYERS.with_borrow_mut(|layers| starts.iter().find_map(|start| read(start, window, at, layers)))?;
        Some((found, base))
    }
}

/// The key that a needle at `at` of the window begins, by its shape.
fn read(start: &Start, window: &[u8], at: usize, layers: &mut Layers) -> Option<Reading> {
    match start {
        Start::Key(start) => {
            let (mut text, key) = start.open(window, at, layers)?;
            read_key(start, &mut text, key)
        }
        Start::BehindACut => {
            let key = pieces::start_before(window, at)?;
            reading::read(&mut Text::new(window, &mut []), key, &[], 1)
        }
        Start::Packed(..) => None,
    }
}

fn read_key(start: &KeyStart, text: &mut Text<'_>, key: usize) -> Option<Reading> {
    reading::read(text, key, start.row.chain, encoding::HOPX.len())
}

/// What has a key's shape is one, unless it is a placeholder, or was put together from pieces of something longer; and
/// whether it was put together.
fn judge(reading: Reading) -> Option<(Found, bool)> {
    let Reading { key, span, encodings, is_guess, is_glued } = reading;
    if is_guess && is_glued {
        return None;
    }
    if placeholder::is_placeholder(&key.secret) {
        return Some((Found::Placeholder(span), is_guess));
    }
    let confidence = if is_guess || is_glued { Confidence::Medium } else { Confidence::High };
    Some((Found::Key(Match { range: span, key, encodings, confidence }), is_guess))
}

#[cfg(test)]
pub(crate) mod testing {
    use std::sync::LazyLock;

    use super::{Detector, Found, Match};

    static FAST: LazyLock<Detector> = LazyLock::new(Detector::new);
    static SLOW: LazyLock<Detector> = LazyLock::new(Detector::with_library_search);

    /// The keys in `haystack`; both engines must agree on them.
    pub fn keys_in(haystack: &[u8]) -> Vec<Match> {
        let keys = |detector: &Detector| -> Vec<Match> {
            detector
                .keys(haystack, 0..haystack.len())
                .filter_map(|found| match found {
                    Found::Key(found) => Some(found),
                    Found::Placeholder(_) | Found::Packed { .. } => None,
                })
                .collect()
        };
        let fast = keys(&FAST);
        let slow = keys(&SLOW);
        let summary =
            |found: &[Match]| -> Vec<_> { found.iter().map(|m| (m.range.clone(), m.encodings.clone())).collect() };
        assert_eq!(summary(&fast), summary(&slow), "by either search");
        fast
    }

    /// The only key in `haystack`.
    pub fn one_key(haystack: &[u8]) -> Match {
        let mut found = keys_in(haystack);
        assert_eq!(found.len(), 1, "keys found");
        found.remove(0)
    }
}

#[cfg(test)]
mod tests {
    use super::encoding::base64::BASE64;
    use super::encoding::{Before, Cut, Encoding, Form, Piece, Row};
    use super::testing::{keys_in, one_key};
    use super::text::{Cursor, Unit};
    use super::*;
    use crate::key::KEY_LEN;
    use crate::key::generate::Keys;

    #[test]
    fn neighbours_grade_and_never_hide() {
        let mut keys = Keys::new(31);
        let (key, other) = (keys.live(), keys.test());
        for (text, confidence) in [
            (key.clone(), Confidence::High),
            (format!("abc{key}def"), Confidence::Medium),
            (format!("abc {key}def"), Confidence::Medium),
            (format!("abc{key} def"), Confidence::Medium),
            (format!("\0abc {key}\0"), Confidence::High),
            (format!("[36m{key}"), Confidence::Medium),
            (format!("\x1b[36m{key}"), Confidence::High),
            (format!("{key}{}a", "-".repeat(15)), Confidence::Medium),
            (format!("{key}{}a", "-".repeat(16)), Confidence::High),
        ] {
            let found = one_key(text.as_bytes());
            assert_eq!(
                (&text[found.range], found.confidence),
                (key.as_str(), confidence),
                "{}",
                text.replace(&key, "KEY")
            );
        }
        let found = keys_in(format!("{key}{other}{key}").as_bytes());
        let ranges: Vec<_> = found.iter().map(|found| found.range.clone()).collect();
        assert_eq!(ranges, [0..66, 66..132, 132..198]);
        assert!(found.iter().all(|found| found.confidence == Confidence::Medium));
    }

    /// The rest of a key that was cut and the beginning of a whole one have a key's shape.
    #[test]
    fn a_cut_key_hides_no_whole_one() {
        let mut keys = Keys::new(38);
        for cut in 0..KEY_LEN {
            let (first, second) = (keys.live(), keys.live());
            let found = keys_in(format!("{}{second}", &first[..cut]).as_bytes());
            assert!(found.iter().any(|found| found.range == (cut..cut + KEY_LEN)), "cut at {cut}");
            // Cut there, the secret ends in `ho`, as one may.
            assert!(found.len() == 1 || cut == KEY_LEN - 2, "cut at {cut}");
        }
    }

    #[test]
    fn a_false_start_hides_no_key() {
        let key = Keys::new(32).live();
        for before in ["hopx_live_", "hopx_live_hopx_test_", "hopx_live_abcdefghijkl.", "hopx_", "h\0o\0p\0x\0_\0"] {
            let text = format!("{before}\" {key}");
            assert_eq!(one_key(text.as_bytes()).range.end, text.len(), "{before}");
        }
    }

    /// A chain that finds a key at one needle keeps the others from it at the next. In `…\n+w` the margin has, as a digit, the
    /// same first bits as the digit behind it.
    #[test]
    fn what_may_be_a_margin_is_no_second_key() {
        let mut keys = Keys::new(41);
        for _ in 0..40 {
            let encoded = data_encoding::BASE64_NOPAD.encode(format!("={}", keys.live()).as_bytes());
            let (first, last) = encoded.split_at(encoded.len() - 1);
            for margin in ["+", "-"] {
                one_key(format!("{margin}{first}\n{margin}{last}").as_bytes());
            }
        }
    }

    /// The line of the first letters has another margin than the lines behind it, or none.
    #[test]
    fn a_margin_that_begins_behind_the_first_letters() {
        let mut keys = Keys::new(42);
        for before in ["# ", "+ ", "- ", " "] {
            let encoded = data_encoding::BASE64.encode(format!("=={}==", keys.live()).as_bytes());
            let (first, rest) = encoded.split_at(8);
            let lines = rest.as_bytes().chunks(40).map(|line| format!("\n>{}", String::from_utf8_lossy(line)));
            one_key(format!("{before}{first}{}", lines.collect::<Vec<_>>().concat()).as_bytes());
        }
    }

    /// What stands between the pieces of a key may hold another one.
    #[test]
    fn a_key_in_pieces_hides_no_whole_one() {
        let mut keys = Keys::new(40);
        let (outer, inner) = (keys.live(), keys.live());
        let made_up = format!("{}{}", &outer[..23], "a".repeat(42) + "A");
        for (outer, count) in [(&outer, 2), (&made_up, 1)] {
            let text = format!("{}<i title=\"{inner}\">{}", &outer[..30], &outer[30..]);
            let found = keys_in(text.as_bytes());
            assert_eq!(found.len(), count);
            assert!(found.iter().any(|found| text[found.range.clone()] == inner));
        }
    }

    /// A needle in a key that is read backwards, or from a later piece of it, comes before the one that finds it.
    #[test]
    fn what_looks_like_gzip_in_a_key_hides_none() {
        let mut keys = Keys::new(37);
        let secret = keys.secret();
        let key = format!("hopx_live_{}.{}Is4H{}", keys.id(), &secret[..20], &secret[24..]);
        let reversed: String = key.chars().rev().collect();
        assert!(reversed.contains("H4sI"));
        assert_eq!(one_key(format!("\"{reversed}\"").as_bytes()).encodings, ["reversed"]);
    }

    #[test]
    fn only_owned_needles_count() {
        let key = Keys::new(33).live();
        let text = format!("  {key}  ");
        let detector = Detector::new();
        let count = |owned: Range<usize>| detector.keys(text.as_bytes(), owned).count();
        assert_eq!(count(0..2), 0);
        assert_eq!(count(0..3), 1);
        assert_eq!(count(2..3), 1);
        assert_eq!(count(3..text.len()), 0);
    }

    #[test]
    fn redact_masks_every_key_however_it_is_glued() {
        let (a, b) = (Keys::new(34).live(), Keys::new(35).test());
        let shown = Detector::new().redact(format!("x{a}y/{b}.txt").as_bytes()).into_owned();
        assert_eq!(String::from_utf8(shown).ok(), Some(format!("x{}.****y/{}.****.txt", &a[..22], &b[..22])));
        assert!(matches!(Detector::new().redact(b"src/lib.rs"), Cow::Borrowed(_)));
        // The second one starts two bytes before the end of what has the shape of a first one.
        let glued = format!("{}{b}", &a[..a.len() - 2]);
        let shown = String::from_utf8(Detector::new().redact(glued.as_bytes()).into_owned()).expect("UTF-8");
        assert!(!shown.contains(&b[23..40]) && shown.contains(&b[..22]), "{shown}");
    }

    /// An encoding is one file and one row: here is one more, letters shifted by one, that the detector has never
    /// seen and that composes the existing parts.
    #[test]
    fn one_more_encoding_is_a_row() {
        static SHIFTED: Encoding = Encoding {
            name: "shifted",
            forms: |text| vec![Form { bytes: text.iter().map(|byte| byte + 1).collect(), kind: 0 }],
            seek: |_, place, _| Some((Cursor::at(place.at), 0)),
            next: |text, cursor| {
                let byte = text.byte(cursor.pos)?.wrapping_sub(1);
                cursor.pos += 1;
                Some(Unit::new(byte, cursor.pos - 1..cursor.pos))
            },
            before: Before::Plain,
            introducers: b"",
        };
        static ROWS: &[Row] = &[
            Row { chain: &[&SHIFTED], pieces: &[Piece { offset: 0, text: b"hopx" }], cut: Cut::Whole },
            Row { chain: &[&BASE64, &SHIFTED], pieces: &[Piece { offset: 0, text: b"hopx_" }], cut: Cut::Halves },
        ];
        let key = Keys::new(36).live();
        let detector = Detector::build(needle::of(ROWS, []), Prefilter::new);
        let shifted: Vec<u8> = format!("\n{key}\n").bytes().map(|byte| byte + 1).collect();
        let encoded = data_encoding::BASE64.encode(&shifted).into_bytes();
        for (text, encodings) in [(shifted, &["shifted"][..]), (encoded, &["base64", "shifted"])] {
            let found: Vec<Found> = detector.keys(&text, 0..text.len()).collect();
            let [Found::Key(found)] = found.as_slice() else { panic!("{} found", found.len()) };
            assert_eq!(found.encodings, encodings);
            assert_eq!(found.key.redacted(), format!("{}.****", &key[..22]));
        }
    }
}
