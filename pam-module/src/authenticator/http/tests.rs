use std::io::{self, Read, Write};

use proptest::prelude::*;
use twolatch_core::reason::Reason;
use twolatch_core::wire::{MAX_DRAWN, MAX_REPLY, MAX_REQUEST, Outcome};

use super::{Failure, MAX_HEAD, Reply, body, exchange};

/// A stream that takes everything and answers from a buffer, `step` bytes at a time.
struct Canned {
    answer: Vec<u8>,
    at: usize,
    step: usize,
    sent: Vec<u8>,
}

impl Canned {
    fn new(answer: impl Into<Vec<u8>>, step: usize) -> Self {
        Self { answer: answer.into(), at: 0, step, sent: Vec::new() }
    }
}

impl Read for Canned {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let rest = &self.answer[self.at..];
        let count = rest.len().min(self.step).min(to.len());
        to[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

impl Write for Canned {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.sent.extend_from_slice(from);
        Ok(from.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const GRANTED: &str = r#"{"version":1,"nonce":"n","user":"alice","outcome":"granted"}"#;
const REFUSED: &str =
    r#"{"version":1,"nonce":"n","user":"alice","outcome":"refused","reason":"store_full","notice":null}"#;

fn ask(answer: impl Into<Vec<u8>>) -> Result<Reply, Failure> {
    exchange(&mut Canned::new(answer, usize::MAX), "/v1/begin", b"{}")
}

fn response(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn reason(answer: impl Into<Vec<u8>>) -> Reason {
    ask(answer).unwrap_err().reason
}

#[test]
fn the_request_is_plain_http() {
    let mut stream = Canned::new(response("200 OK", GRANTED), 7);
    exchange(&mut stream, "/v1/begin", b"{}").unwrap();
    let sent = String::from_utf8(stream.sent).unwrap();
    assert!(sent.starts_with("POST /v1/begin HTTP/1.1\r\nHost: "), "{sent}");
    assert!(sent.contains("\r\nContent-Length: 2\r\nConnection: close\r\n") && sent.ends_with("\r\n\r\n{}"), "{sent}");
}

#[test]
fn a_reply_is_read_in_whatever_pieces_it_comes() {
    for step in [1, 2, 3, 64, 4096] {
        let mut stream = Canned::new(response("200 OK", GRANTED), step);
        assert_eq!(exchange(&mut stream, "/", b"").unwrap().outcome, Outcome::Granted, "{step}");
    }
    assert!(ask(format!("HTTP/1.1 200 OK\r\n\r\n{GRANTED}")).is_ok(), "without a length the end is the end");
    assert!(ask(format!("HTTP/1.0 200\r\n\r\n{GRANTED}")).is_ok());
}

#[test]
fn p38_only_status_200_says_yes() {
    for status in
        ["201 Created", "204 No Content", "301 Moved", "302 Found", "400 Bad", "404 Not", "500 Oh", "503 Busy"]
    {
        assert!(ask(response(status, GRANTED)).is_err(), "{status}");
        let refused = ask(response(status, REFUSED)).unwrap();
        assert!(matches!(refused.outcome, Outcome::Refused { reason: Reason::StoreFull, .. }), "{status}");
    }
    assert_eq!(reason(response("503 Busy", "")), Reason::Busy);
    assert_eq!(reason(response("302 Found", "")), Reason::BadAnswer);
}

#[test]
fn p38_what_is_no_reply_is_refused() {
    let long = "x".repeat(MAX_DRAWN + 1);
    let long_head = format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(MAX_HEAD + 10));
    for bad in [
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 +20 OK\r\n\r\n",
        "HTTP/1.1 20\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        &response("200 OK", "not json"),
        &response("200 OK", r#"{"version":1,"nonce":"n","user":"alice"}"#),
        &response("200 OK", r#"{"version":1,"nonce":"n","user":"alice","outcome":"yes"}"#),
        &response("200 OK", &long),
        &format!("HTTP/1.1 200 OK\r\n\r\n{long}"),
        &format!("{}{GRANTED}", response("200 OK", GRANTED)),
        &long_head,
    ] {
        assert_eq!(reason(bad), Reason::BadAnswer, "{}", bad.get(..60).unwrap_or(bad));
    }
}

#[test]
fn p38_an_answer_that_breaks_off_is_none() {
    let whole = response("200 OK", GRANTED);
    for length in 0..whole.len() {
        assert_eq!(reason(&whole.as_bytes()[..length]), Reason::NoAnswer, "{length}");
    }
}

#[test]
fn a_body_has_its_limit() {
    let text = "x".repeat(MAX_REQUEST - 2);
    assert_eq!(body(|to| serde_json::to_writer(to, &text)).unwrap().len(), MAX_REQUEST);
    let text = "x".repeat(MAX_REQUEST - 1);
    assert!(body(|to| serde_json::to_writer(to, &text)).is_err());
}

#[test]
fn p38_only_a_drawing_makes_a_long_reply() {
    let reply = |drawn: bool, length: usize| {
        let notice = "x".repeat(length);
        ask(response(
            "200 OK",
            &format!(
                r#"{{"version":1,"nonce":"n","user":"alice","outcome":"ask","attempt":"a","notice":"{notice}","drawn":{drawn}}}"#
            ),
        ))
    };
    assert!(reply(false, MAX_REPLY - 200).is_ok());
    assert!(reply(false, MAX_REPLY).is_err());
    assert!(reply(true, MAX_DRAWN - 200).is_ok());
    assert!(reply(true, MAX_DRAWN).is_err());
}

proptest! {
    #[test]
    fn p38_garbage_never_panics_and_never_says_yes(answer in proptest::collection::vec(any::<u8>(), 0..3000), step in 1_usize..2000) {
        let mut stream = Canned::new(answer, step);
        prop_assert!(exchange(&mut stream, "/", b"").is_err());
    }

    #[test]
    fn p38_no_more_is_read_than_the_limits(tail in 0_usize..100_000, step in 1_usize..5000, with_length: bool) {
        let length = if with_length { "content-length: 5\r\n" } else { "" };
        let answer = format!("HTTP/1.1 200 OK\r\n{length}\r\n{}", "x".repeat(tail));
        let mut stream = Canned::new(answer, step);
        prop_assert!(exchange(&mut stream, "/", b"").is_err());
        prop_assert!(stream.at <= MAX_HEAD + MAX_DRAWN + 2048);
    }

    #[test]
    fn p38_a_broken_header_never_panics(head in "HTTP/1[.]1 200[ -~\r\n:]{0,200}\r\n\r\n") {
        let _ = ask(head);
    }
}
