//! A finding: one key at one place. The step from borrowed bytes to owned facts; the secret stays behind.

use crate::blob::{Kind, Origin};
use crate::detect::{Confidence, Detector, Match};
use crate::key::{Fingerprint, Key, KeyId, Rule};
use crate::lines::Position;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A production key.
    Error,
    /// A test-mode key.
    Warning,
}

impl Level {
    /// The name in reports, as in SARIF.
    pub fn id(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
        }
    }
}

/// How far a leak has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exposure {
    /// No repository was asked.
    Unknown,
}

impl Exposure {
    /// The name in reports.
    pub fn id(self) -> &'static str {
        match self {
            Exposure::Unknown => "unknown",
        }
    }
}

/// Why a finding does not count as a leak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// Who said so.
    pub by: SuppressedBy,
    /// Why.
    pub reason: String,
}

/// Who said that a finding does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuppressedBy {
    /// It is the key that the vendor prints in its documentation.
    Documentation,
}

impl SuppressedBy {
    /// The name in reports.
    pub fn id(self) -> &'static str {
        match self {
            SuppressedBy::Documentation => "documentation",
        }
    }
}

/// One key at one place. Paths are bytes with `/` between their parts, and hold no key's secret.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What the user gave; see [`Root`](crate::blob::Root).
    pub root: Vec<u8>,
    /// The path from the top of the work tree when there is one, else from the folder given.
    pub path: Vec<u8>,
    /// The path from the working directory.
    pub local_path: Vec<u8>,
    /// Which part of the file.
    pub kind: Kind,
    /// Where the encoded form starts.
    pub start: Position,
    /// Where it ends, exclusive.
    pub end: Position,
    /// Which kind of key.
    pub rule: Rule,
    /// Its public half.
    pub key_id: KeyId,
    /// The SHA-256 of the key text.
    pub fingerprint: Fingerprint,
    /// How sure this is.
    pub confidence: Confidence,
    /// How the key was encoded, the outermost encoding first.
    pub encodings: &'static [&'static str],
    /// How far the leak has gone.
    pub exposure: Exposure,
    /// The hash of the start line that GitHub knows an alert by, when a report needs it.
    pub line_hash: Option<String>,
    /// Why this does not count as a leak, if it does not.
    pub suppressed: Option<Suppression>,
}

impl Finding {
    /// A match in a blob, with the places of its start and end.
    pub fn new(found: &Match, origin: &Origin<'_>, start: Position, end: Position, detector: &Detector) -> Finding {
        let Match { key: Key { rule, id, .. }, confidence, encodings, .. } = found;
        Finding {
            root: detector.redact(&crate::blob::slashed(&origin.root.given)).into_owned(),
            path: detector.redact(&origin.path()).into_owned(),
            local_path: detector.redact(&origin.local_path()).into_owned(),
            kind: origin.kind,
            start,
            end,
            rule: *rule,
            key_id: *id,
            fingerprint: found.key.fingerprint(),
            confidence: *confidence,
            encodings,
            exposure: Exposure::Unknown,
            line_hash: None,
            suppressed: None,
        }
    }

    /// How bad this is.
    pub fn level(&self) -> Level {
        match self.rule {
            Rule::LiveKey => Level::Error,
            Rule::TestKey => Level::Warning,
        }
    }

    /// The form of the key that may be shown.
    pub fn redacted(&self) -> String {
        crate::key::redacted(self.rule, self.key_id)
    }

    /// What to do, the most urgent first.
    pub fn remedy(&self) -> Vec<String> {
        vec![
            format!("Revoke {} at console.hopx.dev, Settings, API Keys", self.key_id),
            "Create a new key and keep it in the environment variable HOPX_API_KEY or a secret store".to_owned(),
            "Review the account's sandboxes and usage, and delete what nobody there started".to_owned(),
            "Then remove the key here and from the repository's history; removing the line is not enough".to_owned(),
        ]
    }

    /// What a report is sorted by. Whole, so that equal findings alone compare equal.
    pub fn order(&self) -> impl Ord + '_ {
        let place = (&self.root, &self.path, self.kind, self.start.byte, self.end.byte);
        (place, self.rule, self.key_id, self.fingerprint, self.encodings)
    }
}
