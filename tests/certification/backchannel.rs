//! Plan back-channel logout: the client is told before the browser is back, and in a token of which it can check all.

use axum::http::StatusCode;
use data_encoding::BASE64URL_NOPAD;
use idp_server::oidc::backchannel::tell;
use idp_server::outgoing::Caller;
use openidconnect::core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey, url::form_urlencoded};
use serde_json::{Value, json};

use super::basic_client::{Basic, Mode};
use crate::oidc_backchannel::listener;
use crate::support::core::{Core, on_both};
use crate::support::provider::{CALLBACK, ISSUER, form, payload};

on_both!(oidcc_backchannel_logout_discovery_endpoint_verification, oidcc_backchannel_rp_initiated_logout);

const AFTER: &str = "https://app.example.com/post_logout_redirect";

async fn oidcc_backchannel_logout_discovery_endpoint_verification(core: Core) {
    let basic = Basic::over(core, Mode::Query).await;
    let told = basic.provider.visit(None, "/.well-known/openid-configuration").await.json();
    assert_eq!(told["backchannel_logout_supported"], true);
    assert_eq!(told["backchannel_logout_session_supported"], true);
    assert_eq!(told["end_session_endpoint"], format!("{ISSUER}/logout"));
}

async fn oidcc_backchannel_rp_initiated_logout(core: Core) {
    let (uri, heard) = listener(&["200 OK"]);
    let basic = Basic::over(core, Mode::Query).await;
    let basic = basic
        .with(|client| {
            client.settings.post_logout_redirect_uris = vec![AFTER.parse().unwrap()];
            client.logout_uri = Some(uri.parse().unwrap());
        })
        .await;
    let tokens = basic.tokens(&basic.request()).await;
    let id = payload(&tokens.text("id_token"));
    assert!(id["sid"].as_str().is_some_and(|sid| !sid.is_empty()), "{id}");
    let hint = tokens.text("id_token");
    let params = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", AFTER), ("state", "s")];
    let answer = basic.provider.visit(Some(&basic.browser), &format!("/logout?{}", form(&params))).await;
    let logout = basic.provider.app.store.claim_logout(&[], basic.provider.now()).await.unwrap().expect("it is due");
    tell(&basic.provider.app, &Caller::new(None).unwrap(), logout).await;
    let sent = heard.recv().unwrap();
    let (head, body) = sent.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST ") && head.to_lowercase().contains("application/x-www-form-urlencoded"), "{head}");
    let fields: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let [(field, token)] = fields.as_slice() else { panic!("{fields:?}") };
    assert_eq!(field, "logout_token");
    is_logout_token(&basic, token, &id).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, format!("{AFTER}?state=s").as_str()));
    basic.ask(&basic.but("prompt", "none")).await.is_error(CALLBACK, "login_required", Some("a state"));
    assert_eq!(basic.provider.userinfo(&tokens.text("access_token")).await.status, StatusCode::UNAUTHORIZED);
}

/// Asserts what OpenID Connect Back-Channel Logout 1.0, 2.4 and 2.6, asks of a token, with this ID token known.
async fn is_logout_token(basic: &Basic, token: &str, id: &Value) {
    let [head, body, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
    let decoded = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
    let header: Value = serde_json::from_slice(&decoded(head)).unwrap();
    assert_eq!((&header["alg"], &header["typ"]), (&json!("RS256"), &json!("logout+jwt")), "as the ID token");
    let keys: CoreJsonWebKeySet = serde_json::from_value(basic.provider.visit(None, "/jwks").await.json()).unwrap();
    let key = keys.keys().iter().find(|key| key.key_id().is_some_and(|kid| kid.as_str() == header["kid"])).unwrap();
    let (alg, message) = (CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, format!("{head}.{body}"));
    key.verify_signature(&alg, message.as_bytes(), &decoded(signature)).unwrap();
    let (told, now) = (payload(token), basic.provider.now().unix());
    assert_eq!((&told["iss"], &told["sub"], &told["sid"]), (&id["iss"], &id["sub"], &id["sid"]));
    assert!(told["aud"] == json!(basic.client.id) || told["aud"] == json!([basic.client.id]), "{told}");
    assert_eq!(told["iat"].as_i64(), Some(now));
    assert!(told["exp"].as_i64().is_some_and(|exp| exp > now && exp <= now + 120), "{told}");
    assert!(told["jti"].as_str().is_some_and(|jti| !jti.is_empty()) && told.get("nonce").is_none(), "{told}");
    assert_eq!(told["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
}
