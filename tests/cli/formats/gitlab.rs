//! The secret detection report of GitLab: the rules of its schema, and what GitLab makes of a report.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::program::{Bench, Run, id};
use crate::repository::Repository;

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().filter(|text| !text.is_empty()).unwrap_or_else(|| panic!("{name} of {value}"))
}

/// Holds a report to the rules of schema 15.2.1, and gives its vulnerabilities.
fn check(run: &Run) -> Vec<Value> {
    let report = run.json();
    assert_eq!(text(&report, "version"), "15.2.1");
    let scan = &report["scan"];
    assert_eq!(text(scan, "type"), "secret_detection");
    assert!(["success", "failure"].contains(&text(scan, "status")));
    for tool in ["analyzer", "scanner"] {
        for name in ["id", "name", "version"] {
            text(&scan[tool], name);
        }
        text(&scan[tool]["vendor"], "name");
    }
    for time in ["start_time", "end_time"] {
        let shape = |c: char| if c.is_ascii_digit() { '0' } else { c };
        assert_eq!(text(scan, time).chars().map(shape).collect::<String>(), "0000-00-00T00:00:00");
    }
    assert!(text(scan, "start_time") <= text(scan, "end_time"));
    for message in scan["messages"].as_array().expect("a list") {
        assert!(["info", "warn", "fatal"].contains(&text(message, "level")));
        text(message, "value");
    }
    let vulnerabilities = report["vulnerabilities"].as_array().expect("a list").clone();
    for one in &vulnerabilities {
        assert_uuid(text(one, "id"));
        assert!(text(one, "name").chars().count() <= 255);
        assert!(text(one, "description").len() <= 1_048_576);
        assert!(text(one, "solution").len() <= 7_000);
        assert!(["Info", "Unknown", "Low", "Medium", "High", "Critical"].contains(&text(one, "severity")));
        let identifiers = one["identifiers"].as_array().expect("a list");
        assert!(!identifiers.is_empty());
        for identifier in identifiers {
            for name in ["type", "name", "value"] {
                text(identifier, name);
            }
        }
        let location = &one["location"];
        text(location, "file");
        let [start, end] = ["start_line", "end_line"].map(|name| location[name].as_u64().expect("a number"));
        assert!(1 <= start && start <= end);
        assert!([40, 64].contains(&text(&location["commit"], "sha").len()));
        for detail in one["details"].as_object().expect("an object").values() {
            assert_eq!((text(detail, "type"), detail["value"].is_string()), ("text", true));
            text(detail, "name");
        }
        assert_eq!(one.get("raw_source_code_extract"), None);
    }
    let ids: BTreeSet<_> = vulnerabilities.iter().map(|one| one["id"].to_string()).collect();
    assert_eq!(ids.len(), vulnerabilities.len(), "two with one id");
    vulnerabilities
}

/// RFC 9562 section 5.8.
fn assert_uuid(id: &str) {
    let parts: Vec<_> = id.split('-').collect();
    assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{id}");
    assert!(id.chars().all(|c| c == '-' || matches!(c, '0'..='9' | 'a'..='f')), "{id}");
    assert!(parts[2].starts_with('8') && parts[3].starts_with(['8', '9', 'a', 'b']), "{id}");
}

#[test]
fn the_rules_of_the_schema() {
    let mut bench = Bench::new(1620);
    let (live, test) = (bench.live(), bench.test());
    let repository = Repository::init(bench.path());
    let added = repository.commit_file("a.env", format!("A={live}\nB={test}\n"), "Add settings");
    let head = repository.commit_file("a.env", format!("A={live}\n"), "Take one out");
    let before = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let run = bench.run(["-f", "gitlab", "history"]);
    assert_eq!(run.status, Some(1));
    let found = check(&run);
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|one| one["location"]["commit"]["sha"] == *added));
    assert_eq!(run.json()["scan"]["status"], "success");
    assert_eq!((&found[0]["severity"], &found[1]["severity"]), (&"Critical".into(), &"Medium".into()));
    assert_eq!(found[0]["identifiers"][0]["value"], live[..22]);
    assert_eq!(found[0]["identifiers"][1]["value"], "hopx-live-key");
    assert!(text(&found[0], "solution").starts_with(&format!("1. Revoke {} at ", id(&live))));
    // The clock's own time, as the system writes it.
    let end = text(&run.json()["scan"], "end_time").to_owned();
    let date = std::process::Command::new("date")
        .args(["-u", "-d", &format!("@{before}"), "+%Y-%m-%dT%H:%M:%S"])
        .output()
        .expect("date runs");
    assert!(*end >= *String::from_utf8_lossy(&date.stdout).trim(), "{end}");

    // A file has the commit that is checked out.
    let found = check(&bench.run(["-f", "gitlab", "scan", "."]));
    assert_eq!((found.len(), &found[0]["location"]["commit"]), (1, &serde_json::json!({"sha": head})));
    let failed = bench.run(["-f", "gitlab", "scan", ".", "gone"]);
    check(&failed);
    assert_eq!(failed.json()["scan"]["status"], "failure");
    assert_eq!(check(&bench.run(["-f", "gitlab", "scan", ".", "--include-suppressed"])).len(), 1);
}

/// GitLab knows an alert by its first identifier, file and lines.
#[test]
fn identities() {
    let mut bench = Bench::new(1621);
    let (one, other) = (bench.live(), bench.live());
    let repository = Repository::init(bench.path());
    repository.commit_file("a.env", format!("{one} {other} {one}\n"), "Add settings");
    let before = check(&bench.run(["-f", "gitlab", "scan", "."]));
    let first = |one: &Value| one["identifiers"][0].to_string();
    assert_eq!(before.iter().map(first).collect::<BTreeSet<_>>().len(), 2);
    // They do not depend on lines, nor on the commit.
    repository.commit_file("a.env", format!("\n\n{one} {other} {one}\n"), "Move it");
    let after = check(&bench.run(["-f", "gitlab", "scan", "."]));
    let ids = |found: &[Value]| found.iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
    assert_eq!((ids(&before), before.len()), (ids(&after), 3));
    assert!(after.iter().all(|one| one["location"]["start_line"] == 3));
}

/// Without a commit no report fits the schema; it is refused before anything is read.
#[test]
fn no_commit_to_name() {
    let mut bench = Bench::new(1622);
    let key = bench.live();
    bench.write("a.txt", &key);
    let refused = |why: &str| {
        for arguments in [&["-f", "gitlab", "scan", "."][..], &["-o", "gitlab=report.json", "scan", "."]] {
            let run = bench.run(arguments);
            assert_eq!((run.status, run.text()), (Some(2), ""), "{arguments:?}");
            assert!(run.stderr.contains(why) && run.stderr.contains("such as json or sarif"), "{}", run.stderr);
            assert!(!bench.join("report.json").exists());
        }
    };
    refused("cannot write a gitlab report, in which every finding has a commit: ");
    bench.git(&["init", "-q"]);
    refused("the repository has no commit yet");
    assert_eq!(bench.run(["-f", "sarif", "scan", "."]).status, Some(1));
    bench.git(&["commit", "-q", "--allow-empty", "-m", "Start"]);
    assert_eq!(check(&bench.run(["-f", "gitlab", "scan", "."])).len(), 1);
}
