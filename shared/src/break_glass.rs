//! Break-glass codes: their form, and how a host keeps them. The command line makes them and the PAM module takes them; no
//! server has a say. It must not know how either of them does that.
//!
//! A code has 128 random bits and a check character. In [`FOLDER`] lies a folder for each person, in it an empty file for
//! each code, and its name is the code's SHA-256: to look for the file is to compare the code, and to remove it is to spend
//! the code. How long looking takes tells at most of the hash, from which nobody comes to 128 random bits.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::crockford;
use crate::secret::Secret;

#[cfg(test)]
mod tests;

/// Where a host keeps them. It, the folders in it and the files in those are root's alone.
pub const FOLDER: &str = "/var/lib/twolatch-breakglass";

/// The Unix group whose members are asked for them.
pub const GROUP: &str = "twolatch-breakglass";

/// Codes of one person.
pub const CODES: usize = 10;

/// Random bytes of a code.
pub const BYTES: usize = 16;

/// Characters of a code, without the hyphens.
const LENGTH: usize = 27;

/// Names of accounts are no longer.
const MAX_NAME: usize = 255;

/// The code of these random bytes. Nothing where its check value has no digit: take others then.
#[must_use]
pub fn code_of(random: &[u8; BYTES]) -> Option<Secret> {
    crockford::with_check(crockford::digits(random).expose())
}

/// Reads what somebody typed; nothing where that is no such code.
#[must_use]
pub fn read(typed: &[u8]) -> Option<Secret> {
    let code = crockford::read(std::str::from_utf8(typed).ok()?.trim_end())?;
    (code.expose().len() == LENGTH).then_some(code)
}

/// The name of a code's file.
#[must_use]
pub fn file_name(code: &Secret) -> String {
    let hash = Sha256::digest(code.expose());
    hash.iter().fold(String::with_capacity(2 * hash.len()), |mut name, byte| {
        // Writing to a string cannot fail.
        let _ = write!(name, "{byte:02x}");
        name
    })
}

/// Whether an account of this name can have a folder: the name leads nowhere else.
#[must_use]
pub fn has_folder(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len()) && !name.starts_with('.') && !name.contains(['/', '\0'])
}
