//! Signing in and setting up through the pages, as a browser sees it.

use axum::http::{StatusCode, header};
use twolatch_core::policy::{Level, Rules};

use crate::support::core::{actor, code_at, parsed, wrong_code};
use crate::support::site::{Browser, PASSWORD, Site, encode};

/// A second password that may be chosen.
const OTHER: &str = "seven violet harbours";

#[tokio::test(flavor = "multi_thread")]
async fn password_and_code_lead_to_the_account_and_sign_out_leads_back() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    let mut browser = Browser::default();
    let account = site.sign_in(&mut browser, "alice", &totp).await;
    assert!(account.body.contains("<dd>alice</dd>"));
    let security = site.open(&mut browser, "/account/security").await;
    assert!(security.body.contains("Last used <time datetime=\"2027-01-15T08:01:10Z\">15 January 2027, 08:01 UTC"));
    let page = site.open(&mut browser, "/login").await;
    assert_eq!(page.title(), "Your account", "who is signed in need not sign in");
    let page = site.submit(&mut browser, &account, &[]).await;
    assert_eq!((page.title().as_str(), page.said()), ("Sign in", Some("You are signed out.")));
    assert_eq!(site.open(&mut browser, "/account").await.title(), "Sign in");
    assert_eq!(site.number("SELECT COUNT(*) FROM sessions").await, 0);
    let page = site.get(&mut browser, "/login").await;
    assert_eq!(page.said(), None, "what was said is said once");
}

#[tokio::test(flavor = "multi_thread")]
async fn w_25_same_all_who_cannot_sign_in_are_told_the_same() {
    let site = Site::new().await;
    site.enrolled("alice").await;
    site.enrolled("carol").await;
    site.core.member("nobody-yet").await;
    let disable = |user: &mut twolatch_core::user::User| user.disabled_at = Some(site.now());
    site.app.logins.change_user(&parsed("carol"), "disabled".to_owned(), &actor(site.now()), disable).await.unwrap();
    let mut answers = Vec::new();
    for (name, password) in [
        ("alice", "wrong"),
        ("nobody", PASSWORD),
        ("carol", PASSWORD),
        ("nobody-yet", PASSWORD),
        ("not a name", PASSWORD),
        ("nobody@example.org", PASSWORD),
        ("", ""),
        ("alice", ""),
    ] {
        let mut browser = Browser::default();
        let page = site.open(&mut browser, "/login").await;
        let answer = site.post(&mut browser, &page, &[("username", name), ("password", password)]).await;
        let page = site.open(&mut browser, &answer.location().unwrap()).await;
        assert!(!browser.cookies.contains_key("__Host-twolatch_attempt"), "{name}");
        let token = page.form().1.remove(0).1;
        let typed = format!("value=\"{name}\"");
        let body = page.body.replace(&token, "TOKEN").replace(&typed, "TYPED").replace(" autofocus", "");
        answers.push((answer.status, answer.location(), page.said().map(str::to_owned), body));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers[0].0, StatusCode::SEE_OTHER);
    for _ in 0..6 {
        let mut browser = Browser::default();
        let page = site.open(&mut browser, "/login").await;
        let page = site.submit(&mut browser, &page, &[("username", "alice"), ("password", "wrong")]).await;
        assert_eq!(page.said().map(str::to_owned), answers[0].2, "waiting sounds the same");
    }
    let mut browser = Browser::default();
    let page = site.open(&mut browser, "/login").await;
    let page = site.submit(&mut browser, &page, &[("username", "alice"), ("password", PASSWORD)]).await;
    assert_eq!(page.said().map(str::to_owned), answers[0].2, "so does the right password while waiting");
    site.advance(3600);
    let page = site.submit(&mut browser, &page, &[("username", " ALICE "), ("password", PASSWORD)]).await;
    assert_eq!(page.title(), "Enter your code");
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_judged_once_and_their_refusals_are_told_apart() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    let mut browser = Browser::default();
    site.sign_in(&mut browser, "alice", &totp).await;
    let mut other = Browser::default();
    let page = site.open(&mut other, "/login").await;
    let page = site.submit(&mut other, &page, &[("username", "alice"), ("password", PASSWORD)]).await;
    let used = site.code(&totp);
    let page = site.submit(&mut other, &page, &[("code", &used)]).await;
    assert!(page.said().unwrap().starts_with("That code was used before."), "{page:?}");
    let page = site.submit(&mut other, &page, &[("code", &wrong_code(&totp, site.now()))]).await;
    assert!(page.said().unwrap().starts_with("That code is not right."), "{page:?}");
    let tried = site.number("SELECT COUNT(*) FROM audit WHERE event = 'code'").await;
    for typed in ["", "12345", "abcdef", "１２３４５６", "+12345", "1e5000", PASSWORD] {
        let page = site.submit(&mut other, &page, &[("code", typed)]).await;
        assert!(page.said().unwrap().starts_with("A code has six digits."), "{typed}");
    }
    assert_eq!(site.number("SELECT COUNT(*) FROM audit WHERE event = 'code'").await, tried, "none of these counts");
    site.advance(30);
    let code = site.code(&totp);
    let (front, back) = code.split_at(3);
    let spaced = format!(" {front} {back} ");
    assert_eq!(site.submit(&mut other, &page, &[("code", &spaced)]).await.title(), "Your account");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_authenticator_sets_one_up_and_changes_a_foreign_password() {
    let site = Site::new().await;
    site.member("bob", false).await;
    let mut browser = Browser::default();
    let page = site.open(&mut browser, "/login").await;
    let page = site.submit(&mut browser, &page, &[("username", "bob"), ("password", PASSWORD)]).await;
    let page = site.choose_app(&mut browser, &page).await;
    assert!(page.body.contains("<svg"), "a QR code");
    let totp = page.authenticator();
    let again = site.get(&mut browser, "/login/setup/app").await;
    assert_eq!(again.authenticator().base32().expose(), totp.base32().expose(), "looking again changes nothing");
    let page = site.submit(&mut browser, &page, &[("code", &wrong_code(&totp, site.now()))]).await;
    assert!(page.said().unwrap().starts_with("That code is not right."));
    let page = site.submit(&mut browser, &page, &[("code", &code_at(&totp, site.now(), 0))]).await;
    assert!(page.body.contains("Next code") && page.said().is_none(), "{page:?}");
    // The next code was missed; a later one begins anew, and is followed by its next.
    site.advance(90);
    let page = site.submit(&mut browser, &page, &[("code", &code_at(&totp, site.now(), 0))]).await;
    assert!(page.body.contains("Next code") && page.said().is_none(), "{page:?}");
    site.advance(30);
    let page = site.submit(&mut browser, &page, &[("code", &code_at(&totp, site.now(), 0))]).await;
    assert_eq!(page.title(), "Choose a password");
    let page = site.submit(&mut browser, &page, &[("new-password", "bob")]).await;
    assert_eq!(page.said(), Some("The password is too short: it needs at least 8 characters."));
    let page = site.submit(&mut browser, &page, &[("new-password", OTHER)]).await;
    assert_eq!(page.title(), "Keep your recovery codes");
    let page = site.submit_to(&mut browser, &page, "/login/recovery", &[("saved", "yes")]).await;
    assert_eq!(page.title(), "Your account");
    let page = site.open(&mut browser, "/account/security").await;
    assert!(page.body.contains("<strong>Authenticator</strong>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_set_up_is_told_after_the_password_only() {
    let site = Site::new().await;
    site.member("bob", true).await;
    site.advance(8 * 86_400);
    let mut browser = Browser::default();
    let page = site.open(&mut browser, "/login").await;
    let page = site.submit(&mut browser, &page, &[("username", "bob"), ("password", PASSWORD)]).await;
    assert_eq!(page.title(), "Sign in");
    assert!(page.said().unwrap().starts_with("Your account needs a second factor"), "{page:?}");
    assert_eq!(site.number("SELECT COUNT(*) FROM sessions").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_policy_asks_for_nothing_the_password_is_enough() {
    let site = Site::new().await;
    site.member("bob", true).await;
    let rules = Rules::initial(Level::Off);
    site.app.logins.set_rules(rules, 1, "test".to_owned(), &actor(site.now())).await.unwrap();
    site.advance(2);
    let mut browser = Browser::default();
    let page = site.open(&mut browser, "/login").await;
    let page = site.submit(&mut browser, &page, &[("username", "bob"), ("password", PASSWORD)]).await;
    assert_eq!(page.title(), "Your account");
    assert!(page.body.contains("Enable multi-factor authentication"));
}

#[tokio::test(flavor = "multi_thread")]
async fn ses_3_every_level_has_its_own_cookie_and_a_planted_one_is_worth_nothing() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    let mut browser = Browser::default();
    let planted = "a".repeat(32);
    for name in ["__Host-twolatch_attempt", "__Host-twolatch_session", "__Host-twolatch_flow"] {
        browser.cookies.insert(name.to_owned(), planted.clone());
    }
    let page = site.open(&mut browser, "/login").await;
    let page = site.submit(&mut browser, &page, &[("username", "alice"), ("password", PASSWORD)]).await;
    let attempt = browser.cookies["__Host-twolatch_attempt"].clone();
    assert_ne!(attempt, planted);
    let account = site.submit(&mut browser, &page, &[("code", &site.code(&totp))]).await;
    assert_eq!(account.title(), "Your account");
    let first = browser.cookies.clone();
    assert!(!first.contains_key("__Host-twolatch_attempt"));
    assert!(![&planted, &attempt].contains(&&first["__Host-twolatch_session"]));
    assert_ne!(first["__Host-twolatch_flow"], planted);

    // Signing in again, as a web app may ask: the old session dies.
    let mut again = Browser { cookies: first.clone() };
    again.cookies.remove("__Host-twolatch_session");
    let page = site.open(&mut again, "/login").await;
    let page = site.submit(&mut again, &page, &[("username", "alice"), ("password", PASSWORD)]).await;
    again.cookies.insert("__Host-twolatch_session".to_owned(), first["__Host-twolatch_session"].clone());
    let page = site.open(&mut again, &page.form().0).await;
    site.advance(30);
    site.submit(&mut again, &page, &[("code", &site.code(&totp))]).await;
    assert_ne!(again.cookies["__Host-twolatch_session"], first["__Host-twolatch_session"]);
    assert_eq!(site.open(&mut Browser { cookies: first }, "/account").await.title(), "Sign in");
    assert_eq!(site.number("SELECT COUNT(*) FROM sessions").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn ses_6_another_password_ends_all_other_sessions_at_once() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    let (mut here, mut there) = (Browser::default(), Browser::default());
    site.sign_in(&mut there, "alice", &totp).await;
    site.sign_in(&mut here, "alice", &totp).await;
    let page = site.open(&mut here, "/account/password").await;
    assert_eq!(page.title(), "Confirm that it is you", "ses_8");
    site.advance(60);
    let page = site.submit_to(&mut here, &page, "/account/confirm", &[("code", &site.code(&totp))]).await;
    let wrong = [("current-password", "wrong"), ("new-password", OTHER)];
    let page = site.submit(&mut here, &page, &wrong).await;
    assert!(page.said().unwrap().starts_with("Your present password is not right."));
    let before = here.cookies.clone();
    let right = [("current-password", PASSWORD), ("new-password", OTHER)];
    let page = site.submit(&mut here, &page, &right).await;
    assert_eq!(page.title(), "Your account");
    assert!(page.said().unwrap().starts_with("Your password is changed"), "{page:?}");
    assert_ne!(here.cookies["__Host-twolatch_session"], before["__Host-twolatch_session"]);
    assert_eq!(site.open(&mut Browser { cookies: before }, "/account").await.title(), "Sign in");
    let page = site.open(&mut there, "/account").await;
    assert_eq!(page.title(), "Sign in");
    assert!(!there.cookies.contains_key("__Host-twolatch_session"), "and the cookie is cleared");

    let disable = |user: &mut twolatch_core::user::User| user.disabled_at = Some(site.now());
    site.app.logins.change_user(&parsed("alice"), "disabled".to_owned(), &actor(site.now()), disable).await.unwrap();
    assert_eq!(site.open(&mut here, "/account").await.title(), "Sign in", "so does disabling");
}

#[tokio::test(flavor = "multi_thread")]
async fn w_20_no_step_can_be_skipped_and_no_sign_in_moved_to_another_browser() {
    const INSIDE: [&str; 8] = [
        "/login/code",
        "/login/email",
        "/login/recover",
        "/login/setup",
        "/login/setup/app",
        "/login/setup/email",
        "/login/recovery",
        "/login/password",
    ];
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    let mut stranger = Browser::default();
    for to in INSIDE.into_iter().chain(["/login/method", "/account", "/account/password"]) {
        assert_eq!(site.open(&mut stranger, to).await.title(), "Sign in", "{to}");
    }
    let mut browser = Browser::default();
    let login = site.open(&mut browser, "/login").await;
    let code = site.submit(&mut browser, &login, &[("username", "alice"), ("password", PASSWORD)]).await;
    for to in INSIDE.into_iter().skip(1) {
        assert_eq!(site.open(&mut browser, to).await.title(), "Enter your code", "{to}");
        let (_, hidden) = code.form();
        let token = hidden[0].1.as_str();
        let skip = site.send(browser.form(to, &encode([("form", token), ("code", "123456")]))).await;
        assert_ne!(skip.status, StatusCode::OK, "{to}");
        assert!(skip.headers.get(header::SET_COOKIE).is_none(), "{to}");
    }
    // The form of one browser in another one, with the first one's sign-in.
    let stolen = site.post(&mut stranger, &code, &[("code", &site.code(&totp))]).await;
    assert_eq!(stolen.status, StatusCode::FORBIDDEN);
    // A finished sign-in is over, for a copy of its cookie too.
    let copy = browser.clone();
    let page = site.submit(&mut browser, &code, &[("code", &site.code(&totp))]).await;
    assert_eq!(page.title(), "Your account");
    let mut late = copy;
    let page = site.open(&mut late, "/login/code").await;
    assert_eq!(page.title(), "Sign in");
    assert!(page.said().unwrap().contains("finished elsewhere"), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn w_26_looking_at_a_link_uses_nothing_and_the_password_uses_it_once() {
    let site = Site::new().await;
    let token = site.app.logins.first_admin_link(&actor(site.now())).await.unwrap().unwrap();
    let link = format!("/setup/{token}");
    for _ in 0..20 {
        let mut scanner = Browser::default();
        assert_eq!(site.get(&mut scanner, &link).await.status, StatusCode::OK);
        let head = site.send(scanner.request(axum::http::Method::HEAD, &link, axum::body::Body::empty())).await;
        assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    }
    let mut browser = Browser::default();
    let page = site.open(&mut browser, &link).await;
    let bad_name = site.submit(&mut browser, &page, &[("username", "not a name"), ("new-password", OTHER)]).await;
    assert!(bad_name.said().unwrap().starts_with("This name cannot be used: a user name starts with"), "{bad_name:?}");
    let weak = site.submit(&mut browser, &page, &[("username", "root-admin"), ("new-password", "password1")]).await;
    assert!(weak.body.contains("value=\"root-admin\"") && weak.said().unwrap().contains("too easy"), "{weak:?}");
    assert_eq!(site.number("SELECT COUNT(*) FROM users").await, 0);
    let page = site.submit(&mut browser, &weak, &[("username", "root-admin"), ("new-password", OTHER)]).await;
    assert_eq!(page.said(), Some("Your password is set."));
    assert_eq!(site.number("SELECT COUNT(*) FROM sessions").await, 0, "a password alone opens nothing");
    let elsewhere = Browser::default();
    let page = site.choose_app(&mut browser, &page).await;
    let totp = page.authenticator();
    let wrong = site.submit(&mut browser, &page, &[("code", "12345")]).await;
    assert_eq!(wrong.authenticator().base32().expose(), totp.base32().expose());
    let next = site.submit(&mut browser, &wrong, &[("code", &code_at(&totp, site.now(), -1))]).await;
    assert!(next.body.contains("Next code"), "{next:?}");
    let page = site.submit(&mut browser, &next, &[("code", &code_at(&totp, site.now(), 0))]).await;
    let page = site.submit_to(&mut browser, &page, "/login/recovery", &[("saved", "yes")]).await;
    assert_eq!(page.title(), "Your account");
    assert!(page.body.contains("<dd>Administrator</dd>"));
    for mut anybody in [browser, elsewhere] {
        let used = site.get(&mut anybody, &link).await;
        assert_eq!((used.status, used.title().as_str()), (StatusCode::GONE, "This link can no longer be used"));
    }
    for broken in [link.split_at(link.len() - 1).0, &format!("{link}."), &format!("{link}%3E"), "/setup/x"] {
        assert_eq!(site.get(&mut Browser::default(), broken).await.status, StatusCode::GONE, "{broken}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w_26_an_invitation_ends_whoever_elses_session_the_browser_had() {
    let site = Site::new().await;
    let alice = site.enrolled("alice").await;
    site.core.member("bob").await;
    let token = site.app.logins.invite(&parsed("bob"), &actor(site.now())).await.unwrap();
    let mut browser = Browser::default();
    site.sign_in(&mut browser, "alice", &alice).await;
    let page = site.open(&mut browser, &format!("/setup/{token}")).await;
    assert!(page.body.contains("Welcome, <strong>bob</strong>"));
    let page = site.submit(&mut browser, &page, &[("new-password", OTHER)]).await;
    let (_, page) = site.set_up_app(&mut browser, &page).await;
    let page = site.submit_to(&mut browser, &page, "/login/recovery", &[("saved", "yes")]).await;
    assert!(page.body.contains("<dd>bob</dd>"), "{page:?}");
    assert_eq!(site.number("SELECT COUNT(*) FROM sessions").await, 1);
    // A newer link replaces an older one; whoever has an authenticator shows it behind the new password.
    let older = site.app.logins.invite(&parsed("bob"), &actor(site.now())).await.unwrap();
    let newer = site.app.logins.invite(&parsed("bob"), &actor(site.now())).await.unwrap();
    assert_eq!(site.get(&mut browser, &format!("/setup/{older}")).await.status, StatusCode::GONE);
    let page = site.open(&mut browser, &format!("/setup/{newer}")).await;
    let page = site.submit(&mut browser, &page, &[("new-password", PASSWORD)]).await;
    assert_eq!((page.title().as_str(), page.said()), ("Enter your code", Some("Your password is set.")));
}

#[tokio::test(flavor = "multi_thread")]
async fn p37_t14_what_is_typed_in_the_wrong_field_is_kept_nowhere() {
    let site = Site::new().await;
    let totp = site.enrolled("alice").await;
    site.advance(60);
    let code = site.code(&totp);
    let mut browser = Browser::default();
    for (name, password) in [(PASSWORD, "wrong"), (code.as_str(), "wrong"), (PASSWORD, PASSWORD), ("alice", &code)] {
        let page = site.open(&mut browser, "/login").await;
        site.submit(&mut browser, &page, &[("username", name), ("password", password)]).await;
    }
    let page = site.enter(&mut browser, "alice").await;
    let page = site.submit(&mut browser, &page, &[("code", PASSWORD)]).await;
    assert!(page.said().unwrap().starts_with("A code has six digits"), "{page:?}");
    let page = site.submit(&mut browser, &page, &[("code", &code)]).await;
    assert_eq!(page.title(), "Your account");
    let records = site.app.store.latest_audit(1000).await.unwrap();
    assert!(records.len() > 5, "{records:?}");
    // What stands there as text; a code may stand in a number by chance.
    let records = serde_json::to_value(&records).unwrap();
    let columns = records.as_array().unwrap().iter().flat_map(|record| record.as_object().unwrap().values());
    let recorded = columns.filter_map(serde_json::Value::as_str).map(str::to_owned);
    let pool = site.app.store.pool();
    let budgets: Vec<String> = sqlx::query_scalar("SELECT id FROM budgets").fetch_all(pool).await.unwrap();
    assert!(!budgets.is_empty());
    for text in budgets.into_iter().chain(recorded) {
        assert!(!text.contains(PASSWORD) && !text.contains(&code), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_10_the_first_link_dies_after_an_hour_by_a_newer_one_and_with_the_first_administrator() {
    let site = Site::new().await;
    assert_eq!(site.number("SELECT COUNT(*) FROM users").await, 0, "there is no default account");
    let link = async || site.app.logins.first_admin_link(&actor(site.now())).await.unwrap();
    let status = async |token: &str| site.get(&mut Browser::default(), &format!("/setup/{token}")).await.status;
    let (older, newer) = (link().await.unwrap(), link().await.unwrap());
    assert_eq!((status(&older).await, status(&newer).await), (StatusCode::GONE, StatusCode::OK));
    site.advance(3599);
    assert_eq!(status(&newer).await, StatusCode::OK);
    site.advance(1);
    assert_eq!(status(&newer).await, StatusCode::GONE, "an hour");
    let token = link().await.unwrap();
    let mut browser = Browser::default();
    let page = site.open(&mut browser, &format!("/setup/{token}")).await;
    site.core.member("root-admin").await;
    let promote = |user: &mut twolatch_core::user::User| user.role = twolatch_core::user::Role::Admin;
    site.app.logins.change_user(&parsed("root-admin"), String::new(), &actor(site.now()), promote).await.unwrap();
    assert_eq!(status(&token).await, StatusCode::GONE, "there is one by now");
    site.post(&mut browser, &page, &[("username", "second"), ("new-password", OTHER)]).await;
    assert_eq!(site.number("SELECT COUNT(*) FROM users").await, 1);
    assert!(link().await.is_none(), "and no other link is made");
}
