//! What one outer file may cost, all that is nested in it included.

use std::cell::{Cell, RefCell};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::coverage::size;
use crate::error::ProblemKind;

/// Who takes much memory: one thread at a time, so that what all take together does not grow with their number. A thread
/// that holds it waits for nothing.
static HEAVY: Mutex<()> = Mutex::new(());

/// How much is opened of what one outer file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How many times as many bytes may come out as were read, once more than [`Bounds::FREE`] bytes have come out.
    pub expansion: u64,
    /// Bytes that may come out of decompressors in all.
    pub total: u64,
    /// Members in all.
    pub members: u64,
    /// How deep containers may be nested: 1 is a container in no other.
    pub depth: u32,
}

impl Bounds {
    /// Bytes that may come out of one outer file before [`Bounds::expansion`] counts.
    pub const FREE: u64 = 64 << 20;
    /// Bytes that may come out of compressed data in base64, beside [`Bounds::TEXT_TIMES`] the size of the outer file. It may
    /// be many streams, and each is searched: so a small text can't cost much.
    pub const TEXT: u64 = 16 << 20;
    /// How many times the size of the outer file may come out of compressed data in base64, beside [`Bounds::TEXT`].
    pub const TEXT_TIMES: u64 = 16;
    /// How many of these bytes a needle among them counts for: to look at one costs about as much as to unpack and search
    /// so many.
    pub const TEXT_NEEDLE: u64 = 2 << 10;
    /// What the keys found in the members of one outer file may count for, in bytes, beside [`Bounds::FOUND_TIMES`] its size:
    /// a small file of the same key over and over would make a report of any size.
    pub const FOUND: u64 = 16 << 20;
    /// How many times the size of the outer file they may count for, beside [`Bounds::FOUND`].
    pub const FOUND_TIMES: u64 = 16;
    /// How many of these bytes each counts for, beside those of the names that lead to it: about what a finding takes in
    /// memory.
    pub const FOUND_EACH: u64 = 1 << 10;
    /// How many bytes that came out each member counts for in [`Bounds::expansion`], beside its own: members without content,
    /// nested in each other, would take what time they like. To look at one takes about as long as to unpack and search
    /// twice as many.
    pub const MEMBER: u64 = 1 << 10;
    /// Bytes of memory that the buffers and dictionaries of one outer file may take together.
    pub const MEMORY: u64 = 160 << 20;
    /// Bytes of memory that each thread may take for a file while another one takes more.
    pub const LIGHT: u64 = 10 << 20;
    /// The largest archive that is held in memory because it is nested or piped, in bytes.
    pub const HELD: u64 = 64 << 20;
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { expansion: 200, total: 4 << 30, members: 1_000_000, depth: 8 }
    }
}

/// A bound that was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exceeded {
    /// [`Bounds::expansion`].
    Expansion,
    /// [`Bounds::total`].
    Total,
    /// [`Bounds::members`].
    Members,
    /// [`Bounds::depth`].
    Depth,
    /// [`Bounds::MEMORY`].
    Memory,
    /// [`Bounds::TEXT`] and [`Bounds::TEXT_TIMES`].
    Text,
    /// [`Bounds::FOUND`] and [`Bounds::FOUND_TIMES`].
    Found,
}

/// What is left of the bounds for one outer file. Shared by all that is opened of it, in one thread.
#[derive(Debug)]
pub struct Budget {
    bounds: Bounds,
    /// Bytes of the outer file that were read, or its size.
    read: Cell<u64>,
    /// Bytes that came out of decompressors.
    unpacked: Cell<u64>,
    /// Those of them that came out of base64.
    of_text: Cell<u64>,
    /// What the keys that were found in members count for.
    found: Cell<u64>,
    members: Cell<u64>,
    depth: Cell<u32>,
    memory: Cell<u64>,
    /// Held while this takes more than [`Bounds::LIGHT`].
    heavy: RefCell<Option<MutexGuard<'static, ()>>>,
    /// The bound that ended it all.
    spent: Cell<Option<Exceeded>>,
}

impl Budget {
    /// All of the bounds.
    pub fn new(bounds: Bounds) -> Budget {
        Budget {
            bounds,
            read: Cell::new(0),
            unpacked: Cell::new(0),
            of_text: Cell::new(0),
            found: Cell::new(0),
            members: Cell::new(0),
            depth: Cell::new(0),
            memory: Cell::new(0),
            heavy: RefCell::new(None),
            spent: Cell::new(None),
        }
    }

    /// Notes that `bytes` more bytes of the outer file itself were read.
    pub fn read(&self, bytes: u64) {
        self.read.set(self.read.get() + bytes);
    }

    /// How many containers are open, each in the one before.
    pub fn depth(&self) -> u32 {
        self.depth.get()
    }

    /// Whether a bound was met that ends the opening of anything more.
    pub fn is_spent(&self) -> bool {
        self.spent.get().is_some()
    }

    /// The bound that ends the opening of anything more, in the words of [`Budget::problem`].
    pub fn spent_words(&self) -> Option<String> {
        self.spent.get().map(|exceeded| self.problem(exceeded).1)
    }

    /// Counts a key in a member, to which names of `path` bytes in all lead.
    ///
    /// # Errors
    ///
    /// [`Exceeded::Found`]: the key is not to be kept, and nothing more is opened.
    pub fn found(&self, path: u64) -> Result<(), Exceeded> {
        let found = self.found.get() + Bounds::FOUND_EACH + path;
        let most = Bounds::FOUND.saturating_add(Bounds::FOUND_TIMES.saturating_mul(self.read.get()));
        if found > most {
            return self.spend(Exceeded::Found);
        }
        self.found.set(found);
        Ok(())
    }

    /// Counts `bytes` that came out of a decompressor.
    ///
    /// # Errors
    ///
    /// The bound that this exceeds, or that was exceeded before.
    pub fn unpack(&self, bytes: u64) -> Result<(), Exceeded> {
        self.check()?;
        let unpacked = self.unpacked.get() + bytes;
        self.unpacked.set(unpacked);
        if unpacked > self.bounds.total {
            return self.spend(Exceeded::Total);
        }
        self.check_expansion()
    }

    fn check_expansion(&self) -> Result<(), Exceeded> {
        let out = self.unpacked.get().saturating_add(self.members.get().saturating_mul(Bounds::MEMBER));
        if out > Bounds::FREE && out / self.bounds.expansion.max(1) >= self.read.get().max(1) {
            return self.spend(Exceeded::Expansion);
        }
        Ok(())
    }

    /// Counts a member.
    ///
    /// # Errors
    ///
    /// The bound that this exceeds, or that was exceeded before.
    pub fn member(&self) -> Result<(), Exceeded> {
        self.check()?;
        self.members.set(self.members.get() + 1);
        if self.members.get() > self.bounds.members {
            return self.spend(Exceeded::Members);
        }
        self.check_expansion()
    }

    /// Enters a container, until the guard is dropped.
    ///
    /// # Errors
    ///
    /// [`Exceeded::Depth`], which ends nothing else, or the bound that was exceeded before.
    pub fn enter(&self) -> Result<Entered<'_>, Exceeded> {
        self.check()?;
        if self.depth.get() >= self.bounds.depth {
            return Err(Exceeded::Depth);
        }
        self.depth.set(self.depth.get() + 1);
        Ok(Entered(self))
    }

    /// Enters compressed data in base64, until the guard is dropped.
    ///
    /// # Errors
    ///
    /// [`Exceeded::Depth`] and [`Exceeded::Text`], which end nothing else, or the bound that was exceeded before.
    pub fn enter_text(&self) -> Result<Entered<'_>, Exceeded> {
        self.unpack_text(0)?;
        self.enter()
    }

    /// Counts `bytes` that came out of compressed data in base64.
    ///
    /// # Errors
    ///
    /// [`Exceeded::Text`], which ends nothing else, or another bound that this exceeds or that was exceeded before.
    pub fn unpack_text(&self, bytes: u64) -> Result<(), Exceeded> {
        self.unpack(bytes)?;
        self.charge_text(bytes)
    }

    /// Counts work on what came out of compressed data in base64 as if it were `bytes` of it.
    ///
    /// # Errors
    ///
    /// [`Exceeded::Text`], which ends nothing else.
    pub fn charge_text(&self, bytes: u64) -> Result<(), Exceeded> {
        let unpacked = self.of_text.get().saturating_add(bytes);
        self.of_text.set(unpacked);
        let most = Bounds::TEXT + Bounds::TEXT_TIMES * self.read.get();
        if unpacked > most { Err(Exceeded::Text) } else { Ok(()) }
    }

    /// Takes `bytes` of memory, until the guard is dropped. Waits while another thread's file takes much.
    ///
    /// # Errors
    ///
    /// [`Exceeded::Memory`], which ends nothing else.
    pub fn reserve(&self, bytes: u64) -> Result<Reserved<'_>, Exceeded> {
        let memory = self.memory.get().saturating_add(bytes);
        if memory > Bounds::MEMORY {
            return Err(Exceeded::Memory);
        }
        if memory > Bounds::LIGHT {
            self.heavy.borrow_mut().get_or_insert_with(|| HEAVY.lock().unwrap_or_else(PoisonError::into_inner));
        }
        self.memory.set(memory);
        Ok(Reserved { budget: self, bytes })
    }

    /// Bytes of memory that can still be reserved.
    pub fn memory_left(&self) -> u64 {
        Bounds::MEMORY - self.memory.get()
    }

    /// What kind of problem a bound is, and its message: the bound, and how to raise it.
    pub fn problem(&self, exceeded: Exceeded) -> (ProblemKind, String) {
        let Bounds { expansion, total, members, depth } = self.bounds;
        match exceeded {
            Exceeded::Expansion => (
                ProblemKind::TooLarge,
                format!(
                    "more than {expansion} times its size comes out of it; if it is no bomb, raise --max-expansion, \
                     or unpack it and scan what comes out"
                ),
            ),
            Exceeded::Total => (
                ProblemKind::TooLarge,
                format!(
                    "more than {} come out of it; raise --max-unpacked, or unpack it and scan what comes out",
                    size(total)
                ),
            ),
            Exceeded::Members => (
                ProblemKind::TooMany,
                format!(
                    "it has more than {members} members; raise --max-members, or unpack it and scan what comes out"
                ),
            ),
            Exceeded::Depth => (
                ProblemKind::TooDeep,
                format!(
                    "a container is nested more than {depth} deep; raise --max-depth, or unpack it and scan what comes out"
                ),
            ),
            Exceeded::Text => (
                ProblemKind::TooLarge,
                format!(
                    "more than {} and {} times its size comes out of compressed data in base64, each beginning of a key \
                     in it counted as {} more; decode it and scan what comes out",
                    size(Bounds::TEXT),
                    Bounds::TEXT_TIMES,
                    size(Bounds::TEXT_NEEDLE)
                ),
            ),
            Exceeded::Found => (
                ProblemKind::TooMany,
                format!(
                    "too many keys are in it: with {} and the names of members for each, they take more than {} and {} \
                     times its size; not all are reported; unpack it and scan what comes out",
                    size(Bounds::FOUND_EACH),
                    size(Bounds::FOUND),
                    Bounds::FOUND_TIMES
                ),
            ),
            Exceeded::Memory => (
                ProblemKind::TooLarge,
                format!(
                    "it takes more than {} of memory to open; unpack it and scan what comes out",
                    size(Bounds::MEMORY)
                ),
            ),
        }
    }

    fn check(&self) -> Result<(), Exceeded> {
        self.spent.get().map_or(Ok(()), Err)
    }

    fn spend(&self, exceeded: Exceeded) -> Result<(), Exceeded> {
        self.spent.set(Some(exceeded));
        Err(exceeded)
    }
}

/// A container that is open.
#[derive(Debug)]
pub struct Entered<'b>(&'b Budget);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.depth.set(self.0.depth.get() - 1);
    }
}

/// Memory that is taken.
#[derive(Debug)]
pub struct Reserved<'b> {
    budget: &'b Budget,
    bytes: u64,
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        let memory = self.budget.memory.get() - self.bytes;
        self.budget.memory.set(memory);
        if memory <= Bounds::LIGHT {
            self.budget.heavy.borrow_mut().take();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn one_thread_at_a_time_takes_much_memory() {
        let (now, most) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let budget = Budget::new(Bounds::default());
                        let light = budget.reserve(Bounds::LIGHT).expect("room");
                        let heavy = budget.reserve(Bounds::MEMORY - Bounds::LIGHT).expect("room");
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        assert!(budget.reserve(1).is_err());
                        now.fetch_sub(1, Ordering::SeqCst);
                        drop(light);
                        drop(heavy);
                        assert_eq!(budget.memory_left(), Bounds::MEMORY);
                    }
                });
            }
        });
        assert_eq!(most.into_inner(), 1);
    }
}
