//! Who judges: a server that is asked twice or more in a login. It must know neither PAM nor how the server is reached.

use std::fmt;

use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::wire::{self, Evidence, Outcome, Qr, Reply};

pub mod deadline;
pub mod http;
pub mod path;
pub mod socket;
#[cfg(test)]
mod tests;

/// Who wants in, and through which door.
#[derive(Debug, Clone)]
pub struct Subject {
    /// `PAM_USER`.
    pub user: String,
    /// `PAM_SERVICE`.
    pub service: String,
    /// `PAM_TTY`.
    pub tty: Option<String>,
    /// `PAM_RHOST`.
    pub rhost: Option<String>,
    /// The real uid of this process.
    pub caller: u32,
    /// What speaks for the first factor.
    pub evidence: Evidence,
    /// The line about the key that sshd has checked.
    pub key: Option<String>,
    /// How a QR code may be drawn.
    pub qr: Qr,
}

/// Why there is no answer that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The stable code.
    pub reason: Reason,
    /// What exactly happened, for the journal; never a secret.
    pub detail: String,
}

impl Failure {
    /// A failure, told in words.
    pub fn new(reason: Reason, detail: impl fmt::Display) -> Self {
        Self { reason, detail: detail.to_string() }
    }
}

/// A server for one login.
pub trait Authenticator {
    /// Starts the login.
    ///
    /// # Errors
    /// [`Failure`] if there is no answer, or none that can be trusted.
    fn begin(&mut self) -> Result<Outcome, Failure>;

    /// Sends one code, with the attempt that came with the prompt.
    ///
    /// # Errors
    /// [`Failure`] if there is no answer, or none that can be trusted. Whether the code is spent is then unknown.
    fn answer(&mut self, attempt: &str, typed: &Secret) -> Result<Outcome, Failure>;
}

/// An answer counts only if it is one to this very question (P-38).
///
/// # Errors
/// [`Failure`] if version, nonce or user are not those of the request.
pub fn matching(reply: Reply, nonce: &str, user: &str) -> Result<Outcome, Failure> {
    if reply.version != wire::VERSION {
        let detail = format!("the server speaks version {}, the module {}", reply.version, wire::VERSION);
        return Err(Failure::new(Reason::Version, detail));
    }
    if nonce.is_empty() || reply.nonce != nonce {
        return Err(Failure::new(Reason::BadAnswer, "the answer is to another question"));
    }
    if reply.user != user {
        return Err(Failure::new(Reason::BadAnswer, "the answer is about another account"));
    }
    Ok(reply.outcome)
}
