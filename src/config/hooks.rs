//! The commands that concern git hooks: putting them in place, and doing their work.

use std::ffi::OsStr;
use std::io::{self, IsTerminal, Read};

use crate::cli::{CommonArgs, HookCommand, HookRunCommand, HookStages};
use crate::config::repositories::{here, range_error, staged};
use crate::config::{Config, ScanConfig};
use crate::error::Error;
use crate::git::Repository;
use crate::git::push::Update;
use crate::hook::{Beside, HookConfig, Stage, Write};
use crate::object::ObjectId;
use crate::report::Mode;
use crate::source::{Commits, Message, Source};

/// What a hook command amounts to.
pub fn config(command: HookCommand, common: &CommonArgs) -> Result<Config, Error> {
    let beside = |force| if force { Beside::Anything } else { Beside::OwnHooks };
    let write = |dry_run| if dry_run { Write::Nothing } else { Write::Files };
    Ok(match command {
        HookCommand::Install(args) => Config::Hook(HookConfig::Install {
            stages: stages(&args.stages),
            method: args.method,
            beside: beside(args.force),
            write: write(args.dry_run),
        }),
        HookCommand::Uninstall(args) => Config::Hook(HookConfig::Uninstall {
            stages: stages(&args.stages),
            beside: beside(args.force),
            write: write(args.dry_run),
        }),
        HookCommand::Status(args) => Config::Hook(HookConfig::Status { stages: stages(&args) }),
        HookCommand::Run(command) => {
            let (stage, mode, source) = work(command)?;
            let config = ScanConfig::new(mode, vec![source], common)?;
            Config::Scan(ScanConfig { hook: Some(stage), ..config })
        }
    })
}

/// The hooks that are meant, each once and in their own order; all when none is named.
fn stages(args: &HookStages) -> Vec<Stage> {
    Stage::ALL.into_iter().filter(|stage| args.stages.is_empty() || args.stages.contains(stage)).collect()
}

/// What a hook looks at when git runs it.
fn work(command: HookRunCommand) -> Result<(Stage, Mode, Source), Error> {
    Ok(match command {
        HookRunCommand::PreCommit { rest: _ } => (Stage::PreCommit, Mode::Staged, staged()?),
        HookRunCommand::CommitMsg { file, rest: _ } => {
            (Stage::CommitMsg, Mode::Commits, Source::Message(Message { file }))
        }
        HookRunCommand::PrePush { remote, url: _, rest: _ } => {
            (Stage::PrePush, Mode::Commits, push(remote.as_deref())?)
        }
    })
}

/// What is about to be pushed.
fn push(remote: Option<&OsStr>) -> Result<Source, Error> {
    let mut updates = updates()?;
    let manager = std::env::var_os("PRE_COMMIT_REMOTE_NAME");
    // A remote without a name is given by its address, of which nothing is tracked.
    let remote = remote.or(manager.as_deref()).unwrap_or_default().to_string_lossy().into_owned();
    let repository = here()?;
    if updates.is_empty() && std::env::var_os("PRE_COMMIT").is_some() {
        updates.push(managed(&repository)?);
    }
    let outgoing =
        repository.outgoing(&updates, &remote).map_err(|error| range_error(error, "what is about to be pushed"))?;
    Ok(Source::Commits(Commits { repository, commits: outgoing.commits, others: outgoing.others }))
}

/// The refs that are pushed, from standard input. git writes none when everything is there already.
fn updates() -> Result<Vec<Update>, Error> {
    if io::stdin().is_terminal() {
        return Err(Error::Push { cause: "standard input is a terminal".to_owned() });
    }
    let mut input = Vec::new();
    io::stdin().lock().read_to_end(&mut input).map_err(|error| Error::Push { cause: error.to_string() })?;
    let lines = input.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines
        .map(|line| Update::parse(line.trim_ascii()))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| Error::Push { cause: "standard input does not say LOCAL-REF ID REMOTE-REF ID".to_owned() })
}

/// What pre-commit or prek says of the push: they read standard input themselves and tell of one ref in the environment,
/// for a branch that is new to the remote by its name alone.
fn managed(repository: &Repository) -> Result<Update, Error> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let id = |value: String| ObjectId::from_hex(value.as_bytes());
    let local = match (variable("PRE_COMMIT_TO_REF").and_then(id), variable("PRE_COMMIT_LOCAL_BRANCH")) {
        (Some(id), _) => id,
        (None, branch) => {
            let branch = branch.unwrap_or_else(|| "HEAD".to_owned());
            repository.commit(&branch).map_err(|error| range_error(error, &branch))?
        }
    };
    Ok(Update { local: Some(local), remote: variable("PRE_COMMIT_FROM_REF").and_then(id) })
}
