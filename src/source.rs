//! Sources: where bytes come from. A source visits every blob once and says what it could not or would not read.

mod file;
pub mod ignored;
pub mod stdin;
pub mod tree;
mod walk;

use crate::blob::{Blob, Origin, slashed};
use crate::coverage::Skip;
use crate::error::Problem;
use crate::object::ObjectKind;

pub use stdin::Stdin;
pub use tree::Tree;

/// Takes what a source finds. One per thread.
pub trait Visitor: Send {
    /// Bytes to be searched: a file, a name, or a part of a git object.
    fn blob(&mut self, blob: Blob<'_>);
    /// Counts a git object of `bytes` bytes, all of whose parts have been lent.
    fn object(&mut self, kind: ObjectKind, bytes: u64);
    /// An input that should have been read and can't be.
    fn problem(&mut self, problem: Problem);
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
}

impl Source {
    /// What the user gave, in words.
    pub fn given(&self) -> Vec<u8> {
        match self {
            Source::Tree(tree) if tree.given.is_empty() => b"the list of files".to_vec(),
            Source::Tree(tree) => {
                tree.given.iter().map(|given| slashed(&given.path)).collect::<Vec<_>>().join(&b", "[..])
            }
            Source::Stdin(_) => b"-".to_vec(),
        }
    }

    /// Visits everything, with a visitor of its own for each thread. The visitors, in no particular order.
    pub fn visit<V: Visitor>(&self, visitor: &(dyn Fn() -> V + Sync)) -> Vec<V> {
        match self {
            Source::Tree(tree) => tree.visit(visitor),
            Source::Stdin(stdin) => vec![stdin.visit(visitor())],
        }
    }
}
