//! Inflating zlib streams: into memory whose size is known, or bit by bit for what is large.

use std::io::{self, BufRead, Read};

use gix_zlib::{Decompress, FlushDecompress, Inflate, Status};

use super::cause::Cause;

/// Bytes of room behind the output, which let the inflater use its fast loop to the end: it wants room for one longest
/// match, 258 bytes, and some words.
pub const SLACK: usize = 320;

/// The most bytes that one compressed byte can make: a match of 258 bytes takes two bits.
const MAX_EXPANSION: u64 = 1032;

/// Fails unless `input` bytes can make `size` bytes, so that no memory is given for a size that is only said.
pub fn check_size(size: u64, input: usize) -> Result<(), Cause> {
    let most = (input as u64).saturating_mul(MAX_EXPANSION);
    if size > most { Err(Cause::Absurd(size)) } else { Ok(()) }
}

/// Inflates the stream at the start of `input`, which must make `size` bytes; `out` has them and [`SLACK`] more. The
/// count of bytes of `input` that were used. The stream's Adler-32 is verified by the inflater.
pub fn whole(inflate: &mut Inflate, input: &[u8], out: &mut [u8], size: usize) -> Result<usize, Cause> {
    inflate.reset();
    match inflate.once(input, out) {
        Ok((Status::StreamEnd, used, made)) if made == size => Ok(used),
        Ok((Status::StreamEnd | Status::Ok | Status::BufError, ..)) => Err(Cause::Size(size as u64)),
        Err(_) => Err(Cause::Inflate),
    }
}

/// Inflates the first bytes of a stream, as many as `out` takes or there are. The count of them.
pub fn prefix(inflate: &mut Inflate, input: &[u8], out: &mut [u8]) -> Result<usize, Cause> {
    inflate.reset();
    inflate.once(input, out).map(|(_, _, made)| made).map_err(|_| Cause::Inflate)
}

/// A stream that is inflated as it is read. The first `skip` bytes are left out; the rest must be `size` bytes, else
/// reading ends with an error.
pub struct Inflating<R> {
    input: R,
    state: Decompress,
    left: u64,
    size: u64,
    is_done: bool,
    failure: Option<Cause>,
}

impl<R: BufRead> Inflating<R> {
    /// Reads `size` bytes from the zlib stream `input`.
    pub fn new(input: R, size: u64) -> Inflating<R> {
        Inflating { input, state: Decompress::new(), left: size, size, is_done: false, failure: None }
    }

    /// Reads `len` bytes that do not count, at the very start.
    pub fn skip(&mut self, len: u64) -> Result<(), Cause> {
        self.left += len;
        let mut buffer = [0; 256];
        let mut skipped = 0;
        while skipped < len {
            let room = usize::try_from(len - skipped).unwrap_or(usize::MAX).min(buffer.len());
            let read = self.read(&mut buffer[..room]).map_err(|_| self.failure.take().unwrap_or(Cause::Inflate))?;
            if read == 0 {
                return Err(Cause::Size(self.size));
            }
            skipped += read as u64;
        }
        Ok(())
    }

    /// Reads what nobody has read, and checks that the stream is whole. The input, behind the stream.
    pub fn finish(mut self) -> Result<R, Cause> {
        let mut buffer = vec![0; 64 << 10];
        loop {
            match self.read(&mut buffer) {
                Ok(0) => return Ok(self.input),
                Ok(_) => {}
                Err(_) => return Err(self.failure.unwrap_or(Cause::Inflate)),
            }
        }
    }

    fn fail(&mut self, cause: Cause) -> io::Error {
        let error = io::Error::new(io::ErrorKind::InvalidData, cause.to_string());
        self.failure = Some(cause);
        error
    }

    /// One step: bytes made, and whether the stream goes on.
    fn step(&mut self, out: &mut [u8]) -> Result<usize, Cause> {
        let input = self.input.fill_buf().map_err(|error| Cause::Unreadable(crate::error::describe(&error)))?;
        let is_end = input.is_empty();
        let (used, made) = (self.state.total_in(), self.state.total_out());
        let status = self.state.decompress(input, out, FlushDecompress::None).map_err(|_| Cause::Inflate)?;
        let used = usize::try_from(self.state.total_in() - used).unwrap_or(input.len()).min(input.len());
        let made = self.state.total_out() - made;
        self.input.consume(used);
        self.is_done = status == Status::StreamEnd;
        if made > self.left || (self.is_done && made < self.left) {
            return Err(Cause::Size(self.size));
        }
        // Cut off, or nothing comes of what is there: the next step would be the same one again.
        if !self.is_done && made == 0 && (is_end || used == 0) {
            return Err(Cause::Inflate);
        }
        self.left -= made;
        Ok(usize::try_from(made).unwrap_or(out.len()).min(out.len()))
    }
}

impl<R: BufRead> Read for Inflating<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let Some(cause) = &self.failure {
            return Err(io::Error::new(io::ErrorKind::InvalidData, cause.to_string()));
        }
        if out.is_empty() {
            return Ok(0);
        }
        while !self.is_done {
            match self.step(out) {
                Ok(0) => {}
                Ok(made) => return Ok(made),
                Err(cause) => return Err(self.fail(cause)),
            }
        }
        Ok(0)
    }
}
