//! One person's page, and what administrators do there: behind a fresh second factor, never to themselves, and without ever
//! seeing a secret (REC-12, T-9, W-19).

use axum::http::StatusCode;
use twolatch_core::factor::totp::Totp;
use twolatch_core::letter::{Letter, Notice};
use twolatch_core::user::{Role, User};

use crate::admin::{confirm, of_role};
use crate::support::core::{actor, parsed};
use crate::support::site::{Browser, PASSWORD, Page, Site};

/// What is done on pages, by the last part of their address.
const ACTS: [&str; 15] = [
    "role",
    "groups",
    "level",
    "methods",
    "address",
    "confirm-address",
    "invite",
    "reopen-setup",
    "reset",
    "unlock",
    "end-sessions",
    "forget-devices",
    "disable",
    "enable",
    "remove",
];

/// An administrator who has just shown a second factor, and Anna, who has everything.
async fn office(site: &Site) -> (Browser, Totp) {
    let totp = site.enrolled("anna").await;
    let edit = |user: &mut User| user.email = Some("anna@example.org".parse().unwrap());
    site.app.logins.change_user(&parsed("anna"), String::new(), &actor(site.now()), edit).await.unwrap();
    let mut anna = Browser::default();
    site.sign_in(&mut anna, "anna", &totp).await;
    let (mut browser, totp) = of_role(site, "admin", Role::Admin).await;
    let page = site.open(&mut browser, "/admin/user/anna/role").await;
    confirm(site, &mut browser, &totp, &page).await;
    (browser, totp)
}

/// Opens the page of something to do, and does it.
async fn act(site: &Site, browser: &mut Browser, what: &str, fields: &[(&str, &str)]) -> Page {
    let page = site.open(browser, &format!("/admin/user/anna/{what}")).await;
    assert_eq!(page.status, StatusCode::OK, "{what}: {page:?}");
    site.submit(browser, &page, fields).await
}

async fn anna(site: &Site) -> User {
    site.app.logins.named(&parsed("anna")).await.unwrap().user
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_about_a_person_is_shown_and_no_secret() {
    let site = Site::mailing().await;
    let (mut browser, _) = office(&site).await;
    let page = site.open(&mut browser, "/admin/user/anna").await;
    assert_eq!((page.status, page.title().as_str()), (StatusCode::OK, "anna"));
    for text in
        ["Activated", "anna@example.org", "Member", "Authenticator", "192.0.2.7", "factor_added", "user_changed"]
    {
        assert!(page.body.contains(text), "{text}: {page:?}");
    }
    for what in ACTS.iter().filter(|what| !["confirm-address", "reopen-setup", "unlock", "enable"].contains(*what)) {
        assert!(page.body.contains(&format!("/admin/user/anna/{what}\"")), "{what}: {page:?}");
    }
    let person = site.app.logins.named(&parsed("anna")).await.unwrap();
    let secrets =
        [person.factors[0].totp.base32().expose().to_owned(), person.user.password.unwrap().expose().to_owned()];
    assert!(secrets.iter().all(|secret| !page.body.contains(secret)), "rec12");
    assert!(!page.body.contains("$argon2"), "rec12");
    // Whoever looks only is shown the same, and nothing to do.
    let (mut sees, _) = of_role(&site, "sees", Role::Supervisor).await;
    let page = site.open(&mut sees, "/admin/user/anna").await;
    assert!(page.body.contains("Activated") && !page.body.contains("/admin/user/anna/"), "{page:?}");
    for name in ["nobody", "%3Cb%3E", "anna%2F..", "ANNA%20"] {
        let page = site.open(&mut browser, &format!("/admin/user/{name}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "w19: {name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rec12_no_form_sets_a_password_or_shows_what_is_set_up() {
    let site = Site::mailing().await;
    let (mut browser, _) = office(&site).await;
    for what in ACTS {
        let page = site.open(&mut browser, &format!("/admin/user/anna/{what}")).await;
        assert!(!page.body.contains("type=\"password\""), "{what}");
        let extra = [("password", PASSWORD), ("secret", "JBSWY3DPEHPK3PXP"), ("email_verified", "true")];
        for field in extra {
            let page = site.post(&mut browser, &page, &[field]).await;
            assert_eq!(page.status, StatusCode::BAD_REQUEST, "w18: {what} {field:?}");
        }
    }
    assert!(!anna(&site).await.authenticators.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_happens_is_said_and_recorded() {
    let site = Site::mailing().await;
    let (mut browser, _) = office(&site).await;
    let page = act(&site, &mut browser, "role", &[("value", "supervisor")]).await;
    assert_eq!((page.said(), anna(&site).await.role), (Some("The role is changed."), Role::Supervisor));
    let page = act(&site, &mut browser, "groups", &[("value", " staff ops;staff ")]).await;
    assert_eq!(page.said(), Some("The groups are changed."));
    let groups: Vec<_> = anna(&site).await.groups.iter().map(ToString::to_string).collect();
    assert_eq!(groups, ["ops", "staff"]);
    let page = act(&site, &mut browser, "groups", &[("value", "no!group")]).await;
    assert!(page.said().unwrap().starts_with("That is no list of groups."), "{page:?}");
    act(&site, &mut browser, "level", &[("value", "required")]).await;
    assert!(anna(&site).await.level.is_some());
    act(&site, &mut browser, "level", &[("value", "none")]).await;
    assert!(anna(&site).await.level.is_none());
    act(&site, &mut browser, "methods", &[("value", "totp")]).await;
    assert!(anna(&site).await.methods.is_some());
    let page = act(&site, &mut browser, "methods", &[("value", "password")]).await;
    assert!(page.said().unwrap().starts_with("That is no choice of methods."), "{page:?}");
    act(&site, &mut browser, "methods", &[("value", "none")]).await;
    assert!(anna(&site).await.methods.is_none());
    act(&site, &mut browser, "disable", &[]).await;
    assert!(anna(&site).await.disabled_at.is_some());
    act(&site, &mut browser, "enable", &[]).await;
    assert!(anna(&site).await.disabled_at.is_none());
    act(&site, &mut browser, "unlock", &[]).await;
    let page = act(&site, &mut browser, "end-sessions", &[]).await;
    assert_eq!(page.said(), Some("All sessions have ended."));
    assert_eq!(
        site.core
            .number("SELECT COUNT(*) FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.name = 'anna'")
            .await,
        0
    );
    act(&site, &mut browser, "forget-devices", &[]).await;
    let page = act(&site, &mut browser, "reset", &[]).await;
    assert!(page.body.contains("Nothing is set up yet."), "{page:?}");
    assert!(anna(&site).await.authenticators.is_empty());
    act(&site, &mut browser, "reopen-setup", &[]).await;
    let page = act(&site, &mut browser, "remove", &[]).await;
    assert_eq!((page.title().as_str(), page.said()), ("Users", Some("anna is removed.")));
    assert!(site.app.logins.named(&parsed("anna")).await.is_err());
    let recorded = site.core.store().latest_audit(100).await.unwrap();
    for event in ["user_changed", "unlocked", "session_ended", "device_forgotten", "factors_reset", "user_deleted"] {
        let of = |record: &&twolatch_core::store::audit::Stored| {
            record.event == event && record.actor.as_deref() == Some("admin")
        };
        let record = recorded.iter().find(of).unwrap_or_else(|| panic!("{event}"));
        assert_eq!((record.user_name.as_deref(), record.source.is_some()), (Some("anna"), true), "{event}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_8_what_somebody_else_has_changed_meanwhile_is_not_overwritten() {
    let site = Site::mailing().await;
    let (mut browser, _) = office(&site).await;
    let acts =
        [("role", "admin"), ("groups", "mine"), ("level", "off"), ("methods", "totp"), ("address", "x@example.org")];
    for (what, value) in acts {
        let old = site.open(&mut browser, &format!("/admin/user/anna/{what}")).await;
        let page = act(&site, &mut browser, "groups", &[("value", what)]).await;
        assert_eq!(page.said(), Some("The groups are changed."));
        let before = anna(&site).await;
        let page = site.submit(&mut browser, &old, &[("value", value)]).await;
        assert!(page.said().unwrap().starts_with("Nothing is changed: somebody else has"), "{what}: {page:?}");
        let after = anna(&site).await;
        assert_eq!((after.security_version, after.groups), (before.security_version, before.groups.clone()), "{what}");
        assert!(site.app.logins.offered_address(&before, site.now()).await.unwrap().is_none(), "{what}");
        let bare = old.body.lines().filter(|line| !line.contains("name=\"version\"")).collect::<Vec<_>>().join("\n");
        let bare = Page { body: bare, status: old.status, headers: old.headers };
        for version in ["", "x", "9999"] {
            let fields = [("version", version), ("value", value)];
            let fields = if version.is_empty() { &fields[1..] } else { &fields };
            let page = site.post(&mut browser, &bare, fields).await;
            let is_number = version.parse::<i64>().is_ok();
            assert_eq!(page.status == StatusCode::BAD_REQUEST, !is_number, "{what} {version:?}: {page:?}");
            assert_eq!(anna(&site).await.security_version, before.security_version, "{what} {version:?}");
        }
    }
    // What comes to the same whatever was changed is done.
    let old = site.open(&mut browser, "/admin/user/anna/disable").await;
    act(&site, &mut browser, "groups", &[("value", "ops")]).await;
    site.submit(&mut browser, &old, &[]).await;
    assert!(anna(&site).await.disabled_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn t9_nothing_is_done_without_a_fresh_second_factor_nor_to_oneself() {
    let site = Site::mailing().await;
    let (mut browser, totp) = office(&site).await;
    let before = anna(&site).await.security_version;
    for what in ACTS {
        let page = site.open(&mut browser, &format!("/admin/user/anna/{what}")).await;
        let mut stale = browser.clone();
        site.advance(300);
        let to = site.post(&mut stale, &page, &[]).await.location().unwrap();
        assert!(to.starts_with("/account/confirm"), "{what}: {to}");
        let asked = site.open(&mut browser, &format!("/admin/user/anna/{what}")).await;
        confirm(&site, &mut browser, &totp, &asked).await;
        let own = site.open(&mut browser, &format!("/admin/user/admin/{what}")).await;
        assert!(own.said().unwrap().starts_with("This is your own account."), "{what}: {own:?}");
    }
    assert_eq!(anna(&site).await.security_version, before);
    let page = site.open(&mut browser, "/admin/user/admin").await;
    assert!(page.body.contains("This is you") && !page.body.contains("/admin/user/admin/"), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn t9_an_address_is_moved_by_link_held_and_confirmed() {
    let site = Site::mailing().await;
    let (mut browser, _) = office(&site).await;
    let letters = async || {
        let mut all = Vec::new();
        for mail in site.core.store().claim_mails(100, site.now()).await.unwrap() {
            site.core.store().mail_done(&mail).await.unwrap();
            all.push((mail.mail.to.to_string(), mail.mail.letter));
        }
        all
    };
    letters().await;
    let page = act(&site, &mut browser, "address", &[("value", "nonsense")]).await;
    assert!(page.said().unwrap().starts_with("That is no email address."), "{page:?}");
    let page = act(&site, &mut browser, "address", &[("value", "new@example.org")]).await;
    assert_eq!(page.said(), Some("The link is on its way to the new address."));
    assert!(page.body.contains("gives the address <strong>new@example.org</strong>"), "{page:?}");
    let sent = letters().await;
    let [(to, Letter::NewAddress { token, .. })] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(to, "new@example.org");
    let mut reader = Browser::default();
    let page = site.open(&mut reader, &format!("/address/{}", token.expose())).await;
    assert_eq!(page.title(), "Is this your address?");
    let page = site.submit(&mut reader, &page, &[]).await;
    assert_eq!(page.said(), Some("The address is in force."));
    let gone = site.open(&mut reader, &format!("/address/{}", token.expose())).await;
    assert_eq!(gone.status, StatusCode::GONE);
    let page = site.open(&mut browser, "/admin/user/anna").await;
    assert!(page.body.contains("<strong>admin</strong> has given the address."), "{page:?}");
    let page = act(&site, &mut browser, "invite", &[]).await;
    assert!(page.said().unwrap().contains("It is held for 72 hours"), "{page:?}");
    let page = act(&site, &mut browser, "confirm-address", &[]).await;
    assert!(page.said().unwrap().starts_with("You have given this address yourself."), "{page:?}");
    let sent = letters().await;
    let confirmation = sent.iter().find_map(|(to, letter)| match letter {
        Letter::Moved { confirm, .. } if to == "anna@example.org" => Some(confirm.expose().to_owned()),
        _ => None,
    });
    let page = site.open(&mut reader, &format!("/address/confirm/{}", confirmation.unwrap())).await;
    assert_eq!(page.title(), "Is the new address right?");
    assert!(page.body.contains("n…@example.org"), "{page:?}");
    site.submit(&mut reader, &page, &[]).await;
    let page = act(&site, &mut browser, "invite", &[]).await;
    assert_eq!(page.said(), Some("The link is on its way."));
    let sent = letters().await;
    assert!(sent.iter().any(|(to, letter)| to == "new@example.org" && letter.kind() == "invite"), "{sent:?}");
    assert!(!page.body.contains("/setup/"), "rec12: the administrator sees no link");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_person_confirms_the_address_on_the_own_page() {
    let site = Site::mailing().await;
    let totp = site.enrolled("anna").await;
    for address in ["anna@example.org", "new@example.org"] {
        let edit = |user: &mut User| user.email = Some(address.parse().unwrap());
        site.app.logins.change_user(&parsed("anna"), String::new(), &actor(site.now()), edit).await.unwrap();
    }
    let mut browser = Browser::default();
    site.sign_in(&mut browser, "anna", &totp).await;
    let page = site.open(&mut browser, "/account").await;
    assert!(page.body.contains("An administrator has changed your address."), "{page:?}");
    let page = site.open(&mut browser, "/account/address").await;
    let page = confirm(&site, &mut browser, &totp, &page).await;
    let page = site.submit(&mut browser, &page, &[]).await;
    assert!(page.said().unwrap().starts_with("The new address is confirmed"), "{page:?}");
    assert!(anna(&site).await.email_held(site.now()).is_none());
    let page = site.open(&mut browser, "/account").await;
    assert!(!page.body.contains("An administrator has changed your address."), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_added_and_invited() {
    let site = Site::mailing().await;
    let (mut browser, _) = office(&site).await;
    let page = site.open(&mut browser, "/admin/add").await;
    let fields =
        [("name", "ben!"), ("email", "ben@example.org"), ("role", "member"), ("groups", "staff"), ("invite", "yes")];
    let page = site.submit(&mut browser, &page, &fields).await;
    assert!(page.said().unwrap().starts_with("That is no user name."), "{page:?}");
    assert!(page.body.contains("value=\"ben!\"") && page.body.contains("value=\"staff\""), "nothing is typed twice");
    let fields = [("name", "anna"), ("email", ""), ("role", "member"), ("groups", "")];
    let taken = site.submit(&mut browser, &page, &fields).await;
    assert!(taken.said().unwrap().starts_with("Somebody else has this name or address."), "{taken:?}");
    let fields =
        [("name", "ben"), ("email", "ben@example.org"), ("role", "member"), ("groups", "staff"), ("invite", "yes")];
    let page = site.submit(&mut browser, &page, &fields).await;
    assert_eq!(page.said(), Some("The person is added, and the link is on its way."));
    let ben = site.app.logins.named(&parsed("ben")).await.unwrap().user;
    assert_eq!((ben.role, ben.email_verified_at, ben.password.is_some()), (Role::Member, None, false));
    let sent = site.core.store().claim_mails(100, site.now()).await.unwrap();
    assert!(sent.iter().any(|mail| mail.mail.to.as_str() == "ben@example.org" && mail.kind == "invite"));
}

#[tokio::test(flavor = "multi_thread")]
async fn t9_rec10_a_reset_tells_every_address_and_gives_the_administrator_nothing() {
    let site = Site::mailing().await;
    let (mut browser, _) = office(&site).await;
    let edit = |user: &mut User| user.email = Some("new@example.org".parse().unwrap());
    site.app.logins.change_user(&parsed("anna"), String::new(), &actor(site.now()), edit).await.unwrap();
    site.core.tamper("DELETE FROM mails").await;
    let page = act(&site, &mut browser, "reset", &[]).await;
    let mut told = Vec::new();
    let mut tokens = Vec::new();
    for mail in site.core.store().claim_mails(100, site.now()).await.unwrap() {
        let Letter::Notice { event, not_me, .. } = mail.mail.letter else { panic!("{:?}", mail.mail.letter) };
        assert_eq!(event, Notice::FactorsReset);
        told.push(mail.mail.to.to_string());
        tokens.extend(not_me.map(|token| token.expose().to_owned()));
    }
    told.sort();
    assert_eq!(told, ["anna@example.org", "new@example.org"]);
    assert!(!tokens.is_empty() && tokens.iter().all(|token| !page.body.contains(token)), "{page:?}");
    assert!(!page.body.contains("/setup/") && !page.body.contains("otpauth"), "{page:?}");
    let head = site.app.store.link_audit(site.now()).await.unwrap();
    assert!(head.is_some(), "what was done is under a link");
    assert!(site.app.store.verify_audit(&head.map(|head| vec![head]).unwrap(), &mut |_| ()).await.unwrap().is_whole());
}
