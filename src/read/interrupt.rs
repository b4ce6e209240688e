//! Ctrl-C and other requests to end: the first one asks the scan to stop, so that no report is left half written; the
//! second one of the same kind kills.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU8, Ordering};

/// The number of the signal that asked to stop; 0 for none.
static REQUESTED: AtomicU8 = AtomicU8::new(0);

/// Whether Ctrl-C was pressed, or the process asked to end in another way.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed) != 0
}

/// The exit status of a run that was asked to end: 128 and the number of the signal, as shells have it. 130, that of
/// Ctrl-C, where there was none.
pub fn status() -> u8 {
    match REQUESTED.load(Ordering::Relaxed) {
        0 => 130,
        signal => signal.saturating_add(128),
    }
}

/// Listens for SIGINT, SIGTERM and SIGHUP from now on, but for those that the parent process wants ignored (as `nohup`
/// does). Elsewhere than on Unix, Ctrl-C ends the process at once.
pub fn listen() {
    #[cfg(unix)]
    {
        extern "C" fn on_signal(signal: std::ffi::c_int) {
            REQUESTED.store(u8::try_from(signal).unwrap_or(0), Ordering::Relaxed);
        }
        // Without SA_RESTART a blocked read returns, and with SA_RESETHAND the second signal has its default effect.
        handle(on_signal as *const () as libc::sighandler_t, libc::SA_RESETHAND);
    }
}

/// Has these signals end the process at once again. What is being written to a pipe can't be taken back, and a reader that
/// is stuck is not to hold up the end.
pub fn stop_listening() {
    #[cfg(unix)]
    handle(libc::SIG_DFL, 0);
}

#[cfg(unix)]
fn handle(handler: libc::sighandler_t, flags: std::ffi::c_int) {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: `sigaction` is plain data for which all zeros is a valid value, the pointers are to live memory of the
        // right type, and the handler, if it is not the default, only stores to an atomic. Worst case: a call fails and the
        // signal kills at once.
        #[expect(unsafe_code, reason = "signals have no safe interface in the standard library")]
        unsafe {
            let mut before = std::mem::zeroed::<libc::sigaction>();
            let known = libc::sigaction(signal, std::ptr::null(), &raw mut before) == 0;
            if known && before.sa_sigaction != libc::SIG_IGN {
                let mut ours = std::mem::zeroed::<libc::sigaction>();
                ours.sa_sigaction = handler;
                ours.sa_flags = flags;
                libc::sigemptyset(&raw mut ours.sa_mask);
                libc::sigaction(signal, &raw const ours, std::ptr::null_mut());
            }
        }
    }
}

/// Standard input, whose reads end with [`io::ErrorKind::Interrupted`] once Ctrl-C was pressed, whichever thread the
/// signal came to: a read that waits in another one would not notice. Elsewhere than on Unix it is plain standard input.
///
/// # Errors
///
/// That of `dup(2)`.
#[cfg(unix)]
pub fn stdin() -> io::Result<impl Read> {
    use std::os::fd::AsFd;

    // The standard library's own reader holds back bytes that the kernel has given it, and so can't be waited for.
    let input = io::stdin().as_fd().try_clone_to_owned()?;
    Ok(Stdin { input: input.into() })
}

/// Standard input.
///
/// # Errors
///
/// None.
#[cfg(not(unix))]
pub fn stdin() -> io::Result<impl Read> {
    Ok(io::stdin().lock())
}

#[cfg(unix)]
struct Stdin {
    input: std::fs::File,
}

#[cfg(unix)]
impl Read for Stdin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !has_input(&self.input) {
            if requested() {
                return Err(io::ErrorKind::Interrupted.into());
            }
        }
        self.input.read(buffer)
    }
}

/// Waits until there is something to read, or an end or an error to tell of, for a tenth of a second at most.
#[cfg(unix)]
fn has_input(input: &std::fs::File) -> bool {
    use std::os::fd::AsRawFd;

    let mut watched = libc::pollfd { fd: input.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: the pointer is to one `pollfd`, as the count says, and the descriptor is open as long as `input` is. Worst
    // case: the call fails, and it is left to the read to say why.
    #[expect(unsafe_code, reason = "poll has no safe interface in the standard library")]
    let ready = unsafe { libc::poll(&raw mut watched, 1, 100) };
    match ready {
        0 => false,
        1.. => true,
        _ => io::Error::last_os_error().kind() != io::ErrorKind::Interrupted,
    }
}
