//! Random keys for tests, properties and benchmarks. No key is written down anywhere in this project: each is made
//! here, from a seed, and has the vendor's exact shape.

#![allow(dead_code, reason = "each user of this file needs a part of it")]

const ALPHANUMERIC: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// base64url in the order of RFC 4648: the position is the value.
const BASE64URL: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A source of random keys.
pub struct Keys {
    rng: fastrand::Rng,
}

impl Keys {
    /// The same seed gives the same keys.
    pub fn new(seed: u64) -> Keys {
        Keys { rng: fastrand::Rng::with_seed(seed) }
    }

    /// A production key.
    pub fn live(&mut self) -> String {
        self.with_prefix("hopx_live_")
    }

    /// A test-mode key.
    pub fn test(&mut self) -> String {
        self.with_prefix("hopx_test_")
    }

    /// A key with any prefix.
    pub fn with_prefix(&mut self, prefix: &str) -> String {
        let id = self.id();
        let secret = self.secret();
        format!("{prefix}{id}.{secret}")
    }

    /// 12 alphanumerics.
    pub fn id(&mut self) -> String {
        (0..12).map(|_| char::from(ALPHANUMERIC[self.rng.usize(..ALPHANUMERIC.len())])).collect()
    }

    /// 32 random bytes as base64url without padding.
    pub fn secret(&mut self) -> String {
        let mut bytes = [0_u8; 32];
        self.rng.fill(&mut bytes);
        base64url(&bytes)
    }

    /// The random numbers behind the keys.
    pub fn rng(&mut self) -> &mut fastrand::Rng {
        &mut self.rng
    }
}

/// base64url without padding, straight from RFC 4648, so that the tests do not lean on the decoder they test.
pub fn base64url(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let mut bits = [0_u8; 3];
        bits[..group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes([0, bits[0], bits[1], bits[2]]);
        for digit in 0..=group.len() {
            let value = (bits >> (18 - 6 * digit)) & 63;
            text.push(char::from(BASE64URL[value as usize]));
        }
    }
    text
}
