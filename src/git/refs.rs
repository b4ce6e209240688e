//! What leads to objects by name: HEADs, refs and reflogs.

mod tables;

pub(super) use tables::Tables;

use std::io;
use std::path::{Path, PathBuf};

use crate::blob::slashed;
use crate::error::describe_with;
use crate::git::reftable::Logged;
use crate::git::repository::in_words;
use crate::git::{Repository, plain};
use crate::object::{IdSet, ObjectId};
use crate::read::{CUT_SHORT, MAX_GIT_FILE, MAX_LIST, filling, whole};

/// How far what a name leads to has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// A remote repository has it: a fetch wrote this ref.
    Remote,
    /// It is part of this repository's history.
    Local,
    /// Only the stash has it.
    Stash,
    /// A reflog keeps it for a while.
    Log,
}

/// A name that leads to an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// How far that has gone.
    pub reach: Reach,
    /// The ref's full name, or an entry of a reflog such as `stash@{1}`.
    pub name: Vec<u8>,
    /// The object: a commit mostly, or a tag, or anything.
    pub target: ObjectId,
}

/// All names of a repository.
#[derive(Debug, Default)]
pub struct Names {
    /// What HEAD leads to; none before the first commit.
    pub head: Option<ObjectId>,
    /// Refs in order of their names, what git keeps behind them.
    pub names: Vec<Name>,
    /// What could not be read, and why, with what to do about it.
    pub problems: Vec<(PathBuf, String)>,
}

impl Repository {
    /// Every name that leads to an object.
    pub fn names(&self) -> Names {
        if self.has_tables() {
            return self.names_in_tables();
        }
        let mut all = Names::default();
        let (are_read, is_cut) = filling(|| self.add_refs(&mut all));
        if is_cut {
            all.problems.push((self.common_dir.join("packed-refs"), CUT_SHORT.to_owned()));
        }
        if !are_read {
            return all;
        }
        let linked = self.other_git_dirs();
        // The same names from whichever work tree one looks.
        add_private_refs(&self.common_dir, b"", &mut all);
        for dir in &linked {
            add_private_refs(dir, &[&private_name(dir)[..], b"/"].concat(), &mut all);
        }
        self.add_heads(&mut all);
        all.names.sort();
        all.names.dedup();
        self.tell_of_lost(&self.common_dir.join("refs"), &mut all);
        let worktrees = self.common_dir.join("worktrees");
        if let Err(error) = worktrees.read_dir()
            && error.kind() != io::ErrorKind::NotFound
        {
            all.problems.push(unreadable(worktrees, &error));
        }
        let mut kept = Names::default();
        add_reflogs(b"", &self.common_dir.join("logs"), &mut kept);
        for dir in linked {
            add_reflogs(&[&private_name(&dir)[..], b"/"].concat(), &dir.join("logs"), &mut kept);
        }
        all.names.extend(kept.names);
        all.problems.extend(kept.problems);
        all
    }

    /// Adds a problem for each ref whose object is not there.
    fn tell_of_lost(&self, place: &Path, all: &mut Names) {
        let objects = self.objects();
        let mut there = IdSet::default();
        for Name { name, target, .. } in &all.names {
            if there.contains(target) || objects.has(target) {
                there.insert(*target);
                continue;
            }
            let name = String::from_utf8_lossy(name);
            let message = format!("{name} leads to {target}, which is missing; fetch it, or run git fsck");
            all.problems.push((place.to_path_buf(), message));
        }
    }

    /// What the remote-tracking refs lead to.
    pub fn remote_tips(&self) -> Vec<ObjectId> {
        let names = self.names().names.into_iter();
        names.filter(|name| name.reach == Reach::Remote).map(|name| name.target).collect()
    }

    /// The commit that HEAD leads to; `None` before the first one.
    ///
    /// # Errors
    ///
    /// Why HEAD can't be read, in words.
    pub fn head(&self) -> Result<Option<ObjectId>, String> {
        if self.has_tables() {
            return self.head_in_tables();
        }
        let gix = self.gix.to_thread_local();
        let (id, is_cut) = filling(|| {
            let mut head = gix.head().map_err(|error| in_words(&error))?;
            if head.is_unborn() {
                return Ok(None);
            }
            let id = head.try_peel_to_id().map_err(|error| in_words(&error))?;
            Ok(id.and_then(|id| ObjectId::from_bytes(id.as_bytes())))
        });
        if is_cut { Err(CUT_SHORT.to_owned()) } else { id }
    }

    /// The folders of linked work trees, and the main one's when this is a linked work tree.
    pub fn other_git_dirs(&self) -> Vec<PathBuf> {
        let worktrees = self.common_dir.join("worktrees");
        let entries = worktrees.read_dir().into_iter().flatten().flatten();
        let mut dirs: Vec<PathBuf> =
            entries.map(|entry| entry.path()).filter(|dir| dir.join("HEAD").is_file()).collect();
        dirs.sort();
        dirs
    }

    /// Adds all refs. Whether they can be read without waiting.
    fn add_refs(&self, all: &mut Names) -> bool {
        match plain::unfit_below(&self.common_dir.join("refs")) {
            Ok(None) => {}
            Ok(Some((path, cause))) => {
                all.problems.push((path, checked(&cause)));
                return false;
            }
            Err((path, error)) => all.problems.push(unreadable(path, &error)),
        }
        let gix = self.gix.to_thread_local();
        let fetched = fetched_refs(&gix);
        let problem = |error: gix::Error| (self.common_dir.join("refs"), checked(&in_words(&error)));
        let platform = match gix.references() {
            Ok(platform) => platform,
            Err(error) => {
                all.problems.push(problem(error));
                return true;
            }
        };
        let refs = match platform.all() {
            Ok(refs) => refs,
            Err(error) => {
                all.problems.push(problem(error));
                return true;
            }
        };
        for found in refs {
            let mut found = match found {
                Ok(found) => found,
                Err(error) => {
                    all.problems.push(problem(error));
                    continue;
                }
            };
            let name = found.name().as_bstr().to_vec();
            if PRIVATE.iter().any(|folder| name.starts_with(folder.as_bytes())) {
                continue;
            }
            let is_symbolic = matches!(found.target(), gix::refs::TargetRef::Symbolic(_));
            let target = match found.follow_to_object() {
                Ok(target) => target,
                // One to a branch that does not exist yet leads nowhere, which is no fault.
                Err(_) if is_symbolic => continue,
                Err(error) => {
                    all.problems.push((self.common_dir.join("refs"), checked(&in_words(&error))));
                    continue;
                }
            };
            let Some(target) = ObjectId::from_bytes(target.as_bytes()) else { continue };
            let reach = reach(&name, &fetched);
            all.names.push(Name { reach, name, target });
        }
        true
    }

    /// HEAD of every work tree. One that is on a branch adds nothing to the branch's own name.
    fn add_heads(&self, all: &mut Names) {
        match self.head() {
            Ok(head) => all.head = head,
            Err(cause) => all.problems.push((self.git_dir.join("HEAD"), checked(&cause))),
        }
        let main = (self.common_dir.clone(), b"HEAD".to_vec());
        let others = self.other_git_dirs().into_iter().map(|dir| {
            let name = [&private_name(&dir)[..], b"/HEAD"].concat();
            (dir, name)
        });
        for (dir, name) in std::iter::once(main).chain(others) {
            let text = match whole(&dir.join("HEAD"), MAX_GIT_FILE) {
                Ok(text) => text,
                Err(error) => {
                    all.problems.push(unreadable(dir.join("HEAD"), &error));
                    continue;
                }
            };
            if let Some(target) = ObjectId::from_hex(text.trim_ascii()) {
                all.names.push(Name { reach: Reach::Local, name, target });
            }
        }
    }
}

/// A cause, and the command that tells more of it.
fn checked(cause: &str) -> String {
    format!("{cause}; run git fsck")
}

/// How far a ref has gone, by its full name and the patterns of refs that a fetch writes to.
fn reach(name: &[u8], fetched: &[Vec<u8>]) -> Reach {
    if name == b"refs/stash" {
        Reach::Stash
    } else if name.starts_with(b"refs/remotes/") || fetched.iter().any(|pattern| matches(pattern, name)) {
        Reach::Remote
    } else {
        Reach::Local
    }
}

/// The right sides of all remotes' fetch refspecs (git-fetch(1)): patterns of refs that a fetch writes to.
fn fetched_refs(gix: &gix::Repository) -> Vec<Vec<u8>> {
    let config = gix.config_snapshot();
    let remotes = config.plumbing().sections_by_name("remote").into_iter().flatten();
    let specs = remotes.flat_map(|remote| remote.values("fetch"));
    specs
        .filter_map(|spec| spec.iter().position(|byte| *byte == b':').map(|at| spec[at + 1..].to_vec()))
        .filter(|pattern| !pattern.is_empty())
        .collect()
}

/// Whether a ref's name fits a pattern with at most one asterisk.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.iter().position(|byte| *byte == b'*') {
        Some(at) => {
            let (before, after) = (&pattern[..at], &pattern[at + 1..]);
            name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after)
        }
        None => pattern == name,
    }
}

/// What stands before the names of refs that a linked work tree has for itself (gitrepository-layout(5)).
fn private_name(dir: &Path) -> Vec<u8> {
    [&b"worktrees/"[..], &slashed(Path::new(dir.file_name().unwrap_or_default()))].concat()
}

/// Refs that a work tree has for itself (git-worktree(1)).
const PRIVATE: [&str; 3] = ["refs/bisect/", "refs/rewritten/", "refs/worktree/"];

/// Adds the refs that a work tree has for itself, with `prefix` before their names. They are files of their own, never
/// packed.
fn add_private_refs(dir: &Path, prefix: &[u8], all: &mut Names) {
    let mut files = Vec::new();
    for folder in PRIVATE {
        match plain::files_below(&dir.join(folder)) {
            Ok(found) => files.extend(found),
            Err((path, error)) => all.problems.push(unreadable(path, &error)),
        }
    }
    for file in files {
        match whole(&file, MAX_GIT_FILE) {
            Ok(text) => {
                let name = [prefix, &slashed(file.strip_prefix(dir).unwrap_or(&file))].concat();
                let target = ObjectId::from_hex(text.trim_ascii());
                all.names.extend(target.map(|target| Name { reach: Reach::Local, name, target }));
            }
            Err(error) => all.problems.push(unreadable(file, &error)),
        }
    }
}

fn unreadable(path: PathBuf, error: &io::Error) -> (PathBuf, String) {
    (path, describe_with(error, "make it readable, for it says what leads to objects"))
}

/// Adds what the reflogs below `logs` hold: `OLD NEW NAME <MAIL> SECONDS ZONE\tTEXT` a line, the newest last
/// (gitrepository-layout(5)). Their names begin with `prefix`.
fn add_reflogs(prefix: &[u8], logs: &Path, kept: &mut Names) {
    let files = match plain::files_below(logs) {
        Ok(files) => files,
        Err((path, error)) => return kept.problems.push(unreadable(path, &error)),
    };
    for file in files {
        match whole(&file, MAX_LIST) {
            Ok(log) => {
                let name = log_name(slashed(file.strip_prefix(logs).unwrap_or(&file)));
                add_reflog(&[prefix, &name].concat(), &log, &mut kept.names);
            }
            Err(error) => kept.problems.push(unreadable(file, &error)),
        }
    }
}

fn add_reflog(name: &[u8], log: &[u8], kept: &mut Vec<Name>) {
    let lines: Vec<&[u8]> = log.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let word = |line: &[u8], nth: usize| line.split(|byte| *byte == b' ').nth(nth).and_then(ObjectId::from_hex);
    let entry = |line: &&[u8]| Logged {
        old: word(line, 0).filter(|id| !id.is_null()),
        new: word(line, 1).filter(|id| !id.is_null()),
    };
    add_entries(name, &lines.iter().map(entry).collect::<Vec<_>>(), kept);
}

/// Adds the entries of a reflog, the oldest first.
fn add_entries(name: &[u8], log: &[Logged], kept: &mut Vec<Name>) {
    let entry = |number: usize| [name, format!("@{{{number}}}").as_bytes()].concat();
    for (number, logged) in log.iter().rev().enumerate() {
        kept.extend(logged.new.map(|target| Name { reach: Reach::Log, name: entry(number), target }));
    }
    // What the oldest entry came from is not an entry, and git keeps it all the same.
    let before = log.first().and_then(|logged| logged.old);
    kept.extend(before.map(|target| Name { reach: Reach::Log, name: entry(log.len()), target }));
}

/// How a reflog is called in selectors of its entries.
fn log_name(name: Vec<u8>) -> Vec<u8> {
    if name == b"refs/stash" { b"stash".to_vec() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_refspecs() {
        assert!(matches(b"refs/remotes/origin/*", b"refs/remotes/origin/a/b"));
        assert!(matches(b"refs/*", b"refs/heads/main"));
        assert!(matches(b"refs/x/*/y", b"refs/x/1/y"));
        assert!(!matches(b"refs/x/*/y", b"refs/x/y"));
        assert!(!matches(b"refs/heads/main", b"refs/heads/mai"));
    }

    #[test]
    fn entries_of_a_reflog() {
        let (a, b, none) = ("1".repeat(40), "2".repeat(40), "0".repeat(40));
        let log = format!("{none} {a} t <t> 1 +0000\tx\n{a} {b} t <t> 2 +0000\ty\n");
        let mut kept = Vec::new();
        add_reflog(b"stash", log.as_bytes(), &mut kept);
        let shown: Vec<_> =
            kept.iter().map(|name| (String::from_utf8_lossy(&name.name), name.target.to_string())).collect();
        assert_eq!(shown, [("stash@{0}".into(), b.clone()), ("stash@{1}".into(), a)]);
        kept.clear();
        add_reflog(b"HEAD", format!("{b} {b} t <t> 1 +0000\n\nrubbish\n").as_bytes(), &mut kept);
        assert_eq!(kept.len(), 2);
    }
}
