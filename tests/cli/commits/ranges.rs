//! Ranges name the same commits as they do for `git rev-list`: each commit here has one key, in a file of its own.

use std::collections::BTreeSet;

use crate::program::{Bench, id};
use crate::repository::{Repository, START};

/// Commits, each with its parents: the names of others before it.
const GRAPH: [(&str, &[&str]); 11] = [
    ("a", &[]),
    ("b", &["a"]),
    ("c", &["b"]),
    ("d", &["a"]),
    ("e", &["d"]),
    ("m", &["c", "e"]),
    ("f", &["b"]),
    ("g", &["f"]),
    ("n", &["m", "g", "e"]),
    ("h", &["g"]),
    ("o", &["n"]),
];

/// Makes the commits, each with a tag of its name. HEAD is the last one.
fn history(bench: &mut Bench, date: impl Fn(usize) -> u64) -> Repository {
    let repository = Repository::init(bench.join("r"));
    for (number, (name, parents)) in GRAPH.iter().enumerate() {
        let blob = repository.blob(format!("K={}\n", bench.live()));
        let tree = repository.git_with_input(&["mktree"], format!("100644 blob {blob}\t{name}.env\n").as_bytes());
        let message = format!("commit {name}, v1..2");
        let mut arguments = vec!["commit-tree", &tree, "-m", &message];
        for parent in *parents {
            arguments.extend(["-p", parent]);
        }
        let mut command = repository.command(&arguments);
        let output = command.env("GIT_COMMITTER_DATE", format!("{} +0100", date(number))).output().expect("git runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let commit = String::from_utf8(output.stdout).expect("UTF-8");
        repository.git(&["tag", name, commit.trim_end()]);
    }
    repository.git(&["update-ref", "refs/heads/main", "o"]);
    repository
}

/// Holds the commits that `commits` finds keys in to those that `git rev-list` tells.
#[track_caller]
fn check(bench: &Bench, repository: &Repository, range: &[&str]) {
    let expected = repository.git(&[&["rev-list"], range].concat());
    let expected: BTreeSet<_> = expected.lines().map(str::to_owned).collect();
    let run = bench.run([&["-C", "r", "commits", "-f", "json"], range].concat());
    let report = run.json();
    let findings = report["findings"].as_array().expect("a list");
    let commit = |finding: &serde_json::Value| finding["git"]["commit"].as_str().expect("an id").to_owned();
    let found: BTreeSet<_> = findings.iter().map(commit).collect();
    let name = |id: &String| repository.git(&["tag", "--points-at", id]);
    let (missing, more): (Vec<_>, Vec<_>) =
        (expected.difference(&found).map(name).collect(), found.difference(&expected).map(name).collect());
    assert!(missing.is_empty() && more.is_empty(), "{range:?}: {missing:?} are missing, {more:?} are too many");
    assert_eq!(findings.len(), found.len(), "{range:?}");
    assert_eq!(report["complete"], true, "{range:?}: {}", run.stderr);
    assert_eq!(run.status, Some(i32::from(!found.is_empty())), "{range:?}: {}", run.stderr);
}

fn check_all(bench: &Bench, repository: &Repository) {
    let check = |range: &[&str]| check(bench, repository, range);
    for range in [
        "HEAD",
        "HEAD~1^-",
        "HEAD~1^-1",
        "HEAD~1^-2",
        "HEAD~1^-3",
        "HEAD~1^!",
        "HEAD~1^@",
        "m^-",
        "m^-2",
        "m^!",
        "m^@",
        "a^!",
        "a^@",
        "HEAD^-",
        "@^!",
        "h...o",
        "o...h",
        "c...e",
        "m...h",
        "n...n",
        "a...o",
        "...h",
        "h...",
        "h..o",
        "o..h",
        "..h",
        "h..",
        "HEAD^{/commit g}",
        "HEAD^{/commit}",
        "HEAD^{/v1..2}",
        "o^{/commit c, v1..2}",
        ":/commit h",
        "n^2",
        "n^3~1",
        "n^{commit}",
        "o~2^2",
        "h^0",
    ] {
        check(&[range]);
    }
    for range in [
        &["o", "--not", "h"][..],
        &["^m", "o"],
        &["o", "h", "--not", "m^@"],
        &["h", "n^!"],
        &["c..m", "f..h"],
        &["o", "^n^2", "^n^3"],
    ] {
        check(range);
    }
    let ids = |one: &str, other: &str| (repository.id(one), repository.id(other));
    for (one, other) in [("h", "o"), ("c", "n"), ("o", "a"), ("e", "c")] {
        let (one, other) = ids(one, other);
        for range in [format!("{one}..{other}"), format!("{one}...{other}"), format!("{other}^@"), format!("{one}^!")] {
            check(&[&range]);
        }
        check(&[&one, "--not", &other]);
    }
}

#[test]
fn as_git_tells_them() {
    let mut bench = Bench::new(2021);
    let repository = history(&mut bench, |number| START + 60 * number as u64);
    check_all(&bench, &repository);
}

#[test]
fn when_all_dates_are_the_same() {
    let mut bench = Bench::new(2022);
    let repository = history(&mut bench, |_| START);
    check_all(&bench, &repository);
}

/// Each commit is older, by its date, than its parents.
#[test]
fn when_dates_run_backwards() {
    let mut bench = Bench::new(2023);
    let repository = history(&mut bench, |number| START - 60 * number as u64);
    check_all(&bench, &repository);
}

#[test]
fn when_dates_are_in_disorder() {
    let mut bench = Bench::new(2024);
    let repository = history(&mut bench, |number| START + [9, 2, 7, 1, 8, 3, 10, 4, 0, 6, 5][number] * 3600);
    check_all(&bench, &repository);
}

/// A revision that holds dots is one, and one that git can't tell is none.
#[test]
fn what_git_can_not_tell() {
    let mut bench = Bench::new(2025);
    let repository = history(&mut bench, |number| START + 60 * number as u64);
    for range in
        ["..", "HEAD^-4", "HEAD~1^-0", "a^-", "HEAD~1^-x", "nothing^!", "nothing^@", "h...nothing", "HEAD^{/nothing}"]
    {
        assert!(!repository.succeeds(&["rev-list", range]), "git can read {range}");
        let run = bench.run(["-C", "r", "commits", range]);
        assert_eq!(run.status, Some(2), "{range}: {}{}", run.text(), run.stderr);
    }
}

/// What a pre-receive hook sees: new objects in a folder of their own, which the environment names.
#[test]
fn in_quarantine() {
    let mut bench = Bench::new(2026);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    let old = repository.commit_file("a.txt", "nothing\n", "Start");
    let (incoming, usual) = (repository.join(".git/objects/incoming, \"new\""), repository.join(".git/objects"));
    std::fs::create_dir(&incoming).expect("made");
    let quoted = |path: &std::path::Path| {
        let path = path.to_str().expect("UTF-8").replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{path}\"")
    };
    let plain = usual.to_str().expect("UTF-8").to_owned();
    repository.write("a.env", format!("K={key}\n"));
    let variables = |usual: &str| {
        [("GIT_OBJECT_DIRECTORY", incoming.as_os_str().to_owned()), ("GIT_ALTERNATE_OBJECT_DIRECTORIES", usual.into())]
    };
    let git = |arguments: &[&str]| {
        let output = repository.command(arguments).envs(variables(&plain)).output().expect("git runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim_end().to_owned()
    };
    git(&["add", "a.env"]);
    let tree = git(&["write-tree"]);
    let new = git(&["commit-tree", &tree, "-p", &old, "-m", "Add settings"]);
    repository.git(&["read-tree", &old]);
    assert!(!repository.succeeds(&["cat-file", "-e", &new]), "it is in the usual folder");
    let mut ways = vec![plain.clone(), quoted(&usual)];
    if cfg!(unix) {
        // Quotation marks are there for the separator.
        let folder = bench.join("a:b");
        #[cfg(unix)]
        std::os::unix::fs::symlink(&usual, &folder).expect("a link");
        ways.extend([quoted(&folder), format!("{}:{}", quoted(&incoming), quoted(&folder))]);
    }
    for usual in ways {
        for command in [&["commits", &new, "--not", &old][..], &["history"]] {
            let run = bench.command([&["-C", "r"], command, &["-f", "json"]].concat()).envs(variables(&usual)).output();
            let run = bench.finish(run.expect("the program runs"));
            let report = run.json();
            let findings = report["findings"].as_array().expect("a list");
            assert_eq!((run.status, findings.len()), (Some(1), 1), "{usual} {command:?}: {}", run.stderr);
            assert_eq!(findings[0]["key_id"], id(&key));
            if command[0] == "commits" {
                assert_eq!((&findings[0]["git"]["commit"], &report["complete"]), (&new.as_str().into(), &true.into()));
            }
        }
    }
    assert_eq!(bench.run(["-C", "r", "commits", &new, "--not", &old]).status, Some(2));
}

/// At the cut of a shallow clone nobody knows what a commit adds.
#[test]
fn at_the_end_of_a_shallow_clone() {
    let bench = Bench::new(2027);
    let origin = Repository::init(bench.join("origin"));
    for number in 0..5 {
        origin.commit_file("a.txt", format!("{number}\n"), "Go on");
    }
    let clone = origin.clone_to(bench.join("r"), &["--depth=3"]);
    assert!(
        clone.succeeds(&["cat-file", "-e", "HEAD~2"]) && !clone.succeeds(&["rev-parse", "--verify", "-q", "HEAD~3"])
    );
    let run = |range: &str| bench.run(["-C", "r", "commits", range]);
    for range in ["HEAD~1^!", "HEAD^-", "HEAD~1..HEAD", "HEAD~2..HEAD"] {
        let run = run(range);
        assert_eq!(run.status, Some(0), "{range}: {}", run.stderr);
    }
    for range in ["HEAD~2^!", "HEAD~2^@", "HEAD~2^-", "HEAD~2", "HEAD^@", "HEAD~3..HEAD", "HEAD~2^..HEAD"] {
        let run = run(range);
        assert_eq!(run.status, Some(2), "{range}: {}", run.stderr);
        assert!(run.stderr.contains("fetch-depth: 0"), "{range}: {}", run.stderr);
    }
    // It may be misspelt, or not fetched.
    for range in ["origin/mian..HEAD", "mian", "HEAD...mian", "v1.0^!"] {
        let run = run(range);
        assert_eq!(run.status, Some(2), "{range}: {}", run.stderr);
        let name = if range.contains("mian") { "mian" } else { "v1.0" };
        assert!(run.stderr.contains(name) && run.stderr.contains("fetch-depth: 0"), "{range}: {}", run.stderr);
    }
}
