//! The entries on the way to a hit, of every tree that has any.
//!
//! Versions of a tree share most of their entries, so these are kept in groups, and the same group once. A group ends
//! where an id says so, and thus a change of an entry changes its group alone.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use super::Hits;
use super::ways::{Shorts, short};
use crate::blob::Content;
use crate::detect::Detector;
use crate::git::sweep::{ObjectVisitor, SweepProblem};
use crate::git::tree::{Entry, EntryKind, entries};
use crate::object::{HashKind, IdMap, IdSet, ObjectId, ObjectKind};

/// One in so many entries ends a group.
const GROUP: u64 = 32;

/// An entry of a tree on the way to a hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub name: Box<[u8]>,
    /// The id of its object.
    pub id: ObjectId,
    /// What it is.
    pub kind: EntryKind,
    /// Whether its own name holds a key.
    pub is_named: bool,
}

/// The kind and what is in the name follow from these.
impl Hash for Step {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
        // One blob can stand under any number of names.
        self.name.hash(state);
    }
}

/// Steps that stand together, kept once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Group(Arc<[Step]>);

impl Deref for Group {
    type Target = [Step];

    fn deref(&self) -> &[Step] {
        &self.0
    }
}

/// All groups, each once.
pub type Groups = Mutex<HashSet<Group>>;

/// The trees on the way to a hit, with their steps in order of name.
#[derive(Debug, Default)]
pub struct Steps(pub IdMap<Box<[Group]>>);

impl Steps {
    /// The steps of a tree, in groups; none for one that is not on the way.
    fn groups(&self, tree: &ObjectId) -> &[Group] {
        self.0.get(tree).map_or(&[], |groups| groups)
    }

    /// The step of this name in a tree, if it is on the way.
    pub fn find(&self, tree: &ObjectId, name: &[u8]) -> Option<&Step> {
        let groups = self.groups(tree);
        let after = groups.partition_point(|group| group.first().is_some_and(|first| &*first.name <= name));
        let group = groups.get(after.checked_sub(1)?)?;
        group.binary_search_by(|step| (*step.name).cmp(name)).ok().map(|at| &group[at])
    }

    /// The steps of a tree but for groups that one of `others` has as well.
    pub fn unlike(&self, tree: &ObjectId, others: &[ObjectId]) -> Vec<&Step> {
        let shared: HashSet<*const Step> =
            others.iter().flat_map(|other| self.groups(other)).map(|group| group.as_ptr()).collect();
        let groups = self.groups(tree).iter().filter(|group| !shared.contains(&group.as_ptr()));
        groups.flat_map(|group| group.iter()).collect()
    }

    /// The hits that the trees in `roots` lead to.
    pub fn reachable(&self, roots: impl Iterator<Item = ObjectId>, hits: &Hits) -> IdSet {
        let mut seen: IdSet = IdSet::default();
        let mut seen_groups = HashSet::new();
        let mut open: Vec<ObjectId> = roots.collect();
        while let Some(id) = open.pop() {
            if !self.0.contains_key(&id) || !seen.insert(id) {
                continue;
            }
            for step in
                self.groups(&id).iter().filter(|group| seen_groups.insert(group.as_ptr())).flat_map(|group| &**group)
            {
                if step.kind == EntryKind::Folder {
                    open.push(step.id);
                } else if hits.blobs.contains_key(&step.id) {
                    seen.insert(step.id);
                }
            }
        }
        seen
    }
}

/// What the second sweep keeps: the steps of the trees on the way.
pub struct Detail<'h> {
    /// How objects are named.
    pub hash: HashKind,
    /// Where the ways lead.
    pub hits: &'h Hits,
    /// Which names hold keys.
    pub detector: &'h Detector,
    /// Which trees are kept.
    pub on_the_way: &'h Shorts,
    /// What they have, shared with other threads.
    pub groups: &'h Groups,
    /// The trees seen by this thread.
    pub steps: Steps,
}

impl Detail<'_> {
    fn step(&self, entry: &Entry<'_>, has_names: bool) -> Option<Step> {
        let id = entry.object()?;
        let is_named = has_names && holds_key(self.detector, entry.name);
        let leads_on = match entry.kind {
            EntryKind::Folder => self.on_the_way.contains(&short(entry.id)),
            EntryKind::File | EntryKind::Link => self.hits.blobs.contains_key(&id),
            EntryKind::Submodule => false,
        };
        (leads_on || is_named).then(|| Step { name: entry.name.into(), id, kind: entry.kind, is_named })
    }
}

impl ObjectVisitor for Detail<'_> {
    fn object(&mut self, id: &ObjectId, kind: ObjectKind, _: u64, content: Content<'_>) {
        let Content::Whole(bytes) = content else { return };
        if kind == ObjectKind::Tree && self.on_the_way.contains(&short(id.as_bytes())) {
            let has_names = self.hits.trees.contains(id);
            let steps = entries(bytes, self.hash).filter_map(|entry| self.step(&entry, has_names)).collect();
            self.steps.0.insert(*id, grouped(steps, self.groups));
        }
    }

    fn problem(&mut self, _: SweepProblem) {}
}

/// Whether a key's shape is in a name, borders or not.
pub fn holds_key(detector: &Detector, name: &[u8]) -> bool {
    matches!(detector.redact(name), std::borrow::Cow::Owned(_))
}

/// Steps in order of name, and in groups that are in `all`.
pub fn grouped(mut steps: Vec<Step>, all: &Groups) -> Box<[Group]> {
    steps.sort_by(|a, b| a.name.cmp(&b.name));
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    let mut group = |steps: &[Step]| {
        let group = Group(steps.into());
        all.get(&group).cloned().unwrap_or_else(|| {
            all.insert(group.clone());
            group
        })
    };
    steps.chunk_by(|step, _| !short(step.id.as_bytes()).is_multiple_of(GROUP)).map(&mut group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(version: u32, number: u32) -> ObjectId {
        let mut rng = fastrand::Rng::with_seed(u64::from(number) << 32 | u64::from(version));
        ObjectId::from_bytes(&[rng.u8(..); 20].map(|byte| byte ^ rng.u8(..))).expect("an id")
    }

    /// A tree of a thousand files, of which one is of another version.
    fn version(version: u32, groups: &Groups) -> Box<[Group]> {
        let step = |number: u32| Step {
            name: format!("{number:04}").into_bytes().into(),
            id: id(if number == 500 { version } else { 0 }, number),
            kind: EntryKind::File,
            is_named: false,
        };
        grouped((0..1000).rev().map(step).collect(), groups)
    }

    #[test]
    fn versions_of_a_tree_share_all_groups_but_one() {
        let groups = Groups::default();
        let trees: [ObjectId; 3] = [0, 1, 2].map(|number| id(9, number));
        let steps = Steps((0..).zip(trees).map(|(number, id)| (id, version(number, &groups))).collect());
        let unlike = steps.unlike(&trees[1], &[trees[0], trees[2]]);
        assert!(unlike.len() < 300 && unlike.iter().any(|step| &*step.name == b"0500"), "{}", unlike.len());
        assert_eq!(steps.unlike(&trees[1], &[]).len(), 1000);
        assert!(steps.unlike(&trees[1], &[trees[1]]).is_empty());
        for number in 0..1000 {
            let found = steps.find(&trees[2], format!("{number:04}").as_bytes()).expect("a step");
            assert_eq!(found.id, id(if number == 500 { 2 } else { 0 }, number));
        }
        for name in ["", "0", "00000", "1000", "x"] {
            assert_eq!(steps.find(&trees[2], name.as_bytes()), None);
        }
        let all = groups.lock().expect("not poisoned").len();
        assert!(all <= steps.groups(&trees[0]).len() + 4, "{all} groups");
    }
}
