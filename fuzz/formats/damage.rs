//! Damage that any format can take.

use fastrand::Rng;

use crate::seed::MOST;

/// Numbers at which readers go wrong.
const NUMBERS: [u64; 14] = [
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    i64::MAX as u64,
    u64::MAX,
];

/// One change of `bytes`, to which `other` bytes and `words` of the format may be added.
pub fn damage(bytes: &mut Vec<u8>, other: &[u8], words: &[&str], rng: &mut Rng) {
    let len = bytes.len();
    let at = rng.usize(..=len);
    let upto = len.min(at + stretch(rng));
    match rng.u8(..16) {
        0 | 1 if at < len => bytes[at] ^= 1 << rng.u8(..8),
        2 if at < len => bytes[at] = rng.u8(..),
        3 => drop(bytes.drain(at..upto)),
        4 => drop(bytes.splice(at..at, std::iter::repeat_with(|| rng.u8(..)).take(1 + at % 8).collect::<Vec<_>>())),
        5 => repeat(bytes, at..upto, rng),
        6 | 7 => put_number(bytes, at, rng),
        8 => put_digits(bytes, at, rng),
        9 => bytes.truncate(at),
        10 => {
            // A head of this one, and a tail of the other, from about the same place.
            let from = if rng.bool() { at.min(other.len()) } else { rng.usize(..=other.len()) };
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        11 => {
            let from = rng.usize(..=other.len());
            let part = &other[from..other.len().min(from + stretch(rng))];
            bytes.splice(at..at, part.iter().copied());
        }
        12 | 13 if !words.is_empty() => {
            let word = rng.choice(words).expect("some").as_bytes();
            let upto = if rng.bool() { at } else { len.min(at + word.len()) };
            bytes.splice(at..upto, word.iter().copied());
        }
        14 => {
            // The same bytes elsewhere.
            let part: Vec<u8> = bytes.drain(at..upto).collect();
            let to = rng.usize(..=bytes.len());
            bytes.splice(to..to, part);
        }
        _ => bytes[at..upto].fill(*rng.choice(&[0, 0xff, b' ', b'/']).expect("some")),
    }
    bytes.truncate(MOST);
}

/// A length: mostly a short one.
fn stretch(rng: &mut Rng) -> usize {
    let most = *rng.choice(&[4, 16, 64, 512, 8192]).expect("some");
    rng.usize(1..=most)
}

/// Repeats a part, now and then very often.
fn repeat(bytes: &mut Vec<u8>, part: std::ops::Range<usize>, rng: &mut Rng) {
    let times = *rng.choice(&[1, 1, 2, 8, 100, 10_000]).expect("some");
    let times = times.min((1 << 18) / part.len().max(1));
    let part = bytes[part.clone()].repeat(times);
    let at = rng.usize(..=bytes.len());
    bytes.splice(at..at, part);
}

/// A number of 1 to 8 bytes over what is there.
fn put_number(bytes: &mut [u8], at: usize, rng: &mut Rng) {
    let len = bytes.len() as u64;
    let near = [len, at as u64, len.wrapping_sub(at as u64)];
    let number = match rng.u8(..4) {
        0 => rng.choice(near).expect("some"),
        _ => rng.choice(NUMBERS).expect("some"),
    };
    let number = number.wrapping_add([0, 1, u64::MAX][rng.usize(..3)]);
    let width = *rng.choice(&[1, 2, 4, 4, 8]).expect("some");
    let all = number.to_be_bytes();
    let mut digits = all[8 - width..].to_vec();
    if rng.bool() {
        digits.reverse();
    }
    for (byte, digit) in bytes[at..].iter_mut().zip(digits) {
        *byte = digit;
    }
}

/// Another number in the place of the next one that is written in digits.
fn put_digits(bytes: &mut Vec<u8>, at: usize, rng: &mut Rng) {
    let Some(start) = bytes[at..].iter().position(u8::is_ascii_digit).map(|start| at + start) else { return };
    let len = bytes[start..].iter().take(64).take_while(|byte| byte.is_ascii_digit()).count();
    let number = rng.choice(NUMBERS).expect("some");
    // Fields of tar archives and ids keep their width.
    let text = match rng.u8(..4) {
        0 => format!("{number:0len$o}"),
        1 => format!("{number:0len$}"),
        2 => format!("{number}"),
        _ => format!("-{number}"),
    };
    bytes.splice(start..start + len, text.into_bytes());
}
