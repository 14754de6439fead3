//! What people bring along from other programs, on the core alone: weighed first, then taken over whole or not at all.

use std::sync::Arc;

use twolatch_core::factor::totp::{Algorithm, Totp};
use twolatch_core::login::import::{Brought, Done, Fate, Insisting, Remark, Weighed, Why};
use twolatch_core::login::manage::ManageError;
use twolatch_core::policy::RecoveryKept;
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::store::StoreError;
use twolatch_core::store::budgets::{Budget, Charge, HARD_STOP};
use twolatch_core::store::mails::AT_WILL;
use twolatch_core::user::User;
use twolatch_core::wire::Outcome;

use crate::support::core::{Core, NOW, actor, code_at, log_in, on_both, parsed, reason, ssh};
use crate::support::shell::Shell;
use crate::support::site::PASSWORD;
use crate::support::tab::{SOURCE, Tab};

on_both!(
    what_is_brought_along_lets_in_and_no_used_code_does,
    whatever_cannot_be_taken_over_says_why,
    what_is_there_stays_and_the_same_is_taken_once,
    w29_all_or_nothing_where_somebody_changes_meanwhile,
    rec4_rec5_scratch_codes_let_in_once_and_cannot_be_guessed,
    scratch_codes_are_left_out_where_there_are_recovery_codes,
    scratch_codes_end_where_recovery_codes_are_kept,
    rec10_everybody_is_told_as_long_as_there_is_room,
    many_people_are_taken_over_in_one_go,
);

const SCRATCH: [&str; 5] = ["10000001", "20000002", "30000003", "40000004", "50000005"];

fn totp(byte: u8, length: usize) -> Totp {
    Totp { secret: vec![byte; length].into(), algorithm: Algorithm::Sha1, digits: 6, period: 30, drift: 0 }
}

fn brought(name: &str, totp: &Totp) -> Brought {
    Brought { name: parsed(name), totp: totp.clone(), label: None, last_step: 0, scratch: Vec::new() }
}

fn with_scratch(one: Brought) -> Brought {
    Brought { scratch: SCRATCH.map(|code| Secret::new(code.to_owned())).to_vec(), ..one }
}

const ADDING: Insisting = Insisting { add_people: true, beside: false, weak: false };

impl Core {
    async fn weighed(&self, all: &[Brought], insisting: Insisting) -> Weighed {
        self.logins.weigh(all, insisting, NOW).await.unwrap()
    }

    async fn bring(&self, all: &[Brought], insisting: Insisting) -> Done {
        let weighed = self.weighed(all, insisting).await;
        self.logins.take_over(weighed, &actor(NOW), Arc::new(|_| {})).await.unwrap()
    }
}

fn fates(weighed: &Weighed) -> Vec<Fate> {
    weighed.each.iter().map(|(fate, _)| *fate).collect()
}

async fn what_is_brought_along_lets_in_and_no_used_code_does(core: Core) {
    core.member("alice").await;
    let (old, new, ahead) = (totp(1, 20), totp(2, 16), Totp { drift: 4, ..totp(3, 20) });
    let used = Brought { last_step: old.step_at(NOW) - 1, label: Some("Phone".to_owned()), ..brought("alice", &old) };
    let all = [used, brought("bob", &new), brought("carol", &ahead)];
    let weighed = core.weighed(&all, ADDING).await;
    assert_eq!(fates(&weighed), [Fate::Taken, Fate::WithOwner, Fate::WithOwner]);
    let would = weighed.would_do();
    assert_eq!((would, weighed.people()), (Done { authenticators: 3, added: 2, ..Done::default() }, 3));
    assert_eq!(core.number("SELECT COUNT(*) FROM factors").await, 0, "nothing is changed by looking");
    assert_eq!(core.bring(&all, ADDING).await, would);

    let before = log_in(&core.logins, &ssh("alice"), &code_at(&old, NOW, -1), NOW).await;
    assert_eq!(reason(&before), Some(Reason::Replay), "the old module has taken this one");
    assert_eq!(log_in(&core.logins, &ssh("alice"), &code_at(&old, NOW, 0), NOW).await, Outcome::Granted);
    assert_eq!(log_in(&core.logins, &ssh("bob"), &code_at(&new, NOW, -1), NOW).await, Outcome::Granted);
    let now = log_in(&core.logins, &ssh("carol"), &code_at(&ahead, NOW, 0), NOW).await;
    assert_eq!(reason(&now), Some(Reason::Wrong), "a clock that is ahead shows this no more");
    assert_eq!(log_in(&core.logins, &ssh("carol"), &code_at(&ahead, NOW, 4), NOW).await, Outcome::Granted);

    let alice = core.logins.named(&parsed("alice")).await.unwrap();
    assert_eq!((alice.factors[0].name.as_str(), alice.user.recovery_due_at), ("Phone", Some(NOW)));
    assert_eq!(alice.user.security_version, 2, "sessions from before have ended");
    let records = "SELECT COUNT(*) FROM audit WHERE detail LIKE 'imported%' AND actor = 'test' AND event = ";
    assert_eq!(core.number(sqlx_text(records, "'factor_added'")).await, 3);
    assert_eq!(core.number(sqlx_text(records, "'user_added'")).await, 2);
}

/// A constant text of two.
fn sqlx_text(start: &'static str, end: &'static str) -> &'static str {
    Box::leak(format!("{start}{end}").into_boxed_str())
}

async fn whatever_cannot_be_taken_over_says_why(core: Core) {
    core.member("alice").await;
    core.member("mallory").await;
    core.tamper("UPDATE users SET role = 'admin' WHERE name = 'mallory'").await;
    let all = [
        brought("nobody", &totp(1, 20)),
        brought("mallory", &totp(2, 20)),
        brought("alice", &totp(3, 10)),
        brought("alice", &totp(4, 9)),
        brought("alice", &Totp { digits: 7, ..totp(5, 20) }),
        brought("alice", &Totp { period: 0, ..totp(6, 20) }),
    ];
    let weighed = core.weighed(&all, Insisting::default()).await;
    let Fate::Refused(Why::Parameters(hopeless)) = weighed.each[3].0 else { panic!("{weighed:?}") };
    assert_eq!(hopeless.to_string(), "the secret has 72 bits; fewer than 80 can be guessed");
    let whys: Vec<Fate> = fates(&weighed);
    assert_eq!(whys[..3], [Why::Unknown, Why::Damaged, Why::Weak(80)].map(Fate::Refused));
    assert!(whys.iter().all(|fate| matches!(fate, Fate::Refused(_))), "{whys:?}");
    assert_eq!(weighed.people(), 0);

    let insisting = Insisting { weak: true, ..Insisting::default() };
    let weak = [brought("alice", &totp(3, 10)), brought("alice", &totp(4, 9))];
    let weighed = core.weighed(&weak, insisting).await;
    assert_eq!(weighed.each[0], (Fate::Taken, vec![Remark::Weak(80)]));
    assert!(matches!(weighed.each[1].0, Fate::Refused(_)), "nobody can insist on that");
    core.bring(&weak, insisting).await;
    assert_eq!(log_in(&core.logins, &ssh("alice"), &code_at(&weak[0].totp, NOW, 0), NOW).await, Outcome::Granted);
}

async fn what_is_there_stays_and_the_same_is_taken_once(core: Core) {
    let own = core.enrolled("alice").await;
    core.member("bob").await;
    let (second, third) = (totp(1, 20), totp(2, 20));
    let all = [
        brought("alice", &own),
        brought("alice", &second),
        brought("bob", &third),
        brought("BOB", &third),
        brought("bob", &second),
        brought("new", &third),
    ];
    let weighed = core.weighed(&all, ADDING).await;
    let expected = [Fate::There, Fate::Refused(Why::Other), Fate::Taken, Fate::There, Fate::Taken, Fate::WithOwner];
    assert_eq!(fates(&weighed), expected);
    assert_eq!(weighed.each[5].1, [Remark::Shared(parsed("bob"))], "one phone opens both");
    assert_eq!(core.bring(&all, ADDING).await.authenticators, 3);
    let names = async |name| {
        let factors = core.logins.named(&parsed(name)).await.unwrap().factors;
        factors.into_iter().map(|factor| factor.name).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(names("alice").await, ["Authenticator".to_owned()].into());
    assert_eq!(names("bob").await, ["Authenticator".to_owned(), "Authenticator 2".to_owned()].into());

    let beside = Insisting { beside: true, ..Insisting::default() };
    assert_eq!(core.bring(&all[..2], beside).await.authenticators, 1);
    assert_eq!(names("alice").await.len(), 2);
    let more: Vec<Brought> = (10..20).map(|byte| brought("alice", &totp(byte, 20))).collect();
    let weighed = core.weighed(&more, beside).await;
    assert_eq!(fates(&weighed)[7..], [Fate::Taken, Fate::Refused(Why::Many), Fate::Refused(Why::Many)]);
    // Once more, all of it: nothing is to be done.
    let again = core.weighed(&[all[0].clone(), all[2].clone()], ADDING).await;
    assert_eq!((fates(&again), again.people()), (vec![Fate::There, Fate::There], 0));
}

async fn w29_all_or_nothing_where_somebody_changes_meanwhile(core: Core) {
    core.member("alice").await;
    core.member("bob").await;
    let all = [brought("alice", &totp(1, 20)), brought("bob", &totp(2, 20)), brought("carol", &totp(3, 20))];
    let weighed = core.weighed(&all, ADDING).await;
    core.give_totp("bob").await;
    let done = core.logins.take_over(weighed, &actor(NOW), Arc::new(|_| {})).await;
    assert!(matches!(done, Err(ManageError::Store(StoreError::Conflict))), "{done:?}");
    let weighed = core.weighed(&all[2..], ADDING).await;
    core.member("carol").await;
    let done = core.logins.take_over(weighed, &actor(NOW), Arc::new(|_| {})).await;
    assert!(matches!(done, Err(ManageError::TakenMeanwhile)), "{done:?}");
    assert_eq!(core.number("SELECT COUNT(*) FROM factors").await, 1, "bob's own");
    assert_eq!(core.number("SELECT COUNT(*) FROM audit WHERE detail LIKE 'imported%'").await, 0);
}

async fn rec4_rec5_scratch_codes_let_in_once_and_cannot_be_guessed(core: Core) {
    let (app, other) = (totp(1, 20), totp(2, 20));
    core.bring(&[with_scratch(brought("alice", &app)), brought("bob", &other)], ADDING).await;
    let password = Secret::new(PASSWORD.to_owned());
    core.logins.reset_password(&parsed("alice"), password, true, &actor(NOW)).await.unwrap();
    let left = async || core.logins.recovery_codes_left(&core.user("alice").await).await.unwrap();
    assert_eq!(left().await, 5);
    assert_eq!(log_in(&core.logins, &ssh("alice"), SCRATCH[0], NOW).await, Outcome::Granted);
    let again = log_in(&core.logins, &ssh("alice"), "1000 0001", NOW).await;
    assert_eq!(reason(&again), Some(Reason::Replay));
    assert_eq!(Tab::open(&core.logins, "alice", NOW).await.recovery(SCRATCH[1], NOW).await, None, "on the web, too");
    assert_eq!(left().await, 3);
    // Of somebody who has none they mean what they meant before.
    let nobodys = log_in(&core.logins, &ssh("bob"), SCRATCH[2], NOW).await;
    assert_eq!(reason(&nobodys), Some(Reason::Wrong));
    assert_eq!(core.standing(Budget::of_totp, "bob", NOW).await, (1, Charge::Taken));
    assert_eq!(core.standing(Budget::of_recovery, "bob", NOW).await, (0, Charge::Taken));

    let mut now = NOW;
    let mut shell = Shell::open(&core.logins, "alice", now).await;
    for _ in 0..HARD_STOP {
        shell.say("99999999", now).await;
        assert_eq!(shell.reason(), Some(Reason::Wrong));
        now = now.plus(3600);
        shell = Shell::open(&core.logins, "alice", now).await;
    }
    shell.say(SCRATCH[2], now).await;
    assert_eq!(shell.reason(), Some(Reason::Held), "a hundred wrong ones in a row hold them all");
    assert_eq!(log_in(&core.logins, &ssh("alice"), &code_at(&app, now, 0), now).await, Outcome::Granted);
    // What is stored is no hash that can be guessed through without the key ring.
    core.tamper("UPDATE recovery_codes SET used_at = NULL").await;
    let hashes = core.number("SELECT COUNT(*) FROM recovery_codes WHERE hash NOT LIKE '$argon2%'").await;
    assert_eq!(hashes, 5);
}

async fn scratch_codes_are_left_out_where_there_are_recovery_codes(core: Core) {
    let (_, codes) = core.set_up("alice", RecoveryKept::Codes).await;
    let beside = Insisting { beside: true, ..ADDING };
    let one = with_scratch(brought("alice", &totp(1, 20)));
    let weighed = core.weighed(std::slice::from_ref(&one), beside).await;
    assert_eq!(weighed.each, [(Fate::Taken, vec![Remark::HasRecovery])]);
    assert_eq!(core.bring(&[one], beside).await.scratch, 0);
    assert_eq!(log_in(&core.logins, &ssh("alice"), &codes[1], NOW).await, Outcome::Granted);
    let refused = log_in(&core.logins, &ssh("alice"), SCRATCH[0], NOW).await;
    assert_eq!(reason(&refused), Some(Reason::Wrong));
}

async fn scratch_codes_end_where_recovery_codes_are_kept(core: Core) {
    let app = totp(1, 20);
    core.bring(&[with_scratch(brought("alice", &app))], ADDING).await;
    let password = Secret::new(PASSWORD.to_owned());
    core.logins.reset_password(&parsed("alice"), password, true, &actor(NOW)).await.unwrap();
    let tab = Tab::open(&core.logins, "alice", NOW).await;
    assert_eq!(tab.app(&code_at(&app, NOW, 0), NOW).await, None);
    let mut current = tab.current(NOW).await.unwrap();
    let set = core.logins.new_set(&mut current, NOW).await.unwrap();
    core.logins.keep_set(current, SOURCE, NOW).await.unwrap();
    let refused = log_in(&core.logins, &ssh("alice"), SCRATCH[0], NOW).await;
    assert_eq!(reason(&refused), Some(Reason::Wrong));
    assert_eq!(log_in(&core.logins, &ssh("alice"), set.codes[0].expose(), NOW).await, Outcome::Granted);
}

async fn rec10_everybody_is_told_as_long_as_there_is_room(core: Core) {
    let address = |name: &str| format!("{name}@example.org").parse().unwrap();
    for name in ["alice", "bob"] {
        core.member(name).await;
        let change = |user: &mut User| user.email = Some(address(name));
        core.logins.change_user(&parsed(name), String::new(), &actor(NOW), change).await.unwrap();
    }
    core.tamper("DELETE FROM mails").await;
    assert_eq!(core.bring(&[brought("alice", &totp(1, 20)), brought("carol", &totp(2, 20))], ADDING).await.untold, 0);
    assert_eq!(core.number("SELECT COUNT(*) FROM mails WHERE kind = 'notice'").await, 1);
    let fill = format!(
        "INSERT INTO mails (id, kind, sealed, created_at, dies_at, next_at, tries) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {AT_WILL}) \
         SELECT 'x' || i, 'notice', '', 0, 9999999999, 9999999999, 0 FROM n"
    );
    core.tamper(Box::leak(fill.into_boxed_str())).await;
    assert_eq!(core.bring(&[brought("bob", &totp(3, 20))], ADDING).await.untold, 1);
    let dropped = "SELECT COUNT(*) FROM audit WHERE event = 'mail_dropped' AND user_name = 'bob'";
    assert_eq!(core.number(dropped).await, 1, "the audit says so");
}

async fn many_people_are_taken_over_in_one_go(core: Core) {
    let all: Vec<Brought> = (0..1001_u32)
        .map(|number| {
            let secret = [number.to_be_bytes(); 5].concat();
            let one = brought(&format!("many{number}"), &Totp { secret: secret.into(), ..totp(0, 20) });
            if number % 3 == 0 { with_scratch(one) } else { one }
        })
        .collect();
    let (sender, told) = std::sync::mpsc::channel();
    let weighed = core.weighed(&all, ADDING).await;
    let progress = Arc::new(move |done| sender.send(done).unwrap());
    let done = core.logins.take_over(weighed, &actor(NOW), progress).await.unwrap();
    assert_eq!(done, Done { authenticators: 1001, added: 1001, scratch: 334 * 5, untold: 0 });
    assert_eq!(told.iter().collect::<Vec<_>>(), [200, 400, 600, 800, 1000, 1001]);
    for one in [&all[0], &all[500], &all[1000]] {
        let code = code_at(&one.totp, NOW, 0);
        assert_eq!(log_in(&core.logins, &ssh(one.name.as_str()), &code, NOW).await, Outcome::Granted);
    }
    assert_eq!(log_in(&core.logins, &ssh("many999"), SCRATCH[4], NOW).await, Outcome::Granted);
    // The same again, of people who are known by now.
    let beside = Insisting { beside: true, ..Insisting::default() };
    let more: Vec<Brought> =
        all.iter().map(|one| Brought { totp: Totp { digits: 8, ..one.totp.clone() }, ..one.clone() }).collect();
    assert_eq!(core.weighed(&more, beside).await.people(), 0, "the same secret is the same phone");
    let more: Vec<Brought> = (0..1001_u32)
        .map(|number| {
            let secret = [(number + 5000).to_be_bytes(); 5].concat();
            brought(&format!("many{number}"), &Totp { secret: secret.into(), ..totp(0, 20) })
        })
        .collect();
    let done = core.bring(&more, beside).await;
    assert_eq!(done, Done { authenticators: 1001, added: 0, scratch: 0, untold: 0 });
    let code = code_at(&more[1000].totp, NOW, 0);
    assert_eq!(log_in(&core.logins, &ssh("many1000"), &code, NOW).await, Outcome::Granted);
}
