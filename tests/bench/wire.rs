//! What a host says to the server, for measurements.

use std::path::Path;

use serde_json::{Value, json};
use tokio::net::UnixStream;

use crate::http::{Failure, exchange};

/// Starts an SSH login behind a password; the sealed attempt of its prompt.
pub(crate) async fn begin(socket: &Path, name: &str, source: &str) -> Result<Value, Failure> {
    let request = json!({
        "version": 1, "nonce": "0".repeat(32), "user": name, "service": "sshd", "tty": "ssh", "rhost": source,
        "caller": 0, "evidence": "stack", "qr": "off",
    });
    Ok(ask(socket, "/v1/begin", &request).await?.get("attempt").cloned().unwrap_or_default())
}

/// Types a code at that prompt; the whole answer.
pub(crate) async fn answer(socket: &Path, name: &str, attempt: &Value, code: &str) -> Result<Value, Failure> {
    let request = json!({
        "version": 1, "nonce": "0".repeat(32), "user": name, "service": "sshd", "attempt": attempt, "typed": code,
    });
    ask(socket, "/v1/answer", &request).await
}

async fn ask(socket: &Path, path: &str, request: &Value) -> Result<Value, Failure> {
    let stream = UnixStream::connect(socket).await?;
    let body = request.to_string();
    let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n");
    let (_, body) = exchange(stream, &head, &body).await?;
    Ok(serde_json::from_str(&body)?)
}
