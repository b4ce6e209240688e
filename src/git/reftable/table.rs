//! One table: a header, blocks of refs, of indexes and of logs, and a footer.
//!
//! Integers have the byte order of networks. Where a block says how long it is, the first one counts the file's header
//! in. The indexes and the blocks of objects only help to find things faster, so they are not read.

use gix_zlib::Inflate;

use crate::git::sweep::bytes::Bytes;
use crate::git::sweep::inflate::{SLACK, check_size, whole};
use crate::object::{HashKind, ObjectId};

/// The first bytes of a header and of a footer.
const MAGIC: &[u8] = b"REFT";
/// What follows the copy of the header in a footer: five positions and a checksum.
const FOOTER: usize = 5 * 8 + 4;
/// The type of a block and its length.
const BLOCK_HEADER: usize = 4;
const REFS: u8 = b'r';
const LOGS: u8 = b'g';
/// The types of all blocks: refs, objects, logs, indexes.
const TYPES: [u8; 4] = [REFS, b'o', LOGS, b'i'];
/// What a record takes beside its name, in bytes of [`Room`].
const RECORD: usize = 64;
/// What a record takes that only deletes, of which nothing is kept.
const DELETED: usize = 8;
/// The kind of a record that only deletes.
const DELETION: u8 = 0;

/// How many more bytes the names in a stack of tables may take once their shared beginnings are filled in. A name is
/// written as what it does not share with the one before, so that a short table can hold very many long ones.
#[derive(Debug)]
pub struct Room(usize);

impl Room {
    /// For tables of so many bytes: 64 times as much and 1 MiB, where git's tables have up to 20 times as much, but at
    /// most 1 GiB.
    pub fn of(bytes: u64) -> Room {
        let room = bytes.saturating_mul(64).saturating_add(1 << 20).min(1 << 30);
        Room(usize::try_from(room).unwrap_or(1 << 30))
    }

    fn take(&mut self, bytes: usize) -> Result<(), Damage> {
        self.0 = self.0.checked_sub(bytes).ok_or(Damage::Names)?;
        Ok(())
    }
}

/// What a ref leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// An object.
    Object(ObjectId),
    /// Another ref, by its full name.
    Symbolic(Vec<u8>),
}

/// An entry of a reflog. Ids of zeros mean none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logged {
    /// What the ref led to before.
    pub old: Option<ObjectId>,
    /// What it led to then.
    pub new: Option<ObjectId>,
}

/// Is given a log's name, the number of an update, and the entry.
type LogVisitor<'v> = dyn FnMut(&[u8], u64, Option<Logged>) + 'v;
/// Is given a record's key, the kind of its value, and the value to read; `None` means damage.
type RecordVisitor<'v> = dyn FnMut(&[u8], u8, &mut Cursor<'_>) -> Option<()> + 'v;

/// What is wrong with a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Not a table at all.
    #[error("it does not begin as a table of refs does")]
    Magic,
    /// Newer than this program.
    #[error("it is a table of version {0}, and only 1 and 2 are known")]
    Version(u8),
    /// From another repository.
    #[error("its ids are not of the repository's hash")]
    Hash,
    /// Too short for a header and a footer.
    #[error("it is cut short")]
    Short,
    /// The end is not what was written.
    #[error("its footer is damaged")]
    Footer,
    /// A block is not what was written.
    #[error("the block at byte {0} is damaged")]
    Block(usize),
    /// More than could be there.
    #[error("its names come to more bytes than are read of tables of its size")]
    Names,
}

/// A table in memory.
#[derive(Debug)]
pub struct Table {
    bytes: Bytes,
    /// Where the footer begins.
    end: usize,
    header: usize,
    /// What blocks of refs are padded to; 0 when they are not.
    block_size: usize,
    hash: HashKind,
    /// None when it can't be trusted.
    footer: Option<Footer>,
}

impl Table {
    /// Reads the header and the footer. A damaged footer leaves the refs readable, and is told beside them.
    pub fn parse(bytes: Bytes, hash: HashKind) -> Result<(Table, Option<Damage>), Damage> {
        let mut cursor = Cursor(&bytes);
        if cursor.take(MAGIC.len()) != Some(MAGIC) {
            return Err(Damage::Magic);
        }
        let version = cursor.byte().ok_or(Damage::Short)?;
        let block_size = cursor.number(3).ok_or(Damage::Short)?;
        // The lowest and the highest number of the updates in it.
        cursor.take(16).ok_or(Damage::Short)?;
        let (header, has) = match version {
            1 => (24, HashKind::Sha1),
            2 => match cursor.take(4).ok_or(Damage::Short)? {
                b"sha1" => (28, HashKind::Sha1),
                b"s256" => (28, HashKind::Sha256),
                _ => return Err(Damage::Hash),
            },
            other => return Err(Damage::Version(other)),
        };
        if has != hash {
            return Err(Damage::Hash);
        }
        let end = bytes.len().checked_sub(header + FOOTER).filter(|end| *end >= header).ok_or(Damage::Short)?;
        let footer = Footer::parse(&bytes[..end], &bytes[end..], header);
        let damage = footer.is_none().then_some(Damage::Footer);
        let table = Table { bytes, end, header, block_size: size(block_size), hash, footer };
        Ok((table, damage))
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// All but the footer.
    fn body(&self) -> &[u8] {
        &self.bytes[..self.end]
    }

    /// Visits every ref in order of name; `None` says that it is deleted. Those before a fault are visited.
    ///
    /// # Errors
    ///
    /// The fault.
    pub fn refs(&self, room: &mut Room, visit: &mut dyn FnMut(&[u8], Option<Value>)) -> Result<(), Damage> {
        let mut keys = Keys::new(room);
        let mut at = 0;
        while let Some(block) = self.block(at, REFS)? {
            let end = at.checked_add(block.len).filter(|end| *end <= self.body().len()).ok_or(Damage::Block(at))?;
            let records = self.body().get(block.start..end).ok_or(Damage::Block(at))?;
            keys.block(at, block.start - at, records, &mut |name, kind, cursor| {
                visit(name, self.value(name, kind, cursor)?);
                Some(())
            })?;
            // A zero can only be padding: the types of blocks are letters.
            let is_padded = self.body().get(end).is_none_or(|byte| *byte == 0);
            at = if is_padded { end.max(at.saturating_add(self.block_size)) } else { end };
        }
        self.ends(at, |footer| &footer.after_refs)
    }

    /// Visits every entry of every log, with the number of the update that wrote it; `None` says that it is deleted. The
    /// logs come in order of name, with the highest number first. Those before a fault are visited.
    ///
    /// # Errors
    ///
    /// The fault.
    pub fn logs(&self, room: &mut Room, visit: &mut LogVisitor<'_>) -> Result<(), Damage> {
        let Some(mut at) = self.footer.as_ref().and_then(|footer| footer.logs) else { return Ok(()) };
        let mut keys = Keys::new(room);
        let mut inflate = Inflate::default();
        let mut records = Vec::new();
        while let Some(block) = self.block(at, LOGS)? {
            let damaged = Damage::Block(at);
            let size = (at + block.len).checked_sub(block.start).ok_or(damaged.clone())?;
            let input = self.body().get(block.start..).ok_or(damaged.clone())?;
            check_size(size as u64, input.len()).map_err(|_| damaged.clone())?;
            records.resize(size + SLACK, 0);
            let used = whole(&mut inflate, input, &mut records, size).map_err(|_| damaged)?;
            keys.block(at, block.start - at, &records[..size], &mut |key, kind, cursor| {
                let (name, update) = key.split_last_chunk::<8>()?;
                let (zero, name) = name.split_last()?;
                let logged = self.logged(kind, cursor)?;
                (*zero == 0 && is_ref_name(name)).then(|| visit(name, !u64::from_be_bytes(*update), logged))
            })?;
            at = block.start + used;
        }
        self.ends(at, |footer| &footer.after_logs)
    }

    /// Fails when blocks end where the footer has nothing else begin: the type of a block was another once.
    fn ends(&self, at: usize, next: impl Fn(&Footer) -> &[usize]) -> Result<(), Damage> {
        let is_known = self.footer.as_ref().is_none_or(|footer| next(footer).contains(&at));
        if self.body().len() <= at.max(self.header) || is_known { Ok(()) } else { Err(Damage::Block(at)) }
    }

    /// The block of this type that begins at a byte; none where another type or the end follows.
    fn block(&self, at: usize, kind: u8) -> Result<Option<Block>, Damage> {
        let start = if at == 0 { self.header } else { at };
        let Some(rest) = self.body().get(start..).filter(|rest| !rest.is_empty()) else { return Ok(None) };
        let mut cursor = Cursor(rest);
        if cursor.byte() != Some(kind) {
            return if TYPES.contains(&rest[0]) { Ok(None) } else { Err(Damage::Block(at)) };
        }
        let len = cursor.number(3).ok_or(Damage::Block(at))?;
        Ok(Some(Block { start: start + BLOCK_HEADER, len: size(len) }))
    }

    /// The outer `None` means damage.
    #[expect(clippy::option_option, reason = "damage, and a deletion")]
    fn value(&self, name: &[u8], kind: u8, cursor: &mut Cursor<'_>) -> Option<Option<Value>> {
        let _update = cursor.varint()?;
        if !is_ref_name(name) {
            return None;
        }
        let value = match kind {
            DELETION => None,
            1 => Some(Value::Object(self.id(cursor)?)),
            2 => {
                let id = self.id(cursor)?;
                // What the tag leads to in the end is looked up anyway.
                self.id(cursor)?;
                Some(Value::Object(id))
            }
            3 => {
                let len = cursor.varint()?;
                Some(Value::Symbolic(cursor.take(size(len))?.to_vec()))
            }
            _ => return None,
        };
        Some(value)
    }

    /// The outer `None` means damage.
    #[expect(clippy::option_option, reason = "damage, and a deletion")]
    fn logged(&self, kind: u8, cursor: &mut Cursor<'_>) -> Option<Option<Logged>> {
        match kind {
            DELETION => return Some(None),
            1 => {}
            _ => return None,
        }
        let (old, new) = (self.id(cursor)?, self.id(cursor)?);
        let text = |cursor: &mut Cursor<'_>| {
            let len = cursor.varint()?;
            cursor.take(size(len)).map(drop)
        };
        // The name and the address of who did it, when, the time zone, and what was done.
        text(cursor)?;
        text(cursor)?;
        cursor.varint()?;
        cursor.take(2)?;
        text(cursor)?;
        let there = |id: ObjectId| Some(id).filter(|id| !id.is_null());
        Some(Some(Logged { old: there(old), new: there(new) }))
    }

    fn id(&self, cursor: &mut Cursor<'_>) -> Option<ObjectId> {
        ObjectId::from_bytes(cursor.take(self.hash.len())?)
    }
}

/// Where the parts of a table begin.
#[derive(Debug)]
struct Footer {
    logs: Option<usize>,
    /// What may come behind the blocks of refs: their index, objects, logs.
    after_refs: Vec<usize>,
    /// What may come behind the logs: their index.
    after_logs: Vec<usize>,
}

impl Footer {
    /// Reads the footer that stands behind the rest of a table; `None` when it is damaged.
    fn parse(before: &[u8], footer: &[u8], header: usize) -> Option<Footer> {
        let (covered, checksum) = footer.split_last_chunk::<4>()?;
        let (copy, positions) = covered.split_at_checked(header)?;
        if crc32fast::hash(covered) != u32::from_be_bytes(*checksum) || !before.starts_with(copy) {
            return None;
        }
        let mut cursor = Cursor(positions);
        let mut position = || cursor.number(8);
        // With the place of the objects stands how much of their ids is written there.
        let [ref_index, objects, _, logs, log_index] =
            [position()?, position()? >> 5, position()?, position()?, position()?].map(size);
        let is_there = |at: &usize| *at != 0;
        // A table of logs alone has no number for them.
        let alone = (before.get(header) == Some(&LOGS)).then_some(0);
        let logs = Some(logs).filter(is_there).or(alone);
        let after_refs = [Some(ref_index), Some(objects)].into_iter().flatten().filter(is_there).chain(logs).collect();
        Some(Footer { logs, after_refs, after_logs: Some(log_index).into_iter().filter(is_there).collect() })
    }
}

/// A block: where what it holds begins, and how long it is from its first byte on.
struct Block {
    start: usize,
    len: usize,
}

/// The keys of records. Each is written as what it does not share with the one before it in its block.
struct Keys<'r> {
    last: Vec<u8>,
    room: &'r mut Room,
}

impl<'r> Keys<'r> {
    fn new(room: &'r mut Room) -> Keys<'r> {
        Keys { last: Vec::new(), room }
    }

    /// Visits the records of the block at a byte: key, kind of value, and the value, which the visitor reads. A visitor
    /// that finds damage gives `None`. Behind the records stand the places of those whose keys are written in full,
    /// which count the `before` bytes of the block before its records in.
    fn block(&mut self, at: usize, before: usize, block: &[u8], visit: &mut RecordVisitor<'_>) -> Result<(), Damage> {
        let damaged = || Damage::Block(at);
        let (rest, restarts) = block.split_last_chunk::<2>().ok_or_else(damaged)?;
        let restarts = 3 * usize::from(u16::from_be_bytes(*restarts));
        let end = rest.len().checked_sub(restarts).ok_or_else(damaged)?;
        let (records, restarts) = rest.split_at(end);
        let mut restarts = Cursor(restarts);
        let mut restart = restarts.number(3);
        let mut cursor = Cursor(records);
        let mut is_first = true;
        while !cursor.0.is_empty() {
            let place = (before + records.len() - cursor.0.len()) as u64;
            let is_restart = restart == Some(place);
            if is_restart {
                restart = restarts.number(3);
            }
            let kind = self.key(&mut cursor, is_first || is_restart).ok_or_else(damaged)?;
            self.room.take(if kind == DELETION { DELETED } else { self.last.len() + RECORD })?;
            visit(&self.last, kind, &mut cursor).ok_or_else(damaged)?;
            is_first = false;
        }
        // A place where no record begins: the count of places was another once.
        if restart.is_some() { Err(damaged()) } else { Ok(()) }
    }

    /// Reads the next key, which must come after the last one in order. The kind of its value.
    fn key(&mut self, cursor: &mut Cursor<'_>, is_full: bool) -> Option<u8> {
        let shared = size(cursor.varint()?);
        let more = cursor.varint()?;
        let (len, kind) = (size(more >> 3), (more & 7).to_le_bytes()[0]);
        let own = cursor.take(len)?;
        let replaced = self.last.get(shared..)?;
        if (is_full && shared != 0) || own <= replaced {
            return None;
        }
        self.last.truncate(shared);
        self.last.extend_from_slice(own);
        Some(kind)
    }
}

/// Bytes that are read from the front. `None` means that they end too early.
struct Cursor<'b>(&'b [u8]);

impl<'b> Cursor<'b> {
    fn take(&mut self, len: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// A number of at most 8 bytes.
    fn number(&mut self, len: usize) -> Option<u64> {
        Some(self.take(len)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// A number in as few bytes as it takes, coded as in packs for the distance to a delta's base (gitformat-pack(5)).
    fn varint(&mut self) -> Option<u64> {
        let mut byte = self.byte()?;
        let mut number = u64::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            byte = self.byte()?;
            number = number.checked_add(1)?.checked_mul(0x80)? | u64::from(byte & 0x7f);
        }
        Some(number)
    }
}

/// Whether git lets a ref have only such bytes in its name (git-check-ref-format(1)). A name with others is one that has
/// run on into what stands behind it.
fn is_ref_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| *byte > b' ' && *byte != 0x7f && !b"~^:?*[\\".contains(byte))
}

/// A size or place in memory; one that is too large for any leads past every end.
fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
