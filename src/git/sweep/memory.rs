//! The memory that decoding may take, and the buffers it is given out in.
//!
//! A family of deltified objects is decoded in at most [`SMALL`] bytes by any thread at any time, and in at most
//! [`MEDIUM`] by those that hold a [`Permit`]; what needs more is put off until all else is done and then decoded alone.
//! What is counted is what the buffers take, and that depends on the sizes of the objects in them only. So which family
//! is put off depends on these sizes, never on the number of threads or on their luck.

use std::sync::{Condvar, Mutex, PoisonError};

use gix_zlib::Inflate;

use super::cause::Cause;
use super::inflate::SLACK;
use crate::object::ObjectKind;

/// What every thread may hold without asking, in bytes.
pub const SMALL: usize = 2 << 20;
/// What a thread with a permit may hold, in bytes.
pub const MEDIUM: usize = 24 << 20;
/// Beyond this many bytes, a family that is decoded alone lets go of what it can decode again.
pub const ALONE: usize = 96 << 20;
/// What all threads may hold together, in bytes, as long as there are not so many that their small shares are more.
const TOTAL: usize = 96 << 20;

/// The most bytes of an object, or of a delta, that is held in memory out of a pack or a loose object's file of `len` bytes.
///
/// A blob, by which others are deltified or which is itself, may have 512 MiB: git's own default for
/// `core.bigFileThreshold`, above which it makes no deltas. A commit, a tag and a tree may have 64 MiB, in which a folder
/// has room for a million names. And no object may have more than 32 times what the whole file has, but 32 MiB always:
/// deflate makes a thousand bytes of one and deltas any number, so that a repository of a megabyte could take gigabytes.
pub fn most(kind: ObjectKind, len: u64) -> u64 {
    let most = match kind {
        ObjectKind::Blob => 512 << 20,
        ObjectKind::Commit | ObjectKind::Tag | ObjectKind::Tree => 64 << 20,
    };
    len.saturating_mul(32).clamp(32 << 20, most)
}

/// The size of an object of this kind as one in memory.
///
/// # Errors
///
/// [`Cause::TooLarge`] for more than [`most`].
pub fn whole(kind: ObjectKind, size: u64, len: u64) -> Result<usize, Cause> {
    let most = most(kind, len);
    usize::try_from(size).ok().filter(|_| size <= most).ok_or(Cause::TooLarge { size, most })
}

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

/// How much memory a family may take.
pub enum Mode<'p> {
    /// Others are decoded at the same time.
    Shared {
        /// Where to ask for more.
        permits: &'p Permits,
        /// Whether more was given.
        permit: Option<Permit<'p>>,
    },
    /// Nothing else is decoded. Bases can be let go and decoded again.
    Alone {
        /// Bytes decoded for the first time and again.
        fresh: u64,
        again: u64,
    },
}

impl Mode<'_> {
    /// Whether `size` bytes may be decoded again: in all 32 times what is decoded once, and 4 GiB. If so, they are
    /// counted.
    pub fn may_repeat(&mut self, size: usize) -> bool {
        match self {
            Mode::Shared { .. } => true,
            Mode::Alone { fresh, again } => {
                let sum = again.saturating_add(size as u64);
                let is_allowed = sum <= fresh.saturating_mul(32).saturating_add(4 << 30);
                if is_allowed {
                    *again = sum;
                }
                is_allowed
            }
        }
    }

    /// Counts what was decoded for the first time.
    pub fn decoded(&mut self, size: usize) {
        match self {
            Mode::Shared { .. } => {}
            Mode::Alone { fresh, .. } => *fresh += size as u64,
        }
    }
}

/// Bytes of one object, with room behind them.
#[derive(Debug)]
pub struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    len: usize,
}

/// Buffers start at a page border: a large block from glibc starts 16 bytes behind one, where some CPUs copy at a fifth of
/// their speed (`benches/README.md` has the measurement).
const PAGE: usize = 4096;

/// How many bytes a buffer for an object of `len` bytes takes: at most an eighth more than the object and its slack, or
/// 68 KiB. One of several sizes, so that objects which grow do not need a new buffer each, and so that no small object
/// sits in the buffer of a large one.
pub fn taken(len: usize) -> usize {
    const LEAST: usize = 64 << 10;
    let room = len.saturating_add(SLACK).max(LEAST);
    // Eight sizes from each power of two to the next one.
    let step = 1 << (room.ilog2() - 3);
    room.checked_next_multiple_of(step).unwrap_or(room).saturating_add(PAGE)
}

impl Buffer {
    /// No bytes.
    pub fn empty() -> Buffer {
        Buffer { bytes: Vec::new(), start: 0, len: 0 }
    }

    /// How many bytes it takes.
    pub fn taken(&self) -> usize {
        self.bytes.len()
    }

    fn set(&mut self, len: usize) {
        (self.start, self.len) = (self.bytes.as_ptr().align_offset(PAGE).min(PAGE), len);
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
}

/// Buffers to be used again, those of one thread.
#[derive(Debug)]
pub struct Pool {
    free: Vec<Buffer>,
    size: usize,
    /// The most bytes of free buffers.
    most: usize,
}

impl Default for Pool {
    fn default() -> Pool {
        Pool { free: Vec::new(), size: 0, most: SMALL }
    }
}

impl Pool {
    /// What a thread with a permit keeps in free buffers besides those in use, in bytes.
    pub const LARGE: usize = 8 << 20;

    /// A buffer of `len` bytes of any value.
    pub fn take(&mut self, len: usize) -> Buffer {
        // The one that was used last is still in the CPU's cache.
        let fitting = self.free.iter().rposition(|buffer| buffer.taken() == taken(len));
        let mut buffer = match fitting {
            Some(index) => {
                let buffer = self.free.remove(index);
                self.size -= buffer.taken();
                buffer
            }
            None => Buffer { bytes: vec![0; taken(len)], ..Buffer::empty() },
        };
        buffer.set(len);
        buffer
    }

    /// Takes a buffer back.
    pub fn give(&mut self, buffer: Buffer) {
        self.size += buffer.taken();
        self.free.push(buffer);
        self.trim();
    }

    /// Keeps at most `most` bytes of free buffers from now on.
    pub fn keep(&mut self, most: usize) {
        self.most = most;
        self.trim();
    }

    /// Frees buffers, those used least recently first, until no more are kept than may be.
    fn trim(&mut self) {
        while self.size > self.most && !self.free.is_empty() {
            self.size -= self.free.remove(0).taken();
        }
    }
}

/// What a thread decodes with.
#[derive(Default)]
pub struct Tools {
    /// The inflater, which is 14 KiB large.
    pub inflate: Inflate,
    /// Buffers that are free.
    pub pool: Pool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_start_at_a_page_border_and_have_room() {
        let mut pool = Pool::default();
        for len in [0, 1, 70_000, 5, 3 << 20, 60_000, 65_536] {
            let mut buffer = pool.take(len);
            assert_eq!((buffer.bytes().len(), buffer.bytes().as_ptr() as usize % PAGE), (len, 0));
            assert_eq!(buffer.room().len(), len + SLACK);
            pool.give(buffer);
        }
    }

    #[test]
    fn the_pool_keeps_a_bounded_number_of_bytes() {
        let mut pool = Pool::default();
        pool.keep(Pool::LARGE);
        for _ in 0..10 {
            let buffers: Vec<_> = (0..10).map(|_| pool.take(3 << 20)).collect();
            for buffer in buffers {
                pool.give(buffer);
            }
            let size: usize = pool.free.iter().map(Buffer::taken).sum();
            assert_eq!(size, pool.size);
            assert!((6 << 20..=Pool::LARGE).contains(&size));
        }
        pool.keep(0);
        assert_eq!((pool.free.len(), pool.size), (0, 0));
    }

    #[test]
    fn an_object_takes_what_its_size_says_and_no_more() {
        let mut pool = Pool::default();
        pool.keep(Pool::LARGE);
        let large = pool.take(6 << 20);
        pool.give(large);
        for len in [0, 100, 65_216, 65_217, 100_000, 1 << 20, (1 << 20) + 1, 5 << 20, 6 << 20] {
            let buffer = pool.take(len);
            assert_eq!(buffer.taken(), taken(len));
            let room = len + SLACK;
            assert!(taken(len) <= (room + room / 8 + PAGE).max(68 << 10), "{len} bytes take {}", taken(len));
            pool.give(buffer);
        }
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
