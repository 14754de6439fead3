//! Where a request comes from. It must not believe what a stranger writes into a header.

use std::net::{IpAddr, SocketAddr};

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};

use crate::config::Config;
use crate::listen::web::Remote;

#[cfg(test)]
mod tests;

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

fn peer(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<Remote>().map(|remote| remote.0)
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
