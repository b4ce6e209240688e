//! Which configuration file is in force, and what `config show` says of it.

use super::{commit_all, who};
use crate::program::{Bench, id};

fn allow(key: &str) -> String {
    format!("[[allow]]\nkey-id = \"{}\"\nreason = \"known\"\n", id(key))
}

#[test]
fn the_nearest_up_to_the_top() {
    let mut bench = Bench::new(1830);
    let key = bench.live();
    bench.write("repository/sub/deep/a.txt", &key);
    bench.write(".hopx-leaks.toml", allow(&key));
    let status = |arguments: &[&str]| bench.run(arguments).status;
    // Outside of a repository only the file beside what is scanned counts.
    assert_eq!(status(&["scan", "."]), Some(0));
    assert_eq!(status(&["scan", "repository"]), Some(1));
    bench.git(&["init", "-q", "repository"]);
    assert_eq!(status(&["-C", "repository", "scan", "."]), Some(1), "a file above the top does not count");
    bench.write("repository/.hopx-leaks.toml", allow(&key));
    for arguments in [
        &["-C", "repository", "scan", "."][..],
        &["-C", "repository/sub/deep", "scan", "."],
        &["scan", "repository"],
        &["scan", "repository/sub/deep/a.txt"],
        &["audit", "repository"],
    ] {
        assert_eq!(status(arguments), Some(0), "{arguments:?}");
    }
    // The nearest one counts, and no other.
    bench.write("repository/sub/.hopx-leaks.toml", "");
    assert_eq!(status(&["scan", "repository/sub"]), Some(1));
    assert_eq!(status(&["scan", "repository"]), Some(0));
    assert_eq!(status(&["scan", "repository/sub", "--config", "repository/.hopx-leaks.toml"]), Some(0));
    assert_eq!(status(&["scan", "repository", "--isolated"]), Some(1));
    // Several things are scanned by the rules of here.
    assert_eq!(status(&["scan", "repository/sub", "repository/sub/deep"]), Some(0));
    assert_eq!(status(&["scan", ".", "--config", "missing.toml"]), Some(2));
    assert_eq!(status(&["scan", ".", "--isolated", "--config", ".hopx-leaks.toml"]), Some(2));
}

/// A link may lead out of what is scanned, a pipe may never end.
#[cfg(unix)]
#[test]
fn only_a_file_is_read() {
    let mut bench = Bench::new(1831);
    let key = bench.live();
    bench.write("a/a.txt", &key);
    bench.write("elsewhere.toml", allow(&key));
    std::os::unix::fs::symlink("../elsewhere.toml", bench.join("a/.hopx-leaks.toml")).expect("a link");
    assert_eq!(bench.run(["scan", "a"]).status, Some(1));
    bench.pipe("a/.hopx-leaks.toml");
    assert_eq!(bench.run(["scan", "a"]).status, Some(1));
    std::fs::create_dir(bench.clear("a/.hopx-leaks.toml")).expect("a folder");
    assert_eq!(bench.run(["scan", "a"]).status, Some(1));
    assert_eq!(bench.run(["scan", "a", "--config", "a/.hopx-leaks.toml"]).status, Some(2));
}

#[test]
fn hooks_read_it() {
    let mut bench = Bench::new(1832);
    let key = bench.live();
    bench.write("a.txt", &key);
    bench.git(&["init", "-q"]);
    bench.git(&["add", "a.txt"]);
    assert_eq!(bench.run(["hook", "run", "pre-commit"]).status, Some(1));
    bench.write(".hopx-leaks.toml", allow(&key));
    assert_eq!(bench.run(["hook", "run", "pre-commit"]).status, Some(0));
    bench.write(".hopx-leaks.toml", "nonsense");
    let run = bench.run(["hook", "run", "pre-commit"]);
    assert_eq!(run.status, Some(2));
    assert!(run.stderr.contains(".hopx-leaks.toml:1: "), "{}", run.stderr);
    // What is not about scanning does not need it.
    assert_eq!(bench.run(["hook", "status"]).status, Some(1));
    assert_eq!(bench.run(["schema"]).status, Some(0));
}

#[test]
fn show() {
    let mut bench = Bench::new(1833);
    let key = bench.live();
    bench.write("a.txt", &key);
    let show = |more: &[&str]| {
        let run = bench.run([&["config", "show"], more].concat());
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
        run.text().to_owned()
    };
    assert_eq!(
        show(&[]),
        "# configuration: none: no .hopx-leaks.toml from where the scan starts up to the top of the work tree\n\
         # marks in files: all of them\n"
    );
    assert!(show(&["--isolated"]).starts_with("# configuration: none, by --isolated\n"));
    bench.run(["scan", ".", "--write-baseline", "known \"leaks\""]);
    let config = format!(
        "# ours\nexclude = [\"/vendor/\"]\nbaseline = 'known \"leaks\"'\n\n[[allow]]\nkey-id = \"{}\"\nreason = \"why\\n\"\n\
         paths = [\"tests/\"]\nexpires = 2001-02-03\n\n[[accept]]\npath = \"*.zip\"\nkind = \"corrupt\"\nreason = \"r\"\n",
        id(&key)
    );
    bench.write("sub/x", "");
    bench.write(".hopx-leaks.toml", &config);
    let shown = show(&["--exclude", "more"]);
    for line in [
        "# configuration: .hopx-leaks.toml (the nearest)\n",
        "# exclude: from .hopx-leaks.toml:2\n# exclude: [\"more\"] from --exclude\nexclude = [\"/vendor/\", \"more\"]\n",
        "baseline = 'known \"leaks\"' # 1 known leak, from .hopx-leaks.toml:3\n",
        "\n[[allow]] # from .hopx-leaks.toml:5, over\n",
        "expires = 2001-02-03\n",
        "\n[[accept]] # from .hopx-leaks.toml:11\npath = \"*.zip\"\nkind = \"corrupt\"\nreason = \"r\"\n",
        &format!("# .hopx-leaks.toml:5: the allow for {} ended with 2001-02-03", id(&key)),
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    // It says the same when it is read again.
    bench.write("copy.toml", &shown);
    let copy = show(&["--config", "copy.toml"]);
    let values = |text: &str| {
        let lines =
            text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split(" #").next().map(str::to_owned));
        lines.collect::<Vec<_>>()
    };
    assert_eq!(values(&copy), values(&shown));
}

/// The schema says of good and bad files what the program says.
#[test]
fn the_schema() {
    let bench = Bench::new(1834);
    let schema = bench.run(["schema", "config"]).json();
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    let allow = |more: &str| format!("[[allow]]\nkey-id = \"abcDEF123456\"\nreason = \"x\"\n{more}");
    bench.write("a.txt", "");
    for (text, is_good) in [
        (String::new(), true),
        (allow(""), true),
        (allow("paths = [\"a\"]\nexpires = 2027-01-31\n"), true),
        ("exclude = [\"a\"]\n[[accept]]\npath = \"a\"\nkind = \"too-deep\"\nreason = \"x\"\n".to_owned(), true),
        (allow("paths = []\n"), false),
        (allow("other = 1\n"), false),
        (allow("").replace("abcDEF123456", "abc"), false),
        (allow("").replace("\"x\"", "\" \""), false),
        ("other = 1\n".to_owned(), false),
        ("[[accept]]\npath = \"a\"\nkind = \"missing-path\"\nreason = \"x\"\n".to_owned(), false),
    ] {
        bench.write(".hopx-leaks.toml", &text);
        assert_eq!(bench.run(["scan", "."]).status == Some(0), is_good, "{text}");
        let mut table: toml::Table = toml::from_str(&text).expect("TOML");
        for allow in table.get_mut("allow").and_then(toml::Value::as_array_mut).into_iter().flatten() {
            if let Some(day) = allow.get_mut("expires") {
                *day = toml::Value::String(day.to_string());
            }
        }
        let json = serde_json::to_value(&table).expect("JSON");
        assert_eq!(validator.is_valid(&json), is_good, "{text}");
    }
}

/// The mark in this very file's folder is nothing to a scan of another one.
#[test]
fn an_allow_is_for_what_is_scanned_with_it() {
    let mut bench = Bench::new(1835);
    let key = bench.live();
    bench.write("one/a.txt", &key);
    bench.write("two/a.txt", &key);
    bench.write("one/.hopx-leaks.toml", allow(&key));
    commit_all(&bench, "one");
    assert_eq!(bench.run(["scan", "one"]).status, Some(0));
    assert_eq!(bench.run(["scan", "two"]).status, Some(1));
    assert_eq!(who(&bench, &key, &[]), None);
}
