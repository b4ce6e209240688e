//! The command line, in clap's terms. Only [`config`](crate::config) reads these structs.

mod containers;
mod hook;
mod pages;
mod rules;
mod verify;

use std::io::{self, Write};
use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::detect::Detector;
use crate::exit::{Exit, FailOn};
use crate::report::Format;

pub use containers::ContainerArgs;
pub use hook::{
    GitHookCommand, HookAgentArgs, HookCommand, HookInstallArgs, HookRunCommand, HookStages, HookUninstallArgs,
};
pub use pages::{CompletionsArgs, man};
pub use rules::RulesArgs;
pub use verify::VerifyArgs;

/// Finds leaked HopX API keys wherever a repository can hide them.
///
/// Exit status: 0 clean, 1 leaks, 2 wrong usage or nothing to scan, 3 no leak but something could not be read,
/// 130 interrupted, 143 terminated.
#[derive(Debug, Parser)]
#[command(name = "hopx-leaks", version, max_term_width = 100)]
pub struct Cli {
    /// What to do; scan, when it is left out.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What to scan.
    #[command(flatten)]
    pub scan: ScanArgs,
    /// How to run and what to show.
    #[command(flatten)]
    pub common: CommonArgs,
    /// How containers are opened.
    #[command(flatten)]
    pub containers: ContainerArgs,
    /// What vouches for findings.
    #[command(flatten)]
    pub rules: RulesArgs,
    /// Whether and how the API is asked about keys.
    #[command(flatten)]
    pub verify: VerifyArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Scan folders, files and standard input; what is done when no command is named
    Scan(ScanArgs),
    /// Scan what the next commit would add: the index against HEAD
    Staged,
    /// Scan what commits add, and their messages
    Commits(CommitsArgs),
    /// Scan every object that repositories hold, whatever leads to it
    History(HistoryArgs),
    /// Scan all that repositories hold: files, ignored ones too, history, and git's own files
    Audit(HistoryArgs),
    /// Merge json and jsonl reports, and write what they say together in any format
    ///
    /// The same place is told of once, with the best that any report knows. Exit status: as of one scan of it all.
    Report(ReportArgs),
    /// Hooks that keep keys out of commits and pushes, and out of what coding agents do
    #[command(subcommand)]
    Hook(HookCommand),
    /// What is in force, and where it comes from
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a JSON Schema
    Schema(SchemaArgs),
    /// Print a script that completes the command line in a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
}

/// What to do about the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the configuration that is in force, as TOML, with where each value comes from
    Show {
        /// The folder, file or repository that would be scanned [default: .]
        #[arg(value_name = "PATH")]
        path: Option<PathBuf>,

        /// Leave out what matches GLOB, written as a line of a .gitignore file
        #[arg(long, value_name = "GLOB")]
        exclude: Vec<String>,
    },
}

/// Which schema.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Of what
    #[arg(value_enum, default_value_t = SchemaKind::Report)]
    pub kind: SchemaKind,
}

/// What there is a JSON Schema of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaKind {
    /// The json report
    Report,
    /// The configuration file, once its TOML is read as JSON
    Config,
    /// The verdict of hook run agent
    Verdict,
}

/// What to scan.
#[derive(Debug, Default, Args)]
pub struct ScanArgs {
    /// Folders and files to scan, - for standard input [default: .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Scan the paths listed in FILE, one a line; - for standard input
    #[arg(long, value_name = "FILE")]
    pub files_from: Vec<PathBuf>,

    /// Paths in --files-from end with a NUL instead of a newline
    #[arg(short = '0', long)]
    pub null: bool,

    /// The path to show for standard input
    #[arg(long, value_name = "PATH")]
    pub stdin_filename: Option<PathBuf>,

    /// Scan files that git ignores too
    #[arg(long)]
    pub no_ignore: bool,

    /// Leave out what matches GLOB, written as a line of a .gitignore file
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
}

/// Which commits.
#[derive(Debug, Args)]
pub struct CommitsArgs {
    /// Commits in git's terms: A..B, A...B, B, ^A
    #[arg(value_name = "RANGE", required = true)]
    pub ranges: Vec<String>,

    /// Leave out what these reach
    #[arg(long, value_name = "REV", num_args = 0..)]
    pub not: Vec<String>,

    /// After --not: leave out what remotes are known to have
    #[arg(long, requires = "not")]
    pub remotes: bool,
}

/// Which repositories.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// Repositories, or folders in their work trees [default: .]
    #[arg(value_name = "REPO")]
    pub repositories: Vec<PathBuf>,

    /// Take a shallow or partial clone as it is
    #[arg(long)]
    pub allow_shallow: bool,
}

/// Which reports.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Reports that --format json or jsonl wrote, - for standard input; a LABEL is put before the roots of its report
    #[arg(value_name = "[LABEL=]FILE", required = true)]
    pub files: Vec<PathBuf>,
}

/// How to run and what to show.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct CommonArgs {
    /// Format of the report on standard output
    #[arg(short, long, value_enum, default_value_t = Format::Text, global = true)]
    pub format: Format,

    /// Also write the report to PATH; the format is named, or told by the extension
    #[arg(short, long, value_name = "[FORMAT=]PATH", global = true)]
    pub output: Vec<PathBuf>,

    /// How many threads to use [default: one for each processor]
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), global = true)]
    pub threads: Option<u16>,

    /// Run as if started in DIR
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub directory: Option<PathBuf>,

    /// What makes the exit status 1
    #[arg(long, value_enum, default_value_t = FailOn::Leaks, global = true)]
    pub fail_on: FailOn,

    /// Show suppressed findings too, marked
    #[arg(long, global = true)]
    pub include_suppressed: bool,

    /// Name the authors of the commits that brought keys in
    #[arg(long, global = true)]
    pub include_author: bool,

    /// When to use colours
    #[arg(long, value_enum, default_value_t = When::Auto, value_name = "WHEN", global = true)]
    pub color: When,

    /// When to show a progress line on standard error
    #[arg(long, value_enum, default_value_t = When::Auto, value_name = "WHEN", global = true)]
    pub progress: When,

    /// Print no text report; other formats and errors are printed
    #[arg(short, long, conflicts_with = "verbose", global = true)]
    pub quiet: bool,

    /// Name everything that was left out, and why, on standard error
    #[arg(short, long, action = ArgAction::SetTrue, global = true)]
    pub verbose: bool,
}

/// When to do something that depends on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// When it goes to a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Format] {
        &Format::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Format::Text => "For people",
            Format::Json => "One JSON document, schema version 1",
            Format::Jsonl => "One JSON document a line: each finding, then a summary",
            Format::Sarif => "SARIF 2.1.0, as GitHub code scanning takes it",
            Format::Github => "Annotations of a GitHub workflow",
            Format::Gitlab => "A secret detection report of GitLab",
            Format::Junit => "JUnit XML",
            Format::Csv => "Comma-separated values, for spreadsheets",
            Format::Markdown => "Markdown, as the summary of a GitHub workflow step shows it",
            Format::Html => "One page that works from disk",
            Format::Rdjson => "Reviewdog Diagnostic Format",
            Format::GitleaksJson => "The JSON report of gitleaks",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

impl ValueEnum for FailOn {
    fn value_variants<'a>() -> &'a [FailOn] {
        &FailOn::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            FailOn::Leaks => "Any leak that is not suppressed",
            FailOn::Live => "A leak that is not suppressed, unless the API refuses its key; needs --verify",
            FailOn::None => "No leak, ever; an incomplete scan still does",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

impl Cli {
    /// The parsed command line, or the exit status of a command that ends here: `--help`, `--version` and wrong usage.
    ///
    /// # Errors
    ///
    /// The status, once the text has been printed.
    pub fn from_command_line() -> Result<Cli, Exit> {
        Cli::try_parse().map_err(|error| {
            // There is nobody to tell if printing fails.
            if error.use_stderr() {
                // It quotes the command line, which may hold a key.
                let text = error.render().to_string();
                let _ = io::stderr().write_all(&Detector::new().redact(text.as_bytes()));
                Exit::Usage
            } else {
                match error.print() {
                    Err(cause) if cause.kind() != io::ErrorKind::BrokenPipe => {
                        let _ =
                            writeln!(io::stderr(), "hopx-leaks: cannot write to standard output: {cause}; make room");
                        Exit::Usage
                    }
                    Ok(()) | Err(_) => Exit::Clean,
                }
            }
        })
    }
}

impl ScanArgs {
    /// Options written before `scan` and after it, together.
    pub fn and(mut self, after: ScanArgs) -> ScanArgs {
        self.paths.extend(after.paths);
        self.files_from.extend(after.files_from);
        self.exclude.extend(after.exclude);
        ScanArgs {
            null: self.null || after.null,
            no_ignore: self.no_ignore || after.no_ignore,
            stdin_filename: after.stdin_filename.or(self.stdin_filename),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
