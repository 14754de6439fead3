//! What needs more than the scope of its operation: administrators, and the switch for everybody.

use axum::http::Method;
use serde_json::{Value, json};
use twolatch_core::api_token::{Scope, TOKENS_EACH};
use twolatch_core::user::Role;

use super::{Told, change, person, program, record, with_admin};
use crate::support::core::{actor, parsed};

fn assert_not_for(told: &Told, scope: Scope) {
    assert_eq!((told.status, told.error()), (403, "insufficient_scope"), "{told:?}");
    assert!(told.json["detail"].as_str().unwrap().contains(scope.as_str()), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn t9_a_program_for_people_touches_and_makes_no_administrator() {
    let (site, whole) = with_admin().await;
    person(&site, "alice", Role::Member).await;
    let people = program(&site, "boss", &[Scope::UsersRead, Scope::UsersWrite]).await;
    let admins = Scope::AdminsWrite;
    assert_not_for(&people.post(&site, "/users", json!({ "name": "eve", "role": "admin" })).await, admins);
    let tag = people.get(&site, "/users/alice").await.tag();
    let patch = |to: &'static str, tag: String, body: Value| {
        let (site, people) = (&site, &people);
        async move { people.ask(site, Method::PATCH, to, Some(&tag), Some(body)).await }
    };
    assert_not_for(&patch("/users/alice", tag.clone(), json!({ "role": "admin" })).await, admins);
    assert_eq!(patch("/users/alice", tag, json!({ "groups": ["staff"] })).await.status, 200);
    let root = people.get(&site, "/users/root").await.tag();
    assert_not_for(&patch("/users/root", root, json!({ "groups": ["staff"] })).await, admins);
    for act in ["invite", "reset-factors", "end-sessions", "disable"] {
        assert_not_for(&people.post(&site, &format!("/users/root/{act}"), json!({})).await, admins);
    }
    assert_not_for(&people.ask(&site, Method::DELETE, "/users/root", None, None).await, admins);
    for (whom, status) in [
        (json!({ "action": "end-sessions", "all": true }), 403),
        (json!({ "action": "end-sessions", "role": "admin" }), 403),
        (json!({ "action": "end-sessions", "users": ["alice", "root"] }), 403),
        (json!({ "action": "end-sessions", "role": "member" }), 201),
        (json!({ "action": "end-sessions", "users": ["alice"] }), 201),
    ] {
        let told = people.post(&site, "/jobs", whom.clone()).await;
        assert_eq!(told.status, status, "{whom}: {told:?}");
    }
    // What another program has looked at is not begun by this one either.
    let job = whole.post(&site, "/jobs", json!({ "action": "end-sessions", "all": true })).await;
    let begin = format!("/jobs/{}/start", job.json["job"].as_str().unwrap());
    assert_eq!(people.post(&site, &begin, json!({})).await.status, 403);
    assert_eq!(whole.post(&site, &begin, json!({})).await.status, 200);
    assert_eq!(site.app.logins.named(&parsed("root")).await.unwrap().user.role, Role::Admin);
}

#[tokio::test(flavor = "multi_thread")]
async fn floor_a_program_for_rules_does_not_turn_the_switch() {
    let (site, whole) = with_admin().await;
    let rules = program(&site, "boss", &[Scope::PolicyRead, Scope::PolicyWrite]).await;
    let before = rules.get(&site, "/policy").await;
    let mut off = before.json["rules"].clone();
    off["organisation"] = json!("off");
    let put = |program: super::Program, to: &'static str| {
        let (site, tag, off) = (&site, before.tag(), off.clone());
        async move { program.ask(site, Method::PUT, to, Some(&tag), Some(off)).await }
    };
    assert_ne!(before.json["rules"]["organisation"], off["organisation"]);
    assert_not_for(&put(rules.clone(), "/policy?dry_run=true").await, Scope::PolicySwitch);
    assert_not_for(&put(rules, "/policy").await, Scope::PolicySwitch);
    assert_eq!(whole.get(&site, "/policy").await.tag(), before.tag());
    assert_eq!(put(whole, "/policy").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_an_application_is_recorded_by_what_it_changes() {
    let (site, program) = with_admin().await;
    let uris = json!(["https://wiki.example/cb"]);
    let made =
        program.post(&site, "/clients", json!({ "client_id": "wiki", "name": "Wiki", "redirect_uris": uris })).await;
    assert_eq!(made.status, 201, "{made:?}");
    let other = json!({ "redirect_uris": ["https://other.example/cb"], "require": ["par"] });
    let changed = program.ask(&site, Method::PATCH, "/clients/wiki", Some(&made.tag()), Some(other)).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(record(&site, "client_changed").await.3, "wiki has another redirect_uris, require");
    let clients = super::program(&site, "boss", &[Scope::ClientsRead, Scope::ClientsWrite]).await;
    assert_not_for(&clients.get(&site, "/clients/wiki/test?user=root").await, Scope::UsersRead);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_ended_with_a_change_of_their_person_take_no_room() {
    let (site, _) = with_admin().await;
    for _ in 1..TOKENS_EACH {
        program(&site, "boss", &[Scope::UsersRead]).await;
    }
    let wanted = twolatch_core::login::api_tokens::Wanted {
        note: "one more".to_owned(),
        scopes: [Scope::UsersRead].into(),
        days: 1,
    };
    let more = site.app.logins.add_api_token(&parsed("boss"), wanted.clone(), &actor(site.now())).await;
    assert!(more.is_err(), "there are enough");
    change(&site, "boss", |user| user.groups = vec!["staff".parse().unwrap()]).await;
    assert!(site.app.store.api_tokens(100, site.now()).await.unwrap().is_empty(), "none of them is good");
    site.app.logins.add_api_token(&parsed("boss"), wanted, &actor(site.now())).await.unwrap();
    assert_eq!(site.number("SELECT COUNT(*) FROM api_tokens").await, 1);
}
