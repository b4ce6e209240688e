//! Refs and their logs in tables.

use super::{Seen, parts, program};

/// A repository whose objects are whole, with a stack of up to three tables.
pub fn run(input: &[u8]) -> Seen {
    let [config, head, _, pack, index] = parts::REPOSITORY;
    let names = [
        config,
        head,
        pack,
        index,
        ".git/refs/heads",
        ".git/reftable/tables.list",
        ".git/reftable/0x000000000001-0x000000000001-00000001.ref",
        ".git/reftable/0x000000000002-0x000000000002-00000002.ref",
        ".git/reftable/0x000000000003-0x000000000003-00000003.ref",
    ];
    let folder = parts::repository(names, input);
    program::run(folder.path(), &["history", "-f", "json"])
}
