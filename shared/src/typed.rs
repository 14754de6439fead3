//! The one parser of what a person types at a prompt. It must not know who typed it, nor whether it is right.

use crate::secret::Secret;

#[cfg(test)]
mod tests;

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
    /// sshd's stand-in for the reply of an account that it refuses: nobody typed this.
    Junk,
    /// Anything else. It is not judged and not counted.
    Malformed,
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
        _ if other => Typed::Malformed,
        0 if !line.contains(&b'-') => Typed::Empty,
        6 | 8 => Typed::Code(digits),
        _ => Typed::Malformed,
    }
}

/// sshd cuts its stand-in to the length of what was typed, so a prefix of it, from the fourth byte on, is enough.
fn is_junk(line: &[u8]) -> bool {
    let head = line.len().min(SSHD_JUNK.len());
    head >= 4 && line.get(..head) == SSHD_JUNK.get(..head)
}
