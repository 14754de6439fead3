//! The console: who comes in, who may change something, and for how long.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use idp_server::router;
use twolatch_core::factor::totp::Totp;
use twolatch_core::user::Role;

use crate::support::core::{actor, parsed};
use crate::support::site::{Browser, Page, Site, encode};

const WHY: &str = "/admin/settings/why";
const CONFIRM: &str = "/account/confirm";

/// Somebody of a role who is signed in with an authenticator.
pub(crate) async fn of_role(site: &Site, name: &str, role: Role) -> (Browser, Totp) {
    let totp = site.enrolled(name).await;
    site.app
        .logins
        .change_user(&parsed(name), String::new(), &actor(site.now()), |user| user.role = role)
        .await
        .unwrap();
    let mut browser = Browser::default();
    site.sign_in(&mut browser, name, &totp).await;
    (browser, totp)
}

/// Shows a second factor to a page that asks for one first.
pub(crate) async fn confirm(site: &Site, browser: &mut Browser, totp: &Totp, page: &Page) -> Page {
    assert_eq!(page.title(), "Confirm that it is you", "{page:?}");
    site.advance(30);
    site.submit_to(browser, page, CONFIRM, &[("code", &site.code(totp))]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn t9_every_page_and_action_of_the_console_asks_for_the_role() {
    let site = Site::new().await;
    let mut people = vec![("nobody", Browser::default())];
    for (name, role) in [("member", Role::Member), ("supervisor", Role::Supervisor), ("admin", Role::Admin)] {
        people.push((name, of_role(&site, name, role).await.0));
    }
    // Whoever has only the cookie: the second factor was shown at sign-in, and that is a while ago.
    site.advance(301);
    let mut matrix =
        format!("{:<44} {:<6} {:<10} {:<10} {:<10} {:<10}", "", "", "nobody", "member", "supervisor", "admin");
    for (path, _) in router::console() {
        let to = path.replace("{name}", "member").replace("{id}", "none").replace("{version}", "1");
        for method in [Method::GET, Method::POST] {
            write!(matrix, "\n{path:<44} {method:<6}").unwrap();
            for (name, browser) in &mut people {
                let page = if method == Method::GET {
                    site.send(browser.request(Method::GET, &to, Body::empty())).await
                } else {
                    let token = token(&site, browser).await;
                    site.send(browser.form(&to, &encode([("form", token.as_str())]))).await
                };
                let told = match (page.status.as_u16(), page.location()) {
                    (303, Some(to)) if to.starts_with(CONFIRM) => "confirm".to_owned(),
                    (303, Some(to)) => to,
                    (status, _) => status.to_string(),
                };
                write!(matrix, " {told:<10}").unwrap();
                let exists = told != "405";
                match *name {
                    "nobody" => assert!(["/login", "403", "405"].contains(&told.as_str()), "{path} {method}: {told}"),
                    "member" => assert!(["404", "405"].contains(&told.as_str()), "{path} {method}: {told}"),
                    "supervisor" if method == Method::POST => assert!(!exists || told == "403", "{path}: {told}"),
                    "supervisor" => {
                        assert!(!page.body.contains("method=\"post\""), "{path}: a form to change something");
                    }
                    _ if method == Method::POST => assert!(!exists || told == "confirm", "{path}: {told}"),
                    _ => {}
                }
            }
        }
    }
    insta::assert_snapshot!("route_and_role", matrix);
}

/// The token for forms of a browser.
async fn token(site: &Site, browser: &mut Browser) -> String {
    let page = site.open(browser, "/account").await;
    page.form().1.into_iter().find(|(name, _)| name == "form").unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn t9_a_console_that_is_left_alone_closes() {
    let site = Site::new().await;
    let (mut browser, totp) = of_role(&site, "admin", Role::Admin).await;
    let to = format!("{WHY}?person=admin");
    let page = site.open(&mut browser, &to).await;
    assert_eq!((page.status, page.title().as_str()), (StatusCode::OK, "Why?"));
    for _ in 0..3 {
        site.advance(899);
        assert_eq!(site.open(&mut browser, &to).await.title(), "Why?", "it is in use");
    }
    site.advance(961); // a use is noted once a minute
    let page = site.open(&mut browser, &to).await;
    let page = confirm(&site, &mut browser, &totp, &page).await;
    assert_eq!(page.title(), "Why?", "{page:?}");
    assert!(page.body.contains("What is asked of <strong>admin</strong>"), "back to what was looked at: {page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn w_4_confirming_leads_back_to_nothing_but_pages_of_ours() {
    let site = Site::new().await;
    let (mut browser, totp) = of_role(&site, "admin", Role::Admin).await;
    site.advance(1000);
    for to in [
        "//evil.example",
        "https://evil.example/admin",
        "/admin/../account",
        "/administrator",
        "/admin%0d%0aX: y",
        "/admin\\evil",
        "/admin//evil?x=<b>",
        "/admin/./x",
        "admin",
    ] {
        let query = encode([("for", to)]);
        let page = site.open(&mut browser, &format!("{CONFIRM}?{query}")).await;
        assert_eq!(page.hidden_of(CONFIRM)[1], ("for".to_owned(), "security".to_owned()), "{to}");
    }
    let page = site.open(&mut browser, WHY).await;
    let page = confirm(&site, &mut browser, &totp, &page).await;
    assert_eq!(page.title(), "Why?");
}

#[tokio::test(flavor = "multi_thread")]
async fn why_says_what_policy_explain_says() {
    let site = Site::new().await;
    let (mut browser, _) = of_role(&site, "sees", Role::Supervisor).await;
    site.member("newcomer", true).await;
    let page = site.open(&mut browser, &format!("{WHY}?person=newcomer")).await;
    assert_eq!(page.body.matches("<tr><th scope=\"row\">").count(), 6, "one row for each door: {page:?}");
    assert!(
        page.body.contains("To set up a second factor") && page.body.contains("The rule for the whole organisation")
    );
    let page = site.open(&mut browser, &format!("{WHY}?person=%3Cb%3E")).await;
    assert_eq!(
        page.said(),
        Some("There is no user &#60;b&#62;. Check the spelling: it is the name that the person signs in with.")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t9_an_administrators_cookie_alone_changes_nothing_after_five_minutes() {
    const STATE: &str = "SELECT 1000000 * (SELECT COUNT(*) FROM audit) + 10000 * (SELECT COUNT(*) FROM jobs) \
         + 1000 * (SELECT MAX(version) FROM policies) + (SELECT SUM(security_version) FROM users)";
    let site = Site::mailing().await;
    let (mut browser, totp) = of_role(&site, "admin", Role::Admin).await;
    site.enrolled("anna").await;
    let page = site.open(&mut browser, "/admin/user/anna/role").await;
    let ready = confirm(&site, &mut browser, &totp, &page).await;
    let before = site.number(STATE).await;
    site.advance(300);
    let late = site.post(&mut browser, &ready, &[("value", "admin")]).await;
    assert!(late.location().unwrap().starts_with(CONFIRM), "{late:?}");
    let mut asked = 0;
    for (path, _) in router::console() {
        let to = path.replace("{name}", "anna").replace("{id}", "none").replace("{version}", "1");
        let token = token(&site, &mut browser).await;
        let page = site.send(browser.form(&to, &encode([("form", token.as_str())]))).await;
        if page.status != StatusCode::METHOD_NOT_ALLOWED {
            assert!(page.location().is_some_and(|to| to.starts_with(CONFIRM)), "{to}: {page:?}");
            asked += 1;
        }
    }
    assert_eq!((asked, site.number(STATE).await), (42, before), "nothing was changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn w_19_the_console_is_to_members_what_nothing_is() {
    let site = Site::new().await;
    let (mut browser, _) = of_role(&site, "member", Role::Member).await;
    let absent = site.get(&mut browser, "/admin/nothing").await;
    for (path, methods) in router::console() {
        drop(methods);
        let to = path.replace("{name}", "member").replace("{id}", "none").replace("{version}", "1");
        let page = site.get(&mut browser, &to).await;
        if page.status != StatusCode::METHOD_NOT_ALLOWED {
            assert_eq!((page.status, page.title()), (absent.status, absent.title()), "{to}");
        }
    }
}
