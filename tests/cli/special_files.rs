//! Pipes and devices where git has files. Nobody writes to the pipes and `/dev/zero` has no end, so a run that reads one
//! of them never ends.

use std::os::unix::fs::symlink;

use crate::program::Bench;
use crate::repository::Repository;

const SCAN: &[&str] = &["scan", "r"];
const STAGED: &[&str] = &["-C", "r", "staged"];
const COMMITS: &[&str] = &["-C", "r", "commits", "HEAD"];
const HISTORY: &[&str] = &["history", "r"];
const AUDIT: &[&str] = &["audit", "r"];
const ALL: [&[&str]; 5] = [SCAN, STAGED, COMMITS, HISTORY, AUDIT];

/// What stands in the place of a file.
#[derive(Clone, Copy, Debug)]
enum Special {
    Pipe,
    Zero,
}

/// A repository with one commit, something staged, a branch, a file that a rule hides, and a submodule with a `.git`
/// folder of its own. Nothing is wrong.
fn start(bench: &Bench) -> Repository {
    let repository = Repository::init(bench.join("r"));
    Repository::init(bench.join("r/sub")).commit_file("b.txt", "nothing\n", "Start");
    repository.write(".gitignore", "*.local\n");
    repository.commit_file("a.txt", "nothing\n", "Start");
    repository.git(&["branch", "x"]);
    repository.write("a.local", "nothing\n");
    repository.write("a.txt", "something\n");
    repository.git(&["add", "a.txt"]);
    repository
}

/// Puts a special file in a place of the repository. All commands end, and those that need what was there say what is
/// wrong and don't succeed.
#[track_caller]
fn check(special: Special, name: &str, need_it: &[&[&str]]) {
    let mut bench = Bench::new(2500);
    let key = bench.live();
    start(&bench);
    for command in ALL {
        let run = bench.run(command);
        assert_eq!(run.status, Some(0), "{command:?}: {}", run.stderr);
    }
    match special {
        Special::Pipe => bench.pipe(format!("r/{name}")),
        Special::Zero => symlink("/dev/zero", bench.clear(format!("r/{name}"))).expect("a link"),
    }
    for command in ALL {
        let run = bench.run(command);
        if need_it.contains(&command) {
            assert!(matches!(run.status, Some(2 | 3)), "{name} {command:?}: {:?} {}", run.status, run.stderr);
            assert!(run.stderr.contains(name), "{name} {command:?}: {}", run.stderr);
        } else {
            assert!(run.status.is_some(), "{name} {command:?}: {}", run.stderr);
        }
    }
    // A leak makes it ask how far that has gone.
    bench.write("r/b.env", format!("K={key}\n"));
    let run = bench.run(SCAN);
    assert_eq!(run.status, Some(1), "{name}: {}", run.stderr);
    if need_it.contains(&SCAN) || need_it.contains(&HISTORY) {
        assert!(run.text().contains("incomplete"), "{name}: {}{}", run.text(), run.stderr);
    }
}

#[test]
fn in_the_place_of_a_repository() {
    for special in [Special::Pipe, Special::Zero] {
        check(special, ".git", &ALL);
    }
}

#[test]
fn in_the_place_of_what_every_command_reads() {
    for name in ["HEAD", "config", "packed-refs", "index", "shallow", "objects/info/alternates", "refs/heads/main"] {
        check(Special::Pipe, &format!(".git/{name}"), &ALL);
    }
    for name in ["HEAD", "index", "shallow"] {
        check(Special::Zero, &format!(".git/{name}"), &ALL);
    }
}

#[test]
fn in_the_place_of_a_ref() {
    for special in [Special::Pipe, Special::Zero] {
        check(special, ".git/refs/heads/x", &[HISTORY, AUDIT]);
    }
}

#[test]
fn in_the_place_of_a_log() {
    for special in [Special::Pipe, Special::Zero] {
        check(special, ".git/logs/HEAD", &[HISTORY, AUDIT]);
    }
}

#[test]
fn in_the_place_of_an_object() {
    let name = ".git/objects/11/11111111111111111111111111111111111111";
    for special in [Special::Pipe, Special::Zero] {
        let mut bench = Bench::new(2501);
        let key = bench.live();
        start(&bench);
        match special {
            Special::Pipe => bench.pipe(format!("r/{name}")),
            Special::Zero => symlink("/dev/zero", bench.clear(format!("r/{name}"))).expect("a link"),
        }
        bench.write("r/b.env", format!("K={key}\n"));
        for (command, status) in [(HISTORY, 3), (AUDIT, 1), (SCAN, 1), (STAGED, 0), (COMMITS, 0)] {
            let run = bench.run(command);
            assert_eq!(run.status, Some(status), "{command:?}: {}", run.stderr);
            let is_told = command == HISTORY || command == AUDIT;
            assert_eq!(run.stderr.contains(name), is_told, "{command:?}: {}", run.stderr);
        }
    }
}

/// Rules say what is left out, and what can't be read leaves out nothing.
#[test]
fn in_the_place_of_rules() {
    for special in [Special::Pipe, Special::Zero] {
        for name in [".git/info/exclude", ".gitignore", ".git/info/attributes", ".gitattributes"] {
            check(special, name, &[]);
        }
    }
}

/// The repository around it has nothing to do with it.
#[test]
fn in_the_place_of_a_submodule() {
    for special in [Special::Pipe, Special::Zero] {
        check(special, "sub/.git", &[]);
        check(special, "sub/.git/config", &[AUDIT]);
        check(special, "sub/.git/index", &[AUDIT]);
        check(special, ".git/modules/a", &[]);
    }
    let bench = Bench::new(2502);
    start(&bench);
    bench.pipe("r/sub/.git");
    for command in [&["history", "r/sub"][..], &["audit", "r/sub"], &["-C", "r/sub", "staged"]] {
        let run = bench.run(command);
        assert_eq!(run.status, Some(2), "{command:?}: {}", run.stderr);
        assert!(run.stderr.contains("sub/.git"), "{command:?}: {}", run.stderr);
    }
}

/// Where a revision by name leads, and its log.
#[test]
fn what_a_revision_names() {
    for (name, range) in [
        ("refs/heads/x", &["x"][..]),
        ("refs/heads/x", &["refs/heads/x"]),
        ("refs/heads/x", &["HEAD", "--not", "x"]),
        ("ORIG_HEAD", &["ORIG_HEAD"]),
        ("logs/HEAD", &["@{-1}"]),
        ("logs/HEAD", &["HEAD@{1}~1"]),
    ] {
        let bench = Bench::new(2501);
        start(&bench);
        bench.pipe(format!("r/.git/{name}"));
        let run = bench.run([&["-C", "r", "commits"], range].concat());
        assert_eq!(run.status, Some(2), "{name} {range:?}: {}", run.stderr);
        assert!(run.stderr.contains(name), "{name} {range:?}: {}", run.stderr);
    }
}

#[test]
fn where_a_hook_would_be() {
    let bench = Bench::new(2502);
    start(&bench);
    bench.pipe("r/.git/hooks/pre-commit");
    assert_eq!(bench.run(["-C", "r", "hook", "status"]).status, Some(1));
    assert_eq!(bench.run(["-C", "r", "hook", "install"]).status, Some(2));
}
