//! What stands beside a key, and whether it leaves the key open.

use std::sync::LazyLock;

use regex_automata::meta::Regex;

use super::encoding::{Encoding, base64_break};
use super::text::{Text, groups_at, is_all, len_at, regex};

/// How far neighbours are looked at, in decoded characters on either side.
pub const REACH: usize = 16;
/// The most bytes of one character of a text in some encoding and of what separates it from the next.
const LONGEST: usize = 300;

static GOES_ON: LazyLock<Regex> = LazyLock::new(|| regex("[-_]*[0-9A-Za-z]"));
static ESCAPE: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?:[%=]([0-9A-Fa-f]{2})|\\x([0-9A-Fa-f]{2})|\\([0-7]{3})|\\u([0-9A-Fa-f]{4})|(\\[ntrfbv0]))")
});
static CONTROL: LazyLock<Regex> = LazyLock::new(|| {
    regex(r".*(?:\x1B|\\x1[bB]|\\u001[bB]|\\u\{1b\}|\\033|\\[eE]|\^\[|&#27;|&#x1[bB];)\[[0-9;:?]*[A-Za-z]")
});

/// Whether a key may begin behind these characters: the last one is no letter and no digit, or ends an escape of something
/// else, or a terminal's control sequence.
pub fn is_open_left(before: &[u8]) -> bool {
    let before = &before[before.len().saturating_sub(REACH)..];
    if !before.last().is_some_and(u8::is_ascii_alphanumeric) || is_all(&CONTROL, before) {
        return true;
    }
    (2..=6).any(|len| {
        let Some(tail) = before.len().checked_sub(len).map(|from| &before[from..]) else { return false };
        let Some(groups) = groups_at(&ESCAPE, tail, 0).filter(|groups| groups[0].len() == len) else { return false };
        let code = |number: usize, base| u32::from_str_radix(&String::from_utf8_lossy(groups[number]), base).ok();
        let codes = [code(1, 16), code(2, 16), code(3, 8), code(4, 16)];
        let is_other = |code: &u32| !u8::try_from(*code).is_ok_and(|byte| byte.is_ascii_alphanumeric());
        !groups[5].is_empty() || codes.iter().flatten().any(is_other)
    })
}

/// Whether a key may end before these characters.
pub fn is_open_right(after: &[u8]) -> bool {
    len_at(&GOES_ON, &after[..after.len().min(REACH)], 0).is_none()
}

/// At most `most` characters that stand before the one that begins at `at` of a text in this encoding.
pub fn before(encoding: Encoding, text: &Text, at: usize, most: usize) -> Text {
    match encoding {
        Encoding::Reversed => {
            let mut before = text.part(at, most);
            before.bytes.reverse();
            before.spans.reverse();
            before
        }
        Encoding::Percent
        | Encoding::UnicodeEscape
        | Encoding::HtmlEntity
        | Encoding::Backslash
        | Encoding::QuotedPrintable
        | Encoding::EscapedHex => {
            let mut before = Text::default();
            let mut pos = 0;
            while let Some(unit) = encoding.unit(text, pos).filter(|unit| unit.end <= at) {
                before.push(unit.byte, text.span(unit.start, unit.end));
                pos = unit.next;
            }
            before.part(before.len().saturating_sub(most), most)
        }
        _ => step_by_step(encoding, text, at, most),
    }
}

/// The same, one character after the other: each is the nearest behind which the next is read.
fn step_by_step(encoding: Encoding, text: &Text, at: usize, most: usize) -> Text {
    let mut found = Vec::new();
    let (mut at, mut encoding) = (at, encoding);
    while found.len() < most {
        let previous = match encoding {
            Encoding::Base64 { phase, margin } => Encoding::Base64 { phase: (phase + 2) % 3, margin },
            other => other,
        };
        let leads_here = |from: &usize| {
            let unit = previous.unit(text, *from).filter(|unit| unit.start == *from && is_whole(previous, text, *from));
            // Behind a line break between two groups of base64 a text may begin.
            let is_near = |unit: &super::encoding::Unit| {
                !matches!(previous, Encoding::Base64 { phase: 2, .. }) || unit.next == at
            };
            unit.filter(is_near).and_then(|unit| encoding.unit(text, unit.next)).is_some_and(|unit| unit.start == at)
        };
        let Some(from) = (at.saturating_sub(LONGEST)..at).rev().find(leads_here) else { break };
        if let Some(unit) = previous.unit(text, from) {
            found.push((unit.byte, text.span(unit.start, unit.end)));
        }
        (at, encoding) = (from, previous);
    }
    let mut before = Text::default();
    found.into_iter().rev().for_each(|(byte, span)| before.push(byte, span));
    before
}

/// Whether a character that begins at `at` is no part of something longer: of a number, or of the `\n` or `%0A` between two
/// lines of base64.
fn is_whole(encoding: Encoding, text: &Text, at: usize) -> bool {
    match encoding {
        Encoding::CharCodes => at == 0 || !text.bytes[at - 1].is_ascii_digit(),
        Encoding::Base64 { margin, .. } => {
            let holds = |from: usize| base64_break(&text.bytes, from, margin).is_some_and(|end| end > at);
            !(at.saturating_sub(LONGEST)..at).any(holds)
        }
        _ => true,
    }
}
