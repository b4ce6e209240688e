//! Where one buffer, map or window ends and the next begins: keys across every such edge, at every offset.

use std::collections::BTreeMap;

use hopx_leaks::blob::STREAM_WINDOW;
use hopx_leaks::detect::text::MAX_REACH;
use hopx_leaks::key::KEY_LEN;
use hopx_leaks::read::{MAP_FROM, window_size};
use serde_json::Value;

use super::{Form, Found, by_path, keys_at};
use crate::keys::base64url;
use crate::program::Bench;

/// So many threads that each maps the least there is.
const MANY: usize = 24;
/// A few keys stand in many places: each of them is looked for in every output.
const KEYS: usize = 6;

/// A text that grows to exact offsets, and the keys in it.
struct Text {
    form: Form,
    bytes: Vec<u8>,
    keys: Vec<String>,
    placed: Vec<(usize, usize)>,
}

impl Text {
    fn new(form: Form, bench: &mut Bench) -> Text {
        let keys = (0..KEYS).map(|number| if number % 2 == 0 { bench.live() } else { bench.test() }).collect();
        // ASCII first, from which UTF-16 is recognised without a mark.
        let bytes = form.encode("A long text, so that it takes more than one piece to read.\n");
        Text { form, bytes, keys, placed: Vec::new() }
    }

    fn push(&mut self, text: &str) {
        self.bytes.extend(self.form.encode(text));
    }

    /// Prose up to exactly `offset`, in whole characters.
    fn fill_to(&mut self, offset: usize) {
        const LINE: &str = "Prose with é, 键 and 😀 in it, over and over: hopx_live_ is a prefix.\n";
        let line = self.form.encode(LINE);
        assert!(self.bytes.len() <= offset, "{offset} has been passed");
        while self.bytes.len() + line.len() <= offset {
            self.bytes.extend_from_slice(&line);
        }
        for c in LINE.chars() {
            let character = self.form.encode(c.encode_utf8(&mut [0; 4]));
            if self.bytes.len() + character.len() <= offset {
                self.bytes.extend(character);
            }
        }
        while self.bytes.len() < offset {
            self.push(" ");
        }
    }

    /// A key whose first byte is at `start`.
    fn key_at(&mut self, start: usize) {
        self.fill_to(start - self.form.unit());
        self.push("\"");
        self.key_here();
        self.push("\"");
    }

    fn key_here(&mut self) {
        let number = self.placed.len() % KEYS;
        self.placed.push((self.bytes.len(), number));
        self.bytes.extend(self.form.encode(&self.keys[number]));
    }

    fn expected(&self) -> Vec<Found> {
        keys_at(self.form, &self.bytes, self.placed.iter().map(|&(start, number)| (start, self.keys[number].as_str())))
    }
}

/// The edges of the windows of a stream: what one window owns ends here. And where one ends that has been read.
fn stream_edges() -> impl Iterator<Item = [usize; 2]> {
    let first = STREAM_WINDOW - MAX_REACH;
    (0..).map(move |number| first + number * (STREAM_WINDOW - 2 * MAX_REACH)).map(|edge| [edge, edge + MAX_REACH])
}

fn map_edges() -> impl Iterator<Item = usize> + Clone {
    (1..).map(|number| number * window_size(MANY))
}

/// Where a key starts that touches or nearly touches an edge: from 3 characters before to 3 after.
fn offsets(form: Form) -> impl Iterator<Item = isize> + Clone {
    let unit = form.unit().cast_signed();
    let (first, last) = (-(KEY_LEN.cast_signed() + 3), 3);
    (first..=last).map(move |offset| offset * unit)
}

/// What is found on standard input and in a file, with as many threads as make for small, middling and large maps.
fn found_everywhere(bench: &Bench, content: &[u8]) -> BTreeMap<String, Vec<Value>> {
    bench.write("text", content);
    let mut all = BTreeMap::new();
    for threads in ["-j1", "-j8", &format!("-j{MANY}")] {
        let report = bench.run(["scan", "-f", "json", threads, "text"]).json();
        assert_eq!(report["coverage"]["bytes"], content.len());
        all.insert(threads.to_owned(), pathless(&report));
    }
    let report = bench.run_with_input(["scan", "-f", "json", "-"], content).json();
    assert_eq!(report["coverage"]["bytes"], content.len());
    all.insert("standard input".to_owned(), pathless(&report));
    all
}

/// The findings of a report without what names the file, and without what takes a second pass, which a stream has not.
fn pathless(report: &Value) -> Vec<Value> {
    assert_eq!(report["complete"], true);
    let mut findings = report["findings"].as_array().expect("a list").clone();
    for finding in &mut findings {
        let fields = finding.as_object_mut().expect("an object");
        assert!(fields.remove("path").is_some() && fields.remove("root").is_some());
        fields.remove("line_hash");
    }
    findings
}

/// Holds every way of reading `text` to the same findings, and those to what is in it.
fn assert_found_alike(bench: &Bench, text: &Text) {
    let expected = text.expected();
    let all = found_everywhere(bench, &text.bytes);
    let first = all.first_key_value().expect("some").1;
    let mut found: Vec<Found> = first.iter().map(Found::new).collect();
    found.sort();
    assert_eq!(found.len(), expected.len(), "{:?}", text.form);
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected, "{:?}", text.form);
    }
    for (way, findings) in &all {
        assert!(findings == first, "{way} differs, {:?}", text.form);
    }
}

fn every_offset_around_every_edge(form: Form, seed: u64) {
    let mut bench = Bench::new(seed);
    let count = offsets(form).count();
    let maps: Vec<usize> = map_edges().take(count).collect();
    let (owned, read): (Vec<usize>, Vec<usize>) =
        stream_edges().map(|[owned, read]| (owned, read)).take(2 * count).unzip();
    let read: Vec<usize> = read.into_iter().filter(|edge| !maps.contains(edge)).collect();
    let mut starts: Vec<usize> = [maps, owned, read]
        .into_iter()
        .flat_map(|edges| edges.into_iter().zip(offsets(form)).map(|(edge, offset)| edge.strict_add_signed(offset)))
        .collect();
    starts.sort_unstable();
    assert_eq!(starts.len(), 3 * count, "every kind of edge has every offset");

    let mut text = Text::new(form, &mut bench);
    for start in starts {
        text.key_at(start);
    }
    text.fill_to(text.bytes.len() + 1_000);
    assert_found_alike(&bench, &text);
}

#[test]
fn plain_around_every_edge() {
    every_offset_around_every_edge(Form::Utf8, 500);
}

#[test]
fn utf16le_around_every_edge() {
    every_offset_around_every_edge(Form::Utf16Le, 501);
}

#[test]
fn utf16be_around_every_edge() {
    every_offset_around_every_edge(Form::Utf16Be, 502);
}

/// A key later on a line is in the wrong column when a character was counted twice, or not, at an edge.
#[test]
fn characters_cut_by_an_edge_count_once() {
    for (form, cuts) in [(Form::Utf8, &[0, 1, 2, 3, 4][..]), (Form::Utf16Le, &[0, 2, 4]), (Form::Utf16Be, &[0, 2, 4])] {
        let mut bench = Bench::new(503);
        let mut text = Text::new(form, &mut bench);
        let mut edges: Vec<usize> = map_edges().take(5).chain(stream_edges().take(5).flatten()).collect();
        edges.sort_unstable();
        edges.dedup();
        for (edge, cut) in edges.into_iter().zip(cuts.iter().cycle()) {
            text.fill_to(edge - cut);
            text.push("😀 then, on the same line, ");
            text.key_here();
            text.push("\n");
        }
        assert_found_alike(&bench, &text);
    }
}

/// What grades a key may stand in another window than the key.
#[test]
fn neighbours_across_an_edge() {
    let mut bench = Bench::new(504);
    let mut text = Text::new(Form::Utf8, &mut bench);
    let mut edges = map_edges().take(9).chain(stream_edges().take(9).map(|[edge, _]| edge)).collect::<Vec<_>>();
    edges.sort_unstable();
    let mut grades = Vec::new();
    for (number, edge) in edges.into_iter().enumerate() {
        // Where the key starts, what is before and behind it, and what that makes of it: the letter is the last byte before
        // the edge, the first behind it, the farthest that counts, or one farther.
        let (start, before, behind, grade) = match number % 6 {
            0 => (edge, "s".to_owned(), " ".to_owned(), "medium"),
            1 => (edge - KEY_LEN, " ".to_owned(), "a ".to_owned(), "medium"),
            2 => (edge - KEY_LEN, " ".to_owned(), "-".repeat(15) + "a ", "medium"),
            3 => (edge - KEY_LEN - 10, " ".to_owned(), "-".repeat(16) + "a ", "high"),
            4 => (edge, "\\n".to_owned(), " ".to_owned(), "high"),
            _ => (edge + 1, "\u{1b}[38;5;208m".to_owned(), "\0".to_owned(), "high"),
        };
        text.fill_to(start - before.len());
        text.push(&before);
        text.key_here();
        text.push(&behind);
        grades.push(grade);
    }
    text.fill_to(text.bytes.len() + 1_000);
    let with_grade = |(found, grade): (Found, &&str)| Found { confidence: (*grade).to_owned(), ..found };
    let expected: Vec<Found> = text.expected().into_iter().zip(&grades).map(with_grade).collect();
    for (way, findings) in found_everywhere(&bench, &text.bytes) {
        let mut found: Vec<Found> = findings.iter().map(Found::new).collect();
        found.sort();
        assert_eq!(found, expected, "{way}");
    }
}

/// The key is the end of the file, the file as long as a buffer or a window, or a little more or less.
#[test]
fn the_last_bytes_of_a_file() {
    let map_from = usize::try_from(MAP_FROM).expect("small");
    for form in Form::ALL {
        let mut bench = Bench::new(505);
        let window = window_size(8);
        let lengths = [map_from, STREAM_WINDOW, window, 2 * STREAM_WINDOW - 2 * MAX_REACH]
            .into_iter()
            .flat_map(|length| [length - 2, length - 1, length, length + 1, length + 2])
            .filter(|length| length % form.unit() == 0);
        let mut expected = BTreeMap::new();
        for length in lengths {
            let mut text = Text::new(form, &mut bench);
            text.fill_to(length - (KEY_LEN + 1) * form.unit());
            text.push("\"");
            text.key_here();
            assert_eq!(text.bytes.len(), length);
            let report = bench.run_with_input(["scan", "-f", "json", "-"], &text.bytes).json();
            assert_eq!(by_path(&report)["<stdin>"], text.expected(), "{length} bytes of {form:?} on standard input");
            bench.write(length.to_string(), &text.bytes);
            expected.insert(length.to_string(), text.expected());
        }
        for threads in ["-j1", "-j8"] {
            assert_eq!(by_path(&bench.run(["scan", "-f", "json", threads]).json()), expected, "{threads} {form:?}");
        }
    }
}

/// More text at the end turns a file that is read into one that is mapped, and changes nothing before it.
#[test]
fn read_mapped_and_streamed_are_alike() {
    for form in Form::ALL {
        let mut bench = Bench::new(506);
        let mut text = Text::new(form, &mut bench);
        for start in [1_000, 4_096, 65_000, 65_536, 300_000, 1_000_000] {
            text.key_at(start);
        }
        let expected = text.expected();
        let short = found_everywhere(&bench, &text.bytes);
        text.fill_to(4 << 20);
        let long = found_everywhere(&bench, &text.bytes);
        let first = &short["-j1"];
        assert_eq!(first.iter().map(Found::new).collect::<Vec<_>>(), expected);
        for (way, findings) in short.iter().chain(&long) {
            assert!(findings == first, "{way} {form:?}");
        }
    }
}

/// A thread reads one file after the other into the same buffer: what the last one left there is no part of the next.
#[test]
fn a_short_file_after_a_long_one() {
    let mut bench = Bench::new(507);
    let key = bench.live();
    let mut expected = BTreeMap::new();
    for number in 0..40_usize {
        let before = " ".repeat(100 * (number % 7));
        let (whole, cut) = (format!("whole-{number}"), format!("cut-{number}"));
        let content = format!("{before}{key}");
        bench.write(&cut, &content[..content.len() - 1 - number]);
        bench.write(&whole, &content);
        expected.insert(whole, keys_at(Form::Utf8, content.as_bytes(), [(before.len(), key.as_str())]));
    }
    assert_eq!(by_path(&bench.run(["scan", "-f", "json", "-j1"]).json()), expected);
}

/// A few hundred files, several hundred keys, in many folders, read and mapped.
fn fill_with_leaks(bench: &mut Bench) {
    let placeholder = format!("hopx_live_{}.{}", bench.keys().id(), base64url(b"Put your own HopX API key here~ "));
    for number in 0..300_usize {
        let mut text = format!("file {number}\n{placeholder}\n");
        for line in 0..number % 5 {
            // Each key that a bench remembers is looked for in every output, so only some are.
            let key = match (number % 16, line) {
                (1, _) => bench.live(),
                (_, 0) => bench.keys().test(),
                _ => bench.keys().live(),
            };
            text = format!("{text}é{line}: {key}\n");
        }
        if number % 60 == 1 {
            text = format!("{text}{}\n{text}", "Prose, prose.\n".repeat(90_000));
        }
        let form = Form::ALL[usize::from(number % 7 == 0) + usize::from(number % 14 == 0)];
        bench.write(format!("{}/{}/file-{number}.txt", number % 3, number % 11), form.encode(&text));
    }
}

#[test]
fn the_count_of_threads_changes_no_byte_of_any_report() {
    let mut bench = Bench::new(508);
    fill_with_leaks(&mut bench);
    for format in ["text", "json", "jsonl", "sarif"] {
        let run = |threads: &str| bench.run(["scan", "-f", format, threads]);
        let alone = run("-j1");
        assert_eq!(alone.status, Some(1));
        for threads in ["-j8", "-j8", "-j3"] {
            let run = run(threads);
            assert_eq!(run.status, Some(1));
            assert!(run.stdout == alone.stdout, "{format} with {threads}");
            assert_eq!(run.stderr, alone.stderr, "{format} with {threads}");
        }
        if format == "json" {
            let report = alone.json();
            assert_eq!(report["coverage"]["files"], 300);
            assert!(report["coverage"]["placeholders"].as_u64() >= Some(300));
            assert!(report["findings"].as_array().map(Vec::len) >= Some(600));
        }
    }
}

#[test]
fn a_key_that_starts_inside_of_another_across_an_edge() {
    for edge in [window_size(MANY), STREAM_WINDOW - MAX_REACH] {
        let mut bench = Bench::new(590);
        let (outer, inner) = (bench.live(), bench.live());
        let inner = format!("{}A{}", &inner[..21], &inner[22..]);
        let glued = format!("{}{}_{inner}", &outer[..23], &outer[23..43]);
        let mut text = Text::new(Form::Utf8, &mut bench);
        text.fill_to(edge - 10);
        text.push(" ");
        text.push(&glued);
        text.push(" ");
        text.fill_to(3 << 20);
        bench.write("text", &text.bytes);
        let run = bench.run(["scan", "-f", "json", &format!("-j{MANY}"), "text"]);
        assert_eq!(run.status, Some(1), "{}", run.stderr);
        let mapped = by_path(&run.json())["text"].clone();
        let run = bench.run(["scan", "-f", "json", "-j1", "text"]);
        assert_eq!(by_path(&run.json())["text"], mapped);
        let run = bench.run_with_input(["scan", "-f", "json", "-"], &text.bytes);
        assert_eq!(run.status, Some(1), "{}", run.stderr);
        assert_eq!(by_path(&run.json())["<stdin>"], mapped);
    }
}
