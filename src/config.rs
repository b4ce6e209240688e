//! From words to what the workers need: every default decided, every value checked, nothing of clap left.

pub mod file;
mod hooks;
mod reports;
mod repositories;
mod rules;
mod show;
mod verify;

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use crate::agent::{self, Agent};
use crate::blob::from_slashed;
use crate::cli::{
    Cli, Command, CommonArgs, ConfigCommand, ContainerArgs, RulesArgs, ScanArgs, SchemaArgs, SchemaKind, VerifyArgs,
    When, man,
};
use crate::config::rules::Rules;
use crate::error::Error;
use crate::exit::FailOn;
use crate::filter::Filter;
use crate::hook::{HookConfig, Stage};
use crate::merge::Input;
use crate::output::{Output, Target, target};
use crate::read::{self, Links, MAX_LIST};
use crate::report::json::JSON_SCHEMA;
use crate::report::{Color, Format, Mode, Style, Suppressed};
use crate::scan::{Keep, Keys};
use crate::search::Containers;
use crate::source::ignored::globs;
use crate::source::tree::{Given, IgnoreRules};
use crate::source::{Source, Stdin, Tree};
use crate::verify::Verify;

/// What to do.
#[derive(Debug)]
pub enum Config {
    /// Scan and report.
    Scan(Box<ScanConfig>),
    /// Install, uninstall or look at git hooks.
    Hook(HookConfig),
    /// Look at what a coding agent is about to do.
    Agent(AgentConfig),
    /// Print a text.
    Print(Cow<'static, str>),
    /// Merge reports.
    Report(ReportConfig),
}

/// What to look at for a coding agent, and how to answer.
#[derive(Debug)]
pub struct AgentConfig {
    /// Which agent reads the answer; none for the verdict as it is.
    pub agent: Option<Agent>,
    /// What to scan, or what is wrong with that: the agent is to hear of it in its own terms.
    pub scan: Result<Box<ScanConfig>, Error>,
}

/// Which reports to merge and what to show of them.
#[derive(Debug)]
pub struct ReportConfig {
    /// The reports to read.
    pub inputs: Vec<Input>,
    /// Where reports go.
    pub outputs: Vec<Output>,
    /// How they look.
    pub style: Style,
    /// What makes the run fail.
    pub fail_on: FailOn,
}

/// What to scan and what to show of it.
#[derive(Debug)]
pub struct ScanConfig {
    /// Which command asked for it.
    pub mode: Mode,
    /// The hook that asked for it, if one did.
    pub hook: Option<Stage>,
    /// What to scan.
    pub sources: Vec<Source>,
    /// How many threads to use.
    pub threads: usize,
    /// What the findings must carry.
    pub keep: Keep,
    /// Where reports go.
    pub outputs: Vec<Output>,
    /// How they look.
    pub style: Style,
    /// What makes the run fail.
    pub fail_on: FailOn,
    /// Whether a long scan shows a progress line.
    pub progress: ShowProgress,
    /// What vouches for findings.
    pub filter: Filter,
    /// What is to be said about that.
    pub notices: Vec<String>,
    /// Where the leaks are to be written as a baseline.
    pub write_baseline: Option<PathBuf>,
    /// Whether and how the API is asked about keys.
    pub verify: Option<Verify>,
}

/// The options that every command has.
#[derive(Debug)]
pub struct Options {
    common: CommonArgs,
    containers: ContainerArgs,
    rules: RulesArgs,
    verify: VerifyArgs,
}

/// Whether a long scan shows a progress line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShowProgress {
    /// It does.
    Yes,
    /// It does not.
    No,
}

impl Config {
    /// Decides what the command line leaves open. With `-C`, the working directory is changed here.
    ///
    /// # Errors
    ///
    /// What is wrong with the command line.
    pub fn new(cli: Cli) -> Result<Config, Error> {
        let Cli { command, scan, common, containers, rules, verify } = cli;
        let options = Options { common, containers, rules, verify };
        if let Some(folder) = &options.common.directory {
            std::env::set_current_dir(folder).map_err(|cause| Error::Folder { folder: folder.clone(), cause })?;
        }
        let rules = |start: &Path| Rules::load(&options.rules, start);
        let (mode, sources, rules) = match command {
            None => scan_of(scan, rules)?,
            Some(Command::Scan(after)) => scan_of(scan.and(after), rules)?,
            Some(Command::Staged) => (Mode::Staged, vec![repositories::staged()?], rules(HERE.as_ref())?),
            Some(Command::Commits(args)) => (Mode::Commits, vec![repositories::commits(&args)?], rules(HERE.as_ref())?),
            Some(Command::History(args)) => {
                let rules = rules(start(&args.repositories))?;
                (Mode::History, repositories::history(&args), rules)
            }
            Some(Command::Audit(args)) => {
                let rules = rules(start(&args.repositories))?;
                (Mode::Audit, repositories::audit(&args), rules)
            }
            Some(Command::Report(args)) => return reports::config(args, &options).map(Config::Report),
            Some(Command::Hook(command)) => return hooks::config(command, &options),
            Some(Command::Config(ConfigCommand::Show { path, exclude })) => {
                let rules = rules(path.as_deref().unwrap_or(HERE.as_ref()))?;
                return Ok(Config::Print(show::text(&rules, &[scan.exclude, exclude].concat()).into()));
            }
            Some(Command::Completions(args)) => return Ok(Config::Print(args.script().into())),
            Some(Command::Man) => return Ok(Config::Print(man().into())),
            Some(Command::Schema(SchemaArgs { kind })) => {
                return Ok(Config::Print(Cow::Borrowed(match kind {
                    SchemaKind::Report => JSON_SCHEMA,
                    SchemaKind::Config => file::JSON_SCHEMA,
                    SchemaKind::Verdict => agent::JSON_SCHEMA,
                })));
            }
        };
        ScanConfig::new(mode, sources, rules, &options).map(|config| Config::Scan(Box::new(config)))
    }
}

/// The working directory.
const HERE: &str = ".";

/// Where the configuration is looked for: at what is scanned, if that is one thing, else here.
fn start(given: &[PathBuf]) -> &Path {
    match given {
        [one] if one.as_os_str() != "-" => one,
        _ => HERE.as_ref(),
    }
}

/// A scan of paths, without what the configuration leaves out.
fn scan_of(
    mut scan: ScanArgs,
    rules: impl Fn(&Path) -> Result<Rules, Error>,
) -> Result<(Mode, Vec<Source>, Rules), Error> {
    let rules = rules(if scan.files_from.is_empty() { start(&scan.paths) } else { HERE.as_ref() })?;
    scan.exclude.extend(rules.exclude.iter().cloned());
    Ok((Mode::Scan, sources(scan)?, rules))
}

fn threads(common: &CommonArgs) -> usize {
    let all = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    common.threads.map_or_else(all, usize::from)
}

impl ScanConfig {
    fn new(mode: Mode, sources: Vec<Source>, rules: Rules, options: &Options) -> Result<ScanConfig, Error> {
        let Options { common, containers, rules: rules_args, verify } = options;
        let needing = [
            rules_args.report_stale.then_some("--report-stale"),
            rules_args.write_baseline.as_ref().map(|_| "--write-baseline"),
        ];
        let looks_at_all = matches!(mode, Mode::Scan | Mode::History | Mode::Audit);
        if let Some(option) = needing.into_iter().flatten().next().filter(|_| !looks_at_all) {
            return Err(Error::NeedsWhole { option });
        }
        let outputs = outputs(common)?;
        let baseline = rules_args.write_baseline.clone().map(Target::File);
        is_apart(outputs.iter().map(|output| &output.target).chain(&baseline))?;
        let verify = verify::config(verify, common.fail_on)?;
        let keep = Keep {
            keys: if verify.is_some() { Keys::Keep } else { Keys::Drop },
            containers: if containers.no_containers { Containers::Closed } else { Containers::Open },
            bounds: containers.bounds(),
            line_hashes: outputs.iter().any(|output| output.format.shows_line_hashes()),
            skips: common.verbose,
            authors: common.include_author,
        };
        let progress = match common.progress {
            When::Always => ShowProgress::Yes,
            When::Auto if io::stderr().is_terminal() && !common.quiet => ShowProgress::Yes,
            When::Auto | When::Never => ShowProgress::No,
        };
        Ok(ScanConfig {
            mode,
            hook: None,
            sources,
            threads: threads(common),
            keep,
            outputs,
            style: style(common),
            fail_on: common.fail_on,
            progress,
            filter: rules.filter,
            notices: rules.notices,
            write_baseline: rules_args.write_baseline.clone(),
            verify,
        })
    }
}

/// Where reports go: where the command line says, and to standard output unless that is to stay silent.
fn outputs(common: &CommonArgs) -> Result<Vec<Output>, Error> {
    let mut outputs: Vec<Output> = common.output.iter().map(|path| output(path)).collect::<Result<_, _>>()?;
    let is_silent = common.quiet && common.format == Format::Text;
    if !is_silent && outputs.iter().all(|output| output.target != Target::Stdout) {
        outputs.insert(0, Output { format: common.format, target: Target::Stdout });
    }
    is_apart(outputs.iter().map(|output| &output.target))?;
    Ok(outputs)
}

/// Two reports in one file would be one.
fn is_apart<'t>(targets: impl Iterator<Item = &'t Target>) -> Result<(), Error> {
    let mut taken = Vec::new();
    for given in targets {
        let place = match given {
            Target::Stdout => None,
            Target::File(path) => Some(target(path)),
        };
        if taken.contains(&place) {
            return Err(Error::OutputTwice { target: given.name() });
        }
        taken.push(place);
    }
    Ok(())
}

fn style(common: &CommonArgs) -> Style {
    let suppressed = if common.include_suppressed { Suppressed::Show } else { Suppressed::Hide };
    Style { color: color(common.color), suppressed }
}

/// What the paths and lists on the command line amount to.
fn sources(scan: ScanArgs) -> Result<Vec<Source>, Error> {
    globs(Path::new("/"), &scan.exclude).map_err(|(glob, cause)| Error::Exclude { glob: glob.to_owned(), cause })?;
    let is_dash = |path: &PathBuf| path.as_os_str() == "-";
    let wants_stdin = scan.paths.iter().any(is_dash);
    let lists_on_stdin = scan.files_from.iter().filter(|list| is_dash(list)).count();
    if lists_on_stdin + usize::from(wants_stdin) > 1 {
        return Err(Error::StdinTwice);
    }
    let mut given: Vec<Given> = Vec::new();
    let paths = scan.paths.into_iter().filter(|path| !is_dash(path));
    given.extend(paths.map(|path| Given { path, links: Links::Follow }));
    for list in &scan.files_from {
        let names = read_list(list, scan.null).map_err(|cause| Error::List { list: list.clone(), cause })?;
        given.extend(names.into_iter().map(|path| Given { path, links: Links::Refuse }));
    }
    if given.is_empty() && !wants_stdin && scan.files_from.is_empty() {
        given.push(Given { path: ".".into(), links: Links::Follow });
    }
    let ignore = if scan.no_ignore { IgnoreRules::None } else { IgnoreRules::Git };
    let tree = (!given.is_empty() || !wants_stdin).then_some(Source::Tree(Tree {
        given,
        ignore,
        exclude: scan.exclude,
        elsewhere: Vec::new(),
    }));
    let stdin = wants_stdin.then(|| Source::Stdin(Stdin::new(scan.stdin_filename)));
    Ok(tree.into_iter().chain(stdin).collect())
}

/// The names in a list of files, one a line or each ended by a NUL.
fn read_list(list: &Path, null: bool) -> io::Result<Vec<PathBuf>> {
    let bytes = if list.as_os_str() == "-" {
        read::to_end(io::stdin().lock(), MAX_LIST)?
    } else {
        read::to_end(File::open(list)?, MAX_LIST)?
    };
    let separator = if null { b'\0' } else { b'\n' };
    let names = bytes.split(|&byte| byte == separator);
    let names = names.map(|name| if null { name } else { name.strip_suffix(b"\r").unwrap_or(name) });
    Ok(names.filter(|name| !name.is_empty()).map(from_slashed).collect())
}

/// `FORMAT=PATH`, or a path whose extension tells the format.
fn output(given: &Path) -> Result<Output, Error> {
    let named = given.as_os_str().to_str().and_then(|text| text.split_once('=')).and_then(|(name, path)| {
        let format = Format::ALL.into_iter().find(|format| format.name() == name)?;
        Some((format, PathBuf::from(path)))
    });
    let by_extension = || {
        let extension = given.extension()?.to_str()?.to_ascii_lowercase();
        let format = Format::ALL.into_iter().find(|format| format.extension() == Some(&extension))?;
        Some((format, given.to_path_buf()))
    };
    let Some((format, path)) = named.or_else(by_extension) else {
        let formats = Format::ALL.map(Format::name).join(", ");
        return Err(Error::OutputFormat { path: given.to_path_buf(), formats });
    };
    let target = if path.as_os_str() == "-" { Target::Stdout } else { Target::File(path) };
    Ok(Output { format, target })
}

/// Colours by the usual rules: `--color`, then `NO_COLOR`, `CLICOLOR_FORCE`, `CLICOLOR` and `TERM`, then whether it
/// goes to a terminal.
fn color(when: When) -> Color {
    match when {
        When::Always => Color::Ansi,
        When::Never => Color::Plain,
        When::Auto => match anstream::AutoStream::choice(&io::stdout()) {
            anstream::ColorChoice::Always | anstream::ColorChoice::AlwaysAnsi => Color::Ansi,
            anstream::ColorChoice::Auto | anstream::ColorChoice::Never => Color::Plain,
        },
    }
}
