//! Git hooks, run by real git: what is installed, what it stops, and what is left when it is taken out again.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::program::{Bench, Run};

/// What stands for the program in a hook: it notes what it was called with and ends with a status of choice.
pub const NOTES: &str = "#!/bin/sh\n{ printf '<%s>' \"$@\"; echo; cat; } >> \"$NOTES\"\nexit \"${STATUS:-0}\"\n";

/// A repository in `folder` of a bench, and a copy of the program in a place that needs quoting.
pub struct Repository {
    pub bench: Bench,
    pub folder: PathBuf,
    program: PathBuf,
}

impl Repository {
    pub fn new(seed: u64) -> Repository {
        let bench = Bench::new(seed);
        let folder = bench.join("the repository");
        bench.git(&["init", "--quiet", "the repository"]);
        fs::remove_dir_all(folder.join(".git/hooks")).expect("samples removed");
        let program = bench.join("it's $(here) \"now\"/hopx-leaks");
        fs::create_dir(program.parent().expect("a folder")).expect("made");
        let repository = Repository { bench, folder, program };
        repository.restore_program();
        repository
    }

    fn restore_program(&self) {
        let status = Command::new("cp").arg(env!("CARGO_BIN_EXE_hopx-leaks")).arg(&self.program).status();
        assert!(status.expect("cp runs").success());
    }

    /// Puts a script in the place of the program that hooks name.
    pub fn replace_program(&self, script: &str) {
        write_script(&self.program, script);
    }

    pub fn hook(&self, name: &str) -> PathBuf {
        self.folder.join(".git/hooks").join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bench.command(arguments);
        let mut copy = Command::new(&self.program);
        copy.args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => copy.env(name, value),
                None => copy.env_remove(name),
            };
        }
        command.current_dir(&self.folder);
        copy
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        self.bench.finish(self.command(arguments).output().expect("the program runs"))
    }

    #[track_caller]
    pub fn run_ok(&self, arguments: &[&str]) -> Run {
        let run = self.run(arguments);
        assert_eq!(run.status, Some(0), "{}\n{}", run.text(), run.stderr);
        run
    }

    pub fn git_command(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "protocol.file.allow=always"]);
        command.args(arguments).current_dir(folder).stdin(Stdio::null());
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", self.bench.path());
        command.env("NOTES", self.bench.join("notes"));
        command
    }

    fn git(&self, arguments: &[&str]) -> Output {
        self.git_command(&self.folder, arguments).output().expect("git runs")
    }

    #[track_caller]
    pub fn git_ok(&self, arguments: &[&str]) {
        let output = self.git(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Whether a commit in `folder` goes through, and what was said. The program in the hooks ends with `status`.
    pub fn commit(&self, folder: &Path, status: &str) -> (bool, String) {
        let mut command = self.git_command(folder, &["commit", "--quiet", "--allow-empty", "-m", "a message"]);
        let output = command.env("STATUS", status).output().expect("git runs");
        (output.status.success(), String::from_utf8(output.stderr).expect("UTF-8"))
    }

    /// What the program in the hooks noted since the last time.
    pub fn notes(&self) -> String {
        let notes = fs::read_to_string(self.bench.join("notes")).unwrap_or_default();
        let _ = fs::remove_file(self.bench.join("notes"));
        notes
    }

    /// Every file below `.git`, with its mode.
    pub fn files(&self) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.folder.join(".git")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                let metadata = path.symlink_metadata().expect("metadata");
                if metadata.is_dir() {
                    folders.push(path.clone());
                    files.insert(path, (metadata.mode(), Vec::new()));
                } else if metadata.is_file() {
                    let content = fs::read(&path).expect("readable");
                    files.insert(path, (metadata.mode(), content));
                }
            }
        }
        files
    }
}

/// Writes an executable file by another process: one that this one has open for writing while another test forks can't
/// be started.
pub fn write_script(path: &Path, text: &str) {
    let mut shell = Command::new("sh");
    shell.args(["-c", "rm -f \"$1\"; mkdir -p \"$(dirname \"$1\")\"; cat > \"$1\"; chmod 755 \"$1\"", "sh"]).arg(path);
    let mut child = shell.stdin(Stdio::piped()).spawn().expect("sh runs");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("written");
    assert!(child.wait().expect("ends").success());
}

pub fn mode(path: &Path) -> u32 {
    path.metadata().expect("metadata").mode() & 0o7777
}

#[test]
fn hooks_stop_what_the_program_does_not_like() {
    let mut repository = Repository::new(701);
    repository.run_ok(&["hook", "install"]);
    for name in ["pre-commit", "commit-msg", "pre-push"] {
        assert_eq!(mode(&repository.hook(name)) & 0o700, 0o700, "{name}");
    }
    let key = repository.bench.live();
    repository.bench.write("the repository/a.env", format!("K={key}\n"));
    repository.git_ok(&["add", "a.env"]);
    let (is_done, said) = repository.commit(&repository.folder, "");
    assert!(!is_done && said.contains("hopx-leaks: nothing was committed"), "{said}");
    repository.git_ok(&["rm", "--quiet", "--cached", "a.env"]);
    repository.replace_program(NOTES);
    for status in ["1", "2", "3", "130"] {
        let (is_done, _) = repository.commit(&repository.folder, status);
        assert!(!is_done, "{status}");
        assert_eq!(repository.notes(), "<hook><run><pre-commit>\n");
    }
    assert!(repository.commit(&repository.folder, "0").0);
    assert_eq!(repository.notes(), "<hook><run><pre-commit>\n<hook><run><commit-msg><.git/COMMIT_EDITMSG>\n");
}

#[test]
fn one_hook_is_installed_where_one_is_asked_for() {
    let repository = Repository::new(702);
    let install = repository.run_ok(&["hook", "install", "--hook", "commit-msg"]);
    assert_eq!(install.text(), "commit-msg: installed in .git/hooks/commit-msg\n");
    let names: Vec<_> = fs::read_dir(repository.folder.join(".git/hooks")).expect("a folder").collect();
    assert_eq!(names.len(), 1);
    let status = repository.run(&["hook", "status"]);
    assert_eq!(status.status, Some(1));
    assert!(status.text().contains("pre-commit: not installed; run: hopx-leaks hook install --hook pre-commit\n"));
    assert!(status.text().contains("commit-msg: installed in .git/hooks/commit-msg, runs /"));
    assert_eq!(repository.run(&["hook", "status", "--hook", "commit-msg"]).status, Some(0));
}

#[test]
fn a_second_install_changes_nothing_and_uninstall_removes_what_was_made() {
    let repository = Repository::new(703);
    let before = repository.files();
    repository.run_ok(&["hook", "install"]);
    let installed = repository.files();
    let inode = repository.hook("pre-push").metadata().expect("metadata").ino();
    let again = repository.run_ok(&["hook", "install"]);
    assert!(again.text().starts_with("pre-commit: already installed in .git/hooks/pre-commit\n"), "{}", again.text());
    assert_eq!(repository.files(), installed);
    assert_eq!(repository.hook("pre-push").metadata().expect("metadata").ino(), inode);
    repository.run_ok(&["hook", "uninstall"]);
    let mut after = repository.files();
    after.remove(&repository.folder.join(".git/hooks"));
    assert_eq!(after, before);
    let again = repository.run_ok(&["hook", "uninstall"]);
    assert!(again.text().starts_with("pre-commit: not installed\n"), "{}", again.text());
}

#[test]
fn an_existing_shell_hook_is_kept_and_run() {
    let repository = Repository::new(704);
    for (first, last) in [("#!/bin/sh -eu", "exit 0"), ("#!/usr/bin/env bash", "exec true\n"), ("# no shebang", "")] {
        let script = format!("{first}\n# their words\n\nset -eu\necho theirs >> \"$NOTES\"\n{last}");
        let path = repository.hook("pre-commit");
        write_script(&path, &script);
        fs::set_permissions(&path, PermissionsExt::from_mode(0o750)).expect("set");
        repository.restore_program();
        let install = repository.run_ok(&["hook", "install", "--hook", "pre-commit"]);
        assert_eq!(install.text(), "pre-commit: added to .git/hooks/pre-commit\n");
        assert_eq!(mode(&path), 0o750);
        let text = fs::read_to_string(&path).expect("readable");
        assert!(text.starts_with(&format!("{first}\n# their words\n# >>> hopx-leaks >>>\n")), "{text}");
        repository.replace_program(NOTES);
        let (is_done, said) = repository.commit(&repository.folder, "0");
        assert!(is_done, "{said}");
        assert_eq!(repository.notes(), "<hook><run><pre-commit>\ntheirs\n");
        assert!(!repository.commit(&repository.folder, "3").0);
        assert_eq!(repository.notes(), "<hook><run><pre-commit>\n", "theirs does not run when ours stops the commit");
        repository.restore_program();
        repository.run_ok(&["hook", "uninstall"]);
        assert_eq!(fs::read_to_string(&path).expect("readable"), script);
        assert_eq!(mode(&path), 0o750);
    }
}

#[test]
fn an_old_block_is_replaced_where_it_stands() {
    let repository = Repository::new(705);
    let old = "#!/bin/sh\necho first\n# >>> hopx-leaks >>>\nold\n# <<< hopx-leaks <<<\necho last\n";
    write_script(&repository.hook("pre-commit"), old);
    let install = repository.run_ok(&["hook", "install", "--hook", "pre-commit"]);
    assert_eq!(install.text(), "pre-commit: updated in .git/hooks/pre-commit\n");
    let text = fs::read_to_string(repository.hook("pre-commit")).expect("readable");
    assert!(text.starts_with("#!/bin/sh\necho first\n# >>> hopx-leaks >>>\n# Written by"), "{text}");
    assert!(text.ends_with("\n# <<< hopx-leaks <<<\necho last\n") && !text.contains("\nold\n"), "{text}");
    repository.run_ok(&["hook", "uninstall"]);
    assert_eq!(
        fs::read_to_string(repository.hook("pre-commit")).expect("readable"),
        "#!/bin/sh\necho first\necho last\n"
    );
}

#[test]
fn what_is_not_a_shell_script_is_left_alone() {
    let repository = Repository::new(706);
    let python = "#!/usr/bin/env python3\nprint('theirs')\n";
    write_script(&repository.hook("pre-commit"), python);
    write_script(&repository.bench.join("shared hook"), "#!/bin/sh\n");
    symlink(repository.bench.join("shared hook"), repository.hook("commit-msg")).expect("linked");
    fs::create_dir(repository.hook("pre-push")).expect("made");
    let before = repository.files();
    let install = repository.run(&["hook", "install"]);
    assert_eq!(install.status, Some(2));
    for part in [
        "pre-commit: .git/hooks/pre-commit is not a shell script, so it was left alone. Make it run this",
        "it'\\''s $(here) \"now\"/hopx-leaks' hook run pre-commit \"$@\"\n",
        "commit-msg: .git/hooks/commit-msg is a link to ",
        "pre-push: .git/hooks/pre-push is no file, so",
    ] {
        assert!(install.text().contains(part), "{part}\n{}", install.text());
    }
    assert_eq!(repository.files(), before);
    assert_eq!(fs::read_to_string(repository.bench.join("shared hook")).expect("readable"), "#!/bin/sh\n");
    repository.run_ok(&["hook", "uninstall"]);
    assert_eq!(repository.files(), before);
}

#[test]
fn a_hook_that_is_switched_off_stays_so() {
    let repository = Repository::new(707);
    let path = repository.hook("pre-commit");
    write_script(&path, "#!/bin/sh\necho theirs\n");
    fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).expect("set");
    let install = repository.run(&["hook", "install", "--hook", "pre-commit"]);
    assert_eq!(install.status, Some(2));
    assert!(install.text().contains("is not executable, so git does not run it"), "{}", install.text());
    assert_eq!(fs::read_to_string(&path).expect("readable"), "#!/bin/sh\necho theirs\n");
    repository.run_ok(&["hook", "install", "--hook", "pre-commit", "--force"]);
    assert_eq!(mode(&path) & 0o100, 0o100);
    repository.run_ok(&["hook", "status", "--hook", "pre-commit"]);
    fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).expect("set");
    let status = repository.run(&["hook", "status", "--hook", "pre-commit"]);
    assert_eq!(status.status, Some(1));
    assert!(status.text().contains("which is not executable"), "{}", status.text());
}

#[test]
fn a_push_is_seen_by_both_hooks() {
    let repository = Repository::new(708);
    let theirs = "#!/bin/bash\nset -euo pipefail\nwhile read -r line; do echo \"theirs $line\" >> \"$NOTES\"; done\n";
    write_script(&repository.hook("pre-push"), theirs);
    repository.bench.git(&["init", "--quiet", "--bare", "remote"]);
    assert!(repository.commit(&repository.folder, "0").0);
    repository.git_ok(&["tag", "one"]);
    repository.run_ok(&["hook", "install", "--hook", "pre-push"]);
    repository.replace_program(NOTES);
    let pushed = |status: &str, refs: &[&str]| {
        let mut arguments = vec!["push", "--quiet", "../remote"];
        arguments.extend(refs);
        let output = repository.git_command(&repository.folder, &arguments).env("STATUS", status).output();
        output.expect("git runs").status.success()
    };
    assert!(!pushed("1", &["HEAD:refs/heads/a", "one"]));
    let stopped = repository.notes();
    assert!(stopped.starts_with("<hook><run><pre-push><../remote><../remote>\nHEAD "), "{stopped}");
    assert!(!stopped.contains("theirs"), "{stopped}");
    assert!(pushed("0", &["HEAD:refs/heads/a", "one"]));
    let notes = repository.notes();
    let (ours, both): (Vec<&str>, Vec<&str>) = notes.lines().skip(1).partition(|line| !line.starts_with("theirs"));
    assert_eq!(ours.len(), 2, "{notes}");
    let theirs: Vec<&str> = both.iter().filter_map(|line| line.strip_prefix("theirs ")).collect();
    assert_eq!(theirs, ours);
    // Nothing to push: git calls the hook with no line, and neither sees one.
    assert!(pushed("0", &["HEAD:refs/heads/a", "one"]));
    assert_eq!(repository.notes(), "<hook><run><pre-push><../remote><../remote>\n");
    // Far more than a pipe holds.
    let refs: String = (0..3000).map(|n| ["create refs/heads/b", &n.to_string(), " HEAD\n"].concat()).collect();
    let mut update = repository.git_command(&repository.folder, &["update-ref", "--stdin"]);
    let mut child = update.stdin(Stdio::piped()).spawn().expect("git runs");
    child.stdin.take().expect("a pipe").write_all(refs.as_bytes()).expect("written");
    assert!(child.wait().expect("ends").success());
    assert!(pushed("0", &["refs/heads/b*"]));
    let notes = repository.notes();
    assert_eq!(notes.lines().filter(|line| line.starts_with("theirs refs/heads/b")).count(), 3000);
    assert_eq!(notes.lines().filter(|line| line.starts_with("refs/heads/b")).count(), 3000);
}

#[test]
fn a_program_that_is_gone_stops_the_commit() {
    let repository = Repository::new(709);
    repository.run_ok(&["hook", "install"]);
    fs::remove_file(&repository.program).expect("removed");
    let (is_done, said) = repository.commit(&repository.folder, "0");
    assert!(!is_done);
    for part in [
        "hopx-leaks: the program is gone, so nothing was checked and the commit is stopped\n",
        "hopx-leaks: to install it: cargo install hopx-leaks --locked\n",
        "hopx-leaks: to remove this hook: delete the lines from # >>> hopx-leaks >>> to # <<< hopx-leaks <<< in ",
        ".git/hooks/pre-commit\n",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    let status = repository.bench.run(["-C", "the repository", "hook", "status"]);
    assert_eq!(status.status, Some(1));
    assert!(status.text().contains("is gone, so commits and pushes are stopped"), "{}", status.text());
    // One by that name on PATH will do.
    let folder = repository.bench.join("on path");
    write_script(&folder.join("hopx-leaks"), NOTES);
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").expect("a path"));
    let mut commit = repository.git_command(&repository.folder, &["commit", "--allow-empty", "-m", "x"]);
    let output = commit.env("PATH", &path).output().expect("git runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(repository.notes().starts_with("<hook><run><pre-commit>\n"));
    let mut status = repository.bench.command(["-C", "the repository", "hook", "status"]);
    let status = repository.bench.finish(status.env("PATH", &path).output().expect("runs"));
    assert_eq!(status.status, Some(0), "{}", status.text());
    assert!(status.text().contains("on path/hopx-leaks, since "), "{}", status.text());
}

#[test]
fn hooks_go_where_git_looks_for_them() {
    let repository = Repository::new(710);
    let absolute = repository.folder.join(".git/my hooks");
    for (value, folder) in [(".githooks", ".githooks"), (absolute.to_str().expect("UTF-8"), ".git/my hooks")] {
        repository.git_ok(&["config", "core.hooksPath", value]);
        let install = repository.run_ok(&["hook", "install", "--hook", "pre-commit"]);
        assert!(install.text().starts_with(&format!("pre-commit: installed in {folder}/pre-commit\n")));
        assert_eq!(install.text().contains("is in the work tree"), value == ".githooks");
        repository.replace_program(NOTES);
        assert!(!repository.commit(&repository.folder, "1").0);
        assert_eq!(repository.notes(), "<hook><run><pre-commit>\n");
        repository.restore_program();
        repository.run_ok(&["hook", "status", "--hook", "pre-commit"]);
        repository.run_ok(&["hook", "uninstall"]);
        assert!(!repository.folder.join(folder).join("pre-commit").exists());
    }
    assert!(!repository.folder.join(".git/hooks").exists());
}

#[test]
fn a_folder_of_hooks_that_others_share_is_left_alone() {
    let repository = Repository::new(711);
    let global = repository.bench.write("gitconfig", "[core]\n\thooksPath = ~/everyone\n");
    let shared = repository.bench.join("everyone");
    let run = |arguments: &[&str]| {
        let mut command = repository.command(arguments);
        repository.bench.finish(command.env("GIT_CONFIG_GLOBAL", &global).output().expect("runs"))
    };
    let install = run(&["hook", "install"]);
    assert_eq!(install.status, Some(2));
    assert!(install.stderr.contains("core.hooksPath sends git to "), "{}", install.stderr);
    assert!(install.stderr.contains("/everyone for hooks, outside of this repository"), "{}", install.stderr);
    let own = "run: git config --local core.hooksPath '";
    assert!(install.stderr.contains(own) && install.stderr.contains("/.git/hooks'"), "{}", install.stderr);
    assert!(!shared.exists());
    assert_eq!(run(&["hook", "install", "--force"]).status, Some(0));
    assert!(shared.join("pre-commit").exists());
    assert_eq!(run(&["hook", "status"]).status, Some(0));
    let uninstall = run(&["hook", "uninstall"]);
    assert_eq!(uninstall.status, Some(2));
    assert!(uninstall.text().contains("serves other repositories too and was left alone"), "{}", uninstall.text());
    assert!(shared.join("pre-commit").exists());
    assert_eq!(run(&["hook", "uninstall", "--force"]).status, Some(0));
    assert!(!shared.join("pre-commit").exists());
    // A way out of the work tree, and one that hides behind a link.
    repository.git_ok(&["config", "core.hooksPath", "../everyone"]);
    assert!(repository.run(&["hook", "install"]).stderr.contains("outside of this repository"));
    symlink(&shared, repository.folder.join("inside")).expect("linked");
    repository.git_ok(&["config", "core.hooksPath", "inside"]);
    assert!(repository.run(&["hook", "install"]).stderr.contains("outside of this repository"));
    // git takes an empty value for the root of the file system.
    repository.git_ok(&["config", "core.hooksPath", ""]);
    assert!(repository.run(&["hook", "install"]).stderr.contains("sends git to / for hooks"));
}

#[test]
fn a_hook_that_git_does_not_look_at_is_told_from_one_that_it_runs() {
    let repository = Repository::new(712);
    repository.run_ok(&["hook", "install", "--hook", "pre-commit"]);
    repository.git_ok(&["config", "core.hooksPath", "a\u{1b}[31mb"]);
    let status = repository.run(&["hook", "status", "--hook", "pre-commit"]);
    assert_eq!(status.status, Some(1));
    let expected =
        "installed in .git/hooks/pre-commit, which git does not run: core.hooksPath sends it to a\\u{1b}[31mb";
    assert!(status.text().contains(expected), "{}", status.text());
    // Both places are cleaned.
    repository.run_ok(&["hook", "install", "--hook", "pre-commit"]);
    repository.run_ok(&["hook", "uninstall"]);
    assert!(!repository.hook("pre-commit").exists());
    assert!(!repository.folder.join("a\u{1b}[31mb/pre-commit").exists());
}

#[test]
fn from_a_subfolder_a_linked_work_tree_a_submodule_and_a_bare_repository() {
    let mut repository = Repository::new(713);
    assert!(repository.commit(&repository.folder, "0").0);
    repository.bench.write("the repository/a/b/c", "");
    let install = repository.run_ok(&["-C", "a/b", "hook", "install", "--hook", "pre-commit"]);
    assert!(install.text().starts_with("pre-commit: installed in /"), "{}", install.text());
    assert!(repository.hook("pre-commit").exists());
    repository.run_ok(&["hook", "uninstall"]);

    repository.git_ok(&["worktree", "add", "--quiet", "../linked"]);
    repository.run_ok(&["-C", "../linked", "hook", "install", "--hook", "pre-commit"]);
    assert!(repository.hook("pre-commit").exists());
    repository.replace_program(NOTES);
    for folder in ["the repository", "linked"] {
        assert!(!repository.commit(&repository.bench.join(folder), "1").0, "{folder}");
    }
    assert_eq!(repository.notes(), "<hook><run><pre-commit>\n".repeat(2));
    repository.restore_program();
    repository.run_ok(&["-C", "../linked", "hook", "uninstall"]);
    assert!(!repository.hook("pre-commit").exists());

    repository.bench.git(&["clone", "--quiet", "the repository", "other"]);
    repository.git_ok(&["submodule", "--quiet", "add", "../other", "sub"]);
    repository.run_ok(&["-C", "sub", "hook", "install", "--hook", "pre-commit"]);
    assert!(repository.folder.join(".git/modules/sub/hooks/pre-commit").exists());
    let key = repository.bench.live();
    repository.bench.write("the repository/sub/a.env", format!("K={key}\n"));
    repository.git_ok(&["-C", "sub", "add", "a.env"]);
    assert!(!repository.commit(&repository.folder.join("sub"), "").0);
    repository.bench.write("the repository/a.env", format!("K={key}\n"));
    repository.git_ok(&["add", "a.env"]);
    assert!(repository.commit(&repository.folder, "").0, "the outer repository has no hook");

    repository.bench.git(&["init", "--quiet", "--bare", "bare"]);
    let bare = repository.run_ok(&["-C", "../bare", "hook", "install"]);
    assert!(bare.text().contains("note: the repository is bare"), "{}", bare.text());
    assert!(repository.bench.join("bare/hooks/pre-push").exists());

    let mut by_name = repository.bench.command(["hook", "install", "--hook", "commit-msg"]);
    let git = repository.folder.join(".git");
    let named = by_name.env("GIT_DIR", &git).env("GIT_WORK_TREE", &repository.folder).output().expect("runs");
    assert!(named.status.success());
    assert!(repository.hook("commit-msg").exists());
    // Without a work tree, it is the working directory.
    repository.git_ok(&["config", "core.hooksPath", "hooks here"]);
    let mut by_name = repository.bench.command(["-C", "linked", "hook", "install", "--hook", "commit-msg"]);
    assert!(by_name.env("GIT_DIR", &git).output().expect("runs").status.success());
    assert!(repository.bench.join("linked/hooks here/commit-msg").exists());
    repository.git_ok(&["config", "--unset", "core.hooksPath"]);

    let none = repository.bench.command(["hook", "status"]).env("GIT_CEILING_DIRECTORIES", "/").output();
    let none = repository.bench.finish(none.expect("runs"));
    assert_eq!(none.status, Some(2));
    assert!(none.stderr.contains("cannot find a git repository from "), "{}", none.stderr);
}

#[test]
fn a_dry_run_writes_nothing() {
    let repository = Repository::new(714);
    write_script(&repository.hook("pre-commit"), "#!/bin/sh\necho theirs\n");
    let before = repository.files();
    for method in ["script", "config"] {
        let run = repository.run(&["hook", "install", "--dry-run", "--method", method]);
        assert!(run.text().contains("would"), "{}", run.text());
        assert!(run.text().contains("hook run pre-push"), "{}", run.text());
        assert_eq!(repository.files(), before);
    }
    let script = repository.run(&["hook", "install", "--dry-run"]);
    assert!(script.text().contains("    # >>> hopx-leaks >>>\n"), "{}", script.text());
    assert!(script.text().contains("    echo theirs\n"), "{}", script.text());
    repository.run_ok(&["hook", "install"]);
    repository.run(&["hook", "install", "--method", "config", "--hook", "pre-push"]);
    let installed = repository.files();
    let uninstall = repository.run_ok(&["hook", "uninstall", "--dry-run"]);
    assert!(uninstall.text().contains("commit-msg: would remove .git/hooks/commit-msg\n"), "{}", uninstall.text());
    assert!(uninstall.text().contains("pre-push: would be taken out of .git/config\n"), "{}", uninstall.text());
    assert_eq!(repository.files(), installed);
}

/// A git that says it is of the version in which configured hooks came.
fn newer_git(repository: &Repository) -> PathBuf {
    let folder = repository.bench.join("newer");
    write_script(&folder.join("git"), "#!/bin/sh\necho git version 2.54.0\n");
    folder
}

#[test]
fn a_git_that_knows_how_gets_its_hooks_by_configuration() {
    let repository = Repository::new(715);
    let newer = newer_git(&repository);
    let run = |arguments: &[&str]| {
        let mut command = repository.command(arguments);
        repository.bench.finish(command.env("PATH", &newer).output().expect("runs"))
    };
    let config = repository.folder.join(".git/config");
    let files = repository.files();
    let before = fs::read_to_string(&config).expect("readable");
    for before in [before.clone(), before.trim_end().to_owned(), format!("{before}# the end\n")] {
        fs::write(&config, &before).expect("written");
        let install = run(&["hook", "install"]);
        assert_eq!(install.status, Some(0), "{}{}", install.text(), install.stderr);
        assert_eq!(run(&["hook", "status"]).status, Some(0));
        assert!(!repository.hook("pre-commit").exists());
        for stage in ["pre-commit", "commit-msg", "pre-push"] {
            let key = format!("hook.hopx-leaks-{stage}");
            let get = |name: &str| {
                let output = repository.git(&["config", "--get", &format!("{key}.{name}")]);
                String::from_utf8(output.stdout).expect("UTF-8")
            };
            assert_eq!(get("event"), format!("{stage}\n"));
            // What git does with a command (run-command.c): a shell, with the arguments behind it.
            let command = format!("{} \"$@\"", get("command").trim_end());
            repository.replace_program(NOTES);
            let shell = |status: &str| {
                let mut shell = Command::new("sh");
                shell.args(["-c", &command, "sh", "an argument"]).stdin(Stdio::null());
                shell.env("NOTES", repository.bench.join("notes")).env("STATUS", status).output().expect("sh runs")
            };
            assert_eq!(shell("3").status.code(), Some(3));
            assert_eq!(repository.notes(), format!("<hook><run><{stage}><an argument>\n"));
            fs::remove_file(&repository.program).expect("removed");
            let gone = shell("0");
            assert_eq!(gone.status.code(), Some(1));
            let said = String::from_utf8(gone.stderr).expect("UTF-8");
            assert!(said.contains("to install it: cargo install hopx-leaks --locked\n"), "{said}");
            assert!(said.contains(&format!("git config --remove-section {key}\n")), "{said}");
            repository.restore_program();
        }
        let installed = fs::read(&config).expect("readable");
        assert!(run(&["hook", "install"]).text().starts_with("pre-commit: already installed in .git/config\n"));
        assert_eq!(fs::read(&config).expect("readable"), installed);
        repository.git_ok(&["config", "hook.hopx-leaks-pre-push.enabled", "false"]);
        let status = run(&["hook", "status"]);
        assert_eq!(status.status, Some(1));
        assert!(status.text().contains("pre-push: hook.hopx-leaks-pre-push in .git/config is switched off"));
        // git has ended the last line by now.
        fs::write(&config, installed).expect("written");
        assert_eq!(run(&["hook", "uninstall"]).status, Some(0));
        assert_eq!(fs::read_to_string(&config).expect("readable"), before);
    }
    fs::write(&config, before).expect("written");
    assert_eq!(repository.files(), files);
}

#[test]
fn there_is_one_hook_whatever_the_method() {
    let repository = Repository::new(716);
    let newer = newer_git(&repository);
    let config = repository.folder.join(".git/config");
    let before = fs::read(&config).expect("readable");
    let run = |arguments: &[&str]| {
        let mut command = repository.command(arguments);
        let run = repository.bench.finish(command.env("PATH", &newer).output().expect("runs"));
        assert_eq!(run.status, Some(0), "{}{}", run.text(), run.stderr);
    };
    run(&["hook", "install", "--method", "script"]);
    run(&["hook", "install"]);
    assert_eq!(fs::read(&config).expect("readable"), before, "what is in place is kept");
    run(&["hook", "install", "--method", "config"]);
    assert!(!repository.hook("pre-commit").exists());
    assert_ne!(fs::read(&config).expect("readable"), before);
    run(&["hook", "install", "--method", "script"]);
    assert!(repository.hook("pre-commit").exists());
    assert_eq!(fs::read(&config).expect("readable"), before);
    // Where git does not look at it, an entry takes nobody's place and is no hook.
    let mut old = repository.command(&["hook", "install", "--method", "config"]);
    let older = repository.bench.join("older");
    write_script(&older.join("git"), "#!/bin/sh\necho git version 2.53.9\n");
    let old = repository.bench.finish(old.env("PATH", &older).output().expect("runs"));
    assert_eq!(old.status, Some(2));
    assert!(old.text().contains("git 2.53.9 does not run hooks from its configuration"), "{}", old.text());
    assert!(repository.hook("pre-commit").exists());
}

#[test]
fn a_configuration_that_is_being_written_is_left_alone() {
    let repository = Repository::new(717);
    repository.bench.write("the repository/.git/config.lock", "");
    let before = repository.files();
    let install = repository.run(&["hook", "install", "--method", "config"]);
    assert_eq!(install.status, Some(2));
    assert!(install.stderr.contains("cannot write ") && install.stderr.contains("config.lock"), "{}", install.stderr);
    assert_eq!(repository.files(), before);
    fs::remove_file(repository.folder.join(".git/config.lock")).expect("removed");
    // Written by hand, and in another way than ours.
    let config = repository.folder.join(".git/config");
    let by_hand = "[hook \"hopx-leaks-pre-commit\"] event = pre-commit\n\tcommand = mine\n";
    fs::write(&config, [&fs::read(&config).expect("readable"), by_hand.as_bytes()].concat()).expect("written");
    let before = repository.files();
    let uninstall = repository.run(&["hook", "uninstall"]);
    assert_eq!(uninstall.status, Some(2));
    let remedy = "run: git config --local --remove-section hook.hopx-leaks-pre-commit";
    assert!(uninstall.stderr.contains(remedy), "{}", uninstall.stderr);
    assert_eq!(repository.files(), before);
}

#[test]
fn where_a_manager_is_in_charge_it_is_told_what_to_add() {
    for (seed, file, content, expected) in [
        (718, ".pre-commit-config.yaml", "repos: []\n", "        entry: hopx-leaks hook run pre-push\n"),
        (719, "prek.toml", "", "    entry = \"hopx-leaks hook run pre-push\"\n"),
        (720, "lefthook.yml", "", "    pre-push:\n      scripts:\n        \"hopx-leaks.sh\":\n          runner: sh\n"),
        (
            721,
            ".lefthook.toml",
            "",
            "    [pre-push.scripts.\"hopx-leaks.sh\"]\n    runner = \"sh\"\n    use_stdin = true\n",
        ),
        (722, "lefthook.json", "{}", "{ \"hopx-leaks.sh\": { \"runner\": \"sh\", \"use_stdin\": true } }"),
        (723, ".husky/pre-commit", "npm test\n", "    hopx-leaks hook run pre-push \"$@\"\n"),
        (
            724,
            "package.json",
            "{\"simple-git-hooks\": {}}",
            "\"pre-push\": \"hopx-leaks hook run pre-push \\\"$@\\\"\"",
        ),
    ] {
        let repository = Repository::new(seed);
        repository.bench.write(Path::new("the repository").join(file), content);
        let before = repository.files();
        let install = repository.run(&["hook", "install"]);
        assert_eq!(install.status, Some(2), "{file}");
        assert!(install.text().contains("is in charge of git's hooks here, so nothing was installed.\n"), "{file}");
        assert!(install.text().contains(expected), "{file}: {}", install.text());
        assert!(install.text().contains("Not installed: pre-commit, commit-msg, pre-push. To install"), "{file}");
        assert_eq!(repository.files(), before, "{file}");
        let status = repository.run(&["hook", "status"]);
        assert_eq!(status.status, Some(1));
        assert!(status.text().contains(" is in charge here; run: "), "{}", status.text());
        let force = repository.run_ok(&["hook", "install", "--force"]);
        assert!(force.text().contains("may write git's hooks again and so undo this"), "{}", force.text());
        assert!(repository.hook("pre-push").exists(), "{file}");
    }
    let repository = Repository::new(725);
    repository.bench.write("the repository/package.json", "{\"name\": \"x\"}");
    repository.run_ok(&["hook", "install"]);
}

#[test]
fn what_a_manager_has_already_is_not_missing() {
    let repository = Repository::new(726);
    let lefthook = "pre-commit:\n  scripts:\n    \"hopx-leaks.sh\":\n      runner: sh\n#pre-push: hopx-leaks.sh\n";
    repository.bench.write("the repository/lefthook.yml", lefthook);
    for stage in ["pre-commit", "pre-push"] {
        let script = format!("exec hopx-leaks hook run {stage} \"$@\"\n");
        repository.bench.write(format!("the repository/.lefthook/{stage}/hopx-leaks.sh"), script);
    }
    let install = repository.run_ok(&["hook", "install", "--hook", "pre-commit"]);
    assert_eq!(
        install.text(),
        "pre-commit: lefthook.yml has it; nothing to do here\n\
         pre-commit: git does not run it yet; run: lefthook install\n"
    );
    let both = repository.run(&["hook", "install", "--hook", "pre-commit", "--hook", "pre-push"]);
    assert_eq!(both.status, Some(2));
    assert!(both.text().contains("Not installed: pre-push. To install"), "{}", both.text());
    let status = repository.run(&["hook", "status", "--hook", "pre-commit"]);
    assert_eq!(status.status, Some(1));
    assert!(status.text().contains("git does not run lefthook; run: lefthook install"), "{}", status.text());
    write_script(&repository.hook("pre-commit"), "#!/bin/sh\ncall_lefthook run pre-commit\n");
    let folder = repository.bench.join("on path");
    write_script(&folder.join("hopx-leaks"), NOTES);
    for (path, expected) in [(folder.as_path(), 0), (Path::new("/nowhere"), 1)] {
        let mut status = repository.command(&["hook", "status", "--hook", "pre-commit"]);
        let status = repository.bench.finish(status.env("PATH", path).output().expect("runs"));
        assert_eq!(status.status, Some(expected), "{}", status.text());
    }
    let uninstall = repository.run_ok(&["hook", "uninstall", "--hook", "pre-commit"]);
    assert!(uninstall.text().contains("lefthook.yml still has it; take it out there"), "{}", uninstall.text());
}

/// Nothing of the repository, and no git inside of it, is run: a git on a relative PATH is not looked at.
#[test]
fn nothing_in_the_repository_is_run() {
    let repository = Repository::new(727);
    write_script(&repository.folder.join("git"), "#!/bin/sh\n: > \"$NOTES\"\necho git version 9.9\n");
    for path in [".", "", "./.:"] {
        let mut install = repository.command(&["hook", "install", "--dry-run"]);
        install.env("PATH", path).env("NOTES", repository.bench.join("notes"));
        let install = repository.bench.finish(install.output().expect("runs"));
        assert_eq!(install.status, Some(0), "{}", install.stderr);
        assert!(install.text().contains(".git/hooks/pre-commit"), "{}", install.text());
    }
    assert!(!repository.bench.join("notes").exists());
    // The real one is asked where there is no repository, and with nothing in its environment.
    let folder = repository.bench.join("asked");
    let script = format!("#!/bin/sh\n{{ pwd; env; }} > '{}'\n", repository.bench.join("seen").display());
    write_script(&folder.join("git"), &script);
    let mut install = repository.command(&["hook", "install"]);
    install.env("PATH", format!("{}:/usr/bin:/bin", folder.display())).env("GIT_TRACE", "1").env("LD_PRELOAD_X", "y");
    repository.bench.finish(install.output().expect("runs"));
    let seen = fs::read_to_string(repository.bench.join("seen")).expect("it was asked");
    assert!(seen.starts_with("/\n") && !seen.contains("GIT_") && !seen.contains("LD_"), "{seen}");
}

#[test]
fn a_key_in_a_name_is_not_shown() {
    let mut repository = Repository::new(728);
    let key = repository.bench.live();
    repository.git_ok(&["config", "core.hooksPath", &format!("hooks {key}")]);
    let install = repository.run_ok(&["hook", "install"]);
    assert!(install.text().contains(".****/pre-commit"), "{}", install.text());
    repository.run_ok(&["hook", "status"]);
    repository.git_ok(&["config", "core.hooksPath", &format!("../hooks {key}")]);
    assert!(repository.run(&["hook", "install"]).stderr.contains(".****"));
}

#[test]
fn what_git_and_managers_pass_is_accepted() {
    let repository = Repository::new(729);
    for arguments in [
        &["pre-commit"][..],
        &["pre-commit", "a", "--b"],
        &["commit-msg", "the file"],
        &["commit-msg", ".git/COMMIT_EDITMSG", "more"],
        &["pre-push"],
        &["pre-push", "origin"],
        &["pre-push", "origin", "https://example.invalid/x.git", "more", "-v"],
    ] {
        let run = repository.run(&[&["hook", "run"], arguments].concat());
        assert!(!run.stderr.contains("Usage"), "{arguments:?}: {}", run.stderr);
    }
    for arguments in [&["commit-msg"][..], &["post-commit"], &[]] {
        let run = repository.run(&[&["hook", "run"], arguments].concat());
        assert_eq!(run.status, Some(2));
        assert!(run.stderr.contains("Usage"), "{arguments:?}: {}", run.stderr);
    }
}
