//! The body of an answer: read up to a bound, for the few words in it that say something about the key, and dropped. Errors come as `{"error": TEXT, "code", "request_id"}` or as `{"error": {"code", ...}}`, depending on which page and
//! which library of the vendor one believes.

use std::fmt;
use std::io::{self, Read};

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use zeroize::Zeroizing;

/// Bytes that are read of a body.
pub const MAX_BODY: usize = 64 * 1024;

/// What a body says. Texts are as the server sent them; `answer` decides which may be shown.
#[derive(Debug, Default, PartialEq)]
pub struct Body {
    /// It is a JSON object, and whole.
    pub is_object: bool,
    /// It is a JSON object, or begins as one and is longer than [`MAX_BODY`], with `"object": "list"` or `"data"`.
    pub is_list: bool,
    /// The code of an error.
    pub code: Option<String>,
    /// The id of the request.
    pub request_id: Option<String>,
    /// After how many seconds to ask again.
    pub retry_after: Option<f64>,
}

impl Body {
    /// Reads a body. What is no JSON object says nothing.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub fn read(body: impl Read) -> io::Result<Body> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BODY + 1));
        body.take(MAX_BODY as u64 + 1).read_to_end(&mut bytes)?;
        Ok(Body::parse(&bytes))
    }

    fn parse(bytes: &[u8]) -> Body {
        let is_cut = bytes.len() > MAX_BODY;
        let mut body = Body::default();
        let mut json = serde_json::Deserializer::from_slice(&bytes[..bytes.len().min(MAX_BODY)]);
        let parsed = json.deserialize_map(Words(&mut body)).and_then(|()| json.end());
        match (parsed, is_cut) {
            (Ok(()), false) => Body { is_object: true, ..body },
            // Where it is cut, what it said before stands.
            (Err(error), true) if error.is_eof() => body,
            _ => Body::default(),
        }
    }
}

/// Fills in a body from the outermost object.
struct Words<'b>(&'b mut Body);

impl<'de> Visitor<'de> for Words<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let body = self.0;
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "data" => {
                    // A list may be long, and `null`.
                    body.is_list = true;
                    map.next_value::<IgnoredAny>()?;
                }
                "object" => body.is_list |= map.next_value::<Value>()? == "list",
                "code" => body.code = map.next_value::<Text>()?.0.or(body.code.take()),
                "request_id" => body.request_id = map.next_value::<Text>()?.0.or(body.request_id.take()),
                "retry_after" => body.retry_after = map.next_value::<Value>()?.as_f64(),
                "error" => {
                    let error = map.next_value::<Value>()?;
                    let text = |name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
                    body.code = body.code.take().or_else(|| text("code"));
                    body.request_id = body.request_id.take().or_else(|| text("request_id"));
                    let details = error.get("details").and_then(|details| details.get("retry_after_seconds"));
                    let wait = details.or_else(|| error.get("retry_after")).and_then(Value::as_f64);
                    body.retry_after = body.retry_after.or(wait);
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// A text; any other value is none.
struct Text(Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
        Ok(Text(match Value::deserialize(deserializer)? {
            Value::String(text) => Some(text),
            _ => None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Body {
        Body::read(text.as_bytes()).expect("in memory")
    }

    #[test]
    fn both_forms_of_an_error() {
        let flat = parse(r#"{"error": "no", "code": "FORBIDDEN", "request_id": "req_1", "retry_after": 7}"#);
        assert_eq!(flat.code.as_deref(), Some("FORBIDDEN"));
        assert_eq!(flat.request_id.as_deref(), Some("req_1"));
        assert_eq!(flat.retry_after, Some(7.0));
        let nested =
            parse(r#"{"error": {"code": "FORBIDDEN", "request_id": "req_1", "details": {"retry_after_seconds": 7}}}"#);
        assert_eq!(nested, Body { is_object: true, ..flat });
        let both = parse(r#"{"error": {"code": "INNER"}, "code": "OUTER"}"#);
        assert_eq!(both.code.as_deref(), Some("OUTER"));
    }

    #[test]
    fn lists() {
        for text in [r#"{"object": "list", "data": []}"#, r#"{"data": null}"#, r#"{"object": "list"}"#] {
            assert!(parse(text).is_list, "{text}");
        }
        for text in [r#"{"object": "sandbox"}"#, "{}", r#"[{"data": []}]"#, r#"{"data": []"#, r#"{"data": []} x"#] {
            assert!(!parse(text).is_list, "{text}");
        }
    }

    #[test]
    fn only_an_object_counts() {
        for text in ["", "401", "null", "\"no\"", "[]", "<html>", "{\"code\":", "{} {}"] {
            assert_eq!(parse(text), Body::default(), "{text}");
        }
        assert!(parse(" {} \n").is_object);
    }

    #[test]
    fn a_long_body_is_cut() {
        let long = format!(r#"{{"object": "list", "data": ["{}"], "code": "LATE"}}"#, "x".repeat(MAX_BODY));
        let body = parse(&long);
        assert!(body.is_list && !body.is_object && body.code.is_none());
        assert_eq!(parse(&format!("<html>{long}")), Body::default());
        let nested = parse(&"[".repeat(2 * MAX_BODY));
        assert_eq!(nested, Body::default());
    }
}
