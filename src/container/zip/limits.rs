//! Archives that are made to be expensive, and each bound that they meet.

use std::io::{self, Read};

use super::super::probe::{Probe, budget};
use super::testing::*;
use crate::container::{Bounds, Budget, Input, Member, Members, Packed, open};
use crate::error::ProblemKind::{self, Corrupt, TooLarge, TooMany};

/// Zeros, `len` of them, deflated.
fn zeros(len: u64) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    io::copy(&mut io::repeat(0).take(len), &mut encoder).unwrap();
    encoder.finish().unwrap()
}

/// A member of zeros that claims what is true but its checksum.
fn bomb(name: &str, len: u64, data: &[u8]) -> Item {
    Item { size: len, ..packed(name, b"", 8, data.to_vec()) }
}

/// Opens an archive at hand with these bounds.
fn bounded(bytes: &[u8], bounds: Bounds) -> (Probe, Budget) {
    let budget = Budget::new(bounds);
    budget.read(bytes.len() as u64);
    let mut probe = Probe { keep: 1, ..Probe::default() };
    open(Packed::Zip, Input::At(&bytes), &budget, &mut probe);
    (probe, budget)
}

#[test]
fn a_bomb_meets_the_expansion() {
    let bytes = archive(&[bomb("bomb", 1 << 30, &zeros(1 << 30)), stored("b", b"plain")]);
    let (probe, _) = bounded(&bytes, Bounds::default());
    assert_eq!(probe.kinds(), [TooLarge]);
    assert!(probe.problems[0].1.contains("200 times"), "{:?}", probe.problems);
    assert_eq!(probe.members.len(), 1);
    // What comes as a stream is told the same, and its own bytes are passed on.
    let budget = Budget::new(Bounds::default());
    let mut probe = Probe { keep: 1, ..Probe::default() };
    open(Packed::Zip, Input::Stream(&mut bytes.as_slice()), &budget, &mut probe);
    assert_eq!(probe.kinds(), [TooLarge]);
    assert!(!probe.own.is_empty());
}

/// Each member's data is the next few members, and an archive by itself: hardly a byte comes out of each.
#[test]
fn members_without_content_meet_the_expansion() {
    let item = Item { packed_size: 315, size: 315, ..stored("a.zip", b"") };
    let bytes = item.local().repeat(8192);
    let (names, kinds) = nested(&bytes, Bounds { members: u64::MAX, ..Bounds::default() });
    assert!(kinds.contains(&TooLarge), "{} members, {kinds:?}", names.len());
    assert!(names.len() as u64 * Bounds::MEMBER <= Bounds::FREE, "{} members", names.len());
}

#[test]
fn many_members_meet_the_total() {
    let data = zeros(1 << 20);
    let items: Vec<Item> = (0..100).map(|number| bomb(&number.to_string(), 1 << 20, &data)).collect();
    let (probe, budget) = bounded(&archive(&items), Bounds { total: 10 << 20, ..Bounds::default() });
    assert_eq!(probe.kinds(), [TooLarge, Corrupt], "{:?}", probe.problems);
    assert_eq!(probe.members.len(), 11);
    assert!(budget.is_spent());
}

#[test]
fn members_meet_their_count() {
    let items: Vec<Item> = (0..20).map(|number| stored(&number.to_string(), b"x")).collect();
    let (probe, _) = bounded(&archive(&items), Bounds { members: 20, ..Bounds::default() });
    assert_eq!((probe.members.len(), probe.kinds()), (20, vec![]));
    let (probe, _) = bounded(&archive(&items), Bounds { members: 19, ..Bounds::default() });
    assert_eq!((probe.members.len(), probe.kinds()), (19, vec![TooMany]));
}

#[test]
fn members_that_overlap_are_read_within_the_total() {
    // Each member's data is all that follows it, as in Fifield's bomb, and stored.
    let bytes = overlapping(300, 100 << 10);
    let (probe, budget) = bounded(&bytes, Bounds { total: 4 << 20, ..Bounds::default() });
    assert!(budget.is_spent());
    assert_eq!(probe.kinds()[0], TooLarge, "{:?}", probe.problems);
    assert!((30..60).contains(&probe.members.len()), "{}", probe.members.len());
}

/// `count` stored members whose data is whatever follows, up to the end of `tail` zeros.
fn overlapping(count: u32, tail: usize) -> Vec<u8> {
    let name = |number: u32| format!("{number:04}");
    let header = 30 + 4;
    let end = u64::from(count) * header + tail as u64;
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for number in 0..count {
        let len = end - u64::from(number + 1) * header;
        let item = Item { packed_size: len, size: len, ..stored(&name(number), b"") };
        directory.extend(central(&item, u64::from(number) * header));
        bytes.extend(item.local());
    }
    bytes.extend(vec![0; tail]);
    finish(bytes, &directory, u64::from(count), false)
}

#[test]
fn one_header_is_read_once() {
    let item = stored("a", b"plain");
    let mut again = item.clone();
    again.name = b"again".to_vec();
    let directory = [central(&item, 0), central(&again, 0), central(&again, 0)].concat();
    let probe = at(&finish(item.local(), &directory, 3, false));
    expect(&probe, &[("a", "plain"), ("again", ""), ("again", "")], &[Corrupt]);
}

#[test]
fn more_members_claimed_than_there_are() {
    for claimed in [2, 0xffff, 1_000_001, 1 << 32, u64::MAX] {
        let item = stored("a", b"plain");
        let bytes = finish(item.local(), &central(&item, 0), claimed, true);
        let (probe, budget) = bounded(&bytes, Bounds::default());
        assert_eq!((probe.members.len(), probe.kinds()), (1, vec![Corrupt]), "{claimed}");
        assert_eq!(budget.memory_left(), Bounds::MEMORY);
    }
}

#[test]
fn a_count_of_16_bits_wraps() {
    let item = stored("a", b"");
    let count = 0x1_0001;
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for number in 0..count {
        directory.extend(central(&item, number * 31));
        bytes.extend(item.local());
    }
    let (probe, _) = bounded(&finish(bytes, &directory, count, false), Bounds::default());
    assert_eq!((probe.members.len() as u64, probe.kinds()), (count, vec![]));
}

#[test]
fn a_million_members_and_one() {
    let item = stored("", b"");
    let count = 1_000_001;
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for number in 0..count {
        directory.extend(central(&item, number * 30));
        bytes.extend(item.local());
    }
    let bytes = finish(bytes, &directory, count, true);
    for input in [Input::At(&bytes.as_slice()), Input::Stream(&mut bytes.as_slice())] {
        struct Count(u64, Vec<ProblemKind>);
        impl Members for Count {
            fn member(&mut self, _: &Member<'_>, _: &mut dyn Read) {
                self.0 += 1;
            }
            fn own(&mut self, _: &[u8]) {}
            fn problem(&mut self, kind: ProblemKind, _: String) {
                self.1.push(kind);
            }
        }
        let mut members = Count(0, Vec::new());
        open(Packed::Zip, input, &budget(bytes.len()), &mut members);
        assert_eq!((members.0, members.1), (1_000_000, vec![TooMany]));
    }
}

#[test]
fn a_directory_that_needs_too_much_memory() {
    // Nearly all of the memory is taken by what is open already.
    let bytes = archive(&[stored("a", b"plain")]);
    let budget = budget(bytes.len());
    let left = super::content::Reading::MEMORY + 1000;
    let taken = budget.reserve(Bounds::MEMORY - left).unwrap();
    let mut probe = Probe::default();
    open(Packed::Zip, Input::At(&bytes.as_slice()), &budget, &mut probe);
    assert_eq!(probe.kinds(), [TooLarge]);
    drop(taken);
    let taken = budget.reserve(Bounds::MEMORY - 1000).unwrap();
    let mut probe = Probe::default();
    open(Packed::Zip, Input::Stream(&mut bytes.as_slice()), &budget, &mut probe);
    assert_eq!((probe.kinds(), probe.own), (vec![TooLarge], bytes));
    drop(taken);
}

/// Opens what is nested in archives too.
struct Nested<'b> {
    budget: &'b Budget,
    names: Vec<String>,
    kinds: Vec<ProblemKind>,
}

impl Members for Nested<'_> {
    fn member(&mut self, member: &Member<'_>, content: &mut dyn Read) {
        let name = String::from_utf8_lossy(member.name.unwrap_or_default()).into_owned();
        let is_archive = name.ends_with("zip");
        self.names.push(name);
        if is_archive {
            open(Packed::Zip, Input::Stream(content), self.budget, self);
        }
    }

    fn own(&mut self, _: &[u8]) {}

    fn problem(&mut self, kind: ProblemKind, _: String) {
        self.kinds.push(kind);
    }
}

fn nested(bytes: &[u8], bounds: Bounds) -> (Vec<String>, Vec<ProblemKind>) {
    let budget = Budget::new(bounds);
    budget.read(bytes.len() as u64);
    let mut members = Nested { budget: &budget, names: Vec::new(), kinds: Vec::new() };
    open(Packed::Zip, Input::At(&bytes), &budget, &mut members);
    (members.names, members.kinds)
}

#[test]
fn archives_in_archives() {
    let mut bytes = archive(&[stored("deepest", b"plain")]);
    for depth in (2..=12).rev() {
        let name = format!("{depth}.zip");
        bytes = archive(&[if depth % 2 == 0 { stored(&name, &bytes) } else { deflated(&name, &bytes) }]);
    }
    let (names, kinds) = nested(&bytes, Bounds { depth: 20, ..Bounds::default() });
    assert_eq!((names.len(), kinds), (12, vec![]));
    let (names, kinds) = nested(&bytes, Bounds::default());
    assert_eq!((names.last().map(String::as_str), kinds), (Some("9.zip"), vec![ProblemKind::TooDeep]));
}

#[test]
fn archives_that_hold_each_other_many_times() {
    // Each holds ten times the one below, as 42.zip does: ten to the seventh at the bottom.
    let mut bytes = archive(&[stored("bottom", b"plain")]);
    for _ in 0..7 {
        let items: Vec<Item> = (0..10).map(|number| deflated(&format!("{number}.zip"), &bytes)).collect();
        bytes = archive(&items);
    }
    let (names, kinds) = nested(&bytes, Bounds { members: 10_000, ..Bounds::default() });
    assert_eq!((names.len(), kinds), (10_000, vec![TooMany]));
}

#[test]
fn a_bomb_in_an_archive_is_told_once() {
    let inner = archive(&[bomb("bomb", 1 << 30, &zeros(1 << 30))]);
    for outer in [stored("inner.zip", &inner), deflated("inner.zip", &inner)] {
        let bytes = archive(&[outer, stored("after", b"")]);
        let (names, kinds) = nested(&bytes, Bounds { total: 100 << 20, expansion: u64::MAX, ..Bounds::default() });
        assert_eq!((names, kinds), (vec!["inner.zip".to_owned(), "bomb".to_owned()], vec![TooLarge]));
    }
}

/// 30 bytes each that claim 131,070 more: what none of them costs is reading what it claims.
#[test]
fn headers_that_claim_the_longest_name() {
    for version in [0xff, 20] {
        let mut header = b"PK\x03\x04".to_vec();
        header.resize(30, 0);
        header[4] = version;
        header[26..30].fill(0xff);
        let bytes = header.repeat(20_000);
        for probe in [at(&bytes), unheld(&bytes)] {
            // The ones that make sense are in each other's names: as many are read as the bounds allow.
            assert!(probe.members.len() < 2_000, "{} of {version}", probe.members.len());
            assert!(!probe.problems.is_empty());
        }
    }
}
