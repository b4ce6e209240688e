//! The encodings a key is found in: one row each, one file each.
//!
//! An encoding brings its needles, which are fixed because a key's prefix is fixed, and a decoder that turns the bytes
//! around a needle into text. Everything after that (shape, borders, placeholders) is the same for all of them. To add
//! one, write its file with needles, decoder and tests, and add its row to [`ENCODINGS`].

mod plain;
mod utf16;

use crate::detect::window::{Reach, Window};

/// One encoding.
#[derive(Debug)]
pub struct Encoding {
    /// The names a report gives, the outermost first. Empty for a key as it is.
    pub names: &'static [&'static str],
    /// What the prefilter looks for: the encoded forms of a key's beginning.
    pub needles: fn() -> Vec<Vec<u8>>,
    /// The text around a needle that starts at the given offset. `None` when the bytes are not in this encoding, or
    /// another one explains them better.
    pub decode: for<'h> fn(&'h [u8], usize, Reach) -> Option<Window<'h>>,
}

/// Every encoding, the simplest first: where several explain the same bytes, that one wins.
pub static ENCODINGS: &[Encoding] = &[plain::PLAIN, utf16::LITTLE_ENDIAN, utf16::BIG_ENDIAN];
