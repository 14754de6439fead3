//! The contract of the store: what each method promises, on both engines.

use twolatch_core::audit::{Event, Record};
use twolatch_core::crypto::token_hash;
use twolatch_core::factor::{Kind, Proof};
use twolatch_core::id::Id;
use twolatch_core::login::Logins;
use twolatch_core::policy::{Exemption, Level, Rules, Subject, Within};
use twolatch_core::reason::Reason;
use twolatch_core::step::Assurance;
use twolatch_core::store::audit::record;
use twolatch_core::store::browser::{Attempt, finish_attempt, insert_attempt, update_attempt};
use twolatch_core::store::budgets::{Budget, Charge, HARD_STOP, Then, charge, clear, give_back, refuse};
use twolatch_core::store::factors::{Taken, accept_step};
use twolatch_core::store::links::{Link, Purpose, insert_link, use_link};
use twolatch_core::store::people::Search;
use twolatch_core::store::policies::insert_policy;
use twolatch_core::store::sessions::{IDLE, SESSION_LIFE, delete_session, insert_session};
use twolatch_core::store::{Boxed, StoreError, Written};
use twolatch_core::time::Timestamp;
use twolatch_core::user::Role;

use crate::support::core::{Core, NOW, actor, on_both, parsed};

mod alerts;
mod audit;
mod clients;
mod mails;
mod people;
mod policies;
mod second_factors;
mod sweep;

on_both!(
    people_are_found_by_name_id_address_and_in_order,
    a_user_changed_by_somebody_else_is_a_conflict,
    names_and_addresses_are_taken_once_whatever_their_case,
    a_time_step_is_taken_once_and_above_the_floor,
    budgets_are_charged_waited_for_held_and_cleared,
    sign_ins_move_on_once,
    ses4_sessions_end_by_time_idleness_and_change,
    links_are_used_once_and_newer_ones_kill_older,
    policies_have_one_next_version,
    t16_the_audit_finds_every_change,
    f11_two_servers_that_start_at_once_migrate_once,
    w17_names_are_text,
);

type Work<T> = Box<dyn for<'c> FnOnce(&'c mut sqlx::AnyConnection) -> Boxed<'c, Written<T>> + Send>;

async fn write<T: Send + 'static>(logins: &Logins, work: Work<T>) -> Written<T> {
    logins.store.write(work).await
}

async fn people_are_found_by_name_id_address_and_in_order(core: Core) {
    for name in ["carol", "Alice", "bob"] {
        core.member(name).await;
    }
    let address = "bob@example.org".parse().unwrap();
    core.logins
        .change_user(&parsed("bob"), String::new(), &actor(NOW), |user| {
            user.email = Some(address);
            user.groups = vec!["ops".parse().unwrap()];
            user.role = Role::Supervisor;
        })
        .await
        .unwrap();
    let store = core.store();
    assert!(store.person_by_email("bob@example.org").await.unwrap().is_none(), "the address is not verified");
    core.logins
        .change_user(&parsed("bob"), String::new(), &actor(NOW), |user| user.email_verified_at = Some(NOW))
        .await
        .unwrap();
    let bob = store.person_by_email("bob@example.org").await.unwrap().unwrap().user;
    assert_eq!((bob.role, bob.groups[0].as_str(), bob.security_version), (Role::Supervisor, "ops", 3));
    assert_eq!(store.person(&bob.id).await.unwrap().unwrap().user.name, bob.name);
    assert_eq!(store.person_by_name(&parsed("alice")).await.unwrap().unwrap().user.name.as_str(), "Alice");
    assert!(store.person_by_name(&parsed("nobody")).await.unwrap().is_none());
    assert_eq!(store.count_users().await.unwrap(), 3);
    assert_eq!(core.number("SELECT COUNT(*) FROM memberships").await, 1);
    core.logins.delete_user(&parsed("bob"), &actor(NOW)).await.unwrap();
    assert_eq!(store.count_users().await.unwrap(), 2);
    assert_eq!(core.number("SELECT COUNT(*) FROM memberships").await, 0);
    assert_eq!(store.count_admins().await.unwrap(), 0);
    store.ping().await.unwrap();
    store.checkpoint().await.unwrap();
    assert!(store.is_alive());
}

async fn a_user_changed_by_somebody_else_is_a_conflict(core: Core) {
    core.member("alice").await;
    let changes = (0..16).map(|_| {
        let logins = core.logins.clone();
        tokio::spawn(async move { logins.change_user(&parsed("alice"), String::new(), &actor(NOW), |_| ()).await })
    });
    let mut done = 0;
    for change in changes.collect::<Vec<_>>() {
        done += i64::from(change.await.unwrap().is_ok());
    }
    let user = core.logins.named(&parsed("alice")).await.unwrap().user;
    assert!(done >= 1);
    assert_eq!(user.security_version, 1 + done, "each change that went through raised it by one");
}

async fn names_and_addresses_are_taken_once_whatever_their_case(core: Core) {
    core.member("alice").await;
    let id = Id::random(core.store().entropy()).unwrap();
    let twin = twolatch_core::user::User::new(id, parsed("ALICE"), NOW, NOW);
    let error = core.logins.add_user(twin, None, false, &actor(NOW)).await.unwrap_err();
    assert!(error.to_string().contains("already"), "{error}");
    core.member("bob").await;
    let set = async |name: &str, address: &str| {
        let address = address.parse().unwrap();
        core.logins.change_user(&parsed(name), String::new(), &actor(NOW), |user| user.email = Some(address)).await
    };
    set("alice", "a@example.org").await.unwrap();
    assert!(set("bob", "A@Example.ORG").await.is_err());
}

async fn a_time_step_is_taken_once_and_above_the_floor(core: Core) {
    core.enrolled("alice").await;
    let factor = core.logins.named(&parsed("alice")).await.unwrap().factors.remove(0);
    let budget = Budget { id: "totp:x".to_owned(), free: 2, then: Then::Hold };
    let take = async |step: i64| {
        let (factor, store, budget) = (factor.clone(), core.store().clone(), budget.clone());
        let about = Record::new(NOW, Event::Code).about(&"taken");
        let work: Work<Taken> = Box::new(move |c| {
            Box::pin(async move {
                let _ = charge(c, &budget, NOW).await?;
                accept_step(c, &store, &factor, step, &budget, about).await
            })
        });
        write(&core.logins, work).await.unwrap()
    };
    let taken = [take(100).await, take(100).await, take(99).await, take(101).await];
    assert_eq!(taken, [Taken::Now, Taken::Before, Taken::Before, Taken::Now]);
    assert_eq!(core.number("SELECT COUNT(*) FROM audit WHERE user_name = 'taken' AND result = 'ok'").await, 2);
    let fails = || core.store().standing(&budget, NOW);
    assert_eq!(fails().await.unwrap().0, 0, "a taken step ends the run of failures");
    core.tamper("UPDATE meta SET replay_floor = 3060").await;
    assert_eq!(take(101).await, Taken::Before);
    assert_eq!(take(102).await, Taken::Now, "a step that begins at the floor");
    core.tamper("UPDATE meta SET replay_floor = 3091").await;
    assert_eq!(take(103).await, Taken::BelowFloor, "a step that began before the floor");
    assert_eq!(fails().await.unwrap().0, 1, "one that is not taken ends nothing");
    assert_eq!(core.number("SELECT COUNT(*) FROM audit WHERE user_name = 'taken'").await, 3);
}

async fn budgets_are_charged_waited_for_held_and_cleared(core: Core) {
    let budget = Budget { id: "totp:x".to_owned(), free: 2, then: Then::Hold };
    let charge_at = async |now: Timestamp| {
        let budget = budget.clone();
        write(&core.logins, Box::new(move |c| Box::pin(async move { charge(c, &budget, now).await }))).await.unwrap()
    };
    assert_eq!(charge_at(NOW).await, Charge::Taken);
    assert_eq!(charge_at(NOW).await, Charge::Taken);
    assert_eq!(charge_at(NOW.plus(29)).await, Charge::Wait(NOW.plus(30)));
    let refused = budget.clone();
    write(&core.logins, Box::new(move |c| Box::pin(async move { refuse(c, &refused).await }))).await.unwrap();
    assert_eq!(core.number("SELECT refused FROM budgets WHERE id = 'totp:x'").await, 1);
    assert_eq!(core.store().standing(&budget, NOW).await.unwrap(), (2, Charge::Wait(NOW.plus(30))));
    assert_eq!(charge_at(NOW.plus(30)).await, Charge::Taken);
    let returned = budget.clone();
    write(&core.logins, Box::new(move |c| Box::pin(async move { give_back(c, &returned).await }))).await.unwrap();
    assert_eq!(core.store().standing(&budget, NOW.plus(30)).await.unwrap(), (2, Charge::Taken));
    assert_eq!(charge_at(NOW.plus(30)).await, Charge::Taken);
    assert_eq!(charge_at(NOW.plus(90)).await, Charge::Taken, "the next delay is twice as long");
    let mut now = NOW.plus(99_999);
    for _ in 4..HARD_STOP {
        assert_eq!(charge_at(now).await, Charge::Taken);
        now = now.plus(3600);
    }
    assert_eq!(charge_at(now.plus(99_999)).await, Charge::Held);
    let cleared = budget.clone();
    write(&core.logins, Box::new(move |c| Box::pin(async move { clear(c, &cleared).await }))).await.unwrap();
    assert_eq!(core.store().standing(&budget, NOW).await.unwrap(), (0, Charge::Taken));
}

async fn sign_ins_move_on_once(core: Core) {
    let user = core.member("alice").await;
    let attempt = Attempt {
        id_hash: token_hash("token"),
        user: user.id.clone(),
        proofs: vec![Proof { kind: Kind::Password, at: NOW }],
        pending: None,
        mailed: None,
        continue_to: Some("blob".to_owned()),
        client: Some("wiki".parse().unwrap()),
        least: Assurance::Password,
        security_version: 1,
        version: 1,
        created_at: NOW,
        expires_at: NOW.plus(900),
    };
    let (store, row) = (core.store().clone(), attempt.clone());
    write(&core.logins, Box::new(move |c| Box::pin(async move { insert_attempt(c, &store, &row).await })))
        .await
        .unwrap();
    assert!(core.store().attempt("token", NOW.plus(900)).await.unwrap().is_none());
    assert!(core.store().attempt("other", NOW).await.unwrap().is_none());
    let read = core.store().attempt("token", NOW).await.unwrap().unwrap();
    assert_eq!((read.continue_to.as_deref(), read.proofs.len(), read.version), (Some("blob"), 1, 1));
    assert_eq!(read.client, attempt.client);
    let moves = (0..8).map(|_| {
        let (logins, store, row) = (core.logins.clone(), core.store().clone(), attempt.clone());
        tokio::spawn(async move {
            write(&logins, Box::new(move |c| Box::pin(async move { update_attempt(c, &store, &row).await }))).await
        })
    });
    let mut moved = 0;
    for one in moves.collect::<Vec<_>>() {
        moved += i64::from(one.await.unwrap().is_ok());
    }
    assert_eq!(moved, 1);
    let late = attempt.clone();
    let ended = write(&core.logins, Box::new(move |c| Box::pin(async move { finish_attempt(c, &late).await }))).await;
    assert!(matches!(ended, Err(StoreError::Conflict)), "{ended:?}");
    core.tamper("UPDATE attempts SET proofs = '[]'").await;
    let tampered = core.store().attempt("token", NOW).await.unwrap_err();
    assert_eq!(tampered.reason(), Reason::RowMac, "t8: a sign-in cannot be given proofs from outside");
}

async fn ses4_sessions_end_by_time_idleness_and_change(core: Core) {
    let user = core.member("alice").await;
    let proofs = [Proof { kind: Kind::Password, at: NOW }];
    let start = async |token: &'static str, user: twolatch_core::user::User| {
        let store = core.store().clone();
        write(
            &core.logins,
            Box::new(move |c| {
                Box::pin(async move { insert_session(c, &store, token, &user, &proofs, "192.0.2.1", NOW).await })
            }),
        )
        .await
        .unwrap();
    };
    start("one", user.clone()).await;
    let alive = async |token: &str, now| core.store().session(token, now).await.unwrap().is_some();
    assert!(alive("one", NOW.plus(IDLE - 1)).await);
    assert!(alive("one", NOW.plus(2 * IDLE - 2)).await, "use keeps it alive");
    let mut now = NOW;
    while now < NOW.plus(SESSION_LIFE - IDLE) {
        now = now.plus(IDLE - 1);
        assert!(alive("one", now).await);
    }
    assert!(!alive("one", NOW.plus(SESSION_LIFE)).await, "no use keeps it alive for longer");
    start("idle", user.clone()).await;
    assert!(!alive("idle", NOW.plus(IDLE)).await);
    start("ended", user.clone()).await;
    let (hash, store) = (token_hash("ended"), core.store().clone());
    write(&core.logins, Box::new(move |c| Box::pin(async move { delete_session(c, &store, &hash, NOW).await })))
        .await
        .unwrap();
    assert!(!alive("ended", NOW).await);
    start("moved", user).await;
    core.member("mallory").await;
    core.logins.change_user(&parsed("alice"), String::new(), &actor(NOW), |_| ()).await.unwrap();
    assert!(!alive("moved", NOW).await, "ses6: a change of the user ends it");
    start("spoilt", core.logins.named(&parsed("alice")).await.unwrap().user).await;
    core.tamper("UPDATE sessions SET user_id = (SELECT id FROM users WHERE name = 'mallory')").await;
    assert_eq!(core.store().session("spoilt", NOW).await.unwrap_err().reason(), Reason::RowMac, "t8");
}

async fn links_are_used_once_and_newer_ones_kill_older(core: Core) {
    let user = core.member("alice").await;
    let make = async |token: &'static str| {
        let link = Link {
            purpose: Purpose::Invite,
            user: Some(user.id.clone()),
            credentials: Some(user.credentials()),
            expires_at: NOW.plus(60),
        };
        let store = core.store().clone();
        write(
            &core.logins,
            Box::new(move |c| Box::pin(async move { insert_link(c, &store, token, &link, NOW).await })),
        )
        .await
        .unwrap();
    };
    let spend = async |token: &'static str, now| {
        write(&core.logins, Box::new(move |c| Box::pin(async move { use_link(c, token, now).await }))).await.unwrap()
    };
    make("old").await;
    make("new").await;
    assert!(core.store().link("old", NOW).await.unwrap().is_none());
    assert!(core.store().link("new", NOW.plus(60)).await.unwrap().is_none());
    for _ in 0..20 {
        assert_eq!(
            core.store().link("new", NOW).await.unwrap().unwrap().purpose,
            Purpose::Invite,
            "w26: looking is free"
        );
    }
    assert!(!spend("new", NOW.plus(60)).await);
    assert!(spend("new", NOW).await);
    assert!(!spend("new", NOW).await);
    core.tamper("UPDATE links SET used_at = NULL, purpose = 'first_admin'").await;
    assert_eq!(core.store().link("new", NOW).await.unwrap_err().reason(), Reason::RowMac, "t8");
}

async fn policies_have_one_next_version(core: Core) {
    let put = async |expected: i64| {
        let store = core.store().clone();
        write(
            &core.logins,
            Box::new(move |c| {
                Box::pin(async move {
                    insert_policy(c, &store, &Rules::initial(Level::Optional), expected, "test", NOW).await
                })
            }),
        )
        .await
    };
    assert!(matches!(put(0).await, Err(StoreError::Conflict)));
    put(1).await.unwrap();
    let policy = core.store().policy(false, NOW.plus(1)).await.unwrap();
    assert_eq!((policy.version, policy.rules.organisation), (2, Level::Optional));
    assert!(core.store().has_policy().await.unwrap());
    let exemption = Exemption {
        id: Id::from_stored("e1".to_owned()),
        subject: Subject::Group("ops".parse().unwrap()),
        within: Within::default(),
        level: Level::Off,
        until: NOW.plus(60),
        reason: "why".to_owned(),
        author: "test".to_owned(),
        at: NOW,
    };
    core.logins.exempt(exemption, &actor(NOW.plus(2))).await.unwrap();
    let policy = core.store().policy(false, NOW.plus(3)).await.unwrap();
    assert_eq!((policy.version, policy.exemptions.len()), (3, 1), "an exemption is a new version");
    core.logins.end_exemption("e1", &actor(NOW.plus(4))).await.unwrap();
    assert!(core.logins.end_exemption("e1", &actor(NOW.plus(4))).await.is_err());
    assert_eq!(core.store().policy(false, NOW.plus(5)).await.unwrap().exemptions.len(), 0);
}

async fn t16_the_audit_finds_every_change(core: Core) {
    let note = async |detail: &'static str| {
        let store = core.store().clone();
        let about = Record::new(NOW, Event::UserChanged).saying(detail);
        write(&core.logins, Box::new(move |c| Box::pin(async move { record(c, &store, about).await }))).await.unwrap();
    };
    for detail in ["one", "two", "three"] {
        note(detail).await;
    }
    let head = core.store().link_audit(NOW).await.unwrap().unwrap();
    assert_eq!(core.store().link_audit(NOW).await.unwrap(), None, "nothing new");
    for detail in ["four", "five"] {
        note(detail).await;
    }
    core.store().link_audit(NOW).await.unwrap().unwrap();
    note("six").await;
    let verify = async |heads: &[String]| core.store().verify_audit(heads, &mut |_| ()).await.unwrap();
    let whole = verify(std::slice::from_ref(&head)).await;
    assert_eq!((whole.records, whole.links, whole.unlinked, whole.faults.len()), (7, 2, 1, 0), "{whole:?}");
    let latest = core.store().latest_audit(2).await.unwrap();
    assert_eq!(latest.iter().map(|record| record.detail.as_deref().unwrap()).collect::<Vec<_>>(), ["six", "five"]);
    let attacks = [
        ("UPDATE audit SET detail = 'x' WHERE detail = 'two'", "UPDATE audit SET detail = 'two' WHERE detail = 'x'"),
        ("UPDATE audit SET seq = 99 WHERE detail = 'two'", "UPDATE audit SET seq = 3 WHERE detail = 'two'"),
        ("UPDATE audit_links SET records = 3 WHERE number = 2", "UPDATE audit_links SET records = 2 WHERE number = 2"),
        ("UPDATE audit_links SET number = 9 WHERE number = 1", "UPDATE audit_links SET number = 1 WHERE number = 9"),
    ];
    for (attack, undo) in attacks {
        core.tamper(attack).await;
        assert!(!verify(&[]).await.faults.is_empty(), "{attack}");
        core.tamper(undo).await;
        assert_eq!(verify(&[]).await.faults.len(), 0, "{undo}");
    }
    core.tamper("DELETE FROM audit WHERE detail IN ('four', 'five', 'six')").await;
    core.tamper("DELETE FROM audit_links WHERE number = 2").await;
    assert_eq!(verify(std::slice::from_ref(&head)).await.faults.len(), 0, "a cut tail shows only by a later head");
    core.tamper("DELETE FROM audit_links").await;
    assert_eq!(verify(&[head]).await.faults.len(), 1, "with the journal it shows");
}

async fn f11_two_servers_that_start_at_once_migrate_once(core: Core) {
    let (one, two) = tokio::join!(core.second_server(), core.second_server());
    assert_eq!(one.store.count_users().await.unwrap(), two.store.count_users().await.unwrap());
    assert_ne!(one.store.instance(), two.store.instance());
}

async fn w17_names_are_text(core: Core) {
    for name in ["x'--", "%", "_", "a'; DROP TABLE users; --"] {
        assert!(core.store().person_by_email(name).await.unwrap().is_none());
    }
    let policy = core.logins.policy(NOW).await.unwrap();
    let search = Search { text: Some("zzz' OR '1'='1".to_owned()), ..Search::default() };
    assert_eq!(core.store().count_people(&search, &policy, NOW).await.unwrap(), 0);
    core.member("_").await;
    assert!(core.store().person_by_name(&parsed("a")).await.unwrap().is_none(), "no pattern is matched");
}
