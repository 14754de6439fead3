//! Plans Basic and Form Post: the plain flow, what tokens and the userinfo endpoint say, codes and refresh tokens.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use twolatch_core::client::AuthMethod;

use super::basic_client::{Basic, Mode, in_both_modes};
use super::fapi::FORM;
use crate::support::provider::{CALLBACK, CHALLENGE, VERIFIER, cut, form, payload, with};

in_both_modes!(
    oidcc_server,
    oidcc_idtoken_signature,
    oidcc_idtoken_unsigned,
    oidcc_userinfo_get,
    oidcc_userinfo_post_header,
    oidcc_userinfo_post_body,
    oidcc_scope_profile,
    oidcc_scope_email,
    oidcc_scope_address,
    oidcc_scope_phone,
    oidcc_scope_all,
    oidcc_claims_essential,
    oidcc_codereuse,
    oidcc_codereuse_30seconds,
    oidcc_server_client_secret_post,
    oidcc_refresh_token,
    oidcc_ensure_request_with_valid_pkce_succeeds,
);

async fn oidcc_server(basic: Basic) {
    let asked = basic.provider.authorize(None, &basic.request()).await;
    let code = basic.code_in(&basic.sign_in_at(&asked).await);
    let tokens = basic.redeem(&code).await;
    basic.are_good(&tokens, Some("a nonce")).await;
    assert!(tokens.json().get("refresh_token").is_none(), "nobody has asked for one");
    assert_eq!(basic.told(&tokens).await["sub"], payload(&tokens.text("id_token"))["sub"]);
}

async fn oidcc_idtoken_signature(basic: Basic) {
    let tokens = basic.tokens(&basic.request()).await;
    basic.are_good(&tokens, Some("a nonce")).await; // RS256, of a key in the set
}

async fn oidcc_idtoken_unsigned(basic: Basic) {
    let told = basic.provider.visit(None, "/.well-known/openid-configuration").await.json();
    for list in ["id_token_signing_alg_values_supported", "request_object_signing_alg_values_supported"] {
        assert!(!told[list].as_array().unwrap().contains(&json!("none")), "skipped: {told}");
    }
}

async fn oidcc_userinfo_get(basic: Basic) {
    let tokens = basic.tokens(&basic.request()).await;
    let bearer = format!("Bearer {}", tokens.text("access_token"));
    let answer = basic.userinfo(Method::GET, &[("authorization", &bearer)], "").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["sub"], payload(&tokens.text("id_token"))["sub"]);
    let changed = cut(&bearer, 1);
    let refused = basic.userinfo(Method::GET, &[("authorization", changed)], "").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
}

async fn oidcc_userinfo_post_header(basic: Basic) {
    let tokens = basic.tokens(&basic.request()).await;
    let bearer = format!("Bearer {}", tokens.text("access_token"));
    let answer = basic.userinfo(Method::POST, &[("authorization", &bearer)], "").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["sub"], payload(&tokens.text("id_token"))["sub"]);
}

async fn oidcc_userinfo_post_body(basic: Basic) {
    let tokens = basic.tokens(&basic.request()).await;
    let body = form(&[("access_token", &tokens.text("access_token"))]);
    let answer = basic.userinfo(Method::POST, &[FORM], &body).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["sub"], payload(&tokens.text("id_token"))["sub"]);
}

/// The claims of each scope (OpenID Connect Core, 5.4).
const PROFILE: [&str; 14] = [
    "name",
    "family_name",
    "given_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
];
const EMAIL: [&str; 2] = ["email", "email_verified"];
const ADDRESS: [&str; 1] = ["address"];
const PHONE: [&str; 2] = ["phone_number", "phone_number_verified"];

/// Asserts that a request with these scopes is told these claims, each of its type, and no others.
async fn tells(basic: &Basic, scope: &str, claims: &[&[&str]]) {
    let tokens = basic.tokens(&basic.but("scope", scope)).await;
    let told = basic.told(&tokens).await;
    assert_eq!(told["sub"], payload(&tokens.text("id_token"))["sub"]);
    let mut names: Vec<&str> = claims.iter().copied().flatten().copied().chain(["sub"]).collect();
    names.sort_unstable();
    assert_eq!(told.as_object().unwrap().keys().collect::<Vec<_>>(), names, "{told}");
    for (name, value) in told.as_object().unwrap() {
        let fits = match name.as_str() {
            "address" => value.is_object(),
            "email_verified" | "phone_number_verified" => value.is_boolean(),
            "updated_at" => value.is_i64(),
            _ => value.as_str().is_some_and(|text| !text.is_empty()),
        };
        assert!(fits, "{name}: {value}");
    }
}

async fn oidcc_scope_profile(basic: Basic) {
    tells(&basic, "openid profile", &[&PROFILE]).await;
}

async fn oidcc_scope_email(basic: Basic) {
    tells(&basic, "openid email", &[&EMAIL]).await;
}

async fn oidcc_scope_address(basic: Basic) {
    tells(&basic, "openid address", &[&ADDRESS]).await;
}

async fn oidcc_scope_phone(basic: Basic) {
    tells(&basic, "openid phone", &[&PHONE]).await;
}

async fn oidcc_scope_all(basic: Basic) {
    tells(&basic, "openid profile email address phone", &[&PROFILE, &EMAIL, &ADDRESS, &PHONE]).await;
}

async fn oidcc_claims_essential(basic: Basic) {
    let claims = json!({ "userinfo": { "name": { "essential": true } } }).to_string();
    let tokens = basic.tokens(&basic.but("claims", &claims)).await;
    assert_eq!(basic.told(&tokens).await["name"], "Alice Example");
}

/// A code that is used, and used again after some seconds.
async fn used_twice(basic: &Basic, seconds: i64) {
    let code = basic.code_in(&basic.ask(&basic.request()).await);
    let tokens = basic.redeem(&code).await;
    basic.told(&tokens).await;
    basic.provider.advance(seconds);
    basic.redeem(&code).await.is_refused("invalid_grant");
    let after = basic.provider.userinfo(&tokens.text("access_token")).await;
    assert_eq!(after.status, StatusCode::UNAUTHORIZED, "what came of it is revoked");
}

async fn oidcc_codereuse(basic: Basic) {
    used_twice(&basic, 0).await;
}

async fn oidcc_codereuse_30seconds(basic: Basic) {
    used_twice(&basic, 30).await;
}

async fn oidcc_server_client_secret_post(basic: Basic) {
    let basic = basic.with(|client| client.auth_method = AuthMethod::ClientSecretPost).await;
    let asked = basic.provider.authorize(None, &basic.request()).await;
    let code = basic.code_in(&basic.sign_in_at(&asked).await);
    let tokens = basic.redeem(&code).await;
    basic.are_good(&tokens, Some("a nonce")).await;
    assert_eq!(basic.told(&tokens).await["sub"], payload(&tokens.text("id_token"))["sub"]);
}

async fn oidcc_refresh_token(basic: Basic) {
    let second = basic.with(|_| {}).await;
    let mut subjects: Vec<Value> = Vec::new();
    let (mut one, mut other) = (offline(&basic).await, offline(&second).await);
    for (basic, tokens) in [(&basic, &mut one), (&second, &mut other)] {
        basic.provider.advance(1);
        let (first, access) = (payload(&tokens.text("id_token")), tokens.text("access_token"));
        let next = refresh(basic, &tokens.text("refresh_token")).await;
        basic.are_good(&next, None).await;
        let id = payload(&next.text("id_token"));
        // OpenID Connect Core, 12.2
        for claim in ["iss", "sub", "aud", "auth_time"] {
            assert_eq!(id[claim], first[claim], "{claim}");
        }
        assert_ne!(next.text("access_token"), access);
        assert_eq!(basic.told(&next).await["sub"], first["sub"]);
        subjects.push(first["sub"].clone());
        *tokens = next;
    }
    assert_eq!(subjects[0], subjects[1], "the same person at both");
    refresh(&second, &one.text("refresh_token")).await.is_refused("invalid_grant");
    assert_eq!(refresh(&basic, &one.text("refresh_token")).await.status, StatusCode::OK, "it is its own client's");
}

/// What a client gets that asks for a refresh token, as the suite does where the scope is announced.
async fn offline(basic: &Basic) -> crate::support::provider::Answer {
    let params = with(&basic.but("scope", "openid offline_access"), "prompt", "consent");
    basic.tokens(&params).await
}

async fn refresh(basic: &Basic, token: &str) -> crate::support::provider::Answer {
    basic.provider.token(&basic.client, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

async fn oidcc_ensure_request_with_valid_pkce_succeeds(basic: Basic) {
    let request = with(&basic.but("code_challenge", CHALLENGE), "code_challenge_method", "S256");
    let code = basic.code_in(&basic.ask(&request).await);
    let params = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", CALLBACK)];
    let refused = basic.provider.token(&basic.client, &params).await;
    refused.is_refused("invalid_grant"); // who has sent a challenge has to know its verifier
    let code = basic.code_in(&basic.ask(&request).await);
    let params = [params[0], ("code", code.as_str()), params[2], ("code_verifier", VERIFIER)];
    let tokens = basic.provider.token(&basic.client, &params).await;
    basic.are_good(&tokens, Some("a nonce")).await;
}
