//! What looks like a key and is none: templates, masked keys, fixtures, other things' names, cut and altered keys.

use super::{Form, Found, Table, key_in};
use crate::program::Bench;

/// From documentation, templates and the vendor's own sources.
const TEMPLATES: &[&str] = &[
    "hopx_live_<keyId>.<secret>",
    "hopx_live_<12 chars>.<base64url>",
    "hopx_live_{12 chars}.{base64url}",
    "hopx_live_",
    "hopx_live_...",
    "hopx_live_…",
    "hopx_live_prod_...",
    "hopx_live_*",
    "hopx_live_xxx",
    "hopx_live_xxxx",
    "hopx_live_xxxxx",
    "hopx_live_xxx.yyy",
    "hopx_live_xxxx.yyyy",
    "hopx_live_xxx.secret",
    "hopx_live_xxx.actual_secret",
    "hopx_live_xxxxxxxxxxxx.secret",
    "hopx_live_YOUR_KEY_HERE",
    "hopx_live_YOUR_KEY_ID.YOUR_SECRET",
    "hopx_live_[REDACTED]",
    "hopx_your_key_here",
    "bns_your_key_here",
    "your-api-key",
    "your-api-key-here",
    "your_api_key_here",
    "your-API key-here",
    "<api-key>",
    "sk_live_...",
    "${HOPX_API_KEY}",
    "$HOPX_API_KEY",
    "${{ secrets.HOPX_API_KEY }}",
    "process.env.HOPX_API_KEY",
    "`hopx_live_${id}.${secret}`",
    "f\"hopx_live_{key_id}.secret\"",
];

/// The documentation key cut short, and keys as programs mask them.
const MASKED: &[&str] = &[
    "hopx_live_NXAXAV4sU3Ii.EXi3vR9kOJ...",
    "hopx_live_NXAXAV4sU3Ii.EXi3vR9kOJuhfbR5z42aFx5rhGjH1xnz",
    "hopx_live_NXAXAV4sU3...",
    "hopx_live_NXAXAV...",
    "hopx_live_NXAXAV4sU3Ii.**********",
    "hopx_live_NXAXAV4sU3Ii.****",
    "hopx_live_NXAXAV4sU3Ii",
    "hopx_live_xxx...***",
    "hopx_liv...z789",
    "hopx_live_••••••••9caA",
];

const FIXTURES: &[&str] = &[
    "hopx_live_test.secret",
    "hopx_live_stored.secret",
    "hopx_live_env.secret",
    "hopx_live_lower.secret",
    "hopx_live_key.secret",
    "hopx_live_key123.secret",
    "hopx_live_test123.testsecret",
    "hopx_live_abc123.secretpart",
    "hopx_live_prod.key",
    "hopx_live_abc123.xyz789",
    "hopx_live_abc123def456.xyz789uvw012",
    "hopx_live_a1b2c3d4e5f6.g7h8i9j0k1l2",
    "hopx_live_A1B2C3D4E5.F6G7H8I9J0",
    "hopx_live_ABCDEF.123456",
    "hopx_live_secretpart.anothersecret",
    "hopx_live_ABC.token",
    "hopx_live_ABC123xyz789.dGhpc2lzYXNlY3JldHRva2VuZm9ydGVzdA",
    "hopx_test_key.123",
    "hopx_test_abc123.xyz789",
    "hopx_test_def456.uvw012",
    "hopx_test_cli.key",
    "hopx_test_cli.override",
    "hopx_test_env.key123",
    "hopx_test_default.key",
    "hopx_test_staging.key",
    "hopx_test_abc123def456.xyz789uvw012",
    "hopx_test_ABC123xyz789.token",
    "hopx_test_key",
    "hopx_test_org_010_api_key_abc123def456",
    "hopx_test_org_011_api_key_def456ghi789",
];

/// Names of other things.
const IDENTIFIERS: &[&str] = &[
    "shopx_live_sk_948f2b1a8c9e472093bf6a81e3",
    "shopx_live_logs",
    "shopx_test_sessions",
    "Echopx_live_",
    "test_hopx_live_integration",
    "TMP/hopx_test_template_id_minimal_py.txt",
    "HOPX_TEST_BASE_URL",
    "HOPX_API_KEY",
    "hopx_precedent",
    "hopx_ai.template",
    "hopx_cli.auth.credentials",
    "github_com_hopx_publicapi_pkg_models.Sandbox",
    "client_01K8REAP",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzYW5kYm94In0.c2lnbmF0dXJl",
];

#[test]
fn written_texts() {
    let mut table = Table::new(300);
    for text in [TEMPLATES, MASKED, FIXTURES, IDENTIFIERS].concat() {
        for line in [format!("{text}\n"), format!("HOPX_API_KEY=\"{text}\"")] {
            for form in Form::ALL {
                table.row(format!("{line:?}, {form:?}"), form.encode(&line), vec![]);
            }
        }
    }
    let report = table.check();
    assert_eq!(report["coverage"]["placeholders"], 0, "none has a key's shape");
}

/// Each of them in one file, so that any of them could complete another. An underscore between two would be a character of
/// a secret: there is a key's shape in that.
#[test]
fn written_texts_together() {
    let mut table = Table::new(301);
    let all = [TEMPLATES, MASKED, FIXTURES, IDENTIFIERS].concat();
    for separator in ["\n", " ", "", ".", "/", "\0"] {
        table.row(format!("{separator:?}"), all.join(separator), vec![]);
    }
    table.check();
}

/// A key, and what becomes of it when it is cut or altered.
fn altered(bench: &mut Bench) -> (String, Vec<(&'static str, String)>) {
    let (id, secret) = (bench.keys().id(), bench.keys().secret());
    let key = bench.remember(format!("hopx_live_{id}.{secret}"));
    let with_id = |id: &str| format!("hopx_live_{id}.{secret}");
    let with_secret = |secret: &str| format!("hopx_live_{id}.{secret}");
    let with_at = |at: usize, c: char| with_secret(&format!("{}{c}{}", &secret[..at], &secret[at + 1..]));
    let hex = |digits: usize| -> String { "0f1e2d3c4b5a69788796a5b4c3d2e1f0".chars().cycle().take(digits).collect() };
    let mut rows = vec![
        ("prefix alone", "hopx_live_".to_owned()),
        ("prefix and id", key[..22].to_owned()),
        ("prefix, id and full stop", key[..23].to_owned()),
        ("id alone", id.clone()),
        ("secret alone", secret.clone()),
        ("id and secret", format!("{id}.{secret}")),
        ("without its first letter", key[1..].to_owned()),
        ("live upper-cased", key.replacen("hopx_live_", "hopx_LIVE_", 1)),
        ("prefix upper-cased", key.replacen("hopx_live_", "HOPX_LIVE_", 1)),
        ("first letter upper-cased", key.replacen("hopx", "Hopx", 1)),
        ("all upper-cased", key.to_ascii_uppercase()),
        ("id of 11", with_id(&id[..11])),
        ("id of 13", with_id(&format!("{id}A"))),
        ("no id", with_id("")),
        ("id with a hyphen", with_id(&format!("{}-{}", &id[..5], &id[6..]))),
        ("id with an underscore", with_id(&format!("{}_{}", &id[..5], &id[6..]))),
        ("id that ends in a hyphen", with_id(&format!("{}-", &id[..11]))),
        ("id with a letter that is not ASCII", with_id(&format!("{}é{}", &id[..5], &id[7..]))),
        ("secret of 42", with_secret(&secret[..42])),
        ("secret of 42, without its first", with_secret(&secret[1..])),
        ("secret of 1", with_secret(&secret[..1])),
        ("secret of standard base64, plus", with_at(20, '+')),
        ("secret of standard base64, slash", with_at(20, '/')),
        ("secret with padding in it", with_at(20, '=')),
        ("plus at its start", with_at(0, '+')),
        ("slash before its end", with_at(41, '/')),
        ("padding as its last", with_at(42, '=')),
        ("a blank in it", with_at(20, ' ')),
        ("a newline in it", with_at(20, '\n')),
        ("a full stop in it", with_at(20, '.')),
        ("a NUL in it", with_at(20, '\0')),
        ("legacy, 32 hex digits", format!("hopx_{}", hex(32))),
        ("legacy, 64 hex digits", format!("hopx_test_{}", hex(64))),
        ("legacy live, 64 hex digits", format!("hopx_live_{}", hex(64))),
        ("another vendor's live key", format!("sk_live_{}", hex(24))),
        ("another vendor's key of this shape", format!("sk_live_{id}.{secret}")),
    ];
    for stop in [":", "_", "-", "..", "", " ", ",", "\u{2024}"] {
        rows.push(("another sign for the full stop", format!("hopx_live_{id}{stop}{secret}")));
    }
    for prefix in [
        "hopx_prod_",
        "hopx_dev_",
        "hopx_staging_",
        "hopx_invalid_",
        "hopx_",
        "hopx_live",
        "hopx_test",
        "hopx-live-",
        "hopx_live-",
        "hopx-live_",
        "hopx_lives_",
        "hopx_live__",
        "hopxlive_",
        "hop_live_",
        "hopx_tést_",
        "hopx live ",
        "bns_live_",
        "_live_",
    ] {
        rows.push(("another prefix", format!("{prefix}{id}.{secret}")));
    }
    // 43 characters hold 258 bits: two of the last character's are always zero.
    for last in ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']) {
        if !"AEIMQUYcgkosw048".contains(last) {
            rows.push(("a last character that ends no 32 bytes", with_at(42, last)));
        }
    }
    (key, rows)
}

#[test]
fn altered_keys() {
    let mut table = Table::new(302);
    for (name, text) in altered(&mut table).1 {
        for form in Form::ALL {
            table.row(format!("{name}, {form:?}"), form.encode(&format!("key: {text} # comment\n")), vec![]);
        }
    }
    let report = table.check();
    assert_eq!(report["coverage"]["placeholders"], 0);
}

/// The key that the altered ones were made from is one, so it is the alterations that count.
#[test]
fn the_unaltered_key_is_found_among_them() {
    let mut table = Table::new(302);
    let (key, rows) = altered(&mut table);
    for (name, text) in rows {
        // A cut key and a whole one on a line: the false start hides nothing.
        let text = format!("{text} \"{key}\"");
        let whole = text.len() - key.len() - 1;
        let expected = super::keys_at(Form::Utf8, text.as_bytes(), [(whole, key.as_str())]);
        table.row(name, text, expected);
    }
    let text = format!("key: {key} # comment\n");
    let expected = key_in(Form::Utf8, &text, &key);
    table.row("unaltered", text, expected);
    table.check();
}

/// What has all of a key in it has the key: nobody can tell one that something was glued to from a longer token.
#[test]
fn longer_tokens_are_keys_with_something_glued_to_them() {
    let mut table = Table::new(305);
    let key = table.live();
    for (name, before, behind) in [
        ("another vendor's", "s", ""),
        ("a word before", "Echo", ""),
        ("a number before", "2", ""),
        ("secret of 44", "", "A"),
        ("secret of 44 with a hyphen", "", "-A"),
        ("secret of 64", "", &key[23..44]),
        ("a word before and one behind", "my", "key"),
    ] {
        for form in Form::ALL {
            let text = format!("\u{feff}key: {before}{key}{behind} # comment\n");
            let expected = key_in(form, &text, &key).into_iter().map(Found::but_medium).collect();
            table.row(format!("{name}, {form:?}"), form.encode(&text), expected);
        }
    }
    table.check();
}

/// Half of the prefix in one encoding, half in another, or a UTF-16 key that lost a byte.
#[test]
fn broken_utf16() {
    let mut table = Table::new(303);
    for form in Form::UTF16 {
        let key = table.live();
        let whole = form.encode(&key);
        let mut halves = form.encode(&key[..30]);
        halves.extend_from_slice(&key.as_bytes()[30..]);
        let mut lost = whole.clone();
        lost.remove(66);
        let mut foreign = whole.clone();
        foreign[66..68].copy_from_slice(&form.encode("键"));
        let mut high_byte = whole.clone();
        high_byte[if form == Form::Utf16Le { 67 } else { 66 }] = 1;
        for (name, content) in [
            ("half plain", halves),
            ("a byte lost", lost),
            ("a character that is not ASCII", foreign),
            ("a high byte that is not zero", high_byte),
            ("cut", whole[..whole.len() - 2].to_vec()),
        ] {
            table.row(format!("{name}, {form:?}"), content, vec![]);
        }
    }
    table.check();
}

/// A few hundred files of noise and of prose about HopX.
#[test]
fn noise_and_prose() {
    const WORDS: &[&str] = &[
        "the",
        "key",
        "hopx",
        "hopx_live_",
        "hopx_test_",
        "HOPX_API_KEY",
        "sandbox",
        "live",
        "test",
        "secret",
        "=",
        ".",
        "\n",
        "\"",
        "aG9weF9saXZlX",
        "hopx_",
        "_live_",
        "NXAXAV4sU3Ii",
        "123456789012",
        "\\n",
        "\u{1b}[36m",
        "密钥",
        "😀",
        "https://api.hopx.dev/v1/sandboxes?limit=1",
        "x-api-key:",
        "shopx_live_",
        "base64url",
        "\t",
        "é",
    ];
    let mut table = Table::new(304);
    for number in 0..300 {
        let rng = table.keys().rng();
        let length = rng.usize(1..4_000);
        let content: Vec<u8> = match number % 6 {
            0 => (0..length).map(|_| rng.u8(..)).collect(),
            1 => (0..length).map(|_| rng.u8(b' '..=b'~')).collect(),
            // The characters of a key, a prefix now and then: all but its lengths.
            2 => {
                let letter = |rng: &mut fastrand::Rng| char::from(*rng.choice(b"abcXYZ019_-.").expect("some"));
                let text = |rng: &mut fastrand::Rng| (0..40).map(|_| letter(rng)).collect::<String>();
                (0..=length / 50).flat_map(|_| format!("hopx_live_{}", text(rng)).into_bytes()).collect()
            }
            kind => {
                let words: Vec<&str> = (0..length / 5).map(|_| *rng.choice(WORDS).expect("some")).collect();
                let text = words.join(if rng.bool() { " " } else { "" });
                Form::ALL[kind - 3].encode(&format!("Prose. {text}"))
            }
        };
        table.row(format!("file {number}"), content, vec![]);
    }
    let report = table.check();
    assert_eq!(report["coverage"]["placeholders"], 0);
    assert_eq!(report["coverage"]["problems"].as_array().map(Vec::len), Some(0));
}
