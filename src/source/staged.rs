//! Staged: what the next commit would add, which is the index against HEAD and not the work tree.

use crate::blob::{Blob, Content, Kind, ObjectOrigin};
use crate::error::{Problem, ProblemKind};
use crate::git::changes::{Change, Unreadable, staged};
use crate::git::commit::Parts;
use crate::git::tree::EntryKind;
use crate::git::{Objects, Repository};
use crate::object::{ObjectId, ObjectKind};
use crate::source::Visitor;

/// What the next commit of a repository would add.
#[derive(Debug)]
pub struct Staged {
    /// The repository.
    pub repository: Repository,
}

impl Staged {
    /// Visits each staged version that HEAD has not at the same path, and each new name.
    pub fn visit<V: Visitor>(&self, mut visitor: V) -> V {
        self.lend(&mut visitor);
        visitor
    }

    fn lend<V: Visitor>(&self, visitor: &mut V) {
        let index = match self.repository.index() {
            Ok(index) => index,
            Err(cause) => return visitor.problem(unreadable_index(&self.repository, &cause)),
        };
        let objects = self.repository.objects();
        let mut lender = Lender { visitor, repository: &self.repository, objects: &objects, commit: None };
        match self.repository.head_tree(&objects) {
            Ok(head) => staged(&objects, &index, head, &mut |change| lender.lend(change)),
            Err(cause) => lender.visitor.problem(Problem::given(
                &self.repository.git_dir.join("HEAD"),
                ProblemKind::Corrupt,
                format!("{cause}; run git fsck"),
            )),
        }
    }
}

fn unreadable_index(repository: &Repository, cause: &str) -> Problem {
    let message = format!("{cause}; run git status, or git read-tree HEAD to write a new one");
    Problem::given(&repository.git_dir.join("index"), ProblemKind::Corrupt, message)
}

/// Lends what changed to a visitor.
pub(super) struct Lender<'r, V> {
    pub visitor: &'r mut V,
    pub repository: &'r Repository,
    pub objects: &'r Objects,
    /// The commit that brings the changes, if there is one already.
    pub commit: Option<ObjectId>,
}

impl<V: Visitor> Lender<'_, V> {
    /// Lends the name, if it is new, and the content.
    pub fn lend(&mut self, change: Result<Change, Unreadable>) {
        let change = match change {
            Ok(change) => change,
            Err(unreadable) => return self.unreadable(unreadable),
        };
        let Lender { visitor, repository, objects, commit } = self;
        let of_blob = ObjectOrigin {
            root: &repository.root,
            id: change.id,
            object_kind: ObjectKind::Blob,
            kind: Kind::Content,
            path: Some(&change.path),
            commit: *commit,
        };
        if change.is_new {
            let (id, object_kind) = match (change.tree, change.kind) {
                (Some(tree), _) => (tree, ObjectKind::Tree),
                (None, EntryKind::Folder) => (change.id, ObjectKind::Tree),
                (None, EntryKind::File | EntryKind::Link | EntryKind::Submodule) => (change.id, ObjectKind::Blob),
            };
            let name = change.path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            let origin = ObjectOrigin { id, object_kind, kind: Kind::FileName, ..of_blob };
            visitor.blob(Blob { origin: origin.into(), content: Content::Whole(name) });
        }
        let kind = match change.kind {
            EntryKind::File => Kind::Content,
            EntryKind::Link => Kind::LinkTarget,
            EntryKind::Folder | EntryKind::Submodule => return,
        };
        let origin = ObjectOrigin { kind, ..of_blob };
        let mut lend = |mut content: Content<'_>| {
            visitor.blob(Blob { origin: origin.into(), content: content.lend() });
        };
        match objects.lend(&change.id, &mut lend) {
            Ok((object_kind, size)) => visitor.object(object_kind, size),
            Err(cause) => self.unreadable(Unreadable::corrupt(change.id, cause)),
        }
    }

    /// Lends a commit or a tag: the message and the header, each counting lines from its own start.
    pub fn lend_message(&mut self, id: ObjectId, object_kind: ObjectKind, bytes: &[u8]) {
        let kind = if object_kind == ObjectKind::Tag { Kind::TagMessage } else { Kind::CommitMessage };
        let Parts { header, message } = Parts::new(bytes);
        for part in [message, header] {
            let (root, commit) = (&self.repository.root, self.commit);
            let origin = ObjectOrigin { root, id, object_kind, kind, path: None, commit };
            self.visitor.blob(Blob { origin: origin.into(), content: Content::Whole(part) });
        }
        self.visitor.object(object_kind, bytes.len() as u64);
    }

    /// Lends an object that has no path.
    pub fn lend_whole(&mut self, id: ObjectId, object_kind: ObjectKind, bytes: &[u8]) {
        let (root, commit, kind) = (&self.repository.root, self.commit, Kind::Content);
        let origin = ObjectOrigin { root, id, object_kind, kind, path: None, commit };
        self.visitor.blob(Blob { origin: origin.into(), content: Content::Whole(bytes) });
        self.visitor.object(object_kind, bytes.len() as u64);
    }

    /// An object that the change needs and that is not to be had.
    pub fn unreadable(&mut self, Unreadable { id, kind, cause }: Unreadable) {
        self.visitor.problem(Problem::object(&id, kind, &cause));
    }
}
