//! What no branch and no tag reaches: stashes, what only a log remembers, what nothing remembers, and the index.

use crate::place::{Place, assert_history};
use crate::program::Bench;
use crate::repository::Repository;

/// A repository with one commit of one file.
fn start(bench: &Bench) -> Repository {
    let repository = Repository::init(bench.join("r"));
    repository.commit_file("a.txt", "nothing\n", "Start");
    repository
}

/// Whether git itself calls an object unreachable, logs counted in or not.
fn fsck(repository: &Repository, arguments: &[&str], object: &str) -> bool {
    let lost = repository.git(&[&["fsck", "--unreachable", "--no-progress"], arguments].concat());
    lost.lines().any(|line| line.ends_with(object))
}

#[test]
fn a_stash_of_a_tracked_file() {
    let mut bench = Bench::new(1201);
    let key = bench.live();
    let repository = start(&bench);
    repository.write("a.txt", format!("nothing\nK={key}\n"));
    repository.git(&["stash", "-q"]);
    let place = Place::file(&repository, &key, "a.txt", &repository.id("refs/stash"));
    assert_history(&bench, &repository, &[place.refs(&["refs/stash"]).exposed("unreachable")]);
}

/// The index's own commit, the second parent, has it first.
#[test]
fn a_stash_of_a_staged_file() {
    let mut bench = Bench::new(1202);
    let key = bench.live();
    let repository = start(&bench);
    repository.write("a.env", format!("K={key}\n"));
    repository.git(&["add", "a.env"]);
    repository.git(&["stash", "-q"]);
    let place = Place::file(&repository, &key, "a.env", &repository.id("refs/stash^2"));
    assert_history(&bench, &repository, &[place.refs(&["refs/stash"]).exposed("unreachable")]);
}

/// The third parent has it.
#[test]
fn a_stash_of_an_untracked_file() {
    let mut bench = Bench::new(1203);
    let key = bench.live();
    let repository = start(&bench);
    repository.write("sub/a.env", format!("K={key}\n"));
    repository.git(&["stash", "-q", "-u"]);
    let place = Place::file(&repository, &key, "sub/a.env", &repository.id("refs/stash^3"));
    assert_history(&bench, &repository, &[place.refs(&["refs/stash"]).exposed("unreachable")]);
}

/// Only the log of `refs/stash` reaches it.
#[test]
fn an_older_stash() {
    let mut bench = Bench::new(1204);
    let key = bench.live();
    let repository = start(&bench);
    repository.write("a.txt", format!("K={key}\n"));
    repository.git(&["stash", "-q"]);
    repository.write("a.txt", "something else\n");
    repository.git(&["stash", "-q"]);
    let place = Place::file(&repository, &key, "a.txt", &repository.id("stash@{1}"));
    assert_history(&bench, &repository, &[place.refs(&["stash@{1}"]).exposed("unreachable")]);
}

#[test]
fn a_stash_message() {
    let mut bench = Bench::new(1205);
    let key = bench.live();
    let repository = start(&bench);
    repository.write("a.txt", "something\n");
    repository.git(&["stash", "push", "-q", "-m", &format!("try {key}")]);
    let place = Place::message(&key, &repository.id("refs/stash"));
    assert_history(&bench, &repository, &[place.refs(&["refs/stash"]).exposed("unreachable")]);
}

#[test]
fn a_dropped_stash() {
    let mut bench = Bench::new(1206);
    let key = bench.live();
    let repository = start(&bench);
    repository.write("a.txt", format!("K={key}\n"));
    repository.git(&["stash", "-q"]);
    let stash = repository.id("refs/stash");
    repository.git(&["stash", "drop", "-q"]);
    assert!(fsck(&repository, &[], &stash));
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "a.txt", &stash).unreachable()]);
}

#[test]
fn a_commit_that_was_reset_away() {
    let mut bench = Bench::new(1207);
    let key = bench.live();
    let repository = start(&bench);
    let lost = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.git(&["reset", "-q", "--hard", "HEAD~1"]);
    assert!(!fsck(&repository, &[], &lost) && fsck(&repository, &["--no-reflogs"], &lost));
    let place = Place::file(&repository, &key, "a.env", &lost);
    assert_history(&bench, &repository, &[place.only_in_log("HEAD@{1}")]);
}

#[test]
fn a_commit_that_was_amended_away() {
    let mut bench = Bench::new(1208);
    let key = bench.live();
    let repository = start(&bench);
    let lost = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.write("a.env", "K=\n");
    repository.git(&["commit", "-q", "-a", "--amend", "--reset-author", "-m", "Add settings"]);
    assert!(!fsck(&repository, &[], &lost) && fsck(&repository, &["--no-reflogs"], &lost));
    let place = Place::file(&repository, &key, "a.env", &lost);
    assert_history(&bench, &repository, &[place.only_in_log("HEAD@{1}")]);
}

#[test]
fn a_commit_that_was_reset_away_and_forgotten() {
    let mut bench = Bench::new(1209);
    let key = bench.live();
    let repository = start(&bench);
    let lost = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.git(&["reset", "-q", "--hard", "HEAD~1"]);
    repository.git(&["update-ref", "-d", "ORIG_HEAD"]);
    repository.expire_logs();
    assert!(fsck(&repository, &[], &lost));
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "a.env", &lost).unreachable()]);
}

/// The log of HEAD remembers that it was checked out.
#[test]
fn a_deleted_branch() {
    let mut bench = Bench::new(1210);
    let key = bench.live();
    let repository = start(&bench);
    repository.git(&["switch", "-q", "-c", "side"]);
    let lost = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.git(&["switch", "-q", "main"]);
    repository.git(&["branch", "-q", "-D", "side"]);
    assert!(!fsck(&repository, &[], &lost) && fsck(&repository, &["--no-reflogs"], &lost));
    let place = Place::file(&repository, &key, "a.env", &lost);
    assert_history(&bench, &repository, &[place.only_in_log("HEAD@{1}")]);
}

/// Two commits that nothing reaches: the first brought the key in, its child kept it.
#[test]
fn a_deleted_and_forgotten_branch() {
    let mut bench = Bench::new(1211);
    let key = bench.live();
    let repository = start(&bench);
    repository.git(&["switch", "-q", "-c", "side"]);
    let lost = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    let child = repository.commit_file("a.env", format!("K={key}\nL=1\n"), "Go on");
    repository.git(&["switch", "-q", "main"]);
    repository.git(&["branch", "-q", "-D", "side"]);
    repository.expire_logs();
    assert!(fsck(&repository, &[], &lost) && fsck(&repository, &[], &child));
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "a.env", &lost).unreachable()]);
}

/// The same key at the same path, once where a branch reaches it: the worst is true of both.
#[test]
fn the_worst_exposure_counts() {
    let mut bench = Bench::new(1212);
    let key = bench.live();
    let repository = start(&bench);
    let lost = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.git(&["reset", "-q", "--hard", "HEAD~1"]);
    repository.git(&["update-ref", "-d", "ORIG_HEAD"]);
    let kept = repository.commit_file("a.env", format!("A=1\nK={key}\n"), "Add other settings");
    repository.expire_logs();
    assert!(fsck(&repository, &[], &lost));
    let places = [
        Place::file(&repository, &key, "a.env", &lost).refs(&[]),
        Place::file(&repository, &key, "a.env", &kept).refs(&["refs/heads/main"]),
    ];
    assert_history(&bench, &repository, &places);
}

#[test]
fn a_blob_that_was_staged_and_dropped() {
    let mut bench = Bench::new(1213);
    let key = bench.live();
    let repository = start(&bench);
    repository.write("a.env", format!("\nK={key}\n"));
    repository.git(&["add", "a.env"]);
    let blob = repository.id(":a.env");
    repository.git(&["rm", "-q", "-f", "a.env"]);
    assert!(fsck(&repository, &[], &blob));
    assert_history(&bench, &repository, &[Place::blob(&key, &blob)]);
}

#[test]
fn a_blob_that_was_only_written() {
    let mut bench = Bench::new(1214);
    let key = bench.live();
    let repository = start(&bench);
    let blob = repository.blob(format!("K={key}"));
    assert!(fsck(&repository, &[], &blob));
    assert_history(&bench, &repository, &[Place::blob(&key, &blob)]);
}

#[test]
fn a_tree_that_was_only_written() {
    let mut bench = Bench::new(1215);
    let key = bench.live();
    let repository = start(&bench);
    let blob = repository.blob(format!("K={key}"));
    let tree = repository.git_with_input(&["mktree"], format!("100644 blob {blob}\ta.env\n").as_bytes());
    assert!(fsck(&repository, &[], &tree));
    assert_history(&bench, &repository, &[Place::blob(&key, &blob)]);
}

#[test]
fn a_message_that_nothing_reaches() {
    let mut bench = Bench::new(1216);
    let key = bench.live();
    let repository = start(&bench);
    let commit = repository.git(&["commit-tree", "-m", &format!("Try\n\nwith {key}"), "HEAD^{tree}"]);
    assert!(fsck(&repository, &[], &commit));
    assert_history(&bench, &repository, &[Place::message(&key, &commit).unreachable()]);
}

#[test]
fn a_tag_that_nothing_reaches() {
    let mut bench = Bench::new(1217);
    let key = bench.live();
    let repository = start(&bench);
    repository.git(&["tag", "-a", "-m", &format!("with {key}"), "v1"]);
    let tag = repository.id("v1");
    repository.git(&["tag", "-d", "v1"]);
    assert!(fsck(&repository, &[], &tag));
    assert_history(&bench, &repository, &[Place::tag(&key, &tag, &[]).exposed("unreachable")]);
}

#[test]
fn a_file_that_is_staged() {
    let mut bench = Bench::new(1218);
    let key = bench.live();
    let repository = start(&bench);
    repository.write("sub/a.env", format!("A=1\nK={key}\n"));
    repository.git(&["add", "sub/a.env"]);
    assert_history(&bench, &repository, &[Place::staged(&repository, &key, "sub/a.env")]);
}

/// Staged again without the key: the first blob is nobody's.
#[test]
fn a_file_that_was_staged_with_a_key_first() {
    let mut bench = Bench::new(1219);
    let key = bench.live();
    let repository = start(&bench);
    repository.write("a.env", format!("K={key}\n"));
    repository.git(&["add", "a.env"]);
    let blob = repository.id(":a.env");
    repository.write("a.env", "K=\n");
    repository.git(&["add", "a.env"]);
    assert!(fsck(&repository, &[], &blob));
    assert_history(&bench, &repository, &[Place::blob(&key, &blob)]);
}

/// What HEAD has as well is a committed key and nothing more.
#[test]
fn a_file_that_is_committed_and_staged() {
    let mut bench = Bench::new(1220);
    let key = bench.live();
    let repository = start(&bench);
    let added = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.write("a.env", format!("A=1\nK={key}\n"));
    repository.git(&["add", "a.env"]);
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "a.env", &added)]);
}

/// All versions of an unfinished merge are in the index, and the commits have two of them.
#[test]
fn an_unfinished_merge() {
    let mut bench = Bench::new(1221);
    let key = bench.live();
    let repository = start(&bench);
    repository.git(&["switch", "-q", "-c", "side"]);
    let side = repository.commit_file("a.txt", format!("{key}\n"), "Change it");
    repository.git(&["switch", "-q", "main"]);
    repository.commit_file("a.txt", "something\n", "Change it too");
    assert!(!repository.succeeds(&["merge", "-q", "side"]), "no conflict");
    assert_eq!(repository.git(&["ls-files", "-u"]).lines().count(), 3);
    let place = Place::file(&repository, &key, "a.txt", &side).refs(&["refs/heads/side"]);
    // git keeps the file with both sides of the conflict in it, too.
    let both = Place::blob(&key, &repository.id("AUTO_MERGE:a.txt"));
    assert_history(&bench, &repository, &[place, both]);
}
