//! Plan `fapi2-security-profile-final`: the token endpoint.

use axum::http::StatusCode;

use super::fapi::{Fapi, but};
use crate::support::core::{Core, on_both};
use crate::support::provider::{payload, redemption};

on_both!(
    fapi2_security_profile_final_ensure_client_id_in_token_endpoint,
    fapi2_security_profile_final_ensure_holder_of_key_required,
    fapi2_security_profile_final_ensure_authorization_code_is_bound_to_client,
    fapi2_security_profile_final_attempt_reuse_authorization_code_after_one_second,
    fapi2_security_profile_final_ensure_token_endpoint_fails_with_expired_auth_code,
    fapi2_security_profile_final_refresh_token,
);

async fn fapi2_security_profile_final_ensure_client_id_in_token_endpoint(core: Core) {
    let fapi = Fapi::over(core).await;
    let (other, code) = (fapi.other().await, fapi.code().await);
    let mut params = redemption(&code);
    params.push(("client_id", &other.client.id));
    let (assertion, proof) = (fapi.signer.sign(&fapi.claims()), fapi.proof("POST", "/token"));
    fapi.send("/token", &params, Some(&assertion), Some(&proof)).await.is_refused("invalid_request");
}

async fn fapi2_security_profile_final_ensure_holder_of_key_required(core: Core) {
    let fapi = Fapi::over(core).await;
    let (code, assertion) = (fapi.code().await, fapi.signer.sign(&fapi.claims()));
    fapi.send("/token", &redemption(&code), Some(&assertion), None).await.is_refused("invalid_dpop_proof");
}

async fn fapi2_security_profile_final_ensure_authorization_code_is_bound_to_client(core: Core) {
    let fapi = Fapi::over(core).await;
    let (other, code) = (fapi.other().await, fapi.code().await);
    other.redeem(&code).await.is_refused("invalid_grant");
}

async fn fapi2_security_profile_final_attempt_reuse_authorization_code_after_one_second(core: Core) {
    let fapi = Fapi::over(core).await;
    let code = fapi.code().await;
    let access = fapi.redeem(&code).await.text("access_token");
    fapi.provider.advance(1);
    fapi.redeem(&code).await.is_refused("invalid_grant");
    let proof = fapi.holder.dpop(&fapi.resource_claims(&access));
    assert_eq!(fapi.resource(&access, &proof).await.status, StatusCode::UNAUTHORIZED, "its token is dead, too");
}

async fn fapi2_security_profile_final_ensure_token_endpoint_fails_with_expired_auth_code(core: Core) {
    let fapi = Fapi::over(core).await;
    let code = fapi.code().await;
    fapi.provider.advance(60);
    fapi.redeem(&code).await.is_refused("invalid_grant");
}

async fn fapi2_security_profile_final_refresh_token(core: Core) {
    let fapi = Fapi::over(core).await;
    let offline = fapi.begin(&but(&fapi, "scope", "openid offline_access")).await;
    let first = fapi.redeem(&offline.param("code").unwrap()).await;
    let (refresh, id) = (first.text("refresh_token"), payload(&first.text("id_token")));
    let params = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    for _ in 0..2 {
        let next = fapi.ask("/token", &params).await;
        assert_eq!((next.status, next.text("token_type")), (StatusCode::OK, "DPoP".to_owned()));
        assert_eq!(next.text("refresh_token"), refresh, "FAPI has clients keep it");
        let again = payload(&next.text("id_token"));
        assert_eq!((&again["sub"], &again["iss"], &again["aud"]), (&id["sub"], &id["iss"], &id["aud"]));
    }
    let other = fapi.other().await;
    other.ask("/token", &params).await.is_refused("invalid_grant");
    let assertion = fapi.signer.sign(&fapi.claims());
    fapi.send("/token", &params, Some(&assertion), None).await.is_refused("invalid_dpop_proof");
    assert_eq!(fapi.ask("/token", &params).await.status, StatusCode::OK, "none of that has ended it");
}
