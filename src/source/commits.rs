//! Commits: what each of some commits adds, against all of its parents, and its message.

use crate::caught::caught;
use crate::error::{Problem, ProblemKind};
use crate::git::changes::{Unreadable, between_trees};
use crate::git::graph::Commit;
use crate::git::{Objects, Repository};
use crate::object::{ObjectId, ObjectKind};
use crate::parallel::share;
use crate::source::Visitor;
use crate::source::staged::Lender;

/// Some commits of a repository.
#[derive(Debug)]
pub struct Commits {
    /// The repository.
    pub repository: Repository,
    /// The commits.
    pub commits: Vec<ObjectId>,
    /// What goes with them and is no commit: tags, and now and then a tree or a blob that a ref names.
    pub others: Vec<ObjectId>,
}

impl Commits {
    /// Visits what each commit adds.
    pub fn visit<V: Visitor>(&self, visitor: &(dyn Fn() -> V + Sync)) -> Vec<V> {
        let worker = || Worker { objects: self.repository.objects(), visitor: visitor(), bytes: Vec::new() };
        let mut workers = share(&self.commits, &worker, |worker, id| {
            if let Err(fault) = caught(|| self.visit_commit(worker, *id)) {
                worker.visitor.problem(Problem::object(id, ProblemKind::Internal, &fault.to_string()));
            }
        });
        if let Some(first) = workers.first_mut() {
            self.others.iter().for_each(|id| self.visit_other(first, *id));
        }
        workers.into_iter().map(|worker| worker.visitor).collect()
    }

    fn visit_commit<V: Visitor>(&self, worker: &mut Worker<V>, id: ObjectId) {
        let Worker { objects, visitor, bytes } = worker;
        let mut lender = Lender { visitor, repository: &self.repository, objects, commit: Some(id) };
        if let Err(cause) = objects.read(&id, bytes) {
            return lender.unreadable(Unreadable::corrupt(id, cause));
        }
        lender.lend_message(id, ObjectKind::Commit, bytes);
        let Some(commit) = Commit::parse(id, bytes) else {
            return lender.unreadable(Unreadable::corrupt(id, "it is a commit without a tree"));
        };
        let mut before = Vec::new();
        for parent in &commit.parents {
            match self.repository.tree_of(objects, parent) {
                Ok(tree) => before.push(tree),
                Err(cause) => lender.unreadable(Unreadable::corrupt(*parent, cause)),
            }
        }
        between_trees(objects, commit.tree, before, &mut |change| lender.lend(change));
    }

    fn visit_other<V: Visitor>(&self, worker: &mut Worker<V>, id: ObjectId) {
        let Worker { objects, visitor, bytes } = worker;
        let mut lender = Lender { visitor, repository: &self.repository, objects, commit: None };
        match objects.read(&id, bytes) {
            Ok(ObjectKind::Tag) => lender.lend_message(id, ObjectKind::Tag, bytes),
            Ok(ObjectKind::Tree) => between_trees(objects, id, Vec::new(), &mut |change| lender.lend(change)),
            Ok(kind @ (ObjectKind::Blob | ObjectKind::Commit)) => lender.lend_whole(id, kind, bytes),
            Err(cause) => lender.unreadable(Unreadable::corrupt(id, cause)),
        }
    }
}

/// One thread's.
struct Worker<V> {
    objects: Objects,
    visitor: V,
    /// Of the object that was read last.
    bytes: Vec<u8>,
}
