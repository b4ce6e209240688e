//! Standard input: streamed in bounded memory, whatever its length.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::blob::{Blob, Content, FileOrigin, Kind, Root, STREAM_WINDOW};
use crate::error::{Problem, ProblemKind};
use crate::read::{Buffer, fill};
use crate::source::Visitor;

/// Standard input.
#[derive(Debug)]
pub struct Stdin {
    root: Root,
    name: PathBuf,
}

impl Stdin {
    /// Standard input, shown as `name`.
    pub fn new(name: Option<PathBuf>) -> Stdin {
        let root = Root { given: "-".into(), prefix: PathBuf::new() };
        Stdin { root, name: name.unwrap_or_else(|| "<stdin>".into()) }
    }

    /// Reads it to its end.
    pub fn visit<V: Visitor>(&self, mut visitor: V) -> V {
        let mut input = io::stdin().lock();
        let mut start = Buffer::new(STREAM_WINDOW);
        let (read, outcome) = fill(&mut input, &mut start);
        let origin = FileOrigin { root: &self.root, local: &self.name, kind: Kind::Content };
        match outcome {
            Ok(()) if read == 0 => {
                let message = "standard input is empty; check the command that should have written to it".to_owned();
                visitor.problem(Problem::given(Path::new("-"), ProblemKind::NothingScanned, message));
            }
            Ok(()) if read < start.len() => {
                visitor.blob(Blob { origin: origin.into(), content: Content::Whole(&start[..read]) });
            }
            Ok(()) => {
                visitor.blob(Blob { origin: origin.into(), content: Content::Stream(&mut (&*start).chain(input)) });
            }
            Err(cause) => {
                if read > 0 {
                    visitor.blob(Blob { origin: origin.into(), content: Content::Whole(&start[..read]) });
                }
                visitor.problem(Problem::unreadable(&origin.into(), &cause));
            }
        }
        visitor
    }
}
