//! The shape of a key.

/// Bytes in a key: a prefix of 10, an id of 12, a full stop, a secret of 43.
pub const KEY_LEN: usize = 66;
/// Where the secret begins.
pub const SECRET: usize = 23;
const PREFIXES: [&[u8; 10]; 2] = [b"hopx_live_", b"hopx_test_"];
/// 43 characters hold two bits more than 32 bytes, and these are zero.
const LAST: &[u8] = b"AEIMQUYcgkosw048";

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// Whether the bytes are a key.
pub fn is_key(bytes: &[u8]) -> bool {
    bytes.len() == KEY_LEN
        && PREFIXES.iter().any(|prefix| bytes.starts_with(*prefix))
        && bytes[10..22].iter().all(u8::is_ascii_alphanumeric)
        && bytes[22] == b'.'
        && bytes[SECRET..].iter().all(|byte| is_base64url(*byte))
        && LAST.contains(&bytes[KEY_LEN - 1])
        // The rest of a key that was cut and the beginning of a whole one, which is the key.
        && !bytes[SECRET..].windows(10).any(|part| PREFIXES.iter().any(|prefix| part == *prefix))
}

/// Whether character number `place` of a key can be this one.
pub fn fits(place: usize, byte: u8) -> bool {
    match place {
        0..10 => PREFIXES.iter().any(|prefix| prefix[place] == byte),
        10..22 => byte.is_ascii_alphanumeric(),
        22 => byte == b'.',
        _ => is_base64url(byte),
    }
}
