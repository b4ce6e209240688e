//! The SARIF log: what GitHub asks for and no validator looks at. `.ci/sarif` has the validators.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use crate::program::{Bench, id};

/// What GitHub keeps of a run.
const MAX_RESULTS: usize = 5_000;

/// Scans with more arguments, and checks what every log must hold to.
fn log(bench: &Bench, arguments: &[&str]) -> Value {
    let run = bench.run(["-f", "sarif"].iter().chain(arguments));
    assert!(!run.text().contains(bench.path().to_str().expect("UTF-8")), "a path of the machine is in the log");
    let log = run.json();
    check(&log, arguments.contains(&"--include-suppressed"));
    log
}

fn results(log: &Value) -> &[Value] {
    log["runs"][0]["results"].as_array().expect("a list")
}

fn artifact(result: &Value) -> &Value {
    &result["locations"][0]["physicalLocation"]["artifactLocation"]
}

fn uri(result: &Value) -> &str {
    artifact(result)["uri"].as_str().expect("a URI")
}

/// Start line, start column, end line, end column.
fn region(result: &Value) -> [u64; 4] {
    ["startLine", "startColumn", "endLine", "endColumn"]
        .map(|name| result["locations"][0]["physicalLocation"]["region"][name].as_u64().expect("a number"))
}

fn line_hash(result: &Value) -> &str {
    result["partialFingerprints"]["primaryLocationLineHash"].as_str().expect("a line hash")
}

/// The result for a key, which must be the only one.
fn of_key<'a>(log: &'a Value, key: &str) -> &'a Value {
    let mut results = results(log).iter().filter(|result| result["properties"]["keyId"] == id(key));
    let result = results.next().expect("a result");
    assert!(results.next().is_none(), "two results for {}", id(key));
    result
}

/// What no validator says.
pub fn check(log: &Value, shows_suppressed: bool) {
    let run = &log["runs"][0];
    assert_eq!(log["runs"].as_array().map(Vec::len), Some(1));
    assert_eq!(run["columnKind"], "utf16CodeUnits");
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    for rule in rules {
        let severity = rule["properties"]["security-severity"].as_str().expect("a string");
        let severity: f64 = severity.parse().expect("of a number");
        assert!(severity > 0.0 && severity <= 10.0);
        let tags = rule["properties"]["tags"].as_array().expect("tags");
        assert!(tags.contains(&json!("security")) && tags.len() <= 10);
    }
    assert!(results(log).len() <= MAX_RESULTS);
    for result in results(log) {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("a small one");
        assert_eq!(result["ruleId"], rules[index]["id"]);
        assert_eq!(result["level"], rules[index]["defaultConfiguration"]["level"]);
        let [start_line, start_column, end_line, end_column] = region(result);
        assert!(start_line >= 1 && start_column >= 1 && end_line >= start_line && end_column >= 1);
        assert!(end_line > start_line || end_column >= start_column);
        let is_member = result["properties"]["members"].as_array().is_some_and(|members| !members.is_empty());
        if is_member {
            // A member's lines are none of the file's.
            assert_eq!(result["partialFingerprints"].get("primaryLocationLineHash"), None);
        } else {
            let (hash, count) = line_hash(result).split_once(':').expect("a hash and a count");
            assert!(u64::from_str_radix(hash, 16).is_ok_and(|number| format!("{number:x}") == hash));
            assert!(count.parse::<u64>().is_ok_and(|count| count > 0));
        }
        assert_eq!(result.get("suppressions").is_some(), shows_suppressed, "on all results of a run, or on none");
        let uri = uri(result);
        assert!(!uri.starts_with("./") && !uri.is_empty());
        assert_eq!(artifact(result)["uriBaseId"] == "%SRCROOT%", !uri.starts_with("file:"));
        assert!(artifact(result).get("uriBaseId").is_none() || !uri.contains(':'));
    }
    let ids: BTreeSet<_> =
        results(log).iter().map(|result| result["partialFingerprints"]["hopxLeaks/v1"].to_string()).collect();
    assert_eq!(ids.len(), results(log).len(), "two results with the same identity");

    let descriptors = &run["tool"]["driver"]["notifications"];
    for notification in notifications(log) {
        assert_eq!(notification["level"], "warning");
        let index = usize::try_from(notification["descriptor"]["index"].as_u64().expect("a number")).expect("small");
        assert_eq!(notification["descriptor"]["id"], descriptors[index]["id"]);
    }
    assert_eq!(run["originalUriBaseIds"]["%SRCROOT%"].get("uri"), None);
    let text = log.to_string();
    for absent in ["snippet", "commandLine", "TimeUtc", "machine", "workingDirectory", "contextRegion"] {
        assert!(!text.contains(&format!("\"{absent}")), "{absent}");
    }
}

/// All notifications, of both kinds.
fn notifications(log: &Value) -> Vec<&Value> {
    ["toolExecutionNotifications", "toolConfigurationNotifications"]
        .iter()
        .filter_map(|name| log["runs"][0]["invocations"][0][name].as_array())
        .flatten()
        .collect()
}

fn is_successful(log: &Value) -> bool {
    log["runs"][0]["invocations"][0]["executionSuccessful"].as_bool().expect("said")
}

#[test]
fn a_clean_log() {
    let bench = Bench::new(801);
    bench.write("clean.txt", "nothing\n");
    let log = log(&bench, &[]);
    assert!(results(&log).is_empty() && is_successful(&log) && notifications(&log).is_empty());
    assert_eq!(log["runs"][0]["automationDetails"]["id"], "hopx-leaks/worktree/");
}

#[test]
fn rules_and_levels() {
    let mut bench = Bench::new(802);
    let (live, test) = (bench.live(), bench.test());
    bench.write("keys", format!("{test}\n{live}\n"));
    let log = log(&bench, &[]);
    assert_eq!(
        (&of_key(&log, &live)["ruleId"], &of_key(&log, &live)["level"]),
        (&json!("hopx-live-key"), &json!("error"))
    );
    assert_eq!(
        (&of_key(&log, &test)["ruleId"], &of_key(&log, &test)["level"]),
        (&json!("hopx-test-key"), &json!("warning"))
    );
}

#[test]
fn suppressions_are_on_all_results_when_they_are_asked_for() {
    let mut bench = Bench::new(803);
    let key = bench.live();
    bench.write("key", &key);
    // `log` checks the same of every log: on all results or on none.
    assert_eq!(of_key(&log(&bench, &["--include-suppressed"]), &key)["suppressions"], json!([]));
    assert_eq!(of_key(&log(&bench, &[]), &key).get("suppressions"), None);
}

#[test]
fn the_most_severe_five_thousand() {
    let mut bench = Bench::new(804);
    let (test, live) = (bench.test(), bench.live());
    bench.write("a", format!("{test}\n").repeat(MAX_RESULTS));
    let whole = log(&bench, &[]);
    assert_eq!((results(&whole).len(), notifications(&whole).len()), (MAX_RESULTS, 0));
    assert_eq!(whole["runs"][0].get("properties"), None);

    bench.write("b", format!("{live}\n").repeat(20));
    let cut = log(&bench, &[]);
    let count = |log: &Value, level: &str| results(log).iter().filter(|result| result["level"] == level).count();
    assert_eq!((count(&cut, "error"), count(&cut, "warning")), (20, MAX_RESULTS - 20));
    assert_eq!(cut["runs"][0]["properties"]["resultsLeftOut"], 20);
    let notifications = notifications(&cut);
    assert_eq!(notifications.len(), 1);
    assert!(notifications[0]["message"]["text"].as_str().expect("a text").starts_with("20 results were left out"));
    assert!(is_successful(&cut));
    // What is left is what comes first, under the identity that it has in a log without a cut.
    let identities = |log: &Value| -> BTreeSet<String> {
        let warnings = results(log).iter().filter(|result| result["level"] == "warning");
        warnings.map(|result| result["partialFingerprints"].to_string()).collect()
    };
    assert!(identities(&cut).is_subset(&identities(&whole)));
    assert!(results(&cut).iter().filter(|result| uri(result) == "a").all(|r| region(r)[0] <= 4_980));
}

#[test]
fn columns_are_utf16_code_units() {
    let mut bench = Bench::new(805);
    let (astral, wide, binary) = (bench.live(), bench.live(), bench.live());
    bench.write("astral", format!("one\n😀é键\t{astral}😀\n"));
    let utf16: Vec<u8> = format!("\u{feff}one\r\n😀é{wide}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    bench.write("wide", utf16);
    bench.write("binary", [b"\0\xff\n\xff\xf0\x9f", binary.as_bytes(), b"\0"].concat());
    let log = log(&bench, &[]);
    assert_eq!(region(of_key(&log, &astral)), [2, 6, 2, 72]);
    assert_eq!(region(of_key(&log, &wide)), [2, 4, 2, 70]);
    // Each stretch that is no UTF-8 is one replacement character.
    assert_eq!(region(of_key(&log, &binary)), [2, 3, 2, 69]);
}

#[test]
fn names_are_escaped() {
    let mut bench = Bench::new(806);
    #[cfg_attr(not(target_os = "linux"), expect(unused_mut, reason = "no such names"))]
    let mut names: Vec<(std::path::PathBuf, &str)> = vec![
        ("a b".into(), "a%20b"),
        ("50%/%41".into(), "50%25/%2541"),
        ("x#y".into(), "x%23y"),
        ("[id]".into(), "%5Bid%5D"),
        ("é键😀".into(), "%C3%A9%E9%94%AE%F0%9F%98%80"),
        ("{0}".into(), "%7B0%7D"),
        ("plain-._~/Az09".into(), "plain-._~/Az09"),
    ];
    #[cfg(unix)]
    names.extend([
        ("q?".into(), "q%3F"),
        ("c:d".into(), "c%3Ad"),
        ("sub/https:x".into(), "sub/https%3Ax"),
        ("back\\slash".into(), "back%5Cslash"),
        ("line\nfeed\u{1b}".into(), "line%0Afeed%1B"),
        ("<\"'`|^&+=@!$*();,>".into(), "%3C%22%27%60%7C%5E%26%2B%3D%40%21%24%2A%28%29%3B%2C%3E"),
    ]);
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStringExt;
        names.push((std::ffi::OsString::from_vec(b"caf\xe9\xff".to_vec()).into(), "caf%E9%FF"));
    }
    let keys: Vec<String> = names.iter().map(|_| bench.live()).collect();
    for ((name, _), key) in names.iter().zip(&keys) {
        bench.write(name, key);
    }
    for arguments in [&[][..], &["."], &["./"]] {
        let log = log(&bench, arguments);
        assert_eq!(results(&log).len(), names.len());
        for ((_, expected), key) in names.iter().zip(&keys) {
            assert_eq!(uri(of_key(&log, key)), *expected);
        }
    }
}

#[test]
fn uris_have_no_dot_and_a_base_unless_they_are_absolute() {
    let mut bench = Bench::new(807);
    let key = bench.live();
    let absolute = bench.write("sub/key.txt", &key);
    // Outside of a work tree a path is from the folder given, and a file's as given.
    for (given, expected) in [("sub", "key.txt"), ("./sub/", "key.txt"), ("./sub/key.txt", "sub/key.txt")] {
        assert_eq!(uri(of_key(&log(&bench, &["scan", given]), &key)), expected, "{given}");
    }
    let given = absolute.to_str().expect("UTF-8");
    let log = bench.run(["-f", "sarif", given]).json();
    check(&log, false);
    assert!(uri(of_key(&log, &key)).starts_with("file:///"));
    assert_eq!(artifact(of_key(&log, &key)).get("uriBaseId"), None);
}

#[test]
fn paths_are_from_the_top_of_the_work_tree() {
    let mut bench = Bench::new(808);
    let key = bench.live();
    bench.git(&["init", "-q"]);
    let absolute = bench.write("sub/deep/key.txt", &key);
    let folder = absolute.parent().and_then(std::path::Path::to_str).expect("UTF-8");
    for given in [".", "sub", "./sub/deep", "sub/deep/key.txt", folder, absolute.to_str().expect("UTF-8")] {
        assert_eq!(uri(of_key(&log(&bench, &["scan", given]), &key)), "sub/deep/key.txt", "{given}");
    }
    assert_eq!(uri(of_key(&log(&bench, &["-C", "sub", "scan", "deep"]), &key)), "sub/deep/key.txt");
}

/// Names and contents hold the same key, or two.
#[test]
fn names_and_links() {
    let mut bench = Bench::new(809);
    let (key, target) = (bench.live(), bench.test());
    bench.write(format!("a {key}"), format!("{key}\n{key}"));
    #[cfg(unix)]
    std::os::unix::fs::symlink(&target, bench.join("link")).expect("a link");
    #[cfg(not(unix))]
    bench.write("link", &target);
    let log = log(&bench, &[]);
    assert_eq!(results(&log).len(), 4);
    assert_eq!(uri(of_key(&log, &target)), "link");
    let shown = format!("a%20{}.%2A%2A%2A%2A", &key[..22]);
    assert_eq!(results(&log).iter().filter(|result| uri(result) == shown).count(), 3);
}

#[test]
fn problems_are_warnings() {
    let mut bench = Bench::new(810);
    let (key, named) = (bench.live(), bench.live());
    bench.write("key", &key);
    let missing = format!("no {named}");
    let log = log(&bench, &["scan", ".", "gone", "a{0}\u{1b}[b](1)", &missing]);
    let mut texts: Vec<_> = notifications(&log)
        .into_iter()
        .inspect(|notification| assert_eq!(notification["descriptor"]["id"], "missing-path"))
        .map(|notification| notification["message"]["text"].as_str().expect("a text").to_owned())
        .collect();
    texts.sort();
    assert_eq!(texts.len(), 3);
    // Neither a placeholder nor a link (SARIF 3.11.5, 3.11.6).
    assert!(texts[0].starts_with("a{{0}}\\u{{1b}}\\[b](1): "), "{}", texts[0]);
    assert!(texts[1].starts_with("gone: "));
    assert!(texts[2].starts_with(&format!("no {}.****: ", &named[..22])));
    assert_eq!(results(&log).len(), 1);
    assert!(is_successful(&log), "one missing path does not spoil the run");
}

#[test]
fn a_scan_of_nothing_is_no_success() {
    let bench = Bench::new(811);
    std::fs::create_dir(bench.join("empty")).expect("a folder");
    let log = log(&bench, &["scan", "empty"]);
    assert!(!is_successful(&log));
    assert_eq!(notifications(&log).len(), 1);
}

/// The same bytes from every run, number of threads, and place of the checkout.
#[test]
fn the_bytes_are_the_same_everywhere() {
    let checkout = || {
        let mut bench = Bench::new(812);
        for number in 0..40 {
            let (live, test) = (bench.live(), bench.test());
            bench.write(format!("{}/{number}", number % 7), format!("{live}\n{test} {live}\n"));
        }
        bench
    };
    let (here, there) = (checkout(), checkout());
    let bytes = |bench: &Bench, threads: &str| bench.run(["-f", "sarif", "-j", threads, ".", "gone"]).stdout;
    let first = bytes(&here, "1");
    assert_eq!(results(&serde_json::from_slice(&first).expect("a log")).len(), 120);
    for threads in ["1", "2", "8"] {
        assert!(bytes(&here, threads) == first && bytes(&there, threads) == first, "{threads} threads");
    }
    let file = here.run(["-q", "-o", "log.sarif", ".", "gone"]);
    assert!(file.stdout.is_empty() && here.read_report("log.sarif") == first);
}

/// The line hash of every line, told as simply as can be: the polynomial of the 100 units from the line's first.
fn line_hashes(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace('\r', "\n");
    let kept = text.encode_utf16().filter(|unit| ![0x20, 0x09].contains(unit));
    let units: Vec<u16> = kept.chain([0xffff]).collect();
    let begins = (0..units.len()).filter(|&at| at == 0 || units[at - 1] == 0x0a);
    let mut seen = HashMap::new();
    begins
        .map(|begin| {
            let window = units[begin..].iter().copied().chain([0; 100]).take(100);
            let hash = window.fold(0_u64, |hash, unit| hash.wrapping_mul(37).wrapping_add(unit.into()));
            let count = seen.entry(hash).and_modify(|count| *count += 1).or_insert(1_u64);
            format!("{hash:x}:{count}")
        })
        .collect()
}

/// Published examples, so that the simple way is known to be right.
#[test]
fn the_simple_line_hash_is_right() {
    assert_eq!(line_hashes(b""), ["c129715d7a2bc9a3:1"]);
    assert_eq!(line_hashes(b"a\r\nb\r\n"), ["81b8d8db678b2bbe:1", "ade70578248be16f:1", "c129715d7a2bc9a3:1"]);
    assert_eq!(line_hashes("\t k = \"😀\" ;\n  z\n".as_bytes())[..2], ["f8514cd22c3b255:1", "95de0951c928fa27:1"]);
    let long = format!("{0}\n{0}\nend\n", "q".repeat(250));
    assert_eq!(line_hashes(long.as_bytes())[..3], ["99e008eaea8cd3c:1", "99e008eaea8cd3c:2", "fe2be582c6296f40:1"]);
}

#[test]
fn line_hashes_are_those_of_the_algorithm() {
    let mut bench = Bench::new(813);
    let key = bench.live();
    let repeated = format!("  token:\t\"{key}\"\r\n").repeat(3) + &"-".repeat(120) + "\r\n";
    let mut large = Vec::new();
    while large.len() < 3 << 20 {
        let rng = bench.keys().rng();
        let (width, kind) = (rng.usize(..400), rng.u8(..8));
        large.extend("é😀x ".repeat(width / 8).bytes());
        large.extend(match kind {
            0 => b"\xff\xf0\x9f\n".to_vec(),
            1 => b"\r\n".to_vec(),
            2 => format!("\t{key}\n").into_bytes(),
            _ => format!(" {width}\n").into_bytes(),
        });
    }
    let files: [(&str, Vec<u8>); 9] = [
        ("crlf", format!("one\r\n\r\n{key}\r\ntwo\r\n").into()),
        ("tabs", format!("\t\t{key} \t;\n  \t\n{key}").into()),
        ("repeated", repeated.repeat(20).into()),
        ("astral", format!("😀{key}😀\n键 {key}\n").into()),
        ("invalid", [b"\xff\xfe\n\xf0\x9f\x98 ", key.as_bytes(), b"\xe9\n\xc3"].concat()),
        ("bom", format!("\u{feff}{key}\n").into()),
        ("no newline", format!("x\n{key}").into()),
        ("binary", [b"\0\0\n\0", key.as_bytes(), b"\0\n"].concat()),
        ("mapped", large),
    ];
    for (name, content) in &files {
        bench.write(name, content);
    }
    let log = log(&bench, &[]);
    for (name, content) in &files {
        let hashes = line_hashes(content);
        let results = results(&log).iter().filter(|result| uri(result) == name.replace(' ', "%20"));
        let mut count = 0;
        for result in results {
            count += 1;
            let line = usize::try_from(region(result)[0]).expect("a small number");
            assert_eq!(line_hash(result), hashes[line - 1], "{name}, line {line}");
        }
        assert_eq!(count, memchr::memmem::find_iter(content, key.as_bytes()).count(), "{name}");
    }
}
