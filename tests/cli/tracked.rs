//! Files that git tracks although a rule hides them, and how far the keys in files have gone.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::program::{Bench, Run};

fn scan(bench: &Bench, arguments: &[&str]) -> Run {
    bench.run([&["scan", "-f", "json"], arguments].concat())
}

/// The paths with a finding, in order, and the exposure of each.
fn exposures(run: &Run) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let report = run.json();
    let findings = report["findings"].as_array().expect("a list");
    findings.iter().map(|finding| (text(&finding["path"]), text(&finding["exposure"]))).collect()
}

fn paths(run: &Run) -> Vec<String> {
    exposures(run).into_iter().map(|(path, _)| path).collect()
}

fn coverage(run: &Run, name: &str) -> u64 {
    run.json()["coverage"][name].as_u64().unwrap_or_else(|| panic!("no count of {name}"))
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(path, exposure)| ((*path).to_owned(), (*exposure).to_owned())).collect()
}

/// A repository whose rules hide a good deal, some of which is tracked.
fn hiding(seed: u64) -> (Bench, String) {
    let mut bench = Bench::new(seed);
    let key = bench.live();
    bench.git(&["init", "-q"]);
    bench.write(".gitignore", ".env\nbuild/\n");
    (bench, key)
}

fn add(bench: &Bench, name: &str, content: &str) {
    bench.write(name, content);
    bench.git(&["add", "-f", name]);
}

#[test]
fn hidden_files_that_git_tracks_are_read() {
    let (bench, key) = hiding(701);
    for name in [".env", "sub/.env", "build/a.txt", "build/a/b/c.txt", "build/a.b/c.txt"] {
        add(&bench, name, &key);
    }
    for name in ["other/.env", "build/b.txt", "build/a/d.txt", "build/e/f.txt"] {
        bench.write(name, &key);
    }
    add(&bench, "build/gone.txt", &key);
    fs::remove_file(bench.join("build/gone.txt")).expect("removed");
    let tracked = [".env", "build/a.b/c.txt", "build/a.txt", "build/a/b/c.txt", "sub/.env"];
    for threads in ["1", "4"] {
        let run = scan(&bench, &["-j", threads]);
        assert_eq!(paths(&run), tracked);
        // The folder counts once, and so does the one file that is not tracked.
        assert_eq!((coverage(&run, "ignored"), coverage(&run, "files")), (2, 6));
        assert_eq!(run.json()["coverage"]["problems"], json!([]));
    }
    assert_eq!(
        paths(&scan(&bench, &["--exclude", "/build/a", "--exclude", "*.env"])),
        ["build/a.b/c.txt", "build/a.txt"]
    );
    assert_eq!(coverage(&scan(&bench, &["--exclude", "/build/a", "--exclude", "gone.txt"]), "excluded"), 1);
    let excluded = scan(&bench, &["--exclude", "/build"]);
    assert_eq!((paths(&excluded), coverage(&excluded, "ignored")), (vec![".env".into(), "sub/.env".into()], 1));
    // From below, and for a folder that has a visit of its own.
    assert_eq!(paths(&scan(&bench, &["-C", "sub"])), ["sub/.env"]);
    let named = scan(&bench, &[".", "build/a"]);
    let mut all = paths(&named);
    all.sort();
    assert_eq!(all, [".env", "build/a.b/c.txt", "build/a.txt", "build/a/b/c.txt", "build/a/d.txt", "sub/.env"]);
}

#[test]
fn names_below_a_hidden_folder_are_read_too() {
    let (mut bench, key) = hiding(702);
    let (folder, other) = (bench.live(), bench.live());
    add(&bench, &format!("build/{folder}/{other}"), &key);
    add(&bench, &format!("build/{folder}/x"), "");
    let found = bench.findings();
    let kinds: Vec<_> = found.iter().map(|finding| finding["kind"].as_str().expect("a kind")).collect();
    assert_eq!(kinds, ["file-name", "content", "file-name"]);
    assert!(found.iter().all(|finding| finding["exposure"] == "staged"), "{found:?}");
}

#[test]
#[cfg(unix)]
fn nothing_is_followed_out_of_the_tree() {
    use std::os::unix::fs::symlink;
    let (bench, key) = hiding(703);
    let elsewhere = tempfile::tempdir().expect("a folder");
    fs::write(elsewhere.path().join("x.txt"), &key).expect("written");
    add(&bench, "build/sub/x.txt", "");
    add(&bench, "build/y.txt", "");
    fs::remove_dir_all(bench.join("build/sub")).expect("removed");
    symlink(elsewhere.path(), bench.join("build/sub")).expect("linked");
    fs::remove_file(bench.join("build/y.txt")).expect("removed");
    symlink(elsewhere.path().join("x.txt"), bench.join("build/y.txt")).expect("linked");
    symlink(&key, bench.join("build/link")).expect("linked");
    bench.git(&["add", "-f", "build/link"]);
    let run = scan(&bench, &[]);
    assert_eq!(exposures(&run), owned(&[("build/link", "staged")]));
    assert_eq!((run.json()["findings"][0]["kind"].as_str(), coverage(&run, "links")), (Some("link-target"), 2));
}

#[test]
fn submodules_and_nested_repositories_have_indexes_of_their_own() {
    let (bench, key) = hiding(704);
    bench.git(&["init", "-q", "origin"]);
    bench.write("origin/in.txt", &key);
    bench.git(&["-C", "origin", "add", "."]);
    bench.git(&["-C", "origin", "commit", "-q", "-m", "first"]);
    let add = ["-c", "protocol.file.allow=always", "submodule", "add", "-q", "-f", "./origin", "build/module"];
    bench.git(&add);
    bench.write("build/module/new.txt", &key);
    let run = scan(&bench, &["--exclude", "/origin"]);
    assert_eq!(exposures(&run), owned(&[("build/module/in.txt", "pushed"), ("build/module/new.txt", "untracked")]));
}

#[test]
fn an_index_that_cannot_be_read_is_told_of_once() {
    let (bench, key) = hiding(705);
    add(&bench, ".env", &key);
    bench.write("sub/.env", &key);
    bench.write(".git/index", "not an index");
    let run = scan(&bench, &[]);
    let problems = &run.json()["coverage"]["problems"];
    assert_eq!(problems.as_array().map(Vec::len), Some(1), "{problems}");
    assert_eq!((&problems[0]["kind"], &problems[0]["path"]), (&json!("corrupt"), &json!(".git/index")));
    assert_eq!(run.status, Some(3));
    // A finding asks for the same index, and is found all the same.
    let run = scan(&bench, &[".", ".env"]);
    assert_eq!(exposures(&run), owned(&[(".env", "unknown")]));
    assert_eq!(run.json()["coverage"]["problems"].as_array().map(Vec::len), Some(1));
    // Nothing is hidden: the index is of no interest.
    fs::remove_file(bench.join(".gitignore")).expect("removed");
    for name in [".env", "sub/.env"] {
        fs::remove_file(bench.join(name)).expect("removed");
    }
    bench.write("plain", "");
    assert_eq!(scan(&bench, &[]).status, Some(0));
    // A work tree whose repository is elsewhere, and not there.
    bench.write("moved/.git", "gitdir: /nowhere\n");
    bench.write("moved/.gitignore", ".env\n");
    assert_eq!(scan(&bench, &[]).status, Some(0));
    bench.write("moved/.env", &key);
    let run = scan(&bench, &[]);
    assert_eq!((run.status, &run.json()["coverage"]["problems"][0]["path"]), (Some(3), &json!("moved/.git")));
}

/// A repository with a remote, and a key in one file for each way a key can be exposed.
fn exposed(seed: u64) -> (Bench, String) {
    let mut bench = Bench::new(seed);
    let key = bench.live();
    bench.git(&["init", "-q", "--bare", "remote.git"]);
    bench.git(&["init", "-q", "here"]);
    let git = |arguments: &[&str]| bench.git(&[&["-C", "here"], arguments].concat());
    bench.write("here/.gitignore", "*.log\nout/\n");
    bench.write("here/pushed.txt", format!("key={key}\n"));
    bench.write("here/once-pushed.txt", &key);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    bench.write("here/once-pushed.txt", "");
    git(&["commit", "-q", "-a", "-m", "second"]);
    git(&["remote", "add", "origin", "../remote.git"]);
    git(&["push", "-q", "origin", "HEAD:refs/heads/main"]);
    bench.write("here/once-pushed.txt", &key);
    bench.write("here/sub/committed.txt", &key);
    git(&["add", "sub"]);
    git(&["commit", "-q", "-m", "third"]);
    bench.write("here/staged.txt", &key);
    git(&["add", "staged.txt"]);
    bench.write("here/intent.txt", &key);
    git(&["add", "-N", "intent.txt"]);
    bench.write("here/untracked.txt", &key);
    bench.write("here/sub/ignored.log", &key);
    bench.write("here/out/deep/ignored.txt", &key);
    (bench, key)
}

const EXPOSED: &[(&str, &str)] = &[
    ("intent.txt", "untracked"),
    ("once-pushed.txt", "pushed"),
    ("out/deep/ignored.txt", "ignored"),
    ("pushed.txt", "pushed"),
    ("staged.txt", "staged"),
    ("sub/committed.txt", "committed"),
    ("sub/ignored.log", "ignored"),
    ("untracked.txt", "untracked"),
];

#[test]
fn exposure_is_the_worst_that_is_true() {
    let (mut bench, key) = exposed(711);
    assert_eq!(exposures(&scan(&bench, &["--no-ignore", "here"])), owned(EXPOSED));
    // Another key at a path is another matter, and so is the same key at another path.
    let other = bench.live();
    bench.write("here/pushed.txt", format!("key={key}\nkey={other}\n"));
    let report = scan(&bench, &["here/pushed.txt"]).json();
    let seen: Vec<_> = report["findings"].as_array().expect("a list").iter().map(|found| &found["exposure"]).collect();
    assert_eq!(seen, ["pushed", "untracked"]);
    bench.git(&["-C", "here", "add", "pushed.txt"]);
    let report = scan(&bench, &["here/pushed.txt"]).json();
    assert_eq!(report["findings"][1]["exposure"], "staged");
    // What a tag alone reaches is committed, and what the stash alone reaches is not.
    bench.git(&["-C", "here", "rm", "-q", "--cached", "intent.txt"]);
    bench.git(&["-C", "here", "stash", "-q"]);
    bench.write("here/pushed.txt", &other);
    assert_eq!(exposures(&scan(&bench, &["here/pushed.txt"])), owned(&[("pushed.txt", "untracked")]));
    bench.git(&["-C", "here", "tag", "-a", "-m", "kept", "kept", "stash"]);
    assert_eq!(exposures(&scan(&bench, &["here/pushed.txt"])), owned(&[("pushed.txt", "committed")]));
}

#[test]
#[cfg(unix)]
fn whatever_way_leads_to_a_file_its_repository_is_asked() {
    let (bench, _) = exposed(712);
    std::os::unix::fs::symlink("here/sub", bench.join("way")).expect("linked");
    std::os::unix::fs::symlink("here/pushed.txt", bench.join("link.txt")).expect("linked");
    let file = bench.join("here/staged.txt");
    for (given, expected) in [
        (file.to_str().expect("UTF-8"), ("staged.txt", "staged")),
        ("way/committed.txt", ("sub/committed.txt", "committed")),
        ("way", ("sub/committed.txt", "committed")),
        ("link.txt", ("pushed.txt", "pushed")),
    ] {
        assert_eq!(exposures(&scan(&bench, &[given])), owned(&[expected]), "{given}");
    }
    assert_eq!(exposures(&scan(&bench, &["-C", "here/sub", "."])), owned(&[("sub/committed.txt", "committed")]));
    bench.git(&["-C", "here", "worktree", "add", "-q", "../linked", "HEAD~1"]);
    bench.write("linked/staged.txt", fs::read(&file).expect("read"));
    let linked = scan(&bench, &["linked"]);
    assert_eq!(exposures(&linked), owned(&[("pushed.txt", "pushed"), ("staged.txt", "untracked")]));
}

#[test]
fn ignored_files_count_when_they_were_asked_for() {
    let (bench, _) = exposed(713);
    let levels = |arguments: &[&str]| -> Vec<(String, Value)> {
        let report = scan(&bench, arguments).json();
        let findings = report["findings"].as_array().expect("a list").clone();
        let ignored = findings.into_iter().filter(|found| found["exposure"] == "ignored");
        ignored.map(|found| (found["path"].as_str().expect("a path").to_owned(), found["level"].clone())).collect()
    };
    let (log, out) = ("sub/ignored.log".to_owned(), "out/deep/ignored.txt".to_owned());
    let (note, error) = (json!("note"), json!("error"));
    assert_eq!(levels(&["--no-ignore", "here"]), [(out.clone(), note.clone()), (log.clone(), note.clone())]);
    assert_eq!(levels(&["here/sub/ignored.log"]), [(log.clone(), error.clone())]);
    for given in ["here/out", "here/out/deep", "here/out/deep/ignored.txt"] {
        assert_eq!(levels(&[given]), [(out.clone(), error.clone())], "{given}");
    }
    assert_eq!(levels(&["--no-ignore", "here/sub"]), [(log, note)]);
}

#[test]
fn without_a_repository_nothing_is_known() {
    let mut bench = Bench::new(714);
    let key = bench.live();
    bench.write("plain.txt", &key);
    bench.write("empty/.git/HEAD", "");
    bench.write("empty/a.txt", &key);
    assert_eq!(exposures(&scan(&bench, &[])), owned(&[("empty/a.txt", "unknown"), ("plain.txt", "unknown")]));
    // A folder that only looks like a repository does not borrow the one around it.
    bench.git(&["init", "-q"]);
    bench.git(&["add", "plain.txt"]);
    let run = scan(&bench, &[]);
    assert_eq!(exposures(&run), owned(&[("empty/a.txt", "unknown"), ("plain.txt", "staged")]));
    bench.write(".git/description", &key);
    assert_eq!(exposures(&scan(&bench, &[".git/description"])), owned(&[(".git/description", "untracked")]));
}

#[test]
fn a_sparse_index_stands_for_what_it_leaves_out() {
    let mut bench = Bench::new(715);
    let key = bench.live();
    bench.git(&["init", "-q"]);
    for name in ["in/a.txt", "off/.env", "off/deep/b.txt"] {
        bench.write(name, &key);
    }
    bench.git(&["add", "."]);
    bench.git(&["update-index", "--refresh", "-q"]);
    bench.git(&["commit", "-q", "-m", "first"]);
    bench.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "in"]);
    let index = fs::read(bench.join(".git/index")).expect("an index");
    assert!(memchr::memmem::find(&index, b"off/deep").is_none(), "git wrote no sparse index");
    // git took them away; somebody put them back.
    bench.write(".git/info/exclude", ".env\noff/deep/\n");
    for name in ["off/.env", "off/deep/b.txt", "off/deep/c.txt"] {
        bench.write(name, &key);
    }
    let expected = [("in/a.txt", "committed"), ("off/.env", "committed"), ("off/deep/b.txt", "committed")];
    assert_eq!(exposures(&scan(&bench, &[])), owned(&expected));
    let named = scan(&bench, &["off/deep/c.txt"]);
    assert_eq!(exposures(&named), owned(&[("off/deep/c.txt", "ignored")]));
    assert!(Path::new(&bench.join("off/deep/c.txt")).is_file());
}
