//! Archives that were cut or changed, that are long, or made by others, and how they are read.

use std::io::{self, Read};

use super::super::probe::{Probe, budget};
use super::testing::*;
use crate::container::{Bounds, Budget, Input, Packed, ReadAt, open};
use crate::error::ProblemKind::{self, Corrupt};

const TEXT: &str = "some text, some text, some text, some text";

fn small() -> Vec<u8> {
    let mut noted = stored("noted", b"plain");
    noted.comment = b"comment".to_vec();
    archive(&[deflated("a", TEXT.as_bytes()).described(), noted, deflated("b/c", TEXT.as_bytes()), stored("d/", b"")])
}

/// Checks that what was not lent as it should be is told.
#[track_caller]
fn nothing_is_lost_silently(probe: &Probe, what: &dyn std::fmt::Debug) {
    let mut lent: Vec<String> = members(probe).into_iter().map(|(_, data)| data).collect();
    lent.sort();
    let mut whole = ["", "plain", TEXT, TEXT];
    whole.sort_unstable();
    assert!(lent == whole || !probe.problems.is_empty(), "{what:?}: {lent:?}");
    for kind in probe.kinds() {
        assert_eq!(probe.kinds().iter().filter(|&&other| other == kind).count(), 1, "{what:?}: {:?}", probe.problems);
    }
}

#[test]
fn cut_short_at_every_byte() {
    let whole = small();
    for len in 0..whole.len() {
        for probe in [at(&whole[..len]), stream(&whole[..len]), unheld(&whole[..len])] {
            assert_eq!(probe.kinds(), [Corrupt], "{len}");
        }
    }
}

#[test]
fn every_byte_changed() {
    let whole = small();
    for at_byte in 0..whole.len() {
        for change in [1, 8, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at_byte] ^= change;
            let what = (at_byte, change);
            nothing_is_lost_silently(&at(&bytes), &what);
            nothing_is_lost_silently(&stream(&bytes), &what);
            nothing_is_lost_silently(&unheld(&bytes), &what);
        }
    }
}

/// Gives out an archive of one stored member that is longer than what is held, without making it.
struct Long {
    head: Vec<u8>,
    zeros: u64,
    tail: Vec<u8>,
}

impl Long {
    fn new(first: &Item, last: &Item) -> Long {
        let zeros = Bounds::HELD + 100;
        let mut crc = crc32fast::Hasher::new();
        let block = vec![0; 1 << 20];
        let mut left = zeros;
        while left > 0 {
            let len = left.min(1 << 20);
            crc.update(&block[..usize::try_from(len).unwrap()]);
            left -= len;
        }
        let long = Item { packed_size: zeros, size: zeros, crc: crc.finalize(), ..stored("long", b"") };
        let (first_local, long_local) = (first.local(), long.local());
        let head = [first_local.as_slice(), &long_local].concat();
        let last_at = head.len() as u64 + zeros;
        let directory = [central(first, 0), central(&long, first_local.len() as u64), central(last, last_at)].concat();
        let tail = finish(last.local(), &directory, 3, false);
        // The offset of the directory is wrong, as it is when a stub stands before an archive.
        Long { head, zeros, tail }
    }
}

#[test]
fn a_stream_longer_than_what_is_held() {
    let first = deflated("first", TEXT.as_bytes()).described();
    let last = deflated("last", TEXT.as_bytes());
    let Long { head, zeros, tail } = Long::new(&first, &last);
    let run = |tail: &[u8]| {
        let mut input = head.as_slice().chain(io::repeat(0).take(zeros)).chain(tail);
        let budget = Budget::new(Bounds::default());
        let mut probe = Probe { keep: 100, ..Probe::default() };
        open(Packed::Zip, Input::Stream(&mut input), &budget, &mut probe);
        assert_eq!(budget.memory_left(), Bounds::MEMORY);
        probe
    };
    let probe = run(&tail);
    let lent: Vec<_> = members(&probe).into_iter().map(|(name, _)| name).collect();
    assert_eq!((lent.as_slice(), probe.kinds()), (["first", "long", "last"].map(str::to_owned).as_slice(), vec![]));
    assert_eq!((members(&probe)[0].1.as_str(), members(&probe)[2].1.as_str()), (TEXT, TEXT));
    assert!(probe.own.len() < 1000);
    assert_eq!(run(&tail[..tail.len() - 22]).kinds(), [Corrupt]);
}

#[test]
fn an_archive_larger_than_what_is_held_is_read_at_hand_by_its_directory() {
    struct Sparse(Long);
    impl ReadAt for Sparse {
        fn size(&self) -> u64 {
            self.0.head.len() as u64 + self.0.zeros + self.0.tail.len() as u64
        }
        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
            let (head, tail_at) = (self.0.head.len() as u64, self.0.head.len() as u64 + self.0.zeros);
            let read = usize::try_from(self.size().saturating_sub(offset)).unwrap().min(buffer.len());
            for (at, byte) in (offset..).zip(&mut buffer[..read]) {
                *byte = match at {
                    at if at < head => self.0.head[usize::try_from(at).unwrap()],
                    at if at < tail_at => 0,
                    at => self.0.tail[usize::try_from(at - tail_at).unwrap()],
                };
            }
            Ok(read)
        }
    }
    let (first, last) = (stored("first", b"plain"), deflated("last", TEXT.as_bytes()));
    let mut long = Long::new(&first, &last);
    // What counts from the archive's start here counts from the tail's in `finish`.
    let at_offset = long.tail.len() - 6;
    let offset = u32::from_le_bytes(long.tail[at_offset..][..4].try_into().unwrap());
    let offset = u64::from(offset) + long.head.len() as u64 + long.zeros;
    long.tail[at_offset..][..4].copy_from_slice(&u32::try_from(offset).unwrap().to_le_bytes());
    let sparse = Sparse(long);
    let mut probe = Probe { keep: 100, ..Probe::default() };
    open(Packed::Zip, Input::At(&sparse), &budget(1 << 20), &mut probe);
    assert_eq!((probe.members.len(), probe.kinds()), (3, vec![]), "{:?}", probe.problems);
}

#[test]
fn errors_of_the_system_are_told() {
    struct Broken(Vec<u8>);
    impl ReadAt for Broken {
        fn size(&self) -> u64 {
            self.0.len() as u64
        }
        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
            if offset < 10 { Err(io::Error::from_raw_os_error(5)) } else { (&self.0[..]).read_at(offset, buffer) }
        }
    }
    let mut probe = Probe::default();
    let bytes = [stored("long", &b"#".repeat(70_000)).local(), small()].concat();
    open(Packed::Zip, Input::At(&Broken(bytes)), &budget(1 << 20), &mut probe);
    assert_eq!(probe.kinds(), [ProblemKind::Unreadable]);
}

#[test]
fn few_reads_a_member() {
    struct Counting<'a>(&'a [u8], std::cell::Cell<usize>);
    impl ReadAt for Counting<'_> {
        fn size(&self) -> u64 {
            self.0.len() as u64
        }
        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
            self.1.set(self.1.get() + 1);
            self.0.read_at(offset, buffer)
        }
    }
    let data = vec![b'x'; 50_000];
    let items: Vec<Item> = (0..2000).map(|number| stored(&number.to_string(), &data)).collect();
    let bytes = archive(&items);
    let counting = Counting(&bytes, std::cell::Cell::new(0));
    open(Packed::Zip, Input::At(&counting), &budget(bytes.len()), &mut Probe { keep: 1, ..Probe::default() });
    assert!(counting.1.get() < 2000, "{} reads", counting.1.get());
}

#[test]
fn archives_that_git_makes() {
    let folder = tempfile::tempdir().unwrap();
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.current_dir(folder.path()).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        command.args(["-c", "user.name=a", "-c", "user.email=a@example.com"]).args(arguments);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    git(&["init", "-q"]);
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    let long = TEXT.repeat(1000);
    std::fs::write(folder.path().join("a"), &long).unwrap();
    std::fs::write(folder.path().join("folder/b"), "").unwrap();
    std::fs::write(folder.path().join("folder/c"), "plain").unwrap();
    git(&["add", "."]);
    git(&["commit", "-qm", "all"]);
    for level in ["-0", "-9"] {
        let bytes = git(&["archive", "--format=zip", level, "HEAD"]);
        for probe in [at(&bytes), stream(&bytes), unheld(&bytes)] {
            expect(&probe, &[("a", long.as_str()), ("folder/", ""), ("folder/b", ""), ("folder/c", "plain")], &[]);
        }
    }
}

#[test]
fn an_offset_that_no_file_has() {
    struct Strict(Vec<u8>);
    impl ReadAt for Strict {
        fn size(&self) -> u64 {
            self.0.len() as u64
        }
        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
            assert!(i64::try_from(offset).is_ok());
            self.0.as_slice().read_at(offset, buffer)
        }
    }
    let item = stored("a", b"plain").wide();
    for offset in [1 << 20, u64::from(u32::MAX), 1 << 63, u64::MAX] {
        let bytes = Strict(finish(item.local(), &central(&item, offset), 1, true));
        let mut probe = Probe::default();
        open(Packed::Zip, Input::At(&bytes), &budget(1 << 20), &mut probe);
        expect(&probe, &[("a", ""), ("a", "plain")], &[Corrupt]);
    }
}

#[test]
fn bytes_changed_cut_and_doubled_at_random() {
    let mut random = fastrand::Rng::with_seed(93);
    let whole = small();
    for _ in 0..3000 {
        let mut bytes = whole.clone();
        for _ in 0..random.usize(1..6) {
            let at_byte = random.usize(..bytes.len());
            let end = random.usize(at_byte..bytes.len().min(at_byte + 80));
            match random.u8(..4) {
                0 => bytes[at_byte] = *random.choice([0, 1, 0x7f, 0xff].iter()).unwrap(),
                1 => drop(bytes.drain(at_byte..end)),
                2 => bytes.extend_from_within(at_byte..end),
                _ => {
                    let part = bytes[at_byte..end].to_vec();
                    let to = random.usize(..bytes.len());
                    bytes.splice(to..to, part);
                }
            }
            if bytes.is_empty() {
                bytes.push(0);
            }
        }
        for probe in [at(&bytes), stream(&bytes), unheld(&bytes)] {
            // A member for each local header, and one for each central header that has none.
            assert!(probe.members.len() <= bytes.len() / 30, "{bytes:x?}");
            assert!(probe.own.len() <= bytes.len(), "{bytes:x?}");
        }
    }
}
