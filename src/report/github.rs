//! Workflow commands of GitHub Actions, which the runner turns into annotations: one line each, and no other line.
//!
//! GitHub keeps 10 errors, 10 warnings and 10 notices of a step and drops the others without a word, so that at most
//! [`SHOWN`] of each are written, and then one that says how many there are more. That the scan is incomplete is the
//! first of the warnings. Paths lead from the top of the work tree, columns are in UTF-16 units with an exclusive end.
//! A path with a character that is not printable is shown escaped and annotates nothing.

use std::io::{self, Write};

use crate::coverage::count;
use crate::finding::{Finding, Level};
use crate::report::escape::{command_data, command_property, printable, shortened};
use crate::report::{Report, Suppressed, TOOL, words};
use crate::verdict::Status;

/// How many annotations of a kind are written.
pub const SHOWN: usize = 9;

/// How many problems the warning of an incomplete scan names.
const PROBLEMS: usize = 3;

/// The longest that a path or a message in the text of an annotation is, in bytes.
const LONG: usize = 2_000;

/// Writes the commands. Nothing, when nothing was found and everything was read.
///
/// # Errors
///
/// Those of `out`.
pub fn write(report: &Report, suppressed: Suppressed, out: &mut dyn Write) -> io::Result<()> {
    for level in Level::ALL {
        let name = command(level);
        let incomplete = (level == Level::Warning).then(|| incomplete(report)).flatten();
        let findings = report.shown(suppressed).filter(|finding| words::weight(finding) == level);
        let mut commands = incomplete.into_iter().chain(findings.map(annotation));
        for command in commands.by_ref().take(SHOWN) {
            writeln!(out, "::{name} {command}")?;
        }
        let more = commands.count();
        if more > 0 {
            writeln!(
                out,
                "::{name} title={TOOL}::{more} more of this kind, for GitHub keeps 10 of a step; all of them are in \
                 the reports that -o summary.md and -o report.json write"
            )?;
        }
    }
    Ok(())
}

/// The command that makes an annotation of this level.
fn command(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    }
}

/// Properties and message of a finding.
fn annotation(finding: &Finding) -> String {
    let mut properties = Vec::new();
    if let Some(path) = &finding.path {
        properties.push(format!("file={}", command_property(path)));
        if words::has_lines(finding) {
            let (start, end) = (finding.start, finding.end);
            properties.push(format!("line={},endLine={}", start.line, end.line));
            // Columns of different lines are an error to GitHub.
            if start.line == end.line {
                properties.push(format!("col={},endColumn={}", start.column_utf16, end.column_utf16));
            }
        }
    }
    let live = if finding.status() == Some(Status::Live) { "LIVE " } else { "" };
    let title = format!("{live}HopX {} API key {}", words::kind(finding.rule), finding.key_id);
    properties.push(format!("title={}", command_property(title.as_bytes())));
    let details = words::details(finding);
    let message = format!("{} {}", words::message(finding), shortened(&details, 2 * LONG));
    format!("{}::{}", properties.join(","), command_data(message.trim_end()))
}

/// Properties and message of the warning that not everything was read.
fn incomplete(report: &Report) -> Option<String> {
    let problems = &report.coverage.problems;
    if problems.is_empty() {
        return None;
    }
    let mut named: Vec<String> = problems
        .iter()
        .take(PROBLEMS)
        .map(|problem| {
            let (path, message) = (printable(&problem.path), printable(problem.message.as_bytes()));
            format!("{}: {}", shortened(&path, LONG), shortened(&message, LONG))
        })
        .collect();
    if problems.len() > PROBLEMS {
        named.push(format!("and {} more, in the log of standard error", problems.len() - PROBLEMS));
    }
    let inputs = count(problems.len() as u64, "input");
    let message = format!("The scan is incomplete, {inputs} could not be read: {}", named.join("; "));
    Some(format!("title=Incomplete scan::{}", command_data(&message)))
}
