//! An administrator's own link: what it takes, what it does, and how it is stopped.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use twolatch_core::letter::Letter;
use twolatch_core::login::Logins;
use twolatch_core::login::admin_link::{Asked, RESTRICTED_FOR};
use twolatch_core::login::mailbox::Errand;
use twolatch_core::login::web::{Fault, Goal};
use twolatch_core::policy::AdminLink;
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::step::Step;
use twolatch_core::store::Session;
use twolatch_core::time::Timestamp;
use twolatch_core::user::Role;

use crate::support::core::{Core, NOW, actor, on_both, parsed};
use crate::support::site::{Browser, PASSWORD, Page, Site};
use crate::support::tab::session;

on_both!(
    t11_a_link_is_used_once_or_stopped_and_never_both,
    a_wait_is_told_at_once_and_can_be_stopped,
    rec6_who_cannot_have_a_link,
    rec6_who_came_by_a_link_moves_no_address_for_a_day,
);

const SOURCE: &str = "192.0.2.1";
const NEED: &str = "/login/need-recovery";

/// Two administrators who have addresses; alice has a password and an app too.
async fn administrators(core: &Core) -> Logins {
    let logins = Logins { mail: true, ..core.logins.clone() };
    for name in ["alice", "root"] {
        core.enrolled(name).await;
        let address = format!("{name}@example.org");
        logins
            .change_user(&parsed(name), String::new(), &actor(NOW), |user| {
                user.role = Role::Admin;
                user.email = Some(address.parse().unwrap());
                user.email_verified_at = Some(NOW);
            })
            .await
            .unwrap();
        core.give_password(name).await;
    }
    logins
}

/// The mailed link, and the one that stops it; the queue is empty then.
async fn links(logins: &Logins, now: Timestamp) -> (Option<String>, Option<String>) {
    let (mut link, mut stop) = (None, None);
    for mail in logins.store.claim_mails(100, now).await.unwrap() {
        match &mail.mail.letter {
            Letter::RecoveryLink { token, .. } => {
                assert_eq!(mail.mail.name, "alice");
                link = Some(token.expose().to_owned());
            }
            Letter::Alarm { stop: Some(token), .. } => stop = Some(token.expose().to_owned()),
            _ => {}
        }
        logins.store.mail_done(&mail).await.unwrap();
    }
    (link, stop)
}

async fn ask(logins: &Logins, now: Timestamp) -> Result<Asked, Fault> {
    let password = Secret::new(PASSWORD.to_owned());
    let token = logins.enter("alice", password, SOURCE, Goal::default(), now).await.unwrap();
    logins.ask_admin_link(logins.current(&token, now).await.unwrap(), SOURCE, now).await
}

async fn mailed(logins: &Logins, now: Timestamp) -> String {
    match ask(logins, now).await.unwrap() {
        Asked::Mailed(browser) => browser,
        Asked::NotBefore(moment) => panic!("{moment:?}"),
    }
}

async fn set_link(logins: &Logins, link: AdminLink, now: Timestamp) {
    let policy = logins.policy(now).await.unwrap();
    let rules = twolatch_core::policy::Rules { admin_link: link, ..policy.rules.clone() };
    logins.set_rules(rules, policy.version, String::new(), &actor(now)).await.unwrap();
}

async fn t11_a_link_is_used_once_or_stopped_and_never_both(core: Core) {
    let logins = administrators(&core).await;
    let second = Logins { mail: true, ..core.second_server().await };
    let browser = mailed(&logins, NOW).await;
    let (link, stop) = links(&logins, NOW).await;
    let (link, stop) = (link.unwrap(), stop.unwrap());
    let tasks: Vec<_> = (0..20)
        .map(|number| {
            let logins = if number % 2 == 0 { logins.clone() } else { second.clone() };
            let (link, stop, browser) = (link.clone(), stop.clone(), browser.clone());
            tokio::spawn(async move {
                if number % 5 == 0 {
                    return (false, matches!(logins.stop_admin_link(&stop, SOURCE, NOW).await, Ok(true)));
                }
                (logins.use_admin_link(&link, Some(&browser), SOURCE, NOW).await.is_ok(), false)
            })
        })
        .collect();
    let (mut used, mut stopped) = (0, 0);
    for task in tasks {
        let (one, other) = task.await.unwrap();
        used += usize::from(one);
        stopped += usize::from(other);
    }
    assert_eq!(used + stopped, 1, "{used} {stopped}");
    let alice = logins.named(&parsed("alice")).await.unwrap().user;
    assert_eq!(alice.authenticators.is_empty(), used == 1);
    assert_eq!(alice.is_restricted(NOW.plus(RESTRICTED_FOR - 1)), used == 1);
    assert!(!alice.is_restricted(NOW.plus(RESTRICTED_FOR)));
}

async fn rec6_who_came_by_a_link_moves_no_address_for_a_day(core: Core) {
    let logins = administrators(&core).await;
    let browser = mailed(&logins, NOW).await;
    let link = links(&logins, NOW).await.0.unwrap();
    let goes_on = logins.use_admin_link(&link, Some(&browser), SOURCE, NOW).await.unwrap();
    let current = logins.current(&goes_on, NOW).await.unwrap();
    assert!(matches!(current.step, Step::Enrol { .. }), "the mailed link has shown the mailbox: {:?}", current.step);
    let to = || Some("alice@example.net".parse().unwrap());
    for (at, allowed) in [(NOW, false), (NOW.plus(RESTRICTED_FOR - 1), false), (NOW.plus(RESTRICTED_FOR), true)] {
        let own = Session { confirmed_at: Some(at), ..session(&logins, "alice", at).await.1 };
        let sent = logins.mail_in_session(&own, Errand::NewAddress, to(), SOURCE, at).await;
        assert_eq!(sent.is_ok(), allowed, "{sent:?}");
    }
}

async fn a_wait_is_told_at_once_and_can_be_stopped(core: Core) {
    let logins = administrators(&core).await;
    set_link(&logins, AdminLink::Wait(24), NOW).await;
    let (now, ready) = (NOW.plus(2), NOW.plus(2 + 86_400));
    assert_eq!(ask(&logins, now).await.unwrap(), Asked::NotBefore(ready));
    let (link, stop) = links(&logins, now).await;
    assert!(link.is_none() && stop.is_some(), "all are told, and nothing can be opened");
    assert_eq!(ask(&logins, ready.plus(-1)).await.unwrap(), Asked::NotBefore(ready), "asking again changes nothing");
    assert!(logins.stop_admin_link(&stop.unwrap(), SOURCE, ready.plus(-1)).await.unwrap());
    assert_eq!(ask(&logins, ready).await.unwrap(), Asked::NotBefore(ready.plus(86_400)), "it begins anew");
    links(&logins, ready).await;
    let later = ready.plus(86_400);
    let browser = mailed(&logins, later).await;
    let (link, _) = links(&logins, later).await;
    logins.use_admin_link(&link.unwrap(), Some(&browser), SOURCE, later).await.unwrap();
    assert_eq!(core.number("SELECT COUNT(*) FROM links WHERE purpose = 'admin_wait' AND used_at IS NULL").await, 0);
}

async fn rec6_who_cannot_have_a_link(core: Core) {
    let logins = administrators(&core).await;
    let over = async |now| matches!(ask(&logins, now).await, Err(Fault::Over));
    let edit = async |edit: fn(&mut twolatch_core::user::User)| {
        logins.change_user(&parsed("alice"), String::new(), &actor(NOW), edit).await.unwrap();
    };
    edit(|user| user.role = Role::Member).await;
    assert!(over(NOW).await, "members ask an administrator");
    edit(|user| (user.role, user.email_verified_at) = (Role::Admin, None)).await;
    assert!(over(NOW).await, "an address that is not known to be theirs");
    edit(|user| user.email_verified_at = Some(NOW)).await;
    set_link(&logins, AdminLink::Off, NOW).await;
    assert!(over(NOW.plus(1)).await, "policy");
    set_link(&logins, AdminLink::On, NOW.plus(2)).await;
    for _ in 0..3 {
        mailed(&logins, NOW.plus(3)).await;
    }
    assert!(matches!(ask(&logins, NOW.plus(4)).await, Err(Fault::Refused(Reason::Wait))), "three an hour");
    // The password's change, like anything that the sign-in depends on, ends the link.
    let browser = mailed(&logins, NOW.plus(3604)).await;
    links(&logins, NOW.plus(3604)).await;
    edit(|user| user.skipped = 1).await;
    assert!(matches!(logins.current(&browser, NOW.plus(3605)).await, Err(Fault::Over)));
}

async fn shown(site: &Site) -> (Browser, Page) {
    let mut browser = Browser::default();
    let page = site.open(&mut browser, "/login").await;
    let page = site.submit(&mut browser, &page, &[("username", "alice"), ("password", PASSWORD)]).await;
    assert_eq!(page.title(), "Enter your code");
    let page = site.open(&mut browser, NEED).await;
    (browser, page)
}

/// Sends the second form of the page, which asks for a link.
async fn ask_link(site: &Site, browser: &mut Browser, page: &Page) -> Page {
    assert!(page.body.contains("action=\"/login/admin-link\""), "{page:?}");
    let token = page.form().1.remove(0).1;
    let sent = site.send(browser.form("/login/admin-link", &format!("form={token}"))).await;
    browser.keep(&sent);
    assert_eq!((sent.status, sent.location().as_deref()), (StatusCode::SEE_OTHER, Some(NEED)), "{sent:?}");
    site.open(browser, NEED).await
}

#[tokio::test(flavor = "multi_thread")]
async fn w_26_the_link_works_once_in_the_browser_that_asked() {
    let site = Site::mailing().await;
    administrators(&site.core).await;
    let logins = site.app.logins.clone();
    let (mut browser, page) = shown(&site).await;
    assert_eq!(site.get(&mut browser, "/login/admin-link").await.status, StatusCode::METHOD_NOT_ALLOWED);
    let page = ask_link(&site, &mut browser, &page).await;
    assert!(page.said().unwrap().starts_with("The link is on its way."), "{page:?}");
    let older = format!("/recovery/{}", links(&logins, site.now()).await.0.unwrap());
    ask_link(&site, &mut browser, &page).await;
    let (link, stop) = links(&logins, site.now()).await;
    let (link, stop) = (format!("/recovery/{}", link.unwrap()), format!("/recovery/stop/{}", stop.unwrap()));
    assert_eq!(site.get(&mut browser, &older).await.status, StatusCode::GONE, "after a newer link");
    for number in 0..20 {
        let method = if number % 2 == 0 { Method::GET } else { Method::HEAD };
        let seen = site.send(Browser::default().request(method.clone(), &link, Body::empty())).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "a scanner");
        let seen = site.send(browser.request(method, &link, Body::empty())).await;
        assert_eq!(seen.status, StatusCode::OK, "looking is free");
    }
    let (mut other, _) = shown(&site).await;
    assert_eq!(site.get(&mut other, &link).await.status, StatusCode::FORBIDDEN, "another sign-in of the same person");
    for broken in
        [format!("{link}."), format!("{link}%3E"), link.replace("/recovery/", "/not-me/"), stop.replace("/stop", "")]
    {
        assert_eq!(site.get(&mut browser, &broken).await.status, StatusCode::GONE, "{broken}");
    }
    let page = site.open(&mut browser, &link).await;
    assert_eq!(page.title(), "Remove your second factors");
    assert_eq!(site.number("SELECT COUNT(*) FROM factors").await, 2, "nothing has happened yet");
    let stale = browser.clone();
    let done = site.post(&mut browser, &page, &[]).await;
    assert!(done.location().unwrap().starts_with("/login/setup"), "{done:?}");
    assert_eq!(site.number("SELECT COUNT(*) FROM factors").await, 1);
    assert_eq!(site.post(&mut stale.clone(), &page, &[]).await.status, StatusCode::GONE, "once");
    assert_eq!(site.get(&mut browser, &link).await.status, StatusCode::GONE);
    // Too late to be stopped, and that is said.
    let mut admin = Browser::default();
    let page = site.open(&mut admin, &stop).await;
    assert_eq!(page.title(), "Stop this recovery");
    let page = site.submit(&mut admin, &page, &[]).await;
    assert!(page.said().unwrap().starts_with("There was nothing left to stop"), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn w_26_the_stop_link_stops_and_a_look_at_it_does_not() {
    let site = Site::mailing().await;
    administrators(&site.core).await;
    let logins = site.app.logins.clone();
    let (mut browser, page) = shown(&site).await;
    ask_link(&site, &mut browser, &page).await;
    let (link, stop) = links(&logins, site.now()).await;
    let (link, stop) = (format!("/recovery/{}", link.unwrap()), format!("/recovery/stop/{}", stop.unwrap()));
    for number in 0..20 {
        let method = if number % 2 == 0 { Method::GET } else { Method::HEAD };
        let seen = site.send(Browser::default().request(method, &stop, Body::empty())).await;
        assert_eq!(seen.status, StatusCode::OK);
    }
    assert_eq!(site.get(&mut browser, &link).await.status, StatusCode::OK);
    let mut admin = Browser::default();
    assert_eq!(site.get(&mut admin, &format!("{stop}.")).await.status, StatusCode::GONE);
    let page = site.open(&mut admin, &stop).await;
    let page = site.submit(&mut admin, &page, &[]).await;
    assert!(page.said().unwrap().starts_with("The link does not work any more."), "{page:?}");
    assert_eq!(site.get(&mut browser, &link).await.status, StatusCode::GONE);
    assert_eq!(site.get(&mut admin, &stop).await.status, StatusCode::GONE, "once");
    let (mut browser, page) = shown(&site).await;
    ask_link(&site, &mut browser, &page).await;
    let (link, _) = links(&logins, site.now()).await;
    let link = format!("/recovery/{}", link.unwrap());
    site.advance(900);
    assert_eq!(site.get(&mut browser, &link).await.status, StatusCode::GONE, "expired");
    assert_eq!(site.number("SELECT COUNT(*) FROM factors").await, 2);
    let current = logins.current(&browser.cookies["__Host-twolatch_attempt"], site.now()).await;
    assert!(!matches!(current, Ok(current) if matches!(current.step, Step::Granted(_))));
}
