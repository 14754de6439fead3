//! Recovery codes and the recovery key: how they are made and written. It must not know how they are stored.
//!
//! A code is its number (0 to 9), 80 random bits and a check character: eighteen characters in three groups. The number
//! names the row, so that one try costs one hash. The key has 160 bits and no number.
//!
//! Scratch codes are the eight digits that google-authenticator has given people, taken over by an import. They stand in a
//! set of their own, which is replaced by the first one that is made here. What makes up for their length: their keyed hash
//! tells nothing without the key ring, and of a hundred wrong ones in a row all are held (REC-5), so that somebody who
//! guesses hits one of five with 5·10⁻⁶.

use zeroize::Zeroizing;

use crate::crockford;
use crate::crypto::{Entropy, NoEntropy};
use crate::id::Id;
use crate::secret::Secret;

#[cfg(test)]
mod tests;

/// The recovery codes and the key that were made at once; making others makes them void.
#[derive(Debug)]
pub struct Set;

/// Codes in a set.
pub const CODES: u8 = 10;

/// Characters of a code, without the hyphens.
pub const CODE_LENGTH: usize = 18;

/// Characters of the key, without the hyphens.
pub const KEY_LENGTH: usize = 33;

/// Digits of a scratch code.
pub const SCRATCH_LENGTH: usize = 8;

/// Scratch codes in a set, at the most: as many as google-authenticator makes.
pub const MOST_SCRATCH: usize = 10;

/// How the id of a set of scratch codes begins.
const SCRATCH: &str = "scratch-";

/// The id of a new set of scratch codes.
///
/// # Errors
/// Where the kernel gives no randomness.
pub fn new_scratch_set(entropy: &dyn Entropy) -> Result<Id<Set>, NoEntropy> {
    Ok(Id::from_stored(format!("{SCRATCH}{}", Id::<Set>::random(entropy)?)))
}

/// Whether a set is one of scratch codes.
#[must_use]
pub fn is_scratch(set: &Id<Set>) -> bool {
    set.as_str().starts_with(SCRATCH)
}

/// Whether a text looks like a scratch code.
#[must_use]
pub fn looks_like_scratch(text: &Secret) -> bool {
    text.expose().len() == SCRATCH_LENGTH && text.expose().bytes().all(|byte| byte.is_ascii_digit())
}

/// What a text is, by its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A code, with its number.
    Code(u8),
    /// The key.
    Key,
}

impl Form {
    /// Of a text that [`crockford::read`] has brought to its form.
    #[must_use]
    pub fn of(text: &Secret) -> Option<Self> {
        match text.expose().len() {
            CODE_LENGTH => {
                let number = text.expose().chars().next()?.to_digit(10)?;
                u8::try_from(number).ok().map(Self::Code)
            }
            KEY_LENGTH => Some(Self::Key),
            _ => None,
        }
    }
}

/// A new set, in the order of their numbers.
///
/// # Errors
/// Where the kernel gives no randomness.
pub fn new_codes(entropy: &dyn Entropy) -> Result<Vec<Secret>, NoEntropy> {
    (0..CODES).map(|number| random::<10>(entropy, &number.to_string())).collect()
}

/// A new key.
///
/// # Errors
/// Where the kernel gives no randomness.
pub fn new_key(entropy: &dyn Entropy) -> Result<Secret, NoEntropy> {
    random::<20>(entropy, "")
}

/// As people read and copy it: in groups of six.
#[must_use]
pub fn grouped(text: &Secret) -> Secret {
    let mut shown = String::with_capacity(text.expose().len() + 6);
    for (index, character) in text.expose().chars().enumerate() {
        if index > 0 && index % 6 == 0 {
            shown.push('-');
        }
        shown.push(character);
    }
    Secret::new(shown)
}

/// A text of `N` random bytes behind a prefix. About one in eight would have a check value without a digit.
fn random<const N: usize>(entropy: &dyn Entropy, prefix: &str) -> Result<Secret, NoEntropy> {
    loop {
        let mut bytes = Zeroizing::new([0; N]);
        entropy.fill(bytes.as_mut_slice())?;
        let mut body = Zeroizing::new(String::with_capacity(KEY_LENGTH));
        body.push_str(prefix);
        body.push_str(crockford::digits(bytes.as_slice()).expose());
        if let Some(text) = crockford::with_check(&body) {
            return Ok(text);
        }
    }
}
