//! The one parser of what a person types at a prompt. It must not know who typed it, nor whether it is right.

use crate::crockford;
use crate::secret::Secret;

#[cfg(test)]
mod tests;

/// The lengths of a recovery code and of the recovery key.
const RECOVERY: [usize; 2] = [18, 33];

/// More than this is never looked at, copied or logged (`security.md` P-05).
pub const MAX_TYPED: usize = 128;

/// What sshd puts in place of the reply of an account it has already refused, cut or repeated to the typed length.
const SSHD_JUNK: &[u8] = b"\x08\n\r\x7fINCORRECT";

/// What was typed, once it is known to have a meaning.
#[derive(Debug, Clone)]
pub enum Typed {
    /// Nothing but blanks.
    Empty,
    /// Six or eight ASCII digits.
    Code(Secret),
    /// A recovery code or key in its one form, with the right check character.
    Recovery(Secret),
    /// A word that says what to do instead.
    Word(Word),
    /// sshd's stand-in for the reply of an account that it refuses: nobody typed this.
    Junk,
    /// Anything else. It is not judged and not counted.
    Malformed,
}

impl Typed {
    /// What may stand in for a lost second factor: a recovery code or key, or eight digits, which some people have brought
    /// along from elsewhere.
    #[must_use]
    pub fn recovery(self) -> Option<Secret> {
        match self {
            Self::Recovery(text) => Some(text),
            Self::Code(digits) if digits.expose().len() == 8 => Some(digits),
            _ => None,
        }
    }
}

/// A word that a prompt may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Choose the authenticator app.
    App,
    /// Choose codes by email.
    Email,
    /// Send the mail again.
    Resend,
    /// Use another method.
    Other,
    /// Ask an administrator to start anew.
    Recovery,
    /// Put set-up off.
    Later,
}

impl Word {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::App, Self::Email, Self::Resend, Self::Other, Self::Recovery, Self::Later];

    /// As it is typed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Email => "email",
            Self::Resend => "resend",
            Self::Other => "other",
            Self::Recovery => "recovery",
            Self::Later => "later",
        }
    }
}

/// Reads one line as it came from a terminal, a form or a pipe.
///
/// ASCII spaces and hyphens between digits and one trailing CR are dropped; nothing else is mapped, so that full-width
/// or other digits are malformed (P-03, P-06, P-08).
#[must_use]
pub fn parse(line: &[u8]) -> Typed {
    if is_junk(line) {
        return Typed::Junk;
    }
    if line.len() > MAX_TYPED {
        return Typed::Malformed;
    }
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut digits = String::with_capacity(MAX_TYPED);
    let mut other = false;
    for &byte in line {
        match byte {
            b'0'..=b'9' => digits.push(char::from(byte)),
            b' ' | b'-' => {}
            _ => other = true,
        }
    }
    let digits = Secret::new(digits);
    match digits.expose().len() {
        _ if other => word_or_recovery(line),
        0 if !line.contains(&b'-') => Typed::Empty,
        6 | 8 => Typed::Code(digits),
        // It may have no letter.
        18 | 33 => word_or_recovery(line),
        _ => Typed::Malformed,
    }
}

fn word_or_recovery(line: &[u8]) -> Typed {
    let Ok(line) = std::str::from_utf8(line) else { return Typed::Malformed };
    if let Some(word) = Word::ALL.into_iter().find(|word| line.trim().eq_ignore_ascii_case(word.as_str())) {
        return Typed::Word(word);
    }
    match crockford::read(line) {
        Some(text) if RECOVERY.contains(&text.expose().len()) => Typed::Recovery(text),
        _ => Typed::Malformed,
    }
}

/// sshd cuts its stand-in to the length of what was typed, so a prefix of it, from the fourth byte on, is enough.
fn is_junk(line: &[u8]) -> bool {
    let head = line.len().min(SSHD_JUNK.len());
    head >= 4 && line.get(..head) == SSHD_JUNK.get(..head)
}
