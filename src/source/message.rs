//! The message of a commit that is about to be made, as git hands it to the commit-msg hook.

use std::borrow::Cow;
use std::fs::File;
use std::path::PathBuf;

use crate::blob::{Blob, Content, FileOrigin, Kind, Root};
use crate::error::{Problem, ProblemKind};
use crate::read::{self, MAX_LIST};
use crate::source::Visitor;

/// A file that holds the message of a commit.
#[derive(Debug)]
pub struct Message {
    /// The file.
    pub file: PathBuf,
    /// Where its text comes from.
    pub author: Author,
}

/// Where the text of a message comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// All of it from the user (`-m`, `-F`, another commit): git has added nothing, and drops nothing but white space.
    User,
    /// From an editor, for which git adds the status and, when asked to, the changes, and drops them afterwards.
    Editor,
}

/// What `git commit --verbose` puts between the message and the changes, which do not become part of the commit
/// (git-commit(1), `--cleanup=scissors`); before it stands a comment character of the user's choice.
const SCISSORS: &[u8] = b" ------------------------ >8 ------------------------";

/// How the changes begin (git-diff(1)).
const CHANGES: [&[u8]; 3] = [b"diff --git ", b"diff --cc ", b"diff --combined "];

/// git's own comment character, unless it is told another. What another one marks is looked at.
const COMMENT: &[u8] = b"#";

impl Message {
    /// Visits the message. Comments are part of it, whether git drops them or not, but for what git has written.
    pub fn visit<V: Visitor>(&self, mut visitor: V) -> V {
        let root = Root { given: self.file.clone(), prefix: self.file.clone() };
        let origin = FileOrigin { root: &root, local: &self.file, kind: Kind::CommitMessage };
        match File::open(&self.file).and_then(|file| read::to_end(file, MAX_LIST)) {
            Ok(bytes) => {
                let message = match self.author {
                    Author::User => Cow::Borrowed(&bytes[..]),
                    Author::Editor => without_status(without_changes(&bytes)),
                };
                visitor.blob(Blob { origin: origin.into(), content: Content::Whole(&message) });
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

/// The message without the changes that git has put at its end: a line with scissors, comments, and then a diff up to
/// the end. Behind anything else of the kind, which somebody has pasted, git's own comments follow.
fn without_changes(message: &[u8]) -> &[u8] {
    let mut at = 0;
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        let rest = &message[at + line.len()..];
        let text = line.trim_ascii_end();
        let comment = text.strip_suffix(SCISSORS.trim_ascii_end()).filter(|comment| !comment.is_empty());
        let comment = comment.filter(|comment| comment.len() <= 8 && !comment.contains(&b' '));
        if comment.is_some_and(|comment| is_changes(rest, comment)) {
            return &message[..at];
        }
        at += line.len();
    }
    message
}

/// Whether git wrote this behind the scissors.
fn is_changes(text: &[u8], comment: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n');
    let comments = lines.by_ref().take_while(|line| line.starts_with(comment)).count();
    let diff = text.split(|byte| *byte == b'\n').nth(comments).unwrap_or_default();
    let last = lines.rfind(|line| !line.is_empty());
    comments > 0
        && CHANGES.iter().any(|start| diff.starts_with(start))
        && !last.is_some_and(|last| last.starts_with(comment))
}

/// The message without the names of files that git's status tells of: lines that begin with `#` and a tab, in the comments
/// at the end. git leaves an empty line before these comments, and says what they are first. They go when an editor was
/// used, unless the user has git keep comments and leaves them in: then the hook before the push sees them.
fn without_status(message: &[u8]) -> Cow<'_, [u8]> {
    let lines: Vec<&[u8]> = message.split_inclusive(|byte| *byte == b'\n').collect();
    let count = lines.iter().rev().take_while(|line| is_comment(line)).count();
    let (before, status) = lines.split_at(lines.len() - count);
    let is_name = |line: &&&[u8]| line.starts_with(b"#\t");
    let is_git = before.last().is_none_or(|line| line.trim_ascii().is_empty())
        && status.first().is_some_and(|first| first.starts_with(b"# "))
        && status.last().is_some_and(|last| last.trim_ascii() == COMMENT);
    if !is_git || !status.iter().any(|line| is_name(&line)) {
        return Cow::Borrowed(message);
    }
    // The lines stay in number, so that places are right.
    let blank = |line: &&[u8]| if is_name(&line) { b"#\n".to_vec() } else { line.to_vec() };
    let status: Vec<u8> = status.iter().flat_map(blank).collect();
    Cow::Owned([before.concat(), status].concat())
}

fn is_comment(line: &[u8]) -> bool {
    line.strip_prefix(COMMENT).is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_ends_at_the_scissors() {
        let line = " ------------------------ >8 ------------------------";
        for (comment, is_cut) in [("#", true), (";", true), ("//", true), ("", false), ("a b", false)] {
            let text =
                format!("subject\n\nbody\n{comment}{line}\n{comment} do not touch\ndiff --git a/x b/x\n+change\n");
            let cut = without_changes(text.as_bytes());
            assert_eq!(cut == b"subject\n\nbody\n", is_cut, "{comment}");
        }
        for rest in
            ["", "# x\n", "diff --git a/x b/x\n", "# x\ny\n", "# x\ndiff --git a/x b/x\n+y\n\n# On branch main\n#\n"]
        {
            let text = format!("subject\n#{line}\n{rest}");
            assert_eq!(without_changes(text.as_bytes()), text.as_bytes(), "{rest}");
        }
        assert_eq!(without_changes(b"a\n# b"), b"a\n# b");
    }

    #[test]
    fn names_in_the_status_are_no_part_of_the_message() {
        let status = "# Please\n#\n# Changes:\n#\tdeleted: x\n#\n";
        let without = "a\n\n# Please\n#\n# Changes:\n#\n#\n";
        assert_eq!(&*without_status(format!("a\n\n{status}").as_bytes()), without.as_bytes());
        for kept in ["a\n#\tx\n", "a\n\n#\tx\n#\n", "a\n\n# y\n#\tx\n", "#\tx\n\n# y\n#\n", "a\n\n# b\n#\tx\n#\nc\n"] {
            assert_eq!(&*without_status(kept.as_bytes()), kept.as_bytes(), "{kept:?}");
        }
    }
}
