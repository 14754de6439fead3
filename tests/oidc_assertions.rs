//! Clients that prove themselves by what they sign, and requests that they sign.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use twolatch_core::client::{AuthMethod, Demand, GrantType, SigningAlg, TokenFormat};

use crate::support::core::{Core, on_both};
use crate::support::provider::{
    Answer, BOTH, CALLBACK, ISSUER, Provider, Registered, form, good, payload, redemption, with,
};
use crate::support::signer::Signer;

on_both!(
    every_algorithm_proves_a_client,
    o15_an_assertion_that_is_not_for_us_now_and_from_the_client_is_refused,
    o15_an_assertion_is_good_once_on_all_servers,
    o29_a_request_that_is_signed_counts_alone,
    o29_a_request_object_that_is_no_good_is_told_to_the_client,
    an_access_token_that_apis_read_is_good_here_too,
    what_is_told_of_a_person_is_signed_where_the_client_wants_it,
);

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A machine that signs with this key.
async fn machine(provider: &Provider, signer: &Signer) -> Registered {
    let key = signer.key();
    provider
        .client(|client| {
            (client.auth_method, client.secret) = (AuthMethod::PrivateKeyJwt, None);
            client.settings.grants.push(GrantType::ClientCredentials);
            client.settings.keys = vec![key];
        })
        .await
}

fn claims(provider: &Provider, client: &Registered) -> Value {
    let now = provider.now().unix();
    json!({ "iss": client.id, "sub": client.id, "aud": ISSUER, "jti": format!("{now}-{}", client.id), "exp": now + 60 })
}

async fn ask(provider: &Provider, assertion: &str, more: &[(&str, &str)]) -> Answer {
    let mut params = vec![("grant_type", "client_credentials"), ("client_assertion", assertion)];
    params.push(("client_assertion_type", KIND));
    params.extend(more);
    provider.raw(Method::POST, "/token", &[FORM], &form(&params)).await
}

async fn every_algorithm_proves_a_client(core: Core) {
    let provider = Provider::over(core).await;
    for alg in SigningAlg::ALL {
        let signer = Signer::new(alg);
        let client = machine(&provider, &signer).await;
        for (index, aud) in
            [json!(ISSUER), json!(format!("{ISSUER}/token")), json!([ISSUER]), json!(["x", format!("{ISSUER}/par")])]
                .into_iter()
                .enumerate()
        {
            let mut claims = claims(&provider, &client);
            claims["aud"] = aud.clone();
            claims["jti"] = format!("{index}").into();
            let answer = ask(&provider, &signer.sign(&claims), &[]).await;
            assert_eq!(answer.status, StatusCode::OK, "{alg} {aud} {answer:?}");
        }
    }
}

async fn o15_an_assertion_that_is_not_for_us_now_and_from_the_client_is_refused(core: Core) {
    let provider = Provider::over(core).await;
    let (signer, other) = (Signer::new(SigningAlg::Es256), Signer::new(SigningAlg::Es256));
    let (client, stranger) = (machine(&provider, &signer).await, machine(&provider, &other).await);
    let now = provider.now().unix();
    let next = AtomicU32::new(0);
    let good = || {
        let mut claims = claims(&provider, &client);
        claims["jti"] = next.fetch_add(1, Ordering::SeqCst).to_string().into();
        claims
    };
    let set = |name: &str, value: Value| {
        let mut claims = good();
        claims[name] = value;
        signer.sign(&claims)
    };
    let cut = |name: &str| {
        let mut claims = good();
        claims.as_object_mut().unwrap().remove(name);
        signer.sign(&claims)
    };
    let headed = |header: Value| signer.token(&header, &good());
    for (what, assertion) in [
        ("somebody else's key", other.sign(&good())),
        ("another client's id", set("sub", json!(stranger.id))),
        ("another issuer", set("iss", json!(stranger.id))),
        ("no issuer", cut("iss")),
        ("no subject", cut("sub")),
        ("no audience", cut("aud")),
        ("another audience", set("aud", json!("https://other.example.org"))),
        ("an audience that begins like ours", set("aud", json!(format!("{ISSUER}.evil")))),
        ("an address that is no endpoint", set("aud", json!(format!("{ISSUER}/userinfo")))),
        ("no end", cut("exp")),
        ("a year", set("exp", json!(now + 365 * 86_400))),
        ("past", set("exp", json!(now - 300))),
        ("future", set("iat", json!(now + 300))),
        ("no jti", cut("jti")),
        ("an empty jti", set("jti", json!(""))),
        ("a jti that is a number", set("jti", json!(7))),
        ("a jti of 257 bytes", set("jti", json!("j".repeat(257)))),
        ("alg none", headed(json!({ "alg": "none" }))),
        ("HS256", headed(json!({ "alg": "HS256" }))),
        ("another algorithm than the key's", headed(json!({ "alg": "RS256" }))),
        ("jku", headed(json!({ "alg": "ES256", "jku": "https://evil.example/" }))),
        ("x5u", headed(json!({ "alg": "ES256", "x5u": "https://evil.example/" }))),
        ("jwk", headed(json!({ "alg": "ES256", "jwk": signer.jwk() }))),
        ("crit", headed(json!({ "alg": "ES256", "crit": ["exp"] }))),
        ("a proof's type", headed(json!({ "alg": "ES256", "typ": "dpop+jwt" }))),
        ("a request's type", headed(json!({ "alg": "ES256", "typ": "oauth-authz-req+jwt" }))),
        ("a megabyte", format!("{}.x", "a".repeat(60_000))),
        ("text", "x".to_owned()),
    ] {
        let answer = ask(&provider, &assertion, &[]).await;
        assert_eq!(answer.json()["error"], "invalid_client", "{what}: {answer:?}");
    }
    let signed = set("jti", json!("another"));
    for more in [[("client_secret", "x")], [("client_id", stranger.id.as_str())]] {
        ask(&provider, &signed, &more).await.is_refused("invalid_request");
    }
    let headers = [FORM, ("authorization", "Basic eDp5")];
    let body =
        form(&[("grant_type", "client_credentials"), ("client_assertion", &signed), ("client_assertion_type", KIND)]);
    provider.raw(Method::POST, "/token", &headers, &body).await.is_refused("invalid_request");
    let kind =
        form(&[("grant_type", "client_credentials"), ("client_assertion", &signed), ("client_assertion_type", "x")]);
    provider.raw(Method::POST, "/token", &[FORM], &kind).await.is_refused("invalid_client");
    // A name that no key has: keys without one fit all. None of that has spent it. Whoever is disabled, or has lost the key, is refused.
    let named = headed(json!({ "alg": "ES256", "kid": "../../dev/null", "typ": "client-authentication+jwt" }));
    assert_eq!(ask(&provider, &named, &[]).await.status, StatusCode::OK);
    assert_eq!(ask(&provider, &signed, &[]).await.status, StatusCode::OK);
    let next = set("jti", json!("next"));
    provider.edit(&client, |client| client.settings.keys.clear()).await;
    ask(&provider, &next, &[]).await.is_refused("invalid_client");
}

async fn o15_an_assertion_is_good_once_on_all_servers(core: Core) {
    let provider = Provider::over(core).await;
    let signer = Signer::new(SigningAlg::EdDsa);
    let client = machine(&provider, &signer).await;
    let second = provider.second_server().await;
    for round in 0..crate::support::rounds().min(5) {
        let mut claims = claims(&provider, &client);
        claims["jti"] = format!("round {round}").into();
        let assertion = signer.sign(&claims);
        let all = (0..50).map(|index| {
            let (server, assertion) =
                (if index % 2 == 0 { provider.clone() } else { second.clone() }, assertion.clone());
            tokio::spawn(async move { ask(&server, &assertion, &[]).await.status })
        });
        let mut good = 0;
        for one in all.collect::<Vec<_>>() {
            good += usize::from(one.await.unwrap() == StatusCode::OK);
        }
        assert_eq!(good, 1, "round {round}");
    }
    let store = &provider.app.store;
    assert_eq!(store.sweep_jtis(provider.now()).await.unwrap(), 0, "they could still be sent again");
    provider.advance(130);
    assert!(store.sweep_jtis(provider.now()).await.unwrap() > 0);
    assert_eq!(provider.number("SELECT COUNT(*) FROM spent_jtis").await, 0);
}

/// A client that signs its requests, and one of them.
async fn signing(provider: &Provider) -> (Signer, Registered) {
    let signer = Signer::new(SigningAlg::Es256);
    let key = signer.key();
    let client = provider.client(|client| client.settings.keys = vec![key]).await;
    (signer, client)
}

fn object(provider: &Provider, client: &Registered, params: &[(&str, &str)]) -> Value {
    let mut claims: Value = params.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    for (name, value) in [("iss", json!(client.id)), ("aud", json!(ISSUER)), ("exp", json!(provider.now().unix() + 60))]
    {
        claims[name] = value;
    }
    claims
}

async fn o29_a_request_that_is_signed_counts_alone(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let (signer, client) = signing(&provider).await;
    let mut claims = object(&provider, &client, &good(&client));
    claims["max_age"] = 1000.into();
    claims["claims"] = json!({ "id_token": { "acr": { "essential": true } } });
    let request = signer.sign(&claims);
    let outer = [
        ("client_id", client.id.as_str()),
        ("request", request.as_str()),
        ("scope", "openid email"),
        ("state", "outside"),
        ("nonce", "outside"),
        ("redirect_uri", "https://evil.example/"),
    ];
    let answer = provider.authorize(Some(&browser), &outer).await;
    assert!(answer.location().starts_with(CALLBACK), "{answer:?}");
    assert_eq!(answer.param("state").as_deref(), Some("a state"));
    let tokens = provider.redeem(&client, &answer.param("code").unwrap()).await;
    assert_eq!(tokens.text("scope"), "openid profile email groups");
    assert_eq!(payload(&tokens.text("id_token"))["nonce"], "a nonce");

    // Whoever has to sign is not heard otherwise.
    provider.edit(&client, |client| client.settings.demands = vec![Demand::SignedRequest]).await;
    let unsigned = provider.authorize(Some(&browser), &good(&client)).await;
    unsigned.is_error(CALLBACK, "invalid_request", Some("a state"));
    provider.ask("/par", &client, &good(&client)).await.is_refused("invalid_request");
    let pushed = provider.ask("/par", &client, &[("request", &request)]).await;
    assert_eq!(pushed.status, StatusCode::CREATED, "{pushed:?}");
}

async fn o29_a_request_object_that_is_no_good_is_told_to_the_client(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let (signer, client) = signing(&provider).await;
    let inner = good(&client);
    let claims = || object(&provider, &client, &inner);
    let set = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        signer.sign(&claims)
    };
    let now = provider.now().unix();
    for (what, request) in [
        ("unsigned", signer.token(&json!({ "alg": "none" }), &claims())),
        ("somebody else's", Signer::new(SigningAlg::Es256).sign(&claims())),
        ("for somebody else", set("aud", json!("https://other.example.org"))),
        ("another client's", set("client_id", json!("app-x"))),
        ("another issuer's", set("iss", json!("app-x"))),
        ("old", set("exp", json!(now - 60))),
        ("endless", set("exp", Value::Null)),
        ("an assertion", set("sub", json!(client.id))),
        ("within another", set("request", json!("x"))),
        ("elsewhere", set("request_uri", json!("https://app.example.com/r"))),
        ("a proof", signer.token(&json!({ "alg": "ES256", "typ": "dpop+jwt" }), &claims())),
        ("text", "x".to_owned()),
    ] {
        let mut outer = inner.clone();
        outer.push(("request", &request));
        let answer = provider.authorize(Some(&browser), &outer).await;
        answer.is_error(CALLBACK, "invalid_request_object", Some("a state"));
        let strange = with(&outer, "redirect_uri", "https://evil.example/");
        provider.authorize(Some(&browser), &strange).await.is_page();
        let pushed = provider.ask("/par", &client, &[("request", &request)]).await;
        assert_eq!(pushed.json()["error"], "invalid_request_object", "{what}");
    }
    let good = signer.sign(&claims());
    let mut twice = inner.clone();
    twice.extend([("request", good.as_str()), ("request", good.as_str())]);
    provider.authorize(Some(&browser), &twice).await.is_error(CALLBACK, "invalid_request", Some("a state"));
    provider.edit(&client, |client| client.settings.keys.clear()).await;
    let mut keyless = inner.clone();
    keyless.push(("request", &good));
    provider.authorize(Some(&browser), &keyless).await.is_error(CALLBACK, "request_not_supported", Some("a state"));
}

async fn an_access_token_that_apis_read_is_good_here_too(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = provider
        .client(|client| {
            client.settings.access_tokens = TokenFormat::Jwt;
            client.settings.audiences = vec!["https://api.example".to_owned(), "https://other.example".to_owned()];
            client.alg = SigningAlg::Es256;
        })
        .await;
    let tokens = provider.redeem(&client, &provider.code(&browser, &client).await).await;
    let (access, now) = (tokens.text("access_token"), provider.now().unix());
    assert_eq!(tokens.json()["expires_in"], 600);
    let mut told = payload(&access);
    assert_eq!(told["jti"].as_str().unwrap().len(), 60);
    told.as_object_mut().unwrap().remove("jti");
    let expected = json!({
        "iss": ISSUER, "sub": browser.user.id.as_str(), "aud": ["https://api.example", "https://other.example", ISSUER],
        "client_id": client.id, "iat": now, "exp": now + 600, "scope": "openid profile email groups",
        "auth_time": now, "acr": "urn:twolatch:acr:3", "amr": ["pwd", "otp", "mfa"],
    });
    assert_eq!(told, expected);
    assert_eq!(provider.userinfo(&access).await.status, StatusCode::OK);
    assert_eq!(provider.ask("/introspect", &client, &[("token", &access)]).await.json()["active"], true);
    assert_eq!(provider.userinfo(&tokens.text("id_token")).await.status, StatusCode::UNAUTHORIZED, "O-35");
    // It is no hint, and no session's end is missed.
    let hint = with(&good(&client), "id_token_hint", &access);
    let none = with(&hint, "prompt", "none");
    provider.authorize(Some(&browser), &none).await.is_error(CALLBACK, "login_required", Some("a state"));
    // What is given back is worth nothing (RFC 7009, 2).
    let other = provider.redeem(&client, &provider.code(&browser, &client).await).await.text("access_token");
    assert_eq!(provider.ask("/revoke", &client, &[("token", &other)]).await.status, StatusCode::OK);
    assert_eq!(provider.userinfo(&other).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(provider.userinfo(&access).await.status, StatusCode::OK);
    provider.sign_out(&browser).await;
    assert_eq!(provider.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(provider.ask("/introspect", &client, &[("token", &access)]).await.json(), json!({ "active": false }));
}

async fn what_is_told_of_a_person_is_signed_where_the_client_wants_it(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    for alg in SigningAlg::ALL {
        let client = provider.client(|client| client.settings.userinfo_alg = Some(alg)).await;
        let code = provider.code(&browser, &client).await;
        let access = provider.token(&client, &redemption(&code)).await.text("access_token");
        let answer = provider.userinfo(&access).await;
        assert_eq!(answer.headers["content-type"], "application/jwt");
        let told = payload(&answer.body);
        assert_eq!((&told["iss"], &told["aud"]), (&json!(ISSUER), &json!(client.id)));
        assert_eq!((&told["sub"], &told["preferred_username"]), (&json!(browser.user.id.as_str()), &json!("alice")));
    }
}
