//! `--verify`: what is sent where, what the answers mean, and that nothing else is ever sent. The servers are on loopback.

#[cfg(feature = "verify")]
mod answers;
#[cfg(feature = "verify")]
mod failures;
#[cfg(feature = "verify")]
mod many;
#[cfg(all(feature = "verify", target_os = "linux"))]
mod offline;
#[cfg(feature = "verify")]
mod reports;
#[cfg(feature = "verify")]
mod secrecy;
#[cfg(feature = "verify")]
mod tls;
#[cfg(feature = "verify")]
mod waiting;
#[cfg(feature = "verify")]
mod words;

#[cfg(feature = "verify")]
use crate::program::{Bench, Run};

/// A build without network code says so, and does nothing else.
#[cfg(not(feature = "verify"))]
#[test]
fn a_build_without_network_code_says_so() {
    let mut bench = crate::program::Bench::new(1401);
    let key = bench.live();
    bench.write("a.txt", &key);
    let run = bench.run(["--verify", "."]);
    assert_eq!((run.status, run.stdout.len()), (Some(2), 0));
    assert!(run.stderr.contains("--verify asks the HopX API, and this build has no network code"), "{}", run.stderr);
    assert_eq!(bench.run(["."]).status, Some(1));
    assert!(bench.run(["--fail-on", "live", "."]).stderr.contains("--fail-on live needs --verify"));
}

/// Scans the folder and asks the API there.
#[cfg(feature = "verify")]
fn verify(bench: &Bench, url: &str, more: &[&str]) -> Run {
    bench.run(["-f", "json", "--verify", "--api-url", url, "."].iter().chain(more))
}

/// The verification of the only finding.
#[cfg(feature = "verify")]
fn verdict(run: &Run) -> serde_json::Value {
    let report = run.json();
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(1), "{report}");
    report["findings"][0]["verification"].clone()
}
