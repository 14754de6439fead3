//! F-1: the server is killed at every system call of a verify. Never is a code accepted twice, never is a success told
//! that was not committed, and the next code always works.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::json;

use crate::support::database::Engine;
use crate::support::host::{answer, begin};
use crate::support::server::Server;
use crate::support::{skip, totp};

/// System calls that a verify makes and that leave something behind, or wake somebody who does.
const CALLS: [&str; 9] =
    ["pwrite64", "pread64", "fdatasync", "fsync", "sendto", "recvfrom", "write", "futex", "epoll_wait"];

/// More than any of them is made in one verify; the last rounds run without a kill, which ends them.
const MOST: usize = 60;

#[test]
fn f1_killed_at_every_system_call_on_sqlite() {
    killed_at_every_call(Engine::Sqlite);
}

#[test]
fn f1_killed_at_every_system_call_on_postgres() {
    killed_at_every_call(Engine::Postgres);
}

fn killed_at_every_call(engine: Engine) {
    if Command::new("strace").arg("--version").output().is_err() {
        return skip("no strace: the server is not killed at system calls");
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(mut server) = Server::init(engine, folder.path()) else { return };
    let (mut killed, mut granted) = (0, 0);
    for call in CALLS {
        for nth in 1..=MOST {
            let name = format!("{}{nth}", call.replace(|c: char| !c.is_ascii_alphabetic(), ""));
            let secret = totp::new_secret();
            server.run(&["user", "add", &name], "");
            server.run(&["factor", "add-totp", &name, "--secret-stdin"], &format!("{secret}\n"));
            server.start();
            let code = totp::code(&secret);
            let attempt = begin(server.socket(), &name).expect("the server runs");
            let tracer = trace(server.pid(), call, nth);
            let first = answer(server.socket(), &name, &attempt, &code);
            let died = first.is_none() || server.has_died();
            drop(tracer);
            server.kill();

            server.start();
            let attempt = begin(server.socket(), &name).expect("the server runs again");
            let again = answer(server.socket(), &name, &attempt, &code).expect("it answers");
            let (told, after) = (first.as_deref() == Some("granted"), again == "granted");
            assert!(!(told && after), "{call} {nth}: accepted twice");
            let records = server.json(&["audit", "list", "--limit", "200"]);
            let accepted = records.as_array().unwrap().iter().filter(|record| {
                record["event"] == "code" && record["result"] == "ok" && record["user_name"] == name.as_str()
            });
            assert_eq!(accepted.count(), 1, "{call} {nth}: told {first:?}, then {again:?}: one success is recorded");
            server.stop();
            granted += usize::from(told);
            if !died {
                break;
            }
            killed += 1;
        }
    }
    assert!(killed >= 10, "the server was killed {killed} times only");
    assert!(granted >= 1, "no verify went through");
    let report = server.json(&["audit", "verify"]);
    assert_eq!(report["faults"], json!([]));
}

/// Kills the process at the n-th call of any of its threads; attached when this returns.
fn trace(pid: u32, call: &str, nth: usize) -> Tracer {
    let mut tracer = Command::new("strace")
        .args(["-f", "-p", &pid.to_string(), "-o", "/dev/null", "-e", &format!("trace={call}")])
        .args(["-e", &format!("inject={call}:signal=KILL:when={nth}")])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut errors = BufReader::new(tracer.stderr.take().unwrap());
    errors.read_line(&mut line).unwrap();
    assert!(line.contains("attached"), "{line}");
    Tracer(tracer, errors)
}

/// It would end with its standard error.
struct Tracer(Child, #[expect(dead_code, reason = "kept open")] BufReader<ChildStderr>);

impl Drop for Tracer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
