//! Nothing of a secret and nothing of an answer's body comes out, whatever the server and the environment do; and nothing
//! that is scanned has a say in where keys go. That no secret comes out is checked with every run of every test here.

use std::path::Path;

use super::{verdict, verify};
use crate::api::{Api, Reply};
use crate::program::{Bench, Run};

/// What is in every body here and must be in no output.
const MARK: &str = "a-customers-own-text";

const FORMATS: [&str; 4] = ["text", "json", "jsonl", "sarif"];

#[track_caller]
fn assert_silent(run: &Run) {
    for output in [&run.stdout[..], run.stderr.as_bytes()] {
        assert!(memchr::memmem::find(output, MARK.as_bytes()).is_none(), "a body is shown");
    }
}

/// A server that sends back what it was sent, in every place of an answer.
#[test]
fn a_server_that_repeats_the_key() {
    for (number, status) in (0..).zip([200, 302, 401, 402, 403, 404, 429, 500]) {
        let mut bench = Bench::new(1530 + number);
        let key = bench.live();
        bench.write("a.txt", &key);
        let echo = key.clone();
        let api = Api::new(move |_, _| {
            let secret = &echo[23..];
            let body = serde_json::json!({
                "object": echo, "code": secret, "request_id": secret, "error": {"message": MARK, "code": echo}
            });
            let headers =
                [format!("X-Request-ID: {secret}"), format!("Location: /{echo}"), format!("Retry-After: {echo}")];
            Reply::new(status, &headers.each_ref().map(String::as_str), &body.to_string())
        });
        for format in FORMATS {
            let run = bench.run(["-f", format, "--verify", "--api-url", &api.url(), "-v", "."]);
            assert_eq!(run.status, Some(1), "{status} {format}: {}", run.stderr);
            assert_silent(&run);
        }
    }
}

/// A server knows the keys that it was sent, and may tell one in another's answer, in pieces or backwards.
#[test]
fn a_server_that_tells_another_key() {
    type Form = fn(&str) -> String;
    let forms: [Form; 5] = [
        |secret| format!("req_{}", secret.replace(['-', '_'], "").get(..20).unwrap_or_default()),
        |secret| format!("req_{}", secret.replace(['-', '_'], "").chars().rev().take(20).collect::<String>()),
        |secret| format!("req_{}", secret.replace(['-', '_'], "").to_ascii_uppercase().get(..20).unwrap_or_default()),
        |secret| format!("req_{}", data_encoding::HEXLOWER.encode(&secret.as_bytes()[..16])),
        |secret| {
            let hex = data_encoding::HEXLOWER.encode(&secret.replace(['-', '_'], "").as_bytes()[..16]);
            [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
        },
    ];
    for (number, form) in (0..).zip(forms) {
        let mut bench = Bench::new(1580 + number);
        let (first, second) = (bench.live(), bench.live());
        bench.write("a.txt", format!("{first}\n{second}\n"));
        let told = [form(&first[23..]), form(&second[23..])];
        let first_id = crate::program::id(&first).to_owned();
        let told_by = told.clone();
        let api = Api::new(move |request, _| {
            let other = usize::from(request.key_id() == Some(&first_id));
            Reply::json(401, &serde_json::json!({"code": told_by[other], "request_id": told_by[other]}).to_string())
        });
        let run = verify(&bench, &api.url(), &[]);
        let report = run.text();
        assert!(report.contains("rejected") && !told.iter().any(|told| report.contains(told.as_str())), "{number}");
    }
}

/// Whatever libraries would log, nobody listens.
#[test]
fn no_log() {
    let mut bench = Bench::new(1540);
    let key = bench.live();
    bench.write("a.txt", &key);
    let body = format!(r#"{{"object":"list","data":[{{"id":"{MARK}","auth_token":"{MARK}"}}]}}"#);
    let api = Api::saying(Reply::new(200, &[&format!("X-Other: {MARK}")], &body));
    for format in FORMATS {
        let mut command =
            bench.command(["-f", format, "--verify", "--api-url", &api.url(), "-v", "-o", "report.json", "."]);
        command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
        let run = bench.finish(command.output().expect("the program runs"));
        assert_eq!((run.status, run.stderr.as_str()), (Some(1), ""));
        assert_silent(&run);
        let report = bench.read_report("report.json");
        assert!(memchr::memmem::find(&report, MARK.as_bytes()).is_none());
    }
}

/// The key is in no argument and in no variable of the process that has it.
#[cfg(target_os = "linux")]
#[test]
fn no_argument_and_no_variable() {
    use std::process::Stdio;
    use std::sync::Arc;

    use crate::api::Gate;

    let mut bench = Bench::new(1541);
    let key = bench.live();
    bench.write("a.txt", &key);
    let gate = Arc::new(Gate::default());
    let (arrived, looked) = (Arc::clone(&gate), Arc::new(Gate::default()));
    let wait = Arc::clone(&looked);
    let api = Api::new(move |_, _| {
        arrived.pass(1);
        wait.pass(2);
        Reply::live()
    });
    let mut command = bench.command(["--verify", "--api-url", &api.url(), "."]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    gate.pass(2);
    for name in ["cmdline", "environ"] {
        let path = Path::new("/proc").join(child.id().to_string()).join(name);
        bench.assert_silent(name, &std::fs::read(path).expect("readable"));
    }
    looked.pass(1);
    assert_eq!(bench.finish(child.wait_with_output().expect("the program ends")).status, Some(1));
}

/// Files with addresses in them, the vendor's own variable, and a folder with every name that could pass for a
/// configuration: the key goes where the user said.
#[test]
fn nothing_steers_it() {
    let mut bench = Bench::new(1542);
    let key = bench.live();
    let elsewhere = Api::saying(Reply::live());
    let there = elsewhere.url();
    let lines = format!(
        "HOPX_BASE_URL={there}\nHOPX_API_URL={there}\nHOPX_LEAKS_API_URL={there}\napi-url = \"{there}\"\n\
         HOPX_API_KEY={key}\nhttps_proxy={there}\n"
    );
    for name in [".env", "sub/.hopx-leaks.toml", "hopx-leaks.toml", ".hopx/config.yaml", ".curlrc", ".netrc", ".envrc"]
    {
        bench.write(name, &lines);
    }
    let api = Api::saying(Reply::live());
    let mut command = bench.command(["-f", "json", "--verify", "."]);
    command.env("HOPX_BASE_URL", &there).env("HOPX_API_URL", &there).env("HOPX_LEAKS_API_URL", api.url());
    let run = bench.finish(command.output().expect("the program runs"));
    assert_eq!(run.json()["summary"]["live"], 1, "{}", run.stderr);
    assert!(elsewhere.seen().is_empty());
    assert_eq!(api.seen().len(), 1);
}

/// The escapes of a hostile answer do not get to the terminal.
#[test]
fn escapes() {
    let mut bench = Bench::new(1543);
    let key = bench.live();
    bench.write("a.txt", &key);
    let hostile = "\\u001b[2J::error::\\n";
    let body = format!(r#"{{"code":"{hostile}","request_id":"{hostile}","error":"{hostile}"}}"#);
    let api = Api::saying(Reply::json(401, &body));
    assert_eq!(verdict(&verify(&bench, &api.url(), &[]))["status"], "rejected");
    let run = bench.run(["--verify", "--api-url", &api.url(), "."]);
    assert!(!run.text().contains("\u{1b}[2J") && !run.text().contains("::error::"), "{}", run.text());
}
