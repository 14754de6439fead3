//! The Unix socket: who is at the other end is known from the kernel, and put into each request.

use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use axum::Router;
use nix::sys::socket::{MsgFlags, recv};
use tokio::io::Interest;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use twolatch_core::login::host::Peer;

use super::{Seats, Stop, connection, drained};

/// A request on the socket is answered within five seconds; its connection does not outlive that by much.
const LIFE: Duration = Duration::from_secs(8);

/// How long a server that stops waits for whoever has connected and said nothing yet.
const LATE: Duration = Duration::from_secs(2);

/// Connections of one unprivileged account.
const EACH: usize = 8;

/// Connections of all unprivileged accounts together; root's are not among them.
const ALL: usize = 256;

/// Connections of root: sshd's, sudo's, login's.
const ROOT: usize = 1024;

/// Binds the socket: connectable by everybody, who is asked is decided by uid.
///
/// # Errors
/// Where the path is taken by something else, or by a server that answers.
pub fn bind(path: &Path) -> std::io::Result<UnixListener> {
    let fail = |kind, text: String| std::io::Error::new(kind, text);
    if let Some(folder) = path.parent()
        && !folder.exists()
    {
        std::fs::create_dir_all(folder)?;
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))?;
    }
    if let Ok(about) = std::fs::symlink_metadata(path) {
        if !about.file_type().is_socket() {
            return Err(fail(std::io::ErrorKind::AlreadyExists, "there is something else than a socket".to_owned()));
        }
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            return Err(fail(std::io::ErrorKind::AddrInUse, "another server answers there; stop it first".to_owned()));
        }
        std::fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))?;
    Ok(listener)
}

/// Serves until told to stop, and whoever has connected by then to the end. Who comes later waits for the next server,
/// where the socket is systemd's.
pub async fn serve(listener: UnixListener, router: Router, mut stop: Stop) {
    let strangers = Seats::new(EACH, ALL);
    let root = Seats::new(ROOT, ROOT);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            _ = stop.changed() => break,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors: the connections under way will give some back.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let Some(peer) = peer_of(&stream) else { continue };
        let seats = if peer.uid == 0 { &root } else { &strangers };
        let Some(seat) = seats.take(peer.uid, false) else {
            tracing::warn!(uid = peer.uid, "too many connections to the socket");
            continue;
        };
        let (router, stop) = (router.clone(), stop.clone());
        connections.spawn(async move {
            if !has_spoken(&stream, stop.clone()).await {
                return;
            }
            let mark = move |request: &mut axum::extract::Request| {
                request.extensions_mut().insert(peer);
            };
            connection(stream, router, mark, LIFE, stop).await;
            drop(seat);
        });
    }
    drop(listener);
    drained(connections).await;
}

/// Waits for the first byte. hyper ends a connection that has sent nothing as soon as the server stops; the request may be
/// on its way, and with it a login would be lost.
async fn has_spoken(stream: &UnixStream, mut stop: Stop) -> bool {
    let late = async {
        drop(stop.changed().await);
        tokio::time::sleep(LATE).await;
    };
    tokio::select! {
        spoken = first_byte(stream) => spoken.is_ok(),
        () = late => false,
        () = tokio::time::sleep(LIFE) => false,
    }
}

/// The runtime may say too early that there is something to read, so the kernel is asked.
async fn first_byte(stream: &UnixStream) -> std::io::Result<()> {
    loop {
        stream.readable().await?;
        let look = || Ok(recv(stream.as_raw_fd(), &mut [0], MsgFlags::MSG_PEEK)?);
        match stream.try_io(Interest::READABLE, look) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            looked => return looked.map(|_| ()),
        }
    }
}

fn peer_of(stream: &UnixStream) -> Option<Peer> {
    stream.peer_cred().ok().map(|credentials| Peer { uid: credentials.uid() })
}
