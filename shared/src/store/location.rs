//! Where the database is, parsed once. Every connection option is in it: sqlx would otherwise take what is missing
//! from the environment, which in a privileged process may be the caller's.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sqlx::any::AnyConnectOptions;
use thiserror::Error;

use super::StoreError;
use crate::secret::Secret;

/// A database.
#[derive(Clone)]
pub enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// A server, as a whole URL; it may hold a password.
    Postgres(Secret),
}

/// Why a text names no database.
#[derive(Debug, Error)]
#[error("`{0}` names no database: expected sqlite:///path or postgres://user[:password]@host[:port]/database")]
pub struct LocationError(String);

impl Location {
    /// The SQLite file at a path.
    #[must_use]
    pub fn file(path: &Path) -> Self {
        Self::Sqlite(path.to_owned())
    }

    /// Whether it is a file of this machine.
    #[must_use]
    pub const fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// The file, where it is one.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }

    pub(super) fn options(&self) -> Result<AnyConnectOptions, StoreError> {
        let url = match self {
            Self::Sqlite(path) => format!("sqlite://{}?mode=rwc", escape(&path.to_string_lossy())),
            Self::Postgres(url) => url.expose().to_owned(),
        };
        Ok(AnyConnectOptions::from_str(&url)?)
    }
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            return if path.is_empty() { Err(LocationError(text.to_owned())) } else { Ok(Self::file(Path::new(path))) };
        }
        whole_url(text).map(|url| Self::Postgres(Secret::new(url))).ok_or_else(|| LocationError(without_password(text)))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => f.write_str(&without_password(url.expose())),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The URL with user, password, port, application name and session options written out.
fn whole_url(text: &str) -> Option<String> {
    let rest = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"))?;
    let (authority, rest) = rest.split_once('/')?;
    let (database, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (who, host) = authority.rsplit_once('@')?;
    let (user, password) = who.split_once(':').unwrap_or((who, ""));
    if user.is_empty() || host.is_empty() || database.is_empty() {
        return None;
    }
    let bracketed = host.rsplit_once(']').map_or(host, |(_, port)| port);
    let port = if bracketed.contains(':') { "" } else { ":5432" };
    let mut keys: Vec<&str> = query.split('&').map(|pair| pair.split('=').next().unwrap_or(pair)).collect();
    keys.sort_unstable();
    if keys.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
        return None; // which of them counts is not ours to say
    }
    let value = |key: &str| query.split('&').filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == key);
    let mut url = format!("postgres://{user}:{password}@{host}{port}/{database}?");
    if !query.is_empty() {
        url.push_str(query);
        url.push('&');
    }
    if value("sslmode").is_none() {
        // A socket or loopback needs no TLS; anything else is verified.
        let named = if host.starts_with('[') { host.split_inclusive(']').next() } else { host.split(':').next() };
        let is_socket = |host: &str| host.starts_with('/') || host.starts_with("%2F") || host.starts_with("%2f");
        let near = match (value("host"), value("hostaddr")) {
            (Some((_, host)), None) => is_socket(host),
            (None, None) => {
                let named = named.unwrap_or_default();
                is_socket(named) || ["localhost", "127.0.0.1", "[::1]"].contains(&named)
            }
            (_, Some(_)) => false,
        };
        url.push_str(if near { "sslmode=prefer&" } else { "sslmode=verify-full&" });
    }
    url.push_str("application_name=twolatch&options[search_path]=public&options[default_transaction_read_only]=off");
    Some(url)
}

fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "(unreadable)".to_owned() };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (who, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let user = who.split_once(':').map_or(who, |(user, _)| user);
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    format!("{scheme}://{user}@{host}/{path}")
}

/// A path inside a URL: `%`, `?` and `#` have a meaning there.
fn escape(path: &str) -> String {
    path.replace('%', "%25").replace('?', "%3F").replace('#', "%23")
}
