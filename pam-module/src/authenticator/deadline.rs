//! How long a request may still take. It must not know what is waited for.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

/// A point in monotonic time, so that no change of the clock lengthens a login.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    start: Instant,
    limit: Duration,
}

impl Deadline {
    /// Starts now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one deadline of a request")]
    pub fn after(limit: Duration) -> Self {
        Self { start: Instant::now(), limit }
    }

    /// What is left, never zero: to a socket zero would mean for ever.
    ///
    /// # Errors
    /// `TimedOut` when nothing is left.
    pub fn left(&self) -> io::Result<Duration> {
        let left = self.limit.saturating_sub(self.start.elapsed());
        // The kernel counts in microseconds and takes less than one for none.
        if left < Duration::from_millis(1) { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}
