//! What a thread leaves behind for the end of the sweep.

use super::cause::{Cause, SweepProblem};
use super::memory::Buffer;
use crate::object::ObjectKind;

/// What is to be looked at when all threads are done.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Objects that could not be decoded, without what is deltified against them.
    pub failures: Vec<Failure>,
    /// Families that take more memory than there was.
    pub deferred: Vec<Deferred>,
    /// Objects that do not end where the next one begins: number of the pack, of the entry.
    pub misplaced: Vec<(u32, u32)>,
    /// Loose objects that could not be read, by their number.
    pub loose: Vec<(u32, Cause)>,
    /// Loose objects that take more memory than there was, by their number.
    pub late: Vec<u32>,
    /// What brought out a fault of the program.
    pub faults: Vec<SweepProblem>,
}

impl Outcome {
    /// Adds another thread's.
    pub fn add(&mut self, other: Outcome) {
        self.failures.extend(other.failures);
        self.deferred.extend(other.deferred);
        self.misplaced.extend(other.misplaced);
        self.loose.extend(other.loose);
        self.late.extend(other.late);
        self.faults.extend(other.faults);
    }
}

/// An object of a pack that could not be decoded, and with it all that is deltified against it.
#[derive(Debug)]
pub struct Failure {
    /// The pack's number.
    pub pack: u32,
    /// The entry's number.
    pub entry: u32,
    /// What was wrong.
    pub cause: Cause,
    /// Whether the object itself was visited nevertheless.
    pub is_visited: bool,
}

impl Failure {
    /// An object that was not visited.
    pub fn new(pack: u32, entry: u32, cause: Cause) -> Failure {
        Failure { pack, entry, cause, is_visited: false }
    }
}

/// A family that was put off: its objects need more memory than is given to one of several threads.
#[derive(Debug)]
pub struct Deferred {
    /// The pack's number.
    pub pack: u32,
    /// Its first entry.
    pub top: u32,
    /// What its objects are.
    pub kind: ObjectKind,
    /// Where it was left; empty when it was not begun.
    pub stack: Vec<Frame>,
}

/// An object whose children are being decoded.
#[derive(Debug)]
pub struct Frame {
    /// The entry's number.
    pub entry: u32,
    /// How many of its children have been decoded.
    pub done: usize,
    /// Its bytes, unless they were let go.
    pub buffer: Option<Buffer>,
}
