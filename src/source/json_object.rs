//! Whether a stream is one whole JSON object, as far as its brackets and quotes tell: what is cut anywhere is not.

use std::io::{self, Read};

/// What is known of a text so far.
#[derive(Debug, Default)]
pub(super) struct JsonObject {
    state: State,
    /// Brackets that are open.
    depth: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nothing but white space, or a byte order mark, of which this many bytes have come.
    #[default]
    Before,
    Mark(usize),
    /// In the object, outside of strings.
    Inside,
    /// In a string of it.
    Text,
    /// In a string, behind a backslash.
    Escape,
    /// Behind the object.
    Behind,
    /// It is something else.
    Other,
}

/// RFC 8259 lets a reader ignore it; PowerShell writes it.
const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

impl JsonObject {
    /// Looks at what comes next.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while let Some((&byte, rest)) = bytes.split_first() {
            bytes = rest;
            self.state = match (self.state, byte) {
                (State::Before | State::Behind, b' ' | b'\t' | b'\n' | b'\r') => self.state,
                (State::Before, byte) if byte == MARK[0] => State::Mark(1),
                (State::Mark(seen), byte) if MARK.get(seen) == Some(&byte) => {
                    if seen + 1 < MARK.len() {
                        State::Mark(seen + 1)
                    } else {
                        State::Before
                    }
                }
                (State::Before, b'{') | (State::Inside, b'{' | b'[') => {
                    self.depth += 1;
                    State::Inside
                }
                (State::Inside, b'}' | b']') => {
                    self.depth -= 1;
                    if self.depth == 0 { State::Behind } else { State::Inside }
                }
                (State::Inside, b'"') | (State::Escape, _) => State::Text,
                (State::Inside, _) | (State::Text, b'"') => State::Inside,
                (State::Text, b'\\') => State::Escape,
                (State::Text, _) => {
                    // Strings are most of what agents write.
                    let next = memchr::memchr2(b'"', b'\\', bytes).unwrap_or(bytes.len());
                    bytes = &bytes[next..];
                    State::Text
                }
                (State::Before | State::Mark(_) | State::Behind | State::Other, _) => State::Other,
            };
            if self.state == State::Other {
                return;
            }
        }
    }

    /// Whether all that came is one object.
    pub fn is_whole(&self) -> bool {
        self.state == State::Behind
    }

    /// A reader that shows it all that is read from `inner`.
    pub fn watch<R: Read>(&mut self, inner: R) -> Watched<'_, R> {
        Watched { object: self, inner }
    }
}

/// See [`JsonObject::watch`].
pub(super) struct Watched<'o, R> {
    object: &'o mut JsonObject,
    inner: R,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.object.push(&buffer[..read]);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_whole(pieces: &[&[u8]]) -> bool {
        let mut object = JsonObject::default();
        for piece in pieces {
            object.push(piece);
        }
        object.is_whole()
    }

    #[test]
    fn whole_objects_and_other_texts() {
        for text in ["{}", " \n{\"a\":[{\"b\":\"}\\\"{\"}, 1]}\r\n", "\u{feff}{\"a\":\"\\\\\"}"] {
            assert!(is_whole(&[text.as_bytes()]), "{text}");
        }
        for text in ["", " ", "[]", "\"a\"", "{}{}", "{} x", "{", "x{}", "\u{fefe}{}", "{\"a\":\"\\\"}"] {
            assert!(!is_whole(&[text.as_bytes()]), "{text}");
        }
    }

    /// However it comes in pieces; and no beginning of it is whole.
    #[test]
    fn cut_anywhere() {
        let text = "\u{feff} {\"tool\": {\"command\": \"echo \\\"{[\\\\\", \"n\": [1, [2]]}}".as_bytes();
        for at in 0..text.len() {
            assert!(is_whole(&[&text[..at], &text[at..]]), "{at}");
            assert!(!is_whole(&[&text[..at]]), "{at}");
        }
    }
}
