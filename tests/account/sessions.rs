//! Where one is signed in and which browsers are remembered, and how both are ended.

use axum::http::StatusCode;
use twolatch_core::id::Id;
use twolatch_core::letter::Notice;
use twolatch_core::policy::Level;
use twolatch_core::store::devices::{Device, insert_device};

use super::{CONFIRM, PASSWORD_PAGE, mailing, notices, policy, reach, signed_in};
use crate::support::core::parsed;
use crate::support::site::{Browser, PASSWORD, Site};

const SESSIONS: &str = "/account/sessions";
const FORGET: &str = "/account/devices/forget";

#[tokio::test(flavor = "multi_thread")]
async fn ses7_t4_sessions_are_listed_and_ended() {
    let site = Site::new().await;
    let (mut browser, totp) = signed_in(&site, "alice").await;
    let (mut other, mut third) = (Browser::default(), Browser::default());
    site.sign_in(&mut other, "alice", &totp).await;
    site.sign_in(&mut third, "alice", &totp).await;
    let (mut eve, _) = signed_in(&site, "eve").await;
    let page = site.open(&mut browser, SESSIONS).await;
    assert_eq!(page.body.matches("This browser").count(), 1, "{page:?}");
    assert_eq!(page.body.matches("From 192.0.2.7").count(), 3, "{page:?}");
    let ids: Vec<String> = page
        .body
        .split("name=\"id\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    // Somebody else's is the same as none.
    let eves = site.open(&mut eve, SESSIONS).await;
    let end = format!("{SESSIONS}/end");
    for id in [ids[0].as_str(), "nothing"] {
        let body = format!("form={}&id={id}", eves.hidden_of(&end)[0].1);
        assert_eq!(site.send(eve.form(&end, &body)).await.status, StatusCode::NOT_FOUND, "w19");
        let body = format!("form={}&id={id}", eves.hidden_of(&end)[0].1);
        assert_eq!(site.send(eve.form("/account/devices/forget", &body)).await.status, StatusCode::NOT_FOUND, "w19");
    }
    let this = page.body.split("This browser").nth(1).unwrap().split("value=\"").nth(2).unwrap();
    let this = this.split('"').next().unwrap();
    let another = ids.iter().find(|id| *id != this).unwrap();
    let body = format!("form={}&id={another}", page.hidden_of(&end)[0].1);
    let answer = site.send(browser.form(&end, &body)).await;
    browser.keep(&answer);
    let page = site.open(&mut browser, SESSIONS).await;
    assert_eq!((page.said(), page.body.matches("Another browser").count()), (Some("The session is ended."), 1));
    let body = format!("form={}&others=yes", page.hidden_of(&end)[0].1);
    browser.keep(&site.send(browser.form(&end, &body)).await);
    for gone in [&mut other, &mut third] {
        assert_eq!(site.get(gone, "/account").await.location().as_deref(), Some("/login"));
    }
    assert_eq!(site.get(&mut browser, "/account").await.status, StatusCode::OK);
    assert_eq!(site.get(&mut eve, "/account").await.status, StatusCode::OK);
    let page = site.open(&mut browser, SESSIONS).await;
    let page = site.submit_to(&mut browser, &page, &end, &[]).await;
    assert_eq!((page.title().as_str(), page.said()), ("Sign in", Some("You are signed out.")), "its own");
}

/// A remembered device, written down by hand.
async fn device(site: &Site, name: &str, called: &str) -> String {
    let store = site.app.store.clone();
    let user = site.app.logins.named(&parsed(name)).await.unwrap().user;
    let device = Device {
        id: Id::random(store.entropy()).unwrap(),
        credentials: user.credentials(),
        user: user.id,
        name: called.to_owned(),
        place: "192.0.2.99".to_owned(),
        created_at: site.now(),
        expires_at: site.now().plus(86_400),
        secret_hash: "hash".to_owned(),
        former_hash: None,
        used_at: site.now(),
    };
    let (id, inner) = (device.id.to_string(), store.clone());
    store.write(move |c| Box::pin(async move { insert_device(c, &inner, &device).await })).await.unwrap();
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn ses7_devices_are_listed_and_forgotten() {
    let site = Site::new().await;
    let (mut browser, _) = signed_in(&site, "alice").await;
    let (mut eve, _) = signed_in(&site, "eve").await;
    for called in ["Firefox <b>", "Chromium", "Safari"] {
        device(&site, "alice", called).await;
    }
    let eves = device(&site, "eve", "Opera").await;
    let page = site.open(&mut browser, SESSIONS).await;
    assert!(page.body.contains("<strong>Firefox &#60;b&#62;</strong>") && page.body.contains("From 192.0.2.99"));
    assert!(!page.body.contains("Opera"), "{page:?}");
    let token = page.hidden_of(FORGET)[0].1.clone();
    let foreign = site.send(browser.form(FORGET, &format!("form={token}&id={eves}"))).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND, "w19");
    let page = site.submit_to(&mut browser, &page, FORGET, &[]).await;
    assert_eq!((page.said(), page.body.matches("From 192.0.2.99").count()), (Some("The device is forgotten."), 2));
    let answer = site.send(browser.form(FORGET, &format!("form={token}&all=yes"))).await;
    browser.keep(&answer);
    let page = site.open(&mut browser, SESSIONS).await;
    assert_eq!(page.said(), Some("All devices are forgotten."));
    assert!(page.body.contains("No device is remembered."), "{page:?}");
    assert!(site.open(&mut eve, SESSIONS).await.body.contains("Opera"));
}

#[tokio::test(flavor = "multi_thread")]
async fn t4_ses6_a_new_password_ends_every_other_cookie_and_every_device() {
    let site = mailing().await;
    let (mut browser, totp) = signed_in(&site, "alice").await;
    let mut other = Browser::default();
    site.sign_in(&mut other, "alice", &totp).await;
    device(&site, "alice", "Firefox").await;
    let page = reach(&site, &mut browser, &totp, PASSWORD_PAGE).await;
    let mut copied = browser.clone();
    let fields = [("current-password", PASSWORD), ("new-password", "seven quiet harbours")];
    let page = site.submit(&mut browser, &page, &fields).await;
    assert_eq!(page.said(), Some("Your password is changed, and you are signed out everywhere but here."));
    for gone in [&mut other, &mut copied] {
        assert_eq!(site.get(gone, "/account").await.location().as_deref(), Some("/login"));
    }
    assert!(site.open(&mut browser, SESSIONS).await.body.contains("No device is remembered."));
    assert_eq!(notices(&site).await, [Notice::PasswordChanged]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ses8_who_has_no_second_factor_changes_the_password_with_the_old_one() {
    let site = Site::new().await;
    policy(&site, |rules| rules.organisation = Level::Optional).await;
    site.member("alice", true).await;
    let mut browser = Browser::default();
    assert_eq!(site.enter(&mut browser, "alice").await.title(), "Your account");
    let page = site.open(&mut browser, PASSWORD_PAGE).await;
    assert!(page.body.contains("You have no second factor yet"), "{page:?}");
    let page = site.submit_to(&mut browser, &page, CONFIRM, &[("current-password", PASSWORD)]).await;
    assert_eq!(page.title(), "Change your password", "{page:?}");
    let fields = [("current-password", PASSWORD), ("new-password", "seven quiet harbours")];
    let page = site.submit(&mut browser, &page, &fields).await;
    assert!(page.said().unwrap().starts_with("Your password is changed"), "{page:?}");
}
