//! What reads foreign bytes, one file a reader: each has a `run` that takes an input, and panics where something that must
//! hold does not.

pub mod answer;
pub mod git_files;
pub mod hooks;
pub mod index;
#[path = "../../tests/support/keys.rs"]
mod keys;
pub mod loose;
pub mod merged;
pub mod pack;
pub mod packed;
pub mod parts;
pub mod planted;
pub mod program;
pub mod refs;
pub mod reftable;
pub mod rules;
mod search;
pub mod tar;
pub mod zip;

/// What the program made of an input.
pub struct Seen {
    /// How it ended.
    pub verdict: Verdict,
    /// All that it said.
    pub text: Vec<u8>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing was found, and nothing was wrong.
    Clean,
    /// Nothing was found, and something was not read.
    Incomplete,
    /// A key was found.
    Found,
}

impl Seen {
    /// Panics where a key that is there was neither found nor a problem reported.
    pub fn assert_not_clean(&self, why: &str) {
        assert!(self.verdict != Verdict::Clean, "silent: {why}");
    }
}
