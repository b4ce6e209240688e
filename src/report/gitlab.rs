//! A secret detection report of GitLab, by version 15.2.1 of its schema (gitlabhq,
//! `lib/gitlab/ci/parsers/security/validators/schemas`).
//!
//! GitLab drops a report as a whole that does not fit the schema. It knows an alert by its first identifier, its file and
//! its lines, and keeps one of those that have all of them in common; the first identifier is therefore the key, of whose
//! rule there may be two on a line. It has no notion of a suppressed finding, so that these are left out whatever was
//! asked for, and it renders `description` as Markdown, where names stand in code spans. `raw_source_code_extract` would
//! hold the key and is left out.

use std::borrow::Cow;
use std::io::{self, Write};
use std::time::SystemTime;

use serde::Serialize;

use crate::date;
use crate::finding::{Finding, Level};
use crate::report::escape::{JsonText, code_span, printable, shortened};
use crate::report::{Each, Report, Suppressed, TOOL, VERSION, identity, words};
use crate::verdict::UNCHECKED;

/// The version of the schema.
const SCHEMA: &str = "15.2.1";

/// The longest that a path in a description is, in bytes: the schema bounds the whole.
const LONG: usize = 4_096;

/// Writes the document, indented, with a newline at its end. Where the finding has no commit, the one of the report's
/// circumstances stands.
///
/// # Errors
///
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let head = report.circumstances.as_ref().and_then(|circumstances| circumstances.head.as_deref());
    let head = head.unwrap_or_default();
    let findings = identity::numbered(report.shown(Suppressed::Hide));
    let vulnerabilities = Each(|| findings.iter().map(|(nth, finding)| Vulnerability::new(finding, *nth, head)));
    let document = Document { version: SCHEMA, scan: Scan::new(report), vulnerabilities };
    serde_json::to_writer_pretty(JsonText(out), &document)?;
    writeln!(out)
}

#[derive(Serialize)]
struct Document<V: Serialize> {
    version: &'static str,
    scan: Scan,
    vulnerabilities: V,
}

#[derive(Serialize)]
struct Scan {
    r#type: &'static str,
    analyzer: Tool,
    scanner: Tool,
    start_time: String,
    end_time: String,
    status: &'static str,
    messages: Vec<Message>,
}

#[derive(Serialize)]
struct Tool {
    id: &'static str,
    name: &'static str,
    version: &'static str,
    vendor: Vendor,
}

#[derive(Serialize)]
struct Vendor {
    name: &'static str,
}

#[derive(Serialize)]
struct Message {
    level: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Vulnerability<'a> {
    id: String,
    name: String,
    description: String,
    severity: &'static str,
    solution: String,
    identifiers: [Identifier; 2],
    location: Location<'a>,
    details: Details,
}

#[derive(Serialize)]
struct Identifier {
    r#type: &'static str,
    name: String,
    value: String,
}

#[derive(Serialize)]
struct Location<'a> {
    file: String,
    start_line: u64,
    end_line: u64,
    commit: Commit<'a>,
}

#[derive(Serialize)]
struct Commit<'a> {
    sha: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
struct Details {
    fingerprint: Detail,
    exposure: Detail,
    verification: Detail,
    encodings: Detail,
}

/// A named field of type text, which is not rendered.
#[derive(Serialize)]
struct Detail {
    name: &'static str,
    r#type: &'static str,
    value: String,
}

impl Scan {
    fn new(report: &Report) -> Scan {
        let tool = || Tool { id: TOOL, name: TOOL, version: VERSION, vendor: Vendor { name: TOOL } };
        let circumstances = report.circumstances.as_ref();
        let warning = |value| Message { level: "warn", value };
        let problems = report.coverage.problems.iter();
        Scan {
            r#type: "secret_detection",
            analyzer: tool(),
            scanner: tool(),
            start_time: time(circumstances.map(|circumstances| circumstances.started)),
            end_time: time(circumstances.map(|circumstances| circumstances.finished)),
            status: if report.is_complete() { "success" } else { "failure" },
            messages: problems
                .map(|problem| {
                    warning(format!("{}: {}", printable(&problem.path), printable(problem.message.as_bytes())))
                })
                .collect(),
        }
    }
}

/// A time as `YYYY-MM-DDTHH:MM:SS` in UTC; the first one of the clock where it is not known.
fn time(time: Option<SystemTime>) -> String {
    let utc = time.and_then(date::utc).unwrap_or_else(|| "1970-01-01T00:00:00".to_owned());
    utc.split(['+', 'Z']).next().unwrap_or_default().to_owned()
}

impl<'a> Vulnerability<'a> {
    fn new(finding: &'a Finding, nth: usize, head: &'a str) -> Vulnerability<'a> {
        let kind = words::kind(finding.rule);
        let steps = finding.remedy();
        let steps = steps.iter().enumerate().map(|(at, step)| format!("{}. {step}", at + 1));
        Vulnerability {
            id: identity::uuid(finding, nth),
            name: format!("Leaked HopX {kind} API key"),
            description: description(finding),
            severity: match finding.level() {
                Level::Error => "Critical",
                Level::Warning => "Medium",
                Level::Note => "Info",
            },
            solution: steps.collect::<Vec<_>>().join("\n"),
            identifiers: [
                Identifier {
                    r#type: "hopx_leaks_key",
                    name: format!("HopX {kind} API key {}", finding.key_id),
                    value: finding.redacted().trim_end_matches(".****").to_owned(),
                },
                Identifier {
                    r#type: "hopx_leaks_rule",
                    name: format!("hopx-leaks rule {}", finding.rule.id()),
                    value: finding.rule.id().to_owned(),
                },
            ],
            location: Location::new(finding, head),
            details: Details::new(finding),
        }
    }
}

/// What is rendered as Markdown.
fn description(finding: &Finding) -> String {
    let path = words::with_members(&words::path(finding), finding);
    let path = printable(&path);
    let place = code_span(format!("{}:{}", shortened(&path, LONG), finding.start.line).as_bytes());
    let part = words::part(finding.kind).map(|part| format!(", in {part}")).unwrap_or_default();
    format!("{}\n\nPlace: {place}{part}", words::message(finding))
}

impl<'a> Location<'a> {
    fn new(finding: &'a Finding, head: &'a str) -> Location<'a> {
        let git = finding.git.as_ref();
        let commit = git.and_then(|git| git.commit);
        // The date and the author of a tag are not those of a commit.
        let known = git.filter(|git| git.commit.is_some());
        let lines = if words::has_lines(finding) { (finding.start.line, finding.end.line) } else { (1, 1) };
        Location {
            file: String::from_utf8_lossy(&words::path(finding)).into_owned(),
            start_line: lines.0,
            end_line: lines.1,
            commit: Commit {
                sha: commit.map_or(head.into(), |commit| commit.to_string().into()),
                date: known.and_then(|git| git.facts.date.as_deref()),
                author: known.and_then(|git| git.facts.author.as_deref()).map(String::from_utf8_lossy),
                message: known.and_then(|git| git.facts.subject.as_deref()).map(String::from_utf8_lossy),
            },
        }
    }
}

impl Details {
    fn new(finding: &Finding) -> Details {
        let text = |name, value: String| Detail { name, r#type: "text", value };
        let verification = finding.verdict.as_deref().map_or_else(
            || UNCHECKED.to_owned(),
            |verdict| format!("{}: {}", verdict.status.id(), printable(verdict.reason.as_bytes())),
        );
        Details {
            fingerprint: text("SHA-256 of the key", finding.fingerprint.to_string()),
            exposure: text("Exposure", finding.exposure.id().to_owned()),
            verification: text("Verification", verification),
            encodings: text("Encodings", finding.encodings.join(", ")),
        }
    }
}
