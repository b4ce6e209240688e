//! Exposure: how far keys at paths of a work tree have gone in the commits of its repository.
//!
//! What names lead to is taken in the order of their reach, and from the tips down. So the first version of a path that
//! has a key tells the worst that is true of the key there, and a key that a remote's tip still has costs the trees on
//! the way to it. For the others all commits are read once, whatever the number of paths, and of their trees those on
//! the way to a path, each tree once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::BuildHasherDefault;

use crate::detect::{Detector, Found};
use crate::git::changes::read_tree;
use crate::git::commit::Parts;
use crate::git::refs::Reach;
use crate::git::tree::{EntryKind, entries};
use crate::git::{Objects, Repository};
use crate::key::Fingerprint;
use crate::object::{IdHasher, IdMap, IdSet, ObjectId, ObjectKind};
use crate::read::interrupt;

/// How far each key at each path has gone in the commits of a repository: [`Reach::Remote`] or
/// [`Reach::Local`]; absent where no commit that a name reaches has it there. Paths are bytes from the top of the work tree, with `/`
/// between their parts. A version of a path has a key in its content, in the text of a link, or in its own name. What
/// can't be read settles nothing.
pub fn settle(
    repository: &Repository,
    detector: &Detector,
    wanted: &BTreeMap<Vec<u8>, BTreeSet<Fingerprint>>,
) -> BTreeMap<(Vec<u8>, Fingerprint), Reach> {
    let names = repository.names().names;
    let mut search = Search::new(repository.objects(), detector, wanted);
    let mut seen = IdSet::default();
    for reach in [Reach::Remote, Reach::Local] {
        let tips = names.iter().filter(|name| name.reach == reach).map(|name| name.target);
        let mut open: VecDeque<ObjectId> = tips.collect();
        while let Some(id) = open.pop_front() {
            if search.is_done() || interrupt::requested() {
                return search.settled;
            }
            if seen.insert(id) {
                open.extend(search.object(&id, reach));
            }
        }
    }
    search.settled
}

/// The keys in these bytes.
pub fn keys_in(detector: &Detector, bytes: &[u8]) -> BTreeSet<Fingerprint> {
    let keys = detector.keys(bytes, 0..bytes.len());
    keys.filter_map(|found| match found {
        Found::Key(found) => Some(found.key.fingerprint()),
        Found::Placeholder(_) => None,
    })
    .collect()
}

/// A folder or a file on the way to the wanted paths.
#[derive(Debug, Default)]
struct Node {
    above: Option<usize>,
    below: HashMap<Vec<u8>, usize>,
    /// The wanted path that ends here.
    path: Vec<u8>,
    /// The keys that it is not known to have had yet.
    open: BTreeSet<Fingerprint>,
    /// Those of its keys that are in its name.
    in_name: BTreeSet<Fingerprint>,
    /// How many keys are open here and below.
    open_below: usize,
}

/// The top of the work tree.
const TOP: usize = 0;

struct Search<'a> {
    objects: Objects,
    detector: &'a Detector,
    nodes: Vec<Node>,
    /// Trees, each with the folder it was met as.
    trees: HashSet<(ObjectId, usize), BuildHasherDefault<IdHasher>>,
    blobs: IdMap<BTreeSet<Fingerprint>>,
    settled: BTreeMap<(Vec<u8>, Fingerprint), Reach>,
}

impl<'a> Search<'a> {
    fn new(objects: Objects, detector: &'a Detector, wanted: &BTreeMap<Vec<u8>, BTreeSet<Fingerprint>>) -> Search<'a> {
        let mut nodes = vec![Node::default()];
        for (path, keys) in wanted {
            let mut at = TOP;
            nodes[at].open_below += keys.len();
            for name in path.split(|byte| *byte == b'/') {
                let next = nodes.len();
                let child = *nodes[at].below.entry(name.to_vec()).or_insert(next);
                if child == next {
                    nodes.push(Node { above: Some(at), ..Node::default() });
                }
                at = child;
                nodes[at].open_below += keys.len();
            }
            let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            let node = &mut nodes[at];
            node.path.clone_from(path);
            node.open.clone_from(keys);
            node.in_name = keys_in(detector, name).intersection(keys).copied().collect();
        }
        let (trees, blobs) = (HashSet::default(), IdMap::default());
        Search { objects, detector, nodes, trees, blobs, settled: BTreeMap::new() }
    }

    fn is_done(&self) -> bool {
        self.nodes[TOP].open_below == 0
    }

    /// Looks at what a name or a commit leads to. What that leads to in turn.
    fn object(&mut self, id: &ObjectId, reach: Reach) -> Vec<ObjectId> {
        let mut bytes = Vec::new();
        match self.objects.read(id, &mut bytes) {
            Ok(ObjectKind::Commit) => {
                let parts = Parts::new(&bytes);
                if let Some(tree) = parts.ids("tree").next() {
                    self.tree(tree, reach);
                }
                parts.ids("parent").collect()
            }
            Ok(ObjectKind::Tag) => Parts::new(&bytes).ids("object").take(1).collect(),
            Ok(ObjectKind::Tree) => {
                self.tree(*id, reach);
                Vec::new()
            }
            Ok(ObjectKind::Blob) | Err(_) => Vec::new(),
        }
    }

    fn tree(&mut self, top: ObjectId, reach: Reach) {
        // No recursion: folders can be nested deeper than any stack.
        let mut open = vec![(top, TOP)];
        while let Some((tree, node)) = open.pop() {
            if self.nodes[node].open_below == 0 || !self.trees.insert((tree, node)) {
                continue;
            }
            let Ok(bytes) = read_tree(&self.objects, &tree) else { continue };
            for entry in entries(&bytes, self.objects.hash()) {
                let Some(&child) = self.nodes[node].below.get(entry.name) else { continue };
                let Some(id) = entry.object() else { continue };
                self.version(child, entry.kind, id, reach);
                if entry.kind == EntryKind::Folder {
                    open.push((id, child));
                }
            }
        }
    }

    /// Settles the keys that this version of a path has.
    fn version(&mut self, number: usize, kind: EntryKind, id: ObjectId, reach: Reach) {
        let node = &mut self.nodes[number];
        if node.open.is_empty() {
            return;
        }
        let mut here = std::mem::take(&mut node.in_name);
        match kind {
            EntryKind::File | EntryKind::Link => {
                let (objects, detector) = (&self.objects, self.detector);
                here.extend(self.blobs.entry(id).or_insert_with(|| keys_of(objects, detector, &id)).iter());
            }
            EntryKind::Folder | EntryKind::Submodule => {}
        }
        here.retain(|key| node.open.remove(key));
        let path = &self.nodes[number].path;
        self.settled.extend(here.iter().map(|key| ((path.clone(), *key), reach)));
        let mut at = Some(number);
        while let Some(number) = at {
            self.nodes[number].open_below -= here.len();
            at = self.nodes[number].above;
        }
    }
}

/// The keys in a blob; none where it can't be read.
pub fn keys_of(objects: &Objects, detector: &Detector, blob: &ObjectId) -> BTreeSet<Fingerprint> {
    let mut bytes = Vec::new();
    match objects.read(blob, &mut bytes) {
        Ok(_) => keys_in(detector, &bytes),
        Err(_) => BTreeSet::new(),
    }
}
