//! What is read, what is left out, and that all of it is counted.

use std::fs;

use serde_json::{Value, json};

use crate::program::{Bench, Run, id};

/// The paths with a finding, in order.
fn paths(run: &Run) -> Vec<String> {
    let report = run.json();
    let findings = report["findings"].as_array().expect("a list");
    findings.iter().map(|finding| finding["path"].as_str().expect("a path").to_owned()).collect()
}

fn coverage(run: &Run, name: &str) -> u64 {
    run.json()["coverage"][name].as_u64().unwrap_or_else(|| panic!("no count of {name}"))
}

fn scan(bench: &Bench, arguments: &[&str]) -> Run {
    bench.run([&["scan", "-f", "json"], arguments].concat())
}

#[test]
fn hidden_files_are_in_and_git_is_out() {
    let mut bench = Bench::new(101);
    let key = bench.live();
    for name in [".env", ".config/.deep/settings", "src/main.py", ".git/config", "sub/.git/HEAD", ".gitignore"] {
        bench.write(name, &key);
    }
    let run = scan(&bench, &[]);
    assert_eq!(run.status, Some(1));
    assert_eq!(paths(&run), [".config/.deep/settings", ".env", ".gitignore", "src/main.py"]);
    assert_eq!(coverage(&run, "git_folders"), 2);
    assert_eq!(coverage(&run, "files"), 4);
    // Named, it is read.
    assert_eq!(paths(&scan(&bench, &[".git"])), [".git/config"]);
}

#[test]
fn only_rules_of_git_hide_files() {
    let mut bench = Bench::new(102);
    let key = bench.live();
    bench.git(&["init", "-q"]);
    bench.write(".gitignore", "*.log\n!keep.log\nbuild/\n/top\n");
    bench.write("src/.gitignore", "local.txt\n!shown.log\n");
    bench.write(".git/info/exclude", "excluded.txt\n");
    bench.write(".ignore", "visible.txt\n");
    bench.write(".rgignore", "visible.txt\n");
    let hidden = ["a.log", "build/x", "build/deep/y", "top", "src/local.txt", "src/deep/local.txt", "src/excluded.txt"];
    let seen = ["keep.log", "src/build.txt", "src/shown.log", "src/top", "visible.txt"];
    for name in hidden.iter().chain(&seen) {
        bench.write(name, &key);
    }
    let run = scan(&bench, &[]);
    assert_eq!(paths(&run), seen);
    assert_eq!(coverage(&run, "ignored"), 6, "a folder counts once");

    // git agrees on every one of them.
    for (names, status) in [(&hidden[..], Some(0)), (&seen[..], Some(1))] {
        for name in names {
            let mut git = std::process::Command::new("git");
            git.args(["check-ignore", "-q", name]).current_dir(bench.path());
            let git = git.env("GIT_CONFIG_GLOBAL", "/dev/null").status().expect("git runs");
            assert_eq!(git.code(), status, "{name}");
        }
    }

    let everything = paths(&scan(&bench, &["--no-ignore"]));
    assert_eq!(everything.len(), hidden.len() + seen.len());
    // From a folder below the top, the rules above it still hold, and paths start at the top.
    let below = paths(&scan(&bench, &["-C", "src"]));
    assert_eq!(below, ["src/build.txt", "src/shown.log", "src/top"]);
    // A path given by name is read even where git ignores it.
    assert_eq!(paths(&scan(&bench, &["build", "a.log"])), ["a.log", "build/deep/y", "build/x"]);
}

#[test]
fn the_users_own_excludes_file_hides_too() {
    let mut bench = Bench::new(103);
    let key = bench.live();
    bench.git(&["init", "-q"]);
    let excludes = bench.write("home/excludes", "/secret.env\n");
    let config = bench.write("home/config", format!("[core]\n\texcludesFile = {}\n", excludes.display()));
    bench.write("secret.env", &key);
    bench.write("sub/secret.env", &key);
    let output = bench.command(["scan", "-f", "json"]).env("GIT_CONFIG_GLOBAL", config).output().expect("it runs");
    assert_eq!(paths(&bench.finish(output)), ["sub/secret.env"]);
}

#[test]
fn a_gitignore_outside_of_a_repository_hides_nothing() {
    let mut bench = Bench::new(104);
    let key = bench.live();
    bench.write("unpacked/.gitignore", ".env\n");
    bench.write("unpacked/.env", &key);
    bench.write("repository/.gitignore", ".env\n");
    bench.write("repository/.env", &key);
    bench.write("repository/.git/HEAD", "");
    let run = scan(&bench, &[]);
    assert_eq!(paths(&run), ["unpacked/.env"]);
    assert_eq!(coverage(&run, "ignored"), 1);
}

#[test]
fn linked_work_trees_and_nested_repositories_have_rules_of_their_own() {
    let mut bench = Bench::new(105);
    let key = bench.live();
    bench.git(&["init", "-q", "main"]);
    bench.git(&["-C", "main", "commit", "-q", "--allow-empty", "-m", "first"]);
    bench.git(&["-C", "main", "worktree", "add", "-q", "../linked"]);
    bench.write("main/.git/info/exclude", "*.secret\n");
    bench.write("main/.gitignore", "*.log\n");
    bench.git(&["init", "-q", "main/nested"]);
    for name in ["linked/a.secret", "linked/a.txt", "main/b.log", "main/nested/c.log", "main/nested/c.secret"] {
        bench.write(name, &key);
    }
    assert_eq!(paths(&scan(&bench, &["linked"])), ["a.txt"]);
    assert_eq!(paths(&scan(&bench, &["main"])), ["nested/c.log", "nested/c.secret"]);
}

#[test]
fn excluded_by_glob() {
    let mut bench = Bench::new(106);
    let key = bench.live();
    for name in ["a.txt", "vendor/a.txt", "src/vendor/b.txt", "src/a.md"] {
        bench.write(name, &key);
    }
    let run = scan(&bench, &["--exclude", "/vendor", "--exclude", "*.md"]);
    assert_eq!(paths(&run), ["a.txt", "src/vendor/b.txt"]);
    assert_eq!(coverage(&run, "excluded"), 2);
    let named = scan(&bench, &["--exclude", "*.md", "src/a.md", "a.txt"]);
    assert_eq!((paths(&named), coverage(&named, "excluded")), (vec!["a.txt".to_owned()], 1));
}

#[test]
fn paths_start_at_the_top_of_the_work_tree() {
    let mut bench = Bench::new(107);
    let key = bench.live();
    bench.write("plain/sub/a.txt", &key);
    bench.git(&["init", "-q", "repository"]);
    bench.write("repository/sub/deep/a.txt", &key);
    let whole = bench.join("repository/sub");
    for (arguments, path, root, shown) in [
        (vec!["plain"], "sub/a.txt", "plain", "plain/sub/a.txt:1:1"),
        (vec!["plain/sub/a.txt"], "plain/sub/a.txt", "plain/sub/a.txt", "plain/sub/a.txt:1:1"),
        (vec!["./plain/sub/a.txt"], "plain/sub/a.txt", "./plain/sub/a.txt", "plain/sub/a.txt:1:1"),
        (
            vec!["-C", "plain/sub", "../../repository"],
            "sub/deep/a.txt",
            "../../repository",
            "../../repository/sub/deep/a.txt:1:1",
        ),
        (vec!["repository/sub/deep"], "sub/deep/a.txt", "repository/sub/deep", "repository/sub/deep/a.txt:1:1"),
        (
            vec!["repository/sub/deep/a.txt"],
            "sub/deep/a.txt",
            "repository/sub/deep/a.txt",
            "repository/sub/deep/a.txt:1:1",
        ),
        (vec!["-C", "repository/sub/deep"], "sub/deep/a.txt", ".", "a.txt:1:1"),
        (vec![whole.to_str().expect("UTF-8")], "sub/deep/a.txt", whole.to_str().expect("UTF-8"), ""),
    ] {
        let run = scan(&bench, &arguments);
        let finding = &run.json()["findings"][0];
        assert_eq!((&finding["path"], &finding["root"]), (&json!(path), &json!(root)), "{arguments:?}");
        let text = bench.run([&["scan"], &arguments[..]].concat());
        assert!(text.text().contains(&format!("  {shown}")), "{arguments:?}: {}", text.text());
    }
}

#[test]
fn each_file_once_however_often_it_is_named() {
    let mut bench = Bench::new(108);
    let key = bench.live();
    bench.write("sub/a.txt", &key);
    bench.write("sub/b.txt", "nothing");
    let absolute = bench.join("sub");
    let absolute = absolute.to_str().expect("UTF-8");
    for arguments in [
        &[".", "sub", "sub/a.txt"][..],
        &["sub", "."],
        &["sub/a.txt", "sub/a.txt", "./sub/a.txt"],
        &["sub/../sub", absolute],
        &[".", "sub/a.txt"],
    ] {
        let run = scan(&bench, arguments);
        assert_eq!(run.json()["findings"].as_array().map(Vec::len), Some(1), "{arguments:?}");
    }
    assert_eq!(coverage(&scan(&bench, &[".", "sub", "sub/b.txt"]), "files"), 2);
}

#[cfg(unix)]
#[test]
fn a_file_with_several_names_is_read_once_under_the_first() {
    let mut bench = Bench::new(109);
    let key = bench.live();
    bench.write("m/file", &key);
    for name in ["z", "a/b", "m/a"] {
        let path = bench.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::hard_link(bench.join("m/file"), path).expect("linked");
    }
    for threads in ["1", "8"] {
        let run = scan(&bench, &["-j", threads]);
        assert_eq!(paths(&run), ["a/b"]);
        assert_eq!((coverage(&run, "files"), coverage(&run, "duplicates")), (1, 3));
    }
    assert_eq!(paths(&scan(&bench, &["z", "m/a"])), ["m/a"]);
}

#[cfg(unix)]
#[test]
fn links_are_looked_at_and_not_followed() {
    use std::os::unix::fs::symlink;
    let mut bench = Bench::new(110);
    let (inside, target) = (bench.live(), bench.live());
    bench.write("outside/secret.txt", &inside);
    bench.write("tree/file.txt", "nothing");
    symlink("../outside/secret.txt", bench.join("tree/to-file")).expect("linked");
    symlink("../outside", bench.join("tree/to-folder")).expect("linked");
    symlink(".", bench.join("tree/loop")).expect("linked");
    symlink("..", bench.join("tree/up")).expect("linked");
    symlink(&target, bench.join("tree/target")).expect("linked");
    let run = scan(&bench, &["tree"]);
    let report = run.json();
    assert_eq!(paths(&run), ["target"]);
    assert_eq!(report["findings"][0]["kind"], "link-target");
    assert_eq!(report["findings"][0]["key_id"], id(&target));
    assert_eq!((coverage(&run, "links"), coverage(&run, "files")), (5, 1));

    // A link given on the command line is followed, one in a list of files is not.
    assert_eq!(paths(&scan(&bench, &["tree/to-file"])), ["tree/to-file"]);
    assert_eq!(paths(&scan(&bench, &["tree/to-folder"])), ["secret.txt"]);
    bench.write("list", "tree/to-file\ntree/to-folder\ntree/target\n");
    let listed = scan(&bench, &["--files-from", "list"]);
    assert_eq!(paths(&listed), ["tree/target"]);
    assert_eq!(coverage(&listed, "links"), 3);
}

#[cfg(unix)]
#[test]
fn special_files_are_counted_and_never_opened() {
    let mut bench = Bench::new(111);
    let key = bench.live();
    bench.write("a.txt", &key);
    let made = std::process::Command::new("mkfifo").arg(bench.join("pipe")).status().expect("mkfifo runs");
    assert!(made.success());
    let _socket = std::os::unix::net::UnixListener::bind(bench.join("socket")).expect("bound");
    let run = scan(&bench, &[]);
    assert_eq!((run.status, coverage(&run, "special")), (Some(1), 2));
    // Given by name, it is a gap that must be told.
    let named = scan(&bench, &["pipe"]);
    assert_eq!(named.status, Some(3));
    assert_eq!(named.json()["coverage"]["problems"][0]["kind"], "special-file");
    assert!(
        named.stderr.contains("pipe: a pipe, socket or device is not opened; send its content"),
        "{}",
        named.stderr
    );
}

#[test]
fn names_of_files_and_folders_are_looked_at_and_never_shown() {
    let mut bench = Bench::new(112);
    let (file, folder) = (bench.live(), bench.test());
    bench.write(format!("{file}.txt"), "nothing");
    bench.write(format!("x-{folder}/a.txt"), "nothing");
    let run = scan(&bench, &[]);
    let report = run.json();
    let found: Vec<(&Value, &Value, &Value)> = report["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|finding| (&finding["kind"], &finding["path"], &finding["start"]["column"]))
        .collect();
    let paths = [format!("hopx_live_{}.****.txt", id(&file)), format!("x-hopx_test_{}.****", id(&folder))];
    let kind = json!("file-name");
    assert_eq!(found, [(&kind, &json!(paths[0]), &json!(1)), (&kind, &json!(paths[1]), &json!(3))]);
    // Neither does a name that is skipped, or missing, or in the way.
    let run = bench.run(["scan", "-v", "--exclude", "*.txt", ".", &format!("missing/{file}")]);
    assert!(run.stderr.contains(&paths[0]), "{}", run.stderr);
}

#[test]
fn lists_of_files() {
    let mut bench = Bench::new(113);
    let key = bench.live();
    for name in ["a.txt", "with space.txt", "sub/b.txt", "unlisted.txt", "new\nline.txt"] {
        bench.write(name, &key);
    }
    bench.write("lines", "a.txt\r\nwith space.txt\n\nsub\n");
    assert_eq!(paths(&scan(&bench, &["--files-from", "lines"])), ["a.txt", "b.txt", "with space.txt"]);
    let nul = bench.run_with_input(["scan", "-f", "json", "-0", "--files-from", "-"], b"a.txt\0new\nline.txt\0");
    assert_eq!(paths(&nul), ["a.txt", "new\nline.txt"]);
    let gone = bench.run_with_input(["scan", "-f", "json", "--files-from", "-"], b"a.txt\ngone.txt\n");
    assert_eq!((gone.status, paths(&gone)), (Some(1), vec!["a.txt".to_owned()]));
    assert!(gone.stderr.contains("gone.txt: No such file or directory; check the spelling"), "{}", gone.stderr);
}

#[test]
fn standard_input_beside_files_and_under_a_name() {
    let mut bench = Bench::new(114);
    let (a, b) = (bench.live(), bench.live());
    bench.write("a.txt", &a);
    let run = bench.run_with_input(["-f", "json", "-", "a.txt"], b.as_bytes());
    assert_eq!(paths(&run), ["<stdin>", "a.txt"]);
    assert_eq!(run.json()["findings"][0]["root"], "-");
    let named = bench.run_with_input(["-f", "json", "--stdin-filename", "src/x.py", "-"], b.as_bytes());
    assert_eq!(paths(&named), ["src/x.py"]);
    // A folder can be opened but not read, and is no file.
    #[cfg(unix)]
    {
        let mut command = bench.command(["-f", "json", "-"]);
        command.stdin(std::fs::File::open(bench.path()).expect("opened"));
        let run = bench.finish(command.output().expect("runs"));
        assert_eq!((run.status, coverage(&run, "files")), (Some(3), 0));
    }
}

/// A stream of any length in bounded memory: the process may have 128 MiB of address space, the stream is 512 MiB.
#[cfg(target_os = "linux")]
#[test]
fn a_long_stream_in_little_memory() {
    let mut bench = Bench::new(115);
    let key = bench.live();
    bench.write("key", format!("\n{key}\n"));
    let script = "ulimit -v 131072; { head -c 536870912 /dev/zero | tr '\\0' 'x'; cat key; } | \"$0\" -f json -";
    let output = std::process::Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_hopx-leaks")])
        .current_dir(bench.path())
        .output()
        .expect("sh runs");
    let run = bench.finish(output);
    let finding = &run.json()["findings"][0];
    assert_eq!(finding["start"], json!({"line": 2, "column": 1, "byte": 536_870_913_u64}));
}

/// A file that is cut short while it is mapped becomes a problem, and what was found before stays found.
#[cfg(target_os = "linux")]
#[test]
fn a_file_cut_short_while_it_is_read() {
    use std::io::Write;
    let mut bench = Bench::new(116);
    let key = bench.live();
    let path = bench.write("large", format!("{key}\n"));
    let file = fs::OpenOptions::new().append(true).open(&path).expect("opened");
    // Sparse: long enough to be cut while the scan is at it.
    file.set_len(64 << 30).expect("grown");
    let mut command = bench.command(["scan", "-f", "json", "-j1", "large"]);
    let child =
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().expect("runs");
    let maps = format!("/proc/{}/maps", child.id());
    while !fs::read_to_string(&maps).is_ok_and(|maps| maps.contains("/large")) {
        std::thread::yield_now();
    }
    file.set_len(4096).expect("cut");
    (&file).flush().expect("flushed");
    let run = bench.finish(child.wait_with_output().expect("ended"));
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    let report = run.json();
    assert_eq!(report["findings"][0]["key_id"], id(&key));
    assert_eq!(report["complete"], false);
    assert_eq!(report["coverage"]["problems"][0]["kind"], "changed");
    assert!(run.stderr.contains("large: cut short while it was being read; scan again"), "{}", run.stderr);
}

/// The objects of a bare repository are files that are packed: a scan says which command looks into them.
#[test]
fn a_bare_repository_is_named_with_what_looks_into_it() {
    let bench = Bench::new(117);
    bench.write("notes.txt", "no key");
    bench.write("folder/HEAD", "no repository");
    let status = std::process::Command::new("git")
        .args(["init", "--quiet", "--bare", "vendor/a.git"])
        .current_dir(bench.path())
        .status()
        .expect("git runs");
    assert!(status.success());
    let named = "hopx-leaks: vendor/a.git: a bare repository, whose objects are packed files here; to look into them: \
                 hopx-leaks history vendor/a.git\n";
    let run = bench.run(["scan"]);
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), named));
    let run = bench.run(["history", "vendor/a.git"]);
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
}
