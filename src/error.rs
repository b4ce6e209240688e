//! What can go wrong: [`Error`] ends the run, [`Problem`] concerns one input and is counted.

mod problem;

use std::io;
use std::path::PathBuf;

use crate::caught::Fault;

pub use problem::{Problem, ProblemKind};

/// Ends the run with status 2 (128 and the signal's number for [`Error::Interrupted`]). Each says whose fault it is and what to do.
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
    /// Ours.
    #[error("{0}; no report was written")]
    Internal(Fault),
    /// Ctrl-C was pressed, or the process asked to end in another way.
    #[error("interrupted; no report was written")]
    Interrupted,
}

/// The cause in words, without the number that the system adds.
pub fn describe(cause: &io::Error) -> String {
    let text = cause.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// The cause in words and what to do about it, unless the cause says that itself.
pub fn describe_with(cause: &io::Error, remedy: &str) -> String {
    match cause.kind() {
        io::ErrorKind::FileTooLarge => describe(cause),
        _ => format!("{}; {remedy}", describe(cause)),
    }
}
