//! JSON, schema version 1: one document. The structs here are the format; `docs/report.schema.json` describes it.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use crate::coverage::{Coverage, Skip};
use crate::error::Problem;
use crate::finding::{Finding, GitPlace, Suppression};
use crate::lines::Position;
use crate::object::ObjectKind;
use crate::report::escape::{JsonText, text_and_base64};
use crate::report::{Each, Report, Suppressed, TOOL, VERSION, words};
use crate::verdict::{Status, UNCHECKED, Verdict};

/// The name and version of the format.
pub const SCHEMA: &str = "hopx-leaks/report/v1";

/// The JSON Schema (draft 2020-12) of the document.
pub const JSON_SCHEMA: &str = include_str!("../../docs/report.schema.json");

/// Writes the document, indented, with a newline at its end.
///
/// # Errors
///
/// Those of `out`.
pub fn write(report: &Report, suppressed: Suppressed, out: &mut dyn Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct Document<'a, F: Serialize> {
        #[serde(flatten)]
        head: Head,
        #[serde(flatten)]
        summary: Summary<'a>,
        findings: F,
    }
    let findings = Each(|| report.shown(suppressed).map(JsonFinding::new));
    let document = Document { head: Head::new(report), summary: Summary::new(report), findings };
    serde_json::to_writer_pretty(JsonText(out), &document)?;
    writeln!(out)
}

/// What every document begins with.
#[derive(Serialize)]
pub struct Head {
    schema: &'static str,
    tool: Tool,
    mode: &'static str,
    complete: bool,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

impl Head {
    /// The head of a report.
    pub fn new(report: &Report) -> Head {
        let tool = Tool { name: TOOL, version: VERSION };
        Head { schema: SCHEMA, tool, mode: report.mode.id(), complete: report.is_complete() }
    }
}

/// The counts of a report.
#[derive(Serialize)]
pub struct Summary<'a> {
    coverage: JsonCoverage<'a>,
    summary: Counts,
}

#[derive(Serialize)]
struct Counts {
    leaks: usize,
    suppressed: usize,
    keys: usize,
    /// Keys that the API takes: live and limited.
    live: usize,
}

#[derive(Serialize)]
struct JsonCoverage<'a> {
    files: u64,
    bytes: u64,
    links: u64,
    objects: Objects,
    containers: u64,
    members: u64,
    ignored: u64,
    excluded: u64,
    git_folders: u64,
    special: u64,
    duplicates: u64,
    unopened: u64,
    placeholders: u64,
    accepted: u64,
    problems: Vec<JsonProblem<'a>>,
}

/// git objects by kind.
#[derive(Serialize)]
struct Objects {
    blob: u64,
    commit: u64,
    tag: u64,
    tree: u64,
}

#[derive(Serialize)]
struct JsonProblem<'a> {
    path: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_base64: Option<String>,
    kind: &'static str,
    message: &'a str,
}

impl<'a> Summary<'a> {
    /// The counts of a report.
    pub fn new(report: &'a Report) -> Summary<'a> {
        let leaks = report.leaks().count();
        let accepted = Status::ALL.into_iter().filter(|status| status.is_accepted());
        let counts = Counts {
            leaks,
            suppressed: report.suppressed(),
            keys: report.leaked_keys(),
            live: accepted.map(|status| report.keys_with(status)).sum(),
        };
        Summary { coverage: JsonCoverage::new(&report.coverage), summary: counts }
    }
}

impl<'a> JsonCoverage<'a> {
    fn new(coverage: &'a Coverage) -> JsonCoverage<'a> {
        JsonCoverage {
            files: coverage.files,
            bytes: coverage.bytes,
            links: coverage.links,
            objects: Objects {
                blob: coverage.objects(ObjectKind::Blob),
                commit: coverage.objects(ObjectKind::Commit),
                tag: coverage.objects(ObjectKind::Tag),
                tree: coverage.objects(ObjectKind::Tree),
            },
            containers: coverage.containers,
            members: coverage.members,
            ignored: coverage.skipped(Skip::Ignored),
            excluded: coverage.skipped(Skip::Excluded),
            git_folders: coverage.skipped(Skip::GitFolder),
            special: coverage.skipped(Skip::Special),
            duplicates: coverage.skipped(Skip::Duplicate),
            unopened: coverage.unopened,
            placeholders: coverage.placeholders,
            accepted: coverage.accepted,
            problems: coverage.problems.iter().map(JsonProblem::new).collect(),
        }
    }
}

impl<'a> JsonProblem<'a> {
    fn new(problem: &'a Problem) -> JsonProblem<'a> {
        let (path, path_base64) = text_and_base64(&problem.path);
        JsonProblem { path, path_base64, kind: problem.kind.id(), message: &problem.message }
    }
}

/// One finding.
#[derive(Serialize)]
pub struct JsonFinding<'a> {
    rule: &'static str,
    level: &'static str,
    key_id: &'a str,
    redacted: String,
    fingerprint: String,
    confidence: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence_reason: Option<&'static str>,
    encodings: &'a [&'static str],
    root: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    root_base64: Option<String>,
    path: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    local_path: Option<Cow<'a, str>>,
    members: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    members_base64: Option<Vec<String>>,
    kind: &'static str,
    start: Place,
    end: Place,
    #[serde(skip_serializing_if = "Option::is_none")]
    line_hash: Option<&'a str>,
    exposure: &'static str,
    git: Option<JsonGit<'a>>,
    verification: Verification<'a>,
    suppressed: Option<JsonSuppression<'a>>,
    remedy: Vec<String>,
}

#[derive(Serialize)]
struct Place {
    line: u64,
    column: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    column_utf16: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column_utf8: Option<u64>,
    byte: u64,
}

#[derive(Serialize)]
struct JsonGit<'a> {
    object: String,
    object_kind: &'static str,
    commit: Option<String>,
    date: Option<&'a str>,
    subject: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<Cow<'a, str>>,
    in_head: bool,
    refs: Vec<Cow<'a, str>>,
}

#[derive(Serialize)]
struct Verification<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonSuppression<'a> {
    by: &'static str,
    reason: &'a str,
}

impl<'a> JsonFinding<'a> {
    /// A finding as the format has it.
    pub fn new(finding: &'a Finding) -> JsonFinding<'a> {
        let (root, root_base64) = text_and_base64(&finding.root);
        let (path, path_base64) = finding.path.as_deref().map(text_and_base64).unzip();
        let usual = Finding::usual_local_path(&finding.root, finding.path.as_deref(), finding.git.as_ref());
        let local_path = (finding.local_path != usual).then(|| String::from_utf8_lossy(&finding.local_path));
        let is_text = |name: &Vec<u8>| std::str::from_utf8(name).is_ok();
        let members_base64 = (!finding.members.iter().all(is_text))
            .then(|| finding.members.iter().map(|name| data_encoding::BASE64.encode(name)).collect());
        JsonFinding {
            rule: finding.rule.id(),
            level: finding.level().id(),
            key_id: finding.key_id.as_str(),
            redacted: finding.redacted(),
            fingerprint: finding.fingerprint.to_string(),
            confidence: finding.confidence.id(),
            confidence_reason: words::doubt(finding),
            encodings: &finding.encodings,
            root,
            root_base64,
            path,
            path_base64: path_base64.flatten(),
            local_path,
            members: finding.members.iter().map(|name| String::from_utf8_lossy(name)).collect(),
            members_base64,
            kind: finding.kind.id(),
            start: Place::new(finding.start),
            end: Place::new(finding.end),
            line_hash: finding.line_hash.as_deref(),
            exposure: finding.exposure.id(),
            git: finding.git.as_ref().map(JsonGit::new),
            verification: Verification::new(finding.verdict.as_deref()),
            suppressed: finding.suppressed.as_deref().map(JsonSuppression::new),
            remedy: finding.remedy(),
        }
    }
}

impl<'a> JsonGit<'a> {
    fn new(git: &'a GitPlace) -> JsonGit<'a> {
        JsonGit {
            object: git.object.to_string(),
            object_kind: git.object_kind.name(),
            commit: git.commit.map(|commit| commit.to_string()),
            date: git.facts.date.as_deref(),
            subject: git.facts.subject.as_deref().map(String::from_utf8_lossy),
            author: git.facts.author.as_deref().map(String::from_utf8_lossy),
            in_head: git.facts.in_head,
            refs: git.facts.refs.iter().map(|name| String::from_utf8_lossy(name)).collect(),
        }
    }
}

impl<'a> Verification<'a> {
    fn new(verdict: Option<&'a Verdict>) -> Verification<'a> {
        Verification {
            status: verdict.map_or(UNCHECKED, |verdict| verdict.status.id()),
            reason: verdict.map(|verdict| verdict.reason.as_str()),
            asked: verdict.and_then(|verdict| verdict.asked.as_deref()),
            request_id: verdict.and_then(|verdict| verdict.request_id.as_deref()),
        }
    }
}

impl Place {
    fn new(position: Position) -> Place {
        let Position { byte, line, column, column_utf16, column_utf8 } = position;
        let other = |other| Some(other).filter(|other| *other != column);
        Place { line, column, column_utf16: other(column_utf16), column_utf8: other(column_utf8), byte }
    }
}

impl<'a> JsonSuppression<'a> {
    fn new(suppression: &'a Suppression) -> JsonSuppression<'a> {
        JsonSuppression { by: suppression.by.id(), reason: &suppression.reason }
    }
}
