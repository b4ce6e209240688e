//! The commands that concern hooks: putting git's in place, and doing the work of git's and of coding agents'.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::Path;

use crate::cli::{CommitsArgs, CommonArgs, GitHookCommand, HookAgentArgs, HookCommand, HookRunCommand, HookStages};
use crate::config::repositories::{commits, here, range_error, staged};
use crate::config::rules::Rules;
use crate::config::{AgentConfig, Config, Options, ScanConfig, is_apart};
use crate::detect::Detector;
use crate::error::{Error, describe};
use crate::filter::inline::Inline;
use crate::git::Repository;
use crate::git::push::{Destination, Update};
use crate::hook::{self, Beside, HookConfig, Stage, Write};
use crate::object::ObjectId;
use crate::output::{Output, Target, write_message};
use crate::read::{self, Links, MAX_LIST};
use crate::report::escape::terminal;
use crate::report::{Format, Mode};
use crate::source::message::Author;
use crate::source::tree::{Given, IgnoreRules};
use crate::source::{Commits, Message, Source, Stdin, Tree};

/// What a hook command amounts to.
pub fn config(command: HookCommand, options: &Options) -> Result<Config, Error> {
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
        HookCommand::Run(HookRunCommand::Agent(HookAgentArgs { agent })) => {
            Config::Agent(AgentConfig { agent, scan: for_agent(agent.is_some(), options).map(Box::new) })
        }
        HookCommand::Run(HookRunCommand::Git(GitHookCommand::PreCommit { .. })) if is_run_by_manager() => {
            let rules = Rules::load(&options.rules, Path::new("."))?;
            let (mode, sources) = managed_run(&rules)?;
            Config::Scan(Box::new(ScanConfig::new(mode, sources, rules, options)?))
        }
        HookCommand::Run(HookRunCommand::Git(command)) => {
            let (stage, mode) = stage(&command);
            let config = work(command).and_then(|source| {
                let rules = Rules::load(&options.rules, Path::new("."))?;
                ScanConfig::new(mode, vec![source], rules, options)
            });
            let config = config.inspect_err(|_| write_message(hook::not_checked(stage), &mut io::stderr()))?;
            Config::Scan(Box::new(ScanConfig { hook: Some(stage), ..config }))
        }
    })
}

/// The hooks that are meant, each once and in their own order; all when none is named.
fn stages(args: &HookStages) -> Vec<Stage> {
    Stage::ALL.into_iter().filter(|stage| args.stages.is_empty() || args.stages.contains(stage)).collect()
}

/// A scan of standard input whose report nobody reads: the verdict takes its place.
fn for_agent(is_object: bool, options: &Options) -> Result<ScanConfig, Error> {
    let rules = Rules::load(&options.rules, Path::new("."))?;
    let stdin = Stdin::new(None);
    let stdin = if is_object { stdin.with_one_object() } else { stdin };
    let mut config = ScanConfig::new(Mode::Scan, vec![Source::Stdin(stdin)], rules, options)?;
    let CommonArgs { format, output, .. } = &options.common;
    let to_stdout = (*format != Format::Text).then_some(Output { format: *format, target: Target::Stdout });
    config.outputs = output.iter().map(|path| super::output(path)).collect::<Result<_, _>>()?;
    config.outputs.extend(to_stdout);
    is_apart(config.outputs.iter().map(|output| &output.target).chain([&Target::Stdout]))?;
    // An agent would write the mark itself, or be told to by what it has read.
    config.filter.inline = Inline::None;
    Ok(config)
}

fn stage(command: &GitHookCommand) -> (Stage, Mode) {
    match command {
        GitHookCommand::PreCommit { .. } => (Stage::PreCommit, Mode::Staged),
        GitHookCommand::CommitMsg { .. } => (Stage::CommitMsg, Mode::Commits),
        GitHookCommand::PrePush { .. } => (Stage::PrePush, Mode::Commits),
    }
}

/// Whether pre-commit or prek runs the hook by itself, as in CI, and not because git makes a commit.
fn is_run_by_manager() -> bool {
    std::env::var_os("PRE_COMMIT").is_some() && !hook::is_commit()
}

/// What a manager looks at without a commit. With `--from-ref` and `--to-ref` it is told of commits. Else it may be that
/// all files are meant (`--all-files` is not told), when mostly nothing is staged: all files are looked at, and the index
/// too, since what is staged may be gone from the files.
fn managed_run(rules: &Rules) -> Result<(Mode, Vec<Source>), Error> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let (Some(from), Some(to)) = (variable("PRE_COMMIT_FROM_REF"), variable("PRE_COMMIT_TO_REF")) {
        let args = CommitsArgs { ranges: vec![format!("{from}..{to}")], not: Vec::new(), remotes: false };
        return Ok((Mode::Commits, vec![commits(&args)?]));
    }
    let files = Tree {
        given: vec![Given { path: ".".into(), links: Links::Follow }],
        ignore: IgnoreRules::Git,
        exclude: rules.exclude.clone(),
        elsewhere: Vec::new(),
    };
    Ok((Mode::Scan, vec![staged()?, Source::Tree(files)]))
}

/// What a hook looks at when git runs it.
fn work(command: GitHookCommand) -> Result<Source, Error> {
    match command {
        GitHookCommand::PreCommit { rest: _ } => staged(),
        GitHookCommand::CommitMsg { file, rest: _ } => Ok(Source::Message(Message { file, author: author() })),
        GitHookCommand::PrePush { remote, url, rest: _ } => push(remote, url),
    }
}

/// git names this editor to its hooks when it starts none (githooks(5)).
fn author() -> Author {
    if std::env::var_os("GIT_EDITOR").is_some_and(|editor| editor == ":") { Author::User } else { Author::Editor }
}

/// What is about to be pushed.
fn push(remote: Option<OsString>, url: Option<OsString>) -> Result<Source, Error> {
    let is_managed = std::env::var_os("PRE_COMMIT").is_some();
    let mut updates = updates(is_managed)?;
    let bytes = |word: OsString| word.as_encoded_bytes().to_vec();
    // A remote without a name is given by its address, of which nothing is tracked.
    let to = Destination {
        remote: remote.or_else(|| std::env::var_os("PRE_COMMIT_REMOTE_NAME")).map(bytes).unwrap_or_default(),
        url: url.or_else(|| std::env::var_os("PRE_COMMIT_REMOTE_URL")).map(bytes).filter(|url| !url.is_empty()),
    };
    let repository = here()?;
    let failed = |error| range_error(error, "what is about to be pushed");
    if updates.is_empty() && is_managed {
        updates.push(managed(&repository)?);
        let others = repository.unpushed(&to).map_err(failed)?;
        tell_of(&others);
        updates.extend(others.into_iter().map(|(_, id)| Update { local: Some(id), remote: None, name: None }));
    } else if updates.is_empty() && !to.remote.is_empty() {
        tell_of_nothing(&repository, &to);
    }
    let outgoing = repository.outgoing(&updates, &to).map_err(failed)?;
    Ok(Source::Commits(Commits { repository, commits: outgoing.commits, others: outgoing.others }))
}

/// A manager shows this when the hook fails, which may be because of a branch that is not pushed now.
fn tell_of(others: &[(Vec<u8>, ObjectId)]) {
    const SHOWN: usize = 20;
    let detector = Detector::new();
    let mut names: Vec<String> = others.iter().take(SHOWN).map(|(name, _)| terminal(&detector.redact(name))).collect();
    if others.len() > SHOWN {
        names.push(format!("{} more", others.len() - SHOWN));
    }
    if !names.is_empty() {
        let names = names.join(", ");
        let message = format!(
            "the hook manager tells of one ref of a push only, so all that may be part of it was looked at: {names}"
        );
        write_message(&message, &mut io::stderr());
    }
}

/// git says nothing when everything is there already; so does a hook before this one that has taken git's lines.
fn tell_of_nothing(repository: &Repository, to: &Destination) {
    if repository.is_ahead(to) {
        let message = "nothing on standard input tells what is pushed, so nothing was looked at; that is right if git \
                       says that everything is up to date, and else another hook has taken git's lines";
        write_message(message, &mut io::stderr());
    }
}

/// The refs that are pushed, from standard input. git writes none when everything is there already.
fn updates(is_managed: bool) -> Result<Vec<Update>, Error> {
    if io::stdin().is_terminal() {
        return Err(Error::Push { cause: "standard input is a terminal".to_owned() });
    }
    if !is_managed && is_closed() {
        return Err(Error::Push { cause: "standard input is closed".to_owned() });
    }
    let input = read::to_end(io::stdin().lock(), MAX_LIST).map_err(|error| Error::Push { cause: describe(&error) })?;
    let lines = input.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines
        .map(|line| Update::parse(line.trim_ascii()))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| Error::Push { cause: "standard input does not say LOCAL-REF ID REMOTE-REF ID".to_owned() })
}

/// Whether standard input was closed when the program started: Rust's runtime then opens the null device in its place, for
/// reading and writing, where a shell's `</dev/null` is for reading alone.
fn is_closed() -> bool {
    #[cfg(unix)]
    {
        use std::io::Write as _;
        use std::os::fd::AsFd;
        use std::os::unix::fs::MetadataExt;
        let Ok(mut file) = io::stdin().as_fd().try_clone_to_owned().map(std::fs::File::from) else { return true };
        let device = |metadata: io::Result<std::fs::Metadata>| metadata.map(|metadata| metadata.rdev()).ok();
        let is_null =
            device(file.metadata()).is_some_and(|own| own != 0 && Some(own) == device(std::fs::metadata("/dev/null")));
        // Nothing is written: the call tells whether that would be allowed.
        is_null && file.write(b"").is_ok()
    }
    #[cfg(not(unix))]
    {
        false
    }
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
    Ok(Update { local: Some(local), remote: variable("PRE_COMMIT_FROM_REF").and_then(id), name: None })
}
