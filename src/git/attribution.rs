//! Attribution: which commits brought an object to which path.
//!
//! Only for objects that hold a key, after the sweep that found them; a clean repository never gets here. Two more
//! sweeps over the commits and trees alone, which cost less than reading the trees one by one: the first notes which
//! folder holds which (`ways`), so that the few trees with a way down to a hit are known; the second keeps of these trees
//! the entries on such a way (`steps`). Both keep what the versions of a tree share once: a tree of 8,000 folders is as
//! large in each of 6,000 commits. What is left is small, and commits are compared with their parents on it alone
//! (`walk`).

mod steps;
mod walk;
mod ways;

use std::collections::BTreeSet;

use crate::detect::Detector;
use crate::git::graph::Graph;
use crate::git::sweep::{Store, Wanted, sweep};
use crate::git::tree::EntryKind;
use crate::key::{Fingerprint, Fingerprints};
use crate::object::{HashKind, IdMap, IdSet, ObjectId};
use crate::parallel::threads;
use steps::{Detail, Groups, Steps};
use walk::Walk;
use ways::{Outline, Search, on_the_way};

/// What is listed for one repository at most. A repository made for it can hold one blob at more paths than there are
/// atoms.
pub const LIMITS: Limits = Limits {
    places: 200_000,
    path_bytes: 32 << 20,
    // A hundred times what 100,000 commits with a key in each take.
    compared: 50_000_000,
    // Git goes half as deep (core.maxTreeDepth, git-config(1)).
    depth: 4096,
    searches: 64,
};
/// How many spans all threads may note together besides two for each tree: 64 MiB of them.
const MAX_SPANS: usize = 4 << 20;

/// The most of everything.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Places that hold a key.
    pub places: usize,
    /// The bytes of their paths.
    pub path_bytes: usize,
    /// Entries that are compared.
    pub compared: usize,
    /// Folders in one another.
    pub depth: usize,
    /// Sweeps for the ways to keys, where there is no room to note them all in one.
    pub searches: usize,
}

/// One of [`Limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// [`Limits::places`].
    Places,
    /// [`Limits::path_bytes`].
    PathBytes,
    /// [`Limits::compared`].
    Compared,
    /// [`Limits::depth`].
    Depth,
    /// [`Limits::searches`].
    Searches,
}

/// The objects that hold keys.
#[derive(Debug, Default)]
pub struct Hits {
    /// Blobs and the keys in them.
    pub blobs: IdMap<Fingerprints>,
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
    /// These keys in its content, in order, each once.
    Keys(Vec<Fingerprint>),
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
    /// The limits beyond which there is more that is not listed.
    pub struck: BTreeSet<Limit>,
}

impl Attribution {
    /// Looks for all ways from a commit to a hit, and from the trees in `more` that no commit has.
    pub fn of(store: &Store, hash: HashKind, hits: &Hits, more: &[ObjectId], detector: &Detector) -> Attribution {
        let mut outlines = sweep(store, Wanted::NoBlobs, &|| Outline::new(hash, hits, MAX_SPANS / threads()));
        let graph = Graph::new(outlines.iter_mut().flat_map(|outline| std::mem::take(&mut outline.commits)).collect());
        let (on_the_way, is_all) = on_the_way(outlines, LIMITS.searches, |on_the_way| {
            let searches = sweep(store, Wanted::NoBlobs, &|| Search::new(hash, on_the_way));
            searches.into_iter().flat_map(|search| search.found).collect()
        });
        let groups = Groups::default();
        let (on_the_way, groups) = (&on_the_way, &groups);
        let detail = || Detail { hash, hits, detector, on_the_way, groups, steps: Steps::default() };
        let details = sweep(store, Wanted::NoBlobs, &detail);
        let steps = Steps(details.into_iter().flat_map(|detail| detail.steps.0).collect());
        let mut walk = Walk::new(&steps, hits, LIMITS);
        for commit in &graph.commits {
            let parents = commit.parents.iter().filter_map(|parent| graph.get(parent)).map(|parent| parent.tree);
            walk.compare(Bringer::Commit(commit.id), commit.tree, parents.collect());
        }
        for tree in more {
            walk.compare(Bringer::Tree(*tree), *tree, Vec::new());
        }
        let Walk { mut introductions, mut struck, .. } = walk;
        if !is_all {
            struck.insert(Limit::Searches);
        }
        introductions.sort_unstable();
        let roots = graph.commits.iter().map(|commit| commit.tree).chain(more.iter().copied());
        let named = steps.reachable(roots, hits);
        Attribution { graph, introductions, named, struck }
    }
}
