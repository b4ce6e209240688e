//! What stands right before and right after a key: it never hides the key, it grades the finding.

use hopx_leaks::key::KEY_LEN;

use super::{Form, Found, Table, key_in};

/// Every spelling of the escape character, and the character itself.
const ESCAPES: [&str; 13] = [
    "\u{1b}", "\\x1b", "\\x1B", "\\u001b", "\\u001B", "\\u{1b}", "\\033", "\\e", "\\E", "^[", "&#27;", "&#x1b;",
    "&#x1B;",
];
/// So many characters on either side are looked at.
const REACH: usize = 16;

const NON_ASCII: [&str; 8] = ["密钥", "مفتاح", "চাবি", "é", "ключ", "ß", "🔑", "\u{a0}"];

/// One row a text in each form, in which `{key}` stands for a key that is to be found with this confidence.
fn check<'t>(seed: u64, confidence: &str, texts: impl IntoIterator<Item = &'t str>) {
    let mut table = Table::new(seed);
    for (number, template) in texts.into_iter().enumerate() {
        let key = if number % 2 == 0 { table.live() } else { table.test() };
        let text = template.replace("{key}", &key);
        assert!(text.len() >= KEY_LEN, "{template:?} has no key in it");
        for form in Form::ALL {
            // The mark makes it plain to everyone how a text that begins with Chinese is encoded.
            let text = if form == Form::Utf8 { text.clone() } else { format!("\u{feff}{text}") };
            let expected = key_in(form, &text, &key).into_iter();
            let expected = expected.map(|found| Found { confidence: confidence.to_owned(), ..found }).collect();
            table.row(format!("{template:?} in {form:?}"), form.encode(&text), expected);
        }
    }
    table.check();
}

#[test]
fn a_sign_before_a_key_is_a_border() {
    check(
        100,
        "high",
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
fn an_escape_before_a_key_is_a_border() {
    check(
        101,
        "high",
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
fn a_control_sequence_before_a_key_is_a_border() {
    const SEQUENCES: [&str; 13] = [
        "[m",
        "[0m",
        "[36m",
        "[1;36m",
        "[38;5;208m",
        "[38:2::1:2:3m",
        "[K",
        "[2K",
        "[J",
        "[1G",
        "[1;1H",
        "[?25h",
        "[36x",
    ];
    let (mut near, mut far) = (Vec::new(), Vec::new());
    for escape in ESCAPES {
        for sequence in SEQUENCES {
            let texts = if escape.len() + sequence.len() <= REACH { &mut near } else { &mut far };
            texts.push(format!("text{escape}{sequence}{{key}}{escape}[0m"));
        }
        near.push(format!("text{escape}[1m text {escape}[36m{{key}}{escape}[0m"));
    }
    check(102, "high", near.iter().map(String::as_str));
    // What begins too far away is no sequence, and its last letter is a letter.
    assert!(far.len() > 5);
    check(114, "medium", far.iter().map(String::as_str));
}

#[test]
fn text_that_is_not_ascii_is_a_border() {
    let texts: Vec<String> = NON_ASCII
        .iter()
        .flat_map(|text| [format!("{text}{{key}}"), format!("{{key}}{text}"), format!("{text}{{key}}{text}")])
        .collect();
    check(103, "high", texts.iter().map(String::as_str));
}

#[test]
fn bytes_that_are_no_utf8_are_a_border() {
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
fn a_letter_before_a_key_makes_it_medium() {
    check(
        105,
        "medium",
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
            // Escapes that stand for a letter or a digit.
            "\\u0041{key}",
            "\\u0030{key}",
            "\\x61{key}",
            "\\x7A{key}",
            "\\060{key}",
            "\\172{key}",
            "%41{key}",
            "%7a{key}",
            "=39{key}",
            "=5A{key}",
            // No control sequence: the escape character or the bracket is missing or another one, or a blank is in it.
            "m{key}",
            "36m{key}",
            "[36m{key}",
            "x1b[36m{key}",
            "033[36m{key}",
            "e[36m{key}",
            "\u{1b}36m{key}",
            "\u{1b}[36 m{key}",
            "\u{1b}[a36m{key}",
            "\\x1c[36m{key}",
            "\\032[36m{key}",
            // Text that is not ASCII opens nothing that a letter closes.
            "密钥s{key}",
            "és{key}",
        ],
    );
}

#[test]
fn a_sign_behind_a_key_is_a_border() {
    check(
        106,
        "high",
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
fn a_letter_behind_a_key_makes_it_medium() {
    let near = format!("{{key}}{}a", "-_".repeat(REACH / 2).split_at(REACH - 1).0);
    check(
        107,
        "medium",
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
            &near,
        ],
    );
}

#[test]
fn a_letter_far_behind_a_key_is_none_of_its_neighbours() {
    let far = [REACH, REACH + 1, 4_000].map(|count| format!("{{key}}{}a", "-".repeat(count)));
    check(112, "high", far.iter().map(String::as_str));
}

#[test]
fn one_glued_end_is_enough() {
    check(108, "medium", ["s{key}a", "s{key}", "{key}a", "s{key} ", " {key}a", "\\n{key}a", "s{key}="]);
}

/// Binary data has no rules of its own: a NUL is one more sign.
#[test]
fn a_nul_is_a_border_and_no_more() {
    check(109, "high", ["\0{key}\0", "\0\0 {key}", "{key}\0", "a\0{key}\0a", "\0a {key} a\0"]);
    check(113, "medium", ["\0a{key}\0", "\0{key}a\0", "\0s{key}\0", "\0{key}-a"]);
}

/// The strings of a program as a linker leaves them, or a table of strings that ends none of them.
#[test]
fn keys_end_to_end() {
    let mut table = Table::new(110);
    let (first, second) = (table.live(), table.test());
    for form in Form::ALL {
        for start in ["\u{7f}ELF\0\0Usage: ", "Usage: "] {
            let text = format!("\u{feff}{start}{first}{second}Error\n");
            let keys = [first.as_str(), second.as_str()].map(|key| key_in(form, &text, key)).concat();
            table.row(
                format!("{start:?} {form:?}"),
                form.encode(&text),
                keys.into_iter().map(Found::but_medium).collect(),
            );
        }
    }
    table.check();
}
