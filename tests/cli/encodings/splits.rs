//! Keys in pieces: every join, one to four breaks, anywhere but in `hopx` and at the ends of the key.

use super::{Expect, Table, in_file};
use crate::encode::{Text, Units};
use crate::split::{JOINS, NATURAL, breaks, hard_wrapped};

/// What may stand around a statement.
const AROUND: [(&str, &str); 4] = [
    ("", ""),
    ("\n", "\n"),
    ("# Settings, é\n\n", "\n# The end.\n"),
    ("import os\nregion = \"eu\"\n", "print(region, \"done\")\nname = \"a\" + \"b\"\n"),
];

#[test]
fn where_people_break_it() {
    let mut table = Table::new(730);
    for join in JOINS {
        for places in NATURAL {
            for (before, after) in AROUND {
                let (key, number) = table.key();
                let text = join.apply(&key, places).placed(before, after);
                table.found(format!("{}-{places:?}", join.id), text, number);
            }
        }
    }
    table.check();
}

#[test]
fn anywhere() {
    let mut table = Table::new(731);
    for join in JOINS {
        for count in 1..=4 {
            for _ in 0..10 {
                let (key, number) = table.key();
                let places = breaks(count, key.len(), table.rng());
                let (before, after) = table.rng().choice(AROUND).expect("some");
                let text = join.apply(&key, &places).placed(before, after);
                table.found(format!("{}-{places:?}", join.id), text, number);
            }
        }
    }
    table.check();
}

/// Each place for a single break.
#[test]
fn at_each_place() {
    let mut table = Table::new(732);
    for join in JOINS.iter().step_by(4) {
        for place in 4..66 {
            let (key, number) = table.key();
            table.found(format!("{}-{place}", join.id), join.apply(&key, &[place]), number);
        }
    }
    table.check();
}

/// A hard wrap at every column: one to four breaks come in the key, and none in `hopx`.
#[test]
fn hard_wraps() {
    let mut table = Table::new(733);
    for width in 17..=80 {
        for newline in ["\n", "\r\n", "\n  "] {
            for lead in [0, 1, 2, 7, 12, 19, 30, 45, 70] {
                let (key, number) = table.key();
                let (text, breaks) = hard_wrapped(&key, lead, width, newline);
                if breaks.iter().any(|&at| at < 4) || (lead + key.len()) % width == 0 || breaks.is_empty() {
                    continue;
                }
                table.found(format!("{width}-{lead}-{breaks:?}"), text, number);
            }
        }
    }
    table.check();
}

/// The same in a file of UTF-16. Debatable: the specification says what is decoded goes through the borders and the
/// shape, and not that it goes through `split` too.
#[test]
fn in_utf16() {
    let mut table = Table::new(734);
    for units in [Units::Utf16Le, Units::Utf16Be] {
        for join in JOINS.iter().step_by(3) {
            let (key, number) = table.key();
            let text: Text = join.apply(&key, &[10, 22]).utf16(units);
            table.row(format!("{}-{}", units.name(), join.id), in_file(text, "", ""), Expect::Key(number, "medium"));
        }
    }
    table.check();
}

/// Five breaks are one too many, and so is punctuation without a quote or a newline.
#[test]
fn what_is_no_break() {
    let mut table = Table::new(735);
    for join in JOINS {
        for _ in 0..2 {
            let (key, _) = table.key();
            let places = breaks(5, key.len(), table.rng());
            table.nothing(format!("five-{}", join.id), join.apply(&key, &places));
        }
    }
    // A minus may be a character of a secret, and so make one that is longer.
    for between in [" ", "+", " + ", " . ", ".", "..", ", ", ",", " & ", "&", " <> ", " - ", "\t", ")(", "][", "|"] {
        for places in NATURAL {
            let (key, _) = table.key();
            // What is taken out of a key must not be put back by the separator: a full stop for another one.
            let broken = places.iter().rev().fold(key, |key, &at| format!("{}{between}{}", &key[..at], &key[at..]));
            table.nothing(format!("punctuation-{places:?}"), Text::plain(b"key = \"", broken.as_bytes(), b"\"\n"));
        }
    }
    table.check();
}
