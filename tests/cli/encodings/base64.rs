//! base64, alone and around more: every alignment, alphabet, width, newline, indentation and place.

use super::{AFTER, BEFORE, Table, in_file, surroundings};
use crate::encode::{Alphabet, Padding, Text, Wrap};
use crate::forms::{self, Form};

const ALPHABETS: [Alphabet; 2] = [Alphabet::Standard, Alphabet::Url];
const PADDINGS: [Padding; 2] = [Padding::Padded, Padding::Bare];
const NEWLINES: [&str; 4] = ["\n", "\r\n", "\\n", "\\r\\n"];
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
    if newline.starts_with('\\') {
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

/// Every form of base64 around base64, UTF-16 and gzip, at every alignment.
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

/// A long text in gzip, the key far from its start, at its end, and wrapped as Helm and cloud-init do it.
#[test]
fn around_long_gzip() {
    let mut table = Table::new(704);
    for (lines, step) in [(10, 1), (1_000, 1), (20_000, 7)] {
        for form in forms::gzip().into_iter().step_by(step) {
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
