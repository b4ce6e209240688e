//! A window on the archive's bytes: buffered, counted, and movable where the archive is at hand.

use std::io::{self, Read};

use crate::container::ReadAt;
use crate::read;

/// Where the bytes come from.
pub enum Source<'a> {
    /// The archive is at hand.
    At(&'a dyn ReadAt),
    /// The archive is read in order: first what was read of it before, then the rest.
    Stream {
        /// The first bytes.
        held: &'a [u8],
        /// What follows them.
        rest: &'a mut dyn Read,
    },
}

/// Reads an archive from [`Window::position`] on.
pub struct Window<'a> {
    source: Source<'a>,
    buffer: Vec<u8>,
    /// The part of the buffer that holds bytes not yet consumed, half open.
    start: usize,
    end: usize,
    /// The offset in the archive of what is read into the buffer next, in bytes.
    next: u64,
    /// What the system said when a read failed. It counts as the archive's end.
    failed: Option<io::Error>,
}

impl<'a> Window<'a> {
    /// How many bytes are read at a time.
    pub const STEP: usize = 64 << 10;

    /// A window at the archive's start.
    pub fn new(source: Source<'a>) -> Window<'a> {
        Window { source, buffer: Vec::new(), start: 0, end: 0, next: 0, failed: None }
    }

    /// The offset of the next byte in the archive.
    pub fn position(&self) -> u64 {
        self.next - (self.end - self.start) as u64
    }

    /// Goes to `offset`, which of a stream is possible within the buffer alone. Nothing is read yet.
    pub fn seek(&mut self, offset: u64) {
        let first = self.next - self.end as u64;
        if (first..=self.next).contains(&offset) {
            self.start = usize::try_from(offset - first).unwrap_or(self.end);
        } else if matches!(self.source, Source::At(_)) {
            (self.start, self.end, self.next) = (0, 0, offset);
        }
    }

    /// The next `len` bytes or more, without consuming them; fewer only where the archive ends. `len` is a header's
    /// length: 192 KiB at most.
    pub fn peek(&mut self, len: usize) -> &[u8] {
        if self.end - self.start < len && self.failed.is_none() {
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                (self.start, self.end) = (0, self.end - self.start);
            }
            let room = len.max(Window::STEP);
            if self.buffer.len() < room {
                self.buffer.resize(room, 0);
            }
            while self.end < len {
                match self.source.read(self.next, &mut self.buffer[self.end..]) {
                    Ok(0) => break,
                    Ok(read) => {
                        self.end += read;
                        self.next += read as u64;
                    }
                    Err(error) => {
                        self.failed = Some(error);
                        break;
                    }
                }
            }
        }
        &self.buffer[self.start..self.end]
    }

    /// Goes on by `count` bytes, which were looked at.
    pub fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    /// Whether the archive's bytes ended with an error.
    pub fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// The error that the archive's bytes ended with, if one did.
    pub fn failure(&mut self) -> Option<io::Error> {
        self.failed.take()
    }
}

impl Source<'_> {
    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            // The system takes an offset of 2^63 and more, which an archive can claim, for an error.
            Source::At(input) if offset >= input.size() => Ok(0),
            Source::At(input) => input.read_at(offset, buffer),
            Source::Stream { held: [], rest } => {
                let (read, result) = read::fill(*rest, buffer);
                if read > 0 { Ok(read) } else { result.map(|()| 0) }
            }
            Source::Stream { held, .. } => held.read(buffer),
        }
    }
}
