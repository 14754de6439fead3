//! Clients that register themselves: with a token from an administrator, trusted with little, and with what they keep at
//! addresses of theirs.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{Method, StatusCode, header};
use axum::routing::get;
use idp_server::config::Config;
use idp_server::config::clients::Clients;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;
use twolatch_core::client::registration::InitialToken;
use twolatch_core::client::{AuthMethod, Client, Demand, GrantType, SigningAlg, Trust};
use twolatch_core::crypto::{random_text, token_hash};
use twolatch_core::id::Id;
use twolatch_core::login::clients::Change;
use twolatch_core::login::manage::ManageError;
use twolatch_core::policy::{Exemption, Level, Subject, Within};

use crate::support::certificate::serve_as_localhost;
use crate::support::core::{Core, actor, on_both};
use crate::support::provider::{Answer, BOTH, CALLBACK, ISSUER, Provider, Registered, cut, form, good};
use crate::support::signer::Signer;

on_both!(
    a_client_registers_itself_and_reads_changes_and_removes_that,
    registration_is_off_unless_it_is_turned_on,
    an_initial_token_is_good_for_ten_clients_and_a_while,
    of_fifty_at_once_one_gets_the_last_place,
    what_is_approved_is_changed_by_administrators,
    t9_what_an_administrator_has_changed_the_client_does_not_change_back,
    t5_one_client_is_nothing_to_another,
    ssrf_keys_at_an_address_are_fetched_with_care_and_again_when_they_change,
);

const REDIRECT: &str = "https://other.example.net/cb";

/// A server that lets clients register.
pub(crate) async fn open(core: Core) -> Provider {
    Provider::configured(core, |config| config.clients.registration = true).await
}

/// An initial access token that is good for a week.
pub(crate) async fn initial(provider: &Provider) -> String {
    let secret = random_text::<32>(provider.app.entropy()).unwrap();
    let token = InitialToken {
        id: Id::random(provider.app.entropy()).unwrap(),
        token: token_hash(&secret),
        note: "a team".to_owned(),
        created_at: provider.now(),
        expires_at: provider.now().plus(7 * 86_400),
        used: 0,
    };
    provider.app.store.add_initial_token(token, "test".to_owned()).await.unwrap();
    secret
}

/// A request with a token and JSON.
pub(crate) async fn send(provider: &Provider, method: Method, uri: &str, token: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    provider.raw(method, uri.strip_prefix(ISSUER).unwrap_or(uri), &headers, &body.to_string()).await
}

pub(crate) async fn register(provider: &Provider, token: &str, body: &Value) -> Answer {
    send(provider, Method::POST, "/register", token, body).await
}

async fn a_client_registers_itself_and_reads_changes_and_removes_that(core: Core) {
    let provider = open(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let initial = initial(&provider).await;
    let asked = json!({
        "client_name": "Their wiki", "redirect_uris": [CALLBACK], "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid email groups", "backchannel_logout_uri": "https://169.254.169.254/", "trust": "first_party",
        "settings": { "trust": "first_party" }, "id_token_signed_response_alg": "ES256",
    });
    let told = register(&provider, &initial, &asked).await;
    assert_eq!((told.status, told.header(header::CACHE_CONTROL)), (StatusCode::CREATED, "no-store"), "{told:?}");
    let (id, secret, access) =
        (told.text("client_id"), told.text("client_secret"), told.text("registration_access_token"));
    let uri = told.text("registration_client_uri");
    assert_eq!(uri, format!("{ISSUER}/register/{id}"));
    let registered = json!({
        "client_id": id, "client_id_issued_at": provider.now().unix(), "client_name": "Their wiki",
        "redirect_uris": [CALLBACK], "response_types": ["code"], "subject_type": "public",
        "grant_types": ["authorization_code", "refresh_token"], "token_endpoint_auth_method": "client_secret_basic",
        "id_token_signed_response_alg": "ES256", "scope": "openid profile email offline_access",
        "registration_access_token": access, "registration_client_uri": uri, "dpop_bound_access_tokens": false,
        "require_pushed_authorization_requests": false, "require_signed_request_object": false,
    });
    let mut new = registered.clone();
    new["client_secret"] = json!(secret);
    new["client_secret_expires_at"] = json!(0);
    assert_eq!(told.json(), new);
    let read = send(&provider, Method::GET, &uri, &access, &Value::Null).await;
    assert_eq!(
        (read.status, read.json()),
        (StatusCode::OK, registered.clone()),
        "and no secret: nobody has it any more"
    );

    // It signs people in, who are asked.
    let client = Registered { id: id.clone(), secret: secret.clone(), method: AuthMethod::ClientSecretBasic };
    let answer = provider.authorize(Some(&browser), &good(&client)).await;
    assert!(answer.location().starts_with("/authorize/consent?"), "{answer:?}");
    let machine = provider.token(&client, &[("grant_type", "client_credentials")]).await;
    machine.is_refused("unauthorized_client");
    let stored = provider.app.store.client(&id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((stored.settings.trust, stored.logout_uri), (Trust::Unverified, None));

    let mut other =
        json!({ "client_id": id, "client_secret": secret, "client_name": "Wiki 2", "redirect_uris": [REDIRECT] });
    let changed = send(&provider, Method::PUT, &uri, &access, &other).await;
    assert_eq!((changed.status, changed.text("client_name")), (StatusCode::OK, "Wiki 2".to_owned()));
    assert_eq!(changed.json()["grant_types"], json!(["authorization_code"]), "what is left out is as if it were new");
    assert!(changed.json().get("client_secret").is_none());
    provider.authorize(Some(&browser), &good(&client)).await.is_page();
    for (name, value) in [("client_secret", "wrong"), ("client_id", "app-x"), ("redirect_uris", "http://a.example/")] {
        let mut wrong = other.clone();
        wrong[name] = if name == "redirect_uris" { json!([value]) } else { json!(value) };
        assert_eq!(send(&provider, Method::PUT, &uri, &access, &wrong).await.status, StatusCode::BAD_REQUEST, "{name}");
    }
    other["token_endpoint_auth_method"] = json!("none");
    assert_eq!(send(&provider, Method::PUT, &uri, &access, &other).await.status, StatusCode::OK);
    let stored = provider.app.store.client(&id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((stored.secret, stored.former), (None, None));
    other["token_endpoint_auth_method"] = json!("client_secret_post");
    other.as_object_mut().unwrap().remove("client_secret");
    let again = send(&provider, Method::PUT, &uri, &access, &other).await;
    assert_ne!(again.text("client_secret"), secret, "one that it had before opens nothing any more");

    assert_eq!(send(&provider, Method::DELETE, &uri, &access, &Value::Null).await.status, StatusCode::NO_CONTENT);
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        assert_eq!(send(&provider, method, &uri, &access, &other).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(provider.number("SELECT COUNT(*) FROM clients").await, 0);
}

async fn registration_is_off_unless_it_is_turned_on(core: Core) {
    let provider = Provider::over(core).await;
    let initial = initial(&provider).await;
    let asked = json!({ "redirect_uris": [REDIRECT] });
    assert_eq!(register(&provider, &initial, &asked).await.status, StatusCode::NOT_FOUND);
    let discovery = provider.visit(None, "/.well-known/openid-configuration").await;
    assert!(discovery.json().get("registration_endpoint").is_none());
    let config =
        Config { clients: Clients { registration: true, ..Clients::default() }, ..(*provider.app.config).clone() };
    let on = provider.reconfigured(config);
    let discovery = on.visit(None, "/.well-known/openid-configuration").await;
    assert_eq!(discovery.text("registration_endpoint"), format!("{ISSUER}/register"));
    assert_eq!(register(&on, &initial, &asked).await.status, StatusCode::CREATED);
}

async fn an_initial_token_is_good_for_ten_clients_and_a_while(core: Core) {
    let provider = open(core).await;
    let (token, asked) = (initial(&provider).await, json!({ "redirect_uris": [REDIRECT] }));
    for bad in ["", "x", cut(&token, 1)] {
        let refused = register(&provider, bad, &asked).await;
        assert_eq!((refused.status, refused.text("error")), (StatusCode::UNAUTHORIZED, "invalid_token".to_owned()));
        assert!(refused.header(header::WWW_AUTHENTICATE).starts_with("Bearer "));
    }
    let twice = [
        ("authorization", &*format!("Bearer {token}")),
        ("authorization", "Bearer x"),
        ("content-type", "application/json"),
    ];
    assert_eq!(
        provider.raw(Method::POST, "/register", &twice, &asked.to_string()).await.status,
        StatusCode::UNAUTHORIZED
    );
    // What is refused for what it says takes no place.
    let ours = json!({ "redirect_uris": [format!("{ISSUER}/login")] });
    register(&provider, &token, &ours).await.is_refused("invalid_redirect_uri");
    let faulty = json!({ "redirect_uris": ["http://other.example.net/"] });
    register(&provider, &token, &faulty).await.is_refused("invalid_redirect_uri");
    let plain = [("authorization", &*format!("Bearer {token}")), ("content-type", "text/plain")];
    provider.raw(Method::POST, "/register", &plain, &asked.to_string()).await.is_refused("invalid_client_metadata");
    for number in 0..11 {
        let status = register(&provider, &token, &asked).await.status;
        assert_eq!(status, if number < 10 { StatusCode::CREATED } else { StatusCode::UNAUTHORIZED }, "{number}");
    }
    assert_eq!(provider.app.store.initial_tokens(provider.now()).await.unwrap()[0].used, 10);

    let second = initial(&provider).await;
    let id = provider.app.store.initial_token(&token_hash(&second), provider.now()).await.unwrap().unwrap().id;
    let store = provider.app.store.clone();
    assert!(store.delete_initial_token(id.clone(), "test".to_owned(), provider.now()).await.unwrap());
    assert!(!store.delete_initial_token(id, "test".to_owned(), provider.now()).await.unwrap());
    assert_eq!(register(&provider, &second, &asked).await.status, StatusCode::UNAUTHORIZED);
    let third = initial(&provider).await;
    provider.advance(7 * 86_400);
    assert_eq!(register(&provider, &third, &asked).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(store.sweep_initial_tokens(provider.now()).await.unwrap(), 2);
    // One that somebody with the database has made up lets nobody.
    let forged = initial(&provider).await;
    provider.tamper("UPDATE initial_tokens SET expires_at = expires_at + 1").await;
    assert_eq!(register(&provider, &forged, &asked).await.status, StatusCode::INTERNAL_SERVER_ERROR);
}

async fn of_fifty_at_once_one_gets_the_last_place(core: Core) {
    let provider = open(core).await;
    let other = provider.second_server().await;
    let (token, asked) = (initial(&provider).await, json!({ "redirect_uris": [REDIRECT] }));
    for _ in 0..9 {
        assert_eq!(register(&provider, &token, &asked).await.status, StatusCode::CREATED);
    }
    let mut tries = tokio::task::JoinSet::new();
    for number in 0..50 {
        let (server, token, asked) =
            (if number % 2 == 0 { provider.clone() } else { other.clone() }, token.clone(), asked.clone());
        tries.spawn(async move { register(&server, &token, &asked).await.status });
    }
    let done = tries.join_all().await;
    assert_eq!(done.iter().filter(|status| **status == StatusCode::CREATED).count(), 1, "{done:?}");
    assert_eq!(provider.number("SELECT COUNT(*) FROM clients").await, 10);
}

async fn what_is_approved_is_changed_by_administrators(core: Core) {
    let provider = open(core).await;
    let told = register(&provider, &initial(&provider).await, &json!({ "redirect_uris": [CALLBACK] })).await;
    let (id, access, uri) =
        (told.text("client_id"), told.text("registration_access_token"), told.text("registration_client_uri"));
    let client =
        Registered { id: id.clone(), secret: told.text("client_secret"), method: AuthMethod::ClientSecretBasic };
    // Nothing is asked less for a client that nobody knows.
    let exemption = Exemption {
        id: Id::random(provider.app.entropy()).unwrap(),
        subject: Subject::Group("staff".parse().unwrap()),
        within: Within { client: Some(id.parse().unwrap()), ..Within::default() },
        level: Level::Off,
        until: provider.now().plus(3600),
        reason: "a test".to_owned(),
        author: "test".to_owned(),
        at: provider.now(),
    };
    let refused = provider.app.logins.exempt(exemption.clone(), &actor(provider.now())).await;
    assert!(matches!(refused, Err(ManageError::Unverified(_))), "{refused:?}");
    provider.edit(&client, |client| client.settings.trust = Trust::ThirdParty).await;
    provider.app.logins.exempt(exemption, &actor(provider.now())).await.unwrap();
    let other = json!({ "client_id": id, "redirect_uris": [REDIRECT] });
    for method in [Method::PUT, Method::DELETE] {
        let refused = send(&provider, method, &uri, &access, &other).await;
        assert_eq!((refused.status, refused.text("error")), (StatusCode::FORBIDDEN, "access_denied".to_owned()));
    }
    assert_eq!(send(&provider, Method::GET, &uri, &access, &Value::Null).await.status, StatusCode::OK);
    provider.edit(&client, |client| client.disabled_at = Some(client.created_at)).await;
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        assert_eq!(send(&provider, method, &uri, &access, &other).await.status, StatusCode::UNAUTHORIZED);
    }
}

async fn t9_what_an_administrator_has_changed_the_client_does_not_change_back(core: Core) {
    let provider = open(core).await;
    let token = initial(&provider).await;
    let told = register(&provider, &token, &json!({ "redirect_uris": [CALLBACK, REDIRECT] })).await;
    let (id, access, uri) =
        (told.text("client_id"), told.text("registration_access_token"), told.text("registration_client_uri"));
    let change = async |edit: fn(&mut Client)| {
        let by = actor(provider.now());
        let change = Change::of(id.parse().unwrap(), "is changed");
        provider.app.logins.change_client(change, "id.example.org", &by, edit).await.unwrap()
    };
    let back = json!({ "client_id": id, "redirect_uris": [CALLBACK, REDIRECT] });
    // To be shut out for a while takes nothing from it.
    change(|client| client.disabled_at = Some(client.created_at)).await;
    change(|client| client.disabled_at = None).await;
    assert_eq!(send(&provider, Method::PUT, &uri, &access, &back).await.status, StatusCode::OK);
    let ends: [fn(&mut Client); 2] =
        [|client| client.redirect_uris.truncate(1), |client| client.settings.demands.push(Demand::Dpop)];
    for end in ends {
        let after = change(end).await;
        for method in [Method::PUT, Method::DELETE] {
            let refused = send(&provider, method, &uri, &access, &back).await;
            assert_eq!((refused.status, refused.text("error")), (StatusCode::FORBIDDEN, "access_denied".to_owned()));
        }
        assert_eq!(provider.app.store.client(&after.id).await.unwrap().unwrap(), after);
    }
    assert_eq!(send(&provider, Method::GET, &uri, &access, &Value::Null).await.status, StatusCode::OK);
}

async fn t5_one_client_is_nothing_to_another(core: Core) {
    let provider = open(core).await;
    let token = initial(&provider).await;
    let asked = json!({ "redirect_uris": [REDIRECT] });
    let (one, two) = (register(&provider, &token, &asked).await, register(&provider, &token, &asked).await);
    let ours = provider.client(|_| {}).await;
    let access = one.text("registration_access_token");
    let body = |id: &str| json!({ "client_id": id, "redirect_uris": ["https://evil.example/"] });
    for id in [two.text("client_id"), ours.id.clone(), "app-none".to_owned(), "no id".replace(' ', "%20")] {
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let refused = send(&provider, method.clone(), &format!("/register/{id}"), &access, &body(&id)).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{method} {id}");
        }
    }
    // Neither the initial token nor the secret is that of a registration.
    let uri = one.text("registration_client_uri");
    for wrong in [token, one.text("client_secret"), String::new()] {
        let refused = send(&provider, Method::GET, &uri, &wrong, &Value::Null).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    }
    // What one client has is worth nothing as a redirect of another.
    let mut params = good(&ours);
    params.retain(|(name, _)| *name != "redirect_uri");
    params.push(("redirect_uri", REDIRECT));
    let browser = provider.browser("alice", &BOTH).await;
    provider.authorize(Some(&browser), &params).await.is_page();
}

/// Serves what is in the cell over TLS, as `localhost`; answers where.
async fn keys_at(folder: &TempDir, served: &Arc<Mutex<String>>) -> (String, watch::Sender<bool>) {
    let cell = Arc::clone(served);
    let away = get(|| async { (StatusCode::FOUND, [(header::LOCATION, "/keys")]) });
    let routes = Router::new()
        .route("/keys", get(move || async move { cell.lock().unwrap().clone() }))
        .route("/away", away)
        .route("/large", get(|| async { "x".repeat(70_000) }));
    serve_as_localhost(folder.path(), routes).await
}

async fn ssrf_keys_at_an_address_are_fetched_with_care_and_again_when_they_change(core: Core) {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (Signer::new(SigningAlg::Es256), Signer::new(SigningAlg::EdDsa));
    let set = |signer: &Signer| json!({ "keys": [signer.jwk(), { "kty": "oct2" }] }).to_string();
    let served = Arc::new(Mutex::new(set(&first)));
    let (at, _stopper) = keys_at(&folder, &served).await;
    let provider = Provider::configured(core, |config| {
        config.clients = Clients {
            ca: Some(folder.path().join("ca.pem")),
            registration: true,
            fetch_from: vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
            signing_key_days: None,
        };
    })
    .await;
    let token = initial(&provider).await;
    let asked = |uri: String| json!({ "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": uri });
    for bad in ["away", "large", "none"] {
        let refused = register(&provider, &token, &asked(format!("{at}/{bad}"))).await;
        refused.is_refused("invalid_client_metadata");
    }
    // The certificate is not for this name, or nobody allows the address.
    let by_number = at.replace("localhost", "127.0.0.1");
    register(&provider, &token, &asked(format!("{by_number}/keys"))).await.is_refused("invalid_client_metadata");
    let closed = Config {
        clients: Clients { fetch_from: Vec::new(), ..provider.app.config.clients.clone() },
        ..(*provider.app.config).clone()
    };
    let closed = provider.reconfigured(closed);
    register(&closed, &token, &asked(format!("{at}/keys"))).await.is_refused("invalid_client_metadata");

    let told = register(&provider, &token, &asked(format!("{at}/keys"))).await;
    assert_eq!((told.status, told.text("jwks_uri")), (StatusCode::CREATED, format!("{at}/keys")));
    assert!(told.json().get("client_secret").is_none() && told.json().get("jwks").is_none());
    let id = told.text("client_id");
    let client = Registered { id: id.clone(), secret: String::new(), method: AuthMethod::PrivateKeyJwt };
    provider.edit(&client, |client| client.settings.grants.push(GrantType::ClientCredentials)).await;
    let asks = async |signer: &Signer, jti: &str| {
        let now = provider.now().unix();
        let claims = json!({ "iss": id, "sub": id, "aud": ISSUER, "jti": jti, "exp": now + 60 });
        let assertion = signer.sign(&claims);
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let params =
            [("grant_type", "client_credentials"), ("client_assertion", &*assertion), ("client_assertion_type", kind)];
        let head = [("content-type", "application/x-www-form-urlencoded")];
        provider.raw(Method::POST, "/token", &head, &form(&params)).await.status
    };
    assert_eq!(asks(&first, "a").await, StatusCode::OK);
    assert_eq!(asks(&second, "b").await, StatusCode::UNAUTHORIZED);
    *served.lock().unwrap() = set(&second);
    assert_eq!(asks(&second, "c").await, StatusCode::UNAUTHORIZED, "it was looked at a moment ago");
    provider.advance(60);
    assert_eq!(asks(&second, "d").await, StatusCode::OK);
    assert_eq!(asks(&first, "e").await, StatusCode::UNAUTHORIZED, "the key is gone");
    // One that is gone there counts no more after an hour, though nothing else was signed since.
    *served.lock().unwrap() = set(&first);
    provider.advance(3599);
    assert_eq!(asks(&second, "h").await, StatusCode::OK);
    provider.advance(1);
    assert_eq!(asks(&second, "i").await, StatusCode::UNAUTHORIZED);
    *served.lock().unwrap() = set(&second);
    provider.advance(60);
    assert_eq!(asks(&second, "j").await, StatusCode::OK);
    // Where it cannot be fetched, what was there last is used.
    *served.lock().unwrap() = "nothing".to_owned();
    provider.advance(60);
    assert_eq!(asks(&first, "f").await, StatusCode::UNAUTHORIZED);
    assert_eq!(asks(&second, "g").await, StatusCode::OK);
}
