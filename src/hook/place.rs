//! Where a repository keeps its hooks, and what its configuration says about them. The only file of the hooks that
//! knows gix, which runs nothing here: not git, and nothing of the repository. What gix can't find is asked of git elsewhere.

use std::path::{Component, Path, PathBuf};

use gix::config::file::Metadata;
use gix::config::{File, source};

use super::Stage;
use crate::error::Error;

/// A repository, as far as hooks are concerned. All paths are absolute and without links, but for the last part of
/// `hooks` where that does not exist yet.
#[derive(Debug)]
pub struct Place {
    /// The top of the work tree; none in a bare repository.
    pub top: Option<PathBuf>,
    /// What all work trees of the repository share: the folder `.git` of the first one.
    pub common: PathBuf,
    /// The folder where git looks for hooks.
    pub hooks: PathBuf,
    /// Whose hooks these are.
    pub owner: Owner,
    /// Who says that git looks there.
    pub said_by: SaidBy,
    /// What the configuration has under our names, in the order of [`Stage::ALL`].
    entries: [Option<Entry>; 3],
}

/// Whose hooks are in the folder where git looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// This repository's: `hooks` in its own folder, or a folder in its work tree.
    Repository,
    /// Several repositories', by a `core.hooksPath` that leads out of this one.
    Shared,
}

/// Who says where git looks for hooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaidBy {
    /// `core.hooksPath`.
    Setting,
    /// Nobody: it is the folder `hooks` of the repository, or where a link of that name leads.
    Default,
}

/// A hook of ours in the configuration (`hook.<name>.*`, git 2.54 and later).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What git would run.
    pub command: Vec<u8>,
    /// Whether git would run it: the event is there, and it is not switched off.
    pub state: EntryState,
    /// Whether it comes from the configuration of this repository, which is the one that install writes.
    pub local: bool,
}

/// Whether an entry counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryState {
    /// It does.
    On,
    /// It would not, because `hook.<name>.enabled` is false.
    Disabled,
    /// `hook.<name>.event` is not the stage, or there is no command.
    Off,
}

impl Place {
    /// The repository that the working directory is in, or that `GIT_DIR` and `GIT_WORK_TREE` name.
    ///
    /// # Errors
    ///
    /// [`Error::NoRepository`].
    pub fn find() -> Result<Place, Error> {
        let here = std::env::current_dir().unwrap_or_else(|_| ".".into());
        let no_repository = |cause: String| Error::NoRepository { folder: here.clone(), cause };
        // The default permissions read every configuration file but the one of git's installation. Whoever owns the repository: its configuration decides where git looks.
        let options = || gix::open::Options::default().bail_if_untrusted(false);
        let discovery = gix::discover::upwards::Options {
            match_ceiling_dir_or_error: false,
            ..gix::discover::upwards::Options::default()
        };
        let levels = gix::sec::trust::Mapping { full: options(), reduced: options() };
        let repository = gix::ThreadSafeRepository::discover_with_environment_overrides_opts(&here, discovery, levels)
            .map_err(|error| no_repository(error.to_string()))?
            .to_thread_local();
        let common = repository.common_dir().canonicalize().map_err(|error| no_repository(error.to_string()))?;
        let snapshot = repository.config_snapshot();
        let config = snapshot.plumbing();
        let top = repository.workdir().map(|top| if is_top(config) { here.as_path() } else { top });
        let top = top.and_then(|top| top.canonicalize().ok());
        // git runs hooks in the top of the work tree, or in the folder of a bare repository (githooks(5)).
        let start = top.clone().unwrap_or_else(|| common.clone());
        let set = hooks_path(config, &start).or_else(|| hooks_path(&of_installation()?, &start));
        let said_by = if set.is_some() { SaidBy::Setting } else { SaidBy::Default };
        let (hooks, reach) = set.unwrap_or_else(|| (common.join("hooks"), Reach::ThisOnly));
        let hooks = resolved(&hooks);
        let own = [Some(common.clone()), top.clone(), first_work_tree(&common)];
        // A `..` is left where the folders before it don't exist; who knows where it will lead.
        let is_known = !hooks.components().any(|part| part == Component::ParentDir);
        let is_own = is_known && own.into_iter().flatten().any(|folder| hooks.starts_with(folder));
        let owner = if is_own && reach == Reach::ThisOnly { Owner::Repository } else { Owner::Shared };
        let entries = Stage::ALL.map(|stage| entry(config, stage));
        Ok(Place { top, common, hooks, owner, said_by, entries })
    }

    /// The folder where git looks for hooks without `core.hooksPath`.
    pub fn default_hooks(&self) -> PathBuf {
        resolved(&self.common.join("hooks"))
    }

    /// The repository's own configuration file.
    pub fn config_file(&self) -> PathBuf {
        resolved(&self.common.join("config"))
    }

    /// Our hook for `stage` in the configuration, wherever it was set.
    pub fn entry(&self, stage: Stage) -> Option<&Entry> {
        let at = Stage::ALL.iter().position(|&other| other == stage)?;
        self.entries[at].as_ref()
    }
}

/// The name of our hook for `stage` in the configuration.
pub fn entry_name(stage: Stage) -> String {
    format!("hopx-leaks-{}", stage.name())
}

/// What the bytes of a configuration file alone say about our hook for `stage`.
///
/// # Errors
///
/// What is wrong with the file.
pub fn entry_in(bytes: &[u8], stage: Stage) -> Result<Option<Entry>, String> {
    let metadata = Metadata::from(gix::config::Source::Local);
    let file = File::from_bytes_no_includes(bytes, metadata, gix::config::file::init::Options::default());
    file.map(|file| entry(&file, stage)).map_err(|error| error.to_string())
}

/// The names of all settings of our hook for `stage` in the bytes of a configuration file, in lower case.
///
/// # Errors
///
/// What is wrong with the file.
pub fn settings_in(bytes: &[u8], stage: Stage) -> Result<Vec<String>, String> {
    let metadata = Metadata::from(gix::config::Source::Local);
    let file = File::from_bytes_no_includes(bytes, metadata, gix::config::file::init::Options::default());
    let file = file.map_err(|error| error.to_string())?;
    let name = entry_name(stage);
    let sections = file.sections_by_name("hook").into_iter().flatten();
    let ours = sections.filter(|section| section.header().subsection_name().is_some_and(|own| own == name.as_str()));
    Ok(ours.flat_map(|section| section.value_names().map(|name| name.to_lowercase()).collect::<Vec<_>>()).collect())
}

fn entry(config: &File, stage: Stage) -> Option<Entry> {
    let name = entry_name(stage);
    let command = config.string_by("hook", name.as_str(), "command");
    let mut has_event = false;
    let events = config.strings_by("hook", name.as_str(), "event");
    for event in events.iter().flatten() {
        // An empty value takes back the ones before it.
        has_event = !event.is_empty() && (has_event || event.as_slice() == stage.name().as_bytes());
    }
    if command.is_none() && events.is_none() {
        return None;
    }
    let enabled = config.boolean_by("hook", name.as_str(), "enabled").ok().flatten().unwrap_or(true);
    let sections = config.sections_by_name("hook").into_iter().flatten();
    let ours = sections
        .filter(|section| section.header().subsection_name().is_some_and(|subsection| subsection == name.as_str()));
    let local = ours.into_iter().all(|section| section.meta().source == gix::config::Source::Local);
    let counts = match (has_event && command.is_some(), enabled) {
        (true, true) => EntryState::On,
        (_, false) => EntryState::Disabled,
        (false, true) => EntryState::Off,
    };
    Some(Entry { command: command.map(Vec::from).unwrap_or_default(), state: counts, local })
}

/// Which repositories a setting concerns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    ThisOnly,
    Others,
}

/// What the configuration of git's installation says about hooks: the least of all files, but the others don't unsay it.
fn of_installation() -> Option<File> {
    let value = super::program::system_setting("core.hooksPath")?;
    let text = [b"[core]\n\thooksPath = \"", &super::config::escaped(&value)[..], b"\"\n"].concat();
    let metadata = Metadata::from(gix::config::Source::GitInstallation);
    File::from_bytes_no_includes(&text, metadata, gix::config::file::init::Options::default()).ok()
}

/// Where `core.hooksPath` leads, for a repository whose hooks run in `start`.
fn hooks_path(config: &File, start: &Path) -> Option<(PathBuf, Reach)> {
    let value = config.path("core.hooksPath")?;
    // git puts the hook's name behind a slash, whatever stands before it.
    if value.is_empty() {
        return Some((Path::new("/").into(), Reach::Others));
    }
    let home = std::env::home_dir();
    let context = gix::config::path::interpolate::Context { home_dir: home.as_deref(), ..Default::default() };
    // What can't be expanded leads nowhere in this repository, and so is refused.
    let Ok(path) = value.interpolate(context) else { return Some((Path::new("/").into(), Reach::Others)) };
    let sections = config.sections_by_name("core").into_iter().flatten();
    let of_value = sections
        .filter(|section| section.header().subsection_name().is_none() && section.contains_value_name("hooksPath"));
    let is_local = of_value.last().is_some_and(|section| section.meta().source.kind() == source::Kind::Repository);
    let reach = if is_local || path.is_relative() { Reach::ThisOnly } else { Reach::Others };
    Some((start.join(path), reach))
}

/// Whether the working directory is the top of the work tree whatever is in it: so it is when `GIT_DIR` alone is given
/// and no setting says otherwise (git(1), `GIT_WORK_TREE`).
fn is_top(config: &File) -> bool {
    let is_set = |name| std::env::var_os(name).is_some();
    is_set("GIT_DIR") && !is_set("GIT_WORK_TREE") && config.string("core.worktree").is_none()
}

/// The first work tree, which other ones may share their hooks with.
fn first_work_tree(common: &Path) -> Option<PathBuf> {
    (common.file_name()? == ".git").then(|| common.parent().map(Path::to_path_buf))?
}

/// The path without links, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => resolved(parent).join(name),
        // It ends in `..`, or is a root.
        _ => path.to_path_buf(),
    })
}
