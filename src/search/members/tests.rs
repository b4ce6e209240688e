//! Keys in containers that are nested, packed as they are, or behind something else: found once, where they belong.

use std::collections::BTreeSet;
use std::io::Write;
use std::time::Instant;

use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::Opened;
use crate::blob::{Content, Kind};
use crate::container::Bounds;
use crate::container::{Budget, Member, Members};
use crate::detect::Detector;
use crate::error::ProblemKind;
use crate::key::generate::Keys;
use crate::search::{Containers, Outcome, Run, Search};

const MIB: usize = 1 << 20;

fn search(content: &mut Content<'_>) -> Outcome {
    let detector = Detector::new();
    let mut search = Search::new(&detector, Containers::Open, Bounds::default());
    let (outcome, read) = search.run(Kind::Content, b"file", content, &mut |_| {});
    assert!(read.is_ok());
    outcome
}

/// Searches bytes as a file and as a pipe. The members that lead to each key, and the kinds of problems.
fn both(bytes: &[u8]) -> [(Vec<String>, Vec<ProblemKind>); 2] {
    [search(&mut Content::Whole(bytes)), search(&mut Content::Stream(&mut &bytes[..]))].map(|outcome| {
        let names = |key: &super::super::Located| String::from_utf8_lossy(&key.members.join(&b'!')).into_owned();
        (outcome.keys.iter().map(names).collect(), outcome.problems.iter().map(|(kind, _)| *kind).collect())
    })
}

#[track_caller]
fn found(bytes: &[u8], members: &[&str]) {
    for (names, problems) in both(bytes) {
        assert_eq!((&*names, &*problems), (&members.iter().map(ToString::to_string).collect::<Vec<_>>()[..], &[][..]));
    }
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = ::tar::Builder::new(Vec::new());
    for (name, data) in members {
        let mut header = ::tar::Header::new_ustar();
        header.set_size(data.len() as u64);
        builder.append_data(&mut header, name, *data).expect("memory takes it");
    }
    builder.into_inner().expect("memory takes it")
}

/// A ZIP archive of one member, with a directory; `packed` is its data and `data` what comes out.
fn zip(method: u8, packed: &[u8], data: &[u8]) -> Vec<u8> {
    let len = |bytes: &[u8]| u32::try_from(bytes.len()).expect("short").to_le_bytes();
    let crc = crc32fast::hash(data).to_le_bytes();
    let shared = [&[20, 0, 0, 0, method, 0, 0, 0, 0, 0][..], &crc, &len(packed), &len(data), &[1, 0, 0, 0]].concat();
    let local = [b"PK\x03\x04", &shared[..], b"m", packed].concat();
    let central = [b"PK\x01\x02\x14\0", &shared[..], &[0; 14], b"m"].concat();
    [&local, &central, &b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], &len(&central), &len(&local), &[0, 0]].concat()
}

fn gzip(level: u32, data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(level));
    encoder.write_all(data).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn noise(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    fastrand::Rng::with_seed(3).fill(&mut bytes);
    bytes
}

#[test]
fn what_is_packed_as_it_is_is_told_as_the_members_alone() {
    let key = Keys::new(760).live().into_bytes();
    let gz = gzip(0, &key);
    found(&gz, &["content"]);
    found(&compress_to_vec(&key[..], CompressionLevel::Uncompressed), &["content"]);
    // The data of a gzip member without its header of 10 bytes and its trailer of 8.
    let archive = zip(8, &gz[10..gz.len() - 8], &key);
    found(&archive, &["m"]);
    found(&tar(&[("big", &noise(MIB)), ("zip", &archive)]), &["zip!m"]);
    let long = [&noise(MIB / 2), &key[..]].concat();
    let gz = gzip(0, &long);
    found(&tar(&[("zip", &zip(8, &gz[10..gz.len() - 8], &long))]), &["zip!m"]);
}

/// In a pipe's headers they are among the bytes that are the archive's own.
#[test]
fn keys_in_names_are_told_once() {
    let mut keys = Keys::new(766);
    let (name, own) = (keys.live(), keys.live());
    let mut archive = tar(&[(&name, b"text"), ("big", &noise(MIB))]);
    archive.truncate(archive.len() - 512);
    archive.extend(own.as_bytes());
    archive.resize(archive.len().next_multiple_of(512), 0);
    for (mut names, problems) in both(&archive) {
        names.sort();
        assert!(names == ["", &format!("{}.****", &name[..22])], "{} places", names.len());
        assert!(problems.len() <= 1);
    }
}

/// Every key has the name of its member: it is shortened, and holds no secret where it is cut.
#[test]
fn a_long_name_is_shortened_once_keys_are_masked() {
    let mut keys = Keys::new(767);
    let (inner, named) = (keys.live(), keys.live());
    for before in 900..1024 {
        let name = format!("{}/{named}{}", "x".repeat(before), "y".repeat(5000));
        let archive = tar(&[(&name, inner.as_bytes())]);
        for (names, _) in both(&archive) {
            assert!(names.iter().all(|name| name.len() < 1100 && !name.contains(&named[23..30])), "{before}");
        }
    }
}

#[test]
fn what_follows_a_name_and_what_is_packed_stays_the_containers() {
    let mut keys = Keys::new(761);
    let (inner, behind) = (keys.live().into_bytes(), keys.live().into_bytes());
    found(&[&gzip(0, &inner), &b"\0\0\0"[..], &behind].concat(), &["", "content"]);
}

#[test]
fn programs_in_programs_are_opened() {
    let key = Keys::new(762).live().into_bytes();
    let mut archive = zip(0, &key, &key);
    for stub in [&b"MZ"[..], b"#!/bin/sh\n", b"\x7fELF"] {
        let program = [stub, &noise(MIB / 2), &archive].concat();
        archive = zip(0, &program, &program);
    }
    found(&archive, &["m!m!m!m"]);
}

#[test]
fn an_archive_behind_what_is_not_held_is_told() {
    let key = Keys::new(763).live().into_bytes();
    let file = [&noise(MIB / 2), &zip(0, &key, &key)[..]].concat();
    let [file, pipe] = both(&file);
    assert_eq!(file, (vec!["m".to_owned()], vec![]));
    assert_eq!(pipe.1, [ProblemKind::Unsupported]);
}

#[test]
fn the_payload_of_a_long_script_is_opened_as_it_passes() {
    let key = Keys::new(764).live().into_bytes();
    let data = [&noise(66 * MIB), &key[..]].concat();
    let script = [&b"#!/bin/sh\nexit\n"[..], &gzip(0, &tar(&[("m", &data)]))].concat();
    let outcome = search(&mut Content::Stream(&mut &script[..]));
    assert_eq!((outcome.keys.len(), outcome.problems.len()), (1, 0));
    assert_eq!(outcome.keys[0].members, [&b"content"[..], b"m"]);
}

/// Keys between members, each compared with every member, would take hours.
#[test]
fn many_keys_and_many_members_take_no_time() {
    let key = Keys::new(765).live();
    let mut header = ::tar::Header::new_ustar();
    header.set_size(0);
    header.set_path("m").expect("short");
    header.set_entry_type(::tar::EntryType::Symlink);
    header.set_link_name(&key).expect("short");
    header.set_cksum();
    let mut archive = header.as_bytes().repeat(30_000);
    archive.extend(tar(&[("it", key.as_bytes())]));
    let start = Instant::now();
    let outcome = search(&mut Content::Whole(&archive));
    assert_eq!(outcome.keys.len(), 30_001);
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

/// The content of an entry whose decoder has a fault.
struct Faulty;

impl std::io::Read for Faulty {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        panic!("a secret");
    }
}

#[test]
fn an_entry_that_brings_out_a_panic_is_a_problem_and_the_next_one_is_searched() {
    let (detector, key) = (Detector::new(), Keys::new(93).live());
    let mut search = Search::new(&detector, Containers::Open, Bounds::default());
    let budget = Budget::new(Bounds::default());
    let mut run = Run {
        search: &mut search,
        name: b"archive",
        containers: Containers::Open,
        budget: &budget,
        outcome: Outcome::default(),
        progress: &mut |_| {},
    };
    let mut opened = Opened { run: &mut run, members: Vec::new(), spans: None, own: None, names: BTreeSet::new() };
    opened.member(&Member { name: Some(b"faulty"), spans: &[] }, &mut Faulty);
    opened.member(&Member { name: Some(b"whole"), spans: &[] }, &mut key.as_bytes());
    opened.finish();
    assert_eq!(run.outcome.keys.iter().map(|key| &key.members[..]).collect::<Vec<_>>(), [[b"whole".to_vec()]]);
    let problems: Vec<_> = run.outcome.problems.into_iter().collect();
    let [(ProblemKind::Internal, message)] = &problems[..] else { panic!("{problems:?}") };
    assert!(message.contains("in faulty: an internal error at "), "{message}");
}

/// One in which a container is damaged is a few bytes: a list of all would be far longer than the blob.
#[test]
fn problems_are_listed_once_and_up_to_a_bound() {
    let damaged: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\xff";
    let names: Vec<String> = (0..1200).map(|number| number.to_string()).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), damaged)).collect();
    for (members, expected) in [(vec![("a", damaged); 1200], 1), (many, super::super::MAX_PROBLEMS + 1)] {
        let outcome = search(&mut Content::Whole(&tar(&members)));
        assert_eq!((outcome.members, outcome.problems.len()), (2400, expected));
        let is_told = outcome.problems.iter().any(|(kind, _)| *kind == ProblemKind::TooMany);
        assert_eq!(is_told, expected > 1);
    }
}
