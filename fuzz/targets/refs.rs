//! HEAD, refs and their logs as files.

use super::{Seen, parts, program};

/// A repository whose objects are whole.
pub fn run(input: &[u8]) -> Seen {
    let [config, head, refs, pack, index] = parts::REPOSITORY;
    let names = [
        config,
        pack,
        index,
        head,
        refs,
        ".git/refs/heads/main",
        ".git/refs/tags/v1",
        ".git/refs/remotes/origin/HEAD",
        ".git/logs/HEAD",
        ".git/logs/refs/heads/main",
        ".git/shallow",
        ".git/FETCH_HEAD",
        ".git/MERGE_HEAD",
        ".git/worktrees/other/HEAD",
        ".git/worktrees/other/gitdir",
    ];
    let folder = parts::repository(names, input);
    let history = program::run(folder.path(), &["history", "-f", "json", "--allow-shallow"]);
    let range = program::run(folder.path(), &["commits", "HEAD", "--not", "v1", "-f", "json"]);
    Seen { verdict: history.verdict, text: [history.text, range.text].concat() }
}
