//! Inputs of several parts, and the folders that they become.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

/// One input out of parts: before each but the last one stands its length, 4 bytes, the lowest first.
pub fn join(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut input = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        if number + 1 < parts.len() {
            input.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
        }
        input.extend(part);
    }
    input
}

/// The parts of an input. A length that is more than there is means all there is; parts that are missing are empty.
pub fn split<const COUNT: usize>(input: &[u8]) -> [&[u8]; COUNT] {
    let mut rest = input;
    std::array::from_fn(|number| {
        let (len, after) = match rest.split_first_chunk::<4>() {
            Some((len, after)) if number + 1 < COUNT => (u32::from_le_bytes(*len) as usize, after),
            _ => (rest.len(), rest),
        };
        let (part, after) = after.split_at(len.min(after.len()));
        rest = after;
        part
    })
}

/// A new folder, in memory where the system has such a place.
pub fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a folder can be made")
}

/// Writes the parts that are not empty as files of these names, with the folders that they need.
pub fn write(folder: &Path, names: &[&str], parts: &[&[u8]]) {
    for (name, part) in names.iter().zip(parts).filter(|(_, part)| !part.is_empty()) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("in the folder")).expect("folders made");
        fs::write(path, part).expect("a file written");
    }
}

/// The parts of every repository that no target changes: its configuration, HEAD, its refs, and a pack with its index.
pub const REPOSITORY: [&str; 5] =
    [".git/config", ".git/HEAD", ".git/packed-refs", ".git/objects/pack/pack-a.pack", ".git/objects/pack/pack-a.idx"];

/// A folder with a repository out of an input.
pub fn repository<const COUNT: usize>(names: [&str; COUNT], input: &[u8]) -> TempDir {
    let folder = folder();
    for name in [".git/objects/pack", ".git/refs"] {
        fs::create_dir_all(folder.path().join(name)).expect("folders made");
    }
    write(folder.path(), &names, &split::<COUNT>(input));
    folder
}
