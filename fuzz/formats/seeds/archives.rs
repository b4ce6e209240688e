//! Archives and compressed files.

use std::io::Write;

use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::content;
use crate::archive::{self, Method};
use crate::repository::noise;
use crate::seed::Seed;
use crate::targets::planted;
use crate::zip::{self, Item};

/// ZIP archives.
pub fn zips() -> Vec<Seed> {
    let content = content();
    let stored = || zip::stored("src/a.env", &content);
    let deflated = || zip::deflated("src/a.env", &content);
    let by = |method, packed| zip::packed("a.env", &content, method, packed);
    let other = || zip::deflated("b.txt", noise(2, 30).join("\n").as_bytes());
    let inner = zip::archive(&[other(), deflated()]);
    let archives = [
        archive::zip(&[("a.env", &content), ("b/", b""), ("c", b"c")], Method::Stored),
        archive::zip(&[("a.env", &content), ("c", b"c")], Method::Deflated),
        zip::archive(&[stored().described(), other().described()]),
        zip::archive(&[deflated().described(), other()]),
        zip::archive(&[other().wide(), deflated().wide()]),
        zip::archive(&[deflated().hidden(), other()]),
        zip::archive(&[by(12, bzip2(&content)), by(93, zstd(&content)), by(95, xz(&content))]),
        zip::archive(&[
            zip::deflated("in.zip", &inner),
            Item { comment: b"of it".to_vec(), extra: vec![9; 12], ..other() },
        ]),
        [b"#!/bin/sh\nexit 0\n".to_vec(), inner.clone()].concat(),
        [inner, planted::line().into()].concat(),
        zip::archive(&[zip::stored("in.tar.gz", &archive::gzip(&archive::tar(&[("a.env", &content)])))]),
    ];
    archives.into_iter().map(|archive| Seed::of(vec![archive], [0])).collect()
}

/// Tar archives.
pub fn tars() -> Vec<Seed> {
    let content = content();
    let built = |name: &str, format: fn() -> tar::Header| {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = format();
        header.set_size(content.len() as u64);
        builder.append_pax_extensions([("comment", &b"of it"[..]), ("mtime", b"1.5")]).expect("memory takes it");
        builder.append_data(&mut header, name, &*content).expect("memory takes it");
        let mut link = format();
        link.set_entry_type(tar::EntryType::Symlink);
        link.set_size(0);
        builder.append_link(&mut link, "a link", "l".repeat(150)).expect("memory takes it");
        builder.into_inner().expect("memory takes it")
    };
    let long = format!("{}/a.env", "folder/".repeat(30));
    let archives = [
        archive::tar(&[("a.env", &content), ("b", b""), ("c", b"c")]),
        built("a.env", tar::Header::new_gnu),
        built(&long, tar::Header::new_gnu),
        built("a.env", tar::Header::new_ustar),
        built("a.env", tar::Header::new_old),
        archive::tar(&[("in.zip", &zip::archive(&[zip::deflated("a.env", &content)]))]),
        archive::tar(&[("in.gz", &archive::gzip(&content)), ("in.tar", &archive::tar(&[("a", &content)]))]),
    ];
    archives.into_iter().map(|archive| Seed::of(vec![archive], [0])).collect()
}

/// Compressed files, and compressed data in base64.
pub fn packed() -> Vec<Seed> {
    let content = content();
    let long = [&*content, "zeros\n".repeat(200_000).as_bytes()].concat();
    let named = {
        let builder = flate2::GzBuilder::new().filename("a.env");
        let mut encoder = builder.write(Vec::new(), flate2::Compression::best());
        encoder.write_all(&content).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    };
    let zlib = {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&content).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    };
    let packed = [archive::gzip(&content), named, bzip2(&content), xz(&content), zstd(&content)];
    let two = |packed: &Vec<u8>| [archive::gzip(b"one"), packed.clone()].concat();
    let files = packed.iter().cloned().chain([
        two(&packed[0]),
        archive::gzip(&packed[0]),
        archive::gzip(&long),
        bzip2(&long),
        xz(&long),
        zstd(&long),
    ]);
    let texts = [archive::gzip(&content), zlib, archive::gzip(&long)];
    let seed = |form: u8| move |data: Vec<u8>| Seed::of(vec![vec![form], data], [1]);
    files.map(seed(0)).chain(texts.into_iter().map(seed(1))).collect()
}

fn bzip2(content: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(content).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// Without a checksum, so that damage gets past it.
fn xz(content: &[u8]) -> Vec<u8> {
    let mut options = lzma_rust2::XzOptions::with_preset(1);
    options.set_check_sum_type(lzma_rust2::CheckType::None);
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).expect("memory takes it");
    encoder.write_all(content).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn zstd(content: &[u8]) -> Vec<u8> {
    compress_to_vec(content, CompressionLevel::Fastest)
}
