//! History: every object that a repository holds, whatever leads to it.

use std::collections::BTreeMap;

use crate::blob::{Blob, Content, Kind, ObjectOrigin};
use crate::error::{Problem, ProblemKind};
use crate::git::Repository;
use crate::git::commit::Parts;
use crate::git::graph::Commit;
use crate::git::links::Links;
use crate::git::sweep::{ObjectVisitor, Store, SweepProblem, Wanted, sweep};
use crate::git::tree::{Differences, entries};
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
        // A partial clone has links to what it never fetched, and says so.
        let links = || (!self.repository.is_partial()).then(|| Links::new(&store, self.repository.hash, &boundary));
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
        for (path, message) in self.repository.names().problems {
            first.visitor.problem(Problem::given(&path, ProblemKind::Corrupt, message));
        }
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
        let missing: BTreeMap<_, _> =
            swept.iter_mut().filter_map(|bridge| bridge.links.take()).flat_map(Links::missing).collect();
        for (id, (kind, from)) in missing {
            let cause = format!("it is missing, and {} {from} refers to it", kind.name());
            first.visitor.problem(Problem::object(&id, ProblemKind::MissingObject, &cause));
        }
        std::iter::once(first).chain(swept).map(|bridge| bridge.visitor).collect()
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
