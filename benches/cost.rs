//! What 1 MiB of text made to slow the search down costs, as a multiple of 1 MiB of source text, in CPU time: false starts,
//! near keys, keys and empty streams, in every encoding and chain of the table, and every needle by itself.
//!
//! `cargo bench --bench cost` takes about three minutes and prints the most expensive cases, `-- --all` all of them. The
//! status is 1 when one is above 512, which is what a small file may cost (`docs/detection.md`). All data is made from a seed.

#![allow(
    clippy::cast_precision_loss,
    clippy::exit,
    clippy::expect_used,
    clippy::format_collect,
    clippy::print_stdout,
    clippy::too_many_lines,
    reason = "a benchmark prints, has a status, and stops where something is wrong"
)]

#[path = "../tests/support/keys.rs"]
mod keys;
#[path = "support/source.rs"]
mod source;

use std::fs::File;
use std::hint::black_box;
use std::io::{Seek, SeekFrom, Write};
use std::time::Duration;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use hopx_leaks::blob::{Content, Kind};
use hopx_leaks::container::Bounds;
use hopx_leaks::detect::Detector;
use hopx_leaks::detect::encoding::{Encoding, PACKED, Packed, ROWS, WITHIN};
use hopx_leaks::detect::needle;
use hopx_leaks::read::{Buffer, fill};
use hopx_leaks::search::{Containers, Search};
use keys::Keys;

const SEED: u64 = 20_261_130;
const MIB: usize = 1 << 20;
/// How much source text a case is compared with.
const SOURCE_MIB: usize = 32;
/// The most that a case may cost, as a multiple of source text.
const BAR: f64 = 512.0;
/// How often an expensive case is measured; the fastest run counts.
const RUNS: usize = 3;
/// What is measured once more: above a part of the bar.
const EXPENSIVE: f64 = BAR / 2.0;

/// A text and its name.
type Named = (String, Vec<u8>);

/// A case: its name, and what makes its text.
struct Case {
    name: String,
    text: Box<dyn FnOnce() -> Vec<u8>>,
}

impl Case {
    fn new(name: String, text: impl FnOnce() -> Vec<u8> + 'static) -> Case {
        Case { name, text: Box::new(text) }
    }
}

/// What is repeated: beginnings of keys, and all that may follow one.
fn seeds() -> Vec<Named> {
    let mut keys = Keys::new(SEED);
    let key = keys.live();
    let near = |end: &str| format!("{}{end}", &key[..65]);
    let mut seeds: Vec<(&str, String)> = vec![
        ("hopx", "hopx".to_owned()),
        ("hopx-live", "hopx_live_".to_owned()),
        ("prefix-and-id", format!("{}.", &key[..22])),
        ("prefixes-in-a-secret", format!("{}.hopx_live_", &key[..22])),
        ("near-key", near("B")),
        ("near-key-and-blank", near("B ")),
        ("near-key-cut", format!("{} ", &key[..60])),
        ("key", key.clone()),
        ("key-and-letter", format!("{key}x")),
        ("placeholder", format!("{}.{}A", &key[..22], "x".repeat(42))),
    ];
    // Every byte that may begin an escape or a break, behind every part of a key.
    let breaks = [
        "%",
        "%25",
        "%5F",
        "\\",
        "\\u005f",
        "\\u{5f}",
        "\\x5f",
        "\\\\\\\\_",
        "&",
        "&#95;",
        "&lowbar;",
        "=",
        "=5F",
        "=\n",
        "\"",
        "\" + \"",
        "'.'",
        "\"\"\"\"\"\"\"\"",
        "'.'.'.'.'.'.'.'.",
        "\n",
        "\n-",
        "\n---",
        "\r\n> > ",
        "\\n\\t",
        " \\\n    ",
        "<",
        "<b>",
        "</w:t></w:r><w:proofErr w:type=\"spellEnd\"/><w:r><w:t>",
        "<!-- ",
        "\u{ad}",
        "\u{200b}",
        "&shy;",
        "\x1b[0m",
        "\x1b]8;;http://a\x07",
        "\x1b]",
        "\\u001b[36m",
        " │\n│ ",
        "|\n|",
        "\"]\n[1.0, \"o\", \"",
        "{\"",
        "\"}",
        "`",
        "^[[",
    ];
    let mut texts: Vec<Named> = seeds.drain(..).map(|(name, text)| (name.to_owned(), text.into_bytes())).collect();
    for gap in breaks {
        for len in [4, 44] {
            texts.push((format!("{len} characters and {gap:?}"), format!("{}{gap}", &key[..len]).into_bytes()));
        }
        let times = (480 / gap.len()).max(1);
        texts.push((
            format!("44 characters and {gap:?} {times} times"),
            format!("{}{}", &key[..44], gap.repeat(times)).into_bytes(),
        ));
        let pieces: String =
            key.as_bytes().chunks(13).map(|piece| format!("{}{gap}", String::from_utf8_lossy(piece))).collect();
        texts.push((format!("pieces with {gap:?}"), pieces.into_bytes()));
    }
    texts
}

/// A mebibyte of a text, over and over.
fn repeated(text: &[u8]) -> Vec<u8> {
    text.iter().copied().cycle().take(MIB).collect()
}

/// A text in an encoding: what the encoding says it looks like, in the first of its forms.
fn encoded(chain: &[&Encoding], text: Vec<u8>) -> Vec<u8> {
    chain.iter().rev().fold(text, |text, encoding| (encoding.forms)(&text).swap_remove(0).bytes)
}

/// Every seed in every chain, repeated before it is encoded and after.
fn in_chains(seeds: &[Named]) -> Vec<Case> {
    let within = WITHIN.iter().map(|encoding| vec![*encoding]);
    let chains: Vec<Vec<&Encoding>> = ROWS.iter().map(|row| row.chain.to_vec()).chain(within).collect();
    let mut cases = Vec::new();
    for chain in &chains {
        let name = chain.iter().map(|encoding| encoding.name).collect::<Vec<_>>().join(",");
        for (seed, text) in seeds {
            let (chain, text) = (chain.clone(), text.clone());
            cases.push(Case::new(format!("[{name}] {seed}"), move || {
                // Repeated before it is encoded, so that the alignment differs from one to the next.
                encoded(&chain, text.iter().copied().cycle().take(text.len().max(MIB / 8)).collect())
            }));
        }
    }
    cases
}

/// Compressed, as deep in base64 as it is looked for.
fn packed(packed: Packed, layers: usize, level: u32, text: &[u8]) -> Vec<u8> {
    let level = Compression::new(level);
    let bytes = match packed {
        Packed::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), level);
            encoder.write_all(text).expect("in memory");
            encoder.finish().expect("in memory")
        }
        Packed::Zlib => {
            let mut encoder = ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(text).expect("in memory");
            encoder.finish().expect("in memory")
        }
    };
    (0..layers).fold(bytes, |bytes, _| data_encoding::BASE64.encode(&bytes).into_bytes())
}

/// Streams: empty, short, long, cut, and full of false starts.
fn streams(seeds: &[Named]) -> Vec<Case> {
    let mut cases = Vec::new();
    for &(format, layers) in PACKED {
        let name = format!("[{}{}]", "base64,".repeat(layers), format.name());
        for level in [0, 1, 9] {
            // `text` over and over in a stream of `len` bytes, of which `cut` are kept, and a newline.
            let mut case = |what: &str, text: &[u8], len: usize, cut: usize| {
                let text = text.to_vec();
                cases.push(Case::new(format!("{name} {what}, level {level}"), move || {
                    let full: Vec<u8> = text.iter().copied().cycle().take(len).collect();
                    let stream = packed(format, layers, level, &full);
                    [&stream[..cut.min(stream.len())], b"\n"].concat()
                }));
            };
            let short = b"a short text, and then another one, that is a bit longer";
            case("empty streams", short, 0, usize::MAX);
            case("short streams", short, 34, usize::MAX);
            for cut in [16, 32, 48] {
                case(&format!("streams cut at {cut}"), short, short.len(), cut);
            }
            case("zeros", &[0], 4 * MIB, usize::MAX);
            for (seed, text) in seeds.iter().take(10) {
                for len in [200, 4_000, 4 * MIB] {
                    case(&format!("{len} bytes of {seed}"), text, len, usize::MAX);
                }
            }
        }
    }
    // Headers that do not end: a name, a field.
    for (what, header) in
        [("name", &b"\x1f\x8b\x08\x08\0\0\0\0\0\x03"[..]), ("field", b"\x1f\x8b\x08\x04\0\0\0\0\0\x03\x80\0")]
    {
        for more in [0, 1, 2, 200] {
            cases.push(Case::new(format!("[base64,gzip] header with a {what} and {more} bytes"), move || {
                data_encoding::BASE64.encode(&[header, &vec![b'a'; more]].concat()).into_bytes()
            }));
        }
    }
    cases
}

/// CPU time of this thread, since other programs may run beside this one.
fn cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    #[expect(unsafe_code, reason = "the standard library has no clock for this")]
    // SAFETY: the call writes the structure that the pointer is for.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(status, 0, "a clock for threads");
    Duration::new(time.tv_sec.try_into().expect("after the start"), time.tv_nsec.try_into().expect("below a second"))
}

/// The least CPU time that it takes to read a file, which the system holds in memory, and to search it, piece by piece as
/// source trees have files.
fn time(detector: &Detector, file: &mut File, buffer: &mut [u8], runs: usize) -> Duration {
    let mut run = || {
        file.seek(SeekFrom::Start(0)).expect("the start");
        let mut search = Search::new(detector, Containers::Open, Bounds::default());
        let begin = cpu_time();
        loop {
            let (read, outcome) = fill(file, buffer);
            outcome.expect("a file");
            if read == 0 {
                return cpu_time().saturating_sub(begin);
            }
            let (outcome, _) =
                search.run(Kind::Content, b"", &mut Content::Whole(black_box(&buffer[..read])), &mut |_| {});
            black_box(outcome);
        }
    };
    (0..runs).map(|_| run()).min().unwrap_or_default()
}

/// A file with these bytes.
fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(bytes).expect("written");
    file
}

fn main() {
    let is_all = std::env::args().any(|argument| argument == "--all");
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let detector = Detector::new();
    let mut buffer = Buffer::new(MIB);
    let text = source::text(&mut fastrand::Rng::with_seed(SEED), SOURCE_MIB * MIB);
    let unit = time(&detector, &mut file(&text), &mut buffer, RUNS).as_secs_f64() / SOURCE_MIB as f64;
    println!("source text: {:.1} GB/s, read and searched", MIB as f64 / unit / 1e9);

    let seeds = seeds();
    let needles = needle::needles().into_iter().flat_map(|needle| {
        let name = String::from_utf8_lossy(&needle.bytes).into_owned();
        let spaced = [needle.bytes.as_slice(), b"\n"].concat();
        [
            Case::new(format!("needle {name:?}"), move || needle.bytes),
            Case::new(format!("needle {name:?} and newline"), move || spaced),
        ]
    });
    let mut cases = in_chains(&seeds);
    cases.extend(needles);
    cases.extend(streams(&seeds));
    cases.retain(|case| only.as_ref().is_none_or(|only| case.name.contains(only.as_str())));
    let count = cases.len();
    let mut costs: Vec<(f64, String)> = Vec::with_capacity(count);
    for Case { name, text } in cases {
        let mut file = file(&repeated(&text()));
        let mut cost = |runs| time(&detector, &mut file, &mut buffer, runs).as_secs_f64() / unit;
        let once = cost(1);
        let cost = if once > EXPENSIVE { cost(RUNS) } else { once };
        if cost > EXPENSIVE {
            println!("{cost:8.1}  {name}");
        }
        costs.push((cost, name));
    }
    costs.sort_by(|a, b| b.0.total_cmp(&a.0));
    println!("\nThe most expensive:");
    for (cost, name) in costs.iter().take(if is_all { count } else { 40 }) {
        println!("{cost:8.1}  {name}");
    }
    let above = costs.iter().filter(|(cost, _)| *cost > BAR).count();
    println!("{count} cases, {above} above {BAR} times source text");
    std::process::exit(i32::from(above > 0));
}
