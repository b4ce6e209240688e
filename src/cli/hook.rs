//! The commands about hooks: git's, and those of coding agents.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, Subcommand, ValueEnum};

use crate::agent::Agent;
use crate::hook::{Method, Stage};

/// What to do about git hooks.
#[derive(Debug, Subcommand)]
pub enum HookCommand {
    /// Put the hooks in place, without touching what is there
    ///
    /// Hooks go where git looks for them: core.hooksPath if it is set, else the folder hooks of the repository. From
    /// git 2.54 on they are entries in the repository's configuration. Elsewhere they are a marked block at the head of
    /// the hook's shell script, which is kept; a hook that is no shell script, or a link, is left alone. Where
    /// pre-commit, prek, lefthook, husky or simple-git-hooks is in charge, nothing is written and what to add to its
    /// configuration is printed. A folder that core.hooksPath names outside of the repository is shared with others and
    /// left alone.
    ///
    /// Exit status: 0 all in place, 2 at least one is not.
    Install(HookInstallArgs),
    /// Take out what install put in, and nothing else
    Uninstall(HookUninstallArgs),
    /// Say which hooks are in place and work
    ///
    /// Exit status: 0 all of them, 1 at least one is not.
    Status(HookStages),
    /// Do the work of a hook; git, hook managers and coding agents call this
    #[command(subcommand)]
    Run(HookRunCommand),
}

/// Whose hook's work to do.
#[derive(Debug, Subcommand)]
pub enum HookRunCommand {
    /// One of git's.
    #[command(flatten)]
    Git(GitHookCommand),
    /// Look at standard input for a coding agent, and say whether the agent may go on
    ///
    /// All of standard input is looked at: what the agent tells its hook about a tool, a prompt or a result. The verdict
    /// is one JSON object on standard output, or, with --for, what that agent reads. Marks in the text
    /// (hopx-leaks:allow) do not count, since the agent could write them.
    ///
    /// Exit status: 0 no leak, and everything was read; 2 in all other cases, with the reason on standard error.
    Agent(HookAgentArgs),
}

/// Which agent is to be answered.
#[derive(Debug, Args)]
pub struct HookAgentArgs {
    /// The agent to answer in its own terms; its input must be one whole JSON object
    #[arg(long = "for", value_enum, value_name = "AGENT")]
    pub agent: Option<Agent>,
}

/// How to install hooks.
#[derive(Debug, Args)]
pub struct HookInstallArgs {
    /// Which.
    #[command(flatten)]
    pub stages: HookStages,

    /// How git is to find them
    #[arg(long, value_enum, default_value_t = Method::Auto)]
    pub method: Method,

    /// Install beside a hook manager, in a shared folder, and in a hook that is switched off
    #[arg(long)]
    pub force: bool,

    /// Print what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// How to uninstall hooks.
#[derive(Debug, Args)]
pub struct HookUninstallArgs {
    /// Which.
    #[command(flatten)]
    pub stages: HookStages,

    /// Uninstall from a folder that is shared with other repositories, too
    #[arg(long)]
    pub force: bool,

    /// Print what would be changed, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Which hooks.
#[derive(Debug, Args)]
pub struct HookStages {
    /// This hook only; may be given more than once [default: all three]
    #[arg(long = "hook", value_enum, value_name = "HOOK")]
    pub stages: Vec<Stage>,
}

/// Which hook's work to do, with the arguments that git gives it (githooks(5)); more are accepted and ignored.
#[derive(Debug, Subcommand)]
pub enum GitHookCommand {
    /// Look at what is about to be committed
    PreCommit {
        /// Arguments of a hook manager, not used
        #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<OsString>,
    },
    /// Look at the message of the commit
    CommitMsg {
        /// The file with the message
        file: PathBuf,
        /// Arguments of a hook manager, not used
        #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<OsString>,
    },
    /// Look at what is about to be pushed, as git names it on standard input
    PrePush {
        /// The name of the remote
        remote: Option<OsString>,
        /// The address of the remote
        url: Option<OsString>,
        /// Arguments of a hook manager, not used
        #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<OsString>,
    },
}

impl ValueEnum for Stage {
    fn value_variants<'a>() -> &'a [Stage] {
        &Stage::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

impl ValueEnum for Agent {
    fn value_variants<'a>() -> &'a [Agent] {
        &Agent::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.product()))
    }
}

impl ValueEnum for Method {
    fn value_variants<'a>() -> &'a [Method] {
        &Method::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Method::Auto => "By configuration where git is 2.54 or later, else by script",
            Method::Config => "An entry in the repository's configuration",
            Method::Script => "A marked block in the hook's script",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}
