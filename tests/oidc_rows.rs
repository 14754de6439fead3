//! Rows that somebody wrote who has the database but no key: none is used, and nothing is said to the outside.

use axum::http::{StatusCode, header};
use twolatch_core::store::StoreError;

use crate::support::core::{Core, on_both};
use crate::support::provider::{BOTH, Provider, good};

on_both!(
    t8_a_logout_that_somebody_else_wrote_is_told_to_nobody,
    t8_a_pushed_request_changed_by_hand_leads_nowhere,
    t8_a_client_changed_by_hand_is_not_used,
    t8_a_code_changed_by_hand_gives_nothing,
    t8_a_token_changed_by_hand_opens_nothing,
    a_client_is_registered_once,
);

async fn t8_a_client_changed_by_hand_is_not_used(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    for text in [
        "UPDATE clients SET redirect_uris = '[\"https://app.example.com/callback\",\"https://evil.example/\"]'",
        "UPDATE clients SET pkce_waived_at = 1",
        "UPDATE clients SET auth_method = 'none'",
        "UPDATE clients SET secret = NULL",
        "UPDATE clients SET former_secret = secret, former_until = 9999999999",
        "UPDATE clients SET settings = '{\"grants\":[\"client_credentials\"]}'",
        "UPDATE clients SET logout_uri = 'https://evil.example/'",
        "UPDATE clients SET alg = 'ES256'",
        "UPDATE clients SET name = 'Payroll'",
        "UPDATE clients SET disabled_at = 1",
        "UPDATE clients SET created_at = 1",
        "UPDATE clients SET mac = ''",
    ] {
        let client = provider.client(|_| {}).await;
        let code = provider.code(&browser, &client).await;
        assert!(provider.tamper(text).await > 0);
        let answer = provider.authorize(Some(&browser), &good(&client)).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{text}: {answer:?}");
        assert!(!answer.headers.contains_key(header::LOCATION));
        assert!(!answer.body.contains("row_mac") && !answer.body.contains(&client.id), "{answer:?}");
        let answer = provider.redeem(&client, &code).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{text}: {answer:?}");
        assert_eq!(answer.text("error"), "server_error");
        provider.tamper("DELETE FROM clients").await;
    }
}

async fn t8_a_code_changed_by_hand_gives_nothing(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    provider.browser("mallory", &BOTH).await;
    let client = provider.client(|_| {}).await;
    for text in [
        "UPDATE grants SET user_id = (SELECT id FROM users WHERE name = 'mallory')",
        "UPDATE grants SET challenge = ''",
        "UPDATE grants SET expires_at = expires_at + 60",
        "UPDATE grants SET proofs = '[{\"kind\":\"password\",\"at\":1}]'",
        "UPDATE grants SET scope = 'openid'",
        "UPDATE grants SET nonce = 'x'",
        "UPDATE grants SET id = 'x'",
        "UPDATE grants SET client_id = 'x'",
        "UPDATE grants SET sid = 'x'",
        "UPDATE grants SET offline = 1",
        "UPDATE grants SET place = '192.0.2.9'",
        "UPDATE grants SET redirect_uri = 'https://evil.example/'",
        "UPDATE grants SET security_version = security_version + 1",
        "UPDATE grants SET created_at = created_at + 1",
        "UPDATE grants SET refresh_hash = 'x'",
        "UPDATE grants SET used_at = 1",
    ] {
        let code = provider.code(&browser, &client).await;
        assert_eq!(provider.tamper(text).await, 1);
        let answer = provider.redeem(&client, &code).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{text}: {answer:?}");
        assert_eq!(provider.tamper("DELETE FROM access_tokens").await, 0, "{text}");
        provider.tamper("DELETE FROM grants").await;
    }
}

async fn t8_a_pushed_request_changed_by_hand_leads_nowhere(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let (client, other) = (provider.client(|_| {}).await, provider.client(|_| {}).await);
    for text in [
        "UPDATE pushed_requests SET params = params || '&login_hint=x'",
        "UPDATE pushed_requests SET client_id = 'x'",
        "UPDATE pushed_requests SET expires_at = expires_at + 1",
    ] {
        let uri = provider.ask("/par", &client, &good(&client)).await.text("request_uri");
        assert!(provider.tamper(text).await > 0);
        for who in [&client, &other] {
            let params = [("client_id", who.id.as_str()), ("request_uri", uri.as_str())];
            let answer = provider.authorize(Some(&browser), &params).await;
            assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{text}: {answer:?}");
            assert!(!answer.headers.contains_key(header::LOCATION));
        }
        provider.tamper("DELETE FROM pushed_requests").await;
    }
}

async fn t8_a_logout_that_somebody_else_wrote_is_told_to_nobody(core: Core) {
    let provider = Provider::over(core).await;
    let uri = "https://app.example.com/told".parse().unwrap();
    let client = provider.client(|client| client.logout_uri = Some(uri)).await;
    for text in [
        "UPDATE logouts SET sid = 'x'",
        "UPDATE logouts SET user_id = 'x'",
        "UPDATE logouts SET client_id = 'x'",
        "UPDATE logouts SET at = at + 1",
        "UPDATE logouts SET id = 'x'",
    ] {
        let browser = provider.browser(&format!("user{}", text.len()), &BOTH).await;
        provider.redeem(&client, &provider.code(&browser, &client).await).await;
        provider.sign_out(&browser).await;
        assert_eq!(provider.tamper(text).await, 1);
        let claimed = provider.app.store.claim_logout(&[], provider.now()).await;
        assert!(claimed.is_err_and(|error| error.is_of_a_row()), "{text}");
        assert!(provider.app.store.claim_logout(&[], provider.now()).await.unwrap().is_none(), "once is enough");
        provider.tamper("DELETE FROM logouts").await;
        provider.tamper("DELETE FROM sessions").await;
    }
}

async fn t8_a_token_changed_by_hand_opens_nothing(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    provider.browser("mallory", &BOTH).await;
    let client = provider.client(|_| {}).await;
    provider.client(|client| client.id = "another".parse().unwrap()).await;
    for text in [
        "UPDATE access_tokens SET user_id = (SELECT id FROM users WHERE name = 'mallory')",
        "UPDATE access_tokens SET scope = 'openid'",
        "UPDATE access_tokens SET expires_at = expires_at + 60",
        "UPDATE access_tokens SET grant_id = NULL",
        "UPDATE access_tokens SET client_id = 'another'",
        "UPDATE access_tokens SET sid = (SELECT sid FROM sessions WHERE user_id <> access_tokens.user_id)",
        "UPDATE access_tokens SET sid = NULL",
        "UPDATE access_tokens SET user_id = NULL",
        "UPDATE access_tokens SET security_version = security_version + 1",
        "UPDATE access_tokens SET created_at = created_at + 1",
    ] {
        let token = provider.redeem(&client, &provider.code(&browser, &client).await).await.text("access_token");
        assert!(provider.tamper(text).await > 0);
        let answer = provider.userinfo(&token).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{text}: {answer:?}");
        provider.tamper("DELETE FROM access_tokens").await;
    }
}

async fn a_client_is_registered_once(core: Core) {
    let provider = Provider::over(core).await;
    let (b, a) = (provider.client(|client| client.id = "b".parse().unwrap()).await, "a".parse().unwrap());
    provider.client(|client| client.id = a).await;
    let store = &provider.app.store;
    let ids: Vec<String> = store.clients().await.unwrap().iter().map(|client| client.id.to_string()).collect();
    assert_eq!(ids, ["a", "b"]);
    let id = b.id.parse().unwrap();
    let client = store.client(&id).await.unwrap().unwrap();
    assert!(matches!(store.add_client(client, "test".to_owned()).await, Err(StoreError::Duplicate)));
    assert!(store.delete_client(id, "test".to_owned(), provider.now()).await.unwrap());
    assert!(!store.delete_client(b.id.parse().unwrap(), "test".to_owned(), provider.now()).await.unwrap());
    assert!(store.client(&b.id.parse().unwrap()).await.unwrap().is_none());
    let events = store.latest_audit(20).await.unwrap();
    let count = |event: &str| events.iter().filter(|record| record.event == event).count();
    assert_eq!((count("client_added"), count("client_deleted")), (2, 1));
}
