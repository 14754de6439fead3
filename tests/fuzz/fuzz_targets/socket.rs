//! What hosts send: whatever it is, nobody gets in, and the answer is one to this very question, no longer than the module
//! reads.
//!
//! The first byte says at which path; `ATTEMPT` in the rest stands for the sealed attempt of a prompt that alice has before
//! her.

#![no_main]

use std::sync::LazyLock;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use tower::ServiceExt;
use twolatch_core::login::host::Peer;
use twolatch_core::wire::{self, Account, Answer, Begin, Hello, Outcome, Reply};

use crate::system::System;

#[path = "../system.rs"]
mod system;

static SYSTEM: LazyLock<System> = LazyLock::new(System::new);
static ROUTES: LazyLock<Router> = LazyLock::new(|| idp_server::hosts::routes(SYSTEM.app.clone()));

fuzz_target!(|input: &[u8]| {
    let Some((first, body)) = input.split_first() else { return };
    let path = [wire::BEGIN_PATH, wire::ANSWER_PATH, wire::ACCOUNT_PATH][usize::from(first % 3)];
    let body = with_attempt(body);
    let (status, answer) = ask(path, body.clone());
    let asked = fields(path, &body);
    assert_eq!(status == StatusCode::OK, asked.is_some() && body.len() <= wire::MAX_REQUEST, "{status}");
    let Some((nonce, user, believed)) = asked.filter(|_| status == StatusCode::OK) else { return };
    let reply: Reply = serde_json::from_slice(&answer).expect("a reply");
    assert_eq!((reply.version, &reply.nonce, &reply.user), (wire::VERSION, &nonce, &user));
    // A name as long as the request allows comes back as long: the module, which asked, reads no more than this.
    assert!(answer.len() <= reply.longest() + nonce.len() * 6 + user.len() * 6, "{} bytes", answer.len());
    assert!(!matches!(reply.outcome, Outcome::NotAsked), "policy asks everybody");
    assert!(believed || reply.outcome != Outcome::Granted, "nobody knows a code");
});

/// Nonce and user as the message has them, and whether root says that a code was right; nothing where it is no message.
fn fields(path: &str, body: &[u8]) -> Option<(String, String, bool)> {
    let hello: Hello = serde_json::from_slice(body).ok()?;
    // What another version says besides is not looked at.
    if hello.version != wire::VERSION || hello.nonce.len() != wire::NONCE_LENGTH {
        return Some((hello.nonce, hello.user, false));
    }
    match path {
        wire::BEGIN_PATH => again::<Begin>(body).map(|message| (message.nonce, message.user, false)),
        wire::ANSWER_PATH => again::<Answer>(body).map(|message| (message.nonce, message.user, false)),
        _ => again::<Account>(body).map(|message| (message.nonce, message.user, message.proven)),
    }
}

/// A message, which must be the same when it was written and read again.
fn again<T: serde::de::DeserializeOwned + serde::Serialize>(body: &[u8]) -> Option<T> {
    let message: T = serde_json::from_slice(body).ok()?;
    let written = serde_json::to_value(&message).unwrap();
    let read: T = serde_json::from_value(written.clone()).expect("it was one before");
    assert_eq!(serde_json::to_value(&read).unwrap(), written);
    Some(message)
}

fn with_attempt(body: &[u8]) -> Vec<u8> {
    const MARK: &[u8] = b"ATTEMPT";
    let Some(at) = body.windows(MARK.len()).position(|window| window == MARK) else { return body.to_vec() };
    let begin = json!({
        "version": wire::VERSION, "nonce": "0".repeat(wire::NONCE_LENGTH), "user": "alice", "service": "sshd",
        "tty": "ssh", "rhost": "192.0.2.1", "caller": 0, "evidence": "stack", "qr": "off",
    });
    let (status, answer) = ask(wire::BEGIN_PATH, begin.to_string().into_bytes());
    assert_eq!(status, StatusCode::OK);
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let attempt = answer["attempt"].as_str().unwrap_or_default();
    [&body[..at], attempt.as_bytes(), &body[at + MARK.len()..]].concat()
}

fn ask(path: &str, body: Vec<u8>) -> (StatusCode, Vec<u8>) {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/json").extension(Peer { uid: 0 });
    SYSTEM.runtime.block_on(async {
        let answer = ROUTES.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        (answer.status(), to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec())
    })
}
