//! How fast questions may follow each other.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The time in which [`Pace`] counts.
const MINUTE: Duration = Duration::from_mins(1);

/// Lets at most `rate` requests start in any 60 seconds, the first of them at once.
#[derive(Debug)]
pub struct Pace {
    rate: usize,
    /// When the last `rate` requests started, the earliest first.
    started: VecDeque<Instant>,
}

impl Pace {
    /// So many requests a minute, at least 1.
    pub fn new(rate: u16) -> Pace {
        let rate = usize::from(rate.max(1));
        Pace { rate, started: VecDeque::with_capacity(rate) }
    }

    /// When the next request may start: `now`, or a time after it.
    pub fn next(&self, now: Instant) -> Instant {
        let oldest = self.started.front().filter(|_| self.started.len() == self.rate);
        oldest.map_or(now, |oldest| (*oldest + MINUTE).max(now))
    }

    /// A request starts.
    pub fn start(&mut self, now: Instant) {
        if self.started.len() == self.rate {
            self.started.pop_front();
        }
        self.started.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_holds_more_than_the_rate() {
        for rate in [1, 2, 7, 60] {
            let mut pace = Pace::new(rate);
            let mut random = fastrand::Rng::with_seed(u64::from(rate));
            let mut now = Instant::now();
            let mut starts: Vec<Instant> = Vec::new();
            for _ in 0..500 {
                // Now and then nothing is asked for a while.
                now = pace.next(now + Duration::from_millis(random.u64(0..3) * random.u64(0..20_000)));
                pace.start(now);
                starts.push(now);
            }
            for (at, start) in starts.iter().enumerate() {
                let in_minute = starts[at..].iter().take_while(|later| **later - *start < MINUTE).count();
                assert!(in_minute <= usize::from(rate), "{in_minute} at a rate of {rate}");
            }
        }
    }

    #[test]
    fn the_first_ones_do_not_wait() {
        let mut pace = Pace::new(3);
        let now = Instant::now();
        for _ in 0..3 {
            assert_eq!(pace.next(now), now);
            pace.start(now);
        }
        assert_eq!(pace.next(now), now + MINUTE);
        assert_eq!(pace.next(now + MINUTE), now + MINUTE);
    }
}
