//! Quoted-printable (RFC 2045 section 6.7): `=5F`, and soft line breaks, which are `=` at the end of a line.

use crate::detect::encoding::escape::{Escape, Escapes, character, hex_byte};
use crate::detect::encoding::{Before, Encoding, Form};
use crate::detect::text::Cursor;

pub const QUOTED_PRINTABLE: Encoding = Encoding {
    name: "quoted-printable",
    forms: |text| {
        let upper = text.iter().flat_map(|byte| format!("={byte:02X}").into_bytes()).collect();
        Form::all([upper, text.iter().flat_map(|byte| format!("={byte:02x}").into_bytes()).collect()])
    },
    seek: |_, place, _| Some((Cursor::at(place.at), 0)),
    next: |text, cursor| ESCAPES.next(text, cursor),
    before: Before::Plain,
    introducers: &[ESCAPES.introducer],
};

const ESCAPES: Escapes = Escapes {
    introducer: b'=',
    goes_on: |byte| byte.is_ascii_hexdigit() || matches!(byte, b'\r' | b'\n'),
    most: 3 * BREAKS + 3,
    read,
};

/// The most soft line breaks in a row.
const BREAKS: usize = 4;

/// Soft line breaks and what follows them; or `=` and two digits.
fn read(bytes: &[u8]) -> Option<Escape> {
    let mut rest = bytes;
    while let Some(next) = rest.strip_prefix(b"=\n").or_else(|| rest.strip_prefix(b"=\r\n")) {
        rest = next;
    }
    let skip = bytes.len() - rest.len();
    let escaped = rest.strip_prefix(b"=").and_then(hex_byte).map(|byte| (character(byte.into()), 3));
    let (byte, len) = escaped.or_else(|| rest.first().filter(|_| skip > 0).map(|&byte| (byte, 1)))?;
    Some(Escape { byte, skip, len: skip + len })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::testing::keys_in;
    use crate::key::generate::Keys;

    #[test]
    fn at_most_four_soft_line_breaks_in_a_row() {
        let key = Keys::new(26).live();
        let (first, rest) = key.split_at(9);
        for count in 0..=2 * BREAKS {
            let text = format!("{first}{}=5F{}", "=\r\n".repeat(count), &rest[1..]);
            assert_eq!(keys_in(text.as_bytes()).len(), usize::from(count <= BREAKS), "{count} breaks");
        }
    }
}
