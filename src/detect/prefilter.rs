//! Temporary.
use std::ops::Range;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    pub needle: usize,
    pub start: usize,
}

#[derive(Debug)]
pub struct Prefilter {
    automaton: AhoCorasick,
    needles: Vec<Vec<u8>>,
}

pub struct Hits<'a> {
    prefilter: &'a Prefilter,
    haystack: &'a [u8],
    at: usize,
    end: usize,
    needle: usize,
}

impl Prefilter {
    pub fn new(needles: &[Vec<u8>]) -> Prefilter {
        Prefilter::library(needles)
    }
    pub fn library(needles: &[Vec<u8>]) -> Prefilter {
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).kind(Some(AhoCorasickKind::DFA)).build(needles).unwrap();
        Prefilter { automaton, needles: needles.to_vec() }
    }
    pub fn hits<'a>(&'a self, haystack: &'a [u8], range: Range<usize>) -> Hits<'a> {
        Hits { prefilter: self, haystack, at: range.start, end: range.end.min(haystack.len()), needle: usize::MAX }
    }
}

impl Iterator for Hits<'_> {
    type Item = Hit;
    fn next(&mut self) -> Option<Hit> {
        loop {
            if self.needle == usize::MAX {
                if self.at >= self.end {
                    return None;
                }
                let hit = self.prefilter.automaton.find(aho_corasick::Input::new(self.haystack).range(self.at..))?;
                if hit.start() >= self.end {
                    return None;
                }
                self.at = hit.start();
                self.needle = 0;
            }
            while self.needle < self.prefilter.needles.len() {
                let needle = self.needle;
                self.needle += 1;
                if self.haystack[self.at..].starts_with(&self.prefilter.needles[needle]) {
                    return Some(Hit { needle, start: self.at });
                }
            }
            self.needle = usize::MAX;
            self.at += 1;
        }
    }
}
