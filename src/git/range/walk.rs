//! The walk from both ends of a range: commits are taken newest first, until all that are left are out of it.
//!
//! A commit that is older by its date than its parents can be met before it is known to be out. So the walk goes on for
//! [`MORE`] commits when all that are left seem to be out. What is out is told from what was read: a date that is wrong by
//! more can make the range larger, and never loses a commit.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::RangeError;
use crate::git::commit::Parts;
use crate::git::{Objects, Repository};
use crate::object::{IdMap, IdSet, ObjectId};

/// Commits that are read behind the end, which takes a few milliseconds. git reads five.
const MORE: usize = 1000;

/// A commit that was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Met {
    /// Whether an end that is out reaches it.
    is_out: bool,
    /// Whether its parents have been met too.
    is_open: bool,
}

/// A commit as the walk needs it.
struct Read {
    /// In seconds since 1970; 0 where it has no date.
    date: i64,
    parents: Vec<ObjectId>,
}

impl Repository {
    /// The ancestors of `with`, themselves included, less those of `without`. The newest first, so that
    /// neighbours share most of their trees; of those with the same date, in order of id.
    ///
    /// # Errors
    ///
    /// When a commit can't be read, or when the clone is shallow and ends among them.
    pub fn commits_between(&self, with: &[ObjectId], without: &[ObjectId]) -> Result<Vec<ObjectId>, RangeError> {
        let boundary: IdSet = self.shallow_commits().into_iter().collect();
        let mut walk = Walk::new(self, &boundary);
        for (ids, is_out) in [(without, true), (with, false)] {
            for id in ids {
                walk.meet(*id, is_out)?;
            }
        }
        walk.run()?;
        let mut commits: Vec<ObjectId> =
            walk.met.iter().filter(|(_, met)| !met.is_out && !met.is_open).map(|(id, _)| *id).collect();
        if commits.iter().any(|id| boundary.contains(id)) {
            return Err(RangeError::Shallow);
        }
        commits.sort_by_key(|id| (Reverse(walk.commits.get(id).map(|commit| commit.date)), *id));
        Ok(commits)
    }

    /// What stands at the end of the history that two commits share, and hides it when it is out of a range.
    ///
    /// # Errors
    ///
    /// When a commit can't be read.
    pub(super) fn shared(&self, one: ObjectId, other: ObjectId) -> Result<Vec<ObjectId>, RangeError> {
        let boundary: IdSet = self.shallow_commits().into_iter().collect();
        let mut shared = Vec::new();
        for (with, without) in [(one, other), (other, one)] {
            let mut walk = Walk::new(self, &boundary);
            walk.meet(without, true)?;
            walk.meet(with, false)?;
            walk.run()?;
            if walk.met.get(&with).is_some_and(|met| met.is_out) {
                shared.push(with);
            }
            shared.extend(walk.edge());
        }
        shared.sort();
        shared.dedup();
        Ok(shared)
    }
}

struct Walk<'r> {
    objects: Objects,
    /// Commits whose parents a shallow clone has left behind.
    boundary: &'r IdSet,
    met: IdMap<Met>,
    commits: IdMap<Read>,
    /// Open commits, the newest on top.
    open: BinaryHeap<(i64, ObjectId)>,
    /// How many of them are not known to be out.
    open_in: usize,
    /// The oldest date of a commit that is not known to be out.
    oldest: i64,
}

impl<'r> Walk<'r> {
    fn new(repository: &'r Repository, boundary: &'r IdSet) -> Walk<'r> {
        let (met, commits, open) = (IdMap::default(), IdMap::default(), BinaryHeap::new());
        let objects = repository.objects();
        Walk { objects, boundary, met, commits, open, open_in: 0, oldest: i64::MAX }
    }

    /// Goes on while there are open commits that may be in, or that may tell of one that it is out.
    fn run(&mut self) -> Result<(), RangeError> {
        let mut more = MORE;
        while self.open_in > 0 || more > 0 {
            let is_newer = self.open.peek().is_some_and(|(date, _)| *date >= self.oldest);
            if self.open_in == 0 && !is_newer {
                more -= 1;
            }
            let Some((date, id)) = self.open.pop() else { return Ok(()) };
            let Some(met) = self.met.get_mut(&id) else { continue };
            met.is_open = false;
            let is_out = met.is_out;
            if !is_out {
                self.open_in -= 1;
                self.oldest = self.oldest.min(date);
            }
            for parent in self.commits.get(&id).map(|commit| commit.parents.clone()).unwrap_or_default() {
                self.meet(parent, is_out)?;
            }
        }
        Ok(())
    }

    /// Meets a commit, or meets it again from an end that is out: then what it led to is out too.
    fn meet(&mut self, id: ObjectId, is_out: bool) -> Result<(), RangeError> {
        let mut next = vec![id];
        while let Some(id) = next.pop() {
            match self.met.get_mut(&id) {
                None => {
                    let commit = self.read(&id)?;
                    self.open.push((commit.date, id));
                    self.open_in += usize::from(!is_out);
                    self.commits.insert(id, commit);
                    self.met.insert(id, Met { is_out, is_open: true });
                }
                Some(met) if is_out && !met.is_out => {
                    met.is_out = true;
                    if met.is_open {
                        self.open_in -= 1;
                    } else {
                        next.extend(self.commits.get(&id).into_iter().flat_map(|commit| &commit.parents));
                    }
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    fn read(&self, id: &ObjectId) -> Result<Read, RangeError> {
        let mut bytes = Vec::new();
        self.objects.read(id, &mut bytes).map_err(|cause| RangeError::Unreadable { id: *id, cause })?;
        let parts = Parts::new(&bytes);
        let parents = if self.boundary.contains(id) { Vec::new() } else { parts.ids("parent").collect() };
        Ok(Read { date: parts.seconds("committer").unwrap_or(0), parents })
    }

    /// Parents of commits that are in, and are not themselves.
    fn edge(&self) -> impl Iterator<Item = ObjectId> {
        let is_in = |id: &ObjectId| self.met.get(id).is_some_and(|met| !met.is_out && !met.is_open);
        let inside = self.commits.iter().filter(move |(id, _)| is_in(id));
        inside.flat_map(|(_, commit)| &commit.parents).filter(move |id| !is_in(id)).copied()
    }
}
