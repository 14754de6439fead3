//! Texts of access tokens, and under what each is stored. Those made one after the other begin alike and stand beside each
//! other in the table: anywhere in it, each would write a page of its own. It must not know what they are for.

use std::sync::{Mutex, PoisonError};

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;

use crate::crypto::{Entropy, NoEntropy, random_text, token_hash};

#[cfg(test)]
mod tests;

/// Letters that a text has in common with those before it. They are no secret: they tell what was issued at about the same
/// time, like the times that each token tells of itself, and whoever gets many may guess how many others got.
const COMMON: usize = 8;

/// So many have them in common: about as many as are written in one transaction.
const TOGETHER: u8 = 64;

/// What the next ones begin with.
#[derive(Debug, Default)]
pub(super) struct Texts(Mutex<Beginning>);

#[derive(Debug, Default)]
struct Beginning {
    common: String,
    left: u8,
}

impl Texts {
    /// A text that nobody can guess: 256 random bits behind what it has in common with others, in lower-case base32.
    ///
    /// # Errors
    /// Where the kernel gives no randomness.
    pub(super) fn next(&self, entropy: &dyn Entropy) -> Result<String, NoEntropy> {
        let own = random_text::<32>(entropy)?;
        let mut beginning = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if beginning.left == 0 {
            *beginning = Beginning { common: random_text::<{ COMMON * 5 / 8 }>(entropy)?, left: TOGETHER };
        }
        beginning.left -= 1;
        Ok(format!("{}{own}", beginning.common))
    }
}

/// Under what an access token is stored: what its text, or the `jti` of a signed one, has in common with others, and the
/// hash of all of it. Any text has such a key, though it be no token.
#[must_use]
pub fn token_key(token: &str) -> String {
    format!("{}{}", common(token).unwrap_or_default(), token_hash(token))
}

fn common(token: &str) -> Option<String> {
    let jti = match token.split('.').collect::<Vec<_>>().as_slice() {
        [_, claims, _] => jti(claims)?,
        _ => token.to_owned(),
    };
    let common = jti.get(..COMMON)?;
    common.bytes().all(|byte| byte.is_ascii_alphanumeric()).then(|| common.to_owned())
}

fn jti(claims: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        jti: String,
    }
    let claims = BASE64URL_NOPAD.decode(claims.as_bytes()).ok()?;
    serde_json::from_slice(&claims).ok().map(|Claims { jti }| jti)
}
