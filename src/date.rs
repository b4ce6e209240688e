//! Dates as reports show them, in RFC 3339.

use std::time::{SystemTime, UNIX_EPOCH};

/// A time in seconds since 1970 and the offset of its zone from UTC in seconds. `None` for times that no calendar has.
pub fn rfc3339(seconds: i64, offset: i32) -> Option<String> {
    gix::date::Time { seconds, offset }.format(gix::date::time::format::ISO8601_STRICT).ok()
}

/// A time of this machine's clock, in UTC, to the second.
pub fn utc(time: SystemTime) -> Option<String> {
    let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
    rfc3339(i64::try_from(seconds).ok()?, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_time_of_the_clock() {
        let time = UNIX_EPOCH + Duration::from_millis(1_700_000_000_900);
        assert_eq!(utc(time).as_deref(), Some("2023-11-14T22:13:20+00:00"));
        assert_eq!(utc(UNIX_EPOCH - Duration::from_secs(1)), None);
    }
}
