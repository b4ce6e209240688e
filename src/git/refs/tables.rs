//! The names of a repository whose refs are in tables, and what they lead to.

use std::path::{Path, PathBuf};

use super::{Name, Names, PRIVATE, add_entries, fetched_refs, log_name, private_name, reach};
use crate::git::Repository;
use crate::git::plain::MAX_STEPS;
use crate::git::reftable::{FOLDER, Refs, Stack, Value};
use crate::object::ObjectId;

/// Where gitrevisions(7) looks for a name, in this order: what stands before it, and what behind it.
const RULES: [(&str, &str); 6] = [
    ("", ""),
    ("refs/", ""),
    ("refs/tags/", ""),
    ("refs/heads/", ""),
    ("refs/remotes/", ""),
    ("refs/remotes/", "/HEAD"),
];

/// The refs of a work tree.
struct Room {
    /// What stands before its names: nothing for those that all work trees share and the main one's own.
    prefix: Vec<u8>,
    dir: PathBuf,
    stack: Stack,
    refs: Refs,
}

/// All refs of a repository, or those that one of its work trees sees.
pub(in crate::git) struct Tables {
    /// The shared ones come first.
    rooms: Vec<Room>,
    /// Which of them belongs to the work tree at hand.
    own: usize,
}

impl Repository {
    /// Whether its refs are in tables instead of files.
    pub(in crate::git) fn has_tables(&self) -> bool {
        let gix = self.gix.to_thread_local();
        match gix.config_snapshot().string("extensions.refStorage") {
            Some(storage) => storage.eq_ignore_ascii_case(b"reftable"),
            None => Stack::is_in(&self.common_dir),
        }
    }

    /// The refs that the work tree at hand sees.
    pub(in crate::git) fn tables(&self) -> Tables {
        let is_linked = !is_same(&self.git_dir, &self.common_dir);
        self.read_tables(is_linked.then(|| self.git_dir.clone()).into_iter().collect())
    }

    /// The shared refs and those of these linked work trees.
    fn read_tables(&self, linked: Vec<PathBuf>) -> Tables {
        let own = linked.iter().position(|dir| is_same(dir, &self.git_dir)).map_or(0, |number| number + 1);
        let shared = (Vec::new(), self.common_dir.clone());
        let linked = linked.into_iter().map(|dir| ([&private_name(&dir)[..], b"/"].concat(), dir));
        let room = |(prefix, dir): (Vec<u8>, PathBuf)| {
            let mut stack = Stack::read(&dir, self.hash);
            let refs = stack.refs();
            Room { prefix, dir, stack, refs }
        };
        Tables { rooms: std::iter::once(shared).chain(linked).map(room).collect(), own }
    }

    pub(super) fn head_in_tables(&self) -> Result<Option<ObjectId>, String> {
        let tables = self.tables();
        // A table that can't be read may be the one that says where HEAD is.
        tables.verify()?;
        if !tables.rooms[tables.own].refs.contains_key(&b"HEAD"[..]) {
            return Err(format!("there is no HEAD in {}", self.git_dir.join(FOLDER).display()));
        }
        Ok(tables.find("HEAD"))
    }

    pub(super) fn names_in_tables(&self) -> Names {
        let mut tables = self.read_tables(self.other_git_dirs());
        let fetched = fetched_refs(&self.gix.to_thread_local());
        let mut all = Names { head: tables.find("HEAD"), ..Names::default() };
        for (number, room) in tables.rooms.iter().enumerate() {
            for (name, value) in &room.refs {
                // One that is on a branch adds nothing to the branch's own name.
                let is_head = name == b"HEAD" && matches!(value, Value::Object(_));
                let target = tables.follow(value, number).filter(|_| is_head || name.starts_with(b"refs/"));
                let name = [&room.prefix[..], name].concat();
                all.names.extend(target.map(|target| Name { reach: reach(&name, &fetched), name, target }));
            }
            if !room.refs.contains_key(&b"HEAD"[..]) && room.stack.problems().is_empty() {
                let message = "it does not say where HEAD is; switch to a branch there with git switch";
                all.problems.push((room.dir.join(FOLDER), message.to_owned()));
            }
        }
        all.names.sort();
        // Blocks of refs have no checksum: an id that is another than was written shows by having no object.
        self.tell_of_lost(&self.common_dir.join(FOLDER), &mut all);
        for room in &mut tables.rooms {
            for (name, log) in room.stack.logs() {
                add_entries(&[&room.prefix[..], &log_name(name)].concat(), &log, &mut all.names);
            }
            all.problems.extend_from_slice(room.stack.problems());
        }
        all
    }
}

impl Tables {
    /// Fails when a table can't be read: it might override what the others say.
    ///
    /// # Errors
    ///
    /// The first table, and why it can't be read.
    pub fn verify(&self) -> Result<(), String> {
        match self.rooms.iter().flat_map(|room| room.stack.problems()).next() {
            Some((file, message)) => Err(format!("{}: {message}", file.display())),
            None => Ok(()),
        }
    }

    /// The full name of the ref that a short one means, by git's rules.
    pub fn full_name(&self, short: &str) -> Option<String> {
        let names = RULES.iter().map(|(before, behind)| format!("{before}{short}{behind}"));
        names.into_iter().find(|name| self.find(name).is_some())
    }

    /// What a ref leads to, by its full name, as the work tree at hand sees it.
    pub fn find(&self, name: &str) -> Option<ObjectId> {
        self.value(name.as_bytes(), self.own).and_then(|value| self.follow(value, self.own))
    }

    /// What the HEAD at hand stands for: the branch, or itself when it is detached.
    pub fn branch(&self) -> String {
        match self.value(b"HEAD", self.own) {
            Some(Value::Symbolic(branch)) => String::from_utf8_lossy(branch).into_owned(),
            Some(Value::Object(_)) | None => "HEAD".to_owned(),
        }
    }

    /// An entry of the log of a ref, by the ref's full name: the newest one is number 0.
    pub fn logged(&mut self, name: &str, number: usize) -> Option<ObjectId> {
        let number_of_room = if is_private(name.as_bytes()) { self.own } else { 0 };
        let mut log = Vec::new();
        let mut logs = self.rooms[number_of_room].stack.logs();
        add_entries(b"", &logs.remove(name.as_bytes())?, &mut log);
        let entry = format!("@{{{number}}}").into_bytes();
        log.into_iter().find(|name| name.name == entry).map(|name| name.target)
    }

    fn value(&self, name: &[u8], room: usize) -> Option<&Value> {
        let with_prefix = |room: &&Room| !room.prefix.is_empty() && name.starts_with(&room.prefix);
        if let Some(room) = self.rooms.iter().find(with_prefix) {
            return room.refs.get(&name[room.prefix.len()..]);
        }
        if let Some(name) = name.strip_prefix(b"main-worktree/") {
            return self.rooms[0].refs.get(name);
        }
        self.rooms[if is_private(name) { room } else { 0 }].refs.get(name)
    }

    /// The object that a value in a room leads to. A symbolic ref to a branch that does not exist yet leads nowhere,
    /// which is no fault.
    fn follow(&self, value: &Value, room: usize) -> Option<ObjectId> {
        let mut value = value;
        for _ in 0..=MAX_STEPS {
            match value {
                Value::Object(id) => return Some(*id),
                Value::Symbolic(name) => value = self.value(name, room)?,
            }
        }
        None
    }
}

/// Whether each work tree has a ref of this full name for itself.
fn is_private(name: &[u8]) -> bool {
    !name.starts_with(b"refs/") || PRIVATE.iter().any(|prefix| name.starts_with(prefix.as_bytes()))
}

/// Whether two paths lead to the same folder.
fn is_same(one: &Path, other: &Path) -> bool {
    let canonical = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    canonical(one) == canonical(other)
}
