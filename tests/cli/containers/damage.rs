//! What can't be read of archives: told, with all else found; and formats that are not opened.

use serde_json::json;

use crate::archive::{Member, Method, gzip, tar, zip};
use crate::program::{Bench, id};

use super::pack::{SINGLES, change, digits, encrypt, noise};
use super::{Inside, assert_inside, assert_problems, counts, facts, findings, problems, scan, settings};

#[test]
fn encrypted_members() {
    let mut bench = Bench::new(3601);
    let (key, other, hidden) = (bench.live(), bench.live(), bench.live());
    let (open, closed) = (settings(&key), settings(&hidden));
    let members = [("secret.env", &closed[..]), ("open.env", &open), ("more.env", &closed)];
    let mut archive = zip(&members, Method::Deflated);
    encrypt(&mut archive, "secret.env");
    bench.write("clean/a.zip", &archive);
    encrypt(&mut archive, "more.env");
    bench.write("all/b.zip", &archive);
    bench.write("all/outer.tar", tar(&[("in/b.zip", &archive)]));
    bench.write("all/z.env", settings(&other));
    assert_problems(&scan(&bench, &["clean"]), 1, &[&["a.zip: encrypted: ", "secret.env"]]);
    let run = scan(&bench, &["all"]);
    assert_problems(
        &run,
        1,
        &[&["b.zip: encrypted: ", "secret.env", "2 members"], &["outer.tar: encrypted: ", "in/b.zip", "secret.env"]],
    );
    let found = [
        Inside::new("b.zip", &["open.env"], &key).facts(),
        Inside::new("outer.tar", &["in/b.zip", "open.env"], &key).facts(),
        json!(["z.env", [], "content", id(&other), 2, 5, "unknown"]),
    ];
    assert_eq!(facts(&run), found);
    // With nothing else found, the scan is incomplete and no more.
    let mut archive = zip(&members[..1], Method::Deflated);
    encrypt(&mut archive, "secret.env");
    bench.clear("clean/a.zip");
    bench.write("clean/a.zip", &archive);
    assert_problems(&scan(&bench, &["clean"]), 3, &[&["a.zip: encrypted: ", "secret.env", "decrypt"]]);
    let run = bench.run_with_input(["scan", "-f", "json", "-"], &archive);
    assert_problems(&run, 3, &[&["<stdin>: encrypted: ", "secret.env"]]);
    assert_eq!(bench.run(["--exclude", "*.zip", "clean", "all/z.env"]).status, Some(1));
}

/// All that stands before the cut is found, or can't be known to be whole.
#[test]
fn cut_archives() {
    let mut bench = Bench::new(3602);
    let key = bench.live();
    for len in [5000, 800 << 10] {
        let (settings, noise) = (settings(&key), digits(3602, len));
        let members = [("a.env", &settings[..]), ("noise.bin", &noise)];
        let tarred = tar(&members);
        let mut all: Vec<(String, Vec<u8>, Vec<&str>)> = vec![
            ("x.tar".to_owned(), tarred.clone(), vec!["a.env"]),
            ("x.zip".to_owned(), zip(&members, Method::Deflated), vec!["a.env"]),
            ("y.zip".to_owned(), zip(&members, Method::Stored), vec!["a.env"]),
        ];
        for (extension, pack) in SINGLES {
            all.push((format!("x.tar.{extension}"), pack(&tarred), vec!["x.tar", "a.env"]));
        }
        for (name, whole, members) in &all {
            let is_packed_in_blocks = name.ends_with("bz2") || name.ends_with("zst") || name.ends_with("xz");
            // The last 1024 bytes of a tar file are zeros that nobody needs.
            for keep in [whole.len() * 3 / 4, whole.len() - if name == "x.tar" { 1034 } else { 10 }] {
                bench.clear("d");
                bench.write(format!("d/{name}"), &whole[..keep]);
                let run = scan(&bench, &["d"]);
                let kinds: Vec<_> =
                    problems(&run).into_iter().filter(|p| p.starts_with(&format!("{name}: corrupt: "))).collect();
                assert_eq!(
                    (kinds.len(), problems(&run).len()),
                    (kinds.len().max(1), kinds.len()),
                    "{name}: {:?}",
                    problems(&run)
                );
                let found = facts(&run);
                // Nothing comes out of a block that is not whole.
                if !(is_packed_in_blocks && found.is_empty()) {
                    assert_eq!(found, [Inside::new(name, members, &key).facts()], "{name} {keep} of {}", whole.len());
                }
                assert_eq!(run.status, Some(if found.is_empty() { 3 } else { 1 }));
                assert_eq!(run.json()["complete"], false);
            }
        }
    }
}

#[test]
fn damaged_and_lying_archives() {
    let mut bench = Bench::new(3603);
    let key = bench.live();
    let (settings, plain) = (settings(&key), b"nothing to see here, nothing to see here".to_vec());
    let members: [Member<'_>; 2] = [("plain.txt", &plain), ("a.env", &settings)];
    let deflated = || zip(&members, Method::Deflated);
    let with = |change_it: &dyn Fn(&mut Vec<u8>)| {
        let mut archive = deflated();
        change_it(&mut archive);
        archive
    };
    // The sum, the size and the method of a member, in both headers.
    let sum = with(&|zip| change(zip, "plain.txt", 14, 16, |sum| sum[0] ^= 1));
    let size = with(&|zip| change(zip, "plain.txt", 22, 24, |size| size[0] ^= 1));
    let method = with(&|zip| change(zip, "plain.txt", 8, 10, |method| method[0] = 98));
    // A count of members that is not true.
    let count = with(&|zip| {
        let at = zip.len() - 14;
        zip[at..at + 4].copy_from_slice(&[9, 0, 9, 0]);
    });
    let mut tarred = tar(&members);
    tarred[600 + 512] ^= 0x55;
    for (name, bytes, kind, is_found) in [
        ("sum.zip", sum, "corrupt", true),
        ("size.zip", size, "corrupt", true),
        ("method.zip", method, "unsupported", true),
        ("count.zip", count, "corrupt", true),
        ("header.tar", tarred, "corrupt", false),
    ] {
        let nested = zip(&[("in", &bytes)], Method::Deflated);
        for (bytes, members, part) in [(&bytes, vec!["a.env"], "plain.txt"), (&nested, vec!["in", "a.env"], "in ")] {
            bench.clear("d");
            bench.write(format!("d/{name}"), bytes);
            let run = scan(&bench, &["d"]);
            let part = if kind == "unsupported" || name == "sum.zip" || name == "size.zip" { part } else { "" };
            assert_problems(&run, 1, &[&[name, kind, part]]);
            let found = findings(&run);
            assert_eq!(found.len(), 1, "{name}");
            if is_found {
                assert_eq!(found[0]["members"], json!(members), "{name}");
            }
        }
    }
}

/// A flipped bit anywhere changes no more than it must: nothing is lost without a word.
#[test]
fn nothing_is_lost_without_a_word() {
    let mut bench = Bench::new(3604);
    let key = bench.live();
    let settings = settings(&key);
    let whole: Vec<(&str, Vec<u8>)> = SINGLES
        .iter()
        .map(|&(name, pack)| (name, pack(&settings)))
        .chain([("zip", zip(&[("a.env", &settings)], Method::Deflated)), ("tgz", gzip(&tar(&[("a.env", &settings)])))])
        .collect();
    for (name, bytes) in &whole {
        let every = bytes.len().div_ceil(40);
        for at in (0..bytes.len()).step_by(every) {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x10;
            bench.write(format!("{name}/{at}"), bytes);
        }
        let run = scan(&bench, &[name]);
        let report = run.json();
        let told =
            |list: &serde_json::Value, path: &str| list.as_array().expect("a list").iter().any(|it| it["path"] == path);
        for at in (0..bytes.len()).step_by(every) {
            let path = at.to_string();
            // What is no archive by its first bytes any more is a file like any other.
            let is_magic = at < 10;
            let is_told = told(&report["findings"], &path) || told(&report["coverage"]["problems"], &path);
            assert!(is_told || is_magic, "{name}: byte {at} of {}", bytes.len());
        }
    }
}

#[test]
fn formats_that_are_not_opened() {
    let mut bench = Bench::new(3606);
    let key = bench.live();
    let cpio = ["070701", &"0".repeat(104), "TRAILER!!!\0"].concat();
    let heads: [(&str, &[u8]); 7] = [
        ("a.7z", b"7z\xbc\xaf\x27\x1c\0\x04"),
        ("a.rar", b"Rar!\x1a\x07\0"),
        ("b.rar", b"Rar!\x1a\x07\x01\0"),
        ("a.lz4", b"\x04\x22\x4d\x18\x64\x40\xa7"),
        ("a.deb", b"!<arch>\ndebian-binary   1342943816  0     0     100644  4         `\n2.0\n"),
        ("a.cpio", cpio.as_bytes()),
        ("b.cpio", b"0707070000000000000000000000000000000000000000000000000000000000000000000000"),
    ];
    for (name, head) in heads {
        bench.write(format!("d/{name}"), [head, &noise(3606, 1000)].concat());
    }
    let run = scan(&bench, &["d"]);
    assert_inside(&run, &[]);
    assert_eq!(counts(&run, ["unopened", "containers", "members", "files"]), [7, 0, 0, 7]);
    let text = bench.run(["d"]);
    assert!(text.text().starts_with("no leaks: 7 files read ("), "{}", text.text());
    assert!(text.text().ends_with("7 containers not opened (7z, rar, lz4, deb, cpio)\n"), "{}", text.text());
    // Those in another archive count, and their own bytes are searched.
    let packed = [heads[0].1, b"\n", key.as_bytes(), b"\n"].concat();
    bench.write(
        "e/x.zip",
        zip(&[("a.7z", &[&packed[..], &digits(2, 5000)].concat()), ("b.rar", heads[1].1)], Method::Deflated),
    );
    bench.write("e/large.zip", zip(&[("a.7z", &[&packed[..], &digits(1, 600 << 10)].concat())], Method::Deflated));
    let run = scan(&bench, &["e"]);
    let inside = |path| Inside { at: (2, 1), ..Inside::new(path, &["a.7z"], &key) };
    assert_inside(&run, &[inside("x.zip"), inside("large.zip")]);
    assert_eq!(counts(&run, ["unopened", "containers", "members"]), [3, 2, 3]);
    let input = bench.run_with_input(["-f", "json", "-"], heads[2].1);
    assert_eq!((input.status, counts(&input, ["unopened"])), (Some(0), [1]));
}

/// What only looks like an archive is a file like any other.
#[test]
fn no_archives() {
    let mut bench = Bench::new(3607);
    let key = bench.live();
    let heads: [&[u8]; 7] =
        [b"PK", b"BZh9 is what it begins with", b"\x1f\x8b", b"7z", b"Rar!", b"070701 and more", b"!<arch>\nlib.o/"];
    for (number, head) in heads.into_iter().enumerate() {
        bench.write(number.to_string(), [head, b"\n", key.as_bytes(), b"\n"].concat());
    }
    let run = scan(&bench, &[]);
    assert_eq!((run.status, problems(&run), findings(&run).len()), (Some(1), vec![], 7));
    assert_eq!(counts(&run, ["unopened", "containers", "members"]), [0, 0, 0]);
    assert!(findings(&run).iter().all(|finding| finding["members"] == json!([])));
}
