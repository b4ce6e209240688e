//! gzip (RFC 1952): members that follow one another, as `cat a.gz b.gz` and pigz make them.

use std::ops::Range;

use super::deflate::Deflate;
use super::{Bytes, Codec, Fault, Memory, State, is_nearly, skip_zeros};

const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];

/// The bits of FLG, RFC 1952 section 2.3.1.
const FHCRC: u8 = 1 << 1;
const FEXTRA: u8 = 1 << 2;
const FNAME: u8 = 1 << 3;
const FCOMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

/// The longest name that is kept, in bytes.
const NAME_MAX: usize = 4096;

/// The name in a member's header.
pub(in super::super) struct Name {
    /// As it stands there.
    pub(in super::super) bytes: Vec<u8>,
    /// Where it stands, in bytes from the member's start.
    pub(in super::super) span: Range<u64>,
}

/// gzip members.
pub(super) struct Gzip {
    deflate: Deflate,
    crc: crc32fast::Hasher,
    len: u64,
    /// Where in a member it stands.
    place: Place,
    /// A member whose checksum was wrong; those behind it can be read all the same.
    fault: Option<Fault>,
}

#[derive(Clone, Copy)]
enum Place {
    Data,
    Trailer,
}

impl Gzip {
    /// Reads the first member's header. The codec, and the name in the header.
    pub(super) fn new(input: &mut dyn Bytes) -> Result<(Gzip, Option<Name>), Fault> {
        let name = header(input)?;
        let (deflate, crc) = (Deflate::new(), crc32fast::Hasher::new());
        Ok((Gzip { deflate, crc, len: 0, place: Place::Data, fault: None }, name))
    }

    /// Checks a member's end, and begins the next one if there is one.
    fn next(&mut self, input: &mut dyn Bytes) -> Result<State, Fault> {
        let mut trailer = [0; 8];
        for byte in &mut trailer {
            *byte = take(input)?;
        }
        let [a, b, c, d, size @ ..] = trailer;
        let crc = std::mem::take(&mut self.crc).finalize();
        let is_whole =
            u32::from_le_bytes([a, b, c, d]) == crc && u64::from(u32::from_le_bytes(size)) == self.len & 0xffff_ffff;
        if !is_whole {
            self.fault.get_or_insert(Fault::Damaged("a checksum is wrong"));
        }
        self.len = 0;
        skip_zeros(input)?;
        let is_next = is_nearly(input.peek(MAGIC.len())?, &MAGIC);
        if !is_next {
            return Ok(self.fault.take().map_or(State::Done, State::Failed));
        }
        header(input)?;
        self.deflate.reset();
        self.place = Place::Data;
        Ok(State::More)
    }
}

impl Codec for Gzip {
    fn step(&mut self, input: &mut dyn Bytes, memory: &mut Memory<'_>, out: &mut [u8]) -> (usize, State) {
        match self.place {
            Place::Data => {
                let (made, state) = self.deflate.step(input, memory, out);
                self.crc.update(&out[..made]);
                self.len += made as u64;
                match state {
                    State::Done => {
                        self.place = Place::Trailer;
                        (made, State::More)
                    }
                    State::More | State::Failed(_) => (made, state),
                }
            }
            Place::Trailer => (0, self.next(input).unwrap_or_else(State::Failed)),
        }
    }
}

/// Reads a member's header. Its name, if it has one.
fn header(input: &mut dyn Bytes) -> Result<Option<Name>, Fault> {
    input.framing(true);
    let name = header_fields(&mut Header { input, crc: crc32fast::Hasher::new(), taken: 0 });
    input.framing(false);
    name
}

fn header_fields(header: &mut Header<'_>) -> Result<Option<Name>, Fault> {
    for magic in MAGIC {
        if header.byte()? != magic {
            return Err(Fault::Damaged("a gzip header makes no sense"));
        }
    }
    let flags = header.byte()?;
    if flags & RESERVED != 0 {
        return Err(Fault::Damaged("a gzip header makes no sense"));
    }
    // MTIME, XFL, OS.
    for _ in 0..6 {
        header.byte()?;
    }
    if flags & FEXTRA != 0 {
        for _ in 0..u16::from_le_bytes([header.byte()?, header.byte()?]) {
            header.byte()?;
        }
    }
    let start = header.taken;
    let name = if flags & FNAME == 0 { None } else { header.text()? };
    if flags & FCOMMENT != 0 {
        header.text()?;
    }
    if flags & FHCRC != 0 {
        let crc = header.crc.clone().finalize() & 0xffff;
        if u32::from(u16::from_le_bytes([header.byte()?, header.byte()?])) != crc {
            return Err(Fault::Damaged("the checksum of a gzip header is wrong"));
        }
    }
    Ok(name.map(|bytes| Name { span: start..start + bytes.len() as u64, bytes }))
}

struct Header<'i> {
    input: &'i mut dyn Bytes,
    crc: crc32fast::Hasher,
    taken: u64,
}

impl Header<'_> {
    fn byte(&mut self) -> Result<u8, Fault> {
        let byte = take(self.input)?;
        self.crc.update(&[byte]);
        self.taken += 1;
        Ok(byte)
    }

    /// Bytes up to a zero; `None` when there are more than [`NAME_MAX`]: a part of a name is not one.
    fn text(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let mut text = Some(Vec::new());
        loop {
            match self.byte()? {
                0 => return Ok(text),
                byte => {
                    text = text.filter(|text| text.len() < NAME_MAX);
                    if let Some(text) = &mut text {
                        text.push(byte);
                    }
                }
            }
        }
    }
}

fn take(input: &mut dyn Bytes) -> Result<u8, Fault> {
    let byte = *input.peek(1)?.first().ok_or(Fault::CutShort)?;
    input.consume(1);
    Ok(byte)
}
