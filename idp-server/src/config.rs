//! The configuration file: TOML, read once, every fault named with its place. It opens nothing but the files that hold
//! a value: a URL with a password in it, the logo.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use twolatch_core::crypto::password::Cost;
use twolatch_core::login::answers::Approval;
use twolatch_core::policy::Level;
use twolatch_core::store::Location;

use self::alerts::{Alerts, RawAlerts};
use self::clients::{Clients, RawClients};
use self::login::{AfterSetup, RawLogin};
use self::mail::{Mail, RawMail};
use self::metrics::RawMetrics;
use self::pages::{Pages, RawPages};
use self::recovery::RawRecovery;
use self::shown::Setting;

pub mod alerts;
pub mod clients;
pub mod colour;
pub mod login;
pub mod mail;
pub mod metrics;
pub mod pages;
pub mod recovery;
pub mod shown;
#[cfg(test)]
pub(crate) mod tests;

/// Where the configuration is, unless the command line says otherwise.
pub const DEFAULT_PATH: &str = "/etc/twolatch/twolatch.toml";

/// No configuration is larger.
const MAX_BYTES: u64 = 1024 * 1024;

/// The checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it was read from.
    pub path: PathBuf,
    /// The name that people see: on pages and in their apps.
    pub organisation: String,
    /// The issuer: scheme, host and perhaps a path, without a slash at the end.
    pub issuer: String,
    /// Where the web server listens.
    pub listen: SocketAddr,
    /// Where the verify service listens.
    pub socket: PathBuf,
    /// The database.
    pub database: Location,
    /// The key ring.
    pub keys: PathBuf,
    /// Certificate chain and key, PEM, where this server ends TLS itself.
    pub tls: Option<Tls>,
    /// How mail is sent, if it is.
    pub mail: Option<Mail>,
    /// What administrators are told of at once, if they are.
    pub alerts: Option<Alerts>,
    /// Where metrics can be read, if they can.
    pub metrics: Option<SocketAddr>,
    /// Whose forwarded headers are believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// What a password hash costs.
    pub password: Cost,
    /// What a new system starts with.
    pub initial: Level,
    /// Nobody may be below `required`.
    pub locked: bool,
    /// What comes after a first second factor was set up in a sign-in.
    pub after_setup: AfterSetup,
    /// What the approval of a recovery request takes.
    pub approval: Approval,
    /// What pages look like.
    pub pages: Pages,
    /// Whether programs may sign people in with name and password.
    pub password_login: bool,
    /// How web apps are treated.
    pub clients: Clients,
    /// All of that for people, with where it comes from.
    pub settings: Vec<Setting>,
}

/// Files for TLS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Certificate chain, PEM.
    pub cert: PathBuf,
    /// Private key, PEM.
    pub key: PathBuf,
}

/// Why there is no configuration. Each says what to do; the exit status is 78 (`EX_CONFIG`).
#[derive(Debug, Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("config {path}: {error}; name another file with --config, or make one with `twolatch init`")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// It is far too large.
    #[error("config {0}: larger than 1 MiB; is this the right file?")]
    Large(PathBuf),
    /// Not UTF-8.
    #[error("config {0}: not UTF-8 text; is this the right file?")]
    NotText(PathBuf),
    /// Not TOML, an unknown key or a value of the wrong kind; names line and column.
    #[error("config {path}:{line}:{column}: {fault}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What was expected.
        fault: String,
    },
    /// A value cannot be used.
    #[error("config {path}: {key}: {fault}")]
    Value {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
        /// What is wrong and what is expected.
        fault: String,
    },
}

/// The file as written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    /// See [`Config::organisation`].
    #[serde(default = "default_organisation")]
    pub organisation: String,
    /// See [`Config::issuer`].
    pub issuer: String,
    /// See [`Config::listen`].
    pub listen: SocketAddr,
    /// See [`Config::socket`].
    #[serde(default = "default_socket")]
    pub socket: PathBuf,
    /// `sqlite:///path` or `postgres://user@host/database`.
    pub database_url: Option<String>,
    /// A file that holds the database URL, for one with a password in it.
    pub database_url_file: Option<PathBuf>,
    /// See [`Config::keys`].
    pub keys: PathBuf,
    /// See [`Config::tls`].
    pub tls: Option<Tls>,
    /// See [`Config::mail`].
    pub mail: Option<RawMail>,
    /// See [`Config::alerts`].
    pub alerts: Option<RawAlerts>,
    /// See [`Config::metrics`].
    pub metrics: Option<RawMetrics>,
    /// See [`Config::trusted_proxies`].
    #[serde(default)]
    pub trusted_proxies: Vec<IpAddr>,
    /// See [`Config::password`].
    #[serde(default)]
    pub password: RawPassword,
    /// Policy's two settings outside the database.
    #[serde(default)]
    pub policy: RawPolicy,
    /// How sign-ins go.
    #[serde(default)]
    pub login: RawLogin,
    /// What the approval of a recovery request takes.
    #[serde(default)]
    pub recovery: RawRecovery,
    /// What pages look like.
    #[serde(default)]
    pub pages: RawPages,
    /// What programs may do.
    #[serde(default)]
    pub api: RawApi,
    /// How web apps are called.
    #[serde(default)]
    pub clients: RawClients,
}

/// `[api]`
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawApi {
    /// See [`Config::password_login`]; they may if it is absent.
    pub password_login: Option<bool>,
}

/// `[password]`
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPassword {
    /// KiB of memory.
    pub memory_kib: Option<u32>,
    /// Passes.
    pub passes: Option<u32>,
    /// Lanes.
    pub lanes: Option<u32>,
}

/// `[policy]`
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPolicy {
    /// What a new system starts with; `required` if absent.
    pub initial: Option<Level>,
    /// `required`: nobody may be below.
    pub lock: Option<Level>,
}

fn default_organisation() -> String {
    "Twolatch".to_owned()
}

fn default_socket() -> PathBuf {
    PathBuf::from("/run/twolatch/verify.sock")
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// Names the file, the place in it, and what is expected there.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |error| ConfigError::Unreadable { path: path.to_owned(), error };
        let length = std::fs::metadata(path).map_err(unreadable)?.len();
        if length > MAX_BYTES {
            return Err(ConfigError::Large(path.to_owned()));
        }
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let text = String::from_utf8(bytes).map_err(|_| ConfigError::NotText(path.to_owned()))?;
        Self::parse(path, &text)
    }

    /// Checks what stands in a file.
    ///
    /// # Errors
    /// Names the place in it, and what is expected there.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let raw = toml::from_str(text).map_err(|error| syntax(path, text, &error))?;
        let mut config = Self::check(path, raw)?;
        config.settings = shown::all(&config, text);
        Ok(config)
    }

    fn check(path: &Path, raw: Raw) -> Result<Self, ConfigError> {
        let wrong = |key, fault: String| ConfigError::Value { path: path.to_owned(), key, fault };
        let issuer = raw.issuer.trim_end_matches('/').to_owned();
        check_issuer(&issuer).map_err(|fault| wrong("issuer", fault.to_owned()))?;
        let url = match (raw.database_url, raw.database_url_file) {
            (Some(url), None) => url,
            (None, Some(file)) => std::fs::read_to_string(&file)
                .map_err(|error| wrong("database_url_file", format!("{}: {error}", file.display())))?,
            (Some(_), Some(_)) => {
                return Err(wrong(
                    "database_url",
                    "give either database_url or database_url_file, not both".to_owned(),
                ));
            }
            (None, None) => return Err(wrong("database_url", "missing: where is the database?".to_owned())),
        };
        let mail = raw.mail.map(mail::check).transpose().map_err(|(key, fault)| wrong(key, fault))?;
        let alerts = raw.alerts.map(|alerts| alerts::check(alerts, mail.is_some())).transpose();
        let alerts = alerts.map_err(|(key, fault)| wrong(key, fault))?;
        let watched = raw.metrics.as_ref().map(metrics::check).transpose();
        let watched = watched.map_err(|(key, fault)| wrong(key, fault))?;
        let database = url.trim().parse().map_err(|error| wrong("database_url", format!("{error}")))?;
        let default = Cost::default();
        let password = Cost {
            memory_kib: raw.password.memory_kib.unwrap_or(default.memory_kib),
            passes: raw.password.passes.unwrap_or(default.passes),
            lanes: raw.password.lanes.unwrap_or(default.lanes),
        };
        if !password.is_within_bounds() {
            let fault = "out of bounds: memory_kib 7168 to 131072, passes 1 to 10, lanes 1 to 4, and memory_kib × passes at least 19456";
            return Err(wrong("password", fault.to_owned()));
        }
        let locked = match raw.policy.lock {
            None => false,
            Some(Level::Required) => true,
            Some(_) => return Err(wrong("policy.lock", "the only lock is \"required\"".to_owned())),
        };
        if raw.organisation.is_empty() || raw.organisation.len() > 64 || raw.organisation.contains(char::is_control) {
            return Err(wrong("organisation", "a name of 1 to 64 bytes".to_owned()));
        }
        if issuer.starts_with("https://") && raw.tls.is_none() && raw.trusted_proxies.is_empty() {
            let fault = "an https issuer needs [tls], or trusted_proxies that name the proxy which ends TLS";
            return Err(wrong("issuer", fault.to_owned()));
        }
        if raw.tls.is_none() && raw.trusted_proxies.is_empty() && !raw.listen.ip().is_loopback() {
            let fault =
                "without [tls] and without trusted_proxies only a loopback address: passwords would be readable";
            return Err(wrong("listen", fault.to_owned()));
        }
        let approval = recovery::check(&raw.recovery).map_err(|(key, fault)| wrong(key, fault))?;
        let clients = Clients::check(raw.clients).map_err(|(key, fault)| wrong(key, fault))?;
        let pages = Pages::check(raw.pages).map_err(|(key, fault)| wrong(key, fault))?;
        Ok(Self {
            path: path.to_owned(),
            organisation: raw.organisation,
            issuer,
            listen: raw.listen,
            socket: raw.socket,
            database,
            keys: raw.keys,
            tls: raw.tls,
            mail,
            alerts,
            metrics: watched,
            trusted_proxies: raw.trusted_proxies,
            password,
            initial: if locked { Level::Required } else { raw.policy.initial.unwrap_or(Level::Required) },
            locked,
            after_setup: raw.login.after_setup.unwrap_or_default(),
            approval,
            pages,
            password_login: raw.api.password_login.unwrap_or(true),
            clients,
            settings: Vec::new(),
        })
    }

    /// Whether browsers reach this server over TLS: cookies are then bound to it.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.issuer.starts_with("https://")
    }
}

/// Where the fault is and what it is, but not what stands there: it may be a password.
fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    ConfigError::Syntax { path: path.to_owned(), line, column, fault: error.message().to_owned() }
}

/// An issuer is an https URL without query or fragment; plain http only on loopback.
fn check_issuer(issuer: &str) -> Result<(), &'static str> {
    /// Parts between slashes, with the empty one between two of them.
    const SCHEME_AND_HOST: usize = 3;
    let url: axum::http::Uri = issuer.parse().map_err(|_| "not a URL")?;
    let host = url.host().unwrap_or_default();
    let loopback = mail::is_loopback(host.trim_matches(['[', ']']));
    if issuer.contains(['?', '#', '@']) || issuer.contains(char::is_whitespace) {
        Err("an issuer has no query, fragment or user")
    } else if issuer.split('/').take(SCHEME_AND_HOST).any(|part| part.contains(|c: char| c.is_ascii_uppercase())) {
        Err("write scheme and host in lower case, as browsers do")
    } else if matches!((url.scheme_str(), url.port_u16()), (Some("https"), Some(443)) | (Some("http"), Some(80))) {
        Err("leave the default port out, as browsers do")
    } else if host.is_empty() {
        Err("expected https://host, perhaps with a path")
    } else {
        match url.scheme_str() {
            Some("https") => Ok(()),
            Some("http") if loopback => Ok(()),
            Some("http") => Err("http is accepted for loopback addresses only; use https"),
            _ => Err("expected https://host, perhaps with a path"),
        }
    }
}
