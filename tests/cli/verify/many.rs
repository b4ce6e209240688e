//! Many places, many keys: each key once, a few at a time, at a bounded pace, and only those that leak.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::verify;
use crate::api::{Api, Gate, Reply};
use crate::program::{Bench, id};

#[test]
fn one_request_for_a_key_in_a_thousand_places() {
    let mut bench = Bench::new(1500);
    let key = bench.live();
    for file in 0..250 {
        bench.write(format!("folder{}/{file}.txt", file % 7), format!("{key}\n{key} {key}\n"));
        bench.write(format!("{file}.b64"), data_encoding::BASE64.encode(key.as_bytes()));
    }
    let api = Api::saying(Reply::live());
    let run = verify(&bench, &api.url(), &[]);
    let report = run.json();
    assert_eq!(report["summary"], serde_json::json!({"leaks": 1000, "suppressed": 0, "keys": 1, "live": 1}));
    let findings = report["findings"].as_array().expect("a list");
    assert!(findings.iter().all(|finding| finding["verification"]["status"] == "live"));
    assert_eq!(api.seen().len(), 1);
}

/// A key whose answer does not come keeps no other one waiting.
#[test]
fn a_slow_key_beside_a_quick_one() {
    let mut bench = Bench::new(1501);
    let (slow, quick) = (bench.live(), bench.live());
    bench.write("a.txt", format!("{slow}\n"));
    bench.write("b.txt", format!("{quick}\n"));
    let slow_id = id(&slow).to_owned();
    let api = Api::new(
        move |request, _| {
            if request.key_id() == Some(&slow_id) { Reply::Stalled(Vec::new()) } else { Reply::live() }
        },
    );
    let report = verify(&bench, &api.url(), &["--verify-timeout", "2"]).json();
    let status = |key: &str| {
        let findings = report["findings"].as_array().expect("a list");
        let finding = findings.iter().find(|finding| finding["key_id"] == id(key)).expect("a finding");
        finding["verification"]["status"].clone()
    };
    assert_eq!((status(&slow), status(&quick)), ("unknown".into(), "live".into()));
}

/// Four requests are under way at the same time, and never five.
#[test]
fn four_at_a_time() {
    let mut bench = Bench::new(1502);
    let keys: Vec<String> = (0..12).map(|_| bench.live()).collect();
    bench.write("a.txt", keys.join("\n"));
    let (running, most, gate) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)), Gate::default());
    let seen_most = Arc::clone(&most);
    let api = Api::new(move |_, _| {
        let now = running.fetch_add(1, Ordering::SeqCst) + 1;
        seen_most.fetch_max(now, Ordering::SeqCst);
        gate.pass(4);
        running.fetch_sub(1, Ordering::SeqCst);
        Reply::live()
    });
    assert_eq!(verify(&bench, &api.url(), &[]).json()["summary"]["live"], 12);
    assert_eq!(most.load(Ordering::SeqCst), 4);
    let ids: BTreeSet<_> = api.seen().iter().map(|request| request.key_id().map(str::to_owned)).collect();
    assert_eq!(ids.len(), 12);
}

/// What is over the pace waits, and is not asked when the time is up. The gravest exposures are asked first.
#[test]
fn the_pace() {
    let mut bench = Bench::new(1503);
    let (committed, loose) = (bench.live(), bench.live());
    let api = Api::saying(Reply::live());
    bench.write("z-committed.txt", &committed);
    bench.git(&["init", "-q"]);
    bench.git(&["add", "."]);
    bench.git(&["commit", "-qm", "one"]);
    bench.write("a-loose.txt", &loose);
    let report = verify(&bench, &api.url(), &["--verify-rate", "1", "--verify-timeout", "1"]).json();
    let seen = api.seen();
    assert_eq!(seen.len(), 1);
    assert!(seen[0].key_id() == Some(id(&committed)), "the worst is not asked first");
    let last = report["findings"].as_array().and_then(|list| list.last()).expect("a finding");
    assert_eq!(last["key_id"], id(&loose));
    assert_eq!(
        last["verification"],
        serde_json::json!({
            "status": "unknown",
            "reason": "not asked: the time for all keys was up (--verify-timeout, --verify-rate)",
        })
    );
}
