//! Plan `fapi2-security-profile-final`: proofs that the client holds its key.

use axum::http::{Method, StatusCode, header};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use twolatch_core::client::SigningAlg;

use super::fapi::{Fapi, but};
use crate::support::core::{Core, on_both};
use crate::support::provider::{Answer, ISSUER, redemption};
use crate::support::signer::Signer;

on_both!(
    fapi2_security_profile_final_access_token_type_header_case_sensitivity,
    fapi2_security_profile_final_check_dpop_proof_nbf_exp,
    fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_before_succeeds,
    fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_after_succeeds,
    fapi2_security_profile_final_ensure_mismatched_dpop_jkt_fails,
    fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt,
    fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_jkt,
    fapi2_security_profile_final_ensure_dpopproof_at_par_endpoint_binding_success,
    fapi2_security_profile_final_ensure_dpop_auth_code_binding_success,
    fapi2_security_profile_final_dpop_negative_tests,
);

async fn fapi2_security_profile_final_access_token_type_header_case_sensitivity(core: Core) {
    let fapi = Fapi::over(core).await;
    let access = fapi.access().await;
    for scheme in ["dpop", "DPOP", "DPoP", "dPoP"] {
        let proof = fapi.holder.dpop(&fapi.resource_claims(&access));
        let authorization = format!("{scheme} {access}");
        let headers = [("Authorization", authorization.as_str()), ("DPoP", proof.as_str())];
        assert_eq!(fapi.provider.raw(Method::GET, "/userinfo", &headers, "").await.status, StatusCode::OK);
    }
}

/// A code and one try to redeem it with a proof that says something else.
async fn redeemed(fapi: &Fapi, edit: impl FnOnce(&mut Value)) -> Answer {
    let (code, assertion) = (fapi.code().await, fapi.signer.sign(&fapi.claims()));
    let mut claims = fapi.proof_claims("POST", "/token");
    edit(&mut claims);
    let proof = fapi.holder.dpop(&claims);
    fapi.send("/token", &redemption(&code), Some(&assertion), Some(&proof)).await
}

async fn fapi2_security_profile_final_check_dpop_proof_nbf_exp(core: Core) {
    let fapi = Fapi::over(core).await;
    let now = fapi.provider.now().unix();
    let answer = redeemed(&fapi, |claims| {
        claims["nbf"] = now.into();
        claims["exp"] = (now + 60).into();
    });
    assert_eq!(answer.await.status, StatusCode::OK);
}

async fn fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_before_succeeds(core: Core) {
    let fapi = Fapi::over(core).await;
    let before = fapi.provider.now().unix() - 10;
    assert_eq!(redeemed(&fapi, |claims| claims["iat"] = before.into()).await.status, StatusCode::OK);
}

async fn fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_after_succeeds(core: Core) {
    let fapi = Fapi::over(core).await;
    let after = fapi.provider.now().unix() + 10;
    assert_eq!(redeemed(&fapi, |claims| claims["iat"] = after.into()).await.status, StatusCode::OK);
}

/// A request that is pushed with a proof and with this thumbprint.
async fn pushed(fapi: &Fapi, jkt: &str) -> Answer {
    let (assertion, proof) = (fapi.signer.sign(&fapi.claims()), fapi.proof("POST", "/par"));
    fapi.send("/par", &but(fapi, "dpop_jkt", jkt), Some(&assertion), Some(&proof)).await
}

async fn fapi2_security_profile_final_ensure_mismatched_dpop_jkt_fails(core: Core) {
    let fapi = Fapi::over(core).await;
    let other = Signer::new(SigningAlg::Es256).key().thumbprint();
    pushed(&fapi, &other).await.is_refused("invalid_dpop_proof");
    fapi.push(&but(&fapi, "dpop_jkt", "short")).await.is_refused("invalid_request");
}

/// A code of a request with this, redeemed with another key and then with its own.
async fn bound(fapi: &Fapi, code: &str) {
    let other = Signer::new(SigningAlg::Es256);
    let (assertion, proof) = (fapi.signer.sign(&fapi.claims()), other.dpop(&fapi.proof_claims("POST", "/token")));
    fapi.send("/token", &redemption(code), Some(&assertion), Some(&proof)).await.is_refused("invalid_grant");
    assert_eq!(fapi.redeem(code).await.status, StatusCode::OK, "its own key redeems it");
}

async fn fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt(core: Core) {
    let fapi = Fapi::over(core).await;
    let uri = pushed(&fapi, "").await.text("request_uri");
    bound(&fapi, &fapi.authorize(&uri).await.param("code").unwrap()).await;
}

async fn fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_jkt(core: Core) {
    let fapi = Fapi::over(core).await;
    let jkt = fapi.holder.key().thumbprint();
    bound(&fapi, &fapi.begin(&but(&fapi, "dpop_jkt", &jkt)).await.param("code").unwrap()).await;
}

async fn fapi2_security_profile_final_ensure_dpopproof_at_par_endpoint_binding_success(core: Core) {
    let fapi = Fapi::over(core).await;
    let uri = pushed(&fapi, "").await.text("request_uri");
    let code = fapi.authorize(&uri).await.param("code").unwrap();
    assert_eq!(fapi.redeem(&code).await.status, StatusCode::OK);
}

async fn fapi2_security_profile_final_ensure_dpop_auth_code_binding_success(core: Core) {
    let fapi = Fapi::over(core).await;
    let jkt = fapi.holder.key().thumbprint();
    let uri = pushed(&fapi, &jkt).await.text("request_uri");
    let code = fapi.authorize(&uri).await.param("code").unwrap();
    assert_eq!(fapi.redeem(&code).await.status, StatusCode::OK);
}

async fn fapi2_security_profile_final_dpop_negative_tests(core: Core) {
    let fapi = Fapi::over(core).await;
    let access = fapi.access().await;
    let by = |header: &Value, edit: &dyn Fn(&mut Value)| {
        let mut claims = fapi.resource_claims(&access);
        edit(&mut claims);
        fapi.holder.token(header, &claims)
    };
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": fapi.holder.jwk() });
    let set = |name: &'static str, value: Value| by(&header, &|claims| claims[name] = value.clone());
    let cut = |name: &'static str| by(&header, &|claims| drop(claims.as_object_mut().unwrap().remove(name)));
    let headed = |name: &str, value: Value| {
        let mut header = header.clone();
        header[name] = value;
        by(&header, &|_| {})
    };
    let beheaded = |name: &str| {
        let mut header = header.clone();
        header.as_object_mut().unwrap().remove(name);
        by(&header, &|_| {})
    };
    let good = || by(&header, &|_| {});
    let now = fapi.provider.now().unix();
    let private = || {
        let mut jwk = fapi.holder.jwk();
        jwk["d"] = BASE64URL_NOPAD.encode(&[7; 32]).into();
        jwk
    };
    let other = Signer::new(SigningAlg::Es256);
    let rsa = Signer::new(SigningAlg::Rs256);
    for (what, proof) in [
        ("no JWT", "x".to_owned()),
        ("four parts", format!("{}.x", good())),
        ("no typ", beheaded("typ")),
        ("wrong typ", headed("typ", json!("JWT"))),
        ("no alg", beheaded("alg")),
        ("alg none", headed("alg", json!("none"))),
        ("alg HS256", headed("alg", json!("HS256"))),
        ("no jwk", beheaded("jwk")),
        ("private jwk", headed("jwk", private())),
        ("symmetric jwk", headed("jwk", json!({ "kty": "oct", "k": "AAAA" }))),
        ("another jwk", headed("jwk", other.jwk())),
        ("jwk as text", headed("jwk", json!("x"))),
        (
            "RS256",
            rsa.token(&json!({ "typ": "dpop+jwt", "alg": "RS256", "jwk": rsa.jwk() }), &fapi.resource_claims(&access)),
        ),
        ("another key", other.dpop(&fapi.resource_claims(&access))),
        ("bad signature", good().chars().rev().skip(4).collect::<String>().chars().rev().collect::<String>() + "AAAA"),
        ("no jti", cut("jti")),
        ("empty jti", set("jti", json!(""))),
        ("long jti", set("jti", json!("j".repeat(257)))),
        ("no htm", cut("htm")),
        ("wrong htm", set("htm", json!("POST"))),
        ("htm in small letters", set("htm", json!("get"))),
        ("no htu", cut("htu")),
        ("other htu", set("htu", json!(format!("{ISSUER}/token")))),
        ("htu of another host", set("htu", json!("https://other.example.org/userinfo"))),
        ("htu without TLS", set("htu", json!("http://id.example.org/userinfo"))),
        ("no iat", cut("iat")),
        ("iat as text", set("iat", json!(now.to_string()))),
        ("old iat", set("iat", json!(now - 3600))),
        ("iat ahead", set("iat", json!(now + 3600))),
        ("no ath", cut("ath")),
        ("wrong ath", set("ath", json!(BASE64URL_NOPAD.encode(&[7; 32])))),
    ] {
        let answer = fapi.resource(&access, &proof).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}");
        let told = answer.headers.get_all(header::WWW_AUTHENTICATE).iter().map(|value| value.to_str().unwrap());
        let told: Vec<&str> = told.collect();
        let is_named = |told: &&str| told.contains("invalid_dpop_proof") || told.contains("invalid_token");
        assert!(told.len() == 1 && told.iter().all(is_named) && told[0].starts_with("DPoP "), "{what}: {told:?}");
    }
    for (what, nonce) in [
        ("no nonce", Value::Null),
        ("a stranger's", json!("1.x")),
        ("a forged one", json!("30000000.x")),
        ("one of no time", json!("-9223372036854775808.x")),
    ] {
        let proof = if nonce.is_null() { cut("nonce") } else { set("nonce", nonce) };
        let answer = fapi.resource(&access, &proof).await;
        assert!(answer.headers[header::WWW_AUTHENTICATE].to_str().unwrap().contains("use_dpop_nonce"), "{what}");
        assert!(answer.headers.contains_key("dpop-nonce"), "{what}");
    }
    // The token without a proof, with two, and with one that was shown before.
    assert_eq!(fapi.provider.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
    let (one, two, authorization) = (good(), good(), format!("DPoP {access}"));
    let without = [("Authorization", authorization.as_str())];
    assert_eq!(fapi.provider.raw(Method::GET, "/userinfo", &without, "").await.status, StatusCode::UNAUTHORIZED);
    let both = [("Authorization", authorization.as_str()), ("DPoP", &one), ("DPoP", &two)];
    assert_eq!(fapi.provider.raw(Method::GET, "/userinfo", &both, "").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(fapi.resource(&access, &one).await.status, StatusCode::OK);
    assert_eq!(fapi.resource(&access, &one).await.status, StatusCode::UNAUTHORIZED);
    tolerated(&fapi, &access).await;
}

/// What differs and means the same.
async fn tolerated(fapi: &Fapi, access: &str) {
    for (what, name, value) in [
        ("htu with query and fragment", "htu", json!(format!("{ISSUER}/userinfo?a=b#c"))),
        ("htu with a host in capitals", "htu", json!("https://ID.Example.ORG/userinfo")),
        ("htu with the port that is meant anyway", "htu", json!("https://id.example.org:443/userinfo")),
        ("unknown claims", "extra", json!({ "a": [1] })),
    ] {
        let mut claims = fapi.resource_claims(access);
        claims[name] = value;
        assert_eq!(fapi.resource(access, &fapi.holder.dpop(&claims)).await.status, StatusCode::OK, "{what}");
    }
}
