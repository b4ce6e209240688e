//! The feeder: blocks of bytes that come piece by piece, be they read or pushed.

use crate::blob::Block;
use crate::detect::text::MAX_REACH;
use crate::read::Buffer;

/// Makes blocks of bytes that come piece by piece.
#[derive(Debug)]
pub struct Feeder {
    buffer: Buffer,
    /// Bytes in the buffer.
    filled: usize,
    /// Offset of the buffer's first byte in all that came.
    base: u64,
    /// Where in the buffer the next block's own bytes begin.
    owned_from: usize,
}

impl Feeder {
    /// What is carried from one block to the next: context for both.
    const CARRY: usize = 2 * MAX_REACH;

    /// A feeder of blocks of `window` bytes, which must be more than four times [`MAX_REACH`], context included.
    pub fn new(window: usize) -> Feeder {
        debug_assert!(window > 2 * Feeder::CARRY, "room for more than context");
        Feeder { buffer: Buffer::new(window), filled: 0, base: 0, owned_from: 0 }
    }

    /// Where the next bytes go. Never empty.
    pub fn space(&mut self) -> &mut [u8] {
        &mut self.buffer[self.filled..]
    }

    /// Takes the first `count` bytes of the space, and hands out a block when it is full or these are the last ones.
    pub fn add(&mut self, count: usize, is_last: bool, mut visit: impl FnMut(&Block<'_>)) {
        self.filled += count;
        if !is_last && self.filled < self.buffer.len() {
            return;
        }
        let owned_to = if is_last { self.filled } else { self.filled - MAX_REACH };
        let owned = self.owned_from..owned_to;
        visit(&Block { bytes: &self.buffer[..self.filled], base: self.base, owned });
        if is_last {
            self.owned_from = owned_to;
            return;
        }
        self.buffer.copy_within(self.filled - Feeder::CARRY..self.filled, 0);
        self.base += (self.filled - Feeder::CARRY) as u64;
        self.filled = Feeder::CARRY;
        self.owned_from = Feeder::CARRY - MAX_REACH;
    }

    /// Takes bytes, and hands out blocks as they get full.
    pub fn push(&mut self, mut bytes: &[u8], mut visit: impl FnMut(&Block<'_>)) {
        while !bytes.is_empty() {
            let space = self.space();
            let (now, later) = bytes.split_at(bytes.len().min(space.len()));
            space[..now.len()].copy_from_slice(now);
            self.add(now.len(), false, &mut visit);
            bytes = later;
        }
    }

    /// How many bytes belonged to the blocks that were handed out.
    pub fn handed_out(&self) -> u64 {
        self.base + self.owned_from as u64
    }
}
