//! Plan `fapi2-security-profile-final`: what is announced, and the way through the browser.

use axum::http::{HeaderName, Method, StatusCode};
use serde_json::{Value, json};
use twolatch_core::client::Demand;

use super::fapi::{FORM, Fapi, but};
use crate::support::core::{Core, on_both};
use crate::support::provider::{Answer, CALLBACK, ISSUER, cut, form, payload, with};

on_both!(
    fapi2_security_profile_final_discovery_end_point_verification,
    fapi2_security_profile_final_happy_flow,
    fapi2_security_profile_final_user_rejects_authentication,
    fapi2_security_profile_final_ensure_authorization_request_without_state_success,
    fapi2_security_profile_final_ensure_authorization_request_without_nonce_success,
    fapi2_security_profile_final_ensure_authorization_request_with_64_char_nonce_success,
    fapi2_security_profile_final_ensure_other_scope_order_succeeds,
    fapi2_security_profile_final_test_claims_parameter_identity_claims,
    fapi2_security_profile_final_ensure_different_nonce_inside_and_outside_request_object,
    fapi2_security_profile_final_ensure_different_state_inside_and_outside_request_object,
    fapi2_security_profile_final_state_only_outside_request_object_not_used,
    fapi2_security_profile_final_ensure_authorization_request_with_long_nonce,
    fapi2_security_profile_final_ensure_authorization_request_with_long_state,
    fapi2_security_profile_final_ensure_request_object_without_redirect_uri_fails,
    fapi2_security_profile_final_plain_fapi_ensure_registered_redirect_uri,
    fapi2_security_profile_final_ensure_redirect_uri_in_authorization_request,
    fapi2_security_profile_final_ensure_unsigned_authorization_request_without_using_par_fails,
    fapi2_security_profile_final_ensure_response_type_code_idtoken_fails,
    fapi2_security_profile_final_ensure_response_type_token_fails,
);

async fn fapi2_security_profile_final_discovery_end_point_verification(core: Core) {
    let fapi = Fapi::over(core).await;
    let answer = fapi.provider.raw(Method::GET, "/.well-known/openid-configuration", &[], "").await;
    let told = answer.json();
    assert_eq!(told["issuer"], ISSUER);
    assert_eq!(told["pushed_authorization_request_endpoint"], format!("{ISSUER}/par"));
    assert_eq!(told["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(told["authorization_response_iss_parameter_supported"], true);
    let has = |list: &str, word: &str| told[list].as_array().unwrap().contains(&json!(word));
    assert!(has("token_endpoint_auth_methods_supported", "private_key_jwt"));
    assert!(has("response_types_supported", "code") && has("grant_types_supported", "authorization_code"));
    for list in ["token_endpoint_auth_signing_alg_values_supported", "dpop_signing_alg_values_supported"] {
        assert!(["PS256", "ES256", "EdDSA"].iter().all(|alg| has(list, alg)), "{told}");
    }
    assert!(!has("dpop_signing_alg_values_supported", "RS256"));
}

async fn fapi2_security_profile_final_happy_flow(core: Core) {
    let fapi = Fapi::over(core).await;
    for fapi in [fapi.other().await, fapi] {
        let answer = fapi.begin(&fapi.request()).await;
        assert_eq!(answer.param("iss").as_deref(), Some(ISSUER));
        assert_eq!(answer.param("state").as_deref(), Some("a state"));
        let tokens = fapi.redeem(&answer.param("code").unwrap()).await;
        assert_eq!((tokens.status, tokens.text("token_type")), (StatusCode::OK, "DPoP".to_owned()));
        assert!(tokens.json().get("refresh_token").is_none());
        let id = payload(&tokens.text("id_token"));
        assert_eq!(
            (&id["iss"], &id["aud"][0], &id["nonce"]),
            (&json!(ISSUER), &json!(fapi.client.id), &json!("a nonce"))
        );
        let access = tokens.text("access_token");
        let proof = fapi.holder.dpop(&fapi.resource_claims(&access));
        let told = fapi.resource(&access, &proof).await;
        assert_eq!((told.status, &told.json()["sub"]), (StatusCode::OK, &id["sub"]));
        assert!(told.headers.contains_key(HeaderName::from_static("dpop-nonce")), "the next number");
    }
}

async fn fapi2_security_profile_final_user_rejects_authentication(core: Core) {
    let fapi = Fapi::over(core).await;
    let uri = fapi.pushed(&fapi.request()).await;
    let params = [("client_id", fapi.client.id.as_str()), ("request_uri", uri.as_str())];
    let login = fapi.provider.authorize(None, &params).await;
    let page = fapi.provider.visit(None, login.location()).await;
    let (_, after) = page.body.split_once("href=\"/authorize/cancel?request=").expect("a way back");
    let sealed = after.split_once('"').unwrap().0;
    let back = fapi.provider.visit(None, &format!("/authorize/cancel?request={sealed}")).await;
    back.is_error(CALLBACK, "access_denied", Some("a state"));
    for damaged in ["", "x", cut(sealed, 1)] {
        fapi.provider.visit(None, &format!("/authorize/cancel?request={damaged}")).await.is_page();
    }
}

/// The ID token of a request that goes well.
async fn id_token(fapi: &Fapi, params: &[(&str, &str)]) -> (Answer, Value) {
    let answer = fapi.begin(params).await;
    let code = answer.param("code").unwrap_or_else(|| panic!("{answer:?}"));
    let id = payload(&fapi.redeem(&code).await.text("id_token"));
    (answer, id)
}

async fn fapi2_security_profile_final_ensure_authorization_request_without_state_success(core: Core) {
    let fapi = Fapi::over(core).await;
    let (answer, _) = id_token(&fapi, &but(&fapi, "state", "")).await;
    assert_eq!(answer.param("state"), None);
}

async fn fapi2_security_profile_final_ensure_authorization_request_without_nonce_success(core: Core) {
    let fapi = Fapi::over(core).await;
    let (_, id) = id_token(&fapi, &but(&fapi, "nonce", "")).await;
    assert_eq!(id.get("nonce"), None);
}

async fn fapi2_security_profile_final_ensure_authorization_request_with_64_char_nonce_success(core: Core) {
    let fapi = Fapi::over(core).await;
    let nonce = "n".repeat(64);
    let (_, id) = id_token(&fapi, &but(&fapi, "nonce", &nonce)).await;
    assert_eq!(id["nonce"], nonce);
}

async fn fapi2_security_profile_final_ensure_other_scope_order_succeeds(core: Core) {
    let fapi = Fapi::over(core).await;
    let answer = fapi.begin(&but(&fapi, "scope", "groups email profile openid")).await;
    let tokens = fapi.redeem(&answer.param("code").unwrap()).await;
    assert_eq!(tokens.text("scope"), "openid profile email groups");
}

async fn fapi2_security_profile_final_test_claims_parameter_identity_claims(core: Core) {
    let fapi = Fapi::over(core).await;
    let claims = json!({ "id_token": { "email": null }, "userinfo": { "name": { "essential": true } } }).to_string();
    let (_, id) = id_token(&fapi, &with(&but(&fapi, "scope", "openid"), "claims", &claims)).await;
    assert_eq!((&id["email"], id.get("name")), (&json!("alice@example.org"), None));
}

/// A request whose inner half is signed, and what stands beside it.
async fn signed(fapi: &Fapi, inner: &[(&str, &str)], outer: &[(&str, &str)]) -> Answer {
    let mut claims: Value = inner.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<Value>();
    let now = fapi.provider.now().unix();
    for (name, value) in
        [("iss", json!(fapi.client.id)), ("aud", json!(ISSUER)), ("exp", json!(now + 60)), ("nbf", json!(now))]
    {
        claims[name] = value;
    }
    let object = fapi.signer.token(&json!({ "alg": fapi.signer.alg, "typ": "oauth-authz-req+jwt" }), &claims);
    let mut params = outer.to_vec();
    params.extend([("client_id", fapi.client.id.as_str()), ("request", object.as_str())]);
    fapi.push(&params).await
}

async fn fapi2_security_profile_final_ensure_different_nonce_inside_and_outside_request_object(core: Core) {
    let fapi = Fapi::over(core).await;
    let uri = signed(&fapi, &fapi.request(), &[("nonce", "outside")]).await.text("request_uri");
    let code = fapi.authorize(&uri).await.param("code").unwrap();
    assert_eq!(payload(&fapi.redeem(&code).await.text("id_token"))["nonce"], "a nonce");
}

async fn fapi2_security_profile_final_ensure_different_state_inside_and_outside_request_object(core: Core) {
    let fapi = Fapi::over(core).await;
    let uri = signed(&fapi, &fapi.request(), &[("state", "outside")]).await.text("request_uri");
    assert_eq!(fapi.authorize(&uri).await.param("state").as_deref(), Some("a state"));
}

async fn fapi2_security_profile_final_state_only_outside_request_object_not_used(core: Core) {
    let fapi = Fapi::over(core).await;
    fapi.provider.edit(&fapi.client, |client| client.settings.demands.push(Demand::SignedRequest)).await;
    let uri = signed(&fapi, &but(&fapi, "state", ""), &[("state", "outside")]).await.text("request_uri");
    let params = [("client_id", fapi.client.id.as_str()), ("request_uri", uri.as_str()), ("state", "beside")];
    let answer = fapi.provider.authorize(Some(&fapi.browser), &params).await;
    assert!(answer.param("code").is_some() && answer.param("state").is_none(), "{answer:?}");
}

async fn fapi2_security_profile_final_ensure_authorization_request_with_long_nonce(core: Core) {
    let fapi = Fapi::over(core).await;
    let nonce = "n".repeat(384);
    let (_, id) = id_token(&fapi, &but(&fapi, "nonce", &nonce)).await;
    assert_eq!(id["nonce"], nonce);
}

async fn fapi2_security_profile_final_ensure_authorization_request_with_long_state(core: Core) {
    let fapi = Fapi::over(core).await;
    let state = "s".repeat(384);
    let (answer, _) = id_token(&fapi, &but(&fapi, "state", &state)).await;
    assert_eq!(answer.param("state"), Some(state));
}

async fn fapi2_security_profile_final_ensure_request_object_without_redirect_uri_fails(core: Core) {
    let fapi = Fapi::over(core).await;
    signed(&fapi, &but(&fapi, "redirect_uri", ""), &[("redirect_uri", CALLBACK)]).await.is_refused("invalid_request");
    fapi.push(&but(&fapi, "redirect_uri", "")).await.is_refused("invalid_request");
}

async fn fapi2_security_profile_final_plain_fapi_ensure_registered_redirect_uri(core: Core) {
    let fapi = Fapi::over(core).await;
    fapi.push(&but(&fapi, "redirect_uri", "https://app.example.com/other")).await.is_refused("invalid_request");
}

async fn fapi2_security_profile_final_ensure_redirect_uri_in_authorization_request(core: Core) {
    let fapi = Fapi::over(core).await;
    fapi.push(&but(&fapi, "redirect_uri", "")).await.is_refused("invalid_request");
    let direct = but(&fapi, "redirect_uri", "");
    fapi.provider.authorize(Some(&fapi.browser), &direct).await.is_page();
}

async fn fapi2_security_profile_final_ensure_unsigned_authorization_request_without_using_par_fails(core: Core) {
    let fapi = Fapi::over(core).await;
    let answer = fapi.provider.authorize(Some(&fapi.browser), &fapi.request()).await;
    answer.is_error(CALLBACK, "invalid_request", Some("a state"));
    let posted = fapi.provider.raw(Method::POST, "/authorize", &[FORM], &form(&fapi.request())).await;
    assert_eq!(posted.status, StatusCode::SEE_OTHER);
    assert!(posted.location().starts_with("/authorize?"), "{posted:?}");
}

async fn fapi2_security_profile_final_ensure_response_type_code_idtoken_fails(core: Core) {
    let fapi = Fapi::over(core).await;
    fapi.push(&but(&fapi, "response_type", "code id_token")).await.is_refused("unsupported_response_type");
}

async fn fapi2_security_profile_final_ensure_response_type_token_fails(core: Core) {
    let fapi = Fapi::over(core).await;
    let token = with(&fapi.request(), "response_type", "token");
    fapi.push(&token).await.is_refused("unsupported_response_type");
}
