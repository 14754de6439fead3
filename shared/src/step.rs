//! What comes next in a login, from facts alone. Browser, PAM conversation and command line only render a [`Step`];
//! nothing remembers a step number.

use serde::{Deserialize, Serialize};

use crate::factor::{Kind, Proof};
use crate::policy::Level;
use crate::reason::Reason;
use crate::time::Timestamp;

#[cfg(test)]
mod tests;

/// What the person has, as far as it decides what to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enrolled {
    /// A confirmed authenticator app.
    pub totp: bool,
    /// Until when a first authenticator can be set up.
    pub setup_until: Timestamp,
    /// A password that somebody else has chosen and that this door can change.
    pub must_change_password: bool,
}

/// What a login does next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Step {
    /// Ask for this.
    Ask(Kind),
    /// Lead through setting up an authenticator.
    Enrol,
    /// Have the password changed.
    ChangePassword,
    /// Let in, at this assurance.
    Granted(Assurance),
    /// Turn away.
    Refused(Reason),
}

/// The first thing that is missing wins.
pub fn next(second_factor: Level, enrolled: Enrolled, proofs: &[Proof], now: Timestamp) -> Step {
    let shown = |kind| proofs.iter().any(|proof| proof.kind == kind);
    if !shown(Kind::Password) {
        return Step::Ask(Kind::Password);
    }
    let asked = match second_factor {
        Level::Off => false,
        Level::Optional => enrolled.totp,
        Level::Required => true,
    };
    if asked && !shown(Kind::Totp) {
        return if enrolled.totp {
            Step::Ask(Kind::Totp)
        } else if now < enrolled.setup_until {
            Step::Enrol
        } else {
            Step::Refused(Reason::SetupClosed)
        };
    }
    if enrolled.must_change_password {
        return Step::ChangePassword;
    }
    Step::Granted(Assurance::of(proofs))
}

/// How sure a login is, told truthfully to whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    /// A password.
    Password,
    /// A password and a code of an authenticator.
    Authenticator,
}

impl Assurance {
    /// All of them, lowest first.
    pub const ALL: [Self; 2] = [Self::Password, Self::Authenticator];

    /// What the proofs add up to.
    #[must_use]
    pub fn of(proofs: &[Proof]) -> Self {
        if proofs.iter().any(|proof| proof.kind == Kind::Totp) { Self::Authenticator } else { Self::Password }
    }

    /// The `acr` value.
    #[must_use]
    pub const fn acr(self) -> &'static str {
        match self {
            Self::Password => "urn:twolatch:acr:1",
            Self::Authenticator => "urn:twolatch:acr:3",
        }
    }

    /// The `amr` values (RFC 8176).
    #[must_use]
    pub const fn amr(self) -> &'static [&'static str] {
        match self {
            Self::Password => &["pwd"],
            Self::Authenticator => &["pwd", "otp", "mfa"],
        }
    }
}
