//! What holds for one person in one place, besides the level: the strictest of all rules that match.

use std::collections::BTreeSet;

use super::{Policy, Rule, Rules, Where};
use crate::factor::Kind;
use crate::time::Timestamp;
use crate::user::{Role, User};

/// What holds for one person in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// What may be set up and asked for.
    pub methods: BTreeSet<Kind>,
    /// Whether recovery codes and keys are taken in its place.
    pub recovery: bool,
    /// For how many days a browser can be remembered.
    pub device_days: u16,
    /// How often set-up may be put off; `None` is as often as one likes.
    pub skips: Option<u8>,
    /// Until when set-up may be put off.
    pub skip_until: Option<Timestamp>,
}

impl Policy {
    /// What holds for somebody in a place.
    #[must_use]
    pub fn terms<'w>(&self, user: &User, at: impl Into<Where<'w>>) -> Terms {
        let mut terms = self.terms_of(user);
        for (_, rule) in self.rules.of_place(at.into()) {
            terms.tighten(rule);
        }
        terms
    }

    /// What holds for somebody wherever they are.
    #[must_use]
    pub fn terms_of(&self, user: &User) -> Terms {
        let mut terms = Terms::of_all(&self.rules);
        for (_, rule) in self.rules.of_person(user) {
            terms.tighten(rule);
        }
        if let Some(methods) = &user.methods {
            terms.methods.retain(|kind| methods.contains(kind));
        }
        if user.role == Role::Admin {
            terms.device_days = 0;
        }
        if self.locked {
            terms.skips = Some(0);
        }
        terms
    }
}

impl Terms {
    /// What holds for everybody everywhere.
    fn of_all(rules: &Rules) -> Self {
        Self {
            methods: rules.methods.clone(),
            recovery: true,
            device_days: rules.device_days,
            skips: (rules.skips > 0 || rules.skip_until.is_none()).then_some(rules.skips),
            skip_until: rules.skip_until,
        }
    }

    fn tighten(&mut self, rule: &Rule) {
        if let Some(methods) = &rule.methods {
            self.methods.retain(|kind| methods.contains(kind));
        }
        self.recovery &= !rule.no_recovery;
        self.device_days = self.device_days.min(rule.device_days.unwrap_or(u16::MAX));
        self.skips = [self.skips, rule.skips].into_iter().flatten().min();
        self.skip_until = [self.skip_until, rule.skip_until].into_iter().flatten().min();
    }

    /// For how long a browser can be remembered, in seconds; 0 is not at all.
    #[must_use]
    pub fn device_life(&self) -> i64 {
        i64::from(self.device_days) * 86_400
    }

    /// Whether somebody may put set-up off now.
    #[must_use]
    pub fn may_put_off(&self, user: &User, now: Timestamp) -> bool {
        self.is_open(now) && self.skips.is_none_or(|most| user.skipped < i64::from(most))
    }

    /// Whether somebody who has just put set-up off may go on without.
    #[must_use]
    pub fn later_counts(&self, user: &User, now: Timestamp) -> bool {
        self.is_open(now) && self.skips.is_none_or(|most| user.skipped <= i64::from(most))
    }

    /// Whether set-up may be put off by anybody now.
    fn is_open(&self, now: Timestamp) -> bool {
        self.skips != Some(0) && self.skip_until.is_none_or(|until| now < until)
    }
}
