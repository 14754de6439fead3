//! Races: every door at once, two servers on one database, a new person each round. `tests/soak.sh` runs more rounds.

use twolatch_core::login::Logins;
use twolatch_core::login::web::{Fault, Goal};
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::store::budgets::Budget;
use twolatch_core::wire::{Begin, Outcome};

use crate::support::core::{Core, NOW, actor, code_at, log_in, on_both, parsed, reason, ssh, wrong_code};
use crate::support::rounds;
use crate::support::shell::Shell;
use crate::support::site::PASSWORD;
use crate::support::tab::{Tab, alive};

on_both!(
    p13_once_one_code_over_ssh_sudo_and_web_is_one_success,
    count_wrong_codes_over_all_doors_are_judged_up_to_the_budget,
    t11_eight_people_with_right_codes_are_eight_successes,
    disable_ends_every_login_under_way,
);

/// Uses of one code in one round.
const USES: usize = 64;

/// Sign-ins through the web among them; each costs a password hash.
const WEB: usize = 8;

/// How one use of a code ended.
#[derive(Debug, PartialEq, Eq)]
enum Use {
    Success,
    Refused(Reason),
}

/// Shows a code at all doors at once, over two servers.
async fn at_all_doors(core: &Core, second: &Logins, name: &str, code: &str) -> Vec<Use> {
    let servers = [core.logins.clone(), second.clone()];
    let mut tokens = Vec::with_capacity(WEB);
    for number in 0..WEB {
        let source = format!("192.0.2.{number}");
        let logins = &servers[number % 2];
        tokens.push(logins.enter(name, Secret::new(PASSWORD.to_owned()), &source, Goal::default(), NOW).await.unwrap());
    }
    let mut uses = Vec::with_capacity(USES);
    for (number, token) in tokens.into_iter().enumerate() {
        let (logins, code) = (servers[number % 2].clone(), Secret::new(code.to_owned()));
        uses.push(tokio::spawn(async move {
            let current = logins.current(&token, NOW).await.unwrap();
            match logins.enter_code(current, code, "192.0.2.1", NOW).await {
                Ok(()) => Use::Success,
                Err(Fault::Refused(reason)) => Use::Refused(reason),
                Err(other) => panic!("{other:?}"),
            }
        }));
    }
    for number in WEB..USES {
        let service = ["sshd", "sudo", "su"][number % 3].to_owned();
        let (logins, code) = (servers[number % 2].clone(), code.to_owned());
        let begin = Begin { service, ..ssh(name) };
        uses.push(tokio::spawn(async move {
            let outcome = log_in(&logins, &begin, &code, NOW).await;
            match &outcome {
                Outcome::Granted => Use::Success,
                other => Use::Refused(reason(other).unwrap()),
            }
        }));
    }
    let mut ended = Vec::with_capacity(USES);
    for one in uses {
        ended.push(one.await.unwrap());
    }
    ended
}

async fn with_password(core: &Core, name: &str) -> twolatch_core::factor::totp::Totp {
    let totp = core.enrolled(name).await;
    core.give_password(name).await;
    totp
}

async fn p13_once_one_code_over_ssh_sudo_and_web_is_one_success(core: Core) {
    let second = core.second_server().await;
    for round in 0..rounds() {
        let name = format!("user{round}");
        let totp = with_password(&core, &name).await;
        let ended = at_all_doors(&core, &second, &name, &code_at(&totp, NOW, 0)).await;
        let successes = ended.iter().filter(|one| **one == Use::Success).count();
        assert_eq!(successes, 1, "round {round}: {ended:?}");
        assert!(ended.iter().all(|one| matches!(one, Use::Success | Use::Refused(Reason::Replay))), "{ended:?}");
    }
}

async fn count_wrong_codes_over_all_doors_are_judged_up_to_the_budget(core: Core) {
    let second = core.second_server().await;
    for round in 0..rounds() {
        let name = format!("user{round}");
        let totp = with_password(&core, &name).await;
        let ended = at_all_doors(&core, &second, &name, &wrong_code(&totp, NOW)).await;
        let judged = ended.iter().filter(|one| **one == Use::Refused(Reason::Wrong)).count();
        assert_eq!(judged, 5, "round {round}: {ended:?}");
        let user = core.logins.named(&parsed(&name)).await.unwrap().user;
        let (fails, _) = second.store.standing(&Budget::of_totp(user.id.as_str()), NOW).await.unwrap();
        assert_eq!(fails, 5);
    }
}

async fn t11_eight_people_with_right_codes_are_eight_successes(core: Core) {
    let mut logins = Vec::new();
    for number in 0..8 {
        let name = format!("user{number}");
        let code = code_at(&core.enrolled(&name).await, NOW, 0);
        let service = core.logins.clone();
        logins.push(tokio::spawn(async move { log_in(&service, &ssh(&name), &code, NOW).await }));
    }
    for login in logins {
        assert_eq!(login.await.unwrap(), Outcome::Granted);
    }
}

async fn disable_ends_every_login_under_way(core: Core) {
    let second = core.second_server().await;
    for round in 0..rounds() {
        let name = format!("user{round}");
        let totp = with_password(&core, &name).await;
        let tab = Tab::open(&second, &name, NOW).await;
        assert_eq!(tab.app(&code_at(&totp, NOW, -1), NOW).await, None);
        let shell = Shell::open(&core.logins, &name, NOW).await;
        let (sealed, code) = (shell.sealed(), code_at(&totp, NOW, 0));
        let login = tokio::spawn(async move { shell.say_to(&sealed, &code, NOW).await });
        let web = tab.clone();
        let finish = tokio::spawn(async move { web.finish(NOW).await });
        let (disabler, who) = (if round % 2 == 0 { &core.logins } else { &second }.clone(), parsed(&name));
        let disable = tokio::spawn(async move {
            disabler.change_user(&who, String::new(), &actor(NOW), |user| user.disabled_at = Some(NOW)).await
        });
        disable.await.unwrap().unwrap();
        let (outcome, cookie) = (login.await.unwrap(), finish.await.unwrap());
        let refused = matches!(reason(&outcome), Some(Reason::AttemptOutdated | Reason::Disabled));
        assert!(outcome == Outcome::Granted || refused, "round {round}: {outcome:?}");
        let fails = core.standing(Budget::of_totp, &name, NOW).await.0;
        assert_eq!(fails, 0, "a login that somebody else has ended is no failure");
        // A code that nobody has shown yet: what refuses it is that the account is disabled.
        let later = NOW.plus(60);
        for logins in [&core.logins, &second] {
            if let Some(cookie) = &cookie {
                assert!(alive(logins, cookie, NOW).await.is_none(), "round {round}: a session outlives its person");
            }
            // Each from an address of its own: from one, so many refusals would soon be kept waiting.
            let from = Begin { rhost: Some(format!("198.51.100.{}", round % 250)), ..ssh(&name) };
            let after = log_in(logins, &from, &code_at(&totp, later, 0), later).await;
            assert_eq!(reason(&after), Some(Reason::Disabled), "round {round}: after disabling nobody gets in");
            assert!(tab.at(logins).finish(NOW).await.is_none(), "round {round}");
        }
    }
}
