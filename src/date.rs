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

/// Seconds since 1970 of a date that [`rfc3339`] wrote. `None` for what it does not write.
pub fn seconds(date: &str) -> Option<i64> {
    gix::date::parse(date, None).ok().map(|time| time.seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn dates_are_read_as_they_are_written() {
        for (time, offset) in [(0, 0), (-1, 0), (1_767_315_601, 3600), (1_767_315_601, -12_600), (-62_135_596_800, 0)] {
            assert_eq!(seconds(&rfc3339(time, offset).expect("a date")), Some(time), "{time} {offset}");
        }
        assert_eq!(seconds("yesterday's news"), None);
    }

    #[test]
    fn a_time_of_the_clock() {
        let time = UNIX_EPOCH + Duration::from_millis(1_700_000_000_900);
        assert_eq!(utc(time).as_deref(), Some("2023-11-14T22:13:20+00:00"));
        assert_eq!(utc(UNIX_EPOCH - Duration::from_secs(1)), None);
    }
}
