//! From an answer, or the lack of one, to what it says about the key.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::verdict::Status;
use crate::verify::body::Body;
use crate::verify::request::Credential;
use crate::verify::transport::{Answer, Failure};

/// The longest that a server's wish to wait is followed.
const MAX_WAIT: Duration = Duration::from_mins(1);
/// How long to wait where the server says nothing.
const PAUSE: Duration = Duration::from_secs(1);

/// Codes of a 403 that say: the key is known, and may not do this. Others come from what stands before the API.
const LIMITED: [&str; 3] = ["INSUFFICIENT_PERMISSIONS", "FORBIDDEN", "PAYMENT_REQUIRED"];

/// What one try says.
#[derive(Debug, PartialEq)]
pub struct Opinion {
    /// About the key.
    pub status: Status,
    /// Why, in words of ours and the API's code.
    pub reason: String,
    /// The id of the request, where the API gave one.
    pub request_id: Option<String>,
    /// After which pause it may be asked once more.
    pub again: Option<Duration>,
    /// Whether this makes one ask if the API is up at all.
    pub doubts_api: bool,
}

impl Opinion {
    fn new(status: Status, reason: String) -> Opinion {
        Opinion { status, reason, request_id: None, again: None, doubts_api: false }
    }

    /// What a try says. `now` is the time by which dates in the answer are read.
    pub fn of(outcome: Result<Answer, Failure>, credential: &Credential, now: SystemTime) -> Opinion {
        let read = |mut answer: Answer| Body::read(&mut answer.body).map(|body| (answer, body)).map_err(failure);
        match outcome.and_then(read) {
            Ok((answer, body)) => Opinion::of_answer(&answer, &body, credential, now),
            Err(failure) => Opinion {
                again: (failure == Failure::Timeout).then_some(PAUSE),
                doubts_api: true,
                ..Opinion::new(Status::Unknown, failure.to_string())
            },
        }
    }

    fn of_answer(answer: &Answer, body: &Body, credential: &Credential, now: SystemTime) -> Opinion {
        let status = answer.status;
        let code = body.code.as_deref().filter(|code| is_code(code) && !credential.is_told_by(code));
        let said = code.map_or_else(|| status.to_string(), |code| format!("{status} {code}"));
        let request_id = body.request_id.as_deref().or(answer.request_id.as_deref());
        let request_id = request_id.filter(|id| is_request_id(id) && !credential.is_told_by(id)).map(str::to_owned);
        let unknown = |what: &str| Opinion::new(Status::Unknown, format!("{said}{what}"));
        let opinion = match status {
            200 if body.is_list => Opinion::new(Status::Live, "200 with the list of sandboxes".to_owned()),
            402 => Opinion::new(Status::Limited, format!("{said}: accepted, and to be paid for first")),
            403 if code.is_some_and(|code| LIMITED.contains(&code)) => {
                Opinion::new(Status::Limited, format!("{said}: accepted, and not permitted to do this"))
            }
            401 if body.is_object => Opinion::new(
                Status::Rejected,
                format!("{said}: revoked, expired or never valid; the API does not say which"),
            ),
            200 | 401 | 403 => unknown(", but not in the API's words"),
            300..=399 => unknown(", a redirect, which is not followed"),
            429 => again(unknown(": too many requests"), wait(answer, body, now)),
            500..=599 => Opinion {
                doubts_api: true,
                ..again(unknown(": the API, or what stands before it, failed"), wait(answer, body, now))
            },
            _ => unknown(", which says nothing about the key"),
        };
        Opinion { request_id, ..opinion }
    }
}

/// Asks once more after what the server wishes, unless that is too long.
fn again(opinion: Opinion, wait: Option<Duration>) -> Opinion {
    match wait {
        Some(wait) if wait > MAX_WAIT => {
            let reason = format!("{}; it asks to wait {} seconds", opinion.reason, wait.as_secs());
            Opinion { reason, ..opinion }
        }
        wait => Opinion { again: Some(wait.unwrap_or(PAUSE)), ..opinion },
    }
}

/// How long the server asks to wait: by `Retry-After` in seconds or as a date (RFC 9110 section 10.2.3), by the body, or
/// by `X-RateLimit-Reset` in seconds since 1970, in this order.
fn wait(answer: &Answer, body: &Body, now: SystemTime) -> Option<Duration> {
    let seconds = |text: &str| text.trim().parse().ok().map(Duration::from_secs);
    let until = |time: SystemTime| time.duration_since(now).ok();
    let date = |text: &str| httpdate::parse_http_date(text.trim()).ok().and_then(until);
    let retry_after = answer.retry_after.as_deref().and_then(|text| seconds(text).or_else(|| date(text)));
    let said = || Duration::try_from_secs_f64(body.retry_after?).ok();
    let reset = || until(UNIX_EPOCH.checked_add(seconds(answer.rate_limit_reset.as_deref()?)?)?);
    retry_after.or_else(said).or_else(reset)
}

/// Why a body can't be read.
fn failure(error: io::Error) -> Failure {
    match error.downcast::<Failure>() {
        Ok(failure) => failure,
        Err(error) if error.kind() == io::ErrorKind::TimedOut => Failure::Timeout,
        Err(error) => Failure::Connection(crate::error::describe(&error)),
    }
}

/// Whether a text of the server looks like one of the API's codes, so that it may be shown.
fn is_code(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Whether a text of the server looks like the id of a request, so that it may be shown.
fn is_request_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;
    use crate::key::generate::Keys;
    use crate::verify::request::AuthHeader;

    fn credential(text: &str) -> Credential {
        Credential::new(AuthHeader::Authorization, &Key::at_start(text.as_bytes()).expect("a key"))
    }

    fn answer(status: u16, body: &str) -> Answer {
        let body = Box::new(io::Cursor::new(body.as_bytes().to_vec()));
        Answer { status, retry_after: None, rate_limit_reset: None, request_id: None, body }
    }

    fn opinion(answer: Answer) -> Opinion {
        Opinion::of(Ok(answer), &credential(&Keys::new(61).live()), UNIX_EPOCH + Duration::from_secs(1_000_000_000))
    }

    /// The table of the documentation, `docs/verify.md`.
    #[test]
    fn every_status() {
        let list = r#"{"object": "list", "data": []}"#;
        let error = r#"{"error": "no", "code": "ANY"}"#;
        let forbidden = r#"{"error": {"code": "FORBIDDEN"}}"#;
        for status in 100..=599 {
            for body in [list, error, forbidden, "{}", "<html>", ""] {
                let expected = match (status, body) {
                    (200, body) if body == list => Status::Live,
                    (402, _) => Status::Limited,
                    (403, body) if body == forbidden => Status::Limited,
                    (401, body) if body.starts_with('{') => Status::Rejected,
                    _ => Status::Unknown,
                };
                let opinion = opinion(answer(status, body));
                assert_eq!(opinion.status, expected, "{status} {body}");
                assert_eq!(opinion.again.is_some(), status == 429 || status >= 500, "{status} {body}");
                assert_eq!(opinion.doubts_api, status >= 500, "{status} {body}");
            }
        }
    }

    #[test]
    fn every_hint_how_long_to_wait() {
        let ask = |change: fn(&mut Answer), body: &str| {
            let mut answer = answer(429, body);
            change(&mut answer);
            opinion(answer).again
        };
        let seconds = |number| Some(Duration::from_secs(number));
        assert_eq!(ask(|_| {}, "{}"), seconds(1));
        assert_eq!(ask(|answer| answer.retry_after = Some("7".into()), "{}"), seconds(7));
        // 1,000,000,000 seconds after 1970 is Sun, 09 Sep 2001 01:46:40 GMT.
        let date = |answer: &mut Answer| answer.retry_after = Some("Sun, 09 Sep 2001 01:47:00 GMT".into());
        assert_eq!(ask(date, "{}"), seconds(20));
        assert_eq!(ask(|_| {}, r#"{"retry_after": 8}"#), seconds(8));
        assert_eq!(ask(|_| {}, r#"{"retry_after": 0.5}"#), Some(Duration::from_millis(500)));
        assert_eq!(ask(|_| {}, r#"{"error": {"details": {"retry_after_seconds": 9}}}"#), seconds(9));
        assert_eq!(ask(|answer| answer.rate_limit_reset = Some("1000000011".into()), "{}"), seconds(11));
        // The header goes before the body, and the body before the other header.
        assert_eq!(ask(|answer| answer.retry_after = Some("7".into()), r#"{"retry_after": 8}"#), seconds(7));
        assert_eq!(
            ask(|answer| answer.rate_limit_reset = Some("1000000011".into()), r#"{"retry_after": 8}"#),
            seconds(8)
        );
        // What says nothing is passed over.
        for nonsense in ["-1", "soon", "", "Sun, 09 Sep 2001 01:46:39 GMT"] {
            let mut answer = answer(429, r#"{"retry_after": -1}"#);
            answer.retry_after = Some(nonsense.to_owned());
            answer.rate_limit_reset = Some("5".to_owned());
            assert_eq!(opinion(answer).again, seconds(1), "{nonsense}");
        }
        assert_eq!(ask(|answer| answer.retry_after = Some("60".into()), "{}"), seconds(60));
        assert_eq!(ask(|answer| answer.retry_after = Some("61".into()), "{}"), None);
        assert_eq!(ask(|_| {}, r#"{"retry_after": 1e300}"#), seconds(1));
    }

    #[test]
    fn what_a_server_says_is_shown_only_if_it_looks_like_the_apis_words() {
        let text = Keys::new(62).live();
        let secret = &text[23..];
        let hostile = ["\u{1b}[31mLIVE", "::error::", "lower", "", "A B", &"A".repeat(65)];
        for word in hostile {
            let body = serde_json::json!({"code": word, "request_id": word}).to_string();
            let opinion = Opinion::of(Ok(answer(401, &body)), &credential(&text), UNIX_EPOCH);
            assert!(word.is_empty() || !opinion.reason.contains(word), "{word:?}");
            assert!(opinion.request_id.is_none_or(|id| id == "lower"), "{word:?}");
        }
        for part in [&text[..], secret, &secret[5..20]] {
            let body = serde_json::json!({"code": part, "request_id": part}).to_string();
            let opinion = Opinion::of(Ok(answer(401, &body)), &credential(&text), UNIX_EPOCH);
            assert!(opinion.request_id.is_none() && !opinion.reason.contains(part), "the secret is told");
        }
        let mut answer = answer(401, r#"{"code": "INVALID_TOKEN"}"#);
        answer.request_id = Some("req_1-2.3".to_owned());
        let opinion = opinion(answer);
        assert_eq!(opinion.request_id.as_deref(), Some("req_1-2.3"));
        assert!(opinion.reason.starts_with("401 INVALID_TOKEN: revoked, expired or never valid"), "{}", opinion.reason);
    }
}
