//! xz (<https://tukaani.org/xz/xz-file-format.txt>): streams that follow one another, with zeros between them.

use std::io::ErrorKind;

use lzma_rust2::{Action, Status, XzStream};

use super::{Bytes, Codec, Exceeded, Fault, Memory, State, skip_zeros};

const MAGIC: [u8; 6] = [0xfd, b'7', b'z', b'X', b'Z', 0];

/// How many more bytes may have gone into a stream than came out of it. The decoder keeps 16 bytes a block until the
/// stream's end, so that a stream of many empty blocks would take as much memory as its size is.
const OVERHEAD_MAX: u64 = 32 << 20;

/// Steps that neither take nor make anything, after which it is held to be stuck.
const STALLS_MAX: u32 = 16;

/// xz streams.
pub(super) struct Xz {
    /// `None` between streams.
    stream: Option<XzStream>,
    stalls: u32,
}

impl Xz {
    /// One that has read nothing.
    pub(super) fn new() -> Xz {
        Xz { stream: Some(stream()), stalls: 0 }
    }

    /// Begins the next stream if there is one.
    fn next(&mut self, input: &mut dyn Bytes) -> Result<State, Fault> {
        skip_zeros(input)?;
        let bytes = input.peek(MAGIC.len())?;
        if bytes.is_empty() {
            return Ok(State::Done);
        }
        if bytes.len() < MAGIC.len() && MAGIC.starts_with(bytes) {
            return Err(Fault::CutShort);
        }
        if !bytes.starts_with(&MAGIC) {
            return Err(Fault::Damaged("what follows a whole stream is no stream"));
        }
        self.stream = Some(stream());
        Ok(State::More)
    }
}

/// A decoder that asks before it takes memory.
fn stream() -> XzStream {
    XzStream::new_mem_limit(false, 0)
}

impl Codec for Xz {
    fn step(&mut self, input: &mut dyn Bytes, memory: &mut Memory<'_>, out: &mut [u8]) -> (usize, State) {
        let Some(stream) = &mut self.stream else {
            return (0, self.next(input).unwrap_or_else(State::Failed));
        };
        let bytes = match input.peek(1) {
            Ok(bytes) => bytes,
            Err(error) => return (0, Fault::Input(error).into()),
        };
        let (before_in, before_out) = (stream.total_in(), stream.total_out());
        let action = if bytes.is_empty() { Action::Finish } else { Action::Run };
        let result = stream.process(bytes, out, action);
        let used = usize::try_from(stream.total_in() - before_in).unwrap_or(0);
        let made = usize::try_from(stream.total_out() - before_out).unwrap_or(0);
        input.consume(used);
        self.stalls = if used > 0 || made > 0 { 0 } else { self.stalls + 1 };
        let state = match result {
            Ok(result) if result.status == Status::StreamEnd => {
                self.stream = None;
                State::More
            }
            Ok(_) if stream.total_in().saturating_sub(stream.total_out()) > OVERHEAD_MAX => {
                Fault::Bound(Exceeded::Memory).into()
            }
            Ok(_) if self.stalls < STALLS_MAX => State::More,
            Ok(_) => Fault::Damaged("a block of it makes no sense").into(),
            Err(error) if error.kind() == ErrorKind::OutOfMemory => match grow(stream, memory) {
                Ok(()) => State::More,
                Err(fault) => fault.into(),
            },
            Err(error) => match error.kind() {
                ErrorKind::UnexpectedEof => Fault::CutShort.into(),
                ErrorKind::Unsupported => Fault::Unsupported("packed by xz in a way that is not known").into(),
                _ => Fault::Damaged("a block of it makes no sense").into(),
            },
        };
        (made, state)
    }
}

/// Gives the stream the memory that its block asks for.
fn grow(stream: &mut XzStream, memory: &mut Memory<'_>) -> Result<(), Fault> {
    let kib = stream.memory_usage().filter(|&kib| kib > stream.mem_limit()).ok_or(Fault::Bound(Exceeded::Memory))?;
    memory.at_least(u64::from(kib) << 10)?;
    stream.set_mem_limit(kib);
    Ok(())
}
