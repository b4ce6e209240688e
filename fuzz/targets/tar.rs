//! Tar archives.

use super::{Seen, search};

/// An archive.
pub fn run(input: &[u8]) -> Seen {
    search::search("a.tar", input)
}
