//! One HTTP/1.1 request over any stream. It must know neither what is asked nor what the stream is.
//!
//! The server is not trusted to be well: whatever it sends, at most [`MAX_HEAD`] and [`wire::MAX_DRAWN`] bytes are read.

use std::io::{self, ErrorKind, Read, Write};

use twolatch_core::reason::Reason;
use twolatch_core::wire::{self, Outcome, Reply};
use zeroize::Zeroizing;

use super::Failure;

#[cfg(test)]
mod tests;

/// The most bytes of status line and header fields.
pub const MAX_HEAD: usize = 8 * 1024;

/// What came back.
#[derive(Debug, PartialEq, Eq)]
struct Response {
    status: u16,
    body: Vec<u8>,
}

/// Sends `body` to `path` and reads the reply.
///
/// Only status 200 can say yes. Any other status counts at most as a refusal, if its body is one.
///
/// # Errors
/// [`Failure`]: no answer, or none that is a reply.
pub fn exchange(stream: &mut (impl Read + Write), path: &str, body: &[u8]) -> Result<Reply, Failure> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: twolatch\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // A server that is overloaded answers before it has read all: whether the sending failed is asked last.
    let sent = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).and_then(|()| stream.flush());
    let response = match (sent, receive(stream)) {
        (_, Ok(response)) => response,
        (Err(error), Err(_)) => return Err(silence(&error)),
        (Ok(()), Err(failure)) => return Err(failure),
    };
    let reply: Option<Reply> = serde_json::from_slice(&response.body).ok();
    let reply = reply.filter(|reply| response.body.len() <= reply.longest());
    match (response.status, reply) {
        (200, Some(reply)) => Ok(reply),
        (200, None) => Err(Failure::new(Reason::BadAnswer, "the body is not a reply")),
        (_, Some(reply)) if matches!(reply.outcome, Outcome::Refused { .. }) => Ok(reply),
        (503, _) => Err(Failure::new(Reason::Busy, "status 503")),
        (status, _) => Err(Failure::new(Reason::BadAnswer, format_args!("status {status}"))),
    }
}

/// Writes a message into a buffer that never grows, so that no copy of a code is left behind.
///
/// # Errors
/// [`Failure`] if the message is longer than [`wire::MAX_REQUEST`].
pub fn body(write: impl FnOnce(&mut dyn Write) -> serde_json::Result<()>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut buffer = Zeroizing::new(vec![0; wire::MAX_REQUEST]);
    let mut rest = buffer.as_mut_slice();
    let written = write(&mut rest);
    let left = rest.len();
    // The error's own text is dropped: it could name what it failed on.
    written.map_err(|_| Failure::new(Reason::BadAnswer, "the request is too long"))?;
    buffer.truncate(wire::MAX_REQUEST.saturating_sub(left));
    Ok(buffer)
}

fn receive(stream: &mut impl Read) -> Result<Response, Failure> {
    let mut input = Vec::with_capacity(1024);
    let head_end = loop {
        let from = input.len().saturating_sub(3);
        if read_some(stream, &mut input)? == 0 {
            return Err(closed());
        }
        if let Some(end) = find_blank_line(&input, from) {
            break end;
        }
        if input.len() > MAX_HEAD {
            return Err(Failure::new(Reason::BadAnswer, "the header is too long"));
        }
    };
    let mut body = input.split_off(head_end);
    let (status, length) = parse_head(&input)?;
    if length.is_some_and(|length| length > wire::MAX_DRAWN) {
        return Err(Failure::new(Reason::BadAnswer, "the body is too long"));
    }
    while length.is_none_or(|length| body.len() < length) {
        if read_some(stream, &mut body)? == 0 {
            if length.is_some() {
                return Err(closed());
            }
            break;
        }
        if body.len() > wire::MAX_DRAWN {
            return Err(Failure::new(Reason::BadAnswer, "the body is too long"));
        }
    }
    if length.is_some_and(|length| body.len() > length) {
        return Err(Failure::new(Reason::BadAnswer, "there is more than the body"));
    }
    Ok(Response { status, body })
}

/// The position after the empty line that ends the header.
fn find_blank_line(input: &[u8], from: usize) -> Option<usize> {
    let position = input.get(from..)?.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some(from + position + 4)
}

/// The status and the declared length.
fn parse_head(head: &[u8]) -> Result<(u16, Option<usize>), Failure> {
    let bad = |what: &str| Failure::new(Reason::BadAnswer, what);
    let head = std::str::from_utf8(head).map_err(|_| bad("the header is not text"))?;
    let mut lines = head.split("\r\n");
    let status_line = lines.next().unwrap_or_default();
    let status = status_line
        .strip_prefix("HTTP/1.1 ")
        .or_else(|| status_line.strip_prefix("HTTP/1.0 "))
        .and_then(|rest| rest.get(..3).filter(|_| matches!(rest.as_bytes().get(3), None | Some(b' '))))
        .and_then(decimal)
        .and_then(|status| u16::try_from(status).ok())
        .ok_or_else(|| bad("the status line is not HTTP"))?;
    let mut length = None;
    for line in lines.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or_else(|| bad("a header field has no colon"))?;
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(bad("the body has a transfer encoding"));
        }
        if name.eq_ignore_ascii_case("content-length") {
            let value = decimal(value.trim()).ok_or_else(|| bad("the length is not a number"))?;
            if length.is_some_and(|before| before != value) {
                return Err(bad("there are two lengths"));
            }
            length = Some(value);
        }
    }
    Ok((status, length))
}

fn decimal(digits: &str) -> Option<usize> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// Appends what one read gives; 0 is the end.
fn read_some(stream: &mut impl Read, to: &mut Vec<u8>) -> Result<usize, Failure> {
    let mut chunk = [0; 1024];
    loop {
        match stream.read(&mut chunk) {
            Ok(count) => {
                to.extend_from_slice(chunk.get(..count).unwrap_or_default());
                return Ok(count);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(silence(&error)),
        }
    }
}

fn closed() -> Failure {
    Failure::new(Reason::NoAnswer, "the server closed the connection")
}

fn silence(error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Failure::new(Reason::NoAnswer, "the time is up"),
        _ => Failure::new(Reason::NoAnswer, error),
    }
}
