//! Whether the hooks are in place and work, as git would see it.

use std::path::PathBuf;

use super::managers::{self, InCharge};
use super::manifest::Provider;
use super::place::{EntryState, Place, entry_name};
use super::program::{self, Found, Git};
use super::{Stage, file, script, shown, tell};
use crate::exit::Exit;
use crate::read::{MAX_LIST, whole};
use crate::report::escape::terminal;

/// What is known of a hook: whether it works, in words.
enum State {
    Works(String),
    Fails(String),
}

/// Tells of each of `stages` whether it is in place.
pub fn status(place: &Place, stages: &[Stage], told: &mut String) -> Exit {
    let managers = managers::in_charge(place);
    let mut exit = Exit::Clean;
    for &stage in stages {
        let ways = [by_config(place, stage), by_script(place, stage), by_manager(place, &managers, stage)];
        let mut known: Vec<State> = ways.into_iter().flatten().collect();
        if known.is_empty() {
            known.push(not_installed(place, &managers, stage));
        }
        if !known.iter().any(|state| matches!(state, State::Works(_))) {
            exit = Exit::HookInactive;
        }
        for state in known {
            let (State::Works(words) | State::Fails(words)) = state;
            tell(told, format!("{}: {words}", stage.name()));
        }
    }
    exit
}

fn by_config(place: &Place, stage: Stage) -> Option<State> {
    let entry = place.entry(stage)?;
    let at =
        if entry.local { shown(&place.config_file()) } else { "a configuration outside of the repository".to_owned() };
    let key = entry_name(stage);
    match entry.state {
        EntryState::On => {}
        EntryState::Disabled => {
            let words = format!("hook.{key} in {at} is switched off; run: git config hook.{key}.enabled true");
            return Some(State::Fails(words));
        }
        EntryState::Off => {
            return Some(State::Fails(format!("hook.{key} in {at} is not whole; run: hopx-leaks hook install")));
        }
    }
    match program::git() {
        Git::ConfigHooks => Some(with_program(&at, script::program_in(&entry.command))),
        Git::Older(version) => {
            let version = terminal(version.as_bytes());
            Some(State::Fails(format!(
                "installed in {at}, which git {version} does not look at; run: hopx-leaks hook install"
            )))
        }
        Git::None => Some(State::Fails(format!("installed in {at}, but there is no git"))),
    }
}

fn by_script(place: &Place, stage: Stage) -> Option<State> {
    let path = place.hooks.join(stage.name());
    // git follows links here.
    let content = whole(&path, MAX_LIST).ok().filter(|content| script::has_block(content))?;
    let at = shown(&path);
    if !path.metadata().is_ok_and(|metadata| file::is_executable(&metadata)) {
        return Some(State::Fails(format!("installed in {at}, which is not executable, so git does not run it")));
    }
    Some(with_program(&at, script::program_of(&content)))
}

/// A hook that git runs: whether there is something that it can run.
fn with_program(at: &str, program: Option<Vec<u8>>) -> State {
    let Some(program) = program else {
        return State::Fails(format!("what {at} runs is not ours; run: hopx-leaks hook install"));
    };
    let path = path_of(program);
    match program::find(&path) {
        Found::There => State::Works(format!("installed in {at}, runs {}", shown(&path))),
        Found::OnPath(other) => {
            let (gone, other) = (shown(&path), shown(&other));
            State::Works(format!("installed in {at}, runs {other}, since {gone} is gone"))
        }
        Found::Nowhere => {
            let (gone, install) = (shown(&path), script::INSTALL);
            State::Fails(format!(
                "installed in {at}, but {gone} is gone, so commits and pushes are stopped; run: {install}"
            ))
        }
    }
}

fn by_manager(place: &Place, managers: &[InCharge], stage: Stage) -> Option<State> {
    let (manager, from) = managers.iter().find_map(|manager| Some((manager, manager.has(stage)?)))?;
    let at = shown(&manager.config(stage));
    if !manager.runs(&place.hooks, stage) {
        let run = manager.activation(&[stage]);
        return Some(State::Fails(format!("{at} has it, but git does not run {}; run: {run}", manager.name())));
    }
    let is_there = from == Provider::Manager || program::on_path("hopx-leaks").is_some();
    Some(if is_there {
        State::Works(format!("run by {} as {at} says", manager.name()))
    } else {
        State::Fails(format!("{at} has it, but hopx-leaks is not on PATH; run: {}", script::INSTALL))
    })
}

fn not_installed(place: &Place, managers: &[InCharge], stage: Stage) -> State {
    let default = place.default_hooks().join(stage.name());
    let has_block = whole(&default, MAX_LIST).is_ok_and(|content| script::has_block(&content));
    if default.parent() != Some(&place.hooks) && has_block {
        let (default, hooks) = (shown(&default), shown(&place.hooks));
        let words = format!("installed in {default}, which git does not run: core.hooksPath sends it to {hooks}");
        return State::Fails(format!("{words}; run: hopx-leaks hook install"));
    }
    let in_charge = managers.first().map(|manager| format!("; {} is in charge here", manager.name()));
    let (in_charge, name) = (in_charge.unwrap_or_default(), stage.name());
    State::Fails(format!("not installed{in_charge}; run: hopx-leaks hook install --hook {name}"))
}

fn path_of(bytes: Vec<u8>) -> PathBuf {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        std::ffi::OsString::from_vec(bytes).into()
    }
    #[cfg(not(unix))]
    {
        String::from_utf8_lossy(&bytes).into_owned().into()
    }
}
