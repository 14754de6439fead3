//! Plan `fapi2-security-profile-final`: pushed requests, and the challenge in them.

use axum::http::{Method, StatusCode};

use super::fapi::{FORM, Fapi, but};
use crate::support::core::{Core, on_both};
use crate::support::provider::{CALLBACK, VERIFIER, form, redemption, with};

on_both!(
    fapi2_security_profile_final_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds,
    fapi2_security_profile_final_par_attempt_reuse_request_uri,
    fapi2_security_profile_final_par_attempt_to_use_expired_request_uri,
    fapi2_security_profile_final_par_attempt_to_use_request_uri_for_different_client,
    fapi2_security_profile_final_par_authorization_request_containing_request_uri_form_param,
    fapi2_security_profile_final_par_attempt_invalid_http_method,
    fapi2_security_profile_final_par_without_duplicate_parameters,
    fapi2_security_profile_final_par_ensure_pkce_required,
    fapi2_security_profile_final_ensure_pkce_code_verifier_required,
    fapi2_security_profile_final_incorrect_pkce_code_verifier_rejected,
    fapi2_security_profile_final_par_plain_pkce_rejected,
);

async fn fapi2_security_profile_final_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds(core: Core) {
    let fapi = Fapi::over(core).await;
    let uri = fapi.pushed(&fapi.request()).await;
    let params = [("client_id", fapi.client.id.as_str()), ("request_uri", uri.as_str())];
    for _ in 0..2 {
        let answer = fapi.provider.authorize(None, &params).await;
        assert!(answer.location().starts_with("/login?"), "{answer:?}");
    }
    assert!(fapi.authorize(&uri).await.param("code").is_some());
}

async fn fapi2_security_profile_final_par_attempt_reuse_request_uri(core: Core) {
    let fapi = Fapi::over(core).await;
    let uri = fapi.pushed(&fapi.request()).await;
    assert!(fapi.authorize(&uri).await.param("code").is_some());
    fapi.authorize(&uri).await.is_page();
}

async fn fapi2_security_profile_final_par_attempt_to_use_expired_request_uri(core: Core) {
    let fapi = Fapi::over(core).await;
    let pushed = fapi.push(&fapi.request()).await;
    let life = pushed.json()["expires_in"].as_i64().unwrap();
    assert!((5..=90).contains(&life));
    fapi.provider.advance(life);
    fapi.authorize(&pushed.text("request_uri")).await.is_page();
}

async fn fapi2_security_profile_final_par_attempt_to_use_request_uri_for_different_client(core: Core) {
    let fapi = Fapi::over(core).await;
    let other = fapi.other().await;
    let uri = fapi.pushed(&fapi.request()).await;
    other.authorize(&uri).await.is_page();
    assert!(fapi.authorize(&uri).await.param("code").is_some());
}

async fn fapi2_security_profile_final_par_authorization_request_containing_request_uri_form_param(core: Core) {
    let fapi = Fapi::over(core).await;
    let uri = fapi.pushed(&fapi.request()).await;
    fapi.push(&but(&fapi, "request_uri", &uri)).await.is_refused("invalid_request");
}

async fn fapi2_security_profile_final_par_attempt_invalid_http_method(core: Core) {
    let fapi = Fapi::over(core).await;
    for method in [Method::GET, Method::PUT] {
        let body = form(&fapi.request());
        let answer = fapi.provider.raw(method, "/par", &[FORM], &body).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

async fn fapi2_security_profile_final_par_without_duplicate_parameters(core: Core) {
    let fapi = Fapi::over(core).await;
    let answer = fapi.begin(&fapi.request()).await;
    assert!(answer.location().starts_with(CALLBACK), "{answer:?}");
    assert_eq!(answer.param("state").as_deref(), Some("a state"));
    assert_eq!(fapi.redeem(&answer.param("code").unwrap()).await.status, StatusCode::OK);
}

async fn fapi2_security_profile_final_par_ensure_pkce_required(core: Core) {
    let fapi = Fapi::over(core).await;
    let without = with(&but(&fapi, "code_challenge", ""), "code_challenge_method", "");
    fapi.push(&without).await.is_refused("invalid_request");
    // A waiver from before counts for nothing under FAPI.
    let now = fapi.provider.now();
    fapi.provider.edit(&fapi.client, move |client| client.pkce_waived_at = Some(now)).await;
    fapi.push(&without).await.is_refused("invalid_request");
}

async fn fapi2_security_profile_final_ensure_pkce_code_verifier_required(core: Core) {
    let fapi = Fapi::over(core).await;
    let code = fapi.code().await;
    fapi.ask("/token", &with(&redemption(&code), "code_verifier", "")).await.is_refused("invalid_grant");
}

async fn fapi2_security_profile_final_incorrect_pkce_code_verifier_rejected(core: Core) {
    let fapi = Fapi::over(core).await;
    let code = fapi.code().await;
    let wrong = VERIFIER.replace('d', "e");
    fapi.ask("/token", &with(&redemption(&code), "code_verifier", &wrong)).await.is_refused("invalid_grant");
}

async fn fapi2_security_profile_final_par_plain_pkce_rejected(core: Core) {
    let fapi = Fapi::over(core).await;
    for method in ["plain", ""] {
        let plain = but(&fapi, "code_challenge_method", method);
        fapi.push(&plain).await.is_refused("invalid_request");
    }
}
