//! Encoded keys as they stand in the wild, where the specification leaves more to judge than the span of a key: what
//! is right before and after could be taken for more of the same. Each test says what makes it debatable.

use super::{Table, in_file};
use crate::encode::{Alphabet, Digits, NamedToken, Padding, Text, Units, Which, Wrap, decimal_entity};
use crate::split::{JOINS, Join, NATURAL, hard_wrapped};

/// A key with a text before it, in base64 on one line.
fn in_base64(before: &str, key: &str, after: &str) -> Text {
    Text::plain(before.as_bytes(), key.as_bytes(), after.as_bytes()).base64(Alphabet::Standard, Padding::Padded, None)
}

/// Rows of base64 between texts, at each alignment.
#[track_caller]
fn check_base64(seed: u64, around: &[(&str, &str)]) {
    let mut table = Table::new(seed);
    for &(file_before, file_after) in around {
        for (before, after) in [("", ""), ("=", ""), ("k=", ""), ("", "\n"), ("", "\"}"), ("k=", "\n")] {
            let (key, number) = table.key();
            let text = in_base64(before, &key, after).placed(file_before, file_after);
            table.found(format!("{}-{}-{}", before.len(), after.len(), file_after.trim()), text, number);
        }
    }
    table.check();
}

/// The next line of YAML begins with letters that are digits of base64 too. The specification wants wrapped texts
/// found, and no key lost: a line that is shorter than the last one's width, or goes on with other signs, is the next.
#[test]
fn the_next_line_of_yaml() {
    check_base64(
        770,
        &[
            ("apiVersion: v1\ndata:\n  token: ", "\nkind: Secret\n"),
            ("apiVersion: v1\ndata:\n  token: ", "\ntype: Opaque\n"),
            ("apiVersion: v1\ndata:\n  token: ", "\n  user: YWRtaW4=\n"),
            ("kind: Secret\ndata:\n  token: ", "\ndata: 1\n"),
            ("kind: Secret\ndata:\n  token: ", "\nmetadata:\n  name: a\n"),
            ("kind: Secret\ndata:\n  token: ", "\n  xyz: 1\n  abc: 2\n"),
            ("kind: Secret\ndata:\n  token: ", "\r\nmetadata:\r\n  name: a\r\n"),
        ],
    );
}

/// The line before ends in letters.
#[test]
fn the_line_before() {
    check_base64(
        771,
        &[
            ("The key is\n", "\n"),
            ("# The key in base64\n", "\n"),
            ("token: |\n  note\n  ", "\n"),
            ("abcd\n", "\n"),
            ("abc\n", "\n"),
            ("dGVzdA==\n", "\n"),
            ("export A=b\r\n", "\r\n"),
            ("{\"a\": \"text\\n", "\"}"),
        ],
    );
}

/// Words on the same line.
#[test]
fn words_beside_it() {
    check_base64(
        772,
        &[
            ("Authorization: Basic ", "\r\nHost: api.hopx.dev\r\n"),
            ("data:text/plain;base64,", "\n"),
            ("echo ", " | base64 -d\n"),
            ("the key ", " is in base64\n"),
            ("TOKEN=", "\nNEXT=1\n"),
            ("token=", "&next=1"),
            ("<data>", "</data>"),
            ("/v1/", "\n"),
        ],
    );
}

/// Texts in base64, one a line: each line is a text of its own, with no padding to show it.
#[test]
fn one_text_a_line() {
    let mut table = Table::new(773);
    for before in ["", "=", "k="] {
        for (first, last) in [("admin", "postgres://db/user"), ("a secret", "another secret"), ("x", "yy")] {
            for padding in [Padding::Padded, Padding::Bare] {
                let (key, number) = table.key();
                let line = |text: &str| {
                    let text = Text::plain(b"", text.as_bytes(), b"").base64(Alphabet::Standard, padding, None);
                    String::from_utf8(text.bytes).expect("ASCII")
                };
                let text = Text::plain(before.as_bytes(), key.as_bytes(), b"");
                let text = text.base64(Alphabet::Standard, padding, None);
                let text = text.placed(&format!("{}\n", line(first)), &format!("\n{}\n", line(last)));
                table.found(format!("{before}-{first}-{padding:?}"), text, number);
            }
        }
    }
    table.check();
}

/// PowerShell reads UTF-16 in base64.
#[test]
fn encoded_command() {
    let mut table = Table::new(774);
    for before in ["$k='", "$key = \"", "Invoke-RestMethod -Headers @{'X-API-Key'='", "Set-Item Env:HOPX_API_KEY "] {
        for (file_before, file_after) in [("powershell -EncodedCommand ", "\r\n"), ("powershell -e ", " -NoExit\n")] {
            let (key, number) = table.key();
            let text = Text::plain(before.as_bytes(), key.as_bytes(), b"'}\r\n").utf16(Units::Utf16Le);
            let text = text.base64(Alphabet::Standard, Padding::Padded, None).placed(file_before, file_after);
            table.found(before, text, number);
        }
    }
    table.check();
}

/// Other ways to write the same entity: leading zeros, as PHP does it, and `X`.
#[test]
fn other_entities() {
    let mut table = Table::new(775);
    let tokens: [NamedToken; 4] = [
        ("zero", |byte| format!("&#0{byte};")),
        ("zeros", |byte| format!("&#{byte:04};")),
        ("hex-zeros", |byte| format!("&#x{byte:04x};")),
        ("upper-x", |byte| format!("&#X{byte:X};")),
    ];
    for (name, token) in tokens {
        for which in [Which::All, Which::Specials, Which::SomeAfterPlainHopx] {
            let (key, number) = table.key();
            let text = Text::plain(b"k=", key.as_bytes(), b"\"").html(which, &token, table.rng());
            table.found(format!("{name}-{which:?}"), text.placed("<p>", "</p>"), number);
        }
    }
    table.check();
}

/// The specification's "all or some" stands above the row of quoted-printable, which itself names `=5F` alone.
#[test]
fn quoted_printable_of_all() {
    let mut table = Table::new(776);
    for which in [Which::All, Which::SomeAfterEncodedHopx] {
        for digits in [Digits::Upper, Digits::Lower] {
            let (key, number) = table.key();
            let text = Text::plain(b"k=", key.as_bytes(), b"\"").quoted_printable(which, digits, table.rng());
            table.found(format!("{which:?}-{digits:?}"), text.placed("\n", "\n"), number);
        }
    }
    table.check();
}

/// The limit that the specification documents is about encoded letters; a soft line break encodes none of them, and in
/// a long line 3 of 69 come in `hopx`.
#[test]
fn a_soft_line_break_in_hopx() {
    let mut table = Table::new(777);
    for place in 1..4 {
        for newline in ["\r\n", "\n"] {
            let (key, number) = table.key();
            let before = "x".repeat(59 - place) + "=";
            let text = Text::plain(before.as_bytes(), key.as_bytes(), b"\"\n");
            // `=` takes three columns and a soft line break one.
            table.found(format!("{place}"), text.soft_breaks(63, newline, "_"), number);
        }
    }
    table.check();
}

/// A hard wrap in `hopx` leaves no part of it that a search could start from but `live_`.
#[test]
fn a_hard_wrap_in_hopx() {
    let mut table = Table::new(778);
    for width in [20, 40, 64, 72, 76, 80] {
        for place in 1..4 {
            let (key, number) = table.key();
            let (text, breaks) = hard_wrapped(&key, width - place, width, "\n");
            assert!(breaks.contains(&place) && breaks.len() <= 4);
            table.found(format!("{width}-{place}"), text, number);
        }
    }
    table.check();
}

/// What comes after the last piece is another text, and where its quote begins is for no scanner to know for sure: 43
/// characters up to a quote are a key all the same.
#[test]
fn other_literals_after_the_pieces() {
    let mut table = Table::new(779);
    for (name, open, between, close) in [
        ("arguments", "login(\"", "\" + \"", "\", \"eu\")\n"),
        ("list-of-others", "keys = [\"", "\" + \"", "\", \"other\"]\n"),
        ("more-text", "url = \"key=\" + \"", "\" + \"", "\" + \"&region=eu\"\n"),
        ("suffix-variable", "key = \"", "\" + \"", "\" + suffix\n"),
        ("bearer", "header = \"Bearer \" + \"", "\" + \"", "\"\n"),
        ("next-line", "key = \"", "\"\n  \"", "\"\nnext = \"value\"\n"),
        ("map", "{\"key\": \"", "\" + \"", "\", \"region\": \"eu\"}\n"),
    ] {
        let join = Join { id: name, open, between, close };
        for places in NATURAL {
            let (key, number) = table.key();
            table.found(format!("{name}-{places:?}"), join.apply(&key, places), number);
        }
    }
    table.check();
}

/// Joins of languages that the specification does not name, made of the same signs.
#[test]
fn other_joins() {
    let mut table = Table::new(780);
    for (name, open, between, close) in [
        ("escaped-quotes", "{\"code\": \"k = \\\"", "\\\" + \\\"", "\\\";\"}\n"),
        ("byte-strings", "key = b\"", "\" + b\"", "\"\n"),
    ] {
        let join = Join { id: name, open, between, close };
        for places in NATURAL {
            let (key, number) = table.key();
            table.found(format!("{name}-{places:?}"), join.apply(&key, places), number);
        }
    }
    table.check();
}

/// Bytes of C, in lines: each line is a literal, so that there are pieces to put together in what the escapes say.
#[test]
fn hexadecimal_in_adjacent_literals() {
    let mut table = Table::new(781);
    for newline in ["\"\n    \"", "\\\n"] {
        let (key, number) = table.key();
        let text = Text::plain(b"k=", key.as_bytes(), b"\"");
        let text = text.hex_with("\\x", Digits::Lower, "", Some(&Wrap::new(16, newline)));
        let mut text = text.placed("char key[] = \"", "\";\n");
        text.names.push("split");
        table.found(newline, text, number);
    }
    table.check();
}

/// JSON in JSON in JSON: the quotes have backslashes, the key has none or not. A key without any is plain.
#[test]
fn json_in_json() {
    let mut table = Table::new(782);
    for (count, signs) in [(1, ""), (3, ""), (1, "_"), (3, "_."), (7, "_.-")] {
        let (key, number) = table.key();
        let quote = format!("{}\"", "\\".repeat(count));
        let text = Text::plain(b"", key.as_bytes(), b"");
        let text = if signs.is_empty() { text } else { text.backslash(signs, count) };
        table.found(signs, text.placed(&format!("{{{quote}key{quote}:{quote}"), &format!("{quote}}}")), number);
    }
    table.check();
}

/// Several keys in one file, each in another form, close together.
#[test]
fn forms_side_by_side() {
    let mut table = Table::new(783);
    let (key, number) = table.key();
    let other = &table.keys[(number + 1) % 8];
    let encoded = String::from_utf8(in_base64("", other, "").bytes).expect("ASCII");
    let text = Text::plain(b"", key.as_bytes(), b"");
    let text = text.html(Which::All, &decimal_entity, table.rng()).placed("<p>", &format!("</p>\n<p>{encoded}</p>\n"));
    table.bench.write("both", in_file(text, "", "").bytes);
    let findings = table.bench.findings();
    let names: Vec<_> = findings.iter().map(|finding| finding["encodings"].to_string()).collect();
    assert_eq!(names, ["[\"html-entity\"]", "[\"base64\"]"]);
}

/// A statement after another: the end of one and the start of the next join nothing.
#[test]
fn statement_after_statement() {
    let mut table = Table::new(784);
    for join in JOINS {
        let (key, number) = table.key();
        let text = join.apply(&key, &[10, 22]);
        let statement = join.apply("another text, without a key", &[8]);
        let statement = String::from_utf8(statement.bytes).expect("ASCII");
        table.found(join.id, text.placed(&statement, &statement), number);
    }
    table.check();
}
