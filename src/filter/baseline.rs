//! The baseline: leaks that are known, one a line, `KEY_ID FINGERPRINT PATH`, sorted. There are no line numbers and no
//! dates in it, so that it survives reformatting, squashing and merging; and a new key on an old line is not in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::finding::{Finding, SuppressedBy, Suppression};
use crate::key::ID_LEN;

/// The path of what has none.
const NO_PATH: &str = "-";

/// Known leaks.
#[derive(Debug, Default)]
pub struct Baseline {
    /// What to call the file.
    name: String,
    /// Each line, and its number from 1.
    lines: BTreeMap<String, usize>,
}

/// A line that is none of a baseline's.
#[derive(Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Its number, from 1.
    pub number: usize,
    /// What is wrong with it.
    pub cause: &'static str,
}

impl Baseline {
    /// Reads a baseline, whose file is called `name`. Empty lines and those that begin with `#` are passed over.
    ///
    /// # Errors
    ///
    /// The first line that is none.
    pub fn parse(name: String, bytes: &[u8]) -> Result<Baseline, BadLine> {
        let mut lines = BTreeMap::new();
        for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            let bad = |cause| BadLine { number, cause };
            let line = std::str::from_utf8(line).map_err(|_| bad("it is not UTF-8"))?;
            check(line).map_err(bad)?;
            lines.entry(line.to_owned()).or_insert(number);
        }
        Ok(Baseline { name, lines })
    }

    /// A baseline of the leaks among the findings: all that nothing else vouches for.
    pub fn of<'f>(name: String, findings: impl Iterator<Item = &'f Finding>) -> Baseline {
        let is_known = |finding: &&Finding| match &finding.suppressed {
            None => finding.is_leak(),
            Some(suppression) => suppression.by == SuppressedBy::Baseline,
        };
        let lines: BTreeSet<String> = findings.filter(is_known).map(line).collect();
        Baseline { name, lines: lines.into_iter().zip(1..).collect() }
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        self.lines.keys().flat_map(|line| [line.as_str(), "\n"]).collect()
    }

    /// How many leaks it knows.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// What to call the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The line and the mark of a finding that is known.
    pub fn knows(&self, finding: &Finding) -> Option<(String, Suppression)> {
        let line = line(finding);
        let number = self.lines.get(&line)?;
        let reason = format!("a known leak, {}:{number}", self.name);
        Some((line, Suppression { by: SuppressedBy::Baseline, reason }))
    }

    /// The lines that met no finding, each in words.
    pub(super) fn stale<'s>(&'s self, used: &'s BTreeSet<String>) -> impl Iterator<Item = String> + 's {
        let stale = self.lines.iter().filter(|(line, _)| !used.contains(*line));
        stale.map(|(line, number)| {
            let id = &line[..ID_LEN];
            format!("{}:{number}: the known leak of {id} is gone; take the line out", self.name)
        })
    }
}

/// What is wrong with a line, if anything is.
fn check(line: &str) -> Result<(), &'static str> {
    let mut words = line.splitn(3, ' ');
    let is_id = |word: &str| word.len() == ID_LEN && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_fingerprint = |word: &str| word.len() == 64 && word.bytes().all(is_digit);
    match (words.next(), words.next(), words.next()) {
        (Some(id), ..) if !is_id(id) => Err("it does not begin with the 12 characters of a key id"),
        (_, Some(print), _) if !is_fingerprint(print) => {
            Err("its second word is no fingerprint, 64 lower-case hex digits")
        }
        (Some(_), Some(_), Some(path)) if !path.is_empty() => Ok(()),
        _ => Err("it is not KEY_ID FINGERPRINT PATH"),
    }
}

/// The line of a finding.
fn line(finding: &Finding) -> String {
    let path = finding.path.as_deref().map_or_else(|| NO_PATH.to_owned(), escaped);
    format!("{} {} {path}", finding.key_id, finding.fingerprint)
}

/// A path on one line: percent signs, control characters, what is no UTF-8 and blanks at its ends are written as `%HH`, and
/// so is a path that would pass for none.
fn escaped(path: &[u8]) -> String {
    match path {
        b"-" => return "%2D".to_owned(),
        // What was given itself, where there is nothing above it.
        b"" => return "%2E".to_owned(),
        _ => {}
    }
    let mut text = String::with_capacity(path.len());
    let escape = |text: &mut String, bytes: &[u8]| {
        for byte in bytes {
            // Writing to a string can't fail.
            let _ = write!(text, "%{byte:02X}");
        }
    };
    let mut at = 0;
    for chunk in path.utf8_chunks() {
        for c in chunk.valid().chars() {
            let end = at + c.len_utf8();
            let is_blank_end = c == ' ' && (at == 0 || end == path.len());
            if c == '%' || c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || is_blank_end {
                escape(&mut text, &path[at..end]);
            } else {
                text.push(c);
            }
            at = end;
        }
        escape(&mut text, chunk.invalid());
        at += chunk.invalid().len();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_on_one_line() {
        for (path, line) in [
            (&b"a b/c.txt"[..], "a b/c.txt"),
            (b"100%", "100%25"),
            (b"a\nb\t\x7f", "a%0Ab%09%7F"),
            (b" a ", "%20a%20"),
            (b"-", "%2D"),
            (b"", "%2E"),
            (b"\xff\xe9", "%FF%E9"),
            ("é\u{2028}\u{85}".as_bytes(), "é%E2%80%A8%C2%85"),
        ] {
            assert_eq!(escaped(path), line);
        }
    }

    #[test]
    fn lines_that_are_none() {
        let print = "0".repeat(64);
        let good = format!("abcDEF123456 {print} a b\n");
        let parse = |text: &str| Baseline::parse("b".to_owned(), text.as_bytes());
        assert_eq!(parse(&format!("# known\n\n{good}{good}")).map(|baseline| baseline.len()), Ok(1));
        assert_eq!(parse(&good.replace('\n', "\r\n")).map(|baseline| baseline.text()), Ok(good.clone()));
        for bad in [
            "abcDEF12345",
            "abcDEF123456",
            &format!("abcDEF123456 {print}"),
            &format!("abcDEF123456 {print} "),
            &format!("abcDEF12345_ {print} a"),
            &format!("abcDEF123456 {} a", "G".repeat(64)),
            "<<<<<<< HEAD",
            "{\"findings\": []}",
        ] {
            assert_eq!(parse(&format!("{good}{bad}\n")).map_err(|line| line.number).err(), Some(2), "{bad}");
        }
    }
}
