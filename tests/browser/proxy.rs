//! An application that knows nothing of OpenID Connect, behind real proxies with the recipes of `packaging/proxy`, and a real
//! browser before them. The clicking is done by `proxy.mjs`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use serde_json::json;
use tempfile::TempDir;

use super::{CHROMIUM, PASSWORD, drive, ready, screenshots};
use crate::support::database::Engine;
use crate::support::server::{Process, Server};
use crate::support::wait::{PATIENCE, try_until};
use crate::support::{free_port, run, skip, totp};

const NGINX: &str = "/usr/sbin/nginx";
const CADDY: &str = "/usr/bin/caddy";

/// Browsers take every name below `localhost` for this machine.
const NAME: &str = "app.localhost";

/// What is in front of the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nginx,
    Caddy,
}

#[test]
fn people_sign_in_to_a_forward_application_behind_nginx() {
    signs_in_behind(Kind::Nginx);
}

#[test]
fn people_sign_in_to_a_forward_application_behind_caddy() {
    signs_in_behind(Kind::Caddy);
}

fn signs_in_behind(kind: Kind) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/browser");
    let Some(()) = ready(&folder) else { return };
    let (name, program) = if kind == Kind::Nginx { ("nginx", NGINX) } else { ("caddy", CADDY) };
    if !Path::new(program).exists() {
        return skip(&format!("browser: there is no {program}"));
    }
    let sockets = tempfile::tempdir().unwrap();
    let mut server = Server::init(Engine::Sqlite, sockets.path()).expect("SQLite is always there");
    let (port, app) = (free_port(), application());
    let host = format!("{NAME}:{port}");
    server
        .run(&["client", "add", "--name", "The Wiki", "--id", "wiki", "--forward-host", &host, "--group", "staff"], "");
    let secret = totp::new_secret();
    for name in ["alice", "bob", "carol"] {
        server.run(&["user", "add", name], "");
        server.run(&["factor", "add-totp", name, "--secret-stdin"], &secret);
        server.run(&["user", "set", name, "--password-stdin", "--keep"], PASSWORD);
        if name != "carol" {
            server.run(&["user", "set", name, "--group", "staff"], "");
        }
    }
    let config = fs::read_to_string(server.config_path()).unwrap();
    let config = config.replace("trusted_proxies = []\n", "");
    fs::write(server.config_path(), format!("trusted_proxies = [\"127.0.0.1\"]\n{config}")).unwrap();
    server.start();
    let proxy = Proxy::start(kind, port, app, server.issuer().strip_prefix("http://").unwrap());

    let command = server.command(&[]);
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let given = json!({
        "chromium": CHROMIUM,
        "issuer": server.issuer(),
        "secret": secret,
        "app": format!("https://{host}"),
        "proxy": name,
        "twolatch": words.map(|word| word.to_str().unwrap()).collect::<Vec<_>>(),
        "screenshots": screenshots(),
    });
    drive(&folder, "proxy.mjs", &given).unwrap_or_else(|said| panic!("{said}\n{}\n{}", proxy.log(), server.log()));
    for hidden in [PASSWORD, secret.as_str(), "ticket="] {
        assert!(!server.log().contains(hidden), "the log holds a secret");
    }
}

/// An application that shows what it was sent.
fn application() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || drop(stream.and_then(|stream| show(&stream))));
        }
    });
    port
}

fn show(mut stream: &TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next().unwrap_or_default();
    let all: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    // Escaped as little as a text in a page needs it.
    let told = [vec![first], all].concat().join("\n").replace('&', "&amp;").replace('<', "&lt;");
    let page = format!("<!doctype html><html lang=en><title>The app</title><h1>The app</h1><pre>{told}</pre>");
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        page.len()
    )
}

/// A proxy with its recipe.
struct Proxy {
    _process: Process,
    folder: TempDir,
}

impl Proxy {
    fn start(kind: Kind, port: u16, app: u16, twolatch: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("twolatch-proxy.").tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let (cert, key) = (path("cert.pem"), path("key.pem"));
        let subject = format!("/CN={NAME}");
        let words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", &subject];
        let name = format!("subjectAltName=DNS:{NAME}");
        run("openssl", &[&words[..], &["-addext", &name, "-keyout", &key, "-out", &cert]].concat(), "");
        let app = format!("127.0.0.1:{app}");
        let common = [("127.0.0.1:3000", app.as_str()), ("127.0.0.1:8080", twolatch)];
        let (config, mut command) = match kind {
            Kind::Nginx => {
                let (listen, root) = (format!("listen 127.0.0.1:{port} ssl;"), folder.path().display());
                let (host, told) = (format!("Host {NAME}:{port};"), format!("X-Forwarded-Host {NAME}:{port};"));
                let own = [
                    ("listen 443 ssl;", listen.as_str()),
                    ("server_name app.example.org;", "server_name app.localhost;"),
                    ("X-Forwarded-Host app.example.org;", &told),
                    ("Host app.example.org;", &host),
                    ("/etc/ssl/certs/app.example.org.pem", &cert),
                    ("/etc/ssl/private/app.example.org.key", &key),
                ];
                let recipe = recipe("nginx.conf", &[&own[..], &common].concat());
                let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                    .map(|kind| format!("{kind}_temp_path {root}/{kind};\n"))
                    .concat();
                let around = format!(
                    "daemon off;\npid {root}/pid;\nerror_log {root}/log info;\nevents {{}}\nhttp {{\n\
                     access_log {root}/access;\n{paths}{recipe}\n}}\n"
                );
                let mut command = Command::new(NGINX);
                command.args(["-c", &path("config"), "-p", &path("."), "-e", &path("log")]);
                (around, command)
            }
            Kind::Caddy => {
                let site = format!("{NAME}:{port} {{\n\ttls {cert} {key}\n\tbind 127.0.0.1\n");
                let recipe = recipe("Caddyfile", &[&[("app.example.org {\n", site.as_str())][..], &common].concat());
                let around = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n";
                let mut command = Command::new(CADDY);
                command.args(["run", "--adapter", "caddyfile", "--config", &path("config")]);
                command.env("HOME", folder.path()).env("XDG_DATA_HOME", folder.path());
                (format!("{around}{recipe}"), command)
            }
        };
        fs::write(path("config"), config).unwrap();
        let log = fs::File::options().append(true).create(true).open(path("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let process = Process(command.spawn().unwrap());
        let proxy = Self { _process: process, folder };
        let listens = try_until(PATIENCE, || TcpStream::connect(("127.0.0.1", port)).ok());
        assert!(listens.is_some(), "the proxy does not listen:\n{}", proxy.log());
        proxy
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

/// A recipe with other addresses; each of them has to be in it.
fn recipe(name: &str, changes: &[(&str, &str)]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/proxy");
    let text = fs::read_to_string(folder.join(name)).unwrap();
    let (comment, mut text) = text.split_once("\n\n").map(|(comment, text)| (comment, text.to_owned())).unwrap();
    assert!(comment.starts_with('#'));
    for (from, to) in changes {
        assert!(text.contains(from), "{name} has no {from}");
        text = text.replace(from, to);
    }
    text
}
