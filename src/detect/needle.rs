//! Needles: what the prefilter looks for, derived from the table of encodings, and how to read on from each.

use crate::detect::encoding::{BEHIND_A_CUT, Cut, HOPX, Packed, Place, ROWS, Row, packed_needles};
use crate::detect::text::{Layer, ReadingOf, Text};

/// The fewest bytes of a needle that begins a key: with shorter ones the prefilter stops too often.
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
    /// A key whose first four letters are cut by a break.
    BehindACut,
    /// Compressed data, encoded in base64 so many times.
    Packed(Packed, usize),
}

/// A part of the encoded form of a key's beginning.
#[derive(Debug)]
pub struct KeyStart {
    /// The chain of encodings.
    pub row: &'static Row,
    /// Which of the rows it is.
    number: usize,
    /// Which form of each encoding it is, the outermost first.
    kinds: Vec<usize>,
    /// Which byte of the outermost form the needle begins at.
    skip: usize,
    /// Where in the key the piece begins whose form this is.
    offset: usize,
}

/// The encodings that a key is read in, the outermost first, each over the one before.
pub type Layers = [Layer; 2];

/// How many more bytes than one an escape takes that may stand in the place of one.
const ESCAPED: usize = 12;
/// How many characters of the outer encoding are read before a needle of two: what the inner one needs to begin.
const LEAD: usize = 2;
/// The most bytes of one character of the inner one of two encodings, a line break counted in part.
pub const LONGEST_UNIT: usize = 3;

/// All needles, those of the simplest encodings first.
pub fn needles() -> Vec<Needle> {
    let packed = packed_needles().map(|(bytes, packed, layers)| (bytes, Start::Packed(packed, layers)));
    let cut = BEHIND_A_CUT.iter().map(|bytes| (bytes.to_vec(), Start::BehindACut));
    of(ROWS, cut.chain(packed))
}

/// The needles of some encodings, and others.
pub fn of(rows: &'static [Row], others: impl IntoIterator<Item = (Vec<u8>, Start)>) -> Vec<Needle> {
    let keys = rows
        .iter()
        .enumerate()
        .flat_map(|(number, row)| starts(row, number))
        .map(|(bytes, start)| (bytes, Start::Key(start)));
    let mut needles: Vec<Needle> = Vec::new();
    for (bytes, start) in keys.chain(others) {
        match needles.iter_mut().find(|needle| needle.bytes == bytes) {
            Some(needle) => needle.starts.push(start),
            None => needles.push(Needle { bytes, starts: vec![start] }),
        }
    }
    needles
}

/// The needles of a row.
fn starts(row: &'static Row, number: usize) -> Vec<(Vec<u8>, KeyStart)> {
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
                let start = KeyStart { row, number, kinds: kinds.clone(), skip, offset: piece.offset };
                starts.push((form[skip..skip + len].to_vec(), start));
            }
        }
    }
    starts
}

/// The key of each chain that was read last, and whether it was one. A key that a chain has several needles for would be
/// read at each of them.
#[derive(Debug, Default)]
pub struct Tried {
    last: Vec<Option<(ReadingOf, bool)>>,
}

impl Tried {
    /// What `read` finds of the key whose first character is read like `first`, offsets those of the haystack, if it is not
    /// the same as the last time: then `None` when that was no key, so that another chain may be tried, and `Some(None)` when it was,
    /// so that none is.
    pub fn once<T>(
        &mut self,
        start: &KeyStart,
        first: ReadingOf,
        read: impl FnOnce() -> Option<T>,
    ) -> Option<Option<T>> {
        if self.last.len() <= start.number {
            self.last.resize(start.number + 1, None);
        }
        let last = &mut self.last[start.number];
        match *last {
            Some((other, is_key)) if other == first => is_key.then_some(None),
            _ => {
                let found = read();
                *last = Some((first, found.is_some()));
                found.map(Some)
            }
        }
    }
}

impl KeyStart {
    /// The text that a needle at `at` of the window is in, and where in it the key begins. `None` when the bytes are not of
    /// this chain.
    pub fn open<'t>(&self, window: &'t [u8], at: usize, layers: &'t mut Layers) -> Option<(Text<'t>, usize)> {
        let place = |number: usize, at, skip| Place { at, kind: self.kinds[number], skip };
        let plain = &mut Text::new(window, &mut []);
        match self.row.chain {
            [] => Some((Text::new(window, &mut []), at.checked_sub(self.offset)?)),
            [only] => {
                let back = if self.is_behind_hopx() {
                    // Most false starts show it in the character before.
                    let (mut cursor, _) = (only.seek)(plain, place(0, at, self.skip), 1)?;
                    let before = (only.next)(plain, &mut cursor)?.byte();
                    matches!(before, b'_' | b'f' | b'F' | b';' | b'}').then_some(self.offset + ESCAPED)?
                } else {
                    self.offset
                };
                let (cursor, before) = (only.seek)(plain, place(0, at, self.skip), back)?;
                layers[0].open(only, cursor);
                let mut text = Text::new(window, &mut layers[..1]);
                let start = self.start(&mut text, before)?;
                Some((text, start))
            }
            [outer, inner, ..] => {
                let lead = LEAD + LONGEST_UNIT * self.offset;
                let (cursor, before) = (outer.seek)(plain, place(0, at, self.skip), lead)?;
                layers[0].open(outer, cursor);
                let below = &mut Text::new(window, &mut layers[..1]);
                let (cursor, before) = (inner.seek)(below, place(1, before, 0), self.offset)?;
                layers[1].open(inner, cursor);
                let mut text = Text::new(window, layers);
                let start = self.start(&mut text, before)?;
                Some((text, start))
            }
        }
    }

    /// Whether what the piece stands behind may hold an escape: the first letters are all of one kind.
    fn is_behind_hopx(&self) -> bool {
        self.offset > HOPX.len()
    }

    /// Where the key begins, when the piece begins at `piece` of the text.
    fn start(&self, text: &mut Text<'_>, piece: usize) -> Option<usize> {
        if self.is_behind_hopx() {
            memchr::memmem::rfind(text.ahead(0, piece), HOPX)
        } else {
            piece.checked_sub(self.offset)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needles_are_long_enough() {
        let needles = needles();
        // docs/design.md has the number.
        assert_eq!(needles.len(), 94);
        for needle in &needles {
            let least = if matches!(needle.starts[..], [Start::Packed(Packed::Zlib, _)]) { 3 } else { MIN_LEN };
            assert!(needle.bytes.len() >= least, "{:?} is short", String::from_utf8_lossy(&needle.bytes));
        }
    }
}
