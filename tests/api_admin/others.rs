//! Requests, jobs, tables, records, figures and settings through the admin API.

use axum::body::Body;
use axum::http::{Method, header};
use idp_server::api::admin::API;
use serde_json::{Value, json};
use twolatch_core::api_token::Scope;
use twolatch_core::door::Door;
use twolatch_core::login::answers::Approval;
use twolatch_core::store::jobs::Stage;
use twolatch_core::user::Role;

use super::{Program, change, person, program, record, told, with_admin};
use crate::support::core::parsed;
use crate::support::site::{Browser, Site};

/// Somebody with an app and an address asks for recovery; the id of that.
async fn asks(site: &Site, program: &Program, name: &str) -> Value {
    site.enrolled(name).await;
    let address = format!("{name}@example.org").parse().unwrap();
    change(site, name, |user| user.email = Some(address)).await;
    let person = site.app.logins.named(&parsed(name)).await.unwrap();
    let _ = site.app.logins.file_request(&person, Door::Ssh, "198.51.100.7", site.now()).await.unwrap();
    let all = program.get(site, "/requests").await;
    let one = all.json.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone();
    assert_eq!((&one["door"], &one["source"]), (&json!("ssh"), &json!("198.51.100.7")));
    json!({ "request": one["id"], "note": "Call first" })
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_answered_by_others_and_by_two_where_two_have_to() {
    let (mut site, program) = with_admin().await;
    let anna = asks(&site, &program, "anna").await;
    let other = program.post(&site, "/requests/anna/approve", json!({ "request": "another" })).await;
    assert_eq!((other.status, other.error()), (404, "not_found"));
    let done = program.post(&site, "/requests/anna/approve", anna.clone()).await;
    assert_eq!((done.status, &done.json["settled"]), (200, &json!(true)), "{done:?}");
    assert_eq!(record(&site, "recovery_approved").await.0, "boss");
    assert_eq!(program.post(&site, "/requests/anna/approve", anna).await.status, 404, "once");
    let ben = asks(&site, &program, "ben").await;
    assert_eq!(program.post(&site, "/requests/ben/ignore", ben.clone()).await.status, 404);
    assert_eq!(program.post(&site, "/requests/ben/dismiss", ben).await.json["settled"], true);
    site.approval(Approval { by_two: true, after_hours: 0 });
    let carl = asks(&site, &program, "carl").await;
    let first = program.post(&site, "/requests/carl/approve", carl.clone()).await;
    assert_eq!(first.json["settled"], false, "{first:?}");
    let again = program.post(&site, "/requests/carl/approve", carl.clone()).await;
    assert_eq!((again.status, again.error()), (409, "second_administrator"));
    let reset = program.ask(&site, Method::POST, "/users/carl/reset-factors", None, None).await;
    assert_eq!((reset.status, reset.error()), (409, "needs_request"), "nobody goes round that");
    let root = self::program(&site, "root", &[Scope::RequestsWrite]).await;
    assert_eq!(root.post(&site, "/requests/carl/approve", carl).await.json["settled"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_looked_at_begun_and_stopped() {
    let (site, program) = with_admin().await;
    for name in ["anna", "ben", "carl"] {
        site.core.member(name).await;
    }
    let look = async |body: Value| program.post(&site, "/jobs", body).await;
    let all = look(json!({ "action": "disable", "all": true })).await;
    assert_eq!((all.status, &all.json["chosen"]), (201, &json!(4)), "all but the token's own person: {all:?}");
    let job = look(json!({ "action": "disable", "users": ["anna", "Ben"] })).await;
    assert_eq!((&job.json["will_change"], &job.json["stage"]), (&json!(2), &json!("preview")));
    for body in [
        json!({ "action": "disable" }),
        json!({ "action": "disable", "users": ["nobody"] }),
        json!({ "action": "disable", "users": ["anna"], "all": true }),
        json!({ "action": "disable", "role": "member", "all": true }),
        json!({ "action": "delete", "all": true }),
        json!({ "action": "disable", "all": true, "ids": [] }),
    ] {
        assert_eq!(look(body.clone()).await.status, 400, "{body}");
    }
    let id = job.json["job"].as_str().unwrap();
    let wrong = program.post(&site, &format!("/jobs/{id}/start"), json!({ "methods": ["totp"] })).await;
    assert_eq!(wrong.status, 400);
    let begun = program.post(&site, &format!("/jobs/{id}/start"), json!({})).await;
    assert_eq!((begun.status, &begun.json["stage"]), (200, &json!("running")), "{begun:?}");
    assert_eq!(record(&site, "bulk_started").await.0, "boss");
    let mut job = site.app.store.claim_job(site.now()).await.unwrap().unwrap();
    while job.work.stage == Stage::Running {
        job = site.app.logins.go_on(job, site.now()).await.unwrap();
    }
    let done = program.get(&site, &format!("/jobs/{id}")).await;
    assert_eq!(done.json["done"], 2, "{done:?}");
    assert_eq!(program.get(&site, "/users/anna").await.json["disabled"], true);
    assert_eq!(
        program.ask(&site, Method::POST, &format!("/jobs/{id}/stop"), None, None).await.status,
        404,
        "it has ended"
    );
    let other = look(json!({ "action": "enable", "role": "member" })).await;
    let other = other.json["job"].as_str().unwrap();
    assert_eq!(program.post(&site, &format!("/jobs/{other}/start"), json!({})).await.status, 200);
    let stopped = program.ask(&site, Method::POST, &format!("/jobs/{other}/stop"), None, None).await;
    assert_eq!((stopped.status, &stopped.json["stage"]), (200, &json!({ "stopped": "asked" })), "{stopped:?}");
    assert_eq!(program.get(&site, "/jobs").await.json.as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_come_and_go_as_tables() {
    let (site, program) = with_admin().await;
    let send = async |to: &str, kind: &str, body: &str| {
        let mut request = Browser::default().request(Method::POST, &format!("{API}{to}"), Body::from(body.to_owned()));
        request.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {}", program.0).parse().unwrap());
        request.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
        told(site.send(request).await)
    };
    let table = "name,groups\nanna,ops;staff\nben,\n";
    let dry = send("/users.csv?dry_run=true", "text/csv", table).await;
    assert_eq!((dry.status, &dry.json["users"]), (200, &json!(["anna", "ben"])), "{dry:?}");
    assert_eq!(program.get(&site, "/users/anna").await.status, 404);
    assert_eq!(send("/users.csv", "application/json", table).await.error(), "not_csv");
    let bad = send("/users.csv", "text/csv", "name,role\nanna,root\n").await;
    assert_eq!((bad.status, bad.error()), (400, "invalid_table"));
    assert!(bad.json["detail"].as_str().unwrap().starts_with("line 2: "), "{bad:?}");
    assert_eq!(send("/users.csv", "text/csv; charset=utf-8", table).await.status, 200);
    assert_eq!(record(&site, "user_added").await.0, "boss");
    let all = program.get(&site, "/users.csv").await;
    assert!(
        all.text.starts_with("name,email,role,groups,level") && all.text.contains("anna,,member,\"ops;staff\","),
        "{}",
        all.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn records_figures_and_settings_are_read() {
    let (site, _) = with_admin().await;
    person(&site, "looks", Role::Supervisor).await;
    let program = program(&site, "looks", &[Scope::AuditRead, Scope::ConfigurationRead]).await;
    let page = program.get(&site, "/audit?person=looks&event=user_changed").await;
    assert_eq!((page.status, page.json["records"][0]["event"].as_str()), (200, Some("user_changed")), "{page:?}");
    for query in ["event=x", "result=x", "door=x", "since=x", "from=x", "format=csv", "who=x"] {
        assert_eq!(program.get(&site, &format!("/audit?{query}")).await.status, 400, "{query}");
    }
    for _ in 0..60 {
        for level in [None, Some(twolatch_core::policy::Level::Required)] {
            change(&site, "root", |user| user.level = level).await;
        }
    }
    let first = program.get(&site, "/audit?event=user_changed").await;
    assert_eq!(first.json["records"].as_array().unwrap().len(), 100);
    let next = first.json["next"].as_str().unwrap();
    let second = program.get(&site, &format!("/audit?event=user_changed&from={next}")).await;
    assert_eq!(second.json["records"].as_array().unwrap().len(), 23, "{second:?}");
    let csv = program.get(&site, "/audit/export?event=user_changed").await;
    assert_eq!(csv.text.lines().count(), 124);
    let lines = program.get(&site, "/audit/export?event=user_changed&format=json").await;
    assert_eq!(lines.text.lines().count(), 123);
    assert_eq!(program.get(&site, "/audit/export?format=xml").await.status, 400);
    let checked = program.ask(&site, Method::POST, "/audit/verify", None, None).await;
    assert_eq!(checked.json["found"]["faults"], json!([]), "{checked:?}");
    let overview = program.get(&site, "/overview").await;
    assert_eq!(
        (&overview.json["pending"], &overview.json["mail"]["is_set_up"]),
        (&json!(3), &json!(false)),
        "{overview:?}"
    );
    let settings = program.get(&site, "/configuration").await;
    assert_eq!(settings.status, 200);
    for secret in ["twolatch.db?", "password="] {
        assert!(!settings.text.contains(secret), "{settings:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_get_no_pages_whatever_they_ask() {
    let site = Site::new().await;
    for (method, path, body, status) in [
        ("PURGE", "/users", "", 405),
        ("DELETE", "/users/alice", "{}", 400),
        ("GET", "/users", "{}", 400),
        ("GET", "/auth", "", 405),
        ("GET", "/nothing", "", 401),
        ("GET", "", "", 401),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = Browser::default().request(method.clone(), &format!("{API}{path}"), Body::from(body));
        let (mut parts, body_text) = request.into_parts();
        parts.headers.insert(header::CONTENT_LENGTH, body.len().into());
        let page = site.send(axum::http::Request::from_parts(parts, body_text)).await;
        let kind = page.headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap());
        assert_eq!((page.status.as_u16(), kind), (status, Some("application/json")), "{method} {path}: {page:?}");
        let told: Value = serde_json::from_str(&page.body).unwrap();
        assert!(told["error"].is_string() && told["detail"].is_string(), "{told}");
    }
}
