//! Repositories whose refs are in tables (`extensions.refStorage=reftable`), as real git makes them.

use std::fs;
use std::path::PathBuf;
use std::slice::from_ref;

use crate::place::{Place, assert_history, assert_history_as_it_is, assert_places, confirm};
use crate::program::{Bench, Run};
use crate::repository::Repository;

/// A repository with tables and one commit of one file, tagged `base`.
fn start(bench: &Bench, more: &[&str]) -> Repository {
    let repository = Repository::init_with(bench.join("r"), &[&["--ref-format=reftable"], more].concat());
    repository.commit_file("a.txt", "nothing\n", "Start");
    repository.git(&["tag", "base"]);
    repository
}

/// The tables of the main work tree.
fn tables(repository: &Repository) -> Vec<PathBuf> {
    let folder = repository.git_folder().join("reftable");
    let list = fs::read_to_string(folder.join("tables.list")).expect("a list");
    list.lines().map(|name| folder.join(name)).collect()
}

#[track_caller]
fn assert_refused(run: &Run, message: &str) {
    assert_eq!(run.status, Some(2), "{}\n{}", run.text(), run.stderr);
    assert!(run.stderr.contains(message), "{message:?} is not in {:?}", run.stderr);
}

/// Several blocks with an index, in one table and in many.
#[test]
fn three_thousand_refs() {
    let mut bench = Bench::new(2801);
    let key = bench.live();
    let repository = start(&bench, &[]);
    repository.git(&["switch", "-q", "-c", "zz"]);
    let added = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.git(&["switch", "-q", "main"]);
    let lines = (0..3000).map(|number| format!("create refs/heads/branch-{number:04} {}\n", repository.id("base")));
    repository.git_with_input(&["update-ref", "--stdin"], lines.collect::<String>().as_bytes());
    repository.git(&["update-ref", "refs/heads/branch-1500", "zz"]);
    let refs = ["refs/heads/branch-1500", "refs/heads/zz"];
    let place = Place::file(&repository, &key, "a.env", &added).refs(&refs);
    assert_history_as_it_is(&bench, &repository, from_ref(&place));
    repository.git(&["pack-refs", "--all"]);
    assert_eq!(tables(&repository).len(), 1);
    assert_history_as_it_is(&bench, &repository, &[place]);
}

/// Deleted in a later table than the one that made it.
#[test]
fn a_deleted_ref() {
    let mut bench = Bench::new(2802);
    let key = bench.live();
    let repository = start(&bench, &[]);
    repository.git(&["pack-refs", "--all"]);
    repository.git(&["switch", "-q", "-c", "side"]);
    let lost = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.git(&["switch", "-q", "main"]);
    repository.git(&["branch", "-q", "-D", "side"]);
    let place = Place::file(&repository, &key, "a.env", &lost);
    assert_history_as_it_is(&bench, &repository, &[place.clone().only_in_log("HEAD@{1}")]);
    repository.expire_logs();
    assert_history(&bench, &repository, &[place.unreachable()]);
}

#[test]
fn a_symbolic_ref_and_an_annotated_tag() {
    let mut bench = Bench::new(2803);
    let (key, message) = (bench.live(), bench.live());
    let repository = start(&bench, &[]);
    let added = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.git(&["tag", "-a", "-m", &format!("with {message}"), "v1"]);
    repository.git(&["symbolic-ref", "refs/heads/nowhere", "refs/heads/not-there"]);
    let places = [
        Place::file(&repository, &key, "a.env", &added).refs(&["refs/heads/main", "refs/tags/v1"]),
        Place::tag(&message, &repository.id("v1"), &["refs/tags/v1"]).exposed("committed"),
    ];
    assert_history(&bench, &repository, &places);
    repository.git(&["symbolic-ref", "refs/heads/alias", "refs/heads/main"]);
    for name in ["alias", "heads/alias", "refs/heads/alias"] {
        let run = bench.run(["-C", "r", "commits", "-f", "json", &format!("base..{name}")]);
        assert_eq!(run.status, Some(1), "{}", run.stderr);
    }
}

#[test]
fn a_remote() {
    let mut bench = Bench::new(2804);
    let keys = [bench.live(), bench.live()];
    let origin = start(&bench, &[]);
    let pushed = origin.commit_file("a.env", format!("K={}\n", keys[0]), "Add settings");
    let clone = origin.clone_to(bench.join("clone"), &["--ref-format=reftable"]);
    clone.git(&["remote", "set-head", "origin", "-d"]);
    let local = clone.commit_file("b.env", format!("K={}\n", keys[1]), "Add other settings");
    let places = [
        Place::file(&clone, &keys[0], "a.env", &pushed)
            .refs(&["refs/heads/main", "refs/remotes/origin/main"])
            .exposed("pushed"),
        Place::file(&clone, &keys[1], "b.env", &local).refs(&["refs/heads/main"]),
    ];
    assert_history_as_it_is(&bench, &clone, &places);
    let run = bench.run(["-C", "clone", "commits", "-f", "json", "HEAD", "--not", "--remotes"]);
    assert_places(&run, "commits", &clone, ".", &places[1..]);
}

#[test]
fn stashes() {
    let mut bench = Bench::new(2805);
    let keys = [bench.live(), bench.live()];
    let repository = start(&bench, &[]);
    for key in &keys {
        repository.write("a.txt", format!("K={key}\n"));
        repository.git(&["stash", "-q"]);
    }
    let places = [("stash@{1}", &keys[0]), ("refs/stash", &keys[1])].map(|(name, key)| {
        let place = Place::file(&repository, key, "a.txt", &repository.id(name));
        place.refs(&[name]).exposed("unreachable")
    });
    assert_history(&bench, &repository, &places);
}

#[test]
fn a_commit_that_only_a_log_has() {
    let mut bench = Bench::new(2806);
    let key = bench.live();
    let repository = start(&bench, &[]);
    let lost = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let place = Place::file(&repository, &key, "a.env", &lost);
    for selector in ["HEAD@{1}", "refs/heads/main@{1}"] {
        assert_history_as_it_is(&bench, &repository, &[place.clone().only_in_log(selector)]);
    }
    for range in ["HEAD..HEAD@{1}", "main@{1}", "@{1}", "base..main@{1}"] {
        let run = bench.run(["-C", "r", "commits", "-f", "json", range]);
        assert_places(&run, "commits", &repository, ".", &[place.clone().only_in_log("HEAD@{1}")]);
    }
}

#[test]
fn a_linked_work_tree_with_a_detached_head() {
    let mut bench = Bench::new(2807);
    let (key, staged) = (bench.live(), bench.live());
    let repository = start(&bench, &[]);
    repository.git(&["worktree", "add", "-q", "--detach", "../linked"]);
    let linked = Repository::open(bench.join("linked"));
    let added = linked.commit_file("a.env", format!("K={key}\n"), "Add settings");
    let place = Place::file(&repository, &key, "a.env", &added).refs(&["worktrees/linked/HEAD"]);
    assert_history(&bench, &repository, from_ref(&place));
    // There, HEAD is that commit; here it is not.
    let place = Place::file(&linked, &key, "a.env", &added).refs(&["worktrees/linked/HEAD"]);
    let run = bench.run(["-C", "linked", "commits", "-f", "json", "main..HEAD"]);
    assert_places(&run, "commits", &linked, ".", &[place]);
    assert_eq!(bench.run(["-C", "r", "commits", "base..HEAD"]).status, Some(0));
    linked.write("b.env", format!("K={staged}\n"));
    linked.git(&["add", "b.env"]);
    let run = bench.run(["-C", "linked", "staged", "-f", "json"]);
    assert_places(&run, "staged", &linked, ".", &[Place::staged(&linked, &staged, "b.env")]);
    linked.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let place = Place::file(&repository, &key, "a.env", &added).only_in_log("worktrees/linked/HEAD@{1}");
    let blob = linked.git_with_input(&["hash-object", "--stdin"], format!("K={staged}\n").as_bytes());
    assert_history_as_it_is(&bench, &repository, &[place, Place::blob(&staged, &blob)]);
}

#[test]
fn ids_of_sha_256() {
    let mut bench = Bench::new(2808);
    let keys = [bench.live(), bench.live()];
    let repository = start(&bench, &["--object-format=sha256"]);
    let added = repository.commit_file("a.env", format!("K={}\n", keys[0]), "Add settings");
    repository.write("a.txt", format!("K={}\n", keys[1]));
    repository.git(&["stash", "-q"]);
    let places = [
        Place::file(&repository, &keys[0], "a.env", &added),
        Place::file(&repository, &keys[1], "a.txt", &repository.id("stash"))
            .refs(&["refs/stash"])
            .exposed("unreachable"),
    ];
    assert_history(&bench, &repository, &places);
}

#[test]
fn what_is_staged() {
    let mut bench = Bench::new(2809);
    let keys = [bench.live(), bench.live()];
    let repository = Repository::init_with(bench.join("r"), &["--ref-format=reftable"]);
    repository.write("a.env", format!("K={}\n", keys[0]));
    repository.git(&["add", "-A"]);
    let staged = || bench.run(["-C", "r", "staged", "-f", "json"]);
    let hook = || bench.run(["-C", "r", "hook", "run", "pre-commit"]).status;
    let place = Place::staged(&repository, &keys[0], "a.env");
    assert_places(&staged(), "staged", &repository, ".", &[place]);
    assert_eq!(hook(), Some(1));
    // What HEAD has is old.
    repository.commit("Add settings");
    assert_places(&staged(), "staged", &repository, ".", &[]);
    assert_eq!(hook(), Some(0));
    repository.write("b.env", format!("K={}\n", keys[1]));
    repository.git(&["add", "-A"]);
    let place = Place::staged(&repository, &keys[1], "b.env");
    assert_places(&staged(), "staged", &repository, ".", &[place]);
    assert_eq!(hook(), Some(1));
}

#[test]
fn ranges() {
    let mut bench = Bench::new(2810);
    let keys = [bench.live(), bench.live()];
    let repository = start(&bench, &[]);
    repository.git(&["switch", "-q", "-c", "side"]);
    let side = repository.commit_file("side.env", format!("K={}\n", keys[0]), "Add settings on the side");
    repository.git(&["switch", "-q", "main"]);
    let main = repository.commit_file("main.env", format!("\nK={}\n", keys[1]), "Add settings");
    let places = [
        Place::file(&repository, &keys[0], "side.env", &side).refs(&["refs/heads/side"]),
        Place::file(&repository, &keys[1], "main.env", &main).refs(&["refs/heads/main"]),
    ];
    confirm(&repository, &places);
    let (only_side, only_main, both) = (&places[..1], &places[1..], &places[..]);
    let ids = format!("{}..{}", repository.id("base"), &side[..10]);
    let cases: [(&[&str], &[Place]); 16] = [
        (&["main..side"], only_side),
        (&["..side"], only_side),
        (&["side.."], only_main),
        (&["side..@"], only_main),
        (&["side..HEAD"], only_main),
        (&["main...side"], both),
        (&["side", "--not", "main"], only_side),
        (&["^main", "side"], only_side),
        (&["heads/main..refs/heads/side"], only_side),
        (&["base..side", "base..main"], both),
        (&["tags/base..side"], only_side),
        (&["refs/heads/side~1..refs/heads/side"], only_side),
        (&["side^!"], only_side),
        (&["side^..side^{commit}"], only_side),
        (&[&ids], only_side),
        (&["side..side"], &[]),
    ];
    for (range, places) in cases {
        assert!(repository.succeeds(&[&["rev-list"], range].concat()), "git can't read {range:?}");
        let run = bench.run([&["-C", "r", "commits", "-f", "json"], range].concat());
        assert_places(&run, "commits", &repository, ".", places);
    }
    // A tag goes before a branch of the same name.
    repository.git(&["tag", "side", "main"]);
    let run = bench.run(["-C", "r", "commits", "-f", "json", "base..side"]);
    let place = Place::file(&repository, &keys[1], "main.env", &main);
    assert_places(&run, "commits", &repository, ".", &[place]);
}

#[test]
fn ranges_that_lead_nowhere() {
    let bench = Bench::new(2811);
    let repository = start(&bench, &[]);
    let commits = |range: &str| bench.run(["-C", "r", "commits", range]);
    assert_refused(&commits("base..nowhere"), "nowhere");
    assert_refused(&commits("main@{yesterday}"), "reftable");
    assert_refused(&commits("main@{7}"), "no entry 7");
    assert_refused(&commits("nowhere@{1}"), "no ref in the reftable is called nowhere");
    repository.git(&["switch", "-q", "--orphan", "empty"]);
    assert_refused(&commits("base..HEAD"), "HEAD leads to no commit yet");
}

/// A ref whose id is damaged leads nowhere, and the key seems to be in no commit that counts.
#[test]
fn a_damaged_id() {
    let mut bench = Bench::new(2813);
    let key = bench.live();
    let repository = start(&bench, &[]);
    let added = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.git(&["pack-refs", "--all"]);
    let table = tables(&repository).remove(0);
    let mut bytes = fs::read(&table).expect("read");
    let id = data_encoding::HEXLOWER.decode(added.as_bytes()).expect("digits");
    let at = memchr::memmem::find(&bytes, &id).expect("the id of main");
    bytes[at + 7] ^= 1;
    fs::write(&table, bytes).expect("written");
    let run = bench.run(["history", "-f", "json", "r"]);
    assert_eq!((run.status, &run.json()["complete"]), (Some(1), &false.into()), "{}", run.stderr);
    assert!(run.stderr.contains("refs/heads/main leads to"), "{}", run.stderr);
    let run = bench.run(["-C", "r", "staged"]);
    assert_eq!(run.status, Some(3), "{}", run.stderr);
}

/// Whatever is damaged, nobody is told that all is well.
#[test]
fn damage() {
    let mut bench = Bench::new(2812);
    let key = bench.live();
    let repository = start(&bench, &[]);
    repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    let expected = tables(&repository);
    let table = expected.last().expect("a table");
    let whole = fs::read(table).expect("read");
    let name = table.file_name().and_then(|name| name.to_str()).expect("UTF-8");
    let check = || {
        let run = bench.run(["history", "-f", "json", "r"]);
        assert_eq!((run.status, &run.json()["complete"]), (Some(1), &false.into()), "{}", run.stderr);
        assert!(run.stderr.contains(name) && run.stderr.contains("restore the file"), "{}", run.stderr);
        assert_eq!(run.json()["findings"].as_array().map(Vec::len), Some(1));
        let run = bench.run(["-C", "r", "staged"]);
        assert!(run.status == Some(3) && run.stderr.contains(name), "{:?} {}", run.status, run.stderr);
        assert_refused(&bench.run(["-C", "r", "commits", "base..main"]), name);
    };
    for at in [0, 4, 24, 27, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        fs::write(table, bytes).expect("written");
        check();
    }
    fs::write(table, &whole[..whole.len() / 2]).expect("written");
    check();
    fs::remove_file(table).expect("removed");
    check();
}
