//! Logins: the one service behind browser, PAM conversation and command line. It verifies, charges, records and says
//! what comes next; it must know neither HTTP nor PAM.

use std::sync::Arc;

use self::answers::Approval;
use crate::crypto::password::Hasher;
use crate::door::Door;
use crate::factor::Kind;
use crate::policy::{Policy, Where};
use crate::step::Facts;
use crate::store::{Store, StoreError};
use crate::time::Timestamp;
use crate::user::User;

mod account;
pub mod actor;
pub mod address;
pub mod admin_link;
mod admins;
pub mod answers;
pub mod api;
pub mod api_tokens;
pub mod authenticators;
mod break_glass;
pub mod bulk;
pub mod clients;
pub mod confirm;
pub mod devices;
mod enrol;
pub mod explain;
mod goal;
mod govern;
pub mod host;
pub mod import;
pub mod invite;
pub mod inviting;
mod keep;
pub mod mailbox;
pub mod mailed;
pub mod manage;
pub mod moved;
pub mod not_me;
mod notices;
pub mod others;
mod password;
pub mod preview;
pub mod recover;
pub mod requests;
mod reset;
pub mod restore;
mod roster;
pub mod setup;
pub mod switch;
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
    /// What the approval of a recovery request takes.
    pub approval: Approval,
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
    pub fn facts<'w>(
        &self,
        policy: &Policy,
        user: &User,
        last: Option<Kind>,
        at: impl Into<Where<'w>>,
        now: Timestamp,
    ) -> Facts {
        let at = at.into();
        let (terms, is_web) = (policy.terms(user, at), at.door == Door::Web);
        let usable = |kind: &Kind| *kind != Kind::EmailCode || self.mail;
        let held = Kind::METHODS.into_iter().filter(|kind| usable(kind) && user.has(*kind));
        let (mut methods, others): (Vec<Kind>, Vec<Kind>) = held.partition(|kind| terms.methods.contains(kind));
        methods.sort_by_key(|kind| Some(*kind) != last);
        // Only a browser leads from what somebody has to what counts here.
        let settable = is_web || others.is_empty() || !methods.is_empty();
        let reachable = |kind: &Kind| *kind != Kind::EmailCode || user.email.is_some();
        Facts {
            methods,
            others: if is_web { others } else { Vec::new() },
            recovery: terms.recovery && user.recovery.is_some(),
            settable: terms
                .methods
                .iter()
                .copied()
                .filter(|kind| settable && usable(kind) && reachable(kind))
                .collect(),
            must_change_password: is_web && user.must_change_at.is_some(),
            recovery_due: is_web && user.recovery_due_at.is_some(),
            device_counts: is_web && terms.device_days > 0,
            may_put_off: terms.may_put_off(user, now),
            later_counts: terms.later_counts(user, now),
            mailbox_first: self.mail && user.email.is_some(),
            ..Facts::none(user.setup_until)
        }
    }
}
