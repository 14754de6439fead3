//! Forced set-up at the prompt of a host: who reads the mail, which method, what is kept, and putting it off.

use twolatch_core::login::web::Goal;
use twolatch_core::policy::RecoveryKept;
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::step::{Assurance, Step};
use twolatch_core::store::budgets::{Budget, Charge};
use twolatch_core::wire::{Begin, Outcome, Qr};

use crate::support::core::{Core, NOW, ROOT, actor, code_at, on_both, parsed, reason, recovery_codes, ssh};
use crate::support::shell::{Shell, authenticator, other_than, with_mail};

on_both!(
    set_up_begins_with_the_mailbox_and_a_choice,
    codes_by_mail_are_set_up_by_the_one_that_shows_the_mailbox,
    whole_a_set_up_that_is_broken_off_leaves_nothing,
    what_is_kept_is_what_policy_says,
    later_lets_in_as_often_as_policy_says,
    later_at_eight_doors_at_once_is_counted_exactly,
);

async fn nothing_is_stored(core: &Core, name: &str) {
    let user = core.user(name).await;
    assert!(user.authenticators.is_empty() && user.email_codes_at.is_none() && user.recovery.is_none(), "{user:?}");
    assert_eq!(core.number("SELECT COUNT(*) FROM factors").await, 0);
    assert_eq!(core.number("SELECT COUNT(*) FROM recovery_codes").await, 0);
    assert_eq!(core.number("SELECT COUNT(*) FROM mails WHERE kind = 'notice'").await, 0);
}

async fn set_up_begins_with_the_mailbox_and_a_choice(core: Core) {
    let core = with_mail(core);
    core.addressed("alice").await;
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    assert_eq!(shell.label(), Some("Code from the mail: "));
    let said = "Before a second factor is set up for alice, type the code that is mailed to you.\n\
                A code was mailed to a…@example.org; it is good for 5 minutes.\n\
                You may also type: resend (the mail once more).";
    assert_eq!(shell.notice(), said);
    let code = core.mailed(NOW).await.remove(0);
    for word in ["app", "email", "later", "other"] {
        shell.say(word, NOW).await;
        assert_eq!(shell.label(), Some("Code from the mail: "), "rec7: no step is skipped by {word}");
    }
    shell.say(&other_than(std::slice::from_ref(&code)), NOW).await;
    assert_eq!(shell.reason(), Some(Reason::Wrong));
    assert_eq!(core.standing(Budget::of_email, "alice", NOW).await, (1, Charge::Taken));
    let unproven = shell.sealed();
    shell.say(&code, NOW).await;
    assert_eq!(shell.label(), Some("app or email: "));
    assert_eq!(core.standing(Budget::of_email, "alice", NOW).await, (0, Charge::Taken));
    let spent = shell.say_to(&unproven, &code, NOW).await;
    assert_eq!(reason(&spent), Some(Reason::AttemptInvalid));
    shell.say("123456", NOW).await;
    assert_eq!(shell.label(), Some("app or email: "));
    shell.say("app", NOW).await;
    assert_eq!(shell.label(), Some("First code: "));
    let first = authenticator(&shell.shown);
    shell.say("other", NOW).await;
    assert_eq!(shell.label(), Some("app or email: "));
    shell.say("app", NOW).await;
    let totp = authenticator(&shell.shown);
    assert_ne!(first.base32().expose(), totp.base32().expose(), "each has a secret of its own");
    shell.say(&code_at(&totp, NOW, 0), NOW).await;
    assert_eq!(shell.label(), Some("Next code: "));
    shell.say(&code_at(&totp, NOW, 1), NOW.plus(30)).await;
    assert_eq!(shell.label(), Some("Recovery code: "));
    let codes = recovery_codes(shell.notice());
    for line in ["later", "other", "123456"] {
        shell.say(line, NOW.plus(30)).await;
        assert_eq!(shell.label(), Some("Recovery code: "), "{line}");
    }
    nothing_is_stored(&core, "alice").await;
    let sealed = shell.sealed();
    assert_eq!(shell.say(&codes[5], NOW.plus(31)).await, &Outcome::Granted);
    let again = shell.say_to(&sealed, &codes[5], NOW.plus(31)).await;
    assert!(matches!(reason(&again), Some(Reason::AttemptOutdated | Reason::AttemptInvalid)), "{again:?}");
    let user = core.user("alice").await;
    assert!(user.email_verified_at.is_some() && user.recovery_due_at.is_none() && user.email_codes_at.is_none());
    assert_eq!(core.number("SELECT COUNT(*) FROM mails WHERE kind = 'notice'").await, 2, "rec10: of both");
    let mut shell = Shell::open(&core.logins, "alice", NOW.plus(31)).await;
    shell.say(&code_at(&totp, NOW, 1), NOW.plus(31)).await;
    assert_eq!(shell.reason(), Some(Reason::Replay), "otp7: the confirming codes are spent");
    assert_eq!(shell.say(&codes[5], NOW.plus(31)).await, &Outcome::Granted, "what was typed back is not");
}

async fn codes_by_mail_are_set_up_by_the_one_that_shows_the_mailbox(core: Core) {
    let core = with_mail(core);
    core.addressed("alice").await;
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    let code = core.mailed(NOW).await.remove(0);
    shell.say(&code, NOW).await;
    shell.say("email", NOW).await;
    assert_eq!(shell.label(), Some("Recovery code: "));
    let codes = recovery_codes(shell.notice());
    assert_eq!(shell.say(&codes[0], NOW).await, &Outcome::Granted);
    assert_eq!(core.mailed(NOW).await, [""; 0], "one mail is enough");
    let user = core.user("alice").await;
    assert!(user.email_codes_at.is_some() && user.email_verified_at.is_some() && user.recovery.is_some());
    let mut shell = Shell::open(&core.logins, "alice", NOW.plus(1)).await;
    let code = core.mailed(NOW.plus(1)).await.remove(0);
    assert_eq!(shell.say(&code, NOW.plus(1)).await, &Outcome::Granted);
}

async fn whole_a_set_up_that_is_broken_off_leaves_nothing(core: Core) {
    let core = with_mail(core);
    core.addressed("alice").await;
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    let code = core.mailed(NOW).await.remove(0);
    shell.say(&code, NOW).await;
    shell.say("app", NOW).await;
    let totp = authenticator(&shell.shown);
    shell.say(&code_at(&totp, NOW, 0), NOW).await;
    shell.say(&code_at(&totp, NOW, 1), NOW).await;
    let codes = recovery_codes(shell.notice());
    nothing_is_stored(&core, "alice").await;
    let kept = shell.sealed();
    let late = shell.say_to(&kept, &codes[0], NOW.plus(900)).await;
    assert_eq!(reason(&late), Some(Reason::EnrolPendingExpired));
    core.logins.change_user(&parsed("alice"), String::new(), &actor(NOW), |_| ()).await.unwrap();
    let changed = shell.say_to(&kept, &codes[0], NOW).await;
    assert_eq!(reason(&changed), Some(Reason::AttemptOutdated), "the account was changed meanwhile");
    nothing_is_stored(&core, "alice").await;
    let off = Shell::at(&core.logins, ROOT, Begin { qr: Qr::Off, ..ssh("alice") }, NOW).await;
    assert_eq!(reason(&off.shown), Some(Reason::NotEnrolled));
    assert_eq!(core.mailed(NOW).await, [""; 0], "where nothing can be shown, nothing is mailed");
    let closed = Shell::open(&core.logins, "alice", NOW.plus(7 * 86_400)).await;
    assert_eq!(reason(&closed.shown), Some(Reason::SetupClosed));
}

async fn what_is_kept_is_what_policy_says(core: Core) {
    let (_, codes) = core.set_up("one", RecoveryKept::Codes).await;
    assert_eq!(codes.len(), 10);
    let (_, both) = core.set_up("two", RecoveryKept::Both).await;
    assert_eq!(both.len(), 11);
    assert_eq!(core.number("SELECT COUNT(*) FROM recovery_codes").await, 21);
    assert_eq!(core.number("SELECT COUNT(*) FROM audit WHERE event = 'recovery_made'").await, 2);
    assert_eq!(core.number("SELECT COUNT(*) FROM audit WHERE event = 'factor_added'").await, 2);
}

async fn later_lets_in_as_often_as_policy_says(core: Core) {
    core.rules(|rules| rules.skips = 2).await;
    core.member("alice").await;
    for count in 1..=2 {
        let mut shell = Shell::open(&core.logins, "alice", NOW).await;
        assert!(shell.notice().ends_with("You may also type: later (to put set-up off)."), "{}", shell.notice());
        let sealed = shell.sealed();
        assert_eq!(shell.say("later", NOW).await, &Outcome::Granted);
        assert_eq!(core.user("alice").await.skipped, count);
        let again = shell.say_to(&sealed, "later", NOW).await;
        assert!(matches!(reason(&again), Some(Reason::AttemptInvalid | Reason::AttemptOutdated)), "{again:?}");
        assert_eq!(core.user("alice").await.skipped, count);
    }
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    shell.say("later", NOW).await;
    assert_eq!((shell.label(), shell.notice()), (Some("First code: "), "That does nothing here."));
    core.member("carol").await;
    let password = Secret::new("correct horse battery staple".to_owned());
    core.logins.reset_password(&parsed("carol"), password.clone(), true, &actor(NOW)).await.unwrap();
    for count in 1..=2 {
        let token = core.logins.enter("carol", password.clone(), "192.0.2.1", Goal::default(), NOW).await.unwrap();
        let current = core.logins.current(&token, NOW).await.unwrap();
        core.logins.put_off(current, "192.0.2.1", NOW).await.unwrap();
        let step = core.logins.current(&token, NOW).await.unwrap().step;
        assert_eq!(step, Step::Granted(Assurance::Password), "{count}: the last time counts, too");
        assert_eq!(core.user("carol").await.skipped, count);
    }
    core.member("bob").await;
    let begin = Begin { qr: Qr::Off, ..ssh("bob") };
    let mut shell = Shell::at(&core.logins, ROOT, begin, NOW).await;
    assert_eq!(shell.label(), Some("Type later to put it off: "), "where set-up cannot be shown");
    shell.say("123456", NOW).await;
    assert_eq!(shell.say("later", NOW).await, &Outcome::Granted);
    assert_eq!(core.number("SELECT COUNT(*) FROM audit WHERE event = 'setup_put_off'").await, 5);
}

async fn later_at_eight_doors_at_once_is_counted_exactly(core: Core) {
    core.rules(|rules| rules.skips = 3).await;
    let second = core.second_server().await;
    for round in 0..crate::support::rounds().min(10) {
        let name = format!("user{round}");
        core.member(&name).await;
        let mut shells = Vec::new();
        for number in 0..8 {
            shells.push(Shell::open(if number % 2 == 0 { &core.logins } else { &second }, &name, NOW).await);
        }
        let said =
            shells.into_iter().map(|mut shell| tokio::spawn(async move { shell.say("later", NOW).await.clone() }));
        let mut granted = 0;
        for one in said.collect::<Vec<_>>() {
            match one.await.unwrap() {
                Outcome::Granted => granted += 1,
                other => assert_eq!(reason(&other), Some(Reason::AttemptOutdated)),
            }
        }
        assert_eq!((granted, core.user(&name).await.skipped), (3, 3), "round {round}");
    }
}
