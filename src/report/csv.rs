//! Comma-separated values by RFC 4180: UTF-8 without a byte order mark, lines that end with CR LF, a header always.
//!
//! One record a finding, and then one for each input that could not be read; the first column tells them apart. Cells are
//! printable text on one line, and none begins like a formula (see [`csv_cell`]).

use std::io::{self, Write};

use crate::error::Problem;
use crate::finding::{Finding, GitPlace};
use crate::report::escape::{csv_cell, printable};
use crate::report::{Report, Suppressed, words};
use crate::verdict::{UNCHECKED, Verdict};

/// The columns. More may be added at the end.
const HEADER: [&str; 27] = [
    "record",
    "level",
    "rule",
    "key_id",
    "redacted",
    "fingerprint",
    "path",
    "kind",
    "line",
    "column",
    "end_line",
    "end_column",
    "exposure",
    "encodings",
    "confidence",
    "confidence_reason",
    "root",
    "object",
    "commit",
    "date",
    "subject",
    "author",
    "verification",
    "verification_reason",
    "suppressed_by",
    "suppressed_reason",
    "message",
];

/// Writes the header and the records.
///
/// # Errors
///
/// Those of `out`.
pub fn write(report: &Report, suppressed: Suppressed, out: &mut dyn Write) -> io::Result<()> {
    write_record(HEADER.map(str::to_owned), out)?;
    for finding in report.shown(suppressed) {
        write_record(of_finding(finding), out)?;
    }
    for problem in &report.coverage.problems {
        write_record(of_problem(problem), out)?;
    }
    Ok(())
}

fn write_record(cells: [String; HEADER.len()], out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{}\r\n", cells.map(|cell| csv_cell(&cell)).join(","))
}

fn of_finding(finding: &Finding) -> [String; HEADER.len()] {
    let git = finding.git.as_ref();
    let text = |bytes: Option<&[u8]>| bytes.map(printable).unwrap_or_default();
    let verdict: Option<&Verdict> = finding.verdict.as_deref();
    let suppression = finding.suppressed.as_ref();
    [
        "finding".to_owned(),
        finding.level().id().to_owned(),
        finding.rule.id().to_owned(),
        finding.key_id.to_string(),
        finding.redacted(),
        finding.fingerprint.to_string(),
        printable(&words::with_members(&words::path(finding), finding)),
        words::part(finding.kind).unwrap_or("the content").trim_start_matches("the ").to_owned(),
        finding.start.line.to_string(),
        finding.start.column.to_string(),
        finding.end.line.to_string(),
        finding.end.column.to_string(),
        finding.exposure.id().to_owned(),
        finding.encodings.join(" "),
        finding.confidence.id().to_owned(),
        words::doubt(finding).unwrap_or_default().to_owned(),
        printable(&finding.root),
        git.map(|git| git.object.to_string()).unwrap_or_default(),
        git.and_then(|git| git.commit).map(|commit| commit.to_string()).unwrap_or_default(),
        git.and_then(|git| git.facts.date.clone()).unwrap_or_default(),
        text(git.and_then(|git| git.facts.subject.as_deref())),
        text(git.and_then(|git: &GitPlace| git.facts.author.as_deref())),
        verdict.map_or(UNCHECKED, |verdict| verdict.status.id()).to_owned(),
        verdict.map(|verdict| printable(verdict.reason.as_bytes())).unwrap_or_default(),
        suppression.map(|suppression| suppression.by.id().to_owned()).unwrap_or_default(),
        suppression.map(|suppression| printable(suppression.reason.as_bytes())).unwrap_or_default(),
        finding.remedy().join("; "),
    ]
}

fn of_problem(problem: &Problem) -> [String; HEADER.len()] {
    HEADER.map(|column| match column {
        "record" => "problem".to_owned(),
        "path" => printable(&problem.path),
        "kind" => problem.kind.id().to_owned(),
        "message" => printable(problem.message.as_bytes()),
        _ => String::new(),
    })
}
