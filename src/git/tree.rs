//! Trees, as git stores them: `mode SP name NUL id` for each entry (gitformat-pack(5), git-mktree(1)).

use std::ops::Range;

use crate::object::{HashKind, ObjectId};

/// What an entry of a tree or of an index is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// A file, executable or not.
    File,
    /// A symbolic link.
    Link,
    /// A folder.
    Folder,
    /// A commit of another repository.
    Submodule,
}

impl EntryKind {
    /// From the mode's bits, where the type of a file stands (`S_IFMT`).
    pub fn from_mode(mode: u32) -> EntryKind {
        match mode & 0o170_000 {
            0o040_000 => EntryKind::Folder,
            0o120_000 => EntryKind::Link,
            0o160_000 => EntryKind::Submodule,
            _ => EntryKind::File,
        }
    }
}

/// An entry of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'t> {
    /// What it is.
    pub kind: EntryKind,
    /// Its name, without a slash.
    pub name: &'t [u8],
    /// The bytes of its object's id.
    pub id: &'t [u8],
    /// How many bytes it takes in the tree.
    pub len: usize,
}

impl Entry<'_> {
    /// The id of its object.
    pub fn object(&self) -> Option<ObjectId> {
        ObjectId::from_bytes(self.id)
    }
}

/// The entries of a tree object, in its order. They end early where the tree is damaged.
pub fn entries(tree: &[u8], hash: HashKind) -> Entries<'_> {
    Entries { rest: tree, hash }
}

/// The entries of a tree.
#[derive(Clone, Debug)]
pub struct Entries<'t> {
    rest: &'t [u8],
    hash: HashKind,
}

impl Entries<'_> {
    /// Goes through the entries that are left. Whether they end where the tree does: it is damaged if not.
    pub fn is_whole(mut self) -> bool {
        self.by_ref().for_each(drop);
        self.rest.is_empty()
    }
}

impl<'t> Iterator for Entries<'t> {
    type Item = Entry<'t>;

    fn next(&mut self) -> Option<Entry<'t>> {
        let space = memchr::memchr(b' ', self.rest.get(..8).unwrap_or(self.rest)).filter(|space| *space > 0)?;
        let mode = self.rest[..space].iter().try_fold(0_u32, |mode, digit| match digit {
            b'0'..=b'7' => Some(mode << 3 | u32::from(digit - b'0')),
            _ => None,
        })?;
        let name = &self.rest[space + 1..];
        let nul = memchr::memchr(0, name)?;
        let id = name.get(nul + 1..nul + 1 + self.hash.len())?;
        self.rest = &name[nul + 1 + self.hash.len()..];
        let len = space + 1 + nul + 1 + self.hash.len();
        Some(Entry { kind: EntryKind::from_mode(mode), name: &name[..nul], id, len })
    }
}

/// What one tree has that the one before it had not. Trees come one after the other that share all entries but one, and
/// comparing bytes is ten times faster than reading entries: of curl's history, where trees are a fifth of all bytes,
/// reading them all took a third of the time.
#[derive(Debug)]
pub struct Differences {
    hash: HashKind,
    last: Vec<u8>,
    /// Where its entries start.
    starts: Vec<usize>,
}

impl Differences {
    /// No tree seen yet.
    pub fn new(hash: HashKind) -> Differences {
        Differences { hash, last: Vec::new(), starts: Vec::new() }
    }

    /// The part of `tree` whose entries were not in the tree before it; half open, at borders of entries. `None` for a
    /// tree that is damaged.
    pub fn next(&mut self, tree: &[u8]) -> Option<Range<usize>> {
        let before = common_start(tree, &self.last);
        let after = common_end(&tree[before..], &self.last[before..]);
        let first = self.starts.partition_point(|start| *start <= before).saturating_sub(1);
        let first_kept = self.starts.partition_point(|start| *start < self.last.len() - after).max(first);
        let start = self.starts.get(first).copied().unwrap_or(0);
        let end = self.starts.get(first_kept).map_or(tree.len(), |kept| tree.len() - (self.last.len() - kept));
        let range = start.min(end)..end;
        if let Some(part) = self.read(tree, &range, first, first_kept) {
            return Some(part);
        }
        // Where entries end otherwise than before, nothing is shared.
        self.clear();
        let whole = self.read(tree, &(0..tree.len()), 0, 0);
        if whole.is_none() {
            // Nor is anything with a damaged tree: the next one that has the damage is to be told of too.
            self.clear();
        }
        whole
    }

    fn clear(&mut self) {
        self.starts.clear();
        self.last.clear();
    }

    /// Reads the entries in `range` and puts them in the place of those from `first` to `first_kept`. `None` when they
    /// do not end where the range does.
    fn read(&mut self, tree: &[u8], range: &Range<usize>, first: usize, first_kept: usize) -> Option<Range<usize>> {
        let mut at = range.start;
        let mut new = Vec::new();
        for entry in entries(&tree[range.clone()], self.hash) {
            new.push(at);
            at += entry.len;
        }
        let is_whole = at == range.end;
        if !is_whole && first_kept < self.starts.len() {
            return None;
        }
        let kept_from = self.starts.get(first_kept).copied().unwrap_or(self.last.len());
        let new_count = new.len();
        self.starts.splice(first..first_kept, new);
        for start in &mut self.starts[first + new_count..] {
            *start = *start + range.end - kept_from;
        }
        let old = range.start.min(self.last.len())..kept_from;
        replace(&mut self.last, old, &tree[range.clone()]);
        is_whole.then(|| range.clone())
    }
}

/// Bytes compared at a time.
const STEP: usize = 16;

/// Whether two steps are the same: as numbers, since comparing arrays calls memcmp for each.
fn same((a, b): &(&[u8; STEP], &[u8; STEP])) -> bool {
    u128::from_ne_bytes(**a) == u128::from_ne_bytes(**b)
}

/// How many bytes two slices share at their start.
fn common_start(a: &[u8], b: &[u8]) -> usize {
    let (steps_a, steps_b) = (a.as_chunks::<STEP>().0, b.as_chunks::<STEP>().0);
    let steps = steps_a.iter().zip(steps_b).take_while(same).count() * STEP;
    steps + a[steps..].iter().zip(&b[steps..]).take_while(|(a, b)| a == b).count()
}

/// How many bytes two slices share at their end.
fn common_end(a: &[u8], b: &[u8]) -> usize {
    let (steps_a, steps_b) = (a.as_rchunks::<STEP>().1, b.as_rchunks::<STEP>().1);
    let steps = steps_a.iter().rev().zip(steps_b.iter().rev()).take_while(same).count() * STEP;
    let (rest_a, rest_b) = (&a[..a.len() - steps], &b[..b.len() - steps]);
    steps + rest_a.iter().rev().zip(rest_b.iter().rev()).take_while(|(a, b)| a == b).count()
}

/// Puts `new` in the place of the bytes in `old`. `Vec::splice` does the same one byte at a time.
fn replace(bytes: &mut Vec<u8>, old: Range<usize>, new: &[u8]) {
    let (end, len) = (old.start + new.len(), bytes.len());
    if new.len() > old.len() {
        bytes.resize(len + new.len() - old.len(), 0);
    }
    bytes.copy_within(old.end..len, end);
    bytes.truncate(end + len - old.end);
    bytes[old.start..end].copy_from_slice(new);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree of one folder after the other: whatever is changed, added, taken away or damaged, every entry that is not
    /// in the tree before is in the part that differs.
    #[test]
    fn differences_leave_no_entry_out() {
        let mut rng = fastrand::Rng::with_seed(61);
        let mut differences = Differences::new(HashKind::Sha1);
        let mut names: Vec<(u16, u8)> = (0..40).map(|name| (name, 0)).collect();
        let mut last = Vec::new();
        let mut read = 0;
        for _ in 0..20_000 {
            match rng.u8(..8) {
                0 => names.insert(rng.usize(..=names.len()), (rng.u16(..), rng.u8(..3))),
                1 if names.len() > 1 => drop(names.remove(rng.usize(..names.len()))),
                2 => names = (0..rng.u16(..60)).map(|name| (name, rng.u8(..2))).collect(),
                _ if names.is_empty() => {}
                _ => {
                    let at = rng.usize(..names.len());
                    names[at].1 = rng.u8(..4);
                }
            }
            let entry = |(name, id): &(u16, u8)| [format!("100644 {name}\0").as_bytes(), &[*id; 20]].concat();
            let mut tree: Vec<u8> = names.iter().flat_map(entry).collect();
            if rng.u8(..10) == 0 && !tree.is_empty() {
                let at = rng.usize(..tree.len());
                tree[at] = rng.u8(..);
            }
            let part = differences.next(&tree);
            assert_eq!(part.is_some(), entries(&tree, HashKind::Sha1).is_whole());
            let part = part.unwrap_or(0..tree.len());
            let seen = |tree: &[u8]| -> std::collections::BTreeSet<(Vec<u8>, Vec<u8>)> {
                entries(tree, HashKind::Sha1).map(|entry| (entry.name.to_vec(), entry.id.to_vec())).collect()
            };
            let new = seen(&tree);
            let told = seen(&tree[part.clone()]);
            assert!(new.difference(&seen(&last)).all(|entry| told.contains(entry)));
            read += part.len();
            last =
                if part.len() == tree.len() && !entries(&tree, HashKind::Sha1).is_whole() { Vec::new() } else { tree };
        }
        assert!(read < 20_000 * 400, "{read} bytes: nothing is shared");
    }

    #[test]
    fn entries_of_a_tree() {
        let id = [7; 20];
        let tree = [&b"100644 a b\0"[..], &id, b"40000 c\0", &id, b"120000 d\0", &id, b"160000 e\0", &id].concat();
        let seen: Vec<_> = entries(&tree, HashKind::Sha1).map(|entry| (entry.kind, entry.name)).collect();
        let expected: [(EntryKind, &[u8]); 4] = [
            (EntryKind::File, b"a b"),
            (EntryKind::Folder, b"c"),
            (EntryKind::Link, b"d"),
            (EntryKind::Submodule, b"e"),
        ];
        assert_eq!(seen, expected);
        for cut in 0..tree.len() {
            assert!(entries(&tree[..cut], HashKind::Sha1).count() < 4);
            let is_border = [0, 31, 59, 88].contains(&cut);
            assert_eq!(entries(&tree[..cut], HashKind::Sha1).is_whole(), is_border, "{cut}");
        }
        assert_eq!(entries(b"x00644 a\0aaaaaaaaaaaaaaaaaaaa", HashKind::Sha1).count(), 0);
    }
}
