//! Packs, their indexes, and the index of several packs.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{Seen, Verdict, parts, planted, program};

/// A repository with one pack. Where nothing was found in it and nothing is wrong, git must read all of it and no key either.
pub fn run(input: &[u8]) -> Seen {
    let [config, head, refs, pack, index] = parts::REPOSITORY;
    let names = [config, head, refs, pack, index, ".git/objects/pack/multi-pack-index", ".git/objects/pack/pack-a.rev"];
    let folder = parts::repository(names, input);
    let seen = program::run(folder.path(), &["history", "-f", "json"]);
    if seen.verdict == Verdict::Clean {
        assert!(is_clean_by_git(folder.path()), "silent: git finds a key or fails");
    }
    seen
}

/// Whether git reads every object, and the key is in none. Like the program it does not hold them against their ids, so that
/// damage to a blob's own bytes may have left a sound object without a key.
fn is_clean_by_git(folder: &Path) -> bool {
    let mut git = Command::new("git");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
        git.env_remove(name);
    }
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").stdin(Stdio::null());
    git.arg("-C").arg(folder).args(["cat-file", "--batch-all-objects", "--batch"]);
    let output = git.output().expect("git runs");
    output.status.success() && !planted::is_leaked_by(&output.stdout)
}
