//! Ranges of commits, in git's own words (gitrevisions(7)): `A..B`, `A...B`, `^A`, `B --not A`.

mod names;

use std::collections::HashSet;

use gix::bstr::BStr;
use gix::revision::plumbing::Spec;

use crate::git::Repository;
use crate::git::graph::Commit;
use crate::git::repository::in_words;
use crate::object::{IdSet, ObjectId};

/// Why a range gives no commits to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RangeError {
    /// A name in it leads nowhere.
    Unresolved {
        /// The range as given.
        range: String,
        /// Why, in words.
        cause: String,
    },
    /// It goes on where a shallow clone ends.
    Shallow,
    /// One of its commits can't be read.
    Unreadable {
        /// The commit.
        id: ObjectId,
        /// Why, in words.
        cause: String,
    },
}

/// Where a range begins and ends.
#[derive(Debug, Default)]
struct Ends {
    /// Commits whose ancestors are in.
    with: Vec<ObjectId>,
    /// Commits whose ancestors are out.
    without: Vec<ObjectId>,
    /// The commits alone, without their ancestors.
    alone: Vec<ObjectId>,
}

impl Repository {
    /// The commits that all of `ranges` together name, less those that `not` reaches.
    ///
    /// # Errors
    ///
    /// Why they can't be told.
    pub fn range(&self, ranges: &[String], not: &[String]) -> Result<Vec<ObjectId>, RangeError> {
        let mut ends = Ends::default();
        for range in ranges {
            self.resolve(range, &mut ends)?;
        }
        for range in not {
            let mut out = Ends::default();
            self.resolve(range, &mut out)?;
            ends.without.extend(out.with);
            ends.with.extend(out.without);
        }
        self.commits_between(&ends.with, &ends.without, &ends.alone)
    }

    /// The commit that a revision names.
    ///
    /// # Errors
    ///
    /// Why it names none.
    pub fn commit(&self, revision: &str) -> Result<ObjectId, RangeError> {
        let mut ends = Ends::default();
        self.resolve(revision, &mut ends)?;
        let unresolved = RangeError::Unresolved { range: revision.to_owned(), cause: "it names no commit".to_owned() };
        ends.with.pop().ok_or(unresolved)
    }

    /// The ancestors of `with`, themselves included, less those of `without`; and the commits `alone`.
    ///
    /// # Errors
    ///
    /// When a commit can't be read, or when the clone is shallow and ends among them.
    pub fn commits_between(
        &self,
        with: &[ObjectId],
        without: &[ObjectId],
        alone: &[ObjectId],
    ) -> Result<Vec<ObjectId>, RangeError> {
        let boundary: IdSet = self.shallow_commits().into_iter().collect();
        let out = self.ancestors(without, &IdSet::default(), &boundary)?;
        let mut commits = self.ancestors(with, &out, &boundary)?;
        commits.extend(alone.iter().filter(|id| !out.contains(id)));
        if commits.iter().any(|id| boundary.contains(id)) {
            return Err(RangeError::Shallow);
        }
        let mut commits: Vec<ObjectId> = commits.into_iter().collect();
        commits.sort();
        Ok(commits)
    }

    fn ancestors(&self, from: &[ObjectId], stop: &IdSet, boundary: &IdSet) -> Result<IdSet, RangeError> {
        let objects = self.objects();
        let mut bytes = Vec::new();
        let mut seen = IdSet::default();
        let mut open = from.to_vec();
        while let Some(id) = open.pop() {
            if stop.contains(&id) || !seen.insert(id) {
                continue;
            }
            objects.read(&id, &mut bytes).map_err(|cause| RangeError::Unreadable { id, cause })?;
            if !boundary.contains(&id) {
                open.extend(Commit::parse(id, &bytes).into_iter().flat_map(|commit| commit.parents));
            }
        }
        Ok(seen)
    }

    fn resolve(&self, range: &str, ends: &mut Ends) -> Result<(), RangeError> {
        let gix = self.gix.to_thread_local();
        let failed = |cause: String| {
            if self.shallow_commits().is_empty() {
                RangeError::Unresolved { range: range.to_owned(), cause }
            } else {
                RangeError::Shallow
            }
        };
        let spelled = self.spelled_out(range).map_err(failed)?;
        let spec = gix.rev_parse(BStr::new(&spelled)).map_err(|error| failed(in_words(&error)))?.detach();
        let peel = |id: gix::ObjectId| -> Result<ObjectId, RangeError> {
            let object = gix.find_object(id).map_err(|error| failed(in_words(&error)))?;
            let commit = object.peel_to_commit().map_err(|error| failed(in_words(&error)))?;
            ObjectId::from_bytes(commit.id.as_bytes()).ok_or_else(|| failed("it has no id".to_owned()))
        };
        let parents = |id: gix::ObjectId| -> Result<Vec<ObjectId>, RangeError> {
            let commit = peel(id)?;
            let mut bytes = Vec::new();
            self.objects().read(&commit, &mut bytes).map_err(|cause| RangeError::Unreadable { id: commit, cause })?;
            Ok(crate::git::commit::Parts::new(&bytes).ids("parent").collect())
        };
        match spec {
            Spec::Include(id) => ends.with.push(peel(id)?),
            Spec::Exclude(id) => ends.without.push(peel(id)?),
            Spec::Range { from, to } => {
                ends.without.push(peel(from)?);
                ends.with.push(peel(to)?);
            }
            Spec::Merge { theirs, ours } => {
                let (theirs, ours) = (peel(theirs)?, peel(ours)?);
                let none = IdSet::default();
                let boundary: IdSet = self.shallow_commits().into_iter().collect();
                let both = self.ancestors(&[theirs], &none, &boundary)?;
                let shared: HashSet<ObjectId> =
                    self.ancestors(&[ours], &none, &boundary)?.intersection(&both).copied().collect();
                ends.with.extend([theirs, ours]);
                ends.without.extend(shared);
            }
            Spec::IncludeOnlyParents(id) => ends.with.extend(parents(id)?),
            Spec::ExcludeParents(id) => {
                ends.with.push(peel(id)?);
                ends.without.extend(parents(id)?);
            }
        }
        Ok(())
    }
}
