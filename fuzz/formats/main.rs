//! Everything that reads foreign bytes, on inputs that a seed makes. `docs/fuzzing.md` says how to run it for longer.

#![cfg(unix)]
#![expect(clippy::expect_used, reason = "a test says what it expected")]

mod check;
mod damage;
mod mend;
mod seed;
mod seeds;
#[path = "../targets/mod.rs"]
mod targets;

#[path = "../../tests/support/archive.rs"]
mod archive;
#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../../tests/support/packs.rs"]
mod packs;
#[path = "../../tests/support/repository.rs"]
mod repository;
#[path = "../../tests/support/zip.rs"]
mod zip;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::seed::Seed;
use crate::targets::{Seen, Verdict};

/// Names another seed, as a number.
const SEED: &str = "HOPX_LEAKS_FUZZ_SEED";
/// Names how many inputs each target is given.
const ROUNDS: &str = "HOPX_LEAKS_FUZZ_ROUNDS";
/// Names for how many seconds each target is given inputs, instead.
const SECONDS: &str = "HOPX_LEAKS_FUZZ_SECONDS";
/// Names the only round that is run.
const ROUND: &str = "HOPX_LEAKS_FUZZ_ROUND";
/// Names a folder that inputs are written to, below the target's name: seeds, and those that show a fault.
const FOLDER: &str = "HOPX_LEAKS_FUZZ_FOLDER";

/// A few seconds' worth.
const DEFAULT_ROUNDS: u64 = 100;
/// The most faults that are reported.
const MAX_REPORTED: usize = 20;

/// A target, and how inputs for it are made.
struct Target {
    name: &'static str,
    run: fn(&[u8]) -> Seen,
    seeds: fn() -> Vec<Seed>,
    /// Words of the format.
    words: &'static [&'static str],
    /// Whether each input must lead to a finding or a problem, since what holds the key is whole, or is missed where it
    /// is not.
    is_never_clean: bool,
}

/// One test for each target.
macro_rules! targets {
    ($($name:ident: $seeds:path, $is_never_clean:expr, $words:expr;)*) => {
        $(#[test]
        fn $name() {
            let (run, name) = (targets::$name::run, stringify!($name));
            fuzz(&Target { name, run, seeds: $seeds, words: &$words, is_never_clean: $is_never_clean });
        })*
    };
}

targets! {
    zip: seeds::archives::zips, false, ["PK\x01\x02", "PK\x03\x04", "PK\x05\x06", "PK\x06\x06", "PK\x06\x07", "PK\x07\x08"];
    tar: seeds::archives::tars, false, ["ustar\x0000", "ustar  \0", "GNU.sparse.size=", "././@LongLink", "11 path=a\n"];
    packed: seeds::archives::packed, false, ["\x1f\u{8b}\x08", "BZh9", "1AY&SY", "YZ"];
    pack: seeds::repositories::packs, false, ["PACK\0\0\0\x02", "MIDX", "OIDF", "OIDL", "OOFF", "LOFF", "PNAM"];
    loose: seeds::repositories::loose, true, ["tree ", "parent ", "blob ", "commit ", "tag ", "40000 a\0", "160000 a\0", "gpgsig "];
    refs: seeds::repositories::refs, true, ["ref: ", "refs/heads/", "^", "# pack-refs with: peeled", "\t", "../"];
    reftable: seeds::repositories::reftables, true, ["REFT\x01", "REFT\x02", "r", "g", "i", "o", "../"];
    index: seeds::repositories::indexes, false, ["DIRC", "TREE", "REUC", "link", "UNTR", "FSMN", "EOIE", "IEOT", "sdir"];
    git_files: seeds::repositories::git_files, true, seeds::texts::GIT;
    rules: seeds::texts::rules, false, seeds::texts::RULES;
    merged: seeds::texts::merged, false, seeds::texts::JSON;
    answer: seeds::texts::answers, false, seeds::texts::JSON;
    hooks: seeds::repositories::hooks, false, seeds::texts::JSON;
}

/// One target at a time: memory, processor time, standard input and the current folder are the whole process's.
static ALONE: Mutex<()> = Mutex::new(());

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

fn fuzz(target: &Target) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (origin, seconds) = (number(SEED).unwrap_or(0x4855_5a5a), number(SECONDS).map(Duration::from_secs));
    let rounds = number(ROUNDS).unwrap_or(if seconds.is_some() { u64::MAX } else { DEFAULT_ROUNDS });
    let rounds = number(ROUND).map_or(0..rounds, |round| round..round + 1);
    let sound = (target.seeds)();
    let mut faults = Faults::default();
    for (number, seed) in sound.iter().enumerate() {
        let input = targets::parts::join(&seed.parts);
        let kept = keep(target, &format!("seed-{number}"), &input);
        let outcome = match check::check(target, &format!("seed {number}"), &input) {
            Ok(seen) if seed.holds_key && seen.verdict != Verdict::Found => Some("the key is not found".to_owned()),
            Ok(_) => None,
            Err(fault) => Some(fault),
        };
        faults.add(outcome, || format!("the seed of number {number}{kept}"));
    }
    let (start, mut done) = (Instant::now(), 0);
    for round in rounds {
        if seconds.is_some_and(|seconds| start.elapsed() >= seconds) || faults.kinds.len() >= MAX_REPORTED {
            break;
        }
        let input = seed::input(&sound, target.words, &mut Rng::with_seed(origin ^ round << 20));
        if number(ROUND).is_some() {
            // It may be one that ends the process.
            keep(target, &format!("fault-{origin}-{round}"), &input);
        }
        let outcome = match check::check(target, &format!("round {round}"), &input) {
            Ok(seen) if target.is_never_clean && seen.verdict == Verdict::Clean => Some("silent: clean".to_owned()),
            Ok(_) => None,
            Err(fault) => Some(fault),
        };
        faults.add(outcome, || {
            format!("seed {origin}, round {round}{}", keep(target, &format!("fault-{origin}-{round}"), &input))
        });
        done += 1;
    }
    let most = check::most();
    let line = format!("{}: {} seeds, {done} rounds in {:.1?}; {most}\n", target.name, sound.len(), start.elapsed());
    io::stderr().write_all(line.as_bytes()).expect("standard error takes it");
    assert!(faults.kinds.is_empty(), "{}: {} kinds of faults\n{}", target.name, faults.kinds.len(), faults.report);
}

/// The first fault of each kind.
#[derive(Default)]
struct Faults {
    kinds: Vec<String>,
    report: String,
}

impl Faults {
    fn add(&mut self, fault: Option<String>, place: impl FnOnce() -> String) {
        if let Some(kind) = fault.filter(|kind| !self.kinds.contains(kind)) {
            writeln!(self.report, "{}: {kind}", place()).expect("memory takes it");
            self.kinds.push(kind);
        }
    }
}

/// Writes an input to the folder that the environment names, if it does. Where, in words.
fn keep(target: &Target, name: &str, input: &[u8]) -> String {
    let Some(folder) = std::env::var_os(FOLDER) else { return String::new() };
    let folder = Path::new(&folder).join(target.name);
    std::fs::create_dir_all(&folder).expect("a folder made");
    std::fs::write(folder.join(name), input).expect("an input written");
    format!(", {}", folder.join(name).display())
}
