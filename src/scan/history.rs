//! From the objects that hold keys to findings: which commit brought each key to which path, and what leads there.

use std::collections::BTreeSet;

use crate::blob::Kind;
use crate::detect::Detector;
use crate::error::{Problem, ProblemKind};
use crate::finding::places::worst_exposures;
use crate::finding::{Exposure, Finding, MAX_REFS};
use crate::git::attribution::{Attribution, Bringer, Hits, Introduction, LIMITS, Limit, What};
use crate::git::graph::Reached;
use crate::git::refs::{Names, Reach};
use crate::git::tree::EntryKind;
use crate::git::{Objects, Repository};
use crate::key::Fingerprint;
use crate::object::{IdMap, ObjectId, ObjectKind};
use crate::scan::teller::Teller;
use crate::scan::{Keep, Raw, RawPlace};
use crate::search::{NAMELESS, nameless};
use crate::source::History;

/// The findings of a sweep, attributed; and what kept some from being so.
pub(super) fn attribute(
    history: &History,
    raw: &[Raw],
    detector: &Detector,
    keep: Keep,
) -> (Vec<Finding>, Vec<Problem>) {
    if raw.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let repository = &history.repository;
    let names = repository.names();
    let objects = repository.objects();
    let led = Led::new(&names, &objects);
    let (store, _) = history.store();
    let hits = hits(raw);
    let attribution = Attribution::of(&store, repository.hash, &hits, &led.trees, detector);
    drop(hits);
    let reached = attribution.graph.reached(&names, &led.commits, MAX_REFS);
    let mut attributor = Attributor {
        repository,
        detector,
        names: &names,
        led: &led,
        attribution: &attribution,
        reached: &reached,
        teller: Teller::new(repository.objects(), &names, detector, keep),
        findings: Vec::with_capacity(raw.len()),
    };
    let by_object = ByObject::new(raw);
    attributor.introductions(&by_object);
    let mut indexed = BTreeSet::new();
    attributor.staged(&by_object, &mut indexed);
    let mut problems = Vec::new();
    attributor.unnamed(raw, &indexed);
    for limit in &attribution.struck {
        problems.push(Problem::given(&repository.root.given, ProblemKind::TooMany, beyond(*limit)));
    }
    worst_exposures(std::slice::from_mut(&mut attributor.findings));
    (attributor.findings, problems)
}

/// Says what there is too much of.
fn beyond(limit: Limit) -> String {
    let exceeded = match limit {
        Limit::Places => format!("more than {} places hold a key", LIMITS.places),
        Limit::PathBytes => {
            format!("the paths of places that hold a key take more than {} MiB", LIMITS.path_bytes >> 20)
        }
        Limit::Compared => format!("more than {} entries lead to a key", LIMITS.compared),
        Limit::Depth => format!("a key is more than {} folders deep", LIMITS.depth),
        Limit::Searches => format!("the ways to a key take more than {} searches", LIMITS.searches),
    };
    format!("{exceeded}; not all places are listed")
}

/// What names lead to, once tags are followed.
pub(super) struct Led {
    /// Name and commit.
    commits: Vec<(u32, ObjectId)>,
    /// Trees that a name leads to without a commit.
    trees: Vec<ObjectId>,
    /// All objects on the way, tags and what they lead to, with their names.
    by_object: IdMap<Vec<u32>>,
}

impl Led {
    pub(super) fn new(names: &Names, objects: &Objects) -> Led {
        let mut led = Led { commits: Vec::new(), trees: Vec::new(), by_object: IdMap::default() };
        for (name, number) in names.names.iter().zip(0..) {
            // What can't be read leads nowhere; the sweep has told of it.
            for (id, kind) in objects.peel(&name.target).objects {
                led.by_object.entry(id).or_default().push(number);
                match kind {
                    ObjectKind::Commit => led.commits.push((number, id)),
                    ObjectKind::Tree => led.trees.push(id),
                    ObjectKind::Tag | ObjectKind::Blob => {}
                }
            }
        }
        // Several names may lead to one.
        led.trees.sort();
        led.trees.dedup();
        led
    }

    /// What reaches an object that stands in no commit.
    pub(super) fn reached(&self, id: &ObjectId, names: &Names) -> Reached {
        let mut numbers = self.by_object.get(id).cloned().unwrap_or_default();
        let reach = numbers.iter().map(|number| names.names[*number as usize].reach).min();
        if reach.is_some_and(|reach| reach < Reach::Log) {
            numbers.retain(|number| names.names[*number as usize].reach < Reach::Log);
        }
        numbers.truncate(MAX_REFS);
        Reached { in_head: false, reach, names: numbers }
    }
}

fn hits(raw: &[Raw]) -> Hits {
    let mut hits = Hits::default();
    for Raw { finding, .. } in raw {
        match &finding.git {
            Some(git) if git.object_kind == ObjectKind::Blob => {
                hits.blobs.entry(git.object).or_default().insert(finding.fingerprint);
            }
            Some(git) if git.object_kind == ObjectKind::Tree => {
                hits.trees.insert(git.object);
            }
            Some(_) | None => {}
        }
    }
    hits
}

/// What was found, by object, and in each in the order it stands there.
struct ByObject<'r>(Vec<&'r Raw>);

impl<'r> ByObject<'r> {
    fn new(raw: &'r [Raw]) -> ByObject<'r> {
        fn order(raw: &Raw) -> impl Ord + '_ {
            (object(raw), &raw.finding.members, raw.finding.start.byte)
        }
        let mut raw: Vec<&Raw> = raw.iter().collect();
        raw.sort_by(|a, b| order(a).cmp(&order(b)));
        ByObject(raw)
    }

    fn of(&self, id: &ObjectId) -> &[&'r Raw] {
        let from = self.0.partition_point(|raw| object(raw) < *id);
        let count = self.0[from..].partition_point(|raw| object(raw) == *id);
        &self.0[from..][..count]
    }
}

/// Makes findings out of raw ones.
struct Attributor<'a> {
    repository: &'a Repository,
    detector: &'a Detector,
    names: &'a Names,
    led: &'a Led,
    attribution: &'a Attribution,
    reached: &'a [Reached],
    teller: Teller<'a>,
    findings: Vec<Finding>,
}

impl Attributor<'_> {
    /// A finding for each key, path and commit that brought it there.
    fn introductions(&mut self, by_object: &ByObject<'_>) {
        for introduction in &self.attribution.introductions {
            let raws = by_object.of(&introduction.object);
            // A key that stands in a file more than once came in once.
            let mut told = BTreeSet::new();
            for raw in raws.iter().filter(|raw| is_brought_by(introduction, raw)) {
                if !told.insert(raw.finding.fingerprint) {
                    continue;
                }
                let (path, by) = match introduction.by {
                    Bringer::Commit(commit) => (Some(introduction.path.as_slice()), Some(commit)),
                    // No commit names it, and so it has no path.
                    Bringer::Tree(_) => (None, None),
                };
                let mut finding = self.placed(raw, path);
                if introduction.kind == EntryKind::Link && finding.kind == Kind::Content {
                    finding.kind = Kind::LinkTarget;
                }
                let reached = match introduction.by {
                    Bringer::Commit(commit) => self.reached_commit(&commit),
                    Bringer::Tree(tree) => self.led.reached(&tree, self.names),
                };
                self.finish(finding, by, &reached);
            }
        }
    }

    /// A finding for each key that an index has at a path where no commit has it. What indexes name goes to `indexed`.
    fn staged(&mut self, by_object: &ByObject<'_>, indexed: &mut BTreeSet<ObjectId>) {
        let mut known: Vec<(&[u8], &Fingerprint)> = Vec::new();
        for introduction in &self.attribution.introductions {
            if let What::Keys(keys) = &introduction.what {
                known.extend(keys.iter().map(|key| (introduction.path.as_slice(), key)));
            }
        }
        known.sort_unstable();
        let mut added: BTreeSet<(Vec<u8>, Fingerprint)> = BTreeSet::new();
        for file in self.repository.index_files() {
            // The sweep has told of one that can't be read.
            let Ok(index) = self.repository.index_at(&file) else { continue };
            for entry in index.entries() {
                for raw in by_object.of(&entry.id) {
                    indexed.insert(entry.id);
                    let key = raw.finding.fingerprint;
                    let is_known = known.binary_search(&(entry.path, &key)).is_ok();
                    if !is_known && added.insert((entry.path.to_vec(), key)) {
                        let mut finding = self.placed(raw, Some(entry.path));
                        if entry.kind == EntryKind::Link {
                            finding.kind = Kind::LinkTarget;
                        }
                        finding.exposure = Exposure::Staged;
                        self.findings.push(finding);
                    }
                }
            }
        }
    }

    /// A finding for each key in a message, and in an object that neither a commit nor an index names. And for each that
    /// has no other, where not all places are listed.
    fn unnamed(&mut self, raw: &[Raw], indexed: &BTreeSet<ObjectId>) {
        let is_cut = !self.attribution.struck.is_empty();
        let mut told = BTreeSet::new();
        let listed: BTreeSet<Fingerprint> =
            if is_cut { self.findings.iter().map(|finding| finding.fingerprint).collect() } else { BTreeSet::new() };
        for raw in raw {
            let id = object(raw);
            let is_named = match raw.finding.git.as_ref().map(|git| git.object_kind) {
                Some(ObjectKind::Blob) => self.attribution.named.contains(&id) || indexed.contains(&id),
                // What is between the names of a damaged tree has no path.
                Some(ObjectKind::Tree) => self.attribution.named.contains(&id) && raw.finding.is_in_own_name(),
                Some(ObjectKind::Commit | ObjectKind::Tag) | None => false,
            };
            let is_lost = is_cut && !listed.contains(&raw.finding.fingerprint);
            if (is_named && !is_lost) || !told.insert((id, raw.finding.kind, raw.finding.fingerprint)) {
                continue;
            }
            if is_named {
                // Something leads there, and nobody knows what.
                self.findings.push(self.placed(raw, None));
            } else {
                let finding = self.placed(raw, None);
                let commit = Some(id).filter(|id| self.attribution.graph.number(id).is_some());
                let reached = commit.map_or_else(|| self.led.reached(&id, self.names), |id| self.reached_commit(&id));
                self.finish(finding, commit, &reached);
            }
        }
    }

    /// The raw finding at this path.
    fn placed(&self, raw: &Raw, path: Option<&[u8]>) -> Finding {
        let shown = |path: Vec<u8>| self.detector.redact(&path).into_owned();
        let mut finding = raw.finding.clone();
        finding.path = path.map(|path| shown(path.to_vec()));
        if let (Some(path), Some(first)) = (path, finding.members.first_mut())
            && first == NAMELESS
        {
            // The sweep did not know what the container is called.
            *first = shown(nameless(path));
        }
        finding.local_path = match (path, &finding.git) {
            (Some(path), _) => shown(self.repository.root.local_path(path)),
            (None, Some(git)) => format!("{} {}", git.object_kind.name(), git.object).into_bytes(),
            (None, None) => finding.local_path,
        };
        finding
    }

    /// Adds what is known of the commit, or else of the object itself.
    fn finish(&mut self, finding: Finding, commit: Option<ObjectId>, reached: &Reached) {
        self.findings.push(self.teller.tell(finding, commit, reached));
    }

    fn reached_commit(&self, commit: &ObjectId) -> Reached {
        let number = self.attribution.graph.number(commit);
        number.map(|number| self.reached[number].clone()).unwrap_or_default()
    }
}

#[expect(clippy::expect_used, reason = "every finding of a sweep is in an object")]
fn object(raw: &Raw) -> ObjectId {
    raw.finding.git.as_ref().map(|git| git.object).expect("an object")
}

fn is_brought_by(introduction: &Introduction, raw: &Raw) -> bool {
    match (&introduction.what, &raw.place) {
        (What::Keys(keys), _) => !raw.finding.is_in_own_name() && keys.binary_search(&raw.finding.fingerprint).is_ok(),
        (What::Name, RawPlace::Object(Some(name))) => {
            let last = introduction.path.rsplit(|byte| *byte == b'/').next();
            raw.finding.is_in_own_name() && last == Some(name)
        }
        (What::Name, _) => false,
    }
}
