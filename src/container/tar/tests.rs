//! Tar files as the `tar` crate makes them, and as nobody should.

use std::io::Cursor;

use ::tar::{Builder, EntryType, Header};

use super::super::probe::{Probe, at, budget, stream};
use super::super::{Bounds, Budget, Input, Packed, open};
use super::BLOCK;
use crate::error::ProblemKind;

type Members = Vec<(Option<Vec<u8>>, Vec<u8>)>;

fn header(kind: EntryType, name: &str, len: usize) -> Header {
    let mut header = Header::new_ustar();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(len as u64);
    header.set_cksum();
    header
}

/// A header and its data, padded.
fn entry(kind: EntryType, name: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = header(kind, name, data.len()).as_bytes().to_vec();
    bytes.extend_from_slice(data);
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    bytes
}

fn file(name: &str, data: &[u8]) -> Vec<u8> {
    entry(EntryType::Regular, name, data)
}

/// The mark of the end.
fn end() -> Vec<u8> {
    vec![0; 2 * BLOCK]
}

fn member(name: &str, data: &[u8]) -> (Option<Vec<u8>>, Vec<u8>) {
    (Some(name.as_bytes().to_vec()), data.to_vec())
}

/// Opens it both ways: the members must be the same, and its own bytes and the data all there are.
fn members(tar: &[u8]) -> (Members, Vec<ProblemKind>) {
    let (at, stream) = (at(Packed::Tar, tar), stream(Packed::Tar, tar));
    assert_eq!((&at.members, &at.problems, &at.spans), (&stream.members, &stream.problems, &stream.spans));
    let data: usize = at.members.iter().map(|(_, data)| data.len()).sum();
    assert_eq!(stream.own.len() + data, tar.len());
    assert_eq!(at.own, b"");
    (at.members.clone(), at.kinds())
}

fn whole(tar: &[u8]) -> Members {
    let (members, problems) = members(tar);
    assert_eq!(problems, []);
    members
}

#[test]
fn members_are_lent_in_order() {
    let tar = [file("a", b"one"), file("folder/b", b""), file("c", &[b'x'; 1024]), end()].concat();
    assert_eq!(whole(&tar), [member("a", b"one"), member("folder/b", b""), member("c", &[b'x'; 1024])]);
}

#[test]
fn long_names_of_gnu_and_of_pax() {
    let long = "folder/".repeat(40) + "name";
    let mut builder = Builder::new(Vec::new());
    let mut gnu = Header::new_gnu();
    gnu.set_size(4);
    builder.append_data(&mut gnu, &long, &b"data"[..]).unwrap();
    builder.append_pax_extensions([("path", &b"a/b/c"[..]), ("comment", &b"none"[..])]).unwrap();
    builder.append(&header(EntryType::Regular, "short", 4), &b"text"[..]).unwrap();
    builder.append(&header(EntryType::Regular, "next", 4), &b"more"[..]).unwrap();
    let tar = builder.into_inner().unwrap();
    assert_eq!(whole(&tar), [member(&long, b"data"), member("a/b/c", b"text"), member("next", b"more")]);
}

#[test]
fn spans_lead_to_names_and_data() {
    let pax = entry(EntryType::XHeader, "pax", b"12 path=p/q\n");
    let long = entry(EntryType::GNULongName, "././@LongLink", b"very/long\0");
    let mut prefixed = Header::new_ustar();
    prefixed.as_ustar_mut().unwrap().prefix[..3].copy_from_slice(b"pre");
    prefixed.as_old_mut().name[..4].copy_from_slice(b"name");
    prefixed.set_size(0);
    prefixed.set_cksum();
    let tar = [
        file("a", b"one"),
        [pax, file("b", b"two")].concat(),
        [long, file("c", b"three")].concat(),
        prefixed.as_bytes().to_vec(),
        end(),
    ]
    .concat();
    let probe = at(Packed::Tar, &tar);
    let found: Vec<Vec<&[u8]>> = probe
        .spans
        .iter()
        .map(|spans| {
            spans
                .iter()
                .map(|span| &tar[usize::try_from(span.start).unwrap()..usize::try_from(span.end).unwrap()])
                .collect()
        })
        .collect();
    let expected: [&[&[u8]]; 4] =
        [&[b"a", b"one"], &[b"b", b"p/q", b"two"], &[b"c", b"very/long", b"three"], &[b"pre", b"name", b""]];
    assert_eq!(found, expected);
    assert_eq!(probe.members[3].0.as_deref(), Some(&b"pre/name"[..]));
}

#[test]
fn links_and_folders_have_names_and_what_is_unknown_has_data() {
    let mut link = header(EntryType::Symlink, "link", 0);
    link.as_old_mut().linkname[..6].copy_from_slice(b"target");
    link.set_cksum();
    let sized = |kind| header(kind, "sized", 700).as_bytes().to_vec();
    let tar = [
        link.as_bytes().to_vec(),
        entry(EntryType::GNULongLink, "././@LongLink", b"far"),
        sized(EntryType::Directory),
        entry(EntryType::Link, "copy", b"data of a link"),
        entry(EntryType::new(b'Z'), "unknown", b"text"),
        sized(EntryType::Fifo),
        end(),
    ]
    .concat();
    assert_eq!(
        whole(&tar),
        [
            member("link", b""),
            member("sized", b""),
            member("copy", b"data of a link"),
            member("unknown", b"text"),
            member("sized", b"")
        ]
    );
    let own = stream(Packed::Tar, &tar).own;
    assert!(memchr::memmem::find(&own, b"target").is_some() && memchr::memmem::find(&own, b"far").is_some());
}

#[test]
fn pax_says_how_large_a_member_is_for_one_or_for_all() {
    let sized = |kind| entry(kind, "pax", b"10 size=5\n");
    let short = [header(EntryType::Regular, "a", 0).as_bytes().to_vec(), file("", b"12345")[BLOCK..].to_vec()].concat();
    let tar = [&*sized(EntryType::XHeader), &short, &file("b", b"123"), &end()].concat();
    assert_eq!(whole(&tar), [member("a", b"12345"), member("b", b"123")]);
    let tar = [&*sized(EntryType::XGlobalHeader), &short, &short, &end()].concat();
    assert_eq!(whole(&tar), [member("a", b"12345"), member("a", b"12345")]);
}

#[test]
fn sparse_files_are_lent_as_stored() {
    let mut sparse = Header::new_gnu();
    sparse.set_path("sparse").unwrap();
    sparse.set_entry_type(EntryType::GNUSparse);
    sparse.set_size(5);
    sparse.as_gnu_mut().unwrap().set_is_extended(true);
    sparse.set_cksum();
    let mut more = [0; BLOCK];
    more[super::IS_EXTENDED_AGAIN] = 1;
    let data = &file("", b"holes")[BLOCK..];
    let old = [&sparse.as_bytes()[..], &more, &[0; BLOCK], data].concat();
    let pax = entry(EntryType::XHeader, "pax", b"22 GNU.sparse.name=it\n18 path=made/up/0\n");
    let tar = [old, pax, file("made/up/0", b"map and data"), file("last", b""), end()].concat();
    assert_eq!(whole(&tar), [member("sparse", b"holes"), member("it", b"map and data"), member("last", b"")]);
}

#[test]
fn archives_that_follow_one_another_are_all_read() {
    let tar = [file("a", b"1"), end(), file("b", b"2"), end(), b"garbage".repeat(100)].concat();
    assert_eq!(whole(&tar), [member("a", b"1"), member("b", b"2")]);
}

#[test]
fn without_the_mark_of_the_end_something_may_be_missing() {
    let (found, problems) = members(&file("a", b"1"));
    assert_eq!((found, problems), (vec![member("a", b"1")], vec![ProblemKind::Corrupt]));
    assert_eq!(whole(&[file("a", b"1"), vec![0; BLOCK]].concat()), [member("a", b"1")]);
}

#[test]
fn sizes_that_cannot_be_are_told() {
    let tar = |size: &[u8; 12]| {
        let mut hostile = header(EntryType::Regular, "hostile", 0);
        hostile.as_old_mut().size = *size;
        hostile.set_cksum();
        [hostile.as_bytes().to_vec(), file("next", b"data"), end()].concat()
    };
    for size in [
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"-0000000001\0",
        b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        assert_eq!(members(&tar(size)), (vec![member("next", b"data")], vec![ProblemKind::Corrupt]));
    }
    for size in [b"777777777777", b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff"] {
        let tar = tar(size);
        let (found, problems) = members(&tar);
        assert_eq!(
            (&*found, &*problems),
            (&[(Some(b"hostile".to_vec()), tar[BLOCK..].to_vec())][..], &[ProblemKind::Corrupt][..])
        );
    }
}

#[test]
fn records_that_are_too_large_are_told_and_skipped() {
    let large = entry(EntryType::XHeader, "pax", &vec![b'x'; (1 << 20) + 1]);
    let (found, problems) = members(&[large, file("a", b"1"), end()].concat());
    assert_eq!((found, problems), (vec![member("a", b"1")], vec![ProblemKind::TooLarge]));
    let absurd = header(EntryType::GNULongName, "long", 1 << 40).as_bytes().to_vec();
    assert_eq!(members(&[absurd, end()].concat()), (vec![], vec![ProblemKind::Corrupt]));
}

#[test]
fn a_flipped_bit_hides_no_other_member() {
    let tar = [file("a", b"one"), file("b", b"two"), file("c", b"three"), end()].concat();
    for at_byte in 0..tar.len() {
        for bit in 0..8 {
            let mut damaged = tar.clone();
            damaged[at_byte] ^= 1 << bit;
            let (found, problems) = members(&damaged);
            let is_header = at_byte < 6 * BLOCK && (at_byte / BLOCK).is_multiple_of(2);
            let hit = usize::from(is_header).min(3 - found.len().min(3));
            assert!(found.len() + hit >= 3, "{at_byte} {bit} {found:?}");
            assert!(found.len() >= 3 || problems == [ProblemKind::Corrupt], "{at_byte} {bit} {problems:?}");
        }
    }
}

#[test]
fn what_is_cut_short_is_told_wherever_it_is_cut() {
    let pax = entry(EntryType::XHeader, "pax", b"12 path=p/q\n");
    let tar = [file("a", b"one"), pax, file("b", &[b'x'; 600]), end()].concat();
    let content = tar.len() - 2 * BLOCK;
    for len in 1..tar.len() {
        let (_, problems) = members(&tar[..len]);
        let is_lost = len < content + BLOCK;
        assert_eq!(problems.len(), usize::from(is_lost), "{len} of {content}");
    }
}

#[test]
fn many_damaged_members_are_one_problem() {
    let damaged = entry(EntryType::XHeader, "pax", b"no record");
    let tar = [[damaged, file("a", b"1")].concat().repeat(12), end()].concat();
    let probe = at(Packed::Tar, &tar);
    assert_eq!((probe.members.len(), probe.problems.len()), (12, 1));
    assert!(probe.problems[0].1.starts_with("12 times"));
}

#[test]
fn members_are_bounded() {
    let tar = [file("a", b"1").repeat(5), end()].concat();
    let bounds = Bounds { members: 3, ..Bounds::default() };
    let mut probe = Probe::default();
    open(Packed::Tar, Input::Stream(&mut Cursor::new(&tar)), &Budget::new(bounds), &mut probe);
    assert_eq!((probe.members.len(), probe.kinds()), (3, vec![ProblemKind::TooMany]));
    assert_eq!(probe.own.len() + 3, tar.len());
}

#[test]
fn what_the_visitor_leaves_unread_is_skipped() {
    let tar = [file("a", &vec![b'x'; 100_000]), file("b", &vec![b'y'; 200_000]), end()].concat();
    for is_stream in [true, false] {
        let mut probe = Probe { is_lazy: true, ..Probe::default() };
        let mut reader = &*tar;
        let input = if is_stream { Input::Stream(&mut reader) } else { Input::At(&&*tar) };
        open(Packed::Tar, input, &budget(tar.len()), &mut probe);
        assert_eq!(probe.members, [member("a", b""), member("b", b"")]);
        assert_eq!(probe.problems, []);
        assert_eq!(probe.own.len(), if is_stream { tar.len() - 300_000 } else { 0 });
    }
}

#[test]
fn garbage_is_told() {
    let mut random = fastrand::Rng::with_seed(5);
    for _ in 0..300 {
        let len = random.usize(1..5000);
        let garbage: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(len).collect();
        let (found, problems) = members(&[file("a", b"1"), garbage].concat());
        assert_eq!((found.len(), problems.len()), (1, 1));
    }
}
