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

/// What is done about a file that has several names.
#[derive(Clone, Copy, Debug)]
pub enum Names<'n, 'a> {
    /// It is put aside.
    Aside(&'n Aside<'a>, &'a Root),
    /// All have been put aside, and this one is read: it should lead to this device and inode still.
    First((u64, u64)),
}

/// Reads a file, or puts it aside when it has several names.
pub fn visit_file<V: Visitor>(
    reader: &mut Reader,
    visitor: &mut V,
    origin: FileOrigin<'_>,
    links: Links,
    names: Names<'_, '_>,
) {
    let (file, metadata) = match read::open(origin.local, links) {
        Ok(opened) => opened,
        Err(cause) => return visitor.problem(Problem::unreadable(&origin.into(), &cause)),
    };
    let is_replaced = match names {
        Names::Aside(..) => metadata.is_dir(),
        // The other names are not read, so what they lead to is lost.
        Names::First(identity) => !leads_to(&metadata, identity),
    };
    if is_replaced {
        visitor.problem(Problem::replaced(&origin.into()));
    } else if !metadata.is_file() {
        visitor.skip(&origin.into(), Skip::Special);
    }
    if !metadata.is_file() {
        return;
    }
    if let (Names::Aside(aside, root), Some(identity)) = (names, read::identity_if_linked(&metadata)) {
        let linked = Linked { identity, root, local: origin.local.to_path_buf(), links };
        return aside.lock().unwrap_or_else(PoisonError::into_inner).push(linked);
    }
    reader.read(file, &metadata, origin, visitor);
}

/// Whether this is the file with this device and inode, however many names it has by now.
fn leads_to(metadata: &Metadata, identity: (u64, u64)) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        (metadata.dev(), metadata.ino()) == identity
    }
    #[cfg(not(unix))]
    {
        let _ = (metadata, identity);
        true
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
        match outcome {
            Err(cause) => visitor.problem(Problem::unreadable(&origin.into(), &cause)),
            // The length may have been a lie (sysfs), and is then told again.
            Ok(()) if read < expected && file.metadata().is_ok_and(|now| now.len() < len) => {
                visitor.problem(Problem::changed(&origin.into()));
            }
            Ok(()) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::Origin;
    use crate::error::ProblemKind;
    use crate::object::ObjectKind;
    use crate::read::open;

    /// Writes down what it is lent.
    #[derive(Debug, Default)]
    struct Seen {
        contents: Vec<Vec<u8>>,
        problems: Vec<ProblemKind>,
    }

    impl Visitor for Seen {
        fn blob(&mut self, Blob { mut content, .. }: Blob<'_>) {
            let mut bytes = Vec::new();
            content.blocks(|block| bytes.extend_from_slice(&block.bytes[block.owned.clone()])).expect("readable");
            self.contents.push(bytes);
        }
        fn may_hold(&self, _: &[u8]) -> bool {
            true
        }
        fn object(&mut self, _: ObjectKind, _: u64) {}
        fn problem(&mut self, problem: Problem) {
            self.problems.push(problem.kind);
        }
        fn bare_repository(&mut self, _: &Origin<'_>) {}
        fn skip(&mut self, _: &Origin<'_>, _: Skip) {}
    }

    fn root() -> Root {
        Root { given: ".".into(), prefix: PathBuf::new() }
    }

    #[test]
    fn a_file_cut_short_between_opening_and_reading_is_a_problem() {
        let folder = tempfile::tempdir().expect("a folder");
        let local = folder.path().join("file");
        for (len, problems) in [(6, &[][..]), (3, &[ProblemKind::Changed]), (0, &[ProblemKind::Changed])] {
            std::fs::write(&local, "text 1").expect("written");
            let (file, metadata) = open(&local, Links::Refuse).expect("opened");
            let writer = File::options().write(true).open(&local).expect("opened");
            writer.set_len(len).expect("cut");
            let mut seen = Seen::default();
            let origin = FileOrigin { root: &root(), local: &local, kind: Kind::Content };
            Reader::new(1).read(file, &metadata, origin, &mut seen);
            assert_eq!(seen.contents, [b"text 1"[..usize::try_from(len).expect("short")].to_vec()]);
            assert_eq!(seen.problems, problems, "cut to {len}");
        }
    }

    /// Linux states 4096 bytes for each of these, which hold a few.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_length_that_was_a_lie_is_none() {
        let local = PathBuf::from("/sys/kernel/mm/transparent_hugepage/enabled");
        if !local.exists() {
            return;
        }
        let mut seen = Seen::default();
        let origin = FileOrigin { root: &root(), local: &local, kind: Kind::Content };
        visit_file(&mut Reader::new(1), &mut seen, origin, Links::Refuse, Names::Aside(&Aside::default(), &root()));
        assert_eq!((seen.contents.len(), seen.problems), (1, Vec::new()));
    }

    #[test]
    fn a_folder_in_the_place_of_a_file_is_a_problem() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut seen = Seen::default();
        let origin = FileOrigin { root: &root(), local: folder.path(), kind: Kind::Content };
        visit_file(&mut Reader::new(1), &mut seen, origin, Links::Refuse, Names::Aside(&Aside::default(), &root()));
        assert_eq!((seen.contents, seen.problems), (Vec::new(), vec![ProblemKind::Changed]));
    }

    #[cfg(unix)]
    #[test]
    fn another_file_under_the_name_that_stands_for_several_is_a_problem() {
        let folder = tempfile::tempdir().expect("a folder");
        let (local, other) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::write(&local, "one").expect("written");
        std::fs::hard_link(&local, &other).expect("linked");
        let root = root();
        let origin = FileOrigin { root: &root, local: &local, kind: Kind::Content };
        let aside = Aside::default();
        let mut seen = Seen::default();
        visit_file(&mut Reader::new(1), &mut seen, origin, Links::Refuse, Names::Aside(&aside, &root));
        let identity = aside.into_inner().expect("no thread died")[0].identity;
        let read = |wanted: &str, problems: &[ProblemKind]| {
            let mut seen = Seen::default();
            visit_file(&mut Reader::new(1), &mut seen, origin, Links::Refuse, Names::First(identity));
            assert_eq!((seen.contents, &seen.problems[..]), (vec![wanted.as_bytes().to_vec()], problems));
        };
        read("one", &[]);
        std::fs::rename(&local, folder.path().join("c")).expect("renamed");
        std::fs::write(&local, "two").expect("written");
        read("two", &[ProblemKind::Changed]);
        std::fs::remove_file(&local).expect("removed");
        std::fs::remove_file(&other).expect("removed");
        std::fs::rename(folder.path().join("c"), &local).expect("renamed");
        // The one name that is left.
        read("one", &[]);
    }
}
