//! ZIP archives by a writer that can lie.

#![allow(dead_code, reason = "each user of this file needs a part of it")]

use std::io::Write;

/// A member to be written. What it claims can be changed before it is.
#[derive(Clone, Debug)]
pub struct Item {
    pub name: Vec<u8>,
    /// The name in the local header where it is another.
    pub local_name: Option<Vec<u8>>,
    pub extra: Vec<u8>,
    pub comment: Vec<u8>,
    pub method: u16,
    pub flags: u16,
    /// The flags in the local header where they are others.
    pub local_flags: Option<u16>,
    pub crc: u32,
    pub packed: Vec<u8>,
    /// The packed size that is claimed.
    pub packed_size: u64,
    pub size: u64,
    /// Whether the local header has zeros for checksum and sizes, and a descriptor follows the data.
    pub is_described: bool,
    /// Whether sizes and offset are written as 64 bits.
    pub is_wide: bool,
    /// Whether the directory leaves it out.
    pub is_hidden: bool,
}

/// A member that is not packed.
pub fn stored(name: &str, data: &[u8]) -> Item {
    Item {
        name: name.into(),
        local_name: None,
        extra: Vec::new(),
        comment: Vec::new(),
        method: 0,
        flags: 0,
        local_flags: None,
        crc: crc32fast::hash(data),
        packed: data.to_vec(),
        packed_size: data.len() as u64,
        size: data.len() as u64,
        is_described: false,
        is_wide: false,
        is_hidden: false,
    }
}

/// A member of which `packed` comes to be `data` by `method`.
pub fn packed(name: &str, data: &[u8], method: u16, packed: Vec<u8>) -> Item {
    Item { method, packed_size: packed.len() as u64, packed, ..stored(name, data) }
}

/// A deflated member.
pub fn deflated(name: &str, data: &[u8]) -> Item {
    packed(name, data, 8, deflate(data))
}

/// Raw deflate data.
pub fn deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).expect("it fits");
    encoder.finish().expect("it fits")
}

impl Item {
    /// With a descriptor behind its data.
    pub fn described(self) -> Item {
        Item { is_described: true, flags: self.flags | 8, ..self }
    }

    /// Left out by the directory.
    pub fn hidden(self) -> Item {
        Item { is_hidden: true, ..self }
    }

    /// Written with 64 bits.
    pub fn wide(self) -> Item {
        Item { is_wide: true, ..self }
    }

    fn wide_extra(&self, numbers: &[u64]) -> Vec<u8> {
        let mut extra = self.extra.clone();
        if self.is_wide {
            extra.extend([1, 0]);
            extra.extend(u16::try_from(numbers.len() * 8).expect("it fits").to_le_bytes());
            extra.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
        extra
    }

    fn shared(&self, flags: u16, is_bare: bool) -> Vec<u8> {
        let short = |number: u64| if self.is_wide { u32::MAX } else { u32::try_from(number).expect("it fits") };
        let (crc, packed, size) =
            if is_bare { (0, 0, 0) } else { (self.crc, short(self.packed_size), short(self.size)) };
        let mut bytes = Vec::new();
        bytes.extend(flags.to_le_bytes());
        bytes.extend(self.method.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend([crc, packed, size].iter().flat_map(|number| number.to_le_bytes()));
        bytes
    }

    /// The local header, the data, and its descriptor.
    pub fn local(&self) -> Vec<u8> {
        let name = self.local_name.as_ref().unwrap_or(&self.name);
        let extra =
            if self.is_described { self.extra.clone() } else { self.wide_extra(&[self.size, self.packed_size]) };
        let mut bytes = b"PK\x03\x04\x14\0".to_vec();
        bytes.extend(self.shared(self.local_flags.unwrap_or(self.flags), self.is_described));
        bytes.extend(u16::try_from(name.len()).expect("it fits").to_le_bytes());
        bytes.extend(u16::try_from(extra.len()).expect("it fits").to_le_bytes());
        bytes.extend(name);
        bytes.extend(extra);
        bytes.extend(&self.packed);
        if self.is_described {
            bytes.extend(b"PK\x07\x08");
            bytes.extend(self.crc.to_le_bytes());
            for number in [self.packed_size, self.size] {
                bytes.extend(&number.to_le_bytes()[..if self.is_wide { 8 } else { 4 }]);
            }
        }
        bytes
    }

    fn central(&self, offset: u64) -> Vec<u8> {
        let extra = self.wide_extra(&[self.size, self.packed_size, offset]);
        let mut bytes = b"PK\x01\x02\x14\x03\x14\0".to_vec();
        bytes.extend(self.shared(self.flags, false));
        for part in [&self.name, &extra, &self.comment] {
            bytes.extend(u16::try_from(part.len()).expect("it fits").to_le_bytes());
        }
        bytes.extend([0; 8]);
        let offset = if self.is_wide { u32::MAX } else { u32::try_from(offset).expect("it fits") };
        bytes.extend(offset.to_le_bytes());
        bytes.extend([&self.name[..], &extra, &self.comment].concat());
        bytes
    }
}

/// An archive of these members, with nothing before or behind it.
pub fn archive(items: &[Item]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for item in items {
        if !item.is_hidden {
            directory.extend(item.central(bytes.len() as u64));
        }
        bytes.extend(item.local());
    }
    let count = items.iter().filter(|item| !item.is_hidden).count();
    finish(bytes, &directory, count as u64, items.iter().any(|item| item.is_wide))
}

/// The directory of one member whose local header is at `offset`.
pub fn central(item: &Item, offset: u64) -> Vec<u8> {
    item.central(offset)
}

/// Puts the directory and its end behind the members.
pub fn finish(mut bytes: Vec<u8>, directory: &[u8], count: u64, is_wide: bool) -> Vec<u8> {
    let (offset, size) = (bytes.len() as u64, directory.len() as u64);
    bytes.extend(directory);
    if is_wide {
        let record = bytes.len() as u64;
        bytes.extend(b"PK\x06\x06");
        bytes.extend(44_u64.to_le_bytes());
        bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend([count, count, size, offset].iter().flat_map(|number| number.to_le_bytes()));
        bytes.extend(b"PK\x06\x07\0\0\0\0");
        bytes.extend(record.to_le_bytes());
        bytes.extend(1_u32.to_le_bytes());
    }
    let narrow = |number: u64| if is_wide { u32::MAX } else { u32::try_from(number).expect("it fits") };
    let count = if is_wide { u16::MAX } else { u16::try_from(count & 0xffff).expect("it fits") };
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([count, count].iter().flat_map(|number| number.to_le_bytes()));
    bytes.extend([narrow(size), narrow(offset)].iter().flat_map(|number| number.to_le_bytes()));
    bytes.extend([0, 0]);
    bytes
}
