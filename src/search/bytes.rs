//! The bytes of one blob or member, block by block: the detector over each, places counted, gzip streams followed.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::Range;

use crate::blob::{Block, Content, ReadError};
use crate::container::{Bounds, Budget, Exceeded};
use crate::detect::encoding::Packed;
use crate::detect::text::MAX_LEAD;
use crate::detect::{Detector, Found, Match};
use crate::lines::{Form, Lines, Position};
use crate::mark::{self, Mark};
use crate::search::packed::{Inside, Unpacker};
use crate::search::{Located, Outcome, Part};

/// Searches bytes that come block by block.
pub(super) struct Bytes<'b> {
    detector: &'b Detector,
    budget: &'b Budget,
    /// Whether the bytes come out of compressed data in base64, so that needles count against the budget.
    is_unpacked: bool,
    /// The length of the names that lead to the bytes, where they are those of a member.
    path: Option<u64>,
    form: Form,
    /// The offset behind the last key, which may reach into the next block, where it is met once more.
    taken: u64,
    keys: Vec<Key>,
    /// What follows streams, once one was met.
    unpacker: Option<Box<Unpacker<'b>>>,
    /// Whether it follows one that has not ended: what looks like another one in it is its own.
    is_open: bool,
    /// Streams that hold keys, and the one that is open, in the order they stand.
    streams: Vec<Span>,
    placeholders: u64,
    /// Where they begin, in a blob that is looked through twice.
    placeholders_at: BTreeSet<u64>,
    /// The bound that a stream met.
    exceeded: Option<Exceeded>,
    /// The first key and the first stream whose place has not been counted.
    unplaced: (usize, usize),
    /// Counted as the bytes pass, where they pass but once.
    lines: Option<Lines>,
    /// Where the last block ended.
    end: u64,
}

/// A key, and where its encoded form stands.
struct Key {
    found: Match,
    span: Where,
}

/// Where an encoded form stands.
enum Where {
    /// Here.
    At(Span),
    /// In a stream, by its number: the whole of it.
    In(usize),
}

/// Byte offsets in the blob, half open, and their places once they have been counted.
#[derive(Clone, Debug, Default)]
struct Span {
    range: Range<u64>,
    start: Option<Position>,
    end: Option<Position>,
    /// What vouches for keys there.
    marks: Vec<Mark>,
}

impl Span {
    fn new(range: Range<u64>) -> Span {
        Span { range, start: None, end: None, marks: Vec::new() }
    }
}

impl<'b> Bytes<'b> {
    /// A search of bytes that pass once, or can be read again to count lines.
    pub fn new(detector: &'b Detector, budget: &'b Budget, passes_once: bool) -> Bytes<'b> {
        Bytes {
            detector,
            budget,
            is_unpacked: false,
            path: None,
            form: Form::Utf8,
            taken: 0,
            keys: Vec::new(),
            unpacker: None,
            is_open: false,
            streams: Vec::new(),
            placeholders: 0,
            placeholders_at: BTreeSet::new(),
            exceeded: None,
            unplaced: (0, 0),
            lines: passes_once.then(Lines::default),
            end: 0,
        }
    }

    /// The same, of the bytes that `members` lead to: keys in members count against the budget.
    pub fn within(self, members: &[Vec<u8>]) -> Bytes<'b> {
        let path = (!members.is_empty()).then(|| members.iter().map(|name| name.len() as u64).sum());
        Bytes { path, ..self }
    }

    /// A search of what comes out of compressed data in base64.
    pub fn of_unpacked(detector: &'b Detector, budget: &'b Budget) -> Bytes<'b> {
        Bytes { is_unpacked: true, ..Bytes::new(detector, budget, false) }
    }

    /// Searches the next block.
    pub fn block(&mut self, block: &Block<'_>) {
        if block.base == 0 && block.owned.start == 0 {
            self.form = Form::of(block.bytes);
        }
        self.follow(block, block.owned.start);
        let mut found = self.raw(block);
        if let Form::Utf16(unit, name) = self.form {
            self.utf16(block, unit, name, &mut found);
        }
        found.sort_by_key(|key| match &key.span {
            Where::At(span) => span.range.start,
            Where::In(_) => 0,
        });
        self.keys.extend(found);
        self.end = block.base + block.owned.end as u64;
        if let Some(mut lines) = self.lines.take() {
            self.count(&mut lines, block);
            lines.pass(block);
            self.lines = Some(lines);
        }
    }

    /// Whether the next needle is looked at: in what came out of compressed data in base64, as long as the budget lasts.
    fn goes_on<'c>(&self, exceeded: &'c Cell<Option<Exceeded>>) -> impl FnMut() -> bool + use<'b, 'c> {
        let (budget, is_unpacked) = (self.budget, self.is_unpacked);
        move || {
            let charged = if is_unpacked { budget.charge_text(Bounds::TEXT_NEEDLE) } else { Ok(()) };
            charged.map_err(|bound| exceeded.set(Some(bound))).is_ok()
        }
    }

    /// Counts a key that was found.
    fn counted(&self) -> Result<(), Exceeded> {
        self.path.map_or(Ok(()), |path| self.budget.found(path))
    }

    /// What the detector finds in the bytes as they are.
    fn raw(&mut self, block: &Block<'_>) -> Vec<Key> {
        let mut keys = Vec::new();
        let exceeded = Cell::new(None);
        for found in self.detector.keys_while(block.bytes, block.owned.clone(), self.goes_on(&exceeded)) {
            let range = block.base + found.range().start as u64..block.base + found.range().end as u64;
            match found {
                Found::Key(_) | Found::Placeholder(_) if range.end <= self.taken => {}
                Found::Key(found) => {
                    self.taken = range.end;
                    if let Err(bound) = self.counted() {
                        exceeded.set(Some(bound));
                        break;
                    }
                    keys.push(Key { found, span: Where::At(Span::new(range)) });
                }
                Found::Placeholder(_) => {
                    self.taken = range.end;
                    self.placeholders += 1;
                    if let Form::Utf16(..) = self.form {
                        self.placeholders_at.insert(range.start);
                    }
                }
                Found::Packed { range: needle, packed, layers } => self.meet(block, needle.start, packed, layers),
            }
        }
        self.exceeded = self.exceeded.or(exceeded.get());
        keys
    }

    /// What there is in the text of a blob that is UTF-16 as a whole, beside what was found in its bytes.
    fn utf16(&mut self, block: &Block<'_>, unit: fn([u8; 2]) -> u16, name: &'static str, keys: &mut Vec<Key>) {
        let (units, _) = block.bytes.as_chunks::<2>();
        let text: Vec<u8> =
            units.iter().map(|&bytes| u8::try_from(unit(bytes)).ok().filter(u8::is_ascii).unwrap_or(0xff)).collect();
        let owned = block.owned.start / 2..block.owned.end.div_ceil(2).min(text.len());
        // A key begins a little before its needle, and so may overlap one of the block before.
        let near = (block.base + block.owned.start as u64).saturating_sub(2 * MAX_LEAD as u64);
        let spans = keys.iter().chain(&self.keys).filter_map(|key| match &key.span {
            Where::At(span) if span.range.end > near => Some(span.range.clone()),
            Where::At(_) | Where::In(_) => None,
        });
        let mut known: Vec<Range<u64>> = spans.collect();
        known.sort_by_key(|range| range.start);
        let exceeded = Cell::new(None);
        for found in self.detector.keys_while(&text, owned, self.goes_on(&exceeded)) {
            let range = block.base + 2 * found.range().start as u64..block.base + 2 * found.range().end as u64;
            let mut found = match found {
                Found::Key(found) => found,
                Found::Placeholder(_) if !self.placeholders_at.contains(&range.start) => {
                    self.placeholders += 1;
                    continue;
                }
                Found::Placeholder(_) | Found::Packed { .. } => continue,
            };
            found.range = found.range.start * 2..found.range.end * 2;
            // The first known one that ends behind the start of this one.
            let next = known.partition_point(|other| other.end <= range.start);
            if known.get(next).is_none_or(|other| range.end <= other.start) {
                if let Err(bound) = self.counted() {
                    exceeded.set(Some(bound));
                    break;
                }
                found.encodings.insert(0, name);
                keys.push(Key { found, span: Where::At(Span::new(range)) });
            }
        }
        self.exceeded = self.exceeded.or(exceeded.get());
    }

    /// What may be a stream that begins at `at` of the block.
    fn meet(&mut self, block: &Block<'_>, at: usize, packed: Packed, layers: usize) {
        let offset = block.base + at as u64;
        // They stand one behind the other, and one that is open goes on.
        if self.streams.last().is_some_and(|span| span.range.contains(&offset)) {
            return;
        }
        let (detector, budget) = (self.detector, self.budget);
        let unpacker = self.unpacker.get_or_insert_with(|| Box::new(Unpacker::new(detector, budget)));
        if unpacker.start(packed, layers) {
            self.streams.push(Span::new(offset..u64::MAX));
            self.is_open = true;
            self.follow(block, at);
        }
    }

    /// Hands the bytes from `from` on to the stream that is open.
    fn follow(&mut self, block: &Block<'_>, from: usize) {
        if let Some(unpacker) = self.unpacker.as_mut().filter(|_| self.is_open)
            && let Some(end) = unpacker.feed(block.bytes, from..block.owned.end)
        {
            self.end_stream(block.base + end as u64);
        }
    }

    /// The stream that was met last ends at `end`; it is forgotten when it holds no key.
    fn end_stream(&mut self, end: u64) {
        self.is_open = false;
        let Some(Inside { keys, placeholders, exceeded }) = self.unpacker.as_mut().map(|unpacker| unpacker.finish())
        else {
            return;
        };
        self.placeholders += placeholders;
        self.exceeded = self.exceeded.or(exceeded);
        if keys.is_empty() {
            self.streams.pop();
        } else if let Some(span) = self.streams.last_mut() {
            span.range.end = end;
            let number = self.streams.len() - 1;
            for found in keys {
                if let Err(bound) = self.counted() {
                    self.exceeded = self.exceeded.or(Some(bound));
                    break;
                }
                self.keys.push(Key { found, span: Where::In(number) });
            }
        }
    }

    /// The keys, and how many placeholders there were, where the places are of no interest; and the bound that was met.
    pub fn into_parts(self) -> (Vec<Match>, u64, Option<Exceeded>) {
        (self.keys.into_iter().map(|key| key.found).collect(), self.placeholders, self.exceeded)
    }

    /// The end of the bytes.
    pub fn finish(&mut self) {
        if self.is_open {
            self.end_stream(self.end);
        }
    }

    /// Counts the lines and columns of what begins in a block and was not counted before, and looks at what stands beside
    /// it: the block that owns its beginning has enough around it for both.
    fn count(&mut self, lines: &mut Lines, block: &Block<'_>) {
        let end = block.base + block.bytes.len() as u64;
        let owned_end = block.base + block.owned.end as u64;
        let (first_key, first_stream) = self.unplaced;
        let of_keys = self.keys[first_key..].iter_mut().filter_map(|key| match &mut key.span {
            Where::At(span) => Some(span),
            Where::In(_) => None,
        });
        // A key begins a little before its needle, and so before some that were found before it.
        let of_keys = of_keys.take_while(|span| span.range.start <= end + MAX_LEAD as u64);
        let of_streams = self.streams[first_stream..].iter_mut().take_while(|span| span.range.start <= end);
        let mut wanted: Vec<(u64, &mut Option<Position>)> = Vec::new();
        for Span { range, start, end: last, marks } in of_keys.chain(of_streams) {
            if range.start >= owned_end {
                continue;
            }
            if start.is_none() {
                *marks = mark::near(block, self.form, range);
            }
            wanted.push((range.start, start));
            wanted.push((range.end, last));
        }
        wanted.retain(|(offset, place)| place.is_none() && *offset <= end);
        wanted.sort_by_key(|(offset, _)| *offset);
        for (offset, place) in wanted {
            *place = Some(lines.position(block, offset));
        }
        let is_placed = |key: &Key| match &key.span {
            Where::At(span) => span.end.is_some(),
            Where::In(_) => true,
        };
        let keys = self.keys[first_key..].iter().take_while(|key| is_placed(key)).count();
        let streams = self.streams[first_stream..].iter().take_while(|span| span.end.is_some()).count();
        self.unplaced = (first_key + keys, first_stream + streams);
    }

    /// Counts lines and columns in a second pass, which bytes without a key are spared.
    ///
    /// # Errors
    ///
    /// When the bytes can't be read to their end.
    pub fn place(&mut self, content: &mut Content<'_>) -> Result<(), ReadError> {
        if self.keys.is_empty() {
            return Ok(());
        }
        let mut lines = Lines::default();
        content.blocks(|block| {
            self.count(&mut lines, block);
            lines.pass(block);
        })?;
        Ok(())
    }

    /// Adds what was found to an outcome.
    pub fn report(self, members: &[Vec<u8>], part: Part, outcome: &mut Outcome) {
        outcome.placeholders += self.placeholders;
        if let Some(exceeded) = self.exceeded {
            let (kind, message) = self.budget.problem(exceeded);
            outcome.problem(self.budget, kind, message);
        }
        for Key { found, span } in self.keys {
            let Span { range, start, end, marks } = match span {
                Where::At(span) => span,
                Where::In(number) => self.streams[number].clone(),
            };
            let mark = mark::for_key(marks, found.key.id);
            outcome.keys.push(Located {
                found,
                members: members.to_vec(),
                kind: part,
                mark,
                start: start.unwrap_or(Position::unplaced(range.start)),
                end: end.unwrap_or(Position::unplaced(range.end)),
            });
        }
    }
}
