//! The comparison of commits with their parents.

use std::collections::BTreeSet;

use super::steps::{Step, Steps};
use super::{Bringer, Hits, Introduction, Limit, Limits, What};
use crate::git::tree::EntryKind;
use crate::key::{Fingerprint, Fingerprints};
use crate::object::{IdSet, ObjectId};

/// What the commits that were compared have brought.
pub struct Walk<'s> {
    steps: &'s Steps,
    hits: &'s Hits,
    limits: Limits,
    /// In the order in which they were found.
    pub introductions: Vec<Introduction>,
    /// What ended the comparison or left something out.
    pub struck: BTreeSet<Limit>,
    path_bytes: usize,
    compared: usize,
    is_over: bool,
}

/// A folder on the way that is being compared.
struct Frame<'s> {
    tree: ObjectId,
    /// Its versions in the parents.
    parents: Vec<ObjectId>,
    /// What is left of it.
    steps: std::vec::IntoIter<&'s Step>,
    /// The length of its path.
    path: usize,
}

impl<'s> Walk<'s> {
    /// Nothing compared yet.
    pub fn new(steps: &'s Steps, hits: &'s Hits, limits: Limits) -> Walk<'s> {
        Walk {
            steps,
            hits,
            limits,
            introductions: Vec::new(),
            struck: BTreeSet::new(),
            path_bytes: 0,
            compared: 0,
            is_over: false,
        }
    }

    /// Notes what `tree` has and none of `parents` has.
    pub fn compare(&mut self, by: Bringer, tree: ObjectId, parents: Vec<ObjectId>) {
        if self.is_over {
            return;
        }
        let mut path = Vec::new();
        // A tree can't hold itself, but it can have the id of another one.
        let mut above: IdSet = [tree].into_iter().collect();
        // No recursion: folders can be nested deeper than any stack.
        let mut frames: Vec<Frame<'_>> = self.frame(tree, parents, 0).into_iter().collect();
        while let Some(frame) = frames.last_mut().filter(|_| !self.is_over) {
            path.truncate(frame.path);
            let Some(step) = frame.steps.next() else {
                above.remove(&frame.tree);
                frames.pop();
                continue;
            };
            let steps = self.steps;
            let before: Vec<&Step> = frame.parents.iter().filter_map(|parent| steps.find(parent, &step.name)).collect();
            if before.iter().any(|other| other.id == step.id && other.kind == step.kind) {
                continue;
            }
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(&step.name);
            self.note(by, &frame.tree, step, &before, &path);
            if step.kind == EntryKind::Folder && !above.contains(&step.id) {
                let parents = before.iter().map(|other| other.id).collect();
                let Some(folder) = self.frame(step.id, parents, path.len()) else { continue };
                if frames.len() > self.limits.depth {
                    self.struck.insert(Limit::Depth);
                } else {
                    above.insert(step.id);
                    frames.push(folder);
                }
            }
        }
    }

    /// A folder to compare, unless a parent has it or nothing is on the way there.
    fn frame(&mut self, tree: ObjectId, parents: Vec<ObjectId>, path: usize) -> Option<Frame<'s>> {
        if parents.contains(&tree) {
            return None;
        }
        let steps = self.steps.unlike(&tree, &parents);
        self.compared += steps.len();
        if self.compared > self.limits.compared {
            self.stop(Limit::Compared);
        }
        (!steps.is_empty()).then(|| Frame { tree, parents, steps: steps.into_iter(), path })
    }

    /// Notes what an entry has that none of its versions in the parents has.
    fn note(&mut self, by: Bringer, tree: &ObjectId, step: &Step, before: &[&Step], path: &[u8]) {
        if step.is_named && before.is_empty() {
            self.add(by, *tree, step.kind, What::Name, path);
        }
        if step.kind == EntryKind::Folder {
            return;
        }
        if let Some(keys) = self.hits.blobs.get(&step.id) {
            let old: Vec<&Fingerprints> = before.iter().filter_map(|other| self.hits.blobs.get(&other.id)).collect();
            let is_new = |key: &&Fingerprint| !old.iter().any(|old| old.contains(key));
            let mut new: Vec<Fingerprint> = keys.iter().filter(is_new).copied().collect();
            new.sort_unstable();
            new.shrink_to_fit();
            if !new.is_empty() {
                self.add(by, step.id, step.kind, What::Keys(new), path);
            }
        }
    }

    fn add(&mut self, by: Bringer, object: ObjectId, kind: EntryKind, what: What, path: &[u8]) {
        if self.introductions.len() >= self.limits.places {
            return self.stop(Limit::Places);
        }
        if self.path_bytes + path.len() > self.limits.path_bytes {
            return self.stop(Limit::PathBytes);
        }
        self.path_bytes += path.len();
        self.introductions.push(Introduction { by, path: path.to_vec(), object, kind, what });
    }

    fn stop(&mut self, limit: Limit) {
        self.is_over = true;
        self.struck.insert(limit);
    }
}

#[cfg(test)]
mod tests {
    use super::super::LIMITS;
    use super::super::steps::{Groups, grouped};
    use super::*;

    fn id(number: u8) -> ObjectId {
        ObjectId::from_bytes(&[number; 20]).expect("an id")
    }

    /// A file with a key.
    const KEY: u8 = 255;

    /// What is brought by a commit with tree 0, and the limits struck. Each tree is a number and names of folders with
    /// their trees, and has the file besides.
    fn walk(trees: &[(u8, &[(&str, u8)])], limits: Limits) -> (Vec<String>, Vec<Limit>) {
        let groups = Groups::default();
        let step =
            |name: &str, number, kind| Step { name: name.as_bytes().into(), id: id(number), kind, is_named: false };
        let tree = |(tree, folders): &(u8, &[(&str, u8)])| {
            let folders = folders.iter().map(|(name, number)| step(name, *number, EntryKind::Folder));
            let steps = folders.chain([step("k", KEY, EntryKind::File)]).collect();
            (id(*tree), grouped(steps, &groups))
        };
        let steps = Steps(trees.iter().map(tree).collect());
        let mut hits = Hits::default();
        hits.blobs.insert(id(KEY), [Fingerprint::new([1; 32])].into_iter().collect());
        let mut walk = Walk::new(&steps, &hits, limits);
        walk.compare(Bringer::Commit(id(100)), id(0), Vec::new());
        walk.compare(Bringer::Commit(id(101)), id(0), vec![id(0)]);
        let path = |introduction: &Introduction| String::from_utf8(introduction.path.clone()).expect("UTF-8");
        (walk.introductions.iter().map(path).collect(), walk.struck.into_iter().collect())
    }

    #[test]
    fn a_tree_that_holds_itself_ends() {
        assert_eq!(walk(&[(0, &[("a", 0), ("b", 0)])], LIMITS), (vec!["k".to_owned()], vec![]));
        let (paths, struck) = walk(&[(0, &[("a", 1)]), (1, &[("b", 0), ("c", 1)])], LIMITS);
        assert_eq!((paths.join(" "), struck), ("a/k k".to_owned(), vec![]));
    }

    /// Once out of a folder, its tree can stand elsewhere.
    #[test]
    fn a_tree_in_two_places() {
        let (paths, struck) = walk(&[(0, &[("a", 1), ("b", 2), ("c", 1)]), (1, &[]), (2, &[("d", 1)])], LIMITS);
        assert_eq!((paths.join(" "), struck), ("a/k b/d/k b/k c/k k".to_owned(), vec![]));
    }

    #[test]
    fn limits() {
        // Five folders in one another.
        let nested: &[(u8, &[(&str, u8)])] =
            &[(0, &[("l", 1)]), (1, &[("l", 2)]), (2, &[("l", 3)]), (3, &[("l", 4)]), (4, &[("l", 5)]), (5, &[])];
        let check = |limits, expected: &str, limit: Option<Limit>| {
            let (paths, struck) = walk(nested, limits);
            assert_eq!((paths.join(" ").as_str(), struck), (expected, limit.into_iter().collect()));
        };
        let all = "k l/k l/l/k l/l/l/k l/l/l/l/k l/l/l/l/l/k";
        check(LIMITS, all, None);
        check(Limits { depth: 5, ..LIMITS }, all, None);
        check(Limits { depth: 2, ..LIMITS }, "k l/k l/l/k", Some(Limit::Depth));
        check(Limits { path_bytes: 36, ..LIMITS }, all, None);
        check(Limits { path_bytes: 8, ..LIMITS }, "k l/k", Some(Limit::PathBytes));
        check(Limits { places: 6, ..LIMITS }, all, None);
        check(Limits { places: 2, ..LIMITS }, "k l/k", Some(Limit::Places));
        check(Limits { compared: 11, ..LIMITS }, all, None);
        check(Limits { compared: 4, ..LIMITS }, "k l/k", Some(Limit::Compared));
    }
}
