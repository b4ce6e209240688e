//! What commits add to archives: against all their parents, whichever member it is in.

use serde_json::{Value, json};

use crate::archive::{Method, gzip, tar, zip};
use crate::program::{Bench, Run, id};
use crate::repository::Repository;

use super::pack::noise;
use super::{Inside, assert_inside, findings, settings};

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

/// A deflated ZIP archive with these keys, each in a member.
fn archive(members: &[(&str, &str)]) -> Vec<u8> {
    let texts: Vec<_> = members.iter().map(|(name, key)| (*name, settings(key))).collect();
    let members: Vec<_> = texts.iter().map(|(name, text)| (*name, text.as_slice())).collect();
    zip(&members, Method::Deflated)
}

/// Holds what the range adds to these members and keys, each with the commit that is named for it. In `x.zip`.
#[track_caller]
fn check(bench: &Bench, range: &[&str], expected: &[(&str, &str, &str)]) {
    let run = commits(bench, range);
    let members: Vec<_> = expected.iter().map(|(member, ..)| [*member]).collect();
    let inside = |((_, key, _), members): (&(&str, &'_ str, &str), _)| (key.to_string(), members);
    let inside: Vec<(String, &[&str; 1])> = expected.iter().zip(&members).map(inside).collect();
    let inside: Vec<_> =
        inside.iter().map(|(key, members)| Inside::new("x.zip", &members[..], key).exposed("committed")).collect();
    assert_inside(&run, &inside);
    let mut found: Vec<_> = findings(&run).iter().map(|finding| finding["git"]["commit"].clone()).collect();
    let mut commits: Vec<_> = expected.iter().map(|(.., commit)| json!(commit)).collect();
    found.sort_by_key(Value::to_string);
    commits.sort_by_key(Value::to_string);
    assert_eq!(found, commits);
}

#[test]
fn what_the_parents_version_had_is_not_new() {
    let mut bench = Bench::new(3301);
    let (old, new) = (bench.live(), bench.live());
    let repository = start(&bench);
    let first = repository.commit_file("x.zip", archive(&[("a.env", &old)]), "Add an archive");
    check(&bench, &["base..HEAD"], &[("a.env", &old, &first)]);
    repository.git(&["tag", "-f", "base"]);
    let texts = [settings(&old), b"more".to_vec()];
    repository.commit_file("x.zip", zip(&[("b.env", &texts[0]), ("c", &texts[1])], Method::Stored), "Repack it");
    repository.commit_file("x.zip", gzip(&tar(&[("b.env", &texts[0])])), "Pack it in another way");
    repository.commit_file("x.zip", &texts[0], "Unpack it");
    check(&bench, &["base..HEAD"], &[]);
    let second = repository.commit_file("x.zip", archive(&[("a.env", &old), ("b.env", &new)]), "Add a key");
    check(&bench, &["base..HEAD"], &[("b.env", &new, &second)]);
    // The same in one range, with both.
    check(&bench, &["HEAD"], &[("a.env", &old, &first), ("b.env", &new, &second)]);
    // Taken out, and put in again.
    repository.commit_file("x.zip", archive(&[("a.env", &old)]), "Take it out");
    let third = repository.commit_file("x.zip", archive(&[("z.env", &new)]), "Put it in");
    check(&bench, &["HEAD"], &[("a.env", &old, &first), ("b.env", &new, &second), ("z.env", &new, &third)]);
    check(&bench, &["HEAD~1..HEAD"], &[("z.env", &new, &third)]);
}

/// Twice in one archive, it came in once.
#[test]
fn two_members_with_one_key() {
    let mut bench = Bench::new(3302);
    let key = bench.live();
    let repository = start(&bench);
    let commit = repository.commit_file("x.zip", archive(&[("b.env", &key), ("a.env", &key)]), "Add an archive");
    check(&bench, &["base.."], &[("a.env", &key, &commit)]);
}

/// An archive whose members can be found by their magic numbers alone once something is before them.
#[test]
fn an_archive_that_becomes_a_program() {
    let mut bench = Bench::new(3303);
    let key = bench.live();
    let repository = start(&bench);
    repository.commit_file("x.zip", archive(&[("a.env", &key)]), "Add an archive");
    repository.git(&["tag", "-f", "base"]);
    let program = [b"#!/usr/bin/env python3\n", &archive(&[("a.env", &key)])[..]].concat();
    repository.commit_file("x.zip", program, "Make a program of it");
    check(&bench, &["base.."], &[]);
}

#[test]
fn merges() {
    let mut bench = Bench::new(3304);
    let keys = [bench.live(), bench.live(), bench.live()];
    let [side, main, merged] = keys.each_ref().map(String::as_str);
    let repository = start(&bench);
    repository.git(&["switch", "-q", "-c", "side"]);
    let on_side = repository.commit_file("x.zip", archive(&[("side.env", side)]), "Add an archive on the side");
    repository.git(&["switch", "-q", "main"]);
    let on_main = repository.commit_file("x.zip", archive(&[("main.env", main)]), "Add an archive");
    // Both have it, git can't merge it, and who does puts in one more.
    assert!(!repository.succeeds(&["merge", "-q", "side"]));
    let all = archive(&[("side.env", side), ("main.env", main), ("merged.env", merged)]);
    let merge = repository.commit_file("x.zip", all, "Merge");
    assert_eq!(repository.git(&["rev-list", "--parents", "-n1", "HEAD"]).split(' ').count(), 3);
    check(&bench, &["HEAD^1..HEAD", "--not", "side"], &[("merged.env", merged, &merge)]);
    check(&bench, &["HEAD^1..HEAD"], &[("merged.env", merged, &merge), ("side.env", side, &on_side)]);
    check(&bench, &["HEAD^2..HEAD"], &[("merged.env", merged, &merge), ("main.env", main, &on_main)]);
    check(
        &bench,
        &["base..HEAD"],
        &[("merged.env", merged, &merge), ("main.env", main, &on_main), ("side.env", side, &on_side)],
    );
    // A merge that takes one side's version adds nothing.
    repository.git(&["switch", "-q", "-c", "next"]);
    repository.commit_file("b.txt", "nothing\n", "Go on");
    repository.git(&["switch", "-q", "main"]);
    repository.merge(&["next"], "Merge again");
    check(&bench, &["HEAD^1..HEAD"], &[]);
}

/// As `git archive` makes it, larger than what is held of a member, and with a key in what was not packed before.
#[test]
fn from_a_file_into_an_archive() {
    let mut bench = Bench::new(3305);
    let key = bench.live();
    let repository = start(&bench);
    repository.write("noise.bin", noise(3305, 400 << 10));
    repository.commit_file("sub/a.env", settings(&key), "Add settings");
    repository.git(&["tag", "-f", "base"]);
    let archive = repository.git_bytes(&["archive", "--format=tar.gz", "HEAD"]);
    let commit = repository.commit_file("old/release.tar.gz", archive, "Keep a release");
    let run = commits(&bench, &["base..HEAD"]);
    let members = ["release.tar", "sub/a.env"];
    assert_inside(&run, &[Inside::new("old/release.tar.gz", &members, &key).exposed("committed")]);
    let finding = &findings(&run)[0];
    assert_eq!((&finding["key_id"], &finding["git"]["commit"]), (&id(&key).into(), &commit.into()));
    assert_eq!(
        (&finding["git"]["object_kind"], &finding["git"]["refs"]),
        (&"blob".into(), &json!(["refs/heads/main"]))
    );
}

/// The bounds of the command line hold for the parents' versions, too.
#[test]
fn a_key_deeper_than_the_usual_bound() {
    let mut bench = Bench::new(3306);
    let key = bench.live();
    let repository = start(&bench);
    let deep = |text: &[u8]| (0..9).fold(text.to_vec(), |bytes, _| gzip(&bytes));
    repository.commit_file("x.gz", deep(&settings(&key)), "Add a deep one");
    repository.git(&["tag", "-f", "base"]);
    repository.commit_file("x.gz", deep(&[&settings(&key)[..], b"more\n"].concat()), "Change it");
    let run = bench.run(["-C", "r", "commits", "-f", "json", "--max-depth=9", "base..HEAD"]);
    assert_inside(&run, &[]);
    let run = bench.run(["-C", "r", "-f", "json", "--max-depth=9", "scan"]);
    assert_eq!(findings(&run)[0]["exposure"], "committed");
    assert_eq!((run.status, findings(&run).len()), (Some(1), 1));
    let run = bench.run(["-C", "r", "-f", "json", "--max-depth=9", "history"]);
    assert_eq!((run.status, findings(&run).len()), (Some(1), 1));
    repository.write("x.gz", deep(&[&settings(&key)[..], b"still more\n"].concat()));
    repository.git(&["add", "-A"]);
    assert_inside(&bench.run(["-C", "r", "-f", "json", "--max-depth=9", "staged"]), &[]);
}
