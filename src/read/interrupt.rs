//! Ctrl-C: the first one asks the scan to stop, so that no report is left half written; the second one kills.

use std::sync::atomic::{AtomicBool, Ordering};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Whether Ctrl-C was pressed.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// Listens for SIGINT from now on, unless the parent process wants it ignored (as `nohup` does). Elsewhere than on
/// Unix, Ctrl-C ends the process at once.
pub fn listen() {
    #[cfg(unix)]
    // SAFETY: `sigaction` is plain data for which all zeros is a valid value, the pointers are to live memory of the
    // right type, and the handler only stores to an atomic. Without SA_RESTART a blocked read returns, and with
    // SA_RESETHAND the second signal has its default effect. Worst case: the call fails and Ctrl-C kills at once.
    #[expect(unsafe_code, reason = "signals have no safe interface in the standard library")]
    unsafe {
        extern "C" fn on_sigint(_: std::ffi::c_int) {
            REQUESTED.store(true, Ordering::Relaxed);
        }
        let mut before = std::mem::zeroed::<libc::sigaction>();
        let known = libc::sigaction(libc::SIGINT, std::ptr::null(), &raw mut before) == 0;
        if known && before.sa_sigaction != libc::SIG_IGN {
            let mut ours = std::mem::zeroed::<libc::sigaction>();
            ours.sa_sigaction = on_sigint as *const () as libc::sighandler_t;
            ours.sa_flags = libc::SA_RESETHAND;
            libc::sigemptyset(&raw mut ours.sa_mask);
            libc::sigaction(libc::SIGINT, &raw const ours, std::ptr::null_mut());
        }
    }
}
