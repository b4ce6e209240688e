//! Archives in history: one finding for each key, path and commit that brought it, however often it is in the archive.

use serde_json::{Value, json};

use crate::archive::{Method, gzip, tar, zip};
use crate::program::{Bench, id};
use crate::repository::{Repository, Storage};

use super::{findings, problems, settings};

/// A repository with one commit of one file.
fn start(bench: &Bench) -> Repository {
    let repository = Repository::init(bench.join("r"));
    repository.commit_file("a.txt", "nothing\n", "Start");
    repository
}

/// A deflated ZIP archive with these keys, each in a member.
fn archive(members: &[(&str, &str)]) -> Vec<u8> {
    let texts: Vec<_> = members.iter().map(|(name, key)| (*name, settings(key))).collect();
    let members: Vec<_> = texts.iter().map(|(name, text)| (*name, text.as_slice())).collect();
    zip(&members, Method::Deflated)
}

/// Path, members, key, exposure, commit.
fn place(path: Option<&str>, members: &[&str], key: &str, exposure: &str, commit: Option<&str>) -> Value {
    json!([path, members, id(key), exposure, commit])
}

/// Holds `history` to exactly these, however the objects are kept.
#[track_caller]
fn check(bench: &Bench, repository: &Repository, expected: &[Value]) {
    let mut expected = expected.to_vec();
    expected.sort_by_key(Value::to_string);
    for storage in Storage::ALL {
        repository.store(storage);
        let run = bench.run(["history", "-f", "json", "r"]);
        let fact = |finding: &Value| {
            assert_eq!((&finding["start"]["line"], &finding["start"]["column"]), (&2.into(), &5.into()));
            assert_eq!((&finding["kind"], &finding["git"]["object_kind"]), (&"content".into(), &"blob".into()));
            let [path, members, key] = ["path", "members", "key_id"].map(|name| &finding[name]);
            json!([path, members, key, finding["exposure"], finding["git"]["commit"]])
        };
        let mut found: Vec<_> = findings(&run).iter().map(fact).collect();
        found.sort_by_key(Value::to_string);
        assert_eq!(found, expected, "{storage:?} {}", run.stderr);
        assert_eq!((problems(&run), run.status), (vec![], Some(i32::from(!expected.is_empty()))));
    }
}

#[test]
fn deleted_and_brought_back() {
    let mut bench = Bench::new(3401);
    let key = bench.live();
    let repository = start(&bench);
    let first = repository.commit_file("x.zip", archive(&[("a.env", &key)]), "Add an archive");
    repository.commit_removal("x.zip", "Remove it");
    let place = |members: &[&str], commit: &str| place(Some("x.zip"), members, &key, "committed", Some(commit));
    let first = place(&["a.env"], &first);
    check(&bench, &repository, std::slice::from_ref(&first));
    let second = repository.commit_file("x.zip", archive(&[("b", "nothing"), ("b.env", &key)]), "Bring it back");
    // The versions that go on with it bring nothing.
    repository.commit_file("x.zip", gzip(&tar(&[("c.env", &settings(&key))])), "Pack it in another way");
    repository.commit_file("x.zip", settings(&key), "Unpack it");
    let run = bench.run(["history", "-f", "json", "r"]);
    assert_eq!(findings(&run).len(), 2);
    check(&bench, &Repository::open(bench.join("r")), &[first, place(&["b.env"], &second)]);
}

#[test]
fn two_paths_two_members_two_keys() {
    let mut bench = Bench::new(3402);
    let keys = [bench.live(), bench.live()];
    let repository = start(&bench);
    // The first member with it, in the order of names.
    let members = [("b.env", &*keys[0]), ("a.env", &keys[0]), ("c.env", &keys[1])];
    let first = repository.commit_file("x.zip", archive(&members), "Add an archive");
    let second = repository.commit_file("sub/y.zip", archive(&members), "Add it once more");
    let mut places = Vec::new();
    for (path, commit) in [("x.zip", &first), ("sub/y.zip", &second)] {
        places.push(place(Some(path), &["a.env"], &keys[0], "committed", Some(commit)));
        places.push(place(Some(path), &["c.env"], &keys[1], "committed", Some(commit)));
    }
    check(&bench, &repository, &places);
}

#[test]
fn merges_and_branches() {
    let mut bench = Bench::new(3403);
    let keys = [bench.live(), bench.live(), bench.live()];
    let [side, main, merged] = keys.each_ref().map(String::as_str);
    let repository = start(&bench);
    repository.git(&["switch", "-q", "-c", "side"]);
    let on_side = repository.commit_file("x.zip", archive(&[("side.env", side)]), "Add an archive on the side");
    repository.git(&["switch", "-q", "main"]);
    let on_main = repository.commit_file("x.zip", archive(&[("main.env", main)]), "Add an archive");
    assert!(!repository.succeeds(&["merge", "-q", "side"]));
    let all = archive(&[("side.env", side), ("main.env", main), ("merged.env", merged)]);
    let merge = repository.commit_file("x.zip", all, "Merge");
    let place = |member, key, commit: &str| place(Some("x.zip"), &[member], key, "committed", Some(commit));
    check(
        &bench,
        &repository,
        &[place("side.env", side, &on_side), place("main.env", main, &on_main), place("merged.env", merged, &merge)],
    );
}

/// In the stash, in an amended commit, staged, and in what nothing names.
#[test]
fn what_no_branch_reaches() {
    let mut bench = Bench::new(3404);
    let keys = [bench.live(), bench.live(), bench.live(), bench.live()];
    let [stashed, amended, staged, lost] = keys.each_ref().map(String::as_str);
    let repository = start(&bench);
    let gone = repository.commit_file("x.zip", archive(&[("a.env", amended)]), "Add an archive");
    repository.git(&["reset", "-q", "--hard", "HEAD~1"]);
    repository.write("a.txt", archive(&[("b.env", stashed)]));
    repository.git(&["stash", "-q"]);
    let stash = repository.id("stash");
    repository.blob(archive(&[("d.env", lost)]));
    repository.write("x.zip", archive(&[("c.env", staged)]));
    repository.git(&["add", "-A"]);
    let run = bench.run(["history", "-f", "json", "r"]);
    let mut found: Vec<_> = findings(&run)
        .iter()
        .map(|f| json!([f["path"], f["members"], f["key_id"], f["exposure"], f["git"]["commit"]]))
        .collect();
    let mut expected = vec![
        place(Some("x.zip"), &["a.env"], amended, "unreachable", Some(&gone)),
        place(Some("a.txt"), &["b.env"], stashed, "unreachable", Some(&stash)),
        place(Some("x.zip"), &["c.env"], staged, "staged", None),
        place(None, &["d.env"], lost, "unreachable", None),
    ];
    found.sort_by_key(Value::to_string);
    expected.sort_by_key(Value::to_string);
    assert_eq!((found, run.status), (expected, Some(1)));
}

/// A packed file that does not say how it was called is called after the path, wherever it is met.
#[test]
fn the_name_of_a_nameless_member() {
    let mut bench = Bench::new(3405);
    let key = bench.live();
    let repository = start(&bench);
    let packed = gzip(&tar(&[("a.env", &settings(&key))]));
    let first = repository.commit_file("sub/x.tar.gz", &packed, "Add an archive");
    let second = repository.commit_file("y.tgz", &packed, "Add it once more");
    check(
        &bench,
        &repository,
        &[
            place(Some("sub/x.tar.gz"), &["x.tar", "a.env"], &key, "committed", Some(&first)),
            place(Some("y.tgz"), &["y.tar", "a.env"], &key, "committed", Some(&second)),
        ],
    );
}

/// A name of a member, and damage.
#[test]
fn names_and_damage() {
    let mut bench = Bench::new(3406);
    let (key, other) = (bench.live(), bench.live());
    let repository = start(&bench);
    let name = format!("{key}.txt");
    let commit = repository.commit_file("x.zip", zip(&[(&name, b"nothing")], Method::Deflated), "Add an archive");
    let whole = archive(&[("a.env", &other), ("b", "nothing")]);
    repository.commit_file("cut.zip", &whole[..whole.len() - 30], "Add half an archive");
    let run = bench.run(["history", "-f", "json", "r"]);
    let found = findings(&run);
    let of_key = |key: &str| found.iter().find(|finding| finding["key_id"] == id(key)).expect("a finding");
    let finding = of_key(&key);
    assert_eq!(finding["members"], json!([format!("{}.****.txt", &key[..22])]));
    assert_eq!((&finding["kind"], &finding["path"]), (&"file-name".into(), &"x.zip".into()));
    assert_eq!((&finding["git"]["commit"], found.len()), (&commit.into(), 2));
    // What came before the damage is found.
    assert_eq!(of_key(&other)["members"], json!(["a.env"]));
    let blob = repository.id("HEAD:cut.zip");
    let problems = problems(&run);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains(&blob) && problems[0].contains(": corrupt: "), "{problems:?}");
    assert_eq!(run.status, Some(1));
}
