//! Whose an application is, and with that how much it is taken at its word.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ClientError;

/// How far a client is trusted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// It is the organisation's own: nobody is asked what it may know.
    #[default]
    FirstParty,
    /// It is somebody else's, and an administrator knows whose: people are asked, and their answer is remembered.
    ThirdParty,
    /// It has registered itself: people are told so, and asked each time.
    Unverified,
}

impl Trust {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::FirstParty, Self::ThirdParty, Self::Unverified];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstParty => "first_party",
            Self::ThirdParty => "third_party",
            Self::Unverified => "unverified",
        }
    }
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Trust {
    type Err = ClientError;

    fn from_str(text: &str) -> Result<Self, ClientError> {
        Self::ALL.into_iter().find(|trust| trust.as_str() == text).ok_or(ClientError::Trust)
    }
}
