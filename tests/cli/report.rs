//! `report`: what was written comes out again, and several reports say what one scan of it all would have said.

mod hostile;
#[cfg(target_os = "linux")]
mod memory;
mod merging;
mod refused;
mod round_trip;

use serde_json::Value;

use crate::program::{Bench, Run};

/// The formats whose bytes are compared: all but `gitlab`, which has the time of the run in it.
const FORMATS: [&str; 11] =
    ["json", "jsonl", "sarif", "text", "github", "junit", "csv", "markdown", "html", "rdjson", "gitleaks-json"];

/// Runs the program and reads its JSON report, which is also kept in a file.
fn save(bench: &Bench, name: &str, arguments: &[&str]) -> Value {
    let output = format!("json={name}");
    let run = bench.run(arguments.iter().copied().chain(["-q", "-o", &output]));
    assert!(matches!(run.status, Some(0 | 1 | 3)), "{}", run.stderr);
    read(bench, name)
}

fn read(bench: &Bench, name: &str) -> Value {
    serde_json::from_slice(&bench.read_report(name)).expect("a JSON document")
}

fn write(bench: &Bench, name: &str, report: &Value) {
    bench.write(name, serde_json::to_vec(report).expect("JSON"));
}

fn merge(bench: &Bench, files: &[&str]) -> Value {
    report(bench, "json", files).json()
}

fn report(bench: &Bench, format: &str, files: &[&str]) -> Run {
    bench.run(["report", "--include-suppressed", "-f", format].iter().chain(files))
}

fn findings(report: &Value) -> &[Value] {
    report["findings"].as_array().expect("a list")
}
