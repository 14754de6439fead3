//! The contract of what stands in for an authenticator app: mailed codes, recovery sets, remembered devices, and the
//! sessions that such things end.

use std::time::Duration;

use twolatch_core::audit::{Event, Record};
use twolatch_core::crypto::token_hash;
use twolatch_core::door::Door;
use twolatch_core::factor::recovery::{Form, Set};
use twolatch_core::id::Id;
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::store::audit::record;
use twolatch_core::store::budgets::{Budget, Charge, Then, charge, standing_in};
use twolatch_core::store::devices::{Device, delete_device, delete_devices, insert_device, turn_device};
use twolatch_core::store::email_codes::{
    EmailCode, MailedFor, Spent, email_code_in, insert_email_code, last_sent, send_again, spend_email_code,
};
use twolatch_core::store::recovery::{delete_recovery, insert_recovery, row_of, spend_recovery};
use twolatch_core::store::sessions::{CONFIRMED_FOR, Renewal, end_session, insert_session, renew_session};
use twolatch_core::store::{Boxed, StoreError, Written};
use twolatch_core::user::User;

use crate::support::core::{Core, NOW, on_both};

on_both!(
    mailed_codes_are_spent_once_and_sent_again_after_a_minute,
    recovery_sets_are_spent_code_by_code,
    devices_turn_their_secret_over_once,
    sessions_are_listed_confirmed_and_ended,
    a_block_ends_a_run_of_tries,
    what_is_held_is_counted_and_what_is_committed_tallied,
);

/// One transaction.
async fn write<T, W>(core: &Core, work: W) -> Written<T>
where
    T: Send + 'static,
    W: for<'c> FnOnce(&'c mut sqlx::AnyConnection) -> Boxed<'c, Written<T>> + Send + 'static,
{
    core.store().write(work).await
}

async fn mailed_codes_are_spent_once_and_sent_again_after_a_minute(core: Core) {
    let (alice, bob) = (core.member("alice").await.id, core.member("bob").await.id);
    let (store, id) = (core.store().clone(), Id::random(core.store().entropy()).unwrap());
    let code = EmailCode {
        purpose: MailedFor::Login,
        address: "alice@example.org".parse().unwrap(),
        code: Secret::new("123456".to_owned()),
        created_at: NOW,
    };
    let (s, i, a) = (store.clone(), id.clone(), alice.clone());
    write(&core, move |c| Box::pin(async move { insert_email_code(c, &s, &i, &a, &code).await })).await.unwrap();
    let read = async |user: &Id<User>| {
        let (s, i, u) = (store.clone(), id.clone(), user.clone());
        write(&core, move |c| Box::pin(async move { email_code_in(c, &s, &i, &u).await })).await
    };
    let stored = read(&alice).await.unwrap().unwrap();
    assert_eq!((stored.code.expose(), stored.purpose), ("123456", MailedFor::Login));
    assert!(!stored.is_over(NOW.plus(299)) && stored.is_over(NOW.plus(300)) && stored.is_over(NOW.plus(-1)));
    assert!(read(&bob).await.unwrap().is_none(), "it is hers");
    let again = async |after: i64| {
        let i = id.clone();
        write(&core, move |c| Box::pin(async move { send_again(c, &i, NOW.plus(after)).await })).await.unwrap()
    };
    assert_eq!([again(59).await, again(60).await, again(119).await, again(300).await], [false, true, false, false]);
    assert_eq!(last_sent(&store, &id, &alice).await.unwrap(), Some(NOW.plus(60)));
    assert_eq!(last_sent(&store, &id, &bob).await.unwrap(), None);
    let spend = async || {
        let i = id.clone();
        write(&core, move |c| Box::pin(async move { spend_email_code(c, &i, NOW).await })).await.unwrap()
    };
    assert_eq!([spend().await, spend().await], [Spent::Now, Spent::Before]);
    assert_eq!(last_sent(&store, &id, &alice).await.unwrap(), None, "a used one is on its way no more");
    assert_eq!(core.number("SELECT COUNT(*) FROM email_codes WHERE sealed LIKE '%123456%'").await, 0, "eml6");
    sqlx::query("UPDATE email_codes SET user_id = $1").bind(bob.as_str()).execute(store.pool()).await.unwrap();
    assert!(matches!(read(&bob).await, Err(StoreError::Row { .. })), "t8: a row moved to somebody else does not open");
}

async fn recovery_sets_are_spent_code_by_code(core: Core) {
    let (alice, bob) = (core.member("alice").await.id, core.member("bob").await.id);
    let (store, set): (_, Id<Set>) = (core.store().clone(), Id::random(core.store().entropy()).unwrap());
    let other: Id<Set> = Id::random(store.entropy()).unwrap();
    let hashes = [Form::Code(0), Form::Code(9), Form::Key].map(|form| (form, Secret::new(format!("hash {form:?}"))));
    let (s, a, of) = (store.clone(), alice.clone(), set.clone());
    write(&core, move |c| Box::pin(async move { insert_recovery(c, &s, &a, &of, &hashes, NOW).await })).await.unwrap();
    assert_eq!(store.recovery_left(&set, &alice).await.unwrap(), (2, 1));
    assert_eq!(store.recovery_left(&other, &alice).await.unwrap(), (0, 0));
    let row = row_of(&set, Form::Code(9));
    assert_eq!(store.recovery_hash(&row, &alice).await.unwrap().unwrap().expose(), "hash Code(9)");
    assert!(store.recovery_hash(&row_of(&set, Form::Code(5)), &alice).await.unwrap().is_none());
    assert!(store.recovery_hash(&row, &bob).await.is_err(), "it is hers");
    let spend = async || {
        let row = row.clone();
        write(&core, move |c| Box::pin(async move { spend_recovery(c, &row, NOW).await })).await.unwrap()
    };
    assert_eq!([spend().await, spend().await], [Spent::Now, Spent::Before]);
    assert_eq!(store.recovery_left(&set, &alice).await.unwrap(), (1, 1));
    core.tamper("UPDATE recovery_codes SET hash = 'another'").await;
    assert!(matches!(store.recovery_hash(&row, &alice).await, Err(StoreError::Row { .. })), "t8");
    let whose = alice.clone();
    write(&core, move |c| Box::pin(async move { delete_recovery(c, &whose).await })).await.unwrap();
    assert_eq!(store.recovery_left(&set, &alice).await.unwrap(), (0, 0));
}

async fn devices_turn_their_secret_over_once(core: Core) {
    let alice = core.member("alice").await;
    let store = core.store().clone();
    let device = Device {
        id: Id::random(store.entropy()).unwrap(),
        user: alice.id.clone(),
        credentials: alice.credentials(),
        name: "Firefox".to_owned(),
        place: "192.0.2.1".to_owned(),
        created_at: NOW,
        expires_at: NOW.plus(100),
        secret_hash: token_hash("one"),
        former_hash: None,
        used_at: NOW,
    };
    let (s, new) = (store.clone(), device.clone());
    write(&core, move |c| Box::pin(async move { insert_device(c, &s, &new).await })).await.unwrap();
    let id = device.id.to_string();
    assert_eq!(store.device(&id, NOW.plus(99)).await.unwrap().unwrap().name, "Firefox");
    assert!(store.device(&id, NOW.plus(100)).await.unwrap().is_none(), "absolute");
    let turned = Device {
        secret_hash: token_hash("two"),
        former_hash: Some(token_hash("one")),
        used_at: NOW.plus(5),
        ..device.clone()
    };
    let turn = async || {
        let (s, turned) = (store.clone(), turned.clone());
        write(&core, move |c| Box::pin(async move { turn_device(c, &s, &turned).await })).await
    };
    turn().await.unwrap();
    assert!(matches!(turn().await, Err(StoreError::Conflict)), "from one secret there is one way on");
    assert_eq!(store.device(&id, NOW).await.unwrap().unwrap().former_hash, Some(token_hash("one")));
    assert_eq!(store.devices_of(&alice, NOW).await.unwrap().len(), 1);
    let changed = User { password: Some(Secret::new("$x".to_owned())), ..alice.clone() };
    assert!(store.devices_of(&changed, NOW).await.unwrap().is_empty(), "another password, and it is void");
    let delete = async |id: &str, user: &Id<User>| {
        let (id, user) = (id.to_owned(), user.clone());
        write(&core, move |c| Box::pin(async move { delete_device(c, &id, &user).await })).await.unwrap()
    };
    let bob = core.member("bob").await;
    assert!(!delete(&id, &bob.id).await, "w19: not his");
    assert!(delete(&id, &alice.id).await);
    assert!(!delete(&id, &alice.id).await);
    let (s, again) = (store.clone(), device.clone());
    write(&core, move |c| Box::pin(async move { insert_device(c, &s, &again).await })).await.unwrap();
    core.tamper("UPDATE devices SET expires_at = expires_at + 1000").await;
    assert!(matches!(store.device(&id, NOW).await, Err(StoreError::Row { .. })), "t8");
    let whose = alice.id.clone();
    write(&core, move |c| Box::pin(async move { delete_devices(c, &whose).await })).await.unwrap();
    assert!(store.device(&id, NOW).await.unwrap().is_none());
}

async fn sessions_are_listed_confirmed_and_ended(core: Core) {
    let (alice, bob) = (core.member("alice").await, core.member("bob").await);
    let store = core.store().clone();
    for (token, after) in [("one", 0), ("two", 10)] {
        let (s, user) = (store.clone(), alice.clone());
        let begun = NOW.plus(after);
        write(&core, move |c| {
            Box::pin(async move { insert_session(c, &s, token, &user, &[], "192.0.2.7", begun).await })
        })
        .await
        .unwrap();
    }
    let listed = store.sessions_of(&alice, NOW.plus(20)).await.unwrap();
    let places: Vec<(&str, i64)> = listed.iter().map(|row| (row.place.as_str(), row.seen_at.since(NOW))).collect();
    assert_eq!(places, [("192.0.2.7", 10), ("192.0.2.7", 0)], "the latest use first");
    assert!(store.sessions_of(&bob, NOW.plus(20)).await.unwrap().is_empty());
    assert!(!store.session("one", NOW.plus(20)).await.unwrap().unwrap().is_confirmed(NOW.plus(20)), "rec11");
    let now = NOW.plus(20);
    let renew = async |from: &str| {
        let (s, id_hash, version) = (store.clone(), token_hash(from), alice.security_version);
        let renewal = Renewal { id_hash, token: "three".to_owned(), proof: None, confirmed_at: Some(now), at: now };
        write(&core, move |c| Box::pin(async move { renew_session(c, &s, &renewal, version).await })).await
    };
    renew("one").await.unwrap();
    assert!(store.session("one", now).await.unwrap().is_none(), "ses3: a copy of the old cookie is worth nothing");
    let session = store.session("three", now).await.unwrap().unwrap();
    assert!(session.is_confirmed(now.plus(CONFIRMED_FOR - 1)) && !session.is_confirmed(now.plus(CONFIRMED_FOR)));
    assert!(!session.is_confirmed(NOW), "nor by a clock that went back");
    assert!(matches!(renew("one").await, Err(StoreError::Conflict)));
    let end = async |user: &Id<User>| {
        let (user, store) = (user.clone(), core.store().clone());
        let hash = token_hash("three");
        write(&core, move |c| Box::pin(async move { end_session(c, &store, &hash, &user, NOW).await })).await.unwrap()
    };
    assert!(!end(&bob.id).await, "w19: not his");
    assert!(end(&alice.id).await);
    assert!(store.session("three", now).await.unwrap().is_none());
    core.tamper("UPDATE sessions SET confirmed_at = created_at").await;
    assert!(matches!(store.session("two", now).await, Err(StoreError::Row { .. })), "t8: nobody confirms by SQL");
}

async fn a_block_ends_a_run_of_tries(core: Core) {
    let budget = Budget { id: "email:x".to_owned(), free: 3, then: Then::Block(300) };
    let at = async |after: i64| {
        let budget = budget.clone();
        write(&core, move |c| Box::pin(async move { charge(c, &budget, NOW.plus(after)).await })).await.unwrap()
    };
    assert_eq!([at(0).await, at(100).await, at(399).await], [Charge::Taken; 3], "each within the pause");
    let until = Charge::Wait(NOW.plus(699));
    assert_eq!([at(399).await, at(698).await], [until, until]);
    let (standing, budget_read) = (NOW.plus(500), budget.clone());
    let read = write(&core, move |c| Box::pin(async move { standing_in(c, &budget_read, standing).await })).await;
    assert_eq!(read.unwrap(), until);
    assert_eq!([at(699).await, at(700).await], [Charge::Taken; 2], "then it begins anew");
    assert_eq!(
        [at(1001).await, at(1002).await, at(1003).await],
        [Charge::Taken; 3],
        "and after a pause it is forgotten"
    );
    assert!(matches!(at(1004).await, Charge::Wait(_)));
}

async fn what_is_held_is_counted_and_what_is_committed_tallied(core: Core) {
    let store = core.store().clone();
    assert_eq!(store.count_held().await.unwrap(), 0);
    core.tamper(
        "INSERT INTO budgets (id, fails, next_at, changed_at, noted_at) VALUES ('totp:a', 100, 0, 0, 0), \
         ('totp:b', 99, 0, 0, 0), ('source:web:192.0.2.1', 4000, 0, 0, 0), ('recovery:c', 100, 0, 0, 0)",
    )
    .await;
    assert_eq!(store.count_held().await.unwrap(), 2, "what strangers spend holds nobody");

    let about = Record { door: Some(Door::Sudo), refused: Some(Reason::Wrong), ..Record::new(NOW, Event::Code) };
    let wrong = || {
        let codes =
            store.tally().codes().filter(|(door, reason, _)| (*door, *reason) == (Door::Sudo, Some(Reason::Wrong)));
        codes.map(|(.., count)| count).collect::<Vec<_>>()
    };
    let (work, first) = (store.clone(), about.clone());
    write(&core, move |c| Box::pin(async move { record(c, &work, first).await })).await.unwrap();
    assert_eq!(wrong(), [1]);
    let work = store.clone();
    let undone = write(&core, move |c| {
        Box::pin(async move {
            record(c, &work, about).await?;
            Err::<(), _>(StoreError::Conflict)
        })
    });
    assert!(undone.await.is_err());
    assert_eq!(wrong(), [1], "what was not committed is not counted");
    assert_eq!(store.tally().times().within.last(), Some(&0), "that was no verdict");
    let nothing = store.write_about(Some("a"), |_| Box::pin(async { Ok(()) }));
    nothing.await.unwrap();
    assert_eq!(store.tally().times().within.last(), Some(&1));
    // A place is free again just after the answer.
    let all_free = async {
        while store.load().writes > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), all_free).await.unwrap();
}
