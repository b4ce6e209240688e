//! The text report, as a person sees it.

use crate::program::{Bench, id};

#[test]
fn grouped_by_key_with_every_place_and_what_to_do() {
    let mut bench = Bench::new(301);
    let (live, test) = (bench.live(), bench.test());
    bench.write("a.env", format!("# tests\nTEST={test}\n"));
    bench.write("b/one.txt", format!("x = \"{live}\"\n"));
    bench.write("b/two.txt", format!("é {live}\n").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>());
    bench.write("c.bin", [b"\0\0\0Usage", live.as_bytes(), b"\0"].concat());
    bench.write("d.md", format!("hopx_live_{}.{}", "A".repeat(12), "A".repeat(43)));
    let run = bench.run(["scan"]);
    let expected = format!(
        "\
error: hopx_live_{live}.**** in 3 places
  b/one.txt:1:6
  b/two.txt:1:3 as utf-16le
  c.bin:1:9 part of a longer token
  1. Revoke {live} at console.hopx.dev, Settings, API Keys
  2. Create a new key and keep it in the environment variable HOPX_API_KEY or a secret store
  3. Review the account's sandboxes and usage, and delete what nobody there started
  4. Then remove the key here and from the repository's history; removing the line is not enough

warning: hopx_test_{test}.**** in 1 place
  a.env:2:6
  1. Revoke {test} at console.hopx.dev, Settings, API Keys
  2. Create a new key and keep it in the environment variable HOPX_API_KEY or a secret store
  3. Review the account's sandboxes and usage, and delete what nobody there started
  4. Then remove the key here and from the repository's history; removing the line is not enough

4 leaks of 2 keys: 5 files read (432 bytes), 1 placeholder
",
        live = id(&live),
        test = id(&test)
    );
    assert_eq!(run.text(), expected);
}

#[test]
fn why_a_finding_is_not_sure() {
    let mut bench = Bench::new(309);
    let key = bench.live();
    bench.write("a.txt", format!("my{key}\n"));
    bench.write("b.py", format!("key = \"{}\" + \"{}\"\n", &key[..22], &key[22..]));
    bench.write("c.html", format!("<b>{}</b>{}\n", &key[..22], &key[22..]));
    bench.write("d.txt", format!("{key}\n"));
    let run = bench.run(["scan"]);
    let places: Vec<_> = run.text().lines().filter(|line| line.starts_with("  ") && line.contains(":1:")).collect();
    assert_eq!(
        places,
        [
            "  a.txt:1:3 part of a longer token",
            "  b.py:1:8 as split, put together from pieces",
            "  c.html:1:4 as markup, put together from pieces",
            "  d.txt:1:1",
        ]
    );
}

#[test]
fn one_line_when_clean() {
    let bench = Bench::new(302);
    bench.write("a.txt", "nothing");
    bench.write("b.txt", "");
    let run = bench.run(["scan"]);
    assert_eq!((run.status, run.text()), (Some(0), "no leaks: 2 files read (7 bytes)\n"));
}

#[test]
fn colours_by_the_usual_rules() {
    let mut bench = Bench::new(303);
    let key = bench.live();
    bench.write("a.txt", &key);
    for (arguments, variables, has_colour) in [
        (&["."][..], &[][..], false),
        (&["--color", "always"], &[], true),
        (&["--color", "always"], &[("NO_COLOR", "1")], true),
        (&["."], &[("CLICOLOR_FORCE", "1")], true),
        (&["--color", "never"], &[("CLICOLOR_FORCE", "1")], false),
        (&["."], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
    ] {
        let mut command = bench.command(arguments);
        command.envs(variables.iter().copied());
        let run = bench.finish(command.output().expect("runs"));
        assert_eq!(run.text().contains("\x1b["), has_colour, "{arguments:?} {variables:?}");
    }
}

/// On a terminal: colours, and a progress line that only a long scan would show.
#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal() {
    let mut bench = Bench::new(304);
    let key = bench.live();
    bench.write("a.txt", &key);
    let line = format!("TERM=xterm {} a.txt", env!("CARGO_BIN_EXE_hopx-leaks"));
    let script = std::process::Command::new("script")
        .args(["-q", "-e", "-c", &line, "/dev/null"])
        .current_dir(bench.path())
        .env_remove("NO_COLOR")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("script (util-linux) runs");
    let run = bench.finish(script);
    assert_eq!(run.status, Some(1));
    assert!(run.text().contains("\x1b[1m\x1b[31merror\x1b[0m: hopx_live_"), "{:?}", run.text());
}

#[test]
fn verbose_names_what_was_left_out() {
    let bench = Bench::new(305);
    bench.git(&["init", "-q"]);
    bench.write(".gitignore", "b/\n");
    for name in ["a.txt", "b/x.txt", "c.txt"] {
        bench.write(name, "nothing");
    }
    let run = bench.run(["-v", "--exclude", "c.*"]);
    let expected = "hopx-leaks: .git: git folder\nhopx-leaks: b: ignored by git\nhopx-leaks: c.txt: excluded\n";
    assert_eq!(run.stderr, expected);
    assert_eq!(run.text(), "no leaks: 2 files read (10 bytes), 1 ignored by git, 1 excluded, 1 git folder\n");
}

#[cfg(unix)]
#[test]
fn hostile_names_do_not_reach_the_terminal() {
    use std::os::unix::ffi::OsStrExt;
    let mut bench = Bench::new(306);
    let key = bench.live();
    for name in [&b"\x1b[31mred\x07"[..], b"new\nline", b"\xff\xfe", "\u{202e}txt".as_bytes()] {
        bench.write(std::ffi::OsStr::from_bytes(name), &key);
    }
    let run = bench.run(["scan", "--color", "never"]);
    for shown in ["\\u{1b}[31mred\\u{7}:1:1", "new\\u{a}line:1:1", "\u{fffd}\u{fffd}:1:1", "\\u{202e}txt:1:1"] {
        assert!(run.text().contains(&format!("  {shown}\n")), "{shown}: {}", run.text());
    }
    assert!(!run.text().contains('\x1b'));
}

#[test]
fn the_progress_line_can_be_asked_for_and_leaves_the_report_alone() {
    let bench = Bench::new(307);
    bench.write("a.txt", "nothing");
    let run = bench.run(["--progress", "always"]);
    assert_eq!(run.text(), "no leaks: 1 file read (7 bytes)\n");
}
