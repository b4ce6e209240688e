//! Which configuration file and which baseline are in force: the nearest file from where the scan starts up to the top of
//! the work tree, the one that is named, or the one of a commit.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::blob::slashed;
use crate::cli::RulesArgs;
use crate::config::file::{File, NAME};
use crate::config::repositories::range_error;
use crate::date;
use crate::error::{Error, describe};
use crate::filter::baseline::Baseline;
use crate::filter::globs::{Folder, plain};
use crate::filter::inline::{Base, Inline};
use crate::filter::{Filter, Stale};
use crate::git::changes::lookup;
use crate::git::repository::Environment;
use crate::git::tree::EntryKind;
use crate::git::{Objects, Repository};
use crate::object::ObjectId;
use crate::read::{self, MAX_LIST};
use crate::source::ignored::work_tree_top;

/// Bytes of a configuration file, at most.
const MAX_CONFIG: usize = 4 << 20;

const CONFIGURATION: &str = "configuration";
const BASELINE: &str = "baseline";

/// What vouches for findings and what is left out, and where that comes from.
#[derive(Debug)]
pub struct Rules {
    /// Globs of what is left out.
    pub exclude: Vec<String>,
    /// What vouches for findings.
    pub filter: Filter,
    /// Where the configuration comes from, in words; none when there is none.
    pub config: Option<String>,
    /// Where there is none: why, in words.
    pub none: String,
    /// Where `exclude` comes from, in words.
    pub exclude_source: String,
    /// Where the baseline comes from, in words.
    pub baseline_source: String,
    /// What is to be said about them.
    pub notices: Vec<String>,
}

/// A configuration file, read.
struct Read {
    /// What to call it.
    name: String,
    /// Why this one, in words.
    why: &'static str,
    folder: PathBuf,
    file: File,
}

/// Where files are read from.
enum Store {
    Disk,
    Commit(Box<Commit>),
}

struct Commit {
    revision: String,
    repository: Repository,
    objects: Objects,
    tree: ObjectId,
    /// The absolute path of the top of the work tree; of a bare repository, its own.
    top: PathBuf,
    /// The absolute path of what is scanned.
    start: PathBuf,
}

impl Rules {
    /// Reads what is in force for a scan that starts at `start`, a path from the working directory.
    ///
    /// # Errors
    ///
    /// What can't be read, and what is wrong in it.
    pub fn load(args: &RulesArgs, start: &Path) -> Result<Rules, Error> {
        check_together(args)?;
        let today = date::utc(SystemTime::now()).unwrap_or_default();
        let today = today.get(..10).unwrap_or_default();
        let here = std::env::current_dir().map_err(|cause| Error::Folder { folder: ".".into(), cause })?;
        let start = here.join(start);
        let store = match &args.config_from {
            Some(revision) => Store::Commit(Box::new(Commit::open(revision, &here, &start)?)),
            None => Store::Disk,
        };
        let read = match &args.config {
            Some(file) => Some(named(file, today)?),
            None if args.isolated => None,
            None => store.nearest(&start, today)?,
        };
        let none = match &store {
            _ if args.isolated => "none, by --isolated".to_owned(),
            Store::Disk => format!("none: no {NAME} from where the scan starts up to the top of the work tree"),
            Store::Commit(commit) => {
                format!("none: no {NAME} in {} on the way to where the scan starts", commit.revision)
            }
        };
        let mut notices = Vec::new();
        let (baseline, baseline_source) = store.baseline(args, read.as_ref(), &here, &mut notices)?;
        let inline = match store {
            Store::Disk => Inline::All,
            Store::Commit(commit) => {
                let Commit { repository, tree, .. } = *commit;
                Inline::In(Box::new(Base { repository, tree }))
            }
        };
        let folder = read.as_ref().map(|read| Folder::new(&read.folder)).transpose();
        let folder = folder.map_err(|cause| Error::Folder { folder: ".".into(), cause })?.unwrap_or_default();
        let config = read.as_ref().map(|read| format!("{} ({})", read.name, read.why));
        let exclude_source =
            read.as_ref().map(|read| format!("{}:{}", read.name, read.file.exclude_line)).unwrap_or_default();
        let File { exclude, allows, accepts, .. } = read.map(|read| read.file).unwrap_or_default();
        let stale = if args.report_stale { Stale::Name } else { Stale::Ignore };
        let filter = Filter { inline, allows, accepts, folder, baseline, stale };
        Ok(Rules { exclude, filter, config, none, exclude_source, baseline_source, notices })
    }
}

/// Where the configuration comes from is said once. clap sees options before a command and behind it apart.
fn check_together(args: &RulesArgs) -> Result<(), Error> {
    let given = [
        args.config.as_ref().map(|_| "--config"),
        args.isolated.then_some("--isolated"),
        args.config_from.as_ref().map(|_| "--config-from"),
    ];
    let mut given = given.into_iter().flatten();
    match (given.next(), given.next()) {
        (Some(one), Some(other)) => Err(Error::NotTogether { one, other }),
        _ => Ok(()),
    }
}

/// The file of `--config`.
fn named(file: &Path, today: &str) -> Result<Read, Error> {
    let name = file.display().to_string();
    let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
    let bytes = read::whole(file, MAX_LIST).map_err(|cause| unreadable(CONFIGURATION, &name, &describe(&cause)))?;
    let file = parse(&name, bytes, today)?;
    Ok(Read { name, why: "by --config", folder, file })
}

fn parse(name: &str, bytes: Vec<u8>, today: &str) -> Result<File, Error> {
    if bytes.len() > MAX_CONFIG {
        return Err(unreadable(CONFIGURATION, name, "it is larger than 4 MiB"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = 1 + memchr::memchr_iter(b'\n', &error.as_bytes()[..error.utf8_error().valid_up_to()]).count();
        Error::BadRule { name: name.to_owned(), line, cause: "it is not UTF-8, as TOML is".to_owned() }
    })?;
    File::parse(name, text.strip_prefix('\u{feff}').unwrap_or(&text), today)
}

fn unreadable(what: &'static str, name: &str, cause: &str) -> Error {
    let remedy = "make it readable, or name another";
    Error::Rules { what, name: name.to_owned(), cause: cause.to_owned(), remedy }
}

impl Store {
    /// The nearest file from `start` up to the top of the work tree; only the one beside it outside of a work tree.
    fn nearest(&self, start: &Path, today: &str) -> Result<Option<Read>, Error> {
        let top = match self {
            Store::Disk => {
                work_tree_top(start).unwrap_or(if start.is_dir() { start } else { start.parent().unwrap_or(start) })
            }
            Store::Commit(commit) => commit.top.as_path(),
        };
        let start = match self {
            Store::Disk => start,
            Store::Commit(commit) => commit.start.as_path(),
        };
        for folder in start.ancestors().take_while(|folder| folder.starts_with(top)) {
            let path = folder.join(NAME);
            let Some((name, bytes)) = self.read(CONFIGURATION, &path)? else { continue };
            let file = parse(&name, bytes, today)?;
            return Ok(Some(Read { name, why: "the nearest", folder: folder.to_path_buf(), file }));
        }
        Ok(None)
    }

    /// A file that may be absent: what to call it, and what is in it. A link is no such file: it may lead out.
    fn read(&self, what: &'static str, path: &Path) -> Result<Option<(String, Vec<u8>)>, Error> {
        match self {
            Store::Disk => {
                let name = shown(path);
                if !path.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
                    return Ok(None);
                }
                let bytes = read::whole(path, MAX_LIST).map_err(|cause| unreadable(what, &name, &describe(&cause)))?;
                Ok(Some((name, bytes)))
            }
            Store::Commit(commit) => commit.read(what, path),
        }
    }

    /// The baseline that is in force, and where that is said, in words.
    fn baseline(
        &self,
        args: &RulesArgs,
        read: Option<&Read>,
        here: &Path,
        notices: &mut Vec<String>,
    ) -> Result<(Option<Baseline>, String), Error> {
        let named = args.baseline.as_ref().map(|file| (here.join(file), "--baseline".to_owned()));
        let configured = read.and_then(|read| {
            let file = read.folder.join(read.file.baseline.as_ref()?);
            Some((file, format!("{}:{}", read.name, read.file.baseline_line)))
        });
        let Some((path, why)) = named.or(configured) else { return Ok((None, String::new())) };
        let found = match self {
            Store::Commit(commit) => {
                let found = commit.read(BASELINE, &path)?;
                if found.is_none() {
                    let (name, revision) = (shown(&path), &commit.revision);
                    notices.push(format!("{name} is not in {revision}, so that no leak is known"));
                }
                found
            }
            // What is written for the first time is not there yet.
            Store::Disk
                if args.write_baseline.as_ref().is_some_and(|file| here.join(file) == path) && !path.exists() =>
            {
                None
            }
            Store::Disk => {
                let name = shown(&path);
                let bytes = read::whole(&path, MAX_LIST).map_err(|cause| Error::Rules {
                    what: BASELINE,
                    name: name.clone(),
                    cause: describe(&cause),
                    remedy: "write one with --write-baseline, or take its name out",
                })?;
                Some((name, bytes))
            }
        };
        let Some((name, bytes)) = found else { return Ok((None, why)) };
        let baseline = Baseline::parse(name.clone(), &bytes).map_err(|line| Error::BadRule {
            name,
            line: line.number,
            cause: format!("{}; write the baseline anew with --write-baseline", line.cause),
        })?;
        Ok((Some(baseline), why))
    }
}

/// A path as seen from the working directory, where that is shorter.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let below = here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_path_buf));
    below.unwrap_or_else(|| path.to_path_buf()).display().to_string()
}

/// An absolute path without links and `..`, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    let known = path.ancestors().find_map(|part| Some((part, part.canonicalize().ok()?)));
    let Some((part, known)) = known else { return plain(path) };
    plain(&known.join(path.strip_prefix(part).unwrap_or(Path::new(""))))
}

impl Commit {
    /// A commit of the repository around the working directory, `here`. What is scanned, at `start`, must be in it: a change
    /// could put another repository in its place, whose commits say what the change wants.
    fn open(revision: &str, here: &Path, start: &Path) -> Result<Commit, Error> {
        let no_repository = |cause| Error::Repository { path: here.to_path_buf(), cause };
        let repository = Repository::open(here, Environment::Heed).map_err(no_repository)?;
        let top = resolved(&here.join(repository.work_tree.as_deref().unwrap_or(&repository.git_dir)));
        let start = resolved(start);
        let is_foreign = work_tree_top(&start).is_some_and(|nearest| repository.work_tree.is_some() && nearest != top);
        if is_foreign || !start.starts_with(&top) {
            return Err(Error::OtherRepository { path: start, top });
        }
        let commit = repository.commit(revision).map_err(|error| range_error(error, revision))?;
        let objects = repository.objects();
        let tree = repository.tree_of(&objects, &commit);
        let tree = tree.map_err(|cause| Error::Range { range: revision.to_owned(), cause })?;
        Ok(Commit { revision: revision.to_owned(), repository, objects, tree, top, start })
    }

    /// A file of the commit, by its absolute path in the work tree.
    fn read(&self, what: &'static str, path: &Path) -> Result<Option<(String, Vec<u8>)>, Error> {
        let path = resolved(path);
        let Ok(below) = path.strip_prefix(&self.top) else { return Ok(None) };
        let path = slashed(below);
        let name = format!("{}:{}", self.revision, below.display());
        let lost = |cause: String| unreadable(what, &name, &cause);
        let found = lookup(&self.objects, self.tree, &path).map_err(|error| lost(error.cause))?;
        let Some((EntryKind::File, blob)) = found else { return Ok(None) };
        let mut bytes = Vec::new();
        self.objects.read(&blob, &mut bytes).map_err(lost)?;
        Ok(Some((name, bytes)))
    }
}
