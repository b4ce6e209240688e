//! Sound inputs for the targets, by writers that are not this program's.

pub mod archives;
pub mod repositories;
pub mod texts;

use crate::repository::noise;
use crate::targets::planted;

/// A text with the key in its midst, which can be compressed and is not small when it was.
fn content() -> Vec<u8> {
    format!("# Settings\n{}{}A=1\n", "B=2\n".repeat(40), noise(1, 20).join("\n") + planted::line()).into_bytes()
}
