//! Every encoding of the specification, told by the whole program: what is hidden by an encoder of the tests' own must
//! be found just where it stands, and what is hidden there and is no key must not.
//!
//! A table of texts becomes a folder with one file a row, and one run tells what was found in each. What fails is told
//! by the row's id alone: the content holds a secret.

mod base64;
mod containers;
mod contexts;
mod encoders;
mod glued;
mod markup;
mod negatives;
mod neighbours;
mod prose;
mod random;
mod registry;
mod singles;
mod splits;

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::encode::{Text, Units};
use crate::program::{Bench, id};

/// A few keys stand in many places: each of them is looked for in every output.
const KEYS: usize = 8;
/// The most failed rows that are shown.
const MAX_SHOWN: usize = 60;

/// What should be found in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// The key with this number, with a confidence.
    Key(usize, &'static str),
    /// Nothing.
    Nothing,
}

/// One row.
struct Case {
    id: String,
    text: Text,
    expect: Expect,
}

/// A place as a report tells it: byte, line, column.
type Place = (u64, u64, u64);

/// A table of encoded texts, each with what should be found in it.
struct Table {
    bench: Bench,
    keys: Vec<String>,
    cases: Vec<Case>,
}

impl Table {
    fn new(seed: u64) -> Table {
        let mut bench = Bench::new(seed);
        let keys = (0..KEYS).map(|number| if number % 2 == 0 { bench.live() } else { bench.test() }).collect();
        Table { bench, keys, cases: Vec::new() }
    }

    /// The key for the next row, and its number.
    fn key(&self) -> (String, usize) {
        let number = self.cases.len() % KEYS;
        (self.keys[number].clone(), number)
    }

    fn rng(&mut self) -> &mut fastrand::Rng {
        self.bench.keys().rng()
    }

    /// A row in which this key is, with the confidence that its encodings have.
    fn found(&mut self, id: impl AsRef<str>, text: Text, number: usize) {
        let is_guess = text.names.iter().any(|name| matches!(*name, "split" | "markup"));
        let confidence = if is_guess { "medium" } else { "high" };
        self.row(id, text, Expect::Key(number, confidence));
    }

    /// A row in which there is nothing.
    fn nothing(&mut self, id: impl AsRef<str>, text: Text) {
        self.row(id, text, Expect::Nothing);
    }

    fn row(&mut self, id: impl AsRef<str>, text: Text, expect: Expect) {
        let id: String = id.as_ref().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        self.cases.push(Case { id: format!("{:05}-{id}", self.cases.len()), text, expect });
    }

    /// Scans all rows at once, each in a file of its own, and holds each to what it says. The report.
    #[track_caller]
    fn check(&self) -> Value {
        for case in &self.cases {
            self.bench.write(&case.id, &case.text.bytes);
        }
        let report = self.scan();
        let found = by(&report, |finding| text(&finding["path"]));
        self.compare(found);
        assert_eq!(report["coverage"]["files"], self.cases.len());
        report
    }

    /// Scans what is in the folder.
    #[track_caller]
    fn scan(&self) -> Value {
        assert!(!self.cases.is_empty(), "an empty table");
        let run = self.bench.run(["scan", "-f", "json"]);
        let report = run.json();
        assert_eq!(report["complete"], true, "{}", report["coverage"]["problems"]);
        let leaks = report["findings"].as_array().is_some_and(|findings| !findings.is_empty());
        assert_eq!(run.status, Some(i32::from(leaks)), "{}", run.stderr);
        report
    }

    /// Holds what was found, by the ids of rows, to what should be.
    #[track_caller]
    fn compare(&self, mut found: BTreeMap<String, Vec<Value>>) {
        let mut wrong = Vec::new();
        for case in &self.cases {
            let found = found.remove(&case.id).unwrap_or_default();
            if let Some(fault) = self.fault(case, &found) {
                wrong.push(format!("{}: {fault}", case.id));
            }
        }
        let more = wrong.len().saturating_sub(MAX_SHOWN);
        let told = wrong[..wrong.len() - more].join("\n");
        assert!(wrong.is_empty(), "{} of {} rows:\n{told}\n({more} more)", wrong.len(), self.cases.len());
        assert!(found.is_empty(), "findings outside of the table: {:?}", found.keys());
    }

    /// What is wrong with the findings of a row, without its content.
    fn fault(&self, case: &Case, found: &[Value]) -> Option<String> {
        let (number, confidence) = match case.expect {
            Expect::Nothing if found.is_empty() => return None,
            Expect::Nothing => return Some(format!("found as {}", found[0]["encodings"])),
            Expect::Key(number, confidence) => (number, confidence),
        };
        let [found] = found else { return Some(format!("{} findings", found.len())) };
        let key = &self.keys[number];
        let fingerprint = HEXLOWER.encode(Sha256::digest(key).as_slice());
        if found["key_id"] != id(key) || found["fingerprint"] != fingerprint {
            return Some("another key".to_owned());
        }
        if found["encodings"] != Value::from(case.text.names.clone()) {
            return Some(format!("encodings are {} and not {:?}", found["encodings"], case.text.names));
        }
        if found["confidence"] != confidence {
            return Some(format!("confidence is {}", found["confidence"]));
        }
        let expected = (place(&case.text, case.text.key.start), place(&case.text, case.text.key.end));
        let found = (told(&found["start"]), told(&found["end"]));
        (found != expected).then(|| format!("place is {found:?} and not {expected:?}"))
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// The findings of a report by what names the row.
fn by(report: &Value, name: impl Fn(&Value) -> String) -> BTreeMap<String, Vec<Value>> {
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for finding in report["findings"].as_array().expect("a list") {
        found.entry(name(finding)).or_default().push(finding.clone());
    }
    found
}

/// A place of a report.
fn told(value: &Value) -> Place {
    let number = |name: &str| value[name].as_u64().expect("a number");
    (number("byte"), number("line"), number("column"))
}

/// A place, counted in the plainest way there is: decode everything before it, count.
fn place(text: &Text, byte: usize) -> Place {
    let before = &text.bytes[..byte];
    let units = |unit: fn([u8; 2]) -> u16| {
        let units = before.as_chunks::<2>().0.iter().map(|&bytes| unit(bytes));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    let before: String = match text.units {
        Units::Utf8 => String::from_utf8_lossy(before).into_owned(),
        Units::Utf16Le => units(u16::from_le_bytes),
        Units::Utf16Be => units(u16::from_be_bytes),
    };
    let line = 1 + before.matches('\n').count() as u64;
    let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count() as u64;
    (byte as u64, line, column)
}

/// What stands around the key inside of the encoded text: alignments 0, 1 and 2, and longer texts. Each leaves the key
/// open on its side.
const BEFORE: [&str; 6] = [
    "",
    "=",
    "k=",
    "{\"api-key\": \"",
    "# Configuration? é ~~~>>>???\nregion = \"eu\"\nname = \"a~b>c?d\"\n\n[hopx]\napi_key = '",
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: sandbox\nstringData:\n  note: \"hopx_live_ is the prefix\"\n  key: ",
];
const AFTER: [&str; 6] =
    ["", "\"", "\n", "\"}", "'\nretries = 3\nnote = \"??>>~~ é\"\n", "\n---\napiVersion: v1\nkind: ConfigMap\n"];

/// Where the encoded text stands in its file: what is before it and after it. What is after it on the next line begins
/// with a sign, so that no decoder can take it for more of the encoded text.
const START: [(&str, &str); 2] = [("", ""), ("", "\"\n}\n")];
const MIDDLE: [(&str, &str); 4] = [
    ("{\n  \"data\": \"", "\",\n  \"more\": 1\n}\n"),
    ("# é, 键 and 😀\ndata: '", "' # é\n"),
    ("<value>", "</value>\n"),
    ("x = (\n    \"", "\"\n)\n"),
];
const END: [(&str, &str); 2] = [("\"data\": \"", ""), ("- \"", "\n")];

/// All of them.
fn surroundings() -> Vec<(&'static str, &'static str)> {
    [&START[..], &MIDDLE, &END].concat()
}

/// A text in a file, with a byte order mark where the units ask for one.
fn in_file(text: Text, before: &str, after: &str) -> Text {
    match text.units {
        Units::Utf8 => text.placed(before, after),
        Units::Utf16Le | Units::Utf16Be => text.placed(&format!("\u{feff}{before}"), after),
    }
}
