//! Clients that ask in their own name.

use std::collections::HashSet;

use axum::http::StatusCode;
use serde_json::json;
use tokio::task::JoinSet;
use twolatch_core::client::{AuthMethod, Client, Demand, GrantType};

use crate::support::core::{Core, on_both};
use crate::support::provider::{BOTH, Provider, Registered};

on_both!(
    a_machine_gets_a_token_for_what_it_is_registered_for,
    o19_a_machine_gets_nothing_else,
    a_machine_is_nobody,
    o36_an_api_is_told_of_tokens_that_are_for_it,
    another_secret_is_good_at_once_and_the_one_before_for_a_while,
    tokens_that_many_ask_for_at_once_all_stand_or_none_does,
    o19_a_machine_gets_nothing_as_it_was_before_a_change_at_another_server,
);

fn machine(client: &mut Client) {
    client.settings.grants = vec![GrantType::ClientCredentials];
    client.settings.scopes = ["jobs:read", "jobs:write"].map(|scope| scope.parse().unwrap()).to_vec();
    client.redirect_uris.clear();
}

const ASK: (&str, &str) = ("grant_type", "client_credentials");

async fn a_machine_gets_a_token_for_what_it_is_registered_for(core: Core) {
    let provider = Provider::over(core).await;
    let client = provider.client(machine).await;
    for (scope, given) in
        [("", "jobs:read jobs:write"), ("jobs:write", "jobs:write"), ("jobs:write jobs:read", "jobs:read jobs:write")]
    {
        let answer = provider.token(&client, &[ASK, ("scope", scope)]).await;
        let access = answer.text("access_token");
        let whole = json!({ "access_token": access, "token_type": "Bearer", "expires_in": 3600, "scope": given });
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, whole));
        let now = provider.now().unix();
        let told = json!({
            "active": true, "scope": given, "client_id": client.id, "token_type": "Bearer", "iat": now, "exp": now + 3600,
            "sub": client.id, "aud": "https://id.example.org", "iss": "https://id.example.org",
        });
        assert_eq!(provider.ask("/introspect", &client, &[("token", &access)]).await.json(), told);
    }
    let access = provider.token(&client, &[ASK]).await.text("access_token");
    assert_eq!(provider.ask("/revoke", &client, &[("token", &access)]).await.status, StatusCode::OK);
    assert_eq!(provider.ask("/introspect", &client, &[("token", &access)]).await.json(), json!({ "active": false }));
    let access = provider.token(&client, &[ASK]).await.text("access_token");
    provider.advance(3600);
    assert_eq!(provider.ask("/introspect", &client, &[("token", &access)]).await.json(), json!({ "active": false }));
    let events = provider.app.store.latest_audit(20).await.unwrap();
    let by =
        |event: &str| events.iter().filter(|record| record.event == event).map(|record| record.actor.clone()).collect();
    let by: Vec<Option<String>> = by("token_issued");
    assert!(by.len() == 5 && by.iter().all(|actor| actor.as_deref() == Some(client.id.as_str())), "{by:?}");
}

async fn o19_a_machine_gets_nothing_else(core: Core) {
    let provider = Provider::over(core).await;
    let client = provider.client(machine).await;
    for scope in
        ["jobs:delete", "openid", "offline_access", "JOBS:READ", "jobs:read  ", "jobs:read\0", &"x ".repeat(900)]
    {
        provider.token(&client, &[ASK, ("scope", scope)]).await.is_refused("invalid_scope");
    }
    let web = provider.client(|_| {}).await;
    provider.token(&web, &[ASK]).await.is_refused("unauthorized_client");
    // Nobody can register that; a row from before could say so.
    let public = provider.client(|client| {
        machine(client);
        (client.auth_method, client.secret) = (AuthMethod::None, None);
    });
    provider.token(&public.await, &[ASK]).await.is_refused("unauthorized_client");
    let wrong = Registered { secret: "x".to_owned(), ..client };
    provider.token(&wrong, &[ASK]).await.is_refused("invalid_client");
    for unknown in ["password", "implicit", "CLIENT_CREDENTIALS", "urn:ietf:params:oauth:grant-type:token-exchange"] {
        provider.token(&web, &[("grant_type", unknown)]).await.is_refused("unsupported_grant_type");
    }
}

async fn a_machine_is_nobody(core: Core) {
    let provider = Provider::over(core).await;
    let client = provider.client(machine).await;
    let access = provider.token(&client, &[ASK]).await.text("access_token");
    assert_eq!(provider.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
    provider.edit(&client, |client| client.disabled_at = Some(client.created_at)).await;
    provider.edit(&client, |client| client.disabled_at = None).await;
    assert_eq!(provider.ask("/introspect", &client, &[("token", &access)]).await.json()["active"], true);
    provider.browser("alice", &BOTH).await;
    let end = provider.app.store.delete_client(client.id.parse().unwrap(), "test".to_owned(), provider.now());
    assert!(end.await.unwrap());
    let mark = provider.app.store.client_secret_mark(&client.id, "another");
    let again = provider.client(|again| (again.id, again.secret) = (client.id.parse().unwrap(), Some(mark))).await;
    let again = Registered { secret: "another".to_owned(), ..again };
    assert_eq!(provider.ask("/introspect", &again, &[("token", &access)]).await.json(), json!({ "active": false }));
}

async fn o36_an_api_is_told_of_tokens_that_are_for_it(core: Core) {
    let provider = Provider::over(core).await;
    let client = provider.client(machine).await;
    let api = provider.client(|client| client.settings.introspects = vec!["jobs:read".parse().unwrap()]).await;
    let about =
        async |who: &Registered, token: &str| provider.ask("/introspect", who, &[("token", token)]).await.json();
    let both = provider.token(&client, &[ASK]).await.text("access_token");
    let told = about(&api, &both).await;
    assert_eq!((&told["active"], &told["scope"], &told["sub"]), (&json!(true), &json!("jobs:read"), &json!(client.id)));
    let other = provider.token(&client, &[ASK, ("scope", "jobs:write")]).await.text("access_token");
    assert_eq!(about(&api, &other).await, json!({ "active": false }), "that is for another API");
    let browser = provider.browser("alice", &BOTH).await;
    let web = provider.client(|_| {}).await;
    let hers = provider.redeem(&web, &provider.code(&browser, &web).await).await.text("access_token");
    assert_eq!(about(&api, &hers).await, json!({ "active": false }), "nothing is told of people");
    provider.edit(&client, |client| client.disabled_at = Some(client.created_at)).await;
    assert_eq!(about(&api, &both).await, json!({ "active": false }));
}

async fn another_secret_is_good_at_once_and_the_one_before_for_a_while(core: Core) {
    let provider = Provider::over(core).await;
    let client = provider.client(machine).await;
    let second = provider.second_server().await;
    let mark = provider.app.store.client_secret_mark(&client.id, "another");
    let until = provider.now().plus(60);
    provider.edit(&client, move |client| client.former = client.secret.replace(mark).map(|mark| (mark, until))).await;
    let another = Registered { secret: "another".to_owned(), ..client.clone() };
    for who in [&client, &another] {
        assert_eq!(second.token(who, &[ASK]).await.status, StatusCode::OK);
    }
    provider.advance(60);
    second.token(&client, &[ASK]).await.is_refused("invalid_client");
    assert_eq!(second.token(&another, &[ASK]).await.status, StatusCode::OK);
}

async fn tokens_that_many_ask_for_at_once_all_stand_or_none_does(core: Core) {
    const MANY: i64 = 200;
    let provider = Provider::over(core).await;
    let client = provider.client(machine).await;
    let ask = async || {
        let tries = (0..MANY).map(|_| {
            let (provider, client) = (provider.clone(), client.clone());
            async move { provider.token(&client, &[ASK]).await }
        });
        tries.collect::<JoinSet<_>>().join_all().await
    };
    let issued = "SELECT COUNT(*) FROM audit WHERE event = 'token_issued'";
    let mut seen = HashSet::new();
    for answer in ask().await {
        let token = answer.text("access_token");
        assert_eq!(provider.ask("/introspect", &client, &[("token", &token)]).await.json()["active"], true);
        assert!(seen.insert(token), "each its own");
    }
    assert_eq!(
        (provider.number("SELECT COUNT(*) FROM access_tokens").await, provider.number(issued).await),
        (MANY, MANY)
    );
    provider.tamper("ALTER TABLE audit RENAME TO gone").await;
    for answer in ask().await {
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{answer:?}");
    }
    assert_eq!(provider.number("SELECT COUNT(*) FROM access_tokens").await, MANY, "none without its record");
    provider.tamper("ALTER TABLE gone RENAME TO audit").await;
    assert_eq!(provider.token(&client, &[ASK]).await.status, StatusCode::OK);
}

async fn o19_a_machine_gets_nothing_as_it_was_before_a_change_at_another_server(core: Core) {
    type Edit = fn(&mut Client);
    let provider = Provider::over(core).await;
    let second = provider.second_server().await;
    let other = provider.client(machine).await;
    let changes: [(&str, Edit); 4] = [
        ("secret", |client| client.secret = Some("another".to_owned())),
        ("scope", |client| client.settings.scopes.truncate(1)),
        ("demand", |client| client.settings.demands = vec![Demand::Dpop]),
        ("end", |client| client.disabled_at = Some(client.created_at)),
    ];
    for (what, change) in changes {
        let client = provider.client(machine).await;
        assert_eq!(second.token(&client, &[ASK]).await.status, StatusCode::OK, "{what}: it is known there now");
        provider.edit(&client, change).await;
        let before = provider.number("SELECT COUNT(*) FROM access_tokens").await;
        assert_eq!(second.token(&client, &[ASK]).await.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(provider.number("SELECT COUNT(*) FROM access_tokens").await, before, "{what}");
        assert_eq!(second.token(&other, &[ASK]).await.status, StatusCode::OK, "{what}: nobody else is concerned");
    }
    let client = provider.client(machine).await;
    assert_eq!(second.token(&client, &[ASK]).await.status, StatusCode::OK);
    let end = provider.app.store.delete_client(client.id.parse().unwrap(), "test".to_owned(), provider.now());
    assert!(end.await.unwrap());
    assert_eq!(second.token(&client, &[ASK]).await.status, StatusCode::SERVICE_UNAVAILABLE);
    provider.advance(1);
    second.token(&client, &[ASK]).await.is_refused("invalid_client");
    // A row that somebody else has written in is its own client's fault alone.
    let mark = provider.app.store.client_secret_mark("spoilt", "another");
    let spoilt = provider.client(|client| {
        machine(client);
        (client.id, client.secret) = ("spoilt".parse().unwrap(), Some(mark));
    });
    let spoilt = Registered { secret: "another".to_owned(), ..spoilt.await };
    assert_eq!(second.token(&spoilt, &[ASK]).await.status, StatusCode::OK);
    provider.tamper("UPDATE clients SET name = 'x' WHERE id = 'spoilt'").await;
    let answers = tokio::join!(second.token(&spoilt, &[ASK]), second.token(&other, &[ASK]));
    assert_eq!((answers.0.status, answers.1.status), (StatusCode::SERVICE_UNAVAILABLE, StatusCode::OK));
}
