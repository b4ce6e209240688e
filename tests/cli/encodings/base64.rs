//! base64, alone and around more: every alignment, alphabet, width, newline, indentation and place.

use super::{AFTER, BEFORE, Table, in_file, surroundings};
use crate::encode::{Alphabet, Padding, Text, Wrap};
use crate::forms::{self, Form};
use crate::program::{Bench, id};

const ALPHABETS: [Alphabet; 2] = [Alphabet::Standard, Alphabet::Url];
const PADDINGS: [Padding; 2] = [Padding::Padded, Padding::Bare];
const NEWLINES: [&str; 11] =
    ["\n", "\r\n", "\\n", "\\r\\n", "&#10;", "&#xA;", "&#xa;", "&#13;&#10;", "&#xD;&#xA;", "%0A", "%0D%0A"];
const INDENTS: [&str; 5] = ["", "  ", "      ", "\t", "            "];

/// On one line: everything with everything.
#[test]
fn on_one_line() {
    let mut table = Table::new(700);
    for form in forms::base64() {
        for (alignment, before) in BEFORE.iter().enumerate() {
            for after in AFTER {
                for (file_before, file_after) in surroundings() {
                    let (key, number) = table.key();
                    let text = Text::plain(before.as_bytes(), key.as_bytes(), after.as_bytes());
                    let text = form.apply(text, table.rng()).placed(file_before, file_after);
                    table.found(format!("{}-{alignment}", form.id), text, number);
                }
            }
        }
    }
    table.check();
}

/// Wrapped at every width from 16 to 100, at every alignment, with every newline; the rest is drawn.
#[test]
fn wrapped() {
    let mut table = Table::new(701);
    for width in 16..=100 {
        for (alignment, before) in BEFORE.iter().enumerate() {
            for (kind, newline) in NEWLINES.iter().enumerate() {
                let (key, number) = table.key();
                let rng = table.rng();
                let indent = rng.choice(INDENTS).expect("some");
                let (alphabet, padding) = (rng.choice(ALPHABETS).expect("some"), rng.choice(PADDINGS).expect("some"));
                let after = rng.choice(AFTER).expect("some");
                let (file_before, file_after) = around(newline, indent, rng);
                let wrap = Wrap::new(width, format!("{newline}{indent}"));
                let text = Text::plain(before.as_bytes(), key.as_bytes(), after.as_bytes());
                let text = text.base64(alphabet, padding, Some(&wrap)).placed(&file_before, &file_after);
                table.found(format!("{width}-{alignment}-newline{kind}-indent{}", indent.len()), text, number);
            }
        }
    }
    table.check();
}

/// What is around encoded lines: a block in YAML or PEM, or a string that holds the newlines as escapes.
fn around(newline: &str, indent: &str, rng: &mut fastrand::Rng) -> (String, String) {
    if !newline.contains('\n') {
        let escaped = |lines: [&str; 2]| lines.map(|text| text.replace('\n', newline));
        let texts = [escaped(["\"", "\""]), escaped(["{\"data\": \"", "\n\"}\n"]), escaped(["data = '", "\n'"])];
        let [before, after] = rng.choice(texts).expect("some");
        return (before, after);
    }
    let (before, after) = rng
        .choice([
            ("", ""),
            ("", "\n"),
            ("data: |\n", "\n---\n"),
            ("-----BEGIN DATA-----\n", "\n-----END DATA-----\n"),
            ("# é\n\ndata: >-\n", "\n\nnext: 1\n"),
            ("{\n\"data\":\n", "\n}\n"),
            ("\n", ""),
        ])
        .expect("some");
    let line = |text: &str| text.replace('\n', newline);
    (format!("{}{indent}", line(before)), line(after))
}

/// In string literals that are joined, however long each is. A key that is whole in one of them is in base64 and no more.
#[test]
fn in_literals() {
    let mut table = Table::new(706);
    for (kind, (quote, between)) in [
        ("\"", "\" + \""),
        ("\"", "\" +\n    \""),
        ("\"", "\"\r\n  \""),
        ("\"", "\" \\\n        \""),
        ("'", "' . '"),
        ("'", "'..'"),
        ("'", "',\n  '"),
        ("`", "` + `"),
        ("\"", "\" & \""),
        ("\"", "\" <> \""),
        ("\"", "\" || \""),
    ]
    .into_iter()
    .enumerate()
    {
        for width in (16..=100).chain([150, 300]) {
            for before in BEFORE.iter().take(4) {
                let (key, number) = table.key();
                let (alphabet, padding) =
                    (table.rng().choice(ALPHABETS).expect("some"), table.rng().choice(PADDINGS).expect("some"));
                let text = Text::plain(before.as_bytes(), key.as_bytes(), b"\"}");
                let mut text = text.base64(alphabet, padding, Some(&Wrap::new(width, between)));
                if text.bytes[text.key.clone()].contains(&quote.as_bytes()[0]) {
                    text.names.insert(0, "split");
                }
                let text = text.placed(&format!("key = {quote}"), &format!("{quote}\n"));
                table.found(format!("{kind}-{width}-{}", before.len()), text, number);
            }
        }
    }
    table.check();
}

/// A text in literals is put together by guessing: where something is glued to the key in it, there is none.
#[test]
fn glued_in_literals() {
    let mut table = Table::new(707);
    for width in 20..=80 {
        for (before, after) in [("k = s", "\n"), ("k = ", "A\n"), ("k = ", "-9\n"), ("k = 0", "0\n")] {
            let (key, _) = table.key();
            let text = Text::plain(before.as_bytes(), key.as_bytes(), after.as_bytes());
            let text = text.base64(Alphabet::Standard, Padding::Padded, Some(&Wrap::new(width, "\" + \"")));
            table.nothing(format!("{width}-{}-{}", before.len(), after.len()), text.placed("\"", "\"\n"));
        }
    }
    table.check();
}

/// Every form of base64 around base64, UTF-16, gzip and zlib, at every alignment.
fn around_more(seed: u64, forms: Vec<Form>) {
    let mut table = Table::new(seed);
    for form in forms {
        for (alignment, before) in BEFORE.iter().enumerate() {
            for _ in 0..2 {
                let (key, number) = table.key();
                let after = table.rng().choice(AFTER).expect("some");
                let (file_before, file_after) = table.rng().choice(surroundings()).expect("some");
                let text = Text::plain(before.as_bytes(), key.as_bytes(), after.as_bytes());
                let text = form.apply(text, table.rng());
                table.found(format!("{}-{alignment}", form.id), in_file(text, file_before, file_after), number);
            }
        }
    }
    table.check();
}

#[test]
fn around_base64_and_utf16() {
    around_more(702, forms::base64_chains());
}

#[test]
fn around_gzip() {
    around_more(703, forms::gzip());
}

#[test]
fn around_zlib() {
    around_more(705, forms::zlib());
}

/// At level 0 nothing is packed: the key stands in base64 as it is, at an exact place, and in the stream as a whole.
#[test]
fn around_stored_zlib() {
    let mut bench = Bench::new(708);
    for (alignment, before) in BEFORE.iter().enumerate() {
        let key = bench.live();
        let plain = Text::plain(before.as_bytes(), key.as_bytes(), b"\"\n");
        // Two bytes of a header, five of a block's (RFC 1951 section 3.2.4).
        let text = plain.clone().zlib(0);
        let span = plain.key.start + 7..plain.key.end + 7;
        assert_eq!(text.bytes[span.clone()], *key.as_bytes());
        let stored = Text { key: span, names: vec![], ..text.clone() };
        let one_line = |text: Text| text.base64(Alphabet::Standard, Padding::Padded, None).placed("data: \"", "\"\n");
        let (stored, stream) = (one_line(stored), one_line(text));
        assert!(stored.bytes == stream.bytes);
        bench.write("stored.txt", &stored.bytes);
        let reported: Vec<_> = bench
            .findings()
            .iter()
            .map(|finding| {
                assert_eq!(finding["key_id"], id(&key));
                (finding["encodings"].clone(), finding["start"]["byte"].clone(), finding["end"]["byte"].clone())
            })
            .collect();
        let expected = |text: &Text| {
            let span = [text.key.start, text.key.end].map(serde_json::Value::from);
            let [start, end] = span;
            (serde_json::json!(text.names), start, end)
        };
        assert_eq!(reported, [expected(&stream), expected(&stored)], "alignment {alignment}");
    }
}

/// A long text in gzip or zlib, the key far from its start, at its end, and wrapped as Helm and cloud-init do it.
#[test]
fn around_long_streams() {
    let mut table = Table::new(704);
    for (lines, step) in [(10, 1), (1_000, 1), (20_000, 7)] {
        for form in forms::gzip().into_iter().chain(forms::zlib()).step_by(step) {
            let (key, number) = table.key();
            let noise: Vec<String> =
                (0..lines).map(|_| format!("{:x} = {:x}", table.rng().u16(..), table.rng().u64(..))).collect();
            let before = format!("{}\nkey = \"", noise.join("\n"));
            let text = Text::plain(before.as_bytes(), key.as_bytes(), b"\"\n");
            let text = form.apply(text, table.rng()).placed("release: \"", "\"\n");
            table.found(format!("{}-{lines}", form.id), text, number);
        }
    }
    table.check();
}
