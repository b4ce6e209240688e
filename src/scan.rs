//! The scan: sources lend blobs, the detector finds keys in them, findings and coverage come out.

mod added;
mod exposure;
mod history;
mod teller;

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::blob::{Blob, Content, FileOrigin, Kind, Origin, ReadError};
use crate::caught::caught;
use crate::container::Bounds;
use crate::coverage::{Coverage, Skip};
use crate::detect::Detector;
use crate::error::{Problem, ProblemKind};
use crate::filter::{Filter, Used};
use crate::finding::{Exposure, Finding, places};
use crate::git::exposure::Searched;
use crate::keyring::Keyring;
use crate::line_hash;
use crate::object::ObjectKind;
use crate::progress::Progress;
use crate::report::{Mode, Report};
use crate::search::{Containers, Located, Search};
use crate::source::{Source, Visitor};

/// What a scan does and keeps beyond what it always does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// The hash of each finding's line, which costs two more passes over a blob with findings.
    pub line_hashes: bool,
    /// The path of everything that was left out.
    pub skips: bool,
    /// Who wrote the commits and tags that brought keys in.
    pub authors: bool,
    /// What is in containers.
    pub containers: Containers,
    /// How much of it.
    pub bounds: Bounds,
    /// The keys themselves, for whoever has to ask about them.
    pub keys: Keys,
}

/// Whether the keys that were found are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Until the report is written.
    Keep,
    /// They are gone once their finding is made.
    Drop,
}

impl Keep {
    /// How versions of what is scanned are searched.
    fn searched(self, detector: &Detector) -> Searched<'_> {
        Searched { detector, containers: self.containers, bounds: self.bounds }
    }
}

/// Scans all sources, one after the other, each with all threads. Beside the report stand the keys, if they are kept.
pub fn scan(
    mode: Mode,
    sources: &[Source],
    detector: &Detector,
    keep: Keep,
    filter: &Filter,
    progress: &Progress,
) -> (Report, Keyring) {
    let mut parts = Vec::new();
    let mut keys = Keyring::default();
    let mut coverage = Coverage::default();
    for source in sources {
        let worker = || Worker::new(detector, keep, progress);
        let settle = |raw| settle(source, raw, detector, keep);
        parts.push(of_source(source, &worker, settle, &mut coverage, &mut keys));
    }
    // A repository, its index or a range may hold nothing at all, and then that is what was looked at.
    let may_be_empty = mode != Mode::Scan;
    if coverage.is_empty() && coverage.problems.is_empty() && !may_be_empty {
        coverage.problems.push(nothing_scanned(sources));
    }
    if mode != Mode::Scan {
        // Others look into repositories by themselves.
        coverage.bare_repositories.clear();
    }
    // An audit, or all files and the index at once.
    if sources.len() > 1 {
        places::files_and_history(&mut parts);
    }
    // Behind what drops findings of one part for those of another, so that there are never all of them twice.
    let joined = parts.into_iter().reduce(|mut all, part| {
        all.extend(part);
        all
    });
    let mut findings = joined.unwrap_or_default();
    // Here, behind all that make problems, so that none can leave it out.
    let mut problems: Vec<_> = coverage.problems.into_iter().map(|problem| problem.redacted(detector)).collect();
    problems.sort();
    problems.dedup();
    let mut used = Used::default();
    (coverage.problems, coverage.accepted) = filter.sort_out(problems, &mut used);
    filter.apply(&mut findings, keep.searched(detector), &mut used);
    let mut report = Report::new(mode, findings, coverage);
    report.notices = filter.notices(&used);
    (report, keys)
}

/// The findings in one source. What was left out of them by a fault of the program is a problem.
fn of_source<'w>(
    source: &Source,
    worker: &(dyn Fn() -> Worker<'w> + Sync),
    settle: impl FnOnce(Vec<Raw>) -> (Vec<Finding>, Vec<Problem>),
    coverage: &mut Coverage,
    keys: &mut Keyring,
) -> Vec<Finding> {
    let visit = || {
        let mut raw: Vec<Raw> = Vec::new();
        for worker in source.visit(worker) {
            raw.reserve_exact(worker.found.len());
            raw.extend(worker.found);
            coverage.merge(worker.coverage);
            keys.merge(worker.keys);
        }
        raw
    };
    match caught(visit).and_then(|raw| caught(|| settle(raw))) {
        Ok((findings, problems)) => {
            coverage.problems.extend(problems);
            findings
        }
        Err(fault) => {
            let (path, message) = (source.given(), format!("not all of it was looked at: {fault}"));
            coverage.problems.push(Problem { local_path: path.clone(), path, kind: ProblemKind::Internal, message });
            // Another time, since what was found went into what failed. What git knows of it is left out.
            let again = caught(|| source.visit(worker)).unwrap_or_default();
            again.into_iter().flat_map(|worker| worker.found).map(|raw| raw.finding).collect()
        }
    }
}

/// The findings in what a source has visited, with what git knows of them, and what kept that from being known.
fn settle(source: &Source, raw: Vec<Raw>, detector: &Detector, keep: Keep) -> (Vec<Finding>, Vec<Problem>) {
    match source {
        Source::History(source) => history::attribute(source, &raw, detector, keep),
        Source::Staged(source) => added::to_index(&source.repository, raw, keep.searched(detector)),
        Source::Commits(source) => (added::by_commits(&source.repository, raw, detector, keep), Vec::new()),
        Source::GitFiles(_) => {
            // git tracks none of its own.
            let untracked = |raw: Raw| Finding { exposure: Exposure::Untracked, ..raw.finding };
            (raw.into_iter().map(untracked).collect(), Vec::new())
        }
        Source::Tree(_) => exposure::of_files(raw, keep.searched(detector)),
        Source::Stdin(_) | Source::Message(_) | Source::Unopened(_) => {
            (raw.into_iter().map(|raw| raw.finding).collect(), Vec::new())
        }
    }
}

/// A scan that met no file proves nothing.
fn nothing_scanned(sources: &[Source]) -> Problem {
    let given = sources.iter().map(Source::given).collect::<Vec<_>>().join(&b", "[..]);
    let path = given;
    let message = "no file was found; check the path, and what --exclude and git's ignore rules hide (--no-ignore)";
    Problem { local_path: path.clone(), path, kind: ProblemKind::NothingScanned, message: message.to_owned() }
}

/// One thread's share of a scan.
struct Worker<'a> {
    detector: &'a Detector,
    search: Search<'a>,
    keep: Keep,
    progress: &'a Progress,
    found: Vec<Raw>,
    coverage: Coverage,
    keys: Keyring,
    /// Bytes of the file at hand that progress knows of already.
    shown: u64,
}

/// A finding as it came from a blob, before what git knows of it.
#[derive(Debug)]
struct Raw {
    finding: Finding,
    place: RawPlace,
}

/// Where a finding was made: the path as it is, where the finding's own hides the secret of a key in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum RawPlace {
    /// A file, by its path from the working directory, below what the user gave.
    File { given: PathBuf, local: PathBuf },
    /// An object, by its path from the top of the work tree; for a name in a tree, the name.
    Object(Option<Vec<u8>>),
}

impl<'a> Worker<'a> {
    fn new(detector: &'a Detector, keep: Keep, progress: &'a Progress) -> Worker<'a> {
        let search = Search::new(detector, keep.containers, keep.bounds);
        Worker {
            detector,
            search,
            keep,
            progress,
            found: Vec::new(),
            coverage: Coverage::default(),
            keys: Keyring::default(),
            shown: 0,
        }
    }

    fn add_file(&mut self, bytes: u64) {
        self.progress.add_file(bytes.saturating_sub(std::mem::take(&mut self.shown)));
    }

    fn count(&mut self, origin: &Origin<'_>, bytes: u64) {
        match origin {
            Origin::File(FileOrigin { kind: Kind::LinkTarget, .. }) => self.coverage.links += 1,
            Origin::File(FileOrigin { kind: Kind::Content | Kind::CommitMessage, .. }) => {
                self.coverage.files += 1;
                self.coverage.bytes += bytes;
                self.add_file(bytes);
            }
            // A name is part of what it names, and an object is counted as a whole.
            Origin::File(_) | Origin::Object(_) => {}
        }
    }

    /// Searches a blob and counts it.
    fn search(&mut self, Blob { origin, mut content }: Blob<'_>) {
        let progress = self.progress;
        let shown = &mut self.shown;
        let name = origin.name();
        let (outcome, read) = self.search.run(origin.kind(), name, &mut content, &mut |bytes| {
            progress.add_bytes(bytes);
            *shown += bytes;
        });
        self.coverage.placeholders += outcome.placeholders;
        self.coverage.containers += outcome.containers;
        self.coverage.members += outcome.members;
        self.coverage.unopened += outcome.unopened;
        for (kind, message) in outcome.problems {
            self.problem(Problem::in_container(&origin, kind, message));
        }
        let reported = if outcome.keys.is_empty() { Ok(()) } else { self.report(&origin, &mut content, &outcome.keys) };
        match read {
            Ok(bytes) => self.count(&origin, bytes),
            Err(ReadError::Io(cause)) => self.problem(Problem::unreadable(&origin, &cause)),
            Err(ReadError::Cut) => self.problem(Problem::changed(&origin)),
        }
        if reported.is_err() {
            self.problem(Problem::changed(&origin));
        }
    }

    /// Turns what was found in a blob into findings.
    fn report(&mut self, origin: &Origin<'_>, content: &mut Content<'_>, keys: &[Located]) -> Result<(), ReadError> {
        let first_new = self.found.len();
        for located in keys {
            let place = match origin {
                Origin::File(FileOrigin { root, local, .. }) => {
                    RawPlace::File { given: root.given.clone(), local: local.to_path_buf() }
                }
                Origin::Object(object) => RawPlace::Object(object.path.map(<[u8]>::to_vec)),
            };
            self.found.push(Raw { finding: Finding::new(located, origin, self.detector), place });
            if self.keep.keys == Keys::Keep {
                self.keys.add(&located.found.key);
            }
        }
        self.progress.add_findings(keys.len());
        if self.keep.line_hashes && content.is_rereadable() {
            // A member's lines are no lines of the file.
            let found = self.found[first_new..].iter_mut().filter(|raw| raw.finding.members.is_empty());
            let found: Vec<&mut Raw> = found.collect();
            let wanted: BTreeSet<u64> = found.iter().map(|raw| raw.finding.start.line).collect();
            let hashes = line_hash::of_lines(content, &wanted)?;
            for Raw { finding, .. } in found {
                finding.line_hash = hashes.get(&finding.start.line).cloned();
            }
        }
        Ok(())
    }
}

impl Visitor for Worker<'_> {
    fn blob(&mut self, blob: Blob<'_>) {
        let origin = blob.origin;
        if let Err(fault) = caught(|| self.search(blob)) {
            self.problem(Problem::internal(&origin, &fault));
        }
    }

    fn may_hold(&self, bytes: &[u8]) -> bool {
        self.detector.may_hold(bytes)
    }

    fn object(&mut self, kind: ObjectKind, bytes: u64) {
        self.coverage.object(kind, bytes);
        self.add_file(bytes);
    }

    fn problem(&mut self, problem: Problem) {
        self.coverage.problems.push(problem);
    }

    fn bare_repository(&mut self, origin: &Origin<'_>) {
        self.coverage.bare_repositories.push(self.detector.redact(&origin.local_path()).into_owned());
    }

    fn skip(&mut self, origin: &Origin<'_>, why: Skip) {
        self.coverage.skip(why);
        if self.keep.skips {
            self.coverage.skips.push((self.detector.redact(&origin.local_path()).into_owned(), why));
        }
    }
}

#[cfg(test)]
mod tests;
