//! How a person's second factor stands, over all doors and applications: what lists show. The same is asked of the
//! database, of many people at once, by the conditions in `store::people`; a test compares the two.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Because, Level, Policy};
use crate::time::Timestamp;
use crate::user::User;

/// A person's second factor, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Required somewhere, and nothing is set up.
    Pending,
    /// Set up, and asked for somewhere.
    Activated,
    /// Neither, and why.
    Disabled(Unasked),
}

/// Why somebody is not asked for a second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unasked {
    /// Nobody can log in with this account.
    Account,
    /// They need not set anything up, and have not.
    Optional(Because),
    /// Nobody is to be asked.
    Off(Because),
}

impl fmt::Display for Unasked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account => f.write_str("the account is disabled"),
            Self::Optional(because) => write!(f, "optional by {because}, and nothing is set up"),
            Self::Off(because) => write!(f, "off by {because}"),
        }
    }
}

impl Policy {
    /// How a person stands, over all doors and applications.
    #[must_use]
    pub fn status(&self, user: &User, now: Timestamp) -> Status {
        let enrolled = self.terms_of(user).methods.into_iter().any(|kind| user.has(kind));
        let most = self.most(user, now);
        match most.level {
            _ if user.disabled_at.is_some() => Status::Disabled(Unasked::Account),
            level if enrolled && level > Level::Off => Status::Activated,
            Level::Required => Status::Pending,
            Level::Optional => Status::Disabled(Unasked::Optional(most.because)),
            Level::Off => Status::Disabled(Unasked::Off(most.because)),
        }
    }
}

impl Status {
    /// Which of the three.
    #[must_use]
    pub const fn word(&self) -> StatusWord {
        match self {
            Self::Pending => StatusWord::Pending,
            Self::Activated => StatusWord::Activated,
            Self::Disabled(_) => StatusWord::Disabled,
        }
    }

    /// Why nobody is asked.
    #[must_use]
    pub const fn reason(&self) -> Option<&Unasked> {
        match self {
            Self::Pending | Self::Activated => None,
            Self::Disabled(reason) => Some(reason),
        }
    }
}

/// The same in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusWord {
    /// [`Status::Pending`].
    Pending,
    /// [`Status::Activated`].
    Activated,
    /// [`Status::Disabled`].
    Disabled,
}

impl StatusWord {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Activated, Self::Disabled];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Activated => "Activated",
            Self::Disabled => "Disabled",
        }
    }
}

impl FromStr for StatusWord {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.into_iter().find(|word| word.as_str().eq_ignore_ascii_case(text)).ok_or(UnknownStatus)
    }
}

/// Not how a second factor stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a second factor is pending, activated or disabled")]
pub struct UnknownStatus;
