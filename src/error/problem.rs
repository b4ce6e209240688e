//! A problem: one input that should have been read and was not. It makes the scan incomplete and never ends it.

use std::io;
use std::path::Path;

use crate::blob::{Origin, slashed};
use crate::caught::Fault;
use crate::detect::Detector;
use crate::error::describe_with;
use crate::object::ObjectId;
use crate::read::CUT_SHORT;

/// What kept an input from being read. Each makes the scan incomplete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemKind {
    /// A path that the user gave does not exist.
    MissingPath,
    /// There was not one file in all that the user gave.
    NothingScanned,
    /// The system would not let it be read.
    Unreadable,
    /// It was cut short while it was being read, or replaced before.
    Changed,
    /// A path given by name is a pipe, a socket or a device.
    SpecialFile,
    /// A path that the user gave holds no repository that can be opened.
    NoRepository,
    /// An object or a file of a repository, or a container, is damaged.
    Corrupt,
    /// An object that others refer to is not there.
    MissingObject,
    /// An object, or what comes out of a container, is larger than what is decoded.
    TooLarge,
    /// There is more of something than is followed.
    TooMany,
    /// Containers are nested deeper than is opened.
    TooDeep,
    /// A member of a container is encrypted.
    Encrypted,
    /// A member of a container is packed in a way that is not known.
    Unsupported,
    /// A shallow clone holds a part of the history alone.
    Shallow,
    /// A partial clone holds some of the objects alone.
    Partial,
    /// The program has a fault, which it brought out.
    Internal,
}

impl ProblemKind {
    /// Every kind, in the order reports list them.
    pub const ALL: [ProblemKind; 16] = [
        ProblemKind::MissingPath,
        ProblemKind::NothingScanned,
        ProblemKind::Unreadable,
        ProblemKind::Changed,
        ProblemKind::SpecialFile,
        ProblemKind::NoRepository,
        ProblemKind::Corrupt,
        ProblemKind::MissingObject,
        ProblemKind::TooLarge,
        ProblemKind::TooMany,
        ProblemKind::TooDeep,
        ProblemKind::Encrypted,
        ProblemKind::Unsupported,
        ProblemKind::Shallow,
        ProblemKind::Partial,
        ProblemKind::Internal,
    ];

    /// The stable name in reports.
    pub fn id(self) -> &'static str {
        match self {
            ProblemKind::MissingPath => "missing-path",
            ProblemKind::NothingScanned => "nothing-scanned",
            ProblemKind::Unreadable => "unreadable",
            ProblemKind::Changed => "changed",
            ProblemKind::SpecialFile => "special-file",
            ProblemKind::NoRepository => "no-repository",
            ProblemKind::Corrupt => "corrupt",
            ProblemKind::MissingObject => "missing-object",
            ProblemKind::TooLarge => "too-large",
            ProblemKind::TooMany => "too-many",
            ProblemKind::TooDeep => "too-deep",
            ProblemKind::Encrypted => "encrypted",
            ProblemKind::Unsupported => "unsupported",
            ProblemKind::Shallow => "shallow",
            ProblemKind::Partial => "partial",
            ProblemKind::Internal => "internal-error",
        }
    }

    /// The kind with this name.
    pub fn from_id(id: &str) -> Option<ProblemKind> {
        ProblemKind::ALL.into_iter().find(|kind| kind.id() == id)
    }

    /// Whether what was asked for is at fault, and not something met on the way.
    pub fn is_usage(self) -> bool {
        match self {
            ProblemKind::MissingPath | ProblemKind::NothingScanned | ProblemKind::NoRepository => true,
            ProblemKind::Unreadable
            | ProblemKind::Changed
            | ProblemKind::SpecialFile
            | ProblemKind::Corrupt
            | ProblemKind::MissingObject
            | ProblemKind::TooLarge
            | ProblemKind::TooMany
            | ProblemKind::TooDeep
            | ProblemKind::Encrypted
            | ProblemKind::Unsupported
            | ProblemKind::Shallow
            | ProblemKind::Partial
            | ProblemKind::Internal => false,
        }
    }
}

/// One input that should have been read and was not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Its path in a report.
    pub path: Vec<u8>,
    /// Its path from the working directory.
    pub local_path: Vec<u8>,
    /// What kept it from being read.
    pub kind: ProblemKind,
    /// The cause and the remedy, without the path.
    pub message: String,
}

impl Problem {
    /// The system would not let it be read.
    pub fn unreadable(origin: &Origin<'_>, cause: &io::Error) -> Problem {
        let kind = match cause.kind() {
            io::ErrorKind::FileTooLarge => ProblemKind::TooLarge,
            _ => ProblemKind::Unreadable,
        };
        Problem {
            path: origin.path().unwrap_or_else(|| origin.local_path()),
            local_path: origin.local_path(),
            kind,
            message: describe_with(cause, "make it readable, or leave it out with --exclude"),
        }
    }

    /// It was cut short while it was being read.
    pub fn changed(origin: &Origin<'_>) -> Problem {
        Problem::in_container(origin, ProblemKind::Changed, CUT_SHORT.to_owned())
    }

    /// It brought out a fault of the program.
    pub fn internal(origin: &Origin<'_>, fault: &Fault) -> Problem {
        Problem::in_container(origin, ProblemKind::Internal, fault.to_string())
    }

    /// Something else stood in its place when it was opened.
    pub fn replaced(origin: &Origin<'_>) -> Problem {
        let message = "replaced by something else before it was read; scan again when nothing changes it".to_owned();
        Problem::in_container(origin, ProblemKind::Changed, message)
    }

    /// Something of it, such as a member of a container, can't be read.
    pub fn in_container(origin: &Origin<'_>, kind: ProblemKind, message: String) -> Problem {
        Problem {
            path: origin.path().unwrap_or_else(|| origin.local_path()),
            local_path: origin.local_path(),
            kind,
            message,
        }
    }

    /// A git object that can't be read.
    pub fn object(id: &ObjectId, kind: ProblemKind, cause: &str) -> Problem {
        let path = format!("object {id}").into_bytes();
        let message = format!("{cause}; run git fsck, and fetch or restore what is damaged");
        Problem { local_path: path.clone(), path, kind, message }
    }

    /// The same, with no secret in its paths, nor in the message, which may quote what could not be understood.
    pub fn redacted(self, detector: &Detector) -> Problem {
        let redact = |path: Vec<u8>| detector.redact(&path).into_owned();
        let message = shortened(String::from_utf8_lossy(&detector.redact(self.message.as_bytes())).into_owned());
        Problem { path: redact(self.path), local_path: redact(self.local_path), message, ..self }
    }

    /// A path given by name that can't be scanned.
    pub fn given(path: &Path, kind: ProblemKind, message: String) -> Problem {
        Problem { path: slashed(path), local_path: slashed(path), kind, message }
    }
}

/// A message without its middle, when a long name makes it long: the cause and the remedy stand at its ends. To be called
/// once no secret is in it, since a part of a key is not masked.
fn shortened(message: String) -> String {
    const LONG: usize = 2048;
    const END: usize = 512;
    if message.len() <= LONG {
        return message;
    }
    let (start, end) = (message.floor_char_boundary(END), message.ceil_char_boundary(message.len() - END));
    format!("{} ... {}", &message[..start], &message[end..])
}
