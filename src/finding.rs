//! A finding: one key at one place. The step from borrowed bytes to owned facts; the secret stays behind.

pub mod places;
mod remedy;

use std::sync::{Arc, LazyLock};

use crate::blob::{Kind, Origin, slashed};
use crate::detect::{Confidence, Detector};
use crate::key::{Fingerprint, KeyId, Rule};
use crate::lines::Position;
use crate::mark::Mark;
use crate::object::{ObjectId, ObjectKind};
use crate::search::Located;
use crate::verdict::{Status, Verdict};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A production key, or one that the API takes.
    Error,
    /// A test-mode key.
    Warning,
    /// A key in a file that git ignores, and that nobody asked for by name, unless the API is known to take it.
    Note,
}

impl Level {
    /// Every level, the gravest first.
    pub const ALL: [Level; 3] = [Level::Error, Level::Warning, Level::Note];

    /// The name in reports, as in SARIF.
    pub fn id(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        }
    }

    /// The level with this name.
    pub fn from_id(id: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.id() == id)
    }
}

/// How far a leak has gone, the worst first: for a key and a path, the worst that is true of any version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exposure {
    /// A remote-tracking ref reaches it.
    Pushed,
    /// HEAD or a local ref reaches it.
    Committed,
    /// The next commit would bring it in.
    Staged,
    /// git holds no version of the path with the key.
    Untracked,
    /// git ignores the path.
    Ignored,
    /// git holds it, and no ref but the stash reaches it.
    Unreachable,
    /// No repository was asked.
    Unknown,
}

impl Exposure {
    /// Every exposure, the worst first.
    pub const ALL: [Exposure; 7] = [
        Exposure::Pushed,
        Exposure::Committed,
        Exposure::Staged,
        Exposure::Untracked,
        Exposure::Ignored,
        Exposure::Unreachable,
        Exposure::Unknown,
    ];

    /// The exposure with this name.
    pub fn from_id(id: &str) -> Option<Exposure> {
        Exposure::ALL.into_iter().find(|exposure| exposure.id() == id)
    }

    /// The name in reports.
    pub fn id(self) -> &'static str {
        match self {
            Exposure::Pushed => "pushed",
            Exposure::Committed => "committed",
            Exposure::Staged => "staged",
            Exposure::Untracked => "untracked",
            Exposure::Ignored => "ignored",
            Exposure::Unreachable => "unreachable",
            Exposure::Unknown => "unknown",
        }
    }
}

/// Where a finding stands in the history of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitPlace {
    /// The object that holds the key.
    pub object: ObjectId,
    /// What it is.
    pub object_kind: ObjectKind,
    /// The commit that brought the key to the path: its version has the key, and none of its parents' has.
    pub commit: Option<ObjectId>,
    /// What git knows of the commit, or of the tag. Findings of one commit share it.
    pub facts: Arc<GitFacts>,
}

/// What git knows of a commit or a tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitFacts {
    /// The date of the commit, or of the tag, in RFC 3339.
    pub date: Option<String>,
    /// The first line of the commit's message, or of the tag's, in bytes that hold no key's secret.
    pub subject: Option<Vec<u8>>,
    /// Who wrote the commit, or the tag, as `NAME <MAIL>`, when that was asked for; in bytes that hold no key's secret.
    pub author: Option<Vec<u8>>,
    /// Whether HEAD reaches it.
    pub in_head: bool,
    /// Up to [`MAX_REFS`] full names of what reaches it: refs, or else entries of reflogs.
    pub refs: Vec<Vec<u8>>,
}

/// How many refs a finding names.
pub const MAX_REFS: usize = 5;

impl GitPlace {
    /// An object that nothing is known about yet.
    pub fn of(object: ObjectId, object_kind: ObjectKind) -> GitPlace {
        static NONE: LazyLock<Arc<GitFacts>> = LazyLock::new(Arc::default);
        GitPlace { object, object_kind, commit: None, facts: Arc::clone(&NONE) }
    }
}

/// Whether the user asked for the very file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// By its own name, or by that of a folder it is in, which git ignores: who names such a folder wants what is in it.
    ByName,
    /// It was met on the way.
    Met,
}

/// Why a finding does not count as a leak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// Who said so.
    pub by: SuppressedBy,
    /// Why.
    pub reason: String,
}

impl Suppression {
    /// The same with no secret in its reason, which is somebody's text.
    pub fn redacted(self, detector: &Detector) -> Suppression {
        let reason = String::from_utf8_lossy(&detector.redact(self.reason.as_bytes())).into_owned();
        Suppression { reason, ..self }
    }
}

/// Who said that a finding does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuppressedBy {
    /// It is the key that the vendor prints in its documentation.
    Documentation,
    /// A mark in the file, beside it.
    Inline,
    /// The configuration.
    Config,
    /// The baseline: it is a known leak.
    Baseline,
}

impl SuppressedBy {
    /// Everybody.
    pub const ALL: [SuppressedBy; 4] =
        [SuppressedBy::Documentation, SuppressedBy::Inline, SuppressedBy::Config, SuppressedBy::Baseline];

    /// Who has this name.
    pub fn from_id(id: &str) -> Option<SuppressedBy> {
        SuppressedBy::ALL.into_iter().find(|by| by.id() == id)
    }

    /// The name in reports.
    pub fn id(self) -> &'static str {
        match self {
            SuppressedBy::Documentation => "documentation",
            SuppressedBy::Inline => "inline",
            SuppressedBy::Config => "config",
            SuppressedBy::Baseline => "baseline",
        }
    }
}

/// One key at one place. Paths are bytes with `/` between their parts, and hold no key's secret.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What the user gave; see [`Root`](crate::blob::Root).
    pub root: Vec<u8>,
    /// The path from the top of the work tree when there is one, else from the folder given. `None` for messages, and
    /// for objects that nothing names.
    pub path: Option<Vec<u8>>,
    /// The path from the working directory; for an object without a path, its kind and id.
    pub local_path: Vec<u8>,
    /// The members of containers that lead to it from the file or object, the outermost first; none for its own bytes.
    pub members: Vec<Vec<u8>>,
    /// Whether the user named the file.
    pub given: Given,
    /// Which part of the file or of the repository.
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
    pub encodings: Vec<&'static str>,
    /// How far the leak has gone.
    pub exposure: Exposure,
    /// Where in the repository's history, when that was looked at.
    pub git: Option<GitPlace>,
    /// The hash of the start line that GitHub knows an alert by, when a report needs it.
    pub line_hash: Option<String>,
    /// The mark beside it in the file; its reason holds no key's secret.
    pub mark: Option<Box<Mark>>,
    /// Why this does not count as a leak, if it does not.
    pub suppressed: Option<Box<Suppression>>,
    /// What came of asking the API about the key, if that was wanted.
    pub verdict: Option<Arc<Verdict>>,
}

impl Finding {
    /// A key in a blob.
    pub fn new(located: &Located, origin: &Origin<'_>, detector: &Detector) -> Finding {
        let key = &located.found.key;
        let shown = |name: Vec<u8>| detector.redact(&name).into_owned();
        let (given, git) = match origin {
            Origin::File(file) if file.local == file.root.given => (Given::ByName, None),
            Origin::File(_) => (Given::Met, None),
            Origin::Object(object) => {
                let place = GitPlace::of(object.id, object.object_kind);
                (Given::Met, Some(GitPlace { commit: object.commit, ..place }))
            }
        };
        Finding {
            root: shown(slashed(origin.given())),
            path: origin.path().map(shown),
            local_path: shown(origin.local_path()),
            members: located.members.iter().cloned().map(shown).collect(),
            given,
            kind: located.kind.of(origin.kind()),
            start: located.start,
            end: located.end,
            rule: key.rule,
            key_id: key.id,
            fingerprint: key.fingerprint(),
            confidence: located.found.confidence,
            encodings: located.found.encodings.clone(),
            exposure: Exposure::Unknown,
            git,
            line_hash: None,
            mark: mark(located, origin, detector),
            suppressed: None,
            verdict: None,
        }
    }

    /// The path from the working directory that a finding with this root, path and object has if nothing says otherwise.
    pub fn usual_local_path(root: &[u8], path: Option<&[u8]>, git: Option<&GitPlace>) -> Vec<u8> {
        let root = root.strip_prefix(b"./").unwrap_or(root);
        match (path, git) {
            (None, Some(git)) => format!("{} {}", git.object_kind.name(), git.object).into_bytes(),
            (None, None) => root.to_vec(),
            (Some(path), _) => {
                let below = path.strip_prefix(root);
                let is_below = below.is_some_and(|below| below.is_empty() || below.starts_with(b"/"));
                if is_below || root == b"." || root == b"-" {
                    path.to_vec()
                } else {
                    [root.strip_suffix(b"/").unwrap_or(root), path].join(&b'/')
                }
            }
        }
    }

    /// Whether it is in the name of the file or folder itself, and not in what that holds.
    pub fn is_in_own_name(&self) -> bool {
        self.kind == Kind::FileName && self.members.is_empty()
    }

    /// How bad this is. A key that the API takes is as bad as can be, wherever it is.
    pub fn level(&self) -> Level {
        match self.rule {
            _ if self.status().is_some_and(Status::is_accepted) => Level::Error,
            _ if self.exposure == Exposure::Ignored && self.given == Given::Met => Level::Note,
            Rule::LiveKey => Level::Error,
            Rule::TestKey => Level::Warning,
        }
    }

    /// Whether this counts as a leak: nothing vouches for it, and it is more than a note.
    pub fn is_leak(&self) -> bool {
        self.suppressed.is_none() && self.level() != Level::Note
    }

    /// The form of the key that may be shown.
    pub fn redacted(&self) -> String {
        crate::key::redacted(self.rule, self.key_id)
    }

    /// What to do, the most urgent first. It depends on how far the key has gone, and on what the API says about it.
    pub fn remedy(&self) -> Vec<String> {
        remedy::steps(self)
    }

    /// What the API says about the key, if it was asked.
    pub fn status(&self) -> Option<Status> {
        self.verdict.as_deref().map(|verdict| verdict.status)
    }

    /// How urgent the API's word makes it, the most urgent first.
    pub fn standing(&self) -> impl Ord + use<> {
        match self.status() {
            Some(Status::Live) => 0,
            Some(Status::Limited) => 1,
            Some(Status::Unknown) | None => 2,
            Some(Status::Rejected) => 3,
        }
    }

    /// What a report is sorted by: keys that the API takes first, those that it refuses last, and within these by place.
    /// Whole, so that equal findings alone compare equal.
    pub fn order(&self) -> impl Ord + '_ {
        let file = (&self.root, self.path.is_none(), &self.path);
        let place = (file, &self.members, self.kind, self.start.byte, self.end.byte);
        let git = self.git.as_ref().map(|git| (&git.facts.date, git.commit, git.object));
        (self.standing(), place, self.rule, self.key_id, self.fingerprint, &self.encodings, git)
    }
}

/// The mark beside a key. Files have marks, names and messages do not.
fn mark(located: &Located, origin: &Origin<'_>, detector: &Detector) -> Option<Box<Mark>> {
    const LONG: usize = 200;
    let mark = located.mark.as_ref().filter(|_| located.kind.of(origin.kind()) == Kind::Content)?;
    let reason = detector.redact(mark.reason.as_bytes());
    let reason = String::from_utf8_lossy(&reason).chars().take(LONG).collect();
    Some(Box::new(Mark { key_id: mark.key_id, reason }))
}

/// A finding for the tests of what is made of findings: a generated key on the first line of a file.
#[cfg(test)]
pub(crate) fn sample(path: &str, seed: u64, suppressed: Option<Suppression>) -> Finding {
    let text = crate::key::generate::Keys::new(seed).live();
    let key = crate::key::Key::at_start(text.as_bytes()).expect("a generated key has the shape");
    Finding {
        root: b".".to_vec(),
        path: Some(path.into()),
        local_path: path.into(),
        given: Given::Met,
        kind: Kind::Content,
        start: Position::unplaced(0),
        end: Position::unplaced(66),
        rule: key.rule,
        key_id: key.id,
        fingerprint: key.fingerprint(),
        confidence: Confidence::High,
        members: Vec::new(),
        encodings: Vec::new(),
        exposure: Exposure::Unknown,
        git: None,
        line_hash: None,
        mark: None,
        suppressed: suppressed.map(Box::new),
        verdict: None,
    }
}
