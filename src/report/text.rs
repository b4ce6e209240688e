//! Text, for people: grouped by key, which is the thing to revoke; every place; what to do; one line of coverage.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style as Ansi};

use crate::blob::Kind;
use crate::container::Unopened;
use crate::coverage::{Skip, count, size};
use crate::detect::Confidence;
use crate::finding::{Exposure, Finding, GitPlace, Level};
use crate::object::ObjectKind;
use crate::report::escape::terminal;
use crate::report::{Color, Report, Style};
use crate::verdict::{Status, Verdict};

/// The colours, or none.
struct Palette {
    error: Ansi,
    warning: Ansi,
    good: Ansi,
    path: Ansi,
    dim: Ansi,
}

impl Palette {
    fn new(color: Color) -> Palette {
        let plain = Ansi::new();
        match color {
            Color::Plain => Palette { error: plain, warning: plain, good: plain, path: plain, dim: plain },
            Color::Ansi => Palette {
                error: AnsiColor::Red.on_default().bold(),
                warning: AnsiColor::Yellow.on_default().bold(),
                good: AnsiColor::Green.on_default(),
                path: AnsiColor::Cyan.on_default(),
                dim: plain.dimmed(),
            },
        }
    }

    fn of(&self, level: Level) -> Ansi {
        match level {
            Level::Error => self.error,
            Level::Warning => self.warning,
            Level::Note => self.dim,
        }
    }
}

/// Writes the report.
///
/// # Errors
///
/// Those of `out`.
pub fn write(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let palette = Palette::new(style.color);
    for places in by_key(report, style) {
        write_key(&places, &palette, out)?;
    }
    write_coverage(report, &palette, out)
}

/// The findings of each key: by what the API says of it, then the gravest level first, then in order of first place.
fn by_key(report: &Report, style: Style) -> Vec<Vec<&Finding>> {
    let mut groups: BTreeMap<_, Vec<&Finding>> = BTreeMap::new();
    for finding in report.shown(style.suppressed) {
        groups.entry(finding.fingerprint).or_default().push(finding);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by(|a, b| {
        let place = |group: &[&Finding]| (group[0].standing(), group[0].level());
        place(a).cmp(&place(b)).then_with(|| a[0].order().cmp(&b[0].order()))
    });
    groups
}

fn write_key(places: &[&Finding], palette: &Palette, out: &mut dyn Write) -> io::Result<()> {
    let [first, ..] = places else { return Ok(()) };
    let level = palette.of(first.level());
    let found = count(places.len() as u64, "place");
    let live = if first.status() == Some(Status::Live) { "LIVE, " } else { "" };
    writeln!(out, "{level}{live}{}{level:#}: {} in {found}", first.level().id(), first.redacted())?;
    if let Some(verdict) = &first.verdict {
        write_verdict(verdict, palette, out)?;
    }
    for finding in places {
        write_place(finding, palette, out)?;
    }
    let worst = places.iter().filter(|finding| finding.is_leak()).min_by_key(|finding| finding.exposure);
    if let Some(worst) = worst {
        for (number, step) in worst.remedy().iter().enumerate() {
            writeln!(out, "  {}. {step}", number + 1)?;
        }
    }
    writeln!(out)
}

/// What the API says about the key.
fn write_verdict(verdict: &Verdict, palette: &Palette, out: &mut dyn Write) -> io::Result<()> {
    let dim = palette.dim;
    let color = match verdict.status {
        Status::Live | Status::Limited => palette.error,
        Status::Unknown => palette.warning,
        Status::Rejected => palette.good,
    };
    let name = verdict.status.id();
    write!(out, "  {color}{name}{color:#}{dim} {}", terminal(verdict.reason.as_bytes()))?;
    if let Some(asked) = &verdict.asked {
        write!(out, ", asked {asked}")?;
    }
    if let Some(id) = &verdict.request_id {
        write!(out, ", request {}", terminal(id.as_bytes()))?;
    }
    writeln!(out, "{dim:#}")
}

fn write_place(finding: &Finding, palette: &Palette, out: &mut dyn Write) -> io::Result<()> {
    let (path, dim) = (palette.path, palette.dim);
    write!(out, "  {path}{}", terminal(&finding.local_path))?;
    for member in &finding.members {
        write!(out, "!{}", terminal(member))?;
    }
    match finding.kind {
        Kind::Content | Kind::CommitMessage | Kind::TagMessage => {
            write!(out, ":{}:{}{path:#}", finding.start.line, finding.start.column)?;
        }
        Kind::FileName => write!(out, "{path:#}{dim} in the name{dim:#}")?,
        Kind::LinkTarget => write!(out, "{path:#}{dim} in the text of the link{dim:#}")?,
    }
    if finding.exposure != Exposure::Unknown {
        write!(out, "{dim} {}{dim:#}", finding.exposure.id())?;
    }
    if let Some(git) = &finding.git {
        write_git(git, palette, out)?;
    }
    if !finding.encodings.is_empty() {
        write!(out, "{dim} as {}{dim:#}", finding.encodings.join(", "))?;
    }
    if finding.confidence == Confidence::Medium {
        let is = |name| finding.encodings.contains(&name);
        let why = match (is("split"), is("base64")) {
            (true, _) => "put together from pieces",
            (false, true) => "beside what is no text",
            (false, false) => "in binary data",
        };
        write!(out, "{dim} {why}{dim:#}")?;
    }
    if let Some(suppression) = &finding.suppressed {
        write!(out, "{dim} suppressed by {}: {}{dim:#}", suppression.by.id(), terminal(suppression.reason.as_bytes()))?;
    }
    writeln!(out)
}

/// Which commit brought the key in, and what still leads to it.
fn write_git(git: &GitPlace, palette: &Palette, out: &mut dyn Write) -> io::Result<()> {
    /// Digits of an id that people read.
    const SHORT: usize = 10;
    let dim = palette.dim;
    if let Some(commit) = &git.commit {
        write!(out, "{dim} by {}{dim:#}", &commit.to_string()[..SHORT])?;
    }
    if let Some(date) = git.date.as_deref().and_then(|date| date.split('T').next()) {
        write!(out, "{dim} of {date}{dim:#}")?;
    }
    if let Some(author) = &git.author {
        write!(out, "{dim} from {}{dim:#}", terminal(author))?;
    }
    if let Some(subject) = &git.subject {
        write!(out, "{dim} \"{}\"{dim:#}", terminal(subject))?;
    }
    if !git.refs.is_empty() {
        let names: Vec<_> = git.refs.iter().map(|name| terminal(short_ref(name))).collect();
        write!(out, "{dim} in {}{dim:#}", names.join(", "))?;
    }
    Ok(())
}

/// A ref's name as people use it: `main` for `refs/heads/main`.
fn short_ref(name: &[u8]) -> &[u8] {
    [&b"refs/heads/"[..], b"refs/tags/", b"refs/remotes/", b"refs/"]
        .iter()
        .find_map(|prefix| name.strip_prefix(*prefix))
        .unwrap_or(name)
}

fn write_coverage(report: &Report, palette: &Palette, out: &mut dyn Write) -> io::Result<()> {
    let coverage = &report.coverage;
    let leaks = report.leaks().count() as u64;
    let keys = count(report.leaked_keys() as u64, "key");
    let (color, verdict) = match (leaks, report.is_complete()) {
        (0, true) => (palette.good, "no leaks".to_owned()),
        (0, false) => (palette.warning, "no leaks found, but incomplete".to_owned()),
        (_, true) => (palette.error, format!("{} of {keys}", count(leaks, "leak"))),
        (_, false) => (palette.error, format!("{} of {keys}, and incomplete", count(leaks, "leak"))),
    };
    let objects: u64 = ObjectKind::ALL.into_iter().map(|kind| coverage.objects(kind)).sum();
    let read = match (coverage.files, objects) {
        (_, 0) => count(coverage.files, "file"),
        (0, _) => count(objects, "object"),
        _ => format!("{} and {}", count(coverage.files, "file"), count(objects, "object")),
    };
    let mut parts = vec![format!("{read} read ({})", size(coverage.bytes))];
    if coverage.containers > 0 {
        let opened = count(coverage.containers, "container");
        parts.push(format!("{opened} of {} opened", count(coverage.members, "member")));
    }
    if coverage.unopened > 0 {
        let names = Unopened::ALL.map(Unopened::name).join(", ");
        parts.push(format!("{} not opened ({names})", count(coverage.unopened, "container")));
    }
    if coverage.links > 0 {
        parts.push(count(coverage.links, "link"));
    }
    let skipped = Skip::ALL.iter().map(|&why| (coverage.skipped(why), why)).filter(|&(number, _)| number > 0);
    parts.extend(skipped.map(|(number, why)| format!("{number} {}", why.describe())));
    if coverage.placeholders > 0 {
        parts.push(count(coverage.placeholders, "placeholder"));
    }
    let verdicts = Status::ALL.into_iter().map(|status| (report.keys_with(status), status));
    parts.extend(verdicts.filter(|(keys, _)| *keys > 0).map(|(keys, status)| format!("{keys} {}", status.id())));
    let suppressed = report.suppressed();
    if suppressed > 0 {
        parts.push(format!("{suppressed} suppressed"));
    }
    let is_note = |finding: &&Finding| finding.suppressed.is_none() && !finding.is_leak();
    let notes = report.findings.iter().filter(is_note).count() as u64;
    if notes > 0 {
        parts.push(format!("{} in files that git ignores", count(notes, "key")));
    }
    if coverage.accepted > 0 {
        parts.push(format!("{} accepted", count(coverage.accepted, "problem")));
    }
    if !coverage.problems.is_empty() {
        parts.push(count(coverage.problems.len() as u64, "problem"));
    }
    writeln!(out, "{color}{verdict}{color:#}: {}", parts.join(", "))
}
