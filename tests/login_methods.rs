//! Second factors besides the app, through the pages: codes by mail, recovery codes and key, the choice between them, and
//! what is set up at a first sign-in.

use axum::http::{StatusCode, header};
use idp_server::config::login::AfterSetup;
use twolatch_core::factor::totp::Totp;
use twolatch_core::policy::{RecoveryKept, Rules};

use crate::pages::header_of;
use crate::support::core::{actor, parsed};
use crate::support::site::{Browser, PASSWORD, Page, Site};

async fn set_policy(site: &Site, edit: impl FnOnce(&mut Rules)) {
    let policy = site.app.logins.policy(site.now()).await.unwrap();
    let mut rules = policy.rules.clone();
    edit(&mut rules);
    site.app.logins.set_rules(rules, policy.version, "test".to_owned(), &actor(site.now())).await.unwrap();
    site.advance(2);
}

/// Gives somebody an address, verified and with codes to it, or neither.
pub(crate) async fn give_address(site: &Site, name: &str, codes: bool) {
    let (address, now) = (format!("{name}@example.org"), site.now());
    let edit = |user: &mut twolatch_core::user::User| {
        user.email = Some(address.parse().unwrap());
        if codes {
            user.email_verified_at = Some(now);
            user.email_codes_at = Some(now);
        }
    };
    site.app.logins.change_user(&parsed(name), String::new(), &actor(now), edit).await.unwrap();
}

/// A site that mails, with somebody who has codes by mail and nothing else.
async fn with_mail(name: &str) -> Site {
    let site = Site::mailing().await;
    site.member(name, true).await;
    give_address(&site, name, true).await;
    site
}

/// The same with an app too.
async fn with_both(name: &str) -> (Site, Totp) {
    let site = Site::mailing().await;
    let totp = site.enrolled(name).await;
    give_address(&site, name, true).await;
    (site, totp)
}

/// The recovery codes, or the key, on a page that shows them.
fn shown(page: &Page) -> Vec<String> {
    let (_, kept) = page.body.split_once("id=\"kept\"").unwrap();
    let (kept, _) = kept.split_once("</details>").unwrap();
    kept.split("<code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

/// Has recovery codes or key made at a sign-in with the app, and keeps them.
pub(crate) async fn keep_recovery(site: &Site, name: &str, totp: &Totp) -> Vec<String> {
    let due = Some(site.now());
    let edit = |user: &mut twolatch_core::user::User| user.recovery_due_at = due;
    site.app.logins.change_user(&parsed(name), String::new(), &actor(site.now()), edit).await.unwrap();
    site.advance(60);
    let mut browser = Browser::default();
    let page = site.enter(&mut browser, name).await;
    let page = site.submit(&mut browser, &page, &[("code", &site.code(totp))]).await;
    assert_eq!(page.title(), "Keep your recovery codes", "{page:?}");
    let codes = shown(&page);
    let page = site.submit_to(&mut browser, &page, "/login/recovery", &[("saved", "yes")]).await;
    assert_eq!(page.title(), "Your account", "{page:?}");
    codes
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_codes_are_shown_until_they_are_kept_and_never_again() {
    let site = Site::new().await;
    site.member("bob", true).await;
    let mut browser = Browser::default();
    let page = site.enter(&mut browser, "bob").await;
    let (_, page) = site.set_up_app(&mut browser, &page).await;
    assert_eq!(page.title(), "Keep your recovery codes");
    assert!(page.body.contains("Treat them like your password"));
    let codes = shown(&page);
    assert_eq!(codes.len(), 10);
    let again = site.get(&mut browser, "/login/recovery").await;
    assert_eq!(shown(&again), codes, "looking again changes nothing");

    let file = site.post_to(&mut browser, &page, "/login/recovery/file", &[]).await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(header_of(&file, "content-type"), "text/plain; charset=utf-8");
    assert_eq!(header_of(&file, "cache-control"), "no-store");
    assert_eq!(header_of(&file, "content-disposition"), "attachment; filename=\"twolatch-recovery-codes.txt\"");
    for part in ["Recovery codes for Example <b>Org</b>", "User name: bob", "15 January 2027", "Treat them like"] {
        assert!(file.body.contains(part), "{part}: {file:?}");
    }
    assert!(codes.iter().all(|code| file.body.contains(code.as_str())));

    // Nothing is in force before they are kept: leaving and coming back shows others.
    let page = site.submit_to(&mut browser, &again, "/login/recovery", &[]).await;
    assert_eq!(page.said(), Some("Save the codes first, then say so."));
    assert_eq!(site.number("SELECT COUNT(*) FROM recovery_codes").await, 0);
    for to in ["/account", "/login/code", "/login/setup/app", "/login/recover"] {
        assert!(["Keep your recovery codes", "Sign in"].contains(&site.open(&mut browser, to).await.title().as_str()));
    }
    let copy = browser.clone();
    let page = site.submit_to(&mut browser, &page, "/login/recovery", &[("saved", "yes")]).await;
    assert_eq!(page.title(), "Your account");
    assert_eq!(site.number("SELECT COUNT(*) FROM recovery_codes").await, 10);
    for mut back in [browser.clone(), copy] {
        let page = site.open(&mut back, "/login/recovery").await;
        assert!(!codes.iter().any(|code| page.body.contains(code.as_str())), "never again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eml_a_code_is_mailed_behind_the_password_and_lets_in() {
    let site = with_mail("alice").await;
    let mut browser = Browser::default();
    let page = site.enter(&mut browser, "alice").await;
    assert_eq!(page.title(), "Enter your code");
    assert!(page.body.contains("<strong>a…\u{2060}@example.org</strong>") && !page.body.contains("alice@"), "{page:?}");
    assert!(page.body.contains("good for 5 more minutes") && page.body.contains("data-after=\"60\""), "{page:?}");
    assert!(!page.body.contains("Use another method"), "there is none");
    let codes = site.codes_mailed().await;
    assert_eq!(codes.len(), 1);
    for _ in 0..3 {
        site.get(&mut browser, "/login/email").await;
    }
    assert_eq!(site.codes_mailed().await.len(), 0, "looking mails nothing");
    let early = site.submit_to(&mut browser, &page, "/login/email/send", &[]).await;
    assert_eq!(early.said(), Some("The code was mailed just now. It can be sent again in 60 seconds."));
    site.advance(60);
    let again = site.submit_to(&mut browser, &page, "/login/email/send", &[]).await;
    assert_eq!(again.said(), Some("The same code is on its way once more."));
    assert_eq!(site.codes_mailed().await, codes);
    let wrong = if codes[0] == "000000" { "000001" } else { "000000" };
    let page = site.submit(&mut browser, &again, &[("code", wrong)]).await;
    assert!(page.said().unwrap().starts_with("That code is not right. Type the one in the latest mail."), "{page:?}");
    let page = site.submit(&mut browser, &page, &[("code", "12a")]).await;
    assert_eq!(page.said(), Some("A code has six digits. Type the one in the latest mail."));
    // The other tab goes on with the same sign-in; the first one has nothing left to do.
    let mut tab = browser.clone();
    let other = site.open(&mut tab, "/login/email").await;
    let account = site.submit(&mut tab, &other, &[("code", &codes[0])]).await;
    assert_eq!(account.title(), "Your account", "{account:?}");
    let late = site.submit(&mut browser, &page, &[("code", &codes[0])]).await;
    assert_eq!(late.title(), "Sign in");
    assert_eq!(site.number("SELECT COUNT(*) FROM sessions").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn eml_a_code_that_is_too_old_is_told_and_a_new_one_sent() {
    let site = with_mail("alice").await;
    let mut browser = Browser::default();
    let page = site.enter(&mut browser, "alice").await;
    let old = site.codes_mailed().await.remove(0);
    site.advance(300);
    let page = site.submit(&mut browser, &page, &[("code", &old)]).await;
    assert_eq!(page.said(), Some("That code can no longer be used. Have another one sent."));
    assert!(page.body.contains("No code is on its way") && !page.body.contains("name=\"code\""), "{page:?}");
    let page = site.submit(&mut browser, &page, &[]).await;
    assert_eq!(page.said(), None);
    let fresh = site.codes_mailed().await.remove(0);
    assert_eq!(site.submit(&mut browser, &page, &[("code", &fresh)]).await.title(), "Your account");
}

#[tokio::test(flavor = "multi_thread")]
async fn eml_three_wrong_codes_block_mail_for_five_minutes_and_nothing_else() {
    let (site, totp) = with_both("alice").await;
    let mut browser = Browser::default();
    let page = site.enter(&mut browser, "alice").await;
    assert!(page.body.contains("Your authenticator app shows"), "the app comes first: {page:?}");
    assert_eq!(site.codes_mailed().await.len(), 0);
    let page = site.open(&mut browser, "/login/method").await;
    assert_eq!(page.title(), "Choose a method");
    assert!(!page.body.contains("value=\"recovery\""), "there is nothing to recover with");
    let mut page = site.submit(&mut browser, &page, &[("method", "email")]).await;
    let code = site.codes_mailed().await.remove(0);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..2 {
        page = site.submit(&mut browser, &page, &[("code", wrong)]).await;
        assert!(page.said().unwrap().starts_with("That code is not right."), "{page:?}");
    }
    let blocked = "Too many mailed codes were wrong. For 5 minutes no code is mailed and none counts.";
    for typed in [wrong, &code] {
        page = site.submit(&mut browser, &page, &[("code", typed)]).await;
        assert!(page.said().unwrap().starts_with(blocked), "{page:?}");
    }
    page = site.submit_to(&mut browser, &page, "/login/email/send", &[]).await;
    assert!(page.said().unwrap().starts_with(blocked), "{page:?}");
    // The same in another sign-in, from the choice of methods.
    let mut second = Browser::default();
    site.enter(&mut second, "alice").await;
    let choice = site.open(&mut second, "/login/method").await;
    let refused = site.submit(&mut second, &choice, &[("method", "email")]).await;
    assert!(refused.said().unwrap().starts_with(blocked) && refused.body.contains("No code is on its way"));
    let page = site.open(&mut browser, "/login/method").await;
    let page = site.submit(&mut browser, &page, &[("method", "app")]).await;
    site.advance(60);
    assert_eq!(site.submit(&mut browser, &page, &[("code", &site.code(&totp))]).await.title(), "Your account");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_method_used_last_is_asked_for_first() {
    let (site, totp) = with_both("alice").await;
    let mut browser = Browser::default();
    let page = site.enter(&mut browser, "alice").await;
    assert_eq!(page.form().0, "/login/code");
    let page = site.open(&mut browser, "/login/method").await;
    let page = site.submit(&mut browser, &page, &[("method", "email")]).await;
    let code = site.codes_mailed().await.remove(0);
    assert_eq!(site.submit(&mut browser, &page, &[("code", &code)]).await.title(), "Your account");
    let mut browser = Browser::default();
    let page = site.enter(&mut browser, "alice").await;
    assert_eq!(page.form().0, "/login/email");
    assert_eq!(site.codes_mailed().await.len(), 1, "and the mail is on its way");
    assert!(page.body.contains("Use another method"));
    let page = site.open(&mut browser, "/login/method").await;
    let page = site.submit(&mut browser, &page, &[("method", "app")]).await;
    site.advance(60);
    site.submit(&mut browser, &page, &[("code", &site.code(&totp))]).await;
    let page = site.enter(&mut Browser::default(), "alice").await;
    assert_eq!(page.form().0, "/login/code");
}

#[tokio::test(flavor = "multi_thread")]
async fn rec_a_recovery_code_lets_in_once_and_the_rest_are_counted() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    let codes = keep_recovery(&site, "alice", &totp).await;
    let mut browser = Browser::default();
    let page = site.enter(&mut browser, "alice").await;
    assert!(page.body.contains("<a href=\"/login/method\">Use another method</a>"), "{page:?}");
    let page = site.open(&mut browser, "/login/method").await;
    let page = site.submit(&mut browser, &page, &[("method", "recovery")]).await;
    assert_eq!(page.title(), "Use a recovery code");
    let tried = site.number("SELECT COUNT(*) FROM audit WHERE event = 'code'").await;
    let mistyped = codes[3].replace('-', "").to_lowercase() + "x";
    for slip in ["", "123456", PASSWORD, &mistyped, codes[3].trim_start_matches('3')] {
        let page = site.submit(&mut browser, &page, &[("recovery-code", slip)]).await;
        assert!(page.said().unwrap().starts_with("That is no recovery code"), "{slip}: {page:?}");
    }
    assert_eq!(site.number("SELECT COUNT(*) FROM audit WHERE event = 'code'").await, tried, "rec1: no attempt");
    let typed = format!(" {} ", codes[3].to_lowercase().replace('-', " "));
    let page = site.submit(&mut browser, &page, &[("recovery-code", &typed)]).await;
    assert_eq!(page.title(), "Your account", "{page:?}");
    assert_eq!(page.said(), Some("You have used a recovery code. 9 are left."));
    let mut again = Browser::default();
    site.enter(&mut again, "alice").await;
    let page = site.open(&mut again, "/login/recover").await;
    let page = site.submit(&mut again, &page, &[("recovery-code", &codes[3])]).await;
    assert!(page.said().unwrap().starts_with("That recovery code was used before."), "{page:?}");
    let other = keep_recovery(&site, "alice", &totp).await;
    let page = site.submit(&mut again, &page, &[("recovery-code", &codes[4])]).await;
    assert_eq!(page.title(), "Sign in", "a new set ends what was under way");
    site.enter(&mut again, "alice").await;
    let page = site.open(&mut again, "/login/recover").await;
    let page = site.submit(&mut again, &page, &[("recovery-code", &codes[4])]).await;
    assert!(page.said().unwrap().starts_with("That recovery code is not right."), "{page:?}");
    let page = site.submit(&mut again, &page, &[("recovery-code", &other[4])]).await;
    assert_eq!(page.title(), "Your account");
}

#[tokio::test(flavor = "multi_thread")]
async fn rec_the_key_and_the_last_code_have_successors_at_the_same_sign_in() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    set_policy(&site, |rules| rules.recovery = RecoveryKept::Key).await;
    let keys = keep_recovery(&site, "alice", &totp).await;
    assert_eq!(keys.len(), 1);
    let mut browser = Browser::default();
    site.enter(&mut browser, "alice").await;
    let page = site.open(&mut browser, "/login/recover").await;
    let page = site.submit(&mut browser, &page, &[("recovery-code", &keys[0])]).await;
    assert_eq!(page.title(), "Keep your recovery codes");
    let next = shown(&page);
    assert_ne!(next, keys);
    // Whoever leaves here is shown one the next time.
    let mut left = Browser::default();
    let page_then = site.enter(&mut left, "alice").await;
    site.advance(60);
    let due = site.submit(&mut left, &page_then, &[("code", &site.code(&totp))]).await;
    assert_eq!(due.title(), "Keep your recovery codes");
    let page = site.submit_to(&mut browser, &page, "/login/recovery", &[("saved", "yes")]).await;
    assert_eq!(page.title(), "Your account");
    assert_eq!(site.open(&mut left, "/login/recovery").await.title(), "Sign in", "the other one is over");

    set_policy(&site, |rules| rules.recovery = RecoveryKept::Codes).await;
    let codes = keep_recovery(&site, "alice", &totp).await;
    for (index, code) in codes.iter().enumerate() {
        let mut browser = Browser::default();
        site.enter(&mut browser, "alice").await;
        let page = site.open(&mut browser, "/login/recover").await;
        let page = site.submit(&mut browser, &page, &[("recovery-code", code)]).await;
        let (title, said) = match index {
            9 => ("Keep your recovery codes", "You have used your last recovery code.".to_owned()),
            8 => ("Your account", "You have used a recovery code. One is left.".to_owned()),
            _ => ("Your account", format!("You have used a recovery code. {} are left.", 9 - index)),
        };
        assert_eq!((page.title().as_str(), page.said()), (title, Some(said.as_str())));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_second_factor_is_chosen_and_may_be_codes_by_mail() {
    let site = Site::mailing().await;
    site.member("bob", true).await;
    give_address(&site, "bob", false).await;
    let mut browser = Browser::default();
    let page = site.enter(&mut browser, "bob").await;
    assert_eq!(page.title(), "Show that it is you");
    assert!(page.body.contains("<strong>b…\u{2060}@example.org</strong>"), "{page:?}");
    assert!(!page.body.contains("/login/later"), "policy lets nobody put it off");
    assert_eq!(site.codes_mailed().await.len(), 0, "mail is sent when it is asked for");
    for to in ["/login/setup", "/login/setup/app"] {
        assert_eq!(site.open(&mut browser, to).await.title(), "Show that it is you", "{to}");
        let body = crate::support::site::encode([("form", page.form().1[0].1.as_str()), ("method", "email")]);
        let skip = site.send(browser.form(to, &body)).await;
        assert_ne!(skip.status, StatusCode::OK, "{to}: {skip:?}");
        assert_eq!(site.number("SELECT COUNT(*) FROM users WHERE email_codes_at IS NOT NULL").await, 0);
    }
    let page = site.submit_to(&mut browser, &page, "/login/setup/email/send", &[]).await;
    let code = site.codes_mailed().await.remove(0);
    site.advance(60);
    let page = site.submit_to(&mut browser, &page, "/login/setup/email/send", &[]).await;
    assert_eq!(site.codes_mailed().await, [code.as_str()], "the same again");
    assert!(!page.body.contains("name=\"remember\""), "nothing is offered that this page does not take: {page:?}");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let page = site.submit(&mut browser, &page, &[("code", wrong)]).await;
    assert!(page.said().unwrap().starts_with("That code is not right."), "{page:?}");
    let page = site.submit(&mut browser, &page, &[("code", &code)]).await;
    assert!(page.body.contains("Aegis"), "{page:?}");
    // Looks at the app first, and goes back.
    let app = site.choose_app(&mut browser, &page).await;
    assert!(app.body.contains("<a href=\"/login/setup\">Choose another second factor</a>"), "{app:?}");
    let page = site.open(&mut browser, "/login/setup").await;
    let page = site.submit(&mut browser, &page, &[("method", "email")]).await;
    assert_eq!(page.title(), "Keep your recovery codes", "{page:?}");
    let page = site.submit_to(&mut browser, &page, "/login/recovery", &[("saved", "yes")]).await;
    assert_eq!(page.title(), "Your account");
    let page = site.enter(&mut Browser::default(), "bob").await;
    assert_eq!(page.form().0, "/login/email");
    let code = site.codes_mailed().await;
    assert_eq!(code.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn p21_set_up_is_put_off_as_policy_grants_and_no_other_way() {
    let site = Site::new().await;
    site.member("bob", true).await;
    set_policy(&site, |rules| rules.skips = 2).await;
    let mut browser = Browser::default();
    let page = site.enter(&mut browser, "bob").await;
    assert_eq!(page.title(), "Choose a second factor");
    assert!(page.body.contains("You can put this off 2 more times."), "{page:?}");
    let page = site.submit_to(&mut browser, &page, "/login/later", &[]).await;
    assert_eq!(page.title(), "Your account");
    let mut browser = Browser::default();
    let page = site.enter(&mut browser, "bob").await;
    assert!(page.body.contains("You can put this off once more."), "{page:?}");
    let (_, hidden) = page.form();
    assert_eq!(site.submit_to(&mut browser, &page, "/login/later", &[]).await.title(), "Your account");
    let mut browser = Browser::default();
    let page = site.enter(&mut browser, "bob").await;
    assert!(!page.body.contains("/login/later"), "used up: {page:?}");
    for token in [page.form().1[0].1.clone(), hidden[0].1.clone()] {
        let body = crate::support::site::encode([("form", token.as_str())]);
        let answer = site.send(browser.form("/login/later", &body)).await;
        assert!(answer.headers.get(header::SET_COOKIE).is_none(), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_may_have_what_was_set_up_used_at_once() {
    let site = Site::with(|config| config.after_setup = AfterSetup::SignIn).await;
    site.member("bob", true).await;
    let mut browser = Browser::default();
    let page = site.enter(&mut browser, "bob").await;
    let (totp, page) = site.set_up_app(&mut browser, &page).await;
    let page = site.submit_to(&mut browser, &page, "/login/recovery", &[("saved", "yes")]).await;
    assert_eq!(page.title(), "Sign in");
    assert_eq!(page.said(), Some("Your second factor is set up. Sign in with it now."));
    assert!(!browser.cookies.contains_key("__Host-twolatch_attempt"));
    assert_eq!(site.number("SELECT COUNT(*) FROM sessions").await, 0);
    site.sign_in(&mut browser, "bob", &totp).await;
}
