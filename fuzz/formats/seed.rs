//! Seeds, and the inputs that come of them.

use fastrand::Rng;

use crate::damage;
use crate::mend;
use crate::targets::parts;

/// The most bytes of an input.
pub const MOST: usize = 1 << 20;

/// A sound input, to be damaged.
pub struct Seed {
    pub parts: Vec<Vec<u8>>,
    /// The parts that are damaged.
    pub open: Vec<usize>,
    /// Whether the key is to be found in it.
    pub holds_key: bool,
    /// The first of the objects among the parts, of which each may name those before it: then ids are put right.
    pub objects: Option<usize>,
}

impl Seed {
    /// An input with the key, of which these parts are damaged.
    pub fn of(parts: Vec<Vec<u8>>, open: impl IntoIterator<Item = usize>) -> Seed {
        Seed { parts, open: open.into_iter().collect(), holds_key: true, objects: None }
    }
}

/// An input out of one seed, damaged in a few places. In two of three cases its checksums and ids are put right, so that it
/// gets past them.
pub fn input(seeds: &[Seed], words: &[&str], rng: &mut Rng) -> Vec<u8> {
    let seed = rng.choice(seeds).expect("some");
    let mut damaged = seed.parts.clone();
    for _ in 0..[1, 1, 1, 2, 2, 3, 5, 9][rng.usize(..8)] {
        let number = *rng.choice(&seed.open).expect("some");
        let other = rng.choice(seeds).expect("some");
        let other = other.parts.get(number).map_or(&[][..], Vec::as_slice);
        damage::damage(&mut damaged[number], other, words, rng);
    }
    if rng.u8(..3) > 0 {
        mend::mend(seed, &mut damaged);
    }
    let mut input = parts::join(&damaged);
    input.truncate(MOST);
    input
}
