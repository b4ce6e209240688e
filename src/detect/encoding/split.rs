//! Keys in pieces: `"hopx_live_" + "ID" + ".SECRET"`, a literal list, a hard wrap, a diff.
//!
//! Between two pieces stands a [break](BREAK), and only what ends a piece can begin one: no character of a key does. So
//! a false start costs the comparison of a few characters. Where a break ends is often open (`.` and `-` join, make a
//! margin, and are characters of a key), so every end is followed, and what becomes a key wins. Nothing is evaluated:
//! between pieces there are only quotes, blanks, line ends, margins, colours and joining punctuation, never a name or a comment.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::LazyLock;

use regex_automata::hybrid::dfa::{Cache, DFA, OverlappingState};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind};
use zeroize::{Zeroize, Zeroizing};

use crate::detect::border;
use crate::detect::encoding::{Encoding, Form, Place};
use crate::detect::window::Window;
use crate::key::{KEY_LEN, Key, Rule, fits, is_base64url};

pub const SPLIT: Encoding = Encoding {
    name: "split",
    forms: |text| Form::only(text.to_vec()),
    decode: |haystack, Place { at, .. }, reach| {
        // What was met is the first letter, or the fourth where a break falls among the first.
        let start = if haystack.get(at) == Some(&b'x') { starts(haystack, at).next()? } else { at };
        let mut joined = join(haystack, start, reach.after.saturating_sub(KEY_LEN))?;
        let from = start.saturating_sub(reach.before);
        let mut text = haystack[from..start].to_vec();
        text.extend_from_slice(&joined.text);
        let origins = (from..start).map(|i| i..i + 1).chain(std::mem::take(&mut joined.spans)).collect();
        Some(Window::decoded(text, start - from + if start == at { 0 } else { 3 }, origins))
    },
    introducers: b"\"'`\\ \t\r\n\x1b",
};

/// The most breaks in one key.
pub const MAX_BREAKS: usize = 4;
/// The most bytes in one break: room for a deep indentation, as of arguments below an opening parenthesis.
pub const MAX_BREAK: usize = 128;
/// The most bytes from the first of a split key to its last.
pub const REACH: usize = KEY_LEN + MAX_BREAKS * MAX_BREAK;

/// The most ways to read the pieces that are followed at once. Real text has a handful; this bounds what text made to
/// slow us down can cost.
const MAX_WAYS: usize = 24;

/// What stands between two pieces, one of:
///
/// - a quote, as in a shell's words: `hopx_live_'ID'.SECRET`;
/// - the end of a literal, blanks, joining punctuation and lines, and the start of the next literal, which may have a
///   prefix (`r"`, `u8"`, `@"`) and be preceded by empty ones;
/// - the end of a line, with a backslash before it or not, and the margin of the next: indentation, a diff's `+`, `-`
///   or `>`, a comment's `#`, `//`, `*`, `--`, `;`, `%`;
/// - a terminal's control sequences: what was searched for is in another colour (`grep --color=always hopx_live_`).
///
/// Quotes, tabs and line ends may be escaped any number of times, as in a program inside JSON. Visual Basic's `_`
/// joins lines and stands nowhere else.
///
/// The pattern holds one more byte, the first of the next piece, so that it stops where a piece can be and nowhere else.
static BREAK: LazyLock<DFA> = LazyLock::new(|| {
    const QUOTE: &str = r#"\\*["'`]"#;
    const BLANK: &str = r"(?:[ \t]|\\+t)";
    const LINE: &str = r"(?:\r?\n|\r|(?:\\+r)?\\+n)(?:[ \t]|\\+t)*(?:(?:[-+>#*|;%]|//)(?:[ \t]|\\+t)*){0,3}";
    // A minus joins nothing: it is in margins alone.
    const JOIN: &str = r"(?:[+.&,|()~;\\]|<>)";
    const PREFIX: &str = r"(?:[RBUFLrbufl]{1,2}|u8|[@$]{1,2})?";
    const CONTROL: &str = r"(?:\x1b|\\+(?:x1[bB]|u001[bB]|033|[eE]))\[[0-9;:]*[mK]";
    let literals = format!("{QUOTE}(?:{BLANK}|{QUOTE}|{JOIN}|_{BLANK}*{LINE}|{LINE})*{PREFIX}{QUOTE}");
    let wrap = format!(r"{BLANK}*\\?{LINE}");
    let syntax = syntax::Config::new().unicode(false).utf8(false);
    let config = DFA::config().match_kind(MatchKind::All).skip_cache_capacity_check(true);
    #[expect(clippy::expect_used, reason = "the pattern is a constant, and every test of this file builds it")]
    DFA::builder()
        .syntax(syntax)
        .configure(config)
        .build(&format!("(?:{QUOTE}|{literals}|{wrap}|(?:{CONTROL})+)[0-9A-Za-z_.-]"))
        .expect("a grammar")
});

thread_local! {
    /// The states of [`BREAK`] that this thread has met. They hold nothing of the text.
    static CACHE: RefCell<Cache> = RefCell::new(BREAK.create_cache());
}

/// A key whose pieces are joined, with what follows it.
pub struct Joined {
    /// The 66 bytes of the key, and then the bytes behind its last one as they stand.
    pub text: Vec<u8>,
    /// `spans[i]` is the byte of the haystack that `text[i]` is.
    pub spans: Vec<Range<usize>>,
}

impl Drop for Joined {
    /// A joined copy of a key is a copy of its secret. To keep the text, take it out and erase it later.
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

/// The key that starts at `haystack[start]` and has at least one and at most [`MAX_BREAKS`] breaks in it, followed by
/// the at most `after` bytes behind its last one. `None` when there is no such key, also when it is in one piece.
///
/// Of several readings the one whose right border is open wins, then the one whose breaks are most alike (a margin is
/// the same on every line), then the one with the fewest breaks. The left border is the caller's to judge, and the
/// right one too: without an open one the best of the others is given.
pub fn join(haystack: &[u8], start: usize, after: usize) -> Option<Joined> {
    let text = haystack.get(start..haystack.len().min(start.saturating_add(REACH)))?;
    let joined = run(text, 0, 0);
    let first = Way { gaps: [const { 0..0 }; MAX_BREAKS], breaks: 0, joined, end: joined, doubts: 0 };
    if !first.may_break(text) {
        return None;
    }
    let way =
        CACHE.with_borrow_mut(|cache| best_way(cache, text, first, |end| border::open_right(haystack, start + end)))?;
    let behind = start + way.end..haystack.len().min((start + way.end).saturating_add(after));
    let mut joined =
        Joined { text: Vec::with_capacity(KEY_LEN + behind.len()), spans: Vec::with_capacity(KEY_LEN + behind.len()) };
    for at in way.offsets().map(|at| start + at).chain(behind) {
        joined.text.push(haystack[at]);
        joined.spans.push(at..at + 1);
    }
    Some(joined)
}

/// Where a key may start whose `x_live_` or `x_test_` is at `haystack[at]`, with a break inside `hopx`. One offset at
/// most, since no break holds an `h`; none when there is no break, for then `hopx` itself is met.
pub fn starts(haystack: &[u8], at: usize) -> impl Iterator<Item = usize> {
    let from = at.saturating_sub(b"hop".len() + 3 * MAX_BREAK);
    let before = &haystack[from..at];
    // A break ends in none of a key's characters, but for a minus, and the last letter of an escaped tab or line end or
    // of a terminal's control sequence.
    let touches = !before.ends_with(b"hop")
        && before
            .last()
            .is_some_and(|&byte| matches!(byte, b'p' | b't' | b'n' | b'm' | b'K' | b'-') || !is_base64url(byte));
    let h = if touches { memchr::memrchr(b'h', before) } else { None };
    h.map(|h| from + h).into_iter()
}

/// One way to read the pieces so far. Offsets count from the start of the key.
#[derive(Clone)]
struct Way {
    /// The breaks, as many as there are.
    gaps: [Range<usize>; MAX_BREAKS],
    breaks: usize,
    /// How many characters of the key there are.
    joined: usize,
    /// Where the last piece ends, or the key does.
    end: usize,
    /// Two for each break that is not like the one before, and one for each line whose first minus is taken for a
    /// character of the key and may be a margin. So `\n--a\n-b` is `-ab` in a diff, neither `a-b` nor `--ab`.
    doubts: usize,
}

impl Way {
    /// This way, on to the end of the piece behind one more break. `None` when no piece is there.
    fn after(&self, text: &[u8], gap: Range<usize>) -> Option<Way> {
        let more = run(text, gap.end, self.joined);
        if more == 0 {
            return None;
        }
        let differs = self.last().is_some_and(|last| text[last.clone()] != text[gap.clone()]);
        let margin = !is_quoted(text, &gap) && text[gap.end] == b'-';
        let mut way = self.clone();
        way.joined += more;
        way.end = gap.end + more;
        way.doubts += 2 * usize::from(differs) + usize::from(margin);
        *way.gaps.get_mut(self.breaks)? = gap;
        way.breaks += 1;
        Some(way)
    }

    /// The last break.
    fn last(&self) -> Option<&Range<usize>> {
        self.gaps[..self.breaks].last()
    }

    /// Whether the key is not whole and its last piece ends where a break may begin.
    fn may_break(&self, text: &[u8]) -> bool {
        let next = text.get(self.end);
        let begins = |byte: &u8| matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b' ' | b'\t' | b'\r' | b'\n' | 0x1b);
        (1..KEY_LEN).contains(&self.joined) && next.is_some_and(begins)
    }

    /// Whether what was joined is a key, by its shape and by what may not be in it or behind it.
    ///
    /// A name at the start of a line is the next setting and not the end of a key, so that a made-up key that is too
    /// short does not take its last characters from there.
    fn is_key(&self, text: &[u8]) -> bool {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        key.iter_mut().zip(self.offsets()).for_each(|(byte, at)| *byte = text[at]);
        let next = text[self.end..].iter().find(|byte| !matches!(byte, b' ' | b'\t'));
        let named = matches!(next, Some(b'=' | b':' | b'(')) && self.last().is_some_and(|gap| !is_quoted(text, gap));
        // The rest of a cut key and the beginning of a whole one are no key.
        let another = Rule::ALL.iter().any(|rule| memchr::memmem::find(&key[1..], rule.prefix().as_bytes()).is_some());
        !named && !another && Key::at_start(key.as_slice()).is_some()
    }

    /// Where the characters of the key are.
    fn offsets(&self) -> impl Iterator<Item = usize> {
        let gaps = &self.gaps[..self.breaks];
        let starts = [0].into_iter().chain(gaps.iter().map(|gap| gap.end));
        let ends = gaps.iter().map(|gap| gap.start).chain([self.end]);
        starts.zip(ends).flat_map(|(start, end)| start..end)
    }
}

/// The best way to a whole key, as [`join`] says. Goes from one number of breaks to the next, until nothing better can
/// come.
fn best_way(cache: &mut Cache, text: &[u8], first: Way, is_open: impl Fn(usize) -> bool) -> Option<Way> {
    let mut best: Option<((bool, usize, usize), Way)> = None;
    let mut ways = vec![first];
    for breaks in 1..=MAX_BREAKS {
        let mut next: Vec<Way> = Vec::new();
        // Ways that end at one place go on through the same breaks.
        ways.sort_by_key(|way| way.end);
        for same_end in ways.chunk_by(|a, b| a.end == b.end) {
            let end = same_end[0].end;
            for (gap, way) in break_ends(cache, text, end).flat_map(|to| same_end.iter().map(move |way| (end..to, way)))
            {
                let Some(way) = way.after(text, gap) else { continue };
                if way.joined == KEY_LEN && way.is_key(text) {
                    let rank = (!is_open(way.end), way.doubts, breaks);
                    if best.as_ref().is_none_or(|(other, _)| rank < *other) {
                        best = Some((rank, way));
                    }
                } else if way.may_break(text) {
                    keep(&mut next, way);
                }
            }
        }
        if matches!(best, Some(((false, 0, _), _))) {
            break;
        }
        ways = next;
    }
    best.map(|(_, way)| way)
}

/// Adds a way, unless one that goes on in the same manner is as good.
fn keep(ways: &mut Vec<Way>, way: Way) {
    let manner = |way: &Way| (way.joined, way.end, way.last().cloned());
    if let Some(other) = ways.iter_mut().find(|other| manner(other) == manner(&way)) {
        if way.doubts < other.doubts {
            *other = way;
        }
    } else if ways.len() < MAX_WAYS {
        ways.push(way);
    }
}

/// Whether there is a quote in a break.
fn is_quoted(text: &[u8], gap: &Range<usize>) -> bool {
    text[gap.clone()].iter().any(|byte| matches!(byte, b'"' | b'\'' | b'`'))
}

/// Everywhere that a break from `text[at]` on may end and a character of a key follows, the nearest first.
fn break_ends<'a>(cache: &'a mut Cache, text: &'a [u8], at: usize) -> impl Iterator<Item = usize> + 'a {
    let input = Input::new(text).range(at..text.len().min(at + MAX_BREAK + 1)).anchored(Anchored::Yes);
    let mut state = OverlappingState::start();
    std::iter::from_fn(move || {
        // The search fails for bytes that it was told to stop at, or when told to give up: it was told neither.
        BREAK.try_search_overlapping_fwd(cache, &input, &mut state).ok()?;
        state.get_match().map(|found| found.offset() - 1)
    })
}

/// How many bytes from `text[at]` on can be the characters of a key from the `joined`th on.
fn run(text: &[u8], at: usize, joined: usize) -> usize {
    text[at..].iter().zip(joined..KEY_LEN).take_while(|&(&byte, place)| fits(place, byte)).count()
}

#[cfg(test)]
mod tests;
