//! The ways in which repositories keep objects, and share them.

use std::fs;
use std::slice::from_ref;

use crate::place::{Place, assert_history, assert_history_as_it_is, assert_places};
use crate::program::Bench;
use crate::repository::{Repository, Storage, noise};

/// A repository with a key in its second commit.
fn one_key(bench: &mut Bench, arguments: &[&str]) -> (Repository, String, String) {
    let key = bench.live();
    let repository = Repository::init_with(bench.join("r"), arguments);
    repository.commit_file("a.txt", "nothing\n", "Start");
    let added = repository.commit_file("a.env", format!("A=1\nK={key}\n"), "Add settings");
    repository.commit_removal("a.env", "Remove settings");
    (repository, key, added)
}

fn files(repository: &Repository, extension: &str) -> usize {
    let packs = fs::read_dir(repository.git_folder().join("objects/pack")).expect("a folder");
    packs.filter(|entry| entry.as_ref().is_ok_and(|e| e.path().extension().is_some_and(|e| e == extension))).count()
}

/// Several packs with a key in each, and loose objects with another.
fn many_packs(bench: &mut Bench) -> (Repository, Vec<Place>) {
    let repository = Repository::init(bench.join("r"));
    let mut places = Vec::new();
    for version in 0..5 {
        let key = bench.live();
        let added = repository.commit_file(format!("{version}.env"), format!("K={key}\n"), "Add settings");
        places.push(Place::file(&repository, &key, &format!("{version}.env"), &added));
        if version < 4 {
            repository.git(&["repack", "-d", "-q"]);
        }
    }
    assert_eq!(files(&repository, "pack"), 4);
    assert!(repository.count("count") > 0);
    (repository, places)
}

#[test]
fn several_packs_and_loose_objects() {
    let mut bench = Bench::new(1501);
    let (repository, places) = many_packs(&mut bench);
    assert_history_as_it_is(&bench, &repository, &places);
}

#[test]
fn a_multi_pack_index() {
    let mut bench = Bench::new(1502);
    let (repository, places) = many_packs(&mut bench);
    repository.git(&["multi-pack-index", "write"]);
    assert!(repository.git_folder().join("objects/pack/multi-pack-index").exists());
    assert_history_as_it_is(&bench, &repository, &places);
}

#[test]
fn a_multi_pack_index_with_a_bitmap_and_a_commit_graph() {
    let mut bench = Bench::new(1503);
    let (repository, places) = many_packs(&mut bench);
    repository.git(&["repack", "-a", "-d", "-q", "--write-midx", "--write-bitmap-index"]);
    repository.git(&["commit-graph", "write", "--reachable", "--changed-paths"]);
    repository.git(&["pack-refs", "--all"]);
    assert!(repository.git_folder().join("objects/info/commit-graph").exists());
    assert_history_as_it_is(&bench, &repository, &places);
}

/// A commit-graph that knows nothing of the newest commits, and an index of packs that misses one.
#[test]
fn helpers_that_are_out_of_date() {
    let mut bench = Bench::new(1504);
    let (repository, mut places) = many_packs(&mut bench);
    repository.git(&["multi-pack-index", "write"]);
    repository.git(&["commit-graph", "write", "--reachable"]);
    let key = bench.live();
    let added = repository.commit_file("late.env", format!("K={key}\n"), "Add settings late");
    places.push(Place::file(&repository, &key, "late.env", &added));
    repository.git(&["repack", "-d", "-q"]);
    assert_history_as_it_is(&bench, &repository, &places);
}

/// The same object in two packs and loose is one place.
#[test]
fn an_object_that_is_there_three_times() {
    let mut bench = Bench::new(1505);
    let (repository, key, added) = one_key(&mut bench, &[]);
    repository.git(&["repack", "-a", "-q"]);
    let some = repository.objects()[1..].join("\n") + "\n";
    let packs = repository.git_folder().join("objects/pack/pack");
    repository.git_with_input(&["pack-objects", "-q", packs.to_str().expect("UTF-8")], some.as_bytes());
    assert_eq!(files(&repository, "pack"), 2);
    assert_eq!(repository.count("prune-packable"), repository.objects().len());
    assert_history_as_it_is(&bench, &repository, &[Place::file(&repository, &key, "a.env", &added)]);
}

/// An index of the older format.
#[test]
fn a_pack_with_a_version_1_index() {
    let mut bench = Bench::new(1506);
    let (repository, key, added) = one_key(&mut bench, &[]);
    repository.git(&["-c", "pack.indexVersion=1", "repack", "-a", "-d", "-q"]);
    assert_history_as_it_is(&bench, &repository, &[Place::file(&repository, &key, "a.env", &added)]);
}

/// Sixty versions of a file; the key is in versions 30 to 39 and from 50 on.
#[test]
fn a_deep_chain_of_deltas() {
    let mut bench = Bench::new(1507);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    let mut lines = noise(1507, 200);
    let mut places = Vec::new();
    for version in 0..60 {
        lines[version] = format!("changed in version {version}");
        lines[100] = if (30..40).contains(&version) || version >= 50 { key.clone() } else { "nothing".to_owned() };
        let commit = repository.commit_file("data/a.txt", lines.join("\n"), &format!("Version {version}"));
        if version == 30 || version == 50 {
            places.push(Place::file(&repository, &key, "data/a.txt", &commit));
        }
    }
    repository.git(&["repack", "-a", "-d", "-f", "-q", "--depth=250", "--window=250"]);
    let index = fs::read_dir(repository.git_folder().join("objects/pack")).expect("a folder");
    let index =
        index.map(|entry| entry.expect("an entry").path()).find(|path| path.extension() == Some("idx".as_ref()));
    let chains = repository.git(&["verify-pack", "-s", index.expect("an index").to_str().expect("UTF-8")]);
    let longest =
        chains.lines().filter_map(|line| line.strip_prefix("chain length = ")?.split(':').next()?.parse().ok());
    assert!(longest.max() >= Some(25_u32), "{chains}");
    assert_history_as_it_is(&bench, &repository, &places);
}

/// Deltas that name their base by its id, which `git fetch` and old versions write.
#[test]
fn a_deep_chain_of_deltas_by_id() {
    let mut bench = Bench::new(1508);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    repository.git(&["config", "repack.useDeltaBaseOffset", "false"]);
    let text = "a line of text that is the same in all versions\n".repeat(50);
    repository.commit_file("a.txt", format!("{text}0\n"), "Start");
    let added = repository.commit_file("a.txt", format!("{text}{key}\n"), "Add a key");
    repository.commit_file("a.txt", format!("{text}2\n"), "Take it out");
    repository.git(&["repack", "-a", "-d", "-f", "-q"]);
    assert_history_as_it_is(&bench, &repository, &[Place::file(&repository, &key, "a.txt", &added)]);
}

/// The key is in no object's own bytes: two deltas make it up out of a base and a few more.
#[test]
fn a_key_cut_by_a_delta() {
    let mut bench = Bench::new(1509);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    let text = noise(1509, 400).join("\n");
    let places = [30, 40, 50].map(|cut| {
        let (head, tail) = key.split_at(cut);
        let name = format!("{cut}.txt");
        repository.commit_file(&name, format!("{text}\n{head}"), "Add the head");
        let added = repository.commit_file(&name, format!("{text}\n{head}{tail}"), "Add the tail");
        Place::file(&repository, &key, &name, &added)
    });
    repository.git(&["repack", "-a", "-d", "-f", "-q"]);
    assert_history(&bench, &repository, &places);
}

#[test]
fn a_sha_256_repository() {
    let mut bench = Bench::new(1510);
    let (repository, key, added) = one_key(&mut bench, &["--object-format=sha256"]);
    assert_eq!(added.len(), 64);
    let stash = bench.live();
    repository.write("a.txt", format!("{stash}\n"));
    repository.git(&["stash", "-q"]);
    let dangling = bench.live();
    let places = [
        Place::file(&repository, &key, "a.env", &added),
        Place::file(&repository, &stash, "a.txt", &repository.id("stash")).exposed("unreachable"),
        Place::blob(&dangling, &repository.blob(&dangling)),
    ];
    assert_history(&bench, &repository, &places);
}

/// A repository whose refs are in tables instead of files.
#[test]
fn a_repository_with_reftables() {
    let mut bench = Bench::new(1511);
    let (repository, key, added) = one_key(&mut bench, &["--ref-format=reftable"]);
    assert!(repository.git_folder().join("reftable").is_dir());
    let place = Place::file(&repository, &key, "a.env", &added).refs(&["refs/heads/main"]);
    assert_history(&bench, &repository, &[place]);
}

#[test]
fn packed_refs() {
    let mut bench = Bench::new(1512);
    let (repository, key, added) = one_key(&mut bench, &[]);
    repository.git(&["tag", "-a", "-m", "A version", "v1"]);
    repository.git(&["pack-refs", "--all"]);
    assert!(!repository.git_folder().join("refs/heads/main").exists());
    let place = Place::file(&repository, &key, "a.env", &added).refs(&["refs/heads/main", "refs/tags/v1"]);
    assert_history(&bench, &repository, &[place]);
}

/// Borrowed objects are the clone's history too.
#[test]
fn a_clone_that_borrows_all_objects() {
    let mut bench = Bench::new(1513);
    let (repository, key, added) = one_key(&mut bench, &[]);
    repository.store(Storage::Packed);
    repository.git(&["clone", "-q", "--shared", ".", "../clone"]);
    let clone = Repository::open(bench.join("clone"));
    assert_eq!((clone.count("count"), clone.count("in-pack")), (0, 0));
    let place = Place::file(&clone, &key, "a.env", &added).exposed("pushed");
    clone.git(&["remote", "set-head", "origin", "-d"]);
    assert_history_as_it_is(&bench, &clone, &[place]);
}

/// An alternate of an alternate, given by relative paths; objects of all three.
#[test]
fn a_chain_of_alternates() {
    let mut bench = Bench::new(1514);
    let (repository, key, added) = one_key(&mut bench, &[]);
    let mut places = Vec::new();
    let mut last = repository;
    for name in ["middle", "top"] {
        let key = bench.live();
        let next = Repository::init(bench.join(name));
        next.write(".git/objects/info/alternates", format!("../../../{}/.git/objects\n", last.name()));
        next.git(&["reset", "-q", "--hard", &last.id("HEAD")]);
        let added = next.commit_file(format!("{name}.env"), format!("K={key}\n"), "Add settings");
        places.push((key, format!("{name}.env"), added));
        last = next;
    }
    let mut places: Vec<_> = places.iter().map(|(key, path, commit)| Place::file(&last, key, path, commit)).collect();
    places.push(Place::file(&last, &key, "a.env", &added));
    assert_history_as_it_is(&bench, &last, &places);
}

#[test]
fn a_bare_repository() {
    let mut bench = Bench::new(1515);
    let (repository, key, added) = one_key(&mut bench, &[]);
    let bare = repository.clone_to(bench.join("r.git"), &["--bare"]);
    assert_history(&bench, &bare, &[Place::file(&bare, &key, "a.env", &added).refs(&["refs/heads/main"])]);
}

/// Whatever is in a mirror came from elsewhere.
#[test]
fn a_mirror() {
    let mut bench = Bench::new(1516);
    let (repository, key, added) = one_key(&mut bench, &[]);
    let note = bench.live();
    repository.git(&["notes", "add", "-m", &format!("with {note}"), "HEAD"]);
    let about = repository.id("HEAD");
    let mirror = repository.clone_to(bench.join("r.git"), &["--mirror"]);
    let places = [
        Place::file(&mirror, &key, "a.env", &added).refs(&["refs/heads/main"]),
        Place::file(&mirror, &note, &about, &repository.id("refs/notes/commits")).refs(&["refs/notes/commits"]),
    ];
    assert_history(&bench, &mirror, &places.map(|place| place.exposed("pushed")));
}

#[test]
fn a_clone_and_what_is_not_pushed_yet() {
    let mut bench = Bench::new(1517);
    let (repository, key, added) = one_key(&mut bench, &[]);
    let clone = repository.clone_to(bench.join("clone"), &[]);
    clone.git(&["remote", "set-head", "origin", "-d"]);
    let local_key = bench.live();
    let local = clone.commit_file("b.env", format!("K={local_key}\n"), "Add settings");
    let places = [
        Place::file(&clone, &key, "a.env", &added)
            .refs(&["refs/heads/main", "refs/remotes/origin/main"])
            .exposed("pushed"),
        Place::file(&clone, &local_key, "b.env", &local).refs(&["refs/heads/main"]),
    ];
    assert_history_as_it_is(&bench, &clone, &places);
}

/// The remote has it, the local branch was reset: only the remote-tracking ref reaches it.
#[test]
fn a_clone_whose_branch_was_rewritten() {
    let mut bench = Bench::new(1518);
    let (repository, key, added) = one_key(&mut bench, &[]);
    let clone = repository.clone_to(bench.join("clone"), &[]);
    clone.git(&["remote", "set-head", "origin", "-d"]);
    clone.git(&["reset", "-q", "--hard", "HEAD~2"]);
    let place = Place::file(&clone, &key, "a.env", &added).refs(&["refs/remotes/origin/main"]);
    assert_history_as_it_is(&bench, &clone, &[place.exposed("pushed")]);
}

/// A refspec of one's own makes other refs remote-tracking.
#[test]
fn refs_that_a_fetch_writes_to() {
    let mut bench = Bench::new(1519);
    let (repository, key, added) = one_key(&mut bench, &[]);
    let clone = Repository::init(bench.join("clone"));
    clone.git(&["remote", "add", "upstream", &repository.url()]);
    clone.git(&["config", "remote.upstream.fetch", "+refs/heads/*:refs/vendor/up/*"]);
    clone.git(&["fetch", "-q", "upstream"]);
    let place = Place::file(&clone, &key, "a.env", &added).refs(&["refs/vendor/up/main"]);
    assert_history_as_it_is(&bench, &clone, &[place.exposed("pushed")]);
}

#[test]
fn several_repositories_in_one_run() {
    let mut bench = Bench::new(1520);
    let keys = [bench.live(), bench.live()];
    for (name, key) in ["one", "two"].iter().zip(&keys) {
        Repository::init(bench.join(name)).commit_file("a.env", format!("K={key}\n"), "Add settings");
    }
    let run = bench.run(["history", "-f", "json", "one", "two"]);
    let report = run.json();
    let found: Vec<_> = (0..2).map(|at| (&report["findings"][at]["root"], &report["findings"][at]["key_id"])).collect();
    let ids = keys.map(|key| crate::program::id(&key).to_owned());
    assert_eq!(found, [(&"one".into(), &ids[0].as_str().into()), (&"two".into(), &ids[1].as_str().into())]);
    assert_eq!((run.status, report["summary"]["leaks"].as_u64()), (Some(1), Some(2)));
}

/// Without a name it is the repository around the working directory, from the top of its work tree.
#[test]
fn from_a_folder_of_the_work_tree() {
    let mut bench = Bench::new(1521);
    let (repository, key, added) = one_key(&mut bench, &[]);
    repository.write("sub/deep/b.txt", "nothing\n");
    let place = Place::file(&repository, &key, "a.env", &added);
    for folder in ["r", "r/sub/deep"] {
        let run = bench.run(["-C", folder, "history", "-f", "json"]);
        assert_places(&run, "history", &repository, ".", from_ref(&place));
    }
    for name in ["r/sub", "r/.git"] {
        let run = bench.run(["history", "-f", "json", name]);
        assert_places(&run, "history", &repository, name, from_ref(&place));
    }
}

/// From inside of git's own folder, however one gets there.
#[test]
fn from_inside() {
    let mut bench = Bench::new(1523);
    let (_, key, added) = one_key(&mut bench, &[]);
    let folders = ["r", "r/.git", "r/.git/objects", "r/.git/refs/heads"];
    for folder in folders {
        let run = bench.run(["-C", folder, "history", "-f", "json"]);
        let report = run.json();
        let findings = report["findings"].as_array().expect("a list");
        assert_eq!((run.status, findings.len()), (Some(1), 1), "{folder}: {}", run.stderr);
        assert_eq!(report["complete"], true, "{folder}: {}", run.stderr);
        let found = (&findings[0]["key_id"], &findings[0]["git"]["commit"], &findings[0]["path"]);
        assert_eq!(found, (&crate::program::id(&key).into(), &added.as_str().into(), &"a.env".into()), "{folder}");
    }
}
