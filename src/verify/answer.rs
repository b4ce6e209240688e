//! From an answer, or the lack of one, to what it says about the key.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::verdict::{Status, is_request_id};
use crate::verify::body::Body;
use crate::verify::transport::{Answer, Failure};

/// The longest that a server's wish to wait is followed.
const MAX_WAIT: Duration = Duration::from_mins(1);
/// How long to wait where the server says nothing.
const PAUSE: Duration = Duration::from_secs(1);

/// Codes of a 403 that say: the key is known, and may not do this. Others come from what stands before the API.
const LIMITED: [&str; 3] = ["INSUFFICIENT_PERMISSIONS", "FORBIDDEN", "PAYMENT_REQUIRED"];

/// The other codes that the vendor's documentation has. What is none of them is the server's own text, and is not shown.
const OTHERS: [&str; 10] = [
    "AUTHENTICATION_REQUIRED",
    "CONFLICT",
    "EXECUTION_TIMEOUT",
    "INTERNAL_ERROR",
    "INVALID_REQUEST",
    "INVALID_TOKEN",
    "RATE_LIMIT_EXCEEDED",
    "RESOURCE_LIMIT_ERROR",
    "RESOURCE_NOT_FOUND",
    "SERVICE_UNAVAILABLE",
];

/// What one try says.
#[derive(Debug, PartialEq)]
pub struct Opinion {
    /// About the key.
    pub status: Status,
    /// Why, in words of ours and the API's code.
    pub reason: String,
    /// The id of the request, where the API gave one. Whether it tells a key is still to be looked at.
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
    pub fn of(outcome: Result<Answer, Failure>, now: SystemTime) -> Opinion {
        let read = |mut answer: Answer| match Body::read(&mut answer.body) {
            Ok(body) => Ok((answer, body)),
            // Of other statuses the body does not decide.
            Err(error) if matches!(answer.status, 200 | 401 | 403) => Err(failure(error)),
            Err(_) => Ok((answer, Body::default())),
        };
        match outcome.and_then(read) {
            Ok((answer, body)) => Opinion::of_answer(&answer, &body, now),
            Err(failure) => Opinion {
                again: (failure == Failure::Timeout).then_some(PAUSE),
                doubts_api: true,
                ..Opinion::new(Status::Unknown, failure.to_string())
            },
        }
    }

    fn of_answer(answer: &Answer, body: &Body, now: SystemTime) -> Opinion {
        let status = answer.status;
        let code = body.code.as_deref().filter(|code| LIMITED.contains(code) || OTHERS.contains(code));
        let said = code.map_or_else(|| status.to_string(), |code| format!("{status} {code}"));
        let request_id = body.request_id.as_deref().or(answer.request_id.as_deref());
        let request_id = request_id.filter(|id| is_request_id(id)).map(str::to_owned);
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
            let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
            let reason = format!("{}; it asks to wait {seconds} seconds", opinion.reason);
            Opinion { reason, ..opinion }
        }
        wait => Opinion { again: Some(wait.unwrap_or(PAUSE)), ..opinion },
    }
}

/// How long the server asks to wait: by `Retry-After` in seconds or as a date (RFC 9110 section 10.2.3), by the body, or
/// by `X-RateLimit-Reset` in seconds since 1970, in this order. What no clock can count to is the longest there is.
fn wait(answer: &Answer, body: &Body, now: SystemTime) -> Option<Duration> {
    let seconds = |text: &str| {
        let text = text.trim();
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse().map_or(Duration::MAX, Duration::from_secs))
    };
    let until = |time: SystemTime| time.duration_since(now).ok();
    let date = |text: &str| httpdate::parse_http_date(text.trim()).ok().and_then(until);
    let retry_after = answer.retry_after.as_deref().and_then(|text| seconds(text).or_else(|| date(text)));
    let said = || {
        let seconds = body.retry_after.filter(|seconds| *seconds >= 0.0)?;
        Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
    };
    let reset = || match UNIX_EPOCH.checked_add(seconds(answer.rate_limit_reset.as_deref()?)?) {
        Some(time) => until(time),
        None => Some(Duration::MAX),
    };
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

#[cfg(test)]
mod tests {
    use super::*;
    fn answer(status: u16, body: &str) -> Answer {
        let body = Box::new(io::Cursor::new(body.as_bytes().to_vec()));
        Answer { status, retry_after: None, rate_limit_reset: None, request_id: None, body }
    }

    fn opinion(answer: Answer) -> Opinion {
        Opinion::of(Ok(answer), UNIX_EPOCH + Duration::from_secs(1_000_000_000))
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
        // So long that no clock counts to it.
        let reset = |answer: &mut Answer| answer.rate_limit_reset = Some(u64::MAX.to_string());
        assert_eq!(ask(|_| {}, r#"{"retry_after": 1e300}"#), None);
        assert_eq!(ask(|answer| answer.retry_after = Some("9".repeat(30)), "{}"), None);
        assert_eq!(ask(reset, "{}"), None);
        let told = |body: &str| opinion(answer(429, body)).reason;
        assert_eq!(told(r#"{"retry_after": 60.5}"#), "429: too many requests; it asks to wait 61 seconds");
    }

    #[test]
    fn what_a_server_says_is_shown_only_if_it_has_the_form_of_the_apis_words() {
        for word in ["\u{1b}[31mLIVE", "::error::", "lower", "", "A B", "ANOTHER_CODE", &"A".repeat(65)] {
            let body = serde_json::json!({"code": word, "request_id": word}).to_string();
            let opinion = opinion(answer(401, &body));
            assert!(word.is_empty() || !opinion.reason.contains(word), "{word:?}");
            assert_eq!(opinion.request_id, None, "{word:?}");
        }
        for id in ["req_1", "req_0aZ", "0190a7e2-7b1c-7d3e-8f00-0123456789ab"] {
            let mut answer = answer(401, r#"{"code": "INVALID_TOKEN"}"#);
            answer.request_id = Some(id.to_owned());
            let opinion = opinion(answer);
            assert_eq!(opinion.request_id.as_deref(), Some(id));
            let begin = "401 INVALID_TOKEN: revoked, expired or never valid";
            assert!(opinion.reason.starts_with(begin), "{}", opinion.reason);
        }
        for id in ["req_", "req_a-b", "0190a7e2-7b1c-7d3e-8f00-0123456789a", &format!("req_{}", "a".repeat(33))] {
            assert!(!is_request_id(id), "{id}");
        }
    }

    /// A body that can't be read to its end.
    struct Broken;

    impl io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other(Failure::Timeout))
        }
    }

    /// Of most statuses the body does not decide.
    #[test]
    fn a_body_that_breaks_off() {
        for (status, expected, is_asked_again) in [
            (200, Status::Unknown, true),
            (401, Status::Unknown, true),
            (403, Status::Unknown, true),
            (402, Status::Limited, false),
            (429, Status::Unknown, true),
            (503, Status::Unknown, true),
            (404, Status::Unknown, false),
        ] {
            let opinion = opinion(Answer { body: Box::new(Broken), ..answer(status, "") });
            assert_eq!((opinion.status, opinion.again.is_some()), (expected, is_asked_again), "{status}");
            let has_status = opinion.reason.starts_with(&status.to_string());
            assert_eq!(has_status, !matches!(status, 200 | 401 | 403), "{}", opinion.reason);
        }
    }
}
