//! What a proxy of ours says of a request that somebody else has made. Whatever can be read in two ways is not read: the
//! application would perhaps read it in the other. It must not know who asks.

use std::str::FromStr;

use axum::http::header::{self, HeaderMap, HeaderName};
use axum::http::request::Parts;
use thiserror::Error;
use twolatch_core::client::AppHost;

use crate::oidc::params::decode;
use crate::state::App;
use crate::web::request::is_from_proxy;

#[cfg(test)]
mod tests;

/// The longest address of a request.
const MAX_TARGET: usize = 8192;

/// The longest method that there is, and some.
const MAX_METHOD: usize = 32;

const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");
const URI: HeaderName = HeaderName::from_static("x-forwarded-uri");

/// A request to an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// To which host.
    pub host: AppHost,
    /// For what.
    pub target: Target,
    /// Whether a person has opened a page: only then is it of use to send the browser elsewhere.
    pub is_visit: bool,
}

/// Why a request cannot be read, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// Anybody could say this.
    #[error("not from one of trusted_proxies")]
    Stranger,
    /// A header is missing, there twice, or none that can be read.
    #[error("no single readable {0}")]
    Header(&'static str),
}

/// Path and query of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target(String);

impl Asked {
    /// Reads what a proxy asks about.
    ///
    /// # Errors
    /// Why it is not read.
    pub fn read(app: &App, parts: &Parts) -> Result<Self, Unreadable> {
        let host = host_of(app, parts)?;
        let method = one(&parts.headers, &METHOD).filter(|method| is_method(method));
        let method = method.ok_or(Unreadable::Header("X-Forwarded-Method"))?;
        let target = one(&parts.headers, &URI).and_then(|target| target.parse().ok());
        let target = target.ok_or(Unreadable::Header("X-Forwarded-Uri"))?;
        Ok(Self { host, target, is_visit: method == "GET" && is_visit(&parts.headers) })
    }
}

/// The application's host that a proxy serves, over TLS.
///
/// # Errors
/// Why there is none.
pub fn host_of(app: &App, parts: &Parts) -> Result<AppHost, Unreadable> {
    if !is_from_proxy(&app.config, parts) {
        return Err(Unreadable::Stranger);
    }
    if one(&parts.headers, &PROTO) != Some("https") {
        return Err(Unreadable::Header("X-Forwarded-Proto: https"));
    }
    let host = one(&parts.headers, &HOST).and_then(|host| host.parse().ok());
    host.ok_or(Unreadable::Header("X-Forwarded-Host"))
}

/// The value of a header that is there exactly once.
fn one<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn is_method(text: &str) -> bool {
    (1..=MAX_METHOD).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-')
}

/// Whether a browser says that it opens a page for somebody: not for a script, an image or a frame, nor ahead of time.
fn is_visit(headers: &HeaderMap) -> bool {
    let if_there = |name: &'static str, wanted: &str| {
        headers.get_all(name).iter().all(|value| value.as_bytes() == wanted.as_bytes())
    };
    let html = |value: &str| value.split([',', ';']).any(|kind| kind.trim() == "text/html");
    if_there("sec-fetch-mode", "navigate")
        && if_there("sec-fetch-dest", "document")
        && ["x-requested-with", "sec-purpose", "purpose", "x-moz"].iter().all(|name| !headers.contains_key(*name))
        && !headers.contains_key(header::UPGRADE)
        && headers.get_all(header::ACCEPT).iter().any(|value| value.to_str().is_ok_and(html))
}

impl Target {
    /// Its text, as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Target {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        // In a query browsers escape little; in a path they make `/` of `\`.
        let path = text.split('?').next().unwrap_or_default();
        let fits = text.len() <= MAX_TARGET
            && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>#".contains(&byte))
            && path.starts_with('/')
            && !path.starts_with("//")
            && !path.contains('\\')
            // Ours: the proxy has to hand that over, and not to ask about it.
            && !path.starts_with("/.twolatch/")
            && is_plain(path);
        if fits { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}

/// Whether each escape in a path is one, of text, and none of its parts leads elsewhere however it is read.
fn is_plain(path: &str) -> bool {
    let escapes = path.split('%').skip(1);
    let right = escapes.clone().all(|rest| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2);
    // A `+` is itself in a path; what it stands for in a form changes no dots.
    let Ok(decoded) = decode(path.as_bytes()) else { return false };
    let leads_elsewhere = |part: &str| matches!(part.split(';').next(), Some("." | ".."));
    right && !decoded.contains(char::is_control) && !decoded.split(['/', '\\']).any(leads_elsewhere)
}
