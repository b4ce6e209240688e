//! What real writers put between the pieces of a text that a reader sees in one.

#![allow(dead_code, reason = "each user of this file needs a part of it")]

use crate::encode::Text;
use crate::split::Join;

const fn join(id: &'static str, open: &'static str, between: &'static str, close: &'static str) -> Join {
    Join { id, open, between, close }
}

const DOCUMENT: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body><w:p w:rsidR=\"00C52A6B\"><w:r><w:t xml:space=\"preserve\">The key is </w:t></w:r><w:r><w:t>";
const DOCUMENT_END: &str =
    "</w:t></w:r></w:p><w:sectPr><w:pgSz w:w=\"12240\" w:h=\"15840\"/></w:sectPr></w:body></w:document>";
const fn docx(id: &'static str, between: &'static str) -> Join {
    join(id, DOCUMENT, between, DOCUMENT_END)
}

/// `word/document.xml` of Word (ECMA-376 part 1 section 17.3.2): a new run for a style, a spelling mistake, a bookmark, a
/// change since the last time.
pub const DOCX: &[Join] = &[
    docx("runs", "</w:t></w:r><w:r><w:t>"),
    docx("revisions", "</w:t></w:r><w:r w:rsidR=\"00A77B3E\" w:rsidRPr=\"00C52A6B\"><w:t>"),
    docx(
        "properties",
        "</w:t></w:r><w:r w:rsidRPr=\"004D7A12\"><w:rPr><w:rFonts w:ascii=\"Consolas\" w:hAnsi=\"Consolas\" w:cs=\"Consolas\"/><w:color w:val=\"0451A5\"/><w:sz w:val=\"21\"/><w:szCs w:val=\"21\"/></w:rPr><w:t xml:space=\"preserve\">",
    ),
    docx("spelling", "</w:t></w:r><w:proofErr w:type=\"spellStart\"/><w:r w:rsidR=\"00A77B3E\"><w:t>"),
    docx("spelling-end", "</w:t></w:r><w:proofErr w:type=\"spellEnd\"/><w:r><w:t>"),
    docx(
        "bookmark",
        "</w:t></w:r><w:bookmarkStart w:id=\"0\" w:name=\"_GoBack\"/><w:bookmarkEnd w:id=\"0\"/><w:r><w:t>",
    ),
    docx("page", "</w:t></w:r><w:r><w:lastRenderedPageBreak/><w:t>"),
    docx("line", "</w:t><w:br/><w:t>"),
    docx("indented", "</w:t>\n      </w:r>\n      <w:r>\n        <w:t>"),
];

/// `ppt/slides/slide1.xml` of `PowerPoint` (section 21.1.2.3).
pub const PPTX: &[Join] = &[
    join(
        "runs",
        "<p:txBody><a:bodyPr/><a:lstStyle/><a:p><a:r><a:rPr lang=\"en-US\" dirty=\"0\"/><a:t>",
        "</a:t></a:r><a:r><a:rPr lang=\"en-US\" dirty=\"0\" err=\"1\"/><a:t>",
        "</a:t></a:r></a:p></p:txBody>",
    ),
    join(
        "colour",
        "<a:p><a:r><a:t>",
        "</a:t></a:r><a:r><a:rPr lang=\"en-US\" b=\"1\"><a:solidFill><a:srgbClr val=\"FF0000\"/></a:solidFill></a:rPr><a:t>",
        "</a:t></a:r><a:endParaRPr lang=\"en-US\"/></a:p>",
    ),
];

/// `xl/sharedStrings.xml` of Excel (section 18.4.4): rich text in one cell.
pub const XLSX: &[Join] = &[
    join("runs", "<sst count=\"1\"><si><r><t>", "</t></r><r><t>", "</t></r></si></sst>"),
    join(
        "properties",
        "<sst count=\"1\" uniqueCount=\"1\"><si><r><t xml:space=\"preserve\">",
        "</t></r><r><rPr><b/><sz val=\"11\"/><color theme=\"1\"/><rFont val=\"Calibri\"/><family val=\"2\"/><scheme val=\"minor\"/></rPr><t xml:space=\"preserve\">",
        "</t></r></si></sst>",
    ),
];

/// `content.xml` of `OpenDocument` (part 3 section 6.1.7).
pub const ODT: &[Join] = &[
    join(
        "spans",
        "<text:p text:style-name=\"P1\">The key is <text:span text:style-name=\"T1\">",
        "</text:span><text:span text:style-name=\"T2\">",
        "</text:span></text:p>",
    ),
    join("page", "<text:p>", "<text:soft-page-break/>", "</text:p>"),
    join(
        "bookmark",
        "<text:p>",
        "</text:span><text:bookmark text:name=\"a\"/><text:span text:style-name=\"T2\">",
        "</text:p>",
    ),
];

/// Web pages: what highlights code, breaks lines and hides notes.
pub const HTML: &[Join] = &[
    join("highlight.js", "<span class=\"hljs-string\">", "</span><span class=\"hljs-number\">", "</span>"),
    join("highlight.js-in", "<code class=\"language-env\">", "<span class=\"hljs-variable\">", "</code>"),
    join("pygments", "<span class=\"n\">", "</span><span class=\"o\">", "</span>\n"),
    join("prism", "<code>", "</span><span class=\"token punctuation\">", "</code>"),
    join("shiki", "<span style=\"color:#24292E\">", "</span><span style=\"color:#032F62\">", "</span>"),
    join("wbr", "<td>", "<wbr>", "</td>\n"),
    join("wbr-xhtml", "<td>", "<wbr/>", "</td>\n"),
    join("br", "<p>", "<br>", "</p>\n"),
    join("br-newline", "<p>", "<br>\n", "</p>\n"),
    join("br-xhtml", "<p>", "<br />\r\n    ", "</p>\n"),
    join("comment", "<p>", "<!-- -->", "</p>\n"),
    join("comment-of-react", "<p>", "<!---->", "</p>\n"),
    join("bold", "<p>", "</b><b>", "</b></p>\n"),
    join(
        "editable",
        "<div>",
        "</span><span style=\"font-family: &quot;Courier New&quot;; font-size: 12px;\">",
        "</div>",
    ),
    join("upper-case", "<TD>", "</FONT><FONT COLOR=\"#000000\">", "</TD>\n"),
    join("table-cells", "<table><tr><td>", "</td>\n    <td>", "</td></tr></table>"),
    join("confluence", "<p>", "</span><ac:inline-comment-marker ac:ref=\"5b1f\">", "</p>"),
    join("jsx-expressions", "<code>{\"", "\"}{\"", "\"}</code>"),
    join("jsx-tags", "<b>{\"", "\"}</b><i>{\"", "\"}</i>"),
];

/// Characters without a width, as themselves and written out.
pub const ZERO_WIDTH: &[Join] = &[
    join("soft-hyphen", "<p>", "\u{ad}", "</p>"),
    join("zero-width-space", "<p>", "\u{200b}", "</p>"),
    join("non-joiner", "<p>", "\u{200c}", "</p>"),
    join("joiner", "<p>", "\u{200d}", "</p>"),
    join("word-joiner", "", "\u{2060}", "\n"),
    join("no-break-space", "", "\u{feff}", "\n"),
    join("two", "", "\u{200b}\u{200b}", "\n"),
    join("shy", "<p>", "&shy;", "</p>"),
    join("shy-decimal", "<p>", "&#173;", "</p>"),
    join("shy-hexadecimal", "<p>", "&#xad;", "</p>"),
    join("space-decimal", "<p>", "&#8203;", "</p>"),
    join("space-hexadecimal", "<p>", "&#x200b;", "</p>"),
    join("space-upper-case", "<p>", "&#x200B;", "</p>"),
    join("space-named", "<p>", "&ZeroWidthSpace;", "</p>"),
    join("non-joiner-named", "<p>", "&zwnj;", "</p>"),
    join("joiner-named", "<p>", "&zwj;", "</p>"),
    join("json", "{\"a\": \"", "\\u200b", "\"}"),
    join("json-soft-hyphen", "{\"a\": \"", "\\u00ad", "\"}"),
];

/// Terminals: colours, erased lines, links; as themselves and as logs, programs and recordings write them.
pub const TERMINAL: &[Join] = &[
    join("grep", "a.env:KEY=", "\u{1b}[m\u{1b}[K", "\n"),
    join("grep-start", "a.env:KEY=", "\u{1b}[01;31m\u{1b}[K", "\u{1b}[m\u{1b}[K\n"),
    join("colour", "Key: ", "\u{1b}[36m", "\u{1b}[0m\n"),
    join("256-colours", "Key: ", "\u{1b}[0m\u{1b}[38;5;208m", "\u{1b}[0m\n"),
    join("true-colour", "Key: ", "\u{1b}[38:2::255:0:0m", "\u{1b}[0m\n"),
    join("cursor", "Key: ", "\u{1b}[1G", "\n"),
    join("cursor-hidden", "Key: ", "\u{1b}[?25l", "\n"),
    join("link", "Key: \u{1b}]8;;https://example.invalid/a?b=c\u{7}", "\u{1b}]8;;\u{7}", "\n"),
    join("link-st", "Key: ", "\u{1b}]8;id=1;https://example.invalid/\u{1b}\\", "\u{1b}]8;;\u{1b}\\\n"),
    join("python", "print(\"", "\\x1b[1m", "\\x1b[0m\")\n"),
    join("shell", "echo -e \"", "\\033[0m", "\\033[0m\"\n"),
    join("bash", "echo -e \"", "\\e[1;31m", "\\e[0m\"\n"),
    join("json", "{\"log\": \"", "\\u001b[1;31m", "\\u001b[0m\"}\n"),
    join("caret", "Key: ", "^[[31m", "^[[0m\n"),
    join("junit", "<system-out>", "&#27;[36m", "&#27;[0m</system-out>"),
];

/// Frames of tables around a line end, padded as the text before it needs.
pub const FRAMES: &[Join] = &[
    join("rich", "╭─ Key ──╮\n│ ", " │\n│ ", " │\n╰────────╯\n"),
    join("tight", "│", "│\n│", "│\n"),
    join("padded", "│ ", "    │\n│ ", "   │\n"),
    join("crlf", "│ ", " │\r\n│ ", " │\r\n"),
    join("heavy", "┃ ", " ┃\n┃ ", " ┃\n"),
    join("double", "║ ", " ║\n║ ", " ║\n"),
    join("ascii", "+------+\n| ", " |\n| ", " |\n+------+\n"),
    join("indented", "  │ ", " │\n  │ ", " │\n"),
];

/// The next event of a terminal's recording (asciicast, version 2 and 3).
pub const RECORDING: &[Join] = &[
    join(
        "one",
        "{\"version\": 2, \"width\": 80, \"height\": 24}\n[0.5, \"o\", \"",
        "\"]\n[1.013578, \"o\", \"",
        "\"]\n",
    ),
    join("tight", "[0.5,\"o\",\"", "\"]\n[2,\"o\",\"", "\\r\\n\"]\n"),
    join("crlf", "[0.5, \"o\", \"", "\"]\r\n[1e-3, \"o\", \"", "\"]\r\n"),
    join("version-1", "\"stdout\": [\n  [0.5, \"o\", \"", "\"],\n  [0.25, \"o\", \"", "\"]\n]\n"),
    join("coloured", "[0.5, \"o\", \"", "\\u001b[0m\"]\n[1.01, \"o\", \"\\u001b[36m", "\\u001b[0m\"]\n"),
];

/// Every kind, with a name of its own.
pub const ALL: &[(&str, &[Join])] = &[
    ("docx", DOCX),
    ("pptx", PPTX),
    ("xlsx", XLSX),
    ("odt", ODT),
    ("html", HTML),
    ("zero-width", ZERO_WIDTH),
    ("terminal", TERMINAL),
    ("frame", FRAMES),
    ("recording", RECORDING),
];

/// `key`, with what `join` has between two pieces before each of these of its characters.
pub fn cut(join: &Join, key: &str, places: &[usize]) -> Text {
    let mut text = join.apply(key, places);
    text.names = if places.is_empty() { vec![] } else { vec!["markup"] };
    text
}

/// `content` with a key in it, in a panel of so many columns: each line is padded and framed. How many line ends are in the
/// key, and the text.
pub fn panel(label: &str, key: &str, width: usize, frame: &str) -> (usize, Text) {
    let content: Vec<char> = format!("{label}{key}").chars().collect();
    let (first, last) = (label.chars().count(), content.len() - 1);
    let (mut text, mut span) = (String::new(), 0..0);
    for (number, line) in content.chunks(width).enumerate() {
        text.extend([frame, " "]);
        for (column, c) in line.iter().enumerate() {
            let place = number * width + column;
            span.start = if place == first { text.len() } else { span.start };
            text.push(*c);
            span.end = if place == last { text.len() } else { span.end };
        }
        text.extend([" ".repeat(width - line.len()).as_str(), " ", frame, "\n"]);
    }
    let breaks = last / width - first / width;
    let mut panel = Text::plain(b"", text.as_bytes(), b"");
    panel.key = span;
    panel.names = if breaks == 0 { vec![] } else { vec!["markup"] };
    (breaks, panel)
}
