//! Web apps made with what Python has for them: what their users would write, against the real server.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::json;
use twolatch_core::client::SigningAlg;

use crate::browser::PASSWORD;
use crate::browser::relying::{person, registered};
use crate::support::database::Engine;
use crate::support::server::Server;
use crate::support::{free_port, setting, skip};

#[test]
fn requests_oauth2client_and_authlib_sign_somebody_in() {
    let Some(python) = setting("TWOLATCH_PYTHON") else {
        skip("no TWOLATCH_PYTHON: no web app made with requests-oauth2client or Authlib signs anybody in");
        return;
    };
    let sockets = tempfile::tempdir().unwrap();
    let mut server = Server::init(Engine::Sqlite, sockets.path()).expect("SQLite is always there");
    let callback = format!("http://127.0.0.1:{}/callback", free_port());
    let secret = person(&server);
    let with = |line: &str, key: Option<SigningAlg>| registered(&server, sockets.path(), &callback, line, key);
    let post = "--auth-method client_secret_post";
    let given = json!({
        "issuer": server.issuer(),
        "callback": callback,
        "secret": secret,
        "password": PASSWORD,
        "post": with(&format!("{post} --alg ES256"), None),
        "keyed": with("--auth-method private_key_jwt --require par", Some(SigningAlg::Es256)),
        "machine": with(&format!("{post} --grant client_credentials --scope jobs:read"), None),
        "device": with(&format!("{post} --grant device_code refresh_token"), None),
    });
    server.start();
    let mut command = Command::new(python);
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/libraries/relying.py"));
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut app = piped.spawn().unwrap();
    app.stdin.take().unwrap().write_all(given.to_string().as_bytes()).unwrap();
    let output = app.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success() && said.contains("all did"), "{said}\n{}", server.log());
}
