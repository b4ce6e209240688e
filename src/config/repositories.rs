//! The commands that look at repositories: which sources each of them amounts to.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::cli::{CommitsArgs, HistoryArgs};
use crate::error::{Error, Problem, ProblemKind};
use crate::git::Repository;
use crate::git::range::RangeError;
use crate::git::repository::Environment;
use crate::read::Links;
use crate::source::history::Shallow;
use crate::source::tree::{Given, IgnoreRules};
use crate::source::{Commits, History, Source, Staged, Tree};

/// What the next commit would add, in the repository of the working directory.
pub fn staged() -> Result<Source, Error> {
    Ok(Source::Staged(Staged { repository: here()? }))
}

/// What some commits add, in the repository of the working directory.
pub fn commits(args: &CommitsArgs) -> Result<Source, Error> {
    let repository = here()?;
    let mut not = args.not.clone();
    if args.remotes {
        not.extend(repository.remote_tips().iter().map(ToString::to_string));
    }
    let commits = repository.range(&args.ranges, &not).map_err(|error| {
        let not = args.not.iter().flat_map(|rev| ["--not", rev.as_str()]);
        let range: Vec<&str> = args.ranges.iter().map(String::as_str).chain(not).collect();
        range_error(error, &range.join(" "))
    })?;
    Ok(Source::Commits(Commits { repository, commits, others: Vec::new() }))
}

/// Everything that repositories hold in their object databases.
pub fn history(args: &HistoryArgs) -> Vec<Source> {
    let one = |given: PathBuf, environment| match open(&given, environment) {
        Ok(repository) => Source::History(History { repository, shallow: shallow(args) }),
        Err(problem) => Source::Unopened(problem),
    };
    given(args).into_iter().map(|(given, environment)| one(given, environment)).collect()
}

/// Everything that repositories hold, their files too.
pub fn audit(args: &HistoryArgs) -> Vec<Source> {
    let mut audit = Audit { shallow: shallow(args), seen: HashSet::new(), sources: Vec::new() };
    for (given, environment) in given(args) {
        match open(&given, environment) {
            Ok(repository) => audit.add(repository),
            Err(problem) => {
                if given.is_dir() {
                    audit.sources.push(Source::Tree(tree(given, Vec::new())));
                }
                audit.sources.push(Source::Unopened(problem));
            }
        }
    }
    audit.sources
}

/// The sources of an audit, put together.
struct Audit {
    shallow: Shallow,
    /// The object databases that have a visit, by absolute path.
    seen: HashSet<PathBuf>,
    sources: Vec<Source>,
}

impl Audit {
    /// A repository: its work tree, its history, its own files, and the stores of its submodules.
    fn add(&mut self, mut repository: Repository) {
        let stores = repository.submodules();
        if let Some(work_tree) = repository.work_tree.clone() {
            // One name for both, so that what the work tree and the history tell of a file can be put together.
            repository.root.given.clone_from(&work_tree);
            self.sources.push(Source::Tree(tree(work_tree, Vec::new())));
        }
        let own = repository.common_dir.clone();
        if !self.is_new(&own) {
            return;
        }
        self.history(repository);
        let mut elsewhere = vec![own.join("objects")];
        for store in stores {
            if self.is_new(&store) {
                elsewhere.push(store.join("objects"));
                match Repository::open(&store, Environment::Ignore) {
                    Ok(repository) => self.history(repository),
                    Err(cause) => {
                        let message = format!("{cause}; run git submodule update --init");
                        let problem = Problem::given(&store, ProblemKind::NoRepository, message);
                        self.sources.push(Source::Unopened(problem));
                    }
                }
            }
        }
        self.sources.push(Source::GitFiles(tree(own, elsewhere)));
    }

    fn history(&mut self, repository: Repository) {
        self.sources.push(Source::History(History { repository, shallow: self.shallow }));
    }

    fn is_new(&mut self, dir: &Path) -> bool {
        self.seen.insert(dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf()))
    }
}

/// All files below `path`, but for those `elsewhere`.
fn tree(path: PathBuf, elsewhere: Vec<PathBuf>) -> Tree {
    let given = vec![Given { path, links: Links::Follow }];
    Tree { given, ignore: IgnoreRules::None, exclude: Vec::new(), elsewhere }
}

/// The repositories that were given, or the one around the working directory, which the environment may change.
fn given(args: &HistoryArgs) -> Vec<(PathBuf, Environment)> {
    if args.repositories.is_empty() {
        return vec![(".".into(), Environment::Heed)];
    }
    args.repositories.iter().map(|given| (given.clone(), Environment::Ignore)).collect()
}

fn shallow(args: &HistoryArgs) -> Shallow {
    if args.allow_shallow { Shallow::Allow } else { Shallow::Report }
}

/// The repository of the working directory, or the one that the environment names.
pub fn here() -> Result<Repository, Error> {
    let path = Path::new(".");
    Repository::open(path, Environment::Heed).map_err(|cause| Error::Repository { path: path.to_path_buf(), cause })
}

fn open(given: &Path, environment: Environment) -> Result<Repository, Problem> {
    Repository::open(given, environment).map_err(|cause| {
        let kind = if given.exists() { ProblemKind::NoRepository } else { ProblemKind::MissingPath };
        Problem::given(given, kind, format!("{cause}; name a repository, or a folder in one"))
    })
}

/// What to tell the user of a range that gives no commits.
pub fn range_error(error: RangeError, range: &str) -> Error {
    match error {
        RangeError::Unresolved { range, cause } => Error::Range { range, cause },
        RangeError::Shallow => Error::ShallowRange { range: range.to_owned() },
        RangeError::Unreadable { id, cause } => Error::Range { range: id.to_string(), cause },
    }
}
