//! `[alerts]`: what administrators are told of at once, and how. It must not open a connection.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use twolatch_core::alert::Chosen;
use twolatch_core::audit::Event;
use twolatch_core::secret::Secret;
use twolatch_core::user::Email;
use url::{Host, Url};

use super::mail::is_loopback;

#[cfg(test)]
mod tests;

/// The shortest secret that signs, in bytes.
const SHORTEST: usize = 16;

/// What is told where nothing is chosen: what somebody does who takes over, and what must never happen.
const USUAL: [Event; 15] = [
    Event::FactorsReset,
    Event::RecoveryAsked,
    Event::RecoveryApproved,
    Event::LinkMade,
    Event::AdminMade,
    Event::UserDeleted,
    Event::BulkStarted,
    Event::PolicyChanged,
    Event::Exempted,
    Event::ClientAdded,
    Event::DeviceCopied,
    Event::CodeReused,
    Event::Disowned,
    Event::ClockBack,
    Event::MailDropped,
];

/// What is told, and how.
#[derive(Debug, Clone)]
pub struct Alerts {
    /// Addresses that letters go to.
    pub mail: Vec<Email>,
    /// Where alerts are posted.
    pub webhook: Option<Webhook>,
    /// What is worth it.
    pub chosen: Chosen,
}

/// Where alerts are posted.
#[derive(Clone)]
pub struct Webhook {
    /// The whole address. It may hold a token: it is shown to nobody.
    pub url: Url,
    /// What signs.
    pub secret: Secret,
    /// The only certificate authorities that the server's certificate may come from; the public ones where absent.
    pub ca: Option<PathBuf>,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhook({})", self.url.host_str().unwrap_or_default())
    }
}

/// `[alerts]` as written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawAlerts {
    /// See [`Alerts::mail`].
    #[serde(default)]
    pub mail: Vec<String>,
    /// `https://…`; http on this machine only.
    pub webhook: Option<String>,
    /// See [`Webhook::secret`].
    pub webhook_secret: Option<String>,
    /// A file that holds it.
    pub webhook_secret_file: Option<PathBuf>,
    /// See [`Webhook::ca`].
    pub webhook_ca: Option<PathBuf>,
    /// See [`Chosen::events`].
    pub events: Option<Vec<Event>>,
    /// See [`Chosen::wrong_codes_per_person`]; 5 if absent.
    pub wrong_codes_per_person: Option<i64>,
    /// See [`Chosen::wrong_codes_in_all`]; 50 if absent.
    pub wrong_codes_in_all: Option<i64>,
}

type Fault = (&'static str, String);

/// Checks the section; a fault comes with its key.
pub(super) fn check(raw: RawAlerts, has_mail: bool) -> Result<Alerts, Fault> {
    let mail = raw.mail.iter().map(|address| address.parse::<Email>()).collect::<Result<Vec<_>, _>>();
    let mail =
        mail.map_err(|error| ("alerts.mail", format!("{error}; expected addresses: [\"security@example.org\"]")))?;
    if !mail.is_empty() && !has_mail {
        return Err(("alerts.mail", "there is no [mail] section; say there which mail server takes mail".to_owned()));
    }
    let secret = secret(raw.webhook_secret, raw.webhook_secret_file.as_deref())?;
    let webhook = match (raw.webhook, secret) {
        (Some(url), Some(secret)) => Some(Webhook { url: address(&url)?, secret, ca: raw.webhook_ca }),
        (Some(_), None) => {
            let fault = "what is posted is signed: give webhook_secret_file (or webhook_secret), 16 characters or more";
            return Err(("alerts.webhook_secret", fault.to_owned()));
        }
        (None, None) if raw.webhook_ca.is_none() => None,
        (None, _) => return Err(("alerts.webhook", "missing: where are alerts to be posted?".to_owned())),
    };
    if let Some(Webhook { url, ca: Some(_), .. }) = &webhook
        && url.scheme() == "http"
    {
        return Err(("alerts.webhook_ca", "without TLS there is no certificate to check; leave it out".to_owned()));
    }
    if mail.is_empty() && webhook.is_none() {
        return Err((
            "alerts",
            "nobody would be told: give mail, webhook or both, or leave the section out".to_owned(),
        ));
    }
    let count = |key, given: Option<i64>, usual| match given.unwrap_or(usual) {
        count @ 1..=1_000_000 => Ok(count),
        _ => Err((key, "expected a number from 1 to 1000000".to_owned())),
    };
    let mut events = raw.events.unwrap_or_else(|| USUAL.to_vec());
    events.dedup();
    Ok(Alerts {
        mail,
        webhook,
        chosen: Chosen {
            events,
            wrong_codes_per_person: count("alerts.wrong_codes_per_person", raw.wrong_codes_per_person, 5)?,
            wrong_codes_in_all: count("alerts.wrong_codes_in_all", raw.wrong_codes_in_all, 50)?,
        },
    })
}

fn secret(given: Option<String>, file: Option<&Path>) -> Result<Option<Secret>, Fault> {
    let (key, text) = match (given, file) {
        (Some(text), None) => ("alerts.webhook_secret", text),
        (None, Some(file)) => {
            let text = std::fs::read_to_string(file)
                .map_err(|error| ("alerts.webhook_secret_file", format!("{}: {error}", file.display())))?;
            ("alerts.webhook_secret_file", text)
        }
        (Some(_), Some(_)) => {
            let fault = "give either webhook_secret or webhook_secret_file, not both";
            return Err(("alerts.webhook_secret", fault.to_owned()));
        }
        (None, None) => return Ok(None),
    };
    let text = text.trim();
    if text.len() < SHORTEST {
        return Err((key, "16 characters or more, as `openssl rand -hex 32` prints".to_owned()));
    }
    Ok(Some(Secret::new(text.to_owned())))
}

/// The address. A fault does not repeat it: there may be a token in it.
fn address(text: &str) -> Result<Url, Fault> {
    let refused = |fault: &str| ("alerts.webhook", fault.to_owned());
    let url = Url::parse(text).map_err(|_| refused("expected https://host/path"))?;
    if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err(refused("no user, password or fragment: what is posted is signed, check that"));
    }
    let host = match url.host() {
        Some(Host::Domain(name)) => name.to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => String::new(),
    };
    match url.scheme() {
        "https" if !host.is_empty() => Ok(url),
        "http" if is_loopback(&host) => Ok(url),
        "http" => Err(refused("http is accepted for this machine only (127.0.0.1, [::1], localhost); use https")),
        _ => Err(refused("expected https://host/path")),
    }
}
