//! git's configuration, lists of other stores of objects, and rules for what is ignored.

use super::{Seen, parts, program};

/// A repository whose objects and refs are whole.
pub fn run(input: &[u8]) -> Seen {
    let [config, head, refs, pack, index] = parts::REPOSITORY;
    let names = [
        head,
        refs,
        pack,
        index,
        config,
        ".git/objects/info/alternates",
        ".git/info/exclude",
        ".gitignore",
        "src/.gitignore",
        ".gitmodules",
        ".git/info/grafts",
        "src/a.env",
    ];
    let folder = parts::repository(names, input);
    program::run(folder.path(), &["audit", ".", "-f", "json"])
}
