//! The end of a sweep, by one thread: families that were put off, and what can be had elsewhere of what is damaged.

use std::collections::VecDeque;

use gix_zlib::Inflate;

use super::cause::{Cause, Stop, SweepProblem, SweepProblemKind};
use super::family::{Anchor, Family};
use super::find::{Finder, Found, Work};
use super::loose::{self, Loose};
use super::memory::{Mode, Tools};
use super::outcome::{Deferred, Failure, Outcome};
use super::plan::Plan;
use super::store::{Store, loose_path};
use super::{ObjectVisitor, Task, Wanted};
use crate::blob::Content;
use crate::caught::{Fault, caught};
use crate::object::{ObjectId, ObjectKind};
use crate::read::{CUT_SHORT, interrupt};

/// Problems that are told one by one for a pack; the rest are counted in one.
const TOLD: usize = 1000;
/// What all that is looked for elsewhere may cost, in decoded bytes.
const WORK: Work = Work(256 << 30);

/// What a sweep works with.
pub struct Sweep<'s> {
    pub store: &'s Store,
    pub plans: &'s [Plan],
    pub wanted: Wanted,
}

impl Sweep<'_> {
    /// The problem that a task has brought out a fault of the program. Which of its objects were visited is not known.
    pub fn fault(&self, task: Task, fault: &Fault) -> SweepProblem {
        let (file, id) = match task {
            Task::Family { pack, top, .. } => {
                let (pack, plan) = (&self.store.packs[pack as usize], &self.plans[pack as usize]);
                (pack.path.clone(), pack.id(plan.entry(top).position))
            }
            Task::Loose(number) => {
                let Loose { id, folder } = self.store.loose[number as usize];
                (loose_path(&self.store.folders[folder as usize], &id), Some(id))
            }
        };
        let message = format!("it or what is deltified against it was not looked at: {fault}");
        SweepProblem { id, ..SweepProblem::of_file(&file, SweepProblemKind::Internal, message) }
    }
}

/// An object that is nowhere, or whose dependents are lost with it.
struct Loss {
    pack: u32,
    entry: u32,
    cause: Cause,
    lost: u64,
}

/// Does what is left to do, and gives the problems in order.
pub fn finish<V: ObjectVisitor>(sweep: &Sweep<'_>, mut outcome: Outcome, visitor: &mut V) -> Vec<SweepProblem> {
    let mut end = End { sweep, visitor, tools: Tools::default(), work: WORK, losses: Vec::new() };
    outcome.deferred.sort_by_key(|deferred| (deferred.pack, deferred.top));
    for Deferred { pack, top, kind, stack } in std::mem::take(&mut outcome.deferred) {
        let resumed = caught(|| end.family(pack, top, kind, Anchor::Pack, &mut outcome).resume(stack));
        if let Err(fault) = resumed {
            outcome.faults.push(sweep.fault(Task::Family { pack, top, kind }, &fault));
        }
    }
    outcome.late.sort_unstable();
    for number in std::mem::take(&mut outcome.late) {
        let loose = &sweep.store.loose[number as usize];
        let visited =
            caught(|| loose::visit(sweep.store, loose, sweep.wanted, None, &mut end.tools, &mut *end.visitor));
        match visited {
            Ok(Ok(())) => {}
            Ok(Err(Stop::Failed(cause))) => outcome.loose.push((number, cause)),
            Ok(Err(Stop::Memory | Stop::Work)) => outcome.loose.push((number, Cause::TooMuchWork)),
            Err(fault) => outcome.faults.push(sweep.fault(Task::Loose(number), &fault)),
        }
    }
    end.recover(&mut outcome);
    let mut problems = end.told();
    problems.extend(end.loose(outcome.loose));
    problems.extend(misplaced(sweep, outcome.misplaced));
    problems.extend(outcome.faults);
    let cut = |pack: &super::pack::Pack| {
        pack.was_cut().then(|| SweepProblem::of_file(&pack.path, SweepProblemKind::Changed, CUT_SHORT))
    };
    problems.extend(sweep.store.packs.iter().filter_map(cut));
    problems.sort();
    problems
}

struct End<'a, V> {
    sweep: &'a Sweep<'a>,
    visitor: &'a mut V,
    tools: Tools,
    work: Work,
    losses: Vec<Loss>,
}

impl<V: ObjectVisitor> End<'_, V> {
    /// A family to be decoded alone.
    fn family<'f>(
        &'f mut self,
        pack: u32,
        top: u32,
        kind: ObjectKind,
        anchor: Anchor,
        outcome: &'f mut Outcome,
    ) -> Family<'f, 'f, V> {
        Family {
            pack: &self.sweep.store.packs[pack as usize],
            plan: &self.sweep.plans[pack as usize],
            number: pack,
            top,
            kind,
            anchor,
            mode: Mode::Alone { fresh: 0, again: 0 },
            tools: &mut self.tools,
            visitor: self.visitor,
            outcome,
            aside: 0,
        }
    }

    /// Looks elsewhere for each object that failed; those that are nowhere become losses, and what is deltified against
    /// them is looked for in turn.
    fn recover(&mut self, outcome: &mut Outcome) {
        let mut queue = VecDeque::new();
        loop {
            // In order, so that the limit on work strikes the same ones every time.
            outcome.failures.sort_by_key(|failure| (failure.pack, failure.entry));
            queue.extend(outcome.failures.drain(..).map(|failure| (failure, None)));
            let Some((failure, loss)) = queue.pop_front().filter(|_| !interrupt::requested()) else { return };
            let plan = &self.sweep.plans[failure.pack as usize];
            if plan.weight(failure.entry) == 0 {
                continue;
            }
            if let Some((kind, anchor)) = self.elsewhere(&failure) {
                if self.sweep.wanted.includes(kind) {
                    self.family(failure.pack, failure.entry, kind, anchor, outcome).run();
                }
                continue;
            }
            let loss = loss.unwrap_or(self.losses.len());
            if loss == self.losses.len() {
                let (pack, entry, cause) = (failure.pack, failure.entry, failure.cause);
                self.losses.push(Loss { pack, entry, cause, lost: 0 });
            }
            let is_lost = plan.entry(failure.entry).is_wanted && !failure.is_visited;
            self.losses[loss].lost += u64::from(is_lost);
            let children = plan.children(failure.entry).iter();
            let without_base = |child: &u32| Failure::new(failure.pack, *child, Cause::LostBase);
            queue.extend(children.map(|child| (without_base(child), Some(loss))));
        }
    }

    /// Another copy of the object, or the base that this pack does not list.
    fn elsewhere(&mut self, failure: &Failure) -> Option<(ObjectKind, Anchor)> {
        let store = self.sweep.store;
        let pack = &store.packs[failure.pack as usize];
        let mut finder = Finder { store, inflate: Inflate::default(), work: &mut self.work, depth: 0 };
        let base = match &failure.cause {
            Cause::MissingBase(id) => finder.by_id(id).ok().flatten(),
            Cause::Unlisted(offset) => finder.at(pack, *offset).ok(),
            // Its other copies are as large.
            Cause::TooLarge { .. } => return None,
            _ => None,
        };
        if let Some((kind, bytes)) = base {
            return Some((kind, Anchor::Base(bytes)));
        }
        let id = pack.id(self.sweep.plans[failure.pack as usize].entry(failure.entry).position)?;
        let (kind, bytes) = self.copy(&id, 1)?;
        Some((kind, Anchor::Content(bytes)))
    }

    /// An object that `failed` of the places which have it now could not give.
    fn copy(&mut self, id: &ObjectId, failed: usize) -> Option<Found> {
        let store = self.sweep.store;
        let packs = store.packs.iter().filter(|pack| pack.index.find(id.as_bytes()).is_some());
        let files = store.folders.iter().filter(|folder| loose_path(folder, id).is_file());
        if packs.count() + files.count() <= failed {
            return None;
        }
        let mut finder = Finder { store, inflate: Inflate::default(), work: &mut self.work, depth: 0 };
        finder.by_id(id).ok().flatten()
    }

    /// The problems of packed objects.
    fn told(&mut self) -> Vec<SweepProblem> {
        let mut problems = Vec::new();
        self.losses.retain(|loss| loss.lost > 0);
        self.losses.sort_by_key(|loss| (loss.pack, loss.entry));
        for losses in self.losses.chunk_by(|one, next| one.pack == next.pack) {
            let number = losses[0].pack as usize;
            let (pack, plan) = (&self.sweep.store.packs[number], &self.sweep.plans[number]);
            for loss in losses.iter().take(TOLD) {
                let id = pack.id(plan.entry(loss.entry).position);
                problems.push(SweepProblem { lost: loss.lost, ..SweepProblem::of_object(&pack.path, id, &loss.cause) });
            }
            if let Some(rest) = losses.get(TOLD..).filter(|rest| !rest.is_empty()) {
                let lost = rest.iter().map(|loss| loss.lost).sum();
                let message = format!("{} more objects are damaged; a fresh clone or a backup has them", rest.len());
                let problem = SweepProblem::of_file(&pack.path, SweepProblemKind::Corrupt, message);
                problems.push(SweepProblem { lost, ..problem });
            }
        }
        problems
    }

    /// Visits the other copies of loose objects that failed, and gives the problems of the rest.
    fn loose(&mut self, mut failures: Vec<(u32, Cause)>) -> Vec<SweepProblem> {
        failures.sort_by_key(|failure| failure.0);
        let mut problems = Vec::new();
        let mut later = None;
        for (number, cause) in failures {
            let Loose { id, folder } = self.sweep.store.loose[number as usize];
            let path = loose_path(&self.sweep.store.folders[folder as usize], &id);
            let is_there = path.is_file();
            let mut found = self.copy(&id, usize::from(is_there));
            if found.is_none() && !is_there {
                // `git gc` has packed it since the packs were listed.
                let store = later.get_or_insert_with(|| self.sweep.store.reopened());
                let mut finder = Finder { store, inflate: Inflate::default(), work: &mut self.work, depth: 0 };
                found = finder.by_id(&id).ok().flatten();
            }
            match found {
                Some((kind, bytes)) if self.sweep.wanted.includes(kind) => {
                    self.visitor.object(&id, kind, bytes.len() as u64, Content::Whole(&bytes));
                }
                Some(_) => {}
                None => {
                    problems.push(SweepProblem::of_object(&path, Some(id), &cause));
                }
            }
        }
        problems
    }
}

/// One problem for each pack whose objects do not end where others begin.
fn misplaced(sweep: &Sweep<'_>, mut misplaced: Vec<(u32, u32)>) -> Vec<SweepProblem> {
    misplaced.sort_unstable();
    misplaced.dedup();
    let packs = misplaced.chunk_by(|one, next| one.0 == next.0);
    packs
        .map(|objects| {
            let (number, entry) = (objects[0].0 as usize, objects[0].1);
            let pack = &sweep.store.packs[number];
            let count = objects.len();
            let offset = sweep.plans[number].entry(entry).offset;
            let message = format!(
                "{count} of its objects do not end where its index says that the next one begins, the first of them at \
                 byte {offset}; make the index again with `git index-pack`"
            );
            SweepProblem::of_file(&pack.path, SweepProblemKind::IndexMismatch, message)
        })
        .collect()
}
