//! The decoded text around a hit, and the way back from it to the bytes as they stand.

use std::borrow::Cow;
use std::ops::Range;

use zeroize::Zeroize;

use crate::detect::border;
use crate::key::KEY_LEN;

/// How near a NUL makes a match one in binary data, in decoded bytes on either side.
pub const BINARY_REACH: usize = 512;

/// The most bytes, as they stand, that judging one match looks at on either side of its start. Windows of a stream
/// overlap by at least twice this, so that a match is judged alike wherever a window ends.
pub const MAX_REACH: usize = 32 * 1024;

/// The most bytes, as they stand, that a decoder walks from a needle in either direction. Less than [`MAX_REACH`], since
/// a key may begin a little before its needle.
pub const MAX_WALK: usize = 24 * 1024;

/// The most bytes, as they stand, that a key begins before its needle.
pub const MAX_LEAD: usize = 4 * 1024;

/// How much to decode around a needle, in decoded bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Before the key.
    pub before: usize,
    /// From the key's first byte on, what the key itself may take.
    pub key: usize,
    /// From the key's first byte on, all of it.
    pub after: usize,
}

impl Reach {
    /// The first letters of a key: enough to tell most false starts.
    pub const BEGINNING: Reach = Reach { before: 0, key: 4, after: 4 };
    /// The key alone: enough to tell all of them.
    pub const KEY: Reach = Reach { before: 0, key: KEY_LEN, after: KEY_LEN };
    /// The key with all that borders and the NUL test need.
    pub const CONTEXT: Reach = Reach { before: border::REACH, key: KEY_LEN, after: KEY_LEN + border::REACH };

    /// The same when each byte may be written as `times` others.
    pub fn times(self, times: usize) -> Reach {
        Reach { before: self.before * times, key: self.key * times, after: self.after * times }
    }

    /// The same for a key that takes up to `bytes`.
    pub fn and_key(self, bytes: usize) -> Reach {
        Reach { before: self.before, key: bytes, after: self.after + bytes }
    }

    /// The same with `bytes` more before the key.
    pub fn and_before(self, bytes: usize) -> Reach {
        Reach { before: self.before + bytes, key: self.key, after: self.after }
    }
}

/// A stretch of decoded text with a needle in it.
#[derive(Debug)]
pub struct Window<'h> {
    text: Cow<'h, [u8]>,
    hit: usize,
    origins: Origins,
    /// Whether what stands before the key may be no text of the same encoding.
    is_doubtful: bool,
}

/// Where each decoded byte came from.
#[derive(Debug)]
enum Origins {
    /// The text is the haystack itself, from this offset on.
    Identity(usize),
    /// Decoded byte `i` came from these haystack bytes.
    Each(Vec<Range<usize>>),
}

impl<'h> Window<'h> {
    /// The haystack itself around offset `at`.
    pub fn plain(haystack: &'h [u8], at: usize, reach: Reach) -> Window<'h> {
        let start = at.saturating_sub(reach.before);
        let end = haystack.len().min(at + reach.after);
        let text = Cow::Borrowed(&haystack[start..end]);
        Window { text, hit: at - start, origins: Origins::Identity(start), is_doubtful: false }
    }

    /// Decoded text whose byte `i` came from haystack bytes `origins[i]`, with what was looked for expected at `hit`.
    pub fn decoded(text: Vec<u8>, hit: usize, origins: Vec<Range<usize>>) -> Window<'h> {
        debug_assert_eq!(text.len(), origins.len(), "one origin for each decoded byte");
        Window { text: Cow::Owned(text), hit, origins: Origins::Each(origins), is_doubtful: false }
    }

    /// The same, its text before the key not to be relied on.
    pub fn doubtful(mut self) -> Window<'h> {
        self.is_doubtful = true;
        self
    }

    /// This window of the text of another one, as a window of the other's haystack.
    pub fn inside(mut self, outer: &Window<'_>) -> Window<'static> {
        let text = match &mut self.text {
            Cow::Borrowed(text) => text.to_vec(),
            Cow::Owned(text) => std::mem::take(text),
        };
        let origins = (0..text.len()).map(|i| outer.span(self.span(i..i + 1))).collect();
        let is_doubtful = self.is_doubtful || outer.is_doubtful;
        Window { text: Cow::Owned(text), hit: self.hit, origins: Origins::Each(origins), is_doubtful }
    }

    /// The decoded text.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Where in the text what was looked for is expected to start.
    pub fn hit(&self) -> usize {
        self.hit
    }

    /// The same window with the hit `bytes` earlier, if there are so many.
    pub fn earlier(mut self, bytes: usize) -> Option<Window<'h>> {
        self.hit = self.hit.checked_sub(bytes)?;
        Some(self)
    }

    /// Whether what stands before the key is not to be relied on.
    pub fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }

    /// The haystack bytes that the decoded bytes `range` came from, both half open. The range must not be empty.
    pub fn span(&self, range: Range<usize>) -> Range<usize> {
        match &self.origins {
            Origins::Identity(start) => start + range.start..start + range.end,
            Origins::Each(origins) => {
                // Reversed text runs from the end of its haystack to the start.
                let (first, last) = (&origins[range.start], &origins[range.end - 1]);
                first.start.min(last.start)..first.end.max(last.end)
            }
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
            text.zeroize();
        }
    }
}
