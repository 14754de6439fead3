//! Plan Config: what the provider tells of itself.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode, header};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::support::core::{Core, on_both};
use crate::support::provider::{ISSUER, Provider};

on_both!(oidcc_discovery_endpoint_verification);

/// The endpoints that have to be there, and have to be https.
const ENDPOINTS: [&str; 9] = [
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "end_session_endpoint",
    "introspection_endpoint",
    "revocation_endpoint",
    "pushed_authorization_request_endpoint",
    "issuer",
];

/// What a key must not have in it: its private half, or a secret that is shared.
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "k"];

async fn oidcc_discovery_endpoint_verification(core: Core) {
    let provider = Provider::over(core).await;
    let answer = provider.raw(Method::GET, "/.well-known/openid-configuration", &[], "").await;
    assert_eq!((answer.status, answer.header(header::CONTENT_TYPE)), (StatusCode::OK, "application/json"));
    let told = answer.json();
    assert_eq!(told["issuer"], ISSUER, "the address of the document without what is behind the issuer");
    for endpoint in ENDPOINTS {
        assert!(told[endpoint].as_str().unwrap().starts_with("https://"), "{endpoint}: {told}");
    }
    let has = |list: &str, word: &str| told[list].as_array().is_some_and(|words| words.contains(&json!(word)));
    assert!(has("response_types_supported", "code") && has("grant_types_supported", "authorization_code"), "{told}");
    assert!(has("subject_types_supported", "public") && has("scopes_supported", "openid"), "{told}");
    assert!(has("id_token_signing_alg_values_supported", "RS256"), "OpenID Connect Core, 15.1: {told}");
    assert!(has("response_modes_supported", "form_post") && has("claims_supported", "sub"), "{told}");
    let methods = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
    assert!(methods.iter().all(|method| has("token_endpoint_auth_methods_supported", method)), "{told}");
    assert_eq!(told["claims_parameter_supported"], true);
    assert!(told.get("registration_endpoint").is_none(), "nobody registers themselves");
    let keys = provider.visit(None, told["jwks_uri"].as_str().unwrap().strip_prefix(ISSUER).unwrap()).await;
    assert!(keys.header(header::CONTENT_TYPE).starts_with("application/"), "{keys:?}");
    let keys = keys.json()["keys"].as_array().unwrap().clone();
    let kids: BTreeSet<&str> = keys.iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert!(kids.len() == keys.len() && !keys.is_empty(), "each has a name of its own: {kids:?}");
    for key in &keys {
        assert!(PRIVATE.iter().all(|member| key.get(member).is_none()) && key["use"] == "sig", "{key}");
        assert!(is_strong(key), "{key}");
    }
}

/// Whether a public key is of a kind and size that will do.
fn is_strong(key: &Value) -> bool {
    let bytes = |name: &str| BASE64URL_NOPAD.decode(key[name].as_str().unwrap().as_bytes()).unwrap().len();
    match (key["kty"].as_str(), key["crv"].as_str()) {
        (Some("RSA"), None) => bytes("n") >= 256,
        (Some("EC"), Some("P-256")) => (bytes("x"), bytes("y")) == (32, 32),
        (Some("OKP"), Some("Ed25519")) => bytes("x") == 32,
        _ => false,
    }
}
