use proptest::prelude::*;
use twolatch_core::client::{AuthMethod, Settings, SigningAlg};

use super::*;
use crate::oidc::params::encode;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn client(waived: bool, auth_method: AuthMethod) -> Client {
    Client {
        id: "app".parse().unwrap(),
        name: "App".to_owned(),
        secret: None,
        redirect_uris: Vec::new(),
        auth_method,
        alg: SigningAlg::Rs256,
        former: None,
        logout_uri: None,
        settings: Settings::default(),
        pkce_waived_at: waived.then_some(NOW),
        disabled_at: None,
        created_at: NOW,
    }
}

fn parse(pairs: &[(&str, &str)], client: &Client) -> Result<AuthorizationRequest, Code> {
    let params = Params::parse(encode(pairs.iter().copied()).as_bytes()).unwrap();
    AuthorizationRequest::parse(&params, client, "https://app.example.com/", NOW).map_err(|error| error.code)
}

#[test]
fn of_several_faults_the_first_in_the_protocols_order_is_told() {
    let faults = [
        (("max_age", "x"), Code::InvalidRequest),
        (("scope", "x"), Code::InvalidScope),
        (("request_uri", "x"), Code::RequestUriNotSupported),
        (("response_mode", "x"), Code::InvalidRequest),
        (("response_type", "x"), Code::UnsupportedResponseType),
    ];
    let mut pairs = Vec::new();
    for (fault, code) in faults {
        pairs.push(fault);
        let mut pairs = pairs.clone();
        for (name, value) in [
            ("response_type", "code"),
            ("scope", "openid"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ] {
            if pairs.iter().all(|(other, _)| *other != name) {
                pairs.push((name, value));
            }
        }
        assert_eq!(parse(&pairs, &client(false, AuthMethod::ClientSecretBasic)), Err(code), "{pairs:?}");
    }
}

#[test]
fn oau3_only_a_confidential_client_can_be_let_off_pkce() {
    let pairs = [("response_type", "code"), ("scope", "openid")];
    for (waived, method, fits) in [
        (false, AuthMethod::ClientSecretBasic, false),
        (true, AuthMethod::ClientSecretBasic, true),
        (true, AuthMethod::ClientSecretPost, true),
        (false, AuthMethod::None, false),
        (true, AuthMethod::None, false),
    ] {
        assert_eq!(parse(&pairs, &client(waived, method)).is_ok(), fits, "{waived} {method}");
    }
}

#[test]
fn several_levels_mean_that_each_will_do() {
    for (asked, least) in [
        ("", None),
        ("x", None),
        ("urn:twolatch:acr:1", Some(Assurance::Password)),
        ("urn:twolatch:acr:3", Some(Assurance::Authenticator)),
        ("x urn:twolatch:acr:3", Some(Assurance::Authenticator)),
        ("urn:twolatch:acr:3 urn:twolatch:acr:1", Some(Assurance::Password)),
        ("URN:twolatch:acr:3", None),
    ] {
        assert_eq!(lowest(asked.split(' ')), least, "{asked}");
    }
}

proptest! {
    #[test]
    fn whatever_comes_it_is_refused_or_held_to_the_rules(
        pairs in proptest::collection::vec(
            (
                "response_type|scope|state|nonce|code_challenge|code_challenge_method|prompt|max_age|claims|acr_values|login_hint",
                prop_oneof![
                    Just("code".to_owned()), Just("openid".to_owned()), Just("S256".to_owned()),
                    Just(CHALLENGE.to_owned()), Just("none".to_owned()), Just("{}".to_owned()), ".{0,40}",
                ],
            ),
            0..10,
        ),
    ) {
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if let Ok(request) = parse(&pairs, &client(false, AuthMethod::None)) {
            prop_assert!(request.scope.split(' ').any(|word| word == "openid"));
            prop_assert!(request.challenge.as_deref().is_some_and(pkce::is_challenge));
            prop_assert!(request.max_age.is_none_or(|age| age >= 0));
            prop_assert!(pairs.contains(&("response_type", "code")));
        }
    }
}
