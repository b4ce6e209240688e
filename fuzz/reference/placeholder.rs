//! Secrets that nobody issued.

use std::collections::BTreeSet;

use super::encoding::digit;

/// Whether the 43 characters of a secret are made up.
pub fn is_placeholder(secret: &[u8]) -> bool {
    let few = secret.iter().collect::<BTreeSet<_>>().len() <= 16;
    let one_case = !secret.iter().any(u8::is_ascii_uppercase) || !secret.iter().any(u8::is_ascii_lowercase);
    few || one_case || has_a_run(secret) || is_a_sentence(secret)
}

/// Seven characters whose codes go up by one, or down, or are all the same.
fn has_a_run(secret: &[u8]) -> bool {
    let is_run = |part: &[u8]| {
        [-1, 0, 1].iter().any(|step| part.windows(2).all(|pair| i16::from(pair[1]) - i16::from(pair[0]) == *step))
    };
    secret.windows(7).any(is_run)
}

/// The 32 bytes that the secret stands for are printable ASCII.
fn is_a_sentence(secret: &[u8]) -> bool {
    let bits = secret.iter().flat_map(|byte| (0..6).rev().map(move |bit| digit(*byte).unwrap_or(0) >> bit & 1));
    let bits: Vec<u8> = bits.collect();
    let bytes = bits.chunks_exact(8).map(|bits| bits.iter().fold(0_u8, |byte, bit| byte << 1 | bit));
    { bytes }.all(|byte| byte == b' ' || byte.is_ascii_graphic())
}
