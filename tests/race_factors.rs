//! The rows of the race matrix about codes and authenticators: removal, budgets, new sets, resends. Web and SSH at once,
//! two servers on one database, a new person each round.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use twolatch_core::login::Logins;
use twolatch_core::policy::RecoveryKept;
use twolatch_core::reason::Reason;
use twolatch_core::store::budgets::{Budget, Charge};
use twolatch_core::wire::Outcome;

use crate::support::core::{
    Core, NOW, ROOT, actor, attempt, code_at, log_in, on_both, parsed, reason, ssh, typed, wrong_code,
};
use crate::support::rounds;
use crate::support::shell::{Shell, other_than, with_mail};
use crate::support::tab::{SOURCE, Tab, alive, confirmed, refusal};

on_both!(
    t11_ses6_no_login_with_an_app_after_its_reset_returned,
    t11_no_login_with_one_of_two_apps_after_its_removal_returned,
    p23_t11_a_right_code_beside_the_fifth_wrong_one_is_taken_or_kept,
    t11_once_eight_right_logins_with_two_valid_steps_are_two_at_most,
    rec4_the_last_two_codes_beside_a_new_set_open_only_before_it,
    eml4_a_guess_beside_a_resend_at_a_prompt_is_counted_once,
    eml4_a_guess_beside_a_resend_in_a_browser_is_counted_once,
);

/// Logins beside a removal: the first are under way when it begins, the last begin when it is over.
const LOGINS: usize = 12;

/// Whether a removal had been answered before this began, and how this ended.
type Beside = (bool, Option<Reason>);

/// A login with a code, which knows whether the removal beside it had been answered before the code was typed.
fn beside(
    logins: &Logins,
    name: &str,
    code: &str,
    sealed: &str,
    gone: &Arc<AtomicBool>,
) -> tokio::task::JoinHandle<Beside> {
    let (logins, answer, gone) = (logins.clone(), typed(&ssh(name), sealed, code), Arc::clone(gone));
    tokio::spawn(async move {
        let after = gone.load(Ordering::SeqCst);
        let outcome = logins.answer(ROOT, &answer, NOW).await.unwrap();
        (after, if outcome == Outcome::Granted { None } else { Some(reason(&outcome).unwrap()) })
    })
}

/// At most one of these was let in, and none that began after the removal.
async fn none_after_it(round: usize, logins: Vec<tokio::task::JoinHandle<Beside>>) {
    let mut granted = 0;
    for one in logins {
        match one.await.unwrap() {
            (after, None) => {
                assert!(!after, "round {round}: let in by what was removed");
                granted += 1;
            }
            (_, Some(Reason::Replay | Reason::AttemptOutdated)) => {}
            other => panic!("round {round}: {other:?}"),
        }
    }
    assert!(granted <= 1, "round {round}: {granted}");
}

/// Prompts of somebody, at both servers in turn.
async fn prompts(servers: &[Logins; 2], name: &str) -> Vec<String> {
    let mut all = Vec::with_capacity(LOGINS);
    for number in 0..LOGINS {
        all.push(attempt(&servers[number % 2].begin(ROOT, &ssh(name), NOW).await.unwrap()));
    }
    all
}

async fn t11_ses6_no_login_with_an_app_after_its_reset_returned(core: Core) {
    let servers = [core.logins.clone(), core.second_server().await];
    for round in 0..rounds() {
        let name = format!("user{round}");
        let totp = core.enrolled(&name).await;
        core.give_password(&name).await;
        let tab = Tab::open(&servers[1], &name, NOW).await;
        let (code, gone) = (code_at(&totp, NOW, 0), Arc::new(AtomicBool::new(false)));
        let prompts = prompts(&servers, &name).await;
        let mut logins = Vec::new();
        let mut reset = None;
        for (number, sealed) in prompts.iter().enumerate() {
            if number == round % LOGINS {
                let (admin, who, gone) = (servers[round % 2].clone(), parsed(&name), Arc::clone(&gone));
                reset = Some(tokio::spawn(async move {
                    admin.reset_factors(&who, &actor(NOW)).await.unwrap();
                    gone.store(true, Ordering::SeqCst);
                }));
            }
            logins.push(beside(&servers[number % 2], &name, &code, sealed, &gone));
        }
        reset.unwrap().await.unwrap();
        none_after_it(round, logins).await;
        for logins in &servers {
            assert_eq!(tab.at(logins).app(&code_at(&totp, NOW, -1), NOW).await, Some(Reason::AttemptOutdated));
            let fresh = logins.begin(ROOT, &ssh(&name), NOW).await.unwrap();
            assert!(matches!(fresh, Outcome::Ask { label: Some(_), .. }), "set-up is what is left: {fresh:?}");
        }
        assert_eq!(core.standing(Budget::of_totp, &name, NOW).await, (0, Charge::Taken));
    }
}

async fn t11_no_login_with_one_of_two_apps_after_its_removal_returned(core: Core) {
    let servers = [core.logins.clone(), core.second_server().await];
    for round in 0..rounds() {
        let name = format!("user{round}");
        let lost = core.enrolled(&name).await;
        let kept = core.give_totp(&name).await;
        let person = core.logins.named(&parsed(&name)).await.unwrap();
        let id = person.factors.iter().find(|factor| factor.totp.secret == lost.secret).unwrap().id.to_string();
        let own = confirmed(&servers[round % 2], &name, NOW).await;
        let (code, gone) = (code_at(&lost, NOW, 0), Arc::new(AtomicBool::new(false)));
        let prompts = prompts(&servers, &name).await;
        let mut logins = Vec::new();
        let mut removal = None;
        for (number, sealed) in prompts.iter().enumerate() {
            if number == round % LOGINS {
                let (service, own, id) = (servers[round % 2].clone(), own.clone(), id.clone());
                let gone = Arc::clone(&gone);
                removal = Some(tokio::spawn(async move {
                    let token = service.remove_authenticator(&own, &id, SOURCE, NOW).await.unwrap();
                    gone.store(true, Ordering::SeqCst);
                    token
                }));
            }
            logins.push(beside(&servers[number % 2], &name, &code, sealed, &gone));
        }
        let token = removal.unwrap().await.unwrap();
        none_after_it(round, logins).await;
        assert!(alive(&servers[0], &token, NOW).await.is_some(), "the own session goes on");
        let later = NOW.plus(60);
        let void = log_in(&servers[0], &ssh(&name), &code_at(&lost, later, 0), later).await;
        assert_eq!(reason(&void), Some(Reason::Wrong), "round {round}");
        let other = log_in(&servers[1], &ssh(&name), &code_at(&kept, later, 0), later).await;
        assert_eq!(other, Outcome::Granted, "round {round}: the other one works");
    }
}

async fn p23_t11_a_right_code_beside_the_fifth_wrong_one_is_taken_or_kept(core: Core) {
    let second = core.second_server().await;
    for round in 0..rounds() {
        let name = format!("user{round}");
        let totp = core.enrolled(&name).await;
        core.give_password(&name).await;
        let (right, wrong) = (code_at(&totp, NOW, 0), wrong_code(&totp, NOW));
        for _ in 0..4 {
            assert_eq!(reason(&log_in(&core.logins, &ssh(&name), &wrong, NOW).await), Some(Reason::Wrong));
        }
        let tab = Tab::open(&core.logins, &name, NOW).await;
        let mut shell = Shell::open(&second, &name, NOW).await;
        // One of them is in a browser, one at a prompt, and each is sent first in every other round.
        let (web, host) = if round % 4 < 2 { (right.clone(), wrong) } else { (wrong, right.clone()) };
        let right_on_web = web == right;
        let in_browser = async move { tab.app(&web, NOW).await };
        let at_prompt = async move {
            let outcome = shell.say(&host, NOW).await;
            if *outcome == Outcome::Granted { None } else { Some(reason(outcome).unwrap()) }
        };
        let (in_browser, at_prompt) = if round % 2 == 0 {
            let (one, other) = (tokio::spawn(in_browser), tokio::spawn(at_prompt));
            (one.await.unwrap(), other.await.unwrap())
        } else {
            let (other, one) = (tokio::spawn(at_prompt), tokio::spawn(in_browser));
            (one.await.unwrap(), other.await.unwrap())
        };
        let (taken, other) = if right_on_web { (in_browser, at_prompt) } else { (at_prompt, in_browser) };
        assert_eq!(other, Some(Reason::Wrong), "round {round}: the wrong one is judged in either order");
        let standing = core.standing(Budget::of_totp, &name, NOW).await;
        let later = NOW.plus(30);
        let again = log_in(&second, &ssh(&name), &right, later).await;
        if let Some(refused) = taken {
            assert_eq!((refused, standing), (Reason::Wait, (5, Charge::Wait(later))), "round {round}");
            assert_eq!(again, Outcome::Granted, "round {round}: what was not judged is not spent");
        } else {
            assert_eq!(standing, (1, Charge::Taken), "round {round}: the run ended with the right one");
            assert_eq!(reason(&again), Some(Reason::Replay), "round {round}");
        }
    }
}

async fn t11_once_eight_right_logins_with_two_valid_steps_are_two_at_most(core: Core) {
    let servers = [core.logins.clone(), core.second_server().await];
    for round in 0..rounds() {
        let name = format!("user{round}");
        let totp = core.enrolled(&name).await;
        core.give_password(&name).await;
        let codes = [code_at(&totp, NOW, -1), code_at(&totp, NOW, 0)];
        let mut uses = Vec::new();
        for number in 0..8 {
            let (logins, code) = (&servers[number % 2], codes[number / 2 % 2].clone());
            if number < 4 {
                let tab = Tab::open(logins, &name, NOW).await;
                uses.push(tokio::spawn(async move { tab.app(&code, NOW).await }));
            } else {
                let mut shell = Shell::open(logins, &name, NOW).await;
                uses.push(tokio::spawn(async move {
                    let outcome = shell.say(&code, NOW).await;
                    if *outcome == Outcome::Granted { None } else { Some(reason(outcome).unwrap()) }
                }));
            }
        }
        let mut successes = 0;
        for one in uses {
            match one.await.unwrap() {
                None => successes += 1,
                Some(refused) => assert_eq!(refused, Reason::Replay, "round {round}"),
            }
        }
        assert!((1..=2).contains(&successes), "round {round}: {successes}");
        assert_eq!(core.standing(Budget::of_totp, &name, NOW).await, (0, Charge::Taken), "round {round}");
        let later = NOW.plus(30);
        assert_eq!(log_in(&servers[0], &ssh(&name), &code_at(&totp, later, 0), later).await, Outcome::Granted);
    }
}

async fn rec4_the_last_two_codes_beside_a_new_set_open_only_before_it(core: Core) {
    let servers = [core.logins.clone(), core.second_server().await];
    for round in 0..rounds() {
        let name = format!("user{round}");
        let (_, old) = core.set_up(&name, RecoveryKept::Codes).await;
        core.give_password(&name).await;
        core.tamper("UPDATE recovery_codes SET used_at = 1 WHERE substr(id, length(id), 1) < '8'").await;
        let own = confirmed(&servers[round % 2], &name, NOW).await;
        let (new, draft) = servers[round % 2].begin_recovery(&own, NOW).await.unwrap();
        let gone = Arc::new(AtomicBool::new(false));
        let sealed = attempt(&servers[0].begin(ROOT, &ssh(&name), NOW).await.unwrap());
        let tab = Tab::open(&servers[1], &name, NOW).await;
        let (keeper, kept) = (servers[round % 2].clone(), Arc::clone(&gone));
        let keep = async move {
            let token = keeper.keep_recovery(&own, &draft, SOURCE, NOW).await;
            kept.store(true, Ordering::SeqCst);
            token
        };
        let code = old[9].clone();
        let over = Arc::clone(&gone);
        let in_browser = async move {
            let after = over.load(Ordering::SeqCst);
            (after, tab.recovery(&code, NOW).await)
        };
        let (keep, at_prompt, in_browser) = if round % 2 == 0 {
            let at_prompt = beside(&servers[0], &name, &old[8], &sealed, &gone);
            let in_browser = tokio::spawn(in_browser);
            (tokio::spawn(keep), at_prompt, in_browser)
        } else {
            let keep = tokio::spawn(keep);
            (keep, beside(&servers[0], &name, &old[8], &sealed, &gone), tokio::spawn(in_browser))
        };
        for one in [at_prompt.await.unwrap(), in_browser.await.unwrap()] {
            assert!(one != (true, None), "round {round}: an old code opened after the new set was in force");
        }
        assert_eq!(refusal(keep.await.unwrap()), None, "round {round}: a new set is made whatever happens beside");
        for void in [&old[8], &old[9]] {
            let mut shell = Shell::open(&servers[1], &name, NOW).await;
            shell.say(void, NOW).await;
            assert_eq!(shell.reason(), Some(Reason::Wrong), "round {round}");
        }
        let mut shell = Shell::open(&servers[0], &name, NOW).await;
        let fresh = twolatch_core::factor::recovery::grouped(&new.codes[8]);
        assert_eq!(shell.say(fresh.expose(), NOW).await, &Outcome::Granted, "round {round}");
        let tab = Tab::open(&servers[0], &name, NOW).await;
        assert_eq!(tab.recovery(new.codes[9].expose(), NOW).await, None, "round {round}");
    }
}

/// Somebody to whom codes are mailed, at two servers that mail.
async fn by_mail(core: &Core, second: &Logins, name: &str) -> [Logins; 2] {
    core.addressed(name).await;
    core.mail_codes_to(name).await;
    core.give_password(name).await;
    [core.logins.clone(), Logins { mail: true, ..second.clone() }]
}

async fn eml4_a_guess_beside_a_resend_at_a_prompt_is_counted_once(core: Core) {
    let core = with_mail(core);
    let second = core.second_server().await;
    for round in 0..rounds() {
        let name = format!("user{round}");
        let servers = by_mail(&core, &second, &name).await;
        let shell = Shell::open(&core.logins, &name, NOW).await;
        let code = core.mailed(NOW).await.remove(0);
        let (later, wrong) = (NOW.plus(60), other_than(std::slice::from_ref(&code)));
        let say = |at: usize, line: String| {
            let (logins, answer) = (servers[at].clone(), typed(&ssh(&name), &shell.sealed(), &line));
            tokio::spawn(async move { logins.answer(ROOT, &answer, later).await.unwrap() })
        };
        let (guess, resent) = if round % 2 == 0 {
            let guess = say(round / 2 % 2, wrong);
            (guess, say((round / 2 + 1) % 2, "resend".to_owned()))
        } else {
            let resent = say(round / 2 % 2, "resend".to_owned());
            (say((round / 2 + 1) % 2, wrong), resent)
        };
        assert_eq!(reason(&guess.await.unwrap()), Some(Reason::Wrong), "round {round}");
        let resent = resent.await.unwrap();
        assert_eq!(core.standing(Budget::of_email, &name, later).await, (1, Charge::Taken), "round {round}");
        assert_eq!(core.mailed(later).await, std::slice::from_ref(&code), "round {round}: the same code, once more");
        let right = typed(&ssh(&name), &attempt(&resent), &code);
        assert_eq!(servers[1].answer(ROOT, &right, later).await.unwrap(), Outcome::Granted, "round {round}");
        assert_eq!(core.standing(Budget::of_email, &name, later).await, (0, Charge::Taken));
    }
}

async fn eml4_a_guess_beside_a_resend_in_a_browser_is_counted_once(core: Core) {
    let core = with_mail(core);
    let second = core.second_server().await;
    for round in 0..rounds() {
        let name = format!("user{round}");
        let servers = by_mail(&core, &second, &name).await;
        let tab = Tab::open(&servers[0], &name, NOW).await;
        tab.mail(NOW).await;
        let code = core.mailed(NOW).await.remove(0);
        let (later, wrong) = (NOW.plus(60), other_than(std::slice::from_ref(&code)));
        let (guesser, sender) = (tab.at(&servers[round / 2 % 2]), tab.at(&servers[(round / 2 + 1) % 2]));
        let guess = async move { guesser.mailed(&wrong, later).await };
        let resend = async move {
            let mut current = sender.current(later).await.unwrap();
            refusal(sender.logins.mail_again(&mut current, SOURCE, later).await)
        };
        let (guess, resent) = if round % 2 == 0 {
            let guess = tokio::spawn(guess);
            (guess, tokio::spawn(resend))
        } else {
            let resent = tokio::spawn(resend);
            (tokio::spawn(guess), resent)
        };
        assert_eq!(guess.await.unwrap(), Some(Reason::Wrong), "round {round}");
        assert_eq!(resent.await.unwrap(), None, "round {round}");
        assert_eq!(core.standing(Budget::of_email, &name, later).await, (1, Charge::Taken), "round {round}");
        assert_eq!(core.mailed(later).await, std::slice::from_ref(&code), "round {round}: the same code, once more");
        assert_eq!(tab.at(&servers[1]).mailed(&code, later).await, None, "round {round}");
        assert_eq!(core.standing(Budget::of_email, &name, later).await, (0, Charge::Taken));
    }
}
