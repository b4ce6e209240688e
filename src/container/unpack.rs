//! Bytes that come out of a decompressor, counted against the bounds as they come.
//!
//! What precedes damage is lent before the damage is told: every codec hands out what it has made so far, and says in
//! the same breath how it goes on.

mod bzip2;
mod deflate;
mod gzip;
mod xz;
mod zstd;

use std::io::{self, Read};

use super::input::Bytes;
use super::{Budget, Exceeded, Reserved};
use crate::coverage::size;
use crate::error::ProblemKind;
use crate::read::interrupt;

/// What drains a member takes at a time, in bytes.
const DRAIN: usize = 64 << 10;

/// Why a stream could not be unpacked to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// What it is read from could not be read; told by whoever reads that.
    #[error("{0}")]
    Input(#[from] io::Error),
    /// A bound was met.
    #[error("a bound was met")]
    Bound(Exceeded),
    /// The input ends before the stream does.
    #[error("cut short")]
    CutShort,
    /// Something in it is not as its format has it: what.
    #[error("{0}")]
    Damaged(&'static str),
    /// It is packed in a way that is not known: how.
    #[error("{0}")]
    Unsupported(&'static str),
    /// Ctrl-C was pressed.
    #[error("interrupted")]
    Stopped,
}

impl Fault {
    /// The kind of problem and its message; `None` where it is told elsewhere. `unpacked` bytes came out before.
    fn problem(&self, budget: &Budget, unpacked: u64) -> Option<(ProblemKind, String)> {
        let after = size(unpacked);
        match self {
            Fault::Input(_) | Fault::Stopped => None,
            Fault::Bound(exceeded) => Some(budget.problem(*exceeded)),
            Fault::CutShort => Some((
                ProblemKind::Corrupt,
                format!(
                    "cut short, it ends after {after} came out of it; restore the rest of it, or leave it out with --exclude"
                ),
            )),
            Fault::Damaged(what) => Some((
                ProblemKind::Corrupt,
                format!("damaged, {what} after {after} came out of it; restore it, or leave it out with --exclude"),
            )),
            Fault::Unsupported(how) => Some((
                ProblemKind::Unsupported,
                format!("{how}, which is not opened; unpack it and scan what comes out"),
            )),
        }
    }

    /// The error that a reader of the stream gets. Why it is, [`Unpacked::finish`] tells.
    fn to_error(&self) -> io::Error {
        let kind = match self {
            Fault::Input(error) => error.kind(),
            Fault::Bound(_) | Fault::Stopped => io::ErrorKind::Other,
            Fault::CutShort => io::ErrorKind::UnexpectedEof,
            Fault::Damaged(_) => io::ErrorKind::InvalidData,
            Fault::Unsupported(_) => io::ErrorKind::Unsupported,
        };
        // Never `Interrupted`, at which readers of the standard library try again and again.
        let kind = if kind == io::ErrorKind::Interrupted { io::ErrorKind::Other } else { kind };
        io::Error::new(kind, self.to_string())
    }
}

/// How a codec goes on.
enum State {
    /// There may be more.
    More,
    /// It is over.
    Done,
    /// It is over, and not as it should be.
    Failed(Fault),
}

impl From<Fault> for State {
    fn from(fault: Fault) -> State {
        State::Failed(fault)
    }
}

/// A decompressor with all that it needs to know of its format: headers, checksums, streams that follow one another.
trait Codec {
    /// Unpacks some of `input` into `out`, which is not empty: how many bytes came out, and how it goes on. No bytes
    /// and [`State::More`] only when some of the input was taken.
    fn step(&mut self, input: &mut dyn Bytes, memory: &mut Memory<'_>, out: &mut [u8]) -> (usize, State);
}

/// The memory that a codec holds.
struct Memory<'b> {
    budget: &'b Budget,
    held: u64,
    reserved: Vec<Reserved<'b>>,
}

impl Memory<'_> {
    /// Makes it at least `bytes` bytes in all.
    fn at_least(&mut self, bytes: u64) -> Result<(), Fault> {
        if bytes > self.held {
            self.reserved.push(self.budget.reserve(bytes - self.held).map_err(Fault::Bound)?);
            self.held = bytes;
        }
        Ok(())
    }
}

/// What comes out of a decompressor. Reading gives the same error again once it has failed.
pub(super) struct Unpacked<'s> {
    input: &'s mut dyn Bytes,
    codec: Box<dyn Codec + 's>,
    memory: Memory<'s>,
    /// Bytes that came out so far.
    len: u64,
    state: State,
}

impl<'s> Unpacked<'s> {
    fn new(input: &'s mut dyn Bytes, budget: &'s Budget, codec: Result<Box<dyn Codec + 's>, Fault>) -> Unpacked<'s> {
        let memory = Memory { budget, held: 0, reserved: Vec::new() };
        let (codec, state) = match codec {
            Ok(codec) => (codec, State::More),
            Err(fault) => (Box::new(deflate::Deflate::new()) as Box<dyn Codec>, State::Failed(fault)),
        };
        Unpacked { input, codec, memory, len: 0, state }
    }

    /// What kept it from being unpacked to its end, if it has come to that.
    pub(super) fn fault(&self) -> Option<&Fault> {
        match &self.state {
            State::More | State::Done => None,
            State::Failed(fault) => Some(fault),
        }
    }

    /// Reads what nobody has read, so that damage in it is told too. The problem that kept it from being unpacked to
    /// its end, if there was one that is not told elsewhere.
    pub(super) fn finish(mut self) -> Option<(ProblemKind, String)> {
        let mut buffer = vec![0; DRAIN];
        while let Ok(1..) = self.read(&mut buffer) {}
        match &self.state {
            State::More | State::Done => None,
            State::Failed(fault) => fault.problem(self.memory.budget, self.len),
        }
    }
}

impl Read for Unpacked<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            match &self.state {
                State::More => {}
                State::Done => return Ok(0),
                State::Failed(fault) => return Err(fault.to_error()),
            }
            if interrupt::requested() {
                self.state = State::Failed(Fault::Stopped);
                continue;
            }
            let (made, state) = self.codec.step(self.input, &mut self.memory, out);
            self.state = state;
            if made > 0 {
                self.len += made as u64;
                if let Err(exceeded) = self.memory.budget.unpack(made as u64) {
                    self.state = State::Failed(Fault::Bound(exceeded));
                    continue;
                }
                return Ok(made);
            }
        }
    }
}

/// A raw deflate stream (RFC 1951). What follows it in `input` stays there.
pub(super) fn deflate<'s>(input: &'s mut dyn Bytes, budget: &'s Budget) -> Unpacked<'s> {
    Unpacked::new(input, budget, Ok(Box::new(deflate::Deflate::new())))
}

/// The gzip members, one after the other, and the name in the first one's header. What follows them, zeros and what is
/// no member, stays in `input`.
pub(super) fn gzip<'s>(input: &'s mut dyn Bytes, budget: &'s Budget) -> (Unpacked<'s>, Option<gzip::Name>) {
    let (codec, name) = match gzip::Gzip::new(input) {
        Ok((codec, name)) => (Ok(Box::new(codec) as Box<dyn Codec>), name),
        Err(fault) => (Err(fault), None),
    };
    (Unpacked::new(input, budget, codec), name)
}

/// The bzip2 streams, one after the other. What follows them and is no stream stays in `input`.
pub(super) fn bzip2<'s>(input: &'s mut dyn Bytes, budget: &'s Budget) -> Unpacked<'s> {
    Unpacked::new(input, budget, Ok(Box::new(bzip2::Bzip2::new())))
}

/// The xz streams, one after the other, to the end of `input`.
pub(super) fn xz<'s>(input: &'s mut dyn Bytes, budget: &'s Budget) -> Unpacked<'s> {
    Unpacked::new(input, budget, Ok(Box::new(xz::Xz::new())))
}

/// The Zstandard frames, one after the other, to the end of `input`.
pub(super) fn zstd<'s>(input: &'s mut dyn Bytes, budget: &'s Budget) -> Unpacked<'s> {
    Unpacked::new(input, budget, Ok(Box::new(zstd::Zstd::new())))
}

/// Takes zeros from `input`, which is what pads archives to the size of a block of a tape.
fn skip_zeros(input: &mut dyn Bytes) -> Result<(), Fault> {
    loop {
        let bytes = input.peek(1)?;
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        let is_all = zeros == bytes.len() && zeros > 0;
        input.consume(zeros);
        if !is_all {
            return Ok(());
        }
        if interrupt::requested() {
            return Err(Fault::Stopped);
        }
    }
}

/// Whether `bytes` begin with all of `magic` but one byte: a stream whose first bytes are damaged, not something else.
fn is_nearly(bytes: &[u8], magic: &[u8]) -> bool {
    bytes.len() >= magic.len() && bytes.iter().zip(magic).filter(|(a, b)| a != b).count() <= 1
}
