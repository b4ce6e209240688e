//! Lines and columns: from a byte offset to the place a person looks for.
//!
//! Only blobs with findings get here. Newlines are counted once, forwards, block by block, in whichever encoding the
//! blob as a whole is.

use crate::blob::Block;
use crate::detect::text::MAX_LEAD;

/// A place in a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Offset in bytes, from 0.
    pub byte: u64,
    /// Line, from 1. A line ends after its `\n`.
    pub line: u64,
    /// Column in Unicode code points, from 1. What is not valid in the blob's encoding counts as the replacement
    /// characters that a decoder would put (Unicode 16 section 3.9, maximal subparts).
    pub column: u64,
    /// Column in UTF-16 code units, from 1, as SARIF and JavaScript count.
    pub column_utf16: u64,
    /// Column in bytes, from 1, as reviewdog counts: those of the line as it stands, and of UTF-16 those that it has as
    /// UTF-8.
    pub column_utf8: u64,
}

impl Position {
    /// The place of a byte whose line could not be counted, since the blob changed in the meantime: the first one.
    pub fn unplaced(byte: u64) -> Position {
        Position { byte, line: 1, column: 1, column_utf16: 1, column_utf8: 1 }
    }
}

/// How the blob as a whole is encoded, so far as columns depend on it.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// UTF-8, or anything compatible with ASCII.
    Utf8,
    /// UTF-16: the function that puts two bytes together, and the encoding's name.
    Utf16(fn([u8; 2]) -> u16, &'static str),
}

const LITTLE_ENDIAN: Form = Form::Utf16(u16::from_le_bytes, "utf-16le");
const BIG_ENDIAN: Form = Form::Utf16(u16::from_be_bytes, "utf-16be");

impl Form {
    /// Judged by a byte order mark, or by the first units being ASCII in one byte order.
    pub fn of(start: &[u8]) -> Form {
        let (units, _) = start[..start.len().min(64)].as_chunks::<2>();
        match units {
            [[0xff, 0xfe], ..] => LITTLE_ENDIAN,
            [[0xfe, 0xff], ..] => BIG_ENDIAN,
            [_, _, ..] if units.iter().all(|[low, high]| *low != 0 && *high == 0) => LITTLE_ENDIAN,
            [_, _, ..] if units.iter().all(|[high, low]| *low != 0 && *high == 0) => BIG_ENDIAN,
            _ => Form::Utf8,
        }
    }
}

/// A cursor that walks through a blob.
#[derive(Debug)]
pub struct Lines {
    form: Form,
    at: Position,
}

impl Default for Lines {
    fn default() -> Lines {
        Lines { form: Form::Utf8, at: Position::unplaced(0) }
    }
}

impl Lines {
    /// The place of the byte at `offset` of the blob. Offsets must not fall from call to call, and must lie in `block`.
    pub fn position(&mut self, block: &Block<'_>, offset: u64) -> Position {
        self.start(block);
        self.advance(block, offset);
        Position { byte: offset, ..self.at }
    }

    /// Walks on to the end of what `block` owns, or nearly: a key of the next block may begin a little before it. Called
    /// once for each block, in order, after the positions in it.
    pub fn pass(&mut self, block: &Block<'_>) {
        self.start(block);
        let owned_end = block.owned.end.saturating_sub(MAX_LEAD) & !1;
        let end = block.base + owned_end as u64;
        if end > self.at.byte {
            let from = self.index(block);
            let held_back = match self.form {
                Form::Utf8 => incomplete_tail(&block.bytes[from..owned_end]),
                Form::Utf16(..) => 0,
            };
            self.advance(block, end - held_back as u64);
        }
    }

    fn start(&mut self, block: &Block<'_>) {
        if block.base == 0 && self.at.byte == 0 {
            self.form = Form::of(block.bytes);
        }
    }

    fn index(&self, block: &Block<'_>) -> usize {
        usize::try_from(self.at.byte - block.base).unwrap_or(block.bytes.len())
    }

    fn advance(&mut self, block: &Block<'_>, to: u64) {
        let from = self.index(block);
        let to = usize::try_from(to.saturating_sub(block.base)).unwrap_or(block.bytes.len()).max(from);
        let walked = match self.form {
            Form::Utf8 => self.advance_utf8(&block.bytes[from..to]),
            Form::Utf16(unit, _) => self.advance_utf16(&block.bytes[from..to], unit),
        };
        self.at.byte += walked as u64;
    }

    fn advance_utf8(&mut self, bytes: &[u8]) -> usize {
        let tail = match memchr::memrchr(b'\n', bytes) {
            Some(newline) => {
                self.new_lines(memchr::memchr_iter(b'\n', bytes).count() as u64);
                &bytes[newline + 1..]
            }
            None => bytes,
        };
        self.at.column_utf8 += tail.len() as u64;
        copied(tail, |text| {
            for chunk in text.utf8_chunks() {
                let replaced = u64::from(!chunk.invalid().is_empty());
                self.at.column += chunk.valid().chars().count() as u64 + replaced;
                self.at.column_utf16 += chunk.valid().chars().map(|c| c.len_utf16() as u64).sum::<u64>() + replaced;
            }
        });
        bytes.len()
    }

    /// Walks whole units: a last odd byte is left for the next call.
    fn advance_utf16(&mut self, bytes: &[u8], unit: fn([u8; 2]) -> u16) -> usize {
        let (units, _) = bytes.as_chunks::<2>();
        for unit in units.iter().map(|&bytes| unit(bytes)) {
            if unit == u16::from(b'\n') {
                self.new_lines(1);
            } else {
                let is_low_surrogate = (0xdc00..=0xdfff).contains(&unit);
                self.at.column += u64::from(!is_low_surrogate);
                self.at.column_utf16 += 1;
                // The two halves of a pair have four bytes together.
                self.at.column_utf8 += match unit {
                    0..0x80 => 1,
                    0x80..0x800 | 0xd800..=0xdfff => 2,
                    _ => 3,
                };
            }
        }
        2 * units.len()
    }

    fn new_lines(&mut self, count: u64) {
        self.at.line += count;
        self.at.column = 1;
        self.at.column_utf16 = 1;
        self.at.column_utf8 = 1;
    }
}

/// Visits bytes that may be those of a map, piece by piece, in copies that end where a character of UTF-8 does. What is in a
/// map can change between the look that finds it to be text and the look that relies on it, and a `str` must not.
pub fn copied(bytes: &[u8], mut visit: impl FnMut(&[u8])) {
    let mut copy = [0; 4096];
    let mut rest = bytes;
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(rest.len().min(copy.len()));
        copy[..piece.len()].copy_from_slice(piece);
        let held_back = if behind.is_empty() { 0 } else { incomplete_tail(&copy[..piece.len()]) };
        let len = piece.len() - held_back;
        visit(&copy[..len]);
        rest = &rest[len..];
    }
}

/// How many bytes at the end of `text`, at most 3, begin a UTF-8 sequence that goes on after it.
pub fn incomplete_tail(text: &[u8]) -> usize {
    // A copy, as for `copied`.
    let mut last = [0; 3];
    let tail = &text[text.len().saturating_sub(3)..];
    last[..tail.len()].copy_from_slice(tail);
    let tail = &last[..tail.len()];
    let Some(start) = tail.iter().rposition(|byte| byte & 0xc0 != 0x80) else { return 0 };
    match std::str::from_utf8(&tail[start..]) {
        Err(error) if error.error_len().is_none() => tail.len() - start,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::{Content, STREAM_WINDOW};

    #[test]
    fn copies_end_where_characters_do() {
        let mut rng = fastrand::Rng::with_seed(94);
        for len in [0, 1, 4095, 4096, 4097, 20_000] {
            let text: Vec<u8> = std::iter::repeat_with(|| ["a", "é", "键", "😀", "\n"][rng.usize(..5)])
                .flat_map(|text| text.as_bytes().to_vec())
                .take(len)
                .collect();
            let mut all = Vec::new();
            copied(&text, |piece| {
                assert!(!piece.is_empty() && piece.len() <= 4096);
                assert!(all.len() + piece.len() == text.len() || std::str::from_utf8(piece).is_ok());
                all.extend_from_slice(piece);
            });
            assert_eq!(all, text);
        }
    }

    fn whole(bytes: &[u8]) -> Block<'_> {
        Block { bytes, base: 0, owned: 0..bytes.len() }
    }

    /// Line, column, UTF-16 column.
    fn place(bytes: &[u8], offset: usize) -> (u64, u64, u64) {
        let at = Lines::default().position(&whole(bytes), offset as u64);
        assert_eq!(at.byte, offset as u64);
        (at.line, at.column, at.column_utf16)
    }

    #[test]
    fn counts_from_one_in_code_points_and_units() {
        assert_eq!(place(b"k", 0), (1, 1, 1));
        assert_eq!(place(b"ab\ncd", 3), (2, 1, 1));
        assert_eq!(place(b"ab\r\ncd", 5), (2, 2, 2));
        assert_eq!(place("é键😀k".as_bytes(), 9), (1, 4, 5));
        assert_eq!(place(b"a\rk", 2), (1, 3, 3));
    }

    #[test]
    fn invalid_text_counts_as_a_decoder_replaces_it() {
        // Latin-1, a cut sequence, a lone continuation byte.
        for text in [&b"\xe9\xa9k"[..], b"\xe9\x94k", b"\xa9\xa9k", b"\xf0\x9f\x98k", b"\xf5k"] {
            let at = text.len() - 1;
            let replaced = String::from_utf8_lossy(&text[..at]).chars().count() as u64;
            assert_eq!(place(text, at).1, replaced + 1, "{text:?}");
        }
    }

    #[test]
    fn utf16_counts_in_its_own_units() {
        for (mark, order) in [
            ("\u{feff}", u16::to_le_bytes as fn(u16) -> [u8; 2]),
            ("\u{feff}", u16::to_be_bytes),
            ("", u16::to_le_bytes),
            ("", u16::to_be_bytes),
        ] {
            let text: String = format!("{mark}{}", "first line of some length, all of it ASCII\n😀ĊĀk");
            let bytes: Vec<u8> = text.encode_utf16().flat_map(order).collect();
            assert_eq!(place(&bytes, bytes.len() - 2), (2, 4, 5));
        }
    }

    #[test]
    fn streamed_in_blocks_gives_the_same_as_whole() {
        let unit = "é键😀\u{1}a\n键键键键键键键键键键键键键 ";
        let text = unit.repeat(3 * STREAM_WINDOW / unit.len()).into_bytes();
        let mut offsets: Vec<u64> = (0..text.len() as u64).step_by(40_009).collect();
        offsets.retain(|&o| text[usize::try_from(o).expect("small")] & 0xc0 != 0x80);
        let mut lines = Lines::default();
        let expected: Vec<Position> = offsets.iter().map(|&o| lines.position(&whole(&text), o)).collect();

        let mut lines = Lines::default();
        let mut streamed = Vec::new();
        Content::Stream(&mut &*text)
            .blocks(|block| {
                let owned = block.base + block.owned.start as u64..block.base + block.owned.end as u64;
                streamed.extend(offsets.iter().filter(|o| owned.contains(o)).map(|&o| lines.position(block, o)));
                lines.pass(block);
            })
            .expect("readable");
        assert!(expected.len() > 20);
        assert_eq!(streamed, expected);
    }

    #[test]
    fn tails_of_sequences() {
        for (text, held) in [(&b""[..], 0), (b"a", 0), (b"\xe9", 1), (b"a\xe9\x94", 2), (b"\xf0\x9f\x98", 3)] {
            assert_eq!(incomplete_tail(text), held, "{text:?}");
        }
        for complete in ["é".as_bytes(), "😀".as_bytes(), b"\x80\x80\x80", b"\xff", b"\xe9a"] {
            assert_eq!(incomplete_tail(complete), 0, "{complete:?}");
        }
    }
}
