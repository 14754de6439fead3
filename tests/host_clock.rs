//! Why a code of the app was refused, and phones whose clock is wrong, at the prompt of a host.

use twolatch_core::reason::Reason;
use twolatch_core::store::budgets::{Budget, Charge};
use twolatch_core::wire::Outcome;

use crate::support::core::{Core, NOW, attempt, code_at, on_both, reason, ssh, typed, wrong_code};
use crate::support::shell::Shell;

on_both!(
    p11_a_used_code_is_told_with_the_moment_of_the_next,
    two_codes_in_a_row_of_a_wrong_clock_let_in_once_and_set_the_drift,
    what_two_codes_of_a_wrong_clock_must_be,
    a_clock_set_back_reopens_nothing_of_a_phone_that_is_fast,
    a_stranger_learns_nothing_of_clocks,
);

async fn p11_a_used_code_is_told_with_the_moment_of_the_next(core: Core) {
    let totp = core.enrolled("alice").await;
    let code = code_at(&totp, NOW, 0);
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    assert_eq!(shell.say(&code, NOW).await, &Outcome::Granted);
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    shell.say(&code, NOW.plus(8)).await;
    assert_eq!(shell.notice(), "This code was already used: the next one comes in 12 s.");
    shell.say(&code, NOW.plus(25)).await;
    assert_eq!(shell.notice(), "This code was already used: type the one that your app shows now.");
    assert_eq!(core.standing(Budget::of_totp, "alice", NOW).await, (0, Charge::Taken));
}

async fn two_codes_in_a_row_of_a_wrong_clock_let_in_once_and_set_the_drift(core: Core) {
    let second = core.second_server().await;
    for round in 0..crate::support::rounds() {
        let name = format!("user{round}");
        let totp = core.enrolled(&name).await;
        let mut shell = Shell::open(&core.logins, &name, NOW).await;
        shell.say(&code_at(&totp, NOW, 8), NOW).await;
        assert_eq!(shell.reason(), Some(Reason::Wrong));
        assert!(shell.notice().starts_with("Your phone's clock is about 4 minutes fast."), "{}", shell.notice());
        assert_eq!(core.standing(Budget::of_totp, &name, NOW).await, (1, Charge::Taken), "judged and counted");
        let (next, now) = (code_at(&totp, NOW, 9), NOW.plus(20));
        let answers = (0..16).map(|number| {
            let logins = if number % 2 == 0 { core.logins.clone() } else { second.clone() };
            let answer = typed(&ssh(&name), &shell.sealed(), &next);
            tokio::spawn(async move { logins.answer(crate::support::core::ROOT, &answer, now).await.unwrap() })
        });
        let mut granted = 0;
        for one in answers.collect::<Vec<_>>() {
            match one.await.unwrap() {
                Outcome::Granted => granted += 1,
                other => assert_eq!(reason(&other), Some(Reason::AttemptInvalid)),
            }
        }
        assert_eq!(granted, 1, "round {round}");
        assert_eq!(core.standing(Budget::of_totp, &name, now).await, (0, Charge::Taken));
        let mut shell = Shell::open(&second, &name, now).await;
        for offset in [8, 9] {
            shell.say(&code_at(&totp, NOW, offset), now).await;
            assert_eq!(shell.reason(), Some(Reason::Replay), "both are spent");
        }
        // From now on the phone is taken as it is, a little late or early.
        let later = now.plus(60);
        assert_eq!(shell.say(&code_at(&totp, later, 9), later).await, &Outcome::Granted);
        let mut right = Shell::open(&core.logins, &name, later).await;
        right.say(&code_at(&totp, later, 0), later).await;
        assert_eq!(right.reason(), Some(Reason::Wrong), "mono: an earlier step never comes back");
    }
}

async fn what_two_codes_of_a_wrong_clock_must_be(core: Core) {
    // The first, the second, whether the clock is told and whether they let in.
    let rows = [
        (-8, -7, Some("4 minutes slow"), true),
        (3, 4, Some("2 minutes fast"), true),
        (8, 10, Some("4 minutes fast"), false),
        (8, 8, Some("4 minutes fast"), false),
        (9, 8, Some("5 minutes fast"), false),
        (60, 61, None, true),
        (120, 121, None, false),
        (130, 131, None, false),
    ];
    for (first, second, told, granted) in rows {
        let name = format!("user{}x{}", first + 200, second + 200);
        let totp = core.enrolled(&name).await;
        let mut shell = Shell::open(&core.logins, &name, NOW).await;
        shell.say(&code_at(&totp, NOW, first), NOW).await;
        assert_eq!(shell.reason(), Some(Reason::Wrong), "{first}");
        assert_eq!(shell.notice().contains("clock"), told.is_some(), "{first}: {}", shell.notice());
        assert!(shell.notice().contains(told.unwrap_or_default()), "{first}: {}", shell.notice());
        let outcome = shell.say(&code_at(&totp, NOW, second), NOW).await.clone();
        assert_eq!(outcome == Outcome::Granted, granted, "{first} {second}: {outcome:?}");
        let fails = if granted { 0 } else { 2 };
        assert_eq!(core.standing(Budget::of_totp, &name, NOW).await, (fails, Charge::Taken), "{first} {second}");
    }
    // A code that was used before the clock went wrong opens nothing, nor does one below the floor.
    let totp = core.enrolled("alice").await;
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    assert_eq!(shell.say(&code_at(&totp, NOW, 0), NOW).await, &Outcome::Granted);
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    for offset in [-9, -8] {
        shell.say(&code_at(&totp, NOW, offset), NOW).await;
        assert_eq!((shell.reason(), shell.notice()), (Some(Reason::Wrong), "This code is not right."));
    }
    let totp = core.enrolled("bob").await;
    core.tamper("UPDATE meta SET replay_floor = 1800000000").await;
    let mut shell = Shell::open(&core.logins, "bob", NOW).await;
    shell.say(&code_at(&totp, NOW, -9), NOW).await;
    shell.say(&code_at(&totp, NOW, -8), NOW).await;
    assert_eq!(shell.reason(), Some(Reason::ClockBack));
    assert_eq!(core.standing(Budget::of_totp, "bob", NOW).await, (1, Charge::Taken));
}

async fn a_clock_set_back_reopens_nothing_of_a_phone_that_is_fast(core: Core) {
    let totp = core.enrolled("alice").await;
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    shell.say(&code_at(&totp, NOW, 8), NOW).await;
    assert_eq!(shell.say(&code_at(&totp, NOW, 9), NOW).await, &Outcome::Granted);
    core.store().accept_clock("test", NOW).await.unwrap();
    let mut shell = Shell::open(&core.logins, "alice", NOW).await;
    for offset in [8, 9] {
        shell.say(&code_at(&totp, NOW, offset), NOW).await;
        assert_eq!(shell.reason(), Some(Reason::Replay), "what was spent stays spent");
    }
    shell.say(&code_at(&totp, NOW, 10), NOW).await;
    assert_eq!(shell.reason(), Some(Reason::ClockBack), "what it may have shown before is not good again");
    assert_eq!(core.standing(Budget::of_totp, "alice", NOW).await, (0, Charge::Taken));
    let later = NOW.plus(120);
    let mut shell = Shell::open(&core.logins, "alice", later).await;
    assert_eq!(shell.say(&code_at(&totp, later, 9), later).await, &Outcome::Granted);
}

async fn a_stranger_learns_nothing_of_clocks(core: Core) {
    let totp = core.enrolled("daemon").await;
    let own = twolatch_core::login::host::Peer { uid: 1 };
    let mut shell = Shell::at(&core.logins, own, ssh("daemon"), NOW).await;
    for offset in [8, 9] {
        shell.say(&code_at(&totp, NOW, offset), NOW).await;
        assert_eq!((shell.reason(), shell.notice()), (Some(Reason::Wrong), "This code is not right."));
    }
    let mut shell = Shell::open(&core.logins, "daemon", NOW).await;
    for count in 1..=5 {
        shell.say(&wrong_code(&totp, NOW), NOW).await;
        assert_eq!(core.standing(Budget::of_totp, "daemon", NOW).await.0, count);
    }
    shell.say(&code_at(&totp, NOW, 8), NOW).await;
    assert_eq!(
        (shell.reason(), shell.notice()),
        (Some(Reason::Wait), "This code is not right."),
        "only within the budget"
    );
    assert!(!attempt(&shell.shown).is_empty());
}
