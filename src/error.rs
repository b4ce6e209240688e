//! What can go wrong: [`Error`] ends the run, [`Problem`] concerns one input and is counted.

use std::io;
use std::path::{Path, PathBuf};

use crate::blob::{Origin, slashed};

/// Ends the run with status 2 (130 for [`Error::Interrupted`]). Each says whose fault it is and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The user's: `-C` names a folder that can't be entered.
    #[error("cannot enter {}: {cause}; -C needs an existing folder", folder.display())]
    Folder {
        /// The folder as given.
        folder: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The user's: an exclusion that is no glob.
    #[error("bad --exclude glob {glob:?}: {cause}; write it as a line of a .gitignore file")]
    Exclude {
        /// The glob as given.
        glob: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The user's or the system's: the list of files can't be read.
    #[error("cannot read the list of files {}: {cause}; --files-from needs a readable file, or - for standard input", list.display())]
    List {
        /// The list as given.
        list: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The user's: standard input can be read once only.
    #[error("standard input is asked for twice, as the list of files and as text to scan; give one of them as a file")]
    StdinTwice,
    /// The user's: an output whose format can't be told.
    #[error("cannot tell the format of --output {}; write it as FORMAT=PATH, with one of {}", path.display(), formats)]
    OutputFormat {
        /// The path as given.
        path: PathBuf,
        /// The names of all formats.
        formats: String,
    },
    /// The system's: a report could not be written.
    #[error("cannot write the report to {target}: {cause}; make room or choose another place with --output")]
    Write {
        /// Where the report should have gone.
        target: String,
        /// What the system said.
        cause: io::Error,
    },
    /// Ctrl-C was pressed.
    #[error("interrupted; no report was written")]
    Interrupted,
}

/// What kept an input from being read. Each makes the scan incomplete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemKind {
    /// A path that the user gave does not exist.
    MissingPath,
    /// There was not one file in all that the user gave.
    NothingScanned,
    /// The system would not let it be read.
    Unreadable,
    /// It was cut short while it was being read.
    Changed,
    /// A path given by name is a pipe, a socket or a device.
    SpecialFile,
}

impl ProblemKind {
    /// Every kind, in the order reports list them.
    pub const ALL: [ProblemKind; 5] = [
        ProblemKind::MissingPath,
        ProblemKind::NothingScanned,
        ProblemKind::Unreadable,
        ProblemKind::Changed,
        ProblemKind::SpecialFile,
    ];

    /// The stable name in reports.
    pub fn id(self) -> &'static str {
        match self {
            ProblemKind::MissingPath => "missing-path",
            ProblemKind::NothingScanned => "nothing-scanned",
            ProblemKind::Unreadable => "unreadable",
            ProblemKind::Changed => "changed",
            ProblemKind::SpecialFile => "special-file",
        }
    }

    /// Whether what was asked for is at fault, and not something met on the way.
    pub fn is_usage(self) -> bool {
        match self {
            ProblemKind::MissingPath | ProblemKind::NothingScanned => true,
            ProblemKind::Unreadable | ProblemKind::Changed | ProblemKind::SpecialFile => false,
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
        let message = format!("{}; make it readable, or leave it out with --exclude", describe(cause));
        Problem {
            path: origin.path().unwrap_or_else(|| origin.local_path()),
            local_path: origin.local_path(),
            kind: ProblemKind::Unreadable,
            message,
        }
    }

    /// It was cut short while it was being read.
    pub fn changed(origin: &Origin<'_>) -> Problem {
        let message = "cut short while it was being read; scan again when nothing writes to it".to_owned();
        Problem {
            path: origin.path().unwrap_or_else(|| origin.local_path()),
            local_path: origin.local_path(),
            kind: ProblemKind::Changed,
            message,
        }
    }

    /// A path given by name that can't be scanned.
    pub fn given(path: &Path, kind: ProblemKind, message: String) -> Problem {
        Problem { path: slashed(path), local_path: slashed(path), kind, message }
    }
}

/// The cause in words, without the number that the system adds.
pub fn describe(cause: &io::Error) -> String {
    let text = cause.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}
