//! What is a key and what is not, told by the whole program.
//!
//! A table of texts becomes a folder with one file a row, and one run tells what was found in each. Where a key should
//! be found, the place is computed here in the plainest way there is: decode everything before it, count.

mod edges;
mod near_misses;
mod neighbours;
mod placeholders;
mod serialised;
mod wild;

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use hopx_leaks::key::KEY_LEN;
use serde_json::Value;

use crate::program::{Bench, id};

/// How a text is written to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Utf8,
    Utf16Le,
    Utf16Be,
}

impl Form {
    const ALL: [Form; 3] = [Form::Utf8, Form::Utf16Le, Form::Utf16Be];
    const UTF16: [Form; 2] = [Form::Utf16Le, Form::Utf16Be];

    /// Bytes of an ASCII character.
    fn unit(self) -> usize {
        match self {
            Form::Utf8 => 1,
            Form::Utf16Le | Form::Utf16Be => 2,
        }
    }

    /// What a report calls it.
    fn encodings(self) -> Vec<String> {
        match self {
            Form::Utf8 => vec![],
            Form::Utf16Le => vec!["utf-16le".to_owned()],
            Form::Utf16Be => vec!["utf-16be".to_owned()],
        }
    }

    fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Form::Utf8 => text.as_bytes().to_vec(),
            Form::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Form::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        }
    }

    fn decode(self, bytes: &[u8]) -> String {
        let from_units = |unit: fn([u8; 2]) -> u16| {
            let units = bytes.as_chunks::<2>().0.iter().map(|&bytes| unit(bytes));
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        };
        match self {
            Form::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Form::Utf16Le => from_units(u16::from_le_bytes),
            Form::Utf16Be => from_units(u16::from_be_bytes),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    byte: usize,
    line: usize,
    column: usize,
}

/// A finding, as far as detection decides it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    start: Place,
    end: Place,
    id: String,
    encodings: Vec<String>,
    confidence: String,
}

impl Found {
    fn new(finding: &Value) -> Found {
        let number = |value: &Value| usize::try_from(value.as_u64().expect("a number")).expect("small");
        let place = |value: &Value| Place {
            byte: number(&value["byte"]),
            line: number(&value["line"]),
            column: number(&value["column"]),
        };
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        Found {
            start: place(&finding["start"]),
            end: place(&finding["end"]),
            id: text(&finding["key_id"]),
            encodings: finding["encodings"].as_array().expect("a list").iter().map(text).collect(),
            confidence: text(&finding["confidence"]),
        }
    }

    fn but_medium(self) -> Found {
        Found { confidence: "medium".to_owned(), ..self }
    }
}

/// What should be found in `content`: these keys, which start at these offsets.
fn keys_at<'k>(form: Form, content: &[u8], keys: impl IntoIterator<Item = (usize, &'k str)>) -> Vec<Found> {
    let (mut from, mut line, mut column) = (0, 1, 1);
    let mut place = |byte: usize| {
        let text = form.decode(&content[from..byte]);
        from = byte;
        line += text.matches('\n').count();
        match text.rsplit_once('\n') {
            Some((_, tail)) => column = 1 + tail.chars().count(),
            None => column += text.chars().count(),
        }
        Place { byte, line, column }
    };
    keys.into_iter()
        .map(|(start, key)| Found {
            start: place(start),
            end: place(start + KEY_LEN * form.unit()),
            id: id(key).to_owned(),
            encodings: form.encodings(),
            confidence: "high".to_owned(),
        })
        .collect()
}

/// What should be found in a text: `key`, wherever it stands in it.
fn key_in(form: Form, text: &str, key: &str) -> Vec<Found> {
    let starts = text.match_indices(key).map(|(at, _)| (form.encode(&text[..at]).len(), key));
    keys_at(form, &form.encode(text), starts)
}

/// The findings of a JSON report by path, each file's in the order they stand.
fn by_path(report: &Value) -> BTreeMap<String, Vec<Found>> {
    let mut found: BTreeMap<String, Vec<Found>> = BTreeMap::new();
    for finding in report["findings"].as_array().expect("a list") {
        let path = finding["path"].as_str().expect("a path").to_owned();
        found.entry(path).or_default().push(Found::new(finding));
    }
    for findings in found.values_mut() {
        findings.sort();
    }
    found
}

/// A table of texts, each with what should be found in it.
struct Table {
    bench: Bench,
    rows: Vec<(String, Vec<Found>)>,
}

impl Table {
    fn new(seed: u64) -> Table {
        Table { bench: Bench::new(seed), rows: Vec::new() }
    }

    /// One row: its name, what is in its file, what should be found there.
    fn row(&mut self, name: impl Into<String>, content: impl AsRef<[u8]>, expected: Vec<Found>) {
        self.bench.write(Table::path(self.rows.len()), content);
        self.rows.push((name.into(), expected));
    }

    fn path(row: usize) -> String {
        format!("{row:04}.txt")
    }

    /// Scans all rows at once and holds each to what it says. The report, for what else there is to ask of it.
    fn check(&self) -> Value {
        assert!(!self.rows.is_empty(), "an empty table");
        let run = self.bench.run(["scan", "-f", "json"]);
        let report = run.json();
        let mut found = by_path(&report);
        let mut wrong = Vec::new();
        for (row, (name, expected)) in self.rows.iter().enumerate() {
            let found = found.remove(&Table::path(row)).unwrap_or_default();
            if found != *expected {
                wrong.push(format!("{name}: expected {expected:?}, found {found:?}"));
            }
        }
        assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), self.rows.len(), wrong.join("\n"));
        assert!(found.is_empty(), "findings outside of the table: {found:?}");
        let leaks = self.rows.iter().any(|(_, expected)| !expected.is_empty());
        assert_eq!(run.status, Some(i32::from(leaks)), "{}", run.stderr);
        assert_eq!(report["coverage"]["files"], self.rows.len());
        assert_eq!(report["complete"], true);
        report
    }
}

impl Deref for Table {
    type Target = Bench;

    fn deref(&self) -> &Bench {
        &self.bench
    }
}

impl DerefMut for Table {
    fn deref_mut(&mut self) -> &mut Bench {
        &mut self.bench
    }
}
