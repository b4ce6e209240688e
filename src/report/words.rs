//! What several formats say about a finding and about a run, in the same words.

use crate::blob::Kind;
use crate::container::Unopened;
use crate::coverage::{Skip, count, size};
use crate::detect::Confidence;
use crate::detect::encoding::pieces;
use crate::finding::{Exposure, Finding, GitPlace, Level};
use crate::key::Rule;
use crate::object::ObjectKind;
use crate::report::Report;
use crate::report::escape::printable;
use crate::verdict::Status;

/// Digits of an object's id that people read.
const SHORT_ID: usize = 10;

/// What kind of key it is, for `HopX live API key`.
pub fn kind(rule: Rule) -> &'static str {
    match rule {
        Rule::LiveKey => "live",
        Rule::TestKey => "test",
    }
}

/// What has happened and what to do, in words that need no escape.
pub fn message(finding: &Finding) -> String {
    format!(
        "HopX {} API key {} is leaked{}{}{}.{} Revoke it at console.hopx.dev, Settings, API Keys; then replace it and \
         clean the history.",
        kind(finding.rule),
        finding.redacted(),
        if finding.members.is_empty() { "" } else { " in a member of this archive" },
        finding.git.as_ref().map_or_else(String::new, brought_in),
        doubt(finding).map_or_else(String::new, |doubt| format!(", {doubt}")),
        verified(finding.status()),
    )
}

/// What the API says about the key, in words that need no escape.
fn verified(status: Option<Status>) -> &'static str {
    match status {
        Some(Status::Live) => " The key is live: the API takes it.",
        Some(Status::Limited) => " The API knows the key and permits nothing, which is as bad as live.",
        Some(Status::Rejected) => " The API refuses the key: revoked, expired or never valid.",
        Some(Status::Unknown) => " The API did not tell whether the key is live.",
        None => "",
    }
}

/// Which commit or object a finding of the history is from, in words that need no escape.
fn brought_in(git: &GitPlace) -> String {
    match git.commit {
        Some(commit) => format!(" by commit {commit}"),
        None => format!(" in {} {}", git.object_kind.name(), git.object),
    }
}

/// What [`message`] leaves out: which part of the file, how far it has gone, how it is written, who vouches for it.
/// Printable, and else as it was found.
pub fn details(finding: &Finding) -> String {
    let mut details = Vec::new();
    if !finding.members.is_empty() {
        let line = finding.start.line;
        details.push(format!("It is in {}, line {line}.", printable(&with_members(&path(finding), finding))));
    }
    details.extend(part(finding.kind).map(|part| format!("It is in {part}.")));
    if finding.exposure != Exposure::Unknown {
        details.push(format!("Exposure: {}.", finding.exposure.id()));
    }
    if !finding.encodings.is_empty() {
        details.push(format!("Written as {}.", finding.encodings.join(", ")));
    }
    if let Some(suppression) = &finding.suppressed {
        let reason = printable(suppression.reason.as_bytes());
        details.push(format!("Suppressed by {}: {reason}.", suppression.by.id()));
    }
    details.join(" ")
}

/// Which part of a file or of a repository holds the key, when it is not the content.
pub fn part(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Content => None,
        Kind::FileName => Some("the name"),
        Kind::LinkTarget => Some("the text of the link"),
        Kind::CommitMessage => Some("the message of the commit"),
        Kind::TagMessage => Some("the message of the tag"),
    }
}

/// Why a finding is not quite sure, if it is not.
pub fn doubt(finding: &Finding) -> Option<&'static str> {
    let is = |name| finding.encodings.contains(&name);
    match finding.confidence {
        Confidence::High => None,
        Confidence::Medium if pieces::NAMES.into_iter().any(is) => Some("put together from pieces"),
        Confidence::Medium => Some("part of a longer token"),
    }
}

/// How bad a finding is for whoever counts: one that something vouches for is a note.
pub fn weight(finding: &Finding) -> Level {
    if finding.suppressed.is_some() { Level::Note } else { finding.level() }
}

/// The path of a finding from the top of the work tree. A message has none, and gets that of its object, since most
/// consumers want one.
pub fn path(finding: &Finding) -> Vec<u8> {
    match (&finding.path, &finding.git) {
        (Some(path), _) => path.clone(),
        (None, Some(git)) => format!(".git/objects/{}", git.object).into_bytes(),
        (None, None) => finding.local_path.clone(),
    }
}

/// A path and the members of it, one in another, that hold the key: `a.zip!b.tar!c`.
pub fn with_members(path: &[u8], finding: &Finding) -> Vec<u8> {
    std::iter::once(path).chain(finding.members.iter().map(Vec::as_slice)).collect::<Vec<_>>().join(&b'!')
}

/// Whether the lines of a finding are lines of its file. Those of a member, of a name and of a message are not.
pub fn has_lines(finding: &Finding) -> bool {
    finding.members.is_empty() && finding.kind == Kind::Content
}

/// The commit of a finding as people read it.
pub fn short_commit(finding: &Finding) -> Option<String> {
    let commit = finding.git.as_ref()?.commit?;
    Some(commit.to_string()[..SHORT_ID].to_owned())
}

/// A ref's name as people use it: `main` for `refs/heads/main`.
pub fn short_ref(name: &[u8]) -> &[u8] {
    [&b"refs/heads/"[..], b"refs/tags/", b"refs/remotes/", b"refs/"]
        .iter()
        .find_map(|prefix| name.strip_prefix(*prefix))
        .unwrap_or(name)
}

/// How a run came out.
pub fn outcome(report: &Report) -> String {
    let leaks = report.leaks().count() as u64;
    let keys = count(report.leaked_keys() as u64, "key");
    match (leaks, report.is_complete()) {
        (0, true) => "no leaks".to_owned(),
        (0, false) => "no leaks found, but incomplete".to_owned(),
        (_, true) => format!("{} of {keys}", count(leaks, "leak")),
        (_, false) => format!("{} of {keys}, and incomplete", count(leaks, "leak")),
    }
}

/// What a run read and left out, in words that need no escape.
pub fn coverage(report: &Report) -> String {
    let coverage = &report.coverage;
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
    let notes = report.notes() as u64;
    if notes > 0 {
        parts.push(format!("{} in files that git ignores", count(notes, "key")));
    }
    if coverage.accepted > 0 {
        parts.push(format!("{} accepted", count(coverage.accepted, "problem")));
    }
    if !coverage.problems.is_empty() {
        parts.push(count(coverage.problems.len() as u64, "problem"));
    }
    parts.join(", ")
}
