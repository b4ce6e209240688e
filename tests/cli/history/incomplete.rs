//! Histories of which a part is not there. What is there is searched, and nobody is told that all is well.

use std::fs;

use crate::program::{Bench, Run, id};
use crate::repository::{Repository, Storage, noise};

/// A repository with a key in its first commit, taken out in the second.
fn origin(bench: &mut Bench) -> (Repository, String) {
    let key = bench.live();
    let repository = Repository::init(bench.join("origin"));
    repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.commit_file("a.env", "K=\n", "Take the key out");
    repository.commit_file("b.txt", "nothing\n", "Go on");
    (repository, key)
}

#[track_caller]
pub(super) fn assert_incomplete(run: &Run, status: i32, message: &str) {
    assert_eq!(run.status, Some(status), "{}", run.stderr);
    assert!(run.stderr.contains(message), "{message:?} is not in {:?}", run.stderr);
    let report = run.json();
    assert_eq!(report["complete"], false);
    assert!(report["coverage"]["problems"].as_array().is_some_and(|problems| !problems.is_empty()));
}

/// The ids of the keys that were found.
pub(super) fn ids(run: &Run) -> Vec<String> {
    let report = run.json();
    let findings = report["findings"].as_array().expect("a list");
    findings.iter().map(|finding| finding["key_id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn a_shallow_clone() {
    let mut bench = Bench::new(1701);
    let (origin, _) = origin(&mut bench);
    let clone = origin.clone_to(bench.join("clone"), &["--depth=1"]);
    assert!(clone.git_folder().join("shallow").exists());
    assert_eq!(clone.git(&["rev-list", "--all", "--count"]), "1");
    assert_incomplete(&bench.run(["history", "-f", "json", "clone"]), 3, "shallow");
    let allowed = bench.run(["history", "-f", "json", "--allow-shallow", "clone"]);
    assert_eq!((allowed.status, &allowed.json()["complete"]), (Some(0), &true.into()), "{}", allowed.stderr);
}

/// A commit whose parents are cut off brings in all that it has.
#[test]
fn a_key_in_a_shallow_clone() {
    let mut bench = Bench::new(1702);
    let (origin, _) = origin(&mut bench);
    let key = bench.live();
    origin.commit_file("c.env", format!("K={key}\n"), "Add other settings");
    let last = origin.commit_nothing("Go on");
    let clone = origin.clone_to(bench.join("clone"), &["--depth=1"]);
    let run = bench.run(["history", "-f", "json", "clone"]);
    assert_incomplete(&run, 1, "shallow");
    assert_eq!(ids(&run), [id(&key)]);
    assert_eq!(run.json()["findings"][0]["git"]["commit"], last);
    let allowed = bench.run(["history", "-f", "json", "--allow-shallow", "clone"]);
    assert_eq!((allowed.status, &allowed.json()["complete"]), (Some(1), &true.into()));
    assert_eq!(ids(&allowed), [id(&key)]);
    assert_eq!(clone.id("HEAD"), last);
}

#[test]
fn a_partial_clone() {
    let mut bench = Bench::new(1703);
    let (origin, key) = origin(&mut bench);
    let there = bench.live();
    origin.commit_file("c.env", format!("K={there}\n"), "Add other settings");
    let clone = origin.clone_to(bench.join("clone"), &["--filter=blob:none"]);
    let missing = clone.git(&["rev-list", "--objects", "--all", "--missing=print"]);
    let lost = origin.id("HEAD~3:a.env");
    assert!(missing.lines().any(|line| line == format!("?{lost}")), "the key is there: {missing}");
    let run = bench.run(["history", "-f", "json", "clone"]);
    assert_incomplete(&run, 1, "partial");
    assert_eq!(ids(&run), [id(&there)]);
    assert_ne!(id(&key), id(&there));
    let allowed = bench.run(["history", "-f", "json", "--allow-shallow", "clone"]);
    assert_eq!((allowed.status, &allowed.json()["complete"]), (Some(1), &true.into()), "{}", allowed.stderr);
}

#[test]
fn a_partial_clone_without_a_key() {
    let mut bench = Bench::new(1704);
    let (origin, _) = origin(&mut bench);
    let clone = origin.clone_to(bench.join("clone"), &["--filter=blob:none", "--no-checkout"]);
    assert!(clone.git(&["rev-list", "--objects", "--all", "--missing=print"]).contains('?'));
    assert_incomplete(&bench.run(["history", "-f", "json", "clone"]), 3, "partial");
    let allowed = bench.run(["history", "-f", "json", "--allow-shallow", "clone"]);
    assert_eq!((allowed.status, &allowed.json()["complete"]), (Some(0), &true.into()), "{}", allowed.stderr);
}

/// A blob that a commit names and that is gone, in a repository that promises to have all.
#[test]
fn a_missing_blob() {
    let mut bench = Bench::new(1705);
    let (origin, _) = origin(&mut bench);
    let lost = origin.id("HEAD~2:a.env");
    origin.store(Storage::Loose);
    fs::remove_file(origin.join(format!(".git/objects/{}/{}", &lost[..2], &lost[2..]))).expect("removed");
    assert!(!origin.succeeds(&["fsck", "--no-progress"]));
    assert_incomplete(&bench.run(["history", "-f", "json", "origin"]), 3, &lost);
    assert_incomplete(&bench.run(["history", "-f", "json", "--allow-shallow", "origin"]), 3, &lost);
}

#[cfg(unix)]
#[test]
fn a_damaged_loose_object() {
    use std::os::unix::fs::PermissionsExt;
    let mut bench = Bench::new(1706);
    let (origin, _) = origin(&mut bench);
    let key = bench.live();
    origin.commit_file("c.env", format!("K={key}\n"), "Add other settings");
    let damaged = origin.id("HEAD:b.txt");
    origin.store(Storage::Loose);
    let file = origin.join(format!(".git/objects/{}/{}", &damaged[..2], &damaged[2..]));
    fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).expect("set");
    fs::write(&file, b"this is not zlib").expect("written");
    assert!(!origin.succeeds(&["cat-file", "-p", &damaged]));
    let run = bench.run(["history", "-f", "json", "origin"]);
    assert_incomplete(&run, 1, &damaged);
    assert!(ids(&run).contains(&id(&key).to_owned()));
}

#[cfg(unix)]
#[test]
fn a_damaged_pack() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new(1707);
    let repository = Repository::init(bench.join("origin"));
    repository.commit_file("a.txt", noise(1707, 4000).join("\n"), "Start");
    repository.store(Storage::Packed);
    let packs = fs::read_dir(repository.join(".git/objects/pack")).expect("a folder");
    let mut packs = packs.map(|entry| entry.expect("an entry").path());
    let pack = packs.find(|path| path.extension() == Some("pack".as_ref())).expect("a pack");
    let mut bytes = fs::read(&pack).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 64].fill(0xff);
    fs::set_permissions(&pack, PermissionsExt::from_mode(0o644)).expect("set");
    fs::write(&pack, bytes).expect("written");
    assert!(!repository.succeeds(&["cat-file", "-e", "HEAD:a.txt"]) || !repository.succeeds(&["fsck", "--full"]));
    assert_incomplete(&bench.run(["history", "-f", "json", "origin"]), 3, "");
}

/// Nothing to look at is not a clean history.
#[test]
fn no_repository() {
    let bench = Bench::new(1708);
    bench.write("plain/a.txt", "nothing");
    for arguments in [&["history", "plain"][..], &["history", "missing"], &["-C", "plain", "history"]] {
        let run = bench.run(arguments);
        assert_eq!(run.status, Some(2), "{arguments:?}: {}", run.stderr);
        assert!(!run.stderr.is_empty());
    }
}

/// A repository without a commit holds nothing, and nothing is missing.
#[test]
fn an_empty_repository() {
    let bench = Bench::new(1709);
    let repository = Repository::init(bench.join("r"));
    assert!(repository.objects().is_empty());
    let run = bench.run(["history", "-f", "json", "r"]);
    assert_eq!((run.status, &run.json()["complete"]), (Some(0), &true.into()), "{}", run.stderr);
}

/// What was left at the origin is fetched in the end.
#[test]
fn a_partial_clone_made_whole() {
    let mut bench = Bench::new(1710);
    let (origin, key) = origin(&mut bench);
    let clone = origin.clone_to(bench.join("clone"), &["--filter=blob:none"]);
    assert_incomplete(&bench.run(["history", "-f", "json", "clone"]), 3, "partial");
    clone.git(&["fetch", "-q", "--refetch", "--no-filter"]);
    assert!(!clone.git(&["rev-list", "--objects", "--all", "--missing=print"]).contains('?'));
    assert_eq!(clone.git(&["config", "remote.origin.promisor"]), "true");
    let run = bench.run(["history", "-f", "json", "clone"]);
    assert_eq!((run.status, &run.json()["complete"]), (Some(1), &true.into()), "{}", run.stderr);
    assert_eq!(ids(&run), [id(&key)]);
}

/// A remote that promises nothing. What is missing then is lost.
#[test]
fn a_remote_that_is_no_promisor() {
    let mut bench = Bench::new(1711);
    let (origin, _) = origin(&mut bench);
    let lost = origin.id("HEAD~2:a.env");
    origin.store(Storage::Loose);
    origin.lose(&lost);
    for value in ["false", "no", "0"] {
        origin.git(&["config", "remote.x.promisor", value]);
        for arguments in
            [&["history", "-f", "json", "origin"][..], &["history", "-f", "json", "--allow-shallow", "origin"]]
        {
            let run = bench.run(arguments);
            assert_incomplete(&run, 3, &lost);
            assert!(!run.stderr.contains("partial"), "{value}: {}", run.stderr);
        }
    }
    origin.git(&["config", "remote.x.promisor", "true"]);
    assert_incomplete(&bench.run(["history", "-f", "json", "origin"]), 3, "partial");
}
