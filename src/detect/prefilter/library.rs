//! The engine of the library, for any CPU: `aho_corasick::packed`, or its automaton where that has no SIMD.

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind, Span, packed};

use super::MAX_NEEDLES;

/// The most patterns that a packed searcher takes.
const MAX_PATTERNS: usize = 64;
const SEARCHERS: usize = MAX_NEEDLES.div_ceil(MAX_PATTERNS);

/// What finds the next place where a needle starts.
#[derive(Debug)]
pub struct Library {
    engine: Engine,
    longest: usize,
}

#[derive(Debug)]
enum Engine {
    /// Teddy: each searcher has a share of the needles.
    Packed(Vec<packed::Searcher>),
    /// Without SIMD.
    Automaton(AhoCorasick),
}

/// Where each searcher met its next needle, so that none goes through bytes again that another one is behind in; the end
/// of the address space when there is none.
pub type Ahead = [Option<usize>; SEARCHERS];

impl Library {
    pub fn new(needles: &[Vec<u8>]) -> Library {
        let longest = needles.iter().map(Vec::len).max().unwrap_or(0);
        let mut sorted: Vec<&[u8]> = needles.iter().map(Vec::as_slice).collect();
        sorted.sort_unstable();
        let share = sorted.len().div_ceil(sorted.len().div_ceil(MAX_PATTERNS).max(1)).max(1);
        let searchers: Option<Vec<packed::Searcher>> = sorted.chunks(share).map(searcher).collect();
        Library { engine: searchers.map_or_else(|| automaton(needles), Engine::Packed), longest }
    }

    /// The engine for a CPU without SIMD search.
    #[cfg(test)]
    pub fn without_simd(needles: &[Vec<u8>]) -> Library {
        Library { engine: automaton(needles), ..Library::new(needles) }
    }

    /// The first offset in `range` at which a needle starts. `ahead` is for all searches of one haystack, the ranges of
    /// which begin ever later and end at one place.
    pub fn find(&self, haystack: &[u8], range: Range<usize>, ahead: &mut Ahead) -> Option<usize> {
        let end = haystack.len().min(range.end.saturating_add(self.longest));
        let span = Span::from(range.start..end);
        let start = match &self.engine {
            Engine::Packed(searchers) => {
                let mut first = usize::MAX;
                for (searcher, ahead) in searchers.iter().zip(ahead) {
                    let next = ahead
                        .filter(|&next| next >= range.start)
                        .unwrap_or_else(|| searcher.find_in(haystack, span).map_or(usize::MAX, |found| found.start()));
                    *ahead = Some(next);
                    first = first.min(next);
                }
                first
            }
            Engine::Automaton(automaton) => automaton.find(Input::new(haystack).span(span))?.start(),
        };
        (start < range.end).then_some(start)
    }
}

fn searcher(sorted: &[&[u8]]) -> Option<packed::Searcher> {
    packed::Config::new().match_kind(packed::MatchKind::LeftmostFirst).builder().extend(in_buckets(sorted)).build()
}

fn automaton(needles: &[Vec<u8>]) -> Engine {
    #[expect(clippy::expect_used, reason = "the needles are few, short and our own")]
    let automaton = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostFirst)
        .kind(Some(AhoCorasickKind::DFA))
        .build(needles)
        .expect("a few short needles fit an automaton");
    Engine::Automaton(automaton)
}

/// Needles that begin alike in one bucket of the engine, as far as this can be known from outside: it puts pattern `i` into
/// bucket `i` modulo 16, and stops at every four bytes of which each is, by its two halves, in the same place of some
/// pattern of a bucket. Beside the order of the table this found source text at 7.2 instead of 6.2 GB/s (61 needles).
fn in_buckets<'n>(sorted: &[&'n [u8]]) -> Vec<&'n [u8]> {
    const BUCKETS: usize = 16;
    let sizes = (0..BUCKETS).map(|bucket| (sorted.len() + BUCKETS - 1 - bucket) / BUCKETS);
    let mut rest = sorted;
    let buckets: Vec<&[&[u8]]> = sizes.filter_map(|size| rest.split_off(..size)).collect();
    let rows = (0..sorted.len().div_ceil(BUCKETS)).flat_map(|row| buckets.iter().filter_map(move |b| b.get(row)));
    rows.copied().collect()
}
