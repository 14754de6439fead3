//! Documents of web apps that anybody may have named: fetched over TLS from a public address, which is looked up once and
//! connected to as it was found. No redirect is followed, and neither size nor patience is without end. It must not know what
//! they are for.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::{Request, StatusCode, header};
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use twolatch_core::time::Timestamp;
use url::{Position, Url};

use crate::config::clients::Clients;
use crate::outgoing::Caller;

#[cfg(test)]
mod tests;

/// How long all of it may take, looking up the name included.
const PATIENCE: Duration = Duration::from_secs(3);

/// The longest document, in bytes.
const MOST: usize = 65_536;

/// One document is fetched again after so many seconds at the earliest: strangers can make us want to.
pub const PAUSE: i64 = 60;

/// After so many seconds what was fetched is old.
pub const OLD: i64 = 3600;

/// So many are fetched at once.
const AT_ONCE: usize = 8;

/// Who fetches; cheap to clone.
#[derive(Clone)]
pub struct Fetcher(Arc<Inner>);

struct Inner {
    clients: Clients,
    /// Made at the first use: most systems never fetch anything.
    caller: OnceLock<Caller>,
    /// Each takes one: whoever names slow addresses takes them from such as themselves alone.
    seats: Arc<Semaphore>,
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
    /// Others are fetched at the moment.
    #[error("too many documents are fetched at once; try again in a moment")]
    Busy,
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
    /// Prepares; reads and connects to nothing yet.
    #[must_use]
    pub fn new(clients: &Clients) -> Self {
        let (clients, seats) = (clients.clone(), Arc::new(Semaphore::new(AT_ONCE)));
        Self(Arc::new(Inner { clients, caller: OnceLock::new(), seats, lately: Mutex::default() }))
    }

    /// Fetches a document.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn fetch(&self, address: &str) -> Result<Vec<u8>, Unfetched> {
        let fetched = tokio::time::timeout(PATIENCE, self.try_fetch(address)).await;
        fetched.unwrap_or(Err(Unfetched::Slow))
    }

    /// The same for one that may have changed; `None` where it was fetched less than so many seconds ago.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn fetch_again(&self, address: &str, age: i64, now: Timestamp) -> Result<Option<Vec<u8>>, Unfetched> {
        {
            let mut lately = self.0.lately.lock().unwrap_or_else(PoisonError::into_inner);
            lately.retain(|_, at| (0..OLD).contains(&now.since(*at)));
            if lately.get(address).is_some_and(|at| now.since(*at) < age) {
                return Ok(None);
            }
            lately.insert(address.to_owned(), now);
        }
        let fetched = self.fetch(address).await;
        if fetched == Err(Unfetched::Busy) {
            // Nobody was called, and this can be asked for again at once.
            self.0.lately.lock().unwrap_or_else(PoisonError::into_inner).remove(address);
        }
        fetched.map(Some)
    }

    async fn try_fetch(&self, address: &str) -> Result<Vec<u8>, Unfetched> {
        let url = Url::parse(address).map_err(|_| Unfetched::Address)?;
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443));
        if url.scheme() != "https" || !url.username().is_empty() || url.password().is_some() || host.is_empty() {
            return Err(Unfetched::Address);
        }
        let unreachable = |error: &dyn std::fmt::Display| Unfetched::Connection(error.to_string());
        let host = host.trim_matches(['[', ']']);
        let seat = Arc::clone(&self.0.seats).try_acquire_owned().map_err(|_| Unfetched::Busy)?;
        let name = host.to_owned();
        // Names are looked up in a thread that nothing stops: its seat is taken as long as that takes.
        let looked_up = tokio::spawn(async move {
            let found = tokio::net::lookup_host((name.as_str(), port)).await;
            (found.map(Iterator::collect::<Vec<SocketAddr>>), seat)
        });
        let (found, _seat) = looked_up.await.map_err(|_| Unfetched::Private)?;
        let found = found.map_err(|_| Unfetched::Private)?;
        // A name that leads to one of ours beside one of theirs is no mistake.
        if found.is_empty() || !found.iter().all(|found| self.is_allowed(found.ip())) {
            return Err(Unfetched::Private);
        }
        let stream = TcpStream::connect(found.as_slice()).await.map_err(|error| unreachable(&error))?;
        let stream = self.caller()?.secured(host, stream).await.map_err(|trouble| unreachable(&trouble))?;
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

    fn caller(&self) -> Result<&Caller, Unfetched> {
        if let Some(caller) = self.0.caller.get() {
            return Ok(caller);
        }
        let caller = Caller::new(self.0.clients.ca.as_deref());
        let caller = caller.map_err(|error| Unfetched::Connection(format!("clients.ca: {error}")))?;
        Ok(self.0.caller.get_or_init(|| caller))
    }

    fn is_allowed(&self, address: IpAddr) -> bool {
        is_public(address) || self.0.clients.fetch_from.iter().any(|network| network.contains(address))
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
