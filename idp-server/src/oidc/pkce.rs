//! Proof Key for Code Exchange, S256 only (RFC 7636).

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64URL_NOPAD;

#[cfg(test)]
mod tests;

/// Whether a text can be an S256 challenge: 32 bytes as base64url (4.2).
#[must_use]
pub fn is_challenge(text: &str) -> bool {
    text.len() == 43 && BASE64URL_NOPAD.decode(text.as_bytes()).is_ok()
}

/// What a verifier hashes to. For one that is none (4.1) it is a text that no challenge is equal to.
#[must_use]
pub fn challenge_of(verifier: &str) -> String {
    let fits = (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    if fits { BASE64URL_NOPAD.encode(digest(&SHA256, verifier.as_bytes()).as_ref()) } else { "malformed".to_owned() }
}
