//! Random keys between random neighbours in every encoding: none is lost, each is found just where it stands, and what is
//! nearly a key is none in the same places. In the process itself, through the library, for the sake of speed.

use std::ops::Range;

use fastrand::Rng;
use hopx_leaks::detect::{Detector, Found};

use super::random::is_beyond;
use crate::encode::{Text, Units};
use crate::forms::{self, Form};
use crate::keys::{Keys, base64url};
use crate::program::id;

/// So many keys in all, each with one text that is nearly a key.
const COUNT: usize = 100_000;
/// Names the count for a longer run.
const KEYS: &str = "HOPX_LEAKS_TEST_KEYS";
/// The most neighbours on either side.
const NEIGHBOURS: usize = 24;
/// What leaves a key open that is put together from pieces.
const SIGNS: &[u8] = b"\"'<>()[]{}|;,!?*~^$@`";

/// Neighbours: any bytes, printable ones, or such as keys are made of.
fn neighbours(rng: &mut Rng) -> Vec<u8> {
    let (kind, len) = (rng.u8(..4), rng.usize(..NEIGHBOURS));
    let mut byte = || match kind {
        0 => rng.u8(..),
        1 => rng.u8(b' '..=b'~'),
        2 => rng.alphanumeric() as u8,
        _ => *rng.choice(b"aZ09-_=.\\%\"\n\0 \xc3\xff").expect("some"),
    };
    (0..len).map(|_| byte()).collect()
}

/// A text of this form between random neighbours that touch it.
fn text(form: &Form, key: &str, rng: &mut Rng) -> Text {
    let (mut before, mut after) = (neighbours(rng), neighbours(rng));
    if form.id.starts_with("base64-literals") {
        before.push(*rng.choice(SIGNS).expect("some"));
        after.insert(0, *rng.choice(SIGNS).expect("some"));
    }
    // A backslash before an escape is a part of it.
    while before.last() == Some(&b'\\') {
        before.pop();
    }
    // What is encoded stands on its own: what is around it is not asked here.
    form.apply(Text::plain(&before, key.as_bytes(), &after), rng).placed("<v>\n", "\n</v>\n")
}

/// What is found: keys by their ids, or placeholders; each with its place, and a key with its encodings.
#[derive(Debug, PartialEq, Eq)]
enum Reported {
    Key(String, Range<usize>, Vec<&'static str>),
    Placeholder(Range<usize>),
}

fn found(detector: &Detector, bytes: &[u8]) -> Vec<Reported> {
    let reported = |found: Found| match found {
        Found::Key(found) => Some(Reported::Key(found.key.id.as_str().to_owned(), found.range, found.encodings)),
        Found::Placeholder(range) => Some(Reported::Placeholder(range)),
        Found::Packed { .. } => None,
    };
    detector.keys(bytes, 0..bytes.len()).filter_map(reported).collect()
}

/// A text that is nearly a key, and whether it is a placeholder.
fn nearly(key: &str, rng: &mut Rng) -> (String, bool) {
    const LAST: &str = "BCDFGHJKLNOPRSTVWXZabdefhijlmnpqrtuvxyz1235679-_";
    let with = |at: usize, byte: u8| format!("{}{}{}", &key[..at], char::from(byte), &key[at + 1..]);
    let other = |bytes: &[u8], rng: &mut Rng| *rng.choice(bytes).expect("some");
    match rng.u8(..8) {
        0 => (with(65, other(LAST.as_bytes(), rng)), false),
        1 => (with(rng.usize(10..22), other(b"-_.:/!*@~", rng)), false),
        2 => (with(22, other(b"-_:/!*@~aZ09", rng)), false),
        3 => {
            let at = rng.usize(0..10);
            let letters: Vec<u8> = (b'a'..=b'z').filter(|letter| !b"hopxlivetest".contains(letter)).collect();
            (with(at, other(&letters, rng)), false)
        }
        4 => (with(rng.usize(23..65), other(b".:/!*@~", rng)), false),
        5 => (format!("{}{}A", &key[..23], "Ab0_".repeat(11).split_at(42).0), true),
        6 => {
            let at = rng.usize(23..58);
            let run = char::from(other(b"kZ4_", rng)).to_string().repeat(8);
            (format!("{}{run}{}", &key[..at], &key[at + 8..]), true)
        }
        _ => {
            let printable: Vec<u8> = (0..32).map(|_| rng.u8(b' '..=b'~')).collect();
            (format!("{}{}", &key[..23], base64url(&printable)), true)
        }
    }
}

/// The cases that went wrong among those that one thread has, by their forms and seeds.
fn wrong(forms: &[Form], seeds: impl Iterator<Item = u64>) -> Vec<String> {
    let (detector, mut wrong) = (Detector::new(), Vec::new());
    for seed in seeds {
        let form = &forms[usize::try_from(seed).expect("small") % forms.len()];
        let (rng, mut keys) = (&mut Rng::with_seed(seed), Keys::new(!seed));
        let key = if rng.bool() { keys.live() } else { keys.test() };
        let text = self::text(form, &key, rng);
        let reported = found(&detector, &text.bytes);
        let expected = Reported::Key(id(&key).to_owned(), text.key, text.names);
        if reported != [expected] {
            wrong.push(format!("{} with seed {seed}: {reported:?}", form.id));
        }
        let (near, is_placeholder) = nearly(&key, rng);
        let text = self::text(form, &near, rng);
        let reported = found(&detector, &text.bytes);
        let expected = if is_placeholder { vec![Reported::Placeholder(text.key)] } else { vec![] };
        if reported != expected {
            wrong.push(format!("{} with seed {seed}, nearly a key: {reported:?}", form.id));
        }
    }
    wrong
}

#[test]
fn every_key_is_found_between_random_neighbours_and_nothing_else() {
    let count: u64 = std::env::var(KEYS).ok().map_or(COUNT as u64, |count| count.parse().expect("a count"));
    let mut forms: Vec<Form> = [forms::singles(), forms::chains()].into_iter().flatten().collect();
    forms.retain(|form| !is_beyond(&form.id));
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let work = |first| {
            let forms = &forms;
            scope.spawn(move || wrong(forms, (first as u64..count).step_by(threads)))
        };
        let running: Vec<_> = (0..threads).map(work).collect();
        running.into_iter().flat_map(|thread| thread.join().expect("a thread ends")).collect()
    });
    assert!(wrong.is_empty(), "{} of {count} wrong:\n{}", wrong.len(), wrong[..wrong.len().min(60)].join("\n"));
}

/// UTF-16 at an even offset, as in a file: units that are read from the wrong side would be those of the other order.
#[test]
fn a_whole_file_of_utf16_between_random_neighbours() {
    let detector = Detector::new();
    for seed in 0..2_000 {
        let (rng, mut keys) = (&mut Rng::with_seed(seed), Keys::new(!seed));
        for units in [Units::Utf16Le, Units::Utf16Be] {
            let key = keys.live();
            let text = Text::plain(&neighbours(rng), key.as_bytes(), &neighbours(rng)).utf16(units);
            let expected = Reported::Key(id(&key).to_owned(), text.key, text.names);
            assert_eq!(found(&detector, &text.bytes), [expected], "{} with seed {seed}", units.name());
        }
    }
}
