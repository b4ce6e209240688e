//! How fast the detector reads: bytes per second of `Detector::keys` on text, on binary data, and on data made to slow
//! it down; each beside `memchr::memmem` looking for one needle, the first step alone by each of its engines, and the
//! detector with the engine of the library, in the same run.
//!
//! `cargo bench --bench detector` takes about three minutes. All data is made from a seed.

#[path = "../tests/support/keys.rs"]
mod keys;
#[path = "support/source.rs"]
mod source;

use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput};
use hopx_leaks::detect::prefilter::Prefilter;
use hopx_leaks::detect::{Detector, Found, needle};
use keys::Keys;
use memchr::memmem;

const SEED: u64 = 20_261_124;
/// The length of data that holds few or no needles: more than the caches, so that memory is read too.
const LARGE: usize = 32 << 20;
/// The length of data full of needles, where a byte costs much more.
const SMALL: usize = 2 << 20;

fn utf16_le(text: &[u8]) -> Vec<u8> {
    text.iter().flat_map(|&byte| [byte, 0]).collect()
}

fn utf16_be(text: &[u8]) -> Vec<u8> {
    text.iter().flat_map(|&byte| [0, byte]).collect()
}

/// Text with a key about every hundred bytes.
fn dense(rng: &mut fastrand::Rng, length: usize) -> Vec<u8> {
    let mut keys = Keys::new(SEED);
    let mut text = Vec::with_capacity(length + 200);
    while text.len() < length {
        text.extend(source::text(rng, 30));
        text.push(b'\n');
        text.extend(keys.live().bytes());
        text.push(b'\n');
    }
    text
}

/// One input.
struct Input {
    name: &'static str,
    bytes: Vec<u8>,
    /// How many keys the detector finds in it: what is fast because it finds nothing is of no use.
    keys: usize,
}

fn inputs() -> Vec<Input> {
    let mut rng = fastrand::Rng::with_seed(SEED);
    let text = source::text(&mut rng, LARGE);
    let utf16 = utf16_le(&text[..LARGE / 2]);
    let mut noise = vec![0; LARGE];
    rng.fill(&mut noise);
    let dense = dense(&mut rng, SMALL);
    let keys = memmem::find_iter(&dense, "hopx_live_").count();
    let prefixes = b"hopx_live_".repeat(SMALL / 10);
    let half = &prefixes[..prefixes.len() / 2];
    let nearly = format!("hopx_live_{} ", "a1B2".repeat(13)).repeat(SMALL / 64).into_bytes();
    // The needles that are met most often where there is no key: lists of numbers, tables of bytes, text in base64.
    let numbers: Vec<u8> = (0..SMALL / 4).map(|_| rng.u8(..)).collect();
    let decimal = numbers.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
    let hexadecimal = numbers.iter().map(|number| format!("0x{number:02x}")).collect::<Vec<_>>().join(", ");
    let encoded = data_encoding::BASE64.encode(&text[..LARGE / 2]).into_bytes();
    let input = |name, bytes, keys| Input { name, bytes, keys };
    vec![
        input("needles/utf-16le", utf16_le(half), 0),
        input("needles/utf-16be", utf16_be(half), 0),
        input("needles/plain", prefixes, 0),
        input("needles/almost-keys", nearly, 0),
        input("needles/split", b"hopx_live_\" + \"".repeat(SMALL / 15), 0),
        input("needles/gzip", b"H4sI".repeat(SMALL / 4), 0),
        input("numbers/decimal", decimal.into_bytes(), 0),
        input("numbers/hexadecimal", hexadecimal.into_bytes(), 0),
        input("text/base64", encoded, 0),
        input("text/source", text, 0),
        input("binary/random", noise, 0),
        input("binary/utf-16", utf16, 0),
        input("keys/every-100-bytes", dense, keys),
    ]
}

fn count(detector: &Detector, bytes: &[u8]) -> usize {
    detector.keys(bytes, 0..bytes.len()).filter(|found| matches!(found, Found::Key(_))).count()
}

fn measure(group: &mut BenchmarkGroup<'_, WallTime>, input: &Input) {
    let Input { bytes, keys, .. } = input;
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    let finder = memmem::Finder::new("hopx_live_");
    group.bench_function("one needle, memchr::memmem", |bencher| {
        bencher.iter(|| finder.find_iter(black_box(bytes)).count());
    });
    let needles: Vec<Vec<u8>> = needle::needles().into_iter().map(|needle| needle.bytes).collect();
    let engines = [
        ("prefilter, the library's", Some(Prefilter::library(&needles))),
        ("prefilter, AVX2", Prefilter::avx2(&needles)),
        ("prefilter, AVX-512", Prefilter::avx512(&needles)),
    ];
    for (name, engine) in engines {
        let Some(engine) = engine else { continue };
        group.bench_function(name, |bencher| bencher.iter(|| engine.hits(black_box(bytes), 0..bytes.len()).count()));
    }
    for (name, detector) in
        [("detector", Detector::new()), ("detector, the library's engine", Detector::with_library_search())]
    {
        assert_eq!(count(&detector, bytes), *keys, "keys found in {}", input.name);
        group.bench_function(name, |bencher| bencher.iter(|| count(&detector, black_box(bytes))));
    }
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(15)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_millis(1500))
        .without_plots()
        .configure_from_args();
    for input in inputs() {
        let mut group = criterion.benchmark_group(input.name);
        group.sampling_mode(SamplingMode::Flat);
        measure(&mut group, &input);
        group.finish();
    }
    criterion.final_summary();
}
