//! The bytes as they are, in any ASCII-compatible encoding.

use crate::detect::encoding::Encoding;
use crate::detect::window::Window;
use crate::key::Rule;

pub const PLAIN: Encoding = Encoding {
    names: &[],
    needles: || Rule::ALL.iter().map(|rule| rule.prefix().into()).collect(),
    decode: |haystack, at, reach| Some(Window::plain(haystack, at, reach)),
};

#[cfg(test)]
mod tests {
    use crate::detect::testing::{keys_in, one_key};
    use crate::key::generate::Keys;

    #[test]
    fn found_anywhere_with_its_exact_span() {
        let key = Keys::new(11).live();
        for before in 0..300 {
            let text = format!("{}{key}{}", " ".repeat(before), ";".repeat(before % 7));
            let found = one_key(text.as_bytes());
            assert_eq!(found.range, before..before + key.len());
            assert_eq!(found.encodings, &[] as &[&str]);
        }
    }

    #[test]
    fn neighbours_are_both_found() {
        let mut keys = Keys::new(12);
        let text = format!("{}\n{} {}", keys.live(), keys.test(), keys.live());
        assert_eq!(keys_in(text.as_bytes()).len(), 3);
    }
}
