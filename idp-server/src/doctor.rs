//! What would keep people out of this machine, or let them in without a code: what is found, and what to do about it. It
//! changes nothing.

use serde::Serialize;

pub mod host;
pub mod sandboxes;
pub mod services;
pub mod sshd;
pub mod sudo;

/// Seconds that people need to come to a code, and to type it.
const PATIENCE: u32 = 300;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about: a service, a file, a part of the system.
    pub check: String,
    /// How it stands.
    pub verdict: Verdict,
    /// Where: `FILE:LINE`, where there is one.
    #[serde(rename = "where")]
    pub place: Option<String>,
    /// What was found.
    pub found: String,
    /// What to do.
    pub remedy: Option<String>,
}

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should.
    Well,
    /// Worth knowing, and meant perhaps.
    Note,
    /// Somebody gets in without a code.
    Bypass,
    /// Somebody is kept out.
    LockOut,
    /// Something is broken.
    Broken,
}

impl Verdict {
    /// Whether something has to be done.
    #[must_use]
    pub const fn is_bad(self) -> bool {
        matches!(self, Self::Bypass | Self::LockOut | Self::Broken)
    }

    /// In a word, for a list.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Well => "ok",
            Self::Note => "note",
            Self::Bypass => "BYPASS",
            Self::LockOut => "LOCKOUT",
            Self::Broken => "FAIL",
        }
    }
}

impl Finding {
    /// Something that is as it should be.
    #[must_use]
    pub fn well(check: &str, found: impl Into<String>) -> Self {
        Self { check: check.to_owned(), verdict: Verdict::Well, place: None, found: found.into(), remedy: None }
    }

    /// Something else, with what to do.
    #[must_use]
    pub fn new(check: &str, verdict: Verdict, found: impl Into<String>, remedy: &str) -> Self {
        let remedy = Some(remedy.to_owned()).filter(|remedy| !remedy.is_empty());
        Self { verdict, remedy, ..Self::well(check, found) }
    }

    /// The same, with its place.
    #[must_use]
    pub fn at(self, place: impl Into<String>) -> Self {
        Self { place: Some(place.into()), ..self }
    }
}
