//! The kinds of proof that a person can give, and the authenticators that they own. One kind, one file below.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::Id;
use crate::time::Timestamp;
use crate::user::User;

pub mod recovery;
pub mod totp;

/// A kind of proof. The list of kinds; every `match` over it is exhaustive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The web password, or on a host what the administrator says was checked before.
    Password,
    /// A code of an authenticator app.
    Totp,
    /// A code that was mailed.
    EmailCode,
    /// One of a set of codes kept for the day on which the others are lost.
    RecoveryCode,
    /// The long one of those.
    RecoveryKey,
    /// No proof of anything new: a browser that showed a second factor lately and was to be remembered.
    Device,
    /// No proof either: set-up was put off, as policy allows.
    Later,
    /// The address that is known is read by who sets up: opens set-up, and is no second factor.
    Mailbox,
}

impl Kind {
    /// What people can choose to be asked for.
    pub const METHODS: [Self; 2] = [Self::Totp, Self::EmailCode];

    /// What stands in where those are lost.
    pub const RECOVERY: [Self; 2] = [Self::RecoveryCode, Self::RecoveryKey];

    /// Whether it proves more than the password.
    #[must_use]
    pub const fn is_second_factor(self) -> bool {
        match self {
            Self::Totp | Self::EmailCode | Self::RecoveryCode | Self::RecoveryKey => true,
            Self::Password | Self::Device | Self::Later | Self::Mailbox => false,
        }
    }

    /// The word for it, as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Totp => "totp",
            Self::EmailCode => "email_code",
            Self::RecoveryCode => "recovery_code",
            Self::RecoveryKey => "recovery_key",
            Self::Device => "device",
            Self::Later => "later",
            Self::Mailbox => "mailbox",
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
