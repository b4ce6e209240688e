//! Inputs: keys, near keys and placeholders in every form that the tests know, among what stands beside them; then damaged.

use fastrand::Rng;

use crate::encode::{Alphabet, Digits, Padding, Text, Wrap};
use crate::forms::{self, Form};
use crate::keys::{Keys, base64url};
use crate::split::{self, JOINS, NATURAL};

/// The most bytes of an input.
const MOST: usize = 2048;

/// What stands beside keys, between them, and in the midst of damaged ones.
const WORDS: &[&str] = &[
    "",
    "",
    "a",
    "Z",
    "9",
    "key",
    "B",
    "\\n",
    "\\t",
    "\\r\\n",
    "\\0",
    "\\x0a",
    "\\x41",
    "\\u000a",
    "\\u0041",
    "\\012",
    "%+5",
    "\x1b[31",
    "\\u{22}",
    "\\u{41}",
    "%3D",
    "%41",
    "=3D",
    "=41",
    "\x1b[36m",
    "[36m",
    "\\u001b[0m",
    "\\033[1;31m",
    "\"",
    "'",
    "`",
    "\\\"",
    "\" + \"",
    "' . '",
    "\", \"",
    "\" \"",
    "\n",
    "\r\n",
    "\n    ",
    "\n\t",
    "\n+",
    "\n-",
    "\n>",
    "\n# ",
    "\n// ",
    "\\\n",
    "=\n",
    "=\r\n",
    "<b>",
    "</b>",
    "<wbr>",
    "<br>\n",
    "</w:t></w:r><w:r><w:t>",
    "&shy;",
    "&#8203;",
    "&zwnj;",
    "&#10;",
    "&#65;",
    "&quot;",
    "&lowbar;",
    "\u{ad}",
    "\u{200b}",
    "\u{feff}",
    "\u{2502}",
    "| ",
    " |\n| ",
    "\"]\n[0.5, \"o\", \"",
    "=",
    "==",
    "_",
    "-",
    "--",
    "__-",
    ".",
    ",",
    ";",
    ":",
    " ",
    "  ",
    "\t",
    "/",
    "+",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    "|",
    "&",
    "*",
    "~",
    "\\",
    "\\\\",
    "%",
    "&#",
    "0x",
    "0x41, ",
    "41 ",
    "65, ",
    "chr(65).",
    "\0",
    "\0\0",
    "\u{ff}",
    "é",
    "键",
    "hopx",
    "hopx_",
    "hopx_live_",
    "hopx_test_",
    "live_",
    "_live_",
    "x_live_",
    "ho",
    "xpoh",
    "_evil_xpoh",
    "ubck_",
    "aG9weF9",
    "H4sI",
    "eJw",
    "686f",
    "7078",
    "%68%6f",
    "\\u0068",
    "\\x68",
    "=68=6F",
    "104, 111, ",
    "x=5F",
    "REGION=eu\n",
    "key: ",
    "Bearer ",
    "data: |\n  ",
];

/// What breaks a key in the midst where a reader does not see it.
const MARKUP: &[&str] = &[
    "<b>",
    "</span><span class=\"a\">",
    "</w:t></w:r><w:proofErr w:type=\"spellEnd\"/><w:r><w:t>",
    "<wbr>",
    "<br>\n",
    "\u{ad}",
    "&shy;",
    "&#8203;",
    "\u{200b}",
    "\x1b[0m",
    "\x1b[01;31m\x1b[K",
    "\\u001b[m",
    " \u{2502}\n\u{2502} ",
    " |\n| ",
    "\"]\n[0.25, \"o\", \"",
    "&zwnj;",
    "\u{feff}",
];

/// What ends a line of base64, and begins the next.
const NEWLINES: &[&str] = &[
    "\n",
    "\r\n",
    "\n  ",
    "\n        ",
    "\n\t",
    "\\n",
    "\\r\\n",
    "\\\\n",
    "&#10;",
    "&#xA;",
    "%0A",
    "%0D%0A",
    "\" + \"",
    "\"\n    \"",
    "' +\n  '",
];

/// All that inputs are made of.
pub struct Generator {
    forms: Vec<Form>,
}

impl Generator {
    pub fn new() -> Generator {
        Generator { forms: [forms::singles(), forms::chains(), forms::utf16_files()].into_iter().flatten().collect() }
    }

    /// An input.
    pub fn input(&self, rng: &mut Rng) -> Vec<u8> {
        let mut input = self.parts(rng);
        for _ in 0..[0, 0, 0, 1, 1, 2, 4][rng.usize(..7)] {
            self.damage(&mut input, rng);
        }
        input.truncate(MOST);
        input
    }

    /// A few keys, each in some form.
    fn parts(&self, rng: &mut Rng) -> Vec<u8> {
        let mut input = words(4, rng);
        for _ in 0..[1, 1, 1, 2, 3][rng.usize(..5)] {
            input.extend(self.part(rng));
            input.extend(words(4, rng));
        }
        input
    }

    fn part(&self, rng: &mut Rng) -> Vec<u8> {
        let key = key(rng);
        let (before, after) = (words(3, rng), words(3, rng));
        if rng.u8(..4) == 0 {
            let (text, bytes) = (pieces(&key, rng), |text: Text| [before.clone(), text.bytes, after.clone()].concat());
            if rng.bool() {
                return bytes(text);
            }
            // Pieces within an encoding.
            let key = before.len()..before.len() + text.bytes.len();
            return self.of_any_form(Text { bytes: bytes(text), key, ..Text::plain(b"", b"", b"") }, rng);
        }
        let text = Text::plain(&before, key.as_bytes(), &after);
        match rng.u8(..8) {
            0 => lines(text, rng),
            1 => escaped_lines(text, rng),
            2 => calls(&text, rng),
            _ => self.of_any_form(text, rng),
        }
    }

    fn of_any_form(&self, text: Text, rng: &mut Rng) -> Vec<u8> {
        let form = rng.choice(&self.forms).expect("some");
        // Soft line breaks leave the first four characters as they are, or are tried for ever.
        let is_endless = form.id.contains("qp-soft") && !text.bytes[text.key.start..].starts_with(b"hopx");
        if is_endless { text.bytes } else { form.apply(text, rng).bytes }
    }

    /// One change.
    fn damage(&self, input: &mut Vec<u8>, rng: &mut Rng) {
        let at = rng.usize(..=input.len());
        let upto = input.len().min(at + rng.usize(..24));
        match rng.u8(..10) {
            0 if at < input.len() => input[at] ^= 1 << rng.u8(..8),
            1 if at < input.len() => drop(input.drain(at..=at)),
            2 => drop(input.splice(at..at, words(1, rng))),
            3 => drop(input.drain(at..upto)),
            4 => input.truncate(at),
            5 => drop(input.drain(..at)),
            6 => {
                let part = input[at..upto].to_vec();
                input.splice(at..at, part);
            }
            // Two inputs, spliced.
            7 => {
                let other = self.parts(rng);
                input.truncate(at);
                input.extend_from_slice(&other[rng.usize(..=other.len())..]);
            }
            8 => drop(input.splice(at..at, self.part(rng))),
            _ => drop(input.splice(at..upto, words(2, rng))),
        }
    }
}

/// Up to so many words.
fn words(most: usize, rng: &mut Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..rng.usize(..=most) {
        match rng.u8(..12) {
            0 => bytes.extend((0..rng.usize(1..40)).map(|_| rng.alphanumeric() as u8)),
            1 => bytes.extend((0..rng.usize(1..20)).map(|_| rng.u8(..))),
            _ => bytes.extend_from_slice(rng.choice(WORDS).expect("some").as_bytes()),
        }
    }
    bytes
}

/// A key; or one that is none by one character; or one that somebody made up.
fn key(rng: &mut Rng) -> String {
    let mut keys = Keys::new(rng.u64(..));
    let key = if rng.bool() { keys.live() } else { keys.test() };
    let with = |secret: &str| format!("{}{secret}{}", &key[..23], &key[23 + secret.len()..]);
    match rng.u8(..20) {
        0 => format!("{}{}", &key[..65], rng.choice(["B", "_", "-", "9", "h"]).expect("some")),
        1 => {
            let at = rng.usize(..key.len());
            format!("{}{}{}", &key[..at], rng.choice(["_", ".", "-", "!", "a"]).expect("some"), &key[at + 1..])
        }
        2 => with("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        3 => with(rng.choice(["abcdefg", "7654321", "kkkkkkk", "abcdef", "kkkkkk"]).expect("some")),
        4 => format!("{}{}", &key[..23], base64url(b"this_is_a_fake_secret_for_tests!")),
        5 => format!("{}{}", &key[..23], key[23..].to_lowercase().replace(|c: char| c.is_ascii_digit(), "x")),
        6 => with(
            rng.choice(["-", "--", "---", "_", "live_", "hopx", "hopx_", "H4sI", "nx", "rn", "x0A"]).expect("some"),
        ),
        7 => format!("{}{}", &key[..64], rng.choice(["ho", "-A", "_E", "hA"]).expect("some")),
        _ => key,
    }
}

/// A key in pieces.
fn pieces(key: &str, rng: &mut Rng) -> Text {
    let places = match rng.u8(..3) {
        0 => rng.choice(NATURAL).expect("some").to_vec(),
        1 => vec![rng.usize(1..key.len())],
        _ => {
            let count = rng.usize(1..=5);
            split::breaks(count, key.len(), rng)
        }
    };
    if rng.bool() {
        return rng.choice(JOINS).expect("some").apply(key, &places);
    }
    // Now and then there is a whole key in what a reader does not see.
    let attribute = format!("<i title=\"{}\">", self::key(rng));
    let between = if rng.u8(..8) == 0 { attribute.as_str() } else { rng.choice(MARKUP).expect("some") };
    let (mut text, mut from) = (String::new(), 0);
    for at in places {
        text += &key[from..at];
        text += between;
        from = at;
    }
    text += &key[from..];
    Text::plain(b"", text.as_bytes(), b"")
}

/// base64 in lines of any width, behind a margin or not.
fn lines(text: Text, rng: &mut Rng) -> Vec<u8> {
    let width = rng.usize(16..90);
    if rng.bool() {
        let wrap = Wrap::new(width, *rng.choice(NEWLINES).expect("some"));
        let text = text.base64(Alphabet::Standard, Padding::Padded, Some(&wrap));
        return [b"\"", &text.bytes[..], b"\""].concat();
    }
    let margin = rng.choice(["\n+", "\n-", "\n> ", "\n# ", "\n+    "]).expect("some");
    let text = text.base64(Alphabet::Standard, Padding::Bare, Some(&Wrap::new(width, margin)));
    [margin.as_bytes(), &text.bytes, b"\n"].concat()
}

/// Two layers of base64, the outer one or both in lines; or hexadecimal around UTF-16, as the registry is exported.
fn escaped_lines(text: Text, rng: &mut Rng) -> Vec<u8> {
    let wrap = |rng: &mut Rng| Wrap::new(rng.usize(16..90), *rng.choice(NEWLINES).expect("some"));
    let outer = wrap(rng);
    if rng.bool() {
        let inner = if rng.bool() { Some(wrap(rng)) } else { None };
        let text = text.base64(Alphabet::Standard, Padding::Padded, inner.as_ref());
        return text.base64(Alphabet::Url, Padding::Padded, Some(&outer)).bytes;
    }
    let units = if rng.bool() { crate::encode::Units::Utf16Le } else { crate::encode::Units::Utf16Be };
    let text = text.utf16(units);
    if rng.bool() {
        return text.base64(Alphabet::Standard, Padding::Bare, Some(&outer)).bytes;
    }
    let wrap = Wrap::new(rng.usize(8..40), ",\\\r\n  ");
    let text = text.hex_with("", Digits::Lower, ",", Some(&wrap));
    [b"hex(2):", &text.bytes[..]].concat()
}

/// Calls of a function for each character.
fn calls(text: &Text, rng: &mut Rng) -> Vec<u8> {
    let (name, joint) =
        (rng.choice(["chr", "Chr", "String.fromCharCode"]), rng.choice([".", " . ", "+", " + ", "&", " & "]));
    let (name, joint) = (name.expect("some"), joint.expect("some"));
    let calls: Vec<String> = text.bytes.iter().map(|byte| format!("{name}({byte})")).collect();
    calls.join(joint).into_bytes()
}
