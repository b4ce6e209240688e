//! History: every object that a repository holds, whatever leads to it.

use std::collections::BTreeMap;

use crate::blob::{Blob, Content, Kind, ObjectOrigin};
use crate::error::{Problem, ProblemKind};
use crate::git::Repository;
use crate::git::commit::Parts;
use crate::git::graph::Commit;
use crate::git::links::{Links, is_known};
use crate::git::objects::MISSING;
use crate::git::refs::{Names, Reach};
use crate::git::sweep::{ObjectVisitor, Store, SweepProblem, Wanted, sweep};
use crate::git::tree::{Differences, EntryKind, entries};
use crate::object::{IdSet, ObjectId, ObjectKind};
use crate::source::Visitor;

/// Whether a clone that leaves parts of the history at its origin is taken for whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shallow {
    /// It is: what is there is what was asked for.
    Allow,
    /// It makes the scan incomplete.
    Report,
}

/// All objects of a repository.
#[derive(Debug)]
pub struct History {
    /// The repository.
    pub repository: Repository,
    /// What to think of a shallow or partial clone.
    pub shallow: Shallow,
}

impl History {
    /// Its objects, those of alternates too.
    pub fn store(&self) -> (Store, Vec<SweepProblem>) {
        self.repository.store()
    }

    /// Visits every object once.
    pub fn visit<V: Visitor>(&self, visitor: &(dyn Fn() -> V + Sync)) -> Vec<V> {
        let (store, problems) = self.store();
        let boundary: IdSet = self.repository.shallow_commits().into_iter().collect();
        let links = || Some(Links::new(&store, self.repository.hash, &boundary));
        let differences = || Differences::new(self.repository.hash);
        let mut first = Bridge {
            visitor: visitor(),
            repository: &self.repository,
            links: None,
            differences: differences(),
            has_names: false,
        };
        for problem in problems {
            first.problem(problem);
        }
        let names = self.repository.names();
        for (path, message) in &names.problems {
            first.visitor.problem(Problem::given(path, ProblemKind::Corrupt, message.clone()));
        }
        self.tell_of_endless(&names, &mut first.visitor);
        if self.shallow == Shallow::Report {
            for problem in self.repository.gaps() {
                first.visitor.problem(problem);
            }
        }
        let bridge = || Bridge {
            visitor: visitor(),
            repository: &self.repository,
            links: links(),
            differences: differences(),
            has_names: false,
        };
        let mut swept = sweep(&store, Wanted::All, &bridge);
        let mut missing: BTreeMap<ObjectId, String> = BTreeMap::new();
        for (id, (kind, from)) in swept.iter_mut().filter_map(|bridge| bridge.links.take()).flat_map(Links::missing) {
            // The same words whatever the order of the threads.
            let words = format!("{} {from} refers to it", kind.name());
            missing.entry(id).and_modify(|known| *known = words.clone().min(known.clone())).or_insert(words);
        }
        self.missing_of_indexes(&store, &mut missing, &mut first.visitor);
        self.tell_of_missing(missing, &mut first.visitor);
        std::iter::once(first).chain(swept).map(|bridge| bridge.visitor).collect()
    }
}

/// Missing objects that are told of one by one; the rest are counted.
const TOLD: usize = 1000;

impl History {
    /// Names that can't be followed to their end, such as tags that lead to themselves. What is missing is told by others.
    fn tell_of_endless<V: Visitor>(&self, names: &Names, visitor: &mut V) {
        let objects = self.repository.objects();
        for name in names.names.iter().filter(|name| name.reach < Reach::Log) {
            let lost = objects.peel(&name.target).lost;
            if let Some((id, cause)) = lost.filter(|(_, cause)| cause != MISSING) {
                visitor.problem(Problem::object(&id, ProblemKind::Corrupt, &cause));
            }
        }
    }

    /// Adds what the indexes of all work trees name and the store has not.
    fn missing_of_indexes<V: Visitor>(&self, store: &Store, missing: &mut BTreeMap<ObjectId, String>, visitor: &mut V) {
        for file in self.repository.index_files() {
            let index = match self.repository.index_at(&file) {
                Ok(index) => index,
                Err(cause) => {
                    visitor.problem(Problem::given(&file, ProblemKind::Corrupt, format!("{cause}; run git status")));
                    continue;
                }
            };
            for entry in index.entries().filter(|entry| entry.kind != EntryKind::Submodule) {
                if !is_known(&entry.id) && !store.contains(&entry.id) {
                    let path = String::from_utf8_lossy(entry.path).into_owned();
                    missing.entry(entry.id).or_insert_with(|| format!("the index has it at {path}"));
                }
            }
        }
    }

    /// A partial clone lacks what it never fetched, which is one thing to do something about.
    fn tell_of_missing<V: Visitor>(&self, missing: BTreeMap<ObjectId, String>, visitor: &mut V) {
        let count = missing.len();
        if self.repository.is_partial() {
            if count > 0 && self.shallow == Shallow::Report {
                let message = format!(
                    "a partial clone: {} not fetched, and maybe what they lead to; run git fetch --refetch \
                     --no-filter, or take it as it is with --allow-shallow",
                    if count == 1 { "1 object was".to_owned() } else { format!("{count} objects were") }
                );
                visitor.problem(Problem::given(&self.repository.root.given, ProblemKind::Partial, message));
            }
            return;
        }
        for (id, words) in missing.into_iter().take(TOLD) {
            let cause = format!("it is missing, and {words}");
            visitor.problem(Problem::object(&id, ProblemKind::MissingObject, &cause));
        }
        if count > TOLD {
            let message = format!("{} more objects are missing; run git fsck", count - TOLD);
            visitor.problem(Problem::given(&self.repository.root.given, ProblemKind::MissingObject, message));
        }
    }
}

/// Lends an object's parts to a visitor.
struct Bridge<'r, V> {
    visitor: V,
    repository: &'r Repository,
    links: Option<Links<'r>>,
    differences: Differences,
    /// Whether the last tree had a name that may hold a key.
    has_names: bool,
}

impl<V: Visitor> Bridge<'_, V> {
    fn lend(
        &mut self,
        id: ObjectId,
        object_kind: ObjectKind,
        kind: Kind,
        path: Option<&[u8]>,
        mut content: Content<'_>,
    ) {
        let origin = ObjectOrigin { root: &self.repository.root, id, object_kind, kind, path, commit: None };
        self.visitor.blob(Blob { origin: origin.into(), content: content.lend() });
    }

    fn damaged(&mut self, id: ObjectId, cause: &str) {
        self.visitor.problem(Problem::object(&id, ProblemKind::Corrupt, cause));
    }

    /// The header and the message: each counts lines from its own start.
    fn lend_parts(&mut self, id: ObjectId, object_kind: ObjectKind, kind: Kind, bytes: &[u8]) {
        let Parts { header, message } = Parts::new(bytes);
        self.lend(id, object_kind, kind, None, Content::Whole(message));
        self.lend(id, object_kind, kind, None, Content::Whole(header));
    }
}

impl<V: Visitor> ObjectVisitor for Bridge<'_, V> {
    fn object(&mut self, id: &ObjectId, object_kind: ObjectKind, size: u64, content: Content<'_>) {
        if let (Some(links), Content::Whole(bytes)) = (&mut self.links, &content)
            && object_kind != ObjectKind::Tree
        {
            links.of(id, object_kind, bytes);
        }
        match (object_kind, content) {
            (ObjectKind::Commit, Content::Whole(bytes)) => {
                if Commit::parse(*id, bytes).is_none() {
                    self.damaged(*id, "it is a commit without a tree");
                }
                self.lend_parts(*id, object_kind, Kind::CommitMessage, bytes);
            }
            (ObjectKind::Tag, Content::Whole(bytes)) => self.lend_parts(*id, object_kind, Kind::TagMessage, bytes),
            (ObjectKind::Tree, Content::Whole(bytes)) => {
                let new = self.differences.next(bytes);
                if new.is_none() {
                    // What is in it besides entries is nobody's name, and may hold anything.
                    self.damaged(*id, "it is a tree whose entries are damaged");
                    self.lend(*id, object_kind, Kind::Content, None, Content::Whole(bytes));
                }
                let new = new.unwrap_or(0..bytes.len());
                if let Some(links) = &mut self.links {
                    links.of(id, object_kind, &bytes[new.clone()]);
                }
                // A name with a key may be in what the last tree had already.
                let new = if self.has_names { 0..bytes.len() } else { new };
                self.has_names = self.visitor.may_hold(&bytes[new]);
                if self.has_names {
                    for entry in entries(bytes, self.repository.hash) {
                        self.lend(*id, object_kind, Kind::FileName, Some(entry.name), Content::Whole(entry.name));
                    }
                }
            }
            (ObjectKind::Blob, content) => self.lend(*id, object_kind, Kind::Content, None, content),
            // Larger than any message: searched as it is.
            (ObjectKind::Commit, content) => self.lend(*id, object_kind, Kind::CommitMessage, None, content),
            (ObjectKind::Tag, content) => self.lend(*id, object_kind, Kind::TagMessage, None, content),
            (ObjectKind::Tree, content) => self.lend(*id, object_kind, Kind::FileName, None, content),
        }
        self.visitor.object(object_kind, size);
    }

    fn problem(&mut self, problem: SweepProblem) {
        self.visitor.problem(problem.into());
    }
}
