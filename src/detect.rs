//! The detector: bytes in, keys out.
//!
//! prefilter → decode the key alone → shape → decode the context → borders → placeholder. The first step reads every
//! byte and is SIMD; the others run at needles only. It knows nothing of files, lines or reports.

pub mod border;
pub mod encoding;
pub mod placeholder;
pub mod prefilter;
pub mod window;

use std::borrow::Cow;
use std::ops::Range;

use crate::detect::encoding::{ENCODINGS, Encoding};
use crate::detect::prefilter::{Hit, Prefilter};
use crate::detect::window::Reach;
use crate::key::{KEY_LEN, Key};

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Shape and borders hold.
    High,
    /// The shape holds; borders were not asked for, since the bytes around it are binary.
    Medium,
}

impl Confidence {
    /// The name in reports.
    pub fn id(self) -> &'static str {
        match self {
            Confidence::High => "high",
            Confidence::Medium => "medium",
        }
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
    pub encodings: &'static [&'static str],
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
}

impl Found {
    /// Where the encoded form stands: byte offsets, half open.
    pub fn range(&self) -> &Range<usize> {
        match self {
            Found::Key(found) => &found.range,
            Found::Placeholder(range) => range,
        }
    }
}

/// Finds keys in bytes. Made once, shared by all threads.
#[derive(Debug)]
pub struct Detector {
    prefilter: Prefilter,
    /// The encoding that each needle belongs to.
    owners: Vec<&'static Encoding>,
    longest_needle: usize,
}

impl Default for Detector {
    fn default() -> Detector {
        Detector::new()
    }
}

impl Detector {
    /// A detector for every encoding.
    pub fn new() -> Detector {
        Detector::build(ENCODINGS, Prefilter::new)
    }

    /// The same, without SIMD search.
    pub fn without_simd() -> Detector {
        Detector::build(ENCODINGS, Prefilter::automaton)
    }

    fn build(encodings: &'static [Encoding], engine: fn(&[Vec<u8>]) -> Prefilter) -> Detector {
        let rows = encodings.iter().flat_map(|encoding| (encoding.needles)().into_iter().map(move |n| (n, encoding)));
        let (needles, owners): (Vec<_>, Vec<_>) = rows.unzip();
        let longest_needle = needles.iter().map(Vec::len).max().unwrap_or(0);
        Detector { prefilter: engine(&needles), owners, longest_needle }
    }

    /// The keys and placeholders whose needle starts in `owned`, in the order they stand. Bytes outside `owned` are
    /// context. Lazy, and without an allocation until a needle is met.
    pub fn keys<'a>(&'a self, haystack: &'a [u8], owned: Range<usize>) -> impl Iterator<Item = Found> + 'a {
        let mut at = owned.start;
        std::iter::from_fn(move || {
            while let Some(hit) = self.next_hit(haystack, at, owned.end) {
                at = hit.start + 1;
                if let Some(found) = self.examine(haystack, hit) {
                    at = at.max(found.range().end);
                    return Some(found);
                }
            }
            None
        })
    }

    /// `name` with every key in it in its display form. Asks for the shape alone, no borders: what is shown must not
    /// hold a secret, however it is glued to its neighbours.
    pub fn redact<'a>(&self, name: &'a [u8]) -> Cow<'a, [u8]> {
        let mut shown = Vec::new();
        let mut copied = 0;
        let mut at = 0;
        while let Some(hit) = self.next_hit(name, at, name.len()) {
            at = hit.start + 1;
            // A key's shape may start inside of another's, and either may be the one that is a key.
            if let Some((key, range)) = self.shape(name, hit) {
                shown.extend_from_slice(name.get(copied..range.start).unwrap_or_default());
                shown.extend_from_slice(key.redacted().as_bytes());
                copied = copied.max(range.end);
            }
        }
        if copied == 0 {
            return Cow::Borrowed(name);
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

    /// The key at a needle, by shape alone, and where its encoded form stands.
    fn shape(&self, haystack: &[u8], hit: Hit) -> Option<(Key, Range<usize>)> {
        let window = (self.owners[hit.needle].decode)(haystack, hit.start, Reach::KEY)?;
        let key = Key::at_start(&window.text()[window.hit()..])?;
        Some((key, window.span(window.hit()..window.hit() + KEY_LEN)))
    }

    fn examine(&self, haystack: &[u8], hit: Hit) -> Option<Found> {
        let (key, range) = self.shape(haystack, hit)?;
        let encoding = self.owners[hit.needle];
        let window = (encoding.decode)(haystack, hit.start, Reach::CONTEXT)?;
        let at = window.hit()..window.hit() + KEY_LEN;
        let confidence = if window.is_binary_near(&at) {
            Confidence::Medium
        } else if border::open_left(window.text(), at.start) && border::open_right(window.text(), at.end) {
            Confidence::High
        } else {
            return None;
        };
        if placeholder::is_placeholder(&key.secret) {
            return Some(Found::Placeholder(range));
        }
        Some(Found::Key(Match { range, key, encodings: encoding.names, confidence }))
    }
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
                    Found::Placeholder(_) => None,
                })
                .collect()
        };
        let fast = keys(&Detector::new());
        let slow = keys(&Detector::without_simd());
        let summary = |found: &[Match]| -> Vec<_> { found.iter().map(|m| (m.range.clone(), m.encodings)).collect() };
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
    use super::testing::{keys_in, one_key};
    use super::window::Window;
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
        static SHIFTED: &[Encoding] = &[Encoding {
            names: &["shifted"],
            needles: || vec![b"hopx_live_".iter().map(|byte| byte + 1).collect()],
            decode: |haystack, at, reach| {
                let plain = Window::plain(haystack, at, reach);
                let start = plain.span(0..0).start;
                let text: Vec<u8> = plain.text().iter().map(|byte| byte.wrapping_sub(1)).collect();
                let offsets = (start..=start + text.len()).collect();
                Some(Window::decoded(text, plain.hit(), offsets))
            },
        }];
        let key = Keys::new(36).live();
        let text: Vec<u8> = format!("\n{key}\n").bytes().map(|byte| byte + 1).collect();
        let detector = Detector::build(SHIFTED, Prefilter::new);
        let found: Vec<Found> = detector.keys(&text, 0..text.len()).collect();
        let [Found::Key(found)] = found.as_slice() else { panic!("{} found", found.len()) };
        assert_eq!(found.range, 1..67);
        assert_eq!(found.key.fingerprint(), Key::at_start(key.as_bytes()).expect("a key").fingerprint());
    }

    #[test]
    fn random_noise_holds_no_key() {
        let mut rng = fastrand::Rng::with_seed(37);
        let mut noise = vec![0_u8; 1 << 20];
        let detector = Detector::new();
        for _ in 0..16 {
            rng.fill(&mut noise);
            assert_eq!(detector.keys(&noise, 0..noise.len()).count(), 0);
        }
    }
}
