//! The requests of people who have lost their second factor, as administrators and supervisors see and answer them.

use axum::http::StatusCode;
use twolatch_core::door::Door;
use twolatch_core::letter::Letter;
use twolatch_core::login::answers::Approval;
use twolatch_core::user::{Role, User};

use crate::admin::{confirm, of_role};
use crate::support::core::{actor, parsed};
use crate::support::site::{Browser, Page, Site};

const REQUESTS: &str = "/admin/requests";

/// Somebody with an app and an address asks.
async fn asks(site: &Site, name: &str) {
    site.enrolled(name).await;
    let address = format!("{name}@example.org").parse().unwrap();
    let edit = |user: &mut User| user.email = Some(address);
    site.app.logins.change_user(&parsed(name), String::new(), &actor(site.now()), edit).await.unwrap();
    let person = site.app.logins.named(&parsed(name)).await.unwrap();
    let _ = site.app.logins.file_request(&person, Door::Ssh, "198.51.100.7", site.now()).await.unwrap();
}

async fn has_app(site: &Site, name: &str) -> bool {
    !site.app.logins.named(&parsed(name)).await.unwrap().factors.is_empty()
}

/// The page behind which the answer is given, with a second factor just shown.
async fn answering(site: &Site, browser: &mut Browser, totp: &twolatch_core::factor::totp::Totp, to: &str) -> Page {
    let page = site.open(browser, to).await;
    if page.title() == "Confirm that it is you" { confirm(site, browser, totp, &page).await } else { page }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_wait_are_counted_and_are_answered_with_a_note() {
    let site = Site::mailing().await;
    let (mut browser, totp) = of_role(&site, "admin", Role::Admin).await;
    let page = site.open(&mut browser, REQUESTS).await;
    assert_eq!(page.title(), "Requested");
    assert!(page.body.contains("Nobody waits for help.") && !page.body.contains("1 waits"), "{page:?}");
    asks(&site, "anna").await;
    asks(&site, "ben").await;
    let page = site.open(&mut browser, REQUESTS).await;
    for text in ["2 wait", "anna", "198.51.100.7", "SSH", "App", "/admin/requests/anna/reset", "/admin/user/ben"] {
        assert!(page.body.contains(text), "{text}: {page:?}");
    }
    let (mut sees, _) = of_role(&site, "sees", Role::Supervisor).await;
    let page = site.open(&mut sees, REQUESTS).await;
    assert!(page.body.contains("anna") && !page.body.contains("/reset"), "{page:?}");
    let page = site.open(&mut sees, "/admin/requests/anna/reset").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    site.advance(301);
    let page = answering(&site, &mut browser, &totp, "/admin/requests/anna/reset").await;
    assert_eq!(page.title(), "Reset <strong>anna</strong>, as requested");
    let page = site.submit(&mut browser, &page, &[("note", "See you at the desk")]).await;
    assert_eq!(page.said(), Some("anna sets up a second factor at the next sign-in."));
    assert!(!has_app(&site, "anna").await && has_app(&site, "ben").await);
    let page = answering(&site, &mut browser, &totp, "/admin/requests/ben/dismiss").await;
    let page = site.submit(&mut browser, &page, &[("note", "")]).await;
    assert!(page.said().unwrap().starts_with("The request of ben is dismissed."), "{page:?}");
    assert!(has_app(&site, "ben").await && page.body.contains("Nobody waits for help."), "{page:?}");
    let mut told = Vec::new();
    for mail in site.core.store().claim_mails(100, site.now()).await.unwrap() {
        if let Letter::Decision { approved, note } = mail.mail.letter {
            told.push((mail.mail.to.to_string(), approved, note));
        }
    }
    told.sort();
    let note = Some("See you at the desk".to_owned());
    let expected = [("anna@example.org".to_owned(), true, note), ("ben@example.org".to_owned(), false, None)];
    assert_eq!(told, expected, "rec10");
    let page = answering(&site, &mut browser, &totp, "/admin/requests/anna/dismiss").await;
    assert!(page.said().unwrap().starts_with("This request does not wait any more."), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn t9_nobody_answers_to_their_own_and_an_old_page_answers_nothing() {
    let site = Site::mailing().await;
    let (mut browser, totp) = of_role(&site, "admin", Role::Admin).await;
    let admin = site.app.logins.named(&parsed("admin")).await.unwrap();
    let _ = site.app.logins.file_request(&admin, Door::Web, "192.0.2.1", site.now()).await.unwrap();
    let page = site.open(&mut browser, REQUESTS).await;
    assert!(page.body.contains("Your own: another administrator answers."), "{page:?}");
    let page = answering(&site, &mut browser, &totp, "/admin/requests/admin/reset").await;
    assert!(page.said().unwrap().starts_with("This is your own request."), "{page:?}");
    // The request that the page shows was answered, and there is another one.
    asks(&site, "anna").await;
    let shown = answering(&site, &mut browser, &totp, "/admin/requests/anna/reset").await;
    let root = actor(site.now());
    site.app.logins.dismiss_request(&parsed("anna"), "", &root).await.unwrap();
    site.core.tamper("DELETE FROM budgets").await;
    let person = site.app.logins.named(&parsed("anna")).await.unwrap();
    let _ = site.app.logins.file_request(&person, Door::Web, "203.0.113.9", site.now()).await.unwrap();
    let page = site.submit(&mut browser, &shown, &[("note", "")]).await;
    assert!(page.said().unwrap().starts_with("Nothing is changed"), "{page:?}");
    assert!(has_app(&site, "anna").await);
    let page = site.open(&mut browser, "/admin/requests/nobody/reset").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND, "w19");
}

#[tokio::test(flavor = "multi_thread")]
async fn t9_a_second_administrator_approves_where_two_have_to() {
    let mut site = Site::mailing().await;
    let (mut ann, one) = of_role(&site, "ann", Role::Admin).await;
    let (mut ben, other) = of_role(&site, "ben", Role::Admin).await;
    asks(&site, "carl").await;
    site.approval(Approval { by_two: true, after_hours: 0 });
    let to = "/admin/requests/carl/reset";
    let page = answering(&site, &mut ann, &one, to).await;
    assert!(page.body.contains("A second administrator has to approve before anything happens."), "{page:?}");
    let page = site.submit(&mut ann, &page, &[("note", "")]).await;
    assert!(page.said().unwrap().starts_with("You have approved."), "{page:?}");
    assert!(page.body.contains("<strong>ann</strong> has approved"), "{page:?}");
    let page = answering(&site, &mut ann, &one, to).await;
    let page = site.submit(&mut ann, &page, &[("note", "")]).await;
    assert!(page.said().unwrap().starts_with("You have approved this request already."), "{page:?}");
    assert!(has_app(&site, "carl").await);
    let page = answering(&site, &mut ben, &other, to).await;
    site.submit(&mut ben, &page, &[("note", "")]).await;
    assert!(!has_app(&site, "carl").await);
}
