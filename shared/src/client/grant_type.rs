//! How a client may ask for tokens.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ClientError;

/// How a client may ask for tokens (RFC 6749, 4 and 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// For a person's code.
    AuthorizationCode,
    /// For a refresh token.
    RefreshToken,
    /// For itself.
    ClientCredentials,
    /// For a device without a browser (RFC 8628).
    DeviceCode,
}

impl GrantType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials, Self::DeviceCode];

    /// Its registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
        }
    }
}

impl fmt::Display for GrantType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for GrantType {
    type Err = ClientError;

    fn from_str(text: &str) -> Result<Self, ClientError> {
        // Nobody types the whole of it.
        let text = if text == "device_code" { Self::DeviceCode.as_str() } else { text };
        Self::ALL.into_iter().find(|grant| grant.as_str() == text).ok_or(ClientError::Grant)
    }
}
