//! Where the bytes of a container come from: a range of what is at hand, or a stream, behind one buffer.

use std::io::{self, Read};
use std::ops::Range;

use super::{Budget, Input, Members, ReadAt};
use crate::error::{ProblemKind, describe};
use crate::key::KEY_LEN;
use crate::read::interrupt;

/// How much is read at a time, in bytes.
const BUFFER: usize = 64 << 10;
/// The most that is kept of the framing between the packed parts of one stream, in bytes.
const FRAMING_MAX: usize = 1 << 20;

/// Bytes that are looked at before they are taken. What is not taken stays, so that one reader can follow another.
pub(super) trait Bytes {
    /// The next bytes: at least `least` of them (no more than 4096), or all there are. Empty at the end only.
    ///
    /// # Errors
    ///
    /// Those of reading.
    fn peek(&mut self, least: usize) -> io::Result<&[u8]>;

    /// Takes `count` of the bytes that were last looked at.
    fn consume(&mut self, count: usize);

    /// Says that what is taken from now on is framing, which stands between packed parts and is packed in no way itself,
    /// or is not. A source that is a stream keeps it, since it can't be read again.
    fn framing(&mut self, is_framing: bool) {
        let _ = is_framing;
    }
}

/// The bytes of a container or of a part of it.
pub(super) struct Source<'a, 'b> {
    from: From<'a, 'b>,
    buffer: Vec<u8>,
    /// What of the buffer is not taken yet.
    ready: Range<usize>,
    /// How many bytes were taken.
    taken: u64,
    is_framing: bool,
    /// Framing of a stream.
    kept: Vec<u8>,
    /// Where in it the part begins that is being read.
    part: usize,
    has_lost_framing: bool,
    failure: Option<io::Error>,
}

enum From<'a, 'b> {
    At { at: &'a dyn ReadAt, left: Range<u64> },
    Stream { stream: &'a mut dyn Read, budget: Option<&'b Budget> },
}

impl<'a, 'b> Source<'a, 'b> {
    /// All of `input`. What is read of a stream counts as read of the outer file where `budget` has one container open.
    pub(super) fn new(input: Input<'a>, budget: &'b Budget) -> Source<'a, 'b> {
        match input {
            Input::At(at) => Source::at(at, 0..at.size()),
            Input::Stream(stream) => {
                Source::from(From::Stream { stream, budget: (budget.depth() <= 1).then_some(budget) })
            }
        }
    }

    /// The bytes `range` of what is at hand, half open; what lies past its end is left out.
    pub(super) fn at(at: &'a dyn ReadAt, range: Range<u64>) -> Source<'a, 'b> {
        Source::from(From::At { at, left: range })
    }

    fn from(from: From<'a, 'b>) -> Source<'a, 'b> {
        Source {
            from,
            buffer: vec![0; BUFFER],
            ready: 0..0,
            taken: 0,
            is_framing: false,
            kept: Vec::new(),
            part: 0,
            has_lost_framing: false,
            failure: None,
        }
    }

    /// How many bytes were taken so far.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Whether the bytes come from a stream and can't be read again.
    pub(super) fn is_stream(&self) -> bool {
        match self.from {
            From::At { .. } => false,
            From::Stream { .. } => true,
        }
    }

    /// The framing that was kept of a stream, in order, at most 1 MiB of it; it is forgotten here.
    pub(super) fn take_framing(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.kept)
    }

    /// Whether there was more framing than is kept.
    pub(super) fn has_lost_framing(&self) -> bool {
        self.has_lost_framing
    }

    /// Lends all that is left, as the container's own.
    pub(super) fn rest(&mut self, members: &mut dyn Members) {
        while let Ok(bytes @ [_, ..]) = self.peek(1) {
            if interrupt::requested() {
                return;
            }
            members.own(bytes);
            let count = bytes.len();
            self.consume(count);
        }
    }

    /// Whether it could not be read on; whoever it is read from tells why.
    pub(super) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// The problem that reading met, if it did. `None` for what stands in another container, which tells it itself.
    pub(super) fn problem(&self, budget: &Budget) -> Option<(ProblemKind, String)> {
        let cause = self.failure.as_ref().filter(|_| budget.depth() <= 1)?;
        let message = format!("{}; make it readable, or leave it out with --exclude", describe(cause));
        Some((ProblemKind::Unreadable, message))
    }

    /// Skips `count` bytes of what is at hand, without reading them. How many there were to skip.
    pub(super) fn skip_at(&mut self, count: u64) -> Option<u64> {
        let From::At { left, .. } = &mut self.from else { return None };
        let ready = count.min(self.ready.len() as u64);
        let skipped = ready + (count - ready).min(left.end.saturating_sub(left.start));
        left.start += skipped - ready;
        #[expect(clippy::cast_possible_truncation, reason = "no more than the buffer holds")]
        let ready = ready as usize;
        self.ready.start += ready;
        self.taken += skipped;
        Some(skipped)
    }

    /// Reads on into what room the buffer has. How many bytes.
    fn more(&mut self) -> io::Result<usize> {
        let room = &mut self.buffer[self.ready.end..];
        match &mut self.from {
            From::At { at, left } => {
                let wanted = usize::try_from(left.end.saturating_sub(left.start)).unwrap_or(usize::MAX).min(room.len());
                let read = at.read_at(left.start, &mut room[..wanted])?;
                left.start += read as u64;
                Ok(read)
            }
            From::Stream { stream, budget } => {
                // One `read` and not as much as there is room for, so that what comes slowly is looked at as it comes.
                let read = loop {
                    match stream.read(room) {
                        Err(error) if error.kind() == io::ErrorKind::Interrupted && !interrupt::requested() => {}
                        other => break other?,
                    }
                };
                if let Some(budget) = budget {
                    budget.read(read as u64);
                }
                Ok(read)
            }
        }
    }
}

impl Bytes for Source<'_, '_> {
    fn peek(&mut self, least: usize) -> io::Result<&[u8]> {
        while self.ready.len() < least {
            if let Some(failure) = &self.failure {
                return Err(again(failure));
            }
            if self.ready.is_empty() {
                self.ready = 0..0;
            } else if self.buffer.len() - self.ready.start < least {
                self.buffer.copy_within(self.ready.clone(), 0);
                self.ready = 0..self.ready.len();
            }
            match self.more() {
                Ok(0) => break,
                Ok(read) => self.ready.end += read,
                Err(error) => {
                    self.failure = Some(again(&error));
                    return Err(error);
                }
            }
        }
        Ok(&self.buffer[self.ready.clone()])
    }

    fn consume(&mut self, count: usize) {
        let count = count.min(self.ready.len());
        if self.is_framing && self.is_stream() {
            let room = FRAMING_MAX.saturating_sub(self.kept.len()).min(count);
            self.kept.extend_from_slice(&self.buffer[self.ready.start..][..room]);
            self.has_lost_framing |= room < count;
        }
        self.ready.start += count;
        self.taken += count as u64;
    }

    fn framing(&mut self, is_framing: bool) {
        if is_framing && !self.is_framing {
            self.part = self.kept.len();
        } else if !is_framing && self.kept.len() - self.part < KEY_LEN {
            // Too short for a key. Archives that are made of blocks have a few bytes before each.
            self.kept.truncate(self.part);
        }
        self.is_framing = is_framing;
    }
}

impl Read for Source<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let ready = self.peek(1)?;
        let count = ready.len().min(out.len());
        out[..count].copy_from_slice(&ready[..count]);
        self.consume(count);
        Ok(count)
    }
}

/// An error like `error`, which can't be cloned.
fn again(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}
