//! When which key is asked: some at a time, at a bounded pace, once more where that may help, until the time is up.
//!
//! One thread decides, and each request has a thread of its own, which nobody waits for when its time is up or Ctrl-C is
//! pressed: a name server that does not answer can't hold up the report.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::date;
use crate::error::Error;
use crate::progress::Progress;
use crate::read::interrupt;
use crate::verdict::{Status, Verdict};
use crate::verify::Verify;
use crate::verify::answer::Opinion;
use crate::verify::pace::Pace;
use crate::verify::request::{Credential, Question};
use crate::verify::transport::{Answer, Failure, Transport};

/// Requests at the same time.
const AT_ONCE: usize = 4;
/// How often a key is asked about at most.
const TRIES: u8 = 2;
/// How often the clock and Ctrl-C are looked at.
const TICK: Duration = Duration::from_millis(25);
/// How long a request is waited for, whatever the transport's own bounds are.
const PATIENCE: Duration = Duration::from_secs(12);

/// A key on its way to a verdict.
struct Entry {
    credential: Option<Credential>,
    tries: u8,
    state: State,
    /// The last try's.
    opinion: Option<Opinion>,
    /// When the last try was sent.
    asked: Option<SystemTime>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// To be asked, not before this time.
    Waiting(Instant),
    /// The answer has not come.
    Asked,
    /// There is no more to ask.
    Settled,
}

/// What a request is about.
#[derive(Clone, Copy, PartialEq)]
enum Subject {
    /// The key of this number.
    Key(usize),
    /// The API itself.
    Health,
}

/// A request that is under way.
struct Running {
    number: usize,
    subject: Subject,
    since: Instant,
}

/// What a thread brings back of the request of this number.
struct Message {
    number: usize,
    said: Said,
}

enum Said {
    /// About a key.
    Key(Opinion),
    /// About the API, in words.
    Health(String),
}

/// Whether the API is up, which is asked once, when there is a reason to doubt it.
enum Health {
    Unasked,
    Wanted,
    Asked,
    Known(String),
}

/// Asks about every key and gives the verdicts in the same order.
///
/// # Errors
///
/// [`Error::Interrupted`].
pub fn ask_all(credentials: Vec<Credential>, how: &Verify, progress: &Progress) -> Result<Vec<Verdict>, Error> {
    progress.ask(credentials.len());
    let mut schedule = Schedule::new(credentials, how);
    let (send, receive) = mpsc::channel();
    while !schedule.is_done(Instant::now()) {
        if interrupt::requested() {
            return Err(Error::Interrupted);
        }
        let now = Instant::now();
        schedule.start_what_may(now, &send);
        match receive.recv_timeout(TICK) {
            Ok(message) => schedule.take(message, Instant::now(), progress),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        schedule.give_up(Instant::now(), progress);
    }
    Ok(schedule.verdicts())
}

struct Schedule {
    transport: Arc<dyn Transport>,
    deadline: Instant,
    pace: Pace,
    /// Requests that were started.
    started: usize,
    running: Vec<Running>,
    entries: Vec<Entry>,
    /// Entries before this one are settled or on their way.
    first_waiting: usize,
    unsettled: usize,
    health: Health,
}

impl Schedule {
    fn new(credentials: Vec<Credential>, how: &Verify) -> Schedule {
        let now = Instant::now();
        let entry = |credential| Entry {
            credential: Some(credential),
            tries: 0,
            state: State::Waiting(now),
            opinion: None,
            asked: None,
        };
        let entries: Vec<Entry> = credentials.into_iter().map(entry).collect();
        Schedule {
            transport: Arc::clone(&how.transport),
            deadline: now + how.timeout,
            pace: Pace::new(how.rate),
            started: 0,
            running: Vec::with_capacity(AT_ONCE),
            first_waiting: 0,
            unsettled: entries.len(),
            entries,
            health: Health::Unasked,
        }
    }

    /// Whether there is nothing more to ask, or no time for it.
    fn is_done(&self, now: Instant) -> bool {
        let is_asked = self.unsettled == 0 && matches!(self.health, Health::Unasked | Health::Known(_));
        // The pace may leave no time for those that wait.
        let is_idle = self.running.is_empty() && !matches!(self.health, Health::Wanted);
        is_asked || now >= self.deadline || is_idle && self.pace.next(now) >= self.deadline
    }

    /// Starts requests as long as there are some that may go now.
    fn start_what_may(&mut self, now: Instant, send: &Sender<Message>) {
        // One request without a key is not held up by the pace for keys.
        if matches!(self.health, Health::Wanted) && self.running.len() < AT_ONCE {
            self.health = Health::Asked;
            self.start(now, send, Subject::Health, Question::Health);
        }
        while self.running.len() < AT_ONCE && self.pace.next(now) <= now {
            let Some((number, credential)) = self.next_waiting(now) else { return };
            self.pace.start(now);
            let entry = &mut self.entries[number];
            entry.state = State::Asked;
            entry.tries += 1;
            entry.asked = Some(SystemTime::now());
            self.start(now, send, Subject::Key(number), Question::Sandboxes(credential));
        }
    }

    /// The first key that is to be asked about now.
    fn next_waiting(&mut self, now: Instant) -> Option<(usize, Credential)> {
        let is_waiting = |entry: &Entry| matches!(entry.state, State::Waiting(_));
        let rest = &self.entries[self.first_waiting..];
        self.first_waiting += rest.iter().position(is_waiting).unwrap_or(rest.len());
        let rest = self.entries.iter().enumerate().skip(self.first_waiting);
        let mut due = rest.filter(|(_, entry)| matches!(entry.state, State::Waiting(due) if due <= now));
        due.find_map(|(number, entry)| Some((number, entry.credential.clone()?)))
    }

    /// Starts a request.
    fn start(&mut self, now: Instant, send: &Sender<Message>, subject: Subject, question: Question) {
        self.started += 1;
        let number = self.started;
        self.running.push(Running { number, subject, since: now });
        let transport = Arc::clone(&self.transport);
        let pending = Pending { number, subject, send: Some(send.clone()) };
        let work = move || {
            let outcome = transport.ask(&question);
            let said = said(subject, outcome);
            // Before anybody hears of the answer, who might end the process, the key is gone from here.
            drop(question);
            pending.done(said);
        };
        // Without a thread `work` is dropped, and the message of `pending` is the failure.
        let _ = thread::Builder::new().name("verify".to_owned()).spawn(work);
    }

    /// Gives up what has been under way for too long.
    fn give_up(&mut self, now: Instant, progress: &Progress) {
        let late = |running: &&Running| now.saturating_duration_since(running.since) > PATIENCE;
        while let Some(&Running { number, subject, .. }) = self.running.iter().find(late) {
            self.take(Message { number, said: said(subject, Err(Failure::Timeout)) }, now, progress);
        }
    }

    /// Takes in an answer, unless it was given up.
    fn take(&mut self, Message { number, said }: Message, now: Instant, progress: &Progress) {
        let Some(at) = self.running.iter().position(|running| running.number == number) else { return };
        match (self.running.swap_remove(at).subject, said) {
            (Subject::Key(number), Said::Key(opinion)) => self.settle(number, opinion, now, progress),
            (_, Said::Health(words)) => self.health = Health::Known(words),
            (Subject::Health, Said::Key(_)) => {}
        }
    }

    /// Takes in what a try said about a key.
    fn settle(&mut self, number: usize, opinion: Opinion, now: Instant, progress: &Progress) {
        let entry = &mut self.entries[number];
        let due = opinion.again.filter(|_| entry.tries < TRIES).map(|pause| now + pause);
        // What could not be asked in time any more is settled now.
        let due = due.filter(|due| *due < self.deadline);
        entry.state = due.map_or(State::Settled, State::Waiting);
        if due.is_some() {
            self.first_waiting = self.first_waiting.min(number);
        } else {
            entry.credential = None;
            self.unsettled -= 1;
            progress.add_answer();
            if opinion.doubts_api && matches!(self.health, Health::Unasked) {
                self.health = Health::Wanted;
            }
        }
        entry.opinion = Some(opinion);
    }

    fn verdicts(self) -> Vec<Verdict> {
        let health = match self.health {
            Health::Known(words) => Some(words),
            Health::Unasked | Health::Wanted | Health::Asked => None,
        };
        self.entries.into_iter().map(|entry| entry.verdict(health.as_deref())).collect()
    }
}

/// The duty of a thread to say something, whatever becomes of it.
struct Pending {
    number: usize,
    subject: Subject,
    send: Option<Sender<Message>>,
}

impl Pending {
    fn done(mut self, said: Said) {
        self.say(said);
    }

    fn say(&mut self, said: Said) {
        if let Some(send) = self.send.take() {
            // Nobody listens any more when the time is up.
            let _ = send.send(Message { number: self.number, said });
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let failure = Failure::Machine("there was no thread for the request, or it broke down".to_owned());
        self.say(said(self.subject, Err(failure)));
    }
}

/// What came of a request.
fn said(subject: Subject, outcome: Result<Answer, Failure>) -> Said {
    match subject {
        Subject::Key(_) => Said::Key(Opinion::of(outcome, SystemTime::now())),
        Subject::Health => Said::Health(match outcome.map(|answer| answer.status) {
            Ok(status @ 200..=299) => format!("the API is up (GET /health: {status})"),
            Ok(status @ 500..=599) => format!("the API itself is in trouble (GET /health: {status})"),
            Ok(status) => format!("what answers there may not be the API (GET /health: {status})"),
            Err(failure) => format!("the API is down or out of reach from here (GET /health: {failure})"),
        }),
    }
}

impl Entry {
    fn verdict(self, health: Option<&str>) -> Verdict {
        let asked = self.asked.and_then(date::utc);
        let Some(Opinion { status, reason, request_id, doubts_api, .. }) = self.opinion else {
            let reason = match self.state {
                State::Asked => "no answer before the time for all keys was up (--verify-timeout)",
                State::Waiting(_) | State::Settled => {
                    "not asked: the time for all keys was up (--verify-timeout, --verify-rate)"
                }
            };
            return Verdict { status: Status::Unknown, reason: reason.to_owned(), asked, request_id: None };
        };
        let more = match self.state {
            State::Settled if self.tries == TRIES => " (asked twice)",
            State::Settled => "",
            State::Waiting(_) => " (not asked once more, since the time for all keys was up)",
            State::Asked => " (asked once more, without an answer before the time for all keys was up)",
        };
        let health = health.filter(|_| doubts_api).map_or_else(String::new, |words| format!("; {words}"));
        Verdict { status, reason: format!("{reason}{more}{health}"), asked, request_id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;
    use crate::key::generate::Keys;
    use crate::verify::request::AuthHeader;

    /// Does what it is told in place of sending.
    #[derive(Debug)]
    struct Fake(fn(&Question) -> Result<Answer, Failure>);

    impl Transport for Fake {
        fn ask(&self, question: &Question) -> Result<Answer, Failure> {
            (self.0)(question)
        }
    }

    fn credentials(seed: u64, count: usize) -> Vec<Credential> {
        let mut keys = Keys::new(seed);
        let mut one = || {
            let text = keys.live();
            Credential::new(AuthHeader::XApiKey, &Key::at_start(text.as_bytes()).expect("a key"))
        };
        (0..count).map(|_| one()).collect()
    }

    fn how(ask: fn(&Question) -> Result<Answer, Failure>, rate: u16, seconds: u64) -> Verify {
        let timeout = Duration::from_secs(seconds);
        Verify { transport: Arc::new(Fake(ask)), auth_header: AuthHeader::XApiKey, rate, timeout }
    }

    fn answer(status: u16, body: &'static str) -> Answer {
        let body = Box::new(body.as_bytes());
        Answer { status, retry_after: None, rate_limit_reset: None, request_id: None, body }
    }

    /// A library that panics costs the key its answer, and nobody any time.
    #[test]
    fn a_thread_that_breaks_down() {
        let how = how(|_| panic!("on purpose"), 60, 600);
        let verdicts = ask_all(credentials(71, 3), &how, &Progress::default()).expect("not interrupted");
        assert_eq!(verdicts.len(), 3);
        for verdict in verdicts {
            let reason =
                "this machine could not ask: there was no thread for the request, or it broke down; the API is";
            assert!(verdict.reason.starts_with(reason), "{}", verdict.reason);
            assert!(verdict.asked.is_some());
        }
    }

    /// It ends when the pace leaves no time for what is left, and does not sit out the time.
    #[test]
    fn it_waits_for_nothing() {
        let how = how(|_| Ok(answer(200, r#"{"data":[]}"#)), 2, 50);
        let started = Instant::now();
        let verdicts = ask_all(credentials(72, 3), &how, &Progress::default()).expect("not interrupted");
        let statuses: Vec<Status> = verdicts.iter().map(|verdict| verdict.status).collect();
        assert_eq!(statuses, [Status::Live, Status::Live, Status::Unknown]);
        assert!(verdicts[2].reason.starts_with("not asked: ") && verdicts[2].asked.is_none());
        assert!(started.elapsed() < Duration::from_secs(50), "it sat out the time");
    }

    /// The question about the API is not held up by the pace.
    #[test]
    fn health_is_outside_of_the_pace() {
        let ask = |question: &Question| match question {
            Question::Sandboxes(_) => Err(Failure::Connection("gone".to_owned())),
            Question::Health => Ok(answer(404, "")),
        };
        let how = how(ask, 1, 50);
        let verdicts = ask_all(credentials(73, 1), &how, &Progress::default()).expect("not interrupted");
        let reason = "no connection: gone; what answers there may not be the API (GET /health: 404)";
        assert_eq!(verdicts[0].reason, reason);
    }

    /// What is under way for too long is given up, its place is free, and what it says later is passed over.
    #[test]
    fn patience_ends() {
        let how = how(|_| Ok(answer(200, r#"{"data":[]}"#)), 60, 600);
        let (mut schedule, progress) = (Schedule::new(credentials(74, 1), &how), Progress::default());
        let (send, receive) = mpsc::channel();
        let start = Instant::now();
        for tries in 1..=2 {
            let now = start + u32::from(tries) * (PATIENCE + Duration::from_secs(2));
            schedule.start_what_may(now, &send);
            schedule.give_up(now + PATIENCE, &progress);
            assert_eq!((schedule.running.len(), schedule.entries[0].tries), (1, tries));
            schedule.give_up(now + PATIENCE + TICK, &progress);
            assert!(schedule.running.is_empty());
            schedule.take(receive.recv().expect("an answer"), now + PATIENCE + 2 * TICK, &progress);
        }
        assert_eq!(schedule.verdicts()[0].reason, "no answer in time (asked twice)");
    }

    /// What is said of a key that was to be asked once more.
    #[test]
    fn words_for_what_was_not_asked_again() {
        let entry = |state, tries| {
            let opinion = Opinion::of(Ok(answer(429, "")), SystemTime::now());
            let asked = Some(SystemTime::now());
            Entry { credential: None, tries, state, opinion: Some(opinion), asked }.verdict(None).reason
        };
        let waiting = entry(State::Waiting(Instant::now()), 1);
        assert_eq!(waiting, "429: too many requests (not asked once more, since the time for all keys was up)");
        let asked = entry(State::Asked, 2);
        let words = "429: too many requests (asked once more, without an answer before the time for all keys was up)";
        assert_eq!(asked, words);
    }
}
