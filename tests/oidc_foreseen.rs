//! Testing a sign-in: what is shown is what the same person really gets, claim by claim, and nothing is made by showing it.

use axum::http::StatusCode;
use idp_server::oidc::foresee::{End, Foreseen, foresee};
use idp_server::oidc::scope::Scope;
use serde_json::Value;
use twolatch_core::client::{GrantType, TokenFormat};
use twolatch_core::policy::Level;
use twolatch_core::user::User;

use crate::support::core::{Core, on_both};
use crate::support::provider::{BOTH, Provider, Registered, payload};

on_both!(
    what_is_foreseen_is_what_is_minted,
    who_would_not_get_in_is_told_why_and_shown_nothing,
    nothing_is_made_by_looking,
);

const ASKED: [Scope; 3] = [Scope::Profile, Scope::Email, Scope::Groups];

async fn foreseen(provider: &Provider, client: &Registered, user: &User) -> Foreseen {
    let client = provider.app.store.client(&client.id.parse().unwrap()).await.unwrap().unwrap();
    let person = provider.app.store.person(&user.id).await.unwrap().unwrap();
    foresee(&provider.app, &client, &person, &ASKED, provider.now()).await.unwrap()
}

/// Claims without those that no two tokens have in common.
fn lasting(mut claims: Value) -> Value {
    for name in ["jti", "sid", "nonce", "at_hash", "iat", "exp", "auth_time"] {
        claims.as_object_mut().unwrap().remove(name);
    }
    claims
}

async fn what_is_foreseen_is_what_is_minted(core: Core) {
    let provider = Provider::over(core).await;
    provider.set_level(Level::Off).await;
    let browser = provider.browser("alice", &BOTH[..1]).await;
    let client = provider.client(|client| client.settings.access_tokens = TokenFormat::Jwt).await;
    let foreseen = foreseen(&provider, &client, &browser.user).await;
    assert_eq!((foreseen.end, foreseen.assurance.acr()), (End::In, "urn:twolatch:acr:1"));
    let code = provider.code(&browser, &client).await;
    let tokens = provider.redeem(&client, &code).await;
    assert_eq!(tokens.status, StatusCode::OK);
    let tokens = tokens.json();
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(lasting(foreseen.id_token.unwrap()), lasting(payload(tokens["id_token"].as_str().unwrap())));
    assert_eq!(lasting(foreseen.access_token.unwrap()), lasting(payload(access)));
    assert_eq!(foreseen.userinfo.unwrap(), provider.userinfo(access).await.json());
    assert!(foreseen.headers.is_empty());
}

async fn who_would_not_get_in_is_told_why_and_shown_nothing(core: Core) {
    let provider = Provider::over(core).await;
    let user = provider.person("alice").await;
    let client = provider.client(|_| {}).await;
    let end = async || {
        let foreseen = foreseen(&provider, &client, &user).await;
        let shown = foreseen.id_token.is_some();
        assert_eq!(shown, matches!(foreseen.end, End::In | End::InAfterSetUp), "{foreseen:?}");
        foreseen.end
    };
    provider.set_level(Level::Required).await;
    assert_eq!(end().await, End::InAfterSetUp);
    provider.advance(86_401);
    assert_eq!(end().await, End::Refused, "the time to set up is over");
    provider.set_level(Level::Off).await;
    assert_eq!(end().await, End::In);
    provider.edit(&client, |client| client.settings.groups = vec!["nobody".parse().unwrap()]).await;
    assert_eq!(end().await, End::Groups);
    let now = provider.now();
    provider.change(&user, |user| user.disabled_at = Some(now)).await;
    assert_eq!(end().await, End::Refused);
    provider.edit(&client, move |client| client.disabled_at = Some(now)).await;
    assert_eq!(end().await, End::Disabled);
    provider.edit(&client, |client| client.settings.grants = vec![GrantType::ClientCredentials]).await;
    assert_eq!(end().await, End::NoSignIn);
    let behind = |client: &mut twolatch_core::client::Client| {
        client.settings.grants.clear();
        client.settings.hosts = vec!["app.example.com".parse().unwrap()];
    };
    let proxied = provider.client(behind).await;
    let bob = provider.person("bob").await;
    let foreseen = foreseen(&provider, &proxied, &bob).await;
    assert_eq!((foreseen.end, foreseen.userinfo), (End::In, None));
    assert!(foreseen.headers.contains(&("remote-user".to_owned(), "bob".to_owned())), "{:?}", foreseen.headers);
}

async fn nothing_is_made_by_looking(core: Core) {
    const ROWS: &str = "SELECT (SELECT COUNT(*) FROM grants) + (SELECT COUNT(*) FROM access_tokens) \
         + (SELECT COUNT(*) FROM audit) + (SELECT COUNT(*) FROM visits) + (SELECT COUNT(*) FROM sessions)";
    let provider = Provider::over(core).await;
    provider.set_level(Level::Off).await;
    let user = provider.person("alice").await;
    let client = provider.client(|client| client.settings.access_tokens = TokenFormat::Jwt).await;
    let before = provider.number(ROWS).await;
    let foreseen = foreseen(&provider, &client, &user).await;
    assert_eq!(provider.number(ROWS).await, before);
    assert_eq!(foreseen.access_token.unwrap()["jti"], "…", "no token has this");
}
