//! Names in revisions where refs are in tables: gix knows no such refs, so the ids they stand for take their places.

use crate::git::Repository;
use crate::git::refs::Tables;
use crate::object::ObjectId;

impl Repository {
    /// The revision with an id for the name of a ref at its start. What is none, such as the first digits of an id, stays
    /// as it is; no name at all means HEAD. So does the whole revision where refs are in files.
    ///
    /// # Errors
    ///
    /// Why a name can't be told, in words.
    pub(super) fn spelled_out(&self, revision: &str) -> Result<String, String> {
        if !self.has_tables() {
            return Ok(revision.to_owned());
        }
        let end = revision.find(['~', '^', ':']).unwrap_or(revision.len());
        let end = revision.find("@{").map_or(end, |at| at.min(end));
        let (name, mut rest) = revision.split_at(end);
        if name.is_empty() && rest.starts_with(':') {
            return Ok(revision.to_owned());
        }
        let log = rest.strip_prefix("@{");
        if log.is_none() && ObjectId::from_hex(name.as_bytes()).is_some() {
            return Ok(revision.to_owned());
        }
        let mut tables = self.tables();
        tables.verify()?;
        let full = match (name, log) {
            ("", Some(_)) => Some(tables.branch()),
            ("" | "@" | "HEAD", _) => Some("HEAD".to_owned()),
            (name, _) => tables.full_name(name),
        };
        let id = match (&full, log) {
            (Some(full), Some(log)) => {
                let (id, behind) = logged(&mut tables, full, log)?;
                rest = behind;
                Some(id)
            }
            (Some(full), None) => tables.find(full),
            (None, _) => None,
        };
        match (id, full) {
            (Some(id), _) => Ok(format!("{id}{rest}")),
            (None, Some(full)) => Err(format!("{full} leads to no commit yet")),
            (None, None) if log.is_some() => Err(format!("no ref in the reftable is called {name}")),
            (None, None) => Ok(revision.to_owned()),
        }
    }
}

/// The entry of a ref's log whose number is at the start of `log`, and what stands behind it.
fn logged<'r>(tables: &mut Tables, full: &str, log: &'r str) -> Result<(ObjectId, &'r str), String> {
    let (number, behind) = log.split_once('}').ok_or_else(|| "a brace is open".to_owned())?;
    let number = number.parse().map_err(|_| {
        format!(
            "in a repository with a reftable, {full}@{{{number}}} is not known here; name a ref, an id or {full}@{{1}}"
        )
    })?;
    let id = tables.logged(full, number);
    Ok((id.ok_or_else(|| format!("the log of {full} in the reftable has no entry {number}"))?, behind))
}
