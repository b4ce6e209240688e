//! The rule files for other scanners: they are what the grammar gives, and the grammar is the detector's.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use hopx_leaks::detect::{Detector, Found};
use hopx_leaks::key::{KEY_LEN, PUBLIC_LEN, Rule, SECRET_ENDS};
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

/// The rules as scanners apply them: every match of an expression, in turn, but for placeholders.
struct Judge {
    keys: [Regex; 2],
    any: Regex,
    line: Regex,
    /// The two lists of placeholders.
    placeholders: [Regex; 2],
}

static JUDGE: LazyLock<Judge> = LazyLock::new(|| {
    let regex = |patterns: &[String]| Regex::new_many(patterns).expect("an expression");
    Judge {
        keys: Rule::ALL.map(|rule| regex(&[grammar::key(rule)])),
        any: regex(&[grammar::any_key("", "")]),
        line: regex(&[grammar::posix()]),
        placeholders: [grammar::placeholders(), grammar::compact_placeholders()].map(|list| regex(&list)),
    }
});

impl Judge {
    /// Where keys begin. All expressions agree on it.
    fn keys(&self, text: &str) -> Vec<usize> {
        let matches = |regex: &Regex| regex.find_iter(text).map(|found| found.range()).collect::<Vec<_>>();
        let mut shaped: Vec<_> = self.keys.iter().flat_map(matches).collect();
        shaped.sort_unstable_by_key(|range| range.start);
        assert_eq!(matches(&self.any), shaped, "the expression for any key");
        for line in text.split('\n') {
            let found = self.line.find(line).map(|found| found.range());
            assert_eq!(found, self.any.is_match(line).then_some(0..line.len()), "the expression for a line");
        }
        let is_placeholder = |key: &str| {
            let [is_listed, is_in_few] = self.placeholders.each_ref().map(|list| list.is_match(key));
            assert_eq!(is_listed, is_in_few, "the lists of placeholders");
            is_listed
        };
        shaped.retain(|range| !is_placeholder(&text[range.clone()]));
        shaped.into_iter().map(|range| range.start).collect()
    }
}

/// Where keys begin that are not encoded.
fn detected(text: &str) -> Vec<usize> {
    static DETECTOR: LazyLock<Detector> = LazyLock::new(Detector::new);
    let plain = |found| match found {
        Found::Key(key) if key.encodings.is_empty() => Some(key.range.start),
        Found::Key(_) | Found::Placeholder(_) | Found::Packed { .. } => None,
    };
    DETECTOR.keys(text.as_bytes(), 0..text.len()).filter_map(plain).collect()
}

/// What both say, and have to say alike.
fn keys_in(text: &str, what: &str) -> Vec<usize> {
    let (judged, detected) = (JUDGE.keys(text), detected(text));
    assert_eq!(judged, detected, "the grammar against the detector: {what}");
    judged
}

#[test]
fn a_key_is_found_whatever_stands_beside_it() {
    const BEFORE: &[&str] = &[
        "",
        "键",
        "é",
        "Bearer ",
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
        "\\u0041",
        "\\u022",
        "\\x3D",
        "\\xg0",
        "\\012",
        "\\912",
        "%3D",
        "a%0a",
        "%41",
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
        "hopx_",
        "hopx_test_hopx_live_",
        "hopx_live_abcdefghijkl.",
        "=\\n",
    ];
    const AFTER: &[&str] = &[
        "",
        "__",
        ".extra",
        "_ a",
        "\\nmore",
        "%26",
        "键",
        "\x1b[0m",
        "-A",
        "_9",
        "__-z",
        "-a -",
        "_key",
        "-old.txt",
        "hopx",
        "hopx_live_",
        ".hopx_test_",
    ];
    let ascii: Vec<String> = (0..128_u8).map(|byte| char::from(byte).to_string()).collect();
    let neighbours = |few: &[&str]| few.iter().map(|&one| one.to_owned()).chain(ascii.clone()).collect::<Vec<_>>();
    let mut keys = Keys::new(41);
    for rule in Rule::ALL {
        for before in neighbours(BEFORE) {
            for after in neighbours(AFTER) {
                let (one, other) = (keys.with_prefix(rule.prefix()), keys.with_prefix(rule.prefix()));
                let text = format!("{before}{one}{after},{before}{other}{after}");
                let second = before.len() + KEY_LEN + after.len() + 1 + before.len();
                let found = keys_in(&text, &format!("before {before:?} after {after:?}"));
                assert_eq!(found, [before.len(), second], "before {before:?} after {after:?}");
            }
        }
    }
}

#[test]
fn keys_that_touch_are_all_found() {
    let mut keys = Keys::new(43);
    for _ in 0..2_000 {
        let prefixes: [Rule; 4] = std::array::from_fn(|_| Rule::ALL[keys.rng().usize(..2)]);
        let text = prefixes.map(|rule| keys.with_prefix(rule.prefix())).concat();
        assert_eq!(keys_in(&text, "four keys"), [0, KEY_LEN, 2 * KEY_LEN, 3 * KEY_LEN]);
    }
}

/// The rest of a key that was cut and the beginning of another may have a key's shape. The detector sees the second one
/// even so; expressions take both for one.
#[test]
fn a_key_behind_one_that_was_cut_in_its_secret_is_all_that_can_be_missed() {
    let mut keys = Keys::new(44);
    let mut missed = 0;
    for cut in (0..KEY_LEN).cycle().take(50 * KEY_LEN) {
        let text = format!("{}{}", &keys.live()[..cut], keys.live());
        assert!(detected(&text).contains(&cut), "cut at {cut}");
        // A full stop before the 21st character of what would be the secret shows that it is none.
        let looks_whole = cut > PUBLIC_LEN + 20 && SECRET_ENDS.contains(&text.as_bytes()[KEY_LEN - 1]);
        assert_eq!(JUDGE.keys(&text), [if looks_whole { 0 } else { cut }], "cut at {cut}");
        missed += usize::from(looks_whole);
    }
    assert!(missed > 0, "no cut key looked whole");
}

#[test]
fn nothing_else_has_the_shape() {
    let mut keys = Keys::new(45);
    let ascii = || (0..128_u8).map(char::from);
    let (mut kept, mut all) = (0, 0);
    let mut compare = |text: &str, what: &str| {
        kept += keys_in(text, what).len();
        all += 1;
    };
    for rule in Rule::ALL {
        for place in 0..KEY_LEN {
            for other in ascii() {
                let key = keys.with_prefix(rule.prefix());
                let (head, tail) = key.split_at(place);
                compare(&format!(" {head}{other}{} ", &tail[1..]), &format!("{other:?} for character {place}"));
                compare(&format!(" {head}{other}{tail} "), &format!("{other:?} before character {place}"));
            }
            let key = keys.with_prefix(rule.prefix());
            compare(&format!(" {}{} ", &key[..place], &key[place + 1..]), &format!("without character {place}"));
        }
    }
    // Characters of the id and of the secret may be others of their kind, and those behind a key are none of it.
    assert!((6_000..14_000).contains(&kept) && all > 30_000, "{kept} of {all} are keys");
}

#[test]
fn the_grammar_takes_random_keys() {
    let mut keys = Keys::new(42);
    for rule in Rule::ALL {
        for _ in 0..20_000 {
            assert_eq!(JUDGE.keys(&keys.with_prefix(rule.prefix())), [0]);
        }
    }
}

#[test]
fn the_grammar_drops_placeholders_at_the_same_edge() {
    let mut keys = Keys::new(46);
    let (prefix, real) = (format!("hopx_live_{}.", keys.id()), keys.secret());
    let with = |part: &str| format!("{prefix}{}{part}{}", &real[..20], &real[20 + part.len()..]);
    let invented = ["-------", "___-__________", "0000000", "zzzzzzz", "0123456", "STUVWXY", "gfedcba", "9876543"];
    for run in invented {
        assert!(keys_in(&with(run), run).is_empty(), "{run} is no placeholder");
    }
    for run in ["------", "abcdef", "765432"] {
        assert_eq!(keys_in(&with(&format!("{run}_")), run), [0], "{run} is too short");
    }
    let (small, capital) = (real.to_ascii_lowercase(), real.to_ascii_uppercase());
    for (secret, end, is_kept) in [
        (&small, '0', false),
        (&small, 'c', false),
        (&small, 'A', true),
        (&capital, '0', false),
        (&capital, 'A', false),
        (&capital, 'c', true),
    ] {
        let found = keys_in(&format!("{prefix}{}{end}", &secret[..42]), "letters of one case");
        assert_eq!(found.len(), usize::from(is_kept), "{end}");
    }
}

#[test]
fn the_grammar_drops_the_placeholders_that_the_detector_drops() {
    const ALPHABET: &[u8] = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
    let mut keys = Keys::new(47);
    let mut dropped = [0; 3];
    for round in 0..30_000 {
        let prefix = format!("hopx_test_{}.", keys.id());
        let mut secret = keys.secret().into_bytes();
        let rng = keys.rng();
        match round % 3 {
            // A run of six to eight characters, or one that leaves the alphabet.
            0 => {
                let (len, step) = (rng.usize(6..=8), rng.choice([-1, 0, 1]).expect("a step"));
                let from = rng.usize(..43 - len);
                let mut character = rng.choice(ALPHABET.iter().copied()).expect("a character");
                for place in &mut secret[from..from + len] {
                    *place = character;
                    let next = character.wrapping_add_signed(step);
                    character = if ALPHABET.contains(&next) { next } else { b'_' };
                }
            }
            // Letters of one case, but for one of the other in every second secret.
            1 => {
                let is_small = rng.bool();
                let (wanted, other) = if is_small { (b"c", b"A") } else { (b"A", b"c") };
                secret[42] = wanted[0];
                for c in &mut secret {
                    *c = if is_small { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() };
                }
                if rng.bool() {
                    secret[rng.usize(..43)] = other[0];
                }
            }
            // A sentence, with any byte in it but the one after `~`, where the grammar drops more.
            _ => {
                let mut bytes: [u8; 32] = std::array::from_fn(|_| rng.u8(b' '..=b'~'));
                if rng.bool() {
                    let byte = rng.u8(..);
                    bytes[rng.usize(..32)] = if byte == 0x7f { 0xff } else { byte };
                }
                secret = base64url(&bytes).into_bytes();
            }
        }
        let text = prefix + std::str::from_utf8(&secret).expect("ASCII");
        let found = keys_in(&text, &format!("kind {}", round % 3));
        dropped[round % 3] += usize::from(found.is_empty());
    }
    assert!(dropped.iter().all(|&count| (3_000..9_000).contains(&count)), "{dropped:?} of 10,000 each are dropped");
}

#[test]
fn the_grammar_drops_more_than_the_detector_in_one_way() {
    let mut bytes = *b"this_is_a_fake_secret_for_tests!";
    bytes[31] = 0x7f;
    let text = format!("hopx_live_{}.{}", Keys::new(48).id(), base64url(&bytes));
    assert_eq!((JUDGE.keys(&text), detected(&text)), (vec![], vec![0]));
}
