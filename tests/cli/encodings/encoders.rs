//! The encoders of the tests, held to examples from the formats' own descriptions.

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};

use crate::encode::{Alphabet, Digits, Padding, Text, Units, Which, Wrap, named_entity};
use crate::forms;
use crate::split::{JOINS, hard_wrapped};

/// The text with the key in brackets.
fn shown(text: &Text) -> String {
    let part = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (before, key) = (&text.bytes[..text.key.start], &text.bytes[text.key.clone()]);
    format!("{}[{}]{}", part(before), part(key), part(&text.bytes[text.key.end..]))
}

fn sample(before: &str, key: &str, after: &str) -> Text {
    Text::plain(before.as_bytes(), key.as_bytes(), after.as_bytes())
}

/// RFC 4648 section 10.
#[test]
fn base64() {
    let mut random = fastrand::Rng::with_seed(760);
    for (plain, encoded) in
        [("f", "[Zg]=="), ("fo", "[Zm8]="), ("foo", "[Zm9v]"), ("foob", "[Zm9vYg]=="), ("foobar", "[Zm9vYmFy]")]
    {
        assert_eq!(shown(&sample("", plain, "").base64(Alphabet::Standard, Padding::Padded, None)), encoded);
    }
    assert_eq!(shown(&sample("f", "o", "o").base64(Alphabet::Standard, Padding::Bare, None)), "Z[m9]v");
    assert_eq!(shown(&sample("fo", "o", "b").base64(Alphabet::Standard, Padding::Bare, None)), "Zm[9v]Yg");
    let wrap = Wrap::new(4, "\n  ");
    assert_eq!(
        shown(&sample("foo", "bar", "f").base64(Alphabet::Url, Padding::Padded, Some(&wrap))),
        "Zm9v\n  [YmFy]\n  Zg=="
    );
    for len in 1..200 {
        let bytes: Vec<u8> = (0..len).map(|_| random.u8(..)).collect();
        let text = Text::plain(b"", &bytes, b"");
        assert_eq!(
            text.clone().base64(Alphabet::Standard, Padding::Padded, None).bytes,
            BASE64.encode(&bytes).as_bytes()
        );
        assert_eq!(
            text.clone().base64(Alphabet::Url, Padding::Bare, None).bytes,
            BASE64URL_NOPAD.encode(&bytes).as_bytes()
        );
        assert_eq!(text.hex(Digits::Lower, None).bytes, HEXLOWER.encode(&bytes).as_bytes());
    }
}

#[test]
fn one_by_one() {
    let rng = &mut fastrand::Rng::with_seed(761);
    let text = || sample("=", "ho_x.-", "\"");
    let specials = Which::Specials;
    assert_eq!(shown(&text().hex(Digits::Upper, None)), "3D[686F5F782E2D]22");
    assert_eq!(shown(&text().hex_with("\\x", Digits::Lower, "", None)), "\\x3d[\\x68\\x6f\\x5f\\x78\\x2e\\x2d]\\x22");
    let wrap = Wrap::new(4, "\n");
    assert_eq!(
        shown(&text().hex_with("0x", Digits::Lower, ", ", Some(&wrap))),
        "0x3d, [0x68, 0x6f, 0x5f,\n0x78, 0x2e, 0x2d], 0x22"
    );
    assert_eq!(shown(&text().char_codes(", ", None)), "61, [104, 111, 95, 120, 46, 45], 34");
    assert_eq!(shown(&text().percent(specials, Digits::Upper, rng)), "=[ho%5Fx%2E%2D]\"");
    assert_eq!(shown(&text().percent(Which::All, Digits::Lower, rng)), "%3d[%68%6f%5f%78%2e%2d]%22");
    assert_eq!(shown(&text().unicode(specials, Digits::Lower, rng)), "=[ho\\u005fx\\u002e\\u002d]\"");
    assert_eq!(shown(&text().unicode_braced(specials, Digits::Upper, rng)), "=[ho\\u{5F}x\\u{2E}\\u{2D}]\"");
    assert_eq!(shown(&text().html(specials, &named_entity, rng)), "=[ho&lowbar;x&period;&#45;]\"");
    assert_eq!(shown(&text().backslash("_.-", 2)), "=[ho\\\\_x\\\\.\\\\-]\"");
    assert_eq!(shown(&text().quoted_printable(specials, Digits::Upper, rng)), "=3D[ho=5Fx=2E=2D]\"");
    assert_eq!(shown(&sample("ab", "hopx_", "c").soft_breaks(7, "\r\n", "_")), "ab[hopx=\r\n=5F]c");
    assert_eq!(shown(&text().reversed()), "\"[-.x_oh]=");
    assert_eq!(shown(&text().rot13()), "=[ub_k.-]\"");
    assert_eq!(text().utf16(Units::Utf16Be).key, 2..14);
    assert_eq!(shown(&JOINS[0].apply("hopx_live_A.B", &[10, 12])), "const key = \"[hopx_live_\" + \"A.\" + \"B]\";\n");
    assert_eq!(shown(&hard_wrapped("hopx_live_A.B", 3, 10, "\n").0), "Th<[hopx_li\nve_A.B]>\n");
}

/// Some characters are encoded, and `hopx` is as it is said to be.
#[test]
fn some_characters() {
    let rng = &mut fastrand::Rng::with_seed(762);
    let plain = sample("=", "hopx_live_", "\"");
    for _ in 0..1_000 {
        let text = plain.clone().percent(Which::SomeAfterPlainHopx, Digits::Upper, rng);
        let key = &text.bytes[text.key.clone()];
        assert!(key.starts_with(b"hopx") && key.contains(&b'%'));
        let text = plain.clone().percent(Which::SomeAfterEncodedHopx, Digits::Upper, rng);
        assert!(text.bytes[text.key.clone()].starts_with(b"%68%6F%70%78"));
    }
}

/// Keys end to end are found one by one.
#[test]
fn several_keys() {
    let rng = &mut fastrand::Rng::with_seed(764);
    let text = Text::end_to_end(b"=", &["hopx_a", "hopx_bc", "hopx_d"], b".");
    assert_eq!(text.bytes, b"=hopx_ahopx_bchopx_d.");
    let spans = |text: &Text| text.spans().cloned().collect::<Vec<_>>();
    assert_eq!(spans(&text), [1..7, 7..14, 14..20]);
    assert_eq!(spans(&text.clone().placed("ab", "c")), [3..9, 9..16, 16..22]);
    assert_eq!(spans(&text.clone().utf16(Units::Utf16Be)), [2..14, 14..28, 28..40]);
    // Eight bits a byte, six a digit: two keys share one where that does not come out even.
    assert_eq!(spans(&text.clone().base64(Alphabet::Url, Padding::Bare, None)), [1..10, 9..19, 18..27]);
    assert_eq!(spans(&text.clone().hex_with("", Digits::Lower, " ", None)), [3..20, 21..41, 42..59]);
    assert_eq!(spans(&text.clone().reversed()), [14..20, 7..14, 1..7]);
    let some = text.percent(Which::SomeAfterEncodedHopx, Digits::Lower, rng);
    assert!(some.spans().all(|span| some.bytes[span.clone()].starts_with(b"%68%6f%70%78")));
}

/// RFC 1950 section 2.2: the method, the window and the level, then deflated data, then a checksum.
#[test]
fn zlib() {
    for (level, flags) in [(0, 0x01), (1, 0x01), (5, 0x5e), (6, 0x9c), (9, 0xda)] {
        let text = sample("k=", "hopx_live_A.B", "\n").zlib(level);
        assert_eq!(text.bytes[..2], [0x78, flags], "level {level}");
        let mut plain = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::ZlibDecoder::new(text.bytes.as_slice()), &mut plain)
            .expect("whole");
        assert_eq!(plain, b"k=hopx_live_A.B\n");
    }
}

/// What a form makes of a key has names and a span, and forms have ids of their own.
#[test]
fn forms_are_sound() {
    let rng = &mut fastrand::Rng::with_seed(763);
    let all = [forms::singles(), forms::chains(), forms::utf16_files(), forms::gzip(), forms::zlib()];
    let all: Vec<_> = all.into_iter().flatten().collect();
    for form in &all {
        let text = form.apply(sample("k=", "hopx_live_abcdefghijkl.0123456789", "\""), rng);
        assert!(text.names.is_empty() == (form.id == "plain"), "{}", form.id);
        assert!(text.key.start < text.key.end && text.key.end <= text.bytes.len(), "{}", form.id);
    }
    let mut ids: Vec<_> = all.iter().map(|form| form.id.as_str()).collect();
    ids.sort_unstable();
    let twice: Vec<_> = ids.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}
