//! Values of the registry of Windows as regedit exports them: texts with variables, lists and binary data are bytes in
//! hexadecimal, in lines of at most 80 columns that end in `,\`.

use super::Table;
use crate::encode::{Text, Units};

/// A line is ended once it has so many columns.
const COLUMNS: usize = 77;

/// A text with a key, as the bytes of a value of this kind behind `start`, which is what the line begins with.
fn exported(start: &str, text: Text) -> Text {
    let (mut shown, mut column, mut span) = (String::new(), start.len(), 0..0);
    for (number, byte) in text.bytes.iter().enumerate() {
        span.start = if number == text.key.start { shown.len() } else { span.start };
        shown.extend([format!("{byte:02x}")]);
        span.end = if number + 1 == text.key.end { shown.len() } else { span.end };
        if number + 1 < text.bytes.len() {
            shown.push(',');
            column += 3;
            if column >= COLUMNS {
                shown.push_str("\\\r\n  ");
                column = 2;
            }
        }
    }
    Text { units: Units::Utf8, ..text }.renamed("hex", shown.into_bytes(), span).placed(start, "\r\n\r\n")
}

/// A value whose name moves the ends of lines over every byte of the key.
fn values(table: &mut Table, kind: &str, units: Units) -> Vec<(String, Text, usize)> {
    let mut values = Vec::new();
    for len in 0..30 {
        for (before, after) in [("", "\0"), ("HOPX_API_KEY=", "\0\0"), ("%PATH%;", ";x\0")] {
            let (key, number) = table.key();
            let text = Text::plain(before.as_bytes(), key.as_bytes(), after.as_bytes());
            let text = if units == Units::Utf8 { text } else { text.utf16(units) };
            let start = format!("\"{}\"={kind}:", "HopxApiKeyOfTheProductionAccount".get(..len).expect("long"));
            values.push((format!("{kind}-{len}-{}", before.len()), exported(&start, text), number));
        }
    }
    values
}

const VERSION_5: &str =
    "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_CURRENT_USER\\Environment]\r\n\"a\"=dword:00000001\r\n";
const VERSION_4: &str = "REGEDIT4\r\n\r\n[HKEY_CURRENT_USER\\Environment]\r\n";

/// The file is UTF-16 with a byte order mark, and the bytes are UTF-16 too.
#[test]
fn exports_in_utf16() {
    let mut table = Table::new(870);
    for kind in ["hex(2)", "hex(7)", "hex(1)"] {
        for (id, text, number) in values(&mut table, kind, Units::Utf16Le) {
            let text = text.placed(VERSION_5, "[HKEY_CURRENT_USER\\Software]\r\n").utf16(Units::Utf16Le);
            assert_eq!(text.names, ["utf-16le", "hex", "utf-16le"]);
            table.found(id, text.placed("\u{feff}", ""), number);
        }
    }
    table.check();
}

/// The same, saved in another editor.
#[test]
fn exports_in_utf8() {
    let mut table = Table::new(871);
    for kind in ["hex(2)", "hex(7)", "hex(1)"] {
        for (id, text, number) in values(&mut table, kind, Units::Utf16Le) {
            assert_eq!(text.names, ["hex", "utf-16le"]);
            table.found(id, text.placed(VERSION_5, ""), number);
        }
    }
    table.check();
}

/// Exports for old versions, and binary values, hold the bytes of the text itself.
#[test]
fn old_exports_and_binary_values() {
    let mut table = Table::new(872);
    for kind in ["hex(2)", "hex"] {
        for (id, text, number) in values(&mut table, kind, Units::Utf8) {
            table.found(id, text.placed(VERSION_4, ""), number);
        }
    }
    table.check();
}
