//! Logins: the one service behind browser, PAM conversation and command line. It verifies, charges, records and says
//! what comes next; it must know neither HTTP nor PAM.

use std::sync::Arc;

use crate::crypto::password::Hasher;
use crate::policy::Policy;
use crate::step::Enrolled;
use crate::store::{Person, Store, StoreError};
use crate::time::Timestamp;

mod account;
mod enrol;
mod govern;
pub mod host;
pub mod invite;
pub mod manage;
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
}

/// The facts about a person that decide what to ask.
fn enrolled(person: &Person, web: bool) -> Enrolled {
    Enrolled {
        totp: !person.factors.is_empty(),
        setup_until: person.user.setup_until,
        must_change_password: web && person.user.must_change_at.is_some(),
    }
}
