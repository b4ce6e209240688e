//! Filters mark findings that do not count as leaks, and tell which problems somebody has looked at. They never remove a
//! finding.
//!
//! In this order the first one that vouches for a finding is named: the vendor's documentation, a mark in the file
//! ([`inline`]), the configuration ([`allow`]), the [`baseline`].

pub mod allow;
pub mod baseline;
pub mod documentation;
pub mod globs;
pub mod inline;

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Problem;
use crate::filter::allow::{Accept, Allow};
use crate::filter::baseline::Baseline;
use crate::filter::globs::Folder;
use crate::filter::inline::{Inline, Marks};
use crate::finding::Finding;
use crate::git::exposure::Searched;

/// What vouches for findings.
#[derive(Debug, Default)]
pub struct Filter {
    /// Which marks in files count.
    pub inline: Inline,
    /// The allows of the configuration.
    pub allows: Vec<Allow>,
    /// The problems that the configuration accepts.
    pub accepts: Vec<Accept>,
    /// The folder that the paths of both are seen from.
    pub folder: Folder,
    /// The known leaks.
    pub baseline: Option<Baseline>,
    /// What to do about rules that meet nothing.
    pub stale: Stale,
}

/// What to do about rules that meet nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stale {
    /// Nothing: there may be other runs that need them.
    #[default]
    Ignore,
    /// They are named.
    Name,
}

/// Which rules met something.
#[derive(Debug, Default)]
pub struct Used {
    allows: BTreeSet<usize>,
    accepts: BTreeSet<usize>,
    lines: BTreeSet<String>,
}

impl Filter {
    /// Marks every finding that something vouches for.
    pub fn apply(&self, findings: &mut [Finding], searched: Searched<'_>, used: &mut Used) {
        let mut marks = Marks::new(&self.inline, searched);
        let mut by_key: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, allow) in self.allows.iter().enumerate() {
            by_key.entry(&allow.key_id).or_default().push(number);
        }
        for finding in findings {
            let place = finding.path.is_some().then(|| self.folder.place(&finding.local_path)).flatten();
            let same_key = by_key.get(finding.key_id.as_str()).into_iter().flatten();
            let same_key = same_key.map(|number| (*number, &self.allows[*number]));
            let allows: Vec<(usize, &Allow)> =
                same_key.filter(|(_, allow)| allow.covers(finding, place.as_deref())).collect();
            used.allows.extend(allows.iter().map(|(number, _)| *number));
            let known = self.baseline.as_ref().and_then(|baseline| baseline.knows(finding));
            let baseline = known.map(|(line, suppression)| {
                used.lines.insert(line);
                suppression
            });
            finding.suppressed = documentation::vouches_for(finding)
                .or_else(|| marks.vouch_for(finding))
                .or_else(|| allows.iter().find_map(|(_, allow)| allow.suppression()))
                .or(baseline)
                .map(|suppression| Box::new(suppression.redacted(searched.detector)));
        }
    }

    /// The problems that nobody has accepted, and the count of the others.
    pub fn sort_out(&self, problems: Vec<Problem>, used: &mut Used) -> (Vec<Problem>, u64) {
        let before = problems.len();
        let mut left = problems;
        left.retain(|problem| {
            let place = self.folder.place(&problem.local_path);
            let accepts = self.accepts.iter().enumerate();
            let taken: Vec<usize> = accepts
                .filter(|(_, accept)| accept.covers(problem, place.as_deref()))
                .map(|(number, _)| number)
                .collect();
            used.accepts.extend(&taken);
            taken.is_empty()
        });
        let accepted = (before - left.len()) as u64;
        (left, accepted)
    }

    /// What is to be said about the rules, each in words.
    pub fn notices(&self, used: &Used) -> Vec<String> {
        let stale = match self.stale {
            Stale::Name => self.stale(used),
            Stale::Ignore => Vec::new(),
        };
        [self.warnings(), stale].concat()
    }

    /// The rules that met nothing, each in words.
    fn stale(&self, used: &Used) -> Vec<String> {
        let allows = self.allows.iter().enumerate().filter(|(number, _)| !used.allows.contains(number));
        let allows = allows.map(|(_, allow)| {
            format!("{}: the allow for {} meets no finding; take it out", allow.source, allow.key_id)
        });
        let accepts = self.accepts.iter().enumerate().filter(|(number, _)| !used.accepts.contains(number));
        let accepts = accepts.map(|(_, accept)| {
            format!("{}: the accept for {} meets no problem; take it out", accept.source, accept.glob)
        });
        let lines = self.baseline.iter().flat_map(|baseline| baseline.stale(&used.lines));
        allows.chain(accepts).chain(lines).collect()
    }

    /// What is to be said about the rules whatever they meet, each in words.
    pub fn warnings(&self) -> Vec<String> {
        self.allows.iter().filter_map(Allow::warning).collect()
    }
}
