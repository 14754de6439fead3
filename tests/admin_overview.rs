//! The overview of the console: what it counts, and what it says where there is nothing to count.

use axum::http::StatusCode;
use twolatch_core::audit::{Event, Record};
use twolatch_core::door::Door;
use twolatch_core::reason::Reason;
use twolatch_core::store::audit::record;
use twolatch_core::time::Timestamp;
use twolatch_core::user::Role;

use crate::admin::of_role;
use crate::support::core::{NOW, actor, on_both, parsed};
use crate::support::site::{Site, config_with};

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_says_how_things_stand() {
    let site = Site::new().await;
    for name in ["newcomer", "other"] {
        site.member(name, true).await;
    }
    let groups = vec!["ops".parse().unwrap()];
    site.app
        .logins
        .change_user(&parsed("newcomer"), String::new(), &actor(site.now()), |user| user.groups = groups)
        .await
        .unwrap();
    let (mut browser, _) = of_role(&site, "sees", Role::Supervisor).await;
    let store = site.app.store.clone();
    let wrong = Record { door: Some(Door::Su), refused: Some(Reason::Wrong), ..Record::new(site.now(), Event::Code) };
    site.app
        .store
        .write(move |connection| Box::pin(async move { record(connection, &store, wrong).await }))
        .await
        .unwrap();
    let page = site.open(&mut browser, "/admin").await;
    assert_eq!((page.status, page.title().as_str()), (StatusCode::OK, "Overview"));
    assert!(page.body.contains("<strong>33</strong> percent of all people"), "{page:?}");
    assert!(page.body.contains("status=pending&#38;group=ops\">ops</a></th><td class=\"number\">1</td>"), "{page:?}");
    assert!(page.body.contains("<th scope=\"row\">Up to a day</th><td class=\"number\">2</td>"), "{page:?}");
    assert!(page.body.contains("<rect class=\"su\""), "{page:?}");
    assert!(page.body.contains("Nobody waits for help."), "{page:?}");
    assert!(page.body.contains("not set up: nothing is mailed"), "{page:?}");
    assert!(page.body.contains("session_started"), "what has just happened: {page:?}");

    site.member("third", true).await;
    let page = site.open(&mut browser, "/admin").await;
    assert!(page.body.contains("<strong>33</strong>"), "counted once a minute: {page:?}");
    site.advance(60);
    let page = site.open(&mut browser, "/admin").await;
    assert!(page.body.contains("<strong>25</strong>"), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_was_not_taken_is_told_of() {
    let site = Site::with(|config| {
        *config = config_with("[mail]\nfrom = \"id@example.org\"\nurl = \"smtps://mail.example.org\"\n");
    })
    .await;
    let (mut browser, _) = of_role(&site, "sees", Role::Supervisor).await;
    site.core.tamper("DELETE FROM mails").await;
    let page = site.open(&mut browser, "/admin").await;
    assert!(page.body.contains("nothing waits to be sent") && !page.body.contains("Last trouble"), "{page:?}");
    site.app.figures.note_mail(site.now(), "the mail server refuses it (550)".to_owned());
    site.core
        .tamper(
            "INSERT INTO mails (id, kind, sealed, created_at, dies_at, next_at, tries) \
             VALUES ('a', 'code', '', 7, 9, 9, 2)",
        )
        .await;
    let page = site.open(&mut browser, "/admin").await;
    assert!(page.body.contains("Look here:") && page.body.contains("1 letter waits, which was not taken"), "{page:?}");
    assert!(page.body.contains("the mail server refuses it (550)"), "{page:?}");
}

on_both!(numbers_are_those_of_the_rows);

async fn numbers_are_those_of_the_rows(core: crate::support::core::Core) {
    let (store, now) = (core.store(), NOW.plus(40 * 86_400));
    for name in ["alice", "bob", "carol"] {
        core.member(name).await;
    }
    let set = async |name: &str, groups: &[&str], age: i64| {
        let groups = groups.iter().map(|group| group.parse().unwrap()).collect();
        core.logins
            .change_user(&parsed(name), String::new(), &actor(NOW), |user| {
                user.groups = groups;
                user.created_at = now.plus(-age * 86_400);
            })
            .await
            .unwrap();
    };
    set("alice", &["ops", "sales"], 0).await;
    set("bob", &["ops"], 7).await;
    set("carol", &[], 40).await;
    let policy = core.logins.policy(now).await.unwrap();
    let groups = store.pending_by_group(&policy, 10, now).await.unwrap();
    assert_eq!(groups, [("ops".to_owned(), 2), ("sales".to_owned(), 1)]);
    assert_eq!(store.pending_by_group(&policy, 1, now).await.unwrap().len(), 1);
    assert_eq!(store.pending_by_age(&policy, now).await.unwrap(), [1, 1, 0, 1]);
    let (of, at) = (store.clone(), NOW);
    store
        .write(move |connection| {
            Box::pin(async move {
                for (door, refused, seconds) in [
                    (Some(Door::Ssh), Some(Reason::Wrong), 0),
                    (Some(Door::Ssh), Some(Reason::Replay), 1),
                    (Some(Door::Ssh), None, 1),
                    (None, Some(Reason::Wrong), 86_400),
                ] {
                    let one = Record { door, refused, ..Record::new(at.plus(seconds), Event::Code) };
                    record(connection, &of, one).await?;
                }
                Ok(())
            })
        })
        .await
        .unwrap();
    let mut failed = store.failed_codes(NOW).await.unwrap();
    failed.sort_by_key(|one| one.day);
    let failed: Vec<_> =
        failed.iter().map(|one| (one.day - NOW.unix() / 86_400, one.door.as_str(), one.count)).collect();
    assert_eq!(failed, [(0, "ssh", 2), (1, "other", 1)]);
    assert_eq!(store.failed_codes(NOW.plus(2)).await.unwrap().len(), 1);
    core.tamper("DELETE FROM mails").await;
    let queue = store.mail_queue().await.unwrap();
    assert_eq!((queue.waiting, queue.deferred, queue.oldest), (0, 0, None));
    core.tamper(
        "INSERT INTO mails (id, kind, sealed, created_at, dies_at, next_at, tries) \
         VALUES ('a', 'code', '', 7, 9, 9, 0), ('b', 'code', '', 8, 9, 9, 2)",
    )
    .await;
    let queue = store.mail_queue().await.unwrap();
    assert_eq!((queue.waiting, queue.deferred, queue.oldest.map(Timestamp::unix)), (2, 1, Some(7)));
    assert_eq!(store.deferred_alerts().await.unwrap(), 0);
}
