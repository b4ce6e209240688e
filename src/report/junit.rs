//! JUnit XML, as continuous integration shows test results: one test case a finding, and one for each input that could
//! not be read. A run that has neither is one test case that passes, since no case at all is shown as "no tests".
//!
//! A leak is a `failure`. What fails no run, a note or something suppressed, is `skipped`; what could not be read is an
//! `error`. Names of cases are different from one another, because consumers put those with the same name together.
//! Characters that XML 1.0 does not have, and those that are not printable, are written as `\u{..}`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::error::Problem;
use crate::finding::{Exposure, Finding, Level};
use crate::report::escape::{printable, xml};
use crate::report::{Report, Suppressed, TOOL, words};

/// Writes the document.
///
/// # Errors
///
/// Those of `out`.
pub fn write(report: &Report, suppressed: Suppressed, out: &mut dyn Write) -> io::Result<()> {
    let findings: Vec<&Finding> = report.shown(suppressed).collect();
    let problems = &report.coverage.problems;
    let skipped = findings.iter().filter(|finding| words::weight(finding) == Level::Note).count();
    let is_clean = findings.is_empty() && problems.is_empty();
    let tests = findings.len() + problems.len() + usize::from(is_clean);
    let (failures, errors) = (findings.len() - skipped, problems.len());
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="{TOOL}" tests="{tests}" failures="{failures}" errors="{errors}">"#)?;
    let name = format!("{TOOL} {}", report.mode.id());
    writeln!(
        out,
        r#"  <testsuite name="{name}" tests="{tests}" failures="{failures}" errors="{errors}" skipped="{skipped}">"#
    )?;
    if is_clean {
        let name = xml(&format!("{}: {}", words::outcome(report), words::coverage(report)));
        writeln!(out, r#"    <testcase classname="{TOOL}" name="{name}"/>"#)?;
    }
    let mut names = Names::default();
    for finding in findings {
        write_finding(finding, &mut names, out)?;
    }
    for problem in problems {
        write_problem(problem, &mut names, out)?;
    }
    writeln!(out, "  </testsuite>\n</testsuites>")
}

/// Names of cases that were given.
#[derive(Default)]
struct Names(BTreeMap<String, u64>);

impl Names {
    /// The name, with a number if it was given before.
    fn unique(&mut self, name: String) -> String {
        let times = self.0.entry(name.clone()).or_insert(0);
        *times += 1;
        if *times == 1 { name } else { format!("{name} ({times})") }
    }
}

fn write_finding(finding: &Finding, names: &mut Names, out: &mut dyn Write) -> io::Result<()> {
    let place = printable(&words::with_members(&words::path(finding), finding));
    let (start, redacted) = (finding.start, finding.redacted());
    let commit = words::short_commit(finding).map(|commit| format!(" by {commit}")).unwrap_or_default();
    let name = names.unique(format!("{place}:{}:{} {redacted}{commit}", start.line, start.column));
    let rule = finding.rule.id();
    let file = xml(&printable(&words::path(finding)));
    let line = if words::has_lines(finding) { start.line } else { 1 };
    writeln!(out, r#"    <testcase classname="{rule}" name="{}" file="{file}" line="{line}">"#, xml(&name))?;
    let message = xml(&words::message(finding));
    match words::weight(finding) {
        Level::Error | Level::Warning => {
            let body = xml(&body(finding, &place));
            writeln!(out, r#"      <failure type="{rule}" message="{message}">{body}</failure>"#)?;
        }
        Level::Note => {
            let why = match &finding.suppressed {
                Some(suppression) => format!("suppressed by {}: {}", suppression.by.id(), suppression.reason),
                None => format!("{} It is in a file that git ignores.", words::message(finding)),
            };
            writeln!(out, r#"      <skipped message="{}"/>"#, xml(&why))?;
        }
    }
    writeln!(out, "    </testcase>")
}

/// Everything about a leak, in lines.
fn body(finding: &Finding, place: &str) -> String {
    let mut lines = vec![format!("{place}:{}:{}", finding.start.line, finding.start.column)];
    lines.extend(words::part(finding.kind).map(|part| format!("in {part}")));
    if finding.exposure != Exposure::Unknown {
        lines.push(format!("exposure: {}", finding.exposure.id()));
    }
    if !finding.encodings.is_empty() {
        lines.push(format!("written as {}", finding.encodings.join(", ")));
    }
    if let Some(git) = &finding.git {
        let commit =
            git.commit.map_or_else(|| "no commit that is known".to_owned(), |commit| format!("commit {commit}"));
        lines.push(format!("brought in by {commit}; {} {}", git.object_kind.name(), git.object));
        lines.extend(git.facts.subject.as_deref().map(|subject| format!("subject: {}", printable(subject))));
        lines.extend(git.facts.author.as_deref().map(|author| format!("author: {}", printable(author))));
    }
    if let Some(verdict) = &finding.verdict {
        lines.push(format!("the API says: {}, {}", verdict.status.id(), printable(verdict.reason.as_bytes())));
    }
    lines.extend(finding.remedy().iter().enumerate().map(|(at, step)| format!("{}. {step}", at + 1)));
    lines.join("\n")
}

fn write_problem(problem: &Problem, names: &mut Names, out: &mut dyn Write) -> io::Result<()> {
    let path = printable(&problem.path);
    let (name, kind) = (names.unique(format!("{path} {}", problem.kind.id())), problem.kind.id());
    let message = xml(&problem.message);
    writeln!(out, r#"    <testcase classname="{TOOL}" name="{}" file="{}">"#, xml(&name), xml(&path))?;
    writeln!(out, r#"      <error type="{kind}" message="{message}">The scan is incomplete.</error>"#)?;
    writeln!(out, "    </testcase>")
}
