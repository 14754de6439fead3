//! Codes by mail at the prompt of a host, with a time that stands still.

use twolatch_core::login::host::Peer;
use twolatch_core::reason::Reason;
use twolatch_core::store::budgets::{Budget, Charge};
use twolatch_core::time::Timestamp;
use twolatch_core::wire::Outcome;

use crate::support::core::{Core, NOW, code_at, on_both, ssh, wrong_code};
use crate::support::shell::{Shell, other_than, with_mail};

on_both!(
    eml5_p34_a_code_by_mail_is_asked_for_by_a_word_and_sent_three_times,
    eml3_p34_a_code_is_good_in_its_own_login_only_and_once,
    eml4_three_wrong_codes_block_mail_and_nothing_else,
    otp9_a_resend_resets_nothing,
    the_method_used_last_is_asked_for_first,
    who_has_no_privileges_and_who_has_nothing_else_is_mailed_nothing,
);

/// Somebody with the app and codes by mail.
async fn with_both(core: &Core, name: &str) -> twolatch_core::factor::totp::Totp {
    core.addressed(name).await;
    let totp = core.give_totp(name).await;
    core.mail_codes_to(name).await;
    totp
}

const WAYS: &str = "You may also type: other (a code by email).";
const MAIL_WAYS: &str = "You may also type: resend (the mail once more), other (your authenticator app).";

async fn eml5_p34_a_code_by_mail_is_asked_for_by_a_word_and_sent_three_times(core: Core) {
    let core = with_mail(core);
    with_both(&core, "alice").await;
    let audit = core.number("SELECT COUNT(*) FROM audit").await;
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    assert_eq!((shell.notice(), shell.label()), (WAYS, None));
    assert_eq!(core.number("SELECT COUNT(*) FROM audit").await, audit, "nothing is written for who uses the app");
    shell.say("other", NOW).await;
    let said = "A code was mailed to a…@example.org; it is good for 5 minutes.";
    assert_eq!(shell.notice(), format!("{said}\n{MAIL_WAYS}"));
    let code = core.mailed(NOW).await.remove(0);
    for seconds in [10, 59] {
        shell.say("resend", NOW.plus(seconds)).await;
        let wait = format!("It can be sent again in {} second", 60 - seconds);
        assert!(shell.notice().starts_with(&wait), "{}", shell.notice());
    }
    for seconds in [60, 120] {
        shell.say("resend", NOW.plus(seconds)).await;
        let left = if seconds == 60 { "4 minutes" } else { "3 minutes" };
        let said = format!("It was sent again. A code was mailed to a…@example.org; it is good for {left}.");
        assert!(shell.notice().starts_with(&said), "{}", shell.notice());
        assert_eq!(core.mailed(NOW.plus(seconds)).await, std::slice::from_ref(&code), "the same code");
    }
    for count in 0..6 {
        let now = NOW.plus(180 + count);
        shell.say("resend", now).await;
        assert!(
            shell.notice().starts_with("Too many codes by email: none is mailed for 4 minutes."),
            "{}",
            shell.notice()
        );
        assert_eq!(core.mailed(now).await, [""; 0]);
    }
    let now = NOW.plus(190);
    assert_eq!(shell.say(&code, now).await, &Outcome::Granted);
    assert_eq!(core.standing(Budget::of_email, "alice", now).await, (0, Charge::Taken));
    assert_eq!(core.standing(Budget::of_totp, "alice", now).await, (0, Charge::Taken));
    let shell = Shell::open(&core.logins, "alice", now).await;
    let said = format!("Too many codes by email: none is mailed for 4 minutes.\n{WAYS}");
    assert_eq!(shell.notice(), said, "where no mail can be sent, the app is asked for");
    assert_eq!(core.number("SELECT COUNT(*) FROM audit WHERE event = 'code_mailed'").await, 3);
}

async fn eml3_p34_a_code_is_good_in_its_own_login_only_and_once(core: Core) {
    let core = with_mail(core);
    with_both(&core, "alice").await;
    let (mut one, mut other) =
        (Shell::open(&core.logins, "alice", NOW).await, Shell::open(&core.logins, "alice", NOW).await);
    one.say("email", NOW).await;
    let first = core.mailed(NOW).await.remove(0);
    let older = one.sealed();
    other.say("other", NOW).await;
    let second = core.mailed(NOW).await.remove(0);
    assert_ne!(first, second, "one in a million");
    other.say(&first, NOW).await;
    assert_eq!(
        (other.reason(), other.notice()),
        (Some(Reason::Wrong), &*format!("This code is not right.\n{MAIL_WAYS}"))
    );
    assert_eq!(core.standing(Budget::of_email, "alice", NOW).await, (1, Charge::Taken), "counted, and once");
    one.say("resend", NOW.plus(60)).await;
    let newer = one.sealed();
    assert_eq!(one.say(&first, NOW.plus(61)).await, &Outcome::Granted);
    assert_eq!(core.standing(Budget::of_email, "alice", NOW).await, (0, Charge::Taken));
    for (sealed, reason) in [(older, Reason::Replay), (newer, Reason::AttemptInvalid)] {
        let again = one.say_to(&sealed, &first, NOW.plus(61)).await;
        assert_eq!(crate::support::core::reason(&again), Some(reason), "no prompt of this login lets in twice");
    }
    assert_eq!(core.standing(Budget::of_email, "alice", NOW).await, (0, Charge::Taken), "a replay costs nothing");
    assert_eq!(other.say(&second, NOW.plus(62)).await, &Outcome::Granted);
    let late = other.say_to(&other_sealed(&core, NOW.plus(62)).await, "123456", NOW.plus(362)).await;
    assert_eq!(crate::support::core::reason(&late), Some(Reason::AttemptExpired));
}

async fn other_sealed(core: &Core, now: Timestamp) -> String {
    Shell::open(&core.logins, "alice", now).await.sealed()
}

async fn eml4_three_wrong_codes_block_mail_and_nothing_else(core: Core) {
    let core = with_mail(core);
    let totp = with_both(&core, "alice").await;
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    shell.say("other", NOW).await;
    let code = core.mailed(NOW).await.remove(0);
    let wrong = other_than(std::slice::from_ref(&code));
    for count in 1..=2 {
        shell.say(&wrong, NOW).await;
        assert_eq!(shell.reason(), Some(Reason::Wrong), "{count}");
        assert_eq!(core.standing(Budget::of_email, "alice", NOW).await, (count, Charge::Taken));
    }
    shell.say(&wrong, NOW).await;
    assert!(shell.notice().starts_with("Too many wrong codes: none by email is taken for 5 minutes.\n"));
    let blocked = (3, Charge::Wait(NOW.plus(300)));
    assert_eq!(core.standing(Budget::of_email, "alice", NOW).await, blocked);
    shell.say(&code, NOW.plus(30)).await;
    assert!(shell.notice().starts_with("No code is on its way."), "{}", shell.notice());
    shell.say("resend", NOW.plus(90)).await;
    assert!(shell.notice().starts_with("Too many codes by email: none is mailed for 4 minutes."), "{}", shell.notice());
    let mut another = Shell::open(&core.logins, "alice", NOW.plus(91)).await;
    another.say("email", NOW.plus(91)).await;
    assert!(another.notice().starts_with("Too many codes by email"), "over all logins: {}", another.notice());
    assert_eq!(core.standing(Budget::of_email, "alice", NOW.plus(91)).await, blocked, "not judged, not counted");
    assert_eq!(core.standing(Budget::of_mail, "alice", NOW.plus(91)).await, (1, Charge::Taken));
    assert_eq!(core.mailed(NOW.plus(91)).await, [""; 0]);
    assert_eq!(shell.say(&code_at(&totp, NOW.plus(92), 0), NOW.plus(92)).await, &Outcome::Granted, "the app goes on");
}

async fn otp9_a_resend_resets_nothing(core: Core) {
    let core = with_mail(core);
    with_both(&core, "alice").await;
    let fails = async |now| core.standing(Budget::of_email, "alice", now).await.0;
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    shell.say("other", NOW).await;
    let code = core.mailed(NOW).await.remove(0);
    let wrong = other_than(std::slice::from_ref(&code));
    shell.say(&wrong, NOW).await;
    assert_eq!(fails(NOW).await, 1);
    let later = NOW.plus(60);
    shell.say("resend", later).await;
    assert_eq!(core.mailed(later).await, std::slice::from_ref(&code));
    assert_eq!(fails(later).await, 1, "a resend");
    shell.say(&wrong, later).await;
    assert_eq!((shell.reason(), fails(later).await), (Some(Reason::Wrong), 2));
    // A new login, and another code for it.
    let mut another = Shell::open(&core.logins, "alice", later).await;
    another.say("other", later).await;
    let second = core.mailed(later).await.remove(0);
    assert_eq!(fails(later).await, 2, "a new code");
    another.say("app", later).await;
    another.say("email", later).await;
    assert_eq!(fails(later).await, 2, "a change of method");
    another.say(&other_than(&[code, second.clone()]), later).await;
    assert!(another.notice().starts_with("Too many wrong codes"), "{}", another.notice());
    assert_eq!(core.standing(Budget::of_email, "alice", later).await, (3, Charge::Wait(later.plus(300))));
    another.say(&second, later).await;
    assert!(another.notice().starts_with("No code is on its way."), "the third was the last: {}", another.notice());
}

async fn the_method_used_last_is_asked_for_first(core: Core) {
    let core = with_mail(core);
    let totp = with_both(&core, "alice").await;
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    shell.say("email", NOW).await;
    let code = core.mailed(NOW).await.remove(0);
    shell.say("app", NOW).await;
    assert_eq!(shell.notice(), format!("Type the code that your authenticator app shows.\n{WAYS}"));
    shell.say("other", NOW).await;
    assert_eq!(core.mailed(NOW).await, [""; 0], "the one on its way can still be used");
    assert_eq!(shell.say(&code, NOW).await, &Outcome::Granted);
    let mut shell = Shell::open(&core.logins, "alice", NOW.plus(1)).await;
    assert!(shell.notice().starts_with("A code was mailed to a…@example.org"), "{}", shell.notice());
    assert_eq!(core.mailed(NOW.plus(1)).await.len(), 1);
    shell.say("other", NOW.plus(1)).await;
    assert_eq!(shell.say(&code_at(&totp, NOW, 0), NOW.plus(1)).await, &Outcome::Granted);
    assert_eq!(Shell::open(&core.logins, "alice", NOW.plus(2)).await.notice(), WAYS);
    let ascii = twolatch_core::wire::Begin { qr: twolatch_core::wire::Qr::Ascii, ..ssh("alice") };
    let mut shell = Shell::at(&core.logins, crate::support::core::ROOT, ascii, NOW.plus(2)).await;
    shell.say("email", NOW.plus(2)).await;
    assert!(shell.notice().starts_with("A code was mailed to a...@example.org"), "{}", shell.notice());
}

async fn who_has_no_privileges_and_who_has_nothing_else_is_mailed_nothing(core: Core) {
    let core = with_mail(core);
    let totp = with_both(&core, "daemon").await;
    core.addressed("bin").await;
    core.mail_codes_to("bin").await;
    let own = Peer { uid: 1 };
    let mut shell = Shell::at(&core.logins, own, ssh("daemon"), NOW).await;
    assert_eq!(shell.notice(), "", "only the app, and no word of anything else");
    for word in ["other", "email", "resend", "recovery", "later"] {
        shell.say(word, NOW).await;
        assert_eq!(shell.label(), None, "{word}");
        assert!(["There is no other method for this account.", "That does nothing here."].contains(&shell.notice()));
    }
    shell.say(&wrong_code(&totp, NOW), NOW).await;
    assert_eq!(shell.notice(), "This code is not right.");
    assert_eq!(shell.say(&code_at(&totp, NOW, 0), NOW).await, &Outcome::Granted);
    let bin = Shell::at(&core.logins, Peer { uid: 2 }, ssh("bin"), NOW).await;
    assert_eq!(
        bin.reason(),
        Some(Reason::NotEnrolled),
        "mailed codes are nothing that an unprivileged host may ask for"
    );
    assert_eq!(core.mailed(NOW).await, [""; 0]);
    assert_eq!(core.number("SELECT COUNT(*) FROM audit WHERE event = 'recovery_asked'").await, 0);
}
