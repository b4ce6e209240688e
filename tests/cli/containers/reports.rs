//! Members in reports: every format, the schema, the counts, and the same for any number of threads.

use serde_json::{Value, json};

use crate::archive::{Method, gzip, tar, zip};
use crate::json::schema;
use crate::program::{Bench, id};
use crate::sarif;

use super::pack::{comment, encrypt, noise, zeros};
use super::{counts, findings, scan, settings};

/// A folder with keys in members and every kind of problem, and the bounds that make some of them.
struct Rich {
    bench: Bench,
    key: String,
    own: String,
    named: String,
}

const BOUNDS: [&str; 2] = ["--max-depth=4", "--max-members=9"];

impl Rich {
    fn new(seed: u64) -> Rich {
        let mut bench = Bench::new(seed);
        let (key, own, named) = (bench.live(), bench.test(), bench.live());
        let settings = settings(&key);
        let name = format!("é {named}.txt");
        let inner = tar(&[("dir/file", &settings), (&name, b"nothing")]);
        let archive = zip(&[("inner.tar", &inner), ("plain", b"nothing")], Method::Deflated);
        bench.write("d/archive.zip", comment(archive, format!("\n{own}\n").as_bytes()));
        bench.write("d/file.env.gz", gzip(&settings));
        bench.write("d/deep.gz", (0..5).fold(settings.clone(), |bytes, _| gzip(&bytes)));
        bench.write("d/many.tar", tar(&[("m", &b""[..]); 10]));
        bench.write("d/bomb.gz", zeros(gzip, 100));
        bench.write("d/cut.gz", &gzip(&settings)[..20]);
        let mut closed = zip(&[("\x1b[31m\u{202e}](x)", b"nothing")], Method::Deflated);
        encrypt(&mut closed, "\x1b[31m");
        bench.write("d/closed.zip", closed);
        let mut odd = zip(&[("odd", b"nothing")], Method::Deflated);
        super::pack::change(&mut odd, "odd", 8, 10, |method| method[0] = 98);
        bench.write("d/odd.zip", odd);
        bench.write("d/some.rar", b"Rar!\x1a\x07\0");
        bench.write("d/large.tgz", gzip(&tar(&[("n", &noise(seed, 500 << 10)), ("a/b.env", &settings)])));
        Rich { bench, key, own, named }
    }

    fn report(&self, more: &[&str]) -> Vec<u8> {
        let run = self.bench.run([&BOUNDS[..], more, &["d"]].concat());
        assert_eq!(run.status, Some(1), "{}", run.stderr);
        run.stdout
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.report(&["-f", "json"])).expect("JSON")
    }
}

#[test]
fn json_holds_to_the_schema() {
    let rich = Rich::new(3801);
    let report = rich.json();
    let schema = schema(None);
    let errors: Vec<_> = schema.iter_errors(&report).map(|error| error.to_string()).collect();
    assert_eq!(errors, [""; 0]);
    let problems = report["coverage"]["problems"].as_array().expect("a list");
    let kinds: Vec<_> =
        problems.iter().map(|p| (p["path"].as_str().expect("text"), p["kind"].as_str().expect("text"))).collect();
    let expected = [
        ("bomb.gz", "too-large"),
        ("closed.zip", "encrypted"),
        ("cut.gz", "corrupt"),
        ("deep.gz", "too-deep"),
        ("many.tar", "too-many"),
        ("odd.zip", "unsupported"),
    ];
    assert_eq!(kinds, expected);
    // The schema says which kinds there are.
    let described = rich.bench.run(["schema"]).json();
    let described = described["$defs"]["problem"]["properties"]["kind"]["description"].to_string();
    for (_, kind) in expected {
        assert!(described.contains(kind), "{kind} is not in {described}");
    }
    let members = report["findings"].as_array().expect("a list").iter().map(|finding| finding["members"].clone());
    let named = format!("é {}.****.txt", &rich.named[..22]);
    let expected = [
        json!([]),
        json!(["inner.tar", "dir/file"]),
        json!(["inner.tar", named]),
        json!(["file.env"]),
        json!(["large.tar", "a/b.env"]),
    ];
    assert_eq!(members.collect::<Vec<_>>(), expected);
    assert_eq!(report["coverage"]["unopened"], 1);
    assert_eq!(report["findings"][0]["key_id"], id(&rich.own));
}

#[test]
fn jsonl_holds_the_same() {
    let rich = Rich::new(3802);
    let (report, schema) = (rich.json(), schema(Some("line")));
    let lines = String::from_utf8(rich.report(&["-f", "jsonl"])).expect("UTF-8");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let (summary, found) = lines.split_last().expect("a summary");
    assert!(lines.iter().all(|line| schema.is_valid(line)));
    let members: Vec<_> = found.iter().map(|line| &line["members"]).collect();
    let expected: Vec<_> = report["findings"].as_array().expect("a list").iter().map(|f| &f["members"]).collect();
    assert_eq!(members, expected);
    assert_eq!((&summary["coverage"], &summary["complete"]), (&report["coverage"], &json!(false)));
}

#[test]
fn text_shows_the_way_to_the_key() {
    let rich = Rich::new(3803);
    let text = String::from_utf8(rich.report(&["--color", "never"])).expect("UTF-8");
    let has = |line: &str| assert!(text.lines().any(|shown| shown == line), "{line:?} is not in {text}");
    has(&format!("error: {}.**** in 3 places", &rich.key[..22]));
    has("  d/archive.zip!inner.tar!dir/file:2:5");
    has("  d/file.env.gz!file.env:2:5");
    has("  d/large.tgz!large.tar!a/b.env:2:5");
    has(&format!("  d/archive.zip!inner.tar!é {}.****.txt in the name", &rich.named[..22]));
    let last = text.lines().last().expect("a line");
    assert!(last.starts_with("5 leaks of 3 keys, and incomplete: 10 files read ("), "{last}");
    for part in [" containers of ", "1 container not opened (7z, rar, lz4, deb, cpio)", ", 6 problems"] {
        assert!(last.contains(part), "{part:?} is not in {last:?}");
    }
    let run = rich.bench.run(["d/closed.zip"]);
    assert!(!run.stderr.contains(['\x1b', '\u{202e}']), "{:?}", run.stderr);
    assert_eq!(run.status, Some(3));
}

#[test]
fn names_of_members_do_not_reach_the_terminal() {
    let mut bench = Bench::new(3804);
    let key = bench.live();
    let names = ["\x1b[31mred\x07", "new\nline", "\u{202e}txt", "../../etc/passwd", "C:\\x"];
    let settings = settings(&key);
    let members: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, &settings[..])).collect();
    bench.write("x.tar", tar(&members));
    let run = bench.run(["--color", "never", "x.tar"]);
    for shown in ["\\u{1b}[31mred\\u{7}", "new\\u{a}line", "\\u{202e}txt", "../../etc/passwd", "C:\\x"] {
        assert!(run.text().contains(&format!("  x.tar!{shown}:2:5\n")), "{shown}: {}", run.text());
    }
    // Nothing was written anywhere.
    assert_eq!(std::fs::read_dir(bench.path()).expect("a folder").count(), 1);
}

#[test]
fn sarif_points_to_the_archive() {
    let rich = Rich::new(3805);
    let log: Value = serde_json::from_slice(&rich.report(&["-f", "sarif"])).expect("JSON");
    sarif::check(&log, false);
    let results = log["runs"][0]["results"].as_array().expect("a list");
    assert_eq!(results.len(), 5);
    for result in results {
        let place = &result["locations"][0]["physicalLocation"];
        let members = result["properties"]["members"].as_array();
        let is_member = members.is_some_and(|members| !members.is_empty());
        let first = json!({"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1});
        assert_eq!(place["region"] == first, is_member, "{result:#}");
        assert!(place["artifactLocation"]["uri"].as_str().is_some_and(|uri| !uri.contains('!')));
        assert_eq!(result["message"]["text"].as_str().expect("text").contains("member of this archive"), is_member);
    }
    let of_file = |uri: &str| {
        results
            .iter()
            .filter(|r| r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri)
            .collect::<Vec<_>>()
    };
    assert_eq!(of_file("large.tgz")[0]["properties"]["members"], json!(["large.tar", "a/b.env"]));
    assert_eq!(of_file("archive.zip").len(), 3);
    let notes = log["runs"][0]["invocations"][0]["toolExecutionNotifications"].as_array().expect("a list");
    let kinds: Vec<_> = notes.iter().map(|note| note["descriptor"]["id"].as_str().expect("text")).collect();
    assert_eq!(kinds, ["too-large", "encrypted", "corrupt", "too-deep", "too-many", "unsupported"]);
}

/// Whatever the number of threads, and whichever of them reads what.
#[test]
fn the_same_for_any_number_of_threads() {
    let rich = Rich::new(3806);
    for number in 0..40 {
        let settings = settings(&rich.key);
        let inner = zip(&[("a.env", &settings), ("b", &noise(number, 2000))], Method::Deflated);
        rich.bench.write(format!("d/more/{number}.tgz"), gzip(&tar(&[("in.zip", &inner), ("c.env", &settings)])));
    }
    for format in ["json", "jsonl", "sarif", "text"] {
        let one = rich.report(&["-f", format, "-j1"]);
        for threads in ["-j2", "-j4", "-j4"] {
            assert!(rich.report(&["-f", format, threads]) == one, "{format} {threads}");
        }
    }
}

/// Each container that was opened, each member that was read; the bytes are those on the disk.
#[test]
fn counts_of_the_coverage() {
    let bench = Bench::new(3807);
    let inner = zip(&[("1", b"nothing"), ("2", b""), ("3/", b"")], Method::Deflated);
    let outer = gzip(&tar(&[("in.zip", &inner), ("4", b"nothing")]));
    bench.write("d/x.tgz", &outer);
    // An empty one counts too.
    bench.write("d/empty.zip", zip(&[], Method::Stored));
    bench.write("d/plain.txt", "nothing");
    let run = scan(&bench, &["d"]);
    assert!(findings(&run).is_empty());
    let sizes = ["d/x.tgz", "d/empty.zip", "d/plain.txt"].map(|name| bench.join(name).metadata().expect("there").len());
    assert_eq!(counts(&run, ["files", "bytes", "members"]), [3, sizes.iter().sum(), 6]);
    assert_eq!((run.status, counts(&run, ["containers", "unopened"])), (Some(0), [4, 0]));
    let text = bench.run(["d"]);
    let expected =
        format!("no leaks: 3 files read ({} bytes), 4 containers of 6 members opened\n", sizes.iter().sum::<u64>());
    assert_eq!(text.text(), expected);
}
