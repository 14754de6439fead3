//! A server that is asked to stop: nobody who has connected by then goes without an answer.

use std::os::unix::net::UnixStream;
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::database::Engine;
use crate::support::host::begin_on;
use crate::support::on_both_databases;
use crate::support::server::Server;
use crate::support::wait::until;

on_both_databases!(who_has_connected_before_a_stop_is_answered);

/// Hosts whose request is on its way; fewer than one account may have at once.
const WAITING: usize = 4;

fn who_has_connected_before_a_stop_is_answered(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut server) = Server::init(engine, folder.path()) else { return };
    server.run(&["user", "add", "alice"], "");
    server.start();
    let connect = || UnixStream::connect(server.socket()).unwrap();
    let silent: Vec<UnixStream> = (0..WAITING).map(|_| connect()).collect();
    // It came later and is answered, so the others were let in.
    assert!(begin_on(connect(), "alice").is_some());
    kill(Pid::from_raw(server.pid().try_into().unwrap()), Signal::SIGTERM).unwrap();
    until("the server to stop", || server.log().contains("stopping").then_some(()));
    let answered = thread::scope(|scope| {
        let asking: Vec<_> = silent.into_iter().map(|stream| scope.spawn(|| begin_on(stream, "alice"))).collect();
        asking.into_iter().filter_map(|one| one.join().unwrap()).count()
    });
    assert_eq!(answered, WAITING, "{}", server.log());
    server.stop();
}
