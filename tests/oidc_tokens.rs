//! What clients ask about tokens, and give back.

use axum::http::{Method, StatusCode, header};
use serde_json::json;
use twolatch_core::client::AuthMethod;
use twolatch_core::user::User;

use crate::support::core::{Core, on_both};
use crate::support::provider::{BOTH, Browser, Provider, Registered, form};

on_both!(
    o36_a_token_is_told_of_to_its_own_client_only,
    o36_a_token_is_given_back_by_its_own_client_only,
    o35_what_is_given_back_is_worth_nothing_here_at_once_and_anywhere_in_a_second,
    what_ends_a_token_ends_what_is_told_of_it,
);

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

async fn start(provider: &Provider) -> (Browser, Registered, String) {
    let (browser, client) = (provider.browser("alice", &BOTH).await, provider.client(|_| {}).await);
    let access = access(provider, &browser, &client).await;
    (browser, client, access)
}

async fn access(provider: &Provider, browser: &Browser, client: &Registered) -> String {
    provider.redeem(client, &provider.code(browser, client).await).await.text("access_token")
}

async fn is_active(provider: &Provider, client: &Registered, token: &str) -> bool {
    let answer = provider.ask("/introspect", client, &[("token", token)]).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let told = answer.json();
    if told["active"] == false {
        assert_eq!(told, json!({ "active": false }), "nothing else is told");
    }
    told["active"].as_bool().unwrap()
}

async fn o36_a_token_is_told_of_to_its_own_client_only(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client, access) = start(&provider).await;
    let other = provider.client(|_| {}).await;
    let public = provider.client(|client| (client.auth_method, client.secret) = (AuthMethod::None, None)).await;
    for hint in ["", "access_token", "refresh_token", "nonsense"] {
        let answer = provider.ask("/introspect", &client, &[("token", &access), ("token_type_hint", hint)]).await;
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
        let now = provider.now().unix();
        let told = json!({
            "active": true, "scope": "openid profile email groups", "client_id": client.id, "username": "alice",
            "token_type": "Bearer", "iat": now, "exp": now + 3600, "sub": browser.user.id.as_str(),
            "aud": "https://id.example.org", "iss": "https://id.example.org",
        });
        assert_eq!(answer.json(), told, "{hint}");
    }
    assert!(!is_active(&provider, &other, &access).await);
    for none in ["x", &"x".repeat(5000), "\0", "%00", browser.token.as_str()] {
        assert!(!is_active(&provider, &client, none).await, "{none}");
    }
    let token = form(&[("token", &access)]);
    let answers = [
        provider.ask("/introspect", &public, &[("token", &access)]).await,
        provider.raw(Method::POST, "/introspect", &[FORM], &token).await,
        provider.raw(Method::POST, "/introspect", &[FORM, ("authorization", "Basic eDp5")], &token).await,
    ];
    for answer in answers {
        assert_eq!((answer.status, answer.text("error").as_str()), (StatusCode::UNAUTHORIZED, "invalid_client"));
    }
    let answer = provider.ask(&format!("/introspect?{token}"), &client, &[]).await;
    assert_eq!((answer.status, answer.text("error").as_str()), (StatusCode::BAD_REQUEST, "invalid_request"));
    let answer = provider.ask("/introspect", &client, &[]).await;
    assert_eq!(answer.text("error"), "invalid_request");
    let answer = provider.raw(Method::GET, &format!("/introspect?{token}"), &[], "").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
}

async fn o36_a_token_is_given_back_by_its_own_client_only(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client, first) = start(&provider).await;
    let second = access(&provider, &browser, &client).await;
    let other = provider.client(|_| {}).await;
    let public = provider.client(|client| (client.auth_method, client.secret) = (AuthMethod::None, None)).await;
    for (who, token) in [(&other, first.as_str()), (&public, &first), (&client, "none"), (&client, "\0")] {
        let answer = provider.ask("/revoke", who, &[("token", token)]).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""), "{answer:?}");
    }
    let answer = provider.raw(Method::POST, "/revoke", &[FORM], &form(&[("token", &first)])).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(is_active(&provider, &client, &first).await, "nobody has given it back");
    // A hint that lies hinders nothing.
    let answer = provider.ask("/revoke", &client, &[("token", &first), ("token_type_hint", "refresh_token")]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(!is_active(&provider, &client, &first).await);
    assert!(is_active(&provider, &client, &second).await, "that one alone");
    let own = access(&provider, &browser, &public).await;
    assert_eq!(provider.ask("/revoke", &public, &[("token", &own)]).await.status, StatusCode::OK);
    assert_eq!(provider.userinfo(&own).await.status, StatusCode::UNAUTHORIZED);
}

async fn o35_what_is_given_back_is_worth_nothing_here_at_once_and_anywhere_in_a_second(core: Core) {
    let provider = Provider::over(core).await;
    let (_, client, access) = start(&provider).await;
    let second = provider.second_server().await;
    assert!(is_active(&second, &client, &access).await);
    assert_eq!(provider.ask("/revoke", &client, &[("token", &access)]).await.status, StatusCode::OK);
    assert!(!is_active(&provider, &client, &access).await);
    assert_eq!(provider.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
    second.advance(1);
    assert!(!is_active(&second, &client, &access).await);
    assert_eq!(second.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
}

async fn what_ends_a_token_ends_what_is_told_of_it(core: Core) {
    type End = fn(&mut User);
    let provider = Provider::over(core).await;
    let ends: [(&str, Option<End>); 3] = [
        ("bob", Some(|user| user.disabled_at = Some(user.created_at))),
        ("carol", None),
        ("dave", Some(|user| user.groups.clear())),
    ];
    let client = provider.client(|_| {}).await;
    for (name, end) in ends {
        let browser = provider.browser(name, &BOTH).await;
        let access = access(&provider, &browser, &client).await;
        assert!(is_active(&provider, &client, &access).await, "{name}");
        match end {
            Some(end) => provider.change(&browser.user, end).await,
            None => provider.sign_out(&browser).await,
        }
        let is_good = provider.userinfo(&access).await.status == StatusCode::OK;
        assert_eq!(is_active(&provider, &client, &access).await, is_good, "{name}: both say the same");
        assert!(name == "dave" || !is_good, "{name}");
    }
    let browser = provider.browser("erin", &BOTH).await;
    let access = access(&provider, &browser, &client).await;
    provider.advance(3600);
    assert!(!is_active(&provider, &client, &access).await, "it has expired");
}
