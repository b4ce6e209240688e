//! Submodules, wherever git keeps them, and nothing that is somebody else's.

use std::fs;

use serde_json::Value;

use crate::program::{Bench, Run, id};
use crate::repository::Repository;

/// A repository with one commit of one file.
fn start(bench: &Bench) -> Repository {
    let repository = Repository::init(bench.join("r"));
    repository.commit_file("a.txt", "nothing\n", "Start");
    repository
}

/// A repository to take as a submodule.
fn library(bench: &Bench) -> Repository {
    let library = Repository::init(bench.join("library"));
    library.commit_file("l.txt", "nothing\n", "Start");
    library
}

/// Commits a key and takes it out again. It is in history alone.
fn leak(repository: &Repository, key: &str) -> String {
    let added = repository.commit_file("leak.env", format!("K={key}\n"), "Add settings");
    repository.commit_removal("leak.env", "Remove settings");
    added
}

fn audit(bench: &Bench, name: &str) -> Run {
    bench.run(["audit", "-f", "json", name])
}

/// Key and commit of each finding, sorted.
fn found(run: &Run) -> Vec<(String, Option<String>)> {
    let report = run.json();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let findings = report["findings"].as_array().expect("a list").iter();
    let facts = findings.map(|finding| (text(&finding["key_id"]).expect("an id"), text(&finding["git"]["commit"])));
    let mut facts: Vec<_> = facts.collect();
    facts.sort();
    facts
}

/// Holds a whole audit to these keys and commits.
#[track_caller]
fn check(bench: &Bench, name: &str, expected: &[(&str, Option<&str>)]) {
    let run = audit(bench, name);
    let mut expected: Vec<_> =
        expected.iter().map(|(key, commit)| (id(key).to_owned(), commit.map(str::to_owned))).collect();
    expected.sort();
    assert_eq!(found(&run), expected, "{}", run.stderr);
    assert_eq!(run.json()["complete"], true, "{}", run.stderr);
    assert_eq!(run.status, Some(i32::from(!expected.is_empty())), "{}", run.stderr);
}

/// It has a store for itself, in the folder of the work tree.
#[test]
fn of_a_linked_work_tree() {
    let mut bench = Bench::new(2321);
    let key = bench.live();
    let (library, repository) = (library(&bench), start(&bench));
    repository.git(&["submodule", "--quiet", "add", &library.url(), "vendor/library"]);
    repository.commit("Add a library");
    repository.git(&["worktree", "add", "-q", "-b", "side", "../linked"]);
    Repository::open(bench.join("linked")).git(&["submodule", "--quiet", "update", "--init"]);
    let submodule = Repository::open(bench.join("linked/vendor/library"));
    assert!(repository.join(".git/worktrees/linked/modules/vendor/library/HEAD").exists());
    let added = leak(&submodule, &key);
    for name in ["r", "linked"] {
        check(&bench, name, &[(&key, Some(&added))]);
    }
}

#[test]
fn a_folder_inside_of_an_absorbed_one() {
    let mut bench = Bench::new(2322);
    let (key, setting) = (bench.live(), bench.live());
    let (library, repository) = (library(&bench), start(&bench));
    repository.git(&["submodule", "--quiet", "add", &library.url(), "library"]);
    repository.commit("Add a library");
    let inner = Repository::init(repository.join("library/inner"));
    let added = leak(&inner, &key);
    let library = Repository::open(repository.join("library"));
    library.commit("Add what is in it");
    assert!(repository.join("library/.git").is_file() && inner.join(".git").is_dir());
    assert!(library.git(&["ls-files", "-s", "inner"]).starts_with("160000 "));
    check(&bench, "r", &[(&key, Some(&added))]);
    inner.git(&["config", "http.extraHeader", &format!("X-API-Key: {setting}")]);
    check(&bench, "r", &[(&key, Some(&added)), (&setting, None)]);
}

/// git's files are this machine's, in a submodule too.
#[test]
fn the_configuration_of_a_folder() {
    let mut bench = Bench::new(2323);
    let key = bench.live();
    let repository = start(&bench);
    let sub = Repository::init(repository.join("sub"));
    sub.commit_file("b.txt", "nothing\n", "Start");
    repository.commit("Add a submodule");
    check(&bench, "r", &[]);
    sub.git(&["remote", "add", "origin", &format!("https://user:{key}@example.invalid/r.git")]);
    check(&bench, "r", &[(&key, None)]);
    let finding = &audit(&bench, "r").json()["findings"][0];
    assert!(finding["path"].as_str().is_some_and(|path| path.ends_with(".git/config")), "{finding:#}");
    assert_eq!((&finding["kind"], &finding["exposure"]), (&"content".into(), &"untracked".into()), "{finding:#}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_path_that_is_not_utf_8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let mut bench = Bench::new(2324);
    let key = bench.live();
    let repository = start(&bench);
    let sub = Repository::init(repository.join(OsStr::from_bytes(b"s\xff")));
    let added = leak(&sub, &key);
    repository.commit("Add a submodule");
    assert!(memchr::memmem::find(&repository.git_bytes(&["ls-files", "-z"]), b"s\xff\0").is_some());
    check(&bench, "r", &[(&key, Some(&added))]);
}

/// A repository with a leak that is not part of the audited one.
fn victim(bench: &mut Bench) -> (Repository, String) {
    let key = bench.live();
    let victim = Repository::init(bench.join("victim"));
    victim.commit_file("leak.env", format!("K={key}\n"), "Add settings");
    victim.git(&["config", "http.extraHeader", &format!("X-API-Key: {key}")]);
    (victim, key)
}

#[cfg(unix)]
#[test]
fn a_store_that_is_a_link() {
    let mut bench = Bench::new(2325);
    let (victim, _) = victim(&mut bench);
    let repository = start(&bench);
    fs::create_dir(repository.join(".git/modules")).expect("made");
    std::os::unix::fs::symlink(victim.join(".git"), repository.join(".git/modules/m")).expect("a link");
    check(&bench, "r", &[]);
    // All of it may be one.
    fs::remove_dir_all(repository.join(".git/modules")).expect("removed");
    std::os::unix::fs::symlink(bench.path(), repository.join(".git/modules")).expect("a link");
    check(&bench, "r", &[]);
}

#[cfg(unix)]
#[test]
fn links_in_a_circle() {
    let mut bench = Bench::new(2326);
    let key = bench.live();
    let (library, repository) = (library(&bench), start(&bench));
    let added = leak(&library, &key);
    repository.git(&["submodule", "--quiet", "add", &library.url(), "sub"]);
    repository.commit("Add a library");
    for name in ["a", "b"] {
        std::os::unix::fs::symlink("..", repository.join(".git/modules").join(name)).expect("a link");
    }
    check(&bench, "r", &[(&key, Some(&added))]);
}

#[cfg(unix)]
#[test]
fn an_entry_that_is_a_link() {
    let mut bench = Bench::new(2327);
    let (victim, _) = victim(&mut bench);
    let repository = start(&bench);
    let head = victim.id("HEAD");
    repository.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{head},link")]);
    repository.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{head},folder/victim")]);
    std::os::unix::fs::symlink("../victim", repository.join("link")).expect("a link");
    std::os::unix::fs::symlink("..", repository.join("folder")).expect("a link");
    assert!(repository.join("link/.git/HEAD").exists() && repository.join("folder/victim/.git/HEAD").exists());
    check(&bench, "r", &[]);
}

/// git writes no such index, but anybody can.
#[test]
fn an_entry_that_leads_out() {
    let mut bench = Bench::new(2328);
    let (victim, key) = victim(&mut bench);
    let repository = start(&bench);
    for path in ["../victim", victim.path().to_str().expect("UTF-8")] {
        let len = u8::try_from(path.len()).expect("short");
        let commit = data_encoding::HEXLOWER.decode(victim.id("HEAD").as_bytes()).expect("hexadecimal");
        // No times and sizes; a submodule; no flags but the length.
        let entry = [&[0; 24][..], &[0, 0, 0xe0, 0], &[0; 12], &commit, &[0, len], path.as_bytes()].concat();
        let padding = 8 - entry.len() % 8;
        let index = [&b"DIRC\0\0\0\x02\0\0\0\x01"[..], &entry, &vec![0; padding], &[0; 20]].concat();
        repository.write(".git/index", index);
        let run = audit(&bench, "r");
        assert_eq!(run.json()["summary"]["leaks"], 0, "{path}: {}", run.stderr);
        assert!(!run.text().contains(id(&key)), "{path}");
        assert!(matches!(run.status, Some(0 | 3)), "{path}: {}", run.stderr);
    }
}

/// In somebody else's repository it may name any folder.
#[test]
fn a_work_tree_elsewhere() {
    let mut bench = Bench::new(2329);
    let (own, old, foreign) = (bench.live(), bench.live(), bench.live());
    let repository = start(&bench);
    let added = leak(&repository, &old);
    repository.write("own.env", format!("K={own}\n"));
    bench.write("home/.env", format!("K={foreign}\n"));
    let home = bench.join("home");
    for folder in [home.to_str().expect("UTF-8"), "../../home"] {
        repository.git(&["config", "core.worktree", folder]);
        let run = audit(&bench, "r");
        let mut expected = [(id(&own).to_owned(), None), (id(&old).to_owned(), Some(added.clone()))];
        expected.sort();
        assert_eq!(found(&run), expected, "{folder}: {}", run.stderr);
        assert!(run.stderr.contains("core.worktree"), "{folder}: {}", run.stderr);
        assert_eq!((run.status, &run.json()["complete"]), (Some(1), &false.into()), "{folder}: {}", run.stderr);
    }
}
