//! W-05 to W-08: clients that send nothing, or slowly, or what is not HTTP. They are closed in time, and somebody else is
//! answered meanwhile.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use crate::support::database::Engine;
use crate::support::run;
use crate::support::server::{Process, Server};
use crate::support::wait::{PATIENCE, Stopwatch, try_until, until};

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

/// A running server, and where it listens.
fn running() -> (Server, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::init(Engine::Sqlite, folder.path()).unwrap();
    server.start();
    let address = server.issuer().replace("http://", "");
    (server, address)
}

/// Sends this, and reads until the other side closes; how long that takes.
fn exchange(address: &str, request: &[u8]) -> (String, Duration) {
    let watch = Stopwatch::start();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // Whoever is refused early cannot send the rest.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    (String::from_utf8_lossy(&answer).into_owned(), watch.elapsed())
}

#[test]
fn w05_w07_a_body_without_end_and_a_connection_without_use_are_closed() {
    let (_server, address) = running();
    let head =
        format!("POST /login HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\n");
    let slow = format!("{head}Content-Length: 100\r\n\r\nx");
    let endless =
        format!("{head}Transfer-Encoding: chunked\r\n\r\n{}", format!("1000\r\n{}\r\n", "a".repeat(4096)).repeat(256));
    let idle = format!("GET /login HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let cases = [(slow, "HTTP/1.1 408"), (endless, "HTTP/1.1 413"), (idle, "HTTP/1.1 200")];
    let address = address.as_str();
    thread::scope(|scope| {
        for (request, status) in &cases {
            scope.spawn(move || {
                let (answer, took) = exchange(address, request.as_bytes());
                let is_closed = answer.is_empty() && !request.starts_with("GET");
                assert!(is_closed || answer.starts_with(status), "{status}: {answer}");
                assert!(took < Duration::from_secs(15), "{status}: {took:?}");
            });
        }
    });
}

#[test]
fn w08_what_is_ambiguous_is_refused_where_the_page_would_be_shown() {
    let (_server, address) = running();
    for path in ["/login", "/jwks", "/.well-known/openid-configuration"] {
        ambiguous_is_refused(&address, path);
    }
}

fn ambiguous_is_refused(address: &str, path: &str) {
    let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n");
    let (good, _) = exchange(address, format!("{head}Connection: close\r\n\r\n").as_bytes());
    assert!(good.starts_with("HTTP/1.1 200"), "{good}");
    for bad in [
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde".to_owned(),
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
        "Content-Length: 5\r\n\r\nabcde".to_owned(),
        format!("Transfer-Encoding: chunked\r\n\r\n5;{}\r\nabcde\r\n0\r\n\r\n", "x".repeat(1 << 20)),
        format!("X-Long: {}\r\n\r\n", "x".repeat(1 << 20)),
    ] {
        let (answer, _) = exchange(address, format!("{head}{bad}").as_bytes());
        let what: String = bad.chars().take(60).collect();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{what}: {answer}");
        assert!(!answer.contains("HTTP/1.1 200"), "{what}: {answer}");
    }
}

#[test]
fn w07_the_tls_listener_speaks_tls_and_waits_for_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::init(Engine::Sqlite, folder.path()).unwrap();
    let address = server.issuer().replace("http://", "");
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name).to_str().unwrap().to_owned());
    let kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"];
    let name = ["-subj", "/CN=Test", "-addext", "subjectAltName=IP:127.0.0.1"];
    run("openssl", &[&["req", "-x509", "-keyout", &key, "-out", &cert], &kind[..], &name].concat(), "");
    let config = fs::read_to_string(server.config_path()).unwrap().replace("http://127", "https://127");
    fs::write(server.config_path(), format!("{config}\n[tls]\ncert = {cert:?}\nkey = {key:?}\n")).unwrap();
    let log = fs::File::create(folder.path().join("log")).unwrap();
    let mut command = server.command(&["serve"]);
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    let _process = Process(command.spawn().unwrap());
    let said = || fs::read_to_string(folder.path().join("log")).unwrap();

    let ask = |version: &str| over_tls(&address, &cert, version);
    let good = try_until(PATIENCE, || Some(ask("-tls1_3")).filter(|output| output.status.success()));
    let answer = String::from_utf8(good.unwrap_or_else(|| panic!("no answer: {}", said())).stdout).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("<h1>Sign in</h1>"), "{answer}");
    assert!(answer.contains("__Host-twolatch_flow=") && answer.contains("; Secure"), "{answer}");
    assert!(ask("-tls1_2").stdout.starts_with(b"HTTP/1.1 200"));
    assert!(!String::from_utf8_lossy(&ask("-tls1_1").stdout).contains("HTTP/"));

    let (plain, _) = exchange(&address, format!("GET /login HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes());
    assert!(!plain.contains("HTTP/") && !plain.contains('<'), "{plain}");
    for half in [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b""] {
        let (answer, took) = exchange(&address, half);
        assert!(answer.is_empty() && took < Duration::from_secs(15), "{took:?}: {answer}");
    }
}

/// Asks for the sign-in page with a version of TLS.
fn over_tls(address: &str, cert: &str, version: &str) -> Output {
    let mut command = Command::new("openssl");
    command.args([
        "s_client",
        "-quiet",
        "-ign_eof",
        "-verify_return_error",
        version,
        "-CAfile",
        cert,
        "-connect",
        address,
    ]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let request = format!("GET /login HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let _ = child.stdin.take().unwrap().write_all(request.as_bytes());
    child.wait_with_output().unwrap()
}
