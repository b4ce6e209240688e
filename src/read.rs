//! Reading files: open without risk, read small ones, map large ones. The only room with unsafe code.
//!
//! Opening follows no link, waits for no pipe and lends no terminal. A map is guarded: a file that is cut short while
//! it is mapped reads as zeros from there on and is reported as changed, instead of killing the process with SIGBUS. So
//! are the maps of other crates, where they are read through [`filling`].

mod guard;
pub mod interrupt;

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::ops::{Deref, DerefMut, Range};
use std::path::Path;

use guard::Guard;
pub use guard::filling;
use memmap2::{Mmap, MmapOptions};

/// Files of at least this many bytes are mapped, shorter ones read into a buffer. `benches/README.md` has the
/// measurement: below this line mapping is behind, up to 8 MiB both are level, above that mapping is ahead.
pub const MAP_FROM: u64 = 1 << 20;

/// The most bytes of one file that are mapped at a time.
const WINDOW_MAX: usize = 8 << 20;
/// The fewest, when many threads share [`WINDOWS_TOTAL`].
const WINDOW_MIN: usize = 1 << 20;
/// What all threads together may have mapped, in bytes: mapped pages count as resident memory.
const WINDOWS_TOTAL: usize = 24 << 20;

/// How much of a file one of `threads` threads maps at a time, in bytes: a multiple of 1 MiB.
pub fn window_size(threads: usize) -> usize {
    let share = WINDOWS_TOTAL / threads.max(1);
    (share & !(WINDOW_MIN - 1)).clamp(WINDOW_MIN, WINDOW_MAX)
}

/// Opens a file to be read. A symbolic link at the end of the path is an error unless `links` says to follow it; a
/// pipe is opened without waiting for its other end (the caller looks at the metadata and closes it again).
///
/// # Errors
///
/// Those of `open(2)` and `fstat(2)`.
pub fn open(path: &Path, links: Links) -> io::Result<(File, Metadata)> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let follow = match links {
            Links::Refuse => libc::O_NOFOLLOW,
            Links::Follow => 0,
        };
        options.custom_flags(follow | libc::O_NONBLOCK | libc::O_NOCTTY);
    }
    #[cfg(not(unix))]
    let _ = links;
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    Ok((file, metadata))
}

/// The most bytes of a file in which git keeps one name, one path or a few of them: `HEAD`, a ref, `commondir`, the file
/// `.git` of a linked work tree. Git writes some hundred.
pub const MAX_GIT_FILE: u64 = 1 << 20;

/// The most bytes of a file that has one line for each of many things, or that somebody writes by hand: a reflog, a list
/// of paths, a baseline, a configuration, a hook, the message of a commit.
pub const MAX_LIST: u64 = 64 << 20;

/// Reads a file whole, if it has at most `most` bytes. Links are followed, but only to a file.
///
/// # Errors
///
/// Those of opening and reading, [`io::ErrorKind::InvalidInput`] for what is not a file, and that of [`to_end`].
pub fn whole(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let (file, metadata) = open(path, Links::Follow)?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    if metadata.len() > most {
        return Err(too_large(most));
    }
    to_end(file, most)
}

/// Reads an input to its end, if it has at most `most` bytes.
///
/// # Errors
///
/// Those of reading, and [`io::ErrorKind::FileTooLarge`] for more bytes.
pub fn to_end(input: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(too_large(most)) } else { Ok(bytes) }
}

/// The error for a file of more than `most` bytes, with what to do about it.
pub fn too_large(most: u64) -> io::Error {
    let most = most >> 20;
    let text = format!("it is larger than {most} MiB, the most that is read of such a file; see what it holds");
    io::Error::new(io::ErrorKind::FileTooLarge, text)
}

/// What became of a file of which less is there than when it was opened, and what to do about it.
pub const CUT_SHORT: &str = "cut short while it was being read; scan again when nothing writes to it";

/// What to do about a symbolic link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// A link is an error.
    Refuse,
    /// A link leads to its target.
    Follow,
}

/// Which file this is, wherever its name stands: device and inode. `None` where the system doesn't say, or where the
/// file has one name only and so can't be met twice.
pub fn identity_if_linked(metadata: &Metadata) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        (metadata.nlink() > 1).then(|| (metadata.dev(), metadata.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        None
    }
}

/// Reads into `buffer` until it is full or the input ends. The count of bytes read, and the error that ended it, if one
/// did; fewer bytes than the buffer holds and no error mean the end of the input. An interrupted read goes on unless
/// Ctrl-C was pressed.
pub fn fill(input: &mut dyn Read, buffer: &mut [u8]) -> (usize, io::Result<()>) {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted && !interrupt::requested() => {}
            Err(error) => return (filled, Err(error)),
        }
    }
    (filled, Ok(()))
}

/// Memory to read input into. It starts at a page border: where a copy's target lies 1 to 16 bytes further in its page
/// than the source, as a large block from glibc's `malloc` does, some CPUs copy at a fifth of their speed
/// (`benches/README.md` has the measurement).
#[derive(Debug)]
pub struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    len: usize,
}

impl Buffer {
    /// The size of a page, or of several.
    const PAGE: usize = 4096;

    /// `len` zeros.
    pub fn new(len: usize) -> Buffer {
        let bytes = vec![0; len + Buffer::PAGE];
        let start = bytes.as_ptr().align_offset(Buffer::PAGE).min(Buffer::PAGE);
        Buffer { bytes, start, len }
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[self.start..][..self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..][..self.len]
    }
}

/// A large file whose parts can be mapped.
#[derive(Debug)]
pub struct Mapped {
    file: File,
    len: u64,
    window: usize,
}

impl Mapped {
    /// A file of `len` bytes that is mapped `window` bytes at a time.
    pub fn new(file: File, len: u64, window: usize) -> Mapped {
        Mapped { file, len, window }
    }

    /// The file's length in bytes when it was opened.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the file was empty when it was opened.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many bytes to map at a time.
    pub fn window(&self) -> usize {
        self.window
    }

    /// Reads bytes from `offset` on into `buffer`. How many were read: fewer than asked for only at the file's end.
    ///
    /// # Errors
    ///
    /// Those of `pread(2)`.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match read_once_at(&self.file, &mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted && !interrupt::requested() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    /// Maps the bytes `range` of the file, half open.
    ///
    /// # Errors
    ///
    /// Those of `mmap(2)`, and [`io::ErrorKind::OutOfMemory`] when more maps are alive than the guard watches.
    pub fn map(&self, range: Range<u64>) -> io::Result<MappedWindow> {
        let len = usize::try_from(range.end - range.start).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let mut options = MmapOptions::new();
        options.offset(range.start).len(len);
        // SAFETY: the bytes of a map change when somebody writes to the file. The rule is that a map is looked at as
        // bytes alone, which may have any value, and that nothing relies on two looks at a byte giving the same one:
        // every index is checked, and what is to be text is copied first (`lines::copied`), since a `str` must not
        // change. A file cut short raises SIGBUS, which the guard turns into zeros; should the guard fail, that signal
        // ends the process, which is the worst case.
        #[expect(unsafe_code, reason = "mapping a file is unsafe by nature")]
        let map = unsafe { options.map(&self.file) }?;
        let start = map.as_ptr() as usize;
        let guard = Guard::watch(start..start + len).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(MappedWindow { guard, map })
    }
}

#[cfg(unix)]
fn read_once_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_once_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

/// A part of a file in memory.
#[derive(Debug)]
pub struct MappedWindow {
    // Dropped before the map, so that the guard never watches memory that is somebody else's.
    guard: Guard,
    map: Mmap,
}

impl MappedWindow {
    /// Whether the file was found cut short: what lies past the cut reads as zeros.
    pub fn was_cut(&self) -> bool {
        self.guard.fired()
    }
}

impl Deref for MappedWindow {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn windows_stay_within_their_budget() {
        assert_eq!(window_size(1), WINDOW_MAX);
        for threads in 1..=64 {
            let window = window_size(threads);
            assert!((WINDOW_MIN..=WINDOW_MAX).contains(&window) && window.is_multiple_of(WINDOW_MIN));
            assert!(threads * window <= WINDOWS_TOTAL || window == WINDOW_MIN);
        }
    }

    #[test]
    fn fill_reads_past_short_reads() {
        let mut input = io::Cursor::new(vec![7; 10]).chain(io::Cursor::new(vec![8; 10]));
        let mut buffer = [0; 15];
        assert!(matches!(fill(&mut input, &mut buffer), (15, Ok(()))));
        assert_eq!(buffer[9..11], [7, 8]);
        assert!(matches!(fill(&mut input, &mut buffer), (5, Ok(()))));
    }

    #[test]
    fn a_buffer_starts_at_a_page_border() {
        for len in [0, 1, 4096, 100_000, 1 << 20] {
            let buffer = Buffer::new(len);
            assert_eq!((buffer.len(), buffer.as_ptr() as usize % 4096), (len, 0));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_cut_short_under_its_map_reads_as_zeros_and_says_so() {
        let mut file = tempfile::tempfile().expect("a temporary file");
        let len = 1 << 20;
        file.write_all(&vec![b'x'; len]).expect("written");
        let mapped = Mapped::new(file.try_clone().expect("a second handle"), len as u64, len);
        for offset in [0, 5, 4096, 70_001] {
            file.set_len(len as u64).expect("grown again");
            let window = mapped.map(offset..len as u64).expect("mapped");
            assert_eq!(window.len() as u64, len as u64 - offset);
            assert!(!window.was_cut());
            file.set_len(offset.next_multiple_of(4096)).expect("cut");
            assert_eq!(memchr::memchr(b'x', &window[8192..]), None);
            assert!(window.was_cut());
        }
    }

    #[cfg(unix)]
    #[test]
    fn opening_follows_no_link_and_waits_for_no_pipe() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link, pipe) = (folder.path().join("file"), folder.path().join("link"), folder.path().join("pipe"));
        std::fs::write(&file, "text").expect("written");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        assert!(open(&file, Links::Refuse).is_ok());
        assert!(open(&link, Links::Refuse).is_err());
        assert!(open(&link, Links::Follow).is_ok());
        let status = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
        assert!(status.success());
        let (_, metadata) = open(&pipe, Links::Refuse).expect("opened without a writer");
        assert!(!metadata.is_file());
    }
}
