//! Plans Basic and Form Post: what an authorization request can say, and what comes of it.

use axum::http::{Method, StatusCode, header};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use twolatch_core::factor::Kind;

use super::basic_client::{Basic, Mode, in_both_modes};
use super::fapi::FORM;
use crate::support::provider::{Answer, CALLBACK, ISSUER, form, with};

in_both_modes!(
    oidcc_response_type_missing,
    oidcc_ensure_request_without_nonce_succeeds_for_code_flow,
    oidcc_alternate_happy_flow,
    oidcc_display_page,
    oidcc_display_popup,
    oidcc_prompt_login,
    oidcc_prompt_none_not_logged_in,
    oidcc_prompt_none_logged_in,
    oidcc_max_age_1,
    oidcc_max_age_10000,
    oidcc_ensure_request_with_unknown_parameter_succeeds,
    oidcc_id_token_hint,
    oidcc_login_hint,
    oidcc_ui_locales,
    oidcc_claims_locales,
    oidcc_ensure_request_with_acr_values_succeeds,
    oidcc_ensure_registered_redirect_uri,
    oidcc_ensure_post_request_succeeds,
    oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported,
    oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported,
    oidcc_ensure_request_object_with_redirect_uri,
);

/// Asserts that a request with this parameter is as good as one without.
async fn tolerates(basic: &Basic, name: &str, value: &str) {
    let asked = basic.provider.authorize(None, &basic.but(name, value)).await;
    let code = basic.code_in(&basic.sign_in_at(&asked).await);
    let tokens = basic.redeem(&code).await;
    basic.are_good(&tokens, Some("a nonce")).await;
}

async fn oidcc_response_type_missing(basic: Basic) {
    let answer = basic.ask(&basic.but("response_type", "")).await;
    basic.is_error(&answer, &["unsupported_response_type", "invalid_request"]);
}

async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow(basic: Basic) {
    let tokens = basic.tokens(&basic.but("nonce", "")).await;
    basic.are_good(&tokens, None).await;
}

async fn oidcc_alternate_happy_flow(basic: Basic) {
    let mut request = basic.but("scope", "phone email address profile openid");
    request.reverse();
    let tokens = basic.tokens(&request).await;
    basic.are_good(&tokens, Some("a nonce")).await;
    let mut scopes: Vec<String> = tokens.text("scope").split(' ').map(str::to_owned).collect();
    scopes.sort();
    assert_eq!(scopes, ["address", "email", "openid", "phone", "profile"]);
}

async fn oidcc_display_page(basic: Basic) {
    tolerates(&basic, "display", "page").await;
}

async fn oidcc_display_popup(basic: Basic) {
    tolerates(&basic, "display", "popup").await;
}

async fn oidcc_prompt_login(basic: Basic) {
    let first = basic.id(&basic.ask(&basic.request()).await).await;
    basic.provider.advance(1);
    let asked = basic.ask(&basic.but("prompt", "login")).await;
    let second = basic.id(&basic.sign_in_at(&asked).await).await;
    assert_eq!(first["sub"], second["sub"]);
    assert!(first["auth_time"].as_i64() < second["auth_time"].as_i64(), "{first} {second}");
}

async fn oidcc_prompt_none_not_logged_in(basic: Basic) {
    let answer = basic.provider.authorize(None, &basic.but("prompt", "none")).await;
    let errors = ["login_required", "interaction_required", "consent_required", "account_selection_required"];
    basic.is_error(&answer, &errors);
}

/// Asserts that a second request is answered in silence, with the first sign-in.
async fn is_silent(basic: &Basic, first: &Value, params: &[(&str, &str)]) {
    basic.provider.advance(1);
    let second = basic.id(&basic.ask(params).await).await;
    for claim in ["sub", "auth_time", "iss", "aud"] {
        assert_eq!(first[claim], second[claim], "{claim}");
    }
}

async fn oidcc_prompt_none_logged_in(basic: Basic) {
    let first = basic.id(&basic.ask(&basic.request()).await).await;
    is_silent(&basic, &first, &basic.but("prompt", "none")).await;
}

async fn oidcc_max_age_1(basic: Basic) {
    let first = basic.id(&basic.ask(&basic.request()).await).await;
    basic.provider.advance(2);
    let asked_at = basic.provider.now().unix();
    let asked = basic.ask(&basic.but("max_age", "1")).await;
    let second = basic.id(&basic.sign_in_at(&asked).await).await;
    assert_eq!(first["sub"], second["sub"]);
    assert!(second["auth_time"].as_i64().unwrap() >= asked_at, "{second}");
}

async fn oidcc_max_age_10000(basic: Basic) {
    let request = basic.but("max_age", "10000");
    let asked = basic.provider.authorize(None, &request).await;
    let first = basic.id(&basic.sign_in_at(&asked).await).await;
    assert!(first["auth_time"].is_i64(), "{first}");
    is_silent(&basic, &first, &request).await;
}

async fn oidcc_ensure_request_with_unknown_parameter_succeeds(basic: Basic) {
    tolerates(&basic, "extra", "foobar").await;
}

async fn oidcc_id_token_hint(basic: Basic) {
    let first = basic.tokens(&basic.request()).await;
    let hint = first.text("id_token");
    let request = with(&basic.but("prompt", "none"), "id_token_hint", &hint);
    is_silent(&basic, &crate::support::provider::payload(&hint), &request).await;
}

async fn oidcc_login_hint(basic: Basic) {
    let asked = basic.provider.authorize(None, &basic.but("login_hint", "alice")).await;
    let page = basic.provider.visit(None, asked.location()).await;
    assert!(page.body.contains("value=\"alice\""), "a field is filled in: {}", page.body);
    for hint in ["alice", "alice@id.example.org"] {
        tolerates(&basic, "login_hint", hint).await;
    }
}

async fn oidcc_ui_locales(basic: Basic) {
    for locales in ["se", "se no id", "en"] {
        tolerates(&basic, "ui_locales", locales).await;
    }
}

async fn oidcc_claims_locales(basic: Basic) {
    tolerates(&basic, "claims_locales", "se").await;
}

async fn oidcc_ensure_request_with_acr_values_succeeds(basic: Basic) {
    let told = basic.provider.visit(None, "/.well-known/openid-configuration").await.json();
    let offered: Vec<&str> =
        told["acr_values_supported"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    // The suite asks for the first two that are announced, else for "1 2".
    let asked = offered[..2].join(" ");
    for (asked, sure) in [("1 2", None), (asked.as_str(), Some(()))] {
        let id = basic.id(&basic.ask(&basic.but("acr_values", asked)).await).await;
        let acr = id["acr"].as_str().unwrap();
        assert!(offered.contains(&acr), "{id}");
        // Two factors are more than was asked for, and told as what they are.
        assert!(sure.is_none() || acr == offered[2], "{id}");
    }
    basic.provider.set_level(twolatch_core::policy::Level::Off).await;
    let low = basic.provider.sign_in(basic.browser.user.clone(), &[Kind::Password]).await;
    let answer = basic.provider.authorize(Some(&low), &basic.but("acr_values", &asked)).await;
    assert_eq!(basic.id(&answer).await["acr"], offered[0], "as the suite's person signs in");
}

async fn oidcc_ensure_registered_redirect_uri(basic: Basic) {
    for uri in ["https://app.example.com/callback/unregistered", "https://app.example.com/callback?unregistered=1"] {
        for browser in [None, Some(&basic.browser)] {
            basic.provider.authorize(browser, &basic.but("redirect_uri", uri)).await.is_page();
        }
    }
}

async fn oidcc_ensure_post_request_succeeds(basic: Basic) {
    // The browser adds its session to a form of another site only where it is sent here again.
    let head = [FORM, ("origin", "https://app.example.com"), ("sec-fetch-site", "cross-site")];
    let posted = basic.provider.raw(Method::POST, "/authorize", &head, &form(&basic.request())).await;
    assert_eq!(posted.status, StatusCode::SEE_OTHER, "{posted:?}");
    for browser in [Some(&basic.browser), None] {
        let mut answer = basic.provider.visit(browser, posted.location()).await;
        if browser.is_none() {
            answer = basic.sign_in_at(&answer).await;
        }
        let code = basic.code_in(&answer);
        let tokens = basic.redeem(&code).await;
        basic.are_good(&tokens, Some("a nonce")).await;
    }
}

async fn oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(basic: Basic) {
    let told = basic.provider.visit(None, "/.well-known/openid-configuration").await.json();
    assert_eq!(told["request_uri_parameter_supported"], false);
    let uri = "https://suite.example/test/a/twolatch/requesturi.jwt#hash";
    for browser in [None, Some(&basic.browser)] {
        let answer = basic.provider.authorize(browser, &basic.but("request_uri", uri)).await;
        basic.is_error(&answer, &["request_uri_not_supported"]);
    }
}

/// The request as the suite wraps it up, without a signature; what stands beside it is what OAuth needs.
async fn unsigned(basic: &Basic, redirect_uri: &str) -> Answer {
    let mut claims: Value = basic.request().iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    claims["redirect_uri"] = redirect_uri.into();
    claims["nonce"] = "inside".into();
    claims["aud"] = ISSUER.into();
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let object = format!("{}.{}.", part(&json!({ "alg": "none" })), part(&claims));
    basic.ask(&basic.but("request", &object)).await
}

async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(basic: Basic) {
    basic.is_error(&unsigned(&basic, CALLBACK).await, &["request_not_supported"]);
}

async fn oidcc_ensure_request_object_with_redirect_uri(basic: Basic) {
    // Skipped by the suite, as unsigned objects are announced nowhere. What is inside is no address to send anybody to.
    let answer = unsigned(&basic, "https://evil.example/").await;
    assert!(!answer.body.contains("evil.example") && !answer.header(header::LOCATION).contains("evil.example"));
    basic.is_error(&answer, &["request_not_supported"]);
}
