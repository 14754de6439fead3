use proptest::prelude::*;

use super::*;

fn parse(value: &Value) -> Result<Metadata, Code> {
    Metadata::parse(value.to_string().as_bytes()).map_err(|error| error.code)
}

/// Good metadata with one member replaced.
fn with(name: &str, value: Value) -> Value {
    let mut all = json!({ "redirect_uris": ["https://app.example.com/cb"] });
    all.as_object_mut().unwrap().insert(name.to_owned(), value);
    all
}

#[test]
fn what_is_left_out_is_what_the_standard_says() {
    let metadata = parse(&json!({ "redirect_uris": ["https://app.example.com/cb"], "unknown": { "x": 1 } })).unwrap();
    assert_eq!(metadata.name, "https://app.example.com");
    assert_eq!((metadata.auth_method, metadata.alg), (AuthMethod::ClientSecretBasic, SigningAlg::Rs256));
    assert_eq!(metadata.grants, [GrantType::AuthorizationCode]);
    assert!(metadata.demands.is_empty() && metadata.keys.is_empty() && metadata.initiate_login_uri.is_none());
}

#[test]
fn redirects_go_over_tls_or_to_the_own_machine() {
    for (uri, fits) in [
        ("https://app.example.com/cb", true),
        ("https://app.example.com:8443/cb", true),
        ("http://127.0.0.1/cb", true),
        ("http://127.0.0.1:49152/cb", true),
        ("http://[::1]:49152/cb", true),
        ("http://[::1]/", true),
        ("http://localhost/cb", false),
        ("http://localhost.evil/cb", false),
        ("http://127.0.0.1.nip.io/cb", false),
        ("http://app.example.com/cb", false),
        ("org.example.app:/cb", false),
        ("javascript:alert(1)", false),
        ("data:text/html,x", false),
        ("https://app.example.com/*", false),
        ("https://app.example.com/../x", false),
        ("https://a@app.example.com/", false),
        ("https://app.example.com/#x", false),
        ("", false),
    ] {
        assert_eq!(parse(&with("redirect_uris", json!([uri]))).is_ok(), fits, "{uri}");
        assert_eq!(parse(&with("post_logout_redirect_uris", json!([uri]))).is_ok(), fits, "{uri}");
    }
    for none in [json!([]), Value::Null] {
        assert_eq!(parse(&with("redirect_uris", none)).unwrap_err(), Code::InvalidRedirectUri);
    }
    let many = vec!["https://app.example.com/cb"; 11];
    assert_eq!(parse(&with("redirect_uris", json!(many))).unwrap_err(), Code::InvalidRedirectUri);
}

#[test]
fn what_nobody_may_register_is_refused() {
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let secret = json!({ "kty": "oct", "k": "AAAA" });
    for (name, value) in [
        ("client_name", json!("")),
        ("client_name", json!(" Bank")),
        ("client_name", json!("Bank\u{202e}")),
        ("client_name", json!("Ba\u{200b}nk")),
        ("client_name", json!("x".repeat(65))),
        ("client_name", json!(7)),
        ("response_types", json!(["token"])),
        ("response_types", json!(["code", "token"])),
        ("grant_types", json!(["client_credentials"])),
        ("grant_types", json!(["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"])),
        ("grant_types", json!(["refresh_token"])),
        ("grant_types", json!([])),
        ("token_endpoint_auth_method", json!("tls_client_auth")),
        ("token_endpoint_auth_method", json!("private_key_jwt")), // without a key
        ("require_signed_request_object", json!(true)),
        ("id_token_signed_response_alg", json!("none")),
        ("id_token_signed_response_alg", json!("HS256")),
        ("userinfo_signed_response_alg", json!("none")),
        ("scope", json!("openid admin")),
        ("subject_type", json!("pairwise")),
        ("jwks", json!({ "keys": [] })),
        ("jwks", json!({ "keys": [secret] })),
        ("jwks", json!({ "keys": vec![key.clone(); 11] })),
        ("jwks_uri", json!("http://app.example.com/keys")),
        ("jwks_uri", json!("file:///etc/passwd")),
        ("initiate_login_uri", json!("http://127.0.0.1/login")),
        ("logo_uri", json!("http://127.0.0.1/logo.png")),
        ("logo_uri", json!("javascript:alert(1)")),
        ("logo_uri", json!("data:image/png;base64,iVBORw0KGgo=")),
    ] {
        let refused = parse(&with(name, value.clone())).unwrap_err();
        assert_eq!(refused, Code::InvalidClientMetadata, "{name} {value}");
    }
    let mut both = with("jwks", json!({ "keys": [key] }));
    both["jwks_uri"] = json!("https://app.example.com/keys");
    assert_eq!(parse(&both).unwrap_err(), Code::InvalidClientMetadata);
    for text in
        ["", "[]", "7", "{", "{\"redirect_uris\":[\"https://a.example/\"],\"scope\":\"a\",\"scope\":\"openid\"}"]
    {
        assert_eq!(Metadata::parse(text.as_bytes()).unwrap_err().code, Code::InvalidClientMetadata, "{text}");
    }
}

proptest! {
    #[test]
    fn whatever_comes_it_is_refused_or_held_to_the_rules(
        name in "redirect_uris|client_name|grant_types|scope|token_endpoint_auth_method|jwks_uri|initiate_login_uri|logo_uri",
        text in ".{0,40}", listed in proptest::bool::ANY,
    ) {
        let value = if listed { json!([text]) } else { json!(text) };
        if let Ok(metadata) = parse(&with(&name, value)) {
            let tls = |uri: &RedirectUri| uri.as_str().starts_with("https://");
            prop_assert!(metadata.redirect_uris.iter().all(|uri| tls(uri) || uri.as_str().starts_with("http://127.0.0.1") || uri.as_str().starts_with("http://[::1]")));
            prop_assert!(metadata.jwks_uri.iter().chain(&metadata.initiate_login_uri).chain(&metadata.logo_uri).all(tls));
            prop_assert!(metadata.grants.contains(&GrantType::AuthorizationCode));
        }
    }
}
