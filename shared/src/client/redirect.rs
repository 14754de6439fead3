//! Redirect URIs: what can be registered, and what is equal to a registered one. It must never rewrite one: a parser that
//! normalises is how two different addresses become the same.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The longest that can be registered.
const MAX_BYTES: usize = 2048;

/// The loopback addresses whose port the application chooses when it starts (RFC 8252, 7.3).
const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// A redirect URI that may be registered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri(String);

impl RedirectUri {
    /// Its text, byte for byte as registered.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a request's `redirect_uri` is this one: byte for byte, but for the port of a loopback address
    /// (RFC 9700, 2.1; RFC 8252, 7.3).
    #[must_use]
    pub fn accepts(&self, text: &str) -> bool {
        self.0 == text
            || match (without_port(&self.0), without_port(text)) {
                (Some(registered), Some(asked)) => registered == asked,
                _ => false,
            }
    }

    /// Whether it has a scheme of its own, which only an installed application can receive (RFC 8252, 7.1).
    #[must_use]
    pub fn is_private_use(&self) -> bool {
        !self.is_https() && !self.0.starts_with("http://")
    }

    /// Whether nobody in between can put something else there.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Whether only an application on a person's own machine can receive it (RFC 8252, 7).
    #[must_use]
    pub fn is_installed(&self) -> bool {
        self.is_private_use() || without_port(&self.0).is_some()
    }

    /// What a `form-action` of a Content-Security-Policy has to name for an answer to get there.
    #[must_use]
    pub fn origin(text: &str) -> &str {
        let Some((scheme, rest)) = text.split_once("://") else {
            return text.split_inclusive(':').next().unwrap_or_default();
        };
        if scheme != "https" && scheme != "http" {
            return text.split_inclusive(':').next().unwrap_or_default();
        }
        let host = rest.find(['/', '?']).unwrap_or(rest.len());
        text.get(..scheme.len() + 3 + host).unwrap_or_default()
    }
}

/// A loopback address split into host and what follows its port.
fn without_port(text: &str) -> Option<(&'static str, &str)> {
    LOOPBACK.into_iter().find_map(|host| {
        let rest = text.strip_prefix(host)?;
        let Some(port_on) = rest.strip_prefix(':') else {
            return (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((host, rest));
        };
        let end = port_on.find(['/', '?']).unwrap_or(port_on.len());
        let (port, rest) = port_on.split_at_checked(end)?;
        is_port(port).then_some((host, rest))
    })
}

/// Whether a host is a name, or an address of four numbers: browsers take whatever ends in a number for an address, and find
/// others in it (`0x7f.1`).
fn is_name(host: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let last = host.rsplit('.').next().unwrap_or_default();
    let ends_in_number = last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit());
    host.split('.').all(|label| !label.is_empty() && label.bytes().all(plain))
        && (!ends_in_number || host.parse::<std::net::Ipv4Addr>().is_ok())
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port != 0)
}

impl FromStr for RedirectUri {
    type Err = RedirectError;

    fn from_str(text: &str) -> Result<Self, RedirectError> {
        if text.len() > MAX_BYTES {
            return Err(RedirectError::Long);
        }
        // Printable ASCII without what browsers and parsers disagree about.
        if let Some(bad) = text.chars().find(|c| !c.is_ascii_graphic() || "\\\"<>^`{|}*".contains(*c)) {
            return Err(RedirectError::Character(bad));
        }
        if text.contains('#') {
            return Err(RedirectError::Fragment);
        }
        let (scheme, rest) = text.split_once(':').ok_or(RedirectError::Scheme)?;
        match scheme {
            "https" => check_host(rest).map(drop)?,
            "http" => {
                let host = check_host(rest)?;
                if !["localhost", "127.0.0.1", "[::1]"].contains(&host) {
                    return Err(RedirectError::PlainHttp);
                }
            }
            _ if is_private_scheme(scheme) && is_private_rest(rest) => {}
            _ => return Err(RedirectError::Scheme),
        }
        if dots(rest) { Err(RedirectError::Dots) } else { Ok(Self(text.to_owned())) }
    }
}

/// The host of `//host[:port][/path][?query]`.
fn check_host(rest: &str) -> Result<&str, RedirectError> {
    let rest = rest.strip_prefix("//").ok_or(RedirectError::Host)?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let authority = rest.get(..end).ok_or(RedirectError::Host)?;
    if authority.contains('@') {
        return Err(RedirectError::User);
    }
    let (host, port) = match authority.rfind(']').map(|bracket| authority.split_at(bracket + 1)) {
        Some((host, port)) => (host, port.strip_prefix(':').or_else(|| port.is_empty().then_some("1"))),
        None => authority.split_once(':').map_or((authority, Some("1")), |(host, port)| (host, Some(port))),
    };
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host_fits = match literal {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => is_name(host),
    };
    if host_fits && port.is_some_and(is_port) { Ok(host) } else { Err(RedirectError::Host) }
}

/// A name in reverse, such as `org.example.app`: nobody else's by convention, and the dot keeps out `javascript:`,
/// `data:` and all else that a browser would run or read.
fn is_private_scheme(scheme: &str) -> bool {
    scheme.contains('.')
        && scheme.bytes().next().is_some_and(|first| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte))
}

/// What follows such a scheme: a path, or a name that is no host and has no port, and a path.
fn is_private_rest(rest: &str) -> bool {
    let name = rest.strip_prefix("//").map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    rest.starts_with('/') && !rest.contains('@') && name.is_none_or(|name| name.bytes().all(is_plain))
}

/// Whether a path has a segment that servers resolve, plain or encoded.
fn dots(rest: &str) -> bool {
    let path = rest.split('?').next().unwrap_or_default().to_ascii_lowercase().replace("%2e", ".");
    path.split('/').any(|segment| matches!(segment.split(';').next(), Some("." | "..")))
}

impl TryFrom<String> for RedirectUri {
    type Error = RedirectError;

    fn try_from(text: String) -> Result<Self, RedirectError> {
        text.parse()
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.0
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a redirect URI cannot be registered, for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RedirectError {
    /// Too long.
    #[error("a redirect URI has at most {MAX_BYTES} bytes")]
    Long,
    /// A character that has no place in one.
    #[error("a redirect URI cannot contain {0:?}; there are no wildcards, and other characters are percent-encoded")]
    Character(char),
    /// A fragment.
    #[error("a redirect URI has no fragment (`#…`)")]
    Fragment,
    /// A scheme that is not taken.
    #[error(
        "a redirect URI starts with https://, with http:// on this machine, or with a scheme such as `org.example.app:/`"
    )]
    Scheme,
    /// http to another machine.
    #[error("http is for localhost, 127.0.0.1 and [::1] only; use https")]
    PlainHttp,
    /// No host, or not one.
    #[error("a redirect URI names a host in lower case, such as https://app.example.org/callback")]
    Host,
    /// A user before the host.
    #[error("a redirect URI has no user or password before the host")]
    User,
    /// `.` or `..` in the path.
    #[error("a redirect URI's path has no `.` or `..`; write the path that is meant")]
    Dots,
}
