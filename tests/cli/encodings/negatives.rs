//! What is encoded and is no key: placeholders, near misses, and encoded keys that are cut short.

use super::{MIDDLE, Table, in_file};
use crate::encode::Text;
use crate::forms::{self, Form};
use crate::keys::base64url;
use crate::split::{JOINS, breaks};

const LAST: &str = "AEIMQUYcgkosw048";
const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// All forms but gzip.
fn forms() -> Vec<Form> {
    [forms::singles(), forms::chains(), forms::utf16_files()].into_iter().flatten().collect()
}

/// Texts with the shape of a key that nobody issued.
fn placeholders(id: &str, real: &str) -> Vec<(&'static str, String)> {
    let with = |part: &str| format!("{part}{}", &real[part.len()..]);
    let secrets = [
        ("one-letter", "A".repeat(43)),
        ("one-digit", "0".repeat(43)),
        ("few-letters", format!("{}A", "abcDEF123_-".repeat(4).get(..42).expect("long"))),
        ("ascending", with("abcdefghijkl")),
        ("descending", with("9876543210")),
        ("run", with("kkkkkkkkk")),
        ("sentence", base64url(b"this_is_a_fake_secret_for_tests!")),
    ];
    secrets.map(|(name, secret)| (name, format!("hopx_live_{id}.{secret}"))).into()
}

/// What is around it, what it is, its name: texts that are nearly keys.
fn near_misses(key: &str, last: char) -> Vec<(&'static str, &'static str, String)> {
    let (prefix, id, secret) = (&key[..10], &key[10..22], &key[23..]);
    vec![
        ("secret-of-42", "\"", key[..65].to_owned()),
        ("secret-of-42-first", "", format!("{prefix}{id}.{}", &secret[1..])),
        ("last-character", "=", format!("{}{last}", &key[..65])),
        ("id-of-11", "", format!("{prefix}{}.{secret}", &id[..11])),
        ("id-of-13", "k=", format!("{prefix}{id}A.{secret}")),
        ("upper-cased-prefix", "", format!("{}{}", prefix.to_uppercase(), &key[10..])),
        ("upper-cased-live", "", format!("hopx_LIVE_{}", &key[10..])),
        ("stop", "", format!("{prefix}{id}:{secret}")),
    ]
}

#[test]
fn placeholders_are_counted_and_not_found() {
    let mut table = Table::new(740);
    for form in forms() {
        let (id, real) = (table.bench.keys().id(), table.bench.keys().secret());
        for (name, text) in placeholders(&id, &real) {
            for before in ["", "=", "k="] {
                let text = Text::plain(before.as_bytes(), text.as_bytes(), b"\"");
                let text = form.apply(text, table.rng());
                table.nothing(format!("{name}-{}", form.id), in_file(text, MIDDLE[0].0, MIDDLE[0].1));
            }
        }
    }
    let report = table.check();
    assert_eq!(report["coverage"]["placeholders"], table.cases.len(), "each is counted once");
}

#[test]
fn placeholders_in_pieces() {
    let mut table = Table::new(741);
    for join in JOINS {
        let (id, real) = (table.bench.keys().id(), table.bench.keys().secret());
        for (name, text) in placeholders(&id, &real) {
            let places = breaks(2, text.len(), table.rng());
            table.nothing(format!("{name}-{}", join.id), join.apply(&text, &places));
        }
    }
    table.check();
}

/// A last character that no key has.
fn wrong_last(rng: &mut fastrand::Rng) -> char {
    let wrong = ALPHABET.chars().filter(|c| !LAST.contains(*c) && c.is_alphanumeric());
    rng.choice(wrong.collect::<Vec<_>>()).expect("some")
}

#[test]
fn near_misses_are_not_found() {
    let mut table = Table::new(742);
    for form in forms() {
        let (key, _) = table.key();
        let last = wrong_last(table.rng());
        for (name, before, text) in near_misses(&key, last) {
            let text = Text::plain(before.as_bytes(), text.as_bytes(), b"\"}");
            let text = form.apply(text, table.rng());
            let (before, after) = MIDDLE[table.cases.len() % MIDDLE.len()];
            table.nothing(format!("{name}-{}", form.id), in_file(text, before, after));
        }
    }
    table.check();
}

/// Keys that something is glued to: in pieces they are none.
fn longer(key: &str) -> Vec<(&'static str, &'static str, String)> {
    vec![
        ("other-vendor", "s", key.to_owned()),
        ("word-before", "k=Echo", key.to_owned()),
        ("secret-of-44", "", format!("{key}A")),
        ("secret-of-44-hyphen", "k=", format!("{key}-A")),
    ]
}

/// Never with a break at the end of a key: what comes after that may be the next literal.
#[test]
fn near_misses_in_pieces() {
    let mut table = Table::new(743);
    for join in JOINS {
        for count in 1..=3 {
            let (key, _) = table.key();
            let last = wrong_last(table.rng());
            for (name, before, text) in near_misses(&key, last).into_iter().chain(longer(&key)) {
                let places = breaks(count, 65, table.rng());
                let text = join.apply(&text, &places).placed(before, "");
                // What is glued to the key is glued inside of its quote.
                let text = if before.is_empty() { text } else { glued(join, before, &text) };
                table.nothing(format!("{name}-{}-{places:?}", join.id), text);
            }
        }
    }
    table.check();
}

/// Moves what stands before the statement into its first literal.
fn glued(join: &crate::split::Join, before: &str, text: &Text) -> Text {
    let rest = &text.bytes[before.len() + join.open.len()..];
    Text::plain(&[join.open.as_bytes(), before.as_bytes()].concat(), rest, b"")
}

/// The file ends before the encoded key does: by four bytes at least, since a last `;` or brace is no great loss, nor
/// is the zero byte at the end of UTF-16 in base64.
#[test]
fn cut_short() {
    let mut table = Table::new(744);
    for form in forms() {
        for before in ["", "=", "k=", "api_key = \""] {
            let (key, _) = table.key();
            let text = Text::plain(before.as_bytes(), key.as_bytes(), b"\"");
            let text = form.apply(text, table.rng());
            let text = in_file(text, MIDDLE[0].0, MIDDLE[0].1);
            let last = text.key.end - 4;
            let end = table.rng().usize(text.key.start..last);
            for end in [end, last] {
                table.nothing(format!("{}-{end}", form.id), text.clone().cut(end));
            }
        }
    }
    for join in JOINS {
        for count in 1..=4 {
            let (key, _) = table.key();
            let places = breaks(count, key.len(), table.rng());
            let text = join.apply(&key, &places);
            let end = table.rng().usize(text.key.start..text.key.end);
            table.nothing(format!("{}-{end}", join.id), text.cut(end));
        }
    }
    table.check();
}
