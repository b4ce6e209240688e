//! Packed files of each format: whole, cut, damaged, hostile.

use std::io::{Read, Write};

use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::super::probe::{Probe, Slow, at, budget, stream};
use super::super::{Bounds, Budget, Input, Member, Members, Packed, open};
use crate::error::ProblemKind;

const FORMATS: [Packed; 4] = [Packed::Gzip, Packed::Bzip2, Packed::Xz, Packed::Zstd];

fn pack(format: Packed, content: &[u8]) -> Vec<u8> {
    match format {
        Packed::Gzip => {
            let mut encoder = flate2::GzBuilder::new()
                .filename("a name")
                .comment("a comment".repeat(9))
                .extra(&b"more"[..])
                .write(Vec::new(), flate2::Compression::default());
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        }
        Packed::Bzip2 => {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        }
        Packed::Xz => {
            let options = lzma_rust2::XzOptions::with_preset(1);
            let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        }
        Packed::Zstd => compress_to_vec(content, CompressionLevel::Fastest),
        Packed::Zip | Packed::Tar => unreachable!("no format of one member"),
    }
}

/// Text that does not pack away.
fn text(len: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    std::iter::repeat_with(|| random.alphanumeric() as u8).take(len).collect()
}

#[test]
fn what_was_packed_comes_out() {
    for format in FORMATS {
        for content in [&b""[..], b"short", &text(300_000)] {
            let packed = pack(format, content);
            for probe in [at(format, &packed), stream(format, &packed)] {
                assert_eq!(probe.only(), content, "{format:?}");
                assert_eq!(probe.problems, []);
            }
        }
    }
}

#[test]
fn streams_that_follow_one_another_are_one_member() {
    for format in FORMATS {
        let packed = [pack(format, b"one,"), pack(format, b""), pack(format, b"two")].concat();
        for probe in [at(format, &packed), stream(format, &packed)] {
            assert_eq!(probe.only(), b"one,two", "{format:?}");
            assert_eq!(probe.problems, []);
        }
    }
}

#[test]
fn zeros_may_pad_the_end() {
    for format in FORMATS {
        let packed = [pack(format, b"text"), vec![0; 100_000]].concat();
        let probe = at(format, &packed);
        assert_eq!((probe.only(), &*probe.problems), (&b"text"[..], &[][..]), "{format:?}");
    }
}

#[test]
fn what_follows_is_told_where_the_formats_own_program_tells_it() {
    for (format, is_told) in [(Packed::Gzip, false), (Packed::Bzip2, false), (Packed::Xz, true), (Packed::Zstd, true)] {
        let packed = [&*pack(format, b"text"), b"garbage"].concat();
        let probe = stream(format, &packed);
        assert_eq!(probe.only(), b"text");
        assert_eq!(probe.kinds().len(), usize::from(is_told), "{format:?}");
        assert!(probe.own.ends_with(b"garbage"));
    }
}

#[test]
fn a_damaged_magic_hides_no_second_stream() {
    for format in FORMATS {
        let mut second = pack(format, b"two");
        second[0] ^= 1;
        let probe = at(format, &[pack(format, b"one"), second].concat());
        assert_eq!(probe.only(), b"one");
        assert_eq!(probe.kinds(), [ProblemKind::Corrupt], "{format:?}");
    }
}

#[test]
fn gzip_names_its_member_and_says_where() {
    let packed = pack(Packed::Gzip, b"text");
    let probe = at(Packed::Gzip, &packed);
    let [span] = &*probe.spans[0] else { panic!("{:?}", probe.spans) };
    assert_eq!(packed[usize::try_from(span.start).unwrap()..usize::try_from(span.end).unwrap()], *b"a name");
    assert_eq!(probe.members[0].0.as_deref(), Some(&b"a name"[..]));
    assert_eq!(at(Packed::Xz, &pack(Packed::Xz, b"")).members[0].0, None);
}

#[test]
fn headers_and_frames_that_are_skipped_are_the_containers_own() {
    let packed = [pack(Packed::Gzip, b"one"), pack(Packed::Gzip, b"two")].concat();
    let own = stream(Packed::Gzip, &packed).own;
    let comments = memchr::memmem::find_iter(&own, b"a comment").count();
    assert_eq!(comments, 18);
    let notes = [b'n'; 70];
    let skipped = [b"\x53\x2a\x4d\x18\x46\0\0\0", &notes[..], &pack(Packed::Zstd, b"text")].concat();
    let probe = stream(Packed::Zstd, &skipped);
    assert_eq!((probe.only(), &*probe.own, probe.problems.len()), (&b"text"[..], &notes[..], 0));
}

/// Block by block, as bgzip and pzstd write them: what stands between the blocks has no room for a key.
#[test]
fn short_framing_is_not_kept() {
    let mut gzip = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0\x1b\0\x03\0\0\0\0\0\0\0\0\0".repeat(70_000);
    gzip.extend(pack(Packed::Gzip, b"text"));
    let mut zstd = b"\x50\x2a\x4d\x18\x04\0\0\0\x11\0\0\0".repeat(70_000);
    zstd.extend(pack(Packed::Zstd, b"text"));
    for (format, packed) in [(Packed::Gzip, gzip), (Packed::Zstd, zstd)] {
        let mut probe = Probe::default();
        open(format, Input::Stream(&mut &packed[..]), &Budget::new(Bounds::default()), &mut probe);
        assert_eq!((probe.only(), &*probe.problems), (&b"text"[..], &[][..]), "{format:?}");
        assert!(probe.own.len() < 200, "{format:?}");
    }
}

/// Each takes as long to begin as it takes to unpack many bytes.
#[test]
fn streams_of_bzip2_count_even_if_they_are_empty() {
    let streams = |count: usize| pack(Packed::Bzip2, b"").repeat(count);
    let budget = || Budget::new(Bounds { total: 1 << 20, ..Bounds::default() });
    for (count, problems) in [(60, &[][..]), (70, &[ProblemKind::TooLarge])] {
        let mut probe = Probe::default();
        open(Packed::Bzip2, Input::At(&&streams(count)[..]), &budget(), &mut probe);
        assert_eq!(probe.kinds(), problems);
    }
}

#[test]
fn framing_that_is_not_kept_is_told() {
    let len = 2_u32 << 20;
    let skipped =
        [&b"\x50\x2a\x4d\x18"[..], &len.to_le_bytes(), &vec![b'n'; len as usize], &pack(Packed::Zstd, b"text")]
            .concat();
    let probe = stream(Packed::Zstd, &skipped);
    assert_eq!((probe.only(), probe.own.len()), (&b"text"[..], 1 << 20));
    assert_eq!(probe.kinds(), [ProblemKind::TooLarge]);
    assert_eq!(at(Packed::Zstd, &skipped).problems, []);
}

#[test]
fn what_is_cut_short_is_told_wherever_it_is_cut() {
    for format in FORMATS {
        let content = text(400);
        let packed = pack(format, &content);
        for len in 1..packed.len() {
            let probe = at(format, &packed[..len]);
            assert_eq!(probe.kinds(), [ProblemKind::Corrupt], "{format:?} {len}");
            assert!(content.starts_with(probe.only()));
            assert!(probe.problems[0].1.starts_with("cut short"), "{format:?} {len} {:?}", probe.problems);
        }
    }
}

#[test]
fn what_precedes_damage_comes_out() {
    for format in FORMATS {
        let content = text(3 << 20);
        let mut packed = pack(format, &content);
        let probe = at(format, &packed[..packed.len() * 3 / 4]);
        assert!(
            content.starts_with(probe.only()) && probe.only().len() >= 1 << 20,
            "{format:?} {}",
            probe.only().len()
        );
        let last = packed.len() - 10;
        packed[last] ^= 1;
        let probe = at(format, &packed);
        assert!(
            content.starts_with(probe.only()) && probe.only().len() >= 1 << 20,
            "{format:?} {}",
            probe.only().len()
        );
        assert_eq!(probe.kinds(), [ProblemKind::Corrupt], "{format:?}");
    }
}

#[test]
fn any_flipped_bit_is_told_or_changes_nothing() {
    for format in FORMATS {
        let content = text(200);
        let packed = pack(format, &content);
        for at_byte in 0..packed.len() {
            for bit in 0..8 {
                let mut damaged = packed.clone();
                damaged[at_byte] ^= 1 << bit;
                let probe = at(format, &damaged);
                // The encoder of Zstandard for the tests writes a checksum; gzip's covers no header.
                assert!(!probe.problems.is_empty() || probe.only() == content, "{format:?} {at_byte} {bit}");
            }
        }
    }
}

#[test]
fn garbage_behind_a_magic_is_told() {
    let mut random = fastrand::Rng::with_seed(3);
    for (format, magic) in [
        (Packed::Gzip, &b"\x1f\x8b\x08\0"[..]),
        (Packed::Bzip2, b"BZh91AY&SY"),
        (Packed::Xz, b"\xfd7zXZ\0"),
        (Packed::Zstd, b"\x28\xb5\x2f\xfd"),
    ] {
        for _ in 0..300 {
            let len = random.usize(1..2000);
            let garbage: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(len).collect();
            let bytes = [magic, &garbage].concat();
            for probe in [at(format, &bytes), stream(format, &bytes)] {
                assert_eq!(probe.problems.len(), 1, "{format:?} {garbage:?}");
            }
        }
    }
}

#[test]
fn what_the_visitor_leaves_unread_is_checked_all_the_same() {
    for format in FORMATS {
        let mut packed = pack(format, &text(200_000));
        packed.truncate(packed.len() - 1);
        let mut probe = Probe { is_lazy: true, ..Probe::default() };
        open(format, Input::At(&&*packed), &budget(packed.len()), &mut probe);
        assert_eq!(probe.kinds(), [ProblemKind::Corrupt], "{format:?}");
    }
}

/// A gzip file of `len` zeros.
fn zeros(len: u64) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::copy(&mut std::io::repeat(0).take(len), &mut encoder).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_bomb_ends_at_the_bound_of_expansion() {
    let bomb = zeros(1 << 30);
    let probe = at(Packed::Gzip, &bomb);
    assert_eq!(probe.kinds(), [ProblemKind::TooLarge]);
    assert!(probe.problems[0].1.contains("--max-expansion"));
    let budget = Budget::new(Bounds::default());
    open(Packed::Gzip, Input::Stream(&mut Slow(&bomb)), &budget, &mut Probe::default());
    assert!(budget.is_spent());
}

#[test]
fn what_comes_out_in_all_is_bounded() {
    let packed = pack(Packed::Zstd, &text(10_000));
    let bounds = Bounds { total: 9_999, ..Bounds::default() };
    let mut probe = Probe::default();
    open(Packed::Zstd, Input::At(&&*packed), &Budget::new(bounds), &mut probe);
    assert_eq!(probe.kinds(), [ProblemKind::TooLarge]);
    assert!(probe.problems[0].1.contains("--max-unpacked"));
}

#[test]
fn members_and_depth_are_bounded() {
    let packed = pack(Packed::Xz, b"text");
    for (bounds, kind) in [
        (Bounds { members: 0, ..Bounds::default() }, ProblemKind::TooMany),
        (Bounds { depth: 0, ..Bounds::default() }, ProblemKind::TooDeep),
    ] {
        let mut probe = Probe::default();
        open(Packed::Xz, Input::At(&&*packed), &Budget::new(bounds), &mut probe);
        assert_eq!((probe.kinds(), probe.members.len()), (vec![kind], 0));
    }
}

#[test]
fn memory_is_asked_for_before_it_is_taken() {
    // Stream header; a block header whose dictionary is of 4 GiB; the CRC-32 of both.
    let mut header = vec![2, 0, 0x21, 1, 40, 0, 0, 0];
    header.extend_from_slice(&crc32fast::hash(&header).to_le_bytes());
    let mut xz = b"\xfd7zXZ\0\0\x04".to_vec();
    xz.extend_from_slice(&crc32fast::hash(&[0, 4]).to_le_bytes());
    xz.extend_from_slice(&header);
    // No single segment, a window of 2 GiB: 10 + 21 bits.
    let zstd = [&b"\x28\xb5\x2f\xfd"[..], &[0, 21 << 3], &[1, 0, 0]].concat();
    // A single segment of 2 GiB.
    let single = [&b"\x28\xb5\x2f\xfd"[..], &[0xa0], &(2_u32 << 30).to_le_bytes(), &[1, 0, 0]].concat();
    for (format, bytes) in [(Packed::Xz, xz), (Packed::Zstd, zstd), (Packed::Zstd, single)] {
        let probe = at(format, &bytes);
        assert_eq!(probe.kinds(), [ProblemKind::TooLarge], "{format:?} {:?}", probe.problems);
        assert!(probe.problems[0].1.contains("memory"));
    }
}

#[test]
fn memory_is_given_back() {
    for format in FORMATS {
        let packed = pack(format, b"text");
        let budget = budget(packed.len());
        open(format, Input::At(&&*packed), &budget, &mut Probe::default());
        assert_eq!((budget.memory_left(), budget.depth()), (Bounds::MEMORY, 0));
        let _taken = budget.reserve(Bounds::MEMORY).unwrap();
        let mut probe = Probe::default();
        open(format, Input::At(&&*packed), &budget, &mut probe);
        assert_eq!(probe.kinds(), [ProblemKind::TooLarge], "{format:?}");
    }
}

#[test]
fn an_empty_stream_of_many_blocks_does_not_fill_the_memory() {
    // 12 bytes of header and 4 of data and padding a block, no check.
    let mut block = vec![2, 0, 0x21, 1, 0, 0, 0, 0];
    block.extend_from_slice(&crc32fast::hash(&block).to_le_bytes());
    block.extend_from_slice(&[0; 4]);
    let mut xz = b"\xfd7zXZ\0\0\0".to_vec();
    xz.extend_from_slice(&crc32fast::hash(&[0, 0]).to_le_bytes());
    xz.extend_from_slice(&block.repeat(3 << 20));
    let probe = at(Packed::Xz, &xz);
    assert_eq!(probe.kinds(), [ProblemKind::TooLarge]);
}

/// Fails after its bytes.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.0.is_empty() {
            return Err(std::io::ErrorKind::ConnectionReset.into());
        }
        self.0.read(out)
    }
}

#[test]
fn an_input_that_fails_is_told_once_and_by_the_outer_one() {
    for format in FORMATS {
        let packed = pack(format, &text(100));
        let budget = Budget::new(Bounds::default());
        let mut probe = Probe::default();
        open(format, Input::Stream(&mut Failing(&packed[..packed.len() / 2])), &budget, &mut probe);
        assert_eq!(probe.kinds(), [ProblemKind::Unreadable], "{format:?}");
        let _outer = budget.enter().unwrap();
        let mut probe = Probe::default();
        open(format, Input::Stream(&mut Failing(&packed[..packed.len() / 2])), &budget, &mut probe);
        assert_eq!(probe.problems, [], "{format:?}");
    }
}

/// Opens what it is lent as gzip again, all the way down.
struct Nested<'b> {
    budget: &'b Budget,
    depth: usize,
    problems: Vec<(usize, ProblemKind)>,
}

impl Members for Nested<'_> {
    fn member(&mut self, _: &Member<'_>, content: &mut dyn Read) {
        self.depth += 1;
        open(Packed::Gzip, Input::Stream(content), self.budget, self);
        self.depth -= 1;
    }

    fn own(&mut self, _: &[u8]) {}

    fn problem(&mut self, kind: ProblemKind, _: String) {
        self.problems.push((self.depth, kind));
    }
}

/// The problems of gzip in gzip, each with its depth, and the budget that is left.
fn nested(packed: &[u8]) -> Vec<(usize, ProblemKind)> {
    let budget = budget(packed.len());
    let mut nested = Nested { budget: &budget, depth: 0, problems: Vec::new() };
    open(Packed::Gzip, Input::At(&packed), &budget, &mut nested);
    assert_eq!((budget.depth(), budget.memory_left()), (0, Bounds::MEMORY));
    nested.problems
}

#[test]
fn nesting_ends_at_its_bound() {
    let mut packed = b"text".to_vec();
    for _ in 0..12 {
        packed = pack(Packed::Gzip, &packed);
    }
    // As far down as that it is whole; what lies deeper is not opened.
    assert_eq!(nested(&packed), [(8, ProblemKind::TooDeep)]);
}

#[test]
fn a_bomb_in_a_bomb_is_bounded_as_one() {
    let bomb = pack(Packed::Gzip, &zeros(1 << 30));
    let problems = nested(&bomb);
    assert!(problems.contains(&(1, ProblemKind::TooLarge)), "{problems:?}");
}

#[test]
fn what_is_cut_short_is_told_by_the_outermost_that_sees_it() {
    let packed = pack(Packed::Gzip, &pack(Packed::Gzip, &text(100_000)));
    let problems = nested(&packed[..packed.len() / 2]);
    assert_eq!(problems.last(), Some(&(0, ProblemKind::Corrupt)));
    assert!(!problems.contains(&(1, ProblemKind::Corrupt)), "{problems:?}");
}
