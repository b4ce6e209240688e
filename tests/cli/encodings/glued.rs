//! Letters and digits glued to a key, and keys glued to each other, in every encoding: the key is found where it stands,
//! and what touches it decides about no more than the confidence.

use std::ops::Range;

use hopx_leaks::blob::{Content, Kind};
use hopx_leaks::container::Bounds;
use hopx_leaks::detect::{Confidence, Detector};
use hopx_leaks::lines::Position;
use hopx_leaks::search::{Containers, Located, Search};

use super::MAX_SHOWN;
use super::random::is_beyond;
use crate::encode::Text;
use crate::forms::{self, Form};
use crate::keys::Keys;
use crate::program::id;

/// All forms in which a key is found where it stands, and so all but those of packed data.
fn forms() -> Vec<Form> {
    [forms::singles(), forms::chains(), forms::utf16_files()].into_iter().flatten().collect()
}

/// Whether a key is put together from pieces, and so none where something is glued to it.
fn is_guess(text: &Text) -> bool {
    text.names.iter().any(|name| matches!(*name, "split" | "markup"))
}

/// Every letter and digit.
fn alphanumerics() -> impl Iterator<Item = char> {
    ('0'..='9').chain('A'..='Z').chain('a'..='z')
}

/// A key that was found: its id, which is public, its place, its encodings, its confidence.
type Reported = (String, Range<usize>, Vec<&'static str>, Confidence);

/// All keys of a text, searched for as those of a file are.
fn found(detector: &Detector, bytes: &[u8]) -> Vec<Reported> {
    let mut search = Search::new(detector, Containers::Closed, Bounds::default());
    let (outcome, read) = search.run(Kind::Content, b"", &mut Content::Whole(bytes), &mut |_| {});
    assert!(read.is_ok_and(|read| read == bytes.len() as u64));
    let byte = |position: Position| usize::try_from(position.byte).expect("small");
    let reported = |located: Located| {
        let Located { found, start, end, .. } = located;
        (found.key.id.as_str().to_owned(), byte(start)..byte(end), found.encodings, found.confidence)
    };
    outcome.keys.into_iter().map(reported).collect()
}

/// What should be found of keys with these ids.
fn expected(text: &Text, ids: &[&str], confidence: Confidence) -> Vec<Reported> {
    let spans = text.spans().zip(ids);
    let mut reported: Vec<Reported> =
        spans.map(|(span, id)| ((*id).to_owned(), span.clone(), text.names.clone(), confidence)).collect();
    reported.sort_by_key(|reported| reported.1.start);
    reported
}

/// Rows that went wrong, by their names.
#[derive(Default)]
struct Wrong(usize, Vec<String>);

impl Wrong {
    /// Holds what is found in a text to what should be.
    fn check(&mut self, detector: &Detector, name: impl FnOnce() -> String, text: &Text, expected: &[Reported]) {
        self.0 += 1;
        let found = found(detector, &text.bytes);
        if found != expected {
            self.1.push(format!("{}: {found:?} and not {expected:?}", name()));
        }
    }

    #[track_caller]
    fn assert_none(&self) {
        let Wrong(count, wrong) = self;
        assert!(
            wrong.is_empty(),
            "{} of {count} rows:\n{}",
            wrong.len(),
            wrong[..wrong.len().min(MAX_SHOWN)].join("\n")
        );
    }
}

#[test]
fn every_letter_and_digit_on_either_side_makes_it_medium() {
    let (detector, mut keys, mut wrong) = (Detector::new(), Keys::new(840), Wrong::default());
    for form in forms() {
        for c in alphanumerics() {
            let (left, right) = (format!("k = \"{c}"), format!("{c}\" # end"));
            for (side, before, after) in
                [("left", left.as_str(), "\" # end"), ("right", "k = \"", right.as_str()), ("both", &left, &right)]
            {
                let key = keys.live();
                let text = Text::plain(before.as_bytes(), key.as_bytes(), after.as_bytes());
                let text = form.apply(text, keys.rng()).placed("<v>", "</v>");
                let expected = if is_guess(&text) { vec![] } else { expected(&text, &[id(&key)], Confidence::Medium) };
                wrong.check(&detector, || format!("{}, {c:?} on the {side}", form.id), &text, &expected);
            }
        }
    }
    wrong.assert_none();
}

#[test]
fn signs_on_both_sides_leave_it_high() {
    const LEFT: [&str; 13] = ["", " ", "\"", "=", ".", "/", "_", "-", "a_", "x-", "\n", "%3D", "\\n"];
    const RIGHT: [&str; 12] = ["", " ", "\"", "=", ".", "/", "_", "-", "_ a", "-.", "\n", "{n"];
    let (detector, mut keys, mut wrong) = (Detector::new(), Keys::new(841), Wrong::default());
    for form in forms() {
        for (left, right) in LEFT.iter().flat_map(|left| RIGHT.map(|right| (*left, right))) {
            // A backslash before an escape is a part of it.
            if left.starts_with('\\') && form.id.contains("some") {
                continue;
            }
            let key = keys.test();
            let text = Text::plain(left.as_bytes(), key.as_bytes(), right.as_bytes());
            let text = form.apply(text, keys.rng()).placed("<v>", "</v>");
            let confidence = if is_guess(&text) { Confidence::Medium } else { Confidence::High };
            let expected = expected(&text, &[id(&key)], confidence);
            wrong.check(&detector, || format!("{}, {left:?} and {right:?}", form.id), &text, &expected);
        }
    }
    wrong.assert_none();
}

/// Three keys with nothing between them: in base64 each shares a digit with the next, or none, by where it stands.
#[test]
fn keys_end_to_end_are_all_found() {
    let (detector, mut keys, mut wrong) = (Detector::new(), Keys::new(842), Wrong::default());
    for form in forms() {
        if is_beyond(&form.id) {
            continue;
        }
        for lead in 0..12 {
            let glued = [keys.live(), keys.test(), keys.live()];
            let texts = glued.each_ref().map(String::as_str);
            let text = Text::end_to_end("\"".repeat(lead).as_bytes(), &texts, b"\" # end");
            let text = form.apply(text, keys.rng()).placed("<v>", "</v>");
            // Where a line of base64 begins with a key, the line before may be another text, and that end is a border.
            let spans: Vec<_> = text.spans().collect();
            let is_at_break =
                |span: &Range<usize>| text.bytes[span.start - 4..span.start].iter().any(|byte| b"\n\"'".contains(byte));
            if text.names.contains(&"base64") && spans[1..].iter().any(|span| is_at_break(span)) {
                continue;
            }
            let expected = if is_guess(&text) { vec![] } else { expected(&text, &texts.map(id), Confidence::Medium) };
            wrong.check(&detector, || format!("{}, {lead} before", form.id), &text, &expected);
        }
    }
    wrong.assert_none();
}

/// What is packed has no neighbours outside of it.
#[test]
fn packed_data_has_no_neighbours() {
    let (detector, mut keys, mut wrong) = (Detector::new(), Keys::new(843), Wrong::default());
    for form in [forms::gzip(), forms::zlib()].into_iter().flatten() {
        for (before, after, confidence) in
            [("s", "", Confidence::Medium), ("", "a", Confidence::Medium), ("k = \"", "\"\n", Confidence::High)]
        {
            let key = keys.live();
            let text = Text::plain(before.as_bytes(), key.as_bytes(), after.as_bytes());
            let text = form.apply(text, keys.rng()).placed("<v>", "</v>");
            let expected = expected(&text, &[id(&key)], confidence);
            wrong.check(&detector, || format!("{}, {before:?} and {after:?}", form.id), &text, &expected);
        }
    }
    wrong.assert_none();
}
