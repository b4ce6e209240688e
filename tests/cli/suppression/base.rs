//! `--config-from`: a change can't allow its own leak.

use super::{commit_all, shown, suppressed_by};
use crate::program::{Bench, id};

fn allow(key: &str) -> String {
    format!("[[allow]]\nkey-id = \"{}\"\nreason = \"known\"\n", id(key))
}

/// Runs what a pull request would, in a repository where `main` is the base and the topic is checked out.
fn status(bench: &Bench, more: &[&str]) -> Option<i32> {
    bench.run(["commits", "main..HEAD"].iter().chain(more)).status
}

/// A repository with one commit on `main`, on a topic branch.
fn on_topic(bench: &Bench) {
    bench.write("README", "x");
    commit_all(bench, "base");
    bench.git(&["checkout", "-q", "-b", "topic"]);
}

#[test]
fn an_allow_that_comes_with_the_leak() {
    let mut bench = Bench::new(1870);
    let key = bench.live();
    on_topic(&bench);
    bench.write("a.txt", &key);
    bench.write(".hopx-leaks.toml", allow(&key));
    commit_all(&bench, "leak and allow");
    assert_eq!(status(&bench, &[]), Some(0), "without it the change vouches for itself");
    assert_eq!(status(&bench, &["--config-from", "main"]), Some(1));
    assert_eq!(bench.run(["scan", ".", "--config-from", "main"]).status, Some(1));
    assert_eq!(bench.run(["scan", ".", "--config-from", "HEAD"]).status, Some(0));
}

#[test]
fn a_mark_that_comes_with_the_leak() {
    let mut bench = Bench::new(1871);
    let (key, old) = (bench.live(), bench.live());
    bench.write("old.txt", format!("k={old} # hopx-leaks:allow\n"));
    on_topic(&bench);
    bench.write("a.txt", format!("k={key} # hopx-leaks:allow\n"));
    // A mark that the base has counts, though the file has changed.
    bench.write("old.txt", format!("more\nk={old} # hopx-leaks:allow\n"));
    commit_all(&bench, "leak and mark");
    assert_eq!(status(&bench, &[]), Some(0));
    let run = shown(&bench, ["scan", ".", "--config-from", "main"]);
    let by = suppressed_by(&run.json());
    assert_eq!((by[id(&key)].as_deref(), by[id(&old)].as_deref()), (None, Some("inline")));
    assert_eq!((run.status, status(&bench, &["--config-from", "main"])), (Some(1), Some(1)));
    // A mark that the change adds to an old key is none.
    bench.write("b.txt", &key);
    bench.git(&["checkout", "-q", "main"]);
    bench.write("b.txt", format!("{key}\n"));
    commit_all(&bench, "a leak in the base");
    bench.git(&["checkout", "-q", "-b", "second"]);
    bench.write("b.txt", format!("{key} # hopx-leaks:allow\n"));
    commit_all(&bench, "only a mark");
    assert_eq!(bench.run(["scan", "b.txt", "--config-from", "main"]).status, Some(1));
    assert_eq!(bench.run(["scan", "b.txt"]).status, Some(0));
}

#[test]
fn a_baseline_that_comes_with_the_leak() {
    let mut bench = Bench::new(1872);
    let (key, old) = (bench.live(), bench.live());
    bench.write("old.txt", &old);
    bench.write(".hopx-leaks.toml", "baseline = \"known\"\n");
    bench.write("known", "");
    assert_eq!(bench.run(["scan", ".", "--write-baseline", "known"]).status, Some(0));
    on_topic(&bench);
    bench.write("a.txt", &key);
    assert_eq!(bench.run(["scan", ".", "--write-baseline", "known"]).status, Some(0));
    commit_all(&bench, "leak and baseline");
    for more in [&["--config-from", "main"][..], &["--config-from", "main", "--baseline", "known"]] {
        assert_eq!(status(&bench, &more[2..]), Some(0), "{more:?}");
        assert_eq!(status(&bench, more), Some(1), "{more:?}");
        let by = suppressed_by(&shown(&bench, ["scan", "."].iter().chain(more).copied()).json());
        assert_eq!((by[id(&key)].as_deref(), by[id(&old)].as_deref()), (None, Some("baseline")), "{more:?}");
    }
    let run = bench.run(["scan", ".", "--config-from", "main", "--baseline", "new"]);
    assert!(run.stderr.contains("new is not in main, so that no leak is known"), "{}", run.stderr);
    assert_eq!(run.status, Some(1));
}

/// The rules of the base are in force, whatever the change makes of them; and what is wrong there is said.
#[test]
fn the_rules_of_the_base() {
    let mut bench = Bench::new(1873);
    let key = bench.live();
    bench.write("a.txt", &key);
    bench.write("sub/.hopx-leaks.toml", "nonsense = 1\n");
    bench.write(".hopx-leaks.toml", allow(&key));
    on_topic(&bench);
    bench.write(".hopx-leaks.toml", "nonsense");
    bench.write("sub/b.txt", "x");
    commit_all(&bench, "break it");
    assert_eq!(bench.run(["scan", "."]).status, Some(2));
    assert_eq!(bench.run(["scan", ".", "--config-from", "main"]).status, Some(0));
    let run = bench.run(["scan", "sub", "--config-from", "main"]);
    assert_eq!(run.status, Some(2));
    assert!(run.stderr.contains("main:sub/.hopx-leaks.toml:1: unknown field `nonsense`"), "{}", run.stderr);
    let shown = bench.run(["config", "show", "--config-from", "main"]);
    assert!(shown.text().starts_with("# configuration: main:.hopx-leaks.toml (the nearest)\n"), "{}", shown.text());
    let run = bench.run(["scan", ".", "--config-from", "missing"]);
    assert_eq!(run.status, Some(2));
    assert!(run.stderr.contains("cannot resolve \"missing\""), "{}", run.stderr);
    // Whichever way round the options stand.
    for arguments in [
        &["--config", "x.toml", "scan", ".", "--config-from", "main"][..],
        &["--config-from", "main", "scan", ".", "--config", "x.toml"],
        &["--isolated", "scan", ".", "--config-from", "main"],
    ] {
        let run = bench.run(arguments);
        assert_eq!(run.status, Some(2), "{arguments:?}");
        assert!(run.stderr.contains("can't be had together"), "{}", run.stderr);
    }
    let elsewhere = Bench::new(1874);
    elsewhere.write("a.txt", "");
    let run = elsewhere.run(["scan", ".", "--config-from", "main"]);
    assert_eq!(run.status, Some(2));
    assert!(run.stderr.contains("cannot open the repository at "), "{}", run.stderr);
}

/// A change can put another repository, or a link to one, in the place of what is scanned. Its commits are not the base.
#[cfg(unix)]
#[test]
fn another_repository_in_the_place_of_a_folder() {
    let mut bench = Bench::new(1875);
    let key = bench.live();
    bench.write("src/a.txt", "x");
    on_topic(&bench);
    bench.clear("src");
    bench.write("src/a.txt", &key);
    bench.write("src/.hopx-leaks.toml", allow(&key));
    bench.git(&["init", "-q", "-b", "main", "src"]);
    bench.git(&["-C", "src", "add", "."]);
    bench.git(&["-C", "src", "commit", "-q", "-m", "the attacker's main"]);
    std::os::unix::fs::symlink("src", bench.join("link")).expect("a link");
    for folder in ["src", "link", "src/a.txt"] {
        let run = bench.run(["scan", folder, "--config-from", "main"]);
        assert_eq!(run.status, Some(2), "{folder}: {}", run.text());
        assert!(run.stderr.contains("which --config-from reads from"), "{}", run.stderr);
    }
    assert_eq!(bench.run(["scan", ".", "--config-from", "main"]).status, Some(1));
}

/// Paths of the baseline as people write them, from a folder below, and through a link.
#[cfg(unix)]
#[test]
fn where_the_baseline_is() {
    let mut bench = Bench::new(1876);
    let key = bench.live();
    bench.write("sub/a.txt", &key);
    assert_eq!(bench.run(["scan", ".", "--write-baseline", ".known"]).status, Some(0));
    // The path is from the top of the work tree, which there is none yet.
    bench.git(&["init", "-q", "-b", "main"]);
    commit_all(&bench, "base");
    let link = bench.join("../").join(format!("{}-link", bench.path().file_name().expect("a name").display()));
    std::os::unix::fs::symlink(bench.path(), &link).expect("a link");
    let through = link.join(".known").display().to_string();
    for arguments in [
        &["-C", "sub", "scan", ".", "--baseline", "../.known"][..],
        &["scan", "sub", "--baseline", "sub/../.known"],
        &["scan", ".", "--baseline", &through],
        &["-C", &link.display().to_string(), "scan", ".", "--baseline", ".known"],
    ] {
        assert_eq!(bench.run(arguments).status, Some(0), "{arguments:?}");
        let with = [arguments, &["--config-from", "main"]].concat();
        let run = bench.run(&with);
        assert_eq!(run.status, Some(0), "{with:?}: {}", run.stderr);
    }
    std::fs::remove_file(link).expect("removed");
}
