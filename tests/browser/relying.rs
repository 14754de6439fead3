//! Real relying parties of other people's making, each against the real server: what they check is what counts.

use std::fs;
use std::path::Path;

use axum::Router;
use axum::routing::get;
use data_encoding::BASE64;
use serde_json::{Value, json};
use twolatch_core::client::SigningAlg;

use super::{CHROMIUM, PASSWORD, drive, ready, screenshots};
use crate::oidc_logo::mark;
use crate::support::certificate::serve_as_localhost;
use crate::support::database::Engine;
use crate::support::server::Server;
use crate::support::signer::Signer;
use crate::support::{free_port, totp};

#[test]
fn openid_client_proves_itself_asks_and_holds_tokens_in_every_way_that_it_knows() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/browser");
    let Some(()) = ready(&folder) else { return };
    let sockets = tempfile::tempdir().unwrap();
    let mut server = Server::init(Engine::Sqlite, sockets.path()).expect("SQLite is always there");
    let callback = format!("http://127.0.0.1:{}/callback", free_port());
    let secret = person(&server);
    let with = |line: &str, key: Option<SigningAlg>| registered(&server, sockets.path(), &callback, line, key);
    let signed = "--auth-method private_key_jwt";
    let fapi = format!("{signed} --alg PS256 --require fapi");
    let strict = format!("{signed} --alg EdDSA --require signed_request --userinfo-alg ES256 --access-token jwt");
    let clients = [
        with("", None),
        with("--auth-method client_secret_post --alg ES256 --access-token jwt", None),
        also(with("--public --alg EdDSA --require dpop", None), &json!({ "dpop": "ES256" })),
        also(with(&fapi, Some(SigningAlg::Ps256)), &json!({ "dpop": "ES256", "par": true, "keeps": true })),
        also(with(&strict, Some(SigningAlg::EdDsa)), &json!({ "jar": true, "userinfoAlg": "ES256" })),
        also(with(&format!("{signed} --require par"), Some(SigningAlg::Es256)), &json!({ "par": true })),
    ];
    let machine = with(&format!("{signed} --grant client_credentials --scope jobs:read"), Some(SigningAlg::Es256));
    let device = with("--public --grant device_code refresh_token", None);
    let logo = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let routes = Router::new().route("/logo.png", get(|| async { mark(200) }));
    let (logo_at, _stopper) = runtime.block_on(serve_as_localhost(logo.path(), routes));
    let ca = logo.path().join("ca.pem");
    let lines = format!("registration = true\nca = {ca:?}\nfetch_from = [\"127.0.0.0/8\", \"::1/128\"]");
    server.configure("clients", &lines);
    let initial = server.json(&["client", "initial-token", "add", "--note", "A team"]);
    server.start();
    let given = json!({
        "chromium": CHROMIUM,
        "issuer": server.issuer(),
        "initial": initial["initial_access_token"],
        "logo": format!("{logo_at}/logo.png"),
        "secret": secret,
        "callback": callback,
        "device": device,
        "clients": clients,
        "machine": machine,
        "screenshots": screenshots(),
    });
    drive(&folder, "relying.mjs", &given).unwrap_or_else(|said| panic!("{said}\n{}", server.log()));
}

#[test]
fn oidc_client_ts_signs_in_goes_on_silently_and_signs_out_in_an_app_in_the_browser() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/browser");
    let Some(()) = ready(&folder) else { return };
    let sockets = tempfile::tempdir().unwrap();
    let mut server = Server::init(Engine::Sqlite, sockets.path()).expect("SQLite is always there");
    let app = format!("http://127.0.0.1:{}/", free_port());
    let (back, silent) = (format!("{app}back"), format!("{app}silent"));
    let secret = person(&server);
    let line = ["client", "add", "--name", "The app", "--public", "--post-logout-redirect-uri", &app];
    let line = [&line[..], &["--redirect-uri", &back, &silent]].concat();
    let clients = [server.json(&line), server.json(&[&line[..], &["--alg", "ES256", "--require", "dpop"]].concat())];
    server.start();
    let client = |index: usize, dpop: bool| json!({ "id": clients[index]["client_id"], "dpop": dpop });
    let given = json!({
        "chromium": CHROMIUM,
        "issuer": server.issuer(),
        "secret": secret,
        "app": app,
        "clients": [client(0, false), client(1, true)],
        "screenshots": screenshots(),
    });
    drive(&folder, "spa.mjs", &given).unwrap_or_else(|said| panic!("{said}\n{}", server.log()));
}

/// Somebody with a password and an authenticator, whose secret this is.
pub(crate) fn person(server: &Server) -> String {
    let secret = totp::new_secret();
    server.run(&["user", "add", "alice", "--email", "alice@example.org"], "");
    server.run(&["factor", "add-totp", "alice", "--secret-stdin"], &secret);
    server.run(&["user", "set", "alice", "--password-stdin", "--keep"], PASSWORD);
    secret
}

/// A client that is registered by this line, as the relying party needs to know it.
pub(crate) fn registered(server: &Server, folder: &Path, callback: &str, line: &str, key: Option<SigningAlg>) -> Value {
    let signer = key.map(Signer::new);
    let mut words = vec!["client", "add", "--name", "An app", "--redirect-uri", callback];
    words.extend(line.split_whitespace());
    let file = folder.join("keys.json");
    if let Some(signer) = &signer {
        fs::write(&file, json!({ "keys": [signer.jwk()] }).to_string()).unwrap();
        words.extend(["--jwks", file.to_str().unwrap()]);
    }
    let client = server.json(&words);
    json!({
        "name": line,
        "id": client["client_id"],
        "secret": client["client_secret"],
        "method": client["auth_method"],
        "alg": client["alg"],
        "jwt": client["access_token"] == "jwt",
        "keyAlg": key,
        "key": signer.map(|signer| BASE64.encode(&signer.private())),
    })
}

fn also(mut client: Value, more: &Value) -> Value {
    client.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    client
}
