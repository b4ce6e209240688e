//! What a report says of the whole: mode, coverage and counts.

use serde::Deserialize;

use crate::coverage::{Coverage, Skip};
use crate::detect::Detector;
use crate::error::{Problem, ProblemKind};
use crate::merge::field::{self, Count, Named};
use crate::merge::record::labelled;
use crate::object::ObjectKind;
use crate::report::Mode;

/// Everything of a report but its findings.
#[derive(Debug)]
pub struct Head {
    /// What was looked at.
    pub mode: Mode,
    /// Whether it says that everything was read.
    pub complete: bool,
    /// What was read.
    pub coverage: RawCoverage,
    /// How many leaks it counts.
    pub leaks: u64,
    /// How many suppressed findings it counts, listed or not.
    pub suppressed: u64,
}

/// The counts of a report that are not made anew.
#[derive(Debug, Deserialize)]
#[serde(expecting = "a summary")]
pub struct RawSummary {
    /// Leaks.
    pub leaks: Count,
    /// Suppressed findings, listed or not.
    pub suppressed: Count,
}

/// What was read, as a report has it.
#[derive(Debug, Deserialize)]
#[serde(expecting = "a coverage")]
pub struct RawCoverage {
    files: Count,
    bytes: Count,
    links: Count,
    objects: RawObjects,
    containers: Count,
    members: Count,
    ignored: Count,
    excluded: Count,
    git_folders: Count,
    special: Count,
    duplicates: Count,
    unopened: Count,
    placeholders: Count,
    accepted: Count,
    problems: Vec<RawProblem>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(expecting = "counts of objects")]
struct RawObjects {
    blob: Count,
    commit: Count,
    tag: Count,
    tree: Count,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "a problem")]
struct RawProblem {
    path: String,
    path_base64: Option<String>,
    kind: Named<ProblemKind>,
    message: String,
}

impl RawCoverage {
    /// The coverage, its problems under the label; or what is wrong with it.
    pub fn into_coverage(self, detector: &Detector, label: Option<&[u8]>) -> Result<Coverage, &'static str> {
        let problems = self.problems.into_iter().map(|problem| problem.into_problem(detector, label));
        let mut coverage = Coverage::default();
        coverage.files = self.files.0;
        coverage.bytes = self.bytes.0;
        coverage.links = self.links.0;
        coverage.containers = self.containers.0;
        coverage.members = self.members.0;
        coverage.unopened = self.unopened.0;
        coverage.placeholders = self.placeholders.0;
        coverage.accepted = self.accepted.0;
        coverage.problems = problems.collect::<Result<_, _>>()?;
        for kind in ObjectKind::ALL {
            let RawObjects { blob, commit, tag, tree } = self.objects;
            let Count(count) = match kind {
                ObjectKind::Blob => blob,
                ObjectKind::Commit => commit,
                ObjectKind::Tag => tag,
                ObjectKind::Tree => tree,
            };
            coverage.add_objects(kind, count);
        }
        for why in Skip::ALL {
            let Count(count) = match why {
                Skip::Ignored => self.ignored,
                Skip::Excluded => self.excluded,
                Skip::GitFolder => self.git_folders,
                Skip::Special => self.special,
                Skip::Duplicate => self.duplicates,
            };
            coverage.add_skipped(why, count);
        }
        Ok(coverage)
    }
}

impl RawProblem {
    /// A problem has no root: the label stands before its path.
    fn into_problem(self, detector: &Detector, label: Option<&[u8]>) -> Result<Problem, &'static str> {
        if self.message.is_empty() {
            return Err("a problem without a message");
        }
        let path = labelled(field::bytes(self.path, self.path_base64)?, label);
        let problem = Problem { local_path: path.clone(), path, kind: self.kind.0, message: self.message };
        Ok(problem.redacted(detector))
    }
}
