//! `[mail]`: which mail server, and how it is spoken to. It must not open a connection.
//!
//! Mail goes over TLS. Only a mail server on this machine may be spoken to without, and only where that is written down.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use lettre::message::Mailbox;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use twolatch_core::secret::Secret;
use url::Url;

#[cfg(test)]
mod tests;

/// How mail is sent.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The sender: an address, perhaps with a name before it.
    pub from: Mailbox,
    /// The mail server.
    pub server: MailServer,
    /// The only certificate authorities that the mail server's certificate may come from; the public ones where absent.
    pub ca: Option<PathBuf>,
}

/// A mail server and how it is spoken to.
#[derive(Debug, Clone)]
pub struct MailServer {
    /// Name or address, without brackets; also what its certificate must be for.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether and from when on there is TLS.
    pub security: Security,
    /// User and password, where it wants them.
    pub credentials: Option<(String, Secret)>,
}

impl fmt::Display for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.security {
            Security::Tls => "TLS",
            Security::StartTls => "STARTTLS",
            Security::Plain => "no TLS",
        };
        write!(f, "{} port {}, {how}", self.host, self.port)
    }
}

/// From when on there is TLS. There is no "if possible".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// From the first byte on.
    Tls,
    /// Before anything is said of a mail.
    StartTls,
    /// Never: this machine only.
    Plain,
}

/// The section as written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawMail {
    /// See [`Mail::from`].
    pub from: String,
    /// `smtps://user:password@host`, `smtp://…?tls=required`, or on this machine `smtp://127.0.0.1?tls=none`.
    pub url: Option<String>,
    /// A file that holds the URL, for one with a password in it.
    pub url_file: Option<PathBuf>,
    /// See [`Mail::ca`].
    pub ca: Option<PathBuf>,
}

const EXPECTED: &str = "expected smtps://user:password@host, smtp://user:password@host?tls=required, or for a mail server \
     on this machine smtp://127.0.0.1:25?tls=none; other characters than letters and digits in user and password as %XX";

/// Checks the section; a fault comes with its key.
pub(super) fn check(raw: RawMail) -> Result<Mail, (&'static str, String)> {
    let unusable =
        || ("mail.from", "expected an address, perhaps with a name: \"Twolatch <id@example.org>\"".to_owned());
    let from = match raw.from.parse::<Mailbox>() {
        Ok(from) if !raw.from.contains(char::is_control) && from.email.to_string().is_ascii() => from,
        _ => return Err(unusable()),
    };
    let (key, url) = match (raw.url, raw.url_file) {
        (Some(url), None) => ("mail.url", url),
        (None, Some(file)) => {
            let text = std::fs::read_to_string(&file)
                .map_err(|error| ("mail.url_file", format!("{}: {error}", file.display())))?;
            ("mail.url_file", text)
        }
        _ => return Err(("mail.url", "give either url or url_file".to_owned())),
    };
    let server = server(url.trim()).map_err(|fault| (key, fault.to_owned()))?;
    if raw.ca.is_some() && server.security == Security::Plain {
        return Err(("mail.ca", "without TLS there is no certificate to check; leave it out".to_owned()));
    }
    Ok(Mail { from, server, ca: raw.ca })
}

/// What a URL means. Faults do not repeat it: there may be a password in it.
fn server(text: &str) -> Result<MailServer, &'static str> {
    let url = Url::parse(text).map_err(|_| EXPECTED)?;
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or(EXPECTED)?;
    let host = percent_decode_str(host).decode_utf8().map_err(|_| EXPECTED)?.trim_matches(['[', ']']).to_owned();
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() || host.contains(|c: char| !is_of_host(c)) {
        return Err(EXPECTED);
    }
    let (security, usual) = match (url.scheme(), url.query()) {
        ("smtps", None) => (Security::Tls, 465),
        ("smtp", Some("tls=required")) => (Security::StartTls, 587),
        ("smtp", Some("tls=none")) if is_loopback(&host) => (Security::Plain, 25),
        ("smtp", Some("tls=none")) => {
            return Err("without TLS only a mail server on this machine (127.0.0.1, [::1], localhost); \
                        use smtps:// or ?tls=required");
        }
        ("smtp", None) if is_loopback(&host) => {
            return Err("say ?tls=none if mail is to go to this machine's mail server without TLS, else ?tls=required");
        }
        _ => return Err(EXPECTED),
    };
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(String::from).map_err(|_| EXPECTED);
    let credentials = match url.password() {
        Some(password) => Some((decoded(url.username())?, Secret::new(decoded(password)?))),
        None if url.username().is_empty() => None,
        None => return Err("a user without a password; write smtps://user:password@host"),
    };
    Ok(MailServer { host, port: url.port().unwrap_or(usual), security, credentials })
}

fn is_of_host(c: char) -> bool {
    c.is_ascii_alphanumeric() || ".-:_".contains(c)
}

/// Whether a host is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
