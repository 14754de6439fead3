//! Rules and exemptions that come from outside: what is wrong with them, and what is other in later rules, in words, for the
//! history and for the record of a change.

use std::collections::BTreeSet;

use twolatch_core::crypto::NoEntropy;
use twolatch_core::factor::Kind;
use twolatch_core::id::Id;
use twolatch_core::login::manage::Actor;
use twolatch_core::policy::{Exemption, Level, Rule, Rules, Subject, Within};
use twolatch_core::time::Timestamp;

use crate::date;
use crate::state::App;

/// No exemption is for longer, in days.
pub const MOST_DAYS: u16 = 366;

/// No reason is longer, in characters.
pub const MOST_REASON: usize = 500;

/// Nothing else that rules count in days is more.
pub const MOST_RULE_DAYS: u16 = 365;

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

/// What is wrong with rules as a whole, if something is.
#[must_use]
pub fn fault(rules: &Rules) -> Option<&'static str> {
    let Rules { roles, groups, doors, clients, .. } = rules;
    let each = || roles.values().chain(groups.values()).chain(doors.values()).chain(clients.values());
    if !(1..=2).contains(&rules.enrol_codes) {
        return Some("enrol_codes: 1 or 2");
    }
    if !(1..=MOST_RULE_DAYS).contains(&rules.setup_days) {
        return Some("setup_days: 1 to 365");
    }
    if rules.device_days > MOST_RULE_DAYS
        || each().filter_map(|rule| rule.device_days).any(|days| days > MOST_RULE_DAYS)
    {
        return Some("device_days: 0 to 365");
    }
    let are_none = |kinds: &BTreeSet<Kind>| kinds.is_empty() || kinds.iter().any(|kind| !Kind::METHODS.contains(kind));
    if are_none(&rules.methods) || each().filter_map(|rule| rule.methods.as_ref()).any(are_none) {
        return Some("methods: totp, email_code or both");
    }
    each().any(Rule::is_empty).then_some("a rule that says nothing: leave it out")
}

/// An exemption to be made.
#[derive(Debug)]
pub struct NewExemption {
    /// For whom.
    pub subject: Subject,
    /// Where.
    pub within: Within,
    /// To what the level is lowered.
    pub level: Level,
    /// For how many days.
    pub days: u16,
    /// Why.
    pub reason: String,
}

impl NewExemption {
    /// What it is when somebody makes it now; nothing where it would be for too long or without a reason.
    ///
    /// # Errors
    /// Where the kernel gives no randomness.
    pub fn exemption(self, app: &App, actor: &Actor) -> Result<Option<Exemption>, NoEntropy> {
        let Self { subject, within, level, days, reason } = self;
        let fits = (1..=MOST_DAYS).contains(&days) && (1..=MOST_REASON).contains(&reason.chars().count());
        if !fits {
            return Ok(None);
        }
        let id = Id::random(app.entropy())?;
        let (until, author, at) = (actor.now.plus(i64::from(days) * 86_400), actor.name.clone(), actor.now);
        Ok(Some(Exemption { id, subject, within, level, until, reason, author, at }))
    }
}
