//! Tokens with which programs act at the admin API in the name of one person, and what each may. It must not know what a
//! token is shown for.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::id::Id;
use crate::time::Timestamp;
use crate::user::{Role, User};

/// How each begins: whoever looks for secrets that were left somewhere finds it.
pub const PREFIX: &str = "twolatch_api_";

/// The most that one person has.
pub const TOKENS_EACH: usize = 20;

/// The longest that one lives, in days.
pub const MOST_DAYS: u16 = 365;

/// How long one lives where nobody says, in days.
pub const DAYS: u16 = 90;

/// The longest note, in bytes.
pub const MAX_NOTE: usize = 128;

/// What a token may. Whoever may change something does not read it for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// See people, and how each stands.
    #[serde(rename = "users:read")]
    UsersRead,
    /// Add, change and remove people.
    #[serde(rename = "users:write")]
    UsersWrite,
    /// The same where it concerns administrators, or makes one.
    #[serde(rename = "admins:write")]
    AdminsWrite,
    /// See who asks for recovery.
    #[serde(rename = "requests:read")]
    RequestsRead,
    /// Answer that.
    #[serde(rename = "requests:write")]
    RequestsWrite,
    /// See applications.
    #[serde(rename = "clients:read")]
    ClientsRead,
    /// Add, change and remove applications.
    #[serde(rename = "clients:write")]
    ClientsWrite,
    /// See what is asked of whom, and why.
    #[serde(rename = "policy:read")]
    PolicyRead,
    /// Change that.
    #[serde(rename = "policy:write")]
    PolicyWrite,
    /// Turn the second factor on or off for the whole organisation.
    #[serde(rename = "policy:switch")]
    PolicySwitch,
    /// See what has happened, and how things stand.
    #[serde(rename = "audit:read")]
    AuditRead,
    /// See how the server is set up.
    #[serde(rename = "configuration:read")]
    ConfigurationRead,
}

/// Who gives something that takes effect later: an administrator, or a program in their name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Giver {
    /// Who.
    pub id: Id<User>,
    /// With which token, where it is a program.
    pub token: Option<Id<ApiToken>>,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::UsersRead,
        Self::UsersWrite,
        Self::AdminsWrite,
        Self::RequestsRead,
        Self::RequestsWrite,
        Self::ClientsRead,
        Self::ClientsWrite,
        Self::PolicyRead,
        Self::PolicyWrite,
        Self::PolicySwitch,
        Self::AuditRead,
        Self::ConfigurationRead,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UsersRead => "users:read",
            Self::UsersWrite => "users:write",
            Self::AdminsWrite => "admins:write",
            Self::RequestsRead => "requests:read",
            Self::RequestsWrite => "requests:write",
            Self::ClientsRead => "clients:read",
            Self::ClientsWrite => "clients:write",
            Self::PolicyRead => "policy:read",
            Self::PolicyWrite => "policy:write",
            Self::PolicySwitch => "policy:switch",
            Self::AuditRead => "audit:read",
            Self::ConfigurationRead => "configuration:read",
        }
    }

    /// Whether something is changed with it.
    #[must_use]
    pub const fn writes(self) -> bool {
        !matches!(
            self,
            Self::UsersRead
                | Self::RequestsRead
                | Self::ClientsRead
                | Self::PolicyRead
                | Self::AuditRead
                | Self::ConfigurationRead
        )
    }

    /// Whether somebody may use it now: supervisors look, administrators change.
    #[must_use]
    pub fn is_for(self, user: &User, now: Timestamp) -> bool {
        if self.writes() { user.governs(now) } else { self.suits(user.role) && user.disabled_at.is_none() }
    }

    /// Whether tokens of people of a role may have it.
    #[must_use]
    pub const fn suits(self, role: Role) -> bool {
        match role {
            Role::Admin => true,
            Role::Supervisor => !self.writes(),
            Role::Member => false,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Not a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "a scope is users:, requests:, clients: or policy: with read or write behind it, or admins:write, policy:switch, \
     audit:read or configuration:read"
)]
pub struct UnknownScope;

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or(UnknownScope)
    }
}

/// A token, but for what is shown once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// What it is called in lists and records.
    pub id: Id<Self>,
    /// In whose name it acts.
    pub user: Id<User>,
    /// [`User::security_version`] when it was made: it dies with a change of that.
    pub security_version: i64,
    /// What is stored of it.
    pub hash: String,
    /// What it is for.
    pub note: String,
    /// What it may, as long as the person may.
    pub scopes: BTreeSet<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// Until when it can be used.
    pub expires_at: Timestamp,
    /// About when it was used last.
    pub used_at: Option<Timestamp>,
}

impl ApiToken {
    /// Its scopes as one text.
    #[must_use]
    pub fn scopes_text(&self) -> String {
        self.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
    }
}
