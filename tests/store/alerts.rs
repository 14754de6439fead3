//! The contract of alerts: each once, whoever makes it, and nothing is lost.

use twolatch_core::alert::{Chosen, WRONG_CODES, WRONG_CODES_IN_ALL};
use twolatch_core::audit::{Event, Record};
use twolatch_core::letter::Letter;
use twolatch_core::reason::Reason;
use twolatch_core::store::Store;
use twolatch_core::store::alerts::{LIFE, Told};
use twolatch_core::store::audit::record;
use twolatch_core::time::Timestamp;

use crate::support::core::{Core, NOW, on_both};

on_both!(
    chosen_events_are_told_once_whoever_is_first,
    wrong_codes_are_told_per_person_and_in_all,
    alerts_are_posted_by_one_until_they_are_settled,
    t8_an_alert_that_was_changed_is_not_posted,
    f13_a_moment_that_was_wrong_silences_no_alert,
    a_flood_of_events_is_told_in_few_letters,
    t9_a_flood_hides_nothing_that_weighs_more,
);

fn chosen() -> Chosen {
    let events = vec![Event::FactorsReset, Event::Exempted, Event::UserChanged, Event::RecoveryAsked];
    Chosen { events, wrong_codes_per_person: 3, wrong_codes_in_all: 5 }
}

fn told() -> Told {
    Told { addresses: vec!["security@example.org".parse().unwrap()], posted: true }
}

async fn note(store: &Store, records: Vec<Record>) {
    let of = store.clone();
    let work = store.write(move |connection| {
        Box::pin(async move {
            for one in records {
                record(connection, &of, one).await?;
            }
            Ok(())
        })
    });
    work.await.unwrap();
}

fn reset(name: &str, at: Timestamp) -> Record {
    Record::new(at, Event::FactorsReset).about(&name).by(&"root")
}

fn wrong(name: &str, at: Timestamp) -> Record {
    Record { refused: Some(Reason::Wrong), ..Record::new(at, Event::Code).about(&name) }
}

async fn raise(store: &Store, seconds: i64) -> usize {
    store.raise_alerts(&chosen(), &told(), NOW.plus(seconds)).await.unwrap().unwrap_or_default()
}

/// The events in all letters that wait.
async fn letters(store: &Store) -> Vec<Vec<String>> {
    let mails = store.claim_mails(100, NOW.plus(4000)).await.unwrap();
    let mut all = Vec::new();
    for outgoing in mails {
        store.mail_done(&outgoing).await.unwrap();
        if let Letter::Alerts { alerts, .. } = &outgoing.mail.letter {
            assert_eq!(String::from(outgoing.mail.to.clone()), "security@example.org");
            all.push(alerts.iter().map(|alert| alert.event.clone()).collect());
        }
    }
    all
}

async fn chosen_events_are_told_once_whoever_is_first(core: Core) {
    let (store, other) = (core.store(), core.second_server().await.store);
    note(store, vec![reset("early", NOW.plus(-1))]).await;
    assert_eq!(raise(store, 0).await, 0, "what was before is history");
    note(store, vec![reset("alice", NOW.plus(200)), Record::new(NOW.plus(200), Event::LinkMade)]).await;
    note(&other, vec![reset("bob", NOW.plus(201))]).await;
    let (one, two) = tokio::join!(raise(store, 205), raise(&other, 205));
    assert_eq!(one + two, 2, "each by one of them");
    let said: Vec<String> = letters(store).await.concat();
    assert_eq!(said, ["factors_reset", "factors_reset"]);
    assert_eq!(raise(&other, 210).await, 0);
    // Committed late, by a server whose clock is behind.
    note(store, vec![reset("carol", NOW.plus(150))]).await;
    assert_eq!(raise(&other, 215).await, 1);
    // Two hours without a server.
    note(store, vec![reset("dave", NOW.plus(300))]).await;
    assert_eq!(raise(&other, 7500).await, 1);
    assert_eq!(raise(store, 7600).await, 0);
}

async fn wrong_codes_are_told_per_person_and_in_all(core: Core) {
    let store = core.store();
    raise(store, 0).await;
    note(store, vec![wrong("alice", NOW.plus(200)), wrong("alice", NOW.plus(200)), wrong("bob", NOW.plus(201))]).await;
    assert_eq!(raise(store, 205).await, 0);
    note(store, vec![wrong("alice", NOW.plus(206)), wrong("carol", NOW.plus(206))]).await;
    assert_eq!(raise(store, 210).await, 2);
    assert_eq!(letters(store).await, [[WRONG_CODES, WRONG_CODES_IN_ALL]]);
    note(store, vec![wrong("alice", NOW.plus(212))]).await;
    assert_eq!(raise(store, 215).await, 0, "once in an hour");
    note(store, vec![wrong("alice", NOW.plus(4000))]).await;
    assert_eq!(raise(store, 4001).await, 0, "the others are too long ago");
}

async fn alerts_are_posted_by_one_until_they_are_settled(core: Core) {
    let (store, other) = (core.store(), core.second_server().await.store);
    raise(store, 0).await;
    note(store, vec![reset("alice", NOW.plus(200))]).await;
    raise(store, 205).await;
    let (one, two) = tokio::join!(store.claim_alert(NOW.plus(205)), other.claim_alert(NOW.plus(205)));
    let mut taken: Vec<_> = [one.unwrap(), two.unwrap()].into_iter().flatten().collect();
    assert_eq!(taken.len(), 1, "one of them");
    let posting = taken.remove(0);
    assert_eq!((posting.tries, posting.alert.person.as_deref()), (1, Some("alice")));
    store.settle_alert(&posting, Some(NOW.plus(220))).await.unwrap();
    assert!(store.claim_alert(NOW.plus(219)).await.unwrap().is_none());
    let again = store.claim_alert(NOW.plus(220)).await.unwrap().unwrap();
    assert_eq!((again.tries, &again.alert), (2, &posting.alert));
    other.settle_alert(&posting, Some(NOW)).await.unwrap();
    assert!(store.claim_alert(NOW.plus(221)).await.unwrap().is_none(), "who had it before settles nothing");
    store.settle_alert(&again, None).await.unwrap();
    assert!(store.claim_alert(NOW.plus(LIFE)).await.unwrap().is_none());
    assert_eq!(store.sweep_alerts(NOW.plus(LIFE)).await.unwrap(), 0, "it may be read again");
    assert_eq!(store.sweep_alerts(NOW.plus(200 + 2 * LIFE)).await.unwrap(), 1);
}

async fn t8_an_alert_that_was_changed_is_not_posted(core: Core) {
    let store = core.store();
    raise(store, 0).await;
    note(store, vec![reset("alice", NOW.plus(200))]).await;
    raise(store, 205).await;
    core.tamper("UPDATE alerts SET document = replace(document, 'alice', 'bob')").await;
    note(store, vec![reset("carol", NOW.plus(206))]).await;
    raise(store, 207).await;
    let error = store.claim_alert(NOW.plus(207)).await.unwrap_err();
    assert!(error.to_string().contains("row_mac"), "{error}");
    let next = store.claim_alert(NOW.plus(207)).await.unwrap().unwrap();
    assert_eq!(next.alert.person.as_deref(), Some("carol"), "the others are posted");
    store.settle_alert(&next, None).await.unwrap();
    assert!(store.claim_alert(NOW.plus(LIFE)).await.unwrap().is_none(), "that is said once");
}

async fn f13_a_moment_that_was_wrong_silences_no_alert(core: Core) {
    const AHEAD: i64 = 30 * 86_400;
    let store = core.store();
    raise(store, 0).await;
    note(store, vec![reset("alice", NOW.plus(200))]).await;
    assert_eq!(raise(store, 205).await, 1);
    store.settle_alert(&store.claim_alert(NOW.plus(205)).await.unwrap().unwrap(), None).await.unwrap();
    // One look by a clock that is a month ahead, and what was done then.
    note(store, vec![reset("bob", NOW.plus(AHEAD))]).await;
    assert_eq!(raise(store, AHEAD + 1).await, 1);
    // It is right again, and a while later somebody looks.
    note(store, vec![reset("carol", NOW.plus(300))]).await;
    assert_eq!(raise(store, 900).await, 1, "carol, and nobody twice");
    assert_eq!(raise(store, 905).await, 0);
    let until = core.number("SELECT alerts_until FROM meta").await;
    assert!(until <= NOW.plus(905).unix(), "the mark is right again: {until}");
    note(store, vec![reset("dave", NOW.plus(910))]).await;
    assert_eq!(raise(store, 915).await, 1);
    let mut posted = Vec::new();
    while let Some(posting) = store.claim_alert(NOW.plus(915)).await.unwrap() {
        store.settle_alert(&posting, None).await.unwrap();
        posted.extend(posting.alert.person);
    }
    posted.sort();
    assert_eq!(posted, ["bob", "carol", "dave"], "what was told by the wrong clock does not wait for its moment");
}

async fn a_flood_of_events_is_told_in_few_letters(core: Core) {
    let store = core.store();
    raise(store, 0).await;
    note(store, (0..600).map(|number| reset(&format!("user{number}"), NOW.plus(200))).collect()).await;
    assert_eq!(raise(store, 205).await, 500);
    assert_eq!(raise(store, 210).await, 100);
    let letters = letters(store).await;
    assert_eq!(letters.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50]);
}

async fn t9_a_flood_hides_nothing_that_weighs_more(core: Core) {
    let store = core.store();
    raise(store, 0).await;
    let asked = |number| Record::new(NOW.plus(200), Event::RecoveryAsked).about(&format!("user{number}"));
    let changed = |detail: &str| Record::new(NOW.plus(201), Event::UserChanged).about(&"mallory").saying(detail);
    let mut records: Vec<Record> = (0..60).map(asked).collect();
    records.push(Record::new(NOW.plus(202), Event::Exempted));
    records.extend([changed("enabled"), changed("email x@example.org, role admin")]);
    note(store, records).await;
    assert_eq!(raise(store, 205).await, 63);
    let mail = store.claim_mails(9, NOW.plus(4000)).await.unwrap().remove(0);
    let Letter::Alerts { alerts, more } = mail.mail.letter else { panic!("{mail:?}") };
    let first: Vec<_> = alerts.iter().take(3).map(|alert| (alert.event.as_str(), alert.detail.as_deref())).collect();
    let role = Some("email x@example.org, role admin");
    assert_eq!(
        first,
        [("user_changed", role), ("exempted", None), ("recovery_asked", None)],
        "the oldest of both first"
    );
    let left_out = [("recovery_asked", 12), ("user_changed", 1)].map(|(event, count)| (event.to_owned(), count));
    assert_eq!((alerts.len(), more), (50, left_out.to_vec()), "what is not named is counted, each for itself");
}
