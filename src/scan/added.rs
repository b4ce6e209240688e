//! From what the index or some commits add to findings: keys that the path had before are not new, and the others are
//! told with all that is known of their commit.

use std::collections::{BTreeMap, BTreeSet};

use crate::detect::Detector;
use crate::error::Problem;
use crate::finding::places::worst_exposures;
use crate::finding::{Exposure, Finding, MAX_REFS};
use crate::git::changes::lookup;
use crate::git::commit::Parts;
use crate::git::exposure::{Searched, Settled, keys_of, settle};
use crate::git::graph::Graph;
use crate::git::refs::{Name, Names};
use crate::git::tree::EntryKind;
use crate::git::{Objects, Repository};
use crate::key::Fingerprints;
use crate::object::{IdMap, ObjectId};
use crate::scan::history::Led;
use crate::scan::teller::{Teller, exposure};
use crate::scan::{Keep, Raw, RawPlace};

/// The findings that are new against HEAD, and what kept it from being known how far they have gone.
pub(super) fn to_index(repository: &Repository, raw: Vec<Raw>, searched: Searched<'_>) -> (Vec<Finding>, Vec<Problem>) {
    if raw.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let mut known = Known::new(repository, searched);
    // Without a readable HEAD everything is new.
    let head: Vec<ObjectId> = repository.head_tree(&known.objects).ok().flatten().into_iter().collect();
    let new: Vec<Raw> = raw.into_iter().filter(|raw| !known.has(&head, raw)).collect();
    let mut wanted: BTreeMap<Vec<u8>, Fingerprints> = BTreeMap::new();
    for Raw { finding, place } in &new {
        if let RawPlace::Object(Some(path)) = place {
            wanted.entry(path.clone()).or_default().insert(finding.fingerprint);
        }
    }
    // HEAD has none of them, but another branch or an older commit may.
    let Settled { reach: gone, problems } = settle(repository, searched, &wanted);
    let staged = |Raw { finding, place }| {
        let reach = match place {
            RawPlace::Object(Some(path)) => gone.get(&(path, finding.fingerprint)).copied(),
            RawPlace::Object(None) | RawPlace::File { .. } => None,
        };
        Finding { exposure: exposure(reach).min(Exposure::Staged), ..finding }
    };
    (new.into_iter().map(staged).collect(), problems)
}

/// The findings that are new in their commits, against all parents of each.
pub(super) fn by_commits(repository: &Repository, raw: Vec<Raw>, detector: &Detector, keep: Keep) -> Vec<Finding> {
    if raw.is_empty() {
        return Vec::new();
    }
    let mut known = Known::new(repository, keep.searched(detector));
    let mut parents: IdMap<Vec<ObjectId>> = IdMap::default();
    let mut new = Vec::new();
    // Tags, and what else has no commit: nothing was there before them.
    let mut alone = Vec::new();
    // A key that stands in a file more than once came in once, at its first place.
    let mut seen = BTreeSet::new();
    let mut raw = raw;
    raw.sort_by(|a, b| a.finding.order().cmp(&b.finding.order()));
    for raw in raw {
        let Some(commit) = raw.finding.git.as_ref().and_then(|git| git.commit) else {
            alone.push(raw.finding);
            continue;
        };
        let trees = parents.entry(commit).or_insert_with(|| parent_trees(repository, &known.objects, commit));
        let place = (commit, raw.place.clone(), raw.finding.kind, raw.finding.fingerprint);
        if !known.has(trees, &raw) && seen.insert(place) {
            new.push((commit, raw.finding));
        }
    }
    let names = repository.names();
    let graph = graph(repository, &known.objects, &names, new.iter().map(|(commit, _)| *commit));
    let targets = commits_of(&names, &known.objects);
    let reached = graph.reached(&names, &targets, MAX_REFS);
    let mut teller = Teller::new(repository.objects(), &names, detector, keep);
    let mut findings: Vec<Finding> = Vec::new();
    for (commit, finding) in new {
        let reached = graph.number(&commit).map(|number| reached[number].clone()).unwrap_or_default();
        findings.push(teller.tell(finding, Some(commit), &reached));
    }
    let led = Led::new(&names, &known.objects);
    findings.extend(alone.into_iter().map(|finding| {
        let reached = finding.git.as_ref().map(|git| led.reached(&git.object, &names)).unwrap_or_default();
        let told = teller.tell(finding, None, &reached);
        // No name may lead there yet, as when an id is pushed.
        Finding { exposure: told.exposure.min(Exposure::Committed), ..told }
    }));
    worst_exposures(std::slice::from_mut(&mut findings));
    findings
}

/// The keys that other versions of a path have.
struct Known<'r> {
    objects: Objects,
    searched: Searched<'r>,
    /// The keys of each blob that was looked at.
    keys: BTreeMap<ObjectId, Fingerprints>,
}

impl<'r> Known<'r> {
    fn new(repository: &'r Repository, searched: Searched<'r>) -> Known<'r> {
        Known { objects: repository.objects(), searched, keys: BTreeMap::new() }
    }

    /// Whether one of these trees has the key at the same path.
    fn has(&mut self, trees: &[ObjectId], raw: &Raw) -> bool {
        let RawPlace::Object(Some(path)) = &raw.place else { return false };
        if raw.finding.is_in_own_name() {
            // A name is lent only where it is new.
            return false;
        }
        trees.iter().any(|tree| match lookup(&self.objects, *tree, path) {
            Ok(Some((EntryKind::File | EntryKind::Link, blob))) => self.keys(blob).contains(&raw.finding.fingerprint),
            Ok(Some((EntryKind::Folder | EntryKind::Submodule, _)) | None) | Err(_) => false,
        })
    }

    fn keys(&mut self, blob: ObjectId) -> &Fingerprints {
        let (objects, searched) = (&self.objects, self.searched);
        // What can't be read hides nothing.
        self.keys.entry(blob).or_insert_with(|| keys_of(objects, searched, &blob).unwrap_or_default())
    }
}

fn parent_trees(repository: &Repository, objects: &Objects, commit: ObjectId) -> Vec<ObjectId> {
    let mut bytes = Vec::new();
    if objects.read(&commit, &mut bytes).is_err() {
        return Vec::new();
    }
    let parents: Vec<ObjectId> = Parts::new(&bytes).ids("parent").collect();
    parents.iter().filter_map(|parent| repository.tree_of(objects, parent).ok()).collect()
}

/// The commits that names lead to, each with the number of its name.
pub(super) fn commits_of(names: &Names, objects: &Objects) -> Vec<(u32, ObjectId)> {
    let commit = |name: &Name| objects.peel(&name.target).commit();
    names.names.iter().zip(0..).filter_map(|(name, number)| Some((number, commit(name)?))).collect()
}

/// All commits that names or `more` lead to.
fn graph(repository: &Repository, objects: &Objects, names: &Names, more: impl Iterator<Item = ObjectId>) -> Graph {
    let from = commits_of(names, objects).into_iter().map(|(_, id)| id).chain(names.head).chain(more);
    repository.graph(objects, from.collect())
}
