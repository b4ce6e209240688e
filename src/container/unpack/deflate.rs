//! Raw deflate (RFC 1951).

use flate2::{Decompress, FlushDecompress, Status};

use super::{Bytes, Codec, Fault, Memory, State};

/// Bytes of memory that inflating takes: a window of 32 KiB, tables, and buffers.
pub(super) const MEMORY: u64 = 128 << 10;

/// One deflate stream.
pub(super) struct Deflate(Decompress);

impl Deflate {
    /// One that has read nothing.
    pub(super) fn new() -> Deflate {
        Deflate(Decompress::new(false))
    }

    /// Makes it ready for another stream.
    pub(super) fn reset(&mut self) {
        self.0.reset(false);
    }
}

impl Codec for Deflate {
    fn step(&mut self, input: &mut dyn Bytes, memory: &mut Memory<'_>, out: &mut [u8]) -> (usize, State) {
        if let Err(fault) = memory.at_least(MEMORY) {
            return (0, fault.into());
        }
        let bytes = match input.peek(1) {
            Ok(bytes) => bytes,
            Err(error) => return (0, Fault::Input(error).into()),
        };
        let (before_in, before_out, is_end) = (self.0.total_in(), self.0.total_out(), bytes.is_empty());
        let status = self.0.decompress(bytes, out, FlushDecompress::None);
        let used = usize::try_from(self.0.total_in() - before_in).unwrap_or(0);
        let made = usize::try_from(self.0.total_out() - before_out).unwrap_or(0);
        input.consume(used);
        let state = match status {
            Ok(Status::StreamEnd) => State::Done,
            Ok(Status::Ok | Status::BufError) if made > 0 || used > 0 => State::More,
            Ok(Status::Ok | Status::BufError) if is_end => Fault::CutShort.into(),
            Ok(Status::Ok | Status::BufError) | Err(_) => Fault::Damaged("its deflate data makes no sense").into(),
        };
        (made, state)
    }
}
