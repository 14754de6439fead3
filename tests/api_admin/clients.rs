//! Applications through the admin API.

use axum::http::Method;
use serde_json::{Value, json};
use twolatch_core::crypto::token_hash;

use super::{record, with_admin};

#[tokio::test(flavor = "multi_thread")]
async fn applications_are_registered_changed_and_removed() {
    let (site, program) = with_admin().await;
    let wiki = json!({ "client_id": "wiki", "name": "Wiki", "redirect_uris": ["https://wiki.example.org/cb"] });
    let added = program.post(&site, "/clients", wiki.clone()).await;
    assert_eq!((added.status, &added.json["auth_method"]), (201, &json!("client_secret_basic")), "{added:?}");
    let secret = added.json["client_secret"].as_str().unwrap();
    assert_eq!(secret.len(), 52);
    assert_eq!(record(&site, "client_added").await.0, "boss");
    assert_eq!(program.post(&site, "/clients", wiki).await.error(), "taken");
    for (body, fault) in [
        (json!({ "name": "x" }), "redirect"),
        (json!({ "name": "x", "redirect_uris": ["http://a.example/"] }), "http"),
        (json!({ "name": "x", "redirect_uris": ["https://a.example/"], "secret": "y" }), "unknown field"),
        (json!({ "name": "x", "redirect_uris": ["https://a.example/"], "jwks_uri": "http://127.0.0.1/" }), "https"),
        (json!({ "name": "x", "trust": "unverified", "redirect_uris": ["https://a.example/"] }), "trust"),
        (json!({ "preset": "toaster" }), "preset"),
        (json!({ "preset": "grafana" }), "url"),
    ] {
        let told = program.post(&site, "/clients", body).await;
        assert_eq!(told.status, 400, "{told:?}");
        assert!(told.json["detail"].as_str().unwrap().to_lowercase().contains(fault), "{fault}: {told:?}");
    }
    let read = program.get(&site, "/clients/wiki").await;
    assert_eq!(read.tag(), added.tag());
    assert!(
        !read.text.contains(secret)
            && !read.text.contains(&token_hash(secret))
            && read.json.get("client_secret").is_none()
    );
    let patch =
        async |tag: &str, body: Value| program.ask(&site, Method::PATCH, "/clients/wiki", Some(tag), Some(body)).await;
    let all =
        json!({ "name": "Our wiki", "groups": ["ops"], "backchannel_logout_uri": "https://wiki.example.org/out" });
    let changed = patch(&read.tag(), all).await;
    assert_eq!((changed.status, &changed.json["groups"]), (200, &json!(["ops"])), "{changed:?}");
    assert_eq!(changed.json["redirect_uris"], read.json["redirect_uris"], "what is not named stays");
    let late = patch(&read.tag(), json!({ "name": "x" })).await;
    assert_eq!((late.status, late.error()), (412, "changed_meanwhile"));
    let back = patch(&changed.tag(), json!({ "backchannel_logout_uri": null, "groups": [] })).await;
    assert_eq!(back.json["backchannel_logout_uri"], Value::Null);
    assert_eq!(patch(&back.tag(), json!({ "redirect_uris": [] })).await.status, 400, "checked as a whole");
    for body in [json!({}), json!({ "client_secret": "x" })] {
        assert_eq!(patch(&back.tag(), body.clone()).await.status, 400, "{body}");
    }
    assert_eq!(
        program.ask(&site, Method::PATCH, "/clients/wiki", None, Some(json!({ "name": "x" }))).await.status,
        428
    );
    let renew = json!({ "keep_hours": 24 });
    let renewed = program.ask(&site, Method::POST, "/clients/wiki/secret", Some(&back.tag()), Some(renew)).await;
    assert_eq!(renewed.status, 200, "{renewed:?}");
    assert_ne!(renewed.json["client_secret"], added.json["client_secret"]);
    assert_eq!(renewed.json["former_secret_until"], site.now().plus(86_400).unix());
    let long = program
        .ask(&site, Method::POST, "/clients/wiki/secret", Some(&renewed.tag()), Some(json!({ "keep_hours": 721 })))
        .await;
    assert_eq!(long.status, 400);
    for (action, is) in [("disable", true), ("enable", false)] {
        assert_eq!(program.ask(&site, Method::POST, &format!("/clients/wiki/{action}"), None, None).await.status, 204);
        assert_eq!(program.get(&site, "/clients/wiki").await.json["disabled_at"].is_null(), !is, "{action}");
    }
    assert_eq!(program.ask(&site, Method::DELETE, "/clients/wiki", None, None).await.status, 204);
    assert_eq!(program.get(&site, "/clients/wiki").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn applications_are_made_from_presets_listed_and_tried() {
    let (site, program) = with_admin().await;
    let presets = program.get(&site, "/client-presets").await;
    assert!(presets.json.as_array().unwrap().iter().any(|one| one["preset"] == "grafana"));
    let made =
        program.post(&site, "/clients", json!({ "preset": "grafana", "url": "https://grafana.example.org" })).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert!(made.json["configuration"].to_string().contains(made.json["client_secret"].as_str().unwrap()));
    let id = made.json["client_id"].as_str().unwrap();
    let machine =
        program.post(&site, "/clients", json!({ "preset": "machine", "name": "Robot", "scopes": ["jobs:run"] })).await;
    assert_eq!((machine.status, &machine.json["grants"]), (201, &json!(["client_credentials"])), "{machine:?}");
    let all = program.get(&site, "/clients").await;
    assert_eq!((&all.json["total"], all.json["clients"].as_array().unwrap().len()), (&json!(2), 2));
    assert_eq!(program.get(&site, "/clients?page=2").await.json["clients"], json!([]));
    assert_eq!(program.get(&site, "/clients?page=0").await.status, 400);
    assert_eq!(program.get(&site, &format!("/clients/{id}/deliveries")).await.json, json!([]));
    site.enrolled("alice").await;
    let tried = program.get(&site, &format!("/clients/{id}/test?user=alice&scope=profile")).await;
    assert_eq!((tried.status, &tried.json["end"]), (200, &json!("in")), "{tried:?}");
    assert_eq!(tried.json["userinfo"]["preferred_username"], json!("alice"), "{tried:?}");
    assert_eq!(program.get(&site, &format!("/clients/{id}/test?user=nobody")).await.status, 400);
    assert_eq!(site.number("SELECT COUNT(*) FROM access_tokens").await, 0, "no token is made");
}
