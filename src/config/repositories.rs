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
        let objects = repository.objects();
        // Some may be of blobs or trees, which no commit comes from.
        not.extend(
            repository.remote_tips().iter().filter_map(|tip| objects.peel(tip).commit()).map(|id| id.to_string()),
        );
    }
    let named = repository.range(&args.ranges, &not).map_err(|error| {
        let not = args.not.iter().flat_map(|rev| ["--not", rev.as_str()]);
        let range: Vec<&str> = args.ranges.iter().map(String::as_str).chain(not).collect();
        range_error(error, &range.join(" "))
    })?;
    Ok(Source::Commits(Commits { repository, commits: named.commits, others: named.tags }))
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
    let mut audit = Audit { shallow: shallow(args), seen: HashSet::new(), objects: Vec::new(), sources: Vec::new() };
    for (given, environment) in given(args) {
        match open(&given, environment) {
            Ok(repository) => audit.add(repository),
            Err(problem) => {
                if given.is_dir() {
                    audit.sources.push(Source::Tree(tree(given)));
                }
                audit.sources.push(Source::Unopened(problem));
            }
        }
    }
    audit.done()
}

/// The sources of an audit, put together.
struct Audit {
    shallow: Shallow,
    /// The repositories that have a visit, by absolute path.
    seen: HashSet<PathBuf>,
    /// Their folders of objects.
    objects: Vec<PathBuf>,
    sources: Vec<Source>,
}

impl Audit {
    /// A repository: its work tree, its history, its own files, and the same of its submodules, whose work trees are
    /// part of its own.
    fn add(&mut self, mut repository: Repository) {
        let foreign = repository.foreign_work_tree();
        let work_tree = match (&repository.work_tree, &foreign) {
            (Some(work_tree), None) => Some(work_tree.clone()),
            (Some(_), Some(_)) if repository.git_dir.ends_with(".git") => {
                let folder = repository.git_dir.parent().map(Path::to_path_buf);
                folder.map(|folder| if folder.as_os_str().is_empty() { ".".into() } else { folder })
            }
            (Some(_), Some(_)) | (None, _) => None,
        };
        self.sources.extend(foreign.map(Source::Unopened));
        if let Some(work_tree) = work_tree {
            // One name for both, so that what the work tree and the history tell of a file can be put together.
            repository.root.given.clone_from(&work_tree);
            self.sources.push(Source::Tree(tree(work_tree)));
        }
        self.store(repository, None);
    }

    /// A repository without its work tree. Its files need no visit of their own below `above`.
    fn store(&mut self, repository: Repository, above: Option<&Path>) {
        let own = repository.common_dir.clone();
        if !self.is_new(&own) {
            return;
        }
        let (submodules, problems) = repository.submodules();
        self.sources.extend(problems.into_iter().map(Source::Unopened));
        self.sources.push(Source::History(History { repository, shallow: self.shallow }));
        self.objects.push(own.join("objects"));
        let is_below = above.is_some_and(|above| own.starts_with(above));
        for dir in submodules {
            match Repository::open(&dir, Environment::Ignore) {
                Ok(submodule) => self.store(submodule, if is_below { above } else { Some(&own) }),
                Err(cause) => {
                    let message = format!("{cause}; run git submodule update --init");
                    let problem = Problem::given(&dir, ProblemKind::NoRepository, message);
                    self.sources.push(Source::Unopened(problem));
                }
            }
        }
        if !is_below {
            self.sources.push(Source::GitFiles(tree(own)));
        }
    }

    /// The sources. Objects are swept and not read as files.
    fn done(mut self) -> Vec<Source> {
        for source in &mut self.sources {
            if let Source::GitFiles(files) = source {
                files.elsewhere.clone_from(&self.objects);
            }
        }
        self.sources
    }

    fn is_new(&mut self, dir: &Path) -> bool {
        self.seen.insert(dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf()))
    }
}

/// All files below `path`.
fn tree(path: PathBuf) -> Tree {
    let given = vec![Given { path, links: Links::Follow }];
    Tree { given, ignore: IgnoreRules::None, exclude: Vec::new(), elsewhere: Vec::new() }
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
