//! Text, for people: grouped by key, which is the thing to revoke; every place; what to do; one line of coverage.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style as Ansi};

use crate::blob::Kind;
use crate::coverage::count;
use crate::finding::{Exposure, Finding, GitPlace, Level};
use crate::report::escape::terminal;
use crate::report::{Color, Report, Style, words};
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
    for places in report.by_key(style.suppressed) {
        write_key(&places, &palette, out)?;
    }
    write_coverage(report, &palette, out)
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
    if let Some(doubt) = words::doubt(finding) {
        let comma = if finding.encodings.is_empty() { "" } else { "," };
        write!(out, "{dim}{comma} {doubt}{dim:#}")?;
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
    if let Some(date) = git.facts.date.as_deref().and_then(|date| date.split('T').next()) {
        write!(out, "{dim} of {date}{dim:#}")?;
    }
    if let Some(author) = &git.facts.author {
        write!(out, "{dim} from {}{dim:#}", terminal(author))?;
    }
    if let Some(subject) = &git.facts.subject {
        write!(out, "{dim} \"{}\"{dim:#}", terminal(subject))?;
    }
    if !git.facts.refs.is_empty() {
        let names: Vec<_> = git.facts.refs.iter().map(|name| terminal(words::short_ref(name))).collect();
        write!(out, "{dim} in {}{dim:#}", names.join(", "))?;
    }
    Ok(())
}

fn write_coverage(report: &Report, palette: &Palette, out: &mut dyn Write) -> io::Result<()> {
    let color = match (report.leaks().next(), report.is_complete()) {
        (None, true) => palette.good,
        (None, false) => palette.warning,
        (Some(_), _) => palette.error,
    };
    writeln!(out, "{color}{}{color:#}: {}", words::outcome(report), words::coverage(report))
}
