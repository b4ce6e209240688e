//! The key: its shape, its public half, its secret half.
//!
//! A HopX API key is `hopx_live_<id>.<secret>` (or `hopx_test_`), 66 bytes. The id is public: it names the key in the
//! dashboard, so it is printed. The secret never is: [`Secret`] has no `Display` and no `Serialize`, its `Debug` is
//! redacted, and its bytes are overwritten when it is dropped. This module knows nothing of where a key was found.

use std::collections::BTreeSet;
use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Bytes in a prefix: `hopx_live_` or `hopx_test_`.
pub const PREFIX_LEN: usize = 10;
/// Bytes in a key id.
pub const ID_LEN: usize = 12;
/// Bytes before the full stop.
const ID_END: usize = PREFIX_LEN + ID_LEN;
/// Bytes before the secret.
pub const PUBLIC_LEN: usize = ID_END + 1;
/// Bytes in a secret: 32 random bytes as base64url without padding (RFC 4648 section 5).
pub const SECRET_LEN: usize = 43;
/// Bytes in a whole key: prefix, id, a full stop, secret.
pub const KEY_LEN: usize = PREFIX_LEN + ID_LEN + 1 + SECRET_LEN;
/// The characters that can end a secret: 43 of base64url hold 258 bits, so the last one carries 4 bits of the 32nd byte
/// and two that are zero.
pub const SECRET_ENDS: &[u8] = b"AEIMQUYcgkosw048";

/// What kind of key was found. Each kind is one rule of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A production key, `hopx_live_`.
    LiveKey,
    /// A test-mode key, `hopx_test_`.
    TestKey,
}

impl Rule {
    /// Every rule, the gravest first.
    pub const ALL: [Rule; 2] = [Rule::LiveKey, Rule::TestKey];

    /// The rule's stable id in every report.
    pub fn id(self) -> &'static str {
        match self {
            Rule::LiveKey => "hopx-live-key",
            Rule::TestKey => "hopx-test-key",
        }
    }

    /// The rule with this id.
    pub fn from_id(id: &str) -> Option<Rule> {
        Rule::ALL.into_iter().find(|rule| rule.id() == id)
    }

    /// The prefix that marks the kind, [`PREFIX_LEN`] bytes of ASCII.
    pub fn prefix(self) -> &'static str {
        match self {
            Rule::LiveKey => "hopx_live_",
            Rule::TestKey => "hopx_test_",
        }
    }
}

/// The public half: 12 of `[0-9A-Za-z]`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; ID_LEN]);

impl KeyId {
    /// An id from its text; `None` for anything but 12 ASCII letters and digits.
    pub fn from_text(text: &str) -> Option<KeyId> {
        let id: [u8; ID_LEN] = text.as_bytes().try_into().ok()?;
        id.iter().all(u8::is_ascii_alphanumeric).then_some(KeyId(id))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        // Only ASCII gets past `Key::at_start` and `from_text`, so this never falls back.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The secret half. Overwritten when dropped; shown by nothing. In a box, since a move would leave a copy behind that
/// nobody overwrites.
#[derive(Clone)]
pub struct Secret(Box<Zeroizing<[u8; SECRET_LEN]>>);

impl Secret {
    fn new(secret: &[u8; SECRET_LEN]) -> Secret {
        let mut boxed = Box::<Zeroizing<[u8; SECRET_LEN]>>::new(Zeroizing::new([0; SECRET_LEN]));
        boxed.copy_from_slice(secret);
        Secret(boxed)
    }

    /// The 43 characters, for the checks that need them. Whoever calls this must not store, print or log the bytes.
    pub fn expose(&self) -> &[u8; SECRET_LEN] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

/// The SHA-256 (FIPS 180-4) of the whole key text, written as 64 lower-case hex digits. Tells two keys apart, and the
/// secret can't be guessed from it: it hides 256 random bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// A fingerprint from its 32 bytes.
    pub const fn new(digest: [u8; 32]) -> Fingerprint {
        Fingerprint(digest)
    }

    /// A fingerprint from its 64 lower-case hex digits; `None` for anything else.
    pub fn from_hex(hex: &str) -> Option<Fingerprint> {
        let digest = data_encoding::HEXLOWER.decode(hex.as_bytes()).ok()?;
        digest.try_into().ok().map(Fingerprint)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        data_encoding::HEXLOWER.encode_write(&self.0, f)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A set of fingerprints, in no order. Nearly all hold one, which takes no memory of its own: a `BTreeSet` of one takes
/// 368 bytes.
#[derive(Clone, Debug, Default)]
pub struct Fingerprints {
    one: Option<Fingerprint>,
    others: BTreeSet<Fingerprint>,
}

impl Fingerprints {
    /// Adds a fingerprint that may be there already.
    pub fn insert(&mut self, fingerprint: Fingerprint) {
        if self.is_empty() {
            self.one = Some(fingerprint);
        } else if self.one != Some(fingerprint) {
            self.others.insert(fingerprint);
        }
    }

    /// Takes a fingerprint out. Whether it was there.
    pub fn remove(&mut self, fingerprint: &Fingerprint) -> bool {
        self.one.take_if(|one| one == fingerprint).is_some() || self.others.remove(fingerprint)
    }

    /// Whether a fingerprint is there.
    pub fn contains(&self, fingerprint: &Fingerprint) -> bool {
        self.one.as_ref() == Some(fingerprint) || self.others.contains(fingerprint)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        usize::from(self.one.is_some()) + self.others.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each of them once.
    pub fn iter(&self) -> impl Iterator<Item = &Fingerprint> {
        self.one.iter().chain(&self.others)
    }
}

impl Extend<Fingerprint> for Fingerprints {
    fn extend<I: IntoIterator<Item = Fingerprint>>(&mut self, fingerprints: I) {
        for fingerprint in fingerprints {
            self.insert(fingerprint);
        }
    }
}

impl FromIterator<Fingerprint> for Fingerprints {
    fn from_iter<I: IntoIterator<Item = Fingerprint>>(fingerprints: I) -> Fingerprints {
        let mut set = Fingerprints::default();
        set.extend(fingerprints);
        set
    }
}

/// A whole key.
#[derive(Clone, Debug)]
pub struct Key {
    /// Which kind of key.
    pub rule: Rule,
    /// The public half.
    pub id: KeyId,
    /// The secret half.
    pub secret: Secret,
}

impl Key {
    /// The key that `text` begins with, judged by shape alone: prefix, 12 alphanumerics, a full stop, 42 of the
    /// base64url alphabet and one of the 16 characters that can end 32 bytes. What stands around it is the business of
    /// the detector.
    pub fn at_start(text: &[u8]) -> Option<Key> {
        let text: &[u8; KEY_LEN] = text.first_chunk()?;
        let rule = Rule::ALL.into_iter().find(|rule| text.starts_with(rule.prefix().as_bytes()))?;
        let (id, rest) = text[PREFIX_LEN..].split_first_chunk::<ID_LEN>()?;
        let (stop, secret) = rest.split_first_chunk::<1>()?;
        let secret: &[u8; SECRET_LEN] = secret.try_into().ok()?;
        let shaped = id.iter().all(u8::is_ascii_alphanumeric)
            && stop == b"."
            && secret.iter().copied().all(is_base64url)
            && ends_32_bytes(secret[SECRET_LEN - 1])
            // The rest of a key that was cut and the beginning of another one, which is a key of its own: a chance of 6e-17.
            && !Rule::ALL.iter().any(|rule| memchr::memmem::find(secret, rule.prefix().as_bytes()).is_some());
        shaped.then(|| Key { rule, id: KeyId(*id), secret: Secret::new(secret) })
    }

    /// The fingerprint of the whole key text.
    pub fn fingerprint(&self) -> Fingerprint {
        let digest = Sha256::new()
            .chain_update(self.rule.prefix())
            .chain_update(self.id.0)
            .chain_update(b".")
            .chain_update(self.secret.expose())
            .finalize();
        Fingerprint(digest.into())
    }

    /// Writes the whole key text, [`KEY_LEN`] bytes, to the end of `text`. Whoever calls this must overwrite `text` when
    /// done, and leave room in it beforehand: growing would leave a copy behind.
    pub fn write_to(&self, text: &mut Vec<u8>) {
        text.extend_from_slice(self.rule.prefix().as_bytes());
        text.extend_from_slice(&self.id.0);
        text.push(b'.');
        text.extend_from_slice(self.secret.expose());
    }

    /// The form that may be shown: `hopx_live_<id>.****`.
    pub fn redacted(&self) -> String {
        redacted(self.rule, self.id)
    }
}

/// The form of a key that may be shown: `hopx_live_<id>.****`.
pub fn redacted(rule: Rule, id: KeyId) -> String {
    format!("{}{id}.****", rule.prefix())
}

/// Whether `byte` can be character `place` of a key, counted from 0. Mixtures of the prefixes pass, and any character of
/// base64url as the last; the whole is judged by [`Key::at_start`].
pub fn fits(place: usize, byte: u8) -> bool {
    match place {
        0..PREFIX_LEN => Rule::ALL.iter().any(|rule| rule.prefix().as_bytes()[place] == byte),
        PREFIX_LEN..ID_END => byte.is_ascii_alphanumeric(),
        ID_END => byte == b'.',
        _ => is_base64url(byte),
    }
}

/// Whether `byte` is in the base64url alphabet (RFC 4648 section 5).
pub(crate) fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// Whether `byte` can be the last of a secret.
fn ends_32_bytes(byte: u8) -> bool {
    SECRET_ENDS.contains(&byte)
}

#[cfg(test)]
#[path = "../tests/support/keys.rs"]
pub(crate) mod generate;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_fingerprints_holds_each_once() {
        let [a, b, c] = [1, 2, 3].map(|number| Fingerprint::new([number; 32]));
        let mut set: Fingerprints = [a, b, a, b].into_iter().collect();
        assert_eq!((set.len(), set.contains(&a), set.contains(&b), set.contains(&c)), (2, true, true, false));
        assert!(set.remove(&a) && !set.remove(&a) && !set.is_empty());
        // The first one's place is free, and the other one is not there twice.
        set.extend([b, c, b]);
        let mut all: Vec<_> = set.iter().copied().collect();
        all.sort();
        assert_eq!((all, set.len()), (vec![b, c], 2));
        assert!(set.remove(&b) && set.remove(&c) && set.is_empty());
    }

    #[test]
    fn every_generated_key_has_the_shape() {
        let mut keys = generate::Keys::new(1);
        for rule in Rule::ALL {
            for _ in 0..1_000 {
                let text = keys.with_prefix(rule.prefix());
                let key = Key::at_start(text.as_bytes()).expect("a generated key has the shape");
                assert_eq!(key.rule, rule);
                assert_eq!(key.redacted(), format!("{}.****", &text[..PREFIX_LEN + ID_LEN]));
            }
        }
    }

    #[test]
    fn only_the_sixteen_last_characters_that_end_32_bytes() {
        let mut keys = generate::Keys::new(2);
        let text = keys.live();
        let last: Vec<u8> = (0..=255)
            .filter(|&byte| {
                let mut text = text.clone().into_bytes();
                text[KEY_LEN - 1] = byte;
                Key::at_start(&text).is_some()
            })
            .collect();
        let mut expected = b"AEIMQUYcgkosw048".to_vec();
        expected.sort_unstable();
        assert_eq!(last, expected);
    }

    #[test]
    fn fingerprint_is_the_sha256_of_the_key_text() {
        let text = generate::Keys::new(3).live();
        let key = Key::at_start(text.as_bytes()).expect("a generated key has the shape");
        let expected = data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes()));
        assert_eq!(key.fingerprint().to_string(), expected);
    }

    #[test]
    fn debug_shows_no_secret() {
        let text = generate::Keys::new(4).live();
        let key = Key::at_start(text.as_bytes()).expect("a generated key has the shape");
        let shown = format!("{key:?}");
        assert!(shown.contains(key.id.as_str()));
        assert!(!shown.contains(&text[PREFIX_LEN + ID_LEN + 1..]));
    }
}
