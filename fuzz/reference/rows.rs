//! The table of chains, and within which bounds each must be read.

use std::sync::LazyLock;

use regex_automata::meta::Regex;

use super::encoding::Encoding;
use super::encoding::Encoding::{
    BareHex, Base64, CharCodes, EscapedHex, HexLiterals, HtmlEntity, Percent, QuotedPrintable, Reversed, Rot13,
    SeparatedHex, UnicodeEscape, Utf16Be, Utf16Le,
};
use super::text::{is_all, len_at, regex};

/// Every chain, the simplest first, and each way to meet it.
pub static ROWS: LazyLock<Vec<Vec<Encoding>>> = LazyLock::new(|| {
    let base64 = |margin| (0..3).map(move |phase| Base64 { phase, margin });
    let mut rows = vec![vec![], vec![Utf16Le], vec![Utf16Be]];
    rows.extend(base64(None).map(|outer| vec![outer]));
    for outer in base64(None) {
        rows.extend([vec![outer, Utf16Le], vec![outer, Utf16Be]]);
        rows.extend(base64(None).map(|inner| vec![outer, inner]));
    }
    for hex in [BareHex, SeparatedHex] {
        rows.extend([vec![hex], vec![hex, Utf16Le]]);
    }
    let more =
        [EscapedHex, HexLiterals, Percent, UnicodeEscape, HtmlEntity, QuotedPrintable, CharCodes, Reversed, Rot13];
    rows.extend(more.map(|encoding| vec![encoding]));
    rows.extend(b"+->#".iter().flat_map(|margin| base64(Some(*margin))).map(|outer| vec![outer]));
    rows
});

macro_rules! expressions {
    ($($name:ident = $pattern:expr;)*) => {
        $(static $name: LazyLock<Regex> = LazyLock::new(|| regex($pattern));)*
    };
}

/// A text in base64 in lines, of which all but the first and the last have 16 digits or more.
macro_rules! lines_of_base64 {
    ($break:expr) => {
        concat!("[A-Za-z0-9+/_-]+(?:(?:", $break, "[A-Za-z0-9+/_-]{16,})*", $break, "[A-Za-z0-9+/_-]+)?")
    };
}

/// Numbers in lines, of which all but the first and the last have eight or more.
macro_rules! numbers {
    ($number:expr, $between:expr, $break:expr) => {
        concat!(
            $number, "(?:", $between, $number, ")*", "(?:", $break, $number, "(?:", $between, $number, "){7,})*",
            "(?:", $break, $number, "(?:", $between, $number, ")*)?"
        )
    };
}

expressions! {
    BASE64_LINES = lines_of_base64!(r"(?:\r?\n[ \t]{0,256}|\\r\\n|\\n|\\\\n|&#10;|&#xA;|%0A|%0D%0A)");
    ADDED_LINES = lines_of_base64!(r"\r?\n\+[ \t]{0,256}");
    REMOVED_LINES = lines_of_base64!(r"\r?\n-[ \t]{0,256}");
    QUOTED_LINES = lines_of_base64!(r"\r?\n>[ \t]{0,256}");
    COMMENT_LINES = lines_of_base64!(r"\r?\n#[ \t]{0,256}");
    LITERALS = lines_of_base64!(r#"["'][ \t]*[+.,]?[ \t]*(?:\r?\n[ \t]{0,100})?["']"#);
    UNBROKEN = "[A-Za-z0-9+/_-]{14}";
    BARE_HEX = numbers!("[0-9A-Fa-f]{2}", "", r"\r?\n[ \t]{0,40}");
    BLANK_HEX = numbers!("[0-9A-Fa-f]{2}", " ", r" ?\r?\n[ \t]{0,40}");
    COLON_HEX = numbers!("[0-9A-Fa-f]{2}", ":", r":\r?\n[ \t]{0,40}");
    COMMA_HEX = numbers!("[0-9A-Fa-f]{2}", ",", r",\\?\r?\n[ \t]{0,40}");
    HEX_LITERALS = numbers!("0x[0-9A-Fa-f]{2}", ", ?", r",\r?\n[ \t]{0,40}");
    CODES = numbers!("[0-9]{2,3}", ", ?", r",\r?\n[ \t]{0,40}");
    CALLS = r"104(?:\) ?[.+&] ?(?:chr|Chr|CHR|String\.fromCharCode)\([0-9]{2,3})+";
    PERCENT_HOPX = "(?:%[0-9A-Fa-f]{2}){4}";
    UNICODE_HOPX = r"(?:\\{1,8}u(?:00[0-9A-Fa-f]{2}|\{[0-9A-Fa-f]{2}\})){4}";
    HTML_HOPX = "(?:&#[xX]?[0-9A-Fa-f]{2,8};){4}";
    SOFT_HOPX = "(?:=[0-9A-Fa-f]{2}){4}";
    ESCAPED_HOPX = r"(?:\\{1,8}x[0-9A-Fa-f]{2}){4}";
    MANY_SOFT_BREAKS = r"(?:=\r?\n){5}";
}

/// The encoded form of a key.
pub struct Encoded<'e> {
    /// What stands before it.
    pub before: &'e [u8],
    /// The form, in the text that the encoding reads.
    pub form: &'e [u8],
    /// How many of its bytes the first four letters take.
    pub letters: usize,
    /// Whether more than these is needed to find it: in escapes, or in pieces, inside of what this encoding makes.
    pub has_more: bool,
}

/// Whether a form is within the bounds in which it must be read; and whether it is a guess.
pub fn is_required(encoding: Encoding, encoded: &Encoded<'_>) -> (bool, bool) {
    let form = encoded.form;
    let is_one_of = |expressions: &[&Regex]| expressions.iter().any(|expression| is_all(expression, form));
    let begins = |expression: &Regex| len_at(expression, form, 0).is_some();
    let is_read = match encoding {
        Utf16Le | Utf16Be | Reversed | Rot13 => true,
        Base64 { margin, .. } => return of_base64(margin, encoded),
        BareHex => is_one_of(&[&BARE_HEX]),
        SeparatedHex => is_one_of(&[&BLANK_HEX, &COLON_HEX, &COMMA_HEX]) && !is_one_of(&[&BARE_HEX]),
        HexLiterals => is_one_of(&[&HEX_LITERALS]),
        CharCodes => is_one_of(&[&CODES]) || is_one_of(&[&CALLS]) && encoded.before.ends_with(b"("),
        Percent => begins(&PERCENT_HOPX),
        UnicodeEscape => begins(&UNICODE_HOPX),
        HtmlEntity => begins(&HTML_HOPX),
        QuotedPrintable => begins(&SOFT_HOPX) && !MANY_SOFT_BREAKS.is_match(form),
        EscapedHex => begins(&ESCAPED_HOPX),
        Encoding::Backslash => false,
    };
    (is_read, false)
}

/// The lines of a text in base64: what is left to search from where a break cuts the first letters are the letters behind
/// them, as they are.
fn of_base64(margin: Option<u8>, encoded: &Encoded<'_>) -> (bool, bool) {
    let form = encoded.form;
    let is_literals = form.iter().any(|byte| b"\"'`".contains(byte));
    // A digit that makes a newline of what stands before it is none.
    let is_newline = match form.first() {
        Some(b'A' | b'a' | b'D' | b'd') => encoded.before.ends_with(b"%0"),
        Some(b'n' | b'r') => encoded.before.ends_with(b"\\"),
        _ => false,
    };
    if is_newline || encoded.has_more && encoded.letters > 6 {
        return (false, is_literals);
    }
    let Some(margin) = margin else { return (is_all(&BASE64_LINES, form) || is_all(&LITERALS, form), is_literals) };
    let line = encoded.before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let is_behind_margin = encoded.before.len() - line < 200 && encoded.before.get(line) == Some(&margin);
    let lines = match margin {
        b'+' => &ADDED_LINES,
        b'-' => &REMOVED_LINES,
        b'>' => &QUOTED_LINES,
        _ => &COMMENT_LINES,
    };
    // On one line the margin is read as what stands before.
    (is_behind_margin && form.contains(&b'\n') && is_all(lines, form), is_literals)
}

/// Whether the inner one of two layers of base64 is within the bounds: no break in what is searched for.
pub fn is_required_inside(form: &[u8]) -> bool {
    is_all(&BASE64_LINES, form) && len_at(&UNBROKEN, form, 0).is_some()
}

/// Whether a form within which some characters are escapes is within the bounds.
pub fn has_few_soft_breaks(form: &[u8]) -> bool {
    !MANY_SOFT_BREAKS.is_match(form)
}
