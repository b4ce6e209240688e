//! Repositories that were made to have no end, or none that anybody waits for.

use std::fs;

use crate::packs::zlib;
use crate::program::{Bench, id};
use crate::repository::Repository;

/// Git goes half as deep. The key has no place that is listed, and is listed all the same; so is all else.
#[test]
fn folders_in_folders() {
    let mut bench = Bench::new(1801);
    let (deep, flat) = (bench.live(), bench.live());
    let repository = Repository::init(bench.join("r"));
    let file = |path: &str, key: &str| format!("M 100644 inline {path}\ndata {}\n{key}\n", key.len());
    let files = [file(&format!("{}deep", "a/".repeat(4097)), &deep), file("flat", &flat)].concat();
    let head = "commit refs/heads/main\ncommitter A <a@example.invalid> 1700000000 +0000\ndata 1\nx\n";
    let stream = [head, &files].concat();
    repository.git_with_input(&["fast-import", "--quiet"], stream.as_bytes());
    let run = bench.run(["history", "-f", "json", "r"]);
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    assert!(run.stderr.contains("a key is more than 4096 folders deep; not all places are listed"), "{}", run.stderr);
    let report = run.json();
    assert_eq!((&report["complete"], &report["summary"]["leaks"]), (&false.into(), &2.into()));
    let findings = report["findings"].as_array().expect("a list");
    let of = |key: &str| findings.iter().find(|finding| finding["key_id"] == id(key)).expect("a finding");
    assert_eq!((&of(&flat)["path"], &of(&flat)["exposure"]), (&"flat".into(), &"committed".into()));
    assert_eq!((&of(&deep)["path"], &of(&deep)["exposure"]), (&().into(), &"unknown".into()));
}

/// Nobody computes ids again, and so a tree can be written that holds one with its own.
#[test]
fn a_tree_that_holds_itself() {
    let mut bench = Bench::new(1802);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    let blob = repository.blob(format!("K={key}\n"));
    let tree = "ab".repeat(20);
    let entry = |mode_and_name: &str, id: &str| {
        let id = data_encoding::HEXLOWER.decode(id.as_bytes()).expect("digits");
        [mode_and_name.as_bytes(), b"\0", &id].concat()
    };
    let content = [entry("40000 a", &tree), entry("100644 b.env", &blob), entry("40000 c", &tree)].concat();
    let object = [format!("tree {}\0", content.len()).as_bytes(), &content].concat();
    let folder = repository.git_folder().join("objects/ab");
    fs::create_dir_all(&folder).expect("made");
    fs::write(folder.join(&tree[2..]), zlib(&object)).expect("written");
    let person = "A <a@example.invalid> 1700000000 +0000";
    let commit = format!("tree {tree}\nauthor {person}\ncommitter {person}\n\nStart\n");
    let commit = repository.object("commit", commit);
    repository.git(&["update-ref", "refs/heads/main", &commit]);
    let run = bench.run(["history", "-f", "json", "r"]);
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    let report = run.json();
    let findings = report["findings"].as_array().expect("a list");
    let seen: Vec<_> = findings.iter().map(|finding| (&finding["path"], &finding["git"]["commit"])).collect();
    assert_eq!(seen, [(&"b.env".into(), &commit.into())]);
}
