//! The scan: sources lend blobs, the detector finds keys in them, findings and coverage come out.

mod added;
mod exposure;
mod history;
mod merge;
mod teller;

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::blob::{Blob, Block, Content, FileOrigin, Kind, Origin, ReadError};
use crate::coverage::{Coverage, Skip};
use crate::detect::{Detector, Found, Match};
use crate::error::{Problem, ProblemKind};
use crate::filter;
use crate::finding::{Exposure, Finding};
use crate::line_hash;
use crate::lines::{Lines, Position};
use crate::object::ObjectKind;
use crate::progress::Progress;
use crate::report::{Mode, Report};
use crate::source::{Source, Visitor};

/// What a scan keeps beyond what it always does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// The hash of each finding's line, which costs two more passes over a blob with findings.
    pub line_hashes: bool,
    /// The path of everything that was left out.
    pub skips: bool,
    /// Who wrote the commits and tags that brought keys in.
    pub authors: bool,
}

/// Scans all sources, one after the other, each with all threads.
pub fn scan(mode: Mode, sources: &[Source], detector: &Detector, keep: Keep, progress: &Progress) -> Report {
    let mut findings = Vec::new();
    let mut coverage = Coverage::default();
    for source in sources {
        let mut raw = Vec::new();
        for worker in source.visit(&|| Worker::new(detector, keep, progress)) {
            raw.extend(worker.found);
            coverage.merge(worker.coverage);
        }
        match source {
            Source::History(source) => {
                let (attributed, problems) = history::attribute(source, &raw, detector, keep);
                findings.extend(attributed);
                coverage.problems.extend(problems);
            }
            Source::Staged(source) => {
                let (settled, problems) = added::to_index(&source.repository, raw, detector);
                findings.extend(settled);
                coverage.problems.extend(problems);
            }
            Source::Commits(source) => {
                findings.extend(added::by_commits(&source.repository, raw, detector, keep));
            }
            Source::GitFiles(_) => findings.extend(raw.into_iter().map(|raw| {
                // git tracks none of its own.
                Finding { exposure: Exposure::Untracked, ..raw.finding }
            })),
            Source::Tree(_) => {
                let (settled, problems) = exposure::of_files(raw, detector);
                findings.extend(settled);
                coverage.problems.extend(problems);
            }
            Source::Stdin(_) | Source::Message(_) | Source::Unopened(_) => {
                findings.extend(raw.into_iter().map(|raw| raw.finding));
            }
        }
    }
    // A repository, its index or a range may hold nothing at all, and then that is what was looked at.
    let may_be_empty = mode != Mode::Scan;
    if coverage.is_empty() && coverage.problems.is_empty() && !may_be_empty {
        coverage.problems.push(nothing_scanned(sources));
    }
    if mode == Mode::Audit {
        findings = merge::files_and_history(findings);
    }
    // Here, behind all that make problems, so that none can leave it out.
    coverage.problems = coverage.problems.into_iter().map(|problem| problem.redacted(detector)).collect();
    filter::apply(&mut findings);
    Report::new(mode, findings, coverage)
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
    keep: Keep,
    progress: &'a Progress,
    found: Vec<Raw>,
    coverage: Coverage,
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

/// A key in a blob that is still being read.
struct Located {
    found: Match,
    /// Byte offsets in the blob.
    start: u64,
    end: u64,
    /// The places of both, once they have been counted.
    places: Option<(Position, Position)>,
}

impl<'a> Worker<'a> {
    fn new(detector: &'a Detector, keep: Keep, progress: &'a Progress) -> Worker<'a> {
        Worker { detector, keep, progress, found: Vec::new(), coverage: Coverage::default(), shown: 0 }
    }

    fn add_file(&mut self, bytes: u64) {
        self.progress.add_file(bytes.saturating_sub(std::mem::take(&mut self.shown)));
    }

    /// Searches all blocks. The keys, and the bytes read or what ended the reading.
    fn search(&mut self, content: &mut Content<'_>) -> (Vec<Located>, Result<u64, ReadError>) {
        let mut located = Vec::new();
        let mut lines = (!content.is_rereadable()).then(Lines::default);
        // A key's own bytes are not searched for another one, and the key may reach into the next block.
        let mut searched = 0;
        let is_whole = matches!(content, Content::Whole(_));
        let outcome = content.blocks(|block| {
            let first_new = located.len();
            let start = usize::try_from(searched.max(block.base) - block.base).unwrap_or(block.owned.end);
            let owned = block.owned.start.max(start)..block.owned.end;
            for found in self.detector.keys(block.bytes, owned) {
                searched = block.base + found.range().end as u64;
                match found {
                    Found::Key(found) => located.push(Located::new(found, block)),
                    Found::Placeholder(_) => self.coverage.placeholders += 1,
                }
            }
            if !is_whole {
                let bytes = block.owned.len() as u64;
                self.progress.add_bytes(bytes);
                self.shown += bytes;
            }
            if let Some(lines) = &mut lines {
                located[first_new..].iter_mut().for_each(|located| located.place(lines, block));
                lines.pass(block);
            }
        });
        (located, outcome)
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

    /// Turns what was found in a blob into findings. All of them, even when the blob can't be read a second time.
    fn report(
        &mut self,
        origin: &Origin<'_>,
        content: &mut Content<'_>,
        mut located: Vec<Located>,
    ) -> Result<(), ReadError> {
        let placed = if content.is_rereadable() { place_all(content, &mut located) } else { Ok(()) };
        let first_new = self.found.len();
        for Located { found, start, end, places } in &located {
            let (start, end) = places.unwrap_or((Position::unplaced(*start), Position::unplaced(*end)));
            let finding = Finding::new(found, origin, start, end, self.detector);
            let place = match origin {
                Origin::File(FileOrigin { root, local, .. }) => {
                    RawPlace::File { given: root.given.clone(), local: local.to_path_buf() }
                }
                Origin::Object(object) => RawPlace::Object(object.path.map(<[u8]>::to_vec)),
            };
            self.found.push(Raw { finding, place });
        }
        self.progress.add_findings(located.len());
        placed?;
        if self.keep.line_hashes && content.is_rereadable() {
            let found = &mut self.found[first_new..];
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
    fn blob(&mut self, Blob { origin, mut content }: Blob<'_>) {
        let (located, outcome) = self.search(&mut content);
        let reported = if located.is_empty() { Ok(()) } else { self.report(&origin, &mut content, located) };
        match outcome {
            Ok(bytes) => self.count(&origin, bytes),
            Err(ReadError::Io(cause)) => self.problem(Problem::unreadable(&origin, &cause)),
            Err(ReadError::Cut) => self.problem(Problem::changed(&origin)),
        }
        if reported.is_err() {
            self.problem(Problem::changed(&origin));
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

    fn skip(&mut self, origin: &Origin<'_>, why: Skip) {
        self.coverage.skip(why);
        if self.keep.skips {
            self.coverage.skips.push((self.detector.redact(&origin.local_path()).into_owned(), why));
        }
    }
}

impl Located {
    fn new(found: Match, block: &Block<'_>) -> Located {
        let start = block.base + found.range.start as u64;
        let end = block.base + found.range.end as u64;
        Located { found, start, end, places: None }
    }

    fn place(&mut self, lines: &mut Lines, block: &Block<'_>) {
        self.places = Some((lines.position(block, self.start), lines.position(block, self.end)));
    }
}

/// Counts lines and columns in a second pass, which a blob without findings is spared.
fn place_all(content: &mut Content<'_>, located: &mut [Located]) -> Result<(), ReadError> {
    let mut lines = Lines::default();
    let mut rest = located.iter_mut().peekable();
    content.blocks(|block| {
        let end = block.base + block.owned.end as u64;
        while let Some(located) = rest.next_if(|located| located.start < end) {
            located.place(&mut lines, block);
        }
        lines.pass(block);
    })?;
    Ok(())
}
