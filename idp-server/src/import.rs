//! What other programs have written down of people's authenticators: one format, one file below. Each is read from its text
//! alone; it must know neither files nor the database, and nothing that it says holds a secret.

use twolatch_core::factor::totp::Totp;
use twolatch_core::secret::Secret;

pub mod base32;
pub mod google;
pub mod migration;
pub mod oath;
pub mod table;
pub mod uris;

#[cfg(test)]
mod tests;

/// Why a counter is not taken over.
pub const HOTP: &str = "HOTP: its codes come from a counter, and Twolatch takes codes that come from the time; have an \
                        authenticator app set up in its place";

/// An authenticator that was found.
#[derive(Debug, Clone)]
pub struct Entry {
    /// In which line, counted from 1.
    pub line: usize,
    /// Whose, as it stands there; nothing where nobody is named.
    pub owner: Option<String>,
    /// How its codes are made. Whether that is acceptable is not judged here.
    pub totp: Totp,
    /// What it is called.
    pub label: Option<String>,
    /// The highest time step that is known to be used; 0 where none is.
    pub last_step: i64,
    /// Codes that each let in once.
    pub scratch: Vec<Secret>,
    /// What is not taken over as it was.
    pub notes: Vec<String>,
}

/// Something that is not taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// In which line, counted from 1.
    pub line: usize,
    /// Whose it is, as far as that can be told.
    pub owner: Option<String>,
    /// Why.
    pub text: String,
}

/// What stands in a line.
pub type Found = Result<Entry, Fault>;

/// In which line that is.
#[must_use]
pub const fn line_of(found: &Found) -> usize {
    match found {
        Ok(entry) => entry.line,
        Err(fault) => fault.line,
    }
}

impl Fault {
    fn new(line: usize, owner: Option<&str>, text: impl Into<String>) -> Self {
        Self { line, owner: owner.filter(|owner| !owner.is_empty()).map(str::to_owned), text: text.into() }
    }
}
