//! A whole application of other people's making: `JupyterHub`, with the authenticator that it has for OpenID Connect.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use data_encoding::HEXLOWER;
use serde_json::json;

use super::{CHROMIUM, PASSWORD, drive, ready, screenshots};
use crate::support::database::Engine;
use crate::support::server::{Process, Server};
use crate::support::wait::until;
use crate::support::{free_port, setting, skip, totp};

#[test]
fn people_sign_in_to_jupyterhub_and_their_groups_say_what_they_may() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/browser");
    let Some(()) = ready(&folder) else { return };
    let Some(python) = setting("TWOLATCH_PYTHON") else {
        skip("no TWOLATCH_PYTHON: nobody signs in to JupyterHub");
        return;
    };
    let place = tempfile::tempdir().unwrap();
    let mut server = Server::init(Engine::Sqlite, place.path()).expect("SQLite is always there");
    let app = format!("http://127.0.0.1:{}", free_port());
    let callback = format!("{app}/hub/oauth_callback");
    let line = ["client", "add", "--name", "Notebooks", "--auth-method", "client_secret_post", "--redirect-uri"];
    let client = server.json(&[&line[..], &[callback.as_str()]].concat());
    let secret = totp::new_secret();
    for (name, groups) in [("alice", ["staff", "ops"].as_slice()), ("bob", &["staff"]), ("carol", &[])] {
        let groups = groups.iter().flat_map(|group| ["--group", group]);
        server.run(&["user", "add", name].into_iter().chain(groups).collect::<Vec<_>>(), "");
        server.run(&["factor", "add-totp", name, "--secret-stdin"], &secret);
        server.run(&["user", "set", name, "--password-stdin", "--keep"], PASSWORD);
    }
    server.start();
    let config = json!({
        "issuer": server.issuer(),
        "app": app,
        "hub": format!("http://127.0.0.1:{}", free_port()),
        "proxy": format!("http://127.0.0.1:{}", free_port()),
        "command": ["node", folder.join("node_modules/configurable-http-proxy/bin/configurable-http-proxy")],
        "folder": place.path(),
        "callback": callback,
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
        "key": HEXLOWER.encode(&[7; 32]),
    });
    let log = place.path().join("hub.log");
    let said = File::create(&log).unwrap();
    let mut command = Command::new(python);
    command.args(["-m", "jupyterhub", "--config"]);
    command.arg(folder.join("../libraries/jupyterhub_config.py")).env("TWOLATCH_HUB", config.to_string());
    command.current_dir(place.path()).stdin(Stdio::null()).stdout(said.try_clone().unwrap()).stderr(said);
    let _hub = Process(command.spawn().unwrap());
    let told = || std::fs::read_to_string(&log).unwrap_or_default();
    until("JupyterHub to answer", || {
        let answer = reqwest::blocking::get(format!("{app}/hub/login")).ok()?;
        answer.status().is_success().then_some(())
    });
    let given = json!({
        "chromium": CHROMIUM,
        "issuer": server.issuer(),
        "secret": secret,
        "app": app,
        "screenshots": screenshots(),
    });
    drive(&folder, "hub.mjs", &given).unwrap_or_else(|said| panic!("{said}\n{}\n{}", told(), server.log()));
}
