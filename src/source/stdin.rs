//! Standard input: streamed in bounded memory, whatever its length.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::blob::{Blob, Content, FileOrigin, Kind, Origin, Root, STREAM_WINDOW};
use crate::error::{Problem, ProblemKind};
use crate::read::{Buffer, fill, interrupt};
use crate::source::Visitor;
use crate::source::json_object::JsonObject;

/// Standard input.
#[derive(Debug)]
pub struct Stdin {
    root: Root,
    name: PathBuf,
    expected: Expected,
}

/// What it has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// Anything but nothing.
    Anything,
    /// One whole JSON object.
    Object,
}

impl Stdin {
    /// Standard input, shown as `name`.
    pub fn new(name: Option<PathBuf>) -> Stdin {
        let root = Root { given: "-".into(), prefix: PathBuf::new() };
        Stdin { root, name: name.unwrap_or_else(|| "<stdin>".into()), expected: Expected::Anything }
    }

    /// What is not one whole JSON object is a problem: whoever should have written it did not write all of it.
    pub fn with_one_object(self) -> Stdin {
        Stdin { expected: Expected::Object, ..self }
    }

    /// Reads it to its end.
    pub fn visit<V: Visitor>(&self, mut visitor: V) -> V {
        let origin = FileOrigin { root: &self.root, local: &self.name, kind: Kind::Content };
        let mut input = match interrupt::stdin() {
            Ok(input) => input,
            Err(cause) => {
                visitor.problem(Problem::unreadable(&origin.into(), &cause));
                return visitor;
            }
        };
        let mut start = Buffer::new(STREAM_WINDOW);
        let (read, outcome) = fill(&mut input, &mut start);
        let mut object = JsonObject::default();
        match outcome {
            Ok(()) if read == 0 => {
                let message = "standard input is empty; check the command that should have written to it".to_owned();
                visitor.problem(Problem::given(Path::new("-"), ProblemKind::NothingScanned, message));
                return visitor;
            }
            Ok(()) if read < start.len() => {
                object.push(&start[..read]);
                visitor.blob(Blob { origin: origin.into(), content: Content::Whole(&start[..read]) });
            }
            Ok(()) => {
                let mut all = object.watch((&*start).chain(input));
                visitor.blob(Blob { origin: origin.into(), content: Content::Stream(&mut all) });
            }
            Err(cause) => {
                if read > 0 {
                    visitor.blob(Blob { origin: origin.into(), content: Content::Whole(&start[..read]) });
                }
                visitor.problem(Problem::unreadable(&origin.into(), &cause));
                return visitor;
            }
        }
        if self.expected == Expected::Object && !object.is_whole() {
            visitor.problem(not_whole(&origin.into()));
        }
        visitor
    }
}

fn not_whole(origin: &Origin<'_>) -> Problem {
    let message = "it is not one whole JSON object, as agents write to their hooks: it was cut short, or it is not an \
                   agent that asks; without --for any text is taken";
    let path = origin.local_path();
    Problem { local_path: path.clone(), path, kind: ProblemKind::Corrupt, message: message.to_owned() }
}
