//! Encoders, written straight from the formats and without the program's own code. Each keeps track of where the key
//! comes to stand, so that encoders compose and a test knows the exact span of what it hid.

#![allow(dead_code, reason = "each user of this file needs a part of it")]

use std::io::Write;
use std::ops::Range;

use fastrand::Rng;

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// What the characters of a whole file are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Units {
    /// Bytes.
    Utf8,
    /// Two bytes, the low one first.
    Utf16Le,
    /// Two bytes, the high one first.
    Utf16Be,
}

impl Units {
    /// A text in these units.
    pub fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Units::Utf8 => text.as_bytes().to_vec(),
            Units::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Units::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        }
    }

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Units::Utf8 => "utf-8",
            Units::Utf16Le => "utf-16le",
            Units::Utf16Be => "utf-16be",
        }
    }
}

/// A text with a key in it.
#[derive(Clone)]
pub struct Text {
    /// The text as it stands.
    pub bytes: Vec<u8>,
    /// Where the encoded form of the key stands, half open.
    pub key: Range<usize>,
    /// Where those of further keys stand.
    pub more: Vec<Range<usize>>,
    /// What a report calls the encodings, the outermost first.
    pub names: Vec<&'static str>,
    /// What its characters are made of.
    pub units: Units,
}

/// The alphabet of base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// `+` and `/` (RFC 4648 section 4).
    Standard,
    /// `-` and `_` (section 5).
    Url,
}

/// Whether `=` fills the last group of base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// It does.
    Padded,
    /// It does not.
    Bare,
}

/// Where a long text is broken into lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrap {
    /// Tokens a line: characters of base64, bytes of the others.
    pub width: usize,
    /// What stands between two lines, indentation and all.
    pub newline: String,
}

impl Wrap {
    /// Lines of so many tokens.
    pub fn new(width: usize, newline: impl Into<String>) -> Wrap {
        Wrap { width, newline: newline.into() }
    }
}

/// Which characters are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// What is not alphanumeric in a key: `_`, `.` and `-`.
    Specials,
    /// Some, with `hopx` plain.
    SomeAfterPlainHopx,
    /// Some, with `hopx` encoded.
    SomeAfterEncodedHopx,
}

/// The digits of hexadecimal numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    /// `0123456789abcdef`
    Lower,
    /// `0123456789ABCDEF`
    Upper,
}

impl Digits {
    /// A byte in at least so many digits.
    pub fn of(self, byte: u8, least: usize) -> String {
        match self {
            Digits::Lower => format!("{byte:0least$x}"),
            Digits::Upper => format!("{byte:0least$X}"),
        }
    }
}

/// What a byte becomes.
pub type Token = dyn Fn(u8) -> String;

/// A name for case ids, and what a byte becomes.
pub type NamedToken = (&'static str, fn(u8) -> String);

impl Text {
    /// A key between two texts.
    pub fn plain(before: &[u8], key: &[u8], after: &[u8]) -> Text {
        let end = before.len() + key.len();
        let (bytes, key) = ([before, key, after].concat(), before.len()..end);
        Text { bytes, key, more: vec![], names: vec![], units: Units::Utf8 }
    }

    /// Keys end to end between two texts.
    pub fn end_to_end(before: &[u8], keys: &[&str], after: &[u8]) -> Text {
        let mut text = Text::plain(before, keys.concat().as_bytes(), after);
        let starts = keys.iter().scan(before.len(), |end, key| Some(std::mem::replace(end, *end + key.len())));
        let mut spans = starts.zip(keys).map(|(start, key)| start..start + key.len());
        text.key = spans.next().expect("a key");
        text.more = spans.collect();
        text
    }

    /// Where the encoded forms of all keys stand.
    pub fn spans(&self) -> impl Iterator<Item = &Range<usize>> {
        [&self.key].into_iter().chain(&self.more)
    }

    /// The same text with its spans computed anew.
    fn moved(self, span: impl Fn(&Range<usize>) -> Range<usize>) -> Text {
        Text { key: span(&self.key), more: self.more.iter().map(span).collect(), ..self }
    }

    /// The same, written into a longer text that is not encoded further.
    pub fn placed(self, before: &str, after: &str) -> Text {
        let (before, after) = (self.units.encode(before), self.units.encode(after));
        let text = self.moved(|span| span.start + before.len()..span.end + before.len());
        Text { bytes: [before, text.bytes, after].concat(), ..text }
    }

    /// The text up to `end`.
    pub fn cut(mut self, end: usize) -> Text {
        self.bytes.truncate(end);
        self
    }

    /// UTF-16 without a byte order mark, a unit for each byte.
    pub fn utf16(self, units: Units) -> Text {
        let unit = |byte: u8| match units {
            Units::Utf8 => vec![byte],
            Units::Utf16Le => vec![byte, 0],
            Units::Utf16Be => vec![0, byte],
        };
        let tokens = self.bytes.iter().map(|&byte| unit(byte)).collect();
        let text = self.joined(units.name(), tokens, "", None);
        Text { units, ..text }
    }

    /// base64 (RFC 4648). Of the key, the characters that hold a bit of it; of a compressed text, all of it.
    pub fn base64(self, alphabet: Alphabet, padding: Padding, wrap: Option<&Wrap>) -> Text {
        let mut characters = base64(&self.bytes, alphabet);
        if padding == Padding::Padded {
            characters.resize(characters.len().next_multiple_of(4), b'=');
        }
        let (all, count) = (self.names.iter().any(|name| matches!(*name, "gzip" | "zlib")), characters.len());
        let span = |span: &Range<usize>| if all { 0..count } else { span.start * 8 / 6..(span.end * 8 - 1) / 6 + 1 };
        let tokens = characters.into_iter().map(|character| vec![character]).collect();
        Text { units: Units::Utf8, ..self }.moved(span).joined("base64", tokens, "", wrap)
    }

    /// A gzip member (RFC 1952), with a file name in its header or not. The key is anywhere in it.
    pub fn gzip(mut self, time: u32, name: Option<&str>) -> Text {
        let mut builder = flate2::GzBuilder::new().mtime(time);
        if let Some(name) = name {
            builder = builder.filename(name);
        }
        let mut encoder = builder.write(Vec::new(), flate2::Compression::default());
        encoder.write_all(&self.bytes).expect("memory takes it");
        self.bytes = encoder.finish().expect("memory takes it");
        self.key = 0..self.bytes.len();
        self.names.insert(0, "gzip");
        Text { units: Units::Utf8, ..self }
    }

    /// A zlib stream (RFC 1950), packed at a level from 0 to 9. The key is anywhere in it.
    pub fn zlib(mut self, level: u32) -> Text {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(level));
        encoder.write_all(&self.bytes).expect("memory takes it");
        self.bytes = encoder.finish().expect("memory takes it");
        self.key = 0..self.bytes.len();
        self.names.insert(0, "zlib");
        Text { units: Units::Utf8, ..self }
    }

    /// Two hexadecimal digits a byte.
    pub fn hex(self, digits: Digits, wrap: Option<&Wrap>) -> Text {
        self.every("hex", &move |byte| digits.of(byte, 2), "", wrap)
    }

    /// Hexadecimal with a mark before each byte (`\x`, `0x`) and something between them.
    pub fn hex_with(self, mark: &'static str, digits: Digits, between: &str, wrap: Option<&Wrap>) -> Text {
        self.every("hex", &move |byte| format!("{mark}{}", digits.of(byte, 2)), between, wrap)
    }

    /// Decimal character codes.
    pub fn char_codes(self, between: &str, wrap: Option<&Wrap>) -> Text {
        self.every("char-codes", &|byte| byte.to_string(), between, wrap)
    }

    /// `%2E` (RFC 3986 section 2.1).
    pub fn percent(self, which: Which, digits: Digits, rng: &mut Rng) -> Text {
        self.some("percent", which, &move |byte| format!("%{}", digits.of(byte, 2)), rng)
    }

    /// `\u0068`, as in JSON, JavaScript and Java.
    pub fn unicode(self, which: Which, digits: Digits, rng: &mut Rng) -> Text {
        self.some("unicode-escape", which, &move |byte| format!("\\u{}", digits.of(byte, 4)), rng)
    }

    /// `\u{68}`, as in JavaScript and Rust.
    pub fn unicode_braced(self, which: Which, digits: Digits, rng: &mut Rng) -> Text {
        self.some("unicode-escape", which, &move |byte| format!("\\u{{{}}}", digits.of(byte, 1)), rng)
    }

    /// `&#95;`, `&#x5f;` or a name: what `token` makes of a character.
    pub fn html(self, which: Which, token: &Token, rng: &mut Rng) -> Text {
        self.some("html-entity", which, token, rng)
    }

    /// A backslash, or several, before each of `signs`.
    pub fn backslash(self, signs: &str, backslashes: usize) -> Text {
        let escaped = |&byte: &u8| {
            let marks = if signs.as_bytes().contains(&byte) { backslashes } else { 0 };
            [vec![b'\\'; marks], vec![byte]].concat()
        };
        let tokens = self.bytes.iter().map(escaped).collect();
        self.joined("backslash", tokens, "", None)
    }

    /// `=5F` (RFC 2045 section 6.7). What must be encoded, is: `=` itself.
    pub fn quoted_printable(self, which: Which, digits: Digits, rng: &mut Rng) -> Text {
        let chosen = self.choose(which, rng);
        let token = |byte: u8, chosen: bool| match byte {
            b'=' => b"=3D".to_vec(),
            _ if chosen => format!("={}", digits.of(byte, 2)).into_bytes(),
            _ => vec![byte],
        };
        let tokens = self.bytes.iter().zip(chosen).map(|(&byte, chosen)| token(byte, chosen)).collect();
        self.joined("quoted-printable", tokens, "", None)
    }

    /// Soft line breaks: lines of at most `width` characters with the `=` at their end. `encode` are the characters
    /// that become `=5F`.
    pub fn soft_breaks(self, width: usize, newline: &str, encode: &str) -> Text {
        let mut tokens = Vec::new();
        let mut column = 0;
        let mut places = vec![];
        for &byte in &self.bytes {
            let encoded = byte == b'=' || encode.as_bytes().contains(&byte);
            let token = if encoded { format!("={byte:02X}").into_bytes() } else { vec![byte] };
            if column + token.len() + 1 > width {
                tokens.extend_from_slice(b"=");
                tokens.extend_from_slice(newline.as_bytes());
                column = 0;
            }
            places.push(tokens.len());
            column = if byte == b'\n' { 0 } else { column + token.len() };
            tokens.extend(token);
            places.push(tokens.len());
        }
        self.moved(|span| places[2 * span.start]..places[2 * span.end - 1]).named("quoted-printable", tokens)
    }

    /// From the end to the start.
    pub fn reversed(self) -> Text {
        let len = self.bytes.len();
        let bytes = self.bytes.iter().rev().copied().collect();
        self.moved(|span| len - span.end..len - span.start).named("reversed", bytes)
    }

    /// Each letter 13 further.
    pub fn rot13(self) -> Text {
        let turned = |byte: u8| match byte {
            b'a'..=b'z' => (byte - b'a' + 13) % 26 + b'a',
            b'A'..=b'Z' => (byte - b'A' + 13) % 26 + b'A',
            _ => byte,
        };
        let bytes = self.bytes.iter().map(|&byte| turned(byte)).collect();
        self.named("rot13", bytes)
    }

    /// What an encoder made of it: `key` is where the key is now.
    pub fn renamed(self, name: &'static str, bytes: Vec<u8>, key: Range<usize>) -> Text {
        Text { key, ..self }.named(name, bytes)
    }

    /// What an encoder made of it, with the spans known already.
    pub fn named(mut self, name: &'static str, bytes: Vec<u8>) -> Text {
        self.names.insert(0, name);
        Text { bytes, ..self }
    }

    fn every(self, name: &'static str, token: &Token, between: &str, wrap: Option<&Wrap>) -> Text {
        let tokens = self.bytes.iter().map(|&byte| token(byte).into_bytes()).collect();
        Text { units: Units::Utf8, ..self }.joined(name, tokens, between, wrap)
    }

    /// Encodes the chosen ASCII characters; others stay.
    fn some(self, name: &'static str, which: Which, token: &Token, rng: &mut Rng) -> Text {
        let chosen = self.choose(which, rng);
        let percent = name == "percent";
        let token = |byte: u8, chosen| {
            let chosen = chosen && (byte.is_ascii() || percent);
            if chosen { token(byte).into_bytes() } else { vec![byte] }
        };
        let tokens = self.bytes.iter().zip(chosen).map(|(&byte, chosen)| token(byte, chosen)).collect();
        self.joined(name, tokens, "", None)
    }

    /// Which bytes to encode: at least one of each key is among them.
    fn choose(&self, which: Which, rng: &mut Rng) -> Vec<bool> {
        let is_in_hopx = |at: usize| self.spans().any(|span| (span.start..span.start + 4).contains(&at));
        let always: Vec<usize> = self.spans().map(|span| rng.usize(span.start + 4..span.end)).collect();
        let mut choose = |(at, &byte): (usize, &u8)| match which {
            Which::All => true,
            Which::Specials => b"_.-".contains(&byte),
            Which::SomeAfterPlainHopx => !is_in_hopx(at) && (always.contains(&at) || rng.bool()),
            Which::SomeAfterEncodedHopx => is_in_hopx(at) || rng.bool(),
        };
        self.bytes.iter().enumerate().map(&mut choose).collect()
    }

    /// Puts tokens together, of which those with the numbers of a span are a key's.
    fn joined(self, name: &'static str, tokens: Vec<Vec<u8>>, between: &str, wrap: Option<&Wrap>) -> Text {
        let mut bytes = Vec::new();
        let mut places = Vec::with_capacity(tokens.len());
        for (number, token) in tokens.into_iter().enumerate() {
            match wrap {
                _ if number == 0 => {}
                Some(wrap) if number % wrap.width == 0 => {
                    bytes.extend_from_slice(between.trim_end().as_bytes());
                    bytes.extend_from_slice(wrap.newline.as_bytes());
                }
                _ => bytes.extend_from_slice(between.as_bytes()),
            }
            places.push((bytes.len(), bytes.len() + token.len()));
            bytes.extend(token);
        }
        self.moved(|span| places[span.start].0..places[span.end - 1].1).named(name, bytes)
    }
}

/// base64 without padding.
pub fn base64(bytes: &[u8], alphabet: Alphabet) -> Vec<u8> {
    let digits = match alphabet {
        Alphabet::Standard => STANDARD,
        Alphabet::Url => URL_SAFE,
    };
    let mut text = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_usize, |bits, &byte| bits << 8 | usize::from(byte)) << (24 - 8 * group.len());
        text.extend((0..=group.len()).map(|digit| digits[bits >> (18 - 6 * digit) & 63]));
    }
    text
}

/// `&#95;`
pub fn decimal_entity(byte: u8) -> String {
    format!("&#{byte};")
}

/// `&#x5f;`
pub fn lower_entity(byte: u8) -> String {
    format!("&#x{byte:x};")
}

/// `&#x5F;`
pub fn upper_entity(byte: u8) -> String {
    format!("&#x{byte:X};")
}

/// `&lowbar;` and `&period;` (HTML Living Standard 13.5); what has no name there is numeric.
pub fn named_entity(byte: u8) -> String {
    match byte {
        b'_' => "&lowbar;".to_owned(),
        b'.' => "&period;".to_owned(),
        _ => decimal_entity(byte),
    }
}
