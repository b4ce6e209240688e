//! Keys in pieces, as source code, configuration and mail break them.

#![allow(dead_code, reason = "each user of this file needs a part of it")]

use fastrand::Rng;

use crate::encode::Text;

/// How pieces are joined: what stands before the first, between two, and after the last.
#[derive(Clone, Copy, Debug)]
pub struct Join {
    /// The name in case ids.
    pub id: &'static str,
    /// Before the first piece.
    pub open: &'static str,
    /// Between two pieces.
    pub between: &'static str,
    /// After the last piece.
    pub close: &'static str,
}

const fn join(id: &'static str, open: &'static str, between: &'static str, close: &'static str) -> Join {
    Join { id, open, between, close }
}

/// The joins that the specification names.
pub const JOINS: &[Join] = &[
    join("plus", "const key = \"", "\" + \"", "\";\n"),
    join("plus-tight", "const key=\"", "\"+\"", "\";\n"),
    join("plus-single", "key = '", "' + '", "'\n"),
    join("plus-backtick", "const key = `", "` + `", "`;\n"),
    join("plus-mixed", "const key = '", "' + \"", "\";\n"),
    join("plus-at-line-end", "String key = \"", "\" +\n        \"", "\";\n"),
    join("plus-at-line-end-tab", "key := \"", "\" +\n\t\t\"", "\"\n"),
    join("plus-at-line-start", "const key = \"", "\"\r\n    + \"", "\";\r\n"),
    join("adjacent", "char *key = \"", "\" \"", "\";\n"),
    join("adjacent-lines", "key = (\"", "\"\n       \"", "\")\n"),
    join("adjacent-continued", "key = '", "' \\\n      '", "'\n"),
    join("php", "$key = '", "' . '", "';\n"),
    join("php-tight", "$key = \"", "\".\"", "\";\n"),
    join("php-lines", "$key = '", "'\n     . '", "';\n"),
    join("lua", "local key = \"", "\" .. \"", "\"\n"),
    join("lua-tight", "local key = '", "'..'", "'\n"),
    join("vb", "key = \"", "\" & \"", "\"\r\n"),
    join("vb-lines", "key = \"", "\" & _\r\n        \"", "\"\r\n"),
    join("haskell", "key = \"", "\" <> \"", "\"\n"),
    join("haskell-lines", "key = \"", "\"\n   <> \"", "\"\n"),
    join("list", "key = [\"", "\", \"", "\"].join(\"\")\n"),
    join("list-tight", "key=['", "','", "'].join('')\n"),
    join("list-lines", "key = ''.join([\n    '", "',\n    '", "',\n])\n"),
    join("concat", "let key = concat!(\"", "\", \"", "\");\n"),
    join("continuation", "KEY=", "\\\n", "\n"),
    join("continuation-crlf", "set KEY=\"", "\\\r\n", "\"\r\n"),
    join("continuation-indented", "let key = \"", "\\\n          ", "\";\n"),
    join("yaml", "key: >-\n  ", "\n  ", "\n"),
    join("yaml-deep", "a:\n  b:\n    key: \"", "\n      ", "\"\n"),
    join("wrap", "Your key is ", "\n", ".\n"),
    join("wrap-crlf", "Your key is <", "\r\n", ">\r\n"),
    join("diff-wrap", "@@ -0,0 +1,4 @@\n+key: ", "\n+", "\n"),
    join("diff-yaml", "@@ -0,0 +1,4 @@\n+key: >-\n+  ", "\n+  ", "\n"),
    join("diff-plus", "@@ -0,0 +1,4 @@\n+key = \"", "\" +\n+      \"", "\"\n"),
    join("diff-adjacent", "@@ -0,0 +1,4 @@\n+key = (\"", "\"\n+       \"", "\")\n"),
    join("diff-continuation", "@@ -0,0 +1,4 @@\n+KEY=", "\\\n+", "\n"),
    join("diff-list", "@@ -0,0 +1,4 @@\n+key = [\"", "\",\n+       \"", "\"]\n"),
];

impl Join {
    /// `key`, broken before each of these of its characters.
    pub fn apply(&self, key: &str, breaks: &[usize]) -> Text {
        let mut pieces = Vec::new();
        let mut from = 0;
        for &at in breaks {
            pieces.push(&key[from..at]);
            from = at;
        }
        pieces.push(&key[from..]);
        let broken = pieces.join(self.between);
        let text = Text::plain(b"", broken.as_bytes(), b"");
        let (bytes, span) = (text.bytes.clone(), text.key.clone());
        let names = if breaks.is_empty() { text } else { text.renamed("split", bytes, span) };
        names.placed(self.open, self.close)
    }
}

/// So many places to break a key of `len` characters, none of them in `hopx` or at an end.
pub fn breaks(count: usize, len: usize, rng: &mut Rng) -> Vec<usize> {
    let mut places = rng.choose_multiple(4..len, count);
    places.sort_unstable();
    places
}

/// Where people break a key: after the prefix, before and after the full stop.
pub const NATURAL: &[&[usize]] = &[&[10], &[22], &[23], &[10, 22], &[10, 23], &[10, 22, 23], &[5, 10, 22], &[4]];

/// `key` after `lead` characters of text, hard wrapped at `width`. Where the breaks come in the key, too.
pub fn hard_wrapped(key: &str, lead: usize, width: usize, newline: &str) -> (Text, Vec<usize>) {
    let line: String =
        "The key that you asked for is here, keep it safe and tell it to nobody: ".chars().cycle().take(lead).collect();
    let line = if line.is_empty() { line } else { format!("{}<", &line[..lead - 1]) };
    let mut bytes = Vec::new();
    let (mut span, mut breaks) = (0..0, Vec::new());
    for (at, byte) in format!("{line}{key}>").bytes().enumerate() {
        if at > 0 && at % width == 0 {
            bytes.extend_from_slice(newline.as_bytes());
            if at > lead && at < lead + key.len() {
                breaks.push(at - lead);
            }
        }
        if at == lead {
            span.start = bytes.len();
        }
        bytes.push(byte);
        if at + 1 == lead + key.len() {
            span.end = bytes.len();
        }
    }
    let text = Text::plain(b"", b"", b"");
    let text = if breaks.is_empty() { Text { bytes, key: span, ..text } } else { text.renamed("split", bytes, span) };
    (text.placed("", "\n"), breaks)
}
