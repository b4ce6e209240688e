//! A panic is the fate of the input that brought it out.

use std::io::{self, Read};

use super::*;
use crate::blob::Root;
use crate::key::generate;
use crate::source::Tree;
use crate::source::tree::{Given, IgnoreRules};

fn keep() -> Keep {
    Keep {
        line_hashes: false,
        skips: false,
        authors: false,
        containers: Containers::Open,
        bounds: Bounds::default(),
        keys: super::Keys::Drop,
    }
}

/// A decoder with a fault, which it comes to behind some bytes. What it says must be nobody's to read.
struct Faulty<'b>(&'b [u8]);

impl Read for Faulty<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        assert!(!self.0.is_empty(), "a secret");
        self.0.read(buffer)
    }
}

fn lend<'c>(worker: &mut Worker<'_>, root: &'c Root, content: Content<'c>) {
    let origin = FileOrigin { root, local: &root.given, kind: Kind::Content };
    worker.blob(Blob { origin: origin.into(), content });
}

#[test]
fn a_blob_that_brings_out_a_panic_is_a_problem_and_the_next_one_is_searched() {
    let (detector, progress, key) = (Detector::new(), Progress::default(), generate::Keys::new(91).live());
    let mut worker = Worker::new(&detector, keep(), &progress);
    let [faulty, whole] = ["faulty", "whole"].map(|name| Root { given: name.into(), prefix: name.into() });
    lend(&mut worker, &faulty, Content::Stream(&mut Faulty(b"some bytes")));
    lend(&mut worker, &whole, Content::Whole(key.as_bytes()));
    assert_eq!(worker.found.len(), 1);
    let [problem] = &worker.coverage.problems[..] else { panic!("{:?}", worker.coverage.problems) };
    assert_eq!((problem.kind, &problem.path[..]), (ProblemKind::Internal, &b"faulty"[..]));
    assert!(!problem.message.contains("secret") && problem.message.contains("please report"), "{}", problem.message);
}

#[test]
fn what_was_found_is_reported_when_what_git_knows_brings_out_a_panic() {
    let folder = tempfile::tempdir().expect("a folder");
    let (detector, progress, key) = (Detector::new(), Progress::default(), generate::Keys::new(92).live());
    std::fs::write(folder.path().join("file"), key).expect("written");
    let given = vec![Given { path: folder.path().into(), links: crate::read::Links::Follow }];
    let ignore = IgnoreRules::None;
    let source = Source::Tree(Tree { given, ignore, exclude: Vec::new(), elsewhere: Vec::new() });
    let (mut coverage, mut keys) = (Coverage::default(), Keyring::default());
    let worker = || Worker::new(&detector, keep(), &progress);
    let findings = of_source(&source, &worker, |_| panic!("a secret"), &mut coverage, &mut keys);
    assert_eq!((findings.len(), coverage.files), (1, 1));
    let [problem] = &coverage.problems[..] else { panic!("{:?}", coverage.problems) };
    assert_eq!((problem.kind, &problem.path), (ProblemKind::Internal, &source.given()));
}
