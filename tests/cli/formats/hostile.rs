//! Names and texts that want to be more than that: commands of a runner, markup, formulas, controls of a terminal.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::read::{FORMATS, Junit, Markdown, commands, ids, records};
use crate::archive::{Method, zip};
use crate::program::{Bench, Run};
use crate::repository::Repository;

/// What each would do is done by `forged`, `evil` or `octocat`.
const NAMES: [&[u8]; 31] = [
    b"::error file=x::forged",
    b"  ::stop-commands::forged",
    b"a\n::error::forged",
    b"a\r::add-mask::forged\rb",
    b"a%0A::error::forged",
    b"##[error]forged",
    b"a ##[add-path]forged",
    b"a,line=7,title=forged",
    b"a::forged",
    b"]]><failure>forged</failure>",
    b"<!--forged--><![CDATA[",
    b"&forged;&#10;",
    b"\" forged=\"x",
    b"=HYPERLINK(\"http:evil\",1)",
    b"+forged",
    b"-forged",
    b"@octocat",
    b"\t=forged",
    b" =forged",
    b"a;b,\"c\"",
    b"`forged`",
    b"``` forged",
    b"` [evil](http:evil) `",
    b"[evil](http:evil)|![x](evil)",
    b"<img src=evil><script>evil",
    b"*forged* _forged_ ~~forged~~ #1 $forged$",
    "\u{202e}forged\u{200b}\u{2028}".as_bytes(),
    b"\x1b[31mforged\x07\x1b]8;;evil\x1b\\",
    "\u{ffff}\u{fffe}\u{9b}forged".as_bytes(),
    b"\xff\xfeforged",
    b"{{evil}} ${{ evil }}",
];

/// A repository whose files, archive members, subjects, authors and branches have these names.
fn hostile(seed: u64) -> Bench {
    let mut bench = Bench::new(seed);
    let repository = Repository::init(bench.path());
    for name in NAMES {
        let key = bench.test();
        bench.write(OsStr::from_bytes(name), format!("x\n{key}\n"));
    }
    for (number, name) in NAMES.iter().enumerate() {
        if let Ok(name) = std::str::from_utf8(name) {
            let key = bench.live();
            bench.write(format!("archive-{number}.zip"), zip(&[(name, key.as_bytes())], Method::Stored));
        }
    }
    repository.git(&["add", "-A"]);
    for (number, subject) in NAMES.iter().filter_map(|name| std::str::from_utf8(name).ok()).enumerate() {
        let author = format!("{} <evil@octocat>", subject.replace(['<', '>', '\n', '\r'], "!"));
        let key = bench.live();
        bench.write("subject.env", format!("{number} {key}\n"));
        let mut arguments = vec!["-c", "user.name=x", "commit", "-q", "--cleanup=verbatim", "-a", "-m", subject];
        if number > 3 {
            arguments.extend(["--author", &author]);
        }
        repository.git(&["add", "subject.env"]);
        let done = repository.command(&arguments).output().expect("git runs");
        if !done.status.success() {
            // Not every text is a name of somebody.
            repository.git(&["commit", "-q", "--cleanup=verbatim", "-a", "-m", subject]);
        }
    }
    repository.git(&["branch", "@octocat]]>`forged`<b>"]);
    bench
}

/// The arguments that meet all of it, and more such names that are not there.
fn run(bench: &Bench, format: &str) -> Run {
    let missing = ["::error::forged missing", "##[error]forged missing", "<b>`forged`|@octocat missing"];
    bench.run(["-f", format, "--include-author", "audit", "."].iter().chain(&missing))
}

/// Text on lines of which none can do anything.
fn assert_plain(what: &str, text: &str) {
    for line in text.lines() {
        assert!(!line.trim_start().starts_with("::"), "{what}: {line}");
        assert!(!line.contains("##["), "{what}: {line}");
        let is_bad = |c: char| c.is_control() || "\u{202e}\u{200b}\u{2028}\u{ffff}\u{fffe}".contains(c);
        assert!(!line.chars().any(is_bad), "{what}: {line:?}");
    }
}

#[test]
fn every_format_shows_them_all() {
    let bench = hostile(1640);
    let json = run(&bench, "json");
    let expected = ids("json", &json);
    assert!(expected.len() > 3 * 28, "{}", expected.len());
    for format in FORMATS.iter().filter(|format| **format != "github") {
        assert_eq!(ids(format, &run(&bench, format)), expected, "{format}");
    }
    assert_plain("standard error", &json.stderr);
    for format in ["text", "csv", "junit", "markdown"] {
        assert_plain(format, &run(&bench, format).text().replace("\r\n", "\n"));
    }
}

/// Each in a run of its own, since GitHub keeps few.
#[test]
fn no_command_is_forged() {
    let bench = hostile(1641);
    for name in NAMES {
        let report = bench.run([OsStr::new("-f"), OsStr::new("github"), OsStr::new("--"), OsStr::from_bytes(name)]);
        let commands = commands(report.text());
        assert_eq!(commands.len(), 1, "{}", report.text());
        assert_eq!((commands[0].name.as_str(), commands[0].property("line")), ("warning", Some("2")));
        let file = commands[0].property("file").expect("a file");
        let is_printable =
            std::str::from_utf8(name).is_ok_and(|name| !name.chars().any(char::is_control) && !name.contains("##["));
        if is_printable && !name.starts_with(b"\xe2\x80") && !name.starts_with(b"\xef\xbf") {
            assert_eq!(file.as_bytes(), name);
        }
        assert!(!commands[0].properties["title"].contains("forged"));
    }
    let all = run(&bench, "github");
    let commands = commands(all.text());
    assert!(commands.iter().all(|command| !command.properties["title"].contains("forged")));
    assert!(commands.iter().any(|command| command.message.contains("missing")));
    // Whoever looks for the last `::` of a line, or for `##[`, finds what is ours.
    assert!(all.text().lines().all(|line| line.matches("::").count() == 2 && !line.starts_with("##[")));
}

#[test]
fn no_markup_is_forged() {
    let bench = hostile(1642);
    let page = run(&bench, "markdown");
    let page = Markdown::read(page.text());
    for word in ["forged", "evil", "octocat"] {
        assert!(!page.words.contains(word), "{word}");
        assert!(page.headings.iter().all(|heading| !heading.contains(word)), "{word}");
    }
    for span in ["`forged`:2:1", "<img src=evil><script>evil:2:1", "[evil](http:evil)|![x](evil):2:1", "@octocat:2:1"] {
        assert!(page.spans.iter().any(|shown| shown == span), "{span}");
    }
    let gitlab = run(&bench, "gitlab").json();
    for one in gitlab["vulnerabilities"].as_array().expect("a list") {
        let description = format!("## x\n\n{}", one["description"].as_str().expect("a text"));
        let description = Markdown::read(&description);
        assert!(["forged", "evil", "octocat"].iter().all(|word| !description.words.contains(word)));
    }
}

#[test]
fn no_element_and_no_formula_is_forged() {
    let bench = hostile(1643);
    let report = run(&bench, "junit");
    let junit = Junit::read(report.text());
    let files: Vec<_> = junit.cases.iter().filter_map(|case| case.file.as_deref()).collect();
    for file in ["]]><failure>forged</failure>", "<!--forged--><![CDATA[", "&forged;&#10;", "\" forged=\"x"] {
        assert!(files.contains(&file), "{file}");
    }
    let records = records(&run(&bench, "csv"));
    let has = |path: &str| records.iter().any(|record| record["path"] == path);
    for path in ["'=HYPERLINK(\"http:evil\",1)", "'+forged", "'-forged", "'@octocat", "' =forged", "a;b,\"c\""] {
        assert!(has(path), "{path}");
    }
    assert!(has("\\u{9}=forged") && has("a\\u{a}::error::forged"));
    assert!(records.iter().any(|record| record["subject"] == "'=HYPERLINK(\"http:evil\",1)"));
}

/// Nothing in a JSON report speaks to a terminal or to a workflow's runner that it is printed on.
#[test]
fn json_speaks_to_nobody() {
    let bench = hostile(1645);
    for format in ["json", "jsonl", "sarif", "gitlab", "gitleaks-json", "rdjson"] {
        let report = run(&bench, format);
        let text = report.text();
        assert!(!text.contains("##[") && !text.lines().any(|line| line.trim_start().starts_with("::")), "{format}");
        assert!(!text.contains(|c: char| c != '\n' && c.is_control()), "{format}");
        assert!(!text.contains(['\u{200b}', '\u{202e}', '\u{2028}']), "{format}");
    }
}

/// JSON carries names as they are, and bytes that are not UTF-8 as U+FFFD.
#[test]
fn json_carries_names_as_they_are() {
    let bench = hostile(1644);
    let leaks = run(&bench, "gitleaks-json").json();
    let diagnostics = run(&bench, "rdjson").json();
    let has = |list: &serde_json::Value, at: &str, name: &[u8]| {
        let name = String::from_utf8_lossy(name);
        list.as_array().expect("a list").iter().any(|one| one.pointer(at).is_some_and(|path| *path == *name))
    };
    for name in NAMES {
        assert!(has(&leaks, "/File", name), "{:?}", String::from_utf8_lossy(name));
        assert!(has(&diagnostics["diagnostics"], "/location/path", name), "{:?}", String::from_utf8_lossy(name));
    }
}
