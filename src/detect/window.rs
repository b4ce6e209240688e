//! The decoded text around a hit, and the way back from it to the bytes as they stand.

use std::borrow::Cow;
use std::ops::Range;

use crate::detect::border;
use crate::key::KEY_LEN;

/// How near a NUL makes a match one in binary data, in decoded bytes on either side.
pub const BINARY_REACH: usize = 512;

/// The most bytes, as they stand, that judging one match looks at on either side of its start. Windows of a stream
/// overlap by at least twice this, so that a match is judged alike wherever a window ends.
pub const MAX_REACH: usize = 32 * 1024;

/// How much to decode around a needle, in decoded bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Before the key.
    pub before: usize,
    /// From the key's first byte on.
    pub after: usize,
}

impl Reach {
    /// The key alone: enough to tell a false start.
    pub const KEY: Reach = Reach { before: 0, after: KEY_LEN };
    /// The key with all that borders and the NUL test need.
    pub const CONTEXT: Reach = Reach { before: border::REACH, after: KEY_LEN + border::REACH };
}

/// A stretch of decoded text with a needle in it.
#[derive(Debug)]
pub struct Window<'h> {
    text: Cow<'h, [u8]>,
    hit: usize,
    offsets: Offsets,
}

/// Where each decoded byte came from.
#[derive(Debug)]
enum Offsets {
    /// The text is the haystack itself, from this offset on.
    Identity(usize),
    /// Decoded byte `i` came from haystack bytes `table[i]..table[i + 1]`.
    Table(Vec<usize>),
}

impl<'h> Window<'h> {
    /// The haystack itself around offset `at`.
    pub fn plain(haystack: &'h [u8], at: usize, reach: Reach) -> Window<'h> {
        let start = at.saturating_sub(reach.before);
        let end = haystack.len().min(at + reach.after);
        Window { text: Cow::Borrowed(&haystack[start..end]), hit: at - start, offsets: Offsets::Identity(start) }
    }

    /// Decoded text whose byte `i` came from haystack bytes `offsets[i]..offsets[i + 1]`, with the key expected at
    /// `hit`. There is one offset more than there are decoded bytes.
    pub fn decoded(text: Vec<u8>, hit: usize, offsets: Vec<usize>) -> Window<'h> {
        debug_assert_eq!(text.len() + 1, offsets.len(), "one offset more than decoded bytes");
        Window { text: Cow::Owned(text), hit, offsets: Offsets::Table(offsets) }
    }

    /// The decoded text.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Where in the text the key is expected to start.
    pub fn hit(&self) -> usize {
        self.hit
    }

    /// The haystack bytes that the decoded bytes `range` came from, both half open.
    pub fn span(&self, range: Range<usize>) -> Range<usize> {
        match &self.offsets {
            Offsets::Identity(start) => start + range.start..start + range.end,
            Offsets::Table(table) => table[range.start]..table[range.end],
        }
    }

    /// Whether a NUL stands within [`BINARY_REACH`] of the decoded bytes `range`.
    pub fn is_binary_near(&self, range: &Range<usize>) -> bool {
        let start = range.start.saturating_sub(BINARY_REACH);
        let end = self.text.len().min(range.end + BINARY_REACH);
        memchr::memchr(0, &self.text[start..end]).is_some()
    }
}

impl Drop for Window<'_> {
    /// A decoded copy of a key is a copy of its secret.
    fn drop(&mut self) {
        if let Cow::Owned(text) = &mut self.text {
            zeroize::Zeroize::zeroize(text);
        }
    }
}
