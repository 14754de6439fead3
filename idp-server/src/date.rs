//! Moments as people read them, always in UTC. It must not know whose.

use std::fmt;

use askama::filters::HtmlSafe;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use twolatch_core::time::Timestamp;

use crate::text::{Language, Text, t};

#[cfg(test)]
mod tests;

/// `3 March 2026`.
#[must_use]
pub fn day(moment: Timestamp, language: Language) -> String {
    filled(t("day"), moment, language).plain()
}

/// `3 March 2026, 14:05 UTC`.
#[must_use]
pub fn minute(moment: Timestamp, language: Language) -> String {
    filled(t("minute").with("time", utc(moment).format("%H:%M")), moment, language).plain()
}

/// `2026-03-03T14:05:09Z`: for machines, and for columns that are sorted.
#[must_use]
pub fn machine(moment: Timestamp) -> String {
    utc(moment).format("%FT%TZ").to_string()
}

/// What [`read`] reads.
pub const EXPECTED: &str = "a day (2026-03-03) or a moment in UTC (2026-03-03T14:05)";

/// A day or a moment in UTC, as people type it, and how many seconds long it is.
#[must_use]
pub fn read(text: &str) -> Option<(Timestamp, i64)> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (moment, length) = if let Ok(day) = NaiveDate::parse_from_str(text, "%F") {
        (day.and_time(NaiveTime::MIN), 86_400)
    } else if let Ok(second) = NaiveDateTime::parse_from_str(text, "%FT%T") {
        (second, 1)
    } else {
        (NaiveDateTime::parse_from_str(text, "%FT%H:%M").ok()?, 60)
    };
    Some((Timestamp::from_unix(moment.and_utc().timestamp()), length))
}

/// A moment on a page, for people and for machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    text: String,
    machine: String,
}

impl Moment {
    /// To the day.
    #[must_use]
    pub fn day(moment: Timestamp, language: Language) -> Self {
        Self { text: day(moment, language), machine: machine(moment) }
    }

    /// To the minute.
    #[must_use]
    pub fn minute(moment: Timestamp, language: Language) -> Self {
        Self { text: minute(moment, language), machine: machine(moment) }
    }
}

/// Both come from a calendar and from the catalogue, so nothing in them needs escaping.
impl fmt::Display for Moment {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "<time datetime=\"{}\">{}</time>", self.machine, self.text)
    }
}

impl HtmlSafe for Moment {}

fn filled(text: Text, moment: Timestamp, language: Language) -> Text {
    let date = utc(moment);
    let month = t("month").in_language(language).number("month", date.month()).plain();
    text.in_language(language).with("day", date.day()).with("month", month).with("year", date.year())
}

/// A moment that no calendar reaches is shown as the first of all.
fn utc(moment: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp(moment.unix(), 0).unwrap_or_default()
}
