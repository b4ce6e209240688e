//! How far `scan` says that a leak has gone, by what git knows of the file and of the key in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::program::{Bench, Run};
use crate::repository::{Repository, START, git_in};

/// The exposure of each path.
fn exposures(run: &Run) -> BTreeMap<String, String> {
    let report = run.json();
    let findings = report["findings"].as_array().expect("a list");
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let exposures: BTreeMap<_, _> = findings.iter().map(|f| (text(&f["path"]), text(&f["exposure"]))).collect();
    assert_eq!(exposures.len(), findings.len(), "a path twice: {findings:#?}");
    exposures
}

/// What git prints, if it succeeds.
fn git(folder: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    let output = git_in(folder, START).args(arguments).output().expect("git runs");
    output.status.success().then_some(output.stdout)
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("UTF-8").trim_end().to_owned()
}

/// Text without the zeros of UTF-16.
fn narrow(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|&byte| byte != 0).collect()
}

/// How far the key in a file has gone, in git's own words.
fn exposure(file: &Path, content: &[u8]) -> &'static str {
    let folder = file.parent().expect("in a folder");
    let name = format!("./{}", file.file_name().and_then(|name| name.to_str()).expect("UTF-8"));
    let content = narrow(content);
    let start = memchr::memmem::find(&content, b"hopx_live_").expect("a key");
    let key = &content[start..start + 66];
    let holds = |version: &str| {
        let blob = git(folder, &["cat-file", "blob", version]);
        blob.is_some_and(|blob| memchr::memmem::find(&narrow(&blob), key).is_some())
    };
    let reach = |refs: &[&str]| {
        let commits = git(folder, &[&["rev-list", "--full-history"], refs, &["--", &name]].concat());
        text(commits.unwrap_or_default()).lines().any(|commit| holds(&format!("{commit}:{name}")))
    };
    let tracked = git(folder, &["ls-files", "--error-unmatch", &name]).is_some();
    match () {
        () if reach(&["--remotes"]) => "pushed",
        () if reach(&["--all"]) || reach(&["HEAD"]) => "committed",
        () if holds(&format!(":{name}")) => "staged",
        () if !tracked && git(folder, &["check-ignore", "-q", &name]).is_some() => "ignored",
        () => "untracked",
    }
}

/// Lets git confirm what is expected of a file or folder.
#[track_caller]
fn confirm(bench: &Bench, given: &str, expected: &[(&str, &str)]) {
    let given = bench.join(given);
    let folder = if given.is_dir() { &given } else { given.parent().expect("in a folder") };
    let top = git(folder, &["rev-parse", "--show-toplevel"]).map(|top| PathBuf::from(text(top)));
    for (path, expected) in expected {
        let Some(top) = &top else {
            assert_eq!(*expected, "unknown", "{path}");
            continue;
        };
        let file = top.join(path);
        let content = match file.read_link() {
            Ok(target) => target.to_str().expect("UTF-8").as_bytes().to_vec(),
            // A name that is not shown in full.
            Err(_) if !file.exists() => continue,
            Err(_) => fs::read(&file).expect("read"),
        };
        assert_eq!(exposure(&file, &content), *expected, "git's own view of {path}");
    }
}

/// Holds a scan to these paths and exposures, and its status to 1.
#[track_caller]
fn check(bench: &Bench, arguments: &[&str], expected: &[(&str, &str)]) {
    confirm(bench, arguments.last().expect("a path"), expected);
    let run = bench.run([&["scan", "-f", "json"], arguments].concat());
    let expected = expected.iter().map(|&(path, exposure)| (path.to_owned(), exposure.to_owned())).collect();
    assert_eq!(exposures(&run), expected, "{}", run.stderr);
    assert_eq!(run.status, Some(1), "{}", run.stderr);
}

/// A clone of a repository with one commit, without what nobody asked for.
fn clone(bench: &Bench) -> Repository {
    let origin = Repository::init_with(bench.join("origin.git"), &["--bare"]);
    let first = Repository::init(bench.join("first"));
    first.commit_file("README", "nothing\n", "Start");
    first.git(&["push", "-q", &origin.url(), "main"]);
    origin.clone_to(bench.join("r"), &[])
}

#[test]
fn no_repository() {
    let mut bench = Bench::new(2201);
    let key = bench.live();
    bench.write("plain/a.env", &key);
    check(&bench, &["plain"], &[("a.env", "unknown")]);
    check(&bench, &["plain/a.env"], &[("plain/a.env", "unknown")]);
    let run = bench.run_with_input(["scan", "-f", "json", "-"], key.as_bytes());
    assert_eq!(run.json()["findings"][0]["exposure"], "unknown");
}

#[test]
fn from_untracked_to_pushed() {
    let mut bench = Bench::new(2202);
    let key = bench.live();
    let repository = clone(&bench);
    repository.write("sub/a.env", format!("K={key}\n"));
    check(&bench, &["r"], &[("sub/a.env", "untracked")]);
    repository.git(&["add", "-A"]);
    check(&bench, &["r"], &[("sub/a.env", "staged")]);
    repository.commit("Add settings");
    check(&bench, &["r"], &[("sub/a.env", "committed")]);
    repository.git(&["push", "-q"]);
    check(&bench, &["r"], &[("sub/a.env", "pushed")]);
    // From anywhere, however it is named.
    check(&bench, &["-C", "r/sub"], &[("sub/a.env", "pushed")]);
    check(&bench, &["r/sub/a.env"], &[("sub/a.env", "pushed")]);
}

/// It is the key that counts: an old file with a new key is not committed, whatever else is.
#[test]
fn a_new_key_in_an_old_file() {
    let mut bench = Bench::new(2203);
    let key = bench.live();
    let repository = clone(&bench);
    repository.write("README", format!("nothing\n{key}\n"));
    check(&bench, &["r"], &[("README", "untracked")]);
    repository.git(&["add", "README"]);
    check(&bench, &["r"], &[("README", "staged")]);
    // Staged again without the key, the work tree still has it.
    let blob = repository.blob("nothing new\n");
    repository.git(&["update-index", "--cacheinfo", &format!("100644,{blob},README")]);
    check(&bench, &["r"], &[("README", "untracked")]);
}

#[test]
fn several_keys_in_one_file() {
    let mut bench = Bench::new(2204);
    let keys = [bench.live(), bench.live(), bench.live(), bench.live()];
    let repository = clone(&bench);
    let text = |count: usize| keys[..count].join("\n") + "\n";
    repository.commit_file("a.env", text(1), "Add a key");
    repository.git(&["push", "-q"]);
    repository.commit_file("a.env", text(2), "Add a key");
    repository.write("a.env", text(3));
    repository.git(&["add", "a.env"]);
    repository.write("a.env", text(4));
    let report = bench.run(["scan", "-f", "json", "r"]).json();
    let findings = report["findings"].as_array().expect("a list");
    let found: Vec<_> = findings.iter().map(|f| (f["key_id"].as_str(), f["exposure"].as_str())).collect();
    let expected: Vec<_> = keys.iter().map(|key| Some(crate::program::id(key))).collect();
    let exposures = ["pushed", "committed", "staged", "untracked"].map(Some);
    assert_eq!(found, expected.into_iter().zip(exposures).collect::<Vec<_>>());
}

/// The file has changed since; an old version with the key at this path is enough.
#[test]
fn a_version_of_long_ago() {
    let mut bench = Bench::new(2205);
    let key = bench.live();
    let repository = clone(&bench);
    repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.git(&["push", "-q"]);
    repository.commit_file("a.env", "K=\n", "Take the key out");
    repository.write("a.env", format!("A=1\nK={key}\n"));
    check(&bench, &["r"], &[("a.env", "pushed")]);
}

/// Another branch that is here only.
#[test]
fn a_branch_that_is_not_checked_out() {
    let mut bench = Bench::new(2206);
    let key = bench.live();
    let repository = clone(&bench);
    repository.git(&["switch", "-q", "-c", "side"]);
    repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.git(&["switch", "-q", "main"]);
    repository.write("a.env", format!("K={key}\n"));
    assert_eq!(repository.git(&["status", "--porcelain"]), "?? a.env");
    check(&bench, &["r"], &[("a.env", "committed")]);
}

/// A commit that nothing reaches any more is not there for others to see, but a tag makes it so.
#[test]
fn a_commit_that_was_reset_away() {
    let mut bench = Bench::new(2207);
    let key = bench.live();
    let repository = clone(&bench);
    repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    let lost = repository.id("HEAD");
    repository.git(&["reset", "-q", "HEAD~1"]);
    check(&bench, &["r"], &[("a.env", "untracked")]);
    repository.git(&["tag", "v1", &lost]);
    check(&bench, &["r"], &[("a.env", "committed")]);
}

/// The same key at another path is another place.
#[test]
fn another_path_does_not_count() {
    let mut bench = Bench::new(2208);
    let key = bench.live();
    let repository = clone(&bench);
    repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.git(&["push", "-q"]);
    repository.write("b.env", format!("K={key}\n"));
    check(&bench, &["r"], &[("a.env", "pushed"), ("b.env", "untracked")]);
}

#[test]
fn what_git_ignores() {
    let mut bench = Bench::new(2209);
    let key = bench.live();
    let repository = clone(&bench);
    repository.write("a.env", format!("K={key}\n"));
    repository.write("build/out.txt", format!("{key}\n"));
    repository.commit_file(".gitignore", "*.env\nbuild/\n", "Ignore settings");
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
    let run = bench.run(["scan", "-f", "json", "r"]);
    assert_eq!((run.status, run.json()["summary"]["leaks"].as_u64()), (Some(0), Some(0)));

    // Asked for, they are told, and fail nothing.
    let run = bench.run(["scan", "-f", "json", "--no-ignore", "r"]);
    let expected = [("a.env", "ignored"), ("build/out.txt", "ignored")];
    assert_eq!(exposures(&run), expected.map(|(path, exposure)| (path.to_owned(), exposure.to_owned())).into());
    let report = run.json();
    assert!(report["findings"].as_array().expect("a list").iter().all(|finding| finding["level"] == "note"));
    assert_eq!((run.status, &report["complete"]), (Some(0), &true.into()), "{}", run.stderr);

    // Given by name, they count.
    check(&bench, &["r/a.env"], &[("a.env", "ignored")]);
    check(&bench, &["--no-ignore", "r/a.env"], &[("a.env", "ignored")]);

    // Another leak decides.
    repository.write("b.txt", format!("{key}\n"));
    check(&bench, &["--no-ignore", "r"], &[("a.env", "ignored"), ("b.txt", "untracked"), ("build/out.txt", "ignored")]);
}

/// A rule hides the path, and git tracks the file all the same: `git add -f .env` is a leak.
#[test]
fn a_tracked_file_that_a_rule_hides() {
    let mut bench = Bench::new(2210);
    let keys = [bench.live(), bench.live(), bench.live(), bench.live()];
    let repository = clone(&bench);
    repository.commit_file(".gitignore", ".env\nbuild/\n", "Ignore settings");
    repository.write(".env", format!("K={}\n", keys[0]));
    repository.write("build/deep/out.txt", format!("{}\n", keys[1]));
    repository.write("build/deep/other.txt", format!("{}\n", keys[2]));
    repository.git(&["add", "-f", ".env", "build/deep/out.txt"]);
    let staged = [(".env", "staged"), ("build/deep/out.txt", "staged")];
    check(&bench, &["r"], &staged);
    check(&bench, &["r/build"], &[("build/deep/other.txt", "ignored"), ("build/deep/out.txt", "staged")]);
    repository.git(&["commit", "-q", "-m", "Add settings"]);
    check(&bench, &["r"], &staged.map(|(path, _)| (path, "committed")));
    let levels = bench.run(["scan", "-f", "json", "r"]).json();
    assert!(levels["findings"].as_array().expect("a list").iter().all(|finding| finding["level"] == "error"));

    // A change of a tracked file is no secret of this machine.
    repository.write(".env", format!("K={}\n", keys[3]));
    check(&bench, &["r"], &[(".env", "untracked"), ("build/deep/out.txt", "committed")]);
}

#[test]
fn before_the_first_commit() {
    let mut bench = Bench::new(2211);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    repository.write("a.env", format!("K={key}\n"));
    repository.git(&["add", "a.env"]);
    repository.write("b.env", format!("K={key}\n"));
    check(&bench, &["r"], &[("a.env", "staged"), ("b.env", "untracked")]);
}

#[test]
fn a_linked_work_tree() {
    let mut bench = Bench::new(2212);
    let keys = [bench.live(), bench.live(), bench.live()];
    let repository = clone(&bench);
    repository.git(&["worktree", "add", "-q", "../linked"]);
    let linked = Repository::open(bench.join("linked"));
    linked.commit_file("a.env", format!("K={}\n", keys[0]), "Add settings");
    linked.write("b.env", format!("K={}\n", keys[1]));
    linked.git(&["add", "b.env"]);
    linked.write("c.env", format!("K={}\n", keys[2]));
    check(&bench, &["linked"], &[("a.env", "committed"), ("b.env", "staged"), ("c.env", "untracked")]);
}

/// Each file belongs to the innermost repository around it.
#[test]
fn a_nested_repository() {
    let mut bench = Bench::new(2213);
    let keys = [bench.live(), bench.live(), bench.live()];
    let repository = clone(&bench);
    repository.commit_file("a.env", format!("K={}\n", keys[0]), "Add settings");
    repository.git(&["push", "-q"]);
    let nested = Repository::init(bench.join("r/nested"));
    nested.commit_file("b.env", format!("K={}\n", keys[1]), "Add settings");
    nested.write("sub/c.env", format!("K={}\n", keys[2]));
    nested.git(&["add", "-A"]);
    let inner = [("nested/b.env", "committed"), ("nested/sub/c.env", "staged")];
    check(&bench, &["r"], &[&[("a.env", "pushed")], &inner[..]].concat());
    check(&bench, &["r/nested"], &[("b.env", "committed"), ("sub/c.env", "staged")]);
}

#[cfg(unix)]
#[test]
fn names_and_links() {
    let mut bench = Bench::new(2214);
    let keys = [bench.live(), bench.live(), bench.live()];
    let repository = clone(&bench);
    let shown = |key: &str| format!("{}.****", &key[..22]);
    repository.commit_file(format!("{}/a.txt", keys[0]), "nothing\n", "Add a folder");
    std::os::unix::fs::symlink(&keys[1], repository.join("link")).expect("a link");
    repository.git(&["add", "link"]);
    repository.write(&keys[2], "nothing\n");
    let (committed, untracked) = (shown(&keys[0]), shown(&keys[2]));
    check(&bench, &["r"], &[(&committed, "committed"), ("link", "staged"), (&untracked, "untracked")]);
}

/// UTF-16 is searched in old versions as in new files.
#[test]
fn an_encoded_key() {
    let mut bench = Bench::new(2215);
    let key = bench.live();
    let repository = clone(&bench);
    let wide: Vec<u8> = format!("\u{feff}$k = '{key}'\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    repository.commit_file("a.ps1", &wide, "Add a script");
    check(&bench, &["r"], &[("a.ps1", "committed")]);
}

/// Who knows what was in a commit that is gone? That is told, and nobody takes the answer for certain.
#[test]
fn a_commit_that_is_gone() {
    let mut bench = Bench::new(2216);
    let key = bench.live();
    let repository = clone(&bench);
    repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    let lost = repository.id("HEAD");
    repository.commit_removal("a.env", "Remove settings");
    repository.git(&["push", "-q"]);
    repository.write("a.env", format!("K={key}\n"));
    check(&bench, &["r"], &[("a.env", "pushed")]);
    repository.store(crate::repository::Storage::Loose);
    repository.lose(&lost);
    let run = bench.run(["scan", "-f", "json", "r"]);
    let report = run.json();
    assert_eq!((run.status, &report["complete"]), (Some(1), &false.into()), "{}", run.stderr);
    assert!(run.stderr.contains(&lost), "{}", run.stderr);
    // The same before a commit.
    repository.git(&["add", "-f", "a.env"]);
    let run = bench.run(["-C", "r", "staged", "-f", "json"]);
    assert_eq!((run.status, &run.json()["complete"]), (Some(1), &false.into()), "{}", run.stderr);
    assert!(run.stderr.contains(&lost), "{}", run.stderr);
}
