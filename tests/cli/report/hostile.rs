//! Reports that others wrote: whatever they hold, no secret comes out, and no text speaks to the terminal.

use serde_json::{Value, json};

use super::{FORMATS, findings, save, write};
use crate::archive::{self, Method};
use crate::program::Bench;
use crate::repository::Repository;

/// A report that has every field at least once.
fn full(bench: &mut Bench) -> Value {
    let repository = Repository::init(bench.join("r"));
    let key = bench.live();
    repository.commit_file("a.zip", archive::zip(&[("m", key.as_bytes())], Method::Stored), "Start");
    let mut report = save(bench, "full.json", &["history", "--include-author", "r"]);
    report["complete"] = json!(false);
    report["coverage"]["problems"] =
        json!([{"path": "p", "path_base64": "cA==", "kind": "corrupt", "message": "m; do"}]);
    report["coverage"]["problems"][0].as_object_mut().expect("one").remove("path_base64");
    let finding = &mut report["findings"][0];
    finding["local_path"] = json!("r/a.zip");
    finding["verification"] =
        json!({"status": "unknown", "reason": "r", "asked": "2026-01-01T00:00:00+00:00", "request_id": "req_1"});
    let mut suppressed = finding.clone();
    suppressed["suppressed"] = json!({"by": "documentation", "reason": "r"});
    suppressed["start"]["byte"] = json!(0);
    report["findings"].as_array_mut().expect("a list").push(suppressed);
    report["summary"]["suppressed"] = json!(1);
    report
}

/// Where every value is.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    if !at.is_empty() {
        found.push(at.to_owned());
    }
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, field)| places(field, &format!("{at}/{name}"), found)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| places(item, &format!("{at}/{i}"), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn a_key_in_any_field_does_not_come_out() {
    let mut bench = Bench::new(1780);
    let (report, key) = (full(&mut bench), bench.live());
    let wide: String = key.chars().flat_map(|c| [c, '\0']).collect();
    let base64 = data_encoding::BASE64.encode(key.as_bytes());
    let told = |text: &str| {
        text.contains(&base64[40..60]) || text.replace("\\u0000", "").replace("\\0", "").contains(&key[30..50])
    };
    let mut all = Vec::new();
    places(&report, "", &mut all);
    assert!(all.len() > 80);
    let mut taken = 0;
    for (at, number) in all.iter().zip(0..) {
        let forms = [format!("x {key} y"), wide.clone(), base64.clone()];
        for (form, kind) in forms.iter().zip(0..) {
            // All forms of every text; of all else one is enough.
            if kind > 0 && !report.pointer(at).is_some_and(Value::is_string) {
                continue;
            }
            let mut changed = report.clone();
            *changed.pointer_mut(at).expect("it is there") = json!(form);
            write(&bench, "bad.json", &changed);
            let format = FORMATS[(number + kind) % FORMATS.len()];
            let run = bench.run(["report", "--include-suppressed", "-f", format, "bad.json"]);
            assert!(matches!(run.status, Some(1 | 2)), "{at}: {}", run.stderr);
            taken += u32::from(run.status == Some(1));
            assert!(!told(&run.stderr) && !told(&String::from_utf8_lossy(&run.stdout)), "{at}");
        }
    }
    assert!(taken > 40, "{taken} were taken");
}

#[test]
fn a_key_in_bytes_and_names_does_not_come_out() {
    let mut bench = Bench::new(1781);
    let (report, key) = (full(&mut bench), bench.live());
    let bytes = [key.as_bytes(), b"\xff"].concat();
    let (text, base64) = (String::from_utf8_lossy(&bytes).into_owned(), data_encoding::BASE64.encode(&bytes));
    let mut changed = report.clone();
    let finding = &mut changed["findings"][0];
    for name in ["root", "path"] {
        finding[name] = json!(text);
        finding[format!("{name}_base64")] = json!(base64);
    }
    finding["members"] = json!([text]);
    finding["members_base64"] = json!([base64]);
    finding.as_object_mut().expect("one").remove("local_path");
    changed["coverage"]["problems"][0]["path"] = json!(text);
    changed["coverage"]["problems"][0]["path_base64"] = json!(base64);
    write(&bench, "bad.json", &changed);
    for format in FORMATS {
        let run = bench.run(["report", "-f", format, "bad.json"]);
        assert_eq!(run.status, Some(1), "{}", run.stderr);
        assert!(!run.text().contains(&base64[40..60]), "{format}");
    }
    let merged = super::merge(&bench, &["bad.json"]);
    let path = findings(&merged).iter().find_map(|finding| finding["path_base64"].as_str()).expect("bytes");
    let path = data_encoding::BASE64.decode(path.as_bytes()).expect("base64");
    assert_eq!(path, [&key.as_bytes()[..22], b".****\xff"].concat());
    // As the name of a field, of a file, and where another type is due.
    let good = serde_json::to_string(&report).expect("JSON");
    for bad in [
        good.replacen("\"mode\"", &format!("\"{key}\""), 1),
        good.replacen("\"mode\":", &format!("\"{key}\":1,\"mode\":{{\"{key}\":"), 1),
        good.replacen("\"mode\":", &format!("\"mode\":{key}"), 1),
        format!("{{\"type\":\"{key}\"}}"),
        format!("\"{key}\""),
        key.clone(),
    ] {
        bench.write("bad.json", bad);
        assert_eq!(bench.run(["report", "bad.json"]).status, Some(2));
    }
    assert_eq!(bench.run(["report", &format!("{key}.json")]).status, Some(2));
}

#[test]
fn no_text_speaks_to_the_terminal() {
    let mut bench = Bench::new(1782);
    let report = full(&mut bench);
    let mut all = Vec::new();
    places(&report, "", &mut all);
    for at in all.iter().filter(|at| report.pointer(at).is_some_and(Value::is_string)) {
        let mut changed = report.clone();
        *changed.pointer_mut(at).expect("it is there") = json!("\u{1b}]0;x\u{7}\r\n::error::y\u{202e}");
        write(&bench, "bad.json", &changed);
        let run = bench.run(["report", "--include-suppressed", "bad.json"]);
        for shown in [run.text(), &run.stderr] {
            assert!(
                !shown.contains(['\u{1b}', '\u{7}', '\r', '\u{202e}']) && !shown.contains("\n::"),
                "{at}: {shown:?}"
            );
        }
    }
}
