//! The key and the placeholders as regular expressions, derived from what the detector goes by: lengths, classes, letters.
//! Nothing is asked of what stands beside a key, as in the detector. `tests/cli/rules.rs` holds all of it against it.
//!
//! The dialect is what RE2, Go, Rust, JavaScript, Python and Hyperscan have in common: ASCII classes, counted repetition,
//! no look-around, no back-reference. [`posix`] has the one that `grep -E` reads.

use data_encoding::BASE64URL_NOPAD;
use hopx_leaks::detect::placeholder::LONG_RUN;
use hopx_leaks::key::{ID_LEN, KEY_LEN, PREFIX_LEN, Rule, SECRET_ENDS, SECRET_LEN, fits};

/// How many bytes of alternatives are put into one expression of a list, so that lines stay readable.
const LONG_LINE: usize = 80;

/// A letter or digit: what an id consists of.
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

/// What tells that a key is a placeholder: [`runs`] in lines of a readable length, then [`whole_secrets`].
pub fn placeholders() -> Vec<String> {
    let runs = runs();
    let lines = runs.iter().flat_map(|kind| alternatives(kind)).map(|line| with_run(&line));
    lines.chain(whole_secrets()).collect()
}

/// The same, with all runs in one expression.
pub fn compact_placeholders() -> Vec<String> {
    let runs = with_run(&runs().concat().join("|"));
    [runs].into_iter().chain(whole_secrets()).collect()
}

/// The runs that no random secret has: of one character, ascending, descending.
fn runs() -> [Vec<String>; 3] {
    let bytes = || (0..=u8::MAX).filter(|&byte| fits(KEY_LEN - 1, byte));
    let is_run = |run: &[u8]| run.len() == LONG_RUN && run.iter().all(|&byte| fits(KEY_LEN - 1, byte));
    let ascending = bytes().map(|byte| (byte..=u8::MAX).take(LONG_RUN).collect::<Vec<u8>>()).filter(|run| is_run(run));
    let ascending: Vec<String> = ascending.filter_map(|run| String::from_utf8(run).ok()).collect();
    let descending = ascending.iter().map(|run| run.chars().rev().collect()).collect();
    let same = bytes().map(|byte| format!("{}{{{LONG_RUN}}}", char::from(byte))).collect();
    [same, ascending, descending]
}

/// A secret with one of these runs in it.
fn with_run(runs: &str) -> String {
    format!("\\.{}*(?:{runs})", secret_character())
}

/// The secrets that are told as a whole: without a capital letter, without a small one, or an encoded sentence. Too few
/// distinct characters no regular expression can count.
fn whole_secrets() -> [String; 2] {
    let without = |letter: fn(&u8) -> bool| class(|byte| fits(KEY_LEN - 1, byte) && !letter(&byte));
    let one_case = [u8::is_ascii_uppercase, u8::is_ascii_lowercase].map(without);
    let one_case = one_case.map(|class| format!("{class}{{{SECRET_LEN}}}")).join("|");
    [format!("\\.(?:{one_case})$"), sentence()]
}

/// A line with a key, for `grep -E`. The whole line, since git-secrets runs `grep -w`, which takes only matches that no
/// letter, digit or underscore touches.
pub fn posix() -> String {
    format!("^.*{}.*$", any_key("", "").replace("(?:", "("))
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
