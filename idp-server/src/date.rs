//! Moments as people read them, always in UTC. It must not know whose.

use chrono::{DateTime, Utc};
use twolatch_core::time::Timestamp;

#[cfg(test)]
mod tests;

/// `3 March 2026`.
#[must_use]
pub fn day(moment: Timestamp) -> String {
    utc(moment).format("%-d %B %Y").to_string()
}

/// `3 March 2026, 14:05 UTC`.
#[must_use]
pub fn minute(moment: Timestamp) -> String {
    utc(moment).format("%-d %B %Y, %H:%M UTC").to_string()
}

/// `2026-03-03T14:05:09Z`: for machines, and for columns that are sorted.
#[must_use]
pub fn machine(moment: Timestamp) -> String {
    utc(moment).format("%FT%TZ").to_string()
}

/// A moment that no calendar reaches is shown as the first of all.
fn utc(moment: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp(moment.unix(), 0).unwrap_or_default()
}
