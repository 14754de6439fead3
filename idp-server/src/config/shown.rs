//! The configuration as it is in force, value by value, with where each comes from. Of secrets it knows only whether they
//! are set: what it holds may be shown to whoever may look.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Serialize, Serializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use utoipa::ToSchema;

use super::Config;
use super::login::AfterSetup;

#[cfg(test)]
mod tests;

/// A value of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Setting {
    /// Its key, with its section: `mail.from`.
    pub key: &'static str,
    /// What is in force; nothing where it is not set.
    pub value: Option<String>,
    /// Where that comes from: `line N`, `line N: FILE`, or `default`.
    #[schema(value_type = String)]
    pub from: Source,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A line of the configuration file.
    Line(usize),
    /// Another file, which a line of the configuration file names.
    File {
        /// The line.
        line: usize,
        /// The file.
        name: String,
    },
    /// Nothing is written.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::File { line, name } => write!(f, "line {line}: {name}"),
            Self::Default => f.write_str("default"),
        }
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// What is shown in place of a secret.
pub const SET: &str = "set";

/// All values, in the order of the documentation.
#[must_use]
pub fn all(config: &Config, text: &str) -> Vec<Setting> {
    let written = Written::read(text);
    let mut shown = Shown { written: &written, all: Vec::new() };
    shown.put("organisation", &config.organisation);
    shown.put("issuer", &config.issuer);
    shown.put("listen", config.listen);
    shown.put("socket", config.socket.display());
    shown.secret_or("database_url", "database_url_file", Some(config.database.to_string()));
    shown.put("keys", config.keys.display());
    let tls = config.tls.as_ref();
    shown.maybe("tls.cert", tls.map(|tls| path(&tls.cert)));
    shown.maybe("tls.key", tls.map(|tls| path(&tls.key)));
    shown.put("trusted_proxies", list(&config.trusted_proxies));
    mail(&mut shown, config);
    alerts(&mut shown, config);
    shown.maybe("metrics.listen", config.metrics.map(|listen| listen.to_string()));
    shown.put("password.memory_kib", config.password.memory_kib);
    shown.put("password.passes", config.password.passes);
    shown.put("password.lanes", config.password.lanes);
    shown.put("policy.initial", word(&config.initial));
    shown.maybe("policy.lock", config.locked.then(|| "required".to_owned()));
    shown.put("recovery.approvers", if config.approval.by_two { 2 } else { 1 });
    shown.put("recovery.wait_hours", config.approval.after_hours);
    shown.put(
        "login.after_setup",
        match config.after_setup {
            AfterSetup::GoOn => "go-on",
            AfterSetup::SignIn => "sign-in",
        },
    );
    shown.put("pages.language", config.pages.language.tag());
    shown.maybe(
        "pages.logo",
        config.pages.logo.as_ref().map(|logo| format!("{}, {} bytes", logo.kind, logo.bytes.len())),
    );
    shown.maybe("pages.accent", config.pages.accent.map(|accent| accent.to_string()));
    shown.put("api.password_login", config.password_login);
    shown.maybe("clients.ca", config.clients.ca.as_deref().map(path));
    shown.put("clients.registration", config.clients.registration);
    let networks: Vec<String> = config.clients.fetch_from.iter().map(ToString::to_string).collect();
    shown.maybe("clients.fetch_from", (!networks.is_empty()).then(|| networks.join(", ")));
    shown.put("clients.signing_key_days", config.clients.signing_key_days.unwrap_or_default());
    shown.all
}

fn mail(shown: &mut Shown<'_>, config: &Config) {
    let mail = config.mail.as_ref();
    shown.maybe("mail.from", mail.map(|mail| mail.from.to_string()));
    let server = mail.map(|mail| {
        let server = &mail.server;
        let user = if server.credentials.is_some() { "; user and password: set" } else { "" };
        format!("{server}{user}")
    });
    shown.secret_or("mail.url", "mail.url_file", server);
    shown.maybe("mail.ca", mail.and_then(|mail| mail.ca.as_deref()).map(path));
}

fn alerts(shown: &mut Shown<'_>, config: &Config) {
    let alerts = config.alerts.as_ref();
    let webhook = alerts.and_then(|alerts| alerts.webhook.as_ref());
    let set = || webhook.map(|_| SET.to_owned());
    let chosen = alerts.map(|alerts| &alerts.chosen);
    let events = chosen.map(|chosen| chosen.events.iter().map(|event| event.name()).collect::<Vec<_>>());
    shown.maybe(
        "alerts.mail",
        alerts.map(|alerts| list(&alerts.mail.iter().cloned().map(String::from).collect::<Vec<_>>())),
    );
    // There may be a token in the address.
    shown.maybe("alerts.webhook", set());
    shown.secret_or("alerts.webhook_secret", "alerts.webhook_secret_file", set());
    shown.maybe("alerts.webhook_ca", webhook.and_then(|webhook| webhook.ca.as_deref()).map(path));
    shown.maybe("alerts.events", events.map(|events| list(&events)));
    shown.maybe("alerts.wrong_codes_per_person", chosen.map(|chosen| chosen.wrong_codes_per_person.to_string()));
    shown.maybe("alerts.wrong_codes_in_all", chosen.map(|chosen| chosen.wrong_codes_in_all.to_string()));
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

fn list<T: fmt::Display>(all: &[T]) -> String {
    let all: Vec<String> = all.iter().map(T::to_string).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

/// A value of a closed list, as it is written.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

struct Shown<'a> {
    written: &'a Written,
    all: Vec<Setting>,
}

impl Shown<'_> {
    fn put(&mut self, key: &'static str, value: impl fmt::Display) {
        self.maybe(key, Some(value.to_string()));
    }

    fn maybe(&mut self, key: &'static str, value: Option<String>) {
        let from = self.written.0.get(key).map_or(Source::Default, |(line, _)| Source::Line(*line));
        self.all.push(Setting { key, value, from });
    }

    /// A value that may stand in a file of its own, because there is a secret in it. `value` has none.
    fn secret_or(&mut self, key: &'static str, file: &str, value: Option<String>) {
        match self.written.0.get(file) {
            Some((line, name)) => {
                let from = Source::File { line: *line, name: name.clone().unwrap_or_default() };
                self.all.push(Setting { key, value, from });
            }
            None => self.maybe(key, value),
        }
    }
}

/// The line of each key that is written, and the name that it has where it names a file for a secret.
#[derive(Debug, Default)]
struct Written(BTreeMap<String, (usize, Option<String>)>);

impl Written {
    fn read(text: &str) -> Self {
        let mut written = Self::default();
        if let Ok(table) = DeTable::parse(text) {
            written.take("", text, table.get_ref());
        }
        written
    }

    fn take(&mut self, section: &str, text: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = format!("{section}{}", name.get_ref());
            match value.get_ref() {
                DeValue::Table(table) => self.take(&format!("{key}."), text, table),
                other => {
                    let file = other.as_str().filter(|_| key.ends_with("_file")).map(str::to_owned);
                    self.0.insert(key, (line_of(text, name), file));
                }
            }
        }
    }
}

fn line_of<T>(text: &str, at: &Spanned<T>) -> usize {
    text.get(..at.span().start).unwrap_or_default().matches('\n').count() + 1
}
