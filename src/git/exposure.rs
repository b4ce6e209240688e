//! Exposure: how far keys at paths of a work tree have gone in the commits of its repository.
//!
//! What names lead to is taken in the order of their reach, and from the tips down. So the first version of a path that
//! has a key tells the worst that is true of the key there, and a key that a remote's tip still has costs the trees on
//! the way to it. For the others all commits are read once, whatever the number of paths, and of their trees those on
//! the way to a path, each tree once.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use crate::blob::Kind;
use crate::container::Bounds;
use crate::detect::{Detector, Found};
use crate::error::{Problem, ProblemKind};
use crate::git::changes::{Unreadable, read_tree};
use crate::git::commit::Parts;
use crate::git::objects::MISSING;
use crate::git::refs::{Names, Reach};
use crate::git::tree::{EntryKind, entries};
use crate::git::{Objects, Repository};
use crate::key::{Fingerprint, Fingerprints};
use crate::object::{IdMap, IdSet, IdState, ObjectId, ObjectKind};
use crate::read::interrupt;
use crate::search::{Containers, Search};

/// How far keys have gone in the commits of a repository.
#[derive(Debug, Default)]
pub struct Settled {
    /// [`Reach::Remote`] or [`Reach::Local`] for each key at each path; absent where no commit that a name reaches has
    /// it there. Paths are bytes from the top of the work tree, with `/` between their parts.
    pub reach: BTreeMap<(Vec<u8>, Fingerprint), Reach>,
    /// What could not be read, so that a key may have gone further than `reach` says. In a shallow or partial clone
    /// what was left at the origin does not count.
    pub problems: Vec<Problem>,
}

/// How versions are searched for keys: just as what they are compared with.
#[derive(Clone, Copy)]
pub struct Searched<'a> {
    /// Finds the keys.
    pub detector: &'a Detector,
    /// What is done with containers.
    pub containers: Containers,
    /// How much of them is opened.
    pub bounds: Bounds,
}

/// How far each of these keys at each of these paths has gone. A version of a path has a key in its content, in the text
/// of a link, or in its own name.
pub fn settle(repository: &Repository, searched: Searched<'_>, wanted: &BTreeMap<Vec<u8>, Fingerprints>) -> Settled {
    let Names { names, problems, .. } = repository.names();
    let boundary: IdSet = repository.shallow_commits().into_iter().collect();
    let mut search = Versions::new(repository.objects(), searched, wanted);
    let settled = |search: Versions<'_>| {
        let problems =
            problems.iter().map(|(path, message)| Problem::given(path, ProblemKind::Corrupt, message.clone()));
        let lost = search.lost.iter().filter(|(_, cause)| !(repository.is_partial() && *cause == MISSING));
        let lost = lost.map(|(id, cause)| {
            let cause = format!("{cause}, and a key may have gone further than is told");
            Problem::object(id, ProblemKind::Corrupt, &cause)
        });
        Settled { problems: problems.chain(lost.take(TOLD)).collect(), reach: search.settled }
    };
    let mut seen = IdSet::default();
    for reach in [Reach::Remote, Reach::Local] {
        let tips = names.iter().filter(|name| name.reach == reach).map(|name| name.target);
        let mut open: VecDeque<ObjectId> = tips.collect();
        while let Some(id) = open.pop_front() {
            if search.is_done() || interrupt::requested() {
                return settled(search);
            }
            if seen.insert(id) {
                let next = search.object(&id, reach);
                open.extend(next.into_iter().filter(|_| !boundary.contains(&id)));
            }
        }
    }
    settled(search)
}

/// Objects that are told of as unreadable.
const TOLD: usize = 100;

/// The keys in a name.
pub fn keys_in(detector: &Detector, name: &[u8]) -> Fingerprints {
    let keys = detector.keys(name, 0..name.len()).filter_map(|found| match found {
        Found::Key(found) => Some(found.key.fingerprint()),
        Found::Placeholder(_) | Found::Packed { .. } => None,
    });
    keys.collect()
}

/// A folder or a file on the way to the wanted paths.
#[derive(Debug, Default)]
struct Node {
    above: Option<usize>,
    below: HashMap<Vec<u8>, usize>,
    /// The wanted path that ends here.
    path: Vec<u8>,
    /// The keys that it is not known to have had yet.
    open: Fingerprints,
    /// Those of its keys that are in its name.
    in_name: Fingerprints,
    /// How many keys are open here and below.
    open_below: usize,
}

/// The top of the work tree.
const TOP: usize = 0;

struct Versions<'a> {
    objects: Objects,
    searched: Searched<'a>,
    nodes: Vec<Node>,
    /// Trees, each with the folder it was met as.
    trees: HashSet<(ObjectId, usize), IdState>,
    blobs: IdMap<Fingerprints>,
    settled: BTreeMap<(Vec<u8>, Fingerprint), Reach>,
    /// What could not be read, and why.
    lost: BTreeMap<ObjectId, String>,
}

impl<'a> Versions<'a> {
    fn new(objects: Objects, searched: Searched<'a>, wanted: &BTreeMap<Vec<u8>, Fingerprints>) -> Versions<'a> {
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
            node.in_name = keys_in(searched.detector, name).iter().filter(|key| keys.contains(key)).copied().collect();
        }
        let (trees, blobs) = (HashSet::default(), IdMap::default());
        Versions { objects, searched, nodes, trees, blobs, settled: BTreeMap::new(), lost: BTreeMap::new() }
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
            Ok(ObjectKind::Blob) => Vec::new(),
            Err(cause) => {
                self.lost.insert(*id, cause);
                Vec::new()
            }
        }
    }

    fn tree(&mut self, top: ObjectId, reach: Reach) {
        // No recursion: folders can be nested deeper than any stack.
        let mut open = vec![(top, TOP)];
        while let Some((tree, node)) = open.pop() {
            if self.nodes[node].open_below == 0 || !self.trees.insert((tree, node)) {
                continue;
            }
            let bytes = match read_tree(&self.objects, &tree) {
                Ok(bytes) => bytes,
                Err(Unreadable { id, cause, .. }) => {
                    self.lost.insert(id, cause);
                    continue;
                }
            };
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
        let mut here: Vec<Fingerprint> = std::mem::take(&mut node.in_name).iter().copied().collect();
        match kind {
            EntryKind::File | EntryKind::Link => {
                let (objects, searched, lost) = (&self.objects, self.searched, &mut self.lost);
                let keys = self.blobs.entry(id).or_insert_with(|| {
                    let keys = keys_of(objects, searched, &id).map_err(|cause| lost.insert(id, cause));
                    keys.unwrap_or_default()
                });
                here.extend(keys.iter());
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

/// The keys in a blob.
///
/// # Errors
///
/// Why it can't be read, in words.
pub fn keys_of(objects: &Objects, searched: Searched<'_>, blob: &ObjectId) -> Result<Fingerprints, String> {
    let Searched { detector, containers, bounds } = searched;
    let (mut keys, mut outcome) = (Fingerprints::default(), Ok(()));
    objects.lend(blob, &mut |mut content| {
        let mut search = Search::new(detector, containers, bounds);
        let (found, read) = search.run(Kind::Content, b"", &mut content, &mut |_| {});
        match read {
            Ok(_) => keys.extend(found.keys.iter().map(|located| located.found.key.fingerprint())),
            Err(_) => outcome = Err("it can't be read to its end".to_owned()),
        }
    })?;
    outcome.map(|()| keys)
}
