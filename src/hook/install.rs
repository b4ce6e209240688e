//! Putting hooks in place, each by one method only, and telling what was not.

use std::path::Path;

use super::file::{self, HookFile, Run};
use super::managers::{self, InCharge};
use super::place::{EntryState, Owner, Place, SaidBy, entry_name};
use super::program::{self, Git};
use super::script::{self, Before, Refusal};
use super::snippets::snippets;
use super::{Beside, Method, Stage, Write, config, shown, tell, tell_text};
use crate::error::Error;
use crate::exit::Exit;
use crate::report::escape::terminal;

/// How to install.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// How git is to find the hooks.
    pub method: Method,
    /// What they may stand beside.
    pub beside: Beside,
    /// Whether anything is written.
    pub write: Write,
}

/// Whether a hook is where it should be now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Done {
    Yes,
    No,
}

/// Puts the hooks for `stages` in place and tells what was done. The status is that of wrong usage when one of them is
/// not in place in the end.
///
/// # Errors
///
/// [`Error::HookProgram`], [`Error::SharedHooks`], [`Error::GitConfig`] and [`Error::HookFile`].
pub fn install(place: &Place, stages: &[Stage], how: How, told: &mut String) -> Result<Exit, Error> {
    let program = program::own_path()?;
    let managers = managers::in_charge(place);
    if how.beside == Beside::OwnHooks && !managers.is_empty() {
        return Ok(hand_over(place, &managers, stages, told));
    }
    let git = match how.method {
        Method::Auto | Method::Config => program::git(),
        Method::Script => Git::None,
    };
    let mut exit = Exit::Clean;
    for &stage in stages {
        let by_config = match how.method {
            Method::Config => true,
            Method::Script => false,
            Method::Auto => git == Git::ConfigHooks && !has_block(place, stage)?,
        };
        let is_linked = place.owner == Owner::Shared && place.said_by == SaidBy::Default;
        let done = if by_config {
            by_config_entry(place, stage, &program, how, &git, told)?
        } else if is_linked && how.beside == Beside::OwnHooks {
            linked(place, told);
            return Ok(Exit::Usage);
        } else {
            by_script(place, stage, &program, how, told)?
        };
        if done == Done::No {
            exit = Exit::Usage;
        }
    }
    notes(place, &managers, told);
    Ok(exit)
}

/// Tells that the folder of hooks is a link out of the repository.
fn linked(place: &Place, told: &mut String) {
    let folder = place.common.join("hooks");
    let quoted = script::quoted(folder.as_os_str().as_encoded_bytes());
    let quoted = terminal(&quoted);
    let (folder, hooks) = (shown(&folder), shown(&place.hooks));
    tell(
        told,
        format!(
            "{folder} is a link to {hooks}, outside of this repository, so nothing was installed. To change the hooks \
             there, for every repository that uses them, say --force; to give this repository hooks of its own, \
             run: rm {quoted} && mkdir {quoted}"
        ),
    );
}

/// What is true of all hooks of this repository.
fn notes(place: &Place, managers: &[InCharge], told: &mut String) {
    if place.top.is_none() {
        tell(told, "note: the repository is bare; only its work trees commit, and pushes from it run pre-push");
    }
    if place.top.as_ref().is_some_and(|top| place.hooks.starts_with(top) && !place.hooks.starts_with(&place.common)) {
        let hooks = shown(&place.hooks);
        tell(
            told,
            format!("note: {hooks} is in the work tree; scripts there name the program as it lies on this machine"),
        );
    }
    for manager in managers {
        tell(told, format!("note: {} may write git's hooks again and so undo this", manager.name()));
    }
}

/// Tells what to add to the configuration of the managers, for what they don't have yet.
fn hand_over(place: &Place, managers: &[InCharge], stages: &[Stage], told: &mut String) -> Exit {
    let mut missing = Vec::new();
    for &stage in stages {
        match managers.iter().find(|manager| manager.has(stage).is_some()) {
            Some(manager) => {
                let (name, config) = (stage.name(), shown(&manager.config(stage)));
                tell(told, format!("{name}: {config} has it; nothing to do here"));
                if !manager.runs(&place.hooks, stage) {
                    tell(told, format!("{name}: git does not run it yet; run: {}", manager.activation(&[stage])));
                }
            }
            None => missing.push(stage),
        }
    }
    if missing.is_empty() {
        return Exit::Clean;
    }
    let names: Vec<&str> = missing.iter().map(|stage| stage.name()).collect();
    for manager in managers {
        tell(told, format!("{} is in charge of git's hooks here, so nothing was installed.", manager.name()));
        for snippet in snippets(manager, &missing) {
            tell(told, format!("Add this to {}:\n", snippet.to));
            tell_text(told, snippet.text.as_bytes());
        }
        tell(told, format!("Then run: {}", manager.activation(&missing)));
    }
    tell(told, format!("Not installed: {}. To install beside what is there, say --force.", names.join(", ")));
    Exit::Usage
}

fn has_block(place: &Place, stage: Stage) -> Result<bool, Error> {
    Ok(match file::look(&place.hooks.join(stage.name()))? {
        HookFile::Plain { content, run: _ } => script::has_block(&content),
        HookFile::None | HookFile::Link(_) | HookFile::Special => false,
    })
}

fn by_config_entry(
    place: &Place,
    stage: Stage,
    program: &[u8],
    how: How,
    git: &Git,
    told: &mut String,
) -> Result<Done, Error> {
    let (name, path, write) = (stage.name(), shown(&place.config_file()), how.write);
    let disabled = place.entry(stage).filter(|entry| entry.state == EntryState::Disabled);
    if let Some(entry) = disabled.filter(|entry| how.beside == Beside::OwnHooks || !entry.local) {
        let (key, force) = (entry_name(stage), if entry.local { ", or say --force" } else { "" });
        tell(
            told,
            format!(
                "{name}: hook.{key}.enabled is false, so the hook is switched off; it was left alone. To switch it on, \
                 run: git config hook.{key}.enabled true{force}"
            ),
        );
        return Ok(Done::No);
    }
    match (config::install(place, stage, program, write)?, write) {
        (false, _) => tell(told, format!("{name}: already installed in {path}")),
        (true, Write::Files) => tell(told, format!("{name}: installed in {path}")),
        (true, Write::Nothing) => {
            tell(told, format!("{name}: would add this to {path}:"));
            tell_text(told, &config::section(stage, &script::command(stage, program)));
        }
    }
    let version = match git {
        Git::ConfigHooks => {
            // One hook is enough: a block from before would run a second time.
            super::uninstall::script(place, stage, Beside::OwnHooks, write, told)?;
            return Ok(Done::Yes);
        }
        Git::Older(version) => format!("git {} does not run", terminal(version.as_bytes())),
        Git::None => "no git was found that runs".to_owned(),
    };
    tell(told, format!("{name}: {version} hooks from its configuration, git 2.54 and later does; say --method script"));
    Ok(Done::No)
}

fn by_script(place: &Place, stage: Stage, program: &[u8], how: How, told: &mut String) -> Result<Done, Error> {
    if place.owner == Owner::Shared && how.beside == Beside::OwnHooks {
        let own = script::quoted(place.default_hooks().as_os_str().as_encoded_bytes());
        let remedy = format!("git config --local core.hooksPath {}", String::from_utf8_lossy(&own));
        return Err(Error::SharedHooks { hooks: place.hooks.clone(), remedy });
    }
    let path = place.hooks.join(stage.name());
    let by_hand = |why: &str, told: &mut String| {
        tell(
            told,
            format!(
                "{}: {} {why}, so it was left alone. Make it run this, and fail when this fails:",
                stage.name(),
                shown(&path)
            ),
        );
        let rest = format!(" hook run {} \"$@\"", stage.name());
        tell_text(told, &[&script::quoted(program), rest.as_bytes()].concat());
        if stage == Stage::PrePush {
            tell(told, "It needs the lines that git writes to the hook's standard input: read them, and hand them on.");
        }
        Ok(Done::No)
    };
    let (old, new) = match file::look(&path)? {
        HookFile::None => (None, script::made(stage, program)),
        HookFile::Link(target) => return by_hand(&format!("is a link to {}", shown(&target)), told),
        HookFile::Special => return by_hand("is no file", told),
        HookFile::Plain { content, run } => match script::with_block(&content, stage, program, before(run)) {
            Err(Refusal::NotShell) => return by_hand("is not a shell script", told),
            Err(Refusal::Marks) => return by_hand("has marks of hopx-leaks that do not pair up", told),
            Ok(_) if run == Run::No && how.beside == Beside::OwnHooks => {
                let path = shown(&path);
                tell(
                    told,
                    format!(
                        "{}: {path} is not executable, so git does not run it; it was left alone. Make it \
                         executable, remove it, or say --force",
                        stage.name()
                    ),
                );
                return Ok(Done::No);
            }
            Ok(new) => (Some((content, run)), new),
        },
    };
    write_script(stage, &path, old.as_ref(), &new, how.write, told)?;
    if place.entry(stage).is_some_and(|entry| entry.local && entry.state == EntryState::On) {
        super::uninstall::entry(place, stage, how.write, told)?;
    }
    Ok(Done::Yes)
}

fn before(run: Run) -> Before {
    match run {
        Run::Yes => Before::Script,
        Run::No => Before::SwitchedOff,
    }
}

fn write_script(
    stage: Stage,
    path: &Path,
    old: Option<&(Vec<u8>, Run)>,
    new: &[u8],
    write: Write,
    told: &mut String,
) -> Result<(), Error> {
    let (name, shown) = (stage.name(), shown(path));
    let verb = match old {
        Some((content, Run::Yes)) if content == new => {
            tell(told, format!("{name}: already installed in {shown}"));
            return Ok(());
        }
        Some((content, _)) if script::has_block(content) => "updated in",
        Some(_) => "added to",
        None => "installed in",
    };
    match write {
        Write::Files => {
            file::replace(path, new, Run::Yes)?;
            tell(told, format!("{name}: {verb} {shown}"));
        }
        Write::Nothing => {
            tell(told, format!("{name}: would be {verb} {shown}, which would then be:"));
            tell_text(told, new);
        }
    }
    Ok(())
}
