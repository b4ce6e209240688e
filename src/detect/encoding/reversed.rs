//! Text written backwards.

use crate::detect::encoding::{Encoding, Form, Place};
use crate::detect::window::{Reach, Window};

pub const REVERSED: Encoding = Encoding {
    name: "reversed",
    forms: |text| Form::only(text.iter().rev().copied().collect()),
    decode: |haystack, Place { at, .. }, Reach { before, after, .. }| {
        /// The length of the only needle, whose last byte is the key's first.
        const NEEDLE: usize = 4;
        let key = at + NEEDLE;
        let (start, end) = (key.saturating_sub(after), haystack.len().min(key + before));
        let text = haystack[start..end].iter().rev().copied().collect();
        Some(Window::decoded(text, end - key, (start..end).rev().map(|i| i..i + 1).collect()))
    },
    introducers: b"",
};
