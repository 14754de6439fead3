//! Logos of applications: fetched with care and once, drawn anew, shown where people are asked, and never in the way.

use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::get;
use idp_server::config::clients::Clients;
use image::{DynamicImage, GenericImageView, ImageFormat, Rgba, RgbaImage};
use tempfile::TempDir;
use tokio::sync::watch;
use twolatch_core::client::Trust;

use crate::oidc_consent::{asked, says, third};
use crate::oidc_registration::{initial, register, send};
use crate::support::certificate::serve_as_localhost;
use crate::support::core::{Core, on_both};
use crate::support::provider::tab::Tab;
use crate::support::provider::{BOTH, Provider, Registered, good};

on_both!(
    o39_one_logo_is_fetched_once_whoever_asks,
    o39_a_logo_is_fetched_with_care_and_refused_by_what_it_is,
    o39_a_logo_never_hides_that_nobody_knows_whose_an_application_is,
    o39_a_slow_logo_keeps_nobody_waiting,
    what_registers_itself_says_where_its_logo_is,
);

/// A site that counts who calls it.
struct Pictures {
    at: String,
    calls: Arc<AtomicU32>,
    _folder: TempDir,
    _stopper: watch::Sender<bool>,
}

/// A mark of one colour, round, and larger than it is shown.
pub(crate) fn mark(red: u8) -> Vec<u8> {
    let paint = |x: u32, y: u32| {
        let inside = x.abs_diff(100).pow(2) + y.abs_diff(100).pow(2) < 9_800;
        Rgba([red, 60, 140, if inside { 255 } else { 0 }])
    };
    let mut png = Cursor::new(Vec::new());
    DynamicImage::from(RgbaImage::from_fn(200, 200, paint)).write_to(&mut png, ImageFormat::Png).unwrap();
    png.into_inner()
}

async fn pictures() -> (Pictures, Clients) {
    let folder = tempfile::tempdir().unwrap();
    let calls = Arc::new(AtomicU32::new(0));
    let png = || [(header::CONTENT_TYPE, "image/png")];
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    let slow = || async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        mark(20)
    };
    let counted = Arc::clone(&calls);
    let routes = Router::new()
        .route("/logo", get(|| async { mark(200) }))
        .route("/other", get(|| async { mark(10) }))
        .route("/slow", get(slow))
        .route("/away", get(|| async { (StatusCode::FOUND, [(header::LOCATION, "/logo")]) }))
        .route("/svg", get(move || async move { (png(), svg) }))
        .route("/html", get(move || async move { (png(), "<!doctype html><script>alert(1)</script>") }))
        .route("/large", get(|| async { [mark(200), vec![0; 70_000]].concat() }))
        .layer(axum::middleware::map_request(move |request: axum::extract::Request| {
            counted.fetch_add(1, Ordering::SeqCst);
            async { request }
        }));
    let (at, stopper) = serve_as_localhost(folder.path(), routes).await;
    let clients = Clients {
        ca: Some(folder.path().join("ca.pem")),
        registration: true,
        fetch_from: vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
        signing_key_days: None,
    };
    (Pictures { at, calls, _folder: folder, _stopper: stopper }, clients)
}

impl Pictures {
    fn calls(&self) -> u32 {
        self.calls.load(Ordering::SeqCst)
    }
}

async fn with_pictures(core: Core) -> (Provider, Pictures) {
    let (pictures, clients) = pictures().await;
    (Provider::configured(core, |config| config.clients = clients).await, pictures)
}

async fn at(provider: &Provider, client: &Registered, logo: &str) {
    let logo = logo.parse().unwrap();
    provider.edit(client, |client| client.settings.logo_uri = Some(logo)).await;
}

fn path(client: &Registered) -> String {
    format!("/logo/{}", client.id)
}

async fn o39_one_logo_is_fetched_once_whoever_asks(core: Core) {
    let (provider, pictures) = with_pictures(core).await;
    let client = provider.client(|_| {}).await;
    at(&provider, &client, &format!("{}/logo", pictures.at)).await;
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (provider, path) = (provider.clone(), path(&client));
        all.spawn(async move { provider.picture(&path, "").await });
    }
    let answers = all.join_all().await;
    assert_eq!(pictures.calls(), 1);
    for (status, headers, body) in &answers {
        assert_eq!(*status, StatusCode::OK);
        for (name, value) in [
            ("content-type", "image/png"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "private, no-cache"),
        ] {
            assert_eq!(headers[name], value);
        }
        assert!(headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
        assert!(headers.get("set-cookie").is_none());
        let shown = image::load_from_memory(body).unwrap();
        assert_eq!((shown.dimensions(), shown.get_pixel(48, 48).0), ((96, 96), [200, 60, 140, 255]));
        assert_eq!(shown.get_pixel(0, 0).0[3], 0, "it can be seen through still");
    }
    let tag = answers[0].1["etag"].to_str().unwrap();
    assert_eq!(provider.picture(&path(&client), tag).await.0, StatusCode::NOT_MODIFIED);
    provider.advance(86_399);
    assert_eq!(provider.picture(&path(&client), "").await.0, StatusCode::OK);
    assert_eq!(pictures.calls(), 1);
    provider.advance(1);
    assert_eq!(provider.picture(&path(&client), tag).await.0, StatusCode::NOT_MODIFIED);
    assert_eq!(pictures.calls(), 2, "after a day it is looked at again");

    // Another one is never answered by the old one, and is fetched as soon as a minute has gone by.
    at(&provider, &client, &format!("{}/other", pictures.at)).await;
    assert_eq!(provider.picture(&path(&client), tag).await.0, StatusCode::NOT_FOUND);
    provider.advance(60);
    let (status, _, body) = provider.picture(&path(&client), tag).await;
    assert_eq!((status, pictures.calls()), (StatusCode::OK, 3));
    assert_eq!(image::load_from_memory(&body).unwrap().get_pixel(48, 48).0[0], 10);
    let now = provider.now();
    provider.edit(&client, move |client| client.disabled_at = Some(now)).await;
    assert_eq!(provider.picture(&path(&client), "").await.0, StatusCode::NOT_FOUND);
    provider.edit(&client, |client| (client.disabled_at, client.settings.logo_uri) = (None, None)).await;
    assert_eq!(provider.picture(&path(&client), "").await.0, StatusCode::NOT_FOUND);
    assert_eq!(pictures.calls(), 3);
}

async fn o39_a_logo_is_fetched_with_care_and_refused_by_what_it_is(core: Core) {
    let (provider, pictures) = with_pictures(core).await;
    for none in ["/logo/nobody", "/logo/%2e%2e", "/logo/a%20b", "/logo/"] {
        assert_eq!(provider.picture(none, "").await.0, StatusCode::NOT_FOUND, "{none}");
    }
    let mut calls = 0;
    for bad in ["away", "svg", "html", "large", "none"] {
        let client = provider.client(|_| {}).await;
        at(&provider, &client, &format!("{}/{bad}", pictures.at)).await;
        for _ in 0..3 {
            let (status, headers, _) = provider.picture(&path(&client), "").await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{bad}");
            assert!(headers["content-type"].to_str().unwrap().starts_with("text/html"), "{headers:?}");
        }
        calls += 1;
        assert_eq!(pictures.calls(), calls, "{bad} is asked for once");
        provider.advance(599);
        provider.picture(&path(&client), "").await;
        assert_eq!(pictures.calls(), calls, "{bad} is asked for once");
        provider.advance(1);
        provider.picture(&path(&client), "").await;
        calls += 1;
        assert_eq!(pictures.calls(), calls, "{bad} may be good by now");
    }
    // The certificate is for another name; nobody allows the address; it is not over TLS.
    let by_number = pictures.at.replace("localhost", "127.0.0.1");
    let plain = pictures.at.replace("https", "http");
    for bad in [by_number, plain, "https://169.254.169.254".to_owned(), "https://[::ffff:127.0.0.1]".to_owned()] {
        let client = provider.client(|_| {}).await;
        at(&provider, &client, &format!("{bad}/logo")).await;
        assert_eq!(provider.picture(&path(&client), "").await.0, StatusCode::NOT_FOUND, "{bad}");
    }
    assert_eq!(pictures.calls(), calls);
}

async fn o39_a_logo_never_hides_that_nobody_knows_whose_an_application_is(core: Core) {
    let (provider, pictures) = with_pictures(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = third(&provider).await;
    at(&provider, &client, &format!("{}/logo", pictures.at)).await;
    let mut tab = Tab::new(&provider, Some(&browser));
    let page = asked(&provider, &mut tab, &good(&client)).await;
    let image = format!("<img class=\"app-logo\" src=\"/logo/{}\" alt=\"\" width=\"48\" height=\"48\">", client.id);
    assert!(page.body.contains(&image), "{}", page.body);
    says(&provider, &tab, &page, "allow").await;
    let apps = tab.get("/account/apps").await;
    assert!(apps.body.contains(&format!("src=\"/logo/{}\"", client.id)), "{}", apps.body);

    provider.edit(&client, |client| client.settings.trust = Trust::Unverified).await;
    let page = asked(&provider, &mut tab, &good(&client)).await;
    let place = |what: &str| page.body.find(what).unwrap_or_else(|| panic!("{what}: {}", page.body));
    assert!(place("<h1>") < place("Not verified") && place("Not verified") < place("app-logo"), "{}", page.body);
    let apps = tab.get("/account/apps").await;
    assert!(!apps.body.contains("app-logo"), "a list does not say who is not known: {}", apps.body);

    // Where there is none, there is none.
    for bad in ["svg", "none"] {
        let client = third(&provider).await;
        at(&provider, &client, &format!("{}/{bad}", pictures.at)).await;
        let page = asked(&provider, &mut tab, &good(&client)).await;
        assert!(!page.body.contains("app-logo"), "{}", page.body);
    }
}

async fn o39_a_slow_logo_keeps_nobody_waiting(core: Core) {
    let (provider, pictures) = with_pictures(core).await;
    let browser = provider.browser("alice", &BOTH).await;
    let client = third(&provider).await;
    at(&provider, &client, &format!("{}/slow", pictures.at)).await;
    let mut tab = Tab::new(&provider, Some(&browser));
    let page = asked(&provider, &mut tab, &good(&client)).await;
    assert!(!page.body.contains("app-logo"), "{}", page.body);
    assert_eq!(provider.picture(&path(&client), "").await.0, StatusCode::OK, "it comes all the same");
    let page = asked(&provider, &mut tab, &good(&client)).await;
    assert!(page.body.contains("app-logo"), "{}", page.body);
    assert_eq!(pictures.calls(), 1);
}

async fn what_registers_itself_says_where_its_logo_is(core: Core) {
    let (provider, pictures) = with_pictures(core).await;
    let token = initial(&provider).await;
    let logo = format!("{}/logo", pictures.at);
    let asked = serde_json::json!({ "redirect_uris": ["https://a.example/cb"], "logo_uri": logo });
    let told = register(&provider, &token, &asked).await;
    assert_eq!((told.status, told.text("logo_uri")), (StatusCode::CREATED, logo));
    assert_eq!(pictures.calls(), 0, "nobody has looked at it yet");
    let (uri, own, id) =
        (told.text("registration_client_uri"), told.text("registration_access_token"), told.text("client_id"));
    let bare = serde_json::json!({ "client_id": id, "redirect_uris": ["https://a.example/cb"] });
    let told = send(&provider, axum::http::Method::PUT, &uri, &own, &bare).await;
    assert_eq!((told.status, told.json().get("logo_uri")), (StatusCode::OK, None));
    let refused = serde_json::json!({ "redirect_uris": ["https://a.example/cb"], "logo_uri": "javascript:alert(1)" });
    register(&provider, &token, &refused).await.is_refused("invalid_client_metadata");
}
