//! Pieces joined and not joined: every kind of break, everywhere in a key; and texts that must give nothing.

mod breaks;

use std::ops::Range;

use super::*;
use crate::detect::testing::keys_in;
use crate::key::PREFIX_LEN;
use crate::key::generate::Keys;
use breaks::{LINES, LITERALS, MARKUP};

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

/// Asserts that the detector finds one key, where it stands.
fn assert_found(text: &str, spans: &[Range<usize>], name: &str) {
    let found = keys_in(text.as_bytes());
    let found: Vec<_> = found.iter().map(|found| (found.range.clone(), found.encodings.as_slice())).collect();
    assert_eq!(found, [(spans[0].start..spans[KEY_LEN - 1].end, &[name][..])], "{text:?}");
}

/// The key that begins at `start`, with its first piece up to where no key goes on.
fn join_at(text: &[u8], start: usize) -> Option<Joined> {
    let text = &mut Text::new(text, &mut []);
    let joined = run(text, start, 0);
    join(text, start, joined)
}

/// All of a key's letters but the first four, which a break in markup may not cut.
fn first_place(gap: &str) -> usize {
    if MARKUP.contains(&gap) { 4 } else { 1 }
}

#[test]
fn every_break_at_every_place_up_to_four_times() {
    let mut keys = Keys::new(61);
    for gap in LITERALS.iter().chain(LINES).chain(MARKUP) {
        let name = NAMES[usize::from(MARKUP.contains(gap))];
        for round in 0..100 {
            let key = if round % 2 == 0 { keys.live() } else { keys.test() };
            let mut places = places(keys.rng(), 1 + round % MAX_BREAKS, KEY_LEN);
            places.retain(|place| *place >= first_place(gap));
            // Where `hopx` is cut, what is behind it is searched for.
            let is_cut = places.iter().any(|place| *place < 4);
            places.retain(|place| !(is_cut && (4..PREFIX_LEN).contains(place)));
            if places.is_empty() {
                continue;
            }
            let breaks: Vec<_> = places.iter().map(|&at| (at, *gap)).collect();
            for behind in ["", "\n", "\"\n", "\", \"next\"", "';\n--", "</t>\n"] {
                let (text, spans) = split(&key, &breaks, "x = \"", behind);
                assert_found(&text, &spans, name);
            }
        }
    }
}

#[test]
fn different_breaks_in_one_key() {
    let mut keys = Keys::new(62);
    for (round, kind) in [LITERALS, MARKUP].into_iter().cycle().enumerate().take(4_000) {
        let key = keys.live();
        let places: Vec<usize> = places(keys.rng(), 1 + round % MAX_BREAKS, KEY_LEN - 4);
        let breaks: Vec<_> = places.into_iter().map(|at| (at + 4, kind[keys.rng().usize(..kind.len())])).collect();
        let (text, spans) = split(&key, &breaks, "", "\"");
        assert_found(&text, &spans, NAMES[round % 2]);
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
            assert!(join_at(text.as_bytes(), spans[0].start).is_none(), "{text:?}");
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
        let joined = join_at(text.as_bytes(), start).unwrap_or_else(|| panic!("not found: {text:?}"));
        assert_eq!(*joined.key, *format!("hopx_live_{id}.{secret}").as_bytes(), "{text:?}");
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
        assert!(join_at(text.as_bytes(), 1).is_none(), "{text}");
    }
    // One byte more is too much.
    for (blanks, found) in [(MAX_SPLIT - 1, true), (MAX_SPLIT, false)] {
        let text = format!("hopx_live_{id}.\n{}{secret}", " ".repeat(blanks));
        assert_eq!(join_at(text.as_bytes(), 0).is_some(), found);
    }
}

/// Pieces are put together by guessing, so that neither end may go on.
#[test]
fn borders_hold_at_both_ends() {
    let mut keys = Keys::new(66);
    for gap in LITERALS.iter().chain(LINES).chain(MARKUP) {
        for (before, behind) in [("s", ""), ("", "a"), ("x9", "\""), ("\"", "-9"), ("[36m", "")] {
            let (text, _) = split(&keys.live(), &[(30, gap)], before, behind);
            assert_eq!(keys_in(text.as_bytes()).len(), 0, "{text:?}");
        }
    }
    // A made-up key that is too short does not take the name of the next setting; prose may follow a wrap.
    let key = keys.live();
    let short = format!("KEY={}\n", &key[..KEY_LEN - 5]);
    for (next, count) in [("OTHERS=1", 0), ("OTHEE=1", 0), ("OTHEE: x", 0), ("OTHEE (x)", 0), ("OTHEE is", 1)] {
        assert_eq!(keys_in((short.clone() + next).as_bytes()).len(), count, "{next}");
    }
}

#[test]
fn a_start_before_a_cut_prefix() {
    for (text, start) in [
        ("\"h\" + \"op\", \"x_live_", Some(1)),
        ("ho\n    px_test_", Some(0)),
        ("ho=\r\npx_test_", Some(0)),
        ("hop\\nx_live_", Some(0)),
        ("hop\\tx_live_", Some(0)),
        ("ho</span><span class=\"h\">px_live_", Some(0)),
        ("h&shy;opx_live_", Some(0)),
        ("hop\x1b[1;31mx_live_", Some(0)),
        ("ho\\u001b[mpx_live_", Some(0)),
        ("h\\u001b[1;31mopx_live_", Some(0)),
        ("ho\"]\n[1.01, \"o\", \"px_live_", Some(0)),
        ("hopx_live_", None),
        ("x_live_", None),
        ("h ax_live_", None),
    ] {
        let at = text.find("x_").unwrap();
        assert_eq!(start_before(text.as_bytes(), at), start, "{text}");
    }
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
    assert!(keys_in(text.as_bytes()).is_empty());
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
        assert_eq!(keys_in(text.as_bytes()).len(), 0, "{text}");
    }
}

#[test]
fn a_cut_key_takes_nothing_from_the_next() {
    let mut keys = Keys::new(69);
    for cut in 24..KEY_LEN {
        for gap in ["\n", "\", \"", "\n- ", "<br>"] {
            let text = format!("{}{gap}{}\n", &keys.live()[..cut], keys.live());
            let found = keys_in(text.as_bytes());
            let starts: Vec<_> = found.iter().map(|found| found.range.start).collect();
            assert_eq!(starts, [cut + gap.len()], "{text}");
        }
    }
}

/// Where two ways go on in the same manner, the one of fewer doubts is followed, whichever comes first.
#[test]
fn the_way_of_fewer_doubts_is_kept() {
    let way = |doubts| Way { gaps: [(9, 11); MAX_BREAKS], breaks: 1, kind: Kind::Split, joined: 20, end: 22, doubts };
    for (first, second) in [(1, 2), (2, 1)] {
        let mut ways = Fixed::new(way(0));
        keep(&mut ways, way(first));
        keep(&mut ways, way(second));
        assert_eq!(ways.as_slice().iter().map(|way| way.doubts).collect::<Vec<_>>(), [1]);
    }
}
