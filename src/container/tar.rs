//! tar: members one after the other, each behind a header of its own.
//!
//! Not read with the `tar` crate: that ends at the first damaged header, wants a reader of its own for each member, and
//! says neither where a name stands nor what is left between the members.

mod header;
mod pax;

use std::io::{self, Read};
use std::ops::Range;

pub(super) use self::header::is_header;
use self::header::{BLOCK, Header, IS_EXTENDED_AGAIN, Kind};
use self::pax::Pax;
use super::input::{Bytes, Source};
use super::told::Told;
use super::{Budget, Input, Member, Members};
use crate::coverage::size;
use crate::error::ProblemKind;
use crate::read::interrupt;

/// The most of a long name or of pax records that is read, in bytes.
const RECORDS_MAX: u64 = 1 << 20;
/// What drains a member takes at a time, in bytes.
const DRAIN: usize = 64 << 10;

/// Lends the members of a tar file.
pub(super) fn open(input: Input<'_>, budget: &Budget, members: &mut dyn Members) {
    let mut walk = Walk {
        source: Source::new(input, budget),
        budget,
        members,
        told: Told::default(),
        next: Next::default(),
        global: Pax::default(),
    };
    walk.all();
    let Walk { mut source, mut told, .. } = walk;
    if source.is_stream() {
        source.rest(members);
    }
    if let Some(problem) = source.problem(budget) {
        told.add(problem, None);
    }
    told.tell(members);
}

/// What headers before it say of the next member.
#[derive(Debug, Default)]
struct Next {
    long_name: Option<(Vec<u8>, Range<u64>)>,
    pax: Pax,
}

struct Walk<'a, 'b, 'm> {
    source: Source<'a, 'b>,
    budget: &'b Budget,
    members: &'m mut dyn Members,
    told: Told,
    next: Next,
    global: Pax,
}

/// Where a walk stands between members.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A header must follow.
    Members,
    /// A header was damaged; another is looked for.
    Lost,
    /// The mark of the end was seen. What follows may be another tar file, as `cat` and `tar -A` make them.
    Ended,
}

impl Walk<'_, '_, '_> {
    /// Goes through all of it.
    fn all(&mut self) {
        let mut place = Place::Members;
        while !interrupt::requested() {
            let offset = self.source.taken();
            let block = match self.block() {
                Ok(Some(block)) => block,
                Ok(None) => {
                    // Without the mark of the end nobody can tell that nothing is missing.
                    if place == Place::Members {
                        self.cut_short(None);
                    }
                    return;
                }
                Err(_) => return,
            };
            if block == [0; BLOCK] {
                place = if place == Place::Lost { Place::Lost } else { Place::Ended };
                continue;
            }
            let header = Header::parse(&block);
            let Some((header, len)) = header.and_then(|header| header.size.map(|len| (header, len))) else {
                if place == Place::Members {
                    let message = format!(
                        "damaged, a header at {} makes no sense; what stands behind it was looked for; restore it, or leave it out with --exclude",
                        size(offset)
                    );
                    self.told.add((ProblemKind::Corrupt, message), None);
                    place = Place::Lost;
                }
                self.next = Next::default();
                continue;
            };
            place = Place::Members;
            if self.header(&header, len, offset).is_err() {
                return;
            }
        }
    }

    /// The next block, which is the container's own. `None` at the end.
    fn block(&mut self) -> io::Result<Option<[u8; BLOCK]>> {
        let block = self.source.peek(BLOCK)?.first_chunk().copied();
        if let Some(block) = &block {
            self.own(block);
        }
        Ok(block)
    }

    /// Takes `bytes`, which were looked at, as the container's own.
    fn own(&mut self, bytes: &[u8]) {
        if self.source.is_stream() {
            self.members.own(bytes);
        }
        self.source.consume(bytes.len());
    }

    /// Does what a header says. `offset` is where it stands, `len` its size. An error ends the walk.
    fn header(&mut self, header: &Header, len: u64, offset: u64) -> Result<(), End> {
        match header.kind {
            Kind::LongName => {
                let (mut name, at) = self.records(len)?;
                name.truncate(name.iter().position(|&byte| byte == 0).unwrap_or(name.len()));
                let span = at..at + name.len() as u64;
                self.next.long_name = Some((name, span));
            }
            Kind::LongLink => {
                self.records(len)?;
            }
            Kind::Pax => {
                let (records, at) = self.records(len)?;
                if !self.next.pax.add(&records, at) {
                    self.bad_records();
                }
            }
            Kind::PaxGlobal => {
                let (records, at) = self.records(len)?;
                if !self.global.add(&records, at) {
                    self.bad_records();
                }
            }
            Kind::Sparse { mut is_extended } => {
                while is_extended && !interrupt::requested() {
                    let Some(block) = self.block().map_err(|_| End)? else {
                        self.cut_short(Some(&header.name));
                        return Err(End);
                    };
                    is_extended = block[IS_EXTENDED_AGAIN] != 0;
                }
                self.member(header, len, offset)?;
            }
            Kind::Data => self.member(header, len, offset)?,
            Kind::NoData => {
                // Folders and links of some programs give a size and have no data, those of others have the data.
                let next = self.source.peek(BLOCK).map_err(|_| End)?.first_chunk();
                let has_none = next.is_none_or(|next| *next == [0; BLOCK] || Header::parse(next).is_some());
                self.member(header, if has_none { 0 } else { len }, offset)?;
            }
        }
        Ok(())
    }

    /// Lends a member with `len` bytes of data, unless pax says otherwise.
    fn member(&mut self, header: &Header, len: u64, offset: u64) -> Result<(), End> {
        let Next { long_name, pax } = std::mem::take(&mut self.next);
        let len = match header.kind {
            Kind::NoData if len == 0 => 0,
            _ => pax.size.or(self.global.size).unwrap_or(len),
        };
        if let Err(exceeded) = self.budget.member() {
            self.told.add(self.budget.problem(exceeded), None);
            return Err(End);
        }
        let mut spans: Vec<_> =
            header.spans.iter().map(|span| offset + span.start as u64..offset + span.end as u64).collect();
        let name = match pax.name.or(long_name).or_else(|| self.global.name.clone()) {
            Some((name, span)) => {
                spans.push(span);
                name
            }
            None => header.name.clone(),
        };
        let start = self.source.taken();
        spans.push(start..start.saturating_add(len));
        let mut content = Content { source: &mut self.source, left: len };
        let member = Member { name: Some(&name).filter(|name| !name.is_empty()).map(Vec::as_slice), spans: &spans };
        self.members.member(&member, &mut content);
        content.skip();
        if content.left > 0 {
            if !interrupt::requested() && !self.source.has_failed() {
                self.cut_short(Some(&name));
            }
            return Err(End);
        }
        self.padding(len)
    }

    /// What a long name or pax header of `len` bytes holds, the first MiB of it, and where it stands.
    fn records(&mut self, len: u64) -> Result<(Vec<u8>, u64), End> {
        let (start, mut records, mut left) = (self.source.taken(), Vec::new(), len);
        while left > 0 {
            if interrupt::requested() {
                return Err(End);
            }
            let ready = self.source.peek(1).map_err(|_| End)?;
            let count = usize::try_from(left).unwrap_or(usize::MAX).min(ready.len());
            let bytes = ready[..count].to_vec();
            if bytes.is_empty() {
                self.cut_short(None);
                return Err(End);
            }
            self.own(&bytes);
            left -= count as u64;
            if len <= RECORDS_MAX {
                records.extend_from_slice(&bytes);
            }
        }
        if len > RECORDS_MAX {
            let message = format!(
                "the name or the records of a member are larger than {}; unpack it and scan what comes out",
                size(RECORDS_MAX)
            );
            self.told.add((ProblemKind::TooLarge, message), None);
        }
        self.padding(len)?;
        Ok((records, start))
    }

    /// Takes what fills the last block of `len` bytes.
    fn padding(&mut self, len: u64) -> Result<(), End> {
        let padding = usize::try_from(len.next_multiple_of(BLOCK as u64) - len).unwrap_or(0);
        let ready = self.source.peek(padding).map_err(|_| End)?;
        let bytes = ready[..padding.min(ready.len())].to_vec();
        self.own(&bytes);
        if bytes.len() < padding {
            self.cut_short(None);
            return Err(End);
        }
        Ok(())
    }

    fn cut_short(&mut self, name: Option<&[u8]>) {
        let message = format!(
            "cut short, it ends after {}; restore the rest of it, or leave it out with --exclude",
            size(self.source.taken())
        );
        self.told.add((ProblemKind::Corrupt, message), name);
    }

    fn bad_records(&mut self) {
        let message = "damaged, a record of a member makes no sense; restore it, or leave it out with --exclude";
        self.told.add((ProblemKind::Corrupt, message.to_owned()), None);
    }
}

/// Nothing more can be read; why is told.
struct End;

/// The data of a member.
struct Content<'c, 'a, 'b> {
    source: &'c mut Source<'a, 'b>,
    left: u64,
}

impl Content<'_, '_, '_> {
    /// Skips what nobody has read.
    fn skip(&mut self) {
        if let Some(skipped) = self.source.skip_at(self.left) {
            self.left -= skipped;
            return;
        }
        let mut buffer = vec![0; if self.left > 0 { DRAIN } else { 0 }];
        while let Ok(1..) = self.read(&mut buffer) {}
    }
}

impl Read for Content<'_, '_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(out.len());
        if most == 0 {
            return Ok(0);
        }
        if interrupt::requested() {
            return Err(io::ErrorKind::Other.into());
        }
        let read = self.source.read(&mut out[..most])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
