//! Work that is a list, shared out among the threads of the pool that a run is given (`-j`).

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Error;
use crate::read::interrupt;

/// The pool of `threads` threads, at least one, in which a run does its work.
///
/// # Errors
///
/// [`Error::Threads`] when the system does not give so many.
pub fn pool(threads: usize) -> Result<rayon::ThreadPool, Error> {
    let builder = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1));
    builder.build().map_err(|cause| Error::Threads { threads, cause })
}

/// How many threads the pool has.
pub fn threads() -> usize {
    rayon::current_num_threads()
}

/// Does `each` for every item, with one worker a thread. The workers, of which there is at least one.
///
/// Items are taken in their order, one at a time: the next one goes to whichever thread is free. That keeps large items,
/// put first, from being left to one thread at the end. When Ctrl-C was pressed, the rest of the items is left.
pub fn share<'i, T: Sync, W: Send>(
    items: &'i [T],
    worker: &(dyn Fn() -> W + Sync),
    each: impl Fn(&mut W, &'i T) + Sync,
) -> Vec<W> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut worker = worker();
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            if interrupt::requested() {
                break;
            }
            each(&mut worker, item);
        }
        worker
    };
    // Waking threads that would find nothing to do costs more than it gives.
    if items.len() < 2 { vec![work()] } else { rayon::broadcast(|_| work()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_goes_to_one_worker() {
        for (threads, count) in [(1, 0_usize), (1, 5), (4, 1), (4, 1000)] {
            let items: Vec<usize> = (0..count).collect();
            let pool = pool(threads).expect("threads");
            let workers = pool.install(|| share(&items, &Vec::new, |worker, item| worker.push(*item)));
            assert_eq!(workers.len(), if count < 2 { 1 } else { threads });
            let mut seen: Vec<usize> = workers.concat();
            seen.sort_unstable();
            assert_eq!(seen, items);
        }
    }
}
