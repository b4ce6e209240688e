//! The hook before a push: what is told of it by git and by managers, and what the other side is known to have.

use std::process::{Command, Stdio};

use crate::hook_run::Hooked;

#[test]
fn pushes() {
    let mut hooked = Hooked::new(805);
    let (key, message) = (hooked.bench.live(), hooked.bench.live());
    hooked.bench.git(&["init", "--quiet", "--bare", "up.git"]);
    hooked.ok("r", &["remote", "add", "origin", "../up.git"]);
    hooked.ok("r", &["push", "--quiet", "origin", "HEAD:main"]);

    hooked.bench.write("r/a.env", format!("A={key}\n"));
    hooked.ok("r", &["commit", "--quiet", "--no-verify", "-am", "leak"]);
    hooked.bench.write("r/a.env", "A=\n");
    hooked.ok("r", &["commit", "--quiet", "--no-verify", "-am", "take it out"]);
    for refspec in ["HEAD:main", "HEAD:new", "+HEAD:main", "HEAD:refs/tags/light"] {
        hooked.stopped("r", &["push", "origin", refspec], &[], &key);
    }
    hooked.stopped("r", &["push", "../up.git", "HEAD:main"], &[], &key);
    // A branch without the key, and a deletion.
    hooked.ok("r", &["push", "--quiet", "origin", "HEAD~2:refs/heads/old"]);
    hooked.ok("r", &["push", "--quiet", "origin", ":old"]);
    // Once it is there, the next push brings nothing new.
    hooked.ok("r", &["push", "--quiet", "--no-verify", "origin", "HEAD:main"]);
    hooked.ok("r", &["commit", "--quiet", "--allow-empty", "-m", "more"]);
    hooked.ok("r", &["push", "--quiet", "origin", "HEAD:main"]);
    hooked.ok("r", &["push", "--quiet", "origin", "HEAD:main"]);

    hooked.ok("r", &["tag", "-a", "-m", &format!("release {message}"), "v1"]);
    hooked.stopped("r", &["push", "origin", "v1"], &[], &message);
}

#[test]
fn a_push_that_can_not_be_told_is_stopped() {
    let hooked = Hooked::new(806);
    for (input, cause) in [("rubbish\n", "LOCAL-REF ID REMOTE-REF ID"), ("a b c d\n", "LOCAL-REF ID REMOTE-REF ID")] {
        let run = hooked.bench.run_with_input(["-C", "r", "hook", "run", "pre-push", "origin"], input.as_bytes());
        assert_eq!(run.status, Some(2), "{}", run.stderr);
        assert!(run.stderr.contains(cause), "{}", run.stderr);
    }
    // The longer one is of a hash that this repository does not use.
    for len in [40, 64] {
        let gone = "1".repeat(len);
        let line = format!("refs/heads/x {gone} refs/heads/x {}\n", "0".repeat(len));
        let run = hooked.bench.run_with_input(["-C", "r", "hook", "run", "pre-push", "origin"], line.as_bytes());
        assert_eq!(run.status, Some(2), "{}", run.stderr);
        assert!(run.stderr.contains(&format!("{gone}\": it is missing")), "{}", run.stderr);
    }
}

/// pre-commit and prek read standard input themselves, and tell of the push in the environment.
#[test]
fn a_push_that_a_manager_tells_of() {
    let mut hooked = Hooked::new(807);
    let key = hooked.bench.live();
    let start = hooked.ok("r", &["rev-parse", "HEAD"]);
    hooked.bench.write("r/a.env", format!("A={key}\n"));
    hooked.ok("r", &["commit", "--quiet", "--no-verify", "-am", "leak"]);
    let leak = hooked.ok("r", &["rev-parse", "HEAD"]);
    let run = |variables: &[(&str, &str)]| {
        let mut command = hooked.bench.command(["-C", "r", "hook", "run", "pre-push"]);
        command.env("PRE_COMMIT", "1").envs(variables.iter().copied());
        hooked.bench.finish(command.output().expect("the program runs")).status
    };
    assert_eq!(run(&[("PRE_COMMIT_TO_REF", &leak), ("PRE_COMMIT_FROM_REF", &start)]), Some(1));
    assert_eq!(run(&[("PRE_COMMIT_TO_REF", &leak)]), Some(1));
    assert_eq!(run(&[("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main")]), Some(1));
    assert_eq!(run(&[]), Some(1));
    assert_eq!(run(&[("PRE_COMMIT_TO_REF", &leak), ("PRE_COMMIT_FROM_REF", &leak)]), Some(0));
    assert_eq!(run(&[("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/none")]), Some(2));
}

/// A commit with a key, and one on top that takes it out.
fn leak(hooked: &mut Hooked) -> String {
    let key = hooked.bench.live();
    hooked.bench.write("r/a.env", format!("A={key}\n"));
    hooked.ok("r", &["commit", "--quiet", "--no-verify", "-am", "leak"]);
    hooked.bench.write("r/a.env", "A=\n");
    hooked.ok("r", &["commit", "--quiet", "--no-verify", "-am", "take it out"]);
    key
}

/// Empty repositories to push to, the first of them by the name of origin, which has the first commit.
fn remotes(hooked: &Hooked, names: &[&str]) {
    for name in names {
        hooked.bench.git(&["init", "--quiet", "--bare", name]);
    }
    hooked.ok("r", &["remote", "add", "origin", &format!("../{}", names[0])]);
    hooked.ok("r", &["push", "--quiet", "origin", "HEAD:main"]);
}

/// The log of a remote-tracking ref tells what was there once, and may be gone from there.
#[test]
fn what_was_forced_away_is_not_there_any_more() {
    for (seed, format) in [(810, "files"), (811, "reftable")] {
        let mut hooked = Hooked::new_with(seed, &[&format!("--ref-format={format}")[..]]);
        remotes(&hooked, &["up.git"]);
        let clean = hooked.ok("r", &["rev-parse", "HEAD"]);
        let key = leak(&mut hooked);
        hooked.ok("r", &["push", "--quiet", "--no-verify", "origin", "HEAD:main"]);
        hooked.ok("r", &["push", "--quiet", "--force", "origin", &format!("{clean}:main")]);
        assert!(
            hooked.ok("r", &["log", "--walk-reflogs", "--format=%h", "origin/main"]).lines().count() > 1,
            "{format}"
        );
        for refspec in ["HEAD:main", "HEAD:refs/heads/other"] {
            hooked.stopped("r", &["push", "origin", refspec], &[], &key);
        }
    }
}

#[test]
fn refs_of_a_remote_with_a_longer_name_tell_of_that_one() {
    let mut hooked = Hooked::new(812);
    remotes(&hooked, &["up.git", "fork.git"]);
    hooked.ok("r", &["config", "remote.origin/fork.url", "../fork.git"]);
    hooked.ok("r", &["config", "remote.origin/fork.fetch", "+refs/heads/*:refs/remotes/origin/fork/*"]);
    let key = leak(&mut hooked);
    hooked.ok("r", &["push", "--quiet", "--no-verify", "origin/fork", "HEAD:main"]);
    hooked.ok("r", &["rev-parse", "--verify", "refs/remotes/origin/fork/main"]);
    hooked.stopped("r", &["push", "origin", "HEAD:main"], &[], &key);
}

#[test]
fn refs_of_another_address_tell_nothing() {
    let mut hooked = Hooked::new(813);
    remotes(&hooked, &["up.git", "other.git"]);
    let key = leak(&mut hooked);
    hooked.ok("r", &["push", "--quiet", "--no-verify", "origin", "HEAD:main"]);
    hooked.ok("r", &["push", "--quiet", "origin", "HEAD:refs/heads/same"]);
    // Two names for the same place are no two places.
    let (base, other) = (hooked.bench.path().display().to_string(), "../other.git");
    hooked.ok("r", &["remote", "set-url", "origin", "short:up.git"]);
    for rewrite in ["insteadOf", "pushInsteadOf"] {
        let setting = format!("url.{base}/.{rewrite}");
        hooked.ok("r", &["config", &setting, "short:"]);
        hooked.ok("r", &["push", "--quiet", "origin", &format!("HEAD:refs/heads/{rewrite}")]);
        hooked.ok("r", &["config", "--unset", &setting]);
    }
    hooked.ok("r", &["remote", "set-url", "origin", "../up.git"]);
    hooked.stopped("r", &["-c", "remote.origin.pushurl=../other.git", "push", "origin", "HEAD:main"], &[], &key);
    // The remote has moved, and its refs are those of the old place.
    hooked.ok("r", &["remote", "set-url", "origin", other]);
    hooked.stopped("r", &["push", "origin", "HEAD:main"], &[], &key);
    hooked.stopped("r", &["push", "origin", "HEAD:main", "HEAD:refs/heads/more"], &[], &key);
}

#[test]
fn a_hook_that_is_told_nothing_says_so() {
    let mut hooked = Hooked::new(814);
    remotes(&hooked, &["up.git"]);
    let run = |stdin: Stdio| {
        let mut command = hooked.bench.command(["-C", "r", "hook", "run", "pre-push", "origin", "../up.git"]);
        hooked.bench.finish(command.stdin(stdin).output().expect("the program runs"))
    };
    let silent = run(Stdio::null());
    assert_eq!((silent.status, &silent.stderr[..]), (Some(0), ""));
    hooked.ok("r", &["push", "--quiet", "origin", "HEAD:main"]);
    leak(&mut hooked);
    let run = hooked.bench.run_with_input(["-C", "r", "hook", "run", "pre-push", "origin", "../up.git"], b"");
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("nothing was looked at"), "{}", run.stderr);
    // Of an address without a name nothing is known, and so nothing is said.
    let run = hooked.bench.run_with_input(["-C", "r", "hook", "run", "pre-push", "../up.git", "../up.git"], b"");
    assert_eq!((run.status, &run.stderr[..]), (Some(0), ""));

    let mut closed = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_hopx-leaks");
    closed
        .args(["-c", "exec \"$0\" hook run pre-push origin ../up.git <&-", program])
        .current_dir(hooked.bench.join("r"));
    let closed = hooked.bench.finish(closed.output().expect("sh runs"));
    assert_eq!(closed.status, Some(2), "{}", closed.stderr);
    assert!(closed.stderr.contains("standard input is closed"), "{}", closed.stderr);
    assert!(
        closed.stderr.contains("nothing was pushed, because not everything could be looked at"),
        "{}",
        closed.stderr
    );
    assert!(!closed.stderr.contains("the key"), "{}", closed.stderr);
}

/// Of several refs, pre-commit and prek tell of one.
#[test]
fn a_push_that_a_manager_tells_a_part_of() {
    let mut hooked = Hooked::new(815);
    remotes(&hooked, &["up.git"]);
    let start = hooked.ok("r", &["rev-parse", "HEAD"]);
    hooked.ok("r", &["switch", "--quiet", "-c", "side"]);
    let key = leak(&mut hooked);
    let tag = hooked.bench.live();
    let run = || {
        let mut command = hooked.bench.command(["-C", "r", "hook", "run", "pre-push"]);
        command
            .env("PRE_COMMIT", "1")
            .env("PRE_COMMIT_REMOTE_NAME", "origin")
            .env("PRE_COMMIT_REMOTE_URL", "../up.git");
        command.env("PRE_COMMIT_TO_REF", &start).env("PRE_COMMIT_FROM_REF", &start);
        hooked.bench.finish(command.output().expect("the program runs"))
    };
    let side = run();
    assert_eq!(side.status, Some(1), "{}", side.stderr);
    assert!(side.text().contains(&key[..22]), "{}", side.text());
    assert!(side.stderr.contains("looked at: refs/heads/side\n"), "{}", side.stderr);
    hooked.ok("r", &["push", "--quiet", "--no-verify", "origin", "side"]);
    let nothing = run();
    assert_eq!((nothing.status, &nothing.stderr[..]), (Some(0), ""));
    hooked.ok("r", &["tag", "-a", "-m", &format!("release {tag}"), "v1", "main"]);
    let tagged = run();
    assert_eq!(tagged.status, Some(1), "{}", tagged.stderr);
    assert!(tagged.stderr.contains("looked at: refs/tags/v1\n"), "{}", tagged.stderr);
}
