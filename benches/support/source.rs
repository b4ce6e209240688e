//! Text that looks like source code, made from random numbers.

const WORDS: &[&str] = &[
    "value", "index", "result", "buffer", "config", "parser", "token", "stream", "handler", "request", "response",
    "client", "server", "user", "session", "key", "test", "live", "data", "error", "message", "path", "name", "file",
    "line", "count", "size", "offset", "length", "node", "edge", "graph", "table", "row", "column", "field", "type",
    "kind", "state", "event", "queue", "worker", "thread", "lock", "cache", "store", "hop", "xml", "open", "close",
];

/// Lines of code in which each `@` becomes a word and each `#` a number.
const LINES: &[&str] = &[
    "    let @ = self.@.@(@, #)?;",
    "    if @.@() != @_@ {",
    "    }",
    "",
    "    return @(@, @[@]);",
    "    // The @ of the @ holds the @, see @ and @.",
    "fn @_@(@: &@) -> Option<usize> {",
    "const @_@: &str = \"@/@/#.@\";",
    "import { @, @ } from './@/@.js';",
    "        self.@[@] = @ + # * 0x7f;",
    "    <td class=\"@-@\" id=\"@_#\">@ @ @</td>",
    "  \"@\": { \"@\": [\"@\", #, \"@\"], \"@_id\": # },",
    "#define @_@_@ ((@) << #)",
];

/// Source-like text of `length` bytes, without a stretch that repeats.
pub fn text(rng: &mut fastrand::Rng, length: usize) -> Vec<u8> {
    let mut text = String::with_capacity(length + 200);
    while text.len() < length {
        for character in LINES[rng.usize(..LINES.len())].chars() {
            match character {
                '@' => text.push_str(WORDS[rng.usize(..WORDS.len())]),
                '#' => text.push_str(&rng.u16(..).to_string()),
                other => text.push(other),
            }
        }
        text.push('\n');
    }
    text.truncate(length);
    text.into_bytes()
}
