//! Recovery codes and keys at the prompt of a host, and what those meet who cannot get in.

use twolatch_core::crockford::with_check;
use twolatch_core::factor::recovery::grouped;
use twolatch_core::letter::{Letter, Notice};
use twolatch_core::login::host::Peer;
use twolatch_core::policy::RecoveryKept;
use twolatch_core::reason::Reason;
use twolatch_core::store::budgets::{Budget, Charge};
use twolatch_core::wire::{Begin, Evidence, Outcome};

use crate::support::core::{Core, NOW, ROOT, actor, on_both, parsed, reason, recovery_codes, ssh};
use crate::support::shell::{BEFORE, Shell, with_mail};

on_both!(
    p35_p37_what_is_typed_of_a_recovery_code,
    rec5_wrong_recovery_codes_hold_recovery_and_nothing_else,
    a_used_key_is_followed_by_another_that_is_typed_back,
    a_key_that_is_not_kept_is_gone,
    rec4_who_used_the_last_code_is_offered_another_set_on_the_web,
    t12_who_cannot_get_in_meets_what_others_meet,
    a_request_for_help_is_on_record_once_an_hour,
    whose_factor_su_to_a_shared_account_takes_what_the_caller_has,
);

const WRONG: &str = "This code is not right.\nYou may also type: a recovery code.";

async fn p35_p37_what_is_typed_of_a_recovery_code(core: Core) {
    let (totp, codes) = core.set_up("alice", RecoveryKept::Codes).await;
    let (_, others) = core.set_up("bob", RecoveryKept::Codes).await;
    let standing = async || core.standing(Budget::of_recovery, "alice", NOW).await;
    let records = async || core.number("SELECT COUNT(*) FROM audit WHERE event = 'code'").await;
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    assert_eq!(shell.notice(), "You may also type: a recovery code.");
    let before = records().await;
    let last = codes[1].chars().last().unwrap();
    let typo = format!("{}{}", codes[1].strip_suffix(last).unwrap(), if last == '0' { '1' } else { '0' });
    for nonsense in [&typo, "correct horse battery staple", "hunter2", codes[1].get(1..).unwrap()] {
        shell.say(nonsense, NOW).await;
        assert_eq!(shell.reason(), Some(Reason::Malformed), "{nonsense}");
    }
    assert_eq!((records().await, standing().await), (before, (0, Charge::Taken)), "neither judged nor recorded");
    shell.say(&others[1], NOW).await;
    assert_eq!((shell.reason(), shell.notice()), (Some(Reason::Wrong), WRONG), "of another person");
    assert_eq!(standing().await, (1, Charge::Taken));
    assert_eq!(core.standing(Budget::of_recovery, "bob", NOW).await, (0, Charge::Taken));
    // The number of another row, with the check character that belongs to it: a code as good as any to look at.
    let plain = codes[1].replace('-', "");
    let renumbered = (2..10).find_map(|number| with_check(&format!("{number}{}", plain.get(1..17).unwrap()))).unwrap();
    shell.say(grouped(&renumbered).expose(), NOW).await;
    assert_eq!((shell.reason(), shell.notice()), (Some(Reason::Wrong), WRONG), "of another row");
    assert_eq!(standing().await, (2, Charge::Taken), "judged and counted");
    let sealed = shell.sealed();
    let folded = codes[1].to_lowercase().replace('-', " ").replace('0', "o").replacen('1', "l", 1);
    assert_eq!(shell.say(&folded, NOW).await, &Outcome::Granted);
    assert_eq!(standing().await, (0, Charge::Taken));
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    shell.say(&codes[1], NOW).await;
    assert_eq!(shell.reason(), Some(Reason::Replay));
    assert!(shell.notice().starts_with("This recovery code was already used."), "{}", shell.notice());
    assert_eq!(standing().await, (0, Charge::Taken), "a used one costs nothing");
    let again = shell.say_to(&sealed, &codes[2], NOW).await;
    assert_eq!(reason(&again), Some(Reason::AttemptInvalid), "one prompt, one verdict");
    assert_eq!(shell.say(&codes[2], NOW).await, &Outcome::Granted, "and what was shown there is not spent");
    // What looks like a 1 is one; the code with that number has one for certain.
    for (index, letter) in [(3, 'I'), (4, 'i'), (5, 'L'), (6, 'l')] {
        let mut shell = Shell::open(&core.logins, "alice", NOW).await;
        assert_eq!(
            shell.say(&codes[index].replace('1', &letter.to_string()), NOW).await,
            &Outcome::Granted,
            "{letter}"
        );
    }
    let mut shell = Shell::open(&core.logins, "bob", NOW).await;
    assert_eq!(shell.say(&others[1].replace('1', "I").replace('0', "O"), NOW).await, &Outcome::Granted);
    assert_eq!(core.number("SELECT COUNT(*) FROM recovery_codes WHERE used_at IS NOT NULL").await, 7);
    let mut shell = Shell::at(&core.logins, ROOT, Begin { service: "sudo".to_owned(), ..ssh("alice") }, NOW).await;
    assert_eq!(shell.say(&crate::support::core::code_at(&totp, NOW, 0), NOW).await, &Outcome::Granted);
}

async fn rec5_wrong_recovery_codes_hold_recovery_and_nothing_else(core: Core) {
    let (totp, codes) = core.set_up("alice", RecoveryKept::Codes).await;
    let (_, others) = core.set_up("bob", RecoveryKept::Codes).await;
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    for count in 1..=5 {
        shell.say(&others[2], NOW).await;
        assert_eq!(shell.reason(), Some(Reason::Wrong));
        assert_eq!(core.standing(Budget::of_recovery, "alice", NOW).await.0, count);
    }
    shell.say(&codes[2], NOW).await;
    assert_eq!((shell.reason(), shell.notice()), (Some(Reason::Wait), WRONG), "a right one is not judged either");
    assert_eq!(core.standing(Budget::of_recovery, "alice", NOW).await, (5, Charge::Wait(NOW.plus(30))));
    assert_eq!(core.standing(Budget::of_totp, "alice", NOW).await, (0, Charge::Taken));
    let mut other = Shell::open(&core.logins, "alice", NOW).await;
    assert_eq!(other.say(&crate::support::core::code_at(&totp, NOW, 0), NOW).await, &Outcome::Granted);
    assert_eq!(shell.say(&codes[2], NOW.plus(30)).await, &Outcome::Granted);
}

async fn a_used_key_is_followed_by_another_that_is_typed_back(core: Core) {
    let (_, kept) = core.set_up("alice", RecoveryKept::Both).await;
    let key = kept.last().unwrap();
    assert_eq!((kept.len(), key.len()), (11, 38));
    let address = |user: &mut twolatch_core::user::User| user.email = "alice@example.org".parse().ok();
    core.logins.change_user(&parsed("alice"), String::new(), &actor(NOW), address).await.unwrap();
    core.tamper("DELETE FROM mails").await;
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    shell.say(key, NOW).await;
    let told = core.store().claim_mails(100, NOW).await.unwrap();
    let [told] = told.as_slice() else { panic!("rec10: {told:?}") };
    assert!(matches!(told.mail.letter, Letter::Notice { event: Notice::RecoveryKeyUsed, .. }), "{told:?}");
    assert_eq!(shell.label(), Some("New recovery key: "));
    assert!(shell.notice().starts_with("Your recovery key is used up."), "{}", shell.notice());
    let new = recovery_codes(shell.notice()).remove(0);
    assert_ne!(&new, key);
    let mut second = Shell::open(&core.logins, "alice", NOW).await;
    for (typed, expected) in [(key, Reason::Replay), (&new, Reason::Replay)] {
        second.say(typed, NOW).await;
        // The new one is not in force yet: it is compared with the old one, which is spent.
        let refused = second.reason();
        assert!(refused == Some(expected) || refused == Some(Reason::Wrong), "{refused:?}");
    }
    for other in [key, &kept[1], "123456", "other", "resend"] {
        shell.say(other, NOW).await;
        assert_eq!(shell.label(), Some("New recovery key: "), "{other}: nothing but the new key goes on");
    }
    let sealed = shell.sealed();
    assert_eq!(shell.say(&new.to_lowercase(), NOW).await, &Outcome::Granted);
    for typed in [new.as_str(), "later"] {
        let again = shell.say_to(&sealed, typed, NOW).await;
        assert_eq!(reason(&again), Some(Reason::AttemptOutdated), "one success: {typed}");
    }
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    assert_eq!(shell.say(&kept[1], NOW).await, &Outcome::Granted, "the codes stay");
    let mut shell = Shell::open(&core.logins, "alice", NOW.plus(60)).await;
    shell.say(&new, NOW.plus(60)).await;
    assert_eq!(shell.label(), Some("New recovery key: "), "the new key lets in");
}

async fn a_key_that_is_not_kept_is_gone(core: Core) {
    let (_, kept) = core.set_up("alice", RecoveryKept::Key).await;
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    shell.say(&kept[0], NOW).await;
    let new = recovery_codes(shell.notice()).remove(0);
    let sealed = shell.sealed();
    assert_eq!(shell.say("later", NOW).await, &Outcome::Granted);
    let again = shell.say_to(&sealed, "later", NOW).await;
    assert_eq!(reason(&again), Some(Reason::AttemptInvalid), "one success");
    for gone in [&kept[0], &new] {
        let mut shell = Shell::open(&core.logins, "alice", NOW).await;
        let refused = shell.say(gone, NOW).await.clone();
        assert!(matches!(reason(&refused), Some(Reason::Wrong | Reason::Replay)), "{refused:?}");
    }
    // Who is disabled between the two prompts does not get in.
    let (_, kept) = core.set_up("bob", RecoveryKept::Key).await;
    let mut shell = Shell::open(&core.logins, "bob", NOW).await;
    shell.say(&kept[0], NOW).await;
    let disable = |user: &mut twolatch_core::user::User| user.disabled_at = Some(NOW);
    core.logins.change_user(&parsed("bob"), String::new(), &actor(NOW), disable).await.unwrap();
    assert_eq!(reason(shell.say("later", NOW).await), Some(Reason::AttemptOutdated));
}

async fn rec4_who_used_the_last_code_is_offered_another_set_on_the_web(core: Core) {
    let (_, codes) = core.set_up("alice", RecoveryKept::Codes).await;
    let due = async || core.user("alice").await.recovery_due_at;
    for code in &codes {
        assert_eq!(due().await, None);
        let mut shell = Shell::open(&core.logins, "alice", NOW).await;
        assert_eq!(shell.say(code, NOW).await, &Outcome::Granted);
    }
    assert_eq!(due().await, Some(NOW));
    let (_, kept) = core.set_up("bob", RecoveryKept::Both).await;
    let mut shell = Shell::open(&core.logins, "bob", NOW).await;
    shell.say(kept.last().unwrap(), NOW).await;
    assert_eq!(core.user("bob").await.recovery_due_at, Some(NOW), "broken off here, it is offered there");
    let new = recovery_codes(shell.notice()).remove(0);
    assert_eq!(shell.say(&new, NOW).await, &Outcome::Granted);
    assert_eq!(core.user("bob").await.recovery_due_at, None, "it is kept");
}

async fn t12_who_cannot_get_in_meets_what_others_meet(core: Core) {
    let core = with_mail(core);
    let (_, kept) = core.set_up("bob", RecoveryKept::Codes).await;
    core.enrolled("real").await;
    for name in ["gone", "unseen"] {
        core.addressed(name).await;
        core.give_totp(name).await;
        core.mail_codes_to(name).await;
    }
    let disable = |user: &mut twolatch_core::user::User| user.disabled_at = Some(BEFORE);
    core.logins.change_user(&parsed("gone"), String::new(), &actor(BEFORE), disable).await.unwrap();
    let lines = ["other", "app", "email", "resend", "later", "000000", &kept[1], "recovery", "nonsense", "other"];
    let mut expected = Vec::new();
    for (index, (name, evidence)) in
        [("real", Evidence::Stack), ("nobody", Evidence::Stack), ("gone", Evidence::Stack), ("unseen", Evidence::None)]
            .into_iter()
            .enumerate()
    {
        let rhost = format!("192.0.2.{index}");
        let begin = Begin { evidence, rhost: Some(rhost.clone()), ..ssh(name) };
        let mut shell = Shell::at(&core.logins, ROOT, begin, NOW).await;
        let mut seen = vec![(shell.notice().to_owned(), shell.label().map(str::to_owned))];
        for line in lines {
            shell.say(line, NOW).await;
            seen.push((shell.notice().to_owned(), shell.label().map(str::to_owned)));
        }
        if index == 0 {
            expected = seen;
        } else {
            assert_eq!(seen, expected, "{name}");
            let (fails, _) = core.store().standing(&Budget::of_source("ssh", &rhost), NOW).await.unwrap();
            assert_eq!(fails, 3, "{name}: the code, the recovery code and the request cost the source");
        }
    }
    assert_eq!(core.mailed(NOW).await, [""; 0]);
    assert_eq!(core.standing(Budget::of_totp, "real", NOW).await.0, 1);
    assert_eq!(core.standing(Budget::of_recovery, "real", NOW).await.0, 1);
    for name in ["gone", "unseen"] {
        for budget in [Budget::of_totp, Budget::of_email, Budget::of_recovery, Budget::of_mail, Budget::of_request] {
            assert_eq!(
                core.standing(budget, name, NOW).await,
                (0, Charge::Taken),
                "{name}: strangers fill no budget of theirs"
            );
        }
    }
    assert_eq!(core.number("SELECT COUNT(*) FROM audit WHERE event = 'recovery_asked'").await, 1);
    let own = Peer { uid: 1 };
    let (_, kept) = core.set_up("daemon", RecoveryKept::Codes).await;
    let mut shell = Shell::at(&core.logins, own, ssh("daemon"), NOW).await;
    shell.say(&kept[1], NOW).await;
    assert_eq!(
        (shell.reason(), shell.notice()),
        (Some(Reason::Malformed), "A code is made of digits. Type the one that your app shows.")
    );
    assert_eq!(core.standing(Budget::of_recovery, "daemon", NOW).await, (0, Charge::Taken));
    assert_eq!(core.number("SELECT COUNT(*) FROM recovery_codes WHERE used_at IS NOT NULL").await, 0);
}

async fn a_request_for_help_is_on_record_once_an_hour(core: Core) {
    core.enrolled("alice").await;
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    for _ in 0..5 {
        shell.say("recovery", NOW).await;
        assert!(shell.notice().contains("Ask your administrator"), "{}", shell.notice());
    }
    let records = "SELECT COUNT(*) FROM audit WHERE event = 'recovery_asked' AND user_name = 'alice' AND result = 'ok'";
    assert_eq!(core.number(records).await, 1);
    assert_eq!(core.standing(Budget::of_totp, "alice", NOW).await, (0, Charge::Taken));
}

async fn whose_factor_su_to_a_shared_account_takes_what_the_caller_has(core: Core) {
    let core = with_mail(core);
    let (_, roots) = core.set_up("root", RecoveryKept::Codes).await;
    let (_, callers) = core.set_up("daemon", RecoveryKept::Codes).await;
    let share = |user: &mut twolatch_core::user::User| user.shared_at = Some(BEFORE);
    core.logins.change_user(&parsed("root"), String::new(), &actor(BEFORE), share).await.unwrap();
    let address = |user: &mut twolatch_core::user::User| user.email = Some("daemon@example.org".parse().unwrap());
    core.logins.change_user(&parsed("daemon"), String::new(), &actor(BEFORE), address).await.unwrap();
    core.mail_codes_to("daemon").await;
    let su =
        |caller| Begin { service: "su".to_owned(), rhost: None, tty: Some("pts/0".to_owned()), caller, ..ssh("root") };
    let mut shell = Shell::at(&core.logins, ROOT, su(1), NOW).await;
    shell.say(&roots[1], NOW).await;
    assert_eq!(shell.reason(), Some(Reason::Wrong), "not the target's");
    assert_eq!(core.standing(Budget::of_recovery, "daemon", NOW).await, (1, Charge::Taken));
    assert_eq!(core.standing(Budget::of_recovery, "root", NOW).await, (0, Charge::Taken));
    assert_eq!(shell.say(&callers[1], NOW).await, &Outcome::Granted);
    let mut shell = Shell::at(&core.logins, ROOT, su(1), NOW).await;
    shell.say("other", NOW).await;
    assert!(shell.notice().starts_with("A code was mailed to d…@example.org"), "{}", shell.notice());
    let code = core.mailed(NOW).await.remove(0);
    assert_eq!(shell.say(&code, NOW).await, &Outcome::Granted);
    let who =
        "SELECT COUNT(*) FROM audit WHERE user_name = 'root' AND actor = 'daemon' AND event = 'code' AND result = 'ok'";
    assert_eq!(core.number(who).await, 2);
    // Whose account is shared sets nothing up for others, and nobody does there.
    core.member("bin").await;
    let fresh = Shell::at(&core.logins, ROOT, su(2), NOW).await;
    assert_eq!(fresh.reason(), Some(Reason::NotEnrolled));
}
