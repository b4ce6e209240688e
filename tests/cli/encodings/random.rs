//! Random chains in random noise, and noise alone. In the process itself, through the library, for the sake of speed.

use std::fmt::Write;

use fastrand::Rng;
use hopx_leaks::detect::{Detector, Found};

use crate::encode::{Alphabet, Text, Units, base64};
use crate::forms::{self, Form};
use crate::keys::Keys;
use crate::program::id;

/// Cases of each kind of noise.
const CASES: usize = 3_000;
/// Names the MiB of noise for a longer run.
const NOISE: &str = "HOPX_LEAKS_TEST_NOISE";

/// The ids of the keys that are found.
fn found(detector: &Detector, bytes: &[u8]) -> Vec<String> {
    let keys = detector.keys(bytes, 0..bytes.len()).filter_map(|found| match found {
        Found::Key(found) => Some(found.key.id.as_str().to_owned()),
        Found::Placeholder(_) | Found::Packed { .. } => None,
    });
    keys.collect()
}

/// So many random bytes.
fn bytes(len: usize, rng: &mut Rng) -> Vec<u8> {
    let mut bytes = vec![0; len];
    rng.fill(&mut bytes);
    bytes
}

/// So many printable characters and newlines.
fn printable(len: usize, rng: &mut Rng) -> Vec<u8> {
    (0..len).map(|_| if rng.u8(..40) == 0 { b'\n' } else { rng.u8(b' '..=b'~') }).collect()
}

/// Random chains of a random key between noise, in noise. Around the key and around its encoded form stands a sign
/// that leaves it open. The cases that failed, by their seeds.
fn lost(seed: u64, forms: &[Form], noise: fn(usize, &mut Rng) -> Vec<u8>) -> Vec<String> {
    const SIGNS: &[u8] = b"\"'<>()[]{}|;,!?*~^$@`";
    let detector = Detector::new();
    let mut lost = Vec::new();
    for case in 0..CASES {
        let seed = seed + case as u64;
        let rng = &mut Rng::with_seed(seed);
        let mut keys = Keys::new(seed);
        let key = if rng.bool() { keys.live() } else { keys.test() };
        let form = &forms[case % forms.len()];
        let mut side = |length: usize| {
            let length = rng.usize(..length);
            (noise(length, rng), rng.choice(SIGNS).copied().expect("some"))
        };
        let ((before, open), (after, close)) = (side(200), side(200));
        let (outer_before, outer_open) = side(600);
        let (outer_after, outer_close) = side(600);
        let text = Text::plain(&[before, vec![open]].concat(), key.as_bytes(), &[vec![close], after].concat());
        let text = form.apply(text, rng);
        let sign = |sign: u8| text.units.encode(&char::from(sign).to_string());
        let content = [outer_before, sign(outer_open), text.bytes.clone(), sign(outer_close), outer_after].concat();
        if found(&detector, &content) != [id(&key)] {
            lost.push(format!("{} with seed {seed}", form.id));
        }
    }
    lost
}

#[track_caller]
fn check(seed: u64, noise: fn(usize, &mut Rng) -> Vec<u8>) {
    let mut forms: Vec<Form> = [forms::singles(), forms::chains()].into_iter().flatten().collect();
    forms.retain(|form| !is_beyond(&form.id));
    Rng::with_seed(seed).shuffle(&mut forms);
    let lost = lost(seed, &forms, noise);
    assert!(lost.is_empty(), "{} of {CASES} lost:\n{}", lost.len(), lost[..lost.len().min(60)].join("\n"));
}

/// Whether a line break of base64 may fall where nothing is left to search from (docs/detection.md, Limits): in `hopx`, in
/// lines around text that writes the letters behind it as escapes or breaks them, or around lines of base64.
pub(super) fn is_beyond(id: &str) -> bool {
    let is_in_lines =
        |id: &str| id.strip_prefix("base64-").is_some_and(|id| id.starts_with(|c: char| c.is_ascii_digit()));
    let Some((outer, inner)) = id.split_once("_over_") else { return false };
    let is_cut = inner.contains("some") || inner.starts_with("qp-soft");
    is_in_lines(outer) && is_cut || outer.starts_with("base64") && is_in_lines(inner)
}

#[test]
fn chains_in_text() {
    check(0x0079_0000, printable);
}

/// Near a NUL a finding is `medium`, which is not asked for here.
#[test]
fn chains_in_binary_data() {
    check(0x0079_1000, bytes);
}

/// Random hexadecimal digits, in lines.
fn hex(len: usize, rng: &mut Rng) -> Vec<u8> {
    let mut text = String::with_capacity(len + 64);
    while text.len() < len {
        writeln!(text, "{:016x}{:016X}{:016x}", rng.u64(..), rng.u64(..), rng.u64(..)).expect("memory takes it");
    }
    text.into_bytes()
}

/// One long text of random base64 digits.
fn digits(len: usize, rng: &mut Rng) -> Vec<u8> {
    let alphabet = if rng.bool() { Alphabet::Standard } else { Alphabet::Url };
    base64(&bytes(len * 3 / 4, rng), alphabet)
}

/// Random bytes in base64, in lines.
fn wrapped(len: usize, rng: &mut Rng) -> Vec<u8> {
    let width = rng.usize(16..=100);
    let newline = rng.choice(["\n", "\r\n", "\\n", "\n    "]).expect("some").as_bytes();
    digits(len, rng).chunks(width).flat_map(|line| [line, newline].concat()).collect()
}

/// Words and signs as programs have them, `hopx` and parts of keys and of encodings among them.
fn code(len: usize, rng: &mut Rng) -> Vec<u8> {
    const WORDS: &[&str] = &[
        "hopx",
        "hopx_live_",
        "hopx_test_",
        "live_",
        "test_",
        "_live_",
        "hopx_",
        "68",
        "6f70",
        "686f7078",
        "aG9weF9s",
        "saXZlX",
        "H4sI",
        "H4sIAAAAAAAA/",
        "%68",
        "%6F%70%78",
        "\\x68\\x6f\\x70\\x78",
        "\\u0068",
        "\\u{68}",
        "&#104;",
        "&#x5f;",
        "&lowbar;",
        "104, 111, 112, 120",
        "uback",
        "_evil_xpoh",
        "_tset_xpoh",
        "ubck_yvir_",
        "=5F",
        "\\_",
        "key",
        "const",
        "let",
        "if",
        "return",
        "value",
        "id",
        "secret",
        "\"",
        "\" + \"",
        "'",
        "' . '",
        "\\\n",
        "\n",
        "\n    ",
        "\n+",
        " ",
        " ",
        ", ",
        ".",
        "_",
        "-",
        "(",
        ")",
        " = ",
        ";",
        "[",
        "]",
        "\", \"",
        "=\r\n",
        "/",
        "0x",
        "%",
        "&#",
    ];
    let mut text = Vec::with_capacity(len + 64);
    while text.len() < len {
        match rng.u8(..8) {
            0 => text.extend((0..rng.usize(1..50)).map(|_| rng.alphanumeric() as u8)),
            1 => text.extend(rng.u64(..).to_string().bytes()),
            _ => text.extend(rng.choice(WORDS).copied().expect("some").bytes()),
        }
    }
    text
}

#[track_caller]
fn assert_nothing(seed: u64, noise: fn(usize, &mut Rng) -> Vec<u8>) {
    const PIECE: usize = 1 << 20;
    let mib = std::env::var(NOISE).ok().map_or(32, |mib| mib.parse().expect("a number of MiB"));
    let detector = Detector::new();
    // Five kinds of noise share what was asked for.
    for piece in 0..u64::div_ceil(mib, 5) {
        let seed = (seed << 32) + piece;
        let noise = noise(PIECE, &mut Rng::with_seed(seed));
        let found = found(&detector, &noise);
        assert!(found.is_empty(), "found in noise with seed {seed}: {found:?}");
    }
}

#[test]
fn no_key_in_random_bytes() {
    assert_nothing(792, bytes);
}

#[test]
fn no_key_in_random_base64() {
    assert_nothing(793, digits);
}

#[test]
fn no_key_in_random_lines_of_base64() {
    assert_nothing(794, wrapped);
}

#[test]
fn no_key_in_random_hexadecimal() {
    assert_nothing(795, hex);
}

#[test]
fn no_key_in_random_code() {
    assert_nothing(796, code);
}

/// A key in UTF-16 that starts at an odd byte.
#[test]
fn utf16_at_an_odd_byte() {
    let detector = Detector::new();
    for units in [Units::Utf16Le, Units::Utf16Be] {
        for before in [&b"a"[..], b"\"", b"abc", b"\xff"] {
            let key = Keys::new(797).live();
            let text = Text::plain(b"= ", key.as_bytes(), b" ").utf16(units);
            assert_eq!(found(&detector, &[before, &text.bytes].concat()), [id(&key)], "{}", units.name());
        }
    }
}
