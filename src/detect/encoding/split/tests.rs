//! Pieces joined and not joined: every kind of break, everywhere in a key; and texts that must give nothing.

use super::*;
use crate::key::generate::Keys;

/// Breaks at which literals meet.
const LITERALS: &[&str] = &[
    "\" + \"",
    "' + '",
    "\" \"",
    "\"\"",
    "''",
    "' . '",
    "'.'",
    "\" .. \"",
    "\"..\"",
    "\" & \"",
    "\" & _\r\n    \"",
    "\" <> \"",
    "' || '",
    "'||'",
    "\", \"",
    "','",
    "\",\n    \"",
    "\" +\n        \"",
    "\"\n    + \"",
    "\"\n  \"",
    "\" ++ \"",
    "\" ~ \"",
    "\"), (\"",
    "\" r\"",
    "' Rb'",
    "\" + f'",
    "\" L\"",
    "\" u8\"",
    "\" @\"",
    "\"\"\" \"\"\"",
    "` + `",
    "\\\" + \\\"",
    "\\\" +\\n\\t\\\"",
    "\\\"\\n\",\n    \"  \\\"",
    "\" \\\n  \"",
    "\" +\n+    \"",
    "\" +\n-    \"",
    "\",\n>   \"",
    "\"\n# \"",
    "\"\n//   \"",
    "\",\r\n * \"",
    "' +\n-- '",
    "\"\n\n\n\"",
];
/// Breaks of text without literals, and of a shell's words.
const LINES: &[&str] = &[
    "\n",
    "\r\n",
    "\r",
    "\\\n",
    " \\\n    ",
    "\n    ",
    "\n\t\t",
    "  \n  ",
    "\n+",
    "\n-",
    "\n ",
    "\n> ",
    "\n>> ",
    "\n> > ",
    "\n- ",
    "\n# ",
    "\n// ",
    "\n * ",
    "\n-- ",
    "\n;; ",
    "\n+    # ",
    "\n-// ",
    "\\n",
    "\\r\\n",
    "\\\\n",
    "\\n\\t",
    "'",
    "\"",
    "\\\"",
    "`",
    "\x1b[m\x1b[K",
    "\x1b[0m",
    "\\u001b[1;31m",
    "\\x1b[0m",
    "\\033[0m",
];

/// A key with breaks in it, and where its characters are.
fn split(key: &str, breaks: &[(usize, &str)], before: &str, behind: &str) -> (String, Vec<Range<usize>>) {
    let mut text = before.to_owned();
    let mut spans = Vec::new();
    for (place, character) in key.chars().enumerate() {
        breaks.iter().filter(|(at, _)| *at == place).for_each(|(_, gap)| text.push_str(gap));
        spans.push(text.len()..text.len() + 1);
        text.push(character);
    }
    text.push_str(behind);
    (text, spans)
}

/// Places for breaks in the first `len` characters.
fn places(rng: &mut fastrand::Rng, count: usize, len: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (1..len).collect();
    rng.shuffle(&mut places);
    places.truncate(count);
    places
}

/// Asserts that a key is found, by the offset of its `h` and, where that is to be, by its `x_live_`.
fn assert_found(text: &str, key: &str, spans: &[Range<usize>], behind: &str) {
    let joined = join(text.as_bytes(), spans[0].start, 4).unwrap_or_else(|| panic!("not found: {text:?}"));
    let behind = &behind[..behind.len().min(4)];
    assert_eq!(joined.text, [key, behind].concat().as_bytes(), "{text:?}");
    assert_eq!(joined.spans[..KEY_LEN], *spans, "{text:?}");
    let tail: Vec<usize> = joined.spans[KEY_LEN..].iter().map(|span| span.start).collect();
    assert_eq!(tail, (spans[KEY_LEN - 1].end..).take(behind.len()).collect::<Vec<_>>());
    let x = spans[3].start;
    if text[x..].starts_with("x_live_") || text[x..].starts_with("x_test_") {
        let start = (x - spans[0].start > 3).then_some(spans[0].start);
        assert_eq!(starts(text.as_bytes(), x).next(), start, "{text:?}");
    }
}

#[test]
fn every_break_at_every_place_up_to_four_times() {
    let mut keys = Keys::new(61);
    for gap in LITERALS.iter().chain(LINES) {
        for round in 0..200 {
            let key = if round % 2 == 0 { keys.live() } else { keys.test() };
            let places = places(keys.rng(), 1 + round % MAX_BREAKS, KEY_LEN);
            let breaks: Vec<_> = places.iter().map(|&at| (at, *gap)).collect();
            for behind in ["", "\n", "\"\n", "\", \"next\"", "';\n--", "\n-    \"x\"\n"] {
                let (text, spans) = split(&key, &breaks, "x = \"", behind);
                assert_found(&text, &key, &spans, behind);
            }
        }
    }
}

#[test]
fn different_breaks_in_one_key() {
    let mut keys = Keys::new(62);
    for round in 0..4_000 {
        let key = keys.live();
        let breaks: Vec<_> = places(keys.rng(), 1 + round % MAX_BREAKS, KEY_LEN)
            .into_iter()
            .map(|at| (at, LITERALS[keys.rng().usize(..LITERALS.len())]))
            .collect();
        let (text, spans) = split(&key, &breaks, "", "\"");
        assert_found(&text, &key, &spans, "\"");
    }
}

#[test]
fn five_breaks_are_too_many() {
    let mut keys = Keys::new(63);
    for gap in LITERALS.iter().chain(LINES) {
        for _ in 0..50 {
            let key = keys.live();
            // A last piece of four characters could be made up for by four margins.
            let breaks: Vec<_> =
                places(keys.rng(), MAX_BREAKS + 1, KEY_LEN - MAX_BREAKS).into_iter().map(|at| (at, *gap)).collect();
            let (text, spans) = split(&key, &breaks, "\"", "\"\n");
            assert!(join(text.as_bytes(), spans[0].start, 0).is_none(), "{text:?}");
        }
    }
}

#[test]
fn a_full_stop_and_a_minus_are_what_makes_a_key() {
    let mut keys = Keys::new(64);
    let (id, secret) = (keys.id(), keys.secret());
    // 43 characters with a minus at each line's start.
    let dashed = ["-", &secret[1..20], "-", &secret[21..]].concat();
    for (text, secret) in [
        (format!("'hopx_live_'.'{id}'.'.'.'{secret}'"), &secret),
        (format!("'hopx_live_' . '{id}' . '.' . '{secret}'"), &secret),
        (format!("'hopx_live_{id}.' . '{secret}'"), &secret),
        (format!("hopx_live_'{id}'.'{secret}'"), &secret),
        (format!("-hopx_live_{id}.\n-{}\n-{}\n-b\n", &secret[..20], &secret[20..]), &secret),
        (format!("-hopx_live_{id}.\n-{}\n-{}\n-b\n", &dashed[..20], &dashed[20..]), &dashed),
        (format!(" hopx_live_{id}.\n {}\n {}\n b\n", &dashed[..20], &dashed[20..]), &dashed),
        (format!("- hopx_live_{id}.\n- {}\n- {}\n- b\n", &dashed[..20], &dashed[20..]), &dashed),
    ] {
        let start = text.find("hopx").unwrap();
        let joined = join(text.as_bytes(), start, 0).unwrap_or_else(|| panic!("not found: {text:?}"));
        assert_eq!(joined.text, format!("hopx_live_{id}.{secret}").as_bytes(), "{text:?}");
    }
}

#[test]
fn not_a_break() {
    let mut keys = Keys::new(65);
    let (id, secret) = (keys.id(), keys.secret());
    for gap in [
        "",
        " ",
        "  \t",
        " . ",
        "+",
        " + ",
        ", ",
        "\\",
        "<>",
        " & ",
        "||",
        "; ",
        "\" - \"",
        "\": \"",
        "\" = \"",
        "\" + x + \"",
        "\" + // x\n \"",
        "=\n",
        "\n\n",
        "\n+-+-",
        "\"\n",
        "\n\"",
        "\" +",
        "\" _ \"",
        "\" rbf\"",
    ] {
        let text = format!("\"hopx_live_{id}{gap}.{secret}\"");
        assert!(join(text.as_bytes(), 1, 0).is_none(), "{text}");
    }
    // One byte more is too much.
    for (blanks, found) in [(MAX_BREAK - 1, true), (MAX_BREAK, false)] {
        let text = format!("hopx_live_{id}.\n{}{secret}", " ".repeat(blanks));
        assert_eq!(join(text.as_bytes(), 0, 0).is_some(), found);
    }
}

#[test]
fn the_right_border_is_the_callers_but_an_open_one_wins() {
    let key = Keys::new(66).live();
    let text = format!("hopx_\"\"{}a\" \"bc\"", &key[5..]);
    assert_eq!(join(text.as_bytes(), 0, 3).unwrap().text, format!("{key}a\" ").as_bytes());
    // A made-up key that is too short does not take the name of the next setting; prose may follow a wrap.
    let short = format!("KEY={}\n", &key[..KEY_LEN - 5]);
    for (next, found) in
        [("OTHERS=1", true), ("OTHEE=1", false), ("OTHEE: x", false), ("OTHEE (x)", false), ("OTHEE is", true)]
    {
        let text = short.clone() + next;
        let joined = join(text.as_bytes(), 4, 9);
        let open = joined.is_some_and(|joined| border::open_right(&joined.text, KEY_LEN));
        assert_eq!(open, found && next.starts_with("OTHEE"), "{next}");
    }
}

#[test]
fn a_start_before_a_cut_prefix() {
    for (text, start) in [
        ("\"h\" + \"op\", \"x_live_", Some(1)),
        ("ho\n    px_test_", Some(0)),
        ("hop\\nx_live_", Some(0)),
        ("hop\\tx_live_", Some(0)),
        ("hopx_live_", None),
        ("x_live_", None),
        ("h ax_live_", None),
        ("hop_x_live_", None),
    ] {
        let at = text.find("x_").unwrap();
        assert_eq!(starts(text.as_bytes(), at).next(), start, "{text}");
    }
}

/// How many keys are found, as a detector would look for them.
fn count(text: &[u8]) -> usize {
    let whole = memchr::memmem::find_iter(text, "hopx");
    let cut = ["x_live_", "x_test_"].into_iter().flat_map(|x| memchr::memmem::find_iter(text, x));
    whole
        .chain(cut.flat_map(|at| starts(text, at)))
        .filter(|&start| border::open_left(text, start))
        .filter_map(|start| join(text, start, border::REACH))
        .filter(|joined| border::open_right(&joined.text, KEY_LEN))
        .count()
}

#[test]
fn nothing_in_text_made_of_what_keys_are_made_of() {
    const WORDS: &[&str] = &[
        "hopx_live_",
        "hopx_test_",
        "\"hopx_live_\"",
        "'hopx_test_'",
        "hopx",
        "hopx_",
        "hop",
        "x_live_",
        "h",
        "live_",
        "HOPX_API_KEY=",
        "import",
        "hopx_ai",
        "hopx_live_test.go",
        ".",
        "-",
        "_",
        "|",
        "---",
        "=",
        " + ",
        ", ",
        "\"",
        "'",
        "`",
        "\\\"",
        "\\n",
        "\\",
        "\n",
        "\r\n",
        "\n+",
        "\n-",
        "\n    ",
        "\n// ",
        "\", \"",
        "' . '",
        "\" + \"",
        "\"\"",
        "(",
        ")",
        ";",
        "{",
        "the",
        "of",
        "a",
        "sandbox",
        "client",
        "organization",
        "getSecretKey",
        "environment",
    ];
    let mut keys = Keys::new(67);
    let mut text = String::new();
    while text.len() < 8 << 20 {
        match keys.rng().u8(..16) {
            0 => text += &keys.id()[keys.rng().usize(1..8)..],
            1 => text.extend(['.', '"'].into_iter().chain(keys.secret().chars().skip(keys.rng().usize(9..40)))),
            2 => text.extend((0..keys.rng().usize(..40)).map(|_| char::from(keys.rng().u8(b' '..=b'~')))),
            3 => text.push_str("hopx_live_"),
            4 => text += &keys.live()[..keys.rng().usize(9..23)],
            5..8 => text.push(' '),
            _ => text += WORDS[keys.rng().usize(..WORDS.len())],
        }
    }
    assert!(text.matches("hopx_live_").count() > 100_000);
    assert_eq!(count(text.as_bytes()), 0);
}

#[test]
fn nothing_in_ordinary_text() {
    for text in [
        "from hopx_ai import Sandbox\nimport hopx\n\nhopx.run()\n",
        "- hopx\n- hopx_live_\n- abcdefghijkl\n- and\n- more\n",
        "| prefix | kind |\n|---|---|\n| `hopx_live_` | production |\n| `hopx_test_` | test |\n",
        "if key.startswith(\"hopx_live_\") or key.startswith(\"hopx_test_\"):\n    authorization.use_the_production_environment_of_the_key()\n",
        "A key is `hopx_live_<id>.<secret>`, with `hopx_live_`\nfollowed by twelve letters.",
        "const a=\"hopx_live_\",b=organization.getTheSecretKeyOfTheProductionEnvironment0,c=\"\";",
        "\"hopx_live_\" +\n  configuration.environmentSecretKeyOfTheProductionSystem0 + \"\"",
        "\"hopx_live_\"\n+ organization.getTheSecretKeyOfTheProductionEnvironmentA",
        "[\"hopx_live_\", \"hopx_test_\", \"sk_live_\", \"pk_live_\", \".\", \"-\"]",
        "HOPX_API_KEY=hopx_live_...\nHOPX_BASE_URL=https://api.hopx.dev\n",
        "HOPX_API_KEY=\"hopx_live_XXXXXXXXXXXX.YYYYYYYYYYYYYYYYYYYYYYYY\"\nOTHER=\"x\"\n",
    ] {
        assert_eq!(count(text.as_bytes()), 0, "{text}");
    }
}

#[test]
fn a_cut_key_takes_nothing_from_the_next() {
    let mut keys = Keys::new(69);
    for cut in 24..KEY_LEN {
        for gap in ["\n", "\", \"", "\n- "] {
            let text = format!("{}{gap}{}\n", &keys.live()[..cut], keys.live());
            assert_eq!(count(text.as_bytes()), 0, "{text}");
        }
    }
}

/// Nothing beyond [`REACH`] is looked at, and no more than [`MAX_WAYS`] ways are followed.
#[test]
fn text_made_to_cost_much_is_bounded() {
    let head = format!("hopx_live_{}", Keys::new(68).id());
    for filler in [
        "\"", "'.", "\n", "\n-", "\n---", "'-'", "\n-a", "-\n", "\\", "\\\"", " ", "\"a", "'.'a'", "\r", "<>",
        "\"\n--", "\n--a-", "\n-\n--", "\\n-", "_\n\"", "\"r", "\" r", "\"-", "\"-\n-",
    ] {
        for head in ["h", "hopx", "hopx_live_", &head, &format!("{head}."), &format!("{head}.a")] {
            let text = head.to_owned() + &filler.repeat(10_000);
            let found = join(text.as_bytes(), 0, 10);
            let near = join(&text.as_bytes()[..REACH + border::REACH], 0, 10);
            assert_eq!(found.as_ref().map(|joined| &joined.spans), near.as_ref().map(|joined| &joined.spans));
            assert!(starts(text.as_bytes(), text.len()).all(|start| start + 3 * MAX_BREAK + 3 >= text.len()));
        }
    }
    let way = |end| Way { gaps: [const { 0..0 }; MAX_BREAKS], breaks: 0, joined: 1, end, doubts: 0 };
    let mut ways = Vec::new();
    (0..10 * MAX_WAYS).for_each(|end| keep(&mut ways, way(end % (5 * MAX_WAYS))));
    assert_eq!(ways.len(), MAX_WAYS);
}
