//! What is in containers: members, and members of members.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::ops::Range;

use crate::blob::{Content, Feeder, ReadError, STREAM_WINDOW};
use crate::caught::caught;
use crate::container::{
    self, HEAD, Held, Input, Member, Members, Packed, ReadAt, Recognised, Tail, at_end, payload, recognise,
};
use crate::detect::Detector;
use crate::error::ProblemKind;
use crate::key::{Fingerprint, KEY_LEN};
use crate::lines::Position;
use crate::read::{Buffer, fill};
use crate::search::bytes::Bytes;
use crate::search::{Containers, Outcome, Part, Run};

/// Members of up to this many bytes are held in memory, so that what is in them can be read at any offset.
const SMALL: usize = 256 << 10;

impl Run<'_, '_> {
    /// Searches a blob, or the member that `members` lead to, and all that is packed in it.
    pub fn content(&mut self, members: &[Vec<u8>], content: &mut Content<'_>) -> Result<u64, ReadError> {
        match (self.containers, content) {
            (Containers::Closed, content) => self.bytes(members, Part::Content, content),
            (Containers::Open, Content::Whole(bytes)) => self.at_hand(members, &*bytes, Content::Whole(bytes)),
            (Containers::Open, Content::Mapped(mapped)) => self.at_hand(members, *mapped, Content::Mapped(mapped)),
            (Containers::Open, Content::Stream(input)) => self.stream(members, *input),
        }
    }

    /// Bytes that can be read at any offset: searched as they are, then opened.
    fn at_hand(&mut self, members: &[Vec<u8>], bytes: &dyn ReadAt, mut content: Content<'_>) -> Result<u64, ReadError> {
        let first = self.outcome.keys.len();
        let read = self.bytes(members, Part::Content, &mut content)?;
        let mut head = [0; HEAD];
        let len = bytes.read_at(0, &mut head)?;
        let head = &head[..len];
        let whole = |packed| (packed, 0);
        let packed = match recognise(head) {
            Some(Recognised::Packed(packed)) => Some(whole(packed)),
            Some(Recognised::Unopened(_)) => {
                self.outcome.unopened += 1;
                None
            }
            None => at_end(bytes, head)?,
        };
        if let Some((packed, offset)) = packed {
            let own = first..self.outcome.keys.len();
            let mut spans: Vec<Range<u64>> = Vec::new();
            let rest = Behind { bytes, offset };
            let input = Input::At(if offset == 0 { bytes } else { &rest });
            self.open(members, packed, input, (!own.is_empty()).then_some(&mut spans));
            for span in &mut spans {
                *span = span.start + offset..span.end + offset;
            }
            self.leave_to_members(own, spans);
        }
        Ok(read)
    }

    /// Bytes that pass once.
    fn stream(&mut self, members: &[Vec<u8>], input: &mut dyn Read) -> Result<u64, ReadError> {
        let mut start = self.search.spare.pop().unwrap_or_else(|| Buffer::new(SMALL));
        let read = self.stream_from(members, &mut start, input);
        self.search.spare.push(start);
        read
    }

    fn stream_from(&mut self, members: &[Vec<u8>], start: &mut Buffer, input: &mut dyn Read) -> Result<u64, ReadError> {
        let (read, outcome) = fill(input, start);
        let start = &start[..read];
        if read < SMALL {
            // What came before an error counts.
            let read = self.at_hand(members, &start, Content::Whole(start));
            outcome?;
            return read;
        }
        let mut input = Counted { input: start.chain(input), count: 0, fault: None };
        match recognise(start) {
            Some(Recognised::Packed(packed)) => {
                self.open(members, packed, Input::Stream(&mut input), None);
                let fault = input.fault.take();
                fault.map_or(Ok(input.count), |fault| Err(ReadError::Io(fault)))
            }
            Some(Recognised::Unopened(_)) => {
                self.outcome.unopened += 1;
                self.bytes(members, Part::Content, &mut Content::Stream(&mut input))
            }
            None if container::may_end_in_archive(start) => {
                let read = self.held(members, start, &mut input);
                // What came before an error counts.
                input.fault.take().map_or(read, |fault| Err(ReadError::Io(fault)))
            }
            None => self.passing(members, start, &mut input),
        }
    }

    /// A program or script, which may have an archive at its end: held in memory, if there is room.
    fn held(&mut self, members: &[Vec<u8>], head: &[u8], input: &mut dyn Read) -> Result<u64, ReadError> {
        let Held { bytes, is_whole, memory } = Held::read(input, self.budget);
        if is_whole {
            return self.at_hand(members, &&bytes[..], Content::Whole(&bytes));
        }
        let Some((packed, offset)) = payload(&bytes) else {
            return self.passing(members, head, &mut bytes.chain(input));
        };
        let (script, start) = bytes.split_at(offset);
        let read = self.bytes(members, Part::Content, &mut Content::Whole(script))?;
        let mut input = Counted { input: start.chain(input), count: 0, fault: None };
        self.open(members, packed, Input::Stream(&mut input), None);
        drop(memory);
        Ok(read + input.count)
    }

    /// Bytes that pass once, of which `head` are the first. A ZIP archive at their end is found too late to be opened.
    fn passing(&mut self, members: &[Vec<u8>], head: &[u8], input: &mut dyn Read) -> Result<u64, ReadError> {
        let mut input = Watched { input, tail: Tail::new(head) };
        let read = self.bytes(members, Part::Content, &mut Content::Stream(&mut input));
        if input.tail.is_zip() {
            let message = "a ZIP archive at its end can't be opened while it passes; unpack it and scan what comes out";
            self.outcome.problem(self.budget, ProblemKind::Unsupported, within(members, message));
        }
        read
    }

    /// Searches the members of a container. `spans` is where they stand in its bytes.
    fn open(&mut self, members: &[Vec<u8>], packed: Packed, input: Input<'_>, spans: Option<&mut Vec<Range<u64>>>) {
        let budget = self.budget;
        let mut opened = Opened { run: self, members: members.to_vec(), spans, own: None, names: BTreeSet::new() };
        container::open(packed, input, budget, &mut opened);
        opened.finish();
    }

    /// Drops the keys `own` of a container's own bytes that stand where its members do, and were found there.
    fn leave_to_members(&mut self, own: Range<usize>, mut spans: Vec<Range<u64>>) {
        spans.sort_by_key(|span| span.start);
        // Members may overlap, so that not the nearest alone can hold a key: it is held if the one that reaches farthest
        // of those that begin before it does.
        let mut farthest = 0;
        for span in &mut spans {
            farthest = farthest.max(span.end);
            span.end = farthest;
        }
        let keys = &mut self.outcome.keys;
        let in_members: BTreeSet<_> = keys[own.end..].iter().map(|key| key.found.key.fingerprint()).collect();
        let mut number = 0;
        keys.retain(|key| {
            let is_own = own.contains(&number);
            number += 1;
            let before = spans.partition_point(|span| span.start <= key.start.byte);
            let is_member = spans[..before].last().is_some_and(|span| key.end.byte <= span.end);
            !(is_own && is_member && in_members.contains(&key.found.key.fingerprint()))
        });
    }
}

/// Takes the members of one container.
struct Opened<'o, 'r, 'a> {
    run: &'o mut Run<'r, 'a>,
    /// What leads to the container, as it is shown.
    members: Vec<Vec<u8>>,
    /// Where members stand in it, if that is of interest.
    spans: Option<&'o mut Vec<Range<u64>>>,
    /// The container's own bytes, where they pass once.
    own: Option<Box<(Feeder, Bytes<'r>)>>,
    /// The keys in members' names.
    names: BTreeSet<Fingerprint>,
}

/// A member's name as it is shown: without secrets, and not too long, since every key in the member has it.
fn shown(name: &[u8], detector: &Detector) -> Vec<u8> {
    const MOST: usize = 1024;
    let mut shown = detector.redact(name).into_owned();
    if shown.len() > MOST {
        // Once keys are masked, since a part of one is not known for one.
        shown.truncate(MOST);
        shown.extend_from_slice(b"...");
    }
    shown
}

/// What a member is called that has no name where nothing is known of its container's either.
pub const NAMELESS: &[u8] = b"content";

/// What a member without a name is called: the container's name without its extension.
pub fn nameless(container: &[u8]) -> Vec<u8> {
    const EXTENSIONS: [(&[u8], &[u8]); 12] = [
        (b".tgz", b".tar"),
        (b".taz", b".tar"),
        (b".tbz", b".tar"),
        (b".tbz2", b".tar"),
        (b".txz", b".tar"),
        (b".tzst", b".tar"),
        (b".svgz", b".svg"),
        (b".gz", b""),
        (b".bz2", b""),
        (b".xz", b""),
        (b".zst", b""),
        (b".zstd", b""),
    ];
    let name = container.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    EXTENSIONS
        .iter()
        .find_map(|(extension, instead)| Some([name.strip_suffix(*extension)?, instead].concat()))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| NAMELESS.to_vec())
}

impl Members for Opened<'_, '_, '_> {
    fn member(&mut self, member: &Member<'_>, content: &mut dyn Read) {
        self.run.outcome.members += 1;
        if let Some(spans) = &mut self.spans {
            spans.extend_from_slice(member.spans);
        }
        let container = self.members.last().map_or(self.run.name, Vec::as_slice);
        let name = member.name.map_or_else(|| nameless(container), <[u8]>::to_vec);
        self.members.push(shown(&name, self.run.search.detector));
        if name.len() >= KEY_LEN {
            let mut content = Content::Whole(&name);
            // What is in memory can be read.
            let first = self.run.outcome.keys.len();
            let _ = self.run.bytes(&self.members, Part::Name, &mut content);
            self.names.extend(self.run.outcome.keys[first..].iter().map(|key| key.found.key.fingerprint()));
        }
        // The container tells what is wrong with it.
        let searched = caught(|| self.run.content(&self.members, &mut Content::Stream(content)));
        if let Err(fault) = searched {
            self.problem(ProblemKind::Internal, fault.to_string());
        }
        self.members.pop();
    }

    fn packed(&mut self, span: Range<u64>) {
        if let Some(spans) = &mut self.spans {
            spans.push(span);
        }
    }

    fn own(&mut self, bytes: &[u8]) {
        let (detector, budget) = (self.run.search.detector, self.run.budget);
        let members = &self.members;
        let new = || (Feeder::new(STREAM_WINDOW), Bytes::new(detector, budget, false).within(members));
        let own = self.own.get_or_insert_with(|| Box::new(new()));
        let (feeder, searched) = &mut **own;
        feeder.push(bytes, |block| searched.block(block));
    }

    fn problem(&mut self, kind: ProblemKind, message: String) {
        self.run.outcome.problem(self.run.budget, kind, within(&self.members, &message));
    }
}

impl Opened<'_, '_, '_> {
    /// The end of the container.
    fn finish(self) {
        let outcome: &mut Outcome = &mut self.run.outcome;
        outcome.containers += 1;
        if let Some(own) = self.own {
            let (mut feeder, mut bytes) = *own;
            feeder.add(0, true, |block| bytes.block(block));
            bytes.finish();
            let first = outcome.keys.len();
            bytes.report(&self.members, Part::Content, outcome);
            let own = outcome.keys.split_off(first);
            // Headers have the names in them.
            let own = own.into_iter().filter(|key| !self.names.contains(&key.found.key.fingerprint()));
            outcome.keys.extend(own.map(|mut key| {
                // Members' data stands between these bytes, so that their places are not known.
                (key.start, key.end) = (Position::unplaced(0), Position::unplaced(0));
                key
            }));
        }
    }
}

/// The message of a problem in what `members` lead to.
fn within(members: &[Vec<u8>], message: &str) -> String {
    if members.is_empty() {
        message.to_owned()
    } else {
        format!("in {}: {message}", String::from_utf8_lossy(&members.join(&b'!')))
    }
}

/// Keeps the last of the bytes that are read.
struct Watched<'w> {
    input: &'w mut dyn Read,
    tail: Tail,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.tail.pass(&buffer[..read]);
        Ok(read)
    }
}

/// The bytes from an offset on.
struct Behind<'f> {
    bytes: &'f dyn ReadAt,
    offset: u64,
}

impl ReadAt for Behind<'_> {
    fn size(&self) -> u64 {
        self.bytes.size().saturating_sub(self.offset)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.bytes.read_at(self.offset.saturating_add(offset), buffer)
    }
}

/// Counts what is read, and keeps the error that ended it.
struct Counted<R> {
    input: R,
    count: u64,
    fault: Option<io::Error>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.input.read(buffer) {
            Ok(read) => {
                self.count += read as u64;
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                self.fault = Some(io::Error::new(error.kind(), error.to_string()));
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests;
