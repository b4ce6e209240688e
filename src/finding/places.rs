//! What the findings of one key at one path tell about each other, whichever part of a scan, or which scan, met them.

use std::collections::{BTreeMap, BTreeSet};

use crate::blob::Kind;
use crate::finding::{Exposure, Finding, GitPlace};
use crate::key::Fingerprint;

/// Gives every finding of a key at a path the worst exposure of all of them, those of other parts of the scan included.
pub fn worst_exposures(parts: &mut [Vec<Finding>]) {
    type Place<'a> = (&'a [u8], &'a [u8], Fingerprint);
    fn place(finding: &Finding) -> Option<Place<'_>> {
        Some((&finding.root, finding.path.as_deref()?, finding.fingerprint))
    }
    let mut worst: BTreeMap<Place<'_>, Exposure> = BTreeMap::new();
    for finding in parts.iter().flatten() {
        if let Some(place) = place(finding) {
            let exposure = worst.entry(place).or_insert(finding.exposure);
            *exposure = (*exposure).min(finding.exposure);
        }
    }
    let of = |finding: &Finding| place(finding).and_then(|place| worst.get(&place).copied());
    let exposures: Vec<Exposure> =
        parts.iter().flatten().map(|finding| of(finding).unwrap_or(finding.exposure)).collect();
    for (finding, exposure) in parts.iter_mut().flatten().zip(exposures) {
        finding.exposure = exposure;
    }
}

/// A committed key is met twice, in the work tree and in history: at the same path that is one finding. Gives each
/// finding in a file of a work tree what history knows of the same key at the same path, and drops the findings of
/// history that are told of in this way.
pub fn files_and_history(parts: &mut [Vec<Finding>]) {
    type Place<'a> = (&'a [u8], &'a [u8], Kind, Fingerprint);
    fn place(finding: &Finding) -> Option<Place<'_>> {
        Some((&finding.root, finding.path.as_deref()?, finding.kind, finding.fingerprint))
    }
    worst_exposures(parts);
    let in_files = || parts.iter().flatten().filter(|finding| finding.git.is_none());
    let files: BTreeSet<Place<'_>> = in_files().filter_map(place).collect();
    let mut history: BTreeMap<Place<'_>, &GitPlace> = BTreeMap::new();
    // What is told of with a file, and what is told of a file.
    let mut told = Vec::new();
    for finding in parts.iter().flatten() {
        let in_file = place(finding).filter(|place| files.contains(place));
        told.push(finding.git.is_some() && in_file.is_some());
        if let (Some(git), Some(place)) = (&finding.git, in_file) {
            let best = history.entry(place).or_insert(git);
            *best = (*best).max_by_weight(git);
        }
    }
    let known = |finding: &Finding| {
        let place = place(finding).filter(|_| finding.git.is_none())?;
        history.get(&place).map(|git| (*git).clone())
    };
    let known: Vec<(usize, GitPlace)> =
        parts.iter().flatten().enumerate().filter_map(|(number, finding)| Some((number, known(finding)?))).collect();
    let mut known = known.into_iter().peekable();
    for (number, finding) in parts.iter_mut().flatten().enumerate() {
        if let Some((_, git)) = known.next_if(|(known, _)| *known == number) {
            finding.git = Some(git);
        }
    }
    let mut told = told.into_iter();
    for findings in parts {
        findings.retain(|_| !told.next().unwrap_or_default());
    }
}

impl GitPlace {
    /// The commit to name for a file: one that HEAD reaches before others, and of these the latest.
    fn max_by_weight<'a>(&'a self, other: &'a GitPlace) -> &'a GitPlace {
        let weight =
            |git: &'a GitPlace| (git.facts.in_head, git.commit.is_some(), &git.facts.date, git.commit, git.object);
        if weight(other) > weight(self) { other } else { self }
    }
}
