//! The rule files for other scanners: they are what the grammar gives, and the grammar is the detector's.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use hopx_leaks::detect::{Detector, Found};
use hopx_leaks::key::Rule;
use regex_automata::meta::Regex;

use crate::keys::{Keys, base64url};
use crate::{grammar, rule_files};

#[test]
fn the_committed_files_are_what_the_grammar_gives() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut names = BTreeSet::from(["README.md".to_owned()]);
    for (name, text) in rule_files::all() {
        let committed = fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(committed == text, "rules/{name} is another one: cargo run --example rules");
        names.insert(name.to_owned());
    }
    let entries = fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let names_there = entries.filter_map(|name| name.into_string().ok()).filter(|name| name != "__pycache__");
    assert_eq!(names_there.collect::<BTreeSet<_>>(), names);
}

/// A rule as scanners without look-around apply it.
struct Judge {
    with_sides: Regex,
    glued: Regex,
    placeholders: Regex,
}

impl Judge {
    fn new(rule: Rule) -> Judge {
        let with_sides = format!("{}({}){}", grammar::left(), grammar::key(rule), grammar::right());
        let regex = |patterns: &[String]| Regex::new_many(patterns).expect("an expression");
        Judge {
            with_sides: regex(&[with_sides]),
            glued: regex(&grammar::glued(rule)),
            placeholders: regex(&grammar::placeholders()),
        }
    }

    /// Where keys begin.
    fn keys(&self, text: &str) -> Vec<usize> {
        let matches = self.with_sides.captures_iter(text).filter(|found| {
            let all = found.get_group(0).expect("all of it");
            let key = found.get_group(1).expect("the key");
            !self.glued.is_match(&text[all.range()]) && !self.placeholders.is_match(&text[key.range()])
        });
        matches.map(|found| found.get_group(1).expect("the key").start).collect()
    }
}

fn detected(detector: &Detector, text: &str) -> Vec<usize> {
    let plain = |found| match found {
        Found::Key(key) if key.encodings.is_empty() => Some(key.range.start),
        Found::Key(_) | Found::Placeholder(_) | Found::Packed { .. } => None,
    };
    detector.keys(text.as_bytes(), 0..text.len()).filter_map(plain).collect()
}

#[test]
fn the_grammar_judges_as_the_detector_does() {
    const BEFORE: &[&str] = &[
        "",
        " ",
        "\"",
        "=",
        "_",
        "-",
        ".",
        "@",
        ":",
        "/",
        "键",
        "é",
        "Bearer ",
        "s",
        "S",
        "9",
        "Echo",
        "text n",
        "u0022",
        "x0a",
        "%3",
        "%zz",
        "=3",
        "=G0",
        "[36m",
        "\\n",
        "\\t",
        "a\\r",
        "\\f",
        "\\b",
        "\\v",
        "\\0",
        "\\a",
        "\\1",
        "\\u0022",
        "b\\u003D",
        "\\u022",
        "\\x3D",
        "\\xg0",
        "\\012",
        "\\912",
        "%3D",
        "a%0a",
        "=3D",
        "\x1b[0m",
        "\\x1b[1;31m",
        "\\u001b[36m",
        "\\033[K",
        "\\e[m",
        "^[[2K",
        "\\u{1b}[m",
        "\\e[36x",
        "hopx_live_",
        "=\\n",
    ];
    const AFTER: &[&str] = &[
        "", "_", "__", "-", "=", ".", ".extra", "\"", "*", "_ a", "\\nmore", "%26", "键", "\x1b[0m", "A", "9", "z",
        "-A", "_9", "__-z", "-a -", " ", "\n",
    ];
    let (detector, mut keys) = (Detector::new(), Keys::new(41));
    let mut found = 0;
    for rule in Rule::ALL {
        let judge = Judge::new(rule);
        for before in BEFORE {
            for after in AFTER {
                let (one, other) = (keys.with_prefix(rule.prefix()), keys.with_prefix(rule.prefix()));
                let text = format!("{before}{one}{after},{before}{other}{after}");
                let expected = detected(&detector, &text);
                assert_eq!(judge.keys(&text), expected, "before {before:?} after {after:?}");
                found += expected.len();
            }
        }
    }
    assert!(found > 2_000, "only {found} keys found: nothing was compared");
}

#[test]
fn the_grammar_takes_random_keys_and_drops_placeholders() {
    let judges = Rule::ALL.map(Judge::new);
    let mut keys = Keys::new(42);
    for (rule, judge) in Rule::ALL.into_iter().zip(&judges) {
        for _ in 0..20_000 {
            assert_eq!(judge.keys(&keys.with_prefix(rule.prefix())), [0]);
        }
    }
    let (prefix, real) = (format!("hopx_live_{}.", keys.id()), keys.secret());
    let with = |part: &str| format!("{prefix}{}{part}{}", &real[..20], &real[20 + part.len()..]);
    let invented = ["-------", "___-__________", "0000000", "zzzzzzz", "0123456", "STUVWXY", "gfedcba", "9876543"];
    for run in invented {
        assert!(judges[0].keys(&with(run)).is_empty(), "{run} is no placeholder");
        let is_whole = detected(&Detector::new(), &with(run)).is_empty();
        assert!(is_whole, "{run} is a placeholder to the grammar alone");
    }
    for run in ["------", "abcdef", "765432"] {
        assert_eq!(judges[0].keys(&with(&format!("{run}_"))), [0], "{run} is too short");
    }
    // Of sentences only those with the character after `~` differ, which the detector keeps.
    let mut bytes = *b"this_is_a_fake_secret_for_tests!";
    for (place, byte, is_sentence) in
        [(0, b't', true), (1, b' ', true), (2, b'~', true), (9, 0x1f, false), (31, 0x80, false)]
    {
        let kept = std::mem::replace(&mut bytes[place], byte);
        assert_eq!(judges[0].keys(&format!("{prefix}{}", base64url(&bytes))).is_empty(), is_sentence, "{place}");
        bytes[place] = kept;
    }
}
