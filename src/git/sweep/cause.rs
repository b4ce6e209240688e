//! Why an object could not be decoded: small while the sweep runs, words when it is told.

use std::path::{Path, PathBuf};

use crate::object::ObjectId;

/// What kept an object, or a part of a repository's objects, from being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SweepProblemKind {
    /// The bytes are damaged.
    Corrupt,
    /// What the object is deltified against is nowhere.
    MissingBase,
    /// The object is larger than what is decoded in memory, or takes too much work.
    TooLarge,
    /// A file or folder can't be read or is missing.
    Unreadable,
    /// An index and its pack do not belong together.
    IndexMismatch,
    /// A file was cut short while it was being read.
    Changed,
    /// The program has a fault, which it brought out.
    Internal,
}

/// Something in a repository's objects that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SweepProblem {
    /// The file or folder at fault.
    pub file: PathBuf,
    /// The object at fault; `None` when the problem is that of a whole file.
    pub id: Option<ObjectId>,
    /// What is wrong.
    pub kind: SweepProblemKind,
    /// How many objects are lost: the one at fault and those deltified against it that are nowhere else. 0 when all
    /// that it holds was read nevertheless, or when nobody can tell.
    pub lost: u64,
    /// The cause and the remedy, without the path and the id.
    pub message: String,
}

impl SweepProblem {
    /// A problem of a whole file or folder.
    pub(super) fn of_file(file: &Path, kind: SweepProblemKind, message: impl Into<String>) -> SweepProblem {
        SweepProblem { file: file.to_owned(), id: None, kind, lost: 0, message: message.into() }
    }

    /// One object is lost.
    pub(super) fn of_object(file: &Path, id: Option<ObjectId>, cause: &Cause) -> SweepProblem {
        SweepProblem { file: file.to_owned(), id, kind: cause.kind(), lost: 1, message: cause.to_string() }
    }
}

/// Why one object could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The index gives a place outside of the pack.
    #[error("the index says it stands at byte {0}, outside of its pack; {INDEX_REMEDY}")]
    Outside(u64),
    /// No object begins where the index says.
    #[error("no object begins at byte {0} of its pack; {REMEDY}")]
    Header(u64),
    /// The compressed bytes can't be inflated, or their checksum is wrong.
    #[error("its compressed bytes are damaged; {REMEDY}")]
    Inflate,
    /// The compressed bytes make another number of bytes than the header says.
    #[error("it should have {0} bytes and has another number of them; {REMEDY}")]
    Size(u64),
    /// No stream so short can make so many bytes: deflate expands at most 1032 times.
    #[error("it says that it has {0} bytes, more than its compressed bytes can hold; {REMEDY}")]
    Absurd(u64),
    /// Larger than [`most`](super::memory::most).
    #[error("it has {size} bytes and would have to be held in memory, where at most {most} are taken; {LARGE_REMEDY}")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The most that there may be.
        most: u64,
    },
    /// Decoding it means decoding others again and again.
    #[error("its delta chain takes more work than is spent on one; {LARGE_REMEDY}")]
    TooMuchWork,
    /// The delta is damaged.
    #[error("its delta is damaged: {0}; {REMEDY}")]
    Delta(&'static str),
    /// Its base, by id, is not in this pack. Looked for elsewhere before it is told.
    #[error("it is deltified against {0}, which is missing; {REMEDY}")]
    MissingBase(ObjectId),
    /// Its base, by offset, is not in the index. Looked for before it is told.
    #[error("it is deltified against an object at byte {0} of its pack, where none can be read; {REMEDY}")]
    Unlisted(u64),
    /// It is deltified against itself, by way of others.
    #[error("it is deltified against itself; {REMEDY}")]
    Cycle,
    /// What it is deltified against could not be decoded. Never told: that is the base's problem.
    #[error("the object that it is deltified against is lost")]
    LostBase,
    /// The header of a loose object is none.
    #[error("its header is damaged; {REMEDY}")]
    LooseHeader,
    /// Bytes follow a loose object.
    #[error("bytes follow its end; {REMEDY}")]
    Trailing,
    /// The system would not let it be read.
    #[error("{0}; make it readable")]
    Unreadable(String),
}

const REMEDY: &str = "`git fsck` tells more, and a fresh clone or a backup has it whole";
const INDEX_REMEDY: &str = "make the index again with `git index-pack`";
const LARGE_REMEDY: &str = "`git cat-file -p` shows it, and `git -c pack.depth=10 repack -adF` packs it otherwise";

impl Cause {
    /// The kind of problem that this is.
    pub fn kind(&self) -> SweepProblemKind {
        match self {
            Cause::Header(_)
            | Cause::Inflate
            | Cause::Size(_)
            | Cause::Absurd(_)
            | Cause::Delta(_)
            | Cause::Cycle
            | Cause::LostBase
            | Cause::LooseHeader
            | Cause::Trailing => SweepProblemKind::Corrupt,
            Cause::Outside(_) => SweepProblemKind::IndexMismatch,
            Cause::TooLarge { .. } | Cause::TooMuchWork => SweepProblemKind::TooLarge,
            Cause::MissingBase(_) | Cause::Unlisted(_) => SweepProblemKind::MissingBase,
            Cause::Unreadable(_) => SweepProblemKind::Unreadable,
        }
    }
}

/// Why a step of decoding was not done.
pub enum Stop {
    /// It can't be done.
    Failed(Cause),
    /// It needs more memory than there is for it now.
    Memory,
    /// As much was decoded again as may be, so the family is given up.
    Work,
}

impl From<Cause> for Stop {
    fn from(cause: Cause) -> Stop {
        Stop::Failed(cause)
    }
}
