//! The contract of the queue of mail.

use std::collections::BTreeSet;
use std::time::Duration;

use twolatch_core::door::Door;
use twolatch_core::letter::{Letter, Mail, Notice};
use twolatch_core::login::Logins;
use twolatch_core::login::manage::ManageError;
use twolatch_core::secret::Secret;
use twolatch_core::store::mails::{AT_WILL, CAPACITY, LEASE, Outgoing, RESERVE, queue, queue_taken};
use twolatch_core::store::{StoreError, Written};
use twolatch_core::time::Timestamp;

use super::write;
use crate::support::core::{Core, NOW, actor, on_both, parsed};

on_both!(
    f12_mail_is_taken_for_a_while_and_by_one,
    two_servers_take_each_mail_once,
    mail_is_there_with_what_it_tells_or_not_at_all,
    f12_the_queue_is_bounded_and_keeps_places_for_what_is_waited_for,
    t9_invitations_leave_room_for_what_tells_of_them,
    t7_t8_mail_is_sealed_for_its_row_kind_and_end,
    f12_dead_mail_is_not_taken_but_swept,
    a_maker_that_delivers_at_once_has_taken_its_mail,
);

fn mail(letter: Letter) -> Mail {
    Mail { to: "alice@example.org".parse().unwrap(), name: "alice".to_owned(), language: Some("de".to_owned()), letter }
}

fn code() -> Letter {
    Letter::Code { code: Secret::new("271828".to_owned()), door: Door::Ssh, minutes: 5 }
}

fn notice() -> Letter {
    let not_me = Some(Secret::new("token".to_owned()));
    Letter::Notice { event: Notice::PasswordChanged, at: NOW, door: None, place: None, not_me }
}

async fn queued(logins: &Logins, letter: Letter, dies_at: Timestamp) -> Written<()> {
    let store = logins.store.clone();
    write(logins, Box::new(move |c| Box::pin(async move { queue(c, &store, &mail(letter), dies_at, NOW).await }))).await
}

fn ids(mails: &[Outgoing]) -> BTreeSet<String> {
    mails.iter().map(|mail| mail.id.to_string()).collect()
}

async fn f12_mail_is_taken_for_a_while_and_by_one(core: Core) {
    let store = core.store();
    assert!(store.claim_mails(10, NOW).await.unwrap().is_empty());
    queued(&core.logins, notice(), NOW.plus(86_400)).await.unwrap();
    queued(&core.logins, code(), NOW.plus(300)).await.unwrap();
    let first = store.claim_mails(1, NOW).await.unwrap().remove(0);
    assert_eq!((first.kind.as_str(), first.tries, first.dies_at), ("code", 1, NOW.plus(300)), "what dies first");
    assert_eq!((first.mail.to.as_str(), first.mail.name.as_str()), ("alice@example.org", "alice"));
    assert_eq!(first.mail.language.as_deref(), Some("de"));
    let Letter::Code { code, door: Door::Ssh, minutes: 5 } = &first.mail.letter else { panic!("{first:?}") };
    assert_eq!(code.expose(), "271828");
    let second = store.claim_mails(10, NOW).await.unwrap();
    assert_eq!((second.len(), second[0].kind.as_str()), (1, "notice"));
    assert!(store.claim_mails(10, NOW.plus(LEASE - 1)).await.unwrap().is_empty(), "both are taken");
    assert!(store.mail_deferred(&second[0], NOW.plus(5)).await.unwrap());
    assert!(store.claim_mails(10, NOW.plus(4)).await.unwrap().is_empty());
    let again = store.claim_mails(10, NOW.plus(5)).await.unwrap();
    assert_eq!((ids(&again), again[0].tries), (ids(&second), 2));
    let after = store.claim_mails(10, NOW.plus(LEASE)).await.unwrap();
    assert_eq!((after.len(), after[0].tries), (1, 2), "the server that had the code is taken for dead");
    assert!(!store.mail_deferred(&first, NOW).await.unwrap(), "it is not its mail any more");
    assert!(store.claim_mails(10, NOW.plus(LEASE)).await.unwrap().is_empty());
    store.mail_done(&after[0]).await.unwrap();
    assert_eq!(store.count_mails().await.unwrap(), 1);
    store.mail_done(&first).await.unwrap();
    assert_eq!(store.count_mails().await.unwrap(), 1, "done is done");
}

async fn two_servers_take_each_mail_once(core: Core) {
    const MAILS: usize = 60;
    for _ in 0..MAILS {
        queued(&core.logins, notice(), NOW.plus(86_400)).await.unwrap();
    }
    let other = core.second_server().await;
    let takers = (0..8).map(|number| {
        let store = if number % 2 == 0 { core.store().clone() } else { other.store.clone() };
        tokio::spawn(async move {
            let mut taken = Vec::new();
            loop {
                match store.claim_mails(2, NOW).await {
                    Ok(mails) if mails.is_empty() => return taken,
                    Ok(mails) => taken.extend(mails),
                    // Two that wait for each other: one of them is told to come again.
                    Err(StoreError::Busy(_)) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        })
    });
    let mut taken = Vec::new();
    for taker in takers.collect::<Vec<_>>() {
        taken.extend(taker.await.unwrap());
    }
    assert_eq!((taken.len(), ids(&taken).len()), (MAILS, MAILS));
    assert!(taken.iter().all(|mail| mail.tries == 1));
}

async fn mail_is_there_with_what_it_tells_or_not_at_all(core: Core) {
    let rung = async || tokio::time::timeout(Duration::ZERO, core.store().mail_queued()).await.is_ok();
    assert!(!rung().await);
    let store = core.store().clone();
    let undone: Written<()> = write(
        &core.logins,
        Box::new(move |c| {
            Box::pin(async move {
                queue(c, &store, &mail(code()), NOW.plus(300), NOW).await?;
                Err(StoreError::Conflict)
            })
        }),
    )
    .await;
    assert!(matches!(undone, Err(StoreError::Conflict)));
    assert_eq!((core.store().count_mails().await.unwrap(), rung().await), (0, false));
    queued(&core.logins, code(), NOW.plus(300)).await.unwrap();
    assert_eq!((core.store().count_mails().await.unwrap(), rung().await), (1, true));
    assert!(!rung().await, "once");
    core.member("alice").await;
    assert!(!rung().await, "other writes wake nobody");
}

async fn f12_the_queue_is_bounded_and_keeps_places_for_what_is_waited_for(core: Core) {
    assert_eq!((CAPACITY, RESERVE), (10_000, 1_000), "as the statements below fill it");
    core.tamper(
        "INSERT INTO mails SELECT 'a' || i, 'notice', '', 0, 4000000000, 4000000000, 0 FROM \
         (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8999) SELECT i FROM n) numbers",
    )
    .await;
    queued(&core.logins, notice(), NOW.plus(60)).await.unwrap();
    queued(&core.logins, notice(), NOW.plus(60)).await.unwrap();
    assert_eq!(core.store().count_mails().await.unwrap(), 9_000, "the second was left out");
    let dropped =
        "SELECT COUNT(*) FROM audit WHERE event = 'mail_dropped' AND user_name = 'alice' AND detail = 'notice'";
    assert_eq!(core.number(dropped).await, 1);
    queued(&core.logins, code(), NOW.plus(60)).await.unwrap();
    core.tamper(
        "INSERT INTO mails SELECT 'b' || i, 'notice', '', 0, 4000000000, 4000000000, 0 FROM \
         (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999) SELECT i FROM n) numbers",
    )
    .await;
    let full = queued(&core.logins, code(), NOW.plus(60)).await.unwrap_err();
    assert!(matches!(full, StoreError::MailFull), "{full}");
    let address = "alice@example.org".parse().unwrap();
    core.member("alice").await;
    core.logins
        .change_user(&parsed("alice"), String::new(), &actor(NOW), |user| user.email = Some(address))
        .await
        .unwrap();
    assert!(core.logins.invite_by_mail(&parsed("alice"), &actor(NOW)).await.is_err());
    assert_eq!(core.number("SELECT COUNT(*) FROM links").await, 0, "nothing of it has happened");
    assert_eq!(core.store().count_mails().await.unwrap(), CAPACITY);
}

async fn t9_invitations_leave_room_for_what_tells_of_them(core: Core) {
    assert_eq!(AT_WILL, 5_000, "as the statement below fills it");
    let logins = Logins { mail: true, ..core.logins.clone() };
    for name in ["alice", "bob"] {
        core.member(name).await;
        let address = format!("{name}@example.org").parse().ok();
        logins.change_user(&parsed(name), String::new(), &actor(NOW), |user| user.email = address).await.unwrap();
    }
    core.tamper("DELETE FROM mails").await;
    core.tamper(
        "INSERT INTO mails SELECT 'a' || i, 'invite', '', 0, 4000000000, 4000000000, 0 FROM \
         (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4999) SELECT i FROM n) numbers",
    )
    .await;
    let full = |done: Result<(), ManageError>| matches!(done, Err(ManageError::Store(StoreError::MailFull)));
    logins.invite_by_post(&parsed("alice"), &actor(NOW)).await.unwrap();
    assert!(full(logins.invite_by_post(&parsed("bob"), &actor(NOW)).await));
    assert!(full(logins.invite_by_mail(&parsed("bob"), &actor(NOW)).await.map(drop)), "nor from the command line");
    let other = "other@example.org".parse().unwrap();
    assert!(full(logins.offer_address(&parsed("bob"), other, &actor(NOW)).await), "nor a link to a new address");
    assert_eq!(core.number("SELECT COUNT(*) FROM links").await, 1, "nothing of it has happened");
    // What tells of somebody's doings goes on.
    let (to, at) = ("a…@example.org".to_owned(), NOW);
    let (confirm, not_me) = (Secret::new("one".to_owned()), Secret::new("two".to_owned()));
    let alarm = Letter::Alarm { who: "bob".to_owned(), event: Notice::AdminMade, at, stop: None };
    let told = [notice(), alarm, Letter::Moved { to, at, until: NOW.plus(60), confirm, not_me }, code()];
    for letter in told {
        queued(&core.logins, letter, NOW.plus(300)).await.unwrap();
    }
    assert_eq!(core.store().count_mails().await.unwrap(), AT_WILL + 4);
}

async fn t7_t8_mail_is_sealed_for_its_row_kind_and_end(core: Core) {
    queued(&core.logins, code(), NOW.plus(300)).await.unwrap();
    let readable = "SELECT COUNT(*) FROM mails WHERE sealed LIKE '%alice%' OR sealed LIKE '%271828%'";
    assert_eq!(core.number(readable).await, 0);
    let attacks = [
        ("UPDATE mails SET dies_at = dies_at + 1", "UPDATE mails SET dies_at = dies_at - 1"),
        ("UPDATE mails SET kind = 'notice'", "UPDATE mails SET kind = 'code'"),
        ("UPDATE mails SET id = 'x' || id", "UPDATE mails SET id = substr(id, 2)"),
    ];
    let mut now = NOW;
    for (attack, undo) in attacks {
        core.tamper(attack).await;
        assert!(core.store().claim_mails(10, now).await.unwrap().is_empty(), "{attack}");
        core.tamper(undo).await;
        now = now.plus(LEASE);
    }
    assert_eq!(core.store().claim_mails(10, now).await.unwrap().len(), 1, "as it was, it opens");
}

async fn f12_dead_mail_is_not_taken_but_swept(core: Core) {
    queued(&core.logins, code(), NOW.plus(300)).await.unwrap();
    queued(&core.logins, notice(), NOW.plus(400)).await.unwrap();
    assert!(core.store().sweep_mails(NOW.plus(299)).await.unwrap().is_empty());
    let alive = core.store().claim_mails(10, NOW.plus(300)).await.unwrap();
    assert_eq!(alive.iter().map(|mail| mail.kind.as_str()).collect::<Vec<_>>(), ["notice"]);
    let dead = core.store().sweep_mails(NOW.plus(300)).await.unwrap();
    assert_eq!(dead.iter().map(|mail| mail.kind.as_str()).collect::<Vec<_>>(), ["code"]);
    assert_eq!(core.store().count_mails().await.unwrap(), 1);
}

async fn a_maker_that_delivers_at_once_has_taken_its_mail(core: Core) {
    let outgoing = Outgoing::new(core.store(), mail(code()), NOW.plus(300)).unwrap();
    let (store, row) = (core.store().clone(), outgoing.clone());
    write(&core.logins, Box::new(move |c| Box::pin(async move { queue_taken(c, &store, &row, NOW).await })))
        .await
        .unwrap();
    assert!(core.store().claim_mails(10, NOW.plus(LEASE - 1)).await.unwrap().is_empty());
    assert!(core.store().mail_deferred(&outgoing, NOW.plus(5)).await.unwrap());
    let again = core.store().claim_mails(10, NOW.plus(5)).await.unwrap().remove(0);
    assert_eq!((again.id, again.tries), (outgoing.id, 2));
}
