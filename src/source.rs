//! Sources: where bytes come from. A source visits every blob once and says what it could not or would not read.

pub mod commits;
mod file;
pub mod history;
pub mod ignored;
mod json_object;
pub mod message;
pub mod staged;
pub mod stdin;
pub mod tracked;
pub mod tree;
mod walk;

use crate::blob::{Blob, Origin, slashed};
use crate::coverage::Skip;
use crate::error::Problem;
use crate::object::ObjectKind;

pub use commits::Commits;
pub use history::History;
pub use message::Message;
pub use staged::Staged;
pub use stdin::Stdin;
pub use tree::Tree;

/// Takes what a source finds. One per thread.
pub trait Visitor: Send {
    /// Bytes to be searched: a file, a name, or a part of a git object.
    fn blob(&mut self, blob: Blob<'_>);
    /// Whether there may be a key in these bytes: a look that costs little, before their parts are lent one by one.
    fn may_hold(&self, bytes: &[u8]) -> bool;
    /// Counts a git object of `bytes` bytes, all of whose parts have been lent.
    fn object(&mut self, kind: ObjectKind, bytes: u64);
    /// An input that should have been read and can't be.
    fn problem(&mut self, problem: Problem);
    /// A folder that is a bare repository, whose objects are files that are packed.
    fn bare_repository(&mut self, origin: &Origin<'_>);
    /// An entry that is left out on purpose.
    fn skip(&mut self, origin: &Origin<'_>, why: Skip);
}

/// One thing to scan.
#[derive(Debug)]
pub enum Source {
    /// Folders and files.
    Tree(Tree),
    /// Standard input.
    Stdin(Stdin),
    /// What the next commit would add.
    Staged(Staged),
    /// What some commits add.
    Commits(Commits),
    /// Every object of a repository.
    History(History),
    /// The message of a commit that is about to be made.
    Message(Message),
    /// The files that git keeps for a repository, but for its objects.
    GitFiles(Tree),
    /// What could not even be opened.
    Unopened(Problem),
}

impl Source {
    /// Whether it is visited by several threads: a hook should not have to wait for them.
    pub fn is_shared_out(&self) -> bool {
        match self {
            Source::Tree(_) | Source::GitFiles(_) | Source::Commits(_) | Source::History(_) => true,
            Source::Stdin(_) | Source::Staged(_) | Source::Message(_) | Source::Unopened(_) => false,
        }
    }

    /// What the user gave, in words.
    pub fn given(&self) -> Vec<u8> {
        match self {
            Source::Tree(tree) | Source::GitFiles(tree) if tree.given.is_empty() => b"the list of files".to_vec(),
            Source::Tree(tree) | Source::GitFiles(tree) => {
                tree.given.iter().map(|given| slashed(&given.path)).collect::<Vec<_>>().join(&b", "[..])
            }
            Source::Stdin(_) => b"-".to_vec(),
            Source::Staged(staged) => slashed(&staged.repository.root.given),
            Source::Commits(commits) => slashed(&commits.repository.root.given),
            Source::History(history) => slashed(&history.repository.root.given),
            Source::Message(message) => slashed(&message.file),
            Source::Unopened(problem) => problem.path.clone(),
        }
    }

    /// Visits everything, with a visitor of its own for each thread. The visitors, in no particular order.
    pub fn visit<V: Visitor>(&self, visitor: &(dyn Fn() -> V + Sync)) -> Vec<V> {
        match self {
            Source::Tree(tree) | Source::GitFiles(tree) => tree.visit(visitor),
            Source::Stdin(stdin) => vec![stdin.visit(visitor())],
            Source::Staged(staged) => vec![staged.visit(visitor())],
            Source::Commits(commits) => commits.visit(visitor),
            Source::History(history) => history.visit(visitor),
            Source::Message(message) => vec![message.visit(visitor())],
            Source::Unopened(problem) => {
                let mut visitor = visitor();
                visitor.problem(problem.clone());
                vec![visitor]
            }
        }
    }
}
