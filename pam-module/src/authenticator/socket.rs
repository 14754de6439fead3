//! The server behind a Unix socket. It must not know how the person is asked.
//!
//! Each request has a connection and a time of its own; while the person types nothing is held.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::wire::{ACCOUNT_PATH, ANSWER_PATH, Account, Answer, BEGIN_PATH, Begin, Outcome, VERSION};

use super::deadline::Deadline;
use super::{Authenticator, Failure, Subject, http, matching, path};
use crate::sys;

#[cfg(test)]
mod tests;

/// The server on this host.
#[derive(Debug)]
pub struct SocketAuthenticator<'a> {
    socket: &'a Path,
    timeout: Duration,
    subject: &'a Subject,
}

impl<'a> SocketAuthenticator<'a> {
    /// A server for one login; `timeout` is for each request.
    #[must_use]
    pub fn new(socket: &'a Path, timeout: Duration, subject: &'a Subject) -> Self {
        Self { socket, timeout, subject }
    }

    fn request(&self, path: &str, nonce: &str, body: &[u8]) -> Result<Outcome, Failure> {
        let mut stream = self.connect()?;
        let reply = http::exchange(&mut stream, path, body)?;
        matching(reply, nonce, &self.subject.user)
    }

    /// Nothing is sent before path and listener are known to be safe. Only root's word weighs anything, so only root
    /// has to look.
    fn connect(&self) -> Result<Timed, Failure> {
        let deadline = Deadline::after(self.timeout);
        if !sys::is_root() {
            return self.open(self.socket, deadline);
        }
        let safe = path::check(self.socket)?;
        let stream = self.open(&safe.path, deadline)?;
        let listener = sys::peer_uid(&stream.stream).map_err(|error| self.failed(&error))?;
        if listener != 0 && listener != safe.owner {
            let detail = format!("{}: the listener is uid {listener}", self.socket.display());
            return Err(Failure::new(Reason::UnsafePath, detail));
        }
        Ok(stream)
    }

    fn open(&self, path: &Path, deadline: Deadline) -> Result<Timed, Failure> {
        let stream = sys::connect(path, || deadline.left()).map_err(|error| self.failed(&error))?;
        Ok(Timed { stream, deadline })
    }

    fn failed(&self, error: &io::Error) -> Failure {
        Failure::new(Reason::NoAnswer, format_args!("{}: {error}", self.socket.display()))
    }
}

impl SocketAuthenticator<'_> {
    /// Asks whether somebody whom the host is about to let in may come in; `proven` is whether a code of theirs was right in
    /// this login.
    ///
    /// # Errors
    /// [`Failure`] if there is no answer, or none that can be trusted.
    pub fn account(&mut self, proven: bool) -> Result<Outcome, Failure> {
        let subject = self.subject;
        let nonce = nonce()?;
        let message = Account {
            version: VERSION,
            nonce: nonce.clone(),
            user: subject.user.clone(),
            service: subject.service.clone(),
            rhost: subject.rhost.clone(),
            key: subject.key.clone(),
            proven,
        };
        let body = http::body(|to| serde_json::to_writer(to, &message))?;
        self.request(ACCOUNT_PATH, &nonce, &body)
    }
}

impl Authenticator for SocketAuthenticator<'_> {
    fn begin(&mut self) -> Result<Outcome, Failure> {
        let subject = self.subject;
        let nonce = nonce()?;
        let message = Begin {
            version: VERSION,
            nonce: nonce.clone(),
            user: subject.user.clone(),
            service: subject.service.clone(),
            tty: subject.tty.clone(),
            rhost: subject.rhost.clone(),
            caller: subject.caller,
            evidence: subject.evidence,
            key: subject.key.clone(),
            qr: subject.qr,
        };
        let body = http::body(|to| serde_json::to_writer(to, &message))?;
        self.request(BEGIN_PATH, &nonce, &body)
    }

    fn answer(&mut self, attempt: &str, typed: &Secret) -> Result<Outcome, Failure> {
        let nonce = nonce()?;
        let message = Answer {
            version: VERSION,
            nonce: nonce.clone(),
            user: self.subject.user.clone(),
            service: self.subject.service.clone(),
            attempt: attempt.to_owned(),
            typed: typed.clone(),
        };
        let body = http::body(|to| serde_json::to_writer(to, &message))?;
        self.request(ANSWER_PATH, &nonce, &body)
    }
}

/// 128 bits that no earlier answer can have.
fn nonce() -> Result<String, Failure> {
    use std::fmt::Write;
    let bytes = sys::random().map_err(|error| Failure::new(Reason::NoEntropy, error))?;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail, and a short nonce would match no answer.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// A stream that has one deadline for all it does.
#[derive(Debug)]
struct Timed {
    stream: UnixStream,
    deadline: Deadline,
}

impl Read for Timed {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.deadline.left()?))?;
        self.stream.read(to)
    }
}

impl Write for Timed {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.deadline.left()?))?;
        sys::send(&self.stream, from)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
