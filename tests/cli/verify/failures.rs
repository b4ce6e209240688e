//! No answer at all: the verdict is unknown, with the reason, and the API is asked once, without a key, whether it is up.

use std::net::TcpListener;

use super::{verdict, verify};
use crate::api::{Api, Reply, Request};
use crate::program::Bench;

fn bench_with_a_key(seed: u64) -> (Bench, String) {
    let mut bench = Bench::new(seed);
    let key = bench.live();
    bench.write("a.txt", &key);
    (bench, key)
}

/// The question about the API itself came once, after the others, and holds nothing of a key.
#[track_caller]
fn assert_health_asked_once(api: &Api) {
    let seen = api.seen();
    let is_health = |request: &&Request| request.line() == "GET /health";
    assert_eq!(seen.iter().filter(is_health).count(), 1);
    let last = seen.last().expect("a request");
    assert_eq!(last.line(), "GET /health");
    assert!(!last.head.contains("hopx_"), "a key was sent along");
    assert!(last.values("authorization").is_empty() && last.values("x-api-key").is_empty());
}

#[test]
fn a_connection_that_is_dropped() {
    let (bench, _) = bench_with_a_key(1470);
    let api = Api::new(|request, _| match request.line() {
        "GET /health" => Reply::json(200, r#"{"status":"ok"}"#),
        _ => Reply::Bytes(Vec::new()),
    });
    let verdict = verdict(&verify(&bench, &api.url(), &[]));
    let reason = verdict["reason"].as_str().expect("a reason");
    assert_eq!(verdict["status"], "unknown");
    assert!(reason.starts_with("no connection: "), "{reason}");
    assert!(reason.ends_with("; the API is up (GET /health: 200)"), "{reason}");
    assert_eq!(api.asked().len(), 1, "asked again");
    assert_health_asked_once(&api);
}

#[test]
fn a_body_that_is_cut() {
    let (bench, _) = bench_with_a_key(1471);
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"object\":\"list\",".to_vec();
    let api = Api::new(move |request, _| match request.line() {
        "GET /health" => Reply::json(503, ""),
        _ => Reply::Bytes(cut.clone()),
    });
    let verdict = verdict(&verify(&bench, &api.url(), &[]));
    let reason = verdict["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("no connection: "), "{reason}");
    assert!(reason.ends_with("; the API itself is in trouble (GET /health: 503)"), "{reason}");
}

#[test]
fn nobody_listens() {
    let (bench, _) = bench_with_a_key(1472);
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let run = verify(&bench, &format!("http://127.0.0.1:{port}"), &[]);
    let verdict = verdict(&run);
    assert_eq!(
        verdict["reason"],
        "no connection: Connection refused; the API is down or out of reach from here (GET /health: no connection: \
         Connection refused)"
    );
    assert_eq!((run.status, &run.json()["complete"]), (Some(1), &true.into()));
}

#[test]
fn what_is_not_http() {
    let (bench, _) = bench_with_a_key(1473);
    let api = Api::saying(Reply::Bytes(b"220 mail.example ESMTP\r\n\r\n".to_vec()));
    let verdict = verdict(&verify(&bench, &api.url(), &[]));
    assert!(
        verdict["reason"].as_str().is_some_and(|reason| reason.starts_with("the answer is not HTTP: ")),
        "{verdict}"
    );
}

/// The whole of a request has 10 seconds, of which this test takes twice as many: a body that stops is asked for again.
#[test]
fn a_slow_body() {
    let (bench, _) = bench_with_a_key(1474);
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"object\":\"list\",\"data\":[".to_vec();
    let api = Api::new(move |request, _| match request.line() {
        "GET /health" => Reply::json(200, "{}"),
        _ => Reply::Stalled(head.clone()),
    });
    let verdict = verdict(&verify(&bench, &api.url(), &[]));
    assert_eq!(verdict["status"], "unknown");
    assert_eq!(verdict["reason"], "no answer in time (asked twice); the API is up (GET /health: 200)");
    assert_eq!(api.asked().len(), 2);
    assert_health_asked_once(&api);
}

/// When the time for all keys is up, the report is written, with what is known by then.
#[test]
fn the_time_for_all_is_up() {
    let (bench, _) = bench_with_a_key(1475);
    let api = Api::saying(Reply::Stalled(Vec::new()));
    let run = verify(&bench, &api.url(), &["--verify-timeout", "1"]);
    let verdict = verdict(&run);
    assert_eq!(verdict["status"], "unknown");
    assert_eq!(verdict["reason"], "no answer before the time for all keys was up (--verify-timeout)");
    assert_eq!((run.status, api.seen().len()), (Some(1), 1));
}

/// The first Ctrl-C ends it at once and leaves no report, though requests are under way.
#[cfg(target_os = "linux")]
#[test]
fn interrupted() {
    use std::process::{Command, Stdio};
    use std::sync::Arc;

    use crate::api::Gate;

    let (bench, _) = bench_with_a_key(1476);
    let gate = Arc::new(Gate::default());
    let arrived = Arc::clone(&gate);
    let api = Api::new(move |_, _| {
        arrived.pass(1);
        Reply::Stalled(Vec::new())
    });
    let arguments = ["--verify", "--api-url", &api.url(), "-o", "report.json", "."];
    let mut command = bench.command_with_signals("--default-signal=INT", arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    gate.pass(2);
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs").success());
    let run = bench.finish(child.wait_with_output().expect("the program ends"));
    assert_eq!(run.status, Some(130));
    assert!(run.stdout.is_empty() && run.stderr.contains("interrupted; no report was written"), "{}", run.stderr);
    assert!(!bench.join("report.json").exists());
}
