//! Files that git or a differ treats in a special way: their bytes are searched all the same.

use crate::place::{Place, assert_history};
use crate::program::Bench;
use crate::repository::Repository;

/// One file of one commit.
fn check(seed: u64, name: &str, content: impl FnOnce(&str) -> Vec<u8>, attributes: &str) {
    let mut bench = Bench::new(seed);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    repository.commit_file(".gitattributes", attributes, "Start");
    let added = repository.commit_file(name, content(&key), "Add a file");
    repository.commit_removal(name, "Remove it");
    assert_history(&bench, &repository, &[Place::file(&repository, &key, name, &added)]);
}

fn plain(key: &str) -> Vec<u8> {
    format!("A=1\nK={key}\n").into_bytes()
}

fn utf16(key: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    format!("\u{feff}# caf\u{e9}\r\n$k = '{key}'\r\n").encode_utf16().flat_map(bytes).collect()
}

#[test]
fn a_file_without_diff() {
    check(1401, "a.lock", plain, "*.lock -diff\n");
}

#[test]
fn a_file_that_attributes_call_binary() {
    check(1402, "a.bin", plain, "*.bin binary\n");
}

#[test]
fn a_file_that_is_not_exported() {
    check(1403, "a.env", plain, "*.env export-ignore\n");
}

/// The filter is not there and never asked for.
#[test]
fn a_file_with_a_filter() {
    check(1404, "a.env", plain, "*.env filter=crypt diff=crypt merge=crypt\n");
}

/// git holds it in UTF-8 and the work tree in UTF-16.
#[test]
fn a_file_with_a_working_tree_encoding() {
    let mut bench = Bench::new(1405);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    repository.commit_file(".gitattributes", "*.ps1 working-tree-encoding=UTF-16\n", "Start");
    let added = repository.commit_file("a.ps1", utf16(&key, u16::to_le_bytes), "Add a script");
    assert!(String::from_utf8(repository.content(&repository.id("HEAD:a.ps1"))).is_ok());
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "a.ps1", &added)]);
}

#[test]
fn a_file_with_nuls() {
    check(1406, "a.bin", |key| format!("\x7fELF\0\0\0\n\0{key}\0\0").into_bytes(), "");
}

#[test]
fn a_utf_16_file() {
    check(1407, "a.ps1", |key| utf16(key, u16::to_le_bytes), "");
}

#[test]
fn a_big_endian_utf_16_file() {
    check(1408, "a.reg", |key| utf16(key, u16::to_be_bytes), "");
}

#[test]
fn an_executable_file() {
    let mut bench = Bench::new(1409);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    repository.write("run.sh", format!("#!/bin/sh\nK={key}\n"));
    repository.git(&["add", "--chmod=+x", "run.sh"]);
    repository.git(&["commit", "-q", "-m", "Add a script"]);
    let added = repository.id("HEAD");
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "run.sh", &added)]);
}

/// Longer than what is compared or shown by default anywhere, and the key is at its end.
#[test]
fn a_long_file() {
    check(1410, "a.log", |key| format!("{}{key}\n", "a line of a log\n".repeat(200_000)).into_bytes(), "");
}

#[test]
fn a_minified_file() {
    check(1411, "a.min.js", |key| format!("{}\"{key}\"{}", "a=1;".repeat(100_000), ";b=2".repeat(9)).into_bytes(), "");
}

/// Git's own attributes and modules are files like any other.
#[test]
fn files_that_git_reads_itself() {
    let mut bench = Bench::new(1412);
    let repository = Repository::init(bench.join("r"));
    let mut places = Vec::new();
    for name in [".gitignore", ".gitattributes", ".mailmap", "sub/.gitkeep"] {
        let key = bench.live();
        let added = repository.commit_file(name, format!("# {key}\n"), "Add a file");
        places.push(Place::file(&repository, &key, name, &added));
    }
    assert_history(&bench, &repository, &places);
}

#[cfg(unix)]
#[test]
fn the_text_of_a_symbolic_link() {
    let mut bench = Bench::new(1413);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    std::os::unix::fs::symlink(format!("/run/{key}"), repository.join("link")).expect("a link");
    let added = repository.commit("Add a link");
    repository.commit_nothing("Go on");
    assert!(repository.git(&["ls-tree", "HEAD"]).starts_with("120000"));
    assert_history(&bench, &repository, &[Place::link(&repository, &key, "link", &added)]);
}

/// A path whose bytes are no UTF-8.
#[cfg(target_os = "linux")]
#[test]
fn a_path_that_is_not_utf_8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let mut bench = Bench::new(1414);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    let added = repository.commit_file(OsStr::from_bytes(b"caf\xe9.env"), format!("K={key}\n"), "Add a file");
    let blob = repository.git(&["ls-tree", "HEAD", "--object-only"]);
    let report = bench.run(["history", "-f", "json", "r"]).json();
    let finding = &report["findings"][0];
    assert_eq!(report["summary"]["leaks"], 1);
    assert_eq!((&finding["path"], &finding["path_base64"]), (&"caf\u{fffd}.env".into(), &"Y2Fm6S5lbnY=".into()));
    assert_eq!((&finding["git"]["commit"], &finding["git"]["object"]), (&added.into(), &blob.into()));
}
