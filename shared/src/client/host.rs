//! The hosts of applications behind a proxy: what can be registered, and what is equal to that. Browsers write a host in
//! one way only, and no other is taken.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ClientError;

/// The longest name that DNS has.
const MAX_NAME: usize = 253;

/// Host and perhaps port, as browsers send them to an application: `app.example.org`, `app.example.org:8443`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AppHost(String);

impl AppHost {
    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name alone. Cookies know no ports, and proxies look at names: two applications at one name are one.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }

    /// Where the application is. It is never without TLS: nobody else could be kept from its cookies.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("https://{}", self.0)
    }
}

impl FromStr for AppHost {
    type Err = ClientError;

    fn from_str(text: &str) -> Result<Self, ClientError> {
        let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
        let port_fits = port.is_none_or(|port| {
            port.bytes().all(|byte| byte.is_ascii_digit())
                && !port.starts_with('0')
                && port.parse::<u16>().is_ok_and(|port| port != 443)
        });
        if name.len() <= MAX_NAME && name.split('.').all(is_label) && port_fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(ClientError::Host)
        }
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl TryFrom<String> for AppHost {
    type Error = ClientError;

    fn try_from(text: String) -> Result<Self, ClientError> {
        text.parse()
    }
}

impl From<AppHost> for String {
    fn from(host: AppHost) -> Self {
        host.0
    }
}

impl fmt::Display for AppHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
