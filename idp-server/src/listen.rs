//! Accepting connections, with limits on their number, their headers and their time. `axum::serve` sets no header
//! timeout, so this loop is ours. It must not know what is served.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::Service;

pub mod socket;
pub mod tls;
pub mod web;

/// A request's header must be there within this time.
const HEADER_TIME: Duration = Duration::from_secs(10);

/// Bytes of a request's header.
const HEADER_BYTES: usize = 32 * 1024;

/// How long a stop waits for requests under way.
const STOP_TIME: Duration = Duration::from_secs(5);

/// Turns true when the server shall stop.
pub type Stop = watch::Receiver<bool>;

/// Serves one connection until it ends, `life` is over or the server stops. `mark` puts what is known of the peer into
/// each request: layering it onto the router would build all routes anew for every connection.
async fn connection<S, M>(stream: S, router: Router, mark: M, life: Duration, mut stop: Stop)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    M: Fn(&mut Request) + Clone + Send + 'static,
{
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        mark(&mut request);
        router.clone().call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_buf_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let end = tokio::time::sleep(life);
    let mut end = std::pin::pin!(end);
    let mut stopping = false;
    loop {
        tokio::select! {
            biased; // what has been sent is read first: a connection that has sent nothing is not waited for
            result = connection.as_mut() => {
                if let Err(error) = result {
                    tracing::debug!(%error, "a connection ended early");
                }
                return;
            }
            () = end.as_mut() => return,
            changed = stop.changed(), if !stopping => {
                stopping = changed.is_err() || *stop.borrow();
                if stopping {
                    connection.as_mut().graceful_shutdown();
                    end.as_mut().reset(tokio::time::Instant::now() + STOP_TIME);
                }
            }
        }
    }
}

/// Waits until every connection has its answer. Each has its own end.
async fn drained(mut connections: JoinSet<()>) {
    while connections.join_next().await.is_some() {}
}

/// How many connections each peer has, and how many there are.
#[derive(Debug, Clone)]
struct Seats<K> {
    taken: Arc<Mutex<HashMap<K, usize>>>,
    each: usize,
    all: usize,
}

/// One connection's place; free again when dropped.
#[derive(Debug)]
struct Seat<K: Eq + std::hash::Hash + Clone> {
    seats: Seats<K>,
    peer: K,
}

impl<K: Eq + std::hash::Hash + Clone> Seats<K> {
    fn new(each: usize, all: usize) -> Self {
        Self { taken: Arc::default(), each, all }
    }

    /// A place for a peer, unless it or everybody together has too many. One that speaks for many may have all.
    fn take(&self, peer: K, for_many: bool) -> Option<Seat<K>> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = taken.values().sum();
        let mine = taken.get(&peer).copied().unwrap_or_default();
        if all >= self.all || (mine >= self.each && !for_many) {
            return None;
        }
        taken.insert(peer.clone(), mine + 1);
        Some(Seat { seats: self.clone(), peer })
    }
}

impl<K: Eq + std::hash::Hash + Clone> Drop for Seat<K> {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.peer);
            }
        }
    }
}
