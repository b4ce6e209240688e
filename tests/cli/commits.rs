//! What `commits` finds: what the commits of a range add, each against all its parents, and their messages.

mod bounds;
mod ranges;

use std::slice::from_ref;

use crate::place::{Place, assert_places, confirm};
use crate::program::{Bench, Run};
use crate::repository::Repository;

/// A repository with one commit of one file, tagged `base`.
fn start(bench: &Bench) -> Repository {
    let repository = Repository::init(bench.join("r"));
    repository.commit_file("a.txt", "nothing\n", "Start");
    repository.git(&["tag", "base"]);
    repository
}

fn commits(bench: &Bench, range: &[&str]) -> Run {
    bench.run([&["-C", "r", "commits", "-f", "json"], range].concat())
}

/// Holds what is found in a range to exactly these places.
#[track_caller]
fn check(bench: &Bench, repository: &Repository, range: &[&str], places: &[Place]) {
    assert!(repository.succeeds(&[&["rev-list"], range].concat()), "git can't read {range:?}");
    confirm(repository, places);
    assert_places(&commits(bench, range), "commits", repository, ".", places);
}

/// Status 2, and a part of what standard error must say.
#[track_caller]
fn assert_refused(run: &Run, message: &str) {
    assert_eq!(run.status, Some(2), "{}\n{}", run.text(), run.stderr);
    assert!(run.stderr.contains(message), "{message:?} is not in {:?}", run.stderr);
}

/// Keys on two branches that have only `base` in common.
fn two_branches(bench: &mut Bench) -> (Repository, Place, Place) {
    let keys = [bench.live(), bench.live()];
    let repository = start(bench);
    repository.git(&["switch", "-q", "-c", "side"]);
    let side = repository.commit_file("side.env", format!("K={}\n", keys[0]), "Add settings on the side");
    repository.git(&["switch", "-q", "main"]);
    let main = repository.commit_file("main.env", format!("\nK={}\n", keys[1]), "Add settings");
    let side = Place::file(&repository, &keys[0], "side.env", &side).refs(&["refs/heads/side"]);
    let main = Place::file(&repository, &keys[1], "main.env", &main).refs(&["refs/heads/main"]);
    (repository, side, main)
}

#[test]
fn ways_to_write_a_range() {
    let mut bench = Bench::new(2001);
    let (repository, side, main) = two_branches(&mut bench);
    let both = [side.clone(), main.clone()];
    let check = |range: &[&str], places: &[Place]| check(&bench, &repository, range, places);
    check(&["main..side"], &both[..1]);
    check(&["..side"], &both[..1]);
    check(&["side.."], &both[1..]);
    check(&["main...side"], &both);
    check(&["side...main"], &both);
    check(&["side", "--not", "main"], &both[..1]);
    check(&["^main", "side"], &both[..1]);
    check(&["side", "^main"], &both[..1]);
    check(&["side", "main", "--not", "base"], &both);
    check(&["base..side", "base..main"], &both);
    check(&["main"], &both[1..]);
    check(&["refs/heads/side~1..refs/heads/side"], &both[..1]);
    check(&[&format!("{}..{}", repository.id("base"), repository.id("side"))], &both[..1]);
    check(&[&format!("{}..{}", &repository.id("base")[..10], &repository.id("side")[..10])], &both[..1]);
    // A commit that holds a key adds none when its parent's version of the file has it.
    check(&["side..side"], &[]);
    check(&["main", "--not", "main", "side"], &[]);
}

#[test]
fn nothing_new() {
    let mut bench = Bench::new(2002);
    let key = bench.live();
    let repository = start(&bench);
    repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.git(&["tag", "-f", "base"]);
    repository.commit_file("b.txt", "nothing\n", "Go on");
    repository.commit_file("a.env", format!("A=1\nK={key}\n"), "Change settings");
    repository.git(&["update-index", "--chmod=+x", "a.env"]);
    repository.git(&["commit", "-q", "-m", "Make it executable"]);
    repository.commit_removal("a.env", "Remove settings");
    check(&bench, &repository, &["base..HEAD"], &[]);
}

#[test]
fn a_key_that_the_range_takes_out_again() {
    let mut bench = Bench::new(2003);
    let key = bench.live();
    let repository = start(&bench);
    let added = repository.commit_file("sub/a.env", format!("A=1\nK={key}\n"), "Add settings");
    repository.commit_removal("sub/a.env", "Remove settings");
    check(&bench, &repository, &["base..HEAD"], &[Place::file(&repository, &key, "sub/a.env", &added)]);
    check(&bench, &repository, &["HEAD~1..HEAD"], &[]);
}

#[test]
fn a_key_beside_an_old_one() {
    let mut bench = Bench::new(2004);
    let (old, new) = (bench.live(), bench.live());
    let repository = start(&bench);
    repository.commit_file("a.env", format!("K={old}\n"), "Add a key");
    let added = repository.commit_file("a.env", format!("K={old}\nL={new}\n"), "Add another");
    check(&bench, &repository, &["HEAD~1..HEAD"], &[Place::file(&repository, &new, "a.env", &added)]);
}

#[test]
fn a_renamed_file() {
    let mut bench = Bench::new(2005);
    let key = bench.live();
    let repository = start(&bench);
    repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.git(&["mv", "a.env", "b.env"]);
    let renamed = repository.commit("Rename settings");
    check(&bench, &repository, &["HEAD~1..HEAD"], &[Place::file(&repository, &key, "b.env", &renamed)]);
}

#[test]
fn a_key_in_the_merge_alone() {
    let mut bench = Bench::new(2006);
    let (repository, side, main) = two_branches(&mut bench);
    let key = bench.live();
    repository.git(&["merge", "-q", "--no-ff", "--no-commit", "side"]);
    let merge = repository.commit_file("merge.env", format!("K={key}\n"), "Merge side");
    assert_eq!(repository.git(&["rev-list", "--parents", "-n1", "HEAD"]).split(' ').count(), 3);
    let evil = Place::file(&repository, &key, "merge.env", &merge);
    let side = side.refs(&["refs/heads/main", "refs/heads/side"]);
    check(&bench, &repository, &["HEAD", "--not", "HEAD^1", "HEAD^2"], from_ref(&evil));
    check(&bench, &repository, &["HEAD~1..HEAD"], &[evil.clone(), side.clone()]);
    check(&bench, &repository, &["base..HEAD"], &[evil, side, main]);
}

/// The branch of a pull request that took in the target: the target's keys are not its own.
#[test]
fn a_merge_that_takes_a_key_from_outside_of_the_range() {
    let mut bench = Bench::new(2007);
    let (repository, side, _) = two_branches(&mut bench);
    repository.git(&["switch", "-q", "side"]);
    repository.merge(&["main"], "Merge main");
    assert!(repository.succeeds(&["cat-file", "-e", "HEAD:main.env"]));
    check(&bench, &repository, &["main..side"], &[side]);
}

#[test]
fn messages() {
    let mut bench = Bench::new(2008);
    let (subject, body, author) = (bench.live(), bench.live(), bench.live());
    let repository = start(&bench);
    let mut places = vec![Place::message(&subject, &repository.commit_nothing(&format!("Use {subject}")))];
    let commit = repository.commit_file("a.txt", "something\n", &format!("Change it\n\nTested with\n{body}."));
    places.push(Place::message(&body, &commit));
    repository.git(&["commit", "-q", "--allow-empty", "-m", "Work", "--author", &format!("{author} <a@b.invalid>")]);
    places.push(Place::message(&author, &repository.id("HEAD")));
    check(&bench, &repository, &["base..HEAD"], &places);
    check(&bench, &repository, &["HEAD~1..HEAD"], &places[2..]);
}

#[test]
fn messages_of_the_tags_that_name_the_range() {
    let mut bench = Bench::new(2019);
    let (inner, outer) = (bench.live(), bench.live());
    let repository = start(&bench);
    repository.git(&["tag", "-a", "-m", &format!("Release with {inner}"), "v1"]);
    repository.git(&["tag", "-a", "-m", &format!("Approve it\n\n{outer}"), "approved", "v1"]);
    let inner = Place::tag(&inner, &repository.id("v1"), &["refs/tags/approved", "refs/tags/v1"]);
    let outer = Place::tag(&outer, &repository.id("approved"), &["refs/tags/approved"]);
    repository.commit_nothing("Go on");
    for range in [&["v1"][..], &["HEAD...v1"], &["v1", "--not", "base"], &["base..v1"]] {
        check(&bench, &repository, range, std::slice::from_ref(&inner));
    }
    let id = repository.id("v1");
    check(&bench, &repository, &[&id], std::slice::from_ref(&inner));
    check(&bench, &repository, &["base..approved"], &[inner, outer.clone()]);
    // What a tag out of the range names is out, and so is its message.
    check(&bench, &repository, &["approved", "--not", "v1"], &[outer]);
    for range in [&["HEAD"][..], &["v1^0"], &["v1~0"], &["v1..HEAD"], &["base..v1", "^v1"], &["approved..v1"]] {
        check(&bench, &repository, range, &[]);
    }
}

#[test]
fn names_and_links() {
    let mut bench = Bench::new(2009);
    let (file, folder) = (bench.live(), bench.live());
    let repository = start(&bench);
    let path = format!("keys/{file}.txt");
    let first = repository.commit_file(&path, "nothing\n", "Add a file");
    let inside = format!("keys/{folder}/a.txt");
    let second = repository.commit_file(&inside, "nothing\n", "Add a folder");
    repository.commit_file(&inside, "nothing new\n", "Change what is in it");
    let mut places = vec![
        Place::name(&repository, &file, &path, &first),
        Place::name(&repository, &folder, &format!("keys/{folder}"), &second),
    ];
    if cfg!(unix) {
        let target = bench.live();
        #[cfg(unix)]
        std::os::unix::fs::symlink(format!("/run/{target}"), repository.join("link")).expect("a link");
        let third = repository.commit("Add a link");
        places.push(Place::link(&repository, &target, "link", &third));
    }
    check(&bench, &repository, &["base..HEAD"], &places);
}

#[test]
fn commits_that_are_pushed_already() {
    let mut bench = Bench::new(2010);
    let (pushed, local) = (bench.live(), bench.live());
    let origin = Repository::init(bench.join("origin"));
    origin.commit_file("a.txt", "nothing\n", "Start");
    origin.commit_file("a.env", format!("K={pushed}\n"), "Add settings");
    let clone = origin.clone_to(bench.join("r"), &[]);
    clone.git(&["remote", "set-head", "origin", "-d"]);
    let added = clone.commit_file("b.env", format!("K={local}\n"), "Add other settings");
    let places = [
        Place::file(&clone, &local, "b.env", &added),
        Place::file(&clone, &pushed, "a.env", &clone.id("HEAD~1")).exposed("pushed"),
    ];
    check(&bench, &clone, &["origin/main..HEAD"], &places[..1]);
    check(&bench, &clone, &["HEAD~2..HEAD"], &places);
}

/// What a pre-push hook asks for a branch that no remote has.
#[test]
fn what_no_remote_has() {
    let mut bench = Bench::new(2011);
    let (pushed, local) = (bench.live(), bench.live());
    let origin = Repository::init(bench.join("origin"));
    origin.commit_file("a.env", format!("K={pushed}\n"), "Add settings");
    let clone = origin.clone_to(bench.join("r"), &[]);
    let added = clone.commit_file("b.env", format!("K={local}\n"), "Add other settings");
    check(&bench, &clone, &["HEAD", "--not", "--remotes"], &[Place::file(&clone, &local, "b.env", &added)]);
}

#[test]
fn from_a_folder_and_from_a_linked_work_tree() {
    let mut bench = Bench::new(2012);
    let key = bench.live();
    let repository = start(&bench);
    repository.git(&["worktree", "add", "-q", "-b", "side", "../linked"]);
    let linked = Repository::open(bench.join("linked"));
    let added = linked.commit_file("sub/a.env", format!("K={key}\n"), "Add settings");
    let place = Place::file(&linked, &key, "sub/a.env", &added);
    for folder in ["linked", "linked/sub"] {
        let run = bench.run(["-C", folder, "commits", "-f", "json", "base..HEAD"]);
        assert_places(&run, "commits", &linked, ".", from_ref(&place));
    }
    // There HEAD is another branch.
    check(&bench, &repository, &["base..HEAD"], &[]);
}

#[test]
fn a_bare_repository() {
    let mut bench = Bench::new(2013);
    let key = bench.live();
    let repository = start(&bench);
    let added = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    let bare = repository.clone_to(bench.join("r.git"), &["--bare"]);
    let run = bench.run(["-C", "r.git", "commits", "-f", "json", "base..main"]);
    assert_places(&run, "commits", &bare, ".", &[Place::file(&bare, &key, "a.env", &added)]);
}

#[test]
fn ranges_that_do_not_resolve() {
    let mut bench = Bench::new(2014);
    let key = bench.live();
    let repository = start(&bench);
    repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    let nowhere = "0123456789012345678901234567890123456789";
    let missing = format!("{nowhere}..HEAD");
    for (range, named) in [
        (&["nothing..HEAD"][..], "nothing"),
        (&["base..nothing"], "nothing"),
        (&["nothing"], "nothing"),
        (&["HEAD", "--not", "nothing"], "nothing"),
        (&["^nothing", "HEAD"], "nothing"),
        (&["HEAD~9..HEAD"], "HEAD~9"),
        (&[&missing], nowhere),
        (&["base..HEAD", "nothing..HEAD"], "nothing"),
    ] {
        assert!(!repository.succeeds(&[&["rev-list"], range].concat()), "git can read {range:?}");
        assert_refused(&commits(&bench, range), named);
    }
    assert_refused(&commits(&bench, &[&format!("{key}..HEAD")]), ".****");
    assert_refused(&bench.run(["-C", "r", "commits"]), "RANGE");
    assert_refused(&bench.run(["commits", "HEAD"]), "");
}

#[test]
fn a_shallow_clone() {
    let mut bench = Bench::new(2015);
    let key = bench.live();
    let origin = start(&bench);
    origin.commit_file("b.txt", "nothing\n", "Go on");
    let base = origin.id("base");
    let added = origin.commit_file("a.env", format!("K={key}\n"), "Add settings");
    let clone = origin.clone_to(bench.join("clone"), &["--depth=2", "--no-tags"]);
    assert!(!clone.succeeds(&["cat-file", "-e", &base]));
    let run = |range: &str| bench.run(["-C", "clone", "commits", "-f", "json", range]);
    // The base is not there.
    let missing = run(&format!("{base}..HEAD"));
    assert_refused(&missing, "fetch-depth: 0");
    assert_refused(&missing, &base);
    // All that is there ends where the clone was cut.
    assert_refused(&run("HEAD"), "fetch-depth: 0");
    // Nothing is missing between these.
    let place = Place::file(&clone, &key, "a.env", &added).exposed("pushed");
    clone.git(&["remote", "set-head", "origin", "-d"]);
    assert_places(&run("HEAD~1..HEAD"), "commits", &clone, ".", &[place]);
}

/// The cut may be behind a merge, on a way that the range's base does not close.
#[test]
fn a_range_that_reaches_the_cut_by_a_side_way() {
    let mut bench = Bench::new(2016);
    let (origin, ..) = two_branches(&mut bench);
    origin.commit_nothing("Go on");
    origin.git(&["switch", "-q", "side"]);
    origin.commit_nothing("Go on");
    origin.git(&["switch", "-q", "main"]);
    origin.merge(&["side"], "Merge side");
    let clone = origin.clone_to(bench.join("clone"), &["--depth=2"]);
    assert!(clone.succeeds(&["cat-file", "-e", "HEAD^2"]) && !clone.succeeds(&["cat-file", "-e", "HEAD^2~1"]));
    assert_refused(&bench.run(["-C", "clone", "commits", "HEAD~1..HEAD"]), "fetch-depth: 0");
}
