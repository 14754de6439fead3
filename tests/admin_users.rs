//! The list of users and what is done to many of them, in a browser without script.

use axum::http::StatusCode;
use twolatch_core::door::Door;
use twolatch_core::id::Id;
use twolatch_core::login::bulk::{Choice, Started};
use twolatch_core::store::jobs::{Action, Stage};
use twolatch_core::store::people::Search;
use twolatch_core::user::{Role, User};

use crate::admin::{confirm, of_role};
use crate::support::core::{actor, parsed};
use crate::support::site::{Browser, Page, Site};

const USERS: &str = "/admin/users";
const BULK: &str = "/admin/bulk";

/// The names in the list, in its order.
fn names(page: &Page) -> Vec<String> {
    let rows = page.body.split("href=\"/admin/user/").skip(1);
    rows.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// What ticks somebody.
async fn pick(site: &Site, name: &str) -> String {
    format!("pick-{}", site.app.logins.named(&parsed(name)).await.unwrap().user.id)
}

async fn list(site: &Site, browser: &mut Browser, query: &str) -> Vec<String> {
    names(&site.open(browser, &format!("{USERS}?{query}")).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_found_sorted_and_paged_by_the_address() {
    let site = Site::new().await;
    let (mut browser, _) = of_role(&site, "ada", Role::Admin).await;
    for name in ["bob", "carol"] {
        site.core.member(name).await;
    }
    site.enrolled("dave").await;
    let ops = |user: &mut User| user.groups = vec!["ops".parse().unwrap()];
    site.app.logins.change_user(&parsed("carol"), String::new(), &actor(site.now()), ops).await.unwrap();
    let table: [(&str, &[&str]); 18] = [
        ("", &["ada", "bob", "carol", "dave"]),
        ("q=BO", &["bob"]),
        ("status=pending", &["bob", "carol"]),
        ("status=activated&sort=-name", &["dave", "ada"]),
        ("role=admin", &["ada"]),
        ("group=ops", &["carol"]),
        ("group=no%20group", &[]),
        ("method=totp&role=member", &["dave"]),
        ("locked=yes", &[]),
        ("sort=-login", &["ada", "bob", "carol", "dave"]),
        ("sort=login", &["bob", "carol", "dave", "ada"]),
        ("page=2", &[]),
        ("status=&role=&method=&locked=&sort=&page=&other=x", &["ada", "bob", "carol", "dave"]),
        ("q=%25", &[]),
        ("q=_", &[]),
        ("q=a%25", &[]),
        ("q=%27%20OR%20%271%27%3D%271", &[]),
        ("group=%25", &[]),
    ];
    for (query, expected) in table {
        assert_eq!(list(&site, &mut browser, query).await, expected, "{query}");
    }
    for number in 0..60 {
        site.core.member(&format!("user{number:02}")).await;
    }
    let page = site.open(&mut browser, &format!("{USERS}?q=user")).await;
    assert_eq!(names(&page).len(), 50);
    assert!(page.body.contains("1 to 50 of 60") && page.body.len() < 100 * 1024, "{}", page.body.len());
    let page = site.open(&mut browser, &format!("{USERS}?q=user&page=2")).await;
    assert_eq!((names(&page).len(), names(&page)[0].as_str()), (10, "user50"));
    let page = site.open(&mut browser, &format!("{USERS}?q=%3Cb%3E")).await;
    assert!(page.body.contains("Nobody matches."), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_action_is_looked_at_then_begun_behind_a_fresh_factor() {
    let site = Site::new().await;
    let (mut browser, totp) = of_role(&site, "ada", Role::Admin).await;
    site.core.member("bob").await;
    site.core.enrolled("carol").await;
    site.core.member("dave").await;
    site.advance(301);
    let page = site.open(&mut browser, USERS).await;
    assert!(!page.body.contains(&pick(&site, "ada").await), "nobody does it to the own account");
    let (bob, carol) = (pick(&site, "bob").await, pick(&site, "carol").await);
    let fields =
        [("scope", "ticked"), ("action", "request-registration"), (bob.as_str(), "yes"), (carol.as_str(), "yes")];
    let page = site.submit_to(&mut browser, &page, BULK, &fields).await;
    let page = confirm(&site, &mut browser, &totp, &page).await;
    assert_eq!(page.title(), "Users");
    assert_eq!(page.body.matches(" checked>").count(), 2, "ticked as before: {page:?}");

    let page = site.submit_to(&mut browser, &page, BULK, &fields).await;
    assert_eq!(page.title(), "Request registration");
    assert!(page.body.contains("Will be asked to set up: 1") && page.body.contains("will be RESET: 1"), "{page:?}");
    let to = page.form().0;
    let id = to.rsplit('/').next().unwrap().to_owned();
    let page = site.submit_to(&mut browser, &page, &to, &[("asks", "yes")]).await;
    assert!(page.body.contains("0 of 1 done"), "{page:?}");
    assert_eq!(page.headers["refresh"], "2");
    let mut job = site.app.store.claim_job(site.now()).await.unwrap().unwrap();
    assert_eq!(job.id.as_str(), id);
    while job.work.stage == Stage::Running {
        job = site.app.logins.go_on(job, site.now()).await.unwrap();
    }
    let page = site.open(&mut browser, &to).await;
    assert!(page.body.contains("Done for 1 user."), "{page:?}");
    assert!(page.headers.get("refresh").is_none());
    let records = site.app.store.latest_audit(3).await.unwrap();
    let record = records.iter().find(|record| record.event == "registration_requested").unwrap();
    assert_eq!((record.user_name.as_deref(), record.actor.as_deref()), (Some("bob"), Some("ada")));
    let carol = site.app.logins.named(&parsed("carol")).await.unwrap();
    assert_eq!(carol.factors.len(), 1, "she was not ticked among those who lose something");
}

#[tokio::test(flavor = "multi_thread")]
async fn t8_changed_rows_close_no_page_and_are_shown_as_what_they_are() {
    let site = Site::new().await;
    let (mut browser, _) = of_role(&site, "ada", Role::Admin).await;
    for name in ["bob", "carol"] {
        site.core.member(name).await;
    }
    let carol = site.app.logins.named(&parsed("carol")).await.unwrap();
    let _ = site.app.logins.file_request(&carol, Door::Ssh, "198.51.100.7", site.now()).await.unwrap();
    site.core.tamper("UPDATE users SET email = 'eve@example.org' WHERE name = 'bob'").await;
    site.core.tamper("UPDATE recovery_requests SET source = 'x'").await;
    let by = actor(site.now());
    let whom = Search { text: Some("carol".to_owned()), ..Search::default() };
    let job = site.app.logins.preview_job(Action::Disable, whom, &by).await.unwrap();
    let started = site.app.logins.start_job(job.id.as_str(), Choice::default(), false, &by).await.unwrap();
    assert!(matches!(started, Started::Yes(_)));
    site.core.tamper("UPDATE jobs SET document = 'x'").await;
    let page = site.open(&mut browser, USERS).await;
    assert_eq!(names(&page), ["ada", "carol"]);
    for text in ["<th scope=\"row\">bob</th>", ">Damaged<", "row_mac", "1 to 3 of 3", "1 waits"] {
        assert!(page.body.contains(text), "{text}: {page:?}");
    }
    assert!(!page.body.contains("eve@example.org"), "nothing in it is believed: {page:?}");
    let table = site.open(&mut browser, "/admin/export").await;
    assert!(table.body.contains("\r\nrow_mac: bob,,,,\r\ncarol,"), "{table:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_match_are_meant_where_that_is_chosen() {
    let site = Site::new().await;
    let (mut browser, totp) = of_role(&site, "ada", Role::Admin).await;
    for name in ["bob", "bea", "carol"] {
        site.core.member(name).await;
    }
    let page = site.open(&mut browser, &format!("{USERS}?q=b")).await;
    let page = site.submit_to(&mut browser, &page, BULK, &[("scope", "all"), ("action", "disable")]).await;
    let page = confirm(&site, &mut browser, &totp, &page).await;
    assert_eq!(names(&page), ["bea", "bob"], "the list is as it was");
    let nobody = site.submit_to(&mut browser, &page, BULK, &[("scope", "ticked"), ("action", "disable")]).await;
    assert_eq!(nobody.said(), Some("Nobody is ticked. Tick users in the list, or choose all who match."));
    assert_eq!(names(&nobody), ["bea", "bob"], "the list is as it was");
    let page = site.submit_to(&mut browser, &page, BULK, &[("scope", "all"), ("action", "disable")]).await;
    assert!(page.body.contains("2 users will be changed."), "{page:?}");
    let to = page.form().0;
    let id = Id::random(site.app.store.entropy()).unwrap();
    let late = User::new(id, parsed("bo"), site.now().plus(1), site.now().plus(1));
    site.app.logins.add_user(late, None, false, &actor(site.now().plus(1))).await.unwrap();
    let running = site.submit_to(&mut browser, &page, &to, &[]).await;
    assert!(running.body.contains("0 of 2 done"), "who came later is not among them: {running:?}");
    let page = site.submit_to(&mut browser, &running, &format!("{to}/stop"), &[]).await;
    assert!(page.body.contains("Stopped by an administrator. Done for 0"), "{page:?}");
    for fields in [[("scope", "all"), ("action", "delete")], [("scope", "some"), ("action", "disable")]] {
        let list = site.open(&mut browser, USERS).await;
        assert_eq!(site.post_to(&mut browser, &list, BULK, &fields).await.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t9_a_supervisor_sees_the_list_and_has_nothing_to_tick() {
    let site = Site::new().await;
    let (mut browser, _) = of_role(&site, "sue", Role::Supervisor).await;
    let page = site.open(&mut browser, USERS).await;
    assert_eq!(names(&page), ["sue"]);
    assert!(!page.body.contains("pick-") && !page.body.contains("method=\"post\""), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn w_17_an_order_or_a_filter_that_the_list_has_not_is_refused() {
    let site = Site::new().await;
    let (mut browser, _) = of_role(&site, "sue", Role::Supervisor).await;
    for query in [
        "sort=y",
        "sort=name%3B%20DROP",
        "sort=u.password",
        "sort=-",
        "sort=(SELECT%201)",
        "status=none",
        "role=x",
        "method=x",
        "locked=x",
        "page=-1",
        "page=0",
        "page=1%20OR%201%3D1",
    ] {
        let page = site.get(&mut browser, &format!("{USERS}?{query}")).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{query}");
    }
}
