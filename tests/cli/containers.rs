//! Keys in archives and packed files: found, placed and told of by every command.

mod bombs;
mod bounds;
mod commits;
mod damage;
mod formats;
mod history;
mod once;
mod own;
mod pack;
mod reports;
mod states;

use serde_json::{Value, json};

use crate::program::{Bench, Run, id};

/// A finding in a member.
struct Inside<'a> {
    path: &'a str,
    members: &'a [&'a str],
    key: &'a str,
    kind: &'a str,
    /// Line and column.
    at: (u32, u32),
    exposure: &'a str,
}

impl<'a> Inside<'a> {
    /// At the place that [`settings`] gives a key, where no repository is.
    fn new(path: &'a str, members: &'a [&'a str], key: &'a str) -> Inside<'a> {
        Inside { path, members, key, kind: "content", at: (2, 5), exposure: "unknown" }
    }

    fn exposed(self, exposure: &'a str) -> Inside<'a> {
        Inside { exposure, ..self }
    }

    fn facts(&self) -> Value {
        let (line, column) = self.at;
        json!([self.path, self.members, self.kind, id(self.key), line, column, self.exposure])
    }
}

/// A file with a key in its second line.
fn settings(key: &str) -> Vec<u8> {
    format!("A=1\n  K={key}\n").into_bytes()
}

fn findings(run: &Run) -> Vec<Value> {
    run.json()["findings"].as_array().expect("a list").clone()
}

/// What an [`Inside`] decides of each finding, sorted.
fn facts(run: &Run) -> Vec<Value> {
    let fact = |finding: &Value| {
        let start = &finding["start"];
        let [path, members, kind, key] = ["path", "members", "kind", "key_id"].map(|name| &finding[name]);
        json!([path, members, kind, key, start["line"], start["column"], finding["exposure"]])
    };
    sorted(findings(run).iter().map(fact))
}

fn sorted(facts: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut facts: Vec<_> = facts.collect();
    facts.sort_by_key(Value::to_string);
    facts
}

/// Holds a complete run to exactly these findings.
#[track_caller]
fn assert_inside(run: &Run, expected: &[Inside<'_>]) {
    assert_eq!(facts(run), sorted(expected.iter().map(Inside::facts)), "{}", run.stderr);
    assert_eq!(problems(run), [""; 0]);
    assert_eq!((run.status, run.stderr.as_str()), (Some(i32::from(!expected.is_empty())), ""));
    assert_eq!(run.json()["complete"], true);
}

/// Each problem in one text: path, kind, message.
fn problems(run: &Run) -> Vec<String> {
    let report = run.json();
    let text = |problem: &Value| {
        let [path, kind, message] = ["path", "kind", "message"].map(|name| problem[name].as_str().expect("a text"));
        format!("{path}: {kind}: {message}")
    };
    report["coverage"]["problems"].as_array().expect("a list").iter().map(text).collect()
}

/// Holds a run to a status and exactly these problems, each by parts of its text.
#[track_caller]
fn assert_problems(run: &Run, status: i32, expected: &[&[&str]]) {
    let problems = problems(run);
    assert_eq!((run.status, problems.len()), (Some(status), expected.len()), "{problems:#?}\n{}", run.stderr);
    for (problem, parts) in problems.iter().zip(expected) {
        for part in *parts {
            assert!(problem.contains(part), "{part:?} is not in {problem:?}");
        }
        // Standard error says the same.
        let (path, rest) = problem.split_once(": ").expect("a path");
        let (_, message) = rest.split_once(": ").expect("a kind");
        assert!(run.stderr.contains(message), "{message:?} is not in {:?}", run.stderr);
        assert!(run.stderr.contains(path), "{path:?} is not in {:?}", run.stderr);
    }
    assert_eq!(run.json()["complete"], expected.is_empty());
}

/// Counts of a report's coverage.
fn counts<const N: usize>(run: &Run, names: [&str; N]) -> [u64; N] {
    let coverage = &run.json()["coverage"];
    names.map(|name| coverage[name].as_u64().expect("a count"))
}

fn scan(bench: &Bench, arguments: &[&str]) -> Run {
    bench.run([&["scan", "-f", "json"], arguments].concat())
}
