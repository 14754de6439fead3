//! Browsers that are remembered: what that is worth, and what ends it.

use twolatch_core::factor::Kind;
use twolatch_core::factor::totp::Totp;
use twolatch_core::letter::{Letter, Notice};
use twolatch_core::login::devices::Recognised;
use twolatch_core::login::web::Goal;
use twolatch_core::policy::Rules;
use twolatch_core::secret::Secret;
use twolatch_core::step::{Assurance, Step};
use twolatch_core::user::Role;

use crate::support::core::{actor, parsed};
use crate::support::site::{Browser, PASSWORD, Page, Site};

const COOKIE: &str = "__Host-twolatch_device";
const DAYS_14: i64 = 14 * 86_400;

/// Signs in with an app and has the browser remembered; answers the account page.
async fn remembered(site: &Site, browser: &mut Browser, name: &str, totp: &Totp) -> Page {
    site.advance(60);
    let page = site.enter(browser, name).await;
    assert!(page.body.contains("Remember this device for 14 days"), "{page:?}");
    let account = site.submit(browser, &page, &[("code", &site.code(totp)), ("remember", "yes")]).await;
    assert_eq!(account.title(), "Your account", "{account:?}");
    account
}

/// What a sign-in with the cookie that this browser has leads to.
async fn next(site: &Site, browser: &Browser, name: &str) -> String {
    let cookies = browser.cookies.get_key_value(COOKIE).map(|(name, value)| (name.clone(), value.clone()));
    let mut browser = Browser { cookies: cookies.into_iter().collect() };
    site.enter(&mut browser, name).await.title()
}

async fn set_policy(site: &Site, edit: impl FnOnce(&mut Rules)) {
    let policy = site.app.logins.policy(site.now()).await.unwrap();
    let mut rules = policy.rules.clone();
    edit(&mut rules);
    site.app.logins.set_rules(rules, policy.version, "test".to_owned(), &actor(site.now())).await.unwrap();
    site.advance(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn ses_5_a_remembered_browser_is_asked_for_its_password_only() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    let mut browser = Browser::default();
    let account = remembered(&site, &mut browser, "alice", &totp).await;
    let first = browser.cookies[COOKIE].clone();
    let page = site.submit(&mut browser, &account, &[]).await;
    assert_eq!(page.said(), Some("You are signed out."));
    assert_eq!(browser.cookies.get(COOKIE), Some(&first), "it survives signing out");
    assert_eq!(site.open(&mut browser, "/account").await.title(), "Sign in", "alone it gives nothing");
    let wrong = site.open(&mut browser, "/login").await;
    let wrong = site.submit(&mut browser, &wrong, &[("username", "alice"), ("password", "wrong")]).await;
    assert_eq!(wrong.title(), "Sign in");
    let page = site.open(&mut browser, "/login").await;
    let answer = site.post(&mut browser, &page, &[("username", "alice"), ("password", PASSWORD)]).await;
    assert_eq!(answer.location().as_deref(), Some("/account"));
    let lines: Vec<_> = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
    let line = lines.iter().find(|line| line.starts_with(COOKIE)).unwrap();
    let left = DAYS_14;
    assert!(line.ends_with(&format!("; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age={left}")), "{line}");
    assert_ne!(browser.cookies[COOKIE], first, "it turns with each use");
    let level = site.number("SELECT COUNT(*) FROM sessions WHERE proofs LIKE '%totp%'").await;
    assert_eq!(level, 0, "it is no second factor");
    let page = site.open(&mut browser, "/account/password").await;
    assert_eq!(page.title(), "Confirm that it is you", "ses_8: nor one for another password");
    assert!(page.body.contains("authenticator app shows now"), "{page:?}");
    // It lives for so long however much it is used.
    site.advance(DAYS_14 - 1);
    let page = site.open(&mut browser, "/login").await;
    let answer = site.post(&mut browser, &page, &[("username", "alice"), ("password", PASSWORD)]).await;
    assert_eq!(answer.location().as_deref(), Some("/account"));
    site.advance(1);
    assert_eq!(next(&site, &browser, "alice").await, "Enter your code");
}

#[tokio::test(flavor = "multi_thread")]
async fn ses_5_whoever_shows_an_old_secret_ends_it_and_its_owner_is_told() {
    let site = Site::mailing().await;
    let totp = site.enrolled("alice").await;
    let edit = |user: &mut twolatch_core::user::User| user.email = Some("alice@example.org".parse().unwrap());
    site.app.logins.change_user(&parsed("alice"), String::new(), &actor(site.now()), edit).await.unwrap();
    let mut browser = Browser::default();
    remembered(&site, &mut browser, "alice", &totp).await;
    let thief = browser.clone();
    browser.cookies.retain(|name, _| name == COOKIE);
    assert_eq!(site.enter(&mut browser, "alice").await.title(), "Your account");
    assert_eq!(next(&site, &thief, "alice").await, "Enter your code");
    assert_eq!(next(&site, &browser, "alice").await, "Enter your code", "nor is the right one worth anything now");
    let mut told = Vec::new();
    for mail in site.app.store.claim_mails(100, site.now()).await.unwrap() {
        if let Letter::Notice { event, .. } = mail.mail.letter {
            told.push(event);
        }
    }
    assert!(told.contains(&Notice::DeviceRemembered) && told.contains(&Notice::DeviceReused), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ses_5_another_password_and_a_reset_make_it_forgotten() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    let mut browser = Browser::default();
    remembered(&site, &mut browser, "alice", &totp).await;
    assert_eq!(next(&site, &browser.clone(), "bob").await, "Sign in");
    let password = Secret::new(PASSWORD.to_owned());
    site.app.logins.reset_password(&parsed("alice"), password, true, &actor(site.now())).await.unwrap();
    assert_eq!(next(&site, &browser, "alice").await, "Enter your code");
    let mut browser = Browser::default();
    remembered(&site, &mut browser, "alice", &totp).await;
    site.app.logins.reset_factors(&parsed("alice"), &actor(site.now())).await.unwrap();
    assert_eq!(next(&site, &browser, "alice").await, "Choose a second factor");
    assert_eq!(site.number("SELECT COUNT(*) FROM devices WHERE name = '?'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ses_5_it_is_nobody_elses_and_never_an_administrators() {
    let site = Site::new().await;
    let alice = site.enrolled("alice").await;
    site.enrolled("bob").await;
    let mut browser = Browser::default();
    remembered(&site, &mut browser, "alice", &alice).await;
    assert_eq!(next(&site, &browser, "bob").await, "Enter your code");
    let promote = |user: &mut twolatch_core::user::User| user.role = Role::Admin;
    site.app.logins.change_user(&parsed("alice"), String::new(), &actor(site.now()), promote).await.unwrap();
    assert_eq!(next(&site, &browser, "alice").await, "Enter your code");
    site.advance(60);
    let mut fresh = Browser::default();
    let page = site.enter(&mut fresh, "alice").await;
    assert!(!page.body.contains("name=\"remember\""), "{page:?}");
    site.submit(&mut fresh, &page, &[("code", &site.code(&alice)), ("remember", "yes")]).await;
    assert!(!fresh.cookies.contains_key(COOKIE), "nor by asking for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn ses_5_policy_may_remember_nobody_any_more() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    let mut browser = Browser::default();
    remembered(&site, &mut browser, "alice", &totp).await;
    set_policy(&site, |rules| rules.device_days = 0).await;
    let mut again = Browser { cookies: browser.cookies.clone() };
    again.cookies.retain(|name, _| name == COOKIE);
    let page = site.enter(&mut again, "alice").await;
    assert_eq!(page.title(), "Enter your code");
    assert!(!page.body.contains("name=\"remember\""), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ses_5_who_asks_for_a_second_factor_gets_one() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    let mut browser = Browser::default();
    remembered(&site, &mut browser, "alice", &totp).await;
    let cookie = browser.cookies[COOKIE].clone();
    let goal = Goal { least: Assurance::Authenticator, ..Goal::default() };
    let (logins, now) = (&site.app.logins, site.now());
    let token = logins.enter("alice", Secret::new(PASSWORD.to_owned()), "192.0.2.7", goal, now).await.unwrap();
    let current = logins.current(&token, now).await.unwrap();
    let known = logins.recognise(&current, &cookie, "192.0.2.7", now).await.unwrap();
    assert!(matches!(known, Recognised::Yes { .. }), "{known:?}");
    let asked = Step::SecondFactor { methods: vec![Kind::Totp], recovery: false };
    assert_eq!(logins.current(&token, now).await.unwrap().step, asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn w_22_a_cookie_that_is_not_ours_remembers_nothing() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    let mut browser = Browser::default();
    remembered(&site, &mut browser, "alice", &totp).await;
    let real = browser.cookies[COOKIE].clone();
    let (id, secret) = real.split_once('.').unwrap();
    let other = "a".repeat(32);
    for forged in [id.to_owned(), format!("{id}."), format!("{id}.{other}"), format!("{other}.{secret}"), other] {
        let mut browser = Browser { cookies: [(COOKIE.to_owned(), forged.clone())].into() };
        assert_eq!(site.enter(&mut browser, "alice").await.title(), "Enter your code", "{forged}");
        assert_eq!(browser.cookies.get(COOKIE), None, "it is cleared: {forged}");
    }
    assert_eq!(next(&site, &browser, "alice").await, "Your account", "a guess harms nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn w_22_a_dead_cookie_is_cleared_and_one_that_may_be_of_use_stays() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    site.enrolled("bob").await;
    let mut browser = Browser::default();
    remembered(&site, &mut browser, "alice", &totp).await;
    browser.cookies.retain(|name, _| name == COOKIE);
    for wrong in [("alice", "wrong"), ("nobody", PASSWORD)] {
        let page = site.open(&mut browser, "/login").await;
        site.post(&mut browser, &page, &[("username", wrong.0), ("password", wrong.1)]).await;
        assert!(browser.cookies.contains_key(COOKIE), "it is not looked at before the right password");
    }
    assert_eq!(site.enter(&mut browser, "bob").await.title(), "Enter your code");
    assert!(browser.cookies.contains_key(COOKIE), "it is alice's, who may come back");
    set_policy(&site, |rules| rules.device_days = 0).await;
    assert_eq!(site.enter(&mut browser, "alice").await.title(), "Enter your code");
    assert!(browser.cookies.contains_key(COOKIE), "policy may change again");
    set_policy(&site, |rules| rules.device_days = 14).await;

    assert_eq!(site.enter(&mut browser, "alice").await.title(), "Your account");
    browser.cookies.retain(|name, _| name == COOKIE);
    let mut expired = browser.clone();
    site.core.tamper("DELETE FROM devices").await;
    assert_eq!(site.enter(&mut browser, "alice").await.title(), "Enter your code");
    assert_eq!(browser.cookies.get(COOKIE), None, "it was forgotten");
    site.advance(DAYS_14);
    assert_eq!(site.enter(&mut expired, "alice").await.title(), "Enter your code");
    assert_eq!(expired.cookies.get(COOKIE), None, "it is too old");
}
