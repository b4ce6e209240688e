//! The bytes of a file of the object database: read when it is small, mapped under guard when it is large.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Deref;
use std::path::Path;

use crate::read::{self, Links, Mapped, MappedWindow};

/// A whole file in memory.
#[derive(Debug)]
pub enum Bytes {
    /// Read.
    Read(Vec<u8>),
    /// Mapped.
    Mapped(MappedWindow),
}

/// What to do with a file when no more maps can be watched: up to here it is read instead.
const READ_AT_MOST: u64 = 64 << 20;

impl Bytes {
    /// The bytes of the file at `path`; mapped if there are `map_from` or more of them.
    pub fn open(path: &Path, map_from: u64) -> io::Result<Bytes> {
        let (file, metadata) = read::open(path, Links::Follow)?;
        if !metadata.is_file() {
            return Err(io::Error::other("not a file"));
        }
        if metadata.len() < map_from {
            return read_all(file, metadata.len());
        }
        let map = |file: &File| {
            let len = usize::try_from(metadata.len()).map_err(|_| io::ErrorKind::OutOfMemory)?;
            Mapped::new(file.try_clone()?, metadata.len(), len).map(0..metadata.len())
        };
        match map(&file) {
            Ok(window) => Ok(Bytes::Mapped(window)),
            Err(error) if error.kind() == io::ErrorKind::OutOfMemory && metadata.len() <= READ_AT_MOST => {
                read_all(file, metadata.len())
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the file was cut short while it was mapped.
    pub fn was_cut(&self) -> bool {
        match self {
            Bytes::Read(_) => false,
            Bytes::Mapped(window) => window.was_cut(),
        }
    }
}

fn read_all(file: File, len: u64) -> io::Result<Bytes> {
    let mut bytes = Vec::with_capacity(usize::try_from(len).unwrap_or_default());
    file.take(len).read_to_end(&mut bytes)?;
    Ok(Bytes::Read(bytes))
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Read(bytes) => bytes,
            Bytes::Mapped(window) => window,
        }
    }
}
