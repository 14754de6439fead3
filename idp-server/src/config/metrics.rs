//! `[metrics]`: a listener of its own for who watches over the server. It tells no names, but how much is going on.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// `[metrics]` as written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawMetrics {
    /// Where `/metrics`, `/healthz` and `/readyz` are, without TLS and without a password.
    pub listen: SocketAddr,
    /// Whether that may be reached from other machines; not if absent.
    pub open: Option<bool>,
}

/// Checks the section.
///
/// # Errors
/// The key, and what is expected there.
pub fn check(raw: &RawMetrics) -> Result<SocketAddr, (&'static str, String)> {
    if raw.listen.ip().is_loopback() || raw.open == Some(true) {
        return Ok(raw.listen);
    }
    let fault = "not a loopback address: whoever reaches it reads it; `open = true` if that is meant".to_owned();
    Err(("metrics.listen", fault))
}
