//! The sweep: every object of a repository once, decoded, on several threads, in whatever order is fastest.
//!
//! A [`Store`] is where the objects are: packs, loose objects, and the same in the folders it borrows from. For each pack
//! a plan says what is deltified against what; each family of deltified objects is decoded depth first by one thread, so
//! that every object is made once, from a base that is still in memory. What is damaged, or needs too much memory for
//! one of several threads, is put off to the end: an object that is damaged in one place is looked for in all others.
//!
//! - Nothing that a file says is believed: sizes are checked against what the compressed bytes can give before memory
//!   is given, and each object must end where the next one begins. Ids are not computed again.
//! - Whether all is visited, or what is lost, does not depend on the number of threads.

mod alternates;
pub(super) mod bytes;
mod cause;
mod delta;
mod duplicates;
mod family;
mod find;
mod index;
pub(super) mod inflate;
mod large;
mod loose;
mod memory;
mod outcome;
mod pack;
mod plan;
mod recover;
mod store;

use rayon::prelude::*;

pub use alternates::paths as alternate_paths;
pub use cause::{SweepProblem, SweepProblemKind};
pub use find::Found;
pub use store::Store;

use crate::blob::Content;
use crate::caught::caught;
use crate::object::{ObjectId, ObjectKind};
use crate::parallel::{share, threads};
use cause::Stop;
use duplicates::Duplicates;
use family::{Anchor, Family};
use memory::{Mode, Permits, Tools};
use outcome::Outcome;
use plan::{Base, Plan};
use recover::Sweep;

/// Blobs of more bytes than this are streamed, unless others are deltified against them.
pub const STREAM_FROM: u64 = 8 << 20;

/// Which objects are visited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of them.
    All,
    /// Commits, tags and trees. Blobs are not decoded, and so nobody sees whether they are damaged.
    NoBlobs,
}

impl Wanted {
    /// Whether objects of this kind are visited.
    pub fn includes(self, kind: ObjectKind) -> bool {
        match self {
            Wanted::All => true,
            Wanted::NoBlobs => kind != ObjectKind::Blob,
        }
    }
}

/// Looks at objects. Each thread has its own.
pub trait ObjectVisitor: Send {
    /// An object of `size` bytes. The content is [`Content::Whole`], or [`Content::Stream`] for a blob of more than
    /// [`STREAM_FROM`] bytes. A stream can turn out to be damaged while it is read; then it ends with an error, which is
    /// a problem of its own, and the object is visited again if another place has it whole.
    fn object(&mut self, id: &ObjectId, kind: ObjectKind, size: u64, content: Content<'_>);

    /// Something could not be read. All problems come at the end, in order, to the first visitor.
    fn problem(&mut self, problem: SweepProblem);
}

/// What one thread does at a time.
#[derive(Clone, Copy, Debug)]
enum Task {
    /// Decode the family at this entry of this pack.
    Family { pack: u32, top: u32, kind: ObjectKind },
    /// Read this loose object.
    Loose(u32),
}

/// Visits every object of a store once, on all threads of the pool, each with a visitor that `visitor` makes. The
/// visitors.
///
/// An object that is in several places is visited once, but twice if one pack lists it at two offsets. One that is
/// damaged everywhere is a problem, and what is deltified against it is counted in it. When Ctrl-C was pressed, the
/// sweep ends early, with whatever was visited.
///
/// It takes the memory of the packs mapped, about 80 bytes an object, and the buffers to decode in:
///
/// - 4 MiB for each thread, and 28 MiB more for each of three or less;
/// - what does not fit into 24 MiB is decoded alone when all else is done: objects that are deltified or that others are
///   deltified against, and packed commits, tags and trees. 104 MiB at most are held then, or one object's base, its
///   delta and itself if these are more, and the base of the first one besides if that came from elsewhere. Each of
///   them has at most as many bytes as `memory::most` says and takes an eighth more; larger ones are problems;
/// - a loose object is held by the thread that reads it, a blob of more than [`STREAM_FROM`] bytes in pieces, under the same
///   rules: one that does not fit into 24 MiB is read when all else is done.
pub fn sweep<V: ObjectVisitor>(store: &Store, wanted: Wanted, visitor: &(dyn Fn() -> V + Sync)) -> Vec<V> {
    let duplicates = Duplicates::new(store);
    let plan = |(number, pack)| Plan::new(pack, &|position| !duplicates.has_packed(number, position));
    let plans: Vec<_> = store.packs.par_iter().enumerate().map(plan).collect();
    let mut problems: Vec<_> = plans.iter().zip(&store.packs).flat_map(|(plan, pack)| plan.problems(pack)).collect();
    let sweep = Sweep { store, plans: &plans, wanted };
    let (tasks, mut outcome) = tasks(&sweep, &duplicates);
    let permits = Permits::new(threads());
    let worker = || Worker { visitor: visitor(), tools: Tools::default(), outcome: Outcome::default() };
    let workers = share(&tasks, &worker, |worker, task| {
        if let Err(fault) = caught(|| worker.work(&sweep, &permits, *task)) {
            worker.tools = Tools::default();
            worker.outcome.faults.push(sweep.fault(*task, &fault));
        }
    });
    drop(tasks);
    let mut visitors = Vec::new();
    for worker in workers {
        outcome.add(worker.outcome);
        visitors.push(worker.visitor);
    }
    if let Some(first) = visitors.first_mut() {
        problems.extend(recover::finish(&sweep, outcome, first));
        for problem in problems {
            first.problem(problem);
        }
    }
    visitors
}

/// What there is to do: large families first, so that no thread is left with one at the end, then the others as the
/// packs are laid out, which is how the system reads them ahead. And what can't be done.
fn tasks(sweep: &Sweep<'_>, duplicates: &Duplicates) -> (Vec<Task>, Outcome) {
    let (mut tasks, mut outcome) = (Vec::new(), Outcome::default());
    let mut total = 0;
    for (number, plan) in (0..).zip(sweep.plans) {
        let pack = &sweep.store.packs[number as usize];
        for top in plan.tops().filter(|top| plan.weight(*top) > 0) {
            match plan.entry(top).base {
                Base::None(kind) if sweep.wanted.includes(kind) => {
                    let size = pack.header(plan.entry(top).offset).map_or(0, |header| header.size);
                    let cost = size.saturating_mul(u64::from(plan.weight(top)));
                    total += u128::from(cost);
                    tasks.push((cost, Task::Family { pack: number, top, kind }));
                }
                Base::None(_) => {}
                Base::Unknown | Base::Entry(_) => {
                    let cause = plan.trouble(pack, plan.entry(top));
                    outcome.failures.push(outcome::Failure::new(number, top, cause));
                }
            }
        }
    }
    let large = total / (16 * threads() as u128) + 1;
    tasks.sort_by_key(|(cost, _)| std::cmp::Reverse(if u128::from(*cost) >= large { *cost } else { 0 }));
    let loose = (0..).zip(&sweep.store.loose).filter(|(number, _)| !duplicates.has_loose(*number as usize));
    let tasks = tasks.into_iter().map(|(_, task)| task).chain(loose.map(|(number, _)| Task::Loose(number)));
    (tasks.collect(), outcome)
}

/// One thread of a sweep.
struct Worker<V> {
    visitor: V,
    tools: Tools,
    outcome: Outcome,
}

impl<V: ObjectVisitor> Worker<V> {
    fn work(&mut self, sweep: &Sweep<'_>, permits: &Permits, task: Task) {
        let Worker { visitor, tools, outcome } = self;
        match task {
            Task::Family { pack, top, kind } => Family {
                pack: &sweep.store.packs[pack as usize],
                plan: &sweep.plans[pack as usize],
                number: pack,
                top,
                kind,
                anchor: Anchor::Pack,
                mode: Mode::Shared { permits, permit: None },
                tools,
                visitor,
                outcome,
                aside: 0,
            }
            .run(),
            Task::Loose(number) => {
                let loose = &sweep.store.loose[number as usize];
                match loose::visit(sweep.store, loose, sweep.wanted, Some(permits), tools, visitor) {
                    Ok(()) => {}
                    Err(Stop::Failed(cause)) => outcome.loose.push((number, cause)),
                    Err(Stop::Memory | Stop::Work) => outcome.late.push(number),
                }
            }
        }
    }
}
