//! Reports that are to be one.

use super::{Seen, parts, program};

/// One of GitLab would need a repository.
const FORMATS: [&str; 11] =
    ["json", "text", "jsonl", "sarif", "github", "junit", "csv", "markdown", "html", "rdjson", "gitleaks-json"];

/// A byte, which chooses how the report is shown, and two reports.
pub fn run(input: &[u8]) -> Seen {
    let [format, reports @ ..] = parts::split::<3>(input);
    let folder = parts::folder();
    parts::write(folder.path(), &["one.json", "two.json"], &reports);
    let names: &[&str] = if reports[1].is_empty() { &["one.json"] } else { &["one.json", "two.json"] };
    let format = FORMATS[usize::from(format.first().copied().unwrap_or_default()) % FORMATS.len()];
    let arguments = [&["report", "-f", format][..], names].concat();
    let seen = program::run(folder.path(), &arguments);
    let again = program::run(folder.path(), &[&["report", "-q", "-o", "all.json"][..], names].concat());
    if folder.path().join("all.json").is_file() {
        let round = program::run(folder.path(), &["report", "-q", "all.json"]);
        assert!(round.verdict == again.verdict, "a report that was written here is read in another way");
    }
    seen
}
