//! Smaller inputs with the same fault, shown without a secret.

use std::fmt::Write;

use crate::oracle::{self, Detectors, Fault};
use crate::reference;

/// The smallest input that leaving out parts of this one leads to, and that has the same fault.
pub fn smallest(detectors: &Detectors, input: Vec<u8>, fault: Fault) -> (Vec<u8>, Fault) {
    let (mut input, mut fault) = (input, fault);
    let mut size = input.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < input.len() {
            let mut less = input.clone();
            less.drain(at..input.len().min(at + size));
            match oracle::check(detectors, &less) {
                Err(other) if other.what == fault.what && other.chain == fault.chain => (input, fault) = (less, other),
                _ => at += size,
            }
        }
        size /= 2;
    }
    (input, fault)
}

/// Less than half of a secret.
const SHOWN: usize = 20;

/// The input as it may be shown: the public half of what is read as a key, and of everything else that could be a secret's,
/// however it is written, less than half of one.
pub fn masked(input: &[u8]) -> String {
    let (mut is_public, mut is_secret) = (vec![false; input.len()], vec![false; input.len()]);
    for reading in reference::readings(input) {
        is_public[reading.span].fill(true);
        reading.secret.iter().for_each(|span| is_secret[span.0..span.1].fill(true));
    }
    let mut left = SHOWN;
    for (at, byte) in input.iter().enumerate() {
        let may_be_secret = byte.is_ascii_alphanumeric() || b"-_+/".contains(byte);
        if may_be_secret && !is_public[at] {
            is_secret[at] = left == 0;
            left = left.saturating_sub(1);
        }
    }
    let mut shown = String::new();
    for (at, byte) in input.iter().enumerate() {
        match is_secret[at] {
            true if at > 0 && is_secret[at - 1] => {}
            true => {
                let len = is_secret[at..].iter().take_while(|secret| **secret).count();
                write!(shown, "<{len} masked>").expect("memory takes it");
            }
            false => write!(shown, "{}", byte.escape_ascii()).expect("memory takes it"),
        }
    }
    shown
}
