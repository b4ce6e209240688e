//! Reports into one report: JSON and JSON Lines reports that this program wrote are read, one finding at a time, and
//! what they say of the same key at the same place is one finding.
//!
//! Whoever wrote a report may have put anything into it: each value is checked, each text goes through
//! [`Detector::redact`], and what is wrong with a report is told without quoting it. The outcome does not depend on the
//! order of the reports.

mod document;
mod field;
mod read;
mod record;
mod same;

use std::fs::File;
use std::io;
use std::path::PathBuf;

use crate::coverage::Coverage;
use crate::detect::Detector;
use crate::error::{Error, describe};
use crate::finding::{Finding, places};
use crate::merge::document::Head;
use crate::merge::read::Fault;
use crate::merge::record::RawFinding;
use crate::merge::same::{Listed, Verdicts};
use crate::read::interrupt;
use crate::report::{Mode, Report};

/// A report to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// What to put before its roots, so that they are told apart from others'.
    pub label: Option<Vec<u8>>,
    /// Where it is.
    pub place: Place,
}

/// Where a report is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// On standard input.
    Stdin,
    /// In a file.
    File(PathBuf),
}

/// Reads all reports and makes one of them.
///
/// # Errors
///
/// The first that can't be taken: [`Error::Report`]. [`Error::Interrupted`].
pub fn merge(inputs: &[Input], detector: &Detector) -> Result<Report, Error> {
    let mut shards = Shards::new(detector);
    for input in inputs {
        shards.label = input.label.as_deref().map(|label| detector.redact(label).into_owned());
        let outcome = match &input.place {
            Place::Stdin => read::read(io::stdin().lock(), &mut shards),
            Place::File(path) => File::open(path).map_err(Fault::Io).and_then(|file| read::read(file, &mut shards)),
        };
        if interrupt::requested() {
            return Err(Error::Interrupted);
        }
        outcome.map_err(|fault| refused(&input.place, &fault))?;
    }
    Ok(shards.into_report())
}

fn refused(place: &Place, fault: &Fault) -> Error {
    let file = match place {
        Place::Stdin => "standard input".to_owned(),
        Place::File(path) => path.display().to_string(),
    };
    let anew = "write it anew with -f json or -f jsonl, and with this version of hopx-leaks";
    let (cause, remedy) = match fault {
        Fault::Io(cause) => (describe(cause), "check the path, and who may read it"),
        Fault::Empty => ("it is empty".to_owned(), "see why the run that should have written it did not"),
        Fault::Cut => ("it ends without a summary, so lines are missing".to_owned(), anew),
        Fault::Content { cause, line, column } => (format!("line {line}, column {column}: {cause}"), anew),
    };
    Error::Report { file, cause, remedy }
}

/// What has been read so far.
struct Shards<'a> {
    detector: &'a Detector,
    /// The label of the input at hand.
    label: Option<Vec<u8>>,
    /// How many reports have been read to their end.
    number: u32,
    /// What the report at hand has listed so far.
    tally: Tally,
    findings: Vec<Listed>,
    verdicts: Verdicts,
    /// What all of them looked at.
    mode: Option<Mode>,
    /// Suppressed findings that they count and do not list.
    unlisted: u64,
    coverage: Coverage,
}

/// Counts of what a report lists, to be held against its summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    findings: u64,
    leaks: u64,
    suppressed: u64,
}

impl<'a> Shards<'a> {
    fn new(detector: &'a Detector) -> Shards<'a> {
        Shards {
            detector,
            label: None,
            number: 0,
            tally: Tally::default(),
            findings: Vec::new(),
            verdicts: Verdicts::default(),
            mode: None,
            unlisted: 0,
            coverage: Coverage::default(),
        }
    }

    /// Takes a finding of the report at hand; what is wrong with it, if something is.
    fn add(&mut self, raw: RawFinding) -> Result<(), &'static str> {
        self.tally.findings += 1;
        match (raw.is_suppressed(), raw.is_note()) {
            (true, _) => self.tally.suppressed += 1,
            (false, false) => self.tally.leaks += 1,
            (false, true) => {}
        }
        let (finding, verdict) = raw.into_finding(self.detector, self.label.as_deref())?;
        if let Some(verdict) = verdict {
            self.verdicts.add(finding.fingerprint, verdict);
        }
        self.findings.push(Listed { finding, shard: self.number, nth: 0 });
        Ok(())
    }

    /// Ends the report at hand; what is wrong with it, if something is.
    fn finish(&mut self, head: Head) -> Result<(), &'static str> {
        let tally = std::mem::take(&mut self.tally);
        if tally.leaks != head.leaks {
            return Err("the summary counts other leaks than are listed");
        }
        let unlisted = head.suppressed.checked_sub(tally.suppressed);
        let unlisted = unlisted.ok_or("the summary counts fewer suppressed findings than are listed")?;
        let coverage = head.coverage.into_coverage(self.detector, self.label.as_deref())?;
        if !head.complete && coverage.problems.is_empty() {
            return Err("it says that it is incomplete, and names no problem");
        }
        let is_new = self.mode.is_some_and(|mode| mode != head.mode);
        self.mode = Some(if is_new { Mode::Merged } else { head.mode });
        self.unlisted = self.unlisted.saturating_add(unlisted);
        self.coverage.merge(coverage);
        self.number += 1;
        Ok(())
    }

    fn into_report(self) -> Report {
        let mut findings: Vec<Finding> = same::united(self.findings);
        places::files_and_history(std::slice::from_mut(&mut findings));
        self.verdicts.apply(&mut findings);
        let unlisted = usize::try_from(self.unlisted).unwrap_or(usize::MAX);
        let mode = self.mode.unwrap_or(Mode::Merged);
        Report { unlisted, ..Report::new(mode, findings, self.coverage) }
    }
}
