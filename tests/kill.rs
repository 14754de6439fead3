//! F-1: the server is killed at every system call of a verify. Never is a code accepted twice, never is a success told
//! that was not committed, and the next code always works.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::database::Engine;
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

fn begin(socket: &Path, name: &str) -> Option<String> {
    let request = json!({
        "version": 1, "nonce": "0".repeat(32), "user": name, "service": "sshd", "tty": "ssh", "rhost": "192.0.2.1",
        "caller": 0, "evidence": "stack", "qr": "off",
    });
    ask(socket, "/v1/begin", &request)?["attempt"].as_str().map(str::to_owned)
}

fn answer(socket: &Path, name: &str, attempt: &str, code: &str) -> Option<String> {
    let request = json!({
        "version": 1, "nonce": "0".repeat(32), "user": name, "service": "sshd", "attempt": attempt, "typed": code,
    });
    ask(socket, "/v1/answer", &request)?["outcome"].as_str().map(str::to_owned)
}

/// One request; nothing where the server dies before its answer is whole.
fn ask(socket: &Path, path: &str, request: &Value) -> Option<Value> {
    let mut stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let body = request.to_string();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    serde_json::from_str(text.split_once("\r\n\r\n")?.1).ok()
}
