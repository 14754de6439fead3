//! Refresh tokens: each is good once, and all of a grant die with whatever ends it.

use std::collections::BTreeSet;
use std::pin::Pin;

use axum::http::StatusCode;
use serde_json::Value;
use twolatch_core::client::{AuthMethod, GrantType};
use twolatch_core::factor::Kind;
use twolatch_core::grant::{OFFLINE_LIFE, REFRESH_IDLE};
use twolatch_core::policy::Level;

use crate::support::core::{Core, actor, on_both};
use crate::support::provider::{
    Answer, BOTH, Browser, CALLBACK, Provider, Registered, cut, good, payload, redemption, with,
};
use crate::support::rounds;

on_both!(
    a_client_goes_on_with_a_refresh_token_and_gets_another_each_time,
    o34_an_old_refresh_token_ends_all_that_came_of_its_grant,
    o34_of_50_at_once_on_two_servers_one_wins,
    o34_no_other_client_and_nothing_that_is_not_one_is_answered,
    o34_what_ends_a_grant_ends_its_refresh_token,
    o34_a_refresh_token_ends_unused_and_in_the_end,
    o19_a_refresh_gives_no_more_than_was_granted,
    a_policy_that_asks_for_more_stops_a_refresh,
    an_old_session_ends_no_offline_grant_and_one_that_is_ended_does,
    a_client_that_may_not_refresh_gets_no_token_for_it,
    o36_a_refresh_token_that_is_given_back_ends_its_grant,
);

const OFFLINE: &str = "openid profile offline_access";

/// What a code gives a client that asks for more than the present session.
async fn offline(provider: &Provider, browser: &Browser, client: &Registered) -> Answer {
    let request = with(&good(client), "scope", OFFLINE);
    let answer = provider.authorize(Some(browser), &request).await;
    provider.redeem(client, &answer.param("code").unwrap_or_else(|| panic!("{answer:?}"))).await
}

async fn refresh(provider: &Provider, client: &Registered, token: &str) -> Answer {
    provider.token(client, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

async fn opens(provider: &Provider, access: &str) -> bool {
    provider.userinfo(access).await.status == StatusCode::OK
}

async fn a_client_goes_on_with_a_refresh_token_and_gets_another_each_time(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = (provider.browser("alice", &BOTH).await, provider.client(|_| {}).await);
    let mut answer = offline(&provider, &browser, &client).await;
    let first = payload(&answer.text("id_token"));
    let mut seen = BTreeSet::from([answer.text("refresh_token")]);
    for _ in 0..5 {
        provider.advance(600);
        let access = answer.text("access_token");
        answer = refresh(&provider, &client, &answer.text("refresh_token")).await;
        assert_eq!((answer.status, answer.text("scope").as_str()), (StatusCode::OK, OFFLINE), "{answer:?}");
        assert!(seen.insert(answer.text("refresh_token")), "each is new");
        assert!(opens(&provider, &access).await && opens(&provider, &answer.text("access_token")).await);
        // OpenID Connect Core, 12.2
        let next = payload(&answer.text("id_token"));
        for claim in ["iss", "sub", "aud", "auth_time", "acr", "amr", "sid"] {
            assert_eq!(next[claim], first[claim], "{claim}");
            assert!(!next[claim].is_null(), "{claim}");
        }
        assert_eq!((next["iat"].as_i64(), &next["nonce"]), (Some(provider.now().unix()), &Value::Null));
    }
    let events = provider.app.store.latest_audit(50).await.unwrap();
    let refreshed = events.iter().filter(|record| record.event == "token_refreshed");
    assert!(refreshed.clone().all(|record| record.user_name.as_deref() == Some("alice")));
    assert_eq!(refreshed.count(), 5);
}

async fn o34_an_old_refresh_token_ends_all_that_came_of_its_grant(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = (provider.browser("alice", &BOTH).await, provider.client(|_| {}).await);
    for turns in 1..4 {
        let first = offline(&provider, &browser, &client).await;
        let other = offline(&provider, &browser, &client).await;
        let mut last = first.clone();
        for _ in 0..turns {
            last = refresh(&provider, &client, &last.text("refresh_token")).await;
        }
        refresh(&provider, &client, &first.text("refresh_token")).await.is_refused("invalid_grant");
        refresh(&provider, &client, &last.text("refresh_token")).await.is_refused("invalid_grant");
        assert!(
            !opens(&provider, &first.text("access_token")).await && !opens(&provider, &last.text("access_token")).await
        );
        assert!(opens(&provider, &other.text("access_token")).await, "another grant is not concerned");
        assert_eq!(refresh(&provider, &client, &other.text("refresh_token")).await.status, StatusCode::OK);
    }
    let events = provider.app.store.latest_audit(50).await.unwrap();
    assert_eq!(events.iter().filter(|record| record.event == "refresh_reused").count(), 3);
}

async fn o34_of_50_at_once_on_two_servers_one_wins(core: Core) {
    let provider = Provider::over(core).await;
    let second = provider.second_server().await;
    let client = provider.client(|_| {}).await;
    for round in 0..rounds() {
        let browser = provider.browser(&format!("user{round}"), &BOTH).await;
        let token = offline(&provider, &browser, &client).await.text("refresh_token");
        let asks = (0..50).map(|number| {
            let server = if number % 2 == 0 { &provider } else { &second }.clone();
            let (client, token) = (client.clone(), token.clone());
            tokio::spawn(async move { refresh(&server, &client, &token).await })
        });
        let mut won = Vec::new();
        for ask in asks.collect::<Vec<_>>() {
            let answer = ask.await.unwrap();
            match answer.status {
                StatusCode::OK => won.push(answer),
                _ => answer.is_refused("invalid_grant"),
            }
        }
        let [won] = won.as_slice() else { panic!("round {round}: {} won", won.len()) };
        // The others were a second use.
        assert!(!opens(&second, &won.text("access_token")).await);
        refresh(&second, &client, &won.text("refresh_token")).await.is_refused("invalid_grant");
    }
}

async fn o34_no_other_client_and_nothing_that_is_not_one_is_answered(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = (provider.browser("alice", &BOTH).await, provider.client(|_| {}).await);
    let other = provider.client(|_| {}).await;
    let public = provider.client(|client| (client.auth_method, client.secret) = (AuthMethod::None, None)).await;
    let answer = offline(&provider, &browser, &client).await;
    let token = answer.text("refresh_token");
    for who in [&other, &public] {
        refresh(&provider, who, &token).await.is_refused("invalid_grant");
    }
    let access = answer.text("access_token");
    for none in ["x", ".", "\0.x", "a.b.c", &access, cut(&access, 1), &"x".repeat(5000)] {
        refresh(&provider, &client, none).await.is_refused("invalid_grant");
    }
    provider.token(&client, &[("grant_type", "refresh_token")]).await.is_refused("invalid_request");
    assert_eq!(refresh(&provider, &client, &token).await.status, StatusCode::OK, "none of that has ended it");
}

/// Something that ends a session, an account or a client.
type End = for<'a> fn(&'a Provider, &'a Browser, &'a Registered) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

async fn o34_what_ends_a_grant_ends_its_refresh_token(core: Core) {
    let provider = Provider::over(core).await;
    let second = provider.second_server().await;
    let ends: [(&str, End); 6] = [
        ("signing-out", |provider, browser, _| Box::pin(provider.sign_out(browser))),
        ("disabling", |provider, browser, _| {
            Box::pin(provider.change(&browser.user, |user| user.disabled_at = Some(user.created_at)))
        }),
        ("a-new-password", |provider, browser, _| Box::pin(provider.change(&browser.user, |_| {}))),
        ("leaving-the-group", |provider, browser, _| {
            Box::pin(provider.change(&browser.user, |user| user.groups.retain(|group| group.as_str() != "staff")))
        }),
        ("disabling-the-client", |provider, _, client| {
            Box::pin(async {
                provider.edit(client, |client| client.disabled_at = Some(client.created_at)).await;
            })
        }),
        ("deleting-the-client", |provider, _, client| {
            Box::pin(async {
                let id = client.id.parse().unwrap();
                assert!(provider.app.store.delete_client(id, "test".to_owned(), provider.now()).await.unwrap());
            })
        }),
    ];
    for (what, end) in ends {
        let browser = provider.browser(what, &BOTH).await;
        let client = provider.client(|client| client.settings.groups = vec!["staff".parse().unwrap()]).await;
        let answer = offline(&provider, &browser, &client).await;
        assert!(opens(&second, &answer.text("access_token")).await, "{what}");
        end(&provider, &browser, &client).await;
        assert!(!opens(&provider, &answer.text("access_token")).await, "{what}");
        // Within a second everywhere.
        second.advance(1);
        assert!(!opens(&second, &answer.text("access_token")).await, "{what}");
        let error = if what.ends_with("client") { "invalid_client" } else { "invalid_grant" };
        refresh(&second, &client, &answer.text("refresh_token")).await.is_refused(error);
    }
}

async fn o34_a_refresh_token_ends_unused_and_in_the_end(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = (provider.browser("alice", &BOTH).await, provider.client(|_| {}).await);
    let unused = offline(&provider, &browser, &client).await;
    let mut used = offline(&provider, &browser, &client).await;
    provider.advance(REFRESH_IDLE - 1);
    used = refresh(&provider, &client, &used.text("refresh_token")).await;
    assert_eq!(used.status, StatusCode::OK);
    provider.advance(1);
    refresh(&provider, &client, &unused.text("refresh_token")).await.is_refused("invalid_grant");
    let mut age = REFRESH_IDLE;
    while age + REFRESH_IDLE < OFFLINE_LIFE {
        provider.advance(REFRESH_IDLE - 2);
        age += REFRESH_IDLE - 2;
        used = refresh(&provider, &client, &used.text("refresh_token")).await;
        assert_eq!(used.status, StatusCode::OK, "{age}");
    }
    provider.advance(OFFLINE_LIFE - age - 1);
    used = refresh(&provider, &client, &used.text("refresh_token")).await;
    assert_eq!(used.status, StatusCode::OK, "a second before the end");
    provider.advance(1);
    refresh(&provider, &client, &used.text("refresh_token")).await.is_refused("invalid_grant");
    provider.advance(3600);
    let (store, now) = (&provider.app.store, provider.now());
    assert_eq!((store.sweep_grants(now).await.unwrap(), store.sweep_grants(now).await.unwrap()), (2, 0));
}

async fn o19_a_refresh_gives_no_more_than_was_granted(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = (provider.browser("alice", &BOTH).await, provider.client(|_| {}).await);
    let mut token = offline(&provider, &browser, &client).await.text("refresh_token");
    let ask = async |token: &str, scope: &str| {
        let params = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
        provider.token(&client, &params).await
    };
    for wider in ["openid email", "openid profile groups", "profile", "nonsense"] {
        ask(&token, wider).await.is_refused("invalid_scope");
    }
    let fewer = ask(&token, "openid").await;
    assert_eq!((fewer.status, fewer.text("scope").as_str()), (StatusCode::OK, "openid"));
    assert!(provider.userinfo(&fewer.text("access_token")).await.json()["name"].is_null());
    token = fewer.text("refresh_token");
    assert_eq!(ask(&token, "").await.text("scope"), OFFLINE, "the grant is what it was");
}

async fn a_policy_that_asks_for_more_stops_a_refresh(core: Core) {
    let provider = Provider::over(core).await;
    provider.set_level(Level::Off).await;
    let (browser, client) = (provider.browser("alice", &[Kind::Password]).await, provider.client(|_| {}).await);
    let answer = offline(&provider, &browser, &client).await;
    provider.set_level(Level::Required).await;
    refresh(&provider, &client, &answer.text("refresh_token")).await.is_refused("invalid_grant");
    provider.set_level(Level::Off).await;
    assert_eq!(refresh(&provider, &client, &answer.text("refresh_token")).await.status, StatusCode::OK);
}

async fn an_old_session_ends_no_offline_grant_and_one_that_is_ended_does(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = (provider.browser("alice", &BOTH).await, provider.client(|_| {}).await);
    let answer = offline(&provider, &browser, &client).await;
    let online = provider.redeem(&client, &provider.code(&browser, &client).await).await;
    assert!(online.json()["refresh_token"].is_null(), "nobody has asked for one");
    provider.advance(13 * 3600);
    provider.app.store.sweep(provider.now()).await.unwrap();
    let answer = refresh(&provider, &client, &answer.text("refresh_token")).await;
    assert!(opens(&provider, &answer.text("access_token")).await);
    provider.sign_in(browser.user.clone(), &BOTH).await;
    assert!(opens(&provider, &answer.text("access_token")).await, "another session is another session");
    let name = browser.user.name.clone();
    provider.app.logins.end_sessions_of(&name, &actor(provider.now())).await.unwrap();
    assert!(!opens(&provider, &answer.text("access_token")).await);
    refresh(&provider, &client, &answer.text("refresh_token")).await.is_refused("invalid_grant");
}

async fn a_client_that_may_not_refresh_gets_no_token_for_it(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = provider.client(|client| client.settings.grants = vec![GrantType::AuthorizationCode]).await;
    let answer = offline(&provider, &browser, &client).await;
    assert!(answer.json()["refresh_token"].is_null() && answer.text("scope") == "openid profile", "{answer:?}");
    refresh(&provider, &client, "a.b").await.is_refused("unauthorized_client");
    let only = provider.client(|client| client.settings.grants = vec![GrantType::RefreshToken]).await;
    let answer = provider.authorize(Some(&browser), &good(&only)).await;
    answer.is_error(CALLBACK, "unauthorized_client", Some("a state"));
    let code = provider.code(&browser, &client).await;
    provider.edit(&client, |client| client.settings.grants.clear()).await;
    provider.token(&client, &redemption(&code)).await.is_refused("unauthorized_client");
}

async fn o36_a_refresh_token_that_is_given_back_ends_its_grant(core: Core) {
    let provider = Provider::over(core).await;
    let (browser, client) = (provider.browser("alice", &BOTH).await, provider.client(|_| {}).await);
    let other = provider.client(|_| {}).await;
    let answer = offline(&provider, &browser, &client).await;
    let (access, token) = (answer.text("access_token"), answer.text("refresh_token"));
    assert_eq!(provider.ask("/revoke", &other, &[("token", &token)]).await.status, StatusCode::OK);
    assert!(opens(&provider, &access).await, "nobody else gives it back");
    let params = [("token", token.as_str()), ("token_type_hint", "access_token")];
    assert_eq!(provider.ask("/revoke", &client, &params).await.status, StatusCode::OK);
    assert!(!opens(&provider, &access).await);
    refresh(&provider, &client, &token).await.is_refused("invalid_grant");
}
