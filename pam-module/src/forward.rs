//! Password and code in one line, for hosts that can ask only once. It must know neither PAM nor the server.

use std::cell::RefCell;
use std::ffi::CStr;

use twolatch_core::secret::Secret;
use zeroize::Zeroizing;

use crate::converse::MAX_LINE;

#[cfg(test)]
mod tests;

/// The code is always the last six digits. Were eight taken where the tail has eight digits, a password that ends in
/// two digits would lose them.
const DIGITS: usize = 6;

/// The code that waits in PAM's data for the `verify` line. It is taken once and wiped with the handle.
#[derive(Debug, Default)]
pub struct Kept(RefCell<Option<Forwarded>>);

/// A code and whose it is.
#[derive(Debug)]
pub struct Forwarded {
    /// `PAM_USER` when it was typed.
    pub user: String,
    /// The code.
    pub code: Secret,
}

impl Kept {
    /// A place with something in it.
    #[must_use]
    pub fn new(forwarded: Forwarded) -> Self {
        Self(RefCell::new(Some(forwarded)))
    }

    /// Empties the place, so that a code is judged once.
    pub fn take(&self) -> Option<Forwarded> {
        self.0.try_borrow_mut().ok()?.take()
    }
}

/// A password for the next module, wiped when dropped.
#[derive(Default)]
pub struct Password(Zeroizing<Vec<u8>>);

impl Password {
    /// The text for libpam; `None` cannot happen, since a line never holds a NUL.
    #[must_use]
    pub fn as_c_str(&self) -> Option<&CStr> {
        CStr::from_bytes_with_nul(&self.0).ok()
    }
}

/// Cuts the code off the end. `None` unless a password and six digits are there.
#[must_use]
pub fn split(line: &[u8]) -> Option<(Password, Secret)> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > MAX_LINE || line.contains(&0) {
        return None;
    }
    let (password, tail) = line.split_at_checked(line.len().checked_sub(DIGITS)?)?;
    if password.is_empty() || !tail.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut copy = Zeroizing::new(Vec::with_capacity(password.len() + 1));
    copy.extend_from_slice(password);
    copy.push(0);
    let code = std::str::from_utf8(tail).ok()?.to_owned();
    Some((Password(copy), Secret::new(code)))
}
