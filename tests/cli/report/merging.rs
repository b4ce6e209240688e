//! Several reports.

use std::process::Stdio;

use serde_json::{Value, json};

use super::{FORMATS, findings, merge, report, save, write};
use crate::archive::{self, Method};
use crate::json::schema;
use crate::program::{Bench, id};
use crate::repository::Repository;

/// One finding's report, with things about the finding changed.
fn changed(report: &Value, change: impl Fn(&mut Value)) -> Value {
    let mut report = report.clone();
    change(&mut report["findings"][0]);
    let finding = &report["findings"][0];
    let suppressed = u64::from(!finding["suppressed"].is_null());
    let leaks = u64::from(suppressed == 0 && finding["level"] != "note");
    report["summary"]["leaks"] = json!(leaks);
    report["summary"]["suppressed"] = json!(suppressed);
    report
}

fn verdict(status: &str, asked: &str) -> Value {
    json!({"status": status, "reason": "a test", "asked": asked})
}

/// A report of one file with one key.
fn one(seed: u64) -> (Bench, Value) {
    let mut bench = Bench::new(seed);
    let key = bench.live();
    bench.write("d/a.txt", &key);
    let report = save(&bench, "one.json", &["scan", "d"]);
    (bench, report)
}

#[test]
fn shards_say_what_one_scan_says() {
    let mut bench = Bench::new(1760);
    for shard in ["a", "b", "c"] {
        let (live, test) = (bench.live(), bench.test());
        bench.write(format!("{shard}/two.env"), format!("{live}\n\u{1f600}{test}"));
        bench.write(format!("{shard}/z.zip"), archive::zip(&[("m", live.as_bytes())], Method::Stored));
        save(&bench, &format!("{shard}.json"), &["scan", shard, &format!("no {shard}")]);
    }
    let whole = bench.run(["scan", "a", "b", "c", "no a", "no b", "no c", "-f", "json"]);
    bench.write("whole.json", &whole.stdout);
    assert_eq!(findings(&whole.json()).len(), 9);
    for format in FORMATS {
        let whole = bench.run(["scan", "-f", format, "a", "b", "c", "no a", "no b", "no c"]);
        let merged = bench.run(["report", "-f", format, "a.json", "b.json", "c.json"]);
        assert_eq!(String::from_utf8_lossy(&merged.stdout), String::from_utf8_lossy(&whole.stdout), "{format}");
        assert_eq!((merged.status, merged.stderr), (whole.status, whole.stderr));
    }
    // Lines behind each other, documents behind each other, through a pipe.
    let lines = |name: &str| bench.run(["report", "-f", "jsonl", name]).stdout;
    let all = [lines("a.json"), bench.read_report("b.json"), lines("c.json")].concat();
    assert!(bench.run_with_input(["report", "-f", "json", "-"], &all).stdout == whole.stdout);
}

#[test]
fn work_tree_and_history_are_an_audit() {
    let mut bench = Bench::new(1761);
    let repository = Repository::init(bench.join("r"));
    let (old, kept, new) = (bench.live(), bench.live(), bench.test());
    repository.commit_file("old.txt", &old, "Old");
    repository.commit_file("kept.txt", format!("{kept}\n"), "Kept");
    repository.commit_removal("old.txt", "Gone");
    repository.git(&["update-ref", "refs/remotes/origin/main", "HEAD~1"]);
    repository.write("kept.txt", format!("\n{kept}\n"));
    repository.write("new.txt", &new);
    let scan = save(&bench, "scan.json", &["scan", "r"]);
    let history = save(&bench, "history.json", &["history", "r"]);
    let audit = save(&bench, "audit.json", &["audit", "r"]);
    assert_eq!([&scan, &history, &audit].map(|report| findings(report).len()), [2, 2, 3]);
    let merged = merge(&bench, &["scan.json", "history.json"]);
    assert_eq!(findings(&merged), findings(&audit));
    assert_eq!(merged["mode"], "merged");
    assert!(schema(None).is_valid(&merged), "{merged}");
    let sum = |name: &str| scan["coverage"][name].as_u64().and_then(|a| Some(a + history["coverage"][name].as_u64()?));
    assert_eq!(merged["coverage"]["bytes"].as_u64(), sum("bytes"));
    // Nothing is added by what is known already.
    assert_eq!(findings(&merge(&bench, &["audit.json", "scan.json", "audit.json", "history.json"])), findings(&audit));
    let log = report(&bench, "sarif", &["scan.json", "history.json"]).json();
    assert_eq!(log["runs"][0]["automationDetails"]["id"], "hopx-leaks/merged/");
    write(&bench, "merged.json", &merged);
    assert_eq!(merge(&bench, &["merged.json"]), merged);
}

#[test]
fn the_order_of_the_files_does_not_matter() {
    let (bench, base) = one(1762);
    let dated = |date: &str, refs: Value| {
        json!({"object": "0".repeat(40), "object_kind": "blob", "commit": "1".repeat(40), "date": date,
               "subject": "s", "in_head": true, "refs": refs})
    };
    let variants: [&dyn Fn(&mut Value); 6] = [
        &|finding| finding["verification"] = verdict("live", "2026-01-01T00:00:00+00:00"),
        &|finding| finding["verification"] = verdict("rejected", "2026-01-02T00:00:00+00:00"),
        &|finding| {
            finding["suppressed"] = json!({"by": "documentation", "reason": "b"});
            finding["line_hash"] = json!("a:2");
            finding["confidence"] = json!("medium");
        },
        &|finding| {
            finding["exposure"] = json!("pushed");
            finding["local_path"] = json!("elsewhere");
            finding["start"]["column_utf16"] = json!(9);
        },
        &|finding| finding["git"] = dated("2026-01-01T00:00:00+00:00", json!(["refs/heads/a"])),
        &|finding| finding["git"] = dated("2026-01-01T00:00:00+00:00", json!(["refs/heads/b"])),
    ];
    let names: Vec<String> = (0..variants.len()).map(|number| format!("{number}.json")).collect();
    for (name, variant) in names.iter().zip(variants) {
        write(&bench, name, &changed(&base, variant));
    }
    let mut orders = vec![Vec::new()];
    for name in &names {
        orders = orders
            .into_iter()
            .flat_map(|order: Vec<&str>| (0..=order.len()).map(move |at| (order.clone(), at)))
            .map(|(mut order, at)| {
                order.insert(at, name);
                order
            })
            .collect();
    }
    assert_eq!(orders.len(), 720);
    let first = report(&bench, "json", &orders[0]);
    assert_eq!(findings(&first.json()).len(), 1);
    for order in orders.iter().step_by(31) {
        for format in FORMATS {
            assert!(report(&bench, format, order).stdout == report(&bench, format, &orders[0]).stdout, "{order:?}");
        }
    }
}

#[test]
fn the_better_informed_one_wins() {
    let (bench, base) = one(1763);
    let merged = |a: &dyn Fn(&mut Value), b: &dyn Fn(&mut Value)| {
        write(&bench, "a.json", &changed(&base, a));
        write(&bench, "b.json", &changed(&base, b));
        let merged = merge(&bench, &["a.json", "b.json"]);
        assert_eq!(findings(&merged).len(), 1);
        assert!(schema(None).is_valid(&merged), "{merged}");
        merged
    };
    let (early, late) = ("2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00+00:00");
    for (a, b, wins) in [
        (json!({"status": "unchecked"}), verdict("unknown", early), "unknown"),
        (verdict("live", early), verdict("rejected", late), "rejected"),
        (verdict("rejected", early), verdict("live", late), "live"),
        (verdict("rejected", early), verdict("live", early), "live"),
        // It tells nothing, and so it takes nothing back.
        (verdict("live", early), verdict("unknown", late), "live"),
    ] {
        let merged =
            merged(&|finding| finding["verification"] = a.clone(), &|finding| finding["verification"] = b.clone());
        assert_eq!(merged["findings"][0]["verification"]["status"], wins);
        assert_eq!(merged["summary"]["live"], u64::from(wins == "live"));
    }
    let why = |reason: &str| json!({"by": "documentation", "reason": reason});
    let suppressed = merged(&|_| (), &|finding| finding["suppressed"] = why("b"));
    assert_eq!(suppressed["findings"][0]["suppressed"], Value::Null);
    assert_eq!((&suppressed["summary"]["leaks"], &suppressed["summary"]["suppressed"]), (&json!(1), &json!(0)));
    let both = merged(&|finding| finding["suppressed"] = why("a"), &|finding| finding["suppressed"] = why("b"));
    assert_eq!(both["findings"][0]["suppressed"], why("a"));
    assert_eq!(bench.run(["report", "a.json", "b.json"]).status, Some(0));
    let worst =
        merged(&|finding| finding["exposure"] = json!("staged"), &|finding| finding["exposure"] = json!("pushed"));
    assert_eq!(worst["findings"][0]["exposure"], "pushed");
    // A note in one of them only is none.
    let note = |finding: &mut Value| {
        finding["exposure"] = json!("ignored");
        finding["level"] = json!("note");
    };
    assert_eq!(merged(&note, &note)["findings"][0]["level"], "note");
    assert_eq!(bench.run(["report", "a.json", "b.json"]).status, Some(0));
    assert_eq!(merged(&note, &|finding| finding["exposure"] = json!("ignored"))["findings"][0]["level"], "error");
    // Elsewhere at the same path, and what the API says of the key wherever it is.
    let elsewhere = |finding: &mut Value| {
        finding["start"]["byte"] = json!(5);
        finding["exposure"] = json!("pushed");
        finding["verification"] = verdict("live", early);
    };
    write(&bench, "a.json", &base);
    write(&bench, "b.json", &changed(&base, elsewhere));
    let two = merge(&bench, &["a.json", "b.json"]);
    for finding in findings(&two) {
        assert_eq!((&finding["exposure"], &finding["verification"]["status"]), (&json!("pushed"), &json!("live")));
    }
    assert_eq!(findings(&two).len(), 2);
}

#[test]
fn coverage_adds_up() {
    let (bench, base) = one(1764);
    let problem = |path: &str| json!({"path": path, "kind": "corrupt", "message": "damaged; restore it"});
    let incomplete = |paths: &[&str]| {
        let mut report = base.clone();
        report["complete"] = json!(false);
        report["coverage"]["problems"] = paths.iter().map(|path| problem(path)).collect();
        report["coverage"]["placeholders"] = json!(2);
        report["coverage"]["objects"]["tag"] = json!(3);
        report["coverage"]["special"] = json!(4);
        report["findings"] = json!([]);
        report["summary"] = json!({"leaks": 0, "suppressed": 2, "keys": 0, "live": 0});
        report
    };
    write(&bench, "a.json", &incomplete(&["z", "b"]));
    write(&bench, "b.json", &incomplete(&["b", "a"]));
    let merged = merge(&bench, &["a.json", "b.json"]);
    let coverage = &merged["coverage"];
    assert_eq!(coverage["problems"], json!([problem("a"), problem("b"), problem("z")]));
    assert_eq!(
        (&coverage["placeholders"], &coverage["objects"]["tag"], &coverage["special"]),
        (&json!(4), &json!(6), &json!(8))
    );
    assert_eq!((&coverage["files"], &merged["complete"]), (&json!(2), &json!(false)));
    // What was left out of the list is counted still.
    assert_eq!(merged["summary"]["suppressed"], 4);
    let run = bench.run(["report", "a.json", "b.json"]);
    assert_eq!(run.status, Some(3));
    assert_eq!(run.stderr.lines().count(), 3);
    assert!(run.text().contains("4 suppressed, 3 problems"), "{}", run.text());
    assert_eq!(bench.run(["report", "a.json", "one.json"]).status, Some(1));
    assert_eq!(bench.run(["report", "--fail-on", "none", "a.json", "one.json"]).status, Some(3));
}

#[test]
fn labels_tell_repositories_apart() {
    let mut bench = Bench::new(1765);
    let key = bench.live();
    for machine in ["one", "two"] {
        bench.write(format!("{machine}/a.txt"), &key);
        let output = format!("json=../{machine}.json");
        bench.run(["-C", machine, "scan", ".", "no such", "-q", "-o", &output]);
    }
    assert_eq!(findings(&merge(&bench, &["one.json", "two.json"])).len(), 1);
    let merged = merge(&bench, &["org/one=one.json", "two/=two.json"]);
    let roots: Vec<_> = findings(&merged).iter().map(|finding| [&finding["root"], &finding["path"]]).collect();
    assert_eq!(roots, [["org/one", "a.txt"], ["two", "a.txt"]]);
    let problems = merged["coverage"]["problems"].as_array().expect("a list");
    assert_eq!(problems.iter().map(|problem| &problem["path"]).collect::<Vec<_>>(), ["org/one/no such", "two/no such"]);
    let text = report(&bench, "text", &["org/one=one.json", "two=two.json"]);
    assert!(text.text().contains("\n  org/one/a.txt:1:1\n  two/a.txt:1:1\n"), "{}", text.text());
    assert!(text.stderr.contains("hopx-leaks: two/no such: "), "{}", text.stderr);
    // On standard input too, and once more.
    let run = bench.run_with_input(["report", "-f", "json", "x=-"], &serde_json::to_vec(&merged).expect("JSON"));
    let roots: Vec<_> = findings(&run.json()).iter().map(|finding| finding["root"].clone()).collect();
    assert_eq!(roots, ["x/org/one", "x/two"]);
    // A file of that very name is meant.
    std::fs::rename(bench.join("one.json"), bench.join("two=two.json")).expect("renamed");
    let merged = merge(&bench, &["two=two.json"]);
    assert_eq!(findings(&merged)[0]["root"], ".");
    // A label may hold a key, by mistake.
    let run = report(&bench, "json", &[&format!("{key}=two.json")]);
    assert_eq!(findings(&run.json())[0]["root"], format!("hopx_live_{}.****", id(&key)));
}

/// Two members may have one name.
#[test]
fn what_one_report_lists_twice_stays_twice() {
    let mut bench = Bench::new(1766);
    let key = bench.live();
    let report = {
        bench.write("d/a.txt", &key);
        let mut report = save(&bench, "one.json", &["scan", "d"]);
        let finding = report["findings"][0].clone();
        report["findings"].as_array_mut().expect("a list").push(finding);
        report["summary"]["leaks"] = json!(2);
        report
    };
    write(&bench, "two.json", &report);
    for files in [&["two.json"][..], &["two.json", "one.json"], &["one.json", "two.json", "two.json"]] {
        assert_eq!(findings(&merge(&bench, files)).len(), 2, "{files:?}");
    }
}

#[test]
fn a_closed_pipe_and_a_file_that_is_read_and_written() {
    let (bench, base) = one(1767);
    for format in FORMATS {
        let mut command = bench.command(["report", "-f", format, "one.json"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
        drop(child.stdout.take());
        let run = bench.finish(child.wait_with_output().expect("ends"));
        assert_eq!((run.status, run.stderr.as_str()), (Some(1), ""), "{format}");
    }
    assert_eq!(bench.run(["report", "-q", "-o", "one.json", "one.json"]).status, Some(1));
    assert_eq!(super::read(&bench, "one.json"), base);
}

/// Suppressed findings that a report counts and does not list are counted by every format, and are no notes.
#[test]
fn what_is_counted_and_not_listed() {
    let mut bench = Bench::new(1790);
    let (marked, leaked) = (bench.live(), bench.live());
    bench.write("a.txt", format!("{marked} # hopx-leaks:allow\n{marked} # hopx-leaks:allow\n"));
    bench.write("b.txt", &leaked);
    for name in ["one.json", "two.json"] {
        bench.run(["scan", "a.txt", "b.txt", "-q", "-o", name]);
    }
    for format in super::FORMATS {
        let run = bench.run(["report", "-f", format, "one.json", "two.json"]);
        assert_eq!(run.status, Some(1), "{format}: {}", run.stderr);
    }
    let run = bench.run(["report", "one.json", "two.json"]);
    assert!(run.text().ends_with(", 4 suppressed\n"), "{}", run.text());
    let page = bench.run(["report", "-f", "html", "one.json", "two.json"]);
    for words in ["<dt>places suppressed</dt><dd>4</dd>", "<dt>places in files that git ignores</dt><dd>0</dd>"] {
        assert!(page.text().contains(words), "{words}");
    }
    assert!(page.text().contains("4 suppressed places are not shown"), "{}", page.text());
}
