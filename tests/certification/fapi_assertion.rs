//! Plan `fapi2-security-profile-final`: how the client proves itself.

use axum::http::StatusCode;
use serde_json::{Value, json};
use twolatch_core::client::SigningAlg;

use super::fapi::Fapi;
use crate::support::core::{Core, on_both};
use crate::support::provider::{ISSUER, redemption};
use crate::support::signer::Signer;

on_both!(
    fapi2_security_profile_final_ensure_signed_client_assertion_with_rs256_fails,
    fapi2_security_profile_final_ensure_client_assertion_in_token_endpoint,
    fapi2_security_profile_final_ensure_client_assertion_with_exp_is_5_minutes_in_past_fails,
    fapi2_security_profile_final_ensure_client_assertion_with_wrong_aud_fails,
    fapi2_security_profile_final_ensure_client_assertion_with_no_sub_fails,
    fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted,
    fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_over_60_seconds_in_the_future_fails,
    fapi2_security_profile_final_par_test_array_as_audience_fails,
    fapi2_security_profile_final_par_test_par_endpoint_url_as_audience_fails,
    fapi2_security_profile_final_par_test_token_endpoint_url_as_audience_fails,
);

/// A code and one try to redeem it with a spoilt assertion.
async fn redeemed(fapi: &Fapi, claims: &Value) -> crate::support::provider::Answer {
    let (code, assertion, proof) = (fapi.code().await, fapi.signer.sign(claims), fapi.proof("POST", "/token"));
    fapi.send("/token", &redemption(&code), Some(&assertion), Some(&proof)).await
}

/// A try to push a request with a spoilt assertion.
async fn pushed(fapi: &Fapi, claims: &Value) -> crate::support::provider::Answer {
    fapi.send("/par", &fapi.request(), Some(&fapi.signer.sign(claims)), None).await
}

fn with(fapi: &Fapi, name: &str, value: Value) -> Value {
    let mut claims = fapi.claims();
    claims[name] = value;
    claims
}

async fn fapi2_security_profile_final_ensure_signed_client_assertion_with_rs256_fails(core: Core) {
    let fapi = Fapi::over(core).await;
    let signer = Signer::new(SigningAlg::Rs256);
    let key = signer.key();
    fapi.provider.edit(&fapi.client, |client| client.settings.keys.push(key)).await;
    let (code, assertion) = (fapi.code().await, signer.sign(&fapi.claims()));
    let proof = fapi.proof("POST", "/token");
    fapi.send("/token", &redemption(&code), Some(&assertion), Some(&proof)).await.is_refused("invalid_client");
    assert_eq!(fapi.redeem(&code).await.status, StatusCode::OK, "nothing was spent");
}

async fn fapi2_security_profile_final_ensure_client_assertion_in_token_endpoint(core: Core) {
    let fapi = Fapi::over(core).await;
    let (code, proof) = (fapi.code().await, fapi.proof("POST", "/token"));
    let mut params = redemption(&code);
    params.push(("client_id", &fapi.client.id));
    fapi.send("/token", &params, None, Some(&proof)).await.is_refused("invalid_client");
}

async fn fapi2_security_profile_final_ensure_client_assertion_with_exp_is_5_minutes_in_past_fails(core: Core) {
    let fapi = Fapi::over(core).await;
    let past = with(&fapi, "exp", (fapi.provider.now().unix() - 300).into());
    redeemed(&fapi, &past).await.is_refused("invalid_client");
}

async fn fapi2_security_profile_final_ensure_client_assertion_with_wrong_aud_fails(core: Core) {
    let fapi = Fapi::over(core).await;
    let elsewhere = with(&fapi, "aud", "https://other.example.org".into());
    redeemed(&fapi, &elsewhere).await.is_refused("invalid_client");
}

async fn fapi2_security_profile_final_ensure_client_assertion_with_no_sub_fails(core: Core) {
    let fapi = Fapi::over(core).await;
    let mut claims = fapi.claims();
    claims.as_object_mut().unwrap().remove("sub");
    redeemed(&fapi, &claims).await.is_refused("invalid_client");
}

async fn fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted(
    core: Core,
) {
    let fapi = Fapi::over(core).await;
    let soon = with(&fapi, "nbf", (fapi.provider.now().unix() + 8).into());
    assert_eq!(pushed(&fapi, &soon).await.status, StatusCode::CREATED);
}

async fn fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_over_60_seconds_in_the_future_fails(
    core: Core,
) {
    let fapi = Fapi::over(core).await;
    let later = with(&fapi, "nbf", (fapi.provider.now().unix() + 61).into());
    pushed(&fapi, &later).await.is_refused("invalid_client");
}

async fn fapi2_security_profile_final_par_test_array_as_audience_fails(core: Core) {
    let fapi = Fapi::over(core).await;
    for aud in [json!([ISSUER]), json!([ISSUER, "https://other.example.org"])] {
        pushed(&fapi, &with(&fapi, "aud", aud)).await.is_refused("invalid_client");
    }
}

async fn fapi2_security_profile_final_par_test_par_endpoint_url_as_audience_fails(core: Core) {
    let fapi = Fapi::over(core).await;
    pushed(&fapi, &with(&fapi, "aud", format!("{ISSUER}/par").into())).await.is_refused("invalid_client");
}

async fn fapi2_security_profile_final_par_test_token_endpoint_url_as_audience_fails(core: Core) {
    let fapi = Fapi::over(core).await;
    pushed(&fapi, &with(&fapi, "aud", format!("{ISSUER}/token").into())).await.is_refused("invalid_client");
}
