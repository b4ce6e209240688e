//! What the tests of the containers share: a visitor that writes down what it is lent.

use std::io::Read;
use std::ops::Range;

use super::{Bounds, Budget, Input, Member, Members, Packed, open};
use crate::error::ProblemKind;

/// Writes down what it is lent.
#[derive(Debug, Default)]
pub(super) struct Probe {
    /// Each member's name, and what was read of it.
    pub(super) members: Vec<(Option<Vec<u8>>, Vec<u8>)>,
    /// The spans of each member.
    pub(super) spans: Vec<Vec<Range<u64>>>,
    /// The container's own bytes.
    pub(super) own: Vec<u8>,
    /// The problems told.
    pub(super) problems: Vec<(ProblemKind, String)>,
    /// How much of a member is kept, in bytes: 1 MiB where this is 0. All is read.
    pub(super) keep: usize,
    /// Whether members are not read at all.
    pub(super) is_lazy: bool,
}

impl Probe {
    /// The kinds of the problems told.
    pub(super) fn kinds(&self) -> Vec<ProblemKind> {
        self.problems.iter().map(|(kind, _)| *kind).collect()
    }

    /// The content of the only member.
    pub(super) fn only(&self) -> &[u8] {
        assert_eq!(self.members.len(), 1, "{:?}", self.problems);
        &self.members[0].1
    }
}

impl Members for Probe {
    fn member(&mut self, member: &Member<'_>, content: &mut dyn Read) {
        let keep = if self.keep == 0 { 1 << 20 } else { self.keep };
        let (mut kept, mut buffer) = (Vec::new(), vec![0; 10_000]);
        if !self.is_lazy {
            while let Ok(read @ 1..) = content.read(&mut buffer) {
                kept.extend_from_slice(&buffer[..read.min(keep.saturating_sub(kept.len()))]);
            }
        }
        self.members.push((member.name.map(<[u8]>::to_vec), kept));
        self.spans.push(member.spans.to_vec());
    }

    fn own(&mut self, bytes: &[u8]) {
        self.own.extend_from_slice(bytes);
    }

    fn problem(&mut self, kind: ProblemKind, message: String) {
        self.problems.push((kind, message));
    }
}

/// Gives out its bytes in pieces of a few bytes, as a slow pipe does.
pub(super) struct Slow<'a>(pub(super) &'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let count = out.len().min(7).min(self.0.len());
        out[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

/// A budget with all of the bounds, for an outer file of `size` bytes.
pub(super) fn budget(size: usize) -> Budget {
    let budget = Budget::new(Bounds::default());
    budget.read(size as u64);
    budget
}

/// Opens bytes that are at hand.
pub(super) fn at(format: Packed, bytes: &[u8]) -> Probe {
    let mut probe = Probe::default();
    open(format, Input::At(&bytes), &budget(bytes.len()), &mut probe);
    probe
}

/// Opens bytes that come in pieces.
pub(super) fn stream(format: Packed, bytes: &[u8]) -> Probe {
    let mut probe = Probe::default();
    open(format, Input::Stream(&mut Slow(bytes)), &Budget::new(Bounds::default()), &mut probe);
    probe
}
