//! What many wrong codes behind a right first factor come to: the person is told, the second factor that failed is held,
//! everything else goes on, and there is a way out.

use twolatch_core::factor::Kind;
use twolatch_core::factor::totp::Totp;
use twolatch_core::letter::{Letter, Notice};
use twolatch_core::login::Logins;
use twolatch_core::login::recover::NewSet;
use twolatch_core::login::web::{Fault, Goal};
use twolatch_core::policy::RecoveryKept;
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::store::budgets::{Budget, Charge, HARD_STOP};
use twolatch_core::time::Timestamp;
use twolatch_core::user::Role;
use twolatch_core::wire::Outcome;

use crate::support::core::{Core, NOW, actor, code_at, log_in, on_both, parsed, reason, ssh, wrong_code};
use crate::support::rounds;
use crate::support::tab::Tab;

on_both!(
    t3_otp8_of_thousands_of_guesses_over_all_doors_a_hundred_are_judged_and_told_once,
    otp8_mailed_codes_are_held_too_and_nothing_else_is,
    otp8_a_recovery_code_is_the_way_out_of_a_hold,
    t18_wrong_passwords_from_elsewhere_lock_nobody_out,
);

const PASSWORD: &str = "copper lantern drifts";
const SOURCE: &str = "192.0.2.1";
const HOUR: i64 = 3600;

/// A system that can mail, with an administrator and somebody who has an app and codes by mail.
async fn system(core: &Core) -> (Logins, Totp) {
    let logins = Logins { mail: true, ..core.logins.clone() };
    for (name, role) in [("root-admin", Role::Admin), ("alice", Role::Member)] {
        core.member(name).await;
        let address = format!("{name}@example.org").parse().unwrap();
        let edit = |user: &mut twolatch_core::user::User| {
            user.role = role;
            user.email = Some(address);
            user.email_verified_at = Some(NOW);
            user.email_codes_at = Some(NOW);
        };
        logins.change_user(&parsed(name), String::new(), &actor(NOW), edit).await.unwrap();
    }
    logins.reset_password(&parsed("alice"), Secret::new(PASSWORD.to_owned()), true, &actor(NOW)).await.unwrap();
    let totp = core.give_totp("alice").await;
    letters(&logins, NOW).await;
    (logins, totp)
}

/// The letters in the queue, with whom they go to; the queue is empty then.
async fn letters(logins: &Logins, now: Timestamp) -> Vec<(String, Letter)> {
    let mut all = Vec::new();
    for mail in logins.store.claim_mails(1000, now).await.unwrap() {
        all.push((mail.mail.to.as_str().to_owned(), mail.mail.letter.clone()));
        logins.store.mail_done(&mail).await.unwrap();
    }
    all
}

/// What those tell of wrong codes.
fn warnings(letters: &[(String, Letter)]) -> Vec<(&str, Notice)> {
    let all = letters.iter().filter_map(|(to, letter)| match letter {
        Letter::Notice { event, .. } | Letter::Alarm { event, .. } => Some((to.as_str(), *event)),
        _ => None,
    });
    let mut all: Vec<_> = all.filter(|(_, event)| matches!(event, Notice::WrongCodes | Notice::Held)).collect();
    all.sort_unstable_by_key(|(to, _)| *to);
    all
}

async fn standing(core: &Core, budget: fn(&str) -> Budget, now: Timestamp) -> (i64, Charge) {
    let user = core.logins.named(&parsed("alice")).await.unwrap().user;
    core.store().standing(&budget(user.id.as_str()), now).await.unwrap()
}

async fn t3_otp8_of_thousands_of_guesses_over_all_doors_a_hundred_are_judged_and_told_once(core: Core) {
    let (logins, totp) = system(&core).await;
    let second = Logins { mail: true, ..core.second_server().await };
    let (mut told, mut guesses) = (Vec::new(), 0);
    let mut now = NOW;
    // Each burst comes when the delay of the one before is over.
    for _ in 0..HARD_STOP + 10 {
        now = now.plus(HOUR);
        let wrong = wrong_code(&totp, now);
        let burst: Vec<_> = (0..24)
            .map(|number| {
                let (logins, wrong) = (if number % 2 == 0 { &logins } else { &second }.clone(), wrong.clone());
                let service = ["sshd", "sudo", "su"][number % 3];
                let begin = twolatch_core::wire::Begin { service: service.to_owned(), ..ssh("alice") };
                tokio::spawn(async move { log_in(&logins, &begin, &wrong, now).await })
            })
            .collect();
        for guess in burst {
            guesses += 1;
            assert_ne!(guess.await.unwrap(), Outcome::Granted);
        }
        told.extend(letters(&logins, now).await);
    }
    assert!(guesses > 2000);
    let judged = "SELECT COUNT(*) FROM audit WHERE event = 'code' AND result = 'wrong'";
    assert_eq!(core.number(judged).await, HARD_STOP);
    assert_eq!(standing(&core, Budget::of_totp, now).await, (HARD_STOP, Charge::Held));
    let (alice, admin) = ("alice@example.org", "root-admin@example.org");
    let expected = [(alice, Notice::WrongCodes), (alice, Notice::Held), (admin, Notice::Held)];
    assert_eq!(warnings(&told), expected, "once each");
    let right = log_in(&logins, &ssh("alice"), &code_at(&totp, now, 0), now).await;
    assert_eq!(reason(&right), Some(Reason::Held), "not even the right one");
}

/// Mails a code in a new sign-in and shows it, or another one.
async fn show_mailed(logins: &Logins, right: bool, now: Timestamp) -> Result<(), Fault> {
    let token = logins.enter("alice", Secret::new(PASSWORD.to_owned()), SOURCE, Goal::default(), now).await?;
    let mut current = logins.current(&token, now).await?;
    logins.mail_code(&mut current, SOURCE, now).await?;
    let code = letters(logins, now).await.into_iter().find_map(|(_, letter)| match letter {
        Letter::Code { code, .. } => Some(code),
        _ => None,
    });
    let code = code.unwrap();
    let other = if code.expose() == "000000" { "000001" } else { "000000" };
    let shown = if right { code } else { Secret::new(other.to_owned()) };
    logins.enter_email_code(logins.current(&token, now).await?, shown, SOURCE, now).await
}

async fn otp8_mailed_codes_are_held_too_and_nothing_else_is(core: Core) {
    let (logins, totp) = system(&core).await;
    let mut now = NOW;
    // Three and a pause, and so on: waiting forgets nothing.
    for round in 0..3 {
        for _ in 0..3 {
            let wrong = show_mailed(&logins, false, now).await;
            assert!(matches!(wrong, Err(Fault::Refused(Reason::Wrong))), "{wrong:?}");
        }
        assert_eq!(standing(&core, Budget::of_email, now).await, (3 * (round + 1), Charge::Wait(now.plus(300))));
        assert!(matches!(show_mailed(&logins, true, now.plus(299)).await, Err(Fault::Refused(Reason::Wait))));
        now = now.plus(300);
    }
    core.tamper("UPDATE budgets SET fails = 99 WHERE id LIKE 'email:%'").await;
    core.store().sweep(now.plus(10 * 86_400)).await.unwrap();
    now = now.plus(10 * 86_400);
    let last = show_mailed(&logins, false, now).await;
    assert!(matches!(last, Err(Fault::Refused(Reason::Wrong))), "{last:?}");
    now = now.plus(HOUR);
    assert_eq!(standing(&core, Budget::of_email, now).await, (HARD_STOP, Charge::Held));
    let sent = show_mailed(&logins, true, now).await;
    assert!(matches!(sent, Err(Fault::Refused(Reason::Wait))), "none is even mailed: {sent:?}");
    let app = log_in(&logins, &ssh("alice"), &code_at(&totp, now, 0), now).await;
    assert_eq!(app, Outcome::Granted, "the app is another second factor");
    logins.unlock(&parsed("alice"), &actor(now)).await.unwrap();
    show_mailed(&logins, true, now).await.unwrap();
    assert_eq!(standing(&core, Budget::of_email, now).await, (0, Charge::Taken), "a right one ends the run");
}

async fn otp8_a_recovery_code_is_the_way_out_of_a_hold(core: Core) {
    let (logins, totp) = system(&core).await;
    let set = kept(&logins).await;
    assert_eq!(reason(&log_in(&logins, &ssh("alice"), &wrong_code(&totp, NOW), NOW).await), Some(Reason::Wrong));
    assert!(show_mailed(&logins, false, NOW).await.is_err());
    core.tamper("UPDATE budgets SET fails = 100 WHERE id LIKE 'totp:%' OR id LIKE 'email:%'").await;
    let now = NOW.plus(HOUR);
    let right = code_at(&totp, now, 0);
    assert_eq!(reason(&log_in(&logins, &ssh("alice"), &right, now).await), Some(Reason::Held));
    let by_recovery = log_in(&logins, &ssh("alice"), set.codes[0].expose(), now).await;
    assert_eq!(by_recovery, Outcome::Granted);
    assert_eq!(log_in(&logins, &ssh("alice"), &right, now).await, Outcome::Granted);
    show_mailed(&logins, true, now).await.unwrap();
}

/// Recovery codes of somebody who keeps them at a sign-in.
async fn kept(logins: &Logins) -> NewSet {
    let policy = logins.policy(NOW).await.unwrap();
    assert_eq!(policy.rules.recovery, RecoveryKept::Codes);
    let due = |user: &mut twolatch_core::user::User| user.recovery_due_at = Some(NOW);
    logins.change_user(&parsed("alice"), String::new(), &actor(NOW), due).await.unwrap();
    let token = logins.enter("alice", Secret::new(PASSWORD.to_owned()), SOURCE, Goal::default(), NOW).await.unwrap();
    let mut current = logins.current(&token, NOW).await.unwrap();
    current.attempt.proofs.push(twolatch_core::factor::Proof { kind: Kind::Totp, at: NOW });
    current.step = twolatch_core::step::Step::KeepRecovery;
    let set = logins.new_set(&mut current, NOW).await.unwrap();
    logins.keep_set(current, SOURCE, NOW).await.unwrap();
    set
}

async fn t18_wrong_passwords_from_elsewhere_lock_nobody_out(core: Core) {
    let mut people = Vec::new();
    for number in 0..(rounds() / 10).max(1) {
        let name = format!("user{number}");
        let totp = core.enrolled(&name).await;
        core.give_password(&name).await;
        if number == 0 {
            let promote = |user: &mut twolatch_core::user::User| user.role = Role::Admin;
            core.logins.change_user(&parsed(&name), String::new(), &actor(NOW), promote).await.unwrap();
        }
        people.push((name, totp));
    }
    for (name, _) in &people {
        for source in 0..50 {
            for _ in 0..20 {
                let (password, source) = (Secret::new("wrong".to_owned()), format!("198.51.100.{source}"));
                let refused = core.logins.enter(name, password, &source, Goal::default(), NOW).await;
                let expected = matches!(refused, Err(Fault::Refused(Reason::Password | Reason::Wait)));
                assert!(expected, "{refused:?}");
            }
        }
    }
    assert_eq!(
        core.number("SELECT COUNT(*) FROM audit WHERE event = 'password' AND result = 'password'").await,
        250 * i64::try_from(people.len()).unwrap(),
        "five for each source"
    );
    let later = NOW.plus(30);
    for (name, totp) in &people {
        let tab = Tab::open(&core.logins, name, NOW).await;
        assert_eq!(tab.app(&code_at(totp, NOW, 0), NOW).await, None, "{name}: the first try, from the usual source");
        assert!(tab.finish(NOW).await.is_some());
        let by_ssh = log_in(&core.logins, &ssh(name), &code_at(totp, later, 0), later).await;
        assert_eq!(by_ssh, Outcome::Granted, "{name}");
    }
}
