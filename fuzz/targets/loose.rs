//! Objects in files of their own.

use std::fs;
use std::io::Write;

use flate2::{Compression, write::ZlibEncoder};

use super::{Seen, parts, program};

/// How many objects there are at most.
const COUNT: usize = 6;

/// A repository's configuration, HEAD and refs, a byte, the ids of objects in lines, and the objects: what is compressed
/// where the byte is even, and else the files as they are.
pub fn run(input: &[u8]) -> Seen {
    const PARTS: usize = COUNT + 5;
    let [config, head, refs, ..] = parts::REPOSITORY;
    let all = parts::split::<PARTS>(input);
    let folder = parts::repository(
        [config, head, refs],
        &parts::join(&all[..3].iter().map(|part| part.to_vec()).collect::<Vec<_>>()),
    );
    let is_plain = all[3].first().is_none_or(|byte| byte % 2 == 0);
    let ids = all[4].split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
    for (id, object) in
        ids.filter(|id| matches!(id.len(), 40 | 64) && id.bytes().all(|byte| byte.is_ascii_hexdigit())).zip(&all[5..])
    {
        let place = folder.path().join(".git/objects").join(&id[..2]);
        fs::create_dir_all(&place).expect("a folder made");
        let bytes = if is_plain { compressed(object) } else { object.to_vec() };
        fs::write(place.join(&id[2..]), bytes).expect("an object written");
    }
    program::run(folder.path(), &["history", "-f", "json"])
}

fn compressed(object: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(object).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}
