//! What a web app does once people can sign in: it gets answers in forms, goes on without them, signs them out, and hears of
//! it when they do that elsewhere.

use std::path::Path;

use serde_json::json;

use super::{CHROMIUM, PASSWORD, drive, ready, screenshots};
use crate::support::database::Engine;
use crate::support::server::Server;
use crate::support::{free_port, totp};

use super::apache::Apache;

#[test]
fn mod_auth_openidc_gets_forms_refreshes_and_signs_out_both_ways() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/browser");
    let Some(()) = ready(&folder) else { return };
    let sockets = tempfile::tempdir().unwrap();
    let mut server = Server::init(Engine::Sqlite, sockets.path()).expect("SQLite is always there");
    let port = free_port();
    let app = format!("http://127.0.0.1:{port}");
    let callback = format!("{app}/app/callback");
    let told = format!("{callback}?logout=backchannel");
    let (after, uri) = (format!("{app}/bye.html"), callback.as_str());
    let line = ["client", "add", "--name", "The Wiki", "--redirect-uri", uri, "--post-logout-redirect-uri", &after];
    let client = server.json(&[&line[..], &["--backchannel-logout-uri", &told]].concat());
    let secret = totp::new_secret();
    for name in ["alice", "bob"] {
        server.run(&["user", "add", name], "");
        server.run(&["factor", "add-totp", name, "--secret-stdin"], &secret);
        server.run(&["user", "set", name, "--password-stdin", "--keep"], PASSWORD);
    }
    server.start();
    let asked = "OIDCScope \"openid profile offline_access\"\nOIDCResponseMode form_post\n\
                 OIDCInfoHook userinfo access_token refresh_token\n";
    let apache = Apache::start(port, &server.issuer(), &client, asked);
    let given = json!({
        "chromium": CHROMIUM,
        "issuer": server.issuer(),
        "secret": secret,
        "app": format!("{app}/app/"),
        "after": after,
        "screenshots": screenshots(),
    });
    drive(&folder, "apps.mjs", &given).unwrap_or_else(|said| panic!("{said}\n{}\n{}", apache.log(), server.log()));
    let log = server.log();
    assert!(log.contains("logout_told"), "{log}");
    for hidden in [PASSWORD, secret.as_str(), "logout_token"] {
        assert!(!log.contains(hidden), "the log holds a secret");
    }
}

#[test]
fn mod_auth_openidc_asks_for_a_second_factor_where_a_page_needs_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/browser");
    let Some(()) = ready(&folder) else { return };
    let sockets = tempfile::tempdir().unwrap();
    let mut server = Server::init(Engine::Sqlite, sockets.path()).expect("SQLite is always there");
    let port = free_port();
    let app = format!("http://127.0.0.1:{port}/app/");
    let client = server.json(&["client", "add", "--name", "The Wiki", "--redirect-uri", &format!("{app}callback")]);
    let secret = totp::new_secret();
    server.run(&["user", "add", "bob"], "");
    server.run(&["factor", "add-totp", "bob", "--secret-stdin"], &secret);
    server.run(&["user", "set", "bob", "--password-stdin", "--keep"], PASSWORD);
    server.run(&["policy", "set", "off"], "");
    server.start();
    let asked = "OIDCScope \"openid profile\"\nOIDCUnAutzAction auth\n\
                 <Location /app/high>\nAuthType openid-connect\nRequire claim acr:urn:twolatch:acr:3\n\
                 OIDCPathAuthRequestParams acr_values=urn:twolatch:acr:3\n</Location>\n";
    let apache = Apache::start(port, &server.issuer(), &client, asked);
    let given = json!({
        "chromium": CHROMIUM,
        "issuer": server.issuer(),
        "secret": secret,
        "app": app,
        "high": format!("{app}high/"),
        "screenshots": screenshots(),
    });
    drive(&folder, "apps.mjs", &given).unwrap_or_else(|said| panic!("{said}\n{}\n{}", apache.log(), server.log()));
}
