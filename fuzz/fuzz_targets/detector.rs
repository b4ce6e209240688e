//! The detector against the reference, on what libFuzzer comes up with.

#![no_main]

use std::sync::LazyLock;

use hopx_leaks_fuzz::oracle::{self, Detectors};

static DETECTORS: LazyLock<Detectors> = LazyLock::new(Detectors::new);

libfuzzer_sys::fuzz_target!(|haystack: &[u8]| {
    // The reference looks at every offset.
    let haystack = &haystack[..haystack.len().min(4096)];
    if let Err(fault) = oracle::check(&DETECTORS, haystack) {
        panic!("{fault}");
    }
});
