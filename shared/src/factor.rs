//! The kinds of proof that a person can give, and the authenticators that they own. One kind, one file below.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::Id;
use crate::time::Timestamp;
use crate::user::User;

pub mod totp;

/// A kind of proof. The list of kinds; every `match` over it is exhaustive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The web password, or on a host what the administrator says was checked before.
    Password,
    /// A code of an authenticator app.
    Totp,
}

impl Kind {
    /// The word for it, as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Totp => "totp",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A confirmed authenticator.
#[derive(Debug, Clone)]
pub struct Factor {
    /// Its id.
    pub id: Id<Self>,
    /// Whose it is.
    pub user: Id<User>,
    /// What its owner calls it.
    pub name: String,
    /// How its codes are made.
    pub totp: totp::Totp,
    /// Since when it is confirmed.
    pub created_at: Timestamp,
    /// The highest time step that was accepted.
    pub last_step: i64,
    /// When that was.
    pub last_used_at: Option<Timestamp>,
}

/// Something that was shown to be true in this login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// What was shown.
    pub kind: Kind,
    /// When.
    pub at: Timestamp,
}
