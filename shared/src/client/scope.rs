//! Names of what a client may ask for in its own name. What they mean is its API's to know.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ClientError;

/// Words of OpenID Connect: they are about a person, and a client is none.
const OF_PEOPLE: [&str; 7] = ["openid", "profile", "email", "address", "phone", "groups", "offline_access"];

/// A scope that is not about a person (RFC 6749, 3.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScopeName(String);

impl ScopeName {
    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ScopeName {
    type Err = ClientError;

    fn from_str(text: &str) -> Result<Self, ClientError> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte));
        if fits && !OF_PEOPLE.contains(&text) { Ok(Self(text.to_owned())) } else { Err(ClientError::Scope) }
    }
}

impl TryFrom<String> for ScopeName {
    type Error = ClientError;

    fn try_from(text: String) -> Result<Self, ClientError> {
        text.parse()
    }
}

impl From<ScopeName> for String {
    fn from(name: ScopeName) -> Self {
        name.0
    }
}

impl fmt::Display for ScopeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
