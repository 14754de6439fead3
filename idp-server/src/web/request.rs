//! Where a request comes from, and with what token. It must not believe what a stranger writes into a header.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};

use crate::config::Config;
use crate::listen::web::Remote;
use crate::state::App;

#[cfg(test)]
mod tests;

/// What proxies write down of where a request comes from.
const FORWARDED: [&str; 3] = ["x-forwarded-for", "forwarded", "x-real-ip"];

/// Whether the connection comes from a proxy of ours.
#[must_use]
pub fn is_from_proxy(config: &Config, parts: &Parts) -> bool {
    peer(parts).is_some_and(|peer| config.trusted_proxies.contains(&peer))
}

/// The person's address: the peer's, or what our own proxies say that it was.
#[must_use]
pub fn source(config: &Config, parts: &Parts) -> String {
    let Some(peer) = peer(parts) else { return "unknown".to_owned() };
    origin(peer, &config.trusted_proxies, &parts.headers).to_string()
}

/// What a request says of where it comes from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// For people, records and budgets.
    pub source: String,
    /// The same for exemptions: only where it is certain.
    pub address: Option<IpAddr>,
}

impl Origin {
    /// Of a request.
    #[must_use]
    pub fn of(config: &Config, parts: &Parts) -> Self {
        Self { source: source(config, parts), address: address_of(config, parts) }
    }
}

impl FromRequestParts<App> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self::of(&app.config, parts))
    }
}

/// Where a proxy does not say for whom it asks, and where one asks that nobody has told us of, everybody behind it would
/// have its address.
fn address_of(config: &Config, parts: &Parts) -> Option<IpAddr> {
    let forwarded = FORWARDED.into_iter().any(|name| parts.headers.contains_key(name));
    let peer = peer(parts).filter(|_| is_from_proxy(config, parts) || !forwarded)?;
    let origin = origin(peer, &config.trusted_proxies, &parts.headers);
    (!config.trusted_proxies.contains(&origin)).then_some(origin)
}

fn peer(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<Remote>().map(|remote| remote.0)
}

/// The one token of a request (RFC 6750, 2.1).
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    let (first, more) = (sent.next(), sent.next());
    let token = first.and_then(|value| value.to_str().ok()).and_then(|value| value.split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer") && more.is_none());
    token.map(|(_, token)| token)
}

/// Each proxy appends the address it was called from, so the list is read from its end, as long as it is our own
/// proxies that wrote it.
fn origin(peer: IpAddr, trusted: &[IpAddr], headers: &HeaderMap) -> IpAddr {
    // Bytes, not text: what a stranger has put in front of our proxy's own entry must not spoil it.
    let lines: Vec<&[u8]> = headers.get_all("x-forwarded-for").iter().map(HeaderValue::as_bytes).collect();
    let mut hops = lines.iter().flat_map(|line| line.split(|byte| *byte == b',')).rev();
    let mut nearest = peer;
    while trusted.contains(&nearest) {
        let Some(hop) = hops.next().and_then(address) else { break };
        nearest = hop.to_canonical();
    }
    nearest
}

/// An address as proxies write it: plain, or with a port behind it.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    hop.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()))
}
