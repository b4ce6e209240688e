//! A finding as a report has it, and the way back to what it was.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;

use crate::blob::Kind;
use crate::detect::{Confidence, Detector};
use crate::finding::{Exposure, Finding, GitFacts, GitPlace, Given, Level, SuppressedBy, Suppression};
use crate::key::{Fingerprint, KeyId, Rule};
use crate::lines::Position;
use crate::merge::field::{self, Answer, Count, Date, Encoding, LineHash, Named, Ordinal, RequestId};
use crate::object::{ObjectId, ObjectKind};
use crate::verdict::Verdict;

/// A finding as it is read. What follows from other fields (`redacted`, `remedy`) is made anew, and what this version
/// does not know is left.
#[derive(Debug, Deserialize)]
#[serde(expecting = "a finding")]
pub struct RawFinding {
    rule: Named<Rule>,
    level: Named<Level>,
    key_id: Named<KeyId>,
    fingerprint: Named<Fingerprint>,
    confidence: Named<Confidence>,
    encodings: Vec<Named<Encoding>>,
    root: String,
    root_base64: Option<String>,
    // Null, and not missing.
    #[serde(deserialize_with = "Option::deserialize")]
    path: Option<String>,
    path_base64: Option<String>,
    local_path: Option<String>,
    members: Vec<String>,
    members_base64: Option<Vec<String>>,
    kind: Named<Kind>,
    start: Place,
    end: Place,
    line_hash: Option<Named<LineHash>>,
    exposure: Named<Exposure>,
    #[serde(deserialize_with = "Option::deserialize")]
    git: Option<RawGit>,
    verification: RawVerification,
    #[serde(deserialize_with = "Option::deserialize")]
    suppressed: Option<RawSuppression>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(expecting = "a place")]
struct Place {
    line: Ordinal,
    column: Ordinal,
    column_utf16: Option<Ordinal>,
    column_utf8: Option<Ordinal>,
    byte: Count,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "a place in history")]
struct RawGit {
    object: Named<ObjectId>,
    object_kind: Named<ObjectKind>,
    #[serde(deserialize_with = "Option::deserialize")]
    commit: Option<Named<ObjectId>>,
    date: Option<Named<Date>>,
    subject: Option<String>,
    author: Option<String>,
    in_head: bool,
    refs: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "a verification")]
struct RawVerification {
    status: Named<Answer>,
    reason: Option<String>,
    asked: Option<Named<Date>>,
    request_id: Option<Named<RequestId>>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "a suppression")]
struct RawSuppression {
    by: Named<SuppressedBy>,
    reason: String,
}

impl RawFinding {
    /// Whether something vouches for it.
    pub fn is_suppressed(&self) -> bool {
        self.suppressed.is_some()
    }

    /// Whether it is too little to count as a leak.
    pub fn is_note(&self) -> bool {
        self.level.0 == Level::Note
    }

    /// The finding, under the label, and what the API said about its key; or what is wrong with it.
    pub fn into_finding(
        self,
        detector: &Detector,
        label: Option<&[u8]>,
    ) -> Result<(Finding, Option<Verdict>), &'static str> {
        let given = self.given()?;
        let (start, end) = (self.start.position(), self.end.position());
        if (end.byte, end.line) < (start.byte, start.line) || end.line < start.line {
            return Err("a finding that ends before it starts");
        }
        let root = shown(field::bytes(self.root, self.root_base64)?, detector);
        let path = self.path.map(|path| field::bytes(path, self.path_base64)).transpose()?;
        let path = path.map(|path| shown(path, detector));
        let git = self.git.map(|git| git.into_place(detector));
        if path.is_none() && git.is_none() {
            return Err("a finding with neither a path nor an object");
        }
        let local_path = match self.local_path {
            Some(local) => shown(local.into_bytes(), detector),
            None => Finding::usual_local_path(&root, path.as_deref(), git.as_ref()),
        };
        let finding = Finding {
            root: labelled(root, label),
            path,
            local_path: labelled(local_path, label),
            members: members(self.members, self.members_base64, detector)?,
            given,
            kind: self.kind.0,
            start,
            end,
            rule: self.rule.0,
            key_id: self.key_id.0,
            fingerprint: self.fingerprint.0,
            confidence: self.confidence.0,
            encodings: self.encodings.into_iter().map(|name| name.0.0).collect(),
            exposure: self.exposure.0,
            git,
            line_hash: self.line_hash.map(|hash| hash.0.0),
            suppressed: self
                .suppressed
                .map(|raw| Box::new(Suppression { by: raw.by.0, reason: text(raw.reason, detector) })),
            mark: None,
            verdict: None,
        };
        Ok((finding, self.verification.into_verdict(detector)?))
    }

    /// Whether the user named the file: where that matters, the level tells.
    fn given(&self) -> Result<Given, &'static str> {
        match (self.level.0, self.exposure.0) {
            (Level::Note, Exposure::Ignored) => Ok(Given::Met),
            (Level::Note, _) => Err("a note about what git does not ignore"),
            // So it stays a leak, whatever another report says of how far it has gone.
            (Level::Error | Level::Warning, _) => Ok(Given::ByName),
        }
    }
}

impl Place {
    fn position(self) -> Position {
        let Ordinal(column) = self.column;
        let or_column = |other: Option<Ordinal>| other.map_or(column, |other| other.0);
        Position {
            byte: self.byte.0,
            line: self.line.0,
            column,
            column_utf16: or_column(self.column_utf16),
            column_utf8: or_column(self.column_utf8),
        }
    }
}

impl RawGit {
    fn into_place(self, detector: &Detector) -> GitPlace {
        let shown = |text: String| shown(text.into_bytes(), detector);
        let facts = GitFacts {
            date: self.date.map(|date| date.0.0),
            subject: self.subject.map(shown),
            author: self.author.map(shown),
            in_head: self.in_head,
            refs: self.refs.into_iter().map(shown).collect(),
        };
        let commit = self.commit.map(|commit| commit.0);
        GitPlace { object: self.object.0, object_kind: self.object_kind.0, commit, facts: Arc::new(facts) }
    }
}

impl RawVerification {
    fn into_verdict(self, detector: &Detector) -> Result<Option<Verdict>, &'static str> {
        let Some(status) = self.status.0.0 else { return Ok(None) };
        let reason = self.reason.ok_or("a verification without a reason")?;
        Ok(Some(Verdict {
            status,
            reason: text(reason, detector),
            asked: self.asked.map(|date| date.0.0),
            request_id: self.request_id.map(|id| text(id.0.0, detector)),
        }))
    }
}

fn members(names: Vec<String>, base64: Option<Vec<String>>, detector: &Detector) -> Result<Vec<Vec<u8>>, &'static str> {
    let base64: Vec<Option<String>> = match base64 {
        Some(base64) if base64.len() == names.len() => base64.into_iter().map(Some).collect(),
        Some(_) => return Err("members and members_base64 of different lengths"),
        None => vec![None; names.len()],
    };
    names.into_iter().zip(base64).map(|(name, base64)| Ok(shown(field::bytes(name, base64)?, detector))).collect()
}

/// Bytes of a report, with no secret in them.
pub fn shown(bytes: Vec<u8>, detector: &Detector) -> Vec<u8> {
    match detector.redact(&bytes) {
        Cow::Borrowed(_) => bytes,
        Cow::Owned(redacted) => redacted,
    }
}

fn text(text: String, detector: &Detector) -> String {
    match detector.redact(text.as_bytes()) {
        Cow::Borrowed(_) => text,
        Cow::Owned(redacted) => String::from_utf8_lossy(&redacted).into_owned(),
    }
}

/// A root, or a path from the working directory, below the label. The folder `.` is the label itself.
pub fn labelled(path: Vec<u8>, label: Option<&[u8]>) -> Vec<u8> {
    let Some(label) = label else { return path };
    match path.strip_prefix(b"./").unwrap_or(&path) {
        b"." | b"" => label.to_vec(),
        below => [label, below.strip_prefix(b"/").unwrap_or(below)].join(&b'/'),
    }
}
