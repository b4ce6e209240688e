//! The mark by which a line of a file vouches for a key: `hopx-leaks:allow`, in a comment on the line of the key, or on a
//! line of its own right above.
//!
//! ```text
//! api_key = "..."  # hopx-leaks:allow
//! # hopx-leaks:allow KEYID why it does no harm
//! api_key = "..."
//! ```

use std::ops::Range;

use crate::blob::Block;
use crate::key::ID_LEN;
use crate::lines::Form;

/// The words themselves.
const MARK: &[u8] = b"hopx-leaks:allow";

/// Bytes that are looked at before a key and behind it, as text. A mark further away in a long line is not seen.
const REACH: usize = 4096;

/// What begins a comment in the languages where keys are found. Of these one must stand before the mark: a value that
/// merely holds the words is none.
const OPENERS: [&[u8]; 10] = [b"#", b"//", b"/*", b"<!--", b"--", b";", b"%", b"(*", b"{-", b"*"];

/// What ends a comment, and is no part of the reason.
const CLOSERS: [&str; 6] = ["*/", "-->", "--%>", "*)", "-}", "#}"];

/// A mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The key it is for; for any key of the line when it names none.
    pub key_id: Option<[u8; ID_LEN]>,
    /// Why, as it is written there. Other keys may be in it.
    pub reason: String,
}

/// The mark for the key whose encoded form stands at `range` of the blob; the block holds its beginning.
pub fn near(block: &Block<'_>, form: Form, range: &Range<u64>) -> Option<Mark> {
    let index = |offset: u64| usize::try_from(offset.saturating_sub(block.base)).unwrap_or(usize::MAX);
    let (start, end) = (index(range.start), index(range.end).min(block.bytes.len()));
    match form {
        Form::Utf8 => {
            let first = start.saturating_sub(REACH);
            let window = block.bytes.get(first..block.bytes.len().min(end + REACH))?;
            in_text(window.to_vec(), start - first..end - first)
        }
        Form::Utf16(unit, _) => {
            let first = (start & !1).saturating_sub(2 * REACH);
            let window = block.bytes.get(first..block.bytes.len().min(end + 2 * REACH))?;
            let (units, _) = window.as_chunks::<2>();
            let ascii = |bytes: &[u8; 2]| u8::try_from(unit(*bytes)).ok().filter(u8::is_ascii).unwrap_or(b'?');
            in_text(units.iter().map(ascii).collect(), (start - first) / 2..(end - first) / 2)
        }
    }
}

fn in_text(mut text: Vec<u8>, key: Range<usize>) -> Option<Mark> {
    // The key itself may hold what looks like a comment, and must not get into a reason.
    text.get_mut(key.clone())?.fill(b'x');
    let line = memchr::memrchr(b'\n', &text[..key.start]).map_or(0, |at| at + 1);
    let end = memchr::memchr(b'\n', &text[key.end..]).map_or(text.len(), |at| key.end + at);
    let beside = text[line..end].split(|byte| *byte == b'\n').find_map(|line| in_line(line, is_in_comment));
    beside.or_else(|| {
        let above = text[..line].strip_suffix(b"\n")?;
        let above = &above[memchr::memrchr(b'\n', above).map_or(0, |at| at + 1)..];
        in_line(above, is_comment)
    })
}

/// Whether the text before a mark has begun a comment.
fn is_in_comment(before: &[u8]) -> bool {
    OPENERS.iter().any(|opener| memchr::memmem::find(before, opener).is_some())
}

/// Whether the text before a mark is nothing but the beginning of a comment. What stands beside a key is for that key, and
/// not for the one on the next line.
fn is_comment(before: &[u8]) -> bool {
    OPENERS.iter().any(|opener| before.trim_ascii_start().starts_with(opener))
}

fn in_line(line: &[u8], is_right_place: fn(&[u8]) -> bool) -> Option<Mark> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
    memchr::memmem::find_iter(line, MARK).find_map(|at| {
        let (before, after) = (&line[..at], &line[at + MARK.len()..]);
        let is_whole = !before.last().is_some_and(is_word) && !after.first().is_some_and(is_word);
        (is_whole && is_right_place(before)).then(|| parse(after))
    })
}

/// What follows the mark: the id of a key, where the first word has the shape of one, and a reason.
fn parse(after: &[u8]) -> Mark {
    let text = String::from_utf8_lossy(after);
    let mut reason = text.trim_start_matches([' ', '\t', ':', '=']);
    let word = reason.split([' ', '\t', ',', ':', '\r']).next().unwrap_or_default();
    let key_id = <[u8; ID_LEN]>::try_from(word.as_bytes()).ok().filter(|id| id.iter().all(u8::is_ascii_alphanumeric));
    if key_id.is_some() {
        reason = reason[word.len()..].trim_start_matches([' ', '\t', ',', ':']);
    }
    reason = reason.trim_end();
    while let Some(rest) = CLOSERS.iter().find_map(|closer| reason.strip_suffix(closer)) {
        reason = rest.trim_end();
    }
    Mark { key_id, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mark for the word KEY in a text.
    fn mark(text: &str) -> Option<Mark> {
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

    #[test]
    fn marks_in_comments() {
        for (text, reason) in [
            ("k = KEY # hopx-leaks:allow", ""),
            ("k = KEY # hopx-leaks:allow a test key\n", "a test key"),
            ("k = KEY // note hopx-leaks:allow: it is revoked\r\n", "it is revoked"),
            ("/* hopx-leaks:allow */ KEY", "KEYLESS"),
            ("<!-- hopx-leaks:allow revoked --> KEY", "KEYLESS"),
            ("KEY <!-- hopx-leaks:allow revoked -->", "revoked"),
            ("a\n# hopx-leaks:allow\nKEY", ""),
            ("a\n\t-- hopx-leaks:allow=x y\r\nKEY", "x y"),
            (" * hopx-leaks:allow why\n * KEY", "why"),
        ] {
            let found = mark(text).unwrap_or_else(|| panic!("{text:?}"));
            assert!(reason == "KEYLESS" || found.reason == reason, "{text:?}: {found:?}");
            assert_eq!(found.key_id, None, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_mark() {
        for text in [
            "KEY hopx-leaks:allow",
            "KEY # hopx-leaks:allowed",
            "KEY # xhopx-leaks:allow",
            "KEY # hopx-leaks:allow-all",
            "KEY # HOPX-LEAKS:ALLOW",
            "KEY\n# hopx-leaks:allow",
            "# hopx-leaks:allow\n\nKEY",
            "other # hopx-leaks:allow\nKEY",
            "hopx-leaks:allow\nKEY",
        ] {
            assert_eq!(mark(text), None, "{text:?}");
        }
        let far = format!("# hopx-leaks:allow {}KEY", "x".repeat(REACH));
        assert_eq!(mark(&far), None);
    }

    #[test]
    fn marks_for_one_key() {
        for text in ["KEY # hopx-leaks:allow abcDEF123456 why", "KEY # hopx-leaks:allow=abcDEF123456: why"] {
            let expected = Mark { key_id: Some(*b"abcDEF123456"), reason: "why".to_owned() };
            assert_eq!(mark(text), Some(expected), "{text:?}");
        }
        assert_eq!(mark("KEY # hopx-leaks:allow abcDEF1234567").and_then(|mark| mark.key_id), None);
    }

    #[test]
    fn the_key_is_no_comment_and_in_no_reason() {
        let text = b"k = a--b--c hopx-leaks:allow".to_vec();
        assert_eq!(in_text(text, 4..11), None);
        let text = b"# hopx-leaks:allow a--b--c".to_vec();
        assert_eq!(in_text(text, 19..26).map(|mark| mark.reason).as_deref(), Some("xxxxxxx"));
    }
}
