//! `[[allow]]` and `[[accept]]` in the configuration.

use super::{commit_all, shown, suppressed_by, who};
use crate::program::{Bench, id};

fn allow(key: &str, more: &str) -> String {
    format!("[[allow]]\nkey-id = \"{}\"\nreason = \"known\"\n{more}\n", id(key))
}

#[test]
fn an_allow_for_a_key() {
    let mut bench = Bench::new(1810);
    let (key, other) = (bench.live(), bench.live());
    bench.write("a.txt", &key);
    bench.write("b.txt", &other);
    bench.write(".hopx-leaks.toml", allow(&key, ""));
    let run = shown(&bench, ["scan", "."]);
    let report = run.json();
    assert_eq!(suppressed_by(&report)[id(&key)].as_deref(), Some("config"));
    assert_eq!(suppressed_by(&report)[id(&other)], None);
    assert_eq!((run.status, &report["summary"]["suppressed"]), (Some(1), &1.into()));
    let finding = report["findings"].as_array().expect("a list").iter().find(|finding| finding["key_id"] == id(&key));
    assert_eq!(finding.expect("a finding")["suppressed"]["reason"], "known");
    assert_eq!(who(&bench, &key, &["--isolated"]), None);
}

#[test]
fn paths_are_seen_from_the_folder_of_the_file() {
    let mut bench = Bench::new(1811);
    let key = bench.live();
    for path in ["tests/a.txt", "sub/tests/a.txt", "src/a.txt"] {
        bench.write(path, &key);
    }
    commit_all(&bench, "one");
    let by_path = |arguments: &[&str]| {
        let report = shown(&bench, arguments.iter().copied()).json();
        let findings = report["findings"].as_array().expect("a list").iter();
        let mut allowed: Vec<String> = findings
            .filter(|finding| finding["suppressed"]["by"] == "config")
            .map(|finding| finding["path"].as_str().expect("a path").to_owned())
            .collect();
        allowed.sort();
        allowed.dedup();
        allowed
    };
    let write = |folder: &str, paths: &str| {
        bench.clear(".hopx-leaks.toml");
        bench.clear("sub/.hopx-leaks.toml");
        bench.write(format!("{folder}.hopx-leaks.toml"), allow(&key, &format!("paths = {paths}")));
    };
    write("", "[\"tests/\"]");
    assert_eq!(by_path(&["scan", "."]), ["sub/tests/a.txt", "tests/a.txt"]);
    write("", "[\"/tests\"]");
    for command in [&["scan", "."][..], &["history"], &["audit"], &["-C", "sub", "scan", ".."], &["commits", "HEAD"]] {
        assert_eq!(by_path(command), ["tests/a.txt"], "{command:?}");
    }
    write("", "[\"**/*.txt\", \"!src/**\"]");
    assert_eq!(by_path(&["scan", "."]), ["sub/tests/a.txt", "tests/a.txt"]);
    write("sub/", "[\"/tests/*\"]");
    assert_eq!(by_path(&["scan", "."]), Vec::<String>::new());
    assert_eq!(by_path(&["scan", "sub"]), ["sub/tests/a.txt"]);
    assert_eq!(by_path(&["-C", "sub", "scan"]), ["sub/tests/a.txt"]);
}

/// A message has no path, so that an allow for some paths is none for it.
#[test]
fn messages() {
    let mut bench = Bench::new(1812);
    let key = bench.live();
    bench.write("a.txt", "");
    commit_all(&bench, &format!("message {key}"));
    let run = |config: &str| {
        bench.write(".hopx-leaks.toml", config);
        suppressed_by(&shown(&bench, ["history"]).json())[id(&key)].clone()
    };
    assert_eq!(run(&allow(&key, "paths = [\"*\"]")), None);
    assert_eq!(run(&allow(&key, "")).as_deref(), Some("config"));
}

/// The last day counts. What is over is said, and its finding counts again.
#[test]
fn expiry() {
    let mut bench = Bench::new(1813);
    let key = bench.live();
    bench.write("a.txt", &key);
    for (day, by) in [("2001-01-31", None), ("2999-01-31", Some("config"))] {
        bench.write(".hopx-leaks.toml", format!("# settings\n{}", allow(&key, &format!("expires = {day}"))));
        assert_eq!(who(&bench, &key, &[]).as_deref(), by, "{day}");
        let run = bench.run(["scan", "."]);
        let over = format!(
            "hopx-leaks: .hopx-leaks.toml:2: the allow for {} ended with {day}, and its findings count again; renew it or \
             take it out\n",
            id(&key)
        );
        assert_eq!(run.stderr.contains(&over), by.is_none(), "{}", run.stderr);
        assert_eq!(run.status, Some(i32::from(by.is_none())));
    }
    let today =
        String::from_utf8(std::process::Command::new("date").args(["-u", "+%F"]).output().expect("date").stdout);
    bench.write(".hopx-leaks.toml", allow(&key, &format!("expires = {}", today.expect("text").trim())));
    assert_eq!(who(&bench, &key, &[]).as_deref(), Some("config"), "today");
}

/// What is wrong is said with its line, and nothing is scanned.
#[test]
fn what_is_wrong_in_the_file() {
    let mut bench = Bench::new(1814);
    let key = bench.live();
    bench.write("a.txt", &key);
    let good = "[[allow]]\nkey-id = \"abcDEF123456\"\nreason = \"x\"\n";
    for (text, line, message) in [
        ("colour = 1\n".to_owned(), 1, "unknown field `colour`"),
        (format!("{good}path = [\"a\"]\n"), 4, "unknown field `path`"),
        (format!("{good}[[accepts]]\n"), 4, "unknown field `accepts`"),
        ("[[allow]]\nkey-id = \"abc\"\nreason = \"x\"\n".to_owned(), 2, "key-id is not the 12 letters and digits"),
        (format!("[[allow]]\nkey-id = \"{key}\"\nreason = \"x\"\n"), 2, "key-id is not the 12 letters and digits"),
        ("[[allow]]\nkey-id = \"abcDEF123456\"\n".to_owned(), 1, "missing field `reason`"),
        ("[[allow]]\nreason = \"x\"\n".to_owned(), 1, "missing field `key-id`"),
        ("[[allow]]\nkey-id = \"abcDEF123456\"\nreason = \" \"\n".to_owned(), 3, "the reason is empty"),
        (format!("{good}paths = []\n"), 4, "paths is empty"),
        (format!("{good}paths = [\"a{{\"]\n"), 4, "bad glob, number 1 here; write it"),
        (format!("{good}expires = \"2027-01-31\"\n"), 4, "expected"),
        (format!("{good}expires = 2027-01-31T10:00:00Z\n"), 4, "expires is no day; write it as 2027-01-31"),
        (format!("{good}expires = 2027-02-31\n"), 4, ""),
        (
            "[[accept]]\npath = \"a\"\nkind = \"nothing-scanned\"\nreason = \"x\"\n".to_owned(),
            3,
            "no such kind of problem",
        ),
        ("[[accept]]\npath = \"a\"\nreason = \"x\"\n".to_owned(), 1, "missing field `kind`"),
        ("api-url = \"http://127.0.0.1\"\n".to_owned(), 1, "unknown field `api-url`"),
        ("a = \n".to_owned(), 1, ""),
        (format!("a\n{key}\n"), 1, ""),
        (format!("exclude = [\"{key}\n"), 1, ""),
        ("exclude = \"a\"\n".to_owned(), 1, "expected"),
    ] {
        bench.write(".hopx-leaks.toml", &text);
        let run = bench.run(["scan", "."]);
        assert_eq!((run.status, run.stdout.len()), (Some(2), 0), "{text}");
        let begin = format!("hopx-leaks: .hopx-leaks.toml:{line}: ");
        assert!(run.stderr.starts_with(&begin) && run.stderr.contains(message), "{text}\n{}", run.stderr);
    }
    bench.write(".hopx-leaks.toml", b"exclude = []\n# \xff\n");
    assert!(bench.run(["scan", "."]).stderr.contains(".hopx-leaks.toml:2: it is not UTF-8"));
    bench.write(".hopx-leaks.toml", "\u{feff}exclude = []\r\n");
    assert_eq!(bench.run(["scan", "."]).status, Some(1), "a byte order mark and line ends of Windows");
}

#[test]
fn exclude() {
    let mut bench = Bench::new(1815);
    let key = bench.live();
    bench.write("vendor/a.txt", &key);
    bench.write("b.min.js", &key);
    bench.write("c.txt", "");
    bench.write(".hopx-leaks.toml", "exclude = [\"/vendor/\", \"*.min.js\"]\n");
    let run = shown(&bench, ["scan", "."]);
    assert_eq!((run.status, &run.json()["coverage"]["excluded"]), (Some(0), &2.into()));
    assert_eq!(bench.run(["scan", ".", "--isolated"]).status, Some(1));
    assert_eq!(shown(&bench, ["scan", ".", "--exclude", "c.txt"]).json()["coverage"]["excluded"], 3);
}

/// A problem that somebody has looked at is counted, and the scan is complete without it.
#[test]
fn accept() {
    let bench = Bench::new(1816);
    bench.write("fixtures/broken.zip", b"PK\x03\x04 and no more");
    bench.write("other/broken.zip", b"PK\x03\x04 and no more");
    bench.write("a.txt", "");
    let kind = shown(&bench, ["scan", "."]).json()["coverage"]["problems"][0]["kind"].clone();
    let kind = kind.as_str().expect("a kind").to_owned();
    let run = |path: &str, kind: &str| {
        bench.write(
            ".hopx-leaks.toml",
            format!("[[accept]]\npath = \"{path}\"\nkind = \"{kind}\"\nreason = \"test\"\n"),
        );
        let run = shown(&bench, ["scan", "."]);
        let report = run.json();
        let problems = report["coverage"]["problems"].as_array().expect("a list").len();
        (run.status, report["complete"].clone(), report["coverage"]["accepted"].clone(), problems)
    };
    assert_eq!(run("broken.zip", &kind), (Some(0), true.into(), 2.into(), 0));
    assert_eq!(run("/fixtures/", &kind), (Some(3), false.into(), 1.into(), 1));
    assert_eq!(run("broken.zip", "encrypted"), (Some(3), false.into(), 0.into(), 2));
    assert!(bench.run(["scan", "."]).stderr.contains("broken.zip"));
    run("broken.zip", &kind);
    let text = bench.run(["scan", "."]);
    assert!(
        text.text().ends_with(", 2 problems accepted\n") && text.stderr.is_empty(),
        "{}{}",
        text.text(),
        text.stderr
    );
}

#[test]
fn stale_rules_are_named_on_request() {
    let mut bench = Bench::new(1817);
    let (key, gone) = (bench.live(), bench.live());
    bench.write("a.txt", &key);
    let config = format!(
        "{}{}[[accept]]\npath = \"x.zip\"\nkind = \"corrupt\"\nreason = \"y\"\n",
        allow(&key, ""),
        allow(&gone, "")
    );
    bench.write(".hopx-leaks.toml", config);
    assert_eq!(bench.run(["scan", "."]).stderr, "");
    let run = bench.run(["scan", ".", "--report-stale"]);
    let expected = format!(
        "hopx-leaks: .hopx-leaks.toml:5: the allow for {} meets no finding; take it out\n\
         hopx-leaks: .hopx-leaks.toml:9: the accept for x.zip meets no problem; take it out\n",
        id(&gone)
    );
    assert_eq!((run.status, run.stderr), (Some(0), expected));
    bench.git(&["init", "-q"]);
    let refused = bench.run(["staged", "--report-stale"]);
    assert_eq!(refused.status, Some(2));
    assert!(refused.stderr.contains("--report-stale needs a command that looks at all there is"), "{}", refused.stderr);
}

/// Documentation, marks, configuration, baseline: the first that vouches is named.
#[test]
fn the_order() {
    let mut bench = Bench::new(1818);
    let key = bench.live();
    bench.write("a.txt", format!("{key}\n"));
    assert_eq!(bench.run(["scan", ".", "--write-baseline", "known"]).status, Some(0));
    let by = |more: &[&str]| who(&bench, &key, more);
    assert_eq!(by(&["--baseline", "known"]).as_deref(), Some("baseline"));
    bench.write(".hopx-leaks.toml", allow(&key, ""));
    assert_eq!(by(&["--baseline", "known"]).as_deref(), Some("config"));
    bench.write("a.txt", format!("{key} # hopx-leaks:allow\n"));
    assert_eq!(by(&["--baseline", "known"]).as_deref(), Some("inline"));
    // All of them are needed still.
    assert_eq!(bench.run(["scan", ".", "--baseline", "known", "--report-stale"]).stderr, "");
}

/// Texts of the configuration are somebody's: no key in them comes out, and no half of one.
#[test]
fn keys_in_the_configuration() {
    let mut bench = Bench::new(1819);
    let (key, other) = (bench.live(), bench.live());
    let secret = &other[23..];
    bench.write("a.txt", &key);
    let config = format!(
        "exclude = [\"{other}\"]\n{}[[accept]]\npath = \"{other}\"\nkind = \"corrupt\"\nreason = \"{other}\"\n",
        allow(&key, &format!("paths = [\"a.txt\", \"{other}\"]\nexpires = 2999-01-01\n"))
            .replace("known", &format!("see {other}"))
    );
    bench.write(".hopx-leaks.toml", &config);
    for format in
        ["text", "json", "jsonl", "sarif", "github", "gitleaks-json", "junit", "csv", "markdown", "html", "rdjson"]
    {
        let run = bench.run(["scan", "a.txt", "-f", format, "--include-suppressed", "--report-stale"]);
        assert_eq!(run.status, Some(0), "{format}: {} {}", run.text(), run.stderr);
        assert!(format == "github" || run.text().contains(id(&key)), "{format}");
    }
    assert!(bench.run(["config", "show"]).text().contains(&format!("see hopx_live_{}.****", id(&other))));
    for text in [
        format!("exclude = \"{secret}\"\n"),
        format!("allow = \"{secret}\"\n"),
        format!("{secret} = 1\n"),
        format!("\"{secret}\" = 1\n"),
        format!("exclude = [\"{secret}{{\"]\n"),
        format!("[[allow]]\nkey-id = \"{}\"\nreason = \"x\"\nexpires = \"{secret}\"\n", id(&key)),
        format!("[[accept]]\npath = \"x\"\nkind = \"{secret}\"\nreason = \"x\"\n"),
        format!("exclude = [\"\\u{secret}\"]\n"),
        format!("exclude = {secret}\n"),
    ] {
        bench.write(".hopx-leaks.toml", text);
        let run = bench.run(["scan", "."]);
        assert_eq!(run.status, Some(2), "{}", run.stderr);
        assert!(!run.stderr.contains("struct "), "{}", run.stderr);
    }
}

/// Thousands of rules cost no more than a look each.
#[test]
fn many_rules() {
    let mut bench = Bench::new(1820);
    let key = bench.live();
    bench.write("a.txt", format!("{key}\n").repeat(2_000));
    let other = |number| format!("[[allow]]\nkey-id = \"{number:012}\"\nreason = \"x\"\n");
    let others = (0..20_000).map(other).collect::<Vec<_>>().concat();
    bench.write(".hopx-leaks.toml", format!("{others}{}", allow(&key, "")));
    assert_eq!(bench.run(["scan", "."]).status, Some(0));
    bench.write(".hopx-leaks.toml", "#".repeat((4 << 20) + 1));
    let run = bench.run(["scan", "."]);
    assert!(run.stderr.contains("it is larger than 4 MiB"), "{}", run.stderr);
}
