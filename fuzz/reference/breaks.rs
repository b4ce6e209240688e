//! Keys in pieces. What must be read is stated by expressions for each break; what may be is any stretch of the text that
//! could be one.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex_automata::meta::Regex;
use regex_automata::{Anchored, Input};

use super::shape::{KEY_LEN, fits};
use super::text::{len_at, regex};

/// The most breaks in one key.
const MAX_BREAKS: usize = 4;

/// The breaks that the specification names, and the most bytes of each.
static REQUIRED: LazyLock<Vec<(Regex, usize, &'static str)>> = LazyLock::new(|| {
    let split = [
        // The end of a literal and the beginning of the next, and what joins them, on one line or two.
        r#"["'`][ \t]*(?:(?:\+|\.\.|\.|&|<>|,|\|\|)[ \t]*)?(?:\r?\n\+?[ \t]*(?:(?:\+|\.\.|\.|&|<>)[ \t]+)?)?["'`]"#,
        // Visual Basic, a shell, Python.
        r#"["'][ \t]*& _\r?\n[ \t]*["']"#,
        r#"["'][ \t]*\\\r?\n[ \t]*["']"#,
        // A line that is continued, folded, or wrapped; in a diff too.
        r"\\\r?\n\+?[ \t]*",
        r"\r?\n\+?[ \t]*",
    ];
    let markup = [
        r"(?:</?[A-Za-z][^<>]{0,100}>|<!--[^<>]*-->)(?:\s*(?:</?[A-Za-z][^<>]{0,100}>|<!--[^<>]*-->))*\s*",
        r"(?:</?[A-Za-z][^<>]{0,100}>|<!--[^<>]*-->)+",
        r"(?:\xC2\xAD|\xE2\x80[\x8B-\x8D]|\xE2\x81\xA0|\xEF\xBB\xBF|&shy;|&#173;|&#820[345];|&#x200[bBcCdD];|&zwnj;|&zwj;)+",
        r"(?:(?:\x1B|\\x1b|\\u001b|\\033|\\e)\[[0-9;:?]*[A-Za-z])+",
        r"[ \t]*(?:\||\xE2\x94[\x82\x83]|\xE2\x95\x91)[ \t]*\r?\n[ \t]*(?:\||\xE2\x94[\x82\x83]|\xE2\x95\x91)[ \t]*",
        r#""\]\r?\n\[[0-9.]+, ?"o", ?""#,
    ];
    let of = |patterns: &[&str], most, name| -> Vec<_> {
        patterns.iter().map(|pattern| (regex(pattern), most, name)).collect()
    };
    [of(&split, 128, "split"), of(&markup, 512, "markup")].concat()
});

/// What is a break by no reading: signs and blanks without a quote, a line end or markup.
static NO_BREAK: LazyLock<Regex> = LazyLock::new(|| regex(r"[ \t+.,()~;:#*%!/_-]*$"));

/// A key that was put together.
pub struct Joined {
    pub key: Vec<u8>,
    /// The place of each character in the text, in order.
    pub places: Vec<usize>,
    /// What the report calls its breaks.
    pub name: &'static str,
}

/// The keys that begin with the first byte of the text and have one to four of the breaks that must be read.
pub fn required(text: &[u8]) -> Vec<Joined> {
    let mut found = Vec::new();
    follow(text, 0, &mut Joined { key: vec![], places: vec![], name: "split" }, 0, &mut found);
    found
}

fn follow(text: &[u8], at: usize, joined: &mut Joined, breaks: usize, found: &mut Vec<Joined>) {
    let (before, name) = (joined.key.len(), joined.name);
    let mut pos = at;
    while joined.key.len() < KEY_LEN && text.get(pos).is_some_and(|byte| fits(joined.key.len(), *byte)) {
        joined.key.push(text[pos]);
        joined.places.push(pos);
        pos += 1;
    }
    if joined.key.len() == KEY_LEN {
        found.push(Joined { key: joined.key.clone(), places: joined.places.clone(), name });
    } else if breaks < MAX_BREAKS && pos > at {
        for (expression, most, kind) in REQUIRED.iter() {
            // A break with a markup break beside it is one of markup.
            joined.name = if name == "markup" { name } else { kind };
            if let Some(len) = len_at(expression, text, pos).filter(|len| len <= most) {
                follow(text, pos + len, joined, breaks + 1, found);
            }
        }
        joined.name = name;
    }
    joined.key.truncate(before);
    joined.places.truncate(before);
}

/// Whether the text is this key with one to four stretches in it that may be breaks.
pub fn may_be(text: &[u8], key: &[u8]) -> bool {
    let mut places = BTreeSet::from([(0, 0, 0)]);
    while let Some((at, joined, breaks)) = places.pop_first() {
        if joined == key.len() {
            if at == text.len() && breaks > 0 {
                return true;
            }
            continue;
        }
        let Some(&byte) = text.get(at) else { continue };
        if byte == key[joined] {
            places.insert((at + 1, joined + 1, breaks));
        } else if joined > 0 && breaks < MAX_BREAKS && !fits(joined, byte) {
            let ends = (at + 1..text.len().min(at + 600)).filter(|end| text[*end] == key[joined]);
            let is_break = |end: &usize| {
                !NO_BREAK.is_match(Input::new(&text[at..*end]).anchored(Anchored::Yes))
                    || text[at..*end].contains(&b'\\')
            };
            places.extend(ends.filter(is_break).map(|end| (end, joined, breaks + 1)));
        }
    }
    false
}
