//! Paths, lines and columns, in the terms of each consumer.

use serde_json::json;

use super::read::{Junit, Markdown, commands, records};
use crate::archive::{Method, zip};
use crate::program::{Bench, id};
use crate::repository::Repository;

/// A key behind text whose columns differ by unit: `😀é ` has 3 code points, 4 UTF-16 units and 7 bytes.
#[test]
fn columns() {
    let mut bench = Bench::new(1610);
    let key = bench.live();
    let repository = Repository::init(bench.path());
    repository.commit_file("sub/a.env", format!("\n😀é {key}\n"), "Add settings");
    let run = |format: &str| bench.run(["-C", "sub", "-f", format, "scan", "."]);

    let command = &commands(run("github").text())[0];
    let property = |name| command.property(name).expect("a property");
    let properties = ["file", "line", "endLine", "col", "endColumn"].map(property);
    assert_eq!(properties, ["sub/a.env", "2", "2", "5", "71"]);
    assert_eq!(property("title"), format!("HopX live API key {}", id(&key)));
    assert!(command.message.contains(" Exposure: committed."), "{}", command.message);

    let range = json!({"start": {"line": 2, "column": 8}, "end": {"line": 2, "column": 74}});
    let diagnostic = run("rdjson").json()["diagnostics"][0].clone();
    assert_eq!(diagnostic["location"], json!({"path": "a.env", "range": range}));
    assert_eq!(diagnostic["severity"], "ERROR");

    let leak = run("gitleaks-json").json()[0].clone();
    let numbers = ["StartLine", "EndLine", "StartColumn", "EndColumn"].map(|name| leak[name].as_u64());
    assert_eq!(numbers, [2, 2, 8, 73].map(Some));
    assert_eq!(leak["Fingerprint"], "sub/a.env:hopx-live-key:2");

    let location = &run("gitlab").json()["vulnerabilities"][0]["location"];
    assert_eq!((&location["file"], &location["start_line"]), (&json!("sub/a.env"), &json!(2)));

    let record = &records(&run("csv"))[0];
    let cells = ["path", "kind", "line", "column", "end_line", "end_column"].map(|name| record[name].as_str());
    assert_eq!(cells, ["sub/a.env", "content", "2", "4", "2", "70"]);

    let junit = run("junit");
    let case = &Junit::read(junit.text()).cases[0];
    assert_eq!(case.name, format!("sub/a.env:2:4 {}.****", &key[..22]));
    assert_eq!((case.file.as_deref(), case.line.as_deref()), (Some("sub/a.env"), Some("2")));
    let (_, attributes, body) = case.outcome.as_ref().expect("a failure");
    assert_eq!(attributes["type"], "hopx-live-key");
    assert!(body.contains("exposure: committed\n1. Revoke "), "{body}");

    let markdown = run("markdown");
    let heading = format!("error: {}.**** in 1 place", &key[..22]);
    assert_eq!(Markdown::read(markdown.text()).places, [(heading, "sub/a.env:2:4".to_owned())]);
}

/// A key that goes over lines: columns of different lines are none for an annotation.
#[test]
fn over_two_lines() {
    let mut bench = Bench::new(1611);
    let key = bench.live();
    let encoded = data_encoding::BASE64.encode(key.as_bytes());
    bench.write("a.pem", format!("{}\n{}\n", &encoded[..64], &encoded[64..]));
    let command = &commands(bench.run(["-f", "github", "a.pem"]).text())[0];
    assert_eq!((command.property("line"), command.property("endLine")), (Some("1"), Some("2")));
    assert_eq!((command.property("col"), command.property("endColumn")), (None, None));
}

/// A member's lines are none of the archive's, and the member is named.
#[test]
fn members() {
    let mut bench = Bench::new(1612);
    let key = bench.live();
    let repository = Repository::init(bench.path());
    let archive = zip(&[("in/b.env", format!("\n\nK={key}").as_bytes())], Method::Deflated);
    repository.commit_file("a.zip", archive, "Add an archive");
    let run = |format: &str| bench.run(["-f", format, "scan", "a.zip"]);
    let member = "a.zip!in/b.env";
    let command = &commands(run("github").text())[0];
    assert_eq!((command.property("file"), command.property("line")), (Some("a.zip"), None));
    assert!(command.message.contains("It is in a.zip!in/b.env, line 3."), "{}", command.message);
    let vulnerability = run("gitlab").json()["vulnerabilities"][0].clone();
    assert_eq!(
        (&vulnerability["location"]["file"], &vulnerability["location"]["start_line"]),
        (&json!("a.zip"), &json!(1))
    );
    assert!(vulnerability["description"].as_str().is_some_and(|text| text.ends_with("Place: `a.zip!in/b.env:3`")));
    let diagnostic = run("rdjson").json()["diagnostics"][0].clone();
    assert_eq!(diagnostic["location"], json!({"path": "a.zip"}));
    assert!(diagnostic["message"].as_str().is_some_and(|text| text.contains(member)));
    assert_eq!(run("gitleaks-json").json()[0]["File"], member);
    assert_eq!(records(&run("csv"))[0]["path"], member);
    assert!(Junit::read(run("junit").text()).cases[0].name.starts_with("a.zip!in/b.env:3:3 "));
    assert_eq!(Markdown::read(run("markdown").text()).places[0].1, "a.zip!in/b.env:3:3");
}

/// A message has no path, and is shown all the same.
#[test]
fn messages_of_commits() {
    let mut bench = Bench::new(1613);
    let key = bench.test();
    let repository = Repository::init(bench.path());
    let commit = repository.commit_nothing(&format!("Subject\n\nUse {key}"));
    let run = |format: &str| bench.run(["-f", format, "history", "--include-author"]);
    let object = format!(".git/objects/{commit}");

    let command = &commands(run("github").text())[0];
    assert_eq!((command.name.as_str(), command.property("file")), ("warning", None));
    assert!(command.message.contains(&format!("by commit {commit}.")), "{}", command.message);
    assert!(command.message.contains("It is in the message of the commit."), "{}", command.message);

    let location = run("gitlab").json()["vulnerabilities"][0]["location"].clone();
    assert_eq!((&location["file"], &location["commit"]["sha"]), (&json!(object), &json!(commit)));
    assert_eq!(location["commit"]["message"], "Subject");
    assert_eq!(location["commit"]["author"], "An Author <author@example.invalid>");

    let leak = run("gitleaks-json").json()[0].clone();
    assert_eq!((&leak["Commit"], &leak["Message"]), (&json!(commit), &json!("Subject")));
    assert_eq!((&leak["Author"], &leak["Email"]), (&json!("An Author"), &json!("author@example.invalid")));
    assert_eq!(leak["Fingerprint"], format!("{commit}:{object}:hopx-test-key:3"));
    assert!(leak["Date"].as_str().is_some_and(|date| date.starts_with("2026-01-02T")));
    let without = bench.run(["-f", "gitleaks-json", "history"]).json()[0].clone();
    assert_eq!((&without["Author"], &without["Email"]), (&json!(""), &json!("")));

    let record = &records(&run("csv"))[0];
    assert_eq!(
        (&*record["kind"], &*record["commit"], &*record["subject"]),
        ("message of the commit", &*commit, "Subject")
    );
    assert!(run("markdown").text().contains(&format!("by `{}` of 2026-01-02 from `An Author", &commit[..10])));
}

/// Exactly the fields of gitleaks, of its types.
#[test]
fn the_fields_of_gitleaks() {
    let mut bench = Bench::new(1614);
    let key = bench.live();
    bench.write("a.txt", &key);
    let leak = bench.run(["-f", "gitleaks-json", "a.txt"]).json()[0].clone();
    let fields = leak.as_object().expect("an object");
    let texts =
        ["RuleID", "Description", "Match", "Secret", "File", "SymlinkFile", "Commit", "Author", "Email", "Date"];
    let numbers = ["StartLine", "EndLine", "StartColumn", "EndColumn", "Entropy"];
    for name in texts.iter().chain(&["Message", "Fingerprint"]) {
        assert!(fields[*name].is_string(), "{name}");
    }
    assert!(numbers.iter().all(|name| fields[*name].is_u64()));
    assert!(fields["Tags"].as_array().is_some_and(|tags| tags.iter().all(serde_json::Value::is_string)));
    assert_eq!(fields.len(), texts.len() + 2 + numbers.len() + 1);
    assert_eq!((&leak["Secret"], &leak["Match"]), (&json!("REDACTED"), &json!(format!("{}.****", &key[..22]))));
}
