//! Configuration, reports, and what the API answers.

use super::content;
use crate::archive;
use crate::seed::Seed;
use crate::targets::{parts, planted, program};

/// Words of the project's configuration.
pub const RULES: [&str; 12] = [
    "[[allow]]\n",
    "[[accept]]\n",
    "key-id = ",
    "paths = [",
    "expires = 2030-01-01\n",
    "exclude = [\"*\"]\n",
    "\"\"\"",
    "'''",
    "{",
    "**/",
    "\\u0041",
    "[a-",
];

/// Words of git's configuration.
pub const GIT: [&str; 12] = [
    "[core]\n",
    "worktree = ",
    "bare = true\n",
    "[extensions]\n",
    "objectFormat = sha256\n",
    "[include]\n",
    "\\\n",
    "\"",
    "../",
    "**/",
    "[!a-",
    "\\",
];

/// Words of JSON.
pub const JSON: [&str; 14] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\u0000",
    "\\ud83d",
    "null",
    "true",
    "1e308",
    "-1",
    "18446744073709551616",
    "\\",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
];

/// The project's own configuration and its baseline.
pub fn rules() -> Vec<Seed> {
    let text = "baseline = \"known.txt\"\n[[allow]]\nkey-id = \"abcdefABCDEF\"\nreason = \"a test\"\npaths = [\"tests/\", \"!**/*.md\"]\n\
                expires = 2099-12-31\n[[accept]]\npath = \"src/*.zip\"\nkind = \"encrypted\"\nreason = \"ours\"\n";
    let exclude = "exclude = [\"*.log\", \"target/**\", \"{a,b}[0-9]?\"]\n";
    let baseline =
        format!("# Known leaks\nabcdefABCDEF {} src/a.env\nabcdefABCDEF {} a%20b\n", "0".repeat(64), "a".repeat(64));
    let seeds = [
        (text.to_owned(), baseline.clone()),
        (format!("{exclude}{text}"), baseline),
        (exclude.to_owned(), String::new()),
    ];
    seeds.map(|(text, baseline)| Seed::of(vec![text.into_bytes(), baseline.into_bytes()], [0, 0, 1])).into()
}

/// Reports, as the program writes them.
pub fn merged() -> Vec<Seed> {
    let folder = parts::folder();
    let zip = archive::zip(&[("in/a.env", &content())], archive::Method::Deflated);
    let cut = &zip[..zip.len() - 30];
    let names = ["src/a.env", "a.zip", "cut.zip", "b \u{1f600}\n.txt", ".hopx-leaks.toml"];
    let id = &planted::key()[10..22];
    let allow = format!("[[allow]]\nkey-id = \"{id}\"\nreason = \"a test\"\npaths = [\"a.zip\"]\n");
    parts::write(folder.path(), &names, &[&content(), &zip, cut, &content(), allow.as_bytes()]);
    let report = |format: &str| program::run(folder.path(), &["scan", ".", "--include-suppressed", "-f", format]).text;
    // What stands behind the report is on standard error in earnest.
    let only = |text: Vec<u8>| text[..=memchr::memrchr(b'}', &text).expect("an object")].to_vec();
    let (json, jsonl) = (only(report("json")), only(report("jsonl")));
    let formats = (0..11).map(|format| Seed::of(vec![vec![format], json.clone(), jsonl.clone()], [1, 1, 2]));
    formats.chain([Seed::of(vec![vec![0], jsonl.clone(), Vec::new()], [1])]).collect()
}

/// Answers of the API.
pub fn answers() -> Vec<Seed> {
    let answers: [(u16, [&str; 3], &str); 7] = [
        (200, ["", "", "req_1"], r#"{"object": "list", "data": [{"id": 1}], "has_more": false}"#),
        (401, ["", "", ""], r#"{"error": {"code": "INVALID_TOKEN", "message": "no", "request_id": "req_1"}}"#),
        (
            403,
            ["", "", "req_2"],
            r#"{"error": "no", "code": "FORBIDDEN", "request_id": "0190a7e2-7b1c-7d3e-8f00-0123456789ab"}"#,
        ),
        (
            429,
            ["7", "1767315611", ""],
            r#"{"error": {"code": "RATE_LIMIT_EXCEEDED", "details": {"retry_after_seconds": 9}}}"#,
        ),
        (429, ["Fri, 02 Jan 2026 01:00:20 GMT", "", ""], r#"{"retry_after": 0.5}"#),
        (402, ["", "", ""], "{}"),
        (503, ["", "99", "a"], "<html>"),
    ];
    let seed = |(status, headers, body): (u16, [&str; 3], &str)| {
        let headers = headers.map(|text| text.as_bytes().to_vec());
        let parts = [vec![status.to_le_bytes().to_vec()], headers.to_vec(), vec![body.as_bytes().to_vec()]];
        Seed { holds_key: false, ..Seed::of(parts.concat(), [0, 1, 2, 3, 4, 4, 4, 4]) }
    };
    answers.map(seed).into()
}
