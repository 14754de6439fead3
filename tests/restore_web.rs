//! T-17 on the web: tokens, codes of sign-ins and remembered browsers from before a restore are worth nothing behind it,
//! whether the backup has them or not.

use axum::http::StatusCode;
use reqwest::blocking::Client;
use serde_json::Value;

use crate::support::database::Engine;
use crate::support::on_both_databases;
use crate::support::person::Person;
use crate::support::server::Server;
use crate::support::site::{PASSWORD, encode};
use crate::support::visitor::Visitor;

on_both_databases!(t17_what_browsers_and_applications_hold_ends_with_a_restore);

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Where the application is answered.
const BACK: &str = "http://127.0.0.1:1/back";

/// The code that an application is sent for somebody who is signed in.
fn code(browser: &mut Visitor) -> String {
    let asked = encode([
        ("client_id", "shop"),
        ("response_type", "code"),
        ("redirect_uri", BACK),
        ("scope", "openid"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    let answer = browser.get(&format!("/authorize?{asked}"));
    let back = answer.location().unwrap_or_else(|| panic!("{answer:?}"));
    let query = back.split_once('?').unwrap_or_else(|| panic!("{back}")).1;
    query.split('&').find_map(|pair| pair.strip_prefix("code=")).unwrap_or_else(|| panic!("{back}")).to_owned()
}

/// The access token for a code; nothing where there is none.
fn token(client: &Client, server: &Server, code: &str) -> Option<String> {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", "shop"),
        ("code", code),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ];
    let request = client.post(format!("{}/token", server.issuer())).body(encode(fields));
    let answer = request.header("content-type", "application/x-www-form-urlencoded").send().unwrap();
    let answer: Value = answer.json().unwrap();
    answer["access_token"].as_str().map(str::to_owned)
}

fn is_good(client: &Client, server: &Server, token: &str) -> bool {
    let answer = client.get(format!("{}/userinfo", server.issuer())).bearer_auth(token).send().unwrap();
    answer.status() == StatusCode::OK
}

fn t17_what_browsers_and_applications_hold_ends_with_a_restore(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut server) = Server::init(engine, folder.path()) else { return };
    server.start();
    let alice = Person::add(&server, "alice".to_owned());
    server.run(&["user", "set", "alice", "--password-stdin", "--keep"], &format!("{PASSWORD}\n"));
    server.run(&["client", "add", "--name", "Shop", "--id", "shop", "--redirect-uri", BACK, "--public"], "");
    let client = Visitor::client();
    let mut browser = Visitor::new(&client, &server);
    let page = browser.reach_code("alice");
    browser.post(&page, &[("code", &alice.right_code()), ("remember", "yes")]);
    assert!(browser.has_session());
    let sign_in = |browser: &mut Visitor| {
        let page = browser.get("/login");
        browser.post(&page, &[("username", "alice"), ("password", PASSWORD)]).location()
    };
    let remembered = |browser: &mut Visitor| sign_in(browser).as_deref() != Some("/login/code");

    let before = (token(&client, &server, &code(&mut browser)).expect("a token"), code(&mut browser));
    let file = folder.path().join("backup");
    server.run(&["backup", file.to_str().unwrap()], "");
    let since = (token(&client, &server, &code(&mut browser)).expect("a token"), code(&mut browser));
    assert!(is_good(&client, &server, &before.0) && is_good(&client, &server, &since.0));
    browser.forget("twolatch_session");
    assert!(remembered(&mut browser), "the browser is asked for its password only");

    server.run(&["restore", file.to_str().unwrap(), "--replace"], "");
    for (access, unused) in [before, since] {
        assert!(!is_good(&client, &server, &access));
        assert_eq!(token(&client, &server, &unused), None);
    }
    assert_eq!(browser.get("/account").location().as_deref(), Some("/login"));
    assert!(!remembered(&mut browser), "it is asked for a code");
    server.stop();
}
