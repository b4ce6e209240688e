//! git's index.

use super::{Seen, parts, program};

/// A repository whose objects are whole, with an index and the one that it may share.
pub fn run(input: &[u8]) -> Seen {
    let [config, head, refs, pack, index] = parts::REPOSITORY;
    let shared = ".git/sharedindex.0000000000000000000000000000000000000000";
    let folder = parts::repository([config, head, refs, pack, index, ".git/index", shared, "src/a.env"], input);
    let staged = program::run(folder.path(), &["staged", "-f", "json"]);
    let tree = program::run(folder.path(), &["scan", ".", "-f", "json"]);
    Seen { verdict: staged.verdict, text: [staged.text, tree.text].concat() }
}
