//! Logins: the one service behind browser, PAM conversation and command line. It verifies, charges, records and says
//! what comes next; it must know neither HTTP nor PAM.

use std::sync::Arc;

use crate::crypto::password::Hasher;
use crate::door::Door;
use crate::factor::Kind;
use crate::policy::Policy;
use crate::step::Facts;
use crate::store::{Store, StoreError};
use crate::time::Timestamp;
use crate::user::User;

mod account;
pub mod actor;
pub mod address;
pub mod admin_link;
pub mod api;
pub mod authenticators;
pub mod confirm;
pub mod devices;
mod enrol;
pub mod explain;
mod govern;
pub mod host;
pub mod invite;
mod keep;
pub mod mailbox;
pub mod mailed;
pub mod manage;
pub mod not_me;
mod notices;
mod password;
pub mod recover;
pub mod requests;
mod reset;
pub mod setup;
mod verdict;
pub mod web;

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Logins {
    /// The database.
    pub store: Store,
    /// The password hasher.
    pub hasher: Hasher,
    /// Whether the configuration lets nobody be below `required`.
    pub locked: bool,
    /// Whether mail can be sent.
    pub mail: bool,
    /// The name that people see in their apps.
    pub organisation: Arc<str>,
    /// This machine's name, for the audit.
    pub host: Arc<str>,
}

impl Logins {
    /// The policy in force.
    ///
    /// # Errors
    /// Where it cannot be read: then nothing is decided.
    pub async fn policy(&self, now: Timestamp) -> Result<Arc<Policy>, StoreError> {
        self.store.policy(self.locked, now).await
    }

    /// What decides, besides the level, what is asked of somebody at a door.
    #[must_use]
    pub fn facts(&self, policy: &Policy, user: &User, last: Option<Kind>, door: Door, now: Timestamp) -> Facts {
        let rules = &policy.rules;
        let usable = |kind: &Kind| *kind != Kind::EmailCode || self.mail;
        let mut methods: Vec<Kind> =
            rules.methods.iter().copied().filter(|kind| usable(kind) && user.has(*kind)).collect();
        methods.sort_by_key(|kind| Some(*kind) != last);
        let reachable = |kind: &Kind| *kind != Kind::EmailCode || user.email.is_some();
        Facts {
            methods,
            recovery: user.recovery.is_some(),
            settable: rules.methods.iter().copied().filter(|kind| usable(kind) && reachable(kind)).collect(),
            must_change_password: door == Door::Web && user.must_change_at.is_some(),
            recovery_due: door == Door::Web && user.recovery_due_at.is_some(),
            device_counts: door == Door::Web && rules.device_life(user) > 0,
            may_put_off: !policy.locked && rules.may_put_off(user, now),
            later_counts: !policy.locked && rules.later_counts(user, now),
            mailbox_first: self.mail && user.email.is_some(),
            ..Facts::none(user.setup_until)
        }
    }
}
