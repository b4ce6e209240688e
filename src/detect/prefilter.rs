//! The prefilter: one pass over the bytes that stops at every needle of every encoding.
//!
//! With SIMD it is `aho_corasick::packed` (Teddy), which read text at 6.0 GiB/s where `AhoCorasick` read 1.0 GiB/s
//! (`cargo bench --bench detector`, in `benches/README.md`). Without SIMD, `AhoCorasick` finds the same needles.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind, Span, packed};

/// The most needles that Teddy takes; above it the packed searcher can't be built.
pub const MAX_NEEDLES: usize = 64;

/// A needle that was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Which needle: its place in the list that the prefilter was built from.
    pub needle: usize,
    /// Offset of its first byte.
    pub start: usize,
}

/// The search engine, chosen once by what the CPU can do.
#[derive(Debug)]
pub enum Prefilter {
    /// Teddy.
    Packed(packed::Searcher),
    /// The fallback.
    Automaton(AhoCorasick),
}

impl Prefilter {
    /// The fastest engine this CPU has.
    ///
    /// # Panics
    ///
    /// When there are more than [`MAX_NEEDLES`] needles or one of them is empty: both are faults of the table of encodings.
    pub fn new(needles: &[Vec<u8>]) -> Prefilter {
        assert!(needles.len() <= MAX_NEEDLES, "{} needles, at most {MAX_NEEDLES}", needles.len());
        packed::Config::new()
            .match_kind(packed::MatchKind::LeftmostFirst)
            .builder()
            .extend(needles)
            .build()
            .map_or_else(|| Prefilter::automaton(needles), Prefilter::Packed)
    }

    /// The engine for a CPU without SIMD search.
    ///
    /// # Panics
    ///
    /// When the needles don't fit an automaton, which takes gigabytes of them.
    pub fn automaton(needles: &[Vec<u8>]) -> Prefilter {
        #[expect(clippy::expect_used, reason = "the needles are few, short and our own")]
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .kind(Some(AhoCorasickKind::DFA))
            .build(needles)
            .expect("a few short needles fit an automaton");
        Prefilter::Automaton(automaton)
    }

    /// The first needle that starts at or after `from` and ends at or before `to`. Both are offsets in `haystack`.
    pub fn find(&self, haystack: &[u8], from: usize, to: usize) -> Option<Hit> {
        let (needle, start) = match self {
            Prefilter::Packed(searcher) => {
                let hit = searcher.find_in(haystack, Span::from(from..to))?;
                (hit.pattern(), hit.start())
            }
            Prefilter::Automaton(automaton) => {
                let hit = automaton.find(aho_corasick::Input::new(haystack).range(from..to))?;
                (hit.pattern(), hit.start())
            }
        };
        Some(Hit { needle: needle.as_usize(), start })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All hits, each search starting one past the last hit.
    fn all(prefilter: &Prefilter, haystack: &[u8]) -> Vec<Hit> {
        let mut at = 0;
        std::iter::from_fn(|| {
            let hit = prefilter.find(haystack, at, haystack.len())?;
            at = hit.start + 1;
            Some(hit)
        })
        .collect()
    }

    #[test]
    fn both_engines_find_the_same() {
        let needles: Vec<Vec<u8>> =
            crate::detect::encoding::ENCODINGS.iter().flat_map(|encoding| (encoding.needles)()).collect();
        let fast = Prefilter::new(&needles);
        let slow = Prefilter::automaton(&needles);
        let mut rng = fastrand::Rng::with_seed(5);
        let mut hits = 0;
        for length in 0..2_000 {
            // Pieces of needles in noise, so that most prefixes are met and some hits overlap.
            let mut haystack = Vec::new();
            while haystack.len() < length {
                let needle = &needles[rng.usize(..needles.len())];
                let cut = if rng.bool() { needle.len() } else { rng.usize(..needle.len()) };
                haystack.extend_from_slice(&needle[..cut]);
                haystack.resize(haystack.len() + rng.usize(..40), 0);
            }
            let found = all(&fast, &haystack);
            assert_eq!(found, all(&slow, &haystack));
            hits += found.len();
        }
        assert!(hits > 10_000, "only {hits} hits: the test looks at nothing");
    }

    #[test]
    fn the_needles_fit_the_fast_engine() {
        let count = crate::detect::encoding::ENCODINGS.iter().map(|encoding| (encoding.needles)().len()).sum::<usize>();
        assert!((1..=MAX_NEEDLES).contains(&count), "{count} needles");
    }
}
