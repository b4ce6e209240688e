//! Packs, their indexes, and the index of several packs.

use super::{Seen, parts, program};

/// A repository with one pack.
pub fn run(input: &[u8]) -> Seen {
    let [config, head, refs, pack, index] = parts::REPOSITORY;
    let names = [config, head, refs, pack, index, ".git/objects/pack/multi-pack-index", ".git/objects/pack/pack-a.rev"];
    let folder = parts::repository(names, input);
    program::run(folder.path(), &["history", "-f", "json"])
}
