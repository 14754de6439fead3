//! Logins that need a process of their own: each `alone_…` runs again in a child, by its name.

use std::process::Command;

use crate::host::{AUTHINFO_UNAVAIL, Host, SUCCESS};
use crate::server::{CODE, Server};
use crate::{login, typing};

/// Runs one ignored test of this file alone, on the main thread of a fresh process.
fn alone(name: &str, environment: &[(&str, &str)]) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("child::{name}"), "--ignored", "--test-threads=1", "--nocapture"])
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{}: {said}", output.status);
}

fn entries(folder: &str) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[test]
fn three_hundred_logins_leave_nothing_behind() {
    alone("alone_three_hundred_logins", &[]);
}

#[test]
#[ignore = "runs in a child"]
fn alone_three_hundred_logins() {
    let server = Server::start();
    let measure = || (entries("/proc/self/fd"), entries("/proc/self/task"));
    assert_eq!(login(&server, "", &[typing(CODE)]), SUCCESS);
    let before = measure();
    for number in 0..300 {
        if number % 3 == 0 {
            assert_ne!(login(&server, "", &[typing("000000")]), SUCCESS);
        } else {
            assert_eq!(login(&server, "", &[typing(CODE)]), SUCCESS);
        }
    }
    assert_eq!(measure(), before);
}

#[test]
fn p26_a_dead_server_raises_no_signal() {
    alone("alone_signals", &[]);
}

#[test]
#[ignore = "runs in a child"]
fn alone_signals() {
    let (server, gone) = (Server::start(), Server::hanging_up());
    let dispositions = || -> Vec<usize> { (1..32).map(disposition).collect() };
    // SAFETY: no other code of this process depends on the disposition.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    let before = dispositions();
    for _ in 0..50 {
        assert_eq!(login(&gone, "timeout=1", &[]), AUTHINFO_UNAVAIL);
    }
    assert_eq!(login(&server, "", &[typing(CODE)]), SUCCESS);
    assert_eq!(dispositions(), before);
}

fn disposition(signal: libc::c_int) -> usize {
    // SAFETY: all zeroes is a valid value; the call only reads the disposition into it.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &raw mut action);
        action.sa_sigaction
    }
}

#[test]
fn p27_the_environment_of_the_process_means_nothing() {
    alone(
        "alone_environment",
        &[
            ("SSH_AUTH_INFO_0", "publickey ssh-ed25519 AAAA"),
            ("HTTP_PROXY", "http://127.0.0.1:9"),
            ("http_proxy", "http://127.0.0.1:9"),
            ("RUST_BACKTRACE", "full"),
            ("RUST_LOG", "trace"),
            ("TZ", ":/etc/shadow"),
            ("LANG", "\u{fffd}"),
            ("TWOLATCH_SOCKET", "/tmp/x"),
        ],
    );
}

#[test]
#[ignore = "runs in a child"]
fn alone_environment() {
    let server = Server::start();
    assert_eq!(login(&server, "first=key", &[typing(CODE)]), SUCCESS);
    assert_eq!(server.requests()[0]["evidence"], "none");
}

#[test]
fn p28_a_process_without_descriptors_is_denied_cleanly() {
    alone("alone_without_descriptors", &[]);
}

#[test]
#[ignore = "runs in a child"]
fn alone_without_descriptors() {
    let server = Server::start();
    let mut host = Host::start(c"alice", &[server.line("")]);
    assert_eq!(host.authenticate(&[typing(CODE)]), SUCCESS, "libpam opens its files at the first call");
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the structure is initialised and only read.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const none) }, 0);
    assert_ne!(host.authenticate(&[]), SUCCESS, "libpam makes a SYSTEM_ERR of it: it has no audit socket either");
}

#[test]
fn p28_the_standard_streams_may_be_closed() {
    alone("alone_streams", &[]);
}

#[test]
#[ignore = "runs in a child"]
fn alone_streams() {
    let server = Server::start();
    let mut host = Host::start(c"alice", &[server.line("")]);
    // SAFETY: plain system calls; the saved output is put back before the harness writes again.
    let saved = unsafe { libc::fcntl(1, libc::F_DUPFD, 10) };
    // SAFETY: as above.
    let _ = unsafe { [0, 1, 2].map(|stream| libc::close(stream)) };
    let code = host.authenticate(&[typing(CODE)]);
    // SAFETY: as above.
    let _ = unsafe { [1, 2].map(|stream| libc::dup2(saved, stream)) };
    assert_eq!(code, SUCCESS);
}

#[test]
fn p38_a_queue_that_is_full_ends_at_the_deadline() {
    use std::os::fd::AsRawFd;
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("s");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    // SAFETY: the descriptor is open; listening again only shortens the queue.
    assert_eq!(unsafe { libc::listen(listener.as_raw_fd(), 0) }, 0);
    let _first = std::os::unix::net::UnixStream::connect(&path).unwrap();
    let line = format!("required timeout=1 socket={}", path.display());
    assert_eq!(Host::start(c"alice", &[line]).authenticate(&[]), AUTHINFO_UNAVAIL);
}
