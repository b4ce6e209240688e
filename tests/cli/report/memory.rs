//! A fleet's worth of findings, in bounded memory.

use std::fmt::Write;
use std::fs;
use std::process::Command;

use super::save;
use crate::program::Bench;
use crate::repository::Repository;

const FINDINGS: usize = 100_000;
/// What the process may map, in KiB: more than it can have in memory.
const LIMIT: u32 = 256 << 10;

/// JSON Lines with so many findings of history, each with another path and another key.
fn lines(bench: &mut Bench, count: usize) -> (Vec<String>, String) {
    let repository = Repository::init(bench.join("r"));
    let key = bench.live();
    repository.commit_file(
        "folder/of some/length/file.txt",
        format!("k={key}"),
        "A subject of some length, as they are",
    );
    let report = save(bench, "one.json", &["history", "r"]);
    let template = report["findings"][0].clone();
    let mut summary = report;
    summary.as_object_mut().expect("one").remove("findings");
    summary["type"] = "summary".into();
    let line = |number: usize| {
        let mut finding = template.clone();
        finding["type"] = "finding".into();
        finding["path"] = format!("folder/of some/length/file {number}.txt").into();
        finding["key_id"] = format!("{number:012}").into();
        let mut fingerprint = String::new();
        for part in 0..4 {
            let digits = (number + part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            write!(fingerprint, "{digits:016x}").expect("memory takes it");
        }
        finding["fingerprint"] = fingerprint.into();
        finding.to_string() + "\n"
    };
    ((0..count).map(line).collect(), summary.to_string())
}

fn shard(bench: &Bench, name: &str, lines: &[String], summary: &str) {
    let mut summary: serde_json::Value = serde_json::from_str(summary).expect("JSON");
    summary["summary"]["leaks"] = lines.len().into();
    bench.write(name, lines.concat() + &summary.to_string());
}

#[test]
fn a_hundred_thousand_findings_in_256_mib() {
    let mut bench = Bench::new(1790);
    let (lines, summary) = lines(&mut bench, FINDINGS);
    shard(&bench, "all.jsonl", &lines, &summary);
    let shards: Vec<String> = (0..100).map(|number| format!("shards/{number}.jsonl")).collect();
    for (name, part) in shards.iter().zip(lines.chunks(FINDINGS / shards.len())) {
        shard(&bench, name, part, &summary);
    }
    drop(lines);
    let run = |files: &[&str], output: &str| {
        let script = format!("ulimit -v {LIMIT}; exec \"$0\" report -q \"$@\"");
        let mut command = Command::new("bash");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_hopx-leaks"), "-o", output]).args(files);
        let run = bench.finish(command.current_dir(bench.path()).output().expect("bash runs"));
        assert_eq!(run.status, Some(1), "{}", run.stderr);
    };
    run(&["all.jsonl"], "one.json");
    let shards: Vec<&str> = shards.iter().map(String::as_str).collect();
    run(&shards, "many.jsonl");
    run(&["one.json", "all.jsonl"], "twice.jsonl");
    run(&["all.jsonl"], "text.txt");
    run(&["one.json"], "log.sarif");
    let count = |name: &str| {
        let lines = fs::read(bench.join(name)).expect("written");
        memchr::memmem::find_iter(&lines, b"\"type\":\"finding\"").count()
    };
    assert_eq!((count("many.jsonl"), count("twice.jsonl")), (FINDINGS, FINDINGS));
}
