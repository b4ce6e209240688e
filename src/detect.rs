//! The detector: bytes in, keys out.
//!
//! prefilter → decode the key alone → shape → decode the context → borders → placeholder. The first step reads every
//! byte and is SIMD; the others run at needles only. It knows nothing of files, lines or reports.

pub mod border;
pub mod encoding;
pub mod needle;
pub mod placeholder;
pub mod prefilter;
mod tokens;
pub mod window;

use std::borrow::Cow;
use std::ops::Range;

use crate::detect::border::Side;
use crate::detect::encoding::{Encoding, Place, WITHIN};
use crate::detect::needle::{KeyStart, Needle, Start};
use crate::detect::prefilter::{Hit, Prefilter};
use crate::detect::window::{MAX_LEAD, Reach, Window};
use crate::key::{KEY_LEN, Key};

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Shape and borders hold.
    High,
    /// The shape holds. Borders were not asked for, since the bytes around it are binary or no text, or the key was put
    /// together from pieces.
    Medium,
}

impl Confidence {
    /// Every confidence, the highest first.
    pub const ALL: [Confidence; 2] = [Confidence::High, Confidence::Medium];

    /// The name in reports.
    pub fn id(self) -> &'static str {
        match self {
            Confidence::High => "high",
            Confidence::Medium => "medium",
        }
    }

    /// The confidence with this name.
    pub fn from_id(id: &str) -> Option<Confidence> {
        Confidence::ALL.into_iter().find(|confidence| confidence.id() == id)
    }
}

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
    /// What may be a gzip stream encoded in base64: where it begins, and how often it is encoded.
    Gzip {
        /// The first byte of the needle: byte offsets, half open.
        range: Range<usize>,
        /// How often.
        layers: usize,
    },
}

impl Found {
    /// Where the encoded form stands: byte offsets, half open.
    pub fn range(&self) -> &Range<usize> {
        match self {
            Found::Key(found) => &found.range,
            Found::Placeholder(range) | Found::Gzip { range, .. } => range,
        }
    }
}

/// Finds keys in bytes. Made once, shared by all threads.
#[derive(Debug)]
pub struct Detector {
    prefilter: Prefilter,
    needles: Vec<Needle>,
    longest_needle: usize,
}

impl Default for Detector {
    fn default() -> Detector {
        Detector::new()
    }
}

/// A key by its shape, and how it was read.
struct Shaped<'d> {
    key: Key,
    range: Range<usize>,
    start: &'d KeyStart,
    within: Option<&'static Encoding>,
}

impl Detector {
    /// A detector for every encoding.
    pub fn new() -> Detector {
        Detector::build(needle::needles(), Prefilter::new)
    }

    /// The same, without SIMD search.
    pub fn without_simd() -> Detector {
        Detector::build(needle::needles(), Prefilter::automaton)
    }

    fn build(needles: Vec<Needle>, engine: fn(&[Vec<u8>]) -> Prefilter) -> Detector {
        let bytes: Vec<Vec<u8>> = needles.iter().map(|needle| needle.bytes.clone()).collect();
        let longest_needle = bytes.iter().map(Vec::len).max().unwrap_or(0);
        Detector { prefilter: engine(&bytes), needles, longest_needle }
    }

    /// The keys and placeholders whose needle starts in `owned`, and what may be gzip streams, in the order of the
    /// needles. A key may begin a little before its needle, at most [`MAX_LEAD`] bytes. Bytes outside `owned` are
    /// context. Lazy, and without an allocation until a needle is met.
    pub fn keys<'a>(&'a self, haystack: &'a [u8], owned: Range<usize>) -> impl Iterator<Item = Found> + 'a {
        let mut at = owned.start;
        // A key's own bytes are not looked through for another one.
        let mut taken = 0;
        std::iter::from_fn(move || {
            while let Some(hit) = self.next_hit(haystack, at, owned.end) {
                at = hit.start + 1;
                if let Some(found) = self.examine(haystack, hit).filter(|found| found.range().start >= taken) {
                    at = at.max(found.range().end);
                    if !matches!(found, Found::Gzip { .. }) {
                        taken = at;
                    }
                    return Some(found);
                }
            }
            None
        })
    }

    /// `name` with every key in it in its display form. Asks for the shape alone, no borders: what is shown must not
    /// hold a secret, however it is glued to its neighbours.
    pub fn redact<'a>(&self, name: &'a [u8]) -> Cow<'a, [u8]> {
        let mut keys = Vec::new();
        let mut at = 0;
        while let Some(hit) = self.next_hit(name, at, name.len()) {
            at = hit.start + 1;
            keys.extend(self.shape(name, hit).map(|Shaped { key, range, .. }| (range, key)));
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
        self.next_hit(bytes, 0, bytes.len()).is_some()
    }

    /// The first needle that starts in `from..to`.
    fn next_hit(&self, haystack: &[u8], from: usize, to: usize) -> Option<Hit> {
        if from >= to {
            return None;
        }
        let end = haystack.len().min(to + self.longest_needle - 1);
        self.prefilter.find(haystack, from, end).filter(|hit| hit.start < to)
    }

    /// What is met at a needle.
    fn examine(&self, haystack: &[u8], hit: Hit) -> Option<Found> {
        let needle = &self.needles[hit.needle];
        needle.starts.iter().find_map(|start| match start {
            Start::Key(start) => judge(haystack, hit.start, shape(haystack, hit.start, start)?),
            Start::Gzip(layers) => {
                Some(Found::Gzip { range: hit.start..hit.start + needle.bytes.len(), layers: *layers })
            }
        })
    }

    /// The key at a needle, by shape alone.
    fn shape(&self, haystack: &[u8], hit: Hit) -> Option<Shaped<'_>> {
        self.needles[hit.needle].starts.iter().find_map(|start| match start {
            Start::Key(start) => shape(haystack, hit.start, start),
            Start::Gzip(_) => None,
        })
    }
}

/// The key that begins at a needle's start, by shape alone: as it is when the chain is decoded, or within one more
/// encoding that leaves its first four letters as they are.
fn shape<'d>(haystack: &[u8], at: usize, start: &'d KeyStart) -> Option<Shaped<'d>> {
    if !start.row.chain.is_empty() {
        // A false start is told by a few letters, before all of a key is decoded.
        let window = start.window(haystack, at, Reach::BEGINNING)?;
        window.text()[window.hit()..].strip_prefix(encoding::HOPX)?;
    }
    let window = start.window(haystack, at, Reach::KEY)?;
    let text = &window.text()[window.hit()..];
    let shaped = |key, range: Range<usize>, within| {
        let is_near = at.saturating_sub(range.start) <= MAX_LEAD;
        is_near.then_some(Shaped { key, range, start, within })
    };
    if let Some(key) = Key::at_start(text) {
        return shaped(key, window.span(window.hit()..window.hit() + KEY_LEN), None);
    }
    // The first byte that no key has there may begin an escape.
    let plain = Key::shape_len(text);
    let introducer = *text.get(plain).filter(|_| plain >= encoding::HOPX.len())?;
    let mut outer = None;
    for within in WITHIN.iter().filter(|within| within.introducers.contains(&introducer)) {
        let outer = match &mut outer {
            Some(outer) => outer,
            none => none.insert(start.window(haystack, at, Reach::KEY.times(WITHIN_FACTOR))?),
        };
        let Some(window) = within_window(within, outer, Reach::KEY) else { continue };
        if let Some(key) = Key::at_start(&window.text()[window.hit()..]) {
            return shaped(key, window.span(window.hit()..window.hit() + KEY_LEN), Some(*within));
        }
    }
    None
}

/// How many bytes an encoding of [`WITHIN`] may make of one.
const WITHIN_FACTOR: usize = 9;

/// The text of an encoding within another text, whose hit is where a key begins.
fn within_window(within: &Encoding, outer: &Window<'_>, reach: Reach) -> Option<Window<'static>> {
    let place = Place { at: outer.hit(), kind: 0, skip: 0 };
    Some((within.decode)(outer.text(), place, reach)?.inside(outer))
}

/// Asks for borders, and for more than a placeholder.
fn judge(haystack: &[u8], at: usize, shaped: Shaped<'_>) -> Option<Found> {
    let Shaped { key, range, start, within } = shaped;
    let window = match within {
        Some(within) => {
            let outer = start.window(haystack, at, Reach::CONTEXT.and_key(KEY_LEN * WITHIN_FACTOR))?;
            within_window(within, &outer, Reach::CONTEXT)?
        }
        None => start.window(haystack, at, Reach::CONTEXT)?,
    };
    let at = window.hit()..window.hit() + KEY_LEN;
    let encodings: Vec<&'static Encoding> = start.row.chain.iter().copied().chain(within).collect();
    let confidence = confidence(&window, &at, &encodings)?;
    if placeholder::is_placeholder(&key.secret) {
        return Some(Found::Placeholder(range));
    }
    let encodings = encodings.iter().map(|encoding| encoding.name).collect();
    Some(Found::Key(Match { range, key, encodings, confidence }))
}

/// How sure it is that there is a key at `at` of the decoded text; `None` when its borders say that there is none.
fn confidence(window: &Window<'_>, at: &Range<usize>, encodings: &[&Encoding]) -> Option<Confidence> {
    let text = window.text();
    // What has been put together must have borders wherever it stands.
    let is_guess = encodings.iter().any(|encoding| encoding.is_guess());
    if !is_guess && window.is_binary_near(at) {
        return Some(Confidence::Medium);
    }
    let is_certain = encodings.iter().all(|encoding| encoding.is_certain());
    let is_sure_of_left = !window.is_doubtful() && (is_certain || border::is_text(&text[..at.start], Side::Left));
    if is_sure_of_left && !border::open_left(text, at.start) {
        return None;
    }
    // A text that goes on as no text has ended.
    let goes_on = is_certain || border::is_text(&text[at.end..], Side::Right);
    if goes_on && !border::open_right(text, at.end) {
        return None;
    }
    Some(if is_guess || !is_sure_of_left { Confidence::Medium } else { Confidence::High })
}

#[cfg(test)]
pub(crate) mod testing {
    use super::{Detector, Found, Match};

    /// The keys in `haystack`; both engines must agree on them.
    pub fn keys_in(haystack: &[u8]) -> Vec<Match> {
        let keys = |detector: &Detector| -> Vec<Match> {
            detector
                .keys(haystack, 0..haystack.len())
                .filter_map(|found| match found {
                    Found::Key(found) => Some(found),
                    Found::Placeholder(_) | Found::Gzip { .. } => None,
                })
                .collect()
        };
        let fast = keys(&Detector::new());
        let slow = keys(&Detector::without_simd());
        let summary =
            |found: &[Match]| -> Vec<_> { found.iter().map(|m| (m.range.clone(), m.encodings.clone())).collect() };
        assert_eq!(summary(&fast), summary(&slow), "with and without SIMD");
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
    use super::encoding::{Cut, Form, Piece, Row};
    use super::testing::{keys_in, one_key};
    use super::*;
    use crate::key::generate::Keys;

    #[test]
    fn binary_data_asks_for_no_borders() {
        let key = Keys::new(31).live();
        for (bytes, confidence) in [
            (format!("\0abc{key}def"), Some(Confidence::Medium)),
            (format!("abc{key}def\0"), Some(Confidence::Medium)),
            (format!("\0{}{key}{}\0", "a".repeat(511), "b".repeat(511)), Some(Confidence::Medium)),
            (format!("\0{}{key}{}\0", "a".repeat(512), "b".repeat(512)), None),
            (format!("\0{}{key}{}\0", " ".repeat(512), " ".repeat(512)), Some(Confidence::High)),
        ] {
            let found = keys_in(bytes.as_bytes());
            assert_eq!(found.first().map(|found| found.confidence), confidence);
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
            decode: |haystack, place, reach| {
                let plain = Window::plain(haystack, place.at, reach);
                let start = place.at - plain.hit();
                let text: Vec<u8> = plain.text().iter().map(|byte| byte.wrapping_sub(1)).collect();
                let origins = (start..start + text.len()).map(|i| i..i + 1).collect();
                Some(Window::decoded(text, plain.hit(), origins))
            },
            introducers: b"",
        };
        static ROWS: &[Row] = &[
            Row { chain: &[&SHIFTED], pieces: &[Piece { offset: 0, text: b"hopx" }], cut: Cut::Whole },
            Row { chain: &[&BASE64, &SHIFTED], pieces: &[Piece { offset: 0, text: b"hopx_" }], cut: Cut::Halves },
        ];
        let key = Keys::new(36).live();
        let detector = Detector::build(needle::of_rows(ROWS, &[]), Prefilter::new);
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
