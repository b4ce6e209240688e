//! Texts that a search for keys in pieces could take for one: prose, code and data that say `hopx_live_` and go on with
//! other things. Nothing is found in any of them.

use std::fmt::Write;

use fastrand::Rng;

use super::Table;
use crate::encode::Text;

/// Written texts.
const TEXTS: &[&str] = &[
    "The prefix is hopx_live_\nfollowed by twelve characters, a full stop, and the secret, which is shown once only and\nnever again.\n",
    "Keys start with hopx_live_\n\nProductionKeys.Are.Bound.To.One.Organisation.And.Should.Be.Kept.In.A.Secret.Store\n",
    "hopx_live_\nconfiguration.internationalisationAndLocalisationOfEverything\n",
    "| prefix | meaning |\n|---|---|\n| `hopx_live_` | production |\n| `hopx_test_` | test mode |\n",
    "prefix,environment,count\n\"hopx_live_\",\"production\",\"1200\"\n\"hopx_test_\",\"staging\",\"3400\"\n",
    "const PREFIXES = [\"hopx_live_\", \"hopx_test_\"];\nconst LENGTHS = [\"12\", \"43\"];\n",
    "const PREFIXES = [\n  'hopx_live_',\n  'hopx_test_',\n  'productionId.',\n  'secretAccessKeyOfTheOrganisation',\n];\n",
    "if (key.startsWith(\"hopx_live_\") || key.startsWith(\"hopx_test_\")) {\n  return \"production\" + \".\" + \"environment\";\n}\n",
    "return \"hopx_live_\" + keyId + \".\" + secret;\n",
    "key = \"hopx_live_\" + \"<keyId>\" + \".\" + \"<secret>\"\n",
    "key = 'hopx_live_' + id + '.' + base64url(randomBytes(32))\n",
    "fmt.Sprintf(\"hopx_live_%s.%s\", id, secret)\n",
    "key = \"hopx_live_\" \\\n    \"YOUR_KEY_ID_\" \\\n    \".YOUR_SECRET_GOES_HERE_AND_NOWHERE_ELSE\"\n",
    "regex = \"hopx_live_\" + \"[0-9A-Za-z]{12}\" + \"\\\\.\" + \"[0-9A-Za-z_-]{43}\"\n",
    "assert mask(key) == \"hopx_live_\" + \"abcdefghijkl\" + \".****\"\n",
    "hopx_live_\\\nabcdefghijkl\\\n.secret\n",
    "$ echo hopx_live_\nhopx_live_\n$ echo $HOPX_API_KEY | cut -c1-10\nhopx_live_\n",
    "+const prefix = \"hopx_live_\";\n+const separator = \".\";\n-const oldPrefix = \"hopx_\";\n context\n",
    "key: >-\n  hopx_live_\n  is.the.prefix.of.all.production.keys.and.hopx_test_.that.of.others\n",
    "var a=\"hopx_live_\",b=\"hopx_test_\",c=\"authorization\",d=\"x-api-key\",e=\"application/json\",f=\"sandboxes\",g=\"templates\";\n",
    "e.exports={p:\"hopx_live_\",i:\"abcdefghijkl\",s:\".\",n:\"function\",q:\"undefined\",r:\"object\",t:\"prototype\"}\n",
    "00000000  68 6f 70 78 5f 6c 69 76  65 5f 00 00 00 00 00 00  |hopx_live_......|\n00000010  41 42 43 44 45 46 47 48  49 4a 4b 4c 2e 61 62 63  |ABCDEFGHIJKL.abc|\n",
    "HOPX\nhopx_live_ hopx_live_ hopx_live_\nhopx_live_.hopx_live_.hopx_live_\nhopx_test_-hopx_live_\n",
    "hopx_live_ID.\nSECRET\n",
    "grep -rn 'hopx_live_' .\n./src/configuration.ts:12:  prefix\n./src/authentication.ts:43:  prefix\n",
    "hopx%5Flive%5F\nhopx&#95;live&#95;\nhopx\\_live\\_\nhopx=5Flive=5F\nhopx\\u005flive\\u005f\n",
    "aG9weF9saXZlXw==\nYWJjZGVmZ2hpamts\nLnNlY3JldA==\n",
];

#[test]
fn written_texts() {
    let mut table = Table::new(800);
    for (number, text) in TEXTS.iter().enumerate() {
        table.nothing(format!("{number}"), Text::plain(b"", text.as_bytes(), b""));
        let crlf = text.replace('\n', "\r\n");
        table.nothing(format!("{number}-crlf"), Text::plain(b"", crlf.as_bytes(), b""));
        let diff = format!("@@ -0,0 +1,9 @@\n+{}", text.replace('\n', "\n+"));
        table.nothing(format!("{number}-diff"), Text::plain(b"", diff.as_bytes(), b""));
    }
    let all = TEXTS.concat();
    table.nothing("all", Text::plain(b"", all.as_bytes(), b""));
    table.check();
}

/// A word of so many letters and digits.
fn word(len: usize, rng: &mut Rng) -> String {
    (0..len).map(|_| rng.alphanumeric()).collect()
}

/// A word of up to so many letters and digits.
fn words(most: usize, rng: &mut Rng) -> String {
    let len = rng.usize(1..most);
    word(len, rng)
}

/// Digits of base64url.
fn blob(len: usize, rng: &mut Rng) -> String {
    (0..len)
        .map(|_| if rng.u8(..16) == 0 { rng.choice(['-', '_']).expect("some") } else { rng.alphanumeric() })
        .collect()
}

fn hash(len: usize, rng: &mut Rng) -> String {
    (0..len).map(|_| char::from(b"0123456789abcdef"[rng.usize(..16)])).collect()
}

/// What separates an item from the next in source, lists and tables.
const SEPARATORS: [&str; 14] = [
    "\n",
    "\r\n",
    "\n  ",
    "\n\n",
    "\", \"",
    "\",\n  \"",
    "' + '",
    "\" . \"",
    "\" .. \"",
    "\" \"",
    "\\\n",
    "\n+",
    "\" +\n    \"",
    "', '",
];

/// The prefix and then items that are no ids and secrets: lists of ids, of hashes, of words.
#[test]
fn lists_after_a_prefix() {
    let mut table = Table::new(801);
    for prefix in ["hopx_live_", "hopx_test_", "\"hopx_live_", "prefix = 'hopx_live_"] {
        for separator in SEPARATORS {
            let rng = table.rng();
            let mut lists: Vec<(&str, Vec<String>)> = vec![
                ("ids", (0..20).map(|_| word(12, rng)).collect()),
                ("git", (0..20).map(|_| hash(40, rng)).collect()),
                ("sha256", (0..20).map(|_| hash(64, rng)).collect()),
                ("short", (0..20).map(|_| hash(7, rng)).collect()),
                ("words", (0..20).map(|_| words(20, rng)).collect()),
                ("base64", (0..20).map(|_| blob(76, rng)).collect()),
                ("identifiers", (0..20).map(|_| format!("{}.{}", word(9, rng), word(15, rng))).collect()),
                ("versions", (0..20).map(|_| format!("{}.{}.{}", rng.u8(..), rng.u8(..), rng.u8(..))).collect()),
            ];
            // The right id, then a secret of a wrong length.
            for len in [20, 32, 40, 42, 44, 45, 64] {
                lists.push(("lengths", vec![word(12, rng), format!(".{}", blob(len - 1, rng)) + "a"]));
            }
            for len in [10, 11, 13, 14, 20] {
                lists.push(("id-lengths", vec![format!("{}.", word(len, rng)), blob(42, rng) + "A"]));
            }
            for (name, items) in lists {
                let text = format!("{prefix}{separator}{}", items.join(separator));
                // What comes after is on a line of its own behind a sign, so that it neither ends nor lengthens a secret.
                let id = format!("{name}-{}", items[0].len());
                table.nothing(id, Text::plain(b"", text.as_bytes(), b"\"\n}\n"));
            }
        }
    }
    table.check();
}

/// An id in the right form, and then prose or code until far after 43 characters.
#[test]
fn an_id_and_then_other_things() {
    let mut table = Table::new(802);
    for separator in SEPARATORS {
        for rest in [
            "is the key that production uses since the last rotation",
            "created_at: 2026-01-02T02:00:00+01:00",
            "****",
            "<secret>",
            "${SECRET}",
            "...",
            "sk_live_",
        ] {
            for stop in ["", ".", " ", ": "] {
                let id = word(12, table.rng());
                let text = format!("hopx_live_{separator}{id}{stop}{separator}{rest}{separator}{rest}");
                table.nothing(rest, Text::plain(b"\"", text.as_bytes(), b"\"\n"));
            }
        }
    }
    table.check();
}

/// A dump of memory and a minified program, with prefixes all over them.
#[test]
fn dumps_and_minified_code() {
    let mut table = Table::new(803);
    for _ in 0..40 {
        let rng = table.rng();
        let (mut dump, mut minified) = (String::new(), String::new());
        for line in 0..200 {
            let bytes: Vec<u8> = (0..16).map(|_| rng.u8(..)).collect();
            let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let shown = if rng.u8(..4) == 0 { format!("hopx_live_{}", word(6, rng)) } else { word(16, rng) };
            writeln!(dump, "{:08x}  {}  |{shown}|", line * 16, digits.join(" ")).expect("memory takes it");
            let (name, value) = (word(1, rng), words(30, rng));
            let value = if rng.u8(..4) == 0 { "hopx_live_" } else { &value };
            let sign = rng.choice([",", "+", ";", ":", ").", "](", "||", "?"]).expect("some");
            write!(minified, "{name}=\"{value}\"{sign}").expect("memory takes it");
        }
        table.nothing("dump", Text::plain(b"", dump.as_bytes(), b""));
        table.nothing("minified", Text::plain(b"", minified.as_bytes(), b""));
    }
    table.check();
}
