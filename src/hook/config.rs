//! Hooks in git's configuration (git 2.54 and later): a section of ours each, written and taken out line by line so
//! that every other byte of the file stays. What was meant is then read back from the new bytes.

use std::io::{self, Write as _};
use std::path::Path;

use super::place::{Entry, EntryState, Place, entry_in, entry_name, settings_in};
use super::{Stage, Write, script};
use crate::error::Error;
use crate::read::{MAX_LIST, whole};

/// Adds or updates the entry for `stage`. Whether anything had to change.
///
/// # Errors
///
/// [`Error::GitConfig`] and [`Error::HookFile`].
pub fn install(place: &Place, stage: Stage, program: &[u8], write: Write) -> Result<bool, Error> {
    let path = place.config_file();
    let old = read(&path)?;
    let command = script::command(stage, program);
    let wanted = Some(Entry { command: command.clone(), state: EntryState::On, local: true });
    if entry_in(&old, stage).is_ok_and(|entry| entry == wanted) {
        return Ok(false);
    }
    let new = with_section(&without_section(&old, stage), stage, &command);
    check(&path, &old, &new, stage, wanted.as_ref())?;
    replace(&path, &new, write).map(|()| true)
}

/// Takes the entry for `stage` out. Whether there was one.
///
/// # Errors
///
/// [`Error::GitConfig`] and [`Error::HookFile`].
pub fn uninstall(place: &Place, stage: Stage, write: Write) -> Result<bool, Error> {
    let path = place.config_file();
    let old = read(&path)?;
    if matches!(entry_in(&old, stage), Ok(None)) {
        return Ok(false);
    }
    let new = without_section(&old, stage);
    check(&path, &old, &new, stage, None)?;
    replace(&path, &new, write).map(|()| true)
}

/// The section for `stage`, with a newline behind it.
pub fn section(stage: Stage, command: &[u8]) -> Vec<u8> {
    let start = format!("{}\n\tevent = {}\n\tcommand = \"", header(stage), stage.name());
    [start.as_bytes(), &escaped(command), b"\"\n"].concat()
}

/// A value as it stands between quotes: git-config(1), Syntax, says what can't stand there as it is.
pub fn escaped(value: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::new();
    for &byte in value {
        match byte {
            b'"' | b'\\' => escaped.extend_from_slice(&[b'\\', byte]),
            b'\t' => escaped.extend_from_slice(b"\\t"),
            b'\n' => escaped.extend_from_slice(b"\\n"),
            byte => escaped.push(byte),
        }
    }
    escaped
}

fn header(stage: Stage) -> String {
    format!("[hook \"{}\"]", entry_name(stage))
}

fn with_section(config: &[u8], stage: Stage, command: &[u8]) -> Vec<u8> {
    let mut section = section(stage, command);
    if config.is_empty() || config.ends_with(b"\n") {
        return [config, &section].concat();
    }
    // The newline that is missing at the end stays missing, so that it is known when the section is taken out.
    section.pop();
    [config, b"\n", &section].concat()
}

/// The file without the lines of our section: its header and its settings. Comments and what else stands among them
/// stay, and with a setting that is not ours the header does too.
fn without_section(config: &[u8], stage: Stage) -> Vec<u8> {
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut dropped_header: Option<usize> = None;
    let mut header_line: &[u8] = b"";
    let mut is_last_dropped = false;
    let mut open = None;
    for line in config.split_inclusive(|&byte| byte == b'\n') {
        let text = line.trim_ascii();
        if let Some(value) = open {
            // The value of a setting goes on here, and goes where its beginning went.
            open = goes_on(line, value);
            if !is_last_dropped {
                kept.push(line);
            }
            continue;
        }
        open = if text.starts_with(b"[") { None } else { goes_on(line, Value::Plain) };
        is_last_dropped = false;
        if text.starts_with(b"[") {
            dropped_header = None;
            if text == header(stage).as_bytes() {
                (dropped_header, header_line, is_last_dropped) = (Some(kept.len()), line, true);
                continue;
            }
        } else if let Some(at) = dropped_header {
            if is_own_setting(text) {
                is_last_dropped = true;
                continue;
            }
            if !text.is_empty() && !text.starts_with(b"#") && !text.starts_with(b";") {
                kept.insert(at, header_line);
                dropped_header = None;
            }
        }
        kept.push(line);
    }
    let mut left = kept.concat();
    if is_last_dropped && !config.ends_with(b"\n") && left.ends_with(b"\n") {
        left.pop();
    }
    left
}

/// Where in a value a line ends that the next one goes on with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    Plain,
    Quoted,
}

/// Whether a value that is at `value` when the line begins goes on behind it: the line ends in a backslash that is no
/// part of a comment and is not escaped.
fn goes_on(line: &[u8], mut value: Value) -> Option<Value> {
    let mut bytes = line.iter().filter(|byte| **byte != b'\r');
    while let Some(byte) = bytes.next() {
        match (byte, value) {
            (b'\\', _) => match bytes.next() {
                Some(b'\n') => return Some(value),
                Some(_) => {}
                None => return None,
            },
            (b'"', Value::Plain) => value = Value::Quoted,
            (b'"', Value::Quoted) => value = Value::Plain,
            (b'#' | b';', Value::Plain) => return None,
            _ => {}
        }
    }
    None
}

fn is_own_setting(text: &[u8]) -> bool {
    // A name alone is a setting too, and a comment may stand behind it.
    let name = text.split(|&byte| byte == b'=' || byte == b'#' || byte == b';').next().unwrap_or_default().trim_ascii();
    OWN.iter().any(|own| name.eq_ignore_ascii_case(own.as_bytes()))
}

/// The settings of a hook.
const OWN: [&str; 4] = ["event", "command", "enabled", "parallel"];

/// Whether the new bytes mean what they should: our settings are those that are wanted and no more, and of the settings
/// that are not ours the same are left.
fn check(path: &Path, old: &[u8], new: &[u8], stage: Stage, wanted: Option<&Entry>) -> Result<(), Error> {
    let name = entry_name(stage);
    let split = |bytes: &[u8]| -> Result<(Vec<String>, Vec<String>), String> {
        Ok(settings_in(bytes, stage)?.into_iter().partition(|setting| OWN.contains(&setting.as_str())))
    };
    let means = || -> Result<bool, String> {
        let (own, others) = split(new)?;
        // What is wrong with the old bytes is for the new ones to be free of.
        let is_same = split(old).is_ok_and(|(_, before)| before == others);
        let count = if wanted.is_some() { 2 } else { 0 };
        Ok(is_same && own.len() == count && entry_in(new, stage)?.as_ref() == wanted)
    };
    let cause = match means() {
        Ok(true) => return Ok(()),
        Ok(false) => format!("its settings of hook.{name} are not written as expected"),
        Err(cause) => cause,
    };
    let remedy = format!("git config --local --remove-section hook.{name}");
    Err(Error::GitConfig { path: path.to_path_buf(), cause, remedy })
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    whole(path, MAX_LIST).map_err(|cause| failed("read", path, cause))
}

/// Replaces the file as git does: a file `config.lock` that must not be there before keeps others from writing.
fn replace(path: &Path, content: &[u8], write: Write) -> Result<(), Error> {
    if write == Write::Nothing {
        return Ok(());
    }
    let replace = || {
        let folder = path.parent().unwrap_or(Path::new("."));
        let name = path.file_name().unwrap_or_default();
        let mut lock = tempfile::Builder::new().prefix(name).suffix(".lock").rand_bytes(0).tempfile_in(folder)?;
        lock.write_all(content)?;
        lock.as_file().set_permissions(path.metadata()?.permissions())?;
        lock.as_file().sync_all()?;
        lock.persist(path).map(|_| ()).map_err(|error| error.error)
    };
    replace().map_err(|cause| failed("write", path, cause))
}

fn failed(action: &'static str, path: &Path, cause: io::Error) -> Error {
    let remedy = "check its permissions, and that no other git command is at work (config.lock)";
    Error::HookFile { action, path: path.to_path_buf(), cause, remedy }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMAND: &[u8] = b"hopx_leaks_at='/a \\ \"b\"'; x # y";

    #[test]
    fn what_goes_in_comes_out_as_it_was() {
        for config in
            [&b"[core]\n\tbare = false\n"[..], b"[core]\n\tbare = false", b"", b"# only\n", b"[a]\r\n\tb = c\r\n"]
        {
            let mut with = config.to_vec();
            for stage in Stage::ALL {
                with = with_section(&with, stage, COMMAND);
                let entry = entry_in(&with, stage).expect("a configuration").expect("an entry");
                assert_eq!((&entry.command[..], entry.state), (COMMAND, EntryState::On));
            }
            for stage in [Stage::CommitMsg, Stage::PrePush, Stage::PreCommit] {
                with = without_section(&with, stage);
                assert_eq!(entry_in(&with, stage), Ok(None));
            }
            assert_eq!(String::from_utf8_lossy(&with), String::from_utf8_lossy(config));
        }
    }

    #[test]
    fn what_others_wrote_into_our_section_stays() {
        let with = with_section(b"[a]\n\tb = c\n", Stage::PrePush, COMMAND);
        let more = [&with[..], b"\tenabled = true\n# about d\n[d]\n\te = f\n"].concat();
        assert_eq!(without_section(&more, Stage::PrePush), b"[a]\n\tb = c\n# about d\n[d]\n\te = f\n");
        let more = [&with[..], b"\tother = 1\n"].concat();
        let left = without_section(&more, Stage::PrePush);
        assert_eq!(left, b"[a]\n\tb = c\n[hook \"hopx-leaks-pre-push\"]\n\tother = 1\n");
        assert_eq!(entry_in(&left, Stage::PrePush), Ok(None));
    }

    #[test]
    fn settings_go_with_all_their_lines() {
        let header = "[hook \"hopx-leaks-pre-push\"]\n";
        for setting in [
            "\tcommand = a \\\n\tb\n",
            "\tcommand = \"a # \\\n[x] \\\\ \\\n\tb\" # c \\\n",
            "\tcommand = a \\\r\n\tevent = b\r\n",
            "\tenabled\n\tcommand = a \\\\\n",
        ] {
            let config = format!("[a]\n\tb = c \\\n\td\n{header}{setting}[e]\n\tf = g\n");
            let left = without_section(config.as_bytes(), Stage::PrePush);
            assert_eq!(String::from_utf8_lossy(&left), "[a]\n\tb = c \\\n\td\n[e]\n\tf = g\n", "{setting}");
        }
        let left = without_section(format!("{header}\tmore = \\\n\tevent\n\tevent = x\n").as_bytes(), Stage::PrePush);
        assert_eq!(String::from_utf8_lossy(&left), format!("{header}\tmore = \\\n\tevent\n\tevent = x\n"));
    }
}
