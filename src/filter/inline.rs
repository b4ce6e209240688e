//! Marks in files (see [`mark`](crate::mark)): whether the one beside a finding counts.

use std::collections::BTreeMap;

use crate::blob::Kind;
use crate::finding::{Finding, SuppressedBy, Suppression};
use crate::git::changes::lookup;
use crate::git::exposure::Searched;
use crate::git::tree::EntryKind;
use crate::git::{Objects, Repository};
use crate::key::Fingerprints;
use crate::object::ObjectId;
use crate::search::{Located, Search};

/// Which marks count.
#[derive(Debug, Default)]
pub enum Inline {
    /// All.
    #[default]
    All,
    /// None: whoever writes what is scanned is not to be asked.
    None,
    /// Those that a commit has, too: a change can't allow its own leak.
    In(Box<Base>),
}

/// A commit that marks must be in.
#[derive(Debug)]
pub struct Base {
    /// The repository.
    pub repository: Repository,
    /// The commit's tree.
    pub tree: ObjectId,
}

/// The marks that count, while findings are gone through.
pub(super) struct Marks<'a> {
    counts: bool,
    base: Option<(Objects, ObjectId)>,
    searched: Searched<'a>,
    /// The keys that are marked in the base, at the paths that were asked about.
    known: BTreeMap<Vec<u8>, Fingerprints>,
}

impl<'a> Marks<'a> {
    pub fn new(inline: &Inline, searched: Searched<'a>) -> Marks<'a> {
        let (counts, base) = match inline {
            Inline::All => (true, None),
            Inline::None => (false, None),
            Inline::In(base) => (true, Some((base.repository.objects(), base.tree))),
        };
        Marks { counts, base, searched, known: BTreeMap::new() }
    }

    /// The mark for a finding with a mark beside it that counts.
    pub fn vouch_for(&mut self, finding: &Finding) -> Option<Suppression> {
        let mark = finding.mark.as_ref().filter(|_| self.counts)?;
        let reason = if mark.reason.is_empty() { "a mark beside it, without a reason" } else { &mark.reason };
        self.is_in_base(finding).then(|| Suppression { by: SuppressedBy::Inline, reason: reason.to_owned() })
    }

    /// Whether the base, if there has to be one, has the same path with the same key and a mark beside it. What can't be
    /// read has none.
    fn is_in_base(&mut self, finding: &Finding) -> bool {
        let (Some((objects, tree)), Some(path)) = (&self.base, &finding.path) else { return self.base.is_none() };
        if !self.known.contains_key(path) {
            self.known.insert(path.clone(), marked(objects, *tree, path, self.searched));
        }
        self.known.get(path).is_some_and(|marked| marked.contains(&finding.fingerprint))
    }
}

/// The keys at a path of a tree that a mark beside them is for.
fn marked(objects: &Objects, tree: ObjectId, path: &[u8], searched: Searched<'_>) -> Fingerprints {
    let Ok(Some((EntryKind::File, blob))) = lookup(objects, tree, path) else { return Fingerprints::default() };
    let mut marked = Fingerprints::default();
    let is_marked = |located: &&Located| located.mark.is_some();
    // What can't be read whole has what was read.
    let _ = objects.lend(&blob, &mut |mut content| {
        let mut search = Search::new(searched.detector, searched.containers, searched.bounds);
        let (found, _) = search.run(Kind::Content, b"", &mut content, &mut |_| {});
        marked.extend(found.keys.iter().filter(is_marked).map(|located| located.found.key.fingerprint()));
    });
    marked
}
