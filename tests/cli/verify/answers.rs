//! What each answer means, and what the request for it was.

use serde_json::Value;

use super::{verdict, verify};
use crate::api::{Api, LIST, Reply, Request};
use crate::program::{Bench, Run, id};

/// The request is the one that is documented, and the key is in one header of it and nowhere else.
#[track_caller]
fn assert_asked(request: &Request, key: &str, header: &str, value: &str) {
    assert_eq!(request.line(), "GET /v1/sandboxes?limit=1");
    assert!(request.values(header) == [value], "another header");
    assert!(request.head.matches(key).count() == 1, "the key is there more than once");
    assert!(request.head.matches(&key[23..]).count() == 1, "the secret is there more than once");
    assert!(request.head.matches(id(key)).count() == 1, "the id is there more than once");
    assert_eq!(request.values("user-agent"), [concat!("hopx-leaks/", env!("CARGO_PKG_VERSION"))]);
    let other = if header == "authorization" { "x-api-key" } else { "authorization" };
    assert!(request.values(other).is_empty() && request.values("cookie").is_empty());
}

/// Asks a server that gives this reply about one key. Checks the requests, and gives the verdict.
fn ask(seed: u64, reply: Reply, more: &[&str]) -> (Run, Value) {
    let mut bench = Bench::new(seed);
    let key = bench.live();
    bench.write("a.txt", &key);
    let api = Api::new(move |request, _| match request.line() {
        "GET /health" => Reply::json(200, "{}"),
        _ => reply.clone(),
    });
    let run = verify(&bench, &api.url(), more);
    let asked = api.asked();
    assert!((1..=2).contains(&asked.len()), "{} requests", asked.len());
    for request in &asked {
        assert_asked(request, &key, "authorization", &format!("Bearer {key}"));
    }
    let verdict = verdict(&run);
    assert!(verdict["asked"].as_str().is_some_and(|date| date.len() == 25 && date.ends_with("+00:00")), "{verdict}");
    (run, verdict)
}

/// Every row of the documentation's table.
#[test]
fn each_answer() {
    let error = |code: &str| format!(r#"{{"error":"some text","code":"{code}","request_id":"req_1"}}"#);
    let nested = |code: &str| format!(r#"{{"error":{{"message":"some text","code":"{code}","request_id":"req_1"}}}}"#);
    let html = "<html><body>Sign in to the network</body></html>".to_owned();
    let rows: Vec<(u16, String, &str, &str)> = vec![
        (200, LIST.to_owned(), "live", "200 with the list of sandboxes"),
        (200, r#"{"data":null}"#.to_owned(), "live", "200"),
        (200, r#"{"object":"list"}"#.to_owned(), "live", "200"),
        (200, r#"{"object":"sandbox"}"#.to_owned(), "unknown", "200, but not in the API's words"),
        (200, html.clone(), "unknown", "200, but not in the API's words"),
        (200, String::new(), "unknown", "200, but not in the API's words"),
        (201, LIST.to_owned(), "unknown", "201, which says nothing about the key"),
        (204, String::new(), "unknown", "204, which says nothing about the key"),
        (402, error("PAYMENT_REQUIRED"), "limited", "402 PAYMENT_REQUIRED: accepted"),
        (402, html.clone(), "limited", "402: accepted"),
        (403, error("INSUFFICIENT_PERMISSIONS"), "limited", "403 INSUFFICIENT_PERMISSIONS: accepted"),
        (403, nested("FORBIDDEN"), "limited", "403 FORBIDDEN: accepted"),
        (403, error("PAYMENT_REQUIRED"), "limited", "403 PAYMENT_REQUIRED: accepted"),
        (403, error("GEO_BLOCKED"), "unknown", "403, but not in the API's words"),
        (403, html.clone(), "unknown", "403, but not in the API's words"),
        (401, error("AUTHENTICATION_REQUIRED"), "rejected", "401 AUTHENTICATION_REQUIRED: revoked, expired or never"),
        (401, nested("INVALID_TOKEN"), "rejected", "401 INVALID_TOKEN: revoked, expired or never valid"),
        (401, "{}".to_owned(), "rejected", "401: revoked, expired or never valid; the API does not say which"),
        (401, html.clone(), "unknown", "401, but not in the API's words"),
        (401, String::new(), "unknown", "401, but not in the API's words"),
        (400, error("INVALID_REQUEST"), "unknown", "400 INVALID_REQUEST, which says nothing about the key"),
        (404, error("RESOURCE_NOT_FOUND"), "unknown", "404 RESOURCE_NOT_FOUND, which says nothing about the key"),
        (407, html.clone(), "unknown", "407, which says nothing about the key"),
        (429, error("RATE_LIMIT_EXCEEDED"), "unknown", "429 RATE_LIMIT_EXCEEDED: too many requests (asked twice)"),
        (500, error("INTERNAL_ERROR"), "unknown", "500 INTERNAL_ERROR: the API, or what stands before it, failed"),
        (
            503,
            html,
            "unknown",
            "503: the API, or what stands before it, failed (asked twice); the API is up (GET /health",
        ),
    ];
    std::thread::scope(|scope| {
        for (number, (status, body, expected, reason)) in (0..).zip(&rows) {
            scope.spawn(move || {
                let (run, verdict) = ask(1410 + number, Reply::json(*status, body), &[]);
                let said = verdict["reason"].as_str().expect("a reason");
                assert!(verdict["status"] == *expected && said.starts_with(reason), "{status} {body}: {verdict}");
                let request_id = if body.contains("req_1") { Value::from("req_1") } else { Value::Null };
                if body != LIST {
                    assert_eq!(verdict["request_id"], request_id, "{status} {body}");
                }
                let is_live = ["live", "limited"].contains(expected);
                assert_eq!(run.json()["summary"]["live"], i32::from(is_live), "{status} {body}");
                assert_eq!(run.status, Some(1), "a leak is a leak, whatever the API says");
            });
        }
    });
}

#[test]
fn the_other_header() {
    let mut bench = Bench::new(1440);
    let key = bench.live();
    bench.write("a.txt", &key);
    let api = Api::saying(Reply::live());
    let run = verify(&bench, &api.url(), &["--auth-header", "x-api-key"]);
    assert_eq!(verdict(&run)["status"], "live");
    let asked = api.asked();
    assert_eq!(asked.len(), 1);
    assert_asked(&asked[0], &key, "x-api-key", &key);
}

#[test]
fn an_address_with_a_path_and_the_name_of_this_machine() {
    let mut bench = Bench::new(1441);
    let key = bench.live();
    bench.write("a.txt", &key);
    let api = Api::saying(Reply::live());
    let url = format!("http://localhost:{}/hopx/", api.address.port());
    assert_eq!(verdict(&verify(&bench, &url, &[]))["status"], "live");
    assert_eq!(api.seen()[0].line(), "GET /hopx/v1/sandboxes?limit=1");
}

#[test]
fn the_request_id_of_the_header() {
    let reply = Reply::new(401, &["X-Request-ID: req_fromHeader1"], r#"{"code":"INVALID_TOKEN"}"#);
    let (_, verdict) = ask(1442, reply, &[]);
    assert_eq!((&verdict["status"], &verdict["request_id"]), (&"rejected".into(), &"req_fromHeader1".into()));
}

/// A redirect is not followed, to the same server or to another, and what it leads to never sees the key.
#[test]
fn redirects() {
    for (number, status) in (0..).zip([300, 301, 302, 303, 307, 308]) {
        let mut bench = Bench::new(1450 + number);
        let key = bench.live();
        bench.write("a.txt", &key);
        let elsewhere = Api::saying(Reply::live());
        let location = format!("Location: {}/v1/sandboxes?limit=1", elsewhere.url());
        let api = Api::new(move |_, _| Reply::new(status, &[&location], ""));
        let verdict = verdict(&verify(&bench, &api.url(), &[]));
        assert_eq!(verdict["status"], "unknown");
        assert_eq!(verdict["reason"], format!("{status}, a redirect, which is not followed"));
        assert_eq!(api.seen().len(), 1, "{status}");
        assert!(elsewhere.seen().is_empty(), "{status} was followed");
    }
}

/// A body is read up to 64 KiB. What it has said by then counts, if it is the API's list.
#[test]
fn a_body_without_an_end() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
    let list = format!(r#"{head}{{"object":"list","data":["#).into_bytes();
    let (_, verdict) = ask(1460, Reply::Endless(list, b"{\"id\":\"sandbox\"},".repeat(100)), &[]);
    assert_eq!(verdict["status"], "live");
    let other = format!(r#"{head}{{"id":""#).into_bytes();
    let (_, verdict) = ask(1461, Reply::Endless(other, b"0123456789".repeat(100)), &[]);
    assert_eq!(verdict["reason"], "200, but not in the API's words");
    let error = b"HTTP/1.1 401 No\r\n\r\n{\"code\":\"INVALID_TOKEN\",\"error\":\"".to_vec();
    let (_, verdict) = ask(1462, Reply::Endless(error, b"0123456789".repeat(100)), &[]);
    assert_eq!(verdict["status"], "unknown", "what is not whole lowers nothing");
    let header = b"HTTP/1.1 200 OK\r\n".to_vec();
    let (_, verdict) = ask(1463, Reply::Endless(header, b"X-More: and more\r\n".repeat(100)), &[]);
    assert!(verdict["reason"].as_str().is_some_and(|reason| reason.starts_with("the answer is not HTTP: its head")));
}
