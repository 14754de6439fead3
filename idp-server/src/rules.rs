//! What is other in later rules, in words: for the history of the rules, and for the record of a change.

use twolatch_core::policy::Rules;
use twolatch_core::time::Timestamp;

use crate::date;

/// One sentence for each setting that is other.
#[must_use]
pub fn difference(before: &Rules, after: &Rules) -> Vec<String> {
    let told =
        |(name, before, after): (String, String, String)| format!("{name}: {}, before {}", told(&after), told(&before));
    before.difference(after).into_iter().map(told).collect()
}

/// A value, with moments as dates.
fn told(value: &str) -> String {
    if value.is_empty() {
        return "none".to_owned();
    }
    let part = |part: &str| match part.strip_prefix("skip_until ").unwrap_or(part).parse::<i64>() {
        // Nothing else that is counted comes near the seconds since 1970.
        Ok(seconds) if seconds > 100_000_000 => part.replace(&seconds.to_string(), &moment(seconds)),
        _ => part.to_owned(),
    };
    value.split(", ").map(part).collect::<Vec<_>>().join(", ")
}

fn moment(seconds: i64) -> String {
    date::machine(Timestamp::from_unix(seconds))
}
