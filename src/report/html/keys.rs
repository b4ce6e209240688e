//! The keys: each is a thing to revoke, with what to do and every place where it was found.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};

use crate::blob::Kind;
use crate::coverage::count;
use crate::finding::{Exposure, Finding, GitPlace, Level, MAX_REFS};
use crate::report::escape::html;
use crate::report::html::{copy_button, scanned, timeline};
use crate::report::{Report, Suppressed, words};
use crate::verdict::{Status, UNCHECKED, Verdict};

/// The places of a key that are seen without opening their list.
const MAX_OPEN: usize = 3;
/// Digits of a commit's id that are shown.
const SHORT: usize = 12;
/// The commands in the steps of a remedy, which are worth a button.
const COMMANDS: [&str; 3] =
    ["git reflog expire --expire=now --expire-unreachable=now --all", "git stash drop", "git gc --prune=now"];
/// Where keys are revoked.
const CONSOLE: &str = "https://console.hopx.dev/api-keys";

/// A key and where it was found.
pub(super) struct Key<'a> {
    /// The places that are shown, the worst first. There is one at least.
    pub places: Vec<&'a Finding>,
    /// How many more there are.
    left_out: usize,
}

/// What a page has no room for.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    /// Places that are left out.
    pub places: usize,
    /// The keys they are of.
    pub keys: usize,
}

/// The keys of a report: those that count first, by level, by what the API says, by how far they have gone.
pub(super) fn grouped(report: &Report, suppressed: Suppressed) -> Vec<Key<'_>> {
    let mut keys: Vec<_> = report.by_key(suppressed).into_iter().map(|places| Key { places, left_out: 0 }).collect();
    for key in &mut keys {
        key.places.sort_by(|a, b| {
            let rank = |place: &Finding| (place.suppressed.is_some(), place.level(), place.exposure);
            (rank(a), a.order()).cmp(&(rank(b), b.order()))
        });
    }
    keys.sort_by(|a, b| (a.rank(), a.first().order()).cmp(&(b.rank(), b.first().order())));
    keys
}

/// Leaves out what a page has no room for.
pub(super) fn cut(keys: &mut Vec<Key<'_>>, max_places: usize) -> Cut {
    let mut cut = Cut { places: 0, keys: 0 };
    let mut room = max_places;
    for key in &mut *keys {
        key.left_out = key.places.len().saturating_sub(room);
        key.places.truncate(room);
        room -= key.places.len();
        cut.places += key.left_out;
        cut.keys += usize::from(key.left_out > 0);
    }
    keys.retain(|key| !key.places.is_empty());
    cut
}

/// How many keys these places are of.
pub(super) fn distinct<'f>(findings: impl Iterator<Item = &'f Finding>) -> usize {
    findings.map(|finding| finding.fingerprint).collect::<BTreeSet<_>>().len()
}

impl<'a> Key<'a> {
    /// The worst place.
    fn first(&self) -> &'a Finding {
        self.places[0]
    }

    fn rank(&self) -> impl Ord + use<> {
        let first = self.first();
        let standing = match first.status() {
            Some(Status::Live) => 0,
            Some(Status::Limited) => 1,
            Some(Status::Unknown) | None => 2,
            Some(Status::Rejected) => 3,
        };
        (first.suppressed.is_some(), first.level(), standing, first.exposure)
    }

    /// What came of asking the API. A suppressed place knows nothing of it.
    fn verdict(&self) -> Option<&'a Verdict> {
        self.places.iter().find_map(|place| place.verdict.as_deref())
    }

    /// The name of the verdict in reports.
    pub fn verdict_id(&self) -> &'static str {
        self.verdict().map_or(UNCHECKED, |verdict| verdict.status.id())
    }

    /// Whether something vouches for one of the places.
    pub fn is_suppressed_anywhere(&self) -> bool {
        self.places.iter().any(|place| place.suppressed.is_some())
    }

    /// Writes all about the key.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let first = self.first();
        let name = &first.fingerprint.to_string()[..16];
        writeln!(
            out,
            "<article class=\"key\" aria-labelledby=\"key-{name}\" data-verdict=\"{verdict}\">
<div class=\"title\"><h3 id=\"key-{name}\" tabindex=\"-1\">{badge}<code>{redacted}</code></h3>{exposure}</div>",
            verdict = self.verdict_id(),
            badge = self.badge(),
            redacted = html(first.redacted().as_bytes()),
            exposure = exposure_badge(first.exposure),
        )?;
        self.write_facts(out)?;
        self.write_remedy(out)?;
        timeline::write(&self.places, name, out)?;
        self.write_places(out)?;
        writeln!(out, "</article>")
    }

    /// The word that counts most.
    fn badge(&self) -> String {
        let first = self.first();
        let (class, word) = match (self.verdict().map(|verdict| verdict.status), &first.suppressed) {
            (_, Some(_)) => ("", "suppressed"),
            (Some(Status::Live), None) => ("live", "LIVE"),
            (Some(Status::Limited), None) => ("live", "LIMITED"),
            (Some(Status::Unknown | Status::Rejected) | None, None) => match first.level() {
                Level::Error => ("error", "error"),
                Level::Warning => ("", "warning"),
                Level::Note => ("", "note"),
            },
        };
        format!("<span class=\"badge {class}\">{word}</span> ")
    }

    fn write_facts(&self, out: &mut dyn Write) -> io::Result<()> {
        let first = self.first();
        writeln!(
            out,
            "<dl class=\"facts\">
<div><dt>Key id</dt><dd><code>{id}</code>{copy}</dd></div>
<div><dt>Verdict</dt><dd>{verdict}</dd></div>
<div><dt>Rule</dt><dd>{rule}, level {level}</dd></div>
<div><dt>SHA-256</dt><dd><code>{fingerprint}</code></dd></div>
</dl>",
            id = first.key_id,
            copy = copy_button(&format!("the key id {}", first.key_id)),
            verdict = self.verdict_in_words(),
            rule = first.rule.id(),
            level = first.level().id(),
            fingerprint = first.fingerprint,
        )
    }

    fn verdict_in_words(&self) -> String {
        let Some(verdict) = self.verdict() else {
            return "<strong>unchecked</strong>: the API was not asked".to_owned();
        };
        // Writing to a string can't fail, here and below.
        let mut words = format!("<strong>{}</strong>: {}", verdict.status.id(), scanned(verdict.reason.as_bytes()));
        if let Some(asked) = &verdict.asked {
            let _ = write!(words, ", asked {}", time(asked));
        }
        if let Some(id) = &verdict.request_id {
            let _ = write!(words, ", request <code>{}</code>", scanned(id.as_bytes()));
        }
        words
    }

    fn write_remedy(&self, out: &mut dyn Write) -> io::Result<()> {
        let worst = self.places.iter().filter(|place| place.suppressed.is_none()).min_by_key(|place| place.exposure);
        writeln!(out, "<div class=\"remedy\">\n<h4>What to do</h4>")?;
        let Some(worst) = worst else {
            return writeln!(out, "<p>Nothing: every place is suppressed.</p>\n</div>");
        };
        writeln!(out, "<ol>")?;
        for step in worst.remedy() {
            writeln!(out, "<li>{}</li>", step_in_html(&step, worst.key_id.as_str()))?;
        }
        writeln!(out, "</ol>\n</div>")
    }

    fn write_places(&self, out: &mut dyn Write) -> io::Result<()> {
        let all = self.places.len() + self.left_out;
        writeln!(
            out,
            "<details class=\"where\"{open}>
<summary>{number}<span class=\"fits\"></span></summary>
<ol class=\"places\">",
            open = if self.places.len() <= MAX_OPEN { " open" } else { "" },
            number = count(all as u64, "place"),
        )?;
        for place in &self.places {
            write_place(place, out)?;
        }
        writeln!(out, "</ol>")?;
        if self.left_out > 0 {
            let left_out = count(self.left_out as u64, "more place");
            writeln!(out, "<p>{left_out} of this key left out of this page; the format json has all.</p>")?;
        }
        writeln!(out, "</details>")
    }
}

/// A step with buttons for what is to be copied. It is written by this program, around the id.
fn step_in_html(step: &str, id: &str) -> String {
    let mut step = html(step.as_bytes());
    for command in COMMANDS {
        step =
            step.replace(command, &format!("<code>{command}</code>{}", copy_button(&format!("the command {command}"))));
    }
    step = step.replace(CONSOLE, &format!("<a href=\"{CONSOLE}\" rel=\"noreferrer\">{CONSOLE}</a>"));
    step = step.replace("HOPX_API_KEY", "<code>HOPX_API_KEY</code>");
    step.replacen(id, &format!("<code>{id}</code>{}", copy_button(&format!("the key id {id}"))), 1)
}

fn write_place(place: &Finding, out: &mut dyn Write) -> io::Result<()> {
    write!(
        out,
        "<li class=\"place\" data-exposure=\"{exposure}\" data-level=\"{level}\" data-suppressed=\"{suppressed}\">\
         <div><code class=\"path\">{name}{position}</code> {badge}",
        exposure = place.exposure.id(),
        level = place.level().id(),
        suppressed = if place.suppressed.is_some() { "yes" } else { "no" },
        name = name(place),
        position = position(place),
        badge = exposure_badge(place.exposure),
    )?;
    if place.level() == Level::Note {
        write!(out, " <span class=\"badge\">note</span>")?;
    }
    write!(out, "</div><div class=\"how\">{}", how(place))?;
    if let Some(git) = &place.git {
        write!(out, "; {}", in_git(git, place.exposure))?;
    }
    if let Some(suppression) = &place.suppressed {
        let reason = scanned(suppression.reason.as_bytes());
        write!(out, "; <strong>suppressed</strong> by {}: {reason}", suppression.by.id())?;
    }
    writeln!(out, "</div></li>")
}

/// The file, or what stands for it, and the members that lead to the place.
pub(super) fn name(place: &Finding) -> String {
    let mut name = scanned(place.path.as_deref().unwrap_or(&place.local_path));
    for member in &place.members {
        name += "!";
        name += &scanned(member);
    }
    name
}

fn position(place: &Finding) -> String {
    match place.kind {
        Kind::Content | Kind::CommitMessage | Kind::TagMessage => {
            format!(":{}:{}", place.start.line, place.start.column)
        }
        Kind::FileName | Kind::LinkTarget => String::new(),
    }
}

/// What part it stands in, how it is written, how sure that is.
fn how(place: &Finding) -> String {
    let part = match place.kind {
        Kind::Content => "in the content",
        Kind::FileName => "in the name",
        Kind::LinkTarget => "in the text of the link",
        Kind::CommitMessage => "in the commit's message",
        Kind::TagMessage => "in the tag's message",
    };
    let written =
        if place.encodings.is_empty() { "as it is".to_owned() } else { format!("as {}", place.encodings.join(", ")) };
    let doubt = words::doubt(place).map_or_else(String::new, |doubt| format!(", {doubt}"));
    let root = match place.root.as_slice() {
        b"." | b"" => String::new(),
        root => format!("under <code>{}</code>, ", scanned(root)),
    };
    format!("{root}{part} {written}{doubt}, confidence {}", place.confidence.id())
}

/// Which commit brought the key in, and what still leads to it.
fn in_git(git: &GitPlace, exposure: Exposure) -> String {
    format!("{}; {}", brought(git), led_to(git, exposure))
}

/// Which commit brought the key in.
pub(super) fn brought(git: &GitPlace) -> String {
    let (kind, id) = match git.commit {
        Some(commit) => ("commit", commit),
        None => (git.object_kind.name(), git.object),
    };
    let mut words = format!("by {kind} <code>{}</code>", &id.to_string()[..SHORT]);
    if let Some(date) = &git.facts.date {
        let _ = write!(words, " of {}", time(date));
    }
    if let Some(author) = &git.facts.author {
        let _ = write!(words, " from {}", scanned(author));
    }
    if let Some(subject) = &git.facts.subject {
        let _ = write!(words, " <q>{}</q>", scanned(subject));
    }
    words
}

/// What still leads to it.
pub(super) fn led_to(git: &GitPlace, exposure: Exposure) -> String {
    let names: Vec<_> = git.facts.refs.iter().map(|name| scanned(words::short_ref(name))).collect();
    let mut ways = Vec::new();
    if git.facts.in_head {
        ways.push("HEAD".to_owned());
    }
    ways.extend(names.iter().map(|name| format!("<code>{name}</code>")));
    if ways.is_empty() {
        return "no ref leads there".to_owned();
    }
    let only = if exposure == Exposure::Unreachable { " alone" } else { "" };
    let cut = if names.len() == MAX_REFS { format!(" (at most {MAX_REFS} refs are named)") } else { String::new() };
    format!("still in {}{only}{cut}", ways.join(", "))
}

/// A date in RFC 3339, as it is, for people and for programs.
pub(super) fn time(date: &str) -> String {
    let date = html(date.as_bytes());
    format!("<time datetime=\"{date}\">{}</time>", date.replace('T', " "))
}

fn exposure_badge(exposure: Exposure) -> String {
    let class = if exposure == Exposure::Pushed { " error" } else { "" };
    format!("<span class=\"badge{class}\">{}</span>", exposure.id())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A command whose words have changed in the remedy would lose its button.
    #[test]
    fn commands_are_those_of_the_remedies() {
        let remedies = include_str!("../../finding/remedy.rs");
        let words: Vec<_> = remedies.split_whitespace().filter(|word| *word != "\\").collect();
        let remedies = words.join(" ");
        for text in COMMANDS.iter().chain(&[CONSOLE]) {
            assert!(remedies.contains(text), "{text}");
        }
    }
}
