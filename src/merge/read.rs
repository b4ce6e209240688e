//! One file: JSON documents and JSON lines, one behind the other, each finding handed over as soon as it is read.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use crate::merge::Shards;
use crate::merge::document::{Head, RawCoverage, RawSummary};
use crate::merge::field::{Line, Named, Schema};
use crate::merge::record::RawFinding;
use crate::read::interrupt;
use crate::report::Mode;

/// Why a file can't be taken.
#[derive(Debug)]
pub enum Fault {
    /// What the system said.
    Io(io::Error),
    /// There is nothing in it.
    Empty,
    /// Findings without the summary that ends them.
    Cut,
    /// It is not what the program writes.
    Content {
        /// What is wrong, in words that hold nothing of the file.
        cause: String,
        /// Where, from 1.
        line: usize,
        /// Where, from 1.
        column: usize,
    },
}

/// Reads all reports in a file.
pub fn read(input: impl Read, shards: &mut Shards<'_>) -> Result<(), Fault> {
    let mut input = BufReader::with_capacity(1 << 16, Watched(input));
    // Windows PowerShell writes a byte order mark.
    if input.fill_buf().map_err(Fault::Io)?.starts_with(b"\xef\xbb\xbf") {
        input.consume(3);
    }
    let before = shards.number;
    let mut json = serde_json::Deserializer::from_reader(input);
    loop {
        match json.end() {
            Ok(()) => break,
            Err(error) if error.is_io() => return Err(fault(error)),
            // There is more.
            Err(_) => Record(shards).deserialize(&mut json).map_err(fault)?,
        }
    }
    if shards.tally.findings > 0 {
        return Err(Fault::Cut);
    }
    if shards.number == before { Err(Fault::Empty) } else { Ok(()) }
}

/// An input that ends when Ctrl-C is pressed.
struct Watched<R>(R);

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer) {
            _ if interrupt::requested() => Err(io::Error::other("interrupted")),
            outcome => outcome,
        }
    }
}

/// What the parser says, without what it quotes: a report may hold anything.
fn fault(error: serde_json::Error) -> Fault {
    let (line, column, category) = (error.line(), error.column(), error.classify());
    if category == Category::Io {
        return Fault::Io(error.into());
    }
    let text = error.to_string();
    let message = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
    // The parser's own messages are fixed, and ours are. What serde says of a type begins with the value.
    let is_quoting = message.starts_with("invalid ") && category == Category::Data;
    let cause = match message.rsplit_once(", expected ") {
        Some((_, expected)) if is_quoting => format!("expected {expected}"),
        None if is_quoting => "a value that is not expected".to_owned(),
        Some(_) | None => message.to_owned(),
    };
    Fault::Content { cause, line, column }
}

/// A JSON document, or a line of JSON Lines.
struct Record<'s, 'd>(&'s mut Shards<'d>);

impl<'de> DeserializeSeed<'de> for Record<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Record<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a report")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut parts = Parts::default();
        let mut key: Option<String> = map.next_key()?;
        match key.as_deref() {
            Some("type") => match map.next_value::<Named<Line>>()?.0 {
                Line::Finding => return finding_line(self.0, map),
                Line::Summary => {
                    parts.is_line = true;
                    key = map.next_key()?;
                }
            },
            // Tools that sort the fields of a line put another one first.
            Some(name) if !Parts::NAMES.contains(&name) => return finding_line(self.0, Replay { key, map }),
            Some(_) | None => {}
        }
        while let Some(name) = key {
            parts.take(&name, &mut map, self.0)?;
            key = map.next_key()?;
        }
        if parts.is_line == parts.findings {
            let missing = if parts.is_line { "a summary with findings in it" } else { "missing field `findings`" };
            return Err(A::Error::custom(missing));
        }
        self.0.finish(parts.into_head()?).map_err(A::Error::custom)
    }
}

fn finding_line<'de, A: MapAccess<'de>>(shards: &mut Shards<'_>, map: A) -> Result<(), A::Error> {
    let raw = RawFinding::deserialize(MapAccessDeserializer::new(map))?;
    shards.add(raw).map_err(A::Error::custom)
}

/// A map whose first key has been read already.
struct Replay<A> {
    key: Option<String>,
    map: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Replay<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        match self.key.take() {
            Some(key) => seed.deserialize(key.into_deserializer()).map(Some),
            None => self.map.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

/// The parts of a document, or of a summary line, as they come.
#[derive(Default)]
struct Parts {
    is_line: bool,
    findings: bool,
    schema: Option<Named<Schema>>,
    mode: Option<Named<Mode>>,
    complete: Option<bool>,
    coverage: Option<RawCoverage>,
    summary: Option<RawSummary>,
}

impl Parts {
    const NAMES: [&'static str; 8] = ["type", "schema", "tool", "mode", "complete", "coverage", "summary", "findings"];

    fn take<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        map: &mut A,
        shards: &mut Shards<'_>,
    ) -> Result<(), A::Error> {
        match name {
            "type" => {
                let Named(line) = map.next_value::<Named<Line>>()?;
                if line == Line::Finding {
                    return Err(A::Error::custom("a finding with fields of a summary"));
                }
                self.is_line = true;
            }
            "schema" => once(&mut self.schema, "schema", map)?,
            "mode" => once(&mut self.mode, "mode", map)?,
            "complete" => once(&mut self.complete, "complete", map)?,
            "coverage" => once(&mut self.coverage, "coverage", map)?,
            "summary" => once(&mut self.summary, "summary", map)?,
            "findings" if self.findings => return Err(A::Error::duplicate_field("findings")),
            "findings" if shards.tally.findings > 0 => {
                return Err(A::Error::custom("lines before it whose summary is missing"));
            }
            "findings" => {
                self.findings = true;
                map.next_value_seed(Findings(shards))?;
            }
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }

    fn into_head<E: Error>(self) -> Result<Head, E> {
        let missing = E::missing_field;
        self.schema.ok_or_else(|| missing("schema"))?;
        let Named(mode) = self.mode.ok_or_else(|| missing("mode"))?;
        let complete = self.complete.ok_or_else(|| missing("complete"))?;
        let coverage = self.coverage.ok_or_else(|| missing("coverage"))?;
        let summary = self.summary.ok_or_else(|| missing("summary"))?;
        Ok(Head { mode, complete, coverage, leaks: summary.leaks.0, suppressed: summary.suppressed.0 })
    }
}

fn once<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    field: &mut Option<T>,
    name: &'static str,
    map: &mut A,
) -> Result<(), A::Error> {
    if field.is_some() {
        return Err(A::Error::duplicate_field(name));
    }
    *field = Some(map.next_value()?);
    Ok(())
}

/// The findings of a document.
struct Findings<'s, 'd>(&'s mut Shards<'d>);

impl<'de> DeserializeSeed<'de> for Findings<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Findings<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of findings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(raw) = list.next_element::<RawFinding>()? {
            self.0.add(raw).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}
