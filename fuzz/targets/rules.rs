//! The project's own configuration and its baseline.

use memchr::memmem;

use super::{Seen, Verdict, parts, planted, program};

/// The configuration, the baseline, and a file of each project: one with the key.
pub fn run(input: &[u8]) -> Seen {
    let folder = parts::folder();
    let files = parts::split::<2>(input);
    parts::write(folder.path(), &[".hopx-leaks.toml", "known.txt"], &files);
    parts::write(folder.path(), &["src/a.env"], &[planted::line().as_bytes()]);
    let mut seen = program::run(folder.path(), &["scan", ".", "-f", "json"]);
    let excludes = memmem::find(files[0], b"exclude").is_some() || files[0].contains(&b'\\');
    if seen.verdict == Verdict::Clean && !excludes {
        assert!(memmem::find(&seen.text, br#""suppressed": 0"#).is_none(), "silent: a key that no rule suppresses");
    }
    let shown = program::run(folder.path(), &["config", "show"]);
    seen.text.extend(shown.text);
    seen
}
