//! Asking once more, after as long as the server wishes.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{verdict, verify};
use crate::api::{Api, LIST, Reply};
use crate::program::Bench;

/// A server that first gives this reply and then says that the key is live.
fn ask_twice(seed: u64, first: Reply) -> (Duration, serde_json::Value) {
    let mut bench = Bench::new(seed);
    let key = bench.live();
    bench.write("a.txt", &key);
    let api = Api::new(move |_, number| if number == 0 { first.clone() } else { Reply::live() });
    let verdict = verdict(&verify(&bench, &api.url(), &[]));
    let came = api.seen();
    assert_eq!(came.len(), 2, "{verdict}");
    assert!(came[0].head == came[1].head, "the two requests differ");
    (came[1].at - came[0].at, verdict)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

/// Each way to say how long to wait. The server asks for 2 seconds, or for a time that is at least 2 seconds away.
#[test]
fn each_hint() {
    let seconds = |number| Duration::from_secs(number);
    let date = httpdate(now() + 3);
    let reset = format!("X-RateLimit-Reset: {}", now() + 3);
    let rows: Vec<(&str, Reply, Duration)> = vec![
        ("none", Reply::json(429, "{}"), seconds(1)),
        ("seconds", Reply::new(429, &["Retry-After: 2"], ""), seconds(2)),
        ("date", Reply::new(429, &[&format!("Retry-After: {date}")], ""), seconds(1)),
        ("flat", Reply::json(429, r#"{"code":"RATE_LIMIT_EXCEEDED","retry_after":2}"#), seconds(2)),
        ("nested", Reply::json(429, r#"{"error":{"details":{"retry_after_seconds":2}}}"#), seconds(2)),
        ("reset", Reply::new(429, &[&reset], ""), seconds(1)),
        ("server failure", Reply::new(503, &["Retry-After: 2"], ""), seconds(2)),
        ("zero", Reply::new(429, &["Retry-After: 0"], ""), seconds(0)),
    ];
    std::thread::scope(|scope| {
        for (number, (name, reply, least)) in (0..).zip(&rows) {
            scope.spawn(move || {
                let (waited, verdict) = ask_twice(1480 + number, reply.clone());
                assert!(waited >= *least, "{name}: {waited:?}");
                assert_eq!(verdict["reason"], "200 with the list of sandboxes (asked twice)", "{name}");
            });
        }
    });
}

/// A date of HTTP, by the calendar of the system.
fn httpdate(seconds: u64) -> String {
    let output = std::process::Command::new("date")
        .args(["-u", "-d", &format!("@{seconds}"), "+%a, %d %b %Y %H:%M:%S GMT"])
        .env("LC_ALL", "C")
        .output()
        .expect("date runs");
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

/// A wait beyond a minute is not waited for, and neither is one that is longer than the time for all.
#[test]
fn too_long() {
    let mut bench = Bench::new(1490);
    let key = bench.live();
    bench.write("a.txt", &key);
    let started = Instant::now();
    let api = Api::saying(Reply::new(429, &["Retry-After: 3600"], ""));
    let reason = verdict(&verify(&bench, &api.url(), &[]))["reason"].clone();
    assert_eq!(reason, "429: too many requests; it asks to wait 3600 seconds");
    assert_eq!(api.seen().len(), 1);
    let api = Api::saying(Reply::new(429, &["Retry-After: 50"], ""));
    let reason = verdict(&verify(&bench, &api.url(), &["--verify-timeout", "20s"]))["reason"].clone();
    assert_eq!(reason, "429: too many requests");
    assert_eq!(api.seen().len(), 1);
    assert!(started.elapsed() < Duration::from_secs(50), "it was waited for");
}

/// While one key waits, the others are asked.
#[test]
fn one_waits_alone() {
    let mut bench = Bench::new(1491);
    let keys: Vec<String> = (0..8).map(|_| bench.live()).collect();
    bench.write("a.txt", keys.join("\n"));
    let slow = crate::program::id(&keys[3]).to_owned();
    let api = Api::new(move |request, number| {
        if request.key_id() == Some(&slow) && number < 8 {
            Reply::new(429, &["Retry-After: 2"], "")
        } else {
            Reply::json(200, LIST)
        }
    });
    let run = verify(&bench, &api.url(), &[]);
    assert_eq!(run.json()["summary"]["live"], 8);
    let seen = api.seen();
    assert_eq!(seen.len(), 9);
    assert!(seen[8].key_id() == Some(crate::program::id(&keys[3])), "the one that waits comes last");
}
