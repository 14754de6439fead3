//! Rows that the login service answers on its own, whichever door asks: equal digits, whose counter, old hashes, sessions
//! over two servers, clocks that were wrong, policy that changes meanwhile.

use twolatch_core::crypto::SystemEntropy;
use twolatch_core::crypto::password::{Cost, Hasher};
use twolatch_core::factor::Kind;
use twolatch_core::factor::totp::{Algorithm, Totp};
use twolatch_core::letter::{Letter, Mail};
use twolatch_core::login::Logins;
use twolatch_core::login::web::{Fault, Goal};
use twolatch_core::policy::{Level, RecoveryKept};
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::step::{Assurance, Step};
use twolatch_core::store::budgets::{Budget, Charge, charge};
use twolatch_core::store::mails::queue;
use twolatch_core::time::Timestamp;
use twolatch_core::user::User;
use twolatch_core::wire::Outcome;

use crate::support::core::{
    Core, NOW, StandingClock, actor, code_at, log_in, on_both, parsed, reason, ssh, wrong_code,
};
use crate::support::shell::{Shell, other_than, with_mail};
use crate::support::tab::{SOURCE, Tab, alive, refusal, session};

on_both!(
    otp5_equal_digits_of_two_steps_are_two_codes,
    otp10_a_right_password_leaves_the_codes_counter,
    otp10_a_code_of_the_app_leaves_the_other_counters,
    pw3_a_login_rewrites_an_old_hash,
    ses6_what_one_server_ends_is_over_at_the_other,
    t13_clock_accept_lets_in_again_who_was_let_in_while_the_clock_was_ahead,
    t13_other_factors_work_while_the_app_waits_for_the_clock,
    f13_a_clock_set_back_makes_nobody_wait_longer,
    t15_policy_raised_between_prompt_and_answer_is_asked_again,
    t15_policy_raised_behind_the_password_asks_for_more,
);

async fn otp5_equal_digits_of_two_steps_are_two_codes(core: Core) {
    core.member("alice").await;
    let seed = Secret::new("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned());
    let totp = Totp::from_base32(&seed, Algorithm::Sha1, 6, 30).unwrap();
    core.logins.provision_totp(&parsed("alice"), totp.clone(), None, &actor(NOW)).await.unwrap();
    let digits = |step| totp.code_of(step).unwrap().expose().to_owned();
    assert_eq!([digits(62_075_368), digits(62_075_369)], ["235522", "235522"]);
    let say = async |moment| log_in(&core.logins, &ssh("alice"), "235522", Timestamp::from_unix(moment)).await;
    assert_eq!(say(1_862_261_045).await, Outcome::Granted, "the code of one step");
    assert_eq!(reason(&say(1_862_261_046).await), Some(Reason::Replay));
    assert_eq!(say(1_862_261_075).await, Outcome::Granted, "the code of the next, though it looks the same");
    assert_eq!(reason(&say(1_862_261_080).await), Some(Reason::Replay));
}

async fn otp10_a_right_password_leaves_the_codes_counter(core: Core) {
    let totp = core.enrolled("alice").await;
    core.give_password("alice").await;
    let wrong = wrong_code(&totp, NOW);
    let standing = async || core.standing(Budget::of_totp, "alice", NOW).await;
    let tab = Tab::open(&core.logins, "alice", NOW).await;
    for _ in 0..4 {
        assert_eq!(tab.app(&wrong, NOW).await, Some(Reason::Wrong));
    }
    let mut last = tab;
    for _ in 0..50 {
        last = Tab::open(&core.logins, "alice", NOW).await;
    }
    assert_eq!(standing().await, (4, Charge::Taken), "fifty right passwords change nothing");
    assert_eq!(last.app(&wrong, NOW).await, Some(Reason::Wrong), "the fifth");
    assert_eq!(standing().await, (5, Charge::Wait(NOW.plus(30))));
    let right = code_at(&totp, NOW, 0);
    assert_eq!(last.app(&right, NOW).await, Some(Reason::Wait));
    let fresh = Tab::open(&core.logins, "alice", NOW).await;
    assert_eq!(fresh.app(&right, NOW).await, Some(Reason::Wait), "nor does another password end the wait");
    let later = NOW.plus(30);
    assert_eq!(fresh.app(&right, later).await, None);
    assert_eq!(standing().await, (0, Charge::Taken));
}

async fn otp10_a_code_of_the_app_leaves_the_other_counters(core: Core) {
    let core = with_mail(core);
    let (totp, _) = core.set_up("alice", RecoveryKept::Codes).await;
    let (_, others) = core.set_up("bob", RecoveryKept::Codes).await;
    core.give_password("alice").await;
    let edit = |user: &mut User| user.email = Some("alice@example.org".parse().unwrap());
    core.logins.change_user(&parsed("alice"), String::new(), &actor(NOW), edit).await.unwrap();
    core.mail_codes_to("alice").await;
    let tab = Tab::open(&core.logins, "alice", NOW).await;
    tab.mail(NOW).await;
    let wrong = other_than(&core.mailed(NOW).await);
    for _ in 0..2 {
        assert_eq!(tab.mailed(&wrong, NOW).await, Some(Reason::Wrong));
        assert_eq!(tab.recovery(&others[3], NOW).await, Some(Reason::Wrong));
        assert_eq!(tab.app(&wrong_code(&totp, NOW), NOW).await, Some(Reason::Wrong));
    }
    assert_eq!(tab.app(&code_at(&totp, NOW, 0), NOW).await, None);
    assert_eq!(core.standing(Budget::of_totp, "alice", NOW).await, (0, Charge::Taken), "its own is clear");
    assert_eq!(core.standing(Budget::of_email, "alice", NOW).await, (2, Charge::Taken));
    assert_eq!(core.standing(Budget::of_recovery, "alice", NOW).await, (2, Charge::Taken));
}

async fn pw3_a_login_rewrites_an_old_hash(core: Core) {
    core.enrolled("alice").await;
    core.give_password("alice").await;
    let stored = async || core.user("alice").await.password.unwrap().expose().to_owned();
    let before = stored().await;
    assert!(before.starts_with("$argon2id$v=19$m=19456,t=1,p=1$"), "{before}");
    let cost = Cost { memory_kib: 24 * 1024, passes: 2, lanes: 1 };
    let raised = Logins { hasher: Hasher::new(cost, 2, &SystemEntropy::new()).unwrap(), ..core.logins.clone() };
    let (cookie, _) = session(&core.logins, "alice", NOW).await;
    let wrong = Secret::new("six quiet harbours".to_owned());
    let refused = raised.enter("alice", wrong, SOURCE, Goal::default(), NOW).await;
    assert_eq!(refusal(refused), Some(Reason::Password));
    assert_eq!(stored().await, before, "a wrong password rewrites nothing");
    let version = core.user("alice").await.security_version;
    let tab = Tab::open(&raised, "alice", NOW).await;
    let after = stored().await;
    assert!(after.starts_with("$argon2id$v=19$m=24576,t=2,p=1$"), "{after}");
    assert_eq!(core.user("alice").await.security_version, version, "the password is the same");
    assert!(alive(&core.logins, &cookie, NOW).await.is_some() && tab.current(NOW).await.is_ok());
    Tab::open(&raised, "alice", NOW).await;
    assert_eq!(stored().await, after, "and is left alone from then on");
}

async fn ses6_what_one_server_ends_is_over_at_the_other(core: Core) {
    let servers = [core.logins.clone(), core.second_server().await];
    for (number, how) in ["disable", "delete", "password", "reset", "role"].into_iter().enumerate() {
        let name = format!("user{number}");
        core.enrolled(&name).await;
        core.give_password(&name).await;
        let (here, there) = (&servers[number % 2], &servers[(number + 1) % 2]);
        let (cookie, _) = session(there, &name, NOW).await;
        let tab = Tab::open(there, &name, NOW).await;
        for logins in &servers {
            assert!(alive(logins, &cookie, NOW).await.is_some(), "{how}");
        }
        let (who, actor) = (parsed(&name), actor(NOW));
        match how {
            "disable" => {
                here.change_user(&who, String::new(), &actor, |user| user.disabled_at = Some(NOW)).await.map(drop)
            }
            "delete" => here.delete_user(&who, &actor).await,
            "password" => here.reset_password(&who, Secret::new("six quiet harbours".to_owned()), true, &actor).await,
            "reset" => here.reset_factors(&who, &actor).await.map(drop),
            _ => {
                let supervise = |user: &mut User| user.role = twolatch_core::user::Role::Supervisor;
                here.change_user(&who, String::new(), &actor, supervise).await.map(drop)
            }
        }
        .unwrap();
        for logins in [there, here] {
            assert!(alive(logins, &cookie, NOW).await.is_none(), "{how}: at once, and at both");
            assert!(matches!(tab.at(logins).current(NOW).await, Err(Fault::Over)), "{how}");
        }
    }
}

async fn t13_clock_accept_lets_in_again_who_was_let_in_while_the_clock_was_ahead(core: Core) {
    let totp = core.enrolled("alice").await;
    let ahead = NOW.plus(86_400);
    assert_eq!(log_in(&core.logins, &ssh("alice"), &code_at(&totp, ahead, 0), ahead).await, Outcome::Granted);
    let later = NOW.plus(90);
    for moment in [NOW, later] {
        let stuck = log_in(&core.logins, &ssh("alice"), &code_at(&totp, moment, 0), moment).await;
        assert_eq!(reason(&stuck), Some(Reason::Replay), "mono: every step up to then is spent");
    }
    // A letter that was written by the wrong clock.
    let letter = Letter::Decision { approved: true, note: None };
    let mail = Mail { to: "a@example.org".parse().unwrap(), name: "alice".to_owned(), language: None, letter };
    let store = core.store().clone();
    let queued = core.store().write(move |connection| {
        Box::pin(async move { queue(connection, &store, &mail, ahead.plus(60), ahead).await })
    });
    queued.await.unwrap();
    assert!(core.store().claim_mails(9, later).await.unwrap().is_empty());
    core.store().accept_clock("root", NOW).await.unwrap();
    assert_eq!(core.store().claim_mails(9, later).await.unwrap().len(), 1, "it is on its way");
    let spent = log_in(&core.logins, &ssh("alice"), &code_at(&totp, NOW, 0), NOW).await;
    assert_eq!(reason(&spent), Some(Reason::Replay), "up to the present they stay so");
    assert_eq!(log_in(&core.logins, &ssh("alice"), &code_at(&totp, later, 0), later).await, Outcome::Granted);
    assert_eq!(core.standing(Budget::of_totp, "alice", later).await, (0, Charge::Taken));
    let told = "SELECT COUNT(*) FROM audit WHERE event = 'clock_accepted' AND actor = 'root'";
    assert_eq!(core.number(told).await, 1);
}

async fn t13_other_factors_work_while_the_app_waits_for_the_clock(core: Core) {
    let core = with_mail(core);
    let (totp, codes) = core.set_up("alice", RecoveryKept::Codes).await;
    let edit = |user: &mut User| user.email = Some("alice@example.org".parse().unwrap());
    core.logins.change_user(&parsed("alice"), String::new(), &actor(NOW), edit).await.unwrap();
    core.mail_codes_to("alice").await;
    core.give_password("alice").await;
    let clock = StandingClock::at(NOW);
    core.store().keep_time(&clock).await.unwrap();
    clock.set(NOW.plus(100));
    core.store().keep_time(&clock).await.unwrap();
    clock.set(NOW);
    core.store().keep_time(&clock).await.unwrap();
    let app = code_at(&totp, NOW, 0);
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    shell.say(&app, NOW).await;
    assert_eq!(shell.reason(), Some(Reason::ClockBack));
    assert_eq!(shell.say(&codes[2], NOW).await, &Outcome::Granted, "a recovery code, at the very same prompt");
    let tab = Tab::open(&core.logins, "alice", NOW).await;
    assert_eq!(tab.app(&app, NOW).await, Some(Reason::ClockBack));
    tab.mail(NOW).await;
    let code = core.mailed(NOW).await.remove(0);
    assert_eq!(tab.mailed(&code, NOW).await, None, "a mailed code");
    let tab = Tab::open(&core.logins, "alice", NOW).await;
    assert_eq!(tab.recovery(&codes[3], NOW).await, None);
    assert_eq!(core.standing(Budget::of_totp, "alice", NOW).await, (0, Charge::Taken), "the clock is nobody's failure");
}

async fn t15_policy_raised_between_prompt_and_answer_is_asked_again(core: Core) {
    let totp = core.enrolled("alice").await;
    core.edit_rules(|rules| rules.organisation = Level::Optional, NOW).await;
    let (before, now) = (NOW.plus(2), NOW.plus(4));
    let mut shell = Shell::open(&core.logins, "alice", before).await;
    core.edit_rules(|rules| rules.organisation = Level::Required, before).await;
    let code = code_at(&totp, now, 0);
    shell.say(&code, now).await;
    assert_eq!(shell.reason(), Some(Reason::AttemptOutdated));
    assert_eq!(core.standing(Budget::of_totp, "alice", now).await, (0, Charge::Taken));
    assert_eq!(log_in(&core.logins, &ssh("alice"), &code, now).await, Outcome::Granted, "it was not spent");
    // Words are no way around it.
    let mut shell = Shell::open(&core.logins, "alice", now).await;
    core.edit_rules(|rules| rules.setup_days = 3, now).await;
    shell.say("other", now.plus(2)).await;
    assert_eq!(shell.reason(), Some(Reason::AttemptOutdated));
}

async fn t15_policy_raised_behind_the_password_asks_for_more(core: Core) {
    let totp = core.enrolled("alice").await;
    core.member("fresh").await;
    for name in ["alice", "fresh"] {
        core.give_password(name).await;
    }
    core.edit_rules(|rules| rules.organisation = Level::Off, NOW).await;
    let second = core.second_server().await;
    let (before, now) = (NOW.plus(2), NOW.plus(4));
    let tabs = [Tab::open(&core.logins, "alice", before).await, Tab::open(&second, "fresh", before).await];
    for tab in &tabs {
        assert_eq!(tab.current(before).await.unwrap().step, Step::Granted(Assurance::Password));
    }
    core.edit_rules(|rules| rules.organisation = Level::Required, before).await;
    let [alice, fresh] = &tabs;
    let asked = Step::SecondFactor { methods: vec![Kind::Totp], recovery: false };
    for logins in [&core.logins, &second] {
        assert_eq!(alice.at(logins).current(now).await.unwrap().step, asked);
        let set_up = fresh.at(logins).current(now).await.unwrap();
        assert!(matches!(set_up.step, Step::Enrol { .. }), "{:?}", set_up.step);
        for tab in [alice.at(logins), fresh.at(logins)] {
            let current = tab.current(now).await.unwrap();
            assert!(matches!(logins.finish(current, SOURCE, now).await, Err(Fault::Over)), "not with a password alone");
        }
    }
    assert_eq!(alice.app(&code_at(&totp, now, 0), now).await, None);
    let cookie = alice.finish(now).await.unwrap();
    let session = alive(&second, &cookie, now).await.unwrap();
    assert_eq!(Assurance::of(&session.proofs), Assurance::Authenticator);
}

async fn f13_a_clock_set_back_makes_nobody_wait_longer(core: Core) {
    let charge = async |budget: &Budget, now: Timestamp| {
        let budget = budget.clone();
        let charged = core.store().write(move |c| Box::pin(async move { charge(c, &budget, now).await })).await;
        charged.unwrap()
    };
    for budget in [Budget::of_source("web", SOURCE), Budget::of_password("mark", SOURCE), Budget::of_peer("id", 1000)] {
        assert_eq!(charge(&budget, NOW).await, Charge::Taken);
        for earlier in 1..=3 {
            let now = NOW.plus(-3600 * earlier);
            assert_eq!(charge(&budget, now).await, Charge::Taken);
            assert_eq!(core.store().standing(&budget, now).await.unwrap(), (earlier + 1, Charge::Taken), "{budget:?}");
        }
    }
}
