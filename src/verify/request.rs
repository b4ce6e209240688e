//! What is asked: two questions, and the one header that carries a key.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::key::{KEY_LEN, Key};

/// The header that carries the key. The vendor takes both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthHeader {
    /// `Authorization: Bearer KEY`, as the vendor's newer command line sends it.
    Authorization,
    /// `X-API-Key: KEY`, as the vendor's libraries send it. Its page on authentication spells it `X-API key` at one
    /// place, which is no header name (RFC 9110 section 5.1).
    XApiKey,
}

impl AuthHeader {
    /// Every choice.
    pub const ALL: [AuthHeader; 2] = [AuthHeader::Authorization, AuthHeader::XApiKey];

    /// The name of the header, and of the choice on the command line.
    pub fn name(self) -> &'static str {
        match self {
            AuthHeader::Authorization => "authorization",
            AuthHeader::XApiKey => "x-api-key",
        }
    }

    /// What the value begins with.
    fn scheme(self) -> &'static str {
        match self {
            AuthHeader::Authorization => "Bearer ",
            AuthHeader::XApiKey => "",
        }
    }
}

/// A header with a key in it. Built once for a key and shared by its tries; the bytes are overwritten when the last user
/// is done.
#[derive(Clone)]
pub struct Credential {
    /// Which header.
    pub header: AuthHeader,
    /// Its value. Never shown.
    pub value: HeaderBytes,
}

/// The value of a [`Credential`].
#[derive(Clone)]
pub struct HeaderBytes(Arc<Zeroizing<Vec<u8>>>);

impl AsRef<[u8]> for HeaderBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Credential {
    /// The header for a key.
    pub fn new(header: AuthHeader, key: &Key) -> Credential {
        let scheme = header.scheme().as_bytes();
        // With all its room from the start: growing would leave a copy behind.
        let mut value = Zeroizing::new(Vec::with_capacity(scheme.len() + KEY_LEN));
        value.extend_from_slice(scheme);
        key.write_to(&mut value);
        Credential { header, value: HeaderBytes(Arc::new(value)) }
    }
}

/// A GET request.
#[derive(Clone)]
pub enum Question {
    /// The list of the account's sandboxes, cut to one: the call by which the vendor's own program tells whether a key
    /// is good.
    Sandboxes(Credential),
    /// Whether the API is up. It takes no key and tells nothing about one.
    Health,
}

impl Question {
    /// The path below the API's address, with its query.
    pub fn path(&self) -> &'static str {
        match self {
            Question::Sandboxes(_) => "/v1/sandboxes?limit=1",
            Question::Health => "/health",
        }
    }

    /// The key, where one is sent.
    pub fn credential(&self) -> Option<&Credential> {
        match self {
            Question::Sandboxes(credential) => Some(credential),
            Question::Health => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::generate::Keys;

    #[test]
    fn the_value_of_each_header() {
        let text = Keys::new(51).live();
        let key = Key::at_start(text.as_bytes()).expect("a key");
        let value = |header| Credential::new(header, &key).value.as_ref().to_vec();
        assert!(value(AuthHeader::Authorization) == format!("Bearer {text}").into_bytes());
        assert!(value(AuthHeader::XApiKey) == text.as_bytes());
    }
}
