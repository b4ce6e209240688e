//! Texts of a key's shape that nobody issued, and the one key that the vendor prints in its documentation.

use super::{Form, Table, key_in};
use crate::keys::{Keys, base64url};
use crate::program::{Bench, id};

/// The example key of the vendor's public page on authentication: the one key that this project may write down.
const DOCUMENTATION_KEY: &str = "hopx_live_NXAXAV4sU3Ii.EXi3vR9kOJuhfbR5z42aFx5rhGjH1xnzFdjn9caAqps";

/// 43 characters with exactly `distinct` different ones and no two neighbours alike or consecutive.
fn secret_of(distinct: usize) -> String {
    let few: String = (0..42).map(|i| char::from(b"AzCxEvGtIrKpMnOlQjSh"[i * 7 % distinct])).collect();
    format!("{few}A")
}

/// A real secret with `part` in it.
fn secret_with(part: &str) -> String {
    let secret = Keys::new(200).secret();
    // A neighbour that continues no run, whatever the part is.
    format!("{}_{part}_{}", &secret[..10], &secret[12 + part.len()..])
}

/// A real secret, but for the case of its letters. The last character is one that a secret ends in, in either case.
fn secret_in(case: fn(&str) -> String) -> String {
    case(&Keys::new(215).secret()[..42]) + "4"
}

/// A secret without capitals, or without small letters, with one letter changed to the other case.
fn secret_with_one(letter: char, case: fn(&str) -> String) -> String {
    let secret = secret_in(case);
    format!("{}{letter}{}", &secret[..20], &secret[21..])
}

/// A name and a secret for every way people make one up.
fn made_up() -> Vec<(&'static str, String)> {
    vec![
        ("one letter", "A".repeat(43)),
        ("one digit", "0".repeat(43)),
        ("a word over and over", format!("{}A", &"changeme_please_".repeat(3)[..42])),
        ("16 distinct", secret_of(16)),
        ("the alphabet", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ".to_owned()),
        ("the alphabet, backwards", "zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKI".to_owned()),
        ("7 upwards", secret_with("bcdefgh")),
        ("7 digits upwards", secret_with("1234567")),
        ("7 downwards", secret_with("hgfedcb")),
        ("7 digits downwards", secret_with("7654321")),
        ("7 alike", secret_with("xxxxxxx")),
        ("7 hyphens", secret_with("-------")),
        ("a sentence", base64url(b"this_is_a_fake_secret_for_tests!")),
        ("another sentence", base64url(b"Put your own HopX API key here~ ")),
        ("no capital", secret_in(str::to_ascii_lowercase)),
        ("no small letter", secret_in(str::to_ascii_uppercase)),
    ]
}

#[test]
fn counted_and_not_reported() {
    let mut table = Table::new(201);
    let mut count = 0;
    for (name, secret) in made_up() {
        for prefix in ["hopx_live_", "hopx_test_"] {
            let text = format!("HOPX_API_KEY=\"{prefix}{}.{secret}\"\n", table.keys().id());
            for form in Form::ALL {
                table.row(format!("{name}, {prefix}, {form:?}"), form.encode(&text), vec![]);
                count += 1;
            }
        }
    }
    let report = table.check();
    assert_eq!(report["coverage"]["placeholders"], count);
    assert_eq!(report["summary"]["leaks"], 0);
}

#[test]
fn a_made_up_id_too() {
    let mut table = Table::new(202);
    table.row("as a template has it", format!("hopx_live_{}.{}", "A".repeat(12), "A".repeat(43)), vec![]);
    assert_eq!(table.check()["coverage"]["placeholders"], 1);
}

/// Each way just short of what no real key is.
#[test]
fn nearly_made_up_is_reported() {
    let mut table = Table::new(203);
    for (name, secret) in [
        ("17 distinct", secret_of(17)),
        ("6 upwards", secret_with("bcdefg")),
        ("6 downwards", secret_with("gfedcb")),
        ("6 alike", secret_with("xxxxxx")),
        ("a step of two", secret_with("acegikm")),
        ("31 printable bytes", base64url(b"this_is_a_fake_secret_for_tests\x7f")),
        ("a word in it", secret_with("fakeTESTexample")),
        ("one capital", secret_with_one('Q', str::to_ascii_lowercase)),
        ("one small letter", secret_with_one('q', str::to_ascii_uppercase)),
    ] {
        let id = table.keys().id();
        let key = table.remember(format!("hopx_live_{id}.{secret}"));
        let text = format!("HOPX_API_KEY={key}\n");
        let expected = key_in(Form::Utf8, &text, &key);
        table.row(name, text, expected);
    }
    assert_eq!(table.check()["coverage"]["placeholders"], 0);
}

/// A made-up id proves nothing: the id is public, and the secret is what leaks.
#[test]
fn a_real_secret_behind_a_made_up_id_is_reported() {
    let mut table = Table::new(204);
    for made_up in ["AAAAAAAAAAAA", "abcdefghijkl", "000000000000", "YOURKEYIDXXX"] {
        let secret = table.keys().secret();
        let key = table.remember(format!("hopx_live_{made_up}.{secret}"));
        let expected = key_in(Form::Utf8, &key, &key);
        table.row(made_up, key, expected);
    }
    table.check();
}

/// Real leaks sit in examples, in READMEs and in tests.
#[test]
fn where_it_stands_is_no_excuse() {
    let mut bench = Bench::new(205);
    let places = [
        ("README.md", "For example, use {key}."),
        ("docs/example.md", "# Example\n\n    {key}\n"),
        ("examples/demo.py", "api_key = \"{key}\"  # example, replace me"),
        ("tests/fixtures/fake.json", "{\"placeholder\": \"{key}\"}"),
        (".env.example", "HOPX_API_KEY={key}  # dummy"),
        ("test_client.py", "FAKE_KEY = '{key}'  # not a real key, for tests only"),
        ("node_modules/pkg/index.js", "const sample = '{key}'"),
    ];
    for (path, template) in places {
        let key = bench.live();
        bench.write(path, template.replace("{key}", &key));
    }
    let run = bench.run(["scan", "-f", "json"]);
    assert_eq!(run.status, Some(1));
    let mut paths: Vec<&str> = places.iter().map(|(path, _)| *path).collect();
    paths.sort_unstable();
    assert_eq!(super::by_path(&run.json()).into_keys().collect::<Vec<_>>(), paths);
}

/// A made-up key beside a real one hides nothing.
#[test]
fn beside_a_real_key() {
    let mut table = Table::new(206);
    let key = table.live();
    let fake = format!("hopx_live_{}.{}", "A".repeat(12), "A".repeat(43));
    let text = format!("{fake} {key} {fake}");
    let expected = key_in(Form::Utf8, &text, &key);
    table.row("between two", text, expected);
    assert_eq!(table.check()["coverage"]["placeholders"], 2);
}

#[test]
fn the_documentation_key_is_suppressed() {
    for form in Form::ALL {
        let mut bench = Bench::new(207);
        let key = bench.remember(DOCUMENTATION_KEY.to_owned());
        let text = format!("Example: {key}\n");
        bench.write("page.md", form.encode(&text));

        let run = bench.run(["scan", "-f", "json"]);
        assert_eq!(run.status, Some(0), "{form:?}");
        let report = run.json();
        assert_eq!(report["findings"].as_array().map(Vec::len), Some(0), "{form:?}");
        assert_eq!(report["summary"]["suppressed"], 1);
        assert_eq!(report["summary"]["leaks"], 0);
        assert_eq!(report["coverage"]["placeholders"], 0, "it is a finding, not a placeholder");

        let run = bench.run(["scan", "-f", "json", "--include-suppressed"]);
        assert_eq!(run.status, Some(0), "{form:?}");
        let report = run.json();
        assert_eq!(report["findings"][0]["suppressed"]["by"], "documentation");
        assert_eq!(report["findings"][0]["key_id"], id(&key));
        assert_eq!(super::by_path(&report)["page.md"], key_in(form, &text, &key));
    }
}

/// What is suppressed is never sent.
#[cfg(feature = "verify")]
#[test]
fn nobody_is_asked_about_the_documentation_key() {
    let mut bench = Bench::new(214);
    bench.remember(DOCUMENTATION_KEY.to_owned());
    bench.write("page.md", DOCUMENTATION_KEY);
    let api = crate::api::Api::saying(crate::api::Reply::live());
    let arguments = ["-f", "json", "--include-suppressed", "--verify", "--api-url", &api.url(), "."];
    let report = bench.run(arguments).json();
    assert_eq!(report["findings"][0]["verification"], serde_json::json!({"status": "unchecked"}));
    assert!(api.seen().is_empty());
    let key = bench.live();
    bench.write("a.txt", &key);
    let report = bench.run(arguments).json();
    let status = |finding: &serde_json::Value| finding["verification"]["status"].clone();
    let findings = report["findings"].as_array().expect("a list");
    assert_eq!(findings.iter().map(status).collect::<Vec<_>>(), ["live", "unchecked"]);
    assert_eq!(api.seen().len(), 1);
    assert!(api.seen()[0].key_id() == Some(id(&key)));
}

/// Its id alone vouches for nothing.
#[test]
fn the_documentation_key_with_another_secret_or_kind_is_a_leak() {
    let mut table = Table::new(208);
    let (public, printed) = DOCUMENTATION_KEY.split_at(23);
    let fresh = table.keys().secret();
    for key in [
        format!("{public}{fresh}"),
        format!("{public}{}A", &printed[..42]),
        DOCUMENTATION_KEY.replace("hopx_live_", "hopx_test_"),
        format!("hopx_live_{}.{printed}", id(DOCUMENTATION_KEY).to_ascii_lowercase()),
    ] {
        let key = table.remember(key);
        let expected = key_in(Form::Utf8, &key, &key);
        table.row(id(&key), &key, expected);
    }
    assert_eq!(table.check()["summary"]["suppressed"], 0);
}

#[test]
fn the_documentation_key_hides_no_leak_beside_it() {
    let mut bench = Bench::new(209);
    let key = bench.live();
    bench.write("page.md", format!("{DOCUMENTATION_KEY} {key}\n"));
    let run = bench.run(["scan", "-f", "json"]);
    assert_eq!(run.status, Some(1));
    let report = run.json();
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(1));
    assert_eq!(report["findings"][0]["key_id"], id(&key));
    assert_eq!(report["summary"]["suppressed"], 1);
}
