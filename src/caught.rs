//! Panics: a fault of the program, or of a library, that one input has brought out. It is caught where that input is dealt
//! with and becomes a [`Problem`](crate::error::Problem) of it, and everything else is scanned.
//!
//! What a panic says may quote the input, and so a secret. Only where it happened is kept.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};

thread_local! {
    /// How many calls of [`caught`] this thread is in.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// Where the last panic in one of them happened.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A panic that was caught.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// File, line and column, in this program or in a library.
    place: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.as_deref().unwrap_or("a place that is not known");
        write!(
            f,
            "an internal error at {place}; this is a fault of hopx-leaks {}, please report this line",
            env!("CARGO_PKG_VERSION")
        )
    }
}

/// From now on no panic of the process prints what it says, and one that is caught prints nothing at all.
pub fn listen() {
    set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        if DEPTH.get() == 0 {
            let fault = Fault { place };
            // As the default hook, but without the message; where standard error is closed there is nobody to read it.
            let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("hopx-leaks: {fault}\n"));
        } else {
            PLACE.set(place);
        }
    }));
}

/// Does `work`, whose half-done changes must be of no harm if it panics.
///
/// # Errors
///
/// The panic.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Fault> {
    DEPTH.set(DEPTH.get() + 1);
    let done = catch_unwind(AssertUnwindSafe(work));
    DEPTH.set(DEPTH.get() - 1);
    done.map_err(|_| Fault { place: PLACE.take() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Set in the child.
    const CHILD: &str = "HOPX_LEAKS_TEST_PANICS";

    #[test]
    fn what_a_panic_says_is_not_printed() {
        if std::env::var_os(CHILD).is_some() {
            listen();
            assert!(caught(|| caught(|| panic!("a secret"))).is_ok_and(|inner| inner.is_err()));
            let fault = caught(|| panic!("a secret")).expect_err("a panic");
            assert!(fault.to_string().starts_with("an internal error at src/caught.rs:"), "{fault}");
            assert!(std::thread::spawn(|| panic!("a secret")).join().is_err());
            return;
        }
        let mut child = std::process::Command::new(std::env::current_exe().expect("this program"));
        child.args(["--exact", "--nocapture", "caught::tests::what_a_panic_says_is_not_printed"]).env(CHILD, "1");
        let output = child.output().expect("it runs");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{out}{err}");
        assert!(!out.contains("a secret") && !err.contains("a secret"), "{out}{err}");
        assert_eq!(err.matches("hopx-leaks: an internal error at src/caught.rs:").count(), 1, "{err}");
    }
}
