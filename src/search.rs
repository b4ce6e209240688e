//! The search: one blob and all that is packed in it. Keys come out, each with its place, and what could not be read.
//!
//! A blob's bytes go through the detector block by block (`search/bytes.rs`). Where they hold a gzip stream written in
//! base64, it is unpacked as they pass (`search/packed.rs`). Where the blob is a container, its members are searched one by
//! one in the same way (`search/members.rs`), however deep they are nested, within the [`Bounds`] of the outer blob.

mod bytes;
mod members;
mod packed;

use std::collections::BTreeSet;

use crate::blob::{Content, Kind, ReadError};
use crate::container::{Bounds, Budget};
use crate::detect::{Detector, Match};
use crate::error::ProblemKind;
use crate::lines::Position;
use crate::mark::Mark;
use crate::read::Buffer;

use self::bytes::Bytes;
pub use self::members::{NAMELESS, nameless};

/// How many different problems of one blob are listed.
const MAX_PROBLEMS: usize = 1000;

/// What is done with containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Containers {
    /// They are opened.
    Open,
    /// They are searched as the bytes they are.
    Closed,
}

/// A key, and where it stands.
#[derive(Debug)]
pub struct Located {
    /// The key.
    pub found: Match,
    /// The members that lead to it, the outermost first, by their names: without secrets, and shortened to about 1 KiB.
    /// None for a key in the blob's own bytes.
    pub members: Vec<Vec<u8>>,
    /// Which part of the member it is in, or of the blob: its content, or a member's name.
    pub kind: Part,
    /// What stands beside it and vouches for it.
    pub mark: Option<Mark>,
    /// The place of the first byte of its encoded form.
    pub start: Position,
    /// The place behind its last.
    pub end: Position,
}

/// Which part of a member a key is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What is in it.
    Content,
    /// Its name.
    Name,
}

impl Part {
    /// The kind of a finding in a blob of this kind.
    pub fn of(self, blob: Kind) -> Kind {
        match self {
            Part::Content => blob,
            Part::Name => Kind::FileName,
        }
    }
}

/// What a search found out.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The keys; those in the blob's own bytes in the order they stand.
    pub keys: Vec<Located>,
    /// Texts of a key's shape that nobody issued.
    pub placeholders: u64,
    /// Containers that were opened.
    pub containers: u64,
    /// Members that were searched.
    pub members: u64,
    /// Containers that are known and not opened.
    pub unopened: u64,
    /// What could not be read of containers: the kind, and what, why and what to do.
    pub problems: BTreeSet<(ProblemKind, String)>,
    /// Whether the bound that ended it all is among them.
    is_bound_told: bool,
}

impl Outcome {
    /// Adds a problem. A bound that ends the opening of everything is met by each container on the way out, and told once,
    /// for the innermost.
    fn problem(&mut self, budget: &Budget, kind: ProblemKind, message: String) {
        if budget.spent_words().is_some_and(|words| message.ends_with(&words)) {
            if self.is_bound_told {
                return;
            }
            self.is_bound_told = true;
        }
        // The same one may come a million times out of containers that overlap.
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.insert((kind, message));
        } else {
            let message = format!(
                "it has more than {MAX_PROBLEMS} problems, and no more are listed; unpack it and scan what comes out"
            );
            self.problems.insert((ProblemKind::TooMany, message));
        }
    }
}

/// Searches blobs for one thread.
pub struct Search<'a> {
    detector: &'a Detector,
    containers: Containers,
    bounds: Bounds,
    /// Memory that was used for a member, to be used again.
    spare: Vec<Buffer>,
}

impl std::fmt::Debug for Search<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Search").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

impl<'a> Search<'a> {
    /// A search that opens containers or does not, within bounds.
    pub fn new(detector: &'a Detector, containers: Containers, bounds: Bounds) -> Search<'a> {
        Search { detector, containers, bounds, spare: Vec::new() }
    }

    /// Searches a blob, which is called `name` where that is known. What was found, and the count of bytes read or what
    /// ended the reading. `progress` is told of bytes read while a large blob is.
    pub fn run(
        &mut self,
        kind: Kind,
        name: &[u8],
        content: &mut Content<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> (Outcome, Result<u64, ReadError>) {
        let containers = match kind {
            Kind::Content => self.containers,
            Kind::FileName | Kind::LinkTarget | Kind::CommitMessage | Kind::TagMessage => Containers::Closed,
        };
        let budget = Budget::new(self.bounds);
        let mut run = Run { search: self, name, containers, budget: &budget, outcome: Outcome::default(), progress };
        let read = run.content(&[], content);
        (run.outcome, read)
    }
}

/// The search of one blob.
struct Run<'r, 'a> {
    search: &'r mut Search<'a>,
    /// What the blob is called.
    name: &'r [u8],
    containers: Containers,
    budget: &'r Budget,
    outcome: Outcome,
    progress: &'r mut dyn FnMut(u64),
}

impl Run<'_, '_> {
    /// Searches bytes as they are, without opening what they hold.
    fn bytes(&mut self, members: &[Vec<u8>], part: Part, content: &mut Content<'_>) -> Result<u64, ReadError> {
        let is_outer = members.is_empty();
        let is_whole = matches!(content, Content::Whole(_));
        let mut bytes = Bytes::new(self.search.detector, self.budget, !content.is_rereadable()).within(members);
        let read = content.blocks(|block| {
            let owned = block.owned.len() as u64;
            if is_outer {
                self.budget.read(owned);
                if !is_whole {
                    (self.progress)(owned);
                }
            }
            bytes.block(block);
        });
        bytes.finish();
        let placed = if content.is_rereadable() { bytes.place(content) } else { Ok(()) };
        bytes.report(members, part, &mut self.outcome);
        read.and_then(|read| placed.map(|()| read))
    }
}
