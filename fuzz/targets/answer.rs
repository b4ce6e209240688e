//! What the API answers.

use std::io::Cursor;
use std::time::{Duration, UNIX_EPOCH};

use hopx_leaks::verdict::Status;
use hopx_leaks::verify::answer::Opinion;
use hopx_leaks::verify::body::MAX_BODY;
use hopx_leaks::verify::transport::Answer;

use serde::de::IgnoredAny;

use super::{Seen, Verdict, parts};

/// The status as 2 bytes, the lowest first, three headers' values, and the body.
pub fn run(input: &[u8]) -> Seen {
    let [status, headers @ .., body] = parts::split::<5>(input);
    let status = status.first_chunk().map_or(200, |status| u16::from_le_bytes(*status));
    let [retry_after, rate_limit_reset, request_id] =
        headers.map(|value| (!value.is_empty()).then(|| String::from_utf8_lossy(value).into_owned()));
    let answer =
        Answer { status, retry_after, rate_limit_reset, request_id, body: Box::new(Cursor::new(body.to_vec())) };
    let opinion = Opinion::of(Ok(answer), UNIX_EPOCH + Duration::from_hours(490_921));
    // What is passed over may be what no value can hold, such as half a pair of UTF-16.
    let is_json = serde_json::from_slice::<IgnoredAny>(body).is_ok();
    let is_object = is_json && body.trim_ascii_start().starts_with(b"{");
    match opinion.status {
        Status::Live => assert!(status == 200 && (is_object || body.len() > MAX_BODY), "live without the API's list"),
        Status::Rejected => assert!(status == 401 && is_object, "rejected without the API's words"),
        Status::Limited => assert!(matches!(status, 402 | 403), "limited by another status"),
        Status::Unknown => {}
    }
    assert!(opinion.reason.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "a reason that is not ours");
    assert!(opinion.again.is_none_or(|wait| wait <= Duration::from_mins(1)), "a wait that is too long");
    let id = opinion.request_id.unwrap_or_default();
    assert!(id.len() <= 36 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)), "an id");
    Seen { verdict: Verdict::Incomplete, text: [opinion.reason, id].concat().into_bytes() }
}
