//! A blob: bytes to be searched, and where they came from.
//!
//! Sources make blobs, the scan reads them. A blob borrows everything: nothing is copied until a key is found.

mod feeder;

use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::detect::text::MAX_REACH;
use crate::object::{ObjectId, ObjectKind};
use crate::read::{Mapped, fill, interrupt};

pub use feeder::Feeder;

/// Bytes of a stream that are held in memory at a time.
pub const STREAM_WINDOW: usize = 1 << 20;

/// What the user asked to be scanned: a folder, a file or standard input.
#[derive(Debug, Clone)]
pub struct Root {
    /// The path as given; `-` for standard input.
    pub given: PathBuf,
    /// What stands before the part of a path below `given` in a report: the way from the top of the work tree to
    /// `given`, or nothing outside of one. For a single file, its whole path.
    pub prefix: PathBuf,
}

/// A repository that the user asked for.
#[derive(Debug, Clone)]
pub struct RepositoryRoot {
    /// The path as given.
    pub given: PathBuf,
    /// Where the top of its work tree is; for a bare repository, its folder.
    pub top: Top,
}

/// Where the top of a work tree is, as seen from the working directory.
#[derive(Debug, Clone)]
pub enum Top {
    /// Here, or above: the way from the top down to here, with `/` between its parts.
    Above(Vec<u8>),
    /// At this path.
    Elsewhere(PathBuf),
}

/// Where a blob came from.
#[derive(Debug, Clone, Copy)]
pub enum Origin<'a> {
    /// A file, or standard input.
    File(FileOrigin<'a>),
    /// An object of a git repository.
    Object(ObjectOrigin<'a>),
}

/// A file, or standard input.
#[derive(Debug, Clone, Copy)]
pub struct FileOrigin<'a> {
    /// What it was found under.
    pub root: &'a Root,
    /// The path as it can be opened from the working directory: the root's, or one below it.
    pub local: &'a Path,
    /// Which part of the file this is.
    pub kind: Kind,
}

/// An object of a git repository.
#[derive(Debug, Clone, Copy)]
pub struct ObjectOrigin<'a> {
    /// The repository.
    pub root: &'a RepositoryRoot,
    /// The object.
    pub id: ObjectId,
    /// What it is.
    pub object_kind: ObjectKind,
    /// Which part of it this is.
    pub kind: Kind,
    /// The path it has where it was met, from the top of the work tree. Known only where a tree or an index led to it.
    pub path: Option<&'a [u8]>,
    /// The commit that brings it in, where one led to it.
    pub commit: Option<ObjectId>,
}

/// Which part of a file or of a repository a blob is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// What is in the file.
    Content,
    /// The file's or folder's path.
    FileName,
    /// The text of a symbolic link.
    LinkTarget,
    /// The message of a commit.
    CommitMessage,
    /// The message of an annotated tag.
    TagMessage,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 5] = [Kind::Content, Kind::FileName, Kind::LinkTarget, Kind::CommitMessage, Kind::TagMessage];

    /// The name in reports.
    pub fn id(self) -> &'static str {
        match self {
            Kind::Content => "content",
            Kind::FileName => "file-name",
            Kind::LinkTarget => "link-target",
            Kind::CommitMessage => "commit-message",
            Kind::TagMessage => "tag-message",
        }
    }

    /// The kind with this name.
    pub fn from_id(id: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.id() == id)
    }
}

impl<'a> From<FileOrigin<'a>> for Origin<'a> {
    fn from(origin: FileOrigin<'a>) -> Origin<'a> {
        Origin::File(origin)
    }
}

impl<'a> From<ObjectOrigin<'a>> for Origin<'a> {
    fn from(origin: ObjectOrigin<'a>) -> Origin<'a> {
        Origin::Object(origin)
    }
}

impl Origin<'_> {
    /// Which part of a file or of a repository this is.
    pub fn kind(&self) -> Kind {
        match self {
            Origin::File(file) => file.kind,
            Origin::Object(object) => object.kind,
        }
    }

    /// What the user gave.
    pub fn given(&self) -> &Path {
        match self {
            Origin::File(file) => &file.root.given,
            Origin::Object(object) => &object.root.given,
        }
    }

    /// The path in a report; `None` for messages and for objects that nothing names.
    pub fn path(&self) -> Option<Vec<u8>> {
        match self {
            Origin::File(file) => Some(file.path()),
            Origin::Object(object) => object.path.map(<[u8]>::to_vec),
        }
    }

    /// The last part of the path; nothing for an object without one.
    pub fn name(&self) -> &[u8] {
        match self {
            Origin::File(file) => file.local.file_name().map_or(&[], std::ffi::OsStr::as_encoded_bytes),
            Origin::Object(object) => {
                object.path.and_then(|path| path.rsplit(|byte| *byte == b'/').next()).unwrap_or_default()
            }
        }
    }

    /// The path as it can be opened from the working directory, with `/` between its parts; for an object without a
    /// path, what it is called in git.
    pub fn local_path(&self) -> Vec<u8> {
        match self {
            Origin::File(file) => file.local_path(),
            Origin::Object(object) => match object.path {
                Some(path) => object.root.local_path(path),
                None => format!("{} {}", object.object_kind.name(), object.id).into_bytes(),
            },
        }
    }
}

impl RepositoryRoot {
    /// A path of the repository as it can be opened from the working directory, with `/` between its parts.
    pub fn local_path(&self, path: &[u8]) -> Vec<u8> {
        match &self.top {
            Top::Above(here) => {
                let mut here: Vec<&[u8]> = here.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).collect();
                let mut parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
                let shared = here.iter().zip(&parts[..parts.len() - 1]).take_while(|(a, b)| a == b).count();
                here.drain(..shared);
                parts.drain(..shared);
                [vec![&b".."[..]; here.len()], parts].concat().join(&b'/')
            }
            Top::Elsewhere(top) => slashed(&top.join("")).into_iter().chain(path.iter().copied()).collect(),
        }
    }
}

impl FileOrigin<'_> {
    /// The path in a report: from the top of the work tree when there is one, else from the folder given, with `/`
    /// between its parts.
    pub fn path(&self) -> Vec<u8> {
        let below = self.local.strip_prefix(&self.root.given).unwrap_or(self.local);
        // Joining an empty path would add a slash.
        if below.as_os_str().is_empty() {
            slashed(without_dot(&self.root.prefix))
        } else {
            slashed(without_dot(&self.root.prefix.join(below)))
        }
    }

    /// The path as it can be opened from the working directory, with `/` between its parts.
    pub fn local_path(&self) -> Vec<u8> {
        slashed(without_dot(self.local))
    }
}

/// The path without a leading `./`.
fn without_dot(path: &Path) -> &Path {
    path.strip_prefix(".").ok().filter(|rest| !rest.as_os_str().is_empty()).unwrap_or(path)
}

/// A path's bytes, with `/` between its parts on every system.
pub fn slashed(path: &Path) -> Vec<u8> {
    #[cfg(windows)]
    {
        path.to_string_lossy().replace('\\', "/").into_bytes()
    }
    #[cfg(not(windows))]
    {
        path.as_os_str().as_encoded_bytes().to_vec()
    }
}

/// The path that these bytes are, with `/` between its parts on every system.
pub fn from_slashed(path: &[u8]) -> PathBuf {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        std::ffi::OsStr::from_bytes(path).into()
    }
    #[cfg(not(unix))]
    {
        String::from_utf8_lossy(path).into_owned().into()
    }
}

/// Bytes to be searched and where they came from.
#[derive(Debug)]
pub struct Blob<'a> {
    /// Where they came from.
    pub origin: Origin<'a>,
    /// The bytes.
    pub content: Content<'a>,
}

/// The bytes of a blob, in whichever shape they are cheapest to get.
pub enum Content<'a> {
    /// All of them, in memory.
    Whole(&'a [u8]),
    /// A large file.
    Mapped(&'a Mapped),
    /// An input that can be read once and may have no end.
    Stream(&'a mut (dyn Read + 'a)),
}

impl std::fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Content::Whole(_) => "Whole",
            Content::Mapped(_) => "Mapped",
            Content::Stream(_) => "Stream",
        })
    }
}

/// A stretch of a blob in memory.
#[derive(Debug)]
pub struct Block<'b> {
    /// The bytes, context included.
    pub bytes: &'b [u8],
    /// Offset of the first byte in the blob. Always even, so that UTF-16 units keep their parity.
    pub base: u64,
    /// The part that belongs to this block alone: half open, in `bytes`. Every byte of a blob is owned by one block;
    /// around it stand at least [`MAX_REACH`] bytes of context, or all there are.
    pub owned: Range<usize>,
}

/// Why a blob could not be read to its end.
#[derive(Debug)]
pub enum ReadError {
    /// The system said no.
    Io(io::Error),
    /// The file was cut short while it was being read.
    Cut,
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> ReadError {
        ReadError::Io(error)
    }
}

impl Content<'_> {
    /// The same content, lent for a shorter time.
    pub fn lend(&mut self) -> Content<'_> {
        match self {
            Content::Whole(bytes) => Content::Whole(bytes),
            Content::Mapped(mapped) => Content::Mapped(mapped),
            Content::Stream(input) => Content::Stream(*input),
        }
    }

    /// Whether the bytes can be read a second time.
    pub fn is_rereadable(&self) -> bool {
        match self {
            Content::Whole(_) | Content::Mapped(_) => true,
            Content::Stream(_) => false,
        }
    }

    /// Hands out the bytes block by block, in order. The count of bytes read. Stops early when Ctrl-C was pressed.
    ///
    /// # Errors
    ///
    /// When the input can't be read to its end; the blocks before that have been handed out.
    pub fn blocks(&mut self, mut visit: impl FnMut(&Block<'_>)) -> Result<u64, ReadError> {
        match self {
            Content::Whole(bytes) => {
                visit(&Block { bytes, base: 0, owned: 0..bytes.len() });
                Ok(bytes.len() as u64)
            }
            Content::Mapped(file) => mapped_blocks(file, visit),
            Content::Stream(input) => stream_blocks(*input, visit),
        }
    }
}

fn mapped_blocks(file: &Mapped, mut visit: impl FnMut(&Block<'_>)) -> Result<u64, ReadError> {
    let window = file.window() as u64;
    let context = MAX_REACH as u64;
    let mut start = 0;
    while start < file.len() && !interrupt::requested() {
        let end = file.len().min(start + window);
        let base = start.saturating_sub(context);
        let bytes = file.map(base..file.len().min(end + context))?;
        let in_bytes = |offset: u64| usize::try_from(offset - base).unwrap_or(bytes.len());
        visit(&Block { bytes: &bytes, base, owned: in_bytes(start)..in_bytes(end) });
        if bytes.was_cut() {
            return Err(ReadError::Cut);
        }
        start = end;
    }
    Ok(start)
}

fn stream_blocks(input: &mut dyn Read, mut visit: impl FnMut(&Block<'_>)) -> Result<u64, ReadError> {
    let mut feeder = Feeder::new(STREAM_WINDOW);
    loop {
        let space = feeder.space();
        let room = space.len();
        let (read, outcome) = fill(input, space);
        let is_last = read < room || outcome.is_err();
        feeder.add(read, is_last, &mut visit);
        outcome?;
        if is_last || interrupt::requested() {
            return Ok(feeder.handed_out());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// Checks that the blocks own every byte once, with context and even bases; the bytes as owned.
    fn owned(content: &mut Content<'_>) -> Vec<u8> {
        let mut all = Vec::new();
        let mut next = 0;
        let read = content
            .blocks(|block| {
                assert_eq!(block.base % 2, 0);
                assert_eq!(block.base + block.owned.start as u64, next);
                assert!(block.owned.start >= MAX_REACH || block.base == 0);
                next = block.base + block.owned.end as u64;
                all.extend_from_slice(&block.bytes[block.owned.clone()]);
            })
            .expect("readable");
        assert_eq!(read, next);
        all
    }

    #[test]
    fn every_byte_is_owned_by_one_block() {
        let mut rng = fastrand::Rng::with_seed(41);
        let mut bytes = vec![0; 4 * STREAM_WINDOW];
        rng.fill(&mut bytes);
        let sizes = [0, 1, MAX_REACH, STREAM_WINDOW - 1, STREAM_WINDOW, STREAM_WINDOW + 1, 3 * STREAM_WINDOW + 12_345];
        for size in sizes {
            let bytes = &bytes[..size];
            assert!(owned(&mut Content::Whole(bytes)) == bytes);
            assert!(owned(&mut Content::Stream(&mut &*bytes)) == bytes, "stream of {size}");
            let mut file = tempfile::tempfile().expect("a temporary file");
            file.write_all(bytes).expect("written");
            let mapped = Mapped::new(file, size as u64, 1 << 20);
            assert!(owned(&mut Content::Mapped(&mapped)) == bytes, "map of {size}");
        }
    }

    #[test]
    fn paths_of_a_repository_as_seen_from_here() {
        let shown = |top: Top, path: &str| {
            let root = RepositoryRoot { given: ".".into(), top };
            String::from_utf8(root.local_path(path.as_bytes())).expect("UTF-8")
        };
        let above = |here: &str| Top::Above(here.into());
        assert_eq!(shown(above(""), "a/b"), "a/b");
        assert_eq!(shown(above("a"), "a/b"), "b");
        assert_eq!(shown(above("a/c"), "a/b/d"), "../b/d");
        assert_eq!(shown(above("a/b"), "a/b"), "../b");
        assert_eq!(shown(above("x"), "a"), "../a");
        assert_eq!(shown(Top::Elsewhere("up/repo".into()), "a/b"), "up/repo/a/b");
        assert_eq!(shown(Top::Elsewhere("/".into()), "a"), "/a");
    }

    #[test]
    fn bytes_before_a_read_error_are_handed_out() {
        struct Fails;
        impl Read for Fails {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("broken"))
            }
        }
        let mut input = b"some text".chain(Fails);
        let mut seen = Vec::new();
        let outcome =
            Content::Stream(&mut input).blocks(|block| seen.extend_from_slice(&block.bytes[block.owned.clone()]));
        assert_eq!(seen, b"some text");
        assert!(matches!(outcome, Err(ReadError::Io(_))));
    }
}
