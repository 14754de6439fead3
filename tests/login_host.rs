//! Logins that come in through PAM, on the login service itself with a time that stands still: every verdict, budget
//! and race, on both engines.

use twolatch_core::login::host::Peer;
use twolatch_core::policy::{Exemption, Level, Subject};
use twolatch_core::reason::Reason;
use twolatch_core::store::budgets::{Budget, Charge};
use twolatch_core::wire::{Evidence, Outcome, Qr};

use crate::support::core::{
    Core, NOW, ROOT, actor, attempt, code_at, log_in, on_both, parsed, reason, ssh, typed, wrong_code,
};

on_both!(
    p10_otp6_right_codes_and_their_window,
    p11_p12_a_code_is_good_once_over_all_doors,
    p13_sixty_four_uses_of_one_code_are_one_success,
    p14_otp8_parallel_guesses_are_judged_up_to_the_budget,
    p16_p17_strangers_meet_the_same_prompt,
    p20_without_evidence_nothing_succeeds,
    p21_levels_exemptions_and_windows,
    p23_a_right_code_is_refused_while_locked_and_not_spent,
    otp9_otp10_what_resets_the_budget,
    otp8_the_hard_stop_and_its_way_out,
    an_attempt_has_one_verdict_and_one_place,
    an_unprivileged_peer_asks_for_itself_only,
    su_to_a_shared_account_asks_for_the_caller,
);

async fn p10_otp6_right_codes_and_their_window(core: Core) {
    for (offset, granted) in [(-2, false), (-1, true), (0, true), (1, false), (2, false)] {
        let name = format!("user{}", offset + 2);
        let totp = core.enrolled(&name).await;
        let outcome = log_in(&core.logins, &ssh(&name), &code_at(&totp, NOW, offset), NOW).await;
        assert_eq!(outcome == Outcome::Granted, granted, "{offset}: {outcome:?}");
    }
    let totp = core.enrolled("late").await;
    assert_eq!(log_in(&core.logins, &ssh("late"), &code_at(&totp, NOW, 0), NOW).await, Outcome::Granted);
    let earlier = log_in(&core.logins, &ssh("late"), &code_at(&totp, NOW, -1), NOW).await;
    assert_eq!(reason(&earlier), Some(Reason::Replay), "after step s every step up to s is spent");
}

async fn p11_p12_a_code_is_good_once_over_all_doors(core: Core) {
    let doors = [("sshd", "192.0.2.1"), ("sudo", ""), ("su", ""), ("login", ""), ("vsftpd", "")];
    for (index, first) in doors.into_iter().enumerate() {
        let name = format!("user{index}");
        let totp = core.enrolled(&name).await;
        let code = code_at(&totp, NOW, 0);
        for (turn, (service, rhost)) in std::iter::once(first).chain(doors).enumerate() {
            let begin =
                twolatch_core::wire::Begin { service: service.to_owned(), rhost: Some(rhost.to_owned()), ..ssh(&name) };
            let outcome = log_in(&core.logins, &begin, &code, NOW).await;
            if turn == 0 {
                assert_eq!(outcome, Outcome::Granted, "{service}");
            } else {
                assert_eq!(reason(&outcome), Some(Reason::Replay), "{service} after {}", first.0);
            }
        }
        let user = core.logins.named(&parsed(&name)).await.unwrap().user;
        let standing = core.store().standing(&Budget::of_totp(user.id.as_str()), NOW).await.unwrap();
        assert_eq!(standing, (0, Charge::Taken), "a replay takes nothing from the budget");
        let next = log_in(&core.logins, &ssh(&name), &code_at(&totp, NOW.plus(30), 0), NOW.plus(30)).await;
        assert_eq!(next, Outcome::Granted);
    }
}

async fn p13_sixty_four_uses_of_one_code_are_one_success(core: Core) {
    let second = core.second_server().await;
    for round in 0..crate::support::rounds() {
        let name = format!("user{round}");
        let totp = core.enrolled(&name).await;
        let code = code_at(&totp, NOW, 0);
        let uses = (0..64).map(|number| {
            let logins = if number % 2 == 0 { core.logins.clone() } else { second.clone() };
            let (name, code) = (name.clone(), code.clone());
            tokio::spawn(async move { log_in(&logins, &ssh(&name), &code, NOW).await })
        });
        let mut granted = 0;
        for one in uses.collect::<Vec<_>>() {
            match one.await.unwrap() {
                Outcome::Granted => granted += 1,
                other => assert_eq!(reason(&other), Some(Reason::Replay), "round {round}"),
            }
        }
        assert_eq!(granted, 1, "round {round}");
    }
}

async fn p14_otp8_parallel_guesses_are_judged_up_to_the_budget(core: Core) {
    let second = core.second_server().await;
    for round in 0..crate::support::rounds() {
        let name = format!("user{round}");
        let totp = core.enrolled(&name).await;
        let guess = wrong_code(&totp, NOW);
        let guesses = (0..64).map(|number| {
            let logins = if number % 2 == 0 { core.logins.clone() } else { second.clone() };
            let (name, guess) = (name.clone(), guess.clone());
            tokio::spawn(async move { log_in(&logins, &ssh(&name), &guess, NOW).await })
        });
        let mut judged = 0;
        for one in guesses.collect::<Vec<_>>() {
            match reason(&one.await.unwrap()) {
                Some(Reason::Wrong) => judged += 1,
                other => assert_eq!(other, Some(Reason::Wait)),
            }
        }
        assert_eq!(judged, 5, "round {round}");
        let user = core.logins.named(&parsed(&name)).await.unwrap().user;
        let third = core.second_server().await;
        let standing = third.store.standing(&Budget::of_totp(user.id.as_str()), NOW).await.unwrap();
        assert_eq!(standing, (5, Charge::Wait(NOW.plus(30))), "the count is exact on a server that has just started");
    }
}

async fn p16_p17_strangers_meet_the_same_prompt(core: Core) {
    let totp = core.enrolled("alice").await;
    core.enrolled("gone").await;
    core.logins
        .change_user(&parsed("gone"), String::new(), &actor(NOW), |user| user.disabled_at = Some(NOW))
        .await
        .unwrap();
    let real = core.logins.begin(ROOT, &ssh("alice"), NOW).await.unwrap();
    let names = [
        "nobody-here",
        "gone",
        "Alice",
        "ALICE",
        "alice ",
        "alice.",
        "alice@realm",
        "../alice",
        "al\nice",
        "-alice",
        "1000",
        "",
        "аlice",
        &"a".repeat(300),
    ];
    for name in names {
        let begin = ssh(name);
        let prompt = core.logins.begin(ROOT, &begin, NOW).await.unwrap();
        assert_eq!(shape(&prompt), shape(&real), "{name:?}");
        let code = code_at(&totp, NOW, 0);
        let refused = core.logins.answer(ROOT, &typed(&begin, &attempt(&prompt), &code), NOW).await.unwrap();
        let bad = wrong_code(&totp, NOW);
        let wrong = core.logins.answer(ROOT, &typed(&ssh("alice"), &attempt(&real), &bad), NOW).await;
        if let Ok(wrong @ Outcome::Ask { .. }) = &wrong {
            assert_eq!(shape(&refused), shape(wrong), "{name:?}");
        }
        assert!(matches!(reason(&refused), Some(Reason::Unknown | Reason::Disabled)), "{name:?}: {refused:?}");
    }
    assert_eq!(
        log_in(&core.logins, &ssh("alice"), &code_at(&totp, NOW, 0), NOW).await,
        Outcome::Granted,
        "nobody was locked"
    );
    assert_eq!(core.number("SELECT COUNT(*) FROM users").await, 2, "no row is made for a stranger");
}

/// What the person sees of a prompt.
fn shape(outcome: &Outcome) -> (bool, Option<String>, Option<String>) {
    match outcome {
        Outcome::Ask { notice, label, .. } => (true, notice.clone(), label.clone()),
        other => (false, Some(format!("{other:?}")), None),
    }
}

async fn p20_without_evidence_nothing_succeeds(core: Core) {
    let totp = core.enrolled("alice").await;
    core.member("fresh").await;
    for name in ["alice", "fresh"] {
        let begin = twolatch_core::wire::Begin { evidence: Evidence::None, ..ssh(name) };
        let prompt = core.logins.begin(ROOT, &begin, NOW).await.unwrap();
        assert_eq!(shape(&prompt), (true, None, None), "{name} is never led through set-up");
        let code = code_at(&totp, NOW, 0);
        let outcome = core.logins.answer(ROOT, &typed(&begin, &attempt(&prompt), &code), NOW).await.unwrap();
        assert_eq!(reason(&outcome), Some(Reason::NoEvidence));
    }
    assert_eq!(log_in(&core.logins, &ssh("alice"), &code_at(&totp, NOW, 0), NOW).await, Outcome::Granted, "not spent");
}

async fn p21_levels_exemptions_and_windows(core: Core) {
    let rules = |level| twolatch_core::policy::Rules::initial(level);
    core.member("fresh").await;
    let totp = core.enrolled("alice").await;
    let later = |seconds| NOW.plus(seconds);
    let table = [
        (Level::Off, "fresh", "not_asked"),
        (Level::Off, "alice", "not_asked"),
        (Level::Optional, "fresh", "not_asked"),
        (Level::Optional, "alice", "asked"),
        (Level::Required, "alice", "asked"),
        (Level::Required, "fresh", "set_up"),
    ];
    for (index, (level, name, expected)) in (0..).zip(table) {
        let now = later(2 * index);
        core.logins.set_rules(rules(level), 1 + index, String::new(), &actor(now)).await.unwrap();
        let outcome = core.logins.begin(ROOT, &ssh(name), now.plus(1)).await.unwrap();
        let found = match &outcome {
            Outcome::NotAsked => "not_asked",
            Outcome::Ask { label: None, .. } => "asked",
            Outcome::Ask { label: Some(_), .. } => "set_up",
            other => panic!("{level} {name}: {other:?}"),
        };
        assert_eq!(found, expected, "{level} {name}");
    }
    let over = later(7 * 86_400);
    assert_eq!(reason(&core.logins.begin(ROOT, &ssh("fresh"), over).await.unwrap()), Some(Reason::SetupClosed));
    let off = twolatch_core::wire::Begin { qr: Qr::Off, ..ssh("fresh") };
    assert_eq!(reason(&core.logins.begin(ROOT, &off, later(60)).await.unwrap()), Some(Reason::NotEnrolled));

    let alice = core.logins.named(&parsed("alice")).await.unwrap().user;
    let exemption = Exemption {
        id: twolatch_core::id::Id::from_stored("e1".to_owned()),
        subject: Subject::User(alice.id),
        within: twolatch_core::door::Door::Ssh.into(),
        level: Level::Off,
        until: later(100),
        reason: "trip".to_owned(),
        author: "test".to_owned(),
        at: later(80),
    };
    core.logins.exempt(exemption, &actor(later(80))).await.unwrap();
    assert_eq!(core.logins.begin(ROOT, &ssh("alice"), later(99)).await.unwrap(), Outcome::NotAsked);
    let end = core.logins.begin(ROOT, &ssh("alice"), later(100)).await.unwrap();
    let answer = typed(&ssh("alice"), &attempt(&end), &code_at(&totp, later(100), 0));
    assert_eq!(core.logins.answer(ROOT, &answer, later(100)).await.unwrap(), Outcome::Granted);
    let locked = twolatch_core::login::Logins { locked: true, ..core.logins.clone() };
    let floor = locked.begin(ROOT, &ssh("alice"), later(90)).await.unwrap();
    assert!(matches!(floor, Outcome::Ask { .. }), "the lock stands above an exemption: {floor:?}");
}

async fn p23_a_right_code_is_refused_while_locked_and_not_spent(core: Core) {
    let totp = core.enrolled("alice").await;
    let bad = wrong_code(&totp, NOW);
    for _ in 0..5 {
        assert_eq!(reason(&log_in(&core.logins, &ssh("alice"), &bad, NOW).await), Some(Reason::Wrong));
    }
    let locked = log_in(&core.logins, &ssh("alice"), &code_at(&totp, NOW, 0), NOW.plus(19)).await;
    assert_eq!(reason(&locked), Some(Reason::Wait));
    let wrong = log_in(&core.logins, &ssh("nobody-here"), &bad, NOW).await;
    assert_eq!(shape(&locked), shape(&wrong), "the text says nothing of a lock");
    let after = NOW.plus(30);
    assert_eq!(log_in(&core.logins, &ssh("alice"), &code_at(&totp, NOW, 0), after).await, Outcome::Granted);
}

async fn otp9_otp10_what_resets_the_budget(core: Core) {
    let totp = core.enrolled("alice").await;
    let bad = wrong_code(&totp, NOW);
    let user = core.logins.named(&parsed("alice")).await.unwrap().user;
    let fails = async || core.store().standing(&Budget::of_totp(user.id.as_str()), NOW).await.unwrap().0;
    for count in 1..=4 {
        log_in(&core.logins, &ssh("alice"), &bad, NOW).await;
        for _ in 0..10 {
            core.logins.begin(ROOT, &ssh("alice"), NOW).await.unwrap();
        }
        assert_eq!(fails().await, count, "a new login changes nothing");
    }
    assert_eq!(log_in(&core.logins, &ssh("alice"), &code_at(&totp, NOW, 0), NOW).await, Outcome::Granted);
    assert_eq!(fails().await, 0, "a right code ends the run");
}

async fn otp8_the_hard_stop_and_its_way_out(core: Core) {
    let totp = core.enrolled("alice").await;
    let mut now = NOW;
    for count in 1..=100 {
        let outcome = log_in(&core.logins, &ssh("alice"), &wrong_code(&totp, now), now).await;
        assert_eq!(reason(&outcome), Some(Reason::Wrong), "{count}");
        now = now.plus(3600);
    }
    let held = log_in(&core.logins, &ssh("alice"), &code_at(&totp, now, 0), now).await;
    assert_eq!(reason(&held), Some(Reason::Held));
    core.logins.unlock(&parsed("alice"), &actor(now)).await.unwrap();
    assert_eq!(log_in(&core.logins, &ssh("alice"), &code_at(&totp, now, 0), now).await, Outcome::Granted);
}

async fn an_attempt_has_one_verdict_and_one_place(core: Core) {
    let totp = core.enrolled("alice").await;
    core.enrolled("bob").await;
    let begin = ssh("alice");
    let sealed = attempt(&core.logins.begin(ROOT, &begin, NOW).await.unwrap());
    let code = code_at(&totp, NOW, 0);
    let elsewhere = [
        (ROOT, twolatch_core::wire::Answer { user: "bob".to_owned(), ..typed(&begin, &sealed, &code) }),
        (ROOT, twolatch_core::wire::Answer { service: "sudo".to_owned(), ..typed(&begin, &sealed, &code) }),
        (Peer { uid: 1000 }, typed(&begin, &sealed, &code)),
        (ROOT, typed(&begin, sealed.get(1..).unwrap(), &code)),
        (ROOT, typed(&begin, "", &code)),
    ];
    for (peer, answer) in elsewhere {
        let outcome = core.logins.answer(peer, &answer, NOW).await.unwrap();
        assert_eq!(reason(&outcome), Some(Reason::AttemptInvalid), "{answer:?}");
    }
    let old = core.logins.answer(ROOT, &typed(&begin, &sealed, &code), NOW.plus(300)).await.unwrap();
    assert_eq!(reason(&old), Some(Reason::AttemptExpired));
    let bad = wrong_code(&totp, NOW);
    let tries = (0..32).map(|_| {
        let (logins, answer) = (core.logins.clone(), typed(&begin, &sealed, &bad));
        tokio::spawn(async move { logins.answer(ROOT, &answer, NOW).await.unwrap() })
    });
    let mut judged = 0;
    for one in tries.collect::<Vec<_>>() {
        match reason(&one.await.unwrap()) {
            Some(Reason::Wrong) => judged += 1,
            other => assert_eq!(other, Some(Reason::AttemptInvalid)),
        }
    }
    assert_eq!(judged, 1);
    let sealed = attempt(&core.logins.begin(ROOT, &begin, NOW).await.unwrap());
    core.logins.change_user(&parsed("alice"), String::new(), &actor(NOW), |_| ()).await.unwrap();
    let changed = core.logins.answer(ROOT, &typed(&begin, &sealed, &code), NOW).await.unwrap();
    assert_eq!(reason(&changed), Some(Reason::AttemptOutdated));
}

async fn an_unprivileged_peer_asks_for_itself_only(core: Core) {
    let daemon = Peer { uid: 1 };
    let totp = core.enrolled("daemon").await;
    core.enrolled("alice").await;
    let other = core.logins.begin(daemon, &ssh("alice"), NOW).await.unwrap();
    assert_eq!(reason(&other), Some(Reason::NotAllowed));
    let begin = ssh("daemon");
    for _ in 0..5 {
        let prompt = core.logins.begin(daemon, &begin, NOW).await.unwrap();
        let answer = typed(&begin, &attempt(&prompt), &wrong_code(&totp, NOW));
        core.logins.answer(daemon, &answer, NOW).await.unwrap();
    }
    let prompt = core.logins.begin(daemon, &begin, NOW).await.unwrap();
    let code = code_at(&totp, NOW, 0);
    let waiting = core.logins.answer(daemon, &typed(&begin, &attempt(&prompt), &code), NOW).await.unwrap();
    assert_eq!(reason(&waiting), Some(Reason::Wrong), "not even that it has to wait");
    assert_eq!(log_in(&core.logins, &begin, &code, NOW).await, Outcome::Granted, "the person is not locked elsewhere");
    let fresh = core.member("bin").await;
    assert_eq!(fresh.name.as_str(), "bin");
    let no_setup = core.logins.begin(Peer { uid: 2 }, &ssh("bin"), NOW).await.unwrap();
    assert_eq!(reason(&no_setup), Some(Reason::NotEnrolled));
}

async fn su_to_a_shared_account_asks_for_the_caller(core: Core) {
    let daemon = core.enrolled("daemon").await;
    core.member("root").await;
    core.logins
        .change_user(&parsed("root"), String::new(), &actor(NOW), |user| user.shared_at = Some(NOW))
        .await
        .unwrap();
    let su = |caller| twolatch_core::wire::Begin {
        service: "su".to_owned(),
        rhost: None,
        tty: Some("pts/0".to_owned()),
        caller,
        ..ssh("root")
    };
    let outcome = log_in(&core.logins, &su(1), &code_at(&daemon, NOW, 0), NOW).await;
    assert_eq!(outcome, Outcome::Granted);
    let stranger = log_in(&core.logins, &su(2), &code_at(&daemon, NOW.plus(30), 0), NOW.plus(30)).await;
    assert_eq!(reason(&stranger), Some(Reason::Unknown), "the caller is not known");
}
