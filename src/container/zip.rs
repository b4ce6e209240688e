//! ZIP (APPNOTE 6.3.10, <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>), and what is made of it.
//!
//! Readers of ZIP disagree about archives that are made to be read in two ways: by the directory at the end, or by the
//! local headers as they come; with a stub before the archive or without. A key may be where one of them looks. So an
//! archive at hand is read by its directory, and besides that every local header is, wherever the directory leaves room
//! for one: between members, before and after them, in extra fields and comments, and in data that is not what its
//! headers claim. An archive that comes as a stream is held in memory and read the same way; one that is too large for
//! that is read by its local headers.

mod content;
mod directory;
mod hidden;
mod lent;
mod record;
mod stream;
mod tally;
mod walk;
mod window;

use std::io::{self, Read};

use super::{Budget, Held, Input, Members};
use crate::read::interrupt;
use content::Reading;
use lent::Lent;
use window::{Source, Window};

/// Lends the members of a ZIP file.
pub(super) fn open(input: Input<'_>, budget: &Budget, members: &mut dyn Members) {
    match input {
        Input::At(archive) => {
            let _ = with_memory(budget, members, |reading| walk::walk(archive, reading));
        }
        Input::Stream(stream) => self::stream(&mut Outer::new(stream, budget), budget, members),
    }
}

/// Reads an archive with the memory that this takes, and tells what could not be read. Whether there was memory.
fn with_memory<'r>(budget: &'r Budget, members: &'r mut dyn Members, read: impl FnOnce(&mut Reading<'r>)) -> bool {
    // A bound that was met before was told by whoever met it.
    if budget.is_spent() {
        return false;
    }
    match budget.reserve(Reading::MEMORY) {
        Ok(_memory) => {
            let mut reading = Reading::new(budget, members);
            read(&mut reading);
            let Reading { tally, members, .. } = reading;
            tally.tell(budget, members);
            true
        }
        Err(exceeded) => {
            let (kind, message) = budget.problem(exceeded);
            members.problem(kind, message);
            false
        }
    }
}

/// A stream whose bytes count as read of the outer file, if it is that and nothing in it.
struct Outer<'a> {
    stream: &'a mut dyn Read,
    counted: Option<&'a Budget>,
}

impl<'a> Outer<'a> {
    /// What is read of `stream` counts where `budget` has one container open.
    fn new(stream: &'a mut dyn Read, budget: &'a Budget) -> Outer<'a> {
        Outer { stream, counted: (budget.depth() <= 1).then_some(budget) }
    }
}

impl Read for Outer<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(out)?;
        if let Some(budget) = self.counted {
            budget.read(read as u64);
        }
        Ok(read)
    }
}

fn stream(stream: &mut dyn Read, budget: &Budget, members: &mut dyn Members) {
    let held = Held::read(stream, budget);
    if held.is_whole {
        let is_read = with_memory(budget, members, |reading| {
            reading.lent = Some(Lent::new(budget));
            walk::walk(&held.bytes.as_slice(), reading);
            if let Some(lent) = reading.lent.take() {
                lent.pass_rest(&held.bytes, reading.members);
            }
        });
        if !is_read && !held.bytes.is_empty() {
            members.own(&held.bytes);
        }
    } else if !with_memory(budget, members, |reading| stream::walk(&held.bytes, stream, reading)) {
        pass_all(&held.bytes, stream, members);
    }
}

/// Passes all of a stream as the archive's own bytes.
fn pass_all(held: &[u8], stream: &mut dyn Read, members: &mut dyn Members) {
    let mut window = Window::new(Source::Stream { held, rest: stream });
    while !interrupt::requested() {
        let bytes = window.peek(1);
        if bytes.is_empty() {
            return;
        }
        members.own(bytes);
        let count = bytes.len();
        window.consume(count);
    }
}

#[cfg(test)]
mod damage;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
