//! Registering an application in the console: what it is, what only its owner knows, and then once its secret with what to
//! type into it.

use axum::http::{StatusCode, header};
use twolatch_core::client::{AuthMethod, Client, GrantType};

use crate::admin_clients::office;
use crate::support::site::{Browser, Page, Site};

/// What is filled in.
type Fields = &'static [(&'static str, &'static str)];

const URI: (&str, &str) = ("uris", "https://app.example.org/cb");

/// Fills in the form of a preset.
async fn register(site: &Site, browser: &mut Browser, preset: &str, id: &str, fields: &[(&str, &str)]) -> Page {
    let page = site.open(browser, &format!("/admin/clients/new?preset={preset}")).await;
    assert_eq!(page.status, StatusCode::OK, "{preset}: {page:?}");
    let fields: Vec<_> = [("id", id), ("name", "An app")].into_iter().chain(fields.iter().copied()).collect();
    site.submit(browser, &page, &fields).await
}

async fn stored(site: &Site, id: &str) -> Client {
    site.app.store.client(&id.parse().unwrap()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_application_is_registered_with_what_it_needs() {
    let site = Site::new().await;
    let (mut browser, ..) = office(&site).await;
    let page = site.open(&mut browser, "/admin/clients/new").await;
    assert_eq!(page.body.matches("/admin/clients/new?preset=").count(), 12, "{page:?}");
    let kinds: [(&str, Fields, AuthMethod, &[GrantType]); 5] = [
        ("server", &[URI, ("groups", "staff")], AuthMethod::ClientSecretBasic, &[GrantType::AuthorizationCode]),
        ("spa", &[URI, ("groups", "")], AuthMethod::None, &[GrantType::AuthorizationCode]),
        (
            "native",
            &[("uris", "org.example.app:/cb"), ("groups", "")],
            AuthMethod::None,
            &[GrantType::AuthorizationCode],
        ),
        ("machine", &[("scopes", "jobs:read")], AuthMethod::ClientSecretBasic, &[GrantType::ClientCredentials]),
        ("reverse-proxy", &[("hosts", "app.example.org"), ("groups", "")], AuthMethod::None, &[]),
    ];
    for (preset, fields, method, grants) in kinds {
        let page = register(&site, &mut browser, preset, preset, fields).await;
        assert!(page.title().ends_with("is registered"), "{preset}: {page:?}");
        assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
        let client = stored(&site, preset).await;
        assert_eq!((client.auth_method, client.secret.is_some()), (method, method.has_secret()), "{preset}");
        assert!(
            grants.iter().all(|grant| client.may(*grant)) && client.settings.grants.is_empty() == grants.is_empty()
        );
        assert_eq!(page.body.contains("<code id=\"secret\">"), method.has_secret(), "{preset}: {page:?}");
        assert_eq!(client.settings.groups.len(), usize::from(preset == "server"), "{preset}");
    }
    let recorded = format!("{:?}", site.core.store().latest_audit(100).await.unwrap());
    assert!(recorded.contains("client_added") && recorded.contains("reverse-proxy"), "{recorded}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_by_name_is_told_what_to_type_into_it_and_its_secret_once() {
    let site = Site::new().await;
    let (mut browser, ..) = office(&site).await;
    let page =
        register(&site, &mut browser, "gitea", "git", &[("address", "https://git.example.org/"), ("groups", "")]).await;
    let (_, rest) = page.body.split_once("<code id=\"secret\">").unwrap();
    let secret = rest.split_once('<').unwrap().0;
    assert!(page.body.contains(&format!("--key=&#39;git&#39; --secret=&#39;{secret}&#39;")), "{page:?}");
    assert!(page.body.contains("https://id.example.org/.well-known/openid-configuration"), "{page:?}");
    let client = stored(&site, "git").await;
    assert_eq!(client.redirect_uris, ["https://git.example.org/user/oauth2/twolatch/callback".parse().unwrap()]);
    assert!(!client.requires_pkce(), "Gitea cannot do it");
    assert_eq!(client.secret, Some(site.app.store.client_secret_mark("git", secret)));
    let page = site.open(&mut browser, "/admin/client/git").await;
    assert!(!page.body.contains(secret), "{page:?}");
    let recorded = format!("{:?}", site.core.store().latest_audit(100).await.unwrap());
    assert!(!recorded.contains(secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_beside_what_was_typed_and_nothing_is_registered() {
    let site = Site::new().await;
    let (mut browser, ..) = office(&site).await;
    let cases: [(&str, &str, Fields, &str); 9] = [
        ("server", "a/b", &[("uris", "https://a.example/"), ("groups", "")], "A client id has 1 to 64"),
        ("server", "wiki", &[("uris", "https://a.example/"), ("groups", "")], "There is an application with the id"),
        ("server", "a", &[("uris", "http://a.example/"), ("groups", "")], "is not encrypted"),
        ("server", "a", &[("uris", ""), ("groups", "")], "There has to be at least one address"),
        ("server", "a", &[("uris", "https://a.example/"), ("groups", "no!group")], "That is no list of groups."),
        ("reverse-proxy", "a", &[("hosts", "id.example.org"), ("groups", "")], "own host"),
        ("reverse-proxy", "a", &[("hosts", " "), ("groups", "")], "There has to be at least one host."),
        ("machine", "a", &[("scopes", "openid")], "A scope is 1 to 64"),
        ("grafana", "a", &[("address", "grafana"), ("groups", "")], "is no address"),
    ];
    let before = site.number("SELECT COUNT(*) FROM clients").await;
    for (preset, id, fields, said) in cases {
        let page = register(&site, &mut browser, preset, id, fields).await;
        assert!(page.said().is_some_and(|text| text.contains(said)), "{preset} {fields:?}: {page:?}");
        assert!(page.body.contains("aria-invalid=\"true\"") && page.body.contains("value=\"An app\""), "{page:?}");
    }
    assert_eq!(site.number("SELECT COUNT(*) FROM clients").await, before);
    let page = site.open(&mut browser, "/admin/clients/new?preset=none").await;
    assert!(page.body.contains("/admin/clients/new?preset=grafana"), "what there is no preset for is chosen again");
    let form = site.open(&mut browser, "/admin/clients/new?preset=server").await;
    let page = site.post(&mut browser, &form, &[("secret", "mine"), ("id", "a"), ("name", "A")]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "w18: a field that the form does not have");
}
