//! What the tests with real servers stand on. It must know nothing of what any one test is about.

pub(crate) mod certificate;
pub(crate) mod core;
pub(crate) mod database;
pub(crate) mod front;
pub(crate) mod host;
pub(crate) mod killer;
pub(crate) mod machine;
pub(crate) mod person;
pub(crate) mod provider;
pub(crate) mod pty;
pub(crate) mod server;
pub(crate) mod shell;
pub(crate) mod signer;
pub(crate) mod site;
pub(crate) mod sshd;
pub(crate) mod strace;
pub(crate) mod syslog;
pub(crate) mod tab;
pub(crate) mod totp;
pub(crate) mod visitor;
pub(crate) mod wait;
pub(crate) mod world;

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::Write;
use std::net::TcpListener;
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// What `tests/run.sh` and its scripts hand over in the environment.
#[expect(clippy::disallowed_methods, reason = "the one place where the tests look at their surroundings")]
pub(crate) fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// How often a race is run: more often in `tests/soak.sh`.
pub(crate) fn rounds() -> usize {
    setting("TWOLATCH_ROUNDS").map_or(20, |rounds| rounds.parse().unwrap())
}

/// Says that the running test does nothing here, and why; `tests/run.sh` repeats it at its end.
pub(crate) fn skip(why: &str) {
    eprintln!("skipped: {why}");
    if let Some(path) = setting("TWOLATCH_SKIPPED") {
        let mut list = OpenOptions::new().append(true).create(true).open(path).unwrap();
        writeln!(list, "{why}").unwrap();
    }
}

/// Runs a program that must succeed, with this on its standard input, and gives what it printed.
pub(crate) fn run(program: impl AsRef<OsStr>, arguments: &[&str], input: &str) -> String {
    let program = program.as_ref();
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    // A program that has read enough may have closed its end.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{} {arguments:?}: {}\n{text}{}",
        program.display(),
        output.status,
        String::from_utf8_lossy(&output.stderr),
    );
    text
}

/// A short name that no other test has, of letters and digits.
pub(crate) fn new_id() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{}x{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A port of the loopback interface that nothing listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// Instantiates test functions that take an [`database::Engine`] once for each database.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                super::$name($crate::support::database::Engine::Sqlite);
            })+
        }
        mod postgres {
            $(#[test]
            fn $name() {
                super::$name($crate::support::database::Engine::Postgres);
            })+
        }
    };
}
pub(crate) use on_both_databases;
