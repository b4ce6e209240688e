//! Ranges of commits, in git's own words (gitrevisions(7)): `A..B`, `A...B`, `^A`, `B --not A`.

mod names;
mod walk;

use gix::bstr::BStr;

use crate::git::commit::Parts;
use crate::git::repository::in_words;
use crate::git::{Repository, plain};
use crate::object::{ObjectId, ObjectKind};
use crate::read::{CUT_SHORT, filling};

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

impl RangeError {
    /// Why, in words.
    fn cause(self) -> String {
        match self {
            RangeError::Unresolved { cause, .. } => cause,
            RangeError::Shallow => CUT.to_owned(),
            RangeError::Unreadable { id, cause } => format!("{id}: {cause}"),
        }
    }
}

/// What to do about a name that a shallow clone may not have fetched.
const CUT: &str = "the clone is shallow, so fetch the whole history if the name is right (git fetch --unshallow; in a \
                   GitHub workflow: actions/checkout with fetch-depth: 0)";

/// What ranges name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The commits.
    pub commits: Vec<ObjectId>,
    /// The annotated tags that name an end which is in, and none which is out.
    pub tags: Vec<ObjectId>,
}

/// Where a range begins and ends.
#[derive(Debug, Default)]
struct Ends {
    /// What has its ancestors in.
    with: Vec<End>,
    /// What has its ancestors out.
    without: Vec<End>,
}

/// A commit, and the annotated tags that it was named by.
#[derive(Debug)]
struct End {
    commit: ObjectId,
    tags: Vec<ObjectId>,
}

impl Repository {
    /// The commits that all of `ranges` together name, less those that `not` reaches.
    ///
    /// # Errors
    ///
    /// Why they can't be told.
    pub fn range(&self, ranges: &[String], not: &[String]) -> Result<Named, RangeError> {
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
        let commits = |ends: &[End]| ends.iter().map(|end| end.commit).collect::<Vec<ObjectId>>();
        let commits = self.commits_between(&commits(&ends.with), &commits(&ends.without))?;
        let mut tags: Vec<ObjectId> = ends.with.into_iter().flat_map(|end| end.tags).collect();
        tags.sort();
        tags.dedup();
        tags.retain(|tag| !ends.without.iter().any(|end| end.tags.contains(tag)));
        Ok(Named { commits, tags })
    }

    /// The commit that a revision names; HEAD for none.
    ///
    /// # Errors
    ///
    /// Why it names none.
    pub fn commit(&self, revision: &str) -> Result<ObjectId, RangeError> {
        self.end(revision).map(|end| end.commit)
    }

    /// Adds the ends of a range, which gitrevisions(7) calls "Specifying Ranges".
    fn resolve(&self, range: &str, ends: &mut Ends) -> Result<(), RangeError> {
        let as_range = match self.ends_of(range) {
            Some(Ok(found)) => Ok(found),
            // Dots may be part of a revision: `HEAD^{/v1..2}`.
            Some(Err(error)) => self.end(range).map(Ends::with).map_err(|_| error),
            None => self.end(range).map(Ends::with),
        };
        let found = as_range.map_err(|error| match error {
            RangeError::Unresolved { cause, .. } => RangeError::Unresolved { range: range.to_owned(), cause },
            RangeError::Shallow | RangeError::Unreadable { .. } => error,
        })?;
        ends.with.extend(found.with);
        ends.without.extend(found.without);
        Ok(())
    }

    /// The ends of what is written as a range; `None` for what is one revision.
    fn ends_of(&self, range: &str) -> Option<Result<Ends, RangeError>> {
        if let Some(revision) = range.strip_prefix('^') {
            return Some(self.end(revision).map(|end| Ends { without: vec![end], ..Ends::default() }));
        }
        if let Some((from, to)) = range.split_once("...") {
            let both = || {
                let (one, other) = (self.end(from)?, self.end(to)?);
                let shared = self.shared(one.commit, other.commit)?;
                Ok(Ends { with: vec![one, other], without: End::all(shared) })
            };
            return Some(both());
        }
        // Two dots alone are the folder above.
        if let Some((from, to)) = range.split_once("..").filter(|_| range != "..") {
            return Some(self.end(from).and_then(|from| Ok(Ends { with: vec![self.end(to)?], without: vec![from] })));
        }
        if let Some(revision) = range.strip_suffix("^@") {
            let parents = self.commit(revision).and_then(|id| self.parents(id));
            return Some(parents.map(|parents| Ends { with: End::all(parents), ..Ends::default() }));
        }
        if let Some(revision) = range.strip_suffix("^!") {
            let alone = |end: End| {
                let without = End::all(self.parents(end.commit)?);
                Ok(Ends { with: vec![end], without })
            };
            return Some(self.end(revision).and_then(alone));
        }
        let (revision, number) = range.rsplit_once("^-")?;
        let number: usize = if number.is_empty() { 1 } else { number.parse().ok()? };
        let without_one = |end: End| {
            let parent = number
                .checked_sub(1)
                .and_then(|number| self.parents(end.commit).map(|all| all.get(number).copied()).transpose());
            let missing = || self.unresolved(revision, &format!("it has no parent {number}"));
            let parent = parent.unwrap_or_else(|| Err(missing()))?;
            Ok(Ends { with: vec![end], without: End::all(vec![parent]) })
        };
        Some(self.end(revision).and_then(without_one))
    }

    /// What a revision names; HEAD for none.
    fn end(&self, revision: &str) -> Result<End, RangeError> {
        let revision = if revision.is_empty() { "HEAD" } else { revision };
        let id = match ObjectId::from_hex(revision.as_bytes()) {
            Some(id) => Ok(id),
            None => self.looked_up(revision),
        };
        let id = id.map_err(|cause| self.unresolved(revision, &cause))?;
        let peeled = self.objects().peel(&id);
        let Some(commit) = peeled.commit() else {
            let cause =
                peeled.lost.map_or_else(|| "it names no commit".to_owned(), |(id, cause)| format!("{id}: {cause}"));
            return Err(self.unresolved(revision, &cause));
        };
        let tags = peeled.objects.into_iter().filter(|(_, kind)| *kind == ObjectKind::Tag).map(|(id, _)| id).collect();
        Ok(End { commit, tags })
    }

    /// The object that a revision names by a ref, a log, a message or a part of an id; or why none, in words.
    fn looked_up(&self, revision: &str) -> Result<ObjectId, String> {
        // gix follows tags for ever, so it is given the commit that they come to.
        let suffix = revision.find(['^', '~']).filter(|at| *at > 0 && !revision.starts_with(':'));
        if let Some(at) = suffix {
            let commit = self.commit(&revision[..at]).map_err(RangeError::cause)?;
            return self.parsed(&format!("{commit}{}", &revision[at..]));
        }
        plain::check_name(&self.git_dir, &self.common_dir, revision)?;
        self.parsed(&self.spelled_out(revision)?)
    }

    fn parsed(&self, spelled: &str) -> Result<ObjectId, String> {
        let gix = self.gix.to_thread_local();
        let found = match filling(|| gix.rev_parse_single(BStr::new(spelled))) {
            (_, true) => return Err(CUT_SHORT.to_owned()),
            (found, false) => found.map_err(|error| in_words(&error))?,
        };
        ObjectId::from_bytes(found.as_bytes()).ok_or_else(|| "it has no id".to_owned())
    }

    fn parents(&self, commit: ObjectId) -> Result<Vec<ObjectId>, RangeError> {
        if self.shallow_commits().contains(&commit) {
            return Err(RangeError::Shallow);
        }
        let mut bytes = Vec::new();
        let unreadable = |cause| RangeError::Unreadable { id: commit, cause };
        self.objects().read(&commit, &mut bytes).map_err(unreadable)?;
        Ok(Parts::new(&bytes).ids("parent").collect())
    }

    /// In a shallow clone nobody can tell a wrong name from one that was not fetched; an id is hardly ever wrong.
    fn unresolved(&self, revision: &str, cause: &str) -> RangeError {
        let is_shallow = !self.shallow_commits().is_empty();
        match (is_shallow, ObjectId::from_hex(revision.as_bytes())) {
            (true, Some(_)) => RangeError::Shallow,
            (true, None) => RangeError::Unresolved { range: revision.to_owned(), cause: format!("{cause}; {CUT}") },
            (false, _) => RangeError::Unresolved { range: revision.to_owned(), cause: cause.to_owned() },
        }
    }
}

impl Ends {
    fn with(end: End) -> Ends {
        Ends { with: vec![end], ..Ends::default() }
    }
}

impl End {
    /// Commits that no tag names.
    fn all(commits: Vec<ObjectId>) -> Vec<End> {
        commits.into_iter().map(|commit| End { commit, tags: Vec::new() }).collect()
    }
}
