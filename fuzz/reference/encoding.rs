//! A plain reader of each encoding: the next character at some place of a text.

use std::sync::LazyLock;

use regex_automata::meta::Regex;

use super::text::{OTHER, Text, groups_at, is_all, len_at, regex};

/// An encoding, and for base64 how it is met: which byte of a group of three comes first, and what each line begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf16Le,
    Utf16Be,
    Base64 { phase: u8, margin: Option<u8> },
    BareHex,
    SeparatedHex,
    HexLiterals,
    EscapedHex,
    Percent,
    UnicodeEscape,
    HtmlEntity,
    Backslash,
    QuotedPrintable,
    CharCodes,
    Reversed,
    Rot13,
}

use Encoding::{
    Backslash, BareHex, Base64, CharCodes, EscapedHex, HexLiterals, HtmlEntity, Percent, QuotedPrintable, Reversed,
    Rot13, SeparatedHex, UnicodeEscape, Utf16Be, Utf16Le,
};

/// Those in which some characters are escapes and all others stand for themselves.
pub const ESCAPES: [Encoding; 6] = [Percent, UnicodeEscape, HtmlEntity, Backslash, QuotedPrintable, EscapedHex];

/// One character: the byte, its first byte and the one behind its last in the text below, and where the next one begins.
pub struct Unit {
    pub byte: u8,
    pub start: usize,
    pub end: usize,
    pub next: usize,
}

/// The most bytes between two numbers of a table.
const BETWEEN: usize = 48;

macro_rules! expressions {
    ($($name:ident = $pattern:expr;)*) => {
        $(static $name: LazyLock<Regex> = LazyLock::new(|| regex($pattern));)*
    };
}

expressions! {
    BLANKS_WITH_A_LINE_END = r"(?:[ \t\r]*\n[ \t\r\n]*)?";
    SEPARATOR = r"(?:[:,-]\\?)?[ \t\r\n]*";
    NO_DASH = r"[^-]*";
    PERCENT = r"%(?:25){0,3}([0-9A-Fa-f]{2})";
    UNICODE = r"\\{1,8}u(?:([0-9A-Fa-f]{4})|\{([0-9A-Fa-f]{1,6})\})";
    ESCAPED = r"\\{1,8}x([0-9A-Fa-f]{2})";
    HTML = r"&(?:#[xX]([0-9A-Fa-f]{1,8});|#([0-9]{1,8});|(lowbar|UnderBar|period|quot|apos|amp|lt|gt|equals);)";
    SIGN = r"\\{1,8}([_.-])";
    SOFT = r"((?:=\r?\n){0,7})(?:=([0-9A-Fa-f]{2}))?";
    CODE = r"([ \t\r\n,;+.&()A-Za-z]{0,48})([0-9]{2,3})";
    // A line ends, and what indents the next.
    LINE_END = r"(?:(?:\r|\\{1,8}r|&#13;|&#x[dD];|%0[dD])?(?:\n|\\{1,8}n|&#10;|&#x[aA];|%0[aA]))";
    INDENT = r"[ \t]{0,256}";
    LITERALS_MEET = r#"["'`][ \t\r\n+.&,|()~;\\<>"'`]{0,254}["'`]"#;
}

/// The break of a text in base64 that `at` stands before: a line's end, the margin of the next, its indentation; or one
/// string literal's end and the next one's beginning.
pub fn base64_break(bytes: &[u8], at: usize, margin: Option<u8>) -> Option<usize> {
    if let Some(len) = len_at(&LITERALS_MEET, bytes, at) {
        return Some(at + len);
    }
    let mut next = at + len_at(&LINE_END, bytes, at)?;
    next += usize::from(margin.is_some() && bytes.get(next).copied() == margin);
    Some(next + len_at(&INDENT, bytes, next).unwrap_or(0))
}

/// The value of a digit of either alphabet.
pub fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// A number's character, when it is of ASCII.
fn character(digits: &[u8], base: u32) -> u8 {
    let code = std::str::from_utf8(digits).ok().and_then(|digits| u32::from_str_radix(digits, base).ok());
    code.and_then(|code| u8::try_from(code).ok()).filter(u8::is_ascii).unwrap_or(OTHER)
}

impl Encoding {
    pub fn name(self) -> &'static str {
        match self {
            Utf16Le => "utf-16le",
            Utf16Be => "utf-16be",
            Base64 { .. } => "base64",
            BareHex | SeparatedHex | HexLiterals | EscapedHex => "hex",
            Percent => "percent",
            UnicodeEscape => "unicode-escape",
            HtmlEntity => "html-entity",
            Backslash => "backslash",
            QuotedPrintable => "quoted-printable",
            CharCodes => "char-codes",
            Reversed => "reversed",
            Rot13 => "rot13",
        }
    }

    /// The character at `at`.
    pub fn unit(self, text: &Text, at: usize) -> Option<Unit> {
        let bytes = &text.bytes;
        let plain = |byte, start, end| Some(Unit { byte, start, end, next: end });
        match self {
            Utf16Le | Utf16Be => {
                let pair = *bytes.get(at..)?.first_chunk::<2>()?;
                let code = if self == Utf16Le { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) };
                plain(u8::try_from(code).ok().filter(u8::is_ascii).unwrap_or(OTHER), at, at + 2)
            }
            Base64 { phase, margin } => of_base64(bytes, at, phase, margin),
            BareHex => number(bytes, at, b"", &BLANKS_WITH_A_LINE_END),
            SeparatedHex => number(bytes, at, b"", &SEPARATOR),
            HexLiterals => number(bytes, at, b"0x", &NO_DASH),
            CharCodes => code(bytes, at),
            Reversed => {
                let byte = *bytes.get(at.checked_sub(1)?)?;
                Some(Unit { byte, start: at - 1, end: at, next: at - 1 })
            }
            Rot13 => {
                let turned = |byte: u8, first: u8| (byte - first + 13) % 26 + first;
                match *bytes.get(at)? {
                    byte @ b'a'..=b'z' => plain(turned(byte, b'a'), at, at + 1),
                    byte @ b'A'..=b'Z' => plain(turned(byte, b'A'), at, at + 1),
                    byte => plain(byte, at, at + 1),
                }
            }
            QuotedPrintable => soft(bytes, at),
            EscapedHex | Percent | UnicodeEscape | HtmlEntity | Backslash => {
                self.escape(bytes, at).or_else(|| plain(*bytes.get(at)?, at, at + 1))
            }
        }
    }

    /// The escape at `at`.
    fn escape(self, bytes: &[u8], at: usize) -> Option<Unit> {
        let is_begun = matches!(
            (self, bytes.get(at)?),
            (Percent, b'%') | (HtmlEntity, b'&') | (EscapedHex | UnicodeEscape | Backslash, b'\\')
        );
        let expression = match self {
            _ if !is_begun => return None,
            EscapedHex => &ESCAPED,
            Percent => &PERCENT,
            UnicodeEscape => &UNICODE,
            HtmlEntity => &HTML,
            _ => &SIGN,
        };
        let groups = groups_at(expression, bytes, at)?;
        let group = |number: usize| groups.get(number).copied().unwrap_or_default();
        let byte = match self {
            Backslash => group(1)[0],
            UnicodeEscape => character(&[group(1), group(2)].concat(), 16),
            HtmlEntity if !group(1).is_empty() => character(group(1), 16),
            HtmlEntity if !group(2).is_empty() => character(group(2), 10),
            HtmlEntity => named(group(3)),
            _ => character(group(1), 16),
        };
        let end = at + groups[0].len();
        Some(Unit { byte, start: at, end, next: end })
    }

    /// Whether a text in this encoding may begin at `at`, with a character that is encoded.
    pub fn may_begin(self, text: &Text, at: usize) -> bool {
        let bytes = &text.bytes;
        match self {
            QuotedPrintable => bytes.get(at) == Some(&b'=') && soft(bytes, at).is_some_and(|unit| unit.end == at + 3),
            // The first of its backslashes.
            EscapedHex | UnicodeEscape => {
                let before = at.checked_sub(1).and_then(|before| self.escape(bytes, before));
                before.is_none() && self.escape(bytes, at).is_some()
            }
            Percent | HtmlEntity | Backslash => self.escape(bytes, at).is_some(),
            Reversed => at > 0,
            _ => at < bytes.len(),
        }
    }

    /// This encoding, one character on.
    pub fn after_one(self) -> Encoding {
        match self {
            Base64 { phase, margin } => Base64 { phase: (phase + 1) % 3, margin },
            other => other,
        }
    }

    /// At most `most` characters from `at` on, of which the first begins there.
    pub fn decode(self, text: &Text, at: usize, most: usize) -> Text {
        match self.unit(text, at) {
            Some(unit) if unit.start == at || self == Reversed => self.decode_on(text, at, most),
            _ => Text::default(),
        }
    }

    /// At most `most` characters behind the one that ends at `at`.
    pub fn decode_on(self, text: &Text, at: usize, most: usize) -> Text {
        let (mut decoded, mut pos, mut encoding) = (Text::default(), at, self);
        while decoded.len() < most {
            let Some(unit) = encoding.unit(text, pos) else { break };
            decoded.push(unit.byte, text.span(unit.start, unit.end));
            (pos, encoding) = (unit.next, encoding.after_one());
        }
        decoded
    }
}

fn named(name: &[u8]) -> u8 {
    match name {
        b"lowbar" | b"UnderBar" => b'_',
        b"period" => b'.',
        b"quot" => b'"',
        b"apos" => b'\'',
        b"amp" => b'&',
        b"lt" => b'<',
        b"gt" => b'>',
        _ => b'=',
    }
}

/// A byte of base64: two digits, of which the first may belong to the byte before too.
fn of_base64(bytes: &[u8], at: usize, phase: u8, margin: Option<u8>) -> Option<Unit> {
    // A digit at this place, or behind a break that is there.
    let digit_at = |at: usize| -> Option<(u8, usize)> {
        if let Some(value) = digit(*bytes.get(at)?) {
            return Some((value, at));
        }
        let next = base64_break(bytes, at, margin)?;
        Some((digit(*bytes.get(next)?)?, next))
    };
    let (first, start) = digit_at(at)?;
    let (second, last) = digit_at(start + 1)?;
    let both = u16::from(first) << 6 | u16::from(second);
    // The byte begins 0, 2 or 4 bits behind the start of its first digit.
    let byte = (both >> (4 - 2 * phase) & 0xff) as u8;
    Some(Unit { byte, start, end: last + 1, next: if phase == 2 { last + 1 } else { last } })
}

/// What separates numbers, a prefix and two hexadecimal digits.
fn number(bytes: &[u8], at: usize, prefix: &[u8], separator: &Regex) -> Option<Unit> {
    let rest = bytes.get(at..)?;
    let skip = rest.iter().take(BETWEEN).take_while(|byte| b" \t\r\n,;:-\\".contains(byte)).count();
    let digits = rest[skip..].strip_prefix(prefix)?.first_chunk::<2>()?;
    if !digits.iter().all(u8::is_ascii_hexdigit) || !is_all(separator, &rest[..skip]) {
        return None;
    }
    let (start, end) = (at + skip, at + skip + prefix.len() + 2);
    Some(Unit { byte: character(digits, 16), start, end, next: end })
}

/// What separates numbers of a list or calls of a function, and two or three decimal digits.
fn code(bytes: &[u8], at: usize) -> Option<Unit> {
    let groups = groups_at(&CODE, bytes, at)?;
    let (between, digits) = (groups[1], groups[2]);
    let is_named = between.iter().any(u8::is_ascii_alphabetic);
    let (start, end) = (at + between.len(), at + groups[0].len());
    if is_named && !between.ends_with(b"(") || bytes.get(end).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    Some(Unit { byte: character(digits, 10), start, end, next: end })
}

/// A character of quoted-printable, and the soft line breaks before it.
fn soft(bytes: &[u8], at: usize) -> Option<Unit> {
    let groups = groups_at(&SOFT, bytes, at)?;
    let start = at + groups[1].len();
    let (byte, end) = match groups[2] {
        b"" => (*bytes.get(start)?, start + 1),
        digits => (character(digits, 16), start + 3),
    };
    Some(Unit { byte, start, end, next: end })
}
