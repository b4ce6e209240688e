//! The json and jsonl reports: true to the schema that the program prints, and to what was scanned.

use std::collections::BTreeSet;
use std::ffi::OsString;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::keys::base64url;
use crate::program::{Bench, id};

/// A folder with every kind of finding that a checkout can bring, and the arguments that scan it.
struct Rich {
    bench: Bench,
    arguments: Vec<OsString>,
    /// The key in a file's name, and the one in a name that is not UTF-8 where there can be one.
    named: String,
    odd_name: Option<String>,
    findings: usize,
}

impl Rich {
    fn new(seed: u64) -> Rich {
        let mut bench = Bench::new(seed);
        let (live, test, wide) = (bench.live(), bench.test(), bench.live());
        bench.write("rich/two.env", format!("A={live}\nB={test}; again={live}\n"));
        let utf16 = format!("\u{feff}$k = '{wide}'\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        bench.write("rich/sub/wide.ps1", utf16);
        let binary = bench.live();
        bench.write("rich/program.bin", format!("\x7fELF\0\0a{binary}b\0"));
        let made_up = ["x".repeat(42) + "A", base64url(b"this_is_a_fake_secret_for_tests!")];
        bench.write("rich/docs.md", made_up.map(|secret| format!("hopx_live_{}.{secret}\n", "A".repeat(12))).concat());
        let named = bench.live();
        bench.write(format!("rich/backup-{named}.txt"), "nothing");
        let mut rich = Rich {
            arguments: ["scan", "rich", "not there"].map(OsString::from).into(),
            bench,
            named,
            odd_name: None,
            findings: 6,
        };
        #[cfg(target_os = "linux")]
        rich.add_odd_names();
        rich
    }

    /// What only Linux allows in a name.
    #[cfg(target_os = "linux")]
    fn add_odd_names(&mut self) {
        use std::os::unix::ffi::OsStringExt;
        let (target, inside, name) = (self.bench.live(), self.bench.test(), self.bench.live());
        std::os::unix::fs::symlink(format!("/nowhere/{target}"), self.bench.join("rich/link")).expect("a link");
        let bytes = |before: &[u8], key: &str| OsString::from_vec([before, key.as_bytes(), b"\xff.txt"].concat());
        self.bench.write(self.bench.join("rich").join(bytes(b"", "caf\u{e9}")), format!("k={inside}"));
        self.bench.write(self.bench.join("rich").join(bytes(b"\x1b[31m", &name)), "");
        self.arguments.push(bytes(b"missing ", &name));
        self.odd_name = Some(name);
        self.findings += 3;
    }

    fn report(&self, more: &[&str]) -> Vec<u8> {
        let arguments = self.arguments.iter().cloned().chain(more.iter().map(OsString::from));
        self.bench.run(arguments).stdout
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.report(&["-f", "json"])).expect("a JSON document")
    }
}

/// The schema as the program prints it, or one of its definitions.
pub fn schema(definition: Option<&str>) -> Validator {
    let mut schema = Bench::new(0).run(["schema"]).json();
    if let Some(name) = definition {
        schema = json!({
            "$schema": schema["$schema"],
            "$ref": format!("#/$defs/{name}"),
            "$defs": schema["$defs"],
        });
    }
    jsonschema::draft202012::meta::validate(&schema).expect("a schema of draft 2020-12");
    jsonschema::draft202012::new(&schema).expect("a schema")
}

/// Fields that are left out where they tell nothing.
const OPTIONAL: [&str; 8] = [
    "root_base64",
    "path_base64",
    "local_path",
    "members_base64",
    "line_hash",
    "column_utf16",
    "column_utf8",
    "confidence_reason",
];

fn findings(report: &Value) -> &[Value] {
    report["findings"].as_array().expect("a list")
}

/// The bytes of a path in a report.
fn path(shown: &Value) -> Vec<u8> {
    match shown["path_base64"].as_str() {
        Some(base64) => data_encoding::BASE64.decode(base64.as_bytes()).expect("base64"),
        None => shown["path"].as_str().expect("a path").as_bytes().to_vec(),
    }
}

/// Where every object in `value` is.
fn objects(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.push(at.to_owned());
            fields.iter().for_each(|(name, field)| objects(field, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| objects(item, &format!("{at}/{i}"), found));
        }
        _ => {}
    }
}

#[test]
fn a_rich_report_fits_its_schema() {
    let rich = Rich::new(701);
    let report = rich.json();
    let errors: Vec<_> = schema(None).iter_errors(&report).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(findings(&report).len(), rich.findings);
    assert_eq!(report["complete"], false);
    let kinds: BTreeSet<_> = findings(&report).iter().map(|finding| finding["kind"].to_string()).collect();
    assert_eq!(kinds.len(), if cfg!(target_os = "linux") { 3 } else { 2 });
    let count = |name, value: Value| findings(&report).iter().filter(|finding| finding[name] == value).count();
    assert_eq!(count("encodings", json!(["utf-16le"])), 1);
    assert_eq!(count("confidence", json!("medium")), 1);
    assert!(findings(&report).iter().all(|finding| finding["root"] == "rich"));
}

#[test]
fn an_empty_report_fits_its_schema() {
    let bench = Bench::new(702);
    bench.write("clean.txt", "nothing\n");
    let report = bench.run(["-f", "json"]).json();
    assert!(schema(None).is_valid(&report));
    assert_eq!((report["complete"].as_bool(), findings(&report).len()), (Some(true), 0));
}

/// The schema would be worth nothing if it took everything.
#[test]
fn every_mutation_is_refused() {
    let (schema, report) = (schema(None), Rich::new(703).json());
    let refuses = |what: &str, at: &str, change: &dyn Fn(&mut Value)| {
        let mut changed = report.clone();
        change(changed.pointer_mut(at).expect("it is there"));
        assert!(changed != report, "{what} at {at} changes nothing");
        assert!(!schema.is_valid(&changed), "{what} at {at} is taken");
    };
    let mut places = Vec::new();
    objects(&report, "", &mut places);
    assert!(places.len() > 30);
    for at in &places {
        refuses("an extra field", at, &|object| object["extra"] = json!(0));
        let fields = report.pointer(at).and_then(Value::as_object).expect("an object");
        for (name, value) in fields {
            let field = format!("{at}/{name}");
            if !OPTIONAL.contains(&name.as_str()) {
                refuses("a missing field", at, &|object| drop(object.as_object_mut().expect("one").remove(name)));
            }
            refuses("another type", &field, &|value| *value = if value.is_array() { json!({}) } else { json!([[]]) });
            if value.is_number() {
                refuses("a negative number", &field, &|value| *value = json!(-1));
                refuses("half a number", &field, &|value| *value = json!(1.5));
            }
            if name == "line" || name.starts_with("column") {
                refuses("a place from 0", &field, &|value| *value = json!(0));
            }
            let free = ["root", "path", "local_path", "message"];
            if value.is_string() && !free.contains(&name.as_str()) {
                refuses("a wrong text", &field, &|value| *value = json!("No such thing!"));
            }
        }
    }
}

/// What this version can't report yet is in the format already.
#[test]
fn later_values_fit_too() {
    let (schema, report) = (schema(None), Rich::new(704).json());
    let takes = |at: &str, value: Value| {
        let mut changed = report.clone();
        *changed.pointer_mut(at).expect("it is there") = value;
        schema.is_valid(&changed)
    };
    let enums: [(&str, &[&str]); 6] = [
        ("/mode", &["scan", "staged", "commits", "history", "audit", "merged"]),
        ("/findings/0/level", &["error", "warning", "note"]),
        ("/findings/0/kind", &["content", "file-name", "link-target", "commit-message", "tag-message"]),
        ("/findings/0/exposure", &["pushed", "committed", "staged", "untracked", "ignored", "unreachable", "unknown"]),
        ("/findings/0/verification/status", &["unchecked", "live", "limited", "rejected", "unknown"]),
        ("/coverage/problems/0/kind", &["encrypted", "too-deep"]),
    ];
    for (at, values) in enums {
        for value in values {
            assert!(takes(at, json!(value)), "{value} at {at}");
        }
    }
    for by in ["documentation", "inline", "config", "baseline"] {
        assert!(takes("/findings/0/suppressed", json!({"by": by, "reason": "a test"})), "{by}");
    }
    let oid = "0123456789abcdef0123456789abcdef01234567";
    let git = json!({
        "object": oid, "object_kind": "blob", "commit": oid, "date": "2026-01-02T03:04:05+01:00",
        "subject": "Add a file", "in_head": true, "refs": ["refs/heads/main"],
    });
    assert!(takes("/findings/0/git", git.clone()));
    assert!(takes("/findings/0/path", Value::Null));
    assert!(takes("/findings/0/members", json!(["a.zip", "b.txt"])));
    for (field, wrong) in [("object", json!("HEAD")), ("object_kind", json!("file")), ("in_head", Value::Null)] {
        let mut git = git.clone();
        git[field] = wrong;
        assert!(!takes("/findings/0/git", git), "a wrong {field}");
    }
    let mut messages = git;
    messages["commit"] = Value::Null;
    messages["object_kind"] = json!("tag");
    assert!(takes("/findings/0/git", messages));
}

/// Every object of the format is closed, and everything in it is described.
#[test]
fn the_schema_is_closed_and_described() {
    fn check(schema: &Value, at: &str, composed: &BTreeSet<String>) {
        let fields = schema["properties"].as_object();
        if let Some(fields) = fields {
            let closed = schema["additionalProperties"] == false || schema["unevaluatedProperties"] == false;
            assert!(closed || composed.contains(at), "{at} takes further fields");
            for (name, field) in fields {
                let referred = field["$ref"].as_str() == Some("#/$defs/path_base64");
                let is_part = composed.contains(at) && field.get("$ref").is_some() || at == "#/$defs/line";
                assert!(field["description"].is_string() || referred || is_part, "{at}: {name} is not described");
                check(field, &format!("{at}/{name}"), composed);
            }
        }
        if let Some(items) = schema.get("items") {
            assert!(items["description"].is_string() || items.get("$ref").is_some(), "items of {at}");
            check(items, &format!("{at}/items"), composed);
        }
    }
    let schema = Bench::new(0).run(["schema"]).json();
    // These are closed by what they are put together in.
    let composed = ["head", "counts", "finding_fields", "line"].map(|name| format!("#/$defs/{name}")).into();
    check(&schema, "#", &composed);
    for (name, definition) in schema["$defs"].as_object().expect("definitions") {
        assert!(definition["description"].is_string(), "{name}");
        check(definition, &format!("#/$defs/{name}"), &composed);
    }
}

#[test]
fn jsonl_holds_what_json_holds() {
    let rich = Rich::new(705);
    let mut report = rich.json();
    let lines = String::from_utf8(rich.report(&["-f", "jsonl"])).expect("UTF-8");
    assert!(lines.ends_with('\n'));
    let schema = schema(Some("line"));
    let mut lines: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("a JSON document a line")).collect();
    for line in &lines {
        assert!(schema.is_valid(line), "{line}");
        let other = if line["type"] == "finding" { "summary" } else { "finding" };
        for wrong in [json!(other), json!("other"), Value::Null] {
            let mut line = line.clone();
            line["type"] = wrong;
            assert!(!schema.is_valid(&line), "{line}");
        }
        let mut line = line.clone();
        line["extra"] = json!(0);
        assert!(!schema.is_valid(&line), "{line}");
    }
    let types: Vec<_> = lines.iter_mut().map(|line| line.as_object_mut().expect("one").remove("type")).collect();
    assert!(lines.iter().all(|line| !schema.is_valid(line)), "a line needs a type");
    let summary = lines.pop().expect("a summary");
    assert_eq!(types.iter().filter(|name| **name == Some(json!("summary"))).count(), 1);
    assert_eq!(types.last(), Some(&Some(json!("summary"))));
    assert_eq!(Value::Array(lines), report.as_object_mut().expect("one").remove("findings").expect("findings"));
    assert_eq!(summary, report);
}

#[test]
fn findings_are_sorted() {
    let report = Rich::new(706).json();
    let order = |finding: &Value| {
        let byte = |end: &str| finding[end]["byte"].as_u64();
        (path(finding), finding["kind"].as_str().map(str::to_owned), byte("start"), byte("end"))
    };
    assert!(findings(&report).len() > 5);
    assert!(findings(&report).is_sorted_by_key(order));
    let problems = report["coverage"]["problems"].as_array().expect("a list");
    assert!(problems.is_sorted_by_key(path));
}

#[test]
fn the_summary_agrees_with_the_findings() {
    let rich = Rich::new(707);
    let report = rich.json();
    let leaks = findings(&report).iter().filter(|finding| finding["suppressed"].is_null()).count();
    let keys: BTreeSet<_> = findings(&report).iter().map(|finding| finding["fingerprint"].to_string()).collect();
    assert_eq!(report["summary"], json!({"leaks": leaks, "suppressed": 0, "keys": keys.len(), "live": 0}));
    assert_eq!(keys.len(), rich.findings - 1);

    let files: Vec<_> = ["rich", "rich/sub"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(rich.bench.join(folder)).expect("a folder"))
        .map(|entry| entry.and_then(|entry| entry.path().symlink_metadata()).expect("an entry"))
        .collect();
    let (links, files): (Vec<_>, Vec<_>) = files.iter().filter(|entry| !entry.is_dir()).partition(|e| e.is_symlink());
    let coverage = &report["coverage"];
    assert_eq!(coverage["files"], files.len());
    assert_eq!(coverage["bytes"], files.iter().map(|file| file.len()).sum::<u64>());
    assert_eq!(coverage["links"], links.len());
    assert_eq!(coverage["placeholders"], 2);
    let missing = if rich.odd_name.is_some() { 2 } else { 1 };
    assert_eq!(coverage["problems"].as_array().map(Vec::len), Some(missing));
}

#[test]
fn facts_of_a_finding() {
    let mut bench = Bench::new(708);
    let key = bench.test();
    bench.write("a/b.txt", format!("\n😀é {key};\n"));
    let finding = &bench.findings()[0];
    assert_eq!(finding["start"], json!({"line": 2, "column": 4, "column_utf16": 5, "column_utf8": 8, "byte": 8}));
    assert_eq!(finding["end"], json!({"line": 2, "column": 70, "column_utf16": 71, "column_utf8": 74, "byte": 74}));
    assert_eq!(finding["key_id"], id(&key));
    assert_eq!(finding["redacted"], format!("{}.****", &key[..22]));
    assert_eq!((&finding["path"], &finding["root"]), (&json!("a/b.txt"), &json!(".")));
    assert_eq!((&finding["rule"], &finding["level"]), (&json!("hopx-test-key"), &json!("warning")));
}

/// Base64 would carry a secret past every eye.
#[test]
fn a_path_that_holds_a_key_is_shown_redacted() {
    let rich = Rich::new(709);
    let report = rich.json();
    let shown: Vec<Vec<u8>> = findings(&report)
        .iter()
        .chain(report["coverage"]["problems"].as_array().expect("a list"))
        .map(|shown| {
            // The text is the bytes, as far as they are text.
            assert_eq!(shown["path"].as_str(), Some(String::from_utf8_lossy(&path(shown)).as_ref()));
            path(shown)
        })
        .collect();
    for path in &shown {
        rich.bench.assert_silent("a path", path);
    }
    assert!(shown.contains(&format!("backup-{}.****.txt", &rich.named[..22]).into_bytes()));
    if let Some(key) = &rich.odd_name {
        let redacted = format!("{}.****", &key[..22]);
        for before in [&b"\x1b[31m"[..], b"missing "] {
            assert!(shown.contains(&[before, redacted.as_bytes(), b"\xff.txt"].concat()));
        }
    }
}
