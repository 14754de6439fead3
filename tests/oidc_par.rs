//! Requests that clients push: each leads to one code, of the client that pushed it, as it was pushed.

use axum::http::{Method, StatusCode, header};
use twolatch_core::client::{AuthMethod, Demand};

use crate::support::core::{Core, on_both};
use crate::support::provider::{
    Answer, BOTH, Browser, CALLBACK, Provider, Registered, form, good, payload, redemption, with,
};
use crate::support::rounds;

on_both!(
    a_pushed_request_is_answered_as_it_was_pushed,
    a_pushed_request_leads_to_one_code_whatever_the_prompt,
    of_50_at_once_on_two_servers_one_gets_a_code,
    a_pushed_request_is_of_one_client_and_of_one_minute,
    what_would_be_refused_there_is_refused_here,
    a_client_that_has_to_push_is_not_answered_else,
    what_anybody_can_push_is_bounded,
    a_person_who_signs_in_first_uses_it_up_then,
);

async fn push(provider: &Provider, client: &Registered, params: &[(&str, &str)]) -> String {
    let answer = provider.ask("/par", client, params).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    assert_eq!((answer.json()["expires_in"].as_i64(), answer.header(header::CACHE_CONTROL)), (Some(60), "no-store"));
    answer.text("request_uri")
}

async fn begin(provider: &Provider, browser: Option<&Browser>, client: &str, uri: &str) -> Answer {
    provider.authorize(browser, &[("client_id", client), ("request_uri", uri)]).await
}

async fn a_pushed_request_is_answered_as_it_was_pushed(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let basic = provider.client(|_| {}).await;
    let post = provider.client(|client| client.auth_method = AuthMethod::ClientSecretPost).await;
    let public = provider.client(|client| (client.auth_method, client.secret) = (AuthMethod::None, None)).await;
    for client in [&basic, &post, &public] {
        let uri = push(&provider, client, &with(&good(client), "client_id", "")).await;
        // What is outside counts for nothing.
        let params = [
            ("client_id", client.id.as_str()),
            ("request_uri", uri.as_str()),
            ("state", "outside"),
            ("redirect_uri", "https://evil.example/"),
            ("scope", "openid groups offline_access"),
            ("response_type", "token"),
        ];
        let answer = provider.authorize(Some(&browser), &params).await;
        assert!(answer.location().starts_with(&format!("{CALLBACK}?")), "{answer:?}");
        assert_eq!(answer.param("state").as_deref(), Some("a state"));
        let tokens = provider.redeem(client, &answer.param("code").unwrap()).await;
        assert_eq!(tokens.text("scope"), "openid profile email groups");
        assert_eq!(payload(&tokens.text("id_token"))["nonce"], "a nonce");
        let stored = provider.number("SELECT COUNT(*) FROM pushed_requests WHERE params LIKE '%secret%'").await;
        assert_eq!(stored, 0, "no secret is stored");
    }
}

async fn a_pushed_request_leads_to_one_code_whatever_the_prompt(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = (provider.browser("alice", &BOTH).await, provider.client(|_| {}).await);
    for prompt in ["", "none"] {
        let uri = push(&provider, &client, &with(&good(&client), "prompt", prompt)).await;
        // Looking uses nothing up.
        if prompt.is_empty() {
            for _ in 0..3 {
                assert!(begin(&provider, None, &client.id, &uri).await.location().starts_with("/login?"));
            }
        }
        assert!(begin(&provider, Some(&browser), &client.id, &uri).await.param("code").is_some(), "{prompt}");
        begin(&provider, Some(&browser), &client.id, &uri).await.is_page();
        begin(&provider, None, &client.id, &uri).await.is_page();
        let again = [("client_id", client.id.as_str()), ("request_uri", &uri), ("prompt", "none")];
        provider.authorize(Some(&browser), &again).await.is_page();
    }
}

async fn of_50_at_once_on_two_servers_one_gets_a_code(core: Core) {
    let provider = Provider::over(core).await;
    let second = provider.second_server().await;
    let client = provider.client(|_| {}).await;
    for round in 0..rounds() {
        let browser = provider.browser(&format!("user{round}"), &BOTH).await;
        let uri = push(&provider, &client, &good(&client)).await;
        let asks = (0..50).map(|number| {
            let server = if number % 2 == 0 { &provider } else { &second }.clone();
            let (browser, client, uri) = (browser.clone(), client.id.clone(), uri.clone());
            tokio::spawn(async move { begin(&server, Some(&browser), &client, &uri).await })
        });
        let mut codes = Vec::new();
        for ask in asks.collect::<Vec<_>>() {
            let answer = ask.await.unwrap();
            match answer.param("code") {
                Some(code) => codes.push(code),
                None if answer.status == StatusCode::SEE_OTHER => {
                    answer.is_error(CALLBACK, "invalid_request", Some("a state"));
                }
                None => answer.is_page(),
            }
        }
        let [code] = codes.as_slice() else { panic!("round {round}: {} codes", codes.len()) };
        assert_eq!(second.token(&client, &redemption(code)).await.status, StatusCode::OK);
    }
}

async fn a_pushed_request_is_of_one_client_and_of_one_minute(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = (provider.browser("alice", &BOTH).await, provider.client(|_| {}).await);
    let other = provider.client(|_| {}).await;
    let uri = push(&provider, &client, &good(&client)).await;
    begin(&provider, Some(&browser), &other.id, &uri).await.is_page();
    provider.authorize(Some(&browser), &[("request_uri", &uri)]).await.is_page();
    let twice = format!("/authorize?client_id={}&{}&client_id=x", client.id, form(&[("request_uri", &uri)]));
    provider.visit(Some(&browser), &twice).await.is_page();
    for none in ["urn:ietf:params:oauth:request_uri:", "urn:ietf:params:oauth:request_uri:x", &format!("{uri}x")] {
        begin(&provider, Some(&browser), &client.id, none).await.is_page();
    }
    provider.advance(59);
    assert!(begin(&provider, None, &client.id, &uri).await.location().starts_with("/login?"));
    provider.advance(1);
    begin(&provider, Some(&browser), &client.id, &uri).await.is_page();
    let (store, now) = (&provider.app.store, provider.now());
    assert_eq!(store.sweep_pushed(now).await.unwrap(), 0, "somebody may still be signing in");
    let later = now.plus(3600);
    assert_eq!((store.sweep_pushed(later).await.unwrap(), store.sweep_pushed(later).await.unwrap()), (1, 0));
    let uri = push(&provider, &client, &good(&client)).await;
    provider.edit(&client, |client| client.disabled_at = Some(client.created_at)).await;
    begin(&provider, Some(&browser), &client.id, &uri).await.is_page();
}

async fn what_would_be_refused_there_is_refused_here(core: Core) {
    let provider = Provider::over(core).await;
    let (client, other) = (provider.client(|_| {}).await, provider.client(|_| {}).await);
    for (name, value, error) in [
        ("redirect_uri", "https://evil.example/", "invalid_request"),
        ("redirect_uri", "", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("scope", "profile", "invalid_scope"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:x", "invalid_request"),
        ("request", "x.y.z", "request_not_supported"),
        ("client_id", other.id.as_str(), "invalid_request"),
        ("login_hint", &"x".repeat(5000), "invalid_request"),
    ] {
        provider.ask("/par", &client, &with(&good(&client), name, value)).await.is_refused(error);
    }
    let wrong = Registered { secret: "x".to_owned(), ..client.clone() };
    provider.ask("/par", &wrong, &good(&client)).await.is_refused("invalid_client");
    let get = provider.raw(Method::GET, &format!("/par?{}", form(&good(&client))), &[], "").await;
    assert_eq!(get.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(provider.number("SELECT COUNT(*) FROM pushed_requests").await, 0);
}

async fn a_client_that_has_to_push_is_not_answered_else(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = provider.client(|client| client.settings.demands = vec![Demand::Par]).await;
    let answer = provider.authorize(Some(&browser), &good(&client)).await;
    answer.is_error(CALLBACK, "invalid_request", Some("a state"));
    let uri = push(&provider, &client, &good(&client)).await;
    assert!(begin(&provider, Some(&browser), &client.id, &uri).await.param("code").is_some());
}

async fn what_anybody_can_push_is_bounded(core: Core) {
    let provider = Provider::over(core).await;
    let public = provider.client(|client| (client.auth_method, client.secret) = (AuthMethod::None, None)).await;
    let other = provider.client(|_| {}).await;
    let asked = good(&public);
    let asked = with(&asked, "client_id", "");
    push(&provider, &public, &asked).await;
    provider
        .tamper(
            "INSERT INTO pushed_requests (uri_hash, client_id, params, expires_at, mac, used_at) \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999) \
             SELECT uri_hash || CAST(i AS TEXT), client_id, params, expires_at, mac, used_at FROM pushed_requests, n",
        )
        .await;
    let answer = provider.ask("/par", &public, &asked).await;
    let said = (answer.status, answer.text("error"));
    assert_eq!(said, (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable".to_owned()));
    push(&provider, &other, &good(&other)).await;
    provider.advance(3660);
    while provider.app.store.sweep_pushed(provider.now()).await.unwrap() > 0 {}
    push(&provider, &public, &asked).await;
}

async fn a_person_who_signs_in_first_uses_it_up_then(core: Core) {
    let provider = Provider::over(core).await;
    let client = provider.client(|client| client.settings.demands = vec![Demand::Par]).await;
    let uri = push(&provider, &client, &good(&client)).await;
    let answer = begin(&provider, None, &client.id, &uri).await;
    let sealed = answer.param("continue").unwrap();
    provider.advance(600);
    let browser = provider.browser("alice", &BOTH).await;
    let resume = format!("/authorize/resume?{}", form(&[("request", &sealed)]));
    let code = provider.visit(Some(&browser), &resume).await.param("code").unwrap();
    let again = provider.visit(Some(&browser), &resume).await;
    again.is_error(CALLBACK, "invalid_request", Some("a state"));
    assert_eq!(provider.redeem(&client, &code).await.status, StatusCode::OK);
}
