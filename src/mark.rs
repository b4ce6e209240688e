//! The mark by which a line of a file vouches for a key: a comment that begins with `hopx-leaks:allow`, on the line of the
//! key, or on a line of its own right above.
//!
//! ```text
//! api_key = "..."  # hopx-leaks:allow
//! # hopx-leaks:allow KEYID why it does no harm
//! api_key = "..."
//! ```

use std::ops::Range;

use crate::blob::Block;
use crate::key::{ID_LEN, KeyId};
use crate::lines::Form;

/// The words themselves.
const MARK: &[u8] = b"hopx-leaks:allow";

/// Characters that are looked at before a key and behind it. A mark further away in a long line is not seen: in a file that
/// is one line it would vouch for keys that nobody meant.
const REACH: usize = 1024;

/// What begins a comment in the languages where keys are found. One must stand right before the mark: a text that merely
/// holds the words is none.
const OPENERS: [&[u8]; 10] = [b"#", b"//", b"/*", b"<!--", b"--", b";", b"%", b"(*", b"{-", b"*"];

/// What ends a comment, and the reason in it.
const CLOSERS: [&str; 6] = ["*/", "-->", "--%>", "*)", "-}", "#}"];

/// What every key begins with.
const KEY: &[u8] = b"hopx_";

/// A mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The key it is for; for any key of the line when it names none.
    pub key_id: Option<[u8; ID_LEN]>,
    /// Why, as it is written there, less what may be a part of a key.
    pub reason: String,
}

/// Of several marks the one for a key: one that names it, else one that names none.
pub fn for_key(marks: Vec<Mark>, id: KeyId) -> Option<Mark> {
    let (named, other): (Vec<Mark>, Vec<Mark>) = marks.into_iter().partition(|mark| mark.key_id.is_some());
    let named = named.into_iter().find(|mark| mark.key_id.is_some_and(|named| named == id.as_str().as_bytes()));
    named.or_else(|| other.into_iter().next())
}

/// The marks for what stands at `range` of the blob; the block owns its beginning.
pub fn near(block: &Block<'_>, form: Form, range: &Range<u64>) -> Vec<Mark> {
    let index = |offset: u64| usize::try_from(offset.saturating_sub(block.base)).unwrap_or(usize::MAX);
    let (start, end) = (index(range.start), index(range.end).min(block.bytes.len()));
    if start >= end {
        return Vec::new();
    }
    let window =
        |unit: usize| start.saturating_sub(unit * REACH) & !(unit - 1)..block.bytes.len().min(end + unit * REACH);
    let is_first = |first: usize| block.base == 0 && first == 0;
    match form {
        Form::Utf8 => {
            let window = window(1);
            let mut text = block.bytes[window.clone()].to_vec();
            if is_first(window.start) && text.starts_with(b"\xef\xbb\xbf") {
                text[..3].fill(b' ');
            }
            in_text(
                text,
                start - window.start..end - window.start,
                is_first(window.start),
                window.end == block.bytes.len(),
            )
        }
        Form::Utf16(unit, _) => {
            let window = window(2);
            let (units, _) = block.bytes[window.clone()].as_chunks::<2>();
            let ascii = |bytes: &[u8; 2]| match unit(*bytes) {
                0xfeff => b' ',
                unit => u8::try_from(unit).ok().filter(u8::is_ascii).unwrap_or(b'?'),
            };
            let text = units.iter().map(ascii).collect();
            let key = (start - window.start) / 2..(end - window.start) / 2;
            in_text(text, key, is_first(window.start), window.end == block.bytes.len())
        }
    }
}

/// The marks around a key in a piece of text, which may begin where the blob does, and end where it is known to.
fn in_text(mut text: Vec<u8>, key: Range<usize>, begins: bool, ends: bool) -> Vec<Mark> {
    // The key itself may hold what looks like a comment, and must not get into a reason.
    let Some(own) = text.get_mut(key.clone()) else { return Vec::new() };
    own.fill(b'x');
    let line = memchr::memrchr(b'\n', &text[..key.start]).map(|at| at + 1);
    let end = memchr::memchr(b'\n', &text[key.end..]).map(|at| key.end + at);
    // A line that goes on behind what is seen may break off in another key.
    let is_whole = end.is_some() || ends;
    let (start, end) = (line.unwrap_or(0), end.unwrap_or(text.len()));
    let mut marks = Vec::new();
    for line in text[start..end].split(|byte| *byte == b'\n') {
        marks.extend(in_line(line, Place::Anywhere, is_whole));
    }
    let above = line.and_then(|line| {
        let above = &text[..line - 1];
        // Where its beginning is not seen, it may be the end of a line of code.
        let from = memchr::memrchr(b'\n', above).map(|at| at + 1).or(begins.then_some(0))?;
        Some(&above[from..])
    });
    marks.extend(above.into_iter().flat_map(|above| in_line(above, Place::Alone, true)));
    marks
}

/// Where in its line a mark may stand.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Behind anything: it is for this line.
    Anywhere,
    /// With nothing else in the line, no key above all: it is for the next line.
    Alone,
}

fn in_line(line: &[u8], place: Place, is_whole: bool) -> Vec<Mark> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
    let marks = memchr::memmem::find_iter(line, MARK).filter_map(|at| {
        let after = &line[at + MARK.len()..];
        let before = line[..at].trim_ascii_end();
        let code = OPENERS.iter().filter_map(|opener| before.strip_suffix(*opener)).min_by_key(|code| code.len())?;
        let is_comment = code.last().is_none_or(|byte| !is_word(byte)) && !after.first().is_some_and(is_word);
        let is_alone = code.trim_ascii().is_empty() && memchr::memmem::find(after, KEY).is_none();
        (is_comment && (place == Place::Anywhere || is_alone)).then(|| parse(after, is_whole))
    });
    marks.collect()
}

/// What follows the mark: the id of a key, where the first word has the shape of one, and a reason up to the comment's end.
fn parse(after: &[u8], is_whole: bool) -> Mark {
    // Of a copy, since it may be a map's (`lines::copied`).
    let after = after.to_vec();
    let text = String::from_utf8_lossy(&after);
    let end = CLOSERS.iter().filter_map(|closer| text.find(closer)).min();
    let text = text[..end.unwrap_or(text.len())].trim_start_matches([' ', '\t', ':', '=']).trim_end();
    let word = text.split([' ', '\t', ',', ':']).next().unwrap_or_default();
    let key_id = <[u8; ID_LEN]>::try_from(word.as_bytes()).ok().filter(is_id);
    let text = if key_id.is_some() { text[word.len()..].trim_start_matches([' ', '\t', ',', ':']) } else { text };
    // What is cut may end within a key.
    let text = if is_whole || end.is_some() { text } else { "" };
    Mark { key_id, reason: without_runs(text) }
}

/// Whether a word of 12 letters and digits is an id and no word of a language: one id in 30,000 has small letters alone.
fn is_id(word: &[u8; ID_LEN]) -> bool {
    word.iter().all(u8::is_ascii_alphanumeric) && !word.iter().all(u8::is_ascii_lowercase)
}

/// The text without long runs of what keys and their encodings are written with: a key that is split over lines, or encoded,
/// is not seen as a whole here.
fn without_runs(text: &str) -> String {
    const LONG: usize = 16;
    let is_run = |c: char| c.is_ascii_alphanumeric() || "_-+/=.%\\".contains(c);
    let mut words = Vec::new();
    for word in text.split_inclusive(|c| !is_run(c)) {
        let run = word.trim_end_matches(|c| !is_run(c));
        words.push(if run.len() >= LONG { format!("****{}", &word[run.len()..]) } else { word.to_owned() });
    }
    words.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The marks for the word KEY in a text, the same in UTF-8 and UTF-16.
    fn marks(text: &str) -> Vec<Mark> {
        let at = text.find("KEY").expect("a key");
        let block = Block { bytes: text.as_bytes(), base: 0, owned: 0..text.len() };
        let found = near(&block, Form::Utf8, &(at as u64..at as u64 + 3));
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let block = Block { bytes: &units, base: 0, owned: 0..units.len() };
        let at = text[..at].encode_utf16().count() as u64;
        let form = Form::Utf16(u16::from_le_bytes, "utf-16le");
        assert_eq!(near(&block, form, &(2 * at..2 * at + 6)), found, "{text:?}");
        found
    }

    fn mark(text: &str) -> Option<Mark> {
        marks(text).into_iter().next()
    }

    #[test]
    fn marks_in_comments() {
        for (text, reason) in [
            ("k = KEY # hopx-leaks:allow", ""),
            ("k = KEY // other // hopx-leaks:allow a test key\n", "a test key"),
            ("k = KEY //hopx-leaks:allow: it is revoked\r\n", "it is revoked"),
            ("/* hopx-leaks:allow */ KEY", ""),
            ("<!-- hopx-leaks:allow revoked --> KEY", "revoked"),
            ("KEY <!-- hopx-leaks:allow revoked -->", "revoked"),
            ("a\n# hopx-leaks:allow\nKEY", ""),
            ("a\n\t-- hopx-leaks:allow=x y\r\nKEY", "x y"),
            (" * hopx-leaks:allow why\n * KEY", "why"),
            ("\u{feff}# hopx-leaks:allow why\nKEY", "why"),
            ("{# hopx-leaks:allow deliberately #}KEY", "deliberately"),
        ] {
            let expected = Mark { key_id: None, reason: reason.to_owned() };
            assert_eq!(marks(text), [expected], "{text:?}");
        }
    }

    #[test]
    fn what_is_no_mark() {
        for text in [
            "KEY hopx-leaks:allow",
            "KEY # note hopx-leaks:allow",
            "KEY # hopx-leaks:allowed",
            "KEY # xhopx-leaks:allow",
            "KEY # hopx-leaks:allow-all",
            "KEY # HOPX-LEAKS:ALLOW",
            "KEY\n# hopx-leaks:allow",
            "# hopx-leaks:allow\n\nKEY",
            "other # hopx-leaks:allow\nKEY",
            "#define A 1 // hopx-leaks:allow\nKEY",
            "# hopx-leaks:allow hopx_live_x\nKEY",
            "hopx-leaks:allow\nKEY",
            "{\"u\":\"https://x\",\"k\":\"KEY\",\"n\":\"hopx-leaks:allow\"}",
            "var a=1;var s=\"hopx-leaks:allow\";var k=\"KEY\"",
            "printf(\"%s hopx-leaks:allow\",\"KEY\")",
        ] {
            assert_eq!(marks(text), [], "{text:?}");
        }
        let far = format!("# hopx-leaks:allow {}KEY", "x".repeat(REACH));
        assert_eq!(mark(&far), None);
    }

    /// The line above must be seen from its beginning: it may be the end of a line of code.
    #[test]
    fn a_line_above_whose_beginning_is_not_seen() {
        let line = format!("# hopx-leaks:allow {}\nKEY", "y".repeat(REACH - 20));
        assert_eq!(mark(&format!("s = \"aaaa {line}")), None);
        assert!(mark(&line).is_some());
        assert!(mark(&format!("{}\n{line}", "x".repeat(10))).is_none(), "its beginning is too far away");
    }

    #[test]
    fn marks_for_one_key() {
        for text in ["KEY # hopx-leaks:allow abcDEF123456 why", "KEY # hopx-leaks:allow=abcDEF123456: why"] {
            let expected = Mark { key_id: Some(*b"abcDEF123456"), reason: "why".to_owned() };
            assert_eq!(mark(text), Some(expected), "{text:?}");
        }
        for word in ["abcDEF1234567", "deliberately", "abcDEF12345_"] {
            let found = mark(&format!("KEY # hopx-leaks:allow {word}")).expect("a mark");
            assert_eq!(found.key_id, None, "{word}");
        }
        let both = marks("KEY /* hopx-leaks:allow abcDEF123456 one */ /* hopx-leaks:allow abcDEF123457 two */");
        assert_eq!(both.iter().map(|mark| mark.reason.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    }

    #[test]
    fn no_part_of_a_key_is_in_a_reason() {
        let text = b"k = a--b--c hopx-leaks:allow".to_vec();
        assert_eq!(in_text(text, 4..11, true, true), []);
        let reason = |text: &str| mark(text).expect("a mark").reason;
        assert_eq!(reason("# hopx-leaks:allow see KEY"), "see xxx");
        assert_eq!(reason("KEY # hopx-leaks:allow abcdefghijklmnop, b c"), "****, b c");
        assert_eq!(reason("KEY # hopx-leaks:allow \"abcdefghijklmnop\" x"), "\"****\" x");
        // A line that goes on behind what is seen.
        let cut = format!("KEY # hopx-leaks:allow {}", "word ".repeat(REACH));
        let block = Block { bytes: cut.as_bytes(), base: 0, owned: 0..cut.len() };
        assert_eq!(near(&block, Form::Utf8, &(0..3))[0].reason, "");
    }
}
