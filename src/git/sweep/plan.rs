//! The delta forest of a pack: which object is deltified against which, and in which order to decode them.

use rayon::prelude::*;

use super::cause::{Cause, SweepProblem, SweepProblemKind};
use super::pack::{EntryKind, FIRST, Pack};
use crate::object::ObjectKind;

/// An object of a pack.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Where it begins in the pack.
    pub offset: u64,
    /// Its position in the index, which has its id.
    pub position: u32,
    /// Whether it is to be visited; it may be needed to decode others even if not.
    pub is_wanted: bool,
    /// What it is deltified against.
    pub base: Base,
}

/// What an object is deltified against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Nothing.
    None(ObjectKind),
    /// The entry with this number.
    Entry(u32),
    /// Something that is not in the index of this pack, or nobody can tell: see [`Plan::trouble`].
    Unknown,
}

/// The delta forest of one pack. Entries are numbered in the order of their offsets, of which no two are the same.
#[derive(Debug, Default)]
pub struct Plan {
    /// All of them.
    pub entries: Vec<Entry>,
    /// What has no entry, since the index gives the place of another object for it.
    shadowed: Shadowed,
    /// How many objects are to be visited in the tree below an entry, itself included.
    weights: Vec<u32>,
    /// Where an entry's children begin in `children`; one more than there are entries.
    starts: Vec<u32>,
    children: Vec<u32>,
}

/// Rows of an index with the offset of another row.
#[derive(Clone, Copy, Debug, Default)]
struct Shadowed {
    rows: u64,
    /// Those that should be visited and have another id than the row that counts.
    lost: u64,
}

/// Entries that are not shared out further: below this, waking a thread costs more than it does.
const CHUNK: usize = 1 << 14;

impl Plan {
    /// Plans a pack. `is_wanted` says by position in the index whether to visit an object.
    pub fn new(pack: &Pack, is_wanted: &(dyn Fn(u32) -> bool + Sync)) -> Plan {
        let (mut entries, shadowed) = listed(pack, is_wanted);
        let finder = Finder::new(&entries, pack);
        let bases: Vec<Base> = entries.par_iter().with_min_len(CHUNK).map(|entry| finder.base(pack, entry)).collect();
        for (entry, base) in entries.iter_mut().zip(bases) {
            entry.base = base;
        }
        Plan { shadowed, ..Plan::of(entries) }
    }

    /// Makes the forest of entries whose bases are known.
    fn of(entries: Vec<Entry>) -> Plan {
        let mut plan = Plan { entries, ..Plan::default() };
        plan.starts = vec![0; plan.entries.len() + 1];
        for entry in &plan.entries {
            if let Base::Entry(base) = entry.base {
                plan.starts[base as usize + 1] += 1;
            }
        }
        for index in 1..plan.starts.len() {
            plan.starts[index] += plan.starts[index - 1];
        }
        let mut next = plan.starts.clone();
        plan.children = vec![0; plan.starts.last().copied().unwrap_or_default() as usize];
        for (number, entry) in numbered(&plan.entries) {
            if let Base::Entry(base) = entry.base {
                plan.children[next[base as usize] as usize] = number;
                next[base as usize] += 1;
            }
        }
        plan.weigh();
        plan
    }

    /// Counts what is to be visited below each entry, and puts the heaviest child last. Entries that lead to no root
    /// but to themselves get no base.
    fn weigh(&mut self) {
        // Bases before what is deltified against them. Offsets alone give that order; ids may point anywhere.
        let mut order: Vec<u32> = self.tops().collect();
        let mut seen = 0;
        while let Some(&entry) = order.get(seen) {
            seen += 1;
            order.extend_from_slice(self.children(entry));
        }
        if order.len() < self.entries.len() {
            let mut is_reached = vec![false; self.entries.len()];
            for entry in order {
                is_reached[entry as usize] = true;
            }
            for (entry, is_reached) in self.entries.iter_mut().zip(is_reached) {
                if !is_reached {
                    entry.base = Base::Unknown;
                }
            }
            // Now without cycles.
            *self = Plan::of(std::mem::take(&mut self.entries));
            return;
        }
        self.weights = self.entries.iter().map(|entry| u32::from(entry.is_wanted)).collect();
        for &entry in order.iter().rev() {
            if let Base::Entry(base) = self.entries[entry as usize].base {
                self.weights[base as usize] += self.weights[entry as usize];
            }
        }
        let weights = &self.weights;
        for range in self.starts.windows(2).filter(|range| range[1] - range[0] > 1) {
            let children = &mut self.children[range[0] as usize..range[1] as usize];
            // Offset order between those that weigh the same, which is how the pack is laid out.
            children.sort_by_key(|child| weights[*child as usize]);
        }
    }

    /// The entries that are deltified against no other entry, in order of their offsets.
    pub fn tops(&self) -> impl Iterator<Item = u32> {
        numbered(&self.entries).filter(|(_, entry)| !matches!(entry.base, Base::Entry(_))).map(|(number, _)| number)
    }

    /// The entries that are deltified against `entry`, the one with the most objects below it last.
    pub fn children(&self, entry: u32) -> &[u32] {
        let entry = entry as usize;
        &self.children[self.starts[entry] as usize..self.starts[entry + 1] as usize]
    }

    /// How many objects are to be visited in the tree below an entry, itself included.
    pub fn weight(&self, entry: u32) -> u32 {
        self.weights[entry as usize]
    }

    /// Whether something that is to be visited is deltified against `entry`.
    pub fn is_base(&self, entry: u32) -> bool {
        self.weight(entry) > u32::from(self.entries[entry as usize].is_wanted)
    }

    /// The entry's data.
    pub fn entry(&self, entry: u32) -> &Entry {
        &self.entries[entry as usize]
    }

    /// Where the entry must end: where the next one begins, or the checksum of the pack.
    pub fn end(&self, entry: u32, pack: &Pack) -> u64 {
        self.entries.get(entry as usize + 1).map_or(pack.body().len() as u64, |next| next.offset)
    }

    /// What the offsets alone say about an index that is not the pack's.
    pub fn problems(&self, pack: &Pack) -> Vec<SweepProblem> {
        let problem = |message: String, lost: u64| {
            let message = format!("{message}; make the index again with `git index-pack`");
            SweepProblem { lost, ..SweepProblem::of_file(&pack.path, SweepProblemKind::IndexMismatch, message) }
        };
        let mut problems = Vec::new();
        if self.shadowed.rows > 0 {
            let rows = self.shadowed.rows;
            problems.push(problem(format!("its index lists {rows} objects where others stand"), self.shadowed.lost));
        }
        let first = self.entries.first().map_or(pack.body().len() as u64, |entry| entry.offset);
        if first != FIRST && pack.is_fully_listed() {
            problems.push(problem(format!("its index lists no object at byte {FIRST}, where the first one stands"), 0));
        }
        problems
    }

    /// Why the base of an entry is unknown.
    pub fn trouble(&self, pack: &Pack, entry: &Entry) -> Cause {
        let is_listed = |offset: u64| self.entries.binary_search_by_key(&offset, |entry| entry.offset).is_ok();
        match pack.header(entry.offset) {
            Err(cause) => cause,
            Ok(header) => match header.kind {
                EntryKind::OffsetDelta(offset) if offset < FIRST => Cause::Header(entry.offset),
                EntryKind::OffsetDelta(offset) if is_listed(offset) => Cause::Cycle,
                EntryKind::OffsetDelta(offset) => Cause::Unlisted(offset),
                EntryKind::IdDelta(id) if pack.offset_of(&id).is_some_and(is_listed) => Cause::Cycle,
                EntryKind::IdDelta(id) => Cause::MissingBase(id),
                // Only when the file changes while it is mapped.
                EntryKind::Object(_) => Cause::Header(entry.offset),
            },
        }
    }
}

fn numbered(entries: &[Entry]) -> impl Iterator<Item = (u32, &Entry)> {
    (0..).zip(entries)
}

/// The objects that the index lists, in the order of their offsets: of several at one offset, one that is wanted.
fn listed(pack: &Pack, is_wanted: &(dyn Fn(u32) -> bool + Sync)) -> (Vec<Entry>, Shadowed) {
    let mut entries: Vec<_> = (0..pack.index.count())
        .map(|position| Entry {
            offset: pack.index.offset(position),
            position,
            is_wanted: is_wanted(position),
            base: Base::Unknown,
        })
        .collect();
    entries.sort_unstable_by_key(|entry| (entry.offset, !entry.is_wanted, entry.position));
    let mut shadowed = Shadowed::default();
    entries.dedup_by(|entry, first| {
        let is_shadowed = entry.offset == first.offset;
        if is_shadowed {
            let is_lost = entry.is_wanted && pack.index.id(entry.position) != pack.index.id(first.position);
            shadowed.rows += 1;
            shadowed.lost += u64::from(is_lost);
        }
        is_shadowed
    });
    (entries, shadowed)
}

/// Finds entries by offset: a table over stretches of the pack, of which there are as many as entries, says where to
/// look.
struct Finder<'p> {
    entries: &'p [Entry],
    stretches: Vec<u32>,
    shift: u32,
}

impl Finder<'_> {
    fn new<'p>(entries: &'p [Entry], pack: &Pack) -> Finder<'p> {
        let len = pack.body().len() as u64;
        let shift = (len / (entries.len() as u64).max(1)).max(1).ilog2();
        let mut stretches = vec![0; usize::try_from(len >> shift).unwrap_or_default() + 2];
        for entry in entries.iter().take_while(|entry| entry.offset < len) {
            stretches[usize::try_from(entry.offset >> shift).unwrap_or_default() + 1] += 1;
        }
        for index in 1..stretches.len() {
            stretches[index] += stretches[index - 1];
        }
        Finder { entries, stretches, shift }
    }

    fn at(&self, offset: u64) -> Option<u32> {
        let stretch = usize::try_from(offset >> self.shift).ok()?;
        let start = *self.stretches.get(stretch)?;
        let end = *self.stretches.get(stretch + 1)?;
        let found = self.entries[start as usize..end as usize].partition_point(|entry| entry.offset < offset);
        let number = start + u32::try_from(found).ok()?;
        self.entries.get(number as usize).filter(|entry| entry.offset == offset).map(|_| number)
    }

    fn base(&self, pack: &Pack, entry: &Entry) -> Base {
        let found = match pack.header(entry.offset).map(|header| header.kind) {
            Err(_) => None,
            Ok(EntryKind::Object(kind)) => return Base::None(kind),
            Ok(EntryKind::OffsetDelta(offset)) => self.at(offset),
            Ok(EntryKind::IdDelta(id)) => {
                pack.index.find(id.as_bytes()).and_then(|position| self.at(pack.index.offset(position)))
            }
        };
        found.map_or(Base::Unknown, Base::Entry)
    }
}
