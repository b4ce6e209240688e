//! The hooks at work: what `hook install` puts in place, with the program itself, in every way that git commits and
//! pushes.

use std::path::Path;
use std::process::{Command, Output};

use crate::program::Bench;

/// A repository with the hooks installed, and one commit.
pub struct Hooked {
    pub bench: Bench,
}

impl Hooked {
    pub fn new(seed: u64) -> Hooked {
        Hooked::new_with(seed, &[])
    }

    /// One that was made with more arguments for `git init`.
    pub fn new_with(seed: u64, arguments: &[&str]) -> Hooked {
        let hooked = Hooked { bench: Bench::new(seed) };
        hooked.bench.git(&[&["init", "--quiet", "r"], arguments].concat());
        hooked.bench.write("r/a.env", "A=\n");
        hooked.bench.write("r/b.env", "B=\n");
        hooked.ok("r", &["add", "--all"]);
        hooked.ok("r", &["commit", "--quiet", "-m", "start"]);
        let installed = hooked.bench.run(["-C", "r", "hook", "install"]);
        assert_eq!(installed.status, Some(0), "{}", installed.stderr);
        hooked
    }

    pub fn git(&self, folder: impl AsRef<Path>, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.verbose=false"]);
        command.args(arguments).current_dir(self.bench.join(folder)).env("HOME", self.bench.path());
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_EDITOR", "true");
        command.envs(variables.iter().copied()).output().expect("git runs")
    }

    #[track_caller]
    pub fn ok(&self, folder: impl AsRef<Path>, arguments: &[&str]) -> String {
        let output = self.git(folder, arguments, &[]);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    }

    /// The command fails because of our hook, which names the key, and HEAD stays where it is.
    #[track_caller]
    pub fn stopped(&self, folder: impl AsRef<Path>, arguments: &[&str], variables: &[(&str, &str)], key: &str) {
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
    for cleanup in ["--cleanup=default", "--cleanup=scissors"] {
        hooked.ok("r", &["commit", "--quiet", "--verbose", "-a", "-e", cleanup, "-m", "take it out"]);
        hooked.ok("r", &["reset", "--quiet", "HEAD~"]);
    }
    hooked.ok("r", &["-c", "core.commentChar=;", "commit", "--quiet", "-v", "-v", "-a", "-e", "-m", "take it out"]);
}

/// git cuts a message at scissors that it has put there itself.
#[test]
fn scissors_of_the_user_hide_nothing() {
    let mut hooked = Hooked::new(808);
    let key = hooked.bench.live();
    let scissors = "# ------------------------ >8 ------------------------\n";
    let text = format!("subject\n\n{scissors}use {key}\n");
    // As it stands in the file that git leaves behind when a hook has failed.
    let pasted = format!("subject\n\n{scissors}# Do not modify\ndiff --git a/x b/x\n+++ b/x\n+{key}\n");
    for message in [&text, &pasted] {
        hooked.bench.write("message", message);
        hooked.stopped("r", &["commit", "--allow-empty", "-F", "../message"], &[], &key);
        hooked.stopped("r", &["commit", "--allow-empty", "-m", message], &[], &key);
        hooked.stopped("r", &["commit", "--allow-empty", "-e", "-F", "../message"], &[], &key);
        hooked.stopped("r", &["commit", "--allow-empty", "-m", message], &[("GIT_EDITOR", "vi")], &key);
    }
}

/// git's status names the files that a commit removes, and drops these lines when the editor has ended.
#[test]
fn a_file_with_a_key_in_its_name_can_be_removed() {
    let mut hooked = Hooked::new(809);
    let key = hooked.bench.live();
    hooked.bench.write(format!("r/{key}.txt"), "x\n");
    hooked.ok("r", &["add", "--all"]);
    hooked.ok("r", &["commit", "--quiet", "--no-verify", "-m", "leak"]);
    hooked.ok("r", &["rm", "--quiet", &format!("{key}.txt")]);
    hooked.ok("r", &["commit", "--quiet", "-e", "-m", "take it out"]);
    assert!(!hooked.ok("r", &["log", "-1", "--format=%B"]).contains(&key));
    // What looks like it, and is the user's.
    for message in [format!("a\n\n# On branch main\n#\t{key}\n#\n"), format!("a\n\n# {key}\n")] {
        hooked.stopped("r", &["commit", "--allow-empty", "-m", &message], &[], &key);
    }
    let message = format!("a\n\n# On branch main\n#\t{key}\n#");
    hooked.stopped("r", &["commit", "--allow-empty", "-e", "--cleanup=whitespace", "-m", &message], &[], &key);
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
