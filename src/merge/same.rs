//! What several reports say of the same: one finding, with the best that any of them knows.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::{Finding, GitPlace, Given};
use crate::key::Fingerprint;
use crate::verdict::{Status, Verdict};

/// A finding, and the report that lists it.
#[derive(Debug)]
pub struct Listed {
    /// The finding.
    pub finding: Finding,
    /// The number of the report.
    pub shard: u32,
    /// The how manieth it is of its report at its place, from 0; known once all are read.
    pub nth: u32,
}

/// The findings of all reports, each place once; what one report lists more than once stays so.
pub fn united(mut all: Vec<Listed>) -> Vec<Finding> {
    all.sort_unstable_by(|a, b| (place(&a.finding), a.shard).cmp(&(place(&b.finding), b.shard)));
    for number in 1..all.len() {
        let [before, listed] = &mut all[number - 1..=number] else { continue };
        if before.shard == listed.shard && place(&before.finding) == place(&listed.finding) {
            listed.nth = before.nth + 1;
        }
    }
    all.sort_unstable_by(|a, b| (place(&a.finding), a.nth).cmp(&(place(&b.finding), b.nth)));
    all.dedup_by(|later, first| {
        let is_same = later.nth == first.nth && place(&later.finding) == place(&first.finding);
        if is_same {
            absorb(&mut first.finding, &mut later.finding);
        }
        is_same
    });
    all.into_iter().map(|listed| listed.finding).collect()
}

/// What makes two findings the same one.
fn place(finding: &Finding) -> impl Ord + '_ {
    let file = (&finding.root, &finding.path, &finding.members, finding.kind);
    let key = (finding.rule, finding.key_id, finding.fingerprint, &finding.encodings);
    let git = finding.git.as_ref().map(|git| (git.object, git.commit));
    (file, finding.start.byte, finding.end.byte, key, git)
}

/// Takes over what another report knows better. Each field is decided by itself, by an order of its values, so that it
/// does not matter which report comes first.
fn absorb(finding: &mut Finding, other: &mut Finding) {
    if other.given == Given::ByName {
        finding.given = Given::ByName;
    }
    finding.exposure = finding.exposure.min(other.exposure);
    finding.confidence = finding.confidence.min(other.confidence);
    finding.start = finding.start.max(other.start);
    finding.end = finding.end.max(other.end);
    if other.local_path < finding.local_path {
        finding.local_path = std::mem::take(&mut other.local_path);
    }
    if other.line_hash > finding.line_hash {
        finding.line_hash = other.line_hash.take();
    }
    // What counts in one of them counts.
    finding.suppressed = match (finding.suppressed.take(), other.suppressed.take()) {
        (Some(one), Some(other)) => Some(if one.reason <= other.reason { one } else { other }),
        _ => None,
    };
    if other.git.as_ref().map(knowledge) > finding.git.as_ref().map(knowledge) {
        finding.git = other.git.take();
    }
}

/// How much is known of an object: a later run sees more of what reaches it.
fn knowledge(git: &GitPlace) -> impl Ord + '_ {
    (
        git.facts.in_head,
        git.facts.author.is_some(),
        &git.facts.date,
        &git.facts.subject,
        &git.facts.refs,
        &git.facts.author,
        git.object_kind,
    )
}

/// What the API said about each key, the best of what reports tell.
#[derive(Debug, Default)]
pub struct Verdicts(BTreeMap<Fingerprint, Arc<Verdict>>);

impl Verdicts {
    /// One more.
    pub fn add(&mut self, key: Fingerprint, verdict: Verdict) {
        let best = self.0.entry(key).or_insert_with(|| Arc::new(verdict.clone()));
        if weight(&verdict) > weight(best) {
            *best = Arc::new(verdict);
        }
    }

    /// Gives all findings of a key what is known about it.
    pub fn apply(&self, findings: &mut [Finding]) {
        for finding in findings {
            finding.verdict = self.0.get(&finding.fingerprint).cloned();
        }
    }
}

/// Unknown never lowers anything; of the others the later one is true, and of those of one second the graver.
fn weight(verdict: &Verdict) -> impl Ord + '_ {
    let gravity = Status::ALL.iter().position(|status| *status == verdict.status).map(Reverse);
    (verdict.status != Status::Unknown, &verdict.asked, gravity, &verdict.reason, &verdict.request_id)
}
