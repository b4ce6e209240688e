//! An archive at hand: what its directory names, and every local header besides, in the order of the archive's bytes.

use std::ops::Range;

use super::content::{Data, End, Outcome, Reading};
use super::directory::{Directory, Entry};
use super::hidden::{self, Found};
use super::record::{Central, Claim, Local, Method};
use super::tally::Cause;
use super::window::{Source, Window};
use crate::container::ReadAt;

/// The way through an archive.
struct Walk<'w, 'a, 'r> {
    reading: &'w mut Reading<'r>,
    /// Stands at local headers and data.
    window: Window<'a>,
    /// Stands in the directory, whose order is usually the archive's.
    directory: Window<'a>,
    entries: Vec<Entry>,
    /// How many of the entries were read.
    done: usize,
    size: u64,
    /// Everything before this was looked at.
    at: u64,
    /// Data of members that lies ahead and needs no looking at, as offsets in the archive, half open. It begins within
    /// the 128 KiB that a header has after its fixed part, in which another header can hide.
    known: Vec<Range<u64>>,
    local: Vec<u8>,
    central: Vec<u8>,
}

/// Lends every member of an archive at hand.
pub fn walk(archive: &dyn ReadAt, reading: &mut Reading<'_>) {
    let size = archive.size();
    let mut directory = Window::new(Source::At(archive));
    let budget = reading.budget;
    let Directory { entries, fault, exceeded, memory } = Directory::read(&mut directory, size, budget);
    if let Some(fault) = fault {
        reading.tally.directory(fault);
    }
    if let Some(exceeded) = exceeded {
        reading.tally.exceeded(exceeded);
    }
    let mut walk = Walk {
        reading,
        window: Window::new(Source::At(archive)),
        directory,
        entries,
        done: 0,
        size,
        at: 0,
        known: Vec::new(),
        local: Vec::new(),
        central: Vec::new(),
    };
    walk.run();
    let Walk { mut window, mut directory, .. } = walk;
    if let Some(cause) = window.failure().or_else(|| directory.failure()) {
        reading.tally.unreadable(&cause);
    }
    drop(memory);
}

impl Walk<'_, '_, '_> {
    fn run(&mut self) {
        while !self.reading.is_over() && !self.window.has_failed() && !self.directory.has_failed() {
            if let Some(entry) = self.entries.get(self.done).copied()
                && (entry.local <= self.at || self.at >= self.size)
            {
                self.listed(entry);
                self.done += 1;
            } else if self.at < self.size {
                self.search();
            } else {
                return;
            }
            self.skip_known();
        }
    }

    /// Goes on to the next listed header, or to one that isn't listed and makes sense, and lends that.
    fn search(&mut self) {
        let until = self.entries.get(self.done).map_or(self.size, |entry| entry.local.min(self.size));
        let until = self.known.iter().map(|range| range.start).fold(until, u64::min);
        self.window.seek(self.at);
        let found = hidden::find_signature(&mut self.window);
        let (Ok(ahead) | Err(ahead)) = found;
        let next = self.at + ahead as u64;
        if ahead == 0 && found.is_err() {
            // The archive is shorter than it was.
            self.at = self.size;
        } else if found.is_err() || next >= until {
            self.at = next.min(until);
        } else {
            self.window.seek(next);
            self.at = next + Local::SIGNATURE.len() as u64;
            let mut header = std::mem::take(&mut self.local);
            if let Some(local) = hidden::header(&mut self.window, &mut header) {
                let found = hidden::lend(self.reading, &mut self.window, &local, &header);
                self.know(found, &header);
            }
            self.local = header;
        }
    }

    /// Notes a member's data as looked at, and its header, unless another one begins in that.
    fn know(&mut self, found: Found, header: &[u8]) {
        if !may_hide(header) {
            self.at = self.at.max(found.data);
        }
        if let Some(end) = found.end {
            self.known.push(found.data..end);
        }
    }

    fn skip_known(&mut self) {
        while let Some(reached) = self.known.iter().position(|range| range.start <= self.at) {
            let range = self.known.swap_remove(reached);
            self.at = self.at.max(range.end);
        }
    }

    /// Lends a member that the directory names.
    fn listed(&mut self, entry: Entry) {
        self.directory.seek(entry.central);
        let mut header = std::mem::take(&mut self.central);
        if let Some(central) = Central::read(&mut self.directory, &mut header) {
            self.lend(entry, &central, &header[central.name()]);
        }
        self.central = header;
    }

    fn lend(&mut self, entry: Entry, central: &Central, name: &[u8]) {
        let is_again = self.done > 0 && self.entries[self.done - 1].local == entry.local;
        let damaged = |what: &str| Cause::Damaged(what.to_owned());
        let names = entry.central + central.name().start as u64..entry.central + central.name().end as u64;
        if is_again {
            self.reading.lend_name(name, &[names], damaged("the directory names its data twice"));
            return;
        }
        self.window.seek(entry.local);
        let mut header = std::mem::take(&mut self.local);
        match Local::read(&mut self.window, &mut header) {
            None => {
                self.reading.lend_name(name, &[names], damaged("its header is not where the directory says"));
            }
            Some(local) => {
                self.at = self.at.max(entry.local + Local::SIGNATURE.len() as u64);
                let start = entry.local + local.name().start as u64;
                let mut all = vec![names];
                if &header[local.name()] == name {
                    all.push(start..start + local.name as u64);
                }
                self.window.seek(entry.local + local.len() as u64);
                let end = self.content(central, &local, name, all);
                self.know(Found { data: entry.local + local.len() as u64, end }, &header);
            }
        }
        self.local = header;
    }

    /// Lends the data that the window stands at. Where it ends, if all of it is as it should be.
    fn content(&mut self, central: &Central, local: &Local, name: &[u8], names: Vec<Range<u64>>) -> Option<u64> {
        let (ours, theirs) = (central.claim, local.claim);
        // Android reads neither flag, so that there are archives which one header says are encrypted and which aren't.
        if ours.is_encrypted() && theirs.is_encrypted() {
            self.reading.lend_name(name, &names, Cause::Encrypted);
            return None;
        }
        let method = match ours.method {
            Method::Other(_) => theirs.method,
            Method::Stored | Method::Deflate | Method::Bzip2 | Method::Zstd | Method::Xz => ours.method,
        };
        let claim = Claim { method, ..ours };
        match self.reading.lend(&mut self.window, Data { name, names, claim, end: End::Told }) {
            Outcome::Whole => {
                if !agree(&ours, &theirs) {
                    let cause = Cause::Damaged("its local header contradicts the directory".to_owned());
                    self.reading.tally.member(name, cause);
                }
                Some(self.window.position())
            }
            Outcome::NotWhole => {
                if (ours.is_encrypted() || theirs.is_encrypted()) && !self.reading.is_over() {
                    self.reading.tally.member(name, Cause::Encrypted);
                }
                None
            }
        }
    }
}

/// Whether another local header may begin in this one, or in its last bytes and go on in what follows.
fn may_hide(header: &[u8]) -> bool {
    let tail = &header[header.len() - (Local::SIGNATURE.len() - 1)..];
    memchr::memchr(b'P', tail).is_some() || memchr::memmem::find(&header[1..], &Local::SIGNATURE).is_some()
}

/// Whether what a local header says of the data is what the directory says. Where a descriptor follows the data, or
/// nothing is said (as by writers that forgot to come back and fill it in), there is nothing to disagree about.
fn agree(central: &Claim, local: &Claim) -> bool {
    let says_nothing = local.has_descriptor() || (local.crc, local.packed, local.size) == (0, 0, 0);
    central.method == local.method
        && (says_nothing || (central.crc, central.packed, central.size) == (local.crc, local.packed, local.size))
}
