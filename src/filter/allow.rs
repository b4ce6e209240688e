//! What the configuration vouches for: keys (`[[allow]]`) and problems (`[[accept]]`).

use std::path::Path;

use crate::error::{Problem, ProblemKind};
use crate::filter::globs::Globs;
use crate::finding::{Finding, SuppressedBy, Suppression};

/// A key that somebody vouches for.
#[derive(Debug)]
pub struct Allow {
    /// The key's public half.
    pub key_id: String,
    /// Why.
    pub reason: String,
    /// Where, as it is written; everywhere when there are none.
    pub paths: Vec<String>,
    /// The same, to be held against a path.
    pub globs: Option<Globs>,
    /// The last day on which it counts, `YYYY-MM-DD`.
    pub expires: Option<String>,
    /// Whether that day is over.
    pub is_over: bool,
    /// The file and the line that it stands in, `FILE:LINE`.
    pub source: String,
}

impl Allow {
    /// Whether it is about this finding, whose path is `place` from the configuration's folder.
    pub(super) fn covers(&self, finding: &Finding, place: Option<&Path>) -> bool {
        let is_there = |globs: &Globs| place.is_some_and(|place| globs.name(place));
        self.key_id == finding.key_id.as_str() && self.globs.as_ref().is_none_or(is_there)
    }

    /// The mark for what it covers; none when it is over.
    pub(super) fn suppression(&self) -> Option<Suppression> {
        (!self.is_over).then(|| Suppression { by: SuppressedBy::Config, reason: self.reason.clone() })
    }

    pub(super) fn warning(&self) -> Option<String> {
        let expires = self.expires.as_ref().filter(|_| self.is_over)?;
        Some(format!(
            "{}: the allow for {} ended with {expires}, and its findings count again; renew it or take it out",
            self.source, self.key_id
        ))
    }
}

/// A problem that somebody has looked at.
#[derive(Debug)]
pub struct Accept {
    /// Of which files, as it is written.
    pub glob: String,
    /// The same, to be held against a path.
    pub globs: Globs,
    /// What kind of problem.
    pub kind: ProblemKind,
    /// Why it does no harm.
    pub reason: String,
    /// The file and the line that it stands in, `FILE:LINE`.
    pub source: String,
}

impl Accept {
    /// Whether it is about this problem, whose path is `place` from the configuration's folder. A run that is wrong as a
    /// whole is nothing that can be accepted.
    pub(super) fn covers(&self, problem: &Problem, place: Option<&Path>) -> bool {
        !problem.kind.is_usage() && self.kind == problem.kind && place.is_some_and(|place| self.globs.name(place))
    }
}
