//! The doors of an organisation: where a second factor is asked for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a login comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// A browser.
    Web,
    /// The PAM service `sshd`.
    Ssh,
    /// `login` on a local terminal.
    Console,
    /// `sudo` and `sudo-i`.
    Sudo,
    /// `su` and `su-l`.
    Su,
    /// Everything else.
    Other,
}

impl Door {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Web, Self::Ssh, Self::Console, Self::Sudo, Self::Su, Self::Other];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Ssh => "ssh",
            Self::Console => "console",
            Self::Sudo => "sudo",
            Self::Su => "su",
            Self::Other => "other",
        }
    }

    /// The door of a PAM service. `login` is the console only where nothing says that it came over a network.
    #[must_use]
    pub fn of_service(service: &str, tty: Option<&str>, rhost: Option<&str>) -> Self {
        let local = tty.is_some_and(|tty| !tty.is_empty()) && rhost.is_none_or(str::is_empty);
        match service {
            "sshd" => Self::Ssh,
            "login" if local => Self::Console,
            "sudo" | "sudo-i" => Self::Sudo,
            "su" | "su-l" => Self::Su,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Door {
    type Err = UnknownDoor;

    fn from_str(text: &str) -> Result<Self, UnknownDoor> {
        Self::ALL.into_iter().find(|door| door.as_str() == text).ok_or(UnknownDoor)
    }
}

/// Not the name of a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a door is one of web, ssh, console, sudo, su, other")]
pub struct UnknownDoor;
