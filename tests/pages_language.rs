//! Pages in the language of whoever reads them, and how it is chosen.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use idp_server::config::Config;
use idp_server::text::Language;

use crate::support::core::{Core, parsed};
use crate::support::database::Engine;
use crate::support::provider::{Provider, good, with};
use crate::support::site::{Browser, PASSWORD, Page, Site};

const COOKIE: &str = "__Host-twolatch_language";

async fn get(site: &Site, browser: &Browser, to: &str, accepted: &str) -> Page {
    let mut request = browser.request(Method::GET, to, Body::empty());
    request.headers_mut().insert(header::ACCEPT_LANGUAGE, accepted.parse().unwrap());
    site.send(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_answered_in_its_language() {
    let site = Site::new().await;
    let browser = Browser::default();
    for (to, accepted, title) in [
        ("/login", "id-ID,id;q=0.9,en-US;q=0.8", "Masuk"),
        ("/login", "en-US,en;q=0.9,id;q=0.8", "Sign in"),
        ("/login", "de", "Sign in"),
        ("/login", "\"", "Sign in"),
        ("/nothing", "id", "Halaman itu tidak ada"),
        ("/nothing", "en", "There is no such page"),
        ("/authorize", "id", "Proses masuk ini tidak dapat dilanjutkan"),
        ("/setup/abc", "id", "Tautan ini tidak dapat digunakan lagi"),
    ] {
        let page = get(&site, &browser, to, accepted).await;
        assert_eq!(page.title(), title, "{to} {accepted}");
        let language = if accepted.starts_with("id") { Language::Id } else { Language::En };
        assert!(page.body.contains(&format!("<html lang=\"{}\">", language.tag())), "{to} {accepted}");
    }
    let site = Site::with(|config: &mut Config| config.pages.language = Language::Id).await;
    assert_eq!(get(&site, &browser, "/login", "de").await.title(), "Masuk", "the organisation's language");
    assert_eq!(get(&site, &browser, "/login", "en").await.title(), "Sign in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_language_that_is_chosen_stays_through_a_whole_sign_in() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    let mut browser = Browser::default();
    let page = site.open(&mut browser, "/login").await;
    assert!(page.body.contains("<a href=\"?lang=id\" lang=\"id\" hreflang=\"id\">Bahasa Indonesia</a>"), "{page:?}");
    let page = site.open(&mut browser, "/login?lang=id").await;
    assert_eq!((page.title().as_str(), browser.cookies[COOKIE].as_str()), ("Masuk", "id"));
    let mut lines = page.headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap());
    let kept = lines.find(|line| line.starts_with(COOKIE)).unwrap();
    assert!(kept.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=31536000"), "{kept}");

    let wrong = [("username", "alice"), ("password", "wrong")];
    let page = site.submit(&mut browser, &page, &wrong).await;
    assert!(page.said().unwrap().starts_with("Nama pengguna atau kata sandi tidak benar."), "{page:?}");
    assert!(page.body.contains("<title>Kesalahan: Nama pengguna"), "{page:?}");
    site.advance(60);
    let page = site.submit(&mut browser, &page, &[("username", "alice"), ("password", PASSWORD)]).await;
    assert_eq!(page.title(), "Masukkan kode Anda", "{page:?}");
    let page = site.submit(&mut browser, &page, &[("code", &site.code(&totp))]).await;
    assert_eq!(page.title(), "Akun Anda", "{page:?}");
    assert!(page.body.contains(", pukul "), "{page:?}");

    let alice = site.app.logins.named(&parsed("alice")).await.unwrap().user;
    assert_eq!(alice.language.as_deref(), Some("id"), "letters are written in it, too");

    // Choosing changes nothing else: the session, and the forms of pages that are open, stay as they are.
    let before = browser.cookies.clone();
    let english = site.get(&mut browser, "/account?lang=en").await;
    assert_eq!((english.title().as_str(), browser.cookies[COOKIE].as_str()), ("Your account", "en"));
    let others = |cookies: &BTreeMap<String, String>| {
        let others = cookies.iter().filter(|(name, _)| *name != COOKIE);
        others.map(|(name, value)| (name.clone(), value.clone())).collect::<Vec<_>>()
    };
    assert_eq!(others(&before), others(&browser.cookies));
    let page = site.submit(&mut browser, &page, &[]).await;
    assert_eq!(page.said(), Some("You are signed out."), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_pages_of_ours_choose_a_language() {
    let site = Site::new().await;
    let mut browser = Browser::default();
    for (to, status, chooses) in [
        ("/login?lang=id", StatusCode::OK, true),
        ("/nothing?lang=id", StatusCode::NOT_FOUND, true),
        ("/account?lang=id", StatusCode::SEE_OTHER, true),
        ("/login?lang=de", StatusCode::OK, false),
        ("/login?lang=id%0d%0aX:y", StatusCode::OK, false),
        ("/static/style.css?lang=id", StatusCode::OK, false),
        ("/jwks?lang=id", StatusCode::OK, false),
        ("/.well-known/openid-configuration?lang=id", StatusCode::OK, false),
    ] {
        let page = site.get(&mut Browser::default(), to).await;
        assert_eq!(page.status, status, "{to}");
        let lines = page.headers.get_all(header::SET_COOKIE).iter();
        let chosen = lines.filter(|line| line.to_str().unwrap().starts_with(COOKIE)).count();
        assert_eq!(chosen, usize::from(chooses), "{to}");
    }
    // The link to another language leads back to the page and nowhere else, and tells nothing of what a stranger wrote.
    let page = site.get(&mut browser, "//evil.example/x?a=%22%3E%3Cscript%3E&lang=en&b=1").await;
    assert!(page.body.contains("<a href=\"?lang=id\""), "{page:?}");
    assert!(!page.body.contains("evil") && !page.body.contains("script%3E"), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_app_may_ask_for_a_language_and_the_person_decides() {
    let provider = Provider::over(Core::new(Engine::Sqlite).await.unwrap()).await;
    let client = provider.client(|_| {}).await;
    for (locales, title) in [("de id-ID en", "Masuk"), ("de en id", "Sign in"), ("de", "Sign in"), ("", "Sign in")] {
        let answer = provider.authorize(None, &with(&good(&client), "ui_locales", locales)).await;
        let page = provider.visit(None, answer.location()).await;
        assert!(page.body.contains(&format!("<h1>{title}</h1>")), "{locales}: {page:?}");
        let offered = page.body.split('"').find(|text| text.starts_with("?lang=")).unwrap().replace("&#38;", "&");
        assert!(offered.ends_with(answer.location().strip_prefix("/login?").unwrap()), "{offered}");
        let page = provider.visit(None, &format!("{}&lang=id", answer.location())).await;
        assert!(page.body.contains("<h1>Masuk</h1>"), "{locales}: {page:?}");
        assert!(page.body.contains("untuk melanjutkan ke <strong>An &#60;application&#62;</strong>"), "{page:?}");
    }
    // A web app that says so in the wrong place changes nothing.
    let answer = provider.authorize(None, &with(&good(&client), "lang", "id")).await;
    assert!(answer.location().starts_with("/login?continue="), "{answer:?}");
    assert!(!answer.headers.contains_key(header::SET_COOKIE), "{answer:?}");
    let metadata = provider.visit(None, "/.well-known/openid-configuration").await;
    assert_eq!(metadata.json()["ui_locales_supported"], serde_json::json!(["en", "id"]));
}
