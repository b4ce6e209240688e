//! The prefilter: one pass over the bytes that stops at every needle of every encoding.
//!
//! An engine names candidates, places where a needle may start, 64 bytes at a time; at each of them the needles are
//! compared (`starts.rs`). The engine is our own with AVX2 or AVX-512 (`buckets.rs` has the idea, `simd.rs` the loops)
//! and `aho_corasick` elsewhere (`library.rs`). `cargo bench --bench detector` has all of them, and
//! `benches/README.md` the numbers.

mod buckets;
mod library;
#[cfg(target_arch = "x86_64")]
mod simd;
mod starts;

use std::ops::Range;

use self::buckets::Buckets;
use self::library::{Ahead, Library};
use self::starts::Starts;

/// The most needles there may be.
pub const MAX_NEEDLES: usize = 128;

/// The fewest bytes of a needle.
pub const MIN_LEN: usize = 3;

/// A needle that was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Which needle: its place in the list that the prefilter was built from.
    pub needle: usize,
    /// Offset of its first byte.
    pub start: usize,
}

/// Finds needles. Made once, shared by all threads.
#[derive(Debug)]
pub struct Prefilter {
    engine: Engine,
    starts: Starts,
}

/// What names the candidates, chosen once by what the CPU can do.
#[derive(Debug)]
enum Engine {
    #[cfg(target_arch = "x86_64")]
    Avx2(simd::Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(Box<simd::Avx512>),
    Library(Library),
}

/// Places where a needle may start.
#[derive(Clone, Copy, Debug)]
struct Candidates {
    /// Offset of the block.
    base: usize,
    /// Bit `i` stands for the offset `base + i`.
    bits: u64,
}

/// How many offsets [`Candidates`] stand for.
const BLOCK: usize = 64;

impl Prefilter {
    /// The fastest engine this CPU has.
    ///
    /// # Panics
    ///
    /// When there are more than [`MAX_NEEDLES`] needles or one of them is shorter than [`MIN_LEN`]: both are faults of
    /// the table of encodings.
    pub fn new(needles: &[Vec<u8>]) -> Prefilter {
        Prefilter::avx512(needles).or_else(|| Prefilter::avx2(needles)).unwrap_or_else(|| Prefilter::library(needles))
    }

    /// The library's engine, on any CPU.
    ///
    /// # Panics
    ///
    /// As [`Prefilter::new`].
    pub fn library(needles: &[Vec<u8>]) -> Prefilter {
        Prefilter { starts: Starts::new(needles), engine: Engine::Library(Library::new(needles)) }
    }

    /// Our engine with AVX2; `None` when the CPU has no AVX2, or when a needle begins with bytes that are no ASCII.
    pub fn avx2(needles: &[Vec<u8>]) -> Option<Prefilter> {
        #[cfg(target_arch = "x86_64")]
        return Prefilter::simd(needles, |buckets| simd::Avx2::new(buckets).map(Engine::Avx2));
        #[cfg(not(target_arch = "x86_64"))]
        None
    }

    /// Our engine with AVX-512 and its byte shuffles (VBMI); `None` as [`Prefilter::avx2`].
    pub fn avx512(needles: &[Vec<u8>]) -> Option<Prefilter> {
        #[cfg(target_arch = "x86_64")]
        return Prefilter::simd(needles, |buckets| simd::Avx512::new(buckets).map(Box::new).map(Engine::Avx512));
        #[cfg(not(target_arch = "x86_64"))]
        None
    }

    #[cfg(target_arch = "x86_64")]
    fn simd(needles: &[Vec<u8>], engine: impl FnOnce(&Buckets) -> Option<Engine>) -> Option<Prefilter> {
        let starts = Starts::new(needles);
        Some(Prefilter { engine: engine(&Buckets::new(needles)?)?, starts })
    }

    /// Every needle that starts in `range` and lies wholly in `haystack`, ordered by where it starts, then by its number.
    pub fn hits<'a>(&'a self, haystack: &'a [u8], range: Range<usize>) -> Hits<'a> {
        Hits {
            prefilter: self,
            haystack,
            end: range.end.min(haystack.len()),
            next: range.start,
            candidates: Candidates { base: range.start, bits: 0 },
            start: range.start,
            rest: 0..0,
            ahead: Ahead::default(),
        }
    }
}

/// The needles in a haystack.
#[derive(Debug)]
pub struct Hits<'a> {
    prefilter: &'a Prefilter,
    haystack: &'a [u8],
    /// Where the starts that count end.
    end: usize,
    /// Where the engine goes on.
    next: usize,
    /// The candidates before `next` that have not been tried.
    candidates: Candidates,
    /// The candidate that is being tried, and the needles left to compare there.
    start: usize,
    rest: Range<usize>,
    ahead: Ahead,
}

impl Iterator for Hits<'_> {
    type Item = Hit;

    fn next(&mut self) -> Option<Hit> {
        loop {
            if let Some(needle) = self.prefilter.starts.next(self.haystack, self.start, &mut self.rest) {
                return Some(Hit { needle, start: self.start });
            }
            if self.candidates.bits == 0 {
                self.candidates = self.search()?;
            }
            let Candidates { base, bits } = &mut self.candidates;
            self.start = *base + bits.trailing_zeros() as usize;
            *bits &= *bits - 1;
            self.rest = self.prefilter.starts.at(self.haystack, self.start);
        }
    }
}

impl Hits<'_> {
    /// The next candidates, at least one.
    fn search(&mut self) -> Option<Candidates> {
        if self.next >= self.end {
            return None;
        }
        let candidates = match &self.prefilter.engine {
            #[cfg(target_arch = "x86_64")]
            Engine::Avx2(engine) => engine.find(self.haystack, self.next..self.end),
            #[cfg(target_arch = "x86_64")]
            Engine::Avx512(engine) => engine.find(self.haystack, self.next..self.end),
            Engine::Library(library) => {
                let start = library.find(self.haystack, self.next..self.end, &mut self.ahead);
                self.next = start.map_or(self.end, |start| start + 1);
                return start.map(|base| Candidates { base, bits: 1 });
            }
        };
        self.next = candidates.map_or(self.end, |candidates| candidates.base + BLOCK);
        candidates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Needles that a table of encodings may have, beside those of today's.
    const SHORT: [&str; 9] = ["eJw", "eJx", "eAE", "eF4", "eNo", "68,00,6f", "68006f", "68 00 6f", "700078"];

    /// Every engine that runs here.
    fn engines(needles: &[Vec<u8>]) -> Vec<Prefilter> {
        let automaton =
            Prefilter { starts: Starts::new(needles), engine: Engine::Library(Library::without_simd(needles)) };
        let simd = [Prefilter::avx2(needles), Prefilter::avx512(needles)];
        [Prefilter::library(needles), automaton, Prefilter::new(needles)]
            .into_iter()
            .chain(simd.into_iter().flatten())
            .collect()
    }

    fn naive(needles: &[Vec<u8>], haystack: &[u8], range: Range<usize>) -> Vec<Hit> {
        let at = |start: usize| {
            let met = needles.iter().enumerate().filter(move |(_, needle)| haystack[start..].starts_with(needle));
            met.map(move |(needle, _)| Hit { needle, start })
        };
        range.filter(|&start| start < haystack.len()).flat_map(at).collect()
    }

    /// Pieces of needles, whole ones and glued ones among them, in noise.
    fn haystack(rng: &mut fastrand::Rng, needles: &[Vec<u8>], len: usize) -> Box<[u8]> {
        let mut haystack = Vec::new();
        while haystack.len() < len {
            let needle = &needles[rng.usize(..needles.len())];
            let cut = if rng.bool() { needle.len() } else { rng.usize(..needle.len()) };
            haystack.extend_from_slice(&needle[rng.usize(..=cut / 2)..cut]);
            haystack.extend_from_slice(&needle[..cut]);
            if rng.u8(..4) == 0 {
                let noise = [0, b' ', b'e', 0x80, 0xff][rng.usize(..5)];
                haystack.resize(haystack.len() + rng.usize(..90), noise);
            }
        }
        haystack.truncate(len);
        // As long as it is, so that valgrind sees a read past its end.
        haystack.into_boxed_slice()
    }

    /// Lists of needles: ours, and random ones of few letters, so that many begin alike and overlap.
    fn lists(rng: &mut fastrand::Rng) -> Vec<Vec<Vec<u8>>> {
        let ours: Vec<Vec<u8>> = crate::detect::needle::needles().into_iter().map(|needle| needle.bytes).collect();
        let more: Vec<Vec<u8>> = ours.iter().cloned().chain(SHORT.map(|needle| needle.as_bytes().to_vec())).collect();
        let mut lists = vec![ours, more];
        for alphabet in [&b"ab"[..], b"ho px_\0", b"aA1q", b"a\xe1\x80"] {
            for count in [1, 2, 40, MAX_NEEDLES] {
                let byte = |rng: &mut fastrand::Rng| alphabet[rng.usize(..alphabet.len())];
                let needle = |rng: &mut fastrand::Rng| (0..rng.usize(MIN_LEN..=32)).map(|_| byte(rng)).collect();
                let list: Vec<Vec<u8>> = (0..count).map(|_| needle(rng)).collect();
                // Our own engine takes needles that begin with ASCII.
                let ascii = |needle: &Vec<u8>| {
                    [needle[..3].iter().map(|byte| byte & 0x7f).collect(), needle[3..].to_vec()].concat()
                };
                lists.push(list.iter().map(ascii).collect());
                lists.push(list);
            }
        }
        lists
    }

    #[test]
    fn every_engine_finds_what_is_there() {
        let mut rng = fastrand::Rng::with_seed(5);
        let mut hits = 0;
        for needles in lists(&mut rng) {
            let engines = engines(&needles);
            for len in (0..300).chain([1000, 5000]) {
                let haystack = haystack(&mut rng, &needles, len);
                let start = rng.usize(..=len);
                for range in [0..len, start..rng.usize(start..=len), start..len + rng.usize(..70)] {
                    let expected = naive(&needles, &haystack, range.clone());
                    hits += expected.len();
                    for engine in &engines {
                        let found: Vec<Hit> = engine.hits(&haystack, range.clone()).collect();
                        assert_eq!(found, expected, "{:?} in {range:?} of {len}", engine.engine);
                    }
                }
            }
        }
        assert!(hits > 200_000, "only {hits} hits: the test looks at nothing");
    }
}
