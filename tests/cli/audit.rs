//! What `audit` finds: the work tree, the history and git's own files, in one report.

mod submodules;

use std::fs;

use serde_json::{Value, json};

use crate::place::{Place, assert_places};
use crate::program::{Bench, Run, id};
use crate::repository::Repository;

/// A repository with one commit of one file.
fn start(bench: &Bench) -> Repository {
    let repository = Repository::init(bench.join("r"));
    repository.commit_file("a.txt", "nothing\n", "Start");
    repository
}

/// Key, path, kind, exposure and line of each finding, sorted.
fn facts(run: &Run) -> Vec<Value> {
    let report = run.json();
    let findings = report["findings"].as_array().expect("a list");
    let fact = |finding: &Value| {
        json!([finding["path"], finding["key_id"], finding["kind"], finding["exposure"], finding["start"]["line"]])
    };
    let mut facts: Vec<_> = findings.iter().map(fact).collect();
    facts.sort_by_key(Value::to_string);
    facts
}

/// Lets git, or the file, confirm that the key is there.
#[track_caller]
fn confirm(bench: &Bench, arguments: &[&str], expected: &[(Option<&str>, &str, &str, &str, u32)]) {
    let is_repository = |name: &&&str| ["HEAD", ".git"].iter().any(|inside| bench.join(name).join(inside).exists());
    let repository = Repository::open(bench.join(arguments.iter().find(is_repository).expect("a repository")));
    let objects = repository.git_bytes(&["cat-file", "--batch-all-objects", "--batch"]);
    let refs = repository.git_bytes(&["for-each-ref"]);
    for &(path, key, kind, _, line) in expected {
        let file = path.and_then(|path| fs::read_to_string(repository.join(path)).ok());
        match file {
            Some(file) => {
                let line = file.lines().nth(line as usize - 1).expect("so many lines");
                assert!(line.contains(key), "{path:?} has no key");
            }
            None if kind == "file-name" => assert!(memchr::memmem::find(&refs, key.as_bytes()).is_some(), "{path:?}"),
            None => assert!(memchr::memmem::find(&objects, key.as_bytes()).is_some(), "{path:?} {kind}"),
        }
    }
}

/// Holds an audit to exactly these findings: path, key, kind, exposure and line.
#[track_caller]
fn check(bench: &Bench, arguments: &[&str], expected: &[(Option<&str>, &str, &str, &str, u32)]) {
    confirm(bench, arguments, expected);
    let run = bench.run([&["audit", "-f", "json"], arguments].concat());
    let fact = |&(path, key, kind, exposure, line): &(Option<&str>, &str, &str, &str, u32)| {
        json!([path, id(key), kind, exposure, line])
    };
    let mut expected: Vec<_> = expected.iter().map(fact).collect();
    expected.sort_by_key(Value::to_string);
    assert_eq!(facts(&run), expected, "{}", run.stderr);
    let report = run.json();
    assert_eq!((&report["mode"], &report["complete"]), (&"audit".into(), &true.into()), "{}", run.stderr);
    assert_eq!(run.status, Some(i32::from(!expected.is_empty())), "{}", run.stderr);
}

#[test]
fn nothing() {
    let bench = Bench::new(2301);
    start(&bench);
    check(&bench, &["r"], &[]);
    check(&bench, &["-C", "r"], &[]);
}

#[test]
fn the_work_tree_and_the_history() {
    let mut bench = Bench::new(2302);
    let keys = [bench.live(), bench.live(), bench.live(), bench.live(), bench.live()];
    let [untracked, old, lost, message, ignored] = keys.each_ref().map(String::as_str);
    let repository = start(&bench);
    repository.commit_file("old.env", format!("K={old}\n"), "Add settings");
    repository.commit_removal("old.env", "Remove settings");
    repository.commit_nothing(&format!("Build again\n\n{message}"));
    repository.commit_file(".gitignore", "*.local\n", "Ignore local files");
    repository.blob(format!("\n{lost}\n"));
    repository.write("new.env", format!("\n\nK={untracked}\n"));
    repository.write("sub/a.local", format!("K={ignored}\n"));
    check(
        &bench,
        &["r"],
        &[
            (Some("new.env"), untracked, "content", "untracked", 3),
            (Some("old.env"), old, "content", "committed", 1),
            (Some("sub/a.local"), ignored, "content", "ignored", 1),
            (None, message, "commit-message", "committed", 3),
            (None, lost, "content", "unreachable", 2),
        ],
    );
}

/// A key that is in the work tree and in history at the same path is one finding, the work tree's, with its commit.
#[test]
fn one_place_is_one_finding() {
    let mut bench = Bench::new(2303);
    let key = bench.live();
    let repository = start(&bench);
    let added = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.commit_file("a.env", format!("A=1\nK={key}\n"), "Change settings");
    repository.write("a.env", format!("A=1\nB=2\nK={key}\n"));
    check(&bench, &["r"], &[(Some("a.env"), &key, "content", "committed", 3)]);
    let report = bench.run(["audit", "-f", "json", "r"]).json();
    let git = &report["findings"][0]["git"];
    assert_eq!((&git["commit"], &git["subject"]), (&added.into(), &"Add settings".into()));
    assert_eq!((&git["in_head"], &git["refs"]), (&true.into(), &json!(["refs/heads/main"])));
}

/// Only what git ignores is local and fails nothing.
#[test]
fn ignored_files_alone() {
    let mut bench = Bench::new(2304);
    let key = bench.live();
    let repository = start(&bench);
    repository.commit_file(".gitignore", ".env\n", "Ignore settings");
    repository.write(".env", format!("K={key}\n"));
    let run = bench.run(["audit", "-f", "json", "r"]);
    assert_eq!(facts(&run), [json!([".env", id(&key), "content", "ignored", 1])]);
    assert_eq!((&run.json()["findings"][0]["level"], run.status), (&"note".into(), Some(0)), "{}", run.stderr);
}

/// What git keeps beside the objects. These are files of this machine, which no version holds.
#[test]
fn files_of_git_itself() {
    let mut bench = Bench::new(2305);
    let names = [
        "config",
        "description",
        "hooks/pre-push",
        "info/exclude",
        "info/attributes",
        "COMMIT_EDITMSG",
        "MERGE_MSG",
        "FETCH_HEAD",
        "logs/HEAD",
        "rebase-merge/message",
        "sub/unknown-to-git",
    ];
    let keys: Vec<_> = names.iter().map(|_| bench.live()).collect();
    let repository = start(&bench);
    let (remote, header) = (bench.live(), bench.live());
    repository.git(&["remote", "add", "origin", &format!("https://user:{remote}@example.invalid/r.git")]);
    repository.git(&["config", "http.extraHeader", &format!("X-API-Key: {header}")]);
    let mut expected = Vec::new();
    let mut lines = Vec::new();
    for (name, key) in names.iter().zip(&keys) {
        let path = format!(".git/{name}");
        let mut text = fs::read_to_string(repository.join(&path)).unwrap_or_default();
        lines.push(text.lines().count() + 1);
        let line = match *name {
            "logs/HEAD" => {
                let head = repository.id("HEAD");
                format!("{head} {head} A <a@example.invalid> 1767315700 +0100\tcommit: with {key}\n")
            }
            _ => format!("# {key}\n"),
        };
        text.push_str(&line);
        repository.write(&path, text);
        expected.push((path, key.as_str()));
    }
    assert!(repository.succeeds(&["fsck"]) && repository.succeeds(&["reflog"]));
    let line = |key: &str| {
        let config = fs::read_to_string(repository.join(".git/config")).expect("read");
        u32::try_from(config.lines().position(|line| line.contains(key)).expect("there") + 1).expect("small")
    };
    let config = Some(".git/config");
    let mut all: Vec<_> = expected
        .iter()
        .zip(lines)
        .map(|((path, key), at)| (Some(path.as_str()), *key, "content", "untracked", u32::try_from(at).expect("small")))
        .collect();
    all.push((config, &remote, "content", "untracked", line(&remote)));
    all.push((config, &header, "content", "untracked", line(&header)));
    check(&bench, &["r"], &all);
    check(&bench, &["-C", "r", "."], &all);
    // History is about objects.
    let run = bench.run(["history", "-f", "json", "r"]);
    assert_eq!((run.status, run.json()["summary"]["leaks"].as_u64()), (Some(0), Some(0)), "{}", run.stderr);
}

/// The name of a branch is a file's name, or a line of a file.
#[test]
fn the_name_of_a_ref() {
    let mut bench = Bench::new(2306);
    let (loose, packed) = (bench.live(), bench.live());
    let repository = start(&bench);
    repository.expire_logs();
    repository.git(&["update-ref", "--no-deref", &format!("refs/tags/{packed}"), "HEAD"]);
    repository.git(&["pack-refs", "--all"]);
    let line = fs::read_to_string(repository.join(".git/packed-refs")).expect("read");
    let line = u32::try_from(line.lines().position(|line| line.contains(&packed)).expect("there") + 1).expect("small");
    repository.git(&["tag", &loose]);
    let path = format!(".git/refs/tags/{}.****", &loose[..22]);
    check(
        &bench,
        &["r"],
        &[
            (Some(".git/packed-refs"), &packed, "content", "untracked", line),
            (Some(&path), &loose, "file-name", "untracked", 1),
        ],
    );
}

/// A large file in git-lfs's store: named by its own SHA-256.
#[test]
fn an_lfs_object() {
    let mut bench = Bench::new(2307);
    let key = bench.live();
    let repository = start(&bench);
    let content = format!("a large file\nK={key}\n");
    let oid = data_encoding::HEXLOWER.encode(<sha2::Sha256 as sha2::Digest>::digest(&content).as_slice());
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {}\n", content.len());
    repository.commit_file(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n", "Use LFS");
    repository.commit_file("large.bin", pointer, "Add a large file");
    repository.commit_removal("large.bin", "Remove it");
    let path = format!(".git/lfs/objects/{}/{}/{oid}", &oid[..2], &oid[2..4]);
    repository.write(&path, &content);
    check(&bench, &["r"], &[(Some(&path), &key, "content", "untracked", 2)]);
}

/// Its store is in the superproject's `.git/modules`, its own work tree below the superproject's.
#[test]
fn the_history_of_a_submodule() {
    let mut bench = Bench::new(2308);
    let key = bench.live();
    let library = Repository::init(bench.join("library"));
    let added = library.commit_file("a.env", format!("A=1\nK={key}\n"), "Add settings");
    library.commit_removal("a.env", "Remove settings");
    let repository = start(&bench);
    repository.git(&["submodule", "--quiet", "add", &library.url(), "vendor/library"]);
    repository.commit("Add a library");
    let store = repository.join(".git/modules/vendor/library");
    let module = Repository::open(&store);
    assert!(module.succeeds(&["cat-file", "-e", &added]) && !repository.succeeds(&["cat-file", "-e", &added]));
    let run = bench.run(["audit", "-f", "json", "r"]);
    let report = run.json();
    let findings = report["findings"].as_array().expect("a list");
    assert_eq!((run.status, findings.len()), (Some(1), 1), "{findings:#?}\n{}", run.stderr);
    let finding = &findings[0];
    assert_eq!((&finding["key_id"], &finding["start"]["line"]), (&id(&key).into(), &2.into()));
    assert_eq!((&finding["git"]["commit"], &finding["exposure"]), (&added.as_str().into(), &"pushed".into()));
    assert!(finding["path"].as_str().is_some_and(|path| path.ends_with("a.env")), "{finding:#}");
    assert_eq!(report["complete"], true, "{}", report["coverage"]["problems"]);
}

/// The work tree of a submodule that is gone leaves its store behind.
#[test]
fn the_store_of_a_removed_submodule() {
    let mut bench = Bench::new(2309);
    let key = bench.live();
    let library = Repository::init(bench.join("library"));
    let added = library.commit_file("a.env", format!("K={key}\n"), "Add settings");
    let repository = start(&bench);
    repository.git(&["submodule", "--quiet", "add", &library.url(), "library"]);
    repository.commit("Add a library");
    repository.git(&["rm", "-q", "-f", "library"]);
    repository.commit("Remove the library");
    assert!(!repository.join("library").exists() && repository.join(".git/modules/library/HEAD").exists());
    let run = bench.run(["audit", "-f", "json", "r"]);
    let report = run.json();
    assert_eq!((run.status, report["summary"]["leaks"].as_u64()), (Some(1), Some(1)), "{}", run.stderr);
    assert_eq!(
        (&report["findings"][0]["git"]["commit"], &report["findings"][0]["key_id"]),
        (&added.into(), &id(&key).into())
    );
}

#[test]
fn a_bare_repository() {
    let mut bench = Bench::new(2310);
    let (old, hook) = (bench.live(), bench.live());
    let repository = start(&bench);
    let added = repository.commit_file("a.env", format!("K={old}\n"), "Add settings");
    let bare = repository.clone_to(bench.join("r.git"), &["--bare"]);
    assert_places(
        &bench.run(["audit", "-f", "json", "r.git"]),
        "audit",
        &bare,
        "r.git",
        &[Place::file(&bare, &old, "a.env", &added)],
    );
    bare.write("hooks/update", format!("#!/bin/sh\n# {hook}\n"));
    check(
        &bench,
        &["r.git"],
        &[(Some("a.env"), &old, "content", "committed", 1), (Some("hooks/update"), &hook, "content", "untracked", 2)],
    );
}

/// A folder is not a history; what is in it is told all the same.
#[test]
fn no_repository() {
    let mut bench = Bench::new(2311);
    let key = bench.live();
    bench.write("plain/a.env", format!("K={key}\n"));
    bench.write("clean/a.txt", "nothing\n");
    let run = bench.run(["audit", "-f", "json", "plain"]);
    assert_eq!((run.status, &facts(&run)[..]), (Some(1), &[json!(["a.env", id(&key), "content", "unknown", 1])][..]));
    let run = bench.run(["audit", "clean"]);
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("clean"), "{}", run.stderr);
}
