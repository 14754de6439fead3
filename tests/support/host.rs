//! A host that asks the server over its socket, without PAM.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

/// Starts an SSH login behind a password; the sealed attempt of its prompt.
pub(crate) fn begin(socket: &Path, name: &str) -> Option<String> {
    ask(socket, "/v1/begin", &request(name, &json!({})))?["attempt"].as_str().map(str::to_owned)
}

/// Starts one on a connection that is there already; how that ended.
pub(crate) fn begin_on(stream: UnixStream, name: &str) -> Option<String> {
    ask_on(stream, "/v1/begin", &request(name, &json!({})))?["outcome"].as_str().map(str::to_owned)
}

/// Starts one of which something else is told; how that ended.
pub(crate) fn begin_with(socket: &Path, name: &str, told: &Value) -> Option<String> {
    ask(socket, "/v1/begin", &request(name, told))?["outcome"].as_str().map(str::to_owned)
}

fn request(name: &str, told: &Value) -> Value {
    let mut request = json!({
        "version": 1, "nonce": "0".repeat(32), "user": name, "service": "sshd", "tty": "ssh", "rhost": "192.0.2.1",
        "caller": 0, "evidence": "stack", "qr": "off",
    });
    for (field, value) in told.as_object().into_iter().flatten() {
        request[field] = value.clone();
    }
    request
}

/// Types a code at that prompt; how it ended.
pub(crate) fn answer(socket: &Path, name: &str, attempt: &str, code: &str) -> Option<String> {
    reply(socket, name, attempt, code)?["outcome"].as_str().map(str::to_owned)
}

/// Types a code at that prompt; the reason why it did not do, or else how it ended.
pub(crate) fn verdict(socket: &Path, name: &str, attempt: &str, code: &str) -> Option<String> {
    let reply = reply(socket, name, attempt, code)?;
    reply["reason"].as_str().or(reply["outcome"].as_str()).map(str::to_owned)
}

fn reply(socket: &Path, name: &str, attempt: &str, code: &str) -> Option<Value> {
    let request = json!({
        "version": 1, "nonce": "0".repeat(32), "user": name, "service": "sshd", "attempt": attempt, "typed": code,
    });
    ask(socket, "/v1/answer", &request)
}

/// One request; nothing where the server dies before its answer is whole.
fn ask(socket: &Path, path: &str, request: &Value) -> Option<Value> {
    ask_on(UnixStream::connect(socket).ok()?, path, request)
}

fn ask_on(mut stream: UnixStream, path: &str, request: &Value) -> Option<Value> {
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
