//! Needles: what the prefilter looks for, derived from the table of encodings, and how to read on from each.

use crate::detect::encoding::{Cut, GZIP_LAYERS, HOPX, Place, ROWS, Row, gzip_needle};
use crate::detect::window::{Reach, Window};

/// The fewest bytes of a needle: with shorter ones the prefilter stops too often.
pub const MIN_LEN: usize = 4;

/// One needle, and what it may be the beginning of.
#[derive(Debug)]
pub struct Needle {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// What to try where it is met, the simplest first.
    pub starts: Vec<Start>,
}

/// What a needle may be the beginning of.
#[derive(Debug)]
pub enum Start {
    /// A key.
    Key(KeyStart),
    /// A gzip stream, encoded in base64 so many times.
    Gzip(usize),
}

/// A part of the encoded form of a key's beginning.
#[derive(Debug)]
pub struct KeyStart {
    /// The chain of encodings.
    pub row: &'static Row,
    /// Which form of each encoding it is, the outermost first.
    kinds: Vec<usize>,
    /// Which byte of the outermost form the needle begins at.
    skip: usize,
    /// Where in the key the piece begins whose form this is.
    offset: usize,
}

/// All needles, those of the simplest encodings first.
pub fn needles() -> Vec<Needle> {
    of_rows(ROWS, GZIP_LAYERS)
}

/// The needles of some encodings.
pub fn of_rows(rows: &'static [Row], gzip_layers: &[usize]) -> Vec<Needle> {
    let keys = rows.iter().flat_map(starts).map(|(bytes, start)| (bytes, Start::Key(start)));
    let gzip = gzip_layers.iter().map(|&layers| (gzip_needle(layers), Start::Gzip(layers)));
    let mut needles: Vec<Needle> = Vec::new();
    for (bytes, start) in keys.chain(gzip) {
        match needles.iter_mut().find(|needle| needle.bytes == bytes) {
            Some(needle) => needle.starts.push(start),
            None => needles.push(Needle { bytes, starts: vec![start] }),
        }
    }
    needles
}

/// The needles of a row.
fn starts(row: &'static Row) -> Vec<(Vec<u8>, KeyStart)> {
    let mut starts = Vec::new();
    for piece in row.pieces {
        let mut forms = vec![(piece.text.to_vec(), Vec::new())];
        for encoding in row.chain.iter().rev() {
            let outer = |(text, kinds): &(Vec<u8>, Vec<usize>)| -> Vec<(Vec<u8>, Vec<usize>)> {
                let forms = (encoding.forms)(text).into_iter();
                forms.map(|form| (form.bytes, [&[form.kind], kinds.as_slice()].concat())).collect()
            };
            forms = forms.iter().flat_map(outer).collect();
        }
        for (form, kinds) in forms {
            let half = form.len().div_ceil(2).max(MIN_LEN);
            let (len, skips) = match row.cut {
                Cut::Whole => (form.len(), vec![0]),
                Cut::Halves => (half, vec![0, form.len() - half]),
            };
            for skip in skips {
                let start = KeyStart { row, kinds: kinds.clone(), skip, offset: piece.offset };
                starts.push((form[skip..skip + len].to_vec(), start));
            }
        }
    }
    starts
}

impl KeyStart {
    /// The decoded text around a needle at offset `at`, the hit where the key begins. `None` when the bytes are not of
    /// this chain.
    pub fn window<'h>(&self, haystack: &'h [u8], at: usize, reach: Reach) -> Option<Window<'h>> {
        // Escapes may stand before a later piece alone: the first letters are all of one kind.
        let reach = reach.and_before(self.offset + if self.offset < HOPX.len() { 0 } else { ESCAPED });
        let mut layers = self.row.chain.iter().zip(&self.kinds);
        let Some((outermost, &kind)) = layers.next() else {
            return Window::plain(haystack, at, reach).earlier(self.offset);
        };
        // What is decoded in turn takes more room, and is judged by where it begins.
        let outer_reach =
            if layers.len() == 0 { reach } else { Reach { before: Reach::CONTEXT.before, ..reach }.times(2) };
        let mut window = (outermost.decode)(haystack, Place { at, kind, skip: self.skip }, outer_reach)?;
        for (encoding, &kind) in layers {
            let place = Place { at: window.hit(), kind, skip: 0 };
            let inner = (encoding.decode)(window.text(), place, reach)?.inside(&window);
            window = inner;
        }
        self.to_key(window)
    }

    /// The same window, the hit where the key begins. What stands before a later piece may be written as escapes, which
    /// take more room.
    fn to_key<'h>(&self, window: Window<'h>) -> Option<Window<'h>> {
        let before = &window.text()[..window.hit()];
        if self.offset < HOPX.len()
            || before.len() < self.offset
            || before[before.len() - self.offset..].starts_with(HOPX)
        {
            return window.earlier(self.offset);
        }
        let near = &before[before.len().saturating_sub(self.offset + ESCAPED)..];
        let found = memchr::memmem::rfind(near, HOPX)?;
        let earlier = near.len() - found;
        window.earlier(earlier)
    }
}

/// How many bytes an escape in the place of one takes more.
const ESCAPED: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::prefilter::MAX_NEEDLES;

    #[test]
    fn the_needles_fit_the_fast_engine() {
        let needles = needles();
        // docs/design.md has the number.
        assert_eq!((needles.len(), needles.len() <= MAX_NEEDLES), (61, true));
        for needle in &needles {
            assert!(needle.bytes.len() >= MIN_LEN, "{:?} is short", String::from_utf8_lossy(&needle.bytes));
        }
    }

    /// The search reports one needle at a place.
    #[test]
    fn no_needle_hides_another() {
        let needles = needles();
        for (i, a) in needles.iter().enumerate() {
            for b in &needles[i + 1..] {
                let hides = a.bytes.starts_with(&b.bytes) || b.bytes.starts_with(&a.bytes);
                assert!(!hides, "{:?}", [&a.bytes, &b.bytes].map(|bytes| String::from_utf8_lossy(bytes)));
            }
        }
    }
}
