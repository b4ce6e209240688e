//! An audit meets a committed key twice: in the work tree and in history. At the same path that is one finding.

use std::collections::BTreeMap;

use crate::finding::{Finding, GitPlace};
use crate::scan::history::worst_exposures;

/// Gives each finding in a file of a work tree what history knows of the same key at the same path, and drops the
/// findings of history that are told of in this way.
pub(super) fn files_and_history(findings: Vec<Finding>) -> Vec<Finding> {
    let place = |finding: &Finding| (finding.root.clone(), finding.path.clone(), finding.kind, finding.fingerprint);
    let findings = worst_exposures(findings);
    let mut history: BTreeMap<_, Vec<Finding>> = BTreeMap::new();
    let (in_files, in_git): (Vec<_>, Vec<_>) = findings.into_iter().partition(|finding| finding.git.is_none());
    for finding in in_git {
        history.entry(place(&finding)).or_default().push(finding);
    }
    let mut merged = Vec::new();
    for mut finding in in_files {
        if finding.path.is_some()
            && let Some(same) = history.get(&place(&finding))
        {
            finding.git = same.iter().filter_map(|same| same.git.as_ref()).max_by_key(|git| weight(git)).cloned();
        }
        merged.push(finding);
    }
    let told: std::collections::BTreeSet<_> =
        merged.iter().filter(|finding| finding.git.is_some()).map(place).collect();
    merged.extend(history.into_iter().filter(|(place, _)| !told.contains(place)).flat_map(|(_, same)| same));
    merged
}

/// The commit to name for a file: one that HEAD reaches before others, and of these the latest.
fn weight(git: &GitPlace) -> impl Ord + use<> {
    (git.in_head, git.commit.is_some(), git.date.clone(), git.commit)
}
