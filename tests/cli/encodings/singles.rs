//! Every encoding but base64 and `split`, and every chain, at every alignment and place.

use super::{AFTER, BEFORE, Table, in_file, surroundings};
use crate::encode::{Text, Units};
use crate::forms::{self, Form};

/// Each form with each surrounding of the key, in files of every kind in turn.
fn check(seed: u64, forms: Vec<Form>, every_place: bool) {
    let mut table = Table::new(seed);
    let places = surroundings();
    for (row, form) in forms.into_iter().enumerate() {
        for (alignment, before) in BEFORE.iter().enumerate() {
            let chosen = if every_place { 0..places.len() } else { 0..1 };
            for turn in chosen {
                let (file_before, file_after) = places[(row + alignment + turn) % places.len()];
                let (key, number) = table.key();
                let after = AFTER[(alignment + turn) % AFTER.len()];
                // One byte a character: what units and escapes of other texts are is not asked here.
                let (before, after) = (before.replace('é', "-"), after.replace('é', "-"));
                let text = Text::plain(before.as_bytes(), key.as_bytes(), after.as_bytes());
                let text = form.apply(text, table.rng());
                table.found(format!("{}-{alignment}", form.id), in_file(text, file_before, file_after), number);
            }
        }
    }
    table.check();
}

#[test]
fn as_it_is_and_utf16() {
    let mut forms = forms::utf16();
    forms.push(forms::plain());
    check(710, forms, true);
}

/// UTF-16 without a byte order mark is known by its text.
#[test]
fn utf16_without_a_mark() {
    let mut table = Table::new(711);
    for units in [Units::Utf16Le, Units::Utf16Be] {
        for before in BEFORE {
            for after in AFTER {
                let (key, number) = table.key();
                let (before, after) = (before.replace('é', "-"), after.replace('é', "-"));
                let text = Text::plain(before.as_bytes(), key.as_bytes(), after.as_bytes()).utf16(units);
                table.found(units.name(), text, number);
            }
        }
    }
    table.check();
}

#[test]
fn hexadecimal() {
    check(712, [forms::hex_bare(), forms::hex_more(), forms::hex_in_lines()].into_iter().flatten().collect(), true);
}

#[test]
fn char_codes() {
    check(713, [forms::char_codes(), forms::codes_in_lines()].into_iter().flatten().collect(), true);
}

#[test]
fn escapes_of_all() {
    check(714, forms::escapes_of_all(), true);
}

#[test]
fn escapes_of_some() {
    check(715, forms::escapes_of_some(), true);
}

#[test]
fn escapes_of_some_and_hopx() {
    check(716, forms::escapes_of_some_and_hopx(), true);
}

#[test]
fn backslashes() {
    check(717, forms::backslash(), true);
}

#[test]
fn quoted_printable() {
    check(718, forms::quoted_printable(), true);
}

#[test]
fn disguises() {
    check(719, forms::disguises(), true);
}

#[test]
fn chains() {
    check(720, forms::chains(), false);
}

#[test]
fn utf16_files() {
    check(721, forms::utf16_files(), false);
}

/// Lines that end before each byte of a key.
#[test]
fn lines_at_every_column() {
    let mut table = Table::new(722);
    for form in [forms::hex_in_lines(), forms::codes_in_lines()].into_iter().flatten() {
        for length in 1..=30 {
            let (key, number) = table.key();
            let before = "text in lines".chars().cycle().take(length - 1).collect::<String>() + "=";
            let text = Text::plain(before.as_bytes(), key.as_bytes(), b"\"\n");
            let text = form.apply(text, table.rng()).placed("data = (\n", "\n)\n");
            table.found(format!("{}-{length}", form.id), text, number);
        }
    }
    table.check();
}
