//! A family: an undeltified object and all that is deltified against it, decoded depth first.
//!
//! The child with the most objects below it comes last, and its base is let go as soon as it is made. So at most as many
//! objects are held as a family's size has binary digits, whatever its shape.

use super::cause::{Cause, Stop};
use super::delta;
use super::inflate;
use super::memory::{ALONE, Buffer, MEDIUM, Mode, Pool, SMALL, Tools, most, taken, whole};
use super::outcome::{Deferred, Failure, Frame, Outcome};
use super::pack::{EntryKind, Pack};
use super::plan::{Base, Plan};
use super::{ObjectVisitor, STREAM_FROM};
use crate::blob::Content;
use crate::object::ObjectKind;
use crate::read::interrupt;

/// Where the first object of a family comes from.
#[derive(Debug)]
pub enum Anchor {
    /// It is undeltified.
    Pack,
    /// It is deltified against these bytes, which come from elsewhere.
    Base(Vec<u8>),
    /// It is damaged in this pack, and these are its bytes, which come from elsewhere.
    Content(Vec<u8>),
}

/// One family that is being decoded.
pub struct Family<'a, 'p, V> {
    pub pack: &'a Pack,
    pub plan: &'a Plan,
    /// The pack's number.
    pub number: u32,
    /// The first entry.
    pub top: u32,
    pub kind: ObjectKind,
    pub anchor: Anchor,
    pub mode: Mode<'p>,
    pub tools: &'a mut Tools,
    pub visitor: &'a mut V,
    pub outcome: &'a mut Outcome,
    /// Bytes of the base in use, which is not in the stack meanwhile.
    pub aside: usize,
}

impl<V: ObjectVisitor> Family<'_, '_, V> {
    /// Decodes and visits the family.
    pub fn run(mut self) {
        if let (Anchor::Pack, ObjectKind::Blob) = (&self.anchor, self.kind) {
            match self.pack.header(self.plan.entry(self.top).offset) {
                Err(cause) => return self.fail(self.top, cause),
                Ok(header) if header.size > STREAM_FROM && !self.plan.is_base(self.top) => return self.stream(),
                // It can be visited, but nothing can be decoded from it.
                Ok(header) if header.size > most(self.kind, self.pack.len()) => {
                    if self.plan.entry(self.top).is_wanted {
                        self.stream();
                    }
                    let (size, most) = (header.size, most(self.kind, self.pack.len()));
                    let failure = Failure::new(self.number, self.top, Cause::TooLarge { size, most });
                    return self.outcome.failures.push(Failure { is_visited: true, ..failure });
                }
                Ok(_) => {}
            }
        }
        let mut stack = Vec::new();
        match self.first(&mut stack, true) {
            Err(Stop::Failed(cause)) => self.fail(self.top, cause),
            Err(Stop::Memory) => self.defer(stack),
            Err(Stop::Work) => self.give_up(stack, self.top),
            Ok(buffer) => {
                self.visit(self.top, &buffer);
                self.push(&mut stack, self.top, buffer);
                self.descend(stack);
            }
        }
    }

    /// Goes on where a family was put off.
    pub fn resume(mut self, stack: Vec<Frame>) {
        if stack.is_empty() { self.run() } else { self.descend(stack) }
    }

    fn descend(&mut self, mut stack: Vec<Frame>) {
        while let Some(frame) = stack.last_mut() {
            if interrupt::requested() {
                break;
            }
            let children = self.plan.children(frame.entry);
            let Some(&child) = children.get(frame.done) else {
                self.pop(&mut stack);
                continue;
            };
            frame.done += 1;
            if self.plan.weight(child) == 0 {
                continue;
            }
            let is_last = frame.done == children.len();
            let (entry, base) = (frame.entry, frame.buffer.take());
            let made = match base {
                Some(base) => Ok(base),
                None => self.again(&mut stack, entry),
            };
            let made = made.and_then(|base| {
                let made = self.child(&mut stack, base.bytes(), child, true);
                if let Some(frame) = stack.last_mut() {
                    frame.buffer = Some(base);
                }
                made
            });
            match made {
                Err(Stop::Memory) => {
                    if let Some(frame) = stack.last_mut() {
                        frame.done -= 1;
                    }
                    return self.defer(stack);
                }
                Err(Stop::Work) => return self.give_up(stack, child),
                Err(Stop::Failed(cause)) => self.fail(child, cause),
                Ok(buffer) => {
                    if is_last {
                        self.pop(&mut stack);
                    }
                    self.visit(child, &buffer);
                    self.push(&mut stack, child, buffer);
                }
            }
        }
    }

    /// Makes the bytes of the first entry.
    fn first(&mut self, stack: &mut [Frame], is_fresh: bool) -> Result<Buffer, Stop> {
        match std::mem::replace(&mut self.anchor, Anchor::Pack) {
            Anchor::Pack => self.root(stack, self.top, is_fresh),
            Anchor::Base(bytes) => {
                let made = self.child(stack, &bytes, self.top, is_fresh);
                self.anchor = Anchor::Base(bytes);
                made
            }
            Anchor::Content(bytes) => {
                let mut buffer = self.tools.pool.take(bytes.len());
                buffer.room()[..bytes.len()].copy_from_slice(&bytes);
                self.anchor = Anchor::Content(bytes);
                Ok(buffer)
            }
        }
    }

    /// Inflates an undeltified object.
    fn root(&mut self, stack: &mut [Frame], entry: u32, is_fresh: bool) -> Result<Buffer, Stop> {
        self.aside = 0;
        let header = self.pack.header(self.plan.entry(entry).offset)?;
        let mut buffer = self.inflate(stack, entry, header.size, header.data, is_fresh)?;
        match header.kind {
            EntryKind::Object(_) => Ok(buffer),
            EntryKind::OffsetDelta(_) | EntryKind::IdDelta(_) => {
                self.tools.pool.give(std::mem::replace(&mut buffer, Buffer::empty()));
                Err(Cause::Header(self.plan.entry(entry).offset).into())
            }
        }
    }

    /// Inflates the stream of an entry.
    fn inflate(
        &mut self,
        stack: &mut [Frame],
        entry: u32,
        size: u64,
        data: usize,
        is_fresh: bool,
    ) -> Result<Buffer, Stop> {
        let body = self.pack.body();
        let end = self.plan.end(entry, self.pack);
        let stream = usize::try_from(end).unwrap_or(body.len()).min(body.len()).saturating_sub(data);
        inflate::check_size(size, stream)?;
        let size = whole(self.kind, size, self.pack.len())?;
        self.start(size, is_fresh)?;
        self.allow(stack, taken(size))?;
        let mut buffer = self.tools.pool.take(size);
        // All that follows, though another object's: the inflater is fast only with input in store.
        let input = body.get(data..).unwrap_or_default();
        match inflate::whole(&mut self.tools.inflate, input, buffer.room(), size) {
            Ok(used) => {
                if is_fresh {
                    self.check_end(entry, (data + used) as u64, end);
                    self.mode.decoded(size);
                }
                Ok(buffer)
            }
            Err(cause) => {
                self.tools.pool.give(buffer);
                Err(cause.into())
            }
        }
    }

    /// Makes an object from its base and its delta.
    fn child(&mut self, stack: &mut [Frame], base: &[u8], entry: u32, is_fresh: bool) -> Result<Buffer, Stop> {
        self.aside = taken(base.len());
        let header = self.pack.header(self.plan.entry(entry).offset)?;
        let delta = self.inflate(stack, entry, header.size, header.data, is_fresh)?;
        let made = self.apply(stack, base, delta.bytes(), is_fresh);
        self.tools.pool.give(delta);
        made
    }

    fn apply(&mut self, stack: &mut [Frame], base: &[u8], delta: &[u8], is_fresh: bool) -> Result<Buffer, Stop> {
        /// From here on a size is checked against the instructions before memory is given.
        const CHECKED_FROM: usize = 1 << 20;
        let header = delta::header(delta)?;
        if header.base_size != base.len() as u64 {
            return Err(Cause::Delta("it is for a base of another size").into());
        }
        let instructions = &delta[header.len..];
        let size = usize::try_from(header.result_size).unwrap_or(usize::MAX);
        if size > CHECKED_FROM && delta::result_size(instructions) != header.result_size {
            return Err(Cause::Delta("it makes another number of bytes than it says").into());
        }
        let size = whole(self.kind, header.result_size, self.pack.len())?;
        self.start(size, is_fresh)?;
        self.allow(stack, taken(delta.len()).saturating_add(taken(size)))?;
        let mut buffer = self.tools.pool.take(size);
        match delta::apply(base, instructions, &mut buffer.room()[..size + delta::SLACK]) {
            Ok(()) => {
                if is_fresh {
                    self.mode.decoded(size);
                }
                Ok(buffer)
            }
            Err(cause) => {
                self.tools.pool.give(buffer);
                Err(cause.into())
            }
        }
    }

    /// Decodes an entry again whose bytes were let go: from the nearest base that is still there.
    fn again(&mut self, stack: &mut [Frame], entry: u32) -> Result<Buffer, Stop> {
        let mut chain = Vec::new();
        let mut held = None;
        let mut next = entry;
        while next != self.top && held.is_none() {
            chain.push(next);
            let Base::Entry(base) = self.plan.entry(next).base else { break };
            next = base;
            held = stack.iter().position(|frame| frame.entry == next && frame.buffer.is_some());
        }
        // Taken out of the stack, so that it is not let go on the way.
        let (mut made, mut from) = match held {
            Some(frame) => (stack[frame].buffer.take().ok_or(Cause::TooMuchWork)?, Some(frame)),
            None => (self.first(stack, false)?, None),
        };
        while let Some(entry) = chain.pop() {
            let next = self.child(stack, made.bytes(), entry, false);
            let before = match next {
                Ok(next) => std::mem::replace(&mut made, next),
                Err(stop) => {
                    self.tools.pool.give(made);
                    return Err(stop);
                }
            };
            match from.take() {
                Some(frame) => stack[frame].buffer = Some(before),
                None => self.tools.pool.give(before),
            }
        }
        Ok(made)
    }

    /// Fails, or puts the family off, unless there is memory for `more` bytes besides what is held.
    fn allow(&mut self, stack: &mut [Frame], more: usize) -> Result<(), Stop> {
        let held = stack.iter().filter_map(|frame| frame.buffer.as_ref()).map(Buffer::taken).sum::<usize>();
        let mut needed = held.saturating_add(self.aside).saturating_add(more);
        match &mut self.mode {
            Mode::Shared { permits, permit } => {
                if needed > MEDIUM {
                    return Err(Stop::Memory);
                }
                if needed > SMALL && permit.is_none() {
                    *permit = Some(permits.take());
                    self.tools.pool.keep(Pool::LARGE);
                }
            }
            Mode::Alone { .. } => {
                self.tools.pool.keep(Pool::LARGE);
                for frame in stack {
                    if needed <= ALONE {
                        break;
                    }
                    needed -= frame.buffer.take().map_or(0, |buffer| buffer.taken());
                }
            }
        }
        Ok(())
    }

    /// Before `size` bytes are made: not if it is for the second time, and too much was.
    fn start(&mut self, size: usize, is_fresh: bool) -> Result<(), Stop> {
        if is_fresh || self.mode.may_repeat(size) { Ok(()) } else { Err(Stop::Work) }
    }

    fn check_end(&mut self, entry: u32, end: u64, expected: u64) {
        // Objects that a multi-pack index does not list stand between those that it does.
        if end > expected || (end < expected && self.pack.is_fully_listed()) {
            self.outcome.misplaced.push((self.number, entry));
        }
    }

    fn visit(&mut self, entry: u32, buffer: &Buffer) {
        if self.plan.entry(entry).is_wanted {
            // There is no id only if the index was cut short while it was mapped, which is told once.
            if let Some(id) = self.pack.id(self.plan.entry(entry).position) {
                self.visitor.object(&id, self.kind, buffer.len() as u64, Content::Whole(buffer.bytes()));
            }
        }
    }

    fn stream(&mut self) {
        let offset = self.plan.entry(self.top).offset;
        let streamed = self.pack.header(offset).and_then(|header| {
            let id = self.pack.id(self.plan.entry(self.top).position).ok_or(Cause::Header(offset))?;
            let body = self.pack.body();
            let input = body.get(header.data..).unwrap_or_default();
            let end = self.plan.end(self.top, self.pack);
            let stream = usize::try_from(end).unwrap_or(body.len()).min(body.len()).saturating_sub(header.data);
            inflate::check_size(header.size, stream)?;
            let mut stream = inflate::Inflating::new(input, header.size);
            self.visitor.object(&id, self.kind, header.size, Content::Stream(&mut stream));
            if !interrupt::requested() {
                let rest = stream.finish()?;
                self.check_end(self.top, (body.len() - rest.len()) as u64, end);
            }
            Ok(())
        });
        if let Err(cause) = streamed {
            self.fail(self.top, cause);
        }
    }

    fn push(&mut self, stack: &mut Vec<Frame>, entry: u32, buffer: Buffer) {
        if self.plan.is_base(entry) {
            stack.push(Frame { entry, done: 0, buffer: Some(buffer) });
        } else {
            self.tools.pool.give(buffer);
        }
    }

    fn pop(&mut self, stack: &mut Vec<Frame>) {
        if let Some(buffer) = stack.pop().and_then(|frame| frame.buffer) {
            self.tools.pool.give(buffer);
        }
    }

    fn fail(&mut self, entry: u32, cause: Cause) {
        self.outcome.failures.push(Failure::new(self.number, entry, cause));
    }

    /// Fails `child`, which was to be next, and all that is still to be decoded from what is in the stack.
    fn give_up(&mut self, stack: Vec<Frame>, child: u32) {
        self.fail(child, Cause::TooMuchWork);
        for frame in stack {
            let left = self.plan.children(frame.entry).get(frame.done..).unwrap_or_default();
            for child in left.iter().filter(|child| self.plan.weight(**child) > 0) {
                self.fail(*child, Cause::TooMuchWork);
            }
        }
    }

    fn defer(&mut self, mut stack: Vec<Frame>) {
        for buffer in stack.iter_mut().filter_map(|frame| frame.buffer.take()) {
            self.tools.pool.give(buffer);
        }
        self.outcome.deferred.push(Deferred { pack: self.number, top: self.top, kind: self.kind, stack });
    }
}

impl<V> Drop for Family<'_, '_, V> {
    fn drop(&mut self) {
        // Before the permit is given back.
        self.tools.pool.keep(SMALL);
    }
}

#[cfg(test)]
#[path = "../../../tests/support/packs.rs"]
#[allow(dead_code, reason = "other tests need more of it")]
mod packs;

#[cfg(test)]
mod tests {
    use super::packs::{Base as Against, appended, blob};
    use super::*;
    use crate::git::sweep::bytes::Bytes;
    use crate::git::sweep::index::{Index, PackIndex};
    use crate::object::{HashKind, ObjectId};

    /// Nothing is to be visited.
    struct Nothing;

    impl ObjectVisitor for Nothing {
        fn object(&mut self, id: &ObjectId, _: ObjectKind, _: u64, _: Content<'_>) {
            panic!("{id} is visited");
        }

        fn problem(&mut self, _: crate::git::sweep::SweepProblem) {}
    }

    #[test]
    fn a_family_that_takes_too_much_work_is_given_up_before_more_is_done() {
        let against = |entry| Against::Entry(entry);
        let entries = [
            blob(1, b"one"),
            appended(2, against(0), 3, b"a"),
            appended(3, against(1), 4, b"b"),
            appended(4, against(0), 3, b"c"),
            appended(5, against(0), 3, b"d"),
        ];
        let (mut pack, index) = packs::pack(&entries);
        // The first object is damaged, which nobody is to find out.
        pack[15] ^= 0xff;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.pack");
        std::fs::write(&path, pack).expect("written");
        let index = Index::parse(Bytes::Read(index), HashKind::Sha1).expect("an index");
        let pack = Pack::open(&path, PackIndex::Own(index), HashKind::Sha1).expect("a pack");
        let plan = Plan::new(&pack, &|_| true);
        let mut outcome = Outcome::default();
        // It was put off when none of its children had been decoded.
        let stack = vec![Frame { entry: 0, done: 0, buffer: None }];
        let family = Family {
            pack: &pack,
            plan: &plan,
            number: 0,
            top: 0,
            kind: ObjectKind::Blob,
            anchor: Anchor::Pack,
            mode: Mode::Alone { fresh: 0, again: 4 << 30 },
            tools: &mut Tools::default(),
            visitor: &mut Nothing,
            outcome: &mut outcome,
            aside: 0,
        };
        family.resume(stack);
        let failed: Vec<_> = outcome.failures.iter().map(|failure| (failure.entry, failure.cause.clone())).collect();
        assert_eq!(failed, [3, 4, 1].map(|entry| (entry, Cause::TooMuchWork)));
        assert_eq!(outcome.misplaced, []);
    }
}
