//! Whether an administrator who is stuck may have a link mailed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest wait, in hours.
const MAX_WAIT: u16 = 720;

/// Whether, and how soon, a link can be mailed that removes an administrator's own second factors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum AdminLink {
    /// At once.
    #[default]
    On,
    /// So many hours after it was first asked for, unless another administrator stops it.
    Wait(u16),
    /// Never.
    Off,
}

impl AdminLink {
    /// How many hours pass before a link is mailed; `None` where none ever is.
    #[must_use]
    pub const fn hours(self) -> Option<u16> {
        match self {
            Self::On => Some(0),
            Self::Wait(hours) => Some(hours),
            Self::Off => None,
        }
    }
}

impl fmt::Display for AdminLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On => f.write_str("on"),
            Self::Wait(hours) => write!(f, "wait:{hours}"),
            Self::Off => f.write_str("off"),
        }
    }
}

impl FromStr for AdminLink {
    type Err = UnknownAdminLink;

    fn from_str(text: &str) -> Result<Self, UnknownAdminLink> {
        match text.strip_prefix("wait:") {
            Some(hours) => match hours.parse() {
                Ok(hours @ 1..=MAX_WAIT) => Ok(Self::Wait(hours)),
                _ => Err(UnknownAdminLink),
            },
            None if text == "on" => Ok(Self::On),
            None if text == "off" => Ok(Self::Off),
            None => Err(UnknownAdminLink),
        }
    }
}

impl TryFrom<String> for AdminLink {
    type Error = UnknownAdminLink;

    fn try_from(text: String) -> Result<Self, UnknownAdminLink> {
        text.parse()
    }
}

impl From<AdminLink> for String {
    fn from(link: AdminLink) -> Self {
        link.to_string()
    }
}

/// None of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an administrator's link is on, off, or wait:N with N hours from 1 to 720")]
pub struct UnknownAdminLink;
