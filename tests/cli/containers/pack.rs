//! More ways to pack: formats of one member, bombs of zeros, and changes to archives.

use std::io::Write;

use flate2::{Compress, Compression, Crc, FlushCompress};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use crate::archive::gzip;

/// A way to pack bytes.
pub type Packer = fn(&[u8]) -> Vec<u8>;

/// Formats of one member, each with its extension.
pub const SINGLES: [(&str, Packer); 4] = [("gz", gzip), ("bz2", bzip2), ("xz", xz), ("zst", zstd)];

/// One bzip2 stream.
pub fn bzip2(content: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(content).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// One xz stream.
pub fn xz(content: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).expect("good options");
    encoder.write_all(content).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// One Zstandard frame.
pub fn zstd(content: &[u8]) -> Vec<u8> {
    compress_to_vec(content, CompressionLevel::Fastest)
}

/// Bytes that don't pack away.
pub fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    fastrand::Rng::with_seed(seed).fill(&mut bytes);
    bytes
}

/// Text that packs to a half of its size, and so is not kept as it is by any format.
pub fn digits(seed: u64, len: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    std::iter::repeat_with(|| b"0123456789abcdef\n"[random.usize(..17)]).take(len).collect()
}

/// So many MiB of zeros, as streams of one MiB that follow one another.
pub fn zeros(pack: Packer, mib: usize) -> Vec<u8> {
    pack(&vec![0; 1 << 20]).repeat(mib)
}

/// A ZIP archive of one member `zeros`: so many MiB of zeros in a single deflate stream.
pub fn zip_of_zeros(mib: u32) -> Vec<u8> {
    let zeros = vec![0; 1 << 20];
    let mut compress = Compress::new(Compression::best(), false);
    let mut block = Vec::with_capacity(1 << 20);
    // A full flush makes a part that stands on its own and ends with a byte, and so can be repeated.
    compress.compress_vec(&zeros, &mut block, FlushCompress::Full).expect("zeros pack");
    assert_eq!(compress.total_in(), 1 << 20);
    let (mut part, mut sum) = (Crc::new(), Crc::new());
    part.update(&zeros);
    for _ in 0..mib {
        sum.combine(&part);
    }
    let mut data = block.repeat(mib as usize);
    data.extend([3, 0]);
    let len = u32::try_from(data.len()).expect("small");
    let mut common = [20_u16, 0, 8, 0, 0x21].map(u16::to_le_bytes).concat();
    for value in [sum.sum(), len, mib << 20] {
        common.extend(value.to_le_bytes());
    }
    common.extend([5, 0, 0, 0]);
    let local = [b"PK\x03\x04", &common[..], b"zeros", &data].concat();
    let directory = [b"PK\x01\x02\x14\0", &common[..], &[0; 14], b"zeros"].concat();
    let lens = [directory.len(), local.len()].map(|len| u32::try_from(len).expect("small").to_le_bytes()).concat();
    [&local, &directory, &b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], &lens, &[0; 2]].concat()
}

/// Adds a comment to a ZIP archive that has none.
pub fn comment(mut zip: Vec<u8>, comment: &[u8]) -> Vec<u8> {
    let at = zip.len() - 2;
    zip[at..].copy_from_slice(&u16::try_from(comment.len()).expect("short").to_le_bytes());
    zip.extend(comment);
    zip
}

/// Puts bytes that belong to nothing between the members and the directory of a ZIP archive without a comment.
pub fn gap(zip: &[u8], gap: &[u8]) -> Vec<u8> {
    let at = zip.len() - 6;
    let offset = u32::from_le_bytes(zip[at..at + 4].try_into().expect("4 bytes"));
    let (members, rest) = zip.split_at(offset as usize);
    let (directory, end) = rest.split_at(rest.len() - 6);
    let offset = offset + u32::try_from(gap.len()).expect("short");
    [members, gap, directory, &offset.to_le_bytes(), &end[4..]].concat()
}

/// Says of the member `name` of a ZIP archive that it is encrypted, in both of its headers.
pub fn encrypt(zip: &mut [u8], name: &str) {
    change(zip, name, 6, 8, |flags| flags[0] |= 1);
}

/// Changes the bytes at these offsets in the local header of a member and in its entry in the directory.
pub fn change(zip: &mut [u8], name: &str, local: usize, central: usize, change: impl Fn(&mut [u8])) {
    let mut count = 0;
    for at in 0..zip.len() {
        for (magic, len, offset) in [(b"PK\x03\x04", 30, local), (b"PK\x01\x02", 46, central)] {
            if zip[at..].starts_with(magic) && zip.get(at + len..).is_some_and(|rest| rest.starts_with(name.as_bytes()))
            {
                change(&mut zip[at + offset..]);
                count += 1;
            }
        }
    }
    assert_eq!(count, 2, "the headers of {name}");
}
