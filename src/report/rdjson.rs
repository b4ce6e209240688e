//! Reviewdog Diagnostic Format: one `DiagnosticResult` (reviewdog, `proto/rdf/reviewdog.proto`).
//!
//! Columns count UTF-8 bytes from 1, with an exclusive end. Paths lead from the working directory, from where reviewdog
//! finds the top of the work tree by itself. What could not be read has no place of its own in the format: it is a
//! diagnostic whose code is the kind of problem.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use crate::error::Problem;
use crate::finding::{Finding, Level};
use crate::lines::Position;
use crate::report::escape::{JsonText, printable};
use crate::report::{Each, Report, Suppressed, TOOL, words};

/// Writes the document, indented, with a newline at its end.
///
/// # Errors
///
/// Those of `out`.
pub fn write(report: &Report, suppressed: Suppressed, out: &mut dyn Write) -> io::Result<()> {
    let diagnostics = Each(|| {
        let problems = report.coverage.problems.iter().map(Diagnostic::of_problem);
        report.shown(suppressed).map(Diagnostic::of_finding).chain(problems)
    });
    let result = DiagnosticResult { source: Source { name: TOOL }, diagnostics };
    serde_json::to_writer_pretty(JsonText(out), &result)?;
    writeln!(out)
}

#[derive(Serialize)]
struct DiagnosticResult<D: Serialize> {
    source: Source,
    diagnostics: D,
}

#[derive(Serialize)]
struct Source {
    name: &'static str,
}

#[derive(Serialize)]
struct Diagnostic<'a> {
    message: String,
    location: Location<'a>,
    severity: &'static str,
    code: Code,
}

#[derive(Serialize)]
struct Location<'a> {
    path: Cow<'a, str>,
    /// None where the lines are not those of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<Range>,
}

#[derive(Serialize)]
struct Range {
    start: Place,
    end: Place,
}

#[derive(Serialize)]
struct Place {
    line: u64,
    column: u64,
}

#[derive(Serialize)]
struct Code {
    value: &'static str,
}

impl<'a> Diagnostic<'a> {
    fn of_finding(finding: &'a Finding) -> Diagnostic<'a> {
        let range = Range { start: Place::new(finding.start), end: Place::new(finding.end) };
        Diagnostic {
            message: format!("{} {}", words::message(finding), words::details(finding)).trim_end().to_owned(),
            location: Location {
                path: String::from_utf8_lossy(&finding.local_path),
                range: words::has_lines(finding).then_some(range),
            },
            severity: match words::weight(finding) {
                Level::Error => "ERROR",
                Level::Warning => "WARNING",
                Level::Note => "INFO",
            },
            code: Code { value: finding.rule.id() },
        }
    }

    fn of_problem(problem: &'a Problem) -> Diagnostic<'a> {
        Diagnostic {
            message: format!("The scan is incomplete: {}", printable(problem.message.as_bytes())),
            location: Location { path: String::from_utf8_lossy(&problem.local_path), range: None },
            severity: "WARNING",
            code: Code { value: problem.kind.id() },
        }
    }
}

impl Place {
    fn new(position: Position) -> Place {
        Place { line: position.line, column: position.column_utf8 }
    }
}
