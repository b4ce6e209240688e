//! Commits: what each of some commits adds, against all of its parents, and its message.

use crate::git::Repository;
use crate::git::changes::{Unreadable, between_trees};
use crate::git::graph::Commit;
use crate::object::{ObjectId, ObjectKind};
use crate::read::interrupt;
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
    /// How many threads read and search.
    pub threads: usize,
}

impl Commits {
    /// Visits what each commit adds.
    pub fn visit<V: Visitor>(&self, visitor: &(dyn Fn() -> V + Sync)) -> Vec<V> {
        let share = self.commits.len().div_ceil(self.threads.max(1)).max(1);
        let mut visitors: Vec<V> = std::thread::scope(|scope| {
            let parts: Vec<_> =
                self.commits.chunks(share).map(|part| scope.spawn(|| self.visit_some(part, visitor()))).collect();
            let join = |part: std::thread::ScopedJoinHandle<'_, V>| {
                part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            parts.into_iter().map(join).collect()
        });
        if !self.others.is_empty() {
            visitors.push(self.visit_others(visitor()));
        }
        visitors
    }

    fn visit_others<V: Visitor>(&self, visitor: V) -> V {
        let objects = self.repository.objects();
        let mut lender = Lender { visitor, repository: &self.repository, objects: &objects, commit: None };
        let mut bytes = Vec::new();
        for id in &self.others {
            match objects.read(id, &mut bytes) {
                Ok(ObjectKind::Tag) => lender.lend_message(*id, ObjectKind::Tag, &bytes),
                Ok(ObjectKind::Tree) => {
                    between_trees(&objects, *id, Vec::new(), &mut |change| lender.lend(change));
                }
                Ok(kind @ (ObjectKind::Blob | ObjectKind::Commit)) => lender.lend_whole(*id, kind, &bytes),
                Err(cause) => lender.unreadable(Unreadable { id: *id, cause }),
            }
        }
        lender.visitor
    }

    fn visit_some<V: Visitor>(&self, commits: &[ObjectId], visitor: V) -> V {
        let objects = self.repository.objects();
        let mut lender = Lender { visitor, repository: &self.repository, objects: &objects, commit: None };
        let mut bytes = Vec::new();
        for id in commits {
            if interrupt::requested() {
                break;
            }
            lender.commit = Some(*id);
            if let Err(cause) = objects.read(id, &mut bytes) {
                lender.unreadable(Unreadable { id: *id, cause });
                continue;
            }
            lender.lend_message(*id, ObjectKind::Commit, &bytes);
            let Some(commit) = Commit::parse(*id, &bytes) else {
                lender.unreadable(Unreadable { id: *id, cause: "it is a commit without a tree".to_owned() });
                continue;
            };
            let mut before = Vec::new();
            for parent in &commit.parents {
                match self.repository.tree_of(&objects, parent) {
                    Ok(tree) => before.push(tree),
                    Err(cause) => lender.unreadable(Unreadable { id: *parent, cause }),
                }
            }
            between_trees(&objects, commit.tree, before, &mut |change| lender.lend(change));
        }
        lender.visitor
    }
}
