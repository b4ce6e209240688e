//! The keys that a scan found, each once, for whoever has to ask about them. Their secrets are overwritten when it is
//! dropped.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

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

    /// Whether a text tells a part of the secret of any of the keys: 6 letters and digits in a row, whatever stands between
    /// them and however they are cased, forwards or backwards, or the same in hex. For texts of somebody who knows keys. By
    /// chance a text of 36 characters does so once in about 1,000,000 keys.
    pub fn is_told_by(&self, text: &str) -> bool {
        const TELLTALE: usize = 6;
        let plain = |bytes: &[u8]| -> Zeroizing<Vec<u8>> {
            Zeroizing::new(
                bytes.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect(),
            )
        };
        let forwards = plain(text.as_bytes());
        let backwards = Zeroizing::new(forwards.iter().rev().copied().collect::<Vec<u8>>());
        // Two digits of hex may begin at either place.
        let unhex = |from: usize| {
            let pairs = forwards.get(from..).unwrap_or_default().chunks_exact(2);
            let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
            plain(&pairs.map(|pair| byte(pair).unwrap_or_default()).collect::<Vec<u8>>())
        };
        let texts = [&forwards, &backwards, &unhex(0), &unhex(1)];
        self.0.values().any(|key| {
            let secret = plain(key.secret.expose());
            secret.windows(TELLTALE).any(|part| texts.iter().any(|text| memchr::memmem::find(text, part).is_some()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::generate::Keys;

    #[test]
    fn a_part_of_a_secret_is_told() {
        let mut keys = Keys::new(52);
        let (mut ring, mut all) = (Keyring::default(), Vec::new());
        for _ in 0..20 {
            let text = keys.live();
            ring.add(&Key::at_start(text.as_bytes()).expect("a key"));
            all.push(text);
        }
        for text in &all {
            let secret: String = text[23..].chars().filter(char::is_ascii_alphanumeric).collect();
            let hex = data_encoding::HEXLOWER.encode(&secret.as_bytes()[3..15]);
            let reversed: String = secret[5..12].chars().rev().collect();
            let spread: Vec<String> = secret[..12].chars().map(String::from).collect();
            for told in [
                &secret[9..15],
                &text[..],
                &format!("req_{}", &secret[7..14]),
                &secret[2..20].to_ascii_uppercase(),
                &hex,
                &format!("a{hex}"),
                &reversed,
                &spread.join("-"),
            ] {
                assert!(ring.is_told_by(told), "a part is not seen");
            }
            assert!(!ring.is_told_by(&text[..22]) && !ring.is_told_by("req_5f2a") && !ring.is_told_by(&secret[..5]));
        }
    }
}
