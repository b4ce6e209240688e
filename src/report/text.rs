//! Text, for people: grouped by key, which is the thing to revoke; every place; what to do; one line of coverage.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style as Ansi};

use crate::blob::Kind;
use crate::coverage::{Skip, count, size};
use crate::detect::Confidence;
use crate::finding::{Finding, Level};
use crate::report::escape::terminal;
use crate::report::{Color, Report, Style};

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

/// The findings of each key, the gravest level first, then in order of first place.
fn by_key(report: &Report, style: Style) -> Vec<Vec<&Finding>> {
    let mut groups: BTreeMap<_, Vec<&Finding>> = BTreeMap::new();
    for finding in report.shown(style.suppressed) {
        groups.entry(finding.fingerprint).or_default().push(finding);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by(|a, b| (a[0].level(), a[0].order()).cmp(&(b[0].level(), b[0].order())));
    groups
}

fn write_key(places: &[&Finding], palette: &Palette, out: &mut dyn Write) -> io::Result<()> {
    let [first, ..] = places else { return Ok(()) };
    let level = palette.of(first.level());
    let found = count(places.len() as u64, "place");
    writeln!(out, "{level}{}{level:#}: {} in {found}", first.level().id(), first.redacted())?;
    for finding in places {
        write_place(finding, palette, out)?;
    }
    if places.iter().any(|finding| finding.suppressed.is_none()) {
        for (number, step) in first.remedy().iter().enumerate() {
            writeln!(out, "  {}. {step}", number + 1)?;
        }
    }
    writeln!(out)
}

fn write_place(finding: &Finding, palette: &Palette, out: &mut dyn Write) -> io::Result<()> {
    let (path, dim) = (palette.path, palette.dim);
    write!(out, "  {path}{}", terminal(&finding.local_path))?;
    match finding.kind {
        Kind::Content => write!(out, ":{}:{}{path:#}", finding.start.line, finding.start.column)?,
        Kind::FileName => write!(out, "{path:#}{dim} in the name{dim:#}")?,
        Kind::LinkTarget => write!(out, "{path:#}{dim} in the text of the link{dim:#}")?,
    }
    if !finding.encodings.is_empty() {
        write!(out, "{dim} as {}{dim:#}", finding.encodings.join(", "))?;
    }
    if finding.confidence == Confidence::Medium {
        write!(out, "{dim} in binary data{dim:#}")?;
    }
    if let Some(suppression) = &finding.suppressed {
        write!(out, "{dim} suppressed by {}: {}{dim:#}", suppression.by.id(), terminal(suppression.reason.as_bytes()))?;
    }
    writeln!(out)
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
    let mut parts = vec![format!("{} read ({})", count(coverage.files, "file"), size(coverage.bytes))];
    if coverage.links > 0 {
        parts.push(count(coverage.links, "link"));
    }
    let skipped = Skip::ALL.iter().map(|&why| (coverage.skipped(why), why)).filter(|&(number, _)| number > 0);
    parts.extend(skipped.map(|(number, why)| format!("{number} {}", why.describe())));
    if coverage.placeholders > 0 {
        parts.push(count(coverage.placeholders, "placeholder"));
    }
    let suppressed = report.findings.len() as u64 - leaks;
    if suppressed > 0 {
        parts.push(format!("{suppressed} suppressed"));
    }
    if !coverage.problems.is_empty() {
        parts.push(count(coverage.problems.len() as u64, "problem"));
    }
    writeln!(out, "{color}{verdict}{color:#}: {}", parts.join(", "))
}
