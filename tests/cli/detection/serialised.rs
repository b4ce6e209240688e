//! Keys as serialisers write them: behind the byte of a length that is a letter or a digit as often as not, and right before
//! the tag of what comes next. The writers are real ones, and Python's marshal, written here from its format.

use std::ops::Range;
use std::process::{Command, Stdio};

use hopx_leaks::detect::{Confidence, Detector, Found};
use hopx_leaks::key::KEY_LEN;
use memchr::memmem;

use super::{Form, Table, by_path, keys_at};
use crate::keys::Keys;
use crate::program::Bench;

/// Every letter and digit.
fn alphanumerics() -> impl Iterator<Item = u8> {
    (0..=u8::MAX).filter(u8::is_ascii_alphanumeric)
}

/// `key` and what follows it in a text of so many bytes.
fn text_of(len: usize, key: &str) -> String {
    let rest = len.checked_sub(KEY_LEN).expect("room for the key");
    // A sign that leaves the key open, or a letter.
    let starts = ["\", next", "goes on", " and so", "_more", "-. "];
    let filler = starts[len % starts.len()].chars().chain(" of the same text,".chars().cycle());
    format!("{key}{}", filler.take(rest).collect::<String>())
}

/// Texts whose length ends in a byte that is a letter or a digit: one byte long, and two with each of these before it.
fn texts(key: &str, highs: &[usize]) -> Vec<String> {
    let short = alphanumerics().map(usize::from).filter(|len| *len >= KEY_LEN);
    let long = highs.iter().flat_map(|high| alphanumerics().map(move |low| (high << 8) + usize::from(low)));
    short.chain(long).map(|len| text_of(len, key)).collect()
}

/// What touches a key, by the plainest reading of the rules: a letter or a digit before it, or behind it and behind what
/// joins words.
fn confidence(bytes: &[u8], key: &Range<usize>) -> Confidence {
    let is_glued_left = key.start > 0 && bytes[key.start - 1].is_ascii_alphanumeric();
    let behind = bytes[key.end..].iter().take(16).find(|byte| !b"-_".contains(byte));
    let is_glued = is_glued_left || behind.is_some_and(u8::is_ascii_alphanumeric);
    if is_glued { Confidence::Medium } else { Confidence::High }
}

/// Holds what is found in a document to every place where the text of the key is; the count of those that something is
/// glued to in front.
fn check(name: &str, document: &[u8], key: &str) -> usize {
    let places: Vec<_> = memmem::find_iter(document, key.as_bytes()).map(|at| at..at + KEY_LEN).collect();
    assert!(!places.is_empty(), "{name}: the writer left the key as it is");
    let found = Detector::new().keys(document, 0..document.len()).collect::<Vec<_>>();
    let reported: Vec<_> = found
        .iter()
        .map(|found| match found {
            Found::Key(found) => (found.range.clone(), found.encodings.len(), Some(found.confidence)),
            other => (other.range().clone(), 0, None),
        })
        .collect();
    let expected: Vec<_> = places.iter().map(|place| (place.clone(), 0, Some(confidence(document, place)))).collect();
    assert_eq!(reported, expected, "{name}");
    places.iter().filter(|place| place.start > 0 && document[place.start - 1].is_ascii_alphanumeric()).count()
}

fn message_pack(value: &impl serde::Serialize) -> Vec<u8> {
    rmp_serde::to_vec(value).expect("memory takes it")
}

fn cbor(value: &impl serde::Serialize) -> Vec<u8> {
    let mut document = Vec::new();
    ciborium::into_writer(value, &mut document).expect("memory takes it");
    document
}

/// A message whose repeated field has a letter for its tag, `B`, and the next one, `H`.
#[derive(Clone, PartialEq, prost::Message)]
struct Settings {
    #[prost(string, repeated, tag = "8")]
    values: Vec<String>,
    #[prost(uint32, tag = "9")]
    count: u32,
}

fn protobuf(values: Vec<String>) -> Vec<u8> {
    prost::Message::encode_to_vec(&Settings { values, count: 9 })
}

fn pickle(values: impl IntoIterator<Item = serde_pickle::Value>) -> Vec<u8> {
    let list = serde_pickle::Value::List(values.into_iter().collect());
    serde_pickle::value_to_vec(&list, serde_pickle::SerOptions::new()).expect("memory takes it")
}

#[test]
fn message_pack_texts_of_every_length() {
    let key = Keys::new(600).live();
    // A length of one byte is written as such up to 255, one of two up to 65,535.
    let texts = texts(&key, &[1, 2, 0x30, 0x41, 0x7a]);
    assert_eq!(check("a list", &message_pack(&texts), &key), texts.len());
    for text in texts {
        check("one text", &message_pack(&text), &key);
        check("a pair", &message_pack(&(&text, &text)), &key);
    }
    // Small numbers are a byte of their own.
    for next in 0..=127_u8 {
        check(&format!("{next:#x} behind it"), &message_pack(&(&key, next)), &key);
    }
}

#[test]
fn cbor_texts_of_every_length() {
    let key = Keys::new(601).test();
    let texts = texts(&key, &[1, 2, 0x30, 0x41, 0x7a]);
    assert_eq!(check("a list", &cbor(&texts), &key), texts.len());
    for text in texts {
        check("one text", &cbor(&text), &key);
        check("a pair", &cbor(&(&text, &text)), &key);
    }
    // Short texts and small negative numbers begin with a byte that is a letter or a digit.
    for next in 0..24_i8 {
        check(&format!("{next} behind it"), &cbor(&(&key, -1 - next)), &key);
        check(&format!("{next} letters behind it"), &cbor(&(&key, "x".repeat(next.unsigned_abs().into()))), &key);
    }
}

#[test]
fn protobuf_texts_of_every_length() {
    let key = Keys::new(602).live();
    // Seven bits a byte, the low ones first: the last byte is a letter from 6,144 on.
    let long = alphanumerics().map(|high| text_of((usize::from(high) << 7) + 1, &key));
    let texts: Vec<String> = texts(&key, &[]).into_iter().chain(long).collect();
    for text in &texts {
        assert_eq!(check("one text", &protobuf(vec![text.clone()]), &key), 1);
    }
    assert_eq!(check("a list", &protobuf(texts.clone()), &key), texts.len());
    // The tag of the field comes right behind the key.
    assert!(confidence(&protobuf(vec![key.clone(), key.clone()]), &(2..2 + KEY_LEN)) == Confidence::Medium);
    check("keys alone", &protobuf(vec![key.clone(), key.clone()]), &key);
}

#[test]
fn pickled_texts_and_bytes_of_every_length() {
    use serde_pickle::Value;
    let key = Keys::new(603).test();
    let texts = texts(&key, &[1, 2]);
    check("texts", &pickle(texts.iter().cloned().map(Value::String)), &key);
    let short: Vec<_> = texts.iter().filter(|text| text.len() < 256).collect();
    let bytes = short.iter().map(|text| Value::Bytes(text.as_bytes().to_vec()));
    assert_eq!(check("bytes", &pickle(bytes), &key), short.len());
    // SHORT_BINUNICODE of protocol 4 (PEP 3154), then MEMOIZE, SHORT_BINUNICODE again, and STOP.
    for text in short {
        let len = u8::try_from(text.len()).expect("short");
        let one = [&[0x8c, len], text.as_bytes()].concat();
        let document = [&b"\x80\x04"[..], &one, b"\x94", &one, b"."].concat();
        assert_eq!(check("protocol 4", &document, &key), 2);
    }
}

/// Python's marshal, format 4: a tag, with or without the bit of a reference, a length of one byte, ASCII.
#[test]
fn marshalled_texts_of_every_length() {
    const FLAG_REF: u8 = 0x80;
    let key = Keys::new(604).live();
    let mut tuple = vec![b'(' | FLAG_REF];
    let texts = texts(&key, &[]);
    tuple.extend(u32::try_from(2 * texts.len()).expect("few").to_le_bytes());
    for (number, text) in texts.iter().enumerate() {
        let len = u8::try_from(text.len()).expect("short");
        // TYPE_SHORT_ASCII and TYPE_SHORT_ASCII_INTERNED.
        for tag in [b'z', b'Z'] {
            let tag = if number % 2 == 0 { tag } else { tag | FLAG_REF };
            let object = [&[tag, len], text.as_bytes()].concat();
            // What comes next: TYPE_NONE, a text, a reference, a number.
            for next in [&b"N"[..], b"z\x01a", b"r\0\0\0\0", b"i\x07\0\0\0"] {
                let pair = [&b"\xa9\x02"[..], &object, next].concat();
                assert_eq!(check("a pair", &pair, &key), 1);
            }
            tuple.extend(object);
        }
    }
    assert_eq!(check("a tuple", &tuple, &key), 2 * texts.len());
}

/// The same by a Python, where one is installed.
#[test]
fn compiled_modules_of_python() {
    const COMPILE: &str = "import sys, py_compile; py_compile.compile('m.py', 'm.pyc', doraise=True)";
    let mut bench = Bench::new(605);
    let key = bench.live();
    let assignment = |(number, text): (usize, String)| format!("value_{number} = {text:?}\n");
    let module: String = texts(&key, &[1]).into_iter().enumerate().map(assignment).collect();
    bench.write("m.py", module);
    let compile =
        Command::new("python3").args(["-c", COMPILE]).current_dir(bench.path()).stderr(Stdio::null()).status();
    if compile.is_ok_and(|status| status.success()) {
        let compiled = std::fs::read(bench.join("m.pyc")).expect("written");
        assert!(check("m.pyc", &compiled, &key) > 40, "lengths of one byte");
    }
}

/// The same documents as files, by the whole program.
#[test]
fn documents_as_files() {
    let mut bench = Bench::new(606);
    let key = bench.live();
    let texts = texts(&key, &[1]);
    let bytes = texts[..40].iter().map(|text| serde_pickle::Value::Bytes(text.as_bytes().to_vec()));
    let documents = [
        ("a.msgpack", message_pack(&texts)),
        ("b.cbor", cbor(&texts)),
        ("c.pb", protobuf(texts.clone())),
        ("d.pickle", pickle(bytes)),
    ];
    for (name, document) in &documents {
        bench.write(name, document);
    }
    let found = by_path(&bench.run(["scan", "-f", "json"]).json());
    for (name, document) in &documents {
        let places: Vec<_> = memmem::find_iter(document, key.as_bytes()).map(|at| (at, at + KEY_LEN)).collect();
        let reported: Vec<_> = found[*name].iter().map(|found| (found.start.byte, found.end.byte)).collect();
        assert_eq!(reported, places, "{name}");
    }
}

/// Strings end to end, as Go and Hermes keep them: no NUL and no other end for 100 KB, and most keys between two words.
#[test]
fn tables_of_strings_without_an_end() {
    const WORDS: &[&str] =
        &["Error", "runtime: ", "hopx", "getSandbox", "x-api-key", "type:", "prototype", "int64", "GET", "π", "_start"];
    let mut table = Table::new(607);
    let keys: Vec<String> = (0..8).map(|number| if number % 2 == 0 { table.live() } else { table.test() }).collect();
    for (name, every) in [("few keys", 40), ("many keys", 4), ("keys end to end", 1)] {
        let (mut text, mut places) = (String::new(), Vec::new());
        while text.len() < 100_000 {
            if every > 1 {
                (0..table.keys().rng().usize(..2 * every)).for_each(|_| {
                    text.push_str(table.keys().rng().choice(WORDS).expect("some"));
                });
            }
            let key = keys[places.len() % keys.len()].as_str();
            places.push((text.len(), key));
            text.push_str(key);
        }
        text.push('A');
        let expected = keys_at(Form::Utf8, text.as_bytes(), places.iter().copied());
        let graded = expected.into_iter().zip(&places).map(|(found, (at, _))| {
            match confidence(text.as_bytes(), &(*at..*at + KEY_LEN)) {
                Confidence::High => found,
                Confidence::Medium => found.but_medium(),
            }
        });
        table.row(name, &text, graded.collect());
    }
    table.check();
}
