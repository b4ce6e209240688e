//! What vouches for findings: marks in files, the configuration, the baseline; and that a change can't vouch for itself.

mod base;
mod baseline;
mod discovery;
mod inline;
mod rules;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::program::{Bench, Run, id};

/// Who vouches for each key, by its id; `None` for one that counts.
fn suppressed_by(report: &Value) -> BTreeMap<String, Option<String>> {
    let findings = report["findings"].as_array().expect("a list").iter();
    let by = |finding: &Value| finding["suppressed"]["by"].as_str().map(str::to_owned);
    findings.map(|finding| (finding["key_id"].as_str().expect("an id").to_owned(), by(finding))).collect()
}

/// Runs a command with its findings shown, suppressed ones too.
fn shown<'a>(bench: &Bench, arguments: impl IntoIterator<Item = &'a str>) -> Run {
    let all: Vec<&str> = arguments.into_iter().chain(["-f", "json", "--include-suppressed"]).collect();
    bench.run(all)
}

/// Who vouches for a key in a report of what is in the folder.
#[track_caller]
fn who(bench: &Bench, key: &str, more: &[&str]) -> Option<String> {
    let run = shown(bench, ["scan", "."].into_iter().chain(more.iter().copied()));
    suppressed_by(&run.json()).get(id(key)).unwrap_or_else(|| panic!("no finding; {}", run.stderr)).clone()
}

/// A repository in the folder, with one commit of what is there.
fn commit_all(bench: &Bench, message: &str) {
    if !bench.join(".git").exists() {
        bench.git(&["init", "-q", "-b", "main"]);
    }
    bench.git(&["add", "-A"]);
    bench.git(&["commit", "-q", "--allow-empty", "-m", message]);
}
