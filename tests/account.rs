//! One's own account in a browser: what is shown of it, what is asked for before it is changed, and what becomes of it.

use axum::http::StatusCode;
use idp_server::config::Config;
use twolatch_core::factor::totp::Totp;
use twolatch_core::letter::{Letter, Notice};
use twolatch_core::policy::{Level, Rules};
use twolatch_core::user::Role;

use crate::support::core::{actor, code_at, parsed, wrong_code};
use crate::support::site::{Browser, PASSWORD, Page, Site, config_with};

mod sessions;

const SECURITY: &str = "/account/security";
const CONFIRM: &str = "/account/confirm";
const AUTHENTICATOR: &str = "/account/authenticator";
const EMAIL: &str = "/account/email";
const RECOVERY: &str = "/account/recovery";
const PASSWORD_PAGE: &str = "/account/password";

/// A site that can mail.
async fn mailing() -> Site {
    Site::with(|config: &mut Config| config.mail = config_with(MAIL).mail).await
}

const MAIL: &str = "[mail]\nfrom = \"id@example.org\"\nurl = \"smtp://127.0.0.1?tls=none\"\n";

/// Somebody who is signed in with an authenticator, and has an address where mail is sent to.
async fn signed_in(site: &Site, name: &str) -> (Browser, Totp) {
    let totp = site.enrolled(name).await;
    address(site, name).await;
    let mut browser = Browser::default();
    site.sign_in(&mut browser, name, &totp).await;
    (browser, totp)
}

async fn address(site: &Site, name: &str) {
    let (address, now) = (format!("{name}@example.org").parse().unwrap(), site.now());
    site.app
        .logins
        .change_user(&parsed(name), String::new(), &actor(now), |user| {
            user.email = Some(address);
            user.email_verified_at = Some(now);
        })
        .await
        .unwrap();
}

/// Opens a page that a fresh code is asked for first.
async fn reach(site: &Site, browser: &mut Browser, totp: &Totp, to: &str) -> Page {
    site.advance(30);
    let page = site.open(browser, to).await;
    assert_eq!(page.title(), "Confirm that it is you", "{page:?}");
    site.submit_to(browser, &page, CONFIRM, &[("code", &site.code(totp))]).await
}

async fn policy(site: &Site, edit: impl FnOnce(&mut Rules)) {
    let policy = site.app.logins.policy(site.now()).await.unwrap();
    let mut rules = policy.rules.clone();
    edit(&mut rules);
    site.app.logins.set_rules(rules, policy.version, "test".to_owned(), &actor(site.now())).await.unwrap();
    site.advance(2);
}

/// What waits to be mailed. The queue is empty then.
async fn mails(site: &Site) -> Vec<Letter> {
    let store = &site.app.store;
    let mut all = Vec::new();
    for mail in store.claim_mails(1000, site.now()).await.unwrap() {
        all.push(mail.mail.letter.clone());
        store.mail_done(&mail).await.unwrap();
    }
    all
}

async fn notices(site: &Site) -> Vec<Notice> {
    let told = mails(site).await.into_iter().filter_map(|letter| match letter {
        Letter::Notice { event, .. } => Some(event),
        _ => None,
    });
    told.collect()
}

async fn code_mailed(site: &Site) -> String {
    let found = mails(site).await.into_iter().find_map(|letter| match letter {
        Letter::VerifyAddress { code, .. } | Letter::ConfirmChange { code, .. } => Some(code.expose().to_owned()),
        _ => None,
    });
    found.expect("a code is mailed")
}

/// Keeps the recovery codes that are offered; answers them and the page behind.
async fn keep_codes(site: &Site, browser: &mut Browser, page: &Page) -> (Vec<String>, Page) {
    let page = site.submit_to(browser, page, RECOVERY, &[]).await;
    let codes: Vec<String> =
        page.body.split("<li><code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect();
    assert_eq!(codes.len(), 10, "{page:?}");
    let unkept = site.submit_to(browser, &page, RECOVERY, &[]).await;
    assert!(unkept.said().unwrap().starts_with("Save the codes first"), "{unkept:?}");
    let done = site.submit_to(browser, &unkept, RECOVERY, &[("saved", "yes")]).await;
    (codes, done)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authenticator_is_set_up_step_by_step_and_the_codes_behind_it() {
    let site = mailing().await;
    policy(&site, |rules| rules.organisation = Level::Optional).await;
    site.member("alice", true).await;
    address(&site, "alice").await;
    let mut browser = Browser::default();
    let page = site.open(&mut browser, "/login").await;
    let page = site.submit(&mut browser, &page, &[("username", "alice"), ("password", PASSWORD)]).await;
    assert!(page.body.contains("Enable multi-factor authentication"), "{page:?}");
    assert!(page.body.contains("Only an administrator can change your address."), "{page:?}");
    let page = site.open(&mut browser, SECURITY).await;
    assert!(page.body.contains(">Set up</a>") && page.body.contains("Enable Two-Factor Authentication"), "{page:?}");
    // Who has none shows the password again.
    let page = site.open(&mut browser, AUTHENTICATOR).await;
    assert_eq!(page.title(), "Confirm that it is you");
    let wrong = site.submit_to(&mut browser, &page, CONFIRM, &[("current-password", "wrong")]).await;
    assert!(wrong.said().unwrap().starts_with("That password is not right"), "{wrong:?}");
    let before = browser.clone();
    let page = site.submit_to(&mut browser, &wrong, CONFIRM, &[("current-password", PASSWORD)]).await;
    assert_eq!(page.title(), "Set up an authenticator app", "back to what was wanted");
    assert_eq!(site.get(&mut before.clone(), "/account").await.status, StatusCode::SEE_OTHER, "t4: a copied cookie");
    let page = site.submit_to(&mut browser, &page, AUTHENTICATOR, &[("name", "<b>Phone")]).await;
    let totp = page.authenticator();
    assert!(page.body.contains("<details>") && !page.body.contains("<details open"), "hidden until it is revealed");
    let page = site.submit_to(&mut browser, &page, AUTHENTICATOR, &[("code", &wrong_code(&totp, site.now()))]).await;
    assert!(page.said().unwrap().starts_with("That code is not right"), "{page:?}");
    let page = site.submit_to(&mut browser, &page, AUTHENTICATOR, &[("code", &code_at(&totp, site.now(), -1))]).await;
    assert_eq!(site.number("SELECT COUNT(*) FROM factors").await, 0, "rec8");
    let page = site.submit_to(&mut browser, &page, AUTHENTICATOR, &[("code", &site.code(&totp))]).await;
    assert_eq!(page.title(), "Recovery codes", "{page:?}");
    let (codes, done) = keep_codes(&site, &mut browser, &page).await;
    assert_eq!(done.title(), "Multi-factor authentication is on", "{done:?}");
    assert!(!done.body.contains(&codes[0]), "never again");
    assert_eq!(notices(&site).await.len(), 2, "rec10: one mail of each event");
    let page = site.open(&mut browser, SECURITY).await;
    assert!(page.body.contains("&#60;b&#62;Phone") && page.body.contains("10 codes are left."), "{page:?}");
    let page = site.open(&mut browser, "/account").await;
    assert!(page.body.contains("Multi-factor authentication settings (MFA)"), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ses8_rec11_t2_every_change_asks_for_a_fresh_code() {
    let site = mailing().await;
    let (mut browser, totp) = signed_in(&site, "alice").await;
    let spent = site.code(&totp);
    let id = site.app.logins.named(&parsed("alice")).await.unwrap().factors[0].id.to_string();
    let own = format!("{AUTHENTICATOR}/{id}");
    for to in [AUTHENTICATOR, own.as_str(), EMAIL, RECOVERY, PASSWORD_PAGE] {
        let page = site.open(&mut browser, to).await;
        assert_eq!(page.title(), "Confirm that it is you", "{to}");
    }
    let asked = site.open(&mut browser, AUTHENTICATOR).await;
    let token = asked.hidden_of(CONFIRM);
    let forms = [
        (AUTHENTICATOR.to_owned(), "name=x"),
        (own.clone(), "name=x"),
        (format!("{own}/remove"), ""),
        (EMAIL.to_owned(), ""),
        (format!("{EMAIL}/off"), ""),
        (RECOVERY.to_owned(), ""),
        (PASSWORD_PAGE.to_owned(), "current-password=x&new-password=y"),
    ];
    for (to, fields) in &forms {
        let body = format!("form={}&{fields}", token[0].1);
        let answer = site.send(browser.form(to, &body)).await;
        let location = answer.location().unwrap_or_default();
        assert!(location.starts_with("/account/confirm?for="), "{to}: {answer:?}");
    }
    let page = site.submit_to(&mut browser, &asked, CONFIRM, &[("code", &spent)]).await;
    assert!(page.said().unwrap().starts_with("That code was used before"), "{page:?}");
    let page = reach(&site, &mut browser, &totp, AUTHENTICATOR).await;
    assert_eq!(page.title(), "Set up an authenticator app", "{page:?}");
    site.advance(299);
    assert_eq!(site.open(&mut browser, &own).await.title(), "Authenticator");
    site.advance(1);
    assert_eq!(site.open(&mut browser, &own).await.title(), "Confirm that it is you");
}

#[tokio::test(flavor = "multi_thread")]
async fn w_10_one_goes_on_to_known_pages_only() {
    let site = Site::new().await;
    let (mut browser, totp) = signed_in(&site, "alice").await;
    let known =
        ["//evil", "https:evil", "%2f%2fevil", "javascript:", "data:text/html,x", "http://good@evil", "../admin"];
    for target in known.into_iter().chain([""]) {
        let page = site.open(&mut browser, &format!("{CONFIRM}?for={target}")).await;
        let hidden = page.hidden_of(CONFIRM);
        assert!(hidden.contains(&("for".to_owned(), "security".to_owned())), "{target}: {hidden:?}");
    }
    site.advance(30);
    let page = site.open(&mut browser, CONFIRM).await;
    let body = format!("form={}&for=//evil.example&code={}", page.hidden_of(CONFIRM)[0].1, site.code(&totp));
    let answer = site.send(browser.form(CONFIRM, &body)).await;
    assert_eq!(answer.location().as_deref(), Some(SECURITY), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn w_19_an_authenticator_is_renamed_and_removed_by_its_owner_only() {
    let site = mailing().await;
    let (mut browser, totp) = signed_in(&site, "alice").await;
    let (mut eve, eves) = signed_in(&site, "eve").await;
    let id = site.app.logins.named(&parsed("alice")).await.unwrap().factors[0].id.to_string();
    let own = format!("{AUTHENTICATOR}/{id}");
    reach(&site, &mut eve, &eves, AUTHENTICATOR).await;
    let absent = site.get(&mut eve, &format!("{AUTHENTICATOR}/nothing")).await;
    let foreign = site.get(&mut eve, &own).await;
    assert_eq!((absent.status, foreign.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    assert_eq!((absent.title(), foreign.title()), (foreign.title(), "There is no such page".to_owned()));
    let page = site.open(&mut eve, AUTHENTICATOR).await;
    for (to, fields) in [(own.clone(), "&name=Mine"), (format!("{own}/remove"), "")] {
        let body = format!("form={}{fields}", page.hidden_of(AUTHENTICATOR)[0].1);
        assert_eq!(site.send(eve.form(&to, &body)).await.status, StatusCode::NOT_FOUND, "{to}");
    }

    reach(&site, &mut browser, &totp, &own).await;
    let page = site.open(&mut browser, &own).await;
    assert!(page.body.contains("It is your last second factor"), "{page:?}");
    assert!(!page.body.contains(&format!("{own}/remove")), "{page:?}");
    let page = site.submit_to(&mut browser, &page, &own, &[("name", "Old phone")]).await;
    assert_eq!(page.said(), Some("The authenticator has its new name."), "{page:?}");
    assert!(page.body.contains("<strong>Old phone</strong>"), "{page:?}");
    policy(&site, |rules| rules.organisation = Level::Optional).await;
    let page = site.open(&mut browser, &own).await;
    let page = site.submit_to(&mut browser, &page, &format!("{own}/remove"), &[]).await;
    assert!(page.said().unwrap().starts_with("The authenticator is removed"), "{page:?}");
    assert_eq!(notices(&site).await, [Notice::AuthenticatorRemoved]);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_by_mail_are_turned_on_with_a_code_and_off_again() {
    let site = mailing().await;
    let (mut browser, totp) = signed_in(&site, "alice").await;
    let page = reach(&site, &mut browser, &totp, EMAIL).await;
    assert_eq!(page.title(), "Codes by email", "{page:?}");
    let page = site.submit_to(&mut browser, &page, EMAIL, &[]).await;
    assert!(page.body.contains("We have mailed six digits to <strong>a…\u{2060}@example.org</strong>"), "{page:?}");
    let code = code_mailed(&site).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let page = site.submit_to(&mut browser, &page, EMAIL, &[("code", wrong)]).await;
    assert!(page.said().unwrap().starts_with("That code is not right"), "{page:?}");
    let page = site.submit_to(&mut browser, &page, EMAIL, &[("code", &code)]).await;
    assert_eq!(page.title(), "Recovery codes", "{page:?}");
    assert_eq!(notices(&site).await, [Notice::EmailCodeOn]);
    let page = site.open(&mut browser, SECURITY).await;
    assert!(page.body.contains("On, to alice@example.org."), "{page:?}");
    let page = site.open(&mut browser, EMAIL).await;
    let page = site.submit_to(&mut browser, &page, &format!("{EMAIL}/off"), &[]).await;
    assert!(page.said().unwrap().starts_with("Codes by email are off"), "{page:?}");
    assert_eq!(notices(&site).await, [Notice::EmailCodeOff]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_codes_by_mail_only_confirms_with_one() {
    let site = mailing().await;
    policy(&site, |rules| rules.organisation = Level::Off).await;
    site.member("alice", true).await;
    address(&site, "alice").await;
    let now = site.now();
    let on = |user: &mut twolatch_core::user::User| user.email_codes_at = Some(now);
    site.app.logins.change_user(&parsed("alice"), String::new(), &actor(now), on).await.unwrap();
    let mut browser = Browser::default();
    let page = site.open(&mut browser, "/login").await;
    site.submit(&mut browser, &page, &[("username", "alice"), ("password", PASSWORD)]).await;
    let page = site.open(&mut browser, RECOVERY).await;
    assert!(page.body.contains("Send verification code"), "{page:?}");
    let mail = format!("{CONFIRM}/mail");
    let page = site.submit_to(&mut browser, &page, &mail, &[]).await;
    let code = code_mailed(&site).await;
    let again = site.submit_to(&mut browser, &page, &mail, &[]).await;
    assert!(again.said().unwrap().starts_with("No mail was sent"), "{again:?}");
    site.advance(60);
    let again = site.submit_to(&mut browser, &again, &mail, &[]).await;
    assert_eq!((again.said(), code_mailed(&site).await), (Some("The code was sent once more."), code.clone()));
    let page = site.submit_to(&mut browser, &again, CONFIRM, &[("code", &code)]).await;
    assert_eq!(page.title(), "Recovery codes", "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_set_is_shown_once_and_had_as_a_file() {
    let site = mailing().await;
    let (mut browser, totp) = signed_in(&site, "alice").await;
    let page = reach(&site, &mut browser, &totp, RECOVERY).await;
    let shown = site.submit_to(&mut browser, &page, RECOVERY, &[]).await;
    let file = site.submit_to(&mut browser, &shown, &format!("{RECOVERY}/file"), &[]).await;
    assert_eq!(file.headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(file.headers["content-disposition"], "attachment; filename=\"twolatch-recovery-codes.txt\"");
    assert_eq!(file.headers["cache-control"], "no-store");
    let code = shown.body.split("<li><code>").nth(4).unwrap().split('<').next().unwrap().to_owned();
    assert!(
        file.body.contains(&code)
            && file.body.starts_with("Recovery codes for Example <b>Org</b>\r\nUser name: alice\r\n"),
        "{file:?}"
    );
    assert_eq!(site.number("SELECT COUNT(*) FROM recovery_codes").await, 0, "nothing is in force yet");
    site.submit_to(&mut browser, &shown, RECOVERY, &[("saved", "yes")]).await;
    assert_eq!(notices(&site).await, [Notice::RecoveryCodesMade]);
    // One of them says that it is they, once, and is told by mail.
    site.advance(300);
    let page = site.open(&mut browser, RECOVERY).await;
    let page = site.submit_to(&mut browser, &page, CONFIRM, &[("code", &code)]).await;
    assert!(page.body.contains("Your present codes work until"), "{page:?}");
    assert_eq!(notices(&site).await, [Notice::RecoveryCodeUsed]);
    let page = site.open(&mut browser, SECURITY).await;
    assert!(page.body.contains("9 codes are left."), "{page:?}");
    site.advance(300);
    let page = site.open(&mut browser, RECOVERY).await;
    let body = format!("form={}&for=recovery&recovery={code}", page.hidden_of(CONFIRM)[0].1);
    let answer = site.send(browser.form(CONFIRM, &body)).await;
    browser.keep(&answer);
    let page = site.open(&mut browser, &answer.location().unwrap()).await;
    assert!(page.said().unwrap().starts_with("That recovery code was used before"), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_takes_another_address_and_nobody_else() {
    let site = mailing().await;
    let (mut browser, _) = signed_in(&site, "alice").await;
    let page = site.open(&mut browser, "/account/address").await;
    assert!(page.body.contains("only by an administrator") && !page.body.contains("type=\"email\""), "{page:?}");
    let (promote, now) = (|user: &mut twolatch_core::user::User| user.role = Role::Admin, site.now());
    site.app.logins.change_user(&parsed("alice"), String::new(), &actor(now), promote).await.unwrap();
    let (mut browser, totp) = {
        let totp = site.core.give_totp("alice").await;
        let mut browser = Browser::default();
        site.sign_in(&mut browser, "alice", &totp).await;
        (browser, totp)
    };
    let to = "/account/address";
    let page = reach(&site, &mut browser, &totp, to).await;
    for (typed, said) in [("a@b\r\nBcc: c@d.e", "Type another"), ("Alice@example.org", "Type another")] {
        let refused = site.submit_to(&mut browser, &page, to, &[("email", typed)]).await;
        assert!(refused.said().unwrap().starts_with(said), "w23 {typed}: {refused:?}");
    }
    let page = site.submit_to(&mut browser, &page, to, &[("email", "alice@example.net")]).await;
    let code = code_mailed(&site).await;
    let page = site.submit_to(&mut browser, &page, to, &[("code", &code)]).await;
    assert!(page.body.contains("<dd>alice@example.net</dd>"), "{page:?}");
    assert_eq!(notices(&site).await, [Notice::AddressChanged; 2], "rec10: the old address too");
}

#[tokio::test(flavor = "multi_thread")]
async fn w_20_a_form_of_another_step_or_browser_changes_nothing() {
    let site = mailing().await;
    let (mut browser, totp) = signed_in(&site, "alice").await;
    let (mut eve, eves) = signed_in(&site, "eve").await;
    let page = reach(&site, &mut browser, &totp, RECOVERY).await;
    let shown = site.submit_to(&mut browser, &page, RECOVERY, &[]).await;
    let draft = shown.hidden_of(&format!("{RECOVERY}/file")).into_iter().find(|(name, _)| name == "draft").unwrap().1;
    let page = reach(&site, &mut eve, &eves, RECOVERY).await;
    let token = page.hidden_of(RECOVERY)[0].1.clone();
    for (to, fields) in [
        (RECOVERY, format!("&draft={draft}&saved=yes")),
        (AUTHENTICATOR, format!("&draft={draft}&code=123456")),
        (EMAIL, format!("&draft={draft}&code=123456")),
        (EMAIL, "&code=123456".to_owned()),
        (EMAIL, "&role=admin".to_owned()),
        (RECOVERY, "&saved=yes&user=alice".to_owned()),
    ] {
        let answer = site.send(eve.form(to, &format!("form={token}{fields}"))).await;
        assert!(answer.status != StatusCode::OK, "{to} {fields}: {answer:?}");
    }
    assert_eq!(site.number("SELECT COUNT(*) FROM recovery_codes").await, 0);
    assert_eq!(notices(&site).await, []);
}
