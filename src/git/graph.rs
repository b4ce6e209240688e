//! The commits of a repository as a graph, and what names reach them.

use crate::git::commit::Parts;
use crate::git::refs::{Name, Names, Reach};
use crate::object::{IdMap, ObjectId};

/// A commit.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Its id.
    pub id: ObjectId,
    /// Its tree.
    pub tree: ObjectId,
    /// Its parents.
    pub parents: Vec<ObjectId>,
}

impl Commit {
    /// A commit from its bytes; `None` for one that names no tree.
    pub fn parse(id: ObjectId, bytes: &[u8]) -> Option<Commit> {
        let parts = Parts::new(bytes);
        Some(Commit { id, tree: parts.ids("tree").next()?, parents: parts.ids("parent").collect() })
    }
}

/// Commits and the way from each to its parents.
#[derive(Debug, Default)]
pub struct Graph {
    /// In no particular order but always in the same one.
    pub commits: Vec<Commit>,
    index: IdMap<u32>,
}

/// What reaches a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Whether HEAD does.
    pub in_head: bool,
    /// The furthest that any name has taken it; none when no name reaches it.
    pub reach: Option<Reach>,
    /// The first few names in order, as indexes of [`Names::names`].
    pub names: Vec<u32>,
}

impl Graph {
    /// A graph of these commits, each given once or several times.
    pub fn new(mut commits: Vec<Commit>) -> Graph {
        commits.sort_by_key(|commit| commit.id);
        commits.dedup_by_key(|commit| commit.id);
        let index = commits.iter().zip(0..).map(|(commit, number)| (commit.id, number)).collect();
        Graph { commits, index }
    }

    /// The commit with this id.
    pub fn get(&self, id: &ObjectId) -> Option<&Commit> {
        self.index.get(id).map(|number| &self.commits[*number as usize])
    }

    /// The number of a commit: its place in [`Graph::commits`].
    pub fn number(&self, id: &ObjectId) -> Option<usize> {
        self.index.get(id).map(|number| *number as usize)
    }

    /// What reaches each commit, in the order of [`Graph::commits`]: names whose targets are given in `targets`, and up
    /// to `most` of them for each commit.
    pub fn reached(&self, names: &Names, targets: &[(u32, ObjectId)], most: usize) -> Vec<Reached> {
        let mut reached = vec![Reached::default(); self.commits.len()];
        for (number, target) in targets {
            if let Some(commit) = self.number(target) {
                reached[commit].take_in(&Reached::by(&names.names, *number), &names.names, most);
            }
        }
        if let Some(head) = names.head.and_then(|head| self.number(&head)) {
            reached[head].in_head = true;
        }
        for commit in self.children_first() {
            let here = reached[commit].clone();
            for parent in self.parents(commit) {
                reached[parent].take_in(&here, &names.names, most);
            }
        }
        reached
    }

    fn parents(&self, commit: usize) -> impl Iterator<Item = usize> {
        self.commits[commit].parents.iter().filter_map(|id| self.number(id))
    }

    /// Every commit after all of its children (Kahn 1962).
    fn children_first(&self) -> Vec<usize> {
        let mut children = vec![0_u32; self.commits.len()];
        for commit in 0..self.commits.len() {
            self.parents(commit).for_each(|parent| children[parent] += 1);
        }
        let mut order: Vec<usize> = (0..self.commits.len()).filter(|commit| children[*commit] == 0).collect();
        let mut next = 0;
        while let Some(&commit) = order.get(next) {
            next += 1;
            for parent in self.parents(commit) {
                children[parent] -= 1;
                if children[parent] == 0 {
                    order.push(parent);
                }
            }
        }
        order
    }
}

impl Reached {
    fn by(names: &[Name], number: u32) -> Reached {
        let reach = names.get(number as usize).map(|name| name.reach);
        Reached { in_head: false, reach, names: vec![number] }
    }

    /// Adds what reaches a child: it reaches this as well.
    fn take_in(&mut self, child: &Reached, names: &[Name], most: usize) {
        self.in_head |= child.in_head;
        self.reach = match (self.reach, child.reach) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if child.names != self.names {
            self.names.extend_from_slice(&child.names);
            // A reflog is worth a mention where nothing else leads.
            let is_kept = |number: &u32| names.get(*number as usize).is_none_or(|name| name.reach == Reach::Log);
            if self.names.iter().any(|number| !is_kept(number)) {
                self.names.retain(|number| !is_kept(number));
            }
            self.names.sort_unstable();
            self.names.dedup();
            self.names.truncate(most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> ObjectId {
        ObjectId::from_bytes(&[number; 20]).expect("an id")
    }

    /// Commits by number, each with its parents.
    fn graph(commits: &[(u8, &[u8])]) -> Graph {
        let commit = |(number, parents): &(u8, &[u8])| Commit {
            id: id(*number),
            tree: id(100),
            parents: parents.iter().map(|parent| id(*parent)).collect(),
        };
        Graph::new(commits.iter().map(commit).collect())
    }

    #[test]
    fn names_reach_all_ancestors() {
        // 1 ← 2 ← 4 (merge of 2 and 3), 1 ← 3, 2 ← 5, and 6 whose parent is not there.
        let graph = graph(&[(1, &[]), (2, &[1]), (3, &[1]), (4, &[2, 3]), (5, &[2]), (6, &[9])]);
        let name = |reach, name: &str, target| Name { reach, name: name.into(), target: id(target) };
        let names = Names {
            head: Some(id(4)),
            names: vec![
                name(Reach::Remote, "r", 3),
                name(Reach::Local, "a", 4),
                name(Reach::Local, "b", 4),
                name(Reach::Stash, "stash", 5),
            ],
            problems: Vec::new(),
        };
        let targets: Vec<_> = names.names.iter().zip(0..).map(|(name, number)| (number, name.target)).collect();
        let reached = graph.reached(&names, &targets, 2);
        let seen = |number| {
            let reached = &reached[graph.number(&id(number)).expect("a commit")];
            (reached.in_head, reached.reach, reached.names.clone())
        };
        assert_eq!(seen(1), (true, Some(Reach::Remote), vec![0, 1]));
        assert_eq!(seen(2), (true, Some(Reach::Local), vec![1, 2]));
        assert_eq!(seen(3), (true, Some(Reach::Remote), vec![0, 1]));
        assert_eq!(seen(4), (true, Some(Reach::Local), vec![1, 2]));
        assert_eq!(seen(5), (false, Some(Reach::Stash), vec![3]));
        assert_eq!(seen(6), (false, None, vec![]));
    }
}
