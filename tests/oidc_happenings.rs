//! What happens with applications is counted beside the answers: how often they are used, and what went wrong that somebody can
//! mend. Strangers make no more of it than one row for each kind and hour, and no answer waits for it.

use axum::http::StatusCode;
use twolatch_core::client::{ClientId, GrantType, Happening};

use crate::support::core::{Core, on_both};
use crate::support::provider::{BOTH, Provider, Registered, VERIFIER, good, redemption, with};

on_both!(
    what_happens_with_an_application_is_counted,
    what_strangers_do_is_one_row_for_each_kind_and_hour,
    a_count_is_by_the_hour_and_goes_with_its_application,
);

/// What was counted of a client: each kind, how often in a day.
async fn counted(provider: &Provider, client: &Registered) -> Vec<(Happening, i64)> {
    provider.app.happenings.keep(&provider.app.store).await;
    let id: ClientId = client.id.parse().unwrap();
    let all = provider.app.store.happenings_of(&id, provider.now()).await.unwrap();
    all.into_iter().map(|one| (one.what, one.day)).collect()
}

async fn what_happens_with_an_application_is_counted(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = provider.client(|client| client.settings.grants.push(GrantType::ClientCredentials)).await;
    let code = provider.code(&browser, &client).await;
    assert_eq!(provider.redeem(&client, &code).await.status, StatusCode::OK);
    provider.token(&client, &[("grant_type", "client_credentials")]).await;
    assert_eq!(counted(&provider, &client).await, [(Happening::SignedIn, 1), (Happening::OwnToken, 1)]);
    let all = good(&client);
    provider.authorize(Some(&browser), &with(&all, "redirect_uri", "https://evil.example/")).await;
    provider.authorize(Some(&browser), &with(&all, "code_challenge", "")).await;
    provider.authorize(Some(&browser), &with(&all, "scope", "profile")).await;
    provider.authorize(Some(&browser), &with(&all, "response_type", "token")).await;
    let wrong = Registered { secret: "wrong".to_owned(), ..client.clone() };
    provider.token(&wrong, &redemption("x")).await;
    provider.redeem(&client, "never-issued").await;
    let code = provider.code(&browser, &client).await;
    provider.token(&client, &with(&redemption(&code), "code_verifier", &VERIFIER.replace('d', "e"))).await;
    provider.token(&client, &with(&redemption(&code), "redirect_uri", "https://app.example.com/other")).await;
    provider.token(&client, &[("grant_type", "refresh_token"), ("refresh_token", "a.b")]).await;
    provider
        .token(&client, &[("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", "x")])
        .await;
    provider.token(&client, &[("grant_type", "client_credentials"), ("scope", "jobs:read")]).await;
    let expected = [
        (Happening::SignedIn, 1),
        (Happening::OwnToken, 1),
        (Happening::RedirectUri, 2),
        (Happening::Proof, 1),
        (Happening::Pkce, 2),
        (Happening::Code, 1),
        (Happening::RefreshToken, 1),
        (Happening::Scope, 2),
        (Happening::Grant, 1),
        (Happening::Malformed, 1),
    ];
    assert_eq!(counted(&provider, &client).await, expected);
    provider.edit(&client, |client| client.settings.groups = vec!["nobody".parse().unwrap()]).await;
    provider.authorize(Some(&browser), &all).await;
    provider.redeem(&client, &code).await;
    provider.edit(&client, |client| client.disabled_at = Some(client.created_at)).await;
    provider.authorize(Some(&browser), &all).await;
    provider.redeem(&client, &code).await;
    let counted = counted(&provider, &client).await;
    assert!(counted.contains(&(Happening::Groups, 2)) && counted.contains(&(Happening::Disabled, 2)), "{counted:?}");
    // Whoever only has no session, or turns back, is no trouble of the application.
    let other = provider.client(|_| {}).await;
    provider.authorize(None, &with(&good(&other), "prompt", "none")).await;
    assert_eq!(self::counted(&provider, &other).await, []);
}

async fn what_strangers_do_is_one_row_for_each_kind_and_hour(core: Core) {
    let provider = Provider::over(core).await;
    let client = provider.client(|_| {}).await;
    let unknown = Registered { id: "nobody".to_owned(), ..client.clone() };
    let wrong = Registered { secret: "wrong".to_owned(), ..client.clone() };
    let before = provider.number("SELECT COUNT(*) FROM audit").await;
    for _ in 0..50 {
        provider.token(&wrong, &redemption("x")).await;
        provider.token(&unknown, &redemption("x")).await;
        provider.authorize(None, &with(&good(&client), "redirect_uri", "https://evil.example/")).await;
    }
    assert_eq!(provider.number("SELECT COUNT(*) FROM happenings").await, 0, "nothing is written beside an answer");
    assert_eq!(counted(&provider, &client).await, [(Happening::RedirectUri, 50), (Happening::Proof, 50)]);
    assert_eq!(provider.number("SELECT COUNT(*) FROM happenings").await, 2);
    assert_eq!(provider.number("SELECT COUNT(*) FROM audit").await, before);
    // Another server adds to the same counters.
    let second = provider.second_server().await;
    second.token(&wrong, &redemption("x")).await;
    assert_eq!(counted(&second, &client).await[1], (Happening::Proof, 51));
}

async fn a_count_is_by_the_hour_and_goes_with_its_application(core: Core) {
    let provider = Provider::over(core).await;
    let (client, store) = (provider.client(|_| {}).await, provider.app.store.clone());
    let id: ClientId = client.id.parse().unwrap();
    let note = async |what| {
        provider.app.happenings.note(&id, what, provider.now());
        provider.app.happenings.keep(&store).await;
    };
    note(Happening::SignedIn).await;
    let first = provider.now();
    provider.advance(2 * 86_400);
    note(Happening::SignedIn).await;
    note(Happening::Pkce).await;
    let all = store.happenings_of(&id, provider.now()).await.unwrap();
    let [used, pkce] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((used.day, used.month, used.last), (1, 2, provider.now()));
    assert_eq!((pkce.what, pkce.day, pkce.month), (Happening::Pkce, 1, 1));
    let last = store.last_used(&[client.id.as_str(), "nobody"], provider.now()).await.unwrap();
    assert_eq!(last, [(client.id.clone(), provider.now())].into());
    assert!(store.last_used(&[], provider.now()).await.unwrap().is_empty());
    let later = first.plus(31 * 86_400);
    assert_eq!((store.sweep_happenings(later).await.unwrap(), store.sweep_happenings(later).await.unwrap()), (1, 0));
    provider.app.happenings.note(&id, Happening::Pkce, provider.now());
    provider.app.store.delete_client(id.clone(), "test".to_owned(), provider.now()).await.unwrap();
    assert_eq!(provider.number("SELECT COUNT(*) FROM happenings").await, 0);
    provider.app.happenings.keep(&store).await;
    assert_eq!(provider.number("SELECT COUNT(*) FROM happenings").await, 0, "nothing is counted of one that is gone");
}
