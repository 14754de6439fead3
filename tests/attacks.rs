//! Attacks on the database and the clock, with the ids of the threats.

use twolatch_core::reason::Reason;
use twolatch_core::wire::Outcome;

use crate::support::core::{Core, NOW, ROOT, StandingClock, code_at, log_in, on_both, reason, ssh};

on_both!(
    t8_a_changed_database_denies,
    f13_a_clock_set_back_reopens_nothing,
    f13_nor_does_one_set_back_after_a_long_stop,
);

async fn t8_a_changed_database_denies(core: Core) {
    let totp = core.enrolled("alice").await;
    core.enrolled("mallory").await;
    let code = code_at(&totp, NOW, 0);
    let attacks = [
        "UPDATE users SET role = 'admin' WHERE name = 'alice'",
        "UPDATE users SET level = 'off' WHERE name = 'alice'",
        "UPDATE users SET setup_until = 9999999999 WHERE name = 'alice'",
        "UPDATE users SET authenticators = '[]' WHERE name = 'alice'",
        "UPDATE users SET groups = '[\"ops\"]' WHERE name = 'alice'",
        "UPDATE factors SET drift = 2 WHERE user_id = (SELECT id FROM users WHERE name = 'alice')",
        "UPDATE factors SET secret = (SELECT secret FROM factors WHERE user_id <> (SELECT id FROM users WHERE name = 'alice')) \
         WHERE user_id = (SELECT id FROM users WHERE name = 'alice')",
    ];
    for attack in attacks {
        let before = snapshot(&core).await;
        core.tamper(attack).await;
        let outcome = core.logins.begin(ROOT, &ssh("alice"), NOW).await;
        assert_eq!(outcome.map_err(|error| error.reason()), Err(Reason::RowMac), "{attack}");
        restore(&core, before).await;
    }
    assert_eq!(log_in(&core.logins, &ssh("alice"), &code, NOW).await, Outcome::Granted);
    core.tamper("DELETE FROM factors WHERE user_id = (SELECT id FROM users WHERE name = 'alice')").await;
    let gone = core.logins.begin(ROOT, &ssh("alice"), NOW).await;
    assert_eq!(gone.map_err(|error| error.reason()), Err(Reason::RowMac), "an authenticator that vanishes is missed");
    for attack in ["UPDATE policies SET document = REPLACE(document, 'required', 'off')", "DELETE FROM policies"] {
        core.tamper(attack).await;
        let other = core.second_server().await;
        let outcome = other.begin(ROOT, &ssh("alice"), NOW).await;
        assert_eq!(outcome.map_err(|error| error.reason()), Err(Reason::RowMac), "{attack}");
    }
}

type Snapshot = (Vec<(String, String, Option<String>, i64, String, String, String)>, Vec<(String, String, i64)>);

/// The columns that the attacks above touch.
async fn snapshot(core: &Core) -> Snapshot {
    let users = sqlx::query_as("SELECT id, role, level, setup_until, authenticators, groups, mac FROM users");
    let factors = sqlx::query_as("SELECT id, secret, drift FROM factors");
    (users.fetch_all(core.store().pool()).await.unwrap(), factors.fetch_all(core.store().pool()).await.unwrap())
}

async fn restore(core: &Core, (users, factors): Snapshot) {
    for (id, role, level, setup_until, authenticators, groups, _) in users {
        sqlx::query(
            "UPDATE users SET role = $2, level = $3, setup_until = $4, authenticators = $5, groups = $6 WHERE id = $1",
        )
        .bind(id)
        .bind(role)
        .bind(level)
        .bind(setup_until)
        .bind(authenticators)
        .bind(groups)
        .execute(core.store().pool())
        .await
        .unwrap();
    }
    for (id, secret, drift) in factors {
        sqlx::query("UPDATE factors SET secret = $2, drift = $3 WHERE id = $1")
            .bind(id)
            .bind(secret)
            .bind(drift)
            .execute(core.store().pool())
            .await
            .unwrap();
    }
}

async fn f13_a_clock_set_back_reopens_nothing(core: Core) {
    let totp = core.enrolled("alice").await;
    let clock = StandingClock::at(NOW);
    core.store().keep_time(&clock).await.unwrap();
    clock.set(NOW.plus(100));
    core.store().keep_time(&clock).await.unwrap();
    let later = NOW.plus(100);
    assert_eq!(log_in(&core.logins, &ssh("alice"), &code_at(&totp, later, 0), later).await, Outcome::Granted);
    let bob = core.enrolled("bob").await;
    clock.set(NOW);
    let kept = core.store().keep_time(&clock).await.unwrap();
    assert_eq!(kept.time_high, NOW);
    assert!(kept.replay_floor > later, "everything that could have been accepted is spent");
    for (name, totp) in [("alice", &totp), ("bob", &bob)] {
        let outcome = log_in(&core.logins, &ssh(name), &code_at(totp, NOW, 0), NOW).await;
        assert_eq!(reason(&outcome), Some(if name == "alice" { Reason::Replay } else { Reason::ClockBack }), "{name}");
    }
    let after = later.plus(600);
    clock.set(after);
    core.store().keep_time(&clock).await.unwrap();
    assert_eq!(log_in(&core.logins, &ssh("bob"), &code_at(&bob, after, 0), after).await, Outcome::Granted);
    assert_eq!(core.number("SELECT COUNT(*) FROM audit WHERE event = 'clock_back'").await, 1);
}

async fn f13_nor_does_one_set_back_after_a_long_stop(core: Core) {
    let totp = core.enrolled("alice").await;
    core.store().keep_time(&StandingClock::at(NOW)).await.unwrap();
    let restarted = core.second_server().await;
    let (morning, corrected) = (NOW.plus(86_400), NOW.plus(86_400 - 90));
    let clock = StandingClock::at(morning);
    let kept = restarted.store.keep_time(&clock).await.unwrap();
    assert_eq!(kept.time_high, NOW, "a clock that far ahead is not believed at once");
    clock.set(corrected);
    let kept = restarted.store.keep_time(&clock).await.unwrap();
    assert!(kept.replay_floor > morning, "what was shown that morning is spent");
    assert_eq!(kept.time_high, NOW, "nor is it believed for having been set back");
    let outcome = log_in(&restarted, &ssh("alice"), &code_at(&totp, morning, 0), corrected).await;
    assert_eq!(reason(&outcome), Some(Reason::Wrong), "three steps ahead");
    let outcome = log_in(&restarted, &ssh("alice"), &code_at(&totp, corrected, 0), corrected).await;
    assert_eq!(reason(&outcome), Some(Reason::ClockBack));

    // A clock that was hours ahead at the start, and is put right, keeps nobody out.
    let again = core.second_server().await;
    let bob = core.enrolled("bob").await;
    let clock = StandingClock::at(morning.plus(7200));
    again.store.keep_time(&clock).await.unwrap();
    let right = morning.plus(600);
    clock.set(right);
    again.store.keep_time(&clock).await.unwrap();
    assert_eq!(log_in(&again, &ssh("bob"), &code_at(&bob, right, 0), right).await, Outcome::Granted);
}
