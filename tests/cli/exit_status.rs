//! The exit status and the message for everything that can go wrong.

use std::fs;
use std::process::Stdio;

use crate::program::{Bench, Run};

/// Status, and a part of what standard error must say.
#[track_caller]
fn assert_ends(run: &Run, status: i32, message: &str) {
    assert_eq!(run.status, Some(status), "{}\n{}", run.text(), run.stderr);
    assert!(run.stderr.contains(message), "{message:?} is not in {:?}", run.stderr);
}

#[test]
fn clean_and_leaks() {
    let mut bench = Bench::new(201);
    let key = bench.live();
    bench.write("clean/a.txt", "nothing");
    bench.write("leak/a.txt", &key);
    assert_ends(&bench.run(["scan", "clean"]), 0, "");
    for format in ["text", "json", "jsonl", "sarif"] {
        assert_ends(&bench.run(["scan", "-f", format, "."]), 1, "");
        assert_ends(&bench.run(["scan", "-f", format, "clean"]), 0, "");
    }
    assert_ends(&bench.run(["--fail-on", "none", "."]), 0, "");
    assert_ends(&bench.run(["--fail-on", "none", "missing"]), 2, "");
    let quiet = bench.run(["-q", "."]);
    assert_ends(&quiet, 1, "");
    assert!(quiet.stdout.is_empty() && quiet.stderr.is_empty());
    assert!(!bench.run(["-q", "-f", "json", "."]).stdout.is_empty());
}

#[test]
fn nothing_to_scan() {
    let bench = Bench::new(202);
    fs::create_dir(bench.join("empty")).expect("made");
    bench.write("list", "");
    bench.write("repository/.git/HEAD", "");
    bench.write("repository/.gitignore", "*\n");
    let empty = bench.run(["scan", "empty"]);
    assert_ends(&empty, 2, "empty: no file was found; check the path, and what --exclude and git's ignore rules hide");
    assert!(empty.text().starts_with("no leaks found, but incomplete"), "{}", empty.text());
    assert_ends(&bench.run(["repository"]), 2, "repository: no file was found");
    assert_ends(&bench.run(["--no-ignore", "repository"]), 0, "");
    assert_ends(&bench.run(["--files-from", "list"]), 2, "no file was found");
    assert_ends(&bench.run_with_input(["-"], b""), 2, "standard input is empty; check the command");
    let json = bench.run(["-f", "json", "empty"]).json();
    assert_eq!(
        (&json["complete"], &json["coverage"]["problems"][0]["kind"]),
        (&false.into(), &"nothing-scanned".into())
    );
    // A file without a byte in it is a file.
    bench.write("empty/file", "");
    assert_ends(&bench.run(["empty"]), 0, "");
}

#[test]
fn missing_paths_do_not_end_the_scan() {
    let mut bench = Bench::new(203);
    let key = bench.live();
    bench.write("a.txt", &key);
    bench.write("b.txt", "nothing");
    let message = "missing: No such file or directory; check the spelling and the working directory";
    assert_ends(&bench.run(["missing"]), 2, message);
    assert_ends(&bench.run(["missing", "b.txt"]), 2, message);
    assert_ends(&bench.run(["missing", "a.txt"]), 1, message);
    assert_ends(&bench.run(["b.txt/below"]), 2, "b.txt/below: Not a directory; check the spelling");
}

#[cfg(unix)]
#[test]
fn unreadable_files_and_folders_do_not_end_the_scan() {
    use std::os::unix::fs::PermissionsExt;
    let mut bench = Bench::new(204);
    let key = bench.live();
    for name in ["tree/a.txt", "tree/closed/b.txt", "tree/c.txt", "tree/d.txt", "clean/a.txt", "clean/b.txt"] {
        bench.write(name, "nothing");
    }
    bench.write("tree/z/e.txt", &key);
    let set = |name: &str, mode| fs::set_permissions(bench.join(name), PermissionsExt::from_mode(mode)).expect("set");
    for name in ["tree/c.txt", "tree/closed", "clean/b.txt"] {
        set(name, 0);
    }
    let leaks = bench.run_as_nobody(["scan", "-f", "json", "tree"]);
    assert_ends(&leaks, 1, "tree/c.txt: Permission denied; make it readable, or leave it out with --exclude");
    assert_ends(&leaks, 1, "tree/closed: Permission denied; make it readable");
    let report = leaks.json();
    assert_eq!(report["complete"], false);
    assert_eq!(report["coverage"]["files"], 3);
    let paths: Vec<_> = report["coverage"]["problems"].as_array().expect("a list").iter().map(|p| &p["path"]).collect();
    assert_eq!(paths, ["c.txt", "closed"]);
    assert_ends(&bench.run_as_nobody(["clean"]), 3, "clean/b.txt: Permission denied");
    assert_ends(&bench.run_as_nobody(["clean/b.txt"]), 3, "clean/b.txt: Permission denied");
    assert_ends(
        &bench.run_as_nobody(["tree/closed/b.txt"]),
        3,
        "tree/closed/b.txt: Permission denied; make it readable",
    );
    // Left out on purpose, it is no gap.
    assert_ends(&bench.run_as_nobody(["--exclude", "b.txt", "clean"]), 0, "");
    for name in ["tree/c.txt", "tree/closed", "clean/b.txt"] {
        set(name, 0o700);
    }
}

/// A file that opens and then fails to be read.
#[cfg(target_os = "linux")]
#[test]
fn a_read_error_is_a_problem() {
    let bench = Bench::new(205);
    assert_ends(&bench.run(["/proc/self/mem"]), 3, "/proc/self/mem: Input/output error; make it readable");
}

#[test]
fn wrong_usage() {
    let bench = Bench::new(206);
    bench.write("a.txt", "nothing");
    for (arguments, message) in [
        (&["--no-such-option"][..], "unexpected argument '--no-such-option'"),
        (&["-f", "yaml"], "invalid value 'yaml' for '--format <FORMAT>'"),
        (&["-j", "0"], "invalid value '0' for '--threads <N>'"),
        (&["-q", "-v"], "cannot be used with"),
        (&["--exclude", "a{"], "bad --exclude glob \"a{\": "),
        (&["--files-from", "missing"], "cannot read the list of files missing: No such file or directory"),
        (&["--files-from", "-", "-"], "standard input is asked for twice"),
        (&["-C", "missing"], "cannot enter missing: No such file or directory"),
        (
            &["-o", "report"],
            "cannot tell the format of --output report; write it as FORMAT=PATH, with one of text, json, jsonl, sarif",
        ),
        (&["-o", "yaml=report"], "cannot tell the format of --output yaml=report"),
        (&["-o", "json=x", "-o", "sarif=x"], "two reports would go to x"),
        (&["-o", "json=-", "-o", "sarif=-"], "two reports would go to standard output"),
    ] {
        let run = bench.run(arguments);
        assert_ends(&run, 2, message);
        assert!(run.stdout.is_empty(), "{arguments:?}");
    }
    assert_ends(&bench.run(["--help"]), 0, "");
    assert_ends(&bench.run(["--version"]), 0, "");
    assert_ends(&bench.run(["schema"]), 0, "");
}

/// Threads that there is no memory for: not for a single stack, so that what is left is enough for all else.
#[cfg(target_os = "linux")]
#[test]
fn threads_that_are_not_to_be_had() {
    let bench = Bench::new(211);
    bench.write("a.txt", "nothing");
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "ulimit -v 500000 && exec \"$0\" -j 1024 ."]).arg(env!("CARGO_BIN_EXE_hopx-leaks"));
    shell.env("RUST_MIN_STACK", "1000000000");
    let run = bench.finish(shell.current_dir(bench.path()).output().expect("sh runs"));
    assert_ends(&run, 2, "cannot start 1024 threads: ");
    assert!(run.stderr.contains("ask for fewer with --threads"), "{}", run.stderr);
}

#[test]
fn options_stand_before_and_after_the_command() {
    let mut bench = Bench::new(207);
    let key = bench.live();
    bench.write("sub/a.txt", &key);
    for arguments in [
        &["-f", "json", "-C", "sub", "scan"][..],
        &["scan", "-f", "json", "-C", "sub"],
        &["--no-ignore", "scan", "-f", "json", "sub"],
        &["-f", "json", "sub"],
        &["sub", "-f", "json"],
    ] {
        let run = bench.run(arguments);
        assert_ends(&run, 1, "");
        assert_eq!(run.json()["summary"]["leaks"], 1, "{arguments:?}");
    }
}

#[test]
fn a_key_on_the_command_line_is_not_repeated() {
    let mut bench = Bench::new(208);
    let key = bench.live();
    for arguments in [vec![key.clone()], vec!["-C".into(), key.clone()], vec!["-o".into(), key.clone()]] {
        assert_ends(&bench.run(arguments), 2, ".****");
    }
    assert_ends(&bench.run(["--exclude".into(), format!("{key}{{")]), 2, ".****");
    assert_ends(&bench.run(["--files-from".into(), key.clone()]), 2, ".****");
    assert_ends(&bench.run(["-j".into(), key.clone()]), 2, "invalid value");
    assert_ends(&bench.run([format!("--{key}")]), 2, "unexpected argument");
}

#[test]
fn reports_to_files_and_standard_output() {
    let mut bench = Bench::new(209);
    let key = bench.live();
    bench.write("a.txt", &key);
    let run = bench.run([
        "-o",
        "r.json",
        "-o",
        "sarif=out.txt",
        "-o",
        "r.JSONL",
        "-o",
        "text=plain",
        "--color=always",
        "a.txt",
    ]);
    assert_ends(&run, 1, "");
    assert!(run.text().contains("\x1b["), "the text on standard output has colours");
    for (name, start) in [
        ("r.json", "{\n  \"schema\""),
        ("out.txt", "{\n  \"$schema\""),
        ("r.JSONL", "{\"type\":\"finding\""),
        ("plain", "error: hopx_live_"),
    ] {
        let report = bench.read_report(name);
        assert!(report.starts_with(start.as_bytes()), "{name}");
    }
    let names = fs::read_dir(bench.path()).expect("a folder").count();
    assert_eq!(names, 5, "no temporary file stays behind");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("elsewhere.json", bench.join("link.json")).expect("linked");
        assert_ends(&bench.run(["-q", "-o", "link.json", "a.txt"]), 1, "");
        assert!(bench.join("link.json").is_symlink() && bench.read_report("elsewhere.json").starts_with(b"{"));
    }
    // A dash is standard output, and then it alone goes there.
    let dash = bench.run(["-o", "json=-", "a.txt"]);
    assert_eq!(dash.json()["summary"]["leaks"], 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written() {
    let mut bench = Bench::new(210);
    let key = bench.live();
    bench.write("leak.txt", &key);
    bench.write("clean.txt", "nothing");
    for file in ["leak.txt", "clean.txt"] {
        let full =
            "cannot write the report to /dev/full: No space left on device (os error 28); make room or choose another";
        assert_ends(&bench.run(["-o", "json=/dev/full", file]), 2, full);
        assert_ends(
            &bench.run(["-o", "no/such/folder.json", file]),
            2,
            "cannot write the report to no/such/folder.json",
        );
        let mut command = bench.command(["-f", "json", file]);
        command.stdout(fs::OpenOptions::new().write(true).open("/dev/full").expect("opened"));
        let run = bench.finish(command.output().expect("runs"));
        assert_ends(&run, 2, "cannot write the report to standard output: No space left on device");
    }
    for argument in ["--help", "--version"] {
        let mut command = bench.command([argument]);
        command.stdout(fs::OpenOptions::new().write(true).open("/dev/full").expect("opened"));
        let run = bench.finish(command.output().expect("runs"));
        assert_ends(&run, 2, "cannot write to standard output: No space left on device");
    }
    let one_fails = bench.run(["-o", "json=/dev/full", "-o", "other.json", "leak.txt"]);
    assert_ends(&one_fails, 2, "/dev/full");
    assert!(bench.read_report("other.json").starts_with(b"{"), "the other report is written all the same");
}

/// The disk fills up in the middle of a report: what stood there before stays whole, and nothing is left lying about.
#[cfg(target_os = "linux")]
#[test]
fn a_report_is_written_whole_or_not_at_all() {
    let mut bench = Bench::new(211);
    let keys: Vec<String> = (0..50).map(|_| bench.live()).collect();
    bench.write("leaks.txt", keys.join("\n"));
    bench.write("report.json", "as it was");
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" -q -o report.json leaks.txt";
    let mut command = std::process::Command::new("bash");
    command.args(["-c", script, env!("CARGO_BIN_EXE_hopx-leaks")]).current_dir(bench.path());
    let run = bench.finish(command.output().expect("bash runs"));
    assert_ends(&run, 2, "cannot write the report to report.json: File too large");
    assert_eq!(bench.read_report("report.json"), b"as it was");
    assert_eq!(fs::read_dir(bench.path()).expect("a folder").count(), 2);
}

#[test]
fn a_closed_pipe_never_changes_the_status() {
    let mut bench = Bench::new(212);
    let keys: Vec<String> = (0..500).map(|_| bench.live()).collect();
    bench.write("leaks.txt", keys.join("\n"));
    bench.write("clean.txt", "nothing");
    for format in ["text", "json", "jsonl", "sarif"] {
        for (file, status) in [("leaks.txt", 1), ("clean.txt", 0)] {
            let mut command = bench.command(["-f", format, file]);
            let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
            drop(child.stdout.take());
            let run = bench.finish(child.wait_with_output().expect("ends"));
            assert_ends(&run, status, "");
            assert_eq!(run.stderr, "", "{format}");
        }
    }
    for format in ["text", "json", "jsonl", "sarif"] {
        let mut command = bench.command(["-q", "-o", &format!("{format}=/dev/stdout"), "leaks.txt"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
        drop(child.stdout.take());
        let run = bench.finish(child.wait_with_output().expect("ends"));
        assert_ends(&run, 1, "");
        assert_eq!(run.stderr, "", "{format}");
    }
    let mut command = bench.command(["schema"]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("ends").code(), Some(0));
}

/// Sends a signal to the program while it waits for standard input, which stays open until the program has ended, or
/// until the signal was sent where it is ignored. The option is one of `env`.
#[cfg(target_os = "linux")]
fn signalled(bench: &Bench, option: &str, name: &str, number: u32) -> Run {
    let mut command = bench.command_with_signals(option, ["-o", "report.json", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("starts");
    // Waiting for the child would close it.
    let open = child.stdin.take();
    let status = format!("/proc/{}/status", child.id());
    let is_ignored = option.starts_with("--ignore");
    loop {
        let status = fs::read_to_string(&status).expect("it runs");
        let field =
            |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("").trim().to_owned();
        let signals = u64::from_str_radix(&field(if is_ignored { "SigIgn:" } else { "SigCgt:" }), 16).unwrap_or(0);
        if signals & 1 << (number - 1) != 0 && field("Name:") == "hopx-leaks" && field("State:").starts_with('S') {
            break;
        }
        std::thread::yield_now();
    }
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args([name, &pid]).status().expect("kill runs").success());
    let mut open = open;
    if let Some(mut input) = open.take_if(|_| is_ignored) {
        std::io::Write::write_all(&mut input, b"nothing").expect("it still reads");
    }
    let run = bench.finish(child.wait_with_output().expect("ends"));
    drop(open);
    run
}

/// A request to end while standard input is waited for: 128 and the signal's number, and no report.
#[cfg(target_os = "linux")]
#[test]
fn interrupted() {
    for (name, number) in [("HUP", 1), ("INT", 2), ("TERM", 15)] {
        let bench = Bench::new(213);
        let run = signalled(&bench, &format!("--default-signal={name}"), &format!("-{name}"), number);
        let status = i32::try_from(128 + number).expect("small");
        assert_ends(&run, status, "interrupted; no report was written");
        assert!(run.stdout.is_empty());
        assert_eq!(fs::read_dir(bench.path()).expect("a folder").count(), 0);
    }
}

/// As `nohup` and shells' background jobs rely on.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_was_ignored_from_the_start_stays_so() {
    for (name, number) in [("HUP", 1), ("INT", 2), ("TERM", 15)] {
        let bench = Bench::new(214);
        let run = signalled(&bench, &format!("--ignore-signal={name}"), &format!("-{name}"), number);
        assert_ends(&run, 0, "");
        assert!(bench.join("report.json").exists());
    }
}
