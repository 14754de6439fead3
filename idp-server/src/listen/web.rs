//! The web listener, plain or with TLS. The peer's address is put into each request.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::tls::Tls;
use super::{Seats, Stop, connection, drained};

/// Keep-alive ends after this.
const LIFE: Duration = Duration::from_mins(2);

/// A TLS handshake takes less.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// Connections from one address. A proxy has many people behind it.
const EACH: usize = 512;

/// Connections in all.
const ALL: usize = 4096;

/// The address at the other end of the connection: the proxy's, where there is one.
#[derive(Debug, Clone, Copy)]
pub struct Remote(pub IpAddr);

/// Serves until told to stop, and what is under way then to its end.
pub async fn serve(listener: TcpListener, tls: Option<Tls>, proxies: Vec<IpAddr>, router: Router, mut stop: Stop) {
    let seats = Seats::new(EACH, ALL);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            _ = stop.changed() => break,
        };
        let Ok((stream, SocketAddr::V4(_) | SocketAddr::V6(_))) = &accepted else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let Ok(address) = stream.peer_addr().map(|address| address.ip().to_canonical()) else { continue };
        let Some(seat) = seats.take(place_of(address), proxies.contains(&address)) else { continue };
        let (router, stop, acceptor) = (router.clone(), stop.clone(), tls.as_ref().map(Tls::acceptor));
        let Ok((stream, _)) = accepted else { continue };
        drop(stream.set_nodelay(true));
        connections.spawn(async move {
            let mark = move |request: &mut axum::extract::Request| {
                request.extensions_mut().insert(Remote(address));
            };
            match acceptor {
                None => connection(stream, router, mark, LIFE, stop).await,
                Some(acceptor) => match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => connection(stream, router, mark, LIFE, stop).await,
                    Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                    Err(_) => tracing::debug!("a TLS handshake took too long"),
                },
            }
            drop(seat);
        });
    }
    drop(listener);
    drained(connections).await;
}

/// Whom a connection counts for: whoever has one IPv6 address of a network has them all.
fn place_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}
