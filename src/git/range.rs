//! Ranges of commits, in git's own words (gitrevisions(7)): `A..B`, `A...B`, `^A`, `B --not A`.

mod names;
mod walk;

use gix::bstr::BStr;
use gix::revision::plumbing::Spec;

use crate::git::Repository;
use crate::git::repository::in_words;
use crate::object::ObjectId;

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

/// What to do about a name that a shallow clone may not have fetched.
const CUT: &str = "the clone is shallow, so fetch the whole history if the name is right (git fetch --unshallow; in a \
                   GitHub workflow: actions/checkout with fetch-depth: 0)";

/// Where a range begins and ends.
#[derive(Debug, Default)]
struct Ends {
    /// Commits whose ancestors are in.
    with: Vec<ObjectId>,
    /// Commits whose ancestors are out.
    without: Vec<ObjectId>,
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
        self.commits_between(&ends.with, &ends.without)
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

    fn resolve(&self, range: &str, ends: &mut Ends) -> Result<(), RangeError> {
        let gix = self.gix.to_thread_local();
        let failed = |cause: String| {
            let is_shallow = !self.shallow_commits().is_empty();
            let mut ids = range.split("..").map(|id| id.trim_matches(['^', '.']));
            match (is_shallow, ids.any(|id| ObjectId::from_hex(id.as_bytes()).is_some())) {
                (true, true) => RangeError::Shallow,
                // Nobody can tell a wrong name from one that was not fetched.
                (true, false) => RangeError::Unresolved { range: range.to_owned(), cause: format!("{cause}; {CUT}") },
                (false, _) => RangeError::Unresolved { range: range.to_owned(), cause },
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
                ends.without.extend(self.shared(theirs, ours)?);
                ends.with.extend([theirs, ours]);
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
