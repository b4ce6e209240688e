//! The progress line of a long scan, on standard error.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use crate::coverage::{count, size};

/// How long a scan runs before the line appears.
const PATIENCE: Duration = Duration::from_millis(800);
/// How often the line is drawn again.
const TICK: Duration = Duration::from_millis(200);

/// Counters that the threads of a scan share.
#[derive(Debug)]
pub struct Progress {
    files: AtomicU64,
    bytes: AtomicU64,
    findings: AtomicU64,
    /// Keys that the API is asked about, and those of them whose verdict is there.
    asked: AtomicU64,
    answered: AtomicU64,
    patience: Duration,
}

impl Default for Progress {
    fn default() -> Progress {
        Progress {
            files: 0.into(),
            bytes: 0.into(),
            findings: 0.into(),
            asked: 0.into(),
            answered: 0.into(),
            patience: PATIENCE,
        }
    }
}

impl Progress {
    /// Counts a file, and `bytes` bytes of it that were not counted as they came.
    pub fn add_file(&self, bytes: u64) {
        self.files.fetch_add(1, Ordering::Relaxed);
        self.add_bytes(bytes);
    }

    /// Counts bytes of a file that is still being read.
    pub fn add_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts findings.
    pub fn add_findings(&self, count: usize) {
        self.findings.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// From now on the API is asked about so many keys.
    pub fn ask(&self, keys: usize) {
        self.asked.store(keys as u64, Ordering::Relaxed);
    }

    /// Counts a key whose verdict is there.
    pub fn add_answer(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    /// Runs `work` and, when it takes long, draws a line on `err` meanwhile and wipes it at the end.
    pub fn while_showing<T>(&self, err: &mut (dyn Write + Send), work: impl FnOnce() -> T) -> T {
        std::thread::scope(|scope| {
            let (done, is_done) = mpsc::channel::<()>();
            // Where no thread can be started there is no line.
            let _ = std::thread::Builder::new().spawn_scoped(scope, move || self.draw(err, &is_done));
            let result = work();
            drop(done);
            result
        })
    }

    fn draw(&self, err: &mut (dyn Write + Send), is_done: &mpsc::Receiver<()>) {
        let mut wait = self.patience;
        let mut is_drawn = false;
        while is_done.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            wait = TICK;
            is_drawn = true;
            // A terminal that went away is no reason to stop.
            let _ = write!(err, "\r\x1b[K{}", self.line()).and_then(|()| err.flush());
        }
        if is_drawn {
            let _ = write!(err, "\r\x1b[K").and_then(|()| err.flush());
        }
    }

    fn line(&self) -> String {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        if load(&self.asked) > 0 {
            return format!("asking the API: {} of {}", load(&self.answered), count(load(&self.asked), "key"));
        }
        let (files, findings) = (count(load(&self.files), "file"), count(load(&self.findings), "finding"));
        format!("scanning: {files}, {}, {findings}", size(load(&self.bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    /// Keeps what is written and tells of each write.
    struct Screen(Vec<u8>, mpsc::Sender<()>);

    impl Write for Screen {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            // Nobody listens any more once the work is done.
            let _ = self.1.send(());
            Ok(())
        }
    }

    #[test]
    fn a_short_scan_draws_nothing() {
        let mut err = Vec::new();
        assert_eq!(Progress::default().while_showing(&mut err, || 7), 7);
        assert!(err.is_empty());
    }

    #[test]
    fn a_long_scan_draws_a_line_and_wipes_it() {
        let progress = Progress { patience: Duration::ZERO, ..Progress::default() };
        progress.add_file(2048);
        let (drawn, is_drawn) = mpsc::channel();
        let mut screen = Screen(Vec::new(), drawn);
        progress.while_showing(&mut screen, || is_drawn.recv()).expect("a line was drawn");
        let shown = String::from_utf8(screen.0).expect("text");
        assert!(shown.starts_with("\r\x1b[Kscanning: 1 file, 2.0 KiB, 0 findings"), "{shown:?}");
        assert!(shown.ends_with("\r\x1b[K"));
    }
}
