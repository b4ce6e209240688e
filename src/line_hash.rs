//! The line hash that GitHub code scanning knows an alert by, `primaryLocationLineHash`.
//!
//! The algorithm is that of github/codeql-action, `src/fingerprints.ts`: for each line a 64-bit wrapping rolling hash
//! over a window of 100 UTF-16 code units that starts at the line's first unit, spaces and tabs left out and CR and CRLF
//! taken as LF; then `:` and how often that hash has come up in the file so far. Text is decoded as UTF-8 whatever the
//! file is, as there.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::blob::{Content, ReadError};
use crate::lines::{copied, incomplete_tail};

/// Units in the rolling window.
const WINDOW: usize = 100;
const MULTIPLIER: u64 = 37;
/// What the end of the file adds to the window, before a window of zeros.
const END_OF_FILE: u16 = u16::MAX;

/// The hashes of the given lines, counted from 1, of a blob that can be read again. A line that is not there has none.
///
/// # Errors
///
/// When the blob can't be read to its end.
pub fn of_lines(content: &mut Content<'_>, wanted: &BTreeSet<u64>) -> Result<BTreeMap<u64, String>, ReadError> {
    let Some(&last) = wanted.last() else { return Ok(BTreeMap::new()) };
    // Twice over the blob instead of once with every line's hash in memory: a 5 GB log has 100 million lines.
    let mut found = BTreeMap::new();
    each_line(content, last, |line, hash| {
        if wanted.contains(&line) {
            found.insert(line, hash);
        }
    })?;
    let mut counts: HashMap<u64, u64> = found.values().map(|&hash| (hash, 0)).collect();
    let mut hashes = BTreeMap::new();
    each_line(content, last, |line, hash| {
        if let Some(count) = counts.get_mut(&hash) {
            *count += 1;
            if found.contains_key(&line) {
                hashes.insert(line, format!("{hash:x}:{count}"));
            }
        }
    })?;
    Ok(hashes)
}

/// Calls `visit` with the number and hash of every line up to `last`, in order.
fn each_line(content: &mut Content<'_>, last: u64, mut visit: impl FnMut(u64, u64)) -> Result<(), ReadError> {
    let mut rolling = Rolling::new();
    let mut at = 0_u64;
    let is_done = Cell::new(false);
    let mut emit = |line: u64, hash: u64| {
        if line <= last {
            visit(line, hash);
        }
        is_done.set(line >= last);
    };
    let mut decode = |text: &[u8], rolling: &mut Rolling| {
        copied(text, |text| {
            for chunk in text.utf8_chunks() {
                chunk.valid().encode_utf16().for_each(|unit| rolling.push(unit, &mut emit));
                if !chunk.invalid().is_empty() {
                    rolling.push(0xfffd, &mut emit);
                }
            }
        });
    };
    let mut held_back = Vec::new();
    content.blocks(|block| {
        if is_done.get() {
            return;
        }
        let from = usize::try_from(at - block.base).unwrap_or(block.bytes.len());
        let owned = &block.bytes[from..block.owned.end];
        let (text, tail) = owned.split_at(owned.len() - incomplete_tail(owned));
        decode(text, &mut rolling);
        at = block.base + block.owned.end as u64 - tail.len() as u64;
        held_back = tail.to_vec();
    })?;
    decode(&held_back, &mut rolling);
    rolling.finish(&mut emit);
    Ok(())
}

/// The rolling hash of the last 100 units, and which of them begin lines.
struct Rolling {
    units: [u16; WINDOW],
    /// The line that begins at each unit of the window.
    begins: [Option<u64>; WINDOW],
    next: usize,
    hash: u64,
    /// 37 to the power of 100, wrapping: the weight of the unit that leaves.
    leaving: u64,
    line: u64,
    at_line_start: bool,
    after_cr: bool,
}

impl Rolling {
    fn new() -> Rolling {
        Rolling {
            units: [0; WINDOW],
            begins: [None; WINDOW],
            next: 0,
            hash: 0,
            leaving: (0..WINDOW).fold(1_u64, |power, _| power.wrapping_mul(MULTIPLIER)),
            line: 0,
            at_line_start: true,
            after_cr: false,
        }
    }

    fn push(&mut self, unit: u16, emit: &mut impl FnMut(u64, u64)) {
        let is_lf_of_crlf = self.after_cr && unit == u16::from(b'\n');
        self.after_cr = false;
        if is_lf_of_crlf || unit == u16::from(b' ') || unit == u16::from(b'\t') {
            return;
        }
        let unit = if unit == u16::from(b'\r') {
            self.after_cr = true;
            u16::from(b'\n')
        } else {
            unit
        };
        self.emit_oldest(emit);
        if self.at_line_start {
            self.line += 1;
            self.begins[self.next] = Some(self.line);
        }
        self.at_line_start = unit == u16::from(b'\n');
        self.roll(unit);
    }

    fn finish(&mut self, emit: &mut impl FnMut(u64, u64)) {
        self.push(END_OF_FILE, emit);
        for _ in 0..WINDOW {
            self.emit_oldest(emit);
            self.roll(0);
        }
    }

    fn emit_oldest(&mut self, emit: &mut impl FnMut(u64, u64)) {
        if let Some(line) = self.begins[self.next].take() {
            emit(line, self.hash);
        }
    }

    fn roll(&mut self, unit: u16) {
        let left = std::mem::replace(&mut self.units[self.next], unit);
        self.hash = MULTIPLIER
            .wrapping_mul(self.hash)
            .wrapping_add(unit.into())
            .wrapping_sub(self.leaving.wrapping_mul(left.into()));
        self.next = (self.next + 1) % WINDOW;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(bytes: &[u8]) -> Vec<String> {
        of_lines(&mut Content::Whole(bytes), &(1..=100).collect()).expect("in memory").into_values().collect()
    }

    fn hashes_at(bytes: &[u8], lines: [u64; 2]) -> BTreeMap<u64, String> {
        let all = of_lines(&mut Content::Whole(bytes), &(1..=1000).collect()).expect("in memory");
        lines.into_iter().map(|line| (line, all[&line].clone())).collect()
    }

    /// Computed with the original `fingerprints.ts`.
    #[test]
    fn matches_the_original() {
        const END: &str = "c129715d7a2bc9a3:1";
        let lines = ["81b8d8db678b2bbe:1", "ade70578248be16f:1", END];
        assert_eq!(hashes(b""), [END]);
        assert_eq!(hashes(b"a"), ["53b5d4aabe50d64:1"]);
        assert_eq!(hashes(b"a\nb\n"), lines);
        assert_eq!(hashes(b"a\r\nb\r\n"), lines);
        assert_eq!(hashes(b"a\rb\r"), lines);
        assert_eq!(hashes(b"x\nx\nx\n"), ["4c74ab87820424b1:1", "8c072f39cc89b447:1", "828973aa50c68d6d:1", END]);
        assert_eq!(hashes("\t k = \"😀\" ;\n  z\n".as_bytes()), ["f8514cd22c3b255:1", "95de0951c928fa27:1", END]);
        assert_eq!(hashes(b"k=\xff\xfe\n"), ["41b40a16bdff867b:1", END]);
        assert_eq!(hashes(b"\xef\xbb\xbfk=1\n"), ["89794acd5a4326b1:1", END]);
        let long = [b"q".repeat(250), b"\n".to_vec()].concat().repeat(2);
        let long = [long, b"end\n".to_vec()].concat();
        assert_eq!(hashes(&long), ["99e008eaea8cd3c:1", "99e008eaea8cd3c:2", "fe2be582c6296f40:1", END]);
        let tok = b"line one\nlet tok = \"x ghp_abc\";\n";
        assert_eq!(hashes(tok), ["dacb3ba1ea36d39c:1", "61305c722bd30da0:1", END]);
    }

    #[test]
    fn only_what_was_asked_for() {
        let text = b"x\ny\nx\ny\n".repeat(100);
        let some = of_lines(&mut Content::Whole(&text), &BTreeSet::from([3, 200])).expect("in memory");
        assert_eq!(some.keys().copied().collect::<Vec<_>>(), [3, 200]);
        assert_eq!(some, hashes_at(&text, [3, 200]));
    }

    #[test]
    fn a_mapped_file_gives_the_same() {
        use std::io::Write;
        let mut rng = fastrand::Rng::with_seed(61);
        let line =
            |rng: &mut fastrand::Rng| format!("{}键é😀\u{fffd} {}\r\n", "a".repeat(rng.usize(..300)), rng.u8(..));
        let text: String = (0..20_000).map(|_| line(&mut rng)).collect();
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(text.as_bytes()).expect("written");
        let mapped = crate::read::Mapped::new(file, text.len() as u64, 1 << 20);
        let wanted = (1..20_000).step_by(501).collect();
        let whole = of_lines(&mut Content::Whole(text.as_bytes()), &wanted).expect("in memory");
        assert!(text.len() > 3 << 20 && whole.len() == wanted.len());
        assert_eq!(of_lines(&mut Content::Mapped(&mapped), &wanted).expect("mapped"), whole);
    }
}
