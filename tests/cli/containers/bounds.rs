//! The options: nothing opened, and how much is.

use crate::archive::{Method, gzip, tar, zip};
use crate::program::Bench;

use super::pack::{SINGLES, comment, encrypt, zeros};
use super::{Inside, assert_inside, assert_problems, counts, findings, scan, settings};

#[test]
fn nothing_is_opened() {
    let mut bench = Bench::new(3501);
    let (key, other) = (bench.live(), bench.live());
    let members = [("a.env", &settings(&key)[..])];
    bench.write("deflated.zip", zip(&members, Method::Deflated));
    bench.write("all.tar.gz", gzip(&tar(&members)));
    let mut encrypted = zip(&[("b.env", b"nothing")], Method::Deflated);
    encrypt(&mut encrypted, "b.env");
    bench.write("encrypted.zip", encrypted);
    bench.write("cut.gz", &gzip(b"nothing")[..15]);
    bench.write("some.7z", b"7z\xbc\xaf\x27\x1c\0\x04");
    let run = scan(&bench, &["--no-containers"]);
    assert_inside(&run, &[]);
    assert_eq!(counts(&run, ["containers", "members", "unopened", "files"]), [0, 0, 0, 5]);
    // What is not packed is in the file's own bytes.
    let stored = zip(&members, Method::Stored);
    bench.write("stored.zip", comment(stored.clone(), other.as_bytes()));
    let run = scan(&bench, &["--no-containers"]);
    let found = findings(&run);
    assert_eq!((run.status, found.len()), (Some(1), 2));
    for finding in &found {
        assert_eq!((&finding["path"], &finding["members"]), (&"stored.zip".into(), &serde_json::json!([])));
    }
    let at = memchr::memmem::find(&stored, key.as_bytes()).expect("it is there");
    assert_eq!(found[0]["start"]["byte"], at);
    assert_eq!(found[0]["confidence"], "high", "the NULs around it are signs like any other");
    let input = std::fs::read(bench.join("deflated.zip")).expect("written");
    assert_inside(&bench.run_with_input(["--no-containers", "-f", "json", "-"], &input), &[]);
}

/// Also in a repository.
#[test]
fn nothing_is_opened_in_git() {
    let mut bench = Bench::new(3502);
    let key = bench.live();
    let repository = crate::repository::Repository::init(bench.join("r"));
    repository.commit_file("a.txt", "nothing\n", "Start");
    repository.write("x.zip", zip(&[("a.env", &settings(&key))], Method::Deflated));
    repository.git(&["add", "-A"]);
    let all = [&["staged"][..], &["scan"], &["history"], &["audit"], &["commits", "HEAD"]];
    for arguments in &all {
        let run = bench.run([&["-C", "r", "-f", "json", "--no-containers"], *arguments].concat());
        assert_inside(&run, &[]);
        assert_eq!(counts(&run, ["containers", "members"]), [0, 0]);
    }
    repository.git(&["commit", "-q", "-m", "Add an archive"]);
    for arguments in &all {
        assert_inside(&bench.run([&["-C", "r", "-f", "json", "--no-containers"], *arguments].concat()), &[]);
    }
}

/// Each bound: met with nothing found before, met behind a leak, and raised.
#[test]
fn every_bound() {
    let mut bench = Bench::new(3503);
    let (key, first) = (bench.live(), bench.live());
    let zeros = vec![0; 66 << 20];
    let settings = settings(&key);
    let many = [("a", &b"nothing"[..]), ("b", b"nothing"), ("c.env", &settings)];
    let cases = [
        ("depth", gzip(&gzip(&gzip(&settings))), "too-deep", &["--max-depth", "2"][..], &["--max-depth", "3"][..]),
        ("members", zip(&many, Method::Deflated), "too-many", &["--max-members", "2"], &["--max-members=3"]),
        (
            "unpacked",
            zip(&[("a", &zeros[..5000]), ("c.env", &settings)], Method::Deflated),
            "too-large",
            &["--max-unpacked", "5000"],
            &["--max-unpacked", "6KiB"],
        ),
        (
            "expansion",
            zip(&[("a", &zeros), ("c.env", &settings)], Method::Deflated),
            "too-large",
            &[],
            &["--max-expansion", "2000"],
        ),
    ];
    for (number, (option, bytes, kind, low, high)) in cases.iter().enumerate() {
        let name = format!("{number}.bin");
        bench.clear("d");
        bench.write(format!("d/{name}"), bytes);
        let option = format!("--max-{option}");
        assert_problems(&scan(&bench, &[&["d"], *low].concat()), 3, &[&[&name, kind, &option]]);
        let text = bench.run([&["d"], *low].concat());
        assert!(text.text().starts_with("no leaks found, but incomplete: 1 file read"), "{}", text.text());
        assert!(text.text().ends_with("1 problem\n"), "{}", text.text());
        let run = scan(&bench, &[&["d"], *high].concat());
        assert_eq!((run.status, run.stderr.as_str(), findings(&run).len()), (Some(1), "", 1), "{option}");
        // A leak elsewhere, and one in the same archive before the bound, is a leak.
        bench.write("d/z.env", &first);
        let run = scan(&bench, &[&["d"], *low].concat());
        assert_problems(&run, 1, &[&[&name, kind, &option]]);
        assert_eq!(findings(&run).len(), 1);
    }
}

#[test]
fn what_came_before_a_bound_is_found() {
    let mut bench = Bench::new(3504);
    let key = bench.live();
    let settings = settings(&key);
    let members = [("a.env", &settings[..]), ("b", b"nothing"), ("c", b"nothing")];
    for (name, bytes) in
        [("x", zip(&members, Method::Deflated)), ("x", tar(&members)), ("x", zip(&members, Method::Stored))]
    {
        bench.write(name, bytes);
        let run = scan(&bench, &["--max-members", "1"]);
        assert_problems(&run, 1, &[&["x: too-many: ", "--max-members"]]);
        assert_eq!(super::facts(&run), [Inside::new("x", &["a.env"], &key).facts()]);
    }
    // Behind the bound, too, where it can be read without opening anything.
    let members = [("b", &b"nothing"[..]), ("c", b"nothing"), ("a.env", &settings)];
    bench.write("x", tar(&members));
    let run = scan(&bench, &["--max-members", "1"]);
    assert_problems(&run, 1, &[&["x: too-many: "]]);
    assert_eq!(findings(&run)[0]["members"], serde_json::json!([]));
}

/// The bounds are those of each outer file.
#[test]
fn a_bound_ends_one_file_and_no_other() {
    let mut bench = Bench::new(3505);
    let key = bench.live();
    bench.write("a.zip", zip(&[("1", b""), ("2", b""), ("3", b"")], Method::Stored));
    bench.write("b.zip", zip(&[("1", b""), ("a.env", &settings(&key))], Method::Deflated));
    for pack in SINGLES {
        bench.write(format!("bomb.{}", pack.0), zeros(pack.1, 100));
    }
    bench.write("c.zip", zip(&[("1", b""), ("a.env", &settings(&key))], Method::Deflated));
    for threads in ["-j1", "-j4"] {
        let run = scan(&bench, &["--max-members=2", threads]);
        let expansion = ["too-large: ", "--max-expansion"];
        let of = |name| [&[name], &expansion[..]].concat();
        let [bz2, gz, xz, zst] = ["bomb.bz2", "bomb.gz", "bomb.xz", "bomb.zst"].map(of);
        assert_problems(&run, 1, &[&["a.zip", "too-many"], &bz2, &gz, &xz, &zst]);
        let found = ["b.zip", "c.zip"].map(|path| Inside::new(path, &["a.env"], &key).facts());
        assert_eq!(super::facts(&run), found);
    }
}

#[test]
fn options_are_described_and_checked() {
    let bench = Bench::new(3506);
    bench.write("a.txt", "nothing");
    for arguments in [&["--help"][..], &["scan", "--help"], &["history", "--help"], &["staged", "--help"]] {
        let run = bench.run(arguments);
        let text = run.text().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("--no-containers"));
        for (option, default) in [
            ("--max-expansion <N>", "200"),
            ("--max-unpacked <SIZE>", "4GiB"),
            ("--max-members <N>", "1000000"),
            ("--max-depth <N>", "8"),
        ] {
            let rest = text.split(option).nth(1).unwrap_or_else(|| panic!("{option} is not in {text}"));
            let rest = rest.split(" --").next().expect("a part");
            assert!(rest.contains(&format!("[default: {default}]")), "{option}: {rest}");
        }
    }
    for wrong in [
        "--max-expansion=0",
        "--max-expansion=x",
        "--max-unpacked=0",
        "--max-unpacked=4GB",
        "--max-unpacked=1.5GiB",
        "--max-unpacked=-1",
        "--max-members=0",
        "--max-members=1k",
        "--max-depth=0",
        "--max-depth=65",
        "--no-containers=yes",
    ] {
        let run = bench.run([wrong, "a.txt"]);
        let option = wrong.split('=').next().expect("a part");
        assert_eq!(run.status, Some(2), "{wrong}: {}", run.stderr);
        assert!(run.stderr.contains(option) && run.stdout.is_empty(), "{wrong}: {}", run.stderr);
    }
    let right = ["--max-expansion=1", "--max-unpacked=1TiB", "--max-members=1", "--max-depth=64", "--no-containers"];
    assert_eq!(bench.run(right.into_iter().chain(["a.txt"])).status, Some(0));
}
