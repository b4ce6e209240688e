//! Taking out what install put in, and nothing else.

use std::path::Path;

use super::file::{self, HookFile, Run};
use super::place::{Owner, Place, entry_name};
use super::script::{self, Before, Refusal};
use super::{Beside, Stage, Write, config, managers, shown, tell};
use crate::error::Error;
use crate::exit::Exit;

/// What became of a hook.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There was none.
    None,
    /// It is taken out.
    Removed,
    /// It is still there.
    Left,
}

/// Takes the hooks for `stages` out and tells what was done. The status is that of wrong usage when one of them
/// is still there.
///
/// # Errors
///
/// [`Error::GitConfig`] and [`Error::HookFile`].
pub fn uninstall(
    place: &Place,
    stages: &[Stage],
    beside: Beside,
    write: Write,
    told: &mut String,
) -> Result<Exit, Error> {
    let managers = managers::in_charge(place);
    let mut exit = Exit::Clean;
    for &stage in stages {
        let outcomes = [script(place, stage, beside, write, told)?, entry(place, stage, write, told)?];
        if outcomes.contains(&Outcome::Left) {
            exit = Exit::Usage;
        }
        let name = stage.name();
        if outcomes == [Outcome::None; 2] {
            tell(told, format!("{name}: not installed"));
        }
        for manager in managers.iter().filter(|manager| manager.has(stage).is_some()) {
            tell(told, format!("{name}: {} still has it; take it out there", shown(&manager.config(stage))));
        }
    }
    Ok(exit)
}

/// Takes the block for `stage` out of the script that git runs, and out of the one that it would run without
/// `core.hooksPath`.
///
/// # Errors
///
/// [`Error::HookFile`].
pub fn script(place: &Place, stage: Stage, beside: Beside, write: Write, told: &mut String) -> Result<Outcome, Error> {
    let mut folders = vec![(place.hooks.clone(), place.owner)];
    if place.default_hooks() != place.hooks {
        folders.push((place.default_hooks(), Owner::Repository));
    }
    let mut outcome = Outcome::None;
    for (folder, owner) in folders {
        let path = folder.join(stage.name());
        let HookFile::Plain { content, run } = file::look(&path)? else { continue };
        let left = match script::without_block(&content) {
            Ok(Some(left)) if left == content => continue,
            Ok(left) => left,
            Err(Refusal::Marks | Refusal::NotShell) => {
                outcome = Outcome::Left;
                let (name, path) = (stage.name(), shown(&path));
                tell(
                    told,
                    format!("{name}: {path} has marks of hopx-leaks that do not pair up; take them out by hand"),
                );
                continue;
            }
        };
        if owner == Owner::Shared && beside == Beside::OwnHooks {
            outcome = Outcome::Left;
            let (name, path) = (stage.name(), shown(&path));
            tell(
                told,
                format!("{name}: {path} serves other repositories too and was left alone; say --force to change it"),
            );
            continue;
        }
        let is_off = script::before(&content) == Some(Before::SwitchedOff) && file::is_switched_on(&path);
        let run = if is_off { Run::No } else { run };
        take_out(stage, &path, left, run, write, told)?;
        if outcome == Outcome::None {
            outcome = Outcome::Removed;
        }
    }
    Ok(outcome)
}

fn take_out(
    stage: Stage,
    path: &Path,
    left: Option<Vec<u8>>,
    run: Run,
    write: Write,
    told: &mut String,
) -> Result<(), Error> {
    let (name, shown) = (stage.name(), shown(path));
    match (left, write) {
        (Some(left), Write::Files) => {
            file::replace(path, &left, run)?;
            tell(told, format!("{name}: taken out of {shown}"));
        }
        (None, Write::Files) => {
            file::remove(path)?;
            tell(told, format!("{name}: removed {shown}"));
        }
        (Some(_), Write::Nothing) => tell(told, format!("{name}: would be taken out of {shown}")),
        (None, Write::Nothing) => tell(told, format!("{name}: would remove {shown}")),
    }
    Ok(())
}

/// Takes the entry for `stage` out of the repository's configuration.
///
/// # Errors
///
/// [`Error::GitConfig`] and [`Error::HookFile`].
pub fn entry(place: &Place, stage: Stage, write: Write, told: &mut String) -> Result<Outcome, Error> {
    let Some(entry) = place.entry(stage) else { return Ok(Outcome::None) };
    let (name, path) = (stage.name(), shown(&place.config_file()));
    let mut outcome = Outcome::None;
    if config::uninstall(place, stage, write)? {
        let done = match write {
            Write::Files => "taken out of",
            Write::Nothing => "would be taken out of",
        };
        tell(told, format!("{name}: {done} {path}"));
        outcome = Outcome::Removed;
    }
    if !entry.local {
        let key = entry_name(stage);
        tell(
            told,
            format!(
                "{name}: hook.{key} is also set outside of this repository; run: \
                 git config --global --remove-section hook.{key}"
            ),
        );
        outcome = Outcome::Left;
    }
    Ok(outcome)
}
