//! What applications are told of people: by scopes, by name, and what is an organisation's own.

use axum::http::StatusCode;
use serde_json::{Value, json};
use twolatch_core::store::profiles::{Given, Owner, changed};
use twolatch_core::time::Timestamp;
use twolatch_core::user::profile::Profile;

use crate::support::core::{Core, on_both};
use crate::support::provider::{Answer, BOTH, Browser, Provider, Registered, good, payload, with};

on_both!(
    conformance_each_scope_tells_its_claims_with_the_right_types,
    o26_claims_are_told_by_name_where_they_were_asked_for,
    o26_a_claims_parameter_that_asks_for_anything_else_is_let_be,
    an_organisations_own_claims_are_told_to_those_who_are_registered_for_them,
    what_was_written_by_somebody_else_is_not_told,
);

async fn give(provider: &Provider, owner: Owner, pairs: &[(&str, &str)]) {
    let before = provider.app.store.given(&owner).await.unwrap();
    let mut profile = Profile::default();
    for (name, value) in pairs {
        profile.set(name.parse().unwrap(), (*value).to_owned()).unwrap();
    }
    let now = provider.now();
    let record = changed(&owner, "alice", "claims are given", "test", now);
    let given = Given { profile, updated_at: Some(now) };
    provider.app.store.give(owner, before, given, record).await.unwrap();
}

async fn all(provider: &Provider, browser: &Browser) {
    let owner = Owner::User(browser.user.id.clone());
    let pairs = [
        ("name", "Alice Example"),
        ("given_name", "Alice"),
        ("family_name", "Example"),
        ("middle_name", "M"),
        ("nickname", "al"),
        ("profile", "https://example.org/alice"),
        ("picture", "https://example.org/alice.png"),
        ("website", "https://alice.example/"),
        ("gender", "female"),
        ("birthdate", "2000-01-02"),
        ("zoneinfo", "Asia/Jakarta"),
        ("locale", "id-ID"),
        ("phone_number", "+62 21 555"),
        ("phone_number_verified", "true"),
        ("address.formatted", "Jalan 1\nJakarta"),
        ("address.country", "ID"),
        ("department", "IT"),
    ];
    give(provider, owner, &pairs).await;
}

/// What a request with these parameters is told: tokens, then what the userinfo endpoint says.
async fn told(provider: &Provider, browser: &Browser, client: &Registered, more: &[(&str, &str)]) -> (Answer, Value) {
    let mut params = good(client);
    for (name, value) in more {
        params = with(&params, name, value);
    }
    let answer = provider.authorize(Some(browser), &params).await;
    let code = answer.param("code").unwrap_or_else(|| panic!("{answer:?}"));
    let tokens = provider.redeem(client, &code).await;
    let told = provider.userinfo(&tokens.text("access_token")).await.json();
    (tokens, told)
}

async fn conformance_each_scope_tells_its_claims_with_the_right_types(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    all(&provider, &browser).await;
    let client = provider.client(|_| {}).await;
    let sub = browser.user.id.as_str();
    let profile = json!({
        "sub": sub, "name": "Alice Example", "given_name": "Alice", "family_name": "Example", "middle_name": "M",
        "nickname": "al", "preferred_username": "alice", "profile": "https://example.org/alice",
        "picture": "https://example.org/alice.png", "website": "https://alice.example/", "gender": "female",
        "birthdate": "2000-01-02", "zoneinfo": "Asia/Jakarta", "locale": "id-ID", "updated_at": provider.now().unix(),
    });
    let email = json!({ "sub": sub, "email": "alice@example.org", "email_verified": true });
    let address = json!({ "sub": sub, "address": { "formatted": "Jalan 1\nJakarta", "country": "ID" } });
    let phone = json!({ "sub": sub, "phone_number": "+62 21 555", "phone_number_verified": true });
    let mut whole = profile.clone();
    for part in [&email, &address, &phone] {
        whole.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
    }
    for (scope, expected) in [
        ("openid", json!({ "sub": sub })),
        ("openid profile", profile),
        ("openid email", email),
        ("openid address", address),
        ("openid phone", phone),
        ("openid profile email address phone", whole),
    ] {
        let (tokens, told) = told(&provider, &browser, &client, &[("scope", scope)]).await;
        assert_eq!(told, expected, "{scope}");
        assert_eq!(tokens.text("scope"), scope);
        assert!(payload(&tokens.text("id_token")).get("name").is_none(), "ID tokens stay small");
    }
    // Whoever was given nothing is known by name, and changed when they were added.
    let bob = provider.browser("bob", &BOTH).await;
    let (_, bare) = told(&provider, &bob, &client, &[("scope", "openid profile address phone")]).await;
    let since = bob.user.created_at.unix();
    assert_eq!(
        bare,
        json!({ "sub": bob.user.id.as_str(), "name": "bob", "preferred_username": "bob", "updated_at": since })
    );
}

async fn o26_claims_are_told_by_name_where_they_were_asked_for(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    all(&provider, &browser).await;
    let client = provider.client(|_| {}).await;
    let claims = json!({
        "userinfo": { "name": { "essential": true }, "address": null, "department": null, "unknown": null },
        "id_token": { "email": null, "groups": null, "phone_number": { "value": "+1" }, "acr": { "essential": true } },
    });
    let asked = [("scope", "openid offline_access"), ("claims", &claims.to_string())];
    let (tokens, told) = told(&provider, &browser, &client, &asked).await;
    let sub = browser.user.id.as_str();
    assert_eq!(
        told,
        json!({ "sub": sub, "name": "Alice Example", "address": { "formatted": "Jalan 1\nJakarta", "country": "ID" } })
    );
    let check = |id: &Value| {
        assert_eq!((&id["email"], &id["groups"]), (&json!("alice@example.org"), &json!(["staff", "wheel"])));
        assert_eq!((&id["phone_number"], &id["sub"]), (&json!("+62 21 555"), &json!(sub)));
        assert!(id.get("name").is_none());
    };
    check(&payload(&tokens.text("id_token")));
    let refresh = tokens.text("refresh_token");
    let next = provider.token(&client, &[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
    check(&payload(&next.text("id_token")));
    let again = provider.userinfo(&next.text("access_token")).await.json();
    assert_eq!(again, told);
}

async fn o26_a_claims_parameter_that_asks_for_anything_else_is_let_be(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = provider.client(|_| {}).await;
    let many: serde_json::Map<String, Value> = (0..300).map(|number| (format!("c{number}"), Value::Null)).collect();
    for claims in [
        json!({}),
        json!({ "userinfo": null, "id_token": [] }),
        json!({ "userinfo": { "password": null, "mac": null, "security_version": null, "": null } }),
        json!({ "id_token": { "iss": { "value": "x" }, "aud": null, "exp": null, "sid": null } }),
        json!({ "userinfo": many }),
        json!({ "other": { "name": null } }),
    ] {
        let text = claims.to_string();
        let (tokens, told) = told(&provider, &browser, &client, &[("scope", "openid"), ("claims", &text)]).await;
        assert_eq!(told, json!({ "sub": browser.user.id.as_str() }), "{claims}");
        assert_eq!(payload(&tokens.text("id_token"))["iss"], "https://id.example.org");
    }
    for bad in ["x", "[]", "7", "{"] {
        let answer = provider.authorize(Some(&browser), &with(&good(&client), "claims", bad)).await;
        assert_eq!(answer.param("error").as_deref(), Some("invalid_request"), "{bad}");
    }
}

async fn an_organisations_own_claims_are_told_to_those_who_are_registered_for_them(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    give(&provider, Owner::User(browser.user.id.clone()), &[("department", "IT")]).await;
    give(&provider, Owner::Group("staff".parse().unwrap()), &[("tier", "gold"), ("department", "none")]).await;
    let names = || ["department", "tier"].map(|name| name.parse().unwrap()).to_vec();
    let (client, other) =
        (provider.client(|client| client.settings.claims = names()).await, provider.client(|_| {}).await);
    let sub = browser.user.id.as_str();
    let openid = [("scope", "openid")];
    let (_, own) = told(&provider, &browser, &client, &openid).await;
    assert_eq!(own, json!({ "sub": sub, "department": "IT", "tier": "gold" }));
    assert_eq!(told(&provider, &browser, &other, &openid).await.1, json!({ "sub": sub }));
    // By name, also in the ID token, and not any more once that is taken from the client, or the person from the group.
    let claims = json!({ "id_token": { "tier": null } }).to_string();
    let asked = [("scope", "openid offline_access"), ("claims", claims.as_str())];
    let (tokens, _) = told(&provider, &browser, &client, &asked).await;
    assert_eq!(payload(&tokens.text("id_token"))["tier"], "gold");
    let access = tokens.text("access_token");
    provider.edit(&client, |client| client.settings.claims = vec!["department".parse().unwrap()]).await;
    assert_eq!(provider.userinfo(&access).await.json(), json!({ "sub": sub, "department": "IT" }));
    give(&provider, Owner::User(browser.user.id.clone()), &[]).await;
    assert_eq!(provider.userinfo(&access).await.json(), json!({ "sub": sub, "department": "none" }));
    assert_eq!(provider.number("SELECT COUNT(*) FROM profiles").await, 1, "nothing is kept of nothing");
}

async fn what_was_written_by_somebody_else_is_not_told(core: Core) {
    let provider = Provider::over(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    all(&provider, &browser).await;
    let client = provider.client(|_| {}).await;
    let code = provider.code(&browser, &client).await;
    let access = provider.redeem(&client, &code).await.text("access_token");
    assert_eq!(provider.userinfo(&access).await.status, StatusCode::OK);
    provider.tamper("UPDATE profiles SET claims = '{\"name\":\"The Boss\"}'").await;
    provider.advance(1);
    assert_eq!(provider.userinfo(&access).await.status, StatusCode::INTERNAL_SERVER_ERROR);
    // Deleted with the person, under whatever hand.
    let logins = &provider.app.logins;
    let actor = crate::support::core::actor(Timestamp::from_unix(provider.now().unix()));
    logins.delete_user(&browser.user.name, &actor).await.unwrap();
    assert_eq!(provider.number("SELECT COUNT(*) FROM profiles").await, 0);
}
