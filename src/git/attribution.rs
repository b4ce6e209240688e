//! Attribution: which commits brought an object to which path.
//!
//! Only for objects that hold a key, after the sweep that found them; a clean repository never gets here. Two more
//! sweeps over the commits and trees alone, which cost less than reading the trees one by one: the first notes which
//! folder holds which, so that the few trees with a way down to a hit are known; the second keeps of these trees the
//! entries on such a way. What is left is small, and commits are compared with their parents on it alone.

use std::collections::{BTreeSet, VecDeque};

use crate::blob::Content;
use crate::detect::Detector;
use crate::git::changes::joined;
use crate::git::graph::{Commit, Graph};
use crate::git::sweep::{ObjectVisitor, Store, SweepProblem, Wanted, sweep};
use crate::git::tree::{EntryKind, entries};
use crate::key::Fingerprint;
use crate::object::{HashKind, IdMap, IdSet, ObjectId, ObjectKind};

/// The most places that are listed for one repository. A repository made for it can hold one blob at more paths than
/// there are atoms.
pub const MAX_PLACES: usize = 200_000;
/// The most entries that are compared for one repository: a hundred times what 100,000 commits with a key in each take.
const MAX_COMPARED: usize = 50_000_000;

/// The objects that hold keys.
#[derive(Debug, Default)]
pub struct Hits {
    /// Blobs and the keys in them.
    pub blobs: IdMap<BTreeSet<Fingerprint>>,
    /// Trees with a key in the name of an entry.
    pub trees: IdSet,
}

/// A key that a commit brought to a path: its version of the path has the key, and none of its parents' has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Introduction {
    /// What brought it.
    pub by: Bringer,
    /// The path from the top of the work tree, with `/` between its parts.
    pub path: Vec<u8>,
    /// What holds the key: a blob, or for a name the tree that has it.
    pub object: ObjectId,
    /// What the entry is.
    pub kind: EntryKind,
    /// The keys, or the name itself.
    pub what: What,
}

/// What brings a key to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bringer {
    /// A commit.
    Commit(ObjectId),
    /// A tree that a name leads to without a commit.
    Tree(ObjectId),
}

/// What a commit brought to a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// These keys in its content.
    Keys(BTreeSet<Fingerprint>),
    /// The name, which holds a key.
    Name,
}

/// How the hits came to where they are.
#[derive(Debug)]
pub struct Attribution {
    /// All commits that the repository holds.
    pub graph: Graph,
    /// In order.
    pub introductions: Vec<Introduction>,
    /// The hits that some commit's tree, or one of the other starting points, leads to.
    pub named: IdSet,
    /// Whether there were more than [`MAX_PLACES`].
    pub is_cut: bool,
}

/// An entry of a tree on the way to a hit.
#[derive(Debug)]
struct Step {
    name: Vec<u8>,
    id: ObjectId,
    kind: EntryKind,
    /// Whether its own name holds a key.
    is_named: bool,
}

/// The trees on the way to a hit, with their steps in order of name.
type Steps = IdMap<Vec<Step>>;

impl Attribution {
    /// Looks for all ways from a commit to a hit, and from the trees in `more` that no commit has.
    pub fn of(store: &Store, hash: HashKind, hits: &Hits, more: &[ObjectId], detector: &Detector) -> Attribution {
        let visitors = sweep(store, Wanted::NoBlobs, &|| Outline::new(hash, hits));
        let (graph, on_the_way) = join(visitors, hits);
        let visitors = sweep(store, Wanted::NoBlobs, &|| Detail {
            hash,
            hits,
            detector,
            on_the_way: &on_the_way,
            steps: Steps::default(),
        });
        let steps: Steps = visitors.into_iter().flat_map(|visitor| visitor.steps).collect();
        let mut walk = Walk { steps: &steps, hits, introductions: Vec::new(), compared: 0 };
        for commit in &graph.commits {
            let parents = commit.parents.iter().filter_map(|parent| graph.get(parent)).map(|parent| parent.tree);
            walk.compare(Bringer::Commit(commit.id), commit.tree, parents.collect());
        }
        for tree in more {
            walk.compare(Bringer::Tree(*tree), *tree, Vec::new());
        }
        let is_cut = walk.is_cut();
        let mut introductions = walk.introductions;
        introductions.sort();
        let roots = graph.commits.iter().map(|commit| commit.tree).chain(more.iter().copied());
        let named = reachable(roots, &steps, hits);
        Attribution { graph, introductions, named, is_cut }
    }
}

/// What the first sweep notes: commits, and which tree holds which.
struct Outline<'h> {
    hash: HashKind,
    hits: &'h Hits,
    commits: Vec<Commit>,
    numbers: IdMap<u32>,
    ids: Vec<ObjectId>,
    /// Child and parent, by number.
    edges: Vec<(u32, u32)>,
    /// Trees that hold a hit themselves.
    holders: Vec<ObjectId>,
}

impl<'h> Outline<'h> {
    fn new(hash: HashKind, hits: &'h Hits) -> Outline<'h> {
        Outline {
            hash,
            hits,
            commits: Vec::new(),
            numbers: IdMap::default(),
            ids: Vec::new(),
            edges: Vec::new(),
            holders: Vec::new(),
        }
    }

    fn tree(&mut self, id: ObjectId, tree: &[u8]) {
        let mut holds_hit = self.hits.trees.contains(&id);
        let parent = self.number(id);
        for entry in entries(tree, self.hash) {
            let Some(child) = entry.object() else { continue };
            match entry.kind {
                EntryKind::Folder => {
                    let child = self.number(child);
                    self.edges.push((child, parent));
                }
                EntryKind::File | EntryKind::Link => holds_hit |= self.hits.blobs.contains_key(&child),
                EntryKind::Submodule => {}
            }
        }
        if holds_hit {
            self.holders.push(id);
        }
    }

    /// A number for a tree: a third of the memory of its id, and the same for every mention of it.
    fn number(&mut self, id: ObjectId) -> u32 {
        let next = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        *self.numbers.entry(id).or_insert_with(|| {
            self.ids.push(id);
            next
        })
    }
}

impl ObjectVisitor for Outline<'_> {
    fn object(&mut self, id: &ObjectId, kind: ObjectKind, _: u64, content: Content<'_>) {
        let Content::Whole(bytes) = content else { return };
        match kind {
            ObjectKind::Commit => self.commits.extend(Commit::parse(*id, bytes)),
            ObjectKind::Tree => self.tree(*id, bytes),
            ObjectKind::Blob | ObjectKind::Tag => {}
        }
    }

    /// The sweep that found the hits has told of it.
    fn problem(&mut self, _: SweepProblem) {}
}

/// Puts the threads' notes together: the graph, and the trees from which a way leads down to a hit.
fn join(outlines: Vec<Outline<'_>>, hits: &Hits) -> (Graph, IdSet) {
    let mut numbers: IdMap<u32> = IdMap::default();
    let mut ids = Vec::new();
    let mut commits = Vec::new();
    let mut edges = Vec::new();
    let mut holders: Vec<ObjectId> = hits.trees.iter().copied().collect();
    for outline in outlines {
        let next: Vec<u32> = outline
            .ids
            .iter()
            .map(|id| {
                *numbers.entry(*id).or_insert_with(|| {
                    ids.push(*id);
                    u32::try_from(ids.len() - 1).unwrap_or(u32::MAX)
                })
            })
            .collect();
        edges.extend(outline.edges.iter().map(|(child, parent)| (next[*child as usize], next[*parent as usize])));
        commits.extend(outline.commits);
        holders.extend(outline.holders);
    }
    edges.sort_unstable();
    let mut on_the_way: IdSet = holders.into_iter().collect();
    let mut open: VecDeque<u32> = on_the_way.iter().filter_map(|id| numbers.get(id).copied()).collect();
    while let Some(child) = open.pop_front() {
        let first = edges.partition_point(|(other, _)| *other < child);
        for (_, parent) in edges[first..].iter().take_while(|(other, _)| *other == child) {
            if on_the_way.insert(ids[*parent as usize]) {
                open.push_back(*parent);
            }
        }
    }
    (Graph::new(commits), on_the_way)
}

/// What the second sweep keeps: the steps of the trees on the way.
struct Detail<'h> {
    hash: HashKind,
    hits: &'h Hits,
    detector: &'h Detector,
    on_the_way: &'h IdSet,
    steps: Steps,
}

impl ObjectVisitor for Detail<'_> {
    fn object(&mut self, id: &ObjectId, kind: ObjectKind, _: u64, content: Content<'_>) {
        let Content::Whole(bytes) = content else { return };
        if kind == ObjectKind::Tree && self.on_the_way.contains(id) {
            let has_names = self.hits.trees.contains(id);
            let steps = steps(bytes, self.hash, |entry_id, name| {
                let is_named = has_names && holds_key(self.detector, name);
                let leads_on = self.on_the_way.contains(entry_id) || self.hits.blobs.contains_key(entry_id);
                (leads_on || is_named).then_some(is_named)
            });
            self.steps.insert(*id, steps);
        }
    }

    fn problem(&mut self, _: SweepProblem) {}
}

/// Whether a key's shape is in a name, borders or not.
pub fn holds_key(detector: &Detector, name: &[u8]) -> bool {
    matches!(detector.redact(name), std::borrow::Cow::Owned(_))
}

/// The entries of a tree that `is_named` wants, in order of name.
fn steps(tree: &[u8], hash: HashKind, is_named: impl Fn(&ObjectId, &[u8]) -> Option<bool>) -> Vec<Step> {
    let step = |entry: crate::git::tree::Entry<'_>| {
        let id = entry.object()?;
        let is_named = is_named(&id, entry.name)?;
        Some(Step { name: entry.name.to_vec(), id, kind: entry.kind, is_named })
    };
    let mut steps: Vec<Step> = entries(tree, hash).filter_map(step).collect();
    steps.sort_by(|a, b| a.name.cmp(&b.name));
    steps
}

/// The comparison of commits with their parents.
struct Walk<'s> {
    steps: &'s Steps,
    hits: &'s Hits,
    introductions: Vec<Introduction>,
    compared: usize,
}

impl Walk<'_> {
    fn is_cut(&self) -> bool {
        self.introductions.len() >= MAX_PLACES || self.compared >= MAX_COMPARED
    }

    /// Notes what `tree` has and none of `parents` has.
    fn compare(&mut self, by: Bringer, tree: ObjectId, parents: Vec<ObjectId>) {
        // No recursion: folders can be nested deeper than any stack.
        let mut open = vec![(tree, parents, Vec::new())];
        while let Some((tree, parents, path)) = open.pop() {
            if parents.contains(&tree) || self.is_cut() {
                continue;
            }
            let Some(steps) = self.steps.get(&tree) else { continue };
            self.compared += steps.len();
            for step in steps {
                let before: Vec<&Step> =
                    parents.iter().filter_map(|parent| find(self.steps, parent, &step.name)).collect();
                if before.iter().any(|other| other.id == step.id && other.kind == step.kind) {
                    continue;
                }
                let path = joined(&path, &step.name);
                if step.is_named && before.is_empty() {
                    let what = What::Name;
                    let path = path.clone();
                    self.introductions.push(Introduction { by, path, object: tree, kind: step.kind, what });
                }
                if step.kind == EntryKind::Folder {
                    open.push((step.id, before.iter().map(|other| other.id).collect(), path));
                } else if let Some(keys) = self.hits.blobs.get(&step.id) {
                    let old = before.iter().filter_map(|other| self.hits.blobs.get(&other.id));
                    let old: BTreeSet<&Fingerprint> = old.flatten().collect();
                    let new: BTreeSet<Fingerprint> = keys.iter().filter(|key| !old.contains(key)).copied().collect();
                    if !new.is_empty() {
                        let what = What::Keys(new);
                        self.introductions.push(Introduction { by, path, object: step.id, kind: step.kind, what });
                    }
                }
            }
        }
    }
}

/// The entry of this name in a tree, if it is on the way.
fn find<'s>(steps: &'s Steps, tree: &ObjectId, name: &[u8]) -> Option<&'s Step> {
    let steps = steps.get(tree)?;
    steps.binary_search_by(|step| step.name.as_slice().cmp(name)).ok().map(|at| &steps[at])
}

/// The hits that the trees in `roots` lead to.
fn reachable(roots: impl Iterator<Item = ObjectId>, steps: &Steps, hits: &Hits) -> IdSet {
    let mut seen: IdSet = IdSet::default();
    let mut open: Vec<ObjectId> = roots.collect();
    while let Some(id) = open.pop() {
        let Some(steps) = steps.get(&id) else { continue };
        if seen.insert(id) {
            for step in steps {
                if hits.blobs.contains_key(&step.id) {
                    seen.insert(step.id);
                }
                open.push(step.id);
            }
        }
    }
    seen
}
