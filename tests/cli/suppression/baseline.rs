//! The baseline: what it survives, what it does not hide, and that it merges.

use super::{commit_all, shown, suppressed_by, who};
use crate::program::{Bench, id};

/// Writes a baseline of what is in the folder.
#[track_caller]
fn write(bench: &Bench, name: &str) -> String {
    let run = bench.run(["scan", ".", "--write-baseline", name]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    String::from_utf8(bench.read_report(name)).expect("text")
}

#[test]
fn it_is_sorted_and_stable() {
    let mut bench = Bench::new(1850);
    let keys: Vec<String> = (0..4).map(|_| bench.live()).collect();
    for (number, key) in keys.iter().enumerate() {
        bench.write(format!("{number}/a b.txt"), format!("{key}\n\n{key}\n"));
    }
    bench.write("100%.txt", &keys[0]);
    let text = write(&bench, "known");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.is_sorted() && lines.len() == 5, "{text}");
    assert!(
        text.contains(&format!("{} ", id(&keys[0]))) && text.contains(" 100%25.txt\n") && text.contains(" 0/a b.txt\n")
    );
    assert_eq!(write(&bench, "again"), text);
    let run = bench.run(["scan", ".", "-j4", "--baseline", "known", "--write-baseline", "third"]);
    assert_eq!((run.status, String::from_utf8(bench.read_report("third")).as_deref()), (Some(0), Ok(&*text)));
    assert!(run.stderr.contains("hopx-leaks: 5 known leaks written to third\n"), "{}", run.stderr);
    let run = shown(&bench, ["scan", ".", "--baseline", "known"]);
    assert_eq!((run.status, &run.json()["summary"]["suppressed"]), (Some(0), &9.into()));
    let reason = run.json()["findings"][0]["suppressed"]["reason"].clone();
    assert!(reason.as_str().is_some_and(|reason| reason.starts_with("a known leak, known:")), "{reason}");
}

/// Reformatting, moving lines, and a file encoded otherwise keep it; another path, another key, and another key with the
/// same id do not.
#[test]
fn what_it_survives_and_what_it_does_not_hide() {
    let mut bench = Bench::new(1851);
    let (key, new) = (bench.live(), bench.live());
    let secret = bench.keys().secret();
    let twin = bench.remember(format!("{}{secret}", &key[..23]));
    bench.write("a.txt", format!("k = {key}\n"));
    write(&bench, "known");
    let by = |key: &str| who(&bench, key, &["--baseline", "known"]);
    for text in [
        format!("\n\n\n    k:   \"{key}\"\n"),
        format!("{}{key}", "x = 1\n".repeat(1000)),
        data_encoding::BASE64.encode(key.as_bytes()),
    ] {
        bench.write("a.txt", text);
        assert_eq!(by(&key).as_deref(), Some("baseline"));
    }
    bench.write("a.txt", format!("k = {new}\n"));
    assert_eq!(by(&new), None, "a new key on an old line");
    bench.write("a.txt", format!("k = {twin}\n"));
    assert_eq!(by(&twin), None, "another secret with the same id");
    bench.write("a.txt", "");
    bench.write("b.txt", &key);
    assert_eq!(by(&key), None, "another path");
}

/// Squashing and rebasing give a commit another name and no other key at another path.
#[test]
fn squash_and_rebase() {
    let mut bench = Bench::new(1852);
    let key = bench.live();
    bench.write("first.txt", "x");
    commit_all(&bench, "first");
    bench.git(&["checkout", "-q", "-b", "topic"]);
    bench.write("a.txt", &key);
    commit_all(&bench, "two");
    bench.write("a.txt", format!("{key}\nmore\n"));
    commit_all(&bench, "three");
    let run = bench.run(["history", "--write-baseline", ".git/known"]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let is_known = || {
        let run = shown(&bench, ["history", "--baseline", ".git/known"]);
        (run.status, suppressed_by(&run.json())[id(&key)].clone())
    };
    let known = (Some(0), Some("baseline".to_owned()));
    assert_eq!(is_known(), known);
    bench.git(&["checkout", "-q", "main"]);
    bench.write("other.txt", "y");
    commit_all(&bench, "other");
    bench.git(&["checkout", "-q", "topic"]);
    bench.git(&["rebase", "-q", "main"]);
    assert_eq!(is_known(), known);
    bench.git(&["checkout", "-q", "main"]);
    bench.git(&["merge", "-q", "--squash", "topic"]);
    bench.git(&["commit", "-q", "-m", "squashed"]);
    bench.git(&["branch", "-q", "-D", "topic"]);
    assert_eq!(is_known(), known);
}

/// Two branches that each add a key to the baseline merge without a conflict, as long as the lines do not end up side by
/// side.
#[test]
fn two_branches_merge() {
    let mut bench = Bench::new(1853);
    let mut keys: Vec<String> = (0..12).map(|_| bench.live()).collect();
    keys.sort_by_key(|key| id(key).to_owned());
    // The new ones go to different places among the old ones.
    let (left, right) = (keys.remove(8), keys.remove(3));
    for key in &keys {
        bench.write(format!("{}.txt", id(key)), key);
    }
    write(&bench, ".baseline");
    commit_all(&bench, "known");
    for (branch, key) in [("left", &left), ("right", &right)] {
        bench.git(&["checkout", "-q", "-b", branch, "main"]);
        bench.write(format!("{branch}.txt"), key);
        bench.run(["scan", ".", "--baseline", ".baseline", "--write-baseline", ".baseline"]);
        commit_all(&bench, branch);
    }
    bench.git(&["merge", "-q", "-m", "merged", "left"]);
    let run = shown(&bench, ["scan", ".", "--baseline", ".baseline"]);
    assert_eq!((run.status, &run.json()["summary"]["suppressed"]), (Some(0), &12.into()));
    let merged = std::fs::read_to_string(bench.join(".baseline")).expect("readable");
    assert_eq!(write(&bench, ".again"), merged, "the merged file is what would be written");
}

/// What a line is not, is said with its number, and nothing is scanned.
#[test]
fn what_is_wrong_in_it() {
    let mut bench = Bench::new(1854);
    let key = bench.live();
    bench.write("a.txt", &key);
    let good = write(&bench, "known");
    for bad in ["nonsense", "<<<<<<< HEAD", &key, &format!("{} x", id(&key)), &good.trim_end().replace(" a.txt", "")] {
        bench.write("known", format!("{good}{bad}\n"));
        let run = bench.run(["scan", ".", "--baseline", "known"]);
        assert_eq!((run.status, run.stdout.len()), (Some(2), 0), "{bad}");
        assert!(run.stderr.starts_with("hopx-leaks: known:2: it"), "{}", run.stderr);
        assert!(run.stderr.contains("; write the baseline anew with --write-baseline"), "{}", run.stderr);
    }
    let run = bench.run(["scan", ".", "--baseline", "missing"]);
    assert_eq!(run.status, Some(2));
    assert!(run.stderr.contains("cannot read the baseline missing: "), "{}", run.stderr);
    bench.write("known", format!("# a comment\r\n\r\n{}", good.replace('\n', "\r\n")));
    assert_eq!(bench.run(["scan", ".", "--baseline", "known"]).status, Some(0));
}

/// Names that need escapes, and what has no name.
#[cfg(unix)]
#[test]
fn odd_paths() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let mut bench = Bench::new(1855);
    let key = bench.live();
    for name in [&b"a\nb"[..], b"\xff", b" c ", b"100%25", b"-", b"e\x1b[2J"] {
        bench.write(OsStr::from_bytes(name), &key);
    }
    commit_all(&bench, &format!("message {key}"));
    let run = bench.run(["history", "--write-baseline", ".git/known"]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let text = String::from_utf8(bench.read_report(".git/known")).expect("text");
    let paths: Vec<&str> = text.lines().map(|line| line.splitn(3, ' ').nth(2).expect("a path")).collect();
    assert_eq!(paths, ["%20c%20", "%2D", "%FF", "-", "100%2525", "a%0Ab", "e%1B[2J"]);
    assert_eq!(bench.run(["history", "--baseline", ".git/known"]).status, Some(0));
    assert_eq!(bench.run(["history", "--baseline", ".git/known", "--report-stale"]).stderr, "");
}

/// Lines of leaks that are gone are named on request.
#[test]
fn stale_lines() {
    let mut bench = Bench::new(1856);
    let (key, gone) = (bench.live(), bench.live());
    bench.write("a.txt", &key);
    bench.write("b.txt", &gone);
    let text = write(&bench, "known");
    bench.write("b.txt", "");
    let line = 1 + text.lines().position(|line| line.starts_with(id(&gone))).expect("a line");
    let run = bench.run(["scan", ".", "--baseline", "known", "--report-stale"]);
    assert_eq!(
        run.stderr,
        format!("hopx-leaks: known:{line}: the known leak of {} is gone; take the line out\n", id(&gone))
    );
    assert_eq!(run.status, Some(0));
}

/// Notes are no leaks, and what another rule vouches for needs no line.
#[test]
fn what_is_not_written() {
    let mut bench = Bench::new(1857);
    let (ignored, marked, known) = (bench.live(), bench.live(), bench.live());
    bench.git(&["init", "-q"]);
    bench.write(".gitignore", "*.env\n");
    bench.write("a.env", &ignored);
    bench.write("b.txt", format!("{marked} # hopx-leaks:allow\n"));
    bench.write("c.txt", &known);
    bench.run(["scan", ".", "--no-ignore", "--write-baseline", "known"]);
    let text = String::from_utf8(bench.read_report("known")).expect("text");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with(id(&known)));
    let run = bench.run(["staged", "--write-baseline", "known"]);
    assert!(run.stderr.contains("--write-baseline needs a command that looks at all there is"), "{}", run.stderr);
    let run = bench.run(["scan", ".", "--write-baseline", "missing/known"]);
    assert_eq!((run.status, run.stdout.len()), (Some(2), 0));
    assert!(run.stderr.contains("cannot write the baseline missing/known: "), "{}", run.stderr);
}

/// One file for both: it need not be there the first time.
#[test]
fn the_first_time() {
    let mut bench = Bench::new(1858);
    let key = bench.live();
    bench.write("a.txt", &key);
    bench.write(".hopx-leaks.toml", "baseline = \".known\"\n");
    assert_eq!(bench.run(["scan", "."]).status, Some(2));
    assert_eq!(bench.run(["scan", ".", "--write-baseline", ".known"]).status, Some(0));
    assert_eq!(bench.run(["scan", "."]).status, Some(0));
}

/// Nobody is asked about a known leak.
#[cfg(feature = "verify")]
#[test]
fn a_known_leak_is_not_sent() {
    let mut bench = Bench::new(1859);
    let (known, marked, allowed, leaked) = (bench.live(), bench.live(), bench.live(), bench.live());
    bench.write("a.txt", format!("{known}\n"));
    write(&bench, "known");
    bench.write("b.txt", format!("{marked} # hopx-leaks:allow\n"));
    bench.write("c.txt", &allowed);
    bench.write("d.txt", &leaked);
    bench.write(".hopx-leaks.toml", format!("[[allow]]\nkey-id = \"{}\"\nreason = \"r\"\n", id(&allowed)));
    let api = crate::api::Api::saying(crate::api::Reply::live());
    let run = shown(&bench, ["scan", ".", "--baseline", "known", "--verify", "--api-url", &api.url()]);
    assert_eq!(run.json()["summary"]["live"], 1);
    let seen = api.seen();
    assert!(seen.len() == 1 && seen[0].key_id() == Some(id(&leaked)));
}

/// What is given and has a key in its own name has an empty path.
#[test]
fn what_is_written_can_be_read() {
    let mut bench = Bench::new(1860);
    let key = bench.live();
    bench.write(format!("{key}/a.txt"), "x");
    let run = bench.run(["scan", &key, "--write-baseline", "known"]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let run = bench.run(["scan", &key, "--baseline", "known", "--report-stale"]);
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
}

/// One file has one writer, and what is no file is written to as it is.
#[cfg(unix)]
#[test]
fn one_file_for_two_things() {
    let mut bench = Bench::new(1861);
    let key = bench.live();
    bench.write("a.txt", &key);
    std::os::unix::fs::symlink("real.json", bench.join("link.json")).expect("a link");
    std::fs::create_dir(bench.join("folder")).expect("made");
    for arguments in [
        &["-o", "json=y", "-o", "sarif=./y"][..],
        &["-o", "x.json", "--write-baseline", "x.json"],
        &["-o", "link.json", "-o", "sarif=real.json"],
        &["-o", "x.json", "-o", "sarif=folder/../x.json"],
    ] {
        let run = bench.run(["scan", "."].iter().chain(arguments));
        assert_eq!((run.status, run.stdout.len()), (Some(2), 0), "{arguments:?}");
        assert!(run.stderr.contains("two reports would go to "), "{}", run.stderr);
    }
    assert!(!bench.join("y").exists() && !bench.join("x.json").exists());
    // Standard output is a pipe here.
    let run = bench.run(["scan", ".", "-q", "--write-baseline", "/dev/stdout"]);
    assert_eq!((run.status, run.text().lines().count()), (Some(0), 1), "{}", run.stderr);
    assert!(run.text().starts_with(id(&key)));
}
