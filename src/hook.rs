//! Git hooks: what `hopx-leaks hook` puts in place, takes out and reports. What a hook does when git runs it is
//! not here.
//!
//! The repository and its settings are read by `place`; nothing of it is executed. A hook is an entry in the
//! repository's configuration (`config`) or a marked block in a shell script (`script`, `file`); where a hook
//! manager is in charge (`managers`) it is neither, and the user is told what to add there (`snippets`); what pre-commit
//! and prek can take from our repository itself is in `manifest`.

mod config;
mod file;
mod install;
mod managers;
mod manifest;
mod place;
mod program;
mod script;
mod snippets;
mod status;
mod uninstall;

use std::io;
use std::path::Path;

use crate::blob::slashed;
use crate::detect::Detector;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;
use crate::report::escape::terminal;

use place::Place;

/// A hook of githooks(5) that we have something to do in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Before a commit is made: no arguments.
    PreCommit,
    /// When its message is written: the file with the message.
    CommitMsg,
    /// Before objects are sent: the remote's name and address; on standard input a line for each ref.
    PrePush,
}

impl Stage {
    /// Every stage, in the order in which git comes to them.
    pub const ALL: [Stage; 3] = [Stage::PreCommit, Stage::CommitMsg, Stage::PrePush];

    /// git's name of the hook.
    pub fn name(self) -> &'static str {
        match self {
            Stage::PreCommit => "pre-commit",
            Stage::CommitMsg => "commit-msg",
            Stage::PrePush => "pre-push",
        }
    }

    /// What does not happen when the hook fails.
    fn what(self) -> &'static str {
        match self {
            Stage::PreCommit | Stage::CommitMsg => "commit",
            Stage::PrePush => "push",
        }
    }
}

/// How git finds a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// By configuration where git knows how, else by script.
    Auto,
    /// By an entry `hook.<name>.command` in the repository's configuration.
    Config,
    /// By a script in the folder for hooks.
    Script,
}

impl Method {
    /// Every choice.
    pub const ALL: [Method; 3] = [Method::Auto, Method::Config, Method::Script];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Method::Auto => "auto",
            Method::Config => "config",
            Method::Script => "script",
        }
    }
}

/// What hooks may be installed beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Hooks of this repository that are in use.
    OwnHooks,
    /// A manager's hooks, other repositories' hooks and hooks that are switched off, too.
    Anything,
}

/// Whether anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// It is.
    Files,
    /// It is only told what would be.
    Nothing,
}

/// What to do about hooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookConfig {
    /// Put them in place.
    Install {
        /// Which.
        stages: Vec<Stage>,
        /// How git is to find them.
        method: Method,
        /// What they may stand beside.
        beside: Beside,
        /// Whether anything is written.
        write: Write,
    },
    /// Take them out.
    Uninstall {
        /// Which.
        stages: Vec<Stage>,
        /// What they may stand beside.
        beside: Beside,
        /// Whether anything is written.
        write: Write,
    },
    /// Say whether they are in place.
    Status {
        /// Which.
        stages: Vec<Stage>,
    },
}

/// Whether git runs the program because it makes a commit: then it names the index that the commit is made from
/// (`run_commit_hook` in its commit.c), and managers hand that on.
pub fn is_commit() -> bool {
    std::env::var_os("GIT_INDEX_FILE").is_some()
}

/// What to tell who is not stopped by a hook that had nothing to read, unless that is how it should be.
pub fn passed_empty(stage: Stage) -> Option<&'static str> {
    match stage {
        Stage::PreCommit if !is_commit() => Some(
            "nothing that is staged adds anything, so nothing was looked at; to look at all files, run: hopx-leaks scan",
        ),
        Stage::PreCommit | Stage::CommitMsg | Stage::PrePush => None,
    }
}

/// What to tell who is stopped by a hook that ended with `exit`; nothing when it did not stop anything.
pub fn stopped(stage: Stage, exit: Exit) -> Option<&'static str> {
    match exit {
        Exit::Clean => None,
        Exit::Leaks | Exit::HookInactive => Some(leaked(stage)),
        Exit::Usage | Exit::Incomplete | Exit::Interrupted => Some(not_checked(stage)),
    }
}

fn leaked(stage: Stage) -> &'static str {
    match stage {
        Stage::PreCommit => {
            "nothing was committed. Take the key out of the file and add it again (git restore --staged FILE takes the \
             file out of the commit alone); to commit all the same: git commit --no-verify"
        }
        Stage::CommitMsg => {
            "nothing was committed. Write the message without the key (git commit --no-status keeps git's list of files \
             out of it); to commit all the same: git commit --no-verify"
        }
        Stage::PrePush => {
            "nothing was pushed. Take the key out of the commits that hold it (git rebase -i), or, if the remote has \
             them already, say so to this repository (git fetch --prune); to push all the same: git push --no-verify"
        }
    }
}

/// What to tell who is stopped because something could not be read: the cause and its remedy are told beside it.
pub fn not_checked(stage: Stage) -> &'static str {
    match stage {
        Stage::PreCommit | Stage::CommitMsg => {
            "nothing was committed, because not everything could be looked at; do what the message with the cause says, \
             or, to commit all the same: git commit --no-verify"
        }
        Stage::PrePush => {
            "nothing was pushed, because not everything could be looked at; do what the message with the cause says, \
             or, to push all the same: git push --no-verify"
        }
    }
}

/// Does what `config` says to the repository that the working directory is in, and tells it to `out`.
///
/// # Errors
///
/// What kept a hook from being read or written; what was done before that is told all the same.
pub fn run(config: &HookConfig, out: &mut dyn io::Write) -> Result<Exit, Error> {
    let place = Place::find()?;
    let mut told = String::new();
    let outcome = match config {
        HookConfig::Install { stages, method, beside, write } => install::install(
            &place,
            stages,
            install::How { method: *method, beside: *beside, write: *write },
            &mut told,
        ),
        HookConfig::Uninstall { stages, beside, write } => {
            uninstall::uninstall(&place, stages, *beside, *write, &mut told)
        }
        HookConfig::Status { stages } => Ok(status::status(&place, stages, &mut told)),
    };
    let told = Detector::new().redact(told.as_bytes()).into_owned();
    output::print(&String::from_utf8_lossy(&told), out)?;
    outcome
}

/// Adds a line to what is told.
fn tell(told: &mut String, line: impl AsRef<str>) {
    told.push_str(line.as_ref());
    told.push('\n');
}

/// Adds `text` to what is told, set in, so that it can be told from what we say about it.
fn tell_text(told: &mut String, text: &[u8]) {
    for line in text.split(|&byte| byte == b'\n') {
        // A tab is one here: the text may be meant to be copied.
        let line = line.split(|&byte| byte == b'\t').map(terminal).collect::<Vec<_>>().join("\t");
        tell(told, if line.is_empty() { line } else { format!("    {line}") });
    }
}

/// A path as it is shown: from the working directory when it lies below it.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    let below = here.ok().and_then(|here| path.strip_prefix(here).ok().filter(|rest| !rest.as_os_str().is_empty()));
    terminal(&slashed(below.unwrap_or(path)))
}
