//! Escaping: names and texts come from what is scanned and must not speak to a terminal, to whatever reads a log, or to
//! the reader of a format.

use std::borrow::Cow;
use std::fmt::Write;
use std::io;

/// Text that a terminal shows and does not obey, as [`printable`], and that may be the first on a line of a workflow's log:
/// the runner takes one that begins with `::`, behind spaces or not, for a command, whatever stream it comes from
/// (actions/runner, `ActionCommand.cs`).
pub fn terminal(bytes: &[u8]) -> String {
    let shown = printable(bytes);
    let text = shown.trim_start();
    match text.strip_prefix("::") {
        Some(rest) => format!("{}\\u{{3a}}:{rest}", &shown[..shown.len() - text.len()]),
        None => shown,
    }
}

/// Text on one line in which nothing moves a cursor or what stands beside it, and nothing is hidden: control characters,
/// line separators, the marks that reorder text and what has no width are written as `\u{..}`; bytes that are not UTF-8 as
/// U+FFFD. The same is done to the bracket of `##[`, with which a command may begin anywhere on a line of a workflow's log.
pub fn printable(bytes: &[u8]) -> String {
    escaped(&String::from_utf8_lossy(bytes), is_unprintable, |c, shown| {
        // Writing to a string can't fail.
        let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
    })
}

/// JSON on its way out, in which the same characters are written as JSON's own escapes (RFC 8259 section 7): whoever parses
/// it gets the text as it was, and a terminal or a workflow's log gets none of them. It must be written in whole characters.
pub struct JsonText<'a>(pub &'a mut dyn io::Write);

impl io::Write for JsonText<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let is_plain = bytes.iter().all(|byte| matches!(byte, b'\n' | b' '..=b'~'));
        if is_plain && memchr::memmem::find(bytes, COMMAND.as_bytes()).is_none() {
            return self.0.write(bytes);
        }
        let text = std::str::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        // Outside of strings JSON has no other control character than its own line ends, and in them it has none.
        let text = escaped(
            text,
            |c| c != '\n' && is_unprintable(c),
            |c, shown| {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(shown, "\\u{unit:04x}");
                }
            },
        );
        self.0.write_all(text.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// What a command of a workflow's log begins with, anywhere on a line (actions/runner, `ActionCommand.cs`).
const COMMAND: &str = "##[";

fn escaped(text: &str, is_unprintable: impl Fn(char) -> bool, escape: impl Fn(char, &mut String)) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unprintable(c) || c == '[' && shown.ends_with("##") {
            escape(c, &mut shown);
        } else {
            shown.push(c);
        }
    }
    shown
}

/// The message of a workflow command: on one line, `%` encoded (actions/toolkit, `command.ts`). `::` is broken up too,
/// for readers of such lines that look for the last one.
pub fn command_data(text: &str) -> String {
    printable(text.as_bytes()).replace('%', "%25").replace("::", ":\\u{3a}")
}

/// A property of a workflow command: what its message needs, and what would end the property.
pub fn command_property(bytes: &[u8]) -> String {
    printable(bytes).replace('%', "%25").replace(':', "%3A").replace(',', "%2C")
}

/// Text of an XML 1.0 document, for elements and for attributes in double quotes. What is no character there (section
/// 2.2) is written as [`printable`] writes it; `>` too is escaped, so that no `]]>` is left.
pub fn xml(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        match c {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '"' => shown.push_str("&quot;"),
            '\n' => shown.push('\n'),
            c if is_unprintable(c) => {
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
            }
            c => shown.push(c),
        }
    }
    shown
}

/// A cell of comma-separated values (RFC 4180). One that a spreadsheet would take for a formula, behind spaces or not,
/// begins with an apostrophe, which spreadsheets take for a sign of text.
pub fn csv_cell(text: &str) -> String {
    // The last four are the wide forms, which some spreadsheets take for the narrow ones.
    const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    let is_formula = text.starts_with(FORMULA) || text.trim_start().starts_with(FORMULA);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// A code span of Markdown (CommonMark 0.31 section 6.1), on one line: nothing in it is markup, a link or a mention. Not
/// for a table, where a bar would end the cell.
pub fn code_span(bytes: &[u8]) -> String {
    let text = printable(bytes);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    // A space at both ends is taken off by the reader.
    let needs_space = text.is_empty() || text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']);
    let space = if needs_space { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// At most `limit` bytes of a text that is shown by the way; what is cut off is told by ` ...` in its place.
pub fn shortened(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return text.into();
    }
    format!("{} ...", &text[..text.floor_char_boundary(limit)]).into()
}

/// Control characters, line separators, what is no character, and what a reader does not see: the code points that Unicode
/// 16 has as `Default_Ignorable_Code_Point` (`DerivedCoreProperties.txt`), the marks that reorder text and variation
/// selectors among them, and annotation marks.
fn is_unprintable(c: char) -> bool {
    let is_hidden = matches!(c,
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{fffe}'..='\u{ffff}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}'
    );
    c.is_control() || is_hidden
}

/// Text as the content of an HTML element or of a quoted attribute (HTML Living Standard section 13.1.2): shown as a
/// terminal shows it, and none of it is markup.
pub fn html(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for c in terminal(bytes).chars() {
        match c {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '"' => shown.push_str("&quot;"),
            '\'' => shown.push_str("&#39;"),
            _ => shown.push(c),
        }
    }
    shown
}

/// A path as a relative reference (RFC 3986 section 4.2) or, when it is absolute, a `file` URI (RFC 8089): everything
/// but unreserved characters and the slash is percent-encoded, byte by byte, in upper case.
pub fn uri(path: &[u8]) -> String {
    let mut uri = String::new();
    if path.starts_with(b"/") {
        uri.push_str("file://");
    } else if is_windows_absolute(path) {
        uri.push_str("file:///");
    }
    for &byte in path {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

fn is_windows_absolute(path: &[u8]) -> bool {
    matches!(path, [drive, b':', b'/', ..] if drive.is_ascii_alphabetic())
}

/// Bytes as text, and the bytes themselves in base64 (RFC 4648 section 4) where the text is not all of them.
pub fn text_and_base64(bytes: &[u8]) -> (Cow<'_, str>, Option<String>) {
    match String::from_utf8_lossy(bytes) {
        text @ Cow::Borrowed(_) => (text, None),
        text @ Cow::Owned(_) => (text, Some(data_encoding::BASE64.encode(bytes))),
    }
}

/// A path as one word of a POSIX shell, for a command that is to be copied.
pub fn shell_word(path: &[u8]) -> String {
    let text = terminal(path);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./@%+=:,".contains(&byte);
    if !text.is_empty() && !text.starts_with('-') && text.bytes().all(is_plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_shell() {
        for (path, word) in
            [("a/b.git", "a/b.git"), ("a b", "'a b'"), ("x;rm", "'x;rm'"), ("it's", "'it'\\''s'"), ("-C", "'-C'")]
        {
            assert_eq!(shell_word(path.as_bytes()), word);
        }
    }

    #[test]
    fn nothing_reaches_the_terminal() {
        assert_eq!(terminal(b"a\x1b[31mb\r\n\x07"), "a\\u{1b}[31mb\\u{d}\\u{a}\\u{7}");
        assert_eq!(terminal("x\u{202e}txt\u{9b}\u{200b}é键".as_bytes()), "x\\u{202e}txt\\u{9b}\\u{200b}é键");
        assert_eq!(terminal(b"\xff"), "\u{fffd}");
    }

    #[test]
    fn nothing_is_markup() {
        assert_eq!(html(b"</script>&amp;\"'`=\0"), "&lt;/script&gt;&amp;amp;&quot;&#39;`=\\u{0}");
        assert_eq!(html("\u{202e}\u{2028}\u{feff}é键".as_bytes()), "\\u{202e}\\u{2028}\\u{feff}é键");
        assert_eq!(html(b"<\xff\x1b>"), "&lt;\u{fffd}\\u{1b}&gt;");
    }

    #[test]
    fn nothing_speaks_to_a_runner() {
        for (text, shown) in [
            ("::error::x", "\\u{3a}:error::x"),
            (" \u{3000}::add-mask::x", " \u{3000}\\u{3a}:add-mask::x"),
            ("std::string", "std::string"),
            ("a ##[error]b", "a ##\\u{5b}error]b"),
            ("#[a]", "#[a]"),
        ] {
            assert_eq!(terminal(text.as_bytes()), shown);
        }
        assert_eq!(printable(b"::a ###[b"), "::a ###\\u{5b}b");
        assert_eq!(command_data("a%0A::b\r\n:c,d"), "a%250A:\\u{3a}b\\u{d}\\u{a}:c,d");
        assert_eq!(command_property("a%0A::b\n,c=d\u{202e}".as_bytes()), "a%250A%3A%3Ab\\u{a}%2Cc=d\\u{202e}");
    }

    #[test]
    fn nothing_is_hidden() {
        for c in ['\u{ad}', '\u{180e}', '\u{2066}', '\u{3164}', '\u{fe0f}', '\u{fffa}', '\u{e0041}', '\u{e01ef}'] {
            assert_eq!(printable(c.to_string().as_bytes()), format!("\\u{{{:x}}}", u32::from(c)));
        }
        assert_eq!(printable("é 键 \u{1f600} \u{fffd}".as_bytes()), "é 键 \u{1f600} \u{fffd}");
    }

    #[test]
    fn json_speaks_to_nobody_and_says_the_same() {
        let text = "a\n\u{7f}\u{9b}31m ##[error]\u{202e}\u{e0041} é \u{1f600}";
        let mut out = Vec::new();
        serde_json::to_writer_pretty(JsonText(&mut out), &[text]).expect("written");
        let shown = String::from_utf8(out).expect("text");
        assert_eq!(shown, "[\n  \"a\\n\\u007f\\u009b31m ##\\u005berror]\\u202e\\udb40\\udc41 é \u{1f600}\"\n]");
        assert_eq!(serde_json::from_str::<[String; 1]>(&shown).expect("JSON"), [text]);
    }

    #[test]
    fn nothing_ends_an_element_or_an_attribute() {
        assert_eq!(xml("a]]><b c=\"d\">&'"), "a]]&gt;&lt;b c=&quot;d&quot;&gt;&amp;'");
        assert_eq!(xml("\0\u{b}\u{ffff}\u{7f}\n"), "\\u{0}\\u{b}\\u{ffff}\\u{7f}\n");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for (text, cell) in [
            ("a", "a"),
            ("=1", "'=1"),
            (" @x", "' @x"),
            ("\tx", "'\tx"),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            ("a,b", "\"a,b\""),
            ("-a \"b\"", "\"'-a \"\"b\"\"\""),
        ] {
            assert_eq!(csv_cell(text), cell);
        }
    }

    #[test]
    fn nothing_ends_a_code_span() {
        for (text, span) in [
            ("a", "`a`"),
            ("a`b``c", "```a`b``c```"),
            ("`a", "`` `a ``"),
            (" a ", "`  a  `"),
            ("", "`  `"),
            ("<b>|@x\n", "`<b>|@x\\u{a}`"),
        ] {
            assert_eq!(code_span(text.as_bytes()), span);
        }
    }

    #[test]
    fn a_cut_is_told() {
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("aé", 2), "a ...");
    }

    #[test]
    fn uris() {
        assert_eq!(uri(b"src/lib.rs"), "src/lib.rs");
        assert_eq!(uri("src/a b é.js".as_bytes()), "src/a%20b%20%C3%A9.js");
        assert_eq!(uri(b"a:b/%#?[]\\\xff"), "a%3Ab/%25%23%3F%5B%5D%5C%FF");
        assert_eq!(uri(b"/etc/x y"), "file:///etc/x%20y");
        assert_eq!(uri(b"C:/x"), "file:///C%3A/x");
    }

    #[test]
    fn base64_only_where_text_is_not_enough() {
        assert_eq!(text_and_base64("é".as_bytes()), ("é".into(), None));
        assert_eq!(text_and_base64(b"a\xff"), ("a\u{fffd}".into(), Some("Yf8=".to_owned())));
    }
}
