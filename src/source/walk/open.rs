//! What the threads of a walk share: the entries that nobody has looked at yet.

use std::ffi::OsString;
use std::fs::FileType;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// What a folder holds, or a part of that.
#[derive(Debug)]
pub(super) struct Entries {
    /// The folder; none for where the walk starts.
    pub folder: Option<Arc<Path>>,
    /// Names, or the path of the start, and what each is, where it was said.
    pub names: Vec<(OsString, Option<FileType>)>,
}

/// Entries that nobody has looked at yet, the latest last.
#[derive(Debug)]
pub(super) struct Open {
    state: Mutex<OpenState>,
    changed: Condvar,
}

#[derive(Debug)]
struct OpenState {
    entries: Vec<Entries>,
    /// How many threads look at some, and may find more.
    busy: usize,
    /// How many wait for some.
    waiting: usize,
    is_over: bool,
}

/// Entries that a thread looks at. The walk is over when nobody does and there are no more.
#[derive(Debug)]
pub(super) struct Taken<'o> {
    open: &'o Open,
    pub entries: Entries,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut state = self.open.state();
        state.busy -= 1;
        state.is_over |= std::thread::panicking() || (state.busy == 0 && state.entries.is_empty());
        if state.is_over {
            self.open.changed.notify_all();
        }
    }
}

impl Open {
    /// The start of a walk.
    pub fn new(start: PathBuf) -> Open {
        let start = Entries { folder: None, names: vec![(start.into_os_string(), None)] };
        let state = OpenState { entries: vec![start], busy: 0, waiting: 0, is_over: false };
        Open { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, OpenState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds entries.
    pub fn add(&self, entries: Entries) {
        let mut state = self.state();
        state.entries.push(entries);
        let is_wanted = state.waiting > 0;
        drop(state);
        // It is a system call though nobody waits, and there are some 6,000 in a tree of 78,000 files.
        if is_wanted {
            self.changed.notify_one();
        }
    }

    /// The next entries, once there are some. `None` when the walk is over.
    pub fn take(&self) -> Option<Taken<'_>> {
        let mut state = self.state();
        while !state.is_over && state.entries.is_empty() {
            state.waiting += 1;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        let entries = if state.is_over { None } else { state.entries.pop() }?;
        state.busy += 1;
        Some(Taken { open: self, entries })
    }

    /// Leaves the rest of the walk.
    pub fn quit(&self) {
        self.state().is_over = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// The threads take all that is added while any of them is busy, and end together.
    #[test]
    fn every_thread_ends_when_all_is_taken() {
        for threads in [1, 4] {
            let open = Open::new("a".into());
            let taken = AtomicUsize::new(0);
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| {
                        while let Some(entries) = open.take() {
                            let seen = taken.fetch_add(1, Ordering::Relaxed);
                            if seen < 500 {
                                for _ in 0..2 {
                                    open.add(Entries { folder: None, names: entries.entries.names.clone() });
                                }
                            }
                        }
                    });
                }
            });
            assert_eq!(taken.into_inner(), 1001);
        }
    }

    /// A thread that dies leaves nobody waiting.
    #[test]
    fn a_thread_that_dies_ends_the_walk() {
        let open = Open::new("a".into());
        let taken = open.take().expect("the start");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| open.take().is_none());
            let dying = scope.spawn(move || {
                let _taken = taken;
                std::panic::resume_unwind(Box::new("dies"));
            });
            assert!(dying.join().is_err());
            assert!(waiting.join().expect("it ends"));
        });
    }
}
