//! Waiting for something that another process does, never for time to pass.

use std::thread;
use std::time::{Duration, Instant};

/// Long enough for anything that does happen, on a busy machine; nothing waits this long when all is well.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A moment after which waiting is given up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    #[expect(clippy::disallowed_methods, reason = "deadlines of tests, not times that are judged")]
    pub(crate) fn after(limit: Duration) -> Self {
        Self(Instant::now() + limit)
    }

    #[expect(clippy::disallowed_methods, reason = "deadlines of tests, not times that are judged")]
    pub(crate) fn has_passed(self) -> bool {
        Instant::now() >= self.0
    }
}

/// Measures how long something takes.
#[derive(Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "measures what is under test")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// How long something took.
#[expect(clippy::disallowed_methods, reason = "measures what is under test")]
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

/// Lets time pass: the pace of a load, and how long something is broken.
#[expect(clippy::disallowed_methods, reason = "how long is what is tested")]
pub(crate) fn pause(long: Duration) {
    thread::sleep(long);
}

/// Asks again and again until there is an answer.
pub(crate) fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    try_until(PATIENCE, look).unwrap_or_else(|| panic!("waited {PATIENCE:?} in vain for {what}"))
}

/// The same, where having no answer is one.
#[expect(clippy::disallowed_methods, reason = "the pause between two looks at another process")]
pub(crate) fn try_until<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Deadline::after(limit);
    loop {
        // Asked before looking: what happens in between is still seen.
        let last = deadline.has_passed();
        if let Some(found) = look() {
            return Some(found);
        }
        if last {
            return None;
        }
        thread::sleep(Duration::from_millis(5));
    }
}
