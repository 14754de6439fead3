use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use tempfile::TempDir;
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::wire::{Evidence, Outcome, Qr};

use super::{Authenticator, Failure, SocketAuthenticator, Subject, nonce};

fn subject() -> Subject {
    Subject {
        user: "alice".into(),
        service: "sshd".into(),
        tty: None,
        rhost: None,
        caller: 0,
        evidence: Evidence::Stack,
        key: None,
        qr: Qr::Off,
    }
}

/// A server for one connection, in its own folder.
struct Rude {
    folder: TempDir,
    thread: Option<JoinHandle<()>>,
}

impl Rude {
    fn new(serve: impl FnOnce(&mut UnixStream, String) + Send + 'static) -> Self {
        let folder = TempDir::new().unwrap();
        let listener = UnixListener::bind(folder.path().join("s")).unwrap();
        let thread = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            let request = request(&mut stream);
            serve(&mut stream, request);
        });
        Self { folder, thread: Some(thread) }
    }

    fn ask(&self) -> Result<Outcome, Failure> {
        ask(&self.folder.path().join("s"))
    }
}

impl Drop for Rude {
    fn drop(&mut self) {
        let _ = self.thread.take().unwrap().join();
    }
}

fn ask(path: &Path) -> Result<Outcome, Failure> {
    SocketAuthenticator::new(path, Duration::from_millis(400), &subject()).begin()
}

fn request(stream: &mut UnixStream) -> String {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"}") && stream.read(&mut byte).unwrap_or(0) == 1 {
        request.push(byte[0]);
    }
    String::from_utf8(request).unwrap()
}

fn nonce_of(request: &str) -> &str {
    request.split_once(r#""nonce":""#).unwrap().1.split_once('"').unwrap().0
}

fn granted(version: u32, nonce: &str, user: &str) -> String {
    let body = format!(r#"{{"version":{version},"nonce":"{nonce}","user":"{user}","outcome":"granted"}}"#);
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// How long it took, and why there was no yes.
fn timed(rude: &Rude) -> (Duration, Reason) {
    #[expect(clippy::disallowed_methods, reason = "the test measures the deadline")]
    let start = Instant::now();
    let reason = rude.ask().unwrap_err().reason;
    (start.elapsed(), reason)
}

#[test]
fn an_answer_to_the_question_counts() {
    let rude = Rude::new(|stream, request| {
        assert!(request.starts_with("POST /v1/begin HTTP/1.1\r\n"), "{request}");
        stream.write_all(granted(1, nonce_of(&request), "alice").as_bytes()).unwrap();
    });
    assert_eq!(rude.ask().unwrap(), Outcome::Granted);
}

#[test]
fn the_code_travels_in_the_answer_only() {
    let rude = Rude::new(|stream, request| {
        assert!(request.starts_with("POST /v1/answer ") && request.contains(r#""attempt":"a1","typed":"123456""#));
        stream.write_all(granted(1, nonce_of(&request), "alice").as_bytes()).unwrap();
    });
    let (path, subject) = (rude.folder.path().join("s"), subject());
    let mut server = SocketAuthenticator::new(&path, Duration::from_secs(2), &subject);
    assert_eq!(server.answer("a1", &Secret::new("123456".into())).unwrap(), Outcome::Granted);
}

#[test]
fn p38_no_answer_ends_at_the_deadline() {
    let (took, reason) = timed(&Rude::new(|stream, _| {
        let _ = stream.read(&mut [0]);
    }));
    assert_eq!(reason, Reason::NoAnswer);
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn p38_a_byte_at_a_time_does_not_stretch_the_deadline() {
    let (took, reason) = timed(&Rude::new(|stream, request| {
        for byte in granted(1, nonce_of(&request), "alice").bytes() {
            if stream.write_all(&[byte]).is_err() {
                break;
            }
            // A read that gets nothing is a pause.
            stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
            let _ = stream.read(&mut [0]);
        }
    }));
    assert_eq!(reason, Reason::NoAnswer);
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn p38_ten_megabytes_are_not_read() {
    for head in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n", ""] {
        let rude = Rude::new(move |stream, _| {
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&vec![b'x'; 10_000_000]));
        });
        assert_eq!(rude.ask().unwrap_err().reason, Reason::BadAnswer);
    }
}

#[test]
fn p38_a_yes_to_another_question_is_none() {
    let old = "0".repeat(32);
    for (version, nonce, user, expected) in [
        (1, old.as_str(), "alice", Reason::BadAnswer),
        (1, "", "alice", Reason::BadAnswer),
        (1, "its own", "bob", Reason::BadAnswer),
        (1, "its own", "Alice", Reason::BadAnswer),
        (2, "its own", "alice", Reason::Version),
    ] {
        let (nonce, user) = (nonce.to_owned(), user.to_owned());
        let rude = Rude::new(move |stream, request| {
            let nonce = if nonce == "its own" { nonce_of(&request).to_owned() } else { nonce };
            stream.write_all(granted(version, &nonce, &user).as_bytes()).unwrap();
        });
        assert_eq!(rude.ask().unwrap_err().reason, expected);
    }
}

#[test]
fn p38_garbage_a_redirect_and_an_early_end_are_no_answers() {
    for (answer, expected) in [
        ("\x00\x01\x02\r\n\r\n", Reason::BadAnswer),
        ("HTTP/1.1 302 Found\r\nLocation: /v1/yes\r\nContent-Length: 0\r\n\r\n", Reason::BadAnswer),
        ("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", Reason::Busy),
        ("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{", Reason::NoAnswer),
        ("", Reason::NoAnswer),
    ] {
        let rude = Rude::new(move |stream, _| stream.write_all(answer.as_bytes()).unwrap());
        assert_eq!(rude.ask().unwrap_err().reason, expected, "{answer:?}");
    }
}

#[test]
fn p29_nobody_there_is_no_answer() {
    let folder = TempDir::new().unwrap();
    assert_eq!(ask(&folder.path().join("s")).unwrap_err().reason, Reason::NoAnswer);
    drop(UnixListener::bind(folder.path().join("s")).unwrap());
    assert_eq!(ask(&folder.path().join("s")).unwrap_err().reason, Reason::NoAnswer);
}

#[test]
fn a_nonce_is_never_the_same() {
    let (one, other) = (nonce().unwrap(), nonce().unwrap());
    assert_eq!(one.len(), twolatch_core::wire::NONCE_LENGTH);
    assert_ne!(one, other);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn p38_whatever_is_sent_is_no_yes(answer in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let rude = Rude::new(move |stream, _| {
            let _ = stream.write_all(&answer);
        });
        prop_assert!(rude.ask().is_err());
    }
}
