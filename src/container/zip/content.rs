//! What comes out of one member: read, checked against what its headers claim, and lent.

use std::io::{self, Read};
use std::ops::Range;

use super::lent::Lent;
use super::record::{Claim, DESCRIPTOR, Method, describes};
use super::tally::{Cause, Tally};
use super::window::Window;
use crate::container::input::Bytes;
use crate::container::unpack::{self, Fault, Unpacked};
use crate::container::{Budget, Exceeded, Member, Members};
use crate::read::interrupt;

/// How much of what nobody wants is read at a time, in bytes.
const SCRATCH: usize = 32 << 10;

/// What all members of an archive are read with.
pub struct Reading<'r> {
    /// What is left of the bounds.
    pub budget: &'r Budget,
    /// Takes the members.
    pub members: &'r mut dyn Members,
    /// What could not be read.
    pub tally: Tally,
    /// Which of the archive's bytes were lent, where that has to be known.
    pub lent: Option<Lent<'r>>,
    /// Up to where data was read already, as an offset in the archive. What is read again, since members overlap,
    /// counts as if it came out of a decompressor.
    read_to: u64,
    scratch: Vec<u8>,
}

/// A member's data, as its headers have it.
pub struct Data<'m> {
    /// The member's name.
    pub name: &'m [u8],
    /// Where the name stands in the archive, as byte offsets, half open.
    pub names: Vec<Range<u64>>,
    /// What the headers claim.
    pub claim: Claim,
    /// Where the data ends.
    pub end: End,
}

/// How the end of a member's data is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// [`Claim::packed`] says it.
    Told,
    /// The packed data says it, and a descriptor follows.
    Described,
}

/// What became of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of it was read, and is what it should be. The window stands behind its data.
    Whole,
    /// It was not; the tally knows why.
    NotWhole,
}

impl<'r> Reading<'r> {
    /// Bytes of memory that it takes, with the two windows on an archive.
    pub const MEMORY: u64 = 512 << 10;

    /// Nothing is read yet.
    pub fn new(budget: &'r Budget, members: &'r mut dyn Members) -> Reading<'r> {
        Reading { budget, members, tally: Tally::default(), lent: None, read_to: 0, scratch: vec![0; SCRATCH] }
    }

    /// Whether nothing more is to be read: a bound was met, or Ctrl-C pressed.
    pub fn is_over(&self) -> bool {
        self.budget.is_spent() || interrupt::requested()
    }

    /// Lends a member that can't be read, for its name's sake.
    pub fn lend_name(&mut self, name: &[u8], names: &[Range<u64>], cause: Cause) {
        self.tally.member(name, cause);
        if self.count() {
            self.note(names);
            self.members.member(&Member { name: Some(name), spans: names }, &mut io::empty());
        }
    }

    /// Lends a member whose data begins where the window stands.
    pub fn lend(&mut self, window: &mut Window<'_>, data: Data<'_>) -> Outcome {
        let Data { name, names: mut spans, claim, end } = data;
        if let Method::Other(_) = claim.method {
            self.lend_name(name, &spans, Cause::Unsupported(claim.method.name()));
            return Outcome::NotWhole;
        }
        if !self.count() {
            return Outcome::NotWhole;
        }
        let start = window.position();
        if claim.method == Method::Stored {
            spans.push(start..start.saturating_add(claim.packed));
        }
        let left = (end == End::Told).then_some(claim.packed);
        let mut packed = Packed { window, left, again: self.read_to, budget: self.budget, exceeded: None };
        let mut came = Came::default();
        let member = Member { name: Some(name), spans: &spans };
        let mut fault = None;
        if let Some(mut content) = unpacked(claim.method, &mut packed, self.budget) {
            self.pass(&member, &mut content, &mut came);
            fault = content.fault().map(Ended::new);
        } else {
            self.pass(&member, &mut packed, &mut came);
        }
        let (left, exceeded) = (packed.left, packed.exceeded);
        self.read_to = self.read_to.max(window.position());
        if claim.method == Method::Stored {
            // Of what was not read nothing was lent.
            spans.last_mut().into_iter().for_each(|span| span.end = window.position());
        }
        self.note(&spans);
        let fault = exceeded.map(Ended::Bound).or(fault);
        if let Some(Ended::Bound(exceeded)) = fault
            && (came.has_spent || !self.budget.is_spent())
        {
            self.tally.exceeded(exceeded);
        }
        if self.is_over() {
            return Outcome::NotWhole;
        }
        let consumed = window.position() - start;
        let cause = match fault {
            None => came.fault(&claim, end, left, window.peek(DESCRIPTOR), consumed).map(Cause::Damaged),
            Some(Ended::Bound(_)) => return Outcome::NotWhole,
            Some(Ended::Cause(cause)) => Some(cause),
        };
        if claim.method != Method::Stored {
            self.members.packed(start..start + consumed);
        }
        match cause {
            None => {
                // In what is whole there is nothing that did not come out of it, but for frames that are to be skipped.
                if claim.method == Method::Deflate {
                    self.note(std::slice::from_ref(&(start..start + consumed)));
                }
                Outcome::Whole
            }
            Some(cause) => {
                self.tally.member(name, cause);
                Outcome::NotWhole
            }
        }
    }

    /// Lends what comes, and reads what was not wanted of it, to know that it is what it should be.
    fn pass(&mut self, member: &Member<'_>, content: &mut dyn Read, came: &mut Came) {
        let mut checked = Checked { content, came, budget: self.budget };
        self.members.member(member, &mut checked);
        while !self.is_over() && checked.read(&mut self.scratch).is_ok_and(|read| read > 0) {}
    }

    /// Counts a member. Whether the bounds allow for it.
    fn count(&mut self) -> bool {
        let counted = self.budget.member();
        if let Err(exceeded) = counted {
            self.tally.exceeded(exceeded);
        }
        counted.is_ok()
    }

    fn note(&mut self, spans: &[Range<u64>]) {
        if let Some(lent) = &mut self.lent {
            lent.note(spans);
        }
    }
}

/// What unpacks a member's data; `None` where nothing packs it.
fn unpacked<'s>(method: Method, packed: &'s mut Packed<'_, '_>, budget: &'s Budget) -> Option<Unpacked<'s>> {
    match method {
        Method::Stored | Method::Other(_) => None,
        Method::Deflate => Some(unpack::deflate(packed, budget)),
        Method::Bzip2 => Some(unpack::bzip2(packed, budget)),
        Method::Zstd => Some(unpack::zstd(packed, budget)),
        Method::Xz => Some(unpack::xz(packed, budget)),
    }
}

/// What ended the unpacking of a member before its end.
enum Ended {
    /// A bound was met.
    Bound(Exceeded),
    /// Something else.
    Cause(Cause),
}

impl Ended {
    fn new(fault: &Fault) -> Ended {
        match fault {
            Fault::Bound(exceeded) => Ended::Bound(*exceeded),
            Fault::Unsupported(how) => Ended::Cause(Cause::Unsupported((*how).to_owned())),
            Fault::Input(_) | Fault::CutShort | Fault::Damaged(_) | Fault::Stopped => {
                Ended::Cause(Cause::Damaged(fault.to_string()))
            }
        }
    }
}

/// A member's data as it stands in the archive.
struct Packed<'p, 'w> {
    window: &'p mut Window<'w>,
    /// How many bytes there are still, where that is known.
    left: Option<u64>,
    /// Where the bytes end that were read before for another member, as an offset in the archive.
    again: u64,
    budget: &'p Budget,
    /// The bound that was met by reading bytes again.
    exceeded: Option<Exceeded>,
}

impl Bytes for Packed<'_, '_> {
    fn peek(&mut self, least: usize) -> io::Result<&[u8]> {
        if self.exceeded.is_some() || interrupt::requested() {
            return Err(io::Error::other("stopped"));
        }
        let bytes = self.window.peek(least);
        let len = self
            .left
            .map_or(bytes.len(), |left| usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len())));
        Ok(&bytes[..len])
    }

    fn consume(&mut self, count: usize) {
        let position = self.window.position();
        let again = self.again.saturating_sub(position).min(count as u64);
        if again > 0
            && let Err(exceeded) = self.budget.unpack(again)
        {
            self.exceeded = Some(exceeded);
        }
        self.left = self.left.map(|left| left.saturating_sub(count as u64));
        self.window.consume(count);
    }
}

impl Read for Packed<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.peek(1)?;
        let read = bytes.len().min(out.len());
        out[..read].copy_from_slice(&bytes[..read]);
        self.consume(read);
        Ok(read)
    }
}

/// What came out of a member.
#[derive(Default)]
struct Came {
    crc: crc32fast::Hasher,
    size: u64,
    /// Whether it was this that met the bound which ends it all, and not what is nested in it.
    has_spent: bool,
}

impl Came {
    /// What is wrong with it. `left` bytes of the data were not asked for, and `next` is what follows the rest.
    fn fault(&self, claim: &Claim, end: End, left: Option<u64>, next: &[u8], consumed: u64) -> Option<String> {
        let crc = self.crc.clone().finalize();
        match end {
            End::Described if describes(next, crc, consumed, self.size) => None,
            End::Described => Some("what follows its data does not describe it".to_owned()),
            End::Told if left.is_some_and(|left| left > 0) && claim.method == Method::Stored => {
                Some("cut short".to_owned())
            }
            End::Told if left.is_some_and(|left| left > 0) => Some("its data ends before it should".to_owned()),
            End::Told if self.size != claim.size => {
                Some(format!("{} bytes came out of it, where its header says {}", self.size, claim.size))
            }
            End::Told if crc != claim.crc => Some("its checksum is wrong".to_owned()),
            End::Told => None,
        }
    }
}

/// Notes what comes.
struct Checked<'c> {
    content: &'c mut dyn Read,
    came: &'c mut Came,
    budget: &'c Budget,
}

impl Read for Checked<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let was_spent = self.budget.is_spent();
        let result = self.content.read(out);
        self.came.has_spent |= !was_spent && self.budget.is_spent();
        let read = result?;
        self.came.crc.update(&out[..read]);
        self.came.size += read as u64;
        Ok(read)
    }
}
