//! When which key is asked: some at a time, at a bounded pace, once more where that may help, until the time is up.
//!
//! One thread decides, and each request has a thread of its own, which nobody waits for when the time is up or Ctrl-C is
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
use crate::verify::transport::Transport;

/// Requests at the same time.
const AT_ONCE: usize = 4;
/// How often a key is asked about at most.
const TRIES: u8 = 2;
/// How often the clock and Ctrl-C are looked at.
const TICK: Duration = Duration::from_millis(25);

/// A key on its way to a verdict.
struct Entry {
    credential: Option<Credential>,
    tries: u8,
    state: State,
    /// The last try's.
    opinion: Option<Opinion>,
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

/// What a thread brings back.
enum Message {
    /// About the key of this number.
    Key { number: usize, asked: SystemTime, opinion: Opinion },
    /// About the API: whether it is up, in words.
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
    while !schedule.is_done() {
        if interrupt::requested() {
            return Err(Error::Interrupted);
        }
        let now = Instant::now();
        if now >= schedule.deadline {
            break;
        }
        schedule.start_what_may(now, &send);
        match receive.recv_timeout(TICK) {
            Ok(message) => schedule.take(message, Instant::now(), progress),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
    }
    Ok(schedule.verdicts())
}

struct Schedule {
    transport: Arc<dyn Transport>,
    deadline: Instant,
    pace: Pace,
    running: usize,
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
            running: 0,
            first_waiting: 0,
            unsettled: entries.len(),
            entries,
            health: Health::Unasked,
        }
    }

    fn is_done(&self) -> bool {
        self.unsettled == 0 && matches!(self.health, Health::Unasked | Health::Known(_))
    }

    /// Starts requests as long as there are some that may go now.
    fn start_what_may(&mut self, now: Instant, send: &Sender<Message>) {
        while self.running < AT_ONCE && self.pace.next(now) <= now {
            if matches!(self.health, Health::Wanted) {
                self.health = Health::Asked;
                self.start(now, send, None);
            } else if let Some(number) = self.next_waiting(now) {
                self.start(now, send, Some(number));
            } else {
                return;
            }
        }
    }

    /// The first key that is to be asked about now.
    fn next_waiting(&mut self, now: Instant) -> Option<usize> {
        let is_waiting = |entry: &Entry| matches!(entry.state, State::Waiting(_));
        let rest = &self.entries[self.first_waiting..];
        self.first_waiting += rest.iter().position(is_waiting).unwrap_or(rest.len());
        let rest = &self.entries[self.first_waiting..];
        let is_due = |entry: &Entry| matches!(entry.state, State::Waiting(due) if due <= now);
        Some(self.first_waiting + rest.iter().position(is_due)?)
    }

    /// Starts the request about a key, or about the API.
    fn start(&mut self, now: Instant, send: &Sender<Message>, number: Option<usize>) {
        self.pace.start(now);
        self.running += 1;
        let question = match number.and_then(|number| self.entries[number].credential.clone()) {
            Some(credential) => Question::Sandboxes(credential),
            None => Question::Health,
        };
        if let Some(number) = number {
            self.entries[number].state = State::Asked;
            self.entries[number].tries += 1;
        }
        let (transport, send) = (Arc::clone(&self.transport), send.clone());
        let work = move || {
            let asked = SystemTime::now();
            let outcome = transport.ask(&question);
            let message = match (&question, number) {
                (Question::Sandboxes(credential), Some(number)) => {
                    Message::Key { number, asked, opinion: Opinion::of(outcome, credential, SystemTime::now()) }
                }
                _ => Message::Health(match outcome {
                    Ok(answer) if (200..300).contains(&answer.status) => {
                        format!("the API is up (GET /health: {})", answer.status)
                    }
                    Ok(answer) => format!("the API itself is in trouble (GET /health: {})", answer.status),
                    Err(failure) => format!("the API is down or out of reach from here (GET /health: {failure})"),
                }),
            };
            // Nobody listens any more when the time is up.
            let _ = send.send(message);
        };
        // Without a thread there is no answer, and the verdict at the deadline says so.
        let _ = thread::Builder::new().name("verify".to_owned()).spawn(work);
    }

    /// Takes in an answer.
    fn take(&mut self, message: Message, now: Instant, progress: &Progress) {
        self.running -= 1;
        match message {
            Message::Health(words) => self.health = Health::Known(words),
            Message::Key { number, asked, opinion } => {
                let entry = &mut self.entries[number];
                let due = opinion.again.filter(|_| entry.tries < TRIES).map(|pause| now + pause);
                // What could not be asked in time any more is settled now.
                let due = due.filter(|due| *due < self.deadline);
                entry.state = due.map_or(State::Settled, State::Waiting);
                entry.asked = Some(asked);
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
        }
    }

    fn verdicts(self) -> Vec<Verdict> {
        let health = match self.health {
            Health::Known(words) => Some(words),
            Health::Unasked | Health::Wanted | Health::Asked => None,
        };
        self.entries.into_iter().map(|entry| entry.verdict(health.as_deref())).collect()
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
            State::Waiting(_) | State::Asked => " (asked once more, but the time was up)",
        };
        let health = health.filter(|_| doubts_api).map_or_else(String::new, |words| format!("; {words}"));
        Verdict { status, reason: format!("{reason}{more}{health}"), asked, request_id }
    }
}
