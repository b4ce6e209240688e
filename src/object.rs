//! Names of git objects: what kind one is and the id it is known by.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{Hash, Hasher};

/// Which hash a repository names its objects by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HashKind {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl HashKind {
    /// The length of an id in bytes: 20 or 32.
    #[expect(clippy::len_without_is_empty, reason = "no hash is empty")]
    pub fn len(self) -> usize {
        match self {
            HashKind::Sha1 => 20,
            HashKind::Sha256 => 32,
        }
    }
}

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// The content of a file or the text of a symbolic link.
    Blob,
    /// A commit.
    Commit,
    /// An annotated tag.
    Tag,
    /// A folder.
    Tree,
}

impl ObjectKind {
    /// Every kind, in the order of their names.
    pub const ALL: [ObjectKind; 4] = [ObjectKind::Blob, ObjectKind::Commit, ObjectKind::Tag, ObjectKind::Tree];

    /// The name in git and in reports.
    pub fn name(self) -> &'static str {
        match self {
            ObjectKind::Blob => "blob",
            ObjectKind::Commit => "commit",
            ObjectKind::Tag => "tag",
            ObjectKind::Tree => "tree",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<ObjectKind> {
        ObjectKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// The id of a git object: its SHA-1 or SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectId {
    kind: HashKind,
    /// Zeros after the length of the hash.
    bytes: [u8; 32],
}

impl ObjectId {
    /// An id from its 20 or 32 bytes; `None` for any other length.
    pub fn from_bytes(id: &[u8]) -> Option<ObjectId> {
        let kind = match id.len() {
            20 => HashKind::Sha1,
            32 => HashKind::Sha256,
            _ => return None,
        };
        let mut bytes = [0; 32];
        bytes[..id.len()].copy_from_slice(id);
        Some(ObjectId { kind, bytes })
    }

    /// An id from its 40 or 64 digits, of either case; `None` for anything else.
    pub fn from_hex(hex: &[u8]) -> Option<ObjectId> {
        let hex = Some(hex).filter(|hex| matches!(hex.len(), 40 | 64))?;
        ObjectId::from_bytes(&data_encoding::HEXLOWER_PERMISSIVE.decode(hex).ok()?)
    }

    /// Whether it is all zeros, which git writes where there is no object.
    pub fn is_null(&self) -> bool {
        self.bytes.iter().all(|byte| *byte == 0)
    }

    /// The bytes of the hash: 20 or 32.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.kind.len()]
    }
}

impl Hash for ObjectId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.as_bytes());
    }
}

/// Hashes all bytes of an id, with a seed that is another one in each run. Ids in packs are not verified, so they may be
/// chosen: where the first eight bytes were the hash, 40,000 commits that had them in common took 15 s instead of 0.4 s.
pub type IdState = foldhash::fast::RandomState;
/// A map from ids.
pub type IdMap<T> = HashMap<ObjectId, T, IdState>;
/// A set of ids.
pub type IdSet = HashSet<ObjectId, IdState>;

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(self.as_bytes()))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_two_lengths() {
        for digits in [40, 64] {
            let hex = "0123456789abcdef".repeat(4)[..digits].to_owned();
            let id = ObjectId::from_hex(hex.as_bytes()).expect("an id");
            assert_eq!((id.to_string(), id.as_bytes().len()), (hex, digits / 2));
        }
        for wrong in ["", "0", "01", &"0".repeat(39), &"0".repeat(41), &"0".repeat(66), &"g".repeat(40)] {
            assert_eq!(ObjectId::from_hex(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn ids_that_begin_alike_have_other_hashes_and_in_each_map_others() {
        use std::hash::BuildHasher;
        let id = |number: u64| {
            let mut bytes = [7; 20];
            bytes[12..].copy_from_slice(&number.to_be_bytes());
            ObjectId::from_bytes(&bytes).expect("20 bytes")
        };
        let hashes = |state: IdState| (0..1000).map(|number| state.hash_one(id(number))).collect::<HashSet<u64>>();
        let (one, other) = (hashes(IdState::default()), hashes(IdState::default()));
        assert!(one.len() > 990, "{} hashes of 1000 ids", one.len());
        assert!(one.intersection(&other).count() < 10);
    }
}
