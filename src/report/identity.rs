//! What a finding is known by over time: rule, key, path and number, without a line, so that it survives moved lines.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::finding::Finding;

/// Each finding with its number among those of the same key at the same path, from 0.
pub fn numbered<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<(usize, &'a Finding)> {
    let mut counts = BTreeMap::new();
    findings
        .map(|finding| {
            let count = counts.entry((&finding.path, finding.fingerprint)).or_insert(0_usize);
            *count += 1;
            (*count - 1, finding)
        })
        .collect()
}

/// The identity of the `nth` finding of a key at a path, in 64 digits.
pub fn hex(finding: &Finding, nth: usize) -> String {
    data_encoding::HEXLOWER.encode(&digest(finding, nth))
}

/// The same as a UUID of version 8 (RFC 9562 section 5.8).
pub fn uuid(finding: &Finding, nth: usize) -> String {
    let mut bytes = digest(finding, nth);
    bytes[6] = 0x80 | bytes[6] & 0x0f;
    bytes[8] = 0x80 | bytes[8] & 0x3f;
    let parts = [0..4, 4..6, 6..8, 8..10, 10..16].map(|part| data_encoding::HEXLOWER.encode(&bytes[part]));
    parts.join("-")
}

fn digest(finding: &Finding, nth: usize) -> [u8; 32] {
    Sha256::new()
        .chain_update(format!("{}\0{}\0{nth}\0", finding.rule.id(), finding.fingerprint))
        .chain_update(finding.path.as_deref().unwrap_or_default())
        .chain_update(finding.members.iter().flat_map(|name| [b"\0", &name[..]].concat()).collect::<Vec<u8>>())
        .finalize()
        .into()
}
