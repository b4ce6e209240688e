//! What `staged` finds: what the next commit would add, by the index and not the work tree.

mod index;

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::slice::from_ref;

use crate::place::{Place, assert_places};
use crate::program::{Bench, Run, id};
use crate::repository::Repository;

/// A repository with one commit of one file.
fn start(bench: &Bench) -> Repository {
    let repository = Repository::init(bench.join("r"));
    repository.commit_file("a.txt", "nothing\n", "Start");
    repository
}

fn staged(bench: &Bench, variables: &[(&str, &OsStr)]) -> Run {
    let mut command = bench.command(["-C", "r", "staged", "-f", "json"]);
    bench.finish(command.envs(variables.iter().copied()).output().expect("the program runs"))
}

/// Holds what is found to exactly these places.
#[track_caller]
fn check(bench: &Bench, repository: &Repository, places: &[Place]) {
    assert_places(&staged(bench, &[]), "staged", repository, ".", places);
}

#[test]
fn nothing_staged() {
    let mut bench = Bench::new(2101);
    let key = bench.live();
    let repository = start(&bench);
    repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.write("b.env", format!("K={key}\n"));
    repository.write("a.txt", format!("K={key}\n"));
    assert!(repository.succeeds(&["diff", "--cached", "--quiet"]));
    check(&bench, &repository, &[]);
}

#[test]
fn nothing_wrong() {
    let bench = Bench::new(2102);
    let repository = start(&bench);
    repository.write("a.txt", "something\n");
    repository.git(&["add", "a.txt"]);
    check(&bench, &repository, &[]);
}

#[test]
fn a_new_file_and_a_changed_one() {
    let mut bench = Bench::new(2103);
    let keys = [bench.live(), bench.test()];
    let repository = start(&bench);
    repository.write("sub/deep/a.env", format!("A=1\n  K={}\n", keys[0]));
    repository.write("a.txt", format!("nothing\n{}\n", keys[1]));
    repository.git(&["add", "-A"]);
    let places = [("sub/deep/a.env", &keys[0]), ("a.txt", &keys[1])];
    let places = places.map(|(path, key)| Place::staged(&repository, key, path));
    check(&bench, &repository, &places);
    // Paths start at the top wherever one stands.
    let run = bench.run(["-C", "r/sub", "staged", "-f", "json"]);
    assert_places(&run, "staged", &repository, ".", &places);
}

/// Larger than what is decoded in memory: streamed, whether git keeps it loose or in a pack, and wherever it is looked at.
#[test]
fn a_large_file() {
    for threshold in ["1m", "1g"] {
        let mut bench = Bench::new(2120);
        let key = bench.live();
        let repository = start(&bench);
        let blank = " ".repeat(65 << 20);
        repository.write("big.txt", format!("{blank}\n{key}\n"));
        repository.git(&["-c", &format!("core.bigFileThreshold={threshold}"), "add", "big.txt"]);
        let found = |arguments: &[&str], exposure: &str| {
            let run = bench.run([&["-C", "r", "-f", "json"], arguments].concat());
            assert_eq!((run.status, run.stderr.as_str()), (Some(1), ""), "{arguments:?}");
            let report = run.json();
            let finding = &report["findings"][0];
            assert_eq!(report["findings"].as_array().map(Vec::len), Some(1));
            assert_eq!((finding["path"].as_str(), finding["start"]["line"].as_u64()), (Some("big.txt"), Some(2)));
            assert_eq!(finding["exposure"], exposure, "{arguments:?}");
        };
        found(&["staged"], "staged");
        found(&["scan"], "staged");
        repository.commit("Add a large file");
        found(&["commits", "HEAD~1..HEAD"], "committed");
        found(&["scan"], "committed");
        found(&["history"], "committed");
        // A version with the key is there already.
        repository.write("big.txt", format!("{blank}\n{key}\nmore\n"));
        repository.git(&["-c", &format!("core.bigFileThreshold={threshold}"), "add", "big.txt"]);
        check(&bench, &repository, &[]);
    }
}

#[test]
fn before_the_first_commit() {
    let mut bench = Bench::new(2104);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    check(&bench, &repository, &[]);
    repository.write("a.env", format!("K={key}\n"));
    repository.git(&["add", "a.env"]);
    check(&bench, &repository, &[Place::staged(&repository, &key, "a.env")]);
}

#[test]
fn on_an_orphan_branch() {
    let mut bench = Bench::new(2105);
    let key = bench.live();
    let repository = start(&bench);
    repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.git(&["checkout", "-q", "--orphan", "new"]);
    // The other branch has it at this path.
    check(&bench, &repository, &[Place::staged(&repository, &key, "a.env").exposed("committed")]);
}

#[test]
fn the_index_counts_and_not_the_work_tree() {
    let mut bench = Bench::new(2106);
    let (indexed, written) = (bench.live(), bench.live());
    let repository = start(&bench);
    repository.write("a.env", format!("K={indexed}\n"));
    repository.git(&["add", "a.env"]);
    repository.write("a.env", format!("K={written}\n"));
    let place = Place::staged(&repository, &indexed, "a.env");
    check(&bench, &repository, from_ref(&place));
    fs::remove_file(repository.join("a.env")).expect("removed");
    check(&bench, &repository, &[place]);
    repository.write("a.env", "K=\n");
    repository.git(&["add", "a.env"]);
    repository.write("a.env", format!("K={written}\n"));
    check(&bench, &repository, &[]);
}

#[test]
fn a_key_that_head_has_is_not_new() {
    let mut bench = Bench::new(2107);
    let (old, new) = (bench.live(), bench.live());
    let repository = start(&bench);
    repository.commit_file("a.env", format!("K={old}\n"), "Add settings");
    repository.write("a.env", format!("A=1\nK={old}\n"));
    repository.git(&["add", "a.env"]);
    check(&bench, &repository, &[]);
    repository.write("a.env", format!("A=1\nK={old}\nL={new}\n"));
    repository.git(&["add", "a.env"]);
    check(&bench, &repository, &[Place::staged(&repository, &new, "a.env")]);
}

/// A path without the key before is a place without the key before.
#[test]
fn a_rename_and_a_copy() {
    let mut bench = Bench::new(2108);
    let (moved, copied) = (bench.live(), bench.live());
    let repository = start(&bench);
    repository.write("a.env", format!("K={moved}\n"));
    repository.commit_file("b.env", format!("K={copied}\n"), "Add settings");
    repository.git(&["mv", "a.env", "c.env"]);
    repository.write("d.env", format!("K={copied}\n"));
    repository.git(&["add", "-A"]);
    let places = [("c.env", &moved), ("d.env", &copied)];
    check(&bench, &repository, &places.map(|(path, key)| Place::staged(&repository, key, path)));
}

#[test]
fn a_removal_and_a_change_of_mode() {
    let mut bench = Bench::new(2109);
    let key = bench.live();
    let repository = start(&bench);
    repository.write("a.env", format!("K={key}\n"));
    repository.commit_file("b.env", format!("K={key}\n"), "Add settings");
    repository.git(&["rm", "-q", "a.env"]);
    repository.git(&["update-index", "--chmod=+x", "b.env"]);
    assert_eq!(repository.git(&["diff", "--cached", "--name-only"]).lines().count(), 2);
    check(&bench, &repository, &[]);
}

/// `git add -N` promises a file and adds nothing of it.
#[test]
fn an_intention_to_add() {
    let mut bench = Bench::new(2110);
    let key = bench.live();
    let repository = start(&bench);
    repository.write("a.env", format!("K={key}\n"));
    repository.git(&["add", "-N", "a.env"]);
    assert!(repository.succeeds(&["diff", "--cached", "--quiet"]));
    check(&bench, &repository, &[]);
}

/// A conflict: each side's version is in the index, and may become the next commit's.
#[test]
fn the_stages_of_a_conflict() {
    let mut bench = Bench::new(2111);
    let key = bench.live();
    let repository = start(&bench);
    let blobs =
        ["base\n".to_owned(), "ours\n".to_owned(), format!("theirs\n{key}\n")].map(|text| repository.blob(text));
    let lines: Vec<_> = (1..).zip(&blobs).map(|(stage, blob)| format!("100644 {blob} {stage}\ta.txt\n")).collect();
    repository.git(&["rm", "-q", "--cached", "a.txt"]);
    repository.git_with_input(&["update-index", "--index-info"], lines.concat().as_bytes());
    assert_eq!(repository.git(&["ls-files", "-u"]).lines().count(), 3);
    let run = staged(&bench, &[]);
    let report = run.json();
    let finding = &report["findings"][0];
    assert_eq!((run.status, &report["summary"]["leaks"]), (Some(1), &1.into()), "{}", run.stderr);
    assert_eq!((&finding["path"], &finding["exposure"]), (&"a.txt".into(), &"staged".into()));
    assert_eq!((&finding["git"]["object"], &finding["start"]["line"]), (&blobs[2].as_str().into(), &2.into()));
}

#[test]
fn a_submodule_entry() {
    let mut bench = Bench::new(2112);
    let key = bench.live();
    let repository = start(&bench);
    let commit = "0123456789012345678901234567890123456789";
    repository.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},library")]);
    check(&bench, &repository, &[]);
    repository.write("a.env", format!("K={key}\n"));
    repository.git(&["add", "a.env"]);
    check(&bench, &repository, &[Place::staged(&repository, &key, "a.env")]);
}

#[cfg(unix)]
#[test]
fn a_symbolic_link() {
    let mut bench = Bench::new(2113);
    let key = bench.live();
    let repository = start(&bench);
    std::os::unix::fs::symlink(format!("/run/{key}"), repository.join("link")).expect("a link");
    repository.git(&["add", "link"]);
    check(&bench, &repository, &[Place::staged_link(&repository, &key, "link")]);
}

#[test]
fn names_of_a_file_and_of_a_folder() {
    let mut bench = Bench::new(2114);
    let keys = [bench.live(), bench.live()];
    let repository = start(&bench);
    repository.write(format!("x/{}.txt", keys[0]), "nothing\n");
    repository.write(format!("{}/a.txt", keys[1]), "nothing\n");
    repository.write(format!("{}/b.txt", keys[1]), "nothing\n");
    repository.git(&["add", "-A"]);
    let found = |run: &Run| {
        let report = run.json();
        let findings = report["findings"].as_array().expect("a list").iter();
        let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
        let facts = findings.map(|finding| {
            assert_eq!((&finding["kind"], &finding["exposure"]), (&"file-name".into(), &"staged".into()));
            assert_eq!((&finding["git"]["commit"], &finding["start"]["column"]), (&serde_json::Value::Null, &1.into()));
            (text(&finding["key_id"]), text(&finding["path"]))
        });
        let mut facts: Vec<_> = facts.collect();
        facts.sort();
        facts
    };
    let mut expected = vec![
        (id(&keys[0]).to_owned(), format!("x/{}.****.txt", &keys[0][..22])),
        (id(&keys[1]).to_owned(), format!("{}.****", &keys[1][..22])),
    ];
    expected.sort();
    let run = staged(&bench, &[]);
    assert_eq!((run.status, found(&run)), (Some(1), expected));
    // The names are there already, whatever changes in the files.
    repository.commit("Add files");
    repository.write(format!("{}/a.txt", keys[1]), "something\n");
    repository.git(&["add", "-A"]);
    check(&bench, &repository, &[]);
}

#[test]
fn a_linked_work_tree() {
    let mut bench = Bench::new(2115);
    let keys = [bench.live(), bench.live()];
    let repository = start(&bench);
    repository.git(&["worktree", "add", "-q", "../linked"]);
    let linked = Repository::open(bench.join("linked"));
    for (tree, key) in [&repository, &linked].into_iter().zip(&keys) {
        tree.write("a.env", format!("K={key}\n"));
        tree.git(&["add", "a.env"]);
    }
    check(&bench, &repository, &[Place::staged(&repository, &keys[0], "a.env")]);
    let run = bench.run(["-C", "linked", "staged", "-f", "json"]);
    assert_places(&run, "staged", &linked, ".", &[Place::staged(&linked, &keys[1], "a.env")]);
}

/// What git sets in hooks: `git commit FILE` and `git commit -a` use another index.
#[test]
fn another_index_file() {
    let mut bench = Bench::new(2116);
    let (usual, other) = (bench.live(), bench.live());
    let repository = start(&bench);
    let index = repository.join(".git/next-index.lock");
    fs::copy(repository.join(".git/index"), &index).expect("copied");
    repository.write("a.env", format!("K={usual}\n"));
    repository.git(&["add", "a.env"]);
    let blob = repository.blob(format!("\nK={other}\n"));
    let entry = format!("100644,{blob},b.env");
    let mut command = repository.command(&["update-index", "--add", "--cacheinfo", &entry]);
    assert!(command.env("GIT_INDEX_FILE", &index).status().expect("git runs").success());
    let place = Place::blob(&other, &blob);
    for file in [index.as_os_str(), OsStr::new(".git/next-index.lock")] {
        let run = staged(&bench, &[("GIT_INDEX_FILE", file)]);
        assert_places(&run, "staged", &repository, ".", &[place.clone().at("b.env").exposed("staged")]);
    }
    check(&bench, &repository, &[Place::staged(&repository, &usual, "a.env")]);
}

#[test]
fn another_git_folder_and_work_tree() {
    let mut bench = Bench::new(2117);
    let key = bench.live();
    let repository = start(&bench);
    repository.write("a.env", format!("K={key}\n"));
    repository.git(&["add", "a.env"]);
    let place = Place::staged(&repository, &key, "a.env");
    let (folder, tree) = (repository.join(".git"), repository.path());
    for (folder, tree) in [(folder.as_os_str(), tree.as_os_str()), (OsStr::new("r/.git"), OsStr::new("r"))] {
        let mut command = bench.command(["staged", "-f", "json"]);
        let output = command.env("GIT_DIR", folder).env("GIT_WORK_TREE", tree).output().expect("the program runs");
        assert_places(&bench.finish(output), "staged", &repository, ".", from_ref(&place));
    }
}

/// Objects that git puts aside until they are accepted, as in a quarantine.
#[test]
fn another_object_folder() {
    let mut bench = Bench::new(2118);
    let key = bench.live();
    let repository = start(&bench);
    let (objects, usual) = (repository.join(".git/incoming"), repository.join(".git/objects"));
    fs::create_dir(&objects).expect("made");
    repository.write("a.env", format!("K={key}\n"));
    let variables =
        [("GIT_OBJECT_DIRECTORY", objects.as_os_str()), ("GIT_ALTERNATE_OBJECT_DIRECTORIES", usual.as_os_str())];
    assert!(repository.command(&["add", "a.env"]).envs(variables).status().expect("git runs").success());
    let blob = repository.id(":a.env");
    assert!(!repository.succeeds(&["cat-file", "-e", &blob]), "git put it into the usual folder");
    let run = staged(&bench, &variables);
    fs::create_dir_all(usual.join(&blob[..2])).expect("made");
    let name = format!("{}/{}", &blob[..2], &blob[2..]);
    fs::rename(objects.join(&name), usual.join(&name)).expect("moved");
    assert_places(&run, "staged", &repository, ".", &[Place::staged(&repository, &key, "a.env")]);
}

/// A staged blob that is gone is a gap.
#[test]
fn a_missing_blob() {
    let bench = Bench::new(2119);
    let repository = start(&bench);
    repository.write("b.txt", "something\n");
    repository.git(&["add", "b.txt"]);
    let blob = repository.id(":b.txt");
    fs::remove_file(repository.join(format!(".git/objects/{}/{}", &blob[..2], &blob[2..]))).expect("removed");
    let run = staged(&bench, &[]);
    assert_eq!((run.status, &run.json()["complete"]), (Some(3), &false.into()), "{}", run.stderr);
    assert!(run.stderr.contains("b.txt") || run.stderr.contains(&blob), "{}", run.stderr);
}

/// HEAD's commit says that it has 17 GB, which nothing reserves.
#[test]
fn a_commit_that_says_it_is_huge() {
    let bench = Bench::new(2130);
    let repository = start(&bench);
    let head = repository.loose(&repository.id("HEAD"));
    fs::remove_file(&head).expect("it was there");
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(format!("commit 17777777777\0tree {}\n", "1".repeat(40)).as_bytes()).expect("memory takes it");
    fs::write(head, encoder.finish().expect("memory takes it")).expect("written");
    let run = staged(&bench, &[]);
    assert_eq!(run.status, Some(3), "{}", run.stderr);
    assert!(run.stderr.contains("allocation limit of 16777216 bytes"), "{}", run.stderr);
}

#[test]
fn no_repository() {
    let bench = Bench::new(2120);
    fs::create_dir(bench.join("r")).expect("made");
    let run = staged(&bench, &[]);
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert!(!run.stderr.is_empty());
}

/// A real hook of real git: `git commit -a` and `git commit FILE` use an index of their own.
#[cfg(unix)]
#[test]
fn in_a_hook() {
    use std::os::unix::fs::PermissionsExt;
    let mut bench = Bench::new(2127);
    let key = bench.live();
    let repository = start(&bench);
    repository.write("sub/b.txt", "nothing\n");
    repository.commit("Add a file");
    let hook = repository.join(".git/hooks/pre-commit");
    repository
        .write(".git/hooks/pre-commit", format!("#!/bin/sh\nexec '{}' staged\n", env!("CARGO_BIN_EXE_hopx-leaks")));
    fs::set_permissions(hook, PermissionsExt::from_mode(0o755)).expect("set");
    let before = repository.id("HEAD");
    repository.write("sub/b.txt", format!("K={key}\n"));
    for arguments in [&["commit", "-a", "-m", "All"][..], &["commit", "-m", "One", "sub/b.txt"]] {
        let output = repository.command(arguments).output().expect("git runs");
        let run = bench.finish(output);
        assert!(run.status != Some(0) && repository.id("HEAD") == before, "{arguments:?}: {}", run.stderr);
        let said = format!("{}{}", run.text(), run.stderr);
        assert!(said.contains(id(&key)) && said.contains("sub/b.txt"), "{arguments:?}: {said}");
    }
    // What is not committed is not in the way.
    repository.write("a.txt", "something\n");
    assert!(repository.succeeds(&["commit", "-m", "Another", "a.txt"]));
}
