//! Compressed files, and compressed data in base64.

use std::io::Read;

use data_encoding::BASE64;

use super::{Seen, parts, planted, search};

/// What a reader that is not this program's may unpack, in bytes.
const MOST: u64 = 1 << 20;

/// A byte, which is odd where the data is in base64, and the data.
pub fn run(input: &[u8]) -> Seen {
    let [form, data] = parts::split(input);
    if form.first().is_some_and(|form| form % 2 == 1) {
        let text = format!("data: \"{}\"\n", BASE64.encode(data));
        return search::search("a.yaml", text.as_bytes());
    }
    let seen = search::search("a.packed", data);
    if unpacked(data).is_some_and(|content| planted::stands_in(&content)) {
        seen.assert_not_clean("a key in a compressed file that another reader reads to its end");
    }
    seen
}

/// What another reader makes of all of the data, if it is sound.
fn unpacked(data: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    let read = if data.starts_with(b"\x1f\x8b") {
        flate2::bufread::MultiGzDecoder::new(data).take(MOST).read_to_end(&mut content)
    } else if data.starts_with(b"BZh") {
        bzip2::bufread::MultiBzDecoder::new(data).take(MOST).read_to_end(&mut content)
    } else if data.starts_with(b"\xfd7zXZ") {
        lzma_rust2::XzReader::new(data, true).take(MOST).read_to_end(&mut content)
    } else {
        let decoder = ruzstd::decoding::StreamingDecoder::new(data).ok()?;
        decoder.take(MOST).read_to_end(&mut content)
    };
    read.ok().map(|_| content)
}
