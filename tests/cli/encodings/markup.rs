//! Keys in documents whose readers see them in one piece, and whose bytes don't: every kind of break in a table, in the
//! documents and archives that real programs write, at one to four places.
//!
//! Rich Text Format is left out: it writes every `_` and every change of style as a control word (`hopx\_live\_`,
//! `{\b …}`), and no reader of it is built in.

use super::{Expect, Table, by, in_file, text};
use crate::archive::{self, Method};
use crate::encode::{Alphabet, Padding, Text, Units};
use crate::markup::{ALL, DOCX, HTML, ODT, PPTX, RECORDING, XLSX, ZERO_WIDTH, cut, panel};
use crate::split::{Join, NATURAL, breaks};

/// The longest break.
const LONGEST: usize = 512;

/// Rows of every kind: where people break a key, and anywhere.
fn fill(table: &mut Table, name: &str, joins: &[Join]) {
    for join in joins {
        for places in NATURAL {
            let (key, number) = table.key();
            table.found(format!("{name}-{}-{places:?}", join.id), cut(join, &key, places), number);
        }
        for count in (1..=4).cycle().take(12) {
            let (key, number) = table.key();
            let places = breaks(count, key.len(), table.rng());
            table.found(format!("{name}-{}-{places:?}", join.id), cut(join, &key, &places), number);
        }
    }
}

#[test]
fn every_kind_of_break_in_files() {
    let mut table = Table::new(850);
    for (name, joins) in ALL {
        fill(&mut table, name, joins);
    }
    table.check();
}

/// Each row in an archive of its own, as a document is kept.
#[track_caller]
fn check_documents(seed: u64, joins: &[Join], member: &str, others: &[archive::Member<'_>]) {
    let mut table = Table::new(seed);
    fill(&mut table, member, joins);
    for case in &table.cases {
        let mut members = others.to_vec();
        members.push((member, &case.text.bytes));
        table.bench.write(&case.id, archive::zip(&members, Method::Deflated));
    }
    let report = table.scan();
    for finding in report["findings"].as_array().expect("a list") {
        assert_eq!(finding["members"], serde_json::json!([member]));
    }
    table.compare(by(&report, |finding| text(&finding["path"])));
}

const TYPES: archive::Member<'_> = ("[Content_Types].xml", b"<Types/>");

#[test]
fn documents_of_word() {
    check_documents(851, DOCX, "word/document.xml", &[TYPES, ("word/styles.xml", b"<w:styles/>")]);
}

#[test]
fn slides_of_powerpoint() {
    check_documents(852, PPTX, "ppt/slides/slide1.xml", &[TYPES]);
}

#[test]
fn rich_text_in_cells_of_excel() {
    check_documents(853, XLSX, "xl/sharedStrings.xml", &[TYPES, ("xl/workbook.xml", b"<workbook/>")]);
}

#[test]
fn documents_of_libreoffice() {
    check_documents(854, ODT, "content.xml", &[("mimetype", b"application/vnd.oasis.opendocument.text")]);
}

/// At each place but in `hopx`, where what tags have in them hides the letters that a search starts from.
#[test]
fn one_break_at_each_place() {
    let mut table = Table::new(855);
    for (name, joins) in ALL {
        for place in 4..66 {
            let (key, number) = table.key();
            let join = &joins[place % joins.len()];
            table.found(format!("{name}-{}-{place}", join.id), cut(join, &key, &[place]), number);
        }
    }
    table.check();
}

/// Breaks without a letter, or whose letters differ from a key's, may be in `hopx` too, when the rest of the prefix is
/// in one piece.
#[test]
fn breaks_in_the_first_letters() {
    let mut table = Table::new(856);
    for (name, joins) in ALL.iter().filter(|(name, _)| !matches!(*name, "recording")) {
        for join in *joins {
            // The letters of `\u200b`, of a link's address and of a `{"` in quotes could be any.
            let is_escape = *name == "zero-width" && join.between.contains("\\u");
            if is_escape || join.id == "link-st" || join.id.starts_with("jsx") {
                continue;
            }
            for places in [&[1][..], &[2], &[3], &[1, 30], &[2, 22], &[3, 22, 40]] {
                let (key, number) = table.key();
                table.found(format!("{name}-{}-{places:?}", join.id), cut(join, &key, places), number);
            }
        }
    }
    table.check();
}

/// One break of a kind, the next of another of the same document.
#[test]
fn different_breaks_of_one_document() {
    let mut table = Table::new(857);
    for (name, joins) in ALL {
        for _ in 0..40 {
            let (key, number) = table.key();
            let count = table.rng().usize(2..=4);
            let places = breaks(count, key.len(), table.rng());
            let mut pieces = vec![];
            let mut from = 0;
            for &at in &places {
                pieces.extend([&key[from..at], table.rng().choice(*joins).expect("some").between]);
                from = at;
            }
            pieces.push(&key[from..]);
            let mut text = Text::plain(b"", pieces.concat().as_bytes(), b"");
            text.names = vec!["markup"];
            table.found(format!("{name}-{places:?}"), text.placed(joins[0].open, joins[0].close), number);
        }
    }
    table.check();
}

/// A string in braces within the text of an element: two breaks, the one as the other begins.
#[test]
fn expressions_within_text_of_jsx() {
    let mut table = Table::new(858);
    for quote in ["\"", "'", "`"] {
        for (start, end) in [(4, 10), (10, 22), (22, 23), (23, 66), (30, 65), (5, 6)] {
            let (key, number) = table.key();
            let close = if end == key.len() { "" } else { "}" };
            let (inner, rest) = (&key[start..end], &key[end..]);
            let cut =
                format!("{}{{{quote}{inner}{}{close}{rest}", &key[..start], if rest.is_empty() { "" } else { quote });
            let mut text = Text::plain(b"", cut.as_bytes(), b"");
            text.names = vec!["markup"];
            let after = if rest.is_empty() { format!("{quote}}}</b>\n") } else { "</b>\n".to_owned() };
            table.found(format!("{start}-{end}"), text.placed("<b>", &after), number);
        }
    }
    table.check();
}

/// What a terminal's library draws around a text that is wider than the window.
#[test]
fn panels_of_every_width() {
    let mut table = Table::new(859);
    for frame in ["│", "┃", "║", "|"] {
        for width in 16..=70 {
            for label in ["", "Key: ", "API key = ", "密钥: "] {
                let (key, number) = table.key();
                let (breaks, text) = panel(label, &key, width, frame);
                if breaks <= 4 {
                    table.found(format!("{width}-{}", label.len()), text, number);
                } else {
                    table.nothing(format!("{width}-{}", label.len()), text);
                }
            }
        }
    }
    table.check();
}

/// Typed key by key: as many events as letters in the last word before the pieces.
#[test]
fn recordings_of_what_was_typed() {
    let mut table = Table::new(860);
    let typed = "export HOPX_API_KEY=".chars().map(|c| format!("[0.1, \"o\", \"{c}\"]\n")).collect::<Vec<_>>().concat();
    for join in RECORDING {
        for count in 1..=4 {
            for _ in 0..10 {
                let (key, number) = table.key();
                let places = breaks(count, key.len(), table.rng());
                let text = cut(join, &key, &places).placed(&typed, "[9, \"o\", \"$ \"]\n");
                table.found(format!("{}-{places:?}", join.id), text, number);
            }
        }
    }
    table.check();
}

/// The same in another encoding: a page in UTF-16, a document in base64.
#[test]
fn encoded_once_more() {
    let mut table = Table::new(861);
    for join in HTML.iter().chain(DOCX) {
        for units in [Units::Utf16Le, Units::Utf16Be] {
            let (key, number) = table.key();
            let text = cut(join, &key, &[10, 22]).utf16(units);
            table.row(format!("{}-{}", units.name(), join.id), in_file(text, "", ""), Expect::Key(number, "medium"));
        }
        let (key, number) = table.key();
        let text = cut(join, &key, &[10, 22]).base64(Alphabet::Standard, Padding::Padded, None);
        table.found(format!("base64-{}", join.id), text.placed("src=\"data:text/html;base64,", "\"\n"), number);
    }
    table.check();
}

#[test]
fn five_breaks_are_too_many() {
    let mut table = Table::new(862);
    for (name, joins) in ALL {
        for join in *joins {
            for _ in 0..3 {
                let (key, _) = table.key();
                let places = breaks(5, key.len(), table.rng());
                table.nothing(format!("{name}-{}-{places:?}", join.id), cut(join, &key, &places));
            }
        }
    }
    table.check();
}

#[test]
fn long_breaks_are_none() {
    let mut table = Table::new(863);
    for (start, end) in [("</t><t a=\"", "\">"), ("<!-- ", " -->"), ("</t></r>", "<r><t>"), ("<wbr>", "<wbr>")] {
        let filler = |len: usize| {
            let is_attribute = end.starts_with('"') || start.starts_with("<!");
            let filler = if is_attribute { "a" } else { "<b/>" };
            let pad = filler.repeat(len / filler.len());
            // What is left over is blanks between tags.
            format!("{start}{pad}{}{end}", " ".repeat(len - pad.len()))
        };
        for len in [LONGEST, LONGEST + 1] {
            let between = filler(len - start.len() - end.len());
            assert_eq!(between.len(), len);
            for place in [10, 22, 23, 40, 65] {
                let (key, number) = table.key();
                let broken = format!("{}{between}{}", &key[..place], &key[place..]);
                let mut text = Text::plain(b"<p>", broken.as_bytes(), b"</p>");
                text.names = vec!["markup"];
                if len > LONGEST {
                    table.nothing(format!("{len}-{place}"), text);
                } else {
                    table.found(format!("{len}-{place}"), text, number);
                }
            }
        }
    }
    table.check();
}

/// Pieces are put together by guessing: where either end is glued to a letter, they are no key.
#[test]
fn glued_ends_are_no_ends() {
    let mut table = Table::new(864);
    for (name, joins) in ALL {
        for join in *joins {
            for (before, after) in [("s", ""), ("9", ""), ("", "a"), ("", "-0"), ("", "_Z"), ("x", "y")] {
                let (key, _) = table.key();
                let places = breaks(2, key.len(), table.rng());
                let text = cut(&Join { open: "", close: "", ..*join }, &key, &places);
                let text = text.placed(&format!("{}{before}", join.open), &format!("{after}{}", join.close));
                table.nothing(format!("{name}-{}-{before}-{after}", join.id), text);
            }
        }
    }
    table.check();
}

/// What is no break: other references, words between tags, a blank without a tag, half a sequence.
#[test]
fn what_is_no_break_in_markup() {
    const GAPS: &[&str] = &[
        "&nbsp;",
        "&amp;",
        "&#8201;",
        "</b> and <b>",
        "<b>x</b>",
        "< b >",
        "<1>",
        "</>x",
        "<",
        ">",
        "\u{1b}",
        "\u{1b}[",
        "[36m",
        "\\u00a0",
        "\u{a0}",
        "│",
        " │ ",
        "|",
        " | ",
        "\"]",
        "\"]\n[",
        "\"]\n[1, \"i\", \"",
        "{",
        "}",
        "{x}",
        "{key + \"",
    ];
    let mut table = Table::new(865);
    for gap in GAPS {
        for place in [10, 16, 22, 23, 40, 65] {
            let (key, _) = table.key();
            let broken = format!("{}{gap}{}", &key[..place], &key[place..]);
            table.nothing(format!("{}-{place}", gap.escape_debug()), Text::plain(b"<p>", broken.as_bytes(), b"</p>"));
        }
    }
    table.check();
}

/// A character without a width is not counted among those of the key, and one at its end is none of it.
#[test]
fn what_is_behind_the_last_piece_is_not_the_keys() {
    let mut table = Table::new(866);
    for join in ZERO_WIDTH {
        let (key, number) = table.key();
        let text = cut(join, &key, &[22]).placed("", join.between);
        table.found(format!("{}-behind", join.id), text, number);
        let (key, number) = table.key();
        let text = Text::plain(b"", key.as_bytes(), b"").placed(" ", join.between);
        table.found(format!("{}-plain", join.id), text, number);
    }
    table.check();
}
