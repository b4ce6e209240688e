//! The detector against the reference, on what libFuzzer comes up with.

#![no_main]
#![expect(clippy::expect_used, reason = "an expression of the reference compiles")]

#[path = "../oracle.rs"]
mod oracle;
#[path = "../reference.rs"]
mod reference;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

use crate::oracle::Detectors;

static DETECTORS: LazyLock<Detectors> = LazyLock::new(Detectors::new);

fuzz_target!(|haystack: &[u8]| {
    // The reference looks at every offset.
    let haystack = &haystack[..haystack.len().min(4096)];
    if let Err(fault) = oracle::check(&DETECTORS, haystack) {
        panic!("{fault}");
    }
});
