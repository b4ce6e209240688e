//! Packs made by hand, to say what git would never write.

use std::fs;
use std::path::Path;

/// An object in a pack: what follows its header is compressed without being made smaller.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The id in the index. Nobody computes it.
    pub id: [u8; 20],
    /// Git's number for the kind: 1 to 4, 6 for a delta by offset, 7 for one by id.
    pub kind: u8,
    /// The entry or the id that a delta is against.
    pub base: Base,
    /// The size in the header, if not that of the payload.
    pub size: Option<u64>,
    /// The object or the delta.
    pub payload: Vec<u8>,
}

/// What a delta is against.
#[derive(Clone, Copy, Debug)]
pub enum Base {
    /// Nothing: it is no delta.
    None,
    /// The entry with this number.
    Entry(usize),
    /// The object with this id.
    Id([u8; 20]),
}

/// A blob.
pub fn blob(id: u8, payload: &[u8]) -> Entry {
    Entry { id: [id; 20], kind: 3, base: Base::None, size: None, payload: payload.to_vec() }
}

/// A delta that appends `text` to all of a base of `size` bytes, in blocks of 64 KiB.
pub fn appended(id: u8, base: Base, size: usize, text: &[u8]) -> Entry {
    let mut payload = number(size);
    payload.extend(number(size + text.len()));
    for start in (0..size).step_by(0x1_0000) {
        let len = (size - start).min(0x1_0000);
        payload.push(0xff);
        payload.extend(u32::try_from(start).expect("4 bytes").to_le_bytes());
        payload.extend(&u32::try_from(len).expect("3 bytes").to_le_bytes()[..3]);
    }
    for text in text.chunks(127) {
        payload.push(u8::try_from(text.len()).expect("7 bits"));
        payload.extend(text);
    }
    let kind = if matches!(base, Base::Id(_)) { 7 } else { 6 };
    Entry { id: [id; 20], kind, base, size: None, payload }
}

/// A size in a delta.
fn number(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(0x80 | u8::try_from(value & 0x7f).expect("7 bits"));
        value >>= 7;
    }
    bytes.push(u8::try_from(value).expect("7 bits"));
    bytes
}

/// A zlib stream of stored blocks.
pub fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let blocks: Vec<_> = if bytes.is_empty() { vec![bytes] } else { bytes.chunks(0xffff).collect() };
    for (number, block) in blocks.iter().enumerate() {
        let len = u16::try_from(block.len()).expect("a block");
        out.push(u8::from(number + 1 == blocks.len()));
        out.extend(len.to_le_bytes());
        out.extend((!len).to_le_bytes());
        out.extend(*block);
    }
    let (mut a, mut b) = (1_u32, 0_u32);
    for block in bytes.chunks(4096) {
        for byte in block {
            a += u32::from(*byte);
            b += a;
        }
        (a, b) = (a % 65_521, b % 65_521);
    }
    out.extend((b << 16 | a).to_be_bytes());
    out
}

/// The header of an entry.
fn header(entry: &Entry) -> Vec<u8> {
    let mut size = entry.size.unwrap_or(entry.payload.len() as u64);
    let mut bytes = vec![entry.kind << 4 | u8::try_from(size & 0x0f).expect("4 bits")];
    size >>= 4;
    while size > 0 {
        *bytes.last_mut().expect("a byte") |= 0x80;
        bytes.push(u8::try_from(size & 0x7f).expect("7 bits"));
        size >>= 7;
    }
    bytes
}

/// The bytes of a pack and of its index.
pub fn pack(entries: &[Entry]) -> (Vec<u8>, Vec<u8>) {
    let count = u32::try_from(entries.len()).expect("few").to_be_bytes();
    let mut pack = [&b"PACK\0\0\0\x02"[..], &count].concat();
    let mut offsets = Vec::new();
    for entry in entries {
        let offset = pack.len();
        pack.extend(header(entry));
        match entry.base {
            Base::None => {}
            Base::Id(id) => pack.extend(id),
            Base::Entry(base) => {
                let mut distance = offset - offsets.get(base).copied().unwrap_or(offset);
                let mut bytes = vec![u8::try_from(distance & 0x7f).expect("7 bits")];
                while distance > 0x7f {
                    distance = (distance >> 7) - 1;
                    bytes.insert(0, 0x80 | u8::try_from(distance & 0x7f).expect("7 bits"));
                }
                pack.extend(bytes);
            }
        }
        pack.extend(zlib(&entry.payload));
        offsets.push(offset);
    }
    let checksum = [7; 20];
    pack.extend(checksum);
    let mut listed: Vec<_> = entries.iter().map(|entry| entry.id).zip(offsets).collect();
    listed.sort_unstable();
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    for first in 0..=u8::MAX {
        let count = listed.iter().filter(|(id, _)| id[0] <= first).count();
        index.extend(u32::try_from(count).expect("few").to_be_bytes());
    }
    index.extend(listed.iter().flat_map(|(id, _)| *id));
    index.extend(listed.iter().flat_map(|_| [0; 4]));
    index.extend(listed.iter().flat_map(|(_, offset)| u32::try_from(*offset).expect("small").to_be_bytes()));
    index.extend(checksum);
    index.extend([0; 20]);
    (pack, index)
}

/// Writes an object in a file of its own below a folder of objects, under any id.
pub fn write_loose(objects: &Path, id: &str, kind: &str, content: &[u8]) {
    let folder = objects.join(&id[..2]);
    fs::create_dir_all(&folder).expect("made");
    let header = format!("{kind} {}\0", content.len());
    fs::write(folder.join(&id[2..]), zlib(&[header.as_bytes(), content].concat())).expect("written");
}

/// Writes a pack and its index below a folder of objects.
pub fn write(objects: &Path, name: &str, entries: &[Entry]) {
    let (pack, index) = pack(entries);
    let folder = objects.join("pack");
    fs::create_dir_all(&folder).expect("made");
    fs::write(folder.join(format!("pack-{name}.pack")), pack).expect("written");
    fs::write(folder.join(format!("pack-{name}.idx")), index).expect("written");
}
