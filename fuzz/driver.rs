//! The detector against the reference, on inputs that a seed makes. `docs/fuzzing.md` says how to run it for longer.

#![expect(clippy::expect_used, reason = "a test says what it expected")]

#[path = "../tests/support/encode.rs"]
mod encode;
#[path = "../tests/support/forms.rs"]
mod forms;
mod generator;
#[path = "../tests/support/keys.rs"]
mod keys;
mod minimise;
mod oracle;
mod reference;
#[path = "../tests/support/split.rs"]
mod split;

use std::fmt::Write;

use fastrand::Rng;

use crate::generator::Generator;
use crate::oracle::Detectors;

/// Names another seed, as a number.
const SEED: &str = "HOPX_LEAKS_FUZZ_SEED";
/// Names how many inputs are looked at.
const ROUNDS: &str = "HOPX_LEAKS_FUZZ_ROUNDS";
/// About ten seconds' worth.
const DEFAULT_ROUNDS: u64 = 3_000;
/// The most faults that are reported.
const MAX_REPORTED: usize = 20;

#[test]
fn the_detector_agrees_with_the_reference() {
    let number = |name: &str, default| std::env::var(name).ok().map_or(default, |text| text.parse().expect("a number"));
    let (seed, rounds) = (number(SEED, 0x4855_5a5a), number(ROUNDS, DEFAULT_ROUNDS));
    let (detectors, generator) = (Detectors::new(), Generator::new());
    let (mut report, mut kinds) = (String::new(), Vec::new());
    for round in 0..rounds {
        let input = generator.input(&mut Rng::with_seed(seed ^ round << 20));
        let Err(fault) = oracle::check(&detectors, &input) else { continue };
        let kind = (fault.what, fault.chain.clone());
        if kinds.contains(&kind) {
            continue;
        }
        kinds.push(kind);
        let (small, fault) = minimise::smallest(&detectors, input, fault);
        writeln!(report, "seed {seed}, round {round}: {fault}\n{}", minimise::masked(&small)).expect("memory takes it");
        if kinds.len() == MAX_REPORTED {
            break;
        }
    }
    assert!(kinds.is_empty(), "{} kinds of faults\n{report}", kinds.len());
}
