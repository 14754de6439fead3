//! W-06, W-07: clients that send nothing, or slowly. They are closed in time, and somebody else is answered meanwhile.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::database::Engine;
use crate::support::server::Server;
use crate::support::wait::{Stopwatch, until};

/// Silent connections; the limit for one address is above it.
const MANY: usize = 400;

#[test]
fn w06_silent_and_slow_clients_are_closed_and_harm_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::init(Engine::Sqlite, folder.path()).unwrap();
    server.start();
    let address = server.issuer().replace("http://", "");
    let watch = Stopwatch::start();
    let mut silent: Vec<TcpStream> = (0..MANY)
        .map(|number| {
            let mut stream = TcpStream::connect(&address).unwrap();
            if number % 2 == 0 {
                stream.write_all(b"GET /login HTTP/1.1\r\nHost: x\r\nX-Slow: ").unwrap();
            }
            stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            stream
        })
        .collect();
    let asked = Stopwatch::start();
    let answer = reqwest::blocking::get(format!("{}/login", server.issuer())).unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    for stream in &mut silent {
        // An answer (408) or nothing, then the end.
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
    }
    assert!(watch.elapsed() < Duration::from_secs(15), "{:?}", watch.elapsed());
}

#[test]
fn w07_w08_what_is_not_http_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::init(Engine::Sqlite, folder.path()).unwrap();
    server.start();
    let address = server.issuer().replace("http://", "");
    let requests: [&[u8]; 7] = [
        b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
        b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: identity, chunked\r\n\r\nabcde",
        b"GET /login HTTP/1.1\r\nHost: x\r\nBad\0Header: 1\r\n\r\n",
        b"GET /login HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET /login HTTP/1.1\r\nHost: x\r\n folded: 1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"nonsense\r\n\r\n",
    ];
    for request in requests {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        stream.write_all(request).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{request:?}: {answer}");
    }
    let ready = until("an answer", || reqwest::blocking::get(format!("{}/readyz", server.issuer())).ok());
    assert_eq!(ready.status().as_u16(), 200);
}
