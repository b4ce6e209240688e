//! What a finding tells of the commit or tag that it came in by, and of what leads there.

use std::sync::Arc;

use crate::detect::Detector;
use crate::finding::{Exposure, Finding, GitFacts, GitPlace};
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
    /// By commit or tag, with what reaches it.
    facts: IdMap<(Reached, Arc<GitFacts>)>,
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
        let facts = match teller {
            Some(id) => self.facts(id, reached),
            None => Arc::new(self.with_names(GitFacts::default(), reached)),
        };
        finding.exposure = exposure(reached.reach);
        finding.git = Some(GitPlace { commit, facts, ..git });
        finding
    }

    fn facts(&mut self, id: ObjectId, reached: &Reached) -> Arc<GitFacts> {
        let known = self.facts.get(&id);
        if let Some((_, facts)) = known.filter(|(known, _)| known == reached) {
            return Arc::clone(facts);
        }
        let facts = known.map_or_else(|| self.read(id), |(_, facts)| GitFacts::clone(facts));
        let facts = Arc::new(self.with_names(facts, reached));
        self.facts.insert(id, (reached.clone(), Arc::clone(&facts)));
        facts
    }

    /// What a commit or a tag says of itself.
    fn read(&self, id: ObjectId) -> GitFacts {
        let mut bytes = Vec::new();
        if self.objects.read(&id, &mut bytes).is_err() {
            return GitFacts::default();
        }
        let parts = Parts::new(&bytes);
        let author = || parts.person("author").or_else(|| parts.person("tagger"));
        let shown = |text: &[u8]| self.detector.redact(text).into_owned();
        GitFacts {
            date: parts.date("committer").or_else(|| parts.date("tagger")),
            subject: Some(shown(parts.subject())),
            author: self.keep.authors.then(author).flatten().map(shown),
            ..GitFacts::default()
        }
    }

    fn with_names(&self, facts: GitFacts, reached: &Reached) -> GitFacts {
        let shown = |name: &u32| self.detector.redact(&self.names.names[*name as usize].name).into_owned();
        let mut refs: Vec<Vec<u8>> = reached.names.iter().map(shown).collect();
        refs.sort();
        GitFacts { in_head: reached.in_head, refs, ..facts }
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
