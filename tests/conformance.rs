//! `twolatch conformance config`: what it prints is what is registered then, and works; what it has not made it leaves alone.

use std::collections::BTreeMap;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::http::StatusCode;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use openidconnect::url::Url;
use serde_json::{Value, json};
use twolatch_core::time::{Clock, SystemClock};

use crate::support::database::Engine;
use crate::support::provider::{CHALLENGE, payload};
use crate::support::server::Server;
use crate::support::site::encode;
use crate::support::visitor::Visitor;

const BASE: &str = "https://suite.example/test/a/ours";

const CONFIG: [&str; 6] = ["conformance", "config", "--suite", "https://suite.example/", "--alias", "ours"];

/// A server under a policy that asks everybody for a second factor.
fn server() -> Server {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::init(Engine::Sqlite, folder.path()).unwrap();
    server.run(&["policy", "set", "required"], "");
    server
}

/// What a step of the suite's browser types into a field.
fn typed(document: &Value, field: &str) -> String {
    let commands = document["browser"][0]["tasks"][0]["commands"].as_array().unwrap();
    let step = commands.iter().find(|step| step[2] == field).unwrap_or_else(|| panic!("{document:#}"));
    assert_eq!((&step[0], &step[1]), (&json!("text"), &json!("id")));
    step[3].as_str().unwrap().to_owned()
}

/// Signs in for a request as the suite's browser does, and answers what the client is sent.
fn sign_in(server: &Server, document: &Value, query: &str) -> BTreeMap<String, String> {
    let mut visitor = Visitor::new(&Visitor::client(), server);
    let asked = visitor.get(&format!("/authorize?{query}"));
    let login = visitor.get(&asked.location().unwrap());
    for id in ["username", "current-password"] {
        assert!(login.body.contains(&format!("id=\"{id}\"")), "{login:?}");
    }
    let (name, password) = (typed(document, "username"), typed(document, "current-password"));
    let mut page = visitor.post(&login, &[("username", &name), ("password", &password)]);
    while page.location().is_some_and(|to| to.starts_with('/')) {
        page = visitor.get(&page.location().unwrap());
    }
    let back = page.location().unwrap_or_else(|| panic!("{page:?}"));
    assert!(back.starts_with(&format!("{BASE}/callback")), "{back}");
    Url::parse(&back).unwrap().query_pairs().into_owned().collect()
}

fn post(server: &Server, path: &str, authorization: Option<&str>, fields: &[(&str, &str)]) -> (StatusCode, Value) {
    let mut request = reqwest::blocking::Client::new().post(format!("{}{path}", server.issuer()));
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let body = encode(fields.iter().copied());
    let answer = request.header("content-type", "application/x-www-form-urlencoded").body(body).send().unwrap();
    (answer.status(), serde_json::from_str(&answer.text().unwrap()).unwrap())
}

/// A code flow of a client with a secret, as plan Basic begins; answers what the ID token and /userinfo say.
fn flow(server: &Server, document: &Value, key: &str) -> (Value, Value) {
    let word = |name: &str| document[key][name].as_str().unwrap().to_owned();
    let (id, secret, callback) = (word("client_id"), word("client_secret"), format!("{BASE}/callback"));
    let query = encode([
        ("client_id", id.as_str()),
        ("redirect_uri", &callback),
        ("response_type", "code"),
        ("scope", "openid profile email address phone"),
        ("nonce", "n"),
    ]);
    let sent = sign_in(server, document, &query);
    let mut fields = vec![("grant_type", "authorization_code"), ("code", &sent["code"]), ("redirect_uri", &callback)];
    let basic = format!("Basic {}", BASE64.encode(format!("{id}:{secret}").as_bytes()));
    let authorization = if key == "client_secret_post" {
        fields.extend([("client_id", id.as_str()), ("client_secret", secret.as_str())]);
        None
    } else {
        Some(basic.as_str())
    };
    let (status, tokens) = post(server, "/token", authorization, &fields);
    assert_eq!(status, StatusCode::OK, "{tokens}");
    let userinfo = reqwest::blocking::Client::new()
        .get(format!("{}/userinfo", server.issuer()))
        .bearer_auth(tokens["access_token"].as_str().unwrap())
        .send()
        .unwrap();
    (payload(tokens["id_token"].as_str().unwrap()), serde_json::from_str(&userinfo.text().unwrap()).unwrap())
}

#[test]
fn conformance_config_prints_what_the_suite_can_work_with() {
    let mut server = server();
    server.run(&["client", "add", "--name", "Wiki", "--id", "wiki", "--redirect-uri", "https://wiki.example/cb"], "");
    server.start();
    let documents = server.json(&CONFIG);
    for (name, keys) in [
        ("oidcc", &["client", "client2", "client_secret_post"] as &[&str]),
        ("backchannel", &["client"]),
        ("fapi2", &["client", "client2"]),
    ] {
        let document = &documents[name];
        assert_eq!(document["alias"], "ours", "{documents:#}");
        let discovery = document["server"]["discoveryUrl"].as_str().unwrap();
        let told: Value = serde_json::from_str(&reqwest::blocking::get(discovery).unwrap().text().unwrap()).unwrap();
        assert_eq!(told["issuer"], server.issuer());
        for key in keys {
            let id = document[key]["client_id"].as_str().unwrap();
            let client = server.json(&["client", "show", id]);
            let post_logout = json!([format!("{BASE}/post_logout_redirect")]);
            assert_eq!(client["redirect_uris"][0], format!("{BASE}/callback"));
            assert_eq!(client["post_logout_redirect_uris"], post_logout);
            let told = (name == "backchannel").then(|| json!(format!("{BASE}/backchannel_logout")));
            assert_eq!(client["backchannel_logout_uri"], told.unwrap_or_default(), "{id}");
        }
    }
    let oidcc = &documents["oidcc"];
    for (document, key) in
        [(oidcc, "client"), (oidcc, "client2"), (oidcc, "client_secret_post"), (&documents["backchannel"], "client")]
    {
        let (id, told) = flow(&server, document, key);
        assert_eq!((&id["sub"], &id["acr"]), (&told["sub"], &json!("urn:twolatch:acr:1")), "one factor");
        for claim in ["name", "birthdate", "picture", "updated_at", "email", "phone_number"] {
            assert!(!told[claim].is_null(), "{claim}: {told}");
        }
        assert!(told["address"].is_object() && told["email_verified"] == true && told["phone_number_verified"] == true);
    }
    // Nowhere else is the person spared.
    let mut visitor = Visitor::new(&Visitor::client(), &server);
    let login = visitor.get("/login");
    let (name, password) = (typed(oidcc, "username"), typed(oidcc, "current-password"));
    visitor.post(&login, &[("username", &name), ("password", &password)]);
    assert!(!visitor.has_session());
}

/// An assertion with the private key that a client of the suite was given (RFC 7523).
fn assertion(server: &Server, client: &Value, jti: &str) -> String {
    let key = &client["jwks"]["keys"][0];
    let bytes = |name: &str| BASE64URL_NOPAD.decode(key[name].as_str().unwrap().as_bytes()).unwrap();
    let public = [vec![4], bytes("x"), bytes("y")].concat();
    let alg = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pair = EcdsaKeyPair::from_private_key_and_public_key(alg, &bytes("d"), &public).unwrap();
    let id = &client["client_id"];
    let now = SystemClock.now().unix();
    let claims = json!({ "iss": id, "sub": id, "aud": server.issuer(), "jti": jti, "iat": now, "exp": now + 60 });
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let message = format!("{}.{}", part(&json!({ "alg": "ES256", "kid": key["kid"] })), part(&claims));
    let signature = pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    format!("{message}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
}

#[test]
fn conformance_config_gives_the_fapi_clients_keys_that_work() {
    let mut server = server();
    server.start();
    let document = server.json(&CONFIG)["fapi2"].clone();
    assert_eq!(document["resource"]["resourceUrl"], format!("{}/userinfo", server.issuer()));
    for (key, callback) in [("client", "/callback"), ("client2", "/callback?dummy1=lorem&dummy2=ipsum")] {
        let (client, callback) = (&document[key], format!("{BASE}{callback}"));
        let id = client["client_id"].as_str().unwrap();
        let assertion = assertion(&server, client, key);
        let fields = [
            ("client_assertion", assertion.as_str()),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_id", id),
            ("redirect_uri", &callback),
            ("response_type", "code"),
            ("scope", client["scope"].as_str().unwrap()),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let (status, pushed) = post(&server, "/par", None, &fields);
        assert_eq!(status, StatusCode::CREATED, "{pushed}");
        let query = encode([("client_id", id), ("request_uri", pushed["request_uri"].as_str().unwrap())]);
        assert!(sign_in(&server, &document, &query).contains_key("code"));
    }
}

#[test]
fn conformance_config_replaces_what_it_has_made_and_nothing_else() {
    let mut server = server();
    server.start();
    server.run(&["user", "add", "alice"], "");
    server.run(&["policy", "exempt", "alice", "--door", "ssh", "--days", "3", "--reason", "travel"], "");
    server.run(&["client", "add", "--name", "Wiki", "--id", "wiki", "--redirect-uri", "https://wiki.example/cb"], "");
    let first = server.json(&CONFIG);
    let before = (server.json(&["client", "show", "wiki"]), server.json(&["user", "show", "alice"]));
    let counts = || {
        let policy = server.json(&["policy", "show"]);
        let people = server.json(&["user", "list"]).as_array().unwrap().len();
        (
            server.json(&["client", "list"]).as_array().unwrap().len(),
            people,
            policy.to_string().matches("reads no codes").count(),
        )
    };
    assert_eq!(counts(), (7, 2, 6));
    let second = server.json(&CONFIG);
    assert_eq!(counts(), (7, 2, 6));
    assert_eq!(before, (server.json(&["client", "show", "wiki"]), server.json(&["user", "show", "alice"])));
    assert!(server.json(&["policy", "show"]).to_string().contains("travel"));
    let (old, new) = (&first["oidcc"]["client"], &second["oidcc"]["client"]);
    assert_eq!(old["client_id"], new["client_id"]);
    assert_ne!(old["client_secret"], new["client_secret"]);
    assert_ne!(typed(&first["oidcc"], "current-password"), typed(&second["oidcc"], "current-password"));
    assert_eq!(flow(&server, &second["oidcc"], "client").1["preferred_username"], "conformance");
    // Somebody else's account and client are left alone, and nothing is made.
    let refused = |more: &[&str], reason: &str| {
        let output = server.try_run(&[&CONFIG[..4], more].concat(), "");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && output.stdout.is_empty() && said.contains(reason), "{said}");
    };
    refused(&["--user", "alice"], "was not made for this");
    refused(&["--alias", "Not One"], "an alias has");
    server.run(
        &[
            "client",
            "add",
            "--name",
            "Mine",
            "--id",
            "conformance-theirs-first",
            "--redirect-uri",
            "https://a.example/",
        ],
        "",
    );
    refused(&["--alias", "theirs"], "conformance-theirs-first");
    let http = server.try_run(&["conformance", "config", "--suite", "http://suite.example"], "");
    assert!(String::from_utf8(http.stderr).unwrap().contains("use https"));
    assert_eq!(counts(), (8, 2, 6));
    assert_eq!(flow(&server, &second["oidcc"], "client").1["preferred_username"], "conformance");
}

#[test]
fn conformance_config_says_which_plans_to_run() {
    let server = server();
    let output = server.try_run(&CONFIG, "");
    let (said, hints) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{hints}");
    for name in ["oidcc:", "backchannel:", "fapi2:"] {
        assert!(said.lines().any(|line| line == name), "{said}");
    }
    for plan in [
        "oidcc-basic-certification-test-plan[server_metadata=discovery][client_registration=static_client]",
        "oidcc-config-certification-test-plan",
        "oidcc-formpost-basic-certification-test-plan",
        "oidcc-rp-initiated-logout-certification-test-plan[response_type=code][client_registration=static_client]",
        "oidcc-backchannel-rp-initiated-logout-certification-test-plan[response_type=code][client_registration=static_client]",
        "fapi2-security-profile-final-test-plan[openid=openid_connect][client_auth_type=private_key_jwt][sender_constrain=dpop]",
    ] {
        assert!(hints.contains(plan), "{hints}");
    }
    assert!(!hints.contains(&typed_in(&said)), "the password goes to one place");
}

/// The password as it is printed for people.
fn typed_in(said: &str) -> String {
    let (_, rest) = said.split_once("\"current-password\",").unwrap();
    rest.split('"').nth(1).unwrap().to_owned()
}
