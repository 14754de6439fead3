//! Rules and exemptions through the admin API.

use std::collections::BTreeSet;

use axum::http::Method;
use idp_server::api::admin::document;
use serde_json::{Value, json};
use twolatch_core::policy::{Level, Rule, Rules};

use super::{record, with_admin};
use crate::support::site::ISSUER;

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_read_foreseen_replaced_and_put_back() {
    let (site, program) = with_admin().await;
    let before = program.get(&site, "/policy").await;
    assert_eq!(before.tag(), format!("\"{}\"", before.json["version"]));
    let mut rules = before.json["rules"].clone();
    rules["roles"] = json!({ "member": { "methods": ["totp"] } });
    let put = async |query: &str, tag: Option<&str>, rules: &Value| {
        program.ask(&site, Method::PUT, &format!("/policy{query}"), tag, Some(rules.clone())).await
    };
    assert_eq!(put("", None, &rules).await.status, 428);
    let foreseen = put("?dry_run=true", Some(&before.tag()), &rules).await;
    assert_eq!((foreseen.status, &foreseen.json["people"]), (200, &json!(2)), "{foreseen:?}");
    assert_eq!(program.get(&site, "/policy").await.tag(), before.tag(), "nothing was changed");
    let after = put("", Some(&before.tag()), &rules).await;
    assert_eq!((after.status, &after.json["rules"]["roles"]), (200, &rules["roles"]), "{after:?}");
    let (by, _, source, detail) = record(&site, "policy_changed").await;
    assert_eq!((by.as_str(), source.contains("API token")), ("boss", true));
    assert!(detail.contains("totp"), "{detail}");
    let late = put("", Some(&before.tag()), &rules).await;
    assert_eq!((late.status, late.error()), (412, "changed_meanwhile"));
    for (key, value, fault) in [
        ("enrol_codes", json!(3), "enrol_codes"),
        ("setup_days", json!(0), "setup_days"),
        ("device_days", json!(366), "device_days"),
        ("methods", json!([]), "methods"),
        ("methods", json!(["password"]), "methods"),
        ("groups", json!({ "ops": {} }), "says nothing"),
        ("groups", json!({ "<b>": { "level": "off" } }), "group"),
        ("organisation", json!("never"), "unknown variant"),
        ("everybody", json!(1), "unknown field"),
    ] {
        let mut bad = rules.clone();
        bad[key] = value;
        let told = put("", Some(&after.tag()), &bad).await;
        assert_eq!(told.status, 400, "{key}: {told:?}");
        assert!(told.json["detail"].as_str().unwrap().contains(fault), "{key}: {told:?}");
    }
    let versions = program.get(&site, "/policy/versions?limit=2").await;
    assert_eq!(versions.json[0]["author"], "boss");
    let back = format!("/policy/versions/{}/restore", versions.json[1]["version"]);
    let restored = program.ask(&site, Method::POST, &back, Some(&after.tag()), None).await;
    assert_eq!((restored.status, &restored.json["rules"]), (200, &before.json["rules"]), "{restored:?}");
    assert_eq!(
        program.ask(&site, Method::POST, "/policy/versions/99/restore", Some(&restored.tag()), None).await.status,
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn exemptions_are_made_listed_and_ended() {
    let (site, program) = with_admin().await;
    site.core.member("alice").await;
    let wanted = |change: Value| {
        let mut all = json!({
            "whom": "person", "name": "Alice", "door": "ssh", "network": "10.0.0.0/8", "level": "off", "days": 7,
            "reason": "a new phone",
        });
        all.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        all
    };
    let made = program.post(&site, "/policy/exemptions", wanted(json!({}))).await;
    assert_eq!((made.status, &made.json["person"]), (201, &json!("alice")), "{made:?}");
    assert_eq!(record(&site, "exempted").await.0, "boss");
    for (change, fault) in [
        (json!({ "name": "nobody" }), "name"),
        (json!({ "days": 0 }), "days"),
        (json!({ "reason": "" }), "reason"),
        (json!({ "network": "10.0.0.1/8" }), "network"),
        (json!({ "door": "sudo" }), "door"),
        (json!({ "author": "root" }), "author"),
    ] {
        let told = program.post(&site, "/policy/exemptions", wanted(change)).await;
        assert_eq!(told.status, 400, "{told:?}");
        assert!(told.json["detail"].as_str().unwrap().contains(fault), "{told:?}");
    }
    let all = program.get(&site, "/policy/exemptions").await;
    assert_eq!(all.json.as_array().unwrap().len(), 1);
    let why = program.get(&site, "/policy/explain?person=alice&door=ssh&address=10.1.2.3").await;
    assert_eq!((&why.json[0]["level"], &why.json[0]["door"]), (&json!("off"), &json!("ssh")), "{why:?}");
    assert!(program.get(&site, "/policy/explain?person=alice").await.json.as_array().unwrap().len() >= 6);
    assert_eq!(program.get(&site, "/policy/explain?person=nobody").await.status, 400);
    let one = format!("/policy/exemptions/{}", made.json["id"].as_str().unwrap());
    assert_eq!(program.ask(&site, Method::DELETE, &one, None, None).await.status, 204);
    assert_eq!(program.ask(&site, Method::DELETE, &one, None, None).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn under_the_lock_nothing_goes_below_required() {
    let (site, program) = with_admin().await;
    let site = site.locked();
    site.core.member("alice").await;
    let before = program.get(&site, "/policy").await;
    let mut rules = before.json["rules"].clone();
    rules["organisation"] = json!("off");
    let told = program.ask(&site, Method::PUT, "/policy", Some(&before.tag()), Some(rules)).await;
    assert_eq!((told.status, told.error()), (409, "locked"), "{told:?}");
    let exemption = json!({ "whom": "person", "name": "alice", "level": "off", "days": 1, "reason": "x" });
    assert_eq!(program.post(&site, "/policy/exemptions", exemption).await.error(), "locked");
    let alice = program.get(&site, "/users/alice").await;
    let own =
        program.ask(&site, Method::PATCH, "/users/alice", Some(&alice.tag()), Some(json!({ "level": "off" }))).await;
    assert_eq!((own.status, own.error()), (409, "locked"));
}

/// The description of rules is written by hand: it has what rules have.
#[test]
fn rules_are_described_as_they_are() {
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let schemas = serde_json::to_value(document(ISSUER)).unwrap()["components"]["schemas"].clone();
    let rules = serde_json::to_value(Rules::initial(Level::Required)).unwrap();
    assert_eq!(keys(&schemas["Rules"]["properties"]), keys(&rules));
    let rule = Rule {
        level: Some(Level::Off),
        methods: Some(BTreeSet::new()),
        device_days: Some(1),
        skips: Some(1),
        skip_until: Some(crate::support::core::NOW),
        no_recovery: true,
    };
    assert_eq!(keys(&schemas["Rule"]["properties"]), keys(&serde_json::to_value(rule).unwrap()));
}
