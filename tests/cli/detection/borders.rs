//! What may stand right before and right after a key, and what may not.

use hopx_leaks::key::KEY_LEN;

use super::{Form, Found, Table, key_in};

/// Every spelling of the escape character, and the character itself.
const ESCAPES: [&str; 10] = ["\u{1b}", "\\x1b", "\\x1B", "\\u001b", "\\u001B", "\\u{1b}", "\\033", "\\e", "\\E", "^["];

const NON_ASCII: [&str; 8] = ["密钥", "مفتاح", "চাবি", "é", "ключ", "ß", "🔑", "\u{a0}"];

/// One row a text in each form. `{key}` stands for a key; `open` says whether it is to be found.
fn check<'t>(seed: u64, open: bool, texts: impl IntoIterator<Item = &'t str>) {
    let mut table = Table::new(seed);
    for (number, template) in texts.into_iter().enumerate() {
        let key = if number % 2 == 0 { table.live() } else { table.test() };
        let text = template.replace("{key}", &key);
        assert!(text.len() >= KEY_LEN, "{template:?} has no key in it");
        for form in Form::ALL {
            // The mark makes it plain to everyone how a text that begins with Chinese is encoded.
            let text = if form == Form::Utf8 { text.clone() } else { format!("\u{feff}{text}") };
            let expected = if open { key_in(form, &text, &key) } else { vec![] };
            table.row(format!("{template:?} in {form:?}"), form.encode(&text), expected);
        }
    }
    table.check();
}

#[test]
fn open_on_the_left() {
    check(
        100,
        true,
        [
            "{key}",
            " {key}",
            "\t{key}",
            "\n{key}",
            "\r\n{key}",
            "\"{key}",
            "'{key}",
            "`{key}",
            "={key}",
            ":{key}",
            "/{key}",
            "@{key}",
            ".{key}",
            ",{key}",
            ";{key}",
            "_{key}",
            "-{key}",
            "__{key}",
            "a_{key}",
            "9-{key}",
            "({key}",
            "[{key}",
            "{{key}",
            "<{key}",
            ">{key}",
            "|{key}",
            "\\{key}",
            "%{key}",
            "#{key}",
            "$}{key}",
            "*{key}",
            "~{key}",
            "!{key}",
            "?{key}",
            "&{key}",
            "^{key}",
            "+{key}",
            "\u{7f}{key}",
            "\u{1}{key}",
        ],
    );
}

#[test]
fn open_after_an_escape() {
    check(
        101,
        true,
        [
            "text\\n{key}",
            "text\\t{key}",
            "text\\r{key}",
            "text\\f{key}",
            "text\\b{key}",
            "text\\v{key}",
            "text\\0{key}",
            "text\\r\\n{key}",
            "\\n{key}",
            "text\\\\n{key}",
            "text\\\\\\\\t{key}",
            "text\\u0022{key}",
            "text\\u003D{key}",
            "text\\u003d{key}",
            "text\\uD83D\\uDD11{key}",
            "\\u000a{key}",
            "text\\x22{key}",
            "text\\x3D{key}",
            "text\\x0a{key}",
            "\\x00{key}",
            "text\\012{key}",
            "text\\377{key}",
            "text\\000{key}",
            "\\075{key}",
            "text%3D{key}",
            "text%3d{key}",
            "text%0A{key}",
            "%22{key}",
            "text%E5%AF%86{key}",
            "text=3D{key}",
            "text=0A{key}",
            "text=e9{key}",
            "=22{key}",
        ],
    );
}

#[test]
fn open_after_a_colour() {
    let texts: Vec<String> = ESCAPES
        .iter()
        .flat_map(|escape| {
            ["[m", "[0m", "[36m", "[1;36m", "[38;5;208m", "[38:2::1:2:3m", "[0m text \u{1b}[36m"]
                .map(|colour| format!("text{escape}{colour}{{key}}\u{1b}[0m"))
        })
        .collect();
    check(102, true, texts.iter().map(String::as_str));
}

#[test]
fn open_beside_text_that_is_not_ascii() {
    let texts: Vec<String> = NON_ASCII
        .iter()
        .flat_map(|text| [format!("{text}{{key}}"), format!("{{key}}{text}"), format!("{text}{{key}}{text}")])
        .collect();
    check(103, true, texts.iter().map(String::as_str));
}

#[test]
fn open_beside_bytes_that_are_no_utf8() {
    let mut table = Table::new(104);
    for byte in [0x80_u8, 0xa0, 0xc3, 0xe9, 0xff] {
        let key = table.live();
        let content = [&[byte], key.as_bytes(), &[byte]].concat();
        let expected = super::keys_at(Form::Utf8, &content, [(1, key.as_str())]);
        table.row(format!("{byte:#x}"), content, expected);
    }
    table.check();
}

#[test]
fn closed_on_the_left() {
    check(
        105,
        false,
        [
            "s{key}",
            "S{key}",
            "Echo{key}",
            "my{key}",
            "0{key}",
            "9{key}",
            "z{key}",
            "Z{key}",
            "a{key}",
            "A{key}",
            // A letter of an escape without its backslash, an escape that does not exist, and digits too few or not.
            "n{key}",
            "text n{key}",
            "\\a{key}",
            "\\z{key}",
            "\\N{key}",
            "\\nn{key}",
            "\\1{key}",
            "\\n0{key}",
            "u0022{key}",
            "\\u022{key}",
            "\\u00g0{key}",
            "\\ug022{key}",
            "x22{key}",
            "\\xg2{key}",
            "\\x2{key}",
            "\\X22{key}",
            "\\12{key}",
            "\\812{key}",
            "\\378{key}",
            "012{key}",
            "%3{key}",
            "%g2{key}",
            "%2z{key}",
            "=3{key}",
            "=zz{key}",
            "=G0{key}",
            // Not a colour: the escape character, the bracket or the final letter is missing or another one.
            "m{key}",
            "36m{key}",
            "[36m{key}",
            "x1b[36m{key}",
            "033[36m{key}",
            "e[36m{key}",
            "\u{1b}36m{key}",
            "\u{1b}[36x{key}",
            "\u{1b}[36 m{key}",
            "\u{1b}[a36m{key}",
            "\u{1b}[?25h{key}",
            "\\033[36x{key}",
            "\\x1c[36m{key}",
            "\\032[36m{key}",
            // Text that is not ASCII opens nothing that a letter closes.
            "密钥s{key}",
            "és{key}",
        ],
    );
}

#[test]
fn open_on_the_right() {
    check(
        106,
        true,
        [
            "{key}",
            "{key} ",
            "{key}\n",
            "{key}\r\n",
            "{key}\"",
            "{key}'",
            "{key}`",
            "{key},",
            "{key};",
            "{key})",
            "{key}]",
            "{key}}",
            "{key}>",
            "{key}<",
            "{key}/",
            "{key}/v1",
            "{key}:",
            "{key}@api",
            "{key}&a=b",
            "{key}#",
            "{key}=",
            "{key}==",
            "{key}%26a",
            "{key}%0A",
            "{key}\\nmore",
            "{key}\\\"",
            "{key}\\u0022",
            "{key}|",
            "{key}+",
            "{key}*",
            "{key}**",
            "{key}~",
            "{key}\u{1b}[0m",
            "{key}\\u001b[0m",
            "{key}\u{7f}",
            // A full stop ends a sentence or goes on to a method.
            "{key}.",
            "{key}...",
            "{key}.split()",
            "{key}.extra",
            "{key}.9",
            // Emphasis, rulers, and what joins only up to the next word's border.
            "_{key}_",
            "__{key}__",
            "{key}-",
            "{key}--",
            "{key}_-_",
            "{key}_ a",
            "{key}- a",
            "{key}_.a",
            "{key}-\na",
            "{key}_é",
            "{key}-密",
        ],
    );
}

#[test]
fn closed_on_the_right() {
    let far = format!("{{key}}{}a", "-".repeat(4_000));
    check(
        107,
        false,
        [
            "{key}A",
            "{key}Z",
            "{key}a",
            "{key}z",
            "{key}0",
            "{key}9",
            "{key}AA",
            "{key}text",
            "{key}_a",
            "{key}-a",
            "{key}_9",
            "{key}-Z",
            "{key}__a",
            "{key}--0",
            "{key}_-_-a",
            "{key}-----BEGIN",
            "{key}_key",
            "{key}n",
            &far,
        ],
    );
}

#[test]
fn both_borders_are_asked_for() {
    check(108, false, ["s{key}a", "s{key}", "{key}a", "s{key} ", " {key}a", "\\n{key}a", "s{key}="]);
}

/// Compilers store strings end to end, so borders mean nothing near a NUL.
#[test]
fn binary_data_asks_for_no_borders() {
    let mut table = Table::new(109);
    // The NUL is so many characters of the decoded text from the key, with that between them.
    for (distance, between, confidence) in [
        (1, "", Some("medium")),
        (2, "a", Some("medium")),
        (512, "a", Some("medium")),
        (513, "a", None),
        (512, " ", Some("medium")),
        (513, " ", Some("high")),
    ] {
        let gap = between.repeat(distance - 1);
        for template in [format!("\0{gap}{{key}}"), format!("{{key}}{gap}\0")] {
            for form in Form::ALL {
                let key = table.live();
                let text = format!("\u{feff}{template}").replace("{key}", &key);
                let expected = confidence.map_or(vec![], |confidence| {
                    let found = key_in(form, &text, &key);
                    found.into_iter().map(|found| Found { confidence: confidence.to_owned(), ..found }).collect()
                });
                table.row(format!("{between:?}, {distance}, {form:?}"), form.encode(&text), expected);
            }
        }
    }
    table.check();
}

/// The strings of a program as a linker leaves them.
#[test]
fn keys_end_to_end_in_binary_data() {
    let mut table = Table::new(110);
    let (first, second) = (table.live(), table.test());
    for form in Form::ALL {
        let text = format!("\u{feff}\u{7f}ELF\0\0Usage: {first}{second}Error\0\0");
        let keys = [first.as_str(), second.as_str()].map(|key| key_in(form, &text, key)).concat();
        table.row(format!("{form:?}"), form.encode(&text), keys.into_iter().map(Found::but_medium).collect());
    }
    table.check();
}

/// The zero bytes of UTF-16 are letters, not binary data: borders hold.
#[test]
fn utf16_is_not_binary() {
    let mut table = Table::new(111);
    for form in Form::UTF16 {
        for template in ["key s{key}", "key {key}a", "key {key}_a"] {
            let key = table.live();
            table.row(format!("{template} {form:?}"), form.encode(&template.replace("{key}", &key)), vec![]);
        }
        let key = table.live();
        let text = format!("key {key}");
        let expected = key_in(form, &text, &key);
        table.row(format!("{form:?}"), form.encode(&text), expected);
    }
    table.check();
}
