//! Escaping: names and texts come from what is scanned and must not speak to a terminal, end a URI or be markup.

use std::borrow::Cow;
use std::fmt::Write;

/// Text that a terminal shows and does not obey: control characters, line separators and the marks that reorder text
/// (Unicode 16 bidi classes LRE to PDI, and zero-width ones) are written as `\u{..}`, and bytes that are not UTF-8 as
/// U+FFFD.
pub fn terminal(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for c in String::from_utf8_lossy(bytes).chars() {
        if is_unprintable(c) {
            // Writing to a string can't fail.
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
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
