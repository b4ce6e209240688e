//! Linked work trees: one store, each with a HEAD, a log and an index of its own.

use std::slice::from_ref;

use crate::place::{Place, assert_history, assert_places};
use crate::program::Bench;
use crate::repository::Repository;

/// A repository and a linked work tree on a branch of its own.
fn linked(bench: &Bench) -> (Repository, Repository) {
    let repository = Repository::init(bench.join("r"));
    repository.commit_file("a.txt", "nothing\n", "Start");
    repository.git(&["worktree", "add", "-q", "-b", "side", "../linked"]);
    (repository, Repository::open(bench.join("linked")))
}

#[test]
fn a_commit_made_in_it() {
    let mut bench = Bench::new(1601);
    let key = bench.live();
    let (repository, linked) = linked(&bench);
    let added = linked.commit_file("a.env", format!("K={key}\n"), "Add settings");
    let place = Place::file(&repository, &key, "a.env", &added).refs(&["refs/heads/side"]);
    assert_history(&bench, &repository, from_ref(&place));
    // From there the same history is seen, and HEAD is another.
    let run = bench.run(["history", "-f", "json", "linked"]);
    assert_places(&run, "history", &linked, "linked", &[place]);
}

/// Its HEAD alone reaches the commit.
#[test]
fn its_detached_head() {
    let mut bench = Bench::new(1602);
    let key = bench.live();
    let (repository, linked) = linked(&bench);
    linked.git(&["switch", "-q", "--detach"]);
    let added = linked.commit_file("a.env", format!("K={key}\n"), "Add settings");
    let place = Place::file(&repository, &key, "a.env", &added).refs(&["worktrees/linked/HEAD"]);
    assert_history(&bench, &repository, &[place]);
}

#[test]
fn a_commit_reset_away_in_it() {
    let mut bench = Bench::new(1603);
    let key = bench.live();
    let (repository, linked) = linked(&bench);
    linked.git(&["switch", "-q", "--detach"]);
    let lost = linked.commit_file("a.env", format!("K={key}\n"), "Add settings");
    linked.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let place = Place::file(&repository, &key, "a.env", &lost).only_in_log("worktrees/linked/HEAD@{1}");
    assert_history(&bench, &repository, &[place]);
}

#[test]
fn staged_in_it() {
    let mut bench = Bench::new(1604);
    let key = bench.live();
    let (repository, linked) = linked(&bench);
    linked.write("sub/a.env", format!("K={key}\n"));
    linked.git(&["add", "-A"]);
    let place = Place::staged(&linked, &key, "sub/a.env");
    let run = bench.run(["history", "-f", "json", "linked"]);
    assert_places(&run, "history", &linked, "linked", from_ref(&place));
    let run = bench.run(["history", "-f", "json", "r"]);
    assert_places(&run, "history", &repository, "r", &[place]);
}

/// A `.git` that is a file: the store is elsewhere.
#[test]
fn a_separate_git_folder() {
    let mut bench = Bench::new(1605);
    let key = bench.live();
    let repository = Repository::init_with(bench.join("r"), &["--separate-git-dir", "../store"]);
    let added = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    assert!(repository.join(".git").is_file());
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "a.env", &added)]);
}

/// Refs that it has for itself.
#[test]
fn its_own_refs() {
    let mut bench = Bench::new(1606);
    let keys = [bench.live(), bench.live(), bench.live()];
    let (repository, linked) = linked(&bench);
    linked.git(&["switch", "-q", "--detach"]);
    let start = linked.id("HEAD");
    let names = ["refs/bisect/bad", "refs/worktree/foo", "refs/rewritten/deep/bar"];
    let mut places = Vec::new();
    for (name, key) in names.iter().zip(&keys) {
        let added = linked.commit_file("a.env", format!("K={key}\n"), "Add settings");
        linked.git(&["update-ref", name, &added]);
        linked.git(&["reset", "-q", "--hard", &start]);
        assert!(linked.reaches(&["--all"], &added) && !repository.reaches(&["--all"], &added));
        places.push((name, Place::file(&repository, key, "a.env", &added)));
    }
    linked.expire_logs();
    repository.expire_logs();
    let from_outside: Vec<_> =
        places.iter().map(|(name, place)| place.clone().refs(&[&format!("worktrees/linked/{name}")])).collect();
    let run = bench.run(["history", "-f", "json", "r"]);
    assert_places(&run, "history", &repository, "r", &from_outside);
    // Each ref has the same name from there, and so have those of the main work tree.
    let main = [bench.live(), bench.live()];
    let mut from_inside = from_outside;
    for (name, key) in ["refs/bisect/bad", "refs/worktree/own"].iter().zip(&main) {
        let added = repository.commit_file("b.env", format!("K={key}\n"), "Add more settings");
        repository.git(&["update-ref", name, &added]);
        repository.git(&["reset", "-q", "--hard", "HEAD~1"]);
        from_inside.push(Place::file(&repository, key, "b.env", &added).refs(&[name]));
    }
    repository.expire_logs();
    for root in ["r", "linked"] {
        let run = bench.run(["history", "-f", "json", root]);
        assert_places(&run, "history", &repository, root, &from_inside);
    }
}
