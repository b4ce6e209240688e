//! The memory that decoding may take, and the buffers it is given out in.
//!
//! A family of deltified objects is decoded in at most [`SMALL`] bytes by any thread at any time, and in at most
//! [`MEDIUM`] by those that hold a [`Permit`]; what needs more is put off until all else is done and then decoded alone.
//! Which family is put off depends on the sizes of its objects only, never on the number of threads or on their luck.

use std::sync::{Condvar, Mutex, PoisonError};

use super::inflate::SLACK;

/// What every thread may hold without asking, in bytes.
pub const SMALL: usize = 2 << 20;
/// What a thread with a permit may hold, in bytes.
pub const MEDIUM: usize = 24 << 20;
/// Beyond this many bytes, a family that is decoded alone lets go of what it can decode again.
pub const ALONE: usize = 96 << 20;
/// What all threads may hold together, in bytes, as long as there are not so many that their small shares are more.
const TOTAL: usize = 96 << 20;

/// The right to hold [`MEDIUM`] bytes, given to a few threads at a time.
#[derive(Debug)]
pub struct Permits {
    free: Mutex<usize>,
    returned: Condvar,
}

impl Permits {
    /// As many as there is memory for beside the small shares of `threads` threads, and one at least.
    pub fn new(threads: usize) -> Permits {
        let count = TOTAL.saturating_sub(threads.saturating_mul(SMALL)) / MEDIUM;
        Permits { free: Mutex::new(count.max(1)), returned: Condvar::new() }
    }

    /// Waits for a permit. Nobody may ask for a second one, so that whoever has one gives it back in the end.
    pub fn take(&self) -> Permit<'_> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.returned.wait_while(free, |free| *free == 0);
        *waited.unwrap_or_else(PoisonError::into_inner) -= 1;
        Permit { permits: self }
    }
}

/// The right to hold [`MEDIUM`] bytes, given back when it is dropped.
#[derive(Debug)]
pub struct Permit<'p> {
    permits: &'p Permits,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.permits.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.permits.returned.notify_one();
    }
}

/// Bytes of one object, with room behind them.
#[derive(Debug)]
pub struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    len: usize,
    phase: Phase,
}

/// Where in its page a buffer starts. What is copied from an object into one deltified against it mostly lies a few
/// bytes further on in the target than in the source; if both start at the same place in a page, some CPUs take each
/// load for one of the bytes just stored and wait (the measurement is in `benches/README.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// At the start of a page.
    Start,
    /// In the middle.
    Middle,
}

impl Phase {
    /// The one to copy to.
    pub fn other(self) -> Phase {
        match self {
            Phase::Start => Phase::Middle,
            Phase::Middle => Phase::Start,
        }
    }
}

const PAGE: usize = 4096;

impl Buffer {
    /// No bytes.
    pub fn empty() -> Buffer {
        Buffer { bytes: Vec::new(), start: 0, len: 0, phase: Phase::Start }
    }

    fn with_room_for(len: usize) -> Buffer {
        const LEAST: usize = 64 << 10;
        // An eighth more, so that objects which grow do not need a new buffer each.
        let len = (len + len / 8 + SLACK).max(LEAST) + PAGE;
        Buffer { bytes: vec![0; len], ..Buffer::empty() }
    }

    fn fits(&self, len: usize) -> bool {
        self.bytes.len() >= len + SLACK + PAGE
    }

    fn set(&mut self, len: usize, phase: Phase) {
        let in_page = match phase {
            Phase::Start => 0,
            Phase::Middle => PAGE / 2,
        };
        let to_page = self.bytes.as_ptr().align_offset(PAGE).min(PAGE);
        (self.start, self.len, self.phase) = ((to_page + in_page) % PAGE, len, phase);
    }

    /// The object's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..][..self.len]
    }

    /// The object's bytes and [`SLACK`] more.
    pub fn room(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..][..self.len + SLACK]
    }

    /// How many bytes the object has.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Where in its page it starts.
    pub fn phase(&self) -> Phase {
        self.phase
    }
}

/// Buffers to be used again, those of one thread.
#[derive(Debug, Default)]
pub struct Pool {
    free: Vec<Buffer>,
    size: usize,
}

impl Pool {
    /// Bytes of free buffers that are kept.
    const KEPT: usize = 8 << 20;

    /// A buffer of `len` bytes of any value.
    pub fn take(&mut self, len: usize, phase: Phase) -> Buffer {
        // The one that was used last is still in the CPU's cache.
        let fitting = self.free.iter().rposition(|buffer| buffer.fits(len));
        let mut buffer = match fitting {
            Some(index) => {
                let buffer = self.free.remove(index);
                self.size -= buffer.bytes.len();
                buffer
            }
            None => Buffer::with_room_for(len),
        };
        buffer.set(len, phase);
        buffer
    }

    /// Takes a buffer back.
    pub fn give(&mut self, buffer: Buffer) {
        self.size += buffer.bytes.len();
        self.free.push(buffer);
        self.trim(Pool::KEPT);
    }

    /// Frees buffers, those used least recently first, until at most `most` bytes are kept.
    pub fn trim(&mut self, most: usize) {
        while self.size > most && !self.free.is_empty() {
            self.size -= self.free.remove(0).bytes.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_start_where_their_phase_says_and_have_room() {
        let mut pool = Pool::default();
        let mut phase = Phase::Start;
        for len in [0, 1, 70_000, 5, 3 << 20, 60_000, 65_536] {
            phase = phase.other();
            let mut buffer = pool.take(len, phase);
            let in_page = if phase == Phase::Start { 0 } else { 2048 };
            assert_eq!((buffer.bytes().len(), buffer.bytes().as_ptr() as usize % 4096), (len, in_page));
            assert_eq!(buffer.room().len(), len + SLACK);
            pool.give(buffer);
        }
    }

    #[test]
    fn the_pool_keeps_a_bounded_number_of_bytes() {
        let mut pool = Pool::default();
        for _ in 0..10 {
            let buffers: Vec<_> = (0..10).map(|_| pool.take(3 << 20, Phase::Start)).collect();
            for buffer in buffers {
                pool.give(buffer);
            }
            let size: usize = pool.free.iter().map(|buffer| buffer.bytes.len()).sum();
            assert_eq!(size, pool.size);
            assert!(size <= Pool::KEPT);
        }
        pool.trim(0);
        assert_eq!((pool.free.len(), pool.size), (0, 0));
    }

    #[test]
    fn permits_come_back() {
        let permits = Permits::new(1000);
        drop(permits.take());
        drop(permits.take());
        assert_eq!(*permits.free.lock().expect("not poisoned"), 1);
        assert_eq!(*Permits::new(2).free.lock().expect("not poisoned"), 3);
    }
}
