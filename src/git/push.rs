//! What a push would send, told from the lines that git writes to the pre-push hook (githooks(5)).

use crate::git::Repository;
use crate::git::range::RangeError;
use crate::object::{ObjectId, ObjectKind};

/// A line of the pre-push hook's input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// The object that the remote's ref will lead to; none when the ref is to be deleted.
    pub local: Option<ObjectId>,
    /// The object it leads to so far; none when it is new.
    pub remote: Option<ObjectId>,
}

/// What a push would send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// Commits.
    pub commits: Vec<ObjectId>,
    /// Tags and whatever else a ref may name.
    pub others: Vec<ObjectId>,
}

impl Update {
    /// Reads `LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID`; `None` for anything else. An id of zeros means none.
    pub fn parse(line: &[u8]) -> Option<Update> {
        // A local ref may be an expression with spaces in it, such as `HEAD@{1 day ago}`: the end is what is fixed.
        let mut words = line.rsplitn(4, |byte| *byte == b' ');
        let id = |word: Option<&[u8]>| {
            let id = ObjectId::from_hex(word?)?;
            Some(Some(id).filter(|id| id.as_bytes().iter().any(|byte| *byte != 0)))
        };
        let remote = id(words.next())?;
        words.next().filter(|name| !name.is_empty())?;
        let local = id(words.next())?;
        words.next().filter(|name| !name.is_empty())?;
        Some(Update { local, remote })
    }
}

impl Repository {
    /// What these updates would send to the remote of this name, less what it is known to have: what its remote-tracking
    /// refs and the old values of the updated refs reach.
    ///
    /// # Errors
    ///
    /// Why that can't be told.
    pub fn outgoing(&self, updates: &[Update], remote: &str) -> Result<Outgoing, RangeError> {
        let objects = self.objects();
        let prefix = format!("refs/remotes/{remote}/");
        let tracked = self.names().names.into_iter().filter(|name| name.name.starts_with(prefix.as_bytes()));
        let mut there: Vec<ObjectId> = tracked.map(|name| name.target).collect();
        there.extend(updates.iter().filter_map(|update| update.remote));
        let mut outgoing = Outgoing::default();
        let mut tips = Vec::new();
        for update in updates {
            let Some(id) = update.local else { continue };
            let peeled = objects.peel(&id);
            if let Some((id, cause)) = peeled.lost {
                return Err(RangeError::Unreadable { id, cause });
            }
            for (id, kind) in peeled.objects {
                match kind {
                    ObjectKind::Commit => tips.push(id),
                    ObjectKind::Blob | ObjectKind::Tree | ObjectKind::Tag => outgoing.others.push(id),
                }
            }
        }
        // What was never fetched can't be followed, and hides nothing.
        outgoing.others.retain(|id| !there.contains(id));
        let there: Vec<ObjectId> = there.iter().filter_map(|id| objects.peel(id).commit()).collect();
        outgoing.commits = self.commits_between(&tips, &there)?;
        Ok(outgoing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_push() {
        let (a, none) = ("1".repeat(40), "0".repeat(40));
        let id = ObjectId::from_hex(a.as_bytes());
        let parse = |line: String| Update::parse(line.as_bytes());
        assert_eq!(parse(format!("refs/heads/x {a} refs/heads/x {none}")), Some(Update { local: id, remote: None }));
        assert_eq!(parse(format!("(delete) {none} refs/heads/x {a}")), Some(Update { local: None, remote: id }));
        assert_eq!(parse(format!("HEAD@{{1 day ago}} {a} refs/x {a}")), Some(Update { local: id, remote: id }));
        for wrong in [String::new(), a.clone(), format!("x {a} y"), format!("x {a} y {a}0"), format!("{a} y {a}")] {
            assert_eq!(parse(wrong.clone()), None, "{wrong}");
        }
    }
}
