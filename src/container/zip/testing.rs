//! What the tests of ZIP share: a writer that can lie, and readers that compare.

use super::super::probe::{self, Probe};
use crate::container::Packed;
use crate::error::ProblemKind;

#[path = "../../../tests/support/zip.rs"]
mod writer;

pub use writer::*;

/// Opens an archive at hand.
pub fn at(bytes: &[u8]) -> Probe {
    probe::at(Packed::Zip, bytes)
}

/// Opens an archive that comes in pieces and is held.
pub fn stream(bytes: &[u8]) -> Probe {
    probe::stream(Packed::Zip, bytes)
}

/// Opens an archive by its local headers, as if it was too large to be held.
pub fn unheld(bytes: &[u8]) -> Probe {
    let mut probe = Probe::default();
    let budget = probe::budget(bytes.len());
    let (held, rest) = bytes.split_at(bytes.len().min(50));
    super::with_memory(&budget, &mut probe, |reading| super::stream::walk(held, &mut probe::Slow(rest), reading));
    probe
}

/// The names and the contents of what was lent, as text.
pub fn members(probe: &Probe) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    probe.members.iter().map(|(name, data)| (text(name.as_deref().unwrap_or_default()), text(data))).collect()
}

/// Checks what was lent, in any order, and which kinds of problems were told.
#[track_caller]
pub fn expect(probe: &Probe, expected: &[(&str, &str)], kinds: &[ProblemKind]) {
    let mut lent = members(probe);
    let mut expected: Vec<_> = expected.iter().map(|(name, data)| ((*name).to_owned(), (*data).to_owned())).collect();
    lent.sort();
    expected.sort();
    let short = |all: &[(String, String)]| -> Vec<(String, String)> {
        all.iter().map(|(name, data)| (name.clone(), data.chars().take(60).collect())).collect()
    };
    assert_eq!(short(&lent), short(&expected), "{:?}", probe.problems);
    assert!(lent == expected, "contents differ");
    assert_eq!(probe.kinds(), kinds, "{:?}", probe.problems);
}
