//! Where a sign-in leads to, and how it begins. It must not know what is shown on the way.

use super::setup;
use crate::client::ClientId;
use crate::crypto::token_hash;
use crate::factor::{Kind, Proof};
use crate::step::Assurance;
use crate::store::browser::Attempt;
use crate::time::Timestamp;
use crate::user::User;

/// Where a sign-in leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goal {
    /// A sealed authorization request.
    pub continue_to: Option<String>,
    /// The application that it comes from.
    pub client: Option<ClientId>,
    /// The assurance that it asks for at the least, where policy asks for less.
    pub least: Assurance,
}

impl Default for Goal {
    /// The own account.
    fn default() -> Self {
        Self { continue_to: None, client: None, least: Assurance::Password }
    }
}

/// A sign-in whose password was right, or has just been set.
pub(super) fn begun(token: &str, user: &User, goal: Goal, now: Timestamp) -> Attempt {
    Attempt {
        id_hash: token_hash(token),
        user: user.id.clone(),
        proofs: vec![Proof { kind: Kind::Password, at: now }],
        pending: None,
        mailed: None,
        continue_to: goal.continue_to,
        client: goal.client,
        least: goal.least,
        security_version: user.security_version,
        version: 1,
        created_at: now,
        expires_at: now.plus(setup::LIFE),
    }
}
