//! What is in a container and in no member: names, comments, gaps, stubs. And that a member's key is told once.

use crate::archive::{Method, gzip, tar, zip};
use crate::program::{Bench, Run, id};

use super::pack::{bzip2, comment, gap, noise};
use super::{Inside, assert_inside, counts, findings, scan, settings};

/// The name of a member as it is shown.
fn redacted(name: &str, key: &str) -> String {
    name.replace(key, &format!("{}.****", &key[..22]))
}

#[test]
fn the_name_of_a_member() {
    let mut bench = Bench::new(3101);
    let key = bench.live();
    let name = format!("d/é-{key}.txt");
    let shown = redacted(&name, &key);
    let members = [("a", &b"nothing"[..]), (&name, b"nothing")];
    bench.write("n.zip", zip(&members, Method::Deflated));
    bench.write("n.tar", tar(&members));
    bench.write("n.tgz", gzip(&tar(&members)));
    bench.write("o.zip", zip(&[("n.zip", &zip(&members, Method::Deflated)), ("o", b"")], Method::Stored));
    let inside = |path, members| Inside { kind: "file-name", at: (1, 5), ..Inside::new(path, members, &key) };
    assert_inside(
        &scan(&bench, &[]),
        &[
            inside("n.zip", &[&shown]),
            inside("n.tar", &[&shown]),
            inside("n.tgz", &["n.tar", &shown]),
            inside("o.zip", &["n.zip", &shown]),
        ],
    );
}

/// A key in a folder's name is in the name of each member below it.
#[test]
fn a_name_and_a_content() {
    let mut bench = Bench::new(3102);
    let (key, other) = (bench.live(), bench.test());
    let name = format!("{key}/a.env");
    let shown = redacted(&name, &key);
    bench.write("a.zip", zip(&[(&name, &settings(&other)), ("b.env", &settings(&key))], Method::Deflated));
    assert_inside(
        &scan(&bench, &[]),
        &[
            Inside { kind: "file-name", at: (1, 1), ..Inside::new("a.zip", &[&shown], &key) },
            Inside::new("a.zip", &[&shown], &other),
            Inside::new("a.zip", &["b.env"], &key),
        ],
    );
}

/// The finding of a key in the archive's own bytes, which stands where it stands.
#[track_caller]
fn assert_own(run: &Run, bytes: &[u8], key: &str) {
    let found = findings(run);
    let own: Vec<_> = found.iter().filter(|finding| finding["key_id"] == id(key)).collect();
    assert_eq!(own.len(), 1, "{found:#?}");
    assert_eq!((&own[0]["members"], &own[0]["kind"]), (&serde_json::json!([]), &"content".into()));
    let at = memchr::memmem::find(bytes, key.as_bytes()).expect("it is there");
    assert_eq!(own[0]["start"]["byte"], at);
    assert_eq!(own[0]["end"]["byte"], at + key.len());
    assert_eq!(run.status, Some(1));
}

#[test]
fn comments_gaps_stubs_and_tails() {
    let mut bench = Bench::new(3103);
    let (key, loose) = (bench.live(), bench.live());
    let padded = format!("\n{loose}\n");
    let padded = padded.as_bytes();
    for len in [10, 400 << 10] {
        let noise = noise(3103, len);
        let settings = settings(&key);
        let members = [("n", &noise[..]), ("a.env", &settings[..])];
        let (plain, tarred) = (zip(&members, Method::Deflated), tar(&members));
        for (name, bytes) in [
            ("comment", comment(plain.clone(), padded)),
            ("gap", gap(&plain, padded)),
            ("stub", [b"MZ\0\0", padded, &plain].concat()),
            ("script", [b"#!/bin/sh", padded, &plain].concat()),
            ("tar tail", [&tarred, padded].concat()),
        ] {
            bench.write("x", &bytes);
            let run = scan(&bench, &[]);
            assert_eq!(findings(&run).len(), 2, "{name}");
            assert_own(&run, &bytes, &loose);
            assert!(findings(&run).iter().any(|finding| finding["members"] == serde_json::json!(["a.env"])), "{name}");
            // In another archive, and from a pipe, it is still no member's.
            bench.write("x", bzip2(&bytes));
            let found = findings(&scan(&bench, &[]));
            let own = found.iter().filter(|finding| finding["key_id"] == id(&loose)).map(|finding| &finding["members"]);
            assert_eq!(own.collect::<Vec<_>>(), [&serde_json::json!(["content"])], "{name}");
            assert_eq!(found.len(), 2, "{name}");
            let run = bench.run_with_input(["scan", "-f", "json", "-"], &bytes);
            let found = findings(&run);
            let own = found.iter().filter(|finding| finding["key_id"] == id(&loose)).map(|finding| &finding["members"]);
            assert_eq!(own.collect::<Vec<_>>(), [&serde_json::json!([])], "{name}");
            assert_eq!((found.len(), run.status), (2, Some(1)), "{name}");
        }
    }
}

/// A stored member stands in the archive as it is.
#[test]
fn the_key_of_a_stored_member_is_told_once() {
    let mut bench = Bench::new(3104);
    let key = bench.live();
    for len in [10, 400 << 10] {
        let noise = noise(3104, len);
        let settings = settings(&key);
        let members = [("n", &noise[..]), ("a.env", &settings[..])];
        bench.write("s.zip", zip(&members, Method::Stored));
        bench.write("s.tar", tar(&members));
        let expected = [Inside::new("s.tar", &["a.env"], &key), Inside::new("s.zip", &["a.env"], &key)];
        assert_inside(&scan(&bench, &[]), &expected);
    }
}

/// Each place is told, of which those in members are the members'.
#[test]
fn a_key_in_several_places_of_one_archive() {
    let mut bench = Bench::new(3105);
    let key = bench.live();
    for method in [Method::Stored, Method::Deflated] {
        let members = [("a.env", &settings(&key)[..]), ("b.env", &settings(&key))];
        bench.write("x.zip", comment(zip(&members, method), format!("\n{key}").as_bytes()));
        let run = scan(&bench, &[]);
        let members: Vec<_> = findings(&run).iter().map(|finding| finding["members"].clone()).collect();
        assert_eq!(members, [vec![], vec!["a.env"], vec!["b.env"]].map(|names| serde_json::json!(names)));
        assert_eq!(run.json()["summary"]["keys"], 1);
        assert_eq!(counts(&run, ["files", "containers", "members"]), [1, 1, 2]);
    }
}
