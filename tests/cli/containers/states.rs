//! Archives in repositories: how far the key in a member has gone, what is staged, and what an audit makes of it.

use std::fs;

use serde_json::json;

use crate::archive::{Method, gzip, tar, zip};
use crate::program::{Bench, Run};
use crate::repository::Repository;

use super::pack::{bzip2, noise};
use super::{Inside, assert_inside, counts, facts, findings, scan, settings};

/// A clone of a repository with one commit.
fn clone(bench: &Bench) -> Repository {
    let origin = Repository::init_with(bench.join("origin.git"), &["--bare"]);
    let first = Repository::init(bench.join("first"));
    first.commit_file("README", "nothing\n", "Start");
    first.git(&["push", "-q", &origin.url(), "main"]);
    origin.clone_to(bench.join("r"), &[])
}

fn staged(bench: &Bench) -> Run {
    bench.run(["-C", "r", "staged", "-f", "json"])
}

/// A tar.gz with a key in `in/a.env`.
fn tgz(key: &str) -> Vec<u8> {
    gzip(&tar(&[("n", b"nothing"), ("in/a.env", &settings(key))]))
}

const IN_TGZ: [&str; 2] = ["a.tar", "in/a.env"];

#[test]
fn from_untracked_to_pushed() {
    let mut bench = Bench::new(3201);
    let key = bench.live();
    let repository = clone(&bench);
    repository.write("sub/a.tgz", tgz(&key));
    let check = |exposure| {
        assert_inside(&scan(&bench, &["r"]), &[Inside::new("sub/a.tgz", &IN_TGZ, &key).exposed(exposure)]);
    };
    check("untracked");
    repository.git(&["add", "-A"]);
    check("staged");
    repository.commit("Add an archive");
    check("committed");
    repository.git(&["push", "-q", "origin", "HEAD"]);
    check("pushed");
    // Packed in another way, in another member, the key at this path is the same.
    repository.write("sub/a.tgz", gzip(&tar(&[("b.env", &settings(&key))])));
    assert_inside(&scan(&bench, &["r"]), &[Inside::new("sub/a.tgz", &["a.tar", "b.env"], &key).exposed("pushed")]);
    // At another path no commit has it.
    fs::rename(repository.join("sub/a.tgz"), repository.join("b.tgz")).expect("renamed");
    assert_inside(&scan(&bench, &["r"]), &[Inside::new("b.tgz", &["b.tar", "b.env"], &key).exposed("untracked")]);
}

#[test]
fn one_archive_with_keys_that_have_gone_more_or_less_far() {
    let mut bench = Bench::new(3202);
    let keys = [bench.live(), bench.live(), bench.live(), bench.live()];
    let repository = clone(&bench);
    let archive = |count: usize| {
        let texts: Vec<_> = keys[..count].iter().map(|key| settings(key)).collect();
        let members: Vec<_> = ["a", "b", "c", "d"].into_iter().zip(texts.iter().map(Vec::as_slice)).collect();
        zip(&members, Method::Deflated)
    };
    repository.commit_file("x.zip", archive(1), "Add an archive");
    repository.git(&["push", "-q", "origin", "HEAD"]);
    repository.commit_file("x.zip", archive(2), "Add to the archive");
    repository.write("x.zip", archive(3));
    repository.git(&["add", "-A"]);
    repository.write("x.zip", archive(4));
    let inside =
        |member: &'static [&'static str], n: usize, exposure| Inside::new("x.zip", member, &keys[n]).exposed(exposure);
    assert_inside(
        &scan(&bench, &["r"]),
        &[
            inside(&["a"], 0, "pushed"),
            inside(&["b"], 1, "committed"),
            inside(&["c"], 2, "staged"),
            inside(&["d"], 3, "untracked"),
        ],
    );
    assert_inside(&staged(&bench), &[inside(&["c"], 2, "staged")]);
}

/// A note, unless it was asked for.
#[test]
fn ignored_archives() {
    let mut bench = Bench::new(3203);
    let key = bench.live();
    let repository = clone(&bench);
    repository.commit_file(".gitignore", "*.zip\n", "Ignore archives");
    repository.write("x.zip", zip(&[("a.env", &settings(&key))], Method::Deflated));
    assert_inside(&scan(&bench, &["r"]), &[]);
    for arguments in [["scan", "--no-ignore", "r"], ["audit", "--fail-on=leaks", "r"]] {
        let run = bench.run([&arguments[..], &["-f", "json"]].concat());
        let expected = Inside::new("x.zip", &["a.env"], &key).exposed("ignored");
        assert_eq!((facts(&run), run.status), (vec![expected.facts()], Some(0)));
        assert_eq!(findings(&run)[0]["level"], "note");
    }
    let run = scan(&bench, &["r/x.zip"]);
    assert_inside(&run, &[Inside::new("x.zip", &["a.env"], &key).exposed("ignored")]);
    assert_eq!(findings(&run)[0]["level"], "error");
}

#[test]
fn what_the_next_commit_adds_to_archives() {
    let mut bench = Bench::new(3204);
    let (old, new) = (bench.live(), bench.live());
    let repository = clone(&bench);
    let with = |members: &[(&str, &str)]| {
        let texts: Vec<_> = members.iter().map(|(name, key)| (*name, settings(key))).collect();
        let members: Vec<_> = texts.iter().map(|(name, text)| (*name, text.as_slice())).collect();
        (zip(&members, Method::Deflated), zip(&members, Method::Stored), bzip2(&tar(&members)))
    };
    repository.write("x.zip", with(&[("a.env", &old)]).0);
    repository.commit("Add an archive");
    let stage = |bytes: &[u8]| {
        repository.write("x.zip", bytes);
        repository.git(&["add", "-A"]);
        staged(&bench)
    };
    let moved = with(&[("b.env", &old), ("c.env", &old)]);
    for bytes in [&moved.0, &moved.1, &moved.2] {
        // It has been there.
        assert_inside(&stage(bytes), &[]);
    }
    // As a plain file, too.
    assert_inside(&stage(&settings(&old)), &[]);
    let more = with(&[("a.env", &old), ("b.env", &new)]);
    let inside = |members| Inside::new("x.zip", members, &new).exposed("staged");
    assert_inside(&stage(&more.0), &[inside(&["b.env"])]);
    assert_inside(&stage(&more.1), &[inside(&["b.env"])]);
    let run = stage(&more.2);
    assert_inside(&run, &[inside(&["content", "b.env"])]);
    assert_eq!(counts(&run, ["containers", "members"]), [2, 3]);
    // The work tree does not count.
    repository.write("x.zip", "nothing");
    assert_inside(&staged(&bench), &[inside(&["content", "b.env"])]);
    // A new path is a new place.
    repository.git(&["reset", "-q", "--hard"]);
    repository.git(&["mv", "x.zip", "y.zip"]);
    assert_inside(&staged(&bench), &[Inside::new("y.zip", &["a.env"], &old).exposed("staged")]);
}

/// An archive that git has to be read as a stream.
#[test]
fn large_archives() {
    let mut bench = Bench::new(3205);
    let (key, other) = (bench.live(), bench.live());
    let repository = clone(&bench);
    let noise = noise(3205, 66 << 20);
    let archive = |keys: &[&str]| {
        let texts: Vec<_> = keys.iter().map(|key| settings(key)).collect();
        let mut members: Vec<_> = ["a.env", "b.env"].into_iter().zip(texts.iter().map(Vec::as_slice)).collect();
        members.insert(1, ("noise", &noise));
        tar(&members)
    };
    repository.write("big.tar", archive(&[&key]));
    repository.git(&["-c", "core.bigFileThreshold=1m", "add", "-A"]);
    let inside = |members, exposure| Inside::new("big.tar", members, &key).exposed(exposure);
    assert_inside(&staged(&bench), &[inside(&["a.env"], "staged")]);
    assert_inside(&scan(&bench, &["r"]), &[inside(&["a.env"], "staged")]);
    repository.git(&["commit", "-q", "-m", "Add a large archive"]);
    assert_inside(&scan(&bench, &["r"]), &[inside(&["a.env"], "committed")]);
    assert_inside(&bench.run(["-C", "r", "commits", "-f", "json", "HEAD~1..HEAD"]), &[inside(&["a.env"], "committed")]);
    assert_inside(&bench.run(["history", "-f", "json", "r"]), &[inside(&["a.env"], "committed")]);
    repository.write("big.tar", archive(&[&key, &other]));
    repository.git(&["-c", "core.bigFileThreshold=1m", "add", "-A"]);
    assert_inside(&staged(&bench), &[Inside::new("big.tar", &["b.env"], &other).exposed("staged")]);
}

/// The work tree's finding, with what history knows of it.
#[test]
fn an_audit_tells_a_committed_archive_once() {
    let mut bench = Bench::new(3206);
    let keys = [bench.live(), bench.live(), bench.live()];
    let [kept, gone, local] = keys.each_ref().map(String::as_str);
    let repository = clone(&bench);
    let added = repository.commit_file("a.tgz", tgz(kept), "Add an archive");
    let other = repository.commit_file("gone.zip", zip(&[("a.env", &settings(gone))], Method::Deflated), "Add another");
    repository.commit_removal("gone.zip", "Remove it");
    repository.write("local.zip", zip(&[("a.env", &settings(local))], Method::Stored));
    let run = bench.run(["audit", "-f", "json", "r"]);
    assert_inside(
        &run,
        &[
            Inside::new("a.tgz", &IN_TGZ, kept).exposed("committed"),
            Inside::new("gone.zip", &["a.env"], gone).exposed("committed"),
            Inside::new("local.zip", &["a.env"], local).exposed("untracked"),
        ],
    );
    let commits: Vec<_> = findings(&run).iter().map(|finding| finding["git"]["commit"].clone()).collect();
    assert_eq!(commits, [json!(added), json!(other), json!(null)]);
    assert_eq!(findings(&run)[0]["git"]["in_head"], true);
}
