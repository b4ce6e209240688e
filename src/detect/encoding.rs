//! The encodings a key is found in: one file each, with its forms, its decoder and its tests.
//!
//! An encoding says how a piece of text looks in it ([`Encoding::forms`]) and decodes the bytes around such a form.
//! What the prefilter looks for is derived from that: [`ROWS`] names the encodings and chains of encodings, and the
//! pieces of a key's beginning whose forms are its needles. Everything after decoding (shape, borders, placeholders) is
//! the same for all of them. To add one, write its file, and add its row.

mod backslash;
pub mod base64;
mod char_codes;
mod hex;
mod html_entity;
mod margin;
mod percent;
mod quoted_printable;
mod reversed;
mod rot13;
mod split;
mod unicode_escape;
mod utf16;

use crate::detect::window::{Reach, Window};

use base64::BASE64;

/// One encoding.
#[derive(Debug)]
pub struct Encoding {
    /// The name in reports.
    pub name: &'static str,
    /// How a piece of text looks, wherever it stands in a longer text: what its neighbours decide is cut off.
    pub forms: fn(&[u8]) -> Vec<Form>,
    /// The text around a form. `None` when the bytes are not in this encoding, or another one explains them better.
    pub decode: for<'h> fn(&'h [u8], Place, Reach) -> Option<Window<'h>>,
    /// For an encoding that leaves most text as it is: the bytes that an escape, or whatever else it is made of, begins
    /// with. None where all text looks different.
    pub introducers: &'static [u8],
}

/// A piece of text as it looks in an encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Which form it is: the encoding's own number, which its decoder gets back.
    pub kind: usize,
}

impl Encoding {
    /// Whether all that decodes is text: whatever stands beside a text in this encoding can't be taken for more of it.
    pub fn is_certain(&self) -> bool {
        self.name != BASE64.name
    }

    /// Whether a key in it has been put together by guessing.
    pub fn is_guess(&self) -> bool {
        self.name == split::SPLIT.name
    }
}

impl Form {
    /// The only form that a piece has.
    fn only(bytes: Vec<u8>) -> Vec<Form> {
        vec![Form { bytes, kind: 0 }]
    }
}

/// Where a form was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Offset of the byte of the haystack that was met.
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

/// How a form makes needles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// It is one.
    Whole,
    /// Its first half is one and its second: a line break can't be in both.
    Halves,
}

/// A chain of encodings, the outermost first, and what of it the prefilter looks for.
#[derive(Debug)]
pub struct Row {
    /// The encodings; none for a key as it is.
    pub chain: &'static [&'static Encoding],
    /// The pieces whose forms are needles.
    pub pieces: &'static [Piece],
    /// How.
    pub cut: Cut,
}

/// The letters that a key begins with, and that all of [`WITHIN`] leave alone.
pub const HOPX: &[u8] = b"hopx";
const WHOLE_HOPX: Piece = Piece { offset: 0, text: HOPX };

/// Every chain, the simplest first: where several explain the same bytes, that one wins.
pub static ROWS: &[Row] = &[
    Row { chain: &[], pieces: &[WHOLE_HOPX], cut: Cut::Whole },
    Row { chain: &[&utf16::LITTLE_ENDIAN], pieces: &[WHOLE_HOPX], cut: Cut::Whole },
    Row { chain: &[&utf16::BIG_ENDIAN], pieces: &[WHOLE_HOPX], cut: Cut::Whole },
    // The second and third piece find a beginning that a line break cuts.
    Row { chain: &[&BASE64], pieces: &[WHOLE_HOPX, piece(5, "live"), piece(5, "test")], cut: Cut::Whole },
    Row { chain: &[&BASE64, &utf16::LITTLE_ENDIAN], pieces: &[piece(0, "hopx_")], cut: Cut::Halves },
    Row { chain: &[&BASE64, &utf16::BIG_ENDIAN], pieces: &[piece(0, "hopx_")], cut: Cut::Halves },
    Row { chain: &[&BASE64, &BASE64], pieces: &[piece(0, "hopx_")], cut: Cut::Halves },
    Row { chain: &[&hex::BARE], pieces: &[piece(0, "ho"), piece(2, "px")], cut: Cut::Whole },
    Row { chain: &[&hex::SEPARATED], pieces: &[piece(0, "ho"), piece(2, "px")], cut: Cut::Whole },
    Row { chain: &[&hex::ESCAPED], pieces: &[piece(2, "p")], cut: Cut::Whole },
    Row { chain: &[&hex::LITERALS], pieces: &[piece(2, "p")], cut: Cut::Whole },
    Row { chain: &[&percent::PERCENT], pieces: &[piece(2, "px")], cut: Cut::Whole },
    Row { chain: &[&unicode_escape::UNICODE_ESCAPE], pieces: &[piece(2, "p")], cut: Cut::Whole },
    Row { chain: &[&html_entity::HTML_ENTITY], pieces: &[piece(2, "p")], cut: Cut::Whole },
    Row { chain: &[&quoted_printable::QUOTED_PRINTABLE], pieces: &[piece(2, "px")], cut: Cut::Whole },
    Row { chain: &[&char_codes::CHAR_CODES], pieces: &[piece(0, "h")], cut: Cut::Whole },
    Row { chain: &[&reversed::REVERSED], pieces: &[WHOLE_HOPX], cut: Cut::Whole },
    Row { chain: &[&rot13::ROT13], pieces: &[WHOLE_HOPX], cut: Cut::Whole },
    Row {
        chain: &[&quoted_printable::SOFT_BREAK],
        pieces: &[piece(3, "x_live_"), piece(3, "x_test_")],
        cut: Cut::Whole,
    },
    Row {
        chain: &[&margin::BASE64_IN_MARGIN],
        pieces: &[WHOLE_HOPX, piece(5, "live"), piece(5, "test")],
        cut: Cut::Whole,
    },
    // A break in the first four letters; one behind them is found by these, whatever chain they are in.
    Row { chain: &[&split::SPLIT], pieces: &[piece(3, "x_live_"), piece(3, "x_test_")], cut: Cut::Whole },
];

/// The encodings that leave [`HOPX`] as it is, and so are met wherever those are, in the bytes
/// themselves or in what a chain decodes to. Tried in this order.
pub static WITHIN: &[&Encoding] = &[
    &percent::PERCENT,
    &unicode_escape::UNICODE_ESCAPE,
    &html_entity::HTML_ENTITY,
    &backslash::BACKSLASH,
    &quoted_printable::QUOTED_PRINTABLE,
    &hex::ESCAPED,
    &split::SPLIT,
];

/// The first bytes of a gzip stream (RFC 1952 section 2.3.1): its magic number and the method deflate.
const GZIP: &[u8] = b"\x1f\x8b\x08";

/// What the content of a gzip stream is called, among the names of encodings.
pub const GZIP_NAME: &str = "gzip";

/// The name of an encoding in reports, if there is one of this name.
pub fn name(text: &str) -> Option<&'static str> {
    let chains = ROWS.iter().flat_map(|row| row.chain);
    let names = chains.chain(WITHIN).map(|encoding| encoding.name);
    names.chain([GZIP_NAME]).find(|name| *name == text)
}

/// How often a gzip stream is encoded in base64 when it is found in text.
pub static GZIP_LAYERS: &[usize] = &[1, 2];

/// What a gzip stream begins with when it has been encoded in base64 `layers` times. A text that is encoded begins
/// where its encoded form does.
pub fn gzip_needle(layers: usize) -> Vec<u8> {
    (0..layers).fold(GZIP.to_vec(), |bytes, _| base64::beginning(&bytes))
}
