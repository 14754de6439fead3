//! What a client can ask for with an authorization request, and what it gets: prompts, ages, levels, hints and scopes.
//! And the two documents that a client reads first.

use axum::http::{Method, StatusCode, header};
use data_encoding::BASE64URL_NOPAD;
use idp_server::oidc::authorize::continuation;
use idp_server::oidc::sign;
use idp_server::web::path::Links;
use serde_json::{Value, json};
use twolatch_core::client::SigningAlg;
use twolatch_core::factor::Kind;
use twolatch_core::policy::Level;
use twolatch_core::step::Assurance;

use crate::support::core::{Core, on_both};
use crate::support::provider::{
    Answer, BOTH, Browser, CALLBACK, ISSUER, Provider, Registered, cut, good, payload, with,
};

on_both!(
    o19_scopes_are_narrowed_to_what_there_is,
    o21_the_nonce_is_echoed_exactly,
    o23_prompt_none_never_asks,
    o24_max_age_and_prompt_login_ask_again,
    o25_o26_levels_are_reached_or_refused,
    o17_o27_a_hint_is_ours_or_nothing,
    o28_a_login_hint_is_a_prefilled_field_at_most,
    o38_the_documents_are_true_and_public,
    o22_conformance_what_must_be_tolerated_is,
);

async fn start(provider: &Provider) -> (Browser, Registered) {
    (provider.browser("alice", &BOTH).await, provider.client(|_| {}).await)
}

/// Asserts that the person has to sign in; answers the sealed request.
fn login(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    assert!(answer.location().starts_with("/login?continue="), "{answer:?}");
    answer.param("continue").unwrap()
}

/// The claims of the ID token that a code gives.
async fn claims(provider: &Provider, client: &Registered, answer: &Answer) -> Value {
    let code = answer.param("code").unwrap_or_else(|| panic!("{answer:?}"));
    let token = provider.redeem(client, &code).await.text("id_token");
    payload(&token)
}

async fn o19_scopes_are_narrowed_to_what_there_is(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = start(&provider).await;
    let many = format!("openid {}", "x ".repeat(500));
    for (asked, given) in [
        ("openid", "openid"),
        ("email  openid openid", "openid email"),
        ("openid offline_access admin", "openid offline_access"),
        ("openid PROFILE Email", "openid"),
        (&many, "openid"),
    ] {
        let answer = provider.authorize(Some(&browser), &with(&good(&client), "scope", asked)).await;
        let answer = provider.redeem(&client, &answer.param("code").unwrap()).await;
        assert_eq!(answer.text("scope"), given);
    }
    for asked in ["", "profile", "OpenID", "openid,email", "openid\u{a0}email", "openid\temail"] {
        let answer = provider.authorize(Some(&browser), &with(&good(&client), "scope", asked)).await;
        answer.is_error(CALLBACK, "invalid_scope", Some("a state"));
    }
}

async fn o21_the_nonce_is_echoed_exactly(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = start(&provider).await;
    let long = "n".repeat(512);
    for nonce in ["n", "a b\"<>\r\n%ü", &long, &long] {
        let answer = provider.authorize(Some(&browser), &with(&good(&client), "nonce", nonce)).await;
        assert_eq!(claims(&provider, &client, &answer).await["nonce"], nonce);
    }
    let answer = provider.authorize(Some(&browser), &with(&good(&client), "nonce", "")).await;
    assert!(claims(&provider, &client, &answer).await.get("nonce").is_none());
    for bad in ["n".repeat(10_240), "n".repeat(513), "a\0b".to_owned()] {
        let answer = provider.authorize(Some(&browser), &with(&good(&client), "nonce", &bad)).await;
        answer.is_error(CALLBACK, "invalid_request", Some("a state"));
    }
}

async fn o23_prompt_none_never_asks(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = start(&provider).await;
    let request = |prompt| with(&good(&client), "prompt", prompt);
    let answer = provider.authorize(None, &request("none")).await;
    answer.is_error(CALLBACK, "login_required", Some("a state"));
    assert!(!answer.headers.contains_key(header::SET_COOKIE));
    let first = claims(&provider, &client, &provider.authorize(Some(&browser), &request("")).await).await;
    provider.advance(100);
    let second = claims(&provider, &client, &provider.authorize(Some(&browser), &request("none")).await).await;
    assert_eq!((&first["sub"], &first["auth_time"]), (&second["sub"], &second["auth_time"]));
    for prompt in ["none login", "login none", "none none", "none create", "login  consent", "created", "NONE", "x"] {
        for browser in [Some(&browser), None] {
            let answer = provider.authorize(browser, &request(prompt)).await;
            answer.is_error(CALLBACK, "invalid_request", Some("a state"));
        }
    }
    // Core, 11: clients send it with offline_access. An administrator has consented for everybody.
    assert!(provider.authorize(Some(&browser), &request("consent")).await.param("code").is_some());
    for prompt in ["select_account", "login consent", "consent select_account", "login", "create"] {
        login(&provider.authorize(Some(&browser), &request(prompt)).await);
    }
    let old = with(&request("none"), "max_age", "10");
    provider.authorize(Some(&browser), &old).await.is_error(CALLBACK, "login_required", Some("a state"));
    let lower = provider.sign_in(browser.user.clone(), &[Kind::Password]).await;
    let answer = provider.authorize(Some(&lower), &request("none")).await;
    answer.is_error(CALLBACK, "login_required", Some("a state"));
}

async fn o24_max_age_and_prompt_login_ask_again(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = start(&provider).await;
    let request = |name, value| with(&good(&client), name, value);
    for bad in ["-1", "1.5", "1e3", "x", " 1", "+1", "99999999999999999999"] {
        let answer = provider.authorize(Some(&browser), &request("max_age", bad)).await;
        answer.is_error(CALLBACK, "invalid_request", Some("a state"));
    }
    for silent in ["1", "10000", "1000000000000"] {
        let answer = provider.authorize(Some(&browser), &request("max_age", silent)).await;
        assert!(answer.param("code").is_some(), "{silent}");
    }
    for (name, value) in [("max_age", "0"), ("max_age", "9"), ("prompt", "login")] {
        provider.advance(10);
        // In the very second of a sign-in, too, another one is asked for.
        let browser =
            if name == "prompt" { provider.sign_in(browser.user.clone(), &BOTH).await } else { browser.clone() };
        let sealed = login(&provider.authorize(Some(&browser), &request(name, value)).await);
        assert!(continuation(&provider.app, &sealed).await.unwrap().unwrap().again);
        login(&provider.visit(Some(&browser), &Links::default().resume(&sealed)).await);
        let asked_at = provider.now().unix();
        provider.advance(30); // typing takes longer than max_age allows
        let again = provider.sign_in(browser.user.clone(), &BOTH).await;
        let answer = provider.visit(Some(&again), &Links::default().resume(&sealed)).await;
        let auth_time = claims(&provider, &client, &answer).await["auth_time"].as_i64().unwrap();
        assert_eq!(auth_time, asked_at + 30);
    }
}

async fn o25_o26_levels_are_reached_or_refused(core: Core) {
    let provider = Provider::over(core).await;
    provider.set_level(Level::Off).await;
    let client = provider.client(|_| {}).await;
    let low = provider.browser("alice", &[Kind::Password]).await;
    let high = provider.sign_in(low.user.clone(), &BOTH).await;
    let (one, three) = ("urn:twolatch:acr:1", "urn:twolatch:acr:3");
    let ask = |value| with(&good(&client), "acr_values", value);
    for (browser, asked, told) in [
        (&low, "", one),
        (&low, one, one),
        (&low, "urn:other:9", one),
        (&low, "urn:twolatch:acr:3 urn:twolatch:acr:1", one),
        (&high, one, three),
        (&high, three, three),
    ] {
        let answer = provider.authorize(Some(browser), &ask(asked)).await;
        assert_eq!(claims(&provider, &client, &answer).await["acr"], told, "{asked}");
    }
    let quiet = with(&ask(three), "prompt", "none");
    provider.authorize(Some(&low), &quiet).await.is_error(CALLBACK, "login_required", Some("a state"));
    let essential = r#"{"id_token":{"acr":{"essential":true,"values":["urn:twolatch:acr:3","x"]}}}"#;
    for request in [ask(three), with(&good(&client), "claims", essential)] {
        let sealed = login(&provider.authorize(Some(&low), &request).await);
        let shown = continuation(&provider.app, &sealed).await.unwrap().unwrap();
        assert_eq!(shown.acr, Some(Assurance::Authenticator));
        login(&provider.visit(Some(&low), &Links::default().resume(&sealed)).await);
        provider.advance(5);
        let still_low = provider.sign_in(low.user.clone(), &[Kind::Password]).await;
        let answer = provider.visit(Some(&still_low), &Links::default().resume(&sealed)).await;
        answer.is_error(CALLBACK, "unmet_authentication_requirements", Some("a state"));
        let raised = provider.sign_in(low.user.clone(), &BOTH).await;
        let answer = provider.visit(Some(&raised), &Links::default().resume(&sealed)).await;
        assert_eq!(claims(&provider, &client, &answer).await["acr"], three);
    }
    let sub = format!(r#"{{"id_token":{{"sub":{{"value":"{}"}}}}}}"#, high.user.id);
    let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
    let other = r#"{"id_token":{"sub":{"essential":true,"value":"somebody"}}}"#;
    let unknown = r#"{"userinfo":{"name":{"essential":true},"x":null},"id_token":{"acr":{"value":"x"}},"y":[1]}"#;
    let unreachable = r#"{"id_token":{"acr":{"essential":true,"value":"urn:other:9"}}}"#;
    for (asked, error) in [
        (sub.as_str(), ""),
        (unknown, ""),
        (r#"{"id_token":null}"#, ""),
        ("{}", ""),
        (unreachable, "unmet_authentication_requirements"),
        (other, "login_required"),
        ("[]", "invalid_request"),
        ("{", "invalid_request"),
        (&deep, "invalid_request"),
    ] {
        let request = with(&with(&good(&client), "claims", asked), "prompt", "none");
        let answer = provider.authorize(Some(&high), &request).await;
        if error.is_empty() {
            assert!(answer.param("code").is_some(), "{asked}: {answer:?}");
        } else {
            answer.is_error(CALLBACK, error, Some("a state"));
        }
    }
}

async fn o17_o27_a_hint_is_ours_or_nothing(core: Core) {
    let provider = Provider::over(core).await;
    let (alice, client) = start(&provider).await;
    let bob = provider.browser("bob", &BOTH).await;
    let other = provider.client(|client| client.alg = SigningAlg::Es256).await;
    let token = async |browser: &Browser, client: &Registered| {
        provider.redeem(client, &provider.code(browser, client).await).await.text("id_token")
    };
    let hint = token(&alice, &client).await;
    let foreign = token(&alice, &other).await;
    let ask = |hint, prompt| with(&with(&good(&client), "id_token_hint", hint), "prompt", prompt);
    provider.advance(86_300); // long expired, and still ours
    let alice = provider.sign_in(alice.user.clone(), &BOTH).await;
    let bob = provider.sign_in(bob.user.clone(), &BOTH).await;
    assert!(provider.authorize(Some(&alice), &ask(&hint, "none")).await.param("code").is_some());
    provider.authorize(Some(&bob), &ask(&hint, "none")).await.is_error(CALLBACK, "login_required", Some("a state"));
    let sealed = login(&provider.authorize(Some(&bob), &ask(&hint, "")).await);
    provider.advance(5);
    let bob_again = provider.sign_in(bob.user.clone(), &BOTH).await;
    let answer = provider.visit(Some(&bob_again), &Links::default().resume(&sealed)).await;
    answer.is_error(CALLBACK, "login_required", Some("a state"));
    let alice_again = provider.sign_in(alice.user.clone(), &BOTH).await;
    assert!(provider.visit(Some(&alice_again), &Links::default().resume(&sealed)).await.param("code").is_some());

    let [header, body, signature] = hint.split('.').collect::<Vec<_>>()[..] else { panic!("{hint}") };
    let encode = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let decoded: Value = serde_json::from_slice(&BASE64URL_NOPAD.decode(header.as_bytes()).unwrap()).unwrap();
    let headed = |name: &str, value: &str| {
        let mut changed = decoded.clone();
        changed[name] = value.into();
        format!("{}.{body}.{signature}", encode(&changed))
    };
    let es_kid = {
        let key = sign::current(&provider.app, SigningAlg::Es256).await.unwrap();
        key.public()["kid"].as_str().unwrap().to_owned()
    };
    let zero =
        format!("{}.{body}.{}", encode(&json!({"alg": "ES256", "kid": es_kid})), BASE64URL_NOPAD.encode(&[0; 64]));
    let mut other_body = payload(&hint);
    other_body["sub"] = bob.user.id.as_str().into();
    let unusable = [
        foreign,
        headed("alg", "none"),
        headed("alg", "None"),
        headed("alg", "nOnE"),
        headed("alg", "HS256"),
        headed("alg", "ES256"),
        headed("kid", "../../dev/null"),
        headed("kid", "' OR 1=1 --"),
        headed("kid", ""),
        headed("jku", "https://evil.example/jwks"),
        headed("crit", "exp"),
        format!("{}.{body}.", encode(&json!({"alg": "none"}))),
        format!("{header}.{body}."),
        format!("{header}.{body}"),
        format!("{header}.{body}.{signature}.x"),
        format!("{header}.{body}.{signature}="),
        format!("{header}.{body}.{signature}\n"),
        format!("{header}.{}.{signature}", encode(&other_body)),
        format!("{header}.{body}.{}", cut(signature, 2)),
        zero,
        "x".to_owned(),
        "a.b.c".to_owned(),
        "x.".repeat(6000),
    ];
    for hint in &unusable {
        let answer = provider.authorize(Some(&alice), &ask(hint, "none")).await;
        answer.is_error(CALLBACK, "login_required", Some("a state"));
        let answer = provider.authorize(Some(&alice), &ask(hint, "")).await;
        assert!(answer.param("code").is_some(), "{hint}: let be");
        login(&provider.authorize(None, &ask(hint, "")).await);
    }
}

async fn o28_a_login_hint_is_a_prefilled_field_at_most(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = start(&provider).await;
    let long = "x".repeat(10_240);
    for (hint, shown) in
        [("bob", Some("bob")), ("\"><script>", Some("\"><script>")), ("a\r\nb", None), (&long, None), ("", None)]
    {
        let request = with(&good(&client), "login_hint", hint);
        assert!(provider.authorize(Some(&browser), &request).await.param("code").is_some(), "{hint}");
        let sealed = login(&provider.authorize(None, &request).await);
        let continuation = continuation(&provider.app, &sealed).await.unwrap().unwrap();
        assert_eq!(continuation.login_hint.as_deref(), shown);
    }
}

async fn o38_the_documents_are_true_and_public(core: Core) {
    let provider = Provider::over(core).await;
    let host = [("host", "evil.example"), ("x-forwarded-host", "evil.example")];
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let answer = provider.raw(Method::GET, path, &host, "").await;
        assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
        assert!(!answer.body.contains("evil"));
        let algs = ["RS256", "PS256", "ES256", "EdDSA"];
        let expected = json!({
            "issuer": ISSUER,
            "authorization_endpoint": format!("{ISSUER}/authorize"),
            "token_endpoint": format!("{ISSUER}/token"),
            "userinfo_endpoint": format!("{ISSUER}/userinfo"),
            "jwks_uri": format!("{ISSUER}/jwks"),
            "scopes_supported": ["openid", "profile", "email", "address", "phone", "groups", "offline_access"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "form_post"],
            "grant_types_supported": [
                "authorization_code", "refresh_token", "client_credentials",
                "urn:ietf:params:oauth:grant-type:device_code",
            ],
            "device_authorization_endpoint": format!("{ISSUER}/device_authorization"),
            "acr_values_supported": ["urn:twolatch:acr:1", "urn:twolatch:acr:2", "urn:twolatch:acr:3"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": algs,
            "request_object_signing_alg_values_supported": algs,
            "userinfo_signing_alg_values_supported": algs,
            "dpop_signing_alg_values_supported": ["ES256", "EdDSA", "PS256"],
            "token_endpoint_auth_signing_alg_values_supported": algs,
            "introspection_endpoint_auth_signing_alg_values_supported": algs,
            "revocation_endpoint_auth_signing_alg_values_supported": algs,
            "token_endpoint_auth_methods_supported": [
                "client_secret_basic", "client_secret_post", "private_key_jwt", "none",
            ],
            "claim_types_supported": ["normal"],
            "claims_supported": [
                "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid",
                "name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile",
                "picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at", "email", "email_verified",
                "address", "phone_number", "phone_number_verified", "groups",
            ],
            "claims_parameter_supported": true,
            "request_parameter_supported": true,
            "request_uri_parameter_supported": false,
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": true,
            "pushed_authorization_request_endpoint": format!("{ISSUER}/par"),
            "introspection_endpoint": format!("{ISSUER}/introspect"),
            "introspection_endpoint_auth_methods_supported": [
                "client_secret_basic", "client_secret_post", "private_key_jwt",
            ],
            "revocation_endpoint": format!("{ISSUER}/revoke"),
            "revocation_endpoint_auth_methods_supported": [
                "client_secret_basic", "client_secret_post", "private_key_jwt", "none",
            ],
            "end_session_endpoint": format!("{ISSUER}/logout"),
            "backchannel_logout_supported": true,
            "backchannel_logout_session_supported": true,
            "prompt_values_supported": ["none", "login", "consent", "select_account", "create"],
            "ui_locales_supported": ["en", "id"],
        });
        assert_eq!(answer.json(), expected);
    }
    let answer = provider.raw(Method::GET, "/jwks", &host, "").await;
    assert_eq!(answer.header(header::CACHE_CONTROL), "public, max-age=900");
    let keys = answer.json()["keys"].as_array().unwrap().clone();
    assert_eq!(keys.len(), 4);
    for key in &keys {
        let members: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        let expected: &[&str] = match key["alg"].as_str().unwrap() {
            "RS256" | "PS256" => &["alg", "e", "kid", "kty", "n", "use"],
            "ES256" => &["alg", "crv", "kid", "kty", "use", "x", "y"],
            _ => &["alg", "crv", "kid", "kty", "use", "x"],
        };
        assert_eq!(members, expected);
        assert_eq!(key["use"], "sig");
    }
    assert_eq!(sign::create_missing(&provider.app.store, provider.now()).await.unwrap(), 0);
}

async fn o22_conformance_what_must_be_tolerated_is(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = start(&provider).await;
    for (name, value) in [
        ("display", "page"),
        ("display", "popup"),
        ("ui_locales", "se de"),
        ("claims_locales", "se"),
        ("extra", "foobar"),
        ("registration", "{}"),
        ("max_age", "10000"),
        ("scope", "email openid profile"),
    ] {
        let answer = provider.authorize(Some(&browser), &with(&good(&client), name, value)).await;
        assert_eq!(answer.param("iss").as_deref(), Some(ISSUER));
        assert!(answer.param("code").is_some(), "{name}={value}");
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
        assert_eq!(answer.header(header::REFERRER_POLICY), "no-referrer");
    }
    let mut backwards = good(&client);
    backwards.reverse();
    assert!(provider.authorize(Some(&browser), &backwards).await.param("code").is_some());
}
