//! Signature algorithms.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ClientError;

/// What tokens are signed with, ours and those of clients (RFC 7518, 3.1; RFC 8037).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub enum SigningAlg {
    /// RSA PKCS#1 v1.5: every client library has it, and certification asks for it.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSA PSS: what FAPI takes of RSA.
    #[serde(rename = "PS256")]
    Ps256,
    /// ECDSA on P-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl SigningAlg {
    /// All of them, the default first.
    pub const ALL: [Self; 4] = [Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa];

    /// Its registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

impl fmt::Display for SigningAlg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SigningAlg {
    type Err = ClientError;

    fn from_str(text: &str) -> Result<Self, ClientError> {
        // Ed25519 is what RFC 9864 (2.2) calls the one curve that EdDSA is used with here.
        let text = if text == "Ed25519" { Self::EdDsa.as_str() } else { text };
        Self::ALL.into_iter().find(|alg| alg.as_str() == text).ok_or(ClientError::Alg)
    }
}
