//! The keys that a scan found, each once, for whoever has to ask about them. Their secrets are overwritten when it is
//! dropped.

use std::collections::BTreeMap;

use crate::key::{Fingerprint, Key};

/// Distinct keys.
#[derive(Debug, Default)]
pub struct Keyring(BTreeMap<Fingerprint, Key>);

impl Keyring {
    /// Keeps a key, unless it is there already.
    pub fn add(&mut self, key: &Key) {
        self.0.entry(key.fingerprint()).or_insert_with(|| key.clone());
    }

    /// Takes over the keys of another.
    pub fn merge(&mut self, other: Keyring) {
        self.0.extend(other.0);
    }

    /// The key with a fingerprint.
    pub fn get(&self, fingerprint: Fingerprint) -> Option<&Key> {
        self.0.get(&fingerprint)
    }
}
