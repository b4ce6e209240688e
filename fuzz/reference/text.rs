//! Text, and where in the haystack each of its bytes came from.

use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

/// Stands for a character outside ASCII in what an encoding makes.
pub const OTHER: u8 = 0xff;

/// Bytes, and for each the offsets of its encoded form in the haystack, half open.
#[derive(Clone, Default)]
pub struct Text {
    pub bytes: Vec<u8>,
    pub spans: Vec<(usize, usize)>,
}

impl Text {
    /// The haystack itself.
    pub fn of(haystack: &[u8]) -> Text {
        Text { bytes: haystack.to_vec(), spans: (0..haystack.len()).map(|at| (at, at + 1)).collect() }
    }

    pub fn push(&mut self, byte: u8, span: (usize, usize)) {
        self.bytes.push(byte);
        self.spans.push(span);
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// At most `most` bytes from `at` on.
    pub fn part(&self, at: usize, most: usize) -> Text {
        let range = at.min(self.len())..at.saturating_add(most).min(self.len());
        Text { bytes: self.bytes[range.clone()].to_vec(), spans: self.spans[range].to_vec() }
    }

    /// This one, and `more` behind it.
    pub fn and(mut self, more: &Text) -> Text {
        self.bytes.extend_from_slice(&more.bytes);
        self.spans.extend_from_slice(&more.spans);
        self
    }

    /// Where in the haystack some of the bytes stand: reversed text runs from the end to the start.
    pub fn span(&self, from: usize, to: usize) -> (usize, usize) {
        let (first, last) = (self.spans[from], self.spans[to - 1]);
        (first.0.min(last.0), first.1.max(last.1))
    }
}

/// A regular expression over bytes.
pub fn regex(pattern: &str) -> Regex {
    let syntax = syntax::Config::new().utf8(false).unicode(false).dot_matches_new_line(true);
    let config = Regex::config().utf8_empty(false);
    Regex::builder().syntax(syntax).configure(config).build(pattern).expect("an expression")
}

/// How many bytes the expression matches from `at` on.
pub fn len_at(regex: &Regex, bytes: &[u8], at: usize) -> Option<usize> {
    let input = Input::new(bytes).range(at.min(bytes.len())..).anchored(Anchored::Yes);
    regex.find(input).map(|found| found.len())
}

/// What the groups of the expression match from `at` on, the whole first.
pub fn groups_at<'b>(regex: &Regex, bytes: &'b [u8], at: usize) -> Option<Vec<&'b [u8]>> {
    let mut captures = regex.create_captures();
    regex.captures(Input::new(bytes).range(at.min(bytes.len())..).anchored(Anchored::Yes), &mut captures);
    captures
        .is_match()
        .then(|| captures.iter().map(|span| span.map_or(&b""[..], |span| &bytes[span.range()])).collect())
}

/// Whether the expression matches all of the bytes.
pub fn is_all(regex: &Regex, bytes: &[u8]) -> bool {
    len_at(regex, bytes, 0) == Some(bytes.len())
}
