//! Which trees lead down to a hit.
//!
//! Nearly all that a tree holds, its version before holds too, and so it is not kept which tree holds which folder, but
//! for how long: versions of a tree are put into a row, one behind the other, and a span says from which tree of the row
//! to which all hold a folder. 6,000 versions of a tree with 8,000 folders are 14,000 spans and not 48,000,000 pairs.

use std::collections::HashSet;

use super::Hits;
use crate::blob::Content;
use crate::git::graph::Commit;
use crate::git::sweep::{ObjectVisitor, SweepProblem};
use crate::git::tree::{EntryKind, entries};
use crate::object::{HashKind, IdState, ObjectId, ObjectKind};

/// The first bytes of a tree's id. Two trees that share them are taken for one, and the other one is looked at too,
/// where nothing is found.
pub type Short = u64;
/// A set of trees.
pub type Shorts = HashSet<Short, IdState>;

/// How many rows a thread keeps.
const ROWS: usize = 256;

/// The first bytes of an id.
pub fn short(id: &[u8]) -> Short {
    id.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}

/// What one thread of the first sweep notes: commits, and which tree holds which.
pub struct Outline<'h> {
    hash: HashKind,
    hits: &'h Hits,
    /// The commits it has seen.
    pub commits: Vec<Commit>,
    /// Trees that hold a hit themselves.
    holders: Vec<Short>,
    /// Trees with folders, and the place of the next one in the same row.
    trees: Vec<Short>,
    next: Vec<u32>,
    rows: Vec<Row>,
    /// In no order until the sweep is done, then by folder.
    spans: Vec<Span>,
    /// How many more spans may begin.
    room: usize,
    is_full: bool,
    /// The folders of the tree at hand. Kept so that its memory is.
    folders: Vec<Short>,
    begun: Vec<(Short, u32)>,
}

/// Trees of which most are versions of one another.
#[derive(Default)]
struct Row {
    /// The place of its last tree.
    last: u32,
    /// The folders that its last tree holds, in order, and since which tree they are held.
    held: Vec<(Short, u32)>,
}

/// A folder, and the first and the last of trees in a row which hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    folder: Short,
    first: u32,
    last: u32,
}

impl<'h> Outline<'h> {
    /// Nothing seen yet, and room for so many spans and two more for each tree.
    pub fn new(hash: HashKind, hits: &'h Hits, room: usize) -> Outline<'h> {
        Outline {
            hash,
            hits,
            commits: Vec::new(),
            holders: Vec::new(),
            trees: Vec::new(),
            next: Vec::new(),
            rows: (0..ROWS).map(|_| Row::default()).collect(),
            spans: Vec::new(),
            room,
            is_full: false,
            folders: Vec::new(),
            begun: Vec::new(),
        }
    }

    fn tree(&mut self, id: &ObjectId, tree: &[u8]) {
        let mut holds_hit = self.hits.trees.contains(id);
        self.folders.clear();
        for entry in entries(tree, self.hash) {
            match entry.kind {
                EntryKind::Folder => self.folders.push(short(entry.id)),
                EntryKind::File | EntryKind::Link => {
                    holds_hit |= entry.object().is_some_and(|id| self.hits.blobs.contains_key(&id));
                }
                EntryKind::Submodule => {}
            }
        }
        if holds_hit {
            self.holders.push(short(id.as_bytes()));
        }
        self.folders.sort_unstable();
        self.folders.dedup();
        self.append(short(id.as_bytes()));
    }

    /// Puts a tree at the end of its row.
    fn append(&mut self, tree: Short) {
        // Two sets have the same smallest member as often as the share of their members that are in both (Broder 1997).
        // So versions of a tree meet in a row, in whatever order they come and whatever comes between them.
        let Some(smallest) = self.folders.first() else { return };
        let place = u32::try_from(self.trees.len()).ok();
        let Some(place) = place.filter(|_| !self.is_full && self.folders.len() <= self.room) else {
            self.is_full = true;
            return;
        };
        self.room += 2;
        let row = &mut self.rows[usize::try_from(smallest % ROWS as u64).unwrap_or(0)];
        if !row.held.is_empty() {
            self.next[row.last as usize] = place;
        }
        self.trees.push(tree);
        self.next.push(place);
        let mut held = row.held.iter().copied().peekable();
        for folder in &self.folders {
            while let Some((gone, first)) = held.next_if(|(other, _)| other < folder) {
                self.spans.push(Span { folder: gone, first, last: row.last });
            }
            let first = held.next_if(|(other, _)| other == folder).map(|(_, first)| first);
            self.room -= usize::from(first.is_none());
            self.begun.push((*folder, first.unwrap_or(place)));
        }
        self.spans.extend(held.map(|(folder, first)| Span { folder, first, last: row.last }));
        std::mem::swap(&mut row.held, &mut self.begun);
        self.begun.clear();
        row.last = place;
    }

    /// Ends all spans, and orders them.
    fn finish(&mut self) {
        for row in std::mem::take(&mut self.rows) {
            let spans = row.held.into_iter().map(|(folder, first)| Span { folder, first, last: row.last });
            self.spans.extend(spans);
        }
        self.spans.sort_unstable();
    }

    /// The trees that hold a folder, as far as they are noted.
    fn holding(&self, folder: Short) -> impl Iterator<Item = Short> {
        let from = self.spans.partition_point(|span| span.folder < folder);
        let spans = self.spans[from..].iter().take_while(move |span| span.folder == folder);
        spans.flat_map(|span| {
            let next = |place: &u32| (*place != span.last).then(|| self.next[*place as usize]);
            std::iter::successors(Some(span.first), next).map(|place| self.trees[place as usize])
        })
    }
}

impl ObjectVisitor for Outline<'_> {
    fn object(&mut self, id: &ObjectId, kind: ObjectKind, _: u64, content: Content<'_>) {
        let Content::Whole(bytes) = content else { return };
        match kind {
            ObjectKind::Commit => self.commits.extend(Commit::parse(*id, bytes)),
            ObjectKind::Tree => self.tree(id, bytes),
            ObjectKind::Blob | ObjectKind::Tag => {}
        }
    }

    /// The sweep that found the hits has told of it.
    fn problem(&mut self, _: SweepProblem) {}
}

/// Looks for trees that hold one which is on the way and are not yet known to be.
pub struct Search<'w> {
    hash: HashKind,
    on_the_way: &'w Shorts,
    /// These.
    pub found: Vec<Short>,
}

impl<'w> Search<'w> {
    /// Nothing found yet.
    pub fn new(hash: HashKind, on_the_way: &'w Shorts) -> Search<'w> {
        Search { hash, on_the_way, found: Vec::new() }
    }
}

impl ObjectVisitor for Search<'_> {
    fn object(&mut self, id: &ObjectId, kind: ObjectKind, _: u64, content: Content<'_>) {
        let Content::Whole(bytes) = content else { return };
        let tree = short(id.as_bytes());
        if kind == ObjectKind::Tree && !self.on_the_way.contains(&tree) {
            let mut folders = entries(bytes, self.hash).filter(|entry| entry.kind == EntryKind::Folder);
            if folders.any(|entry| self.on_the_way.contains(&short(entry.id))) {
                self.found.push(tree);
            }
        }
    }

    fn problem(&mut self, _: SweepProblem) {}
}

/// The trees from which a way leads down to a hit, and whether these are all of them.
///
/// `search` sweeps with a [`Search`] for the trees right above those on the way. What had no room in the outlines is made
/// up for by one such sweep for each step of a way, `most` at most. Only repositories made for it come to that.
pub fn on_the_way(
    mut outlines: Vec<Outline<'_>>,
    most: usize,
    search: impl Fn(&Shorts) -> Vec<Short>,
) -> (Shorts, bool) {
    let mut on_the_way = Shorts::default();
    let mut found = Vec::new();
    for outline in &mut outlines {
        outline.finish();
        found.append(&mut outline.holders);
    }
    climb(&outlines, &mut on_the_way, found);
    if outlines.iter().any(|outline| outline.is_full) {
        for _ in 0..most {
            let found = search(&on_the_way);
            if found.is_empty() {
                return (on_the_way, true);
            }
            climb(&outlines, &mut on_the_way, found);
        }
        return (on_the_way, false);
    }
    (on_the_way, true)
}

/// Adds trees, and all above them.
fn climb(outlines: &[Outline<'_>], on_the_way: &mut Shorts, mut found: Vec<Short>) {
    found.retain(|tree| on_the_way.insert(*tree));
    while let Some(tree) = found.pop() {
        for outline in outlines {
            found.extend(outline.holding(tree).filter(|above| on_the_way.insert(*above)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::key::Fingerprints;

    fn id(number: u64) -> ObjectId {
        // What an id begins with is spread out.
        let first = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
        ObjectId::from_bytes(&[&first[..], &[0; 12]].concat()).expect("an id")
    }

    fn tree(folders: impl IntoIterator<Item = u64>, file: Option<u64>) -> Vec<u8> {
        let folder = |number| [format!("40000 {number}\0").as_bytes(), id(number).as_bytes()].concat();
        let file = file.map(|number| [b"100644 file\0", id(number).as_bytes()].concat());
        folders.into_iter().map(folder).chain(file).flatten().collect()
    }

    /// A blob with a key.
    const KEY: u64 = 1_000_000;

    fn hits() -> Hits {
        let mut hits = Hits::default();
        hits.blobs.insert(id(KEY), Fingerprints::default());
        hits
    }

    fn see(visitor: &mut impl ObjectVisitor, number: u64, tree: &[u8]) {
        visitor.object(&id(number), ObjectKind::Tree, tree.len() as u64, Content::Whole(tree));
    }

    /// Trees that hold earlier ones, seen in any order by several threads: whatever the room for notes, those above a
    /// hit are the same.
    #[test]
    fn all_trees_above_a_hit_are_on_the_way() {
        let mut rng = fastrand::Rng::with_seed(71);
        let hits = hits();
        for round in 0..300 {
            let mut trees: Vec<(u64, Vec<u64>, bool)> = Vec::new();
            for number in 0..rng.u64(1..80) {
                let mut folders = match trees.last() {
                    Some((_, last, _)) if rng.bool() => last.clone(),
                    _ => Vec::new(),
                };
                folders.extend((0..rng.u64(..3)).filter(|_| number > 0).map(|_| rng.u64(..number.max(1))));
                trees.push((number, folders, rng.u8(..20) == 0));
            }
            let mut expected: BTreeSet<u64> = BTreeSet::new();
            for (number, folders, holds_key) in &trees {
                if *holds_key || folders.iter().any(|folder| expected.contains(folder)) {
                    expected.insert(*number);
                }
            }
            rng.shuffle(&mut trees);
            let bytes = |(_, folders, holds_key): &(u64, Vec<u64>, bool)| {
                tree(folders.iter().copied(), holds_key.then_some(KEY))
            };
            let mut outlines: Vec<_> =
                (0..3).map(|_| Outline::new(HashKind::Sha1, &hits, [0, 3, 1000][round % 3])).collect();
            for tree in &trees {
                see(&mut outlines[rng.usize(..3)], tree.0, &bytes(tree));
            }
            let (seen, is_all) = on_the_way(outlines, 100, |on_the_way| {
                let mut search = Search::new(HashKind::Sha1, on_the_way);
                for tree in &trees {
                    see(&mut search, tree.0, &bytes(tree));
                }
                search.found
            });
            assert!(is_all);
            assert_eq!(seen, expected.iter().map(|number| short(id(*number).as_bytes())).collect(), "round {round}");
        }
    }

    /// Versions of a wide tree, each with two other folders than the one before, and small trees in between.
    #[test]
    fn versions_of_a_tree_take_a_few_notes_each() {
        let mut rng = fastrand::Rng::with_seed(72);
        let hits = hits();
        let mut outline = Outline::new(HashKind::Sha1, &hits, 1 << 20);
        let mut folders: Vec<u64> = (0..1000).collect();
        for version in 0..500 {
            for _ in 0..2 {
                let at = rng.usize(..folders.len());
                folders[at] = 1000 + rng.u64(..100_000);
                see(&mut outline, 300_000 + rng.u64(..100_000), &tree([rng.u64(..1000)], None));
            }
            see(&mut outline, 200_000 + version, &tree(folders.iter().copied(), None));
        }
        outline.finish();
        let notes = outline.spans.len();
        assert!((2000..8000).contains(&notes), "{notes} spans");
    }
}
