//! Archives made by hand from their formats' descriptions.

#![allow(dead_code, reason = "each user of this file needs a part of it")]

use std::io::Write;

use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compression, Crc};

/// A name and a content.
pub type Member<'a> = (&'a str, &'a [u8]);

/// How a member of a ZIP archive is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// As it is.
    Stored,
    /// Deflate.
    Deflated,
}

/// A tar archive (POSIX.1-1988 ustar) of these names and contents.
pub fn tar(members: &[Member<'_>]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, content) in members {
        let mut header = [0_u8; 512];
        let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
        assert!(name.len() < 100, "a short name");
        put(0, name.as_bytes());
        put(100, b"0000644\0");
        put(108, b"0000000\0");
        put(116, b"0000000\0");
        put(124, format!("{:011o}\0", content.len()).as_bytes());
        put(136, b"00000000000\0");
        put(148, b"        ");
        put(156, b"0");
        put(257, b"ustar\x0000");
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        archive.extend(header);
        archive.extend_from_slice(content);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.extend([0; 1024]);
    archive
}

/// One gzip member without a name.
pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// A ZIP archive (APPNOTE 6.3.10 sections 4.3.7, 4.3.12 and 4.3.16) of these names and contents.
pub fn zip(members: &[Member<'_>], method: Method) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in members {
        let (number, data) = match method {
            Method::Stored => (0_u16, content.to_vec()),
            Method::Deflated => {
                let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(content).expect("memory takes it");
                (8, encoder.finish().expect("memory takes it"))
            }
        };
        let mut crc = Crc::new();
        crc.update(content);
        // From the version that is needed to the length of the extra field: the same in both headers.
        let mut common = [20_u16, 0, number, 0, 0x21].map(u16::to_le_bytes).concat();
        for value in [crc.sum(), size(data.len()), size(content.len())] {
            common.extend(value.to_le_bytes());
        }
        common.extend(u16::try_from(name.len()).expect("short").to_le_bytes());
        common.extend([0; 2]);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(size(archive.len()).to_le_bytes());
        directory.extend(name.as_bytes());
        archive.extend(b"PK\x03\x04");
        archive.extend(common);
        archive.extend(name.as_bytes());
        archive.extend(data);
    }
    let count = u16::try_from(members.len()).expect("few").to_le_bytes();
    let end = [&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &size(directory.len()).to_le_bytes()].concat();
    let start = size(archive.len()).to_le_bytes();
    [archive, directory, end, start.to_vec(), vec![0; 2]].concat()
}

fn size(len: usize) -> u32 {
    u32::try_from(len).expect("less than 4 GiB")
}
