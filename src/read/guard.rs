//! The guard against SIGBUS: a handler that maps zeros over the part of a watched map that is no longer there.
//!
//! When a file is cut short, touching a page of its map past the new end raises SIGBUS, whose default is to kill the
//! process. Compilers and compositors that map other people's files handle it as done here: put anonymous zero pages in
//! the hole, note that it happened, and go on. Maps of our own are watched; maps of other crates' code are filled while
//! that code runs in [`filling`]. A SIGBUS anywhere else goes to whoever handled it before.

#[cfg(unix)]
pub use posix::{Guard, filling};

#[cfg(not(unix))]
pub use elsewhere::{Guard, filling};

#[cfg(not(unix))]
mod elsewhere {
    use std::ops::Range;

    /// Windows refuses to cut a mapped file short, so there is nothing to watch.
    #[derive(Debug)]
    pub struct Guard;

    impl Guard {
        pub fn watch(_: Range<usize>) -> Option<Guard> {
            Some(Guard)
        }

        pub fn fired(&self) -> bool {
            false
        }
    }

    pub fn filling<T>(read: impl FnOnce() -> T) -> (T, bool) {
        (read(), false)
    }
}

#[cfg(unix)]
mod posix {
    use std::cell::Cell;
    use std::ffi::c_int;
    use std::mem::MaybeUninit;
    use std::ops::Range;
    use std::ptr;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    /// The most maps that are watched at a time: a large file of a tree takes one for the thread that reads it, a pack
    /// and a large index take one for as long as the repository is read.
    const SLOTS: usize = 1024;

    /// A watched range of addresses. Plain atomics, since a signal handler may take no lock.
    struct Slot {
        taken: AtomicBool,
        /// Odd while a map is watched, and another number for each one.
        turn: AtomicUsize,
        start: AtomicUsize,
        end: AtomicUsize,
        fired: AtomicBool,
    }

    impl Slot {
        const fn free() -> Slot {
            Slot {
                taken: AtomicBool::new(false),
                turn: AtomicUsize::new(0),
                start: AtomicUsize::new(0),
                end: AtomicUsize::new(0),
                fired: AtomicBool::new(false),
            }
        }

        /// Watches `range` from now on. Only for who has taken the slot.
        fn begin(&self, range: &Range<usize>) {
            self.fired.store(false, Ordering::Relaxed);
            // Whoever reads one of these sees that the turn before is over.
            self.start.store(range.start, Ordering::Release);
            self.end.store(range.end, Ordering::Release);
            self.turn.fetch_add(1, Ordering::Release);
        }

        /// Watches nothing from now on.
        fn finish(&self) {
            self.turn.fetch_add(1, Ordering::Release);
        }

        /// The range that is watched: both of its ends from the same map, though another thread may let that one go
        /// and take the slot for a new one meanwhile.
        fn range(&self) -> Option<Range<usize>> {
            let turn = self.turn.load(Ordering::Acquire);
            let range = self.start.load(Ordering::Acquire)..self.end.load(Ordering::Acquire);
            (turn % 2 == 1 && self.turn.load(Ordering::Acquire) == turn).then_some(range)
        }
    }

    static WATCHED: [Slot; SLOTS] = [const { Slot::free() }; SLOTS];

    /// Whoever handled SIGBUS before us, and the size of a page. Set before the first map is watched.
    static BEFORE: OnceLock<Option<Before>> = OnceLock::new();

    struct Before {
        action: libc::sigaction,
        page: usize,
    }

    /// Watches one map for as long as it lives.
    #[derive(Debug)]
    pub struct Guard {
        slot: usize,
    }

    impl Guard {
        /// Watches the addresses `range`. `None` when all slots are taken or the handler can't be installed; then the
        /// map must not be used.
        pub fn watch(range: Range<usize>) -> Option<Guard> {
            BEFORE.get_or_init(install).as_ref()?;
            let slot = WATCHED.iter().position(|slot| !slot.taken.swap(true, Ordering::Acquire))?;
            WATCHED[slot].begin(&range);
            Some(Guard { slot })
        }

        /// Whether zeros had to be put into the map.
        pub fn fired(&self) -> bool {
            WATCHED[self.slot].fired.load(Ordering::Acquire)
        }
    }

    impl Drop for Guard {
        fn drop(&mut self) {
            WATCHED[self.slot].finish();
            WATCHED[self.slot].taken.store(false, Ordering::Release);
        }
    }

    /// What becomes of a hole in a map that nobody watches.
    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Holes {
        /// Whoever handled SIGBUS before has it.
        Passed,
        /// It is filled.
        Filled,
        /// It is filled, and one was.
        Found,
    }

    thread_local! {
        /// This thread's. It has no destructor, so that the handler may look at it.
        static HOLES: Cell<Holes> = const { Cell::new(Holes::Passed) };
    }

    /// Runs `read`, which is other crates' code that maps files by itself and reads them in this thread. What it came to,
    /// and whether a file was found cut short: what lies past the cut reads as zeros.
    pub fn filling<T>(read: impl FnOnce() -> T) -> (T, bool) {
        /// Puts back what was before, though `read` may panic.
        struct Restore(Holes);
        impl Drop for Restore {
            fn drop(&mut self) {
                HOLES.set(self.0);
            }
        }
        BEFORE.get_or_init(install);
        let _restore = Restore(HOLES.replace(Holes::Filled));
        let outcome = read();
        (outcome, HOLES.get() == Holes::Found)
    }

    fn install() -> Option<Before> {
        let mut before = MaybeUninit::<libc::sigaction>::uninit();
        // SAFETY: `sigaction` is plain data for which all zeros is a valid value, both pointers are to live memory of
        // the right type, and `before` is read only when the call says it was filled. Worst case: the call fails, no
        // handler is installed, and nothing is mapped.
        #[expect(unsafe_code, reason = "signals have no safe interface in the standard library")]
        unsafe {
            let page = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)).ok()?;
            let mut ours = std::mem::zeroed::<libc::sigaction>();
            ours.sa_sigaction = on_sigbus as *const () as libc::sighandler_t;
            ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigemptyset(&raw mut ours.sa_mask);
            let done = libc::sigaction(libc::SIGBUS, &raw const ours, before.as_mut_ptr()) == 0;
            done.then(|| Before { action: before.assume_init(), page })
        }
    }

    /// The handler. It may run in the middle of anything, so it takes no lock and allocates nothing.
    extern "C" fn on_sigbus(signal: c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
        // The handler can run on another thread in the moment between its installation and the end of `get_or_init`;
        // no map of ours is watched then.
        let before = BEFORE.get().and_then(Option::as_ref);
        // SAFETY: the kernel hands a valid `info` to a handler installed with SA_SIGINFO.
        #[expect(unsafe_code, reason = "the faulting address is a field of a C union")]
        let (address, code) = unsafe { ((*info).si_addr() as usize, (*info).si_code) };
        let is_filled = |before: &Before| {
            fill_hole(address, before.page) || (code == libc::BUS_ADRERR && fill_page(address, before.page))
        };
        if before.is_some_and(is_filled) {
            return;
        }
        pass_on(before.map(|before| &before.action), signal, info, context);
    }

    /// Puts zero pages from the faulting page to the end of the watched map that holds `address`. Whether there was
    /// one and it worked.
    fn fill_hole(address: usize, page: usize) -> bool {
        let mut watched = WATCHED.iter().filter_map(|slot| slot.range().map(|range| (slot, range)));
        let Some((slot, range)) = watched.find(|(_, range)| range.contains(&address)) else { return false };
        let start = address & !(page - 1);
        let len = range.end.next_multiple_of(page) - start;
        // SAFETY: `range` is what one turn of the slot watched. It holds the address that this thread touches through a
        // map that it borrows and that therefore lives until the handler is back; live maps do not overlap, and a map
        // is watched only while it lives, so `range` is that map's. From a page border to the end of its last page
        // nobody else's memory is replaced. Worst case: it fails, and the signal goes on to kill the process as it
        // would have.
        #[expect(unsafe_code, reason = "replacing the pages of a map has no safe interface")]
        let is_filled = unsafe { map_zeros(start, len) };
        slot.fired.store(true, Ordering::Release);
        is_filled
    }

    /// Puts a page of zeros where `address` is, if this thread is in [`filling`]. Whether it was and it worked.
    fn fill_page(address: usize, page: usize) -> bool {
        if HOLES.get() == Holes::Passed {
            return false;
        }
        // SAFETY: the caller says that the signal was BUS_ADRERR: there is no memory behind this page (sigaction(2)), so
        // none is replaced. This thread touches it through a map that it borrows, which therefore lives until the
        // handler is back and has the whole page. Worst case: the touch was a write to a shared map that its file system
        // has no room for, and kills the process at the next try, as it would have.
        #[expect(unsafe_code, reason = "replacing the pages of a map has no safe interface")]
        let is_filled = unsafe { map_zeros(address & !(page - 1), page) };
        HOLES.set(Holes::Found);
        is_filled
    }

    /// Replaces the `len` bytes of memory from `start` on, which is at a page border, by zeros that can only be read.
    /// Whether it worked. A bare system call, which is safe in a handler.
    ///
    /// # Safety
    ///
    /// All of these pages belong to one map of a file that is only read.
    #[expect(unsafe_code, reason = "replacing the pages of a map has no safe interface")]
    unsafe fn map_zeros(start: usize, len: usize) -> bool {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
        // SAFETY: as the caller promises.
        let zeros = unsafe { libc::mmap(ptr::with_exposed_provenance_mut(start), len, libc::PROT_READ, flags, -1, 0) };
        zeros != libc::MAP_FAILED
    }

    /// Hands a SIGBUS that is not ours to the handler before us (Rust's own looks for stack overflows), or lets the
    /// default take its course when the instruction is tried again.
    fn pass_on(
        before: Option<&libc::sigaction>,
        signal: c_int,
        info: *mut libc::siginfo_t,
        context: *mut libc::c_void,
    ) {
        let handler = before.map_or(libc::SIG_DFL, |action| action.sa_sigaction);
        let with_info = before.is_some_and(|action| action.sa_flags & libc::SA_SIGINFO != 0);
        // SAFETY: `handler` is what the system said was installed, with the signature that its flags state. Worst case:
        // the process dies of the signal, as it would without us.
        #[expect(unsafe_code, reason = "a handler is stored as an address")]
        unsafe {
            if handler == libc::SIG_DFL || handler == libc::SIG_IGN {
                libc::signal(signal, libc::SIG_DFL);
            } else if with_info {
                type WithInfo = extern "C" fn(c_int, *mut libc::siginfo_t, *mut libc::c_void);
                std::mem::transmute::<libc::sighandler_t, WithInfo>(handler)(signal, info, context);
            } else {
                std::mem::transmute::<libc::sighandler_t, extern "C" fn(c_int)>(handler)(signal);
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        /// A slot goes from map to map while it is read.
        #[test]
        fn no_range_is_made_of_two_maps() {
            static SLOT: Slot = Slot::free();
            static IS_DONE: AtomicBool = AtomicBool::new(false);
            let (low, high) = (10..20, 30..40);
            let odd = std::thread::scope(|scope| {
                scope.spawn(|| {
                    for range in [&low, &high].into_iter().cycle().take(20_000_000) {
                        SLOT.begin(range);
                        SLOT.finish();
                    }
                    IS_DONE.store(true, Ordering::Relaxed);
                });
                let reads = std::iter::from_fn(|| (!IS_DONE.load(Ordering::Relaxed)).then(|| SLOT.range()));
                reads.flatten().find(|range| ![&low, &high].contains(&range))
            });
            assert_eq!(odd, None, "nobody watched this range");
        }
    }
}
