//! The key that the vendor prints in its documentation: structurally perfect, and nobody's.

use crate::finding::{Finding, SuppressedBy, Suppression};
use crate::key::Fingerprint;

/// The SHA-256 of the example key on the vendor's page on authentication.
pub const DOCUMENTATION_KEY: Fingerprint = Fingerprint::new([
    0xd4, 0x8d, 0x07, 0xab, 0x5e, 0xcc, 0x6a, 0xf3, 0xe9, 0x69, 0xdc, 0x56, 0x01, 0x3c, 0xe3, 0x59, 0x8f, 0xfb, 0xfe,
    0x75, 0xb1, 0xa3, 0x65, 0xfd, 0x07, 0xe2, 0x91, 0x42, 0x57, 0x5b, 0xcd, 0xfc,
]);

/// The mark for the documentation key.
pub fn vouches_for(finding: &Finding) -> Option<Suppression> {
    (finding.fingerprint == DOCUMENTATION_KEY).then(|| Suppression {
        by: SuppressedBy::Documentation,
        reason: "the example key of the vendor's documentation".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_the_published_hash() {
        let published = "d48d07ab5ecc6af3e969dc56013ce3598ffbfe75b1a365fd07e29142575bcdfc";
        assert_eq!(DOCUMENTATION_KEY.to_string(), published);
    }
}
