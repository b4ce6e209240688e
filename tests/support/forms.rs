//! Every form that a key is looked for in, one row each: the single encodings, and the chains of two.

#![allow(dead_code, reason = "each user of this file needs a part of it")]

use std::ops::Range;

use fastrand::Rng;

use crate::encode::Which::{All, SomeAfterEncodedHopx, SomeAfterPlainHopx, Specials};
use crate::encode::{
    Alphabet, Digits, NamedToken, Padding, Text, Units, Which, Wrap, decimal_entity, lower_entity, named_entity,
    upper_entity,
};

/// What an encoder does to a text. Each call may choose anew what is open to choice.
pub type Encode = dyn Fn(Text, &mut Rng) -> Text + Sync;

/// A way to encode a text.
pub struct Form {
    /// The name in case ids.
    pub id: String,
    encode: Box<Encode>,
}

impl Form {
    fn new(id: impl Into<String>, encode: impl Fn(Text, &mut Rng) -> Text + Sync + 'static) -> Form {
        Form { id: id.into(), encode: Box::new(encode) }
    }

    /// Encodes a text.
    pub fn apply(&self, text: Text, rng: &mut Rng) -> Text {
        (self.encode)(text, rng)
    }

    /// `self` around `inner`.
    fn over(self, inner: Form) -> Form {
        Form::new(format!("{}_over_{}", self.id, inner.id), move |text, rng| {
            let text = inner.apply(text, rng);
            self.apply(text, rng)
        })
    }
}

/// As it is.
pub fn plain() -> Form {
    Form::new("plain", |text, _| text)
}

/// base64 on one line, in either alphabet, padded or not.
pub fn base64() -> Vec<Form> {
    let mut forms = Vec::new();
    for alphabet in [Alphabet::Standard, Alphabet::Url] {
        for padding in [Padding::Padded, Padding::Bare] {
            let id = format!("base64-{alphabet:?}-{padding:?}").to_lowercase();
            forms.push(Form::new(id, move |text, _| text.base64(alphabet, padding, None)));
        }
    }
    forms
}

/// base64 in lines.
pub fn base64_wrapped(width: usize, newline: &str) -> Form {
    let wrap = Wrap::new(width, newline);
    Form::new(format!("base64-{width}-{}", newline.escape_default()), move |text, _| {
        text.base64(Alphabet::Standard, Padding::Padded, Some(&wrap))
    })
}

/// base64 in lines that are broken by character references or percent-encoding.
pub fn base64_in_escaped_lines() -> Vec<Form> {
    let mut forms = Vec::new();
    for width in [64, 76] {
        for newline in ["&#10;", "&#xA;", "&#xa;", "&#13;&#10;", "&#xD;&#xA;", "%0A", "%0a", "%0D%0A"] {
            forms.push(base64_wrapped(width, newline));
        }
    }
    forms
}

/// base64 in string literals that a program joins. None of them has room for all of a key.
pub fn base64_in_literals() -> Vec<Form> {
    const JOINS: [(&str, &str, &str); 6] = [
        ("plus", "\"", "\" + \""),
        ("plus-lines", "'", "' +\n        '"),
        ("adjacent-lines", "\"", "\"\r\n    \""),
        ("php", "'", "' . '"),
        ("list", "\"", "\",\n  \""),
        ("vb", "\"", "\" & \""),
    ];
    let literals = |(name, quote, between): (&str, &'static str, &str)| {
        let wrap = Wrap::new(60, between);
        Form::new(format!("base64-literals-{name}"), move |text, _| {
            let mut text = text.base64(Alphabet::Standard, Padding::Padded, Some(&wrap)).placed(quote, quote);
            text.names.insert(0, "split");
            text
        })
    };
    JOINS.map(literals).into()
}

/// UTF-16 of a whole file.
pub fn utf16() -> Vec<Form> {
    [Units::Utf16Le, Units::Utf16Be].map(|units| Form::new(units.name(), move |text, _| text.utf16(units))).into()
}

/// A name, what stands before a byte, and what stands between two.
const SEPARATED: [(&str, &str, &str); 5] = [
    ("backslash-x", "\\x", ""),
    ("0x-comma-blank", "0x", ", "),
    ("0x-comma", "0x", ","),
    ("blank", "", " "),
    ("colon", "", ":"),
];

/// Hexadecimal as one run of digits.
pub fn hex_bare() -> Vec<Form> {
    [Digits::Lower, Digits::Upper]
        .map(|digits| Form::new(format!("hex-{digits:?}").to_lowercase(), move |text, _| text.hex(digits, None)))
        .into()
}

/// Hexadecimal with marks and separators.
pub fn hex_more() -> Vec<Form> {
    let mut forms = Vec::new();
    for digits in [Digits::Lower, Digits::Upper] {
        for (name, mark, between) in SEPARATED {
            let id = format!("hex-{name}-{digits:?}").to_lowercase();
            forms.push(Form::new(id, move |text, _| text.hex_with(mark, digits, between, None)));
        }
    }
    forms
}

/// Hexadecimal in lines: 16 bytes each with separators, 60 columns without.
pub fn hex_in_lines() -> Vec<Form> {
    let mut forms = Vec::new();
    for digits in [Digits::Lower, Digits::Upper] {
        for (name, mark, between) in SEPARATED {
            for newline in ["\n", "\r\n", "\n    ", "\n\t"] {
                if mark != "\\x" {
                    let wrap = Wrap::new(16, newline);
                    let id = format!("hex-{name}-{digits:?}-16-{}", forms.len()).to_lowercase();
                    forms.push(Form::new(id, move |text, _| text.hex_with(mark, digits, between, Some(&wrap))));
                }
            }
        }
        for newline in ["\n", "\r\n", "\n  ", "\n\t"] {
            let wrap = Wrap::new(30, newline);
            let id = format!("hex-{digits:?}-60-{}", forms.len()).to_lowercase();
            forms.push(Form::new(id, move |text, _| text.hex(digits, Some(&wrap))));
        }
    }
    forms
}

/// UTF-16 in hexadecimal; the last as the registry of Windows is exported.
pub fn hex_of_utf16() -> Vec<Form> {
    let mut forms = hex_bare();
    for (name, between) in [("blank", " "), ("colon", ":"), ("comma", ",")] {
        forms.push(Form::new(format!("hex-{name}"), move |text, _| text.hex_with("", Digits::Lower, between, None)));
    }
    let wrap = Wrap::new(25, "\\\r\n  ");
    forms.push(Form::new("hex-registry", move |text, _| text.hex_with("", Digits::Lower, ",", Some(&wrap))));
    let utf16le = || Form::new("utf-16le", |text, _| text.utf16(Units::Utf16Le));
    forms.into_iter().map(|form| form.over(utf16le())).collect()
}

/// Decimal character codes.
pub fn char_codes() -> Vec<Form> {
    vec![
        Form::new("codes-blank", |text, _| text.char_codes(", ", None)),
        Form::new("codes-tight", |text, _| text.char_codes(",", None)),
        Form::new("codes-brackets", |text, _| text.char_codes(", ", None).placed("[", "]")),
        Form::new("codes-call", |text, _| text.char_codes(",", None).placed("String.fromCharCode(", ")")),
    ]
}

/// Decimal character codes in lines.
pub fn codes_in_lines() -> Vec<Form> {
    let mut forms = Vec::new();
    for newline in ["\n", "\n    ", "\r\n\t"] {
        for between in [", ", ","] {
            let wrap = Wrap::new(16, newline);
            let id = format!("codes-lines-{}", forms.len());
            forms.push(Form::new(id, move |text, _| text.char_codes(between, Some(&wrap)).placed("{", "}")));
        }
    }
    forms
}

/// Those that encode every character for itself.
fn escapes(which: Which) -> Vec<Form> {
    let mut forms = Vec::new();
    for digits in [Digits::Lower, Digits::Upper] {
        let id = |name: &str| format!("{name}-{which:?}-{digits:?}").to_lowercase();
        forms.push(Form::new(id("percent"), move |text, rng| text.percent(which, digits, rng)));
        forms.push(Form::new(id("unicode"), move |text, rng| text.unicode(which, digits, rng)));
        forms.push(Form::new(id("braced"), move |text, rng| text.unicode_braced(which, digits, rng)));
    }
    let tokens: [NamedToken; 4] =
        [("decimal", decimal_entity), ("lower", lower_entity), ("upper", upper_entity), ("named", named_entity)];
    for (name, token) in tokens {
        let id = format!("html-{name}-{which:?}").to_lowercase();
        forms.push(Form::new(id, move |text, rng| text.html(which, &token, rng)));
    }
    forms
}

/// All characters encoded one by one.
pub fn escapes_of_all() -> Vec<Form> {
    escapes(All)
}

/// Some characters encoded one by one, `hopx` wholly plain.
pub fn escapes_of_some() -> Vec<Form> {
    [escapes(Specials), escapes(SomeAfterPlainHopx)].into_iter().flatten().collect()
}

/// Some characters encoded one by one, and `hopx`.
pub fn escapes_of_some_and_hopx() -> Vec<Form> {
    escapes(SomeAfterEncodedHopx)
}

/// Backslashes before signs.
pub fn backslash() -> Vec<Form> {
    let mut forms = Vec::new();
    for (name, signs) in [("underscore", "_"), ("stop", "."), ("markdown", "_."), ("telegram", "_.-")] {
        for count in [1, 2, 4] {
            let id = format!("backslash-{name}-{count}");
            forms.push(Form::new(id, move |text, _| text.backslash(signs, count)));
        }
    }
    forms
}

/// `=5F`, and soft line breaks at any width that leaves `hopx` in one piece.
pub fn quoted_printable() -> Vec<Form> {
    let mut forms = vec![
        Form::new("qp-specials", |text, rng| text.quoted_printable(Specials, Digits::Upper, rng)),
        Form::new("qp-some", |text, rng| text.quoted_printable(SomeAfterPlainHopx, Digits::Upper, rng)),
    ];
    for newline in ["\r\n", "\n"] {
        for encode in ["", "_"] {
            let id = format!("qp-soft-{}", forms.len());
            forms.push(Form::new(id, move |text, rng| {
                loop {
                    let soft = text.clone().soft_breaks(rng.usize(20..60), newline, encode);
                    let is_broken = |(soft_span, span): (&Range<usize>, &Range<usize>)| {
                        let key = &soft.bytes[soft_span.clone()];
                        key.starts_with(&text.bytes[span.start..][..4]) && key.contains(&b'=')
                    };
                    if soft.spans().zip(text.spans()).all(is_broken) {
                        return soft;
                    }
                }
            }));
        }
    }
    forms
}

/// What people do to get past a scanner.
pub fn disguises() -> Vec<Form> {
    vec![Form::new("reversed", |text, _| text.reversed()), Form::new("rot13", |text, _| text.rot13())]
}

/// Every single encoding but `split`, and the key as it is.
pub fn singles() -> Vec<Form> {
    let groups = [
        vec![plain()],
        utf16(),
        base64(),
        [20, 38, 57, 64, 76].into_iter().map(|width| base64_wrapped(width, "\n")).collect(),
        base64_in_escaped_lines(),
        base64_in_literals(),
        hex_bare(),
        hex_more(),
        hex_in_lines(),
        char_codes(),
        codes_in_lines(),
        escapes_of_all(),
        escapes_of_some(),
        escapes_of_some_and_hopx(),
        backslash(),
        quoted_printable(),
        disguises(),
    ];
    groups.into_iter().flatten().collect()
}

/// One form of each kind that can stand around another.
fn outers() -> Vec<Form> {
    let mut forms = utf16();
    forms.extend(around_utf16());
    forms
}

/// One form of each kind that can be the whole text of a UTF-16 file.
fn around_utf16() -> Vec<Form> {
    let [lower, decimal]: [fn(u8) -> String; 2] = [lower_entity, decimal_entity];
    vec![
        Form::new("base64", |text, _| text.base64(Alphabet::Standard, Padding::Padded, None)),
        Form::new("base64url", |text, _| text.base64(Alphabet::Url, Padding::Bare, None)),
        base64_wrapped(76, "\n"),
        Form::new("hex", |text, _| text.hex(Digits::Lower, None)),
        Form::new("HEX", |text, _| text.hex(Digits::Upper, None)),
        Form::new("percent", |text, rng| text.percent(All, Digits::Upper, rng)),
        Form::new("unicode", |text, rng| text.unicode(All, Digits::Lower, rng)),
        Form::new("html-hex", move |text, rng| text.html(All, &lower, rng)),
        Form::new("html-decimal", move |text, rng| text.html(All, &decimal, rng)),
        Form::new("reversed", |text, _| text.reversed()),
        Form::new("rot13", |text, _| text.rot13()),
        Form::new("codes", |text, _| text.char_codes(", ", None)),
    ]
}

/// Forms that leave `hopx` plain, and so can stand inside of another.
fn inners() -> Vec<Form> {
    [escapes_of_some(), backslash(), quoted_printable()].into_iter().flatten().collect()
}

/// Every chain of two that the specification asks for, but for those of packed data and those of whole files.
pub fn chains() -> Vec<Form> {
    let mut forms = Vec::new();
    for (outer, _) in outers().iter().enumerate() {
        for (inner, _) in inners().iter().enumerate() {
            forms.push(outers().swap_remove(outer).over(inners().swap_remove(inner)));
        }
    }
    forms.extend(base64_chains());
    forms.extend(hex_of_utf16());
    forms
}

/// What else a whole file of UTF-16 can hold.
pub fn utf16_files() -> Vec<Form> {
    let mut forms = Vec::new();
    for (outer, _) in utf16().iter().enumerate() {
        for inner in around_utf16() {
            forms.push(utf16().swap_remove(outer).over(inner));
        }
    }
    forms
}

/// base64 of base64 and of UTF-16.
pub fn base64_chains() -> Vec<Form> {
    let mut forms = Vec::new();
    for (outer, _) in base64().iter().enumerate() {
        for inner in base64().into_iter().chain(utf16()) {
            forms.push(base64().swap_remove(outer).over(inner));
        }
    }
    for width in [20, 38, 57, 64, 76] {
        for inner in base64().into_iter().chain(utf16()).chain([base64_wrapped(76, "\n"), base64_wrapped(64, "\r\n")]) {
            forms.push(base64_wrapped(width, "\n").over(inner));
        }
    }
    forms
}

/// gzip in base64, once or twice, on one line and wrapped.
pub fn gzip() -> Vec<Form> {
    let member = |named: bool| {
        Form::new(if named { "gzip-named" } else { "gzip" }, move |text, rng| {
            text.gzip(rng.u32(..), named.then_some("user-data.txt"))
        })
    };
    let mut forms = Vec::new();
    for named in [false, true] {
        for (outer, _) in base64().iter().enumerate() {
            forms.push(base64().swap_remove(outer).over(member(named)));
            let middle = Form::new("base64", |text, _| text.base64(Alphabet::Standard, Padding::Padded, None));
            forms.push(base64().swap_remove(outer).over(middle.over(member(named))));
        }
        for width in [20, 38, 57, 64, 76] {
            for newline in ["\n", "\r\n", "\n    "] {
                forms.push(base64_wrapped(width, newline).over(member(named)));
            }
            forms.push(base64_wrapped(width, "\n").over(base64_wrapped(76, "\n").over(member(named))));
        }
    }
    forms
}

/// zlib in base64 at every level that its header tells apart, on one line and wrapped. Level 0, at which nothing is
/// packed, is no encoding of its own: the text stands in the base64 as it is.
pub fn zlib() -> Vec<Form> {
    let stream = |level: u32| Form::new(format!("zlib-{level}"), move |text, _| text.zlib(level));
    let mut forms = Vec::new();
    for level in [1, 5, 6, 9] {
        for (outer, _) in base64().iter().enumerate() {
            forms.push(base64().swap_remove(outer).over(stream(level)));
        }
        for width in [20, 64, 76] {
            for newline in ["\n", "\r\n", "\n    ", "&#10;"] {
                forms.push(base64_wrapped(width, newline).over(stream(level)));
            }
        }
    }
    forms
}
