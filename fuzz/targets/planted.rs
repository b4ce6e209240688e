//! The key that inputs hold.

use std::sync::LazyLock;

use memchr::memmem;

use super::keys::Keys;

static KEY: LazyLock<String> = LazyLock::new(|| Keys::new(0x706c_616e).live());
static LINE: LazyLock<String> = LazyLock::new(|| format!("\nHOPX_API_KEY={}\n", *KEY));

/// The key.
pub fn key() -> &'static str {
    &KEY
}

/// The key on a line of its own, with the ends of the lines before it and of its own.
pub fn line() -> &'static str {
    &LINE
}

/// Whether the line stands in these bytes, so that a scan of them must find the key.
pub fn stands_in(bytes: &[u8]) -> bool {
    memmem::find(bytes, line().as_bytes()).is_some()
}

/// Whether the key stands in what the program said. The secret half alone may be what damage has left of a key.
pub fn is_leaked_by(text: &[u8]) -> bool {
    memmem::find(text, key().as_bytes()).is_some()
}

/// Whether a part of the secret half does.
pub fn is_partly_in(text: &[u8]) -> bool {
    key().as_bytes()[23..].windows(8).any(|part| memmem::find(text, part).is_some())
}
