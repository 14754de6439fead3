//! People through the admin API: the same limits as the console's.

use axum::http::Method;
use serde_json::{Value, json};
use twolatch_core::api_token::Scope;
use twolatch_core::user::Role;

use super::{Told, change, person, program, record, with_admin};
use crate::support::core::{actor, parsed};

#[tokio::test(flavor = "multi_thread")]
async fn people_are_added_read_changed_and_removed() {
    let (site, program) = with_admin().await;
    let added =
        program.post(&site, "/users", json!({ "name": "Carol", "email": "c@example.org", "groups": ["ops"] })).await;
    assert_eq!((added.status, &added.json["role"]), (201, &json!("member")), "{added:?}");
    let (by, whom, source, _) = record(&site, "user_added").await;
    assert_eq!((by.as_str(), whom.as_str()), ("boss", "Carol"));
    assert!(source.starts_with("192.0.2.7, API token "), "{source}");
    let again = program.post(&site, "/users", json!({ "name": "carol" })).await;
    assert_eq!((again.status, again.error()), (409, "taken"));
    let read = program.get(&site, "/users/CAROL").await;
    assert_eq!((read.tag(), &read.json["groups"]), (added.tag(), &json!(["ops"])));
    let patch =
        async |tag: Option<&str>, body: Value| program.ask(&site, Method::PATCH, "/users/carol", tag, Some(body)).await;
    let unnamed = patch(None, json!({ "role": "supervisor" })).await;
    assert_eq!((unnamed.status, unnamed.error()), (428, "version_needed"));
    let all = json!({ "role": "supervisor", "groups": ["b", "a", "b"], "level": "required", "methods": ["totp"] });
    let changed = patch(Some(&read.tag()), all).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let Told { json: now, .. } = &changed;
    assert_eq!(
        (&now["groups"], &now["level"], &now["own_methods"]),
        (&json!(["a", "b"]), &json!("required"), &json!(["totp"]))
    );
    let detail = record(&site, "user_changed").await.3;
    assert_eq!(detail, "role supervisor, groups a;b, level required, methods totp");
    let late = patch(Some(&read.tag()), json!({ "role": "admin" })).await;
    assert_eq!((late.status, late.error()), (412, "changed_meanwhile"));
    let back = patch(Some(&changed.tag()), json!({ "level": null, "methods": null })).await;
    assert_eq!(
        (&back.json["level"], &back.json["own_methods"], &back.json["role"]),
        (&Value::Null, &Value::Null, &json!("supervisor"))
    );
    for (body, fault) in [
        (json!({}), "nothing to change"),
        (json!({ "methods": [] }), "methods"),
        (json!({ "methods": ["password"] }), "methods"),
        (json!({ "groups": ["<b>"] }), "groups"),
        (json!({ "role": "root" }), "unknown variant"),
        (json!({ "security_version": 1 }), "unknown field"),
        (json!({ "email": "new@example.org", "role": "member" }), "of its own"),
    ] {
        let told = patch(Some(&back.tag()), body).await;
        assert_eq!(told.status, 400, "{told:?}");
        assert!(told.json["detail"].as_str().unwrap().contains(fault), "{told:?}");
    }
    let offered = patch(Some(&back.tag()), json!({ "email": "new@example.org" })).await;
    assert_eq!(offered.json["email_offered"]["to"], "new@example.org", "{offered:?}");
    assert_eq!(program.ask(&site, Method::DELETE, "/users/carol", None, None).await.status, 204);
    assert_eq!(program.get(&site, "/users/carol").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_filtered_sorted_and_paged_as_the_console_does() {
    let (site, program) = with_admin().await;
    for number in 0..60 {
        site.core.member(&format!("u{number:02}")).await;
    }
    let first = program.get(&site, "/users?q=u&sort=-name").await;
    assert_eq!((&first.json["total"], &first.json["users"][0]["name"]), (&json!(60), &json!("u59")));
    assert_eq!(first.json["users"].as_array().unwrap().len(), 50);
    let second = program.get(&site, "/users?q=u&sort=-name&page=2").await;
    assert_eq!(second.json["users"].as_array().unwrap().len(), 10);
    assert_eq!(program.get(&site, "/users?role=admin").await.json["total"], 2);
    for query in ["sort=size", "page=0", "role=x", "q=a&q=b", "nobody=yes"] {
        assert_eq!(program.get(&site, &format!("/users?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_do_what_they_do_in_the_console() {
    let (site, program) = with_admin().await;
    site.enrolled("carol").await;
    let act =
        async |action: &str| program.ask(&site, Method::POST, &format!("/users/carol/{action}"), None, None).await;
    for (action, event) in [
        ("unlock", "unlocked"),
        ("end-sessions", "session_ended"),
        ("disable", "user_changed"),
        ("enable", "user_changed"),
        ("reset-factors", "factors_reset"),
        ("reopen-setup", "user_changed"),
    ] {
        let told = act(action).await;
        assert_eq!(told.status, 204, "{action}: {told:?}");
        let (by, whom, source, _) = record(&site, event).await;
        assert_eq!((by.as_str(), whom.as_str()), ("boss", "carol"), "{action}");
        assert!(source.contains("API token"), "{action}: {source}");
    }
    let carol = site.app.store.person_by_name(&parsed("carol")).await.unwrap().unwrap();
    assert!(carol.factors.is_empty() && carol.user.disabled_at.is_none());
    for (action, status, error) in
        [("invite", 409, "no_address"), ("confirm-address", 409, "not_held"), ("promote", 404, "not_found")]
    {
        let told = act(action).await;
        assert_eq!((told.status, told.error()), (status, error), "{action}");
    }
    change(&site, "carol", |user| user.email = Some("c@example.org".parse().unwrap())).await;
    assert_eq!(act("invite").await.status, 204);
    assert_eq!(act("forget-devices").await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn t9_nobody_changes_their_own_account_or_removes_the_last_administrator_by_a_token() {
    let (site, program) = with_admin().await;
    let own = program.get(&site, "/users/boss").await;
    for (method, to, body) in [
        (Method::PATCH, "/users/boss", Some(json!({ "groups": ["x"] }))),
        (Method::DELETE, "/users/boss", None),
        (Method::POST, "/users/boss/disable", None),
        (Method::POST, "/users/boss/reset-factors", None),
    ] {
        let told = program.ask(&site, method, to, Some(&own.tag()), body).await;
        assert_eq!((told.status, told.error()), (403, "not_allowed"), "{to}: {told:?}");
    }
    // Somebody is demoted while their program works.
    person(&site, "third", Role::Admin).await;
    let third = self::program(&site, "third", &Scope::ALL).await;
    site.app
        .logins
        .change_user(&parsed("third"), String::new(), &actor(site.now()), |user| user.role = Role::Member)
        .await
        .unwrap();
    assert_eq!(third.ask(&site, Method::DELETE, "/users/root", None, None).await.status, 401);
}
