#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| drop(hopx_leaks_fuzz::targets::index::run(input)));
