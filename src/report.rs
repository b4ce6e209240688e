//! The report: one sorted, deterministic value that every format shows.

pub mod csv;
pub mod escape;
pub mod github;
pub mod gitlab;
pub mod gitleaks;
pub mod html;
pub mod identity;
pub mod json;
pub mod jsonl;
pub mod junit;
pub mod markdown;
pub mod rdjson;
pub mod sarif;
pub mod text;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::time::SystemTime;

use serde::{Serialize, Serializer};

use crate::coverage::Coverage;
use crate::finding::Finding;
use crate::verdict::Status;

/// The program's name in reports.
pub const TOOL: &str = "hopx-leaks";
/// The program's version in reports.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON document, schema version 1.
    Json,
    /// One JSON document a line: each finding, then a summary.
    Jsonl,
    /// SARIF 2.1.0, as GitHub code scanning takes it.
    Sarif,
    /// Workflow commands of GitHub Actions, which become annotations.
    Github,
    /// A secret detection report of GitLab.
    Gitlab,
    /// `JUnit` XML.
    Junit,
    /// Comma-separated values, for spreadsheets.
    Csv,
    /// Markdown, as the summary of a GitHub workflow step shows it.
    Markdown,
    /// One page that works from disk.
    Html,
    /// Reviewdog Diagnostic Format.
    Rdjson,
    /// The JSON report of gitleaks.
    GitleaksJson,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 12] = [
        Format::Text,
        Format::Json,
        Format::Jsonl,
        Format::Sarif,
        Format::Github,
        Format::Gitlab,
        Format::Junit,
        Format::Csv,
        Format::Markdown,
        Format::Html,
        Format::Rdjson,
        Format::GitleaksJson,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Json => "json",
            Format::Jsonl => "jsonl",
            Format::Sarif => "sarif",
            Format::Github => "github",
            Format::Gitlab => "gitlab",
            Format::Junit => "junit",
            Format::Csv => "csv",
            Format::Markdown => "markdown",
            Format::Html => "html",
            Format::Rdjson => "rdjson",
            Format::GitleaksJson => "gitleaks-json",
        }
    }

    /// Whether it has the hash of each finding's line: SARIF, and what SARIF can be made of later.
    pub fn shows_line_hashes(self) -> bool {
        match self {
            Format::Json | Format::Jsonl | Format::Sarif => true,
            Format::Text
            | Format::Github
            | Format::Gitlab
            | Format::Junit
            | Format::Csv
            | Format::Markdown
            | Format::Html
            | Format::Rdjson
            | Format::GitleaksJson => false,
        }
    }

    /// The extension that tells a file of this format, where one does.
    pub fn extension(self) -> Option<&'static str> {
        match self {
            Format::Text => Some("txt"),
            Format::Junit => Some("xml"),
            Format::Markdown => Some("md"),
            Format::Json | Format::Jsonl | Format::Sarif | Format::Csv | Format::Html => Some(self.name()),
            Format::Github | Format::Gitlab | Format::Rdjson | Format::GitleaksJson => None,
        }
    }
}

/// How a report is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether text has colours.
    pub color: Color,
    /// Whether suppressed findings are shown, marked.
    pub suppressed: Suppressed,
}

/// Whether text has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// ANSI colours.
    Ansi,
    /// None.
    Plain,
}

/// Whether suppressed findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suppressed {
    /// Counted only.
    Hide,
    /// Shown, marked as such.
    Show,
}

/// What a run looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Files and folders.
    Scan,
    /// What the next commit would add.
    Staged,
    /// What some commits add.
    Commits,
    /// Every object of a repository.
    History,
    /// All that a repository holds, its files too.
    Audit,
    /// What reports of several of these say together.
    Merged,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Mode; 6] = [Mode::Scan, Mode::Staged, Mode::Commits, Mode::History, Mode::Audit, Mode::Merged];

    /// The mode with this name.
    pub fn from_id(id: &str) -> Option<Mode> {
        Mode::ALL.into_iter().find(|mode| mode.id() == id)
    }

    /// The name in reports.
    pub fn id(self) -> &'static str {
        match self {
            Mode::Scan => "scan",
            Mode::Staged => "staged",
            Mode::Commits => "commits",
            Mode::History => "history",
            Mode::Audit => "audit",
            Mode::Merged => "merged",
        }
    }
}

/// Everything a run found out.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was looked at.
    pub mode: Mode,
    /// All findings, suppressed ones too, in the order of [`Finding::order`].
    pub findings: Vec<Finding>,
    /// Suppressed findings that are counted and not known: those that a report which was read left out.
    pub unlisted: usize,
    /// What was read and what was not.
    pub coverage: Coverage,
    /// What is to be said about the rules that vouch for findings, each in words.
    pub notices: Vec<String>,
    /// When and where it was made, for the formats that have to say it.
    pub circumstances: Option<Circumstances>,
}

/// When and where a report was made. The formats that do not have to say it leave it out, so that the same input gives the
/// same report.
#[derive(Clone, Debug)]
pub struct Circumstances {
    /// When the run started.
    pub started: SystemTime,
    /// When everything was read.
    pub finished: SystemTime,
    /// The commit that HEAD leads to in the repository around the working directory, if there is one.
    pub head: Option<String>,
}

impl Report {
    /// Sorts what the threads brought.
    pub fn new(mode: Mode, findings: Vec<Finding>, mut coverage: Coverage) -> Report {
        coverage.finish();
        let mut report = Report { mode, findings, unlisted: 0, coverage, notices: Vec::new(), circumstances: None };
        report.sort();
        report
    }

    /// Puts the findings in order, after something about them has changed.
    pub fn sort(&mut self) {
        // In place: a buffer for half of the findings would be the most memory that merging takes.
        self.findings.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
    }

    /// Whether everything that should have been read was.
    pub fn is_complete(&self) -> bool {
        self.coverage.problems.is_empty()
    }

    /// The findings that count: neither suppressed nor notes.
    pub fn leaks(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.is_leak())
    }

    /// How many findings something vouches for.
    pub fn suppressed(&self) -> usize {
        self.unlisted + self.findings.iter().filter(|finding| finding.suppressed.is_some()).count()
    }

    /// The findings that are neither leaks nor suppressed: in files that git ignores.
    pub fn notes(&self) -> usize {
        self.findings.iter().filter(|finding| finding.suppressed.is_none() && !finding.is_leak()).count()
    }

    /// The findings that a format shows.
    pub fn shown(&self, suppressed: Suppressed) -> impl Iterator<Item = &Finding> {
        let shows = move |finding: &&Finding| suppressed == Suppressed::Show || finding.suppressed.is_none();
        self.findings.iter().filter(shows)
    }

    /// The findings that a format shows by key, which is the thing to revoke: the gravest level first, then in order of
    /// first place. What the API takes has level error, and comes first among these. No group is empty.
    pub fn by_key(&self, suppressed: Suppressed) -> Vec<Vec<&Finding>> {
        let mut groups: BTreeMap<_, Vec<&Finding>> = BTreeMap::new();
        for finding in self.shown(suppressed) {
            groups.entry(finding.fingerprint).or_default().push(finding);
        }
        let mut groups: Vec<_> = groups.into_values().collect();
        groups.sort_by(|a, b| {
            let urgency = |group: &[&Finding]| (group[0].standing(), group[0].level());
            urgency(a).cmp(&urgency(b)).then_with(|| a[0].order().cmp(&b[0].order()))
        });
        groups
    }

    /// How many different keys leak.
    pub fn leaked_keys(&self) -> usize {
        distinct(self.leaks())
    }

    /// How many different keys leak about which the API says this.
    pub fn keys_with(&self, status: Status) -> usize {
        distinct(self.leaks().filter(|finding| finding.status() == Some(status)))
    }
}

/// A list in a document of JSON, whose items are made one by one as they are written: all of them at once would take the
/// memory of the findings again.
struct Each<F>(F);

impl<I: Iterator<Item: Serialize>, F: Fn() -> I> Serialize for Each<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0())
    }
}

fn distinct<'f>(findings: impl Iterator<Item = &'f Finding>) -> usize {
    findings.map(|finding| finding.fingerprint).collect::<BTreeSet<_>>().len()
}

/// Writes the report in one format.
///
/// # Errors
///
/// Those of `out`.
pub fn write(report: &Report, format: Format, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text => text::write(report, style, out),
        Format::Json => json::write(report, style.suppressed, out),
        Format::Jsonl => jsonl::write(report, style.suppressed, out),
        Format::Sarif => sarif::write(report, style.suppressed, out),
        Format::Github => github::write(report, style.suppressed, out),
        Format::Gitlab => gitlab::write(report, out),
        Format::Junit => junit::write(report, style.suppressed, out),
        Format::Csv => csv::write(report, style.suppressed, out),
        Format::Markdown => markdown::write(report, style.suppressed, out),
        Format::Html => html::write(report, style.suppressed, out),
        Format::Rdjson => rdjson::write(report, style.suppressed, out),
        Format::GitleaksJson => gitleaks::write(report, style.suppressed, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{SuppressedBy, Suppression, sample};

    /// Here and not through the program, as the one in [`sarif`]. What is suppressed is shown when that is wanted, with
    /// the reason, which is data like any; and never in `gitlab`, which would count it.
    #[test]
    fn suppressed_findings_are_shown_on_request() {
        let reason = "a \u{1b} <b> `x` ::y ]]> reason".to_owned();
        let suppression = Suppression { by: SuppressedBy::Documentation, reason };
        let (vouched, leak) = (sample("a.txt", 72, Some(suppression)), sample("a.txt", 73, None));
        let [vouched_id, leak_id] = [&vouched, &leak].map(|finding| finding.key_id.to_string());
        let report = Report::new(Mode::Scan, vec![vouched, leak], Coverage::default());
        for format in Format::ALL {
            let shown = |suppressed| {
                let mut bytes = Vec::new();
                write(&report, format, Style { color: Color::Plain, suppressed }, &mut bytes).expect("in memory");
                String::from_utf8(bytes).expect("UTF-8")
            };
            let (hidden, all) = (shown(Suppressed::Hide), shown(Suppressed::Show));
            assert!(!hidden.contains(&vouched_id) && hidden.contains(&leak_id), "{format:?}");
            assert_eq!(all.contains(&vouched_id), format != Format::Gitlab, "{format:?}");
            assert!(all.contains(&leak_id), "{format:?}");
            let mark = match format {
                Format::Text | Format::Json | Format::Jsonl | Format::Csv | Format::GitleaksJson => "documentation",
                Format::Sarif => "\"accepted\"",
                Format::Github => "::notice file=a.txt,",
                Format::Junit => "<skipped message=\"suppressed by documentation: a \\u{1b} &lt;b&gt; `x` ::y ]]&gt;",
                Format::Markdown => ", suppressed by documentation: ``a \\u{1b} <b> `x` ::y ]]> reason``",
                Format::Rdjson => "\"INFO\"",
                Format::Html => "a \\u{1b} &lt;b&gt; `x` ::y ]]&gt; reason",
                Format::Gitlab => continue,
            };
            assert!(all.contains(mark) && !hidden.contains(mark), "{format:?}: {all}");
        }
    }
}
