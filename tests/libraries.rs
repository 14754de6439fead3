//! What Python has for web apps and for those who test them, against the real server.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::json;
use twolatch_core::api_token::Scope;
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

/// Requests that fit the description of the admin API, and such that do not: whatever comes, it is answered as described.
#[test]
fn schemathesis_finds_the_admin_api_as_it_is_described() {
    let Some(python) = setting("TWOLATCH_PYTHON") else {
        skip("no TWOLATCH_PYTHON: schemathesis asks nothing of the admin API");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::init(Engine::Sqlite, folder.path()).expect("SQLite is always there");
    server.run(&["user", "add", "boss", "alice", "bob"], "");
    server.run(&["user", "set", "boss", "--role", "admin"], "");
    server.run(&["client", "add", "--name", "Wiki", "--id", "wiki", "--redirect-uri", "https://wiki.example/cb"], "");
    let scopes = Scope::ALL.map(Scope::as_str);
    let line = [&["token", "add", "--user", "boss", "--note", "schemathesis", "--scope"][..], &scopes].concat();
    let token = server.json(&line)["token"].as_str().unwrap().to_owned();
    server.start();
    let checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                  response_schema_conformance,ignored_auth";
    let mut command = Command::new(python);
    command.args(["-m", "schemathesis.cli", "run", "--checks", checks, "--phases", "examples,coverage,fuzzing"]);
    command.args(["--max-examples", "20", "--seed", "1", "--no-shrink", "--no-color", "--generation-database", "none"]);
    command.arg("--header").arg(format!("Authorization: Bearer {token}"));
    command.arg(format!("{}/api/v1/openapi.json", server.issuer())).current_dir(folder.path());
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success(), "{said}");
    assert!(!server.log().contains("panicked"), "{}", server.log());
    assert!(said.contains("generated"), "it has asked for something: {said}");
}
