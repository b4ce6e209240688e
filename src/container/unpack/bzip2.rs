//! bzip2: streams that follow one another, as pbzip2 makes them.

use bzip2::{Decompress, Status};

use super::{Bytes, Codec, Fault, Memory, State, is_nearly, skip_zeros};

/// Bytes of memory that decompressing takes: 100k + 4 times the largest block of 900k, says bzip2(1).
const MEMORY: u64 = 3_700_000;

/// As how many bytes that came out of it a further stream counts. To begin one takes as long as to unpack that many, so
/// that a file of nothing but empty streams would take minutes.
const STREAM: u64 = 16 << 10;

/// bzip2 streams.
pub(super) struct Bzip2 {
    stream: Decompress,
    is_between: bool,
}

impl Bzip2 {
    /// One that has read nothing.
    pub(super) fn new() -> Bzip2 {
        Bzip2 { stream: Decompress::new(false), is_between: false }
    }

    /// Begins the next stream if there is one.
    fn next(&mut self, input: &mut dyn Bytes, memory: &Memory<'_>) -> Result<State, Fault> {
        skip_zeros(input)?;
        if !is_nearly(input.peek(3)?, b"BZh") {
            return Ok(State::Done);
        }
        memory.budget.unpack(STREAM).map_err(Fault::Bound)?;
        *self = Bzip2::new();
        Ok(State::More)
    }
}

impl Codec for Bzip2 {
    fn step(&mut self, input: &mut dyn Bytes, memory: &mut Memory<'_>, out: &mut [u8]) -> (usize, State) {
        if self.is_between {
            return (0, self.next(input, memory).unwrap_or_else(State::Failed));
        }
        if let Err(fault) = memory.at_least(MEMORY) {
            return (0, fault.into());
        }
        let bytes = match input.peek(1) {
            Ok(bytes) => bytes,
            Err(error) => return (0, Fault::Input(error).into()),
        };
        let (before_in, before_out, is_end) = (self.stream.total_in(), self.stream.total_out(), bytes.is_empty());
        let status = self.stream.decompress(bytes, out);
        let used = usize::try_from(self.stream.total_in() - before_in).unwrap_or(0);
        let made = usize::try_from(self.stream.total_out() - before_out).unwrap_or(0);
        input.consume(used);
        let state = match status {
            Ok(Status::StreamEnd) => {
                self.is_between = true;
                State::More
            }
            Ok(_) if made > 0 || used > 0 => State::More,
            Ok(_) if is_end => Fault::CutShort.into(),
            Ok(_) | Err(_) => Fault::Damaged("a block of it makes no sense").into(),
        };
        (made, state)
    }
}
