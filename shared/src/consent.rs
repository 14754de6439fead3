//! What people let applications learn that are not the organisation's own. It must know neither HTTP nor SQL.

use serde::{Deserialize, Serialize};

use crate::client::ClientId;
use crate::id::Id;
use crate::time::Timestamp;
use crate::user::User;

/// How long a consent is remembered, in seconds.
pub const CONSENT_LIFE: i64 = 180 * 86_400;

/// How long an answer can wait for its request, in seconds.
const REQUEST_LIFE: i64 = 3600;

/// What a client learns of somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// By scope.
    pub scopes: Vec<String>,
    /// By the name of a claim, beside that.
    pub claims: Vec<String>,
}

impl Disclosure {
    /// Whether the other is nothing more than this.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.scopes.iter().all(|scope| self.scopes.contains(scope))
            && other.claims.iter().all(|claim| self.claims.contains(claim))
    }

    /// This and the other.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        let new = |have: &[String], more: &[String]| {
            more.iter().filter(|one| !have.contains(one)).cloned().collect::<Vec<_>>()
        };
        let (scopes, claims) = (new(&self.scopes, &other.scopes), new(&self.claims, &other.claims));
        self.scopes.extend(scopes);
        self.claims.extend(claims);
        self
    }
}

/// What somebody has let a client learn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Who.
    pub user: Id<User>,
    /// Which client.
    pub client: ClientId,
    /// What.
    pub disclosure: Disclosure,
    /// When they were asked last.
    pub given_at: Timestamp,
    /// Until when it is remembered.
    pub expires_at: Timestamp,
}

impl Consent {
    /// One that is given now.
    #[must_use]
    pub const fn new(user: Id<User>, client: ClientId, disclosure: Disclosure, now: Timestamp) -> Self {
        Self { user, client, disclosure, given_at: now, expires_at: now.plus(CONSENT_LIFE) }
    }

    /// The same, as long as the client is asked about each time: only the answers to what is under way count.
    #[must_use]
    pub fn passing(self) -> Self {
        Self { expires_at: self.given_at.plus(REQUEST_LIFE), ..self }
    }

    /// The same beside what was let before. A small yes makes no large one last longer.
    #[must_use]
    pub fn beside(self, before: Self) -> Self {
        let expires_at = if self.disclosure.covers(&before.disclosure) {
            self.expires_at
        } else {
            self.expires_at.min(before.expires_at)
        };
        Self { disclosure: before.disclosure.and(&self.disclosure), expires_at, ..self }
    }
}

/// What an application has of somebody, who need not be asked again for that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Which.
    pub client: ClientId,
    /// What they have let it learn; absent where nobody was asked, as it is the organisation's own.
    pub consent: Option<Consent>,
    /// Since when it has been going on, where it holds something now.
    pub since: Option<Timestamp>,
    /// Whether that goes on without them.
    pub offline: bool,
}

impl Access {
    /// Nothing at all.
    #[must_use]
    pub const fn none(client: ClientId) -> Self {
        Self { client, consent: None, since: None, offline: false }
    }
}
