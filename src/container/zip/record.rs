//! The records of an archive, from bytes: local and central headers, data descriptors. APPNOTE 6.3.10, section 4.3.

use std::ops::Range;

use super::window::Window;

/// A number of 16 bits, or 0 where the bytes end before it.
pub fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).and_then(|bytes| bytes.try_into().ok()).map_or(0, u16::from_le_bytes)
}

/// A number of 32 bits, or 0 where the bytes end before it.
pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes)
}

/// A number of 64 bits, or 0 where the bytes end before it.
pub fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
}

/// How a member's data is packed (APPNOTE 4.4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// 0: not at all.
    Stored,
    /// 8.
    Deflate,
    /// 12.
    Bzip2,
    /// 93, and 20 as it was first.
    Zstd,
    /// 95.
    Xz,
    /// Any other, by its number.
    Other(u16),
}

impl Method {
    fn new(number: u16) -> Method {
        match number {
            0 => Method::Stored,
            8 => Method::Deflate,
            12 => Method::Bzip2,
            20 | 93 => Method::Zstd,
            95 => Method::Xz,
            other => Method::Other(other),
        }
    }

    /// Whether APPNOTE 4.4.5 knows it (97 and 99 included, 7, 11, 13, 15 and 17 are reserved).
    fn is_known(self) -> bool {
        match self {
            Method::Stored | Method::Deflate | Method::Bzip2 | Method::Zstd | Method::Xz => true,
            Method::Other(number) => matches!(number, 1..=6 | 9 | 10 | 14 | 16 | 18 | 19 | 94 | 96..=99),
        }
    }

    /// Its name in a message.
    pub fn name(self) -> String {
        match self {
            Method::Stored => "stored".to_owned(),
            Method::Deflate => "deflate".to_owned(),
            Method::Bzip2 => "bzip2".to_owned(),
            Method::Zstd => "zstd".to_owned(),
            Method::Xz => "xz".to_owned(),
            Method::Other(6) => "implode".to_owned(),
            Method::Other(9) => "deflate64".to_owned(),
            Method::Other(14) => "LZMA".to_owned(),
            Method::Other(98) => "PPMd".to_owned(),
            Method::Other(number) => format!("method {number}"),
        }
    }
}

/// What a local or a central header says about a member's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// General purpose flags (APPNOTE 4.4.4).
    pub flags: u16,
    /// How the data is packed.
    pub method: Method,
    /// CRC-32 of what comes out.
    pub crc: u32,
    /// Bytes in the archive.
    pub packed: u64,
    /// Bytes that come out.
    pub size: u64,
}

impl Claim {
    /// Whether the data is encrypted: traditionally (flag 0), strongly (flag 6), as AE-x (method 99), or with masked
    /// headers (flag 13).
    pub fn is_encrypted(&self) -> bool {
        self.flags & (1 | 1 << 6 | 1 << 13) != 0 || self.method == Method::Other(99)
    }

    /// Whether checksum and sizes follow the data (flag 3, APPNOTE 4.3.9), and the local header has none to rely on.
    pub fn has_descriptor(&self) -> bool {
        self.flags & 1 << 3 != 0
    }

    /// The 20 bytes from flags to sizes that local and central headers share, with times between.
    fn new(shared: &[u8]) -> Claim {
        Claim {
            flags: u16_at(shared, 0),
            method: Method::new(u16_at(shared, 2)),
            crc: u32_at(shared, 8),
            packed: u64::from(u32_at(shared, 12)),
            size: u64::from(u32_at(shared, 16)),
        }
    }
}

/// A local header (APPNOTE 4.3.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// What it says of the data.
    pub claim: Claim,
    /// How long the name is, in bytes.
    pub name: usize,
    /// How long the extra field is, in bytes.
    pub extra: usize,
    /// The version needed to extract it.
    version: u16,
}

impl Local {
    /// What a local header begins with.
    pub const SIGNATURE: [u8; 4] = *b"PK\x03\x04";
    /// The length of its fixed part, in bytes.
    pub const LEN: usize = 30;

    /// The header that `bytes` begins with; `None` where there is none or its fixed part is cut short.
    pub fn parse(bytes: &[u8]) -> Option<Local> {
        if bytes.len() < Local::LEN || !bytes.starts_with(&Local::SIGNATURE) {
            return None;
        }
        let (name, extra) = (usize::from(u16_at(bytes, 26)), usize::from(u16_at(bytes, 28)));
        let mut claim = Claim::new(&bytes[6..]);
        let fields = bytes.get(Local::LEN + name..).unwrap_or_default();
        let fields = &fields[..extra.min(fields.len())];
        Zip64::find(fields).fill([&mut claim.size, &mut claim.packed]);
        Some(Local { claim, name, extra, version: u16_at(bytes, 4) })
    }

    /// Reads the header that the window stands at into `header`, without going on; `None` where there is none or it is
    /// cut short.
    pub fn read(window: &mut Window<'_>, header: &mut Vec<u8>) -> Option<Local> {
        let fixed = window.peek(Local::LEN);
        if fixed.len() < Local::LEN || !fixed.starts_with(&Local::SIGNATURE) {
            return None;
        }
        let len = Local::LEN + usize::from(u16_at(fixed, 26)) + usize::from(u16_at(fixed, 28));
        header.clear();
        header.extend_from_slice(window.peek(len).get(..len)?);
        Local::parse(header)
    }

    /// The header's length with name and extra field, in bytes.
    pub fn len(&self) -> usize {
        Local::LEN + self.name + self.extra
    }

    /// Where the name stands in the header, half open.
    pub fn name(&self) -> Range<usize> {
        Local::LEN..Local::LEN + self.name
    }

    /// Whether this may be a header where nothing says that there is one: a version up to 6.3 (the upper byte is the
    /// system, APPNOTE 4.4.2) and a method that exists.
    pub fn is_plausible(&self) -> bool {
        self.version & 0xff <= 63 && (self.version >> 8) <= 30 && self.claim.method.is_known()
    }
}

/// A central header (APPNOTE 4.3.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Central {
    /// What it says of the data.
    pub claim: Claim,
    /// Where it says the local header is, in bytes from where offsets count.
    pub offset: u64,
    /// How long the name is, in bytes.
    pub name: usize,
    /// The header's length with name, extra field and comment, in bytes.
    pub len: usize,
}

impl Central {
    /// What a central header begins with.
    pub const SIGNATURE: [u8; 4] = *b"PK\x01\x02";
    /// The length of its fixed part, in bytes.
    pub const LEN: usize = 46;

    /// The header that `bytes` begins with; `None` where there is none or it is cut short before its comment.
    pub fn parse(bytes: &[u8]) -> Option<Central> {
        if bytes.len() < Central::LEN || !bytes.starts_with(&Central::SIGNATURE) {
            return None;
        }
        let (name, extra) = (usize::from(u16_at(bytes, 28)), usize::from(u16_at(bytes, 30)));
        let fields = bytes.get(Central::LEN + name..Central::LEN + name + extra)?;
        let mut claim = Claim::new(&bytes[8..]);
        let mut offset = u64::from(u32_at(bytes, 42));
        Zip64::find(fields).fill([&mut claim.size, &mut claim.packed, &mut offset]);
        let len = Central::LEN + name + extra + usize::from(u16_at(bytes, 32));
        Some(Central { claim, offset, name, len })
    }

    /// Reads the header that the window stands at into `header`, without its comment and without going on; `None` where
    /// there is none or it is cut short.
    pub fn read(window: &mut Window<'_>, header: &mut Vec<u8>) -> Option<Central> {
        let fixed = window.peek(Central::LEN);
        if fixed.len() < Central::LEN || !fixed.starts_with(&Central::SIGNATURE) {
            return None;
        }
        let len = Central::LEN + usize::from(u16_at(fixed, 28)) + usize::from(u16_at(fixed, 30));
        header.clear();
        header.extend_from_slice(window.peek(len).get(..len)?);
        Central::parse(header)
    }

    /// Where the name stands in the header, half open.
    pub fn name(&self) -> Range<usize> {
        Central::LEN..Central::LEN + self.name
    }
}

/// The numbers of 64 bits in an extra field (APPNOTE 4.5.3): one for each of size, packed size and offset, in this
/// order, that its own field is too small for.
struct Zip64<'b>(&'b [u8]);

impl Zip64<'_> {
    const ID: u16 = 0x0001;

    fn find(mut fields: &[u8]) -> Zip64<'_> {
        while fields.len() >= 4 {
            let (id, len) = (u16_at(fields, 0), usize::from(u16_at(fields, 2)));
            let rest = &fields[4..];
            if id == Zip64::ID {
                return Zip64(&rest[..len.min(rest.len())]);
            }
            fields = rest.get(len..).unwrap_or_default();
        }
        Zip64(&[])
    }

    fn fill<const N: usize>(mut self, numbers: [&mut u64; N]) {
        for number in numbers {
            if *number == u64::from(u32::MAX) && self.0.len() >= 8 {
                *number = u64_at(self.0, 0);
                self.0 = &self.0[8..];
            }
        }
    }
}

/// How many bytes a data descriptor has at most.
pub const DESCRIPTOR: usize = 24;

/// Whether `bytes` begin with the data descriptor (APPNOTE 4.3.9) of data with this checksum and these sizes: with a
/// signature or without, with sizes of 32 bits or of 64.
pub fn describes(bytes: &[u8], crc: u32, packed: u64, size: u64) -> bool {
    let bare = |bytes: &[u8]| {
        let short = bytes.len() >= 12
            && (u64::from(u32_at(bytes, 4)), u64::from(u32_at(bytes, 8))) == (packed & 0xffff_ffff, size & 0xffff_ffff);
        let long = bytes.len() >= 20 && (u64_at(bytes, 4), u64_at(bytes, 12)) == (packed, size);
        u32_at(bytes, 0) == crc && (short || long)
    };
    bytes.strip_prefix(b"PK\x07\x08").is_some_and(bare) || bare(bytes)
}
