//! The whole protocol between a host and the server: HTTP/1 and JSON over a Unix socket. It must know neither
//! side's insides.
//!
//! A login is `begin`, then one `answer` for each prompt. What lies between two prompts travels sealed in `attempt`,
//! so the server keeps nothing while a person types, and each request has a connection of its own.

use serde::{Deserialize, Serialize};

use crate::reason::Reason;
use crate::secret::{self, Secret};

#[cfg(test)]
mod tests;

/// Raised when a message changes its meaning; either side refuses the other's.
pub const VERSION: u32 = 1;

/// Where a login starts; takes a [`Begin`].
pub const BEGIN_PATH: &str = "/v1/begin";

/// Where a typed line goes; takes an [`Answer`].
pub const ANSWER_PATH: &str = "/v1/answer";

/// Whether somebody whom sshd is about to let in may come in; takes an [`Account`].
pub const ACCOUNT_PATH: &str = "/v1/account";

/// The largest request body, in bytes.
pub const MAX_REQUEST: usize = 16 * 1024;

/// The largest answer body, in bytes, but for one that draws a QR code.
pub const MAX_REPLY: usize = 4 * 1024;

/// The largest answer body that draws a QR code, in bytes.
pub const MAX_DRAWN: usize = 16 * 1024;

/// Hexadecimal characters of a nonce (128 bits).
pub const NONCE_LENGTH: usize = 32;

/// What every request says, also one of another version.
#[derive(Debug, Clone, Deserialize)]
pub struct Hello {
    /// [`VERSION`] of the asker.
    pub version: u32,
    /// Random, and repeated by the answer.
    pub nonce: String,
    /// Whom it is about.
    pub user: String,
    /// At which service.
    pub service: String,
}

/// The start of a login.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    /// [`VERSION`] of the asker.
    pub version: u32,
    /// Random, and repeated by the answer.
    pub nonce: String,
    /// `PAM_USER`, byte for byte.
    pub user: String,
    /// `PAM_SERVICE`.
    pub service: String,
    /// `PAM_TTY`.
    pub tty: Option<String>,
    /// `PAM_RHOST`.
    pub rhost: Option<String>,
    /// The real uid of the process that asks: under su, who called it.
    pub caller: u32,
    /// What speaks for the first factor.
    pub evidence: Evidence,
    /// The public key that sshd has checked (`SSH_AUTH_INFO_0`, one line), whatever speaks for the first factor. Believed of
    /// uid 0 only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How a QR code may be drawn.
    pub qr: Qr,
}

/// What the host says of the first factor. Believed of uid 0 only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Nothing: no factor is judged in such a login.
    None,
    /// The administrator states that the line is reached after a right password only.
    Stack,
    /// sshd has checked the public key that is named beside.
    Key,
}

/// How a QR code may be drawn on the host's terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Qr {
    /// Unicode half blocks.
    Utf8,
    /// `#` and blanks, for terminals without Unicode.
    Ascii,
    /// Not at all; nobody is led through set-up there.
    Off,
}

/// One line that the person typed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// [`VERSION`] of the asker.
    pub version: u32,
    /// Random, and repeated by the answer.
    pub nonce: String,
    /// `PAM_USER`, which must be the one the attempt is for.
    pub user: String,
    /// `PAM_SERVICE`, likewise.
    pub service: String,
    /// The attempt, as it came with the prompt.
    pub attempt: String,
    /// What was typed; at most [`crate::typed::MAX_TYPED`] bytes.
    #[serde(serialize_with = "secret::reveal")]
    pub typed: Secret,
}

/// Somebody whom sshd is about to let in, however they have logged in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// [`VERSION`] of the asker.
    pub version: u32,
    /// Random, and repeated by the answer.
    pub nonce: String,
    /// `PAM_USER`, byte for byte.
    pub user: String,
    /// `PAM_SERVICE`.
    pub service: String,
    /// `PAM_RHOST`.
    pub rhost: Option<String>,
    /// The public key that sshd has checked, as far as it tells by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether a code of this person was right in this very login.
    pub proven: bool,
}

/// The server's answer to any of these.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reply {
    /// [`VERSION`] of the server.
    pub version: u32,
    /// The nonce of the request; any other makes the answer void.
    pub nonce: String,
    /// The account that the request named; any other makes the answer void.
    pub user: String,
    /// What to do.
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl Reply {
    /// How many bytes its body may have.
    #[must_use]
    pub const fn longest(&self) -> usize {
        if matches!(self.outcome, Outcome::Ask { drawn: true, .. }) { MAX_DRAWN } else { MAX_REPLY }
    }
}

/// What the host does next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Ask the person for one line.
    Ask {
        /// Sealed; goes back with the line.
        attempt: String,
        /// Lines to show above the prompt.
        notice: Option<String>,
        /// Whether a QR code is drawn in them.
        #[serde(default)]
        drawn: bool,
        /// The prompt, where it is not the host's own.
        label: Option<String>,
        /// Why it is asked again.
        reason: Option<Reason>,
    },
    /// The second factor was right.
    Granted,
    /// Policy asks this person for nothing here.
    NotAsked,
    /// The login is refused.
    Refused {
        /// For the journal.
        reason: Reason,
        /// For the person, where there is more to say than that it failed.
        notice: Option<String>,
    },
}
