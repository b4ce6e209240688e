//! The hook before a commit, where no commit is made: by hand, and in CI, where pre-commit and prek are told to run it.
//! And what `hook` makes of a configuration that takes our hooks from our repository.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::hook::{Repository, write_script};
use crate::hook_run::Hooked;
use crate::program::Run;

/// What the hook says when the environment is `variables` and nothing else that git or a manager sets.
fn run(hooked: &Hooked, variables: &[(&str, &str)]) -> Run {
    let mut command = hooked.bench.command(["-C", "r", "hook", "run", "pre-commit", "-f", "json"]);
    command.env_remove("GIT_INDEX_FILE").env_remove("PRE_COMMIT").envs(variables.iter().copied());
    hooked.bench.finish(command.output().expect("the program runs"))
}

/// Where it found keys: the path, and how far the key has gone.
#[track_caller]
fn places(run: &Run) -> Vec<(String, String)> {
    let report: Value = serde_json::from_str(run.text()).unwrap_or_else(|_| panic!("{}{}", run.text(), run.stderr));
    let findings = report["findings"].as_array().expect("findings");
    let text = |finding: &Value, name: &str| finding[name].as_str().expect("text").to_owned();
    findings.iter().map(|finding| (text(finding, "path"), text(finding, "exposure"))).collect()
}

/// `pre-commit run --all-files`, which is not told to hooks: nothing is staged in CI, and nothing must not pass.
#[test]
fn without_a_commit_all_files_are_looked_at() {
    const MANAGED: [(&str, &str); 1] = [("PRE_COMMIT", "1")];
    let mut hooked = Hooked::new(820);
    let key = hooked.bench.live();
    let clean = run(&hooked, &MANAGED);
    assert_eq!((clean.status, places(&clean)), (Some(0), Vec::new()), "{}", clean.stderr);

    hooked.bench.write("r/a.env", format!("A={key}\n"));
    hooked.ok("r", &["commit", "--quiet", "--no-verify", "-am", "leak"]);
    let committed = run(&hooked, &MANAGED);
    assert_eq!(committed.status, Some(1), "{}", committed.stderr);
    assert_eq!(places(&committed), [("a.env".to_owned(), "committed".to_owned())]);
    // No commit is stopped here.
    assert!(!committed.stderr.contains("nothing was committed"), "{}", committed.stderr);
    hooked.bench.write("r/a.env", "A=\n");
    hooked.ok("r", &["commit", "--quiet", "-am", "take it out"]);

    // In the file and in the index it is one; in either alone it is found.
    hooked.bench.write("r/b.env", format!("B={key}\n"));
    hooked.ok("r", &["add", "b.env"]);
    let expected = [("b.env".to_owned(), "staged".to_owned())];
    assert_eq!(places(&run(&hooked, &MANAGED)), expected);
    hooked.bench.write("r/b.env", "B=\n");
    let staged = run(&hooked, &MANAGED);
    assert_eq!((staged.status, places(&staged)), (Some(1), expected.to_vec()));
    hooked.ok("r", &["add", "b.env"]);
    hooked.bench.write("r/b.env", format!("B={key}\n"));
    assert_eq!(places(&run(&hooked, &MANAGED)), [("b.env".to_owned(), "untracked".to_owned())]);

    // What the configuration leaves out is left out here.
    hooked.bench.write("r/.hopx-leaks.toml", "exclude = [\"b.env\"]\n");
    assert_eq!(run(&hooked, &MANAGED).status, Some(0));
    fs::remove_file(hooked.bench.join("r/.hopx-leaks.toml")).expect("removed");

    // When git makes a commit, it is about the index alone, whoever runs the hook.
    let index = hooked.bench.join("r/.git/index");
    let git = ("GIT_INDEX_FILE", index.to_str().expect("UTF-8"));
    assert_eq!(run(&hooked, &[MANAGED[0], git]).status, Some(0));
    assert_eq!(run(&hooked, &[git]).status, Some(0));
}

/// `pre-commit run --from-ref A --to-ref B`.
#[test]
fn without_a_commit_it_is_told_of_commits() {
    let mut hooked = Hooked::new(821);
    let key = hooked.bench.live();
    hooked.bench.write("r/a.env", format!("A={key}\n"));
    hooked.ok("r", &["commit", "--quiet", "--no-verify", "-am", "leak"]);
    hooked.bench.write("r/a.env", "A=\n");
    hooked.ok("r", &["commit", "--quiet", "-am", "take it out"]);
    let between = |from: &str, to: &str| {
        run(&hooked, &[("PRE_COMMIT", "1"), ("PRE_COMMIT_FROM_REF", from), ("PRE_COMMIT_TO_REF", to)])
    };
    let leak = between("HEAD~2", "HEAD");
    assert_eq!(leak.status, Some(1), "{}", leak.stderr);
    assert_eq!(places(&leak), [("a.env".to_owned(), "committed".to_owned())]);
    assert_eq!(between("HEAD~1", "HEAD").status, Some(0));
    let unknown = between("nowhere", "HEAD");
    assert_eq!(unknown.status, Some(2));
    assert!(unknown.stderr.contains("nowhere..HEAD"), "{}", unknown.stderr);
}

/// lefthook says nothing of itself in the environment, and shows what a hook says.
#[test]
fn a_hook_that_looked_at_nothing_says_so() {
    let mut hooked = Hooked::new(822);
    let key = hooked.bench.live();
    let nothing = run(&hooked, &[]);
    assert_eq!((nothing.status, nothing.text()), (Some(0), ""));
    let expected = "hopx-leaks: nothing that is staged adds anything, so nothing was looked at; to look at all files, \
                    run: hopx-leaks scan\n";
    assert_eq!(nothing.stderr, expected);
    // In an empty commit that is as it should be, and with something to look at there is nothing to say.
    let commit = hooked.git("r", &["commit", "--quiet", "--allow-empty", "-m", "empty"], &[]);
    assert_eq!((commit.status.success(), commit.stderr), (true, Vec::new()));
    hooked.bench.write("r/a.env", "A=1\n");
    hooked.ok("r", &["add", "a.env"]);
    assert_eq!(run(&hooked, &[]).stderr, "");
    hooked.bench.write("r/a.env", format!("A={key}\n"));
    hooked.ok("r", &["add", "a.env"]);
    assert_eq!(run(&hooked, &[]).status, Some(1));
}

#[test]
fn hooks_of_our_repository_are_in_place() {
    for (seed, file, content, more) in [
        (
            823,
            ".pre-commit-config.yaml",
            "repos:\n- repo: https://example.com/somebody/hopx-leaks\n  rev: v0.1.0\n  hooks:\n  -   id: hopx-leaks\n",
            ":\n\n      -   id: hopx-leaks-commit-msg\n      -   id: hopx-leaks-pre-push\n",
        ),
        (
            824,
            ".pre-commit-config.yaml",
            "repos:\n- repo: https://example.com/somebody/hopx-leaks\n  rev: v0.1.0\n  hooks: [{id: hopx-leaks}]\n",
            ":\n\n    {id: hopx-leaks-commit-msg},\n    {id: hopx-leaks-pre-push},\n",
        ),
        (
            825,
            "prek.toml",
            "[[repos]]\nrepo = \"https://example.com/somebody/hopx-leaks\"\nhooks = [{ id = \"hopx-leaks\" }]\n",
            ":\n\n    { id = \"hopx-leaks-commit-msg\" },\n    { id = \"hopx-leaks-pre-push\" },\n",
        ),
        (
            826,
            "prek.toml",
            "[[repos]]\nrepo = \"https://example.com/somebody/hopx-leaks\"\n[[repos.hooks]]\nid = \"hopx-leaks\"\n",
            ":\n\n    [[repos.hooks]]\n    id = \"hopx-leaks-commit-msg\"\n    [[repos.hooks]]\n    \
             id = \"hopx-leaks-pre-push\"\n",
        ),
    ] {
        let repository = Repository::new(seed);
        repository.bench.write(Path::new("the repository").join(file), content);
        let install = repository.run_ok(&["hook", "install", "--hook", "pre-commit"]);
        assert!(
            install.text().starts_with(&format!("pre-commit: {file} has it; nothing to do here\n")),
            "{}",
            install.text()
        );
        assert!(install.text().contains("pre-commit: git does not run it yet; run: "), "{}", install.text());
        let rest = repository.run(&["hook", "install"]);
        assert_eq!(rest.status, Some(2), "{file}");
        assert!(
            rest.text().contains(&format!("of the repository hopx-leaks that is in {file} already:\n")),
            "{}",
            rest.text()
        );
        assert!(rest.text().contains(more), "{}", rest.text());
        assert!(rest.text().contains("Not installed: commit-msg, pre-push."), "{}", rest.text());

        // The manager has a program of its own, so that none is needed on PATH, unless the hook says so.
        write_script(&repository.hook("pre-commit"), "#!/bin/sh\n# File generated by prek\n");
        let status = || {
            let mut status = repository.command(&["hook", "status", "--hook", "pre-commit"]);
            repository.bench.finish(status.env("PATH", "/nowhere").output().expect("runs"))
        };
        assert_eq!(status().status, Some(0), "{}", status().text());
        let system = content
            .replace("id: hopx-leaks", "id: hopx-leaks-system")
            .replace("\"hopx-leaks\"", "\"hopx-leaks-system\"");
        repository.bench.write(Path::new("the repository").join(file), system);
        assert_eq!(status().status, Some(1));
        assert!(status().text().contains("hopx-leaks is not on PATH"), "{}", status().text());
        repository
            .bench
            .write(Path::new("the repository").join(file), content.replace("somebody/hopx-leaks", "somebody/other"));
        assert_eq!(status().status, Some(1));
        assert!(status().text().contains("not installed"), "{}", status().text());
    }
}
