//! Base64 in lines that stand behind a margin: a block of YAML or of PEM in a patch, in a quoted mail, in a comment.
//!
//! `+` and `-` are digits too, so that such lines are read with them first, and without them when that is no key.

use crate::detect::encoding::base64::BASE64;
use crate::detect::encoding::{Encoding, Place};
use crate::detect::window::{MAX_WALK, Reach, Window};

pub const BASE64_IN_MARGIN: Encoding = Encoding {
    name: BASE64.name,
    forms: BASE64.forms,
    decode: |haystack, place, reach| {
        let bare = without_margin(haystack, place.at, reach)?;
        let window = (BASE64.decode)(bare.text(), Place { at: bare.hit(), ..place }, reach)?;
        Some(window.inside(&bare))
    },
    introducers: b"",
};

/// The most bytes of a line.
const LINE: usize = 256;

/// The lines around `at` that have the margin of the one it is in, without it. `None` when there is but one.
fn without_margin(haystack: &[u8], at: usize, reach: Reach) -> Option<Window<'static>> {
    let margin_of = |line: usize| haystack.get(line).filter(|byte| matches!(byte, b'+' | b'-' | b'>' | b'#')).copied();
    let met = line_of(haystack, at)?;
    let margin = margin_of(met)?;
    let has_margin = |line: &usize| margin_of(*line) == Some(margin);
    let before = std::iter::successors(Some(met), |line| line_of(haystack, line.checked_sub(1)?).filter(has_margin));
    let after = std::iter::successors(Some(met), |line| line_behind(haystack, *line).filter(has_margin));
    // A line's margin, indentation and newline are the lesser part of it.
    let far = |bytes: usize| MAX_WALK.min(LINE + 4 * bytes);
    let first = before.take_while(|line| at - line < far(reach.before)).last()?;
    let last = after.take_while(|line| line.saturating_sub(at) < far(reach.after)).last()?;
    if first == last {
        return None;
    }
    let end = line_behind(haystack, last).unwrap_or_else(|| haystack.len().min(last + LINE));
    let is_margin = |offset: &usize| has_margin(offset) && (*offset == 0 || haystack[offset - 1] == b'\n');
    let kept: Vec<usize> = (first..end).filter(|offset| !is_margin(offset)).collect();
    let hit = kept.binary_search(&at).ok()?;
    let text = kept.iter().map(|&offset| haystack[offset]).collect();
    Some(Window::decoded(text, hit, kept.into_iter().map(|offset| offset..offset + 1).collect()))
}

/// Where the line of `at` begins, if it is near.
fn line_of(haystack: &[u8], at: usize) -> Option<usize> {
    let from = at.saturating_sub(LINE);
    match memchr::memrchr(b'\n', &haystack[from..at]) {
        Some(newline) => Some(from + newline + 1),
        None => (from == 0).then_some(0),
    }
}

/// Where the next line begins behind the one that begins at `line`, if it is near.
fn line_behind(haystack: &[u8], line: usize) -> Option<usize> {
    let rest = &haystack[line..haystack.len().min(line + LINE)];
    memchr::memchr(b'\n', rest).map(|newline| line + newline + 1)
}

#[cfg(test)]
mod tests {
    use crate::detect::Confidence;
    use crate::detect::testing::{keys_in, one_key};
    use crate::key::generate::Keys;

    /// A text in base64, in lines of so many digits behind a margin.
    fn lines(text: &str, width: usize, margin: &str) -> String {
        let encoded = data_encoding::BASE64.encode(text.as_bytes());
        let lines = encoded.as_bytes().chunks(width).map(|line| String::from_utf8_lossy(line).into_owned());
        lines.flat_map(|line| [margin.to_owned(), line, "\n".to_owned()]).collect()
    }

    #[test]
    fn behind_every_margin_at_every_column() {
        let key = Keys::new(61).live();
        for margin in ["+", "-", "+    ", "-\t", "> ", ">", "# ", "#"] {
            for width in [16, 60, 64, 76] {
                for before in 0..width {
                    let text = format!("{}={key}\nREGION=eu\nand more lines\n", "k".repeat(before));
                    let patch = format!("@@ -0,0 +1,9 @@\n{margin}data: |\n{} context\n", lines(&text, width, margin));
                    let found = one_key(patch.as_bytes());
                    assert_eq!((found.encodings.as_slice(), found.confidence), (&["base64"][..], Confidence::High));
                    let first = &patch[found.range.start..];
                    assert!(
                        first.len() > 88 && !first.starts_with(['+', '-', '>', '#', ' ', '\n']),
                        "{margin:?} {before}"
                    );
                }
            }
        }
    }

    #[test]
    fn borders_hold_behind_a_margin() {
        let key = Keys::new(62).live();
        for text in [format!("KEY=s{key} and more"), format!("KEY={key}A and more"), format!("KEY={key}-A and more")] {
            for width in [16, 60, 64] {
                assert!(keys_in(lines(&text, width, "+").as_bytes()).is_empty(), "{} {width}", &text[..6]);
            }
        }
    }
}
