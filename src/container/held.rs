//! The first bytes of what comes as a stream and is read at any offset: all of them, where there aren't too many.

use std::io::Read;

use crate::container::{Bounds, Budget, Reserved};
use crate::read::{fill, interrupt};

/// Bytes that are held.
#[derive(Debug)]
pub struct Held<'b> {
    /// From the stream's start on.
    pub bytes: Vec<u8>,
    /// Whether these are all.
    pub is_whole: bool,
    /// The memory that they take.
    pub memory: Vec<Reserved<'b>>,
}

impl<'b> Held<'b> {
    /// How much is read before more memory is asked for, in bytes, at first. It doubles.
    const STEP: usize = 64 << 10;

    /// Reads what `stream` has, up to [`Bounds::HELD`] bytes, and no more than there is memory for.
    pub fn read(stream: &mut dyn Read, budget: &'b Budget) -> Held<'b> {
        let most = usize::try_from(Bounds::HELD).unwrap_or(usize::MAX);
        let mut held = Held { bytes: Vec::new(), is_whole: false, memory: Vec::new() };
        while held.bytes.len() < most && !interrupt::requested() {
            let len = held.bytes.len();
            let step = len.max(Held::STEP).min(most - len);
            let Ok(memory) = budget.reserve(step as u64) else { return held };
            held.memory.push(memory);
            held.bytes.reserve_exact(step);
            held.bytes.resize(len + step, 0);
            let (read, result) = fill(stream, &mut held.bytes[len..]);
            held.bytes.truncate(len + read);
            if read < step || result.is_err() {
                held.is_whole = true;
                return held;
            }
        }
        let mut next = [0];
        let (read, _) = fill(stream, &mut next);
        held.bytes.extend_from_slice(&next[..read]);
        held.is_whole = read == 0;
        held
    }
}
