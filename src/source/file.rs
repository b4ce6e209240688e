//! One file: its name, its bytes, or the text of a link.
//!
//! Small files are read into a buffer that a thread uses again and again, large ones are mapped window by window.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::blob::{Blob, Content, FileOrigin, Kind, Root};
use crate::coverage::Skip;
use crate::error::Problem;
use crate::key::KEY_LEN;
use crate::read::{self, Buffer, Links, MAP_FROM, Mapped, fill};
use crate::source::Visitor;

/// A file with several names, put aside: which one is read must not depend on which thread comes first.
#[derive(Debug)]
pub struct Linked<'a> {
    /// Device and inode.
    pub identity: (u64, u64),
    root: &'a Root,
    local: PathBuf,
    /// Whether its name may be a link.
    pub links: Links,
}

impl Linked<'_> {
    /// Where it came from.
    pub fn origin(&self) -> FileOrigin<'_> {
        FileOrigin { root: self.root, local: &self.local, kind: Kind::Content }
    }
}

/// The files put aside by all threads.
pub type Aside<'a> = Mutex<Vec<Linked<'a>>>;

/// Looks at a file's or folder's own name, which is long enough for a key once in a blue moon.
pub fn visit_name<V: Visitor>(visitor: &mut V, origin: &FileOrigin<'_>, name: Option<&OsStr>) {
    if let Some(name) = name.map(OsStr::as_encoded_bytes)
        && name.len() >= KEY_LEN
    {
        visitor.blob(Blob {
            origin: FileOrigin { kind: Kind::FileName, ..*origin }.into(),
            content: Content::Whole(name),
        });
    }
}

/// Looks at where a symbolic link leads, without going there.
pub fn visit_link<V: Visitor>(visitor: &mut V, origin: FileOrigin<'_>) {
    match origin.local.read_link() {
        Ok(text) => {
            let content = Content::Whole(text.as_os_str().as_encoded_bytes());
            visitor.blob(Blob { origin: FileOrigin { kind: Kind::LinkTarget, ..origin }.into(), content });
        }
        Err(cause) => visitor.problem(Problem::unreadable(&origin.into(), &cause)),
    }
}

/// Reads a file, or puts it aside when it has several names and there is an `aside` to put it.
pub fn visit_file<'a, V: Visitor>(
    reader: &mut Reader,
    visitor: &mut V,
    origin: FileOrigin<'_>,
    links: Links,
    aside: Option<(&Aside<'a>, &'a Root)>,
) {
    let (file, metadata) = match read::open(origin.local, links) {
        Ok(opened) => opened,
        Err(cause) => return visitor.problem(Problem::unreadable(&origin.into(), &cause)),
    };
    if !metadata.is_file() {
        return visitor.skip(&origin.into(), Skip::Special);
    }
    match (aside, read::identity_if_linked(&metadata)) {
        (Some((aside, root)), Some(identity)) => {
            let linked = Linked { identity, root, local: origin.local.to_path_buf(), links };
            aside.lock().unwrap_or_else(PoisonError::into_inner).push(linked);
        }
        _ => reader.read(file, &metadata, origin, visitor),
    }
}

/// Reads files for one thread.
#[derive(Debug)]
pub struct Reader {
    buffer: Buffer,
    window: usize,
}

impl Reader {
    /// A reader for one of `threads` threads.
    pub fn new(threads: usize) -> Reader {
        let buffer = Buffer::new(usize::try_from(MAP_FROM).unwrap_or(usize::MAX));
        Reader { buffer, window: read::window_size(threads) }
    }

    fn read<V: Visitor>(&mut self, mut file: File, metadata: &Metadata, origin: FileOrigin<'_>, visitor: &mut V) {
        let len = metadata.len();
        if len >= MAP_FROM {
            let mapped = Mapped::new(file, len, self.window);
            return visitor.blob(Blob { origin: origin.into(), content: Content::Mapped(&mapped) });
        }
        // A length of 0 may be a lie (procfs): then the buffer is offered whole.
        let expected = match usize::try_from(len) {
            Ok(len @ 1..) => len.min(self.buffer.len()),
            _ => self.buffer.len(),
        };
        let (read, outcome) = fill(&mut file, &mut self.buffer[..expected]);
        let start = &self.buffer[..read];
        if len == 0 && read == self.buffer.len() {
            return visitor.blob(Blob { origin: origin.into(), content: Content::Stream(&mut start.chain(file)) });
        }
        visitor.blob(Blob { origin: origin.into(), content: Content::Whole(start) });
        if let Err(cause) = outcome {
            visitor.problem(Problem::unreadable(&origin.into(), &cause));
        }
    }
}
