//! Merges: what comes in with the merge itself, and what only passes through it.

use crate::place::{Place, assert_history};
use crate::program::Bench;
use crate::repository::Repository;

/// Branches main and these, each with a file of its own.
fn branches(bench: &Bench, names: &[&str]) -> Repository {
    let repository = Repository::init(bench.join("r"));
    repository.commit_file("main.txt", "nothing\n", "Start");
    for name in names {
        repository.git(&["switch", "-q", "-c", name, "main"]);
        repository.commit_file(format!("{name}.txt"), "nothing\n", &format!("Start {name}"));
    }
    repository.git(&["switch", "-q", "main"]);
    repository.commit_file("main.txt", "nothing new\n", "Go on");
    repository
}

/// Merges branches and puts a file into the merge that none of them has.
fn evil(repository: &Repository, branches: &[&str], name: &str, content: &str) -> String {
    repository.merge(branches, "Merge");
    repository.write(name, content);
    repository.git(&["add", "-A"]);
    repository.git(&["commit", "-q", "--amend", "--reset-author", "-m", "Merge and more"]);
    repository.id("HEAD")
}

fn parents(repository: &Repository, commit: &str) -> usize {
    repository.git(&["rev-list", "--parents", "-n1", commit]).split(' ').count() - 1
}

#[test]
fn a_key_in_the_merge_alone() {
    let mut bench = Bench::new(1101);
    let key = bench.live();
    let repository = branches(&bench, &["side"]);
    let merge = evil(&repository, &["side"], "a.env", &format!("K={key}\n"));
    assert_eq!(parents(&repository, &merge), 2);
    repository.expire_logs();
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "a.env", &merge)]);
}

/// In a file that both sides have, beside what each of them changed.
#[test]
fn a_key_in_the_resolution_of_a_conflict() {
    let mut bench = Bench::new(1102);
    let key = bench.live();
    let repository = branches(&bench, &[]);
    repository.git(&["switch", "-q", "-c", "side", "HEAD~1"]);
    repository.commit_file("main.txt", "something\n", "Change it");
    repository.git(&["switch", "-q", "main"]);
    assert!(!repository.succeeds(&["merge", "-q", "side"]), "no conflict");
    let merge = repository.commit_file("main.txt", format!("nothing new\nsomething\n{key}\n"), "Merge side");
    assert_eq!(parents(&repository, &merge), 2);
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "main.txt", &merge)]);
}

#[test]
fn a_merge_that_takes_a_key_from_the_side() {
    let mut bench = Bench::new(1103);
    let key = bench.live();
    let repository = branches(&bench, &["side"]);
    repository.git(&["switch", "-q", "side"]);
    let added = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.git(&["switch", "-q", "main"]);
    let merge = repository.merge(&["side"], "Merge side");
    assert_eq!(parents(&repository, &merge), 2);
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "a.env", &added)]);
}

/// The merged version is a blob that neither parent has, but the key was in one of theirs.
#[test]
fn a_merged_file_with_a_key_from_the_side() {
    let mut bench = Bench::new(1104);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    let lines = |first: &str, last: &str| format!("{first}\n{}{last}\n", "\n".repeat(20));
    repository.commit_file("a.env", lines("A=", "Z="), "Start");
    repository.git(&["switch", "-q", "-c", "side"]);
    let added = repository.commit_file("a.env", lines("A=", &format!("Z={key}")), "Add a key");
    repository.git(&["switch", "-q", "main"]);
    repository.commit_file("a.env", lines("A=1", "Z="), "Set A");
    let merge = repository.merge(&["side"], "Merge side");
    let blobs = ["HEAD", "HEAD^1", "HEAD^2"].map(|commit| repository.id(&format!("{commit}:a.env")));
    assert!(blobs[0] != blobs[1] && blobs[0] != blobs[2]);
    assert_eq!(parents(&repository, &merge), 2);
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "a.env", &added)]);
}

/// The key was on one side all along; the merge brings back what the other had taken out.
#[test]
fn a_merge_that_undoes_a_removal() {
    let mut bench = Bench::new(1105);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    let added = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.git(&["switch", "-q", "-c", "side"]);
    repository.commit_nothing("Go on");
    repository.git(&["switch", "-q", "main"]);
    repository.commit_removal("a.env", "Remove settings");
    repository.git(&["merge", "-q", "--no-commit", "side"]);
    repository.git(&["checkout", "-q", "side", "--", "a.env"]);
    let merge = repository.commit("Merge side");
    assert_eq!(parents(&repository, &merge), 2);
    assert!(repository.succeeds(&["cat-file", "-e", "HEAD:a.env"]));
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "a.env", &added)]);
}

#[test]
fn a_key_in_an_octopus_merge_alone() {
    let mut bench = Bench::new(1106);
    let key = bench.live();
    let repository = branches(&bench, &["one", "two", "three"]);
    let merge = evil(&repository, &["one", "two", "three"], "a.env", &format!("\nK={key}\n"));
    assert_eq!(parents(&repository, &merge), 4);
    repository.expire_logs();
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "a.env", &merge)]);
}

#[test]
fn an_octopus_merge_that_takes_a_key_from_its_last_parent() {
    let mut bench = Bench::new(1107);
    let key = bench.live();
    let repository = branches(&bench, &["one", "two", "three"]);
    repository.git(&["switch", "-q", "three"]);
    let added = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.git(&["switch", "-q", "main"]);
    let merge = repository.merge(&["one", "two", "three"], "Merge all");
    assert_eq!(parents(&repository, &merge), 4);
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "a.env", &added)]);
}

/// Two histories without a common commit, joined by a merge that puts one into a folder: a new path.
#[test]
fn a_merged_subtree() {
    let mut bench = Bench::new(1108);
    let key = bench.live();
    let repository = branches(&bench, &[]);
    repository.git(&["switch", "-q", "--orphan", "library"]);
    let added = repository.commit_file("a.env", format!("K={key}\n"), "Start the library");
    repository.git(&["switch", "-q", "main"]);
    repository.git(&["merge", "-q", "-s", "ours", "--no-commit", "--allow-unrelated-histories", "library"]);
    repository.git(&["read-tree", "--prefix=library/", "-u", "library"]);
    let merge = repository.commit("Put the library into a folder");
    let places = [("a.env", &added), ("library/a.env", &merge)];
    assert_history(&bench, &repository, &places.map(|(path, commit)| Place::file(&repository, &key, path, commit)));
}
