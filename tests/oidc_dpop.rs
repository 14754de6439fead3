//! Tokens that are bound to a key: who holds another one, or none, has nothing of them.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::{Method, StatusCode};
use idp_server::oidc::dpop;
use serde_json::json;
use twolatch_core::client::{AuthMethod, Demand, SigningAlg};
use twolatch_core::crypto::token_hash;

use crate::support::core::{Core, on_both};
use crate::support::provider::{Answer, BOTH, Browser, ISSUER, Provider, Registered, form, good, redemption, with};
use crate::support::signer::Signer;

on_both!(
    a_public_apps_refresh_token_is_bound_to_the_key_that_it_was_first_shown_with,
    who_has_to_bind_tokens_has_no_others,
    a_nonce_is_good_for_five_minutes,
    t19_nothing_is_written_for_proofs_of_nobody,
);

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A proof for a request, with a number from now.
fn proof(provider: &Provider, holder: &Signer, method: &str, path: &str, access: Option<&str>) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let nonce = dpop::nonce(&provider.app.store, provider.now());
    let mut claims = json!({
        "jti": NEXT.fetch_add(1, Ordering::SeqCst).to_string(), "htm": method, "htu": format!("{ISSUER}{path}"),
        "iat": provider.now().unix(), "nonce": nonce,
    });
    if let Some(access) = access {
        claims["ath"] = token_hash(access).into();
    }
    holder.dpop(&claims)
}

async fn ask(provider: &Provider, client: &Registered, params: &[(&str, &str)], holder: Option<&Signer>) -> Answer {
    let mut params = params.to_vec();
    params.push(("client_id", &client.id));
    let proof = holder.map(|holder| proof(provider, holder, "POST", "/token", None));
    let headers: Vec<(&str, &str)> = [FORM].into_iter().chain(proof.as_deref().map(|proof| ("dpop", proof))).collect();
    provider.raw(Method::POST, "/token", &headers, &form(&params)).await
}

async fn userinfo(provider: &Provider, holder: &Signer, access: &str) -> StatusCode {
    let proof = proof(provider, holder, "GET", "/userinfo", Some(access));
    let headers = [("authorization", format!("DPoP {access}")), ("dpop", proof)];
    let headers = headers.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>();
    provider.raw(Method::GET, "/userinfo", &headers, "").await.status
}

async fn public(provider: &Provider) -> Registered {
    provider.client(|client| (client.auth_method, client.secret) = (AuthMethod::None, None)).await
}

async fn offline(provider: &Provider, browser: &Browser, client: &Registered) -> String {
    let params = with(&good(client), "scope", "openid offline_access");
    provider.authorize(Some(browser), &params).await.param("code").unwrap()
}

async fn a_public_apps_refresh_token_is_bound_to_the_key_that_it_was_first_shown_with(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = public(&provider).await;
    let (own, other) = (Signer::new(SigningAlg::Es256), Signer::new(SigningAlg::EdDsa));
    // Bound from the start, or from the first refresh with a proof on.
    for first in [Some(&own), None] {
        let code = offline(&provider, &browser, &client).await;
        let mut tokens = ask(&provider, &client, &redemption(&code), first).await;
        for holder in [Some(&own), None, Some(&other), Some(&own)] {
            let refresh = tokens.text("refresh_token");
            let params = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
            let next = ask(&provider, &client, &params, holder).await;
            if holder.is_some_and(|holder| holder.key() == own.key()) {
                assert_eq!((next.status, next.text("token_type")), (StatusCode::OK, "DPoP".to_owned()));
                tokens = next;
            } else {
                next.is_refused("invalid_grant");
            }
        }
        let access = tokens.text("access_token");
        assert_eq!(userinfo(&provider, &own, &access).await, StatusCode::OK);
        assert_eq!(userinfo(&provider, &other, &access).await, StatusCode::UNAUTHORIZED);
        assert_eq!(provider.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
    }
}

async fn who_has_to_bind_tokens_has_no_others(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = public(&provider).await;
    let code = offline(&provider, &browser, &client).await;
    let tokens = ask(&provider, &client, &redemption(&code), None).await;
    let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
    assert_eq!(provider.userinfo(&access).await.status, StatusCode::OK);
    let own = Signer::new(SigningAlg::Es256);
    assert_eq!(userinfo(&provider, &own, &access).await, StatusCode::UNAUTHORIZED, "it is bound to nothing");
    provider.edit(&client, |client| client.settings.demands = vec![Demand::Dpop]).await;
    assert_eq!(provider.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
    let params = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    ask(&provider, &client, &params, None).await.is_refused("invalid_dpop_proof");
    assert_eq!(ask(&provider, &client, &params, Some(&own)).await.status, StatusCode::OK);
}

async fn a_nonce_is_good_for_five_minutes(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let (client, own) = (public(&provider).await, Signer::new(SigningAlg::Es256));
    let nonce = dpop::nonce(&provider.app.store, provider.now());
    for (seconds, error) in [(0, "invalid_grant"), (240, "invalid_grant"), (60, "use_dpop_nonce")] {
        provider.advance(seconds);
        let claims = json!({
            "jti": "x", "htm": "POST", "htu": format!("{ISSUER}/token"), "iat": provider.now().unix(), "nonce": nonce,
        });
        let (params, proof) = ([redemption("x"), vec![("client_id", client.id.as_str())]].concat(), own.dpop(&claims));
        let answer = provider.raw(Method::POST, "/token", &[FORM, ("dpop", &proof)], &form(&params)).await;
        answer.is_refused(error);
        assert_eq!(answer.headers["dpop-nonce"], dpop::nonce(&provider.app.store, provider.now()));
    }
    let code = provider.code(&browser, &client).await;
    assert_eq!(ask(&provider, &client, &redemption(&code), Some(&own)).await.status, StatusCode::OK);
}

async fn t19_nothing_is_written_for_proofs_of_nobody(core: Core) {
    let provider = Provider::over(core).await;
    let (client, own) = (public(&provider).await, Signer::new(SigningAlg::Es256));
    ask(&provider, &client, &redemption("x"), Some(&own)).await.is_refused("invalid_grant");
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", "a.b")];
    ask(&provider, &client, &refresh, Some(&own)).await.is_refused("invalid_grant");
    let proof = proof(&provider, &own, "POST", "/par", None);
    let wrong = with(&good(&client), "scope", "x");
    let answer = provider.raw(Method::POST, "/par", &[FORM, ("dpop", &proof)], &form(&wrong)).await;
    answer.is_refused("invalid_scope");
    assert_eq!(provider.number("SELECT COUNT(*) FROM spent_jtis").await, 0);
}
