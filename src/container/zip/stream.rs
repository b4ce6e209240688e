//! An archive too large to be held, read in order by its local headers.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::io::Read;

use memchr::memmem;

use super::content::Reading;
use super::directory::{End, Fault};
use super::hidden;
use super::record::{Central, Local};
use super::window::{Source, Window};
use crate::container::{Budget, Reserved};
use crate::read::interrupt;

/// What a signature begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Record {
    Local,
    Central,
    End,
}

/// The way through a stream.
struct Walk<'w, 'a, 'r> {
    reading: &'w mut Reading<'r>,
    window: Window<'a>,
    names: Names<'r>,
    /// How many local and central headers there were, and ends of directories.
    locals: u64,
    centrals: u64,
    ends: u64,
    header: Vec<u8>,
}

/// Lends every member of an archive whose first bytes are `held` already. What is no member's data, and no name that is
/// lent with one, is passed on as the archive's own. Since there is no going back, a header that begins in the name or
/// the extra field of another is not read, and of what precedes the end of a damaged member neither.
pub fn walk(held: &[u8], rest: &mut dyn Read, reading: &mut Reading<'_>) {
    let names = Names::new(reading.budget);
    let window = Window::new(Source::Stream { held, rest });
    let mut walk = Walk { reading, window, names, locals: 0, centrals: 0, ends: 0, header: Vec::new() };
    while walk.step() {}
    if walk.reading.is_over() {
        return;
    }
    if walk.ends > 0 && walk.centrals > walk.locals {
        walk.reading.tally.lost(walk.centrals - walk.locals);
    } else if walk.ends == 0 && !walk.window.has_failed() {
        // An error of the stream is told by whoever lent it.
        walk.reading.tally.directory(Fault::Missing);
    }
}

impl Walk<'_, '_, '_> {
    /// Goes on to the next header, and reads what it is of. Whether there is more.
    fn step(&mut self) -> bool {
        if interrupt::requested() {
            return false;
        }
        let bytes = self.window.peek(4096);
        let found = if self.reading.budget.is_spent() { None } else { find(bytes) };
        let ahead = match found {
            Some((ahead, _)) => ahead,
            None if bytes.len() >= 4096 => bytes.len() - 3,
            None => bytes.len(),
        };
        self.own(ahead);
        match found {
            None => ahead > 0,
            Some((_, record)) => {
                match record {
                    Record::Local => self.local(),
                    Record::Central => self.central(),
                    Record::End => {
                        self.ends += u64::from(self.window.peek(End::LEN).len() >= End::LEN);
                        self.own(4);
                    }
                }
                true
            }
        }
    }

    /// Passes the next `count` bytes, which were looked at, as the archive's own.
    fn own(&mut self, count: usize) {
        let bytes = self.window.peek(count);
        let count = count.min(bytes.len());
        if count > 0 {
            self.reading.members.own(&bytes[..count]);
            self.window.consume(count);
        }
    }

    fn local(&mut self) {
        let mut header = std::mem::take(&mut self.header);
        match hidden::header(&mut self.window, &mut header) {
            None => self.own(4),
            Some(local) => {
                self.locals += 1;
                let name = local.name();
                self.reading.members.own(&header[..name.start]);
                self.reading.members.own(&header[name.end..]);
                self.names.add(&header[name]);
                hidden::lend(self.reading, &mut self.window, &local, &header);
            }
        }
        self.header = header;
    }

    fn central(&mut self) {
        let mut header = std::mem::take(&mut self.header);
        match Central::read(&mut self.window, &mut header) {
            None => self.own(4),
            Some(central) => {
                self.centrals += 1;
                let name = central.name();
                if self.names.contain(&header[name.clone()]) {
                    self.own(name.start);
                    self.window.peek(name.len());
                    self.window.consume(name.len());
                    self.own(header.len() - name.end);
                } else {
                    self.own(header.len());
                }
            }
        }
        self.header = header;
    }
}

/// The first signature in `bytes`, and where it begins.
fn find(bytes: &[u8]) -> Option<(usize, Record)> {
    memmem::find_iter(bytes, b"PK").find_map(|at| {
        let record = match bytes[at..].get(..4)?.first_chunk::<4>()? {
            signature if *signature == Local::SIGNATURE => Record::Local,
            signature if *signature == Central::SIGNATURE => Record::Central,
            signature if *signature == End::SIGNATURE => Record::End,
            _ => return None,
        };
        Some((at, record))
    })
}

/// The names that were lent, by their hashes: in a directory at the stream's end they are not told again.
struct Names<'b> {
    hashes: HashSet<u64>,
    by: RandomState,
    budget: &'b Budget,
    memory: Vec<Reserved<'b>>,
}

impl<'b> Names<'b> {
    /// How many names are noted before more memory is asked for, and bytes of memory that each takes: 8 for the hash and
    /// 1 of the table, which is at least 7/16 full after it has grown.
    const STEP: usize = 1 << 14;
    const EACH: usize = 21;

    fn new(budget: &'b Budget) -> Names<'b> {
        Names { hashes: HashSet::new(), by: RandomState::new(), budget, memory: Vec::new() }
    }

    /// Notes a name. Where memory is short it is not noted, and told again by the directory.
    fn add(&mut self, name: &[u8]) {
        if self.hashes.len() == self.memory.len() * Names::STEP {
            match self.budget.reserve((Names::STEP * Names::EACH) as u64) {
                Ok(memory) => self.memory.push(memory),
                Err(_) => return,
            }
        }
        self.hashes.insert(self.by.hash_one(name));
    }

    fn contain(&self, name: &[u8]) -> bool {
        self.hashes.contains(&self.by.hash_one(name))
    }
}
