//! Races over recovery codes and mailed codes: web and SSH at once, two servers on one database, a new person each round.

use twolatch_core::login::Logins;
use twolatch_core::policy::RecoveryKept;
use twolatch_core::reason::Reason;
use twolatch_core::store::budgets::{Budget, Charge};
use twolatch_core::wire::Outcome;

use crate::support::core::{Core, NOW, ROOT, on_both, reason, ssh, typed};
use crate::support::rounds;
use crate::support::shell::{Shell, other_than, with_mail};
use crate::support::tab::Tab;

on_both!(
    rec4_p35_thirty_uses_of_one_recovery_code_are_one_success,
    eml4_p34_five_hundred_wrong_mailed_codes_are_three_verdicts,
    one_mailed_code_at_one_prompt_lets_in_once,
);

async fn rec4_p35_thirty_uses_of_one_recovery_code_are_one_success(core: Core) {
    let second = core.second_server().await;
    for round in 0..rounds().min(5) {
        let name = format!("user{round}");
        let (_, codes) = core.set_up(&name, RecoveryKept::Codes).await;
        core.give_password(&name).await;
        let servers = [core.logins.clone(), second.clone()];
        let mut uses = Vec::new();
        for number in 0..30 {
            let (logins, code) = (servers[number % 2].clone(), codes[3].clone());
            if number < 6 {
                let tab = Tab::open(&logins, &name, NOW).await;
                uses.push(tokio::spawn(async move { tab.recovery(&code, NOW).await }));
            } else {
                let mut shell = Shell::open(&logins, &name, NOW).await;
                uses.push(tokio::spawn(async move {
                    match shell.say(&code, NOW).await {
                        Outcome::Granted => None,
                        other => reason(other),
                    }
                }));
            }
        }
        let mut granted = 0;
        for one in uses {
            match one.await.unwrap() {
                None => granted += 1,
                Some(reason) => {
                    assert!(matches!(reason, Reason::Replay | Reason::Wait | Reason::Busy), "round {round}: {reason}");
                }
            }
        }
        assert_eq!(granted, 1, "round {round}");
        assert_eq!(core.standing(Budget::of_recovery, &name, NOW).await.0, 0, "what was right costs nothing");
        let spent = core.number("SELECT COUNT(*) FROM recovery_codes WHERE used_at IS NOT NULL").await;
        assert_eq!(spent, i64::try_from(round).unwrap() + 1);
    }
}

/// Three prompts that one mail each was sent for: two over SSH, one on the web.
async fn eml4_p34_five_hundred_wrong_mailed_codes_are_three_verdicts(core: Core) {
    let core = with_mail(core);
    let second = Logins { mail: true, ..core.second_server().await };
    for round in 0..rounds().min(3) {
        let name = format!("user{round}");
        core.addressed(&name).await;
        core.mail_codes_to(&name).await;
        core.give_password(&name).await;
        let servers = [core.logins.clone(), second.clone()];
        let prompts = [Shell::open(&core.logins, &name, NOW).await, Shell::open(&second, &name, NOW).await];
        let tab = Tab::open(&core.logins, &name, NOW).await;
        tab.mail(NOW).await;
        let codes = core.mailed(NOW).await;
        assert_eq!(codes.len(), 3);
        let wrong = other_than(&codes);
        let tries = (0..500).map(|number| {
            let (logins, wrong) = (servers[number % 2].clone(), wrong.clone());
            let tab = tab.at(&logins);
            let answer = typed(&ssh(&name), &prompts[number / 2 % 2].sealed(), &wrong);
            tokio::spawn(async move {
                if number % 4 == 3 {
                    return tab.mailed(&wrong, NOW).await.unwrap();
                }
                match logins.answer(ROOT, &answer, NOW).await {
                    Ok(outcome) => reason(&outcome).unwrap(),
                    Err(error) => error.reason(),
                }
            })
        });
        let mut judged = 0;
        for one in tries.collect::<Vec<_>>() {
            match one.await.unwrap() {
                Reason::Wrong => judged += 1,
                Reason::Wait | Reason::AttemptInvalid | Reason::Busy | Reason::StoreBusy => {}
                other => panic!("round {round}: {other}"),
            }
        }
        assert_eq!(judged, 3, "round {round}");
        assert_eq!(core.standing(Budget::of_email, &name, NOW).await, (3, Charge::Wait(NOW.plus(300))));
        let wrong = "SELECT COUNT(*) FROM audit WHERE event = 'code' AND factor = 'email_code' AND result = 'wrong'";
        assert_eq!(core.number(wrong).await, 3 * (i64::try_from(round).unwrap() + 1));
    }
}

async fn one_mailed_code_at_one_prompt_lets_in_once(core: Core) {
    let core = with_mail(core);
    let second = Logins { mail: true, ..core.second_server().await };
    for round in 0..rounds() {
        let name = format!("user{round}");
        core.addressed(&name).await;
        core.mail_codes_to(&name).await;
        let mut shell = Shell::open(&core.logins, &name, NOW).await;
        let code = core.mailed(NOW).await.remove(0);
        // The same login at two of its prompts: each is an attempt, the code is one.
        let older = shell.sealed();
        shell.say("resend", NOW).await;
        let newer = shell.sealed();
        let uses = (0..16).map(|number| {
            let logins = if number % 2 == 0 { core.logins.clone() } else { second.clone() };
            let answer = typed(&ssh(&name), if number % 4 < 2 { &older } else { &newer }, &code);
            tokio::spawn(async move { logins.answer(ROOT, &answer, NOW).await.unwrap() })
        });
        let mut granted = 0;
        for one in uses.collect::<Vec<_>>() {
            match one.await.unwrap() {
                Outcome::Granted => granted += 1,
                other => assert!(matches!(reason(&other), Some(Reason::AttemptInvalid | Reason::Replay)), "{other:?}"),
            }
        }
        assert_eq!(granted, 1, "round {round}");
        assert_eq!(core.standing(Budget::of_email, &name, NOW).await, (0, Charge::Taken));
    }
}
