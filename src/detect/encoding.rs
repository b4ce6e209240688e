//! The encodings a key is found in: one file each, with its forms, its decoder and its tests.
//!
//! An encoding says how a piece of text looks in it ([`Encoding::forms`]) and decodes what follows such a form, one
//! character at a time ([`Encoding::next`]). What the prefilter looks for is derived from that: [`ROWS`] names the
//! encodings and chains of encodings, and the pieces of a key's beginning whose forms are its needles. Everything after
//! decoding (shape, placeholders, confidence) is the same for all of them. To add one, write its file, and add its row.

mod backslash;
pub mod base64;
mod char_codes;
mod escape;
mod hex;
mod html_entity;
mod percent;
pub mod pieces;
mod quoted_printable;
mod reversed;
mod rot13;
mod unicode_escape;
pub mod utf16;

use crate::detect::text::{Cursor, Text, Unit};

use base64::BASE64;

/// One encoding.
#[derive(Debug)]
pub struct Encoding {
    /// The name in reports.
    pub name: &'static str,
    /// How a piece of text looks, at every alignment, without the characters that depend on adjacent bytes.
    pub forms: fn(&[u8]) -> Vec<Form>,
    /// A cursor at the character that stands `back` characters before the first of a form, or at the first there is when
    /// there are fewer; and how many there are. `None` when the bytes are not in this encoding.
    pub seek: fn(&mut Text<'_>, Place, usize) -> Option<(Cursor, usize)>,
    /// The next character; `None` where the encoded text ends.
    pub next: fn(&mut Text<'_>, &mut Cursor) -> Option<Unit>,
    /// What the characters before a key are.
    pub before: Before,
    /// For an encoding that leaves most text as it is: the bytes that an escape begins with. None where all text looks
    /// different.
    pub introducers: &'static [u8],
}

/// What stands before a key in some encoding.
#[derive(Clone, Copy, Debug)]
pub enum Before {
    /// More of the same: moves a cursor back by so many characters, or as many as there are, and tells how many.
    Encoded(fn(&mut Text<'_>, &mut Cursor, usize) -> usize),
    /// Text as it is, in which some characters may be escapes.
    Plain,
}

/// A piece of text as it looks in an encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The encoding's own number for the form, which its decoder gets back.
    pub kind: usize,
}

impl Form {
    /// Forms that are all decoded alike.
    fn all(forms: impl IntoIterator<Item = Vec<u8>>) -> Vec<Form> {
        forms.into_iter().map(|bytes| Form { bytes, kind: 0 }).collect()
    }
}

/// Where a form was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Offset of the byte of the text that was met.
    pub at: usize,
    /// [`Form::kind`].
    pub kind: usize,
    /// Which byte of the form it is: 0 unless the needle is a part of a form.
    pub skip: usize,
}

/// A piece of the beginning of a key, and where in the key it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Offset from the key's first byte.
    pub offset: usize,
    /// The text.
    pub text: &'static [u8],
}

const fn piece(offset: usize, text: &'static str) -> Piece {
    Piece { offset, text: text.as_bytes() }
}

/// How forms become needles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// A form is a needle.
    Whole,
    /// Its first half is one and its second: a line break can't be in both.
    Halves,
}

/// A chain of encodings, the outermost first, and what of it the prefilter looks for.
#[derive(Debug)]
pub struct Row {
    /// The encodings, two at most; none for a key as it is.
    pub chain: &'static [&'static Encoding],
    /// The pieces whose forms are needles.
    pub pieces: &'static [Piece],
    /// How forms become needles.
    pub cut: Cut,
}

/// The letters that a key begins with, and that all of [`WITHIN`] leave alone.
pub const HOPX: &[u8] = b"hopx";
const WHOLE_HOPX: Piece = Piece { offset: 0, text: HOPX };
const WITH_SECOND_HALF: &[Piece] = &[WHOLE_HOPX, piece(5, "live"), piece(5, "test")];

/// Every chain, the simplest first: where several explain the same bytes, that one wins.
pub static ROWS: &[Row] = &[
    Row { chain: &[], pieces: &[WHOLE_HOPX], cut: Cut::Whole },
    Row { chain: &[&utf16::LITTLE_ENDIAN], pieces: &[WHOLE_HOPX], cut: Cut::Whole },
    Row { chain: &[&utf16::BIG_ENDIAN], pieces: &[WHOLE_HOPX], cut: Cut::Whole },
    // The second and third piece find a beginning that a line break cuts.
    Row { chain: &[&BASE64], pieces: WITH_SECOND_HALF, cut: Cut::Whole },
    Row { chain: &[&BASE64, &utf16::LITTLE_ENDIAN], pieces: &[piece(0, "hopx_")], cut: Cut::Halves },
    Row { chain: &[&BASE64, &utf16::BIG_ENDIAN], pieces: &[piece(0, "hopx_")], cut: Cut::Halves },
    Row { chain: &[&BASE64, &BASE64], pieces: &[piece(0, "hopx_")], cut: Cut::Halves },
    Row { chain: &[&hex::BARE], pieces: &[piece(0, "ho"), piece(2, "px")], cut: Cut::Whole },
    Row { chain: &[&hex::SEPARATED], pieces: &[piece(0, "ho"), piece(2, "px")], cut: Cut::Whole },
    Row { chain: &[&hex::BARE, &utf16::LITTLE_ENDIAN], pieces: &[piece(0, "ho"), piece(2, "px")], cut: Cut::Whole },
    Row {
        chain: &[&hex::SEPARATED, &utf16::LITTLE_ENDIAN],
        pieces: &[piece(0, "ho"), piece(2, "px")],
        cut: Cut::Whole,
    },
    Row { chain: &[&hex::ESCAPED], pieces: &[piece(0, "h")], cut: Cut::Whole },
    Row { chain: &[&hex::LITERALS], pieces: &[piece(0, "h")], cut: Cut::Whole },
    Row { chain: &[&percent::PERCENT], pieces: &[piece(0, "ho")], cut: Cut::Whole },
    Row { chain: &[&unicode_escape::UNICODE_ESCAPE], pieces: &[piece(0, "h")], cut: Cut::Whole },
    Row { chain: &[&html_entity::HTML_ENTITY], pieces: &[piece(0, "h")], cut: Cut::Whole },
    Row { chain: &[&quoted_printable::QUOTED_PRINTABLE], pieces: &[piece(0, "ho")], cut: Cut::Whole },
    Row { chain: &[&char_codes::CHAR_CODES], pieces: &[piece(0, "h")], cut: Cut::Whole },
    Row { chain: &[&reversed::REVERSED], pieces: &[WHOLE_HOPX], cut: Cut::Whole },
    Row { chain: &[&rot13::ROT13], pieces: &[WHOLE_HOPX], cut: Cut::Whole },
    Row { chain: &[&base64::IN_MARGIN], pieces: WITH_SECOND_HALF, cut: Cut::Whole },
];

/// What is behind `hopx` where a line break, a soft one or another break cuts those letters.
pub static BEHIND_A_CUT: &[&[u8]] = &[b"x_live_", b"x_test_", b"x=5F"];

/// The encodings that leave [`HOPX`] as it is, and so are met wherever those are, in the bytes
/// themselves or in what a chain decodes to. Tried in this order, and [`pieces`] after them.
pub static WITHIN: &[&Encoding] = &[
    &percent::PERCENT,
    &unicode_escape::UNICODE_ESCAPE,
    &html_entity::HTML_ENTITY,
    &backslash::BACKSLASH,
    &quoted_printable::QUOTED_PRINTABLE,
    &hex::ESCAPED,
];

/// A format of compressed data that is looked for in base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packed {
    /// gzip (RFC 1952).
    Gzip,
    /// zlib (RFC 1950).
    Zlib,
}

impl Packed {
    /// The name among those of encodings.
    pub fn name(self) -> &'static str {
        match self {
            Packed::Gzip => "gzip",
            Packed::Zlib => "zlib",
        }
    }

    /// What a stream begins with once it has been encoded in base64 `layers` times. An encoded text begins where its
    /// encoded form does.
    fn needles(self, layers: usize) -> Vec<Vec<u8>> {
        let digits = |bytes: &[u8]| (0..layers).fold(bytes.to_vec(), |bytes, _| base64::beginning(&bytes));
        match self {
            // The magic number and the method deflate (RFC 1952 section 2.3.1).
            Packed::Gzip => vec![digits(b"\x1f\x8b\x08")],
            // Deflate with a window of 32 KiB, and the four levels, as their check makes them (RFC 1950 section 2.2); then
            // the two bits that the third digit has of the first block: whether it is the last, and half of its type.
            Packed::Zlib => {
                let levels = [0x01, 0x5e, 0x9c, 0xda].into_iter();
                let headers = levels.flat_map(|level| (0..4).map(move |bits| [0x78, level, bits << 6]));
                headers.map(|header| digits(&header)[..3].to_vec()).collect()
            }
        }
    }
}

/// The formats, and how often they are encoded in base64 when they are found.
pub static PACKED: &[(Packed, usize)] = &[(Packed::Gzip, 1), (Packed::Gzip, 2), (Packed::Zlib, 1)];

/// The needles of packed data, with the format and the layers of base64.
pub fn packed_needles() -> impl Iterator<Item = (Vec<u8>, Packed, usize)> {
    PACKED.iter().flat_map(|&(packed, layers)| packed.needles(layers).into_iter().map(move |n| (n, packed, layers)))
}

/// The name of an encoding in reports, if there is one of this name.
pub fn name(text: &str) -> Option<&'static str> {
    let chains = ROWS.iter().flat_map(|row| row.chain);
    let names = chains.chain(WITHIN).map(|encoding| encoding.name);
    let packed = PACKED.iter().map(|(packed, _)| packed.name());
    names.chain(pieces::NAMES).chain(packed).find(|name| *name == text)
}
