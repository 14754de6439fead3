//! Documents of web apps that anybody may have named: fetched over TLS from a public address, which is looked up once and
//! connected to as it was found. No redirect is followed, and neither size nor patience is without end. It must not know what
//! they are for.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::{Request, StatusCode, header};
use thiserror::Error;
use tokio::net::TcpStream;
use twolatch_core::policy::Network;
use twolatch_core::time::Timestamp;
use url::{Position, Url};

use crate::config::clients::Clients;
use crate::outgoing::{CaError, Caller};

#[cfg(test)]
mod tests;

/// How long all of it may take, looking up the name included.
const PATIENCE: Duration = Duration::from_secs(3);

/// The longest document, in bytes.
const MOST: usize = 65_536;

/// One document is fetched again after so many seconds at the earliest: strangers can make us want to.
const PAUSE: i64 = 60;

/// Who fetches; cheap to clone.
#[derive(Clone)]
pub struct Fetcher(Arc<Inner>);

struct Inner {
    caller: Caller,
    allowed: Vec<Network>,
    lately: Mutex<BTreeMap<String, Timestamp>>,
}

/// Why there is no document. None says what was found at an address that is not for us to look at.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unfetched {
    /// Not an address that is fetched from.
    #[error("not an https address without a user")]
    Address,
    /// The name leads to a machine that is not everybody's.
    #[error("the name leads to an address that is not public, or to none")]
    Private,
    /// There is no connection.
    #[error("no connection: {0}")]
    Connection(String),
    /// Anything but 200. A redirect leads nowhere.
    #[error("answers {0}; expected 200")]
    Status(u16),
    /// It broke, or there was too much of it.
    #[error("no document of at most {MOST} bytes: {0}")]
    Body(String),
    /// No end in sight.
    #[error("no answer for {} seconds", PATIENCE.as_secs())]
    Slow,
}

impl Fetcher {
    /// Prepares; connects to nothing yet.
    ///
    /// # Errors
    /// Where the file with the authorities cannot be used.
    pub fn new(clients: &Clients) -> Result<Self, CaError> {
        let caller = Caller::new(clients.ca.as_deref())?;
        Ok(Self(Arc::new(Inner { caller, allowed: clients.fetch_from.clone(), lately: Mutex::default() })))
    }

    /// Fetches a document.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn fetch(&self, address: &str) -> Result<Vec<u8>, Unfetched> {
        let fetched = tokio::time::timeout(PATIENCE, self.try_fetch(address)).await;
        fetched.unwrap_or(Err(Unfetched::Slow))
    }

    /// The same for one that may have changed; `None` where it was fetched a moment ago.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn fetch_again(&self, address: &str, now: Timestamp) -> Result<Option<Vec<u8>>, Unfetched> {
        {
            let mut lately = self.0.lately.lock().unwrap_or_else(PoisonError::into_inner);
            lately.retain(|_, at| (0..PAUSE).contains(&now.since(*at)));
            if lately.contains_key(address) {
                return Ok(None);
            }
            lately.insert(address.to_owned(), now);
        }
        self.fetch(address).await.map(Some)
    }

    async fn try_fetch(&self, address: &str) -> Result<Vec<u8>, Unfetched> {
        let url = Url::parse(address).map_err(|_| Unfetched::Address)?;
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443));
        if url.scheme() != "https" || !url.username().is_empty() || url.password().is_some() || host.is_empty() {
            return Err(Unfetched::Address);
        }
        let unreachable = |error: &dyn std::fmt::Display| Unfetched::Connection(error.to_string());
        let host = host.trim_matches(['[', ']']);
        let found = tokio::net::lookup_host((host, port)).await.map_err(|_| Unfetched::Private)?;
        let found: Vec<SocketAddr> = found.collect();
        // A name that leads to one of ours beside one of theirs is no mistake.
        if found.is_empty() || !found.iter().all(|found| self.is_allowed(found.ip())) {
            return Err(Unfetched::Private);
        }
        let stream = TcpStream::connect(found.as_slice()).await.map_err(|error| unreachable(&error))?;
        let stream = self.0.caller.secured(host, stream).await.map_err(|trouble| unreachable(&trouble))?;
        let request = Request::get(&url[Position::BeforePath..Position::AfterQuery])
            .header(header::HOST, &url[Position::BeforeHost..Position::AfterPort])
            .header(header::USER_AGENT, "twolatch")
            .header(header::CONNECTION, "close")
            .body(Empty::<Bytes>::new())
            .map_err(|error| Unfetched::Body(error.to_string()))?;
        let io = hyper_util::rt::TokioIo::new(stream);
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(io).await.map_err(|error| unreachable(&error))?;
        let mut driven = tokio::task::JoinSet::new();
        driven.spawn(connection);
        let answer = sender.send_request(request).await.map_err(|error| unreachable(&error))?;
        if answer.status() != StatusCode::OK {
            return Err(Unfetched::Status(answer.status().as_u16()));
        }
        let body = Limited::new(answer.into_body(), MOST).collect().await;
        Ok(body.map_err(|error| Unfetched::Body(error.to_string()))?.to_bytes().to_vec())
    }

    fn is_allowed(&self, address: IpAddr) -> bool {
        is_public(address) || self.0.allowed.iter().any(|network| network.contains(address))
    }
}

/// Whether an address is everybody's (IANA's registries of special-purpose addresses).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

/// What is given out to networks, but for documentation and what carries an IPv4 address inside.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_given_out = (0x2000..=0x3fff).contains(&first);
    let is_special = (first == 0x2001 && (second < 0x0200 || second == 0x0db8)) || first == 0x2002 || first == 0x3fff;
    is_given_out && !is_special
}
