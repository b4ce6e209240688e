//! The values of a report's fields, each checked as it is read. What is wrong with one is told without quoting it.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use crate::blob::Kind;
use crate::detect::{Confidence, encoding};
use crate::error::ProblemKind;
use crate::finding::{Exposure, Level, SuppressedBy};
use crate::key::{Fingerprint, KeyId, Rule};
use crate::object::{ObjectId, ObjectKind};
use crate::report::Mode;
use crate::verdict::{Status, UNCHECKED, is_request_id};

/// A value that a short text stands for.
pub trait Text: Sized {
    /// What is wrong with a text that stands for none.
    const FAULT: &'static str;

    /// The value, if the text stands for one.
    fn read(text: &str) -> Option<Self>;
}

/// A field with such a text.
#[derive(Debug)]
pub struct Named<T>(pub T);

impl<'de, T: Text> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Named<T>, D::Error> {
        struct OfText<T>(PhantomData<T>);

        impl<T: Text> Visitor<'_> for OfText<T> {
            type Value = Named<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Named<T>, E> {
                T::read(text).map(Named).ok_or_else(|| E::custom(T::FAULT))
            }
        }
        deserializer.deserialize_str(OfText(PhantomData))
    }
}

macro_rules! texts {
    ($($type:ty: $read:expr, $fault:literal;)+) => {
        $(impl Text for $type {
            const FAULT: &'static str = $fault;

            fn read(text: &str) -> Option<$type> {
                $read(text)
            }
        })+
    };
}

/// The name of an encoding.
#[derive(Debug)]
pub struct Encoding(pub &'static str);

/// What the API said, if it was asked.
#[derive(Debug)]
pub struct Answer(pub Option<Status>);

/// A date, in the form of RFC 3339.
#[derive(Debug)]
pub struct Date(pub String);

/// The hash of a line.
#[derive(Debug)]
pub struct LineHash(pub String);

/// The id that the API gave to a request.
#[derive(Debug)]
pub struct RequestId(pub String);

/// The name and version of the format.
#[derive(Debug)]
pub struct Schema;

/// What a line holds.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// A finding.
    Finding,
    /// What stands behind all findings.
    Summary,
}

texts! {
    Rule: Rule::from_id, "a rule that is not known";
    Level: Level::from_id, "a level that is not known";
    KeyId: KeyId::from_text, "a key_id that is not 12 letters and digits";
    Fingerprint: Fingerprint::from_hex, "a fingerprint that is not 64 lower-case hex digits";
    Confidence: Confidence::from_id, "a confidence that is not known";
    Encoding: |text| encoding::name(text).map(Encoding), "an encoding that is not known";
    Kind: Kind::from_id, "a kind of finding that is not known";
    Exposure: Exposure::from_id, "an exposure that is not known";
    ObjectKind: ObjectKind::from_name, "an object_kind that is not known";
    ObjectId: object_id, "an object id that is not 40 or 64 lower-case hex digits";
    Answer: answer, "a verification status that is not known";
    SuppressedBy: SuppressedBy::from_id, "a suppression by what is not known";
    ProblemKind: ProblemKind::from_id, "a kind of problem that is not known";
    Mode: Mode::from_id, "a mode that is not known";
    Date: date, "a date that is not in the form of RFC 3339";
    LineHash: line_hash, "a line_hash that is not a hash and a count";
    RequestId: request_id, "a request_id that is not one";
    Schema: |text| (text == crate::report::json::SCHEMA).then_some(Schema), "a schema other than hopx-leaks/report/v1";
    Line: line, "a type that is neither finding nor summary";
}

fn object_id(text: &str) -> Option<ObjectId> {
    let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    ObjectId::from_hex(text.as_bytes()).filter(|_| is_lower)
}

fn answer(text: &str) -> Option<Answer> {
    if text == UNCHECKED { Some(Answer(None)) } else { Status::from_id(text).map(|status| Answer(Some(status))) }
}

/// Of the form alone: git takes years that no calendar has.
fn date(text: &str) -> Option<Date> {
    let is_date = |byte: u8| byte.is_ascii_digit() || b"TZ:+-.".contains(&byte);
    (text.contains('T') && text.len() <= 40 && text.bytes().all(is_date)).then(|| Date(text.to_owned()))
}

fn line_hash(text: &str) -> Option<LineHash> {
    let (hash, count) = text.split_once(':')?;
    let is_hash = u64::from_str_radix(hash, 16).is_ok_and(|number| format!("{number:x}") == hash);
    let is_count = count.parse::<u64>().is_ok_and(|number| number > 0 && number.to_string() == count);
    (is_hash && is_count).then(|| LineHash(text.to_owned()))
}

fn request_id(text: &str) -> Option<RequestId> {
    is_request_id(text).then(|| RequestId(text.to_owned()))
}

fn line(text: &str) -> Option<Line> {
    match text {
        "finding" => Some(Line::Finding),
        "summary" => Some(Line::Summary),
        _ => None,
    }
}

/// The largest number that all readers of JSON agree on (RFC 8259 section 6). Sums of such numbers do not overflow.
const MAX: u64 = 1 << 53;

/// A number of things, from 0.
#[derive(Clone, Copy, Debug)]
pub struct Count(pub u64);

/// A number of a line or a column, from 1.
#[derive(Clone, Copy, Debug)]
pub struct Ordinal(pub u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Count, D::Error> {
        let number = u64::deserialize(deserializer)?;
        if number <= MAX { Ok(Count(number)) } else { Err(D::Error::custom("a number that is too large")) }
    }
}

impl<'de> Deserialize<'de> for Ordinal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Ordinal, D::Error> {
        let Count(number) = Count::deserialize(deserializer)?;
        if number > 0 { Ok(Ordinal(number)) } else { Err(D::Error::custom("a place that is counted from 0")) }
    }
}

/// The bytes that a text and, where it is not all of them, its base64 stand for.
pub fn bytes(text: String, base64: Option<String>) -> Result<Vec<u8>, &'static str> {
    let Some(base64) = base64 else { return Ok(text.into_bytes()) };
    let bytes = data_encoding::BASE64.decode(base64.as_bytes()).map_err(|_| "what should be base64 is not")?;
    if String::from_utf8_lossy(&bytes) == text { Ok(bytes) } else { Err("a text and its base64 that differ") }
}
