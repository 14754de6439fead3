//! A server that knows one code. It must not know who asks.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const CODE: &str = "123456";

/// It answers until the process ends; the folder goes with the value.
pub(crate) struct Server {
    folder: TempDir,
    requests: Receiver<Value>,
}

impl Server {
    /// A server that asks for one code and judges it.
    pub(crate) fn start() -> Self {
        Self::answering(|request| match request["typed"].as_str() {
            None if request["user"] == "free" => json!({"outcome": "not_asked"}),
            None => json!({"outcome": "ask", "attempt": "a1", "notice": null, "label": null, "reason": null}),
            Some(CODE) => json!({"outcome": "granted"}),
            Some(_) => json!({"outcome": "refused", "reason": "wrong", "notice": "That was wrong."}),
        })
    }

    /// A server that answers what the function makes of a request.
    pub(crate) fn answering(answer: impl Fn(&Value) -> Value + Send + 'static) -> Self {
        let (folder, listener) = listen();
        let (notes, requests) = channel();
        thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                let Some(request) = read(&mut stream) else { continue };
                let mut reply = answer(&request);
                for field in ["version", "nonce", "user"] {
                    reply[field] = request[field].clone();
                }
                // First, so that a test that has its answer finds the request.
                let _ = notes.send(request);
                let body = reply.to_string();
                let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            }
        });
        Self { folder, requests }
    }

    /// A server that hangs up at once.
    pub(crate) fn hanging_up() -> Self {
        let (folder, listener) = listen();
        thread::spawn(move || while listener.accept().is_ok() {});
        Self { folder, requests: channel().1 }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    /// A line of the stack that uses this server.
    pub(crate) fn line(&self, rest: &str) -> String {
        format!("required socket={} {rest}", self.path().display())
    }

    /// What was asked so far.
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.requests.try_iter().collect()
    }
}

fn listen() -> (TempDir, UnixListener) {
    let folder = TempDir::new().unwrap();
    let listener = UnixListener::bind(folder.path().join("s")).unwrap();
    (folder, listener)
}

fn read(stream: &mut UnixStream) -> Option<Value> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let mut request = Vec::new();
    let mut byte = [0];
    while stream.read(&mut byte).ok()? == 1 {
        request.extend(byte);
        let head = request.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
        if let Some(value) = head.and_then(|head| serde_json::from_slice(&request[head..]).ok()) {
            return Some(value);
        }
    }
    None
}
