//! Verdicts in the reports, and what they do to order, level and status.

use serde_json::{Value, json};

use super::verify;
use crate::api::{Api, Reply, Request};
use crate::program::{Bench, id};

/// Answers by the key.
fn answer(live: &str, limited: &str, rejected: &str) -> impl Fn(&Request, usize) -> Reply + Send + Sync + 'static {
    let [live, limited, rejected] = [live, limited, rejected].map(|key| id(key).to_owned());
    move |request, _| match request.key_id() {
        Some(id) if id == live => Reply::json(200, r#"{"object":"list","data":[],"request_id":"req_7"}"#),
        Some(id) if id == limited => Reply::json(403, r#"{"code":"FORBIDDEN"}"#),
        Some(id) if id == rejected => Reply::rejected(),
        Some(_) => Reply::json(404, "{}"),
        None => Reply::json(200, "{}"),
    }
}

/// Four keys, in files whose names go the other way than their verdicts.
fn four(seed: u64) -> (Bench, [String; 4], Api) {
    let mut bench = Bench::new(seed);
    let keys = [bench.live(), bench.test(), bench.live(), bench.live()];
    let [live, limited, unknown, rejected] = &keys;
    bench.write("d.txt", live);
    bench.write("c.txt", limited);
    bench.write("b.txt", unknown);
    bench.write("a.txt", rejected);
    let api = Api::new(answer(live, limited, rejected));
    (bench, keys, api)
}

#[test]
fn the_worst_comes_first_in_every_format() {
    let (bench, keys, api) = four(1560);
    let ids: Vec<&str> = keys.iter().map(|key| id(key)).collect();
    let run = |format: &str| bench.run(["-f", format, "--verify", "--api-url", &api.url(), "."]);
    let statuses = ["live", "limited", "unknown", "rejected"];

    let report = run("json").json();
    let findings = report["findings"].as_array().expect("a list");
    assert_eq!(findings.iter().map(|finding| &finding["key_id"]).collect::<Vec<_>>(), ids);
    let status = |finding: &Value| finding["verification"]["status"].clone();
    assert_eq!(findings.iter().map(status).collect::<Vec<_>>(), statuses);
    assert_eq!(findings[0]["verification"]["request_id"], "req_7");
    // A test-mode key that the API takes is no mere warning.
    assert_eq!(findings.iter().map(|finding| &finding["level"]).collect::<Vec<_>>(), ["error"; 4]);
    assert_eq!(report["summary"], json!({"leaks": 4, "suppressed": 0, "keys": 4, "live": 2}));

    let lines = run("jsonl");
    let lines: Vec<Value> = lines.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines[..4].iter().map(status).collect::<Vec<_>>(), statuses);
    assert_eq!(lines[4]["summary"]["live"], 2);

    let log = run("sarif").json();
    let results = log["runs"][0]["results"].as_array().expect("a list");
    let property = |result: &Value| result["properties"]["verification"]["status"].clone();
    assert_eq!(results.iter().map(property).collect::<Vec<_>>(), statuses);
    assert_eq!(results[0]["properties"]["verification"]["requestId"], "req_7");
    assert_eq!(results.iter().map(|result| &result["level"]).collect::<Vec<_>>(), ["error"; 4]);
    let message = results[0]["message"]["text"].as_str().expect("a text");
    assert!(message.contains(" The key is live: the API takes it. Revoke it at "), "{message}");

    let text = run("text");
    let text = text.text();
    let places: Vec<usize> = ids.iter().map(|id| text.find(id).expect("an id")).collect();
    assert!(places.is_sorted(), "{text}");
    assert!(
        text.starts_with(&format!("LIVE, error: hopx_live_{}.**** in 1 place\n  live 200 with the list", ids[0])),
        "{text}"
    );
    assert!(text.contains(", request req_7\n"), "{text}");
    assert!(text.contains("\n  limited 403 FORBIDDEN: accepted, and not permitted to do this, asked 20"), "{text}");
    assert!(text.ends_with(", 1 live, 1 limited, 1 unknown, 1 rejected\n"), "{text}");
}

#[test]
fn remedies() {
    let (bench, keys, api) = four(1561);
    let report = verify(&bench, &api.url(), &[]).json();
    let first = |number: usize| report["findings"][number]["remedy"][0].as_str().expect("a step").to_owned();
    let has = |number: usize, words: &str| assert!(first(number).contains(words), "{}", first(number));
    has(0, &format!("Revoke {} now, the API still takes it: console.hopx.dev", id(&keys[0])));
    has(1, &format!("Revoke {} now, the API still knows it", id(&keys[1])));
    has(2, &format!("Revoke {} at console.hopx.dev", id(&keys[2])));
    has(3, &format!("See that {} is not, or no longer, at console.hopx.dev", id(&keys[3])));
    has(3, "a key that was never valid looks the same as a revoked one");
    let live = report["findings"][0]["remedy"].as_array().expect("steps");
    let position = |word: &str| live.iter().position(|step| step.as_str().is_some_and(|step| step.contains(word)));
    let places: Vec<_> = ["Revoke", "expiry", "sandboxes", "history"].map(position).to_vec();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{live:?}");
}

/// `--fail-on live` lets a key pass that the API refuses, and no other.
#[test]
fn fail_on_live() {
    let (bench, _, api) = four(1562);
    let status =
        |file: &str, fail_on: &str| bench.run(["--verify", "--api-url", &api.url(), "--fail-on", fail_on, file]).status;
    for (file, expected) in [("d.txt", 1), ("c.txt", 1), ("b.txt", 1), ("a.txt", 0), (".", 1)] {
        assert_eq!(status(file, "live"), Some(expected), "{file}");
        assert_eq!((status(file, "leaks"), status(file, "none")), (Some(1), Some(0)), "{file}");
    }
    // A scan that is not complete is not, whatever the API says.
    bench.write("broken.zip", b"PK\x03\x04");
    assert_eq!(
        bench.run(["--verify", "--api-url", &api.url(), "--fail-on", "live", "a.txt", "broken.zip"]).status,
        Some(3)
    );
}

/// A key in a file that git ignores is a note, until the API takes it.
#[test]
fn ignored_and_live() {
    let mut bench = Bench::new(1563);
    let (live, rejected) = (bench.live(), bench.live());
    bench.git(&["init", "-q"]);
    bench.write(".gitignore", "*.env\n");
    bench.write("live.env", &live);
    bench.write("rejected.env", &rejected);
    let api = Api::new(answer(&live, &live, &rejected));
    let run = verify(&bench, &api.url(), &["--no-ignore", "--fail-on", "live"]);
    let report = run.json();
    let level = |number: usize| (&report["findings"][number]["exposure"], &report["findings"][number]["level"]);
    assert_eq!((level(0), level(1)), ((&"ignored".into(), &"error".into()), (&"ignored".into(), &"note".into())));
    assert_eq!((run.status, &report["summary"]["leaks"]), (Some(1), &1.into()));
    assert_eq!(bench.run(["--no-ignore", "."]).status, Some(0));
}

/// Every command has it.
#[test]
fn every_command() {
    let mut bench = Bench::new(1564);
    let (committed, staged) = (bench.live(), bench.live());
    bench.git(&["init", "-q"]);
    bench.write("a.txt", &committed);
    bench.git(&["add", "."]);
    bench.git(&["commit", "-qm", &format!("message {committed}")]);
    bench.write("b.txt", &staged);
    bench.git(&["add", "."]);
    for (arguments, keys) in [
        (&["scan"][..], 2),
        (&["staged"], 1),
        (&["commits", "HEAD"], 1),
        (&["history"], 2),
        (&["audit"], 2),
        (&["hook", "run", "pre-commit"], 1),
    ] {
        let api = Api::saying(Reply::live());
        let run = bench.run(arguments.iter().chain(&["-f", "json", "--verify", "--api-url", &api.url()]));
        let report = run.json();
        assert_eq!((&report["summary"]["live"], api.seen().len()), (&keys.into(), keys), "{arguments:?}");
        let findings = report["findings"].as_array().expect("a list");
        assert!(findings.iter().all(|finding| finding["verification"]["status"] == "live"), "{arguments:?}");
    }
    let run = bench.run_with_input(["-", "-f", "json", "--verify"], committed.as_bytes());
    assert_eq!(run.json()["findings"][0]["verification"]["status"], "unknown", "nobody listens there");
}
