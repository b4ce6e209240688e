//! Keys in pieces: joined in source (`split`: `"hopx_live_" + "ID" + ".SECRET"`, a hard wrap, a diff), or cut by what a
//! reader does not see (`markup`: tags, zero-width characters, colours, the frame of a table).
//!
//! Between two pieces stands a break. Where one ends is often open (`.` and `-` join, make a margin, and are characters of
//! a key), so every end is followed, and what becomes a key wins. Nothing is evaluated: a break never holds a name or a
//! comment of a program.

mod markup;
mod split;

use zeroize::Zeroizing;

use crate::detect::confidence;
use crate::detect::text::Text;
use crate::key::{KEY_LEN, Key, SECRET_ENDS, fits};

pub use markup::ESCAPES;
pub use split::is_quote;

/// What keys in pieces are called among encodings.
pub const NAMES: [&str; 2] = [SPLIT, "markup"];
/// What a text is called that was joined from string literals.
pub const SPLIT: &str = "split";

/// The most breaks in one key.
pub const MAX_BREAKS: usize = 4;
/// The most bytes of a break in source: room for a deep indentation, as of arguments below an opening parenthesis.
pub const MAX_SPLIT: usize = 128;
/// The most bytes of a break in markup.
pub const MAX_MARKUP: usize = 512;

/// The most ways to read the pieces that are followed at once, and the most ends of one break. Real text has a handful;
/// this bounds what text made to slow us down can cost.
const MAX_WAYS: usize = 6;

/// What stands between two pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Quotes, line ends and what joins literals.
    Split,
    /// What a reader does not see.
    Markup,
}

/// The ends of one break, and what it is.
type Ends = Fixed<(usize, Kind)>;

/// At most [`MAX_WAYS`] of something, without an allocation.
struct Fixed<T> {
    items: [T; MAX_WAYS],
    len: usize,
}

impl<T: Copy> Fixed<T> {
    fn new(filler: T) -> Fixed<T> {
        Fixed { items: [filler; MAX_WAYS], len: 0 }
    }

    /// Adds one more, if there is room.
    fn push(&mut self, item: T) {
        if let Some(free) = self.items.get_mut(self.len) {
            *free = item;
            self.len += 1;
        }
    }

    fn as_slice(&self) -> &[T] {
        &self.items[..self.len]
    }
}

/// A key whose pieces were put together.
pub struct Joined {
    /// The key's characters.
    pub key: Zeroizing<[u8; KEY_LEN]>,
    /// Where its last character ends in the text.
    pub end: usize,
    /// [`SPLIT`], or the name of markup.
    pub name: &'static str,
}

/// One way to read the pieces so far.
#[derive(Clone, Copy)]
struct Way {
    /// The breaks, as many as there are: where each starts and ends.
    gaps: [(usize, usize); MAX_BREAKS],
    breaks: usize,
    kind: Kind,
    /// How many characters of the key there are.
    joined: usize,
    /// Where the last piece ends, or the key does.
    end: usize,
    /// Two for each break that is not like the one before, and one for each line whose first minus is taken for a
    /// character of the key and may be a margin. So `\n--a\n-b` is `-ab` in a diff, neither `a-b` nor `--ab`.
    doubts: usize,
}

/// Whether a break may begin with this byte.
pub fn may_begin(byte: u8) -> bool {
    split::may_begin(byte) || markup::may_begin(byte)
}

/// The key that starts at `start` of the text, has `joined` characters in its first piece, and at least one and at most
/// [`MAX_BREAKS`] breaks in it. `None` when there is no such key.
///
/// Of several readings the one whose right border is open wins, then the one whose breaks are most alike (a margin is
/// the same on every line), then the one with the fewest breaks. The borders are the caller's to judge.
pub fn join(text: &mut Text<'_>, start: usize, joined: usize) -> Option<Joined> {
    let first =
        Way { gaps: [(0, 0); MAX_BREAKS], breaks: 0, kind: Kind::Split, joined, end: start + joined, doubts: 0 };
    // Most false starts end here, before there is room for more ways than one.
    let mut first_ends = Some(breaks(text, &first)).filter(|ends| !ends.as_slice().is_empty());
    first_ends.as_ref()?;
    let mut best: Option<((bool, usize, usize), Way)> = None;
    let (mut ways, mut next) = (Fixed::new(first), Fixed::new(first));
    ways.push(first);
    for count in 1..=MAX_BREAKS {
        next.len = 0;
        for way in ways.as_slice() {
            let ends = first_ends.take().unwrap_or_else(|| breaks(text, way));
            for &(end, kind) in ends.as_slice() {
                let way = way.after(text, end, kind);
                if way.joined < KEY_LEN {
                    keep(&mut next, way);
                } else if ends_secret(text, way.end) {
                    let rank = (!is_open(text, way.end), way.doubts, count);
                    if best.as_ref().is_none_or(|(other, _)| rank < *other) && way.is_key(text, start) {
                        best = Some((rank, way));
                    }
                }
            }
        }
        if next.len == 0 || matches!(best, Some(((false, 0, _), _))) {
            break;
        }
        std::mem::swap(&mut ways, &mut next);
    }
    let way = best?.1;
    Some(Joined { key: way.key(text, start), end: way.end, name: NAMES[way.kind as usize] })
}

/// The ends of the break that a way may go on over.
fn breaks(text: &mut Text<'_>, way: &Way) -> Ends {
    let mut ends = Ends::new((0, Kind::Split));
    split::ends(text, way.end, way.joined, &mut ends);
    markup::ends(text, way.end, way.joined, &mut ends);
    ends
}

/// Whether the byte before `end` can be the last of a secret: one in four can.
fn ends_secret(text: &mut Text<'_>, end: usize) -> bool {
    text.byte(end - 1).is_some_and(|byte| SECRET_ENDS.contains(&byte))
}

fn is_open(text: &mut Text<'_>, end: usize) -> bool {
    confidence::is_open_right(text.ahead(end, confidence::REACH))
}

/// Adds a way, unless one that goes on in the same manner is as good.
fn keep(ways: &mut Fixed<Way>, way: Way) {
    let manner = |way: &Way| (way.joined, way.end, way.gaps[way.breaks - 1]);
    match ways.items[..ways.len].iter_mut().find(|other| manner(other) == manner(&way)) {
        Some(other) if way.doubts < other.doubts => *other = way,
        Some(_) => {}
        None => ways.push(way),
    }
}

impl Way {
    /// This way, on over the break that ends at `gap_end` to the end of the piece behind it.
    fn after(&self, text: &mut Text<'_>, gap_end: usize, kind: Kind) -> Way {
        let gap = (self.end, gap_end);
        let more = run(text, gap_end, self.joined);
        let differs = self.last().is_some_and(|last| !is_same(text, last, gap));
        let margin = text.byte(gap_end) == Some(b'-') && kind == Kind::Split && !is_quoted(text, gap);
        let mut way = *self;
        way.joined += more;
        way.end = gap_end + more;
        way.doubts += 2 * usize::from(differs) + usize::from(margin);
        way.gaps[way.breaks] = gap;
        way.breaks += 1;
        way.kind = way.kind.max(kind);
        way
    }

    /// The last break.
    fn last(&self) -> Option<(usize, usize)> {
        self.gaps[..self.breaks].last().copied()
    }

    /// The characters of the key.
    fn key(&self, text: &mut Text<'_>, start: usize) -> Zeroizing<[u8; KEY_LEN]> {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        let mut pos = start;
        let mut gaps = self.gaps[..self.breaks].iter().peekable();
        for byte in key.iter_mut() {
            if let Some(gap) = gaps.next_if(|gap| gap.0 == pos) {
                pos = gap.1;
            }
            *byte = text.byte(pos).unwrap_or_default();
            pos += 1;
        }
        key
    }

    /// Whether what was joined is a key, by its shape and by what may not be behind it.
    ///
    /// A name at the start of a line is the next setting and not the end of a key, so that a made-up key that is too
    /// short does not take its last characters from there.
    fn is_key(&self, text: &mut Text<'_>, start: usize) -> bool {
        let behind = blanks_end(text, self.end);
        let is_assigned = matches!(text.byte(behind), Some(b'=' | b':' | b'('));
        let is_named = is_assigned && self.kind == Kind::Split && self.last().is_some_and(|gap| !is_quoted(text, gap));
        !is_named && Key::at_start(self.key(text, start).as_slice()).is_some()
    }
}

/// Whether two stretches of the text are alike.
fn is_same(text: &mut Text<'_>, a: (usize, usize), b: (usize, usize)) -> bool {
    a.1 - a.0 == b.1 - b.0 && (0..a.1 - a.0).all(|i| text.byte(a.0 + i) == text.byte(b.0 + i))
}

/// Whether there is a quote in a break.
fn is_quoted(text: &mut Text<'_>, (start, end): (usize, usize)) -> bool {
    text.ahead(start, end - start).iter().any(|byte| is_quote(*byte))
}

/// How many bytes from `at` on can be the characters of a key from number `joined` on.
fn run(text: &mut Text<'_>, at: usize, joined: usize) -> usize {
    (joined..KEY_LEN).take_while(|&place| text.byte(at + place - joined).is_some_and(|byte| fits(place, byte))).count()
}

/// Where blanks end that begin at `pos`, [`MAX_SPLIT`] at most.
fn blanks_end(text: &mut Text<'_>, pos: usize) -> usize {
    let most = pos + MAX_SPLIT;
    (pos..most).find(|&at| !matches!(text.byte(at), Some(b' ' | b'\t'))).unwrap_or(most)
}

/// Adds the end of a break behind which the character of a key stands that comes next.
fn add_end(text: &mut Text<'_>, end: usize, joined: usize, kind: Kind, ends: &mut Ends) {
    if text.byte(end).is_some_and(|byte| fits(joined, byte)) {
        ends.push((end, kind));
    }
}

/// Where a key may start whose `x_live_` or `x_test_` is at `x` of the window, with a break inside `hopx`: where its `h`
/// is. `None` when there is no break, for then `hopx` itself is met.
pub fn start_before(window: &[u8], x: usize) -> Option<usize> {
    let mut pos = x;
    for letter in [b'p', b'o', b'h'] {
        pos = letter_before(window, pos, letter)?;
    }
    (x - pos > 3).then_some(pos)
}

/// Where the letter is that stands before `pos`, over at most one break. What is a break is decided by reading forwards from
/// there.
fn letter_before(window: &[u8], mut pos: usize, letter: u8) -> Option<usize> {
    /// The most escapes, prefixes of literals and control sequences in one break.
    const MAX_WORDS: usize = 8;
    let from = pos.saturating_sub(MAX_MARKUP + 1);
    let mut words = 0;
    loop {
        let before = &window[from..pos];
        let last = *before.last()?;
        let skipped = if last == letter {
            return Some(pos - 1);
        } else if last.is_ascii_alphanumeric() {
            words += 1;
            let word = markup::letters_before(before).or_else(|| split::letters_before(before));
            word.filter(|_| words <= MAX_WORDS)?
        } else {
            markup::tag_before(before).unwrap_or(1)
        };
        pos -= skipped;
    }
}

#[cfg(test)]
mod tests;
