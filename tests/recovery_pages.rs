//! Asking for recovery and disowning a letter, as a browser sees it.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use idp_server::mail::letters;
use twolatch_core::letter::Letter;

use crate::support::core::{actor, parsed};
use crate::support::site::{Browser, ISSUER, PASSWORD, Page, Site, config_with, encode};

const NEED: &str = "/login/need-recovery";

async fn password_shown(site: &Site, name: &str) -> (Browser, Page) {
    let mut browser = Browser::default();
    let page = site.open(&mut browser, "/login").await;
    let page = site.submit(&mut browser, &page, &[("username", name), ("password", PASSWORD)]).await;
    (browser, page)
}

/// The token of a link in the letters that wait.
async fn mailed_link(site: &Site) -> String {
    let mut found = None;
    for mail in site.app.store.claim_mails(100, site.now()).await.unwrap() {
        if let Letter::Notice { not_me: Some(token), .. } = &mail.mail.letter {
            found = Some(token.expose().to_owned());
        }
        site.app.store.mail_done(&mail).await.unwrap();
    }
    found.unwrap()
}

async fn addressed(site: &Site, name: &str) {
    let address = format!("{name}@example.org");
    site.app
        .logins
        .change_user(&parsed(name), String::new(), &actor(site.now()), |user| {
            user.email = Some(address.parse().unwrap());
        })
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_phone_is_asked_about_and_answered() {
    let site = Site::new().await;
    site.enrolled("alice").await;
    let (mut browser, page) = password_shown(&site, "alice").await;
    assert_eq!(page.title(), "Enter your code");
    let page = site.open(&mut browser, NEED).await;
    assert_eq!((page.title().as_str(), page.said()), ("Ask for recovery", None));
    for _ in 0..20 {
        site.get(&mut browser, NEED).await;
    }
    assert_eq!(site.number("SELECT COUNT(*) FROM recovery_requests").await, 0, "looking asks nobody");
    let sent = site.post(&mut browser, &page, &[]).await;
    assert_eq!((sent.status, sent.location().as_deref()), (StatusCode::SEE_OTHER, Some(NEED)));
    let page = site.open(&mut browser, NEED).await;
    assert!(page.body.contains("waits for an administrator") && !page.body.contains("<form"), "{page:?}");
    // The answer, at another sign-in.
    site.app.logins.dismiss_request(&parsed("alice"), "<b>Call</b> me", &actor(site.now())).await.unwrap();
    let page = site.open(&mut browser, NEED).await;
    assert!(page.body.contains("was dismissed on") && page.body.contains("&#60;b&#62;Call"), "{page:?}");
    let page = site.submit(&mut browser, &page, &[]).await;
    assert_eq!(page.said(), Some("You have asked within the last hour. Ask again later."));
    site.advance(3600);
    let (mut browser, _) = password_shown(&site, "alice").await;
    let page = site.open(&mut browser, NEED).await;
    site.submit(&mut browser, &page, &[]).await;
    let _ = site.app.logins.approve_request(&parsed("alice"), "", &actor(site.now())).await.unwrap();
    assert_eq!(site.open(&mut browser, NEED).await.title(), "Sign in", "rec7: the sign-in of before is over");
    let (mut browser, page) = password_shown(&site, "alice").await;
    assert_eq!(page.title(), "Choose a second factor");
    let page = site.open(&mut browser, NEED).await;
    assert!(page.body.contains("was approved on") && !page.body.contains("<form"), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_set_up_leads_to_an_administrator() {
    let site = Site::new().await;
    site.member("bob", true).await;
    site.advance(8 * 86_400);
    let (mut browser, page) = password_shown(&site, "bob").await;
    assert!(page.body.contains("href=\"/login/need-recovery\""), "{page:?}");
    let page = site.open(&mut browser, NEED).await;
    assert_eq!(page.title(), "Ask for recovery");
    site.submit(&mut browser, &page, &[]).await;
    assert_eq!(site.number("SELECT COUNT(*) FROM recovery_requests").await, 1);
    let _ = site.app.logins.approve_request(&parsed("bob"), "", &actor(site.now())).await.unwrap();
    let (_, page) = password_shown(&site, "bob").await;
    assert_eq!(page.title(), "Choose a second factor");
}

#[tokio::test(flavor = "multi_thread")]
async fn rec6_w_20_nobody_asks_without_the_password() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    let mut stranger = Browser::default();
    assert_eq!(site.open(&mut stranger, NEED).await.title(), "Sign in");
    let login = site.open(&mut stranger, "/login").await;
    let token = login.form().1.remove(0).1;
    let forged = site.send(stranger.form(NEED, &format!("form={token}"))).await;
    assert_eq!(forged.location().as_deref(), Some("/login"));
    // Who is in needs no recovery.
    let mut browser = Browser::default();
    site.sign_in(&mut browser, "alice", &totp).await;
    assert_eq!(site.open(&mut browser, NEED).await.title(), "Your account");
    // A form of one sign-in is none of another.
    let (mut one, _) = password_shown(&site, "alice").await;
    let page = site.open(&mut one, NEED).await;
    let (mut other, _) = password_shown(&site, "alice").await;
    assert_eq!(site.post(&mut other, &page, &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(site.post(&mut one, &page, &[("name", "bob")]).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(site.number("SELECT COUNT(*) FROM recovery_requests").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn w_26_a_letter_is_disowned_by_the_confirming_post_once() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    addressed(&site, "alice").await;
    let (mut asking, _) = password_shown(&site, "alice").await;
    let page = site.open(&mut asking, NEED).await;
    site.submit(&mut asking, &page, &[]).await;
    let older = format!("/not-me/{}", mailed_link(&site).await);
    site.app.logins.dismiss_request(&parsed("alice"), "", &actor(site.now())).await.unwrap();
    site.advance(3600);
    let (mut asking, _) = password_shown(&site, "alice").await;
    let page = site.open(&mut asking, NEED).await;
    site.submit(&mut asking, &page, &[]).await;
    let newer = format!("/not-me/{}", mailed_link(&site).await);
    for number in 0..20 {
        let method = if number % 2 == 0 { Method::GET } else { Method::HEAD };
        let seen = site.send(Browser::default().request(method, &older, Body::empty())).await;
        assert_eq!(seen.status, StatusCode::OK, "scanners");
    }
    let mut at_home = Browser::default();
    site.sign_in(&mut at_home, "alice", &totp).await;
    for broken in [
        format!("{older}."),
        format!("{older}%3E"),
        older.split_at(older.len() - 1).0.to_owned(),
        "/not-me/x".to_owned(),
    ] {
        assert_eq!(site.get(&mut Browser::default(), &broken).await.status, StatusCode::GONE, "{broken}");
    }
    let wrong_purpose = older.replace("/not-me/", "/setup/");
    assert_eq!(site.get(&mut Browser::default(), &wrong_purpose).await.status, StatusCode::GONE);
    // In any browser: whoever reads the mail may be elsewhere.
    let mut elsewhere = Browser::default();
    let page = site.open(&mut elsewhere, &older).await;
    assert_eq!(page.title(), "Was this not you?");
    assert_eq!(site.open(&mut at_home, "/account").await.title(), "Your account", "nothing has happened yet");
    let done = site.submit(&mut elsewhere, &page, &[]).await;
    assert!(done.said().unwrap().starts_with("You are signed out everywhere"), "{done:?}");
    assert_eq!(site.open(&mut at_home, "/account").await.title(), "Sign in");
    assert_eq!(site.get(&mut elsewhere, &older).await.status, StatusCode::GONE, "once");
    assert_eq!(site.post(&mut elsewhere, &page, &[]).await.status, StatusCode::GONE, "once");
    assert_eq!(site.get(&mut elsewhere, &newer).await.status, StatusCode::OK, "each letter has its own");
    // It opens nothing: the second factor is asked for as before.
    let (_, page) = password_shown(&site, "alice").await;
    assert_eq!(page.title(), "Enter your code");
    site.advance(72 * 3600);
    assert_eq!(site.get(&mut elsewhere, &newer).await.status, StatusCode::GONE, "expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn w_25_asked_a_thousand_times_it_is_one_request_and_few_letters() {
    let site = Site::mailing().await;
    site.enrolled("alice").await;
    addressed(&site, "alice").await;
    let (mut browser, _) = password_shown(&site, "alice").await;
    let page = site.open(&mut browser, NEED).await;
    let mut seen = Vec::new();
    for _ in 0..200 {
        let answer = site.post(&mut browser, &page, &[]).await;
        let (to, page) = (answer.location(), site.open(&mut browser, NEED).await);
        seen.push((answer.status, to, page.status, page.title(), page.body.contains("waits for an administrator")));
    }
    seen.dedup();
    let there = (StatusCode::SEE_OTHER, Some(NEED.to_owned()), StatusCode::OK, "Ask for recovery".to_owned(), true);
    assert_eq!(seen, [there]);
    assert_eq!(site.number("SELECT COUNT(*) FROM recovery_requests").await, 1);
    let mails = site.app.store.claim_mails(1000, site.now()).await.unwrap();
    let own = mails.iter().filter(|mail| mail.mail.to.to_string() == "alice@example.org").count();
    assert!((1..=3).contains(&own), "{own} letters");
}

#[tokio::test(flavor = "multi_thread")]
async fn w_04_the_link_in_a_letter_is_ours_whatever_the_asking_request_says() {
    let mail = "[mail]\nfrom = \"id@example.org\"\nurl = \"smtp://127.0.0.1?tls=none\"\n";
    let site = Site::with(|config| config.mail = config_with(mail).mail).await;
    site.enrolled("alice").await;
    addressed(&site, "alice").await;
    let (mut browser, _) = password_shown(&site, "alice").await;
    let page = site.open(&mut browser, NEED).await;
    let mut request = browser.form(NEED, &encode([("form", page.form().1[0].1.as_str())]));
    for name in ["x-forwarded-host", "x-forwarded-server", "x-original-host", "forwarded"] {
        request.headers_mut().insert(name, "host=evil.example".parse().unwrap());
    }
    assert_eq!(site.send(request).await.status, StatusCode::SEE_OTHER);
    let config = &site.app.config;
    let mails = site.app.store.claim_mails(100, site.now()).await.unwrap();
    let outgoing = mails.iter().find(|mail| mail.mail.to.to_string() == "alice@example.org").unwrap();
    let (_, message) = letters::message(outgoing, config, config.mail.as_ref().unwrap(), site.now()).unwrap();
    let message = String::from_utf8(message).unwrap().replace("=\r\n", "");
    assert!(message.contains(&format!("{ISSUER}/not-me/")) && !message.contains("evil"), "{message}");
}
