//! The guard against SIGBUS: a handler that maps zeros over the part of a watched map that is no longer there.
//!
//! When a file is cut short, touching a page of its map past the new end raises SIGBUS, whose default is to kill the
//! process. Compilers and compositors that map other people's files handle it as done here: put anonymous zero pages in
//! the hole, note that it happened, and go on. A SIGBUS anywhere else goes to whoever handled it before.

#[cfg(unix)]
pub use posix::Guard;

#[cfg(not(unix))]
pub use elsewhere::Guard;

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
}

#[cfg(unix)]
mod posix {
    use std::ffi::c_int;
    use std::mem::MaybeUninit;
    use std::ops::Range;
    use std::ptr;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    /// The most maps that are watched at a time: one a thread is in use.
    const SLOTS: usize = 1024;

    /// A watched range of addresses. Plain atomics, since a signal handler may take no lock.
    struct Slot {
        taken: AtomicBool,
        start: AtomicUsize,
        end: AtomicUsize,
        fired: AtomicBool,
    }

    static WATCHED: [Slot; SLOTS] = [const {
        Slot {
            taken: AtomicBool::new(false),
            start: AtomicUsize::new(0),
            end: AtomicUsize::new(0),
            fired: AtomicBool::new(false),
        }
    }; SLOTS];

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
            WATCHED[slot].fired.store(false, Ordering::Relaxed);
            WATCHED[slot].end.store(range.end, Ordering::Relaxed);
            WATCHED[slot].start.store(range.start, Ordering::Release);
            Some(Guard { slot })
        }

        /// Whether zeros had to be put into the map.
        pub fn fired(&self) -> bool {
            WATCHED[self.slot].fired.load(Ordering::Acquire)
        }
    }

    impl Drop for Guard {
        fn drop(&mut self) {
            WATCHED[self.slot].start.store(usize::MAX, Ordering::Release);
            WATCHED[self.slot].taken.store(false, Ordering::Release);
        }
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
        let address = unsafe { (*info).si_addr() } as usize;
        if before.is_some_and(|before| fill_hole(address, before.page)) {
            return;
        }
        pass_on(before.map(|before| &before.action), signal, info, context);
    }

    /// Puts zero pages from the faulting page to the end of the watched map that holds `address`. Whether there was
    /// one and it worked.
    fn fill_hole(address: usize, page: usize) -> bool {
        let holds = |slot: &&Slot| {
            slot.taken.load(Ordering::Acquire)
                && (slot.start.load(Ordering::Acquire)..slot.end.load(Ordering::Acquire)).contains(&address)
        };
        let Some(slot) = WATCHED.iter().find(holds) else { return false };
        let start = address & !(page - 1);
        let len = slot.end.load(Ordering::Acquire).next_multiple_of(page) - start;
        // SAFETY: the range lies within one live read-only map of ours, from a page border to the end of its last
        // page, so nobody else's memory is replaced; `mmap` is a bare system call and safe in a handler. Worst case:
        // it fails, and the signal goes on to kill the process as it would have.
        #[expect(unsafe_code, reason = "replacing the pages of a map has no safe interface")]
        let zeros = unsafe {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
            libc::mmap(ptr::with_exposed_provenance_mut(start), len, libc::PROT_READ, flags, -1, 0)
        };
        slot.fired.store(true, Ordering::Release);
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
}
