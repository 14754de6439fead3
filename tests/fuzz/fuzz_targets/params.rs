//! What comes in addresses and forms: nothing is lost on the way through us, and what asks for a code is judged without a
//! fault of ours.

#![no_main]

use idp_server::oidc::authorize::AuthorizationRequest;
use idp_server::oidc::params::Params;
use libfuzzer_sys::fuzz_target;
use twolatch_core::client::{AuthMethod, Client, Settings, SigningAlg};
use twolatch_core::time::Timestamp;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

fuzz_target!(|input: &[u8]| {
    let Ok(params) = Params::parse(input) else { return };
    let text = params.encode();
    let again = Params::parse(text.as_bytes()).expect("we have written it");
    assert_eq!(again.encode(), text);
    for name in ["client_id", "state", "scope", "claims", "request"] {
        assert_eq!((params.value(name), params.is_repeated(name)), (again.value(name), again.is_repeated(name)));
    }
    let client = Client {
        id: "app".parse().unwrap(),
        name: "App".to_owned(),
        secret: None,
        former: None,
        redirect_uris: vec!["https://app.example/cb".parse().unwrap()],
        auth_method: AuthMethod::None,
        alg: SigningAlg::EdDsa,
        logout_uri: None,
        settings: Settings { claims: vec!["department".parse().unwrap()], ..Settings::default() },
        pkce_waived_at: None,
        disabled_at: None,
        created_at: NOW,
    };
    let Ok(request) = AuthorizationRequest::parse(&params, &client, "https://app.example/cb", NOW) else { return };
    // Whatever else it holds: a code, with a challenge, for scopes that there are, and what goes back is what came.
    assert_eq!(params.value("response_type"), Some("code"));
    assert!(request.challenge.as_ref().is_some_and(|challenge| challenge.len() == 43));
    assert!(request.scope.split(' ').any(|word| word == "openid"));
    assert_eq!(request.state.as_deref(), params.value("state"));
    assert_eq!(request.nonce.as_deref(), params.value("nonce"));
    assert!(params.repeated().is_none());
    let known = |name: &String| name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    assert!(request.claims.userinfo.iter().chain(&request.claims.id_token).all(known));
});
