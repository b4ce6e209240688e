//! Text that is decoded as far as it is looked at.
//!
//! A [`Text`] is the bytes around a needle, or what one or two encodings make of them: each is a [`Layer`] over the text
//! below. Nothing is decoded before somebody asks for it, so that a false start costs the few characters that show it.

use std::ops::Range;

use zeroize::Zeroize;

use crate::detect::encoding::Encoding;

/// The most bytes before a needle that are looked at.
pub const MAX_BEFORE: usize = 4 << 10;
/// The most bytes from a needle on that are looked at.
pub const MAX_AFTER: usize = 8 << 10;

/// The most bytes that a key begins before its needle.
pub const MAX_LEAD: usize = MAX_BEFORE;
/// The most bytes that judging one needle looks at on either side of it. Windows of a stream overlap by at least twice
/// this, so that a key is judged alike wherever a window ends.
pub const MAX_REACH: usize = 16 << 10;
const _: () = assert!(MAX_BEFORE + MAX_AFTER <= MAX_REACH, "what a needle needs is in its block");

/// Stands for a character outside ASCII in decoded text.
pub const OTHER: u8 = 0xff;

/// One decoded byte, and where its encoded form is in the text below. All in one number, which is returned in a register:
/// through memory that was a third of the time of decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit(u64);

const _: () = assert!(MAX_BEFORE + MAX_AFTER < 1 << Unit::OFFSET, "a window's length is an offset");

impl Unit {
    /// The bits of an offset, which is one in a window.
    const OFFSET: u32 = 28;

    /// A byte whose encoded form is at `range` of the text below.
    pub fn new(byte: u8, range: Range<usize>) -> Unit {
        Unit(u64::from(byte) << (2 * Unit::OFFSET) | (range.start as u64) << Unit::OFFSET | range.end as u64)
    }

    /// The byte; [`OTHER`] for a character outside ASCII.
    pub fn byte(self) -> u8 {
        (self.0 >> (2 * Unit::OFFSET)) as u8
    }

    /// Where its encoded form starts in the text below.
    pub fn start(self) -> usize {
        Unit::offset(self.0 >> Unit::OFFSET)
    }

    /// Where it ends, exclusive.
    pub fn end(self) -> usize {
        Unit::offset(self.0)
    }

    fn offset(number: u64) -> usize {
        (number & ((1 << Unit::OFFSET) - 1)) as usize
    }
}

/// Where an encoding reads on in the text below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The next byte to be read.
    pub pos: usize,
    /// base64: which byte of a group of three comes next, 0 to 2.
    pub phase: u8,
    /// base64: the digit that the last byte shares with the next one, and its offset.
    pub shared: Option<(u8, usize)>,
    /// base64: what each line begins with, as in a diff.
    pub margin: Option<u8>,
    /// base64: the key has been read, so that a line break between two groups ends the text.
    pub is_behind_key: bool,
}

impl Cursor {
    /// A cursor at this offset.
    pub fn at(pos: usize) -> Cursor {
        Cursor { pos, ..Cursor::default() }
    }
}

/// What an encoding makes of the text below.
#[derive(Debug)]
pub struct Layer {
    encoding: Option<&'static Encoding>,
    cursor: Cursor,
    bytes: Vec<u8>,
    /// Where in the text below each byte came from.
    units: Vec<Unit>,
    is_at_end: bool,
}

impl Layer {
    /// A layer that [`Layer::open`] has not been called for.
    pub const fn closed() -> Layer {
        let cursor = Cursor { pos: 0, phase: 0, shared: None, margin: None, is_behind_key: false };
        Layer { encoding: None, cursor, bytes: Vec::new(), units: Vec::new(), is_at_end: true }
    }

    /// Begins anew: what `encoding` reads from `cursor` on.
    pub fn open(&mut self, encoding: &'static Encoding, cursor: Cursor) {
        self.encoding = Some(encoding);
        self.cursor = cursor;
        self.bytes.clear();
        self.units.clear();
        self.is_at_end = false;
    }
}

/// How a byte of a text is read: two that are equal are read alike, and so is what follows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadingOf {
    /// Where its encoded form begins.
    pub pos: usize,
    /// The phase and the margin of each layer.
    layers: [(u8, Option<u8>); 2],
}

/// Bytes that are decoded as far as they are looked at.
#[derive(Debug)]
pub struct Text<'t> {
    window: &'t [u8],
    layers: &'t mut [Layer],
}

impl<'t> Text<'t> {
    /// The text of the topmost layer, each over the one before, the first over `window`.
    pub fn new(window: &'t [u8], layers: &'t mut [Layer]) -> Text<'t> {
        Text { window, layers }
    }

    /// How many layers there are.
    pub fn depth(&self) -> usize {
        self.layers.len()
    }

    /// The bytes below all layers.
    pub fn window(&self) -> &'t [u8] {
        self.window
    }

    /// The encoding of the topmost layer, and where it reads on.
    pub fn top(&self) -> Option<(&'static Encoding, Cursor)> {
        let layer = self.layers.last()?;
        Some((layer.encoding?, layer.cursor))
    }

    /// The text below the topmost layer.
    pub fn below(&mut self) -> Text<'_> {
        let below = self.layers.len().saturating_sub(1);
        Text { window: self.window, layers: &mut self.layers[..below] }
    }

    /// The byte at this offset; `None` behind the end.
    #[inline]
    pub fn byte(&mut self, at: usize) -> Option<u8> {
        match self.layers.last() {
            None => self.window.get(at).copied(),
            Some(layer) if at < layer.bytes.len() => Some(layer.bytes[at]),
            Some(_) => self.ahead(at, 1).first().copied(),
        }
    }

    /// At most `most` bytes from this offset on.
    #[inline]
    pub fn ahead(&mut self, at: usize, most: usize) -> &[u8] {
        let end = at.saturating_add(most);
        let bytes = match self.layers.split_last_mut() {
            None => self.window,
            Some((layer, below)) => {
                if layer.bytes.len() < end && !layer.is_at_end {
                    layer.fill(&mut Text { window: self.window, layers: below }, end);
                }
                &layer.bytes
            }
        };
        &bytes[at.min(bytes.len())..end.min(bytes.len())]
    }

    /// Where in the window the bytes `range` came from. The range must not be empty, and its bytes must have been read.
    pub fn span(&self, range: Range<usize>) -> Range<usize> {
        let mut range = range;
        for layer in self.layers.iter().rev() {
            // Reversed text runs from the end of the text below to its start.
            let (first, last) = (layer.units[range.start], layer.units[range.end - 1]);
            range = first.start().min(last.start())..first.end().max(last.end());
        }
        range
    }

    /// Where in the text below the byte at this offset, which must have been read, came from.
    pub fn origin(&self, at: usize) -> Option<usize> {
        self.layers.last()?.units.get(at).map(|unit| unit.start())
    }

    /// Where in the text below the bytes before this offset, which must have been read, end.
    pub fn origins_end(&self, at: usize) -> Option<usize> {
        self.layers.last()?.units.get(at.checked_sub(1)?).map(|unit| unit.end())
    }

    /// Says that all of a key has been read.
    pub fn end_key(&mut self) {
        if let Some(layer) = self.layers.last_mut() {
            layer.cursor.is_behind_key = true;
        }
    }

    /// The encoding of the topmost layer, and a cursor in the text below that reads the byte at this offset, which must
    /// have been read.
    pub fn cursor_at(&self, at: usize) -> Option<(&'static Encoding, Cursor)> {
        let layer = self.layers.last()?;
        Some((layer.encoding?, layer.cursor_at(at)?))
    }

    /// How the byte at this offset, which must have been read, is read: from where in the window, and in each layer with
    /// which phase and margin.
    pub fn reading_of(&self, at: usize) -> Option<ReadingOf> {
        let mut reading = ReadingOf { pos: at, layers: [(0, None); 2] };
        for (layer, how) in self.layers.iter().zip(&mut reading.layers).rev() {
            let cursor = layer.cursor_at(reading.pos)?;
            (reading.pos, *how) = (cursor.pos, (cursor.phase, cursor.margin));
        }
        Some(reading)
    }

    /// Overwrites what was decoded.
    pub fn wipe(&mut self) {
        for layer in &mut *self.layers {
            layer.bytes.zeroize();
            layer.units.iter_mut().for_each(|unit| unit.0.zeroize());
        }
    }
}

impl Layer {
    /// A cursor in the text below that reads the byte at this offset.
    fn cursor_at(&self, at: usize) -> Option<Cursor> {
        let pos = self.units.get(at)?.start();
        // Three bytes of base64 are a group.
        let phase = (usize::from(self.cursor.phase) + 2 * (self.bytes.len() - at)) % 3;
        Some(Cursor { phase: u8::try_from(phase).ok()?, margin: self.cursor.margin, ..Cursor::at(pos) })
    }

    /// Decodes until there are `len` bytes.
    fn fill(&mut self, below: &mut Text<'_>, len: usize) {
        let Some(encoding) = self.encoding else { return };
        while self.bytes.len() < len {
            let Some(unit) = (encoding.next)(below, &mut self.cursor) else {
                self.is_at_end = true;
                break;
            };
            self.bytes.push(unit.byte());
            self.units.push(unit);
        }
    }
}
