//! Refs in tables: repositories with `extensions.refStorage=reftable` (git 2.45 and later).
//!
//! A folder `reftable` holds a stack of tables. `tables.list` names them, one a line; a later table overrides earlier
//! ones, and what it deletes is hidden. The format is git's Documentation/technical/reftable.txt, its versions 1 and 2.
//! Nothing is written. What can't be read is told and the rest is used: a table counts up to its first fault.

mod table;

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

pub use table::{Logged, Value};

use crate::error::{describe, describe_with};
use crate::git::sweep::bytes::Bytes;
use crate::object::HashKind;
use crate::read::{MAP_FROM, MAX_GIT_FILE, whole};
use table::{Room, Table};

/// The folder of a stack, in the folder of a repository or of a linked work tree.
pub const FOLDER: &str = "reftable";
/// The list of a stack's tables.
const LIST: &str = "tables.list";
/// The most tables of a stack. git puts them together so that each is at least twice as long as the next one, and sixty
/// would be very many.
const MAX_TABLES: usize = 1000;
/// How many bytes of tables are read, in bytes; what comes behind them is mapped, however short it is.
const MAX_READ: usize = 64 << 20;
/// What helps against damage, for git has no command that mends a table.
const RESTORE: &str = "restore the file from a backup, or clone the repository again";

/// The refs of a stack by their full names.
pub type Refs = BTreeMap<Vec<u8>, Value>;
/// The reflogs of a stack by the names of their refs. The oldest entry comes first.
pub type Logs = BTreeMap<Vec<u8>, Vec<Logged>>;

/// The tables of one folder.
#[derive(Debug)]
pub struct Stack {
    tables: Vec<(PathBuf, Table)>,
    problems: Vec<(PathBuf, String)>,
}

impl Stack {
    /// Reads the tables below `dir`, the folder of a repository or of a linked work tree, whose objects have ids of this
    /// hash. A table that is listed and missing is looked for once more by a new list: git removes tables when it puts
    /// them together.
    pub fn read(dir: &Path, hash: HashKind) -> Stack {
        let folder = dir.join(FOLDER);
        let mut stack = Stack::attempt(&folder, hash);
        if stack.is_err() {
            stack = Stack::attempt(&folder, hash);
        }
        stack.unwrap_or_else(|stack| stack)
    }

    /// Whether there is a stack in the folder of a repository.
    pub fn is_in(dir: &Path) -> bool {
        dir.join(FOLDER).join(LIST).is_file()
    }

    /// What could not be read, and why, with what to do about it.
    pub fn problems(&self) -> &[(PathBuf, String)] {
        &self.problems
    }

    /// Every ref, deleted ones left out.
    pub fn refs(&mut self) -> Refs {
        let (mut refs, mut room) = (Refs::new(), self.room());
        for (file, table) in &self.tables {
            let read = table.refs(&mut room, &mut |name, value| match value {
                Some(value) => drop(refs.insert(name.to_vec(), value)),
                None => drop(refs.remove(name)),
            });
            tell(&mut self.problems, file, read);
        }
        refs
    }

    /// Every reflog. Entries that were deleted are left out, and so are those that only say that a log exists.
    pub fn logs(&mut self) -> Logs {
        let mut found: BTreeMap<Vec<u8>, BTreeMap<u64, Logged>> = BTreeMap::new();
        let mut room = self.room();
        for (file, table) in &self.tables {
            let read = table.logs(&mut room, &mut |name, update, logged| {
                if !found.contains_key(name) {
                    found.insert(name.to_vec(), BTreeMap::new());
                }
                let Some(log) = found.get_mut(name) else { return };
                match logged {
                    Some(logged) => drop(log.insert(update, logged)),
                    None => drop(log.remove(&update)),
                }
            });
            tell(&mut self.problems, file, read);
        }
        let logs = found.into_iter().map(|(name, log)| {
            let entries = log.into_values().filter(|logged| logged.old.is_some() || logged.new.is_some());
            (name, entries.collect())
        });
        logs.collect()
    }

    fn room(&self) -> Room {
        Room::of(self.tables.iter().map(|(_, table)| table.len() as u64).sum())
    }

    /// `Err` with what there is when a listed table is missing.
    fn attempt(folder: &Path, hash: HashKind) -> Result<Stack, Stack> {
        let mut stack = Stack { tables: Vec::new(), problems: Vec::new() };
        let list = match whole(&folder.join(LIST), MAX_GIT_FILE) {
            Ok(list) => list,
            Err(error) => {
                stack.problem(folder.join(LIST), &describe_with(&error, RESTORE));
                return Err(stack);
            }
        };
        let mut seen = HashSet::new();
        let (mut is_whole, mut read) = (true, 0);
        for line in list.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let Some(name) = file_name(line).filter(|name| seen.insert(*name)) else {
                let line = String::from_utf8_lossy(line);
                stack.problem(folder.join(LIST), &format!("{line:?} can't be the name of a table; {RESTORE}"));
                continue;
            };
            let file = folder.join(name);
            if seen.len() > MAX_TABLES {
                stack.problem(
                    file,
                    &format!("it is listed behind {MAX_TABLES} others, and so not read; run git pack-refs"),
                );
                break;
            }
            match Bytes::open(&file, if read < MAX_READ { MAP_FROM } else { 1 }) {
                Ok(bytes) => {
                    read += bytes.len();
                    stack.add(file, bytes, hash);
                }
                Err(error) => {
                    is_whole &= error.kind() != io::ErrorKind::NotFound;
                    let cause = describe(&error);
                    stack.problem(file, &format!("{cause}; scan again when no git runs there, or {RESTORE}"));
                }
            }
        }
        if is_whole { Ok(stack) } else { Err(stack) }
    }

    fn add(&mut self, file: PathBuf, bytes: Bytes, hash: HashKind) {
        match Table::parse(bytes, hash) {
            Ok((table, damage)) => {
                tell(&mut self.problems, &file, damage.map_or(Ok(()), Err));
                self.tables.push((file, table));
            }
            Err(damage) => tell(&mut self.problems, &file, Err(damage)),
        }
    }

    fn problem(&mut self, file: PathBuf, message: &str) {
        self.problems.push((file, format!("refs can't be read: {message}")));
    }
}

/// Notes what is wrong with a table.
fn tell(problems: &mut Vec<(PathBuf, String)>, file: &Path, read: Result<(), table::Damage>) {
    if let Err(damage) = read {
        let problem = (file.to_path_buf(), format!("some refs can't be read: {damage}; {RESTORE}"));
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
}

/// A name of a file in the same folder.
fn file_name(line: &[u8]) -> Option<&str> {
    let name = std::str::from_utf8(line).ok()?;
    let is_plain = name != ".." && name != "." && !name.contains(['/', '\\', ':', '\0']);
    is_plain.then_some(name)
}

#[cfg(test)]
mod tests;
