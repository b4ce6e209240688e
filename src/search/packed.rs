//! Compressed data that is written in base64 in the midst of text, once or twice: Helm's releases, cloud-init, what a
//! program made of `zlib.compress`.
//!
//! It is unpacked as the text passes, so that neither the text nor what comes out is held in memory. What is no valid
//! stream is nothing: a few characters prove little. One unpacker serves all streams of a blob, one after the other, since
//! making one costs more than a short stream does.

use std::ops::Range;

use flate2::{Decompress, FlushDecompress, Status};
use zeroize::Zeroizing;

use crate::blob::{Block, Feeder};
use crate::container::{Budget, Entered, Exceeded};
use crate::detect::encoding::Packed;
use crate::detect::encoding::base64::{Step, end_of, step};
use crate::detect::{Detector, Match};
use crate::key::KEY_LEN;
use crate::search::bytes::Bytes;

/// The most packed bytes that are taken at a time.
const CHUNK: usize = 32 << 10;
/// How many are taken first: what is no stream mostly shows it in these. Each time it is twice as many.
const FIRST_CHUNK: usize = 12;
/// The longest header of gzip that is read (RFC 1952 has no limit), and the longest of its extra fields. Both bound what a
/// text full of beginnings costs, each of which is read on from.
const MAX_HEADER: usize = 1 << 10;
const MAX_EXTRA: usize = 128;

/// The fewest bytes of a window of what comes out.
const WINDOW: usize = 256 << 10;
/// How many bytes come out before there is a window.
const FEW: usize = 4 << 10;

/// Follows one stream after the other.
pub(super) struct Unpacker<'b> {
    detector: &'b Detector,
    budget: &'b Budget,
    packed: Packed,
    layers: Vec<Layer>,
    state: State,
    /// The header of gzip, as far as it has been read.
    header: Vec<u8>,
    /// How many packed bytes are taken at a time.
    chunk: usize,
    /// The packed bytes that are taken next, and the offset behind the digit that completed each.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    inflate: Decompress,
    /// What came out of this stream, as long as it is little.
    few: Zeroizing<Vec<u8>>,
    /// How many bytes of that.
    came_out: usize,
    /// Where what comes out goes once it is more.
    output: Option<Output<'b>>,
    exceeded: Option<Exceeded>,
    /// How many of the next bytes are the indentation of a line.
    indentation: usize,
    /// None where it is nested too deep, which is told once it has turned out to be a stream.
    entered: Option<Entered<'b>>,
}

/// What comes out of a long stream.
struct Output<'b> {
    feeder: Feeder,
    bytes: Bytes<'b>,
}

/// One layer of base64.
#[derive(Debug, Default)]
struct Layer {
    bits: u32,
    count: u32,
}

impl Layer {
    /// Takes a digit. The byte that it completes.
    fn push(&mut self, value: u8) -> Option<u8> {
        self.bits = self.bits << 6 | u32::from(value);
        self.count += 6;
        (self.count >= 8).then(|| {
            self.count -= 8;
            let [.., byte] = (self.bits >> self.count).to_be_bytes();
            byte
        })
    }
}

/// How far a stream has come.
#[derive(Clone, Copy, Debug)]
enum State {
    /// In its header.
    Header,
    /// Packed data.
    Data,
    /// So many bytes of the trailer are still to come.
    Trailer(usize),
    /// The stream has ended.
    Ended,
    /// It is none, or is damaged.
    Failed,
}

/// What was found in a stream.
pub(super) struct Inside {
    pub keys: Vec<Match>,
    pub placeholders: u64,
    pub exceeded: Option<Exceeded>,
}

impl<'b> Unpacker<'b> {
    /// An unpacker that follows nothing yet.
    pub fn new(detector: &'b Detector, budget: &'b Budget) -> Unpacker<'b> {
        Unpacker {
            detector,
            budget,
            packed: Packed::Gzip,
            layers: Vec::new(),
            state: State::Failed,
            header: Vec::new(),
            chunk: FIRST_CHUNK,
            bytes: Vec::new(),
            ends: Vec::new(),
            inflate: Decompress::new(false),
            few: Zeroizing::new(vec![0; FEW]),
            came_out: 0,
            output: None,
            exceeded: None,
            indentation: 0,
            entered: None,
        }
    }

    /// Begins to follow a stream that is encoded in base64 `layers` times. Whether it does: a bound may forbid to open
    /// anything more.
    pub fn start(&mut self, packed: Packed, layers: usize) -> bool {
        self.entered = match self.budget.enter_text() {
            Ok(entered) => Some(entered),
            Err(Exceeded::Depth) => None,
            Err(_) => return false,
        };
        self.packed = packed;
        self.layers.clear();
        self.layers.resize_with(layers, Layer::default);
        self.state = State::Header;
        self.header.clear();
        self.chunk = FIRST_CHUNK;
        self.came_out = 0;
        self.exceeded = None;
        self.indentation = 0;
        true
    }

    /// Takes the part `range` of `bytes`, which goes on where the last one ended; the bytes behind it are context. The
    /// offset where the text ends, if it does.
    pub fn feed(&mut self, bytes: &[u8], range: Range<usize>) -> Option<usize> {
        let mut pos = (range.start + std::mem::take(&mut self.indentation)).min(bytes.len());
        loop {
            let step = if pos < range.end { Some(step(bytes, pos)) } else { None };
            match step {
                Some(Step::Digit(value)) => {
                    pos += 1;
                    if let Some(byte) = self.decode(value) {
                        self.bytes.push(byte);
                        self.ends.push(pos);
                    }
                    if self.bytes.len() < self.chunk {
                        continue;
                    }
                }
                Some(Step::Break(line)) => {
                    pos = line;
                    continue;
                }
                Some(Step::End) | None => {}
            }
            // A chunk is full, or the text or this part of it has ended.
            if let Some(end) = self.take() {
                return Some(if matches!(self.state, State::Failed) { end } else { end_of(bytes, end) });
            }
            match step {
                Some(Step::Digit(_) | Step::Break(_)) => self.chunk = CHUNK.min(self.chunk * 2),
                Some(Step::End) => return Some(end_of(bytes, pos)),
                None => {
                    self.indentation = pos - range.end;
                    return None;
                }
            }
        }
    }

    /// The byte that a digit of the outermost layer completes in the innermost.
    fn decode(&mut self, value: u8) -> Option<u8> {
        let (outermost, inner) = self.layers.split_first_mut()?;
        let mut byte = outermost.push(value)?;
        for layer in inner {
            // Line breaks and padding are no digits.
            let Step::Digit(value) = step(&[byte], 0) else { return None };
            byte = layer.push(value)?;
        }
        Some(byte)
    }

    /// Takes the bytes of the stream that there are. The offset behind the last one that was taken, when the stream ends
    /// or fails.
    fn take(&mut self) -> Option<usize> {
        let packed = std::mem::take(&mut self.bytes);
        let taken = self.take_all(&packed);
        let end = match self.state {
            State::Ended | State::Failed => self.ends.get(taken.saturating_sub(1)).copied(),
            State::Header | State::Data | State::Trailer(_) => None,
        };
        self.ends.clear();
        self.bytes = packed;
        self.bytes.clear();
        end
    }

    /// How many were taken when the stream ended or failed, or all were.
    fn take_all(&mut self, packed: &[u8]) -> usize {
        let mut at = 0;
        while at < packed.len() {
            match self.state {
                State::Header => at += self.take_header(&packed[at..]),
                State::Data => at += self.inflate(&packed[at..]),
                State::Trailer(left) => {
                    let taken = (packed.len() - at).min(left);
                    at += taken;
                    self.state = if left == taken { State::Ended } else { State::Trailer(left - taken) };
                }
                State::Ended | State::Failed => break,
            }
        }
        at
    }

    /// Takes bytes of a header. How many belonged to it.
    fn take_header(&mut self, packed: &[u8]) -> usize {
        let before = self.header.len();
        self.header.extend(packed.iter().take(MAX_HEADER - before));
        let read = self.header.len() - before;
        let (state, taken) = match header(self.packed, &self.header) {
            Header::Unfinished if self.header.len() < MAX_HEADER => (State::Header, read),
            Header::Complete(len) => {
                self.inflate.reset(false);
                (State::Data, len - before)
            }
            Header::Unfinished | Header::Invalid => (State::Failed, read),
        };
        self.state = state;
        taken
    }

    /// Unpacks some bytes. How many were taken.
    fn inflate(&mut self, packed: &[u8]) -> usize {
        let before = self.inflate.total_in();
        let taken = |inflate: &Decompress| usize::try_from(inflate.total_in() - before).unwrap_or(packed.len());
        loop {
            let rest = &packed[taken(&self.inflate)..];
            let came_out = self.inflate.total_out();
            let is_long = self.came_out == FEW;
            if is_long && self.output.is_none() {
                let bytes = Bytes::of_unpacked(self.detector, self.budget);
                let mut output = Output { feeder: Feeder::new(WINDOW), bytes };
                output.feeder.push(&self.few, |block| output.bytes.block(block));
                self.output = Some(output);
            }
            let space = match &mut self.output {
                Some(output) => output.feeder.space(),
                None => &mut self.few[self.came_out..],
            };
            let status = self.inflate.decompress(rest, space, FlushDecompress::None);
            let out = usize::try_from(self.inflate.total_out() - came_out).unwrap_or_default();
            let is_too_deep = self.entered.is_none() && out > 0;
            let unpacked = if is_too_deep { Err(Exceeded::Depth) } else { self.budget.unpack_text(out as u64) };
            if let Err(exceeded) = unpacked {
                // What is none, and of which no key came out, is nothing.
                let is_nothing = self.inflate.total_out() < KEY_LEN as u64 && status.is_err();
                self.exceeded = Some(exceeded).filter(|_| !is_nothing);
                self.state = State::Failed;
                return packed.len();
            }
            match &mut self.output {
                Some(Output { feeder, bytes }) => feeder.add(out, false, |block| bytes.block(block)),
                None => self.came_out += out,
            }
            match status {
                Ok(Status::StreamEnd) => {
                    self.state = State::Trailer(trailer_len(self.packed));
                    return taken(&self.inflate);
                }
                Ok(Status::Ok | Status::BufError) if taken(&self.inflate) == packed.len() && out == 0 => {
                    return packed.len();
                }
                Ok(Status::Ok) => {}
                Ok(Status::BufError) | Err(_) => {
                    self.state = State::Failed;
                    return packed.len();
                }
            }
        }
    }

    /// The end of the stream.
    pub fn finish(&mut self) -> Inside {
        let mut inside = Inside { keys: Vec::new(), placeholders: 0, exceeded: self.exceeded };
        let bytes = if let Some(Output { mut feeder, mut bytes }) = self.output.take() {
            feeder.add(0, true, |block| bytes.block(block));
            Some(bytes)
        } else if self.came_out >= KEY_LEN {
            let mut bytes = Bytes::of_unpacked(self.detector, self.budget);
            bytes.block(&Block { bytes: &self.few[..self.came_out], base: 0, owned: 0..self.came_out });
            Some(bytes)
        } else {
            None
        };
        if let Some(mut bytes) = bytes {
            bytes.finish();
            let (keys, placeholders, exceeded) = bytes.into_parts();
            let outer = std::iter::repeat_n("base64", self.layers.len()).chain([self.packed.name()]);
            let encodings = |found: &Match| outer.clone().chain(found.encodings.iter().copied()).collect();
            inside.keys = keys.into_iter().map(|found| Match { encodings: encodings(&found), ..found }).collect();
            inside.placeholders = placeholders;
            inside.exceeded = inside.exceeded.or(exceeded);
        }
        self.entered = None;
        inside
    }
}

/// What the first bytes of a stream are.
enum Header {
    /// A whole header of so many bytes, and maybe more behind it.
    Complete(usize),
    /// The beginning of one.
    Unfinished,
    /// None.
    Invalid,
}

fn header(packed: Packed, bytes: &[u8]) -> Header {
    match packed {
        Packed::Gzip => gzip_header(bytes),
        // Its needle is all of it (RFC 1950 section 2.2).
        Packed::Zlib if bytes.len() < 2 => Header::Unfinished,
        Packed::Zlib => Header::Complete(2),
    }
}

/// Bytes behind the data: CRC-32 and length, or Adler-32.
fn trailer_len(packed: Packed) -> usize {
    match packed {
        Packed::Gzip => 8,
        Packed::Zlib => 4,
    }
}

/// What the bytes are as a header of gzip (RFC 1952 section 2.3).
fn gzip_header(bytes: &[u8]) -> Header {
    const FIXED: usize = 10;
    let Some(&[_, _, _, flags, _, _, _, _, effort, system]) = bytes.first_chunk::<FIXED>() else {
        return Header::Unfinished;
    };
    let (has_crc, has_extra, has_name, has_comment) = (flags & 2 != 0, flags & 4 != 0, flags & 8 != 0, flags & 16 != 0);
    // Reserved flags, and values that no program writes: zlib knows systems to 19.
    if flags & 0xe0 != 0 || !matches!(effort, 0 | 2 | 4) || !matches!(system, 0..=31 | 255) {
        return Header::Invalid;
    }
    let mut at = FIXED;
    if has_extra {
        let Some(&[low, high]) = bytes.get(at..at + 2).and_then(|len| len.first_chunk()) else {
            return Header::Unfinished;
        };
        let len = usize::from(u16::from_le_bytes([low, high]));
        if len > MAX_EXTRA {
            return Header::Invalid;
        }
        at += 2 + len;
    }
    for _ in 0..usize::from(has_name) + usize::from(has_comment) {
        let Some(text) = bytes.get(at..) else { return Header::Unfinished };
        // Names and comments are text: so the header of another stream is none of it.
        let is_end = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
        match text.iter().position(is_end) {
            Some(len) if text[len] == 0 => at += len + 1,
            Some(_) => return Header::Invalid,
            None => return Header::Unfinished,
        }
    }
    at += 2 * usize::from(has_crc);
    if bytes.len() >= at { Header::Complete(at) } else { Header::Unfinished }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use crate::blob::{Content, Kind};
    use crate::container::Bounds;
    use crate::detect::Detector;
    use crate::error::ProblemKind;
    use crate::key::generate::Keys;
    use crate::search::{Containers, Outcome, Search};

    fn packed(bytes: &[u8]) -> String {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).expect("in memory");
        data_encoding::BASE64.encode(&encoder.finish().expect("in memory"))
    }

    /// What is found in a text, which must be the same whole and as a stream.
    fn search(text: &str) -> Outcome {
        let detector = Detector::new();
        let mut search = Search::new(&detector, Containers::Open, Bounds::default());
        let (whole, _) = search.run(Kind::Content, b"", &mut Content::Whole(text.as_bytes()), &mut |_| {});
        let mut bytes = text.as_bytes();
        let (stream, _) = search.run(Kind::Content, b"", &mut Content::Stream(&mut bytes), &mut |_| {});
        let facts = |outcome: &Outcome| -> Vec<_> {
            outcome.keys.iter().map(|key| (key.found.encodings.clone(), key.start, key.end)).collect()
        };
        assert_eq!(facts(&whole), facts(&stream));
        assert_eq!(whole.problems, stream.problems);
        whole
    }

    #[test]
    fn streams_in_streams_up_to_the_bound() {
        let mut text = format!("key = \"{}\"", Keys::new(81).live());
        for depth in 1..=10 {
            text = format!("release: \"{}\"\n", packed(text.as_bytes()));
            let outcome = search(&text);
            if depth <= 8 {
                assert_eq!(outcome.keys.len(), 1, "{depth} deep");
                assert_eq!(outcome.keys[0].found.encodings, ["base64", "gzip"].repeat(depth));
                assert_eq!(outcome.keys[0].start.byte, 10);
                assert_eq!(outcome.keys[0].end.byte, text.len() as u64 - 2);
                assert!(outcome.problems.is_empty(), "{depth} deep");
            } else {
                let kinds: Vec<ProblemKind> = outcome.problems.iter().map(|(kind, _)| *kind).collect();
                assert_eq!((outcome.keys.len(), kinds), (0, vec![ProblemKind::TooDeep]), "{depth} deep");
            }
        }
    }

    /// Longer than any block, before the key and after it.
    #[test]
    fn a_long_stream_and_many_of_them() {
        let mut rng = fastrand::Rng::with_seed(82);
        let mut keys = Keys::new(82);
        let mut noise = |len: usize| -> String { (0..len).map(|_| rng.alphanumeric()).collect() };
        let long = format!("{}\n{}\n{}", noise(3 << 20), keys.live(), noise(2 << 20));
        assert_eq!(search(&format!("a: {}\n", packed(long.as_bytes()))).keys.len(), 1);
        let many = (0..300).map(|i| packed(format!("{i} {}", keys.test()).as_bytes())).collect::<Vec<_>>().join("\n- ");
        assert_eq!(search(&many).keys.len(), 300);
    }

    #[test]
    fn what_is_no_stream_is_nothing() {
        let text = packed(format!("key = {}", Keys::new(83).live()).as_bytes());
        for cut in 4..60 {
            let outcome = search(&text[..cut]);
            assert!(outcome.keys.is_empty() && outcome.problems.is_empty(), "cut at {cut}");
        }
        let mut rng = fastrand::Rng::with_seed(83);
        for _ in 0..500 {
            let noise: Vec<u8> = (0..rng.usize(0..400)).map(|_| rng.u8(..)).collect();
            let outcome = search(&format!("H4sI{}", data_encoding::BASE64.encode(&noise)));
            assert!(outcome.keys.is_empty() && outcome.problems.is_empty());
        }
    }

    /// Each of these beginnings was read on from for 64 KiB, its header looked through anew at each byte: hours.
    #[test]
    fn a_text_full_of_beginnings_is_read_in_time() {
        let name = data_encoding::BASE64.encode(b"\x1f\x8b\x08\x08\x01\x01\x01\x01\x02\x03ab");
        for beginning in ["H4sI", "SDRzS", "H4sIAAAAAAAA/", &name] {
            let outcome = search(&beginning.repeat((256 << 10) / beginning.len()));
            assert!(outcome.keys.is_empty() && outcome.problems.is_empty(), "{beginning}");
        }
    }

    /// Every field that a header may have, and how soon the stream has something to find or ends.
    #[test]
    fn headers_and_short_streams() {
        let key = Keys::new(84).live();
        for (extra, name, comment, system) in
            [(0, 0, 0, 255), (6, 0, 0, 3), (0, 200, 0, 19), (0, 0, 300, 0), (100, 255, 500, 10)]
        {
            for noise in [0, 100, 300, 100_000] {
                let [field, file_name, remark] = [extra, name, comment].map(|len| vec![b'x'; len]);
                let builder = flate2::GzBuilder::new().operating_system(system);
                let builder = builder.extra(field).filename(file_name).comment(remark);
                let mut encoder = builder.write(Vec::new(), Compression::default());
                encoder.write_all(format!("{} {key}\n", "n ".repeat(noise / 2)).as_bytes()).expect("in memory");
                let text = data_encoding::BASE64.encode(&encoder.finish().expect("in memory"));
                let outcome = search(&format!("data: {text}\nnext: 1\n"));
                assert_eq!(outcome.keys.len(), 1, "{extra} {name} {comment} {noise}");
                assert_eq!(outcome.keys[0].end.byte, text.len() as u64 + 6);
            }
        }
    }

    #[test]
    fn a_bomb_meets_a_bound() {
        let text = packed(&vec![0; 80 << 20]);
        let outcome = search(&format!("a: {text}\nb: {}\n", Keys::new(84).live()));
        assert_eq!(outcome.keys.len(), 1, "what stands beside it");
        assert_eq!(outcome.problems.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [ProblemKind::TooLarge]);
        let message = &outcome.problems.first().expect("a problem").1;
        assert!(message.contains("16 times its size"), "{message}");
    }

    /// Looking at the beginnings of keys costs more than unpacking them.
    #[test]
    fn a_bomb_of_beginnings_meets_a_bound() {
        let key = Keys::new(85).live();
        for (count, problems) in [(100, 0), (400_000, 1)] {
            let text = packed(format!("{key}\n{}{key}", "hopx_live_ ".repeat(count)).as_bytes());
            let outcome = search(&format!("a: {text}\n"));
            assert_eq!(outcome.problems.len(), problems, "{count}");
            assert_eq!(outcome.keys.len(), 2 - problems, "{count}");
        }
    }
}
