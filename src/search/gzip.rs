//! A gzip stream that is written in base64, once or twice, in the midst of text: Helm's releases, cloud-init.
//!
//! It is unpacked as the text passes, so that neither the text nor what comes out is held in memory. What is no valid
//! stream is nothing: four characters prove little.

use std::ops::Range;

use flate2::{Decompress, FlushDecompress, Status};
use zeroize::Zeroizing;

use crate::blob::Feeder;
use crate::container::{Budget, Entered, Exceeded};
use crate::detect::encoding::GZIP_NAME;
use crate::detect::encoding::base64::{Step, end_of, step};
use crate::detect::{Detector, Match};
use crate::key::KEY_LEN;
use crate::search::bytes::Bytes;

/// The most packed bytes that are taken at a time.
const CHUNK: usize = 32 << 10;
/// How many are taken first: what is no stream mostly shows it in these. Each time it is twice as many.
const FIRST_CHUNK: usize = 32;
/// The longest header that is read (RFC 1952 has no limit): a name, a comment, extra fields. Bounds what a text full of
/// beginnings costs, each of which is read on from.
const MAX_HEADER: usize = 1 << 10;
/// CRC-32 and length, behind the data.
const TRAILER: usize = 8;

/// The fewest bytes of a window of what comes out.
const WINDOW: usize = 256 << 10;
/// How many bytes come out before there is a window.
const FEW: usize = 256;

/// A stream that is being followed.
pub(super) struct Gzip<'b> {
    layers: Vec<Layer>,
    state: State,
    /// How many packed bytes are taken at a time.
    chunk: usize,
    /// Made when the header has been read.
    inflate: Option<Box<Decompress>>,
    /// What comes out, from the first byte of it on.
    output: Option<Output<'b>>,
    detector: &'b Detector,
    budget: &'b Budget,
    exceeded: Option<Exceeded>,
    /// How many of the next bytes are the indentation of a line.
    indentation: usize,
    /// None where it is nested too deep, which is told once it has turned out to be a stream.
    entered: Option<Entered<'b>>,
}

/// What comes out of a stream.
struct Output<'b> {
    feeder: Feeder,
    bytes: Bytes<'b>,
}

impl<'b> Output<'b> {
    fn new(detector: &'b Detector, budget: &'b Budget) -> Output<'b> {
        Output { feeder: Feeder::new(WINDOW), bytes: Bytes::new(detector, budget, false) }
    }
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
#[derive(Debug)]
enum State {
    /// Its header, as far as it has been read.
    Header(Vec<u8>),
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

impl<'b> Gzip<'b> {
    /// A stream that is encoded in base64 `layers` times. `None` when nothing more is to be opened.
    pub fn new(detector: &'b Detector, budget: &'b Budget, layers: usize) -> Option<Gzip<'b>> {
        let entered = match budget.enter() {
            Ok(entered) => Some(entered),
            Err(Exceeded::Depth) => None,
            Err(_) => return None,
        };
        Some(Gzip {
            layers: std::iter::repeat_with(Layer::default).take(layers).collect(),
            state: State::Header(Vec::new()),
            chunk: FIRST_CHUNK,
            inflate: None,
            output: None,
            detector,
            budget,
            exceeded: None,
            indentation: 0,
            entered,
        })
    }

    /// Takes the part `range` of `bytes`, which goes on where the last one ended; the bytes behind it are context. The
    /// offset where the text ends, if it does.
    pub fn feed(&mut self, bytes: &[u8], range: Range<usize>) -> Option<usize> {
        let mut pos = (range.start + std::mem::take(&mut self.indentation)).min(bytes.len());
        let (mut packed, mut ends) = (Vec::new(), Vec::new());
        loop {
            let step = if pos < range.end { Some(step(bytes, pos)) } else { None };
            match step {
                Some(Step::Digit(value)) => {
                    pos += 1;
                    if let Some(byte) = self.decode(value) {
                        packed.push(byte);
                        ends.push(pos);
                    }
                    if packed.len() < self.chunk {
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
            if let Some(end) = self.take(&packed, &ends) {
                return Some(if matches!(self.state, State::Failed) { end } else { end_of(bytes, end) });
            }
            if packed.len() == self.chunk {
                self.chunk = CHUNK.min(self.chunk * 2);
            }
            packed.clear();
            ends.clear();
            match step {
                Some(Step::Digit(_) | Step::Break(_)) => {}
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

    /// Takes bytes of the stream, each with the offset behind the digit that completed it. That of the last one which
    /// was taken, when the stream ends or fails.
    fn take(&mut self, packed: &[u8], ends: &[usize]) -> Option<usize> {
        let mut at = 0;
        while at < packed.len() {
            match &mut self.state {
                State::Header(header) => {
                    let before = header.len();
                    header.extend(packed[at..].iter().take(MAX_HEADER - before));
                    let read = header.len();
                    (self.state, at) = match header_len(header) {
                        Header::Unfinished if read < MAX_HEADER => return None,
                        Header::Complete(len) => (State::Data, at + len - before),
                        Header::Unfinished | Header::Invalid => (State::Failed, at + read - before),
                    };
                }
                State::Data => at += self.inflate(&packed[at..]),
                State::Trailer(left) => {
                    let taken = (packed.len() - at).min(*left);
                    at += taken;
                    *left -= taken;
                    if *left == 0 {
                        self.state = State::Ended;
                    }
                }
                State::Ended | State::Failed => return ends.get(at.saturating_sub(1)).copied(),
            }
        }
        match self.state {
            State::Ended | State::Failed => ends.last().copied(),
            State::Header(_) | State::Data | State::Trailer(_) => None,
        }
    }

    /// Unpacks some bytes. How many were taken.
    fn inflate(&mut self, packed: &[u8]) -> usize {
        let (detector, budget) = (self.detector, self.budget);
        let inflate = self.inflate.get_or_insert_with(|| Box::new(Decompress::new(false)));
        let before = inflate.total_in();
        let taken = |inflate: &Decompress| usize::try_from(inflate.total_in() - before).unwrap_or(packed.len());
        loop {
            let rest = &packed[taken(inflate)..];
            let came_out = inflate.total_out();
            // Room for more is made for what is a stream.
            let mut few = Zeroizing::new([0; FEW]);
            let space = self.output.as_mut().map_or(few.as_mut_slice(), |output| output.feeder.space());
            let status = inflate.decompress(rest, space, FlushDecompress::None);
            let out = usize::try_from(inflate.total_out() - came_out).unwrap_or_default();
            if self.output.is_none() && out < KEY_LEN && status.is_err() {
                // It is none, and no key came out of it.
                self.state = State::Failed;
                return packed.len();
            }
            let is_too_deep = self.entered.is_none() && out > 0;
            let unpacked = if is_too_deep { Err(Exceeded::Depth) } else { budget.unpack(out as u64) };
            if let Err(exceeded) = unpacked {
                self.exceeded = Some(exceeded);
                self.state = State::Failed;
                return packed.len();
            }
            match &mut self.output {
                Some(Output { feeder, bytes }) => feeder.add(out, false, |block| bytes.block(block)),
                none => {
                    let Output { feeder, bytes } = none.insert(Output::new(detector, budget));
                    feeder.push(&few[..out], |block| bytes.block(block));
                }
            }
            match status {
                Ok(Status::StreamEnd) => {
                    self.state = State::Trailer(TRAILER);
                    return taken(inflate);
                }
                Ok(Status::Ok | Status::BufError) if taken(inflate) == packed.len() && out == 0 => {
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

    /// The end of the text.
    pub fn finish(mut self) -> Inside {
        let mut inside = Inside { keys: Vec::new(), placeholders: 0, exceeded: self.exceeded };
        let Some(Output { mut feeder, mut bytes }) = self.output.take() else { return inside };
        feeder.add(0, true, |block| bytes.block(block));
        bytes.finish();
        let (keys, placeholders, exceeded) = bytes.into_parts();
        let outer = std::iter::repeat_n("base64", self.layers.len()).chain([GZIP_NAME]);
        inside.keys = keys
            .into_iter()
            .map(|found| Match { encodings: outer.clone().chain(found.encodings.iter().copied()).collect(), ..found })
            .collect();
        inside.placeholders = placeholders;
        inside.exceeded = inside.exceeded.or(exceeded);
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

/// What the bytes are as a gzip header (RFC 1952 section 2.3).
fn header_len(bytes: &[u8]) -> Header {
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
        at += 2 + usize::from(u16::from_le_bytes([low, high]));
    }
    for _ in 0..usize::from(has_name) + usize::from(has_comment) {
        match bytes.get(at..).and_then(|text| memchr::memchr(0, text)) {
            Some(len) => at += len + 1,
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
        assert!(outcome.problems[0].1.contains("--max-expansion"), "{}", outcome.problems[0].1);
    }
}
