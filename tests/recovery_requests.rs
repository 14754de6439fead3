//! Recovery requests and disowned letters, at the login service. What a browser shows of them is in `recovery_pages`.

use twolatch_core::crypto::random_text;
use twolatch_core::door::Door;
use twolatch_core::factor::Kind;
use twolatch_core::letter::{Letter, Notice};
use twolatch_core::login::Logins;
use twolatch_core::login::answers::Approved;
use twolatch_core::login::manage::ManageError;
use twolatch_core::login::requests::Filed;
use twolatch_core::login::web::{Fault, Goal};
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::step::Step;
use twolatch_core::store::StoreError;
use twolatch_core::store::requests::{State, Why};
use twolatch_core::time::Timestamp;
use twolatch_core::user::Role;

use crate::support::core::{Core, NOW, actor, code_at, on_both, parsed};

on_both!(
    t3_one_request_waits_and_one_an_hour_is_filed,
    t11_thirty_requests_at_once_are_one,
    t8_requests_are_counted_up_to_a_number_and_without_being_read,
    a_request_expires_after_seven_days,
    ses6_an_approved_request_ends_everything_at_once,
    rec7_a_dismissed_request_changes_nothing,
    t11_of_thirty_answers_one_counts,
    t9_nobody_answers_to_oneself,
    t8_a_request_that_was_written_by_hand_is_none,
    rec10_links_in_letters_stand_side_by_side_and_work_once,
    t11_a_letter_disowned_thirty_times_at_once_is_disowned_once,
    rec7_only_a_sign_in_that_is_stuck_asks,
);

const PASSWORD: &str = "copper lantern drifts";
const SOURCE: &str = "192.0.2.1";

/// Somebody with an app, a password and an address; an administrator with an address is there too.
async fn alice(core: &Core) -> twolatch_core::factor::totp::Totp {
    core.member("root").await;
    core.logins
        .change_user(&parsed("root"), String::new(), &actor(NOW), |user| {
            user.role = Role::Admin;
            user.email = Some("root@example.org".parse().unwrap());
        })
        .await
        .unwrap();
    let totp = core.enrolled("alice").await;
    core.logins
        .change_user(&parsed("alice"), String::new(), &actor(NOW), |user| {
            user.email = Some("alice@example.org".parse().unwrap());
            user.language = Some("id".to_owned());
        })
        .await
        .unwrap();
    let password = Secret::new(PASSWORD.to_owned());
    core.logins.reset_password(&parsed("alice"), password, true, &actor(NOW)).await.unwrap();
    letters(&core.logins, NOW).await;
    totp
}

/// What is in the queue, with to whom; the queue is empty then.
async fn letters(logins: &Logins, now: Timestamp) -> Vec<(String, Letter)> {
    let mut all = Vec::new();
    for mail in logins.store.claim_mails(1000, now).await.unwrap() {
        logins.store.mail_done(&mail).await.unwrap();
        assert_eq!(mail.mail.language.is_some(), mail.mail.name == "alice");
        all.push((mail.mail.name.clone(), mail.mail.letter));
    }
    all.sort_by_key(|(name, letter)| (name.clone(), letter.kind()));
    all
}

/// Their kinds, and what the notices and alarms are about.
fn kinds(letters: &[(String, Letter)]) -> Vec<(&str, &str, Option<Notice>)> {
    let event = |letter: &Letter| match letter {
        Letter::Notice { event, .. } | Letter::Alarm { event, .. } => Some(*event),
        _ => None,
    };
    letters.iter().map(|(name, letter)| (name.as_str(), letter.kind(), event(letter))).collect()
}

/// The token for who did not do what the only notice tells.
fn not_me(letters: &[(String, Letter)]) -> String {
    let found = letters.iter().find_map(|(_, letter)| match letter {
        Letter::Notice { not_me, .. } => not_me.clone(),
        _ => None,
    });
    found.unwrap().expose().to_owned()
}

async fn file(logins: &Logins, now: Timestamp) -> Filed {
    let person = logins.named(&parsed("alice")).await.unwrap();
    logins.file_request(&person, Door::Web, SOURCE, now).await.unwrap()
}

async fn state(core: &Core, now: Timestamp) -> Option<State> {
    let user = core.logins.named(&parsed("alice")).await.unwrap().user;
    core.logins.request_of(&user, now).await.unwrap().map(|(_, state)| state)
}

async fn entered(logins: &Logins, now: Timestamp) -> String {
    logins.enter("alice", Secret::new(PASSWORD.to_owned()), SOURCE, Goal::default(), now).await.unwrap()
}

async fn t3_one_request_waits_and_one_an_hour_is_filed(core: Core) {
    alice(&core).await;
    assert_eq!(state(&core, NOW).await, None);
    assert_eq!(file(&core.logins, NOW).await, Filed::AskAdministrator);
    assert_eq!(file(&core.logins, NOW.plus(7200)).await, Filed::Already, "it waits");
    let sent = letters(&core.logins, NOW).await;
    let asked = Some(Notice::RecoveryAsked);
    assert_eq!(kinds(&sent), [("alice", "notice", asked), ("root", "alarm", asked)]);
    let waiting = core.logins.requests(10, NOW).await.unwrap();
    assert_eq!((waiting.len(), waiting[0].1.name.as_str(), waiting[0].0.source.as_str()), (1, "alice", SOURCE));
    core.logins.dismiss_request(&parsed("alice"), "", &actor(NOW.plus(60))).await.unwrap();
    assert_eq!(file(&core.logins, NOW.plus(3599)).await, Filed::Already, "within the hour");
    assert_eq!(state(&core, NOW.plus(3599)).await, Some(State::Dismissed));
    assert_eq!(file(&core.logins, NOW.plus(3600)).await, Filed::AskAdministrator);
    assert_eq!(state(&core, NOW.plus(3600)).await, Some(State::Waiting));
    assert_eq!(core.number("SELECT COUNT(*) FROM audit WHERE event = 'recovery_asked' AND result = 'ok'").await, 2);
}

async fn t11_thirty_requests_at_once_are_one(core: Core) {
    alice(&core).await;
    let second = core.second_server().await;
    let tasks: Vec<_> = (0..30)
        .map(|number| {
            let logins = if number % 2 == 0 { core.logins.clone() } else { second.clone() };
            tokio::spawn(async move { file(&logins, NOW).await })
        })
        .collect();
    let mut filed = 0;
    for task in tasks {
        filed += usize::from(task.await.unwrap() == Filed::AskAdministrator);
    }
    assert_eq!((filed, core.number("SELECT COUNT(*) FROM recovery_requests").await), (1, 1));
    assert_eq!(letters(&core.logins, NOW).await.len(), 2);
}

async fn t8_requests_are_counted_up_to_a_number_and_without_being_read(core: Core) {
    for name in ["anna", "ben", "carl"] {
        core.member(name).await;
        let person = core.logins.named(&parsed(name)).await.unwrap();
        let _ = core.logins.file_request(&person, Door::Ssh, SOURCE, NOW).await.unwrap();
    }
    let count = async |most, now| core.store().count_waiting_requests(most, now).await.unwrap();
    assert_eq!([count(99, NOW).await, count(2, NOW).await], [3, 2]);
    assert_eq!(count(99, NOW.plus(7 * 86_400)).await, 0, "they wait for a week");
    core.tamper("UPDATE recovery_requests SET source = 'x'").await;
    assert_eq!(count(99, NOW).await, 3, "every page of the console shows that number");
    assert!(core.store().waiting_requests(99, NOW).await.is_err(), "whose they are is read under the mark");
}

async fn a_request_expires_after_seven_days(core: Core) {
    alice(&core).await;
    let _ = file(&core.logins, NOW).await;
    let week = NOW.plus(7 * 86_400);
    assert_eq!(state(&core, week.plus(-1)).await, Some(State::Waiting));
    assert_eq!(state(&core, week).await, Some(State::Expired));
    let late = core.logins.approve_request(&parsed("alice"), "", &actor(week)).await;
    assert!(matches!(late, Err(ManageError::NoRequest(_))), "{late:?}");
    assert!(core.logins.requests(10, week).await.unwrap().is_empty());
    assert_eq!(file(&core.logins, week).await, Filed::AskAdministrator, "and another one can be filed");
    assert_eq!(core.store().sweep_requests(week.plus(89 * 86_400)).await.unwrap(), 0);
    assert_eq!(core.store().sweep_requests(week.plus(90 * 86_400)).await.unwrap(), 1);
}

async fn ses6_an_approved_request_ends_everything_at_once(core: Core) {
    let totp = alice(&core).await;
    let token = entered(&core.logins, NOW).await;
    let open = entered(&core.logins, NOW).await;
    let current = core.logins.current(&token, NOW).await.unwrap();
    let code = Secret::new(code_at(&totp, NOW, 0));
    core.logins.enter_code(current, code, SOURCE, NOW).await.unwrap();
    let current = core.logins.current(&token, NOW).await.unwrap();
    core.logins.remember(&current, "a browser", SOURCE, NOW).await.unwrap().unwrap();
    let (session, _) = core.logins.finish(current, SOURCE, NOW).await.unwrap();
    core.tamper(
        "INSERT INTO access_tokens SELECT 't', 'c', 'g', id, security_version, 's', 'openid', '[]', 0, 4000000000, NULL, '' \
         FROM users WHERE name = 'alice'",
    )
    .await;
    core.tamper(
        "INSERT INTO grants SELECT 'g', 'c', id, 's', 1, '', 'u', '', NULL, 'openid', '{}', '', security_version, 0, 'h', \
         NULL, 4000000000, NULL, NULL, '', 0 FROM users WHERE name = 'alice'",
    )
    .await;
    letters(&core.logins, NOW).await;
    let _ = file(&core.logins, NOW).await;
    letters(&core.logins, NOW).await;
    let now = NOW.plus(8 * 86_400 - 7 * 86_400);
    let approved = core.logins.approve_request(&parsed("alice"), "", &actor(now)).await.unwrap();
    assert_eq!(approved, Approved::Done);
    let user = core.logins.named(&parsed("alice")).await.unwrap().user;
    assert_eq!(user.setup_until, now.plus(7 * 86_400));
    for table in [
        "SELECT COUNT(*) FROM factors",
        "SELECT COUNT(*) FROM devices",
        "SELECT COUNT(*) FROM sessions",
        "SELECT COUNT(*) FROM attempts",
        "SELECT COUNT(*) FROM grants",
        "SELECT COUNT(*) FROM access_tokens",
    ] {
        assert_eq!(core.number(table).await, 0, "{table}");
    }
    assert!(core.store().session(&session, now).await.unwrap().is_none());
    assert!(matches!(core.logins.current(&open, NOW).await, Err(Fault::Over)));
    let sent = letters(&core.logins, now).await;
    assert_eq!(kinds(&sent), [("alice", "decision", None), ("alice", "notice", Some(Notice::RecoveryApproved))]);
    let fresh = core.logins.current(&entered(&core.logins, now).await, now).await.unwrap();
    assert!(matches!(fresh.step, Step::Enrol { .. }), "{:?}", fresh.step);
    assert_eq!(state(&core, now).await, Some(State::Approved));
    let again = core.logins.approve_request(&parsed("alice"), "", &actor(now)).await;
    assert!(matches!(again, Err(ManageError::NoRequest(_))));
}

async fn rec7_a_dismissed_request_changes_nothing(core: Core) {
    let totp = alice(&core).await;
    let token = entered(&core.logins, NOW).await;
    let _ = file(&core.logins, NOW).await;
    letters(&core.logins, NOW).await;
    core.logins.dismiss_request(&parsed("alice"), " call\nme ", &actor(NOW)).await.unwrap();
    let sent = letters(&core.logins, NOW).await;
    let [(_, Letter::Decision { approved: false, note: Some(note) })] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(note, "call me");
    let current = core.logins.current(&token, NOW).await.unwrap();
    core.logins.enter_code(current, Secret::new(code_at(&totp, NOW, 0)), SOURCE, NOW).await.unwrap();
}

async fn t11_of_thirty_answers_one_counts(core: Core) {
    alice(&core).await;
    let second = core.second_server().await;
    let _ = file(&core.logins, NOW).await;
    letters(&core.logins, NOW).await;
    let tasks: Vec<_> = (0..30)
        .map(|number| {
            let logins = if number % 2 == 0 { core.logins.clone() } else { second.clone() };
            tokio::spawn(async move {
                match number % 3 {
                    0 => logins.approve_request(&parsed("alice"), "", &actor(NOW)).await.map(drop),
                    _ => logins.dismiss_request(&parsed("alice"), "", &actor(NOW)).await,
                }
            })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => done += 1,
            Err(ManageError::NoRequest(_) | ManageError::Store(StoreError::Conflict | StoreError::Busy(_))) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(done, 1);
    let decisions = letters(&core.logins, NOW).await.iter().filter(|(_, letter)| letter.kind() == "decision").count();
    assert_eq!(decisions, 1);
    let answered = state(&core, NOW).await == Some(State::Approved);
    assert_eq!(core.number("SELECT COUNT(*) FROM factors").await, i64::from(!answered), "and that one was carried out");
}

async fn t9_nobody_answers_to_oneself(core: Core) {
    alice(&core).await;
    let _ = file(&core.logins, NOW).await;
    let oneself = twolatch_core::login::manage::Actor::command_line("Alice".to_owned(), NOW);
    let own = core.logins.approve_request(&parsed("alice"), "", &oneself).await;
    assert!(matches!(own, Err(ManageError::OwnRequest)), "{own:?}");
    assert_eq!(state(&core, NOW).await, Some(State::Waiting));
}

async fn t8_a_request_that_was_written_by_hand_is_none(core: Core) {
    alice(&core).await;
    let _ = file(&core.logins, NOW).await;
    for (attack, undo) in [
        (
            "UPDATE recovery_requests SET expires_at = expires_at + 9",
            "UPDATE recovery_requests SET expires_at = expires_at - 9",
        ),
        ("UPDATE recovery_requests SET source = source || 'x'", "UPDATE recovery_requests SET source = '192.0.2.1'"),
        (
            "UPDATE recovery_requests SET answer = 'approved', answered_at = 1, answered_by = 'x'",
            "UPDATE recovery_requests SET answer = NULL, answered_at = NULL, answered_by = NULL",
        ),
    ] {
        core.tamper(attack).await;
        let refused = core.logins.approve_request(&parsed("alice"), "", &actor(NOW)).await;
        let Err(ManageError::Store(error)) = refused else { panic!("{attack}: {refused:?}") };
        assert_eq!(error.reason(), Reason::RowMac, "{attack}");
        core.tamper(undo).await;
    }
    assert_eq!(core.number("SELECT COUNT(*) FROM factors").await, 1);
    let _ = core.logins.approve_request(&parsed("alice"), "", &actor(NOW)).await.unwrap();
}

async fn rec10_links_in_letters_stand_side_by_side_and_work_once(core: Core) {
    let totp = alice(&core).await;
    let _ = file(&core.logins, NOW).await;
    let first = not_me(&letters(&core.logins, NOW).await);
    core.logins.dismiss_request(&parsed("alice"), "", &actor(NOW)).await.unwrap();
    let _ = file(&core.logins, NOW.plus(3600)).await;
    let second = not_me(&letters(&core.logins, NOW.plus(3600)).await[1..]);
    let now = NOW.plus(3600);
    core.logins.dismiss_request(&parsed("alice"), "", &actor(now)).await.unwrap();
    letters(&core.logins, now).await;
    for _ in 0..20 {
        assert_eq!(core.logins.open_not_me(&first, now).await.unwrap().name.as_str(), "alice", "looking is free");
    }
    let signed_in = entered(&core.logins, now).await;
    let before = core.logins.named(&parsed("alice")).await.unwrap().user;
    core.logins.disown(&first, SOURCE, now).await.unwrap();
    assert!(matches!(core.logins.disown(&first, SOURCE, now).await, Err(Fault::Over)), "once");
    assert!(matches!(core.logins.current(&signed_in, now).await, Err(Fault::Over)));
    assert_eq!(state(&core, now).await, Some(State::Waiting), "rec6: an administrator has to help");
    let sent = letters(&core.logins, now).await;
    assert_eq!(kinds(&sent), [("root", "alarm", Some(Notice::Disowned))]);
    // It only locks.
    let after = core.logins.named(&parsed("alice")).await.unwrap().user;
    assert_eq!(after.authenticators, before.authenticators);
    assert_eq!((after.setup_until, after.password.is_some()), (before.setup_until, true));
    let token = entered(&core.logins, now).await;
    let current = core.logins.current(&token, now).await.unwrap();
    assert_eq!(current.step, Step::SecondFactor { methods: vec![Kind::Totp], recovery: false });
    core.logins.enter_code(current, Secret::new(code_at(&totp, now, 0)), SOURCE, now).await.unwrap();
    // The other letter's link is another one; it has its own end.
    assert!(core.logins.open_not_me(&second, now.plus(72 * 3600 - 1)).await.is_ok());
    assert!(matches!(core.logins.open_not_me(&second, now.plus(72 * 3600)).await, Err(Fault::Over)));
    core.logins.disown(&second, SOURCE, now).await.unwrap();
    assert_eq!(core.number("SELECT COUNT(*) FROM recovery_requests WHERE waiting IS NOT NULL").await, 1);
    // A link for another purpose is none of these.
    let invited = core.logins.invite(&parsed("alice"), &actor(now)).await.unwrap();
    assert!(matches!(core.logins.open_not_me(&invited, now).await, Err(Fault::Over)));
    let _ = file(&core.logins, now.plus(7200)).await;
    assert!(matches!(core.logins.open_link(&second, now).await, Err(Fault::Over)));
}

async fn t11_a_letter_disowned_thirty_times_at_once_is_disowned_once(core: Core) {
    alice(&core).await;
    let second = core.second_server().await;
    let _ = file(&core.logins, NOW).await;
    let token = not_me(&letters(&core.logins, NOW).await);
    let tasks: Vec<_> = (0..30)
        .map(|number| {
            let (logins, token) = (if number % 2 == 0 { core.logins.clone() } else { second.clone() }, token.clone());
            tokio::spawn(async move { logins.disown(&token, SOURCE, NOW).await.is_ok() })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += usize::from(task.await.unwrap());
    }
    assert_eq!(done, 1);
    assert_eq!(core.number("SELECT COUNT(*) FROM audit WHERE event = 'disowned'").await, 1);
    let waiting = core.logins.requests(10, NOW).await.unwrap();
    let whys: Vec<_> = waiting.iter().map(|(request, _)| request.why).collect();
    assert_eq!(whys, [Why::Disowned], "what was asked for in their name waits no more");
}

async fn rec7_only_a_sign_in_that_is_stuck_asks(core: Core) {
    let totp = alice(&core).await;
    let token = entered(&core.logins, NOW).await;
    let current = core.logins.current(&token, NOW).await.unwrap();
    core.logins.enter_code(current, Secret::new(code_at(&totp, NOW, 0)), SOURCE, NOW).await.unwrap();
    let granted = core.logins.current(&token, NOW).await.unwrap();
    assert!(matches!(core.logins.ask_for_recovery(&granted, SOURCE, NOW).await, Err(Fault::Over)));
    let nobody = random_text::<20>(core.store().entropy()).unwrap();
    assert!(matches!(core.logins.current(&nobody, NOW).await, Err(Fault::Over)));
    let stuck = core.logins.current(&entered(&core.logins, NOW).await, NOW).await.unwrap();
    assert_eq!(core.logins.ask_for_recovery(&stuck, SOURCE, NOW).await.unwrap(), Filed::AskAdministrator);
    // The source has a budget of its own, whoever asks.
    assert_eq!(core.number("SELECT COUNT(*) FROM budgets WHERE id LIKE 'source:request:%'").await, 1);
}
