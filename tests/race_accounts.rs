//! The rows of the race matrix about whole accounts: who is an administrator, the first and the last, and two set-ups of
//! one person.
//! Two servers on one database, new people each round.

use tokio::sync::oneshot;
use twolatch_core::factor::totp::{Algorithm, Totp};
use twolatch_core::login::Logins;
use twolatch_core::login::manage::ManageError;
use twolatch_core::login::web::Fault;
use twolatch_core::reason::Reason;
use twolatch_core::secret::Secret;
use twolatch_core::step::Step;
use twolatch_core::store::StoreError;
use twolatch_core::store::users::update_user;
use twolatch_core::user::{Role, User};
use twolatch_core::wire::Outcome;

use crate::support::core::{
    Core, NOW, ROOT, actor, code_at, log_in, on_both, parsed, reason, recovery_codes, ssh, typed,
};
use crate::support::rounds;
use crate::support::shell::{Shell, authenticator};
use crate::support::site::PASSWORD;
use crate::support::tab::{SOURCE, Tab, refusal};

on_both!(
    t11_two_administrators_who_remove_each_other_leave_one,
    t11_sec10_two_links_make_one_first_administrator,
    t11_w29_who_has_just_become_the_last_administrator_is_not_removed,
    rec8_t11_of_two_set_ups_at_two_prompts_one_is_whole,
    rec8_t11_of_a_set_up_in_a_browser_and_one_at_a_prompt_one_is_whole,
);

/// What one administrator does to another.
async fn remove(logins: &Logins, name: &str, how: usize) -> Result<(), ManageError> {
    let (who, actor) = (parsed(name), actor(NOW));
    match how % 3 {
        0 => logins.change_user(&who, String::new(), &actor, |user| user.role = Role::Member).await.map(drop),
        1 => logins.change_user(&who, String::new(), &actor, |user| user.disabled_at = Some(NOW)).await.map(drop),
        _ => logins.delete_user(&who, &actor).await,
    }
}

async fn t11_two_administrators_who_remove_each_other_leave_one(core: Core) {
    let servers = [core.logins.clone(), core.second_server().await];
    let promote = |user: &mut User| user.role = Role::Admin;
    // Nine rounds go through every pair of ways.
    for round in 0..rounds().max(9) {
        let names = [format!("left{round}"), format!("right{round}")];
        for name in &names {
            core.member(name).await;
            core.logins.change_user(&parsed(name), String::new(), &actor(NOW), promote).await.unwrap();
        }
        // Whoever was left over from the round before is none of the two.
        for before in ["left", "right"] {
            if let Some(before) = round.checked_sub(1).map(|number| format!("{before}{number}")) {
                match remove(&core.logins, &before, 0).await {
                    Ok(()) | Err(ManageError::NoUser(_)) => {}
                    Err(other) => panic!("round {round}: {other}"),
                }
            }
        }
        assert_eq!(core.store().count_admins().await.unwrap(), 2, "round {round}");
        let removals = (0..4).map(|number| {
            let (logins, name) = (servers[number / 2].clone(), names[number % 2].clone());
            let how = if number % 2 == 0 { round } else { round / 3 };
            tokio::spawn(async move { remove(&logins, &name, how).await })
        });
        let mut done = 0;
        for one in removals.collect::<Vec<_>>() {
            match one.await.unwrap() {
                Ok(()) => done += 1,
                Err(ManageError::Store(StoreError::LastAdmin | StoreError::Conflict) | ManageError::NoUser(_)) => {}
                Err(other) => panic!("round {round}: {other}"),
            }
        }
        assert!(done > 0, "round {round}: one of them is removed");
        for logins in &servers {
            assert_eq!(logins.store.count_admins().await.unwrap(), 1, "round {round}: never zero");
        }
    }
}

/// Lets who waits for a lock come to it. PostgreSQL tells when; on SQLite they get so many turns.
async fn pass(core: &Core, turns: usize) {
    let waits = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    if core.store().location().is_sqlite() {
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    } else {
        while core.number(waits).await == 0 {
            tokio::task::yield_now().await;
        }
    }
}

async fn t11_w29_who_has_just_become_the_last_administrator_is_not_removed(core: Core) {
    let second = core.second_server().await;
    let promote = |user: &mut User| user.role = Role::Admin;
    core.member("user0").await;
    core.logins.change_user(&parsed("user0"), String::new(), &actor(NOW), promote).await.unwrap();
    for round in 1..=rounds() {
        let (leaves, comes) = (format!("user{}", round - 1), format!("user{round}"));
        core.member(&comes).await;
        let [leaving, coming] = [core.user(&leaves).await, core.user(&comes).await];
        let ((begun, has_begun), (go, may_go)) = (oneshot::channel(), oneshot::channel::<()>());
        let store = core.store().clone();
        let changes = tokio::spawn(async move {
            let work = store.clone();
            let written = store.write(move |connection| {
                Box::pin(async move {
                    for (before, role) in [(coming, Role::Admin), (leaving, Role::Member)] {
                        let expected = before.security_version;
                        let after = User { role, security_version: expected + 1, ..before };
                        update_user(connection, &work, &after, expected).await?;
                    }
                    let _ = begun.send(());
                    let _ = may_go.await;
                    Ok(())
                })
            });
            written.await
        });
        has_begun.await.unwrap();
        let (logins, name) = (second.clone(), parsed(&comes));
        let removal = tokio::spawn(async move { logins.delete_user(&name, &actor(NOW)).await });
        // It reads that they are a member, and waits to write.
        pass(&core, round * 20).await;
        go.send(()).unwrap();
        changes.await.unwrap().unwrap();
        let removed = removal.await.unwrap();
        let refused = matches!(removed, Err(ManageError::Store(StoreError::Conflict | StoreError::LastAdmin)));
        assert!(refused, "round {round}: {removed:?}");
        assert_eq!(core.store().count_admins().await.unwrap(), 1, "round {round}: never zero");
    }
}

async fn t11_sec10_two_links_make_one_first_administrator(core: Core) {
    let servers = [core.logins.clone(), core.second_server().await];
    for round in 0..rounds() {
        core.tamper("DELETE FROM users").await;
        let mut links = Vec::new();
        for logins in &servers {
            links.push(logins.first_admin_link(&actor(NOW)).await.unwrap().unwrap());
        }
        // As two that were made at the same moment, of which neither has ended the other.
        core.tamper("UPDATE links SET used_at = NULL").await;
        let uses = servers.iter().zip(links).zip(["left", "right"]).map(|((logins, link), side)| {
            let (logins, name) = (logins.clone(), parsed(&format!("{side}{round}")));
            let password = Secret::new(PASSWORD.to_owned());
            tokio::spawn(async move { logins.use_invite(&link, Some(name), password, SOURCE, NOW).await })
        });
        let mut made = 0;
        for one in uses.collect::<Vec<_>>() {
            match one.await.unwrap() {
                Ok(_) => made += 1,
                Err(Fault::Over) => {}
                Err(other) => panic!("round {round}: {other:?}"),
            }
        }
        assert_eq!((made, core.store().count_admins().await.unwrap()), (1, 1), "round {round}");
        assert_eq!(core.store().count_users().await.unwrap(), 1, "round {round}: nothing is left of the other");
    }
}

/// A set-up at a prompt that lacks nothing but one of its recovery codes typed back.
struct Ready {
    totp: Totp,
    codes: Vec<String>,
    sealed: String,
}

/// Leads a set-up at a prompt to its last step, which is at this moment.
const LAST: twolatch_core::time::Timestamp = NOW.plus(30);

async fn ready(logins: &Logins, name: &str) -> Ready {
    let mut shell = Shell::open(logins, name, NOW).await;
    let totp = authenticator(&shell.shown);
    shell.say(&code_at(&totp, NOW, 0), NOW).await;
    shell.say(&code_at(&totp, LAST, 0), LAST).await;
    let codes = recovery_codes(shell.notice());
    assert_eq!(codes.len(), 10, "{:?}", shell.shown);
    Ready { totp, codes, sealed: shell.sealed() }
}

/// All that the winner has works, and nothing of what the loser has.
async fn only_one_works(
    round: usize,
    servers: &[Logins; 2],
    name: &str,
    winner: (&Totp, &str),
    loser: (&Totp, &[String]),
) {
    let later = LAST.plus(60);
    for logins in servers {
        let void = log_in(logins, &ssh(name), &code_at(loser.0, later, 0), later).await;
        assert_eq!(reason(&void), Some(Reason::Wrong), "round {round}: the loser's app");
    }
    for code in &loser.1[..loser.1.len().min(2)] {
        let void = log_in(&servers[0], &ssh(name), code, later).await;
        assert_eq!(reason(&void), Some(Reason::Wrong), "round {round}: a code of the loser's");
    }
    assert_eq!(log_in(&servers[1], &ssh(name), &code_at(winner.0, later, 0), later).await, Outcome::Granted);
    assert_eq!(log_in(&servers[0], &ssh(name), winner.1, later).await, Outcome::Granted, "round {round}");
}

async fn rec8_t11_of_two_set_ups_at_two_prompts_one_is_whole(core: Core) {
    let servers = [core.logins.clone(), core.second_server().await];
    for round in 0..rounds() {
        let name = format!("user{round}");
        core.member(&name).await;
        let both = [ready(&servers[0], &name).await, ready(&servers[1], &name).await];
        let finish = |number: usize| {
            let (logins, answer) =
                (servers[number].clone(), typed(&ssh(&name), &both[number].sealed, &both[number].codes[0]));
            tokio::spawn(async move { logins.answer(ROOT, &answer, LAST).await.unwrap() })
        };
        let first = finish(round % 2);
        let second = finish((round + 1) % 2);
        let outcomes = [first.await.unwrap(), second.await.unwrap()];
        let granted: Vec<usize> = (0..2).filter(|number| outcomes[*number] == Outcome::Granted).collect();
        assert_eq!(granted.len(), 1, "round {round}: {outcomes:?}");
        let winner = &both[(granted[0] + round) % 2];
        let loser = &both[(granted[0] + round + 1) % 2];
        let lost = outcomes.iter().find_map(reason);
        assert_eq!(lost, Some(Reason::AttemptOutdated), "round {round}");
        let person = core.logins.named(&parsed(&name)).await.unwrap();
        assert_eq!(person.factors.len(), 1, "round {round}");
        let left = core.store().recovery_left(person.user.recovery.as_ref().unwrap(), &person.user.id).await.unwrap();
        assert_eq!(left, (10, 0), "round {round}: the set of the one that was first");
        only_one_works(round, &servers, &name, (&winner.totp, &winner.codes[1]), (&loser.totp, &loser.codes)).await;
    }
}

async fn rec8_t11_of_a_set_up_in_a_browser_and_one_at_a_prompt_one_is_whole(core: Core) {
    let servers = [core.logins.clone(), core.second_server().await];
    for round in 0..rounds() {
        let name = format!("user{round}");
        core.member(&name).await;
        core.give_password(&name).await;
        let at_prompt = ready(&servers[round % 2], &name).await;
        let tab = Tab::open(&servers[(round + 1) % 2], &name, NOW).await;
        let mut current = tab.current(NOW).await.unwrap();
        let pending = tab.logins.begin_pending(&mut current, NOW).await.unwrap();
        let key = Secret::new(pending.key().expose().replace(' ', ""));
        let totp = Totp::from_base32(&key, Algorithm::Sha1, 6, 30).unwrap();
        let first = Secret::new(code_at(&totp, NOW, 0));
        assert!(!tab.logins.enter_setup_code(current, &first, SOURCE, NOW).await.unwrap(), "the next one is wanted");
        let (web, next) = (tab.clone(), Secret::new(code_at(&totp, LAST, 0)));
        let in_browser = async move {
            let current = web.current(LAST).await?;
            web.logins.enter_setup_code(current, &next, SOURCE, LAST).await
        };
        let (logins, answer) = (servers[round % 2].clone(), typed(&ssh(&name), &at_prompt.sealed, &at_prompt.codes[0]));
        let on_host = async move { logins.answer(ROOT, &answer, LAST).await.unwrap() };
        let (in_browser, on_host) = if round % 2 == 0 {
            let (one, other) = (tokio::spawn(in_browser), tokio::spawn(on_host));
            (one.await.unwrap(), other.await.unwrap())
        } else {
            let (other, one) = (tokio::spawn(on_host), tokio::spawn(in_browser));
            (one.await.unwrap(), other.await.unwrap())
        };
        assert_eq!(core.logins.named(&parsed(&name)).await.unwrap().factors.len(), 1, "round {round}");
        if on_host == Outcome::Granted {
            assert!(matches!(in_browser, Err(Fault::Over)), "round {round}: {in_browser:?}");
            assert!(matches!(tab.current(LAST).await, Err(Fault::Over)), "round {round}: its sign-in is over");
            let winner = (&at_prompt.totp, at_prompt.codes[1].as_str());
            only_one_works(round, &servers, &name, winner, (&totp, &[])).await;
        } else {
            assert_eq!(reason(&on_host), Some(Reason::AttemptOutdated), "round {round}");
            assert!(in_browser.unwrap(), "round {round}: it is confirmed");
            let mut current = tab.current(LAST).await.unwrap();
            assert_eq!(current.step, Step::KeepRecovery, "round {round}");
            let set = tab.logins.new_set(&mut current, LAST).await.unwrap();
            assert_eq!(refusal(tab.logins.keep_set(current, SOURCE, LAST).await), None, "round {round}");
            let fresh = twolatch_core::factor::recovery::grouped(&set.codes[1]);
            let loser = (&at_prompt.totp, at_prompt.codes.as_slice());
            only_one_works(round, &servers, &name, (&totp, fresh.expose()), loser).await;
        }
    }
}
