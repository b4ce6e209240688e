//! Zstandard (RFC 8878): frames that follow one another, those that are to be skipped among them.

use std::error::Error;
use std::io::{self, Read};

use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::{Bytes, Codec, Fault, Memory, State, skip_zeros};

const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The longest frame header, section 3.1.1.1: magic, descriptor, window, dictionary and size of the content.
const HEADER_MAX: usize = 4 + 1 + 1 + 4 + 8;

/// Zstandard frames.
pub(super) struct Zstd {
    frame: FrameDecoder,
    place: Place,
    /// Bytes that came out of the frame.
    len: u64,
    /// The first thing that was wrong; what was unpacked before it comes out first.
    fault: Option<Fault>,
}

enum Place {
    Between,
    Skipping(u32),
    Frame { size: Option<u64> },
}

impl Zstd {
    /// One that has read nothing.
    pub(super) fn new() -> Zstd {
        Zstd { frame: FrameDecoder::new(), place: Place::Between, len: 0, fault: None }
    }

    /// Begins the next frame if there is one.
    fn next(&mut self, input: &mut dyn Bytes, memory: &mut Memory<'_>) -> Result<State, Fault> {
        let head = input.peek(HEADER_MAX)?;
        if head.is_empty() {
            return Ok(State::Done);
        }
        if let [0x50..=0x5f, 0x2a, 0x4d, 0x18, rest @ ..] = head {
            let len = *rest.first_chunk().ok_or(Fault::CutShort)?;
            self.place = Place::Skipping(u32::from_le_bytes(len));
            input.consume(8);
            input.framing(true);
            return Ok(State::More);
        }
        if head[0] == 0 {
            skip_zeros(input)?;
            return if input.peek(1)?.is_empty() {
                Ok(State::More)
            } else {
                Err(Fault::Damaged("a frame has no header"))
            };
        }
        if head.len() < MAGIC.len() && (MAGIC.starts_with(head) || matches!(head, [0x50..=0x5f, ..])) {
            return Err(Fault::CutShort);
        }
        if !head.starts_with(&MAGIC) {
            return Err(Fault::Damaged("what follows a whole frame is no frame"));
        }
        let (window, size) = window(head)?;
        // Asked for before the decoder allocates it. Its other buffers are of 128 KiB each.
        memory.at_least(window)?;
        let mut watched = Watched { input, failure: None };
        let begun = self.frame.init(&mut watched);
        if let Err(error) = begun {
            return Err(watched.fault(&error));
        }
        (self.place, self.len) = (Place::Frame { size }, 0);
        Ok(State::More)
    }

    /// Skips some of a frame that is to be skipped.
    fn skip(&mut self, input: &mut dyn Bytes, left: u32) -> Result<State, Fault> {
        if left == 0 {
            input.framing(false);
            self.place = Place::Between;
            return Ok(State::More);
        }
        let ready = input.peek(1)?.len();
        if ready == 0 {
            return Err(Fault::CutShort);
        }
        let count = u32::try_from(ready).unwrap_or(u32::MAX).min(left);
        input.consume(count as usize);
        self.place = Place::Skipping(left - count);
        Ok(State::More)
    }

    /// Unpacks some of a frame. How many bytes came out.
    fn unpack(&mut self, input: &mut dyn Bytes, size: Option<u64>, out: &mut [u8]) -> (usize, State) {
        if self.frame.can_collect() == 0 && !self.frame.is_finished() {
            let mut watched = Watched { input, failure: None };
            if let Err(error) = self.frame.decode_blocks(&mut watched, BlockDecodingStrategy::UptoBlocks(1)) {
                self.fault = Some(watched.fault(&error));
                // The decoder holds back a window of what it has unpacked until the frame is over, which it is with
                // an empty last block (and a checksum, if it has one).
                let last: &[u8] = &[1, 0, 0, 0, 0, 0, 0];
                if self.frame.decode_blocks(last, BlockDecodingStrategy::UptoBlocks(1)).is_err() {
                    return (0, self.fault.take().map_or(State::Done, State::Failed));
                }
            }
        }
        let made = self.frame.read(out).unwrap_or(0);
        self.len += made as u64;
        if !self.frame.is_finished() || self.frame.can_collect() > 0 {
            return (made, State::More);
        }
        if let Some(fault) = self.fault.take() {
            return (made, fault.into());
        }
        let expected = self.frame.get_checksum_from_data();
        if expected.is_some() && expected != self.frame.get_calculated_checksum() {
            return (made, Fault::Damaged("a checksum is wrong").into());
        }
        if size.is_some_and(|size| size != self.len) {
            return (made, Fault::Damaged("a frame has another size than it says").into());
        }
        self.place = Place::Between;
        (made, State::More)
    }
}

impl Codec for Zstd {
    fn step(&mut self, input: &mut dyn Bytes, memory: &mut Memory<'_>, out: &mut [u8]) -> (usize, State) {
        match self.place {
            Place::Between => (0, self.next(input, memory).unwrap_or_else(State::Failed)),
            Place::Skipping(left) => (0, self.skip(input, left).unwrap_or_else(State::Failed)),
            Place::Frame { size } => self.unpack(input, size, out),
        }
    }
}

/// The size of the window that the frame header `head` asks for, and that of the content if it is said, in bytes:
/// RFC 8878 section 3.1.1.1.
fn window(head: &[u8]) -> Result<(u64, Option<u64>), Fault> {
    let descriptor = *head.get(4).ok_or(Fault::CutShort)?;
    let is_single = descriptor & 0x20 != 0;
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let sizes = [usize::from(is_single), 2, 4, 8][usize::from(descriptor >> 6)];
    let at = 5 + usize::from(!is_single) + dictionary;
    let bytes = head.get(at..at + sizes).ok_or(Fault::CutShort)?;
    let number = bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte));
    let size = match sizes {
        0 => None,
        2 => Some(number + 256),
        _ => Some(number),
    };
    let window = if is_single {
        number + if sizes == 2 { 256 } else { 0 }
    } else {
        let (exponent, mantissa) = (head[5] >> 3, u64::from(head[5] & 7));
        let base = 1_u64 << (10 + exponent);
        base + base / 8 * mantissa
    };
    Ok((window, size))
}

/// Lends the input to the decoder, and keeps what goes wrong with it, which the decoder wraps several times.
struct Watched<'i> {
    input: &'i mut dyn Bytes,
    failure: Option<io::Error>,
}

impl Watched<'_> {
    /// What the decoder's error comes from.
    fn fault(self, error: &FrameDecoderError) -> Fault {
        if let Some(failure) = self.failure {
            return Fault::Input(failure);
        }
        if let FrameDecoderError::DictNotProvided { .. } = error {
            return Fault::Unsupported("packed by zstd with a dictionary of its own");
        }
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(error) = cause {
            if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof) {
                return Fault::CutShort;
            }
            cause = error.source();
        }
        Fault::Damaged("a frame of it makes no sense")
    }
}

impl Read for Watched<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let ready = match self.input.peek(1) {
            Ok(ready) => ready,
            Err(error) => {
                let kind = error.kind();
                self.failure = Some(error);
                return Err(kind.into());
            }
        };
        let count = ready.len().min(out.len());
        out[..count].copy_from_slice(&ready[..count]);
        self.input.consume(count);
        Ok(count)
    }
}
