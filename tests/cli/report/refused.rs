//! Reports that are not taken: status 2, the file, the cause, the remedy, and nothing of what is in it.

use serde_json::{Value, json};

use super::{findings, save, write};
use crate::program::{Bench, id};
use crate::repository::Repository;

const ANEW: &str = "write it anew with -f json or -f jsonl, and with this version of hopx-leaks";

#[track_caller]
fn refuse(bench: &Bench, file: &str, cause: &str, remedy: &str) {
    for format in ["json", "text"] {
        let run = bench.run(["report", "-f", format, "good.json", file]);
        assert_eq!((run.status, run.stdout.len()), (Some(2), 0), "{file}: {}", run.stderr);
        let start = format!("hopx-leaks: cannot take the report {file}: ");
        assert!(run.stderr.starts_with(&start), "{}", run.stderr);
        assert!(run.stderr.contains(cause) && run.stderr.trim_end().ends_with(remedy), "{cause}: {}", run.stderr);
        assert!(run.stderr.lines().count() == 1 && run.stderr.len() < 400, "{}", run.stderr);
    }
}

/// A report of a repository with everything in it that a report may hold.
fn good(seed: u64) -> (Bench, Value) {
    let mut bench = Bench::new(seed);
    let repository = Repository::init(bench.join("r"));
    let key = bench.live();
    repository.commit_file("a.txt", format!("\u{1f600}{key}"), "Start");
    let report = save(&bench, "good.json", &["history", "r"]);
    assert_eq!(findings(&report).len(), 1);
    (bench, report)
}

#[test]
fn values_that_can_not_be() {
    let (bench, report) = good(1770);
    let huge = json!(u64::MAX);
    let oid = json!("A".repeat(40));
    let cases: Vec<(&str, Value, &str)> = vec![
        ("/schema", json!("hopx-leaks/report/v2"), "a schema other than hopx-leaks/report/v1"),
        ("/schema", json!(1), "expected a string"),
        ("/mode", json!("guess"), "a mode that is not known"),
        ("/complete", json!("yes"), "expected a boolean"),
        ("/complete", json!(false), "it says that it is incomplete, and names no problem"),
        ("/coverage/files", json!(-1), "expected u64"),
        ("/coverage/bytes", huge.clone(), "a number that is too large"),
        ("/coverage/objects", json!(1), "expected counts of objects"),
        (
            "/coverage/problems",
            json!([{"path": "a", "kind": "odd", "message": "m"}]),
            "a kind of problem that is not known",
        ),
        ("/coverage/problems", json!([{"path": "a", "kind": "corrupt", "message": ""}]), "a problem without a message"),
        ("/summary/leaks", json!(2), "the summary counts other leaks than are listed"),
        ("/findings", json!([]), "the summary counts other leaks than are listed"),
        ("/findings", json!({}), "expected a list of findings"),
        ("/findings/0", json!([]), "expected a finding"),
        ("/findings/0/rule", json!("hopx-key"), "a rule that is not known"),
        ("/findings/0/level", json!("bad"), "a level that is not known"),
        ("/findings/0/level", json!("note"), "a note about what git does not ignore"),
        ("/findings/0/key_id", json!("a"), "a key_id that is not 12 letters and digits"),
        ("/findings/0/key_id", json!("\u{e9}bcdefghijk"), "a key_id that is not 12 letters and digits"),
        ("/findings/0/fingerprint", json!("A".repeat(64)), "a fingerprint that is not 64 lower-case hex digits"),
        ("/findings/0/confidence", json!("low"), "a confidence that is not known"),
        ("/findings/0/encodings", json!(["base65"]), "an encoding that is not known"),
        ("/findings/0/root", Value::Null, "expected a string"),
        ("/findings/0/root_base64", json!("*"), "what should be base64 is not"),
        ("/findings/0/path_base64", json!("YQ=="), "a text and its base64 that differ"),
        ("/findings/0/members_base64", json!(["YQ=="]), "members and members_base64 of different lengths"),
        ("/findings/0/kind", json!("contents"), "a kind of finding that is not known"),
        ("/findings/0/start/line", json!(0), "a place that is counted from 0"),
        ("/findings/0/start/line", json!(9), "a finding that ends before it starts"),
        ("/findings/0/start/byte", json!(999), "a finding that ends before it starts"),
        ("/findings/0/end/byte", json!(1.5), "expected u64"),
        ("/findings/0/end/column_utf8", huge, "a number that is too large"),
        ("/findings/0/line_hash", json!("x"), "a line_hash that is not a hash and a count"),
        ("/findings/0/exposure", json!("everywhere"), "an exposure that is not known"),
        ("/findings/0/git/object", oid, "an object id that is not 40 or 64 lower-case hex digits"),
        ("/findings/0/git/object_kind", json!("file"), "an object_kind that is not known"),
        ("/findings/0/git/date", json!("yesterday"), "a date that is not in the form of RFC 3339"),
        ("/findings/0/verification", json!({"status": "dead"}), "a verification status that is not known"),
        ("/findings/0/verification", json!({"status": "live"}), "a verification without a reason"),
        (
            "/findings/0/verification",
            // As long as a secret half.
            json!({"status": "live", "reason": "r", "request_id": "a".repeat(43)}),
            "a request_id that is not one",
        ),
        ("/findings/0/suppressed", json!({"by": "me", "reason": "r"}), "a suppression by what is not known"),
    ];
    for (at, value, cause) in cases {
        let mut changed = report.clone();
        let (parent, name) = at.rsplit_once('/').expect("a field");
        let parent = changed.pointer_mut(parent).expect("it is there");
        match parent {
            Value::Array(items) => items[name.parse::<usize>().expect("a number")] = value,
            parent => parent[name] = value,
        }
        write(&bench, "bad.json", &changed);
        refuse(&bench, "bad.json", cause, ANEW);
    }
    let mut nowhere = report;
    nowhere["findings"][0]["path"] = Value::Null;
    nowhere["findings"][0]["git"] = Value::Null;
    write(&bench, "bad.json", &nowhere);
    refuse(&bench, "bad.json", "a finding with neither a path nor an object", ANEW);
}

#[test]
fn missing_fields() {
    let (bench, report) = good(1771);
    for (parent, names) in [
        ("", &["schema", "mode", "complete", "coverage", "summary", "findings"][..]),
        (
            "/findings/0",
            &[
                "rule",
                "level",
                "key_id",
                "fingerprint",
                "root",
                "path",
                "members",
                "kind",
                "start",
                "git",
                "suppressed",
            ],
        ),
        ("/coverage", &["files", "objects", "problems"]),
    ] {
        for name in names {
            let mut changed = report.clone();
            changed.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object").remove(*name);
            write(&bench, "bad.json", &changed);
            refuse(&bench, "bad.json", &format!("missing field `{name}`"), ANEW);
        }
    }
}

#[test]
fn files_that_are_no_reports() {
    let (bench, _) = good(1772);
    let bytes = String::from_utf8(bench.read_report("good.json")).expect("UTF-8");
    bench.write("bad", "");
    refuse(&bench, "bad", "it is empty", "see why the run that should have written it did not");
    bench.write("bad", "\n \n");
    refuse(&bench, "bad", "it is empty", "see why the run that should have written it did not");
    refuse(&bench, "missing", "No such file or directory", "check the path, and who may read it");
    refuse(&bench, "r", "Is a directory", "check the path, and who may read it");
    bench.write("bad", &bytes[..bytes.len() / 2]);
    let line = bytes[..bytes.len() / 2].lines().count();
    refuse(&bench, "bad", &format!("line {line}, column "), ANEW);
    bench.write("bad", bytes.replacen("\"mode\"", "mode", 1));
    refuse(&bench, "bad", "line 7, column 3: key must be a string", ANEW);
    bench.write("bad", bytes.replacen('{', "{\"mode\": \"scan\",", 1));
    refuse(&bench, "bad", "duplicate field `mode`", ANEW);
    for other in ["[]", "1", "{}", "null", "{\"runs\": []}", "not json", "\u{0}", "hopx: yaml"] {
        bench.write("bad", other);
        refuse(&bench, "bad", "line 1, column ", ANEW);
    }
    bench.write("bad", "[".repeat(100_000));
    refuse(&bench, "bad", "line 1, column ", ANEW);
    bench.write("bad", format!("\u{feff}{bytes}"));
    assert_eq!(bench.run(["report", "bad"]).status, Some(1));
}

#[test]
fn lines_that_were_cut() {
    let (bench, _) = good(1773);
    let lines = String::from_utf8(bench.run(["report", "-f", "jsonl", "good.json"]).stdout).expect("UTF-8");
    let (finding, summary) = lines.split_once('\n').expect("two lines");
    bench.write("cut", finding);
    refuse(&bench, "cut", "it ends without a summary, so lines are missing", ANEW);
    bench.write("cut", format!("{lines}{finding}\n"));
    refuse(&bench, "cut", "it ends without a summary, so lines are missing", ANEW);
    bench.write("cut", summary);
    refuse(&bench, "cut", "the summary counts other leaks than are listed", ANEW);
    bench.write("cut", format!("{finding}\n{}", &summary[..summary.len() - 9]));
    refuse(&bench, "cut", "line 2, column ", ANEW);
    let document = String::from_utf8(bench.read_report("good.json")).expect("UTF-8");
    bench.write("cut", format!("{finding}\n{document}"));
    refuse(&bench, "cut", "lines before it whose summary is missing", ANEW);
    bench.write("cut", lines.replace("\"finding\"", "\"other\""));
    refuse(&bench, "cut", "line 1, column 15: a type that is neither finding nor summary", ANEW);
    // Sorted fields are as good.
    let sorted = |line: &str| serde_json::from_str::<Value>(line).expect("JSON").to_string();
    assert_ne!(sorted(finding), finding);
    bench.write("sorted", format!("{}\n\n{}\r\n", sorted(finding), sorted(summary.trim_end())));
    assert!(bench.run(["report", "-f", "jsonl", "sorted"]).stdout == lines.into_bytes());
}

#[test]
fn words() {
    let (bench, report) = good(1774);
    let run = bench.run(["report"]);
    assert!(run.status == Some(2) && run.stderr.contains("[LABEL=]FILE"), "{}", run.stderr);
    let run = bench.run(["report", "-", "a=-"]);
    assert!(run.status == Some(2) && run.stderr.contains("standard input: it is asked for twice"), "{}", run.stderr);
    for option in [
        &["--verify"][..],
        &["--api-url", "http://127.0.0.1:9"],
        &["--auth-header", "x-api-key"],
        &["--verify-rate", "9"],
    ] {
        let run = bench.run([&["report", "good.json"], option].concat());
        let cause = format!("{} is about asking the API, and reports hold no keys to ask about", option[0]);
        assert!(run.status == Some(2) && run.stderr.contains(&cause), "{}", run.stderr);
    }
    // What was not asked about may be live.
    assert_eq!(bench.run(["report", "--fail-on", "live", "good.json"]).status, Some(1));
    let mut rejected = report.clone();
    rejected["findings"][0]["verification"] = json!({"status": "rejected", "reason": "401"});
    write(&bench, "rejected.json", &rejected);
    assert_eq!(bench.run(["report", "--fail-on", "live", "rejected.json"]).status, Some(0));
    assert_eq!(bench.run(["report", "rejected.json"]).status, Some(1));
    // What a later version adds is left.
    let mut later = report;
    for at in ["", "/findings/0", "/findings/0/git", "/coverage", "/summary"] {
        later.pointer_mut(at).expect("it is there")["zebra"] = json!({"a": [1]});
    }
    write(&bench, "later.json", &later);
    let key_id = later["findings"][0]["key_id"].as_str().expect("an id").to_owned();
    let run = bench.run(["report", "later.json"]);
    assert!(run.status == Some(1) && run.text().contains(&key_id));
    assert_eq!(key_id.len(), id(&format!("hopx_live_{key_id}.")).len());
}
