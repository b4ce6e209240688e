//! Markdown, as GitHub shows it in the summary of a workflow step: what the API takes first, then key by key, with every
//! place and what to do.
//!
//! GitHub refuses a summary of more than 1 MiB a step. [`MAX_BYTES`] are written at most; places and problems that there
//! is no room for are counted at the end. What comes from what was scanned stands in code spans, where there is no
//! markup, no link and no mention, and never in a table.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::coverage::count;
use crate::finding::{Exposure, Finding};
use crate::report::escape::{code_span, printable, shortened};
use crate::report::{Report, Suppressed, TOOL, words};
use crate::verdict::{Status, Verdict};

/// The most that is written.
pub const MAX_BYTES: usize = 900_000;

/// Of these, what is kept for problems and the last lines.
const FOR_PROBLEMS: usize = 100_000;

/// Of these, what is kept for the last lines.
const FOR_END: usize = 4_000;

/// The longest that a subject, an author or a message is, in bytes.
const LONG: usize = 500;

/// Writes the page.
///
/// # Errors
///
/// Those of `out`.
pub fn write(report: &Report, suppressed: Suppressed, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { text: format!("## {TOOL}: {}\n", words::outcome(report)), limit: MAX_BYTES - FOR_PROBLEMS };
    let live = report.keys_with(Status::Live) + report.keys_with(Status::Limited);
    if live > 0 {
        let keys = count(live as u64, "key");
        let _ = writeln!(page.text, "\n**LIVE: the API still takes {keys}. Revoke first, clean up later.**");
    }
    let (mut places, mut keys) = (0_u64, 0_u64);
    for group in report.by_key(suppressed) {
        let left_out = write_key(&group, &mut page);
        places += left_out;
        keys += u64::from(left_out > 0);
    }
    if places > 0 {
        let (places, keys) = (count(places, "place"), count(keys, "key"));
        let _ = writeln!(
            page.text,
            "\n**Cut: {places} of {keys} left out here, for GitHub takes 1 MiB; `-o report.json` writes all of them.**"
        );
    }
    write_problems(report, &mut page);
    let _ = writeln!(page.text, "\n{}.", words::coverage(report));
    out.write_all(page.text.as_bytes())
}

/// The text so far, and how long it may become.
struct Page {
    text: String,
    limit: usize,
}

impl Page {
    /// Adds a block if there is room for it. Whether there was.
    fn add(&mut self, block: &str) -> bool {
        let fits = self.text.len() + block.len() <= self.limit;
        if fits {
            self.text.push_str(block);
        }
        fits
    }
}

/// Writes a key with its places. How many of these were left out.
fn write_key(places: &[&Finding], page: &mut Page) -> u64 {
    let [first, ..] = places else { return 0 };
    let all = places.len() as u64;
    let worst = places.iter().filter(|finding| finding.is_leak()).min_by_key(|finding| finding.exposure);
    let mut head = format!("\n### {}", if first.status() == Some(Status::Live) { "LIVE, " } else { "" });
    let _ = writeln!(
        head,
        "{}: {} in {}\n",
        first.level().id(),
        code_span(first.redacted().as_bytes()),
        count(all, "place")
    );
    if let Some(verdict) = &first.verdict {
        let _ = writeln!(head, "{}\n", verdict_line(verdict));
    }
    for (at, step) in worst.iter().flat_map(|finding| finding.remedy()).enumerate() {
        let _ = writeln!(head, "{}. {step}", at + 1);
    }
    head.push_str("\nPlaces:\n\n");
    if !page.add(&head) {
        return all;
    }
    all - places.iter().filter(|finding| page.add(&place(finding))).count() as u64
}

/// What the API says about the key.
fn verdict_line(verdict: &Verdict) -> String {
    let mut line = format!("The API says: **{}**, {}", verdict.status.id(), code_span(verdict.reason.as_bytes()));
    if let Some(asked) = &verdict.asked {
        let _ = write!(line, ", asked {asked}");
    }
    if let Some(id) = &verdict.request_id {
        let _ = write!(line, ", request {}", code_span(id.as_bytes()));
    }
    line
}

/// One item of the list of places.
fn place(finding: &Finding) -> String {
    let path = match &finding.path {
        Some(path) => path,
        None => &finding.local_path,
    };
    let path = words::with_members(path, finding);
    let place = match words::part(finding.kind) {
        None => format!("{}:{}:{}", printable(&path), finding.start.line, finding.start.column),
        Some(_) => printable(&path),
    };
    let mut line = format!("- {}", code_span(place.as_bytes()));
    if let Some(part) = words::part(finding.kind) {
        let _ = write!(line, ", in {part}");
    }
    if finding.exposure != Exposure::Unknown {
        let _ = write!(line, ", {}", finding.exposure.id());
    }
    if let Some(git) = &finding.git {
        let quoted = |bytes: &[u8]| code_span(shortened(&printable(bytes), LONG).as_bytes());
        if let Some(commit) = words::short_commit(finding) {
            let _ = write!(line, ", by `{commit}`");
        }
        if let Some(date) = git.facts.date.as_deref().and_then(|date| date.split('T').next()) {
            let _ = write!(line, " of {date}");
        }
        if let Some(author) = &git.facts.author {
            let _ = write!(line, " from {}", quoted(author));
        }
        if let Some(subject) = &git.facts.subject {
            let _ = write!(line, " {}", quoted(subject));
        }
        if !git.facts.refs.is_empty() {
            let names: Vec<_> = git.facts.refs.iter().map(|name| quoted(words::short_ref(name))).collect();
            let _ = write!(line, ", in {}", names.join(", "));
        }
    }
    if !finding.encodings.is_empty() {
        let _ = write!(line, ", as {}", finding.encodings.join(", "));
    }
    if let Some(doubt) = words::doubt(finding) {
        let _ = write!(line, ", {doubt}");
    }
    if let Some(suppression) = &finding.suppressed {
        let reason = code_span(suppression.reason.as_bytes());
        let _ = write!(line, ", suppressed by {}: {reason}", suppression.by.id());
    }
    line.push('\n');
    line
}

/// What could not be read.
fn write_problems(report: &Report, page: &mut Page) {
    let problems = &report.coverage.problems;
    if problems.is_empty() {
        return;
    }
    page.limit = MAX_BYTES - FOR_END;
    page.text.push_str("\n### Not read\n\nThe scan is incomplete.\n\n");
    let line = |path: &[u8], message: &str| {
        format!("- {}: {}\n", code_span(path), code_span(shortened(&printable(message.as_bytes()), LONG).as_bytes()))
    };
    let shown = problems.iter().filter(|problem| page.add(&line(&problem.path, &problem.message))).count();
    if shown < problems.len() {
        let more = count((problems.len() - shown) as u64, "problem");
        let _ = writeln!(page.text, "\n**Cut: {more} left out here; `-o report.json` writes all of them.**");
    }
}
