//! The console's pages for applications: what supervisors see, what administrators change behind a fresh second factor, and a
//! secret that is shown once.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use data_encoding::BASE64;
use twolatch_core::client::{Client, GrantType};
use twolatch_core::factor::totp::Totp;
use twolatch_core::user::Role;

use crate::admin::{confirm, of_role};
use crate::support::core::actor;
use crate::support::site::{Browser, Page, Site, encode};

/// An administrator who has just shown a second factor, and an application with a secret.
pub(crate) async fn office(site: &Site) -> (Browser, Totp, String) {
    let mut wiki = Client::new("wiki".parse().unwrap(), "The Wiki".to_owned(), site.now());
    wiki.redirect_uris = vec!["https://wiki.example.org/cb".parse().unwrap()];
    wiki.settings.grants.push(GrantType::ClientCredentials);
    wiki.settings.scopes = vec!["pages:read".parse().unwrap()];
    let added = site.app.logins.add_client(wiki, "id.example.org", &actor(site.now())).await.unwrap();
    let secret = added.1.unwrap().expose().to_owned();
    let (mut browser, totp) = of_role(site, "admin", Role::Admin).await;
    let page = site.open(&mut browser, "/admin/client/wiki/name").await;
    confirm(site, &mut browser, &totp, &page).await;
    (browser, totp, secret)
}

/// Opens the page of something to do, and does it.
async fn act(site: &Site, browser: &mut Browser, what: &str, fields: &[(&str, &str)]) -> Page {
    let page = site.open(browser, &format!("/admin/client/wiki/{what}")).await;
    assert_eq!(page.status, StatusCode::OK, "{what}: {page:?}");
    site.submit(browser, &page, fields).await
}

async fn wiki(site: &Site) -> Client {
    site.app.store.client(&"wiki".parse().unwrap()).await.unwrap().unwrap()
}

/// Asks for a token in the application's own name.
pub(crate) async fn token(site: &Site, secret: &str) -> Page {
    let body = Body::from(encode([("grant_type", "client_credentials")]));
    let mut request = Browser::default().request(Method::POST, "/token", body);
    let basic = format!("Basic {}", BASE64.encode(format!("wiki:{secret}").as_bytes()));
    request.headers_mut().insert(header::AUTHORIZATION, basic.parse().unwrap());
    request.headers_mut().insert(header::CONTENT_TYPE, "application/x-www-form-urlencoded".parse().unwrap());
    site.send(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn applications_are_listed_page_by_page_and_a_damaged_one_closes_no_list() {
    let site = Site::new().await;
    let (mut browser, ..) = office(&site).await;
    for number in 0..50 {
        let mut client = Client::new(format!("a{number:02}").parse().unwrap(), "An app".to_owned(), site.now());
        client.redirect_uris = vec!["http://127.0.0.1/cb".parse().unwrap()];
        site.app.store.add_client(client, "test".to_owned()).await.unwrap();
    }
    site.core.tamper("UPDATE clients SET name = 'Mine' WHERE id = 'a07'").await;
    let page = site.open(&mut browser, "/admin/clients").await;
    assert_eq!((page.status, page.title().as_str()), (StatusCode::OK, "Applications"));
    assert!(page.body.contains("1 to 50 of 51 applications") && page.body.contains("Damaged"), "{page:?}");
    assert!(!page.body.contains("Mine") && !page.body.contains("wiki"), "{page:?}");
    let page = site.open(&mut browser, "/admin/clients?page=2").await;
    assert!(page.body.contains("href=\"/admin/client/wiki\"") && page.body.contains("rel=\"prev\""), "{page:?}");
    for query in ["page=0", "page=x", "page=100001"] {
        let page = site.open(&mut browser, &format!("/admin/clients?{query}")).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{query}");
    }
    let empty = Site::new().await;
    let (mut browser, _) = of_role(&empty, "sees", Role::Supervisor).await;
    let page = empty.open(&mut browser, "/admin/clients").await;
    assert!(page.body.contains("No application is registered yet.") && !page.body.contains("client add"), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn t9_supervisors_look_only_strangers_find_nothing_and_a_stale_second_factor_changes_nothing() {
    let site = Site::new().await;
    let (mut browser, totp, secret) = office(&site).await;
    let ready = site.open(&mut browser, "/admin/client/wiki/delete").await;
    let (mut sees, _) = of_role(&site, "sees", Role::Supervisor).await;
    let page = site.open(&mut sees, "/admin/client/wiki").await;
    assert!(
        page.body.contains("https://wiki.example.org/cb") && !page.body.contains("/admin/client/wiki/"),
        "{page:?}"
    );
    assert!(
        !page.body.contains(&secret) && !page.body.contains(wiki(&site).await.secret.as_deref().unwrap()),
        "{page:?}"
    );
    let (mut member, _) = of_role(&site, "member", Role::Member).await;
    for to in ["/admin/clients", "/admin/client/wiki", "/admin/client/wiki/delete", "/admin/client/none"] {
        assert_eq!(site.open(&mut member, to).await.status, StatusCode::NOT_FOUND, "{to}");
        assert_eq!(site.get(&mut Browser::default(), to).await.location().as_deref(), Some("/login"), "{to}");
    }
    for id in ["none", "%3Cb%3E", "a%2F..", "-%20"] {
        let page = site.open(&mut browser, &format!("/admin/client/{id}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "w19: {id}");
    }
    // With the administrator's form, in another browser: its token is that browser's alone.
    let page = site.post(&mut sees, &ready, &[]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{page:?}");
    site.advance(300);
    let late = site.post(&mut browser, &ready, &[]).await;
    assert!(late.location().unwrap().starts_with("/account/confirm"), "{late:?}");
    let page = site.open(&mut browser, "/admin/client/wiki/delete").await;
    let page = confirm(&site, &mut browser, &totp, &page).await;
    assert_eq!(page.title(), "Remove <strong>The Wiki</strong>?");
    wiki(&site).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_is_said_checked_and_recorded() {
    let site = Site::new().await;
    let (mut browser, ..) = office(&site).await;
    let page = act(&site, &mut browser, "name", &[("value", " Our <Wiki> ")]).await;
    assert_eq!((page.said(), wiki(&site).await.name.as_str()), (Some("The name is changed."), "Our <Wiki>"));
    let page = act(&site, &mut browser, "name", &[("value", "")]).await;
    assert!(page.said().unwrap().starts_with("A name has 1 to 64 characters"), "{page:?}");
    let uris = "https://wiki.example.org/cb\r\nhttps://wiki.example.org/other\r\n";
    act(&site, &mut browser, "redirect-uris", &[("value", uris)]).await;
    assert_eq!(wiki(&site).await.redirect_uris.len(), 2);
    for (typed, said) in [
        ("http://wiki.example.org/cb", "is not encrypted"),
        ("https://wiki.example.org/*", "There are no wildcards"),
        ("org.example.wiki:/cb", "only an application without a secret"),
        ("", "There has to be at least one address"),
    ] {
        let page = act(&site, &mut browser, "redirect-uris", &[("value", typed)]).await;
        assert!(page.said().unwrap().contains(said), "{typed}: {page:?}");
        assert!(page.body.contains(typed), "nothing is typed twice");
    }
    act(&site, &mut browser, "after-logout", &[("value", "https://wiki.example.org/bye")]).await;
    act(&site, &mut browser, "logout-uri", &[("value", "https://wiki.example.org/told")]).await;
    let page = act(&site, &mut browser, "logout-uri", &[("value", "org.example.wiki:/told")]).await;
    assert!(page.said().unwrap().contains("cannot be called"), "{page:?}");
    act(&site, &mut browser, "groups", &[("value", "staff ops")]).await;
    let page = act(&site, &mut browser, "hosts", &[("value", "id.example.org")]).await;
    assert!(page.said().unwrap().contains("own host"), "{page:?}");
    act(&site, &mut browser, "hosts", &[("value", "wiki.example.org")]).await;
    let client = wiki(&site).await;
    assert_eq!((client.redirect_uris.len(), client.settings.groups.len(), client.settings.hosts.len()), (2, 2, 1));
    assert!(client.logout_uri.is_some() && client.settings.post_logout_redirect_uris.len() == 1);
    act(&site, &mut browser, "disable", &[]).await;
    assert!(wiki(&site).await.disabled_at.is_some());
    let page = act(&site, &mut browser, "enable", &[]).await;
    assert_eq!((page.said(), wiki(&site).await.disabled_at), (Some("The application is enabled."), None));
    let recorded = site.core.store().latest_audit(100).await.unwrap();
    for what in
        ["wiki has another name", "wiki has other redirect URIs", "wiki is for other groups", "wiki is disabled"]
    {
        let record =
            recorded.iter().find(|record| record.detail.as_deref() == Some(what)).unwrap_or_else(|| panic!("{what}"));
        assert_eq!((record.actor.as_deref(), record.source.is_some()), (Some("admin"), true), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_8_what_somebody_else_has_changed_meanwhile_is_not_overwritten() {
    let site = Site::new().await;
    let (mut browser, ..) = office(&site).await;
    for what in ["name", "redirect-uris", "groups", "secret"] {
        let old = site.open(&mut browser, &format!("/admin/client/wiki/{what}")).await;
        act(&site, &mut browser, "name", &[("value", what)]).await;
        let before = wiki(&site).await;
        let value = if what == "secret" { "0" } else { "x" };
        let value = if what == "redirect-uris" { "https://x.example/" } else { value };
        let page = site.submit(&mut browser, &old, &[("value", value)]).await;
        assert!(page.said().unwrap().starts_with("Nothing is changed: somebody else has"), "{what}: {page:?}");
        assert_eq!(wiki(&site).await, before, "{what}");
    }
    let old = site.open(&mut browser, "/admin/client/wiki/groups").await;
    act(&site, &mut browser, "delete", &[]).await;
    let page = site.post(&mut browser, &old, &[("value", "x")]).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_secret_is_shown_once_and_the_one_before_is_good_as_long_as_was_chosen() {
    let site = Site::new().await;
    let (mut browser, _, first) = office(&site).await;
    let page = act(&site, &mut browser, "secret", &[("value", "1")]).await;
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    let (_, rest) = page.body.split_once("<code id=\"secret\">").unwrap();
    let second = rest.split_once('<').unwrap().0.to_owned();
    assert_eq!(second.len(), 52);
    for secret in [&first, &second] {
        assert_eq!(token(&site, secret).await.status, StatusCode::OK, "both are good meanwhile");
    }
    let page = site.open(&mut browser, "/admin/client/wiki").await;
    assert!(page.body.contains("The secret before this one is good until") && !page.body.contains(&second), "{page:?}");
    assert_eq!(
        wiki(&site).await.secret,
        Some(site.app.store.client_secret_mark("wiki", &second)),
        "a keyed hash alone"
    );
    let recorded = format!("{:?}", site.core.store().latest_audit(100).await.unwrap());
    assert!(recorded.contains("wiki has another secret") && !recorded.contains(&second), "{recorded}");
    site.advance(3600);
    assert_eq!(token(&site, &first).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(token(&site, &second).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_application_is_gone_with_its_tokens() {
    let site = Site::new().await;
    let (mut browser, _, secret) = office(&site).await;
    let page = act(&site, &mut browser, "secret", &[("value", "0")]).await;
    assert_eq!(token(&site, &secret).await.status, StatusCode::UNAUTHORIZED, "it ended at once");
    let (_, rest) = page.body.split_once("<code id=\"secret\">").unwrap();
    assert_eq!(token(&site, rest.split_once('<').unwrap().0).await.status, StatusCode::OK);
    assert_eq!(site.number("SELECT COUNT(*) FROM access_tokens").await, 1);
    let page = act(&site, &mut browser, "delete", &[]).await;
    assert_eq!((page.title().as_str(), page.said()), ("Applications", Some("The Wiki is removed.")));
    assert_eq!(site.number("SELECT COUNT(*) FROM access_tokens").await, 0);
    assert_eq!(site.number("SELECT COUNT(*) FROM clients").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn how_it_is_used_and_what_went_wrong_is_shown_with_what_to_do() {
    let site = Site::new().await;
    let (mut browser, _, secret) = office(&site).await;
    let page = site.open(&mut browser, "/admin/client/wiki").await;
    assert!(page.body.contains("Nobody has signed in to it in the last 30 days."), "{page:?}");
    assert_eq!(token(&site, &secret).await.status, StatusCode::OK);
    assert_eq!(token(&site, "wrong").await.status, StatusCode::UNAUTHORIZED);
    site.app.happenings.keep(&site.app.store).await;
    let page = site.open(&mut browser, "/admin/client/wiki").await;
    for text in ["It got a token in its own name", "It did not prove who it is", "renew the secret"] {
        assert!(page.body.contains(text), "{text}: {page:?}");
    }
    let page = site.open(&mut browser, "/admin/clients").await;
    assert!(page.body.contains("<td><time"), "when it was used last: {page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_is_tested_by_administrators_and_makes_nothing() {
    let site = Site::new().await;
    let (mut browser, ..) = office(&site).await;
    site.enrolled("anna").await;
    let page = site.open(&mut browser, "/admin/client/wiki/test").await;
    assert_eq!(page.title(), "Test a sign-in to <strong>The Wiki</strong>");
    let before = site.number("SELECT COUNT(*) FROM audit").await;
    let page = site.open(&mut browser, "/admin/client/wiki/test?person=anna&profile=yes&offline_access=yes").await;
    assert!(page.body.contains("Get in.") && page.body.contains("urn:twolatch:acr:3"), "{page:?}");
    assert!(page.body.contains("&#34;preferred_username&#34;: &#34;anna&#34;"), "{page:?}");
    assert!(!page.body.contains("&#34;groups&#34;"), "it was not asked for: {page:?}");
    let page = site.open(&mut browser, "/admin/client/wiki/test?person=%3Cb%3E").await;
    assert!(page.said().unwrap().starts_with("There is no user &#60;b&#62;."), "{page:?}");
    assert_eq!(site.number("SELECT COUNT(*) FROM audit").await, before);
    assert_eq!(site.number("SELECT COUNT(*) FROM grants").await, 0);
    let (mut sees, _) = of_role(&site, "sees", Role::Supervisor).await;
    let page = site.open(&mut sees, "/admin/client/wiki/test?person=anna").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    let page = site.open(&mut sees, "/admin/client/wiki").await;
    assert!(!page.body.contains("/admin/client/wiki/"), "{page:?}");
}
