//! The key, its borders and the placeholders as regular expressions, derived from what the detector goes by: lengths,
//! classes, letters. The forms of an escape are spelled here; `tests/cli/rules.rs` holds all of it against the detector.
//!
//! The dialect is what RE2, Go, Rust, JavaScript, Python and Hyperscan have in common: ASCII classes, counted repetition,
//! no look-around, no back-reference. [`posix`] has the one that `grep -E` reads.

use data_encoding::BASE64URL_NOPAD;
const ESCAPED: &[u8] = b"ntrfbv0";
const CONTROL_ENDS: &[u8] = b"mKJGH";
const CONTROL_ESCAPES: [&str; 10] =
    ["\x1b", "\\x1b", "\\x1B", "\\u001b", "\\u001B", "\\u{1b}", "\\033", "\\e", "\\E", "^["];
use hopx_leaks::detect::placeholder::LONG_RUN;
use hopx_leaks::key::{ID_LEN, KEY_LEN, PREFIX_LEN, Rule, SECRET_ENDS, SECRET_LEN, fits};

/// How many bytes of alternatives are put into one expression of a list, so that lines stay readable.
const LONG_LINE: usize = 80;

/// A letter or digit: what an id consists of, and what may not touch a key.
pub fn alphanumeric() -> String {
    class(|byte| fits(PREFIX_LEN, byte))
}

/// A character of a secret.
pub fn secret_character() -> String {
    class(|byte| fits(KEY_LEN - 1, byte))
}

/// A secret.
pub fn secret() -> String {
    format!("{}{{{}}}{}", secret_character(), SECRET_LEN - 1, class(|byte| SECRET_ENDS.contains(&byte)))
}

/// A key of one rule.
pub fn key(rule: Rule) -> String {
    format!("{}{}{{{ID_LEN}}}\\.{}", rule.prefix(), alphanumeric(), secret())
}

/// A key of any rule. The secret half is a group if `open` begins one.
pub fn any_key(open: &str, close: &str) -> String {
    let prefixes = Rule::ALL.map(Rule::prefix).join("|");
    format!("(?:{prefixes}){}{{{ID_LEN}}}\\.{open}{}{close}", alphanumeric(), secret())
}

/// What may stand right before a key although it ends in a letter or digit.
pub fn escapes() -> String {
    escapes_with("\\x1b")
}

/// The same, with an expression for the escape character.
fn escapes_with(escape: &str) -> String {
    let hex = class(|byte| byte.is_ascii_hexdigit());
    // The character itself; the forms that write it out have a backslash and letters, which stay.
    let controls = CONTROL_ESCAPES.map(|form| literal(form).replace('\x1b', escape)).join("|");
    [
        format!("\\\\{}", class(|byte| ESCAPED.contains(&byte))),
        format!("\\\\{}{{3}}", class(|byte| matches!(byte, b'0'..=b'7'))),
        format!("\\\\x{hex}{{2}}"),
        format!("\\\\u{hex}{{4}}"),
        format!("[%=]{hex}{{2}}"),
        format!("(?:{controls})\\[[0-9:;]*{}", class(|byte| CONTROL_ENDS.contains(&byte))),
    ]
    .join("|")
}

/// What stands right before a key where a match takes it along: an escape, or the letter or digit that [`glued`] tells.
pub fn left() -> String {
    format!("(?:{}|{})?", escapes(), alphanumeric())
}

/// What stands right after a key where a match takes it along: what makes it a part of something longer.
pub fn right() -> String {
    format!("(?:{})?", more())
}

/// Right after a key: what makes it a part of something longer.
pub fn more() -> String {
    format!("[-_]*{}", alphanumeric())
}

/// The matches of `left key right` that are no keys, since something touches them.
pub fn glued(rule: Rule) -> [String; 2] {
    [format!("^{}{}", alphanumeric(), rule.prefix()), format!("\\.{}{{{SECRET_LEN}}}{}$", secret_character(), more())]
}

/// Right after a key, as something that is there: the end, or what ends it.
pub fn end(of_text: &str) -> String {
    format!("[-_]*(?:{of_text}|[^-_{}", &alphanumeric()[1..]) + ")"
}

/// The keys that are placeholders: a run of one character, of ascending or descending ones, or an encoded sentence. Too
/// few distinct characters, the fourth test, no regular expression can count.
pub fn placeholders() -> Vec<String> {
    let bytes = || (0..=u8::MAX).filter(|&byte| fits(KEY_LEN - 1, byte));
    let is_run = |run: &[u8]| run.len() == LONG_RUN && run.iter().all(|&byte| fits(KEY_LEN - 1, byte));
    let runs = bytes().map(|byte| (byte..=u8::MAX).take(LONG_RUN).collect::<Vec<u8>>()).filter(|run| is_run(run));
    let ascending: Vec<String> = runs.filter_map(|run| String::from_utf8(run).ok()).collect();
    let descending = ascending.iter().map(|run| run.chars().rev().collect());
    let same = bytes().map(|byte| format!("{}{{{LONG_RUN}}}", char::from(byte)));
    let mut lines: Vec<String> = Vec::new();
    for runs in [same.collect::<Vec<_>>(), ascending.clone(), descending.collect()] {
        lines.extend(alternatives(&runs).map(|runs| format!("\\.{}*(?:{runs})", secret_character())));
    }
    lines.push(sentence());
    lines
}

/// A line with a key, for `grep -E`, which looks at lines. It has no way to write the escape character, so any control
/// character stands for it.
pub fn posix() -> String {
    let outside = &alphanumeric()[1..];
    let before = format!("^(.*([^{outside}|{}))?", escapes_with("[[:cntrl:]]"));
    let after = format!("[-_]*([^-_{outside}.*)?$");
    format!("{before}{}{after}", any_key("", "")).replace("(?:", "(")
}

/// The alternatives, as many in one expression as fit a line.
fn alternatives(all: &[String]) -> impl Iterator<Item = String> {
    let mut lines: Vec<Vec<&str>> = Vec::new();
    let mut room = 0;
    for one in all {
        match lines.last_mut() {
            Some(line) if one.len() < room => line.push(one),
            _ => {
                room = LONG_LINE;
                lines.push(vec![one]);
            }
        }
        room = room.saturating_sub(one.len() + 1);
    }
    lines.into_iter().map(|line| line.join("|"))
}

/// A secret whose 32 bytes are all from space to `~` or the one after it, which is no text but can't be told apart
/// without making the expression many times as long.
fn sentence() -> String {
    let symbols = BASE64URL_NOPAD.specification().symbols;
    let value = |byte: u8| symbols.bytes().position(|symbol| symbol == byte);
    // Three bytes of 001xxxxx to 011xxxxx in four characters of six bits: 001xxx xx001x xxxx00 1xxxxx and so on.
    let of = |fits: fn(usize) -> bool| class(|byte| value(byte).is_some_and(fits));
    let first = of(|value| (8..32).contains(&value));
    let second = of(|value| (2..8).contains(&(value % 16)));
    let low = format!("{}{}", of(|value| value % 4 == 0), of(|value| value >= 32));
    let high = format!("{}{}", of(|value| value % 4 == 1), secret_character());
    format!("\\.(?:{first}{second}(?:{low}|{high})){{10}}{first}{second}{}$", class(|byte| SECRET_ENDS.contains(&byte)))
}

/// The class of the ASCII bytes that fit, shortest first form: ranges of three and more, `-` where it is no range.
fn class(fits: impl Fn(u8) -> bool) -> String {
    let bytes: Vec<u8> = (0..128).filter(|&byte| byte != b'-' && fits(byte)).collect();
    let mut text = String::from(if fits(b'-') { "[-" } else { "[" });
    for run in bytes.chunk_by(|a, b| a + 1 == *b) {
        match run {
            [first, _, .., last] => text.extend([char::from(*first), '-', char::from(*last)]),
            few => text.extend(few.iter().copied().map(char::from)),
        }
    }
    text + "]"
}

/// The text as an expression for itself.
fn literal(text: &str) -> String {
    text.chars().flat_map(|c| r"\{}[]^.".contains(c).then_some('\\').into_iter().chain([c])).collect()
}
