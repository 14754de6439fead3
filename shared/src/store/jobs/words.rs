//! The words of bulk actions: what can be done to many people, and why it could not be done to somebody.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Set-up comes at the next login: what is set up is removed, and who was not asked for anything is from now on.
    RequestRegistration,
    /// Nobody logs in with these accounts.
    Disable,
    /// People do again.
    Enable,
    /// Holds and delays after wrong codes end.
    Unlock,
    /// They are signed out everywhere. Remembered devices stay.
    EndSessions,
    /// Each gets a rule of their own for what they may set up, or loses it.
    SetMethods,
    /// Who has no password gets a one-time link by mail to choose one, and time to set up.
    Invite,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::RequestRegistration,
        Self::Disable,
        Self::Enable,
        Self::Unlock,
        Self::EndSessions,
        Self::SetMethods,
        Self::Invite,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RequestRegistration => "request-registration",
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::Unlock => "unlock",
            Self::EndSessions => "end-sessions",
            Self::SetMethods => "set-methods",
            Self::Invite => "invite",
        }
    }
}

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        Self::ALL.into_iter().find(|action| action.as_str() == text).ok_or(UnknownAction)
    }
}

/// Not what can be done to many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is one of request-registration, disable, enable, unlock, end-sessions, set-methods, invite")]
pub struct UnknownAction;

/// Why it could not be done to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// Nobody could administer any more.
    LastAdmin,
    /// An exemption keeps them from being asked.
    Exempt,
    /// The row is not as it was written.
    RowMac,
    /// What is set up is reset at the person's own request only.
    NeedsRequest,
    /// They have no mail address.
    NoAddress,
    /// Their address was given by somebody else lately.
    Held,
    /// They are an administrator, and the token of the program that does it is not for that.
    Scope,
}

impl Trouble {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::LastAdmin, Self::Exempt, Self::RowMac, Self::NeedsRequest, Self::NoAddress, Self::Held, Self::Scope];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LastAdmin => "last_admin",
            Self::Exempt => "exempt",
            Self::RowMac => "row_mac",
            Self::NeedsRequest => "needs_request",
            Self::NoAddress => "no_address",
            Self::Held => "held",
            Self::Scope => "scope",
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LastAdmin => "last_admin: nobody could administer any more; make another administrator first",
            Self::Exempt => "exempt: an exemption keeps them from being asked; end it first",
            Self::RowMac => "row_mac: the row is not as Twolatch wrote it; nothing is changed in it",
            Self::NeedsRequest => {
                "needs_request: the configuration has recovery approved by two, or after a time; it begins with the \
                 person's own request"
            }
            Self::NoAddress => "no_address: nothing can be mailed to them; give them an address first",
            Self::Held => {
                "held: the address was changed lately; another administrator confirms it, or it is mailed to after a time"
            }
            Self::Scope => "scope: they are an administrator, which takes a token that is for admins:write",
        })
    }
}
