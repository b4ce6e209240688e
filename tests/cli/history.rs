//! What `history` finds: one key in each place where a repository can hold it, with the commit, path, line and exposure
//! that git itself confirms. Nearly all of it three times: the objects loose, in a pack, and in a cruft pack.

mod commits;
mod contents;
mod damage;
mod incomplete;
mod limits;
mod merges;
mod names;
mod stores;
mod unreachable;
mod worktrees;
