//! Randomness, keys and what is done with them. It must know nothing of users or tables.

use std::fmt;

use aws_lc_rs::digest;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};

pub mod keyring;
pub mod password;
pub mod seal;

/// Where randomness comes from.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    ///
    /// # Errors
    /// Where the kernel gives none: nothing secret may then be issued.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy>;
}

/// The kernel gave no randomness (`no_entropy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoEntropy;

impl fmt::Display for NoEntropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the kernel gives no randomness (no_entropy): restart the machine")
    }
}

impl std::error::Error for NoEntropy {}

/// The kernel's generator.
#[derive(Debug, Default)]
pub struct SystemEntropy(SystemRandom);

impl SystemEntropy {
    /// The kernel's generator.
    #[must_use]
    pub fn new() -> Self {
        Self(SystemRandom::new())
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        self.0.fill(buffer).map_err(|_| NoEntropy)
    }
}

/// `N` random bytes as lower-case base32.
///
/// # Errors
/// Where the kernel gives no randomness.
pub fn random_text<const N: usize>(entropy: &dyn Entropy) -> Result<String, NoEntropy> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
}

/// How a random token of 128 bits or more is stored: its SHA-256, base64url. Not for anything that a person chose.
#[must_use]
pub fn token_hash(token: &str) -> String {
    token_hash_of(token.as_bytes())
}

/// SHA-256, base64url.
#[must_use]
pub fn token_hash_of(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// Fields as one byte string that no other fields give: each with its length, absent ones marked.
#[must_use]
pub fn frame(fields: &[Option<&[u8]>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(fields.iter().map(|field| 8 + field.map_or(0, <[u8]>::len)).sum());
    for field in fields {
        let length = field.map_or(u64::MAX, |bytes| bytes.len() as u64);
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(field.unwrap_or_default());
    }
    out
}
