//! To be written.

use std::io::{self, Write};

use crate::report::{Report, Suppressed};

/// To be written.
///
/// # Errors
///
/// Those of `out`.
pub fn write(_report: &Report, _suppressed: Suppressed, _out: &mut dyn Write) -> io::Result<()> {
    Ok(())
}
