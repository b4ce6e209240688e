//! One input: no panic, no more than so much memory and processor time, and no secret in what is said.

use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, Once, PoisonError};
use std::thread;
use std::time::Duration;

use hopx_leaks::detect::Detector;
use peak_alloc::PeakAlloc;
use rustix::time::{ClockId, clock_gettime};

use crate::Target;
use crate::targets::{Seen, planted};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// The most that may be allocated for an input, in bytes, beyond what was before.
const MAX_MEMORY: usize = 256 << 20;
/// The most processor time that an input may take.
const MAX_TIME: Duration = Duration::from_secs(2);
/// The processor time after which an input is given up, and all others with it.
const ENDLESS: Duration = Duration::from_mins(1);
/// The same for memory, in bytes.
const ALL_MEMORY: usize = 1 << 30;

/// What was measured since [`most`] was asked.
static MOST: Mutex<(Duration, usize)> = Mutex::new((Duration::ZERO, 0));
/// Where a panic came from, and its message.
static PANIC: Mutex<Option<String>> = Mutex::new(None);
/// What is looked at, and the processor time when it began.
static CURRENT: Mutex<Option<(String, Duration)>> = Mutex::new(None);

/// Looks at an input, whose fault is told in words that are the same for the same kind.
pub fn check(target: &Target, name: &str, input: &[u8]) -> Result<Seen, String> {
    static START: Once = Once::new();
    START.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // This driver's own are shown as always.
            if lock(&CURRENT).is_some() { *lock(&PANIC) = Some(described(info)) } else { others(info) }
        }));
        thread::spawn(watch);
    });
    MEMORY.reset_peak_usage();
    let (memory, start) = (MEMORY.current_usage(), processor_time());
    *lock(&CURRENT) = Some((format!("{}, {name}", target.name), start));
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    *lock(&CURRENT) = None;
    let (time, memory) = (processor_time().saturating_sub(start), MEMORY.peak_usage().saturating_sub(memory));
    let mut most = lock(&MOST);
    *most = (most.0.max(time), most.1.max(memory));
    drop(most);
    match outcome {
        Err(_) => Err(lock(&PANIC).take().unwrap_or_else(|| "a panic without a message".to_owned())),
        Ok(_) if memory > MAX_MEMORY => Err(format!("more than {} MiB of memory", MAX_MEMORY >> 20)),
        Ok(_) if time > MAX_TIME => Err(format!("more than {MAX_TIME:?} of processor time")),
        Ok(seen) if planted::is_leaked_by(&seen.text) => Err("the key is shown".to_owned()),
        Ok(seen) => Ok(seen),
    }
}

/// The most time and memory that an input took since this was asked last.
pub fn most() -> String {
    let (time, memory) = std::mem::take(&mut *lock(&MOST));
    format!("at most {} ms of processor time and {} MiB", time.as_millis(), memory >> 20)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Of all threads, which does not go on while the machine is busy with others.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Where a panic is, and its message without the numbers and texts of the input: these would make each a kind of its own,
/// and could hold a part of a key.
fn described(info: &panic::PanicHookInfo<'_>) -> String {
    let message = info.payload_as_str().unwrap_or_default();
    let message = String::from_utf8_lossy(&Detector::new().redact(message.as_bytes())).into_owned();
    let mut head: String = message.chars().take(120).filter(|c| !c.is_ascii_digit()).collect();
    if planted::is_partly_in(head.as_bytes()) {
        "a message with a part of a key".clone_into(&mut head);
    }
    let place = info.location().map_or_else(String::new, ToString::to_string);
    format!("panic at {place}: {head}")
}

/// Ends the process where an input takes for ever or all memory, and says which.
fn watch() {
    loop {
        thread::sleep(Duration::from_millis(50));
        let current = lock(&CURRENT);
        let Some((name, start)) = &*current else { continue };
        if processor_time().saturating_sub(*start) > ENDLESS || MEMORY.current_usage() > ALL_MEMORY {
            let limits = format!("{ENDLESS:?} of processor time or {} MiB", ALL_MEMORY >> 20);
            let _ = writeln!(io::stderr(), "{name}: more than {limits}, and given up");
            std::process::abort();
        }
    }
}
