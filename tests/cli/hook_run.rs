//! The hooks at work: what `hook install` puts in place, with the program itself, in every way that git commits and
//! pushes.

use std::path::Path;
use std::process::{Command, Output};

use crate::program::Bench;

/// A repository with the hooks installed, and one commit.
struct Hooked {
    bench: Bench,
}

impl Hooked {
    fn new(seed: u64) -> Hooked {
        let hooked = Hooked { bench: Bench::new(seed) };
        hooked.bench.git(&["init", "--quiet", "r"]);
        hooked.bench.write("r/a.env", "A=\n");
        hooked.bench.write("r/b.env", "B=\n");
        hooked.ok("r", &["add", "--all"]);
        hooked.ok("r", &["commit", "--quiet", "-m", "start"]);
        let installed = hooked.bench.run(["-C", "r", "hook", "install"]);
        assert_eq!(installed.status, Some(0), "{}", installed.stderr);
        hooked
    }

    fn git(&self, folder: impl AsRef<Path>, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.verbose=false"]);
        command.args(arguments).current_dir(self.bench.join(folder)).env("HOME", self.bench.path());
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_EDITOR", "true");
        command.envs(variables.iter().copied()).output().expect("git runs")
    }

    #[track_caller]
    fn ok(&self, folder: impl AsRef<Path>, arguments: &[&str]) -> String {
        let output = self.git(folder, arguments, &[]);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    }

    /// The command fails because of our hook, which names the key, and HEAD stays where it is.
    #[track_caller]
    fn stopped(&self, folder: impl AsRef<Path>, arguments: &[&str], variables: &[(&str, &str)], key: &str) {
        let before = self.ok(&folder, &["rev-parse", "HEAD"]);
        let output = self.git(&folder, arguments, variables);
        let said = [&output.stdout[..], &output.stderr].concat();
        self.bench.assert_silent("what git says", &said);
        let said = String::from_utf8(said).expect("UTF-8");
        assert!(!output.status.success(), "{arguments:?} went through: {said}");
        assert!(said.contains(&format!("{}.****", &key[..22])), "{arguments:?}: {said}");
        assert_eq!(self.ok(&folder, &["rev-parse", "HEAD"]), before);
    }
}

#[test]
fn every_way_to_commit() {
    let mut hooked = Hooked::new(801);
    let key = hooked.bench.live();
    hooked.bench.write("r/a.env", format!("A={key}\n"));
    // What is not staged is nobody's business.
    hooked.ok("r", &["commit", "--quiet", "--allow-empty", "-m", "empty"]);
    hooked.stopped("r", &["commit", "-am", "all"], &[], &key);
    hooked.stopped("r", &["commit", "-m", "one file", "a.env"], &[], &key);
    hooked.stopped("r", &["commit", "-m", "a file and the index", "--include", "a.env"], &[], &key);
    hooked.ok("r", &["add", "a.env"]);
    hooked.stopped("r", &["commit", "-m", "staged"], &[], &key);
    hooked.stopped("r", &["commit", "--amend", "--no-edit"], &[], &key);
    hooked.stopped("r", &["commit", "-m", "from below", "-q"], &[("GIT_PREFIX", "")], &key);

    // The other file alone goes through, though the index has the key: that is not part of the commit.
    hooked.bench.write("r/b.env", "B=1\n");
    hooked.ok("r", &["commit", "--quiet", "-m", "the other file", "b.env"]);
    // And the file with the key alone does not, when the other one is staged.
    hooked.ok("r", &["reset", "--quiet"]);
    hooked.bench.write("r/b.env", "B=2\n");
    hooked.ok("r", &["add", "b.env"]);
    hooked.stopped("r", &["commit", "-m", "the file with the key", "a.env"], &[], &key);

    // A key that is staged and no longer in the work tree; and the other way round.
    hooked.ok("r", &["add", "a.env"]);
    hooked.bench.write("r/a.env", "A=\n");
    hooked.stopped("r", &["commit", "-m", "staged only"], &[], &key);
    hooked.ok("r", &["add", "a.env"]);
    hooked.bench.write("r/a.env", format!("A={key}\n"));
    hooked.ok("r", &["commit", "--quiet", "-m", "not staged"]);
    hooked.ok("r", &["checkout", "--quiet", "a.env"]);

    hooked.stopped("r", &["commit", "--allow-empty", "-m", &format!("use {key}")], &[], &key);
}

#[test]
fn another_index_file() {
    let mut hooked = Hooked::new(802);
    let key = hooked.bench.live();
    let index = hooked.bench.join("another index");
    let index = index.to_str().expect("UTF-8");
    let variables = [("GIT_INDEX_FILE", index)];
    assert!(hooked.git("r", &["read-tree", "HEAD"], &variables).status.success());
    hooked.bench.write("r/a.env", format!("A={key}\n"));
    assert!(hooked.git("r", &["add", "a.env"], &variables).status.success());
    hooked.stopped("r", &["commit", "-m", "by another index"], &variables, &key);
    hooked.ok("r", &["commit", "--quiet", "--allow-empty", "-m", "by the usual one"]);
}

#[test]
fn a_linked_work_tree() {
    let mut hooked = Hooked::new(803);
    let key = hooked.bench.live();
    hooked.ok("r", &["worktree", "add", "--quiet", "../linked"]);
    hooked.bench.write("linked/sub/c.env", format!("C={key}\n"));
    hooked.ok("linked", &["add", "--all"]);
    hooked.stopped("linked", &["commit", "-m", "in the linked one"], &[], &key);
    hooked.stopped("linked/sub", &["commit", "-m", "from below"], &[], &key);
    hooked.ok("r", &["commit", "--quiet", "--allow-empty", "-m", "in the main one"]);
}

#[test]
fn a_verbose_message_does_not_count_what_is_taken_out() {
    let mut hooked = Hooked::new(804);
    let key = hooked.bench.live();
    hooked.bench.write("r/a.env", format!("A={key}\n"));
    hooked.ok("r", &["commit", "--quiet", "--no-verify", "-am", "leak"]);
    hooked.bench.write("r/a.env", "A=\n");
    // The message's file holds the line that goes, below the scissors.
    hooked.ok("r", &["commit", "--quiet", "--verbose", "-a", "-e", "-m", "take it out"]);
}

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
    let gone = "1".repeat(40);
    let line = format!("refs/heads/x {gone} refs/heads/x {}\n", "0".repeat(40));
    let run = hooked.bench.run_with_input(["-C", "r", "hook", "run", "pre-push", "origin"], line.as_bytes());
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains(&gone), "{}", run.stderr);
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

/// git goes to the top of the work tree and names the index from there; a hook may go on to a folder.
#[test]
fn a_hook_that_goes_to_a_folder() {
    use std::os::unix::fs::PermissionsExt;
    let mut hooked = Hooked::new(808);
    let key = hooked.bench.live();
    let program = env!("CARGO_BIN_EXE_hopx-leaks");
    let hook =
        format!("#!/bin/sh\necho \"$GIT_INDEX_FILE\" > ../index-file\ncd s && exec '{program}' hook run pre-commit\n");
    let hook = hooked.bench.write("r/.git/hooks/pre-commit", hook);
    std::fs::set_permissions(hook, PermissionsExt::from_mode(0o755)).expect("set");
    hooked.bench.write("r/s/c.env", "C=\n");
    hooked.ok("r", &["add", "--all"]);
    hooked.ok("r", &["commit", "--quiet", "-m", "a folder"]);
    hooked.bench.write("r/s/c.env", format!("C={key}\n"));
    hooked.stopped("r", &["commit", "-am", "all"], &[], &key);
    hooked.stopped("r", &["commit", "-m", "one file", "s/c.env"], &[], &key);
    hooked.ok("r", &["add", "--all"]);
    hooked.stopped("r", &["commit", "-m", "staged"], &[], &key);
    assert_eq!(std::fs::read_to_string(hooked.bench.join("index-file")).expect("read"), ".git/index\n");
    hooked.stopped("r/s", &["commit", "-m", "from below"], &[], &key);
    let mut command = hooked.bench.command(["-C", "r/s", "staged"]);
    let run = hooked.bench.finish(command.env("GIT_INDEX_FILE", ".git/index").output().expect("the program runs"));
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    // Without the key it goes through.
    hooked.bench.write("r/s/c.env", "C=1\n");
    hooked.ok("r", &["commit", "--quiet", "-am", "clean"]);
}
