//! What a finding tells of the commit or tag that it came in by, and of what leads there.

use crate::detect::Detector;
use crate::finding::{Exposure, Finding, GitPlace};
use crate::git::Objects;
use crate::git::commit::Parts;
use crate::git::graph::Reached;
use crate::git::refs::{Names, Reach};
use crate::object::{IdMap, ObjectId, ObjectKind};
use crate::scan::Keep;

/// Fills in what git knows of findings. Each commit and tag is read once.
pub(super) struct Teller<'a> {
    objects: Objects,
    names: &'a Names,
    detector: &'a Detector,
    keep: Keep,
    facts: IdMap<Facts>,
}

/// When a commit or a tag was made, what it says and who wrote it.
#[derive(Clone, Default)]
struct Facts {
    date: Option<String>,
    subject: Option<Vec<u8>>,
    author: Option<Vec<u8>>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(objects: Objects, names: &'a Names, detector: &'a Detector, keep: Keep) -> Teller<'a> {
        Teller { objects, names, detector, keep, facts: IdMap::default() }
    }

    /// A finding with its commit, or else what is known of its object, and with its exposure. A finding that is in no
    /// object stays as it is.
    pub(super) fn tell(&mut self, mut finding: Finding, commit: Option<ObjectId>, reached: &Reached) -> Finding {
        let Some(git) = finding.git.take() else { return finding };
        let teller = match git.object_kind {
            ObjectKind::Tag => Some(git.object),
            ObjectKind::Blob | ObjectKind::Commit | ObjectKind::Tree => commit,
        };
        let Facts { date, subject, author } = teller.map(|id| self.facts(id)).unwrap_or_default();
        let shown = |name: &u32| self.detector.redact(&self.names.names[*name as usize].name).into_owned();
        let mut refs: Vec<Vec<u8>> = reached.names.iter().map(shown).collect();
        refs.sort();
        finding.exposure = exposure(reached.reach);
        finding.git = Some(GitPlace { commit, date, subject, author, in_head: reached.in_head, refs, ..git });
        finding
    }

    fn facts(&mut self, id: ObjectId) -> Facts {
        let Teller { objects, detector, keep, facts, .. } = self;
        let read = || {
            let mut bytes = Vec::new();
            if objects.read(&id, &mut bytes).is_err() {
                return Facts::default();
            }
            let parts = Parts::new(&bytes);
            let author = || parts.person("author").or_else(|| parts.person("tagger"));
            let shown = |text: &[u8]| detector.redact(text).into_owned();
            Facts {
                date: parts.date("committer").or_else(|| parts.date("tagger")),
                subject: Some(shown(parts.subject())),
                author: keep.authors.then(author).flatten().map(shown),
            }
        };
        facts.entry(id).or_insert_with(read).clone()
    }
}

/// How far something has gone that names of this reach lead to.
pub(super) fn exposure(reach: Option<Reach>) -> Exposure {
    match reach {
        Some(Reach::Remote) => Exposure::Pushed,
        Some(Reach::Local) => Exposure::Committed,
        Some(Reach::Stash | Reach::Log) | None => Exposure::Unreachable,
    }
}
