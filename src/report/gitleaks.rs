//! The JSON report of gitleaks 8 (`report/finding.go`), for what already reads that: an array, empty when clean.
//!
//! The secret is not in it: `Secret` is always `REDACTED`, and `Match` the form of the key that may be shown. Columns
//! count bytes from 1 with an inclusive end. What gitleaks has no field for is in `Tags`, each as `NAME:VALUE`. There is
//! no place for what could not be read; the exit status and standard error tell.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use crate::finding::{Finding, GitPlace};
use crate::report::escape::JsonText;
use crate::report::{Each, Report, Suppressed, words};
use crate::verdict::UNCHECKED;

/// Writes the array, indented, with a newline at its end.
///
/// # Errors
///
/// Those of `out`.
pub fn write(report: &Report, suppressed: Suppressed, out: &mut dyn Write) -> io::Result<()> {
    let findings = Each(|| report.shown(suppressed).map(GitleaksFinding::new));
    serde_json::to_writer_pretty(JsonText(out), &findings)?;
    writeln!(out)
}

/// The fields of gitleaks, in its order.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GitleaksFinding<'a> {
    #[serde(rename = "RuleID")]
    rule_id: &'static str,
    description: String,
    start_line: u64,
    end_line: u64,
    start_column: u64,
    end_column: u64,
    r#match: String,
    secret: &'static str,
    file: String,
    symlink_file: &'static str,
    commit: String,
    /// That of the secret, which is not told.
    entropy: u8,
    author: String,
    email: String,
    date: &'a str,
    message: Cow<'a, str>,
    tags: Vec<String>,
    fingerprint: String,
}

impl<'a> GitleaksFinding<'a> {
    fn new(finding: &'a Finding) -> GitleaksFinding<'a> {
        let git = finding.git.as_ref();
        let file = String::from_utf8_lossy(&words::with_members(&words::path(finding), finding)).into_owned();
        let commit = git.and_then(|git| git.commit).map(|commit| commit.to_string()).unwrap_or_default();
        let (author, email) = git.map(author).unwrap_or_default();
        let place = format!("{file}:{}:{}", finding.rule.id(), finding.start.line);
        GitleaksFinding {
            rule_id: finding.rule.id(),
            description: words::message(finding),
            start_line: finding.start.line,
            end_line: finding.end.line,
            start_column: finding.start.column_utf8,
            end_column: finding.end.column_utf8.saturating_sub(1).max(1),
            r#match: finding.redacted(),
            secret: "REDACTED",
            file,
            symlink_file: "",
            fingerprint: if commit.is_empty() { place } else { format!("{commit}:{place}") },
            commit,
            entropy: 0,
            author,
            email,
            date: git.and_then(|git| git.facts.date.as_deref()).unwrap_or_default(),
            message: git.and_then(|git| git.facts.subject.as_deref()).map(String::from_utf8_lossy).unwrap_or_default(),
            tags: tags(finding),
        }
    }
}

fn tags(finding: &Finding) -> Vec<String> {
    let status = finding.status().map_or(UNCHECKED, |status| status.id());
    let mut tags = vec![
        format!("level:{}", finding.level().id()),
        format!("verification:{status}"),
        format!("exposure:{}", finding.exposure.id()),
    ];
    tags.extend(finding.encodings.iter().map(|encoding| format!("encoding:{encoding}")));
    tags.extend(words::part(finding.kind).map(|part| format!("in:{part}")));
    tags.extend(finding.suppressed.as_ref().map(|suppression| format!("suppressed:{}", suppression.by.id())));
    tags
}

/// Name and mail of the author, when they were asked for.
fn author(git: &GitPlace) -> (String, String) {
    let text = git.facts.author.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
    let (name, mail) = text.rsplit_once(" <").unwrap_or((&text, ""));
    (name.to_owned(), mail.trim_end_matches('>').to_owned())
}
