//! The contract of looking for audit records.

use twolatch_core::audit::{Event, Record};
use twolatch_core::door::Door;
use twolatch_core::reason::Reason;
use twolatch_core::store::audit::{Ending, Filter, Found, Position, record};
use twolatch_core::store::{Store, Written};

use crate::support::core::{Core, NOW, on_both};

on_both!(
    records_are_found_by_everything_that_they_have,
    pages_of_records_leave_nothing_out_and_repeat_nothing,
    a_search_without_index_ends_and_goes_on,
    t16_the_first_fault_is_named_and_no_flood_of_them_fills_the_memory,
    t16_what_a_server_remembers_of_its_own_chain_shows_a_cut_tail,
    t16_each_attack_on_the_trail_names_the_first_bad_record,
);

async fn write(store: &Store, records: Vec<Record>) {
    let of = store.clone();
    let written: Written<()> = store
        .write(move |connection| {
            Box::pin(async move {
                for one in records {
                    record(connection, &of, one).await?;
                }
                Ok(())
            })
        })
        .await;
    written.unwrap();
}

/// A code of somebody at a door, some seconds from now.
fn code(name: &str, door: Door, seconds: i64, refused: Option<Reason>) -> Record {
    Record { door: Some(door), refused, ..Record::new(NOW.plus(seconds), Event::Code).about(&name) }
}

fn seconds(found: &Found) -> Vec<i64> {
    found.records.iter().map(|record| record.at - NOW.unix()).collect()
}

async fn records_are_found_by_everything_that_they_have(core: Core) {
    let store = core.store();
    let issued = Record::new(NOW.plus(4), Event::TokenIssued).about(&"alice");
    write(
        store,
        vec![
            code("alice", Door::Ssh, 1, None),
            code("alice", Door::Web, 2, Some(Reason::Wrong)),
            code("bob", Door::Web, 3, Some(Reason::Replay)),
            issued.clone().saying("wiki"),
            Record { at: NOW.plus(5), ..issued.clone().saying("wiki 2fa") },
            Record { at: NOW.plus(6), ..issued.saying("wiki2") },
            Record::new(NOW.plus(7), Event::PolicyChanged).by(&"root").saying("wiki"),
        ],
    )
    .await;
    let all = Filter::default();
    let alice = Filter { person: Some("alice".to_owned()), ..all.clone() };
    let wiki = Filter { client: Some("wiki".parse().unwrap()), ..all.clone() };
    let table: Vec<(Filter, &[i64])> = vec![
        (alice.clone(), &[6, 5, 4, 2, 1]),
        (Filter { event: Some(Event::Code), ..all.clone() }, &[3, 2, 1]),
        (Filter { event: Some(Event::Code), ..alice.clone() }, &[2, 1]),
        (Filter { ending: Some(Ending::Refused), ..all.clone() }, &[3, 2]),
        (Filter { ending: Some(Ending::For(Reason::Replay)), ..all.clone() }, &[3]),
        (Filter { ending: Some(Ending::Well), door: Some(Door::Ssh), ..all.clone() }, &[1]),
        (Filter { door: Some(Door::Web), ..alice }, &[2]),
        (wiki.clone(), &[5, 4]),
        (Filter { since: Some(NOW.plus(5)), ..wiki }, &[5]),
        (Filter { since: Some(NOW.plus(2)), until: Some(NOW.plus(4)), ..all.clone() }, &[3, 2]),
        (Filter { person: Some("x' OR '1'='1".to_owned()), ..all }, &[]),
    ];
    for (filter, expected) in table {
        let found = store.search_audit(&filter, None, 50).await.unwrap();
        assert_eq!(seconds(&found), expected, "{filter:?}");
        assert_eq!(found.next, None, "{filter:?}");
    }
}

async fn pages_of_records_leave_nothing_out_and_repeat_nothing(core: Core) {
    let other = core.second_server().await;
    // Two processes, and several records in one second.
    for store in [core.store(), &other.store] {
        write(store, (0..25).map(|number| code("alice", Door::Ssh, number / 10, None)).collect()).await;
    }
    let filters = [Filter::default(), Filter { event: Some(Event::Code), door: Some(Door::Ssh), ..Filter::default() }];
    for filter in filters {
        let whole = core.store().search_audit(&filter, None, 1000).await.unwrap().records;
        let mut pieces = Vec::new();
        let mut from: Option<Position> = None;
        loop {
            let found = core.store().search_audit(&filter, from.as_ref(), 7).await.unwrap();
            pieces.extend(found.records);
            // As it stands in an address.
            from = found.next.map(|next| next.to_string().parse().unwrap());
            if from.is_none() {
                break;
            }
        }
        assert!(whole.len() >= 50, "{}", whole.len());
        assert_eq!(pieces, whole, "{filter:?}");
    }
}

async fn a_search_without_index_ends_and_goes_on(core: Core) {
    core.tamper("DELETE FROM audit").await;
    write(core.store(), vec![code("alice", Door::Su, 0, None)]).await;
    // More than are looked at for one page; they need no marks here.
    core.tamper(
        "INSERT INTO audit (instance, seq, at, event, result, door, mac) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) \
         SELECT 'other', i, 1800000010 + i, 'code', 'ok', 'ssh', '' FROM n",
    )
    .await;
    let filter = Filter { door: Some(Door::Su), ..Filter::default() };
    let near = core.store().search_audit(&filter, None, 50).await.unwrap();
    let next = near.next.expect("there is more to look at");
    assert_eq!((near.records.len(), next.at()), (0, NOW.plus(10_001)));
    let far = core.store().search_audit(&filter, Some(&next), 50).await.unwrap();
    assert_eq!((far.records.len(), far.next), (1, None));
}

async fn t16_the_first_fault_is_named_and_no_flood_of_them_fills_the_memory(core: Core) {
    write(core.store(), (0..150).map(|number| code("alice", Door::Ssh, number, None)).collect()).await;
    while core.store().link_audit(NOW).await.unwrap().is_some() {}
    core.tamper("UPDATE audit SET result = 'wrong' WHERE user_name = 'alice'").await;
    let found = core.store().verify_audit(&[], &mut |_| ()).await.unwrap();
    assert!(!found.is_whole());
    let first = format!("{}:2: the record was changed", core.store().instance());
    assert_eq!((found.faults[0].as_str(), found.faults.len()), (first.as_str(), 100));
    assert!(found.more_faults >= 50, "{}", found.more_faults);
}

async fn t16_what_a_server_remembers_of_its_own_chain_shows_a_cut_tail(core: Core) {
    assert_eq!(core.store().audit_head().await, None);
    let told = core.store().link_audit(NOW).await.unwrap();
    let head = core.store().audit_head().await;
    assert!(head.is_some() && head == told, "{head:?} {told:?}");
    core.tamper("DELETE FROM audit_links").await;
    core.tamper("DELETE FROM audit").await;
    let found = core.store().verify_audit(&head.map(|head| vec![head]).unwrap(), &mut |_| ()).await.unwrap();
    assert_eq!(found.faults.len(), 1, "{found:?}");
}

async fn t16_each_attack_on_the_trail_names_the_first_bad_record(core: Core) {
    let store = core.store();
    write(store, (0..6).map(|number| code("alice", Door::Ssh, number, None)).collect()).await;
    store.link_audit(NOW).await.unwrap().unwrap();
    core.tamper("CREATE TABLE kept AS SELECT * FROM audit").await;
    core.tamper("CREATE TABLE kept_links AS SELECT * FROM audit_links").await;
    let back = async || {
        core.tamper("DELETE FROM audit").await;
        core.tamper("DELETE FROM audit_links").await;
        core.tamper("INSERT INTO audit SELECT * FROM kept").await;
        core.tamper("INSERT INTO audit_links SELECT * FROM kept_links").await;
    };
    let verify = async |heads: &[String]| store.verify_audit(heads, &mut |_| ()).await.unwrap();
    let attacks: [(&str, &[&'static str], &str); 5] = [
        ("edit", &["UPDATE audit SET result = 'wrong' WHERE seq >= 3"], "3: the record was changed"),
        ("delete", &["DELETE FROM audit WHERE seq = 3"], "1-7: 7 records were written, 6 are there"),
        (
            "insert",
            &["INSERT INTO audit (instance, seq, at, event, result, mac) \
               SELECT instance, 8, at, event, 'ok', mac FROM audit WHERE seq = 7"],
            "8: the record was changed",
        ),
        (
            "swap",
            &[
                "UPDATE audit SET seq = 99 WHERE seq = 3",
                "UPDATE audit SET seq = 3 WHERE seq = 4",
                "UPDATE audit SET seq = 4 WHERE seq = 99",
            ],
            "3: the record was changed",
        ),
        ("cut the end of a link", &["DELETE FROM audit WHERE seq > 5"], "1-7: 7 records were written, 5 are there"),
    ];
    for (name, statements, first) in attacks {
        for text in statements {
            assert!(core.tamper(text).await > 0, "{name}");
        }
        assert_eq!(verify(&[]).await.faults[0], format!("{}:{first}", store.instance()), "{name}");
        back().await;
        assert!(verify(&[]).await.is_whole(), "{name}");
    }
    write(store, vec![code("bob", Door::Web, 9, None)]).await;
    let head = store.link_audit(NOW).await.unwrap().unwrap();
    let heads = std::slice::from_ref(&head);
    assert!(verify(heads).await.is_whole());
    let cut = [format!("{head}: the journal names this link, but it is not there: the trail was cut")];
    back().await;
    assert!(verify(&[]).await.is_whole(), "an old copy, or a cut tail, is whole in itself");
    assert_eq!(verify(heads).await.faults, cut, "but not beside the journal");
    core.tamper("DELETE FROM audit").await;
    core.tamper("DELETE FROM audit_links").await;
    assert!(verify(&[]).await.is_whole(), "where nothing is left, nothing is wrong");
    assert_eq!(verify(heads).await.faults, cut);
}
