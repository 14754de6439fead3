//! Races over recovery codes and mailed codes: web and SSH at once, two servers on one database, a new person each round.

use twolatch_core::login::Logins;
use twolatch_core::login::web::{Fault, Goal};
use twolatch_core::policy::RecoveryKept;
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::store::budgets::{Budget, Charge};
use twolatch_core::wire::Outcome;

use crate::support::core::{Core, NOW, ROOT, actor, on_both, parsed, reason, ssh, typed};
use crate::support::rounds;
use crate::support::shell::{Shell, other_than, with_mail};

on_both!(
    rec4_p35_thirty_uses_of_one_recovery_code_are_one_success,
    eml4_p34_five_hundred_wrong_mailed_codes_are_three_verdicts,
    one_mailed_code_at_one_prompt_lets_in_once,
);

const PASSWORD: &str = "correct horse battery staple";

async fn web(logins: &Logins, name: &str, number: usize) -> String {
    let source = format!("192.0.2.{number}");
    logins.enter(name, Secret::new(PASSWORD.to_owned()), &source, Goal::default(), NOW).await.unwrap()
}

async fn give_password(core: &Core, name: &str) {
    core.logins.reset_password(&parsed(name), Secret::new(PASSWORD.to_owned()), true, &actor(NOW)).await.unwrap();
}

async fn rec4_p35_thirty_uses_of_one_recovery_code_are_one_success(core: Core) {
    let second = core.second_server().await;
    for round in 0..rounds().min(5) {
        let name = format!("user{round}");
        let (_, codes) = core.set_up(&name, RecoveryKept::Codes).await;
        give_password(&core, &name).await;
        let servers = [core.logins.clone(), second.clone()];
        let mut uses = Vec::new();
        for number in 0..30 {
            let (logins, code) = (servers[number % 2].clone(), codes[3].clone());
            if number < 6 {
                let token = web(&logins, &name, number).await;
                let code = Secret::new(code.replace('-', ""));
                uses.push(tokio::spawn(async move {
                    let current = logins.current(&token, NOW).await.unwrap();
                    match logins.enter_recovery(current, code, "192.0.2.1", NOW).await {
                        Ok(()) => None,
                        Err(Fault::Refused(reason)) => Some(reason),
                        Err(Fault::Busy) => Some(Reason::Busy),
                        Err(other) => panic!("{other:?}"),
                    }
                }));
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
        give_password(&core, &name).await;
        let servers = [core.logins.clone(), second.clone()];
        let prompts = [Shell::open(&core.logins, &name, NOW).await, Shell::open(&second, &name, NOW).await];
        let token = web(&core.logins, &name, 1).await;
        let mut current = core.logins.current(&token, NOW).await.unwrap();
        core.logins.mail_code(&mut current, "192.0.2.1", NOW).await.unwrap();
        let codes = core.mailed(NOW).await;
        assert_eq!(codes.len(), 3);
        let wrong = other_than(&codes);
        let tries = (0..500).map(|number| {
            let (logins, wrong, token) = (servers[number % 2].clone(), wrong.clone(), token.clone());
            let answer = typed(&ssh(&name), &prompts[number / 2 % 2].sealed(), &wrong);
            tokio::spawn(async move {
                if number % 4 == 3 {
                    let Ok(current) = logins.current(&token, NOW).await else { return Reason::Busy };
                    return match logins.enter_email_code(current, Secret::new(wrong), "192.0.2.1", NOW).await {
                        Err(Fault::Refused(reason)) => reason,
                        Err(Fault::Store(error)) => error.reason(),
                        other => panic!("{other:?}"),
                    };
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
