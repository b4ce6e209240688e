//! Commits of great size, and those made to take for ever.

use crate::packs::write_loose;
use crate::place::{Place, assert_places};
use crate::program::{Bench, id};
use crate::repository::Repository;

/// A tree with the same entry under ten names.
fn ten_times(repository: &Repository, mode: &str, kind: &str, object: &str) -> String {
    let entries: Vec<_> = (0..10).map(|number| format!("{mode} {kind} {object}\t{number}\n")).collect();
    repository.git_with_input(&["mktree"], entries.concat().as_bytes())
}

/// One file at 10^11 paths, in 13 objects.
#[test]
fn one_file_at_more_paths_than_can_be_told() {
    let mut bench = Bench::new(2031);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    let mut tree = ten_times(&repository, "100644", "blob", &repository.blob("nothing\n"));
    for _ in 0..10 {
        tree = ten_times(&repository, "040000", "tree", &tree);
    }
    let leak = repository.blob(format!("K={key}\n"));
    let top = format!("100644 blob {leak}\ta.env\n040000 tree {tree}\tbomb\n100644 blob {leak}\tz.env\n");
    let top = repository.git_with_input(&["mktree"], top.as_bytes());
    let commit = repository.git(&["commit-tree", &top, "-m", "Boom"]);
    repository.git(&["update-ref", "refs/heads/main", &commit]);
    let run = bench.run(["-C", "r", "commits", "-f", "json", "HEAD"]);
    let report = run.json();
    assert_eq!((run.status, &report["complete"]), (Some(1), &false.into()), "{}", run.stderr);
    assert!(run.stderr.contains("not all paths are looked at"), "{}", run.stderr);
    let found: Vec<_> = report["findings"].as_array().expect("a list").iter().map(|finding| &finding["path"]).collect();
    assert_eq!(found, ["a.env", "z.env"]);
}

/// Nobody can find the id of such a tree, but anybody can write such a file.
#[test]
fn a_folder_that_holds_itself() {
    let mut bench = Bench::new(2032);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    let (own, leak) = ("1".repeat(40), repository.blob(format!("K={key}\n")));
    let bytes = |id: &str| data_encoding::HEXLOWER.decode(id.as_bytes()).expect("an id");
    let tree = [&b"100644 a.env\0"[..], &bytes(&leak), b"40000 d\0", &bytes(&own)].concat();
    write_loose(&repository.join(".git/objects"), &own, "tree", &tree);
    let person = "A <a@example.invalid> 1767315700 +0100";
    let commit = repository.object("commit", format!("tree {own}\nauthor {person}\ncommitter {person}\n\nLoop\n"));
    repository.git(&["update-ref", "refs/heads/main", &commit]);
    let run = bench.run(["-C", "r", "commits", "-f", "json", "HEAD"]);
    let report = run.json();
    assert_eq!((run.status, &report["complete"]), (Some(1), &false.into()), "{}", run.stderr);
    assert!(report["findings"].as_array().expect("a list").iter().all(|finding| finding["key_id"] == id(&key)));
    assert_eq!(report["findings"][0]["path"], "a.env");
}

#[test]
fn a_folder_of_many_files() {
    let mut bench = Bench::new(2033);
    let repository = Repository::init(bench.join("r"));
    let mut places = Vec::new();
    for version in 0..30 {
        let key = bench.live();
        for number in 0..100 {
            // The new files stand between the old ones.
            repository.write(format!("data/{number:02}-{version:02}.txt"), format!("{number} {version}\n"));
        }
        let path = format!("data/50-{version:02}.txt");
        let commit = repository.commit_file(&path, format!("nothing\nK={key}\n"), &format!("Version {version}"));
        places.push(Place::file(&repository, &key, &path, &commit));
    }
    assert_eq!(repository.git(&["ls-files"]).lines().count(), 3000);
    let run = bench.run(["-C", "r", "commits", "-f", "json", "HEAD"]);
    assert_places(&run, "commits", &repository, ".", &places);
    let run = bench.run(["-C", "r", "commits", "-f", "json", "HEAD~5..HEAD"]);
    assert_places(&run, "commits", &repository, ".", &places[25..]);
}
