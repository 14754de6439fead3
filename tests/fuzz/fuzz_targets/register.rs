//! What clients say of themselves when they register: whatever is taken is safe to send a browser to, to call and to show.

#![no_main]

use idp_server::oidc::register::metadata::{Metadata, told};
use libfuzzer_sys::fuzz_target;
use twolatch_core::client::{AuthMethod, Client, Settings, SigningAlg, Trust};
use twolatch_core::time::Timestamp;

fuzz_target!(|input: &[u8]| {
    let Ok(metadata) = Metadata::parse(input) else { return };
    let mut client = Client {
        id: "app".parse().unwrap(),
        name: String::new(),
        secret: None,
        former: None,
        redirect_uris: Vec::new(),
        auth_method: AuthMethod::None,
        alg: SigningAlg::Rs256,
        logout_uri: None,
        settings: Settings { trust: Trust::Unverified, ..Settings::default() },
        pkce_waived_at: None,
        disabled_at: None,
        created_at: Timestamp::from_unix(1_800_000_000),
    };
    metadata.put(&mut client);
    let settings = &client.settings;
    assert!(!client.name.is_empty() && !client.name.contains(char::is_control));
    assert!(!client.redirect_uris.is_empty() && client.logout_uri.is_none() && settings.hosts.is_empty());
    assert!(settings.scopes.is_empty() && settings.introspects.is_empty() && settings.claims.is_empty());
    let own = ["http://127.0.0.1", "http://[::1]"];
    for uri in client.redirect_uris.iter().chain(&settings.post_logout_redirect_uris) {
        let uri = uri.as_str();
        let is_own = |own: &&str| {
            uri.strip_prefix(*own).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/', '?']))
        };
        assert!(uri.starts_with("https://") || own.iter().any(is_own), "{uri}");
    }
    assert!(
        settings
            .jwks_uri
            .iter()
            .chain(&settings.initiate_login_uri)
            .chain(&settings.logo_uri)
            .all(|uri| uri.as_str().starts_with("https://"))
    );
    // What it is told it can register again.
    let told = told("https://id.example.org", &client, "token").to_string();
    let again = Metadata::parse(told.as_bytes()).expect("what is told is good");
    let mut other = client.clone();
    again.put(&mut other);
    assert_eq!(other, client);
});
