//! What can go wrong: [`Error`] ends the run, [`Problem`] concerns one input and is counted.

use std::io;
use std::path::{Path, PathBuf};

use crate::blob::{Origin, slashed};
use crate::detect::Detector;
use crate::object::ObjectId;

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
    /// The user's: two reports for one place.
    #[error("two reports would go to {target}; give each --output a place of its own")]
    OutputTwice {
        /// The place.
        target: String,
    },
    /// The user's: there is no repository to look at.
    #[error("cannot open the repository at {}: {cause}; run it in a repository, or name one", path.display())]
    Repository {
        /// The path as given.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// The user's: a range that leads nowhere.
    #[error("cannot resolve {range:?}: {cause}; check the names, and fetch what is missing")]
    Range {
        /// The range as given.
        range: String,
        /// Why.
        cause: String,
    },
    /// The user's: a range that goes on where a shallow clone ends.
    #[error(
        "cannot tell what {range:?} adds: the clone is shallow and does not reach its base; fetch the whole history \
         (git fetch --unshallow; in a GitHub workflow: actions/checkout with fetch-depth: 0)"
    )]
    ShallowRange {
        /// The ranges as given.
        range: String,
    },
    /// The user's: a report has to name the commit that was scanned, and there is none.
    #[error(
        "cannot write a gitlab report, in which every finding has a commit: {cause}; run it in a repository that has \
         one, or choose another format, such as json or sarif"
    )]
    NoCommit {
        /// What was found instead.
        cause: String,
    },
    /// The system's: a report could not be written.
    #[error("cannot write the report to {target}: {cause}; make room or choose another place with --output")]
    Write {
        /// Where the report should have gone.
        target: String,
        /// What the system said.
        cause: io::Error,
    },
    /// The user's: hooks belong to a git repository, and there is none.
    #[error("cannot find a git repository from {}: {cause}; change into one, or name it with -C", folder.display())]
    NoRepository {
        /// Where it was looked for.
        folder: PathBuf,
        /// What was found instead.
        cause: String,
    },
    /// The user's: git looks for hooks where other repositories' hooks are too.
    #[error(
        "core.hooksPath sends git to {} for hooks, outside of this repository; to change the hooks there, for every \
         repository that uses them, say --force; to give this repository hooks of its own, run: {remedy}",
        hooks.display()
    )]
    SharedHooks {
        /// Where git looks.
        hooks: PathBuf,
        /// The command that changes it.
        remedy: String,
    },
    /// The system's: a file that belongs to a hook can't be read or written.
    #[error("cannot {action} {}: {cause}; {remedy}", path.display())]
    HookFile {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
        /// What to do.
        remedy: &'static str,
    },
    /// The user's: the repository's configuration is written in a way that is not understood well enough to edit.
    #[error("cannot edit {}: {cause}; run: {remedy}", path.display())]
    GitConfig {
        /// The configuration file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
        /// The command that does it.
        remedy: String,
    },
    /// The user's: the program lies where a hook can't name it.
    #[error("a hook cannot name {}: {cause}; move the program and try again", path.display())]
    HookProgram {
        /// Where it lies, as far as that is known.
        path: PathBuf,
        /// What is wrong with that.
        cause: String,
    },
    /// git's, or a hook manager's: a pre-push hook was not told what is pushed.
    #[error(
        "cannot tell what is pushed: {cause}; a pre-push hook needs the lines that git writes to its standard input \
         (in lefthook: use_stdin: true)"
    )]
    Push {
        /// What was there instead.
        cause: String,
    },
    /// The user's or the system's: there are not so many threads to be had.
    #[error("cannot start {threads} threads: {cause}; ask for fewer with --threads, or raise the limit (ulimit -u)")]
    Threads {
        /// How many.
        threads: usize,
        /// What the system said.
        cause: rayon::ThreadPoolBuildError,
    },
    /// The user's: the program was built without what it takes to ask.
    #[error(
        "--verify asks the HopX API, and this build has no network code; install one with the feature verify, which \
         cargo install hopx-leaks has by default"
    )]
    NoNetwork,
    /// The user's: an option that means nothing without --verify.
    #[error("{option} needs --verify, without which no key is asked about; add it, or leave {option} out")]
    NeedsVerify {
        /// The option.
        option: &'static str,
    },
    /// The user's: an address that keys can't be sent to.
    #[error("cannot send keys to the address in {source_name}: {cause}")]
    ApiUrl {
        /// The option or the variable that has it. The address itself may hold a password, and is not shown.
        source_name: &'static str,
        /// What is wrong with it, and what to write instead.
        cause: String,
    },
    /// The user's: a proxy that is not understood.
    #[error(
        "cannot use the proxy in {variable}; write it as http://HOST:PORT or https://HOST:PORT, or unset it (SOCKS \
         proxies are not supported), or name the API's host in NO_PROXY"
    )]
    Proxy {
        /// The environment variable. Its value may hold a password, and is not shown.
        variable: &'static str,
    },
    /// The user's or the system's: a configuration file or a baseline can't be read.
    #[error("cannot read the {what} {name}: {cause}; {remedy}")]
    Rules {
        /// What it is.
        what: &'static str,
        /// The file, or its name in a commit.
        name: String,
        /// What the system said.
        cause: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The user's: two options that can't both hold.
    #[error("{one} and {other} can't be had together; leave one of them out")]
    NotTogether {
        /// An option.
        one: &'static str,
        /// Another.
        other: &'static str,
    },
    /// The user's: rules of one repository, and a scan of another.
    #[error(
        "{} is not in the repository at {}, which --config-from reads from; change into the repository that is scanned",
        path.display(),
        top.display()
    )]
    OtherRepository {
        /// What is scanned.
        path: PathBuf,
        /// The top of the work tree around the working directory.
        top: PathBuf,
    },
    /// The user's: an option that is about scanning.
    #[error("{option} has no say in reports that are there already; give it to the scan that writes them")]
    NeedsScan {
        /// The option.
        option: &'static str,
    },
    /// The user's: a report holds no keys to ask about.
    #[error(
        "{option} is about asking the API, and reports hold no keys to ask about; give it to the scan that writes the \
         report"
    )]
    NoKeys {
        /// The option.
        option: &'static str,
    },
    /// The user's or whoever's who wrote it: a report that can't be merged.
    #[error("cannot take the report {file}: {cause}; {remedy}")]
    Report {
        /// The file as given, `standard input` for `-`.
        file: String,
        /// What is wrong with it, in words that hold nothing of its content.
        cause: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The user's: something is wrong in a configuration file or a baseline.
    #[error("{name}:{line}: {cause}")]
    BadRule {
        /// The file, or its name in a commit.
        name: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong there, and what to write instead.
        cause: String,
    },
    /// The system's: the baseline could not be written.
    #[error("cannot write the baseline {}: {cause}; make room or choose another place with --write-baseline", path.display())]
    WriteBaseline {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The user's: what is asked for means nothing with this command.
    #[error("{option} needs a command that looks at all there is: scan, history or audit")]
    NeedsWhole {
        /// The option.
        option: &'static str,
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
}

impl ProblemKind {
    /// Every kind, in the order reports list them.
    pub const ALL: [ProblemKind; 15] = [
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
            | ProblemKind::Partial => false,
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

    /// Something in a container can't be read.
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

/// The cause in words, without the number that the system adds.
pub fn describe(cause: &io::Error) -> String {
    let text = cause.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}
