//! Changes: what a tree or an index has at a path that none of the trees it is compared with has.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::error::ProblemKind;
use crate::git::Objects;
use crate::git::index::{CachedTree, Index};
use crate::git::tree::{Entry, EntryKind, entries};
use crate::object::{HashKind, ObjectId, ObjectKind};
use crate::read::interrupt;

/// How many entries are told of again when the same folder stands at several paths. A repository made for it can hold
/// one file at more paths than there are atoms.
const MAX_AGAIN: usize = 1_000_000;
/// The longest path of a folder that is entered, in bytes: four times what Linux opens. It bounds the depth too.
const MAX_PATH: usize = 16 << 10;

/// Something at a path that is not there, or not the same, in what it was compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The path from the top of the work tree, with `/` between its parts.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: EntryKind,
    /// Its object.
    pub id: ObjectId,
    /// The tree that it stands in; none for an index, whose trees are not written yet.
    pub tree: Option<ObjectId>,
    /// Whether nothing was at the path before.
    pub is_new: bool,
}

/// An object that could not be read, or not wholly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The object.
    pub id: ObjectId,
    /// What kept it from being read.
    pub kind: ProblemKind,
    /// Why, in words.
    pub cause: String,
}

impl Unreadable {
    /// It is damaged or missing.
    pub fn corrupt(id: ObjectId, cause: impl Into<String>) -> Unreadable {
        Unreadable { id, kind: ProblemKind::Corrupt, cause: cause.into() }
    }
}

/// The bytes of a tree.
///
/// # Errors
///
/// Why it can't be read.
pub fn read_tree(objects: &Objects, id: &ObjectId) -> Result<Vec<u8>, Unreadable> {
    let mut bytes = Vec::new();
    let unreadable = |cause: String| Unreadable::corrupt(*id, cause);
    match objects.read(id, &mut bytes).map_err(unreadable)? {
        ObjectKind::Tree => Ok(bytes),
        other => Err(unreadable(format!("it is a {} and not a tree", other.name()))),
    }
}

/// What is at a path of a tree.
///
/// # Errors
///
/// The tree on the way that can't be read.
pub fn lookup(objects: &Objects, tree: ObjectId, path: &[u8]) -> Result<Option<(EntryKind, ObjectId)>, Unreadable> {
    let mut at = (EntryKind::Folder, tree);
    for name in path.split(|byte| *byte == b'/') {
        if at.0 != EntryKind::Folder {
            return Ok(None);
        }
        let tree = read_tree(objects, &at.1)?;
        let found = entries(&tree, objects.hash()).find(|entry| entry.name == name);
        match found.and_then(|entry| Some((entry.kind, entry.object()?))) {
            Some(next) => at = next,
            None => return Ok(None),
        }
    }
    Ok(Some(at))
}

/// A folder in the open: its path, its tree, and what it is compared with.
struct Open {
    path: Vec<u8>,
    tree: ObjectId,
    before: Vec<ObjectId>,
}

/// Everything in `tree` that stands at the same path in none of the trees `before`, to `visit`; folders come before what
/// is in them. Folders and submodules are told of only when they are new.
pub fn between_trees(
    objects: &Objects,
    tree: ObjectId,
    before: Vec<ObjectId>,
    visit: &mut dyn FnMut(Result<Change, Unreadable>),
) {
    between(objects, Open { path: Vec::new(), tree, before }, visit);
}

fn between(objects: &Objects, top: Open, visit: &mut dyn FnMut(Result<Change, Unreadable>)) {
    // No recursion: folders can be nested deeper than any stack.
    let mut open = vec![top];
    // The same folder compared with the same ones holds nothing that was not told of at another path.
    let mut seen = HashSet::new();
    let (mut again, mut is_cut) = (0, false);
    while let Some(Open { path, tree, before }) = open.pop() {
        if before.contains(&tree) || interrupt::requested() {
            continue;
        }
        let is_new = seen.insert((tree, before.clone()));
        if path.len() > MAX_PATH || (!is_new && again > MAX_AGAIN) {
            if !std::mem::replace(&mut is_cut, true) {
                visit(Err(too_many(tree)));
            }
            continue;
        }
        let told = compare(objects, &Open { path, tree, before }, &mut open, visit);
        again += if is_new { 0 } else { told + 1 };
    }
}

fn too_many(id: ObjectId) -> Unreadable {
    let cause = format!(
        "it is a folder in a path of more than {MAX_PATH} bytes, or one of many that hold the same files at more than \
         {MAX_AGAIN} paths; not all paths are looked at"
    );
    Unreadable { id, kind: ProblemKind::TooMany, cause }
}

/// Tells of what one folder has and the others have not, and opens the folders in it. How many entries that were.
fn compare(
    objects: &Objects,
    folder: &Open,
    open: &mut Vec<Open>,
    visit: &mut dyn FnMut(Result<Change, Unreadable>),
) -> usize {
    let bytes = match read_tree(objects, &folder.tree) {
        Ok(bytes) => bytes,
        Err(problem) => {
            visit(Err(problem));
            return 0;
        }
    };
    // A parent that can't be read hides nothing.
    let before: Vec<Vec<u8>> = folder.before.iter().filter_map(|id| read_tree(objects, id).ok()).collect();
    let before: Vec<_> = before.iter().map(|tree| by_name(tree, objects.hash())).collect();
    let mut told = 0;
    let all = entries(&bytes, objects.hash());
    for entry in all.clone() {
        let old: Vec<&Entry<'_>> = before.iter().filter_map(|tree| tree.get(entry.name)).collect();
        let Some(id) = entry.object() else { continue };
        if old.iter().any(|old| old.id == entry.id && old.kind == entry.kind) {
            continue;
        }
        told += 1;
        let path = joined(&folder.path, entry.name);
        let is_new = old.is_empty();
        let is_content = matches!(entry.kind, EntryKind::File | EntryKind::Link);
        if is_new || is_content {
            let (path, tree) = (path.clone(), Some(folder.tree));
            visit(Ok(Change { path, kind: entry.kind, id, tree, is_new }));
        }
        if entry.kind == EntryKind::Folder {
            let folders = old.iter().filter(|old| old.kind == EntryKind::Folder);
            open.push(Open { path, tree: id, before: folders.filter_map(|old| old.object()).collect() });
        }
    }
    if !all.is_whole() {
        visit(Err(Unreadable::corrupt(folder.tree, "it is a tree whose entries are damaged")));
    }
    told
}

/// The entries of a tree by their names.
fn by_name(tree: &[u8], hash: HashKind) -> HashMap<&[u8], Entry<'_>> {
    entries(tree, hash).map(|entry| (entry.name, entry)).collect()
}

/// Everything in the index that stands at the same path of the tree `head` otherwise, or not at all. What only stands
/// there to be added later is left out. Folders whose tree git has written already, and is the same, cost nothing.
pub fn staged(
    objects: &Objects,
    index: &Index,
    head: Option<ObjectId>,
    visit: &mut dyn FnMut(Result<Change, Unreadable>),
) {
    let mut open = vec![Level { range: 0..index.len(), path: Vec::new(), cached: index.trees(), head }];
    while let Some(level) = open.pop() {
        if level.head.is_some() && level.cached.and_then(CachedTree::id) == level.head {
            continue;
        }
        let tree = match level.head.map(|head| read_tree(objects, &head)).transpose() {
            Ok(tree) => tree.unwrap_or_default(),
            Err(problem) => {
                // What can't be compared is taken as new.
                visit(Err(problem));
                Vec::new()
            }
        };
        level.compare(objects, index, &tree, &mut open, visit);
    }
}

/// A folder of the index.
struct Level<'i> {
    /// Its entries, by number.
    range: Range<usize>,
    /// Its path, with a slash at the end but for the top.
    path: Vec<u8>,
    cached: Option<CachedTree<'i>>,
    head: Option<ObjectId>,
}

impl<'i> Level<'i> {
    fn compare(
        &self,
        objects: &Objects,
        index: &'i Index,
        tree: &[u8],
        open: &mut Vec<Level<'i>>,
        visit: &mut dyn FnMut(Result<Change, Unreadable>),
    ) {
        let old = by_name(tree, objects.hash());
        let mut next = self.range.start;
        while next < self.range.end {
            let entry = index.entry(next);
            let rest = &entry.path[self.path.len()..];
            let slash = rest.iter().position(|byte| *byte == b'/');
            let name = &rest[..slash.unwrap_or(rest.len())];
            let before = old.get(name);
            let folder = before.filter(|old| old.kind == EntryKind::Folder).and_then(Entry::object);
            let is_new = before.is_none();
            match slash {
                None => {
                    next += 1;
                    let is_same = before.is_some_and(|old| old.kind == entry.kind && old.id == entry.id.as_bytes());
                    if !is_same && !entry.is_intent && (is_new || entry.kind != EntryKind::Submodule) {
                        let path = entry.path.to_vec();
                        visit(Ok(Change { path, kind: entry.kind, id: entry.id, tree: None, is_new }));
                    }
                }
                Some(slash) => {
                    let path = entry.path[..=self.path.len() + slash].to_vec();
                    if is_new && !entry.is_intent {
                        let path = path[..path.len() - 1].to_vec();
                        visit(Ok(Change { path, kind: EntryKind::Folder, id: entry.id, tree: None, is_new }));
                    }
                    if entry.kind == EntryKind::Folder && slash + 1 == rest.len() {
                        // A sparse index: the folder stands for all that its tree holds.
                        next += 1;
                        let path = path[..path.len() - 1].to_vec();
                        between(objects, Open { path, tree: entry.id, before: folder.into_iter().collect() }, visit);
                        continue;
                    }
                    let end = (next..self.range.end).find(|&number| !index.entry(number).path.starts_with(&path));
                    let range = next..end.unwrap_or(self.range.end);
                    next = range.end;
                    let cached = self.cached.and_then(|cached| cached.child(name));
                    open.push(Level { range, path, cached, head: folder });
                }
            }
        }
    }
}

/// The path of an entry of a folder; the top has an empty one.
pub fn joined(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}
