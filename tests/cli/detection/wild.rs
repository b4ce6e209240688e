//! Keys as people and programs leave them. No word around a key is needed: the shape decides.

use hopx_leaks::key::KEY_LEN;

use super::{Form, Found, Place, Table, key_in};
use crate::program::id;

const SEEN: &[(&str, &str)] = &[
    ("code fence with Chinese after it", "# Agent\n\n```\n{key}   这是你的密钥\n```\n"),
    ("the key as a variable's name", "client = Sandbox(api_key=os.getenv(\"{key}\"))\n"),
    ("fallback in Python", "key = os.getenv(\"HOPX_API_KEY\", \"{key}\")\n"),
    ("fallback in JavaScript", "const key = process.env.HOPX_API_KEY || '{key}';\n"),
    ("constant", "API_KEY = \"{key}\"\n"),
    ("argument", "sandbox = Sandbox.create(template='code', api_key=\"{key}\")\n"),
];

const PLAIN: &[(&str, &str)] = &[
    ("alone", "{key}"),
    ("env file", "# HopX\nHOPX_API_KEY={key}\nDEBUG=1\n"),
    ("env file, lower case", "hopx_api_key={key}\n"),
    ("shell", "export HOPX_API_KEY='{key}'\n"),
    ("batch file", "@echo off\r\nset HOPX_API_KEY={key}\r\n"),
    ("PowerShell", "$env:HOPX_API_KEY=\"{key}\"\r\n"),
    ("setx", "setx HOPX_API_KEY \"{key}\"\r\n"),
    ("fish", "set -gx HOPX_API_KEY {key}\n"),
    ("Dockerfile ENV", "FROM python:3\nENV HOPX_API_KEY={key}\n"),
    ("Dockerfile ENV, old form", "FROM python:3\nENV HOPX_API_KEY {key}\n"),
    ("Dockerfile ARG", "FROM python:3\nARG HOPX_API_KEY={key}\n"),
    ("compose, mapping", "services:\n  app:\n    environment:\n      HOPX_API_KEY: {key}\n"),
    ("compose, list", "services:\n  app:\n    environment:\n      - HOPX_API_KEY={key}\n"),
    ("GitHub workflow", "jobs:\n  test:\n    env:\n      HOPX_API_KEY: \"{key}\"\n"),
    ("GitLab pipeline", "variables:\n  HOPX_API_KEY: '{key}'\n"),
    ("config.yaml by profile", "default:\n  api_key: {key}\n  base_url: https://api.hopx.dev\n"),
    ("config.yaml with profiles", "profiles:\n  default:\n    api_key: {key}\n"),
    ("credentials.yaml by profile", "default:\n  api_key: {key}\n  oauth_token:\n    access_token: x\n"),
    ("credentials.yaml with profiles", "profiles:\n  default:\n    api_key: \"{key}\"\n    expires_at: 1\n"),
    ("credentials.yaml that is JSON", "{\"profiles\":{\"default\":{\"api_key\":\"{key}\"}}}"),
    ("MCP servers", "{\"mcpServers\": {\"hopx\": {\"command\": \"uvx\", \"env\": {\"HOPX_API_KEY\": \"{key}\"}}}}\n"),
    ("pm2", "module.exports = { apps: [{ env: { HOPX_API_KEY: \"{key}\" } }] };\n"),
    ("Terraform", "variable \"hopx\" {\n  default = \"{key}\"\n}\n"),
    ("Terraform variables", "hopx_api_key = \"{key}\"\n"),
    ("notebook source", "\"source\": [\n    \"sandbox = Sandbox(api_key=\\\"{key}\\\")\\n\",\n    \"\"\n   ]\n"),
    ("curl with Bearer", "curl -H \"Authorization: Bearer {key}\" https://api.hopx.dev/v1/sandboxes\n"),
    ("curl with X-API-Key", "curl -H 'X-API-Key: {key}' https://api.hopx.dev/v1/sandboxes\n"),
    ("bash history", "ls\nhopx auth login --api-key {key}\nexit\n"),
    ("zsh history", ": 1764806400:0;hopx config set api_key {key}\n"),
    ("PowerShell history", "cd app\r\n$env:HOPX_API_KEY = '{key}'\r\n"),
    ("HAR", "{\"name\": \"x-api-key\", \"value\": \"{key}\"},\n"),
    ("create answer", "{\"id\":\"1\",\"full_key\":\"{key}\",\"status\":\"active\"}"),
    ("diff, added", "@@ -1 +1 @@\n-HOPX_API_KEY=\n+HOPX_API_KEY={key}\n"),
    ("diff, the line is the key", "@@ -1 +1 @@\n-{key}\n+\n"),
    ("query", "GET https://example.invalid/mcp?api_key={key}&region=eu HTTP/1.1\n"),
    ("user of a URL", "https://{key}@example.invalid/\n"),
    ("password of a URL", "https://x:{key}@example.invalid/\n"),
    ("netrc", "machine api.hopx.dev\n  login token\n  password {key}\n"),
    ("INI", "[hopx]\napi_key={key}\n"),
    ("properties", "hopx.api.key={key}\n"),
    ("TOML", "[hopx]\napi_key = \"{key}\"\n"),
    ("HTML code", "<p>Use <code>{key}</code>.</p>\n"),
    ("HTML attribute", "<input value={key}>\n"),
    ("XML, quoted by entity", "<arg>&quot;{key}&quot;</arg>\n"),
    ("XML element", "<apiKey>{key}</apiKey>\n"),
    ("SQL dump", "INSERT INTO `env` VALUES (1,'HOPX_API_KEY','{key}'),(2,'A','b');\n"),
    ("CSV", "name,key,created\nprod,{key},2025-12-04\n"),
    ("TSV", "prod\t{key}\t2025-12-04\n"),
    ("chat export", "[04/12/2025, 10:21] Dana: use this one {key}\n[04/12/2025, 10:22] Sam: thanks\n"),
    ("chat export in JSON", "{\"user\":\"U1\",\"text\":\"key is `{key}`\"}\n"),
    ("glued to Chinese", "密钥是{key}请保密\n"),
    ("glued to Arabic", "المفتاح{key}سري\n"),
    ("glued to Bengali", "চাবি{key}গোপন\n"),
    ("after an ideographic full stop", "密钥如下。{key}。\n"),
    ("last of a sentence", "The key is {key}. Do not share it.\n"),
    ("last byte of a file", "a\nb\nkey: {key}"),
    ("CRLF", "one\r\n{key}\r\nthree\r\n"),
    ("CR alone", "one\r{key}\rthree\r"),
    ("byte order mark", "\u{feff}{key}\n"),
    ("byte order mark and a name", "\u{feff}HOPX_API_KEY={key}\r\n"),
    ("emphasis with underscores", "Key: _{key}_ and no more\n"),
    ("emphasis with asterisks", "Key: **{key}**\n"),
    ("inline code", "Key: `{key}`\n"),
    ("struck through", "~~{key}~~\n"),
    ("link text", "[{key}](https://console.hopx.dev)\n"),
    ("table cell", "|name|key|\n|-|-|\n|prod|{key}|\n"),
    ("padded", "{key}=\n"),
    ("twice on a line", "old={key};new={key}\n"),
    ("on many lines", "{key}\n{key}\n\n{key}\n"),
    ("comment", "x = 1  # TODO remove {key}\n"),
    ("block comment", "/*{key}*/\n"),
    ("shell default", "${HOPX_API_KEY:-{key}}\n"),
    ("JSON list", "[\"{key}\",\"{key}\"]"),
    ("Lisp", "(setq hopx-key \"{key}\")\n"),
    ("Rust", "const KEY: &[u8] = b\"{key}\";\n"),
    ("raw string", "key = r'{key}'\n"),
];

const ESCAPED: &[(&str, &str)] = &[
    ("newline in JSON", "{\"log\":\"created\\n{key}\\ndone\"}\n"),
    ("tab in JSON", "{\"log\":\"prod\\t{key}\\tactive\"}\n"),
    ("CRLF in JSON", "{\"log\":\"created\\r\\n{key}\\r\\ndone\"}\n"),
    ("newline in JSON in JSON", "{\"a\":\"{\\\"log\\\":\\\"created\\\\n{key}\\\\n\\\"}\"}\n"),
    ("quote in JSON in JSON", "{\"body\":\"{\\\"api_key\\\":\\\"{key}\\\"}\"}\n"),
    ("quote as a code", "api_key\\u003d\\u0022{key}\\u0022\n"),
    ("query in a query", "next=https%3A%2F%2Fexample.invalid%2F%3Fapi_key%3D{key}%26region%3Deu\n"),
    ("quoted-printable", "Content-Transfer-Encoding: quoted-printable\n\nHOPX_API_KEY=3D{key}\n"),
    ("coloured", "Key: \u{1b}[36m{key}\u{1b}[0m\n"),
    ("bold and coloured", "\u{1b}[1m\u{1b}[38;5;14m{key}\u{1b}[0m\u{1b}[22m\n"),
    ("coloured in a recording", "[1.5, \"o\", \"Key: \\u001b[36m{key}\\u001b[0m\\r\\n\"]\n"),
    ("coloured in a script", "echo -e \"\\033[36m{key}\\033[0m\"\n"),
    ("coloured in a source", "print(\"\\x1b[36m{key}\\x1b[0m\")\n"),
    ("panel", "╭─ API Key ─╮\n│ {key} │\n╰───────────╯\n"),
    ("bytes in Python", "b'HOPX_API_KEY={key}\\n'\n"),
    ("hex escape before it", "'\\x27{key}\\x27'\n"),
    ("octal escape before it", "'\\047{key}\\047'\n"),
];

#[test]
fn every_known_form() {
    let mut table = Table::new(400);
    for (name, template) in [SEEN, PLAIN, ESCAPED].concat() {
        for prefix in ["hopx_live_", "hopx_test_"] {
            let key = table.keys().with_prefix(prefix);
            let key = table.remember(key);
            let text = template.replace("{key}", &key);
            let expected = key_in(Form::Utf8, &text, &key);
            assert_eq!(expected.len(), template.matches("{key}").count(), "{name}");
            table.row(format!("{name}, {prefix}"), text, expected);
        }
    }
    table.check();
}

/// Places that were counted by hand, to hold the counting in these tests to something.
#[test]
fn places_counted_by_hand() {
    let mut table = Table::new(401);
    for (template, byte, line, column) in [
        ("{key}", 0, 1, 1),
        ("a={key}", 2, 1, 3),
        ("a\n{key}", 2, 2, 1),
        ("a\r\n b={key}", 6, 2, 4),
        ("a\rb={key}", 4, 1, 5),
        ("\n\n\n\t{key}\n", 4, 4, 2),
        ("é={key}", 3, 1, 3),
        ("密钥{key}", 6, 1, 3),
        ("😀\n😀😀 {key}", 14, 2, 4),
        ("e\u{301}={key}", 4, 1, 4),
        ("\u{feff}{key}", 3, 1, 2),
    ] {
        let key = table.live();
        let found = Found {
            start: Place { byte, line, column },
            end: Place { byte: byte + KEY_LEN, line, column: column + KEY_LEN },
            id: id(&key).to_owned(),
            encodings: vec![],
            confidence: "high".to_owned(),
        };
        table.row(format!("{template:?}"), template.replace("{key}", &key), vec![found]);
    }
    table.check();
}

/// Two different keys on a line, and a line of many.
#[test]
fn several_on_a_line() {
    let mut table = Table::new(402);
    for separator in [" ", ",", "\":\"", "|", ".", "=", "/", "\\n", "\\u0022", "%20", "=20", "键"] {
        let keys: Vec<String> =
            (0..5).map(|number| if number % 2 == 0 { table.live() } else { table.test() }).collect();
        let text = keys.join(separator);
        let step = KEY_LEN + separator.len();
        let starts = keys.iter().enumerate().map(|(number, key)| (number * step, key.as_str()));
        let expected = super::keys_at(Form::Utf8, text.as_bytes(), starts);
        table.row(format!("{separator:?}"), text, expected);
    }
    table.check();
}

#[test]
fn in_a_very_long_line() {
    let mut table = Table::new(403);
    let (key, script) = (table.live(), "function a(b){return b?\"é\":'键'};");
    for (before, after) in [(20_000, 10_000), (30_000, 0), (1, 30_000), (40_000, 10)] {
        let text = format!("{}var k=\"{key}\";{}", script.repeat(before), script.repeat(after));
        let expected = key_in(Form::Utf8, &text, &key);
        table.row(format!("{before} before, {after} after"), text, expected);
    }
    table.check();
}

/// What Windows tools write: in either order, with and without the mark.
#[test]
fn utf16_with_and_without_mark() {
    let mut table = Table::new(404);
    for form in Form::UTF16 {
        for mark in ["", "\u{feff}"] {
            for template in [
                "{key}",
                "{key}\r\n",
                "HOPX_API_KEY={key}\r\nDEBUG=1\r\n",
                "first\r\nsecond\r\n$env:HOPX_API_KEY = \"{key}\"\r\n",
                "A line of more than thirty-two characters in ASCII,\n密钥{key}请保密\n😀\n😀 {key}",
                "old={key};new={key}",
                "{\"log\":\"created\\n{key}\\u0022\"}",
            ] {
                let key = table.live();
                let text = format!("{mark}{template}").replace("{key}", &key);
                let expected = key_in(form, &text, &key);
                table.row(format!("{mark:?} {template:?} {form:?}"), form.encode(&text), expected);
            }
        }
    }
    table.check();
}

/// UTF-16 inside of something else has no lines of its own, and its bytes are exact all the same.
#[test]
fn utf16_inside_of_other_bytes() {
    let mut table = Table::new(405);
    for form in Form::UTF16 {
        for lead in 0..6 {
            let key = table.live();
            let content = [&b"\xff\xfe\xfd\xfc\xfb\xfa"[6 - lead..], &form.encode(&key), b"\xf0\xf1"].concat();
            table.bench.write("blob.bin", content);
            let report = table.bench.run(["scan", "-f", "json", "blob.bin"]).json();
            let found = &super::by_path(&report)["blob.bin"];
            assert_eq!(found.len(), 1, "{lead} {form:?}");
            let span = (found[0].start.byte, found[0].end.byte);
            assert_eq!(span, (lead, lead + 2 * KEY_LEN), "{lead} {form:?}");
            assert_eq!(found[0].encodings, form.encodings(), "{lead} {form:?}");
            assert_eq!(found[0].id, id(&key));
        }
    }
}

/// One file in which each part is written in another way.
#[test]
fn all_forms_in_one_file() {
    let mut table = Table::new(406);
    let keys = [table.live(), table.test(), table.live()];
    let mut content = b"plain first, so that lines are counted in bytes\n".to_vec();
    let mut spans = Vec::new();
    for (form, key) in Form::ALL.into_iter().zip(&keys) {
        // Units start at even offsets, as they do in a file that one program wrote.
        content.resize(content.len().next_multiple_of(2), b' ');
        let start = content.len();
        content.extend(form.encode(&format!("{key}\n")));
        spans.push((start, start + KEY_LEN * form.unit(), form.encodings()));
    }
    table.bench.write("mixed.bin", &content);
    let report = table.bench.run(["scan", "-f", "json"]).json();
    let found: Vec<_> = super::by_path(&report)
        .remove("mixed.bin")
        .expect("findings")
        .into_iter()
        .map(|found| (found.start.byte, found.end.byte, found.encodings))
        .collect();
    assert_eq!(found, spans);
}
