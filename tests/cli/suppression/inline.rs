//! `hopx-leaks:allow` in a comment.

use serde_json::json;

use super::{commit_all, shown, suppressed_by, who};
use crate::program::{Bench, id};

#[test]
fn a_mark_beside_a_key_or_above_it() {
    let mut bench = Bench::new(1800);
    let keys: Vec<String> = (0..8).map(|_| bench.live()).collect();
    let rows = [
        (format!("k = \"{}\" # hopx-leaks:allow revoked long ago\n", keys[0]), Some("revoked long ago")),
        (format!("// hopx-leaks:allow\n\tk = \"{}\";\n", keys[1]), Some("a mark beside it, without a reason")),
        (format!("# hopx-leaks:allow {} why\nk={}\n", id(&keys[2]), keys[2]), Some("why")),
        (format!("# hopx-leaks:allow {} why\nk={}\n", id(&keys[2]), keys[3]), None),
        (format!("k = \"{}\" hopx-leaks:allow\n", keys[4]), None),
        (format!("# hopx-leaks:allow\n\nk={}\n", keys[5]), None),
        (format!("k={} # hopx-leaks:allow\nk={}\n", keys[0], keys[6]), None),
        (format!("<!-- hopx-leaks:allow old --><p>{}\n", keys[7]), Some("old")),
    ];
    for (number, (text, _)) in rows.iter().enumerate() {
        bench.write(format!("{number}.txt"), text);
    }
    let run = shown(&bench, ["scan", "."]);
    let report = run.json();
    for (number, (text, reason)) in rows.iter().enumerate() {
        let mut findings = report["findings"].as_array().expect("a list").iter();
        let path = format!("{number}.txt");
        // In the file with two keys the second one is looked at.
        let finding = findings.rfind(|finding| finding["path"] == path.as_str()).expect("a finding");
        let by = reason.map(|_| "inline");
        assert_eq!(finding["suppressed"]["by"].as_str(), by, "{number}");
        let said = finding["suppressed"]["reason"].as_str();
        assert_eq!(said, *reason, "{text}");
    }
    assert_eq!(run.status, Some(1));
    assert_eq!(report["summary"]["suppressed"], 5);
}

/// In every form in which a text can hold a key; what is encoded has the mark beside its encoded form.
#[test]
fn in_other_encodings_and_places() {
    let mut bench = Bench::new(1801);
    let keys: Vec<String> = (0..5).map(|_| bench.live()).collect();
    let utf16 = format!("\u{feff}k={} # hopx-leaks:allow\r\n", keys[0]);
    bench.write("utf16.txt", utf16.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    let base64 = data_encoding::BASE64.encode(format!("password for the cloud: {}", keys[1]).as_bytes());
    let wrapped: Vec<&str> = [&base64[..40], &base64[40..80], &base64[80..]].to_vec();
    bench.write(
        "base64.yaml",
        format!("a: # hopx-leaks:allow\nb: >\n  # hopx-leaks:allow\n  {}\n", wrapped.join("\n  ")),
    );
    let long = format!("{}\nk = {} // hopx-leaks:allow\n", "x".repeat(3 << 20), keys[2]);
    bench.write("large.txt", &long);
    bench.write("split.py", format!("k = \"{}\" + \\\n  \"{}\" # hopx-leaks:allow\n", &keys[3][..30], &keys[3][30..]));
    let run = bench.run_with_input(["-", "-f", "json", "--include-suppressed"], long.as_bytes());
    assert_eq!(run.json()["findings"][0]["suppressed"]["by"], "inline", "a stream");
    let run = shown(&bench, ["scan", "."]);
    let by = suppressed_by(&run.json());
    for key in &keys[..4] {
        assert_eq!(by[id(key)].as_deref(), Some("inline"));
    }
    assert_eq!(run.status, Some(0));
}

/// A mark in an archive's member, in staged content, in a commit and in history.
#[test]
fn in_every_command() {
    let mut bench = Bench::new(1802);
    let key = bench.live();
    bench.write("a.txt", format!("k={key} # hopx-leaks:allow\n"));
    bench.git(&["init", "-q"]);
    bench.git(&["add", "."]);
    assert_eq!(bench.run(["staged"]).status, Some(0));
    commit_all(&bench, "one");
    for arguments in [&["commits", "HEAD"][..], &["history"], &["audit"], &["scan", "."]] {
        let run = shown(&bench, arguments.iter().copied());
        assert_eq!(suppressed_by(&run.json())[id(&key)].as_deref(), Some("inline"), "{arguments:?}");
        assert_eq!(run.status, Some(0), "{arguments:?}");
    }
    // A version without it is a leak, in history alone.
    bench.write("a.txt", format!("k={key}\n"));
    commit_all(&bench, "two");
    assert_eq!(bench.run(["scan", "."]).status, Some(1));
}

/// Names and messages have no marks.
#[test]
fn no_mark_outside_of_files() {
    let mut bench = Bench::new(1803);
    let (named, told) = (bench.live(), bench.live());
    bench.write(format!("# hopx-leaks:allow {named}"), "");
    bench.git(&["init", "-q"]);
    bench.git(&["add", "."]);
    bench.git(&[
        "commit",
        "-q",
        "--cleanup=verbatim",
        "-m",
        &format!("x # hopx-leaks:allow\n\nk={told} # hopx-leaks:allow"),
    ]);
    let by = suppressed_by(&shown(&bench, ["history"]).json());
    assert_eq!((by[id(&named)].as_deref(), by[id(&told)].as_deref()), (None, None));
}

/// The reason is text of the file: it may hold another key, and it may want to speak to the terminal.
#[test]
fn a_hostile_reason() {
    let mut bench = Bench::new(1804);
    let (key, other) = (bench.live(), bench.live());
    let encoded = data_encoding::BASE64.encode(other.as_bytes());
    let (half, rest) = other.split_at(40);
    bench.write("a.txt", format!("k={key} # hopx-leaks:allow {other} {encoded} \u{1b}[2J\u{202e} {half}\n  {rest}\n"));
    // One that the end of what is looked at cuts.
    for cut in [1, 5, 20] {
        let filler = "z ".repeat(512 - 12 - (67 - cut) / 2);
        bench.write(format!("{cut}.txt"), format!("{key}#{filler}# hopx-leaks:allow {other}\n"));
    }
    for format in ["text", "json", "jsonl", "sarif"] {
        let run = bench.run(["-f", format, "--include-suppressed", "."]);
        assert!(!run.text().contains('\u{1b}') && !run.text().contains(&encoded), "{format}");
    }
    assert_eq!(who(&bench, &key, &[]).as_deref(), Some("inline"));
}

#[test]
fn in_sarif_it_is_in_the_source() {
    let mut bench = Bench::new(1805);
    let (key, counted) = (bench.live(), bench.live());
    bench.write("a.txt", format!("k={key} # hopx-leaks:allow why\n"));
    bench.write("b.txt", &counted);
    let log = bench.run(["-f", "sarif", "--include-suppressed", "."]).json();
    let results = log["runs"][0]["results"].as_array().expect("a list").clone();
    assert_eq!(
        results.iter().map(|result| result["suppressions"].clone()).collect::<Vec<_>>(),
        [json!([{"kind": "inSource", "status": "accepted", "justification": "why"}]), json!([])]
    );
    let log = bench.run(["-f", "sarif", "."]).json();
    assert_eq!(log["runs"][0]["results"].as_array().map(Vec::len), Some(1));
}

/// A mark is read where a key begins, wherever blocks end; and the same bytes have the same answer however they come.
#[test]
fn in_files_of_many_blocks() {
    let mut bench = Bench::new(1806);
    let key = bench.live();
    let line = format!("{key} # hopx-leaks:allow\n");
    let text = line.repeat((17 << 20) / line.len());
    bench.write("large.txt", &text);
    let run = bench.run(["scan", "-f", "json", "large.txt"]).json();
    assert_eq!(
        (&run["summary"]["leaks"], run["summary"]["suppressed"].as_u64()),
        (&0.into(), Some(text.lines().count() as u64))
    );
    let run = bench.run_with_input(["-", "-f", "json"], text.as_bytes()).json();
    assert_eq!(
        (&run["summary"]["leaks"], run["summary"]["suppressed"].as_u64()),
        (&0.into(), Some(text.lines().count() as u64))
    );
}

/// Two keys on one line, each with a mark of its own.
#[test]
fn two_named_marks_on_a_line() {
    let mut bench = Bench::new(1807);
    let (one, two, three) = (bench.live(), bench.live(), bench.live());
    let mark = |key: &str| format!("/* hopx-leaks:allow {} */", id(key));
    bench.write("a.c", format!("{one} {two} {three} {} {}\n", mark(&one), mark(&two)));
    let by = suppressed_by(&shown(&bench, ["scan", "."]).json());
    assert_eq!([&one, &two, &three].map(|key| by[id(key)].as_deref()), [Some("inline"), Some("inline"), None]);
}
