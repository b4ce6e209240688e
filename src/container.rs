//! Containers: files that hold other files, packed or not. Recognised by magic number, read without touching the disk.
//!
//! A container lends its members one by one, as streams, to a [`Members`]; what is in a member (a key, or another
//! container) is the business of [`search`](crate::search). Everything that an archive can claim is checked against
//! [`Bounds`], and what can't be read is a problem and never an end of the whole scan.

use std::io::{self, Read};
use std::ops::Range;

use crate::error::ProblemKind;
use crate::read::Mapped;

pub use bounds::{Bounds, Budget, Entered, Exceeded, Reserved};
pub use held::Held;
pub use magic::{HEAD, Packed, Recognised, Tail, Unopened, at_end, may_end_in_archive, payload, recognise};

mod bounds;
mod held;
mod input;
mod magic;
mod single;
mod tar;
mod told;
mod unpack;
mod zip;

/// Bytes that can be read at any offset.
pub trait ReadAt {
    /// How many bytes there are.
    fn size(&self) -> u64;

    /// Reads bytes from `offset` on into `buffer`. How many were read: 0 at the end, and fewer than asked for only there.
    ///
    /// # Errors
    ///
    /// Those of the system.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

impl ReadAt for &[u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.get(offset..)).unwrap_or_default();
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        Ok(read)
    }
}

impl ReadAt for Mapped {
    fn size(&self) -> u64 {
        self.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        Mapped::read_at(self, offset, buffer)
    }
}

/// The bytes of a container.
pub enum Input<'a> {
    /// All of them at hand, in memory or in a file.
    At(&'a dyn ReadAt),
    /// To be read once, in order.
    Stream(&'a mut dyn Read),
}

/// A member, as its container names it.
#[derive(Debug)]
pub struct Member<'a> {
    /// The name as it stands in the container, as bytes; `None` where it has none, as the content of most `.xz` files.
    pub name: Option<&'a [u8]>,
    /// Where the member stands in the container's own bytes as it is: its name, and its data when nothing packs it.
    /// Byte offsets, half open. What is found there is the member's.
    pub spans: &'a [Range<u64>],
}

/// Takes what a container lends.
pub trait Members {
    /// A member. The stream need not be read to its end; what was not read is skipped. An error of the stream is told
    /// by the container, as a problem, and needs no telling here.
    fn member(&mut self, member: &Member<'_>, content: &mut dyn Read);

    /// Where the data of the last member stands in the container's own bytes, packed. What is small or can't be made
    /// smaller stands there as it is, so that a key of the member may be found there.
    fn packed(&mut self, span: Range<u64>) {
        let _ = span;
    }

    /// The next of the container's own bytes (headers, comments, gaps), in order, where the input is a stream. Of an
    /// input that is at hand they can be read as they are. What is packed may be among them, a member's plain data is not.
    fn own(&mut self, bytes: &[u8]);

    /// Something in the container could not be read. `message` says what, why and what to do, without the container's name.
    fn problem(&mut self, kind: ProblemKind, message: String);
}

/// Lends the members of a container, and tells what could not be read.
pub fn open(format: Packed, input: Input<'_>, budget: &Budget, members: &mut dyn Members) {
    let _entered = match budget.enter() {
        Ok(entered) => entered,
        Err(exceeded) => {
            let (kind, message) = budget.problem(exceeded);
            return members.problem(kind, message);
        }
    };
    match format {
        Packed::Zip => zip::open(input, budget, members),
        Packed::Tar => tar::open(input, budget, members),
        Packed::Gzip | Packed::Bzip2 | Packed::Xz | Packed::Zstd => single::open(format, input, budget, members),
    }
}

#[cfg(test)]
mod probe;
