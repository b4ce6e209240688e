//! Keys outside of files: messages, headers, tags, notes, replacements, names of files and folders.

use crate::place::{Place, assert_history};
use crate::program::Bench;
use crate::repository::Repository;

/// A repository with one commit of one file.
fn start(bench: &Bench) -> Repository {
    let repository = Repository::init(bench.join("r"));
    repository.commit_file("a.txt", "nothing\n", "Start");
    repository
}

#[test]
fn the_subject_of_a_commit() {
    let mut bench = Bench::new(1301);
    let key = bench.live();
    let repository = start(&bench);
    let commit = repository.commit_file("a.txt", "something\n", &format!("Use {key}"));
    assert_history(&bench, &repository, &[Place::message(&key, &commit)]);
}

#[test]
fn the_body_of_a_commit() {
    let mut bench = Bench::new(1302);
    let key = bench.live();
    let repository = start(&bench);
    let commit = repository.commit_file("a.txt", "something\n", &format!("Change it\n\nTested with\n  {key}.\n"));
    assert_history(&bench, &repository, &[Place::message(&key, &commit)]);
}

#[test]
fn the_message_of_a_commit_that_changes_nothing() {
    let mut bench = Bench::new(1303);
    let key = bench.live();
    let repository = start(&bench);
    let commit = repository.commit_nothing(&format!("Build again\n\n{key}"));
    assert_eq!(repository.id("HEAD^{tree}"), repository.id("HEAD~1^{tree}"));
    assert_history(&bench, &repository, &[Place::message(&key, &commit)]);
}

#[test]
fn the_message_of_a_merge() {
    let mut bench = Bench::new(1304);
    let key = bench.live();
    let repository = start(&bench);
    repository.git(&["branch", "side"]);
    repository.commit_nothing("Go on");
    repository.git(&["switch", "-q", "side"]);
    repository.commit_nothing("Go on too");
    let merge = repository.merge(&["main"], &format!("Merge main\n\nwith {key}"));
    assert_history(&bench, &repository, &[Place::message(&key, &merge)]);
}

/// Authors are told of when somebody asks.
#[test]
fn authors() {
    let mut bench = Bench::new(1336);
    let (key, tagged, named) = (bench.live(), bench.live(), bench.live());
    let repository = start(&bench);
    repository.write("a.txt", &key);
    let author = format!("Ann {named} Other <ann@example.invalid>");
    repository.git(&["commit", "-q", "-a", "-m", "Set it", "--author", &author]);
    repository.git(&["tag", "-a", "v1", "-m", &tagged]);
    for command in ["history", "commits", "audit"] {
        let range: &[&str] = if command == "commits" { &["HEAD"] } else { &[] };
        let run = |more: &[&str]| bench.run([&["-C", "r", command], range, more].concat());
        for format in ["json", "jsonl", "sarif", "text"] {
            let without = run(&["-f", format]);
            assert!(!without.text().contains("example.invalid"), "{command} {format}");
            let with = run(&["-f", format, "--include-author"]);
            assert!(with.text().contains("Other <ann@example.invalid>"), "{command} {format}");
        }
        let report = run(&["-f", "json", "--include-author"]).json();
        for finding in report["findings"].as_array().expect("a list") {
            let author = finding["git"]["author"].as_str().expect("an author");
            let by_tagger = author == "A Committer <committer@example.invalid>";
            assert_eq!(finding["kind"] == "tag-message", by_tagger, "{command}: {author}");
        }
    }
}

/// The same key in two messages is in two objects.
#[test]
fn two_messages() {
    let mut bench = Bench::new(1305);
    let key = bench.live();
    let repository = start(&bench);
    let places = ["Use it", "Use it again"].map(|subject| {
        let commit = repository.commit_nothing(&format!("{subject}\n\n{key}"));
        Place::message(&key, &commit)
    });
    assert_history(&bench, &repository, &places);
}

#[test]
fn the_name_of_the_author() {
    let mut bench = Bench::new(1306);
    let key = bench.live();
    let repository = start(&bench);
    repository.git(&["commit", "-q", "--allow-empty", "-m", "Work", "--author", &format!("{key} <a@example.invalid>")]);
    assert_history(&bench, &repository, &[Place::message(&key, &repository.id("HEAD"))]);
}

#[test]
fn the_address_of_the_committer() {
    let mut bench = Bench::new(1307);
    let key = bench.live();
    let repository = start(&bench);
    let mut command = repository.command(&["commit", "-q", "--allow-empty", "-m", "Work"]);
    assert!(command.env("GIT_COMMITTER_EMAIL", format!("{key}@example.invalid")).status().expect("git runs").success());
    assert_history(&bench, &repository, &[Place::message(&key, &repository.id("HEAD"))]);
}

/// The merge of a signed tag takes the whole tag into the commit's header.
#[test]
fn the_merged_tag_in_a_header() {
    let mut bench = Bench::new(1308);
    let key = bench.live();
    let repository = start(&bench);
    repository.git(&["switch", "-q", "-c", "side"]);
    let commit = repository.commit_nothing("Go on");
    let header = format!("object {commit}\ntype commit\ntag v1\ntagger T <t@example.invalid> 1767315700 +0100");
    let signature = "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n";
    let tag = repository.object("tag", format!("{header}\n\nVersion 1\n\nfor {key}\n{signature}"));
    repository.git(&["update-ref", "refs/tags/v1", &tag]);
    repository.git(&["switch", "-q", "main"]);
    let merge = repository.merge(&["v1"], "Merge version 1");
    assert!(String::from_utf8_lossy(&repository.content(&merge)).contains("\nmergetag object "));
    let places = [Place::message(&key, &merge), Place::tag(&key, &tag, &["refs/tags/v1"])];
    assert_history(&bench, &repository, &places);
}

#[test]
fn the_message_of_a_tag() {
    let mut bench = Bench::new(1309);
    let key = bench.live();
    let repository = start(&bench);
    repository.git(&["tag", "-a", "-m", &format!("Version 1\n\nfor {key}"), "v1"]);
    assert_history(&bench, &repository, &[Place::tag(&key, &repository.id("v1"), &["refs/tags/v1"])]);
}

/// Only the outer tag has a ref; the inner one is reached through it.
#[test]
fn a_tag_of_a_tag() {
    let mut bench = Bench::new(1310);
    let (inner_key, outer_key) = (bench.live(), bench.live());
    let repository = start(&bench);
    repository.git(&["tag", "-a", "-m", &format!("inner {inner_key}"), "inner"]);
    let inner = repository.id("inner");
    repository.git(&["tag", "-a", "-m", &format!("outer {outer_key}"), "outer", "inner"]);
    repository.git(&["tag", "-d", "inner"]);
    let places = [(&inner_key, &inner), (&outer_key, &repository.id("outer"))];
    assert_history(&bench, &repository, &places.map(|(key, tag)| Place::tag(key, tag, &["refs/tags/outer"])));
}

#[test]
fn a_tag_of_a_blob() {
    let mut bench = Bench::new(1311);
    let (light_key, full_key) = (bench.live(), bench.live());
    let repository = start(&bench);
    let light = repository.blob(format!("K={light_key}\n"));
    repository.git(&["tag", "light", &light]);
    let full = repository.blob(format!("K={full_key}\n"));
    repository.git(&["tag", "-a", "-m", "A public key, really", "full", &full]);
    let places = [
        Place::blob(&light_key, &light).refs(&["refs/tags/light"]).exposed("committed"),
        Place::blob(&full_key, &full).refs(&["refs/tags/full"]).exposed("committed"),
    ];
    assert_history(&bench, &repository, &places);
}

#[test]
fn a_tag_of_a_tree() {
    let mut bench = Bench::new(1312);
    let key = bench.live();
    let repository = start(&bench);
    let blob = repository.blob(format!("K={key}\n"));
    let tree = repository.git_with_input(&["mktree"], format!("100644 blob {blob}\ta.env\n").as_bytes());
    repository.git(&["tag", "snapshot", &tree]);
    let place = Place::blob(&key, &blob).refs(&["refs/tags/snapshot"]).exposed("committed");
    assert_history(&bench, &repository, &[place]);
}

/// Nor do more names make it more.
#[test]
fn two_tags_of_a_tree() {
    let mut bench = Bench::new(1337);
    let key = bench.live();
    let repository = start(&bench);
    let blob = repository.blob(format!("K={key}\n"));
    let tree = repository.git_with_input(&["mktree"], format!("100644 blob {blob}\ta.env\n").as_bytes());
    for name in ["one", "other"] {
        repository.git(&["tag", name, &tree]);
    }
    repository.git(&["tag", "-a", "-m", "Annotated", "third", &tree]);
    let refs = ["refs/tags/one", "refs/tags/other", "refs/tags/third"];
    let place = Place::blob(&key, &blob).refs(&refs).exposed("committed");
    assert_history(&bench, &repository, &[place]);
}

#[test]
fn a_note() {
    let mut bench = Bench::new(1313);
    let key = bench.live();
    let repository = start(&bench);
    let about = repository.id("HEAD");
    repository.git(&["notes", "add", "-m", &format!("deployed with {key}"), "HEAD"]);
    let notes = repository.id("refs/notes/commits");
    let place = Place::file(&repository, &key, &about, &notes).refs(&["refs/notes/commits"]);
    assert_history(&bench, &repository, &[place]);
}

#[test]
fn a_blob_that_replaces_another() {
    let mut bench = Bench::new(1314);
    let key = bench.live();
    let repository = start(&bench);
    let (old, new) = (repository.id("HEAD:a.txt"), repository.blob(format!("K={key}\n")));
    repository.git(&["replace", &old, &new]);
    let place = Place::blob(&key, &new).refs(&[&format!("refs/replace/{old}")]).exposed("committed");
    assert_history(&bench, &repository, &[place]);
}

#[test]
fn a_commit_that_replaces_another() {
    let mut bench = Bench::new(1315);
    let key = bench.live();
    let repository = start(&bench);
    let old = repository.commit_file("a.txt", "something\n", "Go on");
    repository.write("a.txt", format!("K={key}\n"));
    repository.git(&["commit", "-q", "-a", "--amend", "--reset-author", "-m", "Go on otherwise"]);
    let new = repository.id("HEAD");
    repository.git(&["reset", "-q", "--hard", &old]);
    repository.git(&["update-ref", "-d", "ORIG_HEAD"]);
    repository.git(&["replace", &old, &new]);
    repository.expire_logs();
    let place = Place::file(&repository, &key, "a.txt", &new).refs(&[&format!("refs/replace/{old}")]);
    assert_history(&bench, &repository, &[place]);
}

/// What git shows in place of the key is another text, but the object with the key is there.
#[test]
fn a_blob_that_is_replaced() {
    let mut bench = Bench::new(1316);
    let key = bench.live();
    let repository = start(&bench);
    let added = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    let clean = repository.blob("K=\n");
    repository.git(&["replace", &repository.id("HEAD:a.env"), &clean]);
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "a.env", &added)]);
}

#[test]
fn the_name_of_a_file() {
    let mut bench = Bench::new(1317);
    let key = bench.live();
    let repository = start(&bench);
    let path = format!("keys/x-{key}.txt");
    let added = repository.commit_file(&path, "nothing\n", "Add a file");
    repository.commit_removal(&path, "Remove it");
    assert_history(&bench, &repository, &[Place::name(&repository, &key, &path, &added)]);
}

#[test]
fn the_name_of_a_file_at_the_top() {
    let mut bench = Bench::new(1318);
    let key = bench.live();
    let repository = start(&bench);
    let added = repository.commit_file(&key, "nothing\n", "Add a file");
    assert_history(&bench, &repository, &[Place::name(&repository, &key, &key, &added)]);
}

/// One finding for the folder, none for what is in it.
#[test]
fn the_name_of_a_folder() {
    let mut bench = Bench::new(1319);
    let key = bench.live();
    let repository = start(&bench);
    let path = format!("keys/{key}");
    let added = repository.commit_file(format!("{path}/a.txt"), "nothing\n", "Add a file");
    repository.commit_file(format!("{path}/b/c.txt"), "nothing\n", "Add another");
    assert_history(&bench, &repository, &[Place::name(&repository, &key, &path, &added)]);
}

/// A content's path is shown without the secret of a key that is in it.
#[test]
fn a_key_in_a_file_below_a_name_with_it() {
    let mut bench = Bench::new(1320);
    let key = bench.live();
    let repository = start(&bench);
    let path = format!("{key}.env");
    let added = repository.commit_file(&path, format!("K={key}\n"), "Add settings");
    let places = [Place::name(&repository, &key, &path, &added), Place::file(&repository, &key, &path, &added)];
    assert_history(&bench, &repository, &places);
}
