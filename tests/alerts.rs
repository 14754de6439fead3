//! Alerts, from the real server to a real mail server and a real listener.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::{fs, thread};

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use serde_json::Value;

use crate::mail::smtp::{PYTHON, Post};
use crate::support::database::Engine;
use crate::support::free_port;
use crate::support::person::Person;
use crate::support::server::{Process, Server};
use crate::support::wait::until;

const SECRET: &str = "a secret of more than 16 characters";

/// One request as it came.
#[derive(Debug, Clone)]
struct Received {
    start: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Received {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    fn alert(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Whether the signature is that of who knows the secret.
    fn is_signed(&self) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let text = format!("{}.{}", self.header("twolatch-timestamp"), self.body);
        let signature = self.header("twolatch-signature").strip_prefix("v1=").unwrap();
        hmac::verify(&key, text.as_bytes(), &HEXLOWER.decode(signature.as_bytes()).unwrap()).is_ok()
    }
}

/// Takes requests, and answers each with the next of these lines, the last one from then on.
struct Hook {
    port: u16,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Hook {
    fn open(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let (kept, answers) = (Arc::clone(&received), answers.iter().map(|&one| one.to_owned()).collect::<Vec<_>>());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(request) = read(&stream) else { continue };
                let number = { kept.lock().unwrap().len() };
                let answer = answers.get(number).or(answers.last()).unwrap();
                kept.lock().unwrap().push(request);
                let _ = write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
            }
        });
        Self { port, received }
    }

    fn wait_for(&self, count: usize) -> Vec<Received> {
        until("the alerts", || Some(self.received()).filter(|all| all.len() >= count))
    }

    fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Option<Received> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let headers: Vec<(String, String)> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned())))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").unwrap().1.parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Received { start: lines[0].clone(), headers, body: String::from_utf8(body).unwrap() })
}

/// A server that alerts, with what stands behind the section.
fn server(engine: Engine, sockets: &Path, more: &str) -> Option<Server> {
    let server = Server::init(engine, sockets)?;
    let mut config = fs::read_to_string(server.config_path()).unwrap();
    config += more;
    fs::write(server.config_path(), config).unwrap();
    Some(server)
}

fn to_hook(hook: &Hook) -> String {
    let secret = format!("webhook_secret = \"{SECRET}\"");
    format!(
        "\n[alerts]\nwebhook = \"http://127.0.0.1:{}/in?token=x\"\n{secret}\nevents = [\"factors_reset\", \"user_deleted\"]\n",
        hook.port
    )
}

fn posts_once(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    // What is not taken comes again, and no redirect is followed.
    let hook = Hook::open(&["500 Oops", "302 Found\r\nLocation: http://127.0.0.1:1/", "204 No Content"]);
    let Some(mut first) = server(engine, folder.path(), &to_hook(&hook)) else { return };
    let mut second = (engine == Engine::Postgres).then(|| first.beside(folder.path()));
    first.run(&["user", "add", "alice"], "");
    first.run(&["user", "add", "bob"], "");
    first.start();
    if let Some(second) = &mut second {
        second.start();
    }
    until("the first look", || first.log().contains("alerts begin").then_some(()).or(second_begins(second.as_ref())));
    first.run(&["factor", "reset", "alice"], "");
    let all = hook.wait_for(3);
    for request in &all {
        assert_eq!(request.start, "POST /in?token=x HTTP/1.1");
        assert_eq!(request.header("content-type"), "application/json");
        assert!(request.is_signed(), "{request:?}");
        let alert = request.alert();
        assert_eq!((&alert["event"], &alert["person"]), (&"factors_reset".into(), &"alice".into()), "{alert}");
        assert_eq!(alert["id"], all[0].alert()["id"]);
    }
    assert!(
        first.log().contains("alert_deferred")
            || second.as_ref().is_some_and(|one| one.log().contains("alert_deferred"))
    );
    for log in [Some(first.log()), second.as_ref().map(Server::log)].into_iter().flatten() {
        assert!(!log.contains("token=x") && !log.contains(SECRET), "{log}");
    }

    // What happens while no server runs is told when one does.
    first.stop();
    if let Some(second) = &mut second {
        second.stop();
    }
    first.run(&["user", "delete", "alice"], "");
    first.start();
    let last = hook.wait_for(4).pop().unwrap().alert();
    assert_eq!(last["event"], "user_deleted");
    first.stop();
    first.run(&["factor", "reset", "bob"], "");
    first.start();
    hook.wait_for(5);
    first.stop();
    assert_eq!(hook.received().len(), 5, "nothing is told twice");
}

/// One of two servers is the first to look.
fn second_begins(second: Option<&Server>) -> Option<()> {
    second?.log().contains("alerts begin").then_some(())
}

#[test]
fn alerts_are_posted_signed_until_they_are_taken_and_once_sqlite() {
    posts_once(Engine::Sqlite);
}

#[test]
fn alerts_are_posted_signed_until_they_are_taken_and_once_postgres() {
    posts_once(Engine::Postgres);
}

#[test]
fn wrong_codes_behind_a_right_password_are_mailed() {
    let folder = tempfile::tempdir().unwrap();
    let Some(post) = Post::new(folder.path()) else { return };
    let _running = post.open("good", &[]);
    let section = format!(
        "\n[mail]\nfrom = \"Twolatch <id@example.org>\"\nurl = \"smtp://127.0.0.1:{}?tls=none\"\n\
         [alerts]\nmail = [\"security@example.org\"]\nwrong_codes_per_person = 3\nwrong_codes_in_all = 4\n",
        post.port
    );
    let Some(mut server) = server(Engine::Sqlite, folder.path(), &section) else { return };
    server.start();
    until("the first look", || server.log().contains("alerts begin").then_some(()));
    let person = Person::add(&server, "alice".to_owned());
    let code = person.wrong_code();
    for _ in 0..4 {
        assert_eq!(person.log_in(&server, &code), "wrong");
    }
    let mail = post.wait_for(1).remove(0).replace("=\r\n", "");
    assert!(mail.starts_with("For: security@example.org\n"), "{mail}");
    assert!(mail.contains("4 wrong codes of alice within an hour"), "{mail}");
    assert!(mail.contains("4 wrong codes of all people within an hour"), "{mail}");
    assert!(!mail.contains(&code), "{mail}");
    server.stop();
}

/// An HTTPS server: certificate, key, the file that bodies go to, port.
const RECEIVER: &str = r#"
import http.server, ssl, sys
class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        with open(sys.argv[3], "ab") as out:
            out.write(self.rfile.read(int(self.headers["content-length"])) + b"\n")
        self.send_response(204)
        self.end_headers()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[4])), Receiver)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"#;

#[test]
fn alerts_go_to_nobody_whose_certificate_is_not_of_the_named_authority() {
    let folder = tempfile::tempdir().unwrap();
    let (Some(post), Some(other)) = (Post::new(folder.path()), Post::new(&folder.path().join("other"))) else { return };
    post.certify("IP:127.0.0.1");
    other.certify("IP:127.0.0.1");
    let (taken, port) = (post.path("alerts"), free_port());
    let mut receiver = Command::new(PYTHON);
    receiver.args(["-c", RECEIVER]).arg(post.path("cert.pem")).arg(post.path("key.pem")).arg(&taken);
    receiver.arg(port.to_string()).stderr(Stdio::null());
    let _running = Process(receiver.spawn().unwrap());
    let section = |ca: &Path| {
        let events = "events = [\"factors_reset\"]";
        format!(
            "\n[alerts]\nwebhook = \"https://127.0.0.1:{port}/hidden\"\nwebhook_ca = {ca:?}\n\
             webhook_secret = \"{SECRET}\"\n{events}\n"
        )
    };
    let (right, wrong) = (section(&post.path("ca.pem")), section(&other.path("ca.pem")));
    let Some(mut server) = server(Engine::Sqlite, folder.path(), &wrong) else { return };
    server.run(&["user", "add", "alice"], "");
    server.start();
    until("the first look", || server.log().contains("alerts begin").then_some(()));
    server.run(&["factor", "reset", "alice"], "");
    until("a refusal", || server.log().contains("alerts.webhook: no connection: ").then_some(()));
    server.stop();
    assert!(!taken.exists() && !server.log().contains("hidden"), "{}", server.log());

    let config = fs::read_to_string(server.config_path()).unwrap();
    fs::write(server.config_path(), config.replace(&wrong, &right)).unwrap();
    server.start();
    let body = until("the alert", || fs::read_to_string(&taken).ok().filter(|text| text.ends_with('\n')));
    assert_eq!(serde_json::from_str::<Value>(body.trim()).unwrap()["event"], "factors_reset");
    server.stop();
}
