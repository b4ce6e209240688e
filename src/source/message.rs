//! The message of a commit that is about to be made, as git hands it to the commit-msg hook.

use std::path::PathBuf;

use crate::blob::{Blob, Content, FileOrigin, Kind, Root};
use crate::error::{Problem, ProblemKind};
use crate::source::Visitor;

/// A file that holds the message of a commit.
#[derive(Debug)]
pub struct Message {
    /// The file.
    pub file: PathBuf,
}

/// What `git commit --verbose` puts between the message and the changes, which do not become part of the commit
/// (git-commit(1), `--cleanup=scissors`); before it stands a comment character of the user's choice.
const SCISSORS: &[u8] = b" ------------------------ >8 ------------------------";

impl Message {
    /// Visits the message. Lines that git may take for comments are part of it: whether it drops them is decided later.
    pub fn visit<V: Visitor>(&self, mut visitor: V) -> V {
        let root = Root { given: self.file.clone(), prefix: self.file.clone() };
        let origin = FileOrigin { root: &root, local: &self.file, kind: Kind::CommitMessage };
        match std::fs::read(&self.file) {
            Ok(bytes) => {
                let content = Content::Whole(without_changes(&bytes));
                visitor.blob(Blob { origin: origin.into(), content });
            }
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
                let message = "no such file; git passes the message's file to a commit-msg hook".to_owned();
                visitor.problem(Problem::given(&self.file, ProblemKind::MissingPath, message));
            }
            Err(cause) => visitor.problem(Problem::unreadable(&origin.into(), &cause)),
        }
        visitor
    }
}

fn without_changes(message: &[u8]) -> &[u8] {
    let mut at = 0;
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        let text = line.trim_ascii_end();
        let comment = text.strip_suffix(SCISSORS.trim_ascii_end()).filter(|comment| !comment.is_empty());
        if comment.is_some_and(|comment| comment.len() <= 8 && !comment.contains(&b' ')) {
            return &message[..at];
        }
        at += line.len();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_ends_at_the_scissors() {
        let line = " ------------------------ >8 ------------------------";
        for (comment, is_cut) in [("#", true), (";", true), ("//", true), ("", false), ("a b", false)] {
            let text = format!("subject\n\nbody\n{comment}{line}\n# do not touch\n+change\n");
            let cut = without_changes(text.as_bytes());
            assert_eq!(cut == b"subject\n\nbody\n", is_cut, "{comment}");
        }
        assert_eq!(without_changes(b"a\n# b"), b"a\n# b");
    }
}
