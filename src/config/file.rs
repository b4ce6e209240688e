//! The configuration file: TOML, with every key known. `docs/config.schema.json` describes it.

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use crate::error::{Error, ProblemKind};
use crate::filter::allow::{Accept, Allow};
use crate::filter::globs::Globs;
use crate::key::ID_LEN;

/// The name of the file that is looked for.
pub const NAME: &str = ".hopx-leaks.toml";

/// The JSON Schema (draft 2020-12) of the file.
pub const JSON_SCHEMA: &str = include_str!("../../docs/config.schema.json");

/// What a configuration file says.
#[derive(Debug, Default)]
pub struct File {
    /// Globs of what is left out.
    pub exclude: Vec<String>,
    /// The baseline, as seen from the file's folder.
    pub baseline: Option<String>,
    /// Keys that somebody vouches for.
    pub allows: Vec<Allow>,
    /// Problems that somebody has looked at.
    pub accepts: Vec<Accept>,
    /// The line of `exclude`, from 1.
    pub exclude_line: usize,
    /// The line of `baseline`, from 1.
    pub baseline_line: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Document {
    exclude: Option<Spanned<Vec<String>>>,
    baseline: Option<Spanned<String>>,
    #[serde(default)]
    allow: Vec<Spanned<AllowTable>>,
    #[serde(default)]
    accept: Vec<Spanned<AcceptTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
struct AllowTable {
    key_id: Spanned<String>,
    reason: Spanned<String>,
    paths: Option<Spanned<Vec<String>>>,
    expires: Option<Spanned<Datetime>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
struct AcceptTable {
    path: Spanned<String>,
    kind: Spanned<String>,
    reason: Spanned<String>,
}

/// A file that is being read.
struct Reader<'t> {
    /// What to call it.
    name: &'t str,
    /// Where the lines begin: byte offsets.
    lines: Vec<usize>,
    /// This day, `YYYY-MM-DD`, in UTC.
    today: &'t str,
}

impl File {
    /// Reads a file, called `name` in messages. What ended before `today` (`YYYY-MM-DD`) is over.
    ///
    /// # Errors
    ///
    /// What is wrong with it, with the line.
    pub fn parse(name: &str, text: &str, today: &str) -> Result<File, Error> {
        let starts = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        let reader = Reader { name, lines: std::iter::once(0).chain(starts).collect(), today };
        let document: Document = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            reader.bad(at, format!("{}; see hopx-leaks schema config", quoteless(error.message())))
        })?;
        let line = |at: Option<usize>| at.map_or(0, |at| reader.line(at));
        let exclude_line = line(document.exclude.as_ref().map(|value| value.span().start));
        let baseline_line = line(document.baseline.as_ref().map(|value| value.span().start));
        if let Some(exclude) = &document.exclude {
            reader.globs(exclude.get_ref(), exclude.span().start)?;
        }
        Ok(File {
            exclude: document.exclude.map(Spanned::into_inner).unwrap_or_default(),
            baseline: document.baseline.map(Spanned::into_inner),
            allows: document.allow.into_iter().map(|table| reader.allow(table)).collect::<Result<_, _>>()?,
            accepts: document.accept.into_iter().map(|table| reader.accept(table)).collect::<Result<_, _>>()?,
            exclude_line,
            baseline_line,
        })
    }
}

impl Reader<'_> {
    fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at)
    }

    fn bad(&self, at: usize, cause: String) -> Error {
        Error::BadRule { name: self.name.to_owned(), line: self.line(at), cause }
    }

    fn source(&self, at: usize) -> String {
        format!("{}:{}", self.name, self.line(at))
    }

    fn globs(&self, globs: &[String], at: usize) -> Result<Globs, Error> {
        Globs::new(globs).map_err(|number| {
            let cause = match number {
                Some(number) => format!("bad glob, number {number} here; write it as a line of a .gitignore file"),
                None => format!("{} globs are too many to be matched at once; write fewer", globs.len()),
            };
            self.bad(at, cause)
        })
    }

    fn reason(&self, reason: Spanned<String>) -> Result<String, Error> {
        if reason.get_ref().trim().is_empty() {
            return Err(self.bad(reason.span().start, "the reason is empty; say why this does no harm".to_owned()));
        }
        Ok(reason.into_inner())
    }

    fn allow(&self, table: Spanned<AllowTable>) -> Result<Allow, Error> {
        let source = self.source(table.span().start);
        let AllowTable { key_id, reason, paths, expires } = table.into_inner();
        let id = key_id.get_ref();
        if id.len() != ID_LEN || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let cause = "key-id is not the 12 letters and digits between hopx_live_ and the full stop";
            return Err(self.bad(key_id.span().start, cause.to_owned()));
        }
        let globs = match &paths {
            Some(paths) if paths.get_ref().is_empty() => {
                let cause = "paths is empty, so that this allows nothing; name some, or leave it out for all";
                return Err(self.bad(paths.span().start, cause.to_owned()));
            }
            Some(paths) => Some(self.globs(paths.get_ref(), paths.span().start)?),
            None => None,
        };
        let expires = expires.map(|date| self.day(&date)).transpose()?;
        Ok(Allow {
            key_id: key_id.into_inner(),
            reason: self.reason(reason)?,
            paths: paths.map(Spanned::into_inner).unwrap_or_default(),
            globs,
            is_over: expires.as_deref().is_some_and(|day| day < self.today),
            expires,
            source,
        })
    }

    /// A day, `YYYY-MM-DD`.
    fn day(&self, date: &Spanned<Datetime>) -> Result<String, Error> {
        match date.get_ref() {
            Datetime { date: Some(day), time: None, offset: None } => Ok(day.to_string()),
            _ => {
                Err(self.bad(date.span().start, "expires is no day; write it as 2027-01-31, without quotes".to_owned()))
            }
        }
    }

    fn accept(&self, table: Spanned<AcceptTable>) -> Result<Accept, Error> {
        let source = self.source(table.span().start);
        let AcceptTable { path, kind, reason } = table.into_inner();
        let known = ProblemKind::ALL.into_iter().filter(|known| !known.is_usage());
        let found = known.clone().find(|known| known.id() == kind.get_ref());
        let kind = found.ok_or_else(|| {
            let ids: Vec<&str> = known.map(ProblemKind::id).collect();
            self.bad(kind.span().start, format!("no such kind of problem; it is one of {}", ids.join(", ")))
        })?;
        let globs = self.globs(std::slice::from_ref(path.get_ref()), path.span().start)?;
        Ok(Accept { glob: path.into_inner(), globs, kind, reason: self.reason(reason)?, source })
    }
}

/// A message of the library without what it quotes of the file, where a part of a key may stand: but for short words in small
/// letters, as the names of fields are.
fn quoteless(message: &str) -> String {
    const LONG: usize = 24;
    let is_name =
        |text: &str| text.len() <= LONG && text.bytes().all(|byte| byte.is_ascii_lowercase() || b"-_".contains(&byte));
    let mut shown = String::new();
    let mut rest = message;
    while let Some(at) = rest.find(['`', '"']) {
        let quote = &rest[at..=at];
        let after = &rest[at + 1..];
        // The text may hold the same quote: of what stands behind it only the last part, which lists what is expected, is ours.
        let end = after.find(quote).filter(|end| is_name(&after[..*end]));
        let (quoted, next) = match end {
            Some(end) => (&after[..end], &after[end + 1..]),
            None => ("...", after.rfind(", expected").map_or("", |at| &after[at..])),
        };
        shown.extend([&rest[..at], quote, quoted, quote]);
        rest = next;
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_file_is_quoted() {
        for (message, shown) in [
            (
                "unknown field `colour`, expected one of `allow`, `key-id`",
                "unknown field `colour`, expected one of `allow`, `key-id`",
            ),
            ("unknown field `aB3`, expected one of `allow`", "unknown field `...`, expected one of `allow`"),
            ("invalid type: string \"aB3\", expected a table", "invalid type: string \"...\", expected a table"),
            ("invalid type: string \"aB\", expected c\", expected x", "invalid type: string \"...\", expected x"),
            ("no value", "no value"),
        ] {
            assert_eq!(quoteless(message), shown);
        }
    }
}
