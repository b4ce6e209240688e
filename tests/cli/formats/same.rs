//! The same findings through every format.

use serde_json::Value;

use super::read::{FORMATS, Junit, commands, ids, records};
use crate::archive::{Method, gzip, tar, zip};
use crate::program::{Bench, Run};
use crate::repository::Repository;

/// A repository that is the working directory, with a key in every kind of place.
fn rich(seed: u64) -> (Bench, Repository) {
    let mut bench = Bench::new(seed);
    let repository = Repository::init(bench.path());
    let (live, test) = (bench.live(), bench.test());
    repository.commit_file("a.env", format!("A={live}\nB={test}; again={live}\n"), "Add settings");
    let base64 = data_encoding::BASE64.encode(format!("token={}", bench.live()).as_bytes());
    bench.write("secret.yaml", format!("data:\n  token: {base64}\n"));
    let wide = format!("\u{feff}$k = '{}'\r\n", bench.live());
    bench.write("wide.ps1", wide.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>());
    let inner = gzip(&tar(&[("c/d.env", format!("x\nK={}\n", bench.live()).as_bytes())]));
    bench.write("a.zip", zip(&[("b.tgz", &inner)], Method::Deflated));
    let (named, hidden) = (bench.test(), bench.live());
    bench.write(format!("named {named}"), "nothing");
    #[cfg(unix)]
    std::os::unix::fs::symlink(format!("/nowhere/{}", bench.test()), bench.join("link")).expect("a link");
    let message = format!("Use {}", bench.live());
    repository.commit(&message);
    repository.git(&["tag", "-a", "-m", &format!("With {}", bench.test()), "v1"]);
    repository.commit_removal("a.env", "Take it out");
    repository.commit_file(".gitignore", "ignored.env\n", "Ignore");
    bench.write("ignored.env", hidden);
    let new = bench.live();
    bench.write("new.env", new);
    (bench, repository)
}

/// What `github` leaves out and counts.
fn more(run: &Run) -> usize {
    let commands = commands(run.text());
    let more = commands.iter().filter_map(|command| command.message.split_once(" more of this kind"));
    more.map(|(number, _)| number.parse::<usize>().expect("a number")).sum()
}

#[test]
fn every_format_shows_every_finding() {
    let (bench, _) = rich(1600);
    for (arguments, least) in
        [(&["scan", "."][..], 6), (&["commits", "HEAD"], 8), (&["history"], 8), (&["audit"], 10), (&["staged"], 0)]
    {
        let run = |format: &str| bench.run(["-f", format].iter().chain(arguments));
        let json = run("json");
        let expected = ids("json", &json);
        assert!(expected.len() >= least, "{arguments:?}: {}", expected.len());
        for format in FORMATS {
            let shown = run(format);
            assert_eq!((shown.status, shown.stderr.as_str()), (json.status, json.stderr.as_str()), "{format}");
            let ids = ids(format, &shown);
            if format == "github" {
                assert_eq!(ids.len() + more(&shown), expected.len(), "{arguments:?}");
                assert!(ids.iter().all(|id| expected.contains(id)));
            } else {
                assert_eq!(ids, expected, "{format} of {arguments:?}");
            }
        }
    }
}

/// The same bytes from any number of threads; `gitlab` has the time in it.
#[test]
fn threads_change_nothing() {
    let (bench, _) = rich(1601);
    for number in 0..60 {
        bench.write(format!("many/{}/{number}", number % 7), format!("{number} {}\n", "x".repeat(number)));
    }
    let untimed =
        |text: &str| text.split_inclusive('\n').filter(|line| !line.contains("_time\": ")).collect::<String>();
    for format in FORMATS {
        let run = |threads: &str| bench.run(["-f", format, "audit", ".", "gone", "-j", threads]);
        let [one, four] = ["1", "4"].map(run);
        assert!(one.text().len() > 400, "{format}");
        assert_eq!(untimed(one.text()), untimed(four.text()), "{format}");
        assert_eq!(format == "gitlab", untimed(one.text()) != one.text(), "{format}");
    }
}

#[test]
fn nothing_found() {
    let bench = Bench::new(1602);
    bench.write("a.txt", "nothing");
    bench.git(&["init", "-q"]);
    bench.git(&["commit", "-q", "--allow-empty", "-m", "Start"]);
    let run = |format: &str| {
        let run = bench.run(["-f", format, "scan", "."]);
        assert_eq!(run.status, Some(0), "{format}: {}", run.stderr);
        run
    };
    assert_eq!(run("github").text(), "");
    assert_eq!(run("gitleaks-json").text(), "[]\n");
    assert_eq!(run("rdjson").json()["diagnostics"], Value::Array(Vec::new()));
    assert_eq!(run("gitlab").json()["vulnerabilities"], Value::Array(Vec::new()));
    assert_eq!(run("csv").text().lines().count(), 1);
    let junit = run("junit");
    assert_eq!(Junit::read(junit.text()).outcomes(), ["passed"]);
    assert!(run("markdown").text().starts_with("## hopx-leaks: no leaks\n\n1 file read (7 bytes), 1 git folder.\n"));
}

/// What could not be read is in every format that has a place for it.
#[test]
fn problems_are_shown() {
    let mut bench = Bench::new(1603);
    let key = bench.live();
    bench.write("a.txt", &key);
    bench.git(&["init", "-q"]);
    bench.git(&["commit", "-q", "--allow-empty", "-m", "Start"]);
    let run = |format: &str| bench.run(["-f", format, "scan", "a.txt", "gone"]);
    let commands = commands(run("github").text());
    let warning = commands.iter().find(|command| command.name == "warning").expect("a warning");
    assert!(warning.message.starts_with("The scan is incomplete, 1 input could not be read: gone: "));
    assert_eq!(warning.properties["title"], "Incomplete scan");
    let gitlab = run("gitlab").json();
    assert_eq!(gitlab["scan"]["status"], "failure");
    assert_eq!(gitlab["scan"]["messages"][0]["level"], "warn");
    let junit = run("junit");
    let junit = Junit::read(junit.text());
    assert_eq!(junit.outcomes(), ["failure", "error"]);
    assert_eq!(junit.cases[1].outcome.as_ref().expect("an error").1["type"], "missing-path");
    let records = records(&run("csv"));
    assert_eq!(
        (&*records[1]["record"], &*records[1]["path"], &*records[1]["kind"]),
        ("problem", "gone", "missing-path")
    );
    assert!(records[1]["message"].contains("No such file"), "{:?}", records[1]);
    let markdown = run("markdown");
    assert!(markdown.text().starts_with("## hopx-leaks: 1 leak of 1 key, and incomplete\n"), "{}", markdown.text());
    assert!(markdown.text().contains("\n### Not read\n\nThe scan is incomplete.\n\n- `gone`: `"));
    let diagnostics = run("rdjson").json()["diagnostics"].clone();
    assert_eq!(diagnostics[1]["code"]["value"], "missing-path");
    assert_eq!(diagnostics[1]["location"], serde_json::json!({"path": "gone"}));
    // The format has none.
    assert_eq!(run("gitleaks-json").json().as_array().map(Vec::len), Some(1));
    assert!(run("gitleaks-json").stderr.contains("gone: "));
}

/// A key in an ignored file is a note, and fails nothing.
#[test]
fn notes() {
    let mut bench = Bench::new(1604);
    let key = bench.live();
    bench.write("x.env", &key);
    bench.write(".gitignore", "*.env\n");
    bench.git(&["init", "-q"]);
    bench.git(&["commit", "-q", "--allow-empty", "-m", "Start"]);
    let run = |format: &str| {
        let run = bench.run(["-f", format, "scan", "--no-ignore", "."]);
        assert_eq!(run.status, Some(0), "{format}");
        run
    };
    assert_eq!(commands(run("github").text())[0].name, "notice");
    assert_eq!(run("gitlab").json()["vulnerabilities"][0]["severity"], "Info");
    assert_eq!(Junit::read(run("junit").text()).outcomes(), ["skipped"]);
    assert_eq!(records(&run("csv"))[0]["level"], "note");
    assert!(run("markdown").text().contains("\n### note: `hopx_live_"));
    assert_eq!(run("rdjson").json()["diagnostics"][0]["severity"], "INFO");
    assert_eq!(run("gitleaks-json").json()[0]["Tags"][0], "level:note");
}
