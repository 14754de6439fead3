//! The fingerprint of an SSH key, as `ssh-keygen -l` prints it. It must not know who has the key.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{BASE64, BASE64_NOPAD};
use serde::Serialize;
use thiserror::Error;

/// What every fingerprint begins with.
const HASH: &str = "SHA256:";

/// The fingerprint of a public key: `SHA256:` and 43 characters of base64.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "String")]
pub struct Fingerprint(String);

/// Not the fingerprint of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FingerprintError {
    /// Neither a fingerprint nor a key.
    #[error("a key is named by SHA256:… as `ssh-keygen -lf FILE.pub` prints it, or by the line in that file")]
    Malformed,
    /// Who signs certificates decides who has one: naming one would exempt whomever they choose.
    #[error("a certificate is no key: exempt a network, a host or a person instead, or have the plain key used")]
    Certificate,
}

impl Fingerprint {
    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The fingerprint of the key that sshd says it has accepted: a line of `SSH_AUTH_INFO_0`. A certificate has none: what
    /// sshd trusts there is whoever signed it.
    #[must_use]
    pub fn of_accepted(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("publickey ")?.split(' ');
        let (kind, key) = (words.next()?, words.next()?);
        if words.next().is_some() { None } else { Self::of_key(kind, key).ok() }
    }

    /// The fingerprint of a key as OpenSSH writes it. The kind stands before the key and again in it.
    fn of_key(kind: &str, key: &str) -> Result<Self, FingerprintError> {
        if kind.contains("-cert-") {
            return Err(FingerprintError::Certificate);
        }
        let blob = BASE64.decode(key.as_bytes()).map_err(|_| FingerprintError::Malformed)?;
        if first_string(&blob) != Some(kind.as_bytes()) {
            return Err(FingerprintError::Malformed);
        }
        Ok(Self(format!("{HASH}{}", BASE64_NOPAD.encode(digest(&SHA256, &blob).as_ref()))))
    }
}

/// The first string of a key (RFC 4251, 5): four bytes of length, and so many bytes.
fn first_string(blob: &[u8]) -> Option<&[u8]> {
    let (length, rest) = blob.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    // Something has to follow: the key itself.
    rest.get(..length).filter(|_| rest.len() > length)
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let Some(hash) = text.strip_prefix(HASH) else {
            let mut words = text.split_ascii_whitespace();
            let (Some(kind), Some(key)) = (words.next(), words.next()) else { return Err(FingerprintError::Malformed) };
            return Self::of_key(kind, key);
        };
        match BASE64_NOPAD.decode(hash.as_bytes()) {
            Ok(hash) if hash.len() == 32 => Ok(Self(text.to_owned())),
            _ => Err(FingerprintError::Malformed),
        }
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
