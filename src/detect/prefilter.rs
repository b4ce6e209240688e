//! The prefilter: one pass over the bytes that stops at every needle of every encoding.
//!
//! With SIMD it is `aho_corasick::packed` (Teddy). Without, `AhoCorasick` finds the same needles (`cargo bench --bench
//! detector` has both, and `benches/README.md` the numbers).

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
    /// Teddy, and which needle each of its patterns is.
    Packed(packed::Searcher, Vec<usize>),
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
        let order = in_buckets(needles);
        packed::Config::new()
            .match_kind(packed::MatchKind::LeftmostFirst)
            .builder()
            .extend(order.iter().map(|&needle| &needles[needle]))
            .build()
            .map_or_else(|| Prefilter::automaton(needles), |searcher| Prefilter::Packed(searcher, order))
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
            Prefilter::Packed(searcher, order) => {
                let hit = searcher.find_in(haystack, Span::from(from..to))?;
                (order[hit.pattern().as_usize()], hit.start())
            }
            Prefilter::Automaton(automaton) => {
                let hit = automaton.find(aho_corasick::Input::new(haystack).range(from..to))?;
                (hit.pattern().as_usize(), hit.start())
            }
        };
        Some(Hit { needle, start })
    }
}

/// Needles that begin alike in one bucket of the engine, as far as it can be told from outside: it puts pattern `i` into
/// bucket `i` modulo 16, and stops at every four bytes of which each is, by its two halves, in the same place of some
/// pattern of a bucket. Beside the order of the table this found source text at 7.2 instead of 6.2 GB/s, where the needle
/// of a plain key alone takes 14.3 (2 cores, AMD EPYC; other orders: `docs/design.md`).
fn in_buckets(needles: &[Vec<u8>]) -> Vec<usize> {
    const BUCKETS: usize = 16;
    let mut sorted: Vec<usize> = (0..needles.len()).collect();
    sorted.sort_by_key(|&needle| &needles[needle]);
    let sizes = (0..BUCKETS).map(|bucket| (needles.len() + BUCKETS - 1 - bucket) / BUCKETS);
    let mut rest = sorted.as_slice();
    let buckets: Vec<&[usize]> = sizes.filter_map(|size| rest.split_off(..size)).collect();
    let rows = (0..needles.len().div_ceil(BUCKETS)).flat_map(|row| buckets.iter().filter_map(move |b| b.get(row)));
    rows.copied().collect()
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
        let needles: Vec<Vec<u8>> = crate::detect::needle::needles().into_iter().map(|needle| needle.bytes).collect();
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
}
