//! The directory at the archive's end: where it is, and which local headers it names. APPNOTE 6.3.10, 4.3.12 to 4.3.16.

use memchr::memmem;

use super::record::{Central, Local, u16_at, u32_at, u64_at};
use super::window::Window;
use crate::container::{Budget, Exceeded, Reserved};

/// A member that the directory names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The offset of its local header in the archive, in bytes. It may lie outside.
    pub local: u64,
    /// The offset of its central header in the archive, in bytes.
    pub central: u64,
}

/// What is wrong with a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is none.
    Missing,
    /// It can't be read, or not to its end.
    Damaged,
    /// The archive is a part of several.
    Split,
}

/// The directory of an archive.
#[derive(Debug)]
pub struct Directory<'b> {
    /// What it names, in the order of the local headers.
    pub entries: Vec<Entry>,
    /// What is wrong with it.
    pub fault: Option<Fault>,
    /// The bound that its entries met.
    pub exceeded: Option<Exceeded>,
    /// The memory that its entries take.
    pub memory: Vec<Reserved<'b>>,
}

/// The end of central directory record (APPNOTE 4.3.16), with the numbers of the zip64 one (4.3.14) where it needs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// How many entries the directory claims to have.
    entries: u64,
    /// How long it claims to be, in bytes.
    size: u64,
    /// Where it claims to start.
    offset: u64,
    /// Where it ends: the offset in the archive of what follows it.
    limit: u64,
    /// Whether the count of entries has 64 bits. One of 16 wraps in archives of writers that know no zip64.
    is_wide: bool,
    is_split: bool,
}

/// Where the directory stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    /// The offset of the first central header in the archive, in bytes.
    start: u64,
    /// What is added, wrapping, to an offset that the directory names to get one in the archive: the length of what
    /// stands before the archive (a stub that unpacks it), or of what was cut from its start, negative.
    base: u64,
}

impl End {
    /// What the record begins with.
    pub const SIGNATURE: [u8; 4] = *b"PK\x05\x06";
    /// The length of its fixed part, in bytes.
    pub const LEN: usize = 22;
    /// How many records in the archive's last bytes are looked at. There are several when a comment holds some.
    const TRIES: usize = 64;
    /// The lengths of the zip64 locator (APPNOTE 4.3.15) and of the zip64 record's fixed part, in bytes.
    const LOCATOR: u64 = 20;
    const WIDE: u64 = 56;

    /// The record that leads to a directory, and where that stands; `None` in its place when no record does so.
    fn find(window: &mut Window<'_>, size: u64) -> Option<(End, Option<Place>)> {
        let longest = (End::LEN + 0xffff) as u64;
        let first = size.saturating_sub(longest);
        window.seek(first);
        let tail = window.peek(usize::try_from(size - first).unwrap_or(0)).to_vec();
        let fits = |at: &usize| {
            let comment = usize::from(u16_at(&tail, at + 20));
            at + End::LEN + comment <= tail.len()
        };
        let mut some = None;
        for at in memmem::rfind_iter(&tail, &End::SIGNATURE).filter(fits).take(End::TRIES) {
            let end = End::parse(&tail[at..], first + at as u64, window);
            match end.place(window) {
                Some(place) => return Some((end, Some(place))),
                None => some = some.or(Some((end, None))),
            }
        }
        some
    }

    /// The record that `bytes` begin with, `at` in the archive.
    fn parse(bytes: &[u8], at: u64, window: &mut Window<'_>) -> End {
        let disks = [u16_at(bytes, 4), u16_at(bytes, 6)];
        let mut end = End {
            entries: u64::from(u16_at(bytes, 10)),
            size: u64::from(u32_at(bytes, 12)),
            offset: u64::from(u32_at(bytes, 16)),
            limit: at,
            is_wide: false,
            is_split: disks.iter().any(|&disk| disk != 0 && disk != 0xffff),
        };
        end.widen(at, window);
        end
    }

    /// Takes the numbers of the zip64 record for those that their fields are too small for.
    fn widen(&mut self, at: u64, window: &mut Window<'_>) {
        let Some(locator) = at.checked_sub(End::LOCATOR) else { return };
        window.seek(locator);
        let bytes = window.peek(20);
        if !bytes.starts_with(b"PK\x06\x07") {
            return;
        }
        let told = u64_at(bytes, 8);
        // Where something stands before the archive, the offset that is told is too small; the record itself stands
        // before its locator, unless it has an extensible data sector (APPNOTE 4.3.14.2), which nothing writes.
        for record in [Some(told), locator.checked_sub(End::WIDE)].into_iter().flatten() {
            window.seek(record);
            let bytes = window.peek(56);
            if record < locator && bytes.len() >= 56 && bytes.starts_with(b"PK\x06\x06") {
                let wide = (u64_at(bytes, 32), u64_at(bytes, 40), u64_at(bytes, 48));
                if self.entries == 0xffff {
                    (self.entries, self.is_wide) = (wide.0, true);
                }
                if self.size == 0xffff_ffff {
                    self.size = wide.1;
                }
                if self.offset == 0xffff_ffff {
                    self.offset = wide.2;
                }
                self.limit = record;
                return;
            }
        }
    }

    /// Where the directory stands: before its end, as other readers have it, or at the offset that is told.
    fn place(&self, window: &mut Window<'_>) -> Option<Place> {
        let before = self.limit.checked_sub(self.size);
        if self.size == 0 && self.entries == 0 {
            return before.map(|start| Place { start, base: 0 });
        }
        let start = [before, Some(self.offset)]
            .into_iter()
            .flatten()
            .find(|&start| start < self.limit && begins_with(window, start, Central::SIGNATURE))?;
        let base = start.wrapping_sub(self.offset);
        window.seek(start);
        let first = Central::read(window, &mut Vec::new()).map_or(0, |central| central.offset);
        // Some that put a stub before an archive write offsets from the stub's start into its entries alone.
        let is_absolute = !begins_with(window, first.wrapping_add(base), Local::SIGNATURE)
            && begins_with(window, first, Local::SIGNATURE);
        Some(Place { start, base: if is_absolute { 0 } else { base } })
    }
}

impl<'b> Directory<'b> {
    /// How many entries are read before more memory is asked for.
    const STEP: usize = 1 << 16;

    /// Reads the directory of an archive of `size` bytes. What the directory claims of itself takes no memory.
    pub fn read(window: &mut Window<'_>, size: u64, budget: &'b Budget) -> Directory<'b> {
        let mut directory = Directory { entries: Vec::new(), fault: None, exceeded: None, memory: Vec::new() };
        match End::find(window, size) {
            None => directory.fault = Some(Fault::Missing),
            Some((end, None)) => {
                directory.fault = Some(if end.is_split { Fault::Split } else { Fault::Damaged });
            }
            Some((end, Some(place))) => {
                let read = directory.fill(window, &end, place, budget);
                let is_whole = read == end.entries || (!end.is_wide && read & 0xffff == end.entries);
                if end.is_split {
                    directory.fault = Some(Fault::Split);
                } else if !is_whole && directory.exceeded.is_none() {
                    directory.fault = Some(Fault::Damaged);
                }
            }
        }
        directory.entries.sort_unstable();
        directory
    }

    /// Reads entries for as long as there are any. How many there were.
    fn fill(&mut self, window: &mut Window<'_>, end: &End, place: Place, budget: &'b Budget) -> u64 {
        let (mut at, mut header) = (place.start, Vec::new());
        while at < end.limit && !crate::read::interrupt::requested() {
            window.seek(at);
            let Some(central) = Central::read(window, &mut header) else { break };
            if central.len as u64 > end.limit - at {
                break;
            }
            if self.entries.len() == self.entries.capacity() {
                match budget.reserve((Directory::STEP * size_of::<Entry>()) as u64) {
                    Ok(memory) => self.memory.push(memory),
                    Err(exceeded) => {
                        self.exceeded = Some(exceeded);
                        break;
                    }
                }
                self.entries.reserve_exact(Directory::STEP);
            }
            self.entries.push(Entry { local: central.offset.wrapping_add(place.base), central: at });
            at += central.len as u64;
        }
        self.entries.len() as u64
    }
}

fn begins_with(window: &mut Window<'_>, offset: u64, signature: [u8; 4]) -> bool {
    window.seek(offset);
    window.peek(4).starts_with(&signature)
}
